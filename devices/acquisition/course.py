"""The course of one measurement: find the time, choose the averages, end when it is enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from devices.acquisition.exposure import (
    averages_for_snr,
    averages_in_time,
    next_time_ms,
    signal_to_noise,
    strongest_counts,
)
from devices.acquisition.plan import AutoExposure, Plan, time_range_ms
from devices.frame import FloatArray, RawFrame
from devices.interface import Capabilities, Settings, WholeExposure
from devices.timing import Timing

Enough = Callable[[RawFrame], bool]
"""Gets the frame of the exposures until now; True ends the measurement. Returns at once."""
Seen = Callable[[WholeExposure], None]
"""Is shown each whole exposure as it comes. Returns at once."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log of a measurement.

    Parameters
    ----------
    at : str
        Time of day, ISO 8601 in UTC.
    what : str
        What happened or was decided, in words.
    integration_time_ms : float or None
        Integration time of the exposure that it is about.
    exposure : int or None
        Number of that exposure among those with this time.
    level : float or None
        Its strongest count as a share of the saturation count.
    full : bool
        Whether a pixel was full.
    """

    at: str
    what: str
    integration_time_ms: float | None = None
    exposure: int | None = None
    level: float | None = None
    full: bool = False


@dataclass(eq=False, slots=True)
class Kept:
    """What one measurement leaves, also when it ends with an error: all frames, and the log.

    `so_far` gives the whole exposures of the frame that is not finished; None without any. `lit` is
    whether the laser was ever asked to fire for it.
    """

    frames: list[RawFrame] = field(default_factory=list)
    log: list[Line] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    so_far: Callable[[], RawFrame] | None = None
    lit: bool = False

    def finished(self, frame: RawFrame) -> None:
        """Take a frame in place of what was there of it."""
        self.frames.append(frame)
        self.so_far = None

    def broken_off(self, measured: RawFrame | None = None) -> None:
        """Take what there is of the unfinished frame: `measured`, or else the exposures so far."""
        if measured is None and self.so_far is not None:
            measured = self.so_far()
        if measured is not None:
            self.finished(measured)


def never_enough(_frame: RawFrame) -> bool:
    """Let all averages be made."""
    return False


def unseen(_exposure: WholeExposure) -> None:
    """Show nobody what is exposed."""


class PlannedCourse:
    """Steers one measurement by its plan (a `devices.interface.Course`).

    Parameters
    ----------
    plan : Plan
        What may be chosen, and within which limits.
    capabilities : Capabilities
        Limits of the device.
    timing : Timing
        Time.
    kept : Kept
        Where trials, log and remarks go.
    enough : callable
        Asked after every exposure that counts.
    seen : callable
        Shown every exposure as it comes; it must return at once.
    """

    def __init__(
        self,
        plan: Plan,
        capabilities: Capabilities,
        timing: Timing,
        kept: Kept,
        *,
        enough: Enough = never_enough,
        seen: Seen = unseen,
    ) -> None:
        self._plan, self._can, self._timing = plan, capabilities, timing
        self._kept, self._enough, self._seen = kept, enough, seen
        self._now = self._begun = timing.now()
        self.settings = plan.settings
        self.planned = plan.settings.averages
        self.exposures: list[FloatArray] = []
        self.seeking = plan.auto is not None
        self._trials = 0
        self._longest_ms = float("inf")  # below what has saturated
        self._retry = plan.retry_saturated
        self._light_s = 0.0
        self._each_s = plan.settings.integration_time_ms / 1000.0

    def after(self, exposure: WholeExposure) -> Settings | None:
        """See `Course.after`."""
        self._kept.so_far = exposure.so_far
        self._seen(exposure)
        now = self._timing.now()
        self._each_s = max(exposure.integration_time_ms / 1000.0, now - self._now)
        self._now = now
        self._light_s += exposure.integration_time_ms / 1000.0
        self.exposures.append(exposure.counts)
        other_ms = self._other_time(exposure)
        if other_ms is not None:
            self.exposures.clear()
            return self._order(other_ms, 1 if self.seeking else self.settings.averages)
        averages = self.planned = self._averages(exposure)
        if averages > exposure.number and self._enough(exposure.so_far()):
            self._note("enough: no further exposure is needed", exposure)
            averages = exposure.number
        return self._order(self.settings.integration_time_ms, averages)

    def set_aside(self, frame: RawFrame) -> None:
        """See `Course.set_aside`."""
        self._kept.finished(frame)

    def seconds_left(self, share: float) -> float | None:
        """Return the seconds left when `share` of the present exposures is done; None: unknown."""
        if self.seeking:
            return None
        whole_s = self.settings.averages * self._each_s
        return (1.0 - share) * whole_s + (whole_s if self._plan.dark else 0.0)

    def _other_time(self, exposure: WholeExposure) -> float | None:
        """Return another integration time to start anew with; None to go on with this one."""
        auto = self._plan.auto or AutoExposure()
        if self.seeking:
            return self._sought(exposure, auto)
        if exposure.full and self._retry:
            self._retry = False
            shortest = self._can.integration_time_ms.lowest
            less = max(shortest, self.settings.integration_time_ms * auto.drop_factor)
            if less < self.settings.integration_time_ms:
                self._note(f"saturated: measured again with {less:g} ms", exposure)
                self._kept.remarks.append(
                    f"saturated at {exposure.integration_time_ms:g} ms and measured again with"
                    f" {less:g} ms"
                )
                return less
        return None

    def _sought(self, exposure: WholeExposure, auto: AutoExposure) -> float | None:
        self._trials += 1
        level = self._level(exposure)
        found_ms: float | None = None
        if self._trials < auto.most_trials:
            found_ms = next_time_ms(
                level, exposure.full, exposure.integration_time_ms, auto, self._range_ms(exposure)
            )
        if found_ms is not None:
            self._note(f"trial: {found_ms:g} ms next", exposure)
            return found_ms
        self.seeking = False
        self._note(f"taken: {exposure.integration_time_ms:g} ms", exposure)
        if exposure.full:
            self._kept.remarks.append("saturated even at the shortest time that was possible")
        return None

    def _range_ms(self, exposure: WholeExposure) -> tuple[float, float]:
        """Return the times that are possible now: below what saturated, within all limits."""
        shortest, longest = time_range_ms(self._plan.auto or AutoExposure(), self._can)
        if exposure.full:
            self._longest_ms = min(self._longest_ms, exposure.integration_time_ms - 1.0)
        longest = min(longest, self._longest_ms)
        left_s = self._light_left_s()
        if left_s is not None:
            longest = min(longest, 1000.0 * left_s)
        time_left_s = self._time_left_s()
        if time_left_s is not None:  # one exposure and its dark
            longest = min(longest, 1000.0 * time_left_s / (2.0 if self._plan.dark else 1.0))
        return shortest, max(shortest, float(int(longest)))

    def _averages(self, exposure: WholeExposure) -> int:
        """Return how many averages there shall be; never fewer than there are."""
        plan, done = self._plan, exposure.number
        most = int(self._can.averages.highest)
        wanted = self.settings.averages
        if plan.auto is not None and done == 1:
            wanted = most
            if plan.wanted_snr is not None:
                wanted = averages_for_snr(
                    signal_to_noise(self._active(exposure)), plan.wanted_snr, most
                )
        time_left_s, light_left_s = self._time_left_s(), self._light_left_s()
        if time_left_s is not None:
            fit = averages_in_time(time_left_s, self._each_s, done, dark=plan.dark)
            wanted = min(wanted, fit)
        if light_left_s is not None:
            seconds = exposure.integration_time_ms / 1000.0
            wanted = min(wanted, averages_in_time(light_left_s, seconds, done, dark=False))
        wanted = min(max(wanted, done), most)
        if plan.auto is not None and done == 1:
            self._note(f"averages: {wanted}", exposure)
        return wanted

    def _order(self, milliseconds: float, averages: int) -> Settings:
        self.settings = replace(self.settings, integration_time_ms=milliseconds, averages=averages)
        return self.settings

    def _time_left_s(self) -> float | None:
        budget_s = self._plan.budget_s
        return None if budget_s is None else budget_s - (self._now - self._begun)

    def _light_left_s(self) -> float | None:
        most_s = self._plan.most_light_s
        return None if most_s is None else most_s - self._light_s

    def _active(self, exposure: WholeExposure) -> FloatArray:
        first, end = exposure.active_pixels
        return np.asarray(exposure.counts[first:end])

    def _level(self, exposure: WholeExposure) -> float:
        return strongest_counts(self._active(exposure)) / self._can.saturation_counts

    def _note(self, what: str, exposure: WholeExposure) -> None:
        self._kept.log.append(
            Line(
                self._timing.utc(),
                what,
                exposure.integration_time_ms,
                exposure.number,
                self._level(exposure),
                exposure.full,
            )
        )
