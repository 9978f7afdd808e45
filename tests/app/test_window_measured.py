"""Every page of the window in every language: no text is cut off, overlapping or untranslated.

It takes minutes, so that ``make fuzz`` does it; by default only the measure itself is tested.
The scale of 200 % is measured in a process of its own.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDockWidget,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
)

from matching.errors import SpectraError
from spectra_app.records.access import User
from spectra_app.services.instrument_state import InstrumentState
from spectra_app.ui.fitted import ElidedLabel, FittedLabel, lay_out
from spectra_app.ui.look import LANGUAGES, window_texts
from spectra_app.ui.records_desk import Standing
from spectra_app.ui.scans import done_entry

SIZES = {"small": (1024, 768), "wide": (1366, 768), "large": (1920, 1080)}
THEMES = ("light", "dark", "contrast")
TEXT = (QLabel, QAbstractButton, QLineEdit, QComboBox, FittedLabel)
SLACK = 2  # pixels that rounding may cost
MESSAGES = (
    "begin", "no_analyser", "number_known", "need_number", "scanning_first",
    "scanning_other_spot", "scanning_packaging", "scanning_longer", "stopping", "stopped",
)  # fmt: skip
WRONG = SpectraError("the disk is full", "/data/evidence", "make room on the disk")


# --- measuring -----------------------------------------------------------------------------------


def shown_text(widget):
    if isinstance(widget, FittedLabel):
        return widget.text
    if isinstance(widget, QComboBox):
        return widget.currentText()
    return widget.text() or (widget.placeholderText() if isinstance(widget, QLineEdit) else "")


def cut_off(widget):
    """Return why the text of a widget is not seen whole; empty when it is."""
    if isinstance(widget, ElidedLabel) or not shown_text(widget).strip():
        return ""
    size, wants = widget.size(), widget.sizeHint()
    if isinstance(widget, FittedLabel):
        box = lay_out(widget.text, widget.font(), widget.width()).boundingRect()
        wants = QSize(int(box.width()), int(box.height()))
    elif isinstance(widget, QLabel):
        if widget.wordWrap():
            wants = QSize(widget.minimumSizeHint().width(), widget.heightForWidth(size.width()))
    elif isinstance(widget, QLineEdit | QComboBox):
        if widget.sizePolicy().horizontalPolicy() is QSizePolicy.Policy.Ignored or widget.toolTip():
            return ""
        room = 16 if isinstance(widget, QLineEdit) else 34
        wide = widget.fontMetrics().horizontalAdvance(shown_text(widget)) + room
        wants = QSize(wide if isinstance(widget, QComboBox) or not widget.text() else 0, 0)
    elif isinstance(widget, QAbstractButton):
        box = widget.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, widget.text())
        wants = QSize(box.width() + 12, box.height() + 4)
    if wants.width() > size.width() + SLACK or wants.height() > size.height() + SLACK:
        return f"needs {wants.width()}x{wants.height()}, has {size.width()}x{size.height()}"
    return ""


def behind(widget):
    """Tell whether a widget is in a panel that stands behind another one: Qt calls it visible."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QDockWidget):
            return parent.visibleRegion().isEmpty()
        parent = parent.parentWidget()
    return False


def scrolled(widget):
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            return True
        parent = parent.parentWidget()
    return False


def faults_of(root, language, where):
    """Walk all that is visible; return what a person could not read."""
    english, own = window_texts("en").texts, window_texts(language).texts
    foreign = {text for key, text in english.items() if own[key] != text} - set(own.values())
    seen = [
        one
        for one in root.findChildren(object)
        if isinstance(one, TEXT) and one.isVisible() and one.window() is root and not behind(one)
    ]
    found, boxes = [], []
    for widget in seen:
        text = shown_text(widget)
        name = f"{where}: {type(widget).__name__} {text[:50]!r}"
        if isinstance(widget.parentWidget(), QComboBox):
            continue
        if why := cut_off(widget):
            found.append(f"{name}: {why}")
        if text in foreign:
            found.append(f"{name}: untranslated")
        box = QRect(widget.mapTo(root, QPoint(0, 0)), widget.size())
        if text.strip() and not scrolled(widget):
            if not root.rect().adjusted(-SLACK, -SLACK, SLACK, SLACK).contains(box):
                found.append(f"{name}: outside the window, at {box}")
            boxes.append((name, box, widget))
    for (one, a, first), (other, b, second) in combinations(boxes, 2):
        if first.isAncestorOf(second) or second.isAncestorOf(first):
            continue
        common = a.intersected(b)
        if common.width() > SLACK and common.height() > SLACK:
            found.append(f"{one} lies over {other}")
    return found


# --- the pages -----------------------------------------------------------------------------------

READY = InstrumentState(
    phase="ready", title="Wasatch", model="WP-785X-ER", serial="WP-01990", emulated=True,
    laser="not controlled", temperature_c=-14.9, calibration="missing",
    calibration_words="was never checked",
)  # fmt: skip
ALARM = replace(
    READY, laser="unknown", alarm="it does not switch off", alarm_since="2026-11-22T10:00:00Z",
    alarm_note="laser off was sent; the analyser still says that its laser is on",
)  # fmt: skip


def entrance_pages(shell):
    person = User(id="u2", login="officer", name="The officer", role="officer")
    for name, standing in (
        ("first run", Standing(opened=True)),
        ("log in", Standing(begun=True, opened=True)),
        ("locked", Standing(begun=True, user=person, locked=True, opened=True)),
    ):
        shell.entrance.show_standing(standing)
        shell.pages.setCurrentWidget(shell.entrance)
        shell.head.show_areas((), "")
        yield name, shell


