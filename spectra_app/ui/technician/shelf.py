"""Which library the technician's pages work on: the one in use, or a file that somebody opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from spectra_app.services.library_catalogue import EntryRecord


class Shelf(QObject):
    """The library that is looked at; one for all pages of the area."""

    changed = Signal()
    """Another library, or the same one with other content."""
    shown = Signal()
    """Somebody wants to see the library."""

    more_wanted = Signal(object)
    """A spectrum is to be added to the substance of an entry: its record."""

    def __init__(self) -> None:
        super().__init__()
        self.path: Path | None = None
        self.wanted = ""  # entry that the page of libraries is to show next
        self.news = 0

    def take(self, path: Path | None) -> None:
        """Look at another library; None for the one in use."""
        self.path = path
        self.touch()

    def forget(self) -> None:
        """Go back to the library in use; those who looked at another one are gone."""
        self.path, self.wanted = None, ""

    def touch(self) -> None:
        """Tell that the library holds something else now."""
        self.news += 1
        self.changed.emit()

    def ask_for_more(self, record: EntryRecord) -> None:
        """Ask for another spectrum of the substance of an entry."""
        self.more_wanted.emit(record)
