"""The figures of an evaluation as plots: false and missed names, scores, calibration, ranks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from spectra_app.services.evaluate.curves import curve
from spectra_app.services.statistics import Rate
from spectra_app.ui.compare.drawing import Bars, Drawing, Trace
from spectra_app.ui.look import Look

Figures = dict[str, Any]
ROOMS = (1.16, 1.06)  # where the labels of two series stand, in shares
TALL = (0.0, 1.26)
FALSE, MISSED = "unexplained", "reference"


def curves(figures: Figures, look: Look) -> tuple[Drawing, str]:
    """Return false and missed names against the threshold, with their bounds, and a note."""
    points = curve(figures)
    if not points:
        return Drawing(), look.say("evaluate.no_curve")
    say = look.say
    x = np.array([one.score for one in points])
    missed, false = ([getattr(one, name) for one in points] for name in ("missed", "false"))
    counts = {"known": missed[0].n, "out": false[0].n}
    drawing = Drawing(
        traces=(
            Trace(x, _rates(missed), MISSED, say("evaluate.curve_missed"), ROOMS[0]),
            Trace(x, _rates(false), FALSE, say("evaluate.curve_false"), ROOMS[1]),
        ),
        bars=(_bars(x, missed, MISSED, "o"), _bars(x, false, FALSE, "s")),
        posts=((figures["detection"]["limit"], say("evaluate.limit")),),
        span=_span(x),
        reach=TALL,
        bottom=say("evaluate.evidence"),
        left=say("evaluate.share_of_scans"),
        numbers=True,
        spoken=say("evaluate.curves"),
    )
    return drawing, say("evaluate.curves_note", **counts)


def tradeoff(figures: Figures, look: Look) -> tuple[Drawing, str]:
    """Return missed against false names (as a receiver operating characteristic), and a note."""
    points = curve(figures, most=200)
    if not points:
        return Drawing(), look.say("evaluate.no_curve")
    say, few = look.say, curve(figures, most=12)
    x, y = (_rates([getattr(one, name) for one in points]) for name in ("false", "missed"))
    at = _rates([one.false for one in few])
    drawing = Drawing(
        traces=(Trace(x, y, "query", say("evaluate.tradeoff_line"), ROOMS[1]),),
        bars=(_bars(at, [one.missed for one in few], "query", "o"),),
        span=(0.0, 1.0),
        reach=TALL,
        bottom=say("evaluate.false_share"),
        left=say("evaluate.missed_share"),
        numbers=True,
        spoken=say("evaluate.tradeoff"),
    )
    counts = {"known": points[0].missed.n, "out": points[0].false.n}
    return drawing, say("evaluate.tradeoff_note", **counts)


def scores(figures: Figures, look: Look) -> tuple[Drawing, str]:
    """Return the histogram of the best candidates' evidence: right, wrong and left out."""
    found, say = figures["detection"]["histogram"], look.say
    if found is None:
        return Drawing(), say("evaluate.no_scores")
    edges = np.repeat(np.array(found["edges"]), 2)
    top = max(max(found[key]) for key in ("right", "wrong", "left_out")) or 1
    traces = []
    for place, (key, colour) in enumerate(
        (("right", MISSED), ("wrong", "series:3"), ("left_out", FALSE))
    ):
        if any(found[key]):
            steps = np.concatenate([[0.0], np.repeat(np.array(found[key], float), 2), [0.0]])
            words = say(f"evaluate.score_{key}", count=sum(found[key]))
            label_at = top * (1.22 - 0.09 * place)
            traces.append(Trace(edges, steps, colour, words, label_at, 0.0))
    drawing = Drawing(
        traces=tuple(traces),
        posts=((figures["detection"]["limit"], say("evaluate.limit")),),
        span=(found["edges"][0], found["edges"][-1]),
        reach=(0.0, 1.32 * top),
        bottom=say("evaluate.evidence"),
        left=say("evaluate.scans"),
        numbers=True,
        spoken=say("evaluate.scores"),
    )
    return drawing, say("evaluate.scores_note")


def reliability(figures: Figures, look: Look) -> tuple[Drawing, str]:
    """Return the stated rates against what was right, with exact bounds, and a note."""
    found, say = figures["calibration"]["match_rate"], look.say
    if not found["n"]:
        return Drawing(), say("evaluate.no_scores")
    bins = found["bins"]
    x = np.array([one["stated"] for one in bins])
    drawing = Drawing(
        traces=(
            Trace(
                np.array([0.0, 1.0]), np.array([0.0, 1.0]), "muted", say("evaluate.honest"), 1.06
            ),
        ),
        bars=(
            Bars(
                x,
                np.array([one["observed"] for one in bins]),
                np.array([one["low95"] for one in bins]),
                np.array([one["high95"] for one in bins]),
                MISSED,
            ),
        ),
        span=(0.0, 1.0),
        reach=TALL,
        bottom=say("evaluate.stated"),
        left=say("evaluate.observed"),
        numbers=True,
        spoken=say("evaluate.reliability"),
    )
    low, high = found["ece_interval95"]
    counts = look.texts.many(say("compare.of", count=one["right"], total=one["n"]) for one in bins)
    return drawing, say(
        "evaluate.reliability_note",
        bins=counts,
        n=found["n"],
        groups=found["groups"],
        ece=f"{found['ece']:.3f}",
        low=f"{low:.3f}",
        high=f"{high:.3f}",
        brier=f"{found['brier']:.3f}",
    )


def ranks(figures: Figures, look: Look) -> tuple[Drawing, str]:
    """Return how often the right substance is among the first k, with exact bounds, and a note."""
    rows = [one for one in figures["top_k"] if one["rate"] is not None]
    say = look.say
    if not rows:
        return Drawing(), say("evaluate.no_scores")
    x = np.array([float(one["k"]) for one in rows])
    y, low, high = (np.array([one[key] for one in rows]) for key in ("rate", "low95", "high95"))
    drawing = Drawing(
        traces=(Trace(x, y, MISSED, say("evaluate.ranks"), ROOMS[1]),),
        bars=(Bars(x, y, low, high, MISSED),),
        span=(0.5, rows[-1]["k"] + 0.5),
        reach=TALL,
        bottom=say("evaluate.places"),
        left=say("evaluate.share_of_scans"),
        numbers=True,
        spoken=say("evaluate.ranks"),
    )
    return drawing, say("evaluate.ranks_note", n=rows[0]["n"], count=rows[0]["count"])


PLOTS: dict[str, Callable[[Figures, Look], tuple[Drawing, str]]] = {
    "curves": curves,
    "tradeoff": tradeoff,
    "scores": scores,
    "reliability": reliability,
    "ranks": ranks,
}


def _rates(items: list[Rate]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([one.rate if one.rate is not None else np.nan for one in items])


def _bars(
    x: np.ndarray[Any, np.dtype[np.float64]], items: list[Rate], colour: str, shape: str
) -> Bars:
    low, high = (
        np.array([np.nan if v is None else v for v in (getattr(one, key) for one in items)])
        for key in ("low95", "high95")
    )
    return Bars(x, _rates(items), low, high, colour, shape)


def _span(x: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[float, float]:
    low, high = float(x.min()), float(x.max())
    return (low, high) if high > low else (low - 1.0, high + 1.0)
