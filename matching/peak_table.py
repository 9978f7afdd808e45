"""The bands of a cleaned spectrum as a table, and which band of a reference each may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matching.axis import COMMON_GRID
from matching.figures import full_width
from matching.peaks import find_peaks
from matching.spectrum import FloatArray

LEAST_IN_NOISE = 5.0
LEAST_SHARE = 0.02
"""A band is listed from five noise units and a fiftieth of the strongest band on."""


@dataclass(frozen=True, slots=True)
class PeakRow:
    """One band above the baseline.

    Parameters
    ----------
    position_cm1 : float
        Of the maximum, refined by a parabola through three points.
    height : float
        Above the baseline, unit of the spectrum.
    prominence : float
        Above the higher of the two saddles towards higher bands.
    fwhm_cm1 : float or None
        Full width at half height; None when a neighbour hides it.
    area : float
        Integral between the lowest points towards the neighbouring bands, unit times cm-1.
    snr : float
        Height over one standard deviation of the noise.
    """

    position_cm1: float
    height: float
    prominence: float
    fwhm_cm1: float | None
    area: float
    snr: float


@dataclass(frozen=True, slots=True)
class Assigned:
    """The nearest band of a reference: whose, where, and how far the peak lies from it in cm-1."""

    name: str
    band_cm1: float
    distance_cm1: float


def peak_table(bands: FloatArray, first: int, noise: float, most: int = 60) -> list[PeakRow]:
    """List the bands of a cleaned spectrum by rising Raman shift.

    Parameters
    ----------
    bands : array, shape (m,)
        Intensity above the baseline on consecutive points of the common grid.
    first : int
        Grid index of ``bands[0]``.
    noise : float
        One standard deviation of the noise of `bands`.
    most : int
        At most so many, the most prominent ones.
    """
    least = max(LEAST_IN_NOISE * noise, LEAST_SHARE * float(bands.max(initial=0.0)))
    if least <= 0.0:
        return []
    peaks = find_peaks(bands, first, least, most)
    axis = COMMON_GRID.values[first : first + bands.size]
    order = np.argsort(peaks.index)
    tops = peaks.index[order]
    edges = _valleys(bands, tops.tolist())
    return [
        PeakRow(
            position_cm1=float(peaks.raman_shift_cm1[place]),
            height=float(peaks.height[place]),
            prominence=float(peaks.prominence[place]),
            fwhm_cm1=full_width(axis, bands, int(peaks.index[place])),
            area=float(np.trapezoid(bands[start : end + 1], axis[start : end + 1])),
            snr=float(peaks.height[place]) / noise if noise > 0 else float("inf"),
        )
        for place, (start, end) in zip(order.tolist(), edges, strict=True)
    ]


def _valleys(bands: FloatArray, tops: Sequence[int]) -> list[tuple[int, int]]:
    """Return for each summit where its band begins and ends: a valley, or the baseline before."""
    found = []
    stops = [0, *tops, bands.size - 1]
    for before, top, after in zip(stops, stops[1:-1], stops[2:], strict=False):
        left, right = bands[before : top + 1], bands[top : after + 1]
        start = before + int(left.argmin())
        end = top + int(right.argmin())
        down = np.flatnonzero(bands[start : top + 1] <= 0.0)
        up = np.flatnonzero(bands[top : end + 1] <= 0.0)
        found.append(
            (start + int(down[-1]) if down.size else start, top + int(up[0]) if up.size else end)
        )
    return found


def reference_bands_cm1(axis: FloatArray, values: FloatArray) -> FloatArray:
    """Return where a reference has its bands, cm-1, rising; from a twentieth of the strongest on.

    Parameters
    ----------
    axis, values : array, shape (n,)
        Raman shift in cm-1, increasing; intensity above its baseline, with or without gaps (NaN).
    """
    good = np.isfinite(values)
    if int(good.sum()) < 3:
        return np.empty(0)
    first, end = COMMON_GRID.coverage(float(axis[good][0]), float(axis[good][-1]))
    if end - first < 3:
        return np.empty(0)
    rows = np.interp(COMMON_GRID.values[first:end], axis[good], values[good])
    least = 0.05 * float(rows.max())
    if least <= 0.0:
        return np.empty(0)
    return np.sort(find_peaks(rows, first, least).raman_shift_cm1)


def assigned(
    position_cm1: float, references: Sequence[tuple[str, FloatArray]], within_cm1: float
) -> Assigned | None:
    """Return the nearest band of any reference within a tolerance; None when there is none.

    Nearness is all that is asked: a band may have another origin, so this names no vibration.
    """
    best: Assigned | None = None
    for name, bands in references:
        if not bands.size:
            continue
        at = float(bands[np.abs(bands - position_cm1).argmin()])
        far = position_cm1 - at
        if abs(far) <= within_cm1 and (best is None or abs(far) < abs(best.distance_cm1)):
            best = Assigned(name, at, far)
    return best
