"""What stated rates and scores are worth: calibration, thresholds and folds by group.

Pure functions of scores, rights and wrongs. One substance, measured often, is one independent
case: whatever is drawn at random or held apart here is drawn or held apart by group.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.rates import monotone_bins
from matching.spectrum import FloatArray

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Judged:
    """The best candidate of one scan, judged against the truth.

    Parameters
    ----------
    score : float
        Its evidence (logit); larger is better.
    right : bool
        It is the true substance.
    group : str
        The scan's true substance: what counts as one independent case.
    """

    score: float
    right: bool
    group: str


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Answers with similar stated rates: what was stated, and how many were right.

    Parameters
    ----------
    low, high : float
        Smallest and largest stated rate in the bin.
    stated : float
        Mean stated rate.
    right, n : int
        Answers that were right, and all answers.
    groups : int
        Independent substances among the answers.
    """

    low: float
    high: float
    stated: float
    right: int
    n: int
    groups: int


def folds_by_group(groups: Sequence[str], folds: int = 5, seed: int = 0) -> IntArray:
    """Return the number of the fold of every item, shape (n,); a group is never split.

    Groups are dealt to the folds in seeded random order, so that folds differ by at most one
    group in size.
    """
    names = sorted(set(groups))
    order = np.random.default_rng(seed).permutation(len(names)) % folds
    of = dict(zip(names, order.tolist(), strict=True))
    return np.array([of[name] for name in groups], dtype=np.int64)


def pooled(judged: Sequence[Judged], fewest: int = 10) -> list[tuple[float, float, float]]:
    """Return ranges (least score, right, n) whose share of right answers rises with the score.

    See `matching.rates.monotone_bins`; each range holds `fewest` answers or more.
    """
    return monotone_bins(
        [item.score for item in judged],
        [item.right for item in judged],
        [1.0] * len(judged),
        fewest,
    )


def held_out_rates(judged: Sequence[Judged], folds: int = 5) -> FloatArray:
    """Return for each answer the rate that the answers of the other folds state, shape (n,).

    Folds are by group. A score below all others takes the rate of the lowest range.
    """
    fold = folds_by_group([item.group for item in judged], folds)
    stated = np.zeros(len(judged))
    for number in range(folds):
        ranges = pooled([item for item, of in zip(judged, fold, strict=True) if of != number])
        for place in np.flatnonzero(fold == number):
            score = judged[int(place)].score
            at = max((r for r in ranges if score >= r[0]), default=ranges[0])
            stated[place] = at[1] / at[2]
    return stated


def reliability(
    stated: FloatArray, right: BoolArray, groups: Sequence[str], parts: int = 10
) -> tuple[ReliabilityBin, ...]:
    """Sort answers by stated rate into `parts` bins of equal count, for a reliability diagram.

    Murphy and Winkler, J. R. Stat. Soc. C 26 (1977) 41. Equal rates keep the order given.

    Parameters
    ----------
    stated : array, shape (n,)
        Stated rates, 0 to 1.
    right : array of bool, shape (n,)
        Whether each answer was right.
    groups : sequence of str, length n
        True substance of each.
    parts : int
        Number of bins; with fewer answers, one each.
    """
    names = np.array(groups, dtype=object)
    return tuple(
        ReliabilityBin(
            low=float(stated[part].min()),
            high=float(stated[part].max()),
            stated=float(stated[part].mean()),
            right=int(right[part].sum()),
            n=part.size,
            groups=len(set(names[part])),
        )
        for part in _equal_parts(stated, parts)
    )


def _equal_parts(stated: FloatArray, parts: int) -> list[IntArray]:
    order = np.argsort(stated, kind="stable").astype(np.int64)
    return [part for part in np.array_split(order, parts) if part.size]


def calibration_error(stated: FloatArray, right: BoolArray, parts: int = 10) -> float:
    """Return the expected calibration error: mean over bins of |stated - right|, 0 best.

    Weighted by the answers in each bin; bins of equal count (Naeini et al., AAAI 2015, 2901).
    Shapes as in `reliability`; nan without answers.
    """
    if not stated.size:
        return float("nan")
    gaps = [
        part.size * abs(float(stated[part].mean()) - float(right[part].mean()))
        for part in _equal_parts(stated, parts)
    ]
    return sum(gaps) / stated.size


