"""What the arguments of several commands have in common."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Commands = _SubParsersAction[argparse.ArgumentParser]

COLUMNS = ("processed", "raw", "raw-dark")
EXIT_CODES = "exit code: 0 done, 2 bad arguments, 3 unreadable or refused input, 4 failed check"


def new(commands: Commands, name: str, text: str) -> argparse.ArgumentParser:
    """Add a command; its help and its description are one sentence."""
    return commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + ".", epilog=EXIT_CODES
    )


def column_choice(command: argparse.ArgumentParser) -> None:
    """Let a command choose a column of a vendor file."""
    command.add_argument(
        "--column",
        choices=COLUMNS,
        help="column to take from a vendor file (default: the vendor's processed one); "
        "raw-dark subtracts",
    )


def partial_choice(command: argparse.ArgumentParser) -> None:
    """Let a command take what is left of truncated files."""
    command.add_argument(
        "--partial",
        action="store_true",
        help="take what is left of truncated files: marked as partial, never released",
    )


def reading_choices(command: argparse.ArgumentParser) -> None:
    """Let a command choose what is taken from files that become entries."""
    column_choice(command)
    partial_choice(command)
    command.add_argument(
        "--laser-nm",
        type=laser_line,
        metavar="NM",
        help="excitation wavelength of what has none in the manifest",
    )
    command.add_argument(
        "--spectrum",
        metavar="NAME",
        help="which spectrum of a file: NAME, or NAME#k if repeated (a manifest's own comes first)",
    )
    command.add_argument(
        "--all-spectra",
        action="store_true",
        help="make an entry of every spectrum even of a file that holds many (a map)",
    )


def laser_line(text: str) -> float:
    """Parse the wavelength of a laser in nm."""
    value = float(text)
    if not 150.0 <= value <= 2500.0:
        raise argparse.ArgumentTypeError("a wavelength from 150 to 2500 nm is needed")
    return value


def positive(text: str) -> int:
    """Parse a whole number above zero."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("a number above zero is needed")
    return value


def seed(text: str) -> int:
    """Parse the seed of random numbers: a whole number, not below zero."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("a number that is not below zero is needed")
    return value


def folds(text: str) -> int:
    """Parse a number of folds: two or more."""
    value = int(text)
    if value < 2:
        raise argparse.ArgumentTypeError("two folds or more are needed")
    return value


def validation_report(text: str) -> Path:
    """Parse the name of a validation report: its ending says the form."""
    path = Path(text)
    if path.suffix.lower() not in {".pdf", ".json"}:
        raise argparse.ArgumentTypeError("end the name in .pdf or .json")
    return path


def day(text: str) -> date:
    """Parse a date as 2026-11-22."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("a date as 2026-11-22 is needed") from error


def words(text: str) -> str:
    """Return a text to look for; one without a letter or digit finds nothing and is refused."""
    if not any(letter.isalnum() for letter in text):
        raise argparse.ArgumentTypeError(
            "nothing to look for: give a name, CAS number, InChIKey or formula"
        )
    return text


def results(text: str) -> Path:
    """Parse the name of a results file: its ending says the form."""
    path = Path(text)
    if path.suffix.lower() not in {".csv", ".jsonl"}:
        raise argparse.ArgumentTypeError("end the name in .csv or .jsonl")
    return path
