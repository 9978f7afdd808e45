"""Spikes: a scan as it would have been, had part of its Raman signal been another substance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matching.axis import COMMON_GRID, shifted
from matching.compare import LEAST_WINDOW_CM1, Bands
from matching.pipeline import Prepared
from matching.preprocess.despike import pixel_noise
from matching.preprocess.scale import gaussian_broadened
from matching.spectrum import FloatArray, Spectrum, Step, frozen_array

ABOVE_NOISE = 3.0  # standard deviations above which a point counts as signal


@dataclass(frozen=True, slots=True)
class Alignment:
    """How references were brought to this scan.

    Parameters
    ----------
    shift_cm1 : float
        What had to be added to the scan's axis.
    width_cm1 : float
        Extra width (FWHM) given to references; a negative one, by which the scan was broadened,
        counts as 0, for a reference cannot be sharpened.
    """

    shift_cm1: float = 0.0
    width_cm1: float = 0.0


@dataclass(frozen=True, slots=True)
class Variation:
    """How another measurement of the same substance differs.

    Parameters
    ----------
    intensity : float
        Relative standard deviation of band intensities between instruments.
    distance_cm1 : float
        Distance over which that deviation changes, in cm-1.
    response : float
        Relative standard deviation of the intensity response between instruments, per 1000 cm-1.
    axis_cm1 : float
        Standard deviation of the axis error, in cm-1.
    """

    intensity: float
    distance_cm1: float
    response: float
    axis_cm1: float


@dataclass(frozen=True, eq=False, slots=True)
class Spiker:
    """A scan and a reference, ready to be mixed in any proportion; see `spiker`.

    Parameters
    ----------
    spectrum : Spectrum
        The scan as measured.
    background : array, shape (n,)
        Its background on its own axis.
    area : float
        Band area of the scan in the window, in its own unit times grid points.
    light : array, shape (grid.size,)
        Band intensities of the reference as this instrument would show them, on the grid.
    window : tuple of int
        Grid points ``start <= i < stop`` that scan and reference both cover.
    noise, level : float
        Noise of one detector pixel, and the intensity at which it was met, both in the scan's unit.
    variation : Variation
        How one measurement differs from the next.
    """

    spectrum: Spectrum
    background: FloatArray
    area: float
    light: FloatArray
    window: tuple[int, int]
    noise: float
    level: float
    variation: Variation

    def spiked(self, share: float, seed: Sequence[int]) -> Spectrum:
        """Return the scan with `share` of its Raman signal replaced by the reference.

        The share is one of band area over the window common to both, so that the total Raman signal
        stays what it is; the background stays too. Noise is made up to what the scan has, and the
        added light brings its own shot noise.

        Parameters
        ----------
        share : float
            Share of the Raman signal, 0 to 1.
        seed : sequence of int
            Seed of noise, intensity variation and axis error; the same for every share, so that a
            larger share of one spike is the same measurement with more of the substance.

        Returns
        -------
        Spectrum
            On the scan's own axis, with a step ``in-silico spike`` in its history.
        """
        axis = self.spectrum.raman_shift_cm1
        rng = np.random.default_rng(list(seed))
        added = share * self.area * np.interp(axis, COMMON_GRID.values, self._shape(rng), 0.0, 0.0)
        kept = 1.0 - share
        faded = kept * self.spectrum.intensity + share * self.background
        variance = 1.0 - kept**2 + added / self.level
        fresh = self.noise * np.sqrt(variance) * rng.standard_normal(axis.size)
        step = Step("in-silico spike", (("share of the Raman signal", f"{share:.6g}"),))
        return self.spectrum.after(step, faded + added + fresh)

    def _shape(self, rng: np.random.Generator) -> FloatArray:
        """Return one measurement of the reference: unit area in the window, shape (grid.size,)."""
        grid, varied = COMMON_GRID.values, self.variation
        knots = np.arange(grid[0], grid[-1] + 2 * varied.distance_cm1, varied.distance_cm1)
        field = varied.intensity * np.interp(grid, knots, rng.standard_normal(knots.size))
        field += varied.response * rng.standard_normal() * (grid - grid[0]) / 1000.0
        moved = np.array([varied.axis_cm1 * rng.standard_normal()])
        light = shifted(self.light * np.exp(field), moved, COMMON_GRID.step_cm1)
        area = float(light[0, self.window[0] : self.window[1]].sum())
        return np.asarray(light[0] / max(area, 1e-300))


def spiker(
    spectrum: Spectrum,
    prepared: Prepared,
    reference: Bands,
    alignment: Alignment,
    variation: Variation,
) -> Spiker | None:
    """Bring a reference to a scan, ready to be mixed into it.

    Parameters
    ----------
    spectrum : Spectrum
        The scan as measured, dark subtracted.
    prepared : Prepared
        The same scan cleaned.
    reference : Bands
        Band intensities of the reference on the common grid.
    alignment : Alignment
        Shift and extra width that bring references to this scan.
    variation : Variation
        How one measurement differs from the next.

    Returns
    -------
    Spiker or None
        None when less than 300 cm-1 are common to both, or either has no signal there: then no
        share can be stated.
    """
    start, stop = max(prepared.first, reference.first), min(prepared.end, reference.end)
    if (stop - start) * COMMON_GRID.step_cm1 < LEAST_WINDOW_CM1:
        return None
    light = np.zeros(COMMON_GRID.size)
    width = max(alignment.width_cm1, 0.0) / COMMON_GRID.step_cm1
    light[reference.first : reference.end] = gaussian_broadened(reference.values, width)
    back = np.array([-alignment.shift_cm1])
    light = np.clip(shifted(light, back, COMMON_GRID.step_cm1)[0], 0.0, None)
    inside = prepared.bands[start - prepared.first : stop - prepared.first]
    area = float(inside[inside > ABOVE_NOISE * prepared.noise].sum())
    if area <= 0.0 or float(light[start:stop].sum()) <= 0.0:
        return None
    return Spiker(
        spectrum=spectrum,
        background=_background(spectrum, prepared),
        area=area,
        light=frozen_array(light),
        window=(start, stop),
        noise=pixel_noise(spectrum.intensity),
        level=_level(spectrum, prepared),
        variation=variation,
    )


def _background(spectrum: Spectrum, prepared: Prepared) -> FloatArray:
    """Return the background on the scan's own axis; where it is not known, the scan itself."""
    axis = spectrum.raman_shift_cm1
    low, high = prepared.range_cm1
    grid = COMMON_GRID.values[prepared.first : prepared.end]
    known = np.interp(axis, grid, prepared.background)
    return np.where((axis >= low) & (axis <= high), known, spectrum.intensity)


def _level(spectrum: Spectrum, prepared: Prepared) -> float:
    """Return the intensity at which the noise of a pixel was met.

    That is the median of the scan. Where a vendor's software took the background away, the median
    says nothing, and the strongest band is taken.
    """
    top = float(np.sort(prepared.bands)[-3])
    return max(float(np.median(spectrum.intensity)), top, 1e-300)
