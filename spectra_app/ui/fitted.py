"""A label whose text always fits: long chemical names shrink, then break, and are never clipped."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from spectra_app.reports.page import CLOSES, LEFT_TO_RIGHT, RIGHT_TO_LEFT
from spectra_app.ui.theme import sized

DOTS = "…"


def lay_out(
    text: str,
    font: QFont,
    width: float,
    direction: Qt.LayoutDirection = Qt.LayoutDirection.LeftToRight,
) -> QTextLayout:
    """Return `text` broken into lines at most `width` pixels wide, inside a word if it must.

    It begins at the side where `direction` begins.
    """
    layout = QTextLayout(text, font)
    right = direction == Qt.LayoutDirection.RightToLeft
    option = QTextOption(Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft)
    option.setTextDirection(direction)
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    height = 0.0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        line.setPosition(QPointF(0.0, height))
        height += line.height()
    layout.endLayout()
    return layout


class FittedLabel(QWidget):
    """Text in the largest of several sizes at which no word breaks and few lines are needed.

    Parameters
    ----------
    points, smallest : float
        Size wished for, and the smallest one allowed, in points.
    lines : int
        Lines wished for at most; kept to unless even the smallest size needs more.
    """

    def __init__(self, points: float, smallest: float, lines: int) -> None:
        super().__init__()
        self._points, self._smallest, self._lines = points, smallest, lines
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def text(self) -> str:
        """The text shown."""
        return self._text

    def set_text(self, text: str) -> None:
        """Show `text`."""
        self._text = text
        self.setAccessibleName(text)
        self._refit()

    def set_points(self, points: float) -> None:
        """Wish for another size."""
        if points != self._points:
            self._points = points
            self._refit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the text to the new width."""
        super().resizeEvent(event)
        self._refit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text."""
        del event
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        laid = lay_out(self._text, self.font(), self.width(), self.layoutDirection())
        laid.draw(painter, QPointF(0.0, 0.0))
        painter.end()

    def _refit(self) -> None:
        width = max(1, self.width())
        points = self._points
        while points > self._smallest and not self._fits(points, width):
            points -= 1.0
        font = sized(self.font(), points, bold=True)
        self.setFont(font)
        height = lay_out(self._text, font, width).boundingRect().height()
        self.setFixedHeight(max(1, math.ceil(height)))
        self.update()

    def _fits(self, points: float, width: int) -> bool:
        font = sized(self.font(), points, bold=True)
        metrics = QFontMetrics(font)
        words = self._text.replace("-", "- ").split()
        widest = max((metrics.horizontalAdvance(word) for word in words), default=0)
        return widest <= width and lay_out(self._text, font, width).lineCount() <= self._lines


def keep_to_reading_side(label: QLabel) -> None:
    """Begin a label where its window's language begins; Qt goes by the letters of the text alone.

    A Latin name in an Arabic window would stand at the far side. What is centred stays so.
    """
    before = label.alignment()
    if before & Qt.AlignmentFlag.AlignHCenter:
        return
    rtl = label.layoutDirection() == Qt.LayoutDirection.RightToLeft
    side = Qt.AlignmentFlag.AlignRight if rtl else Qt.AlignmentFlag.AlignLeft
    upright = before & Qt.AlignmentFlag.AlignVertical_Mask
    label.setAlignment(side | Qt.AlignmentFlag.AlignAbsolute | upright)


def cut(text: str, metrics: QFontMetrics, room: float, where: Qt.TextElideMode) -> str:
    """Return `text` cut to a width (pixels), with a foreign name in it still kept apart.

    The end of the name's own direction may be what is cut away: then the rest would follow it.
    """
    shown = metrics.elidedText(text, where, max(0, int(room)))
    begun = sum(shown.count(mark) for mark in (LEFT_TO_RIGHT, RIGHT_TO_LEFT))
    return shown.replace(DOTS, DOTS + CLOSES * max(0, begun - shown.count(CLOSES)), 1)


class WrappedLabel(QLabel):
    """Text of several lines that keeps the height it needs at its width; its layout may not cut."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        keep_to_reading_side(self)

    def setText(self, text: str) -> None:
        """Show `text`."""
        super().setText(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for the height that the new width needs."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Ask for the height that another font needs."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self._fit()
        elif event.type() == QEvent.Type.LayoutDirectionChange:
            keep_to_reading_side(self)

    def needs(self, width: int) -> int:
        """Return the height that the text needs at a width, in pixels."""
        kept = self.minimumHeight()
        self.setMinimumHeight(0)  # Qt would never answer less than it
        height = self.heightForWidth(width)
        self.setMinimumHeight(kept)
        return max(0, height)

    def _fit(self) -> None:
        height = self.needs(self.width()) if self.text() else 0
        if height != self.minimumHeight():
            self.setMinimumHeight(height)


class ElidedLabel(QLabel):
    """One line that ends in dots where there is no room; the tool tip has all of it."""

    def __init__(self) -> None:
        super().__init__()
        self._whole = ""
        keep_to_reading_side(self)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_text(self, text: str) -> None:
        """Show `text`."""
        self._whole = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the text to the new width."""
        super().resizeEvent(event)
        self._elide()

    def changeEvent(self, event: QEvent) -> None:
        """Begin at the side where the language begins."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LayoutDirectionChange:
            keep_to_reading_side(self)

    def _elide(self) -> None:
        room = self.contentsRect().width() - 2
        self.setText(cut(self._whole, self.fontMetrics(), room, Qt.TextElideMode.ElideRight))
