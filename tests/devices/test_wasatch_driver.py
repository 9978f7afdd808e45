"""The Wasatch driver's parts against the emulated unit, sound and faulty, by way of pyusb."""

import contextlib
import dataclasses
import math
import os

import numpy as np
import pytest

from devices.drivers.wasatch.driver import open_parts
from devices.emulators.faults import FaultKind, WireFault
from devices.emulators.wasatch import MODELS
from devices.errors import (
    AbortedError,
    BadAnswerError,
    BatteryError,
    DeviceError,
    InterlockError,
    LaserAlarmError,
    NotConnectedError,
    SettingsError,
    StaleDataError,
    TransportTimeoutError,
)
from devices.frame import raman_shift_axis
from devices.interface import LaserState
from devices.parts import AxisSource

BAND = 1001.0
ARM, SILICON = "wasatch-785-xs", "wasatch-785"
BOTH = pytest.mark.parametrize("name", [SILICON, ARM])


def _spectrum(made, milliseconds=200):
    made.detector.start()
    made.time.step(milliseconds / 1000.0)
    return made.detector.fetch(1.0).counts


def _raman(made, milliseconds=200):
    """Counts with the laser at 50 per cent, minus those without."""
    made.detector.set_integration_time(milliseconds)
    dark = _spectrum(made, milliseconds)
    made.laser.switch_on(50.0)
    made.time.step(made.laser.facts.warning_delay_s)
    light = _spectrum(made, milliseconds)
    made.laser.switch_off()
    return light - dark


def _control(made):
    return [entry for entry in made.port.trace if entry[0] != "BULK"]


@pytest.mark.parametrize("name", [n for n in MODELS if not n.endswith("axis-off")])
def test_every_model_is_opened_and_shows_the_band_where_it_really_is(on_wasatch, name):
    made = on_wasatch(name)
    bench = made.unit.model.bench
    assert made.detector.facts.pixels == bench.pixels
    pixel = int(np.argmax(_raman(made)))
    true = raman_shift_axis(bench.wavelength_coefficients_nm, bench.pixels, bench.laser_nm)
    assert true[pixel] == pytest.approx(BAND, abs=3.0)
    assert made.laser.read().state is LaserState.OFF
    assert made.unit.unknown == {}
    if made.detector.facts.axis.source is AxisSource.INSTRUMENT and made.laser.facts.wavelength_nm:
        stated = raman_shift_axis(
            made.detector.facts.axis.coefficients_nm, bench.pixels, made.laser.facts.wavelength_nm
        )
        assert stated[pixel] == pytest.approx(BAND, abs=3.0)


def test_a_memory_4_cm1_off_is_stated_as_it_stands(on_wasatch):
    made = on_wasatch("wasatch-785-axis-off")
    pixel = int(np.argmax(_raman(made)))
    stated = raman_shift_axis(made.detector.facts.axis.coefficients_nm, 1024, 785.05)
    assert stated[pixel] == pytest.approx(BAND + 4.0, abs=2.0)


@pytest.mark.parametrize(
    ("name", "axis", "laser", "told"),
    [
        ("wasatch-785-memory-blank", False, False, "memory_blank"),
        ("wasatch-785-xs-memory-blank", False, False, "memory_blank"),
        ("wasatch-785-memory-nan", False, False, "memory_axis"),
        ("wasatch-785-excitation-0", True, False, "memory_excitation"),
        ("wasatch-785-reversed", False, True, "memory_axis_falls"),
        ("wasatch-785-bad-pixels", True, True, "memory_bad_pixels"),
    ],
)
def test_what_the_memory_does_not_say_is_not_made_up(on_wasatch, name, axis, laser, told):
    made = on_wasatch(name)
    facts = made.detector.facts
    assert (facts.axis.source is AxisSource.INSTRUMENT) == axis
    assert bool(facts.axis.coefficients_nm) == axis
    assert (made.laser.facts.wavelength_nm is not None) == laser
    assert told in dict(facts.facts)


def test_bad_pixels_are_named_and_left(on_wasatch):
    made = on_wasatch("wasatch-785-bad-pixels")
    assert made.detector.facts.bad_pixels == (203, 512)


