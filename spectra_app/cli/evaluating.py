"""The command ``spectra evaluate``: measure, print, and write what was asked for."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra_app.cli.terminal import progress_bar
from spectra_app.errors import EXIT_OK, AppError

if TYPE_CHECKING:
    from spectra_app.reports.validation import ValidationReport

    Renderer = Callable[[ValidationReport, Path], None]


def evaluate(options: argparse.Namespace, render: Renderer) -> int:
    """Measure right, wrong and missing names on known scans."""
    if options.calculated:
        return _evaluate_calculated(options)
    from spectra_app.services import evaluate as service
    from spectra_app.services.reporting import write_validation_report
    from spectra_app.services.session import open_identifier, utc_now
    from spectra_app.settings import made

    if options.out:
        made(options.out, shown=True)  # refused now rather than after the work
    if options.report:
        _check_report(options.report)
    engine = open_identifier(options.library).engine
    plan = service.Plan(
        leave_out=options.leave_out,
        distort=options.distort,
        seeds=options.seeds,
        sums=options.sums,
        folds=options.folds,
        seed=options.seed,
    )
    found = service.evaluation(
        options.queries,
        engine,
        plan,
        column=options.column,
        performed_at=utc_now(),
        progress=progress_bar("evaluate"),
    )
    figures = found.figures
    # Shown before anything is written: a disk that refuses then costs files, not hours of work.
    print(json.dumps(figures, ensure_ascii=False) if options.json else "\n".join(_text(figures)))
    written = list(service.write_outputs(found, options.out)) if options.out else []
    if options.report:
        write_validation_report(figures, options.report, utc_now(), render)
        written.append(options.report)
    if not options.json:
        print("".join(f"  wrote {path}\n" for path in written), end="")
    return EXIT_OK


def _evaluate_calculated(options: argparse.Namespace) -> int:
    """Measure the ranks of calculated lines, and say first what they are not."""
    others = ("leave_out", "distort", "sums", "folds", "out", "report")
    given = [f"--{other.replace('_', '-')}" for other in others if getattr(options, other)]
    if given:
        raise AppError(
            "calculated lines are ranked only: nothing is named, left out or reported",
            ", ".join(given),
            "leave these options away, or evaluate a library",
        )
    from spectra_app.services.evaluate import evaluate_calculated

    figures = evaluate_calculated(options.queries, options.column)
    if options.json:
        print(json.dumps(figures, ensure_ascii=False))
        return EXIT_OK
    print("\n".join([*figures["limits"], "", *_rank_lines(figures)]))
    return EXIT_OK


def _rank_lines(figures: dict[str, Any]) -> list[str]:
    lines = [
        f"{figures['n']} scans against {figures['candidates']} calculated candidates; "
        f"{len(figures['without_candidate'])} without one, {len(figures['refused'])} refused",
        f"  median rank {figures['median_rank']:g} (by chance {figures['chance_median_rank']:g})",
    ]
    for first, found in figures["top"].items():
        chance = figures["chance_top"][first]
        lines.append(f"  among the first {first:>2}: {_shown(found)}; by chance {chance:.1%}")
    for title, rows in (
        ("family", figures["by_family"].items()),
        ("candidates", ((row["candidates"], row) for row in figures["by_candidates"])),
    ):
        lines += [
            f"  {title} {name}: n {row['n']}, median rank {row['median_rank']:g}, "
            f"first ten {row['top10']:.0%}, first fifty {row['top50']:.0%}"
            for name, row in rows
        ]
    return lines


def _check_report(path: Path) -> None:
    """Refuse a report that cannot be written before the work, not after it."""
    if not path.parent.is_dir():
        what = "the folder for the report does not exist"
    elif path.exists() and not path.is_file():
        what = "the report would replace a folder or a device"
    elif not os.access(path.parent, os.W_OK):
        what = "the folder for the report may not be written to"
    else:
        return
    raise AppError(what, str(path), "choose another place or name for the report")


def _text(figures: dict[str, Any]) -> list[str]:
    lines = [f"{figures['n']} queries, {figures['out_of_library']} of them not in the library"]
    keys = ("top1", "top3", "named_right", "named_wrong", "inconclusive", "not_in_library")
    lines += [f"  {key:16} {_shown(figures[key])}" for key in keys]
    if figures["lead"]["count"]:
        lines.append(f"  {'lead':16} {_shown(figures['lead'])}, counted among the named")
    if figures["refused"]["count"]:
        lines.append(f"  {'refused':16} {_shown(figures['refused'])}")
    if "false_naming" in figures:
        shown = _shown(figures["false_naming"])
        lines.append(f"  {'false_naming':16} {shown} with the substance left out")
        for key in ("recall_at_5pct_false_naming", "recall_at_0"):
            detail = figures[f"{key}_detail"]
            lines.append(
                f"  {key}: {detail['count']} of {detail['n']}, score {detail['score']:.3f}"
            )
    lines += [*_instrument_lines(figures), *_calibration_lines(figures)]
    lines += [*_held_out_lines(figures), *_distortion_lines(figures), *_sum_lines(figures)]
    return [*lines, *_listing_lines(figures), f"  score: {figures['score']}"]


def _shown(item: dict[str, Any]) -> str:
    if item["rate"] is None:
        return "none"
    bounds = f"95 % {item['low95']:.1%} to {item['high95']:.1%}"
    return f"{item['count']} of {item['n']} = {item['rate']:.1%} ({bounds})"


def _count(item: dict[str, Any] | None) -> str:
    return f"{item['count']} of {item['n']}" if item else "-"


def _instrument_lines(figures: dict[str, Any]) -> list[str]:
    if len(figures["instruments"]) < 2:
        return []
    return [
        f"  on {name}: first right {_count(row['top1'])}, named right "
        f"{_count(row['named_right'])}, named wrong {_count(row['named_wrong'])}"
        for name, row in figures["instruments"].items()
    ]


def _calibration_lines(figures: dict[str, Any]) -> list[str]:
    found = figures["calibration"]["match_rate"]
    if not found["n"]:
        return []
    low, high = found["ece_interval95"]
    return [
        f"  stated rates: expected calibration error {found['ece']:.3f} "
        f"(95 % {low:.3f} to {high:.3f}), Brier score {found['brier']:.3f}, over {found['n']} "
        f"answers, {figures['calibration']['answers']}"
    ]


def _held_out_lines(figures: dict[str, Any]) -> list[str]:
    held = figures.get("held_out", {})
    return [
        f"  threshold from other {words}, at most {row['share']:.0%} wrong scores above it: "
        f"right {_count(row['named_right'])}, false {_count(row['false_naming'])}"
        for key, words in (("by_substance", "substances"), ("by_instrument", "instruments"))
        for row in held.get(key, [])
    ]


def _distortion_lines(figures: dict[str, Any]) -> list[str]:
    rows = figures.get("distortions", [])
    if not rows:
        return []
    lines = [
        f"  {'distorted':18} {'first right':>12} {'named right':>12} {'named wrong':>12} "
        f"{'flagged':>12} {'false, left out':>16}"
    ]
    for row in rows:
        cells = [_count(row.get(key)) for key in ("top1", "named_right", "named_wrong", "flagged")]
        shown = " ".join(f"{cell:>12}" for cell in cells)
        lines.append(f"  {row['name']:18} {shown} {_count(row.get('false_naming')):>16}")
    return lines


def _sum_lines(figures: dict[str, Any]) -> list[str]:
    return [_sum_line(row) for row in figures.get("sums", [])]


def _sum_line(row: dict[str, Any]) -> str:
    error = row["share_error_median"]
    return (
        f"  sums {row['share']:.0%} and {1 - row['share']:.0%}: "
        f"both {_count(row['both_found'])}, third {_count(row['third_component'])}, "
        f"false {_count(row['false_name'])}, "
        f"false with one left out {_count(row.get('false_name_left_out'))}, "
        f"share off by {'-' if error is None else f'{error:.3f}'} (median), "
        f"interval holds {_count(row['share_interval_holds'])}"
    )


def _listing_lines(figures: dict[str, Any]) -> list[str]:
    titles = {
        "wrong": "wrong",
        "false_names": "false when left out",
        "missed": "missed",
        "refused_queries": "refused",
    }
    return [
        f"  {title}: {item['query']}: {_why(item)}"
        for key, title in titles.items()
        for item in figures.get(key, [])
    ]


def _why(item: dict[str, Any]) -> str:
    if "error" in item:
        return str(item["error"])
    if item["named"]:
        part = " (true, but not all components)" if item["true_but_not_all"] else ""
        return ", ".join(item["named"]) + part
    return ", ".join([item["outcome"], *item["reasons"]])
