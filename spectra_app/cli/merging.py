"""``spectra library merge``: arguments and what it does."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.arguments import new
from spectra_app.cli.terminal import print_json, progress_bar
from spectra_app.errors import EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands


def add(actions: Commands) -> None:
    """Add the action."""
    merging = new(
        actions, "merge", "merge libraries; what they contradict each other about, you decide"
    )
    merging.add_argument("sources", nargs="+", type=Path, metavar="LIB.h5")
    merging.add_argument("--out", type=Path, required=True, metavar="LIB.h5")
    merging.add_argument("--name", default="", help="name of the merged library")
    merging.add_argument("--licence", default="", help="terms under which it may be used")
    merging.add_argument(
        "--decisions", type=Path, metavar="FILE.json", help="what was decided for each conflict"
    )
    merging.add_argument(
        "--report",
        type=Path,
        metavar="FILE.json",
        help="where the conflicts are written (default: beside --out, ending in .conflicts.json)",
    )
    merging.add_argument("--json", action="store_true", help="print one JSON object")
    merging.set_defaults(run=merge)


def merge(options: argparse.Namespace) -> int:
    """Merge libraries."""
    from spectra_app.services import merging as service
    from spectra_app.services.libraries import library_title

    report = options.report or options.out.with_suffix(".conflicts.json")
    merged = service.merge(
        options.sources,
        options.out,
        name=options.name,
        licence=options.licence,
        decisions=options.decisions,
        report=report,
        progress=progress_bar("merge"),
    )
    if options.json:
        print_json(
            {
                "entries": merged.info.entries,
                "sha256": merged.info.sha256,
                "left_out": merged.left_out,
                "choices": merged.choices,
                "conflicts": [one.to_json() for one in merged.conflicts],
            }
        )
        return EXIT_OK
    print(f"wrote {options.out}: {library_title(merged.info)}")
    print(f"  {merged.left_out:,} entries were not taken (alike in another library, or decided)")
    for one in merged.conflicts:
        print(f"  {one.key}  {one.kind}: {one.subject} -> {merged.choices[one.key]}")
    print(f"  conflicts: {report}")
    return EXIT_OK
