"""The entries of a library as a table: a cell is only made when it is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QWidget

from spectra_app.services.library_catalogue import CatalogueRow, Sought, sought
from spectra_app.ui.flat_model import FlatModel, Index
from spectra_app.ui.look import Look
from spectra_app.ui.shapes import shape_icon

COLUMNS = ("name", "alarm", "kind", "family", "status", "cas", "formula")
WIDTHS = (180, 164, 122, 170, 90, 92, 110)  # pixels


class LibraryModel(FlatModel):
    """Rows of a catalogue that fit what is looked for."""

    rows: Sequence[CatalogueRow]

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(look, [f"library.column_{name}" for name in COLUMNS], parent)
        self.all: tuple[CatalogueRow, ...] = ()
        self.marks: Mapping[str, str] = {}
        self._shapes: dict[tuple[str, str, bool], QIcon] = {}

    def take(self, rows: tuple[CatalogueRow, ...], marks: Mapping[str, str]) -> None:
        """Hold other rows; `marks` gives the worst severity found for entries."""
        self.all, self.marks = rows, marks

    def find(self, wanted: Sought, finding: str = "") -> None:
        """Show the rows that fit."""
        self.show_rows(sought(self.all, wanted, self.marks, finding))

    def place_of(self, entry: str) -> int:
        """Return the line of an entry; -1 when it is not shown."""
        places = (place for place, row in enumerate(self.rows) if row.entry == entry)
        return next(places, -1)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what stands in a cell; the level is a shape and a word."""
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and column == "alarm":
            return self._shape(row)
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return self._said(row, column)
        return None

    def _said(self, row: CatalogueRow, column: str) -> str:
        look = self._look
        if column == "alarm":
            return str(look.say(f"library.level_{row.alarm}"))
        if column == "kind":
            return str(look.word("kind", row.kind))
        if column == "status":
            return str(look.say(f"library.status_{row.status}"))
        return str(look.texts.put(getattr(row, column)))

    def _shape(self, row: CatalogueRow) -> QIcon:
        """Return the shape of a level, drawn once for each theme; dashed where it can only lead."""
        theme, lead = self._look.theme, row.kind != "measured"
        key = (theme.name, row.alarm, lead)
        if key not in self._shapes:
            colours = theme.alarm(row.alarm), theme["surface"]
            self._shapes[key] = shape_icon(row.alarm, *colours, dashed=lead)
        return self._shapes[key]
