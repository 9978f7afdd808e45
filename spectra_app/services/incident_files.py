"""Incident sheets on disk: the form is chosen by the ending of the name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from spectra_app.reports.incident_builder import build_incident_sheet
from spectra_app.reports.saving import write_whole
from spectra_app.reports.validation import ValidationReport
from spectra_app.services.incident import CASE_FIELDS, ITEM_FIELDS, Sheet

Render = Callable[[ValidationReport, Path], None]


def write_sheet(sheet: Sheet, path: Path, render: Render) -> None:
    """Write a sheet as JSON, CSV or PDF, whole or not at all.

    Raises
    ------
    AppError
        When the file cannot be written.
    """
    ending = path.suffix.lower()
    if ending == ".csv":
        write_whole(sheet.to_csv(), path)
    elif ending == ".json":
        write_whole(sheet.to_bytes(), path)
    else:
        number = hashlib.sha256(sheet.to_bytes()).hexdigest()[:8].upper()
        titles = {field.key: field.title for field in (*CASE_FIELDS, *ITEM_FIELDS)}
        report_id = f"IS-{sheet.content['case']['case.number']}-{number}"
        render(build_incident_sheet(sheet.content, titles, report_id=report_id), path)
