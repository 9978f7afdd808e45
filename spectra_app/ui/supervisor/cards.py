"""Cards of the board: their model, how they are painted, and a column of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QFocusEvent, QFont, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from spectra_app.services.cases.board import Card
from spectra_app.ui.fitted import lay_out
from spectra_app.ui.look import Look
from spectra_app.ui.shapes import draw_shape
from spectra_app.ui.theme import sized
from spectra_app.wording import ALARMS

Index = QModelIndex | QPersistentModelIndex
SIDE, PAD, GAP = 30, 10, 8  # pixels
NAMES = 3
HOURS_OF_DAYS = 48
REASON = 90  # letters of why a report was sent back; all of it stands in the tool tip


@dataclass(frozen=True, slots=True)
class Line:
    """One text of a card, with its size in points and the colours it is painted in."""

    text: str
    points: float
    colour: str
    bold: bool = False
    ground: str = ""


def alarm_word(card: Card, look: Look) -> str:
    """Return the word of the level of a card; that it is a lead, or made up, stands with it."""
    word = look.word("alarm", card.alarm)
    if card.alarm == "unknown" and card.names:
        word = look.say("alarm.status_unknown")
    return look.say("alarm.lead", word=word) if card.lead else word


def age(card: Card, now: str, look: Look) -> str:
    """Return how long a card has been in its column, or how late it is."""
    if card.column == "overdue":
        return look.say("board.late", hours=card.hours_late)
    if not card.since:  # kept by who did not write down when
        return look.say("board.age_unknown")
    since = datetime.fromisoformat(card.since)
    hours = max(0, int((datetime.fromisoformat(now) - since).total_seconds() // 3600))
    if hours >= HOURS_OF_DAYS:
        return look.say("board.age_days", days=hours // 24)
    return look.say("board.age_hours", hours=hours)


def lines_of(card: Card, now: str, look: Look) -> list[Line]:
    """Return what a card says, top to bottom."""
    theme, put = look.theme, look.texts.put
    names: str = look.texts.many(card.names[:NAMES])
    if len(card.names) > NAMES:
        names = look.say("board.more_names", names=names, count=len(card.names) - NAMES)
    late = card.column == "overdue"
    lines = [
        Line(alarm_word(card, look), 11.0, theme.alarm(card.alarm), bold=True),
        Line(put(card.report or card.item or card.case), 10.5, theme["text"], bold=True),
        Line(names or look.say("board.no_names"), 10.5, theme["text"]),
        Line(age(card, now, look), 10.0, theme["danger" if late else "muted"], bold=late),
    ]
    if card.sent_back:
        why = card.sent_back
        short = why if len(why) <= REASON else f"{why[:REASON].rstrip()}…"
        lines.append(Line(look.say("board.sent_back", why=short), 10.0, theme["danger"], bold=True))
    if card.emulated:
        mark = look.say("board.emulated")
        lines.append(Line(mark, 10.0, theme["on_emulated"], bold=True, ground=theme["emulated"]))
    return lines


class CardModel(QAbstractListModel):
    """The cards of one column."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self.now = look, ""
        self.cards: tuple[Card, ...] = ()

    def show_cards(self, cards: tuple[Card, ...], now: str) -> None:
        """Show other cards."""
        self.beginResetModel()
        self.cards, self.now = cards, now
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """Return how many cards there are."""
        return 0 if parent is not None and parent.isValid() else len(self.cards)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a card as text: for a reader of screens, the clipboard, and the tool tip."""
        spoken = (
            Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole,
            Qt.ItemDataRole.ToolTipRole,
        )  # fmt: skip
        if role not in spoken or not index.isValid():
            return None
        card = self.cards[index.row()]
        said = [line.text for line in lines_of(card, self.now, self._look)]
        if card.words and self._look.texts.language == "en":
            said.append(card.words)
        if len(card.sent_back) > REASON:
            said.append(self._look.texts.put(card.sent_back))
        return "\n".join([*said, self._look.texts.put(card.title)])


class CardPainter(QStyledItemDelegate):
    """Paints a card: shape and word of the level first, then what it is, then since when."""

    def __init__(self, look: Look, model: CardModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._model = look, model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return how much room a card needs at the width of its column."""
        view = self.parent()
        width = view.viewport().width() if isinstance(view, QListView) else option.rect.width()
        lines = self._lines(index)
        inner = width - 2 * PAD - SIDE - GAP - 6
        way = option.direction
        heights = [self._layout(one, inner, way).boundingRect().height() + 3 for one in lines]
        return QSize(width, round(sum(heights)) + 2 * PAD + 8)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the card."""
        theme, way = self._look.theme, option.direction
        card = self._model.cards[index.row()]
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        focused = chosen and bool(option.state & QStyle.StateFlag.State_HasFocus)
        box = QRectF(option.rect).adjusted(3, 3, -3, -3)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme["accent" if chosen else "border"]), 3 if focused else 1))
        painter.setBrush(QColor(theme["hover" if chosen else "surface"]))
        painter.drawRoundedRect(box, 8, 8)
        right = way == Qt.LayoutDirection.RightToLeft
        side_x = box.right() - PAD - SIDE if right else box.left() + PAD
        draw_shape(
            painter, ALARMS[card.alarm].shape, QRectF(side_x, box.top() + PAD, SIDE, SIDE),
            QColor(theme.alarm(card.alarm)), dashed=card.lead, hole=QColor(theme["surface"]),
        )  # fmt: skip
        inner = box.width() - 2 * PAD - SIDE - GAP
        x = box.left() + PAD if right else box.left() + PAD + SIDE + GAP
        y = box.top() + PAD
        for line in self._lines(index):
            y += self._line(painter, line, QPointF(x, y), inner, way) + 3
        painter.restore()

    def _line(
        self, painter: QPainter, line: Line, at: QPointF, width: float, way: Qt.LayoutDirection
    ) -> float:
        layout = self._layout(line, width, way)
        height = layout.boundingRect().height()
        if line.ground:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(line.ground))
            painter.drawRoundedRect(QRectF(at.x() - 4, at.y(), width + 8, height), 4, 4)
        painter.setPen(QColor(line.colour))
        layout.draw(painter, at)
        return height

    def _lines(self, index: Index) -> list[Line]:
        model = self._model
        return lines_of(model.cards[index.row()], model.now, self._look)

    def _layout(self, line: Line, width: float, way: Qt.LayoutDirection) -> Any:
        view = self.parent()
        font = view.font() if isinstance(view, QWidget) else QFont()
        return lay_out(line.text, sized(font, line.points, bold=line.bold), width, way)


class CardList(QListView):
    """A column of cards: up and down chooses, Enter opens, left and right changes the column."""

    sideways = Signal(int)
    chosen = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.cards = CardModel(look, self)
        self.setModel(self.cards)
        self.setItemDelegate(CardPainter(look, self.cards, self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setObjectName("cards")
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.clicked.connect(self._choose)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open with Enter; go to the next column with left and right."""
        key = event.key()
        if key in {Qt.Key.Key_Left, Qt.Key.Key_Right}:
            step = 1 if key == Qt.Key.Key_Right else -1
            mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
            self.sideways.emit(-step if mirrored else step)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentIndex().isValid():
            self._choose(self.currentIndex())
        else:
            super().keyPressEvent(event)

    @Slot(QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(self.cards.cards[index.row()])

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Choose the first card when none was chosen."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.cards.rowCount():
            self.setCurrentIndex(self.cards.index(0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the cards out again: their height follows from the width."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()
