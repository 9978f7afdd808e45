"""Compare a scan with one reference in detail: align, match resolution, see what remains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from matching.agreement import (
    ABOVE_NOISE,
    View,
    band_filtered,
    confirmed_bands,
    matched_bands,
    matched_share,
    misfits,
    remainders,
)
from matching.align import Aligned, AlignSettings, References, align, correlations, scales
from matching.axis import COMMON_GRID
from matching.peaks import Peaks, find_peaks_many
from matching.preprocess.scale import gaussian_widths, square_root
from matching.response import Response, ResponseSettings, fit_response
from matching.spectrum import FloatArray
from matching.weights import ErrorSettings, error_weights, highpass

FINGERPRINT_CM1 = (300.0, 1850.0)  # where nearly every molecule has bands that tell it apart
LEAST_WINDOW_CM1 = 300.0  # common range below which nothing is compared
BAND_IN_NOISE = 5.0  # standard deviations from which a maximum is a band
AT_ONCE = 6  # references worked on together: few enough for their arrays to stay in the cache


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
class CompareSettings(AlignSettings):
    """How far scan and reference may be brought together, and what then counts as agreement.

    Parameters
    ----------
    reach_cm1, fine_cm1, widths_cm1, softening
        See `AlignSettings`.
    intensity_tolerance : float
        Factor by which band intensities may differ between instruments.
    band_tolerance_cm1 : float
        Standard deviation of the distance of two matching band positions: at this distance a
        band counts as 0.61 matched, at twice as 0.14.
    least_band : float
        Smallest band considered, as a share of the strongest.
    errors : ErrorSettings
        Noise and model error of the weighted misfit.
    response : ResponseSettings
        How the sensitivities of two instruments may differ along the axis.
    """

    intensity_tolerance: float
    band_tolerance_cm1: float
    least_band: float
    errors: ErrorSettings
    response: ResponseSettings


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """How one reference compares with the scan over their common range.

    Correlations run from -1 to 1 (1 best), the other shares from 0 to 1.

    Parameters
    ----------
    root_correlation, derivative_correlation : float
        Pearson correlation of soft roots and of their second derivatives.
    unexplained : float
        Share of the scan's band area above noise that the scaled reference does not account for,
        after a high-pass.
    missing : float
        Share of the scaled reference's band area that the scan lacks, after a high-pass.
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
    response : Response or None
        The smooth sensitivity that the reference was given to match the scan's; None when it was
        not needed.
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
    response: Response | None = None


