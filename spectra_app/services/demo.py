"""The whole path without an instrument, everything marked as emulated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from devices.acquisition.course import Kept
from devices.acquisition.plan import fixed_plan
from devices.acquisition.runner import run
from devices.interface import Progress, Settings
from devices.registry import open_analyser
from devices.timing import SteppedTime, Timing
from library.entry import Entry, EntryRecord, entry_id
from library.starter import starter_entries, starter_materials
from library.writing import write_library
from spectra_app.errors import AppError
from spectra_app.services.emulated_samples import EMPTY_VIAL, emulated_sample
from spectra_app.services.frames import spectrum_of_frame
from spectra_app.services.identify import Identified, Identifier
from spectra_app.services.intake import table_entries
from spectra_app.services.scanning import scan_emulated

EMULATED_REFERENCES = ("caffeine", "lactose", "paracetamol")
REFERENCE = fixed_plan(Settings(integration_time_ms=1000.0, averages=10))
SCANNED = ("amphetamine sulfate", "caffeine", EMPTY_VIAL)


@dataclass(frozen=True, eq=False, slots=True)
class DemoStep:
    """One emulated sample: what was scanned and what came of it."""

    sample: str
    found: Identified


def without_waiting(utc: Callable[[], str]) -> Timing:
    """Return a time in which exposures pass at once, while records get the true time of day."""
    return SteppedTime().timing(utc)


def demo_library(target: Path, seed: int, timing: Timing) -> Path:
    """Write the demo library: the starter entries, and a few measured on the emulated bench.

    The latter are of kind ``emulated``; they show what a laboratory's own entries would give.
    """
    entries = table_entries(starter_entries())
    for number, name in enumerate(EMULATED_REFERENCES):
        entries.append(_emulated_entry(name, seed + 1000 + number, timing))
    write_library(target, entries, name="Demonstration library (nothing in it was measured)")
    return target


def _emulated_entry(name: str, seed: int, timing: Timing) -> Entry:
    material = next((m for m in starter_materials() if m.name == name), None)
    if material is None:
        raise AppError(f"the starter table has no {name!r}", "", "install the program again")
    analyser = open_analyser("emulated-785", sample=emulated_sample(name), seed=seed, timing=timing)
    with analyser:
        frame = run(analyser, REFERENCE, timing, Kept()).frame
    spectrum = spectrum_of_frame(frame)
    record = EntryRecord(
        entry=entry_id(f"emulated {name}", spectrum),
        name=name,
        group=material.group,
        inchikey=material.inchikey,
        cas=material.cas,
        formula=material.formula,
        category=material.class_,
        family=material.family,
        role=material.role,
        kind="emulated",
        laser_nm=spectrum.laser_nm,
        serial=frame.serial,
        instrument=frame.model,
        source="EMULATED from the starter table's bands; no instrument measured it",
        content_sha256=spectrum.content_hash,
    )
    return Entry(record, spectrum)


def run_demo(
    identifier: Identifier,
    seed: int,
    timing: Timing,
    progress: Progress,
) -> list[DemoStep]:
    """Scan the demonstration samples one after the other; evidence is kept as for real scans."""
    steps = []
    for number, sample in enumerate(SCANNED):
        begin = number / len(SCANNED)

        def part(share: float, words: str, begin: float = begin, sample: str = sample) -> None:
            progress(begin + share / len(SCANNED), f"{sample}: {words}")

        found = scan_emulated(sample, identifier, seed=seed + number, progress=part, timing=timing)
        steps.append(DemoStep(sample, found.found))
    return steps
