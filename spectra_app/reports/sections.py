"""The pieces of a printed report, each a block of measured text as wide as the page allows."""

from __future__ import annotations

from collections.abc import Sequence

from spectra_app.reports.document import Report, Verdict
from spectra_app.reports.page import (
    BODY,
    GREY,
    HEAD,
    INK,
    LABEL,
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
from spectra_app.reports.parts import Column, Fact
from spectra_app.reports.shapes import alarm_shape

GUTTER = 6.0
HALF = (WIDTH - GUTTER) / 2
HEADLINES = ((20.0, 1), (16.0, 2), (12.0, 3), (10.0, 4), (8.5, 8))  # size in points, lines at most
WARNING = Style(8.5, bold=True, colour="#7A3E00")
FACT_LINES, SENTENCE_LINES = 24, 24  # longer ones say that they are shortened


def top(report: Report, metrics: Metrics) -> Block:
    """Return the PRESUMPTIVE line, the title, the identifier and the time of issue."""
    line = Style(9.0, bold=True, colour=WHITE)
    words = paragraph(metrics, report.presumptive, line, WIDTH - 6.0)
    bar_height = words.height + 2.6
    bar = (Box(0.0, 0.0, WIDTH, bar_height, 0.8, fill=INK), *placed(words, 3.0, 1.3))
    styles = (STRONG, LABEL)
    right = stacked(
        [
            paragraph(metrics, text, style, HALF, 2)
            for text, style in zip(report.identity, styles, strict=True)
        ]
    )
    title = paragraph(metrics, report.title, TITLE, WIDTH - HALF)
    row = side_by_side(title, aligned_right(right, HALF), WIDTH - HALF)
    return stacked([Block(bar_height, bar), row], 2.6)


def marks(texts: Sequence[str], metrics: Metrics) -> Block:
    """Return the warnings that stand above the verdict, in one frame."""
    if not texts:
        return Block(0.0)
    text = stacked([paragraph(metrics, mark, WARNING, WIDTH - 6.0, 6) for mark in texts], 0.8)
    height = text.height + 2.4
    frame = Box(0.0, 0.0, WIDTH, height, 0.8, WARNING.colour, "#FFF4DC", 0.5)
    return Block(height, (frame, *placed(text, 3.0, 1.2)))


def verdict(answer: Verdict, metrics: Metrics) -> Block:
    """Return the card with shape, word, headline and outcome; a lead has a dashed outline."""
    symbol, left, pad = 17.0, 27.0, 2.6
    width = WIDTH - left - 5.0
    outcome = "" if answer.outcome == answer.headline else answer.outcome
    text = stacked(
        [
            paragraph(metrics, answer.word, Style(10.5, True, answer.colour), width, 4),
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


def because(report: Report, metrics: Metrics) -> Block:
    """Return what the verdict rests on beside what to do next."""
    return side_by_side(
        _titled(metrics, report.reasons_title, _bullets(metrics, report.reasons)),
        _titled(metrics, report.advice_title, _bullets(metrics, report.advice)),
        HALF + GUTTER,
    )


def _titled(metrics: Metrics, title: str, body: Block) -> Block:
    return stacked([paragraph(metrics, title, SECTION, HALF, 2), body], 0.8)


def _bullets(metrics: Metrics, texts: tuple[str, ...]) -> Block:
    blocks = []
    for text in texts:
        body = paragraph(metrics, text, BODY, HALF - 3.0, 6)
        dot = run(metrics, "•", BODY, 0.0, 0.0)
        blocks.append(Block(body.height, (dot, *placed(body, 3.0, 0.0))))
    return stacked(blocks, 0.4)


def fact(metrics: Metrics, item: Fact, width: float, indent: float) -> Block:
    """Return a label with its text beside it."""
    return side_by_side(
        paragraph(metrics, item.label, LABEL, indent - 2.0, FACT_LINES),
        paragraph(metrics, item.text, BODY, width - indent, FACT_LINES),
        indent,
    )


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
) -> Block:
    items: list[Item] = []
    height, left = 0.0, 0.0
    for column, cell in zip(columns, cells, strict=True):
        body = paragraph(metrics, cell, style, column.width - 2.0, lines)
        height = max(height, body.height)
        if column.align == "right":
            body = aligned_right(body, column.width)
        items.extend(placed(body, left, 0.0))
        left += column.width
    return Block(height, tuple(items))
