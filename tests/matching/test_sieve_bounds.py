"""Sieves by bounds against the whole products: nothing is missed, and nothing is added."""

from __future__ import annotations

import numpy as np
import pytest

from matching.axis import COMMON_GRID
from matching.coarse import coarse, coarse_correlation
from matching.confusion import SIEVE, References, _sifted
from matching.likeness import similar, unit_rows
from matching.search import ReferenceMatrix, prefix_sums
from matching.sieve import TILE, directions, reaching, shadow, shadows


def library_of(count, seed, ranges):
    """Return references of random bands, some nearly alike, on one or more ranges of the axis."""
    rng = np.random.default_rng(seed)
    rows = np.zeros((count, COMMON_GRID.size), dtype=np.float32)
    spans = np.array([ranges[number % len(ranges)] for number in range(count)])
    place = rng.uniform(100, 1500, (count, 6, 1))
    place[count // 2 :] = place[: count - count // 2] + rng.normal(0.0, 1.5, (1, 6, 1))
    for number, (first, end) in enumerate(spans):
        bands = np.exp(-0.5 * ((np.arange(first, end) - place[number]) / 3.0) ** 2)
        rows[number, first:end] = bands.sum(axis=0)
    sums, squares = prefix_sums(rows)
    matrix = ReferenceMatrix(
        rows, spans[:, 0], spans[:, 1], sums, squares, np.arange(count, dtype=np.int64) // 3
    )
    return References(matrix, np.zeros(count), rng.random(count) > 0.1, rng.random(count) > 0.9)


@pytest.mark.parametrize("ranges", [[(50, 1050)], [(50, 1050), (0, 1800), (700, 1600)]])
def test_pairs_sifted_by_bounds_are_those_sifted_by_all_products(ranges):
    refs = library_of(600, 1, ranges)
    spectra = coarse(refs.matrix)
    faint = shadows(spectra)
    for start in (0, 256, 512):
        rows = np.arange(start, min(start + 256, 600))
        whole = {(a, b) for a, b in _sifted(spectra, refs, rows, None) if b > a}
        assert set(_sifted(spectra, refs, rows, faint)) == whole
        assert whole or start == 512


def test_no_pair_that_correlates_is_ruled_out():
    spectra = coarse(library_of(200, 2, [(50, 1050), (300, 1800)]).matrix)
    rows = np.arange(40, 90)
    for least in (0.3, SIEVE, 0.95):
        found = set(zip(*shadows(spectra).reaching(rows, 20, least), strict=True))
        whole = coarse_correlation(spectra, rows, spectra) >= least
        whole[:, :20] = False
        assert {*map(tuple, np.argwhere(whole).tolist())} <= found


def test_the_product_of_shadows_is_never_below_that_of_the_rows():
    rng = np.random.default_rng(3)
    smooth = np.cumsum(rng.normal(size=(300, 90)), axis=1).astype(np.float32)
    other = rng.normal(size=(50, 90)).astype(np.float32)  # nothing that the directions are for
    along = directions(smooth)
    assert along.shape[1] < 45
    bound = shadow(other, along) @ shadow(smooth, along).T
    assert (bound >= other.astype(float) @ smooth.T.astype(float)).all()
    assert not shadow(np.zeros((2, 90), dtype=np.float32), along).any()


def test_pairs_come_in_order_across_tiles():
    rng = np.random.default_rng(4)
    right = rng.normal(size=(2 * TILE + 10, 3)).astype(np.float32)
    left = rng.normal(size=(5, 3)).astype(np.float32)
    least = np.array([0.5, 1.0, 9.0, 2.0, 0.0], dtype=np.float32)
    whole = left @ right.T >= least[:, None]
    whole[:, :7] = False
    places, partners = reaching(left, right, least, 7)
    np.testing.assert_array_equal(np.stack((places, partners), axis=1), np.argwhere(whole))
    assert reaching(left, right[:7], least, 7)[0].size == 0


def test_similar_pairs_with_later_rows_are_half_of_all():
    rows = coarse(library_of(400, 5, [(50, 1050)]).matrix).plain
    cosine = unit_rows(rows) @ unit_rows(rows).T
    wanted = {(a, b) for a, b in np.argwhere(cosine >= 0.8).tolist() if a < b}
    assert wanted
    assert set(similar(rows, rows, 0.8, later=True)) == wanted
