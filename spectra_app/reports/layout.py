"""Pages out of the report of an identification: what follows what, and where pages break.

A report that is read from right to left is laid out like any other and then mirrored, block by
block; only the spectra keep their direction, because a Raman shift axis has one.
"""

from __future__ import annotations

from spectra_app.reports import sections
from spectra_app.reports.codes import code_block
from spectra_app.reports.document import Part, Report
from spectra_app.reports.flow import ROW_GAP, Piece, spread
from spectra_app.reports.page import (
    ACCENT,
    BODY,
    GREY,
    LABEL,
    MARGIN,
    NOTE,
    PAGE_HEIGHT,
    SECTION,
    STRONG,
    WIDTH,
    Block,
    Item,
    Metrics,
    Page,
    Path,
    Style,
    aligned_right,
    mirrored,
    paragraph,
    placed,
    read_from_right,
    side_by_side,
    stacked,
)
from spectra_app.reports.parts import Code, Facts, Plot, Table, Words
from spectra_app.reports.plot import comparison_plot
from spectra_app.reports.texts import without_isolates

TOP, BOTTOM, FOOT = 12.0, 9.0, 9.0
SECTION_GAP, PART_GAP, FACT_GAP = 4.6, 1.8, 0.5
FACT_INDENT, PAIR_INDENT = 50.0, 40.0
CELL_LINES = 14
KEPT_ROWS, KEPT_FACTS = 8, 5  # tables and lists of so few rows are not split
PLOT_HEIGHT = 84.0
CODE_SIZE = 26.0


def compose(report: Report, metrics: Metrics) -> tuple[Page, ...]:
    """Return the report on as many A4 pages as it needs.

    Every page carries the report's identifier, its number and how many there are; the last one
    says that it is the end.
    """
    flow = [
        Piece(sections.top(report, metrics), 0.0),
        Piece(sections.marks(report.marks, metrics), 2.6),
        Piece(sections.verdict(report.verdict, metrics), 2.6),
        Piece(sections.because(report, metrics), 2.6),
    ]
    turned = report.direction == "rtl"
    flow = [_turned(piece) if turned else piece for piece in flow if piece.block.height]
    for number, section in enumerate(report.sections, start=1):
        words = paragraph(metrics, f"{number}  {section.heading}", SECTION, WIDTH)
        pieces = [Piece(words, SECTION_GAP, keep=True, begins=True)]
        pieces += [piece for part in section.parts for piece in _flow_of(part, report, metrics)]
        flow += [_turned(piece) if turned else piece for piece in pieces]
    end = Piece(_end(report, metrics), SECTION_GAP)
    flow.append(_turned(end) if turned else end)
    bodies = spread(flow, PAGE_HEIGHT - TOP - BOTTOM - FOOT)
    title = without_isolates(f"{report.title} {report.report_id}")
    return tuple(
        Page(title, (*placed(body, MARGIN, TOP), *_foot(report, metrics, number, len(bodies))))
        for number, body in enumerate(bodies, start=1)
    )


class _Straight(Block):
    """A block whose places are kept on a page that is read from right to left."""

    __slots__ = ()


def _turned(piece: Piece) -> Piece:
    block = piece.block
    turned = read_from_right(block) if isinstance(block, _Straight) else mirrored(block)
    head = None if piece.head is None else mirrored(piece.head)
    return Piece(turned, piece.gap, piece.keep, head, begins=piece.begins)


def _flow_of(part: Part, report: Report, metrics: Metrics) -> list[Piece]:
    if isinstance(part, Words):
        style = sections.WARNING if part.strong else BODY
        blocks = [
            paragraph(metrics, text, style, WIDTH, sections.SENTENCE_LINES) for text in part.texts
        ]
        return [Piece(block, 0.8 if n else PART_GAP) for n, block in enumerate(blocks)]
    if isinstance(part, Facts):
        facts = _facts(part, metrics)
        kept = len(facts) <= KEPT_FACTS
        return [
            Piece(block, FACT_GAP if n else PART_GAP, keep=kept and block is not facts[-1])
            for n, block in enumerate(facts)
        ]
    if isinstance(part, Plot):
        return _plot(part, report, metrics)
    if isinstance(part, Code):
        return [Piece(_code(part, metrics), PART_GAP)]
    return _table(part, metrics)


