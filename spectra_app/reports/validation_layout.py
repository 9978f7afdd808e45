"""Pages out of a validation report: what follows what, where pages break, what each page says."""

from __future__ import annotations

from spectra_app.reports.bars import BarChart, bar_block
from spectra_app.reports.charts import Chart, chart_block
from spectra_app.reports.flow import ROW_GAP, Piece, spread
from spectra_app.reports.page import (
    ACCENT,
    BODY,
    GREY,
    INK,
    LABEL,
    MARGIN,
    NOTE,
    PAGE_HEIGHT,
    STRONG,
    TITLE,
    WHITE,
    WIDTH,
    Block,
    Box,
    Item,
    Metrics,
    Page,
    Path,
    Style,
    aligned_right,
    paragraph,
    placed,
    side_by_side,
    stacked,
)
from spectra_app.reports.parts import Facts, Table, Words
from spectra_app.reports.sections import GUTTER, HALF, WARNING, fact, table_blocks
from spectra_app.reports.validation import Charts, Part, ValidationReport

TOP, BOTTOM = 14.0, 10.0
HEADING = Style(10.5, bold=True, colour=ACCENT)
FACT_INDENT = 46.0
CHART_HEIGHT = 50.0
CELL_LINES = 6
KEPT_ROWS = 8  # a table of so few rows is not split
SECTION_GAP, PART_GAP = 5.0, 2.4


def compose_validation(report: ValidationReport, metrics: Metrics) -> tuple[Page, ...]:
    """Return the report on as many A4 pages as it needs.

    Tables break between rows, with their head repeated; a heading stays with what follows it.
    Every page carries the report's identifier, its number and how many there are; the last one
    says that it is the end.
    """
    flow = [Piece(_masthead(report, metrics), 0.0)]
    for number, section in enumerate(report.sections, start=1):
        words = paragraph(metrics, f"{number}  {section.heading}", HEADING, WIDTH)
        flow.append(Piece(words, SECTION_GAP, keep=True, begins=True))
        for part in section.parts:
            flow += _flow_of(part, metrics)
    flow.append(Piece(_end(report, metrics), SECTION_GAP))
    bodies = spread(flow, PAGE_HEIGHT - TOP - BOTTOM - 6.0)
    title = f"{report.title} {report.report_id}"
    return tuple(
        Page(title, (*placed(body, MARGIN, TOP), *_foot(report, metrics, number, len(bodies))))
        for number, body in enumerate(bodies, start=1)
    )


def _masthead(report: ValidationReport, metrics: Metrics) -> Block:
    right = stacked(
        [
            paragraph(metrics, f"Report {report.report_id}", STRONG, HALF),
            paragraph(metrics, f"Issued {report.issued_at}", LABEL, HALF, 2),
        ]
    )
    title = paragraph(metrics, report.title, TITLE, WIDTH - HALF)
    row = side_by_side(title, aligned_right(right, HALF), WIDTH - HALF)
    words = paragraph(metrics, report.signature, Style(8.5, True, WHITE), WIDTH - 6.0)
    height = words.height + 2.4
    bar = (Box(0.0, 0.0, WIDTH, height, 0.8, fill=INK), *placed(words, 3.0, 1.2))
    return stacked([row, Block(height, bar)], 2.6)


def _end(report: ValidationReport, metrics: Metrics) -> Block:
    rule = Block(0.4, (Path(((0.0, 0.2), (WIDTH, 0.2)), ACCENT, stroke=0.4),))
    return stacked([rule, paragraph(metrics, report.end, STRONG, WIDTH)], 1.4)


def _foot(report: ValidationReport, metrics: Metrics, number: int, pages: int) -> tuple[Item, ...]:
    style = Style(7.0)
    last = report.end if number == pages else f"continued on page {number + 1}"
    words = f"{report.name} {report.report_id} · page {number} of {pages}"
    left = paragraph(metrics, words, style, 110.0, 1)
    right = aligned_right(paragraph(metrics, last, Style(7.0, colour=GREY), 60.0, 1), 60.0)
    row = side_by_side(left, right, WIDTH - 60.0)
    top = PAGE_HEIGHT - BOTTOM - row.height
    rule = Path(((MARGIN, top - 1.4), (MARGIN + WIDTH, top - 1.4)), ACCENT, stroke=0.3)
    return (rule, *placed(row, MARGIN, top))


def _flow_of(part: Part, metrics: Metrics) -> list[Piece]:
    if isinstance(part, Words):
        style = WARNING if part.strong else BODY
        blocks = [paragraph(metrics, text, style, WIDTH) for text in part.texts]
        return [Piece(block, PART_GAP if not n else 1.0) for n, block in enumerate(blocks)]
    if isinstance(part, Facts):
        facts = [fact(metrics, item, WIDTH, FACT_INDENT) for item in part.facts]
        return [Piece(block, PART_GAP if not n else 0.4) for n, block in enumerate(facts)]
    if isinstance(part, Charts):
        return [Piece(_chart_row(part, metrics), PART_GAP)]
    return _table_flow(part, metrics)


def _table_flow(part: Table, metrics: Metrics) -> list[Piece]:
    note = paragraph(metrics, part.note, NOTE, WIDTH)
    if not part.rows:
        none = paragraph(metrics, "None.", BODY, WIDTH)
        return [Piece(none, PART_GAP), *([Piece(note, 0.8)] if part.note else [])]
    head, *rows = table_blocks(metrics, part.columns, part.rows, CELL_LINES)
    flow = [Piece(head, PART_GAP, keep=True)]
    whole = len(rows) <= KEPT_ROWS
    flow += [Piece(row, ROW_GAP, keep=whole and row is not rows[-1], head=head) for row in rows]
    if part.note:  # a note never begins a page on its own
        flow[-1] = Piece(rows[-1], ROW_GAP, keep=True, head=head)
        flow.append(Piece(note, 0.8))
    return flow


def _chart_row(part: Charts, metrics: Metrics) -> Block:
    left, *right = (_chart(chart, metrics) for chart in part.charts)
    return side_by_side(left, right[0], HALF + GUTTER) if right else left


def _chart(chart: Chart | BarChart, metrics: Metrics) -> Block:
    if isinstance(chart, BarChart):
        return bar_block(chart, metrics, HALF)
    return chart_block(chart, metrics, HALF, CHART_HEIGHT)
