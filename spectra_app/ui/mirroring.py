"""What reads the same in every language: plots are never mirrored, and a cut name stays whole."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from spectra_app.ui.fitted import cut

MIDDLE = Qt.TextElideMode.ElideMiddle


def never_mirrored(widget: pg.PlotWidget) -> None:
    """Keep a plot as it is where people read from right to left."""
    for part in (widget, widget.getPlotItem()):  # what is drawn does not go by its widget
        part.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def shortened(text: str, metrics: QFontMetrics, room: float) -> str:
    """Return the name of a curve, cut in its middle to the width there is (pixels)."""
    return cut(text, metrics, room, MIDDLE)
