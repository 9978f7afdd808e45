"""Baselines: what is left of the signal when the bands are taken away."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from matching.errors import QueryError
from matching.preprocess.decimate import on_cells
from matching.spectrum import FloatArray

WORTH_BATCHING = 12  # below this many spectra LAPACK, one by one, is faster


@lru_cache(maxsize=32)
def difference_penalty(size: int) -> FloatArray:
    """Return the upper bands of ``D.T @ D`` for second differences, shape (3, size), read-only."""
    bands = np.zeros((3, size))
    bands[0, 2:] = 1.0
    bands[1, 1:] = -4.0
    bands[1, [1, -1]] = -2.0
    bands[2] = 6.0
    bands[2, [1, -2]] = 5.0
    bands[2, [0, -1]] = 1.0
    bands.flags.writeable = False
    return bands


def decimated_arpls(rows: FloatArray, stiffness: float, cells: int, most: int) -> FloatArray:
    """Fit arPLS baselines to the means over cells, and draw smooth curves between them.

    A baseline is far wider than a cell; fewer points are faster to solve, and their noise is lower,
    so that the line lies less below the true background.

    Parameters
    ----------
    rows : array, shape (k, m)
        Intensities of k spectra on one even axis, m >= 16.
    stiffness : float
        Penalty on second differences of the fine axis. A curve has ``cells**2`` times larger second
        differences on the coarse axis, and a cell stands for `cells` points of both terms: the
        same curve costs the same with a penalty of ``stiffness / cells**4``.
    cells : int
        Points to a cell, see `on_cells`.
    most : int
        Largest number of iterations, see `arpls`.

    Returns
    -------
    array, shape (k, m)
        The baselines, in the unit of `rows`.

    Raises
    ------
    QueryError
        When no baseline can be computed.
    """
    return on_cells(rows, cells, lambda means, n: arpls_rows(means, stiffness / n**4, most=most))


def arpls(
    intensity: FloatArray, stiffness: float, tolerance: float = 0.01, most: int = 25
) -> FloatArray:
    """Fit a baseline by asymmetrically reweighted penalised least squares.

    Baek, Park, Ahn and Choo, Analyst 140 (2015) 250 (arPLS).

    Parameters
    ----------
    intensity : array, shape (n,)
        Intensity on an even axis, n >= 5.
    stiffness : float
        Penalty on second differences (lambda of the paper); larger is stiffer.
    tolerance : float
        Stop when the weights change by less than this share.
    most : int
        Largest number of iterations.

    Returns
    -------
    array, shape (n,)
        The baseline, in the unit of `intensity`.

    Raises
    ------
    QueryError
        When the equations cannot be solved (numbers too far apart).
    """
    from scipy.linalg.lapack import dpbsv

    penalty = np.asfortranarray(stiffness * difference_penalty(intensity.size))
    system = np.empty_like(penalty)
    smallest = 1e-12 * float(np.max(np.abs(intensity)))
    weights = np.ones(intensity.size)
    baseline = intensity
    for _ in range(most):
        system[...] = penalty
        system[2] += weights
        _, baseline, failed = dpbsv(system, weights * intensity, overwrite_ab=1, overwrite_b=1)
        if failed:
            raise _unsolvable()
        fresh, spread = _asymmetric_weights(intensity - baseline)
        if spread <= smallest:
            break
        step = fresh - weights
        change = step @ step / (weights @ weights)
        weights = fresh
        if change < tolerance**2:
            break
    return np.asarray(baseline, dtype=np.float64)


def arpls_rows(
    rows: FloatArray, stiffness: float, tolerance: float = 0.01, most: int = 25
) -> FloatArray:
    """Fit arPLS baselines to many spectra; every row gets what `arpls` gives it.

    Many spectra are solved together, point by point along the axis, each step for all of them at
    once; a few are solved one by one. The two differ by rounding only.

    Parameters
    ----------
    rows : array, shape (k, n)
        Intensities on one even axis, n >= 5.
    stiffness, tolerance, most
        See `arpls`.

    Returns
    -------
    array, shape (k, n)

    Raises
    ------
    QueryError
        When the equations of a spectrum cannot be solved.
    """
    if len(rows) < WORTH_BATCHING:
        found = [arpls(row, stiffness, tolerance, most) for row in rows]
        return np.array(found).reshape(rows.shape)
    return _arpls_together(rows, stiffness, tolerance, most)


def _arpls_together(rows: FloatArray, stiffness: float, tolerance: float, most: int) -> FloatArray:
    """Return the baselines of k spectra, shape (k, n); inside, spectra are columns."""
    penalty = stiffness * difference_penalty(rows.shape[1])
    result = np.empty_like(rows)
    left = np.arange(len(rows))  # spectra still being fitted
    values = np.ascontiguousarray(rows.T)
    smallest = 1e-12 * np.abs(values).max(axis=0)
    weights = np.ones_like(values)
    for iteration in range(most):
        baseline = solve_together(penalty, weights, weights * values)
        fresh, spread = _asymmetric_weights(values - baseline)
        change = ((fresh - weights) ** 2).sum(axis=0) / (weights**2).sum(axis=0)
        weights = fresh
        done = (spread <= smallest) | (change < tolerance**2)
        if iteration == most - 1:
            done[:] = True
        if done.any():
            result[left[done]] = baseline[:, done].T
            left, values, weights = left[~done], values[:, ~done], weights[:, ~done]
            smallest = smallest[~done]
        if not left.size:
            break
    return result


@np.errstate(divide="ignore", over="ignore", invalid="ignore")  # a bad pivot is asked for below
def solve_together(penalty: FloatArray, weights: FloatArray, right: FloatArray) -> FloatArray:
    """Solve ``(diag(weights) + penalty) z = right`` for many spectra by ``L D L^T``.

    Parameters
    ----------
    penalty : array, shape (3, n)
        Upper bands of a symmetric pentadiagonal matrix, as LAPACK stores them.
    weights, right : array, shape (n, k)
        Diagonal to add and right-hand side; one column is one spectrum. `right` is overwritten
        and returned.

    Returns
    -------
    array, shape (n, k)

    Raises
    ------
    QueryError
        When a matrix is not positive definite in double precision.

    Notes
    -----
    Golub and Van Loan, Matrix Computations, 4th ed., 4.1.2 and 4.3.5. One pass down the axis
    factorises and substitutes forward, one pass up substitutes back.
    """
    beyond, beside, middle = penalty
    inverse = weights + middle[:, None]  # the pivots, then one over them
    upper = np.zeros_like(weights)  # pivot times the first sub-diagonal of L
    work = np.empty(weights.shape[1])
    last = len(weights) - 1
    for i in range(last + 1):
        pivot, value = inverse[i], right[i]
        if i > 1:
            pivot -= np.multiply(inverse[i - 2], beyond[i] ** 2, out=work)
            value -= np.multiply(right[i - 2], beyond[i], out=work)
        if i > 0:
            factor = np.multiply(upper[i - 1], inverse[i - 1], out=upper[i])
            pivot -= np.multiply(factor, upper[i - 1], out=work)
            value -= np.multiply(upper[i - 1], right[i - 1], out=work)
        np.reciprocal(pivot, out=pivot)
        value *= pivot
        if i < last:
            upper[i] *= -beyond[i + 1]
            upper[i] += beside[i + 1]
    if not (inverse > 0).all():
        raise _unsolvable()
    _substitute_back(beyond, inverse, upper, right)
    return right


def _substitute_back(
    beyond: FloatArray, inverse: FloatArray, upper: FloatArray, right: FloatArray
) -> None:
    """Turn the forward solution, shape (n, k), into the solution in place, last point first."""
    sum_, work = np.empty((2, right.shape[1]))
    for i in range(len(right) - 2, -1, -1):
        np.multiply(upper[i], right[i + 1], out=sum_)
        if i + 2 < len(right):
            sum_ += np.multiply(right[i + 2], beyond[i + 2], out=work)
        sum_ *= inverse[i]
        right[i] -= sum_


def _asymmetric_weights(residual: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the next arPLS weights and the spread of the residuals below the line.

    `residual` has shape (n,) or (n, k), one spectrum a column; the spread has shape () or (k,) and
    is 0 where fewer than two points lie below.
    """
    below = np.minimum(residual, 0.0)
    count = np.maximum((residual < 0).sum(axis=0), 1)
    mean = below.sum(axis=0) / count
    below *= below
    spread = np.sqrt(np.maximum(below.sum(axis=0) / count - mean * mean, 0.0))
    slope = 2.0 / np.maximum(spread, 1e-200)
    argument = residual * slope
    argument -= slope * (2.0 * spread - mean)
    weights = np.exp(np.minimum(argument, 50.0, out=argument), out=argument)
    weights += 1.0
    return np.reciprocal(weights, out=weights), spread


def _unsolvable() -> QueryError:
    return QueryError(
        "no baseline can be computed for this spectrum", "", "check that the values are intensities"
    )
