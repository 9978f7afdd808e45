"""The plots of a calibration: a scan with its lines, residuals, corrected axis, response."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout

from spectra_app.records.calibration import CalibrationRecord
from spectra_app.services.calibration_desk import Taken
from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look
from spectra_app.ui.mirroring import never_mirrored
from spectra_app.ui.plot import LINE_WIDTH
from spectra_app.ui.plot_export import Figure, PlotKeeper, keep_plot
from spectra_app.ui.theme import sized

LOWEST = 164  # pixels
FLAT = 1e-6  # of its height: a curve that varies less is drawn as a level line
Values = Sequence[float] | NDArray[np.float64]


class StepPlot(QFrame):
    """One plot that shows now this, now that, and can be saved.

    Parameters
    ----------
    look : Look
        Language and theme.
    lane : Lane
        Where pictures are written.
    """

    def __init__(self, look: Look, lane: Lane) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._look, self._lane = look, lane
        self._draw: Callable[[], None] | None = None
        self._title: Callable[[], str] = str
        self._made: tuple[pg.PlotWidget, PlotKeeper] | None = None
        self.setMinimumHeight(LOWEST)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 8, 8, 6)
        look.tell(self.redraw)
        look.paint(self.redraw)

    @property
    def widget(self) -> pg.PlotWidget:
        """The plot itself, made when it is first shown: the page has four of them."""
        return self._plot()[0]

    @property
    def keeper(self) -> PlotKeeper:
        """What saves the plot."""
        return self._plot()[1]

    def _plot(self) -> tuple[pg.PlotWidget, PlotKeeper]:
        if self._made is None:
            pg.setConfigOptions(antialias=True)
            widget = pg.PlotWidget(enableMenu=False)
            never_mirrored(widget)
            figure = Figure(widget, self.redraw, self.title)
            self._made = widget, keep_plot(figure, self._look, self._lane)
            item = widget.getPlotItem()
            item.hideButtons()
            item.setMouseEnabled(x=True, y=False)
            for axis in ("left", "bottom"):
                item.getAxis(axis).enableAutoSIPrefix(False)  # a unit times 0.001 is misread
            self._column.addWidget(widget)
            self.redraw()
        return self._made

    def showEvent(self, event: QShowEvent) -> None:
        """Make the plot when it is first shown."""
        self._plot()
        super().showEvent(event)

    def title(self) -> str:
        """Return what is shown."""
        return self._title()

    def redraw(self) -> None:
        """Draw anew in the language and the colours of now; nothing before it was shown."""
        if self._made is None:
            return
        theme, item = self._look.theme, self.widget.getPlotItem()
        self.widget.clear()
        self.widget.setBackground(theme["surface"])
        for name in ("left", "bottom"):
            item.getAxis(name).setPen(pg.mkPen(theme["grid"]))
            item.getAxis(name).setTextPen(pg.mkPen(theme["text"]))
            item.showAxis(name, show=self._draw is not None)
        self.widget.setAccessibleName(self.title())
        if self._draw is not None:
            self._draw()

    def clear(self) -> None:
        """Show nothing."""
        self._show(None, str)

    def _show(self, draw: Callable[[], None] | None, title: Callable[[], str]) -> None:
        self._draw, self._title = draw, title
        self.redraw()

    def _names(self, bottom: str, left: str) -> None:
        item, theme = self.widget.getPlotItem(), self._look.theme
        item.setLabel("bottom", self._look.say(bottom), color=theme["text"])
        item.setLabel("left", self._look.say(left), color=theme["text"])

    def _curve(self, x: Values, y: Values, colour: str) -> None:
        pen = pg.mkPen(self._look.theme[colour], width=LINE_WIDTH)
        self.widget.plot(np.asarray(x), np.asarray(y), pen=pen, connect="finite")

    # --- what can be shown ----------------------------------------------------------------------

    def show_scan(self, taken: Taken, name: Callable[[], str]) -> None:
        """Show a scan of a standard, its lines marked below: used solid, others hollow."""

        def draw() -> None:
            self._names("figure.axis", "live.counts")
            spectrum, theme = taken.spectrum, self._look.theme
            self._curve(spectrum.raman_shift_cm1, spectrum.intensity, "query")
            low, high = float(np.nanmin(spectrum.intensity)), float(np.nanmax(spectrum.intensity))
            self._fit(spectrum.raman_shift_cm1, [low - 0.08 * (high - low), high])
            for used in (True, False):
                at = [
                    row.found if row.unit == "cm-1" else _shift(taken, row.pixel)
                    for row in (taken.looked.lines if taken.looked else ())
                    if row.found is not None and (row.use == "used") is used
                ]
                colour = QColor(theme["reference"])
                self.widget.plot(
                    at, [low - 0.05 * (high - low)] * len(at), pen=None, symbol="t1",
                    symbolSize=9, symbolPen=pg.mkPen(colour, width=1.5),
                    symbolBrush=colour if used else QColor(theme["surface"]),
                )  # fmt: skip

        self._show(draw, name)

    def show_residuals(self, record: CalibrationRecord) -> None:
        """Show found less expected of every line: before hollow, after solid, left out crossed."""

        def draw() -> None:
            self._names("figure.axis", "calib.residual")
            theme = self._look.theme
            rows = [row for row in record.lines if row["pixel"] is not None]
            first = int(record.axis["first_pixel"])
            stated = record.axis["raman_shift_cm1"]
            places = [first + number for number in range(len(stated))]
            groups = (
                ("before_cm1", "unexplained", "o", False),
                ("after_cm1", "reference", "o", True),
            )
            every = [0.0]
            for field, colour, symbol, solid in groups:
                known = [row for row in rows if row[field] is not None and row["use"] == "used"]
                values = [row[field] for row in known]
                at = np.interp([row["pixel"] for row in known], places, stated)
                every += values
                fill = theme[colour] if solid else theme["surface"]
                self.widget.plot(
                    at, values, pen=None, symbol=symbol, symbolSize=9,
                    symbolPen=pg.mkPen(theme[colour], width=1.8), symbolBrush=QColor(fill),
                )  # fmt: skip
            self.widget.addLine(y=0, pen=pg.mkPen(theme["grid"]))
            room = 0.25 * max(0.2, max(every) - min(every))
            self._fit(stated, [min(every) - room, max(every) + room])
            self._write(self._look.say("calib.before"), "unexplained", 0)
            self._write(self._look.say("calib.after"), "reference", 1)

        self._show(draw, lambda: self._look.say("calib.lines_title"))

    def show_curve(self, x: Values, y: Values, left: str, title: str) -> None:
        """Show one figure along the Raman shift; `left` and `title` are keys of texts."""

        def draw() -> None:
            self._names("figure.axis", left)
            self._curve(x, y, "reference")
            low, high = float(np.nanmin(y)), float(np.nanmax(y))
            whole = max(abs(low), abs(high)) or 1.0
            flat = high - low < FLAT * whole  # what the last bits of a figure do is no curve
            room = whole if flat else 0.1 * (high - low)
            self._fit(x, [low - room, high + room])

        self._show(draw, lambda: self._look.say(title))

    def _write(self, words: str, colour: str, row: int) -> None:
        """Write what a colour and shape means, at the left edge of the plot."""
        box = self.widget.getPlotItem().vb
        (left, right), (low, high) = box.viewRange()
        text = pg.TextItem(words, color=self._look.theme[colour], anchor=(0, 0))
        text.setFont(sized(self.font(), 10, bold=True))
        text.setPos(left + 0.01 * (right - left), high - (0.02 + 0.09 * row) * (high - low))
        self.widget.addItem(text, ignoreBounds=True)

    def _fit(self, x: Values, y: Sequence[float]) -> None:
        self.widget.getPlotItem().vb.setRange(
            xRange=(float(x[0]), float(x[-1])), yRange=(min(y), max(y)), padding=0.02
        )


def _shift(taken: Taken, pixel: float | None) -> float:
    """Return where a line of a lamp lies on the stated axis of Raman shifts."""
    axis = taken.spectrum.raman_shift_cm1
    return float(np.interp(pixel or 0.0, np.arange(axis.size), axis))
