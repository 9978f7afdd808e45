"""The board: what waits for a second person or the laboratory, what is late, what is signed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from spectra_app.services.cases.board import COLUMNS, MOST, Board, Card, Column, show_board
from spectra_app.services.office import Office, Session
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL, Page
from spectra_app.ui.records_desk import RecordsDesk
from spectra_app.ui.supervisor.cards import CardList
from spectra_app.ui.theme import sized


class BoardColumn(QFrame):
    """One column: its name and number of cards, the cards, or words that say there are none."""

    def __init__(self, name: Column, look: Look) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.name, self._look = name, look
        self._more = False
        self.title, self.none, self.rest = QLabel(), QLabel(), QLabel()
        self.title.setFont(sized(self.title.font(), 12, bold=True))
        self.list = CardList(look)
        for label in (self.title, self.none, self.rest):
            label.setWordWrap(True)
        for label in (self.none, self.rest):
            label.setObjectName("hint")
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 8, 6, 6)
        column.addWidget(self.title)
        column.addWidget(self.none)
        column.addWidget(self.list, 1)
        column.addWidget(self.rest)
        column.addStretch(0)
        column.setAlignment(self.none, Qt.AlignmentFlag.AlignTop)
        self.show_board(Board(()), "")

    def show_board(self, board: Board, now: str) -> None:
        """Show the cards of this column."""
        cards = board.column(self.name)
        kept = self.list.currentIndex().row()
        self.list.cards.show_cards(cards, now)
        if cards and kept >= 0:
            self.list.setCurrentIndex(self.list.cards.index(min(kept, len(cards) - 1)))
        self._more = self.name in board.more
        self.list.setVisible(bool(cards))
        self.none.setVisible(not cards)
        self.rest.setVisible(self._more)
        self.retell()

    def retell(self) -> None:
        """Say all texts."""
        say, count = self._look.say, self.list.cards.rowCount()
        name = say(f"board.{self.name}")
        self.title.setText(say("board.column", name=name, count=f"{count}{'+' * self._more}"))
        self.none.setText(say(f"board.no_{self.name}"))
        self.rest.setText(say("board.rest", count=MOST))
        self.list.setAccessibleName(self.title.text())
        self.list.scheduleDelayedItemsLayout()
        self.list.viewport().update()


class BoardPage(Page):
    """Four columns of cards."""

    opened = Signal(object)

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__(look, records)
        self.again = QPushButton()
        self.again.setMinimumHeight(TALL)
        self.top.addWidget(self.again)
        self.columns = {name: BoardColumn(name, look) for name in COLUMNS}
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        for place, column in enumerate(self.columns.values()):
            row.addWidget(column, 1)
            column.list.chosen.connect(self.opened)
            column.list.sideways.connect(lambda step, place=place: self._go(place, step))
        self.column.addWidget(body, 1)
        self.again.clicked.connect(self.refresh)
        keys = QShortcut(QKeySequence(Qt.Key.Key_F5), self)
        keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        keys.activated.connect(self.refresh)
        look.tell(self.retell)
        look.paint(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        self.title.setText(self.look_of.say("board.title"))
        self.again.setText(self.look_of.say("super.refresh"))
        for column in self.columns.values():
            column.retell()

    @Slot()
    def refresh(self) -> None:
        """Look again at what waits."""
        if not self.waiting:
            self.ask("Looking at the board", _board, self._show)

    def _show(self, found: tuple[Board, str]) -> None:
        for column in self.columns.values():
            column.show_board(*found)
        if not any(column.list.hasFocus() for column in self.columns.values()):
            self._go(-1, 1)

    def following(self, card: Card) -> Card | None:
        """Return the card below one in its column, as it was shown last; None after the last."""
        cards = self.columns[card.column].list.cards.cards
        place = next((row for row, one in enumerate(cards) if _same(one, card)), -1)
        return cards[place + 1] if 0 <= place < len(cards) - 1 else None

    def _go(self, place: int, step: int) -> None:
        """Give the keys to the next column that holds cards."""
        columns = list(self.columns.values())
        following = range(place + step, len(columns) if step > 0 else -1, step)
        found = next((columns[one] for one in following if columns[one].list.cards.cards), None)
        if found is not None:
            found.list.setFocus()


def _same(one: Card, other: Card) -> bool:
    return (one.case, one.item, one.report) == (other.case, other.item, other.report)


def _board(office: Office, session: Session) -> tuple[Board, str]:
    return show_board(office, session), office.clock()
