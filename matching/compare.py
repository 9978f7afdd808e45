"""Compare a scan with one reference in detail: align, match resolution, see what remains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.axis import COMMON_GRID, shifted
from matching.peaks import Peaks, find_peaks
from matching.preprocess.scale import gaussian_broadened, second_derivative, square_root
from matching.spectrum import FloatArray
from matching.weights import ErrorSettings, error_weights, highpass

FINGERPRINT_CM1 = (300.0, 1850.0)  # where nearly every molecule has bands that tell it apart


@dataclass(frozen=True, eq=False, slots=True)
class Bands:
    """What is compared: non-negative band intensities on consecutive grid points.

    Parameters
    ----------
    values : array, shape (m,)
        Intensity above the baseline, negative parts set to zero.
    first : int
        Grid index of ``values[0]``.
    noise : float
        One standard deviation of the noise, same unit; 0 for a noise-free reference.
    """

    values: FloatArray
    first: int
    noise: float = 0.0

    @property
    def end(self) -> int:
        """One past the last covered grid point."""
        return self.first + int(self.values.size)


@dataclass(frozen=True, slots=True)
class CompareSettings:
    """How far query and reference may be brought together.

    Parameters
    ----------
    reach_cm1 : float
        Largest shift of the query axis in cm-1.
    fine_cm1 : tuple of float
        Shifts tried around the one found by the search, in cm-1.
    widths_cm1 : tuple of float
        Extra widths (FWHM, cm-1) tried to match resolutions: positive broadens the reference,
        negative the query.
    intensity_tolerance : float
        Factor by which band intensities may differ between instruments.
    band_tolerance_cm1 : float
        Standard deviation of the distance of two matching band positions: at this distance a
        band counts as 0.61 matched, at twice as 0.14.
    least_band : float
        Smallest band considered, as a share of the strongest.
    errors : ErrorSettings
        Noise and model error of the weighted misfit.
    """

    reach_cm1: float
    fine_cm1: tuple[float, ...]
    widths_cm1: tuple[float, ...]
    intensity_tolerance: float
    band_tolerance_cm1: float
    least_band: float
    errors: ErrorSettings


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """How one reference compares with the scan over their common range.

    Correlations run from -1 to 1 (1 best), the other shares from 0 to 1.

    Parameters
    ----------
    root_correlation, derivative_correlation : float
        Pearson correlation of square roots and of their second derivatives.
    unexplained : float
        Share of the scan's band area above noise that the scaled reference does not account for.
    missing : float
        Share of the scaled reference's band area that the scan lacks.
    query_bands_matched, reference_bands_matched : float
        Share of the bands of one (by square root of prominence) with a band of the other nearby.
    independent_bands : float
        Effective number of matched bands; one strong common band gives about 1.
    misfit, contrast : float
        Mean weighted square of what the reference leaves of the scan, and of the scan itself,
        after a high-pass; the weights hold noise and model error (see `matching.weights`), so a
        right reference leaves about 1 or less however noisy the scan is.
    uncovered : float
        Share of the scan's band area between 300 and 1850 cm-1 that lies outside the common
        range: bands about which this reference says nothing.
    shift_cm1 : float
        What was added to the scan's axis.
    width_cm1 : float
        Extra width given to the reference (positive) or the scan (negative).
    overlap_cm1 : float
        Length of the common range.
    first : int
        Grid index of the first point of the arrays below.
    query, reference : arrays, shape (m,)
        Both after alignment, the reference scaled to the scan.
    """

    root_correlation: float
    derivative_correlation: float
    unexplained: float
    missing: float
    query_bands_matched: float
    reference_bands_matched: float
    independent_bands: float
    misfit: float
    contrast: float
    uncovered: float
    shift_cm1: float
    width_cm1: float
    overlap_cm1: float
    first: int
    query: FloatArray
    reference: FloatArray
    query_peaks: Peaks
    reference_peaks: Peaks


def correlation(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return Pearson's correlation along the last axis (broadcast); 0 where one is constant."""
    a = a - a.mean(axis=-1, keepdims=True)
    b = b - b.mean(axis=-1, keepdims=True)
    power = np.sum(a * a, axis=-1) * np.sum(b * b, axis=-1)
    safe = np.where(power > 0, power, 1.0)
    return np.asarray(np.where(power > 0, np.sum(a * b, axis=-1) / np.sqrt(safe), 0.0))


