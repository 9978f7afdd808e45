"""Bands as a list: position, height, prominence and width."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

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
    return find_peaks_many(bands[None, :], first, np.array([least]), most)[0]


def find_peaks_many(rows: FloatArray, first: int, least: FloatArray, most: int = 60) -> list[Peaks]:
    """Find the peaks of several rows, shape (n, m), with smallest prominences `least` (n,).

    As `find_peaks` for every row.
    """
    least = least[:, None]
    inner = rows[:, 1:-1]
    found = (inner > rows[:, :-2]) & (inner >= rows[:, 2:]) & (inner >= least)
    row, top = np.nonzero(found)
    top += 1
    height = rows[row, top]
    prominence = _prominences(rows, row, top, height)
    order = np.lexsort((top, -height, row))  # row by row, falling, the first of equals first
    rank = np.arange(row.size) - np.searchsorted(row, row)  # within its row
    good = order[(rank < 4 * most) & (prominence[order] >= least[row[order], 0])]
    row, top, height, prominence = row[good], top[good], height[good], prominence[good]
    left, right = rows[row, top - 1], rows[row, top + 1]
    curve = left - 2 * height + right
    safe = np.where(curve < 0, curve, -1.0)
    offset = np.where(curve < 0, 0.5 * (left - right) / safe, 0.0)
    positions = COMMON_GRID.start_cm1 + COMMON_GRID.step_cm1 * (first + top + offset)
    ends = np.searchsorted(row, np.arange(rows.shape[0] + 1)).tolist()
    parts = [slice(begin, min(end, begin + most)) for begin, end in pairwise(ends)]
    return [Peaks(top[p], positions[p], height[p], prominence[p]) for p in parts]


def _prominences(
    rows: FloatArray, row: NDArray[np.int64], top: NDArray[np.int64], height: FloatArray
) -> FloatArray:
    """Height of each local maximum over the higher of the two saddles to higher ground.

    Higher ground begins below a higher maximum (or at an end), and between the two it does not
    fall below the saddle: maxima, ends and the lowest points between them are all that matters.
    The rows are laid end to end; a wall at the start of each keeps them apart.
    """
    count, size = rows.shape
    stops = np.concatenate((np.arange(count) * size, row * size + top))
    order = np.argsort(stops, kind="stable")
    heights = np.concatenate((np.full(count, np.inf), height))[order].tolist()
    valleys = np.minimum.reduceat(rows.reshape(-1), stops[order]).tolist()
    left = _saddles(heights, [np.inf, *valleys[:-1]])
    right = _saddles([np.inf, *heights[::-1]], [np.inf, *valleys[::-1]])[:0:-1]
    higher = np.empty(stops.size)
    higher[order] = np.maximum(left, right)
    return np.asarray(height - higher[count:])


def _saddles(heights: list[float], valleys: list[float]) -> list[float]:
    """Lowest valley between each summit and the last higher one before it.

    ``valleys[i]`` lies before summit i; the first summit is a wall. Summits that are higher than
    all since wait on a stack, each with the lowest valley before it.
    """
    saddles: list[float] = []
    waiting: list[tuple[float, float]] = []
    for height, valley in zip(heights, valleys, strict=True):
        lowest = valley
        while waiting and waiting[-1][0] <= height:
            lowest = min(lowest, waiting.pop()[1])
        waiting.append((height, lowest))
        saddles.append(lowest)
    return saddles
