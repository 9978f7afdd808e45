"""``spectra library import|edit|status|history|export|migrate``: keep a library."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.arguments import new, reading_choices
from spectra_app.cli.terminal import print_json, progress_bar
from spectra_app.errors import EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands
    from spectra_app.services.curation import Person


def add(actions: Commands) -> None:
    """Add the actions; each knows what runs it."""
    adding = _action(actions, "import", "add entries to a library")
    adding.add_argument("source", type=Path, metavar="FILE|FOLDER|MANIFEST.csv")
    reading_choices(adding)
    adding.set_defaults(run=import_)
    editing = _action(actions, "edit", "make a new version of an entry")
    editing.add_argument("entry", metavar="ENTRY", help="its identifier, see 'library list'")
    editing.add_argument(
        "--set",
        action="append",
        required=True,
        type=_field,
        metavar="FIELD=TEXT",
        help="may be given again; 'FIELD=' empties a field",
    )
    _person(editing, reason_needed=True)
    editing.set_defaults(run=edit)
    moving = _action(actions, "status", "review, release or withdraw entries")
    which = moving.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "entries", nargs="*", default=[], metavar="ENTRY", help="identifiers, or how they begin"
    )
    which.add_argument(
        "--from",
        dest="having",
        choices=("draft", "reviewed", "released"),
        help="every entry in force that has this status",
    )
    moving.add_argument(
        "--to", required=True, choices=("draft", "reviewed", "released", "withdrawn")
    )
    _person(moving, reason_needed=False)
    moving.set_defaults(run=status)
    telling = _action(actions, "history", "list every edit and every change of status")
    telling.add_argument("--json", action="store_true", help="print JSON lines")
    telling.set_defaults(run=history)
    exporting = _action(actions, "export", "write the original files of an entry")
    exporting.add_argument("entry", metavar="ENTRY")
    exporting.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    exporting.set_defaults(run=export)
    migrating = _action(actions, "migrate", "write an older library in the present layout")
    migrating.add_argument("--out", type=Path, required=True, metavar="NEW.h5")
    migrating.set_defaults(run=migrate)


def _action(actions: Commands, name: str, text: str) -> argparse.ArgumentParser:
    action = new(actions, name, text)
    action.add_argument("library", type=Path, metavar="LIB.h5")
    return action


def _person(action: argparse.ArgumentParser, *, reason_needed: bool) -> None:
    action.add_argument("--by", required=True, metavar="NAME", help="who does it")
    why = "" if reason_needed else " (needed to withdraw)"
    action.add_argument(
        "--reason", required=reason_needed, default="", metavar="TEXT", help=f"why{why}"
    )
    action.add_argument("--at", default="", metavar="TIME", help="when (default: now, in UTC)")


def _field(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise argparse.ArgumentTypeError(f"{text!r} is not FIELD=TEXT, for example lot=4711")
    return name, value


def _who(options: argparse.Namespace) -> Person:
    from datetime import UTC, datetime

    from spectra_app.services.curation import Person

    return Person(options.by, options.at or datetime.now(UTC).isoformat(timespec="seconds"))


def import_(options: argparse.Namespace) -> int:
    """Add entries and say what was left out and assumed."""
    from spectra_app.cli.library import print_report, reading_options
    from spectra_app.services.curation import append_entries
    from spectra_app.services.libraries import library_title

    report = append_entries(
        options.library,
        options.source,
        options=reading_options(options),
        progress=progress_bar("import"),
    )
    done = f"added {report.taken:,} to" if report.taken else "nothing to add:"
    print(f"{done} {options.library}: {library_title(report.info)}")
    print_report(report)
    return EXIT_OK


def edit(options: argparse.Namespace) -> int:
    """Make a new version of an entry."""
    from spectra_app.services.curation import edit_entry

    changes = dict(options.set)
    record = edit_entry(options.library, options.entry, changes, _who(options), options.reason)
    print(f"{record.entry}  version {record.version} of {record.name}, replaces {record.replaces}")
    return EXIT_OK


def status(options: argparse.Namespace) -> int:
    """Move entries to another status."""
    from spectra_app.services.curation import entries_with, set_status
    from spectra_app.services.libraries import library_title

    entries = options.entries or entries_with(options.library, options.having)
    info = set_status(options.library, entries, options.to, _who(options), options.reason)
    print(f"{len(entries):,} {options.to}: {library_title(info)}")
    return EXIT_OK


def history(options: argparse.Namespace) -> int:
    """List every edit and every change of status."""
    from spectra_app.services.libraries import open_library

    with open_library(options.library) as library:
        for act in library.journal():
            if options.json:
                print_json(asdict(act))
            else:
                why = f": {act.reason}" if act.reason else ""
                before = act.before or ("new version" if act.after == "draft" else "brought along")
                print(f"{act.at}  {act.entry}  {before} -> {act.after}  {act.by}{why}")
    return EXIT_OK


def export(options: argparse.Namespace) -> int:
    """Write the original files of an entry."""
    from spectra_app.services.curation import export_originals

    for path in export_originals(options.library, options.entry, options.out):
        print(f"wrote {path}")
    return EXIT_OK


def migrate(options: argparse.Namespace) -> int:
    """Write a library in the present layout."""
    from spectra_app.services.curation import migrate as write

    info = write(options.library, options.out)
    print(f"wrote {options.out}: layout {info.schema}, sha256 {info.sha256}")
    return EXIT_OK
