"""Retention that was interrupted goes on; bundles and unfiled scans have their time, too."""

from __future__ import annotations

import runpy

import pytest
from msgspec.structs import replace

import resources
from spectra_app.cli import main
from spectra_app.errors import EvidenceError, ForbiddenError, RecordError
from spectra_app.records.bundles.kinds import GivenAnswer, Imported, ImportedRecord
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.kinds import Amendment, Note, Photo, Scan
from spectra_app.records.kinds.removal import Removal
from spectra_app.services import audit, users
from spectra_app.services.cases import opening, papers
from spectra_app.services.cases.oversight import oversee
from spectra_app.services.cases.retention import (
    apply_retention,
    finish_retention,
    list_expired,
)

PASSWORD = "seven green herons wade"  # noqa: S105  of nobody
DAY = 86400


@pytest.fixture
def sessions(office, logged_in, office_clock):
    """Return a function that lets days pass and gives everybody's new sessions."""

    def later(days):
        office_clock.skip(days * DAY)
        return {role: users.log_in(office, role, PASSWORD) for role in logged_in}

    return later


@pytest.fixture
def photos(office, logged_in, case, item):
    """Take four photos of an item whose case is closed then; return their hashes."""
    officer = logged_in["officer"]
    for number in range(4):
        picture = b"\x89PNG\r\n\x1a\n" + bytes([number])
        papers.add_photo(office, officer, picture, f"{number}.png", item=item)
    opening.close_case(office, officer, case, "done")
    return [one.record.evidence for one in office.ledger.find(Photo)]


def there(office, hashes):
    return [office.evidence.path_of(one).exists() for one in hashes]


@pytest.fixture
def interrupted(office, sessions, photos, monkeypatch):
    """Let retention end after the second piece of evidence; return the sessions."""
    now, take_out, left = sessions(3651), EvidenceStore._take_out, [2]

    def failing(store, path, why, clock):
        if not left[0]:
            raise OSError(5, "the power fails here")
        left[0] -= 1
        take_out(store, path, why, clock)

    with monkeypatch.context() as patched:
        patched.setattr(EvidenceStore, "_take_out", failing)
        with pytest.raises(EvidenceError):
            apply_retention(office, now["supervisor"], now["technician"])
    assert sorted(there(office, photos)) == [False, False, True, True]
    assert office.ledger.find(Photo) == []
    return now


def test_what_was_interrupted_is_told_and_finished(office, interrupted, photos):
    boss = interrupted["supervisor"]
    assert list_expired(office, boss) == []
    (open_,) = oversee(office, boss).removals
    assert set(photos) <= set(open_.hashes)
    assert users.session_state(office, boss).removals == 1
    assert users.session_state(office, interrupted["officer"]).removals == 0
    checked = audit.verify_folder(office.ledger.folder, evidence=office.evidence.folder)
    assert (checked.holds, checked.unfinished) == (True, 1)
    with pytest.raises(ForbiddenError):
        finish_retention(office, interrupted["technician"])
    assert finish_retention(office, boss) == []
    assert there(office, photos) == [False] * 4
    assert office.evidence.verify().intact
    assert oversee(office, boss).removals == ()
    checked = audit.verify_folder(office.ledger.folder, evidence=office.evidence.folder)
    assert (checked.holds, checked.unfinished) == (True, 0)
    acts = [one.act for one in office.ledger.entries()]
    assert acts.count("removal begun") == acts.count("removal finished") == 1


def test_the_next_removal_finishes_the_one_before(office, interrupted, photos, sessions):
    now = sessions(1)
    assert apply_retention(office, now["supervisor"], now["technician"]) == []
    assert there(office, photos) == [False] * 4
    assert {one.record.state for one in office.ledger.find(Removal)} == {"done"}
    assert interrupted


