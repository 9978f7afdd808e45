"""The best rows of any matrix by dot product: one query, the best of several, or a batch.

The answer equals that of a full scan in float64: same rows, ties by row number, same scores bit
for bit. See `matching.index` for why.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from matching.errors import MatrixError, QueryError
from matching.index import (
    BATCH,
    UNIT,
    AnyFloat,
    Float32Array,
    Index,
    IntArray,
    Weights,
    hunt,
    pieces,
    weights,
)
from matching.spectrum import FloatArray

QUERIES = 256  # of a batch, multiplied with a block of rows at once
BLOCK_ROWS = 2048
CROWDED = 1 << 21  # near-ties of a batch above which each query is searched alone


@dataclass(frozen=True, eq=False, slots=True)
class Nearest:
    """Best rows, best first, ties by row: `row`, `score`, and which `query` gave it, each (k,)."""

    row: IntArray
    score: FloatArray
    query: IntArray


class _Dots:
    """Dot products with the best of several queries, as `matching.index.hunt` wants them."""

    def __init__(
        self,
        rows: Float32Array,
        norms: Float32Array,
        queries: FloatArray,
        scaled: FloatArray,
        k: int,
    ) -> None:
        self.rows, self.norms, self.queries, self.wanted = rows, norms, queries, k
        self.scaled, self.narrow = scaled, scaled.astype(np.float32)
        self.slack = np.float32(rounding(rows.shape[1]))

    @property
    def size(self) -> int:
        return int(self.rows.shape[0])

    def projected(self, index: Index) -> Weights:
        return weights(index.basis, self.scaled)

    def ceiling(self, dots: Float32Array, part: slice | IntArray) -> Float32Array:  # noqa: ARG002
        return dots[0] if dots.shape[0] == 1 else np.asarray(dots.max(axis=0))

    def scanned(self) -> Float32Array:
        bound = self.slack * self.norms
        for part in pieces(self.narrow.shape[0], self.size):
            bound[part] += self.ceiling(self.narrow @ self.rows[part].T, part)
        if np.isnan(bound).any():
            raise MatrixError("a reference row is not finite", "", "build the library again")
        return bound

    def between(self, rows: IntArray) -> tuple[Float32Array, Float32Array]:
        rough = self.ceiling(self.narrow @ self.rows[rows].T, rows)
        slack = self.slack * self.norms[rows]
        return rough - slack, rough + slack

    def floor(self, rows: IntArray, low: AnyFloat) -> float:
        if rows.size < self.wanted:
            return -np.inf
        return float(np.partition(low, rows.size - self.wanted)[rows.size - self.wanted])

    def exact(self, rows: IntArray) -> tuple[FloatArray, IntArray]:
        block = self.rows[rows]
        if self.queries.shape[0] == 1:
            return products(block, self.queries), np.zeros(rows.size, dtype=np.int64)
        rough = block @ self.narrow.T
        slack = self.slack * self.norms[rows, None]
        at, which = np.nonzero(rough + slack >= (rough - slack).max(axis=1, keepdims=True))
        values = np.full(rough.shape, -np.inf)
        values[at, which] = products(block[at], self.queries[which])
        best = np.argmax(values, axis=1)
        return values[np.arange(rows.size), best], best


def rounding(terms: int) -> float:
    """Return the error of a float32 dot product of so many terms, as a share of both norms."""
    return (1.1 * terms + 16.0) * UNIT


def products(rows: Float32Array, queries: FloatArray) -> FloatArray:
    """Return dot products of pairs (m, d), (m or 1, d) in float64, the same on every computer.

    Multiply, then NumPy's pairwise sum along each contiguous row: no BLAS, no fused operation.
    """
    return np.asarray(np.add.reduce(np.multiply(rows, queries, dtype=np.float64), axis=1))


def nearest(queries: FloatArray, rows: Float32Array, index: Index, k: int) -> Nearest:
    """Return the k rows with the largest dot product with any of the queries.

    Parameters
    ----------
    queries : array, shape (d,) or (s, d)
        One query, or several of which the best counts (the first one on a tie).
    rows : float32 array, shape (n, d)
        The matrix.
    index : Index
        Of these rows.
    k : int
        Rows wanted; all when there are fewer.

    Raises
    ------
    QueryError
        When a query is not finite, of the wrong length, or k is less than 1.
    MatrixError
        When the index is not one over these rows.
    """
    wide, units = _checked(queries, rows, index, k)
    found = hunt(_Dots(rows, index.norms, wide, wide * min(units), k), index)
    order = np.lexsort((found.rows, -found.values))[:k]
    return Nearest(found.rows[order], found.values[order], found.which[order])


def _checked(
    queries: FloatArray, rows: Float32Array, index: Index, k: int
) -> tuple[FloatArray, list[float]]:
    """Return queries, (s, d), and the factor of each to length 1, less when tiny."""
    wide = np.array(queries, dtype=np.float64, ndmin=2)
    if wide.ndim != 2 or wide.shape[1] != rows.shape[1] or not wide.size or k < 1:
        raise QueryError(
            "the query does not fit the matrix", "", "give queries of its width, k > 0"
        )
    if not np.abs(wide).max() < 1e150:
        raise QueryError("the query holds values that are not finite or too large", "", "")
    if (index.size, index.basis.shape[1]) != rows.shape:
        raise MatrixError("the index is not one of this matrix", "", "build the index again")
    powers = np.add.reduce(wide * wide, axis=1).tolist()
    return wide, [1.0 / max(sqrt(power), 1e-150) for power in powers]


def nearest_batch(
    queries: FloatArray, rows: Float32Array, index: Index, k: int
) -> tuple[NDArray[np.int64], FloatArray]:
    """Return the k best rows of each query, by blocked products of queries and rows.

    Parameters
    ----------
    queries : array, shape (q, d)
        The queries.
    rows, index, k
        As for `nearest`; the index's norms are used.

    Returns
    -------
    rows, scores : arrays, shape (q, min(k, n))
        Each line as `nearest` gives it for that query alone.
    """
    wide, units = _checked(queries, rows, index, k)
    k = min(k, rows.shape[0])
    found = np.empty((wide.shape[0], k), dtype=np.int64)
    scores = np.empty((wide.shape[0], k))
    for start in range(0, wide.shape[0], QUERIES):
        part = slice(start, start + QUERIES)
        found[part], scores[part] = _batch(wide[part], units[part], rows, index, k)
    return found, scores


def _batch(
    queries: FloatArray, units: list[float], rows: Float32Array, index: Index, k: int
) -> tuple[NDArray[np.int64], FloatArray]:
    narrow = (queries * np.array(units)[:, None]).astype(np.float32)
    slack = np.float32(rounding(rows.shape[1])) * index.norms
    at: IntArray = np.zeros(0, dtype=np.int64)
    row, rough = at, np.zeros(0, dtype=np.float32)
    least = np.full(queries.shape[0], -np.inf, dtype=np.float32)
    due = 0  # rows after which the k best so far are looked at again: each time twice as many
    for start in range(0, rows.shape[0], BLOCK_ROWS):
        part = slice(start, min(start + BLOCK_ROWS, rows.shape[0]))
        dots = narrow @ rows[part].T
        if start == 0 and k < dots.shape[1]:
            place = dots.shape[1] - k
            least = np.partition(dots, place, axis=1)[:, place] - 2 * slack[part].max()
        flat = np.flatnonzero(dots >= (least - slack[part].max())[:, None])
        query, column = np.divmod(flat, dots.shape[1])
        at, row = np.concatenate((at, query)), np.concatenate((row, column + start))
        rough = np.concatenate((rough, dots.ravel()[flat]))
        if part.stop >= due or part.stop == rows.shape[0]:
            due = 2 * part.stop
            least = np.maximum(least, _kth(at, rough - slack[row], queries.shape[0], k))
            kept = rough + slack[row] >= least[at]
            at, row, rough = at[kept], row[kept], rough[kept]
        if at.size > CROWDED:
            alone = [nearest(query, rows, index, k) for query in queries]
            return np.array([a.row for a in alone]), np.array([a.score for a in alone])
    return _ranked(queries, rows, (at, row), k)


def _kth(at: IntArray, values: Float32Array, queries: int, k: int) -> Float32Array:
    """Return the k-th largest value of each query, shape (queries,); -inf where there is none."""
    order = np.lexsort((-values, at))
    begin = np.searchsorted(at[order], np.arange(queries + 1))
    place = begin[:-1] + k - 1
    enough = place < begin[1:]
    least = np.full(queries, -np.inf, dtype=np.float32)
    least[enough] = values[order[place[enough]]]
    return least


def _ranked(
    queries: FloatArray, rows: Float32Array, pairs: tuple[IntArray, IntArray], k: int
) -> tuple[NDArray[np.int64], FloatArray]:
    """Score pairs of query and row in float64 and keep the k best of each query."""
    at, row = pairs
    score = np.empty(at.size)
    for start in range(0, at.size, BATCH):
        part = slice(start, start + BATCH)
        score[part] = products(rows[row[part]], queries[at[part]])
    order = np.lexsort((row, -score, at))
    begin = np.searchsorted(at[order], np.arange(queries.shape[0]))
    chosen = order[begin[:, None] + np.arange(k)]
    return row[chosen], score[chosen]
