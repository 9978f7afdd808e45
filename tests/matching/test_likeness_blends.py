"""Sieves of the library check against the obvious way, and their invariances."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from matching.blends import blends, companions
from matching.coarse import coarse, coarse_correlation, common_power
from matching.common_pattern import LEAST_SPECTRA, uprightness
from matching.compare import Bands
from matching.likeness import (
    best_shift_cm1,
    mirrored,
    mirrored_matrix,
    similar,
    unit_rows,
)
from matching.search import ReferenceMatrix, prefix_sums


def rows_of(count, seed, cells=240):
    rng = np.random.default_rng(seed)
    place = rng.uniform(5, cells - 5, (count, 9, 1))
    height = rng.uniform(0.2, 1.0, (count, 9, 1))
    rows = (height * np.exp(-0.5 * ((np.arange(cells) - place) / 2.0) ** 2)).sum(axis=1)
    return rows.astype(np.float32)


def matrix_of(rows, first, end):
    whole = np.zeros((len(rows), 1800), dtype=np.float32)
    for number, row in enumerate(rows):
        span = slice(first[number], end[number])
        whole[number, span] = row[: end[number] - first[number]]
    sums, squares = prefix_sums(whole)
    ends = np.array(end)
    return ReferenceMatrix(
        whole, np.array(first), ends, sums, squares, np.arange(len(rows), dtype=np.int64)
    )


def test_a_sum_of_two_rows_is_the_only_blend_and_its_parts_are_in_the_pool():
    rows = rows_of(60, 1)
    mixed = 0.4 * rows[3] / np.linalg.norm(rows[3]) + 0.6 * rows[41] / np.linalg.norm(rows[41])
    light = np.vstack((rows, mixed[None])).astype(np.float32)
    usable = np.ones(61, dtype=bool)
    (found,) = blends(light, np.arange(61), usable)
    assert found.row == 60
    assert {3, 41} <= {*found.pool}
    assert found.explained == pytest.approx(1.0, abs=1e-4)
    assert list(blends(light, np.arange(61), usable & (np.arange(61) != 41))) == []
    same = np.arange(61)
    same[60] = 3  # a part of its own substance does not explain it
    assert list(blends(light, same, usable)) == []


def test_companions_are_what_is_left_beside_a_known_component():
    unit = unit_rows(rows_of(40, 2))
    scan = 0.7 * unit[5] + 0.5 * unit[20]
    scan /= np.linalg.norm(scan)
    cosine = unit[[5]] @ unit.T
    allowed = np.arange(40) != 5
    assert companions(unit @ scan, unit[[5]] @ scan, cosine, allowed)[0] == 20
    alone = companions(unit @ unit[5], unit[[5]] @ unit[5], cosine, allowed)
    assert alone == ()


def test_similar_pairs_are_those_of_the_whole_product():
    one, other = rows_of(700, 3), rows_of(30, 4)
    cosine = unit_rows(one) @ unit_rows(other).T
    assert set(similar(one, other, 0.6)) == {*map(tuple, np.argwhere(cosine >= 0.6).tolist())}


def test_common_power_is_that_of_every_pair_looked_up_by_itself():
    first, end = [100, 100, 300, 120], [1000, 1000, 900, 1100]
    spectra = coarse(matrix_of(rows_of(4, 5, 1000), first, end))
    mine, theirs = common_power(spectra, np.array([0, 2, 3]), spectra)
    mine, theirs = np.broadcast_to(mine, (3, 4)), np.broadcast_to(theirs, (3, 4))
    for place, row in enumerate((0, 2, 3)):
        for other in range(4):
            inside = slice(spectra.first[other], spectra.end[other])
            around = slice(spectra.first[row], spectra.end[row])
            assert mine[place, other] == pytest.approx(
                np.sum(spectra.plain[row, inside].astype(float) ** 2), abs=1e-12
            )
            assert theirs[place, other] == pytest.approx(
                np.sum(spectra.plain[other, around].astype(float) ** 2), abs=1e-12
            )


def test_reversed_twice_is_as_it_was_and_once_fits_its_mirror():
    matrix = matrix_of(rows_of(3, 6, 800), [50, 50, 200], [850, 850, 900])
    turned = mirrored_matrix(matrix)
    np.testing.assert_array_equal(mirrored_matrix(turned).rows, matrix.rows)
    both = coarse_correlation(coarse(turned), np.arange(3), coarse(turned))
    np.testing.assert_allclose(np.diag(both), 1.0, atol=1e-5)
    bands = Bands(np.arange(5.0), 7)
    np.testing.assert_array_equal(mirrored(bands).values, np.arange(5.0)[::-1])


@pytest.mark.parametrize("points", [-5, -1, 0, 3, 6])
def test_the_best_shift_is_the_one_the_axis_was_moved_by(points):
    values = np.asarray(rows_of(1, 7, 900)[0], dtype=np.float64)
    scan = Bands(values, 100)
    assert best_shift_cm1(scan, replace(scan, first=100 + points)) == 2.0 * points


def test_the_pattern_of_a_session_tells_the_reversed_spectrum():
    rng = np.random.default_rng(8)
    common = rng.normal(0.0, 1.0, 800)
    spectra = [
        1000.0 * rows_of(1, seed, 800)[0] + common + rng.normal(0.0, 1.0, 800)
        for seed in range(20, 36)
    ]
    upright = uprightness(spectra)
    assert upright is not None
    assert (upright > 0).all()
    turned = uprightness([*spectra[:9], spectra[9][::-1], *spectra[10:]])
    assert turned is not None
    assert turned[9] < 0
    assert (np.delete(turned, 9) > 0).all()
    assert uprightness(spectra[: LEAST_SPECTRA - 1]) is None
