"""Entries on their way out as a table: whose, how far, and what stands against them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from spectra_app.services.reviewing import ReviewRow
from spectra_app.ui.flat_model import FlatModel, Index
from spectra_app.ui.look import Look

COLUMNS = ("name", "status", "by", "against")
WIDTHS = (220, 100, 180, 200)  # pixels


class ReviewModel(FlatModel):
    """The entries in force of a library."""

    rows: Sequence[ReviewRow]

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(look, [f"library.review_{name}" for name in COLUMNS], parent)

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
