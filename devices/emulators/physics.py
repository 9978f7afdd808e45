"""The physics of an emulated Raman analyser: functions from arrays to arrays.

Rates are photoelectrons per second and pixel; widths are full widths at half maximum. The noise
model is the usual one for array detectors: signal, background and dark current are Poisson
distributed, reading adds Gaussian noise, the converter rounds and clips (J. R. Janesick,
*Photon Transfer*, SPIE 2007).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.errors import SampleError
from devices.frame import FloatArray, raman_shift_axis
from devices.sample import Sample

GRID_STEP_CM1 = 0.5
GRID_MARGIN_CM1 = 100.0
GLASS_EMISSION_NM = 879.6  # 1370 cm-1 from 785 nm; an emission stays where it is in wavelength
GLASS_FWHM_CM1 = 330.0
FLUORESCENCE_CENTRE_NM = 850.0
FLUORESCENCE_SIGMA_NM = 60.0
BLEACHING_SHARE = 0.6
DARK_DOUBLING_K = 7.0
DARK_REFERENCE_C = -10.0
FWHM_PER_SIGMA = 2.0 * np.sqrt(2.0 * np.log(2.0))


@dataclass(frozen=True, slots=True)
class BenchModel:
    """Figures of one emulated analyser; they are typical, not those of a real product.

    Parameters
    ----------
    model, detector : str
        What it calls itself.
    laser_nm : float
        Excitation wavelength in nm.
    wavelength_coefficients_nm : tuple of float
        The axis that the analyser states, lowest order first.
    pixels : int
        Number of pixels.
    resolution_cm1 : float
        Width of the instrument line shape in cm-1.
    signal_e_per_s : float
        Rate at the strongest band of a sample of strength 1 where the detector is most sensitive.
    edge_cm1 : float
        Raman shift where the long-pass filter transmits one half.
    qe_half_nm, qe_slope_nm : float
        Wavelength where the quantum efficiency has fallen to one half, and how fast it falls.
    electrons_per_count, offset_counts, adc_bits : float, float, int
        The converter.
    read_noise_e : float
        Standard deviation of the read noise in electrons.
    dark_e_per_s : float
        Mean dark current of a pixel at -10 degrees Celsius; doubles every 7 K.
    dark_pattern : float
        Relative standard deviation of the dark current from pixel to pixel.
    cosmic_rays_per_s : float
        Hits per second on the whole detector.
    drift_nm, drift_time_s : float
        Standard deviation and time constant of the wandering of the true axis.
    setpoint_c, start_c, cooling_time_s : float
        Detector temperature wanted, at switching on, and the time constant between them.
    ambient_c, runaway_c : float
        Detector temperature when its cooler is off, and when it runs away.
    laser_delay_s : float
        From enabling the laser to light.
    interlock_latches : bool
        Whether an opened interlock disables the laser until the trip is cleared.
    """

    model: str
    detector: str
    laser_nm: float
    wavelength_coefficients_nm: tuple[float, ...]
    pixels: int
    resolution_cm1: float
    signal_e_per_s: float = 30_000.0
    edge_cm1: float = 170.0
    qe_half_nm: float = 975.0
    qe_slope_nm: float = 25.0
    electrons_per_count: float = 2.0
    offset_counts: float = 900.0
    adc_bits: int = 16
    read_noise_e: float = 12.0
    dark_e_per_s: float = 20.0
    dark_pattern: float = 0.1
    cosmic_rays_per_s: float = 0.05
    drift_nm: float = 0.015
    drift_time_s: float = 600.0
    setpoint_c: float = -10.0
    start_c: float = -9.5
    cooling_time_s: float = 30.0
    ambient_c: float = 25.0
    runaway_c: float = 45.0
    laser_delay_s: float = 0.5
    interlock_latches: bool = False

    @property
    def saturation_counts(self) -> float:
        """Highest count of the converter."""
        return float(2**self.adc_bits - 1)

    @property
    def axis_cm1(self) -> FloatArray:
        """The Raman shift axis that the analyser states, shape (pixels,)."""
        return raman_shift_axis(self.wavelength_coefficients_nm, self.pixels, self.laser_nm)


@dataclass(frozen=True, eq=False, slots=True)
class Light:
    """What the sample sends to the slit at full power, over a fine even axis.

    Parameters
    ----------
    grid_cm1 : ndarray, shape (m,)
        Raman shift in cm-1.
    steady : ndarray, shape (m,)
        Rate of Raman signal, glass and the fluorescence that stays, e-/s.
    bleaching : ndarray, shape (m,)
        Rate of the fluorescence that bleaches, when fresh, e-/s.
    bleaching_time_s : float
        Its time constant in seconds under full power.
    """

    grid_cm1: FloatArray
    steady: FloatArray
    bleaching: FloatArray
    bleaching_time_s: float

    def over_exposure(self, dose_s: float, dt: float) -> FloatArray:
        """Return electrons over `dt` seconds, shape (m,), after a dose of `dose_s` seconds."""
        tau = self.bleaching_time_s
        fresh = -tau * np.exp(-dose_s / tau) * np.expm1(-dt / tau)
        return np.asarray(self.steady * dt + self.bleaching * fresh)


def sample_light(model: BenchModel, sample: Sample) -> Light:
    """Return what `sample` sends to the detector of `model`, efficiencies included.

    Raises
    ------
    SampleError
        When the curve of the sample is not finite, is negative or does not fit its axis.
    """
    axis = model.axis_cm1
    grid = np.arange(axis[0] - GRID_MARGIN_CM1, axis[-1] + GRID_MARGIN_CM1, GRID_STEP_CM1)
    nm = 1e7 / (1e7 / model.laser_nm - grid)
    raman = blur(natural_curve(sample, grid), model.resolution_cm1 / GRID_STEP_CM1)
    highest = float(raman.max(initial=0.0))
    if highest > 0:
        raman = raman * (sample.strength / highest)
    glow = np.exp(-0.5 * ((nm - FLUORESCENCE_CENTRE_NM) / FLUORESCENCE_SIGMA_NM) ** 2)
    hump_at = 1e7 / model.laser_nm - 1e7 / GLASS_EMISSION_NM
    hump = np.exp(-0.5 * ((grid - hump_at) * FWHM_PER_SIGMA / GLASS_FWHM_CM1) ** 2)
    seen = model.signal_e_per_s * throughput(model, grid, nm)
    fluorescence = sample.fluorescence * glow
    steady = raman + sample.glass * hump + (1.0 - BLEACHING_SHARE) * fluorescence
    return Light(
        grid, steady * seen, BLEACHING_SHARE * fluorescence * seen, sample.bleaching_time_s
    )


def natural_curve(sample: Sample, grid_cm1: FloatArray) -> FloatArray:
    """Return the Raman curve of `sample` before the instrument, shape (m,), not scaled."""
    if sample.curve is not None:
        return _checked_curve(sample.curve(grid_cm1), grid_cm1)
    curve = np.zeros_like(grid_cm1)
    for position, height, fwhm in sample.bands:
        curve += height / (1.0 + ((grid_cm1 - position) / (0.5 * fwhm)) ** 2)
    return curve


def _checked_curve(values: object, grid_cm1: FloatArray) -> FloatArray:
    remedy = "give a function that returns one intensity for each Raman shift"
    try:
        curve = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SampleError("the curve does not return numbers", "sample", remedy) from error
    if curve.shape != grid_cm1.shape or not np.isfinite(curve).all():
        raise SampleError("the curve is not finite over the axis", "sample", remedy)
    if (curve < 0).any():
        at = float(grid_cm1[int(np.argmin(curve))])
        raise SampleError(
            f"the curve is negative at {at:.0f} cm-1; light cannot be",
            "sample",
            "remove the offset before measuring it",
        )
    return curve


def blur(curve: FloatArray, fwhm_steps: float) -> FloatArray:
    """Return `curve`, shape (m,), folded with a Gaussian of that width in steps; area is kept."""
    sigma = fwhm_steps / FWHM_PER_SIGMA
    reach = int(np.ceil(4.0 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    padded = np.pad(curve, reach, mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")


def throughput(model: BenchModel, grid_cm1: FloatArray, nm: FloatArray) -> FloatArray:
    """Return quantum efficiency times filter transmission, shape (m,), 0 to 1."""
    efficiency = 1.0 / (1.0 + np.exp((nm - model.qe_half_nm) / model.qe_slope_nm))
    transmission = 1.0 / (1.0 + np.exp(-(grid_cm1 - model.edge_cm1) / 8.0))
    return np.asarray(efficiency * transmission)


def dark_rate(model: BenchModel, temperature_c: float) -> float:
    """Return the mean dark current of a pixel in e-/s; it doubles every 7 K."""
    return float(model.dark_e_per_s * 2.0 ** ((temperature_c - DARK_REFERENCE_C) / DARK_DOUBLING_K))


def add_cosmic_rays(rng: np.random.Generator, electrons: FloatArray, expected: float) -> int:
    """Add Poisson(`expected`) hits to `electrons`, shape (n,), in place; return how many.

    A hit leaves 2,000 to some 40,000 electrons in one to three neighbouring pixels.
    """
    hits = int(rng.poisson(expected))
    for _ in range(hits):
        width = int(rng.integers(1, 4))
        start = int(rng.integers(0, electrons.size - width + 1))
        energy = 2_000.0 + min(float(rng.exponential(8_000.0)), 38_000.0)
        electrons[start : start + width] += np.round(energy * rng.dirichlet(np.full(width, 2.0)))
    return hits


def digitise(
    rng: np.random.Generator, model: BenchModel, electrons: FloatArray
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return counts, shape (n,), whole numbers, and which pixels the converter clipped."""
    level = electrons + rng.normal(0.0, model.read_noise_e, electrons.size)
    counts = np.round(level / model.electrons_per_count + model.offset_counts)
    clipped = counts >= model.saturation_counts
    return np.clip(counts, 0.0, model.saturation_counts), clipped