def test_facts_of_a_sound_unit(on_wasatch):
    made = on_wasatch(SILICON)
    facts, laser = made.detector.facts, made.laser.facts
    assert (facts.model, facts.serial) == ("EMULATED 785", "EMULATED-FX2")
    assert facts.firmware == "10.0.0.49, FPGA 026-007"
    assert facts.integration_time_ms.lowest == 3.0
    assert (laser.watchdog_s, laser.warning_delay_s, laser.warm_up_s) == (0.0, 0.0, 2.0)
    assert dict(laser.facts)["highest_power_mw"] == "450"
    assert dict(facts.facts)["cooler"] == "on"
    arm = on_wasatch(ARM).laser.facts
    assert (arm.watchdog_s, arm.warning_delay_s) == (5.0, 3.0)


def test_the_cooler_reaches_its_set_point(on_wasatch):
    made = on_wasatch(SILICON)
    made.time.step(600.0)
    assert made.detector.temperature_c() == pytest.approx(10.0, abs=0.1)
    assert on_wasatch(ARM).detector.temperature_c() is None


def test_a_unit_without_a_laser_has_no_laser_part_and_is_told_off_anyway(on_wasatch):
    row = MODELS[SILICON]
    made = on_wasatch(dataclasses.replace(row, memory=dataclasses.replace(row.memory, has_laser=0)))
    assert made.laser is None
    assert _control(made)[0][:3] == ["OUT", 0xBE, 0]


@BOTH
def test_integration_time_is_held_read_back_and_refused_outside(on_wasatch, name):
    made = on_wasatch(name)
    assert made.detector.set_integration_time(149.6) == 150.0
    for impossible in (0.0, -5.0, 1e9, math.nan, math.inf):
        with pytest.raises(SettingsError):
            made.detector.set_integration_time(impossible)
    held = made.port.control_in(0xBF, 0, 0, 64)
    assert int.from_bytes(held, "little") == 150


def test_split_spectrum_of_2048_pixels_comes_from_two_endpoints(on_wasatch):
    made = on_wasatch("wasatch-785-2048")
    made.time.step(1.0)  # what an earlier session may have started is over
    made.port.trace.clear()
    assert _spectrum(made, 100).size == 2048
    read = [entry[1:] for entry in made.port.trace if entry[0] == "BULK" and entry[2] == 2048]
    assert read == [[0x82, 2048], [0x86, 2048]]


def test_the_spectrum_thrown_away_is_not_taken_when_it_comes_again(on_wasatch, monkeypatch):
    made = on_wasatch(ARM)
    link, given = made.detector._link, []
    whole = link.spectrum

    def remembered(pixels, timeout_s):
        given.append(whole(pixels, timeout_s))
        return given[-1]

    monkeypatch.setattr(link, "spectrum", remembered)
    made.detector.set_integration_time(200)
    made.detector.start()
    assert len(given) == 1
    made.time.step(0.2)
    monkeypatch.setattr(link, "spectrum", lambda _pixels, _timeout_s: given[0])
    with pytest.raises(StaleDataError):
        made.detector.fetch(1.0)


def test_xs_throws_the_first_spectrum_after_a_change_away(on_wasatch):
    made = on_wasatch(ARM)
    made.port.trace.clear()
    made.detector.set_integration_time(400)
    dark_long = _spectrum(made, 400).mean()
    made.detector.set_integration_time(50)
    dark_short = _spectrum(made, 50).mean()
    acquired = [entry for entry in made.port.trace if entry[:2] == ["OUT", 0xAD]]
    assert len(acquired) == 4
    assert dark_long - dark_short > 2.0  # 0.35 s of dark current: the short one is really short
    made.port.trace.clear()
    made.detector.set_integration_time(50)
    _spectrum(made, 50)
    assert len([entry for entry in made.port.trace if entry[:2] == ["OUT", 0xAD]]) == 1


@BOTH
def test_a_cancelled_exposure_is_never_taken_for_the_next(on_wasatch, name):
    made = on_wasatch(name)
    made.detector.set_integration_time(500)
    dark = _spectrum(made, 500)
    made.laser.switch_on(100.0)
    made.time.step(3.5)
    made.detector.start()
    made.time.step(0.4)
    made.detector.cancel()
    made.laser.switch_off()
    after = _spectrum(made, 500)
    assert abs(after.max() - dark.max()) < 100.0


