"""The workbench: what is opened, scanned, compared and written there, and what comes back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QWidget,
)

from matching.errors import SpectraError
from matching.spectrum import Spectrum
from spectra_app.records.identification import Kind
from spectra_app.services.api import UseCases
from spectra_app.services.identify import Identified
from spectra_app.ui.analyser_desk import AnalyserDesk
from spectra_app.ui.bench_frame import BenchFrame
from spectra_app.ui.handed_over import HandedOver
from spectra_app.ui.lane import Job, Lane
from spectra_app.ui.limits import BackgroundLimits
from spectra_app.ui.look import Look
from spectra_app.ui.pages import ProblemDialog, TextDialog
from spectra_app.ui.phrases import quality_line, seconds_left
from spectra_app.ui.scans import ScanEntry, done_entry, identified_of
from spectra_app.ui.technician.scan_report import ScanReport
from spectra_app.ui.technician.used_library import UsedLibrary
from spectra_app.ui.verdict_words import hidden_lines

REVEAL_MS = 200
TOLD_MS = 8000


class Workbench(BenchFrame):
    """Opens and compares scans from files and from the analyser; nothing of it is filed.

    Parameters
    ----------
    use_cases : UseCases
        What the window can ask for; called on the work lane only.
    lane : Lane
        Of library and analyser, shared with the rest of the window.
    analyser : AnalyserDesk
        The analyser in use, shared too.
    look : Look
        Language and theme.
    """

    opened = Signal(list)

    def __init__(self, use_cases: UseCases, lane: Lane, analyser: AnalyserDesk, look: Look) -> None:
        super().__init__(use_cases, lane, look)
        self.analyser = analyser
        self._title = ""
        self._working: dict[Job, ScanEntry] = {}
        self._closing = False
        self.used = UsedLibrary(self, use_cases, lane)
        self.report = ScanReport(self.statusBar(), use_cases, lane, look)
        self._reveal = QTimer(self)
        self._handed_over = HandedOver()
        self.limits = BackgroundLimits(lane, use_cases.work_out_limits, self)
        self._connect()
        look.tell(self.retell)
        self._show_entry(None)
        self.used.ask()

    def retell(self) -> None:
        """Say all texts."""
        super().retell()
        say = self.look.say
        if self._title:
            self.library.set_text(say("bench.library", title=self._title))
        else:
            self.library.set_text(say("bench.library_opening"))
        self.statusBar().clearMessage()

    def _connect(self) -> None:
        bar, lane = self.bar, self.lane
        bar.open.triggered.connect(self.ask_scans)
        paste = QShortcut(QKeySequence.StandardKey.Paste, self)
        paste.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        paste.activated.connect(self._on_paste)
        bar.scan.triggered.connect(self.scan_emulated)
        bar.stop.triggered.connect(self.stop)
        bar.report.triggered.connect(lambda: self.report.ask(self.scans.current))
        self.report.failed.connect(lambda job: self._show_problem("bench.report_failed", job))
        bar.library.triggered.connect(self.ask_library)
        self.used.answered.connect(self._on_library)
        self.start.open_wanted.connect(self.ask_scans)
        self.start.scan_wanted.connect(self.scan_emulated)
        self.problem.open_wanted.connect(self.ask_scans)
        self.work.stop_wanted.connect(self.stop)
        self.card.all_hidden_wanted.connect(self._show_hidden)
        self.scans.chosen.connect(self._show_entry)
        self.candidates.chosen.connect(self._show_candidate)
        self.candidates.closer_wanted.connect(self.look_closer)
        lane.progressed.connect(self._on_progress)
        self.limits.changed.connect(self._on_limits)
        self.limits.progressed.connect(self._on_limits_progress)
        self.limits.failed.connect(self._on_limits_failed)
        lane.changed.connect(self._on_lane)
        bar.analyser.triggered.connect(self.analyser.open_panel)
        self.analyser.scan_ready.connect(self._on_scan_ready)
        self._reveal.setSingleShot(True)
        self._reveal.setInterval(REVEAL_MS)
        self._reveal.timeout.connect(self._show_work)

    # --- what the user asks for -----------------------------------------------------------------

    def open_files(self, paths: Sequence[Path]) -> None:
        """Identify every spectrum in `paths`, one file after the other, off this thread."""
        entries = [ScanEntry(path.name) for path in paths]
        for entry, path in zip(entries, paths, strict=True):
            self._submit(entry, path)
        if entries:
            self.scans.choose(entries[0])
            self.opened.emit([str(path.absolute()) for path in paths])

    def _submit(self, entry: ScanEntry, path: Path | None) -> None:
        identify, scan = self.use_cases.identify_file, self.use_cases.scan_emulated
        if path is not None:
            job = Job(f"Reading {entry.title}", lambda _tell, _stop: identify(path), self._on_scans)
        else:
            sample = self.bar.sample.currentText()
            job = Job(
                f"Scanning {sample}",
                lambda tell, stop: (scan(sample, tell, stop),),
                self._on_scans,
            )
        self._working[job] = entry
        self.scans.add(entry)
        self.lane.submit(job)

    @Slot()
    def ask_scans(self) -> None:
        """Ask which files to open."""
        names, _ = QFileDialog.getOpenFileNames(
            self, self.look.say("bench.open_scans"), "", self.look.say("bench.all_files")
        )
        self.open_files([Path(name) for name in names])

    @Slot()
    def scan_emulated(self) -> None:
        """Scan the chosen sample with the emulated analyser."""
        if self.bar.scan.isEnabled():
            entry = ScanEntry(self.bar.sample.currentText(), emulated=True, scanning=True)
            self._submit(entry, None)
            self.scans.choose(entry)

    @Slot(object, str, bool)
    def _on_scan_ready(self, job: Job, name: str, emulated: bool) -> None:
        """Give a scan with the analyser its row."""
        entry = ScanEntry(name, emulated=emulated, scanning=True)
        self._working[job] = entry
        self.scans.add(entry)
        job.also(self._on_scans)
        self.scans.choose(entry)

    @Slot()
    def stop(self) -> None:
        """Ask the work under way to stop, and drop what waits; the laser goes off first."""
        self.analyser.stop()
        self.work.show_stopping()
        self.lane.stop_all()

    @Slot()
    def ask_library(self) -> None:
        """Ask which library to use from now on, and open it."""
        say = self.look.say
        kinds = f"{say('bench.libraries')};;{say('bench.all_files')}"
        name, _ = QFileDialog.getOpenFileName(self, say("bench.open_library"), "", kinds)
        if name:
            self.statusBar().showMessage(say("bench.opening", name=Path(name).name))
            self.used.take(Path(name))

    def show_reference(self, name: str, spectrum: Spectrum, kind: Kind = "measured") -> ScanEntry:
        """Draw a reference of a library beside the spectra that are shown; it gets a row.

        Parameters
        ----------
        name : str
            What it is called.
        spectrum : Spectrum
            The reference.
        kind : {"measured", "reconstructed", "calculated", "emulated"}
            What it is; said wherever it is shown.
        """
        entry = ScanEntry(name, "reference", spectrum=spectrum, words=kind)
        if self.scans.current is not None:
            self.scans.tick(self.scans.current)
        self.scans.add(entry)
        self.scans.tick(entry)
        if self.scans.current is None:
            self.scans.choose(entry)
        if not self.centre.shows_several:
            self.centre.show_view("overlay")
        return entry

    def forget(self) -> None:
        """Show nothing of what was opened, and use the station's library: somebody else comes."""
        for job in self._working:
            job.ask_to_stop()
        self._working.clear()
        self.limits.forget()
        self.door.forget()
        self.scans.clear()
        self.examination.forget()
        self.centre.show_view("compared")
        self._show_entry(None)
        self.statusBar().clearMessage()
        self.used.give_back()

    # --- what comes back ------------------------------------------------------------------------

    def _on_scans(self, job: Job) -> None:
        entry = self._working.pop(job, None)
        if entry is None:  # of somebody who has gone
            return
        if job.stopped:
            entry.state = "stopped"
        elif job.error is not None:
            entry.state, entry.error, entry.details = "failed", job.error, job.details
        elif not (found := identified_of(job.result)):
            entry.state = "failed"
            say = self.look.say
            entry.error = SpectraError(say("bench.empty_what"), entry.title, say("bench.empty_do"))
        else:
            done = [done_entry(identified) for identified in found]
            self.scans.replace(entry, done)
            for one in done:
                self.limits.begin(one)
            return
        self.scans.replace(entry, [entry])

    @Slot(object)
    def _on_limits(self, entry: ScanEntry) -> None:
        """Show what a scan could not have seen, now that it is known; nothing else changes."""
        if self.scans.current is entry and entry.identified is not None:
            self.card.show_record(entry.identified.record)

    @Slot(object, float)
    def _on_limits_progress(self, entry: ScanEntry, fraction: float) -> None:
        if self.scans.current is entry:
            self.card.show_limits_progress(fraction)

    @Slot(object, object)
    def _on_limits_failed(self, entry: ScanEntry, error: SpectraError) -> None:
        self.statusBar().showMessage(
            self.look.say("bench.limits_failed", scan=entry.title, words=str(error))
        )

    @Slot(object)
    def _on_library(self, job: Job) -> None:
        self.statusBar().clearMessage()
        if job.error is not None:
            self._show_problem("bench.library_failed", job)
        elif not job.stopped:
            self._title, note = job.result
            self.library.set_text(self.look.say("bench.library", title=self._title))
            self.start.show_note(self._title, note)

    def _show_problem(self, key: str, job: Job) -> None:
        if job.error is not None and not self._closing:
            ProblemDialog(self, self.look, key, job.error, job.details).open()

    @Slot(object, float, str)
    def _on_progress(self, job: Job, fraction: float, words: str) -> None:
        entry = self._working.get(job)
        if entry is None:
            return
        entry.fraction, entry.words = min(1.0, max(0.0, fraction)), words
        self.scans.refresh(entry)
        if self.scans.current is entry:
            self._show_progress(entry)

    @Slot()
    def _on_lane(self) -> None:
        if not self.lane.busy:
            self._reveal.stop()
            self.bar.show_busy(False)
        elif not self.bar.stop.isVisible() and not self._reveal.isActive():
            self._reveal.start()

    @Slot()
    def _show_work(self) -> None:
        """Show work that did not end at once; a reading of milliseconds does not flicker."""
        self.bar.show_busy(True)
        job = self.lane.current
        entry = self._working.get(job) if job is not None else None
        if entry is not None and (self.scans.current is None or entry.scanning):
            self.scans.choose(entry)

    # --- what is shown --------------------------------------------------------------------------

    @Slot(object)
    def _show_entry(self, entry: ScanEntry | None) -> None:
        done = entry is not None and entry.identified is not None
        self.bar.report.setEnabled(done)
        self.door.follow(entry.identified if entry is not None else None)
        if entry is None:
            self._show_nothing(self.start, "bench.no_spectrum")
        elif entry.state == "reference":
            self.reference.show_reference(entry)
            self._show_nothing(self.reference, "examine.no_verdict")
        elif entry.identified is not None:
            self._show_identified(entry.identified)
        elif entry.error is not None:
            key = "bench.failed" if entry.scanning else "bench.refused"
            self.problem.show_problem(key, entry.error, entry.details)
            self._show_nothing(self.problem, "bench.nothing_read")
        elif entry.state == "stopped":
            say = self.look.say
            stopped = SpectraError(say("bench.stopped_what"), entry.title, say("bench.stopped_do"))
            self.problem.show_problem("bench.stopped", stopped, "")
            self._show_nothing(self.problem, "bench.nothing_identified")
        else:
            key = "bench.scanning_of" if entry.scanning else "bench.reading_of"
            self.work.show_work(key, entry.title, emulated=entry.emulated)
            self._show_progress(entry)
            self._show_nothing(self.work, "bench.measuring" if entry.scanning else "bench.reading")

    def _show_progress(self, entry: ScanEntry) -> None:
        if entry.fraction is not None:
            left = seconds_left(time.monotonic() - entry.started_s, entry.fraction)
            self.work.show_progress(entry.fraction, entry.words, left)

    def _show_nothing(self, page: QWidget, key: str) -> None:
        self.pages.setCurrentWidget(page)
        self.plot.show_message(key)
        self.candidates.show_candidates((), "")

    def _show_identified(self, identified: Identified) -> None:
        record = identified.record
        self.card.show_record(record)
        self.pages.setCurrentWidget(self.card)
        self.candidates.show_candidates(record.candidates, record.method.metric)
        self._draw(identified, 0)

    @Slot(int)
    def _show_candidate(self, row: int) -> None:
        entry = self.scans.current
        if entry is not None and entry.identified is not None:
            self._draw(entry.identified, row)
            self.examination.work()

    def _draw(self, identified: Identified, row: int) -> None:
        comparisons = identified.comparisons
        comparison = comparisons[row] if row < len(comparisons) else None
        record = identified.record
        self.plot.show_spectrum(
            identified.query, comparison, partial(quality_line, record), emulated=record.emulated
        )

    @Slot()
    def look_closer(self) -> None:
        """Show candidates and mixture of the scan chosen, large."""
        entry = self.scans.current
        if entry is not None and entry.identified is not None:
            self.door.open(entry.identified)

    @Slot()
    def _show_hidden(self) -> None:
        entry = self.scans.current
        if entry is not None and entry.identified is not None:
            lines = hidden_lines(entry.identified.record, self.look.texts)
            TextDialog(self, self.look, "card.hidden", lines).open()

    # --- Qt's own events ------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files of this computer."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the files dropped."""
        self.open_files(self._handed_over.files(event.mimeData()))
        event.acceptProposedAction()

    @Slot()
    def _on_paste(self) -> None:
        """Open files or a spectrum from the clipboard."""
        files = self._handed_over.files(QGuiApplication.clipboard().mimeData())
        if not files:
            self.statusBar().showMessage(self.look.say("bench.nothing_to_paste"), TOLD_MS)
        self.open_files(files)

    def end(self) -> None:
        """Give up the work that nobody waits for, and tell nobody of trouble any more."""
        self._closing = True
        self.limits.end()
        self.examination.end()
