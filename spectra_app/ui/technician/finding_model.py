"""Findings of a check as a table: severity in words, what was found, whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from spectra_app.services.check_book import KeptFinding
from spectra_app.ui.look import Look

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("severity", "what", "settled")
WIDTHS = (130, 200, 110)  # pixels
ROW = 34


class FindingModel(QAbstractTableModel):
    """The findings that are shown."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.rows: Sequence[KeptFinding] = ()

    def take(self, rows: Sequence[KeptFinding]) -> None:
        """Show other findings."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def retell(self) -> None:
        """Say all texts anew."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)
        if self.rows:
            last = self.index(len(self.rows) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def rowCount(self, parent: Index | None = None) -> int:
        """Return how many findings are shown."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return how many columns there are."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the name of a column."""
        if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return str(self._look.say(f"library.finding_{COLUMNS[section]}"))
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what stands in a cell."""
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        if role not in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return None
        if column == "severity":
            return str(self._look.say(f"library.severity_{row.severity}"))
        if column == "what":
            return str(self._look.texts.put(row.what))
        key = "library.settled_open" if row.accepted is None else "library.settled_accepted"
        return str(self._look.say(key))


def dress_table(
    table: QTableView, model: QAbstractTableModel, widths: Sequence[int], wide: int
) -> None:
    """Give a table its model and the look of the technician's tables; one column takes the rest."""
    table.setModel(model)
    table.setFrameShape(QFrame.Shape.NoFrame)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(ROW)
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeading)
    for place, width in enumerate(widths):
        table.setColumnWidth(place, width)
    table.horizontalHeader().setSectionResizeMode(wide, QHeaderView.ResizeMode.Stretch)
