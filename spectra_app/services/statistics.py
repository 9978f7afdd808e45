"""Counts, rates and exact bounds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from matching.rates import exact_bounds


@dataclass(frozen=True, slots=True)
class Rate:
    """A count out of n with its exact two-sided 95 % bounds (Clopper-Pearson)."""

    count: int
    n: int
    rate: float | None
    low95: float | None
    high95: float | None

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)

    def __str__(self) -> str:
        if self.rate is None:
            return "none of 0"
        return (
            f"{self.count} of {self.n} ({self.rate:.1%}, 95 % {self.low95:.1%}-{self.high95:.1%})"
        )


def rate(count: int, n: int) -> Rate:
    """Return a rate with Clopper-Pearson bounds (see `exact_bounds`); None when n is 0."""
    if n == 0:
        return Rate(count, n, None, None, None)
    low, high = exact_bounds(count, n, 0.025)
    return Rate(count, n, count / n, low, high)


def macro(hits: dict[str, list[bool]]) -> float | None:
    """Return the mean over keys of each key's share of hits; None when there is no key."""
    if not hits:
        return None
    return sum(sum(values) / len(values) for values in hits.values()) / len(hits)
