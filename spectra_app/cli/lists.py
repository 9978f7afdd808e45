"""``spectra lists show|install|verify|history|pack|cosign``: arguments and what they do."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra_app.cli.arguments import day, new
from spectra_app.cli.asking import (
    confirm,
    cosigned,
    installing_options,
    signing_keys,
    signing_options,
)
from spectra_app.cli.terminal import print_json
from spectra_app.cli.who import one_of_station, station_options
from spectra_app.errors import EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands
    from spectra_app.services.lists import Checked

FILE = "FILE.spectra-lists"


def add(commands: Commands) -> None:
    """Add the command with its actions; each knows what runs it."""
    group = new(commands, "lists", "look at control lists, and replace them by signed ones")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True)
    showing = new(actions, "show", "show the control lists in use, and which are past their age")
    showing.add_argument("--date", type=day, metavar="YYYY-MM-DD", help="default: today")
    showing.set_defaults(run=show)
    installing = new(actions, "install", "check a signed file of control lists and install it")
    installing_options(installing, FILE)
    station_options(installing)
    installing.set_defaults(run=install)
    checking = new(actions, "verify", "check a signed file, or the lists in use")
    checking.add_argument("file", type=Path, nargs="?", metavar=FILE)
    checking.set_defaults(run=verify)
    past = new(actions, "history", "show what was installed, when, by whom and why")
    past.set_defaults(run=history)
    for action in (showing, installing, checking, past):
        action.add_argument("--json", action="store_true", help="print JSON")
    _making(actions)


def _making(actions: Commands) -> None:
    packing = new(actions, "pack", "write a signed file of the tables in a folder")
    packing.add_argument("folder", type=Path, metavar="FOLDER")
    packing.add_argument("--edition", type=day, required=True, metavar="YYYY-MM-DD")
    packing.add_argument("--title", required=True, metavar="TEXT")
    packing.set_defaults(run=pack)
    signing = new(actions, "cosign", "sign a file of control lists that another person packed")
    signing.set_defaults(run=cosign)
    signing_options(packing, signing, FILE)


def show(options: argparse.Namespace) -> int:
    """Show the lists in use."""
    from spectra_app.services import lists as service

    on = options.date or date.today()
    used = service.in_use()
    rows = [
        {
            "list": one.instrument,
            "jurisdiction": one.jurisdiction,
            "edition": one.edition,
            "read_to": one.read_to.isoformat(),
            "age_days": one.age_on(on),
            "past_age": one.past_age(on),
            "complete": one.complete,
            "remarks": one.remarks,
        }
        for one in used.lists.lists.values()
    ]
    if options.json:
        whole: dict[str, Any] = {"title": used.title, "edition": used.edition.isoformat()}
        print_json({**whole, "sha256": used.sha256, "date": on.isoformat(), "lists": rows})
        return EXIT_OK
    print(f"{used.title}, edition {used.edition}\nsha256 {used.sha256}")
    for row in rows:
        old = "  PAST ITS AGE LIMIT" if row["past_age"] else ""
        print(f"{row['list']} ({row['jurisdiction']}): read to {row['read_to']}{old}")
        print(f"  {row['edition']}" + (f"; {row['remarks']}" if row["remarks"] else ""))
    return EXIT_OK


def verify(options: argparse.Namespace) -> int:
    """Check a file, or what is installed."""
    from spectra_app.services import lists as service
    from spectra_app.services.station import Station, now_utc

    station = Station()
    path = options.file or service.in_use().path
    service.history()
    if path is None:
        if options.json:
            print_json({"installed": None})
        else:
            print("no signed lists are installed; those shipped with the program are in use")
        return EXIT_OK
    found = service.verify(path, station, now_utc(), installed=options.file is None)
    _print(found, options, installed=False)
    if not options.json:
        print("every signature and every hash is right")
    return EXIT_OK


def install(options: argparse.Namespace) -> int:
    """Check, show what changes, ask, install."""
    from spectra_app.services import lists as service
    from spectra_app.services.station import Station, now_utc
    from spectra_app.services.station_install import install_here, may_install, propose

    station, now, file = Station(), now_utc(), options.file
    with one_of_station(options) as user:
        if user is not None:
            may_install(*user)
        found = service.verify(file, station, now)
        if not options.json:
            _print(found, options, installed=False)
        confirm("Install these lists?", options)
        if user is None:
            service.install(file, station, now, reason=options.reason, by=options.by)
        else:
            install_here(*user, propose(*user, file, kind="lists"), reason=options.reason)
    if options.json:
        _print(found, options, installed=True)
    else:
        print(f"installed: {found.pack.manifest['title']}, edition {found.pack.edition}")
    return EXIT_OK


def _print(found: Checked, options: argparse.Namespace, *, installed: bool) -> None:
    manifest = found.pack.manifest
    signers = [key.title for key in found.statement.signers]
    words = [one.words for one in found.changes]
    if options.json:
        print_json(
            {
                "title": manifest["title"],
                "edition": manifest["edition"],
                "created": manifest["created"],
                "expires": manifest["expires"],
                "signers": signers,
                "changes": words,
                "goes_back": list(found.goes_back),
                "installed": installed,
            }
        )
        return
    print(f"{manifest['title']}, edition {manifest['edition']}, made {manifest['created'][:10]}")
    for text in (*(f"signed by {one}" for one in signers), *words):
        print(f"  {text}")
    for text in found.goes_back:
        print(f"  NEEDS A REASON: {text}")


def history(options: argparse.Namespace) -> int:
    """Show what was done."""
    from dataclasses import asdict

    from spectra_app.services import lists as service

    acts = service.history()
    for act in acts:
        if options.json:
            print_json(asdict(act))
            continue
        told = act.details
        why = f"; reason: {told['reason']} ({told['by']})" if told["reason"] else ""
        signed = ", ".join(told["signers"])
        print(f"{act.time}  {act.act}: {told['title']}, edition {told['edition']}{why}")
        print(f"  signed by {signed}; in place of edition {told['replaced_edition']}")
    if not acts and not options.json:
        print("nothing was installed yet; the lists shipped with the program are in use")
    return EXIT_OK


def pack(options: argparse.Namespace) -> int:
    """Write a signed file."""
    from spectra_app.services import lists as service
    from spectra_app.services.station import now_utc

    done = service.pack_folder(
        options.folder,
        options.out,
        signing_keys(options),
        edition=options.edition,
        title=options.title,
        now=now_utc(),
        days=options.expires,
    )
    count = len(done.signed.signatures)
    print(f"wrote {options.out}: {options.title}, edition {options.edition}, {count} signatures")
    return EXIT_OK


def cosign(options: argparse.Namespace) -> int:
    """Add a second signature."""
    from spectra_app.services import lists as service

    return cosigned(options, lambda file, key: service.cosign(file, key).signed)
