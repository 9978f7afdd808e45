"""``spectra formats list|preview|profile``: arguments and what they do."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.arguments import new
from spectra_app.cli.terminal import print_json
from spectra_app.errors import EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands


def add(commands: Commands) -> None:
    """Add the command; each action knows what runs it."""
    group = new(commands, "formats", "list the formats read, and describe further text formats")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = new(actions, "list", "list the readers in the order they are asked")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=list_formats)
    showing = new(actions, "preview", "show how an import profile, or a proposed one, cuts a text")
    showing.add_argument("file", type=Path, metavar="FILE")
    showing.add_argument("--profile", type=Path, metavar="P.json", help="default: a proposal")
    showing.add_argument("--out", type=Path, metavar="P.json", help="write the proposal to a file")
    showing.add_argument("--json", action="store_true", help="print JSON")
    showing.set_defaults(run=show)
    profile = new(actions, "profile", "keep import profiles at this station")
    changes = profile.add_subparsers(dest="change", metavar="ACTION", required=True)
    adding = new(changes, "add", "keep the profile in a file")
    adding.add_argument("profile", type=Path, metavar="P.json")
    adding.set_defaults(run=keep)
    known = new(changes, "list", "list this station's profiles")
    known.add_argument("--json", action="store_true", help="print JSON")
    known.set_defaults(run=list_profiles)
    removing = new(changes, "remove", "remove a profile")
    removing.add_argument("name", metavar="NAME")
    removing.set_defaults(run=remove)


def list_formats(options: argparse.Namespace) -> int:
    """Print the names of the readers, and this station's profiles where they are asked."""
    from spectra_app.services.guided import format_names

    names = format_names()
    if options.json:
        print_json({"formats": names})
    else:
        print("\n".join(names))
    return EXIT_OK


def show(options: argparse.Namespace) -> int:
    """Print a preview; write the proposal when asked."""
    from spectra_app.services import guided

    shown, notes = guided.preview_file(options.file, options.profile)
    if options.json:
        print_json(guided.preview_json(shown, notes))
    else:
        print(guided.preview_text(shown, notes))
    if options.out is not None:
        guided.write_profile(shown.profile, options.out)
    return EXIT_OK


def keep(options: argparse.Namespace) -> int:
    """Keep a profile."""
    from spectra_app.services.guided import add_profile

    profile = add_profile(options.profile)
    print(f"kept the import profile {profile.name!r}")
    if not profile.first_line:
        print("it has no first line to recognise files by, so no file is read by it yet")
    return EXIT_OK


def list_profiles(options: argparse.Namespace) -> int:
    """Print this station's profiles."""
    from spectra_app.services.guided import station_profiles

    for profile in station_profiles():
        if options.json:
            print_json(asdict(profile))
        else:
            print(f"{profile.name}: files beginning {profile.first_line!r}, axis in {profile.unit}")
    return EXIT_OK


def remove(options: argparse.Namespace) -> int:
    """Remove a profile."""
    from spectra_app.services.guided import remove_profile

    remove_profile(options.name)
    print(f"removed the import profile {options.name!r}")
    return EXIT_OK
