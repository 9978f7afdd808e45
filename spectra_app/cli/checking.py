"""``spectra library check``: arguments and what they do."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.arguments import new
from spectra_app.cli.terminal import print_json, progress_bar
from spectra_app.errors import EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands


def add(actions: Commands) -> None:
    """Add the action; it knows what runs it."""
    action = new(actions, "check", "find wrong names, wrong axes and poor spectra in a library")
    action.add_argument("library", type=Path, nargs="?", metavar="LIB.h5")
    action.add_argument(
        "--against",
        type=Path,
        action="append",
        default=[],
        metavar="OTHER.h5",
        help="a second source: another library that holds some of the same substances (repeatable)",
    )
    action.add_argument(
        "--no-published",
        action="store_true",
        help="do not compare with the published bands that come with the program",
    )
    action.add_argument(
        "--baseline",
        type=Path,
        metavar="REPORT.json",
        help="an earlier report (--json): what it lists is not reported again",
    )
    action.add_argument("--json", action="store_true", help="print JSON")
    action.set_defaults(run=check)


def check(options: argparse.Namespace) -> int:
    """Check a library and print what was found, the worst first."""
    from spectra_app.services import library_check as service

    report = service.check_library(
        options.library,
        against=options.against,
        published=not options.no_published,
        baseline=options.baseline,
        progress=progress_bar("check"),
    )
    if options.json:
        print_json(service.report_json(report))
    else:
        for line in service.report_lines(report):
            print(line)
    return EXIT_OK
