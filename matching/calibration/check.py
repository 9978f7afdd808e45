"""The daily check with a standard, and the control chart over many of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from matching.calibration.axis import LineResult
from matching.calibration.standards import Standard
from matching.spectrum import FloatArray

if TYPE_CHECKING:
    from matching.calibration.lines import FoundLine

MOVING_RANGE = 1.128  # d2 of two: mean range of two normal values, in standard deviations
LEAST_SIGMA_CM1 = 0.05  # a chart without any spread would call the next digit a failure
LEAST_POINTS = 8


@dataclass(frozen=True, slots=True)
class CheckLimits:
    """What a check must meet.

    Parameters
    ----------
    least_lines : int
        Fewest lines found and usable.
    most_mean_cm1 : float
        Largest common offset: the median of the lines' offsets, either way.
    most_line_cm1 : float
        Largest offset of a single line.
    widest_cm1 : float
        Bands wider than this do not count: their summit depends on the resolution.
    """

    least_lines: int = 4
    most_mean_cm1: float = 1.5
    most_line_cm1: float = 3.0
    widest_cm1: float = 22.0


@dataclass(frozen=True, slots=True)
class LineOffset:
    """One line of a check: expected and found in cm-1, offset, and whether it counted and passed.

    `use` is as in `LineResult`, or ``"wide_band"`` for a band too wide to count.
    """

    expected_cm1: float
    found_cm1: float | None
    offset_cm1: float | None
    use: str
    passed: bool | None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Result of a check; `failures` says in words why it failed, empty when it passed."""

    lines: tuple[LineOffset, ...]
    offset_cm1: float | None
    worst_cm1: float | None
    failures: tuple[str, ...]
    off: bool = False
    """Whether enough lines were found, and they are off."""

    @property
    def passed(self) -> bool:
        """Whether the axis may be used."""
        return not self.failures


def check_offsets(rows: Sequence[LineResult], limits: CheckLimits) -> CheckResult:
    """Judge the offsets of a standard's lines by the axis in use.

    Parameters
    ----------
    rows : sequence of LineResult
        Lines assigned on the axis in use, see `matching.calibration.fit.fit_axis`: its
        `before_cm1` is the offset. An outlier of a fit counts here: it is the axis that is judged.
    limits : CheckLimits
        What it must meet.
    """
    lines = tuple(_offset(row, limits) for row in rows if row.unit == "cm-1")
    offsets = [line.offset_cm1 for line in lines if line.passed is not None]
    known = [value for value in offsets if value is not None]
    failures = []
    if len(known) < limits.least_lines:
        failures.append(f"only {len(known)} lines could be judged, {limits.least_lines} needed")
    if not known:
        return CheckResult(lines, None, None, tuple(failures))
    few = len(failures)
    middle = float(np.median(known))
    worst = max(known, key=abs)
    if abs(middle) > limits.most_mean_cm1:
        failures.append(
            f"the lines are off by {middle:+.2f} cm-1, {limits.most_mean_cm1:g} allowed"
        )
    if abs(worst) > limits.most_line_cm1:
        failures.append(f"a line is off by {worst:+.2f} cm-1, {limits.most_line_cm1:g} allowed")
    off = not few and len(failures) > few
    return CheckResult(lines, middle, float(worst), tuple(failures), off)


def why_not_judged(
    result: CheckResult, standard: Standard, found: Sequence[FoundLine], *, full: bool
) -> str:
    """Return why a scan that did not pass says nothing of the axis; empty when it does.

    Parameters
    ----------
    result : CheckResult
        What came of it. Enough lines that are off are a verdict, however poor the scan is.
    standard : Standard
        Whose lines were looked for.
    found : sequence of FoundLine
        All lines of the scan.
    full : bool
        Whether the detector was saturated.
    """
    if result.off:
        return ""
    if full or any(line.saturated for line in found):
        return "the scan is saturated, so the axis could not be judged: measure again, shorter"
    strongest = max((line.snr for line in found), default=0.0)
    from matching.calibration.lines import LEAST_SNR  # not for whoever only asks for limits

    needed = LEAST_SNR / min(line.strength for line in standard.lines)
    if strongest < needed:
        return (
            f"the scan is too weak to judge the axis (strongest line {strongest:.0f} times the "
            f"noise, {needed:.0f} needed): bring the standard into focus, or measure longer"
        )
    return ""


