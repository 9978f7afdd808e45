"""The two parts of a Raman analyser as a driver writes them: a detector and a laser.

`devices.composed.ComposedAnalyser` makes the analyser of them: one measurement at a time, waiting,
darks, averages, aborting, watching the laser. A part only speaks its protocol. An instrument that
has both in one housing gives both parts over one wire; a spectrometer without a laser is paired
with a laser that has a port of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from devices.frame import FloatArray
from devices.interface import LaserState, Limits

Facts = tuple[tuple[str, str], ...]
"""What an instrument said besides the counts, as (name, value), in its own order."""


class AxisSource(Enum):
    """Where the wavelength polynomial comes from."""

    INSTRUMENT = "instrument"  # read from its memory
    CONFIGURATION = "configuration"  # written down by the station, with the instrument's papers
    NONE = "none"  # the instrument states none: it has to be calibrated first


@dataclass(frozen=True, slots=True)
class StatedAxis:
    """The axis as the instrument states it, right or wrong.

    Parameters
    ----------
    coefficients_nm : tuple of float
        Polynomial of the wavelength in nm, lowest order first; empty when none is stated.
    pixel_origin : int
        Index in the counts of the pixel where the polynomial's variable is 0. Open drivers
        disagree about it by ten pixels on one instrument, so it is said in every frame.
    source : AxisSource
        Where it comes from.
    """

    coefficients_nm: tuple[float, ...] = ()
    pixel_origin: int = 0
    source: AxisSource = AxisSource.NONE


@dataclass(frozen=True, slots=True)
class DetectorFacts:
    """What a detector is, read when it was opened.

    Parameters
    ----------
    model, serial, firmware, detector : str
        What it calls itself; empty when it does not say.
    pixels : int
        Number of counts that one exposure gives.
    active_pixels : tuple of int
        First pixel that sees light, and one past the last.
    bad_pixels : tuple of int
        Pixels that the instrument says are not to be used, as indices of the counts.
    integration_time_ms : Limits
        What it takes.
    saturation_counts : float
        Count from which a pixel is full.
    axis : StatedAxis
        Its own axis.
    reads_temperature : bool
        Whether it has a temperature sensor.
    facts : Facts
        What else it said (EEPROM format, slit, calibration date, warnings about its memory).
    """

    model: str
    serial: str
    firmware: str
    detector: str
    pixels: int
    active_pixels: tuple[int, int]
    integration_time_ms: Limits
    saturation_counts: float
    axis: StatedAxis
    reads_temperature: bool
    bad_pixels: tuple[int, ...] = ()
    facts: Facts = ()


@dataclass(frozen=True, eq=False, slots=True)
class Exposure:
    """One exposure as read out: counts, shape (pixels,), and what the instrument said with it."""

    counts: FloatArray
    facts: Facts = ()


class DetectorPart(Protocol):
    """The detector of an analyser. All calls come from one thread, except `cancel`."""

    @property
    def facts(self) -> DetectorFacts:
        """What it is; known after closing too."""

    def set_integration_time(self, milliseconds: float) -> float:
        """Set the time of one exposure, read it back and return what it really is."""

    def start(self) -> None:
        """Throw away what lies unread in the instrument, and start one fresh exposure."""

    def fetch(self, timeout_s: float) -> Exposure:
        """Return the exposure that was started; called when its time is over.

        Raises
        ------
        TransportTimeoutError, BadAnswerError, StaleDataError
            When it does not come, is not whole, or is not the one that was asked for. Never fills
            in anything.
        """

    def cancel(self) -> None:
        """End the running exposure so that the next `start` gives a fresh one."""

    def temperature_c(self) -> float | None:
        """Return the temperature of the detector in degrees Celsius, read now; None without."""

    def close(self) -> None:
        """Let it go; closing again does nothing."""


@dataclass(frozen=True, slots=True)
class LaserReading:
    """What the laser said when asked, uncached; None where it cannot say.

    Parameters
    ----------
    enabled : bool or None
        Whether it was told to fire. Enabled is not firing.
    can_fire : bool or None
        Whether the interlock is closed.
    firing : bool or None
        Whether it emits.
    fault : str
        What it reports to be wrong, in words; empty for nothing.
    facts : Facts
        Temperature, power, battery and such.
    """

    enabled: bool | None
    can_fire: bool | None
    firing: bool | None
    fault: str = ""
    facts: Facts = ()

    @property
    def state(self) -> LaserState:
        """The state, by what was read only.

        Firing or not counts more than enabled or not. A laser that cannot say whether it fires is
        taken to fire when it is enabled and not stopped by an interlock.
        """
        if self.firing:
            return LaserState.FIRING
        if self.firing is False:
            return LaserState.REQUESTED if self.enabled else LaserState.OFF
        if self.enabled is None:
            return LaserState.UNKNOWN
        if not self.enabled:
            return LaserState.OFF
        return LaserState.REQUESTED if self.can_fire is False else LaserState.FIRING


@dataclass(frozen=True, slots=True)
class LaserFacts:
    """What a laser is.

    Parameters
    ----------
    model, serial, firmware : str
        What it calls itself.
    wavelength_nm : float or None
        Excitation wavelength in nm as the instrument states it; None when its memory makes no
        sense: nothing is identified then until a calibration says it.
    power_percent : Limits
        What it takes.
    warning_delay_s : float
        Time from being enabled until it fires, as the device does by itself.
    warm_up_s : float
        Time from firing until it is steady.
    watchdog_s : float
        Time after which the device switches it off by itself when the program is silent; 0 for
        none.
    facts : Facts
        What else it said.
    """

    model: str
    serial: str
    firmware: str
    wavelength_nm: float | None
    power_percent: Limits = field(default=Limits(1.0, 100.0, "%"))
    warning_delay_s: float = 0.0
    warm_up_s: float = 0.0
    watchdog_s: float = 0.0
    facts: Facts = ()


class LaserPart(Protocol):
    """The laser of an analyser. `switch_off` and `read` may be called from any thread.

    They never wait for an exposure: a part keeps the lock of its wire only while one command and
    its answer pass, and never while counts are awaited.
    """

    @property
    def facts(self) -> LaserFacts:
        """What it is; known after closing too."""

    def switch_on(self, power_percent: float) -> None:
        """Set the power (and the watchdog, where there is one), then enable it."""

    def switch_off(self) -> None:
        """Send the command that switches it off; whether it did is for `read` to say."""

    def read(self) -> LaserReading:
        """Ask it now; nothing is remembered from before."""

    def refresh_watchdog(self) -> None:
        """Tell the watchdog that a person's measurement is still running; nothing without one."""

    def close(self) -> None:
        """Let it go; closing again does nothing. The caller has switched it off before."""
