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

from devices.emulators.bench_model import BenchModel
from devices.errors import SampleError
from devices.frame import FloatArray
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
ETALON_FROM_NM = 840.0  # silicon of some 15 um becomes transparent from there on
ETALON_RISE_NM = 20.0
FWHM_PER_SIGMA = 2.0 * np.sqrt(2.0 * np.log(2.0))


@dataclass(frozen=True, eq=False, slots=True)
class Light:
    """What the sample sends to the detector at full power, over a fine even axis.

    Parameters
    ----------
    grid_cm1 : ndarray, shape (m,)
        Raman shift from the true excitation wavelength in cm-1.
    steady : ndarray, shape (m,)
        Rate of Raman signal, glass and the fluorescence that stays, e-/s.
    bleaching : ndarray, shape (m,)
        Rate of the fluorescence that bleaches, when fresh, e-/s.
    bleaching_time_s : float
        Its time constant in seconds under full power.
    lamp : ndarray, shape (m,)
        Rate of light that needs no laser, e-/s.
    laser_nm : float
        Excitation wavelength that `grid_cm1` counts from.
    """

    grid_cm1: FloatArray
    steady: FloatArray
    bleaching: FloatArray
    bleaching_time_s: float
    lamp: FloatArray
    laser_nm: float

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
    laser_nm = model.true_laser_nm
    laser_cm1 = float(wavenumber_cm1(laser_nm))
    axis = laser_cm1 - wavenumber_cm1(model.true_nm)
    grid = np.arange(axis.min() - GRID_MARGIN_CM1, axis.max() + GRID_MARGIN_CM1, GRID_STEP_CM1)
    nm = 1e7 / (laser_cm1 - grid)
    glow = np.exp(-0.5 * ((nm - FLUORESCENCE_CENTRE_NM) / FLUORESCENCE_SIGMA_NM) ** 2)
    hump_at = laser_cm1 - 1e7 / GLASS_EMISSION_NM
    hump = np.exp(-0.5 * ((grid - hump_at) * FWHM_PER_SIGMA / GLASS_FWHM_CM1) ** 2)
    packaging = sample.packaging
    wrapped = _seen_bands(model, packaging.bands, packaging.strength, grid)
    wrapped = wrapped + packaging.glass * hump + packaging.fluorescence * glow
    raman = _scaled(_seen(model, natural_curve(sample, grid)), sample.strength)
    steady = raman + sample.glass * hump + (1.0 - BLEACHING_SHARE) * sample.fluorescence * glow
    seen = model.signal_e_per_s * throughput(model, grid, nm)
    passed = seen * packaging.transmission
    return Light(
        grid,
        steady * passed + wrapped * seen,
        BLEACHING_SHARE * sample.fluorescence * glow * passed,
        sample.bleaching_time_s,
        _lamp(model, sample, grid) * passed,
        laser_nm,
    )


def _seen(model: BenchModel, curve: FloatArray) -> FloatArray:
    return blur(curve, model.resolution_cm1 / GRID_STEP_CM1, model.flaws.wings)


def _seen_bands(
    model: BenchModel, bands: FloatArray, strength: float, grid: FloatArray
) -> FloatArray:
    return _scaled(_seen(model, lorentzians(bands, grid)), strength)


def _scaled(curve: FloatArray, strength: float) -> FloatArray:
    highest = float(curve.max(initial=0.0))
    return curve * (strength / highest) if highest > 0 else curve


def _lamp(model: BenchModel, sample: Sample, grid_cm1: FloatArray) -> FloatArray:
    """Return the lines of a lamp, shape (m,): infinitely narrow, so each is the line shape."""
    curve = np.zeros_like(grid_cm1)
    for line_nm, height in sample.lines_nm:
        at = wavenumber_cm1(model.true_laser_nm) - wavenumber_cm1(line_nm)
        curve += height * line_shape(grid_cm1 - at, model.resolution_cm1, model.flaws.wings)
    return _scaled(curve, sample.strength)


