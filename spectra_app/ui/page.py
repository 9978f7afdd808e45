"""What the pages of an area have in common: asking the records, and saying so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget
from shiboken6 import isValid

from matching.errors import SpectraError
from spectra_app.ui.lane import Job
from spectra_app.ui.look import Look
from spectra_app.ui.records_desk import Act, RecordsDesk
from spectra_app.ui.theme import sized
from spectra_app.ui.troubles import told

TALL = 44  # pixels


class Page(QWidget):
    """A page with a title, a row of buttons beside it, and a line for what is going on.

    Parameters
    ----------
    look : Look
        Language and theme.
    records : RecordsDesk
        What is asked.
    """

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__()
        self.look_of, self.records = look, records
        self.title, self.line = QLabel(), QLabel()
        self.title.setFont(sized(self.title.font(), 17, bold=True))
        self.line.setWordWrap(True)
        self.top, self.column = QHBoxLayout(), QVBoxLayout(self)
        self.top.addWidget(self.title)
        self.top.addStretch(1)
        self.column.setContentsMargins(16, 12, 16, 12)
        self.column.setSpacing(8)
        self.column.addLayout(self.top)
        self.column.addWidget(self.line)
        self.line.hide()
        self.waiting = 0

    def refresh(self) -> None:
        """Ask again for what is shown."""

    def ask(self, title: str, act: Act, then: Callable[[Any], None]) -> Job:
        """Run an act; `then` gets its result. What went wrong is said in the line of the page."""
        self.waiting += 1
        self.say_line(self.look_of.say("super.asking"))
        return self.records.ask(title, act, lambda job: self._ended(job, then))

    def _ended(self, job: Job, then: Callable[[Any], None]) -> None:
        if not isValid(self):  # somebody else is logged in meanwhile
            return
        self.waiting -= 1
        self.say_line("")
        if job.error is not None:
            self.say_trouble(job.error)
        elif not job.stopped:
            then(job.result)

    def say_line(self, words: str, *, problem: bool = False) -> None:
        """Say something under the title; nothing hides the line."""
        self.line.setObjectName("problem" if problem else "hint")
        self.line.style().unpolish(self.line)
        self.line.style().polish(self.line)
        self.line.setText(words)
        self.line.setAccessibleName(words)
        self.line.setVisible(bool(words))

    def say_trouble(self, error: SpectraError) -> None:
        """Say what was wrong and what to do."""
        self.say_line(str(told(error, self.look_of.texts)), problem=True)
