"""What a person does with a connected analyser, by real clicks and keys, on emulated ones."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog

from devices.interface import LaserState
from devices.registry import emulated_wires, open_wires
from spectra_app.reports.render_qt import render_pdf
from spectra_app.services.desk import desk_use_cases
from spectra_app.services.emulated_samples import emulated_sample
from spectra_app.services.live import LiveFrame
from spectra_app.ui.laser_alarm import LaserAlarm

LASER_MAY_BE_ON = "LASER MAY BE ON"

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton


class Bench:
    """A window over emulated wires that stay in reach."""

    def __init__(self, qtbot, make_shell, time):
        self.qtbot, self.time = qtbot, time
        self.wires, self.analysers = [], []
        use_cases = desk_use_cases(None, render_pdf, open_it=self.open_it)
        self.window = make_shell(use_cases, size=(1024, 768))
        self.window.entrance.around.click()
        self.workbench = self.window.workbench
        self.desk = self.window.analyser
        self.panel, self.alarm = self.desk.panel, self.desk.alarm

    def open_it(self, chosen, *, timing):
        del timing  # is that of the window, in which exposures take their time
        here = self.time.timing
        wires = emulated_wires(chosen.family, sample=emulated_sample(chosen.sample), timing=here)
        analyser = open_wires(chosen.family, wires, timing=here)
        self.wires.append(wires)
        self.analysers.append(analyser)
        return analyser, wires.bench

    @property
    def state(self):
        return self.desk.state

    @property
    def laser(self):
        return self.wires[-1].bench.laser_firing

    def until(self, condition):
        self.qtbot.waitUntil(condition, timeout=LONG_MS)

    def click(self, button):
        self.qtbot.mouseClick(button, LEFT)

    def faults(self, **changes):
        bench = self.wires[-1].bench
        bench.faults = replace(bench.faults, **changes)

    def open_panel(self):
        self.qtbot.keyClick(self.workbench, Qt.Key.Key_F6)
        self.until(lambda: self.panel.isActiveWindow() and not self.window.lane.busy)

    def connect(self, family="wasatch-785"):
        """Connect at once; what is measured afterwards takes its time."""
        self.time.waits = False
        self.open_panel()
        self.panel.form.choose(family, emulated=True)
        self.until(self.panel.form.connect_button.isEnabled)
        self.click(self.panel.form.connect_button)
        self.until(lambda: self.state.phase == "ready" and self.state.laser == "off")
        self.until(self.panel.scan.isEnabled)
        self.time.waits = True

    def scan(self, plan=1, delay=0):
        self.panel.plan.setCurrentIndex(plan)
        self.panel.delay.setValue(delay)
        self.click(self.panel.scan)
        self.until(lambda: self.state.phase == "scanning")

    def firing(self):
        self.until(lambda: self.laser)

    def live(self):
        self.click(self.panel.live)
        self.until(lambda: self.panel.plot.drawn > 2)

    def look(self):
        """Say that one has looked, again when a late report of the same trouble raised it anew."""

        def lifted():
            if self.alarm.isVisible():
                self.click(self.alarm.seen)
                self.qtbot.wait(200)
            return not self.alarm.isVisible() and not self.state.alarm

        self.until(lifted)

    def end(self):
        """Close, whatever is in the way, and wait for it."""
        for _attempt in range(4):
            for wires in self.wires:
                wires.bench.faults = replace(wires.bench.faults, laser_stuck_on=False)
            self.window.close()
            self.until(lambda: not self.window.isVisible() or self.alarm.isVisible())
            if not self.window.isVisible():
                return
            self.look()


@pytest.fixture
def bench(qtbot, make_shell, used_home, passing_time):  # noqa: ARG001  folder
    """Return the window; afterwards it is closed, the laser off, and no thread left."""
    before = set(threading.enumerate())
    made = Bench(qtbot, make_shell, passing_time)
    yield made
    made.end()
    assert not any(wires.bench.laser_firing for wires in made.wires)
    made.until(lambda: set(threading.enumerate()) <= before)  # the last order may still be ending


def test_connecting_says_what_it_is_and_what_it_lacks(bench):
    bench.connect()
    panel = bench.panel
    assert "EMULATED" in panel.line.text()
    assert "°C" in panel.line.text()
    assert panel.banner.isVisible()
    assert panel.sign.word.text() == "LASER OFF"
    assert "never checked" in panel.calibration.text()
    assert "Check with polystyrene" in panel.calibration.text()
    assert bench.window.head.sign.isVisible()
    assert "CALIBRATION MISSING" in bench.window.head.analyser.text()


def test_a_scan_ends_with_its_verdict_and_the_panel_out_of_the_way(bench):
    bench.connect()
    bench.scan()
    bench.until(lambda: not bench.window.lane.busy)
    entry = bench.workbench.scans.entries[-1]
    assert entry.state == "done"
    assert entry.identified.record.emulated
    assert not bench.panel.isVisible()
    assert bench.workbench.card.emulated.isVisible()


def test_escape_stops_a_scan_and_the_panel_stays(bench, qtbot):
    bench.connect()
    bench.panel.plan.setCurrentIndex(0)
    bench.scan(plan=0)
    bench.firing()
    qtbot.keyClick(bench.panel, Qt.Key.Key_Escape)
    bench.until(lambda: not bench.laser)
    bench.until(lambda: not bench.window.lane.busy and bench.state.phase == "ready")
    assert bench.analysers[-1].laser_state is LaserState.OFF


def test_the_check_with_polystyrene_lifts_the_mark(bench):
    bench.connect()
    bench.time.waits = False
    bench.click(bench.panel.check)
    bench.until(lambda: bench.state.calibration == "ok" and not bench.window.lane.busy)
    assert "Check passed" in bench.panel.stage.text()


def test_an_open_interlock_is_told_with_what_to_do(bench):
    bench.connect()
    bench.faults(interlock_open_at_s=0.0)
    bench.click(bench.panel.scan)
    bench.until(bench.panel.trouble.isVisible)
    assert "nterlock" in bench.panel.trouble.text()
    assert "Close the interlock" in bench.panel.trouble.text()
    bench.until(lambda: not bench.window.lane.busy)
    assert bench.workbench.scans.entries[-1].state == "failed"
    assert not bench.laser


def test_unplugged_during_a_scan_is_an_alarm_that_only_a_person_ends(bench, qtbot, used_home):
    bench.connect()
    bench.scan(plan=0)
    bench.firing()
    bench.wires[-1].usb.unplug()
    bench.until(bench.alarm.isVisible)
    assert LASER_MAY_BE_ON in bench.alarm.accessibleName()
    assert bench.alarm.windowModality() == Qt.WindowModality.ApplicationModal
    qtbot.keyClick(bench.alarm, Qt.Key.Key_Escape)
    bench.alarm.close()
    bench.window.close()
    assert bench.alarm.isVisible()
    assert bench.window.isVisible()
    bench.until(lambda: bench.state.gone)
    bench.wires[-1].bench.laser(False, 0.0)  # the person pulls its power
    bench.look()
    received = (used_home / "evidence" / "received.jsonl").read_text(encoding="utf-8")
    assert "laser alarm" in received


def test_a_stuck_laser_blocks_until_it_reads_off(bench):
    bench.connect()
    bench.faults(laser_stuck_on=True)
    bench.scan()
    bench.until(bench.alarm.isVisible)
    bench.click(bench.alarm.seen)
    bench.until(lambda: "still says" in bench.alarm.note.text())
    assert bench.alarm.isVisible()
    assert not bench.panel.scan.isEnabled()
    bench.faults(laser_stuck_on=False)
    bench.click(bench.alarm.off)
    bench.until(lambda: not bench.laser)
    bench.look()


def test_the_alarm_is_worked_by_keys_alone(bench, qtbot):
    bench.connect()
    bench.wires[-1].bench.laser(True, 1.0)  # nobody asked for it: the idle look finds it
    bench.until(bench.alarm.isVisible)
    assert bench.alarm.focusWidget() is bench.alarm.off
    qtbot.keyClick(bench.alarm, Qt.Key.Key_Tab)
    assert bench.alarm.focusWidget() is bench.alarm.seen
    qtbot.keyClick(bench.alarm.seen, Qt.Key.Key_Space)
    bench.until(lambda: not bench.alarm.isVisible())
    assert bench.state.phase == "ready"


def test_another_window_in_front_switches_the_laser_off(bench, qtbot):
    bench.connect()
    bench.live()
    bench.firing()
    bench.until(lambda: bench.panel.sign.word.text() == "LASER ON")
    other = QDialog(bench.window)
    qtbot.addWidget(other)
    other.show()
    other.activateWindow()
    bench.until(lambda: not bench.panel.isActiveWindow())
    bench.until(lambda: not bench.laser and bench.state.phase == "ready")


def test_the_application_left_alone_switches_the_laser_off_but_not_an_armed_scan(bench):
    bench.connect()
    bench.scan(plan=1, delay=600)
    stops = bench.analysers[-1].stops
    bench.desk._on_attention(Qt.ApplicationState.ApplicationInactive)
    assert bench.state.armed
    assert bench.analysers[-1].stops == stops
    bench.click(bench.panel.stop)
    bench.until(lambda: not bench.window.lane.busy and bench.state.phase == "ready")
    bench.live()
    bench.desk._on_attention(Qt.ApplicationState.ApplicationInactive)
    bench.until(lambda: bench.state.phase == "ready" and not bench.laser)


def test_a_gentle_scan_warns_and_never_fires_at_once(bench):
    bench.connect()
    bench.panel.plan.setCurrentIndex(2)
    assert "does not protect anybody" in bench.panel.note.text()
    assert bench.panel.delay.text() == "30 s"
    bench.click(bench.panel.scan)
    bench.until(lambda: "fires in" in bench.panel.stage.text())
    assert not bench.laser
    bench.panel.close()
    bench.until(lambda: not bench.window.lane.busy)
    bench.panel.plan.setCurrentIndex(0)
    assert bench.panel.delay.text() == "no wait"


def test_closing_the_panel_ends_even_an_armed_scan(bench):
    bench.connect()
    bench.scan(plan=1, delay=600)
    bench.until(lambda: "fires in" in bench.panel.stage.text())
    bench.panel.close()
    bench.until(lambda: not bench.window.lane.busy)
    assert bench.workbench.scans.entries[-1].state == "stopped"
    assert bench.analysers[-1].laser_state is LaserState.OFF


def test_closing_the_window_during_a_scan_leaves_no_laser_and_no_thread(bench):
    bench.connect()
    bench.scan(plan=0)
    bench.firing()
    bench.window.close()
    bench.until(lambda: not bench.window.isVisible())
    assert not bench.laser
    assert bench.window.lane._thread.isFinished()


def test_a_laser_that_sticks_while_closing_keeps_the_window_until_a_person_has_looked(bench):
    bench.connect()
    bench.scan(plan=0)
    bench.firing()
    bench.faults(laser_stuck_on=True)
    bench.window.close()
    bench.until(bench.alarm.isVisible)
    assert bench.window.isVisible()
    assert bench.alarm.seen.isEnabled()
    bench.until(lambda: bench.state.phase == "none")
    bench.faults(laser_stuck_on=False)
    bench.wires[-1].bench.laser(False, 0.0)
    bench.click(bench.alarm.seen)
    bench.until(lambda: not bench.window.isVisible())


def test_switching_lets_the_first_analyser_go(bench):
    bench.connect()
    bench.connect("ocean-qepro")
    assert len(bench.analysers) == 2
    assert "QE" in bench.panel.line.text()
    assert bench.analysers[0].laser_state is LaserState.OFF


def test_a_typed_port_that_is_not_there_says_what_to_do(bench):
    bench.open_panel()
    bench.panel.form.choose("bwtek-btc110", emulated=False)
    assert bench.panel.form.port.isVisible()
    bench.click(bench.panel.form.connect_button)
    bench.until(bench.panel.trouble.isVisible)
    assert "Type its port" in bench.panel.trouble.text()


def test_live_frames_never_queue_and_the_newest_is_shown(bench, qtbot):
    newest, plot = bench.desk.instrument.newest, bench.panel.plot
    axis = np.linspace(200.0, 2000.0, 2048)
    frames = [LiveFrame(axis, axis * number, True, number, False) for number in range(1, 201)]
    thread = threading.Thread(target=lambda: [newest.put(frame) for frame in frames])
    thread.start()
    thread.join()  # the window did not come to painting meanwhile
    bench.until(lambda: plot.number == 200)
    assert plot.drawn == 1
    assert plot.curve.getData()[0].size == 2048  # every point, nothing left out
    qtbot.wait(20)
    assert plot.drawn == 1


def test_the_alarm_cannot_be_dismissed_by_keys(qtbot, bench):
    alarm = LaserAlarm(bench.window, bench.window.look)
    qtbot.addWidget(alarm)
    alarm.show_alarm(replace(bench.state, alarm="it does not switch off"))
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_F5, Qt.Key.Key_F6):
        qtbot.keyClick(alarm, key)
    assert alarm.isVisible()
    alarm.show_alarm(bench.state)
    assert not alarm.isVisible()


def test_killed_between_two_scans_and_connected_again_it_works_with_the_laser_off(bench):
    bench.connect()
    bench.scan(plan=0)
    bench.until(lambda: not bench.window.lane.busy and bench.state.phase == "ready")
    assert bench.workbench.scans.entries[-1].state == "done"
    bench.wires[-1].usb.unplug()
    bench.until(bench.alarm.isVisible)  # nobody knows how its laser stands
    bench.look()
    bench.window.activateWindow()
    bench.until(bench.window.isActiveWindow)
    assert not bench.laser
    bench.connect()
    assert len(bench.wires) == 2
    assert not bench.laser
    bench.scan(plan=0)
    bench.firing()
    bench.until(lambda: not bench.window.lane.busy and bench.state.phase == "ready")
    assert [one.state for one in bench.workbench.scans.entries[-2:]] == ["done", "done"]
    assert not any(wires.bench.laser_firing for wires in bench.wires)
