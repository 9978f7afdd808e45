"""The search of a library by index, by scan and by float64 arithmetic on everything agree."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

import matching.index
import matching.search
from matching.axis import COMMON_GRID
from matching.errors import MatrixError
from matching.index import build_index
from matching.nearest import products
from matching.search import WINDOWS, SearchSettings, reference_matrix, search

CASES = int(os.environ.get("SPECTRA_FUZZ", "90"))


def everything(query, matrix, settings, top, allowed):
    """Score every row at every shift in float64 and walk down the list."""
    scores = matching.search._Correlations(query, matrix, settings, top, allowed)
    queries = scores.moved.queries
    table = np.empty((matrix.size, queries.shape[0]))
    for row in range(matrix.size):
        block = np.repeat(matrix.rows[row, scores.part][None], queries.shape[0], axis=0)
        shifts = np.arange(queries.shape[0])
        table[row] = scores.scored(products(block, queries), np.full(shifts.size, row), shifts)
    best = table.argmax(axis=1)
    value = table.max(axis=1)
    usable = np.flatnonzero(np.isfinite(scores.offset))
    order = usable[np.lexsort((usable, -value[usable]))]
    order = order[matching.search._best_substances(matrix.substance[order], top)]
    return order, value[order], settings.shifts_cm1[best[order]], usable.size


def make_library(rng, prepared, kind):
    """References of one or many coverages, some equal, nearly equal or flat; few to a substance."""
    size, items = int(rng.integers(1, 60)), []
    pool = [rng.random(1000) ** 8 for _ in range(6)]
    for _ in range(size):
        if kind == "one axis":
            first, length = 30, 900
        else:
            first = int(rng.integers(0, 400))
            length = int(rng.integers(150, 1000))
        bands = sum(rng.random() ** 3 * one for one in pool)[:length] + rng.random(length) ** 12
        if kind == "hard" and rng.random() < 0.2:
            bands = np.full(length, rng.choice([0.0, 1.0])) + 1e-9 * rng.random(length)
        items.append(prepared(bands * 10.0 ** rng.uniform(-3, 5), first))
    if kind == "hard":
        for _ in range(size):
            one = items[int(rng.integers(0, len(items)))]
            nearly = one.bands * (1.0 + rng.choice([0.0, 1e-7]) * rng.random(one.bands.size))
            items.append(prepared(nearly, one.first))
    return reference_matrix(items, rng.integers(0, max(len(items) // 2, 1), len(items)))


@pytest.mark.fuzz
@pytest.mark.parametrize("kind", ["one axis", "many axes", "hard"])
@pytest.mark.parametrize("pruning", ["as it is", "never scan"])
def test_index_and_scan_find_what_scoring_everything_finds(prepared, monkeypatch, kind, pruning):
    if pruning == "never scan":
        monkeypatch.setattr(matching.index, "SCAN_ABOVE", 9.0)
        monkeypatch.setattr(matching.index, "HOPELESS", 9.0)
        monkeypatch.setattr(matching.index, "BEYOND", 9.0)
    for seed in range(CASES // 6):
        rng = np.random.default_rng((seed, len(kind), len(pruning)))
        matrix = make_library(rng, prepared, kind)
        indexed = replace(matrix, index=build_index(matrix.rows, 256))
        query = prepared(rng.random(int(rng.integers(250, 900))) ** 5, int(rng.integers(0, 600)))
        if rng.random() < 0.5:
            row = int(rng.integers(0, matrix.size))
            first, end = int(matrix.first[row]), int(matrix.end[row])
            noise = 0.01 * rng.random(end - first)
            query = prepared(matrix.rows[row, first:end].astype(float) ** 2 + noise, first)
        chosen = SearchSettings(
            reach_cm1=float(rng.choice([2.0, 5.0, 8.0])),
            step_cm1=float(rng.choice([0.5, 1.0, 2.0, 3.0])),
            penalty_per_cm1=float(rng.choice([0.0, 0.002])),
            least_overlap_cm1=250.0,
        )
        allowed = rng.random(matrix.size) < 0.7 if rng.random() < 0.5 else None
        top = int(rng.choice([1, 3, 12, 1000]))
        row, score, shift, compared = everything(query, matrix, chosen, top, allowed)
        for one in (matrix, indexed):
            hits = search(query, one, chosen, top, allowed)
            np.testing.assert_array_equal(hits.row, row)
            np.testing.assert_array_equal(hits.score, score)
            np.testing.assert_array_equal(hits.shift_cm1, shift)
            assert hits.compared == compared


@pytest.fixture(scope="module")
def large(prepared):
    """Return 6,500 references on two axes, three of a substance, without and with an index."""
    rng = np.random.default_rng(11)
    pool = rng.random((40, 900)) ** 6
    items = []
    for number in range(6500):
        parts = rng.integers(0, 40, 4)
        bands = rng.random(4) @ pool[parts] + 0.05 * rng.random(900)
        cut = 200 if number % 5 == 0 else 0
        items.append(prepared(bands[: 900 - cut], 60))
    matrix = reference_matrix(items, [number // 3 for number in range(6500)])
    return items, matrix, replace(matrix, index=build_index(matrix.rows))


def test_a_large_library_is_searched_through_its_index(large, prepared, monkeypatch):
    items, matrix, indexed = large
    plain = {}
    for number in (4, 5, 3000):
        mixed = items[number].bands[:700] + 0.5 * items[number + 9].bands[:700]
        plain[number] = (
            prepared(mixed, 60),
            search(prepared(mixed, 60), matrix, SearchSettings(), 12),
        )
    read = matching.search._Correlations.scanned
    monkeypatch.setattr(
        matching.search._Correlations, "scanned", lambda _: pytest.fail("all rows were read")
    )
    for query, hits in plain.values():
        found = search(query, indexed, SearchSettings(), 12)
        np.testing.assert_array_equal(found.row, hits.row)
        np.testing.assert_array_equal(found.score, hits.score)
        np.testing.assert_array_equal(found.shift_cm1, hits.shift_cm1)
    monkeypatch.setattr(matching.search._Correlations, "scanned", read)


def test_the_bounds_hold_for_every_row(large, prepared):
    items, _, indexed = large
    query = prepared(items[8].bands + 0.02 * np.random.default_rng(0).random(900), 60)
    scores = matching.search._Correlations(query, indexed, SearchSettings(), indexed.size, None)
    rows = np.arange(0, indexed.size, 7)
    true, _ = scores.exact(rows)
    factors = scores.projected(indexed.index)
    first = factors.first @ indexed.index.first[:, rows]
    second = first + factors.second @ indexed.index.second[rows].T
    for dots in (first, second):
        assert (scores.ceiling(dots, rows) >= true).all()
    scanned = scores.scanned()[rows]
    assert (scanned >= true).all()
    assert (scanned - true).max() < 2e-3


def test_sums_are_kept_for_the_last_windows_only(large):
    items, matrix, _ = large
    for number in range(2 * WINDOWS):
        cut = replace(items[1], bands=items[1].bands[number:], first=60 + number)
        search(cut, matrix, SearchSettings(), 2)
        window = (60 + number + 4, 956)
        kept = matrix.windows[window]
        search(cut, matrix, SearchSettings(), 2)
        assert matrix.windows[window] is kept
        assert len(matrix.windows) <= WINDOWS


def test_a_row_that_is_not_a_number_is_refused(prepared):
    rng = np.random.default_rng(1)
    matrix = reference_matrix([prepared(rng.random(900)) for _ in range(3)], range(3))
    squares = matrix.squares.copy()
    squares[1:, 1] = np.nan
    with pytest.raises(MatrixError, match="not finite"):
        search(
            prepared(rng.random(900)),
            replace(matrix, squares=squares, windows={}),
            SearchSettings(),
            1,
        )


def test_moved_queries_are_interpolated_like_the_axis(prepared):
    """Shifts between grid points come from whole steps; np.interp is the obvious way."""
    query = prepared(np.random.default_rng(4).random(500), 100)
    for chosen in (SearchSettings(), SearchSettings(reach_cm1=3.0, step_cm1=0.5)):
        start, stop = matching.search._window(query, chosen)
        moved = matching.search._moved(query, chosen, stop - start)
        at = np.arange(start, stop)
        index = np.arange(query.first, query.end)
        for shift, plain in zip(chosen.shifts_cm1, moved.plain, strict=True):
            obvious = np.interp(at - shift / COMMON_GRID.step_cm1, index, query.root)
            np.testing.assert_allclose(
                plain / np.linalg.norm(plain), obvious / np.linalg.norm(obvious)
            )
        np.testing.assert_allclose(moved.mixing @ moved.grid, moved.queries, atol=1e-6)
