"""Bands as a list: position, height, prominence and width."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.axis import COMMON_GRID
from matching.spectrum import FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class Peaks:
    """Bands found on the common grid, strongest first.

    All arrays have shape (k,): `index` into the array searched, `raman_shift_cm1` refined by a
    parabola, `height` and `prominence` in the unit of the array.
    """

    index: NDArray[np.int64]
    raman_shift_cm1: FloatArray
    height: FloatArray
    prominence: FloatArray


def find_peaks(bands: FloatArray, first: int, least: float, most: int = 60) -> Peaks:
    """Find local maxima that stand at least `least` above the saddles around them.

    Parameters
    ----------
    bands : array, shape (m,)
        Intensity above the baseline on consecutive grid points.
    first : int
        Grid index of ``bands[0]``.
    least : float
        Smallest prominence, in the unit of `bands`.
    most : int
        Largest number of peaks returned (the most prominent ones).

    Returns
    -------
    Peaks
    """
    inner = bands[1:-1]
    tops = np.flatnonzero((inner > bands[:-2]) & (inner >= bands[2:]) & (inner >= least)) + 1
    order = tops[np.argsort(-bands[tops], kind="stable")][: 4 * most]
    prominence = np.array([_prominence(bands, int(i)) for i in order], dtype=np.float64)
    good = prominence >= least
    index, prominence = order[good][:most], prominence[good][:most]
    left, top, right = bands[index - 1], bands[index], bands[index + 1]
    curve = left - 2 * top + right
    safe = np.where(curve < 0, curve, -1.0)
    offset = np.where(curve < 0, 0.5 * (left - right) / safe, 0.0)
    positions = COMMON_GRID.start_cm1 + COMMON_GRID.step_cm1 * (first + index + offset)
    return Peaks(index.astype(np.int64), np.asarray(positions, dtype=np.float64), top, prominence)


def _prominence(bands: FloatArray, top: int) -> float:
    """Height of a maximum over the higher of the two lowest points before higher ground."""
    height = bands[top]
    higher_left = np.flatnonzero(bands[:top] > height)
    higher_right = np.flatnonzero(bands[top + 1 :] > height)
    start = int(higher_left[-1]) if higher_left.size else 0
    end = top + 1 + int(higher_right[0]) if higher_right.size else bands.size
    return float(height - max(bands[start : top + 1].min(), bands[top:end].min()))
