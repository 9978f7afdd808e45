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

from matching.pairs import COLLINEAR

IntArray = NDArray[np.int64]
Float32Array = NDArray[np.float32]
BLOCK = 256  # rows at a time
STRONG = 3  # first components tried for each row
PARTNERS = 3  # second components kept for each of them
RESEMBLES = 0.45  # least product of a row with its first component
EXPLAINED = 0.85  # least share that two must explain together
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
    norms = np.sqrt(np.einsum("nm,nm->n", light, light))
    unit = light / np.where(norms > 0, norms, 1.0)[:, None].astype(np.float32)
    good = usable & (norms > 0)
    for start in range(0, light.shape[0], BLOCK):
        rows = np.arange(start, min(start + BLOCK, light.shape[0]))
        near: Float32Array = np.asarray(unit[rows] @ unit.T, dtype=np.float32)
        near[(substance[rows][:, None] == substance) | ~good] = 0.0
        near[~good[rows]] = 0.0
        first = np.argpartition(-near, min(STRONG, near.shape[1] - 1), axis=1)[:, :STRONG]
        strong = np.take_along_axis(near, first, axis=1) >= RESEMBLES
        held = np.unique(first[strong])
        if held.size:
            place = {int(row): number for number, row in enumerate(held)}
            cosine: Float32Array = np.asarray(unit[held] @ unit.T, dtype=np.float32)
            for number in np.flatnonzero(strong.any(axis=1)).tolist():
                ones = first[number][strong[number]]
                found = _explained(
                    near[number], ones, cosine[[place[int(one)] for one in ones]], substance
                )
                if found is not None:
                    yield Blend(int(rows[number]), *found)
        progress(float(rows[-1] + 1) / light.shape[0])


def _explained(
    near: Float32Array, ones: IntArray, cosine: Float32Array, substance: IntArray
) -> tuple[float, tuple[int, ...]] | None:
    """Return what the best pairs with one of `ones` explain, and the rows of them."""
    first = near[ones][:, None]
    rest = np.maximum(1.0 - cosine * cosine, COLLINEAR)
    toward = near - cosine * first
    both = (toward > 0) & (first > cosine * near) & (rest > 1e-3) & (near > 0)
    both &= substance[ones][:, None] != substance
    gain = np.where(both, toward * toward / rest, 0.0)
    total = first * first + gain
    best, alone = float(total.max()), float(first.max()) ** 2
    if best < EXPLAINED or 1.0 - best > (1.0 - HELPS) * (1.0 - alone):
        return None
    pool: dict[int, None] = {}
    for number in np.argsort(-total.max(axis=1), kind="stable").tolist():
        pool[int(ones[number])] = None
        partners = np.argsort(-gain[number], kind="stable")[:PARTNERS]
        pool |= dict.fromkeys(int(row) for row in partners if gain[number, row] > 0)
    return best, tuple(pool)
