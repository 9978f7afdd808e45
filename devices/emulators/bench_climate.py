"""Temperature of the emulated detector and wandering of its axis, as functions of the second."""

from __future__ import annotations

import math

import numpy as np

from devices.emulators.bench_faults import Faults, past
from devices.emulators.bench_model import BenchModel
from devices.emulators.physics import DARK_DOUBLING_K, DARK_REFERENCE_C

KNOTS_PER_DRIFT_TIME = 8
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)


class Cooling:
    """The temperature of the detector: it nears its target exponentially, in closed form.

    Parameters
    ----------
    model : BenchModel
        The instrument.
    faults : Faults
        What goes wrong.
    """

    def __init__(self, model: BenchModel, faults: Faults) -> None:
        self.faults = faults
        self._model = model
        self._wanted_c: float | None = model.setpoint_c
        self._from_s, self._from_c = 0.0, model.start_c
        self._target_c = model.setpoint_c

    def want(self, celsius: float | None, at_s: float) -> None:
        """Set the temperature wanted; None switches the cooler off."""
        self._wanted_c = celsius
        self.happen(at_s)

    def happen(self, at_s: float) -> None:
        """Turn towards another target when there is one at `at_s`."""
        target = self._wanted_c if self._wanted_c is not None else self._model.ambient_c
        if past(self.faults.hot_at_s, at_s):
            target = self._model.runaway_c
        if target != self._target_c:
            self._from_c, self._from_s = self.at(at_s), at_s
            self._target_c = target

    def next_change(self, after_s: float) -> float:
        """Return when the target changes by itself; inf for never."""
        hot = self.faults.hot_at_s
        return hot if hot is not None and hot > after_s else math.inf

    def at(self, at_s: float) -> float:
        """Return the temperature in degrees Celsius."""
        gap = self._from_c - self._target_c
        return self._target_c + gap * math.exp(-(at_s - self._from_s) / self._model.cooling_time_s)

    def dark_s(self, start_s: float, end_s: float) -> float:
        """Return the seconds at the reference temperature that give the same dark charge.

        Gauss-Legendre over the window; the target may not change within it.
        """
        half = 0.5 * (end_s - start_s)
        gap = self._from_c - self._target_c
        times = start_s + half * (1.0 + _NODES) - self._from_s
        celsius = self._target_c + gap * np.exp(-times / self._model.cooling_time_s)
        rate = 2.0 ** ((celsius - DARK_REFERENCE_C) / DARK_DOUBLING_K)
        return float(half * np.sum(_WEIGHTS * rate))


class Wander:
    """An Ornstein-Uhlenbeck walk at fixed knots, straight between them.

    The knots, not the questions, use up chance: the walk is the same however often it is asked.

    Parameters
    ----------
    rng : numpy.random.Generator
        Its own source of chance.
    deviation : float
        Standard deviation for ever.
    time_s : float
        Time constant in seconds.
    """

    def __init__(self, rng: np.random.Generator, deviation: float, time_s: float) -> None:
        self._rng, self._step_s = rng, time_s / KNOTS_PER_DRIFT_TIME
        self._keep = math.exp(-1.0 / KNOTS_PER_DRIFT_TIME)
        self._kick = deviation * math.sqrt(1.0 - self._keep**2)
        self._knot = 0
        self._here = float(rng.normal(0.0, deviation))
        self._next = self._after(self._here)

    def at(self, at_s: float) -> float:
        """Return where it is; never ask about a time before an earlier one."""
        while at_s >= (self._knot + 1) * self._step_s:
            self._knot += 1
            self._here, self._next = self._next, self._after(self._next)
        share = at_s / self._step_s - self._knot
        return self._here + share * (self._next - self._here)

    def _after(self, value: float) -> float:
        return self._keep * value + float(self._rng.normal(0.0, self._kick))
