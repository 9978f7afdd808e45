"""Rows of a table that are all there at once: words, and a shape where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from spectra_app.ui.look import Look
from spectra_app.ui.shapes import shape_icon
from spectra_app.ui.tables import EXPORT_ROLE

Index = QModelIndex | QPersistentModelIndex
ROW = 32  # pixels


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of a row, the alarm level whose shape stands in one of them, and a tool tip."""

    cells: tuple[str, ...]
    level: str = ""
    tip: str = ""
    exported: tuple[str, ...] = ()


class RowsModel(QAbstractTableModel):
    """Rows under the titles of columns.

    Parameters
    ----------
    look : Look
        Language and theme.
    columns : sequence of str
        Keys of the titles.
    parent : QWidget
        Owner.
    shaped : int
        The column in which shapes stand.
    """

    def __init__(
        self, look: Look, columns: Sequence[str], parent: QWidget, shaped: int = 0
    ) -> None:
        super().__init__(parent)
        self._look, self.columns, self._shaped = look, tuple(columns), shaped
        self.rows: tuple[Row, ...] = ()
        self._shapes: dict[tuple[str, str], QIcon] = {}

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """Return how many rows there are."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return how many columns there are."""
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def headerData(
        self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the title of a column."""
        if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._look.say(self.columns[section])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what stands in a cell."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.cells[index.column()]
        if role == EXPORT_ROLE and row.exported:
            return row.exported[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.tip or row.cells[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and row.level and index.column() == self._shaped:
            return self._shape(row.level)
        return None

    def _shape(self, level: str) -> QIcon:
        """Return a shape, drawn once for each theme."""
        theme = self._look.theme
        key = theme.name, level
        if key not in self._shapes:
            self._shapes[key] = shape_icon(level, theme.alarm(level), theme["surface"])
        return self._shapes[key]


def plain_table(model: RowsModel, widths: Sequence[int]) -> QTableView:
    """Return a table that shows rows of words; the last column takes the room that is left."""
    table = QTableView()
    table.setModel(model)
    table.setFrameShape(QFrame.Shape.NoFrame)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    table.setIconSize(QSize(22, 22))
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(ROW)
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    for place, width in enumerate(widths):
        table.setColumnWidth(place, width)
    table.horizontalHeader().setStretchLastSection(True)
    return table
