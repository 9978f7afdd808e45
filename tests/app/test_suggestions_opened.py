"""Calculated suggestions open after the verdict, for the laboratory, and never unseen."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from library.calculated_lines import calculated_table
from library.formula import elements_of, mass_of
from matching.spectrum import Spectrum
from spectra_app.errors import CaseError, ForbiddenError
from spectra_app.records.kinds import Note
from spectra_app.services.cases import scans
from spectra_app.services.known_besides import KnownBesides, fits, known_besides
from spectra_app.services.own_structures import CalculatedError, add_structure, own_table
from spectra_app.services.suggestions import (
    CAUTION,
    HEADING,
    LONGEST,
    SHORTEST,
    open_suggestions,
    scan_again,
    suggestion_desk,
)


def _like(entry) -> Spectrum:
    axis = np.arange(300.0, 1900.0, 2.0)
    bands = np.exp(-(((axis[:, None] - entry.shifts - 6) / 6) ** 2)) @ (
        entry.activities / entry.shifts
    )
    return Spectrum(axis, 1000 * bands / bands.max(), 785.0)


@pytest.fixture
def entry():
    """Return a nitazene of the table."""
    return next(one for one in calculated_table().entries if "nitazene" in one.family)


@pytest.fixture
def taken(office, officer, samples, entry):
    """Return a function that takes in a scan with a verdict, whose spectrum is like the entry."""

    def take_in(name="not_in_library"):
        found = samples.ALL[name]()
        sha256 = office.evidence.put(
            f"{name} {office.clock()}".encode(), kind="frame", name="f", clock=office.clock
        ).sha256
        found = replace(found, record=replace(found.record, sha256=sha256), query=_like(entry))
        return scans.add_scan(office, officer, found).id, found

    return take_in


@pytest.fixture
def filed(office, officer, item, taken):
    def file(name="not_in_library"):
        scan, found = taken(name)
        scans.file_scan(office, officer, scan, item)
        return scan, found

    return file


def test_the_list_says_first_what_it_is_and_gives_no_likeness(office, logged_in, filed, entry):
    scan, found = filed()
    made = open_suggestions(office, logged_in["technician"], scan, found)
    assert (made.heading, made.caution, made.kind) == (HEADING, CAUTION, "calculated")
    assert made.candidates == len(calculated_table())
    assert SHORTEST <= len(made.shown) <= LONGEST
    own = next(one for one in made.shown if one.inchikey == entry.inchikey)
    assert (own.family, own.kind) == (entry.family, "calculated")
    assert own.drawing is not None
    assert own.drawing.inchikey == entry.inchikey
    assert [one.rank for one in made.shown] == list(range(1, len(made.shown) + 1))
    assert not {"similarity", "score", "share"} & set(type(own).__slots__)


def test_opening_is_written_into_ledger_and_case_without_a_name(office, logged_in, filed, case):
    scan, found = filed()
    made = open_suggestions(office, logged_in["technician"], scan, found)
    (note,) = (one.record for one in office.ledger.find(Note, case=case))
    assert scan in note.text
    assert made.table_sha256 in note.text
    assert note.written_by == logged_in["technician"].user
    assert not any(one.name.casefold() in note.text.casefold() for one in made.shown)
    acts = [one.act for one in office.ledger.entries()]
    assert acts.count("calculated suggestions opened") == 1
    open_suggestions(office, logged_in["technician"], scan, found)
    assert len(list(office.ledger.find(Note, case=case))) == 2


def test_what_was_shown_is_kept_beside_the_note_under_its_mark(office, logged_in, filed, case):
    scan, found = filed()
    besides = KnownBesides(with_elements=("N",))
    made = open_suggestions(office, logged_in["technician"], scan, found, besides)
    (note,) = (one.record for one in office.ledger.find(Note, case=case))
    kept = json.loads(office.evidence.get(note.evidence))
    assert (kept["mark"], kept["kind"], kept["caution"]) == (HEADING, "calculated", list(CAUTION))
    assert kept["known_besides"]["with_elements"] == ["N"]
    assert [one["name"] for one in kept["shown"]] == [one.name for one in made.shown]
    assert {one["kind"] for one in kept["shown"]} == {"calculated"}
    assert "similarity" not in office.evidence.get(note.evidence).decode()
    (row,) = suggestion_desk(office, logged_in["technician"]).scans
    assert (row.scan, row.opened) == (scan, 1)


def test_scans_are_offered_by_their_verdict_only(office, logged_in, filed, taken):
    for name in ("match", "inconclusive", "lead"):
        filed(name)
    taken()  # not filed
    desk = suggestion_desk(office, logged_in["technician"])
    assert desk.scans == ()
    assert desk.candidates == len(calculated_table())
    scan, _ = filed()
    assert [one.scan for one in suggestion_desk(office, logged_in["supervisor"]).scans] == [scan]


def test_another_verdict_is_not_even_computed_again(office, logged_in, filed):
    scan, _ = filed("match")
    with pytest.raises(CaseError, match="no measured reference explains"):
        scan_again(office, logged_in["technician"], scan)


def test_the_officer_does_not_see_it(office, officer, filed, case):
    scan, found = filed()
    for asked in (
        lambda: open_suggestions(office, officer, scan, found),
        lambda: scan_again(office, officer, scan),
        lambda: suggestion_desk(office, officer),
    ):
        with pytest.raises(ForbiddenError):
            asked()
    assert list(office.ledger.find(Note, case=case)) == []


def test_it_does_not_open_before_the_verdict_is_locked(office, logged_in, taken, case):
    scan, found = taken()
    with pytest.raises(CaseError, match="not locked"):
        open_suggestions(office, logged_in["technician"], scan, found)
    assert list(office.ledger.find(Note, case=case)) == []


@pytest.mark.parametrize("verdict", ["match", "lead", "inconclusive", "container"])
def test_it_opens_for_no_other_verdict(office, logged_in, filed, verdict):
    scan, found = filed(verdict)
    with pytest.raises(CaseError, match="no measured reference explains"):
        open_suggestions(office, logged_in["technician"], scan, found)


def test_it_opens_for_the_recorded_result_only(office, logged_in, filed):
    scan, found = filed()
    other = replace(found, record=replace(found.record, file="another.csv"))
    with pytest.raises(CaseError, match="not that of the recorded verdict"):
        open_suggestions(office, logged_in["technician"], scan, other)


def test_what_else_is_known_narrows_the_list(office, logged_in, filed, entry):
    scan, found = filed()
    besides = KnownBesides(family=entry.family, with_elements=("N",), without_elements=("Br",))
    made = open_suggestions(office, logged_in["technician"], scan, found, besides)
    assert 0 < made.fitting < made.candidates
    assert {one.family for one in made.shown} == {entry.family}
    nothing = KnownBesides(formula="C99H99")
    assert open_suggestions(office, logged_in["technician"], scan, found, nothing).shown == ()


@pytest.mark.parametrize(
    ("besides", "fit"),
    [
        (KnownBesides(), True),
        (KnownBesides(mass=285.0), True),
        (KnownBesides(mass=287.0), False),
        (KnownBesides(formula="C17H19NO3"), True),
        (KnownBesides(formula="C17H21NO3"), False),
        (KnownBesides(with_elements=("N", "O")), True),
        (KnownBesides(with_elements=("Cl",)), False),
        (KnownBesides(without_elements=("N",)), False),
        (KnownBesides(without_elements=("S",)), True),
        (KnownBesides(family="morphinan / opiate"), True),
        (KnownBesides(family="cathinone"), False),
    ],
)
def test_morphine_fits_what_is_true_of_it(besides, fit):
    assert fits("C17H19NO3", "morphinan / opiate", besides) is fit


def test_what_is_typed_is_read_as_a_person_writes_it():
    typed = known_besides(mass=" 303,4", formula="C17 H21 N O4", having="N, O", lacking="Cl;Br S")
    assert typed == KnownBesides(303.4, "C17H21NO4", "", ("N", "O"), ("Cl", "Br", "S"))
    assert known_besides() == KnownBesides()


@pytest.mark.parametrize(
    ("field", "text"),
    [("mass", "heavy"), ("mass", "1e3"), ("mass", "-3"), ("formula", "brown"),
     ("having", "n"), ("having", "Xx"), ("lacking", "N2")],
)  # fmt: skip
def test_what_cannot_be_read_is_said(field, text):
    with pytest.raises(CaseError) as told:
        known_besides(**{field: text})
    assert told.value.where == text


def test_formulas_are_taken_apart():
    assert elements_of("C17H19NO3") == {"C": 17, "H": 19, "N": 1, "O": 3}
    assert mass_of("C17H19NO3") == pytest.approx(285.343, abs=0.01)
    assert elements_of("brown") == {}
    assert mass_of("NaCl") is None


def test_a_station_adds_a_structure_where_the_extra_is_installed(office, logged_in):
    technician = logged_in["technician"]
    try:
        added = add_structure(office, technician, "CCCCCCCCO", name="news")
    except CalculatedError as error:
        pytest.importorskip("tblite", reason="the extra `calculate` is not installed")
        raise AssertionError("it is installed") from error
    assert added == "KBPLFHHGFOOTCA-UHFFFAOYSA-N"
    table = own_table(office.folder)
    assert len(table) == len(calculated_table()) + 1
    assert table.sha256 != calculated_table().sha256
    assert (table.entries[-1].name, table.entries[-1].kind) == ("news", "calculated")
    with pytest.raises(CalculatedError, match="neither a SMILES nor a name"):
        add_structure(office, technician, "no such thing")


def test_without_the_extra_the_technician_is_told(office, logged_in, tmp_path):
    bare = tmp_path / "python"
    bare.write_text("#!/bin/sh\necho 'ModuleNotFoundError: No module named rdkit' >&2\nexit 1\n")
    bare.chmod(0o700)
    with pytest.raises(CalculatedError, match=r"pip install \.\[calculate\]"):
        add_structure(office, logged_in["technician"], "CCO", python=str(bare))


def test_adding_is_ended_with_all_that_it_began(office, logged_in, tmp_path):
    slow = tmp_path / "python"
    slow.write_text(f"#!/bin/sh\nsleep 600 &\necho $! > {tmp_path}/pid\nwait\n")
    slow.chmod(0o700)
    asked = []

    def progress(share, _words):
        asked.append(share)
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip():
            raise CalculatedError("stopped", "", "")

    with pytest.raises(CalculatedError, match="stopped"):
        add_structure(office, logged_in["technician"], "CCO", python=str(slow), progress=progress)
    assert set(asked) == {0.0}
    begun = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/stat")
    for _ in range(100):
        if not begun.exists() or begun.read_text().split()[2] == "Z":
            break
        time.sleep(0.02)
    else:
        pytest.fail("what it had begun goes on")
    assert len(own_table(office.folder)) == len(calculated_table())


def test_adding_is_entered_in_the_chain(office, logged_in, tmp_path):
    done = tmp_path / "python"
    said = '{"name": "news", "inchikey": "KBPLFHHGFOOTCA-UHFFFAOYSA-N", "smiles": "CCCCCCCCO"}'
    done.write_text(f"#!/bin/sh\necho '{said}'\n")
    done.chmod(0o700)
    add_structure(office, logged_in["technician"], " CCCCCCCCO ", python=str(done))
    (entry,) = (one for one in office.ledger.entries() if one.act == "calculated structure added")
    assert dict(entry.details)["inchikey"] == "KBPLFHHGFOOTCA-UHFFFAOYSA-N"
    assert entry.user == logged_in["technician"].user
    with pytest.raises(CalculatedError, match="no structure"):
        add_structure(office, logged_in["technician"], "  ", python=str(done))


def test_an_officer_adds_nothing(office, officer):
    with pytest.raises(ForbiddenError):
        add_structure(office, officer, "CCO")
