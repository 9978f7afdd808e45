"""Entries of the audit chain as a table, newest first, loaded piece by piece."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QWidget

from spectra_app.records.ledger.chain import Entry
from spectra_app.services.audit_entries import Asked, Piece
from spectra_app.ui.flat_model import FlatModel, Index
from spectra_app.ui.look import Look

PIECE = 200  # rows
COLUMNS = ("number", "time", "who", "act", "record")


class AuditModel(FlatModel):
    """Rows of entries; asks for older ones when the last ones are seen."""

    wanted = Signal(object)
    rows: list[Entry]

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(look, [f"audit.{name}" for name in COLUMNS], parent)
        self.asked, self.rows, self.reached = Asked(), [], 1
        self.people: dict[str, str] = {}
        self._waiting = False

    def begin(self, asked: Asked) -> None:
        """Forget all rows and ask for the newest ones that fit."""
        self.beginResetModel()
        self.asked, self.rows, self.reached = asked, [], 1
        self.endResetModel()
        self._ask(asked)

    def take(self, asked: Asked, found: Piece) -> None:
        """Add entries that were asked for, unless something else was asked for since."""
        if replace(asked, last=0, most=-1) != replace(self.asked, last=0, most=-1):
            return
        self._waiting, self.reached = False, found.reached
        if found.entries:
            first = len(self.rows)
            self.beginInsertRows(QModelIndex(), first, first + len(found.entries) - 1)
            self.rows += found.entries
            self.endInsertRows()

    def give_up(self) -> None:
        """Wait no longer: the records refused, or the search was stopped."""
        self._waiting = False

    def canFetchMore(self, parent: Index) -> bool:
        """Tell whether there are older entries to ask for."""
        return not parent.isValid() and self.reached > self.asked.first and not self._waiting

    def fetchMore(self, parent: Index) -> None:
        """Ask for older entries."""
        if self.canFetchMore(parent):
            self._ask(replace(self.asked, last=self.reached - 1))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what stands in a cell."""
        if role not in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return None
        entry, column = self.rows[index.row()], COLUMNS[index.column()]
        if column == "act":
            return self._look.word("act", entry.act)
        if column == "who":
            return self.name_of(entry.user)
        time = entry.time[:16].replace("T", " ")
        shown = {"number": str(entry.number), "time": time, "record": entry.id}
        return self._look.texts.put(shown[column])

    def name_of(self, user: str) -> str:
        """Return who did it, by name where the user is known."""
        name: str = self._look.texts.put(self.people.get(user, user))
        return self._look.say("audit.program") if user == "program" else name

    def _ask(self, asked: Asked) -> None:
        self._waiting = True
        self.wanted.emit(replace(asked, most=PIECE))