@BOTH
def test_laser_states_are_read_not_remembered(on_wasatch, name):
    made = on_wasatch(name)
    assert made.laser.read().state is LaserState.OFF
    made.laser.switch_on(20.0)
    if made.laser.facts.warning_delay_s:
        assert made.laser.read().state is LaserState.REQUESTED
        made.time.step(made.laser.facts.warning_delay_s)
    assert made.laser.read().state is LaserState.FIRING
    made.bench.laser(False)  # somebody else
    assert made.laser.read().state is LaserState.OFF


@BOTH
def test_power_is_by_pulse_width(on_wasatch, name):
    made = on_wasatch(name)
    made.detector.set_integration_time(200)
    dark = _spectrum(made)
    seen = []
    for percent in (25.0, 50.0, 100.0):
        made.laser.switch_on(percent)
        made.time.step(3.5)
        made.laser.refresh_watchdog()
        seen.append((_spectrum(made) - dark).max())
        made.laser.switch_off()
    assert seen[1] / seen[0] == pytest.approx(2.0, rel=0.2)
    assert seen[2] / seen[0] == pytest.approx(4.0, rel=0.2)


@BOTH
def test_an_open_interlock_enables_nothing(on_wasatch, name):
    made = on_wasatch(name)
    made.bench.faults = dataclasses.replace(made.bench.faults, interlock_open_at_s=0.0)
    with pytest.raises(InterlockError):
        made.laser.switch_on(50.0)
    assert made.laser.read().can_fire is False
    made.bench.faults = dataclasses.replace(made.bench.faults, interlock_open_at_s=None)
    made.time.step(10.0)
    assert made.laser.read().state is LaserState.OFF


@BOTH
def test_an_interlock_that_opens_is_seen(on_wasatch, name):
    made = on_wasatch(name)
    made.laser.switch_on(50.0)
    made.time.step(4.0)
    made.bench.faults = dataclasses.replace(made.bench.faults, interlock_open_at_s=0.0)
    reading = made.laser.read()
    assert (reading.can_fire, reading.firing) == (False, False)
    assert reading.state is LaserState.REQUESTED


@BOTH
def test_a_laser_that_stays_on_is_not_opened(on_wasatch, name):
    made = on_wasatch(name, open_it=False)
    made.bench.laser(True)
    made.bench.faults = dataclasses.replace(made.bench.faults, laser_stuck_on=True)
    made.time.step(5.0)
    with pytest.raises(LaserAlarmError):
        open_parts(made.port, made.time.timing())
    offs = [entry for entry in _control(made) if entry[:3] == ["OUT", 0xBE, 0]]
    assert len(offs) >= 3
    with pytest.raises(NotConnectedError):
        made.port.control_in(0xC0, 0, 0, 64)


@BOTH
def test_a_laser_left_on_by_another_program_is_off_after_opening(on_wasatch, name):
    made = on_wasatch(name, open_it=False)
    made.bench.laser(True)
    made.time.step(5.0)
    made.bench.advance_to(5.0)
    assert made.unit.laser_firing
    detector, laser = open_parts(made.port, made.time.timing())
    assert laser.read().state is LaserState.OFF
    detector.close()
    laser.close()


def test_the_watchdog_bites_when_nobody_refreshes_it(on_wasatch):
    made = on_wasatch(ARM)
    made.laser.switch_on(50.0)
    made.time.step(4.0)
    assert made.laser.read().state is LaserState.FIRING
    for _ in range(5):
        made.laser.refresh_watchdog()
        made.time.step(4.0)
        assert made.laser.read().state is LaserState.FIRING
    made.time.step(1.5)
    assert made.laser.read().state is LaserState.OFF
    assert not made.unit.laser_firing


def test_reading_the_laser_does_not_refresh_the_watchdog(on_wasatch):
    made = on_wasatch(ARM)
    made.laser.switch_on(50.0)
    for _ in range(60):
        made.time.step(0.1)
        made.laser.read()
    assert made.laser.read().state is LaserState.OFF


def test_a_watchdog_that_is_not_confirmed_is_not_counted_on(on_wasatch):
    made = on_wasatch(ARM, change=lambda unit: unit._getters.pop(0xFF17))
    assert made.laser.facts.watchdog_s == 0.0
    assert "watchdog" in dict(made.laser.facts.facts)


