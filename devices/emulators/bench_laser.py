"""The laser of the emulated bench: enabled is not firing, and it is asked by the second.

Whether it fires is a function of the second and of the commands before it. Nothing is changed by
asking, so that the light in an exposure does not depend on how often somebody looked.
"""

from __future__ import annotations

import math

from devices.emulators.bench_faults import Faults, past


class BenchLaser:
    """The laser head with its interlock, warning delay and watchdog.

    Parameters
    ----------
    delay_s : float
        From being enabled, with the interlock closed, to light.
    latches : bool
        Whether an opened interlock disables the laser until `clear_trip`.
    faults : Faults
        What goes wrong.
    """

    def __init__(self, delay_s: float, latches: bool, faults: Faults) -> None:
        self.faults = faults
        self.power = 0.0
        self.tripped = False
        self.delay_s, self._latches = delay_s, latches
        self._enabled_at: float | None = None
        self._waits_s = delay_s
        self._watchdog_s = 0.0
        self._fed_at = 0.0
        self._barked_at: float | None = None

    @property
    def enabled(self) -> bool:
        """Whether it was told to fire."""
        return self._enabled_at is not None

    def suffer(self, faults: Faults, at_s: float) -> None:
        """Put other faults in place; an interlock that closes so starts the warning delay anew."""
        was_open = not self.interlock_closed(at_s)
        self.faults = faults
        if was_open and self.interlock_closed(at_s) and self._enabled_at is not None:
            self._enabled_at = at_s

    def switch(self, on: bool, power: float, at_s: float) -> None:
        """Enable it at `power` (0 to 1), or disable it; a latched trip is not enabled."""
        if on and not self.tripped:
            if past(self.faults.watchdog_fires_at_s, at_s):
                self._barked_at = self.faults.watchdog_fires_at_s  # it came while this was off
            self.power = power
            self._fed_at = at_s
            if self._enabled_at is None:
                self._enabled_at, self._waits_s = at_s, self.delay_s
        elif not on and not self.faults.laser_stuck_on:
            self._enabled_at = None

    def watchdog(self, seconds: float, at_s: float) -> None:
        """Set the time after which it goes off when nobody feeds it; 0 for no watchdog."""
        self._watchdog_s, self._fed_at = seconds, at_s

    def feed(self, at_s: float) -> None:
        """Start the watchdog's time anew."""
        self._fed_at = at_s

    def clear_trip(self) -> None:
        """Forget a latched trip of the interlock; it stays disabled."""
        self.tripped = False

    def interlock_closed(self, at_s: float) -> bool:
        """Return whether the laser may fire."""
        faults = self.faults
        opened = past(faults.interlock_open_at_s, at_s)
        return not opened or past(faults.interlock_closed_at_s, at_s)

    def firing(self, at_s: float) -> bool:
        """Return whether light comes out at `at_s`."""
        start, end = self._light_from_to(at_s)
        return start <= at_s < end and self.interlock_closed(at_s)

    def next_change(self, after_s: float) -> float:
        """Return the first moment after `after_s` when it may begin, stop or be disabled."""
        faults = self.faults
        moments = [*self._light_from_to(after_s), self._bites_at()]
        if faults.interlock_open_at_s is not None:
            moments.append(faults.interlock_open_at_s)
        if faults.interlock_closed_at_s is not None:
            moments.append(faults.interlock_closed_at_s)
        return min((moment for moment in moments if moment > after_s), default=math.inf)

    def happen(self, at_s: float) -> None:
        """Let what is due at `at_s` disable it: a latched interlock or a watchdog."""
        if self._latches and self.enabled and not self.interlock_closed(at_s):
            self.tripped = True
            self.switch(False, 0.0, at_s)
        if at_s >= self._bites_at():
            if past(self.faults.watchdog_fires_at_s, at_s):
                self._barked_at = self.faults.watchdog_fires_at_s
            self.switch(False, 0.0, at_s)
            self._fed_at = at_s

    def _light_from_to(self, at_s: float) -> tuple[float, float]:
        """Return when light begins and stops by itself, the interlock left out; inf for never."""
        faults = self.faults
        if self._enabled_at is None or faults.laser_never_fires:
            return math.inf, math.inf
        ready = self._enabled_at
        if past(faults.interlock_open_at_s, at_s) and faults.interlock_closed_at_s is not None:
            ready = max(ready, faults.interlock_closed_at_s)
        start = ready + self._waits_s
        end = math.inf
        if faults.laser_drops_out_after_s is not None:
            end = start + faults.laser_drops_out_after_s
        if faults.laser_drops_out_at_s is not None:
            end = min(end, faults.laser_drops_out_at_s)
        return start, end

    def _bites_at(self) -> float:
        """Return when the watchdog will disable it; inf for never."""
        if self._enabled_at is None or self.faults.laser_stuck_on:
            return math.inf
        bites = self._fed_at + self._watchdog_s if self._watchdog_s > 0 else math.inf
        forced = self.faults.watchdog_fires_at_s
        if forced is not None and forced != self._barked_at:
            bites = min(bites, forced)
        return bites
