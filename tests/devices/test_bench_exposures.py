"""Exposures of the emulated bench: exactly their window, and the same however often one asks."""

import dataclasses
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.emulators.bench import Bench, Faults
from devices.emulators.bench_model import BenchModel
from devices.emulators.physics import dark_rate
from devices.interface import LaserState
from devices.sample import Sample

SMALL = BenchModel(
    model="Emulated small analyser",
    detector="emulated",
    laser_nm=785.0,
    wavelength_coefficients_nm=(795.0, 0.7),
    pixels=128,
    resolution_cm1=20.0,
    start_c=10.0,
    drift_time_s=20.0,
    drift_nm=0.1,
)
DULL = Sample(bands=[[1000.0, 1.0, 8.0]], fluorescence=2.0, bleaching_time_s=7.0)

moments = st.floats(0.0, 100.0)
FAULTY = st.builds(
    Faults,
    interlock_open_at_s=st.none() | moments,
    interlock_closed_at_s=st.none() | moments,
    laser_drops_out_at_s=st.none() | moments,
    laser_drops_out_after_s=st.none() | st.floats(0.0, 20.0),
    watchdog_fires_at_s=st.none() | moments,
    hot_at_s=st.none() | moments,
    laser_stuck_on=st.booleans(),
    laser_never_fires=st.booleans(),
)
COMMANDS = {
    "on": lambda bench: bench.laser(on=True),
    "weak": lambda bench: bench.laser(on=True, power=0.1),
    "off": lambda bench: bench.laser(on=False),
    "short": lambda bench: bench.begin(0.3),
    "long": lambda bench: bench.begin(17.0),
    "cancel": Bench.cancel,
    "cool": lambda bench: bench.cool_to(-20.0),
    "warm": lambda bench: bench.cool_to(None),
    "watch": lambda bench: bench.watchdog(4.0),
    "feed": Bench.feed_watchdog,
    "sample": lambda bench: setattr(bench, "sample", DULL),
    "mend": lambda bench: setattr(bench, "faults", Faults()),
}


def look(bench):
    """Ask for everything that a status poll can ask for."""
    return (
        bench.light_dose_s,
        bench.temperature_c(),
        bench.laser_state(),
        bench.interlock_closed(),
        bench.exposure_ends_s,
        bench.exposing,
        bench.sample_heated,
    )


def story(commands, polls, faults):
    """Return what the bench gave and how it stood after each command."""
    bench = Bench(SMALL, DULL, 11, faults)
    told = []
    for at_s, command in commands:
        for poll_s in polls:
            if bench.time_s < poll_s < at_s:
                bench.advance_to(poll_s)
                look(bench)
        bench.advance_to(at_s)
        told.append((bench.taken(), look(bench)))
        COMMANDS[command](bench)
    bench.advance_to(130.0)
    told.append((bench.taken(), look(bench)))
    return told


@given(
    st.lists(st.tuples(moments, st.sampled_from(sorted(COMMANDS))), min_size=4, max_size=12).map(
        sorted
    ),
    st.lists(moments, max_size=30).map(sorted),
    st.just(Faults()) | FAULTY,
)
def test_the_same_counts_however_often_one_asks(commands, polls, faults):
    for one, other in zip(story(commands, [], faults), story(commands, polls, faults), strict=True):
        assert one[1] == other[1]
        assert (one[0] is None) == (other[0] is None)
        if one[0] is not None:
            np.testing.assert_array_equal(one[0], other[0])


def test_a_live_view_and_a_patient_program_see_the_same(quiet_model, polystyrene_like):
    frames = []
    for step in (5.0, 0.001):
        bench = Bench(quiet_model, polystyrene_like, 1)
        bench.laser(on=True)
        bench.begin(2.0)
        for tick in np.arange(step, 5.0 + step, step):
            bench.advance_to(tick)
        frames.append(bench.taken())
    np.testing.assert_array_equal(frames[0], frames[1])


