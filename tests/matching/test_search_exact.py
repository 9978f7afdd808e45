"""The search of a whole library equals the obvious loop over rows and shifts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.axis import COMMON_GRID
from matching.errors import QueryError
from matching.search import SearchSettings, prefix_sums, search, window_sums

STEP = COMMON_GRID.step_cm1
CLOSE = 2e-4  # rows are float32: correlations of nearly flat overlaps lose digits


def slow_scores(query, matrix, chosen):
    """Score of every row at every shift by np.corrcoef; NaN where the overlap does not count."""
    shifts = np.arange(-chosen.reach_cm1, chosen.reach_cm1 + 1e-9, chosen.step_cm1)
    margin = int(np.ceil(chosen.reach_cm1 / STEP))
    start, stop = query.first + margin, query.end - margin
    index = np.arange(query.first, query.end, dtype=float)
    scores = np.full((matrix.size, shifts.size), np.nan)
    for row in range(matrix.size):
        low, high = max(start, matrix.first[row]), min(stop, matrix.end[row])
        if (high - low) * STEP < chosen.least_overlap_cm1:
            continue
        reference = matrix.rows[row, low:high].astype(float)
        for column, shift in enumerate(shifts):
            moved = np.interp(np.arange(low, high) - shift / STEP, index, query.root)
            with np.errstate(divide="ignore", invalid="ignore"):
                score = np.corrcoef(moved, reference)[0, 1]
            scores[row, column] = score - chosen.penalty_per_cm1 * abs(shift)
    return shifts, scores


def random_library(rng, prepared, size):
    """References of random places and lengths, band-like, some of them equal."""
    items = []
    for _ in range(size):
        first = int(rng.integers(0, 500))
        length = int(rng.integers(120, min(900, COMMON_GRID.size - first)))
        bands = rng.random(length) ** rng.integers(1, 12)
        items.append(prepared(bands * 10.0 ** rng.uniform(-3, 5), first))
    for _ in range(size // 3):
        items.append(items[int(rng.integers(0, len(items)))])
    return items


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(1, 14),
    chosen=st.builds(
        SearchSettings,
        reach_cm1=st.sampled_from([2.0, 4.0, 8.0]),
        step_cm1=st.sampled_from([0.5, 1.0, 2.0]),
        penalty_per_cm1=st.sampled_from([0.0, 0.002, 0.05]),
        least_overlap_cm1=st.just(250.0),
    ),
    masked=st.booleans(),
    top=st.integers(1, 30),
)
def test_search_equals_the_obvious_loop(prepared, matrix_of, *, seed, size, chosen, masked, top):
    rng = np.random.default_rng(seed)
    matrix = matrix_of(random_library(rng, prepared, size))
    first = int(rng.integers(0, 600))
    query = prepared(rng.random(int(rng.integers(250, 900))) ** 5, first)
    allowed = rng.random(matrix.size) < 0.7 if masked else None

    hits = search(query, matrix, chosen, top, allowed)

    shifts, scores = slow_scores(query, matrix, chosen)
    usable = ~np.isnan(scores).all(axis=1)
    if allowed is not None:
        usable &= allowed
    assert hits.compared == usable.sum()
    assert hits.row.size == min(top, usable.sum())
    assert set(hits.row) <= set(np.flatnonzero(usable))
    best = np.nanmax(np.where(usable[:, None], scores, -np.inf), axis=1)
    np.testing.assert_allclose(hits.score, best[hits.row], atol=CLOSE)
    assert (np.diff(hits.score) <= 0).all()
    left = np.setdiff1d(np.flatnonzero(usable), hits.row)
    if left.size:
        assert best[left].max() <= hits.score[-1] + CLOSE
    for row, shift, score in zip(hits.row, hits.shift_cm1, hits.score, strict=True):
        at = np.flatnonzero(np.isclose(shifts, shift))
        assert scores[row, at] == pytest.approx(score, abs=CLOSE)


def bands_at(lines, places, width=10.0, first=0, length=1000):
    axis = COMMON_GRID.values[first : first + length]
    return lines(axis, [(place, width, 1.0) for place in places])


def test_equal_references_come_in_library_order(prepared, matrix_of, lines):
    same = prepared(bands_at(lines, [500, 900, 1300]))
    other = prepared(bands_at(lines, [600, 1000]))
    for size in (2, 5, 17, 40):
        matrix = matrix_of([other, *[same] * size, other])
        hits = search(same, matrix, SearchSettings(), size + 2)
        assert hits.row.tolist() == [*range(1, size + 1), 0, size + 1]


def test_a_reference_found_at_its_own_shift_scores_one_less_the_penalty(prepared, matrix_of, lines):
    matrix = matrix_of([prepared(bands_at(lines, [506, 906, 1306]))])
    chosen = SearchSettings(penalty_per_cm1=0.001)
    hits = search(prepared(bands_at(lines, [500, 900, 1300])), matrix, chosen, 1)
    assert hits.shift_cm1[0] == 6.0
    assert hits.score[0] == pytest.approx(1.0 - 0.006, abs=1e-5)


def test_an_inverted_spectrum_is_no_match(prepared, matrix_of, lines):
    bands = bands_at(lines, [500, 900, 1300])
    matrix = matrix_of([prepared(bands)])
    hits = search(prepared((1.0 - np.sqrt(bands)) ** 2), matrix, SearchSettings(), 1)
    assert hits.score[0] < 0.5


def test_the_unit_of_intensity_does_not_matter(prepared, matrix_of, lines):
    bands = bands_at(lines, [500, 910, 1300])
    items = [prepared(bands_at(lines, [500, 900, 1300])), prepared(bands_at(lines, [700]))]
    matrix = matrix_of(items)
    one = search(prepared(bands), matrix, SearchSettings(), 2)
    other = search(prepared(1e7 * bands), matrix, SearchSettings(), 2)
    np.testing.assert_allclose(one.score, other.score, atol=1e-6)
    np.testing.assert_array_equal(one.row, other.row)


def test_what_lies_outside_the_overlap_does_not_count(prepared, matrix_of, lines):
    short = prepared(bands_at(lines, [500, 900, 1300], length=700))
    matrix = matrix_of([short])
    whole = bands_at(lines, [500, 900, 1300, 1800, 1950], length=1000)
    hits = search(prepared(whole), matrix, SearchSettings(), 1)
    assert hits.score[0] == pytest.approx(1.0, abs=1e-5)


def test_a_short_overlap_is_not_compared(prepared, matrix_of, lines):
    near = prepared(bands_at(lines, [500, 900]))
    far = prepared(bands_at(lines, [2400, 2900], first=900, length=800), first=900)
    hits = search(near, matrix_of([far, near]), SearchSettings(), 5)
    assert hits.row.tolist() == [1]
    assert hits.compared == 1
    assert search(near, matrix_of([far]), SearchSettings(), 5).row.size == 0


def test_the_least_overlap_is_the_bound_itself(prepared, matrix_of):
    rng = np.random.default_rng(0)
    query = prepared(rng.random(500))
    chosen = SearchSettings(least_overlap_cm1=400.0)
    just = prepared(rng.random(204), 0)  # 4 points of margin leave 200 points: 400 cm-1
    less = prepared(rng.random(203), 0)
    assert search(query, matrix_of([less, just]), chosen, 5).row.tolist() == [1]


def test_a_short_query_is_refused_in_words(prepared, matrix_of):
    matrix = matrix_of([prepared(np.random.default_rng(0).random(900))])
    with pytest.raises(QueryError, match="400 cm-1 are needed") as caught:
        search(prepared(np.random.default_rng(1).random(205)), matrix, SearchSettings(), 5)
    assert caught.value.remedy


def test_a_mask_hides_references_and_an_empty_mask_finds_nothing(prepared, matrix_of, lines):
    same = prepared(bands_at(lines, [500, 900]))
    matrix = matrix_of([same, same, same])
    allowed = np.array([False, True, False])
    assert search(same, matrix, SearchSettings(), 5, allowed).row.tolist() == [1]
    assert search(same, matrix, SearchSettings(), 5, np.zeros(3, dtype=bool)).row.size == 0


@pytest.mark.parametrize("level", [0.0, 3.0])
def test_a_reference_without_any_band_is_never_the_best(prepared, matrix_of, lines, level):
    flat = prepared(np.full(900, level))
    real = prepared(bands_at(lines, [500, 900]))
    hits = search(real, matrix_of([flat, real]), SearchSettings(), 2)
    assert hits.row[0] == 1
    assert np.isfinite(hits.score).all()
    assert hits.score[1] <= 0.0
    empty = search(flat, matrix_of([flat, real]), SearchSettings(), 2)
    assert (empty.score <= 0.0).all()


@settings(max_examples=80)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 6), data=st.data())
def test_window_sums_equal_plain_sums(prepared, matrix_of, seed, size, data):
    matrix = matrix_of(random_library(np.random.default_rng(seed), prepared, size))
    start = data.draw(st.integers(0, COMMON_GRID.size))
    stop = data.draw(st.integers(start, COMMON_GRID.size))
    total, square = window_sums(matrix, start, stop)
    part = matrix.rows[:, start:stop].astype(np.float64)
    np.testing.assert_allclose(total, part.sum(axis=1), atol=1e-9)
    np.testing.assert_allclose(square, (part**2).sum(axis=1), atol=1e-9)


def test_prefix_sums_of_the_whole_row_are_its_sum():
    rows = np.random.default_rng(5).random((4, COMMON_GRID.size)).astype(np.float32)
    sums, squares = prefix_sums(rows)
    assert sums.shape == squares.shape
    assert not sums[0].any()
    np.testing.assert_allclose(sums[-1], rows.astype(float).sum(axis=1))
    np.testing.assert_allclose(squares[-1], (rows.astype(float) ** 2).sum(axis=1))
