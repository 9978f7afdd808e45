"""Users in the window: added, locked, changed, and the second supervisor, by clicks and keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog

from spectra_app.services import users
from spectra_app.services.office import open_office

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton
WORDS = "eleven brown otters swim"


@pytest.fixture
def enter(qtbot, supervising):
    """Return what logs the supervisor in and shows the users."""

    def entered(words):
        page = supervising(words, "people")
        qtbot.waitUntil(lambda: bool(page.people), timeout=LONG_MS)
        return page

    return entered


@pytest.fixture
def do(qtbot):
    """Return what presses a button, types into its dialog, and waits for the records."""

    def done(page, what, **told):
        qtbot.mouseClick(page.buttons[what], LEFT)
        dialog = next(one for one in page.findChildren(QDialog) if one.isVisible())
        for name, words in told.items():
            field = dialog.fields[name]
            if name == "role":
                field.setCurrentIndex(field.findData(words))
            else:
                field.clear()
                qtbot.keyClicks(field, words)
        qtbot.mouseClick(dialog.go, LEFT)
        qtbot.waitUntil(lambda: not page.waiting, timeout=LONG_MS)
        return dialog

    return done


def test_somebody_is_added_changed_locked_and_unlocked(enter, do, staffed):
    page = enter(staffed)
    assert not page.buttons["second"].isVisible()
    assert not page.buttons["lock"].isEnabled()  # nobody does that to themselves
    do(page, "add", login="nora", name="Nora New", role="technician", temporary=WORDS)
    assert [user.login for user in page.people][-1] == "nora"
    page.table.setCurrentCell(len(page.people) - 1, 0)
    assert (page.chosen.role, page.chosen.must_change) == ("technician", True)
    do(page, "role", role="officer")
    do(page, "clear")
    do(page, "lock", reason="left the service")
    nora = page.chosen
    assert (nora.role, nora.cleared, nora.state) == ("officer", True, "locked")
    assert nora.reason == "left the service"
    do(page, "unlock")
    do(page, "reset", temporary="short")
    assert "12" in page.line.text()
    assert page.chosen.state == "active"


def test_the_second_supervisor_chooses_the_password(enter, do, spectra_home, quick_passwords):
    with open_office(spectra_home, passwords=quick_passwords) as office:
        users.set_up_first_supervisor(office, "supervisor", "Sue Per", WORDS)
    page = enter(WORDS)
    assert page.buttons["second"].isVisible()
    told = {"login": "sam", "name": "Sam Sec", "password": "nine tall cranes nest"}
    dialog = do(page, "second", **told, again="something else")
    assert "not the same" in dialog.wrong.text()
    assert len(page.people) == 1
    dialog.reject()
    do(page, "second", **told, again=told["password"])
    assert [(user.login, user.role, user.must_change) for user in page.people][1:] == [
        ("sam", "supervisor", False)
    ]
    assert not page.buttons["second"].isVisible()


def test_who_is_chosen_stays_chosen_whatever_was_changed(enter, do, staffed):
    """Several acts on one person are all done to that person, wherever the records put them."""
    page = enter(staffed)
    before = [user.login for user in page.people]
    page.table.setCurrentCell(before.index("officer"), 0)
    do(page, "clear")
    assert page.chosen.login == "officer"
    do(page, "role", role="technician")
    do(page, "lock", reason="left the service")
    assert [user.login for user in page.people] == before
    changed = {user.login: (user.role, user.cleared, user.state) for user in page.people}
    assert changed["officer"] == ("technician", True, "locked")
    assert changed["technician"] == ("technician", False, "active")


def test_the_dialog_of_the_role_begins_with_the_role_of_now(enter, do, staffed):
    page = enter(staffed)
    page.table.setCurrentCell([user.login for user in page.people].index("technician"), 0)
    do(page, "role")  # Enter alone
    assert page.chosen.role == "technician"
