"""``spectra library build|info|list|verify``: arguments and what they do."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra_app.cli import packages
from spectra_app.cli.arguments import new, reading_choices
from spectra_app.cli.terminal import print_json, progress_bar
from spectra_app.errors import EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands
    from spectra_app.services.intake import Options
    from spectra_app.services.libraries import BuildReport


def add(actions: Commands) -> None:
    """Add the actions; each knows what runs it."""
    building = new(actions, "build", "build a library from a manifest or a folder")
    building.add_argument("source", type=Path, metavar="MANIFEST.csv|FOLDER")
    building.add_argument("--out", type=Path, required=True, metavar="LIB.h5")
    building.add_argument("--name", default="", help="name of the library")
    building.add_argument("--licence", default="", help="terms under which it may be used")
    reading_choices(building)
    building.set_defaults(run=build)
    for name, text in (
        ("info", "say what a library holds"),
        ("list", "list the entries of a library"),
        ("verify", "check every hash of a library, and every signature of a package"),
    ):
        action = new(actions, name, text)
        what = "LIB.h5|PACKAGE" if name == "verify" else "LIB.h5"
        action.add_argument(
            "library", type=Path, nargs="?", metavar=what, help="default: the library in use"
        )
        action.add_argument("--json", action="store_true", help="print JSON")
        action.set_defaults(run=look)


def look(options: argparse.Namespace) -> int:
    """Describe, list or verify a library."""
    from spectra_app.services import libraries as service
    from spectra_app.services import library_facts as facts
    from spectra_app.services.policies import load_policy

    if options.action == "verify" and _is_package(options.library):
        return packages.verify(options)
    with service.open_library(options.library) as opened:
        if options.action == "list":
            for row in facts.entry_rows(opened, load_policy()):
                (print_json if options.json else _print_entry)(row)
            return EXIT_OK
        if options.action == "verify":
            opened.verify()
        described = {}
        if options.action == "info":
            described = facts.described(opened, load_policy())
        if options.json:
            print_json({**asdict(opened.info), "kinds": dict(opened.info.kinds), **described})
            return EXIT_OK
        print(service.library_title(opened.info))
        print(service.library_note(opened.info))
        if described:
            print(facts.description_text(described, load_policy()))
        print(f"sha256 {opened.info.sha256}\nlayout {opened.info.schema}, file {opened.path}")
        if options.action == "verify":
            print("every hash is right")
    return EXIT_OK


def _is_package(path: Path | None) -> bool:
    """Tell whether a package is meant: one by name, or the one that was installed."""
    from spectra_app.services.installing import is_package
    from spectra_app.services.station import Station

    return is_package(path) if path else Station().active() is not None


def _print_entry(row: dict[str, Any]) -> None:
    laser = f"{row['laser_nm']:g} nm" if row["laser_nm"] else "laser unknown"
    others = ", ".join(row["indistinguishable"])
    told = f"  (not told from {others})" if others else ""
    version = f", version {row['version']}" if row["version"] > 1 else ""
    status = "replaced" if not row["in_force"] and row["status"] != "withdrawn" else row["status"]
    print(f"{row['entry']}  {row['kind']:13} {laser:14} {row['name']} ({status}{version}){told}")


def build(options: argparse.Namespace) -> int:
    """Build a library and say what was left out and assumed."""
    from spectra_app.services.libraries import build_library, library_title

    report = build_library(
        options.source,
        options.out,
        name=options.name,
        licence=options.licence,
        options=reading_options(options),
        progress=progress_bar("build"),
    )
    print(f"wrote {options.out}: {library_title(report.info)}")
    print_report(report)
    return EXIT_OK


def reading_options(options: argparse.Namespace) -> Options:
    """Return what the command line says about reading files."""
    from spectra_app.services.intake import Options

    return Options(
        options.column,
        options.partial,
        options.laser_nm,
        options.spectrum,
        options.all_spectra,
    )


def print_report(report: BuildReport) -> None:
    """Say what was left out and assumed, which columns and which names are not known."""
    for sentence in (*report.left_out, *report.assumptions):
        print(f"  {sentence}")
    if report.unknown:
        print(f"  columns not known, kept as written: {', '.join(report.unknown)}")
    if report.unrecognised:
        names = ", ".join(report.unrecognised[:8])
        more = ", ..." if len(report.unrecognised) > 8 else ""
        print(
            f"  names in no substance table, so that their control status is not known "
            f"({len(report.unrecognised)}): {names}{more}"
        )
