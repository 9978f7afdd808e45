"""Cosmic rays: hits of one to three pixels, narrower than any band an instrument can show."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from matching.spectrum import FloatArray

BoolArray = NDArray[np.bool_]


def find_spikes(intensity: FloatArray, threshold: float = 10.0) -> BoolArray:
    """Mark pixels hit by a cosmic ray in a single scan.

    A pixel is marked when it stands more than `threshold` noise units above the median of its
    neighbourhood while the pixels two steps away on both sides are back near that median: a band,
    even of a sharp line, is at least three pixels wide at half height. The idea of working on
    differences with a robust scale follows Whitaker and Hayes, Chemometr. Intell. Lab. Syst. 179
    (2018) 82; the width test is ours, so that silicon and calcite survive.

    Parameters
    ----------
    intensity : array, shape (n,)
        Intensity on the detector's own pixels, n >= 16.
    threshold : float
        Height in units of the robust noise of neighbouring differences.

    Returns
    -------
    array of bool, shape (n,)
        True where the value is not light from the sample.
    """
    padded = np.pad(intensity, 4, mode="reflect")
    windows = sliding_window_view(padded, 9)
    floor = np.median(windows, axis=1)
    height = intensity - floor
    noise = pixel_noise(intensity)
    local = np.median(np.abs(windows - floor[:, None]), axis=1) * 1.4826
    tall = height > threshold * np.maximum(noise, local)
    sides = np.maximum(windows[:, 1], windows[:, 7])  # three pixels to the left and right
    near = np.maximum(windows[:, 2], windows[:, 6])
    narrow = (near - floor < 0.25 * height) & (sides - floor < 0.25 * height)
    seeds = tall & narrow
    mask = seeds.copy()
    for step in (-1, 1):
        beside = np.roll(seeds, step)
        mask |= beside & (height > 0.25 * np.roll(height, step)) & (height > 3 * noise)
    return mask


def pixel_noise(intensity: FloatArray) -> float:
    """Return the noise of one pixel (one standard deviation) from second differences.

    Robust: 1.4826 times the median absolute second difference over ``sqrt(6)``. Never zero.
    """
    second = intensity[2:] - 2 * intensity[1:-1] + intensity[:-2]
    noise = 1.4826 * float(np.median(np.abs(second - np.median(second)))) / math.sqrt(6.0)
    largest = float(np.max(np.abs(intensity)))
    return max(noise, 1e-9 * largest, 1e-300)


def repair(intensity: FloatArray, mask: BoolArray) -> FloatArray:
    """Return `intensity`, shape (n,), with marked pixels interpolated from their neighbours."""
    if not mask.any() or mask.all():
        return intensity
    index = np.arange(intensity.size, dtype=np.float64)
    fixed = intensity.copy()
    fixed[mask] = np.interp(index[mask], index[~mask], intensity[~mask])
    return fixed
