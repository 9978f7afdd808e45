"""What the technician's pages have in common: work on the lane of the library, seen and stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton
from shiboken6 import isValid

from spectra_app.errors import AppError
from spectra_app.ui.lane import Job, Report
from spectra_app.ui.look import Look
from spectra_app.ui.page import Page
from spectra_app.ui.phrases import percent, progress_words, seconds_left
from spectra_app.ui.technician.area import Bench

Tell = Callable[[float, str], None]
Work = Callable[[Tell], Any]
"""Is given what it tells its progress to; that raises once somebody has pressed Stop."""


class WorkLine(QFrame):
    """How far some work is, how long it takes, and how to stop it; hidden while there is none."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look, self._fraction = look, 0.0
        self._left: int | None = None
        self.bar, self.words, self.stop = QProgressBar(), QLabel(), QPushButton()
        self.bar.setRange(0, 100)
        self.bar.setTextVisible(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.bar, 1)
        row.addWidget(self.words)
        row.addWidget(self.stop)
        look.tell(self.retell)
        self.hide()

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.stop.setText(say("library.stop"))
        self.bar.setAccessibleName(say("work.progress"))
        self.words.setText(progress_words(percent(self._fraction), self._left, self._look.texts))

    def show_progress(self, fraction: float, left_s: int | None) -> None:
        """Show how far the work is, 0 to 1, and the seconds left where they are known."""
        self._fraction, self._left = fraction, left_s
        self.bar.setValue(round(100 * fraction))
        self.retell()
        self.show()


class BenchPage(Page):
    """A page whose work on libraries runs on the lane, one after the other.

    Parameters
    ----------
    look : Look
        Language and theme.
    bench : Bench
        What the technician's pages work with.
    """

    def __init__(self, look: Look, bench: Bench) -> None:
        super().__init__(look, bench.records)
        self.bench = bench
        self.work_line = WorkLine(look)
        self.column.addWidget(self.work_line)
        self._jobs: list[Job] = []
        self._began = 0.0
        self.work_line.stop.clicked.connect(self.stop_work)
        bench.lane.progressed.connect(self._on_progress)

    @property
    def person(self) -> str:
        """Name of who is logged in; empty when nobody is."""
        user = self.records.standing.user
        return user.name if user is not None else ""

    def run(self, title: str, work: Work, then: Callable[[Any], None]) -> Job:
        """Do some work on the lane; `then` gets its result. What went wrong is said in the line."""

        def task(report: Report, should_stop: Callable[[], bool]) -> Any:
            def tell(share: float, words: str) -> None:
                if should_stop():
                    raise AppError("it was stopped; nothing was changed", "", "start it again")
                report(share, words)

            tell(0.0, "")
            return work(tell)

        self.waiting += 1
        self.say_line("")
        job = Job(title, task, lambda ended: self._work_ended(ended, then))
        self._jobs.append(job)
        self._began = time.monotonic()
        self.bench.lane.submit(job)
        return job

    @Slot()
    def stop_work(self) -> None:
        """Ask all work of this page to give up."""
        for job in self._jobs:
            job.ask_to_stop()

    @Slot(object, float, str)
    def _on_progress(self, job: Job, fraction: float, _words: str) -> None:
        if job in self._jobs and fraction > 0.0:
            left = seconds_left(time.monotonic() - self._began, fraction)
            self.work_line.show_progress(fraction, left)

    def _work_ended(self, job: Job, then: Callable[[Any], None]) -> None:
        if not isValid(self):  # somebody else is logged in meanwhile
            return
        if job in self._jobs:
            self._jobs.remove(job)
        if not self._jobs:
            self.work_line.hide()
        self._ended(job, then)
        if job.stopped:
            self.say_line(self.look_of.say("library.stopped"))
