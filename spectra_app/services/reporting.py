"""Reports: the context of a record, and the renderer that is handed in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spectra_app import __version__
from spectra_app.records.durable import replace_whole
from spectra_app.records.identification import Comparison, Identification
from spectra_app.reports.builder import build_report
from spectra_app.reports.document import Report, ReportContext
from spectra_app.reports.validation import ValidationReport
from spectra_app.reports.validation_builder import build_validation_report
from spectra_app.services.identify import Identified
from spectra_app.wording import lists_text, past_age_text

Renderer = Callable[[Report, Path], None]


def report_of(found: Identified, issued_at: str) -> Report:
    """Return the report of one identification as data.

    Parameters
    ----------
    found : Identified
        The record and its drawing.
    issued_at : str
        Time of issue, ISO 8601; also part of the report's id.
    """
    record = found.record
    key = f"{record.sha256}|{record.file}|{record.spectrum}|{issued_at}"
    context = ReportContext(
        report_id=f"SP-{issued_at[:10]}-{hashlib.sha256(key.encode()).hexdigest()[:8].upper()}",
        issued_at=issued_at,
        program_version=__version__,
        evidence_sha256=record.sha256,
        control_lists=_lists_asked(record),
        measured_at=found.query.acquisition.measured_at if found.query else None,
    )
    return build_report(record, best_comparison(found), context)


def _lists_asked(record: Identification) -> str:
    """Return which lists were asked, how far they were read, and which are too old."""
    asked = record.control_lists
    read = f"{lists_text(record)}, read to {asked.lists_to or 'a date not recorded'}"
    return "; ".join(text for text in (read, past_age_text(record)) if text)


def best_comparison(found: Identified) -> Comparison | None:
    """Return the drawing of the named reference, or of the best candidate when none is named."""
    named = {component.entry for component in found.record.components[:1]}
    for candidate, comparison in zip(found.record.candidates, found.comparisons, strict=True):
        if candidate.entry in named:
            return comparison
    return found.comparisons[0] if found.comparisons else None


def write_report(found: Identified, path: Path, issued_at: str, render: Renderer) -> None:
    """Write the one-page PDF of one identification with the renderer handed in."""
    render(report_of(found, issued_at), path)


def write_validation_report(
    figures: dict[str, Any],
    path: Path,
    issued_at: str,
    render: Callable[[ValidationReport, Path], None],
) -> None:
    """Write the report of an evaluation: as JSON when `path` says so, otherwise as PDF.

    Its identifier is made from the time of issue and the figures.
    """
    key = json.dumps([issued_at, figures], sort_keys=True).encode()
    number = hashlib.sha256(key).hexdigest()[:8].upper()
    report = build_validation_report(
        figures, report_id=f"SV-{issued_at[:10]}-{number}", issued_at=issued_at
    )
    if path.suffix.lower() == ".json":
        replace_whole(path, report.to_bytes())
    else:
        render(report, path)
