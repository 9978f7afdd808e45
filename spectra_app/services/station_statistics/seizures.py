"""The seizures of a year: by substance, mode, origin, destination, concealment, weight and month.

An item counts in the year in which its case happened, or was registered where that is not recorded,
by local time. What a laboratory found goes before what scans named; what is only presumptive,
resembles a reconstructed reference, or is a family without a name, is counted apart and never mixed
with what is confirmed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from decimal import Decimal
from typing import Any, Literal

from library.control import assess
from spectra_app.errors import AppError
from spectra_app.records.evidence import EvidenceStore
from spectra_app.services.cases.seeing import sight_of
from spectra_app.services.cases.station_known import station_of
from spectra_app.services.control import ControlSetup, control_setup
from spectra_app.services.office import Office, Session
from spectra_app.services.station_statistics.collecting import (
    Collected,
    ItemFacts,
    Period,
    collect,
    local_day,
    zone_words,
)
from spectra_app.services.station_statistics.judging import NAMING, names_of
from spectra_app.services.station_statistics.naming import (
    is_cutting_agent,
    keys_of,
    keys_of_all,
    title_of,
)
from spectra_app.services.station_statistics.tables import UNITS, amount, csv_bytes, plain

Basis = Literal[
    "confirmed", "presumptive", "lead", "family", "refuted", "unsettled", "unnamed"
]  # fmt: skip
BASES: tuple[Basis, ...] = (
    "confirmed", "presumptive", "lead", "family", "refuted", "unsettled", "unnamed"
)  # fmt: skip
NOT_RECORDED = "not recorded"
WEIGHTS = (1, 10, 100, 1_000, 10_000, 100_000)
"""Where the classes of weight begin, in grams."""
RULES = (
    "An item counts in the year in which its case happened, or was registered where that is not "
    "recorded, by local time. Cases taken in from other stations are not counted.",
    "Confirmed: a laboratory found it. Presumptive: a scan named it, and no laboratory has "
    "answered. Lead: it resembles a reconstructed reference; no more is known. Family: a scan told "
    "a family and no name. Refuted: a laboratory did not find what was named; what it found "
    "instead is counted as confirmed. Unsettled: answers contradict each other, or were amended. "
    "Unnamed: no scan named anything.",
    "An item that holds several substances counts once under each, on the basis on which that "
    "substance is known, and once in every other table: on the firmest basis of what is more than "
    "a cutting agent. So rows by substance must not be added up.",
    "Weights are those of whole items as recorded, gross or net, packaging and cutting agents "
    "included; they are no weights of pure substances. Volumes and pieces are added up apart. "
    "Items without a weight are counted.",
    "Amendments do not change figures: cases and items count as they were recorded.",
    "The alarm level of a substance is by the lists that the station asks, on the last day "
    "counted.",
)


@dataclass(frozen=True, slots=True)
class Said:
    """What is known of an item.

    Parameters
    ----------
    basis : str
        On which the item counts as a whole.
    names : tuple of (str, str)
        Every substance with the basis on which it is known, firm ones first.
    families : tuple of str
        Families told without a name, as long as no laboratory has answered.
    unreadable : int
        Results that could not be read; what the record of such a scan names is used instead.
    """

    basis: Basis
    names: tuple[tuple[str, Basis], ...] = ()
    families: tuple[str, ...] = ()
    unreadable: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Seizure:
    """An item as it counts: when, and which substances on which basis."""

    facts: ItemFacts
    day: str
    said: Said

    @property
    def titles(self) -> dict[str, Basis]:
        """Substances by the names under which they are listed; the firmest basis of each."""
        found: dict[str, Basis] = {}
        for name, basis in self.said.names:
            found.setdefault(title_of(name), basis)
        return found

    def amount(self, unit: str) -> Decimal | None:
        """Return how much of it was recorded, when it was recorded in this unit."""
        return amount(self.facts.item.weight, self.facts.item.weight_unit, unit)


Values = tuple[tuple[str, Basis], ...]


def _substances(one: Seizure) -> Values:
    return tuple((name, on) for name, on in one.titles.items() if not is_cutting_agent(name))


def _cutting_agents(one: Seizure) -> Values:
    return tuple((name, on) for name, on in one.titles.items() if is_cutting_agent(name))


def _families(one: Seizure) -> Values:
    return tuple((name, "family") for name in one.said.families)


def _month(one: Seizure) -> Values:
    return ((one.day[:7], one.said.basis),)


def _of_case(name: str) -> Callable[[Seizure], Values]:
    return lambda one: _recorded(one, str(getattr(one.facts.case, name)))


def _of_item(name: str) -> Callable[[Seizure], Values]:
    return lambda one: _recorded(one, str(getattr(one.facts.item, name)))


def _recorded(one: Seizure, text: str) -> Values:
    return ((text.strip() or NOT_RECORDED, one.said.basis),)


def _weight_class(one: Seizure) -> Values:
    weight = one.amount("g")
    if weight is None:
        measured = any(one.amount(unit) is not None for unit in UNITS)
        return (("volume or pieces" if measured else NOT_RECORDED, one.said.basis),)
    below = sum(weight >= edge for edge in WEIGHTS)
    return ((_CLASSES[below], one.said.basis),)


_CLASSES = (
    "under 1 g", "1 g to under 10 g", "10 g to under 100 g", "100 g to under 1 kg",
    "1 kg to under 10 kg", "10 kg to under 100 kg", "100 kg and more",
)  # fmt: skip
_IN_ORDER = (*_CLASSES, "volume or pieces", NOT_RECORDED)
DIMENSIONS: dict[str, Callable[[Seizure], Values]] = {
    "substance": _substances,
    "family": _families,
    "cutting agent": _cutting_agents,
    "mode": _of_case("mode"),
    "origin": _of_case("origin"),
    "destination": _of_case("destination"),
    "concealment": _of_item("concealment"),
    "form": _of_item("form"),
    "weight": _weight_class,
    "month": _month,
}
COLUMNS = (
    "year", "dimension", "value", "alarm", "items", "cases", *BASES, *UNITS.values(),
    "items_without_weight",
)  # fmt: skip


def yearly_seizures(
    office: Office, session: Session, year: int, zone: tzinfo | None = None
) -> dict[str, Any]:
    """Return the seizures of a year as plain values; that it was made is written into the chain.

    Parameters
    ----------
    zone : tzinfo, optional
        Whose days and years count; by default the computer's own.

    Raises
    ------
    AppError
        When there cannot be such a year.
    """
    me = office.require(session, "statistics.export")
    now = office.clock()
    today = local_day(now, zone)
    if not 1900 <= year <= int(today[:4]):
        raise AppError("there are no seizures of this year", str(year), f"up to {today[:4]}")
    found = collect(office.ledger, sight_of(office, me))
    period = Period(f"{year}-01-01", f"{year}-12-31", zone)
    seized = seizures_of(found, office.evidence, period, emulated=office.demo)
    station = station_of(office.ledger)
    figures = {
        "year": year,
        "complete": today[:4] > str(year),
        "counted_to": min(today, period.last),
        "time_zone": zone_words(year, zone),
        "made_at": now,
        "made_by": me.name,
        "station": station.record.name if station else "",
        "organisation": station.record.organisation if station else "",
        "demonstration": office.demo,
        "cleared": me.cleared,
        "rules": list(RULES),
        "results_unreadable": sum(one.said.unreadable for one in seized),
        "items_amended": sum(one.facts.restated for one in seized),
        "of_other_stations": sum(period.holds(_time(one)) and not one.own for one in found.items),
        **tables_of(seized, control_setup(office.folder), min(today, period.last)),
    }
    with office.ledger.writing(me.id) as writing:
        sha256 = hashlib.sha256(seizures_csv(figures)).hexdigest()
        writing.note("yearly seizures exported", {"year": year, "sha256": sha256})
    return figures


def seizures_of(
    found: Collected, evidence: EvidenceStore, period: Period, *, emulated: bool
) -> list[Seizure]:
    """Return the items that count within a period."""
    return [
        Seizure(one, local_day(_time(one), period.zone), says(one, evidence))
        for one in found.items
        if one.own and one.case.emulated == emulated and period.holds(_time(one))
    ]


def _time(facts: ItemFacts) -> str:
    """Return when the case of an item happened, or was registered."""
    return facts.case.event_at or facts.case.opened_at


def says(facts: ItemFacts, evidence: EvidenceStore) -> Said:
    """Return what is known of an item, on which basis; a laboratory goes before scans."""
    if facts.state == "confirmed" or (facts.state == "refuted" and facts.found):
        return Said("confirmed", _on("confirmed", facts.found))
    if facts.state == "refuted":
        return Said("refuted")
    named: dict[str, list[str]] = {outcome: [] for outcome in NAMING}
    lost = 0
    for scan in facts.scans:
        if scan.outcome in NAMING:
            names, readable = names_of(scan, evidence)
            named[scan.outcome] += names
            lost += not readable
    firm = _on("presumptive", (*named["match"], *named["mixture"]))
    known = keys_of_all(name for name, _ in firm)
    # A lead is never dropped beside a firm name: that may be no more than what it was cut with.
    leads = _on("lead", (name for name in named["lead"] if not keys_of(name) & known))
    families = tuple(dict.fromkeys(name for one in facts.scans for name in one.families))
    if facts.state in {"contradictory", "amended"}:
        every = (*(name for name, _ in (*firm, *leads)), *facts.found)
        return Said("unsettled", _on("unsettled", every), families, lost)
    return Said(_firmest(firm, leads, families), (*firm, *leads), families, lost)


def _on(basis: Basis, names: Iterable[str]) -> Values:
    return tuple((name, basis) for name in dict.fromkeys(names))


def _firmest(firm: Values, leads: Values, families: Sequence[str]) -> Basis:
    """Return the basis of an item: that of the firmest name that is no cutting agent."""
    for name, basis in (*firm, *leads):
        if not is_cutting_agent(name):
            return basis
    if families:
        return "family"
    return (*firm, *leads, ("", "unnamed"))[0][1]


def tables_of(
    seized: Sequence[Seizure],
    setup: ControlSetup,
    on: str,
    dimensions: Mapping[str, Callable[[Seizure], Values]] = DIMENSIONS,
) -> dict[str, Any]:
    """Return the total and one table for each dimension, the most items first."""
    tables = {}
    for name, values in dimensions.items():
        known_values = {"month": _months(on), "weight": _CLASSES if seized else ()}
        groups: dict[str, list[tuple[Seizure, Basis]]] = {}
        for value in known_values.get(name, ()):  # one without items is a figure, too
            groups[value] = []
        for one in seized:
            for value, basis in values(one):
                groups.setdefault(value, []).append((one, basis))
        rows = []
        for value, many in groups.items():
            known = name in {"substance", "cutting agent"}
            rows.append({"value": value, "alarm": _alarm(value, on, setup) if known else ""}
                        | _counts(many))  # fmt: skip
        tables[name] = sorted(rows, key=_order(name))
    return {"total": _counts([(one, one.said.basis) for one in seized]), "tables": tables}


def _months(on: str) -> tuple[str, ...]:
    """Return the months of a year to a day."""
    return tuple(f"{on[:4]}-{month:02}" for month in range(1, int(on[5:7]) + 1))


def _order(dimension: str) -> Callable[[dict[str, Any]], Any]:
    if dimension == "month":
        return lambda row: row["value"]
    if dimension == "weight":
        return lambda row: _IN_ORDER.index(row["value"])
    return lambda row: (-row["items"], row["value"].casefold())


def _counts(counted: Sequence[tuple[Seizure, Basis]]) -> dict[str, Any]:
    many = [one for one, _ in counted]
    sums = {column: _sum(one.amount(unit) for one in many) for unit, column in UNITS.items()}
    return {
        "items": len(many),
        "cases": len({one.facts.case.id for one in many}),
        **{basis: sum(on == basis for _, on in counted) for basis in BASES},
        **sums,
        "items_without_weight": sum(one.amount("g") is None for one in many),
    }


def _sum(amounts: Iterable[Decimal | None]) -> str:
    known = [one for one in amounts if one is not None]
    return plain(sum(known, Decimal(0))) if known else ""


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
