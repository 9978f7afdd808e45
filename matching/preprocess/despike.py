"""Cosmic rays: hits of one to three pixels, narrower than any band an instrument can show."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from matching.spectrum import FloatArray

BoolArray = NDArray[np.bool_]

MOST_HITS = 12  # in one scan; a lamp or a gas shows as many lines no wider than a hit
HALF = 4  # the neighbourhood of a pixel is itself and four on each side
# Comparisons that leave the middle one of nine values in place 4 (N. Devillard, Fast median search:
# an ANSI C implementation, 1998; after A. W. Paeth, Graphics Gems, 1990).
NINE = (
    *((1, 2), (4, 5), (7, 8), (0, 1), (3, 4), (6, 7), (1, 2), (4, 5), (7, 8), (0, 3)),
    *((5, 8), (4, 7), (3, 6), (1, 4), (2, 5), (4, 7), (4, 2), (6, 4), (4, 2)),
)


def find_spikes(intensity: FloatArray, threshold: float = 10.0) -> BoolArray:
    """Mark pixels hit by a cosmic ray in a single scan.

    A pixel is marked when it stands more than `threshold` noise units above the median of its
    neighbourhood while the pixels two steps away on both sides are back near that median: a band,
    even of a sharp line, is at least three pixels wide at half height. The idea of working on
    differences with a robust scale follows Whitaker and Hayes, Chemometr. Intell. Lab. Syst. 179
    (2018) 82; the width test is ours, so that silicon and calcite survive. A scan with more than
    twelve such places shows lines, not hits (a neon lamp on a fast instrument): none is marked.

    Parameters
    ----------
    intensity : array, shape (..., n)
        Intensity on the detector's own pixels, n >= 16; every row is judged by itself.
    threshold : float
        Height in units of the robust noise of neighbouring differences.

    Returns
    -------
    array of bool, shape (..., n)
        True where the value is not light from the sample.
    """
    around = [(0, 0)] * (intensity.ndim - 1) + [(HALF, HALF)]
    windows = sliding_window_view(np.pad(intensity, around, mode="reflect"), 9, axis=-1)
    floor = _median_of_nine([windows[..., place] for place in range(9)])
    height = intensity - floor
    noise = row_noise(intensity)[..., None]
    near = np.maximum(windows[..., 2], windows[..., 6])
    sides = np.maximum(windows[..., 1], windows[..., 7])  # three pixels to the left and right
    seeds = (height > threshold * noise) & (np.maximum(near, sides) - floor < 0.25 * height)
    at = np.nonzero(seeds)  # few are left for the slow question: noisier here than elsewhere?
    local = 1.4826 * np.median(np.abs(windows[at] - floor[at][:, None]), axis=1)
    seeds[at] = height[at] > threshold * local
    mask = seeds.copy()
    for step in (-1, 1):
        beside = np.roll(seeds, step, axis=-1)
        mask |= beside & (height > 0.25 * np.roll(height, step, axis=-1)) & (height > 3 * noise)
    places = mask[..., 0] + (mask[..., 1:] & ~mask[..., :-1]).sum(axis=-1)
    mask &= (places <= MOST_HITS)[..., None]
    return mask


def _median_of_nine(values: list[FloatArray]) -> FloatArray:
    """Return the medians of nine arrays of one shape, point by point: 19 comparisons, no sort."""
    for low, high in NINE:
        least = np.minimum(values[low], values[high])
        values[high] = np.maximum(values[low], values[high])
        values[low] = least
    return values[4]


def row_median(rows: FloatArray) -> FloatArray:
    """Return the median along the last axis, shape (...) for (..., n); no NaN is expected."""
    ordered = np.sort(rows, axis=-1)  # vectorised, and so faster than a partition
    middle = rows.shape[-1] // 2
    lower = middle if rows.shape[-1] % 2 else middle - 1
    return np.asarray(0.5 * (ordered[..., lower] + ordered[..., middle]))


def row_noise(rows: FloatArray) -> FloatArray:
    """Return the noise of one pixel (one standard deviation) of every row, from second differences.

    Robust: 1.4826 times the median absolute second difference over ``sqrt(6)``. Never zero.

    Parameters
    ----------
    rows : array, shape (..., n)
        Intensities, n >= 3.

    Returns
    -------
    array, shape (...)
    """
    second = rows[..., 2:] - 2 * rows[..., 1:-1] + rows[..., :-2]
    spread = row_median(np.abs(second - row_median(second)[..., None]))
    largest = np.abs(rows).max(axis=-1)
    least = np.maximum(1e-9 * largest, 1e-300)
    return np.asarray(np.maximum(1.4826 / math.sqrt(6.0) * spread, least))


def pixel_noise(intensity: FloatArray) -> float:
    """Return the noise of one pixel of one spectrum, shape (n,); see `row_noise`."""
    return float(row_noise(intensity))


def repair(intensity: FloatArray, mask: BoolArray) -> FloatArray:
    """Return `intensity`, shape (n,), with marked pixels interpolated from their neighbours."""
    if not mask.any() or mask.all():
        return intensity
    index = np.arange(intensity.size, dtype=np.float64)
    fixed = intensity.copy()
    fixed[mask] = np.interp(index[mask], index[~mask], intensity[~mask])
    return fixed