def brier_score(stated: FloatArray, right: BoolArray) -> float:
    """Return the mean squared difference of stated rate and truth, 0 best; nan without answers.

    Brier, Mon. Weather Rev. 78 (1950) 1. Shapes (n,).
    """
    return float(np.mean((stated - right) ** 2)) if stated.size else float("nan")


def bootstrap_interval(
    statistic: Callable[[IntArray], float],
    groups: Sequence[str],
    *,
    seed: int = 0,
    rounds: int = 1000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return a percentile interval of a statistic over answers, resampled by whole groups.

    Efron, Ann. Statist. 7 (1979) 1. For an error that cannot be negative, such as a calibration
    error, resampling adds its own noise: the interval lies rather too high than too low.

    Parameters
    ----------
    statistic : callable (index array) -> float
        Computes the figure from the answers at these places (repeats allowed).
    groups : sequence of str, length n
        Group of each answer.
    seed, rounds : int
        Of the resampling.
    level : float
        Coverage aimed at.

    Returns
    -------
    low, high : float
        nan without answers.
    """
    if not groups:
        return float("nan"), float("nan")
    names = sorted(set(groups))
    array = np.array(groups, dtype=object)
    members = [np.flatnonzero(array == name) for name in names]
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(rounds):
        drawn = rng.integers(0, len(names), len(names))
        values.append(statistic(np.concatenate([members[i] for i in drawn])))
    tail = 50.0 * (1.0 - level)
    low, high = np.percentile(values, [tail, 100.0 - tail])
    return float(low), float(high)


def threshold(wrong: Sequence[float], share: float) -> float:
    """Return the score that at most `share` of the wrong scores lie above.

    A name is given for a score *above* the threshold; -inf when there is no wrong score to go by.
    """
    ordered = sorted(wrong, reverse=True)
    above = int(share * len(ordered))
    return ordered[above] if above < len(ordered) else float("-inf")


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """One point of the detection error trade-off: a threshold and both kinds of error.

    Parameters
    ----------
    score : float
        Threshold: answers with scores above it are named.
    missed : int
        Known scans that would not get their right name.
    false : int
        Left-out scans that would get a (wrong) name.
    """

    score: float
    missed: int
    false: int


def tradeoff(known: Sequence[Judged], left_out: Sequence[Judged]) -> tuple[Tradeoff, ...]:
    """Return the errors at every threshold that changes them, by rising threshold.

    Martin et al., Proc. Eurospeech 1997, 1895 (detection error trade-off).

    Parameters
    ----------
    known : sequence of Judged
        Best candidates of scans whose substance is in the library.
    left_out : sequence of Judged
        Best candidates of the scans with their substance removed.
    """
    right = np.sort([item.score for item in known if item.right])
    wrong = np.sort([item.score for item in left_out])
    never = len(known) - right.size
    points = [Tradeoff(float("-inf"), never, wrong.size)]
    for score in np.unique(np.concatenate((right, wrong))):
        missed = never + int(np.searchsorted(right, score, side="right"))
        false = wrong.size - int(np.searchsorted(wrong, score, side="right"))
        points.append(Tradeoff(float(score), missed, false))
    return tuple(points)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Counts with a threshold that was set without the scans it is applied to.

    Parameters
    ----------
    share : float
        Largest share of wrong scores allowed above the threshold where it was set.
    right, known : int
        Known scans whose best candidate is right and above the threshold, and all of them.
    false, left_out : int
        Left-out scans with a score above the threshold, and all of them.
    """

    share: float
    right: int
    known: int
    false: int
    left_out: int


def held_out_counts(
    known: Sequence[Judged],
    left_out: Sequence[Judged],
    folds: tuple[Sequence[int], Sequence[int]],
    share: float,
) -> HeldOut:
    """Count right and false names, each fold with the threshold that the other folds set.

    Parameters
    ----------
    known, left_out : sequence of Judged
        As for `tradeoff`.
    folds : pair of sequences of int
        Fold of every known and of every left-out item (by group or by instrument).
    share : float
        See `HeldOut`.
    """
    right = false = 0
    for number in sorted(set(folds[0]) | set(folds[1])):
        others = [i.score for i, f in zip(left_out, folds[1], strict=True) if f != number]
        limit = threshold(others, share)
        right += sum(
            i.right and i.score > limit for i, f in zip(known, folds[0], strict=True) if f == number
        )
        false += sum(
            i.score > limit for i, f in zip(left_out, folds[1], strict=True) if f == number
        )
    return HeldOut(share, right, len(known), false, len(left_out))
