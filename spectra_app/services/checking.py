"""Check an analyser's axis with polystyrene: the frame is kept first, then judged and recorded."""

from __future__ import annotations

import numpy as np

from devices.acquisition.course import Kept
from devices.acquisition.plan import auto_plan, fixed_plan, steadied
from devices.acquisition.runner import run
from devices.errors import DeviceError
from devices.frame import PARTIAL, RawFrame
from devices.interface import Analyser, Progress, Settings, ShouldStop, no_progress
from devices.registry import open_analyser
from devices.sample import Sample
from devices.timing import Timing
from matching.calibration.standards import POLYSTYRENE, Standard
from spectra_app.errors import AppError
from spectra_app.records.calibration import CalibrationRecord
from spectra_app.services.calibrations import Calibrations
from spectra_app.services.frames import StoppedError, as_app_error
from spectra_app.services.identify import Identifier
from spectra_app.services.measured import MeasuredStore

CHECK_BUDGET_S = 20.0
WIDTHS_CM1 = {"calcite": 1.3, "silicon": 3.0}  # of emulated standards that are narrower
TRIES = 2  # a cosmic ray beside a line fails a check; a person would measure again, too
# With 100 ms the weak line at 1583 cm-1 drowned in noise: one check in ten failed.
DEMONSTRATION = fixed_plan(Settings(integration_time_ms=400.0, averages=2))


def polystyrene_sample() -> Sample:
    """Return emulated polystyrene."""
    return standard_sample(POLYSTYRENE)


def standard_sample(standard: Standard) -> Sample:
    """Return an emulated standard or lamp: its lines, as high as its table says."""
    heights = [(line.position, max(line.strength, 0.05)) for line in standard.lines]
    if standard.kind == "lamp":
        return Sample(lines_nm=np.array(heights), fluorescence=0.0)
    width = WIDTHS_CM1.get(standard.name, 8.0)
    return Sample(bands=np.array([(*one, width) for one in heights]), fluorescence=0.05)


def calibrations_of(identifier: Identifier) -> Calibrations:
    """Return the station's calibration records.

    Raises
    ------
    AppError
        When it keeps none.
    """
    if not isinstance(identifier.calibrations, Calibrations):
        raise AppError("this station keeps no calibration records", "", "start the program anew")
    return identifier.calibrations


def record_check(frame: RawFrame, identifier: Identifier, operator: str = "") -> CalibrationRecord:
    """Keep a frame of polystyrene as evidence, then check the axis with it and keep the record.

    Raises
    ------
    StoppedError
        When the frame is partial, which is kept and does not count.
    AppError
        When nothing can be kept.
    CalibrationError
        When the frame has no axis.
    """
    # Late: fitting lines takes a second to import, and a window starts without it.
    from spectra_app.services.calibration import Circumstances, check_axis, scan_of_frame

    kept = calibrations_of(identifier)
    identifier.keep(frame.to_bytes(), kind="raw frame", name="polystyrene check.frame.json")
    if PARTIAL in frame.flags:
        stopped = StoppedError("the check was stopped early: it does not count", "", "check again")
        stopped.kept, stopped.lit = (frame.sha256,), True
        raise stopped
    standard = scan_of_frame(frame, POLYSTYRENE.name, f"check of {frame.serial}")
    return check_axis(standard, kept, Circumstances(identifier.clock(), operator=operator))


def measure_check(
    analyser: Analyser,
    identifier: Identifier,
    timing: Timing,
    progress: Progress,
    should_stop: ShouldStop,
    *,
    stops_before: int | None = None,
) -> RawFrame:
    """Measure the polystyrene that lies in front of an analyser; for `record_check`.

    Raises
    ------
    AnalyserError, HurriedError
        In the driver's words, or when somebody interrupted it; what was measured is kept.
    """
    plan = steadied(auto_plan(analyser.capabilities, budget_s=CHECK_BUDGET_S))
    store = MeasuredStore(identifier, "polystyrene check", Kept())
    try:
        return run(analyser, plan, timing, store.kept, progress=progress, should_stop=should_stop,
                   stops_before=stops_before).frame  # fmt: skip
    except DeviceError as error:
        raise store.told(error) from error
    except BaseException as error:
        store.broken_off(error)
        raise


def checked_first(
    serial: str, family_name: str, identifier: Identifier, seed: int, timing: Timing
) -> None:
    """Check an emulated analyser with emulated polystyrene, unless its last check still counts.

    Only for demonstrations: a person puts the standard before a real analyser.

    Raises
    ------
    AnalyserError
        In the driver's words.
    """
    kept = identifier.calibrations
    if kept is None or kept.standing(serial, identifier.clock()).reason is None:
        return
    sample = polystyrene_sample()
    try:
        with open_analyser(family_name, sample=sample, seed=seed, timing=timing) as analyser:
            for _ in range(TRIES):
                frame = run(analyser, DEMONSTRATION, timing, Kept(), progress=no_progress).frame
                if record_check(frame, identifier, "demonstration").passed:
                    return
    except DeviceError as error:
        raise as_app_error(error) from error
