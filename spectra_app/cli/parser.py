"""Arguments of every command."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app import __version__

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Commands = _SubParsersAction[argparse.ArgumentParser]

COLUMNS = ("processed", "raw", "raw-dark")
EXIT_CODES = "exit code: 0 done, 2 bad arguments, 3 unreadable or refused input, 4 failed check"


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
    _evaluate(commands)
    _library(commands)
    _devices(commands)
    return top


def _new(commands: Commands, name: str, text: str) -> argparse.ArgumentParser:
    return commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + ".", epilog=EXIT_CODES
    )


def _window(commands: Commands) -> None:
    window = _new(commands, "window", "open the window, with scans if files are given")
    window.add_argument("files", nargs="*", type=Path, metavar="FILE", help="scans to open")


def _demo(commands: Commands) -> None:
    demo = _new(
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


def _choice(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--column",
        choices=COLUMNS,
        help="column to take from a vendor file (default: the vendor's processed one); "
        "raw-dark subtracts",
    )


def _identify(commands: Commands) -> None:
    identify = _new(commands, "identify", "identify scans against a library")
    identify.add_argument("files", nargs="+", type=Path, metavar="FILE")
    identify.add_argument("--library", type=Path, metavar="LIB.h5", help="default: starter library")
    identify.add_argument("--json", action="store_true", help="print one JSON object per line")
    identify.add_argument(
        "--top", type=positive, default=10, metavar="N", help="candidates to show"
    )
    _choice(identify)
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
        "--report", type=Path, metavar="OUT.pdf", help="write a one-page PDF report of one scan"
    )


def _batch(commands: Commands) -> None:
    batch = _new(commands, "batch", "identify all scans of a folder or manifest")
    batch.add_argument("source", type=Path, metavar="FOLDER|MANIFEST.csv")
    batch.add_argument("--library", type=Path, metavar="LIB.h5", help="default: starter library")
    batch.add_argument(
        "--out", type=results, required=True, metavar="RESULTS.csv|.jsonl", help="one line per scan"
    )
    batch.add_argument(
        "--top", type=positive, default=10, metavar="N", help="candidates to keep per scan"
    )
    _choice(batch)


def _evaluate(commands: Commands) -> None:
    evaluate = _new(commands, "evaluate", "measure right, wrong and missing names on known scans")
    evaluate.add_argument("--library", type=Path, required=True, metavar="LIB.h5")
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
    _choice(evaluate)


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
    library = _new(commands, "library", "build and inspect reference libraries")
    actions = library.add_subparsers(dest="action", metavar="ACTION", required=True)
    build = _new(actions, "build", "build a library from a manifest or a folder")
    build.add_argument("source", type=Path, metavar="MANIFEST.csv|FOLDER")
    build.add_argument("--out", type=Path, required=True, metavar="LIB.h5")
    build.add_argument("--name", default="", help="name of the library")
    build.add_argument("--licence", default="", help="terms under which it may be used")
    _choice(build)
    for name, text in (
        ("info", "say what a library holds"),
        ("list", "list the entries of a library"),
        ("verify", "check every hash of a library"),
    ):
        action = _new(actions, name, text)
        action.add_argument("library", type=Path, nargs="?", metavar="LIB.h5")
        action.add_argument("--json", action="store_true", help="print JSON")


def _devices(commands: Commands) -> None:
    devices = _new(commands, "devices", "list analysers and scan with them")
    actions = devices.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = _new(actions, "list", "list the families of analysers that can be opened")
    listing.add_argument("--json", action="store_true", help="print JSON")
    scan = _new(actions, "scan", "scan a sample with an emulated analyser and identify it")
    scan.add_argument("family", metavar="FAMILY", help="see 'spectra devices list'")
    scan.add_argument("--sample", metavar="NAME", help="what lies under the emulated laser")
    scan.add_argument("--library", type=Path, metavar="LIB.h5", help="default: starter library")
    scan.add_argument("--seed", type=seed, default=7, help="seed of the emulated noise")
    scan.add_argument("--json", action="store_true", help="print JSON")


def positive(text: str) -> int:
    """Parse a whole number above zero."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("a number above zero is needed")
    return value


def seed(text: str) -> int:
    """Parse the seed of random numbers: a whole number, not below zero."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("a number that is not below zero is needed")
    return value


def folds(text: str) -> int:
    """Parse a number of folds: two or more."""
    value = int(text)
    if value < 2:
        raise argparse.ArgumentTypeError("two folds or more are needed")
    return value


def validation_report(text: str) -> Path:
    """Parse the name of a validation report: its ending says the form."""
    path = Path(text)
    if path.suffix.lower() not in {".pdf", ".json"}:
        raise argparse.ArgumentTypeError("end the name in .pdf or .json")
    return path


def results(text: str) -> Path:
    """Parse the name of a results file: its ending says the form."""
    path = Path(text)
    if path.suffix.lower() not in {".csv", ".jsonl"}:
        raise argparse.ArgumentTypeError("end the name in .csv or .jsonl")
    return path
