"""What every analyser can do, real or emulated: the contract that drivers are tested against.

Order of use: `configure`, `dark` (laser off), `acquire` (laser on only while exposing), `close`.
One measurement at a time; `abort`, `laser_off`, `laser_state` and `close` may be called from any
thread at any moment and never wait for an exposure.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Protocol, Self

from devices.errors import SettingsError
from devices.frame import FloatArray, RawFrame

Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1) and what is being done, in words."""

ShouldStop = Callable[[], bool]
"""Asked often: ten times a second, or as often as a slow line to the laser lets anybody speak.

Answering True stops the measurement. `Analyser.abort` needs no asking and acts at once.
"""


class LaserState(Enum):
    """State of the laser as read back from the device, never as last commanded.

    ``REQUESTED`` is enabled but not yet emitting (warning delay, interlock); ``UNKNOWN`` means
    that the device does not answer or does not obey, so the laser must be taken for on;
    ``NOT_CONTROLLED`` that this analyser has no laser which the program could switch or ask.
    """

    OFF = "off"
    REQUESTED = "requested"
    FIRING = "firing"
    UNKNOWN = "unknown"
    NOT_CONTROLLED = "not controlled"


@dataclass(frozen=True, slots=True)
class Limits:
    """Lowest and highest value that the device takes, both included."""

    lowest: float
    highest: float
    unit: str

    def hold(self, value: float) -> bool:
        """Return whether `value` is inside; a value that is not a number never is."""
        return self.lowest <= value <= self.highest


