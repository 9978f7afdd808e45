"""Measure a standard or a lamp with the connected analyser, and look whether it is any good.

A lamp is measured with the laser off, like a dark; a Raman standard or a glass as any sample is.
Every frame is kept as evidence before it is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from devices.acquisition.course import Kept
from devices.acquisition.plan import auto_plan, steadied
from devices.acquisition.runner import run
from devices.errors import DeviceError
from devices.frame import RawFrame
from devices.interface import Analyser, Progress, Settings, ShouldStop
from devices.sample import Sample
from devices.timing import Timing
from matching.calibration.axis import LineResult
from matching.calibration.standards import STANDARDS, Standard
from spectra_app.services.calibrations import Calibrations
from spectra_app.services.checking import CHECK_BUDGET_S, standard_sample
from spectra_app.services.frames import StoppedError
from spectra_app.services.identify import Identifier
from spectra_app.services.instrument import Instrument
from spectra_app.services.measured import MeasuredStore

if TYPE_CHECKING:
    from spectra_app.services.calibration import Circumstances, StandardScan

LAMP_START_MS = 50.0
LAMP_LONGEST_MS = 3000.0
LAMP_LEVEL = (0.3, 0.85)  # of saturation, at the strongest line; aimed at is the middle
LAMP_TRIALS = 8
LAMP_AVERAGES = 4
LAMP_FOUND = 1 / 3
"""Share of its lines that a doubtful scan of a lamp has to show. Real lamps on three instruments
showed 40 to 92 % without doubt; scans of something else at most 29 %, all of them in doubt."""
SEEKING = 0.3  # of the progress shown: finding the integration time
Verdict = Literal["good", "saturated", "unlike", "few", "doubtful"]


@dataclass(frozen=True, eq=False, slots=True)
class Looked:
    """What a scan of a standard is worth by itself.

    Parameters
    ----------
    verdict : {"good", "saturated", "unlike", "few", "doubtful"}
        Whether it can be used: the detector was full, it is not of what it is said to be, too few
        lines can be used, or the fit by itself does not hold (others may make it hold).
    details : tuple of str
        The same in the words of the fit.
    used, expected : int
        Lines that can be used, of those inside the axis.
    lines : tuple of LineResult
        Every expected line.
    """

    verdict: Verdict
    details: tuple[str, ...]
    used: int
    expected: int
    lines: tuple[LineResult, ...]

    @property
    def usable(self) -> bool:
        """Whether it may go into a calibration."""
        return self.verdict in {"good", "doubtful"}


def measure_standard(
    instrument: Instrument,
    name: str,
    identifier: Identifier,
    progress: Progress,
    should_stop: ShouldStop,
) -> RawFrame:
    """Measure what lies before the connected analyser, a standard, lamp or glass; keep the frame.

    Parameters
    ----------
    name : str
        In `matching.calibration.standards.STANDARDS`, or the name of a glass.

    Raises
    ------
    SpectraError
        When it cannot be measured, or it was stopped: that does not count.
    """
    identifier.evidence.prove_room()
    timing = replace(instrument.timing, utc=identifier.clock)
    standard = STANDARDS.get(name)

    def work(analyser: Analyser, bench: Any, before: int) -> RawFrame:
        lying = None if bench is None else bench.sample
        if bench is not None:
            bench.sample = _glass(name) if standard is None else standard_sample(standard)
        told = instrument.looking(analyser, progress)
        try:
            turn = _Turn(analyser, name, identifier, before, told, should_stop)
            lamp = standard is not None and standard.kind == "lamp"
            return turn.lamp() if lamp else turn.lit(timing)
        finally:
            if bench is not None:
                bench.sample = lying

    frame: RawFrame = instrument.measure(work)
    identifier.keep(frame.to_bytes(), kind="raw frame", name=f"{name}.frame.json")
    return frame


def _glass(name: str) -> Sample:
    """Return an emulated luminescent glass, by its published certificate."""
    from matching.calibration.response import CERTIFICATES, certified

    certificate = CERTIFICATES.get(name)
    if certificate is None:
        return Sample(strength=0.0)
    low, high = certificate.range_cm1 or (200.0, 3500.0)
    return Sample(
        curve=lambda x: certified(certificate, np.clip(x, low, high)), strength=0.5,
        fluorescence=0.0,
    )  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class _Turn:
    """One measurement of what lies before an analyser."""

    analyser: Analyser
    name: str
    identifier: Identifier
    before: int
    progress: Progress
    should_stop: ShouldStop

    def lit(self, timing: Timing) -> RawFrame:
        """Measure with the laser on, as the check does."""
        store = MeasuredStore(self.identifier, self.name, Kept())
        plan = steadied(auto_plan(self.analyser.capabilities, budget_s=CHECK_BUDGET_S))
        try:
            return run(
                self.analyser,
                plan,
                timing,
                store.kept,
                progress=self.progress,
                should_stop=self.should_stop,
                stops_before=self.before,
            ).frame
        except DeviceError as error:
            raise store.told(error) from error
        except BaseException as error:
            store.broken_off(error)
            raise

    def lamp(self) -> RawFrame:
        """Measure a lamp with the laser off: find the integration time first."""
        can = self.analyser.capabilities
        shortest = can.integration_time_ms.lowest
        longest = min(can.integration_time_ms.highest, LAMP_LONGEST_MS)
        milliseconds = min(max(LAMP_START_MS, shortest), longest)
        for trial in range(LAMP_TRIALS):
            frame = self._exposed(milliseconds, 1, (trial / LAMP_TRIALS * SEEKING, 0.0))
            level = float(np.max(frame.counts[frame.active])) / can.saturation_counts
            low, high = LAMP_LEVEL
            wanted = milliseconds * (0.3 if level >= 1.0 else 0.5 * (low + high) / level)
            wanted = min(max(wanted, milliseconds / 5, shortest), milliseconds * 5, longest)
            if low <= level <= high or wanted == milliseconds:
                break
            milliseconds = wanted
        return self._exposed(milliseconds, LAMP_AVERAGES, (SEEKING, 1.0 - SEEKING))

    def _exposed(self, milliseconds: float, averages: int, part: tuple[float, float]) -> RawFrame:
        """Expose without the laser.

        One exposure more is asked for and stopped at its beginning: the analyser would keep a whole
        dark for the scans that follow, and take the lamp's light off them.
        """
        total = averages + 1
        seconds = averages * milliseconds / 1e3
        ended = False

        def told(share: float, words: str) -> None:
            nonlocal ended
            ended = ended or words.endswith(f"exposure {total} of {total}")
            if not ended:
                done = min(1.0, share * total / averages)
                number = min(averages, 1 + int(done * averages))
                left = f", about {(1.0 - done) * seconds:.0f} s left" if part[1] else ""
                self.progress(part[0] + part[1] * done, f"exposure {number} of {averages}{left}")

        def stop() -> bool:
            return ended or self._stopped()

        power = self.analyser.capabilities.laser_power_percent.lowest
        self.analyser.configure(Settings(milliseconds, total, power))
        frame = self.analyser.dark(told, stop)
        if self._stopped():
            stopped = StoppedError("the measurement was stopped: it does not count", "", "repeat")
            stopped.kept = (self.identifier.keep(frame.to_bytes(), kind="dark frame",
                                                 name=f"{self.name}.frame.json"),)  # fmt: skip
            raise stopped
        return frame

    def _stopped(self) -> bool:
        return self.should_stop() or self.analyser.stops != self.before


def look_at(scan: StandardScan, kept: Calibrations, how: Circumstances) -> Looked:
    """Say what a scan of a standard is worth by itself.

    Raises
    ------
    CalibrationError
        When its axis is not one to calibrate.
    """
    from spectra_app.services.calibration import fitted_alone  # late: it takes a second to import

    fit = fitted_alone(scan, kept, how)
    inside = [row for row in fit.lines if row.use != "outside_range"]
    used = sum(row.use == "used" for row in inside)
    full = any(row.use == "saturated" for row in inside)
    lamp = STANDARDS[scan.standard].kind == "lamp"
    least = kept.policy.axis.least_lamp if lamp else 1
    verdict: Verdict = "good"
    if not lamp and (full or scan.spectrum.acquisition.saturated):
        verdict = "saturated"
    elif fit.unlike:
        verdict = "unlike"
    elif used < least:
        verdict = "few"
    elif lamp and fit.refusals and used < LAMP_FOUND * len(inside):
        verdict = "unlike"  # by chance, some line of anything lies near one of eighty
    elif fit.refusals:
        verdict = "doubtful"
    return Looked(verdict, fit.refusals, used, len(inside), fit.lines)


def standards() -> tuple[Standard, ...]:
    """Return the standards and lamps that an axis can be calibrated with."""
    return tuple(STANDARDS.values())
