"""The spectra of an import as a table: other columns at each step, some of them to be typed in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QWidget

from spectra_app.services.import_looking import Looked
from spectra_app.services.import_session import Item, Verdict
from spectra_app.ui.look import Look
from spectra_app.ui.technician.finding_model import reason_words

Index = QModelIndex | QPersistentModelIndex
COLUMNS: dict[str, tuple[str, ...]] = {
    "files": ("take", "spectrum", "format", "laser", "range", "remark"),
    "names": ("spectrum", "name", "cas", "inchikey", "who"),
    "check": ("take", "name", "verdict", "why", "spectrum"),
}
TYPED = ("name", "cas", "inchikey")


@dataclass(frozen=True, eq=False, slots=True)
class Row:
    """One spectrum: what was decided, what its file is, who it is, and what the trial said."""

    item: Item
    looked: Looked | None = None
    place: int = 0
    who: tuple[str, ...] | None = None
    verdict: Verdict | None = None


def lacks_laser(row: Row) -> bool:
    """Tell whether a file does not say its laser line, so that a person states it."""
    looked = row.looked
    if looked is None or row.item.laser_nm or looked.needs_laser:
        return looked is not None
    known = looked.error is not None or row.place >= len(looked.spectra)
    return not known and looked.spectra[row.place].spectrum.laser_nm is None


class ImportModel(QAbstractTableModel):
    """Rows of an import; `typed` tells the row whose name or identifier somebody changed."""

    typed = Signal(int)
    chosen = Signal()

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.rows: list[Row] = []
        self.step = "files"

    def take(self, rows: list[Row]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def show_step(self, step: str) -> None:
        """Show the columns of a step."""
        self.beginResetModel()
        self.step = step
        self.endResetModel()

    def put(self, place: int, row: Row) -> None:
        """Replace one row."""
        self.rows[place] = row
        last = self.columnCount() - 1
        self.dataChanged.emit(self.index(place, 0), self.index(place, last))

    def retell(self) -> None:
        """Say all texts anew."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.columnCount() - 1)

    def rowCount(self, parent: Index | None = None) -> int:
        """Return how many spectra there are."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return how many columns the step has."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS[self.step])

    def headerData(
        self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the name of a column."""
        if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return str(self._look.say(f"library.import_{COLUMNS[self.step][section]}"))
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return what can be done with a cell."""
        found = super().flags(index)
        column = COLUMNS[self.step][index.column()]
        if column == "take" and self._readable(self.rows[index.row()]):
            found |= Qt.ItemFlag.ItemIsUserCheckable
        if self.step == "names" and column in TYPED:
            found |= Qt.ItemFlag.ItemIsEditable
        return found

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what stands in a cell."""
        row, column = self.rows[index.row()], COLUMNS[self.step][index.column()]
        if column == "take":
            if role == Qt.ItemDataRole.CheckStateRole and self._readable(row):
                return Qt.CheckState.Checked if row.item.take else Qt.CheckState.Unchecked
            if role == Qt.ItemDataRole.DisplayRole:
                key = "library.import_taken" if row.item.take else "library.import_left"
                return str(self._look.say(key))
            return None
        if role == Qt.ItemDataRole.EditRole:
            return getattr(row.item, column)
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return str(self._said(row, column))
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take what somebody typed or ticked."""
        row, column = self.rows[index.row()], COLUMNS[self.step][index.column()]
        if role == Qt.ItemDataRole.CheckStateRole and column == "take":
            take = Qt.CheckState(value) == Qt.CheckState.Checked
            why = "" if take else str(self._look.say("library.import_by_person"))
            self.put(index.row(), replace(row, item=replace(row.item, take=take, why_not=why)))
            self.chosen.emit()
            return True
        if role != Qt.ItemDataRole.EditRole or column not in TYPED:
            return False
        text = str(value).strip()
        if text == getattr(row.item, column) or (column == "name" and not text):
            return False
        self.put(index.row(), replace(row, item=_typed(row.item, column, text), who=None))
        self.typed.emit(index.row())
        return True

    def _readable(self, row: Row) -> bool:
        return row.looked is not None and row.looked.error is None

    def _said(self, row: Row, column: str) -> str:
        put, item = self._look.texts.put, row.item
        if column == "spectrum":
            file = Path(item.file).name
            return put(f"{file}: {item.spectrum}" if item.spectrum else file)
        if column in TYPED:
            return put(getattr(item, column))
        if column in {"format", "laser", "range", "remark"}:
            return self._read(row, column)
        return self._judged(row, column)

    def _read(self, row: Row, column: str) -> str:
        """Return what reading the file gave."""
        say, put, looked = self._look.say, self._look.texts.put, row.looked
        if looked is None:
            return say("library.import_reading") if column == "remark" else ""
        if looked.error is not None:
            return put(looked.error.what) if column == "remark" else ""
        facts = dict(looked.facts(row.place))
        if column == "laser":
            stated = facts["laser_nm"] or (f"{row.item.laser_nm} nm" if row.item.laser_nm else "")
            return put(stated) if stated else say("library.not_known")
        if column == "remark":
            marks = facts["marks"]
            return put(marks or " ".join(looked.assumptions[:1]))
        return put(facts[column])

    def _judged(self, row: Row, column: str) -> str:
        """Return who it is, or what the trial said."""
        say, look = self._look.say, self._look
        if column == "who":
            if row.who is None:
                return ""
            if not row.who:
                return say("library.who_nobody")
            key = "library.who_one" if len(row.who) == 1 else "library.who_several"
            return say(key, names=look.texts.many(row.who))
        if row.verdict is None:
            return look.texts.put(row.item.why_not) if column == "why" else ""
        if column == "verdict":
            return say(f"library.verdict_{row.verdict.severity}")
        return "\n".join(
            reason_words(one.code, one.what, look.texts) for one in row.verdict.reasons
        )


def _typed(item: Item, column: str, text: str) -> Item:
    """Return an item with what somebody typed; another name has other identifiers."""
    if column == "name":
        return replace(item, name=text, cas="", inchikey="")
    return replace(item, cas=text) if column == "cas" else replace(item, inchikey=text)
