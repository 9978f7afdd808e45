"""The quick sums behind mixtures: the same as moving, weighting and solving one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from matching.axis import COMMON_GRID
from matching.mixture import Hints, accepted, explain
from matching.pool import Target, pool_scores
from matching.preprocess.scale import gaussian_broadened
from matching.search import reference_matrix
from matching.setfit import Problem, completed, refined, solve
from matching.weights import highpass

SIZE = 300
REACH = 3


def some_problem(seed: int, references: int = 8, noise: float = 0.02) -> Problem:
    """Return a scan of a few bands and references of which it is made, and others."""
    rng = np.random.default_rng(seed)
    place = np.arange(SIZE + 2 * REACH)[:, None]
    sharp = []
    for _ in range(references):
        shape = np.exp(-0.5 * ((place - rng.uniform(0, SIZE, 6)) / 3.0) ** 2)
        sharp.append(shape @ rng.uniform(0.2, 1.0, 6) - 0.1)
    rows = np.array(sharp)
    scan = (0.7 * rows[0] + 0.3 * rows[1])[REACH - 1 : REACH - 1 + SIZE]
    return Problem(
        query=scan + rng.normal(0, noise, SIZE),
        weight=rng.uniform(0.5, 2.0, SIZE) / noise**2,
        sharp=rows,
        rows=sliding_window_view(rows, SIZE, axis=1)[:, ::-1],
        area=rng.uniform(1.0, 2.0, references),
        number=np.arange(100, 100 + references),
        substance=np.arange(references),
        reach=REACH,
    )


def obvious_row(problem, row, shift):
    """Return a reference moved by any number of grid points, linearly interpolated."""
    index = np.arange(problem.sharp.shape[1], dtype=np.float64)
    moved = np.interp(index - shift, index, problem.sharp[row])
    return moved[REACH : REACH + SIZE]


def obvious_fit(problem, members, shifts):
    """Return (misfit, amounts) by least squares on weighted rows; None unless all positive."""
    rows = np.array(
        [obvious_row(problem, row, s) for (_, row), s in zip(members, shifts, strict=True)]
    )
    root = np.sqrt(problem.weight)
    amounts, *_ = np.linalg.lstsq((rows * root).T, problem.query * root, rcond=None)
    if amounts.min() <= 0:
        return None
    return float(np.mean(problem.weight * (problem.query - amounts @ rows) ** 2)), amounts


def obvious_refined(problem, members):
    """Try half steps and whole steps for one component after the other, twice."""
    shifts = [float(k - REACH) for k, _ in members]
    best = obvious_fit(problem, members, shifts)
    for _ in range(2):
        for component in range(len(members)):
            for change in (-0.5, 0.5, -1.0, 1.0):
                tried = [*shifts]
                tried[component] = float(np.clip(tried[component] + change, -REACH, REACH))
                fit = obvious_fit(problem, members, tried)
                if fit is not None and (best is None or fit[0] < best[0]):
                    best, shifts = fit, tried
    return best, shifts


def obvious_spread(problem, members, shifts):
    """Return the jackknife error of the shares: fit again without each 100 cm-1."""
    rows = np.array(
        [obvious_row(problem, row, s) for (_, row), s in zip(members, shifts, strict=True)]
    )
    area = problem.area[[row for _, row in members]]
    root = np.sqrt(problem.weight)
    block = np.arange(SIZE) // round(100.0 / COMMON_GRID.step_cm1)
    shares = []
    for left_out in range(block.max() + 1):
        kept = root * (block != left_out)
        amounts, *_ = np.linalg.lstsq((rows * kept).T, problem.query * kept, rcond=None)
        light = np.clip(amounts, 0, None) * area
        shares.append(light / light.sum())
    return np.sqrt(block.max() * np.var(shares, axis=0))


@given(seed=st.integers(0, 2**32 - 1))
def test_products_at_every_shift_are_those_of_moved_references(seed):
    problem = some_problem(seed)
    vectors = np.random.default_rng(seed).normal(size=(2, SIZE))
    plain, squared = problem.products(vectors), problem.products(vectors, squared=True)
    assert plain.shape == squared.shape == (2, 2 * REACH + 1, 8)
    for shift in range(2 * REACH + 1):
        for row in range(8):
            moved = obvious_row(problem, row, shift - REACH)
            np.testing.assert_array_equal(problem.rows[row, shift], moved)
            np.testing.assert_allclose(plain[:, shift, row], vectors @ moved, atol=1e-11)
            np.testing.assert_allclose(squared[:, shift, row], vectors @ moved**2, atol=1e-11)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 3))
def test_a_set_is_fitted_as_by_moving_and_solving_one_by_one(seed, count):
    problem = some_problem(seed)
    members = tuple((REACH, row) for row in range(count))
    fit = refined(problem, members, least_share=0.0)
    stated, shifts = obvious_refined(problem, members)
    if stated is None:
        assert fit is None
        return
    assert [0.5 * place - REACH for place, _ in fit.members] == shifts
    assert fit.misfit == pytest.approx(stated[0], rel=1e-9)
    np.testing.assert_allclose(fit.amounts, stated[1], rtol=1e-9)
    whole = completed(problem, fit, share_error=0.3)
    assert whole.misfit == pytest.approx(stated[0], rel=1e-9)
    area = problem.area[:count]
    shares = stated[1] * area / (stated[1] @ area)
    spread = obvious_spread(problem, members, shifts)
    for part in whole.parts:
        row = part.row - 100
        assert part.share == pytest.approx(shares[row], rel=1e-9)
        assert part.amount == pytest.approx(stated[1][row], rel=1e-9)
        assert part.shift_cm1 == shifts[row] * COMMON_GRID.step_cm1
        if count > 1:
            share, reach = (
                shares[row],
                1.96 * np.hypot(spread[row] / (shares[row] * (1 - shares[row])), 0.3),
            )
            logit = np.log(share / (1 - share))
            ends = [1 / (1 + np.exp(-(logit + sign * reach))) for sign in (-1, 1)]
            np.testing.assert_allclose(part.interval, ends, rtol=1e-7)


def test_a_tiny_or_a_negative_component_drops_the_set():
    problem = some_problem(3)
    members = tuple((REACH - 1, row) for row in (0, 1))
    assert refined(problem, members, least_share=0.03) is not None
    assert refined(problem, members, least_share=0.45) is None
    turned = some_problem(3)
    turned.query[:] = -problem.query
    assert refined(turned, members, least_share=0.0) is None


@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 4))
def test_elimination_solves_normal_equations(seed, size):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(size, 30))
    gram, product = rows @ rows.T, rng.normal(size=size)
    found = solve(gram.tolist(), product.tolist())
    np.testing.assert_allclose(gram @ found, product, atol=1e-9)


def test_references_that_are_the_same_have_no_amounts_of_their_own():
    assert solve([[2.0, 2.0], [2.0, 2.0]], [1.0, 1.0]) is None
    assert solve([[0.0]], [1.0]) is None


def test_of_copies_the_first_in_the_library_is_taken(prepared, policy):
    rng = np.random.default_rng(4)
    place = np.arange(900.0)[:, None]
    made = []
    for _ in range(30):
        shape = np.exp(-0.5 * ((place - rng.uniform(30, 870, 8)) / 3.0) ** 2)
        made.append(prepared(shape @ rng.uniform(0.2, 1.0, 8), 100))
    bands = 0.7 * made[5].bands + 0.3 * made[9].bands
    scan = prepared(bands + rng.normal(0, 2e-3, 900), 100, noise=2e-3)
    for copies in (1, 2, 7):
        doubled = [*made, *(made[row] for _ in range(copies) for row in (9, 5))]
        matrix = reference_matrix(doubled, range(len(doubled)))
        allowed = np.ones(len(doubled), dtype=bool)
        sets = explain(scan, matrix, policy.mixture, allowed=allowed, hints=Hints())
        assert [part.row for part in accepted(sets, policy.mixture).parts] == [5, 9]


@pytest.mark.parametrize("count", [3, 128, 300])
def test_the_pool_is_scored_as_one_reference_after_the_other(count):
    rng = np.random.default_rng(count)
    rows = np.sqrt(rng.random((count, COMMON_GRID.size)) ** 6).astype(np.float32)
    scan, weight = rng.normal(size=500), rng.uniform(0.5, 2.0, 500)
    scores = pool_scores(Target(scan, weight, 200, 6.0, 60.0), rows, (2,))
    seed = highpass(rows[2, 200:700].astype(np.float64) ** 2, 60.0)
    amount = max((weight * seed * scan).sum() / (weight * seed * seed).sum(), 0.0)
    for column, left in enumerate((scan, scan - amount * seed)):
        looked_for = gaussian_broadened(highpass(left * weight, 60.0), 3.0)
        for row in range(count):
            light = rows[row, 200:700].astype(np.float64) ** 2
            stated = light @ looked_for / np.linalg.norm(light)
            assert scores[row, column] == pytest.approx(stated, rel=1e-4, abs=1e-4)