@dataclass(frozen=True, slots=True)
class Settings:
    """How to measure.

    Parameters
    ----------
    integration_time_ms : float
        Time of one exposure in milliseconds.
    averages : int
        Number of exposures in the mean.
    laser_power_percent : float
        Laser power in per cent of the highest.
    """

    integration_time_ms: float = 1000.0
    averages: int = 3
    laser_power_percent: float = 100.0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the device can do.

    Parameters
    ----------
    integration_time_ms, averages, laser_power_percent : Limits
        Limits of the settings of the same name.
    pixels : int
        Number of detector pixels.
    range_cm1 : tuple of float, or None
        First and last Raman shift in cm-1 by the device's own axis; None when it states none.
    saturation_counts : float
        Count at which the detector or its converter saturates.
    reads_temperature : bool
        Whether `Analyser.temperature_c` is a number.
    switches_laser : bool
        Whether the analyser has a laser that the program switches and reads back.
    """

    integration_time_ms: Limits
    averages: Limits
    laser_power_percent: Limits
    pixels: int
    range_cm1: tuple[float, float] | None
    saturation_counts: float
    reads_temperature: bool
    switches_laser: bool = True


@dataclass(frozen=True, slots=True)
class AnalyserInfo:
    """What the device is; `emulated` is True when there is no real instrument behind it.

    `laser_nm` is the excitation wavelength as it states it, None when it states none; `facts` is
    what else it said, name and value.
    """

    family: str
    model: str
    serial: str
    firmware: str
    detector: str
    laser_nm: float | None
    emulated: bool
    facts: tuple[tuple[str, str], ...] = ()


def no_progress(share: float, words: str) -> None:
    """Ignore progress."""


def never_stop() -> bool:
    """Never ask to stop."""
    return False


@dataclass(frozen=True, eq=False, slots=True)
class WholeExposure:
    """One exposure of a running measurement, as it came and checked.

    Parameters
    ----------
    counts : ndarray, shape (pixels,)
        Its counts; not to be written to.
    active_pixels : tuple of int
        First pixel that sees light, and one past the last.
    full : bool
        Whether a pixel that sees light was full.
    integration_time_ms : float
        Its time in milliseconds, as it really was.
    number : int
        Which one of those with this time it is, from 1.
    so_far : callable
        Gives the frame that there would be if the measurement ended now; for `Course.after` only.
    """

    counts: FloatArray
    active_pixels: tuple[int, int]
    full: bool
    integration_time_ms: float
    number: int
    so_far: Callable[[], RawFrame]


class Course(Protocol):
    """Steers a measurement from exposure to exposure, the laser staying on between them."""

    def after(self, exposure: WholeExposure) -> Settings | None:
        """Say how to go on after a whole exposure; called at once, so never waits.

        None goes on as before. Settings with the same integration time change the number of
        averages only: as many as there are now ends the measurement, which is not partial then.
        Another integration time makes what was exposed until now a trial and starts anew. The
        laser power cannot be changed.
        """

    def set_aside(self, frame: RawFrame) -> None:
        """Take the frame of a trial, flagged ``"trial"``: measured as well, so never lost."""


class Analyser(ABC):
    """A Raman analyser. Every method raises `devices.errors.DeviceError` or one of its branches."""

    @property
    @abstractmethod
    def info(self) -> AnalyserInfo:
        """What the device is; known after closing too."""

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What the device can do; known after closing too."""

    @property
    @abstractmethod
    def settings(self) -> Settings:
        """The settings of the next measurement."""

    @property
    @abstractmethod
    def laser_state(self) -> LaserState:
        """The state of the laser, read back now."""

    @property
    @abstractmethod
    def temperature_c(self) -> float | None:
        """Detector temperature in degrees Celsius, read now; None when the device has none.

        Raises
        ------
        NotConnectedError
            When the device does not answer.
        """

    @abstractmethod
    def configure(self, settings: Settings) -> None:
        """Take `settings` for the next measurements.

        Raises
        ------
        SettingsError
            When a value is outside the limits; the settings then stay as they were.
        BusyError, NotConnectedError
            When a measurement is running, or the device is gone.
        """

    @abstractmethod
    def dark(
        self, progress: Progress = no_progress, should_stop: ShouldStop = never_stop
    ) -> RawFrame:
        """Measure with the laser off and keep the counts for the frames that follow.

        The frame carries the flag ``"dark"``. A dark that was stopped early is returned but not
        kept. Raises as `acquire` does.
        """

    @abstractmethod
    def acquire(
        self,
        progress: Progress = no_progress,
        should_stop: ShouldStop = never_stop,
        course: Course | None = None,
    ) -> RawFrame:
        """Measure with the laser on; it is off again when this returns or raises.

        A `course` is asked after every whole exposure how to go on.

        The last dark is attached when settings and temperature still fit. Stopped early, the
        frame holds the exposures that were whole by then, with the flag ``"partial"`` and the
        averages as they really were; an exposure that was cut short is never used.

        Raises
        ------
        AbortedError
            When stopped before one exposure was whole.
        SettingsError
            When the course asks for what is outside the limits, or for another laser power.
        LaserError
            When the laser did not fire, dropped out, or cannot be confirmed to be off.
        BusyError, NotConnectedError, AnswerError
            When another measurement is running, the device is gone, or does not answer as its
            protocol says. Exposures that were whole by then are in the error's `measured`.
        """

    @abstractmethod
    def abort(self) -> None:
        """Stop the running measurement; the laser's off command goes out first, and at once.

        The measurement then ends as by `should_stop`. Nothing happens when none is running, but
        the laser is switched off all the same. Raises as `laser_off` does.
        """

    @property
    @abstractmethod
    def stops(self) -> int:
        """How often `abort` or `laser_off` was called.

        What consists of several measurements and pauses has been stopped when this has changed.
        """

    @property
    @abstractmethod
    def alarm(self) -> str | None:
        """Why the laser must be taken for on; None while it is known to be off or as asked.

        While there is an alarm, nothing but `laser_off`, `acknowledge_alarm` and `close` works.
        """

    @abstractmethod
    def when_alarmed(self, tell: Callable[[str], None]) -> None:
        """Have `tell` called with the reason at the moment an alarm is latched, by any thread.

        It comes before anything else is tried: an alarm must not wait for the end of a measurement
        that a silent instrument keeps hanging. It must return at once and not raise.
        """

    @abstractmethod
    def found_on(self, why: str) -> None:
        """Switch the laser off and latch the alarm: it was not off although nobody lit it.

        That it obeys now is no comfort: what lit it may light it again.

        Raises
        ------
        LaserAlarmError
            Always, where there is a laser.
        """

    @abstractmethod
    def acknowledge_alarm(self) -> None:
        """Lift the alarm after a person has seen to the laser, if it now reads off.

        Raises
        ------
        LaserAlarmError
            When it still cannot be confirmed to be off.
        """

    @abstractmethod
    def laser_off(self) -> None:
        """Switch the laser off and confirm it by reading back. A running `acquire` then fails.

        Raises
        ------
        LaserError
            When the laser cannot be confirmed to be off; also when the device is gone.
        """

    @abstractmethod
    def close(self) -> None:
        """Switch the laser off and let the device go; closing again does nothing.

        A device that is already gone is let go in silence: the call that lost it has said that
        the laser must be taken for on, and `laser_state` stays UNKNOWN.

        Raises
        ------
        LaserError
            When the laser cannot be confirmed to be off; the device is let go nevertheless.
        """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def check_settings(settings: Settings, capabilities: Capabilities) -> None:
    """Raise SettingsError unless every setting is inside the limits of the device."""
    for name, words in (
        ("integration_time_ms", "integration time"),
        ("averages", "number of averages"),
        ("laser_power_percent", "laser power"),
    ):
        value, limits = getattr(settings, name), getattr(capabilities, name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not limits.hold(value):
            raise SettingsError(
                f"the {words} {value!r} is outside {limits.lowest:g} to {limits.highest:g}"
                f"{' ' + limits.unit if limits.unit else ''}",
                name,
                "choose a value inside these limits",
            )
    if not isinstance(settings.averages, int):
        raise SettingsError(
            f"the number of averages {settings.averages!r} is not a whole number",
            "averages",
            "choose a whole number",
        )
