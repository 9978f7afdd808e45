"""Adding entries: the same as building all at once, old entries not cleaned again, index exact."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import library.content
import matching.index
from library.entry import Entry, EntryRecord, entry_id
from library.errors import LibraryError
from library.findings import confused_in, confusion_of, references
from library.store import Library
from library.versions import new_version
from library.writing import extend_library, write_library
from matching.confusion import confused_pairs
from matching.index import rest_share
from matching.pipeline import prepare
from matching.search import SearchSettings, search
from matching.spectrum import Spectrum
from spectra_app.services.policies import load_policy


def reference(number, group=""):
    """Return a made-up reference; every fourth is nearly the one before it."""
    rng = np.random.default_rng(number - (number % 4 == 3))
    axis = np.arange(300.0 + number % 3, 1500.0, 4.0)
    y = 20.0 + np.zeros(axis.size)
    for place in rng.uniform(350, 1450, 8):
        y += rng.uniform(50, 900) * np.exp(-(((axis - place) / 7.0) ** 2))
    y += np.random.default_rng((number, 1)).normal(0.0, 1.0, axis.size)
    spectrum, name = Spectrum(axis, y, 785.0), f"made-up substance {number}"
    return Entry(
        EntryRecord(
            entry_id(name, spectrum),
            name,
            group=group,
            family="made-up family",
            laser_nm=785.0,
            content_sha256=spectrum.content_hash,
        ),
        spectrum,
    )


@pytest.fixture(scope="module")
def entries():
    return [reference(number) for number in range(24)]


@pytest.fixture(scope="module")
def policy():
    return load_policy()


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def extend(path, entries, **settings):
    with Library(path) as library:
        return extend_library(library, entries, **settings)


@pytest.mark.parametrize("cuts", [(12,), (1, 2, 20), (23,)])
def test_a_library_that_grew_has_the_bytes_of_one_built_at_once(tmp_path, entries, policy, cuts):
    whole, grown = tmp_path / "whole.h5", tmp_path / "grown.h5"
    write_library(whole, entries, name="L", licence="MIT", policy=policy)
    edges = (0, *cuts, len(entries))
    write_library(grown, entries[: edges[1]], name="L", licence="MIT", policy=policy)
    for start, end in pairwise(edges[1:]):
        info = extend(grown, entries[start:end], policy=policy)
    with Library(whole) as one, Library(grown) as other:
        other.verify()
        assert one.info == other.info == info
        assert confused_in(other, policy) == confused_in(one, policy)
        assert confused_in(one, policy)  # there are some, so that the test means something
    assert digest(grown) == digest(whole)


def test_old_entries_are_not_cleaned_again(tmp_path, entries, monkeypatch):
    path = tmp_path / "lib.h5"
    write_library(path, entries[:20], name="L")
    cleaned = []
    real = library.content.prepare_many
    monkeypatch.setattr(
        library.content, "prepare_many", lambda s, p: cleaned.append(len(s)) or real(s, p)
    )
    extend(path, entries[20:])
    assert cleaned == [4]


def test_an_entry_that_joins_two_substances_takes_their_pairs_away(tmp_path, policy):
    path = tmp_path / "lib.h5"
    write_library(path, [reference(2), reference(3)], name="L", policy=policy)
    with Library(path) as before:
        assert len(confusion_of(before, policy)) == 1
    joins = reference(8, group="made-up substance 2")
    joins = Entry(replace(joins.record, name="made-up substance 3"), joins.spectrum)
    extend(path, [joins], policy=policy)
    with Library(path) as after:
        assert after.info.substances == 1
        assert confused_in(after, policy) == ()


def test_the_same_entry_is_not_taken_twice(tmp_path, entries):
    path = tmp_path / "lib.h5"
    write_library(path, entries[:5], name="L")
    before = digest(path)
    with pytest.raises(LibraryError, match="twice under the name 'made-up substance 3'"):
        extend(path, [entries[3]])
    assert digest(path) == before


def found_alike(one, other, entry):
    query = prepare(entry.spectrum)
    hits = [search(query, matrix, SearchSettings(), 5) for matrix in (one.matrix, other.matrix)]
    for name in ("row", "score", "shift_cm1"):
        np.testing.assert_array_equal(getattr(hits[0], name), getattr(hits[1], name))


def test_an_index_that_grew_answers_as_a_scan_does(tmp_path, monkeypatch):
    for name in ("SCAN_ABOVE", "HOPELESS", "BEYOND"):
        monkeypatch.setattr(matching.index, name, 2.0)  # never fall back on reading all rows
    entries = [reference(number) for number in range(320)]
    plain, grown = tmp_path / "plain.h5", tmp_path / "grown.h5"
    write_library(plain, entries, name="L")
    write_library(grown, entries[:300], name="L", indexed_from=100)
    with Library(grown) as before:
        basis = np.array(before.matrix.index.basis)
    extend(grown, entries[300:], indexed_from=100)
    with Library(plain) as one, Library(grown) as other:
        other.verify()
        assert one.matrix.index is None
        assert other.matrix.index.size == 320
        np.testing.assert_array_equal(other.matrix.index.basis, basis)
        assert one.info == other.info
        for entry in (*entries[:300:50], *entries[300::4]):
            found_alike(one, other, entry)


def test_directions_that_no_longer_fit_are_made_anew(tmp_path):
    entries = [reference(number) for number in range(30)]
    grown = tmp_path / "grown.h5"
    write_library(grown, entries[:10], name="L", indexed_from=5)  # ten rows span little
    extend(grown, entries[10:], indexed_from=5)
    with Library(grown) as library:
        library.verify()
        assert library.matrix.index.basis.shape[0] == 30
        assert rest_share(library.matrix.index.first) < 1e-3


def test_a_library_that_becomes_large_gets_an_index(tmp_path, entries):
    grown = tmp_path / "grown.h5"
    write_library(grown, entries[:10], name="L", indexed_from=20)
    extend(grown, entries[10:], indexed_from=20)
    with Library(grown) as library:
        library.verify()
        assert library.matrix.index.size == 24


def test_pairs_known_before_are_right_after_edits_and_withdrawals(tmp_path, policy):
    path, entries = tmp_path / "lib.h5", [reference(number) for number in range(12)]
    write_library(path, entries, name="L", policy=policy)
    by = {"status_by": "A", "status_at": "2026", "status_reason": "test"}
    gone = replace(entries[3].record, status="withdrawn", **by)
    joined = new_version(entries[7].record, replace(entries[7].record, group="made-up substance 6"))
    with Library(path) as library:
        parted = replace(entries[7], record=joined)
        extend_library(library, [parted], changed={3: gone}, policy=policy)
    undone = new_version(joined, replace(joined, group=""))
    with Library(path) as library:
        assert [(p.row, p.other) for p in confused_in(library, policy)] == [(10, 11)]
        extend_library(library, [replace(entries[7], record=undone)], policy=policy)
    with Library(path) as library:
        found = confused_in(library, policy)
        assert found == confused_pairs(references(library), policy)
        assert [(pair.row, pair.other) for pair in found] == [(6, 13), (10, 11)]
