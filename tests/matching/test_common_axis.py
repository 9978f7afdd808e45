"""The common axis: exact means over cells, judged by plain fine sampling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from matching.axis import COMMON_GRID, Grid, longest_stretch, onto_grid, shifted
from matching.errors import QueryError


def finely_sampled(axis, intensity, grid, covered):
    """Mean of the piecewise linear spectrum over each cell, by brute force."""
    means = []
    for i in range(*covered):
        middle = grid.start_cm1 + i * grid.step_cm1
        low, high = middle - grid.step_cm1 / 2, middle + grid.step_cm1 / 2
        knots = axis[(axis > low) & (axis < high)]
        x = np.unique(np.concatenate((np.linspace(low, high, 201), knots)))
        means.append(np.trapezoid(np.interp(x, axis, intensity), x) / grid.step_cm1)
    return np.array(means)


@given(
    start=st.floats(-50, 300),
    steps=hnp.arrays(np.float64, st.integers(40, 90), elements=st.floats(0.05, 9.0)),
    data=st.data(),
)
def test_cells_hold_the_exact_mean(start, steps, data):
    axis = start + np.concatenate(([0.0], np.cumsum(steps)))
    intensity = data.draw(hnp.arrays(np.float64, axis.size, elements=st.floats(-1e4, 1e4)))
    grid = Grid(start_cm1=100.0, step_cm1=2.0, size=60)
    try:
        values, first, end = onto_grid(axis, intensity, grid)
    except QueryError:
        assert grid.coverage(axis[0], axis[-1])[1] - grid.coverage(axis[0], axis[-1])[0] < 16
        return
    assert values.shape == (end - first,)
    expected = finely_sampled(axis, intensity, grid, (first, end))
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-7)


@given(
    low=st.floats(-1000, 5000),
    length=st.floats(0, 5000),
    step=st.sampled_from([0.5, 1.0, 2.0, 3.0]),
)
def test_only_whole_cells_count_as_covered_and_all_of_them(low, length, step):
    grid = Grid(100.0, step, 900)
    first, end = grid.coverage(low, low + length)
    centres = grid.values
    inside = (centres - step / 2 >= low - 1e-6) & (centres + step / 2 <= low + length + 1e-6)
    surely = (centres - step / 2 >= low + 1e-6) & (centres + step / 2 <= low + length - 1e-6)
    taken = np.zeros(grid.size, dtype=bool)
    taken[max(first, 0) : max(end, 0)] = True
    assert not (taken & ~inside).any()
    assert not (surely & ~taken).any()


def test_the_area_is_kept_whatever_the_sampling(lines):
    bands = [(700.0, 9.0, 50.0), (1001.3, 6.0, 80.0)]
    areas = []
    for step in (0.1, 0.37, 1.0):
        axis = np.arange(300.0, 1800.0, step)
        values, _, _ = onto_grid(axis, lines(axis, bands), COMMON_GRID)
        areas.append(values.sum() * COMMON_GRID.step_cm1)
    exact = np.sqrt(np.pi / (4 * np.log(2))) * (9.0 * 50 + 6.0 * 80)
    np.testing.assert_allclose(areas, exact, rtol=2e-3)


def test_a_straight_line_stays_the_same_line():
    axis = np.sort(np.random.default_rng(1).uniform(150, 2500, 700))
    values, first, end = onto_grid(axis, 3.0 * axis - 7.0, COMMON_GRID)
    np.testing.assert_allclose(values, 3.0 * COMMON_GRID.values[first:end] - 7.0, atol=1e-8)


@pytest.mark.parametrize(("low", "high"), [(4000.0, 9000.0), (-900.0, 90.0), (500.0, 520.0)])
def test_a_spectrum_beside_the_common_range_is_refused_in_words(low, high):
    axis = np.linspace(low, high, 300)
    with pytest.raises(QueryError, match="covers") as caught:
        onto_grid(axis, np.ones(300), COMMON_GRID)
    assert caught.value.remedy


def test_of_a_gapped_axis_the_longest_piece_is_taken():
    axis = np.concatenate((np.arange(200.0, 300.0), np.arange(340.0, 400.0)))
    assert longest_stretch(axis) == slice(0, 100)
    assert longest_stretch(np.arange(200.0, 900.0, 2.0)) == slice(0, 350)
    uneven = np.cumsum(np.linspace(1.0, 9.0, 200))  # a real spectrograph's steps vary
    assert longest_stretch(uneven) == slice(0, 200)


def test_a_positive_shift_moves_bands_to_larger_raman_shifts(lines):
    axis = COMMON_GRID.values
    band = lines(axis, [(1000.0, 12.0, 1.0)])
    moved = shifted(band, np.array([-6.0, 0.0, 6.0]), COMMON_GRID.step_cm1)
    assert [axis[row.argmax()] for row in moved] == [994.0, 1000.0, 1006.0]
    np.testing.assert_array_equal(moved[1], band)
