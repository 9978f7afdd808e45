"""Figures of an emulated analyser: what it states, where its pixels are, and how it is wrong.

They are typical, not those of a real product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.frame import FloatArray, raman_shift_axis, wavelength_axis

Span = tuple[int, int]
"""First pixel, and one past the last."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Which pixels of a detector see light, as indices of the counts.

    Pixels that neither see light nor are kept dark are dummies: they have no photodiode, only the
    converter's offset and the read noise.

    Parameters
    ----------
    active : tuple of int or None
        Pixels that see light; None for all.
    dark : tuple of (int, int)
        Spans of covered pixels: dark current, no light.
    origin : int
        Pixel where the variable of the wavelength polynomial is 0.
    """

    active: Span | None = None
    dark: tuple[Span, ...] = ()
    origin: int = 0


ALL_ACTIVE = Geometry()


@dataclass(frozen=True, slots=True)
class Truth:
    """How the instrument differs from what it states; what a calibration has to find.

    Parameters
    ----------
    laser_error_nm : float
        True excitation wavelength less the stated one, in nm.
    dispersion_error_nm : tuple of float
        Polynomial over the variable of the stated one, lowest order first: true wavelength of a
        pixel less the stated one, in nm.
    laser_nm_per_k, axis_nm_per_k : float
        How laser and axis move with the room temperature.
    room_swing_k : float
        The room is so much warmer 6 h after the start of the bench, and so much colder after 18 h.
    """

    laser_error_nm: float = 0.0
    dispersion_error_nm: tuple[float, ...] = ()
    laser_nm_per_k: float = 0.0
    axis_nm_per_k: float = 0.0
    room_swing_k: float = 0.0


@dataclass(frozen=True, slots=True)
class Flaws:
    """What its detector adds of its own; the figures left out do nothing.

    Parameters
    ----------
    response_pattern : float
        Relative standard deviation of the response from pixel to pixel.
    offset_pattern_counts : float
        Standard deviation of the fixed offset from pixel to pixel, in counts.
    even_odd_counts : float
        Even pixels read so many counts higher than odd ones.
    hot_pixels : tuple of int
        Pixels with `hot_factor` times the dark current.
    hot_factor : float
        See `hot_pixels`.
    dead_pixels : tuple of int
        Pixels that do not respond to light.
    listed_pixels : tuple of int
        Pixels that the memory of the instrument lists as bad; its list need not be right.
    etalon_depth, etalon_period_cm1 : float
        Share (0 to 1) and period in wavenumbers of the fringes of a back-thinned detector where
        silicon has become transparent; 15 um of silicon give some 90 cm-1.
    wings : float
        Share (0 to 1) of a Lorentzian in the line shape of the instrument.
    """

    response_pattern: float = 0.0
    offset_pattern_counts: float = 0.0
    even_odd_counts: float = 0.0
    hot_pixels: tuple[int, ...] = ()
    hot_factor: float = 300.0
    dead_pixels: tuple[int, ...] = ()
    listed_pixels: tuple[int, ...] = ()
    etalon_depth: float = 0.0
    etalon_period_cm1: float = 90.0
    wings: float = 0.0


NO_FLAWS = Flaws()
AS_STATED = Truth()


@dataclass(frozen=True, slots=True)
class BenchModel:
    """One emulated analyser.

    Parameters
    ----------
    model, detector : str
        What it calls itself.
    laser_nm : float
        Excitation wavelength that it states, in nm in air.
    wavelength_coefficients_nm : tuple of float
        The axis that the analyser states, in air, lowest order first.
    pixels : int
        Number of counts that one exposure gives, dark and dummy pixels included.
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
    full_counts : float
        Count where a pixel is full, when that is below the highest count of the converter; 0 when
        the converter is what clips.
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
    geometry : Geometry
        Which pixels see light.
    flaws : Flaws
        What the detector adds of its own.
    truth : Truth
        How the axis differs from the stated one.
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
    full_counts: float = 0.0
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
    geometry: Geometry = ALL_ACTIVE
    flaws: Flaws = NO_FLAWS
    truth: Truth = AS_STATED

    @property
    def saturation_counts(self) -> float:
        """Highest count that a pixel gives."""
        highest = float(2**self.adc_bits - 1)
        return min(highest, self.full_counts) if self.full_counts > 0 else highest

    @property
    def axis_cm1(self) -> FloatArray:
        """The Raman shift axis that the analyser states, shape (pixels,)."""
        return raman_shift_axis(
            self.wavelength_coefficients_nm,
            self.pixels,
            self.laser_nm,
            first=-self.geometry.origin,
        )

    @property
    def true_laser_nm(self) -> float:
        """Excitation wavelength in nm as it really is while the room is as at the start."""
        return self.laser_nm + self.truth.laser_error_nm

    @property
    def true_nm(self) -> FloatArray:
        """Wavelength of each pixel in nm as it really is without drift, shape (pixels,)."""
        first = -self.geometry.origin
        stated = wavelength_axis(self.wavelength_coefficients_nm, self.pixels, first=first)
        error = self.truth.dispersion_error_nm or (0.0,)
        return stated + wavelength_axis(error, self.pixels, first=first)

    @property
    def sees_light(self) -> NDArray[np.bool_]:
        """Which pixels see light, shape (pixels,)."""
        first, last = self.geometry.active or (0, self.pixels)
        return _within(self.pixels, ((first, last),))

    @property
    def has_diode(self) -> NDArray[np.bool_]:
        """Which pixels have dark current, shape (pixels,)."""
        return self.sees_light | _within(self.pixels, self.geometry.dark)


def _within(pixels: int, spans: tuple[Span, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(pixels, dtype=np.bool_)
    for first, last in spans:
        mask[first:last] = True
    return mask
