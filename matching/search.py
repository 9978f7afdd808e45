"""Search a whole library: correlation on the overlap, at every allowed shift.

The score is Pearson's correlation of square roots over the Raman shifts that both spectra cover,
maximised over small shifts of the query axis, less a penalty per cm-1 of shift. It runs from -1
to 1, 1 best. An inverted spectrum is not a match: the sign is kept.

Rows are zero where a reference has no data, so the product of a row with the scan inside its window
is the product over the overlap; only this product is bounded (`matching.index`) or rounded, means
and norms over the overlap are exact prefix sums. What is returned was scored in float64 in a fixed
order, whichever way it was found: scan and index give the same answer bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from matching.axis import COMMON_GRID
from matching.errors import MatrixError, QueryError
from matching.index import AnyFloat, Float32Array, Index, IntArray, Weights, hunt, weights
from matching.nearest import products, rounding
from matching.pipeline import Prepared
from matching.spectrum import FloatArray

AT_ONCE = 512  # rows read together: they stay in the cache
BLOCK = 32  # grid points between two stored prefix sums
PER_SUBSTANCE = 2  # references of one substance among the hits
FLAT = 1e-4  # share of a row's squares about its mean below which it counts as flat
WINDOWS = 4  # instrument axes whose sums are kept


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
class WindowSums:
    """What a search needs of every row over its overlap with one window of grid points.

    Parameters
    ----------
    kind : int32 array, shape (n,)
        Number of the row's overlap among the different ones.
    low, high : int64 arrays, shape (u,)
        The different overlaps, counted from the start of the window.
    total, power : float64 arrays, shape (n,)
        Sum of the row over its overlap; sum of squares about the mean.
    sound : bool array, shape (n,)
        False where the row is flat: it has no correlation and scores -1.
    weight, length : float32 arrays, shape (n,)
        One over the root of `power` (0 when flat), and the row's norm in these units.
    """

    kind: NDArray[np.int32]
    low: IntArray
    high: IntArray
    total: FloatArray
    power: FloatArray
    sound: NDArray[np.bool_]
    weight: Float32Array
    length: Float32Array


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
    index : Index, optional
        Of these rows; without it every search reads them all.
    windows : dict
        Filled by the search: what depends on rows and window only, for the last few windows.
    """

    rows: Float32Array
    first: IntArray
    end: IntArray
    sums: FloatArray
    squares: FloatArray
    substance: IntArray
    index: Index | None = None
    windows: dict[tuple[int, int], WindowSums] = field(default_factory=dict, repr=False)

    @property
    def size(self) -> int:
        """Number of references."""
        return int(self.rows.shape[0])

    def picked(self, rows: IntArray, start: int, stop: int) -> Float32Array:
        """Return a copy of rows over ``start <= i < stop``."""
        return np.ascontiguousarray(self.rows[rows, start:stop])


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
        row[item.first : item.end] = root / max(float(np.sqrt(np.sum(root * root))), 1e-300)
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
    scores = _Correlations(query, matrix, settings, top, allowed)
    found = hunt(scores, matrix.index)
    order = np.lexsort((found.rows, -found.values))
    order = order[_best_substances(matrix.substance[found.rows[order]], top)]
    shift = settings.shifts_cm1[found.which[order]]
    return Hits(found.rows[order], found.values[order], shift, scores.compared)


def _best_substances(substance: IntArray, top: int) -> IntArray:
    """Return places, at most two of each substance, until a substance is one too many."""
    taken: dict[int, int] = {}
    chosen = []
    for place, number in enumerate(substance.tolist()):
        if number not in taken and len(taken) == top:
            break
        taken[number] = taken.get(number, 0) + 1
        if taken[number] <= PER_SUBSTANCE:
            chosen.append(place)
    return np.array(chosen, dtype=np.int64)


