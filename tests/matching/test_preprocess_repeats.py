"""Repeated scans of one sample: hits are found by disagreement, lines stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.errors import SpectrumError
from matching.repeats import merge_repeats
from matching.spectrum import Acquisition, Spectrum

AXIS = np.arange(250.0, 2200.0, 2.0)


@pytest.fixture(scope="module")
def repeats(lines):
    """Return a function that makes repeated scans: counting noise, drift, sharp lines."""

    def build(count: int, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        bands = [(520.5, 5.0, 20_000.0), (1086.0, 4.2, 9000.0), (1400.0, 20.0, 3000.0)]
        clean = lines(AXIS, bands) + 1500.0 * np.exp(-AXIS / 800.0) + 300.0
        fade = 1.0 - 0.03 * np.arange(count)[:, None] * np.exp(-AXIS / 1500.0)
        return rng.poisson(clean * fade).astype(np.float64)

    return build


def spectra(rows: np.ndarray) -> list[Spectrum]:
    return [Spectrum(AXIS, row, 785.0) for row in rows]


@settings(max_examples=25)
@given(count=st.integers(2, 6), seed=st.integers(0, 500), height=st.floats(1500.0, 50_000.0))
def test_hits_are_found_also_on_a_line_and_do_not_reach_the_mean(repeats, count, seed, height):
    clean = repeats(count, seed)
    rows = clean.copy()
    rng = np.random.default_rng(seed + 1)
    struck = np.zeros(rows.shape, dtype=bool)
    for place in rng.choice(np.arange(20, 950, 12), 5, replace=False):
        struck[rng.integers(count), place : place + rng.integers(1, 4)] = True
    rows[struck] += height
    merged = merge_repeats(spectra(rows))
    on_line = clean.max(axis=0) > 0.2 * height
    assert merged.mask[struck & ~on_line].all()
    assert (merged.mask & ~struck).sum() <= 3
    error = np.abs(merged.spectrum.intensity - clean.mean(axis=0))
    assert (error[~on_line] < 0.1 * clean.mean(axis=0)[~on_line] + 60.0).all()


@settings(max_examples=15)
@given(count=st.integers(2, 6), seed=st.integers(0, 500))
def test_lines_of_two_pixels_and_drift_are_not_taken_for_hits(repeats, count, seed):
    rows = repeats(count, seed)
    merged = merge_repeats(spectra(rows))
    assert merged.mask.sum() <= 3
    near = merged.mask[:, np.abs(AXIS - 520.5) < 12]
    assert not near.any()


def test_without_hits_it_is_the_mean(repeats):
    rows = np.repeat(repeats(1, 3), 4, axis=0)
    merged = merge_repeats(spectra(rows))
    assert not merged.mask.any()
    np.testing.assert_allclose(merged.spectrum.intensity, rows.mean(axis=0))


def test_the_history_says_which_pixels_of_which_scan(repeats):
    rows = repeats(3, 1)
    rows[1, 700] += 9000.0
    merged = merge_repeats(spectra(rows))
    (step,) = merged.spectrum.history
    assert step.name == "repeats merged"
    assert dict(step.settings)["scans"] == "3"
    assert "2: 700" in dict(step.settings)["pixels hit"]


def test_a_saturated_repeat_stays_known_and_averages_add_up(repeats):
    first, second = spectra(repeats(2, 5))
    full = repeats(1, 6)[0].clip(max=12_000.0)
    one = Spectrum(AXIS, first.intensity, 785.0, acquisition=Acquisition(averages=2))
    other = Spectrum(AXIS, full, 785.0, acquisition=Acquisition(averages=3))
    assert not merge_repeats([first, second]).spectrum.acquisition.saturated
    merged = merge_repeats([one, other]).spectrum.acquisition
    assert merged.averages == 5
    if (full == full.max()).sum() >= 3:
        assert merged.saturated


def test_scans_not_measured_alike_are_refused_in_words(repeats):
    one, other = spectra(repeats(2, 0))
    shifted = Spectrum(AXIS + 1.0, other.intensity, 785.0)
    green = Spectrum(AXIS, other.intensity, 532.0)
    for scans, words in (([one], "only one"), ([one, shifted], "axes"), ([one, green], "differ")):
        with pytest.raises(SpectrumError, match=words) as caught:
            merge_repeats(scans)
        assert caught.value.remedy
