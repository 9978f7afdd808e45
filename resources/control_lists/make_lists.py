"""Rebuild identities, salts and control lists from the source tables.

Usage: ``python make_lists.py SOURCE_FOLDER OUTPUT_FOLDER``, where SOURCE_FOLDER holds
``substances.csv``, ``substance_salts.csv``, ``control_status.csv`` and ``sources.csv``. The output
depends on the input alone. The program never imports this file.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

Row = dict[str, str]

IDENTITIES = (
    "key", "name", "synonyms", "inchikey", "cas", "cas_agreed", "formula", "class", "subclass",
    "family", "grade", "conflict", "stereo_alternatives", "sources",
)  # fmt: skip
SALTS = ("parent", "salt", "ratio", "names", "cas", "inchikey", "formula", "stereo", "sources")
CONTROL = (
    "row", "key", "name", "link", "instrument", "schedule", "event", "from_earliest",
    "from_latest", "until_earliest", "until_latest", "date_text", "as_of", "grade", "conflict",
    "sources", "locator", "note",
)  # fmt: skip
NAMES = ("key", "systematic_name", "cas_other", "smiles")
SOURCES = ("source", "title", "where", "version", "licence", "trust", "remarks")

# Two lists are confidential: what others say about them is not taken over.
CONFIDENTIAL = (
    "INCB limited international special surveillance list",
    "EU voluntary monitoring list",
)

# Places inside a copy's own files: they lead nobody to the text; the source's title does.
PATHS = re.compile(r"index\.md line \d+|el/skills/\S+|js/data ")

# Substances that the Canadian Act names after the words "but not including".
CA_EXCEPTIONS = {
    "Schedule I": {
        "1/(32)", "1/(33)", "1/(34)", "1/(34.1)", "1/(34.2)", "1/(34.3)", "1/(34.4)", "1/(35)",
        "1/(36)", "1/(37)", "2/(4)", "3/(23)", "3/(24)", "4/(2)", "4/(3)", "4/(4)", "10/(10)",
        "10/(11)", "10/(12)", "10/(13)", "10/(14)", "10/(15)", "11/(4)", "24/(5)",
    },
    "Schedule IV": {"1/(29)", "1/(30)", "18/(32.1)", "18/(33)", "18/(34)", "18/(35)"},
}  # fmt: skip
EXCEPTION_NOTE = "the Act names it after the words 'but not including'"

# A link that rests on a fragment of a name and is wrong.
WRONG_LINKS = {"C1087": "the fragment '5-' of a longer name was linked to indole"}

# What a row of a whole class covers, as the structural families of identities.csv. Classes that
# are no family there (thiobarbiturates, anabolic steroids) stay as they are named.
CLASS_ROWS = {
    "synthetic cannabinoids (class definition)": "synthetic cannabinoid",
    "nitazenes (class definition)": "nitazene (2-benzylbenzimidazole opioid)",
    "Barbiturates, their salts and derivatives including": "barbiturate",
    "Benzodiazepines, their salts and derivatives, including:": "benzodiazepine / thienodiazepine",
}

# Rows of preparations: what they list is a product that contains the substance.
PREPARATIONS = {
    "medicinal products containing ephedrine or its salts": "ephedrine",
    "medicinal products containing pseudoephedrine or its salts": "pseudoephedrine",
    "Buprenorphine Transdermal patch": "buprenorphine",
    "Paracetamol and Hydrocodone Bitartrate Tablet": "hydrocodone",
}
WITH_INJECTION = " and its injection"
GERMAN_RACEMATE = re.compile(r"^\( ?rs ?(?:; ?sr ?)?\)-")

YEAR = re.compile(r"^(\d{4})(?: \(Reg\..*)?$")
DAY = re.compile(r"(\d{4}-\d{2}-\d{2})")
DATED_TOGETHER = re.compile("glycid|alpha-phenylacetoacet")
MOVE = re.compile(r"^(Table \w+) (\d{4}) -> (Table \w+) (\d{4})$")
DAMAGED = re.compile(r"(?:[-–(\[]|^)$|^\[Repealed|^CP 47$|^[\d\W]*$|^\w{1,2}$|^Δ\d+a?$")


def read(path: Path) -> list[Row]:
    """Return the rows of a CSV table."""
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def write(path: Path, columns: Iterable[str], rows: Iterable[Row]) -> None:
    """Write rows as UTF-8 CSV with one line feed per row."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def is_fragment(row: Row) -> bool:
    """Tell whether the copy cut the listed name off (Chinese rows have CAS numbers for names)."""
    return row["instrument"] != "CN national lists" and bool(DAMAGED.search(row["substance"]))


