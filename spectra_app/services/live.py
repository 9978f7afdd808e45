"""Live view: exposures one after the other for aiming; only the newest is ever handed on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from devices.errors import FrameError
from devices.frame import RawFrame
from devices.interface import Analyser, Progress, Settings, WholeExposure, no_progress
from devices.timing import Timing

LIVE_MS = 40.0
LIVE_LIMIT_S = 60.0
LIVE_POWER_PERCENT = 10.0  # for aiming, at a sample that nobody knows yet: never more than a tenth
FRESH_AFTER = 25  # exposures; then what was exposed is let go, so that the memory stays flat

Item = TypeVar("Item")


class Newest(Generic[Item]):
    """A place for one item: a newer one takes the place of one that nobody has fetched.

    Parameters
    ----------
    ring : callable
        Called when there is something to fetch and nobody was called for it yet.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._lock = threading.Lock()
        self._item: Item | None = None
        self._rung = False

    def put(self, item: Item) -> None:
        """Put the newest item; from any thread, never waits."""
        with self._lock:
            self._item = item
            ring, self._rung = not self._rung, True
        if ring:
            self._ring()

    def take(self) -> Item | None:
        """Take the newest item; None when it was taken already."""
        with self._lock:
            item, self._item, self._rung = self._item, None, False
        return item


@dataclass(frozen=True, eq=False, slots=True)
class LiveFrame:
    """One exposure as it is shown.

    Parameters
    ----------
    axis : ndarray, shape (n,)
        Raman shift in cm-1, or pixel numbers when the analyser states no axis.
    counts : ndarray, shape (n,)
        Counts, no dark subtracted.
    in_cm1 : bool
        Whether the axis is a Raman shift.
    number : int
        Which one of this live view it is, from 1.
    full : bool
        Whether the detector was saturated.
    """

    axis: NDArray[np.float64]
    counts: NDArray[np.float64]
    in_cm1: bool
    number: int
    full: bool


class Sight:
    """Makes what is shown of every exposure, and hands it on; returns at once.

    Parameters
    ----------
    show : callable
        Gets each exposure as it is shown.
    """

    def __init__(self, show: Callable[[LiveFrame], None]) -> None:
        self._show = show
        self._axis: tuple[NDArray[np.float64], bool] | None = None
        self.number = 0

    def see(self, exposure: WholeExposure) -> None:
        """Show an exposure."""
        self.number += 1
        first, end = exposure.active_pixels
        if self._axis is None:
            self._axis = _axis(exposure.so_far())
        counts = np.array(exposure.counts[first:end], dtype=np.float64)
        axis, in_cm1 = self._axis
        self._show(LiveFrame(axis, counts, in_cm1, self.number, exposure.full))


class LiveCourse:
    """Hands every exposure on and goes on until the time is over (a `devices.interface.Course`)."""

    def __init__(
        self, settings: Settings, other_ms: float, timing: Timing, show: Callable[[LiveFrame], None]
    ) -> None:
        self._settings, self._timing, self._sight = settings, timing, Sight(show)
        self._times = (settings.integration_time_ms, other_ms)
        self._ends_s = timing.now() + LIVE_LIMIT_S

    def after(self, exposure: WholeExposure) -> Settings | None:
        """See `Course.after`."""
        self._sight.see(exposure)
        if self._timing.now() >= self._ends_s:
            return replace(self._settings, averages=exposure.number)
        if exposure.number < FRESH_AFTER:
            return None
        self._times = self._times[::-1]
        self._settings = replace(self._settings, integration_time_ms=self._times[0])
        return self._settings

    def set_aside(self, frame: RawFrame) -> None:
        """Let it go: a live view is for aiming, it is shown and not kept."""


def run_live(
    analyser: Analyser,
    timing: Timing,
    show: Callable[[LiveFrame], None],
    stops_before: int,
    progress: Progress = no_progress,
) -> None:
    """Show exposures until stopped, `LIVE_LIMIT_S` at most; the laser is off afterwards.

    Raises
    ------
    DeviceError
        As `Analyser.acquire`.
    """
    limits = analyser.capabilities
    shortest, longest = limits.integration_time_ms.lowest, limits.integration_time_ms.highest
    first_ms = min(max(LIVE_MS, shortest), longest - 1.0)
    power = min(max(LIVE_POWER_PERCENT, limits.laser_power_percent.lowest), 100.0)
    settings = Settings(first_ms, int(limits.averages.highest), power)
    analyser.configure(settings)
    course = LiveCourse(settings, first_ms + 1.0, timing, show)
    analyser.acquire(progress, lambda: analyser.stops != stops_before, course)


def _axis(frame: RawFrame) -> tuple[NDArray[np.float64], bool]:
    try:
        return np.asarray(frame.raman_shift_cm1(), dtype=np.float64), True
    except FrameError:
        count = frame.counts[frame.active].size
        return np.arange(count, dtype=np.float64), False
