"""What an exposure of the emulated bench has collected: sums until its end, then one draw."""

from __future__ import annotations

import math

import numpy as np

from devices.emulators.physics import Light
from devices.frame import FloatArray


class Charge:
    """The expected charge of one exposure; a few sums, whatever its length.

    Parameters
    ----------
    pixels : int
        Number of pixels.
    """

    def __init__(self, pixels: int) -> None:
        self._pixels = pixels
        self.clear(np.zeros(pixels))

    def clear(self, axis_cm1: FloatArray) -> None:
        """Empty it; `axis_cm1`, shape (n,), is where the pixels truly are."""
        self._axis = axis_cm1
        self._expected = np.zeros(self._pixels)
        self.seconds = 0.0
        self._dark_s = self._dose_s = self._fresh_s = 0.0

    def add_time(self, seconds: float, dark_s: float) -> None:
        """Add `seconds`, with dark current of `dark_s` seconds at the reference temperature."""
        self.seconds += seconds
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
            self._expected += np.interp(self._axis, light.grid_cm1, seen)
        self._dose_s = self._fresh_s = 0.0

    def expected(self, dark_e_per_s: FloatArray) -> FloatArray:
        """Return the expected electrons, shape (n,), for that dark current of each pixel."""
        return self._expected + self._dark_s * dark_e_per_s
