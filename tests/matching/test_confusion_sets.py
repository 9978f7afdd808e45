"""Which references Raman does not tell apart: the sifted search equals comparing every pair."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from matching.compare import compare
from matching.confusion import (
    ConfusedPair,
    LookAlikes,
    References,
    confused_pairs,
    confusion_sets,
    rule_hash,
)
from matching.evidence import evidence
from matching.search import reference_matrix

SPAN = np.arange(300.0, 1900.0, 2.0)
FIRST = 100  # grid index of 300 cm-1


def obvious_pairs(references: References, policy) -> set[tuple[int, int]]:
    """Compare every pair of different substances both ways, without any sieve."""
    limits, found = policy.thresholds, set()
    for one, other in combinations(range(references.matrix.size), 2):
        if references.matrix.substance[one] == references.matrix.substance[other]:
            continue
        for query, reference in ((one, other), (other, one)):
            seen = compare(
                references.bands(query), references.bands(reference), 0.0, policy.compare
            )
            if seen is None:
                continue
            rival = (
                evidence(seen, policy.model) >= limits.name - limits.rival
                and seen.independent_bands >= limits.least_bands
                and seen.unexplained <= limits.most_unexplained
                and seen.uncovered <= limits.most_uncovered
                and seen.overlap_cm1 >= limits.least_overlap_cm1
            )
            if rival or seen.root_correlation >= limits.same_spectrum:
                found.add((one, other))
    return found


def references_of(prepared, spectra, substance=None, **changes) -> References:
    items = [prepared(bands[cut], FIRST + (cut.start or 0), 1e-4) for bands, cut in spectra]
    count = len(items)
    whole = References(
        reference_matrix(items, list(range(count) if substance is None else substance)),
        np.full(count, 1e-9),
        np.ones(count, dtype=bool),
        np.zeros(count, dtype=bool),
    )
    return replace(whole, **changes)


def made_library(lines, seed: int):
    """Seven random substances, and relatives of the first: moved, broader, cut, with a new band."""
    random = np.random.default_rng(seed)

    def drawn(bands, width=9.0, move=0.0):
        return lines(SPAN, [(p + move, width, h) for p, h in bands])

    made = [
        list(zip(random.uniform(330, 1850, 12), random.lognormal(0, 0.7, 12), strict=True))
        for _ in range(7)
    ]
    first = made[0]
    whole = slice(None)
    spectra = [(drawn(bands), whole) for bands in made]
    spectra.append((drawn(first, move=float(random.uniform(-6, 6))), whole))
    spectra.append((drawn(first, width=float(random.uniform(10, 18))), whole))
    spectra.append((drawn(first), slice(100, 640)))
    spectra.append((drawn([*first[1:], (700.0, 1.0)]), whole))
    spectra.append((0.7 * drawn(first) + 0.3 * drawn(made[1]), whole))
    return spectra


@pytest.mark.parametrize("seed", range(5))
def test_the_sieve_loses_no_pair_of_all(lines, prepared, policy, seed: int) -> None:
    references = references_of(prepared, made_library(lines, seed))
    pairs = confused_pairs(references, policy)
    assert {(p.row, p.other) for p in pairs} == obvious_pairs(references, policy)
    for row in (0, 3, references.matrix.size - 1):
        mine = tuple(pair for pair in pairs if row in (pair.row, pair.other))
        assert confused_pairs(references, policy, [row]) == mine


def test_a_moved_and_a_broader_copy_are_not_told_from_the_original(lines, prepared, policy) -> None:
    references = references_of(prepared, made_library(lines, 5))
    pairs = {(p.row, p.other): p for p in confused_pairs(references, policy)}
    assert {(0, 7), (0, 8), (0, 9), (7, 8)} <= set(pairs)
    assert not {pair for pair in pairs if set(pair) <= set(range(7))}


def test_one_substance_another_technique_or_a_mixture_is_no_pair(lines, prepared, policy) -> None:
    bands = (made_library(lines, 5)[0][0], slice(None))
    twins = [bands] * 4
    off = np.array([False, False, False, True])
    assert len(confused_pairs(references_of(prepared, twins), policy)) == 6
    one = references_of(prepared, twins, [0, 0, 0, 1])
    assert {p.other for p in confused_pairs(one, policy)} == {3}
    for references in (
        references_of(prepared, twins, sers=off),
        references_of(prepared, twins, comparable=~off),
    ):
        assert {x for p in confused_pairs(references, policy) for x in (p.row, p.other)} == {
            0,
            1,
            2,
        }


def test_look_alikes_are_the_same_stored_or_asked_for(lines, prepared, policy) -> None:
    references = references_of(prepared, made_library(lines, 11))
    pairs = confused_pairs(references, policy)
    stored, fresh = LookAlikes(references, policy, pairs), LookAlikes(references, policy)
    everything = np.ones(references.matrix.size, dtype=bool)
    for row in range(1, references.matrix.size):
        assert stored.alike(0, row) == fresh.alike(0, row) == fresh.alike(row, 0)
    for row in range(references.matrix.size):
        assert stored.of(row, everything) == fresh.of(row, everything)
        assert stored.alike(0, row) == fresh.alike(0, row)
        assert not stored.alike(row, row)
    assert stored.of(0, everything)
    assert stored.of(0, ~everything) == ()
    nearest = stored.of(0, everything)[0]
    assert stored.alike(0, nearest)
    assert stored.alike(nearest, 0)


def test_one_row_of_every_other_substance_is_named() -> None:
    pairs = [ConfusedPair(0, 1, 0.98, 5.0), ConfusedPair(0, 2, 0.99, 7.0)]
    pairs.append(ConfusedPair(0, 3, 0.97, 1.0))
    blank = np.zeros((4, 1800), dtype=np.float32)
    edges = np.zeros(4, dtype=np.int64)
    matrix = reference_matrix([], [])
    matrix = replace(matrix, rows=blank, first=edges, end=edges, substance=np.array([0, 1, 1, 2]))
    references = References(matrix, np.zeros(4), np.ones(4, bool), np.zeros(4, bool))
    found = LookAlikes(references, None, pairs)  # complete: the policy is never asked
    assert found.of(0, np.ones(4, bool)) == (2, 3)
    assert found.of(0, np.array([True, True, False, False])) == (1,)


@pytest.mark.parametrize(
    ("pairs", "wanted"),
    [
        ([], ()),
        ([(0, 1)], ((0, 1),)),
        ([(0, 1), (1, 2), (0, 2)], ((0, 1, 2),)),
        ([(0, 1), (1, 2)], ((0, 1, 2),)),  # the set of 1; 0 and 2 are told apart
        ([(0, 1), (1, 2), (2, 3)], ((0, 1, 2), (1, 2, 3))),
        ([(4, 5), (0, 1)], ((0, 1), (4, 5))),
    ],
)
def test_sets_are_what_a_verdict_on_a_member_would_name(pairs, wanted) -> None:
    found = [ConfusedPair(one, other, 0.98, 3.0) for one, other in pairs]
    assert confusion_sets(found, np.arange(6)) == wanted


def test_the_rule_is_all_that_decides_and_nothing_else(policy) -> None:
    limits = policy.thresholds
    other = replace(policy, thresholds=replace(limits, same_spectrum=0.96))
    assert rule_hash(other) != rule_hash(policy)
    assert rule_hash(replace(policy, version="x", hash="y", candidates=3)) == rule_hash(policy)
