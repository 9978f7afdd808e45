"""Every way to get a calculated entry named, printed as a reference or used as one: none works."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

import resources
from library.calculated_lines import calculated_table
from library.errors import LibraryError
from library.formats import read_file
from library.store import Library
from matching.errors import SpectraError


@pytest.fixture(scope="module")
def entry():
    return next(one for one in calculated_table().entries if one.family)


@pytest.fixture
def scan(entry, tmp_path):
    """Return a scan that is exactly what was calculated."""
    axis = np.arange(250.0, 2000.0, 1.0)
    bands = (
        5000
        * np.exp(-(((axis[:, None] - entry.shifts) / 4) ** 2))
        @ (entry.activities / entry.shifts)
    )
    rng = np.random.default_rng(5)
    lines = [f"{x:g},{y + 300 + rng.normal(0, 2):.2f}" for x, y in zip(axis, bands, strict=True)]
    path = tmp_path / "scan.csv"
    path.write_text("Raman shift (cm-1),Intensity\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture
def with_it(spectra, entry, scan, tmp_path):
    """Return a library into which somebody put the calculated spectrum, honestly marked."""
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(
        f"file,name,inchikey,kind,laser_nm\n{scan},{entry.name},{entry.inchikey},calculated,785\n"
    )
    path = tmp_path / "lib.h5"
    code, _, err = spectra("library", "build", manifest, "--out", path)
    assert (code, err) == (0, "")
    return path


def _named(answer: dict) -> set[str]:
    names = {part["name"] for part in answer["components"]}
    return names | {name for group in answer["indistinguishable"] for name in group}


def test_the_scan_itself_is_not_named_by_the_shipped_table(spectra, scan, entry) -> None:
    code, out, _ = spectra("identify", scan, "--json")
    assert code == 0
    answer = json.loads(out)
    assert entry.name not in _named(answer)
    assert all(one["kind"] != "calculated" for one in answer["candidates"])
    assert entry.inchikey not in out


def test_in_a_library_it_gives_neither_match_nor_lead(spectra, scan, with_it) -> None:
    code, out, _ = spectra("identify", scan, "--library", with_it, "--json")
    assert code == 0
    answer = json.loads(out)
    assert answer["outcome"] not in {"match", "mixture", "lead", "class_only"}
    assert _named(answer) == set()
    assert {one["kind"] for one in answer["candidates"]} <= {"calculated"}


def test_in_a_batch_neither(spectra, scan, with_it, tmp_path) -> None:
    folder = tmp_path / "batch"
    folder.mkdir()
    shutil.copy(scan, folder)
    out = tmp_path / "results.jsonl"
    assert spectra("batch", folder, "--library", with_it, "--out", out)[0] == 0
    (answer,) = map(json.loads, out.read_text().splitlines())
    assert _named(answer) == set()


def test_it_is_counted_as_calculated_and_as_nothing_else(spectra, with_it) -> None:
    code, out, _ = spectra("library", "info", with_it, "--json")
    assert code == 0
    assert json.loads(out)["kinds"] == {"calculated": 1}


@pytest.mark.parametrize("file", ["lines-00.csv", "factors.json", "common.csv"])
def test_a_file_of_the_table_is_neither_library_nor_spectrum(spectra, scan, file) -> None:
    path = resources.path(f"calculated/{file}")
    assert spectra("identify", scan, "--library", path, "--json")[0] in {2, 3}
    with pytest.raises(LibraryError):
        Library(path).records()
    with pytest.raises(SpectraError):
        read_file(path)


def test_the_folder_of_the_table_builds_no_library(spectra, tmp_path) -> None:
    out = tmp_path / "lib.h5"
    code, _, err = spectra("library", "build", resources.path("calculated"), "--out", out)
    assert code == 3
    assert "nothing was written" in err
    assert not out.exists()


def test_an_entry_of_the_table_has_nothing_that_a_reference_has(entry) -> None:
    assert not {"spectrum", "intensity", "status", "laser_nm", "content_sha256"} & set(
        type(entry).__slots__
    )
    assert entry.kind == "calculated"
