"""The peaks of the spectrum shown as a table, with the nearest band of what it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from matching.peak_table import Assigned, PeakRow
from spectra_app.ui.fitted import ElidedLabel
from spectra_app.ui.flat_model import choose_row
from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look
from spectra_app.ui.tables import EXPORT_ROLE, TableKeeper

COLUMNS = ("position", "height", "prominence", "fwhm", "area", "snr", "assigned", "distance")
WORDS = (6,)  # columns of text
_Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()


@dataclass(frozen=True, slots=True)
class Peak:
    """A row: the band, and the nearest one of a reference, if any."""

    row: PeakRow
    nearest: Assigned | None = None


def figures(peak: Peak, column: str) -> tuple[str, str]:
    """Return what a cell shows, and what it gives to a file."""
    row, nearest = peak.row, peak.nearest
    if column == "assigned":
        words = f"{nearest.name} {nearest.band_cm1:.0f}" if nearest else "–"
        return words, words if nearest else ""
    value = {
        "position": row.position_cm1, "height": row.height, "prominence": row.prominence,
        "fwhm": row.fwhm_cm1, "area": row.area, "snr": row.snr,
        "distance": nearest.distance_cm1 if nearest else None,
    }[column]  # fmt: skip
    if value is None:
        return "–", ""
    if column in {"position", "fwhm"}:
        return f"{value:.1f}", f"{value:.3f}"
    if column == "distance":
        return f"{value:+.1f}", f"{value:.3f}"
    if column == "snr":
        return f"{value:.0f}", f"{value:.3g}"
    return f"{value:.4g}", f"{value:.6g}"


class PeakModel(QAbstractTableModel):
    """The peaks as a table."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.peaks: tuple[Peak, ...] = ()

    def show_peaks(self, peaks: Sequence[Peak]) -> None:
        """Show other peaks."""
        self.beginResetModel()
        self.peaks = tuple(peaks)
        self.endResetModel()

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:
        """Return the number of peaks."""
        return 0 if parent.isValid() else len(self.peaks)

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text of a cell, for the screen or for a file."""
        shown, full = figures(self.peaks[index.row()], COLUMNS[index.column()])
        if role == Qt.ItemDataRole.DisplayRole:
            return shown
        if role == EXPORT_ROLE:
            return full
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return title or definition of a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return str(self._look.say(f"examine.peak_{COLUMNS[section]}"))
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(self._look.say(f"examine.peak_{COLUMNS[section]}_help"))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def retell(self) -> None:
        """Say all titles anew."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)


def _alignment(column: int) -> int:
    side = Qt.AlignmentFlag.AlignLeft if column in WORDS else Qt.AlignmentFlag.AlignRight
    return int(side | Qt.AlignmentFlag.AlignVCenter)


class PeaksPanel(QWidget):
    """The table with what it is of, and a button to save it."""

    chosen = Signal(float)

    def __init__(self, look: Look, lane: Lane) -> None:
        super().__init__()
        self._look = look
        self.model, self.table = PeakModel(look, self), QTableView()
        self.what, self.hint = ElidedLabel(), QLabel()
        self._name = ""
        self.keeper = TableKeeper(self.table, look, lane, self._called)
        self.save = self.keeper.button()
        self._build()
        look.tell(self.retell)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(4)
        top = QHBoxLayout()
        self.what.setObjectName("panelTitle")
        self.save.setObjectName("segment")
        top.addWidget(self.what, 1)
        top.addWidget(self.save)
        column.addLayout(top)
        self.hint.setObjectName("hint")
        self.hint.setWordWrap(True)
        column.addWidget(self.hint)
        column.addWidget(self.table, 1)
        table = self.table
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.setMinimumHeight(90)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(26)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(COLUMNS.index("assigned"), QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(60)
        table.selectionModel().currentRowChanged.connect(self._on_row)
        self.setFocusProxy(table)

    def retell(self) -> None:
        """Say all texts."""
        self.table.setAccessibleName(self._look.say("examine.peaks_table"))
        self.model.retell()
        self._show_name()

    def _called(self) -> str:
        return str(self._look.say("examine.peaks_of", name=self._name))

    def _show_name(self) -> None:
        say = self._look.say
        self.what.set_text(self._called() if self._name else say("examine.dock_peaks"))
        none = not self.model.peaks
        key = "examine.no_peaks" if self._name else "examine.nothing_shown"
        self.hint.setText(say(key))
        self.hint.setVisible(none)
        self.save.setEnabled(not none)

    def show_peaks(self, name: str, peaks: Sequence[Peak]) -> None:
        """Show the peaks of a spectrum; the one chosen stays when it is still there."""
        kept = self.chosen_cm1()
        self._name = name
        selection = self.table.selectionModel()
        blocked = selection.blockSignals(True)
        self.model.show_peaks(peaks)
        selection.blockSignals(blocked)
        self._show_name()
        if kept is not None:
            self.choose(kept, within=2.0)

    def chosen_cm1(self) -> float | None:
        """Return where the peak chosen lies."""
        row = self.table.currentIndex().row()
        return self.model.peaks[row].row.position_cm1 if 0 <= row < len(self.model.peaks) else None

    def choose(self, position_cm1: float, within: float = 0.1) -> None:
        """Choose the row of a peak."""
        for row, peak in enumerate(self.model.peaks):
            if abs(peak.row.position_cm1 - position_cm1) <= within:
                choose_row(self.table, row)
                self.table.scrollTo(self.model.index(row, 0))

    @Slot(QModelIndex, QModelIndex)
    def _on_row(self, current: QModelIndex, previous: QModelIndex) -> None:
        del previous
        if current.isValid():
            self.chosen.emit(self.model.peaks[current.row()].row.position_cm1)
