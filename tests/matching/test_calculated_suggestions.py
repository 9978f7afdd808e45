"""Ranking a measured spectrum against calculated lines, and figures of ranks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.errors import QueryError
from matching.pipeline import prepare
from matching.ranks import rank_figures, ranks_of
from matching.spectrum import Spectrum
from matching.suggest import calculated_profiles, query_profile, scattered, similarities

AXIS = np.arange(300.0, 1900.0, 1.5)


def _lines(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.sort(rng.uniform(300, 1850, 40)), rng.gamma(0.6, 30.0, 40)


def _spectrum(seed: int, error: float, axis=AXIS) -> Spectrum:
    """A spectrum of the lines with frequencies off by `error` and heights by a factor of two."""
    rng = np.random.default_rng(seed + 1000)
    shifts, activities = _lines(seed)
    places = shifts + rng.normal(0, error, shifts.size)
    heights = scattered(shifts, activities) * 2 ** rng.uniform(-1, 1, shifts.size)
    shape = np.exp(-(((axis[:, None] - places) / 5) ** 2)) @ heights
    noise = rng.normal(0, 0.002 * shape.max(), axis.size)
    return Spectrum(axis, 1000 * (shape + noise) + 5000 * np.exp(-axis / 900), 785.0)


@pytest.fixture(scope="module")
def profiles():
    lines = [_lines(seed) for seed in range(60)]
    owners = np.repeat(np.arange(60), 40)
    joined = [np.concatenate(part) for part in zip(*lines, strict=True)]
    return calculated_profiles(owners, *joined, 60)


def test_lines_that_are_off_by_fifteen_wavenumbers_are_still_found(profiles) -> None:
    found = np.array(
        [
            similarities(query_profile(prepare(_spectrum(seed, 15.0))), profiles)
            for seed in range(30)
        ]
    )
    ranks = ranks_of(found, range(30))
    assert np.median(ranks) <= 2
    assert np.mean(ranks <= 10) > 0.85


def test_part_of_the_range_is_enough_and_too_little_is_refused(profiles) -> None:
    part = _spectrum(3, 5.0, np.arange(600.0, 1500.0, 2.0))
    found = similarities(query_profile(prepare(part)), profiles)
    assert ranks_of(found[None], [3])[0] <= 3
    with pytest.raises(QueryError, match="less than 600"):
        query_profile(prepare(_spectrum(3, 5.0, np.arange(1300.0, 3000.0, 2.0))))


def test_similarity_knows_no_scale_and_stays_within_one(profiles) -> None:
    spectrum = _spectrum(5, 10.0)
    larger = Spectrum(AXIS, 7.0 * spectrum.intensity, 785.0)
    one = similarities(query_profile(prepare(spectrum)), profiles)
    other = similarities(query_profile(prepare(larger)), profiles)
    assert other == pytest.approx(one, abs=1e-9)
    assert np.abs(one).max() <= 1.0


def test_a_candidate_without_lines_in_the_range_resembles_nothing() -> None:
    empty = calculated_profiles(np.array([0]), np.array([3000.0]), np.array([9.0]), 2)
    found = similarities(query_profile(prepare(_spectrum(1, 0.0))), empty)
    assert found.tolist() == [0.0, 0.0]


def test_heights_follow_the_fourth_power_law() -> None:
    low, high = scattered(np.array([500.0, 1500.0]), np.array([10.0, 10.0]))
    laser, thermal = 1e7 / 785, 207.2
    law = ((laser - 500) / (laser - 1500)) ** 4 * 3
    law *= (1 - np.exp(-1500 / thermal)) / (1 - np.exp(-500 / thermal))
    assert low / high == pytest.approx(law)


@settings(max_examples=25)
@given(st.integers(1, 12), st.integers(2, 40), st.integers(0, 5))
def test_figures_of_ranks_are_shares(queries: int, candidates: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = rng.normal(size=(queries, candidates))
    own = rng.integers(0, candidates, queries)
    ranks = ranks_of(found, own)
    expected = [sorted(-row).index(-row[at]) + 1 for row, at in zip(found, own, strict=True)]
    assert ranks.tolist() == expected
    made = rank_figures(found, own)
    assert made is not None
    assert list(made.top.values()) == sorted(made.top.values())
    assert (made.n, made.candidates) == (queries, candidates)
    assert 1 <= made.median <= candidates


def test_equals_count_against_the_right_one_and_chance_is_chance() -> None:
    assert ranks_of(np.zeros((1, 5)), [2]).tolist() == [5]
    assert rank_figures(np.zeros((0, 5)), []) is None
    found = np.eye(200) + np.random.default_rng(1).normal(0, 0.01, (200, 200))
    made = rank_figures(found, range(200))
    assert made is not None
    assert (made.median, made.top[1]) == (1.0, 1.0)
    assert made.chance_top[10] == pytest.approx(10 / 200, abs=0.02)
    assert made.chance_median == pytest.approx(100, abs=15)
