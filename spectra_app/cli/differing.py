"""``spectra library diff``: arguments and what it does."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.arguments import new
from spectra_app.cli.terminal import print_json
from spectra_app.errors import EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands


def add(actions: Commands) -> None:
    """Add the action."""
    comparing = new(actions, "diff", "say what differs between two libraries or packages")
    for name in ("first", "second"):
        comparing.add_argument(name, type=Path, metavar="LIB.h5|PACKAGE")
    comparing.add_argument("--json", action="store_true", help="print one JSON object")
    comparing.set_defaults(run=diff)


def diff(options: argparse.Namespace) -> int:
    """Say what differs."""
    from spectra_app.services.changes import between, difference_lines

    report = between(options.first, options.second)
    if options.json:
        print_json(report)
    else:
        print("\n".join([f"{options.first} -> {options.second}", *difference_lines(report)]))
    return EXIT_OK
