"""A library whose file is taken from under its reader: the old content, or a named error."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import library.held
import library.store
from library.entry import Entry, EntryRecord, entry_id
from library.errors import LibraryChangedError, LibraryError
from library.store import Library
from library.writing import write_library
from matching.spectrum import Spectrum
from spectra_app.services.engine import Engine, examine
from spectra_app.services.policies import load_policy


def _written(path: Path, band: float) -> Path:
    axis = np.arange(250.0, 2000.0, 2.0)
    rng = np.random.default_rng(int(band))
    light = 900 * np.exp(-(((axis - band) / 9) ** 2)) + rng.uniform(1, 2, axis.size)
    spectrum = Spectrum(axis, light, laser_nm=785.0)
    record = EntryRecord(
        entry=entry_id(f"band {band:.0f}", spectrum),
        name=f"band {band:.0f}",
        technique="Raman",
        laser_nm=785.0,
        content_sha256=spectrum.content_hash,
    )
    write_library(path, [Entry(record, spectrum)], name=f"L{band:.0f}")
    return path


@pytest.fixture
def path(tmp_path):
    return _written(tmp_path / "one.h5", 700.0)


@pytest.fixture
def other(tmp_path):
    return _written(tmp_path / "two.h5", 1200.0)


def _cut(path: Path, _other: Path) -> None:
    os.truncate(path, 5000)


def _emptied_and_filled(path: Path, _other: Path) -> None:
    size = path.stat().st_size
    os.truncate(path, 0)
    os.truncate(path, size)


def _copied_over(path: Path, other: Path) -> None:
    shutil.copyfile(other, path)


def _scribbled_on(path: Path, _other: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-2000, os.SEEK_END)
        file.write(os.urandom(2000))


def _deleted(path: Path, _other: Path) -> None:
    path.unlink()


def _replaced(path: Path, other: Path) -> None:
    other.replace(path)


HARMFUL = [_cut, _emptied_and_filled, _copied_over, _scribbled_on]
posix = pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody touch an open file")


@pytest.mark.parametrize("happens", [*HARMFUL, _deleted, _replaced])
def test_a_small_library_stays_what_it_was_whatever_happens_to_the_file(path, other, happens):
    with Library(path) as opened:
        happens(path, other)
        assert opened.record(0).name == "band 700"
        opened.verify()
        opened.check_unchanged()


@posix
@pytest.mark.parametrize("happens", HARMFUL)
def test_a_large_library_that_was_written_over_is_refused(path, other, happens, monkeypatch):
    monkeypatch.setattr(library.held, "IN_MEMORY", 0)
    with Library(path) as opened:
        opened.verify()
        happens(path, other)
        with pytest.raises(LibraryChangedError, match="while it was in use"):
            opened.record(0)
        with pytest.raises(LibraryChangedError):
            opened.check_unchanged()


@posix
@pytest.mark.parametrize("happens", [_deleted, _replaced])
def test_a_large_library_that_is_deleted_or_replaced_is_read_to_the_end(
    path, other, happens, monkeypatch
):
    monkeypatch.setattr(library.held, "IN_MEMORY", 0)
    with Library(path) as opened:
        happens(path, other)
        assert opened.record(0).name == "band 700"
        opened.verify()


@posix
@pytest.mark.parametrize("limit", [0, 2**30])
def test_a_library_replaced_while_it_is_opened_is_one_of_the_two(path, other, limit, monkeypatch):
    monkeypatch.setattr(library.held, "IN_MEMORY", limit)
    check, times = library.store.check, []

    def checked_then_replaced(where: Path) -> None:
        check(where)
        if not times:
            times.append(1)
            other.replace(path)

    monkeypatch.setattr(library.store, "check", checked_then_replaced)
    with Library(path) as opened:
        assert opened.record(0).name == "band 1200"
        assert opened.info.name == "L1200"
        opened.verify()


@posix
def test_a_library_that_is_never_left_alone_is_refused(path, monkeypatch):
    check = library.store.check

    def checked_then_touched(where: Path) -> None:
        check(where)
        status = where.stat()
        os.utime(where, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))

    monkeypatch.setattr(library.store, "check", checked_then_touched)
    with pytest.raises(LibraryChangedError):
        Library(path)


@pytest.mark.parametrize("limit", [0, 2**30])
def test_a_closed_library_lets_go_of_its_file(path, limit, monkeypatch):
    monkeypatch.setattr(library.held, "IN_MEMORY", limit)
    opened = Library(path)
    rows = opened.matrix.rows
    opened.close()
    assert rows.shape[0] == 1
    with pytest.raises(LibraryError, match="closed"):
        opened.record(0)


@posix
def test_no_verdict_comes_from_a_large_library_that_was_cut_short(path, monkeypatch):
    monkeypatch.setattr(library.held, "IN_MEMORY", 0)
    with Library(path) as opened:
        spectrum = opened.spectrum(0)
        engine = Engine(opened, load_policy())
        assert examine(spectrum, engine).scored
        os.truncate(path, 5000)
        with pytest.raises(LibraryChangedError):
            examine(spectrum, engine)