def _offset(row: LineResult, limits: CheckLimits) -> LineOffset:
    use: str = row.use
    if use == "used" and (row.fwhm_cm1 or 0.0) > limits.widest_cm1:
        use = "wide_band"
    counted = use in {"used", "outlier"} and row.before_cm1 is not None
    passed = abs(row.before_cm1 or 0.0) <= limits.most_line_cm1 if counted else None
    return LineOffset(row.expected, row.found, row.before_cm1, use, passed)


# --- Control chart ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Signal:
    """What a run rule says of one point: its index, the rule's number (1-4) and words."""

    point: int
    rule: int
    words: str


@dataclass(frozen=True, eq=False, slots=True)
class Chart:
    """Individuals and moving range chart.

    Parameters
    ----------
    values : array, shape (n,)
        The checks' common offsets in cm-1, in the order of time.
    centre, sigma : float
        Mean of the first points, and their standard deviation from the mean moving range.
    lower, upper : float
        Control limits of the individuals: three standard deviations either way.
    most_range : float
        Control limit of the moving range.
    signals : tuple of Signal
        What the run rules found.
    """

    values: FloatArray
    centre: float
    sigma: float
    lower: float
    upper: float
    most_range: float
    signals: tuple[Signal, ...]


def control_chart(values: Sequence[float], first: int = 20) -> Chart | None:
    """Return the chart of the values; None with fewer than eight: no limits can be stated yet.

    Parameters
    ----------
    values : sequence of float
        Common offsets in cm-1, in the order of time.
    first : int
        So many first values (at most) give centre and limits, so that a slow drift does not carry
        its limits along.

    Notes
    -----
    Limits from the mean moving range of two (d2 = 1.128), D4 = 3.267 for the ranges; rules of the
    Western Electric Statistical Quality Control Handbook (1956).
    """
    data = np.asarray(values, dtype=np.float64)
    if data.size < LEAST_POINTS:
        return None
    base = data[: max(first, LEAST_POINTS)]
    mean_range = float(np.mean(np.abs(np.diff(base))))
    sigma = max(mean_range / MOVING_RANGE, LEAST_SIGMA_CM1)
    centre = float(base.mean())
    return Chart(
        values=data,
        centre=centre,
        sigma=sigma,
        lower=centre - 3.0 * sigma,
        upper=centre + 3.0 * sigma,
        most_range=3.267 * MOVING_RANGE * sigma,
        signals=run_rules((data - centre) / sigma),
    )


RULES = (  # number, how many of how many, beyond how many standard deviations, words
    (1, 1, 1, 3.0, "beyond three standard deviations"),
    (2, 2, 3, 2.0, "two of three beyond two standard deviations, same side"),
    (3, 4, 5, 1.0, "four of five beyond one standard deviation, same side"),
    (4, 8, 8, 0.0, "eight in a row on one side of the centre"),
)


def run_rules(scores: FloatArray) -> tuple[Signal, ...]:
    """Return what the four Western Electric rules say of standardised values, shape (n,).

    A rule speaks at a point when the point itself is beyond its limit and completes the run.
    """
    found = []
    for point in range(scores.size):
        for number, least, among, limit, words in RULES:
            window = scores[max(0, point - among + 1) : point + 1]
            for side in (1.0, -1.0):
                beyond = side * window > limit
                if beyond[-1] and int(beyond.sum()) >= least:
                    found.append(Signal(point, number, words))
    return tuple(found)