def correlation(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return Pearson's correlation along the last axis (broadcast); 0 where one is constant."""
    a = a - a.mean(axis=-1, keepdims=True)
    b = b - b.mean(axis=-1, keepdims=True)
    power = np.sum(a * a, axis=-1) * np.sum(b * b, axis=-1)
    safe = np.where(power > 0, power, 1.0)
    return np.asarray(np.where(power > 0, np.sum(a * b, axis=-1) / np.sqrt(safe), 0.0))


def compare(
    query: Bands, reference: Bands, shift_cm1: float, settings: CompareSettings
) -> Comparison | None:
    """Align one reference with the scan and measure what fits and what does not.

    As `compare_many` with one reference.
    """
    return compare_many(query, [reference], [shift_cm1], settings)[0]


def compare_many(
    query: Bands,
    references: Sequence[Bands],
    shifts_cm1: Sequence[float],
    settings: CompareSettings,
) -> list[Comparison | None]:
    """Align references with the scan and measure for each what fits and what does not.

    What depends on the scan alone is done once, and references on one stretch of the grid are
    worked on together. The figures of one reference do not depend on the others or their order.

    Parameters
    ----------
    query : Bands
        The scan on the common grid.
    references : sequence of Bands, length n
        The references on the common grid.
    shifts_cm1 : sequence of float, length n
        Shifts found by the search, refined here.
    settings : CompareSettings
        How far they may be brought together.

    Returns
    -------
    list of Comparison or None, length n
        None where fewer than 300 cm-1 are common to both.
    """
    found: list[Comparison | None] = [None] * len(references)
    alike: dict[tuple[int, int], list[int]] = {}
    for place, reference in enumerate(references):
        alike.setdefault((reference.first, reference.end), []).append(place)
    broadened = gaussian_widths(query.values, settings.tries.scan_points)
    for (first, end), places in alike.items():
        window = _window(query, first, end, settings)
        if window is None:
            continue
        side = _ScanSide(query, broadened, window, settings)
        for begin in range(0, len(places), AT_ONCE):
            part = places[begin : begin + AT_ONCE]
            values = np.array([references[place].values for place in part])
            around = np.array([shifts_cm1[place] for place in part], dtype=np.float64)
            span = slice(window[0] - first, window[1] - first)
            softness = side.softness * values[:, span].max(axis=1) / side.height
            aligned = align(side.scales, References(values, span, around, softness), settings)
            fitted = _with_responses(side, aligned, softness, settings)
            for place, fit in zip(part, fitted, strict=True):
                found[place] = _comparison(side, fit, settings)
    return found


def _window(
    query: Bands, first: int, end: int, settings: CompareSettings
) -> tuple[int, int] | None:
    """Grid points that scan and reference share however they are moved; None when too few."""
    step = COMMON_GRID.step_cm1
    margin = int(np.ceil((settings.reach_cm1 + 2.0) / step))
    start, stop = max(query.first, first) + margin, min(query.end, end) - margin
    return (start, stop) if (stop - start) * step >= LEAST_WINDOW_CM1 else None


class _ScanSide:
    """The scan in one window; its views at the extra widths are made when one is wanted."""

    def __init__(
        self,
        query: Bands,
        broadened: FloatArray,
        window: tuple[int, int],
        settings: CompareSettings,
    ) -> None:
        self.start, stop = window
        self.size = stop - self.start
        self.noise = query.noise
        self.uncovered = _uncovered(query, self.start, stop)
        self._rows = broadened[:, self.start - query.first : stop - query.first]
        self.softness = settings.softening * query.noise
        inside = query.values[self.start - query.first : stop - query.first]
        self.height = max(float(inside.max()), 1e-300)
        self.scales = scales(self._rows, self.softness)
        self._settings = settings
        self._views: dict[int, View] = {}

    def view(self, number: int) -> View:
        """Return the scan at one of the extra widths."""
        if number not in self._views:
            values = np.clip(self._rows[number], 0.0, None)
            self._views[number] = _view(values, self.start, self.noise, self._settings)
        return self._views[number]


def _view(values: FloatArray, start: int, noise: float, settings: CompareSettings) -> View:
    values.flags.writeable = False  # every comparison with it shows the same array
    sharp = highpass(values, settings.errors.highpass_cm1)
    weight = error_weights(sharp, noise, settings.errors)
    matched = band_filtered(sharp)
    spread = 1.4826 * float(np.median(np.abs(matched - np.median(matched))))
    return View(
        values=values,
        root=square_root(values),
        matched=matched,
        spread=spread,
        present=float(np.clip(sharp - ABOVE_NOISE * noise, 0.0, None).sum()),
        peaks=_peaks_of(values[None, :], noise, start, settings)[0],
        sharp=sharp,
        weight=weight,
        contrast=float(np.mean(weight * sharp**2)),
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Fitted:
    """An aligned reference scaled to the scan, its bands, and what remains on either side."""

    view: View
    values: FloatArray
    peaks: Peaks
    independent: float
    unexplained: float
    missing: float
    misfit: float
    root_correlation: float
    derivative_correlation: float
    shift_cm1: float
    width_cm1: float
    response: Response | None = None


def _with_responses(
    side: _ScanSide, aligned: Aligned, softness: FloatArray, settings: CompareSettings
) -> list[_Fitted]:
    """Measure each aligned reference; where it helps, with the smooth response that it lacks."""
    plain = _measured(side, aligned, settings)
    responses = [
        fit_response(
            fit.view.peaks, fit.peaks, side.noise, settings.band_tolerance_cm1, settings.response
        )
        for fit in plain
    ]
    rows = [number for number, response in enumerate(responses) if response is not None]
    if not rows:
        return plain
    axis = COMMON_GRID.values[side.start : side.start + side.size]
    factors = np.array([r.factor(axis) for r in responses if r is not None])
    reference = np.maximum(aligned.reference[rows], 0.0) * factors
    answered = misfits(
        [plain[number].view for number in rows], highpass(reference, settings.errors.highpass_cm1)
    )
    least = settings.response.least_use
    used = [k for k, number in enumerate(rows) if answered[k] < least * plain[number].misfit]
    if used:
        chosen = [rows[k] for k in used]
        levelled = _levelled(side, aligned, softness, chosen, factors[used])
        for number, fit in zip(chosen, _measured(side, levelled, settings), strict=True):
            plain[number] = replace(fit, response=responses[number])
    return plain


def _levelled(
    side: _ScanSide,
    aligned: Aligned,
    softness: FloatArray,
    rows: list[int],
    factors: FloatArray,
) -> Aligned:
    """Return some of the aligned references with their responses, and how they correlate then."""
    scan, reference = aligned.scan[rows], aligned.reference[rows] * factors
    each = np.arange(len(rows))
    root, derivative = (
        x[each, 0, scan] for x in correlations(reference[:, None], side.scales, softness[rows])
    )
    return Aligned(
        aligned.width_cm1[rows], aligned.shift_cm1[rows], scan, root, derivative, reference
    )


def _measured(side: _ScanSide, aligned: Aligned, settings: CompareSettings) -> list[_Fitted]:
    """Scale each aligned reference to the scan and say what remains on either side."""
    views = [side.view(scan) for scan in aligned.scan.tolist()]
    reference = np.maximum(aligned.reference, 0.0)
    root = square_root(reference)
    power = np.vecdot(root, root)
    scale = np.vecdot(np.array([view.root for view in views]), root)
    scale = np.where(power > 0, scale / np.where(power > 0, power, 1.0), 0.0)
    amount = (scale * scale)[:, None]
    values = amount * reference
    sharp = highpass(reference, settings.errors.highpass_cm1)
    columns = (
        views,
        list(values),
        _peaks_of(values, side.noise, side.start, settings),
        confirmed_bands(
            views, values, amount * sharp, settings.least_band, settings.band_tolerance_cm1
        ),
        *remainders(views, amount * sharp, side.noise, settings.intensity_tolerance),
        misfits(views, sharp),
        aligned.root.tolist(),
        aligned.derivative.tolist(),
        aligned.shift_cm1.tolist(),
        aligned.width_cm1.tolist(),
    )
    return [_Fitted(*each) for each in zip(*columns, strict=True)]


def _comparison(side: _ScanSide, fit: _Fitted, settings: CompareSettings) -> Comparison:
    view = fit.view
    near, far = matched_bands(view.peaks, fit.peaks, settings.band_tolerance_cm1)
    return Comparison(
        root_correlation=fit.root_correlation,
        derivative_correlation=fit.derivative_correlation,
        unexplained=fit.unexplained,
        missing=fit.missing,
        query_bands_matched=matched_share(view.peaks, near),
        reference_bands_matched=matched_share(fit.peaks, far),
        independent_bands=fit.independent,
        misfit=fit.misfit,
        contrast=view.contrast,
        uncovered=side.uncovered,
        shift_cm1=fit.shift_cm1,
        width_cm1=fit.width_cm1,
        overlap_cm1=side.size * COMMON_GRID.step_cm1,
        first=side.start,
        query=view.values,
        reference=fit.values,
        query_peaks=view.peaks,
        reference_peaks=fit.peaks,
        response=fit.response,
    )


def _peaks_of(rows: FloatArray, noise: float, first: int, settings: CompareSettings) -> list[Peaks]:
    least = np.maximum(settings.least_band * rows.max(axis=1), max(BAND_IN_NOISE * noise, 1e-300))
    return find_peaks_many(rows, first, least)


def _uncovered(query: Bands, start: int, stop: int) -> float:
    """Share of the scan's band area in the fingerprint region that lies outside the window."""
    first, end = COMMON_GRID.coverage(*FINGERPRINT_CM1)
    first, end = max(first, query.first), min(end, query.end)
    light = np.clip(query.values - ABOVE_NOISE * query.noise, 0.0, None)
    total = float(light[max(first - query.first, 0) : max(end - query.first, 0)].sum())
    low, high = np.clip((start, stop), first, max(first, end)) - query.first
    inside = float(light[low:high].sum())
    return max(1.0 - inside / total, 0.0) if total > 0 else 0.0
