"""The live view: the newest exposure of the analyser, nothing else; older ones are never drawn."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from spectra_app.services.live import LiveFrame
from spectra_app.ui.look import Look
from spectra_app.ui.mirroring import never_mirrored


class LivePlot(QFrame):
    """One curve of all points, drawn anew with every frame.

    Parameters
    ----------
    look : Look
        Language and theme.
    key : str
        What is said under it, to begin with.
    counted : bool
        Whether the counts have an axis with numbers.
    """

    def __init__(self, look: Look, key: str = "panel.empty", *, counted: bool = True) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._look, self._key = look, key
        self._axes = ("left", "bottom") if counted else ("bottom",)
        self.widget = pg.PlotWidget(enableMenu=False)
        never_mirrored(self.widget)
        self.curve = pg.PlotCurveItem(antialias=False)
        self.words = QLabel()
        self.words.setObjectName("hint")
        self.words.setWordWrap(True)
        self.drawn = 0
        self.number = 0
        self._top = 0.0
        self._axis_of: object = None
        self._in_cm1 = True
        item = self.widget.getPlotItem()
        item.addItem(self.curve)
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        item.vb.disableAutoRange()
        self.widget.setMinimumHeight(150)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 8)
        layout.addWidget(self.widget, 1)
        layout.addWidget(self.words)
        look.tell(self.retell)
        look.paint(self.repaint_all)
        self.clear()

    def retell(self) -> None:
        """Say all texts."""
        words = self._look.say(self._key)
        self.words.setText(words)
        self.widget.setAccessibleName(words)
        self._name_axes()

    def _name_axes(self) -> None:
        item, say = self.widget.getPlotItem(), self._look.say
        shown = {name: item.getAxis(name).isVisible() for name in ("left", "bottom")}
        item.setLabel("bottom", say("figure.axis" if self._in_cm1 else "live.pixel"))
        item.setLabel("left", say("live.counts"))
        for name, was in shown.items():
            item.showAxis(name, show=was)

    def clear(self) -> None:
        """Show nothing: what was seen is not what is there now."""
        self.curve.setData([], [])
        self._axis_of = None
        for name in ("left", "bottom"):
            self.widget.getPlotItem().showAxis(name, show=False)

    def repaint_all(self) -> None:
        """Paint in the colours of the theme."""
        theme = self._look.theme
        self.widget.setBackground(theme["surface"])
        self.curve.setPen(pg.mkPen(theme["query"], width=1))
        item = self.widget.getPlotItem()
        for name in ("left", "bottom"):
            item.getAxis(name).setPen(pg.mkPen(theme["grid"]))
            item.getAxis(name).setTextPen(pg.mkPen(theme["text"]))

    def show_frame(self, frame: LiveFrame) -> None:
        """Draw `frame`."""
        self.curve.setData(frame.axis, frame.counts)
        item = self.widget.getPlotItem()
        if frame.axis is not self._axis_of:
            self._axis_of, self._top = frame.axis, 0.0
            for name in self._axes:
                item.showAxis(name)
            self._in_cm1 = frame.in_cm1
            self._name_axes()
            item.setXRange(float(frame.axis[0]), float(frame.axis[-1]), padding=0.01)
        top = float(np.max(frame.counts))
        if not 0.5 * self._top <= top <= self._top:  # the scale moves only when it must
            self._top = 1.3 * max(top, 1.0)
            item.setYRange(0.0, self._top, padding=0.02)
        self.drawn, self.number = self.drawn + 1, frame.number

    def show_words(self, key: str) -> None:
        """Say under the plot what it shows, in the text `key`."""
        self._key = key
        words = self._look.say(key)
        self.words.setText(words)
        self.widget.setAccessibleName(words)
