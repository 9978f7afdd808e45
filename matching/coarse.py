"""Coarse spectra of references: broad enough that neither instrument nor small shift matters much.

A square root is broadened, what is broader still is taken off, and a few grid points are averaged.
What is left are the places of bands at one resolution for all instruments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.axis import COMMON_GRID
from matching.preprocess.scale import gaussian_broadened
from matching.search import ReferenceMatrix
from matching.spectrum import FloatArray

BROADENED_CM1 = 16.0  # width (FWHM) added to every spectrum
SMOOTH_CM1 = 100.0  # what is broader than this (FWHM) is taken off
CELL = 4  # grid points averaged to one cell
CELLS = COMMON_GRID.size // CELL
AT_ONCE = 256  # rows worked on together

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Coarse:
    """The coarse spectra of a library.

    Parameters
    ----------
    plain, moved : float32 arrays, shape (n, CELLS)
        Coarse square roots, and the same moved by half a cell to larger Raman shifts; zero where
        nothing was measured.
    power : float64 array, shape (n, CELLS + 1)
        Prefix sums of the squares of `plain`.
    first, end : int64 arrays, shape (n,)
        Covered cells are ``first <= i < end`` (cells at the ends may be covered in part).
    """

    plain: NDArray[np.float32]
    moved: NDArray[np.float32]
    power: FloatArray
    first: IntArray
    end: IntArray

    def at(self, part: slice | IntArray) -> Coarse:
        """Return some of the rows."""
        return Coarse(
            self.plain[part], self.moved[part], self.power[part], self.first[part], self.end[part]
        )


def common_power(one: Coarse, rows: IntArray, other: Coarse) -> tuple[FloatArray, FloatArray]:
    """Return the power of both sides where the other was measured.

    Few ranges are different in a library, so each is looked up once.

    Returns
    -------
    mine, theirs : arrays, shape (r, n)
        Of `rows` within the range of each of the n others, and the other way round; axes along
        which all are equal may have length 1.
    """
    return _within(one.power[rows], other), _within(other.power, one, rows).T


def _within(power: FloatArray, ranges: Coarse, rows: IntArray | None = None) -> FloatArray:
    """Return the power of spectra, (a, CELLS + 1) sums, within the ranges of others: (a, b)."""
    spans = ranges.first * (CELLS + 1) + ranges.end
    different, kind = np.unique(spans if rows is None else spans[rows], return_inverse=True)
    first, end = np.divmod(different, CELLS + 1)
    found = power[:, end] - power[:, first]
    return np.asarray(found if different.size == 1 else found[:, kind])


def coarse_correlation(one: Coarse, rows: IntArray, other: Coarse) -> FloatArray:
    """Return the best coarse correlation of some rows with all of another set, shape (r, n).

    Moves by 0, 4 and 8 cm-1 to both sides are tried; norms are taken where both were measured,
    and a pair without a common range correlates with 0.
    """
    plain, moved = one.plain[rows], one.moved[rows]
    best = plain @ other.plain.T
    np.maximum(best, moved @ other.plain.T, out=best)
    np.maximum(best, plain @ other.moved.T, out=best)
    np.maximum(best, plain[:, 1:] @ other.plain[:, :-1].T, out=best)
    np.maximum(best, plain[:, :-1] @ other.plain[:, 1:].T, out=best)
    mine, theirs = common_power(one, rows, other)
    power = np.clip(mine, 0.0, None) * np.clip(theirs, 0.0, None)
    return np.asarray(np.where(power > 0, best / np.sqrt(np.where(power > 0, power, 1.0)), 0.0))


def cell_centres_cm1() -> FloatArray:
    """Return the Raman shift of the middle of every cell in cm-1, shape (CELLS,)."""
    return np.asarray(COMMON_GRID.values[: CELLS * CELL].reshape(CELLS, CELL).mean(axis=1))


def coarse_root(root: FloatArray, first: int) -> FloatArray:
    """Return one square root on covered grid points from `first` on as cells, shape (CELLS,)."""
    whole = np.zeros((1, COMMON_GRID.size))
    whole[0, first : first + root.size] = _sharp(root[None, :])
    return np.asarray(_cells(whole)[0], dtype=np.float64)


def coarse(matrix: ReferenceMatrix) -> Coarse:
    """Return the coarse spectra of all references, n rows, in blocks of rows."""
    plain = np.zeros((matrix.size, CELLS), dtype=np.float32)
    moved = np.zeros_like(plain)
    spans = np.stack((matrix.first, matrix.end), axis=1)
    for first, end in np.unique(spans, axis=0).tolist():
        same = np.flatnonzero((spans == (first, end)).all(axis=1))
        for start in range(0, same.size, AT_ONCE):
            rows = same[start : start + AT_ONCE]
            whole = np.zeros((rows.size, COMMON_GRID.size))
            whole[:, first:end] = _sharp(matrix.picked(rows, first, end).astype(np.float64))
            plain[rows] = _cells(whole)
            moved[rows] = _cells(np.roll(whole, CELL // 2, axis=1))
    power = np.zeros((matrix.size, CELLS + 1))
    np.cumsum(plain.astype(np.float64) ** 2, axis=1, out=power[:, 1:])
    return Coarse(plain, moved, power, matrix.first // CELL, -(-matrix.end // CELL))


def _cells(rows: FloatArray) -> FloatArray:
    inside = rows[:, : CELLS * CELL]
    return np.asarray(sum(inside[:, first::CELL] for first in range(CELL)) / CELL)


def _sharp(roots: FloatArray) -> FloatArray:
    """Broaden roots, shape (r, m), and take off what is broader still."""
    step = COMMON_GRID.step_cm1
    broad = gaussian_broadened(roots, BROADENED_CM1 / step)
    return np.asarray(broad - gaussian_broadened(broad, SMOOTH_CM1 / step))
