"""Qt without a window, and the fonts shipped with the program: for paper and window alike."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path

from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QApplication

import resources
from spectra_app.errors import DisplayError

FONT_FILES = (
    "fonts/NotoSans-Regular.ttf",
    "fonts/NotoSans-Bold.ttf",
    "fonts/NotoSansArabic-Regular.ttf",
    "fonts/NotoSansArabic-Bold.ttf",
)


def ensure_gui() -> None:
    """Start Qt without a display unless it already runs.

    A QApplication, not a QGuiApplication, so that a window opened later in this process finds the
    kind of application it needs.

    Raises
    ------
    DisplayError
        A Qt application without graphics already runs in this process.
    """
    running = QGuiApplication.instance()
    if running is None:
        _own_application()
    elif not isinstance(running, QGuiApplication):
        raise DisplayError(
            "reports cannot be drawn: Qt was started without graphics in this program",
            "report",
            "start Spectra again and save the report from there",
        )


@lru_cache(maxsize=1)
def _own_application() -> QApplication:
    """Keep the application that was started here alive as long as the process."""
    platform = ["-platform", "offscreen"]  # an unreachable display would end the process
    return QApplication([sys.argv[0] if sys.argv else "spectra", *platform])


def load_fonts() -> str:
    """Load the fonts shipped with the program and return the name of the Latin family.

    Raises
    ------
    DisplayError
        A font file is missing or cannot be read.
    """
    ensure_gui()
    return load_families()[0]


@lru_cache(maxsize=1)
def load_families() -> tuple[str, ...]:
    """Load the fonts shipped with the program once, and return the names of their families."""
    families: list[str] = []
    for name in FONT_FILES:
        number = QFontDatabase.addApplicationFont(str(resources.path(name)))
        if number < 0:
            raise DisplayError(
                "a font of the program is missing or damaged",
                Path(name).name,
                "install Spectra again",
            )
        families += QFontDatabase.applicationFontFamilies(number)
    return tuple(dict.fromkeys(families))
