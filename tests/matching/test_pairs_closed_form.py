"""All pairs in closed form: equal to a loop over an NNLS solver, and able to find mixtures."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from matching.pairs import best_pairs, entry_mixtures, pair_residuals


def obvious_left(rows: np.ndarray, scan: np.ndarray) -> np.ndarray:
    """Return the share of the scan's power that each pair leaves, by one NNLS after the other."""
    power = float(scan @ scan)
    left = np.empty((len(rows), len(rows)))
    for i in range(len(rows)):
        for j in range(len(rows)):
            _, rest = nnls(rows[sorted({i, j})].T, scan)
            left[i, j] = rest**2 / power
    return left


@given(st.integers(0, 10**6), st.integers(2, 12), st.integers(3, 20), st.booleans())
def test_every_pair_equals_the_solver(seed: int, count: int, size: int, signed: bool) -> None:
    random = np.random.default_rng(seed)
    rows = random.standard_normal((count, size)) if signed else random.random((count, size)) ** 4
    rows *= random.lognormal(0, 3, count)[:, None]
    scan = random.standard_normal(size) + (rows[0] + rows[-1]) / np.abs(rows).max()
    found = pair_residuals(rows @ rows.T, rows @ scan, float(scan @ scan))
    np.testing.assert_allclose(found, obvious_left(rows, scan), atol=1e-9)
    np.testing.assert_allclose(found, found.T, atol=1e-12)


def test_twins_and_rows_without_light_are_no_trouble() -> None:
    rows = np.array([[1.0, 0, 0], [1.0, 0, 0], [2.0, 0, 0], [0, 0, 0], [0, 1.0, 1.0]])
    scan = np.array([3.0, 1.0, 1.0])
    found = pair_residuals(rows @ rows.T, rows @ scan, float(scan @ scan))
    np.testing.assert_allclose(found, obvious_left(rows, scan), atol=1e-12)
    with pytest.raises(ValueError, match="no light"):
        pair_residuals(rows @ rows.T, rows @ scan, 0.0)
    with pytest.raises(ValueError, match="does not fit"):
        pair_residuals(rows @ rows.T, scan, 1.0)


@given(st.integers(0, 10**6), st.integers(2, 30), st.integers(1, 40))
def test_the_best_pairs_are_the_least_of_all(seed: int, count: int, top: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.random((count, 24)) ** 3
    scan = random.random(24)
    substance = random.integers(0, max(count // 2, 1), count)
    gram, products, power = rows @ rows.T, rows @ scan, float(scan @ scan)
    left = pair_residuals(gram, products, power)
    pairs = [p for p in combinations(range(count), 2) if substance[p[0]] != substance[p[1]]]
    wanted = sorted(left[pair] for pair in pairs)[:top]
    found = best_pairs(gram, products, power, top, substance)
    np.testing.assert_allclose([fit.left for fit in found], wanted, atol=1e-12)
    for fit in found:
        amounts, rest = nnls(rows[[fit.first, fit.second]].T, scan)
        np.testing.assert_allclose(fit.amounts, amounts, atol=1e-9)
        assert fit.left == pytest.approx(rest**2 / power, abs=1e-9)


def obvious_mixtures(light: np.ndarray, substance: np.ndarray, most_left: float) -> set[int]:
    """Return the rows that some pair of other substances leaves at most `most_left` of."""
    found = set()
    for k, scan in enumerate(light):
        for i, j in combinations(range(len(light)), 2):
            if len({int(substance[x]) for x in (i, j, k)}) == 3:
                amounts, rest = nnls(light[[i, j]].T, scan)
                if rest**2 <= most_left * float(scan @ scan) and (amounts > 0).all():
                    found.add(k)
    return found


@given(st.integers(0, 10**6), st.floats(0.02, 0.6))
def test_no_entry_that_two_others_explain_is_missed(seed: int, most_left: float) -> None:
    """Leaving out references with a low cosine is exact: the loop over all pairs finds no more."""
    random = np.random.default_rng(seed)
    light = random.random((9, 12)) ** 4
    light[3] = light[0] + random.uniform(0.05, 1.0) * light[7] + 0.1 * random.random(12)
    substance = random.integers(0, 7, 9)
    found = entry_mixtures(
        light, substance, most_left=most_left, least_gain=-np.inf, least_share=0.0
    )
    rows = {item.row for item in found}
    everything = obvious_mixtures(light, substance, most_left)
    assert rows <= everything
    best_alone = {k for k in everything - rows if _alone_is_best(light, substance, k)}
    assert everything - rows == best_alone


def _alone_is_best(light: np.ndarray, substance: np.ndarray, k: int) -> bool:
    """Tell whether the best pair of an entry has only one component."""
    fits = []
    for i, j in combinations(range(len(light)), 2):
        if len({int(substance[x]) for x in (i, j, k)}) == 3:
            amounts, rest = nnls(light[[i, j]].T, light[k])
            fits.append((rest, float(amounts.min())))
    return min(fits)[1] <= 1e-12


def test_an_entry_filed_under_one_name_that_is_a_mixture_is_found(lines) -> None:
    axis = np.arange(300.0, 1800.0, 2.0)
    random = np.random.default_rng(4)
    light = np.array(
        [
            lines(axis, [(p, 9.0, h) for p, h in zip(places, heights, strict=True)])
            for places, heights in zip(
                random.uniform(350, 1750, (60, 12)), random.lognormal(0, 0.8, (60, 12)), strict=True
            )
        ]
    )
    light[20] = 0.7 * light[4] / light[4].sum() + 0.3 * light[51] / light[51].sum()
    light = np.clip(light + 1e-6 * random.standard_normal(light.shape), 0.0, None)
    (found,) = entry_mixtures(
        light, np.arange(60), most_left=0.02, least_gain=0.5, least_share=0.05
    )
    assert found.row == 20
    assert (found.fit.first, found.fit.second) == (4, 51)
    np.testing.assert_allclose(found.shares, (0.7, 0.3), atol=0.01)
    assert found.left_single > 0.02 > found.fit.left


def test_two_entries_of_one_substance_are_no_mixture_of_each_other() -> None:
    light = np.array([[1.0, 0, 0], [0, 1.0, 0], [1.0, 1.0, 0], [1.0, 0.9, 0]])
    settings = {"most_left": 0.1, "least_gain": 0.5, "least_share": 0.05}
    assert [m.row for m in entry_mixtures(light, np.array([0, 1, 2, 2]), **settings)] == [2, 3]
    assert not list(entry_mixtures(light, np.array([0, 0, 1, 1]), **settings))
    with pytest.raises(ValueError, match="non-negative"):
        list(entry_mixtures(-light, np.arange(4), **settings))
