"""The last steps of a calibration: lines, axis, resolution, response, and the decision."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QSplitter,
)

from spectra_app.records.calibration import CalibrationRecord
from spectra_app.services.calibration_desk import Decided, Draft, Proposal, Taken, glasses
from spectra_app.services.instrument_state import InstrumentState
from spectra_app.ui.fitted import WrappedLabel
from spectra_app.ui.fleet_look import moment
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL
from spectra_app.ui.row_table import Cell, RowTable
from spectra_app.ui.technician.calibration_plots import StepPlot
from spectra_app.ui.technician.calibration_steps import Step, standard_name

if TYPE_CHECKING:
    from spectra_app.ui.lane import Lane

COLUMNS = ("standard", "expected", "found", "off_before", "off_after", "snr", "use")


class ResultStep(Step):
    """A step that shows a proposal."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.proposal: Proposal | None = None

    def show_proposal(self, proposal: Proposal | None) -> None:
        """Show what a calibration would be; None while that is being reckoned."""
        self.proposal = proposal
        self.show_result()

    def show_result(self) -> None:
        """Show the proposal in the language of now."""

    def record(self, kind: str) -> CalibrationRecord | None:
        """Return the record of a kind that is proposed."""
        return self.proposal.of_kind(kind) if self.proposal else None


class LinesStep(ResultStep):
    """Every line of the standards: expected, found, and how far off, as plot and table."""

    def __init__(self, look: Look, lane: Lane) -> None:
        super().__init__(look)
        self.plot = StepPlot(look, lane)
        self.table = RowTable(look, lane, lambda: look.say("calib.lines_title"))
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self.plot)
        split.addWidget(self.table)
        self._saving = QHBoxLayout()
        self._saving.addStretch(1)
        self.column.addLayout(self._saving)
        self.column.addWidget(split, 1)
        look.tell(self.show_result)

    def showEvent(self, event: QShowEvent) -> None:
        """Offer to save plot and table; the plot is made with its button, when first shown."""
        super().showEvent(event)
        if self._saving.count() > 1:
            return
        for keeper in (self.plot.keeper, self.table.keeper):
            button = keeper.button()
            button.setObjectName("segment")
            self._saving.addWidget(button)

    def show_result(self) -> None:
        """Show the lines."""
        say, record = self.look.say, self.record("axis")
        self.table.setAccessibleName(say("calib.lines_title"))
        if record is None:
            self.words.setText(say("calib.reckoning"))
            self.plot.clear()
            self.table.fill((), ())
            return
        shown = [row for row in record.lines if row["use"] != "outside_range"]
        used = sum(row["use"] == "used" for row in shown)
        self.words.setText(say("calib.lines_words", used=used, expected=len(shown)))
        self.plot.show_residuals(record)
        titles = [say(f"calib.{name}") for name in COLUMNS]
        self.table.fill(titles, [self._row(row) for row in shown])

    def _row(self, row: dict[str, Any]) -> list[Cell]:
        put, unit = self.look.texts.put, row["unit"].replace("cm-1", "cm⁻¹")
        figures = (
            (row["expected"], f" {unit}"), (row["found"], f" {unit}"), (row["before_cm1"], ""),
            (row["after_cm1"], ""), (row["snr"], ""),
        )  # fmt: skip
        forms = (".2f", ".2f", "+.2f", "+.2f", ".0f")
        cells = [
            Cell("" if value is None else put(f"{value:{form}}{after}"), value)
            for (value, after), form in zip(figures, forms, strict=True)
        ]
        name = standard_name(self.look, row["standard"])
        return [Cell(name, row["standard"]), *cells, Cell(self.look.word("use", row["use"]))]


class AxisStep(ResultStep):
    """The fitted axis: what was corrected, of which degree, and how sure it is."""

    def __init__(self, look: Look, lane: Lane) -> None:
        super().__init__(look)
        self.plot = StepPlot(look, lane)
        self.column.addWidget(self.plot, 1)
        look.tell(self.show_result)

    def show_result(self) -> None:
        """Show the axis, or why there is none."""
        say, record = self.look.say, self.record("axis")
        if record is None or self.proposal is None:
            self.words.setText(say("calib.reckoning"))
            self.plot.clear()
            return
        self.words.setText("<br>".join(axis_lines(self.look, record)))
        if not record.passed:
            self.plot.clear()
            return
        self.plot.show_curve(
            self.proposal.axis_cm1, self.proposal.moved_cm1, "calib.moved", "calib.axis_title"
        )


