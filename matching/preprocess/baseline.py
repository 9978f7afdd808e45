"""Baselines: what is left of the signal when the bands are taken away."""

from __future__ import annotations

import numpy as np

from matching.spectrum import FloatArray


def difference_penalty(size: int) -> FloatArray:
    """Return the upper bands of ``D.T @ D`` for second differences, shape (3, size)."""
    bands = np.zeros((3, size))
    bands[0, 2:] = 1.0
    bands[1, 1:] = -4.0
    bands[1, [1, -1]] = -2.0
    bands[2] = 6.0
    bands[2, [1, -2]] = 5.0
    bands[2, [0, -1]] = 1.0
    return bands


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
    """
    from scipy.linalg import solveh_banded

    penalty = stiffness * difference_penalty(intensity.size)
    weights = np.ones(intensity.size)
    baseline = intensity
    for _ in range(most):
        system = penalty.copy()
        system[2] += weights
        baseline = solveh_banded(
            system, weights * intensity, overwrite_ab=True, overwrite_b=True, check_finite=False
        )
        residual = intensity - baseline
        below = residual[residual < 0]
        spread = float(below.std()) if below.size > 1 else 0.0
        if spread <= 1e-12 * float(np.max(np.abs(intensity))):
            break
        argument = 2.0 * (residual - (2.0 * spread - float(below.mean()))) / spread
        fresh = 1.0 / (1.0 + np.exp(np.clip(argument, -50.0, 50.0)))
        change = float(np.linalg.norm(fresh - weights) / np.linalg.norm(weights))
        weights = fresh
        if change < tolerance:
            break
    return np.asarray(baseline, dtype=np.float64)
