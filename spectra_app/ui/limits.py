"""Detection limits beside the window: worked out after the verdict, while nobody waits."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from spectra_app.services.api import Progress, ShouldStop
from spectra_app.services.identify import Identified
from spectra_app.ui.lane import Job, Lane, Report
from spectra_app.ui.scans import ScanEntry

Work = Callable[[Identified, Progress, ShouldStop], Identified]


class BackgroundLimits(QObject):
    """Works out the limits of one scan after the other, and gives way to any other work."""

    changed = Signal(object)
    progressed = Signal(object, float)
    failed = Signal(object, object)

    def __init__(self, lane: Lane, work: Work | None, parent: QObject) -> None:
        super().__init__(parent)
        self._lane, self._work = lane, work
        self._entries: dict[Job, ScanEntry] = {}
        self._ended = False
        lane.progressed.connect(self._on_progress)

    def begin(self, entry: ScanEntry) -> None:
        """Work out what is still open of a scan, once the work that waits is done."""
        work, found = self._work, entry.identified
        if work is None or found is None or self._ended or not _open(found):
            return

        def task(tell: Report, should_stop: ShouldStop) -> Identified:
            return work(found, tell, should_stop)

        title = f"What {entry.title} could not have seen"
        job = Job(title, task, self._on_end, background=True)
        self._entries[job] = entry
        self._lane.submit(job)

    def forget(self) -> None:
        """Give up what is under way and waits: the scans are shown no more."""
        for job in self._entries:
            job.ask_to_stop()
        self._entries.clear()

    def end(self) -> None:
        """Begin nothing any more: the window closes."""
        self._ended = True

    def _on_end(self, job: Job) -> None:
        entry = self._entries.pop(job, None)
        if entry is None:
            return
        if job.result is not None:
            entry.identified = job.result
        self.changed.emit(entry)
        if job.error is not None and not job.stopped:
            self.failed.emit(entry, job.error)
        if job.should_stop():  # other work came; go on with what is still open
            self.begin(entry)

    @Slot(object, float, str)
    def _on_progress(self, job: Job, fraction: float, words: str) -> None:
        del words
        entry = self._entries.get(job)
        if entry is not None:
            self.progressed.emit(entry, fraction)


def _open(found: Identified) -> bool:
    return any(hazard.reason == "not_computed" for hazard in found.record.cannot_exclude)
