"""Each step of the clean-up against an independent implementation, and against real sharp lines."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.ndimage import gaussian_filter1d
from scipy.signal import savgol_filter

from library.formats import read_file
from matching.errors import QueryError
from matching.pipeline import DEFAULT_PIPELINE, PipelineSettings, prepare
from matching.preprocess.baseline import arpls
from matching.preprocess.despike import find_spikes, pixel_noise, repair
from matching.preprocess.scale import (
    gaussian_broadened,
    savgol_kernel,
    second_derivative,
    square_root,
)
from matching.spectrum import Spectrum

SIGMA_PER_FWHM = 1 / 2.3548200450309493

# --- Savitzky-Golay ----------------------------------------------------------------------------


@given(
    half=st.integers(2, 12),
    degree=st.integers(2, 4),
    derivative=st.integers(0, 2),
    seed=st.integers(0, 2**32 - 1),
)
def test_savitzky_golay_weights_agree_with_scipy(half, degree, derivative, seed):
    window = 2 * half + 1
    if degree >= window:
        return
    y = np.random.default_rng(seed).normal(size=120)
    ours = np.convolve(y, savgol_kernel(window, degree, derivative), mode="valid")
    theirs = savgol_filter(y, window, degree, deriv=derivative)[half:-half]
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_the_second_derivative_is_negated_and_has_no_edges():
    y = np.random.default_rng(0).normal(size=(3, 90))
    ours = second_derivative(y)
    theirs = -savgol_filter(y, 9, 3, deriv=2, axis=-1)
    np.testing.assert_allclose(ours[:, 4:-4], theirs[:, 4:-4], atol=1e-12)
    assert not ours[:, :4].any()
    assert not ours[:, -4:].any()
    np.testing.assert_array_equal(second_derivative(y[1]), ours[1])


def test_cached_weights_cannot_be_spoilt_by_a_caller():
    with pytest.raises(ValueError, match="read-only"):
        savgol_kernel(9, 3, 2)[0] = 1.0


# --- Broadening --------------------------------------------------------------------------------


@given(
    rows=hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 3), st.integers(30, 200)),
        elements=st.floats(-1e3, 1e3),
    ),
    fwhm=st.floats(0.8, 20.0),
)
def test_broadening_agrees_with_scipy(rows, fwhm):
    sigma = fwhm * SIGMA_PER_FWHM
    radius = max(1, int(np.ceil(4 * sigma)))
    theirs = gaussian_filter1d(rows, sigma, axis=-1, mode="nearest", radius=radius)
    np.testing.assert_allclose(gaussian_broadened(rows, fwhm), theirs, atol=1e-8)


def test_broadening_adds_widths_in_quadrature_and_keeps_the_area(lines):
    x = np.arange(600.0)
    wide = gaussian_broadened(lines(x, [(300.0, 9.0, 1.0)]), 12.0)
    np.testing.assert_allclose(wide, lines(x, [(300.0, 15.0, 9 / 15)]), atol=2e-4)


@pytest.mark.parametrize("fwhm", [0.0, -3.0])
def test_no_broadening_is_a_copy(fwhm):
    rows = np.arange(20.0)
    same = gaussian_broadened(rows, fwhm)
    same[0] = 5.0
    assert rows[0] == 0.0


# --- Baseline ----------------------------------------------------------------------------------


def background(x: np.ndarray) -> np.ndarray:
    return 400.0 * np.exp(-(((x - 300.0) / 500.0) ** 2)) + 0.05 * x + 80.0


@pytest.mark.parametrize("stiffness", [1e3, 1e5])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_baseline_agrees_with_pybaselines(lines, stiffness, seed):
    from pybaselines.whittaker import arpls as theirs

    x = np.arange(900.0)
    bands = [(150.0, 12.0, 300.0), (400.0, 9.0, 900.0), (640.0, 15.0, 500.0)]
    noise = np.random.default_rng(seed).normal(0, 4.0, x.size)
    y = background(x) + lines(x, bands) + noise
    expected, _ = theirs(y, lam=stiffness, tol=1e-6, max_iter=200)
    found = arpls(y, stiffness, tolerance=1e-6, most=200)
    assert np.abs(found - expected).max() < 0.25 * noise.std()


def test_the_baseline_finds_the_background_that_was_put_in(lines):
    x = np.arange(1000.0)
    y = background(x) + lines(x, [(250.0, 10.0, 900.0), (700.0, 8.0, 600.0)])
    y += np.random.default_rng(3).normal(0, 3.0, x.size)
    error = arpls(y, 1e5) - background(x)
    assert np.sqrt(np.mean(error[20:-20] ** 2)) < 6.0


@given(factor=st.floats(1e-6, 1e6), offset=st.floats(-1e4, 1e4), seed=st.integers(0, 1000))
def test_the_baseline_follows_gain_and_offset(factor, offset, seed):
    rng = np.random.default_rng(seed)
    y = np.cumsum(rng.normal(size=200)) + 40 * np.exp(-(((np.arange(200) - 90.0) / 3) ** 2))
    one, other = arpls(y, 1e3), arpls(factor * y + offset, 1e3)
    scale = factor * np.ptp(y)
    np.testing.assert_allclose(other - offset, factor * one, atol=1e-3 * scale + 1e-7 * abs(offset))


@pytest.mark.parametrize("y", [np.zeros(50), np.full(50, 7.0), np.arange(50.0)])
def test_a_straight_line_is_its_own_baseline(y):
    np.testing.assert_allclose(arpls(y, 1e3), y, atol=1e-6)


def test_the_input_is_left_alone(lines):
    x = np.arange(200.0)
    y = lines(x, [(100.0, 6.0, 50.0)]) + 5.0
    before = y.copy()
    arpls(y, 1e3)
    find_spikes(y)
    repair(y, np.zeros(200, dtype=bool))
    np.testing.assert_array_equal(y, before)


# --- Cosmic rays -------------------------------------------------------------------------------


@given(
    places=st.lists(st.integers(12, 985), min_size=1, max_size=4, unique=True).filter(
        lambda p: all(abs(a - b) > 25 for i, a in enumerate(p) for b in p[:i])
    ),
    height=st.floats(150.0, 5000.0),
    width=st.integers(1, 2),
    seed=st.integers(0, 500),
)
def test_spikes_are_found_and_little_else(places, height, width, seed):
    y = np.random.default_rng(seed).normal(1000.0, 3.0, 1000)
    struck = np.zeros(1000, dtype=bool)
    for place in places:
        struck[place : place + width] = True
    mask = find_spikes(y + height * struck)
    assert mask[struck].all()
    assert mask.sum() <= struck.sum() + 2 * len(places)
    assert np.abs(repair(y + height * struck, mask) - 1000.0).max() < 40.0


@given(width=st.floats(3.0, 30.0), place=st.floats(100, 300), height=st.floats(10, 1e5))
def test_no_band_of_three_pixels_or_more_is_taken_for_a_spike(lines, width, place, height):
    x = np.arange(400.0)
    y = lines(x, [(place, width, height)]) + np.random.default_rng(4).normal(500, 1.0, 400)
    mask = find_spikes(y)
    assert not mask[int(place - width) : int(place + width) + 2].any()


@given(seed=st.integers(0, 300))
def test_plain_noise_holds_no_spike(seed):
    assert not find_spikes(np.random.default_rng(seed).normal(100.0, 5.0, 1024)).any()


def test_no_real_sharp_line_is_touched(shared_data):
    folder = shared_data / "spectra" / "calibration"
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["material"] in {"silicon", "calcite"}]
    assert len(rows) >= 7
    for row in rows:
        _, result = read_file(folder / row["file"], column=None, laser_nm=float(row["laser_nm"]))
        for item in result.spectra:
            axis, y = item.spectrum.raman_shift_cm1, item.spectrum.intensity
            line = (520.5, 1086.0)[row["material"] == "calcite"]
            region = np.flatnonzero(np.abs(axis - line) < 25.0)
            top = region[y[region].argmax()]
            assert abs(axis[top] - line) < 10.0, row["file"]
            assert not find_spikes(y)[top - 6 : top + 7].any(), row["file"]


@given(sigma=st.floats(1e-3, 1e3), seed=st.integers(0, 100))
def test_pixel_noise_is_the_standard_deviation_put_in(sigma, seed):
    y = np.random.default_rng(seed).normal(0.0, sigma, 4000) + np.linspace(0, 50 * sigma, 4000)
    assert pixel_noise(y) == pytest.approx(sigma, rel=0.12)


def test_repair_draws_a_straight_line_and_keeps_the_rest():
    y = np.arange(20.0)
    y[7] = 500.0
    mask = y == 500.0
    np.testing.assert_allclose(repair(y, mask), np.arange(20.0))
    assert repair(y, np.ones(20, dtype=bool)) is y


# --- The whole pipeline ------------------------------------------------------------------------


def scan(lines, gain: float = 1.0, offset: float = 0.0) -> Spectrum:
    axis = np.arange(300.0, 2000.0, 1.3)
    y = lines(axis, [(620.0, 9.0, 800.0), (1001.0, 8.0, 2000.0), (1450.0, 14.0, 900.0)])
    y += 600.0 * np.exp(-(((axis - 1500.0) / 700.0) ** 2))
    y += np.random.default_rng(9).normal(0, 5.0, axis.size)
    return Spectrum(axis, gain * y + offset, 785.0)


def test_gain_and_offset_of_the_detector_do_not_matter(lines):
    one, other = prepare(scan(lines)), prepare(scan(lines, 37.0, -900.0))
    np.testing.assert_allclose(other.bands / 37.0, one.bands, atol=2.0)
    assert other.noise / 37.0 == pytest.approx(one.noise, rel=1e-3)


def test_bands_and_background_add_up_to_the_scan_and_the_band_tops_stay(lines):
    made = prepare(scan(lines))
    grid = 100.0 + 2.0 * np.arange(made.first, made.end)
    assert made.bands.size == made.background.size == made.end - made.first
    for place, height in ((620.0, 800.0), (1001.0, 2000.0), (1450.0, 900.0)):
        near = np.abs(grid - place) < 8
        assert made.bands[near].max() == pytest.approx(height, rel=0.15)


def test_a_spike_is_counted_and_does_not_become_a_band(lines):
    plain = scan(lines)
    hit = plain.intensity.copy()
    hit[900] += 4000.0
    struck = prepare(Spectrum(plain.raman_shift_cm1, hit, 785.0))
    assert struck.spikes >= 1
    np.testing.assert_allclose(struck.bands, prepare(plain).bands, atol=40.0)


def test_a_flat_line_is_refused_in_words():
    with pytest.raises(QueryError, match="equal") as caught:
        prepare(Spectrum(np.arange(300.0, 2000.0), np.full(1700, 12.0)))
    assert caught.value.remedy


def test_every_setting_changes_the_hash_that_is_stored_with_results():
    hashes = {
        DEFAULT_PIPELINE.hash,
        PipelineSettings(version="x").hash,
        PipelineSettings(spike_threshold=11.0).hash,
        PipelineSettings(baseline_stiffness=3e3).hash,
        PipelineSettings(baseline_cells=2).hash,
        PipelineSettings(baseline_iterations=12).hash,
        PipelineSettings(baseline="snip").hash,
        PipelineSettings(snip_half_width_cm1=60.0).hash,
        PipelineSettings(smooth_below_snr=100.0).hash,
    }
    assert len(hashes) == 9
    assert PipelineSettings().hash == DEFAULT_PIPELINE.hash


def test_the_square_root_does_not_fail_on_negative_noise():
    np.testing.assert_array_equal(square_root(np.array([-4.0, 0.0, 9.0])), [0.0, 0.0, 3.0])
