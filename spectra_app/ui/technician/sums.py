"""Figuring beside the painting thread: the newest wish is worked out, older ones are dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from spectra_app.ui.lane import Job, Lane

Sum = Callable[[], Any]


class Newest(QObject):
    """Works out one thing at a time on a lane of its own, so that no scan or file holds it up.

    Only arithmetic belongs here: the library and its files have the window's shared lane.

    Parameters
    ----------
    parent : QObject
        Owner.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._lane: Lane | None = None
        self._waiting: Job | None = None
        self._running: Job | None = None
        self._over = False
        self.dropped = 0

    @property
    def idle(self) -> bool:
        """True when nothing runs or waits."""
        return self._running is None

    def want(self, title: str, work: Sum, then: Callable[[Job], None]) -> None:
        """Work something out; a wish that has not begun is forgotten, one under way is not told.

        Nothing is worked out any more after `end`.
        """
        if self._over:
            return
        if self._waiting is not None:
            self.dropped += 1
        self._waiting = Job(title, lambda _tell, _stop: work(), then)
        if self._running is None:
            self._next()

    def _next(self) -> None:
        job, self._waiting = self._waiting, None
        self._running = job
        if job is None:
            return
        if self._lane is None:
            self._lane = Lane(self)
        then = job.then

        def ended(done: Job) -> None:
            if self._over:
                return
            newer = self._waiting is not None
            self._next()
            if newer:
                self.dropped += 1
            else:
                then(done)

        job.then = ended
        self._lane.submit(job)

    def drop(self) -> None:
        """Tell nobody of what runs or waits."""
        if self._running is not None:
            self.want("Nothing", lambda: None, lambda _job: None)

    def end(self, wait_ms: int = 2000) -> None:
        """Forget what runs or waits and end the lane for good: one sum takes milliseconds."""
        self._over, self._waiting, self._running = True, None, None
        if self._lane is not None:
            self._lane.close(wait_ms)
            self._lane = None
