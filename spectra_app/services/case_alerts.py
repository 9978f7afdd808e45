"""What people who open a case should know: known combinations in it, and handling advice.

Both come from tables (`spectra_app.services.notices`) whose rows name their source and who has
reviewed them. An alert says what was found together, never how anything is made, and is no finding:
whether it rests on a laboratory or on scans alone is said with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from library.control import assess
from library.notices import Advice, Alert
from library.substances import substances
from matching.errors import SpectraError
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.kinds import Case, Confirmation, Scan, SecondTechnique
from spectra_app.services.cases.seeing import sight_of
from spectra_app.services.control import ControlSetup, control_setup
from spectra_app.services.notices import in_use
from spectra_app.services.office import Office, Session
from spectra_app.services.station_statistics.collecting import (
    ItemFacts,
    collect_case,
)
from spectra_app.services.station_statistics.judging import named_in
from spectra_app.services.station_statistics.naming import (
    is_cutting_agent,
    keys_of,
    keys_of_all,
    names_in,
    title_of,
)
from spectra_app.services.station_statistics.seizures import says

Rests = Literal["laboratory", "scans"]
NAMES_APART = "; "  # between the names of one substance in a row
NAMES = frozenset({"names", "families", "found"})


@dataclass(frozen=True, slots=True)
class CaseAlert:
    """An alert met in a case: its row, in which items, by which substances, resting on what."""

    alert: Alert
    items: tuple[str, ...]
    substances: tuple[str, ...]
    rests_on: Rests

    def to_json(self) -> dict[str, Any]:
        """Return the alert with its source and review as plain values."""
        row = self.alert
        return {
            "id": row.id,
            "title": row.title,
            "says": row.says,
            "items": list(self.items),
            "substances": list(self.substances),
            "rests_on": self.rests_on,
            "source": row.source,
            "version": row.version,
            "review": str(row.review),
        }


@dataclass(frozen=True, slots=True)
class Guidance:
    """Alerts and advice of a case, and the tables they come from.

    Parameters
    ----------
    alerts : tuple of CaseAlert
        Those met, in the order of the table.
    advice : tuple of Advice
        For the families of all that was ever found or named, whatever a laboratory said later.
    tables : tuple of (title, SHA-256, origin)
        The two tables that were asked.
    """

    alerts: tuple[CaseAlert, ...]
    advice: tuple[Advice, ...]
    tables: tuple[tuple[str, str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "alerts": [one.to_json() for one in self.alerts],
            "advice": [
                {
                    "code": one.code,
                    "language": one.language,
                    "text": one.text,
                    "source": one.source,
                    "version": one.version,
                    "review": str(one.review),
                }
                for one in self.advice
            ],
            "tables": [
                {"title": title, "sha256": sha256, "origin": origin}
                for title, sha256, origin in self.tables
            ],
        }

    def lines(self) -> list[str]:
        """Return all of it as lines for people."""
        made = []
        for one in self.alerts:
            basis = "found by a laboratory" if one.rests_on == "laboratory" else "PRESUMPTIVE"
            made.append(f"ALERT {one.alert.id}: {one.alert.title} ({basis})")
            made.append(f"  {', '.join(one.substances)} in {', '.join(one.items)}")
            made.append(f"  {one.alert.says}")
            made.append(f"  Text {one.alert.review}. Source: {one.alert.source}")
        for row in self.advice:
            made.append(f"ADVICE ({row.code.removeprefix('family:')}): {row.text}")
            made.append(f"  Text {row.review}. Source: {row.source}")
        return made


def case_guidance(office: Office, session: Session, case: str, language: str = "en") -> Guidance:
    """Return alerts and handling advice of a case, of what this user may see of it.

    Raises
    ------
    RecordError
        When there is no such case.
    LibraryDamagedError
        When an installed table cannot be used.
    """
    me = office.require(session, "case.show")
    kept = office.ledger.get(Case, case).record
    items = collect_case(office.ledger, sight_of(office, me), case)
    on = (kept.event_at or kept.opened_at or office.clock())[:10]
    return guidance_of(items, office.evidence, office.folder, on, language)


def guidance_of(
    items: Sequence[ItemFacts], evidence: EvidenceStore, folder: Path, on: str, language: str = "en"
) -> Guidance:
    """Return alerts and advice of items; by the control lists of a day."""
    alerts, advice = in_use("alerts", folder), in_use("advice", folder)
    held = [_held(one, evidence) for one in items]
    setup = control_setup(folder)
    met = []
    for row in alerts.notices.rows:
        if isinstance(row, Alert):
            met += _met(row, held, setup, date.fromisoformat(on))
    families = {family for one in items for family in _families_ever(one, evidence)}
    rows = (row for row in advice.notices.rows if isinstance(row, Advice))
    told = tuple(
        row
        for row in rows
        if row.language == language and row.code.removeprefix("family:") in families
    )
    tables = tuple((one.notices.title, one.sha256, one.origin) for one in (alerts, advice))
    return Guidance(tuple(met), told, tables)


@dataclass(frozen=True, slots=True)
class _Held:
    """What an item holds by all that is known, and which of it a laboratory found."""

    item: str
    names: tuple[str, ...]
    found: frozenset[str]


def _held(facts: ItemFacts, evidence: EvidenceStore) -> _Held:
    said = says(facts, evidence)
    names = [name for name, _ in said.names]
    other = (name for one in facts.techniques for name in one.found)
    if said.basis == "confirmed":  # laboratories seldom list cutting agents
        names += [name for name in (*facts.named, *other) if is_cutting_agent(name)]
    elif said.basis != "refuted":  # and a warning does not wait until all is settled
        names += other
    found = keys_of_all(facts.found) if said.basis == "confirmed" else frozenset()
    return _Held(facts.item.id, tuple(dict.fromkeys(names)), found)


def _met(row: Alert, held: Sequence[_Held], setup: ControlSetup, on: date) -> list[CaseAlert]:
    """Return the alert for each item, or once for the case, where it is met."""
    groups = [[one] for one in held] if row.within == "item" else [list(held)]
    made = []
    for group in groups:
        used = _substances(row, [name for one in group for name in one.names], setup, on)
        if used:
            keys = keys_of_all(used)
            items = [one for one in group if keys_of_all(one.names) & keys]
            found = frozenset().union(*(one.found for one in items))
            firm = all(keys_of(name) & found for name in used)
            titles = tuple(dict.fromkeys(title_of(name) for name in used))
            ids = tuple(one.item for one in items)
            made.append(CaseAlert(row, ids, titles, "laboratory" if firm else "scans"))
    return made


def _substances(row: Alert, names: Iterable[str], setup: ControlSetup, on: date) -> tuple[str, ...]:
    """Return the names by which an alert is met; none when it is not."""
    different = _different(row, names)
    wanted = [_keys_of_entry(entry) for entry in row.all_of]
    if not all(any(keys & one for keys in different.values()) for one in wanted):
        return ()
    there = [name for name, keys in different.items() if any(keys & one for one in wanted)]
    members = _members(row)
    some = [name for name, keys in different.items() if keys & members and name not in there]
    if len(some) < row.at_least:
        return ()
    used = (*there, *some)
    if row.listed and not any(_is_listed(row, name, setup, on) for name in used):
        return ()
    return used


def _different(row: Alert, names: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return one name for each substance, with its keys: a salt or synonym is the same one."""
    entries = [_keys_of_entry(entry) for entry in (*row.all_of, *row.any_of)]
    kept: dict[str, frozenset[str]] = {}
    for name in names:
        keys = keys_of(title_of(name))
        keys = keys.union(*(one for one in entries if one & keys))
        if not any(keys & one for one in kept.values()):
            kept[name] = keys
    return kept


