"""The plot of a report: scan upwards, reference downwards, what is left over below; as paths."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spectra_app.records.identification import Comparison
from spectra_app.reports.document import PlotWords
from spectra_app.reports.page import (
    CLOSES,
    GREY,
    INK,
    LEFT_TO_RIGHT,
    RULE,
    SECTION,
    WHITE,
    WIDTH,
    Block,
    Box,
    Item,
    Metrics,
    Path,
    Style,
    Text,
    run,
    wrap,
)

SCAN, REFERENCE, UNEXPLAINED = INK, "#0072B2", "#C04A00"
TICK = Style(6.8, colour=GREY)
PEAK = Style(6.2)
COLUMNS = 1600
STRIP = 4.4  # height kept free of curves for the label at the top and at the bottom, mm
ABOVE, BELOW = 5.8, 3.0  # kept free of curves for peak marks, above also for their figures, mm
AXIS = 7.6  # height of tick labels and axis title, mm
REST, GAP = 20.0, 2.0  # height of the strip of what is left over, and the gap above it, mm
NEAR_CM1 = 5.0
MOST_LABELS = 14

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class _Frame:
    """Where data come to lie: cm-1 to mm along x, scaled intensity to mm along y."""

    axis: Array
    top: float
    middle: float
    bottom: float
    scale: float

    def x(self, shift: float) -> float:
        first, last = float(self.axis[0]), float(self.axis[-1])
        return WIDTH * (shift - first) / (last - first)


def comparison_plot(
    comparison: Comparison, words: PlotWords, metrics: Metrics, height: float
) -> Block:
    """Return the plot, `height` mm high and as wide as the text: mirrored spectra, and the rest.

    Both spectra share one intensity scale, and it fits the largest value of either: nothing is
    clipped. What is left over is drawn lower where it would not fit, and the factor is printed.
    Values that are not finite leave a gap.
    """
    frame = _frame(comparison, SECTION.line, height - AXIS - REST - GAP)
    left_over = comparison.query - comparison.reference
    rest = _rest_frame(frame, left_over, height - AXIS)
    items: list[Item] = list(_key(words, metrics))
    items += _frame_lines(frame)
    items += _curve(frame, comparison.reference, -1.0, REFERENCE)
    items += _curve(frame, comparison.query, 1.0, SCAN)
    items += _marks(frame, comparison)
    items += _peak_figures(frame, comparison, metrics)
    items += _labels(frame, words, metrics)
    items += _frame_lines(rest)
    items += _curve(rest, left_over, 1.0, UNEXPLAINED)
    style = Style(7.2, True, UNEXPLAINED)
    factor = f"{LEFT_TO_RIGHT}(× {rest.scale / frame.scale:.2g}){CLOSES}"
    label = wrap(metrics, f"{words.residual} {factor}", style, WIDTH - 4.0, 1)[0]
    items.append(run(metrics, label, style, 2.0, rest.top + 0.5))
    items += _axis(rest, words.axis, metrics)
    return Block(height, tuple(items))


def _rest_frame(frame: _Frame, rest: Array, bottom: float) -> _Frame:
    """Return where what is left over is drawn: on the scale of the spectra, if it fits."""
    top = bottom - REST
    middle = (top + STRIP + bottom) / 2
    largest = float(np.abs(rest[np.isfinite(rest)]).max(initial=0.0))
    fits = (bottom - middle - 0.3) / (largest or 1.0)
    return _Frame(frame.axis, top, middle, bottom, min(frame.scale, fits))


def _frame(comparison: Comparison, top: float, bottom: float) -> _Frame:
    largest = 0.0
    for values in (comparison.query, comparison.reference):
        finite = np.abs(values[np.isfinite(values)])
        largest = max(largest, float(finite.max(initial=0.0)))
    room = (bottom - top - 2 * STRIP - ABOVE - BELOW) / 2
    middle = top + STRIP + ABOVE + room
    return _Frame(comparison.raman_shift_cm1, top, middle, bottom, room / (largest or 1.0))


def _curve(frame: _Frame, values: Array, sign: float, colour: str) -> list[Item]:
    """Return `values` as lines; long curves keep the extremes of every printed column."""
    index = _thinned(values)
    x = frame.x(0.0) + frame.axis[index] * (frame.x(1.0) - frame.x(0.0))
    y = frame.middle - sign * values[index] * frame.scale
    gaps = np.flatnonzero(~np.isfinite(y))
    parts = np.split(np.arange(y.size), gaps)
    out: list[Item] = []
    for part in parts:
        kept = part[np.isfinite(y[part])]
        if kept.size > 1:
            points = tuple(zip(x[kept].tolist(), y[kept].tolist(), strict=True))
            out.append(Path(points, colour, stroke=0.22))
    return out


def _thinned(values: Array) -> NDArray[np.intp]:
    if values.size <= 2 * COLUMNS:
        return np.arange(values.size)
    edges = np.linspace(0, values.size, COLUMNS + 1).astype(np.intp)
    low = np.where(np.isfinite(values), values, np.inf)
    high = np.where(np.isfinite(values), values, -np.inf)
    keep = [
        start + turn
        for start, stop in pairwise(edges)
        for turn in (int(low[start:stop].argmin()), int(high[start:stop].argmax()))
    ]
    return np.unique(np.array([0, *keep, values.size - 1], dtype=np.intp))


def _frame_lines(frame: _Frame) -> list[Item]:
    return [
        Box(0.0, frame.top, WIDTH, frame.bottom - frame.top, colour=RULE, stroke=0.2),
        Path(((0.0, frame.middle), (WIDTH, frame.middle)), RULE, stroke=0.2),
    ]


def _axis(frame: _Frame, title_words: str, metrics: Metrics) -> list[Item]:
    items: list[Item] = []
    for shift in tick_positions(float(frame.axis[0]), float(frame.axis[-1])):
        x = frame.x(shift)
        items.append(Path(((x, frame.bottom), (x, frame.bottom + 1.2)), GREY, stroke=0.25))
        label = run(metrics, f"{shift:.0f}", TICK, 0.0, frame.bottom + 1.4)
        left = min(max(x - label.width / 2, 0.0), WIDTH - label.width)
        items.append(Text(left, label.y, label.text, TICK, label.width))
    title = run(metrics, title_words, TICK, 0.0, frame.bottom + 1.2 + TICK.line)
    items.append(Text((WIDTH - title.width) / 2, title.y, title.text, TICK, title.width))
    return items


def tick_positions(first: float, last: float, most: int = 11) -> list[float]:
    """Return round positions between `first` and `last`, with at most `most` steps."""
    rough = (last - first) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough)
    start, stop = math.ceil(first / step), math.floor(last / step)
    return [n * step for n in range(start, stop + 1)]


def _inside(frame: _Frame, peaks: tuple[float, ...]) -> list[float]:
    first, last = frame.axis[0], frame.axis[-1]
    return [peak for peak in peaks if first <= peak <= last]


def _tip(frame: _Frame, values: Array, peak: float) -> float:
    """Return the largest finite value within NEAR_CM1 of `peak`, not below zero."""
    near = np.abs(frame.axis - peak) <= NEAR_CM1
    finite = values[near & np.isfinite(values)]
    return float(finite.max(initial=0.0))


def _marks(frame: _Frame, comparison: Comparison) -> list[Item]:
    items: list[Item] = []
    for peak in _inside(frame, comparison.matched_peaks_cm1):
        for sign, values in ((1.0, comparison.query), (-1.0, comparison.reference)):
            y = frame.middle - sign * (_tip(frame, values, peak) * frame.scale + 0.6)
            items += _matched(frame.x(peak), y, sign)
    for peak in _inside(frame, comparison.missing_peaks_cm1):
        y = frame.middle + _tip(frame, comparison.reference, peak) * frame.scale + 1.6
        items += _missing(frame.x(peak), y)
    for peak in _inside(frame, comparison.unexplained_peaks_cm1):
        y = frame.middle - _tip(frame, comparison.query, peak) * frame.scale - 1.7
        items += _unexplained(frame.x(peak), y)
    return items


def _matched(x: float, y: float, sign: float) -> list[Item]:
    return [Path(((x, y), (x, y - sign * 1.9)), INK, stroke=0.5)]


def _missing(x: float, y: float) -> list[Item]:
    return [Box(x - 0.9, y - 0.9, 1.8, 1.8, 0.9, REFERENCE, WHITE, 0.35)]


def _unexplained(x: float, y: float) -> list[Item]:
    points = ((x, y - 1.1), (x + 1.1, y), (x, y + 1.1), (x - 1.1, y))
    return [Path(points, UNEXPLAINED, UNEXPLAINED, 0.2, closed=True)]


def _peak_figures(frame: _Frame, comparison: Comparison, metrics: Metrics) -> list[Item]:
    """Return the positions of the strongest scan peaks, those that do not run into another."""
    peaks = _inside(frame, comparison.matched_peaks_cm1 + comparison.unexplained_peaks_cm1)
    strongest = sorted(peaks, key=lambda peak: -_tip(frame, comparison.query, peak))
    taken: list[Text] = []
    for peak in strongest:
        tip = _tip(frame, comparison.query, peak) * frame.scale
        label = run(metrics, f"{peak:.0f}", PEAK, 0.0, 0.0)
        left = min(max(frame.x(peak) - label.width / 2, 0.5), WIDTH - label.width - 0.5)
        figure = Text(left, frame.middle - tip - 3.5, label.text, PEAK, label.width)
        rivals = [other for other in peaks if other != peak]
        if len(taken) < MOST_LABELS and _free(frame, comparison.query, figure, taken, rivals):
            taken.append(figure)
    return list(taken)


def _free(
    frame: _Frame, query: Array, figure: Text, taken: list[Text], rivals: list[float]
) -> bool:
    """Tell whether a figure stands clear of other figures, the curve and other peaks' marks."""
    right = figure.x + figure.width
    if any(figure.x < other.x + other.width + 1.0 and other.x < right + 1.0 for other in taken):
        return False
    x = frame.x(0.0) + frame.axis * (frame.x(1.0) - frame.x(0.0))
    under = (x >= figure.x - 0.3) & (x <= right + 0.3) & np.isfinite(query)
    highest = float(query[under].max(initial=0.0)) * frame.scale
    marks = [
        _tip(frame, query, peak) * frame.scale + 2.9
        for peak in rivals
        if figure.x - 1.2 < frame.x(peak) < right + 1.2
    ]
    return max([highest, *marks]) < frame.middle - figure.y


