"""What a person sees when the program itself has a fault: go on, copy the details, or restart.

Faults of the painting thread, of any other thread and of what is cleaned up come to one place. They
are kept first (see `services.faults`) and shown afterwards, on the painting thread.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Qt, Signal, Slot
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from matching.errors import SpectraError
from spectra_app.services.faults import keep_fault
from spectra_app.ui.look import Look
from spectra_app.ui.pages import ProblemDialog

MOST_KEPT = 20  # a fault of a painting method comes back sixty times a second


class CrashDialog(ProblemDialog):
    """A fault of the program, with the way out; `key` says in a word or two what it was."""

    restart_wanted = Signal()

    def __init__(
        self,
        parent: QWidget,
        look: Look,
        key: str,
        error: SpectraError,
        details: str,
        *,
        kept: Sequence[Path],
    ) -> None:
        self.restart, self.kept, self._paths = QPushButton(), QLabel(), kept
        super().__init__(parent, look, key, error, details, close_key="crash.go_on")
        self.kept.setWordWrap(True)
        self.kept.setTextFormat(Qt.TextFormat.PlainText)
        self.kept.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.kept.setObjectName("hint")
        column = self.page.column
        column.insertWidget(column.indexOf(self.page.open) + 1, self.restart)
        column.insertWidget(column.indexOf(self.page.open), self.kept)
        self.restart.clicked.connect(self._on_restart)
        self.page.open.setDefault(True)

    def retell(self) -> None:
        """Say all texts."""
        super().retell()
        say = self._look.say
        self.restart.setText(say("crash.restart"))
        self.restart.setToolTip(say("crash.restart_hint"))
        paths = "\n".join(str(path) for path in self._paths)
        words = say("crash.kept", path=paths) if paths else say("crash.not_kept")
        self.kept.setText(words)

    @Slot()
    def _on_restart(self) -> None:
        self.accept()
        self.restart_wanted.emit()


class Faults(QObject):
    """Hears of every fault that nobody caught, keeps it, and shows it over a window.

    Parameters
    ----------
    window : QWidget
        Is closed, the laser first, when a restart is wanted.
    look : Look
        Language and theme.
    """

    caught = Signal(object, str, object)

    def __init__(self, window: QWidget, look: Look) -> None:
        super().__init__(window)
        self._window, self._look = window, look
        self._shown: CrashDialog | None = None
        self._known: set[str] = set()
        self.restart_wanted = False
        self.caught.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def listen(self) -> None:
        """Be told of faults from now on."""
        sys.excepthook = lambda _kind, fault, _trace: self.hear(fault)
        threading.excepthook = lambda args: self._hear_if(args.exc_value)
        sys.unraisablehook = lambda args: self._hear_if(args.exc_value)

    def deafen(self) -> None:
        """Leave faults to Python again."""
        sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
        sys.unraisablehook = sys.__unraisablehook__

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
        say = self._look.say
        what = say("problem.fault_what", fault=str(fault) or type(fault).__name__)
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
        if paths:
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