def test_other_seeds_and_later_exposures_are_others(quiet_model, polystyrene_like):
    frames = []
    for seed in (1, 1, 2):
        bench = Bench(quiet_model, polystyrene_like, seed)
        for _ in range(2):
            bench.begin(0.5)
            bench.advance_to(bench.time_s + 0.5)
            frames.append(bench.taken()[0])
    np.testing.assert_array_equal(frames[0], frames[2])
    np.testing.assert_array_equal(frames[1], frames[3])
    assert (frames[0] != frames[1]).mean() > 0.5
    assert (frames[0] != frames[4]).mean() > 0.5


def test_an_exposure_is_there_when_its_time_is_over_and_only_once(quiet_model, polystyrene_like):
    bench = Bench(quiet_model, polystyrene_like, 1)
    assert (bench.taken(), bench.exposure_ends_s, bench.exposing) == (None, None, False)
    bench.advance_to(3.0)
    bench.begin(1.5)
    assert (bench.taken(), bench.exposure_ends_s, bench.exposing) == (None, 4.5, True)
    bench.advance_to(4.499)
    assert bench.taken() is None
    bench.advance_to(4.5)
    assert (bench.exposure_ends_s, bench.exposing) == (4.5, False)
    counts, clipped = bench.taken()
    assert counts.shape == clipped.shape == (quiet_model.pixels,)
    assert bench.taken_window_s == (3.0, 4.5)
    assert (bench.taken(), bench.exposure_ends_s, bench.exposing) == (None, None, False)


def test_time_does_not_go_back(quiet_model, polystyrene_like):
    bench = Bench(quiet_model, polystyrene_like, 1)
    bench.advance_to(5.0)
    bench.advance_to(1.0)
    assert bench.time_s == 5.0


def test_a_cancelled_exposure_is_gone_and_a_new_one_replaces_the_old(quiet_model, polystyrene_like):
    bench = Bench(quiet_model, polystyrene_like, 1)
    bench.begin(5.0)
    bench.advance_to(2.0)
    bench.cancel()
    bench.advance_to(20.0)
    assert (bench.taken(), bench.exposing) == (None, False)
    bench.begin(5.0)
    bench.advance_to(22.0)
    bench.begin(1.0)
    bench.advance_to(30.0)
    assert bench.taken() is not None
    assert bench.taken_window_s == (22.0, 23.0)


@pytest.mark.parametrize("late", [0.0, 1.0, 3600.0])
def test_an_exposure_does_not_grow_while_it_waits_to_be_fetched(quiet_model, late):
    model = dataclasses.replace(quiet_model, read_noise_e=0.0, dark_e_per_s=1_000.0)
    bench = Bench(model, Sample(fluorescence=0.0), 2)
    bench.begin(4.0)
    bench.advance_to(4.0 + late)
    electrons = (bench.taken()[0].mean() - model.offset_counts) * model.electrons_per_count
    # 2,048 pixels of 4,000 electrons: the mean is known to 1.4
    assert electrons == pytest.approx(4.0 * dark_rate(model, -10.0), abs=7.0)


@pytest.mark.parametrize(
    ("on_s", "off_s", "lit_s"),
    [(0.0, 99.0, 2.0), (11.0, 99.0, 1.0), (0.0, 10.5, 0.5), (10.25, 10.75, 0.5), (13.0, 20.0, 0.0)],
)
def test_light_counts_only_inside_the_window(quiet_model, on_s, off_s, lit_s):
    model = dataclasses.replace(quiet_model, dark_e_per_s=0.0)
    flat = Sample(curve=np.ones_like, fluorescence=0.0)
    bench = Bench(model, flat, 3)
    commands = [(on_s, COMMANDS["on"]), (10.0, lambda b: b.begin(2.0)), (off_s, COMMANDS["off"])]
    for at_s, command in sorted(commands, key=lambda pair: pair[0]):
        bench.advance_to(at_s)
        command(bench)
    bench.advance_to(200.0)
    electrons = (bench.taken()[0].mean() - model.offset_counts) * model.electrons_per_count
    whole = Bench(model, flat, 3)
    whole.laser(on=True)
    whole.begin(1.0)
    whole.advance_to(1.0)
    second = (whole.taken()[0].mean() - model.offset_counts) * model.electrons_per_count
    assert electrons == pytest.approx(lit_s * second, rel=2e-3, abs=1.0)


