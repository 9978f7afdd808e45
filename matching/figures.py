"""Spectra side by side: scaled alike, set apart, subtracted; and the figures of a chosen range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from matching.errors import QueryError
from matching.spectrum import MIN_POINTS, FloatArray

Scaling = Literal["none", "area", "max", "snv"]
SCALINGS: tuple[Scaling, ...] = ("none", "area", "max", "snv")


@dataclass(frozen=True, slots=True)
class RangeFigures:
    """What a range of a spectrum holds.

    Parameters
    ----------
    low_cm1, high_cm1 : float
        The range, cut to the spectrum, in cm-1.
    area : float
        Integral of the curve over the range, intensity times cm-1.
    net_area : float
        The same above the straight line between the curve's ends of the range.
    centroid_cm1 : float or None
        Centre of gravity of what stands above that line; None when nothing does.
    top_cm1, height : float
        Where the curve stands highest above the line, and how high.
    fwhm_cm1 : float or None
        Full width at half of that height above the line; None when the curve does not fall to it
        on both sides within the range.
    """

    low_cm1: float
    high_cm1: float
    area: float
    net_area: float
    centroid_cm1: float | None
    top_cm1: float
    height: float
    fwhm_cm1: float | None


def scaled_alike(axis: FloatArray, values: FloatArray, scaling: Scaling) -> FloatArray:
    """Return intensities on a scale on which spectra are laid over each other.

    Parameters
    ----------
    axis, values : array, shape (n,)
        Raman shift in cm-1, and intensity.
    scaling : {"none", "area", "max", "snv"}
        Divided by the area under the magnitude of the curve; by its largest magnitude; or mean
        taken off and divided by the standard deviation (standard normal variate: Barnes, Dhanoa
        and Lister, Appl. Spectrosc. 43 (1989) 772). A curve without any of that stays as it is.

    Returns
    -------
    array, shape (n,)
    """
    if scaling == "snv":
        centred = values - values.mean()
        return np.asarray(centred / (float(values.std()) or 1.0))
    if scaling == "area":
        return np.asarray(values / (float(np.trapezoid(np.abs(values), axis)) or 1.0))
    if scaling == "max":
        return np.asarray(values / (float(np.abs(values).max()) or 1.0))
    return values.copy()


def stack_offsets(curves: Sequence[FloatArray], share: float) -> list[float]:
    """Return what is added to each curve so that they stand above each other, the first on top.

    Parameters
    ----------
    curves : sequence of array
        Intensities, each of its own length.
    share : float
        Distance from curve to curve as a share of the largest height; 1 keeps them apart.

    Returns
    -------
    list of float
        Falling by equal steps to 0.
    """
    height = max((float(np.ptp(one)) for one in curves), default=0.0)
    return [share * height * place for place in range(len(curves) - 1, -1, -1)]


def difference(
    first: tuple[FloatArray, FloatArray], second: tuple[FloatArray, FloatArray], factor: float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """Subtract `factor` times the second spectrum from the first, where both were measured.

    Parameters
    ----------
    first, second : (axis, values)
        Raman shifts in cm-1, increasing, and intensities.
    factor : float
        What the second is multiplied with.

    Returns
    -------
    axis, values : array, shape (n,)
        The points of the more coarsely sampled of the two; the other is interpolated to them.

    Raises
    ------
    QueryError
        When fewer than 16 points are common to both.
    """
    low = max(first[0][0], second[0][0])
    high = min(first[0][-1], second[0][-1])
    inside = [axis[(axis >= low) & (axis <= high)] for axis, _ in (first, second)]
    axis = min(inside, key=lambda points: points.size)
    if axis.size < MIN_POINTS:
        raise QueryError(
            "the two spectra have no range in common", "", "choose two of overlapping ranges"
        )
    values = np.interp(axis, *first) - factor * np.interp(axis, *second)
    return axis, np.asarray(values)


def wavelength_nm(raman_shift_cm1: FloatArray, laser_nm: float) -> FloatArray:
    """Return the absolute wavelength in nm (as the laser's: in air or vacuum) of Raman shifts.

    Raises
    ------
    QueryError
        When a shift is not below the laser's own wavenumber.
    """
    left = 1e7 / laser_nm - raman_shift_cm1
    if left.size and float(left.min()) <= 0.0:
        raise QueryError(
            "a Raman shift is beyond the laser's own wavenumber",
            "",
            "check the excitation wavelength",
        )
    return np.asarray(1e7 / left)


def shift_cm1(wavelengths_nm: FloatArray, laser_nm: float) -> FloatArray:
    """Return the Raman shifts in cm-1 of absolute wavelengths in nm; undoes `wavelength_nm`."""
    return np.asarray(1e7 / laser_nm - 1e7 / wavelengths_nm)


def range_figures(axis: FloatArray, values: FloatArray, low: float, high: float) -> RangeFigures:
    """Return area, centroid and width of what a spectrum holds between two Raman shifts.

    The ends are interpolated, so that areas of neighbouring ranges add up.

    Parameters
    ----------
    axis, values : array, shape (n,)
        Raman shift in cm-1, increasing, and intensity.
    low, high : float
        The range in cm-1, in any order.

    Raises
    ------
    QueryError
        When the spectrum has no more than two points in the range.
    """
    low, high = max(min(low, high), float(axis[0])), min(max(low, high), float(axis[-1]))
    inside = (axis > low) & (axis < high)
    if int(inside.sum()) < 3:
        raise QueryError("the range holds too few points", "", "choose a wider range")
    x = np.concatenate(([low], axis[inside], [high]))
    y = np.interp(x, axis, values)
    net = y - np.interp(x, [low, high], [y[0], y[-1]])
    above = np.maximum(net, 0.0)
    mass = float(np.trapezoid(above, x))
    top = int(net.argmax())
    return RangeFigures(
        low_cm1=low,
        high_cm1=high,
        area=float(np.trapezoid(y, x)),
        net_area=float(np.trapezoid(net, x)),
        centroid_cm1=float(np.trapezoid(above * x, x)) / mass if mass > 0.0 else None,
        top_cm1=float(x[top]),
        height=float(net[top]),
        fwhm_cm1=full_width(x, net, top),
    )


def full_width(axis: FloatArray, values: FloatArray, top: int) -> float | None:
    """Return the full width at half height of the maximum at index `top`, in the axis's unit.

    None when the curve does not fall to half of ``values[top]`` on both sides before it rises
    above that maximum, or ends.
    """
    left = _half_way(axis[top::-1], values[top::-1])
    right = _half_way(axis[top:], values[top:])
    if left is None or right is None:
        return None
    return right - left


def _half_way(axis: FloatArray, values: FloatArray) -> float | None:
    """Return where a flank, its top first, falls through half its height; None when it does not."""
    half = 0.5 * float(values[0])
    low = np.flatnonzero(values <= half)
    if half <= 0.0 or not low.size:
        return None
    at = int(low[0])
    if float(values[:at].max()) > float(values[0]):
        return None
    drop = float(values[at - 1] - values[at])
    return float(axis[at - 1] + (axis[at] - axis[at - 1]) * (values[at - 1] - half) / drop)
