"""Work that takes long: how far it is, how long it still takes, and a way to stop it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton
from shiboken6 import isValid

from spectra_app.errors import AppError
from spectra_app.services.office import Office, Session
from spectra_app.ui.lane import Job, Report
from spectra_app.ui.look import Look
from spectra_app.ui.phrases import LONG_S, seconds_left
from spectra_app.ui.records_desk import RecordsDesk

Progress = Callable[[float, str], None]
Steady = Callable[[Office, Session, Progress], Any]
"""An act that tells its progress; what that raises ends it."""


class Working(QFrame):
    """Runs one piece of long work, the last one asked for; not to be seen while there is none.

    Parameters
    ----------
    look : Look
        Language and theme.
    records : RecordsDesk
        Runs it.
    """

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__()
        self._look, self._records = look, records
        self.job: Job | None = None
        self._began, self._share, self._key = 0.0, 0.0, ""
        self.words, self.bar, self.stop = QLabel(), QProgressBar(), QPushButton()
        self.words.setWordWrap(True)
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.words, 1)
        row.addWidget(self.bar, 1)
        row.addWidget(self.stop)
        self.hide()
        self.stop.clicked.connect(self.ask_to_stop)
        for lane in (records.lane, records.beside):
            lane.progressed.connect(self._on_progress)
        records.changed.connect(self._on_changed)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        self.stop.setText(self._look.say("working.stop"))
        self.bar.setAccessibleName(self._look.say("working.bar"))
        if self._key:
            self._say()

    def begin(self, key: str, act: Steady, then: Callable[[Job], None]) -> None:
        """Run an act beside the others and show how far it is; `key` says what is being done."""
        if self.job is not None:  # nobody waits for what it finds any more
            self.job.ask_to_stop()
        self._key, self._began, self._share = key, time.monotonic(), 0.0

        def steady(office: Office, session: Session, tell: Report, stop: Callable[[], bool]) -> Any:
            def progress(share: float, words: str) -> None:
                if stop():
                    raise AppError("the work was stopped", "", "start it again")
                tell(share, words)

            return act(office, session, progress)

        def ended(job: Job) -> None:
            if isValid(self) and job is self.job:
                self.job = None
                self.hide()
                then(job)

        self.bar.setValue(0)
        self.stop.setEnabled(True)
        self._say()
        self.show()
        self.job = self._records.work("Long work of a supervisor", steady, ended, beside=True)

    @Slot()
    def ask_to_stop(self) -> None:
        """Ask the work to give up."""
        if self.job is not None:
            self.job.ask_to_stop()
            self.stop.setEnabled(False)
            self.words.setText(self._look.say("working.stopping"))

    @Slot()
    def _on_changed(self) -> None:
        """Work of somebody who has logged out ends."""
        if self._records.standing.user is None:
            self.ask_to_stop()

    @Slot(object, float, str)
    def _on_progress(self, job: Job, share: float, _words: str) -> None:
        if job is self.job and not job.should_stop():
            self._share = share
            self.bar.setValue(round(1000 * share))
            self._say()

    def _say(self) -> None:
        """Say what is being done, and the time left once it can be told."""
        say = self._look.say
        done = say(self._key)
        left = seconds_left(time.monotonic() - self._began, self._share)
        if left is None:
            self.words.setText(say("working.begun", done=done))
        elif left < LONG_S:
            self.words.setText(say("working.seconds", done=done, seconds=left))
        else:
            self.words.setText(say("working.minutes", done=done, minutes=round(left / 60)))
