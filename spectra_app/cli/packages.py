"""``spectra library release|cosign|install|rollback``, and ``verify`` of packages."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra_app.cli.arguments import new, positive
from spectra_app.cli.asking import (
    asker,
    confirm,
    passphrase_options,
    signing_keys,
    yes_option,
)
from spectra_app.cli.terminal import print_json, progress_bar
from spectra_app.cli.who import one_of_station, station_options, two_of_station
from spectra_app.errors import EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands
    from spectra_app.services.installing import Statement


def add(actions: Commands) -> None:
    """Add the actions."""
    _release(actions)
    cosigning = new(actions, "cosign", "sign a package that another person released")
    cosigning.add_argument("package", type=Path, metavar="PACKAGE")
    cosigning.add_argument("--key", type=Path, required=True, metavar="KEY.pem")
    passphrase_options(cosigning)
    station_options(cosigning)
    yes_option(cosigning)
    cosigning.set_defaults(run=cosign)
    installing = new(actions, "install", "check a package, show what would change, and install it")
    installing.add_argument("package", type=Path, metavar="PACKAGE")
    installing.add_argument(
        "--results",
        type=Path,
        metavar="FOLDER",
        help="results of this station (JSON lines): which of them would change is shown first",
    )
    installing.add_argument(
        "--reason", default="", metavar="TEXT", help="why past results were not looked at"
    )
    installing.add_argument("--json", action="store_true", help="print one JSON object")
    station_options(installing)
    yes_option(installing)
    installing.set_defaults(run=install)
    back = new(actions, "rollback", "go back to a library that was in use before")
    back.add_argument("--reason", required=True, metavar="TEXT")
    back.add_argument("--by", required=True, metavar="NAME", help="who asked for it")
    back.add_argument(
        "--to", type=positive, default=0, metavar="N", help="number of the release (default: last)"
    )
    back.add_argument("--json", action="store_true", help="print one JSON object")
    station_options(back)
    yes_option(back)
    back.set_defaults(run=rollback)


def _release(actions: Commands) -> None:
    releasing = new(actions, "release", "write a signed package of a library's released entries")
    releasing.add_argument("library", type=Path, metavar="LIB.h5")
    releasing.add_argument("--key", type=Path, required=True, metavar="A.pem")
    releasing.add_argument(
        "--cosign", type=Path, metavar="B.pem", help="key of the second person; or later: cosign"
    )
    releasing.add_argument("--out", type=Path, required=True, metavar="PACKAGE")
    releasing.add_argument(
        "--expires", type=positive, default=365, metavar="DAYS", help="days it may be installed"
    )
    releasing.add_argument("--notes", default="", metavar="TEXT", help="release notes")
    releasing.add_argument("--name", default="", help="name of the line of releases")
    # not --version: abbreviations of it are taken for the program's own
    releasing.add_argument("--label", default="", metavar="TEXT", help="version, for people")
    releasing.add_argument(
        "--sequence", type=positive, default=0, metavar="N", help="number (default: the next one)"
    )
    releasing.add_argument("--json", action="store_true", help="print one JSON object")
    passphrase_options(releasing)
    station_options(releasing, second=True)
    releasing.set_defaults(run=release)


def release(options: argparse.Namespace) -> int:
    """Write a package."""
    from spectra_app.services import releasing as service
    from spectra_app.services.station import Station, now_utc
    from spectra_app.services.station_release import release_here

    keys = signing_keys(options)
    wanted = service.Wanted(
        options.notes, options.expires, options.name, options.label, options.sequence
    )
    source, out, now = options.library, options.out, now_utc()
    with two_of_station(options) as users:
        if users is None:
            done = service.release(source, out, keys, wanted, station=Station(), now=now)
        else:
            done = release_here(*users, source, out, keys=keys, wanted=wanted, now=now)
    if options.json:
        print_json({**summary(done.manifest), "left_out": done.left_out, "missing": done.missing})
        return EXIT_OK
    print(f"wrote {done.path}: {title(done.manifest)}")
    if done.left_out:
        counts = ", ".join(f"{count:,} {status}" for status, count in done.left_out.items())
        print(f"  left out, not released or replaced by a later version: {counts}")
    print(f"  {readiness(done.missing)}")
    return EXIT_OK


def cosign(options: argparse.Namespace) -> int:
    """Add a second signature."""
    from spectra_app.services import releasing as service
    from spectra_app.services.keys import open_private
    from spectra_app.services.station import Station, now_utc
    from spectra_app.services.station_release import cosign_here

    station, now = Station(), now_utc()
    package = service.checked_so_far(options.package, station, now)
    print(title(package.manifest))
    print(package.notes)
    confirm("Sign this release?", options)
    key = open_private(options.key, asker(options))
    with one_of_station(options) as users:
        if users is None:
            missing = service.cosign(package, key, station=station, now=now)
        else:
            missing = cosign_here(*users, package, key, now=now)
    print(readiness(missing))
    return EXIT_OK


def readiness(missing: str) -> str:
    """Return whether stations can install a package, or what it lacks as far as is known here."""
    from spectra_app.services.releasing import UNCHECKED

    if missing == UNCHECKED:
        return f"signatures not checked: {missing}"
    return f"not yet complete: {missing}" if missing else "complete: stations can install it"


def title(manifest: dict[str, Any]) -> str:
    """Return a release on one line."""
    return (
        f"{manifest['name']}, version {manifest['version']}, number {manifest['sequence']}: "
        f"{len(manifest['entries']):,} entries, made {manifest['created'][:10]}, to be installed "
        f"before {manifest['expires'][:10]}"
    )


def summary(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a release as JSON, its entries counted."""
    left = {"entries", "members", "withdrawn", "purpose", "format"}
    kept = {key: value for key, value in manifest.items() if key not in left}
    counts = {key: len(manifest[key]) for key in ("entries", "withdrawn")}
    return kept | counts


