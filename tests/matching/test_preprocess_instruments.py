"""Ranges, pixels and troubles of instruments with other lasers: the bands put in come out."""

from __future__ import annotations

import numpy as np
import pytest

from matching.axis import COMMON_GRID
from matching.pipeline import prepare
from matching.quality import scan_quality
from matching.spectrum import Spectrum

INSTRUMENTS = {  # laser in nm: range in cm-1, pixels, width of a line in cm-1
    532.0: (140.0, 3900.0, 2048, 8.0),
    633.0: (100.0, 3200.0, 1024, 9.0),
    785.0: (175.0, 2000.0, 1024, 7.0),
    830.0: (200.0, 2400.0, 1024, 14.0),
    1064.0: (200.0, 2500.0, 512, 18.0),
}
PLACES = (520.5, 801.0, 1001.0, 1450.0, 1605.0)
HEIGHTS = (1500.0, 700.0, 2500.0, 900.0, 1200.0)


def axis_of(laser_nm: float) -> np.ndarray:
    """Return a detector's axis: even in wavelength, so uneven in cm-1."""
    low, high, pixels, _ = INSTRUMENTS[laser_nm]
    ends = [1e7 / (1e7 / laser_nm - shift) for shift in (low, high)]
    return 1e7 / laser_nm - 1e7 / np.linspace(*ends, pixels)


@pytest.fixture(params=sorted(INSTRUMENTS))
def instrument(request, lines):
    """Return the laser line, the axis and a scan of one instrument."""
    axis, width = axis_of(request.param), INSTRUMENTS[request.param][3]
    bands = [(place, width, height) for place, height in zip(PLACES, HEIGHTS, strict=True)]
    y = lines(axis, bands) + 3000.0 * np.exp(-axis / 1200.0)
    return request.param, axis, y + np.random.default_rng(7).normal(0, 6.0, axis.size)


def assert_bands(spectrum: Spectrum, gain: float = 1.0) -> None:
    """Fail unless every band put in stands where it was put, about as tall."""
    made = prepare(spectrum)
    grid = COMMON_GRID.values[made.first : made.end]
    for place, height in zip(PLACES, HEIGHTS, strict=True):
        near = np.flatnonzero(np.abs(grid - place) < 12)
        top = near[made.bands[near].argmax()]
        assert abs(grid[top] - place) <= 3.0
        assert made.bands[top] == pytest.approx(gain * height, rel=0.2)
    far = np.min([np.abs(grid - place) for place in PLACES], axis=0) > 60
    assert np.abs(made.bands[far]).max() < 0.1 * gain * max(HEIGHTS)
    assert made.spikes <= 1


def test_bands_come_out_of_every_range_and_resolution(instrument):
    laser, axis, y = instrument
    spectrum = Spectrum(axis, y, laser)
    assert_bands(spectrum)
    width = INSTRUMENTS[laser][3]
    assert scan_quality(prepare(spectrum)).resolution_cm1 == pytest.approx(width, rel=0.25)


def test_huge_offsets_negative_values_and_whole_counts_change_nothing(instrument):
    laser, axis, y = instrument
    for values, gain in ((y + 1e7, 1.0), (y - 8000.0, 1.0), (np.round(y), 1.0), (1e-9 * y, 1e-9)):
        assert_bands(Spectrum(axis, values, laser), gain)


def test_noise_and_a_filter_edge_at_the_ends_make_no_bands_inside(instrument):
    laser, axis, y = instrument
    rng = np.random.default_rng(1)
    noisy = y + rng.normal(0, 1.0, y.size) * 40.0 * (axis > axis[-1] - 60.0)
    noisy += 20_000.0 * np.exp(-(axis - axis[0]) / 8.0)
    made = prepare(Spectrum(axis, noisy, laser))
    plain = prepare(Spectrum(axis, y, laser))
    inside = slice(60, -60)
    top = plain.bands.max()
    assert np.abs(made.bands[inside] - plain.bands[inside]).max() < 0.1 * top


@pytest.mark.parametrize("span", [60.0, 150.0, 400.0])
def test_a_short_piece_is_cleaned_without_edges_that_look_like_bands(lines, span):
    axis = np.arange(980.0 - span / 2, 980.0 + span / 2, 1.0)
    y = lines(axis, [(980.0, 9.0, 1000.0)]) + 2.0 * axis
    made = prepare(Spectrum(axis, y + np.random.default_rng(0).normal(0, 4.0, axis.size), 785.0))
    grid = COMMON_GRID.values[made.first : made.end]
    assert grid[made.bands.argmax()] == pytest.approx(980.0, abs=2.0)
    assert made.bands.max() > 600.0
    assert np.abs(made.bands[[0, 1, -2, -1]]).max() < 60.0