@pytest.mark.parametrize(("percent", "fires"), [(4.9, False), (5.0, True), (60.0, True)])
def test_a_low_battery_blocks_the_laser(on_wasatch, percent, fires):
    made = on_wasatch(ARM)
    made.unit.battery_percent = percent
    if fires:
        made.laser.switch_on(50.0)
        assert made.unit.bench.laser_enabled
        return
    with pytest.raises(BatteryError, match=r"4\.9 %"):
        made.laser.switch_on(50.0)
    assert not made.unit.bench.laser_enabled


def test_laser_facts_of_an_arm_unit_at_most_ten_times_a_second(on_wasatch):
    made = on_wasatch(ARM)
    facts = dict(made.laser.read().facts)
    assert facts["laser_temperature_c"] == "25.0"
    assert facts["battery_percent"] == "80.0"
    assert made.laser.read().facts == ()
    made.laser.switch_on(50.0)
    made.time.step(4.0)
    assert dict(made.laser.read().facts)["laser_temperature_c"] == "31.0"


def test_facts_that_cannot_be_read_do_not_spoil_the_state(on_wasatch):
    made = on_wasatch(ARM, change=lambda unit: unit._getters.pop(0xFF13))
    reading = made.laser.read()
    assert reading.state is LaserState.OFF
    assert "not_read" in dict(reading.facts)


def test_switching_off_while_switching_on_wins(on_wasatch):
    made = on_wasatch(SILICON)
    port = made.port

    def stop_first(request, *rest):
        if request == 0xBD:
            made.laser.switch_off()
        type(port).control_out(port, request, *rest)

    port.control_out = stop_first
    with pytest.raises(AbortedError):
        made.laser.switch_on(50.0)
    assert made.laser.read().state is LaserState.OFF


def _some(steps, kind):
    """Every sixth step, others for each kind of fault; all of them in the long form."""
    if int(os.environ.get("SPECTRA_FUZZ") or 0) >= 10_000:
        return range(steps)
    return range(list(FaultKind).index(kind) % 6, steps, 6)


FRAME = {"on": ("bulk_in",)}


@BOTH
def test_flat_stale_and_saturated_spectra(on_wasatch, name):
    made = on_wasatch(name)
    made.detector.set_integration_time(100)
    _spectrum(made, 100)
    bench = made.bench
    bench.faults = dataclasses.replace(bench.faults, flat_frame=True)
    with pytest.raises(BadAnswerError, match="flat"):
        _spectrum(made, 100)
    bench.faults = dataclasses.replace(bench.faults, flat_frame=False)
    _spectrum(made, 100)
    bench.faults = dataclasses.replace(bench.faults, stale_frame=True)
    with pytest.raises(StaleDataError):
        _spectrum(made, 100)
    bench.faults = dataclasses.replace(bench.faults, stale_frame=False, saturated=True)
    assert (_spectrum(made, 100) >= made.detector.facts.saturation_counts).all()
    bench.faults = dataclasses.replace(bench.faults, saturated=False)
    assert _spectrum(made, 100).max() < 60_000


@BOTH
@pytest.mark.parametrize("kind", [FaultKind.TRUNCATED, FaultKind.EXTRA, FaultKind.STALL])
def test_a_damaged_spectrum_is_refused_and_the_next_is_sound(on_wasatch, name, kind):
    made = on_wasatch(name)
    made.detector.set_integration_time(100)
    _spectrum(made, 100)
    made.detector.start()
    made.time.step(0.1)
    made.backend.faults.arm(WireFault(kind, at=0, count=7, **FRAME))
    with pytest.raises(DeviceError):
        made.detector.fetch(1.0)
    made.backend.faults.arm()
    assert _spectrum(made, 100).size == made.detector.facts.pixels


@BOTH
def test_a_detector_that_hangs_is_a_time_out(on_wasatch, name):
    made = on_wasatch(name)
    made.detector.set_integration_time(100)
    made.bench.faults = dataclasses.replace(made.bench.faults, hangs_at_s=0.0)
    made.detector.start()
    made.time.step(0.1)
    with pytest.raises(TransportTimeoutError):
        made.detector.fetch(0.5)
    made.laser.switch_off()
    assert made.laser.read().state is LaserState.OFF
    with pytest.raises(TransportTimeoutError):
        made.detector.start()
    made.bench.faults = dataclasses.replace(made.bench.faults, hangs_at_s=None)
    made.detector.start()


