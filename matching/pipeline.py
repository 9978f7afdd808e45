"""From a spectrum to what is compared: the order of steps and their settings are data."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from matching.axis import COMMON_GRID, longest_stretch, onto_grid
from matching.errors import QueryError
from matching.preprocess.baseline import decimated_arpls
from matching.preprocess.despike import find_spikes, pixel_noise, repair, row_noise
from matching.preprocess.scale import FWHM_PER_SIGMA, gaussian_broadened, square_root
from matching.preprocess.snip import decimated_snip
from matching.spectrum import MIN_POINTS, FloatArray, Spectrum

BaselineMethod = Literal["arpls", "snip"]


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """Settings of the clean-up, the same for queries and references.

    Parameters
    ----------
    spike_threshold : float
        Height of a cosmic ray over its surroundings in noise units.
    baseline : {"arpls", "snip"}
        Method of the baseline: a fitted stiff line, or clipping of what is narrow (`snip`). The
        second is there to check a verdict with a baseline that rests on another principle.
    baseline_stiffness : float
        arPLS lambda on the common grid (2 cm-1 steps).
    baseline_cells : int
        Grid points averaged to one point of the baseline's own, coarser axis.
    baseline_iterations : int
        Most iterations of arPLS. It would go on sinking slowly under wide bands for much longer.
    snip_half_width_cm1 : float
        Half the width of the widest band that clipping takes off, in cm-1.
    smooth_below_snr : float
        Scans with a lower signal-to-noise ratio are smoothed, the more the noisier they are.
    most_smoothing_cm1 : float
        Width (FWHM) of the Gaussian at a tenth of that ratio and below, in cm-1.
    """

    version: str = "7"
    spike_threshold: float = 10.0
    baseline: BaselineMethod = "arpls"
    baseline_stiffness: float = 1.0e4
    baseline_cells: int = 4
    baseline_iterations: int = 10
    snip_half_width_cm1: float = 50.0
    smooth_below_snr: float = 150.0
    most_smoothing_cm1: float = 12.0

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the settings and the grid."""
        text = repr((sorted(asdict(self).items()), sorted(asdict(COMMON_GRID).items())))
        return hashlib.sha256(text.encode()).hexdigest()


DEFAULT_PIPELINE = PipelineSettings()
BASELINES: Mapping[BaselineMethod, Callable[[FloatArray, PipelineSettings], FloatArray]] = {
    "arpls": lambda rows, use: decimated_arpls(
        rows, use.baseline_stiffness, use.baseline_cells, use.baseline_iterations
    ),
    "snip": lambda rows, use: decimated_snip(
        rows, use.snip_half_width_cm1 / COMMON_GRID.step_cm1, use.baseline_cells
    ),
}
AT_ONCE = 1024  # spectra whose baselines are solved, and held in memory, together
IN_CACHE = 16  # spectra despiked together: their arrays fit into the processor's cache


@dataclass(frozen=True, eq=False, slots=True)
class Prepared:
    """A spectrum on the common grid after clean-up.

    Parameters
    ----------
    bands : array, shape (m,)
        Intensity above the baseline on the covered part of the grid, in units of the source.
    background : array, shape (m,)
        The baseline that was taken away.
    first, end : int
        Covered grid points are ``first <= i < end``; ``m = end - first``.
    noise : float
        One standard deviation of the noise of `bands`, same unit, after smoothing.
    snr : float
        Height of the strongest band over the noise of one grid point, before smoothing.
    spikes : int
        Pixels repaired as cosmic rays.
    saturated : bool
        True when the detector was at its limit.
    spike_pixels : tuple of int
        Those pixels, as indices into the spectrum as it was given.
    smoothed_cm1 : float
        Width (FWHM, cm-1) of the Gaussian that `bands` were smoothed with; 0 when they were not.
    """

    bands: FloatArray
    background: FloatArray
    first: int
    end: int
    noise: float
    snr: float
    spikes: int
    saturated: bool
    spike_pixels: tuple[int, ...] = ()
    smoothed_cm1: float = 0.0

    @property
    def root(self) -> FloatArray:
        """Square root of the positive part of `bands`, shape (m,)."""
        return square_root(self.bands)

    @property
    def range_cm1(self) -> tuple[float, float]:
        """First and last covered grid point in cm-1."""
        grid = COMMON_GRID.values
        return float(grid[self.first]), float(grid[self.end - 1])


