"""Findings of a check as a table: severity in words, what was found, whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from spectra_app.reports.texts import Said, Texts
from spectra_app.services.check_book import KeptFinding
from spectra_app.ui.flat_model import FlatModel, Index
from spectra_app.ui.look import Look

COLUMNS = ("severity", "what", "settled")
WIDTHS = (130, 200, 110)  # pixels
ROW = 34
MOST_NAMES = 3  # of entries; more are counted


def reason_words(code: str, what: str, texts: Texts) -> Said:
    """Return what was found: in English with its figures, else of which kind it is."""
    known = texts.language != "en" and f"found.{code}" in texts.texts
    return texts.say(f"found.{code}") if known else texts.put(what)


def finding_words(finding: KeptFinding, texts: Texts) -> Said:
    """Return what was found and in which entries; the exact words beside it are English."""
    said = reason_words(finding.code, finding.what, texts)
    if texts.language == "en" or f"found.{finding.code}" not in texts.texts:
        return said
    names = dict.fromkeys(name for _, name in finding.entries)
    if len(finding.entries) > MOST_NAMES:
        return texts.say("found.of_many", what=said, count=len(finding.entries))
    return texts.say("found.of", names=texts.many(names), what=said)


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
            exact = role == Qt.ItemDataRole.ToolTipRole
            said = self._look.texts.put(row.what) if exact else finding_words(row, self._look.texts)
            return str(said)
        key = "library.settled_open" if row.accepted is None else "library.settled_accepted"
        return str(self._look.say(key))
