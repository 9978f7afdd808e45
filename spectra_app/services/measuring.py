"""Scan with an analyser that was chosen: opened, its wires recorded, measured by a plan, let go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from devices.acquisition.plan import Plan, auto_plan, delayed, fixed_plan, gentle_plan, steadied
from devices.errors import DeviceError
from devices.interface import Analyser, Progress, Settings, ShouldStop
from devices.timing import REAL_TIME, Timing
from devices.transports.recorder import RecordedStream, RecordedUsb
from spectra_app.errors import AppError
from spectra_app.records.calibration import CalibrationRecord
from spectra_app.services.checking import (
    calibrations_of,
    checked_first,
    measure_check,
    record_check,
)
from spectra_app.services.devices import Chosen, opened
from spectra_app.services.early_stop import load_early_stop
from spectra_app.services.frames import as_app_error
from spectra_app.services.identify import Identifier
from spectra_app.services.scanning import HowToScan, Scanned, scan


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a person wants a sample to be measured.

    Parameters
    ----------
    integration_time_ms, averages : float or None, int or None
        Fixed figures; chosen by the program where None.
    power_percent : float
        Laser power in per cent; never raised by the program.
    gentle : bool
        Least power and remote start, for dark or suspected energetic samples.
    delay_s : float
        Countdown before the laser is switched on.
    budget_s : float
        Time for a measurement that the program chooses.
    early : bool
        Whether a safe verdict ends it.
    keep_wires : bool
        Whether every byte that passes over the wires is kept with the scan.
    """

    integration_time_ms: float | None = None
    averages: int | None = None
    power_percent: float = 100.0
    gentle: bool = False
    delay_s: float = 0.0
    budget_s: float = 30.0
    early: bool = True
    keep_wires: bool = False


def plan_of(wanted: Wanted, analyser: Analyser) -> Plan:
    """Return the plan for what a person wants, within what the analyser can do.

    Raises
    ------
    AnalyserError
        When the analyser cannot do it.
    AppError
        When the wishes contradict each other.
    """
    fixed = wanted.integration_time_ms is not None or wanted.averages is not None
    if wanted.gentle and (fixed or wanted.power_percent != 100.0):
        raise AppError(
            "a gentle measurement chooses time and power itself", "", "leave the others out"
        )
    can = analyser.capabilities
    try:
        if wanted.gentle:
            plan = gentle_plan(can)
        elif fixed:
            plan = fixed_plan(_settings(wanted, analyser))
        else:
            plan = auto_plan(
                can, laser_power_percent=wanted.power_percent, budget_s=wanted.budget_s
            )
        if not fixed:
            plan = steadied(plan)
        return delayed(plan, wanted.delay_s) if wanted.delay_s else plan
    except DeviceError as error:
        raise as_app_error(error) from error


def _settings(wanted: Wanted, analyser: Analyser) -> Settings:
    usual = analyser.settings
    return Settings(
        usual.integration_time_ms
        if wanted.integration_time_ms is None
        else wanted.integration_time_ms,
        usual.averages if wanted.averages is None else wanted.averages,
        wanted.power_percent,
    )


def scan_chosen(
    chosen: Chosen,
    identifier: Identifier,
    wanted: Wanted,
    *,
    progress: Progress,
    should_stop: ShouldStop,
    tell: Callable[[str], None] = lambda _warning: None,
    alarmed: Callable[[str], None] = lambda _words: None,
    timing: Timing | None = None,
) -> Scanned:
    """Open the analyser, measure, keep everything, identify, and let the analyser go.

    `tell` is called with what has to be read before the laser fires, if anything; `alarmed` at
    once when it has to be taken for on.

    Raises
    ------
    AnalyserError
        In the driver's words; what was measured until then is kept.
    EvidenceError
        When the frames cannot be kept.
    """
    timing = timing or replace(REAL_TIME, utc=identifier.clock)
    wires = Wires(timing)
    with opened(chosen, timing=timing, keep=wires.keep, alarmed=alarmed) as analyser:
        if chosen.sample is not None:
            checked_first(analyser.info.serial, chosen.family, identifier, chosen.seed, timing)
        how = HowToScan(
            timing=timing,
            early=load_early_stop() if wanted.early else None,
            wires=wires.to_bytes if wanted.keep_wires else None,
        )
        label = f"emulated scan of {chosen.sample}" if chosen.sample else _label(analyser)
        plan = plan_of(wanted, analyser)
        _refuse_without_axis(analyser)
        if plan.warning:
            tell(plan.warning)
        return scan(
            analyser,
            identifier,
            plan,
            label=label,
            progress=progress,
            should_stop=should_stop,
            how=how,
        )


def check_chosen(
    chosen: Chosen,
    identifier: Identifier,
    *,
    operator: str = "",
    progress: Progress,
    should_stop: ShouldStop,
    alarmed: Callable[[str], None] = lambda _words: None,
    timing: Timing | None = None,
) -> CalibrationRecord:
    """Open the analyser, measure the polystyrene standard, keep frame and record, and let it go.

    `alarmed` as for `scan_chosen`.

    Raises
    ------
    AnalyserError
        In the driver's words, or when it was stopped; what was measured until then is kept.
    SpectraError
        When the record cannot be kept.
    """
    timing = timing or replace(REAL_TIME, utc=identifier.clock)
    calibrations_of(identifier)  # before a laser fires for nothing
    identifier.evidence.prove_room()
    with opened(chosen, timing=timing, alarmed=alarmed) as analyser:
        _refuse_without_axis(analyser)
        frame = measure_check(analyser, identifier, timing, progress, should_stop)
    return record_check(frame, identifier, operator)


def _refuse_without_axis(analyser: Analyser) -> None:
    """Refuse before a laser fires for a scan that nothing can be read from."""
    if analyser.capabilities.range_cm1 is not None:
        return
    if analyser.info.laser_nm is None:
        trouble, remedy = "no laser line is known", "name the port of its laser (--laser-port)"
    else:
        trouble, remedy = "it states no wavelength axis that can be", "have it repaired"
    raise AppError(
        f"nothing could be identified, because {trouble}; nothing was measured",
        _label(analyser).removeprefix("scan by "),
        f"{remedy}, or give the parameter file that came with it (--papers, B&W Tek)",
    )


def _label(analyser: Analyser) -> str:
    return f"scan by {analyser.info.model} {analyser.info.serial}".strip()


class Wires:
    """The records of an analyser's wires, one after the other as they were opened."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._recorded: list[RecordedStream | RecordedUsb] = []

    def keep(self, wire: Any) -> Any:
        """Return `wire`, recorded from now on."""
        usb = hasattr(wire, "bulk_in")
        made = RecordedUsb(wire, self._timing) if usb else RecordedStream(wire, self._timing)
        self._recorded.append(made)
        return made

    def to_bytes(self) -> bytes:
        """Return all records, each in its own canonical form."""
        return b"".join(wire.record().to_bytes() for wire in self._recorded)
