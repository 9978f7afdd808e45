"""How far down a list the right candidate stands: ranks, and what chance would give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matching.spectrum import FloatArray

TOPS = (1, 5, 10, 50)
PERMUTATIONS = 200
DRAWS = 50


@dataclass(frozen=True, slots=True)
class RankFigures:
    """Ranks of the right candidates of n queries among a number of candidates.

    Parameters
    ----------
    n, candidates : int
    median : float
        Median rank.
    top : dict of int to float
        Share of queries whose right candidate is among the first 1, 5, 10, 50.
    chance_median : float
        Median rank when the queries' labels are permuted.
    chance_top : dict of int to float
        Shares with permuted labels.
    """

    n: int
    candidates: int
    median: float
    top: dict[int, float]
    chance_median: float
    chance_top: dict[int, float]


def ranks_of(found: FloatArray, own: ArrayLike) -> NDArray[np.int64]:
    """Return the rank (from 1; equals count against it) of each query's own candidate.

    Parameters
    ----------
    found : float array, shape (q, n)
        Similarities of q queries with n candidates.
    own : ints, shape (q,)
        The right candidate of each.
    """
    right = found[np.arange(len(found)), np.asarray(own, dtype=np.int64)][:, None]
    return np.asarray(np.sum(found >= right, axis=1), dtype=np.int64)


def rank_figures(found: FloatArray, own: ArrayLike, seed: int = 0) -> RankFigures | None:
    """Return the figures of queries, with chance by permuting the labels; None without queries."""
    labels = np.asarray(own, dtype=np.int64)
    if labels.size == 0:
        return None
    ranks = ranks_of(found, labels)
    draw = np.random.default_rng(seed)
    chance = np.concatenate(
        [ranks_of(found, draw.permutation(labels)) for _ in range(PERMUTATIONS)]
    )
    return RankFigures(
        n=labels.size,
        candidates=found.shape[1],
        median=float(np.median(ranks)),
        top={first: float(np.mean(ranks <= first)) for first in TOPS},
        chance_median=float(np.median(chance)),
        chance_top={first: float(np.mean(chance <= first)) for first in TOPS},
    )


def ranks_among_fewer(
    ranks: NDArray[np.int64], candidates: int, fewer: int, seed: int = 0
) -> NDArray[np.int64]:
    """Return ranks if only `fewer` candidates were there, drawn at random, the right one kept.

    Parameters
    ----------
    ranks : int array, shape (q,)
        Ranks among all `candidates`.
    candidates, fewer : int
        ``1 <= fewer <= candidates``.
    seed : int
        Of the draws; `DRAWS` for each query.

    Returns
    -------
    int array, shape (q * DRAWS,)
    """
    better = np.repeat(ranks - 1, DRAWS)
    draw = np.random.default_rng(seed)
    return np.asarray(1 + draw.hypergeometric(better, candidates - 1 - better, fewer - 1))
