"""The audit chain in the window: looked through, verified, stopped, saved; by clicks and keys."""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
import threading
from contextlib import closing

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication

from spectra_app.records.kinds import Case
from spectra_app.records.ledger.head import read_public
from spectra_app.records.ledger.store import DATABASE
from spectra_app.records.ledger.verify import Finding
from spectra_app.services.audit import PUBLIC
from spectra_app.services.office import open_office
from spectra_app.ui.supervisor.audit_check import entry_of
from spectra_app.ui.supervisor.audit_model import PIECE

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton
MANY = PIECE + 30


@pytest.fixture
def chain(spectra_home, staffed, quick_passwords):
    """Return the folder of a station whose chain is longer than one piece."""
    with (
        open_office(spectra_home, passwords=quick_passwords) as office,
        office.ledger.writing("u2") as writing,
    ):
        for number in range(MANY):
            case = Case(id=f"C-{number}", title="Parcel", officer="u2",
                        opened_at="2026-11-20T08:00:00Z")  # fmt: skip
            writing.put(case, "case opened", details={"reason": "parcel"})
    return staffed


@pytest.fixture
def page(qtbot, supervising, chain):
    found = supervising(chain, "audit")
    qtbot.waitUntil(lambda: found.model.rowCount() == PIECE, timeout=LONG_MS)
    return found


def cell(page, row, column):
    return page.model.index(row, column).data()


def choose(box, code):
    box.setCurrentIndex(box.findData(code))
    box.activated.emit(box.currentIndex())


def settled(page, qtbot):
    qtbot.waitUntil(lambda: not page.waiting, timeout=LONG_MS)


def verified(page, qtbot):
    qtbot.mouseClick(page.verify, LEFT)
    qtbot.waitUntil(lambda: page.check.found is not None, timeout=LONG_MS)
    settled(page, qtbot)


