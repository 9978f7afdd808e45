"""A plain table of rows that are all there: filled anew as a whole, copied and saved like any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView

from spectra_app.ui.flat_model import choose_row
from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look
from spectra_app.ui.tables import EXPORT_ROLE, TableKeeper, copyable

WIDEST = 230  # pixels; the tip has all of it
LOOKED_AT = 50
"""Rows whose texts decide how wide a column is."""
Index = QModelIndex | QPersistentModelIndex
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """What stands in a cell: as shown, as saved (None: as shown), with a shape, with a tip."""

    text: str
    saved: object = None
    icon: QIcon | None = None
    tip: str = ""


class Rows(Sequence[Sequence[Cell]]):
    """Rows whose cells are made when they are first looked at: a book may have thousands.

    Parameters
    ----------
    records : sequence
        What stands in the rows.
    made : callable (record) -> sequence of Cell
        Makes the cells of one.
    """

    def __init__(self, records: Sequence[T], made: Callable[[T], Sequence[Cell]]) -> None:
        self._records: Sequence[Any] = records
        self._made: Callable[[Any], Sequence[Cell]] = made
        self._seen: dict[int, Sequence[Cell]] = {}

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self._records)

    def __getitem__(self, row: Any) -> Any:
        """Return the cells of a row."""
        if row not in self._seen:
            self._seen[row] = self._made(self._records[row])
        return self._seen[row]


class RowModel(QAbstractTableModel):
    """Rows of cells below titles."""

    def __init__(self) -> None:
        super().__init__()
        self.titles: Sequence[str] = ()
        self.rows: Sequence[Sequence[Cell]] = ()

    def fill(self, titles: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.titles, self.rows = titles, rows
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """Return how many rows there are."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return how many columns there are."""
        return 0 if parent is not None and parent.isValid() else len(self.titles)

    def headerData(
        self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the title of a column."""
        across = way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return self.titles[section] if across and section < len(self.titles) else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what stands in a cell."""
        cell = self.rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return cell.tip or cell.text
        if role == Qt.ItemDataRole.DecorationRole:
            return cell.icon
        return cell.saved if role == EXPORT_ROLE else None


class RowTable(QTableView):
    """A table of whole rows; `chosen` tells which one a person goes to."""

    chosen = Signal(int)

    def __init__(self, look: Look, lane: Lane, name: Callable[[], str]) -> None:
        super().__init__()
        self.rows = RowModel()
        self.setModel(self.rows)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setStretchLastSection(True)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setResizeContentsPrecision(LOOKED_AT)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
        self.keeper: TableKeeper = copyable(self, look, lane, name)
        self.selectionModel().currentRowChanged.connect(
            lambda now, _before: self.chosen.emit(now.row())
        )

    def fill(self, titles: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """Show other rows; the row that a person was at stays chosen, and nobody is told."""
        at = self.currentIndex().row()
        model = self.selectionModel()
        model.blockSignals(True)
        self.rows.fill(titles, rows)
        self.resizeColumnsToContents()
        for column in range(len(titles)):
            self.setColumnWidth(column, min(self.columnWidth(column), WIDEST))
        if rows and at >= 0:
            choose_row(self, min(at, len(rows) - 1))
        model.blockSignals(False)
