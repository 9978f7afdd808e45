"""Writing a library: all or nothing, whatever stops it; reading it changes nothing."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import h5py
import numpy as np
import pytest

import library.held
from library.entry import Entry, EntryRecord, entry_id
from library.errors import LibraryError
from library.store import Library
from library.writing import write_library
from matching.pipeline import DEFAULT_PIPELINE, PipelineSettings, prepare
from matching.search import SearchSettings, search
from matching.spectrum import Spectrum

unix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and signals")


def reference(number: int, technique: str = "Raman") -> Entry:
    rng = np.random.default_rng(number)
    axis = np.arange(300.0 + number, 1500.0, 1.7)
    y = rng.normal(100.0, 1.0, axis.size)
    for place in rng.uniform(350, 1450, 7):
        y += rng.uniform(50, 900) * np.exp(-(((axis - place) / 6.0) ** 2))
    spectrum = Spectrum(axis, y, 785.0, technique=technique)
    name = f"Substance {number}"
    record = EntryRecord(
        entry=entry_id(name, spectrum),
        name=name,
        laser_nm=785.0,
        technique=technique,
        content_sha256=spectrum.content_hash,
        metadata={"Seizure": f"β {number}"},
    )
    return Entry(record, spectrum)


@pytest.fixture(scope="module")
def entries():
    return [reference(number) for number in range(5)]


@pytest.fixture
def path(entries, tmp_path):
    target = tmp_path / "lib.h5"
    write_library(target, entries, name="Old", licence="MIT")
    return target


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


# --- Round trip --------------------------------------------------------------------------------


def test_everything_written_is_read_back_exactly(path, entries):
    with Library(path) as library:
        library.verify()
        assert len(library) == 5
        assert list(library.records()) == [entry.record for entry in entries]
        for row, entry in enumerate(entries):
            read = library.spectrum(row)
            assert read.content_hash == entry.spectrum.content_hash
            np.testing.assert_array_equal(read.intensity, entry.spectrum.intensity)
        assert library.info.name == "Old"
        assert library.info.licence == "MIT"
        assert library.info.entries == library.info.substances == 5
        assert library.info.kinds == (("measured", 5),)
        assert library.info.pipeline == DEFAULT_PIPELINE.hash


def test_what_writing_reports_is_what_opening_reports(entries, tmp_path):
    info = write_library(tmp_path / "a.h5", entries, name="A")
    with Library(tmp_path / "a.h5") as library:
        assert library.info == info


def test_every_reference_finds_itself_first(path, entries):
    with Library(path) as library:
        for row, entry in enumerate(entries):
            hits = search(prepare(entry.spectrum), library.matrix, SearchSettings(), 3)
            assert hits.row[0] == row
            assert hits.score[0] == pytest.approx(1.0, abs=1e-4)


def test_surface_enhanced_spectra_are_marked(tmp_path):
    target = tmp_path / "sers.h5"
    write_library(target, [reference(1), reference(2, "SERS")], name="S")
    with Library(target) as library:
        assert library.sers.tolist() == [False, True]
        assert library.spectrum(1).technique == "SERS"


def test_rows_lie_in_one_piece_and_in_a_large_library_are_read_when_asked_for(path, monkeypatch):
    monkeypatch.setattr(library.held, "IN_MEMORY", 0)
    with h5py.File(path, "r") as file:

        def contiguous(_name, item):
            if isinstance(item, h5py.Dataset):
                assert item.chunks is None
                assert item.id.get_offset() is not None

        file.visititems(contiguous)
    with Library(path) as opened:
        rows = opened.matrix.rows
        assert isinstance(rows, library.held.Stored)
        with h5py.File(path, "r") as file:
            np.testing.assert_array_equal(rows, file["search/rows"])
        with pytest.raises(ValueError, match="read-only"):
            rows[0][0] = 1.0


def test_using_a_library_leaves_bytes_and_time_of_the_file_alone(path):
    os.utime(path, (1_000_000_000, 1_000_000_000))
    before, stamp = digest(path), path.stat().st_mtime_ns
    with Library(path) as library:
        library.verify()
        search(prepare(library.spectrum(0)), library.matrix, SearchSettings(), 3)
    assert (digest(path), path.stat().st_mtime_ns) == (before, stamp)


def test_a_library_without_write_permission_can_be_used(path):
    path.chmod(0o444)
    with Library(path) as library:
        library.verify()


def test_the_same_content_gives_the_same_bytes(entries, tmp_path):
    for name in ("one.h5", "other.h5"):
        write_library(tmp_path / name, entries, name="Same")
        time.sleep(1.1)  # a stored time would show, HDF5 keeps whole seconds
    assert digest(tmp_path / "one.h5") == digest(tmp_path / "other.h5")


def test_another_order_name_or_spectrum_shows_in_the_hash(entries, tmp_path):
    def sha256(chosen):
        return write_library(tmp_path / "x.h5", chosen, name="X").sha256

    hashes = [sha256(entries), sha256(entries[::-1]), sha256(entries[:4])]
    assert max(Counter(hashes).values()) == 1
    assert sha256(entries) == hashes[0]


def test_another_clean_up_is_told_in_the_library(entries, tmp_path):
    other = PipelineSettings(baseline_stiffness=5e3)
    info = write_library(tmp_path / "x.h5", entries, name="X", pipeline=other)
    assert info.pipeline == other.hash != DEFAULT_PIPELINE.hash


def test_a_closed_library_says_so(path):
    library = Library(path)
    library.close()
    with pytest.raises(LibraryError, match="closed"):
        library.record(0)


def test_an_open_library_may_be_handed_to_another_thread(path):
    found = []
    with Library(path) as library:
        worker = threading.Thread(target=lambda: found.extend(library.records()))
        worker.start()
        worker.join(30)
    assert len(found) == 5


def test_an_open_library_outlives_its_replacement(path, entries):
    with Library(path) as old:
        write_library(path, entries[:2], name="New")
        old.verify()
        assert len(old) == 5
    with Library(path) as new:
        assert len(new) == 2


# --- Refusals ----------------------------------------------------------------------------------


def test_duplicates_are_refused_by_name_and_nothing_is_written(path, entries, tmp_path):
    before = digest(path)
    with pytest.raises(LibraryError, match="'Substance 3'") as caught:
        write_library(path, [*entries, entries[3]], name="New")
    assert caught.value.remedy
    assert digest(path) == before
    assert [item.name for item in tmp_path.iterdir()] == ["lib.h5"]


def test_an_empty_library_is_refused(path):
    before = digest(path)
    with pytest.raises(LibraryError, match="no entry"):
        write_library(path, [], name="New")
    assert digest(path) == before


def test_a_folder_that_does_not_exist_is_named(entries, tmp_path):
    with pytest.raises(LibraryError, match="cannot be written") as caught:
        write_library(tmp_path / "absent" / "lib.h5", entries, name="New")
    assert caught.value.where == str(tmp_path / "absent")


# --- Killed, and no space ----------------------------------------------------------------------


def in_child(work, told: int = 2) -> int:
    """Run `work` in a forked child (nothing is imported again); return the child's id.

    What went wrong is written to the file descriptor `told`; 33 is a named error.
    """
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except LibraryError as error:
        os.write(told, str(error).encode())
        os._exit(33)
    except BaseException as error:  # noqa: BLE001  a child must never return into pytest
        os.write(told, repr(error).encode())
        os._exit(99)


@unix
def test_a_build_killed_at_any_moment_leaves_the_old_library_or_the_new(path, entries):
    fresh = [*entries, *(reference(number) for number in range(5, 12))]
    begun = time.perf_counter()
    scratch = path.with_name("scratch.h5")
    write_library(scratch, fresh, name="New")  # how long it takes here
    whole = time.perf_counter() - begun
    names = Counter()
    rng = np.random.default_rng(0)
    for moment in [0.0, *rng.uniform(0, 1.3 * whole, 14)]:
        child = in_child(lambda: write_library(path, fresh, name="New"))
        time.sleep(float(moment))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with Library(path) as library:
            library.verify()
            assert (library.info.name, len(library)) in {("Old", 5), ("New", 12)}
            names[library.info.name] += 1
        if library.info.name == "New":
            write_library(path, entries, name="Old")
    assert names["Old"] >= 1  # the kills came early enough to mean something


@unix
def test_a_full_disk_is_named_and_the_old_library_stays(path, entries, tmp_path):
    before, size = digest(path), path.stat().st_size

    def small():
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))
        write_library(path, entries, name="New")

    read, write = os.pipe()
    child = in_child(small, write)
    os.close(write)
    _, status = os.waitpid(child, 0)
    told = os.read(read, 65536).decode()
    os.close(read)
    assert os.waitstatus_to_exitcode(status) == 33, told
    assert "could not be written" in told
    assert "nothing was changed" in told
    assert digest(path) == before
    assert [item.name for item in tmp_path.iterdir()] == ["lib.h5"]  # no half file left behind


def test_h5py_is_not_needed_to_know_what_a_library_is():
    code = (
        "import sys, library.store, library.entry, library.manifest; "
        "sys.exit(' '.join(m for m in ('h5py', 'scipy.signal', 'pybaselines', 'PySide6') "
        "if m in sys.modules) or 0)"
    )
    child = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (child.returncode, child.stderr) == (0, "")


@unix
def test_a_device_or_folder_is_never_replaced(entries, tmp_path):
    pipe = tmp_path / "pipe.h5"
    os.mkfifo(pipe)
    for target in (pipe, tmp_path):
        with pytest.raises(LibraryError, match="not a file"):
            write_library(target, entries, name="New")
    assert pipe.is_fifo()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["pipe.h5"]
