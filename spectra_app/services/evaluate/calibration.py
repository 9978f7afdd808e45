"""What the stated rates and the scores are worth, as data for tables and plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from matching.evidence import hit_quality
from matching.policy import Policy
from matching.rates import rate_of
from matching.validation import (
    Judged,
    bootstrap_interval,
    brier_score,
    calibration_error,
    folds_by_group,
    held_out_counts,
    reliability,
    tradeoff,
)
from spectra_app.services.evaluate.judging import Result, judged_known, judged_left_out
from spectra_app.services.statistics import rate

BINS = 10
HISTOGRAM_BINS = 24
FALSE_SHARES = (0.0, 0.01, 0.05)
LEAST_INSTRUMENTS = 3


def calibration(results: Sequence[Result], policy: Policy, seed: int = 0) -> dict[str, Any]:
    """Return the reliability of the stated rates and of the hit quality.

    Over the best candidate of every scan of one substance, with its substance in the library and,
    when that was tried, left out (then the candidate is wrong). ``match_rate`` is the validated
    rate that the policy states for the evidence, 0 where it states none.
    """
    known, out = judged_known(results), judged_left_out(results)
    judged = [item for _, item in (*known, *out)]
    stated = [_stated(item, policy) for item in judged]
    quality = [hit_quality(item.score) for item in judged]
    return {
        "answers": "substance left in and left out" if out else "substance left in only",
        "left_in": len(known),
        "left_out": len(out),
        "match_rate": _reliability(stated, judged, seed),
        "hit_quality": _reliability(quality, judged, seed),
    }


def _stated(item: Judged, policy: Policy) -> float:
    found = rate_of(item.score, policy.rates)
    return found.rate if found else 0.0


def _reliability(stated: Sequence[float], judged: Sequence[Judged], seed: int) -> dict[str, Any]:
    said, right = np.array(stated), np.array([item.right for item in judged], dtype=np.bool_)
    groups = [item.group for item in judged]
    if not judged:
        return {"n": 0, "groups": 0, "ece": None, "ece_interval95": None, "brier": None, "bins": []}
    low, high = bootstrap_interval(
        lambda places: calibration_error(said[places], right[places], BINS), groups, seed=seed
    )
    bins = reliability(said, right, groups, BINS)
    return {
        "n": len(judged),
        "groups": len(set(groups)),
        "ece": calibration_error(said, right, BINS),
        "ece_interval95": [low, high],
        "brier": brier_score(said, right),
        "bins": [{**asdict(b), **_observed(b.right, b.n)} for b in bins],
    }


def _observed(right: int, n: int) -> dict[str, float | None]:
    found = rate(right, n)
    return {"observed": found.rate, "low95": found.low95, "high95": found.high95}


def detection(results: Sequence[Result], policy: Policy) -> dict[str, Any]:
    """Return score histograms and the detection error trade-off of a single threshold.

    The verdict asks for more than one score above a limit; this shows how far the score alone
    separates known from unknown. Evidence is the logit of the hit quality.
    """
    known, out = judged_known(results), judged_left_out(results)
    right = [item.score for _, item in known if item.right]
    wrong = [item.score for _, item in known if not item.right]
    left = [item.score for _, item in out]
    everything = [*right, *wrong, *left]
    figures: dict[str, Any] = {
        "score": "evidence (logit of the hit quality) of the best candidate",
        "limit": policy.thresholds.name,
        "histogram": None,
        "tradeoff": [],
    }
    if not everything:
        return figures
    low = np.floor(min(everything))
    edges = np.linspace(low, max(np.ceil(max(everything)), low + 1.0), HISTOGRAM_BINS + 1)
    figures["histogram"] = {
        "edges": edges.tolist(),
        "right": np.histogram(right, edges)[0].tolist(),
        "wrong": np.histogram(wrong, edges)[0].tolist(),
        "left_out": np.histogram(left, edges)[0].tolist(),
    }
    if known and out:
        points = tradeoff([item for _, item in known], [item for _, item in out])
        figures["tradeoff"] = [
            {
                "score": point.score if np.isfinite(point.score) else None,
                "missed": point.missed / len(known),
                "false_naming": point.false / len(out),
            }
            for point in points
        ]
    return figures


def held_out(results: Sequence[Result], folds: int) -> dict[str, Any]:
    """Return counts with thresholds that were set without the scans they are applied to.

    Folds are by substance; with three or more instruments also by instrument. The threshold lets
    at most the stated share of the wrong scores of the other folds pass; evidence alone decides.
    The weights of the evidence are the policy's: where they were fitted on these very scans, they
    are not held out, and the counts flatter.
    """
    known, out = judged_known(results), judged_left_out(results)
    figures: dict[str, Any] = {"folds": folds}
    groups = [item.group for _, item in (*known, *out)]
    by_group = folds_by_group(groups, folds).tolist()
    figures["by_substance"] = _held_out(known, out, by_group)
    instruments = sorted({result.query.instrument for result, _ in (*known, *out)})
    if len(instruments) >= LEAST_INSTRUMENTS:
        number = {name: place for place, name in enumerate(instruments)}
        by_unit = [number[result.query.instrument] for result, _ in (*known, *out)]
        figures["by_instrument"] = _held_out(known, out, by_unit)
    return figures


def _held_out(
    known: list[tuple[Result, Judged]], out: list[tuple[Result, Judged]], fold: list[int]
) -> list[dict[str, Any]]:
    rows = []
    split = (fold[: len(known)], fold[len(known) :])
    for share in FALSE_SHARES:
        found = held_out_counts([i for _, i in known], [i for _, i in out], split, share)
        rows.append(
            {
                "share": share,
                "named_right": rate(found.right, found.known).to_json(),
                "false_naming": rate(found.false, found.left_out).to_json(),
            }
        )
    return rows
