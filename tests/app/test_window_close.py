"""Closing: at rest, during work that listens, and during work that does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from spectra_app.ui import shell as shell_module

SCRIPT = """
import sys, threading
from dataclasses import replace
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from spectra_app.services.desk import desk_use_cases
from spectra_app.services.office import open_office
from spectra_app.ui.start import run_window

begun = threading.Event()

def slow(path):
    print("working", flush=True)
    begun.set()
    threading.Event().wait(2.5)
    raise RuntimeError("ended after the window was asked to close")

cases = replace(
    desk_use_cases(None, None),
    identify_file=slow, library_title=lambda: "L", library_note=lambda: "N",
)
timer = QTimer()

def watch():
    windows = QApplication.topLevelWidgets()
    for window in windows:
        if window.isVisible() and getattr(window, "lane", None) and begun.is_set():
            timer.stop()
            window.close()

from spectra_app.ui.start import make_application
make_application()
timer.timeout.connect(watch)
timer.start(300)
sys.exit(run_window(lambda: cases, open_office, [Path("x.csv")]))
"""


def test_closing_at_rest_ends_every_thread(window, qtbot):
    shell = window.window()
    shell.close()
    qtbot.waitUntil(lambda: not shell.isVisible())
    assert shell.lane._thread.isFinished()
    assert shell.records.lane._thread.isFinished()
    assert shell.analyser.state.phase == "closed"


def test_closing_during_a_scan_asks_it_to_stop(window, qtbot):
    window.scan_emulated()
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.work)
    window.window().close()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert window.lane._thread.isFinished()


def test_work_that_does_not_listen_delays_the_closing_and_says_so(window, qtbot, desk, monkeypatch):
    monkeypatch.setattr(shell_module, "CLOSE_WAIT_MS", 50)
    window.open_files([Path("slow.csv")])
    qtbot.waitUntil(lambda: bool(desk.asked))
    window.window().close()
    qtbot.waitUntil(lambda: "work under way" in window.window().windowTitle())
    assert window.isVisible()
    desk.gate.set()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert window.lane._thread.isFinished()


def test_a_process_closed_during_work_ends_with_zero_and_no_complaint_of_qt():
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        cwd=Path(shell_module.__file__).parents[2],
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "working" in result.stdout
    assert "QThread" not in result.stderr
    assert "Traceback" not in result.stderr
