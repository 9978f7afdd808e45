"""Control status of a substance on a date, from the shipped lists, never more than they say.

A listing is stated with its list, edition, grade and how sure its date is. No listing found means
exactly that: none was found in lists read to the date of `lists_to`. It never means "not
controlled", and the laboratory has to confirm every status against the current official list.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from library.errors import LibraryDamagedError, LibraryError
from library.substances import (
    FOLDER,
    SALT_WORDS,
    Found,
    Substance,
    fold,
    parse_table,
    read_table,
    substances,
)

AlarmLevel = Literal["controlled", "precursor", "hazard", "benign", "unknown"]
State = Literal[
    "in force",
    "not yet in force",
    "ended",
    "preparation",
    "only the year is known",
    "start not read",
    "class definition",
    "recommended",
    "excluded",
    "stated not listed",
    "not read",
]
Who: TypeAlias = "Substance | Found | str"
Asked: TypeAlias = "str | Sequence[str] | None"

COUNTED: frozenset[State] = frozenset({"in force", "only the year is known", "start not read"})
EVENT_STATES: dict[str, State] = {
    "preparation": "preparation",
    "class": "class definition",
    "recommended": "recommended",
    "excluded": "excluded",
    "stated not listed": "stated not listed",
    "not read": "not read",
}

ROW_COLUMNS = frozenset(
    (
        "row", "key", "name", "link", "instrument", "schedule", "event", "from_earliest",
        "from_latest", "until_earliest", "until_latest", "date_text", "as_of", "grade", "conflict",
        "sources", "locator", "note",
    )
)  # fmt: skip
LISTS_SOMETHING = frozenset({"listed", "class", "preparation"})

SOURCE = re.compile(r"SRC\d+")

# States whose own lists stand beside the regulations of the European Union.
EU_MEMBERS = frozenset({"DE"})

# Kinds of substance that are never shown as harmless for want of a listing.
HAZARD_CLASSES = ("NPS", "classical drug", "controlled narcotic")
PRECURSOR_SUBCLASSES = frozenset(
    {"fentanyl precursor", "GHB precursor", "designer pre-precursor (listed)"}
)
SEVERITY: tuple[AlarmLevel, ...] = ("controlled", "hazard", "precursor", "unknown", "benign")


@dataclass(frozen=True, slots=True)
class ControlList:
    """One list as it was read: jurisdiction, what it covers, edition, and how far it goes.

    `age_limit_days` says how many days after `read_to` an answer may still be called current.
    """

    instrument: str
    jurisdiction: str
    covers: str
    precursor_schedules: frozenset[str]
    edition: str
    read_to: date
    complete: str
    remarks: str
    age_limit_days: int

    def age_on(self, on: date) -> int:
        """Return how many days before `on` the list was read to; 0 when not before it."""
        return max((on - self.read_to).days, 0)

    def past_age(self, on: date) -> bool:
        """Tell whether the list is past its age limit on a date."""
        return self.age_on(on) > self.age_limit_days


@dataclass(frozen=True, slots=True)
class Listing:
    """What one list says about one substance on a date.

    Parameters
    ----------
    instrument, jurisdiction, schedule : str
        List, where it applies, and the schedule, table, category or annex.
    state : State
        How the listing stands on the date; only those in `COUNTED` are listings in force.
    covers : {"drug", "precursor"}
        What the schedule is for.
    name, link : str
        Name in the list, and how it was linked to the substance (a link by connectivity means
        that the list names a stereoisomer).
    scope : str
        How what was asked stands to what is listed, where they are not the same: an isomer, a
        salt, a preparation, a class.
    since, until : str
        Start as the source gives it, blank when it gives none; end (ISO 8601) or blank.
    as_of, edition : str
        Date of the text read, and edition of the list.
    grade : str
        A (official text or two sources), B, C, D, B-baseline (old consolidated text).
    conflict, sources, locator, note : str
        Contradiction between sources, where the statement is found (titles of the sources with
        their dates, and the place in them), remarks.
    """

    instrument: str
    jurisdiction: str
    schedule: str
    state: State
    covers: str
    name: str
    link: str
    scope: str
    since: str
    until: str
    as_of: str
    edition: str
    grade: str
    conflict: str
    sources: str
    locator: str
    note: str

    @property
    def counts(self) -> bool:
        """True for a listing that is, or must be taken to be, in force on the date."""
        return self.state in COUNTED


@dataclass(frozen=True, slots=True)
class Assessment:
    """Who a name or identifier may mean, what the lists say, and the alarm level that follows.

    `lists_to` is the date to which every list asked was read.
    """

    found: tuple[Found, ...]
    listings: tuple[Listing, ...]
    alarm: AlarmLevel
    lists_to: date


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of ``control.csv`` with its dates."""

    values: dict[str, str]
    from_earliest: date | None
    from_latest: date | None
    until_earliest: date | None
    until_latest: date | None

    def state(self, on: date, read_to: date) -> State:
        """Return how the row stands on a date.

        A row without any start is in force from the date its list was read to, and of unknown
        start before that.
        """
        if self.from_earliest and on < self.from_earliest:
            return "not yet in force"
        if self.until_latest and on > self.until_latest:
            return "ended"
        fixed = EVENT_STATES.get(self.values["event"])
        if fixed:
            return fixed
        if self.until_earliest and on >= self.until_earliest:
            return "only the year is known"
        if on < (self.from_latest or read_to):
            return "only the year is known" if self.from_earliest else "start not read"
        return "in force"


