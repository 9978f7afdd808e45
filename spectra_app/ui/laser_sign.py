"""The state of the laser: word, shape and colour together, small for a line or large."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from spectra_app.ui.look import Look
from spectra_app.ui.shapes import draw_shape
from spectra_app.ui.theme import sized
from spectra_app.wording import LASERS


class LaserShape(QWidget):
    """The shape alone."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self._state, self._colour, self._hole = "", "#5F6368", "#FFFFFF"
        self._side = side
        self.setFixedSize(QSize(side, side))

    def show_state(self, state: str, colour: str, hole: str) -> None:
        """Show `state` in `colour`."""
        self._state, self._colour, self._hole = state, colour, hole
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the shape."""
        del event
        painter = QPainter(self)
        draw_shape(
            painter, LASERS[self._state].shape, QRectF(0, 0, self._side, self._side),
            QColor(self._colour), dashed=False, hole=QColor(self._hole),
        )  # fmt: skip
        painter.end()


class LaserSign(QWidget):
    """Shape and word."""

    def __init__(self, look: Look, side: int = 26, points: float = 12.0) -> None:
        super().__init__()
        self._look, self._state = look, ""
        self.shape, self.word = LaserShape(side), QLabel()
        self.word.setFont(sized(self.word.font(), points, bold=True))
        self._points = points
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.shape)
        row.addWidget(self.word)
        row.addStretch(1)
        look.tell(self.retell)
        look.paint(self.repaint_state)

    def retell(self) -> None:
        """Say the state."""
        word = self._look.word("laser", self._state)
        self.word.setText(word)
        self.setAccessibleName(word)

    def show_state(self, state: str) -> None:
        """Show a state of the laser."""
        self._state = state
        self.retell()
        self.repaint_state()

    def repaint_state(self) -> None:
        """Paint the state in the colours of the theme."""
        theme = self._look.theme
        colour = theme.pick(LASERS[self._state])
        self.shape.show_state(self._state, colour, theme["surface"])
        self.word.setStyleSheet(f"color: {colour}; font-weight: 700; font-size: {self._points}pt;")
