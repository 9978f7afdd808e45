"""Seeded distortions of measured scans: what another instrument or a worse day would do to them.

A distorted scan is a scan with known truth under stated harm. It is simulated: it tells where a
method breaks, not how often the world breaks it. Heights are in units of the scan's own strongest
band above its baseline, so that weak and strong scans are harmed alike. Added light brings no shot
noise of its own, and widening smooths the noise a scan has: real harm of the kind is worse.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from matching.axis import COMMON_GRID
from matching.peaks import find_peaks
from matching.pipeline import Prepared, prepare
from matching.preprocess.scale import gaussian_broadened
from matching.spectrum import MIN_POINTS, FloatArray, Spectrum, Step

SHORT_RANGE_CM1 = (300.0, 1800.0)  # where a truncated scan keeps its piece
LEAST_WIDTH_CM1, MOST_WIDTH_CM1, USUAL_WIDTH_CM1 = 3.0, 30.0, 12.0


@dataclass(frozen=True, slots=True)
class Distortion:
    """One way to harm a scan; what is 0 (or 1 for the width) is left alone.

    Parameters
    ----------
    name : str
        For tables.
    stream : int
        Number that separates its random draws from those of the others; never changed.
    noise : float
        Standard deviation of added white noise, in heights of the strongest band.
    fluorescence : float
        Height of an added broad Gaussian background, in heights of the strongest band.
    slope : float
        Rise or fall of an added straight background from end to end, in the same unit.
    axis_cm1 : float
        Constant error of the Raman shift axis in cm-1, of random sign.
    stretch_cm1 : float
        Error at both ends of the axis, none in its middle, in cm-1, of random sign.
    width : float
        Factor by which sharp bands become wider.
    spikes : int
        Cosmic rays of one or two pixels, 0.5 to 5 heights of the strongest band.
    saturation : float
        Share of the scan's range of counts that a detector at its limit cuts off the top.
    kept_cm1 : float
        Length of the piece kept between 300 and 1800 cm-1; 0 keeps everything.
    flag : str
        What a verdict must report of it: ``"saturated"``, ``"spikes"`` or nothing.
    """

    name: str
    stream: int
    noise: float = 0.0
    fluorescence: float = 0.0
    slope: float = 0.0
    axis_cm1: float = 0.0
    stretch_cm1: float = 0.0
    width: float = 1.0
    spikes: int = 0
    saturation: float = 0.0
    kept_cm1: float = 0.0
    flag: Literal["", "saturated", "spikes"] = ""


NOISE = Distortion("noise 5 %", 0, noise=0.05)
FLUORESCENCE_2 = Distortion("fluorescence x2", 1, fluorescence=2.0)
FLUORESCENCE_5 = Distortion("fluorescence x5", 2, fluorescence=5.0)
AXIS_2 = Distortion("axis 2 cm-1", 3, axis_cm1=2.0)
AXIS_4 = Distortion("axis 4 cm-1", 4, axis_cm1=4.0)
WIDTH_2 = Distortion("width x2", 5, width=2.0)
MILD = Distortion("mild combination", 6, noise=0.05, fluorescence=2.0, axis_cm1=2.0, width=2.0)
COMBINATION = Distortion("combination", 7, noise=0.05, fluorescence=5.0, axis_cm1=4.0, width=2.0)
SUITE = (
    NOISE,
    FLUORESCENCE_2,
    FLUORESCENCE_5,
    AXIS_2,
    AXIS_4,
    Distortion("stretch 4 cm-1", 8, stretch_cm1=4.0),
    WIDTH_2,
    Distortion("slope x3", 9, slope=3.0),
    Distortion("range 900 cm-1", 10, kept_cm1=900.0),
    Distortion("spikes", 11, spikes=8, flag="spikes"),
    Distortion("saturation", 12, saturation=0.4, flag="saturated"),
    MILD,
    COMBINATION,
)


def distorted(
    spectrum: Spectrum, kind: Distortion, seed: int, width_cm1: float | None = None
) -> Spectrum:
    """Return a distorted copy of a scan; the same seed gives the same copy.

    The order is that of light: background and spectral width before the detector's noise, its
    limit and cosmic rays; then the axis, then the piece that is kept.

    Parameters
    ----------
    spectrum : Spectrum
        A scan as measured, background included, dark subtracted.
    kind : Distortion
        What to do to it.
    seed : int
        Seed of noise, places, heights and signs; not negative.
    width_cm1 : float, optional
        Width (FWHM) of a sharp band of this scan in cm-1; estimated when not given.

    Returns
    -------
    Spectrum
        With the distortion added to its history.

    Raises
    ------
    QueryError
        When the scan cannot be cleaned, so that the height of its bands is not known.
    """
    rng = np.random.default_rng([seed, kind.stream])
    prepared = prepare(spectrum)
    top = float(np.sort(prepared.bands)[-3])
    axis, intensity = spectrum.raman_shift_cm1, spectrum.intensity
    if kind.fluorescence or kind.slope:
        intensity = intensity + top * _background(axis, kind, rng)
    if kind.axis_cm1 or kind.stretch_cm1:
        axis = _moved(axis, kind, rng)
    if kind.width > 1.0:
        sharp = band_width_cm1(prepared) if width_cm1 is None else width_cm1
        pixel = float(np.median(np.diff(axis)))
        added = sharp * math.sqrt(kind.width**2 - 1.0)
        intensity = gaussian_broadened(intensity, added / pixel)
    if kind.noise:
        intensity = intensity + rng.normal(0.0, kind.noise * top, intensity.size)
    if kind.spikes:
        intensity = _hit(intensity, kind.spikes, top, rng)
    if kind.saturation:
        low, high = float(intensity.min()), float(intensity.max())
        intensity = np.minimum(intensity, high - kind.saturation * (high - low))
    kept = _kept(axis, kind, rng)
    step = Step("distorted", (("kind", kind.name), ("seed", str(seed))))
    return replace(
        spectrum,
        raman_shift_cm1=axis[kept],
        intensity=intensity[kept],
        history=(*spectrum.history, step),
    )


def _background(axis: FloatArray, kind: Distortion, rng: np.random.Generator) -> FloatArray:
    place = (axis - axis[0]) / (axis[-1] - axis[0])
    total = np.zeros(axis.size)
    if kind.fluorescence:
        centre, width = rng.uniform(0.1, 0.9), rng.uniform(0.25, 0.6)
        total += kind.fluorescence * np.exp(-0.5 * ((place - centre) / width) ** 2)
    if kind.slope:
        total += kind.slope * (place if rng.random() < 0.5 else 1.0 - place)
    return total


def _moved(axis: FloatArray, kind: Distortion, rng: np.random.Generator) -> FloatArray:
    sign = rng.choice([-1.0, 1.0])
    place = 2.0 * (axis - axis[0]) / (axis[-1] - axis[0]) - 1.0
    moved: FloatArray = axis + sign * (kind.axis_cm1 + kind.stretch_cm1 * place)
    return moved


def _hit(
    intensity: FloatArray, spikes: int, top: float, rng: np.random.Generator
) -> FloatArray:  # fmt: skip
    """Return counts with cosmic rays: one pixel, or two with the second at half the height."""
    hit = intensity.copy()
    for _ in range(spikes):
        at, height = int(rng.integers(0, hit.size - 1)), top * rng.uniform(0.5, 5.0)
        hit[at] += height
        hit[at + 1] += 0.5 * height * (rng.random() < 0.5)
    return hit


def _kept(axis: FloatArray, kind: Distortion, rng: np.random.Generator) -> slice:
    """Return the piece of the axis that is kept, everything when too little would be left."""
    if not kind.kept_cm1:
        return slice(None)
    low, high = max(SHORT_RANGE_CM1[0], axis[0]), min(SHORT_RANGE_CM1[1], axis[-1])
    start = rng.uniform(low, max(low, high - kind.kept_cm1))
    first, end = np.searchsorted(axis, [start, start + kind.kept_cm1])
    return slice(int(first), int(end)) if end - first >= MIN_POINTS else slice(None)


def band_width_cm1(prepared: Prepared) -> float:
    """Return the width (FWHM) of the sharp bands of a scan in cm-1.

    Lower quartile over the bands of at least a fifth of the strongest, each measured at half its
    prominence; between 3 and 30, and 12 when no band stands out.
    """
    height = float(np.sort(prepared.bands)[-3])
    least = max(0.2 * height, 5.0 * prepared.noise)
    peaks = find_peaks(prepared.bands, prepared.first, least, most=20)
    if not peaks.index.size:
        return USUAL_WIDTH_CM1
    widths = [
        _width_at(prepared.bands, int(top), float(tall - 0.5 * rise))
        for top, tall, rise in zip(peaks.index, peaks.height, peaks.prominence, strict=True)
    ]
    found = float(np.percentile(widths, 25)) * COMMON_GRID.step_cm1
    return min(max(found, LEAST_WIDTH_CM1), MOST_WIDTH_CM1)


def _width_at(bands: FloatArray, top: int, level: float) -> float:
    """Return how many grid points around `top` lie above `level`, crossings interpolated."""
    left, right = top, top
    while left > 0 and bands[left - 1] > level:
        left -= 1
    while right < bands.size - 1 and bands[right + 1] > level:
        right += 1
    width = float(right - left)
    if left > 0:
        width += float((bands[left] - level) / (bands[left] - bands[left - 1]))
    if right < bands.size - 1:
        width += float((bands[right] - level) / (bands[right] - bands[right + 1]))
    return width


def summed(one: Spectrum, other: Spectrum, share: float) -> Spectrum:
    """Return the sum of two scans in a stated proportion of their Raman signals.

    Each is scaled to unit area of its bands above the baseline, backgrounds included, so `share`
    is the first one's share of the Raman signal. The second is interpolated onto the first one's
    axis, over the range they have in common.

    Parameters
    ----------
    one, other : Spectrum
        Scans as measured.
    share : float
        Between 0 and 1.

    Raises
    ------
    QueryError
        When one of them cannot be cleaned.
    AxisError
        When they have hardly any range in common.
    """
    low = max(one.range_cm1[0], other.range_cm1[0])
    high = min(one.range_cm1[1], other.range_cm1[1])
    axis = one.raman_shift_cm1
    inside = (axis >= low) & (axis <= high)
    areas = [float(np.clip(prepare(scan).bands, 0.0, None).sum()) for scan in (one, other)]
    second = np.interp(axis[inside], other.raman_shift_cm1, other.intensity)
    total = share * one.intensity[inside] / areas[0] + (1.0 - share) * second / areas[1]
    step = Step("summed with another scan", (("share of the first", f"{share:g}"),))
    return Spectrum(
        axis[inside],
        1e6 * total,
        laser_nm=one.laser_nm,
        technique=one.technique,
        history=(*one.history, step),
    )
