"""From a spectrum to what is compared: the order of steps and their settings are data."""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass

import numpy as np

from matching.axis import COMMON_GRID, longest_stretch, onto_grid
from matching.errors import QueryError
from matching.preprocess.baseline import decimated_arpls
from matching.preprocess.despike import find_spikes, pixel_noise, repair
from matching.preprocess.scale import gaussian_broadened, square_root
from matching.spectrum import MIN_POINTS, FloatArray, Spectrum


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """Settings of the clean-up, the same for queries and references.

    Parameters
    ----------
    spike_threshold : float
        Height of a cosmic ray over its surroundings in noise units.
    baseline_stiffness : float
        arPLS lambda on the common grid (2 cm-1 steps).
    baseline_cells : int
        Grid points averaged to one point of the baseline's own, coarser axis.
    smooth_below_snr : float
        Scans with a lower signal-to-noise ratio are smoothed, the more the noisier they are.
    most_smoothing_cm1 : float
        Width (FWHM) of the Gaussian at a tenth of that ratio and below, in cm-1.
    """

    version: str = "3"
    spike_threshold: float = 10.0
    baseline_stiffness: float = 1.0e3
    baseline_cells: int = 4
    smooth_below_snr: float = 150.0
    most_smoothing_cm1: float = 12.0

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the settings and the grid."""
        text = repr((sorted(asdict(self).items()), sorted(asdict(COMMON_GRID).items())))
        return hashlib.sha256(text.encode()).hexdigest()


DEFAULT_PIPELINE = PipelineSettings()


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
    """

    bands: FloatArray
    background: FloatArray
    first: int
    end: int
    noise: float
    snr: float
    spikes: int
    saturated: bool

    @property
    def root(self) -> FloatArray:
        """Square root of the positive part of `bands`, shape (m,)."""
        return square_root(self.bands)

    @property
    def range_cm1(self) -> tuple[float, float]:
        """First and last covered grid point in cm-1."""
        grid = COMMON_GRID.values
        return float(grid[self.first]), float(grid[self.end - 1])


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
    whole = longest_stretch(spectrum.raman_shift_cm1)
    axis, intensity = spectrum.raman_shift_cm1[whole], spectrum.intensity[whole]
    if axis.size < MIN_POINTS:
        raise QueryError("the axis has gaps and no long piece", "", "measure the whole range")
    if float(np.ptp(intensity)) == 0.0:
        raise QueryError("all intensities are equal", "", "check the cable and the column chosen")
    spikes = find_spikes(intensity, settings.spike_threshold)
    clean = repair(intensity, spikes)
    values, first, end = onto_grid(axis, clean, COMMON_GRID)
    stiffness, cells = settings.baseline_stiffness, settings.baseline_cells
    baseline = decimated_arpls(values[None], stiffness, cells)[0]
    bands = values - baseline
    noise = grid_noise(clean, axis, bands)
    snr = max(float(np.sort(bands)[-3]), 0.0) / noise
    width = smoothing_width_cm1(snr, settings)
    return Prepared(
        bands=gaussian_broadened(bands, width / COMMON_GRID.step_cm1),
        background=baseline,
        first=first,
        end=end,
        noise=noise * smoothed_noise(width / COMMON_GRID.step_cm1),
        snr=snr,
        spikes=int(spikes.sum()),
        saturated=is_saturated(spectrum),
    )


def smoothing_width_cm1(snr: float, settings: PipelineSettings) -> float:
    """Return the width (FWHM, cm-1) a scan of this signal-to-noise ratio is smoothed with.

    0 at `smooth_below_snr` and above, growing with the logarithm to the largest width at a tenth.
    """
    lack = math.log10(settings.smooth_below_snr / max(snr, 1e-9))
    return settings.most_smoothing_cm1 * min(max(lack, 0.0), 1.0)


def smoothed_noise(fwhm_points: float) -> float:
    """Return the factor by which Gaussian smoothing lowers white noise (at most 1)."""
    sigma = fwhm_points / 2.3548200450309493
    return min(1.0, math.sqrt(1.0 / (2.0 * math.sqrt(math.pi) * sigma))) if sigma > 0 else 1.0


def grid_noise(intensity: FloatArray, axis: FloatArray, bands: FloatArray) -> float:
    """Return the noise of one grid point: pixel noise averaged over a cell, or the bands' own.

    An interpolated axis (several points a pixel) hides pixel noise, so the larger of the two
    estimates counts. Unit of `intensity`.
    """
    pixels = COMMON_GRID.step_cm1 / float(np.median(np.diff(axis)))
    per_pixel = pixel_noise(intensity) / math.sqrt(max(1.0, pixels))
    return max(per_pixel, pixel_noise(bands))


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
