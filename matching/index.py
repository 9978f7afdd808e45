"""An index over a matrix of references: finds the best rows while reading a few per cent of them.

A row l and a query q are written in one orthonormal basis V (principal directions of the rows):
``l = V'a + r`` and ``q = V'b + s``. Cut the coefficients into blocks B; then by Cauchy and Schwarz

    l.q  <=  sum_j<64 a_j b_j  +  sum_B |a_B| |b_B|  +  |r| |s|                         (level 1)

and with 64 more coefficients in place of their block norms a tighter one (level 2). One small
product over 70 or 136 stored numbers a row therefore bounds every score from above. The rows with
the largest bounds are read: their float32 products, less what rounding may add, set a floor, the
k-th best of them, and a row whose bound lies below the floor cannot be in the answer. What remains
is read best bound first, until the next bound is below the floor; only the few rows that can be in
the answer are scored in float64 in the end. When too much remains, the whole matrix is scanned: the
product with all rows is then one more, very tight bound, and the same steps follow.

Why rounding cannot lose a row. Rows: V is orthonormal to 1e-12 (float64, checked when built), a is
rounded once to float32; |r|^2 = |l|^2 - |a|^2 is given 1e-9 |l|^2. Queries: b is a float32 product
with V and q rounded to float32, so each coefficient is off by at most (d + 4) u |q|, u = 2**-24
(Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1: n terms in any order
lose at most n u times the sum of the absolute products), and all r of them together by at most
e |q|, e = (d + 4) u sqrt(r). With b in place of the true coefficients, the bound is off by at most
e |l||q| (Cauchy and Schwarz), and |s|^2 by at most (2 + e) e |q|^2; both are added. The float32
product of a level has at most 138 terms: 138 u |l||q| likewise; with the rounding of a and b less
than 1e-5 |l||q| in all, and ``MARGIN`` |l||q| is added to every bound. Norms of rows are rounded up
by 8 u, enough for those of the query, too. A float32 product of whole rows is given
`matching.nearest.rounding`. Numbers too small for float32 are covered by adding ``TINY`` to |l|.
Every score returned is a float64 product summed by NumPy's pairwise sum over one contiguous row,
which no BLAS kernel and no SIMD width changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from matching.errors import MatrixError
from matching.spectrum import FloatArray

Float32Array = NDArray[np.float32]
IntArray = NDArray[np.int64]
AnyFloat = NDArray[np.floating[Any]]

EDGES = (64, 96, 128, 192, 256)  # where the blocks of coefficients begin; the last: directions
OUTER, INNER = 4, 2  # rows of norms before the first and before the second level's coefficients
SCAN_BELOW = 6_000  # rows; fewer are read as fast as an index over them
MARGIN = 1e-4
TINY = 1e-30
LEAST = float(np.finfo(np.float32).min)  # the smallest finite bound
UNIT = 2.0**-24  # relative rounding error of float32
BEYOND = 0.5  # share of a query's power in no direction above which it is hopeless, if moreover
REST = 0.07  # more than this share of the rows' norms is in no direction
HOPELESS = 0.8  # share of rows left by level 1 above which level 2 is not tried
SCAN_ABOVE = 0.05  # share of rows left above which reading all is faster than picking
READ_BELOW = 64  # rows left by level 1 below which level 2 costs more than it saves
PICK_BELOW = 0.25  # share of rows left below which level 2 is read for these rows only
BATCH = 1024  # rows scored exactly in one go
SAMPLE = 20_000  # rows that the principal directions are taken from


@dataclass(frozen=True, eq=False, slots=True)
class Index:
    """Coefficients of every row along principal directions, and norms of what they leave out.

    Parameters
    ----------
    basis : float32 array, shape (r, d)
        Orthonormal principal directions, rounded, strongest first; r = 0: no levels, only norms.
    first : float32 array, shape (6 + min(r, 64), n)
        By rows: |l|; norms of coefficients 128-191, of 192-255, of the rest; coefficients 0-63;
        norms of coefficients 64-95 and 96-127. Transposed, because all of it is read.
    second : float32 array, shape (n, 2 + coefficients)
        By columns: the last two norms again; coefficients 64-127. Read for few rows.
    """

    basis: Float32Array
    first: Float32Array
    second: Float32Array

    @property
    def size(self) -> int:
        """Number of rows."""
        return int(self.first.shape[1])

    @property
    def norms(self) -> Float32Array:
        """Norms of the rows, rounded up, shape (n,)."""
        return np.asarray(self.first[0])


def level_sizes(directions: int) -> tuple[int, int]:
    """Return how many numbers a row has in the first and in the second level."""
    first, second = min(directions, EDGES[0]), min(directions, EDGES[2])
    return OUTER + first + INNER, INNER + second - first


def build_index(rows: Float32Array, directions: int | None = None) -> Index:
    """Build an index over any matrix.

    Parameters
    ----------
    rows : float32 array, shape (n, d)
        One reference a row.
    directions : int, optional
        Principal directions to keep, at most 256 and d; by default all of these from
        `SCAN_BELOW` rows on, none (norms only) below.

    Raises
    ------
    MatrixError
        When a value is not finite or a row's norm exceeds 1e30.
    """
    count, width = rows.shape
    if directions is None:
        directions = EDGES[-1] if count >= SCAN_BELOW else 0
    basis = np.zeros((0, width))
    if directions:
        basis = principal_directions(rows, min(directions, EDGES[-1], width))
    first, second = levels_of_rows(rows, basis)
    return Index(basis.astype(np.float32), first, second)


def levels_of_rows(rows: Float32Array, basis: FloatArray) -> tuple[Float32Array, Float32Array]:
    """Return both levels (`Index.first`, `Index.second`) of rows in a basis that is there.

    Rows that the basis was not made from are as safe: their bounds hold in any orthonormal basis,
    only the norms of what it leaves out are larger.

    Parameters
    ----------
    rows : float32 array, shape (n, d)
        The rows.
    basis : float64 array, shape (r, d)
        Orthonormal directions to 1e-12, not rounded.

    Raises
    ------
    MatrixError
        When a value is not finite or a row's norm exceeds 1e30.
    """
    count = rows.shape[0]
    heights = level_sizes(basis.shape[0])
    first = np.empty((heights[0], count), dtype=np.float32)
    second = np.empty((count, heights[1]), dtype=np.float32)
    for start in range(0, count, 4096):
        part = slice(start, start + 4096)
        wide = rows[part].astype(np.float64)
        found = wide @ basis.T
        norms = _norms(found, wide, 1e-9) * (1.0 + 8.0 * UNIT) + TINY
        outer, second[part] = _levels(found, norms)
        first[:, part] = outer.T
    if not (first[0] <= 1e30).all():
        raise _not_numbers()
    return first, second


def rest_share(first: Float32Array) -> float:
    """Return the mean share of the rows' norms that no direction holds, from the first level."""
    norms = np.asarray(first[[0, OUTER - 1]], dtype=np.float64)
    return float(np.mean(norms[1] / norms[0])) if norms.size else 0.0


