"""Enter what a command does with a laser, or makes of what one did, once a station was set up."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spectra_app.services.cases.laser_book import LaserBook


def measurer_options(command: argparse.ArgumentParser) -> None:
    """Let a command be told who measures; nobody has to be logged in."""
    command.add_argument(
        "--user",
        metavar="NAME",
        help="your log-in name: what is measured is entered as yours",
    )
    command.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help="read the password from the first line of a file instead of asking for it",
    )
    command.add_argument("--password-fd", type=int, metavar="N", help="read it from a descriptor")


@contextmanager
def laser_book(options: argparse.Namespace) -> Iterator[LaserBook | None]:
    """Lend the station's book, opened before a laser fires; None where none was set up.

    Raises
    ------
    ForbiddenError
        When a user is named who may not log in, or the station has no users.
    """
    from spectra_app.cli.who import signed_in
    from spectra_app.services.cases.laser_book import LaserBook, station_book

    options.demo = False
    if options.user:
        with signed_in(options) as (office, session):
            yield LaserBook(office, session)
    else:
        with station_book() as book:
            yield book
