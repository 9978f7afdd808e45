"""Fit one set of references to a scan: amounts, shifts, shares with intervals, what is left."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.axis import COMMON_GRID
from matching.spectrum import FloatArray

IntArray = NDArray[np.int64]
Members = tuple[tuple[int, int], ...]  # (index of the shift, row of the pool) of each component


@dataclass(frozen=True, slots=True)
class Part:
    """One component of a set.

    Parameters
    ----------
    row : int
        Row of the library.
    amount : float
        Factor of the reference (its row has unit norm as a square root).
    shift_cm1 : float
        Shift of the reference on the scan's axis.
    share : float
        Share of the Raman signal, by band area over the compared range.
    interval : tuple of float
        95 % interval of the share: what leaving out 100 cm-1 of the scan at a time changes
        (jackknife), and what instruments differ by.
    """

    row: int
    amount: float
    shift_cm1: float
    share: float
    interval: tuple[float, float]


@dataclass(frozen=True, eq=False, slots=True)
class SetFit:
    """A set of components and how well it explains the scan.

    Parameters
    ----------
    parts : tuple of Part
        By falling share.
    misfit : float
        Mean weighted square of what is left; about 1 or less when model and noise explain it.
    gain : float
        Share of what the next smaller set leaves that this set explains; 0 for one component.
    steady_gain : float
        The smallest gain when any 100 cm-1 of the scan are left out: a component that rests on a
        single band has little of it.
    left : array, shape (m,)
        Weighted squares left over, point by point.
    """

    parts: tuple[Part, ...]
    misfit: float
    gain: float
    steady_gain: float
    left: FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class Problem:
    """Scan and pool over one window: `rows` has shape (shifts, pool, m)."""

    query: FloatArray
    weight: FloatArray
    rows: FloatArray
    area: FloatArray
    number: IntArray
    substance: IntArray
    start: int
    stop: int
    shifts: IntArray


def steady_gain(smaller: FloatArray, larger: FloatArray) -> float:
    """Return the smallest gain over all ways of leaving out 100 cm-1, from weighted squares left.

    `smaller` and `larger` have shape (m,): what the smaller and the larger set leave.
    """
    size = round(100.0 / COMMON_GRID.step_cm1)
    edges = np.arange(0, smaller.size, size)
    before = smaller.sum() - np.add.reduceat(smaller, edges)
    after = larger.sum() - np.add.reduceat(larger, edges)
    return float(np.min(1.0 - after / np.maximum(before, 1e-300)))


def refined(
    problem: Problem, members: Members, least_share: float, share_error: float
) -> SetFit | None:
    """Fit a set and refine its shifts by half grid steps, one component after the other.

    Parameters
    ----------
    problem : Problem
        Scan and pool.
    members : sequence of (int, int)
        Index of the shift and row of the pool of each component.
    least_share : float
        Smallest share of the Raman signal of a component.
    share_error : float
        Standard deviation of the logit of a share between instruments.

    Returns
    -------
    SetFit or None
        None when an amount is not positive or a share is smaller than the least.
    """
    shifts = [float(problem.shifts[k]) for k, _ in members]
    best = _solve(problem, members, shifts)
    for _ in range(2):
        for place in range(len(members)):
            for change in (-0.5, 0.5, -1.0, 1.0):
                tried = [*shifts]
                tried[place] = float(np.clip(tried[place] + change, *_reach(problem)))
                fit = _solve(problem, members, tried)
                if fit is not None and (best is None or fit[0] < best[0]):
                    best, shifts = fit, tried
    if best is None:
        return None
    misfit, amounts = best
    area = problem.area[[row for _, row in members]]
    shares = amounts * area / float(amounts @ area)
    if len(members) > 1 and float(shares.min()) < least_share:
        return None
    rows = np.array([_moved(problem, row, s) for (_, row), s in zip(members, shifts, strict=True)])
    spread = _share_spread(problem, rows, area)
    parts = [
        Part(
            int(problem.number[row]),
            float(amounts[i]),
            shifts[i] * COMMON_GRID.step_cm1,
            float(shares[i]),
            _interval(float(shares[i]), float(spread[i]), share_error),
        )
        for i, (_, row) in enumerate(members)
    ]
    left = problem.weight * (problem.query - amounts @ rows) ** 2
    return SetFit(tuple(sorted(parts, key=lambda p: (-p.share, p.row))), misfit, 0.0, 0.0, left)


def _interval(share: float, spread: float, between: float) -> tuple[float, float]:
    """Return a 95 % interval on the logit scale, which cannot leave 0 to 1."""
    if share >= 1.0:
        return (1.0, 1.0)
    logit = math.log(share / (1.0 - share))
    reach = 1.96 * math.hypot(spread / (share * (1.0 - share)), between)
    low, high = (1.0 / (1.0 + math.exp(-(logit + sign * reach))) for sign in (-1.0, 1.0))
    return low, high


def _share_spread(problem: Problem, rows: FloatArray, area: FloatArray) -> FloatArray:
    """Return the jackknife standard error of each share, leaving out 100 cm-1 at a time."""
    size = round(100.0 / COMMON_GRID.step_cm1)
    edges = np.arange(0, rows.shape[1], size)
    weighted = rows * problem.weight
    grams = np.add.reduceat(weighted[:, None, :] * rows[None, :, :], edges, axis=2)
    products = np.add.reduceat(weighted * problem.query, edges, axis=1)
    gram, product = grams.sum(axis=2), products.sum(axis=1)
    shares = []
    for block in range(edges.size):
        part, _, _, _ = np.linalg.lstsq(
            gram - grams[:, :, block], product - products[:, block], rcond=None
        )
        amounts = np.clip(part, 0.0, None) * area
        shares.append(amounts / max(float(amounts.sum()), 1e-300))
    spread = np.array(shares)
    return np.asarray(np.sqrt((edges.size - 1) * spread.var(axis=0)))


def _reach(problem: Problem) -> tuple[float, float]:
    return float(problem.shifts[0]), float(problem.shifts[-1])


def _solve(
    problem: Problem, members: Members, shifts: Sequence[float]
) -> tuple[float, FloatArray] | None:
    """Weighted least squares for the amounts; None unless all are positive."""
    rows = np.array([_moved(problem, row, s) for (_, row), s in zip(members, shifts, strict=True)])
    weighted = rows * problem.weight
    gram = weighted @ rows.T
    try:
        amounts = np.linalg.solve(gram, weighted @ problem.query)
    except np.linalg.LinAlgError:
        return None
    if not (amounts > 0).all():
        return None
    rest = problem.query - amounts @ rows
    return float(rest @ (problem.weight * rest)) / rest.size, amounts


def _moved(problem: Problem, row: int, shift: float) -> FloatArray:
    """Return a pool row at a shift given in grid steps, between two stored shifts if need be."""
    place = shift - float(problem.shifts[0])
    low = int(np.floor(place))
    part = place - low
    if part == 0.0:
        return np.asarray(problem.rows[low, row])
    return np.asarray((1 - part) * problem.rows[low, row] + part * problem.rows[low + 1, row])
