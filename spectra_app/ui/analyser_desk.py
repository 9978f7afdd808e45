"""Between the window and its analyser: wishes go down, states come up by queued signals."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from spectra_app.reports.texts import Texts
from spectra_app.services.api import AnalyserUse
from spectra_app.services.instrument_choice import Choices, Wish, emulated_choices
from spectra_app.services.instrument_state import CheckResult, InstrumentState, ScanWish
from spectra_app.services.live import LiveControls, LiveFrame
from spectra_app.services.live_dark import dark_frame
from spectra_app.services.scanning import Scanned
from spectra_app.ui.analyser_panel import AnalyserPanel
from spectra_app.ui.lane import Job, Lane, Report
from spectra_app.ui.laser_alarm import LaserAlarm
from spectra_app.ui.look import Look
from spectra_app.ui.troubles import told

FIRST_CHOICE = "emulated-785"


class AnalyserDesk(QObject):
    """Panel, alarm and instrument of one window.

    Parameters
    ----------
    use : AnalyserUse
        What can be done with an analyser.
    lane : Lane
        Where scans wait for their end.
    window : QWidget
        The window that the panel belongs to.
    samples : tuple of str
        What can lie before an emulated analyser.
    look : Look
        Language and theme.
    """

    changed = Signal()
    framed = Signal()
    shown = Signal(object)
    seen = Signal(object)
    scan_ready = Signal(object, str, bool)
    progressed = Signal(object, float)
    stop_wanted = Signal()

    def __init__(
        self, use: AnalyserUse, lane: Lane, window: QWidget, samples: tuple[str, ...], look: Look
    ) -> None:
        super().__init__(window)
        self._use, self._lane, self._look = use, lane, look
        self.instrument = use.instrument
        self._job: Job | None = None
        self._closing: Callable[[], object] | None = None
        self.panel, self.alarm = AnalyserPanel(window, samples, look), LaserAlarm(window, look)
        self.panel.form.show_choices(Choices(emulated_choices()))
        self.panel.form.choose(FIRST_CHOICE, emulated=True)
        self._connect()

    def _connect(self) -> None:
        panel, queued = self.panel, Qt.ConnectionType.QueuedConnection
        self.changed.connect(self._on_state, queued)
        self.framed.connect(self._on_frame, queued)
        self.instrument.listen(self.changed.emit, self.framed.emit)
        panel.form.connect_wanted.connect(self._on_connect)
        panel.form.disconnect_wanted.connect(self.instrument.disconnect)
        panel.form.look_wanted.connect(self.look)
        panel.live_wanted.connect(self.instrument.start_live)
        panel.scan_wanted.connect(self._on_scan)
        panel.check_wanted.connect(self._on_check)
        panel.stop_wanted.connect(self.stop)
        panel.left.connect(self.instrument.unattended)
        self.alarm.off_wanted.connect(self.instrument.laser_off_again)
        self.alarm.looked.connect(self.instrument.acknowledge)
        self._lane.progressed.connect(self._on_progress)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.applicationStateChanged.connect(self._on_attention)

    @property
    def state(self) -> InstrumentState:
        """The analyser as last seen."""
        return self.instrument.state

    def open_panel(self) -> None:
        """Show the panel, and what can be chosen now."""
        self.panel.show()
        self.panel.raise_()
        self.panel.activateWindow()
        self.look()

    @Slot()
    def look(self) -> None:
        """Look for analysers, without writing to any port."""
        use = self._use
        self._lane.submit(
            Job("Looking for analysers", lambda _tell, _stop: use.look(), self._on_looked)
        )

    def _on_looked(self, job: Job) -> None:
        if job.result is not None:
            self.panel.form.show_choices(job.result)
        self.panel.show_state(self.state)

    @Slot(object)
    def _on_connect(self, wish: Wish) -> None:
        self.instrument.connect(wish)

    @property
    def sample(self) -> str:
        """What lies before an emulated analyser, as chosen in the panel; empty for a real one."""
        return self.panel.form.sample.currentText() if self.state.emulated else ""

    @Slot(object)
    def _on_scan(self, wish: ScanWish) -> None:
        self.scan(wish)

    def scan(self, wish: ScanWish, then: Callable[[Job], None] | None = None) -> Job:
        """Scan with the analyser; `then` gets the job, its result a `Scanned`, when it ended."""
        use = self._use

        def task(tell: Report, should_stop: Callable[[], bool]) -> Scanned:
            return use.scan(wish, tell, should_stop)

        state = self.state
        name = wish.sample if state.emulated else state.serial
        self._job = Job(f"Scanning with {state.model}", task, self._on_scanned)
        if then is not None:
            self._job.also(then)
        self.panel.begin("panel.scan_begins")
        self.scan_ready.emit(self._job, name, state.emulated)
        self._lane.submit(self._job)
        return self._job

    def _on_scanned(self, job: Job) -> None:
        self._job = None
        self.panel.end(failed=_failure(job))
        if job.error is None and not job.stopped and self.panel.isVisible():
            self.panel.hide()

    def identify_kept(self, then: Callable[[Job], None]) -> Job:
        """Identify the scan that was kept when the library was gone; the result is a `Scanned`."""
        again = self._use.identify_kept
        if again is None:
            raise ValueError("this window was not given what identifies a scan that was kept")
        job = Job("Identifying the scan that was kept", lambda _tell, _stop: again(), then)
        self._lane.submit(job)
        return job

    @Slot()
    def _on_check(self) -> None:
        self.check()

    def check(self, then: Callable[[Job], None] | None = None) -> Job:
        """Check the analyser with polystyrene; `then` gets the job, its result a `CheckResult`."""
        self._job = Job("Checking the analyser", self._use.check, self._on_checked)
        if then is not None:
            self._job.also(then)
        self.panel.begin("panel.check_begins")
        self._lane.submit(self._job)
        return self._job

    def _on_checked(self, job: Job) -> None:
        self._job = None
        found: CheckResult | None = job.result
        say = self._look.say
        if found is None:
            self.panel.end(say("panel.check_stopped") if job.stopped else "", _failure(job))
        elif found.passed:
            offset = f"{found.offset_cm1 or 0.0:+.1f} cm⁻¹"
            self.panel.end(say("panel.check_passed", offset=offset))
        else:
            title = say("panel.check_failed" if found.judged else "panel.not_checked")
            reasons = "; ".join(found.reasons)
            self.panel.end(title, lambda texts: texts.say("panel.check_do", reasons=reasons))

    def measure_standard(self, name: str, then: Callable[[Job], None]) -> Job:
        """Measure a named standard, lamp or glass; the job's result is a `MeasuredStandard`."""
        measure = self._use.measure
        if measure is None:
            raise ValueError("this window was not given what measures a standard")
        job = Job("Measuring a standard", partial(measure, name), self._on_measured)
        job.also(then)
        self._job = job
        self.panel.begin("panel.scan_begins")
        self._lane.submit(job)
        return job

    def _on_measured(self, job: Job) -> None:
        self._job = None
        self.panel.end(failed=_failure(job))

    @Slot()
    def stop(self) -> None:
        """Laser off, then stop what runs and what waits."""
        self.instrument.stop()
        if self._job is not None:
            self._job.ask_to_stop()

    @Slot(object, float, str)
    def _on_progress(self, job: Job, fraction: float, words: str) -> None:
        if job is self._job:
            self.panel.show_progress(fraction, words)
            self.progressed.emit(job, fraction)

    @Slot()
    def _on_state(self) -> None:
        state = self.state
        self.panel.show_state(state)
        self.alarm.show_alarm(state)
        self.shown.emit(state)
        if self._closing is not None and not state.alarm:
            if state.phase == "closed":
                then, self._closing = self._closing, None
                self.instrument.join()
                then()
            elif state.phase == "none":  # an alarm was in the way; now nothing is
                self.instrument.close()

    @Slot()
    def _on_frame(self) -> None:
        frame = self.instrument.newest.take()
        if frame is not None:
            self.panel.plot.show_frame(frame)
            self.seen.emit(frame)

    def start_live(self, controls: LiveControls) -> None:
        """Show exposures in panel and pages until stopped; `controls` may be changed meanwhile."""
        self.instrument.start_live(controls)

    @Slot()
    def left(self) -> None:
        """Switch the laser off: nobody looks any more at the page that shows it."""
        self.instrument.unattended()

    def measure_dark(self, milliseconds: float, then: Callable[[Job], None]) -> Job:
        """Measure the dark, laser off; the job's result is a `LiveFrame`."""
        instrument = self.instrument

        def task(_tell: Report, _stop: Callable[[], bool]) -> LiveFrame:
            return dark_frame(instrument, milliseconds)

        job = Job("Measuring the dark", task, then)
        self._lane.submit(job)
        return job

    @Slot(Qt.ApplicationState)
    def _on_attention(self, state: Qt.ApplicationState) -> None:
        if state != Qt.ApplicationState.ApplicationActive:
            self.instrument.unattended()

    def close(self, then: Callable[[], object]) -> bool:
        """Let the analyser go; return whether it is gone already, else `then` is called later."""
        if self.state.phase == "closed":
            return True
        self._closing = then
        self.stop()
        self.instrument.close()
        return False


def _failure(job: Job) -> Callable[[Texts], str] | None:
    """Return what says why a job failed; None when it did not, or was stopped."""
    error = job.error
    if error is None or job.stopped:
        return None
    return lambda texts: str(told(error, texts))
