"""Which products of many rows may reach a limit: a cheap upper bound of each first.

Coarse spectra are smooth, so a few principal directions hold nearly all of each. The product of two
rows is at most that of their parts along these directions plus the product of the lengths of what
these leave (Cauchy and Schwarz). What the bound rules out, the whole product would; the rest is
looked at in full by who asks. Tiles are small enough to stay in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.coarse import Coarse, common_power

IntArray = NDArray[np.int64]
Float32Array = NDArray[np.float32]
LEFT = 0.01  # share of the power of all rows that the directions may leave: more is slower
SAMPLE = 4096  # rows from which the directions are found
TILE = 2048  # rows of the one set that are multiplied with a block of the other at a time
ROUNDING = 4e-6  # of the squares: more than float32 products lose


def directions(rows: Float32Array) -> Float32Array:
    """Return orthonormal directions, shape (m, k), that hold nearly all of rows, shape (n, m)."""
    sample = rows[:: max(rows.shape[0] // SAMPLE, 1)].astype(np.float64)
    power, found = np.linalg.eigh(sample.T @ sample)
    lost = np.cumsum(np.maximum(power, 0.0))  # of all directions up to each one, weakest first
    return np.ascontiguousarray(found[:, np.searchsorted(lost, LEFT * lost[-1]) :], np.float32)


def shadow(rows: Float32Array, along: Float32Array) -> Float32Array:
    """Return rows along directions with the length of what these leave, shape (n, k + 1).

    The product of two shadows is never below that of the rows.
    """
    seen = rows @ along
    power = np.einsum("nm,nm->n", rows, rows)
    rest = np.maximum(power - np.einsum("nk,nk->n", seen, seen), 0.0) + ROUNDING * power
    return np.concatenate((seen, np.sqrt(rest)[:, None]), axis=1, dtype=np.float32)


def reaching(
    left: Float32Array, right: Float32Array, least: Float32Array, start: int = 0
) -> tuple[IntArray, IntArray]:
    """Return the pairs of shadows, (r, k) and (n, k), with at least some product.

    Parameters
    ----------
    left, right : float32 arrays
        Shadows along the same directions.
    least : float32 array, shape (r,)
        The product from which on, for each of the left.
    start : int
        The first of the right ones that counts.

    Returns
    -------
    places, partners : int arrays
        Of the left and the right.
    """
    found = []
    for part in _tiles(start, right.shape[0]):
        close = left @ right[part].T >= least[:, None]
        found.append(_pairs(close, part.start))
    return _joined(found)


@dataclass(frozen=True, eq=False, slots=True)
class Shadows:
    """The shadows of coarse spectra: as they are, moved by half a cell, and by a whole one."""

    spectra: Coarse
    plain: Float32Array
    moved: Float32Array
    beside: Float32Array

    def reaching(self, rows: IntArray, start: int, least: float) -> tuple[IntArray, IntArray]:
        """Return pairs of some rows and of those from `start` on that may correlate.

        No pair is left out whose `matching.coarse.coarse_correlation` is `least` or more.
        """
        found = []
        plain, moved, beside = self.plain[rows], self.moved[rows], self.beside[rows]
        for part in _tiles(start, self.plain.shape[0]):
            best = plain @ self.plain[part].T
            for one, other in (
                (moved, self.plain),
                (plain, self.moved),
                (beside, self.plain),
                (plain, self.beside),
            ):
                np.maximum(best, one @ other[part].T, out=best)
            mine, theirs = common_power(self.spectra, rows, self.spectra.at(part))
            found.append(_pairs(best >= _limit(mine, least) * _limit(theirs, 1.0), part.start))
        return _joined(found)


def shadows(spectra: Coarse) -> Shadows:
    """Return the shadows of coarse spectra along directions of their own."""
    along = directions(spectra.plain)
    beside = np.zeros_like(spectra.plain)
    beside[:, :-1] = spectra.plain[:, 1:]
    return Shadows(
        spectra, shadow(spectra.plain, along), shadow(spectra.moved, along), shadow(beside, along)
    )


def _limit(power: NDArray[np.float64], least: float) -> Float32Array:
    """Return the share of a limit that a power brings; nothing correlates where there is none."""
    root = least * np.sqrt(np.maximum(power, 0.0))
    return np.asarray(np.where(power > 0, root, np.inf), dtype=np.float32)


def _tiles(start: int, stop: int) -> Iterator[slice]:
    return (slice(first, min(first + TILE, stop)) for first in range(start, stop, TILE))


def _pairs(close: NDArray[np.bool_], start: int) -> tuple[IntArray, IntArray]:
    places, partners = np.divmod(np.flatnonzero(close), close.shape[1])
    return places, partners + start


def _joined(found: list[tuple[IntArray, IntArray]]) -> tuple[IntArray, IntArray]:
    """Return pairs of all tiles, by places and partners."""
    found = found or [(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))]
    places, partners = (np.concatenate([pair[side] for pair in found]) for side in (0, 1))
    order = np.argsort(places, kind="stable")
    return places[order], partners[order]
