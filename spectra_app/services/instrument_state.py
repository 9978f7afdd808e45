"""What is known of the analyser in use, as plain records that a window can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from matching.errors import SpectraError

Phase = Literal["none", "connecting", "ready", "scanning", "live", "closing", "closed"]
PlanName = Literal["auto", "quick", "gentle", "long"]


@dataclass(frozen=True, slots=True)
class ScanWish:
    """How a person wants a scan.

    Parameters
    ----------
    plan : {"auto", "quick", "gentle", "long"}
        Automatic exposure, a fixed short scan, least power for dark or energetic samples, or a long
        scan that no early verdict ends.
    delay_s : float
        Countdown with the laser off before it fires, for walking away; 0 for none.
    sample : str
        What lies in front of an emulated analyser.
    for_parcel : bool
        Compare with the library of the station, whatever another one was opened for looking.
    """

    plan: PlanName = "auto"
    delay_s: float = 0.0
    sample: str = ""
    for_parcel: bool = False


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check with polystyrene gave; not `judged` when the scan was too poor for a verdict."""

    passed: bool
    reasons: tuple[str, ...]
    offset_cm1: float | None
    judged: bool = True


@dataclass(frozen=True, slots=True)
class MeasuredStandard:
    """A frame of a standard among the evidence: of what, its SHA-256, and of which analyser."""

    standard: str
    sha256: str
    serial: str
    model: str
    laser_nm: float | None


@dataclass(frozen=True, slots=True)
class InstrumentState:
    """The analyser in use as last seen; reading it asks nobody.

    Parameters
    ----------
    phase : str
        What goes on.
    title, model, serial : str
        Line of the list it was chosen from, and what it says of itself.
    emulated : bool
        Whether no instrument is behind it.
    laser : str
        Value of `devices.interface.LaserState` by read-back; empty before the first look.
    temperature_c : float or None
        Of the detector.
    calibration, calibration_words : str
        ``"ok"``, ``"missing"``, ``"failed"`` or ``"expired"``; what to know and to do.
    alarm, alarm_since : str
        Why the laser must be taken for on; empty for no alarm. Stays until acknowledged.
    alarm_note : str
        What came of the last attempt to switch off or to acknowledge.
    gone : bool
        Whether it was lost: unplugged or silent.
    armed : bool
        Whether a delayed scan runs that may go on when nobody looks at the window.
    stopping : bool
        Whether the wish to stop was heard.
    trouble : SpectraError or None
        What went wrong last.
    """

    phase: Phase = "none"
    title: str = ""
    model: str = ""
    serial: str = ""
    emulated: bool = False
    laser: str = ""
    temperature_c: float | None = None
    calibration: str = ""
    calibration_words: str = ""
    alarm: str = ""
    alarm_since: str = ""
    alarm_note: str = ""
    gone: bool = False
    armed: bool = False
    stopping: bool = False
    trouble: SpectraError | None = None

    @property
    def connected(self) -> bool:
        """Whether an analyser is there to measure with."""
        return self.phase in {"ready", "scanning", "live"}

    @property
    def busy(self) -> bool:
        """Whether it measures."""
        return self.phase in {"scanning", "live"}
