"""Results of a batch as a table: filtered, sorted, and shown piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QWidget

from spectra_app.records.identification import ALARM_ORDER
from spectra_app.services.batch_rows import BatchRow
from spectra_app.services.result_rows import split_names
from spectra_app.ui.look import Look
from spectra_app.ui.shapes import shape_icon
from spectra_app.ui.tables import EXPORT_ROLE
from spectra_app.ui.theme import icon

Index = QModelIndex | QPersistentModelIndex
PIECE = 200  # rows
COLUMNS = ("alarm", "file", "outcome", "names", "score", "snr", "why")
NOTHING = "–"
RIGHT = {"score", "snr"}


@dataclass(frozen=True, slots=True)
class Sieve:
    """Which rows are shown: by alarm level, outcome (empty for any), and text in file or name."""

    alarm: str = ""
    outcome: str = ""
    text: str = ""

    def keeps(self, row: BatchRow) -> bool:
        """Tell whether a row is shown."""
        if self.alarm and (row.alarm != self.alarm or row.outcome == "refused"):
            return False
        if self.outcome and row.outcome != self.outcome:
            return False
        text = self.text.casefold()
        return not text or any(text in one.casefold() for one in (row.file, row.names, row.best))


KEYS: dict[str, Callable[[BatchRow], Any]] = {
    "alarm": lambda row: ALARM_ORDER.index(row.alarm) + 10 * (row.outcome == "refused"),
    "file": lambda row: (row.file.casefold(), row.spectrum),
    "outcome": lambda row: row.outcome,
    "names": lambda row: (not row.names, (row.names or row.best).casefold()),
    "score": lambda row: -1.0 if row.score is None else row.score,
    "snr": lambda row: -1.0 if row.snr is None else row.snr,
    "why": lambda row: (not row.error, row.reasons),
}


class BatchModel(QAbstractTableModel):
    """All rows are in memory, few figures each; what is seen of them is loaded while scrolling."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.rows: list[BatchRow] = []
        self.sieve = Sieve()
        self._kept: list[BatchRow] = []
        self._shown = 0
        self._by: tuple[str, bool] | None = None
        self._icons: dict[tuple[str, str, bool], QIcon] = {}

    # --- what is in it --------------------------------------------------------------------------

    def begin(self) -> None:
        """Forget all rows."""
        self.beginResetModel()
        self.rows, self._kept, self._shown = [], [], 0
        self.endResetModel()

    def add(self, rows: Sequence[BatchRow]) -> None:
        """Add rows at the end; where they are sorted, they are when somebody sorts again."""
        self.rows.extend(rows)
        kept = [row for row in rows if self.sieve.keeps(row)]
        room = max(0, PIECE - self._shown) if self._shown == len(self._kept) else 0
        self._kept.extend(kept)
        new = min(room, len(kept))
        if new:
            self.beginInsertRows(QModelIndex(), self._shown, self._shown + new - 1)
            self._shown += new
            self.endInsertRows()

    def sift(self, sieve: Sieve) -> None:
        """Show other rows."""
        self.sieve = sieve
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort all rows that are kept, not only those loaded."""
        down = order == Qt.SortOrder.DescendingOrder
        self._by = (COLUMNS[column], down) if column >= 0 else None
        self._arrange()

    def _arrange(self) -> None:
        self.beginResetModel()
        self._kept = [row for row in self.rows if self.sieve.keeps(row)]
        if self._by is not None:
            self._kept.sort(key=KEYS[self._by[0]], reverse=self._by[1])
        self._shown = min(PIECE, len(self._kept))
        self.endResetModel()

    @property
    def kept(self) -> int:
        """How many rows the filter keeps."""
        return len(self._kept)

    def row(self, place: int) -> BatchRow:
        """Return the row at a place of the table."""
        return self._kept[place]

    def canFetchMore(self, parent: Index) -> bool:
        """Tell whether more rows can be shown."""
        return not parent.isValid() and self._shown < len(self._kept)

    def fetchMore(self, parent: Index) -> None:
        """Show the next rows."""
        if self.canFetchMore(parent):
            new = min(PIECE, len(self._kept) - self._shown)
            self.beginInsertRows(QModelIndex(), self._shown, self._shown + new - 1)
            self._shown += new
            self.endInsertRows()

    # --- what is seen ---------------------------------------------------------------------------

    def retell(self) -> None:
        """Say all texts anew."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)
        if self._shown:
            corner = self.index(self._shown - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), corner)

    def rowCount(self, parent: Index | None = None) -> int:
        """Return how many rows are loaded."""
        return 0 if parent is not None and parent.isValid() else self._shown

    def columnCount(self, parent: Index | None = None) -> int:
        """Return how many columns there are."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return name or explanation of a column."""
        if way != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return str(self._look.say(f"batch.{COLUMNS[section]}"))
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(self._look.say(f"batch.{COLUMNS[section]}_help"))
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what stands in a cell; the level is a shape and a word."""
        row, column = self._kept[index.row()], COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and column == "alarm":
            return self._picture(row)
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return self._said(row, column)
        if role == EXPORT_ROLE:
            return self._exported(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in RIGHT:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _said(self, row: BatchRow, column: str) -> str:
        look = self._look
        if column == "alarm":
            return look.say("batch.refused") if row.outcome == "refused" else self._level(row)
        if column == "file":
            name = row.file.replace("\\", "/").rsplit("/", 1)[-1]
            return look.texts.put(f"{name}: {row.spectrum}" if row.spectrum else name)
        if column == "outcome":
            return look.word("outcome", row.outcome)
        if column == "names":
            nearest = look.say("batch.nearest", name=row.best) if row.best else NOTHING
            return self._named(row) if row.names else nearest
        if column == "why":
            if row.error:
                return look.texts.put(row.error)
            return " ".join(look.word("reason", code) for code in row.reasons)
        value = row.score if column == "score" else row.snr
        if value is None:
            return NOTHING
        return f"{value:.3f}" if column == "score" else f"{value:.0f}"

    def _named(self, row: BatchRow) -> str:
        """Return what is named as the card says it: a set is one or the other, never a mixture."""
        say, put = self._look.say, self._look.texts.put
        named = ""
        for names in split_names(row.names):
            either = put(names[0])
            for name in names[1:]:
                either = say("names.or", first=either, second=name)
            named = say("names.with", first=named, second=either) if named else either
        return named

    def _exported(self, row: BatchRow, column: str) -> str | None:
        if column == "file":
            return f"{row.file}: {row.spectrum}" if row.spectrum else row.file
        if column in RIGHT:
            value = row.score if column == "score" else row.snr
            return "" if value is None else f"{value:.4f}"
        return None

    def _level(self, row: BatchRow) -> str:
        word = self._look.word("alarm", row.alarm)
        return self._look.say("alarm.lead", word=word) if row.outcome == "lead" else word

    def _picture(self, row: BatchRow) -> QIcon:
        """Return the shape of the level, drawn once for each theme."""
        theme, lead = self._look.theme, row.outcome == "lead"
        level = "" if row.outcome == "refused" else row.alarm
        key = (theme.name, level, lead)
        if key not in self._icons:
            self._icons[key] = (
                shape_icon(level, theme.alarm(level), theme["surface"], dashed=lead)
                if level
                else icon("refused", theme)
            )
        return self._icons[key]
