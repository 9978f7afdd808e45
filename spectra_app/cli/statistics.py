"""``spectra statistics``: what the station's own records say."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra_app.cli.arguments import day, new, positive
from spectra_app.cli.terminal import print_json
from spectra_app.cli.who import signed_in, who_options
from spectra_app.errors import EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands
    from spectra_app.reports.validation import ValidationReport
    from spectra_app.services.station_statistics.collecting import Period

    Render = Callable[[ValidationReport, Path], None]


def add(commands: Commands) -> None:
    """Add the command with its actions; each knows what runs it."""
    group = new(commands, "statistics", "what the records of this station say")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True)
    rating = new(
        actions,
        "rates",
        "show the station's own true and false positive rates, from laboratory answers",
    )
    _period(rating)
    rating.add_argument("--json", action="store_true", help="print one JSON object")
    who_options(rating)
    rating.set_defaults(run=rates)
    yearly = new(actions, "seizures", "write the yearly report of seizures")
    yearly.add_argument("year", type=positive, metavar="YEAR")
    yearly.add_argument(
        "--out", type=_seizures_file, nargs="+", required=True, metavar="FILE.pdf|.csv|.json",
        help="one file or several, each in the form that its ending says",
    )  # fmt: skip
    who_options(yearly)
    scanning = new(actions, "scans", "write every scan as one row of a CSV table")
    _period(scanning)
    scanning.add_argument("--out", type=_table, required=True, metavar="SCANS.csv")
    who_options(scanning)
    scanning.set_defaults(run=scans)
    explaining = new(actions, "dictionary", "explain the columns of the table of scans")
    explaining.set_defaults(run=dictionary)


def run(options: argparse.Namespace, render: Render) -> int:
    """Run one action; `render` writes a report as PDF."""
    if options.action == "seizures":
        return seizures(options, render)
    return int(options.run(options))


def _seizures_file(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in {".pdf", ".csv", ".json"}:
        raise argparse.ArgumentTypeError("end the name in .pdf, .csv or .json")
    return path


def _table(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() != ".csv":
        raise argparse.ArgumentTypeError("end the name in .csv")
    return path


def seizures(options: argparse.Namespace, render: Render) -> int:
    """Write the yearly report of seizures."""
    from spectra_app.services.station_statistics.seizures import yearly_seizures
    from spectra_app.services.station_statistics.writing import write_seizures

    with signed_in(options) as (office, session):
        figures = yearly_seizures(office, session, options.year)
    for path in options.out:
        write_seizures(figures, path, render)
        print(f"wrote {path}: {figures['total']['items']} items of {options.year}")
    return EXIT_OK


def scans(options: argparse.Namespace) -> int:
    """Write the table of scans."""
    from spectra_app.reports.saving import write_whole
    from spectra_app.services.station_statistics.scan_table import export_scans

    with signed_in(options) as (office, session):
        content = export_scans(office, session, period_of(options))
    write_whole(content, options.out)
    print(f"wrote {options.out}; its columns: spectra statistics dictionary")
    return EXIT_OK


def dictionary(_options: argparse.Namespace) -> int:
    """Explain the columns."""
    from spectra_app.services.station_statistics.scan_table import dictionary_text

    print(dictionary_text(), end="")
    return EXIT_OK


def _period(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--from", dest="first", type=day, metavar="YYYY-MM-DD", help="first day; default: all"
    )
    command.add_argument("--to", dest="last", type=day, metavar="YYYY-MM-DD", help="last day")


def period_of(options: argparse.Namespace) -> Period:
    """Return the days asked for."""
    from spectra_app.services.station_statistics.collecting import Period

    first, last = options.first, options.last
    return Period(first.isoformat() if first else "", last.isoformat() if last else "")


def rates(options: argparse.Namespace) -> int:
    """Show the rates."""
    from spectra_app.services.station_statistics.rates import station_rates

    with signed_in(options) as (office, session):
        found = station_rates(office, session, period_of(options))
    if options.json:
        print_json(found)
    else:
        _print_rates(found)
    return EXIT_OK


def _print_rates(found: dict[str, Any]) -> None:
    _print_counted(found, found["counted"], found["period"])
    print("\nAlarm (controlled, precursor or hazard)")
    _print_pair("raised when it had to be", found["alarm"]["true_positive"])
    _print_pair("raised when it had not", found["alarm"]["false_positive"])
    print(f"  not judged (control status not known): {found['alarm']['not_judged']}")
    print("\nNames")
    _print_pair("right", found["naming"]["right"])
    _print_pair("wrong", found["naming"]["wrong"])
    _print_pair("all that raise the alarm were named", found["naming"]["all_named"])
    print("\nBy outcome")
    for row in found["outcomes"]:
        if row["items"]:
            _print_outcome(row)
    print("\nBy substance")
    for row in found["substances"]:
        print(
            f"  {row['substance']}: named but not confirmed in {row['named_not_confirmed']} items"
        )
        _print_pair("  named when there", row["true_positive"])
        _print_pair("  named when not there", row["false_positive"])
    print("\nHow it was counted (bounds: exact, Clopper-Pearson, two-sided 95 %)")
    for rule in found["rules"]:
        print(f"  {rule}")


def _print_counted(found: dict[str, Any], counted: dict[str, Any], asked: dict[str, Any]) -> None:
    """Print what was counted, and what was not."""
    if found["demonstration"]:
        print("EMULATED: a demonstration, no evidence")
    print(f"Items first scanned from {asked['from'] or 'the beginning'} to {asked['to'] or 'now'}")
    print(
        f"{counted['items']} items of {counted['cases']} cases; judged by a laboratory: "
        f"{counted['judged']}. NOT CONFIRMED: {counted['not_sent']} not sent, "
        f"{counted['sent_no_answer']} without an answer, {counted['neither']} with one that "
        f"neither confirms nor refutes, {counted['contradictory']} with answers that contradict "
        f"each other, {counted['amended']} amended, {counted['scanned_after_answer']} scanned only "
        "after the answer."
    )
    print(
        f"Of those judged, {counted['scanned_more_than_once']} were scanned more than once, and "
        f"{counted['refuted_not_stated']} refuted without saying what was found."
    )
    if found["not_known"]:
        print(
            f"Names not judged in {counted['found_not_known']} items: the laboratory wrote what no "
            f"table knows: {', '.join(found['not_known'])}."
        )
    print(
        f"Scans discarded: {counted['scans_discarded']}, unfiled: {counted['scans_unfiled']}; "
        f"results that could not be read: {counted['results_unreadable']}."
    )


def _print_outcome(row: dict[str, Any]) -> None:
    print(
        f"  {row['outcome']}: {row['items']} items, {row['judged']} judged, "
        f"{row['not_confirmed']} not confirmed"
    )
    _print_pair("  an alarm substance was found", row["alarm_substance_found"])
    if row["right"]:
        _print_pair("  right", row["right"])
        _print_pair("  wrong", row["wrong"])


def _print_pair(title: str, pair: dict[str, Any]) -> None:
    print(f"  {title}: {_words(pair['items'])}; by cases {_words(pair['cases'])}")


def _words(found: dict[str, Any]) -> str:
    """Return a rate with bounds that are never stated narrower than they are."""
    from spectra_app.reports.figures import percent

    if found["rate"] is None:
        return "none of 0"
    low, high = percent(found["low95"], "down"), percent(found["high95"], "up")
    return f"{found['count']} of {found['n']} ({percent(found['rate'])}; {low} to {high})"
