"""Every way to get a calculated entry named, printed as a reference or used as one: none works."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

import resources
from library.calculated_lines import calculated_table
from library.errors import LibraryError
from library.formats import read_file
from library.store import Library
from matching.errors import SpectraError
from spectra_app.reports.builder import build_report
from spectra_app.reports.html import to_html
from spectra_app.reports.texts import LANGUAGES
from spectra_app.reports.tidy_csv import to_csv
from spectra_app.services.curation import Person, edit_entry
from spectra_app.services.engine import Engine
from spectra_app.services.hazards import find_hazards
from spectra_app.services.identify import identify_file
from spectra_app.services.installing import checked, install
from spectra_app.services.policies import read_policy
from spectra_app.services.releasing import Wanted, release
from spectra_app.services.session import open_identifier
from spectra_app.services.station import now_utc
from spectra_app.services.suggestions import FORMAT, HEADING


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


@pytest.fixture
def released(spectra, entry, scan, scan_text, tmp_path):
    """Return a library of released entries: the calculated one, and a measured one of urea."""
    (tmp_path / "urea.csv").write_text(scan_text("urea"), encoding="utf-8")
    by = "released,A. Chemist,2026-11-20,CC0-1.0,here"
    rows = [
        "file,name,inchikey,kind,laser_nm,status,status_by,status_at,licence,source",
        f"{scan},{entry.name},{entry.inchikey},calculated,785,{by}",
        f"{tmp_path}/urea.csv,urea,XSQUKJJJFZCRTK-UHFFFAOYSA-N,measured,785,{by}",
    ]
    manifest = tmp_path / "released.csv"
    manifest.write_text("\n".join(rows) + "\n", encoding="utf-8")
    path = tmp_path / "released.h5"
    code, _, err = spectra("library", "build", manifest, "--out", path)
    assert (code, err) == (0, "")
    return path


@pytest.fixture
def identified(scan, released, tmp_path):
    """Return what comes of the scan with that library, by thresholds that are changed."""

    def made(**thresholds):
        identifier = open_identifier(released, evidence=tmp_path / "evidence")
        content = json.loads(resources.path("policies/default.json").read_bytes())
        content["thresholds"] |= thresholds
        policy = read_policy(json.dumps(content).encode(), "a policy of a test")
        with identifier.engine.library as library:
            engine = Engine(library, policy)
            (found,) = identify_file(scan, replace(identifier, engine=engine))
        return found

    return made


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


# --- By changed thresholds, reports, and what is done with libraries ------------------------------

WIDE_OPEN = {
    "name": -50.0, "least_bands": 0.0, "resemblance": -60.0, "support": -50.0,
    "most_unexplained": 1.0, "least_root_correlation": -1.0, "most_uncovered": 1.0,
    "least_snr": 0.0,
}  # fmt: skip


def test_no_policy_names_it(identified, entry) -> None:
    record = identified(**WIDE_OPEN).record
    assert {one.kind for one in record.candidates} == {"measured"}
    assert entry.name not in {part.name for part in record.components}
    assert entry.inchikey not in json.dumps(record.to_json())


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_report_names_it(identified, full_facts, entry, language) -> None:
    found = identified()
    shown = found.comparisons[0] if found.comparisons else None
    report = build_report(found.record, shown, full_facts, language)
    for said in (report.to_bytes(), to_html(report), to_csv(report)):
        assert entry.name.encode() not in said
        assert b"urea" in said or not found.record.candidates  # the candidates are in it


def test_its_file_is_not_exported_as_a_reference(spectra, with_it, tmp_path) -> None:
    with Library(with_it) as library:
        (record,) = library.records()
    out = tmp_path / "out"
    code, _, err = spectra("library", "export", with_it, record.entry, "--out", out)
    assert (code, "no reference" in err) == (3, True)
    assert not out.exists()


@pytest.fixture
def installed(used_home, persons, trusting, released):  # noqa: ARG001  made before the trust
    """Install that library as a signed package."""
    package, now = released.with_suffix(".spkg"), now_utc()
    release(released, package, persons[0][:2], Wanted(), station=trusting, now=now)
    with checked(package, trusting, now) as found:
        install(found, trusting, now)


@pytest.mark.usefixtures("installed")
def test_signed_and_installed_it_is_still_not_named(spectra, scan, entry) -> None:
    assert json.loads(spectra("library", "info", "--json")[1])["kinds"] == {
        "calculated": 1, "measured": 1,
    }  # fmt: skip
    answer = json.loads(spectra("identify", scan, "--json")[1])
    assert entry.name not in _named(answer)
    assert {one["kind"] for one in answer["candidates"]} <= {"measured"}


def test_merged_into_a_measured_library_it_stays_apart(
    spectra, with_it, small_library, scan, entry
) -> None:
    out = with_it.with_name("merged.h5")
    code, _, err = spectra("library", "merge", small_library, with_it, "--out", out)
    assert (code, err) == (0, "")
    kinds = json.loads(spectra("library", "info", out, "--json")[1])["kinds"]
    assert kinds["calculated"] == 1
    answer = json.loads(spectra("identify", scan, "--library", out, "--json")[1])
    assert entry.name not in _named(answer)
    assert all(one["kind"] == "measured" for one in answer["candidates"])


def test_an_edit_and_the_editor_do_not_make_it_measured(with_it) -> None:
    with Library(with_it) as library:
        (record,) = library.records()
    before = with_it.read_bytes()
    person = Person("The technician", "2026-11-22T12:00:00Z")
    for kind in ("measured", "reconstructed", "emulated"):
        with pytest.raises(SpectraError, match="calculated and cannot become"):
            edit_entry(with_it, record.entry, {"kind": kind}, person, "it looks right")
    assert with_it.read_bytes() == before


@pytest.mark.parametrize("kinds", [("measured", "calculated"), ("calculated", "measured")])
def test_it_is_no_replicate_of_a_measured_spectrum(spectra, scan_text, tmp_path, kinds) -> None:
    rows = ["file,name,laser_nm,replicate,kind"]
    for number, kind in enumerate(kinds):
        (tmp_path / f"{number}.csv").write_text(scan_text("urea", seed=number), encoding="utf-8")
        rows.append(f"{number}.csv,urea,785,one,{kind}")
    manifest, out = tmp_path / "manifest.csv", tmp_path / "lib.h5"
    manifest.write_text("\n".join(rows) + "\n", encoding="utf-8")
    code, _, err = spectra("library", "build", manifest, "--out", out)
    assert (code, "differ in kind" in err) == (3, True)
    assert not out.exists()


def test_covering_a_list_it_is_counted_apart(spectra, with_it, entry, tmp_path) -> None:
    wanted = tmp_path / "list.csv"
    wanted.write_text(f"name\n{entry.name}\n", encoding="utf-8")
    code, out, _ = spectra("library", "coverage", with_it, "--list", wanted, "--json")
    assert code == 0
    found = json.loads(out)
    assert [found[kind] for kind in ("held", "measured", "calculated")] == [1, 0, 1]
    assert found["holds"][0]["kind"] == "calculated"


def test_a_hazard_with_calculated_lines_only_is_still_not_excluded(with_it, entry) -> None:
    with Library(with_it) as library:
        (hazard,) = find_hazards(library, (), (entry.name,))
    assert not hazard.measured


def test_what_was_shown_is_neither_spectrum_nor_library(spectra, scan, tmp_path) -> None:
    """The list that a case keeps, and the table that somebody saved of it."""
    shown = {"format": FORMAT, "kind": "calculated", "mark": HEADING, "shown": []}
    for name, text in (
        ("N-1.json", json.dumps(shown, indent=1)),
        ("list.csv", "No.,What it is,Name\n1,calculated - not evidence,fenfluramine\n"),
    ):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        with pytest.raises(SpectraError):
            read_file(path)
        assert spectra("identify", scan, "--library", path, "--json")[0] in {2, 3}
        assert spectra("library", "install", path, "--yes")[0] in {3, 4}
