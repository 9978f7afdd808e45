"""The laser of a Wasatch Photonics analyser. Its state is asked, never remembered."""

from __future__ import annotations

import math
from dataclasses import replace

from devices.drivers.wasatch import protocol
from devices.drivers.wasatch.eeprom import Eeprom
from devices.drivers.wasatch.link import Link
from devices.drivers.wasatch.opcodes import (
    ADC,
    BATTERY,
    CAN_FIRE,
    FIRING,
    LASER_ENABLED,
    LASER_OFF,
    LASER_ON,
    MODULATION,
    PERIOD,
    PERIOD_US,
    SELECT_LASER_ADC,
    WIDTH,
)
from devices.errors import (
    AbortedError,
    AnswerError,
    BatteryError,
    InterlockError,
    LaserError,
    NotConnectedError,
    SettingsError,
    StalledError,
)
from devices.parts import Facts, LaserFacts, LaserReading

LOWEST_BATTERY_PERCENT = 5.0
FACTS_EVERY_S = 0.1
USER = "laser"


def read_state(link: Link, asks_interlock: bool) -> LaserReading:
    """Return what the laser says now.

    An ARM board's word that it is not enabled is not trusted (nor does the vendor): only its yes is
    taken. A board without feedback says no more than whether it is enabled.
    """
    enabled: bool | None = link.ask(LASER_ENABLED, "laser enabled")[0] != 0
    can_fire = firing = None
    if asks_interlock:
        can_fire = link.ask(CAN_FIRE, "interlock")[0] != 0
        firing = link.ask(FIRING, "laser firing")[0] != 0
    if link.arm and not enabled:
        enabled = None
    return LaserReading(enabled, can_fire, firing)


class WasatchLaser:
    """A `devices.parts.LaserPart`.

    Parameters
    ----------
    link : Link
        The wire.
    memory : Eeprom
        What the analyser's memory holds.
    facts : LaserFacts
        What it is.
    asks_interlock : bool
        Whether the board can say if the interlock is closed and if it fires.
    watchdog_s : int
        What an ARM board's watchdog is set to; 0 without one.
    """

    def __init__(
        self, link: Link, memory: Eeprom, facts: LaserFacts, asks_interlock: bool, watchdog_s: int
    ) -> None:
        self._link = link
        self._memory = memory
        self._facts = facts
        self._asks_interlock = asks_interlock
        self._watchdog_s = watchdog_s
        self._offs = 0
        self._adc_chosen = False
        self._facts_at = -math.inf
        link.join(USER)

    @property
    def facts(self) -> LaserFacts:
        """See `LaserPart.facts`."""
        return self._facts

    def switch_on(self, power_percent: float) -> None:
        """See `LaserPart.switch_on`.

        Raises
        ------
        BatteryError, InterlockError
            Before anything is switched on. An interlock that is closed later starts nothing.
        AbortedError
            When it was switched off from another thread meanwhile: it is off again then.
        """
        offs = self._offs
        limits = self._facts.power_percent
        if not limits.hold(power_percent):
            raise SettingsError(
                f"{power_percent:g} % is outside {limits.lowest:g} to {limits.highest:g} %",
                "laser power",
                "choose a value inside these limits",
            )
        self._check_battery()
        self._check_interlock()
        if self._watchdog_s:
            self._link.tell(protocol.set_watchdog(self._watchdog_s))
        self._set_power(power_percent)
        if offs == self._offs:
            self._link.tell(LASER_ON)
        if offs != self._offs:
            self._link.tell(LASER_OFF)
            raise AbortedError(
                "the laser was switched off while it was being switched on",
                self._link.port.name,
                "start again",
            )

    def switch_off(self) -> None:
        """See `LaserPart.switch_off`: one control transfer, without any lock."""
        self._offs += 1
        self._link.tell(LASER_OFF)

    def read(self) -> LaserReading:
        """See `LaserPart.read` and `read_state`."""
        state = read_state(self._link, self._asks_interlock)
        return replace(state, facts=self._other_facts())

    def refresh_watchdog(self) -> None:
        """See `LaserPart.refresh_watchdog`.

        Sets the same time again. That this starts it anew is an assumption, as the vendor's
        drivers have no request for it; if it does not, the laser goes off too early, not too late.
        """
        if self._watchdog_s:
            self._link.tell(protocol.set_watchdog(self._watchdog_s))

    def temperature_c(self) -> float | None:
        """Return the laser temperature in degrees Celsius, read now; None without a sensor."""
        with self._link.adc_lock:
            if not self._adc_chosen:
                self._link.tell(SELECT_LASER_ADC)
                self._link.ask(ADC, "laser temperature")  # the first one is of the other converter
                self._adc_chosen = True
            answer = self._link.ask(ADC, "laser temperature")
        return protocol.laser_celsius(answer, arm=self._link.arm)

    def battery(self) -> protocol.Battery | None:
        """Return the charge of the battery, read now; None without a battery."""
        if not self._link.arm or (self._memory.has_battery == 0 and not self._memory.blank):
            return None
        try:
            return protocol.battery(self._link.ask(BATTERY, "battery"))
        except StalledError:
            if self._memory.has_battery == 1:
                raise
            return None

    def close(self) -> None:
        """See `LaserPart.close`."""
        self._link.leave(USER)

    def _check_battery(self) -> None:
        battery = self.battery()
        if battery is not None and battery.percent < LOWEST_BATTERY_PERCENT:
            raise BatteryError(
                f"{battery.percent:.1f} % of battery is left, {LOWEST_BATTERY_PERCENT:g} % are "
                "needed for the laser",
                self._facts.model,
                "connect the charger",
            )

    def _check_interlock(self) -> None:
        if self._asks_interlock and not self._link.ask(CAN_FIRE, "interlock")[0]:
            raise InterlockError(
                "the interlock is open, the laser cannot fire",
                self._facts.model,
                "close the sample cover or the door, turn the key, then start again",
            )

    def _set_power(self, percent: float) -> None:
        """Set the power and read it back where the board can say it."""
        commands = protocol.laser_power(percent)
        for command in commands:
            self._link.tell(command)
        width = round(percent * PERIOD_US / 100.0)
        wanted = (width < PERIOD_US, PERIOD_US, width)
        try:
            modulated = self._link.ask(MODULATION, "laser modulation")[0] != 0
            period = protocol.little(self._link.ask(PERIOD, "laser modulation"))
            held = (modulated, period, protocol.little(self._link.ask(WIDTH, "laser modulation")))
        except StalledError:
            return
        if held != wanted and (modulated or wanted[0]):
            raise LaserError(
                f"the power was not taken: {held[2]} of {held[1]} us, modulation "
                f"{'on' if modulated else 'off'}",
                self._facts.model,
                "start again",
            )

    def _other_facts(self) -> Facts:
        """Temperature and battery of an ARM unit, at most ten times a second.

        They never spoil the reading of the state: what cannot be read is said so.
        """
        now = self._link.timing.now()
        if not self._link.arm or now - self._facts_at < FACTS_EVERY_S:
            return ()
        self._facts_at = now
        found = []
        try:
            celsius = self.temperature_c()
            if celsius is not None:
                found.append(("laser_temperature_c", f"{celsius:.1f}"))
            battery = self.battery()
            if battery is not None:
                found.append(("battery_percent", f"{battery.percent:.1f}"))
                found.append(("battery_charging", "yes" if battery.charging else "no"))
        except NotConnectedError:
            raise
        except AnswerError as error:
            self._adc_chosen = False
            found.append(("not_read", error.what))
        return tuple(found)
