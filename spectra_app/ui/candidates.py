"""The candidates: the library entries most like the scan, with every figure named and scaled."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
)

from spectra_app.records.identification import Candidate
from spectra_app.ui.look import Look
from spectra_app.ui.phrases import percent

COLUMNS = ("rank", "reference", "kind", "score", "explains", "missing", "shift")
TEXTUAL = {"reference", "kind", "rate", "control"}
_Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
HEADER, ROW = 38, 28  # pixels
HIDDEN_BELOW = {0: 700, 6: 600, 5: 440, 4: 400}  # column: width of the panel in pixels


def cells(candidate: Candidate, look: Look) -> dict[str, str]:
    """Return the texts of one row by column."""
    put = look.texts.put
    return {
        "rank": str(candidate.rank),
        "reference": put(candidate.name),
        "kind": look.word("kind", candidate.kind),
        "score": f"{candidate.score:.3f}",
        "explains": put(percent(candidate.explains)),
        "missing": put(percent(candidate.missing)),
        "shift": put(f"{candidate.shift_cm1:+.1f}"),
    }


class CandidateModel(QAbstractTableModel):
    """The candidates of one record as a table.

    Parameters
    ----------
    look : Look
        Language.
    columns : tuple of str
        What is told of each; the text of a title is `table.<column>`.
    """

    def __init__(self, look: Look, columns: tuple[str, ...] = COLUMNS) -> None:
        super().__init__()
        self._look, self.columns = look, columns
        self._rows: tuple[Candidate, ...] = ()
        self._metric = ""
        self._told: dict[int, dict[str, str]] = {}

    def retell(self) -> None:
        """Say all texts anew."""
        self._told.clear()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)
        if self._rows:
            corner = self.index(len(self._rows) - 1, len(self.columns) - 1)
            self.dataChanged.emit(self.index(0, 0), corner)

    def show_candidates(self, rows: tuple[Candidate, ...], metric: str) -> None:
        """Show `rows`; `metric` is the name of the score."""
        self.beginResetModel()
        self._rows, self._metric = rows, metric
        self._told.clear()
        self.endResetModel()

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:
        """Return the number of candidates."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return text, alignment or explanation of a cell."""
        column = self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.said(index.row(), column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ToolTipRole:
            text = f"{self.said(index.row(), column)}\n{self._help(column)}"
            if column != "reference":
                return text
            entry = self._rows[index.row()].entry
            return f"{text}\n{self._look.say('table.entry', entry=entry)}"
        return None

    def said(self, row: int, column: str) -> str:
        """Return the text of one cell."""
        if row not in self._told:  # a table asks for each text many times to find its widths
            self._told[row] = cells(self._rows[row], self._look)
        return self._told[row][column]

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """Return title, alignment or explanation of a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return str(self._look.say(f"table.{column}"))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ToolTipRole:
            if column != "score" or not self._metric:
                return self._help(column)
            metric = self._look.say("table.metric", metric=self._look.word("metric", self._metric))
            return f"{self._help(column)}\n{metric}"
        return None

    def _help(self, column: str) -> str:
        return str(self._look.say(f"table.{column}_help"))


def _alignment(column: str) -> int:
    side = Qt.AlignmentFlag.AlignLeft if column in TEXTUAL else Qt.AlignmentFlag.AlignRight
    return int(side | Qt.AlignmentFlag.AlignVCenter)


class CandidateTable(QTableView):
    """The table; Ctrl+C copies it as text."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy the whole table with its header, so that no figure loses its name."""
        if not event.matches(QKeySequence.StandardKey.Copy):
            super().keyPressEvent(event)
            return
        model = self.model()
        columns = range(model.columnCount())
        across = Qt.Orientation.Horizontal
        lines = ["\t".join(str(model.headerData(column, across)) for column in columns)]
        lines += [
            "\t".join(str(model.index(row, column).data()) for column in columns)
            for row in range(model.rowCount())
        ]
        QGuiApplication.clipboard().setText("\n".join(lines) + "\n")


class CandidatePanel(QFrame):
    """Title and table; hidden while there is nothing to compare."""

    chosen = Signal(int)
    closer_wanted = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._look, self.title, self.closer = look, QLabel(), QPushButton()
        self.closer.setObjectName("segment")
        self.closer.clicked.connect(self.closer_wanted)
        self.title.setWordWrap(True)
        self.model, self.table = CandidateModel(look), CandidateTable()
        self._build()
        look.tell(self.retell)
        self.show_candidates((), "")

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 10, 8, 8)
        layout.setSpacing(4)
        self.title.setObjectName("panelTitle")
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.closer)
        layout.addLayout(head)
        layout.addWidget(self.table)
        table = self.table
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setTabKeyNavigation(False)
        table.setTextElideMode(Qt.TextElideMode.ElideRight)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(ROW)
        table.setMinimumHeight(HEADER + 2 * ROW)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        table.selectionModel().currentRowChanged.connect(self._on_row)

    def retell(self) -> None:
        """Say all texts."""
        self.title.setText(self._look.say("table.title"))
        hint = self._look.say("compare.closer_hint")
        self.closer.setText(self._look.say("compare.closer"))
        self.closer.setToolTip(self._look.say("bar.hint", hint=hint, press="F7"))
        self.closer.setShortcut("F7")
        self.table.setAccessibleName(self._look.say("table.name"))
        self.model.retell()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the names the room of rank, shift and shares where the window is narrow."""
        super().resizeEvent(event)
        for column, width in HIDDEN_BELOW.items():
            self.table.setColumnHidden(column, self.width() < width)

    def show_candidates(self, rows: tuple[Candidate, ...], metric: str) -> None:
        """Show `rows` and choose the first without announcing it."""
        blocked = self.blockSignals(True)
        self.model.show_candidates(rows, metric)
        self.setVisible(bool(rows))
        if rows:
            self.table.setCurrentIndex(self.model.index(0, 1))
        self.blockSignals(blocked)

    @Slot(QModelIndex, QModelIndex)
    def _on_row(self, current: QModelIndex, previous: QModelIndex) -> None:
        del previous
        if current.isValid():
            self.chosen.emit(current.row())
