"""Build the yearly report of seizures: what is said of the figures of a year, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from spectra_app.reports.bars import Bar, BarChart
from spectra_app.reports.figures import clean
from spectra_app.reports.parts import Column, Fact, Facts, Table, Words
from spectra_app.reports.validation import Charts, Section, ValidationReport

MOST_BARS = 12
MOST_ROWS = 40
PARTS = ("confirmed", "presumptive", "lead or family", "other")
_SIZES = (
    ("t", Decimal(1_000_000)), ("kg", Decimal(1000)), ("g", Decimal(1)), ("mg", Decimal("0.001"))
)  # fmt: skip
ROUNDED = "Weights are rounded to three decimals here; the CSV file holds them in full."
SECTIONS = (
    ("substance", "By substance", "Substance"),
    ("family", "Families without a name", "Family"),
    ("mode", "By mode of transport", "Mode"),
    ("origin", "By origin", "Origin"),
    ("destination", "By destination", "Destination"),
    ("concealment", "By concealment", "Concealment"),
    ("form", "By form", "Form"),
    ("weight", "By weight of the item", "Weight of the item"),
    ("cutting agent", "Cutting agents", "Cutting agent"),
)


def build_seizures_report(figures: dict[str, Any], *, report_id: str) -> ValidationReport:
    """Return the report of the figures of `yearly_seizures`.

    Parameters
    ----------
    figures : dict
        As `spectra_app.services.station_statistics.seizures` makes them.
    report_id : str
        Identifier, printed on every page.
    """
    sections = [_total(figures)]
    sections += [_dimension(figures, *names) for names in SECTIONS]
    sections.append(Section("How it was counted", (Words((*figures["rules"], ROUNDED)),)))
    return ValidationReport(
        report_id=clean(report_id),
        title=f"Seizures of the year {figures['year']}",
        issued_at=clean(figures["made_at"]),
        signature="EMULATED: a demonstration, never evidence"
        if figures["demonstration"]
        else "UNSIGNED: figures of the station's records; no test report",
        end="End of report",
        sections=tuple(sections),
        figures=figures,
        name="Seizures report",
    )


def _total(figures: dict[str, Any]) -> Section:
    total, tables = figures["total"], figures["tables"]
    facts = (
        Fact("Station", figures["station"] or "not set"),
        Fact("Organisation", figures["organisation"] or "not set"),
        Fact("Made by", f"{figures['made_by']}, {_cleared(figures)}"),
        Fact("Items", f"{total['items']} in {total['cases']} cases"),
        Fact("Confirmed by a laboratory", str(total["confirmed"])),
        Fact("Presumptive only", str(total["presumptive"])),
        Fact("Lead only (resembles)", str(total["lead"])),
        Fact("Family only, no name", str(total["family"])),
        Fact("Refuted, unsettled, unnamed",
             f"{total['refuted']}, {total['unsettled']}, {total['unnamed']}"),
        Fact("Weight of whole items", _weight(total)),
        Fact("Volumes and pieces", _other_amounts(total)),
        Fact("Items or cases amended", f"{figures['items_amended']} items, counted as recorded"),
        Fact("Days and years", f"local time, {figures['time_zone']}"),
        Fact("Cases of other stations", f"{figures['of_other_stations']} items, not counted"),
        Fact("Results that cannot be read", str(figures["results_unreadable"])),
    )  # fmt: skip
    remarks = []
    if not figures["complete"]:
        remarks.append(f"The year is not over: counted to {figures['counted_to']}.")
    if total["items"] > total["confirmed"]:
        remarks.append(
            "PRESUMPTIVE results are no identifications. They are shown apart in every table and "
            "chart."
        )
    charts = Charts(
        (
            _chart("Items by month", tables["month"]),
            _chart("Items by substance", tables["substance"]),
        )
    )
    clean_facts = Facts(tuple(Fact(one.label, clean(one.text)) for one in facts))
    warnings = (Words(tuple(remarks), strong=True),) if remarks else ()
    return Section("The year", (*warnings, clean_facts, charts))


def _cleared(figures: dict[str, Any]) -> str:
    return f"{'' if figures['cleared'] else 'not '}cleared for restricted lists"


def _dimension(figures: dict[str, Any], name: str, heading: str, title: str) -> Section:
    rows = figures["tables"][name]
    named = name in {"substance", "cutting agent"}
    columns = (
        Column(title, 36.0 if named else 54.0),
        *((Column("Alarm level", 18.0),) if named else ()),
        Column("Items", 11.0, "right"),
        Column("Cases", 11.0, "right"),
        Column("Confirmed", 17.0, "right"),
        Column("Presump.", 16.0, "right"),
        Column("Lead, fam.", 16.0, "right"),
        Column("Other", 11.0, "right"),
        Column("Weight", 22.0, "right"),
        Column("No weight", 20.0, "right"),
    )
    shown = rows if name in {"substance", "family"} else rows[:MOST_ROWS]  # no lead is left out
    cells = tuple(_cells(row, named=named) for row in shown)
    left_out = len(rows) - len(cells)
    note = f"{left_out} more are in the CSV file." if left_out > 0 else ""
    table = Table(columns, cells, note)
    if name in {"substance", "cutting agent"} or len(rows) < 2:
        return Section(heading, (table,))
    return Section(heading, (Charts((_chart(f"Items {heading[0].lower()}{heading[1:]}", rows),)),
                             table))  # fmt: skip


def _cells(row: dict[str, Any], *, named: bool) -> tuple[str, ...]:
    return (
        clean(row["value"]),
        *((row["alarm"],) if named else ()),
        str(row["items"]),
        str(row["cases"]),
        *(str(count) for count in _parts(row)),
        _weight(row),
        str(row["items_without_weight"]),
    )


def _parts(row: dict[str, Any]) -> tuple[int, ...]:
    other = row["refuted"] + row["unsettled"] + row["unnamed"]
    return (row["confirmed"], row["presumptive"], row["lead"] + row["family"], other)


def _weight(row: dict[str, Any]) -> str:
    """Return a weight in the unit that suits it, rounded to three decimals; "-" for none."""
    if not row["weight_g"]:
        return "-"
    grams = Decimal(row["weight_g"])
    unit, size = next((one for one in _SIZES if grams >= one[1]), _SIZES[-1 if grams else -2])
    rounded = (grams / size).quantize(Decimal("0.001")).normalize()
    return f"{rounded:f} {unit}"


def _other_amounts(row: dict[str, Any]) -> str:
    pieces = f"{row['pieces']} pieces" if row["pieces"] else ""
    volume = f"{row['volume_ml']} ml" if row["volume_ml"] else ""
    return ", ".join(part for part in (volume, pieces) if part) or "-"


def _chart(title: str, rows: Sequence[dict[str, Any]]) -> BarChart:
    bars = tuple(Bar(clean(row["value"]), _parts(row)) for row in rows[:MOST_BARS])
    left_out = len(rows) - len(bars)
    note = f"The first {MOST_BARS}; {left_out} more in the table." if left_out > 0 else ""
    return BarChart(title, PARTS, bars, note or ("" if bars else "None."))
