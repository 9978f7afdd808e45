"""The library that the workbench compares with: asked for, exchanged, and given back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from spectra_app.services.api import UseCases
from spectra_app.ui.lane import Job, Lane


class UsedLibrary(QObject):
    """Exchanges the library on the lane; `answered` tells the job that ended.

    Its result is the library's title, and what must be known about it.

    Parameters
    ----------
    parent : QObject
        Owner.
    use_cases : UseCases
        What is asked.
    lane : Lane
        Of library and analyser.
    """

    answered = Signal(object)

    def __init__(self, parent: QObject, use_cases: UseCases, lane: Lane) -> None:
        super().__init__(parent)
        self._use_cases, self._lane = use_cases, lane
        self._borrowed = False

    def ask(self) -> None:
        """Ask which library is in use."""
        self._run("Opening the library", self._use_cases.library_title)

    def take(self, path: Path) -> None:
        """Use another library from now on."""
        self._borrowed, open_it = True, self._use_cases.open_library
        self._run(f"Opening {path.name}", lambda: open_it(path))

    def give_back(self) -> None:
        """Use the station's own again, where another one was taken."""
        leave = self._use_cases.leave_library
        if self._borrowed and leave is not None:
            self._borrowed = False
            self._run("Opening the library", leave)

    def _run(self, title: str, act: Callable[[], str]) -> None:
        note = self._use_cases.library_note
        self._lane.submit(Job(title, lambda _tell, _stop: (act(), note()), self.answered.emit))
