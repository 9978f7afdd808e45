"""Rates along the score with their exact bounds, from the figures of an evaluation, for plots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spectra_app.services.statistics import Rate, rate

MOST_POINTS = 25


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A threshold of the evidence (logit), and what it would cost.

    `missed` counts known scans that would not get their right name, `false` scans whose substance
    was left out that would get one.
    """

    score: float
    missed: Rate
    false: Rate


def curve(figures: dict[str, Any], most: int = MOST_POINTS) -> tuple[CurvePoint, ...]:
    """Return the trade-off of an evaluation at no more than `most` thresholds, by rising score.

    Empty where nothing was left out.
    """
    known, out = figures["calibration"]["left_in"], figures["calibration"]["left_out"]
    points = [one for one in figures["detection"]["tradeoff"] if one["score"] is not None]
    points.sort(key=lambda one: one["score"])
    if len(points) > most:
        last = len(points) - 1
        points = [points[round(number * last / (most - 1))] for number in range(most)]
    return tuple(
        CurvePoint(
            one["score"],
            rate(round(one["missed"] * known), known),
            rate(round(one["false_naming"] * out), out),
        )
        for one in points
    )
