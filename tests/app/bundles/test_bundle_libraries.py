"""The library of a case's results goes with it, so that who gets the case computes them again."""

from __future__ import annotations

import hashlib
import json
import runpy
from types import SimpleNamespace

import pytest

import resources
from library.signing import canonical
from library.store import Library
from spectra_app.errors import RecordError
from spectra_app.records.bundles.archive import packed
from spectra_app.records.bundles.bag import sealed
from spectra_app.records.bundles.content import read_bundle
from spectra_app.records.bundles.errors import BundleAlteredError, BundleContentError
from spectra_app.services.agreement import State
from spectra_app.services.bundles import libraries as service
from spectra_app.services.bundles.exporting import ask_laboratory, export_case
from spectra_app.services.bundles.importing import import_bundle
from spectra_app.services.bundles.replaying import replay_imported
from spectra_app.services.cases import scans
from spectra_app.services.libraries import build_library
from spectra_app.services.session import open_identifier


@pytest.fixture(scope="module")
def built(tmp_path_factory, scan_text):
    """Return a small library."""
    folder = tmp_path_factory.mktemp("built")
    for stem in ("urea", "lactose"):
        (folder / f"{stem}.csv").write_text(scan_text(stem, seed=9), encoding="utf-8")
    (folder / "manifest.csv").write_text("file,name\nurea.csv,urea\nlactose.csv,lactose\n",
                                         encoding="utf-8")  # fmt: skip
    build_library(folder, folder / "made.h5", name="Small", licence="ours")
    return folder / "made.h5"


@pytest.fixture
def here(office, logged_in, filled_case, tmp_path):
    """Return the station, who acts there, case and item, and a file to make."""
    return SimpleNamespace(
        office=office, officer=logged_in["officer"], boss=logged_in["supervisor"],
        case=filled_case[0], item=filled_case[1], file=tmp_path / "made.bundle",
    )  # fmt: skip


@pytest.fixture
def searched(here, built, scan_text, used_home):  # noqa: ARG001
    """File a scan that was searched in the station's own library; return its number."""
    (here.office.folder / "libraries").mkdir(exist_ok=True)
    own = here.office.folder / "libraries" / "small.h5"
    own.write_bytes(built.read_bytes())
    path = here.office.folder / "urea.csv"
    path.write_text(scan_text("urea", seed=3), encoding="utf-8")
    identifier = open_identifier(own, evidence=here.office.evidence.folder)
    ((scan, _),) = scans.scan_file(here.office, here.officer, path, identifier)
    scans.file_scan(here.office, here.officer, scan.id, here.item)
    return scan.id


@pytest.fixture
def case_file(here, searched):  # noqa: ARG001
    export_case(here.office, here.boss, here.case, here.file)
    return here.file


def own_of(content, built):
    with Library(built) as opened:
        sha256 = opened.info.sha256
    return next(one for one in content.libraries if one.sha256 == sha256)


def test_the_library_is_in_the_bundle_and_said(case_file, built, capsys):
    bundle = read_bundle(case_file.read_bytes())
    one = own_of(bundle.content, built)
    assert (one.name, one.licence, one.entries) == ("Small", "ours", 2)
    assert one.file_sha256 == hashlib.sha256(built.read_bytes()).hexdigest()
    assert bundle.files[one.path] == built.read_bytes()
    assert f"in this bundle: {one.path}" in bundle.files["data/README.txt"].decode()
    others = [other for other in bundle.content.libraries if other != one]
    assert [(other.path, other.where) for other in others] == [("", service.GONE)]  # made up ones
    program = runpy.run_path(str(resources.path("verifier/verify_bundle.py")))
    assert program["main"]([str(case_file)]) == 0
    assert f"Small {one.sha256[:16]}, {one.path}" in capsys.readouterr().out


def test_who_gets_the_case_computes_its_results_again(office, laboratory, case_file, searched):
    lab, chemist = laboratory
    taken = import_bundle(lab, chemist, case_file, office.ledger.key.id).imported
    done = replay_imported(lab, chemist, taken.id)
    by_scan = {one.scan: one for one in done.results}
    assert by_scan[searched].state == State.SAME_BYTES, by_scan[searched].why
    assert {one.state for one in done.results if one.scan != searched} == {State.IMPOSSIBLE}
    assert lab.ledger.entries()[-1].act == "imported results replayed"
    assert not list(lab.ledger.folder.glob(".replay-*"))
    with pytest.raises(RecordError):
        replay_imported(lab, chemist, "B-0")


def test_a_library_that_stays_is_named_and_may_be_given_apart(here, laboratory, searched, built):
    lab, chemist = laboratory
    export_case(here.office, here.boss, here.case, here.file, libraries=False)
    one = own_of(read_bundle(here.file.read_bytes()).content, built)
    assert (one.path, one.where) == ("", service.KEPT + service.OWN)
    assert one.file_sha256 == hashlib.sha256(built.read_bytes()).hexdigest()
    taken = import_bundle(lab, chemist, here.file, here.office.ledger.key.id).imported
    state = {one.scan: one for one in replay_imported(lab, chemist, taken.id).results}[searched]
    assert state.state == State.IMPOSSIBLE
    assert "is not here" in state.why
    done = replay_imported(lab, chemist, taken.id, libraries=[built])
    assert {one.scan: one.state for one in done.results}[searched] == State.SAME_BYTES


def test_what_is_too_large_is_named(here, searched, built, monkeypatch):
    assert searched
    monkeypatch.setattr(service, "MOST_BYTES", 1000)
    export_case(here.office, here.boss, here.case, here.file)
    one = own_of(read_bundle(here.file.read_bytes()).content, built)
    assert (one.path, one.where) == ("", service.TOO_LARGE + service.OWN)


def test_a_question_names_the_library(here, searched, built):
    assert searched
    ask_laboratory(here.office, here.boss, here.item, here.file, laboratory="L", text="?")
    assert own_of(read_bundle(here.file.read_bytes()).content, built).path == ""


def test_a_library_that_is_another_one_is_refused(office, case_file, built):
    bundle = read_bundle(case_file.read_bytes())
    one = own_of(bundle.content, built)
    payload = {name: data for name, data in bundle.files.items() if name.startswith("data/")}

    def with_(changes, gone=()):
        files = {n: d for n, d in {**payload, **changes}.items() if n not in gone}
        case = bundle.content.case
        return b"".join(packed(case, sealed(files, [("x", "y")], kind="case", case=case,
                                            key=office.ledger.key)))  # fmt: skip

    assert read_bundle(with_({})).content == bundle.content
    with pytest.raises(BundleAlteredError, match="not what its hash says"):
        read_bundle(with_({one.path: b"another"}))
    with pytest.raises(BundleContentError, match="list of libraries"):
        read_bundle(with_({}, gone=(one.path,)))
    with pytest.raises(BundleContentError, match="list of libraries"):
        read_bundle(with_({f"data/libraries/{'0' * 64}.h5": b"more"}))
    content = json.loads(payload["data/case.json"])
    content["libraries"].append(content["libraries"][-1])
    with pytest.raises(BundleContentError, match="library twice"):
        read_bundle(with_({"data/case.json": canonical(content)}))
