"""From evidence to a rate: of n validation substances with such evidence, so many were right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


def exact_bounds(count: int, n: int, tail: float) -> tuple[float, float]:
    """Return the exact lower and upper bound of a rate of `count` out of `n`.

    Clopper and Pearson, Biometrika 26 (1934) 404.

    Parameters
    ----------
    count, n : int
        ``0 <= count <= n``, n at least 1.
    tail : float
        Probability left out on each side: 0.025 for two-sided, 0.05 for one-sided 95 % bounds.
    """
    from scipy.special import betaincinv

    low = 0.0 if count == 0 else float(betaincinv(count, n - count + 1, tail))
    high = 1.0 if count == n else float(betaincinv(count + 1, n - count, 1.0 - tail))
    return low, high


@dataclass(frozen=True, slots=True)
class RateBin:
    """One range of evidence in the validation.

    Parameters
    ----------
    least : float
        Evidence (logit) from which the bin holds, up to the next bin.
    right, n : int
        Of `n` independent validation substances with such evidence, `right` were right in every
        answer.
    low95 : float
        Exact lower bound of the rate (two-sided 95 %, Clopper-Pearson), kept with the policy.
    """

    least: float
    right: int
    n: int
    low95: float

    @property
    def rate(self) -> float:
        """Share that was right."""
        return self.right / self.n


def rate_of(evidence: float, bins: Sequence[RateBin]) -> RateBin | None:
    """Return the bin that evidence falls into; None below the first."""
    found = None
    for item in bins:
        if evidence >= item.least:
            found = item
    return found


def monotone_bins(
    scores: Sequence[float], right: Sequence[bool], weights: Sequence[float], fewest: int
) -> list[tuple[float, float, float]]:
    """Pool evidence into ranges whose share of right answers rises (pool adjacent violators).

    Ayer et al., Ann. Math. Statist. 26 (1955) 641.

    Parameters
    ----------
    scores : sequence of float
        Evidence of each answer.
    right : sequence of bool
        Whether it was right.
    weights : sequence of float
        Weight of each answer; answers of one substance share a weight of one.
    fewest : int
        Smallest total weight of a range.

    Returns
    -------
    list of (least, right, n)
        Ranges by rising evidence: lower end, weight of right answers, total weight.
    """
    order = sorted(range(len(scores)), key=lambda i: scores[i])
    pools: list[list[float]] = []
    for i in order:
        pools.append([scores[i], weights[i] * right[i], weights[i]])
        while len(pools) > 1 and _merge(pools[-2], pools[-1], fewest):
            _, good, total = pools.pop()
            pools[-1][1] += good
            pools[-1][2] += total
    while len(pools) > 1 and pools[-1][2] < fewest:
        _, good, total = pools.pop()
        pools[-1][1] += good
        pools[-1][2] += total
    return [(least, good, total) for least, good, total in pools]


def _merge(lower: list[float], upper: list[float], fewest: int) -> bool:
    return lower[2] < fewest or lower[1] / lower[2] >= upper[1] / upper[2]
