"""What the index finds is what a full scan in float64 finds: rows, ties and scores bit for bit."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import matching.index
import matching.nearest
from matching.errors import MatrixError, QueryError
from matching.index import build_index, level_sizes, weights
from matching.nearest import nearest, nearest_batch

CASES = int(os.environ.get("SPECTRA_FUZZ", "400"))
WIDTHS = (1, 3, 10, 65, 100, 200, 300)


def full_scan(queries, rows, k):
    """Return the k best rows, their scores and queries, by multiply and sum of everything."""
    scores = np.stack([(rows.astype(np.float64) * query).sum(axis=1) for query in queries], axis=1)
    value = scores.max(axis=1)
    order = np.lexsort((np.arange(value.size), -value))[:k]
    return order, value[order], scores.argmax(axis=1)[order]


def plain(rng, n, d):
    rank = min(d, 12)
    rows = rng.standard_normal((n, rank)) @ rng.standard_normal((rank, d))
    return rows + 0.1 * rng.standard_normal((n, d))


def with_zero_rows(rng, n, d):
    return plain(rng, n, d) * (rng.random((n, 1)) < 0.5)


def all_equal(rng, n, d):
    return np.tile(plain(rng, 1, d), (n, 1))


def exact_ties(rng, n, d):
    return plain(rng, n, d)[rng.integers(0, max(n // 5, 1), n)]


def near_duplicates(rng, n, d):
    return exact_ties(rng, n, d) * (1.0 + 1e-7 * rng.standard_normal((n, 1)))


def tiny_norms(rng, n, d):
    return plain(rng, n, d) * 10.0 ** rng.uniform(-44, -30, (n, 1))


def norms_of_all_sizes(rng, n, d):
    return plain(rng, n, d) * 10.0 ** rng.uniform(-10, 10, (n, 1))


def white_noise(rng, n, d):
    return rng.standard_normal((n, d))


def band_like(rng, n, d):
    return rng.random((n, d)) ** 8


LIBRARIES = (
    plain,
    with_zero_rows,
    all_equal,
    exact_ties,
    near_duplicates,
    tiny_norms,
    norms_of_all_sizes,
    white_noise,
    band_like,
)


def make_queries(rng, rows):
    s = int(rng.choice([1, 1, 3, 9]))
    if rng.random() < 0.5:
        queries = rng.standard_normal((s, rows.shape[1]))
    else:
        queries = rows[rng.integers(0, rows.shape[0], s)].astype(np.float64)
        queries = queries + rng.choice([0.0, 1e-3, 0.1]) * rng.standard_normal(queries.shape)
    return queries * rng.choice([1.0, 1.0, 1.0, 0.0, 1e-180, 1e30])


def differences(seed):
    """Return what differs from the full scan in one random case, by index, scan and batch."""
    rng = np.random.default_rng(seed)
    n = 1 if rng.random() < 0.05 else int(rng.integers(1, 500))
    rows = LIBRARIES[seed % len(LIBRARIES)](rng, n, int(rng.choice(WIDTHS))).astype(np.float32)
    queries, k = make_queries(rng, rows), int(rng.choice([1, 2, 10, n, 100_000]))
    row, score, query = full_scan(queries, rows, k)
    wrong = []
    for directions in (0, 20, 256):
        found = nearest(queries, rows, build_index(rows, directions), k)
        same = (found.row, row), (found.score, score), (found.query, query)
        if not all(np.array_equal(a, b) for a, b in same):
            wrong.append((seed, directions))
    found, scores = nearest_batch(queries, rows, build_index(rows), k)
    alone = [full_scan(query[None], rows, k) for query in queries]
    if not (
        np.array_equal(found, [a[0] for a in alone])
        and np.array_equal(scores, [a[1] for a in alone])
    ):
        wrong.append((seed, "batch"))
    return wrong


@pytest.mark.fuzz
@pytest.mark.parametrize("pruning", ["as it is", "never scan"])
def test_index_scan_and_batch_equal_the_full_scan(monkeypatch, pruning):
    """Half of the cases may not fall back on the scan, so that the bounds alone must hold."""
    if pruning == "never scan":
        monkeypatch.setattr(matching.index, "SCAN_ABOVE", 2.0)
        monkeypatch.setattr(matching.index, "HOPELESS", 2.0)
        monkeypatch.setattr(matching.index, "BEYOND", 2.0)
    begin = 0 if pruning == "as it is" else CASES
    assert [w for seed in range(begin, begin + CASES // 2) for w in differences(seed)] == []


def test_a_large_library_is_pruned_and_exact(monkeypatch):
    """Few rows are read, which small cases cannot show."""
    read = []
    between = matching.nearest._Dots.between
    monkeypatch.setattr(
        matching.nearest._Dots,
        "between",
        lambda self, rows: read.append(rows.size) or between(self, rows),
    )
    monkeypatch.setattr(
        matching.nearest._Dots, "scanned", lambda _: pytest.fail("the whole matrix was read")
    )
    rng = np.random.default_rng(3)
    rows = plain(rng, 12_000, 150).astype(np.float32)
    rows[6000:6400] = rows[:400]
    index = build_index(rows)
    assert index.basis.shape == (150, 150)
    for number in range(12):
        query = rows[number] + rows[500 + number] * (number % 2)
        query = (query + 0.05 * rng.standard_normal(150)).astype(np.float64)
        found = nearest(query, rows, index, 10)
        row, score, _ = full_scan(query[None], rows, 10)
        np.testing.assert_array_equal(found.row, row)
        np.testing.assert_array_equal(found.score, score)
    assert sum(read) < 12 * 400


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(LIBRARIES), d=st.sampled_from(WIDTHS))
def test_the_bounds_of_both_levels_hold(seed, kind, d):
    rng = np.random.default_rng(seed)
    rows = kind(rng, 60, d).astype(np.float32)
    queries = make_queries(rng, rows)
    lengths = np.sqrt((queries * queries).sum(axis=1))
    queries = queries / max(lengths.max(), 1e-150)
    index = build_index(rows, 256)
    true = rows.astype(np.float64) @ queries.T
    factors = weights(index.basis, queries)
    first = (factors.first @ index.first).T
    second = first + index.second @ factors.second.T
    for bound in (first, second):
        assert (bound >= true).all()
    norms = np.sqrt((rows.astype(np.float64) ** 2).sum(axis=1))
    assert (index.norms >= norms).all()
    if kind is not tiny_norms and d <= 65:  # nothing is left over, so level 1 or 2 is tight
        assert (second - true <= 2e-3 * norms[:, None] + 1e-6).all()


@pytest.mark.parametrize("d", WIDTHS)
def test_the_basis_is_orthonormal_and_the_levels_have_their_sizes(d):
    rows = plain(np.random.default_rng(d), 40, d).astype(np.float32)
    index = build_index(rows, 256)
    count = min(d, 40)  # no more directions than rows
    basis = index.basis.astype(np.float64)
    np.testing.assert_allclose(basis @ basis.T, np.eye(count), atol=1e-6)
    assert (index.first.shape[0], index.second.shape[1]) == level_sizes(count)
    assert index.size == 40


def test_a_fixed_basis_of_other_rows_stays_exact():
    """Rows that the directions were not made from may be in the index, too."""
    rng = np.random.default_rng(0)
    old = plain(rng, 300, 100).astype(np.float32)
    new = rng.standard_normal((300, 100)).astype(np.float32)
    rows = np.concatenate((old, new))
    directions = matching.index.principal_directions(old, 64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching.index, "principal_directions", lambda *_: directions)
        index = build_index(rows, 64)
    for query in rows[::50].astype(np.float64):
        row, score, _ = full_scan(query[None], rows, 10)
        found = nearest(query, rows, index, 10)
        np.testing.assert_array_equal(found.row, row)
        np.testing.assert_array_equal(found.score, score)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize("directions", [0, 5])
def test_rows_that_are_no_numbers_are_refused(value, directions):
    rows = np.ones((20, 30), dtype=np.float32)
    rows[7, 3] = value
    with pytest.raises(MatrixError, match="finite") as caught:
        build_index(rows, directions)
    assert caught.value.remedy


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_queries_that_are_no_numbers_are_refused(value):
    rows = np.ones((20, 30), dtype=np.float32)
    index = build_index(rows)
    query = np.ones(30)
    query[2] = value
    for call in (
        lambda: nearest(query, rows, index, 3),
        lambda: nearest_batch(query, rows, index, 3),
    ):
        with pytest.raises(QueryError, match="not finite"):
            call()


def test_what_does_not_fit_is_refused():
    rows = np.ones((20, 30), dtype=np.float32)
    index = build_index(rows)
    for query, k in ((np.ones(29), 3), (np.ones(30), 0), (np.zeros((0, 30)), 1)):
        with pytest.raises(QueryError, match="does not fit"):
            nearest(query, rows, index, k)
    with pytest.raises(MatrixError, match="not one of this matrix"):
        nearest(np.ones(30), rows[:19], index, 3)


# The inputs are made without BLAS and without powers, which differ between kernels themselves.
REPLAY = """
import hashlib, numpy as np
from matching.index import build_index
from matching.nearest import nearest, nearest_batch
from matching.pipeline import Prepared
from matching.search import SearchSettings, reference_matrix, search
rng = np.random.default_rng(7)
rows = np.cumsum(rng.standard_normal((7000, 300)), axis=1).astype(np.float32)
rows[3000:3500] = rows[:500] * (1 + 1e-7 * rng.standard_normal((500, 1)))
digest = hashlib.sha256()
index = build_index(rows)
for query in rows[:8].astype(np.float64) + 0.02 * rng.standard_normal((8, 300)):
    found = nearest(query, rows, index, 25)
    digest.update(found.row.tobytes() + found.score.tobytes())
