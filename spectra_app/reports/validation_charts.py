"""The charts of a validation report, from the figures of an evaluation."""

from __future__ import annotations

from typing import Any

from spectra_app.reports.charts import BLUE, GREEN, ORANGE, Chart, Series, rounded_up, steps
from spectra_app.reports.page import GREY, INK

UNIT = (0.0, 1.0)
TRADEOFF_END = 0.2


def reliability_chart(found: dict[str, Any], title: str, stated: str) -> Chart:
    """Return the reliability diagram of one kind of stated rate."""
    bins = found["bins"]
    low, high = found["ece_interval95"]
    return Chart(
        title,
        stated,
        "share that was right",
        UNIT,
        UNIT,
        (
            Series("honest", ((0.0, 0.0), (1.0, 1.0)), GREY, dashed=True),
            Series(
                "answers, 95 % bounds",
                tuple((b["stated"], b["observed"]) for b in bins),
                BLUE,
                "marks",
                bounds=tuple((b["low95"], b["high95"]) for b in bins),
            ),
        ),
        note=f"{found['n']} answers of {found['groups']} substances in {len(bins)} bins of equal "
        f"count. Expected calibration error {found['ece']:.3f} (95 % interval {low:.3f} to "
        f"{high:.3f}, bootstrap by substance), Brier score {found['brier']:.3f}.",
    )


def score_chart(found: dict[str, Any]) -> Chart:
    """Return the histogram of the best candidates' scores, known against left out."""
    histogram = found["histogram"]
    edges = tuple(histogram["edges"])
    lines = [("substance in the library, first right", "right", BLUE, False)]
    if any(histogram["wrong"]):
        lines.append(("in the library, first wrong", "wrong", GREEN, True))
    if any(histogram["left_out"]):
        lines.append(("substance left out", "left_out", ORANGE, True))
    top = max(max(histogram[key]) for _, key, _, _ in lines)
    return Chart(
        "Scores of the best candidate",
        "evidence (logit of the hit quality)",
        "scans",
        (edges[0], edges[-1]),
        (0.0, rounded_up(1.05 * top)),
        tuple(
            Series(label, steps(edges, tuple(histogram[key])), colour, dashed=dashed)
            for label, key, colour, dashed in lines
        ),
        ((found["limit"], "limit for a name"),),
    )


def tradeoff_chart(found: dict[str, Any]) -> Chart:
    """Return missed names against false names for every threshold of the score alone."""
    points = tuple((p["false_naming"], p["missed"]) for p in found["tradeoff"])
    least = min(missed for _, missed in points)
    return Chart(
        "Detection error trade-off of the score alone",
        "share of left-out scans that would be named",
        "share of known scans that would not get their right name",
        (0.0, TRADEOFF_END),
        (0.0, TRADEOFF_END if least < 0.75 * TRADEOFF_END else 1.0),
        (Series("threshold moved", points, INK),),
        note="Corner at the lower left is best; larger values lie on the edge. The verdict asks "
        "for more than a score.",
    )


def top_k_chart(rows: list[dict[str, Any]]) -> Chart:
    """Return how often the right substance is among the first k candidates."""
    known = [row for row in rows if row["rate"] is not None]
    least = min((row["low95"] for row in known), default=0.0)
    return Chart(
        "Right substance among the first k candidates",
        "k",
        "share of scans of one substance in the library",
        (0.0, len(rows) + 1.0),
        (0.0 if least < 0.5 else 0.5, 1.0),
        (
            Series(
                "share, 95 % bounds",
                tuple((float(row["k"]), row["rate"]) for row in known),
                BLUE,
                "marks",
                bounds=tuple((row["low95"], row["high95"]) for row in known),
            ),
        ),
    )


def distortion_chart(rows: list[dict[str, Any]]) -> Chart:
    """Return the share named right under each distortion, numbered as in the table."""
    points = tuple(
        (float(number), row["named_right"]["rate"])
        for number, row in enumerate(rows, start=1)
        if row["named_right"]["rate"] is not None
    )
    wrong = tuple(
        (float(number), row["named_wrong"]["rate"])
        for number, row in enumerate(rows, start=1)
        if row["named_wrong"]["rate"] is not None
    )
    return Chart(
        "Named right and wrong under each distortion",
        "number of the distortion in the table",
        "share of distorted scans",
        (0.0, len(rows) + 1.0),
        UNIT,
        (
            Series("named right", points, BLUE, "marks"),
            Series("named wrong", wrong, ORANGE, "marks"),
        ),
    )
