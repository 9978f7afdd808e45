"""Ask the person at the terminal: passphrases, and a yes before something is changed."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from spectra_app.cli.arguments import positive
from spectra_app.errors import EXIT_OK, NotConfirmedError

MOST = 4096


def installing_options(installing: argparse.ArgumentParser, file: str) -> None:
    """Give what installs a signed file its options."""
    installing.add_argument("file", type=Path, metavar=file)
    installing.add_argument(
        "--reason",
        default="",
        metavar="TEXT",
        help="why something older is installed, or past results were not looked at",
    )
    installing.add_argument(
        "--by", default="", metavar="NAME", help="who asked for that, where nobody logs in"
    )
    yes_option(installing)


def signing_options(
    packing: argparse.ArgumentParser, signing: argparse.ArgumentParser, file: str
) -> None:
    """Give what packs a signed file, and what adds a second signature, their common options."""
    packing.add_argument("--key", type=Path, required=True, metavar="A.pem")
    packing.add_argument("--cosign", type=Path, metavar="B.pem", help="key of the second person")
    packing.add_argument("--out", type=Path, required=True, metavar=file)
    packing.add_argument(
        "--expires", type=positive, default=365, metavar="DAYS", help="days it may be installed"
    )
    signing.add_argument("file", type=Path, metavar=file)
    signing.add_argument("--key", type=Path, required=True, metavar="KEY.pem")
    for action in (packing, signing):
        passphrase_options(action)


def signing_keys(options: argparse.Namespace) -> list[Any]:
    """Open the key of who packs, and that of the second person where it is given."""
    from spectra_app.services.keys import open_private

    ask = asker(options)
    paths = [options.key, *([options.cosign] if options.cosign else [])]
    return [open_private(path, ask) for path in paths]


def cosigned(options: argparse.Namespace, cosign: Callable[[Path, Any], Any]) -> int:
    """Add a second signature to a file, and say how many it has."""
    from spectra_app.services.keys import open_private

    done = cosign(options.file, open_private(options.key, asker(options)))
    print(f"{options.file}: {len(done.signatures)} signatures")
    return EXIT_OK


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
            return first_line(path)
        if options.passphrase_fd is not None:
            return line_of(options.passphrase_fd)
        return typed(title, "give --passphrase-file or --passphrase-fd", twice=twice)

    return ask


def typed(title: str, otherwise: str, *, twice: bool = False) -> str:
    """Return secret words typed at the terminal, unseen.

    Raises
    ------
    NotConfirmedError
        When there is no terminal - then the remedy is `otherwise` - or the two differ.
    """
    if not sys.stdin.isatty():
        raise NotConfirmedError(
            f"{title} is needed, and there is no terminal to ask at", "", otherwise
        )
    words = getpass.getpass(f"{title}: ")
    if twice and getpass.getpass("Again: ") != words:
        raise NotConfirmedError("the two differ", "", "start again")
    return words


def first_line(path: Path) -> str:
    """Return the secret words in the first line of a file."""
    with path.open(encoding="utf-8") as file:
        return file.readline(MOST).rstrip("\r\n")


def line_of(descriptor: int) -> str:
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
