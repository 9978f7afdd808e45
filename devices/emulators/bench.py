"""The emulated bench: one state, stepped by dt, all chance from one seeded generator.

It stands for the whole instrument with its laser and the sample in front of it. It does not know
real time: whoever steps it decides how long a second takes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.emulators.physics import (
    BenchModel,
    Light,
    add_cosmic_rays,
    dark_rate,
    digitise,
    sample_light,
)
from devices.errors import NotConnectedError
from devices.frame import FloatArray, raman_shift_axis
from devices.interface import LaserState
from devices.sample import Sample


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong, in seconds of bench time; None for never.

    Parameters
    ----------
    unplugged_at_s : float or None
        From then on the bench does not answer.
    interlock_open_at_s : float or None
        From then on the laser cannot fire.
    laser_stuck_on : bool
        The laser ignores being switched off.
    """

    unplugged_at_s: float | None = None
    interlock_open_at_s: float | None = None
    laser_stuck_on: bool = False


NO_FAULTS = Faults()


class Bench:
    """An emulated instrument with a sample in front of it.

    Parameters
    ----------
    model : BenchModel
        The instrument.
    sample : Sample
        What is measured.
    seed : int
        Seed of all noise; same seed and same calls give the same counts.
    faults : Faults
        What goes wrong, and when.
    """

    def __init__(
        self, model: BenchModel, sample: Sample, seed: int, faults: Faults = NO_FAULTS
    ) -> None:
        self.model = model
        self.time_s = 0.0
        self.light_dose_s = 0.0
        self.temperature = model.start_c
        self._faults = faults
        self._rng = np.random.default_rng(seed)
        self._light: Light = sample_light(model, sample)
        self._dark_pattern = np.clip(
            self._rng.normal(1.0, model.dark_pattern, model.pixels), 0.05, None
        )
        self._drift_nm = float(self._rng.normal(0.0, model.drift_nm))
        self._enabled_at: float | None = None
        self._power = 0.0
        self._electrons = np.zeros(model.pixels)
        self._true_axis = self._moved_axis()

    def laser(self, on: bool, power: float = 1.0) -> None:
        """Switch the laser on at `power` (0 to 1), or off."""
        self._check_plugged()
        if on:
            self._power = power
            self._enabled_at = self.time_s if self._enabled_at is None else self._enabled_at
        elif not self._faults.laser_stuck_on:
            self._enabled_at = None

    def laser_state(self) -> LaserState:
        """Return what the laser really does; UNKNOWN when the bench does not answer."""
        if _past(self._faults.unplugged_at_s, self.time_s):
            return LaserState.UNKNOWN
        if self._enabled_at is None:
            return LaserState.OFF
        waiting = self.time_s - self._enabled_at < self.model.laser_delay_s
        blocked = _past(self._faults.interlock_open_at_s, self.time_s)
        return LaserState.REQUESTED if waiting or blocked else LaserState.FIRING

    def temperature_c(self) -> float:
        """Return the detector temperature in degrees Celsius, as its sensor resolves it."""
        self._check_plugged()
        return round(self.temperature, 2)

    def start_exposure(self) -> None:
        """Empty the detector; the true axis is where it has wandered to."""
        self._check_plugged()
        self._electrons = np.zeros(self.model.pixels)
        self._true_axis = self._moved_axis()

    def step(self, dt: float) -> None:
        """Let `dt` seconds pass: light, dark current, cosmic rays, cooling, drift."""
        self._check_plugged()
        expected = dark_rate(self.model, self.temperature) * dt * self._dark_pattern
        if self.laser_state() is LaserState.FIRING:
            dose = self._power * dt
            light = self._light.over_exposure(self.light_dose_s, dose)
            expected = expected + np.interp(self._true_axis, self._light.grid_cm1, light)
            self.light_dose_s += dose
        self._electrons += self._rng.poisson(expected)
        add_cosmic_rays(self._rng, self._electrons, self.model.cosmic_rays_per_s * dt)
        self._wander(dt)
        self.time_s += dt

    def read_out(self) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Return the counts since `start_exposure`, shape (n,), and which pixels clipped."""
        self._check_plugged()
        return digitise(self._rng, self.model, self._electrons)

    def _wander(self, dt: float) -> None:
        model = self.model
        gap = self.temperature - model.setpoint_c
        self.temperature = model.setpoint_c + gap * math.exp(-dt / model.cooling_time_s)
        # Ornstein-Uhlenbeck: wanders, but stays within drift_nm for ever.
        keep = math.exp(-dt / model.drift_time_s)
        kick = model.drift_nm * math.sqrt(1.0 - keep * keep)
        self._drift_nm = keep * self._drift_nm + float(self._rng.normal(0.0, kick))

    def _moved_axis(self) -> FloatArray:
        first, *rest = self.model.wavelength_coefficients_nm
        moved = (first + self._drift_nm, *rest)
        return raman_shift_axis(moved, self.model.pixels, self.model.laser_nm)

    def _check_plugged(self) -> None:
        if _past(self._faults.unplugged_at_s, self.time_s):
            raise NotConnectedError(
                "the analyser does not answer",
                self.model.model,
                "take the laser for on: remove the power or turn the key, then reconnect",
            )


def _past(moment: float | None, now: float) -> bool:
    return moment is not None and now >= moment
