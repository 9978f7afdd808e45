"""How a table is cut that no reader knows: proposed, looked at, corrected, and kept."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from matching.errors import SpectraError
from spectra_app.services.import_looking import Looked, Preview, Profile, cut_by, keep_profile
from spectra_app.ui.lane import Job, Lane
from spectra_app.ui.look import Look
from spectra_app.ui.troubles import told

UNITS = ("cm-1", "nm")
SEPARATORS = ("tab", "semicolon", "comma", "blanks")
DECIMALS = (".", ",")
MOST_COLUMNS = 200
MOST_LINES = 100_000


class ProfileDialog(QDialog):
    """Shows how a file is cut by what is set, and keeps that as an import profile.

    Parameters
    ----------
    parent : QWidget
        Owner.
    look : Look
        Language and theme.
    lane : Lane
        Where the file is read.
    looked : Looked
        The file with what was proposed.
    """

    kept = Signal()

    def __init__(self, parent: QWidget, look: Look, lane: Lane, looked: Looked) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if looked.proposal is None:
            raise ValueError("there is nothing proposed for this file")
        self._look, self._lane, self._looked = look, lane, looked
        self._profile: Profile = looked.proposal.profile
        self.name, self.first = QLineEdit(), QLineEdit()
        self.unit, self.separator, self.decimal = QComboBox(), QComboBox(), QComboBox()
        self.axis, self.intensity, self.skip = QSpinBox(), QSpinBox(), QSpinBox()
        self.laser = QDoubleSpinBox()
        self.fields: dict[str, QWidget] = {
            "name": self.name, "first_line": self.first, "separator": self.separator,
            "decimal": self.decimal, "skip": self.skip, "axis": self.axis, "unit": self.unit,
            "intensity": self.intensity, "laser": self.laser,
        }  # fmt: skip
        self.labels = {name: QLabel() for name in self.fields}
        self.head, self.rows, self.words = QPlainTextEdit(), QTableWidget(), QLabel()
        self.keep, self.close_it = QPushButton(), QPushButton()
        self._lay_out()
        self._fill()
        self._connect()
        look.tell(self.retell)
        self.show_preview(looked.proposal)

    def _lay_out(self) -> None:
        self.resize(860, 600)
        self.head.setReadOnly(True)
        self.head.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.head.setMaximumHeight(130)
        self.words.setWordWrap(True)
        self.keep.setObjectName("primary")
        grid = QGridLayout()
        for place, (name, widget) in enumerate(self.fields.items()):
            self.labels[name].setBuddy(widget)
            grid.addWidget(self.labels[name], 2 * (place // 3), place % 3)
            grid.addWidget(widget, 2 * (place // 3) + 1, place % 3)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.close_it)
        row.addWidget(self.keep)
        column = QVBoxLayout(self)
        column.addWidget(self.head)
        column.addLayout(grid)
        column.addWidget(self.rows, 1)
        column.addWidget(self.words)
        column.addLayout(row)

    def _fill(self) -> None:
        profile = self._profile
        for box, codes in (
            (self.unit, UNITS), (self.separator, SEPARATORS), (self.decimal, DECIMALS),
        ):  # fmt: skip
            for code in codes:
                box.addItem("", code)
        for spin, value, most in (
            (self.axis, profile.axis, MOST_COLUMNS),
            (self.intensity, profile.intensity, MOST_COLUMNS),
            (self.skip, profile.skip, MOST_LINES),
        ):
            spin.setRange(0 if spin is self.skip else 1, most)
            spin.setValue(value)
        self.laser.setRange(0.0, 2500.0)
        self.laser.setDecimals(1)
        self.laser.setSuffix(" nm")
        self.laser.setValue(profile.laser_nm or 0.0)
        self.name.setText(profile.name)
        self.first.setText(profile.first_line)
        self.unit.setCurrentIndex(self.unit.findData(profile.unit))
        self.separator.setCurrentIndex(self.separator.findData(profile.separator))
        self.decimal.setCurrentIndex(self.decimal.findData(profile.decimal))

    def _connect(self) -> None:
        for box in (self.unit, self.separator, self.decimal):
            box.activated.connect(self._cut)
        for spin in (self.axis, self.intensity, self.skip, self.laser):
            spin.valueChanged.connect(self._cut)
        self.first.editingFinished.connect(self._cut)
        self.keep.clicked.connect(self._keep)
        self.close_it.clicked.connect(self.reject)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.setWindowTitle(say("library.import_describe"))
        for name, label in self.labels.items():
            label.setText(say(f"library.profile_{name}"))
        for box in (self.unit, self.separator, self.decimal):
            for place in range(box.count()):
                code = box.itemData(place)
                box.setItemText(place, self._look.word("library.cut", code))
        self.laser.setSpecialValueText(say("library.not_known"))
        self.keep.setText(say("library.profile_keep"))
        self.close_it.setText(say("text.close"))
        self.head.setAccessibleName(say("library.profile_head"))
        self.rows.setAccessibleName(say("library.profile_rows"))

    def profile(self) -> Profile:
        """Return the profile as it is set; raise ProfileError when that is none."""
        return replace(
            self._profile,
            name=self.name.text().strip() or self._profile.name,
            first_line=self.first.text(),
            unit=self.unit.currentData(),
            separator=self.separator.currentData(),
            decimal=self.decimal.currentData(),
            skip=self.skip.value(),
            marker="",
            axis=self.axis.value(),
            intensity=self.intensity.value(),
            laser_nm=self.laser.value() or None,
        )

    def show_preview(self, shown: Preview) -> None:
        """Show how the file is cut, and what is wrong with that."""
        say, put = self._look.say, self._look.texts.put
        self.head.setPlainText("\n".join(shown.head[:8]))
        wide = len(shown.rows[0]) if shown.rows else 0
        self.rows.clear()
        self.rows.setRowCount(len(shown.rows))
        self.rows.setColumnCount(wide)
        self.rows.setHorizontalHeaderLabels(
            list(shown.names) or [str(place + 1) for place in range(wide)]
        )
        for at, cells in enumerate(shown.rows):
            for place, text in enumerate(cells[:wide]):
                self.rows.setItem(at, place, QTableWidgetItem(text))
        span = ""
        if shown.span is not None:
            first, last = (f"{value:g}" for value in shown.span)
            span = say("library.profile_span", first=first, last=last, count=shown.count)
        told = [span, *map(put, shown.problems)]
        if not self.first.text().strip():
            told.append(say("library.profile_nobody"))
        self.words.setText("\n".join(filter(None, told)))
        self.keep.setEnabled(not shown.problems and bool(self.first.text().strip()))

    @Slot()
    def _cut(self) -> None:
        self.keep.setEnabled(False)
        try:
            profile = self.profile()
        except SpectraError as error:
            self.words.setText(str(told(error, self._look.texts)))
            return
        work = partial(cut_by, self._looked.path, profile)
        self._lane.submit(Job("Cutting the file", lambda _tell, _stop: work(), self._take))

    def _take(self, job: Job) -> None:
        if job.error is not None:
            self.words.setText(str(told(job.error, self._look.texts)))
        elif job.result is not None:
            self.show_preview(job.result)

    @Slot()
    def _keep(self) -> None:
        work = partial(keep_profile, self.profile())  # only offered while it is one
        self._lane.submit(Job("Keeping the profile", lambda _tell, _stop: work(), self._kept))

    def _kept(self, job: Job) -> None:
        if job.error is not None:
            self.words.setText(str(told(job.error, self._look.texts)))
            return
        self.kept.emit()
        self.accept()
