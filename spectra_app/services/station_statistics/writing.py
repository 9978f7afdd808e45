"""Figures on disk: the form is chosen by the ending of the name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spectra_app.reports.saving import write_whole
from spectra_app.reports.seizures_builder import build_seizures_report
from spectra_app.reports.validation import ValidationReport
from spectra_app.services.station_statistics.seizures import seizures_csv

Render = Callable[[ValidationReport, Path], None]


def report_of_year(figures: dict[str, Any]) -> ValidationReport:
    """Return the report of the figures of a year; its number says which figures these were."""
    key = json.dumps(figures, sort_keys=True).encode()
    number = hashlib.sha256(key).hexdigest()[:8].upper()
    return build_seizures_report(figures, report_id=f"SZ-{figures['year']}-{number}")


def write_seizures(figures: dict[str, Any], path: Path, render: Render) -> None:
    """Write the seizures of a year as PDF, JSON or CSV, whole or not at all.

    Raises
    ------
    AppError
        When the file cannot be written.
    """
    if path.suffix.lower() == ".csv":
        write_whole(seizures_csv(figures), path)
        return
    report = report_of_year(figures)
    if path.suffix.lower() == ".json":
        write_whole(report.to_bytes(), path)
    else:
        render(report, path)
