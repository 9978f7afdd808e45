"""A damaged, foreign or newer library is refused with a named error, never half used."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest

from library.entry import Entry, EntryRecord, entry_id
from library.errors import LibraryDamagedError, LibraryError, LibraryVersionError
from library.info import SCHEMA_VERSION
from library.seal import check, seal
from library.store import Library
from library.writing import write_library
from matching.errors import SpectraError
from matching.spectrum import Spectrum


@contextmanager
def edited(path):
    """Open a library file for writing and seal it again: what a careful forger would do."""
    with h5py.File(path, "r+") as file:
        yield file
    seal(Path(path))


@pytest.fixture(scope="module")
def entries():
    """Return six references, two of one substance."""
    made = []
    for number in range(6):
        rng = np.random.default_rng(number)
        axis = np.arange(300.0 + number, 1500.0, 1.7)
        y = rng.normal(100.0, 1.0, axis.size)
        for place in rng.uniform(350, 1450, 7):
            y += rng.uniform(50, 900) * np.exp(-(((axis - place) / 6.0) ** 2))
        spectrum = Spectrum(axis, y, 785.0)
        name = f"Substance {min(number, 4)}"
        record = EntryRecord(
            entry=entry_id(name, spectrum),
            name=name,
            laser_nm=785.0,
            content_sha256=spectrum.content_hash,
        )
        made.append(Entry(record, spectrum))
    return made


@pytest.fixture(scope="module")
def sound(entries, tmp_path_factory):
    """Return the path of a sound library."""
    path = tmp_path_factory.mktemp("sound") / "sound.h5"
    write_library(path, entries, name="Sound")
    return path


@pytest.fixture
def copy(sound, tmp_path):
    """Return a copy of the sound library that the test may damage."""
    return shutil.copy(sound, tmp_path / "copy.h5")


def dataset_ranges(path):
    """Where each dataset's bytes lie in the file."""
    found = {}
    with h5py.File(path, "r") as file:

        def visit(name, item):
            if isinstance(item, h5py.Dataset):
                start = item.id.get_offset()
                found[name] = (start, start + item.id.get_storage_size())

        file.visititems(visit)
    return found


def flip(path, at, bit=0):
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(data)


def use(path):
    """Open, verify and read everything."""
    with Library(path) as library:
        library.verify()
        for row in range(len(library)):
            library.record(row)
            library.spectrum(row)
        np.asarray(library.matrix.rows).sum()


def test_a_sound_library_passes(copy):
    use(copy)


CHECKED = (
    "entries/records",
    "entries/record_offsets",
    "spectra/raman_shift_cm1",
    "spectra/intensity",
    "spectra/offsets",
)
SEARCHED = (
    "entries/substance",
    "entries/sers",
    "entries/comparable",
    "entries/emulated",
    "search/rows",
    "search/first",
    "search/end",
    "search/sums",
    "search/squares",
    "search/noise",
)


@pytest.mark.parametrize("name", [*CHECKED, *SEARCHED])
def test_verify_finds_any_flipped_bit(copy, name):
    start, end = dataset_ranges(copy)[name]
    rng = np.random.default_rng(sum(name.encode()))
    places = {start, end - 1, *rng.integers(start, end, 6).tolist()}
    for place in sorted(places):
        bit = int(rng.integers(0, 8))
        flip(copy, place, bit)
        with pytest.raises(LibraryDamagedError) as caught:
            use(copy)
        assert str(copy) in caught.value.where
        assert caught.value.remedy
        flip(copy, place, bit)
    use(copy)


def test_every_dataset_is_covered_by_that_test(sound):
    assert set(dataset_ranges(sound)) == {*CHECKED, *SEARCHED}


def test_a_flipped_bit_anywhere_gives_the_same_content_or_a_named_error(sound, copy, entries):
    size = sound.stat().st_size
    taken = dataset_ranges(sound).values()
    rng = np.random.default_rng(7)
    places = [p for p in range(size) if not any(a <= p < b for a, b in taken)]
    chosen = rng.choice(places, 120, replace=False)
    for place in chosen.tolist():
        bit = int(rng.integers(0, 8))
        flip(copy, place, bit)
        try:
            with Library(copy) as library:
                library.verify()
                assert len(library) == len(entries)
                assert [r.name for r in library.records()] == [e.record.name for e in entries]
        except SpectraError as error:
            assert str(copy) in str(error)  # noqa: PT017  either outcome is sound
        flip(copy, place, bit)


