"""An index over a matrix of references: finds the best rows while reading a few per cent of them.

A row l and a query q are written in one orthonormal basis V (principal directions of the rows):
``l = V'a + r`` and ``q = V'b + s``. Cut the coefficients into blocks B; then by Cauchy and Schwarz

    l.q  <=  sum_j<64 a_j b_j  +  sum_B |a_B| |b_B|  +  |r| |s|                         (level 1)

and with 64 more coefficients in place of their block norms a tighter one (level 2). One small
product over 70 or 136 stored numbers a row therefore bounds every score from above. The rows with
the largest bounds are scored exactly; the k-th best exact score so far is the floor, and a row
whose bound lies below the floor cannot be in the answer. What remains is scored best bound first,
until the next bound is below the floor. When too much remains, the whole matrix is scanned: the
product with all rows is then one more, very tight bound, and the same steps follow.

Why rounding cannot lose a row. V is orthonormal to 1e-12 (float64, checked when built); a and b
are rounded once to float32, so ``a.b`` is off by at most 2.1 u |l||q| with u = 2**-24; the float32
product has at most 136 terms, in any order of summation off by at most 136 u |l||q| (Higham,
Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1: n terms lose at most n u times
the sum of the absolute products, and that sum is at most |l||q|). Together less than 1e-5 |l||q|;
``MARGIN`` |l||q| is added to every bound. Block norms are rounded up. A float32 product of whole
rows is given d u |l||q| in the same way. Numbers too small for float32 are covered by adding
``TINY`` to |l|. Every score returned is a float64 product summed by NumPy's pairwise sum over one
contiguous row, which no BLAS kernel and no SIMD width changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from matching.errors import MatrixError
from matching.spectrum import FloatArray

Float32Array = NDArray[np.float32]
IntArray = NDArray[np.int64]

EDGES = (64, 96, 128, 192, 256)  # where the blocks of coefficients begin; the last: directions
OUTER, INNER = 4, 2  # rows of norms before the first and before the second level's coefficients
SCAN_BELOW = 6_000  # rows; fewer are read as fast as an index over them
MARGIN = 1e-4
TINY = 1e-30
UNIT = 2.0**-24  # relative rounding error of float32
BEYOND = 0.5  # share of a query's power in no direction above which it is hopeless, if moreover
REST = 0.07  # more than this share of the rows' norms is in no direction
HOPELESS = 0.8  # share of rows left by level 1 above which level 2 is not tried
SCAN_ABOVE = 0.05  # share of rows left above which reading all is faster than picking
PICK_BELOW = 0.25  # share of rows left below which level 2 is read for these rows only
BATCH = 1024  # rows scored exactly in one go
SAMPLE = 20_000  # rows that the principal directions are taken from


@dataclass(frozen=True, eq=False, slots=True)
class Index:
    """Coefficients of every row along principal directions, and norms of what they leave out.

    Parameters
    ----------
    basis : float64 array, shape (r, d)
        Orthonormal principal directions, strongest first; r = 0: no levels, only norms.
    first : float32 array, shape (6 + min(r, 64), n)
        By rows: |l|; norms of coefficients 128-191, of 192-255, of the rest; coefficients 0-63;
        norms of coefficients 64-95 and 96-127. Transposed, because all of it is read.
    second : float32 array, shape (n, 2 + coefficients)
        By columns: the last two norms again; coefficients 64-127. Read for few rows.
    """

    basis: FloatArray
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
    heights = level_sizes(basis.shape[0])
    first = np.empty((heights[0], count), dtype=np.float32)
    second = np.empty((count, heights[1]), dtype=np.float32)
    for start in range(0, count, 4096):
        part = slice(start, start + 4096)
        wide = rows[part].astype(np.float64)
        found, norms = _coefficients(wide, basis)
        norms = norms * (1.0 + 4.0 * UNIT) + TINY
        whole = _norm(wide) * (1.0 + 4.0 * UNIT) + TINY
        first[:, part] = _first(whole, found, norms).T
        second[part] = _second(found, norms)
    if not (first[0] <= 1e30).all():
        raise _not_numbers()
    return Index(basis, first, second)


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


def _norm(values: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt((values * values).sum(axis=-1)))


def _coefficients(values: FloatArray, basis: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return coefficients (m, r) and norms (m, 5): of blocks 64-, 96-, 128-, 192-255, the rest."""
    found = values @ basis.T
    places = [min(edge, basis.shape[0]) for edge in EDGES]
    blocks = [_norm(found[:, a:b]) for a, b in pairwise(places)]
    whole, inside = (np.sum(x * x, axis=1) for x in (values, found))
    rest = np.sqrt(np.maximum(whole - inside, 0.0) + 1e-12 * whole)
    return found, np.stack([*blocks, rest], axis=1)


