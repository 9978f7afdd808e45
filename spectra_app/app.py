"""Composition root: the only place that knows window, command line and renderer."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spectra_app.reports.document import Report
    from spectra_app.reports.validation import ValidationReport
    from spectra_app.services.api import UseCases
    from spectra_app.services.office import Office


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the program; without a command the window. Returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name must never cost the verdict
    asked = sys.argv[1:] if arguments is None else arguments
    if not asked:
        return window(())

    from spectra_app.cli import run  # not before the window shows

    return run(asked, render=render, window=window)


def render(report: Report | ValidationReport, path: Path) -> None:
    """Write a report as PDF (Qt is imported only here)."""
    from spectra_app.reports.render_qt import render_pdf

    render_pdf(report, path)


def window(files: Sequence[Path]) -> int:
    """Open the window with the scans given."""
    from spectra_app.ui.start import run_window

    return run_window(use_cases, station_office, files)


def station_office() -> AbstractContextManager[Office]:
    """Open the station's records; what is behind them is imported by whoever opens them."""
    from spectra_app.services.office import open_office

    return open_office()


def use_cases(library: Path | None = None) -> UseCases:
    """Return what the window can ask for, on one library at a time."""
    from spectra_app.services.desk import desk_use_cases

    return desk_use_cases(library, render)


if __name__ == "__main__":
    sys.exit(main())
