"""What is done to many spectra at once equals what is done to each; coarse axes lose nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import solveh_banded

from matching.errors import QueryError
from matching.preprocess.baseline import (
    arpls,
    arpls_rows,
    decimated_arpls,
    difference_penalty,
    solve_together,
)
from matching.preprocess.decimate import between_cells, cell_means
from matching.preprocess.despike import find_spikes, pixel_noise, row_median, row_noise

AXIS = np.arange(300.0, 2300.0, 2.0)


@pytest.fixture(scope="module")
def scans(lines):
    """Return 40 made-up scans, shape (40, 1000), with bands, backgrounds and noise."""
    rng = np.random.default_rng(11)
    rows = []
    for _ in range(40):
        bands = [
            (rng.uniform(350, 2250), rng.uniform(7, 25), rng.uniform(50, 3000)) for _ in range(9)
        ]
        wide = rng.uniform(0, 9000) * np.exp(-(((AXIS - rng.uniform(300, 2300)) / 600.0) ** 2))
        rows.append(lines(AXIS, bands) + wide + rng.normal(0, 5.0, AXIS.size))
    return np.array(rows)


# --- Coarse axes -------------------------------------------------------------------------------


@given(cells=st.integers(1, 9), size=st.integers(40, 200), slope=st.floats(-5, 5))
def test_a_straight_line_goes_to_cells_and_back_unchanged(cells, size, slope):
    line = slope * np.arange(size) + 7.0
    back = between_cells(cell_means(line, cells), cells, size)
    np.testing.assert_allclose(back, line, atol=1e-10)


@given(cells=st.integers(2, 6), size=st.integers(60, 200))
def test_a_parabola_keeps_its_shape_between_cells(cells, size):
    middle = (np.arange(size // cells) - 3.0) * cells
    start = (size - size // cells * cells) // 2 + (cells - 1) / 2
    curve = between_cells(0.01 * middle**2, cells, size)
    expected = 0.01 * (np.arange(size) - start - 3.0 * cells) ** 2
    inside = slice(3 * cells, size - 3 * cells)
    np.testing.assert_allclose(curve[inside], expected[inside], atol=1e-9)


def test_cells_hold_every_point_once_but_for_the_ends():
    np.testing.assert_array_equal(cell_means(np.arange(11.0), 4), [2.5, 6.5])
    np.testing.assert_array_equal(cell_means(np.arange(12.0).reshape(2, 6), 3), [[1, 4], [7, 10]])


def test_rows_are_interpolated_alike(scans):
    means = cell_means(scans, 4)
    whole = between_cells(means, 4, scans.shape[1])
    np.testing.assert_array_equal(whole[7], between_cells(means[7], 4, scans.shape[1]))


@pytest.mark.parametrize("cells", [2, 4])
def test_the_coarse_baseline_is_that_of_the_fine_axis(scans, cells):
    fine, coarse = arpls_rows(scans, 1e3), decimated_arpls(scans, 1e3, cells, 25)
    top = (scans - fine).max(axis=1)
    assert (np.sqrt(((coarse - fine) ** 2).mean(axis=1)) < 0.02 * top).all()


def test_both_baselines_find_the_background_to_half_the_noise(lines):
    rng = np.random.default_rng(5)
    wide = 5000.0 * np.exp(-(((AXIS - 1200.0) / 500.0) ** 2)) + 300.0
    bands = lines(AXIS, [(520.5, 7.5, 900.0), (1086.0, 7.5, 1000.0), (1600.0, 14.0, 700.0)])
    rows = wide + bands + rng.normal(0, 8.0, (20, AXIS.size))
    error = [
        np.sqrt(((decimated_arpls(rows, 1e3, cells, 25) - wide) ** 2).mean()) for cells in (1, 4)
    ]
    assert max(error) < 0.5 * 8.0  # half the noise of one point


def test_a_short_scan_is_not_decimated_to_nothing():
    rows = np.random.default_rng(1).normal(5.0, 1.0, (2, 20))
    np.testing.assert_array_equal(decimated_arpls(rows, 1e3, 4, 25), arpls_rows(rows, 1e3))


# --- Many at once ------------------------------------------------------------------------------


@given(size=st.integers(5, 60), count=st.integers(1, 9), seed=st.integers(0, 2**32 - 1))
def test_the_common_factorisation_solves_each_system(size, count, seed):
    rng = np.random.default_rng(seed)
    penalty = 10 ** rng.uniform(-2, 5) * difference_penalty(size)
    weights = 10 ** rng.uniform(-6, 0, (size, count))
    right = rng.normal(size=(size, count))
    expected = []
    for column in range(count):
        system = penalty.copy()
        system[2] += weights[:, column]
        expected.append(solveh_banded(system, right[:, column]))
    scale = np.abs(expected).max()
    found = solve_together(penalty, weights, right.copy())
    np.testing.assert_allclose(found.T, expected, atol=1e-6 * scale)


def test_many_spectra_get_the_baselines_they_get_alone(scans):
    together = arpls_rows(scans, 4.0)
    alone = np.array([arpls(row, 4.0) for row in scans])
    np.testing.assert_allclose(together, alone, rtol=1e-9, atol=1e-9 * np.ptp(scans))


def test_flat_and_straight_rows_do_not_stop_the_others(scans):
    rows = scans.copy()
    rows[3], rows[8] = 12.0, np.arange(rows.shape[1])
    together = arpls_rows(rows, 4.0)
    np.testing.assert_allclose(together[3], 12.0, atol=1e-6)
    np.testing.assert_allclose(together[8], rows[8], atol=1e-5)
    others = np.delete(np.arange(len(rows)), [3, 8])
    expected = arpls_rows(scans, 4.0)[others]
    np.testing.assert_allclose(together[others], expected, rtol=1e-9, atol=1e-9 * np.ptp(scans))


def test_a_matrix_that_is_not_positive_is_said_and_not_divided_by():
    with pytest.raises(QueryError, match="baseline") as caught:
        solve_together(difference_penalty(12), np.full((12, 2), -1.0), np.ones((12, 2)))
    assert caught.value.remedy


def test_the_spikes_of_many_are_those_of_each(scans):
    rows = scans.copy()
    rows[np.arange(40), np.arange(40) * 20 + 60] += 9000.0
    masks = find_spikes(rows)
    assert masks.any(axis=1).sum() >= 30  # some hits fall onto bands, where they are not told apart
    for row, mask in zip(rows, masks, strict=True):
        np.testing.assert_array_equal(mask, find_spikes(row))
        assert row_noise(rows[:1])[0] == pixel_noise(rows[0])


@given(size=st.integers(1, 40), seed=st.integers(0, 1000))
def test_row_medians_are_medians(size, seed):
    rows = np.random.default_rng(seed).integers(-5, 5, (3, size)).astype(np.float64)
    np.testing.assert_array_equal(row_median(rows), np.median(rows, axis=1))
