"""What is said of cases and items is changed, amended, and never lost."""

from __future__ import annotations

import pytest

from spectra_app.errors import CaseError, RecordError
from spectra_app.records.kinds import KINDS, Case, IssuedReport, Item, Scan
from spectra_app.services.cases import findings, items, opening, papers, scans
from spectra_app.services.cases.findings import LaboratoryAnswer
from spectra_app.services.cases.history import history_of, logins
from spectra_app.services.cases.items import Handing
from spectra_app.services.cases.opening import About


def last_of(office):
    return list(office.ledger.entries())[-1]


def test_only_what_was_typed_of_an_item_is_changed(office, officer, item):
    before = office.ledger.get(Item, item).record
    changed = items.change_item(office, officer, item, {"condition": "sealed, undamaged"})
    assert (before.condition, changed.condition) == ("", "sealed, undamaged")
    assert changed.identifiers == before.identifiers
    assert changed.received_at == before.received_at
    assert [one.condition for one in (s.record for s in office.ledger.history(Item, item))] == [
        "", "sealed, undamaged",
    ]  # fmt: skip
    assert last_of(office).details == {"fields": "condition"}  # names, never what they say


def test_what_was_said_before_is_told_with_who_changed_it_and_when(
    office, logged_in, officer, case, item
):
    assert history_of(office, officer, "item", item) == ()
    items.change_item(office, officer, item, {"condition": "sealed", "packages": 3, "sampled": 1})
    items.change_item(office, logged_in["technician"], item, {"condition": "torn"})
    opening.change_case(office, officer, case, {"persons": ("A", "B")})
    told = [(one.by, one.field, one.before, one.after)
            for one in history_of(office, logged_in["supervisor"], "item", item)]  # fmt: skip
    assert told == [
        ("u2", "condition", "", "sealed"),
        ("u2", "packages", "0", "3"),
        ("u2", "sampled", "0", "1"),
        ("u3", "condition", "sealed", "torn"),
    ]
    (persons,) = history_of(office, officer, "case", case)
    assert (persons.revision, persons.before, persons.after) == (2, "", "A, B")
    assert persons.at == last_of(office).time
    assert logins(office, officer) == {"u1": "supervisor", "u2": "officer", "u3": "technician"}


def test_what_is_not_said_of_the_station_stays_as_it_was(office, logged_in):
    boss = logged_in["supervisor"]
    opening.set_station(office, boss, "North", address="Quay 1", code="mcn")
    said = opening.set_station(office, boss, "Mail centre North", contact="4471")
    assert (said.name, said.address, said.contact, said.code) == (
        "Mail centre North", "Quay 1", "4471", "MCN",
    )  # fmt: skip
    assert opening.set_station(office, boss, "North", address="").address == ""


def test_how_an_item_was_received_is_amended_not_changed(office, officer, item):
    for field in ("received_at", "received_from", "seal", "received_by"):
        with pytest.raises(CaseError, match=r"is not changed.*spectra case amend"):
            items.change_item(office, officer, item, {field: "x"})


def test_what_cannot_stand_is_refused_on_a_change_too(office, officer, case, item):
    for changes, says in [
        ({"packages": 3, "sampled": 4}, "4 of 3 packages"),
        ({"packages": -2}, "0 of -2 packages"),
        ({"weight": "much"}, "no number"),
        ({"description": " "}, "is missing"),
        ({"description": "white powder"}, "says that already"),
    ]:
        with pytest.raises(CaseError, match=says):
            items.change_item(office, officer, item, changes)
    for said, says in [
        ({"title": ""}, "is missing"),
        ({"emulated": True}, "is not changed"),
        ({"state": "closed"}, "is not changed"),
        ({"mode": "mail"}, "says that already"),
    ]:
        with pytest.raises(CaseError, match=says):
            opening.change_case(office, officer, case, said)
    assert [len(office.ledger.history(Item, item)), len(office.ledger.history(Case, case))] == [
        1, 1,
    ]  # fmt: skip


