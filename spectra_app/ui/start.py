"""Start the window: the one door from the composition root into Qt."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from spectra_app.services.api import UseCases
    from spectra_app.ui.records_desk import OpenOffice

REQUESTS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK")
REQUEST_HEARD_MS = 100


SWITCH_S = 0.0005
"""How long another thread may go on when the painting thread wants to: every call of Qt asks again,
so that Python's own 5 ms, a few hundred times over, were seconds in which a page did not open."""


def make_application() -> QApplication:
    """Return the application with style, font and icon; the one there is when there is one."""
    from spectra_app.ui.theme import program_icon, use_fonts

    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    sys.setswitchinterval(SWITCH_S)
    app.setApplicationName("Spectra")
    app.setStyle("Fusion")
    app.setWindowIcon(program_icon())
    use_fonts(app)
    return app


def run_window(
    make_use_cases: Callable[[], UseCases], open_office: OpenOffice, files: Sequence[Path]
) -> int:
    """Show the window, open `files` in it, and return the exit code when it is closed.

    What goes wrong in the program itself is kept and shown; when a restart is wanted then, the
    program is started anew after everything was closed, the laser first.
    """
    from spectra_app.services.remembered import remembered
    from spectra_app.ui.faults import Faults, start_again
    from spectra_app.ui.look import LANGUAGES, Look
    from spectra_app.ui.memory import Memory
    from spectra_app.ui.shell import Shell
    from spectra_app.ui.theme import theme_of

    app, known = make_application(), remembered()
    language = known.language if known.language in LANGUAGES else LANGUAGES[0]
    window = Shell(make_use_cases, open_office, Look(language, theme_of(known.theme)))
    window.resize(1366, 768)
    window.entrance.show_remembered(known)
    memory, faults = Memory(window, known), Faults(window, window.look)
    window.show()
    window.open_files(files)
    try:
        with closed_politely(window.close), faults.heard():
            code = app.exec()
    finally:
        memory.save_last()
    if faults.restart_wanted and not start_again():
        sys.stderr.write("the program could not be started again: start it by hand\n")
    return code


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
