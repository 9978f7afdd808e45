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
    run.add_argument("--processes", type=int, default=1)
    run.add_argument("--seconds", type=float, default=1800.0, help="limit for one molecule")
    run.add_argument("--again", action="store_true", help="try failed ones again")
    run.add_argument("--most", type=int, metavar="N", help="end after N structures of the queue")
    one = each.add_parser("one", help="calculate one structure")
    one.add_argument("--smiles", required=True)
    one.add_argument("--inchikey", required=True)
    fit = each.add_parser("fit", help="fit the factors of force constants")
    fit.add_argument("--out", type=Path, required=True, metavar="FACTORS.json")
    judge = each.add_parser("judge", help="say at which rank measured molecules are found")
    table = each.add_parser("table", help="write the table of lines from what is done")
    table.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    add = each.add_parser("add", help="add a structure to a station's own lines")
    add.add_argument("structure", help="a SMILES, or a name in the tables of substances")
    add.add_argument("--name", default="", help="what it is called")
    add.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    again = each.add_parser("recheck", help="calculate a sample again and compare")
    again.add_argument("--sample", type=int, default=60)
    again.add_argument("--draw", type=int, default=1, help="seed of the choice")
    again.add_argument("--processes", type=int, default=1)
    for command in (fit, judge):
        command.add_argument("--measured", type=Path, required=True, metavar="MANIFEST.csv")
    for command in (judge, table, add):
        command.add_argument("--factors", type=Path, required=True, metavar="FACTORS.json")
    for command in (run, one, fit, judge, table, add, again):
        command.add_argument("--work", type=Path, default=default_folder(), metavar="FOLDER")
    for command in (run, one, again):
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
    counts = run(jobs()[: asked.most], setting, _say)
    _say(json.dumps(counts))
    return 0


def _one(asked: Any) -> int:
    from library.calculated.run import one

    reason = one(asked.work, asked.smiles, asked.inchikey, asked.seed, asked.conformers)
    if reason:
        sys.stderr.write(f"{asked.inchikey}: {reason}\n")
    return 3 if reason else 0


def _fit(asked: Any) -> int:
    from library.calculated.judge import fit_sets
    from library.calculated.plan import jobs

    fit_sets(asked.work, jobs(), asked.measured, asked.out, _say)
    return 0


def _judge(asked: Any) -> int:
    from library.calculated.judge import judge
    from library.calculated.plan import jobs
    from library.calculated.table import read_factors

    figures = judge(asked.work, jobs(), asked.measured, read_factors(asked.factors))
    _say(json.dumps(figures, indent=1))
    return 0


def _table(asked: Any) -> int:
    from library.calculated.drawn import write_structures
    from library.calculated.plan import jobs
    from library.calculated.table import read_factors, write_table

    done, failed = write_table(asked.out, asked.work, jobs(), read_factors(asked.factors))
    write_structures(asked.out, jobs())
    _say(f"{done} structures written, {failed} failed")
    return 0


def _add(asked: Any) -> int:
    from library.calculated.adding import add
    from library.calculated.errors import CalculationError
    from library.calculated.table import read_factors

    try:
        factors = read_factors(asked.factors)
        job = add(asked.structure, asked.name, asked.out, asked.work, factors)
    except CalculationError as error:
        sys.stderr.write(f"{asked.structure}: {error}\n")
        return 3
    _say(json.dumps({"name": job.name, "inchikey": job.inchikey, "smiles": job.smiles}))
    return 0


def _recheck(asked: Any) -> int:
    from library.calculated.plan import jobs
    from library.calculated.recheck import recheck
    from library.calculated.run import Setting

    setting = Setting(asked.work, asked.seed, asked.conformers, asked.processes)
    found = recheck(jobs(), setting, asked.sample, asked.draw, _say)
    same = sum(one.same_bytes for one in found)
    far = max((one.largest_cm1 for one in found), default=0.0)
    _say(f"{same} of {len(found)} gave the same bytes; lines moved by at most {far:.2f} cm-1")
    return 0 if far <= 0.5 else 4


COMMANDS: dict[str, Callable[[Any], int]] = {
    "draw": _draw,
    "run": _run,
    "one": _one,
    "fit": _fit,
    "judge": _judge,
    "table": _table,
    "add": _add,
    "recheck": _recheck,
}

if __name__ == "__main__":
    sys.exit(main())
