"""Building libraries: what goes in, what is left out and told, and the starter library."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest

from library.errors import LibraryError, ManifestError
from library.findings import TABLE, TABLE_HASH, table_hash
from library.layout import whole_hash
from library.seal import seal
from library.store import Library
from matching.errors import SpectraError
from spectra_app.services.intake import MOST, Options
from spectra_app.services.libraries import (
    build_library,
    library_note,
    library_title,
    open_library,
    starter_library,
)


@contextmanager
def edited(path):
    """Open a library file for writing and seal it again: what a careful forger would do."""
    with h5py.File(path, "r+") as file:
        yield file
    seal(Path(path))


@pytest.fixture
def folder(tmp_path, scan_text, session_text):
    """Return a folder with two scans and a session."""
    made = tmp_path / "references"
    made.mkdir()
    for name in ("urea", "caffeine"):
        (made / f"{name}.csv").write_text(scan_text(name), encoding="utf-8")
    (made / "session.csv").write_text(session_text(["lactose", "sucrose"]), encoding="utf-8")
    return made


def manifest(folder, text):
    path = folder / "manifest.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_manifest_becomes_a_library_with_everything_it_says(folder, tmp_path):
    source = manifest(
        folder,
        "file,name,group,inchikey,cas,class,role,kind,laser_nm,licence,source,spectrum,Bag no.\n"
        "urea.csv,Urea,amides,XSQUKJJJFZCRTK-UHFFFAOYSA-N,57-13-6,amide,"
        "cutting agent,measured,784.9,MIT,lab,,17/4\n"
        "session.csv,Lactose,,,,,,,,,,lactose,\n",
    )
    report = build_library(source, tmp_path / "lib.h5", name="N", licence="L")
    with Library(tmp_path / "lib.h5") as library:
        library.verify()
        urea, lactose = library.records()
    assert (urea.name, urea.group, urea.inchikey, urea.cas) == (
        "Urea",
        "amides",
        "XSQUKJJJFZCRTK-UHFFFAOYSA-N",
        "57-13-6",
    )
    assert (urea.category, urea.role, urea.kind) == ("amide", "cutting agent", "measured")
    assert (urea.laser_nm, urea.licence, urea.source) == (784.9, "MIT", "lab")
    assert urea.metadata == {"Bag no.": "17/4"}
    assert report.unknown == ("Bag no.",)
    assert urea.file_sha256 == hashlib.sha256((folder / "urea.csv").read_bytes()).hexdigest()
    assert lactose.spectrum == "lactose"
    assert (report.info.name, report.info.licence, report.info.entries) == ("N", "L", 2)


def test_rows_without_a_name_are_queries_and_that_is_told(folder, tmp_path):
    text = "file,name,composition\nurea.csv,Urea,\ncaffeine.csv,,urea:0.5+caffeine:0.5\n"
    report = build_library(manifest(folder, text), tmp_path / "lib.h5")
    assert report.info.entries == 1
    assert len(report.left_out) == 1
    assert "line 3" in report.left_out[0]


def test_a_folder_without_manifest_takes_names_from_files(folder, tmp_path):
    (folder / "session.csv").unlink()
    report = build_library(folder, tmp_path / "lib.h5")
    with Library(tmp_path / "lib.h5") as library:
        assert sorted(record.name for record in library.records()) == ["caffeine", "urea"]
    assert report.info.name == "references"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("file,name\nabsent.csv,X\n", "absent.csv"),
        ("file,name\nurea.csv,\n", "no row has a name"),
        ("file,name\nurea.csv,A\nurea.csv,A\n", "twice"),
        ("file,name,spectrum\nsession.csv,A,morphine\n", "morphine"),
    ],
)
def test_what_cannot_be_built_is_told_and_nothing_is_written(folder, tmp_path, text, told):
    with pytest.raises(SpectraError, match=told) as caught:
        build_library(manifest(folder, text), tmp_path / "lib.h5")
    assert caught.value.remedy
    assert not (tmp_path / "lib.h5").exists()


def test_one_bad_file_stops_the_build_and_keeps_the_old_library(folder, tmp_path):
    source = manifest(folder, "file,name\nurea.csv,Urea\ncaffeine.csv,Caffeine\n")
    build_library(source, tmp_path / "lib.h5")
    before = (tmp_path / "lib.h5").read_bytes()
    (folder / "caffeine.csv").write_bytes(b"damaged")
    with pytest.raises(SpectraError, match=r"caffeine\.csv"):
        build_library(source, tmp_path / "lib.h5")
    assert (tmp_path / "lib.h5").read_bytes() == before


def test_an_empty_folder_is_no_library(tmp_path):
    with pytest.raises(ManifestError, match="no spectrum file"):
        build_library(tmp_path, tmp_path / "lib.h5")


def test_a_column_that_is_not_there_stops_the_build(folder, tmp_path):
    source = manifest(folder, "file,name,spectrum\nsession.csv,Lactose,lactose\n")
    with pytest.raises(SpectraError) as caught:
        build_library(source, tmp_path / "lib.h5", options=Options(column="raw-dark"))
    assert caught.value.code == "column_missing"


def test_built_twice_it_is_the_same_file(folder, tmp_path):
    source = manifest(folder, "file,name\nurea.csv,Urea\ncaffeine.csv,Caffeine\n")
    for name in ("a.h5", "b.h5"):
        build_library(source, tmp_path / name)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_a_library_of_another_clean_up_is_refused_by_name(small_library, tmp_path):
    other = tmp_path / "other.h5"
    other.write_bytes(small_library.read_bytes())
    with edited(other) as file:
        file.attrs["pipeline"] = "f" * 64
    with pytest.raises(LibraryError, match="another clean-up") as caught:
        open_library(other)
    assert "other.h5" in str(caught.value)
    assert caught.value.remedy


@pytest.mark.usefixtures("spectra_home")
def test_the_starter_library_is_made_once_and_holds_nothing_measured(spectra_home):
    first = starter_library()
    stamp = first.stat().st_mtime_ns
    assert starter_library() == first
    assert first.stat().st_mtime_ns == stamp
    assert spectra_home in first.parents
    with open_library() as library:
        library.verify()
        assert set(dict(library.info.kinds)) == {"reconstructed"}
        note = library_note(library.info)
        assert "reconstructed" in note.lower()
        assert str(library.info.substances) in library_title(library.info).replace(",", "")


def test_the_note_says_what_a_mixed_library_can_do(small_library):
    with open_library(small_library) as library:
        note = library_note(library.info)
    assert "6 spectra of 6 substances" in note
    assert "cannot be named" in note


def test_the_hash_of_the_whole_covers_every_attribute(small_library):
    with h5py.File(small_library, "r") as file:
        attributes = dict(file.attrs)
        arrays = {}
        file.visititems(
            lambda name, item: (
                arrays.__setitem__(name, item[()]) if isinstance(item, h5py.Dataset) else None
            )
        )
    stored = attributes.pop("whole_sha256")
    assert whole_hash(attributes, arrays) == stored
    for key in attributes:
        assert whole_hash({**attributes, key: "changed"}, arrays) != stored
    assert table_hash(arrays.pop(TABLE)) == attributes[TABLE_HASH]
    for name, array in arrays.items():
        changed = np.array(array)
        changed.flat[0] += 1
        assert whole_hash(attributes, {**arrays, name: changed}) != stored


def test_names_that_no_substance_table_knows_are_told(spectra, scan_text, tmp_path):
    folder = tmp_path / "named"
    folder.mkdir()
    for name in ("caffeine", "Kokain lot 4"):
        (folder / f"{name}.csv").write_text(scan_text("caffeine"), encoding="utf-8")
    code, out, _ = spectra("library", "build", folder, "--out", tmp_path / "named.h5")
    assert code == 0
    assert "control status is not known (1): Kokain lot 4" in out
    assert out.rstrip().endswith("Kokain lot 4")


def test_a_file_of_many_spectra_is_not_made_entries_unasked(spectra, session_text, tmp_path):
    folder, path = tmp_path / "map", tmp_path / "map.h5"
    folder.mkdir()
    names = [f"pixel {number}" for number in range(MOST + 1)]
    (folder / "map.csv").write_text(session_text(names), encoding="utf-8")
    code, _, err = spectra("library", "build", folder, "--out", path)
    assert code == 3
    assert "holds 21 spectra" in err
    assert "--all-spectra" in err
    assert not path.exists()
    assert spectra("library", "build", folder, "--out", path, "--spectrum", "pixel 3")[0] == 0
    with Library(path) as library:
        assert [record.spectrum for record in library.records()] == ["pixel 3"]
    assert spectra("library", "import", path, folder / "map.csv")[0] == 3
    assert spectra("library", "import", path, folder / "map.csv", "--all-spectra")[0] == 0
    with Library(path) as library:
        assert len(library) == MOST + 1


def test_the_laser_line_is_given_for_what_has_none(spectra, tmp_path):
    folder, path = tmp_path / "bare", tmp_path / "bare.h5"
    folder.mkdir()
    text = "\n".join(f"{200 + 4 * i},{100 + (i * 37) % 11 + 900 * (i == 90)}" for i in range(300))
    for name in ("a", "b"):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    source = manifest(folder, "file,name,laser_nm\na.csv,A,\nb.csv,B,unknown\n")
    assert spectra("library", "build", source, "--out", path, "--laser-nm", "785")[0] == 0
    with Library(path) as library:
        assert [record.laser_nm for record in library.records()] == [785.0, None]
    assert spectra("library", "build", source, "--out", path, "--laser-nm", "7.85")[0] == 2


def test_every_file_that_cannot_be_read_is_named_at_once(spectra, folder, tmp_path):
    (folder / "odd.csv").write_bytes(b"damaged")
    rows = "file,name\nodd.csv,odd\nurea.csv,Urea\nabsent.csv,absent\n"
    code, _, err = spectra("library", "build", manifest(folder, rows), "--out", tmp_path / "l.h5")
    assert code == 3
    assert "2 rows or files cannot be used" in err
    assert "odd.csv" in err
    assert "absent.csv" in err
    assert not (tmp_path / "l.h5").exists()


def test_of_many_files_that_cannot_be_read_twenty_are_named(spectra, folder, tmp_path):
    rows = "".join(f"absent-{number}.csv,x\n" for number in range(25))
    source = manifest(folder, "file,name\n" + rows)
    _, _, err = spectra("library", "build", source, "--out", tmp_path / "l.h5")
    assert "absent-19.csv" in err
    assert "absent-20.csv" not in err
    assert "and 5 more" in err


def test_columns_that_are_not_known_are_named_once(spectra, folder, tmp_path):
    rows = "file,name,operater\nurea.csv,Urea,A\ncaffeine.csv,Caffeine,B\n"
    _, out, _ = spectra("library", "build", manifest(folder, rows), "--out", tmp_path / "l.h5")
    assert out.count("kept as written: operater\n") == 1
