"""Two charts, painted: counts of several parts, told apart by pattern too; shares with bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from spectra_app.ui.look import Look
from spectra_app.ui.theme import sized

STEP, BAR, KEY, PAD = 28.0, 17.0, 26.0, 10.0  # pixels
LABEL_SHARE, COUNT, SCALE_END = 0.36, 62.0, 22.0
PATTERNS = (
    Qt.BrushStyle.SolidPattern, Qt.BrushStyle.BDiagPattern, Qt.BrushStyle.Dense6Pattern,
    Qt.BrushStyle.NoBrush,
)  # fmt: skip
COLOURS = ("reference", "unexplained", "grid", "muted")
HUNDREDTHS = 25  # between two lines of the scale of shares


@dataclass(frozen=True, slots=True)
class Bar:
    """A row: its label, the counts of its parts, and what stands at its end."""

    label: str
    counts: tuple[int, ...]
    said: str


@dataclass(frozen=True, slots=True)
class Share:
    """A row: its label, a share with its bounds (0-1) or none, and what stands at its end."""

    label: str
    rate: float | None
    low: float
    high: float
    said: str


class Chart(QWidget):
    """Rows of bars, or of shares on a scale from 0 to 100 %; the longest labels are shortened."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._parts: tuple[str, ...] = ()
        self._rows: tuple[Bar | Share, ...] = ()
        self.setMinimumWidth(300)
        look.paint(self.update)

    def show_bars(self, parts: Sequence[str], bars: Sequence[Bar]) -> None:
        """Show counts; `parts` says what the counts of every bar are."""
        self._show(parts, bars)

    def show_shares(self, shares: Sequence[Share]) -> None:
        """Show shares."""
        self._show((), shares)

    def _show(self, parts: Sequence[str], rows: Sequence[Bar | Share]) -> None:
        self._parts, self._rows = tuple(parts), tuple(rows)
        self.setMinimumHeight(round(2 * PAD + KEY * 2 + STEP * len(rows)))
        self.setAccessibleDescription("\n".join(f"{row.label}: {row.said}" for row in rows))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the chart; it begins at the left in every language, as a scale does."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        theme = self._look.theme
        painter.fillRect(self.rect(), QColor(theme["surface"]))
        painter.setFont(sized(self.font(), 10.0))
        painter.setPen(QColor(theme["text"]))
        top = self._key(painter)
        left = PAD + LABEL_SHARE * self.width()
        room = max(1.0, self.width() - left - PAD - (COUNT if self._parts else SCALE_END))
        if not self._parts and self._rows:
            top = self._scale(painter, left, room, top)
        most = max((sum(one.counts) for one in self._rows if isinstance(one, Bar)), default=1)
        for number, row in enumerate(self._rows):
            y = top + STEP * number
            self._label(painter, row.label, QRectF(PAD, y, left - 2 * PAD, STEP))
            if isinstance(row, Bar):
                self._bar(painter, row, QRectF(left, y, room, STEP), most)
            else:
                self._share(painter, row, QRectF(left, y, room, STEP))
        painter.end()

    def _key(self, painter: QPainter) -> float:
        """Say what the parts are, beside a square of each; return where rows begin."""
        x, y, metrics = PAD, PAD, QFontMetricsF(painter.font())
        for place, word in enumerate(self._parts):
            wide = metrics.horizontalAdvance(word) + 44
            if x + wide > self.width() - PAD and x > PAD:
                x, y = PAD, y + KEY
            self._fill(painter, QRectF(x, y + 4, 16, 16), place)
            painter.setPen(QColor(self._look.theme["text"]))
            painter.drawText(QPointF(x + 22, y + 17), word)
            x += wide
        return y + KEY + 4 if self._parts else y

    def _fill(self, painter: QPainter, box: QRectF, place: int) -> None:
        colour = QColor(self._look.theme[COLOURS[place]])
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(QBrush(colour, PATTERNS[place]))
        painter.drawRect(box)
        painter.setPen(QColor(self._look.theme["text"]))

    def _label(self, painter: QPainter, label: str, box: QRectF) -> None:
        metrics = QFontMetricsF(painter.font())
        text = metrics.elidedText(label, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _bar(self, painter: QPainter, row: Bar, box: QRectF, most: int) -> None:
        x, y = box.left(), box.top() + (STEP - BAR) / 2
        for place, count in enumerate(row.counts):
            wide = box.width() * count / max(1, most)
            if count:
                self._fill(painter, QRectF(x, y, max(2.0, wide), BAR), place)
            x += wide
        at = QRectF(x + 6, box.top(), COUNT, STEP)
        painter.drawText(at, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, row.said)

    def _scale(self, painter: QPainter, left: float, room: float, top: float) -> float:
        """Draw the lines of the scale with their figures; return where rows begin."""
        grid, text = QColor(self._look.theme["grid"]), QColor(self._look.theme["text"])
        for share in range(0, 101, HUNDREDTHS):
            x = left + room * share / 100
            painter.setPen(QPen(grid, 0.7))
            painter.drawLine(QPointF(x, top + KEY), QPointF(x, self.height() - PAD))
            painter.setPen(text)
            flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(x - 30, top, 60, KEY), flags, f"{share} %")
        return top + KEY + 4

    def _share(self, painter: QPainter, row: Share, box: QRectF) -> None:
        """Draw a share as a dot on the line of its bounds; none where nothing was counted."""
        if row.rate is None:
            return
        y, colour = box.center().y(), QColor(self._look.theme["reference"])
        ends = [QPointF(box.left() + box.width() * one, y) for one in (row.low, row.high)]
        painter.setPen(QPen(colour, 2.0))
        painter.drawLine(*ends)
        for end in ends:
            painter.drawLine(end - QPointF(0, 6), end + QPointF(0, 6))
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(box.left() + box.width() * row.rate, y), 4.5, 4.5)
        painter.setPen(QColor(self._look.theme["text"]))