@dataclass(frozen=True, eq=False, slots=True)
class Gridded:
    """A spectrum on the common grid, cosmic rays repaired, its baseline still in it.

    Parameters
    ----------
    values : array, shape (m,)
        Intensity on the covered part of the grid.
    first : int
        Grid index of ``values[0]``.
    noise : float
        Noise of one grid point as the detector's pixels tell it.
    spike_pixels : tuple of int
        Pixels repaired, see `Prepared`.
    """

    values: FloatArray
    first: int
    noise: float
    spike_pixels: tuple[int, ...]


def prepare(spectrum: Spectrum, settings: PipelineSettings = DEFAULT_PIPELINE) -> Prepared:
    """Clean a spectrum and bring it onto the common grid; of a gapped one the longest piece.

    Parameters
    ----------
    spectrum : Spectrum
        The scan or reference, dark already subtracted.
    settings : PipelineSettings
        What to do; the settings' hash is kept with every result.

    Returns
    -------
    Prepared

    Raises
    ------
    QueryError
        When too little of the common grid is covered, or the spectrum is flat.
    """
    (made,) = prepare_many((spectrum,), settings)
    if isinstance(made, QueryError):
        raise made
    return made


def prepare_many(
    spectra: Sequence[Spectrum], settings: PipelineSettings = DEFAULT_PIPELINE
) -> list[Prepared | QueryError]:
    """Clean many spectra at once; each becomes what `prepare` makes of it, to within rounding.

    Spectra on one axis are gridded together, and spectra that cover equally many grid points get
    their baselines together: a batch from one instrument is several times faster than a loop.

    Parameters
    ----------
    spectra : sequence of Spectrum
        Scans or references on any axes, dark already subtracted.
    settings : PipelineSettings
        What to do, the same for all.

    Returns
    -------
    list of Prepared or QueryError
        In the order of `spectra`. Where `prepare` would raise, its error stands in the place of
        the result; the others are not touched by it.
    """
    parts = (spectra[start : start + AT_ONCE] for start in range(0, len(spectra), AT_ONCE))
    return [made for part in parts for made in _prepared_together(part, settings)]


def _prepared_together(
    spectra: Sequence[Spectrum], settings: PipelineSettings
) -> list[Prepared | QueryError]:
    made: dict[int, Prepared | QueryError] = {}
    waiting: dict[int, Gridded] = {}
    for places in _alike([one.raman_shift_cm1.tobytes() for one in spectra]):
        for start in range(0, len(places), IN_CACHE):
            block = places[start : start + IN_CACHE]
            for i, one in zip(block, _gridded([spectra[i] for i in block], settings), strict=True):
                if isinstance(one, QueryError):
                    made[i] = one
                else:
                    waiting[i] = one
    numbers = list(waiting)
    for group in _alike([waiting[i].values.size for i in numbers]):
        block = [numbers[n] for n in group]
        baselines = _baselines(np.array([waiting[i].values for i in block]), settings)
        for i, baseline in zip(block, baselines, strict=True):
            if isinstance(baseline, QueryError):
                made[i] = baseline
            else:
                made[i] = _finished(spectra[i], waiting[i], baseline, settings)
    return [made[i] for i in range(len(spectra))]


