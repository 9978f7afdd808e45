"""Bar charts as vector shapes: labelled rows of counts, each of several parts; Qt-free."""

from __future__ import annotations

from dataclasses import dataclass

from spectra_app.reports.charts import BLUE, GREEN, ORANGE
from spectra_app.reports.page import (
    GREY,
    STRONG,
    WHITE,
    Block,
    Box,
    Item,
    Metrics,
    Style,
    Text,
    paragraph,
    placed,
    run,
    stacked,
    wrap,
)
from spectra_app.reports.plot import TICK

FILLS = (GREEN, ORANGE, BLUE, GREY)  # differ in lightness, too, so that they differ in grey
LABEL_SHARE = 0.36
BAR, STEP = 2.6, 4.3
NOTE = Style(6.6, colour=GREY)


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: what it is, and the counts of its parts."""

    label: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BarChart:
    """Rows of counts.

    Parameters
    ----------
    title : str
        What is counted.
    parts : tuple of str
        What the counts of every bar are, at most four; for the key.
    bars : tuple of Bar
        From above; each with as many counts as there are `parts`.
    note : str
        What else a reader must know.
    """

    title: str
    parts: tuple[str, ...]
    bars: tuple[Bar, ...]
    note: str = ""


def bar_block(chart: BarChart, metrics: Metrics, width: float) -> Block:
    """Return a bar chart of `width` mm, as high as its rows need."""
    head = stacked([paragraph(metrics, chart.title, STRONG, width, 2), _key(chart, metrics, width)])
    most = max((sum(bar.counts) for bar in chart.bars), default=0)
    items: list[Item] = list(head.items)
    top = head.height + 1.4
    for bar in chart.bars:
        items += _row(bar, metrics, width, top, most)
        top += STEP
    below = paragraph(metrics, chart.note, NOTE, width) if chart.note else Block(0.0)
    items += placed(below, 0.0, top + 0.4)
    return Block(top + 0.4 + below.height, tuple(items))


def _row(bar: Bar, metrics: Metrics, width: float, top: float, most: int) -> list[Item]:
    room = width * LABEL_SHARE
    label = wrap(metrics, bar.label, TICK, room - 1.5, 1)[0] if bar.label else ""
    text = run(metrics, label, TICK, 0.0, top + (BAR - TICK.line) / 2)
    items: list[Item] = [Text(room - 1.5 - text.width, text.y, text.text, TICK, text.width)]
    total = str(sum(bar.counts))
    scale = (width - room - 9.0) / most if most else 0.0
    left = room
    for count, fill in zip(bar.counts, FILLS, strict=False):
        if count:
            items.append(Box(left, top, count * scale, BAR, colour=WHITE, fill=fill, stroke=0.1))
            left += count * scale
    items.append(run(metrics, total, TICK, left + 1.0, top + (BAR - TICK.line) / 2))
    return items


def _key(chart: BarChart, metrics: Metrics, width: float) -> Block:
    if len(chart.parts) < 2:
        return Block(0.0)
    items: list[Item] = []
    left, top = 0.0, 0.6
    for part, fill in zip(chart.parts, FILLS, strict=False):
        text = run(metrics, part, TICK, left + 3.4, top)
        if left and left + 3.4 + text.width > width:
            left, top = 0.0, top + TICK.line
            text = run(metrics, part, TICK, 3.4, top)
        items.append(Box(left, top + 0.5, 2.4, TICK.line - 1.2, fill=fill))
        items.append(text)
        left += 3.4 + text.width + 3.5
    return Block(top + TICK.line, tuple(items))
