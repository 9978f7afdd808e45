"""The pages of a report as pictures, one below the other, on paper that stays white."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from spectra_app.ui.look import Look

PICTURE = 1100  # pixels: sharp up to the largest size
SIZES = (540, 800, 1100)  # pixels


class Sheet(QWidget):
    """One page."""

    def __init__(self, image: QImage) -> None:
        super().__init__()
        self._image = image

    def show_wide(self, width: int) -> None:
        """Take `width` pixels."""
        self.setFixedSize(width, round(width * self._image.height() / self._image.width()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the picture at the size of the page."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(self.rect(), self._image)
        painter.end()


class Sheets(QScrollArea):
    """All pages; larger and smaller in steps."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.sheets: list[Sheet] = []
        self.size_now, self._nothing = 0, ""
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.show_pages(())

    def say_nothing(self, words: str) -> None:
        """Say this where there are no pages."""
        self._nothing = words
        if not self.sheets:
            self.show_pages(())

    def show_pages(self, pages: Sequence[tuple[QImage, str]]) -> None:
        """Show other pages, and what they say to a reader of screens."""
        body = QWidget()
        body.setObjectName("scrolled")
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 8, 0)
        self.sheets = []
        for number, (image, said) in enumerate(pages, start=1):
            sheet = Sheet(image)
            sheet.setAccessibleName(self._look.say("review.page", number=number, total=len(pages)))
            sheet.setAccessibleDescription(said)
            column.addWidget(sheet)
            self.sheets.append(sheet)
        if not pages and self._nothing:
            empty = QLabel(self._nothing)
            empty.setObjectName("hint")
            empty.setWordWrap(True)
            empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(empty, 1)
        column.addStretch(0 if self._nothing and not pages else 1)
        self.setWidget(body)
        self.resize_by(0)

    def resize_by(self, steps: int) -> None:
        """Show the pages larger (1) or smaller (-1)."""
        self.size_now = min(len(SIZES) - 1, max(0, self.size_now + steps))
        for sheet in self.sheets:
            sheet.show_wide(SIZES[self.size_now])