@dataclass(frozen=True, eq=False, slots=True)
class _Alignment:
    merit: float
    width: float
    shift: float
    root: float
    derivative: float
    query: FloatArray
    reference: FloatArray


def compare(
    query: Bands, reference: Bands, shift_cm1: float, settings: CompareSettings
) -> Comparison | None:
    """Align a reference with the scan and measure what fits and what does not.

    Parameters
    ----------
    query, reference : Bands
        Scan and reference on the common grid.
    shift_cm1 : float
        Shift found by the search, refined here.
    settings : CompareSettings
        How far they may be brought together.

    Returns
    -------
    Comparison or None
        None when fewer than 300 cm-1 are common to both.
    """
    step = COMMON_GRID.step_cm1
    margin = int(np.ceil((settings.reach_cm1 + 2.0) / step))
    start = max(query.first, reference.first) + margin
    stop = min(query.end, reference.end) - margin
    if (stop - start) * step < 300.0:
        return None
    best = _align(query, reference, shift_cm1, settings, (start, stop))
    root_query, root_reference = square_root(best.query), square_root(best.reference)
    power = float(root_reference @ root_reference)
    scale = float(root_query @ root_reference) / power if power > 0 else 0.0
    fitted = scale * scale * best.reference
    found, expected = _band_lists(best.query, fitted, query.noise, start, settings)
    near, far = _matched(found, expected, settings), _matched(expected, found, settings)
    unexplained, missing = _remains(best.query, fitted, query.noise, settings)
    misfit, contrast = _misfit(best.query, best.reference, query.noise, settings.errors)
    return Comparison(
        root_correlation=best.root,
        derivative_correlation=best.derivative,
        unexplained=unexplained,
        missing=missing,
        query_bands_matched=_share(found, near),
        reference_bands_matched=_share(expected, far),
        independent_bands=_effective_number(found.prominence * near),
        misfit=misfit,
        contrast=contrast,
        uncovered=_uncovered(query, start, stop),
        shift_cm1=best.shift,
        width_cm1=best.width,
        overlap_cm1=(stop - start) * step,
        first=start,
        query=best.query,
        reference=fitted,
        query_peaks=found,
        reference_peaks=expected,
    )


def _align(
    query: Bands,
    reference: Bands,
    around_cm1: float,
    settings: CompareSettings,
    window: tuple[int, int],
) -> _Alignment:
    """Find the width at the shift given, then the shift at that width.

    Penalties keep both small without need. The reference is moved, not the scan, so that scan and
    noise stay as they are; the shift is reported as what was added to the scan's axis.
    """
    step = COMMON_GRID.step_cm1
    start, stop = window
    span = slice(start - query.first, stop - query.first)
    scans = {
        width: gaussian_broadened(query.values, max(-width, 0.0) / step)[span]
        for width in {min(width, 0.0) for width in settings.widths_cm1}
    }
    wide = {
        width: gaussian_broadened(reference.values, max(width, 0.0) / step)
        for width in {max(width, 0.0) for width in settings.widths_cm1}
    }
    place = slice(start - reference.first, stop - reference.first)

    def at(width: float, shifts: FloatArray) -> _Alignment:
        moved = shifted(wide[max(width, 0.0)], -shifts, step)[:, place]
        return _merit(scans[min(width, 0.0)], moved, width, shifts)

    centre = np.clip(np.array([around_cm1]), -settings.reach_cm1, settings.reach_cm1)
    coarse = max((at(width, centre) for width in settings.widths_cm1), key=lambda a: a.merit)
    shifts = np.clip(centre + np.array(settings.fine_cm1), -settings.reach_cm1, settings.reach_cm1)
    return at(coarse.width, shifts)