class ControlLists:
    """The control lists, with look-ups by table key, listed name and family."""

    def __init__(
        self,
        lists: Iterable[ControlList],
        rows: Iterable[dict[str, str]],
        titles: Mapping[str, str],
    ) -> None:
        self.titles = titles
        self.lists = {item.instrument: item for item in lists}
        self._by_key: dict[str, list[_Row]] = {}
        self._by_name: dict[str, list[_Row]] = {}
        self._rows: list[_Row] = []
        for values in rows:
            if values["event"] == "removed":
                continue  # its effect is the end date of the listing that it removes
            row = _row(values)
            self._rows.append(row)
            self.lists[values["instrument"]]  # a row of an unknown list is damage, not silence
            if values["key"]:
                self._by_key.setdefault(values["key"], []).append(row)
            self._by_name.setdefault(fold(values["name"]), []).append(row)

    def schedules(self) -> tuple[tuple[str, str], ...]:
        """Return every list with each of its schedules or tables that lists something."""
        stated = (row.values for row in self._rows if row.values["event"] in LISTS_SOMETHING)
        pairs = ((row["instrument"], row["schedule"]) for row in stated)
        return tuple(dict.fromkeys(pairs))

    def named_on(
        self, on: date, parts: Container[tuple[str, str]]
    ) -> Iterator[tuple[State, dict[str, str]]]:
        """Yield how each row of some schedules stands on a date, with the row."""
        for row in self._rows:
            values = row.values
            if (values["instrument"], values["schedule"]) in parts:
                yield row.state(on, self.lists[values["instrument"]].read_to), values

    def jurisdictions(self) -> tuple[str, ...]:
        """Return the codes of the jurisdictions whose lists are stored."""
        return tuple(dict.fromkeys(item.jurisdiction for item in self.lists.values()))

    def asked(self, jurisdiction: Asked = None) -> tuple[ControlList, ...]:
        """Return the lists that apply.

        Parameters
        ----------
        jurisdiction : str, sequence of str, or None
            Codes of jurisdictions: each brings the UN's lists, and those of the EU for a member of
            it; or names of single lists (``"UN 1988"``); or None for every list.

        Raises
        ------
        LibraryError
            When no list of that name or jurisdiction is stored.
        """
        if jurisdiction is None:
            return tuple(self.lists.values())
        several = (jurisdiction,) if isinstance(jurisdiction, str) else tuple(jurisdiction)
        wanted = {name for one in several for name in self._instruments(one)}
        return tuple(item for item in self.lists.values() if item.instrument in wanted)

    def _instruments(self, asked: str) -> Iterator[str]:
        word = asked.strip().casefold()
        codes = {code.casefold(): code for code in self.jurisdictions()}
        if word in codes:
            code = codes[word]
            layers = {"UN", code} | ({"EU"} if code in EU_MEMBERS else set())
            yield from (one.instrument for one in self.lists.values() if one.jurisdiction in layers)
            return
        single = [name for name in self.lists if name.casefold() == word]
        if not single:
            raise LibraryError(
                f"no control list of the jurisdiction {asked!r} is stored",
                "",
                f"use one of {', '.join((*self.jurisdictions(), *self.lists))}",
            )
        yield from single

    def lists_to(self, jurisdiction: Asked = None) -> date:
        """Return the date to which every list asked was read: the oldest of their dates."""
        return min(item.read_to for item in self.asked(jurisdiction))

    def _rows_of(self, who: Who) -> list[_Row]:
        subject = who.substance if isinstance(who, Found) else who
        if isinstance(subject, str):
            name = fold(self.parent_of(subject) or subject)
            named = [*self._by_key.get(subject, ()), *self._by_name.get(name, ())]
            keys = {row.values["key"] for row in named} - {""}
            return [*named, *(row for key in sorted(keys) for row in self._by_key[key])]
        # No synonyms here: a plant or a racemate is listed under names that single compounds share.
        names = {fold(subject.name)} | ({fold(subject.cas)} if subject.cas_agreed else set())
        unlinked = [
            row for name in names for row in self._by_name.get(name, ()) if not row.values["key"]
        ]
        family = self._by_key.get(subject.family, []) if subject.family else []
        return [*self._by_key.get(subject.key, ()), *unlinked, *family]

    def holds_name(self, name: str) -> bool:
        """Return whether a list names this, on whatever date."""
        return fold(name) in self._by_name

    def parent_of(self, name: str) -> str:
        """Return what a name is a salt or hydrate of, when only the lists know that; else "".

        Lists name substances that the table of substances lacks. Where the table knows the rest of
        the name, it has decided whether a salt is meant (``sodium sulfate`` is none of sodium).
        """
        bare = SALT_WORDS.sub("", name.strip())
        if self.holds_name(name) or not self.holds_name(bare):
            return ""
        return "" if substances().by_name(name) or substances().by_name(bare) else bare

    def status(
        self, who: Who | Iterable[Who], on: date, jurisdiction: Asked = None
    ) -> tuple[Listing, ...]:
        """Return what the lists say about a substance on a date.

        Parameters
        ----------
        who : Substance, Found, str, or several of them
            Substances, or names as a list gives them, or table keys.
        on : datetime.date
            Date of the scan. Listings that started later or ended earlier say so, and do not count.
        jurisdiction : str, sequence of str, or None
            See `asked`.

        Raises
        ------
        LibraryError
            When no list of the jurisdiction is stored.
        """
        several = [who] if isinstance(who, Substance | Found | str) else list(who)
        asked = {item.instrument for item in self.asked(jurisdiction)}
        listings: dict[str, Listing] = {}
        for one in several:
            for row in self._rows_of(one):
                values = row.values
                if values["instrument"] in asked and values["row"] not in listings:
                    state = row.state(on, self.lists[values["instrument"]].read_to)
                    parent = self.parent_of(one) if isinstance(one, str) else ""
                    listings[values["row"]] = self._listing(row, state, _scope(values, one, parent))
        left_out = {(x.instrument, x.schedule) for x in listings.values() if x.state == "excluded"}
        for name, found in tuple(listings.items()):
            named = (found.instrument, found.schedule) in left_out
            if named and found.state == "class definition":
                del listings[name]  # "but not including" takes it out of the class
        order = list(self.lists)
        return tuple(
            listings[name]
            for name in sorted(
                listings, key=lambda name: (order.index(listings[name].instrument), name)
            )
        )

    def _listing(self, row: _Row, state: State, scope: str) -> Listing:
        values = row.values
        origin = self.lists[values["instrument"]]
        precursor = values["schedule"] in origin.precursor_schedules
        return Listing(
            instrument=origin.instrument,
            jurisdiction=origin.jurisdiction,
            schedule=values["schedule"],
            state=state,
            covers="precursor" if precursor else origin.covers,
            name=values["name"],
            link=values["link"],
            scope=scope,
            since=values["date_text"],
            until=row.until_latest.isoformat() if row.until_latest else "",
            as_of=values["as_of"],
            edition=origin.edition,
            grade=values["grade"],
            conflict=self._titled(values["conflict"]),
            sources=self._titled(values["sources"]),
            locator=values["locator"],
            note=values["note"],
        )

    def _titled(self, text: str) -> str:
        """Return a text with the titles of sources in place of their numbers."""
        return SOURCE.sub(lambda found: self.titles.get(found[0], found[0]), text)


