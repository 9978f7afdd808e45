"""How far an aligned, scaled reference and a scan agree: what is confirmed, left over, lacking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from matching.axis import COMMON_GRID
from matching.peaks import Peaks, find_peaks_many
from matching.preprocess.scale import gaussian_broadened
from matching.spectrum import FloatArray

ABOVE_NOISE = 3.0  # standard deviations of noise that are neither unexplained nor missing
BAND_WIDTH_CM1 = 14.0  # width (FWHM) of the filter that looks for a band that is due


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """The scan in one window at one extra width, and what follows from it alone.

    `matched` is the high-passed scan after a filter of a band's width, `spread` the robust
    standard deviation of that.
    """

    values: FloatArray
    root: FloatArray
    matched: FloatArray
    spread: float
    present: float
    peaks: Peaks
    sharp: FloatArray
    weight: FloatArray
    contrast: float


def matched_bands(
    found: Peaks, expected: Peaks, tolerance_cm1: float
) -> tuple[FloatArray, FloatArray]:
    """Return for each band of either list how well one of the other lies at its place, 0 to 1.

    Parameters
    ----------
    found, expected : Peaks
        Bands of the scan, k of them, and of the reference, l.
    tolerance_cm1 : float
        Standard deviation of the distance of two matching bands.

    Returns
    -------
    arrays, shapes (k,) and (l,)
    """
    if not (found.index.size and expected.index.size):
        return np.zeros(found.index.size), np.zeros(expected.index.size)
    distance = np.abs(found.raman_shift_cm1[:, None] - expected.raman_shift_cm1)
    near, far = (np.exp(-0.5 * (distance.min(axis=axis) / tolerance_cm1) ** 2) for axis in (1, 0))
    return near, far


def matched_share(peaks: Peaks, matched: FloatArray) -> float:
    """Return the matched share, 0 to 1, of k bands by the square root of their prominence.

    `matched`, shape (k,), is as `matched_bands` gives it; without any band the share is 1.
    """
    weight = np.sqrt(peaks.prominence)
    total = float(weight.sum())
    return float((weight * matched).sum()) / total if total > 0 else 1.0


def band_filtered(sharp: FloatArray) -> FloatArray:
    """Return high-passed rows, shape (..., m), after a Gaussian filter of a band's width."""
    return gaussian_broadened(sharp, BAND_WIDTH_CM1 / COMMON_GRID.step_cm1)


def confirmed_bands(
    views: Sequence[View],
    values: FloatArray,
    sharp: FloatArray,
    least_band: float,
    tolerance_cm1: float,
) -> list[float]:
    """Return the effective number of bands of each scaled reference that the scan confirms.

    Where a band is due is known, so that a filter of its width finds it far below the height at
    which it would stand out by itself. It counts in full from four standard deviations, and with
    the smaller of its heights in scan and reference.

    Parameters
    ----------
    views : sequence of View, length c
        The scan as it is compared with each reference.
    values, sharp : arrays, shape (c, m)
        References scaled to the scan, as they are and after the high-pass.
    least_band : float
        Smallest band considered, as a share of the strongest.
    tolerance_cm1 : float
        How far from its place a band may lie.
    """
    least = np.maximum(least_band * values.max(axis=1), 1e-300)
    due = band_filtered(sharp)
    reach = round(tolerance_cm1 / COMMON_GRID.step_cm1)
    counts = []
    peaks = find_peaks_many(values, 0, least)
    for view, bands, expected in zip(views, peaks, due, strict=True):
        padded = np.pad(view.matched, reach, mode="edge")
        windows = sliding_window_view(padded, 2 * reach + 1)
        found = windows[bands.index].max(axis=1)
        sure = np.clip(found / max(view.spread, 1e-300) / 2.0 - 1.0, 0.0, 1.0)
        height = np.minimum(found, expected[bands.index])
        counts.append(_effective_number(np.clip(height, 0.0, None) * sure))
    return counts


def _effective_number(weights: FloatArray) -> float:
    """Participation ratio of square-rooted weights: k equal bands give k, one band gives 1."""
    root = np.sqrt(np.clip(weights, 0.0, None))
    square = float((root * root).sum())
    return float(root.sum()) ** 2 / square if square > 0 else 0.0


def misfits(views: Sequence[View], sharp: FloatArray) -> list[float]:
    """Return for each view the mean weighted square that its reference, best scaled, leaves.

    The rows of `sharp` are the references after the high-pass.
    """
    weight, scan = (np.array([getattr(v, name) for v in views]) for name in ("weight", "sharp"))
    weighted = weight * sharp
    power = np.vecdot(weighted, sharp)
    amount = np.vecdot(weighted, scan) / np.where(power > 0, power, 1.0)
    amount = np.where(power > 0, np.maximum(amount, 0.0), 0.0)
    left = scan - amount[:, None] * sharp
    left_over: list[float] = (np.vecdot(weight * left, left) / left.shape[1]).tolist()
    return left_over


def remainders(
    views: Sequence[View], scaled: FloatArray, noise: float, tolerance: float
) -> tuple[list[float], list[float]]:
    """Return what each scaled reference leaves unexplained, and what of it is missing.

    After the high-pass, so that a smooth background of scan or reference is neither.
    """
    margin = ABOVE_NOISE * noise
    scan = np.array([view.sharp for view in views])
    scan, scaled = np.maximum(scan, 0.0), np.maximum(scaled, 0.0)
    present = np.array([view.present for view in views])
    beyond = np.clip(scan - tolerance * scaled - margin, 0.0, None).sum(axis=1)
    expected = scaled.sum(axis=1)
    lacking = np.clip(scaled - tolerance * scan - margin, 0.0, None).sum(axis=1)
    return _shares(beyond, present), _shares(lacking, expected)


def _shares(part: FloatArray, whole: FloatArray) -> list[float]:
    return [p / w if w > 0 else 1.0 for p, w in zip(part.tolist(), whole.tolist(), strict=True)]