def _labels(frame: _Frame, words: PlotWords, metrics: Metrics) -> list[Item]:
    above, below = Style(7.2, True, SCAN), Style(7.2, True, REFERENCE)
    scan = wrap(metrics, words.scan, above, WIDTH - 4.0, 1)
    reference = wrap(metrics, words.reference, below, WIDTH - 4.0, 1)
    return [
        run(metrics, scan[0], above, 2.0, frame.top + 0.6),
        run(metrics, reference[0], below, 2.0, frame.bottom - below.line - 0.5),
    ]


def _key(words: PlotWords, metrics: Metrics) -> list[Item]:
    """Return the meaning of the marks and how many there are, right-aligned."""
    entries = ((words.unexplained, _unexplained), (words.missing, _missing))
    items: list[Item] = []
    right, middle = WIDTH, SECTION.line * 0.55
    for label, draw in entries:
        text = run(metrics, label, TICK, 0.0, 0.5)
        items.append(Text(right - text.width, text.y, text.text, TICK, text.width))
        items += draw(right - text.width - 2.2, middle)
        right -= text.width + 8.0
    text = run(metrics, words.matched, TICK, 0.0, 0.5)
    items.append(Text(right - text.width, text.y, text.text, TICK, text.width))
    return items + _matched(right - text.width - 1.8, middle + 0.95, 1.0)
