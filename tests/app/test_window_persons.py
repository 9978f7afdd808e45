"""One window, several persons: what one leaves is neither shown to the next nor filed by them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog

from spectra_app.reports.render_qt import render_pdf
from spectra_app.services.desk import desk_use_cases
from spectra_app.services.devices import open_with_bench

LEFT = Qt.MouseButton.LeftButton
LONG_MS = 60_000


class Desks:
    """A window on real services, and persons who come and go by clicks and keys."""

    def __init__(self, qtbot, shell, words):
        self.qtbot, self.shell, self.words = qtbot, shell, words

    def rest(self):
        shell = self.shell
        self.qtbot.waitUntil(lambda: shell.lane.idle and shell.records.lane.idle, timeout=LONG_MS)

    def enter(self, name):
        form = self.shell.entrance.log_in
        form.name.setText(name)
        self.qtbot.keyClicks(form.password, self.words)
        self.qtbot.keyClick(form.password, Qt.Key.Key_Return)
        self.qtbot.waitUntil(
            lambda: self.shell.pages.currentWidget() is not self.shell.entrance, timeout=LONG_MS
        )
        self.rest()

    def leave(self):
        self.shell.log_out.trigger()
        self.qtbot.waitUntil(
            lambda: self.shell.pages.currentWidget() is self.shell.entrance, timeout=LONG_MS
        )
        self.rest()

    def go(self, area):
        self.qtbot.mouseClick(self.shell.head.areas[area], LEFT)
        self.qtbot.waitUntil(
            lambda: self.shell.pages.currentWidget() is self.shell.parts.area(area),
            timeout=LONG_MS,
        )
        self.rest()

    def check_emulated(self):
        desk = self.shell.analyser
        desk.open_panel()
        self.rest()
        desk.panel.form.choose("wasatch-785", emulated=True)
        self.qtbot.mouseClick(desk.panel.form.connect_button, LEFT)
        self.qtbot.waitUntil(desk.panel.check.isEnabled, timeout=LONG_MS)
        self.qtbot.mouseClick(desk.panel.check, LEFT)
        self.qtbot.waitUntil(lambda: desk.state.calibration == "ok", timeout=LONG_MS)
        self.rest()
        desk.panel.hide()

    def scan_parcel(self):
        screen = self.shell.officer
        screen.item.number.setFocus()
        self.qtbot.keyClicks(screen.item.number, "RR473829103CN")
        self.qtbot.keyClick(screen.item.number, Qt.Key.Key_Return)
        self.qtbot.mouseClick(screen.scan, LEFT)
        self.qtbot.waitUntil(screen.file.isEnabled, timeout=LONG_MS)
        self.rest()


@pytest.fixture
def desks(qtbot, make_shell, used_home, staffed, passing_time):  # noqa: ARG001  folder
    def open_it(chosen, *, timing):
        del timing  # is that of the window, in which exposures take their time
        return open_with_bench(chosen, timing=passing_time.timing)

    use_cases = desk_use_cases(None, render_pdf, open_it=open_it)
    return Desks(qtbot, make_shell(use_cases), staffed)


@pytest.fixture
def borrow(small_library, monkeypatch, qtbot):
    """Return a function that opens a library of one's own in the workbench by keys."""

    def run(desks):
        monkeypatch.setattr(
            QFileDialog, "getOpenFileName", lambda *_a, **_k: (str(small_library), "")
        )
        qtbot.keyClick(desks.shell, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        desks.rest()
        assert "Small" in desks.shell.workbench.library.text()

    return run


def test_the_workbench_forgets_spectra_and_library_of_who_has_gone(
    desks, borrow, tmp_path, scan_text, qtbot
):
    path = tmp_path / "urea.csv"
    path.write_text(scan_text("urea", seed=5), encoding="utf-8")
    desks.enter("technician")
    desks.go("workbench")
    borrow(desks)
    bench = desks.shell.workbench
    bench.open_files([path, path])
    desks.rest()
    for entry in bench.scans.entries:
        bench.scans.tick(entry)
    qtbot.waitUntil(lambda: len(bench.examination.shown) == 2)
    bench.look_closer()
    qtbot.waitUntil(lambda: bench.door.opened)
    desks.rest()
    desks.leave()
    qtbot.mouseClick(desks.shell.entrance.around, LEFT)
    desks.rest()
    assert bench.isVisible()
    assert bench.scans.entries == []
    assert bench.examination.shown == ()
    assert not bench.door.opened
    assert bench.pages.currentWidget() is bench.start
    assert "Starter" in bench.library.text()


def test_a_locked_screen_closes_every_other_window_and_lends_the_analyser_to_nobody(
    shell, qtbot, staffed, tmp_path
):
    desks = Desks(qtbot, shell, staffed)
    desks.enter("technician")
    desks.go("workbench")
    shell.workbench.open_files([tmp_path / "match.csv"])
    desks.rest()
    shell.everywhere.help()
    shell.everywhere.about()
    shell.analyser.open_panel()
    shell.workbench._show_hidden()
    desks.rest()

    def others():
        tops = QApplication.topLevelWidgets()
        return {type(one).__name__ for one in tops if one.isVisible() and one is not shell}

    assert others() >= {"HelpWindow", "AboutDialog", "AnalyserPanel", "TextDialog"}
    shell.lock.trigger()
    qtbot.waitUntil(lambda: shell.pages.currentWidget() is shell.entrance, timeout=LONG_MS)
    desks.rest()
    assert others() == set()
    assert not shell.head.analyser.isEnabled()
    shell._open_panel()
    assert others() == set()


def test_a_session_that_locked_itself_hides_the_screen_and_a_moved_pointer_is_an_act(
    shell, qtbot, staffed
):
    desks = Desks(qtbot, shell, staffed)
    desks.enter("officer")
    shell.attend()  # takes note of the pointer and of what the log-in focused
    desks.rest()
    sessions = shell.records._opened.office.sessions
    shell._on_focus(None, None)
    last = next(iter(sessions._open.values())).last
    shell.attend()
    desks.rest()
    assert next(iter(sessions._open.values())).last > last
    sessions._idle_s = lambda: 0
    shell.attend()
    qtbot.waitUntil(lambda: shell.pages.currentWidget() is shell.entrance, timeout=LONG_MS)
    assert shell.records.standing.locked
    assert "The officer" in shell.entrance.log_in.intro.text()


def test_who_only_looked_around_comes_back_to_the_log_in(shell, qtbot, staffed):
    desks = Desks(qtbot, shell, staffed)
    qtbot.mouseClick(shell.entrance.around, LEFT)
    desks.rest()
    assert shell.enter in shell.head.menu.actions()
    assert shell.enter.isVisible()
    assert "Log in" in [one.words for one in shell.everywhere.choices()]
    shell.enter.trigger()
    assert shell.pages.currentWidget() is shell.entrance
    desks.enter("officer")
    assert shell.pages.currentWidget() is shell.officer
    assert not shell.enter.isVisible()


def test_a_file_that_somebody_left_reading_is_not_shown_to_the_next(
    shell, desk, qtbot, staffed, tmp_path
):
    desks = Desks(qtbot, shell, staffed)
    desks.enter("technician")
    desks.go("workbench")
    shell.workbench.open_files([tmp_path / "slow.csv", tmp_path / "match.csv"])
    qtbot.waitUntil(lambda: bool(desk.asked))
    shell.log_out.trigger()
    qtbot.waitUntil(lambda: shell.pages.currentWidget() is shell.entrance, timeout=LONG_MS)
    desk.gate.set()
    desks.rest()
    assert shell.workbench.scans.entries == []


def test_a_parcel_rests_on_the_stations_library_and_belongs_to_who_scanned_it(desks, borrow):
    desks.enter("technician")
    desks.go("workbench")
    borrow(desks)
    desks.go("officer")
    desks.check_emulated()
    desks.scan_parcel()
    flow, screen = desks.shell.flow, desks.shell.officer
    library = flow.parcel.shown.record.library
    assert "Starter" in library.name
    assert flow.parcel.scans[0].library_sha256 == library.sha256
    flow._on_note("seen by the technician")
    desks.leave()
    desks.enter("officer")
    assert screen.pages.currentWidget() is screen.message
    assert screen.item.number.text() == ""
    assert (flow.parcel.scans, flow.parcel.note, flow.parcel.shown) == ([], "", None)
    assert not screen.file.isEnabled()