def test_what_is_named_again_meanwhile_stays(office, interrupted, photos, sessions):
    """Between the interruption and the end the same picture comes in for another case."""
    now = sessions(0)
    standing = [one for one in photos if office.evidence.path_of(one).exists()]
    data = office.evidence.get(standing[0])
    again = opening.open_new_case(office, now["officer"], "Another").id
    papers.add_photo(office, now["officer"], data, "again.png", case=again)
    office.evidence.put(
        office.evidence.get(standing[1]), kind="photo", name="next.png", clock=office.clock
    )
    assert len(finish_retention(office, now["supervisor"])) == 1  # the second may be named yet
    assert there(office, standing) == [True, True]
    now = sessions(2)
    assert finish_retention(office, now["supervisor"]) == []
    assert there(office, standing) == [True, False]
    assert interrupted


def test_unfiled_scans_have_their_time(office, logged_in, take, sessions):
    officer = logged_in["officer"]
    scan = take(officer)
    papers.amend(office, officer, "scan", scan.id, "of A. Sender", field="reason", reason="said")
    now = sessions(1096)
    (found,) = list_expired(office, now["supervisor"])
    assert (found.code, found.id, found.records) == ("unfiled_scan", scan.id, 2)
    apply_retention(office, now["supervisor"], now["technician"])
    assert (office.ledger.find(Scan), office.ledger.find(Amendment)) == ([], [])
    assert there(office, [scan.original]) == [False]


@pytest.fixture
def bundle(office):
    """Put a bundle that was taken in, a record of it and the answer that was given."""
    clock = office.clock
    kept = [office.evidence.put(data, kind="bundle", name=name, clock=clock).sha256
            for data, name in ((b"a bundle", "b"), (b"an answer", "a"))]  # fmt: skip
    taken = Imported(id="B-1", manifest="0" * 64, evidence=(kept[0],), content="question",
                     station="k", imported_at=clock())  # fmt: skip
    row = ImportedRecord(
        id="B-1/note/n", bundle="B-1", station="k", of_kind="note", of_id="n", of_revision=1,
        body='{"id":"n"}',
    )  # fmt: skip
    given = GivenAnswer(id="B-1", manifest="1" * 64, content="{}", evidence=(kept[1],))
    with office.ledger.writing("u1") as writing:
        for one in (taken, row, given):
            writing.put(one, "test")
    return kept


@pytest.mark.parametrize("emulated", [False, True])
def test_a_bundle_goes_with_its_records_and_answer_after_its_time(
    office, bundle, sessions, emulated
):
    stored = office.ledger.get(Imported, "B-1")
    with office.ledger.writing("u1") as writing:
        writing.put(replace(stored.record, emulated=emulated), "test", after=1)
    days, code = (365, "exercise") if emulated else (3650, "imported_bundle")
    now = sessions(days - 1)
    assert list_expired(office, now["supervisor"]) == []
    now = sessions(2)
    (found,) = list_expired(office, now["supervisor"])
    assert (found.code, found.kind, found.records) == (code, "imported", 3)
    apply_retention(office, now["supervisor"], now["technician"])
    for kind in (Imported, ImportedRecord, GivenAnswer):
        assert office.ledger.find(kind) == []
    assert there(office, bundle) == [False, False]
    with pytest.raises(RecordError, match="content was removed"):
        office.ledger.get(Imported, "B-1")


def test_evidence_of_a_bundle_that_a_case_names_stays(office, bundle, sessions, case):
    note = Note(id="n", case=case, text="see the bundle")
    with office.ledger.writing("u1") as writing:
        writing.put(note, "test")
        writing.put(Photo(id="p", case=case, evidence=bundle[0]), "test")
    now = sessions(3651)
    apply_retention(office, now["supervisor"], now["technician"])
    assert there(office, bundle) == [True, False]


def test_the_experts_program_takes_no_offence(office, interrupted, capsys):
    """What is still to be removed is nothing that a record names, and nothing is missing."""
    program = runpy.run_path(str(resources.path("verifier/verify_ledger.py")))
    given = [str(office.ledger.folder), "--evidence", str(office.evidence.folder)]
    assert program["main"](given) == 0
    assert (
        main.run(
            ["audit", "verify", "--folder", str(office.ledger.folder)], render=None, window=None
        )
        == 0
    )
    assert "RETENTION WAS INTERRUPTED" in capsys.readouterr().out
    assert interrupted
