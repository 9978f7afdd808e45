"""Spikes: a scan as it would have been, had a share of its signal been something else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.axis import COMMON_GRID
from matching.compare import Bands
from matching.pipeline import prepare
from matching.spectrum import Spectrum
from matching.spiking import Alignment, Variation, spiker

AXIS = np.arange(200.0, 2001.0, 1.5)
STILL = Variation(intensity=0.0, distance_cm1=28.0, response=0.0, axis_cm1=0.0)
VARIED = Variation(intensity=0.12, distance_cm1=28.0, response=0.3, axis_cm1=1.0)
HOST = [(480.0, 12.0, 900.0), (880.0, 12.0, 1500.0), (1320.0, 14.0, 700.0)]
HAZARD = [(640.0, 10.0, 1.0), (1040.0, 10.0, 2.0), (1610.0, 10.0, 1.5)]


@pytest.fixture
def scan(lines):
    """Return a scan of the host: bands on a sloping background, with noise."""
    noise = np.random.default_rng(1).normal(0.0, 6.0, AXIS.size)
    return Spectrum(AXIS, lines(AXIS, HOST) + 3000.0 - 0.8 * AXIS + noise, laser_nm=785.0)


@pytest.fixture
def hazard(lines):
    """Return the hazard's reference on the grid, 150-2200 cm-1."""
    first, end = COMMON_GRID.coverage(150.0, 2200.0)
    return Bands(lines(COMMON_GRID.values[first:end], HAZARD), first)


def height(spectrum, place):
    """Return the height of a band over its background."""
    prepared = prepare(spectrum)
    near = np.abs(COMMON_GRID.values[prepared.first : prepared.end] - place) < 8.0
    return float(prepared.bands[near].max())


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_the_share_is_one_of_band_area_and_the_total_stays(scan, hazard, share):
    made = spiker(scan, prepare(scan), hazard, Alignment(), STILL)
    before, after = prepare(scan), prepare(made.spiked(share, (1, 2)))
    place = COMMON_GRID.values[before.first : before.end]
    mine = sum(np.where(np.abs(place - band[0]) < 30.0, after.bands, 0.0) for band in HAZARD)
    total = float(after.bands[after.bands > 3 * after.noise].sum())
    assert float(np.sum(mine)) / total == pytest.approx(share, abs=0.03)
    assert total == pytest.approx(before.bands[before.bands > 3 * before.noise].sum(), rel=0.06)
    assert height(made.spiked(share, (1, 2)), 880.0) == pytest.approx(
        (1 - share) * height(scan, 880.0), rel=0.03
    )


def test_background_and_noise_stay_what_they_were(scan, hazard):
    made = spiker(scan, prepare(scan), hazard, Alignment(), STILL)
    before, after = prepare(scan), prepare(made.spiked(0.5, (1, 2)))
    middle = slice(50, -50)
    assert np.allclose(before.background[middle], after.background[middle], rtol=0.02)
    assert after.noise == pytest.approx(before.noise, rel=0.2)


def test_the_reference_is_brought_to_the_axis_and_the_resolution_of_the_scan(scan, hazard):
    """What must be added to the scan's axis is taken off the reference; it is broadened too."""
    moved = spiker(scan, prepare(scan), hazard, Alignment(shift_cm1=6.0, width_cm1=20.0), STILL)
    as_is = spiker(scan, prepare(scan), hazard, Alignment(), STILL)
    grid = COMMON_GRID.values
    near = (grid > 600.0) & (grid < 680.0)
    assert grid[near][moved.light[near].argmax()] == pytest.approx(634.0, abs=1.1)
    assert grid[near][as_is.light[near].argmax()] == pytest.approx(640.0, abs=1.1)
    half = [np.sum(x.light[near] > x.light[near].max() / 2) * 2.0 for x in (as_is, moved)]
    assert half[1] == pytest.approx(np.hypot(10.0, 20.0), abs=3.0)
    assert half[0] == pytest.approx(10.0, abs=3.0)
    sharper = spiker(scan, prepare(scan), hazard, Alignment(width_cm1=-6.0), STILL)
    assert np.array_equal(sharper.light, as_is.light)


@given(st.floats(0.0, 1.0), st.integers(0, 1000))
def test_the_same_seed_gives_the_same_spike_and_a_step_of_history(share, seed):
    noise = np.random.default_rng(1).normal(0.0, 3.0, AXIS.size)
    band = 900.0 * np.exp(-(((AXIS - 880.0) / 8.0) ** 2))
    scan = Spectrum(AXIS, band + 500.0 + noise)
    first, end = COMMON_GRID.coverage(200.0, 2000.0)
    light = np.exp(-(((COMMON_GRID.values[first:end] - 1040.0) / 8.0) ** 2))
    made = spiker(scan, prepare(scan), Bands(light, first), Alignment(), VARIED)
    one, two = made.spiked(share, (seed, 1)), made.spiked(share, (seed, 1))
    assert one.content_hash == two.content_hash
    assert one.history[-1].name == "in-silico spike"
    assert np.array_equal(one.raman_shift_cm1, scan.raman_shift_cm1)
    if share > 0.01:
        assert made.spiked(share, (seed, 2)).content_hash != one.content_hash


def test_measurements_of_one_substance_vary_in_intensity_and_place(scan, hazard):
    made = spiker(scan, prepare(scan), hazard, Alignment(), VARIED)
    spikes = [made.spiked(0.5, (7, number)) for number in range(30)]
    ratio = [height(s, 1040.0) / height(s, 1610.0) for s in spikes]
    assert 0.1 < np.std(np.log(ratio)) < 0.4
    near = (AXIS > 1000.0) & (AXIS < 1080.0)
    places = [AXIS[near][s.intensity[near].argmax()] for s in spikes]
    assert 0.5 < np.std(places) < 2.5


def test_where_no_share_can_be_stated_there_is_no_spike(scan, hazard):
    prepared = prepare(scan)
    far = Bands(np.ones(200), COMMON_GRID.coverage(2600.0, 3100.0)[0])
    assert spiker(scan, prepared, far, Alignment(), STILL) is None
    dark = Bands(np.zeros_like(hazard.values), hazard.first)
    assert spiker(scan, prepared, dark, Alignment(), STILL) is None
    flat = Spectrum(AXIS, np.random.default_rng(2).normal(1000.0, 1.0, AXIS.size))
    silent = prepare(flat)
    quiet = type(silent)(
        bands=np.zeros_like(silent.bands), background=silent.background, first=silent.first,
        end=silent.end, noise=silent.noise, snr=0.0, spikes=0, saturated=False,
    )  # fmt: skip
    assert spiker(flat, quiet, hazard, Alignment(), STILL) is None
