"""What the tables of the window have in common: rows below titles, chosen as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView

from spectra_app.ui.look import Look

Index = QModelIndex | QPersistentModelIndex


class FlatModel(QAbstractTableModel):
    """Rows below titles; a branch says in `data` what stands in a cell.

    Parameters
    ----------
    look : Look
        Language and theme.
    titles : sequence of str
        Keys of the titles of the columns.
    parent : QObject
        Whose life it shares.
    """

    def __init__(self, look: Look, titles: Sequence[str], parent: QObject) -> None:
        super().__init__(parent)
        self._look, self.titles = look, tuple(titles)
        self.rows: Sequence[Any] = ()

    def show_rows(self, rows: Sequence[Any]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def retell(self) -> None:
        """Say all texts anew."""
        last = len(self.titles) - 1
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, last)
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, last))

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
        if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return str(self._look.say(self.titles[section]))
        return None


def dress_table(
    table: QTableView, row_px: int, widths: Sequence[int], *, icon_px: int = 0, wide: int = -1
) -> None:
    """Give a table the look of all tables of whole rows.

    Parameters
    ----------
    table : QTableView
        With its model.
    row_px, icon_px : int
        Height of a row, and of the shapes in it (0: none), in pixels.
    widths : sequence of int
        Of the columns, in pixels.
    wide : int
        The column that takes the room that is left; by default the last.
    """
    table.setFrameShape(QFrame.Shape.NoFrame)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    if icon_px:
        table.setIconSize(QSize(icon_px, icon_px))
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(row_px)
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    header = table.horizontalHeader()
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
    for place, width in enumerate(widths):
        table.setColumnWidth(place, width)
    if wide < 0:
        header.setStretchLastSection(True)
    else:
        header.setSectionResizeMode(wide, QHeaderView.ResizeMode.Stretch)


def choose_row(table: QTableView, row: int) -> None:
    """Choose a row; Qt's own `selectRow` chooses none where the window is mirrored."""
    header = table.horizontalHeader()
    places = (header.logicalIndex(place) for place in range(header.count()))
    column = next((one for one in places if not header.isSectionHidden(one)), 0)
    table.setCurrentIndex(table.model().index(row, column))
