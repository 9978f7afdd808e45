"""Scans and checks with the connected analyser: called in the lane of work, waits for the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from devices.acquisition.plan import GENTLE_COUNTDOWN_S, GENTLE_WARNING
from devices.frame import RawFrame
from devices.interface import Analyser, Progress, ShouldStop
from spectra_app.records.calibration import CalibrationRecord
from spectra_app.services.checking import (
    calibrations_of,
    measure_check,
    polystyrene_sample,
    record_check,
)
from spectra_app.services.early_stop import load_early_stop
from spectra_app.services.emulated_samples import emulated_sample
from spectra_app.services.identify import Identifier
from spectra_app.services.instrument import Instrument
from spectra_app.services.instrument_state import CheckResult, ScanWish
from spectra_app.services.live import Sight
from spectra_app.services.measuring import Wanted, plan_of
from spectra_app.services.scanning import QUICK, HowToScan, Scanned, scan

LONG_S = 90.0

__all__ = ["GENTLE_COUNTDOWN_S", "GENTLE_WARNING", "check_connected", "scan_connected", "wanted_by"]


def wanted_by(wish: ScanWish) -> Wanted:
    """Return how the sample is measured by a person's wish; a gentle scan always counts down."""
    if wish.plan == "gentle":
        return Wanted(gentle=True, delay_s=max(wish.delay_s, GENTLE_COUNTDOWN_S))
    if wish.plan == "quick":
        quick = QUICK.settings
        return Wanted(quick.integration_time_ms, quick.averages, delay_s=wish.delay_s, early=False)
    if wish.plan == "long":
        return Wanted(delay_s=wish.delay_s, budget_s=LONG_S, early=False)
    return Wanted(delay_s=wish.delay_s)


def scan_connected(
    instrument: Instrument,
    wish: ScanWish,
    identifier: Identifier,
    progress: Progress,
    should_stop: ShouldStop,
) -> Scanned:
    """Scan what lies in front of the connected analyser; see `spectra_app.services.scanning.scan`.

    Raises
    ------
    SpectraError
        In the driver's words; what was measured until then is kept as evidence.
    """
    timing = replace(instrument.timing, utc=identifier.clock)
    wanted = wanted_by(wish)
    early = load_early_stop() if wanted.early else None
    sight = Sight(instrument.newest.put)

    def work(analyser: Analyser, bench: Any, before: int) -> Scanned:
        info = analyser.info
        if bench is not None and wish.sample:
            bench.sample = emulated_sample(wish.sample)
        label = f"emulated scan of {wish.sample}" if info.emulated else f"scan by {info.serial}"
        return scan(
            analyser,
            identifier,
            plan_of(wanted, analyser),
            label=label,
            progress=instrument.looking(analyser, progress),
            should_stop=should_stop,
            how=HowToScan(timing=timing, early=early, stops_before=before, seen=sight.see),
        )

    done: Scanned = instrument.measure(work, armed=wish.plan == "gentle" or wish.delay_s > 0.0)
    return done


def check_connected(
    instrument: Instrument, identifier: Identifier, progress: Progress, should_stop: ShouldStop
) -> CalibrationRecord:
    """Check the axis of the connected analyser with polystyrene, and keep frame and record.

    Raises
    ------
    SpectraError
        When it cannot be measured, or the scan is not one of polystyrene.
    """
    calibrations_of(identifier)  # before a laser fires for nothing
    identifier.evidence.prove_room()
    timing = replace(instrument.timing, utc=identifier.clock)

    def work(analyser: Analyser, bench: Any, before: int) -> RawFrame:
        lying = None if bench is None else bench.sample
        if bench is not None:
            bench.sample = polystyrene_sample()
        try:
            told = instrument.looking(analyser, progress)
            return measure_check(
                analyser, identifier, timing, told, should_stop, stops_before=before
            )
        finally:
            if bench is not None:
                bench.sample = lying

    record = record_check(instrument.measure(work), identifier)
    instrument.restand()
    return record


def told_of(record: CalibrationRecord) -> CheckResult:
    """Return what a window shows of a check."""
    offset = record.result.get("offset_cm1")
    return CheckResult(
        record.passed,
        record.reasons,
        None if offset is None else float(offset),
        judged=bool(record.result.get("judged", True)),
    )
