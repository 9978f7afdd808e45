"""A password that somebody else gave is changed in the window, before anything else is possible."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from spectra_app.services import users
from spectra_app.services.office import open_office

LEFT = Qt.MouseButton.LeftButton
LONG_MS = 60_000
GIVEN, OWN = "eleven brown otters swim", "nine tall cranes nest"


@pytest.fixture
def given(staffed, spectra_home, quick_passwords):
    """Set up a station whose officer was given a password by the supervisor."""
    with open_office(spectra_home, passwords=quick_passwords) as office:
        boss = users.log_in(office, "supervisor", staffed)
        users.reset_password(office, boss, "u2", GIVEN)
    return staffed


@pytest.fixture
def enter(qtbot, shell):
    """Return what logs somebody in."""

    def entered(name, words):
        form = shell.entrance.log_in
        qtbot.waitUntil(form.isVisible, timeout=LONG_MS)
        form.name.setText(name)
        qtbot.keyClicks(form.password, words)
        qtbot.keyClick(form.password, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: shell.records.standing.user is not None, timeout=LONG_MS)
        return shell.entrance.renew

    return entered


@pytest.fixture
def type_in(qtbot, shell):
    """Return what types three passwords and Enter, and waits for the records."""

    def typed(*words):
        form = shell.entrance.renew
        for edit, text in zip(form.edits, words, strict=True):
            edit.clear()
            qtbot.keyClicks(edit, text)
        qtbot.keyClick(form.edits[-1], Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: shell.records.lane.idle, timeout=LONG_MS)
        return form.message.text()

    return typed


@pytest.mark.usefixtures("given")
def test_who_was_given_a_password_chooses_one_and_goes_on(shell, enter, type_in, qtbot):
    form = enter("officer", GIVEN)
    assert form.isVisible()
    assert shell.open_areas() == ()
    shell.show_area("officer")
    assert shell.pages.currentWidget() is shell.entrance
    assert not shell.head.analyser.isEnabled()
    assert "not the same" in type_in(GIVEN, OWN, OWN + "s")
    assert "wrong" in type_in("seven pale cats sing", OWN, OWN)
    assert "12" in type_in(GIVEN, "short", "short")
    shell.look.speak("fr")
    assert "passe" in form.title.text()
    shell.look.speak("en")
    type_in(GIVEN, OWN, OWN)
    qtbot.waitUntil(lambda: shell.pages.currentWidget() is not shell.entrance, timeout=LONG_MS)
    assert shell.pages.currentWidget() is shell.officer
    assert not shell.records.standing.user.must_change
    assert all(edit.text() == "" for edit in form.edits)


@pytest.mark.usefixtures("given")
def test_somebody_else_may_log_in_instead(shell, enter, qtbot):
    form = enter("officer", GIVEN)
    qtbot.mouseClick(form.other, LEFT)
    qtbot.waitUntil(lambda: shell.records.standing.user is None, timeout=LONG_MS)
    assert shell.entrance.log_in.isVisible()
    assert not form.isVisible()


def test_everybody_may_change_the_password_from_the_menu(given, shell, enter, type_in, qtbot):
    form = enter("technician", given)
    qtbot.waitUntil(lambda: shell.pages.currentWidget() is not shell.entrance, timeout=LONG_MS)
    shell.renew.trigger()
    assert form.isVisible()
    qtbot.mouseClick(form.other, LEFT)  # leaves it
    assert shell.pages.currentWidget() is not shell.entrance
    shell.renew.trigger()
    type_in(given, OWN, OWN)
    qtbot.waitUntil(lambda: shell.pages.currentWidget() is not shell.entrance, timeout=LONG_MS)
    shell.log_out.trigger()
    qtbot.waitUntil(lambda: shell.records.standing.user is None, timeout=LONG_MS)
    assert not shell.renew.isVisible()
    enter("technician", OWN)
    assert not form.isVisible()
