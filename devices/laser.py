"""Keep a laser honest: switched on in order, watched, switched off with proof, or an alarm.

States come from read-back only. Off is sent at most three times, each followed by an uncached
reading; when the laser still cannot be confirmed to be off, the alarm is latched and nothing but
switching off is possible until a person has seen to it. An interlock trip never starts anything
again by itself: the measurement fails and a new one has to be asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from devices.errors import (
    AbortedError,
    DeviceError,
    InterlockError,
    LaserAlarmError,
    LaserError,
    NotConnectedError,
    RefusedError,
)
from devices.interface import LaserState
from devices.parts import LaserPart, LaserReading
from devices.timing import Timing

OFF_ATTEMPTS = 3
OFF_SETTLE_S = 0.02  # a laser needs a moment between the command and its reading
FIRE_PATIENCE_S = 3.0  # beyond the warning delay that the device states
POLL_S = 0.05
MAY_BE_ON = "remove the power or turn the key, and use the analyser no more until it is checked"


@dataclass(frozen=True, slots=True)
class Alarm:
    """The laser may be on: why, and since when (ISO 8601 in UTC)."""

    reason: str
    since: str


class LaserGuard:
    """Stand between an analyser and its laser.

    Parameters
    ----------
    part : LaserPart
        The laser.
    timing : Timing
        Time.
    where : str
        How errors call the analyser.
    """

    def __init__(self, part: LaserPart, timing: Timing, where: str) -> None:
        self._part, self._timing, self._where = part, timing, where
        self._order = threading.RLock()  # enabling and switching off are never sent out of order
        self._permit = 0
        self._ended = False
        self._alarm: Alarm | None = None
        self._latching = threading.Lock()
        self.tell: Callable[[Alarm], None] = lambda _alarm: None
        """Called once when the alarm is latched, before anything else is tried; by any thread."""
        self.gone = False
        """Whether the last try to switch off found the laser unplugged."""

    @property
    def alarm(self) -> Alarm | None:
        """The latched alarm, or None."""
        return self._alarm

    def state(self) -> LaserState:
        """Return the state, read back now; UNKNOWN when it does not answer or the alarm is on."""
        try:
            state = self._part.read().state
        except DeviceError as error:
            self.raise_alarm(f"the laser does not answer ({error.what})")
            return LaserState.UNKNOWN
        return LaserState.UNKNOWN if self._alarm and state is LaserState.OFF else state

    def permit(self) -> int:
        """Return a permit to switch on; `off` makes it void, from whatever thread.

        Raises
        ------
        LaserAlarmError
            While the alarm is on.
        """
        with self._order:
            self._check_alarm()
            return self._permit

    def valid(self, permit: int) -> bool:
        """Return whether nobody has switched off since `permit` was given."""
        return permit == self._permit and not self._ended

    def leave(self) -> None:
        """Switch off for the last time: no permit is valid any more, the analyser is being closed.

        Under an alarm one try is enough: a person has been told, and is not kept waiting for more.

        Raises
        ------
        LaserAlarmError
            When it cannot be confirmed to be off, or the alarm was on already.
        """
        self._ended = True
        self._off(OFF_ATTEMPTS if self._alarm is None else 1)

    def on(self, permit: int, power_percent: float, waiting: Callable[[], None]) -> None:
        """Switch on and wait until it fires.

        Parameters
        ----------
        permit : int
            From `permit`, taken before anything was sent.
        power_percent : float
            Power in per cent.
        waiting : callable
            Called at every look while it does not fire yet; raises to give up.

        Raises
        ------
        InterlockError, LaserError, LaserAlarmError, AbortedError
            When it must not or does not fire; the caller switches off.
        """
        self._check_ready(self._part.read())
        with self._order:
            self._check_alarm()
            if not self.valid(permit):
                raise AbortedError("the laser was switched off", self._where, "measure again")
            self._switch_on(power_percent)
        until = self._timing.now() + self._part.facts.warning_delay_s + FIRE_PATIENCE_S
        while True:
            reading = self._part.read()
            if reading.state is LaserState.FIRING:
                return
            self._check_requested(reading, permit)
            if self._timing.now() >= until:
                raise LaserError(
                    "the laser does not fire", self._where, "check the interlock and the key"
                )
            waiting()
            self._part.refresh_watchdog()
            self._timing.sleep(POLL_S)

    def _switch_on(self, power_percent: float) -> None:
        try:
            self._part.switch_on(power_percent)
        except RefusedError:
            self._check_ready(self._part.read())  # the interlock may have opened just now
            raise

    def check_firing(self, permit: int) -> None:
        """Raise unless it fires; tell its watchdog that the measurement goes on."""
        if not self.valid(permit):
            raise LaserError(
                "the laser was switched off during the exposure", self._where, "measure again"
            )
        reading = self._part.read()
        if reading.state is LaserState.FIRING:
            self._part.refresh_watchdog()
            return
        if reading.can_fire is False:
            raise self._interlock("opened during the exposure, which is not valid")
        why = f" ({reading.fault})" if reading.fault else ""
        raise LaserError(
            f"the laser was {reading.state.value} and not firing during the exposure{why}",
            self._where,
            "the measurement is not valid; check the interlock and measure again",
        )

    def check_off(self) -> None:
        """Raise, with the alarm, when it fires although it should be off, having switched it off.

        See `found_on`.
        """
        reading = self._part.read()
        if reading.state is not LaserState.OFF:
            self.found_on(f"it was {reading.state.value} although it had been switched off")

    def found_on(self, was: str) -> None:
        """Switch it off, then raise with the alarm: what lit it may light it again.

        Raises
        ------
        LaserAlarmError
            Always.
        """
        self.off()
        self.raise_alarm(f"{was}; it reads off now")
        raise LaserAlarmError(f"the laser MAY BE ON: {was}", self._where, MAY_BE_ON)

    def off(self) -> None:
        """Switch off and confirm it by reading back; may be called from any thread.

        Raises
        ------
        LaserAlarmError
            When it cannot be confirmed to be off. The alarm stays.
        """
        self._off(OFF_ATTEMPTS)

    def _off(self, attempts: int) -> None:
        why = self._why_not_off(attempts)
        if why:
            self.raise_alarm(why)
        self._check_alarm()

    def _why_not_off(self, attempts: int = OFF_ATTEMPTS) -> str:
        """Switch off and read back; return why it cannot be confirmed to be off, or nothing."""
        why = "it does not switch off"
        for attempt in range(attempts):
            if attempt:
                self._timing.sleep(OFF_SETTLE_S * 2**attempt)
            self.gone = False
            try:
                self._send_off()
                if self._settled_off():
                    return ""
            except DeviceError as error:
                why, self.gone = error.what, isinstance(error, NotConnectedError)
            except Exception as error:  # noqa: BLE001 - a driver's own mistake proves nothing
                why = f"the driver failed: {error!r}"
        return why

    def _send_off(self) -> None:
        """Send it at once; once more in its turn when another thread was talking to the laser.

        Switching on may take many commands on a slow line: off does not wait for their end.
        """
        self._permit += 1
        if not self._order.acquire(blocking=False):
            self._part.switch_off()
            self._order.acquire()
        try:
            self._permit += 1
            self._part.switch_off()
        finally:
            self._order.release()

    def acknowledge(self) -> None:
        """Lift the alarm after a person has seen to it; the laser has to read OFF now.

        Raises
        ------
        LaserAlarmError
            When it still cannot be confirmed to be off.
        """
        seen = self._alarm
        why = self._why_not_off()
        if why:
            self.raise_alarm(why)
        elif self._alarm is seen:  # another one that came meanwhile was not seen to
            self._alarm = None
        self._check_alarm()

    def raise_alarm(self, reason: str) -> None:
        """Latch the alarm and tell it, unless one is on already."""
        with self._latching:
            if self._alarm is not None:
                return
            self._alarm = alarm = Alarm(reason, self._timing.utc())
        self.tell(alarm)

    def _settled_off(self) -> bool:
        if self._part.read().state is LaserState.OFF:
            return True
        self._timing.sleep(OFF_SETTLE_S)
        return self._part.read().state is LaserState.OFF

    def _check_ready(self, reading: LaserReading) -> None:
        if reading.can_fire is False:
            raise self._interlock("is open")
        if reading.fault:
            raise LaserError(
                f"the laser reports a fault: {reading.fault}",
                self._where,
                "switch the laser off and on by its key, then connect again",
            )

    def _check_requested(self, reading: LaserReading, permit: int) -> None:
        if not self.valid(permit):
            raise LaserError(
                "the laser was switched off before it fired", self._where, "measure again"
            )
        self._check_ready(reading)
        if reading.state is LaserState.OFF and reading.enabled is False:
            raise LaserError(
                "the laser does not take the command to fire",
                self._where,
                "check the key and the interlock",
            )

    def _interlock(self, words: str) -> InterlockError:
        return InterlockError(
            f"the interlock {words}",
            self._where,
            "close the interlock (sample door, remote plug), then start the measurement again",
        )

    def _check_alarm(self) -> None:
        alarm = self._alarm
        if alarm is not None:
            raise LaserAlarmError(f"the laser MAY BE ON: {alarm.reason}", self._where, MAY_BE_ON)