def _first(whole: FloatArray, found: FloatArray, norms: FloatArray) -> FloatArray:
    parts = (whole[:, None], norms[:, INNER:], found[:, : EDGES[0]], norms[:, :INNER])
    return np.concatenate(parts, axis=1)


def _second(found: FloatArray, norms: FloatArray) -> FloatArray:
    return np.concatenate((norms[:, :INNER], found[:, EDGES[0] : EDGES[2]]), axis=1)


@dataclass(frozen=True, eq=False, slots=True)
class Weights:
    """What both levels of an index are multiplied with, shapes (s, first) and (s, second).

    `beyond` is the share of the queries' power that no direction holds, 0 to 1: mostly noise.
    """

    first: Float32Array
    second: Float32Array
    beyond: float


def weights(basis: FloatArray, queries: FloatArray) -> Weights:
    """Project queries, shape (s, w), of norm at most 1, on the w columns of a basis they cover."""
    found, norms = _coefficients(queries, basis)
    norms = norms * (1.0 + 4.0 * UNIT)
    first = _first(np.full(queries.shape[0], MARGIN), found, norms).astype(np.float32)
    second = _second(found, norms)
    second[:, :INNER] *= -1.0  # in place of these norms, which level 1 added, come coefficients
    power = float(np.sum(queries * queries))
    beyond = float(np.sum(norms[:, -1] ** 2)) / power if power > 0 else 0.0
    return Weights(first, second.astype(np.float32), beyond)


class Scores(Protocol):
    """A score of every row that grows with its dot products: what `hunt` asks of it."""

    @property
    def size(self) -> int:
        """Number of rows."""

    @property
    def wanted(self) -> int:
        """How many rows the answer is expected to hold."""

    @property
    def unit(self) -> float:
        """Factor from scores to their upper bounds, which are float32 and must fit it."""

    def projected(self, index: Index) -> Weights:
        """Return what the levels of the index are multiplied with."""

    def ceiling(self, dots: Float32Array, part: slice | IntArray) -> Float32Array:
        """Return upper bounds (c,) of the scores of `part` from those of its products (s, c)."""

    def scanned(self) -> Float32Array:
        """Return upper bounds (n,) of all scores from the product with every row."""

    def exact(self, rows: IntArray, floor: float) -> tuple[FloatArray, IntArray]:
        """Return float64 scores and best query of rows; -inf for some that are below `floor`."""

    def floor(self, rows: IntArray, values: FloatArray) -> float:
        """Return the score below which no other row is in the answer; -inf if not known yet."""


def limit(floor: float, unit: float) -> np.float32:
    """Return the largest float32 that is surely below a floor, in the unit of the bounds.

    Finite also without a floor: a bound of -inf marks a row that is scored or not wanted.
    """
    below = np.nextafter(np.float32(floor * unit), np.float32(-np.inf))
    return np.float32(max(below, np.finfo(np.float32).min))


class Known:
    """Rows scored exactly so far and the floor they set; local to one search."""

    def __init__(self, scores: Scores) -> None:
        self.scores = scores
        self.tried: IntArray = np.zeros(0, dtype=np.int64)
        self.rows: IntArray = self.tried
        self.values: FloatArray = np.zeros(0)
        self.which: IntArray = self.tried
        self.floor = -np.inf

    @property
    def limit(self) -> np.float32:
        """Bounds below it cannot be in the answer."""
        return limit(self.floor, self.scores.unit)

    def add(self, rows: IntArray) -> None:
        """Score rows exactly and raise the floor."""
        for start in range(0, rows.size, BATCH):
            part = rows[start : start + BATCH]
            values, which = self.scores.exact(part, self.floor)
            kept = values > -np.inf
            self.rows = np.concatenate((self.rows, part[kept]))
            self.values = np.concatenate((self.values, values[kept]))
            self.which = np.concatenate((self.which, which[kept]))
            self.floor = max(self.floor, self.scores.floor(self.rows, self.values))
        self.tried = np.concatenate((self.tried, rows))

    def seed(self, bound: Float32Array) -> float:
        """Score the rows with the largest bounds; return the share that may still be wanted."""
        bound[self.tried] = -np.inf
        count = 2 * self.scores.wanted + 16
        rows = highest(bound, count)
        while rows.size:
            self.add(rows)
            bound[rows] = -np.inf
            if self.floor > -np.inf:
                break
            count *= 8
            rows = highest(bound, count)
        return float(np.count_nonzero(bound >= self.limit)) / self.scores.size

    def finish(self, bound: Float32Array) -> Known:
        """Score what may still be wanted, largest bound first, until none is left."""
        left = np.flatnonzero(bound >= self.limit)
        order = left[np.argsort(-bound[left])]
        start, size = 0, BATCH // 8
        while start < order.size and bound[order[start]] >= self.limit:
            self.add(order[start : start + size])
            start, size = start + size, min(2 * size, BATCH)
        return self


