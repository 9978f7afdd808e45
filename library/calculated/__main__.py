"""Calculated Raman lines and structure drawings: rebuild the tables, or add a structure."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from library.calculated.work import default_folder


def parser() -> argparse.ArgumentParser:
    """Return the commands and their arguments."""
    commands = argparse.ArgumentParser(prog="python -m library.calculated", description=__doc__)
    each = commands.add_subparsers(dest="command", required=True)
    draw = each.add_parser("draw", help="make the table of structure drawings")
    draw.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    run = each.add_parser("run", help="calculate all structures that are not yet done")
    run.add_argument("--first", type=Path, metavar="CSV", help="structures that come first")
    run.add_argument("--processes", type=int, default=1)
    run.add_argument("--seconds", type=float, default=1800.0, help="limit for one molecule")
    run.add_argument("--again", action="store_true", help="try failed ones again")
    run.add_argument("--most", type=int, metavar="N", help="end after N structures of the queue")
    one = each.add_parser("one", help="calculate one structure")
    one.add_argument("--smiles", required=True)
    one.add_argument("--inchikey", required=True)
    for command in (run, one):
        command.add_argument("--work", type=Path, default=default_folder(), metavar="FOLDER")
        command.add_argument("--seed", type=int, default=20261122)
        command.add_argument("--conformers", type=int, default=1)
    return commands


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code: 0, or 3 when a structure cannot be calculated."""
    asked = parser().parse_args(arguments)
    return COMMANDS[asked.command](asked)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _draw(asked: Any) -> int:
    from library.calculated.draw import draw_all

    _say(json.dumps(draw_all(asked.out), indent=2))
    return 0


def _run(asked: Any) -> int:
    from library.calculated.plan import jobs
    from library.calculated.run import Setting, run

    setting = Setting(
        asked.work, asked.seed, asked.conformers, asked.processes, asked.seconds, asked.again
    )
    counts = run(jobs(asked.first)[: asked.most], setting, _say)
    _say(json.dumps(counts))
    return 0


def _one(asked: Any) -> int:
    from library.calculated.run import one

    reason = one(asked.work, asked.smiles, asked.inchikey, asked.seed, asked.conformers)
    if reason:
        sys.stderr.write(f"{asked.inchikey}: {reason}\n")
    return 3 if reason else 0


COMMANDS: dict[str, Callable[[Any], int]] = {"draw": _draw, "run": _run, "one": _one}

if __name__ == "__main__":
    sys.exit(main())
