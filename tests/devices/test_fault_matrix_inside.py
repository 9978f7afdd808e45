"""The fault matrix of instruments: what goes wrong inside one, with every family."""

import contextlib

import pytest

from devices.errors import (
    BadAnswerError,
    InterlockError,
    LaserAlarmError,
    LaserError,
    NotConnectedError,
    StaleDataError,
    TransportTimeoutError,
)
from devices.families import FAMILIES, Wire
from devices.frame import DARK_STALE, SATURATED
from devices.interface import LaserState, Settings

SETTINGS = Settings(integration_time_ms=400.0, averages=2)
ROWS = [
    (row.name, serial)
    for row in FAMILIES
    if row.wire is not Wire.NONE
    for serial in ((False, True) if row.wire is Wire.EITHER else (False,))
]
# Its protocol tells of the laser only whether it is enabled: neither interlock nor emission.
SAYS_NOTHING_OF_LIGHT = "ocean-ventana-785"
TELLS_OF_LIGHT = [row for row in ROWS if row[0] != SAYS_NOTHING_OF_LIGHT]

every_family = pytest.mark.parametrize(("name", "serial"), ROWS)
where_light_is_told = pytest.mark.parametrize(("name", "serial"), TELLS_OF_LIGHT)


@pytest.fixture
def opened(rig):
    """Open an analyser with a dark; afterwards it has to measure again, all well."""
    made = []

    def make(name, serial):
        bed = rig(name, serial=serial)
        bed.analyser = bed.open()
        bed.analyser.configure(SETTINGS)
        bed.measure(bed.analyser.dark)
        made.append(bed)
        return bed

    yield make
    for bed in made:
        bed.suffer(**dict.fromkeys(WELL, False), **dict.fromkeys(MOMENTS, None))
        with contextlib.suppress(LaserAlarmError):
            bed.analyser.close()
        for model in bed.wires.models:  # a trip of the interlock is held until a person sees to it
            if hasattr(model, "turn_key"):
                model.turn_key(False)
                model.turn_key(True)
        bed.plug()
        with bed.open() as again:
            again.configure(SETTINGS)
            bed.measure(again.dark)
            bed.measure(again.acquire)
        assert bed.bench.laser_state() is LaserState.OFF


WELL = ("laser_stuck_on", "laser_never_fires", "stale_frame", "flat_frame", "saturated")
MOMENTS = (
    "unplugged_at_s",
    "interlock_open_at_s",
    "interlock_closed_at_s",
    "laser_drops_out_at_s",
    "laser_drops_out_after_s",
    "watchdog_fires_at_s",
    "hot_at_s",
    "hangs_at_s",
)


def _in_the_middle(bed, **faults):
    """Measure, and let `faults` happen in the middle of the first exposure."""
    done = []

    def progress(share, _words):
        if share > 0.2 and not done:
            done.append(share)
            now_s = bed.time.now_s
            bed.suffer(
                **{
                    name: value + now_s if name.endswith("_s") else value
                    for name, value in faults.items()
                }
            )

    return bed.measure(lambda: bed.analyser.acquire(progress))


def _is_off(bed):
    assert bed.bench.laser_state() is LaserState.OFF
    assert bed.analyser.laser_state is LaserState.OFF
    assert bed.analyser.alarm is None


@every_family
def test_saturated(opened, name, serial):
    bed = opened(name, serial)
    bed.suffer(saturated=True)
    assert SATURATED in bed.measure(bed.analyser.acquire).flags
    _is_off(bed)


@every_family
def test_flat(opened, name, serial):
    bed = opened(name, serial)
    bed.suffer(flat_frame=True)
    with pytest.raises(BadAnswerError, match=r"same count|flat"):
        bed.measure(bed.analyser.acquire)
    _is_off(bed)


@every_family
def test_hot_detector(opened, name, serial):
    bed = opened(name, serial)
    bed.suffer(hot_at_s=0.0)
    bed.time.step(3600.0)
    frame = bed.measure(bed.analyser.acquire)
    if bed.analyser.capabilities.reads_temperature:
        assert frame.dark is None
        assert DARK_STALE in frame.flags
    else:
        assert frame.temperature_c is None