def identity(row: Row) -> Row:
    """Return one substance in this table's layout."""
    return {
        "key": row["id"],
        "name": row["name"],
        "synonyms": row["synonyms"],
        "inchikey": row["inchikey"],
        "cas": row["cas"],
        "cas_agreed": "yes" if row["cas_status"].startswith("agreed") else "no",
        "formula": row["formula"],
        "class": row["class"],
        "subclass": row["subclass"],
        "family": row["structural_family"],
        "grade": row["identity_grade"],
        "conflict": row["conflict"],
        "stereo_alternatives": row["stereo_alternatives"],
        "sources": row["source_ids"],
    }


def more_names(row: Row) -> Row:
    """Return the further identifiers of one substance, read only when somebody searches."""
    return {"key": row["id"], **{name: row[name] for name in NAMES[1:]}}


def salt(row: Row) -> Row:
    """Return one salt or hydrate in this table's layout."""
    return {
        "parent": row["parent_id"],
        "salt": row["salt"],
        "ratio": row["stoichiometry"],
        "names": row["names"],
        "cas": row["cas"],
        "inchikey": row["inchikey"],
        "formula": row["formula"],
        "stereo": row["stereo_match"],
        "sources": "SRC01",
    }


def dates_of(row: Row) -> tuple[str, str]:
    """Return earliest and latest possible start of a row, see `span`.

    A date said to be of some of the names beside it is not that of the others.
    """
    text, _, some = row["event_date"].partition(" for the glycidates")
    others = bool(some) and not DATED_TOGETHER.search(row["substance"])
    return ("", "") if others else span(text, row["instrument"])


def span(text: str, instrument: str) -> tuple[str, str]:
    """Return earliest and latest possible start (ISO dates); blank where it is not known.

    A day is exact. A year gives its first and last day. A consolidated text says only that the
    listing is not younger than the text; so does the date of a version of the Canadian schedules.
    """
    day = DAY.search(text)
    if day:
        old = instrument == "CA CDSA" or text.startswith("in force 1988")
        return ("", day[1]) if old else (day[1], day[1])
    year = YEAR.match(text)
    return (f"{year[1]}-01-01", f"{year[1]}-12-31") if year else ("", "")


def event_of(row: Row) -> str:
    """Return the event as one of this table's words."""
    text = row["event"]
    item = row["locator"].removeprefix("item ")
    if row["instrument"] == "CA CDSA" and item in CA_EXCEPTIONS.get(row["schedule"], set()):
        return "excluded"
    if row["substance"] in CLASS_ROWS:
        return "class"
    if row["substance"] in PREPARATIONS:
        return "preparation"
    if "recommend" in text:
        return "recommended"
    if text == "removed":
        return "removed"
    if text.startswith("stated as not"):
        return "stated not listed"
    return "not read" if "not found in any text" in text else "listed"


