"""Hears of every fault that nobody caught, on whatever thread, keeps it, and has it shown."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QProcess, Qt, Signal, Slot

from matching.errors import SpectraError
from spectra_app.reports.texts import without_isolates
from spectra_app.services.faults import crashes_left, hard_crashes_kept, keep_fault
from spectra_app.ui.lane import Job
from spectra_app.ui.look import Look

if TYPE_CHECKING:
    from spectra_app.ui.crash import CrashDialog
    from spectra_app.ui.shell import Shell

MOST_KEPT = 20  # a fault of a painting method comes back sixty times a second


class Faults(QObject):
    """Hears of every fault that nobody caught, keeps it, and shows it over a window.

    Parameters
    ----------
    window : Shell
        Is closed, the laser first, when a restart is wanted.
    look : Look
        Language and theme.
    """

    caught = Signal(object, str, object)

    def __init__(self, window: Shell, look: Look) -> None:
        super().__init__(window)
        self._window, self._look = window, look
        self._shown: CrashDialog | None = None
        self._known: set[str] = set()
        self.restart_wanted = False
        self.caught.connect(self._show, Qt.ConnectionType.QueuedConnection)

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Be told of faults while this lasts; what the last run left is said once.

        Hard crashes are watched for on the lane of the records, after the window shows.
        """
        with ExitStack() as stack:

            def watch(_tell: object, _stop: object) -> tuple[Path, ...]:
                left = crashes_left()
                stack.enter_context(hard_crashes_kept())
                return left

            lane = self._window.records.lane
            lane.submit(Job("Watching for crashes", watch, self._on_watching, background=True))
            sys.excepthook = lambda _kind, fault, _trace: self.hear(fault)
            threading.excepthook = lambda args: self._hear_if(args.exc_value)
            sys.unraisablehook = lambda args: self._hear_if(args.exc_value)
            try:
                yield
            finally:
                sys.excepthook = sys.__excepthook__
                threading.excepthook = threading.__excepthook__
                sys.unraisablehook = sys.__unraisablehook__

    def _on_watching(self, job: Job) -> None:
        if job.result:
            self.show_left(job.result)

    def _hear_if(self, fault: BaseException | None) -> None:
        if fault is not None:
            self.hear(fault)

    def hear(self, fault: BaseException) -> None:
        """Keep a fault and have it shown; called on whatever thread it happened."""
        details = "".join(traceback.format_exception(fault))
        sys.stderr.write(details)
        frames = traceback.extract_tb(fault.__traceback__)
        place = (
            f"{type(fault).__name__} {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
        )
        if place in self._known or len(self._known) >= MOST_KEPT:
            return
        self._known.add(place)
        self.caught.emit(fault, details, keep_fault(fault))

    @Slot(object, str, object)
    def _show(self, fault: BaseException, details: str, kept: Path | None) -> None:
        if self._shown is not None:
            return  # kept; one dialog is enough to decide by
        from spectra_app.ui.crash import CrashDialog

        say = self._look.say
        words = say("problem.fault_what", fault=str(fault) or type(fault).__name__)
        what = without_isolates(words)  # put in its direction again where it is shown
        error = SpectraError(what, "", say("crash.do"))
        self._open(
            CrashDialog(
                self._window,
                self._look,
                "problem.fault",
                error,
                details,
                kept=[kept] if kept else [],
            )
        )

    def show_left(self, paths: Sequence[Path]) -> None:
        """Say that the program ended by a fault of the system last time, and where that is kept."""
        if paths and self._shown is None:
            from spectra_app.ui.crash import CrashDialog

            say = self._look.say
            error = SpectraError(say("crash.left_what"), "", say("crash.left_do"))
            dialog = CrashDialog(self._window, self._look, "crash.left", error, "", kept=paths)
            dialog.restart.hide()
            self._open(dialog)

    def _open(self, dialog: CrashDialog) -> None:
        self._shown = dialog
        dialog.finished.connect(self._on_closed)
        dialog.restart_wanted.connect(self._restart)
        dialog.open()

    @Slot()
    def _on_closed(self) -> None:
        self._shown = None

    @Slot()
    def _restart(self) -> None:
        """Close everything, the laser first; `start_again` is called when that is done."""
        self.restart_wanted = True
        self._window.close()


def start_again(arguments: Sequence[str] = tuple(sys.orig_argv)) -> bool:
    """Start this program anew as a process of its own; False when the system refuses."""
    begun = QProcess.startDetached(sys.executable, list(arguments[1:]))
    return bool(begun[0] if isinstance(begun, tuple) else begun)
