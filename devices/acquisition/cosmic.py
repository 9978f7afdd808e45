"""Cosmic rays: found by comparing single exposures, counted, and left where they are."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from devices.frame import FloatArray

SIGMAS = 8.0
SMOOTH_PIXELS = 15
GROUP_PIXELS = 32  # pixels of similar counts whose noise is taken together
MOST_PAIRS = 10
_MAD_TO_SIGMA = 1.4826


def cosmic_hits(exposures: Sequence[FloatArray]) -> int:
    """Return how many hits single exposures have that the others do not have.

    Each exposure is compared with the lower median of all, pixel by pixel. What changes slowly
    along the detector (bleaching, laser power) is taken out by a running median; what is left
    is held against the noise, known from what successive exposures differ by.

    Parameters
    ----------
    exposures : sequence of ndarray, each of shape (n,)
        Exposures with the same settings. Fewer than two cannot be compared: 0.
    """
    if len(exposures) < 2:
        return 0
    stack = np.stack(exposures)
    middle = (len(exposures) - 1) // 2
    usual = np.partition(stack, middle, axis=0)[middle]
    limit = SIGMAS * _noise(stack, usual)
    return sum(_hits(_sharp(exposure - usual) > limit) for exposure in stack)


def _hits(above: NDArray[np.bool_]) -> int:
    """Return the number of runs of pixels."""
    return int(np.count_nonzero(np.diff(above.astype(np.int8), prepend=0) == 1))


def _sharp(values: FloatArray) -> FloatArray:
    padded = np.pad(values, SMOOTH_PIXELS // 2, mode="reflect")
    smooth = np.median(sliding_window_view(padded, SMOOTH_PIXELS), axis=1)
    return np.asarray(values - smooth, dtype=np.float64)


def _noise(stack: FloatArray, usual: FloatArray) -> FloatArray:
    """Return the deviation of each pixel in one exposure, shape (n,); at least one count.

    Noise does not fall with the counts, and within a group it rises with their square root.
    """
    pairs = np.diff(stack[: MOST_PAIRS + 1], axis=0)
    differences = np.abs([_sharp(pair) for pair in pairs]) / math.sqrt(2.0)
    order = np.argsort(usual, kind="stable")
    floor = float(usual[order[0]])
    noise, least = np.empty_like(usual), 1.0
    for group in np.array_split(order, max(1, usual.size // GROUP_PIXELS)):
        least = max(least, _MAD_TO_SIGMA * float(np.median(differences[:, group])))
        levels = usual[group] - floor + 1.0
        noise[group] = least * np.sqrt(np.maximum(1.0, levels / np.median(levels)))
    return noise
