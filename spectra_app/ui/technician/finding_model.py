"""Findings of a check as a table: severity in words, what was found, whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from spectra_app.services.check_book import KeptFinding
from spectra_app.ui.flat_model import FlatModel, Index
from spectra_app.ui.look import Look

COLUMNS = ("severity", "what", "settled")
WIDTHS = (130, 200, 110)  # pixels
ROW = 34


class FindingModel(FlatModel):
    """The findings that are shown."""

    rows: Sequence[KeptFinding]

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(look, [f"library.finding_{name}" for name in COLUMNS], parent)

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
