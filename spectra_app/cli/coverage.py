"""``spectra library coverage``: arguments and what they do."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.arguments import day, new
from spectra_app.cli.terminal import print_json
from spectra_app.errors import EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands


def add(actions: Commands) -> None:
    """Add the action, which knows what runs it."""
    action = new(actions, "coverage", "say how much of a list a library holds, and what is missing")
    action.add_argument(
        "library", type=Path, nargs="?", metavar="LIB.h5", help="default: the library in use"
    )
    action.add_argument(
        "--list",
        required=True,
        metavar="NAME",
        help="'UN 1988 Table I', 'UN 1961', 'EU Category 1', 'DE Anlage I', 'watch list', "
        "'family NAME', or a CSV file of names",
    )
    action.add_argument(
        "--date", type=day, metavar="YYYY-MM-DD", help="date of the list (default: today)"
    )
    action.add_argument("--json", action="store_true", help="print one JSON object")
    action.set_defaults(run=cover)


def cover(options: argparse.Namespace) -> int:
    """Compare a library with a list."""
    from spectra_app.services import coverage as service

    on = options.date or date.today()
    found = service.library_coverage(options.library, options.list, on)
    if options.json:
        print_json(service.coverage_json(found, on))
    else:
        print(service.coverage_text(found, on))
    return EXIT_OK
