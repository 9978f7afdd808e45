"""The sections of a report, each a block of measured text as wide as the page allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from spectra_app.reports.document import CandidateLine, ComponentLine, Fact, Report
from spectra_app.reports.page import (
    ACCENT,
    BODY,
    GREY,
    HASH,
    HEAD,
    INK,
    LABEL,
    NOTE,
    PANEL,
    RULE,
    SECTION,
    STRONG,
    TITLE,
    WHITE,
    WIDTH,
    Block,
    Box,
    Item,
    Metrics,
    Path,
    Style,
    aligned_right,
    paragraph,
    placed,
    run,
    side_by_side,
    stacked,
    wrap,
)
from spectra_app.reports.shapes import alarm_shape

GUTTER = 6.0
HALF = (WIDTH - GUTTER) / 2
HEADLINES = ((20.0, 1), (16.0, 2), (12.0, 3), (10.0, 4), (8.5, 6))  # size in points, lines at most
WARNING = Style(8.5, bold=True, colour="#7A3E00")


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of each list is printed; a shortened list always states how many are left out.

    Parameters
    ----------
    candidates, components, listings, hazards, sentences : int
        Most rows of the candidate and component tables, listings of a component, hazards, and
        sentences of reasons or advice.
    lines : int
        Most lines of one value or table cell.
    plot : float
        Least height of the plot in mm; 0 when it is left out.
    gap : float
        Least distance between sections in mm.
    """

    candidates: int
    components: int
    listings: int
    hazards: int
    sentences: int
    lines: int
    plot: float
    gap: float


@dataclass(frozen=True, slots=True)
class Column:
    """A table column: heading, width in mm and alignment."""

    title: str
    width: float
    align: Literal["left", "right"] = "left"


def top(report: Report, metrics: Metrics) -> Block:
    """Return the PRESUMPTIVE line, the title, the identifier and the time of issue."""
    line = Style(9.0, bold=True, colour=WHITE)
    words = paragraph(metrics, report.presumptive, line, WIDTH - 6.0)
    bar_height = words.height + 2.6
    bar = (Box(0.0, 0.0, WIDTH, bar_height, 0.8, fill=INK), *placed(words, 3.0, 1.3))
    right = stacked(
        [
            paragraph(metrics, f"Report {report.report_id}", STRONG, HALF),
            paragraph(metrics, f"Issued {report.issued_at}", LABEL, HALF, 2),
        ]
    )
    title = paragraph(metrics, report.title, TITLE, WIDTH - HALF)
    row = side_by_side(title, aligned_right(right, HALF), WIDTH - HALF)
    return stacked([Block(bar_height, bar), row], 2.6)


def marks(report: Report, metrics: Metrics) -> Block:
    """Return the warnings about emulated data, in one frame."""
    if not report.marks:
        return Block(0.0)
    text = stacked([paragraph(metrics, mark, WARNING, WIDTH - 6.0) for mark in report.marks])
    height = text.height + 2.0
    frame = Box(0.0, 0.0, WIDTH, height, 0.8, WARNING.colour, "#FFF4DC", 0.5)
    return Block(height, (frame, *placed(text, 3.0, 1.0)))


def verdict(report: Report, metrics: Metrics) -> Block:
    """Return the card with shape, word, headline and outcome; a lead has a dashed outline."""
    answer = report.verdict
    symbol, left, pad = 17.0, 27.0, 2.6
    width = WIDTH - left - 5.0
    outcome = "" if answer.outcome == answer.headline else answer.outcome
    text = stacked(
        [
            paragraph(metrics, answer.word, Style(10.5, True, answer.colour), width, 2),
            _headline(metrics, answer.headline, width),
            paragraph(metrics, outcome, Style(9.0, colour=GREY), width, 2),
        ],
        0.6,
    )
    height = max(text.height, symbol) + 2 * pad
    card = Box(0.0, 0.0, WIDTH, height, 1.6, answer.colour, PANEL, 0.6, answer.lead)
    shape = Block(symbol, alarm_shape(answer.shape, symbol, answer.colour, answer.lead))
    items = placed(shape, 5.0, (height - symbol) / 2)
    return Block(height, (card, *items, *placed(text, left, (height - text.height) / 2)))


def _headline(metrics: Metrics, text: str, width: float) -> Block:
    """Return the headline in the largest type that holds it whole."""
    for size, lines in HEADLINES:
        style = Style(size, bold=True)
        if len(wrap(metrics, text, style, width)) <= lines:
            return paragraph(metrics, text, style, width)
    return paragraph(metrics, text, Style(HEADLINES[-1][0], bold=True), width, HEADLINES[-1][1])


