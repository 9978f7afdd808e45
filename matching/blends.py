"""Which references of a library may be sums of two others: a sieve in closed form.

For every reference, the few that resemble it most are each combined with every other one: what the
best non-negative pair leaves follows from products alone (see `matching.pairs`). Only blocks of
the matrix of products are ever held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.likeness import unit_rows
from matching.pairs import COLLINEAR
from matching.search import ReferenceMatrix
from matching.spectrum import FloatArray

IntArray = NDArray[np.int64]
Float32Array = NDArray[np.float32]
BLOCK = 256  # rows at a time
NEARLY_ONE = 1e-3  # of 1 - r^2: below it two references are not told apart
STRONG = 2  # first components tried for each row
PARTNERS = 3  # second components kept for each of them
TOGETHER = 0.65  # least sum of the squared products of a row with the two closest others
RESEMBLES = 0.45  # least product of a row with its first component
EXPLAINED = 0.85  # least share that two must explain together
SUPPORTS = 0.15  # the same where the first is a drawn reference: it leaves more
HELPS = 0.4  # least share of what the first leaves that the second must explain


@dataclass(frozen=True, eq=False, slots=True)
class Blend:
    """A row that two others may explain.

    Parameters
    ----------
    row : int
        The row.
    explained : float
        Share of its squares that the best two explain on the scale of the sieve.
    pool : tuple of int
        Rows worth an exact look: first and second components, the best first.
    """

    row: int
    explained: float
    pool: tuple[int, ...]


def blends(
    light: Float32Array,
    substance: IntArray,
    usable: NDArray[np.bool_],
    progress: Callable[[float], None] = lambda _share: None,
) -> Iterator[Blend]:
    """Yield the rows that two rows of other substances explain much better than one.

    Parameters
    ----------
    light : float32 array, shape (n, m)
        Rows on a scale where mixing is linear, any sign.
    substance : int array, shape (n,)
        Number of the substance of each row: no row is explained by its own.
    usable : bool array, shape (n,)
        Rows that are looked at, and that may be components.
    progress : callable (share)
        Told how much of the rows is done, 0 to 1.
    """
    unit = unit_rows(light[:, light.any(axis=0)])  # most libraries leave a part of the axis dark
    good = usable & unit.any(axis=1)
    for start in range(0, light.shape[0], BLOCK):
        rows = np.arange(start, min(start + BLOCK, light.shape[0]))
        near: Float32Array = np.asarray(unit[rows] @ unit.T, dtype=np.float32)
        barred = (substance[rows][:, None] == substance) | ~good
        near[barred] = 0.0
        first, alone = _largest(near, STRONG)
        hopeful = good[rows] & (alone[:, 0] >= RESEMBLES)
        hopeful &= alone[:, 0] ** 2 + alone[:, 1] ** 2 >= TOGETHER
        chosen = np.flatnonzero(hopeful)
        if chosen.size:
            firsts = zip(first[chosen].T, alone[chosen].T, strict=True)
            pairs = [_pairs(unit, rows[chosen], barred[chosen], *one) for one in firsts]
            yield from _kept(rows[chosen], pairs, substance)
        progress(float(rows[-1] + 1) / light.shape[0])


@dataclass(frozen=True, eq=False, slots=True)
class _Pairs:
    """For each of r rows a first component, (r,), and p second ones with what both explain."""

    first: IntArray
    alone: FloatArray
    second: IntArray
    total: FloatArray


def _pairs(
    unit: Float32Array,
    rows: IntArray,
    barred: NDArray[np.bool_],
    first: IntArray,
    alone: Float32Array,
) -> _Pairs:
    """Find the second components that explain most of what a first one leaves of each row."""
    left = unit[rows] - alone[:, None] * unit[first]
    toward = np.asarray(left @ unit.T, dtype=np.float32)
    toward[barred] = 0.0
    second, gain = _largest(toward, PARTNERS)
    cosine = np.einsum("rm,rpm->rp", unit[first], unit[second])
    near = np.einsum("rm,rpm->rp", unit[rows], unit[second])
    rest = 1.0 - cosine * cosine
    both = (gain > 0.0) & (alone[:, None] > cosine * near) & (rest > NEARLY_ONE)
    gained = np.where(both, gain * gain / np.where(both, rest, 1.0), 0.0)
    single = np.asarray(alone, dtype=np.float64) ** 2
    return _Pairs(first, single, second, single[:, None] + gained)


def _kept(rows: IntArray, pairs: list[_Pairs], substance: IntArray) -> Iterator[Blend]:
    """Yield the rows of which two components explain enough, and much more than one."""
    for place, row in enumerate(rows.tolist()):
        best, pool, alone = 0.0, dict[int, None](), 0.0
        for one in pairs:
            first = int(one.first[place])
            alone = max(alone, float(one.alone[place]))
            pool[first] = None
            for second, total in zip(one.second[place], one.total[place], strict=True):
                if substance[second] != substance[first] and total > one.alone[place]:
                    best = max(best, float(total))
                    pool[int(second)] = None
        if best >= EXPLAINED and 1.0 - best <= (1.0 - HELPS) * (1.0 - alone):
            yield Blend(row, best, tuple(pool))


def _largest(values: Float32Array, count: int) -> tuple[IntArray, Float32Array]:
    """Return places and values of the largest of each row, (r, count); `values` are used up."""
    each, places, found = np.arange(values.shape[0]), [], []
    for _ in range(count):
        best = values.argmax(axis=1)
        places.append(best)
        found.append(values[each, best])
        values[each, best] = -1.0
    return np.array(places).T, np.array(found, dtype=np.float32).T


def companions(
    near: Float32Array,
    known: Float32Array,
    cosine: Float32Array,
    allowed: NDArray[np.bool_],
) -> tuple[int, ...]:
    """Return the references that explain most of what known components leave of a spectrum.

    Parameters
    ----------
    near : float32 array, shape (n,)
        Products of the spectrum with the references, all of unit norm.
    known : float32 array, shape (k,)
        Its products with each of the components, of which one is meant.
    cosine : float32 array, shape (k, n)
        Products of the components with the references.
    allowed : bool array, shape (n,)
        References that may be companions.

    Returns
    -------
    tuple of int
        At most three for each component; empty when none explains enough of what is left.
    """
    first = np.maximum(known, 0.0)[:, None]
    rest = np.maximum(1.0 - cosine * cosine, COLLINEAR)
    toward = near - cosine * first
    both = (toward > 0) & (rest > NEARLY_ONE) & allowed
    gain = np.where(both, toward * toward / rest, 0.0)
    gain[gain < SUPPORTS * (1.0 - first * first)] = 0.0
    found: dict[int, None] = {}
    for row in gain:
        order = np.argsort(-row, kind="stable")[:PARTNERS]
        found |= dict.fromkeys(int(number) for number in order if row[number] > 0)
    return tuple(found)


def joined(one: ReferenceMatrix, other: ReferenceMatrix) -> ReferenceMatrix:
    """Return two sets of references as one; substances of the second count on."""
    beyond = int(one.substance.max()) + 1
    return ReferenceMatrix(
        np.concatenate((one.rows, other.rows)),
        np.concatenate((one.first, other.first)),
        np.concatenate((one.end, other.end)),
        np.concatenate((one.sums, other.sums), axis=1),
        np.concatenate((one.squares, other.squares), axis=1),
        np.concatenate((one.substance, other.substance + beyond)),
    )
