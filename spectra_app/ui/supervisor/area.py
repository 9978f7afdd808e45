"""The supervisor's area."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from spectra_app.ui.look import Look
from spectra_app.ui.page import Page
from spectra_app.ui.paged import PagedArea
from spectra_app.ui.records_desk import RecordsDesk

if TYPE_CHECKING:
    from spectra_app.services.cases.board import Card

HERE = "spectra_app.ui.supervisor"
PAGES = {
    "board": (f"{HERE}.board_page", "BoardPage"),
    "cases": (f"{HERE}.cases_page", "CasesPage"),
    "statistics": (f"{HERE}.statistics_page", "StatisticsPage"),
    "people": (f"{HERE}.people_page", "PeoplePage"),
    "lists": (f"{HERE}.lists_page", "ListsPage"),
    "audit": (f"{HERE}.audit_page", "AuditPage"),
    "fleet": (f"{HERE}.fleet_page", "FleetPage"),
}
REVIEW = (f"{HERE}.review_page", "ReviewPage")


class SupervisorArea(PagedArea):
    """The pages of a supervisor.

    Parameters
    ----------
    look : Look
        Language and theme.
    records : RecordsDesk
        What the pages ask.
    """

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__(look, records, PAGES, lambda kind: kind(look, records), "super")

    def connect_page(self, page: Page) -> None:
        """Open cards of the board and of the list for review; leave a review again."""
        for signal, slot in (
            ("opened", self.review), ("left", self._on_left), ("next_wanted", self._on_next)
        ):  # fmt: skip
            if hasattr(page, signal):
                getattr(page, signal).connect(slot)

    def review(self, card: Card) -> None:
        """Show a report of the board beside what is needed to sign it."""
        page = self.page("review", REVIEW)
        self.stack.setCurrentWidget(page)
        page.show_card(card)  # type: ignore[attr-defined]

    @Slot()
    def _on_left(self) -> None:
        self.show_page(self.current)

    @Slot(object)
    def _on_next(self, card: Card) -> None:
        """Review what follows where this one was opened, whatever became of it; or show that."""
        find = getattr(self.made.get(self.current), "following", None)
        following = find(card) if find is not None else None
        if following is None:
            self.show_page(self.current)
        else:
            self.review(following)