def because(report: Report, metrics: Metrics, budget: Budget) -> Block:
    """Return what the verdict rests on beside what to do next."""
    reasons = _bullets(metrics, report.reasons, HALF, budget)
    advice = _bullets(metrics, report.advice or ("No advice was recorded.",), HALF, budget)
    return side_by_side(
        titled(metrics, "What it rests on", reasons),
        titled(metrics, "What to do", advice),
        HALF + GUTTER,
    )


def components(report: Report, metrics: Metrics, budget: Budget) -> Block:
    """Return the components with their shares, under each the listings that were found."""
    note = f"{report.components_note} {report.control_note}"
    if not report.components:
        return titled(metrics, report.components_title, paragraph(metrics, note, BODY, WIDTH, 3))
    notes = paragraph(metrics, note, NOTE, WIDTH, 4)
    columns = (
        Column("Name", 60.0),
        Column("Role", 22.0),
        Column("Reference", 24.0),
        Column("Signal share", 33.0),
        Column("Validation", 39.0),
    )
    blocks = [_row(metrics, columns, tuple(c.title for c in columns), HEAD, 1), _rule(GREY)]
    shown = report.components[: budget.components]
    for item in shown:
        cells = (item.name, item.role, item.kind, item.share, item.rate)
        blocks.append(_row(metrics, columns, cells, BODY, budget.lines, first=STRONG))
        blocks += [_listings(metrics, item, budget), _rule(RULE)]
    more = left_out(metrics, len(report.components) - len(shown), "component")
    body = stacked([stacked(blocks, 0.25), more, notes], 0.6)
    return titled(metrics, report.components_title, body)


def _listings(metrics: Metrics, item: ComponentLine, budget: Budget) -> Block:
    """Return the control status of one component, indented under its row."""
    shown = item.control[: budget.listings]
    text = "Control: " + "; ".join(shown)
    if len(item.control) > len(shown):
        text += f"; … and {len(item.control) - len(shown)} more, see 'spectra identify --json'"
    words = paragraph(metrics, text, BODY, WIDTH - 4.0, budget.lines + 1)
    return Block(words.height, placed(words, 4.0, 0.0))


def candidates(report: Report, metrics: Metrics, budget: Budget) -> Block:
    """Return the candidate table with the scale of its score."""
    if not report.candidates:
        nothing = paragraph(metrics, "No candidate: nothing was compared.", BODY, WIDTH)
        return titled(metrics, "Candidates", nothing)
    columns = (
        Column("#", 8.0),
        Column("Name", 78.0),
        Column("Reference", 26.0),
        Column("Score", 15.0, "right"),
        Column("Explains", 16.0, "right"),
        Column("Missing", 16.0, "right"),
        Column("Shift (cm⁻¹)", 19.0, "right"),
    )
    shown = report.candidates[: budget.candidates]
    body = table(metrics, columns, [_cells(line) for line in shown], budget.lines)
    more = left_out(metrics, len(report.candidates) - len(shown), "candidate")
    note = paragraph(metrics, report.candidates_note, NOTE, WIDTH, 3)
    return titled(metrics, "Candidates", stacked([body, more, note], 0.6))


def _cells(line: CandidateLine) -> tuple[str, ...]:
    return (
        line.rank,
        line.name,
        line.kind,
        line.score,
        line.explains,
        line.missing,
        line.shift,
    )


def quality_and_hidden(report: Report, metrics: Metrics, budget: Budget) -> Block:
    """Return what the scan is worth beside what it could not have seen."""
    quality = stacked(
        [fact(metrics, item, HALF, 46.0, budget.lines) for item in report.quality], 0.2
    )
    shown = report.hidden[: budget.hazards]
    lines = [fact(metrics, item, HALF, 23.0, budget.lines) for item in shown]
    more = left_out(metrics, len(report.hidden) - len(shown), "hazard", HALF)
    style = NOTE if report.hidden else BODY
    note = paragraph(metrics, report.hidden_note, style, HALF)
    return side_by_side(
        titled(metrics, "Scan quality", quality),
        titled(metrics, "What this scan could not have seen", stacked([*lines, more, note], 0.4)),
        HALF + GUTTER,
    )


def item_facts(report: Report, metrics: Metrics, budget: Budget) -> Block:
    """Return who, what, when and where in two columns."""
    cells = [fact(metrics, item, HALF, 23.0, budget.lines) for item in report.item]
    rows = [
        side_by_side(left, right, HALF + GUTTER)
        for left, right in zip(
            cells[::2], [*cells[1::2], *([Block(0.0)] * (len(cells) % 2))], strict=True
        )
    ]
    body = stacked(rows, 0.3)
    rule = Path(((0.0, 0.0), (WIDTH, 0.0)), RULE)
    return Block(body.height + 1.6, (rule, *placed(body, 0.0, 1.6)))


