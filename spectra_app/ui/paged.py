"""An area of work: one row of pages, each imported and made when it is first shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from PySide6.QtCore import Signal, Slot
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
from spectra_app.ui.page import Page
from spectra_app.ui.records_desk import RecordsDesk

MANY = 9
"""Pages of a row whose tabs are narrower: all fit the smallest window in every language."""

Place = tuple[str, str]
"""Module and class of a page."""


class PagedArea(QWidget):
    """Pages that are forgotten when somebody else is logged in.

    Parameters
    ----------
    look : Look
        Language and theme.
    records : RecordsDesk
        Says who is here.
    pages : mapping of str to Place
        The pages of the row by name; the text of a tab is `<texts>.<name>`.
    make : callable (class) -> Page
        Makes a page of its class.
    texts : str
        First part of the keys of the tabs' texts.
    """

    page_shown = Signal(str)

    def __init__(
        self,
        look: Look,
        records: RecordsDesk,
        pages: Mapping[str, Place],
        make: Callable[[Any], Page],
        texts: str,
    ) -> None:
        super().__init__()
        self._look, self._records = look, records
        self._pages, self._make, self._texts = pages, make, texts
        self._user = ""
        self.made: dict[str, Page] = {}
        self.stack = QStackedWidget()
        self.tabs = {name: QPushButton() for name in pages}
        self.current = next(iter(pages))
        group = QButtonGroup(self)
        self.row = QWidget()
        row = QHBoxLayout(self.row)
        row.setContentsMargins(14, 6, 14, 0)
        row.setSpacing(6)
        for name, tab in self.tabs.items():
            tab.setObjectName("segment" if len(pages) < MANY else "tool")
            tab.setCheckable(True)
            tab.clicked.connect(lambda _c=False, name=name: self.show_page(name))
            group.addButton(tab)
            row.addWidget(tab)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.row)
        self.row.setVisible(len(pages) > 1)  # within the area: alone it would be a window
        column.addWidget(self.stack, 1)
        records.changed.connect(self._on_changed)
        look.wear(self.row)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        for name, tab in self.tabs.items():
            tab.setText(self._look.say(f"{self._texts}.{name}"))

    def show_page(self, name: str) -> QWidget:
        """Show a page, made when it is first needed, with what is so now."""
        self.current = name
        self.tabs[name].setChecked(True)
        page = self.page(name, self._pages[name])
        page.refresh()  # before it is seen: it is laid out once then
        self.stack.setCurrentWidget(page)
        self.page_shown.emit(name)
        return page

    def page(self, name: str, place: Place) -> Page:
        """Return a page, made now when it was not shown before."""
        if name not in self.made:
            module, kind = place
            page = self._make(getattr(import_module(module), kind))
            self.connect_page(page)
            self.made[name] = page
            self.stack.addWidget(page)
            self._look.wear(page)
        return self.made[name]

    def connect_page(self, page: Page) -> None:
        """Connect what a page can ask of its area."""

    def showEvent(self, event: QShowEvent) -> None:
        """Show the page that was shown last, or the first one."""
        super().showEvent(event)
        if not event.spontaneous():
            self._on_changed()  # the window may hear of who is here before its parts do
            self.begin()

    def begin(self) -> None:
        """Show what is shown first."""
        if self.open_to_somebody():
            self.show_page(self.current)

    def open_to_somebody(self) -> bool:
        """Tell whether somebody is here to whom pages may be shown."""
        return self._records.standing.user is not None

    @Slot()
    def _on_changed(self) -> None:
        """Forget what was shown to somebody else: the next one may not be allowed to see it."""
        user = self._records.standing.user
        now = user.id if user is not None else ""
        if now != self._user:
            before, self._user = self._user, now
            for page in self.made.values():
                self.stack.removeWidget(page)
                page.deleteLater()
            self.made.clear()
            self.current = next(iter(self._pages))
            if before:
                self.forget()

    def forget(self) -> None:
        """Forget what is kept beside the pages: whoever was here has gone."""
