"""Opening a report of the board, computing it again, countersigning, sending back: by clicks."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from types import SimpleNamespace

import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog

from spectra_app.records.access import User
from spectra_app.records.kinds import IssuedReport, Note
from spectra_app.reports.render_qt import render_pdf
from spectra_app.services import users
from spectra_app.services.case_reports import issue_report
from spectra_app.services.cases import items, opening, scans
from spectra_app.services.cases.items import Description
from spectra_app.services.cases.scans import Taken
from spectra_app.services.demo import without_waiting
from spectra_app.services.logging_in import keep_password
from spectra_app.services.office import open_office
from spectra_app.services.report_facts import Wanted
from spectra_app.services.scanning import scan_emulated
from spectra_app.services.session import open_identifier

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton
TOLD = Wanted("en", "Hall B", "Airport customs", "Gate B", "2026-11-22T08:40:00Z", "none")
POWDER = Description(
    "white powder", condition="sealed", identifiers=("awb:02012345675",), packages=2, sampled=1,
    sampling="at random", weight="4.3", weight_unit="g", weight_how="gross",
)  # fmt: skip


@pytest.fixture
def reported(used_home, staffed, quick_passwords):
    """Return the station's folder with an emulated scan, its report, and a second supervisor."""
    with open_office(used_home, passwords=quick_passwords) as office:
        other = User(id="u8", login="second", name="Sec Ond", role="supervisor")
        keep = keep_password(office, None, other, staffed)
        with office.ledger.writing("u1") as writing:
            keep(writing, "user added")
        officer, boss = (users.log_in(office, who, staffed) for who in ("officer", "supervisor"))
        opening.set_station(office, boss, "Customs laboratory", address="Road 12", code="cl")
        about = opening.About(mode="mail", emulated=True)
        case = opening.open_new_case(office, officer, "Exercise", about).id
        item = items.add_item(office, officer, case, POWDER).id
        identifier = open_identifier(
            None, evidence=office.evidence.folder, calibrations=used_home / "calibration"
        )
        found = scan_emulated("caffeine", identifier, timing=without_waiting(office.clock)).found
        taken = Taken(source="device", evidence=(found.record.sha256,))
        scan = scans.add_scan(office, officer, found, taken, library=identifier.engine.library)
        scans.file_scan(office, officer, scan.id, item)
        report = issue_report(office, officer, scan.id, TOLD, render_pdf).record
    pdf = dict(one.split(":") for one in report.files)["pdf"]
    return SimpleNamespace(scan=scan.id, report=report.id, words=staffed, pdf=pdf)


@pytest.fixture
def review(qtbot, desk, make_shell, reported):
    """Return a window in which the supervisor opened the report with Enter."""
    shell = make_shell(desk.use_cases, (1024, 768))
    form = shell.entrance.log_in
    form.name.setText("supervisor")
    qtbot.keyClicks(form.password, reported.words)
    qtbot.keyClick(form.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "board" in shell.supervisor.made, timeout=LONG_MS)
    column = shell.supervisor.made["board"].columns["review"].list
    qtbot.waitUntil(lambda: column.cards.rowCount() == 1, timeout=LONG_MS)
    column.setCurrentIndex(column.cards.index(0))
    qtbot.keyClick(column, Qt.Key.Key_Return)
    page = shell.supervisor.made["review"]
    qtbot.waitUntil(lambda: page.found is not None, timeout=LONG_MS)
    return SimpleNamespace(shell=shell, page=page, board=column)


def asked(page, qtbot, button):
    qtbot.mouseClick(button, LEFT)
    return next(one for one in page.findChildren(QDialog) if one.isVisible())


def kept(folder, kind, quick_passwords):
    with open_office(folder, passwords=quick_passwords) as office:
        return [stored.record for stored in office.ledger.find(kind)]


