"""Waiting with the laser off: for the detector's temperature, and for a countdown to end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from devices.acquisition.plan import Thermal
from devices.errors import AbortedError
from devices.interface import Analyser, LaserState, Progress, ShouldStop
from devices.timing import Timing

SLICE_S = 0.1
TEMPERATURE_EVERY_S = 0.5  # instruments ask for no more than ten a second
LASER_EVERY_S = 0.5
SAFE_STATES = frozenset({LaserState.OFF, LaserState.NOT_CONTROLLED})


def wait_for_temperature(
    analyser: Analyser,
    thermal: Thermal,
    timing: Timing,
    progress: Progress,
    should_stop: ShouldStop,
) -> str:
    """Wait until the detector is steady; return why it is not, or nothing.

    Raises
    ------
    AbortedError
        When stopped.
    LaserAlarmError
        When the laser is not off; it has been switched off.
    NotConnectedError, AnswerError
        As `Analyser.temperature_c`.
    """
    begun = timing.now()
    seen: deque[tuple[float, float]] = deque()
    while True:
        celsius, now = analyser.temperature_c, timing.now()
        if celsius is None:
            return ""
        seen.append((now, celsius))
        if _ready(seen, thermal):
            return ""
        if now - begun >= thermal.patience_s:
            return f"the detector was not steady after {thermal.patience_s:g} s ({celsius:.1f} C)"
        while seen[0][0] < now - 2.0 * thermal.steady_s:
            seen.popleft()
        progress(0.0, f"waiting for the detector ({celsius:.1f} C)")
        _check_off(analyser, "while the detector was waited for")
        _pass(TEMPERATURE_EVERY_S, timing, should_stop)


def _ready(seen: deque[tuple[float, float]], thermal: Thermal) -> bool:
    now, celsius = seen[-1]
    wanted = thermal.setpoint_c
    if wanted is not None and abs(celsius - wanted) > thermal.within_k:
        return False
    least_s = thermal.steady_s if thermal.judged_s is None else thermal.judged_s
    lowest = highest = celsius
    for moment, value in reversed(seen):
        lowest, highest = min(lowest, value), max(highest, value)
        passed_s = min(now - moment, thermal.steady_s)
        if passed_s < least_s - 1e-6:
            continue
        if highest - lowest <= thermal.steady_k * passed_s / thermal.steady_s + 1e-9:
            return True
        if passed_s >= thermal.steady_s:
            break
    return False


def count_down(
    analyser: Analyser,
    seconds: float,
    timing: Timing,
    progress: Progress,
    should_stop: ShouldStop,
) -> None:
    """Wait for `seconds` with the laser off, as it is read back.

    Raises
    ------
    AbortedError
        When stopped.
    LaserAlarmError
        When the laser is not off; it has been switched off.
    """
    ends = timing.now() + seconds
    while (left := ends - timing.now()) > 0.0:
        _check_off(analyser, "during the countdown")
        progress(0.0, f"laser off, it fires in {left:.0f} s")
        _pass(min(LASER_EVERY_S, left), timing, should_stop)
    _check_off(analyser, "during the countdown")


def _check_off(analyser: Analyser, when: str) -> None:
    state = analyser.laser_state
    if state not in SAFE_STATES:
        analyser.found_on(f"it was {state.value} {when}")


def _pass(seconds: float, timing: Timing, should_stop: Callable[[], bool]) -> None:
    ends = timing.now() + seconds
    while True:
        if should_stop():
            raise AbortedError("stopped before the laser was switched on", "", "measure again")
        left = ends - timing.now()
        if left <= 0.0:
            return
        timing.sleep(max(0.001, min(SLICE_S, left)))
