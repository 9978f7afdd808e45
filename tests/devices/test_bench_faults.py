"""Every fault of the emulated instrument, put in place while it runs."""

import dataclasses

import numpy as np
import pytest

from devices.emulators.bench import NO_FAULTS, Bench, Faults
from devices.interface import LaserState

OFF, REQUESTED, FIRING = LaserState.OFF, LaserState.REQUESTED, LaserState.FIRING


@pytest.fixture
def make(quiet_model, polystyrene_like):
    def bench(faults=NO_FAULTS, **changes):
        model = dataclasses.replace(quiet_model, laser_delay_s=1.0, **changes)
        return Bench(model, polystyrene_like, 3, faults)

    return bench


def states(bench, *moments):
    """Return the state of the laser at each of the moments."""
    told = []
    for at_s in moments:
        bench.advance_to(at_s)
        told.append(bench.laser_state())
    return told


def exposure(bench, seconds=1.0):
    bench.begin(seconds)
    bench.advance_to(bench.time_s + seconds)
    return bench.taken()


def test_stuck_laser_stays_on(make):
    bench = make()
    bench.laser(on=True)
    bench.watchdog(3.0)
    bench.faults = Faults(laser_stuck_on=True, watchdog_fires_at_s=4.0)
    bench.laser(on=False)
    assert states(bench, 2.0, 10.0, 100.0) == [FIRING] * 3
    bench.faults = NO_FAULTS
    bench.laser(on=False)
    assert bench.laser_state() is OFF


def test_laser_that_never_fires_is_enabled_and_dark(make):
    bench = make(Faults(laser_never_fires=True))
    bench.laser(on=True)
    assert states(bench, 0.0, 5.0, 50.0) == [REQUESTED] * 3
    assert bench.laser_enabled
    assert not bench.laser_firing
    assert bench.light_dose_s == 0.0


@pytest.mark.parametrize(
    "faults", [Faults(laser_drops_out_at_s=5.0), Faults(laser_drops_out_after_s=4.0)]
)
def test_laser_that_drops_out_stays_enabled(make, faults):
    bench = make(faults)
    bench.laser(on=True)
    assert states(bench, 0.5, 1.0, 4.999, 5.0, 60.0) == [REQUESTED, FIRING, FIRING] + 2 * [
        REQUESTED
    ]
    assert bench.light_dose_s == pytest.approx(4.0)


def test_a_drop_out_halves_the_light_of_the_exposure_that_it_is_in(make):
    heights = []
    for faults in (NO_FAULTS, Faults(laser_drops_out_at_s=11.0)):
        bench = make(faults, dark_e_per_s=0.0)
        bench.laser(on=True)
        bench.advance_to(10.0)
        heights.append(exposure(bench, 2.0)[0].max() - bench.model.offset_counts)
    assert heights[1] == pytest.approx(heights[0] / 2, rel=0.03)


def test_interlock_that_opens_and_closes_starts_the_warning_anew(make):
    bench = make(Faults(interlock_open_at_s=5.0, interlock_closed_at_s=8.0))
    bench.laser(on=True)
    moments = (4.9, 5.0, 7.9, 8.0, 8.9, 9.0)
    assert states(bench, *moments) == [FIRING] + 4 * [REQUESTED] + [FIRING]
    assert bench.interlock_closed()
    assert bench.light_dose_s == pytest.approx(4.0)


def test_interlock_opened_and_closed_by_hand(make):
    bench = make()
    bench.laser(on=True)
    bench.advance_to(3.0)
    bench.faults = Faults(interlock_open_at_s=0.0)
    assert not bench.interlock_closed()
    assert states(bench, 3.0, 6.0) == [REQUESTED, REQUESTED]
    bench.faults = NO_FAULTS
    assert bench.interlock_closed()
    assert states(bench, 6.0, 6.9, 7.0) == [REQUESTED, REQUESTED, FIRING]


def test_another_warning_delay_is_for_the_next_time(make):
    bench = make()
    bench.laser(on=True)
    assert states(bench, 2.0) == [FIRING]
    bench.warning_delay(5.0)
    bench.laser(on=True, power=0.5)
    assert states(bench, 2.0, 3.0) == [FIRING, FIRING]
    bench.laser(on=False)
    bench.laser(on=True)
    assert states(bench, 7.9, 8.0) == [REQUESTED, FIRING]