@pytest.fixture
def filed(office, officer, item, take):
    return scans.file_scan(office, officer, take(officer).id, item)


def test_nobody_amends_what_the_program_computed(office, logged_in, filed):
    for role in ("officer", "technician", "supervisor"):
        for field in set(Scan.__struct_fields__) - {"item", "reason"}:
            with pytest.raises(CaseError, match="was not typed by a person"):
                papers.amend(
                    office, logged_in[role], "scan", filed.id, "benign", field=field, reason="y"
                )
        with pytest.raises(CaseError, match="as a whole is not amended"):
            papers.amend(office, logged_in[role], "scan", filed.id, "benign", reason="y")
    made = papers.amend(
        office, logged_in["officer"], "scan", filed.id, "C-1", field="item", reason="mixed up"
    )
    assert (made.original, made.amended) == (filed.item, "C-1")


def test_what_can_be_amended_is_there(office, officer, item):
    for kind, fields in papers.TYPED.items():
        assert set(fields) <= set(KINDS[kind].__struct_fields__)
    for kind, field in [("item", "id"), ("item", "case"), ("item", "received_by")]:
        with pytest.raises(CaseError, match="was not typed"):
            papers.amend(office, officer, kind, item, "x", field=field, reason="y")


def test_a_scan_with_a_report_stays_where_the_report_says(office, officer, case, item, filed):
    other = items.add_item(office, officer, case, items.Description("pill")).id
    moved = scans.file_scan(office, officer, filed.id, other, "wrong bag")
    assert moved.item == other
    with office.ledger.writing("u2") as writing:
        writing.put(IssuedReport(id="R1", case=case, item=other, scans=(filed.id,)), "issued")
    with pytest.raises(CaseError, match=r"report R1 was issued.*amendment"):
        scans.file_scan(office, officer, filed.id, item, "the other one")
    assert office.ledger.get(Scan, filed.id).record.item == other


def test_an_answer_is_not_from_the_future_nor_from_before_it_was_asked(
    office, logged_in, officer, item, office_clock
):
    office_clock.skip(600)
    sent = findings.send_to_laboratory(office, officer, item, "State laboratory")
    for when, says in [
        ("2026-11-22T10:05:00Z", "before the item was sent"),
        ("2027-01-01T00:00:00Z", "in the future"),
    ]:
        answer = LaboratoryAnswer("confirmed", ("caffeine",), answered_at=when)
        with pytest.raises(CaseError, match=says):
            findings.record_answer(office, logged_in["technician"], sent.id, answer)
    office_clock.skip(60)
    answer = LaboratoryAnswer("confirmed", ("caffeine",), answered_at=sent.sent_at)
    done = findings.record_answer(office, logged_in["technician"], sent.id, answer)
    assert done.answered_at == sent.sent_at[:19] + "Z"


def test_a_place_for_a_scan_is_asked_before_it_is_identified(office, officer, case, item):
    scans.check_place(office, officer, item)
    with pytest.raises(RecordError, match="no such record"):
        scans.check_place(office, officer, "C-1-01")
    exercise = opening.open_new_case(office, officer, "Course", About(emulated=True)).id
    pretended = items.add_item(office, officer, exercise, items.Description("x")).id
    with pytest.raises(CaseError, match="exercise"):
        scans.check_place(office, officer, pretended)
    opening.close_case(office, officer, case, "nothing")
    with pytest.raises(CaseError, match="is closed"):
        scans.check_place(office, officer, item)


def test_a_seal_on_an_item_that_had_none_is_told_so(office, officer, case):
    bare = items.add_item(office, officer, case, items.Description("pill")).id
    with pytest.raises(CaseError, match="under no seal so far, and not under 777"):
        items.hand_over(office, officer, bare, Handing("technician", seal_before="777"))
