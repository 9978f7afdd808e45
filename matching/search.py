"""Search a whole library: correlation on the overlap, at every allowed shift.

The score is Pearson's correlation of square roots over the Raman shifts that both spectra cover,
maximised over small shifts of the query axis, less a penalty per cm-1 of shift. It runs from -1
to 1, 1 best. An inverted spectrum is not a match: the sign is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.axis import COMMON_GRID, shifted
from matching.errors import QueryError
from matching.pipeline import Prepared
from matching.spectrum import FloatArray

BLOCK = 32  # grid points between two stored prefix sums
PER_SUBSTANCE = 2  # references of one substance among the hits
Float32Array = NDArray[np.float32]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How the axis may move and how much must overlap.

    Parameters
    ----------
    reach_cm1 : float
        Largest shift of the query axis tried, in cm-1, to both sides.
    step_cm1 : float
        Step of the shifts in the scan of the whole library.
    penalty_per_cm1 : float
        Taken off the score for every cm-1 of shift.
    least_overlap_cm1 : float
        References with less in common with the query are not compared.
    """

    reach_cm1: float = 8.0
    step_cm1: float = 1.0
    penalty_per_cm1: float = 0.002
    least_overlap_cm1: float = 400.0

    @property
    def shifts_cm1(self) -> FloatArray:
        """Shifts tried, in cm-1, shape (s,)."""
        count = round(self.reach_cm1 / self.step_cm1)
        return self.step_cm1 * np.arange(-count, count + 1, dtype=np.float64)


@dataclass(frozen=True, eq=False, slots=True)
class ReferenceMatrix:
    """The references of a library on the common grid.

    Parameters
    ----------
    rows : float32 array, shape (n, grid.size)
        Square roots of the cleaned references; zero where a reference has no data.
    first, end : int64 arrays, shape (n,)
        Covered grid points of each row.
    sums, squares : float64 arrays, shape (blocks + 1, n)
        Prefix sums of each row and of its squares at every 32nd grid point.
    substance : int64 array, shape (n,)
        Number of the substance of each row; rows of one substance share it.
    """

    rows: Float32Array
    first: IntArray
    end: IntArray
    sums: FloatArray
    squares: FloatArray
    substance: IntArray

    @property
    def size(self) -> int:
        """Number of references."""
        return int(self.rows.shape[0])


def prefix_sums(rows: Float32Array) -> tuple[FloatArray, FloatArray]:
    """Return prefix sums of rows and of their squares at block edges, each (blocks + 1, n)."""
    starts = np.arange(0, rows.shape[1], BLOCK)
    wide = rows.astype(np.float64)
    parts = np.add.reduceat(wide, starts, axis=1)
    squares = np.add.reduceat(wide * wide, starts, axis=1)
    zero = np.zeros((1, rows.shape[0]))
    return (
        np.concatenate((zero, np.cumsum(parts, axis=1).T)),
        np.concatenate((zero, np.cumsum(squares, axis=1).T)),
    )


def reference_matrix(prepared: Sequence[Prepared], substance: Sequence[int]) -> ReferenceMatrix:
    """Lay prepared references out as a matrix (rows in the order given).

    Parameters
    ----------
    prepared : sequence of Prepared
        The cleaned references.
    substance : sequence of int
        Number of the substance of each.
    """
    rows = np.zeros((len(prepared), COMMON_GRID.size), dtype=np.float32)
    for row, item in zip(rows, prepared, strict=True):
        root = item.root
        row[item.first : item.end] = root / max(float(np.linalg.norm(root)), 1e-300)
    sums, squares = prefix_sums(rows)
    first = np.array([item.first for item in prepared], dtype=np.int64)
    end = np.array([item.end for item in prepared], dtype=np.int64)
    numbers = np.array(substance, dtype=np.int64)
    return ReferenceMatrix(rows, first, end, sums, squares, numbers)


@dataclass(frozen=True, eq=False, slots=True)
class Hits:
    """Best references, best first; ties in library order.

    `row` (k,) are rows of the matrix, `score` (k,) and `shift_cm1` (k,) as in the module text;
    `compared` counts the references with enough overlap.
    """

    row: IntArray
    score: FloatArray
    shift_cm1: FloatArray
    compared: int


