"""What every table of the window can do: copied as text (Ctrl+C), saved as CSV.

A cell is what the model shows (`DisplayRole`), or what it gives for `EXPORT_ROLE` where the screen
shows a picture or a rounded figure. Large tables are read in slices, so that the window goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QModelIndex, QObject, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu, QPushButton, QTableView

from spectra_app.services.exports import tabbed, table_bytes
from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look
from spectra_app.ui.saving import ask_path, save_bytes

EXPORT_ROLE = int(Qt.ItemDataRole.UserRole) + 77
"""Data for files: a figure in full, words instead of a picture; None means: as shown."""
SLICE_S = 0.03
Rows = list[list[str]]


def copyable(table: QTableView, look: Look, lane: Lane, name: Callable[[], str]) -> TableKeeper:
    """Give a table Ctrl+C, Ctrl+Shift+S and a menu on right click.

    Parameters
    ----------
    table : QTableView
        The table; its model may be set later.
    look : Look
        Language.
    lane : Lane
        Where files are written: the shared one, or the records' (`records.lane`).
    name : callable () -> str
        What the table is called now; offered as the file's name.

    Returns
    -------
    TableKeeper
        Its `save` and `copy` are actions for menus and tool bars, `button()` makes a button.
    """
    return TableKeeper(table, look, lane, name)


def save_csv(table: QTableView, look: Look, lane: Lane, name: str) -> None:
    """Ask where to save a table as CSV, and save all of it."""
    TableKeeper(table, look, lane, lambda: name, keys=False).ask_csv()


class TableKeeper(QObject):
    """Copies and saves one table; belongs to it.

    `saved` tells the file that was written and how many rows are in it, `said` the same in words.
    """

    saved = Signal(object, int)
    said = Signal(str)

    def __init__(
        self,
        table: QTableView,
        look: Look,
        lane: Lane,
        name: Callable[[], str],
        *,
        keys: bool = True,
    ) -> None:
        super().__init__(table)
        self._table, self._look, self._lane, self._name = table, look, lane, name
        self.copy, self.copy_all, self.save = QAction(self), QAction(self), QAction(self)
        self.copy.triggered.connect(self.copy_selection)
        self.copy_all.triggered.connect(self.copy_whole)
        self.save.triggered.connect(self.ask_csv)
        self._buttons: list[QPushButton] = []
        self._reading: _Reading | None = None
        if keys:
            self._add_keys()
        look.tell(self.retell)

    def _add_keys(self) -> None:
        table = self._table
        self.copy.setShortcut(QKeySequence.StandardKey.Copy)
        self.save.setShortcut(QKeySequence("Ctrl+Shift+S"))
        for action in (self.copy, self.copy_all, self.save):
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            table.addAction(action)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self.show_menu)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.copy.setText(say("examine.copy_rows"))
        self.copy_all.setText(say("examine.copy_table"))
        self.save.setText(say("examine.save_csv"))
        for button in self._buttons:
            button.setText(self.save.text())
            button.setToolTip(say("examine.save_csv_hint"))

    def button(self) -> QPushButton:
        """Return a new button that saves the table as CSV."""
        button = QPushButton()
        button.clicked.connect(self.ask_csv)
        self._buttons.append(button)
        self.retell()
        return button

    @Slot(QPoint)
    def show_menu(self, at: QPoint) -> None:
        """Offer what can be done with the table."""
        menu = QMenu(self._table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions([self.copy, self.copy_all, self.save])
        menu.popup(self._table.viewport().mapToGlobal(at))

    @Slot()
    def copy_selection(self) -> None:
        """Copy the cells selected, with the titles of their columns; all rows when none is."""
        cells = self._table.selectionModel().selectedIndexes() if self._table.model() else []
        shown = [one for one in cells if not self._table.isColumnHidden(one.column())]
        if not shown:
            self.copy_whole()
        elif len(shown) == 1:
            QGuiApplication.clipboard().setText(tabbed([[cell_text(shown[0])]]))
        else:
            chosen = {(one.row(), self._place(one.column())): one for one in shown}
            rows = sorted({row for row, _ in chosen})
            places = sorted({place for _, place in chosen})
            lines = [[self._title(self._column(place)) for place in places]]
            lines += [
                [
                    cell_text(chosen[row, place]) if (row, place) in chosen else ""
                    for place in places
                ]
                for row in rows
            ]
            QGuiApplication.clipboard().setText(tabbed(lines) + "\n")

    @Slot()
    def copy_whole(self) -> None:
        """Copy every row with the titles of the columns."""
        self._read(lambda rows: QGuiApplication.clipboard().setText(tabbed(rows) + "\n"))

    @Slot()
    def ask_csv(self) -> None:
        """Ask where to save the table, then save every row of it."""
        say = self._look.say
        kinds = {".csv": say("examine.kind_csv")}
        path = ask_path(self._table, say("examine.save_csv_title"), self._name(), kinds)
        if path is not None:
            self._read(partial(self.write_csv, path))

    def write_csv(self, path: Path, rows: Rows) -> None:
        """Write rows, the titles first, on the lane."""
        whole = not self._table.model().canFetchMore(QModelIndex())
        key = "examine.saved_rows" if whole else "examine.saved_first_rows"

        def saved(at: Path) -> None:
            self.saved.emit(at, len(rows) - 1)
            self.said.emit(self._look.say(key, path=str(at), count=len(rows) - 1))

        make = partial(table_bytes, rows[0], rows[1:])
        save_bytes(self._table, self._look, self._lane, path, make=make, saved=saved)

    def _read(self, then: Callable[[Rows], None]) -> None:
        if self._reading is not None:
            self._reading.end()
        columns = [self._column(place) for place in range(self._table.model().columnCount())]
        titles = [self._title(column) for column in columns]
        self._reading = _Reading(self._table, columns, lambda rows: then([titles, *rows]))
        self._reading.step()

    def _place(self, column: int) -> int:
        return self._table.horizontalHeader().visualIndex(column)

    def _column(self, place: int) -> int:
        return self._table.horizontalHeader().logicalIndex(place)

    def _title(self, column: int) -> str:
        model, across = self._table.model(), Qt.Orientation.Horizontal
        exported = model.headerData(column, across, EXPORT_ROLE)
        shown = exported if exported is not None else model.headerData(column, across)
        return "" if shown is None else str(shown)


class _Reading(QObject):
    """Reads all rows of a table in slices of `SLICE_S`; begins anew when the table changes."""

    def __init__(self, table: QTableView, columns: list[int], then: Callable[[Rows], None]) -> None:
        super().__init__(table)
        self._table, self._columns, self._then = table, columns, then
        self._rows: Rows = []
        model = table.model()
        for changed in (model.modelReset, model.rowsRemoved, model.layoutChanged):
            changed.connect(self._again)

    @Slot()
    def _again(self) -> None:
        self._rows = []

    def end(self) -> None:
        """Read no further."""
        self._columns = []
        self.deleteLater()

    @Slot()
    def step(self) -> None:
        """Read one slice and come back later for the next."""
        if not self._columns:
            return
        model, until = self._table.model(), time.monotonic() + SLICE_S
        while time.monotonic() < until:
            row = len(self._rows)
            if row >= model.rowCount() and model.canFetchMore(QModelIndex()):
                model.fetchMore(QModelIndex())
            if row >= model.rowCount():
                then, rows = self._then, self._rows
                self.end()
                then(rows)
                return
            self._rows.append([cell_text(model.index(row, one)) for one in self._columns])
        QTimer.singleShot(0, self.step)


def cell_text(index: QModelIndex) -> str:
    """Return what stands in a cell: for files, or else as shown."""
    exported = index.data(EXPORT_ROLE)
    shown = exported if exported is not None else index.data()
    return "" if shown is None else str(shown)
