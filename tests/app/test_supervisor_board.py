"""The supervisor's board in the window, by real clicks and keys, on an office of its own."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt

from spectra_app.records.kinds import Case, IssuedReport, Item, Scan
from spectra_app.services.office import open_office
from spectra_app.ui.look import Look
from spectra_app.ui.supervisor.cards import age

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def fill(spectra_home, quick_passwords):
    """Return what puts a case with a filed scan and its report into the station's records."""

    def filled(number, state="issued", **fields):
        case, item, scan = f"C-{number}", f"C-{number}-01", f"S-{number}"
        about = {"case": case, "item": item}
        signed = "2026-11-22T09:00:00Z" if state == "countersigned" else ""
        records = (
            Case(id=case, title="Parcel", officer="u2", opened_at="2026-11-21T08:00:00Z"),
            Item(id=item, case=case, description="powder"),
            Scan(id=scan, state="filed", outcome="match", result="0" * 64, scanned_by="u2",
                 scanned_at="2026-11-21T08:30:00Z",
                 **{"alarm": "controlled", "names": ("Heroin",), **about, **fields}),
            IssuedReport(id=f"{item}-R1", scans=(scan,), state=state, issued_by="u2",
                         issued_at=f"2026-11-21T09:00:{number:02}Z", countersigned_at=signed,
                         **about),
        )  # fmt: skip
        with (
            open_office(spectra_home, passwords=quick_passwords) as office,
            office.ledger.writing("u2") as writing,
        ):
            for record in records:
                writing.put(record, "put")

    return filled


@pytest.fixture
def enter(qtbot, desk, make_shell, staffed):
    """Return what opens a window and logs somebody in, once the records have answered."""

    def entered(role="supervisor"):
        shell = make_shell(desk.use_cases, (1024, 768))
        form = shell.entrance.log_in
        form.name.setText(role)
        qtbot.keyClicks(form.password, staffed)
        qtbot.keyClick(form.password, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: shell.records.standing.user is not None, timeout=LONG_MS)
        qtbot.waitUntil(lambda: shell.records.lane.idle, timeout=LONG_MS)
        return shell

    yield entered
    desk.gate.set()


def column(shell, name):
    return shell.supervisor.made["board"].columns[name]


def cards(shell, name):
    return [card.report or card.item for card in column(shell, name).list.cards.cards]


def test_a_supervisor_begins_at_the_board_and_empty_columns_say_so_in_words(enter):
    shell = enter()
    assert shell.pages.currentWidget() is shell.supervisor
    for name, words in (("review", "second signature"), ("overdue", "Nothing is overdue")):
        assert column(shell, name).none.isVisible()
        assert words in column(shell, name).none.text()
        assert not column(shell, name).list.isVisible()


def test_a_technician_is_not_offered_the_board(enter):
    shell = enter("technician")
    assert not shell.head.areas["board"].isVisible()
    shell.show_area("board")
    assert shell.pages.currentWidget() is not shell.supervisor
    assert shell.supervisor.made == {}


def test_cards_say_level_item_names_and_what_is_an_exercise(enter, fill):
    fill(1)
    fill(2, "countersigned", alarm="precursor", names=(), emulated=True)
    shell = enter()
    assert (cards(shell, "review"), cards(shell, "signed")) == (["C-1-01-R1"], ["C-2-01-R1"])
    shown = column(shell, "review").list
    said = shown.cards.index(0).data()
    assert "CONTROLLED SUBSTANCE" in said
    assert "Heroin" in said
    assert "EMULATED" not in said
    assert "EMULATED" in column(shell, "signed").list.cards.index(0).data()
    assert "(1)" in column(shell, "review").title.text()
    shell.look.speak("ar")
    assert "Heroin" in shown.cards.index(0).data()
    assert "CONTROLLED" not in shown.cards.index(0).data()


def test_arrows_choose_enter_opens_and_a_click_does_too(enter, fill, qtbot):
    fill(1)
    fill(2)
    fill(3, "countersigned")
    shell = enter()
    shell.activateWindow()
    review, signed = column(shell, "review").list, column(shell, "signed").list
    qtbot.waitUntil(review.hasFocus, timeout=LONG_MS)
    opened = []
    page = shell.supervisor.made["board"]
    page.opened.connect(lambda card: opened.append(card.report))
    qtbot.keyClick(review, Qt.Key.Key_Down)
    qtbot.keyClick(review, Qt.Key.Key_Return)
    qtbot.keyClick(review, Qt.Key.Key_Right)  # over two empty columns
    assert signed.hasFocus()
    qtbot.keyClick(signed, Qt.Key.Key_Return)
    qtbot.keyClick(signed, Qt.Key.Key_Left)
    assert review.hasFocus()
    middle = review.visualRect(review.cards.index(0)).center()
    qtbot.mouseClick(review.viewport(), LEFT, pos=middle)
    assert opened == ["C-2-01-R1", "C-3-01-R1", "C-1-01-R1"]
    shell.look.speak("ar")
    qtbot.keyClick(review, Qt.Key.Key_Left)  # mirrored: the next column is at the left
    assert signed.hasFocus()


def test_refresh_shows_what_came_meanwhile_and_who_comes_next_finds_nothing(enter, fill, qtbot):
    shell = enter()
    page = shell.supervisor.made["board"]
    assert cards(shell, "review") == []
    fill(1)
    qtbot.mouseClick(page.again, LEFT)
    qtbot.waitUntil(lambda: cards(shell, "review") == ["C-1-01-R1"], timeout=LONG_MS)
    fill(2)
    qtbot.keyClick(page.again, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: len(cards(shell, "review")) == 2, timeout=LONG_MS)
    shell.log_out.trigger()
    qtbot.waitUntil(lambda: shell.records.standing.user is None, timeout=LONG_MS)
    assert shell.supervisor.made == {}


def test_ages_are_hours_then_days_and_hours_late(qapp):  # noqa: ARG001  texts need it
    look = Look()
    card = SimpleNamespace(column="review", since="2026-11-20T10:00:00Z", hours_late=7)
    assert age(card, "2026-11-20T15:30:00Z", look) == "for 5 h"
    assert age(card, "2026-11-22T10:00:00Z", look) == "for 2 d"
    assert age(card, "2026-11-20T09:00:00Z", look) == "for 0 h"  # a clock that was set back
    late = SimpleNamespace(column="overdue", since=card.since, hours_late=7)
    assert age(late, "2026-11-22T10:00:00Z", look) == "7 h late"
    unknown = SimpleNamespace(column="waiting", since="", hours_late=0)  # sent at no known time
    assert age(unknown, "2026-11-22T10:00:00Z", look) == "since when is not recorded"
