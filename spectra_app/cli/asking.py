"""Ask the person at the terminal: passphrases, and a yes before something is changed."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from spectra_app.errors import NotConfirmedError

MOST = 4096


def passphrase_options(command: argparse.ArgumentParser) -> None:
    """Let a command read passphrases from elsewhere than the terminal."""
    command.add_argument(
        "--passphrase-file",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="read the passphrase from the first line of a file (give the option again for "
        "the next key) instead of asking for it",
    )
    command.add_argument(
        "--passphrase-fd",
        type=int,
        metavar="N",
        help="read passphrases from an open file descriptor, one line for each key",
    )


def asker(options: argparse.Namespace, *, twice: bool = False) -> Callable[[str], str]:
    """Return what gives the next passphrase: from the files, the descriptor, or the terminal."""
    files: Iterator[Path] = iter(options.passphrase_file)

    def ask(title: str) -> str:
        path = next(files, None)
        if path is not None:
            with path.open(encoding="utf-8") as file:
                return file.readline(MOST).rstrip("\r\n")
        if options.passphrase_fd is not None:
            return _line_of(options.passphrase_fd)
        if not sys.stdin.isatty():
            raise NotConfirmedError(
                f"{title} is needed, and there is no terminal to ask at",
                "",
                "give --passphrase-file or --passphrase-fd",
            )
        words = getpass.getpass(f"{title}: ")
        if twice and getpass.getpass("Again: ") != words:
            raise NotConfirmedError("the two passphrases differ", "", "start again")
        return words

    return ask


def _line_of(descriptor: int) -> str:
    """Read one line byte by byte, so that the next one is left for the next key."""
    line = b""
    while len(line) < MOST and (byte := os.read(descriptor, 1)) not in {b"", b"\n"}:
        line += byte
    return line.decode("utf-8").rstrip("\r")


def confirm(question: str, options: argparse.Namespace) -> None:
    """Ask for a yes, unless ``--yes`` was given.

    Raises
    ------
    NotConfirmedError
        When the answer is anything else, or nobody can be asked.
    """
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise NotConfirmedError(
            "this must be agreed to, and there is no terminal to ask at", "", "give --yes"
        )
    sys.stderr.write(f"{question} [yes/no] ")
    sys.stderr.flush()
    if input().strip().lower() not in {"yes", "y"}:
        raise NotConfirmedError("nobody agreed", "", "nothing was changed")


def yes_option(command: argparse.ArgumentParser) -> None:
    """Let a script agree beforehand."""
    command.add_argument("--yes", action="store_true", help="agree without being asked")
