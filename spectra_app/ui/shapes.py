"""The alarm shapes: a level is told by its outline as well as by its colour and its word."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QIcon,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QWidget

from spectra_app.wording import ALARMS, Shape


def shape_path(shape: Shape, box: QRectF) -> QPainterPath:
    """Return the outline of `shape` filling `box`."""
    path = QPainterPath()
    if shape == "circle":
        path.addEllipse(box)
    elif shape == "rounded_square":
        inset = box.width() * 0.06
        path.addRoundedRect(box.adjusted(inset, inset, -inset, -inset), inset * 3, inset * 3)
    elif shape in {"triangle", "barred_triangle"}:
        corners = [(0.5, 0.04), (1.0, 0.92), (0.0, 0.92)]
        path.addPolygon(_polygon(corners, box))
        path.closeSubpath()
    else:
        count = 8 if shape == "octagon" else 4
        start = math.pi / 8 if shape == "octagon" else 0.0
        radius = 0.5 / math.cos(start) if shape == "octagon" else 0.5
        angles = [start + 2 * math.pi * step / count for step in range(count)]
        path.addPolygon(
            _polygon(
                [(0.5 + radius * math.cos(a), 0.5 + radius * math.sin(a)) for a in angles], box
            )
        )
        path.closeSubpath()
    return path


def _polygon(corners: list[tuple[float, float]], box: QRectF) -> QPolygonF:
    return QPolygonF(
        [QPointF(box.x() + x * box.width(), box.y() + y * box.height()) for x, y in corners]
    )


def draw_shape(
    painter: QPainter, shape: Shape, box: QRectF, colour: QColor, *, dashed: bool, hole: QColor
) -> None:
    """Draw `shape` in `colour`: filled, or dashed and tinted for a lead, outlined for packaging."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    width = max(2.0, box.width() / 18)
    pen = QPen(colour, width)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    fill = QColor(colour)
    if dashed:
        pen.setDashPattern([2.2, 1.6])
        fill.setAlpha(45)
    elif shape == "rounded_square":
        fill.setAlpha(0)
    painter.setPen(pen)
    painter.setBrush(fill)
    painter.drawPath(shape_path(shape, box.adjusted(width, width, -width, -width)))
    if shape == "barred_triangle":
        bar = QRectF(
            box.x() + box.width() * 0.28, box.y() + box.height() * 0.60,
            box.width() * 0.44, box.height() * 0.12,
        )  # fmt: skip
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour if dashed else hole)
        painter.drawRect(bar)


def shape_icon(
    level: str, colour: str, hole: str, *, dashed: bool = False, side: int = 40
) -> QIcon:
    """Return the shape of an alarm level as an icon; on a chosen row it gets its own ground."""
    result = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
        pixmap = QPixmap(side, side)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if mode == QIcon.Mode.Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(hole))
            painter.drawRoundedRect(QRectF(0, 0, side, side), 8, 8)
        box = QRectF(4, 4, side - 8, side - 8)
        shape = ALARMS[level].shape
        draw_shape(painter, shape, box, QColor(colour), dashed=dashed, hole=QColor(hole))
        painter.end()
        result.addPixmap(pixmap, mode)
    return result


class AlarmShape(QWidget):
    """The large shape on the verdict card."""

    def __init__(self, side: int = 68) -> None:
        super().__init__()
        self._level, self._colour, self._hole, self._dashed = "unknown", "#000", "#fff", False
        self._side = side
        self.setFixedSize(QSize(side, side))

    def show_level(self, level: str, colour: str, hole: str, *, dashed: bool) -> None:
        """Show alarm level `level`; `dashed` marks a lead."""
        self._level, self._colour, self._hole, self._dashed = level, colour, hole, dashed
        self.setAccessibleName(f"{ALARMS[level].shape.replace('_', ' ')}: {ALARMS[level].word}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the shape."""
        del event
        painter = QPainter(self)
        draw_shape(
            painter, ALARMS[self._level].shape, QRectF(0, 0, self._side, self._side),
            QColor(self._colour), dashed=self._dashed, hole=QColor(self._hole),
        )  # fmt: skip
        painter.end()
