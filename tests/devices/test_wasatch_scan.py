"""Wasatch units as whole analysers: the parts under `ComposedAnalyser`."""

import dataclasses

import numpy as np
import pytest

from devices.composed import ComposedAnalyser
from devices.errors import InterlockError, LaserAlarmError, LaserError, NotConnectedError
from devices.frame import DARK
from devices.interface import LaserState, Settings

BOTH = pytest.mark.parametrize("name", ["wasatch-785", "wasatch-785-xs"])


@pytest.fixture
def analyser_of(on_wasatch):
    def make(name, **options):
        made = on_wasatch(name, **options)
        made.analyser = ComposedAnalyser(
            made.detector, made.laser, family=name, emulated=True, timing=made.time.timing()
        )
        made.analyser.configure(Settings(200.0, 2, 50.0))
        return made

    return make


@BOTH
def test_dark_and_scan(analyser_of, name):
    made = analyser_of(name)
    assert DARK in made.analyser.dark().flags
    frame = made.analyser.acquire()
    assert frame.averages == 2
    assert frame.dark is not None
    shift = frame.raman_shift_cm1()
    first, end = frame.active_pixels
    raman = (frame.counts - frame.dark)[first:end]
    assert shift[int(np.argmax(raman))] == pytest.approx(1001.0, abs=3.0)
    assert made.analyser.laser_state is LaserState.OFF
    assert not made.unit.laser_firing
    made.analyser.close()


@BOTH
def test_no_exposure_is_thrown_away_under_the_laser(analyser_of, name):
    made = analyser_of(name)
    made.port.trace.clear()
    made.analyser.acquire()
    out = [entry for entry in made.port.trace if entry[0] == "OUT"]
    on = out.index(next(entry for entry in out if entry[1:3] == [0xBE, 1]))
    acquired = [number for number, entry in enumerate(out) if entry[1] == 0xAD]
    assert len([number for number in acquired if number > on]) == 2
    assert len([number for number in acquired if number < on]) == int(made.unit.model.arm)


def test_the_watchdog_is_fed_through_a_long_exposure(analyser_of):
    made = analyser_of("wasatch-785-xs")
    made.analyser.configure(Settings(9000.0, 1, 50.0))
    assert made.analyser.acquire().averages == 1


@BOTH
def test_laser_off_is_sent_before_anything_is_read_when_aborted(analyser_of, name):
    made = analyser_of(name)
    made.analyser.dark()

    def stop(share, _words):
        if share > 0.6:
            made.port.trace.clear()
            made.analyser.abort()
            stopped.append(share)

    stopped = []
    frame = made.analyser.acquire(progress=stop)
    assert frame.averages == 1
    assert stopped
    assert made.port.trace[0][:3] == ["OUT", 0xBE, 0]
    assert made.analyser.acquire().averages == 2


@BOTH
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"interlock_open_at_s": 0.0}, InterlockError),
        ({"laser_never_fires": True}, LaserError),
        ({"laser_drops_out_after_s": 0.1}, LaserError),
    ],
)
def test_a_laser_that_does_not_as_told(analyser_of, name, fault, error):
    made = analyser_of(name)
    made.bench.faults = dataclasses.replace(made.bench.faults, **fault)
    with pytest.raises(error):
        made.analyser.acquire()
    assert made.analyser.laser_state is LaserState.OFF


@BOTH
def test_a_stuck_laser_is_an_alarm(analyser_of, name):
    made = analyser_of(name)
    made.analyser.acquire()

    def stick(_share, _words):
        made.bench.faults = dataclasses.replace(made.bench.faults, laser_stuck_on=True)

    with pytest.raises(LaserAlarmError):
        made.analyser.acquire(progress=stick)
    assert made.analyser.alarm
    with pytest.raises(LaserAlarmError):
        made.analyser.acquire()


@BOTH
def test_unplugged_during_a_scan(analyser_of, name):
    made = analyser_of(name)

    def pull(share, _words):
        if share > 0.3:
            made.backend.unplug()

    with pytest.raises(NotConnectedError):
        made.analyser.acquire(progress=pull)
    assert made.analyser.laser_state is LaserState.UNKNOWN
    made.analyser.close()