def highest(bound: Float32Array, count: int) -> IntArray:
    """Return up to `count` rows with large finite bounds, shape (m,); not always the largest.

    The largest of every 2048th row and so on: one pass, no sorting. All rows with a bound when
    there are not more than `count`.
    """
    height = bound.size // max(2048, 8 * count)
    if bound.size <= count:
        rows = np.arange(bound.size)
    elif height < 2:
        rows = np.argpartition(bound, bound.size - count)[-count:]
    else:
        width = bound.size // height
        table = bound[: height * width].reshape(height, width)
        best = table.max(axis=0)
        chosen = np.argpartition(best, width - count)[-count:]
        rows = table[:, chosen].argmax(axis=0) * width + chosen
    return np.sort(rows[bound[rows] > -np.inf])


def hunt(scores: Scores, index: Index | None) -> Known:
    """Score every row exactly that can be in the answer, and a few more.

    Parameters
    ----------
    scores : Scores
        The score, its bounds and its floor.
    index : Index or None
        Without an index, or one without levels, the whole matrix is scanned.

    Returns
    -------
    Known
        Holds every row whose score is at or above ``Known.floor``.
    """
    known = Known(scores)
    few = scores.wanted <= SCAN_ABOVE * scores.size
    if index is not None and index.basis.shape[0] and few and _pruned(known, index):
        return known
    bound = scores.scanned()
    known.seed(bound)
    return known.finish(bound)


def _pruned(known: Known, index: Index) -> bool:
    """Try to finish by the index's bounds; False when reading the whole matrix is faster."""
    scores = known.scores
    factors = scores.projected(index)
    if factors.beyond > BEYOND and _rest(index) > REST:
        return False
    dots = np.empty((factors.first.shape[0], index.size), dtype=np.float32)
    bound = np.empty(index.size, dtype=np.float32)
    for part in pieces(*dots.shape):
        dots[:, part] = factors.first @ index.first[:, part]
        bound[part] = scores.ceiling(dots[:, part], part)
    left = known.seed(bound)
    if left <= HOPELESS:
        _refine(known, bound, dots, factors.second, index.second)
        left = known.seed(bound)
    if left <= SCAN_ABOVE:
        known.finish(bound)
    return left <= SCAN_ABOVE


def _rest(index: Index) -> float:
    """Return the mean share of a row's norm that no direction holds, from a few rows, 0 to 1."""
    whole, rest = index.first[0, :2048], index.first[OUTER - 1, :2048]
    return float(rest.sum()) / max(float(whole.sum()), TINY)


def _refine(
    known: Known,
    bound: Float32Array,
    dots: Float32Array,
    factors: Float32Array,
    second: Float32Array,
) -> None:
    """Lower the bounds of the rows that may still be wanted, by the second level."""
    left = np.flatnonzero(bound >= known.limit)
    whole = left.size > PICK_BELOW * bound.size
    for piece in pieces(dots.shape[0], bound.size if whole else left.size):
        part = piece if whole else left[piece]
        bound[part] = known.scores.ceiling(dots[:, part] + factors @ second[part].T, part)


def pieces(height: int, size: int) -> Iterator[slice]:
    """Cut `size` columns of `height` float32 numbers into pieces that stay in the cache."""
    step = max(4096, (1 << 18) // max(height, 1))
    return (slice(start, min(start + step, size)) for start in range(0, size, step))
