"""``spectra policy``: which thresholds are in force here, and their change by two persons."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.arguments import new
from spectra_app.cli.terminal import print_json
from spectra_app.cli.who import second_options, second_signed_in, signed_in, who_options
from spectra_app.errors import EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands


def add(commands: Commands) -> None:
    """Add the command ``policy`` with its actions."""
    group = new(commands, "policy", "show or change the thresholds in force at this station")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True)
    showing = new(actions, "show", "show which policy is in force, and who put it there")
    who_options(showing)
    showing.add_argument("--json", action="store_true", help="print one JSON object")
    showing.set_defaults(run=show)
    changing = new(actions, "change", "put a policy in force: an act of two persons")
    which = changing.add_mutually_exclusive_group(required=True)
    which.add_argument("--file", type=Path, metavar="POLICY.json")
    which.add_argument(
        "--shipped", action="store_true", help="the one that came with the program again"
    )
    changing.add_argument("--reason", required=True, metavar="TEXT")
    who_options(changing)
    second_options(changing)
    changing.set_defaults(run=change)


def show(options: argparse.Namespace) -> int:
    """Show which policy is in force."""
    from spectra_app.services.policies import policy_in_force
    from spectra_app.services.thresholds import show_policy

    with signed_in(options) as (office, session):
        changed = show_policy(office, session)
        policy = policy_in_force(office.folder)
    if options.json:
        by = [changed.changed_by, changed.agreed_by] if changed else []
        reason = changed.reason if changed else ""
        print_json(
            {"version": policy.version, "sha256": policy.hash, "changed_by": by, "reason": reason}
        )
        return EXIT_OK
    print(f"policy version {policy.version}, {policy.hash}")
    if changed is None:
        print("as it came with the program")
    else:
        print(f"put in force by {changed.changed_by} and {changed.agreed_by}: {changed.reason}")
    return EXIT_OK


def change(options: argparse.Namespace) -> int:
    """Put a policy in force."""
    from spectra_app.services.thresholds import change_policy

    with (
        signed_in(options) as (office, session),
        second_signed_in(office, options) as second,
    ):
        changed = change_policy(office, session, second, options.file, options.reason)
    print(f"policy version {changed.version} is in force for every scan from now on")
    return EXIT_OK