def verify(options: argparse.Namespace) -> int:
    """Check a package, or the installed library when no file is given."""
    from spectra_app.services import installing as service
    from spectra_app.services.station import Station, now_utc

    notes: list[str] = []
    if options.library is None:
        statement, notes = service.check_installed(Station(), now_utc())
    else:
        with service.checked(options.library, Station(), now_utc()) as found:
            statement = found.statement
    _print_statement(statement, notes, options)
    return EXIT_OK


def _print_statement(statement: Statement, notes: list[str], options: argparse.Namespace) -> None:
    manifest = dict(statement.value)
    signers = [key.title for key in statement.signers]
    if options.json:
        print_json({**summary(manifest), "signers": signers, "notes": notes})
        return
    print(title(manifest))
    for signer in signers:
        print(f"  signed by {signer}")
    for note in notes:
        print(f"  NOTE: {note}")
    print("every signature and every hash is right")


def install(options: argparse.Namespace) -> int:
    """Check a package, show what it changes, ask, and install it."""
    from spectra_app.services import changes
    from spectra_app.services import installing as service
    from spectra_app.services.station import Station, now_utc
    from spectra_app.services.station_install import install_shown, may_install

    station, now = Station(), now_utc()
    with one_of_station(options) as user:
        if user is not None:
            may_install(*user)
        with station.changing():
            pass  # makes the folders
        with service.checked(options.package, station, now, beside=station.installed) as found:
            report = changes.of_install(found, station, options.results, progress_bar("results"))
            if not options.json:
                print(changes.install_text(report))
            confirm("Install it?", options)
            if user is None:
                active = service.install(found, station, now)
            else:
                looked_at = changes.results_changed(report)
                active = install_shown(*user, found, looked_at=looked_at, reason=options.reason)
    if options.json:
        print_json({**report, "installed": True})
    else:
        print(f"installed: {active.name}, version {active.version}, number {active.sequence}")
    return EXIT_OK


def rollback(options: argparse.Namespace) -> int:
    """Go back to an earlier library."""
    from spectra_app.services import installing as service
    from spectra_app.services.station import Station, now_utc
    from spectra_app.services.station_install import may_install, rolled_back_here

    station = Station()
    with one_of_station(options) as user:
        if user is not None:
            may_install(*user)
        for number, one in enumerate(service.earlier(station)):
            mark = "*" if one.sequence == options.to or (number == 0 and not options.to) else " "
            if not options.json:
                print(f"{mark} {one.name}, version {one.version}, number {one.sequence}")
        confirm("Go back to the library marked with a star?", options)
        if user is None:
            active, notes = service.roll_back(
                station, to=options.to, reason=options.reason, by=options.by, now=now_utc()
            )
        else:
            active, notes = rolled_back_here(*user, options.reason, options.to)
    if options.json:
        print_json({"name": active.name, "sequence": active.sequence, "notes": notes})
        return EXIT_OK
    print(f"now in use: {active.name}, version {active.version}, number {active.sequence}")
    for note in notes:
        print(f"  NOTE: {note}")
    return EXIT_OK
