"""A large library whose drive goes away in the middle of a search: an error, never the end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import library.held
from library.entry import Entry, EntryRecord, entry_id
from library.errors import LibraryChangedError
from library.held import Source, Stored, pieces_of
from library.store import Library
from library.writing import extend_library, write_library
from matching.spectrum import Spectrum

AXIS_CM1 = np.arange(250.0, 2000.0, 2.0)
GONE = """
import os, sys
from pathlib import Path
import library.held
from library.errors import LibraryChangedError
from library.store import Library
from matching.pipeline import prepare
from matching.search import SearchSettings, search

library.held.IN_MEMORY = 0
path = Path(sys.argv[1])
opened = Library(path)
query, curve = prepare(opened.spectrum(0)), opened.content()[1]["spectra/intensity"]
os.truncate(path, 4096)
for use in (lambda: search(query, opened.matrix, SearchSettings(), 3), lambda: curve[:10].sum()):
    try:
        use()
    except LibraryChangedError as error:
        print(error.what, error.where == str(path), bool(error.remedy))
"""


def _entry(seed: int) -> Entry:
    places = np.random.default_rng(seed).uniform(300.0, 1700.0, 12)
    y = (1.0 / (1.0 + ((AXIS_CM1 - places[:, None]) / 4.0) ** 2)).sum(axis=0)
    spectrum = Spectrum(AXIS_CM1, y, laser_nm=785.0)
    record = EntryRecord(
        entry=entry_id(f"one {seed}", spectrum), name=f"one {seed}", laser_nm=785.0,
        content_sha256=spectrum.content_hash,
    )  # fmt: skip
    return Entry(record, spectrum)


@pytest.fixture
def path(tmp_path):
    write_library(tmp_path / "one.h5", [_entry(seed) for seed in range(5)], name="L")
    return tmp_path / "one.h5"


@pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody touch an open file")
def test_a_library_cut_short_in_the_middle_of_a_search_does_not_end_the_program(path):
    done = subprocess.run(
        [sys.executable, "-c", GONE, path],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.returncode, done.stderr)  # -7: ended by SIGBUS
    said = "the library was written over, cut short or unplugged while it was in use True True"
    assert done.stdout.splitlines() == [said, said]


def test_a_drive_that_fails_is_told_as_a_library_that_is_gone(path, monkeypatch):
    monkeypatch.setattr(library.held, "IN_MEMORY", 0)
    with Library(path) as opened:

        def fail(*_of_it: object) -> int:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(Source, "_some", fail)
        with pytest.raises(LibraryChangedError, match="unplugged"):
            opened.spectrum(2)


@pytest.mark.parametrize("anywhere", [True, False])
def test_a_library_that_stays_in_its_file_is_used_verified_and_extended(
    path, tmp_path, anywhere, monkeypatch
):
    monkeypatch.setattr(library.held, "ANYWHERE", anywhere and library.held.ANYWHERE)
    grown = tmp_path / "grown.h5"
    with Library(path) as small:
        extend_library(small, [_entry(9)], target=grown)
    once = grown.read_bytes()
    monkeypatch.setattr(library.held, "IN_MEMORY", 0)
    monkeypatch.setattr(library.held, "PIECE", 10_000)
    with Library(path) as large:
        large.verify()
        assert large.entry(4).spectrum.content_hash == _entry(4).spectrum.content_hash
        extend_library(large, [_entry(9)], target=grown)
    assert grown.read_bytes() == once


ROWS = st.one_of(
    st.integers(-6, 5),
    st.slices(6),
    st.lists(st.integers(-6, 5), max_size=8).map(lambda rows: np.array(rows, dtype=np.int64)),
    st.lists(st.booleans(), min_size=6, max_size=6).map(np.array),
)


@given(rows=ROWS, columns=st.one_of(st.none(), st.slices(7), st.integers(-7, 6)))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_asked_of_a_file_is_what_numpy_gives(tmp_path, rows, columns):
    plain = np.arange(42, dtype=np.float32).reshape(6, 7)
    file = tmp_path / "numbers"
    if not file.exists():
        file.write_bytes(b"head" + plain.tobytes())
    stored = Stored(Source(file), plain.dtype, 4, plain.shape)
    key = rows if columns is None else (rows, columns)
    np.testing.assert_array_equal(stored[key], plain[key])
    line = Stored(Source(file), plain.dtype, 4, (42,))
    if np.asarray(rows).dtype != bool:
        np.testing.assert_array_equal(line[rows], plain.reshape(-1)[rows])
    np.testing.assert_array_equal(np.concatenate(list(pieces_of(stored))), np.asarray(stored))
