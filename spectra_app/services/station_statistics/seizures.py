"""The seizures of a year: by substance, mode, origin, destination, concealment and month.

An item counts in the year in which its case happened, or was registered where that is not recorded.
What a laboratory found goes before what scans named; what is only presumptive, or resembles a
reconstructed reference, is counted apart and never mixed with what is confirmed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from library.control import assess
from matching.errors import SpectraError
from spectra_app.errors import AppError
from spectra_app.records.evidence import EvidenceStore
from spectra_app.services.cases.opening import station_of
from spectra_app.services.control import ControlSetup, control_setup
from spectra_app.services.office import Office, Session
from spectra_app.services.station_statistics.collecting import (
    Collected,
    ItemFacts,
    Period,
    collect,
    sight_of,
)
from spectra_app.services.station_statistics.judging import (
    NAMING,
    is_cutting_agent,
    named_in,
    title_of,
)
from spectra_app.services.station_statistics.tables import csv_bytes, grams, plain

Basis = Literal["confirmed", "presumptive", "lead", "refuted", "unsettled", "unnamed"]
BASES: tuple[Basis, ...] = (
    "confirmed", "presumptive", "lead", "refuted", "unsettled", "unnamed"
)  # fmt: skip
NOT_RECORDED = "not recorded"
RULES = (
    "An item counts in the year in which its case happened, or was registered where that is not "
    "recorded. Cases taken in from other stations are not counted.",
    "Confirmed: a laboratory found it. Presumptive: a scan named it, and no laboratory has "
    "answered. Lead: it resembles a reconstructed reference; no more is known. Refuted: a "
    "laboratory did not find what was named; what it found instead is counted as confirmed. "
    "Unsettled: answers contradict each other, or were amended. Unnamed: no scan named anything.",
    "An item that holds several substances counts once under each, and once in every other table. "
    "So rows by substance must not be added up.",
    "Weights are those of whole items as recorded, gross or net, packaging and cutting agents "
    "included; they are no weights of pure substances. Items without a weight are counted.",
    "The alarm level of a substance is by the lists that the station asks, on the last day "
    "counted.",
)


@dataclass(frozen=True, eq=False, slots=True)
class Seizure:
    """An item as it counts: on which basis, and which substances."""

    facts: ItemFacts
    basis: Basis
    substances: tuple[str, ...]
    cutting_agents: tuple[str, ...]
    weight: Decimal | None

    @property
    def time(self) -> str:
        """When its case happened, or was registered."""
        return self.facts.case.event_at or self.facts.case.opened_at


def _month(one: Seizure) -> tuple[str, ...]:
    return (one.time[:7],)


def _of_case(name: str) -> Callable[[Seizure], tuple[str, ...]]:
    return lambda one: (str(getattr(one.facts.case, name)).strip() or NOT_RECORDED,)


def _of_item(name: str) -> Callable[[Seizure], tuple[str, ...]]:
    return lambda one: (str(getattr(one.facts.item, name)).strip() or NOT_RECORDED,)


DIMENSIONS: dict[str, Callable[[Seizure], tuple[str, ...]]] = {
    "substance": lambda one: one.substances,
    "cutting agent": lambda one: one.cutting_agents,
    "mode": _of_case("mode"),
    "origin": _of_case("origin"),
    "destination": _of_case("destination"),
    "concealment": _of_item("concealment"),
    "form": _of_item("form"),
    "month": _month,
}
COLUMNS = (
    "year", "dimension", "value", "alarm", "items", "cases", *BASES, "weight_g",
    "items_without_weight",
)  # fmt: skip


def yearly_seizures(office: Office, session: Session, year: int) -> dict[str, Any]:
    """Return the seizures of a year as plain values; that it was made is written into the chain.

    Raises
    ------
    AppError
        When there cannot be such a year.
    """
    me = office.require(session, "statistics.export")
    now = office.clock()
    if not 1900 <= year <= int(now[:4]):
        raise AppError("there are no seizures of this year", str(year), f"up to {now[:4]}")
    found = collect(office.ledger, sight_of(me, office.folder))
    period = Period(f"{year}-01-01", f"{year}-12-31")
    seized, unreadable = seizures_of(found, office.evidence, period, emulated=office.demo)
    station = station_of(office.ledger)
    figures = {
        "year": year,
        "complete": now[:4] > str(year),
        "made_at": now,
        "made_by": me.name,
        "station": station.record.name if station else "",
        "organisation": station.record.organisation if station else "",
        "demonstration": office.demo,
        "cleared": me.cleared,
        "rules": list(RULES),
        "results_unreadable": unreadable,
        "of_other_stations": sum(
            period.holds(one.case.event_at or one.case.opened_at) and not one.own
            for one in found.items
        ),
        **tables_of(seized, control_setup(office.folder), min(now[:10], period.last)),
    }
    with office.ledger.writing(me.id) as writing:
        sha256 = hashlib.sha256(seizures_csv(figures)).hexdigest()
        writing.note("yearly seizures exported", {"year": year, "sha256": sha256})
    return figures


def seizures_of(
    found: Collected, evidence: EvidenceStore, period: Period, *, emulated: bool
) -> tuple[list[Seizure], int]:
    """Return the items that count within a period, and how many results could not be read."""
    seized, unreadable = [], 0
    for facts in found.items:
        case = facts.case
        if not facts.own or case.emulated != emulated:
            continue
        if period.holds(case.event_at or case.opened_at):
            one, lost = _seizure(facts, evidence)
            seized.append(one)
            unreadable += lost
    return seized, unreadable


def _seizure(facts: ItemFacts, evidence: EvidenceStore) -> tuple[Seizure, int]:
    basis, names, lost = says(facts, evidence)
    titles = tuple(dict.fromkeys(title_of(name) for name in names))
    cutting = tuple(name for name in titles if is_cutting_agent(name))
    substances = tuple(name for name in titles if name not in cutting)
    weight = grams(facts.item.weight, facts.item.weight_unit)
    return Seizure(facts, basis, substances, cutting, weight), lost


def says(facts: ItemFacts, evidence: EvidenceStore) -> tuple[Basis, tuple[str, ...], int]:
    """Return on which basis an item counts, what is in it, and how many results are unreadable."""
    if facts.state == "confirmed" or (facts.state == "refuted" and facts.found):
        return "confirmed", facts.found, 0
    if facts.state == "refuted":
        return "refuted", (), 0
    if facts.state in {"contradictory", "amended"}:
        return "unsettled", (), 0
    named: dict[str, list[str]] = {outcome: [] for outcome in NAMING}
    lost = 0
    for scan in facts.scans:
        if scan.outcome in NAMING:
            try:
                named[scan.outcome] += [one.name for one in named_in(scan, evidence)]
            except (SpectraError, ValueError, KeyError, TypeError):
                lost += 1
    firm = tuple(dict.fromkeys((*named["match"], *named["mixture"])))
    if firm:
        return "presumptive", firm, lost
    leads = tuple(dict.fromkeys(named["lead"]))
    return ("lead", leads, lost) if leads else ("unnamed", (), lost)


def tables_of(seized: Sequence[Seizure], setup: ControlSetup, on: str) -> dict[str, Any]:
    """Return the total and one table for each dimension, the most items first."""
    tables = {}
    for name, values in DIMENSIONS.items():
        groups: dict[str, list[Seizure]] = {}
        for one in seized:
            for value in values(one):
                groups.setdefault(value, []).append(one)
        rows = []
        for value, many in groups.items():
            known = name in {"substance", "cutting agent"}
            rows.append({"value": value, "alarm": _alarm(value, on, setup) if known else ""}
                        | _counts(many))  # fmt: skip
        if name == "month":
            rows.sort(key=lambda row: row["value"])
        else:
            rows.sort(key=lambda row: (-row["items"], row["value"].casefold()))
        tables[name] = rows
    return {"total": _counts(seized), "tables": tables}


def _counts(seized: Iterable[Seizure]) -> dict[str, Any]:
    many = list(seized)
    weights = [one.weight for one in many if one.weight is not None]
    return {
        "items": len(many),
        "cases": len({one.facts.case.id for one in many}),
        **{basis: sum(one.basis == basis for one in many) for basis in BASES},
        "weight_g": plain(sum(weights, Decimal(0))) if weights else "",
        "items_without_weight": len(many) - len(weights),
    }


def _alarm(name: str, on: str, setup: ControlSetup) -> str:
    return assess(
        date.fromisoformat(on), name=name, jurisdiction=setup.jurisdictions, lists=setup.lists
    ).alarm


def seizures_csv(figures: dict[str, Any]) -> bytes:
    """Return the figures of a year as a table: one row for each value of each dimension."""
    total = {"value": "", "alarm": "", **figures["total"]}
    rows = [("total", total)]
    rows += [(name, row) for name, many in figures["tables"].items() for row in many]
    year = figures["year"]
    return csv_bytes(
        COLUMNS, ([year, name, *(row[column] for column in COLUMNS[2:])] for name, row in rows)
    )