def _facts(part: Facts, metrics: Metrics) -> list[Block]:
    if not part.paired:
        return [sections.fact(metrics, item, WIDTH, FACT_INDENT) for item in part.facts]
    cells = [sections.fact(metrics, item, sections.HALF, PAIR_INDENT) for item in part.facts]
    cells += [Block(0.0)] * (len(cells) % 2)
    pairs = zip(cells[::2], cells[1::2], strict=True)
    return [side_by_side(*pair, sections.HALF + sections.GUTTER) for pair in pairs]


def _plot(part: Plot, report: Report, metrics: Metrics) -> list[Piece]:
    note = paragraph(metrics, part.note, NOTE, WIDTH)
    if report.comparison is None or report.plot is None:
        return [Piece(paragraph(metrics, part.note, BODY, WIDTH), PART_GAP)]
    drawn = comparison_plot(report.comparison, report.plot, metrics, PLOT_HEIGHT)
    straight = _Straight(drawn.height, drawn.items)
    return [Piece(straight, PART_GAP, keep=True), Piece(note, 0.8)]


def _code(part: Code, metrics: Metrics) -> Block:
    words = paragraph(metrics, part.note, BODY, WIDTH - CODE_SIZE - 6.0)
    return side_by_side(code_block(part.content, CODE_SIZE), words, CODE_SIZE + 6.0)


def _table(part: Table, metrics: Metrics) -> list[Piece]:
    head, *rows = sections.table_blocks(metrics, part.columns, part.rows, CELL_LINES)
    flow = [Piece(head, PART_GAP, keep=True)]
    whole = len(rows) <= KEPT_ROWS
    flow += [Piece(row, ROW_GAP, keep=whole and row is not rows[-1], head=head) for row in rows]
    if part.note:  # a note never begins a page on its own
        flow[-1] = Piece(rows[-1], ROW_GAP, keep=True, head=head)
        flow.append(Piece(paragraph(metrics, part.note, NOTE, WIDTH), 0.8))
    return flow


def _end(report: Report, metrics: Metrics) -> Block:
    rule = Block(0.4, (Path(((0.0, 0.2), (WIDTH, 0.2)), ACCENT, stroke=0.4),))
    said = [report.end, report.signature]
    lines = [paragraph(metrics, text, STRONG, WIDTH, 4) for text in said]
    emulated = [sections.marks(report.marks[:1], metrics)] if report.record.emulated else []
    return stacked([rule, *lines, *emulated], 1.4)


def _foot(report: Report, metrics: Metrics, number: int, pages: int) -> tuple[Item, ...]:
    """Return what identifies a page, that it goes on or ends, and the first warning again."""
    last = report.end if number == pages else report.texts.say("continued", number=number + 1)
    words = report.page_line(number, pages)
    left = paragraph(metrics, words, Style(7.4), 100.0, 2)
    right = aligned_right(paragraph(metrics, last, Style(7.4, colour=GREY), 70.0, 2), 70.0)
    row = side_by_side(left, right, WIDTH - 70.0)
    presumptive = paragraph(metrics, report.presumptive, Style(6.8, colour=LABEL.colour), WIDTH, 1)
    body = stacked([row, presumptive], 0.4)
    if report.direction == "rtl":
        body = mirrored(body)
    top = PAGE_HEIGHT - BOTTOM - body.height
    rule = Path(((MARGIN, top - 1.2), (MARGIN + WIDTH, top - 1.2)), ACCENT, stroke=0.3)
    return (rule, *placed(body, MARGIN, top))