def principal_directions(rows: Float32Array, count: int) -> FloatArray:
    """Return the strongest principal directions without centring, shape (count or n, d).

    From at most `SAMPLE` evenly spaced rows; any orthonormal set keeps the index exact.
    """
    chosen = rows[:: -(-rows.shape[0] // SAMPLE)]
    if not np.isfinite(chosen).all():
        raise _not_numbers()
    if chosen.shape[0] < rows.shape[1]:
        vectors = np.linalg.svd(chosen.astype(np.float64), full_matrices=False)[2]
    else:
        gram = np.zeros((rows.shape[1], rows.shape[1]))
        for start in range(0, chosen.shape[0], 2048):
            part = chosen[start : start + 2048].astype(np.float64)
            gram += part.T @ part
        vectors = np.linalg.eigh(gram / max(float(np.trace(gram)), 1e-300))[1].T[::-1]
    basis = np.ascontiguousarray(vectors[:count])
    if not np.allclose(basis @ basis.T, np.eye(basis.shape[0]), rtol=0.0, atol=1e-12):
        raise MatrixError("its principal directions could not be found", "", "report this library")
    return basis


def _not_numbers() -> MatrixError:
    return MatrixError(
        "a reference row holds values that are not finite or too large",
        "",
        "build the library again from its spectra",
    )


def _norms(found: FloatArray, values: FloatArray, lost: float) -> FloatArray:
    """Return norms (m, 6) of values (m, d) with these coefficients (m, r).

    Of what no direction holds, given the share of power that rounding may have taken from it; of
    coefficients 64-95, 96-127, 128-191, 192-255; of all.
    """
    norms = np.zeros((found.shape[0], len(EDGES) + 1))
    starts = [start for start in (0, *EDGES) if start < found.shape[1]]
    if starts:
        np.add.reduceat(found * found, starts, axis=1, out=norms[:, : len(starts)])
    whole = np.add.reduce(values * values, axis=1)
    rest = whole * (1.0 + lost) - np.add.reduce(norms, axis=1)
    norms[:, 0] = np.maximum(rest, 0.0)  # below 0 only for numbers too small for float32
    norms[:, -1] = whole
    return np.asarray(np.sqrt(norms, out=norms))


def _levels(found: FloatArray, norms: FloatArray) -> tuple[Float32Array, Float32Array]:
    """Return the numbers of both levels as described at `Index`, by rows."""
    inside = min(found.shape[1], EDGES[0])
    edge = OUTER + inside + INNER
    both = np.empty((found.shape[0], sum(level_sizes(found.shape[1]))), dtype=np.float32)
    both[:, 0] = norms[:, -1]
    both[:, 1:3] = norms[:, 3:5]
    both[:, 3] = norms[:, 0]
    both[:, OUTER : edge - INNER] = found[:, :inside]
    both[:, edge - INNER : edge] = norms[:, 1:3]
    both[:, edge : edge + INNER] = norms[:, 1:3]
    both[:, edge + INNER :] = found[:, EDGES[0] : EDGES[2]]
    return both[:, :edge], both[:, edge:]


@dataclass(frozen=True, eq=False, slots=True)
class Weights:
    """What both levels of an index are multiplied with, shapes (s, first) and (s, second).

    `beyond` is the largest share of a query's power that no direction holds, 0 to 1: noise.
    """

    first: Float32Array
    second: Float32Array
    beyond: float


def weights(basis: Float32Array, queries: FloatArray) -> Weights:
    """Project queries, shape (s, w), of norm at most 1, on the w columns of a basis they cover."""
    found = (queries.astype(np.float32) @ basis.T).astype(np.float64)
    lost = (basis.shape[1] + 4) * UNIT * basis.shape[0] ** 0.5
    norms = _norms(found, queries, (2.0 + lost) * lost + 1e-9)
    first, second = _levels(found, norms)
    first[:, 0] = MARGIN + lost
    second[:, :INNER] *= -1.0  # in place of these norms, which level 1 added, come coefficients
    beyond = max(line[0] / max(line[-1], TINY) for line in norms.tolist())
    return Weights(first, second, beyond**2)


class Scores(Protocol):
    """A score of every row that grows with its dot products: what `hunt` asks of it."""

    @property
    def size(self) -> int:
        """Number of rows."""

    @property
    def wanted(self) -> int:
        """How many rows the answer is expected to hold."""

    def projected(self, index: Index) -> Weights:
        """Return what the levels of the index are multiplied with."""

    def ceiling(self, dots: Float32Array, part: slice | IntArray) -> Float32Array:
        """Return upper bounds (c,) of the scores of `part` from those of its products (s, c)."""

    def scanned(self) -> Float32Array:
        """Return upper bounds (n,) of all scores from the product with every row."""

    def between(self, rows: IntArray) -> tuple[AnyFloat, AnyFloat]:
        """Return tight lower and upper bounds (m,) of the scores of rows, by reading these."""

    def floor(self, rows: IntArray, low: AnyFloat) -> float:
        """Return the score below which no other row is in the answer; -inf if not known yet."""

    def exact(self, rows: IntArray) -> tuple[FloatArray, IntArray]:
        """Return float64 scores of rows, and which query gave them."""


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """Rows that may be in the answer, their exact scores and best queries, each shape (m,)."""

    rows: IntArray
    values: FloatArray
    which: IntArray


def limit(floor: float) -> float:
    """Return a number that is below a floor also when rounded to float32, to compare bounds with.

    Finite also without a floor: a bound of -inf marks a row that is read or not wanted.
    """
    return max(floor - 2.0 * UNIT * (abs(floor) + TINY), LEAST)


class Known:
    """Rows read so far and the floor they set; local to one search."""

    def __init__(self, scores: Scores) -> None:
        self.scores = scores
        self.rows: IntArray = np.zeros(0, dtype=np.int64)
        self.low: AnyFloat = np.zeros(0)
        self.high: AnyFloat = self.low
        self.floor = -np.inf
        self.limit = limit(self.floor)

    def add(self, rows: IntArray) -> None:
        """Read rows and raise the floor."""
        for start in range(0, rows.size, BATCH):
            part = rows[start : start + BATCH]
            low, high = self.scores.between(part)
            if self.rows.size:
                kept = self.high >= self.limit
                part = np.concatenate((self.rows[kept], part))
                low = np.concatenate((self.low[kept], low))
                high = np.concatenate((self.high[kept], high))
            self.rows, self.low, self.high = part, low, high
            self.floor = max(self.floor, self.scores.floor(part, low))
            self.limit = limit(self.floor)

    def seed(self, bound: Float32Array, rows: IntArray | None = None) -> None:
        """Read rows with large bounds until there is a floor; their bounds become -inf.

        `rows` are those that have these bounds; all when left out.
        """
        count = 2 * self.scores.wanted + 16
        place = highest(bound, count)
        while place.size:
            self.add(place if rows is None else rows[place])
            bound[place] = -np.inf
            if self.floor > -np.inf:
                break
            count *= 8
            place = highest(bound, count)

    def finish(self, rows: IntArray, bound: Float32Array) -> None:
        """Read what may still be wanted of rows with these bounds, largest first."""
        kept = bound >= self.limit
        rows, bound = rows[kept], bound[kept]
        start, size = 0, BATCH // 8
        if rows.size > size:
            order = np.argsort(-bound)
            rows, bound = rows[order], bound[order]
        while start < rows.size and bound[start] >= self.limit:
            self.add(rows[start : start + size])
            start, size = start + size, min(2 * size, BATCH)

    def scored(self) -> Found:
        """Score exactly what is left."""
        rows = self.rows[self.high >= self.floor]
        values, which = np.empty(rows.size), np.empty(rows.size, dtype=np.int64)
        for start in range(0, rows.size, BATCH):
            part = slice(start, start + BATCH)
            values[part], which[part] = self.scores.exact(rows[part])
        return Found(rows, values, which)


def highest(bound: Float32Array, count: int) -> IntArray:
    """Return about `count` rows with large finite bounds, shape (m,); not always the largest.

    Those at or above the `count`-th of the maxima of every 2048th row and so on: no sorting.
    All rows with a bound when there are not more than `count`; never more than four times it.
    """
    if bound.size <= count:
        return np.asarray((bound >= LEAST).nonzero()[0])
    height = bound.size // max(2048, 8 * count)
    best = bound
    if height > 1:
        best = bound[: bound.size // height * height].reshape(height, -1).max(axis=0)
    least = np.partition(best, best.size - count)[best.size - count]
    return np.asarray((bound >= max(float(least), LEAST)).nonzero()[0][: 4 * count])


def hunt(scores: Scores, index: Index | None) -> Found:
    """Score every row exactly that can be in the answer, and a few more.

    Parameters
    ----------
    scores : Scores
        The score, its bounds and its floor.
    index : Index or None
        Without an index, or one without levels, the whole matrix is scanned.

    Returns
    -------
    Found
        Holds every row of the answer.
    """
    known = Known(scores)
    few = scores.wanted <= SCAN_ABOVE * scores.size
    if index is None or not index.basis.shape[0] or not few or not _pruned(known, index):
        bound = scores.scanned()
        bound[known.rows] = -np.inf
        known.seed(bound)
        left = np.flatnonzero(bound >= known.limit)
        known.finish(left, bound[left])
    return known.scored()


def _pruned(known: Known, index: Index) -> bool:
    """Try to finish by the index's bounds; False when reading the whole matrix is faster."""
    scores = known.scores
    factors = scores.projected(index)
    if factors.beyond > BEYOND and _rest(index) > REST:
        return False
    dots = np.empty((factors.first.shape[0], index.size), dtype=np.float32)
    bound = np.empty(index.size, dtype=np.float32)
    for part in pieces(*dots.shape):
        np.matmul(factors.first, index.first[:, part], out=dots[:, part])
        bound[part] = scores.ceiling(dots[:, part], part)
    known.seed(bound)
    left = (bound >= known.limit).nonzero()[0]
    if left.size > HOPELESS * index.size:
        return False
    if left.size > READ_BELOW:
        bound = _refined(scores, left, dots, factors.second, index.second)
        if np.count_nonzero(bound >= known.limit) > SCAN_ABOVE * index.size:
            known.seed(bound, left)
            if np.count_nonzero(bound >= known.limit) > SCAN_ABOVE * index.size:
                return False
    else:
        bound = bound[left]
    known.finish(left, bound)
    return True


def _rest(index: Index) -> float:
    """Return the mean share of a row's norm that no direction holds, from a few rows, 0 to 1."""
    whole, rest = index.first[0, :2048], index.first[OUTER - 1, :2048]
    return float(rest.sum()) / max(float(whole.sum()), TINY)


def _refined(
    scores: Scores, left: IntArray, dots: Float32Array, factors: Float32Array, second: Float32Array
) -> Float32Array:
    """Return the bounds of the rows that may still be wanted, by the second level."""
    whole = left.size > PICK_BELOW * dots.shape[1]
    bound = np.empty(dots.shape[1] if whole else left.size, dtype=np.float32)
    for piece in pieces(dots.shape[0], bound.size):
        part = piece if whole else left[piece]
        bound[piece] = scores.ceiling(dots[:, part] + factors @ second[part].T, part)
    return bound[left] if whole else bound


def pieces(height: int, size: int) -> Iterator[slice]:
    """Cut `size` columns of `height` float32 numbers into pieces that stay in the cache."""
    step = max(4096, (1 << 18) // max(height, 1))
    return (slice(start, min(start + step, size)) for start in range(0, size, step))
