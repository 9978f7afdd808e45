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
from devices.interface import (
    Analyser,
    Capabilities,
    Progress,
    Settings,
    WholeExposure,
    no_progress,
)
from devices.timing import Timing

LIVE_MS = 40.0
LONGEST_LIVE_MS = 2000.0
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
    integration_time_ms : float
        Of this exposure.
    level : float
        Its highest point as a share of the count where the detector is full; 0 when not known.
    """

    axis: NDArray[np.float64]
    counts: NDArray[np.float64]
    in_cm1: bool
    number: int
    full: bool
    integration_time_ms: float = 0.0
    level: float = 0.0


@dataclass(slots=True)
class LiveControls:
    """What a person changes while the live view runs; one thread writes, the analyser's reads.

    Parameters
    ----------
    integration_time_ms : float
        Wanted time of an exposure; what the analyser cannot do is not taken.
    """

    integration_time_ms: float = LIVE_MS


@dataclass(frozen=True, slots=True)
class Band:
    """Height in counts above a straight base line, and signal-to-noise ratio, of a band."""

    height: float
    snr: float


def band_of(
    axis: NDArray[np.float64], counts: NDArray[np.float64], low: float, high: float
) -> Band | None:
    """Return what a band between two Raman shifts (cm-1) is worth; None with too few points.

    The base line joins the ends; the noise of one point is that of the second differences.
    """
    inside = (axis >= low) & (axis <= high)
    if int(inside.sum()) < 8:
        return None
    x, y = axis[inside], counts[inside]
    base = np.interp(x, [x[0], x[-1]], [float(np.mean(y[:2])), float(np.mean(y[-2:]))])
    height = float(np.max(y - base))
    second = np.diff(counts, 2)
    noise = float(np.median(np.abs(second - np.median(second)))) / 0.6745 / float(np.sqrt(6.0))
    return Band(height, height / noise if noise > 0.0 else 0.0)


class Sight:
    """Makes what is shown of every exposure, and hands it on; returns at once.

    Parameters
    ----------
    show : callable
        Gets each exposure as it is shown.
    full_counts : float
        Count where the detector is full; 0 when not known.
    """

    def __init__(self, show: Callable[[LiveFrame], None], full_counts: float = 0.0) -> None:
        self._show, self._full_counts = show, full_counts
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
        level = float(np.max(counts)) / self._full_counts if self._full_counts else 0.0
        milliseconds = exposure.integration_time_ms
        frame = LiveFrame(axis, counts, in_cm1, self.number, exposure.full, milliseconds, level)
        self._show(frame)


class LiveCourse:
    """Hands every exposure on and goes on until the time is over (a `devices.interface.Course`)."""

    def __init__(
        self,
        settings: Settings,
        limits: Capabilities,
        timing: Timing,
        sight: Sight,
        controls: LiveControls,
    ) -> None:
        self._settings, self._timing, self._sight = settings, timing, sight
        self._limits, self._controls = limits, controls
        self._wanted_ms = settings.integration_time_ms
        self._ends_s = timing.now() + LIVE_LIMIT_S

    def after(self, exposure: WholeExposure) -> Settings | None:
        """See `Course.after`."""
        self._sight.see(exposure)
        if self._timing.now() >= self._ends_s:
            return replace(self._settings, averages=exposure.number)
        wanted_ms = live_ms(self._controls, self._limits)
        if wanted_ms == self._wanted_ms and exposure.number < FRESH_AFTER:
            return None
        again = self._settings.integration_time_ms == wanted_ms
        self._wanted_ms = wanted_ms
        fresh_ms = wanted_ms + 1.0 if again else wanted_ms
        self._settings = replace(self._settings, integration_time_ms=fresh_ms)
        return self._settings

    def set_aside(self, frame: RawFrame) -> None:
        """Let it go: a live view is for aiming, it is shown and not kept."""


def live_ms(controls: LiveControls, limits: Capabilities) -> float:
    """Return the time of an exposure in ms that is wanted and that the analyser can do."""
    shortest, longest = limits.integration_time_ms.lowest, limits.integration_time_ms.highest
    wanted = min(controls.integration_time_ms, LONGEST_LIVE_MS)
    return min(max(wanted, shortest), longest - 1.0)


def run_live(
    analyser: Analyser,
    timing: Timing,
    show: Callable[[LiveFrame], None],
    stops_before: int,
    progress: Progress = no_progress,
    *,
    controls: LiveControls | None = None,
) -> None:
    """Show exposures until stopped, `LIVE_LIMIT_S` at most; the laser is off afterwards.

    Raises
    ------
    DeviceError
        As `Analyser.acquire`.
    """
    limits, wanted = analyser.capabilities, controls or LiveControls()
    power = min(max(LIVE_POWER_PERCENT, limits.laser_power_percent.lowest), 100.0)
    settings = Settings(live_ms(wanted, limits), int(limits.averages.highest), power)
    analyser.configure(settings)
    sight = Sight(show, limits.saturation_counts)
    course = LiveCourse(settings, limits, timing, sight, wanted)
    analyser.acquire(progress, lambda: analyser.stops != stops_before, course)


def _axis(frame: RawFrame) -> tuple[NDArray[np.float64], bool]:
    try:
        return np.asarray(frame.raman_shift_cm1(), dtype=np.float64), True
    except FrameError:
        count = frame.counts[frame.active].size
        return np.arange(count, dtype=np.float64), False
