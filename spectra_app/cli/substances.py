"""``spectra substances find|show``: arguments and what they do."""

from __future__ import annotations

import argparse
from datetime import date
from typing import TYPE_CHECKING

from spectra_app.cli.arguments import day, new, words
from spectra_app.cli.terminal import print_json
from spectra_app.errors import EXIT_OK, EXIT_REFUSED

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands


def add(commands: Commands) -> None:
    """Add the command with its actions; each knows what runs it."""
    group = new(commands, "substances", "look up substances and their control status")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True)
    finding = new(actions, "find", "find a substance by any name, CAS number, InChIKey or formula")
    finding.add_argument("text", metavar="TEXT", type=words)
    showing = new(actions, "show", "show all that is known of one substance")
    showing.add_argument(
        "text", metavar="ID", type=words, help="key of the table, or a name that means one"
    )
    for action in (finding, showing):
        action.add_argument(
            "--date",
            type=day,
            metavar="YYYY-MM-DD",
            help="date for which the lists are asked (default: today)",
        )
        action.add_argument(
            "--jurisdiction",
            action="append",
            default=[],
            metavar="CODE|LIST",
            help="UN, EU, DE, ... or one list as 'UN 1988'; may be repeated (default: what the "
            "station has chosen)",
        )
        action.add_argument("--json", action="store_true", help="print one JSON object")
        action.set_defaults(run=look)


def look(options: argparse.Namespace) -> int:
    """Find or show; exit code 3 when nothing goes by the text."""
    from spectra_app.services import substances as service

    on = options.date or date.today()
    asked = service.show if options.action == "show" else service.find
    found = asked(options.text, on, options.jurisdiction)
    if options.json:
        print_json(service.findings_json(found))
    else:
        print(service.findings_text(found, whole=options.action == "show"))
    return EXIT_OK if found.described else EXIT_REFUSED
