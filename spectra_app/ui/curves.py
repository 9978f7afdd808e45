"""A plot of one spectrum or of a few laid over each other, each named beside its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QVBoxLayout

from matching.spectrum import FloatArray
from spectra_app.ui.look import Look
from spectra_app.ui.mirroring import never_mirrored, shortened
from spectra_app.ui.plot import LINE_WIDTH
from spectra_app.ui.theme import sized

COLOURS = ("reference", "unexplained", "query")
LINE = 20  # pixels of one name
POINTS = 10.5
BELOW_WIDTH = 4.0


@dataclass(frozen=True, eq=False, slots=True)
class Curve:
    """One line: its name, its axis in `CurvePlot`'s unit, and its values."""

    name: str
    axis: FloatArray
    values: FloatArray


class CurvePlot(QFrame):
    """Curves over one axis; several are each scaled to the same height.

    Parameters
    ----------
    look : Look
        Language and theme.
    least : int
        Smallest height in pixels.
    """

    def __init__(self, look: Look, least: int = 150) -> None:
        super().__init__()
        self._look = look
        self.curves: tuple[Curve, ...] = ()
        self._axis_key = "figure.axis"
        self._names: list[pg.TextItem] = []
        pg.setConfigOptions(antialias=True)
        self.widget = pg.PlotWidget(enableMenu=False)
        never_mirrored(self.widget)
        self.widget.setMinimumHeight(least)
        self.widget.setAcceptDrops(False)
        item = self.widget.getPlotItem()
        item.hideButtons()
        item.setMouseEnabled(x=True, y=False)
        item.getAxis("left").setTicks([[]])
        item.vb.sigRangeChanged.connect(self._place)
        item.vb.sigResized.connect(self._place)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.widget)
        look.tell(self.redraw)
        look.paint(self.redraw)

    def retell(self) -> None:
        """Say all texts."""
        item, theme = self.widget.getPlotItem(), self._look.theme
        words = self._look.say(self._axis_key)
        item.setLabel("bottom", words, color=theme["text"], **{"font-size": "10pt"})
        names = self._look.texts.many(curve.name for curve in self.curves)
        item.showAxis("bottom", bool(self.curves))  # naming it has shown it
        key = "library.plot_of" if self.curves else "library.plot_empty"
        self.widget.setAccessibleName(self._look.say(key, names=names))

    def show_curves(self, curves: Sequence[Curve], axis_key: str = "figure.axis") -> None:
        """Show these and nothing else; `axis_key` is the text of the axis."""
        self.curves, self._axis_key = tuple(curves), axis_key
        self.redraw()

    def redraw(self) -> None:
        """Draw everything again in the colours of the theme."""
        theme, item = self._look.theme, self.widget.getPlotItem()
        self.widget.clear()
        self._names = []
        self.widget.setBackground(theme["surface"])
        for name in ("left", "bottom"):
            item.showAxis(name, bool(self.curves))
            axis = item.getAxis(name)
            axis.setPen(pg.mkPen(theme["grid"]))
            axis.setTextPen(pg.mkPen(theme["text"]))
        for place, (curve, colour) in enumerate(zip(self.curves, COLOURS, strict=False)):
            # The lowest of several is broader: one that lies on it does not hide it.
            below = place == 0 and len(self.curves) > 1
            self._draw(curve, theme[colour], BELOW_WIDTH if below else LINE_WIDTH)
        if self.curves:
            low = min(float(curve.axis.min()) for curve in self.curves)
            high = max(float(curve.axis.max()) for curve in self.curves)
            item.setXRange(low, high, padding=0.01)
            item.vb.setLimits(xMin=low - 20, xMax=high + 20)
        else:
            self._say_empty()
        self.retell()
        self._place()

    def _say_empty(self) -> None:
        box = self.widget.getPlotItem().vb
        box.setLimits(xMin=None, xMax=None)
        box.setRange(xRange=(0, 1), yRange=(0, 1), padding=0)
        words = pg.TextItem(
            self._look.say("library.plot_empty"), color=self._look.theme["muted"], anchor=(0.5, 0.5)
        )
        words.setPos(0.5, 0.5)
        words.setFont(self.font())
        self.widget.addItem(words, ignoreBounds=True)

    def _draw(self, curve: Curve, colour: str, width: float) -> None:
        values = np.asarray(curve.values, dtype=float)
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        shown = (values - low) / (high - low) if high > low else values - low
        line = self.widget.plot(
            curve.axis, shown, pen=pg.mkPen(colour, width=width), connect="finite"
        )
        line.setDownsampling(auto=True, method="peak")
        line.setClipToView(True)
        name = pg.TextItem(curve.name, color=colour, anchor=(0.0, 0.0))
        name.setFont(sized(self.font(), POINTS, bold=True))
        self.widget.addItem(name, ignoreBounds=True)
        self._names.append(name)

    @Slot()
    def _place(self) -> None:
        """Keep the names above the curves at the left, cut to the width there is."""
        box = self.widget.getPlotItem().vb
        room = max(40.0, box.height() - LINE * len(self._names) - 4)
        top = 1.0 + (LINE * len(self._names) + 4) / room
        if self._names and abs(box.viewRange()[1][1] - top) > 1e-6:
            box.setYRange(-0.02, top, padding=0)
        (left, right), _ = box.viewRange()
        metrics = QFontMetrics(sized(self.font(), POINTS, bold=True))
        for place, (item, curve) in enumerate(zip(self._names, self.curves, strict=False)):
            wide = max(40, int(box.width()) - 20)
            item.setText(shortened(curve.name, metrics, wide))
            item.setPos(left + 0.005 * (right - left), top - place * LINE / room)
