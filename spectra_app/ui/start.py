"""Start the window: the one door from the composition root into Qt."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication

from spectra_app.services.api import UseCases


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


def run_window(use_cases: UseCases, files: Sequence[Path]) -> int:
    """Show the window, open `files` in it, and return the exit code when it is closed."""
    from spectra_app.ui.app_window import AppWindow

    app = make_application()
    window = AppWindow(use_cases)
    window.resize(1366, 768)
    window.show()
    window.open_files(files)
    return app.exec()
