"""The live view: the newest exposure of the analyser, nothing else; older ones are never drawn."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from spectra_app.services.live import LiveFrame
from spectra_app.ui.theme import Theme

EMPTY = "Connect an analyser: what it sees appears here."


class LivePlot(QFrame):
    """One curve of all points, drawn anew with every frame."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.widget = pg.PlotWidget()
        self.curve = pg.PlotCurveItem(antialias=False)
        self.words = QLabel(EMPTY)
        self.words.setObjectName("hint")
        self.words.setWordWrap(True)
        self.drawn = 0
        self.number = 0
        self._top = 0.0
        self._axis_of: object = None
        item = self.widget.getPlotItem()
        item.addItem(self.curve)
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        item.vb.disableAutoRange()
        self.widget.setMinimumHeight(150)
        self.widget.setAccessibleName(EMPTY)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 8)
        layout.addWidget(self.widget, 1)
        layout.addWidget(self.words)
        self.set_theme(theme)
        self.clear()

    def clear(self) -> None:
        """Show nothing: what was seen is not what is there now."""
        self.curve.setData([], [])
        self._axis_of = None
        for name in ("left", "bottom"):
            self.widget.getPlotItem().showAxis(name, show=False)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
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
            for name in ("left", "bottom"):
                item.showAxis(name)
            unit = "Raman shift (cm⁻¹)" if frame.in_cm1 else "Pixel (the analyser states no axis)"
            item.setLabel("bottom", unit)
            item.setLabel("left", "Counts")
            item.setXRange(float(frame.axis[0]), float(frame.axis[-1]), padding=0.01)
        top = float(np.max(frame.counts))
        if not 0.5 * self._top <= top <= self._top:  # the scale moves only when it must
            self._top = 1.3 * max(top, 1.0)
            item.setYRange(0.0, self._top, padding=0.02)
        self.drawn, self.number = self.drawn + 1, frame.number

    def show_words(self, words: str) -> None:
        """Say under the plot what it shows."""
        self.words.setText(words)
        self.widget.setAccessibleName(words)
