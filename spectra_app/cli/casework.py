"""What the actions of ``spectra case`` share: who asks, and how the result is told."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from spectra_app.cli.arguments import new
from spectra_app.cli.terminal import print_json
from spectra_app.cli.who import who_options
from spectra_app.errors import EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands


def action(
    actions: Commands, name: str, text: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    """Add an action of a user, with ``--json``."""
    command = new(actions, name, text)
    who_options(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)
    return command


def plain(value: Any) -> Any:
    """Return records as JSON knows them."""
    import msgspec

    return msgspec.to_builtins(value)


def told(options: argparse.Namespace, value: Any, text: str) -> int:
    """Print the result: as JSON, or in words."""
    if options.json:
        print_json(plain(value))
    else:
        print(text)
    return EXIT_OK