def search(
    query: Prepared,
    matrix: ReferenceMatrix,
    settings: SearchSettings,
    top: int,
    allowed: NDArray[np.bool_] | None = None,
) -> Hits:
    """Return the best references of the `top` substances by correlation of square roots.

    The window is the query's range less the largest shift, so that every shift compares the same
    points. Means and norms are taken over the overlap of window and reference only (prefix sums
    at block edges plus the fringe), so the score is the exact correlation on the overlap.

    Parameters
    ----------
    query : Prepared
        The cleaned scan.
    matrix : ReferenceMatrix
        The library.
    settings : SearchSettings
        Shifts and least overlap.
    top : int
        Number of substances wanted, each with at most its two best references: many entries of
        one substance must not hide its rivals.
    allowed : array of bool, shape (n,), optional
        References that may be found; all when left out.

    Returns
    -------
    Hits
        Fewer when fewer references overlap enough.

    Raises
    ------
    QueryError
        When the query itself is shorter than the least overlap.
    """
    shifts = settings.shifts_cm1
    start, stop, moved = _window(query, settings)
    low = np.clip(matrix.first, start, stop)
    high = np.maximum(np.clip(matrix.end, start, stop), low)
    count = (high - low).astype(np.float64)
    usable = count * COMMON_GRID.step_cm1 >= settings.least_overlap_cm1
    if allowed is not None:
        usable &= allowed
    dots = matrix.rows[:, start:stop] @ moved.T.astype(np.float32)
    scores = _correlations(dots.astype(np.float64), moved, matrix, (start, stop), (low, high))
    scores -= settings.penalty_per_cm1 * np.abs(shifts)
    best = np.argmax(scores, axis=1)
    value = np.where(usable, scores[np.arange(matrix.size), best], -np.inf)
    order = _best_substances(value, matrix.substance, int(usable.sum()), top)
    return Hits(order, value[order], shifts[best[order]], int(usable.sum()))


def _best_substances(value: FloatArray, substance: IntArray, usable: int, top: int) -> IntArray:
    order = np.argsort(-value, kind="stable")[:usable]
    taken: dict[int, int] = {}
    chosen = []
    for row in order.tolist():
        number = int(substance[row])
        if number not in taken and len(taken) == top:
            break
        taken[number] = taken.get(number, 0) + 1
        if taken[number] <= PER_SUBSTANCE:
            chosen.append(row)
    return np.array(chosen, dtype=np.int64)


def _window(query: Prepared, settings: SearchSettings) -> tuple[int, int, FloatArray]:
    margin = int(np.ceil(settings.reach_cm1 / COMMON_GRID.step_cm1))
    start, stop = query.first + margin, query.end - margin
    if (stop - start) * COMMON_GRID.step_cm1 < settings.least_overlap_cm1:
        low, high = query.range_cm1
        raise QueryError(
            f"the spectrum covers only {low:.0f}-{high:.0f} cm-1; "
            f"{settings.least_overlap_cm1:.0f} cm-1 are needed to compare",
            "",
            "measure a wider range",
        )
    moved = shifted(query.root, settings.shifts_cm1, COMMON_GRID.step_cm1)
    moved = moved[:, margin : moved.shape[1] - margin]
    return start, stop, moved / max(float(np.linalg.norm(moved[0])), 1e-300)


def _correlations(
    dots: FloatArray,
    moved: FloatArray,
    matrix: ReferenceMatrix,
    window: tuple[int, int],
    overlap: tuple[IntArray, IntArray],
) -> FloatArray:
    """Turn dot products (n, s) into correlations on each row's overlap with the window."""
    low, high = overlap[0] - window[0], overlap[1] - window[0]
    count = np.maximum(high - low, 1).astype(np.float64)[:, None]
    zero = np.zeros((moved.shape[0], 1))
    sums = np.concatenate((zero, np.cumsum(moved, axis=1)), axis=1)
    squares = np.concatenate((zero, np.cumsum(moved * moved, axis=1)), axis=1)
    query_sum = (sums[:, high] - sums[:, low]).T
    query_square = (squares[:, high] - squares[:, low]).T
    row_sum, row_square = window_sums(matrix, *window)
    covariance = dots - row_sum[:, None] * query_sum / count
    query_power = query_square - query_sum**2 / count
    row_power = (row_square - row_sum**2 / count[:, 0])[:, None]
    power = np.maximum(query_power, 0.0) * np.maximum(row_power, 0.0)
    enough = (query_power > 1e-9 * query_square) & (row_power > 1e-4 * row_square[:, None])
    safe = np.where(power > 0, power, 1.0)
    return np.where(enough & (power > 0), covariance / np.sqrt(safe), -1.0)


def window_sums(matrix: ReferenceMatrix, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
    """Return each row's sum and sum of squares over ``start <= i < stop``, each shape (n,)."""
    first_block, last_block = -(-start // BLOCK), stop // BLOCK
    if first_block > last_block:
        part = matrix.rows[:, start:stop].astype(np.float64)
        return part.sum(axis=1), (part * part).sum(axis=1)
    left = matrix.rows[:, start : first_block * BLOCK].astype(np.float64)
    right = matrix.rows[:, last_block * BLOCK : stop].astype(np.float64)
    total = matrix.sums[last_block] - matrix.sums[first_block]
    square = matrix.squares[last_block] - matrix.squares[first_block]
    total = total + left.sum(axis=1) + right.sum(axis=1)
    square = square + (left * left).sum(axis=1) + (right * right).sum(axis=1)
    return total, square
