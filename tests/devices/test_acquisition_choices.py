"""What acquisition chooses, as pure functions: times, averages, cosmic rays."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.acquisition.cosmic import cosmic_hits
from devices.acquisition.course import Kept
from devices.acquisition.exposure import (
    averages_for_snr,
    averages_in_time,
    next_time_ms,
    signal_to_noise,
    strongest_counts,
)
from devices.acquisition.plan import AutoExposure, fixed_plan
from devices.acquisition.runner import run
from devices.interface import Settings

AUTO = AutoExposure()
RANGE = (10.0, 2000.0)


@given(
    counts_per_ms=st.floats(1e-6, 1e6),
    offset=st.floats(0.0, 3000.0),
    start=st.floats(10.0, 2000.0),
)
@settings(max_examples=300, deadline=None)
def test_a_linear_detector_comes_into_the_window_or_to_a_limit(counts_per_ms, offset, start):
    now, tried = start, []
    longest = RANGE[1]
    for _ in range(AUTO.most_trials):
        raw = offset + counts_per_ms * now
        full, level = raw >= 65_535, min(raw, 65_535) / 65_535
        tried.append((now, level, full))
        if full:
            longest = min(longest, now - 1.0)
        new = next_time_ms(level, full, now, AUTO, (RANGE[0], max(RANGE[0], longest)))
        if new is None:
            break
        now = new
    else:
        pytest.fail(f"not found: {tried}")
    now, level, full = tried[-1]
    near = AUTO.lowest - 0.05 <= level <= AUTO.highest + 0.05  # whole milliseconds
    assert (near and not full) or now in RANGE or now == pytest.approx(longest)
    for (before, _level, was_full), (after, *_) in pairwise(tried):
        assert after <= AUTO.max_factor * before + 1.0
        assert not was_full or after == pytest.approx(max(10.0, before * 0.5), abs=0.51)


def test_a_cosmic_ray_does_not_decide_about_the_time():
    counts = np.full(200, 1000.0)
    counts[80:90] = 5000.0
    hit = counts.copy()
    hit[20] = 60_000.0
    assert strongest_counts(hit) == strongest_counts(counts) == 5000.0


def test_averages_by_the_square_root_law():
    assert averages_for_snr(10.0, 100.0, 1000) == 100
    assert averages_for_snr(200.0, 100.0, 1000) == 1
    assert averages_for_snr(1.0, 100.0, 50) == 50
    assert averages_for_snr(0.0, 100.0, 50) == 50


@given(
    left=st.floats(-10.0, 1000.0),
    each=st.floats(0.01, 100.0),
    done=st.integers(1, 50),
    dark=st.booleans(),
)
def test_averages_in_time_fit_and_one_more_would_not(left, each, done, dark):
    n = averages_in_time(left, each, done, dark=dark)

    def needed(number):
        return (number - done) * each + (number * each if dark else 0.0)

    assert n == done or needed(n) <= left + 1e-6 * each * n
    assert n >= done
    assert needed(n + 1) > left - 1e-6 * each * n


def test_signal_to_noise_is_about_right():
    rng = np.random.default_rng(4)
    axis = np.arange(1024)
    band = 300.0 * np.exp(-(((axis - 400) / 5.0) ** 2)) + 500.0 + 0.2 * axis
    ratios = [signal_to_noise(band + rng.normal(0.0, 3.0, axis.size)) for _ in range(20)]
    assert np.mean(ratios) == pytest.approx(100.0, rel=0.1)


def exposures(number, rng, *, bleach=0.0):
    axis = np.arange(1024)
    shape = 4000.0 * np.exp(-(((axis - 400) / 5.0) ** 2)) + 3000.0
    return [rng.poisson(shape * (1.0 - bleach * k)).astype(float) for k in range(number)]


@pytest.mark.parametrize("number", [2, 3, 5, 20])
@pytest.mark.parametrize("bleach", [0.0, 0.03])
def test_cosmic_rays_are_counted_and_bleaching_is_none(number, bleach):
    rng = np.random.default_rng(number)
    taken = exposures(number, rng, bleach=bleach / number)
    assert cosmic_hits(taken) == 0
    raw = [one.copy() for one in taken]
    taken[0][100] += 3000.0
    taken[1][700:702] += 5000.0
    held = [one.copy() for one in taken]
    assert cosmic_hits(taken) == 2
    for one, other in zip(taken, held, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(raw[0], taken[0])


def test_a_single_exposure_cannot_be_compared():
    assert cosmic_hits([]) == cosmic_hits([np.arange(50.0)]) == 0


def test_cosmic_rays_of_the_bench_are_flagged_and_stay_in_the_counts(on_bench, quiet_model):
    model = dataclasses.replace(quiet_model, cosmic_rays_per_s=1.0)
    analyser, _bench, timing = on_bench(model=model)
    kept = Kept()
    got = run(analyser, fixed_plan(Settings(1000.0, 5)), timing, kept)
    assert got.cosmic_hits > 0
    assert "cosmic_rays" in got.frame.flags
    assert any(line.what.startswith("cosmic rays:") for line in kept.log)


@pytest.mark.parametrize("drift_nm", [0.0, 0.015])
@pytest.mark.parametrize("number", [2, 5, 12])
def test_noise_drift_and_strong_bands_are_no_cosmic_rays(on_bench, quiet_model, number, drift_nm):
    model = dataclasses.replace(quiet_model, drift_nm=drift_nm)
    analyser, _bench, timing = on_bench(model=model)
    got = run(analyser, fixed_plan(Settings(2000.0, number)), timing, Kept())
    assert got.cosmic_hits == 0
