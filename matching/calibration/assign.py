"""Which found line is which expected one: in order, one to one, whatever the common offset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.spectrum import FloatArray

REACH_CM1 = 30.0  # the offset looked for; more means another laser or another instrument
STRETCH = 0.012  # of the axis about its middle: 12 cm-1 over 1000
COARSE_CM1 = 7.0  # how far a line may lie from a hypothesis
FINE_CM1 = 5.0  # and from the straight line through its fellows
RIVAL = 0.85  # another reading with so much of the best score makes the assignment ambiguous


@dataclass(frozen=True, eq=False, slots=True)
class Assignment:
    """Which found line belongs to which expected line.

    Parameters
    ----------
    pairs : tuple of (int, int)
        Indices of expected and found lines, both strictly rising.
    offset_cm1 : float
        Common offset, found minus expected, at the middle of the expected lines.
    rival : float
        Score of the best clearly different reading over that of this one; above `RIVAL` the
        assignment is ambiguous.
    """

    pairs: tuple[tuple[int, int], ...]
    offset_cm1: float
    rival: float


def assign(
    expected_cm1: FloatArray,
    found_cm1: FloatArray,
    expected_weight: FloatArray,
    found_weight: FloatArray,
    reach_cm1: float = REACH_CM1,
) -> Assignment:
    """Assign expected to found lines.

    All offsets up to `reach_cm1` together with a small stretch are tried; for each, the best
    order-preserving one-to-one assignment is found by dynamic programming over all hypotheses at
    once. The best is repeated with a closer tolerance about the straight line through its pairs.

    Parameters
    ----------
    expected_cm1, expected_weight : array, shape (n,)
        Expected positions, rising, and how much each would be missed (0-1).
    found_cm1, found_weight : array, shape (m,)
        Found positions, rising, and how sure each is (0-1).
    reach_cm1 : float
        Largest offset tried, in cm-1.
    """
    if not expected_cm1.size or not found_cm1.size:
        return Assignment((), 0.0, 0.0)
    middle = float(expected_cm1.mean())
    offsets, stretches = _hypotheses(expected_cm1, middle, reach_cm1)
    moved = middle + offsets[:, None] + (expected_cm1 - middle) * (1.0 + stretches[:, None])
    worth = np.sqrt(np.outer(expected_weight, found_weight))
    scores = _scores(moved, found_cm1, worth, COARSE_CM1)
    # Of equal readings the one with the smaller offset and stretch is the likelier.
    plain = np.abs(offsets) / reach_cm1 + np.abs(stretches) / STRETCH
    scores = scores * (1.0 - 0.05 * plain)
    best = int(np.argmax(scores))
    if scores[best] <= 0.0:
        return Assignment((), 0.0, 0.0)
    pairs = _pairs(moved[best], found_cm1, worth, COARSE_CM1)
    pairs = _closer(pairs, moved[best], expected_cm1, found_cm1, worth)
    # another reading is one that puts most of the lines elsewhere, not one with another far end
    rows = [i for i, _ in pairs]
    distance = np.median(np.abs(moved - moved[best])[:, rows], axis=1) if rows else np.zeros(1)
    others = scores[distance > 1.5 * COARSE_CM1] if rows else scores[:0]
    rival = float(others.max() / scores[best]) if others.size else 0.0
    shifts = [found_cm1[j] - expected_cm1[i] for i, j in pairs]
    return Assignment(tuple(pairs), float(np.median(shifts)) if shifts else 0.0, rival)


def _hypotheses(
    expected: FloatArray, middle: float, reach_cm1: float
) -> tuple[FloatArray, FloatArray]:
    half = float(np.max(np.abs(expected - middle)))
    offsets = np.arange(-reach_cm1, reach_cm1 + 0.5, 1.5)
    # a stretch is worth trying only where it moves the ends by a good part of the tolerance
    count = int(np.ceil(STRETCH * half / (0.5 * COARSE_CM1)))
    stretches = np.linspace(-STRETCH, STRETCH, 2 * count + 1) if count else np.zeros(1)
    grid = np.meshgrid(offsets, stretches, indexing="ij")
    return grid[0].ravel(), grid[1].ravel()


def _gains(moved: FloatArray, found: FloatArray, worth: FloatArray, within: float) -> FloatArray:
    """Return what it is worth to pair them, shape (..., n, m); nothing beyond `within` cm-1."""
    distance = (moved[..., :, None] - found) / within
    return np.asarray(np.clip(1.0 - distance**2, 0.0, None) * worth)


def _scores(moved: FloatArray, found: FloatArray, worth: FloatArray, within: float) -> FloatArray:
    """Return the score of each hypothesis, shape (h,): the best sum of gains in order."""
    gains = _gains(moved, found, worth, within)
    best = np.zeros((moved.shape[0], found.size + 1))
    for row in range(moved.shape[1]):
        taken = best[:, :-1] + gains[:, row, :]
        best[:, 1:] = np.maximum(best[:, 1:], taken)
        best = np.maximum.accumulate(best, axis=1)
    return best[:, -1]


def _pairs(
    moved: FloatArray, found: FloatArray, worth: FloatArray, within: float
) -> list[tuple[int, int]]:
    """Return the pairs of the best assignment of one hypothesis."""
    gains = _gains(moved, found, worth, within)
    rows, columns = gains.shape
    best = np.zeros((rows + 1, columns + 1))
    for i in range(rows):
        taken = best[i, :-1] + gains[i]
        best[i + 1, 1:] = np.maximum(best[i, 1:], taken)
        best[i + 1] = np.maximum.accumulate(best[i + 1])
    pairs = []
    i, j = rows, columns
    while i and j:
        if best[i, j] == best[i - 1, j]:
            i -= 1
        elif best[i, j] == best[i, j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]


def _closer(
    pairs: list[tuple[int, int]],
    moved: FloatArray,
    expected: FloatArray,
    found: FloatArray,
    worth: FloatArray,
) -> list[tuple[int, int]]:
    """Assign again, closer to the robust straight line through the pairs."""
    for _ in range(3):
        if len(pairs) < 3:
            return pairs
        chosen: NDArray[np.intp] = np.array(pairs, dtype=np.intp)
        x, y = expected[chosen[:, 0]], found[chosen[:, 1]] - expected[chosen[:, 0]]
        slope, at = _straight(x, y)
        moved = expected + at + slope * expected
        again = _pairs(moved, found, worth, FINE_CM1)
        if again == pairs:
            break
        pairs = again
    return pairs


def _straight(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Return slope and intercept of a line that outliers do not move (Theil-Sen)."""
    first, second = np.triu_indices(x.size, 1)
    run = x[second] - x[first]
    good = run > 0
    slope = float(np.median((y[second] - y[first])[good] / run[good])) if good.any() else 0.0
    slope = float(np.clip(slope, -STRETCH, STRETCH))
    return slope, float(np.median(y - slope * x))