def method(report: Report, metrics: Metrics, budget: Budget) -> Block:
    """Return program, library and the hashes that make the verdict reproducible."""
    rows = [fact(metrics, item, WIDTH, 38.0, budget.lines, style=HASH) for item in report.method]
    return titled(metrics, "Method and traceability", stacked(rows, 0.1))


def limits(report: Report, metrics: Metrics) -> Block:
    """Return the limits as one paragraph."""
    body = paragraph(metrics, " ".join(report.limits), Style(6.8), WIDTH)
    return titled(metrics, "Limits", body)


def foot(report: Report, metrics: Metrics) -> Block:
    """Return the page identifier, the state of the signature and the clear end."""
    emulated = " (EMULATED)" if report.record.emulated else ""
    page_id = paragraph(metrics, report.page_id, Style(7.0), 64.0)
    signature = paragraph(metrics, report.signature, Style(7.0, colour=GREY), 74.0)
    end = paragraph(metrics, report.end + emulated, Style(7.0, bold=True), 36.0)
    right = side_by_side(signature, aligned_right(end, 36.0), WIDTH - 68.0 - 36.0)
    words = side_by_side(page_id, right, 68.0)
    rule = Path(((0.0, 0.0), (WIDTH, 0.0)), ACCENT, stroke=0.4)
    return Block(1.2 + words.height, (rule, *placed(words, 0.0, 1.2)))


def titled(metrics: Metrics, title: str, body: Block) -> Block:
    """Return `body` under its section title."""
    return stacked([paragraph(metrics, title, SECTION, WIDTH, 1), body], 0.6)


def fact(
    metrics: Metrics, item: Fact, width: float, indent: float, lines: int, *, style: Style = BODY
) -> Block:
    """Return a label with its text beside it."""
    label = Style(style.size, colour=LABEL.colour)
    return side_by_side(
        paragraph(metrics, item.label, label, indent - 1.0, 2),
        paragraph(metrics, item.text, style, width - indent, lines),
        indent,
    )


def left_out(metrics: Metrics, count: int, word: str, width: float = WIDTH) -> Block:
    """Return the statement that `count` things are not printed, or nothing for none."""
    if count < 1:
        return Block(0.0)
    text = f"… and {count} more {word}{'s' if count > 1 else ''}, see 'spectra identify --json'"
    return paragraph(metrics, text, Style(BODY.size, colour=GREY), width)


def table(
    metrics: Metrics, columns: tuple[Column, ...], rows: Sequence[tuple[str, ...]], lines: int
) -> Block:
    """Return a table with wrapped cells, a rule under its head and thin rules between rows."""
    return stacked(table_blocks(metrics, columns, rows, lines), 0.25)


def table_blocks(
    metrics: Metrics, columns: tuple[Column, ...], rows: Sequence[tuple[str, ...]], lines: int
) -> list[Block]:
    """Return the head of a table and each of its rows, so that pages can break between them."""
    head = _row(metrics, columns, tuple(column.title for column in columns), HEAD, lines)
    drawn = (_row(metrics, columns, cells, BODY, lines) for cells in rows)
    return [
        stacked([head, _rule(GREY)], 0.25),
        *(stacked([row, _rule(RULE)], 0.25) for row in drawn),
    ]


def _rule(colour: str) -> Block:
    return Block(0.2, (Path(((0.0, 0.1), (WIDTH, 0.1)), colour, stroke=0.15),))


def _row(
    metrics: Metrics,
    columns: tuple[Column, ...],
    cells: tuple[str, ...],
    style: Style,
    lines: int,
    *,
    first: Style | None = None,
) -> Block:
    """Return one row; `first` is the style of its first cell when that stands out."""
    items: list[Item] = []
    height, left = 0.0, 0.0
    for n, (column, cell) in enumerate(zip(columns, cells, strict=True)):
        look = first if first is not None and n == 0 else style
        body = paragraph(metrics, cell, look, column.width - 2.0, lines)
        height = max(height, body.height)
        if column.align == "right":
            body = aligned_right(body, column.width)
        items.extend(placed(body, left, 0.0))
        left += column.width
    return Block(height, tuple(items))


def _bullets(metrics: Metrics, texts: tuple[str, ...], width: float, budget: Budget) -> Block:
    blocks = []
    for text in texts[: budget.sentences]:
        body = paragraph(metrics, text, BODY, width - 3.0, max(budget.lines, 2))
        dot = run(metrics, "•", BODY, 0.0, 0.0)
        blocks.append(Block(body.height, (dot, *placed(body, 3.0, 0.0))))
    more = left_out(metrics, len(texts) - budget.sentences, "sentence", width)
    return stacked([*blocks, more], 0.3)
