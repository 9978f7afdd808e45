"""What goes wrong in mid-use at the officer's screen: what to do is said, and nothing is lost."""

from __future__ import annotations

import contextlib
import signal
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from devices.registry import emulated_wires, open_wires
from spectra_app.records.kinds import Case, Scan
from spectra_app.reports.render_qt import render_pdf
from spectra_app.services.desk import desk_use_cases
from spectra_app.services.emulated_samples import emulated_sample
from spectra_app.services.office import open_office

resource = pytest.importorskip("resource", reason="limits of file sizes are of POSIX systems")
LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton
NUMBER = "RR473829103CN"


@contextlib.contextmanager
def files_at_most(size):
    """Let no file become larger, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


class Shift:
    """An officer before a checked emulated analyser, with the item's number typed."""

    def __init__(self, qtbot, make_shell, words):
        self.qtbot, self.wires = qtbot, []
        self.shell = make_shell(desk_use_cases(None, render_pdf, open_it=self.open_it), (1024, 768))
        self.words = words
        self.log_in()
        self.screen = self.shell.officer
        self.until(lambda: self.shell.pages.currentWidget() is self.screen)
        self.connect()
        self.screen.item.number.setFocus()
        qtbot.keyClicks(self.screen.item.number, NUMBER)
        qtbot.keyClick(self.screen.item.number, Qt.Key.Key_Return)

    def open_it(self, chosen, *, timing):
        wires = emulated_wires(chosen.family, sample=emulated_sample(chosen.sample), timing=timing)
        self.wires.append(wires)
        return open_wires(chosen.family, wires, timing=timing), wires.bench

    def until(self, condition):
        self.qtbot.waitUntil(condition, timeout=LONG_MS)

    def log_in(self, words=None):
        form = self.shell.entrance.log_in
        form.name.setText("officer")
        self.qtbot.keyClicks(form.password, words or self.words)
        self.qtbot.keyClick(form.password, Qt.Key.Key_Return)

    def connect(self):
        desk = self.shell.analyser
        self.qtbot.mouseClick(self.shell.head.analyser, LEFT)
        self.until(lambda: not self.shell.lane.busy)
        desk.panel.form.choose("wasatch-785", emulated=True)
        self.qtbot.mouseClick(desk.panel.form.connect_button, LEFT)
        self.until(desk.panel.check.isEnabled)
        desk.panel.hide()
        self.shell.activateWindow()
        self.until(self.shell.isActiveWindow)

    def rest(self):
        self.until(
            lambda: (
                not self.shell.lane.busy
                and self.shell.records.lane.idle
                and self.screen.scan.isVisible()
            )
        )

    def scan(self):
        self.qtbot.mouseClick(self.screen.scan, LEFT)
        self.until(lambda: self.shell.lane.busy)
        self.rest()

    @property
    def message(self):
        return self.screen.message


@pytest.fixture
def shift(qtbot, make_shell, used_home, staffed):  # noqa: ARG001  the folder is made for it
    made = Shift(qtbot, make_shell, staffed)
    yield made
    for wires in made.wires:
        wires.bench.faults = replace(wires.bench.faults, laser_stuck_on=False)


def kept(kind, quick_passwords):
    with open_office(passwords=quick_passwords) as office:
        return [stored.record for stored in office.ledger.find(kind)]


def test_on_a_full_disk_nothing_is_filed_and_the_parcel_stays(shift, quick_passwords, qtbot):
    shift.scan()
    qtbot.waitUntil(shift.screen.file.isEnabled)
    with files_at_most(4096):
        qtbot.mouseClick(shift.screen.file, LEFT)
        shift.until(lambda: shift.message.key == "officer.not_filed")
    assert "full" in shift.message.text.text()
    assert shift.screen.item.number.text() == NUMBER
    assert kept(Case, quick_passwords) == []


def test_a_full_disk_before_a_scan_fires_no_laser_and_the_next_one_counts(shift, quick_passwords):
    with files_at_most(4096):
        shift.scan()
    assert shift.message.key == "officer.failed"
    assert "full" in shift.message.text.text()
    assert shift.wires[-1].bench.light_dose_s == 0.0
    shift.qtbot.mouseClick(shift.message.action, LEFT)
    shift.until(lambda: shift.screen.pages.currentWidget() is shift.screen.card)
    shift.rest()
    assert len(kept(Scan, quick_passwords)) == 1
