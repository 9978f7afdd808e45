"""A plot of traces one above the other, each with its own floor and a label beside it.

What is drawn is a record (`Drawing`) made by a pure function; this widget only paints it, so that
screen, picture and test are of one thing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFontMetrics, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from spectra_app.ui.look import Look, behind
from spectra_app.ui.mirroring import never_mirrored, shortened
from spectra_app.ui.plot import LINE_WIDTH, SYMBOLS, Mark, mark_paint
from spectra_app.ui.theme import Theme, sized

LABEL_POINTS = 10.0
MARK_PIXELS = 9
LIGHT = ("#0072B2", "#B34F00", "#00734F", "#A0457F", "#7A5C00", "#4B5A9B")
DARK = ("#56B4E9", "#E69F00", "#3CCB9A", "#E6A3C9", "#F0E442", "#B7C4FF")
"""Okabe and Ito's colours, darkened or lightened until text in them can be read on the ground."""
MANY = 300  # points from which a curve is thinned to what the screen can show
EDGE = 0.04  # of the height, left free above and below


@dataclass(frozen=True, eq=False, slots=True)
class Trace:
    """A curve.

    Parameters
    ----------
    x, y : arrays, shape (n,)
        Where it lies on the plot.
    colour : str
        Name of a colour of the theme, or ``series:<number>``.
    label : str
        Said beside it; nothing without.
    label_at : float
        Where the foot of the label stands.
    filled_to : float or None
        Floor down to which it is filled lightly.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    colour: str = "query"
    label: str = ""
    label_at: float = 0.0
    filled_to: float | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Marks:
    """Peaks of one kind: solid, hollow, or of another shape."""

    mark: Mark
    x: NDArray[np.float64]
    y: NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Bars:
    """Points with their bounds; of another shape for each colour."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    colour: str
    shape: str = "o"


@dataclass(frozen=True, eq=False, slots=True)
class Drawing:
    """What stands on the plot.

    `floors` are the heights of thin lines across, `posts` the places of dashed lines up with what
    they mean; `numbers` says whether the left axis has figures; `spoken` is what a screen reader
    says of all of it.
    """

    traces: tuple[Trace, ...] = ()
    marks: tuple[Marks, ...] = ()
    bars: tuple[Bars, ...] = ()
    floors: tuple[float, ...] = ()
    posts: tuple[tuple[float, str], ...] = ()
    span: tuple[float, float] = (0.0, 1.0)
    reach: tuple[float, float] | None = None
    bottom: str = ""
    left: str = ""
    numbers: bool = False
    spoken: str = ""


def series_colour(colour: str, theme: Theme) -> str:
    """Return a colour of the theme, or that of a numbered series."""
    if not colour.startswith("series:"):
        return theme[colour]
    row = LIGHT if theme.name == "light" else DARK
    return row[int(colour.removeprefix("series:")) % len(row)]


