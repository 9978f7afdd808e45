"""The demonstration: whole path, no instrument, and nothing in it can be taken for real."""

from __future__ import annotations

import json

import pytest

from library.store import Library
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.identification import PRESUMPTIVE

STEMS = {"amphetamine-sulfate", "caffeine", "empty-glass-vial"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Run the demonstration once; return its folder and what it printed."""
    import os
    import subprocess
    import sys

    folder = tmp_path_factory.mktemp("demo")
    child = subprocess.run(
        [sys.executable, "-m", "spectra_app.app", "demo", "--out", str(folder / "out")],
        env={**os.environ, "SPECTRA_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert (child.returncode, child.stderr) == (0, "")
    return folder / "out", child.stdout


@pytest.fixture(scope="module")
def records(demo):
    return {path.stem: json.loads(path.read_text("utf-8")) for path in demo[0].glob("*.json")}


def test_a_report_and_a_record_for_every_sample(demo, records):
    assert {path.stem for path in demo[0].glob("*.pdf")} == set(records) == STEMS
    for path in demo[0].glob("*.pdf"):
        assert path.read_bytes().startswith(b"%PDF-")


def test_emulated_stands_in_every_record_report_and_on_the_terminal(demo, records):
    pdfium = pytest.importorskip("pypdfium2")
    folder, printed = demo
    assert printed.count("EMULATED") >= len(STEMS) + 1
    for stem, record in records.items():
        assert record["emulated"] is True
        document = pdfium.PdfDocument(folder / f"{stem}.pdf")
        text = document[0].get_textpage().get_text_bounded()
        document.close()
        assert "EMULATED" in text
        assert "PRESUMPTIVE" in text


def test_nothing_in_its_library_claims_to_be_measured(demo):
    with Library(demo[0] / "demo-library.h5") as library:
        library.verify()
        kinds = dict(library.info.kinds)
        assert set(kinds) == {"emulated", "reconstructed"}
        for record in library.records():
            if record.kind == "emulated":
                assert "EMULATED" in record.source


def test_a_name_from_a_reconstructed_reference_is_a_lead(records):
    record = records["amphetamine-sulfate"]
    assert record["outcome"] == "lead"
    assert record["alarm"] == "controlled"
    assert {component["kind"] for component in record["components"]} == {"reconstructed"}


def test_an_emulated_reference_is_told_as_such(demo, records):
    record = records["caffeine"]
    assert [component["kind"] for component in record["components"]] == ["emulated"]
    assert "reference_emulated" in record["reasons"]
    assert "Match with a measured reference" not in demo[1]


def test_an_empty_vial_is_not_given_a_name(records):
    assert records["empty-glass-vial"]["components"] == []


def test_every_verdict_says_presumptive(demo):
    assert demo[1].count(PRESUMPTIVE) == len(STEMS)


def test_the_raw_frames_are_evidence_and_unharmed(demo, records):
    store = EvidenceStore(demo[0] / "evidence")
    assert store.verify().intact
    for record in records.values():
        frame = json.loads(store.get(record["sha256"]))
        assert frame["emulated"] is True
    kinds = {receipt.kind for receipt in store.received().receipts}
    assert kinds == {"raw frame", "dark frame", "acquisition log"}


def test_the_same_seed_gives_the_same_verdicts(spectra, tmp_path, records):
    code, out, err = spectra("demo", "--out", tmp_path / "again", "--json")
    assert (code, err) == (0, "")
    again = [json.loads(line) for line in out.splitlines()]
    assert len(again) == len(STEMS)
    first = {record["file"]: record for record in records.values()}
    for record in again:
        for key in ("outcome", "components", "candidates", "quality", "reasons"):
            assert record[key] == first[record["file"]][key]