def axis_lines(look: Look, record: CalibrationRecord) -> list[str]:
    """Return what was fitted, as sentences; of a refused axis why."""
    say, result = look.say, record.result
    if not record.passed:
        reasons = [escape(look.texts.put(one)) for one in record.reasons]
        return [f"<b>{say('calib.refused')}</b>", *reasons, say("calib.refused_do")]
    correction = result["correction"]
    said = [say("calib.laser_moved", value=f"{correction['laser_error_cm1']:+.2f} cm⁻¹")]
    if correction["dispersion_nm"]:
        degree = len(correction["dispersion_nm"]) - 1
        terms = ", ".join(f"{one:+.4f}" for one in correction["dispersion_nm"])
        said.append(say("calib.dispersion", degree=degree, terms=f"{terms} nm"))
    else:
        said.append(say("calib.scale" if correction["scale"] else "calib.constant"))
    said.append(
        say(
            "calib.residuals",
            before=f"{result['before_rms_cm1']:.2f}",
            after=f"{result['after_rms_cm1']:.2f} cm⁻¹",
        )
    )
    if result["left_out_rms_cm1"] is not None:
        said.append(say("calib.uncertainty", value=f"{result['left_out_rms_cm1']:.2f} cm⁻¹"))
    low, high = result["range_cm1"]
    said.append(say("calib.range", range=f"{low:.0f}–{high:.0f} cm⁻¹"))
    return [str(one) for one in said]


