"""Drive a real window as a person does: keys and clicks, waiting until something is seen."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from benchmarks.station_filling import WORDS
from spectra_app.app import use_cases
from spectra_app.records.access import User
from spectra_app.records.passwords import Cost, Passwords
from spectra_app.services import users
from spectra_app.services.logging_in import keep_password
from spectra_app.services.office import Office, open_office
from spectra_app.ui.look import Look
from spectra_app.ui.shell import Shell

LONGEST_S = 600.0
QUICK = Passwords(Cost(passes=1, memory_kib=8, lanes=1))
FIRST, OTHERS = "supervisor", ("officer", "technician")
STEP_MS = 5


class Driver:
    """A window and what a person does with it.

    Parameters
    ----------
    shell : Shell
        The window.
    """

    def __init__(self, shell: Shell) -> None:
        self.shell = shell

    def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is so; raise when that takes too long."""
        ends = time.monotonic() + LONGEST_S
        while not condition():
            if time.monotonic() > ends:
                raise TimeoutError(f"{condition} did not come true in {LONGEST_S:.0f} s")
            QTest.qWait(STEP_MS)

    def rest(self) -> None:
        """Wait until nothing is under way."""
        shell = self.shell
        self.until(lambda: not shell.lane.busy and shell.records.lane.idle)
        QTest.qWait(STEP_MS)

    def look(self, longest_s: float) -> None:
        """Look until nothing is under way, but not longer than that."""
        shell, ends = self.shell, time.monotonic() + longest_s
        while (shell.lane.busy or not shell.records.lane.idle) and time.monotonic() < ends:
            QTest.qWait(STEP_MS)
        QTest.qWait(STEP_MS)

    def click(self, button: QAbstractButton) -> None:
        """Click in the middle of a button that can be pressed."""
        self.until(lambda: button.isVisible() and button.isEnabled())
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def press(self, widget: QWidget, key: Qt.Key) -> None:
        """Press and release a key."""
        QTest.keyClick(widget, key)

    def type(self, widget: QWidget, text: str) -> None:
        """Type a text."""
        QTest.keyClicks(widget, text)

    def log_in(self, login: str) -> None:
        """Log somebody in at the entrance."""
        form = self.shell.entrance.log_in
        self.until(lambda: form.isVisible() and form.go.isEnabled())
        form.name.clear()
        self.type(form.name, login)
        self.type(form.password, WORDS)
        self.press(form.password, Qt.Key.Key_Return)
        self.until(lambda: self.shell.pages.currentWidget() is not self.shell.entrance)
        self.rest()

    def log_out(self) -> None:
        """Log out whoever is here."""
        self.shell.log_out.trigger()
        self.until(lambda: self.shell.pages.currentWidget() is self.shell.entrance)
        self.rest()

    def connect_emulated(self, choice: str, sample: str) -> None:
        """Connect an emulated analyser with a sample before it, and check it."""
        desk = self.shell.analyser
        form = desk.panel.form
        self.click(self.shell.head.analyser)
        self.rest()
        form.choose(choice, emulated=True)
        self.click(form.connect_button)
        self.until(desk.panel.check.isEnabled)
        self.click(desk.panel.check)
        self.until(lambda: desk.state.calibration == "ok" and not self.shell.lane.busy)
        form.sample.setCurrentText(sample)
        desk.panel.hide()
        self.shell.activateWindow()


def make_people(home: Path) -> None:
    """Set up a station with a supervisor, an officer and a technician, named by their roles."""
    with station(home) as office:
        users.set_up_first_supervisor(office, FIRST, "The supervisor", WORDS)
        made = [
            User(id=f"u{number}", login=role, name=f"The {role}", role=role)
            for number, role in enumerate(OTHERS, 2)
        ]
        keep = [keep_password(office, None, user, WORDS) for user in made]
        with office.ledger.writing("u1") as writing:
            for one in keep:
                one(writing, "user added")


@contextmanager
def station(home: Path) -> Iterator[Office]:
    """Open the station of a folder, with passwords that are quick to check."""
    os.environ["SPECTRA_HOME"] = str(home)
    with open_office(passwords=QUICK) as office:
        yield office


@contextmanager
def window(
    app: QApplication, home: Path, library: Path | None = None, size: tuple[int, int] = (1366, 768)
) -> Iterator[Driver]:
    """Show a window over the station of a folder, and close it in the end."""
    os.environ["SPECTRA_HOME"] = str(home)
    shell = Shell(partial(use_cases, library), partial(open_office, passwords=QUICK), Look())
    shell.resize(*size)
    shell.show()
    driver = Driver(shell)
    driver.until(lambda: shell.records.standing.opened)
    try:
        yield driver
    finally:
        shell.close()
        driver.until(lambda: not shell.isVisible())
        shell.deleteLater()
        app.processEvents()