def _scope(values: dict[str, str], who: Who, parent: str = "") -> str:
    """Return how what was asked stands to what a row lists; blank when it is the same thing."""
    said = []
    if values["event"] == "class":
        said.append("a whole class by definition; whether this member falls under it is not stored")
    if values["event"] == "preparation":
        said.append(f"the list names a preparation: {values['name']}")
    if values["link"].startswith("same connectivity") or values["link"].endswith("racemate"):
        said.append("the list names an isomer: stereochemistry differs or is not stated")
    if isinstance(who, Found):
        if who.via == "connectivity":
            said.append(f"asked by the skeleton only; the list names {values['name']}")
        if who.salt is not None or who.via == "salt name removed":
            parent = who.substance.name
    if parent:
        said.append(f"asked for a salt or hydrate of {parent}; {_salts(values)}")
    return "; ".join(said)


def _salts(values: dict[str, str]) -> str:
    """Return what a row says of salts: nothing is assumed where it says nothing."""
    told = f"{values['name']} {values['note']}".casefold()
    included = "salts included" in told or "its salt" in told or "any salt" in told
    return "the list includes salts" if included else "what the list says of salts was not read"


def alarm_level(listings: Iterable[Listing], substance: Substance | None) -> AlarmLevel:
    """Return the alarm level of one substance.

    A drug schedule in force (international, or national among the lists asked) makes it
    ``controlled``; a precursor table, category or schedule ``precursor``. Without either, a drug, a
    new psychoactive substance, a member of a class controlled by definition, or a substance whose
    control was recommended is a ``hazard``: the lists are incomplete, and a missed one kills.
    ``benign`` says only that a known substance has no listing in the lists asked.
    """
    found = tuple(listings)
    covers = {listing.covers for listing in found if listing.counts}
    if covers:
        return "controlled" if "drug" in covers else "precursor"
    doubtful = any(listing.state in {"recommended", "class definition"} for listing in found)
    if substance is None:
        return "hazard" if doubtful else "unknown"
    if doubtful or substance.class_.startswith(HAZARD_CLASSES):
        return "hazard"
    if substance.family and substance.class_.startswith("other medicine"):
        return "hazard"
    if substance.subclass in PRECURSOR_SUBCLASSES:
        return "precursor"
    return "unknown" if any(listing.state == "not read" for listing in found) else "benign"


