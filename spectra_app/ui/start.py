"""Start the window: the one door from the composition root into Qt."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget

from matching.errors import SpectraError

if TYPE_CHECKING:
    from spectra_app.services.api import UseCases
    from spectra_app.ui.look import Look
    from spectra_app.ui.records_desk import OpenOffice

REQUESTS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK")
REQUEST_HEARD_MS = 100


def make_application() -> QApplication:
    """Return the application with style, font and icon; the one there is when there is one."""
    from spectra_app.ui.theme import program_icon, use_fonts

    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    app.setApplicationName("Spectra")
    app.setStyle("Fusion")
    app.setWindowIcon(program_icon())
    use_fonts(app)
    return app


def show_unexpected(
    window: QWidget,
    look: Look,
) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    """Return a hook that shows a fault of the window itself, instead of losing it in a console."""
    from spectra_app.ui.pages import ProblemDialog

    def hook(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
        details = "".join(traceback.format_exception(kind, fault, trace))
        sys.stderr.write(details)
        what = look.say("problem.fault_what", fault=str(fault) or kind.__name__)
        error = SpectraError(what, "", look.say("problem.fault_do"))
        ProblemDialog(window, look, "problem.fault", error, details).open()

    return hook


def run_window(
    make_use_cases: Callable[[], UseCases], open_office: OpenOffice, files: Sequence[Path]
) -> int:
    """Show the window, open `files` in it, and return the exit code when it is closed."""
    from spectra_app.ui.look import Look
    from spectra_app.ui.shell import Shell

    app = make_application()
    window = Shell(make_use_cases, open_office, Look())
    window.resize(1366, 768)
    window.show()
    window.open_files(files)
    sys.excepthook = show_unexpected(window, window.look)
    try:
        with closed_politely(window.close):
            return app.exec()
    finally:
        sys.excepthook = sys.__excepthook__


@contextmanager
def closed_politely(close: Callable[[], object]) -> Iterator[None]:
    """Close the window, the laser first, when the session ends or somebody ends the program.

    Without this a request to terminate would end the program on the spot, and a laser that fires
    would go on. Python hears of a request only while it runs, so a timer wakes it up.
    """
    asked: list[int] = []
    timer = QTimer()

    def hear() -> None:
        if asked:
            asked.clear()
            close()

    timer.timeout.connect(hear)
    timer.start(REQUEST_HEARD_MS)
    ways = [getattr(signal, name) for name in REQUESTS if hasattr(signal, name)]
    taken = [one for one in ways if signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, lambda n, _frame: asked.append(n)) for number in taken}
    try:
        yield
    finally:
        timer.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
