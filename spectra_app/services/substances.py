"""Look substances up, and say what the lists asked say of each on a date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from library.errors import LibraryError
from library.lookup import LookUp, look_up
from library.status import CONFIRM, ListAnswer, StatusAnswer, answer, answer_for, brief
from library.substances import Found, substances
from library.watchlist import Watched
from spectra_app.services.control import (
    ControlSetup,
    MaySee,
    control_setup,
    nobody,
    restricted_lists,
    watched_as,
)

SHOWN = 5  # names that hold a text


@dataclass(frozen=True, eq=False, slots=True)
class Described:
    """One substance found, its control status on a date, and where the station watches it.

    Parameters
    ----------
    found : Found or None
        The substance; None for a name that only a list holds.
    name : str
        Its preferred name, or the name asked.
    status : StatusAnswer
        What every list asked says.
    watched : tuple of (str, Watched)
        Station's own list and restricted lists that name it, each with the name of the list.
    """

    found: Found | None
    name: str
    status: StatusAnswer
    watched: tuple[tuple[str, Watched], ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Findings:
    """What was found for a text, each with its status on a date."""

    looked_up: LookUp
    on: date
    lists: tuple[str, ...]
    described: tuple[Described, ...]


def find(
    text: str,
    on: date,
    jurisdictions: Sequence[str] = (),
    *,
    setup: ControlSetup | None = None,
    may_see: MaySee = nobody,
) -> Findings:
    """Find a substance by any name or identifier, with its control status.

    Parameters
    ----------
    text : str
        Name, synonym, CAS number, InChIKey or its first block, formula, table key.
    on : datetime.date
        Date for which the lists are asked.
    jurisdictions : sequence of str
        Codes or names of lists; by default those the station has chosen.
    setup : ControlSetup, optional
        What the station asks; by default read from its data folder.
    may_see : callable (name of a list) -> bool
        Role check for restricted lists; by default nobody sees them.

    Raises
    ------
    LibraryError
        When no list of a jurisdiction is stored.
    """
    station = setup or control_setup()
    asked = tuple(jurisdictions) or station.jurisdictions
    own = [("station watch list", one) for one in station.watched]
    own += [(name, one) for name, items in restricted_lists(may_see) for one in items]
    looked_up = look_up(text)
    several = {(hit.substance.key, hit.salt): hit for hit in reversed(looked_up.found)}
    described = [
        _described(hit, on, asked, station, own) for hit in reversed(tuple(several.values()))
    ]
    if not described:
        by_name = answer(on, name=text, jurisdiction=asked, lists=station.lists)
        watched = _watched(own, on, text, "", "")
        if any(one.listings for one in by_name.answers) or watched:
            described.append(Described(None, text, by_name, watched))
    names = tuple(one.instrument for one in station.lists.asked(asked))
    return Findings(looked_up, on, names, tuple(described))


def show(
    identifier: str,
    on: date,
    jurisdictions: Sequence[str] = (),
    *,
    setup: ControlSetup | None = None,
    may_see: MaySee = nobody,
) -> Findings:
    """Describe one substance by its key, or by anything that means it alone.

    Raises
    ------
    LibraryError
        When nothing, or more than one substance, goes by it.
    """
    found = find(identifier, on, jurisdictions, setup=setup, may_see=may_see)
    names = dict.fromkeys(one.name for one in found.described)
    if len(names) == 1:
        return found
    near = found.looked_up.suggestions
    told = f"similar names: {', '.join(near)}" if near else "try 'spectra substances find'"
    raise LibraryError(
        f"{len(names)} substances go by this: {', '.join(names)}" if names else "not found",
        identifier,
        "give the key in front of one of them" if names else told,
    )


def _described(
    hit: Found,
    on: date,
    asked: tuple[str, ...],
    station: ControlSetup,
    own: Iterable[tuple[str, Watched]],
) -> Described:
    one = hit.substance
    status = answer_for(hit, on, asked, station.lists)
    return Described(hit, one.name, status, _watched(own, on, one.name, one.inchikey, one.cas))


def _watched(
    own: Iterable[tuple[str, Watched]], on: date, name: str, inchikey: str, cas: str
) -> tuple[tuple[str, Watched], ...]:
    return tuple(
        (title, item) for title, item in own if watched_as((item,), on, name, inchikey, cas)
    )


# --- As plain values and as text -------------------------------------------------------------


def findings_json(found: Findings) -> dict[str, Any]:
    """Return what was found as plain values."""
    asked = found.looked_up
    return {
        "text": asked.text,
        "read_as": asked.kind,
        "date": found.on.isoformat(),
        "lists": list(found.lists),
        "remarks": list(asked.remarks),
        "suggestions": list(asked.suggestions),
        "containing": list(asked.containing),
        "found": [_described_json(one) for one in found.described],
        "confirm": CONFIRM,
    }


def _described_json(one: Described) -> dict[str, Any]:
    identity: dict[str, Any] = {"key": None, "name": one.name, "via": "name in a list"}
    if one.found is not None:
        substance, salt = one.found.substance, one.found.salt
        more = substances().more(substance.key)
        identity = {
            "key": substance.key,
            "name": substance.name,
            "via": one.found.via,
            "salt": asdict(salt) if salt else None,
            "synonyms": list(substance.synonyms),
            "systematic_name": more.systematic,
            "inchikey": substance.inchikey,
            "cas": substance.cas,
            "cas_agreed": substance.cas_agreed,
            "cas_other": list(more.cas_other),
            "formula": substance.formula,
            "smiles": more.smiles,
            "class": substance.class_,
            "family": substance.family,
            "grade": substance.grade,
            "conflict": substance.conflict,
            "same_skeleton": [other.name for other in substances().relatives(substance)],
        }
    status = one.status
    return {
        **identity,
        "control": {
            "summary": status.summary,
            "alarm": status.alarm,
            "lists_to": status.lists_to.isoformat(),
            "lists": [_list_json(item) for item in status.answers],
        },
        "watched": [
            {
                "list": title,
                "reason": item.reason,
                "alarm": item.alarm,
                "from": item.since.isoformat(),
                "who": item.who,
            }
            for title, item in one.watched
        ],
    }


def _list_json(item: ListAnswer) -> dict[str, Any]:
    origin = item.origin
    return {
        "list": origin.instrument,
        "jurisdiction": origin.jurisdiction,
        "edition": origin.edition,
        "read_to": origin.read_to.isoformat(),
        "complete": origin.complete,
        "remarks": origin.remarks,
        "age_days": item.age_days,
        "past_age": item.past_age,
        "listed": item.listed,
        "listings": [asdict(one) | {"counts": one.counts} for one in item.listings],
        "sentences": list(item.sentences),
    }


def findings_text(found: Findings, *, whole: bool = False) -> str:
    """Return what was found as text for a person, in short; `whole` tells everything."""
    asked = found.looked_up
    lines = [f"{remark[:1].upper()}{remark[1:]}." for remark in asked.remarks]
    for one in found.described:
        told = (_identity_lines, _status_lines) if whole else (_short_identity, _short_status)
        lines += ["", *(line for write in told for line in write(one))]
    if not found.described:
        lines.append(f"Nothing in the tables goes by {asked.text!r}, and no list asked names it.")
    if asked.suggestions:
        lines.append(f"Similar (not taken for it): {'; '.join(asked.suggestions)}")
    if asked.containing:
        more = len(asked.containing) - SHOWN
        rest = f" and {more} or more others (write more of the name)" if more > 0 else ""
        lines.append(f"Names that hold it: {'; '.join(asked.containing[:SHOWN])}{rest}")
    if not whole and found.described:
        lines += ["", "What each list says, with sources: 'spectra substances show KEY'."]
    return "\n".join([*lines, "", CONFIRM]).strip()


def _short_identity(one: Described) -> list[str]:
    if one.found is None:
        return _identity_lines(one)[:1]
    substance, salt = one.found.substance, one.found.salt
    form = f", {salt.kind}" if salt else ""
    numbers = ", ".join(salt.cas) if salt else substance.cas
    formula = salt.formula if salt else substance.formula
    facts = (formula, f"CAS {numbers}" if numbers else "", f"found by {one.found.via}")
    lines = [f"{substance.key}  {substance.name}{form}  ({', '.join(x for x in facts if x)})"]
    if substance.conflict:
        lines.append(f"  sources also give another structure: {substance.conflict}")
    return lines


def _short_status(one: Described) -> list[str]:
    status = one.status
    told = dict.fromkeys(brief(item) for each in status.answers for item in each.listings)
    lines = [f"  {text}" for text in told]
    silent = [_list_words(each) for each in status.answers if not each.listed]
    if silent:
        lines.append(f"  no listing found in {', '.join(silent)}; that does not mean uncontrolled")
    old = [_list_words(each) for each in status.answers if each.listed and each.past_age]
    if old:
        lines.append(f"  listings may have changed since: {', '.join(old)}")
    return [*lines, *_alarm_lines(one)]


def _list_words(item: ListAnswer) -> str:
    """Return a list with how far it was read, and what makes its silence weaker."""
    words = [f"read to {item.origin.read_to}"]
    words += ["incomplete"] if item.origin.complete != "yes" else []
    words += ["past its age limit"] if item.past_age else []
    return f"{item.origin.instrument} ({', '.join(words)})"


def _identity_lines(one: Described) -> list[str]:
    if one.found is None:
        return [f"{one.name}  (no substance of the tables; by the name in the lists)"]
    substance, salt = one.found.substance, one.found.salt
    form = f", {salt.kind}" if salt else ""
    cas = substance.cas + ("" if substance.cas_agreed else " (one source)") if substance.cas else ""
    facts = (f"CAS {cas}" if cas else "", substance.inchikey, substance.formula)
    lines = [
        f"{substance.key}  {substance.name}{form}  (found by {one.found.via})",
        f"  {', '.join(fact for fact in facts if fact)}; identity grade {substance.grade}",
        f"  {substance.class_}" + (f"; {substance.family}" if substance.family else ""),
    ]
    if salt:
        numbers = f", CAS {', '.join(salt.cas)}" if salt.cas else ""
        lines.append(f"  salt or hydrate: {salt.kind} {salt.ratio}, {salt.formula}{numbers}")
    if substance.conflict:
        lines.append(f"  sources also give another structure: {substance.conflict}")
    return lines + _name_lines(one.found)


def _name_lines(hit: Found) -> list[str]:
    substance = hit.substance
    more = substances().more(substance.key)
    alike = ", ".join(other.name for other in substances().relatives(substance))
    told = (
        ("also", "; ".join(substance.synonyms)),
        ("systematic", more.systematic),
        ("SMILES", more.smiles),
        ("other CAS numbers given", ", ".join(more.cas_other)),
        ("same skeleton", alike),
    )
    return [f"  {label}: {text}" for label, text in told if text]


def _status_lines(one: Described) -> list[str]:
    status = one.status
    lines = [f"  {status.summary}"]
    for item in status.answers:
        origin = item.origin
        lines.append(f"  {origin.instrument} [{origin.edition}; read to {origin.read_to}]")
        lines += [f"    {sentence}" for sentence in item.sentences]
    return lines + _alarm_lines(one)


def _alarm_lines(one: Described) -> list[str]:
    """Return alarm level and watch lists; "benign" is left out: nobody may read it as "safe"."""
    level = one.status.alarm
    lines = [] if level == "benign" else [f"  alarm level: {level}"]
    return lines + [
        f"  {title}: {item.reason} (alarm {item.alarm}, from {item.since}, by {item.who})"
        for title, item in one.watched
    ]
