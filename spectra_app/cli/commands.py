"""The commands: each calls services and prints; heavy parts are imported where they are used."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.terminal import print_json, progress_bar
from spectra_app.cli.verdict import verdict_text
from spectra_app.errors import EXIT_OK, EXIT_REFUSED

if TYPE_CHECKING:
    from spectra_app.reports.document import Report
    from spectra_app.services.identify import Identified, Identifier

Renderer = Callable[["Report", Path], None]


def _identifier(library: Path | None) -> Identifier:
    from spectra_app.services.session import open_identifier

    return open_identifier(library)


def identify(options: argparse.Namespace, render: Renderer) -> int:
    """Identify files; exit code 3 when any was refused, after printing all."""
    from spectra_app.services.identify import Choice, identify_file

    identifier = _identifier(options.library)
    choice = Choice(options.column, options.spectrum, options.laser_nm, options.top)
    refused = False
    everything: list[Identified] = []
    for path in options.files:
        for identified in identify_file(path, identifier, choice):
            found = _with_limits(identified, identifier, options.limits)
            record = found.record
            refused = refused or record.outcome == "refused"
            everything.append(found)
            if options.json:
                print_json(record.to_json())
            else:
                print(verdict_text(record) + "\n")
    if options.report:
        _report(everything, options.report, identifier, render)
    return EXIT_REFUSED if refused else EXIT_OK


def _with_limits(found: Identified, identifier: Identifier, wanted: str) -> Identified:
    from spectra_app.services import limits

    if wanted == "none" or (wanted == "auto" and not limits.unasked(found, identifier)):
        return found
    return limits.with_limits(found, identifier, progress=progress_bar("limits"))


def _report(
    everything: list[Identified], path: Path, identifier: Identifier, render: Renderer
) -> None:
    from spectra_app.errors import AppError
    from spectra_app.services.reporting import write_report

    if len(everything) != 1:
        raise AppError(
            f"a report is of one scan, {len(everything)} were identified",
            str(path),
            "give one file, and --spectrum NAME when it holds several",
        )
    write_report(everything[0], path, identifier.clock(), render)


def batch(options: argparse.Namespace) -> int:
    """Identify all scans of a folder or manifest."""
    from spectra_app.services.batch import run_batch

    result = run_batch(
        options.source,
        options.out,
        _identifier(options.library),
        column=options.column,
        top=options.top,
        progress=progress_bar("batch"),
    )
    earlier = f" ({result.earlier} done earlier)" if result.earlier else ""
    counts = ", ".join(f"{name} {count}" for name, count in result.outcomes) or "nothing to do"
    print(f"{result.inputs} inputs{earlier}: {counts}; written to {options.out}")
    return EXIT_OK


def demo(options: argparse.Namespace, render: Renderer) -> int:
    """Run the whole path on the emulated analyser and say where everything was put."""
    from spectra_app.services.demo import demo_library, run_demo, without_waiting
    from spectra_app.services.reporting import write_report
    from spectra_app.services.session import open_identifier, utc_now
    from spectra_app.settings import made

    out = made(options.out, shown=True)
    show = progress_bar("demo")
    show(0.0, "building the demonstration library")
    timing = without_waiting(utc_now)
    path = demo_library(out / "demo-library.h5", options.seed, timing)
    identifier = open_identifier(path, evidence=out / "evidence", calibrations=out / "calibration")
    steps = run_demo(identifier, options.seed, timing, show)
    for step in steps:
        stem = step.sample.replace(" ", "-")
        record = step.found.record
        report = out / f"{stem}.pdf"
        write_report(step.found, report, identifier.clock(), render)
        text = json.dumps(record.to_json(), ensure_ascii=False, indent=2)
        (out / f"{stem}.json").write_text(text + "\n", encoding="utf-8")
        if options.json:
            print_json(record.to_json())
        else:
            print(verdict_text(record, candidates=3) + f"\n  Report: {report}\n")
    if not options.json:
        print(f"Everything above is EMULATED. Library, evidence, records and reports: {out}")
    return EXIT_OK
