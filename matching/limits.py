"""The smallest share of the Raman signal at which a substance would still have been seen.

The question is asked of this very scan: spikes of a reference are put into it in the computer, and
the whole identification says whether each is named. How a spike is made is in
`matching.spiking`; here is only the search for the share, over a callable.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

Found = Callable[[float, int], bool]
PROBES = 6  # spikes that find the share to which the margin is added


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """How the smallest share that a scan would have revealed is found.

    Parameters
    ----------
    families : tuple of str
        Words by which the hazards of a library are known, in their family or class.
    automatic : int
        Hazard entries up to which the calculation starts without being asked for.
    share_of_spikes : float
        Share of spikes that must be seen at the share stated, below 1.
    spikes : int
        Spikes at the share stated; ``spikes / (spikes + 1) >= share_of_spikes``.
    least_share, most_share : float
        Smallest and largest share of the Raman signal tried, between 0 and 1.
    step : float
        Ratio of two neighbouring shares, above 1.
    margin : float
        Factor, at least 1, by which the share is raised before all spikes are tried: the substance
        measured elsewhere fits worse than the library's own reference.
    response_error : float
        Relative standard deviation of the intensity response between instruments, per 1000 cm-1.
    axis_error_cm1 : float
        Standard deviation of the error of a spike's Raman shift axis, in cm-1.

    Raises
    ------
    ValueError
        When the numbers cannot be used together.
    """

    families: tuple[str, ...]
    automatic: int
    share_of_spikes: float
    spikes: int
    least_share: float
    most_share: float
    step: float
    margin: float
    response_error: float
    axis_error_cm1: float

    def __post_init__(self) -> None:
        if not 0.0 < self.least_share < self.most_share < 1.0 or not 1.0 < self.step <= 2.0:
            raise ValueError("the shares of the detection limits make no sense")
        if not 1.0 <= self.margin <= 10.0:
            raise ValueError("the margin of the detection limits is not between 1 and 10")
        if not 0.0 < self.share_of_spikes < 1.0 or not PROBES <= needed(self) <= self.spikes:
            raise ValueError("too few spikes for the share of spikes to be seen")
        if min(self.automatic, self.response_error, self.axis_error_cm1) < 0.0:
            raise ValueError("a setting of the detection limits is negative")

    @property
    def shares(self) -> tuple[float, ...]:
        """The shares that are tried, from the largest down to the smallest, in even ratios."""
        count = math.floor(math.log(self.most_share / self.least_share) / math.log(self.step))
        return tuple(self.most_share / self.step**place for place in range(count + 1))


def needed(settings: LimitSettings) -> int:
    """Return how many of the spikes must be seen at the share stated.

    A further spike of the same kind is seen with a chance of at least ``k / (n + 1)`` at the share
    at which k of n spikes, each with its own smallest share, were seen (order statistics of
    exchangeable draws; Wilks, Ann. Math. Statist. 12 (1941) 91). So k is the smallest number with
    ``k / (n + 1) >= share_of_spikes``: 20 of 20 for 95 %.
    """
    return math.ceil(settings.share_of_spikes * (settings.spikes + 1) - 1e-9)


class _Tries:
    """What was tried so far: every spike at every share at most once."""

    def __init__(self, found: Found, settings: LimitSettings) -> None:
        self._found, self.settings = found, settings
        self.shares = settings.shares
        self._known: dict[tuple[int, int], bool] = {}
        self._order = list(range(settings.spikes))  # the spikes hardest to see come first

    def seen(self, rung: int, spike: int) -> bool:
        """Tell whether a spike is seen at the share on a rung (0 is the largest share)."""
        key = (rung, spike)
        if key not in self._known:
            self._known[key] = self._found(self.shares[rung], spike)
        return self._known[key]

    def well(self, rung: int) -> bool:
        """Tell whether the first two spikes are seen at a share, or three of the first four."""
        first = sum(self.seen(rung, spike) for spike in (0, 1))
        return first == 2 or (first == 1 and self.seen(rung, 2) and self.seen(rung, 3))

    def probed(self, rung: int) -> bool:
        """Tell whether each of the first six spikes is seen at a share."""
        return all(self.seen(rung, spike) for spike in range(PROBES))

    def enough(self, rung: int) -> bool:
        """Tell whether enough spikes are seen at a share; give up at the first miss too many."""
        left = self.settings.spikes - needed(self.settings)
        for spike in list(self._order):
            if not self.seen(rung, spike):
                self._order.remove(spike)
                self._order.insert(0, spike)
                left -= 1
                if left < 0:
                    return False
        return True


def smallest_share(found: Found, settings: LimitSettings) -> float | None:
    """Return the smallest share of the Raman signal at which enough spikes are seen.

    Shares are halved from the largest down as long as two spikes are seen, or three of four: so
    what is stated is not one lucky share with blindness above it. Between the first share that
    fails and the last that was well, bisection with one spike finds where to begin, and the share
    rises from step to step until the first six spikes are seen. The margin is added, and from
    there the share rises until enough of all spikes are seen at one and the same share.

    Parameters
    ----------
    found : callable (share, spike) -> bool
        Tells whether spike number `spike` (0 to ``settings.spikes - 1``) is seen when it makes up
        `share` of the Raman signal; the same arguments must give the same answer.
    settings : LimitSettings
        Shares tried and spikes needed.

    Returns
    -------
    float or None
        A share between ``least_share`` and ``most_share``; None when even at the largest share,
        the margin taken off, too few spikes are seen.
    """
    tries = _Tries(found, settings)
    low, high = _bracket(tries)
    if low == 0:
        return None
    while low - high > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if tries.seen(middle, 0) else (middle, high)
    probed = next((rung for rung in range(high, -1, -1) if tries.probed(rung)), -1)
    raised = probed - math.ceil(math.log(settings.margin) / math.log(settings.step) - 1e-9)
    stated = next((rung for rung in range(raised, -1, -1) if tries.enough(rung)), None)
    return None if stated is None else tries.shares[stated]


def _bracket(tries: _Tries) -> tuple[int, int]:
    """Return the rung where seeing ends (or one past the last), and the last good one above it.

    Rungs count from the largest share; the first is 0 when even the largest share is not seen.
    """
    double = max(round(math.log(2.0) / math.log(tries.settings.step)), 1)
    good = 0
    for rung in [*range(0, len(tries.shares), double), len(tries.shares) - 1]:
        if not tries.well(rung):
            return rung, good
        good = rung
    return len(tries.shares), good
