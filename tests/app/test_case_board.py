"""The supervisor's board: which card stands in which column, for whom, and what it may name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spectra_app.errors import ForbiddenError
from spectra_app.records.access import User
from spectra_app.records.kinds import IssuedReport, Scan
from spectra_app.services import users
from spectra_app.services.cases import board, findings, items, opening, scans
from spectra_app.services.cases.board import COLUMNS, show_board
from spectra_app.services.cases.findings import LaboratoryAnswer
from spectra_app.services.cases.items import Description
from spectra_app.services.logging_in import keep_password

PASSWORD = "seven green herons wade"  # noqa: S105  of nobody
DAY = 86400


@pytest.fixture
def filed(office, officer, item, take):
    """Return a filed scan of the item."""
    return scans.file_scan(office, officer, take(officer).id, item)


@pytest.fixture
def put_report(office):
    """Return what puts the record of a report of a scan into the ledger."""

    def put(scan: Scan, number=1, **fields):
        record = IssuedReport(
            id=f"{scan.item}-R{number}", case=scan.case, item=scan.item, scans=(scan.id,),
            **{"state": "issued", "issued_by": "u2", "issued_at": office.clock(), **fields},
        )  # fmt: skip
        with office.ledger.writing("u2") as writing:
            writing.put(record, "report issued")
        return record

    return put


@pytest.fixture
def named(office, samples, take):
    """Return what files a scan of an item that names something."""

    def filed_as(session, item, name, sample="match"):
        part = replace(samples.ALL[sample]().record.components[0], name=name)
        return scans.file_scan(office, session, take(session, sample, components=(part,)).id, item)

    return filed_as


def columns(office, session):
    shown = show_board(office, session)
    return {name: [card.item or card.case for card in shown.column(name)] for name in COLUMNS}


def test_an_empty_station_has_an_empty_board(office, logged_in):
    shown = show_board(office, logged_in["supervisor"])
    assert (shown.cards, shown.more) == ((), frozenset())


def test_a_report_waits_for_review_until_it_is_signed(office, logged_in, item, filed, put_report):
    boss = logged_in["supervisor"]
    report = put_report(filed)
    (card,) = show_board(office, boss).column("review")
    assert (card.report, card.item, card.case) == (report.id, item, filed.case)
    assert (card.alarm, card.names, card.since) == ("controlled", filed.names, report.issued_at)
    assert not card.emulated
    put_report(filed, 2, state="countersigned", countersigned_at=office.clock())
    assert columns(office, boss)["signed"] == [item]


def test_what_is_sent_waits_until_the_answer_and_is_late_then(
    office, office_clock, logged_in, item, filed
):
    boss = logged_in["supervisor"]
    sent = findings.send_to_laboratory(office, logged_in["officer"], item, "State laboratory")
    assert columns(office, boss) == {"review": [], "waiting": [item], "overdue": [], "signed": []}
    office_clock.skip(61 * DAY)
    boss = users.log_in(office, "supervisor", PASSWORD)
    (late,) = show_board(office, boss).column("overdue")
    assert (late.item, late.hours_late, late.case) == (item, 24, filed.case)
    assert late.words
    technician = users.log_in(office, "technician", PASSWORD)
    findings.record_answer(office, technician, sent.id, LaboratoryAnswer("refuted"))
    assert columns(office, boss)["waiting"] == columns(office, boss)["overdue"] == []


def test_a_card_names_only_what_its_own_item_was_scanned_as(
    office, logged_in, named, filed, put_report
):
    officer = logged_in["officer"]
    other = items.add_item(office, officer, filed.case, Description("another bag")).id
    lead = named(officer, other, "Urea", "lead")
    assert not set(lead.names) & set(filed.names)
    for scan in (filed, lead):
        put_report(scan)
    first, second = show_board(office, logged_in["supervisor"]).column("review")
    assert (first.names, first.lead) == (filed.names, False)
    assert (second.names, second.lead) == (lead.names, True)


def test_a_report_shows_what_it_rests_on_and_not_a_later_scan(
    office, logged_in, take, filed, put_report
):
    put_report(filed)
    officer = logged_in["officer"]
    scans.file_scan(office, officer, take(officer, "mixture").id, filed.item)
    (card,) = show_board(office, logged_in["supervisor"]).column("review")
    assert card.names == filed.names


def test_long_columns_end_and_say_so(office, logged_in, filed, put_report, monkeypatch):
    monkeypatch.setattr(board, "MOST", 2)
    made = [put_report(filed, number).id for number in (1, 2, 3)]
    shown = show_board(office, logged_in["supervisor"])
    assert [card.report for card in shown.column("review")] == made[:2]
    assert shown.more == {"review"}


def test_every_role_may_see_the_board_and_nobody_without_a_session(office, logged_in):
    for session in logged_in.values():
        assert show_board(office, session).cards == ()
    office.sessions.lock(logged_in["officer"])
    with pytest.raises(ForbiddenError):
        show_board(office, logged_in["officer"])


def test_a_supervisor_who_is_not_cleared_sees_no_restricted_name(
    office, logged_in, named, put_report
):
    lists = office.folder / "restricted-lists"
    lists.mkdir()
    (lists / "closed.csv").write_text(
        "name,reason,who,alarm,from\nZorbium,closed,laboratory,hazard,2026-01-01\n"
    )
    cleared = User(id="u9", login="cleared", name="C", role="supervisor", cleared=True)
    keep = keep_password(office, None, cleared, PASSWORD)
    with office.ledger.writing("u1") as writing:
        keep(writing, "user added")
    boss = users.log_in(office, "cleared", PASSWORD)
    case = opening.open_new_case(office, boss, "Parcel").id
    item = items.add_item(office, boss, case, Description("powder")).id
    secret = named(boss, item, "Zorbium")
    put_report(secret, restricted=True)
    findings.send_to_laboratory(office, boss, item, "State laboratory")
    assert "Zorbium" in repr(show_board(office, boss))
    assert columns(office, boss)["review"] == [item]
    for role in ("officer", "technician", "supervisor"):
        shown = show_board(office, logged_in[role])
        assert "zorbium" not in repr(shown).casefold()
        assert shown.column("review") == ()
        assert all(card.names == () and card.alarm != "hazard" for card in shown.cards)


def test_a_report_whose_place_another_took_does_not_wait(office, logged_in, filed, put_report):
    first = put_report(filed)
    second = put_report(filed, 2, amends=first.id)
    (card,) = show_board(office, logged_in["supervisor"]).column("review")
    assert card.report == second.id
