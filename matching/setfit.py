"""Fit one set of references to a scan: amounts, shifts, shares with intervals, what is left."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matching.axis import COMMON_GRID
from matching.spectrum import FloatArray

IntArray = NDArray[np.int64]
Members = tuple[tuple[int, int], ...]  # (index of the shift, row of the pool) of each component
_EPSILON = 4 * float(np.finfo(np.float64).eps)  # references count as dependent below it


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
    """Scan and pool over one window.

    Parameters
    ----------
    query, weight : arrays, shape (m,)
        High-passed scan and inverse variances.
    sharp : array, shape (n, m + 2 * reach)
        High-passed references of the pool, `reach` points longer than the window at either end.
    rows : array, shape (n, 2 * reach + 1, m)
        The same at every shift: views into `sharp`.
    area : array, shape (n,)
        Band area of each reference over the window.
    number, substance : int arrays, shape (n,)
        Row of the library, and number of the substance.
    reach : int
        Largest shift in grid points; shift ``k`` of ``0 <= k <= 2 * reach`` moves by ``k - reach``.
    """

    query: FloatArray
    weight: FloatArray
    sharp: FloatArray
    rows: FloatArray
    area: FloatArray
    number: IntArray
    substance: IntArray
    reach: int

    @property
    def shifts(self) -> int:
        """Number of shifts."""
        return 2 * self.reach + 1

    def products(self, vectors: FloatArray, *, squared: bool = False) -> FloatArray:
        """Return the products of vectors with every reference at every shift.

        The vectors are moved against the references, so that one matrix product does it.

        Parameters
        ----------
        vectors : array, shape (c, m)
            What to multiply with.
        squared : bool
            Multiply with the squares of the references.

        Returns
        -------
        array, shape (c, shifts, n)
        """
        size = self.query.size
        moved = np.zeros((vectors.shape[0], self.shifts, self.sharp.shape[1]))
        for shift in range(self.shifts):
            first = 2 * self.reach - shift
            moved[:, shift, first : first + size] = vectors
        references = self.sharp * self.sharp if squared else self.sharp
        flat = moved.reshape(-1, moved.shape[2]) @ references.T
        return np.asarray(flat.reshape(vectors.shape[0], self.shifts, -1))


@dataclass(frozen=True, slots=True)
class Fit:
    """A set with its shifts refined.

    Parameters
    ----------
    members : tuple of (int, int)
        Half grid steps from the smallest shift, and row of the pool, of each component.
    amounts : tuple of float
        Factor of each reference, all positive.
    misfit : float
        Mean weighted square of what is left.
    """

    members: Members
    amounts: tuple[float, ...]
    misfit: float


def steady_gain(smaller: FloatArray, larger: FloatArray) -> float:
    """Return the smallest gain over all ways of leaving out 100 cm-1, from weighted squares left.

    `smaller` and `larger` have shape (m,): what the smaller and the larger set leave.
    """
    size = round(100.0 / COMMON_GRID.step_cm1)
    edges = np.arange(0, smaller.size, size)
    before = smaller.sum() - np.add.reduceat(smaller, edges)
    after = larger.sum() - np.add.reduceat(larger, edges)
    return float(np.min(1.0 - after / np.maximum(before, 1e-300)))


def refined(problem: Problem, members: Members, least_share: float) -> Fit | None:
    """Fit a set and refine its shifts by half grid steps, one component after the other.

    A reference half a step on is the mean of its neighbours, so that every sum needed follows
    from the products of the references at the stored shifts.

    Parameters
    ----------
    problem : Problem
        Scan and pool.
    members : sequence of (int, int)
        Index of the shift and row of the pool of each component.
    least_share : float
        Smallest share of the Raman signal of a component.

    Returns
    -------
    Fit or None
        None when an amount is not positive or a share is smaller than the least.
    """
    numbers = [row for _, row in members]
    equations = _Equations(problem, numbers)
    places = tuple(2 * shift for shift, _ in members)
    best, last = equations.solved(places), 4 * problem.reach
    for _ in range(2):
        for component in range(len(members)):
            for change in (-1, 1, -2, 2):
                moved = min(max(places[component] + change, 0), last)
                tried = (*places[:component], moved, *places[component + 1 :])
                fit = equations.solved(tried)
                if fit is not None and (best is None or fit[0] < best[0]):
                    best, places = fit, tried
    if best is None:
        return None
    areas = [
        amount * float(problem.area[row]) for amount, row in zip(best[1], numbers, strict=True)
    ]
    if len(members) > 1 and min(areas) < least_share * sum(areas):
        return None
    found = tuple(zip(places, numbers, strict=True))
    return Fit(found, best[1], best[0] / problem.query.size)


class _Equations:
    """The normal equations of a set at every combination of half-step shifts."""

    def __init__(self, problem: Problem, rows: Sequence[int]) -> None:
        moved = problem.rows[list(rows)].reshape(-1, problem.query.size)
        weighted = moved * problem.weight
        half = _half_steps(problem.shifts, len(rows))
        self._gram = (half @ (weighted @ moved.T) @ half.T).tolist()
        self._product = (half @ (weighted @ problem.query)).tolist()
        self._power = float(problem.query @ (problem.weight * problem.query))
        self._span = 2 * problem.shifts - 1
        self._known: dict[tuple[int, ...], tuple[float, tuple[float, ...]] | None] = {}

    def solved(self, places: tuple[int, ...]) -> tuple[float, tuple[float, ...]] | None:
        """Return what is left and the amounts at these shifts; None unless all are positive."""
        if places not in self._known:
            index = [number * self._span + place for number, place in enumerate(places)]
            product = [self._product[i] for i in index]
            amounts = solve([[self._gram[i][j] for j in index] for i in index], product)
            if amounts is None or min(amounts) <= 0:
                self._known[places] = None
            else:
                explained = math.fsum(a * p for a, p in zip(amounts, product, strict=True))
                self._known[places] = (self._power - explained, tuple(amounts))
        return self._known[places]


@lru_cache(maxsize=16)
def _half_steps(shifts: int, components: int) -> FloatArray:
    """Return the matrix from values at whole shifts to those at half shifts, per component."""
    one = np.zeros((2 * shifts - 1, shifts))
    one[::2] = np.eye(shifts)
    one[1::2] = 0.5 * (one[:-1:2] + one[2::2])
    return np.asarray(np.kron(np.eye(components), one), dtype=np.float64)


def solve(gram: list[list[float]], product: list[float]) -> list[float] | None:
    """Solve a few normal equations by elimination; None when the references are not independent.

    Parameters
    ----------
    gram : list of c lists of c floats
        Symmetric, positive semidefinite.
    product : list of c floats
        Right-hand side.
    """
    rows = [[*line, right] for line, right in zip(gram, product, strict=True)]
    for i, pivot in enumerate(rows):
        if pivot[i] <= 1e-12 * gram[i][i]:
            return None
        for row in rows[i + 1 :]:
            factor = row[i] / pivot[i]
            for j in range(i, len(row)):
                row[j] -= factor * pivot[j]
    amounts = [0.0] * len(rows)
    for i in reversed(range(len(rows))):
        known = sum(rows[i][j] * amounts[j] for j in range(i + 1, len(rows)))
        amounts[i] = (rows[i][-1] - known) / rows[i][i]
    return amounts


def completed(problem: Problem, fit: Fit, share_error: float) -> SetFit:
    """Return a fitted set with shares, their intervals and what is left point by point.

    Parameters
    ----------
    problem : Problem
        Scan and pool.
    fit : Fit
        The set.
    share_error : float
        Standard deviation of the logit of a share between instruments.
    """
    rows = np.array([_moved(problem, row, place) for place, row in fit.members])
    amounts = np.array(fit.amounts)
    area = problem.area[[row for _, row in fit.members]]
    shares = amounts * area / float(amounts @ area)
    spread = _share_spread(problem, rows, area)
    parts = [
        Part(
            int(problem.number[row]),
            float(amounts[i]),
            (0.5 * place - problem.reach) * COMMON_GRID.step_cm1,
            float(shares[i]),
            _interval(float(shares[i]), float(spread[i]), share_error),
        )
        for i, (place, row) in enumerate(fit.members)
    ]
    left = problem.weight * (problem.query - amounts @ rows) ** 2
    ranked = tuple(sorted(parts, key=lambda part: (-part.share, part.row)))
    return SetFit(ranked, float(left.mean()), 0.0, 0.0, left)


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
    without = (gram[:, :, None] - grams).transpose(2, 0, 1)
    right = (product[:, None] - products).T[:, :, None]
    amounts = (np.linalg.pinv(without, rcond=_EPSILON, hermitian=True) @ right)[:, :, 0]
    amounts = np.clip(amounts, 0.0, None) * area
    shares = amounts / np.maximum(amounts.sum(axis=1, keepdims=True), 1e-300)
    return np.asarray(np.sqrt((edges.size - 1) * shares.var(axis=0)))


def _moved(problem: Problem, row: int, place: int) -> FloatArray:
    """Return a pool row at half grid steps from the smallest shift, shape (m,)."""
    moved, (low, between) = problem.rows[row], divmod(place, 2)
    return np.asarray(0.5 * moved[low] + 0.5 * moved[low + 1] if between else moved[low])
