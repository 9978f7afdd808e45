"""How something stands, by shape, colour and word: in order, soon due, wrong, or not known."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel

from spectra_app.ui.look import Look
from spectra_app.ui.shapes import shape_icon

State = Literal["good", "soon", "bad", "open"]
LEVEL_OF: dict[State, str] = {
    "good": "benign", "soon": "precursor", "bad": "controlled", "open": "unknown",
}  # fmt: skip
"""The alarm level whose shape and colour each one borrows: circle, triangle, octagon, diamond."""
SIDE = 26  # pixels


def mark(state: State, look: Look) -> QIcon:
    """Return the shape of a state in the colours of the theme."""
    level = LEVEL_OF[state]
    return shape_icon(level, look.theme.alarm(level), look.theme["surface"])


class StateLine(QFrame):
    """A shape, and words that say the same."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._state: State = "open"
        self.shape, self.words = QLabel(), QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.shape)
        row.addWidget(self.words, 1)
        look.paint(self._paint)

    def show_state(self, state: State, words: str) -> None:
        """Show another state."""
        self._state = state
        self.words.setText(words)
        self._paint()

    def _paint(self) -> None:
        self.shape.setPixmap(mark(self._state, self._look).pixmap(SIDE, SIDE))
