"""The command line of the tools: ``python -m library.calculated draw|...``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def parser() -> argparse.ArgumentParser:
    """Return the commands and their arguments."""
    commands = argparse.ArgumentParser(prog="python -m library.calculated", description=__doc__)
    each = commands.add_subparsers(dest="command", required=True)
    draw = each.add_parser("draw", help="make the table of structure drawings")
    draw.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    return commands


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code."""
    asked = parser().parse_args(arguments)
    from library.calculated.draw import draw_all

    sys.stdout.write(json.dumps(draw_all(asked.out), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