def test_dark_current_follows_the_temperature_through_the_exposure(quiet_model):
    model = dataclasses.replace(
        quiet_model, start_c=25.0, cooling_time_s=20.0, dark_e_per_s=200.0, electrons_per_count=50.0
    )
    bench = Bench(model, Sample(fluorescence=0.0), 4)
    bench.begin(60.0)
    bench.advance_to(60.0)
    times = np.linspace(0.0, 60.0, 60_001)
    rates = [dark_rate(model, -10.0 + 35.0 * np.exp(-time / 20.0)) for time in times]
    expected = float(np.trapezoid(rates, times))
    electrons = (bench.taken()[0].mean() - model.offset_counts) * model.electrons_per_count
    assert electrons == pytest.approx(expected, rel=1e-3)


def test_dose_is_power_times_time_and_another_sample_is_fresh(quiet_model, polystyrene_like):
    bench = Bench(quiet_model, polystyrene_like, 5)
    bench.laser(on=True, power=0.5)
    bench.advance_to(10.0)
    bench.laser(on=True, power=1.0)
    bench.advance_to(12.0)
    assert bench.light_dose_s == pytest.approx(7.0)
    bench.laser(on=False)
    bench.advance_to(100.0)
    assert bench.light_dose_s == pytest.approx(7.0)
    bench.sample = polystyrene_like
    assert bench.light_dose_s == 0.0


def test_a_sample_may_be_changed_within_an_exposure(quiet_model, polystyrene_like):
    model = dataclasses.replace(quiet_model, dark_e_per_s=0.0, read_noise_e=0.0)
    bench = Bench(model, polystyrene_like, 6)
    bench.laser(on=True)
    bench.begin(2.0)
    bench.advance_to(0.5)
    bench.sample = Sample(fluorescence=0.0)
    bench.advance_to(2.0)
    peak = bench.taken()[0].max() - model.offset_counts
    bench.sample = polystyrene_like
    bench.begin(2.0)
    bench.advance_to(4.0)
    assert peak == pytest.approx((bench.taken()[0].max() - model.offset_counts) / 4.0, rel=0.06)


def test_only_a_dark_sample_under_a_strong_laser_heats(quiet_model):
    heated = []
    for absorbs, power, seconds in [(True, 1.0, 2.0), (False, 1.0, 60.0), (True, 0.1, 60.0)]:
        bench = Bench(quiet_model, Sample(absorbs=absorbs), 7)
        bench.laser(on=True, power=power)
        bench.advance_to(seconds)
        heated.append(bench.sample_heated)
        bench.laser(on=False)
        heated.append(bench.sample_heated)
    assert heated == [True, True, False, False, False, False]


def test_hours_without_an_exposure_cost_nothing(quiet_model, polystyrene_like):
    bench = Bench(dataclasses.replace(quiet_model, start_c=20.0), polystyrene_like, 8)
    bench.advance_to(30 * 86_400.0)
    assert bench.temperature_c() == quiet_model.setpoint_c
    assert bench.laser_state() is LaserState.OFF


def test_a_day_of_scans_keeps_nothing():
    bench = Bench(SMALL, DULL, 12)
    grown = []
    tracemalloc.start()
    try:
        for minute in range(24 * 60):
            bench.advance_to(60.0 * minute)
            bench.laser(on=True)
            bench.begin(1.0)
            bench.advance_to(60.0 * minute + 1.0)
            assert bench.taken() is not None
            bench.laser(on=False)
            if minute in {10, 24 * 60 - 1}:
                grown.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert grown[1] - grown[0] < 50_000
    assert bench.light_dose_s == pytest.approx(24 * 60 * 0.5)
