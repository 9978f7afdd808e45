"""The supervisor's area: one row of pages, each made when it is first shown."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from spectra_app.ui.look import Look
from spectra_app.ui.records_desk import RecordsDesk

if TYPE_CHECKING:
    from spectra_app.services.cases.board import Card
    from spectra_app.ui.supervisor.page import Page

HERE = "spectra_app.ui.supervisor"
PAGES = {
    "board": ("board_page", "BoardPage"),
    "cases": ("cases_page", "CasesPage"),
    "people": ("people_page", "PeoplePage"),
}
"""Module and class of each page, imported when it is first shown."""
REVIEW = ("review_page", "ReviewPage")


class SupervisorArea(QWidget):
    """The pages of a supervisor; they are forgotten when somebody else is logged in.

    Parameters
    ----------
    look : Look
        Language and theme.
    records : RecordsDesk
        What the pages ask.
    """

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__()
        self._look, self._records = look, records
        self._user = ""
        self.made: dict[str, Page] = {}
        self.stack = QStackedWidget()
        self.tabs = {name: QPushButton() for name in PAGES}
        self.current = next(iter(PAGES))
        group = QButtonGroup(self)
        self.row = QWidget()
        row = QHBoxLayout(self.row)
        row.setContentsMargins(14, 6, 14, 0)
        row.setSpacing(6)
        for name, tab in self.tabs.items():
            tab.setObjectName("segment")
            tab.setCheckable(True)
            tab.clicked.connect(lambda _c=False, name=name: self.show_page(name))
            group.addButton(tab)
            row.addWidget(tab)
        row.addStretch(1)
        self.row.setVisible(len(PAGES) > 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.row)
        column.addWidget(self.stack, 1)
        records.changed.connect(self._on_changed)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        for name, tab in self.tabs.items():
            tab.setText(self._look.say(f"super.{name}"))

    def show_page(self, name: str) -> Page:
        """Show a page, made when it is first needed, with what is so now."""
        self.current = name
        self.tabs[name].setChecked(True)
        page = self._page(name, PAGES[name])
        self.stack.setCurrentWidget(page)
        page.refresh()
        return page

    def review(self, card: Card) -> None:
        """Show a report of the board beside what is needed to sign it."""
        page = self._page("review", REVIEW)
        self.stack.setCurrentWidget(page)
        page.show_card(card)  # type: ignore[attr-defined]

    def showEvent(self, event: QShowEvent) -> None:
        """Show the page that was shown last, or the first one."""
        super().showEvent(event)
        if not event.spontaneous() and self._records.standing.user is not None:
            self.show_page(self.current)

    def _page(self, name: str, place: tuple[str, str]) -> Page:
        if name not in self.made:
            module, kind = place
            make: Callable[[Look, RecordsDesk], Page]
            make = getattr(import_module(f"{HERE}.{module}"), kind)
            page = make(self._look, self._records)
            for signal, slot in (("opened", self.review), ("left", self._on_left)):
                if hasattr(page, signal):
                    getattr(page, signal).connect(slot)
            self.made[name] = page
            self.stack.addWidget(page)
        return self.made[name]

    @Slot()
    def _on_left(self) -> None:
        self.show_page(self.current)

    @Slot()
    def _on_changed(self) -> None:
        """Forget what was shown to somebody else: the next one may not be allowed to see it."""
        user = self._records.standing.user
        now = user.id if user is not None else ""
        if now != self._user:
            self._user = now
            for page in self.made.values():
                self.stack.removeWidget(page)
                page.deleteLater()
            self.made.clear()
            self.current = next(iter(PAGES))