def wavenumber_cm1(nm: FloatArray | float) -> FloatArray:
    """Return the wavenumber in vacuum, cm-1, of wavelengths in nm in standard air.

    Makers calibrate in air; a Raman shift is a difference of wavenumbers in vacuum. E. R. Peck and
    K. Reeder, J. Opt. Soc. Am. 62 (1972) 958, formula 2.
    """
    air_cm1 = 1e7 / np.asarray(nm, dtype=np.float64)
    square = (air_cm1 * 1e-4) ** 2
    excess = 8060.51 + 2_480_990.0 / (132.274 - square) + 17_455.7 / (39.32957 - square)
    return np.asarray(air_cm1 / (1.0 + 1e-8 * excess))


def natural_curve(sample: Sample, grid_cm1: FloatArray) -> FloatArray:
    """Return the Raman curve of `sample` before the instrument, shape (m,), not scaled."""
    if sample.curve is not None:
        return _checked_curve(sample.curve(grid_cm1), grid_cm1)
    return lorentzians(sample.bands, grid_cm1)


def lorentzians(bands: FloatArray, grid_cm1: FloatArray) -> FloatArray:
    """Return the sum of `bands`, rows of position, height and width, shape (m,)."""
    curve = np.zeros_like(grid_cm1)
    for position, height, fwhm in bands:
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


def line_shape(offset: FloatArray, fwhm: float, wings: float = 0.0) -> FloatArray:
    """Return the line shape of the instrument, shape (m,), of height 1: a pseudo-Voigt.

    `offset` and `fwhm` in one unit; `wings` is the share of the Lorentzian.
    """
    gauss = np.exp(-0.5 * (offset * (FWHM_PER_SIGMA / fwhm)) ** 2)
    if not wings:
        return np.asarray(gauss)
    return np.asarray((1.0 - wings) * gauss + wings / (1.0 + (2.0 * offset / fwhm) ** 2))


def blur(curve: FloatArray, fwhm_steps: float, wings: float = 0.0) -> FloatArray:
    """Return `curve`, shape (m,), folded with the line shape of that width; area is kept."""
    reach = int(np.ceil((12.0 if wings else 1.7) * fwhm_steps))
    kernel = line_shape(np.arange(-reach, reach + 1, dtype=np.float64), fwhm_steps, wings)
    padded = np.pad(curve, reach, mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")


def throughput(model: BenchModel, grid_cm1: FloatArray, nm: FloatArray) -> FloatArray:
    """Return quantum efficiency with its fringes times filter transmission, shape (m,)."""
    efficiency = 1.0 / (1.0 + np.exp((nm - model.qe_half_nm) / model.qe_slope_nm))
    transmission = 1.0 / (1.0 + np.exp(-(grid_cm1 - model.edge_cm1) / 8.0))
    return np.asarray(efficiency * transmission * fringes(model, nm))


def fringes(model: BenchModel, nm: FloatArray) -> FloatArray:
    """Return the etalon fringes of a back-thinned detector, shape (m,), around 1.

    Light of long wavelengths passes the thin silicon and is reflected back, so that it interferes
    with itself: even in wavenumbers, deeper the more transparent silicon becomes.
    """
    flaws = model.flaws
    if not flaws.etalon_depth:
        return np.ones_like(nm)
    rise = 1.0 / (1.0 + np.exp(-(nm - ETALON_FROM_NM) / ETALON_RISE_NM))
    phase = 2.0 * np.pi * 1e7 / nm / flaws.etalon_period_cm1
    return np.asarray(1.0 + flaws.etalon_depth * rise * np.cos(phase))


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
    rng: np.random.Generator,
    model: BenchModel,
    electrons: FloatArray,
    pattern_counts: FloatArray | float = 0.0,
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return counts, shape (n,), whole numbers, and which pixels are full.

    `pattern_counts`, shape (n,), is the fixed offset of each pixel besides that of the converter.
    """
    level = electrons + rng.normal(0.0, model.read_noise_e, electrons.size)
    level = level / model.electrons_per_count + model.offset_counts + pattern_counts
    counts = np.round(level)
    clipped = counts >= model.saturation_counts
    return np.clip(counts, 0.0, model.saturation_counts), clipped
