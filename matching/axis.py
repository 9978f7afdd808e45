"""The common Raman shift axis on which spectra are compared."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from matching.errors import QueryError
from matching.spectrum import FloatArray


@dataclass(frozen=True, slots=True)
class Grid:
    """An even Raman shift axis: ``start_cm1 + step_cm1 * arange(size)``, all in cm-1."""

    start_cm1: float = 100.0
    step_cm1: float = 2.0
    size: int = 1800

    @property
    def values(self) -> FloatArray:
        """Raman shifts of the grid points in cm-1, shape (size,)."""
        return self.start_cm1 + self.step_cm1 * np.arange(self.size, dtype=np.float64)

    def coverage(self, low_cm1: float, high_cm1: float) -> tuple[int, int]:
        """Return ``(first, end)``: the grid points whose whole cell lies in [low, high]."""
        half = self.step_cm1 / 2
        first = int(np.ceil((low_cm1 + half - self.start_cm1) / self.step_cm1 - 1e-9))
        end = int(np.floor((high_cm1 - half - self.start_cm1) / self.step_cm1 + 1e-9)) + 1
        return max(first, 0), min(end, self.size)


COMMON_GRID = Grid()


def onto_grid(axis: FloatArray, intensity: FloatArray, grid: Grid) -> tuple[FloatArray, int, int]:
    """Average a spectrum over the cells of `grid`.

    The piecewise linear spectrum is integrated exactly over each cell, so that nothing between
    two grid points is lost and a finely sampled spectrum gains in noise.

    Parameters
    ----------
    axis : array, shape (n,)
        Raman shift in cm-1, strictly increasing.
    intensity : array, shape (..., n)
        Intensity; spectra on the same axis may be given together.
    grid : Grid
        The common axis.

    Returns
    -------
    values : array, shape (..., end - first)
        Mean intensity in each covered cell.
    first, end : int
        The covered grid points are ``first <= i < end``.

    Raises
    ------
    QueryError
        When fewer than 16 grid points are covered.
    """
    first, end = grid.coverage(float(axis[0]), float(axis[-1]))
    if end - first < 16:
        raise QueryError(
            f"the spectrum covers {axis[0]:.0f}-{axis[-1]:.0f} cm-1, too little of the "
            f"{grid.values[0]:.0f}-{grid.values[-1]:.0f} cm-1 that are compared",
            "",
            "measure a wider range, or check the axis unit and the laser line",
        )
    steps = np.diff(axis)
    pieces = steps * (intensity[..., 1:] + intensity[..., :-1]) / 2
    area = np.concatenate((np.zeros_like(pieces[..., :1]), np.cumsum(pieces, axis=-1)), axis=-1)
    edges = grid.start_cm1 + grid.step_cm1 * (np.arange(first, end + 1) - 0.5)
    cell = np.clip(np.searchsorted(axis, edges, side="right") - 1, 0, axis.size - 2)
    offset = np.clip(edges - axis[cell], 0.0, steps[cell])
    left = intensity[..., cell]
    slope = (intensity[..., cell + 1] - left) / steps[cell]
    cumulative = area[..., cell] + offset * (left + slope * offset / 2)
    return np.diff(cumulative, axis=-1) / grid.step_cm1, first, end


def longest_stretch(axis: FloatArray) -> slice:
    """Return the longest part of an axis, shape (n,), without a gap.

    A gap is a step of more than 20 cm-1 that is also more than ten times the median step: what
    lies in it was not measured, and nothing may be compared there.
    """
    steps = np.diff(axis)
    gaps = np.flatnonzero(steps > max(20.0, 10.0 * float(np.median(steps)))) + 1
    edges = [0, *gaps.tolist(), axis.size]
    pieces = [(axis[end - 1] - axis[start], start, end) for start, end in pairwise(edges)]
    _, start, end = max(pieces)
    return slice(start, end)


def shifted(values: FloatArray, shifts_cm1: FloatArray, step_cm1: float) -> NDArray[np.float64]:
    """Return `values` moved along the grid by each shift, linearly interpolated.

    Parameters
    ----------
    values : array, shape (m,)
        Values on an even grid; beyond its ends the end value is taken.
    shifts_cm1 : array, shape (s,)
        Shifts in cm-1; positive moves features to larger Raman shifts.
    step_cm1 : float
        Grid step in cm-1.

    Returns
    -------
    array, shape (s, m)
    """
    index = np.arange(values.size, dtype=np.float64)
    return np.array([np.interp(index - s / step_cm1, index, values) for s in shifts_cm1])
