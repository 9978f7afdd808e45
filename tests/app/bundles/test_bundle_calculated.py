"""A bundle discloses that calculated suggestions were opened, and what was shown, marked."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace

import numpy as np
import pytest

import resources
from library.calculated_lines import calculated_table
from matching.spectrum import Spectrum
from spectra_app.records.bundles.content import read_bundle
from spectra_app.records.kinds import Note
from spectra_app.services.bundles.exporting import export_case
from spectra_app.services.bundles.importing import import_bundle
from spectra_app.services.bundles.opening import imported_records
from spectra_app.services.cases import scans
from spectra_app.services.suggestions import HEADING, open_suggestions


@pytest.fixture
def shown(office, logged_in, technician, filled_case, samples):
    """Return the list that a technician opened for a scan of the case."""
    entry = calculated_table().entries[0]
    axis = np.arange(300.0, 1900.0, 2.0)
    bands = np.exp(-(((axis[:, None] - entry.shifts) / 6) ** 2)) @ entry.activities
    found = samples.ALL["not_in_library"]()
    sha256 = office.evidence.put(b"frame", kind="frame", name="f", clock=office.clock).sha256
    found = replace(
        found,
        record=replace(found.record, sha256=sha256),
        query=Spectrum(axis, 100 * bands / bands.max(), 785.0),
    )
    scan = scans.add_scan(office, logged_in["officer"], found)
    scans.file_scan(office, logged_in["officer"], scan.id, filled_case[1])
    return open_suggestions(office, technician, scan.id, found)


@pytest.fixture
def case_file(office, logged_in, filled_case, shown, tmp_path):  # noqa: ARG001  it was shown
    """Return the bundle of that case."""
    target = tmp_path / "case.bundle"
    export_case(office, logged_in["supervisor"], filled_case[0], target)
    return target


def test_it_says_that_it_was_opened_and_holds_what_was_shown(case_file, shown):
    bundle = read_bundle(case_file.read_bytes())
    (note,) = (one for _, one in bundle.records if isinstance(one, Note) and one.evidence)
    assert note.scan == shown.scan
    assert "not evidence" in note.text
    (listed,) = (one for one in bundle.content.files if note.evidence in one.path)
    assert (listed.what, listed.path.endswith(".json")) == (HEADING, True)
    kept = json.loads(bundle.files[listed.path])
    assert (kept["mark"], kept["kind"]) == (HEADING, "calculated")
    assert [one["name"] for one in kept["shown"]] == [one.name for one in shown.shown]
    assert {one["kind"] for one in kept["shown"]} == {"calculated"}
    # What people read says it, and names no candidate.
    index = bundle.files["data/index.html"].decode()
    assert HEADING in index
    assert "Calculated suggestions for the laboratory - not evidence" in index
    assert not [one.name for one in shown.shown if one.name in index]


def test_both_verifiers_and_another_station_accept_it(office, laboratory, case_file, capsys):
    program = runpy.run_path(str(resources.path("verifier/verify_bundle.py")))
    assert program["main"]([str(case_file), "--station", office.ledger.key.id]) == 0
    assert "The bundle holds" in capsys.readouterr().out
    lab, chemist = laboratory
    taken = import_bundle(lab, chemist, case_file, office.ledger.key.id).imported
    there = imported_records(lab, chemist, taken.id)
    (note,) = (one for one in there if one.of_kind == "note" and "not evidence" in one.body)
    assert json.loads(note.body)["evidence"]
