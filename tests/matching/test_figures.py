"""Scaling, stacking, subtracting, range figures: laws that hold for any spectrum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.errors import QueryError
from matching.figures import (
    SCALINGS,
    difference,
    full_width,
    range_figures,
    scaled_alike,
    shift_cm1,
    stack_offsets,
    wavelength_nm,
)

AXIS = np.linspace(200.0, 2000.0, 181)
curves = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).normal(1.0, 3.0, AXIS.size).cumsum()
)
gains = st.floats(1e-3, 1e3)
places = st.floats(230.0, 1970.0)


def lorentzian(centre, width=12.0, height=5.0, axis=AXIS):
    return height / (1 + ((axis - centre) / (width / 2)) ** 2)


@given(curves, gains, st.sampled_from([one for one in SCALINGS if one != "none"]))
def test_scaled_curves_do_not_know_their_gain(curve, gain, scaling):
    ours, theirs = scaled_alike(AXIS, curve, scaling), scaled_alike(AXIS, gain * curve, scaling)
    assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-9)


@given(curves)
def test_each_scale_has_its_unit(curve):
    assert np.trapezoid(np.abs(scaled_alike(AXIS, curve, "area")), AXIS) == pytest.approx(1.0)
    assert np.abs(scaled_alike(AXIS, curve, "max")).max() == pytest.approx(1.0)
    snv = scaled_alike(AXIS, curve, "snv")
    assert (snv.mean(), snv.std()) == (pytest.approx(0.0, abs=1e-9), pytest.approx(1.0))
    assert np.array_equal(scaled_alike(AXIS, curve, "none"), curve)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_a_curve_of_zeros_stays(scaling):
    assert not scaled_alike(AXIS, np.zeros(AXIS.size), scaling).any()


@given(st.lists(curves, min_size=1, max_size=5), st.floats(1.0, 3.0))
def test_stacked_curves_do_not_touch_when_they_stand_alike(rows, share):
    rows = [one - one.min() for one in rows]
    offsets = stack_offsets(rows, share)
    assert offsets[-1] == 0.0
    for upper, lower, above, below in zip(rows, rows[1:], offsets, offsets[1:], strict=False):
        assert (upper + above).min() >= (lower + below).max() - 1e-6 * above


def test_there_is_nothing_to_stack():
    assert stack_offsets([], 1.0) == []


@given(curves, curves, st.floats(-3.0, 3.0))
def test_a_difference_and_what_was_taken_off_give_the_first_again(one, other, factor):
    axis, left = difference((AXIS, one), (AXIS, other), factor)
    assert np.allclose(left + factor * other, one, rtol=1e-9, atol=1e-9 * (1 + np.ptp(other)))
    assert np.array_equal(axis, AXIS)
    assert not difference((AXIS, one), (AXIS, one))[1].any()


@given(st.floats(100.0, 600.0), st.floats(1.0, 4.0))
def test_a_difference_of_straight_lines_is_exact_on_any_axes(start, step):
    other = start + step * np.arange(600)
    axis, left = difference((AXIS, 2 * AXIS), (other, other))
    assert left == pytest.approx(axis)
    assert axis[0] >= max(AXIS[0], other[0])
    assert axis[-1] <= min(AXIS[-1], other[-1])


def test_spectra_without_a_common_range_are_refused():
    with pytest.raises(QueryError, match="no range in common"):
        difference((AXIS, AXIS), (AXIS + 1795.0, AXIS))


@given(curves, places, places, places)
def test_areas_of_neighbouring_ranges_add_up(curve, one, other, third):
    low, middle, high = sorted((one, other, third))
    if min(middle - low, high - middle) < 50:
        return
    whole = range_figures(AXIS, curve, high, low)
    parts = [range_figures(AXIS, curve, *pair) for pair in ((low, middle), (middle, high))]
    assert whole.area == pytest.approx(sum(one.area for one in parts), abs=1e-6)
    assert whole.low_cm1 <= whole.top_cm1 <= whole.high_cm1


@given(curves, st.floats(-50.0, 50.0), st.floats(-0.1, 0.1))
def test_a_sloping_ground_changes_no_net_figure(curve, level, slope):
    ours = range_figures(AXIS, curve, 500, 900)
    theirs = range_figures(AXIS, curve + level + slope * AXIS, 500, 900)
    assert theirs.net_area == pytest.approx(ours.net_area, abs=1e-6 * (1 + abs(ours.net_area)))
    assert theirs.height == pytest.approx(ours.height, abs=1e-6)


@pytest.mark.parametrize("centre", [555.0, 1003.3])
def test_a_band_has_its_textbook_figures(centre):
    axis = np.arange(200.0, 2000.0, 0.5)
    found = range_figures(axis, lorentzian(centre, axis=axis), centre - 150, centre + 150)
    assert found.top_cm1 == pytest.approx(centre, abs=0.3)
    assert found.centroid_cm1 == pytest.approx(centre, abs=0.05)
    assert found.fwhm_cm1 == pytest.approx(12.0, rel=0.01)
    assert found.area == pytest.approx(5.0 * 12.0 * np.arctan(150 / 6), rel=0.01)


def test_a_width_that_is_hidden_is_not_known():
    two = lorentzian(1000) + 3 * lorentzian(1010)
    small = int(np.abs(AXIS - 1000).argmin())
    assert full_width(AXIS, two, small) is None
    assert full_width(AXIS, AXIS, AXIS.size - 1) is None
    with pytest.raises(QueryError, match="too few points"):
        range_figures(AXIS, two, 500.0, 503.0)


@given(st.floats(200.0, 1500.0), st.floats(-3000.0, 4000.0))
def test_wavelengths_and_shifts_undo_each_other(laser, shift):
    shifts = np.array([shift])
    if 1e7 / laser - shift < 100:
        with pytest.raises(QueryError, match="beyond the laser"):
            wavelength_nm(np.array([1e7 / laser]), laser)
        return
    assert shift_cm1(wavelength_nm(shifts, laser), laser) == pytest.approx(shifts, abs=1e-6)
    assert wavelength_nm(np.zeros(1), laser) == pytest.approx([laser])
