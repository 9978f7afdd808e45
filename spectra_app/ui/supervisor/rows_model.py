"""Rows of a table that are all there at once: words, and a shape where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from spectra_app.ui.flat_model import FlatModel, Index, dress_table
from spectra_app.ui.look import Look
from spectra_app.ui.shapes import shape_icon
from spectra_app.ui.tables import EXPORT_ROLE

ROW = 32  # pixels


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of a row, the alarm level whose shape stands in one of them, and a tool tip."""

    cells: tuple[str, ...]
    level: str = ""
    tip: str = ""
    exported: tuple[str, ...] = ()


class RowsModel(FlatModel):
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

    rows: Sequence[Row]

    def __init__(
        self, look: Look, columns: Sequence[str], parent: QWidget, shaped: int = 0
    ) -> None:
        super().__init__(look, columns, parent)
        self._shaped = shaped
        self._shapes: dict[tuple[str, str], QIcon] = {}

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
    dress_table(table, ROW, widths, icon_px=22)
    table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    return table
