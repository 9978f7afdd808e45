"""Errors of analysers. `devices` stands beside `matching` and `library`, so the tree is its own.

DeviceError
├── OpenError                    it cannot be opened
│   ├── PortMissingError         no such port or USB device
│   ├── PermissionDeniedError    the system does not let this user open it
│   ├── PortBusyError            another program has it
│   ├── NoBackendError           the USB support library is not installed
│   └── WrongDeviceError         something answers, but not the instrument that was asked for
├── NotConnectedError            closed, unplugged or never there
├── AnswerError                  it answers, but not as its protocol says
│   ├── TransportTimeoutError    no answer in time
│   ├── StalledError             it refused the request on the wire
│   ├── BadAnswerError           wrong length, checksum, echo, order; garbage
│   ├── RefusedError             it understood and said no, with its own error name
│   └── StaleDataError           counts of another exposure than the one asked for
├── MemoryContentError           its memory (EEPROM) is blank or makes no sense
├── BusyError                    another measurement is running on it
├── AbortedError                 stopped by the user before anything was measured
├── LaserError                   the laser does not do what it was told
│   ├── InterlockError           the interlock is open: it cannot fire, or stopped firing
│   └── LaserAlarmError          the laser cannot be confirmed to be off: everything is blocked
├── SettingsError                a setting outside the limits of the device
├── ConfigurationError           what the station wrote down about it is missing or cannot be
├── BatteryError                 too little battery to fire the laser
├── SampleError                  what an emulated analyser was given to measure is no sample
├── UnknownFamilyError           no such family of analysers
├── ReplayError                  a replayed session was driven otherwise than it was recorded
└── FrameError                   a frame that is damaged or makes no sense

A saturated detector is not an error: the frame is kept and carries the flag ``"saturated"``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devices.frame import RawFrame


class DeviceError(Exception):
    """Carry what went wrong, where, and the remedy, in words for a person.

    Parameters
    ----------
    what : str
        What is wrong, as a sentence without a full stop.
    where : str
        Device, setting or field concerned; empty when the caller adds it.
    remedy : str
        What the reader should do next.
    """

    code = "device"

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy
        self.measured: RawFrame | None = None
        """What was measured before the error, whole exposures only: it is evidence too."""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f"; {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{advice}"


class OpenError(DeviceError):
    """The port or device cannot be opened."""

    code = "cannot_open"


class PortMissingError(OpenError):
    """There is no such port or USB device."""

    code = "port_missing"


class PermissionDeniedError(OpenError):
    """The system does not let this user open the device."""

    code = "permission_denied"


class PortBusyError(OpenError):
    """Another program has the port or device."""

    code = "port_busy"


class NoBackendError(OpenError):
    """The USB support library (libusb) is not installed."""

    code = "no_usb_backend"


class WrongDeviceError(OpenError):
    """Something answers, but it is not the instrument that was asked for."""

    code = "wrong_device"


class NotConnectedError(DeviceError):
    """The analyser is closed, unplugged or was never there."""

    code = "not_connected"


class AnswerError(DeviceError):
    """The instrument answers otherwise than its protocol says."""

    code = "answer"


class TransportTimeoutError(AnswerError):
    """No answer came in time."""

    code = "no_answer"


class StalledError(AnswerError):
    """The instrument refused the request on the wire (a stalled USB endpoint)."""

    code = "stalled"


class BadAnswerError(AnswerError):
    """An answer of wrong length, checksum, echo or order, or garbage."""

    code = "bad_answer"


class RefusedError(AnswerError):
    """The instrument understood the command and refused it."""

    code = "refused_by_device"


class StaleDataError(AnswerError):
    """The counts are those of another exposure than the one that was asked for."""

    code = "stale_data"


class MemoryContentError(DeviceError):
    """The instrument's memory (EEPROM) is blank or makes no sense."""

    code = "bad_memory"


class BusyError(DeviceError):
    """Another measurement is running on the analyser."""

    code = "busy"


class AbortedError(DeviceError):
    """The measurement was stopped before anything was measured."""

    code = "aborted"


class LaserError(DeviceError):
    """The laser does not do what it was told, or cannot be trusted to be off."""

    code = "laser"


class InterlockError(LaserError):
    """The interlock is open: the laser cannot fire, or stopped firing."""

    code = "interlock"


class LaserAlarmError(LaserError):
    """The laser cannot be confirmed to be off; all is blocked until a person has seen to it."""

    code = "laser_may_be_on"


class SettingsError(DeviceError):
    """A setting is outside the limits of the device; it is never moved to the nearest limit."""

    code = "outside_limits"


class ConfigurationError(DeviceError):
    """What the station wrote down about an instrument is missing or makes no sense."""

    code = "bad_configuration"


class BatteryError(DeviceError):
    """There is too little battery left to fire the laser."""

    code = "battery_low"


class SampleError(DeviceError):
    """What an emulated analyser was given to measure is no sample."""

    code = "bad_sample"


class UnknownFamilyError(DeviceError):
    """There is no such family of analysers."""

    code = "unknown_family"


class ReplayError(DeviceError):
    """A replayed session was driven otherwise than it was recorded."""

    code = "replay"


class FrameError(DeviceError):
    """A frame is damaged or makes no sense."""

    code = "bad_frame"
