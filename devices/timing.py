"""Time as an argument: the computer's own, or one that only moves when somebody waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


def utc_now() -> str:
    """Return the time of the computer's clock, ISO 8601 in UTC, to the millisecond."""
    return _utc_text(datetime.now(UTC))


def _utc_text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Timing:
    """What a driver may know of time.

    Parameters
    ----------
    now : callable
        Seconds that only rise, from any start.
    sleep : callable
        Waits that many seconds.
    utc : callable
        Time of day as ISO 8601 text in UTC.
    """

    now: Callable[[], float]
    sleep: Callable[[float], None]
    utc: Callable[[], str]


REAL_TIME = Timing(time.monotonic, time.sleep, utc_now)


class SteppedTime:
    """A time that stands still until `step` or a sleep moves it: hours pass in moments.

    Parameters
    ----------
    start : str
        Time of day at second 0, ISO 8601 in UTC.
    """

    def __init__(self, start: str = "2026-11-21T12:00:00.000Z") -> None:
        self._start = datetime.fromisoformat(start)
        self._now_s = 0.0

    @property
    def now_s(self) -> float:
        """Seconds since the start."""
        return self._now_s

    def step(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self._now_s += max(0.0, seconds)

    def utc(self) -> str:
        """Return the time of day, ISO 8601 in UTC."""
        return _utc_text(self._start + timedelta(seconds=self._now_s))

    def timing(self, utc: Callable[[], str] | None = None) -> Timing:
        """Return this time as drivers and emulators take it, with `utc` as the time of day."""
        return Timing(lambda: self._now_s, self.step, utc or self.utc)
