"""Calibration, thresholds and folds: each against what is plain to see or computed the long way."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.validation import (
    Judged,
    bootstrap_interval,
    brier_score,
    calibration_error,
    folds_by_group,
    held_out_counts,
    held_out_rates,
    reliability,
    threshold,
    tradeoff,
)

ANSWERS = st.lists(
    st.tuples(
        st.floats(-8, 8).map(lambda x: round(x, 2)), st.booleans(), st.sampled_from("abcdefgh")
    ),
    min_size=1,
    max_size=60,
)


def judged(rows):
    return [Judged(score, right, group) for score, right, group in rows]


def made(n=400, seed=1):
    """Answers whose right share is the logistic function of their score; 40 groups."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0.0, 3.0, n)
    right = rng.random(n) < 1 / (1 + np.exp(-scores))
    return [
        Judged(float(s), bool(r), f"g{g}")
        for s, r, g in zip(scores, right, rng.integers(0, 40, n), strict=True)
    ]


@given(ANSWERS, st.integers(2, 6))
def test_a_group_is_never_split_and_folds_are_even(rows, folds):
    groups = [group for _, _, group in rows]
    fold = folds_by_group(groups, folds)
    of = {}
    for group, number in zip(groups, fold.tolist(), strict=True):
        assert of.setdefault(group, number) == number
        assert 0 <= number < folds
    sizes = [list(of.values()).count(number) for number in range(folds)]
    assert max(sizes) - min(sizes) <= 1


@given(ANSWERS)
def test_bins_hold_every_answer_once_in_equal_counts(rows):
    stated = np.array([1 / (1 + math.exp(-score)) for score, _, _ in rows])
    right = np.array([r for _, r, _ in rows])
    bins = reliability(stated, right, [g for _, _, g in rows])
    assert sum(item.n for item in bins) == len(rows)
    assert sum(item.right for item in bins) == right.sum()
    assert max(item.n for item in bins) - min(item.n for item in bins) <= 1
    assert len(bins) == min(10, len(rows))
    for item in bins:
        assert item.low <= item.stated <= item.high + 1e-12
        assert 1 <= item.groups <= item.n
    assert all(a.high <= b.low for a, b in pairwise(bins))
    long_way = sum(abs(b.stated * b.n - b.right) for b in bins) / len(rows)
    assert calibration_error(stated, right) == pytest.approx(long_way)


def test_honest_rates_have_a_small_error_and_false_ones_a_large_one():
    answers = made(4000)
    right = np.array([a.right for a in answers])
    honest = 1 / (1 + np.exp(-np.array([a.score for a in answers])))
    assert calibration_error(honest, right) < 0.03
    assert calibration_error(np.ones(4000), right) == pytest.approx(1 - right.mean())
    assert brier_score(honest, right) < brier_score(np.full(4000, 0.5), right) == 0.25
    assert math.isnan(calibration_error(np.zeros(0), np.zeros(0, dtype=bool)))
    assert math.isnan(brier_score(np.zeros(0), np.zeros(0, dtype=bool)))


def test_held_out_rates_do_not_know_their_own_group():
    answers = made(300)
    stated = held_out_rates(answers)
    changed = [
        Judged(a.score, not a.right if a.group == "g1" else a.right, a.group) for a in answers
    ]
    again = held_out_rates(changed)
    own = np.array([a.group == "g1" for a in answers])
    assert own.any()
    np.testing.assert_array_equal(stated[own], again[own])
    assert calibration_error(stated, np.array([a.right for a in answers])) < 0.12


def test_the_interval_counts_substances_not_scans():
    answers = made(400)
    right = np.array([a.right for a in answers])
    groups = [a.group for a in answers]

    def share(places):
        return float(right[places % 400].mean())

    low, high = bootstrap_interval(share, groups, rounds=300)
    assert (low, high) == bootstrap_interval(share, groups, rounds=300)
    assert low < right.mean() < high
    assert bootstrap_interval(share, groups * 5, rounds=300) == pytest.approx((low, high))
    single = bootstrap_interval(share, [str(n) for n in range(2000)], rounds=300)
    assert single[1] - single[0] < 0.7 * (high - low)
    one = bootstrap_interval(share, ["same"] * 400, rounds=20)
    assert one == pytest.approx((right.mean(), right.mean()))
    assert all(math.isnan(x) for x in bootstrap_interval(share, []))


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=80), st.sampled_from([0.0, 0.01, 0.05, 0.5]))
def test_at_most_the_share_lies_above_a_threshold(wrong, share):
    limit = threshold(wrong, share)
    assert sum(score > limit for score in wrong) <= share * len(wrong)
    lower = max((score for score in wrong if score < limit), default=None)
    if lower is not None:  # and no lower one of the scores would do
        assert sum(score > lower for score in wrong) > share * len(wrong)


def test_without_wrong_scores_there_is_nothing_to_go_by():
    assert threshold([], 0.05) == -math.inf


@given(ANSWERS, ANSWERS)
def test_the_trade_off_counts_as_one_would_by_hand(known, out):
    known, out = judged(known), judged(out)
    points = tradeoff(known, out)
    assert points[0].score == -math.inf
    for point in points:
        named = sum(a.right and a.score > point.score for a in known)
        assert point.missed == len(known) - named
        assert point.false == sum(a.score > point.score for a in out)
    assert points[-1].false == 0
    assert points[-1].missed == len(known)
    assert [p.score for p in points] == sorted({p.score for p in points})


def test_thresholds_come_from_the_other_folds():
    known = [Judged(3.0, True, "a"), Judged(1.0, True, "b"), Judged(5.0, False, "c")]
    out = [Judged(2.0, False, "a"), Judged(0.5, False, "b"), Judged(0.1, False, "c")]
    folds = ([0, 1, 2], [0, 1, 2])
    found = held_out_counts(known, out, folds, 0.0)
    # fold 0: limit 0.5, 3.0 named and its own left-out 2.0 too; fold 1: limit 2.0, 1.0 not named;
    # fold 2: limit 2.0, a wrong candidate never counts as right
    assert (found.right, found.known, found.false, found.left_out) == (1, 3, 1, 3)
