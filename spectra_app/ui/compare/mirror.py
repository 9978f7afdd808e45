"""What a comparison and a fitted set look like: pure functions from records to drawings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spectra_app.records.identification import Comparison
from spectra_app.services.comparing import FittedSet
from spectra_app.ui.compare.drawing import Drawing, Marks, Trace
from spectra_app.ui.look import Look
from spectra_app.ui.phrases import percent

ROOM = 0.24  # height left for a label, in units of the tallest band
GAP = 0.07  # between a curve and the mark above it
OWN = (2, 3, 4, 5)  # series whose colours are neither the sum's nor the residual's
RESIDUAL_ROOM = 0.35  # smallest height of the residual's stripe

Array = NDArray[np.float64]


def mirrored(shown: Comparison, upper: str, lower: str, look: Look) -> Drawing:
    """Return one spectrum up, the other down, what is left below them, and their peaks.

    Parameters
    ----------
    shown : Comparison
        What is compared; its scan goes up.
    upper, lower : str
        Labels of the two.
    look : Look
        Language.
    """
    axis, up, down = shown.raman_shift_cm1, shown.query, shown.reference
    top, deep = _top(up), _top(down)
    left = up - down
    above = max(float(np.nanmax(left)), RESIDUAL_ROOM)
    room = 1.4 * ROOM  # a low window leaves few pixels for a unit
    foot = -(deep + GAP + room) - room - above
    say = look.say
    counts = {
        "matched": len(shown.matched_peaks_cm1),
        "missing": len(shown.missing_peaks_cm1),
        "unexplained": len(shown.unexplained_peaks_cm1),
    }
    return Drawing(
        traces=(
            Trace(axis, up, "query", upper, top + GAP),
            Trace(axis, -down, "reference", lower, -(deep + GAP + room)),
            Trace(axis, foot + left, "unexplained", say("compare.residual"), foot + above),
        ),
        marks=(
            *_marks("matched", shown.matched_peaks_cm1, axis, up, 1.0),
            *_marks("missing", shown.missing_peaks_cm1, axis, down, -1.0),
            *_marks("unexplained", shown.unexplained_peaks_cm1, axis, up, 1.0),
        ),
        floors=(0.0, foot),
        span=(float(axis[0]), float(axis[-1])),
        reach=(foot + min(float(np.nanmin(left)), 0.0), top + GAP + room),
        bottom=say("figure.axis"),
        left=say("figure.intensity"),
        spoken=say("compare.spoken", upper=upper, lower=lower, **counts),
    )


def fitted(shown: FittedSet, look: Look) -> Drawing:
    """Return the scan with the sum over it, each component's contribution below, and what is left.

    Parameters
    ----------
    shown : FittedSet
        The set.
    look : Look
        Language.
    """
    axis, say = shown.raman_shift_cm1, look.say
    scan, total = say("compare.scan"), say("compare.sum")
    peak = max(_top(shown.scan), _top(shown.total))
    traces = [
        Trace(axis, shown.scan, "query", scan, peak + GAP + ROOM),
        Trace(axis, shown.total, "reference", total, peak + GAP),
    ]
    foot, floors = 0.0, [0.0]
    for number, part in enumerate(shown.parts):
        foot -= _top(part.values) + GAP + ROOM
        floors.append(foot)
        words = look.texts.put(part.name)
        if len(shown.parts) > 1:
            words = say("compare.part", name=part.name, share=percent(part.share))
        label_at = foot + _top(part.values)
        colour = f"series:{OWN[number % len(OWN)]}"
        traces.append(Trace(axis, foot + part.values, colour, words, label_at, foot))
    left = shown.residual
    above = max(float(np.nanmax(left)), RESIDUAL_ROOM)
    foot -= above + GAP + ROOM
    floors.append(foot)
    traces.append(Trace(axis, foot + left, "unexplained", say("compare.left"), foot + above))
    return Drawing(
        traces=tuple(traces),
        floors=tuple(floors),
        span=(float(axis[0]), float(axis[-1])),
        reach=(foot + min(float(np.nanmin(left)), 0.0), peak + GAP + 2 * ROOM),
        bottom=say("figure.axis"),
        left=say("figure.intensity"),
        spoken=say("compare.spoken_set", list=look.texts.many(part.name for part in shown.parts)),
    )


def _top(values: Array) -> float:
    return max(float(np.nanmax(values)), 0.05)


def _marks(
    mark: str, at_cm1: tuple[float, ...], axis: Array, heights: Array, sign: float
) -> tuple[Marks, ...]:
    if not at_cm1:
        return ()
    places = np.asarray(at_cm1)
    y = sign * (np.interp(places, axis, np.nan_to_num(heights)) + GAP)
    return (Marks(mark, places, y),)  # type: ignore[arg-type]  # one of the three