class ResolutionStep(ResultStep):
    """What the resolution is, where calcite or a lamp was measured."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.column.addStretch(1)
        look.tell(self.show_result)

    def show_result(self) -> None:
        """Show the resolution."""
        record = self.record("resolution")
        self.words.setText("<br>".join(resolution_lines(self.look, record, self.proposal)))


def resolution_lines(
    look: Look, record: CalibrationRecord | None, proposal: Proposal | None
) -> list[str]:
    """Return what was found of the resolution, as sentences."""
    say = look.say
    if proposal is None:
        return [say("calib.reckoning")]
    if record is None:
        return [say("calib.no_resolution")]
    said: list[str] = []
    if record.result:
        found = record.result
        method = "calcite" if found["method"].startswith("calcite") else "lamp"
        said.append(
            say(
                f"calib.resolution_{method}",
                value=f"{found['fwhm_cm1']:.1f} cm⁻¹",
                lines=found["lines"],
                range=f"{found['lowest_cm1']:.1f}–{found['highest_cm1']:.1f} cm⁻¹",
            )
        )
    if not record.passed:
        said += [f"<b>{say('calib.fails')}</b>", *(look.texts.put(one) for one in record.reasons)]
    return said


class ResponseStep(ResultStep):
    """The intensity response with a certified glass; may be left out."""

    measure_wanted = Signal(str)
    file_wanted = Signal(str)
    certificate_wanted = Signal()

    def __init__(self, look: Look, lane: Lane) -> None:
        super().__init__(look)
        self.state, self.busy = InstrumentState(), False
        self.asked, self.glass, self.own = QLabel(), QComboBox(), QPushButton()
        self.measure, self.file, self.without = QPushButton(), QPushButton(), QPushButton()
        self.said = WrappedLabel()
        self.glass.addItem("", "")
        for name in glasses():
            self.glass.addItem(look.texts.put(name), name)
        self.asked.setBuddy(self.glass)
        row = QHBoxLayout()
        for widget in (self.asked, self.glass, self.own, self.measure, self.file, self.without):
            widget.setMinimumHeight(TALL)
            row.addWidget(widget)
        row.addStretch(1)
        self.plot = StepPlot(look, lane)
        self.column.addLayout(row)
        self.column.addWidget(self.said)
        self.column.addWidget(self.plot, 1)
        self.glass.currentIndexChanged.connect(self._on_glass)
        self.own.clicked.connect(self.certificate_wanted)
        self.measure.clicked.connect(lambda: self.measure_wanted.emit(self.draft.glass))
        self.file.clicked.connect(lambda: self.file_wanted.emit(self.draft.glass))
        self.without.clicked.connect(self._on_without)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look.say
        self.words.setText(say("calib.response_words"))
        self.asked.setText(say("calib.glass"))
        self.glass.setAccessibleName(say("calib.glass"))
        self.glass.setItemText(0, say("calib.no_glass"))
        for button, key in (
            (self.own, "certificate"), (self.measure, "measure"), (self.file, "file"),
            (self.without, "without"),
        ):  # fmt: skip
            button.setText(say(f"calib.{key}"))
        self.show_result()

    def show_draft(self, draft: Draft) -> None:
        """Show which glass."""
        super().show_draft(draft)
        self.glass.blockSignals(True)
        self.glass.setCurrentIndex(max(0, self.glass.findData(draft.glass)))
        self.glass.blockSignals(False)
        self.show_state(self.state)

    def show_state(self, state: InstrumentState) -> None:
        """Let be pressed what can be."""
        self.state = state
        glass = bool(self.draft.glass)
        ready = state.phase == "ready" and not self.busy and not state.alarm
        self.measure.setVisible(not self.draft.by_file)
        self.measure.setEnabled(glass and ready)
        self.file.setEnabled(glass and not self.busy)
        self.without.setEnabled(self.draft.glass_scan is not None)

    def show_result(self) -> None:
        """Show the factors."""
        say, record = self.look.say, self.record("response")
        own = Path(self.draft.certificate).name if self.draft.certificate else ""
        said = [say("calib.own_certificate", name=own)] if own else []
        if record is None:
            self.plot.clear()
            if self.draft.glass and self.draft.glass_scan is None:
                said.append(say("calib.not_yet"))
        else:
            factor = record.result["factor"]
            said.append(say("calib.factors", low=f"{min(factor):.3g}", high=f"{max(factor):.3g}"))
            shifts = record.result["raman_shift_cm1"]
            self.plot.show_curve(shifts, factor, "calib.factor", "calib.response_title")
        self.said.setText(" ".join(said))

    @Slot()
    def _on_glass(self) -> None:
        glass = str(self.glass.currentData() or "")
        self.changed.emit(replace(self.draft, glass=glass, certificate="", glass_scan=None))

    @Slot()
    def _on_without(self) -> None:
        self.changed.emit(replace(self.draft, glass="", certificate="", glass_scan=None))

    def show_taken(self, taken: Taken) -> None:
        """Take the scan of the glass into the draft."""
        self.changed.emit(replace(self.draft, glass_scan=taken.held))


class DecideStep(ResultStep):
    """What would be kept, accept or reject with a reason, and what was kept."""

    decided_on = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.decided: Decided | None = None
        self.summary, self.saved = WrappedLabel(), WrappedLabel()
        self.accept, self.reject = QRadioButton(), QRadioButton()
        self.reason, self.save = QLineEdit(), QPushButton()
        self.save.setObjectName("primary")
        for tall in (self.reason, self.save, self.accept, self.reject):
            tall.setMinimumHeight(TALL)
        self.reason.setMaximumWidth(640)
        for widget in (self.summary, self.accept, self.reject, self.reason):
            self.column.addWidget(widget)
        self.column.addWidget(self.save, 0, Qt.AlignmentFlag.AlignLeading)
        self.column.addWidget(self.saved)
        self.column.addStretch(1)
        self.accept.toggled.connect(self._offer)
        self.reject.toggled.connect(self._offer)
        self.reason.textEdited.connect(self._offer)
        self.save.clicked.connect(self._on_save)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look.say
        self.words.setText(say("calib.decide_words"))
        self.accept.setText(say("calib.accept"))
        self.reject.setText(say("calib.reject"))
        self.reason.setPlaceholderText(say("calib.reason"))
        self.reason.setAccessibleName(say("calib.reason"))
        self.save.setText(say("calib.save"))
        self.show_result()

    def show_proposal(self, proposal: Proposal | None) -> None:
        """Show another proposal; nothing is decided on it."""
        if proposal is not self.proposal:
            self.decided = None
            self.accept.setChecked(False)
            self.reason.clear()
        super().show_proposal(proposal)

    def show_decided(self, decided: Decided) -> None:
        """Show what was kept."""
        self.decided = decided
        self.show_result()

    def show_result(self) -> None:
        """Show the records."""
        say, proposal = self.look.say, self.proposal
        records = self.decided.records if self.decided else proposal.records if proposal else ()
        self.summary.setText("<br>".join(self._record(one) for one in records))
        self.saved.setText(self._saved(self.decided) if self.decided else "")
        open_ = self.decided is None
        for widget in (self.accept, self.reject, self.reason, self.save):
            widget.setVisible(open_)
        if proposal is not None and not proposal.holds:
            self.accept.setText(say("calib.cannot_accept"))
            self.reject.setText(say("calib.keep_refused"))
        self._offer()

    def _record(self, record: CalibrationRecord) -> str:
        say = self.look.say
        kind = self.look.word("calib_kind", record.kind)
        verdict = say("calib.holds" if record.passed else "calib.fails")
        reasons = "; ".join(escape(self.look.texts.put(one)) for one in record.reasons)
        line = f"<b>{kind}: {verdict}</b>"
        return f"{line} {reasons}" if reasons else line

    def _saved(self, decided: Decided) -> str:
        say, first = self.look.say, decided.records[0]
        values = {"by": decided.by, "time": moment(first.time), "until": moment(first.expires)}
        lines = [say("calib.saved" if first.passed else "calib.saved_refused", **values)]
        lines += [
            say("calib.record", kind=self.look.word("calib_kind", one.kind), sha256=one.sha256[:16])
            for one in decided.records
        ]
        lines.append(say("calib.ledger", entries=", ".join(decided.entries)))
        return "<br>".join(lines)

    @Slot()
    def _offer(self) -> None:
        """Let be pressed what can be: rejecting needs a reason, what fails cannot be accepted."""
        holds = self.proposal is not None and self.proposal.holds
        self.accept.setEnabled(holds)
        self.reason.setEnabled(self.reject.isChecked())
        because = bool(self.reason.text().strip()) or not holds
        self.save.setEnabled(
            self.proposal is not None
            and (self.accept.isChecked() or (self.reject.isChecked() and because))
        )

    @Slot()
    def _on_save(self) -> None:
        self.save.setEnabled(False)
        self.decided_on.emit(self.reason.text().strip() if self.reject.isChecked() else "")
