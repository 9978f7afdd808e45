"""The supervisor's pages in every language: no text is cut off, overlapping or untranslated.

Measured as every other page is (`test_window_measured`): by default in Arabic, in all languages
in the long form.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from spectra_app.services.office import open_office
from spectra_app.ui.look import LANGUAGES

LONG_MS = 60_000
PAGES = ("statistics", "lists", "audit")
THEMES = {"en": "light", "fr": "contrast", "es": "light", "ar": "dark"}
SMALL, WIDE = (1024, 768), (1366, 768)


@pytest.fixture(scope="module")
def measure():
    """Return what gives the faults of all that is visible."""
    path = Path(__file__).parent / "test_window_measured.py"
    spec = importlib.util.spec_from_file_location("window_measured", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.faults_of


@pytest.fixture
def filled(spectra_home, staffed, quick_passwords, records_of):
    """Fill a station with something to show; return the password."""
    with open_office(spectra_home, passwords=quick_passwords) as office:
        made = records_of(office)
        made.whole(["Cocaine"], ["cocaine"], case=made.case(mode="mail", origin="NL"))
        made.whole(["Heroin"], ["caffeine"], analyser="X1")
    return staffed


@pytest.fixture
def area(qtbot, supervising, filled):
    """Return a window with the supervisor's area."""
    page = supervising(filled, PAGES[0])
    qtbot.waitUntil(lambda: page.found is not None, timeout=LONG_MS)
    return page.window()


def shown(shell, qtbot):
    """Yield every page, as it is shown first and with what can open on it."""
    area, records = shell.supervisor, shell.records
    for name in PAGES:
        page = area.show_page(name)
        qtbot.waitUntil(lambda: records.lane.idle and records.beside.idle, timeout=LONG_MS)
        yield name
        if name == "statistics":
            page.by.setCurrentIndex(page.by.findData("rates"))
            yield "statistics, rates"
            page.yearly.setChecked(True)
            yield "statistics, year"
            page.yearly.setChecked(False)
            page.by.setCurrentIndex(0)
        if name == "lists":
            page.box.look_at(Path("nothing.spkg"))
            qtbot.waitUntil(lambda page=page: bool(page.box._trouble), timeout=LONG_MS)
            yield "lists, a file that is none"
            page.box.buttons["leave"].click()
        if name == "audit":
            page.check.begin()
            yield "audit, verifying"
            qtbot.waitUntil(lambda page=page: page.check.found is not None, timeout=LONG_MS)
            qtbot.waitUntil(lambda: records.lane.idle, timeout=LONG_MS)
            yield "audit, verified"


def faults(shell, qtbot, measure, language, size):
    shell.look.speak(language)
    theme = THEMES[language]
    shell.look.dress(theme)
    shell.resize(*size)
    found = []
    for name in shown(shell, qtbot):
        for _round in range(4):  # heights follow widths, and other heights these
            QApplication.processEvents()
        found += measure(shell, language, f"{language} {theme} {size[0]}: {name}")
    return found


def test_the_supervisor_s_pages_can_be_read_in_arabic(area, qtbot, measure):
    assert faults(area, qtbot, measure, "ar", SMALL) == []


@pytest.mark.fuzz
@pytest.mark.skipif(not os.environ.get("SPECTRA_FUZZ"), reason="the long form runs in make fuzz")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [SMALL, WIDE])
def test_the_supervisor_s_pages_can_be_read(area, qtbot, measure, language, size):
    assert faults(area, qtbot, measure, language, size) == []