def _alike(keys: Sequence[Hashable]) -> list[list[int]]:
    """Return the places of equal keys, one list for each key, in order of appearance."""
    places: dict[Hashable, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    return list(places.values())


def _gridded(
    block: Sequence[Spectrum], settings: PipelineSettings
) -> Sequence[Gridded | QueryError]:
    """Repair spectra of one axis and bring them onto the common grid."""
    whole = longest_stretch(block[0].raman_shift_cm1)
    axis = block[0].raman_shift_cm1[whole]
    if axis.size < MIN_POINTS:
        error = QueryError("the axis has gaps and no long piece", "", "measure the whole range")
        return [error] * len(block)
    intensity = np.array([one.intensity[whole] for one in block])
    masks = find_spikes(intensity, settings.spike_threshold)
    for row, mask in zip(intensity, masks, strict=True):
        row[:] = repair(row, mask)
    try:
        values, first, _ = onto_grid(axis, intensity, COMMON_GRID)
    except QueryError as error:
        return [error] * len(block)
    pixels = COMMON_GRID.step_cm1 / float(np.median(np.diff(axis)))
    noise = row_noise(intensity) / math.sqrt(max(1.0, pixels))
    flat = np.ptp(intensity, axis=1) == 0.0
    return [
        QueryError("all intensities are equal", "", "check the cable and the column chosen")
        if flat[i]
        else Gridded(values[i], first, float(noise[i]), _numbers(masks[i], whole.start))
        for i in range(len(block))
    ]


def _numbers(mask: NDArray[np.bool_], offset: int) -> tuple[int, ...]:
    return tuple((np.flatnonzero(mask) + offset).tolist()) if mask.any() else ()


def _baselines(rows: FloatArray, settings: PipelineSettings) -> Sequence[FloatArray | QueryError]:
    """Return the baseline of every row, shape (k, m), or why there is none."""
    try:
        return list(BASELINES[settings.baseline](rows, settings))
    except QueryError as error:
        if len(rows) == 1:
            return [error]
        return [_baselines(row[None], settings)[0] for row in rows]


def _finished(
    spectrum: Spectrum, gridded: Gridded, baseline: FloatArray, settings: PipelineSettings
) -> Prepared:
    """Take the baseline away, measure the noise that is left and smooth a noisy scan.

    An interpolated axis (several points a pixel) hides pixel noise, so the larger of the two
    estimates counts: the pixels', averaged over a grid cell, or the bands' own.
    """
    bands = gridded.values - baseline
    noise = max(gridded.noise, pixel_noise(bands))
    snr = max(float(np.partition(bands, -3)[-3]), 0.0) / noise
    width = smoothing_width_cm1(snr, settings)
    return Prepared(
        bands=gaussian_broadened(bands, width / COMMON_GRID.step_cm1),
        background=baseline,
        first=gridded.first,
        end=gridded.first + bands.size,
        noise=noise * smoothed_noise(width / COMMON_GRID.step_cm1),
        snr=snr,
        spikes=len(gridded.spike_pixels),
        saturated=is_saturated(spectrum),
        spike_pixels=gridded.spike_pixels,
        smoothed_cm1=width,
    )


def smoothing_width_cm1(snr: float, settings: PipelineSettings) -> float:
    """Return the width (FWHM, cm-1) a scan of this signal-to-noise ratio is smoothed with.

    0 at `smooth_below_snr` and above, growing with the logarithm to the largest width at a tenth.
    """
    lack = math.log10(settings.smooth_below_snr / max(snr, 1e-9))
    return settings.most_smoothing_cm1 * min(max(lack, 0.0), 1.0)


def smoothed_noise(fwhm_points: float) -> float:
    """Return the factor by which Gaussian smoothing lowers white noise (at most 1)."""
    sigma = fwhm_points / FWHM_PER_SIGMA
    return min(1.0, math.sqrt(1.0 / (2.0 * math.sqrt(math.pi) * sigma))) if sigma > 0 else 1.0


def is_saturated(spectrum: Spectrum) -> bool:
    """Tell whether the detector was at its limit.

    Either the source says so, or values reach the saturation count the instrument states, or the
    scan ends in a plateau: three or more neighbouring points with exactly the largest value.
    Noise makes that impossible for an unsaturated detector with more than a few counts.
    """
    if spectrum.acquisition.saturated:
        return True
    intensity = spectrum.intensity
    top = float(intensity.max())
    limit = spectrum.acquisition.saturation_counts
    return (limit is not None and top >= limit) or has_plateau(intensity)


def has_plateau(intensity: FloatArray) -> bool:
    """Tell whether counts, shape (n,), end in a plateau: three neighbours at the largest value."""
    top = float(intensity.max())
    at_top = (intensity == top).astype(np.int64)
    return top > 100.0 and bool((at_top[:-2] + at_top[1:-1] + at_top[2:] == 3).any())
