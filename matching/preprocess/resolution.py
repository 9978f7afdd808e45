"""How wide an instrument draws a line: estimated from the narrowest bands of a scan."""

from __future__ import annotations

import math

import numpy as np

from matching.axis import COMMON_GRID
from matching.peaks import find_peaks
from matching.spectrum import FloatArray

TALL_IN_NOISE = 25.0  # a half height is read to 4 % of the band or better
TALL_SHARE = 0.05  # of the strongest band: smaller ones may be shoulders or ripples
WIDEST_CM1 = 60.0  # wider bands say nothing about an instrument


def resolution_cm1(bands: FloatArray, noise: float, smoothed_cm1: float = 0.0) -> float | None:
    """Estimate the width (FWHM) of the narrowest reliable bands of a cleaned scan.

    A band counts when it is tall, falls to half its height on both sides without another band in
    between, and is about as wide to the left as to the right. What the grid cells and a smoothing
    have added is taken off in quadrature. Bands have widths of their own, so the figure is the
    instrument's resolution or more, but for the noise of a half height (a few per cent).

    Parameters
    ----------
    bands : array, shape (m,)
        Intensity above the baseline on the common grid.
    noise : float
        One standard deviation of the noise of a grid point, unit of `bands`.
    smoothed_cm1 : float
        Width (FWHM, cm-1) of the Gaussian the bands were smoothed with, 0 for none.

    Returns
    -------
    float or None
        FWHM in cm-1: of the second narrowest band when three or more count, else of the narrowest.
        None, "not known", when no band is good enough or the smoothing hides what there was.
    """
    top = float(bands.max(initial=0.0))
    if top <= 0.0:
        return None
    peaks = find_peaks(bands, 0, max(TALL_IN_NOISE * noise, TALL_SHARE * top))
    widths = sorted(
        width for at in peaks.index.tolist() if (width := _width_points(bands, at)) is not None
    )
    if not widths:
        return None
    measured = COMMON_GRID.step_cm1 * widths[1 if len(widths) > 2 else 0]
    added = smoothed_cm1**2 + 8.0 * math.log(2.0) / 12.0 * COMMON_GRID.step_cm1**2
    if measured**2 < 1.5 * added:
        return None
    return math.sqrt(measured**2 - added)


def _width_points(bands: FloatArray, top: int) -> float | None:
    """Return the width at half height in grid points, or None when a flank is not clear."""
    left = _half_height(bands[top::-1])
    right = _half_height(bands[top:])
    if left is None or right is None or abs(left - right) > 1.0 + 0.25 * (left + right):
        return None  # the highest point may be half a point off the middle, no more
    return left + right


def _half_height(flank: FloatArray) -> float | None:
    """Return how far from its first point a flank falls to half of it, in points."""
    reach = int(WIDEST_CM1 / COMMON_GRID.step_cm1)
    low = np.flatnonzero(flank[:reach] < 0.5 * flank[0])
    if not low.size:
        return None
    at = int(low[0])
    if (np.diff(flank[: at + 1]) > 0).any():  # it rises again: another band
        return None
    above, below = float(flank[at - 1]), float(flank[at])
    return at - 1 + (above - 0.5 * float(flank[0])) / (above - below)