def test_newest_first_older_ones_when_somebody_scrolls_in_words_and_as_signed(page, qtbot):
    assert cell(page, 0, 3) == "logged in"
    assert (cell(page, 1, 2), cell(page, 1, 4)) == ("The officer", f"C-{MANY - 1}")
    while page.model.canFetchMore(QModelIndex()):
        page.table.scrollToBottom()
        page.model.fetchMore(QModelIndex())
        settled(page, qtbot)
    numbers = [entry.number for entry in page.model.rows]
    assert numbers == list(range(numbers[0], 0, -1))
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Down)
    qtbot.keyClick(page.table, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(page.table, Qt.Key.Key_Down)
    words = page.entry.words.text()
    assert "The officer: case opened" in words
    assert f"case C-{MANY - 1}, its revision 1" in words
    assert "reason: parcel" in words
    qtbot.mouseClick(page.entry.copy, LEFT)
    copied = QGuiApplication.clipboard().text()
    assert json.loads(copied)["id"] == f"C-{MANY - 1}"
    assert copied.encode() == page.model.rows[1].line()


def test_entries_are_filtered_by_person_kind_act_record_and_time(page, qtbot):
    choose(page.boxes["who"], "u1")
    settled(page, qtbot)
    assert {entry.user for entry in page.model.rows} == {"u1"}
    choose(page.boxes["who"], "")
    choose(page.boxes["act"], "user added")
    settled(page, qtbot)
    assert {entry.act for entry in page.model.rows} == {"user added"}
    choose(page.boxes["act"], "")
    choose(page.boxes["kind"], "case")
    qtbot.keyClicks(page.fields["about"], "C-3")
    qtbot.keyClick(page.fields["about"], Qt.Key.Key_Return)
    settled(page, qtbot)
    (entry,) = page.model.rows
    page.fields["about"].clear()
    qtbot.keyClicks(page.fields["until"], "1999")
    qtbot.mouseClick(page.search, LEFT)
    settled(page, qtbot)
    assert page.model.rows == []
    assert page.none.isVisible()
    page.show_place(entry.number)
    settled(page, qtbot)
    assert entry in page.model.rows
    page.look_of.speak("ar")
    assert page.boxes["kind"].currentData() == ""
    assert page.boxes["act"].itemText(1) != page.boxes["act"].itemData(1)


def test_the_whole_chain_is_verified_and_who_comes_next_sees_that_it_was(page, qtbot):
    assert "never verified" in page.check.state.words.text()
    verified(page, qtbot)
    assert page.check.state.words.text().startswith("The chain holds")
    assert not page.check.findings.isVisible()
    assert cell(page, 0, 3) == "chain verified"
    page.begun, page.check.found = False, None
    page.refresh()
    settled(page, qtbot)
    assert "by Sue Per: it held" in page.check.state.words.text()


def test_what_is_wrong_is_located_with_what_to_do_and_a_click_goes_there(page, qtbot, spectra_home):
    change = """UPDATE audit SET line = replace(line, '"u2"', '"u3"') WHERE number = 9"""
    with closing(sqlite3.connect(spectra_home / "station" / DATABASE)) as other, other:
        for (name,) in other.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
            other.execute(f"DROP TRIGGER {name}")
        assert other.execute(change).rowcount == 1
    verified(page, qtbot)
    assert "DOES NOT HOLD" in page.check.state.words.text()
    said = [page.check.findings.item(row).text() for row in range(page.check.findings.count())]
    assert "entry 9: the entry was altered" in said
    assert "verify_ledger.py" in page.check.remedy.text()
    assert page.check.remedy.isVisible()
    row = said.index("entry 9: the entry was altered")
    box = page.check.findings.visualItemRect(page.check.findings.item(row))
    page.check.findings.scrollToItem(page.check.findings.item(row))
    qtbot.mouseClick(page.check.findings.viewport(), LEFT, pos=box.center())
    settled(page, qtbot)
    assert 9 in [entry.number for entry in page.model.rows]


def test_a_verification_is_stopped_and_nothing_is_entered(page, qtbot):
    gate, end = threading.Event(), page.model.rows[0].number
    page.records.work("Held up", lambda *_: gate.wait(30), lambda _job: None, beside=True)
    qtbot.mouseClick(page.verify, LEFT)
    assert page.check.working.isVisible()
    assert not page.verify.isEnabled()
    qtbot.mouseClick(page.check.working.stop, LEFT)
    gate.set()
    qtbot.waitUntil(page.verify.isEnabled, timeout=LONG_MS)
    settled(page, qtbot)
    assert "Stopped before the end" in page.check.state.words.text()
    assert page.model.rows[0].number == end


def test_what_fits_the_filter_is_saved_signed_and_that_is_an_entry(
    page, qtbot, tmp_path, spectra_home
):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    choose(page.boxes["kind"], "user")
    settled(page, qtbot)
    target = tmp_path / "audit.jsonl"
    page.save_to(target)
    qtbot.waitUntil(lambda: "Saved" in page.line.text(), timeout=LONG_MS)
    about, *entries = [json.loads(line) for line in target.read_bytes().splitlines()]
    assert about["asked"]["kind"] == "user"
    assert [one["number"] for one in entries] == sorted(one.number for one in page.model.rows)
    public = read_public(spectra_home / "station" / PUBLIC)
    key = Ed25519PublicKey.from_public_bytes(public)
    for one in entries:
        key.verify(base64.b64decode(one["signature"]), one["line"].encode())
        assert hashlib.sha256(one["line"].encode()).hexdigest() == one["sha256"]
    choose(page.boxes["kind"], "")
    settled(page, qtbot)
    assert cell(page, 0, 3) == "entries of the chain exported"


def test_a_place_is_an_entry_or_none():
    assert entry_of(Finding("entry_altered", "entry 7", "")) == 7
    assert entry_of(Finding("entry_missing", "entry 7 to 9", "")) == 7
    assert entry_of(Finding("record_altered", "user u2, revision 1", "")) == 0
