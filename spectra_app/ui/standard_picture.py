"""How a standard is held before an analyser, drawn: no photo, so that it fits any of them."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from spectra_app.ui.look import Look

Way = Literal["plate", "vial", "lamp"]
WAYS: dict[str, Way] = {
    "polystyrene": "plate", "silicon": "plate", "calcite": "plate", "neon": "lamp",
    "argon": "lamp",
}  # fmt: skip
"""Which picture belongs to a standard; liquids and powders stand in a vial, glasses are plates."""
SIZE = QSize(250, 150)


def way_of(standard: str) -> Way:
    """Return how a standard is held."""
    return "plate" if standard.startswith("SRM") else WAYS.get(standard, "vial")


class HoldPicture(QWidget):
    """An analyser from the side, with a standard before its opening."""

    def __init__(self, look: Look, way: Way) -> None:
        super().__init__()
        self._look, self.way = look, way
        self.setFixedSize(SIZE)
        look.paint(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it in the colours of the theme; never mirrored, as the words say left and right."""
        del event
        theme, painter = self._look.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line, soft = QColor(theme["text"]), QColor(theme["alternate"])
        painter.setPen(QPen(line, 2))
        painter.setBrush(soft)
        painter.drawRoundedRect(QRectF(8, 46, 108, 62), 8, 8)
        painter.drawRoundedRect(QRectF(30, 100, 34, 42), 6, 6)
        painter.setBrush(QColor(theme["surface"]))
        painter.drawRect(QRectF(116, 64, 20, 26))
        painter.drawRoundedRect(QRectF(18, 56, 44, 26), 4, 4)
        if self.way == "lamp":
            self._lamp(painter)
        else:
            self._beam(painter, 158 if self.way == "plate" else 176)
            (self._plate if self.way == "plate" else self._vial)(painter)
        painter.end()

    def _beam(self, painter: QPainter, to: float) -> None:
        """Paint the laser, coming to a point in the standard."""
        red = QColor(self._look.theme["danger"])
        painter.setPen(QPen(red, 1))
        red.setAlpha(90)
        painter.setBrush(red)
        painter.drawPolygon(QPolygonF([QPointF(136, 67), QPointF(136, 87), QPointF(to, 77)]))

    def _plate(self, painter: QPainter) -> None:
        """Paint a flat standard, square to the opening."""
        painter.setPen(QPen(QColor(self._look.theme["text"]), 2))
        painter.setBrush(QColor(self._look.theme["reference"]))
        painter.drawRect(QRectF(156, 30, 12, 94))
        self._distance(painter, 136, 156)

    def _vial(self, painter: QPainter) -> None:
        """Paint a vial with a lid, the focus inside it."""
        theme = self._look.theme
        painter.setPen(QPen(QColor(theme["text"]), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(160, 34, 46, 92), 6, 6)
        painter.setBrush(QColor(theme["text"]))
        painter.drawRect(QRectF(164, 22, 38, 12))
        fill = QColor(theme["reference"])
        fill.setAlpha(110)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(QRectF(163, 58, 40, 66), 4, 4)
        self._distance(painter, 136, 160)

    def _lamp(self, painter: QPainter) -> None:
        """Paint a lamp at a distance, its rays, and no laser."""
        theme = self._look.theme
        orange = QColor(theme["unexplained"])
        painter.setPen(QPen(orange, 2))
        for end in (52, 64, 77, 90, 102):
            painter.drawLine(QPointF(206, 77), QPointF(146, end))
        painter.setBrush(orange)
        painter.drawRoundedRect(QRectF(200, 40, 16, 74), 8, 8)
        painter.setPen(QPen(QColor(theme["text"]), 2))
        painter.setBrush(QColor(theme["alternate"]))
        painter.drawRect(QRectF(194, 114, 28, 26))
        self._distance(painter, 136, 200)

    def _distance(self, painter: QPainter, near: float, far: float) -> None:
        """Paint two marks and a line between them, below."""
        painter.setPen(QPen(QColor(self._look.theme["muted"]), 1.5))
        for at in (near, far):
            painter.drawLine(QPointF(at, 128), QPointF(at, 144))
        painter.drawLine(QPointF(near, 136), QPointF(far, 136))
