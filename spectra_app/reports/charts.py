"""Charts of a validation report as vector paths: lines, steps, marks with bounds; Qt-free."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from spectra_app.reports.page import (
    GREY,
    INK,
    RULE,
    STRONG,
    Block,
    Box,
    Item,
    Metrics,
    Path,
    Style,
    Text,
    paragraph,
    placed,
    run,
    stacked,
)
from spectra_app.reports.plot import TICK, tick_positions

BLUE, ORANGE, GREEN = "#0072B2", "#C04A00", "#00704A"  # told apart by colour-blind eyes and in grey
NOTE = Style(6.6, colour=GREY)
LEFT, BELOW = 10.0, 8.0  # room for the tick labels of both axes and the title of the lower one, mm
MARK = 0.75
LARGEST_TICKS = 6

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart.

    Parameters
    ----------
    label : str
        For the key.
    points : tuple of (x, y)
        In the units of the axes.
    colour : str
        Colour of line and marks.
    kind : {"line", "marks"}
        Joined points, or a mark at each.
    dashed : bool
        For lines that would look alike in grey.
    bounds : tuple of (low, high)
        Of every point of a series of marks; empty without.
    """

    label: str
    points: tuple[Point, ...]
    colour: str = INK
    kind: Literal["line", "marks"] = "line"
    dashed: bool = False
    bounds: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """Axes with their ranges and titles, the series, and vertical lines (x, what it is)."""

    title: str
    x_label: str
    y_label: str
    x_range: Point
    y_range: Point
    series: tuple[Series, ...]
    verticals: tuple[tuple[float, str], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Frame:
    left: float
    right: float
    top: float
    bottom: float
    chart: Chart

    def at(self, point: Point) -> Point:
        """Return where a point lies in mm; what is outside the axes lies on their edge."""
        (x0, x1), (y0, y1) = self.chart.x_range, self.chart.y_range
        x = min(max((point[0] - x0) / (x1 - x0), 0.0), 1.0)
        y = min(max((point[1] - y0) / (y1 - y0), 0.0), 1.0)
        return self.left + x * (self.right - self.left), self.bottom - y * (self.bottom - self.top)


def chart_block(chart: Chart, metrics: Metrics, width: float, height: float) -> Block:
    """Return a chart of `width` mm with axes of `height` mm, its key above and its note below."""
    head = stacked(
        [paragraph(metrics, chart.title, STRONG, width, 2), _key(chart, metrics, width)], 0.5
    )
    title = paragraph(metrics, chart.y_label, TICK, width, 1)
    top = head.height + title.height + 1.6
    frame = _Frame(LEFT, width - 2.0, top, top + height, chart)
    items: list[Item] = [*head.items, *placed(title, 0.0, head.height + 0.8)]
    items += _axes(frame, metrics)
    items += [item for series in chart.series for item in _drawn(series, frame)]
    items += _verticals(frame, metrics)
    below = paragraph(metrics, chart.note, NOTE, width - LEFT) if chart.note else Block(0.0)
    items += placed(below, LEFT, frame.bottom + BELOW)
    return Block(frame.bottom + BELOW + below.height, tuple(items))


def _key(chart: Chart, metrics: Metrics, width: float) -> Block:
    """Return a sample and the label of every series, in as many lines as they need."""
    if len(chart.series) < 2:
        return Block(0.0)
    items: list[Item] = []
    left, top = 0.0, 0.0
    for series in chart.series:
        text = run(metrics, series.label, TICK, left + 7.0, top)
        if left and left + 7.0 + text.width > width:
            left, top = 0.0, top + TICK.line
            text = run(metrics, series.label, TICK, 7.0, top)
        middle = top + TICK.line * 0.55
        items += _sample(series, left, middle)
        items.append(text)
        left += 7.0 + text.width + 4.0
    return Block(top + TICK.line, tuple(items))


def _sample(series: Series, left: float, middle: float) -> list[Item]:
    if series.kind == "marks":
        return [_mark((left + 3.0, middle), series.colour)]
    ends = ((left, middle), (left + 6.0, middle))
    return [Path(ends, series.colour, stroke=0.45, dashed=series.dashed)]


def _mark(at: Point, colour: str) -> Item:
    return Box(at[0] - MARK, at[1] - MARK, 2 * MARK, 2 * MARK, MARK, colour, colour)


def _axes(frame: _Frame, metrics: Metrics) -> list[Item]:
    chart = frame.chart
    size = (frame.right - frame.left, frame.bottom - frame.top)
    items: list[Item] = [Box(frame.left, frame.top, *size, colour=GREY, stroke=0.2)]
    for value in tick_positions(*chart.x_range, most=LARGEST_TICKS):
        x, _ = frame.at((value, chart.y_range[0]))
        items.append(Path(((x, frame.top), (x, frame.bottom)), RULE, stroke=0.1))
        text = run(metrics, _figure(value), TICK, 0.0, frame.bottom + 0.6)
        items.append(Text(x - text.width / 2, text.y, text.text, TICK, text.width))
    for value in tick_positions(*chart.y_range, most=LARGEST_TICKS):
        _, y = frame.at((chart.x_range[0], value))
        items.append(Path(((frame.left, y), (frame.right, y)), RULE, stroke=0.1))
        text = run(metrics, _figure(value), TICK, 0.0, y - TICK.line / 2)
        items.append(Text(frame.left - 1.0 - text.width, text.y, text.text, TICK, text.width))
    title = run(metrics, chart.x_label, TICK, 0.0, frame.bottom + 0.8 + TICK.line)
    middle = (frame.left + frame.right - title.width) / 2
    items.append(Text(middle, title.y, title.text, TICK, title.width))
    return items


def _figure(value: float) -> str:
    return f"{value + 0.0:.6g}"  # + 0.0 turns -0 into 0


def _drawn(series: Series, frame: _Frame) -> list[Item]:
    places = [frame.at(point) for point in series.points]
    if series.kind == "line":
        if len(places) < 2:
            return []
        return [Path(tuple(places), series.colour, stroke=0.4, dashed=series.dashed)]
    items: list[Item] = []
    for point, (low, high) in zip(series.points, series.bounds, strict=False):
        ends = (frame.at((point[0], low)), frame.at((point[0], high)))
        items.append(Path(ends, series.colour, stroke=0.25))
    return items + [_mark(place, series.colour) for place in places]


def _verticals(frame: _Frame, metrics: Metrics) -> list[Item]:
    items: list[Item] = []
    for value, label in frame.chart.verticals:
        x, _ = frame.at((value, 0.0))
        items.append(Path(((x, frame.top), (x, frame.bottom)), INK, stroke=0.3, dashed=True))
        text = run(metrics, label, TICK, 0.0, frame.top + 0.5)
        left = x + 0.8 if x + 0.8 + text.width < frame.right else x - 0.8 - text.width
        items.append(Text(left, text.y, text.text, TICK, text.width))
    return items


def steps(edges: tuple[float, ...], counts: tuple[float, ...]) -> tuple[Point, ...]:
    """Return the outline of a histogram: `edges` has one value more than `counts`."""
    points: list[Point] = [(edges[0], 0.0)]
    for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
        points += [(low, count), (high, count)]
    return (*points, (edges[-1], 0.0))


def rounded_up(value: float) -> float:
    """Return the end of an axis that holds `value`: 1, 2, 2.5 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(f * power for f in (1.0, 2.0, 2.5, 5.0, 10.0) if f * power >= value * 0.999999)
