"""Scan with an analyser: the raw frame is kept as evidence before anything interprets it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

from devices.acquisition.course import Kept, Seen, unseen
from devices.acquisition.plan import Plan, fixed_plan
from devices.acquisition.runner import Acquired, run
from devices.errors import DeviceError
from devices.frame import DARK_STALE, PARTIAL, RawFrame
from devices.interface import (
    Analyser,
    Progress,
    Settings,
    ShouldStop,
    never_stop,
    no_progress,
)
from devices.registry import open_analyser
from devices.timing import REAL_TIME, Timing
from library.errors import LibraryError
from matching.calibration.axis import CalibrationError
from matching.errors import SpectraError
from matching.spectrum import Spectrum
from spectra_app.errors import AppError, JournalError
from spectra_app.records.calibration import CalibrationRecord
from spectra_app.records.kinds import Scan
from spectra_app.services.calibrations import AXIS_CALIBRATED, Standing
from spectra_app.services.checking import checked_first
from spectra_app.services.circumstances import circumstances
from spectra_app.services.early_stop import EarlyStopPolicy, VerdictWatch, in_background
from spectra_app.services.emulated_samples import emulated_sample
from spectra_app.services.frames import as_app_error, spectrum_of_frame
from spectra_app.services.identify import (
    Choice,
    Identified,
    Identifier,
    Origin,
    identify_spectrum,
)
from spectra_app.services.measured import HurriedError, MeasuredStore

MEASURED = 0.92  # share of the progress after which only identifying is left
QUICK = fixed_plan(Settings(integration_time_ms=400.0, averages=3))


@dataclass(frozen=True, eq=False, slots=True)
class HowToScan:
    """How a scan is made, besides its plan.

    Parameters
    ----------
    timing : Timing
        Time; the analyser's own.
    early : EarlyStopPolicy or None
        When a safe verdict ends it; None never does.
    looks : callable
        Gives where looks at the running scan are taken.
    wires : callable or None
        Gives the record of all bytes on the wires, to be kept with the scan.
    stops_before : int or None
        `Analyser.stops` when the user asked for the scan.
    top : int
        Candidates in the record.
    seen : callable
        Shown every exposure of the sample as it comes; it must return at once.
    """

    timing: Timing = REAL_TIME
    early: EarlyStopPolicy | None = None
    looks: Callable[[], Executor] = in_background
    wires: Callable[[], bytes] | None = None
    stops_before: int | None = None
    top: int = 10
    seen: Seen = unseen


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """What was measured, kept as evidence, and is not identified yet.

    Parameters
    ----------
    frame : RawFrame
        The scan.
    origin : Origin
        Where it came from.
    evidence : tuple of str
        SHA-256 of all that was kept of it.
    top : int
        Candidates in the record.
    """

    frame: RawFrame
    origin: Origin
    evidence: tuple[str, ...]
    top: int = 10


class UnidentifiedError(AppError):
    """A scan is kept, and the library to identify it with is not there any more.

    `measured` can be identified when it is; `kept` and `lit` as for `AnalyserError`.
    """

    code = "unidentified"

    def __init__(self, error: SpectraError, measured: Measured) -> None:
        super().__init__(
            f"the scan is kept and not identified yet: {error.what}",
            error.where,
            "put the library back, then have the same scan identified",
        )
        self.measured = measured
        self.kept, self.lit = measured.evidence, True


@dataclass(frozen=True, eq=False, slots=True)
class Scanned:
    """A scan: what it was identified as, its frame, and the SHA-256 of all that was kept of it.

    `entered` is its record, once it stands in the records of a station.
    """

    found: Identified
    frame: RawFrame
    evidence: tuple[str, ...]
    entered: Scan | None = None


def scan(
    analyser: Analyser,
    identifier: Identifier,
    plan: Plan,
    *,
    label: str,
    progress: Progress = no_progress,
    should_stop: ShouldStop = never_stop,
    how: HowToScan | None = None,
) -> Scanned:
    """Measure by a plan, keep all frames as evidence, then identify.

    Raises
    ------
    AnalyserError
        In the driver's words; what was measured until then is kept, and named in its `kept`.
    EvidenceError
        When nothing can be written, before the laser is switched on; or when the frames cannot be
        kept: nothing is interpreted then.
    HurriedError
        When somebody interrupted it; what was measured is kept.
    UnidentifiedError
        When the library was written over or taken away meanwhile; what was measured is kept.
    """
    how, kept = how or HowToScan(), Kept()
    store = MeasuredStore(identifier, label, kept, how.wires)
    store.prove_room()
    measured = partial(
        run,
        analyser,
        plan,
        how.timing,
        kept,
        progress=lambda share, words: progress(MEASURED * share, words),
        should_stop=should_stop,
        seen=how.seen,
        stops_before=how.stops_before,
    )
    try:
        got, ended_by = _watched(measured, identifier, how)
    except DeviceError as error:
        raise store.told(error) from error
    except BaseException as error:
        store.broken_off(error)
        raise
    evidence = store.keep(got.frame)
    progress(MEASURED, "identifying")
    origin = Origin(
        file=label,
        sha256=got.frame.sha256,
        assumptions=(*_remarks(got, ended_by), *kept.remarks),
        emulated=got.frame.emulated,
    )
    scanned = identify_measured(Measured(got.frame, origin, evidence, how.top), identifier)
    progress(1.0, "done")
    return scanned


def identify_measured(measured: Measured, identifier: Identifier) -> Scanned:
    """Identify what was measured and is kept already; raises as `scan` does after measuring."""
    try:
        found = identify_frame(measured.frame, measured.origin, identifier, measured.top)
    except KeyboardInterrupt as error:
        raise HurriedError(measured.evidence, identifier) from error
    except LibraryError as error:
        raise UnidentifiedError(error, measured) from error
    return Scanned(found, measured.frame, measured.evidence)


def _watched(
    measured: Callable[..., Acquired], identifier: Identifier, how: HowToScan
) -> tuple[Acquired, str]:
    """Measure, ended early when the verdict is safe; return what ended it too, or nothing."""
    if how.early is None:
        return measured(), ""

    def seen(frame: RawFrame) -> Spectrum | None:
        spectrum, standing = calibrated(spectrum_of_frame(frame), identifier)
        return None if standing and standing.reason else spectrum

    with VerdictWatch(seen, identifier.engine, how.early, how.looks()) as watch:
        return measured(enough=watch), watch.ended_by


def _axis_remark(spectrum: Spectrum) -> tuple[str, ...]:
    """Return which record of calibration the axis is by; nothing for an axis as it was stated."""
    steps = (step for step in spectrum.history if step.name == AXIS_CALIBRATED)
    return tuple(f"axis by calibration record {dict(s.settings)['record'][:16]}" for s in steps)


def calibrated(spectrum: Spectrum, identifier: Identifier) -> tuple[Spectrum, Standing | None]:
    """Return an analyser's scan on its calibrated axis, and how the analyser stands.

    An axis that cannot be corrected (the analyser states another than the one calibrated, or the
    records were altered) stays as it is, and the analyser has failed.
    """
    kept = identifier.calibrations
    if kept is None:
        return spectrum, None
    serial = spectrum.acquisition.serial or ""
    try:
        return kept.calibrated(spectrum, serial), kept.standing(serial, identifier.clock())
    except (CalibrationError, JournalError) as error:
        return spectrum, Standing("failed", f"analyser {serial}: {error}")


def identify_frame(
    frame: RawFrame, origin: Origin, identifier: Identifier, top: int = 10
) -> Identified:
    """Identify a raw frame that is kept already.

    Raises
    ------
    AnalyserError
        When the frame has no axis: the analyser has to be calibrated first.
    """
    try:
        read = spectrum_of_frame(frame)
    except DeviceError as error:
        refused = as_app_error(error)
        refused.kept, refused.lit = (origin.sha256,), True
        raise refused from error
    spectrum, standing = calibrated(read, identifier)
    against = (f"{standing.words}.",) if standing and standing.reason else ()
    said = (*origin.assumptions, *_axis_remark(spectrum), *against)
    full = replace(origin, assumptions=said, calibration=standing)
    choice = Choice(top=top)
    made = circumstances(identifier, origin, choice, source="device", standing=standing)
    made = replace(made, axis=_axis_record(spectrum, identifier))
    return replace(identify_spectrum(spectrum, full, identifier, top), made_with=made)


def _axis_record(spectrum: Spectrum, identifier: Identifier) -> CalibrationRecord | None:
    """Return the record that a scan's axis is by; None for an axis as it was stated."""
    kept, serial = identifier.calibrations, spectrum.acquisition.serial or ""
    calibrated_here = any(step.name == AXIS_CALIBRATED for step in spectrum.history)
    return kept.latest(serial, "axis") if kept is not None and calibrated_here else None


