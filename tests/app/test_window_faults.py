"""Faults of the program in a real process: told in words, kept, and a restart that closes first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer

from spectra_app.records.evidence import EvidenceStore
from spectra_app.services.faults import FOLDER
from spectra_app.ui.crash import CrashDialog
from spectra_app.ui.faults import Faults

START = """
import os, signal, sys, threading
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
import spectra_app.ui.shell
from spectra_app import app
from spectra_app.ui.crash import CrashDialog

how = sys.argv[1]
timer = QTimer()
Shell = spectra_app.ui.shell.Shell

class Tried(Shell):
    def __init__(self, *all_of_it):
        super().__init__(*all_of_it)
        self.steps = iter(self.walk())
        timer.timeout.connect(self.step)
        timer.start(50)

    def step(self):
        ready = how == "look" or (self.parts.warm and self.lane.idle)
        if self.records.standing.opened and ready:
            next(self.steps, None)

    def walk(self):
        if how == "look":
            while not self.findChildren(CrashDialog):
                yield
            dialog = self.findChildren(CrashDialog)[0]
            print("left:", dialog.kept.text(), flush=True)
            dialog.accept()
            self.close()
            return
        self.entrance.around.click()
        yield
        self.workbench.scan_emulated()
        yield
        while self.workbench.scans.current is None or not self.workbench.scans.current.identified:
            yield
        print("identified", flush=True)
        if how == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        QTimer.singleShot(0, lambda: 1 / 0)
        while not self.findChildren(CrashDialog):
            yield
        dialog = self.findChildren(CrashDialog)[0]
        print("shown:", dialog.page.what.text(), flush=True)
        dialog.restart.click()

spectra_app.ui.shell.Shell = Tried
import spectra_app.ui.faults as faults
again = faults.start_again
def start_again():
    from PySide6.QtCore import QProcess
    print("restarted with", sys.orig_argv[1:2], flush=True)
    return True
faults.start_again = start_again
from PySide6.QtWidgets import QApplication
from spectra_app.ui.start import make_application
code = app.main([])
print("closed", flush=True)
sys.exit(code)
"""


def run(home, how):
    return subprocess.run(
        [sys.executable, "-c", START, how],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "SPECTRA_HOME": str(home)},
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_a_hard_crash_keeps_what_was_measured_and_is_told_at_the_next_start(tmp_path):
    crashed = run(tmp_path, "crash")
    assert crashed.returncode == -signal.SIGSEGV, crashed.stderr
    assert "identified" in crashed.stdout
    store = EvidenceStore(tmp_path / "evidence")
    found = store.verify()
    assert found.intact
    assert found.objects > 0
    looked = run(tmp_path, "look")
    assert looked.returncode == 0, looked.stderr
    (path,) = (tmp_path / FOLDER).glob("crash-*.txt")
    assert str(path) in looked.stdout
    assert "Segmentation fault" in path.read_text()


def test_a_fault_in_a_slot_is_kept_shown_and_restarts_after_closing(tmp_path):
    done = run(tmp_path, "slot")
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0] == "identified"
    assert "division by zero" in said[1]
    assert said[2].startswith("restarted with")
    assert said[3] == "closed"
    (path,) = (tmp_path / FOLDER).iterdir()
    assert "builtins.ZeroDivisionError" in path.read_text()


@pytest.fixture
def faults(shell):
    """Return what hears of faults while the test runs."""
    heard = Faults(shell, shell.look)
    with heard.heard():
        yield heard


def dialogs(shell):
    return shell.findChildren(CrashDialog)


def fail():
    raise RuntimeError("of a thread")


def test_a_fault_of_another_thread_is_shown_on_this_one_and_once(shell, faults, qtbot):
    assert not faults.restart_wanted

    hook = threading.excepthook
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: bool(dialogs(shell)))
    assert hook is threading.excepthook
    (dialog,) = dialogs(shell)
    assert "of a thread" in dialog.page.what.text()
    again = threading.Thread(target=fail)
    again.start()
    again.join()
    qtbot.wait(50)
    assert len(dialogs(shell)) == 1
    shell.look.speak("ar")
    assert "U+20" not in dialog.page.what.text()
    dialog.page.open.click()
    qtbot.waitUntil(lambda: not dialogs(shell))


def test_restart_closes_the_window_first(shell, faults, qtbot):
    faults.hear(ValueError("x"))
    qtbot.waitUntil(lambda: bool(dialogs(shell)))
    QTimer.singleShot(0, dialogs(shell)[0].restart.click)
    qtbot.waitUntil(lambda: not shell.isVisible(), timeout=20_000)
    assert faults.restart_wanted
    assert shell.analyser.state.phase == "closed"