for array in nearest_batch(rows[20:40].astype(np.float64), rows, index, 9):
    digest.update(array.tobytes())
items = []
for number in range(150):
    bands = rng.random(900)
    bands = bands * bands * bands * bands
    zero = np.zeros(900)
    items.append(Prepared(bands, zero, 50, 950, 1e-6, 1e6, 0, False))
matrix = reference_matrix(items, range(150))
for number in range(5):
    mixed = items[number].bands + 0.4 * items[number + 50].bands
    hits = search(Prepared(mixed, zero, 50, 950, 1e-6, 1e6, 0, False), matrix, SearchSettings(), 9)
    digest.update(hits.row.tobytes() + hits.score.tobytes() + hits.shift_cm1.tobytes())
print(digest.hexdigest())
"""
ENVIRONMENTS = (
    {},
    {"OPENBLAS_NUM_THREADS": "2"},
    {"OPENBLAS_CORETYPE": "Haswell"},
    {"OPENBLAS_CORETYPE": "Nehalem"},
    {"OPENBLAS_CORETYPE": "Prescott"},
    {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"},
    {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"},
)


def test_every_cpu_kernel_gives_the_same_bits():
    """Evidence is replayed on other computers: OpenBLAS kernels and NumPy's SIMD must not matter.

    A feature that this processor lacks cannot be switched off; such a line is skipped by NumPy
    with a warning on standard error, and the answer must be the same all the same.
    """
    answers = set()
    for extra in ENVIRONMENTS:
        run = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", REPLAY],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **extra},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, (extra, run.stderr)
        answers.add(run.stdout)
    assert len(answers) == 1
