"""`spectra devices watch`: folders into which closed handhelds export."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra_app.cli.arguments import column_choice, new, results
from spectra_app.cli.stopping import ended_politely
from spectra_app.cli.terminal import print_json
from spectra_app.errors import EXIT_OK, EXIT_REFUSED

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands
    from spectra_app.services.watched_folders import WatchedPlace
    from spectra_app.services.watching import Received, Said

EVERY_S = (0.05, 3600.0)


def add(actions: Commands) -> None:
    """Add the action."""
    watch = new(
        actions,
        "watch",
        "watch a folder that a handheld exports into and identify each file once, until Ctrl-C",
    )
    watch.add_argument(
        "folder", nargs="?", type=Path, metavar="FOLDER", help="default: all folders that were kept"
    )
    watch.add_argument(
        "--library", type=Path, metavar="LIB.h5", help="default: the installed library"
    )
    watch.add_argument(
        "--out", type=results, metavar="RESULTS.jsonl", help="add a row for each scan (or .csv)"
    )
    watch.add_argument(
        "--once", action="store_true", help="end when everything that lies there was dealt with"
    )
    watch.add_argument(
        "--again", action="store_true", help="take everything that lies there, taken before or not"
    )
    watch.add_argument(
        "--every",
        type=_seconds,
        default=2.5,
        metavar="SECONDS",
        help="between two looks (2.5); more often may take a file that is still being written",
    )
    watch.add_argument(
        "--profile",
        type=Path,
        metavar="P.json",
        help="import profile of this folder's texts, asked before the station's own",
    )
    watch.add_argument("--instrument", metavar="NAME", help="what exports into this folder")
    column_choice(watch)
    watch.add_argument(
        "--keep", action="store_true", help="only keep the folder as one this station watches"
    )
    watch.add_argument(
        "--forget", action="store_true", help="only take the folder out of those kept"
    )
    watch.add_argument("--json", action="store_true", help="print one JSON object per line")
    watch.set_defaults(run=run)


def _seconds(text: str) -> float:
    value = float(text)
    if not EVERY_S[0] <= value <= EVERY_S[1]:
        raise argparse.ArgumentTypeError(f"from {EVERY_S[0]:g} to {EVERY_S[1]:g} seconds")
    return value


def run(options: argparse.Namespace) -> int:
    """Watch, or change which folders are kept."""
    from spectra_app.services import watched_folders

    places = _places(options)
    if options.keep or options.forget:
        if options.keep:
            watched_folders.keep_place(places[0])
        else:
            watched_folders.forget_place(options.folder)
        for place in watched_folders.watched_places():
            print(f"{place.folder}  {place.instrument or 'instrument not stated'}")
        return EXIT_OK
    return _watch(options, places)


def _places(options: argparse.Namespace) -> tuple[WatchedPlace, ...]:
    """Return the folders that are meant; what is not said of one is as it was kept."""
    from spectra_app.services.guided import read_profile
    from spectra_app.services.watched_folders import WatchError, place_of, watched_places

    if options.folder is None:
        if any((options.profile, options.instrument, options.keep, options.forget)):
            raise WatchError("which folder is not said", "", "give the folder, too")
        if not watched_places():
            raise WatchError("no folder is kept", "", "give one: spectra devices watch FOLDER")
        return watched_places()
    profile = read_profile(options.profile) if options.profile else None
    said = place_of(options.folder, options.instrument or "", profile)
    kept = next((one for one in watched_places() if one.folder == said.folder), said)
    return (place_of(said.folder, said.instrument or kept.instrument, profile or kept.profile),)


def _watch(options: argparse.Namespace, places: tuple[WatchedPlace, ...]) -> int:
    from spectra_app.services.identify import Choice
    from spectra_app.services.result_rows import ResultsFile
    from spectra_app.services.session import open_identifier
    from spectra_app.services.watching import Means, watch

    shown = _Shown(as_json=options.json)
    means = Means(
        open_identifier(options.library),
        shown.tell,
        ResultsFile(options.out) if options.out else None,
        Choice(column=options.column),
    )
    if options.once:
        whole = watch(places, means, every_s=options.every, again=options.again, once=True)
    else:
        names = ", ".join(str(place.folder) for place in places)
        print(f"watching {names} (Ctrl-C ends it)", file=sys.stderr, flush=True)
        with ended_politely() as stopped:
            whole = watch(
                places, means, every_s=options.every, again=options.again, should_stop=stopped
            )
    if not options.json:
        print(shown.summary() + (f"; written to {options.out}" if options.out else ""))
    return EXIT_OK if whole else EXIT_REFUSED


class _Shown:
    """Prints what is told, and counts it."""

    def __init__(self, *, as_json: bool) -> None:
        self._json = as_json
        self._files = self._duplicates = 0
        self._outcomes: Counter[str] = Counter()

    def tell(self, what: Received | Said) -> None:
        """Print it, at once."""
        from spectra_app.services.watching import Said

        if isinstance(what, Said):
            self._note(what.code, what.file, what.words)
        else:
            self._received(what)
        sys.stdout.flush()

    def _received(self, received: Received) -> None:
        from spectra_app.cli.verdict import verdict_text

        self._files += 1
        if received.duplicate_of:
            self._duplicates += 1
            words = f"the same bytes as {received.duplicate_of}; kept, not identified again"
            self._note("duplicate", received.file, words, sha256=received.sha256)
        for found in received.found:
            self._outcomes[found.record.outcome] += 1
            if self._json:
                print_json(found.record.to_json())
            else:
                print(verdict_text(found.record) + "\n")

    def _note(self, code: str, file: str, words: str, **more: Any) -> None:
        if self._json:
            print_json({"note": code, "file": file, "words": words, **more})
        else:
            print(f"Note: {file}: {words}")

    def summary(self) -> str:
        """Return what came, in one line."""
        counts = ", ".join(f"{name} {count}" for name, count in sorted(self._outcomes.items()))
        again = f" ({self._duplicates} with bytes that came before)" if self._duplicates else ""
        files = "1 file" if self._files == 1 else f"{self._files} files"
        return f"{files} came{again}: {counts or 'nothing to identify'}"
