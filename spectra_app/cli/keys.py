"""``spectra library keys new|list|trust|revoke|rotate``: arguments and what they do."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.arguments import new
from spectra_app.cli.asking import asker, confirm, passphrase_options, yes_option
from spectra_app.cli.terminal import print_json
from spectra_app.errors import EXIT_OK, NotConfirmedError

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands
    from spectra_app.services.keys import PublicKey, Signed, Trust


def add(actions: Commands) -> None:
    """Add the action ``keys`` with its own actions."""
    group = new(actions, "keys", "make keys, and say which ones this station trusts")
    keys = group.add_subparsers(dest="keys_action", metavar="ACTION", required=True)
    making = new(keys, "new", "make a key pair: an encrypted private file and a public one")
    making.add_argument("--person", required=True, metavar="NAME", help="who will hold the key")
    making.add_argument("--out", type=Path, required=True, metavar="KEY.pem")
    passphrase_options(making)
    making.set_defaults(run=make)
    listing = new(keys, "list", "list the keys this station trusts or has revoked")
    listing.add_argument("--json", action="store_true", help="print one JSON object per key")
    listing.set_defaults(run=show)
    trusting = new(keys, "trust", "trust public keys (the first time), or a signed list of keys")
    trusting.add_argument("files", nargs="+", type=Path, metavar="KEY.pub|LIST.json")
    yes_option(trusting)
    trusting.set_defaults(run=trust)
    _revoke(keys)
    _rotate(keys)


def _revoke(keys: Commands) -> None:
    revoking = new(
        keys, "revoke", "stop trusting a key: here at once, or everywhere by a signed list"
    )
    revoking.add_argument("key", metavar="KEY", help="the first digits of its id")
    revoking.add_argument("--reason", required=True, metavar="TEXT")
    revoking.add_argument("--by", required=True, metavar="NAME", help="who asked for it")
    _list_options(revoking, required=False)
    revoking.set_defaults(run=revoke)


def _rotate(keys: Commands) -> None:
    rotating = new(
        keys,
        "rotate",
        "make the next list of trusted keys, or sign one: holders of old and new keys sign",
    )
    rotating.add_argument(
        "--sign-list", type=Path, metavar="LIST.json", help="sign this list, made elsewhere"
    )
    rotating.add_argument(
        "--add", type=Path, action="append", default=[], metavar="KEY.pub", help="a new key"
    )
    rotating.add_argument(
        "--drop", action="append", default=[], metavar="KEY", help="a key that is not used any more"
    )
    _list_options(rotating, required=True)
    rotating.set_defaults(run=rotate)


def _list_options(command: argparse.ArgumentParser, *, required: bool) -> None:
    command.add_argument(
        "--key", type=Path, action="append", default=[], metavar="KEY.pem", help="sign with it"
    )
    command.add_argument("--out", type=Path, required=required, metavar="LIST.json")
    passphrase_options(command)


def make(options: argparse.Namespace) -> int:
    """Make a key pair."""
    from spectra_app.services.keys import make_key

    key = make_key(options.out, options.person, asker(options, twice=True))
    print(f"wrote {options.out} (private, encrypted) and {options.out.with_suffix('.pub')}")
    print(f"{_title(key)}\nkey id {key.id}")
    print("Keep the private file and its passphrase apart; give the public file to the stations.")
    return EXIT_OK


def _title(key: PublicKey) -> str:
    return f"{key.person}: {_grouped(key.id)}"


def _grouped(key: str) -> str:
    return " ".join(key[place : place + 4] for place in range(0, 16, 4))


def show(options: argparse.Namespace) -> int:
    """List the keys."""
    from spectra_app.services.keys import key_rows
    from spectra_app.services.station import Station

    for row in key_rows(Station()):
        if options.json:
            print_json(row)
            continue
        gone = row["revoked"]
        until = row.get("valid_until", "9999")
        state = "trusted" if until.startswith("9999") else f"until {until}"
        if gone:
            state = f"REVOKED {gone['since'][:10]}: {gone['reason']}"
        print(f"{_grouped(row['key'])}  {row['person'] or '(not in the list any more)':30} {state}")
    return EXIT_OK


def trust(options: argparse.Namespace) -> int:
    """Show what would be trusted, ask, and store it."""
    from spectra_app.services.keys import proposed, take_in
    from spectra_app.services.station import Station, now_utc

    station, now = Station(), now_utc()
    wanted = proposed(options.files, station, now)
    _print_trust(wanted)
    confirm("Compare the ids with their holders, by telephone for example. Trust them?", options)
    take_in(options.files, wanted, station, now)
    print("trusted")
    return EXIT_OK


def _print_trust(wanted: Trust) -> None:
    print(f"List of trusted keys, version {wanted.root.version}:")
    for key in wanted.root.keys:
        until = "" if key.valid_until.startswith("9999") else f"  until {key.valid_until}"
        print(f"  {key.id}  {key.person}{until}")
    for gone in wanted.root.revoked:
        print(f"  {gone.key}  REVOKED {gone.since[:10]}: {gone.reason}")


def revoke(options: argparse.Namespace) -> int:
    """Revoke a key on this station, or make a list that revokes it everywhere."""
    from spectra_app.services import keys as service
    from spectra_app.services.station import Station, now_utc

    station, now = Station(), now_utc()
    if options.out is None:
        key = service.revoke_here(
            options.key, station, reason=options.reason, by=options.by, now=now
        )
        print(f"revoked on this station: {key}")
        if service.in_use(key, station):
            print(
                "The library in use was signed with it: install a release signed with other keys, "
                "or go back with 'spectra library rollback'."
            )
        return EXIT_OK
    draft = service.revoking_root(options.key, station, reason=options.reason, now=now)
    return _signed(draft, options, options.out)


def rotate(options: argparse.Namespace) -> int:
    """Make or sign a list of trusted keys."""
    from spectra_app.services import keys as service
    from spectra_app.services.station import Station, now_utc

    if options.sign_list is not None:
        if options.add or options.drop:
            raise NotConfirmedError(
                "a list that is signed cannot be changed", "--sign-list", "leave --add and --drop"
            )
        return _signed(service.read_root(options.sign_list), options, options.out)
    added = [service.read_public(path) for path in options.add]
    draft = service.next_root(Station(), add=added, drop=options.drop, now=now_utc())
    return _signed(draft, options, options.out)


def _signed(draft: Signed, options: argparse.Namespace, out: Path) -> int:
    """Sign a list with the keys given, write it, and say what is still missing."""
    from spectra_app.services import keys as service
    from spectra_app.services.station import Station, now_utc

    ask = asker(options)
    keys = [service.open_private(path, ask) for path in options.key]
    signed = service.sign_root(out, draft, keys)
    missing = service.still_missing(signed, Station(), now_utc())
    print(f"wrote {out} with {len(signed.signatures)} signatures")
    print(f"not yet complete: {missing}" if missing else "complete: stations can take it in")
    return EXIT_OK