def _merit(scan: FloatArray, moved: FloatArray, width: float, shifts: FloatArray) -> _Alignment:
    """Return the best of several shifts of a reference (rows of `moved`) at one width."""
    root, roots = square_root(scan), square_root(moved)
    plain = correlation(root, roots)
    sharp = correlation(second_derivative(root), second_derivative(roots))
    merit = plain + 0.5 * sharp - 0.004 * np.abs(shifts) - 0.001 * abs(width)
    top = int(np.argmax(merit))
    return _Alignment(
        merit=float(merit[top]),
        width=width,
        shift=float(shifts[top]),
        root=float(plain[top]),
        derivative=float(sharp[top]),
        query=np.clip(scan, 0.0, None),
        reference=np.clip(moved[top], 0.0, None),
    )


def _band_lists(
    query: FloatArray, fitted: FloatArray, noise: float, first: int, settings: CompareSettings
) -> tuple[Peaks, Peaks]:
    least = max(settings.least_band * float(query.max()), 5.0 * noise, 1e-300)
    found = find_peaks(query, first, least)
    least = max(settings.least_band * float(fitted.max()), 5.0 * noise, 1e-300)
    return found, find_peaks(fitted, first, least)


def _matched(peaks: Peaks, others: Peaks, settings: CompareSettings) -> FloatArray:
    """Return for each peak how well another lies at its place, 0 to 1, shape (k,)."""
    if not others.index.size:
        return np.zeros(peaks.index.size)
    distance = np.abs(peaks.raman_shift_cm1[:, None] - others.raman_shift_cm1[None, :])
    nearest = distance.min(axis=1) if peaks.index.size else np.zeros(0)
    return np.asarray(np.exp(-0.5 * (nearest / settings.band_tolerance_cm1) ** 2))


def _share(peaks: Peaks, matched: FloatArray) -> float:
    weight = np.sqrt(peaks.prominence)
    total = float(weight.sum())
    return float((weight * matched).sum()) / total if total > 0 else 1.0


def _effective_number(weights: FloatArray) -> float:
    """Participation ratio of square-rooted weights: k equal bands give k, one band gives 1."""
    root = np.sqrt(np.clip(weights, 0.0, None))
    square = float((root * root).sum())
    return float(root.sum()) ** 2 / square if square > 0 else 0.0


def _misfit(
    query: FloatArray, reference: FloatArray, noise: float, errors: ErrorSettings
) -> tuple[float, float]:
    scan, light = highpass(query, errors.highpass_cm1), highpass(reference, errors.highpass_cm1)
    weight = error_weights(scan, noise, errors)
    power = float(light @ (weight * light))
    amount = max(float(light @ (weight * scan)) / power, 0.0) if power > 0 else 0.0
    left = scan - amount * light
    return float(np.mean(weight * left**2)), float(np.mean(weight * scan**2))


def _uncovered(query: Bands, start: int, stop: int) -> float:
    """Share of the scan's band area in the fingerprint region that lies outside the window."""
    first, end = COMMON_GRID.coverage(*FINGERPRINT_CM1)
    first, end = max(first, query.first), min(end, query.end)
    light = np.clip(query.values - 3.0 * query.noise, 0.0, None)
    total = float(light[max(first - query.first, 0) : max(end - query.first, 0)].sum())
    low, high = np.clip((start, stop), first, max(first, end)) - query.first
    inside = float(light[low:high].sum())
    return max(1.0 - inside / total, 0.0) if total > 0 else 0.0


def _remains(
    query: FloatArray, fitted: FloatArray, noise: float, settings: CompareSettings
) -> tuple[float, float]:
    margin, tolerance = 3.0 * noise, settings.intensity_tolerance
    present = float(np.clip(query - margin, 0.0, None).sum())
    beyond = float(np.clip(query - tolerance * fitted - margin, 0.0, None).sum())
    expected = float(fitted.sum())
    lacking = float(np.clip(fitted - tolerance * query - margin, 0.0, None).sum())
    return (
        beyond / present if present > 0 else 1.0,
        lacking / expected if expected > 0 else 1.0,
    )
