"""Write an evaluation so that others can recompute its figures: every answer as a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from library.cells import cell, csv_line
from spectra_app.records.durable import USUAL, replace_whole
from spectra_app.services.evaluate.figures import Names, name_of, names_said
from spectra_app.services.evaluate.harmed import both_found, false_name, share_of_first
from spectra_app.services.evaluate.judging import (
    Answer,
    Result,
    in_library,
    named_right,
    named_wrong,
    ranked_within,
)
from spectra_app.services.evaluate.running import Sum
from spectra_app.services.evaluate.whole import Evaluation
from spectra_app.services.result_rows import PLUS
from spectra_app.settings import made


def write_outputs(found: Evaluation, folder: Path) -> tuple[Path, ...]:
    """Write figures.json, answers.csv and, where measured, distorted.csv and sums.csv.

    Earlier files of these names are replaced, each whole or not at all.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    made(folder, shown=True)
    text = json.dumps(found.figures, ensure_ascii=False, indent=2) + "\n"
    files = {"figures.json": text, "answers.csv": _answers(found.results, found.names)}
    if found.distorted:
        files["distorted.csv"] = _table(
            {"distortion": kind.name, **row}
            for kind, results in found.distorted
            for row in _rows(results, found.names)
        )
    if found.sums:
        files["sums.csv"] = _table(_sum_row(item, found.names) for item in found.sums)
    for name, content in files.items():
        replace_whole(folder / name, content.encode("utf-8", "backslashreplace"), USUAL)
    return tuple(folder / name for name in files)


def _answers(results: Sequence[Result], names: Names) -> str:
    return _table(_rows(results, names))


def _rows(results: Sequence[Result], names: Names) -> Iterable[dict[str, Any]]:
    for result in results:
        query = result.query
        yield {
            "query": query.label,
            "instrument": query.instrument,
            "truth": query.substance,
            "case": query.case,
            "in_library": int(in_library(query)),
            "components": query.components,
            "named_right": int(named_right(query, result.answer)),
            "named_wrong": int(named_wrong(result)),
            "first_right": int(ranked_within(result, 1)),
            **_fields(result.answer, names),
            **{f"left_out_{k}": v for k, v in _fields(result.left_out, names).items()},
            "error": query.error,
        }


def _fields(answer: Answer | None, names: Names) -> dict[str, Any]:
    if answer is None:
        return dict.fromkeys(
            ("outcome", "named", "best", "score", "evidence", "stated_rate", "reasons", "flags"), ""
        )
    return {
        "outcome": answer.outcome,
        "named": PLUS.join(names_said(answer, names)),
        "best": name_of(answer.ranked[0], names) if answer.ranked else "",
        "score": f"{answer.score:.6f}",
        "evidence": "" if answer.evidence is None else f"{answer.evidence:.6f}",
        "stated_rate": "" if answer.stated is None else f"{answer.stated:.6f}",
        "reasons": " ".join(answer.reasons),
        "flags": " ".join(answer.flags),
    }


def _sum_row(item: Sum, names: Names) -> dict[str, Any]:
    share, low, high = share_of_first(item)
    without = [*item.without, None, None][:2]
    return {
        "first": item.one.label,
        "second": item.other.label,
        "first_truth": item.one.substance,
        "second_truth": item.other.substance,
        "share": item.share,
        "both_found": int(both_found(item)),
        "false_name": int(false_name(item)),
        "stated_share": f"{share:.4f}",
        "stated_low": f"{low:.4f}",
        "stated_high": f"{high:.4f}",
        **_fields(item.answer, names),
        "named_without_first": _fields(without[0], names)["named"],
        "named_without_second": _fields(without[1], names)["named"],
    }


def _table(rows: Iterable[dict[str, Any]]) -> str:
    listed = list(rows)
    names = list(listed[0]) if listed else []
    # Numbers are texts of this program's own; what is no number is a name.
    lines = (csv_line(_safe(row[name]) for name in names) for row in listed)
    return "".join((csv_line(names), *lines))


def _safe(value: object) -> object:
    """Return a value as it stands in a cell: a number as it is, a text as `cell` writes it."""
    if not isinstance(value, str):
        return value
    try:
        float(value)
    except ValueError:
        return cell(value)
    return value
