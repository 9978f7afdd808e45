"""One lane of work beside the window: jobs run one at a time, in order, off the painting thread.

Library and emulated analyser share this one lane, so calls into HDF5 never run in parallel.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from matching.errors import SpectraError

Report = Callable[[float, str], None]
Task = Callable[[Report, Callable[[], bool]], Any]


@dataclass(eq=False, slots=True)
class Job:
    """One piece of work and, when it has ended, what became of it.

    Parameters
    ----------
    title : str
        What is being done, for a person.
    task : callable (Report, should_stop) -> object
        Runs on the worker thread; must not touch a widget.
    then : callable (Job) -> None
        Runs on the painting thread when the job has ended, however it ended.
    background : bool
        Nobody waits for it: it is asked to give up as soon as other work comes.
    """

    title: str
    task: Task
    then: Callable[[Job], None]
    background: bool = False
    result: Any = None
    error: SpectraError | None = None
    details: str = ""
    stopped: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)

    def also(self, then: Callable[[Job], None]) -> None:
        """Have `then` called as well, before the others, when the job has ended."""
        first = self.then

        def both(ended: Job) -> None:
            then(ended)
            first(ended)

        self.then = both

    def ask_to_stop(self) -> None:
        """Ask the work to give up; it answers when it next looks."""
        self._stop.set()

    def should_stop(self) -> bool:
        """Tell the work whether it was asked to give up."""
        return self._stop.is_set()


class _Worker(QObject):
    ended = Signal(object)
    progressed = Signal(object, float, str)

    @Slot(object)
    def run(self, job: Job) -> None:
        if job.should_stop():
            job.stopped = True
        else:
            self._run(job)
        self.ended.emit(job)

    def _run(self, job: Job) -> None:
        def report(fraction: float, words: str) -> None:
            self.progressed.emit(job, fraction, words)

        try:
            job.result = job.task(report, job.should_stop)
        except SpectraError as error:
            job.error = error
            job.details = traceback.format_exc()
        except Exception as error:  # noqa: BLE001 - shown in full: the window must go on working
            job.error = SpectraError(
                f"the program met something it does not know: {error or type(error).__name__}",
                job.title,
                "copy the details and send them to whoever maintains the program",
            )
            job.details = traceback.format_exc()
            _keep(error)
        job.stopped = job.error is not None and job.should_stop()


def _keep(fault: Exception) -> None:
    from spectra_app.services.faults import keep_fault  # seldom: not before the window shows

    keep_fault(fault)


class Lane(QObject):
    """A queue of jobs on one thread; every answer comes back on the thread that made the lane."""

    requested = Signal(object)
    progressed = Signal(object, float, str)
    changed = Signal()
    ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: list[Job] = []
        self._thread = QThread()
        self._thread.setObjectName("spectra work")
        self._worker = _Worker()
        self._worker.moveToThread(self._thread)
        queued = Qt.ConnectionType.QueuedConnection
        self.requested.connect(self._worker.run, queued)
        self._worker.ended.connect(self._on_ended, queued)
        self._worker.progressed.connect(self._on_progress, queued)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """True while a job that somebody waits for runs or waits."""
        return any(not job.background for job in self._jobs)

    @property
    def idle(self) -> bool:
        """True when no job runs or waits, in the background neither."""
        return not self._jobs

    @property
    def current(self) -> Job | None:
        """The job that runs now or next, of those that somebody waits for."""
        return next((job for job in self._jobs if not job.background), None)

    def submit(self, job: Job) -> None:
        """Put `job` at the end of the queue; background jobs make way for others."""
        if not job.background:
            for other in self._jobs:
                if other.background:
                    other.ask_to_stop()
        self._jobs.append(job)
        self.requested.emit(job)
        self.changed.emit()

    def stop_all(self) -> None:
        """Ask the running job to give up and drop those that wait."""
        for job in self._jobs:
            job.ask_to_stop()

    def close(self, wait_ms: int) -> bool:
        """End the thread; return False when the work did not give up within `wait_ms`."""
        self.stop_all()
        self._thread.quit()
        return bool(self._thread.wait(wait_ms))

    def when_thread_ends(self, then: Callable[[], object]) -> None:
        """Call `then`, a slot of a QObject, once the thread has ended."""
        self._thread.finished.connect(then, Qt.ConnectionType.QueuedConnection)

    @Slot(object)
    def _on_ended(self, job: Job) -> None:
        if job in self._jobs:
            self._jobs.remove(job)
        job.then(job)
        self.changed.emit()
        if not self._jobs:
            self.ended.emit()

    @Slot(object, float, str)
    def _on_progress(self, job: Job, fraction: float, words: str) -> None:
        self.progressed.emit(job, fraction, words)