def officer_pages(shell, samples):
    screen = shell.officer
    shell.pages.setCurrentWidget(screen)
    shell.head.show_areas(("officer", "workbench"), "officer")
    for key in MESSAGES:
        screen.show_message(f"officer.{key}", emulated=True, action="connect")
        yield f"officer {key}", shell
    screen.show_message("officer.failed", error=WRONG, action="again")
    screen.show_busy(stoppable=True)
    screen.message.show_progress(0.4, shell.look.say("officer.left", seconds=12))
    screen.message.show_laser("requested")
    yield "officer busy", shell
    screen.show_ready(scannable=True, fileable=True)
    for name in samples.ALL:
        screen.show_found(samples.ALL[name]())
        yield f"officer {name}", shell


def bench_pages(shell, samples):
    bench = shell.workbench
    shell.pages.setCurrentWidget(shell.technician)
    bench._show_entry(None)
    bench.start.show_note("Starter library 1.0", "Reconstructed; gives leads only.")
    yield "bench start", shell
    bench.work.show_work("bench.scanning_of", "caffeine", emulated=True)
    bench.work.show_progress(0.3, "exposure 1 of 4, about 3 s left", 3)
    bench._show_nothing(bench.work, "bench.measuring")
    yield "bench working", shell
    bench.problem.show_problem("bench.refused", WRONG, "Traceback")
    bench._show_nothing(bench.problem, "bench.nothing_read")
    yield "bench problem", shell
    for name in samples.ALL:
        entry = done_entry(samples.ALL[name]())
        bench.scans.add(entry)
        bench.scans.choose(entry)
        yield f"bench {name}", shell


def analyser_pages(shell):
    panel, alarm = shell.analyser.panel, shell.analyser.alarm
    panel.show()
    for state in (InstrumentState(), READY, replace(READY, phase="live", laser="firing")):
        panel.show_state(state)
        yield f"panel {state.phase}", panel
    panel.plan.setCurrentIndex(2)
    panel.show_state(replace(READY, trouble=WRONG, calibration="failed"))
    yield "panel gentle", panel
    panel.plan.setCurrentIndex(0)
    panel.show_state(InstrumentState())
    panel.hide()
    alarm.show_alarm(ALARM)
    alarm.showNormal()  # the screen without a display is smaller than a real one
    alarm.resize(shell.size())
    yield "alarm", alarm
    alarm.show_alarm(READY)


def all_pages(shell, samples):
    yield from entrance_pages(shell)
    yield from officer_pages(shell, samples)
    yield from bench_pages(shell, samples)
    yield from analyser_pages(shell)
    yield from of_file("compare_pages").compare_pages(shell, samples)
    yield from of_file("library_pages").library_pages(shell)
    yield from of_file("calibration_pages").calibration_pages(shell)
    yield from of_file("pages_everywhere").pages(shell)
    yield from of_file("examine_pages").examine_pages(shell, samples)
    yield from of_file("calculated_pages").suggestion_pages(shell)


def of_file(name):
    """Return a file of pages beside this one; tests are not packages."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure(shell, samples, language, theme, size):
    """Return the faults of all pages in one language, theme and size."""
    shell.look.speak(language)
    shell.look.dress(theme)
    shell.resize(*size)
    found = []
    for name, root in all_pages(shell, samples):
        for _round in range(4):  # heights follow widths, and other heights these
            QApplication.processEvents()
        found += faults_of(root, language, f"{language} {theme} {size[0]}: {name}")
    return found


# --- the tests -----------------------------------------------------------------------------------


@pytest.mark.fuzz
@pytest.mark.skipif(not os.environ.get("SPECTRA_FUZZ"), reason="the long form runs in make fuzz")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_can_be_read_at_the_smallest_size(shell, samples, language):
    theme = THEMES[LANGUAGES.index(language) % len(THEMES)]
    found = measure(shell, samples, language, theme, SIZES["small"])
    assert not found, "\n".join(found)


@pytest.mark.fuzz
@pytest.mark.skipif(not os.environ.get("SPECTRA_FUZZ"), reason="the long form runs in make fuzz")
def test_every_page_can_be_read_at_a_larger_size(shell, samples):
    assert measure(shell, samples, "ar", "dark", SIZES["large"]) == []


@pytest.mark.fuzz
@pytest.mark.skipif(not os.environ.get("SPECTRA_FUZZ"), reason="the long form runs in make fuzz")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
def test_every_page_can_be_read_in_every_theme_and_size(shell, samples, language, theme, size):
    assert measure(shell, samples, language, theme, SIZES[size]) == []


@pytest.mark.fuzz
@pytest.mark.skipif(not os.environ.get("SPECTRA_FUZZ"), reason="the long form runs in make fuzz")
@pytest.mark.skipif(bool(os.environ.get("QT_SCALE_FACTOR")), reason="this is that process")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_can_be_read_at_200_per_cent(language):
    """A scale is chosen before Qt starts, so this file is run again, at 2048x1536."""
    result = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
            f"{Path(__file__)}::test_every_page_can_be_read_at_the_smallest_size[{language}]",
        ],
        capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen"},
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert result.returncode == 0, result.stdout
    assert "1 passed" in result.stdout


@pytest.mark.parametrize("fault", ["cut", "over", "foreign"])
def test_the_measure_finds_what_is_wrong(shell, fault):
    shell.look.speak("fr")
    button = shell.entrance.around
    if fault == "cut":
        button.setFixedWidth(60)
    elif fault == "foreign":
        button.setText("Log out")
    else:
        shell.head.name.move(shell.head.person.pos())
    if fault != "over":
        QApplication.processEvents()
    said = {"cut": "needs", "over": "lies over", "foreign": "untranslated"}[fault]
    assert any(said in one for one in faults_of(shell, "fr", "here"))