class _Correlations:
    """The score of every row at its best shift, as `matching.index.hunt` wants it."""

    def __init__(
        self,
        query: Prepared,
        matrix: ReferenceMatrix,
        settings: SearchSettings,
        top: int,
        allowed: NDArray[np.bool_] | None,
    ) -> None:
        start, stop = _window(query, settings)
        self.matrix, self.width = matrix, stop - start
        self.part = slice(start, stop)
        self.substance, self.top, self.wanted = matrix.substance, top, top + 1
        self.sums = sums = row_sums(matrix, start, stop)
        self.moved = _moved(query, settings, stop - start)
        self.over = _over_overlaps(self.moved, sums)
        self.penalty = settings.penalty_per_cm1 * np.abs(settings.shifts_cm1)
        self.mean, self.scale = (x.astype(np.float32) for x in (self.over.mean, self.over.scale))
        overlap = (sums.high - sums.low) * COMMON_GRID.step_cm1 >= settings.least_overlap_cm1
        usable = overlap[sums.kind] if allowed is None else overlap[sums.kind] & allowed
        self.compared = int(np.count_nonzero(usable))
        self.offset = np.where(usable, np.where(sums.sound, 2e-6, 2e-6 - 1.0), -np.inf)
        self.offset = self.offset.astype(np.float32)

    @property
    def size(self) -> int:
        return self.matrix.size

    def projected(self, index: Index) -> Weights:
        return weights(index.basis[:, self.part], self.moved.queries)

    def ceiling(self, dots: Float32Array, part: slice | IntArray) -> Float32Array:
        sums, mean, scale = self.sums, self.mean, self.scale
        if mean.shape[1] > 1:  # rows with different overlaps: each its own means and norms
            kind = sums.kind[part]
            mean, scale = mean[:, kind], scale[:, kind]
        if mean.shape[1] > 1 or float(np.abs(mean).max()) > 1e-10:
            dots = dots - mean * sums.total[part].astype(np.float32)
        scores = dots * scale
        scores *= sums.weight[part]
        scores -= self.penalty.astype(np.float32)[:, None]
        return np.asarray(scores.max(axis=0) + self.offset[part])

    def slack(self, part: slice | IntArray) -> Float32Array:
        """Return what float32 may lose of the scores of a product with whole rows."""
        worst = self.scale.max(axis=0) * np.float32(rounding(self.width))
        return np.asarray(worst[self.sums.kind[part]] * self.sums.length[part])

    def scanned(self) -> Float32Array:
        bound = np.empty(self.size, dtype=np.float32)
        for part in parts_of(self.size):
            rows = self.matrix.rows[part, self.part]
            dots = self.moved.mixing @ (self.moved.grid @ rows.T)
            bound[part] = self.ceiling(dots, part) + self.slack(part)
        return bound

    def rough(self, block: Float32Array, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return scores of whole rows at every shift (m, s) and what they may be off, (m, 1)."""
        dots = (block @ self.moved.grid.T) @ self.moved.mixing.T
        scores = self.scored(dots.astype(np.float64), rows[:, None], np.arange(dots.shape[1]))
        return scores, np.asarray(self.slack(rows)[:, None] + 1e-9)

    def whole(self, rows: IntArray) -> Float32Array:
        """Return a copy of rows over the window of the search."""
        return self.matrix.picked(rows, self.part.start, self.part.stop)

    def between(self, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        scores, slack = self.rough(self.whole(rows), rows)
        return (scores - slack).max(axis=1), (scores + slack).max(axis=1)

    def exact(self, rows: IntArray) -> tuple[FloatArray, IntArray]:
        block = self.whole(rows)
        rough, slack = self.rough(block, rows)
        at, which = np.nonzero(rough + slack >= (rough - slack).max(axis=1, keepdims=True))
        values = np.full(rough.shape, -np.inf)
        found = products(block[at], self.moved.queries[which])
        values[at, which] = self.scored(found, rows[at], which)
        best = np.argmax(values, axis=1)
        return values[np.arange(rows.size), best], best

    def scored(self, dots: FloatArray, rows: IntArray, which: IntArray) -> FloatArray:
        """Turn dot products of rows and shifts (shapes that broadcast) into scores."""
        sums, over, kind = self.sums, self.over, self.sums.kind[rows]
        fit = over.known[which, kind] & sums.sound[rows]
        power = over.power[which, kind] * sums.power[rows]
        covariance = dots - over.mean[which, kind] * sums.total[rows]
        score = np.where(fit, covariance / np.sqrt(np.where(fit, power, 1.0)), -1.0)
        return score - self.penalty[which]

    def floor(self, rows: IntArray, low: AnyFloat) -> float:
        order = np.argsort(-low)
        _, first = np.unique(self.substance[rows[order]], return_index=True)
        if first.size <= self.top:
            return -np.inf
        return float(low[order[np.sort(first)[self.top]]])


def _window(query: Prepared, settings: SearchSettings) -> tuple[int, int]:
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
    return start, stop


@dataclass(frozen=True, eq=False, slots=True)
class _Moved:
    """The query at every shift, inside the window of m grid points.

    `plain` (s, m) float64, and `queries`, the same about its mean. Shifts between grid points are
    interpolated, so all are mixtures, `mixing` (s, g) float32, of few whole steps, `grid` (g, m)
    float32, about their means: products with these give products with all.
    """

    plain: FloatArray
    queries: FloatArray
    mixing: Float32Array
    grid: Float32Array


def _moved(query: Prepared, settings: SearchSettings, size: int) -> _Moved:
    steps = settings.shifts_cm1 / COMMON_GRID.step_cm1
    reach = int(np.ceil(np.abs(steps).max()))
    margin = reach + (query.end - query.first - size) // 2
    padded = np.pad(query.root, reach, mode="edge")
    grid = np.array([padded[margin - k : margin - k + size] for k in range(-reach, reach + 1)])
    about = grid - grid.mean(axis=1, keepdims=True)
    unit = 1.0 / max(float(np.sqrt((about * about).sum(axis=1).max())), 1e-150)
    upper = np.ceil(steps).astype(np.int64)
    share = upper - steps
    place, number = upper + reach, np.arange(steps.size)
    below = np.maximum(place - 1, 0)
    mixing = np.zeros((steps.size, grid.shape[0]), dtype=np.float32)
    mixing[number, place] = 1.0 - share
    mixing[number, below] += share
    plain = (1.0 - share)[:, None] * grid[place] + share[:, None] * grid[below]
    plain *= unit
    queries = plain - plain.mean(axis=1, keepdims=True)
    return _Moved(plain, queries, mixing, (about * unit).astype(np.float32))


@dataclass(frozen=True, eq=False, slots=True)
class _Overlaps:
    """The query at every shift over every different overlap, each array of shape (s, u).

    Its mean, its sum of squares about it, one over the root of that, and whether it is not flat.
    """

    mean: FloatArray
    power: FloatArray
    scale: FloatArray
    known: NDArray[np.bool_]


def _over_overlaps(moved: _Moved, sums: WindowSums) -> _Overlaps:
    def over(values: FloatArray) -> FloatArray:
        running = np.zeros((values.shape[0], values.shape[1] + 1))
        np.cumsum(values, axis=1, out=running[:, 1:])
        return running[:, sums.high] - running[:, sums.low]

    count = np.maximum(sums.high - sums.low, 1)
    mean = over(moved.queries) / count
    power = np.maximum(over(moved.queries**2) - count * mean**2, 0.0)
    known = power > 1e-9 * over(moved.plain**2)
    scale = np.where(known, 1.0 / np.sqrt(np.where(known, power, 1.0)), 0.0)
    return _Overlaps(mean, power, scale, known)


def window_sums(matrix: ReferenceMatrix, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
    """Return each row's sum and sum of squares over ``start <= i < stop``, each shape (n,)."""
    first_block, last_block = -(-start // BLOCK), stop // BLOCK
    if first_block > last_block:
        total, square = _sums_read(matrix, (slice(start, stop),))[0]
        return total, square
    left, right = slice(start, first_block * BLOCK), slice(last_block * BLOCK, stop)
    read = _sums_read(matrix, (left, right))
    total = matrix.sums[last_block] - matrix.sums[first_block]
    square = matrix.squares[last_block] - matrix.squares[first_block]
    return total + read[0, 0] + read[1, 0], square + read[0, 1] + read[1, 1]


def _sums_read(matrix: ReferenceMatrix, ranges: Sequence[slice]) -> FloatArray:
    """Return sum and sum of squares of each row over some ranges, shape (ranges, 2, n).

    From the rows themselves, which are read once, some at a time.
    """
    found = np.zeros((len(ranges), 2, matrix.size))
    wanted = [one for one in ranges if one.start < one.stop]
    if not wanted:
        return found
    for rows in parts_of(matrix.size):
        block = matrix.rows[rows]
        for place, columns in enumerate(ranges):
            part = block[:, columns].astype(np.float64)
            found[place, :, rows] = part.sum(axis=1), (part * part).sum(axis=1)
    return found


def parts_of(size: int) -> Iterator[slice]:
    """Cut so many rows into parts of `AT_ONCE`."""
    return (slice(start, min(start + AT_ONCE, size)) for start in range(0, size, AT_ONCE))


def row_sums(matrix: ReferenceMatrix, start: int, stop: int) -> WindowSums:
    """Return what a search in the window ``start <= i < stop`` needs of every row (remembered)."""
    found = matrix.windows.get((start, stop))
    if found is not None:
        return found
    low = np.clip(matrix.first, start, stop) - start
    high = np.maximum(np.clip(matrix.end, start, stop) - start, low)
    pairs, kind = np.unique(low * (COMMON_GRID.size + 1) + high, return_inverse=True)
    lows, highs = np.divmod(pairs, COMMON_GRID.size + 1)
    total, square = window_sums(matrix, start, stop)
    if not np.isfinite(square).all():
        raise MatrixError("a reference row is not finite", "", "restore or rebuild the library")
    power = np.maximum(square - total**2 / np.maximum(high - low, 1), 0.0)
    sound = power > FLAT * square
    weight = np.where(sound, 1.0 / np.sqrt(np.where(sound, power, 1.0)), 0.0)
    found = WindowSums(
        kind=kind.astype(np.int32),
        low=lows,
        high=highs,
        total=total,
        power=power,
        sound=sound,
        weight=weight.astype(np.float32),
        length=(weight * np.sqrt(square)).astype(np.float32),
    )
    if len(matrix.windows) >= WINDOWS:
        matrix.windows.clear()
    matrix.windows[start, stop] = found
    return found
