"""What every analyser can do, real or emulated: the contract that drivers are tested against.

Order of use: `configure`, `dark` (laser off), `acquire` (laser on only while exposing), `close`.
One measurement at a time; `laser_off` and `close` may be called from any thread at any moment.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Self

from devices.errors import SettingsError
from devices.frame import RawFrame

Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1) and what is being done, in words."""

ShouldStop = Callable[[], bool]
"""Asked often (at least ten times a second); answering True stops the measurement."""


class LaserState(Enum):
    """State of the laser as read back from the device, never as last commanded.

    ``REQUESTED`` is enabled but not yet emitting (warning delay, interlock); ``UNKNOWN`` means
    that the device does not answer, so the laser must be taken for on.
    """

    OFF = "off"
    REQUESTED = "requested"
    FIRING = "firing"
    UNKNOWN = "unknown"


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
    range_cm1 : tuple of float
        First and last Raman shift in cm-1 by the device's own axis.
    saturation_counts : float
        Count at which the detector or its converter saturates.
    reads_temperature : bool
        Whether `Analyser.temperature_c` is a number.
    """

    integration_time_ms: Limits
    averages: Limits
    laser_power_percent: Limits
    pixels: int
    range_cm1: tuple[float, float]
    saturation_counts: float
    reads_temperature: bool


@dataclass(frozen=True, slots=True)
class AnalyserInfo:
    """What the device is; `emulated` is True when there is no real instrument behind it."""

    family: str
    model: str
    serial: str
    firmware: str
    detector: str
    laser_nm: float
    emulated: bool


def no_progress(share: float, words: str) -> None:
    """Ignore progress."""


def never_stop() -> bool:
    """Never ask to stop."""
    return False


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
        self, progress: Progress = no_progress, should_stop: ShouldStop = never_stop
    ) -> RawFrame:
        """Measure with the laser on; it is off again when this returns or raises.

        The last dark is attached when settings and temperature still fit. Stopped early, the
        frame holds what was measured so far, with the flag ``"partial"`` and the averages and
        integration time as they really were.

        Raises
        ------
        AbortedError
            When stopped before anything was measured.
        LaserError
            When the laser did not fire, dropped out, or cannot be confirmed to be off.
        BusyError, NotConnectedError
            When another measurement is running, or the device is gone.
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
