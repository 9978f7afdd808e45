"""What goes wrong in mid-use at the officer's screen: what to do is said, and nothing is lost."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

import library.held
from devices.registry import emulated_wires, open_wires
from spectra_app.records.kinds import Case, Photo, Scan
from spectra_app.reports.render_qt import render_pdf
from spectra_app.services.desk import desk_use_cases
from spectra_app.services.emulated_samples import emulated_sample
from spectra_app.services.office import open_office
from spectra_app.ui.pages import ProblemDialog

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

    def __init__(self, qtbot, make_shell, words, time, library=None):
        self.qtbot, self.wires, self.time = qtbot, [], time
        use = desk_use_cases(library, render_pdf, open_it=self.open_it)
        self.shell = make_shell(use, (1024, 768))
        self.words = words
        self.log_in()
        self.screen = self.shell.officer
        self.until(lambda: self.shell.pages.currentWidget() is self.screen)
        self.connect()
        self.screen.item.number.setFocus()
        qtbot.keyClicks(self.screen.item.number, NUMBER)
        qtbot.keyClick(self.screen.item.number, Qt.Key.Key_Return)

    def open_it(self, chosen, *, timing):
        del timing  # is that of the window, in which exposures take their time
        here = self.time.timing
        wires = emulated_wires(chosen.family, sample=emulated_sample(chosen.sample), timing=here)
        self.wires.append(wires)
        return open_wires(chosen.family, wires, timing=here), wires.bench

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
def shift_on(qtbot, make_shell, used_home, staffed, passing_time):  # noqa: ARG001  folder
    """Return what begins the shift with a library; the installed one by default."""
    made = []

    def begun(library=None):
        made.append(Shift(qtbot, make_shell, staffed, passing_time, library))
        return made[-1]

    yield begun
    for wires in made[0].wires:
        wires.bench.faults = replace(wires.bench.faults, laser_stuck_on=False)


@pytest.fixture
def shift(shift_on):
    return shift_on()


@pytest.fixture
def drive(small_library, tmp_path, monkeypatch):
    """Return a library of the test's own, held as a large one is: used where it lies."""
    monkeypatch.setattr(library.held, "IN_MEMORY", 0)
    return shutil.copyfile(small_library, tmp_path / "drive.h5")


def kept(kind, quick_passwords):
    with open_office(passwords=quick_passwords) as office:
        return [stored.record for stored in office.ledger.find(kind)]


def test_on_a_full_disk_nothing_is_filed_and_filing_again_with_space_is_told(
    shift, quick_passwords, qtbot
):
    shift.scan()
    qtbot.waitUntil(shift.screen.file.isEnabled)
    with files_at_most(4096):
        qtbot.mouseClick(shift.screen.file, LEFT)
        shift.until(lambda: shift.message.key == "officer.not_filed")
    assert "full" in shift.message.text.text()
    assert shift.screen.item.number.text() == NUMBER
    assert kept(Case, quick_passwords) == []
    qtbot.mouseClick(shift.message.action, LEFT)  # space was freed
    shift.until(lambda: shift.message.key == "officer.filed")
    assert shift.message.action.text() == "Check the analyser…"
    assert shift.screen.item.number.text() == ""
    assert [scan.state for scan in kept(Scan, quick_passwords)] == ["filed"]


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


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="tells no open files")
def test_scan_and_photo_are_filed_when_the_disk_is_back_and_the_card_is_gone(
    shift, quick_passwords, spectra_home, break_disk, monkeypatch
):
    qtbot, folder = shift.qtbot, spectra_home / "station"
    card, data = spectra_home / "card", b"\xff\xd8\xff" + bytes(range(256))
    card.mkdir()
    for name, content in (("parcel.jpg", data), ("notes.jpg", b"no picture")):
        (card / name).write_bytes(content)
    chosen = [str(card / name) for name in ("notes.jpg", "parcel.jpg", "lost.jpg")]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_of_it: (chosen, ""))
    monkeypatch.setattr(shift.shell.parts.flow.camera, "begin", lambda: False)
    qtbot.mouseClick(shift.screen.item.photo, LEFT)
    shift.until(lambda: bool(shift.shell.findChildren(ProblemDialog)))
    (dialog,) = shift.shell.findChildren(ProblemDialog)
    assert "no picture" in dialog.page.details.toPlainText()
    qtbot.mouseClick(dialog.page.open, LEFT)
    assert shift.screen.item.photo.text() == "Photos: 1"
    shutil.rmtree(card)
    shift.scan()
    qtbot.waitUntil(shift.screen.file.isEnabled)
    break_disk(folder)
    folder.rename(spectra_home / "away")
    shift.shell.look.speak("fr")
    for again in (shift.screen.file, shift.message.action):
        qtbot.mouseClick(again, LEFT)
        shift.until(
            lambda: shift.message.key == "officer.not_filed" and shift.screen.file.isEnabled()
        )
    assert shift.message.title.text == "Pas encore classé"
    assert "Les registres du poste" in shift.message.text.text()
    assert shift.screen.item.number.text() == NUMBER
    (spectra_home / "away").rename(folder)
    qtbot.mouseClick(shift.message.action, LEFT)
    shift.until(lambda: shift.message.key == "officer.filed")
    (photo,) = kept(Photo, quick_passwords)
    assert (photo.name, photo.evidence) == ("parcel.jpg", hashlib.sha256(data).hexdigest())
    assert [scan.state for scan in kept(Scan, quick_passwords)] == ["filed"]


def test_a_scan_during_which_the_library_goes_is_identified_when_it_is_back(
    shift_on, drive, small_library, quick_passwords
):
    shift = shift_on(drive)
    qtbot = shift.qtbot
    shift.time.waits = True
    qtbot.mouseClick(shift.screen.scan, LEFT)
    shift.until(lambda: shift.wires[-1].bench.laser_firing)
    os.truncate(drive, 5000)
    shift.rest()
    assert shift.message.key == "officer.unidentified"
    dose_s = shift.wires[-1].bench.light_dose_s
    qtbot.mouseClick(shift.message.action, LEFT)  # the library is not back yet
    shift.until(lambda: shift.message.key == "officer.unidentified" and not shift.shell.lane.busy)
    shutil.copyfile(small_library, drive)
    qtbot.mouseClick(shift.message.action, LEFT)
    shift.until(lambda: shift.screen.pages.currentWidget() is shift.screen.card)
    shift.until(shift.screen.file.isEnabled)
    qtbot.mouseClick(shift.screen.file, LEFT)
    shift.until(lambda: shift.message.key == "officer.filed")
    assert shift.wires[-1].bench.light_dose_s == dose_s
    (scan,) = kept(Scan, quick_passwords)
    assert (scan.state, scan.scanned_by) == ("filed", "u2")
