"""The emulated bench: one instrument with a sample in front of it, moved by the second.

It does not know real time: `Bench.advance_to` says which second it is. Between commands nothing is
simulated; temperature, dose and wandering are functions of the second, and an exposure gets its
light and its noise in one go when its window has passed. So the counts depend on the seed and on
the commands and their seconds, and not on how often somebody asked in between.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.emulators.bench_climate import Cooling, Wander
from devices.emulators.bench_exposure import Charge, pixel_pattern
from devices.emulators.bench_faults import NO_FAULTS, Faults, past
from devices.emulators.bench_laser import BenchLaser
from devices.emulators.bench_model import BenchModel
from devices.emulators.physics import Light, add_cosmic_rays, digitise, sample_light
from devices.errors import NotConnectedError
from devices.frame import FloatArray
from devices.interface import LaserState
from devices.sample import Sample

__all__ = ["NO_FAULTS", "Bench", "Faults", "Taken"]

Taken = tuple[FloatArray, NDArray[np.bool_]]
"""Counts, whole numbers, and which pixels clipped; both of shape (pixels,)."""

DAY_S = 86_400.0
HEATING_POWER = 0.2
HEATING_DOSE_S = 0.5

_PATTERN, _DRIFT, _EXPOSURE = range(3)  # streams of chance of one seed


@dataclass(frozen=True, eq=False, slots=True)
class _Ended:
    """An exposure that is over, as it was then; it is read out when somebody takes it.

    A free-running detector ends many that nobody takes.
    """

    charge: Charge
    light: Light
    faults: Faults
    number: int


class Bench:
    """An emulated instrument with a sample in front of it.

    Parameters
    ----------
    model : BenchModel
        The instrument.
    sample : Sample
        What is measured.
    seed : int
        Seed of all chance; same seed and same commands at the same seconds give the same counts.
    faults : Faults
        What goes wrong, and when.
    """

    def __init__(
        self, model: BenchModel, sample: Sample, seed: int, faults: Faults = NO_FAULTS
    ) -> None:
        self.model = model
        self.lock = threading.RLock()  # for instruments on two wires that share one bench
        self.time_s = 0.0
        self._first_s: float | None = None
        self._seed = seed
        self._faults = faults
        self._sample = sample
        self._light: Light = sample_light(model, sample)
        self._pixels = pixel_pattern(model, np.random.default_rng((seed, _PATTERN)))
        self._true_nm = model.true_nm
        self._drift = Wander(
            np.random.default_rng((seed, _DRIFT)), model.drift_nm, model.drift_time_s
        )
        self._cooling = Cooling(model, faults)
        self._laser = BenchLaser(model.laser_delay_s, model.interlock_latches, faults)
        self._dose_s = self._strong_dose_s = 0.0
        self._settled_s = 0.0  # what was before that second is in the sums
        self._charge = Charge(model.pixels)
        self._exposures = 0
        self._began_s = 0.0
        self._ends_s: float | None = None
        self._ready: _Ended | None = None
        self._before: tuple[Taken, tuple[float, float]] | None = None
        self._window_s = (0.0, 0.0)
        self._stale_left = faults.stale_frame
        self._changes_s = math.inf
        self._happen()

    @property
    def sample(self) -> Sample:
        """What lies in front of it; another one is fresh, with nothing bleached."""
        return self._sample

    @sample.setter
    def sample(self, sample: Sample) -> None:
        light = sample_light(self.model, sample)
        self._settle(self.time_s)
        self._charge.fold(self._light)
        self._sample, self._light = sample, light
        self._dose_s = self._strong_dose_s = 0.0

    @property
    def faults(self) -> Faults:
        """What goes wrong; another record may be assigned at any time."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._settle(self.time_s)
        self._faults = self._cooling.faults = faults
        self._laser.suffer(faults, self.time_s)
        self._stale_left = faults.stale_frame
        self._happen()

    @property
    def light_dose_s(self) -> float:
        """Seconds at full power that the sample has got."""
        return self._dose_s + self._dose_rate() * (self.time_s - self._settled_s)

    @property
    def sample_heated(self) -> bool:
        """Whether a dark sample has got more of a strong laser than is good for it."""
        rate = self._dose_rate()
        running_s = rate * (self.time_s - self._settled_s) if rate > HEATING_POWER else 0.0
        return self._sample.absorbs and self._strong_dose_s + running_s > HEATING_DOSE_S

    @property
    def temperature(self) -> float:
        """Temperature of the detector in degrees Celsius, as it really is."""
        return self._cooling.at(self.time_s)

    def advance_to(self, at_s: float) -> None:
        """Let time pass until second `at_s`; nothing when that has passed already."""
        while self._changes_s <= at_s:
            self._settle(self._changes_s)
            self.time_s = self._changes_s
            self._happen()
        self.time_s = max(self.time_s, at_s)

    def begin(self, integration_s: float) -> None:
        """Empty the detector and expose from now on; what was not taken yet is lost.

        The axis wanders from the first exposure on: by the seed and by what was done since, not by
        how long the computer has been running.
        """
        self.check_plugged()
        self._settle(self.time_s)
        self._exposures += 1
        self._began_s = self.time_s
        self._ends_s, self._ready = self.time_s + integration_s, None
        if self._first_s is None:
            self._first_s = self.time_s
        truth, warmer_k = self.model.truth, self._room_k()
        moved_nm = self._drift.at(self.time_s - self._first_s) + truth.axis_nm_per_k * warmer_k
        laser_nm = self.model.true_laser_nm + truth.laser_nm_per_k * warmer_k
        self._charge = Charge(self.model.pixels)
        self._charge.clear(self._true_nm + moved_nm, laser_nm)
        self._look_ahead()

    def cancel(self) -> None:
        """Throw the exposure away, running or not taken yet."""
        self._settle(self.time_s)
        self._ends_s, self._ready = None, None
        self._look_ahead()

    @property
    def exposing(self) -> bool:
        """Whether an exposure was begun and is not over, or hangs."""
        return self._ends_s is not None and (self._ready is None or self._hangs())

    @property
    def exposure_ends_s(self) -> float | None:
        """Second when the exposure ends or ended; None without one, or when it never will.

        It stays until the exposure is taken, cancelled or replaced by another one.
        """
        return None if self._hangs() else self._ends_s

    def taken(self) -> Taken | None:
        """Hand out the exposure, once; None while it runs or when there is none."""
        self.check_plugged()
        ended, ends_s = self._ready, self._ends_s
        if ended is None or ends_s is None or self._hangs():
            return None
        ready = self._digitised(ended)
        fresh = (ready, (self._began_s, ends_s))
        self._ends_s, self._ready = None, None
        if self._stale_left and self._before is not None:
            self._stale_left = False
            ready, self._window_s = self._before
            return ready
        self._before = fresh
        self._window_s = fresh[1]
        return ready

    @property
    def taken_window_s(self) -> tuple[float, float]:
        """Seconds when the exposure began and ended that was handed out last."""
        return self._window_s

    def laser(self, on: bool, power: float = 1.0) -> None:
        """Switch the laser on at `power` (0 to 1), or off."""
        self.check_plugged()
        self._settle(self.time_s)
        self._laser.switch(on, power, self.time_s)
        self._happen()

    def warning_delay(self, seconds: float) -> None:
        """Set the time from enabling the laser to light; for the next time it is enabled."""
        self._settle(self.time_s)
        self._laser.delay_s = seconds

    def watchdog(self, seconds: float) -> None:
        """Let the laser go off by itself unless it is fed within `seconds`; 0 for no watchdog."""
        self._laser.watchdog(seconds, self.time_s)
        self._look_ahead()

    def feed_watchdog(self) -> None:
        """Start the time of the watchdog anew; switching the laser on does that too."""
        self._laser.feed(self.time_s)
        self._look_ahead()

    def clear_trip(self) -> None:
        """Forget a latched trip of the interlock; the laser stays off until it is enabled."""
        self._laser.clear_trip()

    @property
    def laser_enabled(self) -> bool:
        """Whether the laser was told to fire."""
        return self._laser.enabled

    @property
    def laser_firing(self) -> bool:
        """Whether light comes out."""
        return self._laser.firing(self.time_s)

    @property
    def interlock_tripped(self) -> bool:
        """Whether the interlock has disabled the laser and holds it, on a model that latches."""
        return self._laser.tripped

    def interlock_closed(self) -> bool:
        """Return whether the laser may fire."""
        return self._laser.interlock_closed(self.time_s)

    def laser_state(self) -> LaserState:
        """Return what the laser really does; UNKNOWN when the bench does not answer."""
        if past(self._faults.unplugged_at_s, self.time_s):
            return LaserState.UNKNOWN
        if self.laser_firing:
            return LaserState.FIRING
        return LaserState.REQUESTED if self._laser.enabled else LaserState.OFF

    def temperature_c(self) -> float:
        """Return the detector temperature in degrees Celsius, as its sensor resolves it."""
        self.check_plugged()
        return round(self.temperature, 2)

    def cool_to(self, celsius: float | None) -> None:
        """Set the temperature wanted of the detector; None switches its cooler off."""
        self._settle(self.time_s)
        self._cooling.want(celsius, self.time_s)
        self._look_ahead()

    def _look_ahead(self) -> None:
        """Note when something changes by itself next, inf for never; after every command."""
        changes = [self._laser.next_change(self.time_s), self._cooling.next_change(self.time_s)]
        if self._ends_s is not None and self._ready is None:
            changes.append(self._ends_s)
        self._changes_s = min(changes)

    def _happen(self) -> None:
        """Let happen what is due now."""
        self._laser.happen(self.time_s)
        self._cooling.happen(self.time_s)
        if self._ends_s is not None and self._ready is None and self.time_s >= self._ends_s:
            self._ready = _Ended(self._charge, self._light, self._faults, self._exposures)
        self._look_ahead()

    def _settle(self, at_s: float) -> None:
        """Sum up until `at_s`; since the last time nothing has changed but what time changes."""
        start_s, seconds, rate = self._settled_s, at_s - self._settled_s, self._dose_rate()
        self._settled_s = at_s
        if seconds <= 0.0:
            return
        before_s = self._dose_s
        self._dose_s += rate * seconds
        self._strong_dose_s += rate * seconds if rate > HEATING_POWER else 0.0
        if self._ends_s is None or self._ready is not None:
            return
        self._charge.add_time(seconds, self._cooling.dark_s(start_s, at_s))
        if rate > 0.0:
            self._charge.add_light(self._light, before_s, self._dose_s)

    def _dose_rate(self) -> float:
        """Return the power on the sample since the sums were made."""
        return self._laser.power if self._laser.firing(self._settled_s) else 0.0

    def _digitised(self, ended: _Ended) -> Taken:
        charge, faults = ended.charge, ended.faults
        charge.fold(ended.light)
        model = self.model
        rng = np.random.default_rng((self._seed, _EXPOSURE, ended.number))
        electrons = rng.poisson(charge.expected(self._pixels)).astype(np.float64)
        add_cosmic_rays(rng, electrons, model.cosmic_rays_per_s * charge.seconds)
        if faults.saturated:
            electrons[model.sees_light] += model.saturation_counts * model.electrons_per_count
        if faults.flat_frame:
            return np.full(model.pixels, model.offset_counts), np.zeros(model.pixels, np.bool_)
        return digitise(rng, model, electrons, self._pixels.offset_counts)

    def _hangs(self) -> bool:
        return self._ends_s is not None and past(self._faults.hangs_at_s, self._ends_s)

    def _room_k(self) -> float:
        """Return how much warmer the room is than at the start."""
        return self.model.truth.room_swing_k * math.sin(2.0 * math.pi * self.time_s / DAY_S)

    def check_plugged(self) -> None:
        """Raise NotConnectedError when it was unplugged."""
        if past(self._faults.unplugged_at_s, self.time_s):
            raise NotConnectedError(
                "the analyser does not answer",
                self.model.model,
                "take the laser for on: remove the power or turn the key, then reconnect",
            )
