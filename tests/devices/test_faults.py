"""Faults of the emulated bench: the laser is off or shouted about, and no data is made up."""

import dataclasses
import threading

import pytest

from devices.emulators.bench import Faults
from devices.errors import FrameError, LaserAlarmError, LaserError, NotConnectedError
from devices.interface import LaserState, Settings


def test_unplugged_within_an_exposure(on_bench):
    analyser, _bench, _timing = on_bench(faults=Faults(unplugged_at_s=1.5))
    with pytest.raises(NotConnectedError, match="laser for on"):
        analyser.acquire()
    assert analyser.laser_state is LaserState.UNKNOWN
    assert analyser.alarm
    with pytest.raises(LaserAlarmError, match="MAY BE ON"):
        analyser.acquire()
    with pytest.raises(LaserAlarmError, match="MAY BE ON"):
        analyser.acknowledge_alarm()
    with pytest.raises(LaserError, match="MAY BE ON"):
        analyser.laser_off()
    analyser.close()
    assert analyser.laser_state is LaserState.UNKNOWN


@pytest.mark.parametrize("moment", [0.0, 0.05, 0.5, 0.95, 1.0, 2.9])
def test_unplugged_at_any_step_gives_no_frame(on_bench, moment):
    analyser, _bench, _timing = on_bench(faults=Faults(unplugged_at_s=moment))
    with pytest.raises(NotConnectedError):
        analyser.acquire()


def test_interlock_open_means_no_laser_and_no_frame(on_bench):
    analyser, bench, _timing = on_bench(faults=Faults(interlock_open_at_s=0.0))
    with pytest.raises(LaserError, match="interlock"):
        analyser.acquire()
    assert bench.light_dose_s == 0.0
    assert analyser.laser_state is LaserState.OFF


def test_interlock_opened_during_the_exposure_spoils_the_frame(on_bench):
    analyser, _bench, _timing = on_bench(faults=Faults(interlock_open_at_s=1.2))
    with pytest.raises(LaserError, match="not valid"):
        analyser.acquire()
    assert analyser.laser_state is LaserState.OFF


def test_stuck_laser_is_never_reported_as_off(on_bench):
    analyser, _bench, _timing = on_bench(faults=Faults(laser_stuck_on=True))
    with pytest.raises(LaserError, match="MAY BE ON") as caught:
        analyser.acquire()
    assert "remove the power" in caught.value.remedy
    assert analyser.laser_state is LaserState.FIRING
    with pytest.raises(LaserError, match="MAY BE ON"):
        analyser.dark()
    with pytest.raises(LaserError, match="MAY BE ON"):
        analyser.close()
    analyser.close()


def test_a_clock_that_lies_gives_no_frame_and_no_light(on_bench):
    analyser, _bench, _timing = on_bench(utc=lambda: "noon")
    with pytest.raises(FrameError, match="UTC"):
        analyser.acquire()
    assert analyser.laser_state is LaserState.OFF


def test_dark_that_no_longer_fits_the_temperature_is_left_out_and_flagged(on_bench, quiet_model):
    model = dataclasses.replace(quiet_model, start_c=5.0, cooling_time_s=3.0)
    analyser, _bench, timing = on_bench(model=model)
    analyser.configure(Settings(200.0, 1))
    analyser.dark()
    timing.sleep(5.0)
    frame = analyser.acquire()
    assert frame.dark is None
    assert frame.flags == ("dark_stale",)
    timing.sleep(60.0)
    analyser.dark()
    assert analyser.acquire().flags == ()


@pytest.mark.parametrize("step", [1, 5, 19, 20, 21, 40, 60])
def test_laser_off_from_another_thread_at_any_moment(on_bench, step):
    """The button works while a measurement runs, and no measurement goes on without light."""
    steps = []

    def press(_seconds):
        steps.append(None)
        if len(steps) == step:
            button = threading.Thread(target=analyser.laser_off)
            button.start()
            button.join(30)

    analyser, _bench, _timing = on_bench(on_sleep=press)
    with pytest.raises(LaserError):
        analyser.acquire()
    assert len(steps) == step
    assert analyser.laser_state is LaserState.OFF
