"""``spectra incident``: the incident sheet of a case."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.arguments import new
from spectra_app.cli.who import signed_in, who_options
from spectra_app.errors import EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands
    from spectra_app.reports.validation import ValidationReport

    Render = Callable[[ValidationReport, Path], None]

SYSTEMS = ("pics", "ionics", "early-warning", "siena")


def add(commands: Commands) -> None:
    """Add the command."""
    command = new(commands, "incident", "write the incident sheet of a case, for other systems")
    command.add_argument("case", metavar="CASE")
    command.add_argument(
        "--for", dest="system", choices=SYSTEMS, default="",
        help="map it onto this system, as your authority has filled in its mapping",
    )  # fmt: skip
    command.add_argument(
        "--with-persons", action="store_true",
        help="with names of persons, and free text that may name them",
    )  # fmt: skip
    command.add_argument(
        "--out", type=_file, nargs="+", required=True, metavar="FILE.json|.csv|.pdf",
        help="one file or several, each in the form that its ending says",
    )  # fmt: skip
    who_options(command)


def _file(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in {".json", ".csv", ".pdf"}:
        raise argparse.ArgumentTypeError("end the name in .json, .csv or .pdf")
    return path


def run(options: argparse.Namespace, render: Render) -> int:
    """Write the sheet; `render` writes it as PDF."""
    from spectra_app.services.incident import incident_sheet
    from spectra_app.services.incident_files import write_sheet

    with signed_in(options) as (office, session):
        sheet = incident_sheet(
            office, session, options.case, options.system, persons=options.with_persons
        )
    for path in options.out:
        write_sheet(sheet, path, render)
        print(f"wrote {path}")
    print(sheet.content["remark"])
    return EXIT_OK