def _remarks(got: Acquired, ended_by: str) -> tuple[str, ...]:
    frame, remarks = got.frame, []
    if frame.dark is None:
        moved = ": the detector moved by more than 1 degree" if DARK_STALE in frame.flags else ""
        remarks.append(f"no dark was subtracted{moved}")
    if PARTIAL in frame.flags:
        remarks.append("partial: the scan was stopped early")
    if ended_by:
        remarks.append(
            f"ended after {frame.averages} of {got.planned} exposures because the verdict was safe"
            f" already, by {ended_by}"
        )
    if got.cosmic_hits:
        remarks.append(f"cosmic rays in single exposures: {got.cosmic_hits}, left in the counts")
    return tuple(remarks)


def scan_emulated(
    sample: str,
    identifier: Identifier,
    *,
    family_name: str = "emulated-785-handheld",
    seed: int = 7,
    plan: Plan | None = None,
    progress: Progress = no_progress,
    should_stop: ShouldStop = never_stop,
    timing: Timing | None = None,
) -> Scanned:
    """Scan a named emulated sample; see `scan`. A stepped `timing` does without waiting."""
    timing = timing or replace(REAL_TIME, utc=identifier.clock)
    try:
        analyser = open_analyser(
            family_name, sample=emulated_sample(sample), seed=seed, timing=timing
        )
    except DeviceError as error:
        raise as_app_error(error) from error
    with analyser:
        checked_first(analyser.info.serial, family_name, identifier, seed, timing)
        return scan(
            analyser,
            identifier,
            plan or QUICK,
            label=f"emulated scan of {sample}",
            progress=progress,
            should_stop=should_stop,
            how=HowToScan(timing=timing),
        )
