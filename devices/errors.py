"""Errors of analysers. `devices` stands beside `matching` and `library`, so the tree is its own.

DeviceError
├── NotConnectedError      closed, unplugged or never there
├── BusyError              another measurement is running on it
├── AbortedError           stopped by the user before anything was measured
├── LaserError             the laser does not do what it was told, or cannot be trusted to be off
├── SettingsError          a setting outside the limits of the device
├── SampleError            what an emulated analyser was given to measure is no sample
├── UnknownFamilyError     no such family of analysers
└── FrameError             a frame that is damaged or makes no sense

A saturated detector is not an error: the frame is kept and carries the flag ``"saturated"``.
"""

from __future__ import annotations


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

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f"; {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{advice}"


class NotConnectedError(DeviceError):
    """The analyser is closed, unplugged or was never there."""

    code = "not_connected"


class BusyError(DeviceError):
    """Another measurement is running on the analyser."""

    code = "busy"


class AbortedError(DeviceError):
    """The measurement was stopped before anything was measured."""

    code = "aborted"


class LaserError(DeviceError):
    """The laser does not do what it was told, or cannot be trusted to be off."""

    code = "laser"


class SettingsError(DeviceError):
    """A setting is outside the limits of the device; it is never moved to the nearest limit."""

    code = "outside_limits"


class SampleError(DeviceError):
    """What an emulated analyser was given to measure is no sample."""

    code = "bad_sample"


class UnknownFamilyError(DeviceError):
    """There is no such family of analysers."""

    code = "unknown_family"


class FrameError(DeviceError):
    """A frame is damaged or makes no sense."""

    code = "bad_frame"