# --- Tables ----------------------------------------------------------------------------------


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _row(values: dict[str, str]) -> _Row:
    return _Row(
        values,
        _day(values["from_earliest"]),
        _day(values["from_latest"]),
        _day(values["until_earliest"]),
        _day(values["until_latest"]),
    )


def _control_list(values: dict[str, str]) -> ControlList:
    schedules = values["precursor_schedules"]
    return ControlList(
        values["instrument"],
        values["jurisdiction"],
        values["covers"],
        frozenset(schedules.split("; ")) if schedules else frozenset(),
        values["edition"],
        date.fromisoformat(values["read_to"]),
        values["complete"],
        values["remarks"],
        int(values["age_limit_days"]),
    )


def _title(values: dict[str, str]) -> str:
    """Return what a source is called, with the date or version of what was read."""
    version = values["version"]
    return f"{values['title']} ({version})" if version else values["title"]


@cache
def control_lists(folder: Path | None = None) -> ControlLists:
    """Return the lists of a folder (those shipped when None), read once per run.

    Raises
    ------
    LibraryDamagedError
        When a table is missing, unreadable, or the tables do not fit together.
    """
    tables = (read_table(name, folder) for name in ("lists.csv", "control.csv", "sources.csv"))
    return _control_lists(*tables)


def parse_lists(lists: bytes, rows: bytes, sources: bytes) -> ControlLists:
    """Return the lists in the bytes of ``lists.csv``, ``control.csv`` and ``sources.csv``.

    Raises
    ------
    LibraryDamagedError
        When a table cannot be read, or the tables do not fit together.
    """
    return _control_lists(
        parse_table(lists, "lists.csv"),
        parse_table(rows, "control.csv"),
        parse_table(sources, "sources.csv"),
    )


def _control_lists(
    lists: list[dict[str, str]], rows: list[dict[str, str]], sources: list[dict[str, str]]
) -> ControlLists:
    try:
        events = {row["event"] for row in rows}
        if not lists or not rows or not rows[0].keys() >= ROW_COLUMNS:
            raise ValueError("a table is empty or lacks a column")
        if unknown := events - LISTS_SOMETHING - set(EVENT_STATES) - {"removed"}:
            raise ValueError(f"the event {min(unknown)!r} is not known")
        titles = {row["source"]: _title(row) for row in sources}
        return ControlLists(map(_control_list, lists), rows, titles)
    except (KeyError, ValueError) as error:
        raise LibraryDamagedError(
            f"the control lists do not fit together ({error!r})", FOLDER, "install it again"
        ) from error


def status(who: Who | Iterable[Who], on: date, jurisdiction: Asked = None) -> tuple[Listing, ...]:
    """Return what the shipped lists say on a date; see `ControlLists.status`."""
    return control_lists().status(who, on, jurisdiction)


def lists_to(jurisdiction: Asked = None) -> date:
    """Return the date for the words "no listing found in lists to ..."."""
    return control_lists().lists_to(jurisdiction)


def assess(
    on: date,
    *,
    name: str = "",
    inchikey: str = "",
    cas: str = "",
    jurisdiction: Asked = None,
    lists: ControlLists | None = None,
) -> Assessment:
    """Return who is meant, what the lists say on a date, and the alarm level.

    When several substances fit (stereoisomers, shared names) the listings of all are returned and
    the most serious alarm level counts. A name that is no known substance is still looked for
    among the names in the lists (`lists`, or the shipped ones).
    """
    found = substances().find(inchikey=inchikey, cas=cas, name=name)
    several = tuple(dict.fromkeys(hit.substance for hit in found))
    lists = lists or control_lists()
    listings = lists.status((*found, name), on, jurisdiction)
    levels = [alarm_level(lists.status(one, on, jurisdiction), one) for one in several]
    if listings or not levels:
        levels.append(alarm_level(lists.status(name, on, jurisdiction), None))
    known = [level for level in levels if level != "unknown" or not several]
    alarm = min(known or levels, key=SEVERITY.index)
    return Assessment(found, listings, alarm, lists.lists_to(jurisdiction))
