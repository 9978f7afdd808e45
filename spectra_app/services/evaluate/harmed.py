"""Figures of distorted scans and of sums of two scans."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from matching.decision import one_to_one
from matching.distort import Distortion
from spectra_app.services.evaluate.figures import (
    Names,
    by_substance,
    falsely_named,
    listing,
    name_of,
    per_scan,
)
from spectra_app.services.evaluate.judging import Result, named, named_sets, named_wrong
from spectra_app.services.evaluate.running import SHARES, Sum
from spectra_app.services.statistics import rate


def distortion_figures(kind: Distortion, results: Sequence[Result], names: Names) -> dict[str, Any]:
    """Return the figures of one kind of distortion over all scans and seeds.

    ``flagged`` counts scans whose verdict reports the harm, where the kind is one that must be
    reported; per substance, a substance is right when all its copies are.
    """
    figures: dict[str, Any] = {
        "name": kind.name,
        "must_flag": kind.flag or None,
        "n": len(results),
        **per_scan(results),
        "refused": rate(
            sum(r.answer.outcome == "refused" for r in results), len(results)
        ).to_json(),
        "by_substance": by_substance(results),
        "wrong": [listing(r, names) for r in results if named_wrong(r)],
    }
    if kind.flag:
        seen = sum(kind.flag in r.answer.flags for r in results)
        figures["flagged"] = rate(seen, len(results)).to_json()
    out = [r for r in results if r.left_out is not None]
    if out:
        figures["false_naming"] = rate(sum(map(falsely_named, out)), len(out)).to_json()
        figures["false_names"] = [listing(r, names, left_out=True) for r in out if falsely_named(r)]
    return figures


def sum_figures(sums: Sequence[Sum], names: Names) -> list[dict[str, Any]]:
    """Return the figures of the sums, one row for each share of the larger component."""
    return [
        _sum_row(share, [item for item in sums if item.share == share], names) for share in SHARES
    ]


def _sum_row(share: float, sums: Sequence[Sum], names: Names) -> dict[str, Any]:
    n = len(sums)
    whole = [item for item in sums if both_found(item)]
    errors, inside = [], 0
    for item in whole:
        found, low, high = share_of_first(item)
        errors.append(abs(found - item.share))
        inside += low <= item.share <= high
    false = [item for item in sums if false_name(item)]
    out = [
        (item, answer, kept)
        for item in sums
        for answer, kept in zip(item.without, (item.other, item.one), strict=False)
    ]
    wrong = [
        (item, answer)
        for item, answer, kept in out
        if named(answer) and any(not group & kept.truth for group in named_sets(answer))
    ]
    row: dict[str, Any] = {
        "share": share,
        "n": n,
        "pairs": len({frozenset((item.one.case, item.other.case)) for item in sums}),
        "both_found": rate(len(whole), n).to_json(),
        "third_component": rate(sum(len(said(item)) > 2 for item in sums), n).to_json(),
        "false_name": rate(len(false), n).to_json(),
        "share_error_median": statistics.median(errors) if errors else None,
        "share_interval_holds": rate(inside, len(whole)).to_json(),
        "false": [_sum_listing(item, item.answer.named, names) for item in false],
    }
    if out:
        row["false_name_left_out"] = rate(len(wrong), len(out)).to_json()
        row["false_left_out"] = [_sum_listing(i, answer.named, names) for i, answer in wrong]
    return row


def said(item: Sum) -> list[frozenset[int]]:
    """Return what was named in a sum, nothing when nothing was."""
    return named_sets(item.answer) if named(item.answer) else []


def both_found(item: Sum) -> bool:
    """Tell whether both components were named, alone or in a set of look-alikes, nothing else."""
    return one_to_one(said(item), (item.one.truth, item.other.truth))


def false_name(item: Sum) -> bool:
    """Tell whether something was named that neither component is."""
    return any(not group & (item.one.truth | item.other.truth) for group in said(item))


def share_of_first(item: Sum) -> tuple[float, float, float]:
    """Return the stated share of the first component with its interval; nan when none is."""
    alike = [group for group in said(item) if group & item.one.truth]
    for number, share, low, high in item.answer.parts:
        if any(number in group for group in alike):
            return share, low, high
    return (float("nan"),) * 3


def _sum_listing(item: Sum, numbers: Sequence[int], names: Names) -> dict[str, Any]:
    return {
        "truth": f"{item.share:.0%} {item.one.substance} + "
        f"{1 - item.share:.0%} {item.other.substance}",
        "named": [name_of(number, names) for number in numbers],
    }
