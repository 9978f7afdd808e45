"""The spectra of a past result, drawn again from its evidence for a report."""

from __future__ import annotations

import time

import msgspec

from devices.errors import FrameError
from devices.frame import RawFrame
from matching.errors import SpectraError
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.identification import Asked, Comparison
from spectra_app.records.kinds import Scan
from spectra_app.services.identify import Choice, Identified, Identifier, Origin, identify_bytes
from spectra_app.services.reporting import best_comparison
from spectra_app.services.scanning import identify_frame


def redraw(scan: Scan, evidence: EvidenceStore, identifier: Identifier) -> Comparison | None:
    """Return scan and best reference of a result, with the library that it was found with.

    None when that library is not at hand, nothing was compared, or the scan gives another answer
    now: then nothing is drawn, and the report says so.
    """
    if scan.library_sha256 != identifier.engine.library.info.sha256:
        return None
    try:
        found = _again(scan, evidence.get(scan.original), identifier)
    except (SpectraError, FrameError):
        return None
    same = (
        one
        for one in found
        if one.record.outcome == scan.outcome
        and tuple(part.name for part in one.record.components) == scan.names
    )
    first = next(same, None)
    return None if first is None else best_comparison(first)


def _again(scan: Scan, data: bytes, identifier: Identifier) -> tuple[Identified, ...]:
    asked = Asked(scan.column or None, scan.top)
    origin = Origin(scan.name, scan.original, emulated=scan.emulated, asked=asked)
    if scan.source == "device":
        return (identify_frame(RawFrame.from_bytes(data), origin, identifier, scan.top),)
    wanted = {
        "column": scan.column or None,
        "spectrum": scan.spectrum or None,
        "laser_nm": float(scan.laser_nm) if scan.laser_nm else None,
        "top": scan.top,
        "technique": scan.technique or None,
    }
    choice = msgspec.convert(wanted, Choice)
    return identify_bytes(data, origin, identifier, choice, time.perf_counter())