def test_a_report_is_looked_at_computed_again_and_countersigned(
    review, reported, qtbot, used_home, quick_passwords
):
    page, shell = review.page, review.shell
    assert len(page.sheets.sheets) >= 2
    assert page.found.shown.report.comparison is None
    assert not page.found.shown.not_drawn  # it was issued without a drawing
    assert reported.report in page.sheets.sheets[0].accessibleDescription()
    acts = [page.entries.item(row).text() for row in range(page.entries.count())]
    assert any("report issued" in text and "The officer" in text for text in acts)
    qtbot.mouseClick(page.replay.go, LEFT)
    assert page.replay.stop.isVisible()
    qtbot.waitUntil(page.replay.go.isVisible, timeout=LONG_MS)
    assert page.replay.said.text() == f"{reported.scan}: recomputed: identical"

    dialog = asked(page, qtbot, page.sign)
    qtbot.keyClicks(dialog.name, "officer")
    qtbot.keyClicks(dialog.password, reported.words)
    qtbot.mouseClick(dialog.go, LEFT)
    qtbot.waitUntil(lambda: "cannot be the second person" in page.line.text(), timeout=LONG_MS)
    dialog = asked(page, qtbot, page.sign)
    qtbot.keyClicks(dialog.name, "second")
    qtbot.keyClicks(dialog.password, reported.words)
    qtbot.keyClick(dialog.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.line.text().startswith("Countersigned"), timeout=LONG_MS)
    assert "Countersigned by Sec Ond" in page.state.text()
    assert not page.sign.isEnabled()
    assert not page.send.isEnabled()  # what is signed is amended, not sent back
    qtbot.keyClick(page.sheets, Qt.Key.Key_Escape)
    signed = shell.supervisor.made["board"].columns["signed"].list.cards
    qtbot.waitUntil(lambda: signed.rowCount() == 1, timeout=LONG_MS)
    assert review.board.cards.rowCount() == 0
    (record,) = kept(used_home, IssuedReport, quick_passwords)
    assert (record.state, record.countersigned_by) == ("countersigned", "u8")


def test_a_replay_is_stopped_and_a_report_sent_back_with_a_reason(
    review, reported, qtbot, used_home, quick_passwords
):
    page = review.page
    page.replay.go.click()
    page.replay.stop.click()
    qtbot.waitUntil(page.replay.go.isVisible, timeout=LONG_MS)
    assert page.replay.said.text() == "Stopped; nothing was compared."
    dialog = asked(page, qtbot, page.send)
    qtbot.mouseClick(dialog.go, LEFT)  # without a reason nothing happens
    assert dialog.isVisible()
    qtbot.keyClicks(dialog.reason, "the weight is of another item")
    qtbot.keyClick(dialog.reason, Qt.Key.Key_Return)  # several lines are one on the card
    qtbot.keyClicks(dialog.reason, "Weigh it")
    qtbot.mouseClick(dialog.go, LEFT)
    qtbot.waitUntil(lambda: "note to the scan" in page.line.text(), timeout=LONG_MS)
    assert "SENT BACK: the weight is of another item" in page.state.text()
    (note,) = kept(used_home, Note, quick_passwords)
    assert (note.scan, note.written_by) == (reported.scan, "u1")
    assert note.text == f"{reported.report} sent back: the weight is of another item\nWeigh it"
    widths = [page.sheets.sheets[0].width()]
    for button in (page.larger, page.smaller):
        qtbot.mouseClick(button, LEFT)
        widths.append(page.sheets.sheets[0].width())
    assert widths[1] > widths[0] == widths[2]
    qtbot.keyClick(page.sheets, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: "SENT BACK" in review.board.cards.index(0).data(), timeout=LONG_MS)
    assert "the weight is of another item Weigh it" in review.board.cards.index(0).data()
    shell = review.shell  # who issued it sees that at the next log-in
    shell.log_out.trigger()
    qtbot.waitUntil(lambda: shell.records.standing.user is None, timeout=LONG_MS)
    form = shell.entrance.log_in
    form.name.setText("officer")
    qtbot.keyClicks(form.password, reported.words)
    qtbot.keyClick(form.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shell.pages.currentWidget() is shell.officer, timeout=LONG_MS)
    qtbot.waitUntil(shell.officer.message.back.isVisible, timeout=LONG_MS)
    assert f"{reported.report}. the weight" in shell.officer.message.back.text()
    shell.look.speak("fr")
    assert "RENVOYÉ" in shell.officer.message.back.text()


