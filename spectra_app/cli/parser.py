"""Arguments of every command."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app import __version__
from spectra_app.cli import (
    analysers,
    auditing,
    bundling,
    calibrating,
    case_acts,
    case_changes,
    case_report,
    cases,
    checking,
    converting,
    coverage,
    curating,
    differing,
    formats,
    incident,
    keys,
    library,
    lists,
    merging,
    notices,
    packages,
    policy,
    replaying,
    statistics,
    substances,
    users,
)
from spectra_app.cli.arguments import (
    EXIT_CODES,
    column_choice,
    folds,
    new,
    positive,
    results,
    seed,
    validation_report,
)

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands

LIBRARY_ACTIONS = (  # in the order of the help
    library.add,
    checking.add,
    curating.add,
    coverage.add,
    differing.add,
    packages.add,
    keys.add,
    merging.add,
)
CASE_ACTIONS = (
    cases.add, case_acts.add, case_changes.add, case_report.add, replaying.add, bundling.add,
)  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="spectra",
        description="Identify seized drugs, new psychoactive substances and precursors from Raman "
        "spectra, offline. Without a command the window opens.",
        epilog=EXIT_CODES,
    )
    top.add_argument("--version", action="version", version=f"spectra {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    _window(commands)
    _demo(commands)
    _identify(commands)
    _batch(commands)
    converting.add(commands)
    formats.add(commands)
    _evaluate(commands)
    _library(commands)
    substances.add(commands)
    lists.add(commands)
    analysers.add(commands)
    calibrating.add(commands)
    _case(commands)
    users.add(commands)
    auditing.add(commands)
    statistics.add(commands)
    notices.add(commands)
    incident.add(commands)
    policy.add(commands)
    return top


def _window(commands: Commands) -> None:
    window = new(commands, "window", "open the window, with scans if files are given")
    window.add_argument("files", nargs="*", type=Path, metavar="FILE", help="scans to open")


def _demo(commands: Commands) -> None:
    demo = new(
        commands,
        "demo",
        "run the whole path without an instrument: emulated analyser, evidence, identification, "
        "PDF report",
    )
    demo.add_argument(
        "--out", type=Path, default=Path("spectra-demo"), help="folder for the results"
    )
    demo.add_argument("--seed", type=seed, default=7, help="seed of the emulated noise")
    demo.add_argument("--json", action="store_true", help="print the records as JSON lines")


def _identify(commands: Commands) -> None:
    identify = new(commands, "identify", "identify scans against a library")
    identify.add_argument("files", nargs="+", type=Path, metavar="FILE")
    identify.add_argument(
        "--library", type=Path, metavar="LIB.h5", help="default: the installed library"
    )
    identify.add_argument("--json", action="store_true", help="print one JSON object per line")
    identify.add_argument(
        "--top", type=positive, default=10, metavar="N", help="candidates to show"
    )
    column_choice(identify)
    identify.add_argument(
        "--spectrum", metavar="NAME", help="which spectrum of a file: NAME, or NAME#k if repeated"
    )
    identify.add_argument(
        "--laser-nm", type=float, metavar="NM", help="excitation wavelength if the file lacks it"
    )
    identify.add_argument(
        "--limits",
        choices=("auto", "all", "none"),
        default="auto",
        help="work out which share of each hazard the scan could not have seen: for all, for none, "
        "or only when the library has few hazards (default)",
    )
    identify.add_argument(
        "--report", type=Path, metavar="OUT.pdf", help="write a PDF report of one scan"
    )


def _batch(commands: Commands) -> None:
    batch = new(commands, "batch", "identify all scans of a folder or manifest")
    batch.add_argument("source", type=Path, metavar="FOLDER|MANIFEST.csv")
    batch.add_argument(
        "--library", type=Path, metavar="LIB.h5", help="default: the installed library"
    )
    batch.add_argument(
        "--out", type=results, required=True, metavar="RESULTS.csv|.jsonl", help="one line per scan"
    )
    batch.add_argument(
        "--top", type=positive, default=10, metavar="N", help="candidates to keep per scan"
    )
    column_choice(batch)


def _evaluate(commands: Commands) -> None:
    evaluate = new(commands, "evaluate", "measure right, wrong and missing names on known scans")
    against = evaluate.add_mutually_exclusive_group(required=True)
    against.add_argument("--library", type=Path, metavar="LIB.h5")
    against.add_argument(
        "--calculated",
        action="store_true",
        help="instead of a library: at which rank calculated lines put the right substance",
    )
    evaluate.add_argument("--queries", type=Path, required=True, metavar="MANIFEST.csv")
    evaluate.add_argument(
        "--leave-out",
        action="store_true",
        help="try each query again with its whole substance removed from the library",
    )
    _harm(evaluate)
    evaluate.add_argument(
        "--folds",
        type=folds,
        default=0,
        metavar="K",
        help="score thresholds from the other K-1 parts of the substances (needs --leave-out)",
    )
    evaluate.add_argument(
        "--out", type=Path, metavar="DIR", help="write figures.json and every answer as CSV"
    )
    evaluate.add_argument(
        "--report",
        type=validation_report,
        metavar="OUT.pdf|.json",
        help="write a validation report: figures, tables, plots, limits",
    )
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    column_choice(evaluate)


def _harm(evaluate: argparse.ArgumentParser) -> None:
    """Add what is done to the scans beside taking them as they are."""
    evaluate.add_argument(
        "--distort",
        action="store_true",
        help="try seeded distortions of each query too: noise, fluorescence, axis, width, slope, "
        "range, spikes, saturation, and their combination",
    )
    evaluate.add_argument(
        "--seeds", type=positive, default=3, metavar="N", help="distorted copies of a query (3)"
    )
    evaluate.add_argument(
        "--sums",
        type=positive,
        default=0,
        metavar="N",
        help="try N sums of two queries, 70:30 and 90:10 in turn, number of components not told",
    )
    evaluate.add_argument(
        "--seed", type=seed, default=2026, help="seed of sums and bootstrap (2026)"
    )


def _library(commands: Commands) -> None:
    group = new(commands, "library", "build and inspect reference libraries")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True)
    for add in LIBRARY_ACTIONS:
        add(actions)


def _case(commands: Commands) -> None:
    group = new(commands, "case", "cases: what was seized, scanned, handed over and found")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True)
    for add in CASE_ACTIONS:
        add(actions)