@BOTH
def test_a_spectrum_that_comes_far_too_late_is_not_taken_for_another(on_wasatch, name):
    made = on_wasatch(name)
    made.detector.set_integration_time(1000)
    made.laser.switch_on(100.0)
    made.time.step(3.2)
    made.laser.refresh_watchdog()
    made.detector.start()
    made.time.step(1.0)
    made.bench.faults = dataclasses.replace(made.bench.faults, hangs_at_s=0.0)
    with pytest.raises(TransportTimeoutError):
        made.detector.fetch(0.5)
    made.laser.switch_off()
    with pytest.raises(TransportTimeoutError):
        made.detector.set_integration_time(1000)

    def come_late(request, *rest):
        if request == 0xAD:  # the lost spectrum comes with the next command
            made.bench.faults = dataclasses.replace(made.bench.faults, hangs_at_s=None)
            made.port.control_out = original
        original(request, *rest)

    original, made.port.control_out = made.port.control_out, come_late
    made.detector.set_integration_time(1000)
    assert np.ptp(_spectrum(made, 1000)) < 300.0  # dark: no light of the lost one


@BOTH
@pytest.mark.fuzz
@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_fault_at_every_step_of_opening(on_wasatch, name, kind):
    """The right kind of error or a sound unit; the laser off; and it opens after that."""
    steps = len(on_wasatch(name).port.trace)
    found = []
    for at in _some(steps, kind):
        made = on_wasatch(name, open_it=False)
        made.backend.faults.arm(WireFault(kind, at=at, seed=at))
        try:
            detector, laser = open_parts(made.port, made.time.timing())
        except DeviceError as error:
            found.append(error)
        else:
            assert detector.facts.pixels >= 16
            assert laser is None or laser.read() is not None
            detector.close()
            if laser is not None:
                laser.close()
        made.backend.faults.arm()
        made.backend.unplug()
        made.backend.replug()
        assert not made.unit.laser_firing
        detector, laser = open_parts(made.plug_in(), made.time.timing())
        assert detector.facts.pixels == made.unit.model.bench.pixels
        assert laser.read().state is LaserState.OFF
    assert all(error.what and error.where and error.remedy for error in found)
    assert all(type(error) is not DeviceError for error in found)


@BOTH
@pytest.mark.fuzz
@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_fault_at_every_step_of_a_scan(on_wasatch, name, kind):
    """A whole spectrum or a named error; and then the laser goes off, by what was read."""
    whole = on_wasatch(name)
    before = len(whole.port.trace)
    _raman(whole, 50)
    steps = len(whole.port.trace) - before
    for at in _some(steps, kind):
        made = on_wasatch(name)
        made.backend.faults.arm(WireFault(kind, at=at, seed=at))
        counts = None
        with contextlib.suppress(DeviceError):
            counts = _raman(made, 50)
        assert counts is None or counts.size == made.detector.facts.pixels
        made.backend.faults.arm()
        if kind is FaultKind.UNPLUG:
            made.backend.replug()
            made.detector, made.laser = open_parts(made.plug_in(), made.time.timing())
        else:
            made.laser.switch_off()
        assert made.laser.read().state is LaserState.OFF
        assert made.unit.bench.laser_enabled is False


@BOTH
def test_unplugged_in_the_middle(on_wasatch, name):
    made = on_wasatch(name)
    made.laser.switch_on(50.0)
    made.detector.start()
    made.backend.unplug()
    for call in (
        lambda: made.detector.fetch(1.0),
        made.laser.read,
        made.laser.switch_off,
        lambda: made.laser.switch_on(50.0),
        made.detector.start,
    ):
        with pytest.raises(NotConnectedError):
            call()
    made.detector.close()
    made.laser.close()
    made.laser.close()


def test_the_port_is_closed_with_the_last_part(on_wasatch):
    made = on_wasatch(SILICON)
    made.detector.close()
    assert made.laser.read().state is LaserState.OFF
    made.laser.close()
    with pytest.raises(NotConnectedError):
        made.laser.read()
    assert made.detector.facts.pixels == 1024


def test_forbidden_requests_cannot_be_sent(on_wasatch):
    from devices.drivers.wasatch.link import Link
    from devices.drivers.wasatch.opcodes import Command

    made = on_wasatch(SILICON)
    link = Link(made.port, made.time.timing())
    for command in (Command(0xFE), Command(0xA2, 0x3C00), Command(0xFF, 0x02, 0)):
        with pytest.raises(SettingsError):
            link.tell(command)
    assert made.unit.memory_writes == 0