def test_a_latched_trip_needs_clearing_and_enabling(make):
    bench = make(Faults(interlock_open_at_s=5.0, interlock_closed_at_s=8.0), interlock_latches=True)
    bench.laser(on=True)
    assert states(bench, 4.9, 5.0, 20.0) == [FIRING, OFF, OFF]
    assert bench.interlock_tripped
    bench.laser(on=True)
    assert states(bench, 25.0) == [OFF]
    bench.clear_trip()
    assert states(bench, 30.0) == [OFF]
    bench.laser(on=True)
    assert states(bench, 30.9, 31.0) == [REQUESTED, FIRING]


def test_watchdog_switches_off_unless_it_is_fed(make):
    bench = make()
    bench.watchdog(10.0)
    bench.advance_to(60.0)
    bench.laser(on=True)
    assert states(bench, 69.0) == [FIRING]
    bench.feed_watchdog()
    assert states(bench, 78.999, 79.0, 200.0) == [FIRING, OFF, OFF]
    assert not bench.laser_enabled
    bench.watchdog(0.0)
    bench.laser(on=True)
    assert states(bench, 10_000.0) == [FIRING]


def test_watchdog_that_fires_early_does_so_once(make):
    bench = make(Faults(watchdog_fires_at_s=5.0))
    bench.laser(on=True)
    assert states(bench, 4.9, 5.0) == [FIRING, OFF]
    bench.laser(on=True)
    assert states(bench, 7.0, 100.0) == [FIRING, FIRING]


def test_watchdog_that_fires_while_the_laser_is_off_does_nothing_later(make):
    bench = make(Faults(watchdog_fires_at_s=5.0))
    bench.advance_to(10.0)
    bench.laser(on=True)
    assert states(bench, 12.0) == [FIRING]


def test_hot_detector_runs_away_and_its_dark_current_with_it(make):
    bench = make()
    cold = exposure(bench)[0].mean()
    bench.faults = Faults(hot_at_s=5.0)
    bench.advance_to(5.0)
    assert bench.temperature_c() == bench.model.setpoint_c
    bench.advance_to(35.0)
    warmer = bench.temperature_c()
    assert warmer == pytest.approx(45.0 - 55.0 / np.e, abs=0.01)
    assert exposure(bench)[0].mean() > cold + 100.0
    bench.faults = NO_FAULTS
    bench.advance_to(500.0)
    assert bench.temperature_c() == bench.model.setpoint_c


def test_detector_without_its_cooler_takes_the_temperature_of_the_room(make):
    bench = make()
    bench.cool_to(None)
    bench.advance_to(1_000.0)
    assert bench.temperature_c() == bench.model.ambient_c
    bench.cool_to(-15.0)
    bench.advance_to(2_000.0)
    assert bench.temperature_c() == -15.0


def test_detector_that_hangs_never_ends_until_it_is_mended(make):
    bench = make(Faults(hangs_at_s=5.0))
    assert exposure(bench) is not None
    bench.begin(10.0)
    bench.advance_to(3_600.0)
    assert (bench.taken(), bench.exposing, bench.exposure_ends_s) == (None, True, None)
    bench.faults = NO_FAULTS
    assert not bench.exposing
    assert bench.taken() is not None
    assert bench.taken_window_s == (1.0, 11.0)


def test_stale_frame_is_served_once_with_the_window_that_it_had(make):
    bench = make()
    first = exposure(bench)
    bench.faults = Faults(stale_frame=True)
    stale = exposure(bench, 2.0)
    np.testing.assert_array_equal(stale, first)
    assert bench.taken_window_s == (0.0, 1.0)
    fresh = exposure(bench)
    assert (fresh[0] != first[0]).any()
    assert bench.taken_window_s == (3.0, 4.0)


def test_stale_frame_needs_one_before_it(make):
    bench = make(Faults(stale_frame=True))
    first, second = exposure(bench), exposure(bench)
    np.testing.assert_array_equal(first, second)
    assert (exposure(bench)[0] != first[0]).any()


def test_flat_frame_has_one_value(make):
    counts, clipped = exposure(make(Faults(flat_frame=True)))
    assert len(set(counts)) == 1
    assert not clipped.any()


def test_saturated_pixels_are_full_and_said_to_be(make):
    counts, clipped = exposure(make(Faults(saturated=True)))
    assert clipped.all()
    assert (counts == 65535.0).all()
