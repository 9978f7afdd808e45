"""Composition root: the only place that knows window, command line and renderer."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli import run

if TYPE_CHECKING:
    from spectra_app.reports.document import Report
    from spectra_app.reports.validation import ValidationReport
    from spectra_app.services.api import UseCases


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the program; without a command the window. Returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name must never cost the verdict
    return run(sys.argv[1:] if arguments is None else arguments, render=render, window=window)


def render(report: Report | ValidationReport, path: Path) -> None:
    """Write a report as PDF (Qt is imported only here)."""
    from spectra_app.reports.render_qt import render_pdf

    render_pdf(report, path)


def window(files: Sequence[Path]) -> int:
    """Open the window with the scans given."""
    from spectra_app.services.office import open_office
    from spectra_app.ui.start import run_window

    return run_window(use_cases(), open_office, files)


def use_cases(library: Path | None = None) -> UseCases:
    """Return what the window can ask for, on one library at a time."""
    from spectra_app.services.desk import desk_use_cases

    return desk_use_cases(library, render)


if __name__ == "__main__":
    sys.exit(main())
