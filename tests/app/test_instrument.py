"""The connected analyser below the window: connect, scan, stop, lose, alarm, close; no Qt here."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from devices.discovery import Discovery, Found
from devices.emulators.faults import FaultKind, WireFault
from devices.frame import RawFrame
from devices.interface import LaserState
from devices.registry import emulated_wires, open_wires
from spectra_app.services.calibrations import Standing
from spectra_app.services.connected import wanted_by
from spectra_app.services.emulated_samples import emulated_sample
from spectra_app.services.instrument import FOUND_ON, Instrument
from spectra_app.services.instrument_choice import Wish, choices_of, emulated_choices
from spectra_app.services.instrument_state import ScanWish
from spectra_app.services.live import Newest

PATIENCE_S = 20.0


def until(condition):
    """Wait for what other threads do."""
    ends = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.005)


class Station:
    """An instrument over emulated wires that stay in reach, and what it kept."""

    def __init__(self):
        self.wires, self.analysers, self.kept = [], [], []
        self.instrument = Instrument(
            lambda data, kind, name: self.kept.append((data, kind, name)),
            lambda serial: Standing("missing", f"analyser {serial} was never checked"),
            open_it=self.open_it,
        )

    def open_it(self, chosen, *, timing):
        wires = emulated_wires(chosen.family, sample=emulated_sample("caffeine"), timing=timing)
        analyser = open_wires(chosen.family, wires, timing=timing)
        self.wires.append(wires)
        self.analysers.append(analyser)
        return analyser, wires.bench

    def connect(self, family="wasatch-785"):
        choice = next(one for one in emulated_choices() if one.family == family)
        self.instrument.connect(Wish(choice, sample="caffeine"))
        until(lambda: self.instrument.state.phase != "connecting")
        assert self.instrument.state.phase == "ready", self.instrument.state
        until(lambda: self.instrument.state.laser == "off")
        return self.instrument

    def lifted(self):
        """Say that one has looked, again when a late report raised the same alarm anew."""
        if self.instrument.state.alarm:
            self.instrument.acknowledge()
            threading.Event().wait(0.1)
        return not self.instrument.state.alarm

    def close(self):
        self.instrument.close()
        until(lambda: self.instrument.state.phase == "closed" or self.instrument.state.alarm)


@pytest.fixture
def station():
    """Return a station; afterwards no thread of it is left."""
    before = set(threading.enumerate())
    made = Station()
    yield made
    while made.instrument.state.phase != "closed":
        for wires in made.wires:
            wires.bench.faults = replace(wires.bench.faults, laser_stuck_on=False)
        until(made.lifted)
        made.close()
    made.instrument.join()
    left = [one for one in threading.enumerate() if one not in before]
    assert left == []


def frames_of(analyser, _bench, _before):
    analyser.configure(replace(analyser.settings, integration_time_ms=50.0, averages=2))
    return analyser.acquire()


def test_it_says_what_is_connected_and_how_it_stands(station):
    state = station.connect().state
    assert state.emulated
    assert "EMULATED" in state.serial
    assert state.laser == "off"
    assert state.temperature_c is not None
    assert state.calibration == "missing"
    assert "never checked" in state.calibration_words


def test_a_measurement_runs_in_the_thread_of_the_session(station):
    threads = []

    def call(analyser, bench, before):
        threads.append(threading.current_thread())
        return frames_of(analyser, bench, before)

    frame = station.connect().measure(call)
    assert isinstance(frame, RawFrame)
    assert threads[0] is not threading.main_thread()
    assert station.instrument.state.phase == "ready"


def test_another_analyser_comes_after_the_first_was_let_go(station):
    station.connect()
    first = station.analysers[0]
    station.connect("ocean-qepro")
    assert first.laser_state is LaserState.OFF
    with pytest.raises(Exception, match="closed"):
        first.configure(first.settings)
    assert "QE" in station.instrument.state.model


def test_unplugging_is_an_alarm_until_a_person_has_looked(station):
    instrument = station.connect()
    station.wires[0].usb.unplug()
    until(lambda: instrument.state.gone and instrument.state.alarm)
    instrument.connect(Wish(emulated_choices()[0], sample="caffeine"))
    assert instrument.state.phase == "none"  # nothing else goes on before that
    instrument.acknowledge()
    until(lambda: not instrument.state.alarm)
    assert instrument.state.phase == "none"
    until(lambda: len(station.kept) == 2)
    assert [kind for _, kind, _ in station.kept] == ["laser alarm"] * 2
    assert b"acknowledged by a person" in station.kept[1][0]


def test_a_laser_that_sticks_cannot_be_acknowledged_away(station):
    instrument = station.connect()
    bench = station.wires[0].bench
    bench.faults = replace(bench.faults, laser_stuck_on=True)
    with pytest.raises(Exception, match="MAY BE ON"):
        instrument.measure(frames_of)
    until(lambda: instrument.state.alarm)
    instrument.acknowledge()
    until(lambda: instrument.state.alarm_note)
    assert instrument.state.alarm
    assert "still says" in instrument.state.alarm_note
    station.instrument.close()
    until(lambda: instrument.state.phase == "none")
    assert instrument.state.alarm  # closing does not hide it either


def test_the_alarm_is_shown_while_the_scan_of_a_silent_laser_still_hangs(station):
    instrument = station.connect()
    station.wires[0].usb.faults.arm(WireFault(FaultKind.SILENT, lasting=True))
    shown = []

    def call(analyser, _bench, _before):
        assert analyser.laser_state is LaserState.UNKNOWN
        shown.append(instrument.state)

    instrument.measure(call)
    assert shown[0].phase == "scanning"
    assert "does not answer" in shown[0].alarm
    station.wires[0].usb.faults.arm()


def test_a_laser_found_on_by_the_idle_look_is_an_alarm_though_it_was_switched_off(station):
    instrument = station.connect()
    bench = station.wires[0].bench
    bench.laser(True, 1.0)
    until(lambda: instrument.state.alarm)
    assert instrument.state.alarm == FOUND_ON
    until(lambda: not bench.laser_firing)
    instrument.acknowledge()
    until(lambda: not instrument.state.alarm)
    assert instrument.state.phase == "ready"


def test_live_view_ends_when_nobody_looks_and_the_laser_is_off(station):
    instrument = station.connect()
    rung = []
    instrument.listen(lambda: None, lambda: rung.append(1))
    instrument.start_live()
    until(lambda: rung)
    assert instrument.state.phase == "live"
    frame = instrument.newest.take()
    assert frame.in_cm1
    assert frame.counts.size == frame.axis.size > 900
    instrument.unattended()
    until(lambda: instrument.state.phase == "ready")
    assert station.analysers[0].laser_state is LaserState.OFF


def test_the_newest_frame_is_the_only_one_that_waits():
    rung = []
    place = Newest(lambda: rung.append(1))
    for number in range(500):
        place.put(number)
    assert len(rung) == 1
    assert place.take() == 499
    assert place.take() is None
    place.put(500)
    assert len(rung) == 2


def test_only_a_delayed_scan_is_left_alone_when_nobody_looks(station):
    instrument = station.connect()
    stops = station.analysers[0].stops

    def call(analyser, _bench, _before):
        instrument.unattended()
        time.sleep(0.1)
        return analyser.stops

    assert instrument.measure(call, armed=True) == stops
    assert instrument.measure(call, armed=False) > stops


def test_the_gentle_plan_always_counts_down():
    assert wanted_by(ScanWish("gentle")).delay_s >= 30.0
    assert wanted_by(ScanWish("quick", 12.0)).delay_s == 12.0
    assert wanted_by(ScanWish("auto")).delay_s == 0.0


def test_the_list_marks_emulated_ones_and_asks_for_ports_where_there_are_any():
    found = Found("usb", "1-2", families=("wasatch-785",), serial="WP-01990")
    port = Found("serial", "/dev/ttyUSB0")
    choices = choices_of(Discovery((found, port), ()))
    assert choices.rows[0].title.startswith("Wasatch WP-785")
    assert "WP-01990" in choices.rows[0].title
    assert choices.ports == ("/dev/ttyUSB0",)
    assert all(("EMULATED" in row.title) == row.emulated for row in choices.rows)
    by_name = {row.family: row for row in choices.rows if not row.emulated}
    assert by_name["bwtek-btc110"].asks_port
    assert by_name["bwtek-btc110"].asks_laser
    assert not any(row.asks_port for row in choices.rows if row.emulated)
