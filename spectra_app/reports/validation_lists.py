"""The lists of a validation report: every failure, what was taken for what, every substance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from spectra_app.reports.figures import clean
from spectra_app.reports.parts import Column, Table, Words
from spectra_app.reports.validation import Part, Section
from spectra_app.reports.validation_words import both, counted
from spectra_app.wording import OUTCOMES, REASONS

MOST_ROWS = 300
MOST_PAIRS = 40
NOT_ALL = " (true, but not all components)"

Cells = tuple[str, ...]


def failures(figures: dict[str, Any]) -> Section:
    """Return every wrong, missed and refused scan, and every false name."""
    refused = tuple(
        (clean(item["query"]), clean(item["truth"]), clean(item["error"]))
        for item in figures["refused_queries"]
    )
    columns = (Column("Scan", 56.0), Column("Truth", 40.0), Column("Why", 82.0))
    parts: list[Part] = [
        *listed("Named, but wrong", listing_table(listing_rows(figures["wrong"]))),
        *listed("In the library, but nothing named", _missed_table(figures["missed"])),
    ]
    if "false_names" in figures:
        false = listing_table(listing_rows(figures["false_names"]))
        parts += listed("Named although the substance had been removed from the library", false)
    parts += listed("Refused", Table(columns, refused[:MOST_ROWS], _cut(len(refused))))
    return Section("Every failure", tuple(parts))


def listed(title: str, table: Table) -> tuple[Part, ...]:
    """Return a table under its title, or the statement that there is nothing to list."""
    if not table.rows:
        return (Words((f"{title}: none.",)),)
    return (Words((f"{title}:",)), table)


def listing_rows(items: Iterable[dict[str, Any]]) -> tuple[Cells, ...]:
    """Return scan, truth, what was named, hit quality of each item of a list of answers."""
    return tuple(
        (
            clean(item["query"]),
            clean(item["truth"]),
            clean(" + ".join(item["named"])) + (NOT_ALL if item["true_but_not_all"] else ""),
            f"{item['score']:.3f}",
        )
        for item in items
    )


def listing_table(rows: tuple[Cells, ...]) -> Table:
    """Return the table of wrong or false names."""
    columns = (
        Column("Scan", 62.0),
        Column("Truth", 46.0),
        Column("Named", 52.0),
        Column("Hit quality", 18.0, "right"),
    )
    return Table(columns, rows[:MOST_ROWS], _cut(len(rows)))


def _missed_table(items: list[dict[str, Any]]) -> Table:
    columns = (
        Column("Scan", 46.0),
        Column("Truth", 34.0),
        Column("Outcome and reasons", 62.0),
        Column("First candidate", 36.0),
    )
    rows = tuple(
        (
            clean(item["query"]),
            clean(item["truth"]),
            " ".join([f"{OUTCOMES[item['outcome']]}.", *_reasons(item)]),
            clean(item["best_candidate"] or "-") + (" (right)" if item["best_is_right"] else ""),
        )
        for item in items
    )
    return Table(columns, rows[:MOST_ROWS], _cut(len(rows)))


def _reasons(item: dict[str, Any]) -> list[str]:
    return [REASONS.get(code, code) for code in item["reasons"]]


def _cut(rows: int) -> str:
    if rows <= MOST_ROWS:
        return ""
    return f"… and {rows - MOST_ROWS} more, see 'spectra evaluate --out' and '--json'."


def confusion(figures: dict[str, Any]) -> Section:
    """Return what was named something else, and the best wrong candidate of each substance."""
    found = figures["confusion"]
    other = tuple(
        (clean(row["truth"]), clean(_said(row["named"])), str(row["count"]))
        for row in found["named"]
        if row["truth"] != row["named"]
    )
    alike = tuple(
        (
            clean(row["truth"]),
            clean(row["candidate"]),
            str(row["count"]),
            "-" if row["highest_score"] is None else f"{row['highest_score']:.3f}",
        )
        for row in found["best_wrong"]
    )
    named = (Column("Truth", 70.0), Column("Answer", 88.0), Column("Scans", 20.0, "right"))
    ranked = (
        Column("Truth", 62.0),
        Column("Best wrong candidate", 72.0),
        Column("Scans", 18.0, "right"),
        Column("Highest hit quality", 26.0, "right"),
    )
    note = (
        "The substances that came nearest, the most alike first: with the substance left out its "
        "best candidate, otherwise the best candidate that is not true (its hit quality is shown "
        "only where it came first). "
    )
    more = len(alike) - MOST_PAIRS
    note += f"… and {more} more, see '--json'." if more > 0 else ""
    return Section(
        "What was taken for what",
        (
            *listed(
                "Truth against answer, where the answer is another text than the truth",
                Table(named, other[:MOST_ROWS], _cut(len(other))),
            ),
            Words(("Truth against the best wrong candidate:",)),
            Table(ranked, alike[:MOST_PAIRS], note),
        ),
    )


def _said(text: str) -> str:
    outcome = text.strip("()")
    return OUTCOMES[outcome] if text.startswith("(") and outcome in OUTCOMES else text


def substances(figures: dict[str, Any]) -> Section:
    """Return one row for every substance, those with trouble first."""
    columns = (
        Column("Substance", 50.0),
        Column("Instruments", 30.0),
        Column("Scans", 11.0, "right"),
        Column("First right", 17.0, "right"),
        Column("Named right (95 % bounds)", 37.0, "right"),
        Column("Named wrong", 16.0, "right"),
        Column("False, left out", 17.0, "right"),
    )
    rows = tuple(
        (
            clean(row["substance"]) + ("" if row["in_library"] else " (not in the library)"),
            clean(", ".join(row["instruments"])),
            str(row["n"]),
            counted(row["top1"]),
            both(row["named_right"]),
            counted(row["named_wrong"]),
            counted(row.get("false_naming")),
        )
        for row in figures["substances"]
    )
    note = (
        "Those with wrong, false or missing names first. The bounds of few scans are wide; those "
        "of the other columns are in '--json'."
    )
    return Section("Substance by substance", (Table(columns, rows, note),))
