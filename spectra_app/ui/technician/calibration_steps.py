"""The first steps of a calibration: which analyser, which standards, holding, measuring."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from matching.calibration.standards import Standard
from spectra_app.reports.texts import Said
from spectra_app.services.calibration_desk import Draft, Taken
from spectra_app.services.instrument_state import InstrumentState
from spectra_app.services.standard_scans import standards
from spectra_app.ui.fitted import WrappedLabel
from spectra_app.ui.laser_sign import LaserSign
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL
from spectra_app.ui.phrases import analyser_line, percent, step_words
from spectra_app.ui.standard_picture import HoldPicture, way_of
from spectra_app.ui.technician.calibration_plots import StepPlot
from spectra_app.ui.theme import banner_style
from spectra_app.ui.troubles import begun

if TYPE_CHECKING:
    from spectra_app.ui.lane import Lane

MEDIA = ("air", "vacuum")


def standard_name(look: Look, name: str) -> Said:
    """Return what a standard is called; a glass as on its certificate."""
    return look.word("standard", name)


def is_lamp(name: str) -> bool:
    """Tell whether it shines by itself."""
    return way_of(name) == "lamp"


class Step(QWidget):
    """One step: says its texts, shows a draft, and tells when a person changed it."""

    changed = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look, self.draft = look, Draft()
        self.words = WrappedLabel()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(8)
        self.column.addWidget(self.words)

    def show_draft(self, draft: Draft) -> None:
        """Show how far a calibration is."""
        self.draft = draft

    @property
    def ready(self) -> bool:
        """Whether a person may go on from here."""
        return True


class AnalyserStep(Step):
    """Which analyser: the connected one, or one whose scans lie in files."""

    panel_wanted = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.state = InstrumentState()
        self.connected, self.files = QRadioButton(), QRadioButton()
        self.line, self.choose = WrappedLabel(), QPushButton()
        self.serial, self.laser, self.medium = QLineEdit(), QDoubleSpinBox(), QComboBox()
        self.labels = QLabel(), QLabel(), QLabel()
        self.laser.setRange(0.0, 1200.0)
        self.laser.setDecimals(2)
        self.medium.addItems(list(MEDIA))
        self.form = QWidget()
        form = QFormLayout(self.form)
        form.setContentsMargins(28, 0, 0, 0)
        for label, field in zip(self.labels, (self.serial, self.laser, self.medium), strict=True):
            label.setBuddy(field)
            field.setMinimumHeight(TALL - 8)
            form.addRow(label, field)
        self.form.setMaximumWidth(620)
        for tall in (self.choose, self.connected, self.files):
            tall.setMinimumHeight(TALL)
        for widget in (self.connected, self.line, self.choose, self.files, self.form):
            self.column.addWidget(widget)
        self.column.setAlignment(self.choose, Qt.AlignmentFlag.AlignLeading)
        self.column.addStretch(1)
        self.choose.clicked.connect(self.panel_wanted)
        self.connected.toggled.connect(self._on_changed)
        self.serial.textEdited.connect(self._on_changed)
        self.laser.valueChanged.connect(self._on_changed)
        self.medium.currentIndexChanged.connect(self._on_changed)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look.say
        self.words.setText(say("calib.analyser_words"))
        self.connected.setText(say("calib.connected"))
        self.files.setText(say("calib.from_files"))
        self.choose.setText(say("calib.choose"))
        for label, key in zip(self.labels, ("serial", "laser", "medium"), strict=True):
            label.setText(say(f"calib.{key}"))
        self.serial.setAccessibleName(self.labels[0].text())
        self.laser.setSpecialValueText(say("calib.as_stated"))
        self.laser.setAccessibleName(self.labels[1].text())
        self.medium.setAccessibleName(self.labels[2].text())
        for place, medium in enumerate(MEDIA):
            self.medium.setItemText(place, say(f"calib.{medium}"))
        self.show_state(self.state)

    def show_draft(self, draft: Draft) -> None:
        """Show which analyser it is."""
        super().show_draft(draft)
        for widget in (self.connected, self.serial, self.laser, self.medium):
            widget.blockSignals(True)
        self.connected.setChecked(not draft.by_file)
        self.files.setChecked(draft.by_file)
        if draft.by_file and self.serial.text().strip() != draft.serial:
            self.serial.setText(draft.serial)
        self.laser.setValue(draft.laser_nm or 0.0)
        self.medium.setCurrentIndex(MEDIA.index(draft.medium))
        for widget in (self.connected, self.serial, self.laser, self.medium):
            widget.blockSignals(False)
        self.form.setEnabled(draft.by_file)
        self.choose.setEnabled(not draft.by_file)

    def show_state(self, state: InstrumentState) -> None:
        """Show the analyser that is connected."""
        self.state = state
        self.line.setText(analyser_line(state, self.look.texts))

    @property
    def ready(self) -> bool:
        """Whether it is known which analyser."""
        if self.draft.by_file:
            return bool(self.draft.serial)
        return self.state.connected

    @Slot()
    def _on_changed(self) -> None:
        by_file = self.files.isChecked()
        state = self.state
        serial = self.serial.text().strip() if by_file else state.serial
        self.changed.emit(
            replace(
                self.draft,
                by_file=by_file,
                serial=serial,
                model="" if by_file else state.model,
                laser_nm=(self.laser.value() or None) if by_file else None,
                medium="vacuum" if by_file and self.medium.currentIndex() else "air",
            )
        )


class StandardsStep(Step):
    """Which standards and lamps."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.list, self.advice = QListWidget(), WrappedLabel()
        self.advice.setObjectName("section")
        self.column.addWidget(self.list, 1)
        self.column.addWidget(self.advice)
        for one in standards():
            item = QListWidgetItem()
            item.setData(Qt.ItemDataRole.UserRole, one.name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.itemChanged.connect(self._on_changed)
        look.tell(self.retell)
        look.paint(self._paint)

    def _paint(self) -> None:
        """Paint boxes that are seen on a dark ground too: hollow, or filled when ticked."""
        theme = self.look.theme
        box = "width: 14px; height: 14px; border-radius: 3px; border: 2px solid"
        self.list.setStyleSheet(
            f"QListWidget::indicator {{ {box} {theme['muted']}; background: {theme['surface']}; }}"
            f"QListWidget::indicator:checked {{ {box} {theme['accent']};"
            f" background: {theme['accent']}; }}"
        )

    def retell(self) -> None:
        """Say all texts."""
        self.words.setText(self.look.say("calib.standards_words"))
        self.list.setAccessibleName(self.look.say("calib.standards"))
        self.list.blockSignals(True)
        for row, one in enumerate(standards()):
            self.list.item(row).setText(self._line(one))
        self.list.blockSignals(False)
        self._advise()

    def _line(self, one: Standard) -> Said:
        unit = "nm" if one.kind == "lamp" else "cm⁻¹"
        low, high = one.lines[0].position, one.lines[-1].position
        if len(one.lines) == 1:
            name, at = standard_name(self.look, one.name), f"{low:.1f} {unit}"
            return self.look.say("calib.one_line", name=name, at=at)
        return self.look.say(
            f"calib.{one.kind}_line", name=standard_name(self.look, one.name),
            count=len(one.lines), low=f"{low:.0f}", high=f"{high:.0f} {unit}",
        )  # fmt: skip

    def show_draft(self, draft: Draft) -> None:
        """Show which are chosen."""
        super().show_draft(draft)
        self.list.blockSignals(True)
        for row in range(self.list.count()):
            item = self.list.item(row)
            chosen = item.data(Qt.ItemDataRole.UserRole) in draft.standards
            item.setCheckState(Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked)
        self.list.blockSignals(False)
        self._advise()

    @property
    def ready(self) -> bool:
        """Whether there is one to measure."""
        return bool(self.draft.standards)

    def _advise(self) -> None:
        """Say what the chosen ones give together."""
        lamps = [is_lamp(name) for name in self.draft.standards]
        key = "none"
        if lamps:
            key = "both" if any(lamps) and not all(lamps) else "lamp" if all(lamps) else "raman"
        self.advice.setText(self.look.say(f"calib.advice_{key}"))

    @Slot()
    def _on_changed(self) -> None:
        items = (self.list.item(row) for row in range(self.list.count()))
        chosen = tuple(
            str(one.data(Qt.ItemDataRole.UserRole))
            for one in items
            if one.checkState() == Qt.CheckState.Checked
        )
        kept = tuple(one for one in self.draft.scans if one.standard in chosen)
        self.changed.emit(replace(self.draft, standards=chosen, scans=kept))


class HoldStep(Step):
    """How to hold what was chosen: a picture and a sentence for each."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.column.addWidget(self.area, 1)
        self._shown: tuple[str, ...] = ()
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        self.words.setText(self.look.say("calib.hold_words"))
        self._fill()

    def show_draft(self, draft: Draft) -> None:
        """Show a card for each."""
        super().show_draft(draft)
        if draft.standards != self._shown:
            self._fill()

    def _fill(self) -> None:
        self._shown = self.draft.standards
        body = QWidget()
        body.setObjectName("scrolled")
        column = QVBoxLayout(body)
        for name in self._shown:
            card, row = QFrame(), QHBoxLayout()
            card.setObjectName("panel")
            card.setLayout(row)
            way = way_of(name)
            picture = HoldPicture(self.look, way)
            words = WrappedLabel()
            title = standard_name(self.look, name)
            words.setText(f"<b>{title}</b><br>{self.look.say(f'calib.hold_{way}')}")
            picture.setAccessibleName(self.look.say(f"calib.hold_{way}"))
            row.addWidget(picture)
            row.addWidget(words, 1)
            column.addWidget(card)
        column.addStretch(1)
        self.area.setWidget(body)


class MeasureStep(Step):
    """Measure each, or take it from a file; what came of it, with the spectrum."""

    measure_wanted = Signal(str)
    file_wanted = Signal(str)
    stop_wanted = Signal()

    def __init__(self, look: Look, lane: Lane) -> None:
        super().__init__(look)
        self.state, self.busy = InstrumentState(), ""
        self.taken: dict[str, Taken] = {}
        self.banner, self.sign = QLabel(), LaserSign(look, 30, 14.0)
        self.warning = WrappedLabel()
        self.rows, self.grid = QWidget(), QGridLayout()
        self.rows.setLayout(self.grid)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setColumnStretch(1, 1)
        self.measure: dict[str, QPushButton] = {}
        self.file: dict[str, QPushButton] = {}
        self.said: dict[str, QLabel] = {}
        self.titles: list[QLabel] = []
        self.stage, self.bar, self.stop = QLabel(), QProgressBar(), QPushButton()
        self.bar.setTextVisible(False)
        self.stop.setMinimumHeight(60)
        self.stop.setObjectName("danger")
        self.plot = StepPlot(look, lane)
        self.banner.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for widget in (self.banner, self.sign, self.warning, self.rows, self.stage, self.bar):
            self.column.addWidget(widget)
        self.column.addWidget(self.stop)
        self.column.addWidget(self.plot, 1)
        self.stop.clicked.connect(self.stop_wanted)
        look.tell(self.retell)
        look.paint(self._paint)

    def _paint(self) -> None:
        self.banner.setStyleSheet(banner_style(self.look.theme))

    def retell(self) -> None:
        """Say all texts."""
        say = self.look.say
        self.words.setText(say("calib.measure_words"))
        self.banner.setText(say("card.emulated"))
        self.warning.setText(say("calib.warning"))
        self.stop.setText(say("panel.stop"))
        self.bar.setAccessibleName(say("panel.progress"))
        self._fill()

    def show_draft(self, draft: Draft) -> None:
        """Show a row for each standard that was chosen."""
        again = draft.standards != self.draft.standards or draft.by_file != self.draft.by_file
        super().show_draft(draft)
        if again:
            self._fill()
        self._show_rows()

    @property
    def ready(self) -> bool:
        """Whether every standard was measured, and nothing is being measured."""
        done = {one.standard for one in self.draft.scans}
        return not self.busy and bool(done) and done >= set(self.draft.standards)

    def _fill(self) -> None:
        for old in (*self.measure.values(), *self.file.values(), *self.said.values()):
            old.hide()  # at once: it is deleted later
            old.deleteLater()
        for known in (self.measure, self.file, self.said):
            known.clear()
        for title in self.titles:
            title.hide()
            title.deleteLater()
        self.titles = []
        say = self.look.say
        for row, name in enumerate(self.draft.standards):
            title, said = QLabel(standard_name(self.look, name)), QLabel()
            said.setWordWrap(True)
            measure, file = QPushButton(), QPushButton()
            measure.setText(say("calib.measure"))
            file.setText(say("calib.file"))
            for button, signal, verb in (
                (measure, self.measure_wanted, "measure"), (file, self.file_wanted, "file"),
            ):  # fmt: skip
                button.setMinimumHeight(TALL)
                button.setAccessibleName(f"{say(f'calib.{verb}')} {title.text()}")
                button.clicked.connect(lambda _c=False, s=signal, n=name: s.emit(n))
            for place, widget in enumerate((title, said, measure, file)):
                self.grid.addWidget(widget, row, place)
            self.titles.append(title)
            self.measure[name], self.file[name], self.said[name] = measure, file, said
        self._show_rows()

    def show_taken(self, name: str, taken: Taken) -> None:
        """Show what came of a standard, and its spectrum."""
        self.taken[name] = taken
        self._show_rows()
        self.plot.show_scan(taken, lambda: standard_name(self.look, name))

    def show_state(self, state: InstrumentState) -> None:
        """Show the laser, and let be pressed what can be."""
        self.state = state
        self.sign.show_state(state.laser)
        self._show_rows()

    def begin(self, name: str) -> None:
        """Show that a standard is being measured."""
        self.busy = name
        self.bar.setRange(0, 0)
        self.stage.setText(self.look.say("panel.scan_begins"))
        self._show_rows()

    def show_progress(self, fraction: float, words: str) -> None:
        """Show how far it is."""
        self.bar.setRange(0, 100)
        self.bar.setValue(round(100 * fraction))
        text = begun(step_words(words, self.look.texts))
        self.stage.setText(text)
        self.bar.setAccessibleDescription(f"{percent(fraction)}: {text}")

    def end(self) -> None:
        """Show that it is over."""
        self.busy = ""
        self._show_rows()

    def _show_rows(self) -> None:
        by_file, state = self.draft.by_file, self.state
        self.banner.setVisible(not by_file and state.emulated and state.connected)
        self.sign.setVisible(not by_file and state.connected)
        self.warning.setVisible(not by_file)
        ready = state.phase == "ready" and not self.busy and not state.alarm
        for name, button in self.measure.items():
            button.setVisible(not by_file)
            button.setEnabled(ready)
            self.file[name].setEnabled(not self.busy)
            self.said[name].setText(self._what(name))
        for widget in (self.stage, self.bar, self.stop):
            widget.setVisible(bool(self.busy))
        self.stop.setEnabled(not state.stopping)

    def _what(self, name: str) -> str:
        """Return what came of a standard so far."""
        say, taken = self.look.say, self.taken.get(name)
        if self.busy == name:
            return say("calib.measuring")
        if taken is None:
            return say("calib.not_yet")
        if taken.looked is None:
            return say("calib.taken")
        looked = taken.looked
        return say(
            f"looked.{looked.verdict}", used=looked.used, expected=looked.expected,
            name=standard_name(self.look, name),
        )  # fmt: skip
