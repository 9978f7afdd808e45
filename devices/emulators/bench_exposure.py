"""What an exposure of the emulated bench has collected: sums until its end, then one draw."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from devices.emulators.bench_model import BenchModel
from devices.emulators.physics import Light, wavenumber_cm1
from devices.frame import FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class Pixels:
    """What differs from pixel to pixel and stays for ever; all of shape (pixels,).

    Parameters
    ----------
    response : ndarray
        Share of the light that it turns into charge, around 1; 0 where no light comes.
    dark_e_per_s : ndarray
        Dark current at the reference temperature.
    offset_counts : ndarray
        Fixed offset besides that of the converter.
    """

    response: FloatArray
    dark_e_per_s: FloatArray
    offset_counts: FloatArray


def pixel_pattern(model: BenchModel, rng: np.random.Generator) -> Pixels:
    """Return the pixels of one instrument of that model."""
    flaws, pixels = model.flaws, model.pixels
    dark = np.clip(rng.normal(1.0, model.dark_pattern, pixels), 0.05, None) * model.has_diode
    dark[list(flaws.hot_pixels)] *= flaws.hot_factor
    response = np.clip(rng.normal(1.0, flaws.response_pattern, pixels), 0.0, None)
    response *= model.sees_light
    response[list(flaws.dead_pixels)] = 0.0
    offset = rng.normal(0.0, flaws.offset_pattern_counts, pixels)
    offset[::2] += flaws.even_odd_counts
    return Pixels(response, dark * model.dark_e_per_s, offset)


class Charge:
    """The expected charge of one exposure; a few sums, whatever its length.

    Parameters
    ----------
    pixels : int
        Number of pixels.
    """

    def __init__(self, pixels: int) -> None:
        self._pixels = pixels
        self.clear(np.ones(pixels), 1.0)

    def clear(self, axis_nm: FloatArray, laser_nm: float) -> None:
        """Empty it; `axis_nm`, shape (n,), is where the pixels truly are, as is `laser_nm`."""
        self._axis_nm, self._laser_nm = axis_nm, laser_nm
        self._expected = np.zeros(self._pixels)
        self.seconds = 0.0
        self._dark_s = self._dose_s = self._fresh_s = self._shone_s = 0.0

    def add_time(self, seconds: float, dark_s: float) -> None:
        """Add `seconds`, with dark current of `dark_s` seconds at the reference temperature."""
        self.seconds += seconds
        self._shone_s += seconds
        self._dark_s += dark_s

    def add_light(self, light: Light, from_dose_s: float, to_dose_s: float) -> None:
        """Add what the sample sends while its dose rises, in seconds at full power."""
        tau = light.bleaching_time_s
        self._dose_s += to_dose_s - from_dose_s
        self._fresh_s += tau * (math.exp(-from_dose_s / tau) - math.exp(-to_dose_s / tau))

    def fold(self, light: Light) -> None:
        """Turn the sums into charge, before another sample comes or at the end."""
        if self._dose_s > 0.0:
            seen = light.steady * self._dose_s + light.bleaching * self._fresh_s
            self._expected += self._on_pixels(light.grid_cm1, seen, self._laser_nm)
        if light.lamp.any():
            shone = light.lamp * self._shone_s
            self._expected += self._on_pixels(light.grid_cm1, shone, light.laser_nm)
        self._dose_s = self._fresh_s = self._shone_s = 0.0

    def expected(self, pixels: Pixels) -> FloatArray:
        """Return the expected electrons, shape (n,)."""
        return self._expected * pixels.response + self._dark_s * pixels.dark_e_per_s

    def _on_pixels(self, grid: FloatArray, seen: FloatArray, laser_nm: float) -> FloatArray:
        """Return `seen` at the pixels; a lamp stays where it is when the laser has moved."""
        axis = wavenumber_cm1(laser_nm) - wavenumber_cm1(self._axis_nm)
        return np.interp(axis, grid, seen)
