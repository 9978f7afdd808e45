"""Who is there: setting a station up, logging in, locking, and looking around without records."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from spectra_app.services.office import open_office
from spectra_app.services.users import list_users, log_in
from spectra_app.settings import data_folder

LEFT = Qt.MouseButton.LeftButton
WORDS = "a long sentence with words in it"


@pytest.fixture
def settled(shell, qtbot):
    """Return a function that waits until the records have answered."""

    def wait():
        qtbot.waitUntil(lambda: shell.records.lane.idle, timeout=20_000)
        return shell

    return wait


@pytest.fixture
def enter(shell, qtbot, settled):
    """Return a function that types name and password, and Enter."""

    def run(name, words):
        form = shell.entrance.log_in
        form.name.setText(name)
        qtbot.keyClicks(form.password, words)
        qtbot.keyClick(form.password, Qt.Key.Key_Return)
        return settled()

    return run


def test_a_new_station_is_set_up_and_its_supervisor_is_logged_in(
    shell, qtbot, settled, quick_passwords
):
    form = shell.entrance.first
    assert form.isVisible()
    assert not shell.entrance.log_in.isVisible()
    typed = {"station": "Mail centre", "code": "mc1", "person": "A. Person", "name": "sup"}
    for key, words in {**typed, "password": WORDS, "again": WORDS}.items():
        qtbot.keyClicks(form.rows[key][1], words)
    qtbot.mouseClick(form.go, LEFT)
    settled()
    assert shell.pages.currentWidget() is shell.supervisor
    assert shell.head.place.toolTip() == "Mail centre"
    assert shell.head.person.text() == "A. Person"
    with open_office(passwords=quick_passwords) as office:
        (user,) = list_users(office, log_in(office, "sup", WORDS))
    assert (user.login, user.role) == ("sup", "supervisor")


def test_two_passwords_that_differ_set_nothing_up(shell, qtbot, settled):
    form = shell.entrance.first
    for key in form.rows:
        qtbot.keyClicks(form.rows[key][1], f"{WORDS} {key}")
    qtbot.mouseClick(form.go, LEFT)
    assert "not the same" in settled().entrance.first.message.text()
    assert shell.pages.currentWidget() is shell.entrance


def test_looking_around_opens_the_workbench_alone(shell, qtbot):
    qtbot.mouseClick(shell.entrance.around, LEFT)
    assert shell.pages.currentWidget() is shell.technician
    assert shell.workbench.isVisible()
    assert not any(button.isVisible() for button in shell.head.areas.values())
    shell.show_area("officer")
    assert shell.pages.currentWidget() is shell.technician
    assert shell.workbench.isVisible()


class TestStaffed:
    """A station with users."""

    @pytest.fixture(autouse=True)
    def _station(self, staffed):
        self.words = staffed

    def test_a_wrong_password_says_so_and_the_right_one_opens(self, shell, enter):
        enter("officer", "wrong words entirely")
        assert shell.entrance.log_in.message.isVisible()
        assert "password" in shell.entrance.log_in.message.text()
        assert shell.pages.currentWidget() is shell.entrance
        enter("officer", self.words)
        assert shell.pages.currentWidget() is shell.officer

    @pytest.mark.parametrize(
        ("role", "areas"),
        [("officer", set()), ("technician", {"officer", "workbench"})],
    )
    def test_everybody_sees_their_own_areas(self, shell, enter, role, areas):
        enter(role, self.words)
        seen = {name for name, button in shell.head.areas.items() if button.isVisible()}
        assert seen >= areas
        assert bool(seen) == bool(areas)

    def test_a_locked_session_hides_all_and_goes_on_with_the_password(
        self, shell, qtbot, enter, settled
    ):
        enter("officer", self.words)
        shell.officer.item.declared.setText("vitamin C")
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        qtbot.keyClick(shell, Qt.Key.Key_L, both)
        settled()
        form = shell.entrance.log_in
        assert shell.pages.currentWidget() is shell.entrance
        assert not form.name.isVisible()
        assert not shell.entrance.around.isVisible()
        assert "The officer" in form.intro.text()
        qtbot.keyClicks(form.password, "not this")
        qtbot.mouseClick(form.go, LEFT)
        settled()
        assert shell.pages.currentWidget() is shell.entrance
        qtbot.keyClicks(form.password, self.words)
        qtbot.mouseClick(form.go, LEFT)
        settled()
        assert shell.pages.currentWidget() is shell.officer
        assert shell.officer.item.declared.text() == "vitamin C"

    def test_logging_out_forgets_the_session(self, shell, enter, settled):
        enter("technician", self.words)
        shell.log_out.trigger()
        settled()
        assert shell.pages.currentWidget() is shell.entrance
        asked = []
        shell.records.ask("anything", lambda _office, session: session, asked.append)
        settled()
        assert "nobody is logged in" in str(asked[0].error)


class TestShut:
    """A station whose records cannot be opened: never taken for a new one."""

    @pytest.fixture
    def harmed(self, request):
        request.getfixturevalue("staffed")
        path = data_folder() / "station" / "station.db"
        whole = path.read_bytes()
        path.write_bytes({"damaged": b"no database" * 900, "gone": b""}[request.param])
        return lambda: path.write_bytes(whole)

    @pytest.mark.parametrize(
        ("harmed", "words"),
        [("damaged", "is damaged"), ("gone", "they are gone")],
        indirect=["harmed"],
    )
    def test_says_why_and_goes_on_when_the_records_are_back(self, harmed, words, qtbot, settled):
        entrance = settled().entrance
        assert words in entrance.shut.message.text()
        assert "station" in entrance.shut.where.text()
        assert entrance.shut.isVisible()
        assert not entrance.first.isVisible()
        assert not entrance.log_in.isVisible()
        harmed()
        qtbot.mouseClick(entrance.shut.go, LEFT)
        settled()
        assert entrance.log_in.isVisible()
        assert not entrance.shut.isVisible()
