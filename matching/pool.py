"""Choose, from a large library, the references worth an exact look as components of a mixture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.axis import COMMON_GRID
from matching.preprocess.scale import gaussian_broadened
from matching.spectrum import FloatArray
from matching.weights import highpass

Float32Array = NDArray[np.float32]
IntArray = NDArray[np.int64]
READ_ROWS = 192  # read together
BLOCK_ROWS = 48  # rows squared at a time: small enough to stay in the cache


@dataclass(frozen=True, eq=False, slots=True)
class Target:
    """What is looked for.

    Parameters
    ----------
    scan, weight : arrays, shape (m,)
        High-passed scan and inverse variances.
    start : int
        Grid index of the first point.
    reach_cm1, highpass_cm1 : float
        Allowed shift, and width of the high-pass, in cm-1.
    """

    scan: FloatArray
    weight: FloatArray
    start: int
    reach_cm1: float
    highpass_cm1: float


def pool_scores(
    target: Target,
    rows: Float32Array,
    seeds: Sequence[int],
) -> Float32Array:
    """Score every reference against the scan and against what each seed leaves of it.

    High-pass and weights are linear, so they are put on the scan, and the library is read once as
    it is stored. The targets are smeared by the allowed shift. A minor component is found by what
    is left; it need not resemble the scan.

    Parameters
    ----------
    target : Target
        Scan and weights.
    rows : float32 array, shape (n, grid.size)
        Square roots of the references.
    seeds : sequence of int
        Rows whose contribution is taken away in turn.

    Returns
    -------
    float32 array, shape (n, 1 + seeds)
        Cosine-like scores; larger is more alike.
    """
    stop = target.start + target.scan.size
    left = [target.scan]
    for seed in dict.fromkeys(seeds):
        light = np.asarray(rows[seed, target.start : stop], dtype=np.float64) ** 2
        sharp = highpass(light, target.highpass_cm1)
        power = float(sharp @ (target.weight * sharp))
        amount = float(sharp @ (target.weight * target.scan)) / power if power > 0 else 0.0
        left.append(target.scan - max(amount, 0.0) * sharp)
    targets = highpass(np.array(left) * target.weight, target.highpass_cm1)
    smeared = gaussian_broadened(targets, target.reach_cm1 / COMMON_GRID.step_cm1)
    columns = np.ascontiguousarray(smeared.T, dtype=np.float32)
    scores = np.empty((rows.shape[0], len(left)), dtype=np.float32)
    light32 = np.empty((BLOCK_ROWS, target.scan.size), dtype=np.float32)
    for first in range(0, rows.shape[0], READ_ROWS):
        read = rows[first : first + READ_ROWS, target.start : stop]
        for begin in range(0, read.shape[0], BLOCK_ROWS):
            block = read[begin : begin + BLOCK_ROWS]
            squares = np.multiply(block, block, out=light32[: block.shape[0]])
            norms = np.sqrt(np.vecdot(squares, squares))
            part = slice(first + begin, first + begin + block.shape[0])
            scores[part] = (squares @ columns) / np.maximum(norms, 1e-12)[:, None]
    return scores


def best_of_each(scores: Float32Array, rows: IntArray, size: int) -> IntArray:
    """Return about `size` of `rows`: the best of every column of `scores`, in library order."""
    share = max(size // scores.shape[1], 1)
    allowed = scores[rows]
    most = min(share, rows.size)
    best = np.argpartition(-allowed, most - 1, axis=0)[:most]
    return rows[np.unique(best)]
