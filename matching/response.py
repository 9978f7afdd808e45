"""How two instruments differ in sensitivity along the axis: a smooth factor, fitted on bands.

Detectors and gratings lose sensitivity towards one end of the range, and not every instrument
corrects for it: the same substance then shows the same bands with other relative heights, the
more so the farther apart they lie. A parabola in the logarithm, held back by a prior, covers that.
It moves no band and makes none, but it makes a wrong reference with bands at the same places fit a
little better, too: the weights of the evidence are fitted with it on, so that this is counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.peaks import Peaks
from matching.spectrum import FloatArray

CENTRE_CM1 = 1000.0
SCALE_CM1 = 1000.0
LIMIT_TO_PAIR = 2.0  # band tolerances within which two bands may be one
HUBER = 1.5  # standard deviations beyond which a band counts less
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class ResponseSettings:
    """What is known of sensitivities before a scan is seen.

    Parameters
    ----------
    slope, curvature : float
        Standard deviations of the logarithmic factor per 1000 cm-1, and per its square.
    band_error : float
        Standard deviation of the logarithm of a band's height between instruments, beside it.
    most : float
        Largest factor to either side.
    least_use : float
        The factor is used when it lowers the misfit at least to this share.
    """

    slope: float
    curvature: float
    band_error: float
    most: float
    least_use: float


@dataclass(frozen=True, slots=True)
class Response:
    """The sensitivity of the scan's instrument over that of the reference's.

    Parameters
    ----------
    slope, curvature : float
        Coefficients of the logarithm in ``u`` and ``u**2``, with ``u`` the distance from
        1000 cm-1 in units of 1000 cm-1.
    range_cm1 : tuple of float
        First and last band that it rests on; beyond them it stays constant.
    most : float
        Largest factor to either side.
    """

    slope: float
    curvature: float
    range_cm1: tuple[float, float]
    most: float

    def factor(self, raman_shift_cm1: FloatArray) -> FloatArray:
        """Return the factor at Raman shifts in cm-1, shape (m,): scan over reference."""
        u = (np.clip(raman_shift_cm1, *self.range_cm1) - CENTRE_CM1) / SCALE_CM1
        limit = np.log(self.most)
        return np.asarray(np.exp(np.clip(u * (self.slope + self.curvature * u), -limit, limit)))


def fit_response(
    found: Peaks,
    expected: Peaks,
    noise: float,
    band_tolerance_cm1: float,
    settings: ResponseSettings,
) -> Response | None:
    """Fit the smooth factor between the bands of a scan and those of a reference.

    Weighted least squares of the logarithm of band heights with normal priors on slope and
    curvature and Huber weights (Huber, Ann. Math. Statist. 35 (1964) 73), over bands that are
    each other's nearest.

    Parameters
    ----------
    found, expected : Peaks
        Bands of the scan and of the reference scaled to it.
    noise : float
        One standard deviation of the scan's noise, in the unit of the bands.
    band_tolerance_cm1 : float
        Standard deviation of the distance of two matching band positions.
    settings : ResponseSettings
        Priors.

    Returns
    -------
    Response or None
        None with fewer than two common bands.
    """
    if not (found.index.size and expected.index.size):
        return None
    apart = np.abs(found.raman_shift_cm1[:, None] - expected.raman_shift_cm1)
    nearest = apart.argmin(axis=1)
    each = np.arange(found.index.size)
    distance = apart[each, nearest]
    pair = apart.argmin(axis=0)[nearest] == each
    pair &= distance < LIMIT_TO_PAIR * band_tolerance_cm1
    if int(pair.sum()) < 2:
        return None
    place = found.raman_shift_cm1[pair]
    scan, reference = found.prominence[pair], expected.prominence[nearest[pair]]
    variance = settings.band_error**2 + (noise / scan) ** 2 + (noise / reference) ** 2
    weight = np.exp(-0.5 * (distance[pair] / band_tolerance_cm1) ** 2) / variance
    slope, curvature = _parabola(place, np.log(scan / reference), weight, settings)
    return Response(slope, curvature, (float(place.min()), float(place.max())), settings.most)


def _parabola(
    place: FloatArray, ratio: FloatArray, weight: FloatArray, settings: ResponseSettings
) -> tuple[float, float]:
    u = (place - CENTRE_CM1) / SCALE_CM1
    terms = np.column_stack((np.ones_like(u), u, u * u))
    prior = np.diag([1e-6, settings.slope**-2, settings.curvature**-2])
    off = np.zeros_like(u)
    slope = curvature = 0.0
    for _ in range(ROUNDS):
        weighted = terms.T * (weight / np.maximum(1.0, off / HUBER))
        best = np.linalg.solve(weighted @ terms + prior, weighted @ ratio)
        off = np.abs(ratio - terms @ best) * np.sqrt(weight)
        slope, curvature = float(best[1]), float(best[2])
    return slope, curvature
