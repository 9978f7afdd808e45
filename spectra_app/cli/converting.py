"""``spectra convert``: arguments and what they do."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.arguments import column_choice, new
from spectra_app.errors import EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands

FORMATS = ("jdx", "csv", "nxs")
SHOWN = 20  # curves listed: a map can have thousands


def add(commands: Commands) -> None:
    """Add the command; it knows what runs it."""
    convert = new(
        commands,
        "convert",
        "write a file's own curves, unchanged, as JCAMP-DX, CSV or NeXus",
    )
    convert.add_argument("file", type=Path, metavar="FILE")
    convert.add_argument(
        "--to",
        choices=FORMATS,
        required=True,
        help="jdx: JCAMP-DX 5.01, csv: two columns below a commented header, "
        "nxs: NeXus (NXraman where it is Raman)",
    )
    convert.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="the file to make; only an earlier export is replaced",
    )
    convert.add_argument(
        "--spectrum", metavar="NAME", help="which spectrum of a file: NAME, or NAME#k if repeated"
    )
    column_choice(convert)
    convert.add_argument(
        "--laser-nm", type=float, metavar="NM", help="laser line to write beside the spectrum"
    )
    convert.add_argument(
        "--partial", action="store_true", help="take what is left of a truncated file, marked so"
    )
    convert.set_defaults(run=convert_one)


def convert_one(options: argparse.Namespace) -> int:
    """Convert one file; what was assumed goes to standard error."""
    from spectra_app.reports.figures import clean
    from spectra_app.services.convert import convert_file

    done = convert_file(
        options.file,
        options.out,
        options.to,
        spectrum=options.spectrum,
        column=options.column,
        laser_nm=options.laser_nm,
        partial=options.partial,
    )
    for note in done.notes:
        sys.stderr.write(f"note: {clean(note)}\n")
    print(f"wrote {done.target} (read as {done.format})")
    for curve in done.curves[:SHOWN]:
        print(f"  {clean(curve)}")
    if len(done.curves) > SHOWN:
        print(f"  ... and {len(done.curves) - SHOWN:,} more curves")
    return EXIT_OK
