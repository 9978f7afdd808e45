"""The candidates: the library entries most like the scan, with every figure named and scaled."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QLabel,
    QTableView,
    QVBoxLayout,
)

from spectra_app.records.identification import Candidate
from spectra_app.ui.phrases import COLUMN_HELP, percent

HEADERS = ("#", "Reference", "Kind", "Score 0–1", "Explains", "Missing", "Shift cm⁻¹")
_Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
HIDDEN_BELOW = {0: 700, 6: 600}  # column: width of the panel in pixels


def cell(candidate: Candidate, column: int) -> str:
    """Return the text of one cell."""
    return (
        str(candidate.rank),
        candidate.name,
        "EMULATED" if candidate.kind == "emulated" else candidate.kind,
        f"{candidate.score:.3f}",
        percent(candidate.explains),
        percent(candidate.missing),
        f"{candidate.shift_cm1:+.1f}",
    )[column]


class CandidateModel(QAbstractTableModel):
    """The candidates of one record as a table."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[Candidate, ...] = ()
        self._metric = ""

    def show_candidates(self, rows: tuple[Candidate, ...], metric: str) -> None:
        """Show `rows`; `metric` is the name of the score."""
        self.beginResetModel()
        self._rows, self._metric = rows, metric
        self.endResetModel()

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:
        """Return the number of candidates."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(HEADERS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return text, alignment or explanation of a cell."""
        if role == Qt.ItemDataRole.DisplayRole:
            return cell(self._rows[index.row()], index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            candidate = self._rows[index.row()]
            text = f"{cell(candidate, index.column())}\n{COLUMN_HELP[index.column()]}"
            return f"{text}\nEntry {candidate.entry}" if index.column() == 1 else text
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """Return title, alignment or explanation of a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        if role == Qt.ItemDataRole.ToolTipRole:
            name = f"\nMetric: {self._metric}" if section == 3 and self._metric else ""
            return COLUMN_HELP[section] + name
        return None


def _alignment(column: int) -> int:
    side = Qt.AlignmentFlag.AlignLeft if column in {1, 2} else Qt.AlignmentFlag.AlignRight
    return int(side | Qt.AlignmentFlag.AlignVCenter)


class CandidateTable(QTableView):
    """The table; Ctrl+C copies it as text."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy the whole table with its header, so that no figure loses its name."""
        if not event.matches(QKeySequence.StandardKey.Copy):
            super().keyPressEvent(event)
            return
        model = self.model()
        lines = ["\t".join(HEADERS)]
        for row in range(model.rowCount()):
            cells = (str(model.index(row, column).data()) for column in range(len(HEADERS)))
            lines.append("\t".join(cells))
        QGuiApplication.clipboard().setText("\n".join(lines) + "\n")


class CandidatePanel(QFrame):
    """Title and table; hidden while there is nothing to compare."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.title = QLabel("Nearest references in the library (not verdicts)")
        self.model, self.table = CandidateModel(), CandidateTable()
        self._build()
        self.show_candidates((), "")

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 10, 8, 8)
        layout.setSpacing(4)
        self.title.setObjectName("panelTitle")
        layout.addWidget(self.title)
        layout.addWidget(self.table)
        table = self.table
        table.setModel(self.model)
        table.setAccessibleName("Nearest references; choose one to draw it")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setTabKeyNavigation(False)
        table.setTextElideMode(Qt.TextElideMode.ElideRight)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(28)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        table.selectionModel().currentRowChanged.connect(self._on_row)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the names the room of rank and shift where the window is narrow."""
        super().resizeEvent(event)
        for column, width in HIDDEN_BELOW.items():
            self.table.setColumnHidden(column, self.width() < width)

    def show_candidates(self, rows: tuple[Candidate, ...], metric: str) -> None:
        """Show `rows` and choose the first without announcing it."""
        selection = self.table.selectionModel()
        blocked = selection.blockSignals(True)
        self.model.show_candidates(rows, metric)
        selection.blockSignals(blocked)
        self.setVisible(bool(rows))
        if rows:
            self.table.selectRow(0)

    @Slot(QModelIndex, QModelIndex)
    def _on_row(self, current: QModelIndex, previous: QModelIndex) -> None:
        del previous
        if current.isValid():
            self.chosen.emit(current.row())
