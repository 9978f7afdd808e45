"""Long work in slices on the shared lane: whatever somebody waits for goes first, and it goes on.

The work is a generator of a service. A slice asks it for steps until half a second is over or other
work has come; then the lane is free again. To stop is to ask for no more steps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from shiboken6 import isValid

from spectra_app.ui.lane import Job, Lane, Report

SLICE_S = 0.5
Made = Callable[[], Generator[Any, None, Any]]


class _Work:
    """The generator, touched on the worker thread only."""

    def __init__(self, make: Made) -> None:
        self._make = make
        self._steps: Generator[Any, None, Any] | None = None
        self.over, self.result = False, None

    def slice(self, _tell: Report, should_stop: Callable[[], bool]) -> list[Any]:
        """Return the steps of one slice."""
        if self._steps is None:
            self._steps = self._make()
        found: list[Any] = []
        until = time.monotonic() + SLICE_S
        while not self.over:
            try:
                found.append(next(self._steps))
            except StopIteration as ended:
                self.over, self.result = True, ended.value
            if should_stop() or time.monotonic() > until:
                break
        return found

    def close(self, _tell: Report, _should_stop: Callable[[], bool]) -> None:
        """Let go of files and libraries."""
        if self._steps is not None:
            self._steps.close()
        self.over = True


class SteppedWork(QObject):
    """One piece of long work after the other.

    Parameters
    ----------
    lane : Lane
        Shared with the rest of the window.
    parent : QObject
        Owner; when it is gone, so is the work.
    """

    stepped = Signal(object)
    """Steps that were done since, a list."""
    ended = Signal(object)
    """What the work gave, at its end."""
    failed = Signal(object, str)
    """The error, and its details."""
    stopped = Signal()
    changed = Signal()

    def __init__(self, lane: Lane, parent: QObject) -> None:
        super().__init__(parent)
        self._lane = lane
        self._work: _Work | None = None
        self._title, self._stopping = "", False
        self._job: Job | None = None
        self.began_s = 0.0

    @property
    def busy(self) -> bool:
        """Whether some work is under way."""
        return self._work is not None

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop and has not yet."""
        return self._stopping

    def begin(self, title: str, make: Made) -> None:
        """Begin some work; nothing while other work is under way."""
        if self._work is None:
            self._work, self._title, self._stopping = _Work(make), title, False
            self.began_s = time.monotonic()
            self._next()
            self.changed.emit()

    @Slot()
    def stop(self) -> None:
        """Ask the work to give up; it does when the step under way is done."""
        if self._work is not None and not self._stopping:
            self._stopping = True
            if self._job is not None:
                self._job.ask_to_stop()
            self.changed.emit()

    def _next(self) -> None:
        work = self._work
        if work is not None:
            self._job = Job(
                self._title, work.slice, lambda job: self._on_slice(work, job), background=True
            )
            self._lane.submit(self._job)

    def _on_slice(self, work: _Work, job: Job) -> None:
        if not isValid(self):  # the page is gone
            _let_go(self._lane, work)
            return
        if job.result:
            self.stepped.emit(job.result)
        if job.error is not None:
            self._end(work)
            self.failed.emit(job.error, job.details)
        elif work.over:
            self._end(work)
            self.ended.emit(work.result)
        elif self._stopping:
            self._end(work)
            self.stopped.emit()
        else:
            self._next()

    def _end(self, work: _Work) -> None:
        self._work, self._job, self._stopping = None, None, False
        if not work.over:
            _let_go(self._lane, work)
        self.changed.emit()


def _let_go(lane: Lane, work: _Work) -> None:
    if isValid(lane):
        lane.submit(Job("Putting away", work.close, lambda _job: None, background=True))
