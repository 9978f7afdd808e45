"""Bring references together with a scan: the extra width and the small shift that fit best.

Several references on one axis are aligned at once. Every number of one reference comes from calls
whose arithmetic runs along its own row, so that it is the same, bit for bit, whatever else is in
the batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from matching.axis import COMMON_GRID
from matching.preprocess.scale import gaussian_widths, second_derivative, soft_root
from matching.spectrum import FloatArray

IntArray = NDArray[np.int64]
SHARPNESS = 0.5  # weight of the derivative's correlation beside the plain one
SHIFT_PENALTY = 0.004  # per cm-1: neither is moved
WIDTH_PENALTY = 0.001  # nor broadened without need


@dataclass(frozen=True, slots=True)
class AlignSettings:
    """Widths and shifts tried.

    Parameters
    ----------
    reach_cm1 : float
        Largest shift, in cm-1.
    fine_cm1 : tuple of float
        Shifts tried around the first one, in cm-1.
    widths_cm1 : tuple of float
        Extra widths tried (FWHM, cm-1): positive broadens the reference, negative the scan.
    softening : float
        Noise units added under the square root, see `soft_root`.
    """

    reach_cm1: float
    fine_cm1: tuple[float, ...]
    widths_cm1: tuple[float, ...]
    softening: float

    @property
    def tries(self) -> Tries:
        """The widths, split between scan and reference."""
        return _tries(self.widths_cm1)


@dataclass(frozen=True, eq=False, slots=True)
class Tries:
    """The widths tried, split between scan and reference.

    Parameters
    ----------
    scan_points, reference_points : tuple of float
        Distinct extra widths of either, in grid points.
    width_cm1 : array, shape (w,)
        The widths as they are stated.
    scan, reference : int arrays, shape (w,)
        Which of the distinct widths of either belong to each.
    """

    scan_points: tuple[float, ...]
    reference_points: tuple[float, ...]
    width_cm1: FloatArray
    scan: IntArray
    reference: IntArray


@lru_cache(maxsize=8)
def _tries(widths_cm1: tuple[float, ...]) -> Tries:
    step = COMMON_GRID.step_cm1
    scan, reference = ([max(s * w, 0.0) / step for w in widths_cm1] for s in (-1.0, 1.0))
    of_scan, of_reference = tuple(dict.fromkeys(scan)), tuple(dict.fromkeys(reference))
    return Tries(
        of_scan,
        of_reference,
        np.array(widths_cm1),
        np.array([of_scan.index(width) for width in scan]),
        np.array([of_reference.index(width) for width in reference]),
    )


@dataclass(frozen=True, eq=False, slots=True)
class Scales:
    """Rows on the scales that are correlated, each centred, with their sums of squares."""

    root: FloatArray
    sharp: FloatArray
    root_power: FloatArray
    sharp_power: FloatArray


def scales(rows: FloatArray, softness: FloatArray | float) -> Scales:
    """Return soft roots and their second derivatives of rows, shape (..., m), centred.

    `softness` has the unit of the rows and one axis less, or is one number.
    """
    root = soft_root(rows, np.asarray(softness)[..., None])
    sharp = second_derivative(root)
    for values in (root, sharp):
        np.subtract(values, values.mean(axis=-1, keepdims=True), out=values)
    return Scales(root, sharp, np.vecdot(root, root), np.vecdot(sharp, sharp))


@dataclass(frozen=True, eq=False, slots=True)
class References:
    """What is aligned: rows (c, k) on one stretch of the grid.

    Parameters
    ----------
    values : array, shape (c, k)
        Band intensities.
    place : slice
        The m points of them that are compared; at least the largest shift from either end.
    around_cm1 : array, shape (c,)
        Shifts found by the search.
    softness : array, shape (c,)
        Softness of each one's root, in its own unit.
    """

    values: FloatArray
    place: slice
    around_cm1: FloatArray
    softness: FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class Aligned:
    """The best alignment of each of c references.

    Parameters
    ----------
    width_cm1, shift_cm1 : arrays, shape (c,)
        Extra width (negative: the scan's), and what was added to the scan's axis.
    scan : int array, shape (c,)
        Which of the broadened scans each goes with.
    root, derivative : arrays, shape (c,)
        Correlation of soft roots and of their second derivatives.
    reference : array, shape (c, m)
        The references, broadened and moved.
    """

    width_cm1: FloatArray
    shift_cm1: FloatArray
    scan: IntArray
    root: FloatArray
    derivative: FloatArray
    reference: FloatArray


def align(scans: Scales, references: References, settings: AlignSettings) -> Aligned:
    """Find for each reference the width at the shift given, then the shift at that width.

    Penalties keep both small without need. The references are moved, not the scan, so that scan
    and noise stay as they are; the shift is reported as what was added to the scan's axis.

    Parameters
    ----------
    scans : Scales
        The scan at each of ``settings.tries.scan_points``, rows of shape (v, m).
    references : References
        The c references.
    settings : AlignSettings
        See there.
    """
    place, softness = references.place, references.softness
    reach, tries, each = settings.reach_cm1, settings.tries, np.arange(references.values.shape[0])
    wide = gaussian_widths(references.values, tries.reference_points)
    centre = np.clip(references.around_cm1, -reach, reach)
    root, derivative = correlations(_moved_once(wide, place, centre), scans, softness)
    merit = (root + SHARPNESS * derivative)[:, tries.reference, tries.scan]
    merit -= SHIFT_PENALTY * np.abs(centre)[:, None] + WIDTH_PENALTY * np.abs(tries.width_cm1)
    best = merit.argmax(axis=1)
    scan = tries.scan[best]
    shifts = np.clip(centre[:, None] + np.array(settings.fine_cm1), -reach, reach)
    moved = _moved(wide[each, tries.reference[best]], place, shifts)
    root, derivative = (x[each, :, scan] for x in correlations(moved, scans, softness))
    top = (root + SHARPNESS * derivative - SHIFT_PENALTY * np.abs(shifts)).argmax(axis=1)
    return Aligned(
        width_cm1=tries.width_cm1[best],
        shift_cm1=shifts[each, top],
        scan=scan,
        root=root[each, top],
        derivative=derivative[each, top],
        reference=moved[each, top],
    )


def correlations(
    rows: FloatArray, scans: Scales, softness: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Correlate rows (c, r, m) with every scan on both scales: two arrays of shape (c, r, v).

    `softness`, shape (c,), is that of each reference's root, in its own unit.
    """
    mine = scales(rows, softness[:, None])
    return (
        _pearson(mine.root @ scans.root.T, mine.root_power, scans.root_power),
        _pearson(mine.sharp @ scans.sharp.T, mine.sharp_power, scans.sharp_power),
    )


def _pearson(dots: FloatArray, rows: FloatArray, scans: FloatArray) -> FloatArray:
    power = rows[..., None] * scans
    safe = np.where(power > 0, power, 1.0)
    return np.asarray(np.where(power > 0, dots / np.sqrt(safe), 0.0))


def _moved_once(values: FloatArray, place: slice, shifts_cm1: FloatArray) -> FloatArray:
    """Move all rows of each reference, (c, r, k), against its shift, (c,): shape (c, r, m)."""
    points = shifts_cm1 / COMMON_GRID.step_cm1
    whole = np.floor(points)
    out = np.empty((*values.shape[:-1], place.stop - place.start))
    for number, (start, part) in enumerate(
        zip(whole.astype(np.int64).tolist(), (points - whole).tolist(), strict=True)
    ):
        low = values[number, :, place.start + start : place.stop + start]
        high = values[number, :, place.start + start + 1 : place.stop + start + 1]
        _between(low, high, part, out[number])
    return out


def _moved(values: FloatArray, place: slice, shifts_cm1: FloatArray) -> FloatArray:
    """Move each reference, (c, k), against each of its shifts, (c, s): shape (c, s, m)."""
    points = shifts_cm1 / COMMON_GRID.step_cm1
    whole = np.floor(points)
    views = sliding_window_view(values, place.stop - place.start, axis=-1)
    each = np.arange(values.shape[0])[:, None]
    start = place.start + whole.astype(np.int64)
    out = views[each, start + 1]
    return _between(views[each, start], out, (points - whole)[..., None], out)


def _between(
    low: FloatArray, high: FloatArray, part: FloatArray | float, out: FloatArray
) -> FloatArray:
    """Interpolate linearly: ``(high - low) * part + low``, into `out`."""
    np.subtract(high, low, out=out)
    out *= part
    out += low
    return out
