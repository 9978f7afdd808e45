"""Entries on their way out as a table: whose, how far, and what stands against them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QWidget

from spectra_app.services.reviewing import ReviewRow
from spectra_app.ui.look import Look

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("name", "status", "by", "against")
WIDTHS = (220, 100, 180, 200)  # pixels


class ReviewModel(QAbstractTableModel):
    """The entries in force of a library."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.rows: Sequence[ReviewRow] = ()

    def take(self, rows: Sequence[ReviewRow]) -> None:
        """Show other entries."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def retell(self) -> None:
        """Say all texts anew."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    def rowCount(self, parent: Index | None = None) -> int:
        """Return how many entries there are."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return how many columns there are."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the name of a column."""
        if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return str(self._look.say(f"library.review_{COLUMNS[section]}"))
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what stands in a cell."""
        if role not in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return None
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        say, put = self._look.say, self._look.texts.put
        if column == "name":
            return str(put(row.name))
        if column == "status":
            return str(say(f"library.status_{row.status}"))
        if column == "by":
            return str(put(" ".join(filter(None, (row.by, row.at[:10])))))
        return str(self._look.texts.many((*row.stops, *row.open)))
