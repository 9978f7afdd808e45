"""``spectra notices``: alerts and handling advice, and signed tables of them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.arguments import new
from spectra_app.cli.asking import (
    confirm,
    cosigned,
    installing_options,
    signing_keys,
    signing_options,
)
from spectra_app.cli.terminal import print_json
from spectra_app.cli.who import one_of_station, signed_in, station_options, who_options
from spectra_app.errors import EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands

KINDS = ("alerts", "advice")
FILE = "FILE.spectra-notices"


def add(commands: Commands) -> None:
    """Add the command with its actions; each knows what runs it."""
    group = new(commands, "notices", "alerts about cases, and handling advice")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True)
    asking = new(actions, "case", "show the alerts met in a case, and advice for what is in it")
    asking.add_argument("case", metavar="CASE")
    asking.add_argument("--language", default="en", metavar="CODE", help="of advice; default: en")
    asking.add_argument("--json", action="store_true", help="print one JSON object")
    who_options(asking)
    asking.set_defaults(run=of_case)
    showing = new(actions, "show", "show the table in use, with sources and reviews")
    showing.add_argument("kind", choices=KINDS)
    showing.add_argument("--json", action="store_true", help="print one JSON object")
    showing.set_defaults(run=show)
    checking = new(actions, "verify", "check a signed table")
    checking.add_argument("file", type=Path, metavar=FILE)
    checking.set_defaults(run=verify)
    installing = new(actions, "install", "check a signed table and install it")
    installing_options(installing, FILE)
    station_options(installing)
    installing.set_defaults(run=install)
    _making(actions)


def _making(actions: Commands) -> None:
    packing = new(actions, "pack", "write a signed file of a table")
    packing.add_argument("kind", choices=KINDS)
    packing.add_argument("table", type=Path, metavar="TABLE.json")
    packing.set_defaults(run=pack)
    signing = new(actions, "cosign", "sign a file that another person packed")
    signing.set_defaults(run=cosign)
    signing_options(packing, signing, FILE)


def of_case(options: argparse.Namespace) -> int:
    """Show the alerts and advice of a case."""
    from spectra_app.services.case_alerts import case_guidance

    with signed_in(options) as (office, session):
        found = case_guidance(office, session, options.case, options.language)
    if options.json:
        print_json(found.to_json())
        return EXIT_OK
    print("\n".join(found.lines()) or "no alert of the tables is met")
    for title, sha256, origin in found.tables:
        print(f"{title} ({origin}), sha256 {sha256}")
    return EXIT_OK


def show(options: argparse.Namespace) -> int:
    """Show the table in use."""
    from spectra_app.services.notices import in_use

    used = in_use(options.kind)
    if options.json:
        print_json(used.to_json())
    else:
        print("\n".join(used.lines()))
    return EXIT_OK


def verify(options: argparse.Namespace) -> int:
    """Check a signed table."""
    from spectra_app.services import notices as service
    from spectra_app.services.station import Station, now_utc

    found = service.verify(options.file, Station(), now_utc())
    print(*service.signed_lines(*found), sep="\n")
    print("every signature is right")
    return EXIT_OK


def install(options: argparse.Namespace) -> int:
    """Check, show, ask, install."""
    from spectra_app.services import notices as service
    from spectra_app.services.station import Station, now_utc
    from spectra_app.services.station_install import install_here, propose

    station, now, file = Station(), now_utc(), options.file
    with one_of_station(options) as user:
        offer = propose(*user, file, kind="notices") if user is not None else None
        confirm(f"Install {file}?", options)
        if user is None or offer is None:
            service.install(file, station, now, reason=options.reason, by=options.by)
        else:
            install_here(*user, offer, reason=options.reason)
        found = service.verify(file, station, now, older=True)
    print(*service.signed_lines(*found), "installed", sep="\n")
    return EXIT_OK


def pack(options: argparse.Namespace) -> int:
    """Write a signed file."""
    from spectra_app.services import notices as service
    from spectra_app.services.station import now_utc

    keys, days = signing_keys(options), options.expires
    done = service.pack_file(
        options.kind, options.table, options.out, keys, now=now_utc(), days=days
    )
    print(f"wrote {options.out}: {len(done.signatures)} signatures")
    return EXIT_OK


def cosign(options: argparse.Namespace) -> int:
    """Add a second signature."""
    from spectra_app.services import notices as service

    return cosigned(options, service.cosign)