def test_a_library_cut_off_anywhere_is_refused(sound, copy):
    data = sound.read_bytes()
    rng = np.random.default_rng(3)
    cuts = [0, 1, 7, 8, 100, len(data) // 2, len(data) - 1, *rng.integers(0, len(data), 25)]
    for cut in cuts:
        copy.write_bytes(data[:cut])
        with pytest.raises(LibraryError) as caught:
            use(copy)
        assert caught.value.remedy


@pytest.mark.parametrize("data", [b"", b"name,file\n", b"PK\x03\x04" + bytes(500), bytes(5000)])
def test_a_file_that_is_no_hdf5_is_refused_in_words(tmp_path, data):
    path = tmp_path / "other.h5"
    path.write_bytes(data)
    with pytest.raises(LibraryError, match="the file is not a library") as caught:
        Library(path)
    assert not isinstance(caught.value, LibraryDamagedError)
    assert caught.value.where == str(path)


def test_a_library_cut_inside_its_seal_is_called_damaged(copy):
    copy.write_bytes(copy.read_bytes()[:3000])
    with pytest.raises(LibraryDamagedError, match=r"seal|structure"):
        Library(copy)


def test_every_flipped_byte_of_the_structure_is_found_before_hdf5_reads_it(copy):
    data = copy.read_bytes()
    covered = set()
    for first, end in dataset_ranges(copy).values():
        covered.update(range(first, end))
    places = [place for place in range(len(data)) if place not in covered]
    for place in places[:: max(len(places) // 400, 1)]:
        copy.write_bytes(data[:place] + bytes([data[place] ^ 8]) + data[place + 1 :])
        with pytest.raises(LibraryError):
            check(copy)


def test_a_missing_library_and_a_folder_are_told_apart(tmp_path):
    with pytest.raises(LibraryError, match="no such library"):
        Library(tmp_path / "absent.h5")
    with pytest.raises(LibraryError):
        Library(tmp_path)


def test_another_programs_hdf5_is_not_called_damaged(tmp_path):
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["data"] = np.arange(10)
    with pytest.raises(LibraryError, match="not a Spectra library") as caught:
        Library(path)
    assert not isinstance(caught.value, LibraryDamagedError)


def test_a_library_of_a_newer_program_is_refused_as_such(copy):
    with edited(copy) as file:
        file.attrs["schema"] = SCHEMA_VERSION + 1
    with pytest.raises(LibraryVersionError, match="newer Spectra"):
        Library(copy)


@pytest.mark.parametrize("name", [*CHECKED, *SEARCHED])
def test_a_missing_dataset_is_named(copy, name):
    with edited(copy) as file:
        del file[name]
    with pytest.raises(LibraryDamagedError) as caught:
        use(copy)
    assert str(copy) in caught.value.where


@pytest.mark.parametrize("name", [*CHECKED, *SEARCHED])
@pytest.mark.parametrize("change", ["shorter", "other type", "scalar"])
def test_a_dataset_of_another_shape_or_type_is_refused(copy, name, change):
    with edited(copy) as file:
        data = file[name][()]
        del file[name]
        file[name] = {
            "shorter": data[:-1],
            "other type": data.astype(np.complex64),
            "scalar": data.ravel()[0],
        }[change]
    with pytest.raises(LibraryDamagedError):
        use(copy)


@pytest.mark.parametrize("name", ["format", "schema", "name", "entries", "kinds", "sha256"])
def test_a_missing_or_odd_attribute_is_refused(copy, name):
    for value in (None, np.array([1, 2, 3]), "odd"):
        with edited(copy) as file:
            kept = file.attrs[name]
            del file.attrs[name]
            if value is not None:
                file.attrs[name] = value
        if name == "name" and value is not None:
            Library(copy).close()  # a name may be any text
        else:
            with pytest.raises(LibraryError):
                use(copy)
        with edited(copy) as file:
            file.attrs[name] = kept


def test_a_copy_made_by_another_tool_has_no_seal_and_is_refused(copy, tmp_path):
    other = tmp_path / "compressed.h5"
    with h5py.File(copy, "r") as source, h5py.File(other, "w") as target:
        target.attrs.update(dict(source.attrs))
        for name in dataset_ranges(copy):
            target.create_dataset(name, data=source[name][()], compression="gzip")
    with pytest.raises(LibraryError, match="HDF5 but not a Spectra library"):
        Library(other)


def test_the_entry_at_fault_is_named(copy):
    with edited(copy) as file:
        start = int(file["spectra/offsets"][2])
        file["spectra/intensity"][start + 5] += 1.0
    with Library(copy) as library, pytest.raises(LibraryDamagedError, match=r"entry 3 \(Substance"):
        library.verify()


def test_a_record_exchanged_for_another_is_found(copy):
    with edited(copy) as file:
        data = file["entries/records"][()].tobytes().replace(b'"Substance 1"', b'"Substance 9"')
        file["entries/records"][...] = np.frombuffer(data, dtype=np.uint8)
    with pytest.raises(LibraryDamagedError, match="hash"):
        Library(copy)


def test_damage_is_only_reported_never_repaired(copy):
    flip(copy, dataset_ranges(copy)["spectra/intensity"][0] + 100)
    before = hashlib.sha256(copy.read_bytes()).hexdigest()
    with pytest.raises(LibraryDamagedError):
        use(copy)
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == before


@pytest.mark.parametrize("name", SEARCHED)
def test_a_flipped_bit_that_would_hide_an_entry_is_found_on_opening(copy, name):
    start, end = dataset_ranges(copy)[name]
    for place in (start, (start + end) // 2, end - 1):
        flip(copy, place)
        with pytest.raises(LibraryDamagedError):
            Library(copy)
        flip(copy, place)


def test_only_large_data_are_left_out_of_the_seal(copy, monkeypatch):
    monkeypatch.setattr("library.seal.LARGE", 8 * 1800 * 4 // 2)
    seal(copy)
    start, _ = dataset_ranges(copy)["search/rows"]
    flip(copy, start)
    check(copy)  # left to the hash inside the file
    flip(copy, dataset_ranges(copy)["entries/sers"][0])
    with pytest.raises(LibraryDamagedError):
        check(copy)
