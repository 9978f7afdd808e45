"""The wizard of a calibration: all steps at the side, left and resumed at any time, Back for free.

It fires no laser itself: measuring is asked of the `AnalyserDesk`, as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
)

from spectra_app.services import calibration_desk as calibrating
from spectra_app.services.calibration_desk import Decided, Draft, Proposal, Taken
from spectra_app.services.instrument_state import InstrumentState, MeasuredStandard
from spectra_app.services.office import Office, Session
from spectra_app.ui.lane import Job
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL, Page
from spectra_app.ui.technician.calibration_results import (
    AxisStep,
    DecideStep,
    LinesStep,
    ResolutionStep,
    ResponseStep,
    ResultStep,
)
from spectra_app.ui.technician.calibration_steps import (
    AnalyserStep,
    HoldStep,
    MeasureStep,
    StandardsStep,
    standard_name,
)

if TYPE_CHECKING:
    from spectra_app.ui.technician.area import Bench

STEPS = (
    "analyser", "standards", "hold", "measure", "lines", "axis", "resolution", "response", "decide",
)  # fmt: skip
RESULTS_FROM = STEPS.index("lines")
BELOW = Qt.ShortcutContext.WidgetWithChildrenShortcut
SIDE = 216  # pixels


class CalibrationPage(Page):
    """See the module."""

    def __init__(self, look: Look, bench: Bench) -> None:
        super().__init__(look, bench.records)
        self._bench = bench
        self.draft = Draft()
        self.proposal: Proposal | None = None
        self.began = False
        self._job: Job | None = None
        self._of: Draft | None = None
        self._back_to = ""
        lane = bench.records.lane
        self.analyser, self.standards = AnalyserStep(look), StandardsStep(look)
        self.hold, self.measure = HoldStep(look), MeasureStep(look, lane)
        self.lines, self.axis = LinesStep(look, lane), AxisStep(look, lane)
        self.resolution, self.response = ResolutionStep(look), ResponseStep(look, lane)
        self.decide = DecideStep(look)
        self.steps = {
            "analyser": self.analyser, "standards": self.standards, "hold": self.hold,
            "measure": self.measure, "lines": self.lines, "axis": self.axis,
            "resolution": self.resolution, "response": self.response, "decide": self.decide,
        }  # fmt: skip
        self.stack = QStackedWidget()
        self.tabs = {name: QPushButton() for name in STEPS}
        self.back, self.next, self.anew = QPushButton(), QPushButton(), QPushButton()
        self._build()
        self._connect()
        look.tell(self.retell)

    def _build(self) -> None:
        side, column = QFrame(), QVBoxLayout()
        side.setObjectName("panel")
        side.setFixedWidth(SIDE)
        side.setLayout(column)
        column.setSpacing(4)
        group = QButtonGroup(self)
        for name, tab in self.tabs.items():
            tab.setObjectName("segment")
            tab.setCheckable(True)
            tab.setMinimumHeight(38)
            tab.setStyleSheet("text-align: left;")
            tab.clicked.connect(lambda _c=False, name=name: self.show_step(name))
            group.addButton(tab)
            column.addWidget(tab)
            self.stack.addWidget(self.steps[name])
        column.addStretch(1)
        column.addWidget(self.anew)
        row = QHBoxLayout()
        for button in (self.back, self.next):
            button.setMinimumHeight(TALL)
        self.next.setObjectName("primary")
        row.addStretch(1)
        row.addWidget(self.back)
        row.addWidget(self.next)
        right = QVBoxLayout()
        right.addWidget(self.stack, 1)
        right.addLayout(row)
        body = QHBoxLayout()
        body.setSpacing(14)
        body.addWidget(side)
        body.addLayout(right, 1)
        self.column.addLayout(body, 1)

    def _connect(self) -> None:
        desk = self._bench.analyser
        stop = QShortcut(QKeySequence("Esc"), self, context=BELOW)
        stop.activated.connect(desk.stop)
        self.back.clicked.connect(lambda: self._go(-1))
        self.next.clicked.connect(lambda: self._go(1))
        self.anew.clicked.connect(self._begin_anew)
        for step in self.steps.values():
            step.changed.connect(self._on_changed)
        self.analyser.panel_wanted.connect(desk.open_panel)
        for asking in (self.measure, self.response):
            asking.measure_wanted.connect(self._on_measure)
            asking.file_wanted.connect(self._on_file)
        self.measure.stop_wanted.connect(desk.stop)
        self.response.certificate_wanted.connect(self._on_certificate)
        self.decide.decided_on.connect(self._on_decided)
        desk.shown.connect(self._on_state)
        self._bench.lane.progressed.connect(self._on_progress)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look_of.say
        self.title.setText(say("tech.calibration"))
        for number, (name, tab) in enumerate(self.tabs.items(), start=1):
            tab.setText(say("calib.step", number=number, name=say(f"calib.step_{name}")))
        self.back.setText(say("calib.back"))
        self.next.setText(say("calib.next"))
        self.anew.setText(say("calib.anew"))
        self.anew.setToolTip(say("calib.anew_hint"))

    # --- how far it is --------------------------------------------------------------------------

    @Slot()
    def refresh(self) -> None:
        """Go on with what this person began, once."""
        self._on_state(self._bench.analyser.state)
        if not self.began:
            self.began = True
            self.ask("Looking for a calibration that was begun", _resumed, self._resume)

    def _resume(self, found: tuple[Draft, tuple[Taken, ...]] | None) -> None:
        if found is None:
            self.show_step("analyser")
            return
        self.draft, again = found
        for taken in again:
            if taken.looked is not None:
                self.measure.show_taken(taken.held.standard, taken)
        self._show_draft()
        self.show_step(self.draft.step or "analyser")
        self.say_line(self.look_of.say("calib.resumed"))

    @property
    def current(self) -> str:
        """The step that is shown."""
        return STEPS[self.stack.currentIndex()]

    def _open(self, name: str) -> bool:
        """Tell whether a step can be gone to: all before it are done."""
        return all(self.steps[one].ready for one in STEPS[: STEPS.index(name)])

    def show_step(self, name: str) -> None:
        """Show a step, or the first one before it that is not done."""
        while not self._open(name):
            name = STEPS[STEPS.index(name) - 1]
        self.stack.setCurrentIndex(STEPS.index(name))
        if STEPS.index(name) >= RESULTS_FROM:
            self._propose()
        if self.began and self.decide.decided is None and name != self.draft.step:
            self.draft = replace(self.draft, step=name)
            self._keep()
        self._offer()

    def _go(self, steps: int) -> None:
        at = STEPS.index(self.current) + steps
        if 0 <= at < len(STEPS):
            self.show_step(STEPS[at])
            self.say_line("")

    def _offer(self) -> None:
        at = self.stack.currentIndex()
        for name, tab in self.tabs.items():
            tab.setChecked(name == self.current)
            tab.setEnabled(self._open(name) and not self._job)
        self.back.setEnabled(at > 0 and not self._job)
        self.next.setEnabled(self.steps[self.current].ready and not self._job)
        self.next.setVisible(at < len(STEPS) - 1)
        self.anew.setEnabled(not self._job)

    def _show_draft(self) -> None:
        for step in self.steps.values():
            step.show_draft(self.draft)
        self._offer()

    @Slot(object)
    def _on_changed(self, draft: Draft) -> None:
        self.draft = replace(draft, step=self.draft.step)
        self._show_draft()
        self._keep()
        if self.stack.currentIndex() >= RESULTS_FROM:
            self._propose()

    def _keep(self) -> None:
        """Keep how far it is, so that it can be gone on with another day."""
        draft = self.draft
        self.records.ask(
            "Keeping how far it is",
            lambda office, session: calibrating.keep_draft(office, session, draft),
            self._on_kept,
        )

    def _on_kept(self, job: Job) -> None:
        if job.error is not None:
            self.say_trouble(job.error)

    @Slot()
    def _begin_anew(self) -> None:
        """Forget the draft; the scans stay among the evidence."""
        self.measure.taken.clear()
        self.draft, self._of = Draft(), None
        self._take_proposal(None)
        self._on_state(self._bench.analyser.state)
        self._show_draft()
        self.ask(
            "Forgetting a draft",
            lambda office, session: calibrating.keep_draft(office, session, None),
            lambda _done: self.show_step("analyser"),
        )

    # --- measuring ------------------------------------------------------------------------------

    @Slot(object)
    def _on_state(self, state: InstrumentState) -> None:
        self.analyser.show_state(state)
        self.measure.show_state(state)
        self.response.show_state(state)
        if not self.draft.by_file and state.connected and state.serial != self.draft.serial:
            self.draft = replace(self.draft, serial=state.serial, model=state.model, scans=(),
                                 glass_scan=None)  # fmt: skip
            self.measure.taken.clear()
            self._show_draft()
        self._offer()

    @Slot(str)
    def _on_measure(self, name: str) -> None:
        self.say_line("")
        self.measure.begin(name)
        self.response.busy = True
        self._job = self._bench.analyser.measure_standard(name, self._on_measured)
        if self.current == "response":  # progress and STOP are there
            self._back_to = self.current
            self.stack.setCurrentWidget(self.measure)
        self._offer()

    def _on_measured(self, job: Job) -> None:
        self._job = None
        self.measure.end()
        self.response.busy = False
        if self._back_to:
            self.stack.setCurrentWidget(self.steps[self._back_to])
            self._back_to = ""
        self._on_state(self._bench.analyser.state)
        measured: MeasuredStandard | None = job.result
        if job.error is not None and not job.stopped:
            self.say_trouble(job.error)
        elif measured is None:
            self.say_line(self.look_of.say("calib.stopped"))
        else:
            self._take(
                lambda office, session, draft: calibrating.take_frame(
                    office, session, measured.sha256, measured.standard, draft
                )
            )

    def _take(self, take: Callable[[Office, Session, Draft], Taken]) -> None:
        draft = self.draft
        self.ask(
            "Looking at a scan of a standard",
            lambda office, session: take(office, session, draft),
            self._on_taken,
        )

    def _on_taken(self, taken: Taken) -> None:
        """Show what a scan is worth; one that is good goes into the draft."""
        name, say = taken.held.standard, self.look_of.say
        if taken.looked is None:
            self._on_changed(replace(self.draft, glass_scan=taken.held))
            return
        self.measure.show_taken(name, taken)
        others = tuple(one for one in self.draft.scans if one.standard != name)
        without = replace(self.draft, scans=others)
        if not taken.looked.usable:
            self.say_line(say("calib.not_taken", name=standard_name(self.look_of, name)),
                          problem=True)  # fmt: skip
            self._on_changed(without)
        else:
            self._on_changed(without.with_scan(taken.held))

    @Slot(object, float, str)
    def _on_progress(self, job: Job, fraction: float, words: str) -> None:
        if job is self._job:
            self.measure.show_progress(fraction, words)

    @Slot(str)
    def _on_file(self, name: str) -> None:
        title = self.look_of.say("calib.file_title", name=standard_name(self.look_of, name))
        path, _kind = QFileDialog.getOpenFileName(self, title)
        if path:
            self.take_path(Path(path), name)

    def take_path(self, path: Path, name: str) -> None:
        """Take a scan of a standard from a file."""
        self._take(
            lambda office, session, draft: calibrating.take_file(office, session, path, name, draft)
        )

    @Slot()
    def _on_certificate(self) -> None:
        path, _kind = QFileDialog.getOpenFileName(self, self.look_of.say("calib.certificate"))
        if path:
            self._on_changed(replace(self.draft, certificate=path))

    # --- what came of it ------------------------------------------------------------------------

    def _propose(self) -> None:
        """Ask what the calibration of the draft would be, unless that is known."""
        if self.decide.decided is not None or self._same(self._of, self.draft):
            return
        self._of = draft = self.draft
        self._take_proposal(None)
        self.ask(
            "Reckoning the axis",
            lambda office, session: calibrating.propose(office, session, draft),
            self._on_proposed,
        )

    @staticmethod
    def _same(one: Draft | None, other: Draft) -> bool:
        return one is not None and replace(one, step="") == replace(other, step="")

    def _on_proposed(self, proposal: Proposal) -> None:
        if self._same(self._of, self.draft):
            self._take_proposal(proposal)

    def _take_proposal(self, proposal: Proposal | None) -> None:
        self.proposal = proposal
        for step in self.steps.values():
            if isinstance(step, ResultStep):
                step.show_proposal(proposal)

    @Slot(str)
    def _on_decided(self, rejected: str) -> None:
        proposal = self.proposal
        if proposal is None:
            return
        self.ask(
            "Keeping the calibration",
            lambda office, session: calibrating.decide(office, session, proposal, rejected),
            self._on_saved,
        )

    def _on_saved(self, decided: Decided) -> None:
        self.decide.show_decided(decided)
        restand = self._bench.analyser.instrument.restand
        self._bench.lane.submit(
            Job("Asking how the analyser stands", lambda _tell, _stop: restand(), lambda _job: None)
        )
        self._offer()

    # --- leaving --------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Switch the laser off when something else gets the attention."""
        if event.type() == QEvent.Type.WindowDeactivate:
            self._left()
        return super().event(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Hiding is leaving."""
        self._left()
        super().hideEvent(event)

    def _left(self) -> None:
        if self._job is not None:
            self._bench.analyser.stop()


def _resumed(office: Office, session: Session) -> tuple[Draft, tuple[Taken, ...]] | None:
    """Return what this person began, with its scans."""
    draft = calibrating.draft_of(office, session)
    return None if draft is None else (draft, calibrating.look_again(office, session, draft))