def _keys_of_entry(entry: str) -> frozenset[str]:
    return keys_of_all(entry.split(NAMES_APART))


def _members(row: Alert) -> frozenset[str]:
    subclasses = set(row.subclasses)
    of_table = (one.key for one in substances() if one.subclass in subclasses)
    return frozenset(of_table).union(*(_keys_of_entry(entry) for entry in row.any_of))


def _is_listed(row: Alert, name: str, setup: ControlSetup, on: date) -> bool:
    """Return whether a list asked holds a substance, by this name or that of the alert."""
    keys = keys_of(title_of(name))
    alike = [one for one in (*row.all_of, *row.any_of) if _keys_of_entry(one) & keys]
    asked = {name, *(entry.split(NAMES_APART)[0] for entry in alike)}
    found = (
        assess(on, name=one, jurisdiction=setup.jurisdictions, lists=setup.lists) for one in asked
    )
    return any(listing.counts for one in found for listing in one.listings)


def _families_ever(facts: ItemFacts, evidence: EvidenceStore) -> Iterator[str]:
    """Yield the families of all that was ever named or found in an item, or carries their pattern.

    A laboratory that finds something else, or nothing, does not end a warning: who opens the item
    next has the same parcel in hand. Only a name that was itself withdrawn by an amendment is left
    out, and what stands there instead comes in its place.
    """
    withdrawn = {(one.of_id, one.field) for one in facts.amendments}
    names = [name for one in facts.amendments if one.field in NAMES
             for name in names_in(one.amended)]  # fmt: skip
    for scan in facts.scans:
        if (scan.id, "names") not in withdrawn:
            names += _may_be(scan, evidence)
        if (scan.id, "families") not in withdrawn:
            yield from _of_pattern(scan.families)
    said: tuple[SecondTechnique | Confirmation, ...] = (*facts.techniques, *facts.answers)
    for one in said:
        if (one.id, "found") not in withdrawn:
            names += one.found
    for name in names:
        yield from (hit.substance.family for hit in substances().by_name(name.strip()))


def _may_be(scan: Scan, evidence: EvidenceStore) -> Iterable[str]:
    """Return what a scan named, with the names that Raman does not tell from it."""
    try:
        alike = [name for one in named_in(scan, evidence) for name in one.names]
    except (SpectraError, ValueError, KeyError, TypeError):
        alike = []
    return (*scan.names, *alike)


def _of_pattern(families: Iterable[str]) -> Iterator[str]:
    """Yield the families of the table that a scan's own words for a pattern mean."""
    known = {one.family for one in substances() if one.family}
    words = [word for one in families for word in one.casefold().replace(" or ", "/").split("/")]
    for word in words:
        stem = word.strip().removesuffix("s")
        yield from (family for family in known if stem and stem in family.casefold())
