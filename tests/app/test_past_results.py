"""Past results are identified again from the very bytes that were identified, or listed as not."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from spectra_app.records.evidence import EvidenceStore
from spectra_app.services.batch import run_batch
from spectra_app.services.changes import install_text
from spectra_app.services.recheck import recheck
from spectra_app.services.session import open_identifier


@pytest.fixture
def results(tmp_path, small_library, scan_text, spectra_home):  # noqa: ARG001  its data folder
    """Return a folder with results of two scans as lines and as a table, and the identifier."""
    identifier = open_identifier(small_library)
    folder = tmp_path / "results"
    folder.mkdir()
    for name in ("urea", "glucose"):
        (folder / f"{name}.txt").write_text(scan_text(name, seed=3), encoding="utf-8")
    for name in ("lines.jsonl", "table.csv"):
        run_batch(folder, tmp_path / name, identifier)
        (tmp_path / name).rename(folder / name)
    return folder, identifier


def _again(folder, identifier, store):
    return recheck(folder, identifier, identifier, store=store, progress=lambda *_: None)


def test_the_same_library_changes_nothing(results):
    folder, identifier = results
    found = _again(folder, identifier, identifier.evidence)
    assert (found.results, found.changed, found.not_done) == (4, (), ())


def test_a_scan_beside_the_results_counts_only_with_the_same_bytes(results, tmp_path):
    folder, identifier = results
    empty = EvidenceStore(tmp_path / "empty")
    assert _again(folder, identifier, empty).not_done == ()
    (folder / "urea.txt").write_bytes((folder / "urea.txt").read_bytes() + b"\n")
    missing = _again(folder, identifier, empty).not_done
    assert len(missing) == 2
    assert all("urea" in one["file"] and "evidence" in one["why"] for one in missing)
    assert not empty.folder.exists()  # nothing is written by looking


def test_another_verdict_says_whether_the_library_is_why(results):
    folder, identifier = results
    path = folder / "lines.jsonl"
    first, second = path.read_text(encoding="utf-8").splitlines()
    record = json.loads(second)  # urea
    record["components"] = []
    record["outcome"] = "inconclusive"  # as an earlier program might have said
    path.write_text(first + "\n" + json.dumps(record) + "\nnot a result\n", encoding="utf-8")
    found = _again(folder, identifier, identifier.evidence)
    (changed,) = found.changed
    assert changed["before"]["outcome"] == "inconclusive"
    assert changed["after"]["outcome"] == "match"
    assert changed["because"] != "library"
    assert found.not_done[0]["where"] == "lines.jsonl, line 3"


def test_other_tables_and_the_lines_of_the_evidence_store_are_no_results(results):
    folder, identifier = results
    (folder / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (folder / "received.jsonl").write_text("{}\n", encoding="utf-8")
    assert _again(folder, identifier, identifier.evidence).results == 4


def test_a_result_in_a_file_of_its_own_is_one_and_other_json_is_none(results):
    folder, identifier = results
    first = (folder / "lines.jsonl").read_text(encoding="utf-8").splitlines()[0]
    text = json.dumps(json.loads(first), indent=2)
    (folder / "one.json").write_text(text, encoding="utf-8")
    (folder / "settings.json").write_text('{"a": 1}', encoding="utf-8")
    (folder / "cut.json").write_text(text[:-40], encoding="utf-8")
    found = _again(folder, identifier, identifier.evidence)
    assert (found.results, found.changed) == (6, ())
    assert [one["where"] for one in found.not_done] == ["cut.json"]


def test_a_folder_without_results_is_not_called_unchanged(results, tmp_path):
    _, identifier = results
    (tmp_path / "empty").mkdir()
    found = asdict(_again(tmp_path / "empty", identifier, identifier.evidence))
    about = dict.fromkeys(("name", "version", "expires", "notes", "in_use"), "made up")
    counts = {"sequence": 1, **dict.fromkeys(("added", "withdrawn", "missing", "changed"), 0)}
    text = install_text({**about, **counts, "signers": [], "substances": [], "results": found})
    assert "would change is NOT KNOWN: that folder holds no results" in text