def one_key(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the key of each text that has one key only, without regard to case."""
    found: dict[str, set[str]] = {}
    for text, key in pairs:
        found.setdefault(text.casefold(), set()).add(key)
    return {text: min(keys) for text, keys in found.items() if text and len(keys) == 1}


def linked(row: Row, names: dict[str, str], numbers: dict[str, str]) -> Row:
    """Link a row that the source table links to nothing, where its name or number allows it."""
    told = row["substance"].casefold()
    if row["substance_id"] or row["substance"] in CLASS_ROWS:
        return row
    tries = [(numbers.get(told), "CAS number")]
    if row["substance"] in PREPARATIONS:
        tries = [(names.get(PREPARATIONS[row["substance"]]), "preparation")]
    elif told.endswith(WITH_INJECTION):
        tries = [(names.get(told.removesuffix(WITH_INJECTION)), "name, with its injection")]
    elif row["instrument"] == "DE BtMG":
        bare = GERMAN_RACEMATE.sub("", told)
        link = "German spelling" if bare == told else "German spelling, racemate"
        tries = [(names.get(bare + "e"), link)]
    for key, link in tries:
        if key:
            return {**row, "substance_id": key, "link_type": link}
    return row


def listing(row: Row) -> Row:
    """Return one control row in this table's layout, before moves and removals are worked in."""
    event = event_of(row)
    damaged = is_fragment(row)
    notes = [row["note"].strip(), EXCEPTION_NOTE if event == "excluded" else ""]
    notes.append("the copy holds only a fragment of the listed name" if damaged else "")
    first, last = dates_of(row)
    return {
        "row": row["row_id"],
        "key": CLASS_ROWS.get(row["substance"], row["substance_id"]),
        "name": row["substance"],
        "link": row["link_type"],
        "instrument": row["instrument"],
        "schedule": row["schedule"],
        "event": event,
        "from_earliest": first,
        "from_latest": last,
        "until_earliest": "",
        "until_latest": "",
        "date_text": row["event_date"],
        "as_of": row["as_of"],
        "grade": row["grade"],
        "conflict": row["conflict"],
        "sources": row["source_id"],
        "locator": PATHS.sub("", row["locator"]),
        "note": "; ".join(note for note in notes if note),
    }


def usable(row: Row) -> bool:
    """Tell whether a control row says something that can be found again and may be stated."""
    if any(name in row["event"] or name in row["instrument"] for name in CONFIDENTIAL):
        return False
    if row["row_id"] in WRONG_LINKS:
        return False
    return bool(row["substance_id"]) or not is_fragment(row)


def moved(row: Row) -> Iterator[Row]:
    """Split a row that tells of a move from one table or schedule to another into two listings."""
    text = row["date_text"]
    move = MOVE.match(text)
    if move:
        old, start, new, change = move.groups()
    elif (
        text.isdigit()
        and row["event"] == "listed"
        and row["name"] in {"dronabinol", "methaqualone"}
    ):
        old, start, new, change = "Schedule I", "", row["schedule"], text
    else:
        yield row
        return
    begin, turn = span(start, ""), span(change, "")
    yield {
        **row, "row": row["row"] + "a", "schedule": old,
        "from_earliest": begin[0], "from_latest": begin[1],
        "until_earliest": turn[0], "until_latest": turn[1],
    }  # fmt: skip
    yield {
        **row, "row": row["row"] + "b", "schedule": new,
        "from_earliest": turn[0], "from_latest": turn[1],
    }  # fmt: skip


def ended(rows: list[Row]) -> list[Row]:
    """Return the rows with the end of a listing filled in where a later row removes it."""
    ends = {(row["key"], row["instrument"]): row for row in rows if row["event"] == "removed"}
    return [
        {**row, "until_earliest": end["from_earliest"], "until_latest": end["from_latest"]}
        if end and row is not end and not row["until_latest"]
        else row
        for row, end in ((row, ends.get((row["key"], row["instrument"]))) for row in rows)
    ]


def dated(rows: list[Row]) -> list[Row]:
    """Give an undated listing the start that another row of the same list states.

    A current edition names the substance without a date; the decision that added it has one.
    """
    starts: dict[tuple[str, str], tuple[str, str]] = {}
    for row in rows:
        if row["key"] and row["event"] == "listed" and row["from_earliest"]:
            place = row["key"], row["instrument"]
            start = row["from_earliest"], row["from_latest"]
            starts[place] = min(starts.get(place, start), start)
    return [
        {**row, "from_earliest": start[0], "from_latest": start[1]}
        if start and starts_there(row, start[0])
        else row
        for row, start in ((row, starts.get((row["key"], row["instrument"]))) for row in rows)
    ]


def starts_there(row: Row, start: str) -> bool:
    """Tell whether a listing without an earliest start may be given `start`."""
    open_start = row["event"] == "listed" and not row["from_earliest"] and not row["until_latest"]
    return open_start and (not row["from_latest"] or start <= row["from_latest"])


def build(tables: Path, out: Path) -> None:
    """Write identities, names, salts, control and sources (``.csv`` each) into `out`."""
    known = [row for row in read(tables / "substances.csv") if row["may_ship"] == "yes"]
    keys = {row["id"] for row in known}
    salts = [row for row in read(tables / "substance_salts.csv") if row["parent_id"] in keys]
    names = one_key((row["name"], row["id"]) for row in known)
    numbers = one_key((row["cas"], row["id"]) for row in known)
    read_rows = (linked(row, names, numbers) for row in read(tables / "control_status.csv"))
    stated = [row for row in read_rows if usable(row)]
    control = dated(ended([part for row in stated for part in moved(listing(row))]))
    write(out / "identities.csv", IDENTITIES, map(identity, known))
    write(out / "names.csv", NAMES, map(more_names, known))
    write(out / "salts.csv", SALTS, map(salt, salts))
    write(out / "control.csv", CONTROL, control)
    used = {name for row in known for name in row["source_ids"].split("; ")} | {"SRC01"}
    used |= {name for row in control for name in row["sources"].split("; ")}
    wanted = [row for row in read(tables / "sources.csv") if row["source_id"] in used]
    renamed = (
        {**row, "source": row["source_id"], "version": row["date_or_version"]} for row in wanted
    )
    write(out / "sources.csv", SOURCES, ({name: row[name] for name in SOURCES} for row in renamed))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: make_lists.py SOURCE_FOLDER OUTPUT_FOLDER")
    build(Path(sys.argv[1]), Path(sys.argv[2]))
