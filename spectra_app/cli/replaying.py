"""``spectra case replay|recheck``: past results computed again, as they were made or as of now."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra_app.cli.casework import action
from spectra_app.cli.terminal import print_json, progress_bar
from spectra_app.cli.who import signed_in
from spectra_app.errors import EXIT_ARGUMENTS, EXIT_INTEGRITY, EXIT_OK, EXIT_REFUSED

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands
    from spectra_app.services.recheck_cases import Rechecked
    from spectra_app.services.replay import Replay, Replayed

LEFT_OUT = "scans that you may not see, if there are any, are not among them"
SHOWN = 20


def add(actions: Commands) -> None:
    """Add the actions; each knows what runs it."""
    replaying = action(
        actions,
        "replay",
        "compute past results again from their evidence, as they were made",
        replay,
    )
    replaying.add_argument(
        "what",
        nargs="?",
        default="",
        metavar="SCAN|CASE|B-...",
        help="number of a scan, a case, or a bundle that was taken in",
    )
    replaying.add_argument("--all", action="store_true", help="all scans")
    replaying.add_argument(
        "--library",
        type=Path,
        action="append",
        default=[],
        metavar="LIB.h5",
        help="a library that is not installed here; may be given several times",
    )
    checking = action(
        actions,
        "recheck",
        "say which past verdicts would be others now; nothing is changed",
        recheck,
    )
    checking.add_argument(
        "--library", type=Path, metavar="NEW.h5", help="default: the installed library"
    )
    checking.add_argument(
        "--policy", type=Path, metavar="FILE", help="default: the policy in force"
    )
    checking.add_argument("--out", type=Path, metavar="CHANGES.csv", help="write them as a table")


def replay(options: argparse.Namespace) -> int:
    """Compute results again and compare them with those kept."""
    from spectra_app.services.bundles.replaying import replay_imported
    from spectra_app.services.replay import replay as replay_own

    if bool(options.what) == options.all:
        sys.stderr.write("spectra: name one scan or case, or give --all\n")
        return EXIT_ARGUMENTS
    computed = replay_imported if options.what.startswith("B-") else replay_own
    with signed_in(options) as (office, session):
        done = computed(
            office,
            session,
            options.what,
            libraries=options.library,
            progress=progress_bar("replay"),
        )
    _print_replay(done, as_json=options.json)
    return _exit_code(done)


def _print_replay(done: Replay, *, as_json: bool) -> None:
    from spectra_app.services.replay import worst_first

    if as_json:
        for one in done.results:
            print_json(_as_json(one))
        return
    for one in worst_first(done.results):
        print(f"{one.scan}  {one.outcome}: {one.state.value}  ({one.name})")
        if one.compared:
            print(f"    compared: {one.compared}")
        for words in one.environment:
            print(f"    other than then: {words}")
        if one.difference is not None:
            where = one.difference
            print(f"    first difference: {where.path}: {where.before} -> {where.now}")
        if one.why:
            print(f"    {one.why}")
    counts = ", ".join(f"{state.value} {count}" for state, count in done.counts.items())
    print(f"{len(done.results)} scans" + (f": {counts}" if counts else ""))
    if not done.all_seen:
        print(LEFT_OUT)


def _as_json(one: Replayed) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(one), "state": one.state.name.lower()}


def _exit_code(done: Replay) -> int:
    from spectra_app.services.agreement import State

    if done.counts[State.DIFFERS] or done.counts[State.DAMAGED]:
        return EXIT_INTEGRITY
    return EXIT_REFUSED if done.counts[State.IMPOSSIBLE] else EXIT_OK


def recheck(options: argparse.Namespace) -> int:
    """Identify all past scans again and list the verdicts that would be others."""
    from spectra_app.services.recheck_cases import recheck_scans, write_table

    with signed_in(options) as (office, session):
        done = recheck_scans(
            office,
            session,
            library=options.library,
            policy=options.policy,
            progress=progress_bar("recheck"),
        )
    if options.out is not None:
        write_table(done, options.out)
    _print_recheck(done, options)
    return EXIT_OK


def _print_recheck(done: Rechecked, options: argparse.Namespace) -> None:
    from dataclasses import asdict

    if options.json:
        print_json(asdict(done))
        return
    again = f" ({done.earlier} of them by an earlier run)" if done.earlier else ""
    print(f"{len(done.changed)} of {done.scans} verdicts would be others{again}")
    shown = len(done.changed) if options.out is None else SHOWN
    for one in done.changed[:shown]:
        before, after = one["before"], one["after"]
        place = f"  {one['case']}" if one["case"] else ""
        print(f"  {one['change']}: {one['scan']}{place}  {_verdict(before)} -> {_verdict(after)}")
        print(f"    {one['file']}, because of: {one['because']}")
    if len(done.changed) > shown:
        print(f"  ... and {len(done.changed) - shown} more in {options.out}")
    if done.not_done:
        print(f"{len(done.not_done)} could not be identified again:")
        for one in done.not_done:
            print(f"  {one['scan']}: {one['why']}")
    if not done.all_seen:
        print(LEFT_OUT)


def _verdict(one: dict[str, Any]) -> str:
    names = " + ".join(one["names"]) or "nothing named"
    return f"{one['outcome']} [{one['alarm']}] {names}"
