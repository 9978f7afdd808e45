"""The family of tests that every baseline method inherits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.axis import COMMON_GRID
from matching.pipeline import BASELINES, DEFAULT_PIPELINE, prepare
from matching.preprocess.snip import snip
from matching.spectrum import Spectrum

AXIS = np.arange(300.0, 2300.0, COMMON_GRID.step_cm1)
NOISE = 6.0
BANDS = [(520.5, 7.5, 900.0), (785.0, 14.0, 600.0), (1086.0, 7.5, 2500.0), (1602.0, 20.0, 800.0)]
BACKGROUNDS = {
    "none": 0.0 * AXIS,
    "slope": 3.0 * (AXIS - 300.0) - 2000.0,
    "fluorescence": 12_500.0 * np.exp(-(((AXIS - 1100.0) / 900.0) ** 2)),
    "glass hump": 900.0 * np.exp(-(((AXIS - 1350.0) / 300.0) ** 2)) + 200.0,
}


@pytest.fixture(params=sorted(BASELINES))
def baseline(request):
    """Return the method under test, from rows to baselines."""
    return lambda rows: BASELINES[request.param](np.atleast_2d(rows), DEFAULT_PIPELINE)


@pytest.fixture
def scan(lines):
    """Return a function that makes a scan with bands and noise on a background."""

    def build(background: np.ndarray, seed: int = 0) -> np.ndarray:
        noise = np.random.default_rng(seed).normal(0, NOISE, AXIS.size)
        return lines(AXIS, BANDS) + background + noise

    return build


@pytest.mark.parametrize("name", sorted(BACKGROUNDS))
def test_smooth_backgrounds_are_recovered(baseline, scan, name):
    error = baseline(scan(BACKGROUNDS[name]))[0] - BACKGROUNDS[name]
    top = max(height for _, _, height in BANDS)
    assert np.sqrt(np.mean(error**2)) < 0.04 * top
    assert np.abs(error).max() < 0.08 * top


@pytest.mark.parametrize("name", sorted(BACKGROUNDS))
def test_bands_keep_their_heights(baseline, scan, name):
    rows = scan(BACKGROUNDS[name])
    left = rows - baseline(rows)[0]
    for place, _, height in BANDS:
        assert left[np.abs(AXIS - place) < 5].max() == pytest.approx(
            height, rel=0.1, abs=0.05 * 2500.0
        )


@pytest.mark.parametrize("name", sorted(BACKGROUNDS))
def test_the_line_runs_through_the_noise_and_not_above_it(baseline, scan, name):
    left = scan(BACKGROUNDS[name]) - baseline(scan(BACKGROUNDS[name]))[0]
    assert left.min() > -8 * NOISE
    quiet = np.min([np.abs(AXIS - place) for place, *_ in BANDS], axis=0) > 60
    assert abs(np.median(left[quiet])) < 3 * NOISE


@settings(max_examples=20)
@given(
    factor=st.floats(1e-3, 1e3),
    straight=st.tuples(st.floats(-1e5, 1e5), st.floats(-5, 5)),
    seed=st.integers(0, 99),
)
@pytest.mark.parametrize("method", sorted(BASELINES))
def test_gain_offset_and_slope_go_through(lines, method, factor, straight, seed):
    rows = lines(AXIS, BANDS) + np.random.default_rng(seed).normal(0, NOISE, AXIS.size)
    line = straight[0] + straight[1] * np.arange(AXIS.size)
    one = BASELINES[method](rows[None], DEFAULT_PIPELINE)[0]
    other = BASELINES[method]((factor * rows + line)[None], DEFAULT_PIPELINE)[0]
    scale = factor * np.ptp(rows) + 1e-6 * np.abs(line).max()
    np.testing.assert_allclose(other - line, factor * one, atol=2e-3 * scale)


@pytest.mark.parametrize("row", [np.zeros(64), np.full(64, -7.0), np.arange(64.0)])
def test_a_straight_line_is_its_own_baseline(baseline, row):
    np.testing.assert_allclose(baseline(row)[0], row, atol=1e-6)


@pytest.mark.parametrize("size", [16, 17, 31, 33, 100, 1799])
def test_every_length_is_served_and_the_ends_stay_in_range(baseline, size):
    rows = np.random.default_rng(size).normal(50.0, 2.0, (3, size))
    found = baseline(rows)
    assert found.shape == rows.shape
    assert rows.min() - 10.0 < found.min() <= found.max() < rows.max() + 10.0


def test_each_row_is_judged_by_itself(baseline, scan):
    rows = np.array([scan(background) for background in BACKGROUNDS.values()])
    together = baseline(rows)
    for row, line in zip(rows, together, strict=True):
        np.testing.assert_allclose(line, baseline(row)[0], atol=1e-9 * np.ptp(rows))


def test_the_method_is_a_setting_and_changes_the_result(scan):
    spectrum = Spectrum(AXIS, scan(BACKGROUNDS["glass hump"]))
    one = prepare(spectrum)
    other = prepare(spectrum, replace(DEFAULT_PIPELINE, baseline="snip"))
    assert not np.array_equal(one.background, other.background)
    assert np.corrcoef(one.root, other.root)[0, 1] > 0.8


def test_clipping_equals_the_loop_over_points():
    rows = np.random.default_rng(3).gamma(2.0, 3.0, (2, 40))
    for row, found in zip(rows, snip(rows, 6, np.zeros(2)), strict=True):
        line = row.copy()
        for reach in range(6, 0, -1):
            before = line.copy()
            for i in range(reach, row.size - reach):
                line[i] = min(before[i], 0.5 * (before[i - reach] + before[i + reach]))
        np.testing.assert_allclose(found, line, atol=1e-12)