class LaidPlot(QWidget):
    """The plot; the wheel zooms along the axis, a double click shows all of it again."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        pg.setConfigOptions(antialias=True)
        self._look = look
        self.drawing, self._stale = Drawing(), False
        self._labels: list[tuple[pg.TextItem, str, float]] = []
        self.widget = pg.PlotWidget(enableMenu=False)
        item = self.widget.getPlotItem()
        never_mirrored(self.widget)
        item.hideButtons()
        item.setMouseEnabled(x=True, y=False)
        item.vb.sigRangeChanged.connect(self._place)
        item.vb.sigResized.connect(self._place)
        self.widget.setAcceptDrops(False)
        self.widget.setMinimumHeight(150)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.widget)
        look.paint(self.repaint_all)

    def show_drawing(self, drawing: Drawing) -> None:
        """Draw something else, over its whole range; when it is next shown if nobody sees it."""
        self.drawing = drawing
        self._stale = behind(self)
        if not self._stale:
            self.repaint_all()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what came while another page was shown."""
        super().showEvent(event)
        if self._stale:
            self.repaint_all()

    def repaint_all(self) -> None:
        """Draw everything in the colours of the theme."""
        self._stale = False
        theme, drawing, item = self._look.theme, self.drawing, self.widget.getPlotItem()
        self.widget.setBackground(theme["surface"])
        self.widget.clear()
        self._labels = []
        self._dress_axes()
        for floor in drawing.floors:
            self.widget.addLine(y=floor, pen=pg.mkPen(theme["grid"]))
        for place, words in drawing.posts:
            dashed = pg.mkPen(theme["text"], style=Qt.PenStyle.DashLine)
            options = {"position": 0.68, "color": theme["text"], "fill": theme["surface"]}
            self.widget.addLine(x=place, pen=dashed, label=words, labelOpts=options)
        for trace in drawing.traces:
            self._draw_trace(trace)
        for marks in drawing.marks:
            pen, brush = mark_paint(marks.mark, theme)
            self.widget.addItem(
                pg.ScatterPlotItem(
                    marks.x, marks.y, symbol=SYMBOLS[marks.mark], size=MARK_PIXELS,
                    pen=pen, brush=brush,
                )
            )  # fmt: skip
        for bars in drawing.bars:
            self._draw_bars(bars)
        self.widget.setAccessibleName(drawing.spoken)
        low, high = drawing.span
        item.vb.setLimits(xMin=low - 0.05 * (high - low), xMax=high + 0.05 * (high - low))
        item.setXRange(low, high, padding=0.01)
        self._fit()

    def mouseDoubleClickEvent(self, event: object) -> None:
        """Show the whole range again."""
        del event
        self.repaint_all()

    def _dress_axes(self) -> None:
        theme, drawing, item = self._look.theme, self.drawing, self.widget.getPlotItem()
        for name, words in (("left", drawing.left), ("bottom", drawing.bottom)):
            axis = item.getAxis(name)
            axis.setPen(pg.mkPen(theme["grid"]))
            axis.setTextPen(pg.mkPen(theme["text"]))
            axis.setTickFont(self.font())
            item.showAxis(name, bool(drawing.traces or drawing.bars))
            axis.setLabel(words, color=theme["text"], **{"font-size": "10pt"})
        item.getAxis("left").setTicks(None if drawing.numbers else [[]])

    def _draw_trace(self, trace: Trace) -> None:
        colour = series_colour(trace.colour, self._look.theme)
        pen = pg.mkPen(colour, width=LINE_WIDTH)
        curve = self.widget.plot(trace.x, trace.y, pen=pen, connect="finite")
        if trace.x.size > MANY:
            curve.setDownsampling(auto=True, method="peak")
            curve.setClipToView(True)
            curve.curve.setSegmentedLineMode("on")  # Qt paints a long thick path very slowly
        if trace.filled_to is not None:
            fill = pg.mkColor(colour)
            fill.setAlpha(36)
            curve.setFillLevel(trace.filled_to)
            curve.setBrush(fill)
        if trace.label:
            label = pg.TextItem(trace.label, color=colour, anchor=(0.0, 1.0))
            label.setFont(sized(self.font(), LABEL_POINTS, bold=True))
            self.widget.addItem(label, ignoreBounds=True)
            self._labels.append((label, trace.label, trace.label_at))

    def _draw_bars(self, bars: Bars) -> None:
        colour = series_colour(bars.colour, self._look.theme)
        pen = pg.mkPen(colour, width=LINE_WIDTH)
        self.widget.addItem(
            pg.ErrorBarItem(
                x=bars.x, y=bars.y, top=bars.high - bars.y, bottom=bars.y - bars.low,
                beam=0.0, pen=pen,
            )
        )  # fmt: skip
        self.widget.addItem(
            pg.ScatterPlotItem(
                bars.x, bars.y, symbol=bars.shape, size=MARK_PIXELS,
                pen=pen, brush=pg.mkBrush(colour),
            )
        )  # fmt: skip

    def _fit(self) -> None:
        reach = self.drawing.reach
        box = self.widget.getPlotItem().vb
        if reach is None:
            values = [trace.y for trace in self.drawing.traces] or [np.array([0.0, 1.0])]
            reach = (
                min(float(np.nanmin(one)) for one in values),
                max(float(np.nanmax(one)) for one in values),
            )
        edge = EDGE * max(reach[1] - reach[0], 1e-9)
        box.setYRange(reach[0] - edge, reach[1] + edge, padding=0)
        self._place()

    @Slot()
    def _place(self) -> None:
        """Keep the labels at the left edge, shortened to the width there is."""
        box = self.widget.getPlotItem().vb
        (left, right), _ = box.viewRange()
        metrics = QFontMetrics(sized(self.font(), LABEL_POINTS, bold=True))
        room = max(40, int(box.width()) - 16)
        for item, text, height in self._labels:
            item.setText(shortened(text, metrics, room))
            item.setPos(left + 0.004 * (right - left), height)