def test_a_report_is_shown_in_another_language_as_a_preview_and_saved_as_shown(
    review, reported, qtbot, tmp_path
):
    page = review.page

    def shown(code):
        page.language.setCurrentIndex(page.language.findData(code))
        page.language.activated.emit(page.language.currentIndex())
        qtbot.waitUntil(lambda: not page.waiting, timeout=LONG_MS)
        return page.sheets.sheets[0].accessibleDescription()

    assert page.language.currentText() == "As issued: English"
    assert "not the report that was issued" not in page.state.text()
    french = shown("fr")
    assert f"{reported.scan}-PREVIEW" in french
    assert "not the report that was issued" in page.state.text()
    preview, issued = tmp_path / "preview.pdf", tmp_path / "issued.pdf"
    page.save_to(preview)
    qtbot.waitUntil(lambda: "Saved" in page.line.text(), timeout=LONG_MS)
    assert preview.read_bytes().startswith(b"%PDF")
    assert reported.report in shown("")
    page.save_to(issued)
    qtbot.waitUntil(lambda: "issued.pdf" in page.line.text(), timeout=LONG_MS)
    assert hashlib.sha256(issued.read_bytes()).hexdigest() == reported.pdf


def test_the_day_s_work_goes_by_keys(review, reported, qtbot, used_home, quick_passwords):
    page, shell = review.page, review.shell
    assert "Ctrl+Enter" in page.sign.toolTip()
    qtbot.keyClick(page.sheets, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    dialog = next(one for one in page.findChildren(QDialog) if one.isVisible())
    qtbot.keyClicks(dialog.name, "second")
    qtbot.keyClick(dialog.name, Qt.Key.Key_Tab)
    qtbot.keyClicks(dialog.password, reported.words)
    qtbot.keyClick(dialog.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.line.text().startswith("Countersigned"), timeout=LONG_MS)
    shell.activateWindow()
    qtbot.waitUntil(page.sheets.hasFocus, timeout=LONG_MS)
    qtbot.keyClick(page.sheets, Qt.Key.Key_N)  # there is no other: the board
    board = shell.supervisor.made["board"]
    assert shell.supervisor.stack.currentWidget() is board
    signed = board.columns["signed"].list
    qtbot.waitUntil(signed.hasFocus, timeout=LONG_MS)
    qtbot.keyClick(signed, Qt.Key.Key_Return)
    assert shell.supervisor.stack.currentWidget() is page
    (record,) = kept(used_home, IssuedReport, quick_passwords)
    assert record.state == "countersigned"


def test_n_goes_to_the_card_below(review):
    board = review.shell.supervisor.made["board"]
    (card,) = board.columns["review"].list.cards.cards
    other = replace(card, report="other")
    board.columns["review"].list.cards.show_cards((card, other), "2026-11-22T10:00:00Z")
    assert board.following(card) == other
    assert board.following(other) is None


def test_who_is_the_only_supervisor_is_told_what_it_takes(review):
    page = review.page
    user = page.found.people["u8"]
    page.found.people["u8"] = structs.replace(user, state="locked")
    page._show(page.found)
    assert "another supervisor who did not issue it" in page.state.text()
    assert not page.sign.isEnabled()


def test_an_answer_that_comes_late_is_not_shown_under_another_card(review):
    """Otherwise the second person would sign what stands there by then."""
    page = review.page
    opened, before = page.card, page.found
    page.show_card(replace(opened, report="", item="", title="another"))
    page._show_of(opened, before)
    assert page.found is None
    assert not page.sign.isEnabled()
