"""Who is there: setting a station up, logging in, locking, and looking around without records."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from spectra_app.services.cases.opening import station_of
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


PERSON = ("person", "name", "password", "again")
SOMEBODY = {"person": "A. Person", "name": "sup", "password": WORDS, "again": WORDS}


@pytest.fixture
def type_in(shell, qtbot):
    """Return a function that types into the fields of the first run's steps."""

    def run(**typed):
        form = shell.entrance.first
        for step, keys in enumerate((("station", "place", "code"), PERSON), start=1):
            form.go_to(step)
            for key in keys:
                qtbot.keyClicks(form.rows[key][1], typed.get(key, ""))
        return form

    return run


def test_a_new_station_is_set_up_and_its_supervisor_is_logged_in(
    shell, qtbot, settled, type_in, quick_passwords
):
    form = shell.entrance.first
    assert form.isVisible()
    assert not shell.entrance.log_in.isVisible()
    type_in(station="Mail centre", code="mc1-too-long", **SOMEBODY)
    qtbot.keyClick(form.rows["again"][1], Qt.Key.Key_Return)
    assert form.step == 3
    qtbot.mouseClick(form.go, LEFT)
    assert "being set up" in form.go.text()  # never still and silent
    settled()
    qtbot.waitUntil(lambda: shell.pages.currentWidget() is shell.supervisor)
    assert shell.head.place.toolTip() == "Mail centre"
    assert shell.head.person.text() == "A. Person"
    with open_office(passwords=quick_passwords) as office:
        (user,) = list_users(office, log_in(office, "sup", WORDS))
        assert station_of(office.ledger).record.code == "MC1TOOLO"
    assert (user.login, user.role) == ("sup", "supervisor")


def test_all_but_the_supervisor_can_be_skipped(shell, qtbot, settled, type_in):
    form = shell.entrance.first
    for _step in range(2):
        qtbot.mouseClick(form.frame.next, LEFT)
    assert form.step == 2
    qtbot.mouseClick(form.frame.next, LEFT)
    assert form.step == 2
    assert "missing" in form.message.text()
    type_in(**SOMEBODY)
    qtbot.mouseClick(form.frame.next, LEFT)
    qtbot.mouseClick(form.go, LEFT)
    settled()
    qtbot.waitUntil(lambda: shell.pages.currentWidget() is shell.supervisor)
    assert shell.head.place.toolTip() == ""


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"again": "another sentence altogether"}, "not the same"),
        ({"password": "short", "again": "short"}, "too short"),
    ],
)
def test_passwords_that_differ_or_are_short_set_nothing_up(qtbot, settled, type_in, typed, says):
    form = type_in(**{**SOMEBODY, **typed})
    qtbot.keyClick(form.rows["again"][1], Qt.Key.Key_Return)
    shell = settled()
    assert form.step == 2
    assert says in form.message.text()
    assert shell.pages.currentWidget() is shell.entrance


def test_what_was_typed_is_told_and_taken_up_again_but_no_password(shell, qtbot, type_in):
    form, told = shell.entrance.first, []
    form.typed.connect(told.append)
    type_in(station="Mail centre", **SOMEBODY)
    form.go_to(3)
    form.choices["library"]["package"].click()
    kept = told[-1]
    assert kept["station"] == "Mail centre"
    assert kept["library"] == "package"
    assert WORDS not in str(told)
    form.go_to(0)
    for _label, edit in form.rows.values():
        edit.clear()
    form.resume(kept)
    assert form.step == 2  # passwords are typed again
    assert form.text("station") == "Mail centre"
    assert form.text("password") == ""
    assert form.wanted.library == "package"
    qtbot.waitUntil(form.rows["password"][1].hasFocus)


def test_the_language_of_the_first_step_is_spoken_at_once(shell, qtbot):
    form = shell.entrance.first
    qtbot.mouseClick(form.languages["ar"], LEFT)
    assert form.isRightToLeft()
    assert form.languages["ar"].isChecked()
    assert str(data_folder()) in form.storage.text()


def test_a_package_chosen_leads_to_where_it_is_installed(shell, qtbot, settled, type_in):
    form = type_in(**SOMEBODY)
    form.go_to(3)
    qtbot.keyClick(form.choices["library"]["package"], Qt.Key.Key_Space)
    qtbot.keyClick(form.choices["analyser"]["emulated"], Qt.Key.Key_Space)
    qtbot.mouseClick(form.go, LEFT)
    settled()
    qtbot.waitUntil(lambda: shell.supervisor.current == "lists")
    qtbot.waitUntil(lambda: shell.analyser.panel.isVisible() and not shell.lane.busy)
    assert shell.analyser.panel.form.choice.emulated
    shell.analyser.panel.hide()
    settled()


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

    def test_a_password_that_is_checked_is_told(self, shell, qtbot, settled):
        form = shell.entrance.log_in
        form.name.setText("technician")
        qtbot.keyClicks(form.password, "not the right one")
        qtbot.mouseClick(form.go, LEFT)
        assert "being checked" in form.go.text()
        settled()
        assert form.go.text() == "Log in"

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
