"""A parcel is filed in one act: where, by whom, and what happens when half of it was filed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from spectra_app.errors import CaseError, ForbiddenError, LedgerError
from spectra_app.records.identifiers import parse
from spectra_app.records.kinds import Case, Item, Note, Photo, Scan
from spectra_app.services import users
from spectra_app.services.cases import opening, scans
from spectra_app.services.cases.parcels import Added, ParcelNumber, file_parcel

NUMBER = "RR473829103CN"


@pytest.fixture
def parcel():
    return ParcelNumber(parse(NUMBER)[0], "mail", "vitamin C")


@pytest.mark.parametrize("role", ["officer", "technician", "supervisor"])
def test_everybody_who_may_file_files_a_parcel_in_one_act(office, logged_in, take, parcel, role):
    session = logged_in[role]
    filed = file_parcel(office, session, parcel, (take(session), take(session, "lead")))
    assert filed.case.title == "parcel RR 473 829 103 CN"
    assert filed.case.mode == "mail"
    assert filed.item.description == 'parcel, declared as "vitamin C"'
    assert [(one.state, one.item) for one in filed.scans] == [("filed", filed.item.id)] * 2


def test_nobody_files_when_logged_out_or_locked(office, logged_in, take, parcel):
    session = logged_in["officer"]
    scan = take(session)
    users.lock_session(office, session)
    with pytest.raises(ForbiddenError):
        file_parcel(office, session, parcel, (scan,))
    users.log_out(office, session)
    with pytest.raises(ForbiddenError):
        file_parcel(office, session, parcel, (scan,))
    assert office.ledger.find(Case) == []


def test_the_same_number_goes_to_the_same_item_until_its_case_is_closed(
    office, officer, take, parcel
):
    first = file_parcel(office, officer, parcel, (take(officer),))
    again = file_parcel(office, officer, parcel, (take(officer, "lead"),))
    assert again.item.id == first.item.id
    opening.close_case(office, officer, first.case.id, "handed over")
    later = file_parcel(office, officer, parcel, (take(officer, "hazard"),))
    assert later.case.id != first.case.id
    assert len(office.ledger.find(Item)) == 2


def test_an_exercise_and_the_real_thing_never_share_an_item(office, officer, take, parcel):
    real = file_parcel(office, officer, parcel, (take(officer),))
    exercise = file_parcel(office, officer, parcel, (take(officer, "long_name"),))
    assert (real.case.emulated, exercise.case.emulated) == (False, True)
    assert real.item.id != exercise.item.id


def test_nothing_is_filed_when_one_scan_cannot_be(office, officer, take, parcel):
    good, bad = take(officer), take(officer, "lead")
    scans.discard_scan(office, officer, bad.id, "fell down")
    with pytest.raises(CaseError, match="discarded"):
        file_parcel(office, officer, parcel, (good, bad))
    assert office.ledger.find(Case) == office.ledger.find(Item) == []
    filed = file_parcel(office, officer, parcel, (good, take(officer, "hazard")))
    assert {one.item for one in filed.scans} == {filed.item.id}
    assert len(office.ledger.find(Item)) == 1


def test_desks_that_file_one_parcel_at_once_file_it_under_one_item(office, officer, take, parcel):
    taken = [take(officer) for _desk in range(4)]
    together = threading.Barrier(len(taken))

    def file(scan):
        together.wait(10)
        return file_parcel(office, officer, parcel, (scan,)).item.id

    with ThreadPoolExecutor(len(taken)) as desks:
        assert len(set(desks.map(file, taken))) == 1
    assert len(office.ledger.find(Item)) == len(office.ledger.find(Case)) == 1


PNG = b"\x89PNG\r\n\x1a\nnot a whole one"
ADDED = Added(((PNG, "one.png"), (PNG + b"2", "two.png"), (PNG, "again.png")), "torn bag")


def nothing_filed(office, *taken):
    kinds = (Case, Item, Photo, Note)
    states = {office.ledger.get(Scan, one.id).record.state for one in taken}
    return all(office.ledger.find(kind) == [] for kind in kinds) and states == {"unfiled"}


def test_photos_and_note_are_filed_with_the_scans(office, officer, take, parcel):
    filed = file_parcel(office, officer, parcel, (take(officer),), ADDED)
    photos = [stored.record for stored in office.ledger.find(Photo)]
    (note,) = (stored.record for stored in office.ledger.find(Note))
    assert [one.name for one in photos] == ["again.png", "two.png"]
    assert office.evidence.get(photos[0].evidence) == PNG
    assert {(one.case, one.item) for one in (*photos, note)} == {(filed.case.id, filed.item.id)}
    assert (note.text, note.written_by) == ("torn bag", "u2")


def test_nothing_is_filed_when_a_photo_is_refused_and_filing_again_is(
    office, officer, take, parcel
):
    scan = take(officer)
    with pytest.raises(CaseError, match="no picture"):
        file_parcel(office, officer, parcel, (scan,), Added(((PNG, "a"), (b"text", "b"))))
    assert nothing_filed(office, scan)
    assert file_parcel(office, officer, parcel, (scan,), ADDED).scans[0].state == "filed"


@pytest.mark.parametrize("table", ["Photo", "Note"])
def test_nothing_is_filed_when_the_disk_is_full_at_the_end_and_filing_again_is(
    office, officer, take, parcel, table
):
    scan, kind = take(officer), {"Photo": Photo, "Note": Note}[table].KIND
    with office.ledger.reading() as connection:
        pass  # the connection itself: its database refuses, as a full disk does
    connection.execute(
        "CREATE TEMP TRIGGER full BEFORE INSERT ON revisions"
        f" WHEN new.kind = '{kind}' BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
    )
    with pytest.raises(LedgerError, match="disk is full"):
        file_parcel(office, officer, parcel, (scan,), ADDED)
    connection.execute("DROP TRIGGER full")
    assert nothing_filed(office, scan)
    assert file_parcel(office, officer, parcel, (scan,), ADDED).scans[0].state == "filed"
    assert [len(office.ledger.find(kind)) for kind in (Case, Item, Photo, Note)] == [1, 1, 2, 1]
