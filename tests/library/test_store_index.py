"""A search index is stored with large libraries: hashed, optional, and never wrong."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

import library.held
import matching.index
from library.entry import Entry, EntryRecord, entry_id
from library.errors import LibraryDamagedError
from library.indexed import INDEX_HASH
from library.info import SCHEMA_VERSION
from library.layout import DATASETS, INDEX_DATASETS, WHOLE, whole_hash
from library.seal import seal
from library.store import Library
from library.writing import write_library
from matching.index import SCAN_BELOW
from matching.pipeline import prepare
from matching.search import SearchSettings, search
from matching.spectrum import Spectrum


def reference(number: int) -> Entry:
    rng = np.random.default_rng(number)
    axis = np.arange(300.0 + number % 7, 1500.0, 1.7)
    y = rng.normal(100.0, 1.0, axis.size)
    for place in rng.uniform(350, 1450, 7):
        y += rng.uniform(50, 900) * np.exp(-(((axis - place) / 6.0) ** 2))
    spectrum = Spectrum(axis, y, 785.0)
    name = f"Substance {number // 2}"
    record = EntryRecord(
        entry=entry_id(f"{name} {number}", spectrum),
        name=name,
        laser_nm=785.0,
        content_sha256=spectrum.content_hash,
    )
    return Entry(record, spectrum)


@pytest.fixture(scope="module")
def entries():
    return [reference(number) for number in range(150)]


@pytest.fixture(scope="module")
def both(entries, tmp_path_factory):
    """Return the same library without and with an index."""
    folder = tmp_path_factory.mktemp("indexed")
    for name, least in (("plain.h5", SCAN_BELOW), ("indexed.h5", 100)):
        write_library(folder / name, entries, name="L", indexed_from=least)
    return folder / "plain.h5", folder / "indexed.h5"


@pytest.fixture
def copy(both, tmp_path):
    target = tmp_path / "copy.h5"
    target.write_bytes(both[1].read_bytes())
    return target


@contextmanager
def edited(path):
    with h5py.File(path, "r+") as file:
        yield file
    seal(Path(path))


def test_an_index_is_stored_from_so_many_entries_on(both):
    with Library(both[0]) as plain, Library(both[1]) as indexed:
        assert plain.matrix.index is None
        assert indexed.matrix.index is not None
        assert indexed.matrix.index.size == len(indexed) == 150
        plain.verify()
        indexed.verify()
        assert plain.info.sha256 == indexed.info.sha256
        assert plain.info.schema == indexed.info.schema == SCHEMA_VERSION


def test_the_levels_of_a_large_library_are_in_memory_and_its_rows_are_not(both, monkeypatch):
    monkeypatch.setattr(library.held, "IN_MEMORY", 0)
    with Library(both[1]) as opened:
        index = opened.matrix.index
        for array in (index.first, index.second):
            assert isinstance(array, np.ndarray)
        assert isinstance(opened.matrix.rows, library.held.Stored)


def test_scan_and_stored_index_answer_alike(both, entries, monkeypatch):
    monkeypatch.setattr(matching.index, "SCAN_ABOVE", 2.0)  # never fall back on reading all rows
    monkeypatch.setattr(matching.index, "HOPELESS", 2.0)
    monkeypatch.setattr(matching.index, "BEYOND", 2.0)
    with Library(both[0]) as plain, Library(both[1]) as indexed:
        for entry in entries[::15]:
            query = prepare(entry.spectrum)
            one = search(query, plain.matrix, SearchSettings(), 5)
            other = search(query, indexed.matrix, SearchSettings(), 5)
            np.testing.assert_array_equal(one.row, other.row)
            np.testing.assert_array_equal(one.score, other.score)
            np.testing.assert_array_equal(one.shift_cm1, other.shift_cm1)
            assert one.row.size >= 5


def test_a_program_that_does_not_know_the_index_still_verifies(both):
    """The whole hash leaves the index to its own hash, so older programs agree with it."""
    with h5py.File(both[1], "r") as file:
        arrays = {name: file[name][()] for name in DATASETS}
        assert whole_hash(dict(file.attrs), arrays) == file.attrs[WHOLE]


@pytest.mark.parametrize("name", INDEX_DATASETS)
def test_a_changed_index_is_found_by_verify(copy, name):
    with edited(copy) as file:
        file[name][3, 5] += np.float32(0.25)
    with Library(copy) as library, pytest.raises(LibraryDamagedError, match="index"):
        library.verify()


@pytest.mark.parametrize("name", INDEX_DATASETS)
def test_half_an_index_is_refused(copy, name):
    with edited(copy) as file:
        del file[name]
    with pytest.raises(LibraryDamagedError, match="index is missing"):
        Library(copy)


def test_an_index_taken_out_or_put_in_is_refused(copy):
    with edited(copy) as file:
        for name in INDEX_DATASETS:
            del file[name]
    with pytest.raises(LibraryDamagedError, match="index is missing, or one was added"):
        Library(copy)
    with edited(copy) as file:
        del file.attrs[INDEX_HASH]
    with Library(copy) as library, pytest.raises(LibraryDamagedError, match="agree"):
        library.verify()


@pytest.mark.parametrize("name", INDEX_DATASETS)
@pytest.mark.parametrize("change", ["shape", "type"])
def test_an_index_of_another_shape_or_type_is_refused(copy, name, change):
    with edited(copy) as file:
        old = file[name][()]
        del file[name]
        file[name] = old[:, :-1] if change == "shape" else old.astype(np.float16)
    with pytest.raises(LibraryDamagedError, match="search/index"):
        Library(copy)


def test_an_index_of_wrong_numbers_costs_time_not_truth_when_it_bounds_from_above(both, entries):
    """Bounds that are all too high only make the search read everything."""
    with Library(both[1]) as library:
        matrix = library.matrix
        first = np.array(matrix.index.first)
        first[0] = 1e6
        loose = replace(matrix, index=replace(matrix.index, first=first))
        query = prepare(entries[4].spectrum)
        one = search(query, matrix, SearchSettings(), 5)
        other = search(query, loose, SearchSettings(), 5)
        np.testing.assert_array_equal(one.row, other.row)
        np.testing.assert_array_equal(one.score, other.score)