@where_light_is_told
def test_interlock_open_before(opened, name, serial):
    bed = opened(name, serial)
    bed.suffer(interlock_open_at_s=0.0)
    with pytest.raises(InterlockError):
        bed.measure(bed.analyser.acquire)
    _is_off(bed)


@where_light_is_told
def test_interlock_opened_during_the_exposure_and_closed_again(opened, name, serial):
    bed = opened(name, serial)
    with pytest.raises(LaserError, match=r"interlock|not firing"):
        _in_the_middle(bed, interlock_open_at_s=0.0, interlock_closed_at_s=0.15)
    bed.time.step(10.0)
    _is_off(bed)


@every_family
def test_laser_stuck_on(opened, name, serial):
    bed = opened(name, serial)
    with pytest.raises(LaserAlarmError, match="MAY BE ON") as caught:
        _in_the_middle(bed, laser_stuck_on=True)
    assert caught.value.measured.averages == 2
    analyser = bed.analyser
    assert analyser.laser_state in {LaserState.FIRING, LaserState.UNKNOWN}
    assert analyser.alarm
    for call in (analyser.acquire, analyser.dark, analyser.laser_off, analyser.acknowledge_alarm):
        with pytest.raises(LaserAlarmError):
            call()
    bed.suffer(laser_stuck_on=False)
    analyser.acknowledge_alarm()
    bed.measure(analyser.acquire)
    _is_off(bed)


@where_light_is_told
def test_laser_never_fires(opened, name, serial):
    bed = opened(name, serial)
    bed.suffer(laser_never_fires=True)
    with pytest.raises(LaserError):
        bed.measure(bed.analyser.acquire)
    _is_off(bed)


@where_light_is_told
def test_laser_drops_out(opened, name, serial):
    bed = opened(name, serial)
    with pytest.raises(LaserError):
        _in_the_middle(bed, laser_drops_out_at_s=0.0)
    _is_off(bed)


@where_light_is_told
def test_laser_drops_out_each_time(opened, name, serial):
    bed = opened(name, serial)
    bed.suffer(laser_drops_out_after_s=0.5)
    with pytest.raises(LaserError):
        bed.measure(bed.analyser.acquire)
    _is_off(bed)


@every_family
def test_watchdog_switches_off(opened, name, serial):
    bed = opened(name, serial)
    with pytest.raises(LaserError):
        _in_the_middle(bed, watchdog_fires_at_s=0.05)
    _is_off(bed)


@every_family
def test_an_exposure_that_never_ends(opened, name, serial):
    bed = opened(name, serial)
    bed.suffer(hangs_at_s=0.0)
    began_s = bed.time.now_s
    with pytest.raises(TransportTimeoutError):
        bed.measure(bed.analyser.acquire)
    assert bed.time.now_s < began_s + 60.0
    _is_off(bed)


@every_family
def test_the_exposure_before_once_more(opened, name, serial):
    bed = opened(name, serial)
    bed.suffer(stale_frame=True)
    with contextlib.suppress(StaleDataError):  # or it is among those that are thrown away
        bed.measure(bed.analyser.acquire)
    _is_off(bed)


@every_family
def test_power_is_gone_while_nothing_runs(opened, name, serial):
    bed = opened(name, serial)
    bed.suffer(unplugged_at_s=0.0)
    assert bed.analyser.laser_state is LaserState.UNKNOWN
    assert bed.analyser.alarm


@every_family
def test_power_is_gone_in_the_middle(opened, name, serial):
    bed = opened(name, serial)
    with pytest.raises((NotConnectedError, TransportTimeoutError, LaserAlarmError)):
        _in_the_middle(bed, unplugged_at_s=0.05)
    assert bed.analyser.alarm
    assert bed.analyser.laser_state in {LaserState.UNKNOWN, LaserState.FIRING}
    with pytest.raises((NotConnectedError, LaserAlarmError)):
        bed.analyser.acquire()
