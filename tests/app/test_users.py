"""What supervisors do about users, acts of two persons, emergency access, and demonstrations."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest

from spectra_app.errors import (
    AlteredError,
    DemoError,
    ForbiddenError,
    LogInError,
    PasswordError,
    RecordError,
)
from spectra_app.records.access import EMERGENCY, User
from spectra_app.records.demo import is_demo
from spectra_app.records.emergency import Emergency
from spectra_app.records.ledger.store import DATABASE
from spectra_app.records.ledger.verify import verify
from spectra_app.services import users
from spectra_app.services.emergency import (
    acknowledge_emergency,
    open_emergencies,
    use_emergency,
)
from spectra_app.services.office import open_office

WORDS = "seven green herons wade"
OTHER = "nine slow otters yawning"
REASON = "the supervisor is ill and a parcel must leave"


def acts(office):
    return [entry.act for entry in office.ledger.entries()]


@pytest.fixture
def second_supervisor(office, logged_in, office_clock):
    """Return the session of a second supervisor, u4; the password is WORDS."""
    users.add_user(
        office, logged_in["supervisor"], "two", "Second Su", role="supervisor", temporary=OTHER
    )
    session = users.log_in(office, "two", OTHER)
    users.change_password(office, session, OTHER, WORDS)
    office_clock.skip(31 * 86400)
    for role in logged_in:
        logged_in[role] = users.log_in(office, role, WORDS)
    return users.log_in(office, "two", WORDS)


def test_a_temporary_password_must_be_changed_first(office, logged_in):
    users.add_user(
        office, logged_in["supervisor"], "new", "New One", role="officer", temporary=OTHER
    )
    session = users.log_in(office, "new", OTHER)
    with pytest.raises(ForbiddenError, match="temporary"):
        office.require(session, "case.open")
    assert users.session_state(office, session).user.must_change
    with pytest.raises(PasswordError, match="old password"):
        users.change_password(office, session, OTHER, OTHER)
    with pytest.raises(LogInError):
        users.change_password(office, session, WORDS, "eleven loud geese marching")
    users.change_password(office, session, OTHER, WORDS)
    assert office.require(session, "case.open").id == "u4"
    assert [user.login for user in users.list_users(office, logged_in["supervisor"])] == [
        "supervisor", "officer", "technician", "new",
    ]  # fmt: skip


def test_changing_a_password_ends_the_other_sessions(office, logged_in):
    here = users.log_in(office, "officer", WORDS)
    users.change_password(office, here, WORDS, OTHER)
    assert office.allows(here, "case.open")
    assert not office.allows(logged_in["officer"], "case.open")
    with pytest.raises(LogInError):
        users.log_in(office, "officer", WORDS)


@pytest.mark.parametrize("name", ["\x1b[31mred", "a\u009b31m", "\udcff", "x" * 201, "a\u202eb"])
def test_names_are_text_that_can_be_printed(office, logged_in, name):
    me = logged_in["supervisor"]
    for login, shown in (("new", name), (name, "New One")):
        with pytest.raises(RecordError):
            users.add_user(office, me, login, shown, role="officer", temporary=OTHER)
    with pytest.raises(RecordError):
        users.rename_user(office, me, "u2", name)
    assert [user.id for user in users.list_users(office, me)] == ["u1", "u2", "u3"]


@pytest.mark.usefixtures("logged_in")
def test_a_station_whose_records_are_gone_has_no_new_first_supervisor(office):
    with closing(sqlite3.connect(office.ledger.folder / DATABASE)) as connection:
        connection.executescript(
            "DROP TRIGGER revisions_keep; DELETE FROM revisions WHERE kind = 'user'"
        )
    assert not users.has_users(office)
    with pytest.raises(AlteredError):
        users.set_up_first_supervisor(office, "me", "My Self", WORDS)


def test_names_are_given_once(office, logged_in):
    with pytest.raises(RecordError, match="taken"):
        users.add_user(
            office, logged_in["supervisor"], "OFFICER", "x", role="officer", temporary=OTHER
        )
    with pytest.raises(ValueError, match="boss"):
        users.add_user(office, logged_in["supervisor"], "x", "x", role="boss", temporary=OTHER)


def test_a_locked_user_is_out_at_once(office, logged_in):
    users.lock_user(office, logged_in["supervisor"], "u2", "left the service")
    with pytest.raises(ForbiddenError, match="nobody is logged in"):
        office.require(logged_in["officer"], "case.open")
    with pytest.raises(ForbiddenError, match="locked"):
        users.log_in(office, "officer", WORDS)
    assert acts(office)[-1] == "log-in of a locked user refused"
    with pytest.raises(LogInError, match="wrong"):
        users.log_in(office, "officer", OTHER)
    users.unlock_user(office, logged_in["supervisor"], "u2")
    assert users.log_in(office, "officer", WORDS)


def test_a_user_who_is_locked_at_another_desk_is_out_here(
    office, logged_in, office_clock, quick_passwords
):
    with open_office(office.folder, office_clock, passwords=quick_passwords) as desk:
        there = users.log_in(desk, "supervisor", WORDS)
        users.lock_user(desk, there, "u2", "left the service")
    with pytest.raises(ForbiddenError, match="this user is locked"):
        office.require(logged_in["officer"], "case.open")


def test_a_role_counts_from_the_next_act_on(office, logged_in):
    with pytest.raises(ForbiddenError, match="role officer"):
        office.require(logged_in["officer"], "second_technique.record")
    users.change_role(office, logged_in["supervisor"], "u2", "technician")
    assert office.require(logged_in["officer"], "second_technique.record").role == "technician"


def test_restricted_lists_need_clearance_beside_the_role(office, logged_in):
    assert not office.allows(logged_in["officer"], "restricted.show")
    users.clear_user(office, logged_in["supervisor"], "u2", cleared=True)
    assert office.allows(logged_in["officer"], "restricted.show")
    assert not office.allows(logged_in["supervisor"], "restricted.show")


def test_a_password_is_reset_by_somebody_else(office, logged_in):
    users.reset_password(office, logged_in["supervisor"], "u2", OTHER)
    assert not office.allows(logged_in["officer"], "case.open")
    with pytest.raises(LogInError):
        users.log_in(office, "officer", WORDS)
    again = users.log_in(office, "officer", OTHER)
    assert not office.allows(again, "case.open")


def test_a_name_changes_and_the_old_one_stays_in_the_history(office, logged_in):
    users.rename_user(office, logged_in["supervisor"], "u2", " Olga   New ")
    assert [one.record.name for one in office.ledger.history(User, "u2")][-2:] == [
        "The officer", "Olga New",
    ]  # fmt: skip
    with pytest.raises(RecordError, match="log-in name and a name"):
        users.rename_user(office, logged_in["supervisor"], "u2", " ")


def test_nobody_changes_themselves(office, logged_in):
    boss = logged_in["supervisor"]
    for act in (
        lambda: users.lock_user(office, boss, "u1", "x"),
        lambda: users.change_role(office, boss, "u1", "officer"),
        lambda: users.clear_user(office, boss, "u1", cleared=True),
        lambda: users.reset_password(office, boss, "u1", OTHER),
    ):
        with pytest.raises(ForbiddenError, match="themselves"):
            act()
    assert office.ledger.get(User, "u1").revision == 1


def test_no_act_names_people_in_its_entry(office, logged_in):
    users.lock_user(office, logged_in["supervisor"], "u2", "Mr Smith complained")
    use_emergency(office, logged_in["technician"], ["case.export"], "Mrs Miller is ill today")
    lines = "".join(entry.line().decode() for entry in office.ledger.entries())
    assert "Smith" not in lines
    assert "Miller" not in lines
    assert office.ledger.get(User, "u2").record.reason == "Mr Smith complained"


# --- Two persons ------------------------------------------------------------


def test_an_act_of_two_needs_another_person_just_now(office, logged_in, office_clock):
    officer, boss = logged_in["officer"], logged_in["supervisor"]
    assert office.require_second(officer, boss, "report.countersign").id == "u1"
    last = office.ledger.entries()[-1]
    assert (last.user, last.act) == ("u1", "agreed as second person")
    assert dict(last.details) == {"action": "report.countersign", "first": "u2"}
    with pytest.raises(ForbiddenError, match="not typed for this act"):
        office.require_second(officer, boss, "report.countersign")
    again = users.log_in(office, "supervisor", WORDS)
    office_clock.skip(301)
    with pytest.raises(ForbiddenError, match="not typed for this act"):
        office.require_second(officer, again, "report.countersign")


def test_one_person_is_not_two(office, logged_in):
    twice = users.log_in(office, "supervisor", WORDS)
    for second in (logged_in["supervisor"], twice):
        with pytest.raises(ForbiddenError, match="is the first one"):
            office.require_second(logged_in["supervisor"], second, "policy.change")


def test_the_second_person_must_be_one_the_table_allows(office, logged_in, second_supervisor):
    officer, boss = logged_in["officer"], logged_in["supervisor"]
    technician = logged_in["technician"]
    for first, second, action, match in (
        (boss, officer, "policy.change", "role officer cannot be the second"),
        (officer, technician, "report.countersign", "role technician cannot be the second"),
        (officer, boss, "policy.change", "role officer may not do that"),
        (officer, boss, "case.open", "cannot be the second"),
        (officer, None, "report.countersign", "nobody is logged in"),
    ):
        with pytest.raises(ForbiddenError, match=match):
            office.require_second(first, second, action)
    assert office.require_second(boss, technician, "policy.change").id == "u3"
    assert office.require_second(boss, second_supervisor, "retention.apply").id == "u4"


def test_nobody_makes_a_second_person_of_themselves(office, logged_in, office_clock):
    """A supervisor resets somebody's password, and logs in as that person, too."""
    boss = logged_in["supervisor"]
    users.reset_password(office, boss, "u3", OTHER)
    puppet = users.log_in(office, "technician", OTHER)
    with pytest.raises(ForbiddenError, match="temporary"):
        office.require_second(boss, puppet, "policy.change")
    users.change_password(office, puppet, OTHER, "eleven loud geese marching")
    with pytest.raises(ForbiddenError, match="less than a day ago"):
        office.require_second(boss, puppet, "policy.change")
    for days, refused in ((1, "from one hand"), (28, "from one hand"), (1, "")):
        office_clock.skip(days * 86400)
        boss = users.log_in(office, "supervisor", WORDS)
        real = users.log_in(office, "technician", "eleven loud geese marching")
        if refused:
            with pytest.raises(ForbiddenError, match=refused):
                office.require_second(boss, real, "policy.change")
    assert office.require_second(boss, real, "policy.change").id == "u3"


@pytest.fixture
def account(office, office_clock):
    """Return what makes an account with a password of its own; gives its session."""

    def made(by, login, role="supervisor"):
        users.add_user(office, by, login, login, role=role, temporary=OTHER)
        session = users.log_in(office, login, OTHER)
        users.change_password(office, session, OTHER, WORDS)
        return session

    def again(login, days):
        office_clock.skip(days * 86400)
        return users.log_in(office, login, WORDS)

    return made, again


def test_two_accounts_in_a_row_are_not_two_persons(office, logged_in, account):
    """A supervisor makes another account, that one a third: all three are in one hand."""
    make, again = account
    make(make(logged_in["supervisor"], "a"), "b", "technician")
    make(users.log_in(office, "supervisor", WORDS), "c", "technician")
    pairs = [("supervisor", "a"), ("supervisor", "b"), ("a", "b"), ("a", "c")]
    for days, match in ((0, "less than a day ago"), (2, "one hand")):
        again("supervisor", days)
        for first, second in pairs:
            with pytest.raises(ForbiddenError, match=match):
                office.require_second(again(first, 0), again(second, 0), "policy.change")
    with pytest.raises(ForbiddenError, match="one hand"):
        office.require_second(again("a", 0), again("supervisor", 0), "policy.change")
    assert office.require_second(again("a", 0), again("technician", 0), "policy.change").id == "u3"


def test_a_hand_that_knew_a_password_later_does_not_know_those_given_before(
    office, logged_in, account
):
    make, again = account
    users.clear_user(office, logged_in["supervisor"], "u3", cleared=False)
    make(logged_in["supervisor"], "a")
    make(again("a", 31), "b", "technician")  # a is out of the first one's hands by now
    boss = again("supervisor", 1)
    users.reset_password(office, boss, "u4", OTHER)
    users.change_password(office, users.log_in(office, "a", OTHER), OTHER, WORDS)
    boss = again("supervisor", 2)
    assert office.require_second(boss, again("b", 0), "policy.change").id == "u5"
    with pytest.raises(ForbiddenError, match="one hand"):
        office.require_second(boss, again("a", 0), "policy.change")


def test_two_supervisors_are_set_up_on_the_first_day(office):
    users.set_up_first_supervisor(office, "sue", "Sue Per", WORDS)
    sue = users.log_in(office, "sue", WORDS)
    with pytest.raises(RecordError, match="taken"):
        users.set_up_second_supervisor(office, sue, "Sue", "Another", OTHER)
    assert users.set_up_second_supervisor(office, sue, "sam", "Sam", OTHER).id == "u2"
    sam = users.log_in(office, "sam", OTHER)
    assert office.require_second(sue, sam, "policy.change").id == "u2"
    with pytest.raises(ForbiddenError, match="set up already"):
        users.set_up_second_supervisor(office, sue, "third", "Third", OTHER)
    assert [act for act in acts(office) if "log-in" not in act][-3:] == [
        "second supervisor set up", "logged in", "agreed as second person",
    ]  # fmt: skip


def test_a_library_is_released_by_two(office, logged_in):
    technician, boss = logged_in["technician"], logged_in["supervisor"]
    assert office.require_second(technician, boss, "library.release").id == "u1"
    with pytest.raises(ForbiddenError, match="role supervisor may not"):
        office.require_second(boss, technician, "library.release")


def test_the_second_person_may_not_be_locked(office, logged_in, second_supervisor):
    users.lock_session(office, second_supervisor)
    with pytest.raises(ForbiddenError, match="session is locked"):
        office.require_second(logged_in["officer"], second_supervisor, "report.countersign")
    users.unlock_session(office, second_supervisor, WORDS)
    assert office.require_second(logged_in["officer"], second_supervisor, "report.countersign")


# --- Emergency access ---------------------------------------------------------


def test_emergency_access_gives_named_rights_for_an_hour(office, logged_in, office_clock):
    officer = logged_in["officer"]
    assert not office.allows(officer, "case.export")
    use = use_emergency(office, officer, ["case.export"], REASON)
    assert acts(office)[-1] == "EMERGENCY ACCESS"
    assert users.session_state(office, officer).emergency_until == use.until
    assert office.require(officer, "case.export").id == "u2"
    last = office.ledger.entries()[-1]
    assert (last.act, dict(last.details)) == (
        "emergency right used", {"action": "case.export", "emergency": "e1"},
    )  # fmt: skip
    assert not office.allows(officer, "case.reopen")
    assert not office.allows(logged_in["technician"], "case.reopen")
    for _ in range(5):
        office_clock.skip(719)
        assert office.allows(officer, "case.export")
    office_clock.skip(10)
    assert not office.allows(officer, "case.export")
    assert users.session_state(office, officer).emergency_until == ""


def test_the_supervisor_sees_it_until_it_is_acknowledged(office, logged_in, office_clock):
    use_emergency(office, logged_in["officer"], ["case.export"], REASON)
    office_clock.skip(7200)
    boss = users.log_in(office, "supervisor", WORDS)
    assert users.session_state(office, boss).emergencies == 1
    (waiting,) = open_emergencies(office, boss)
    assert (waiting.user, waiting.reason) == ("u2", REASON)
    acknowledge_emergency(office, boss, waiting.id)
    assert open_emergencies(office, boss) == []
    with pytest.raises(RecordError, match="acknowledged already"):
        acknowledge_emergency(office, boss, waiting.id)
    kept = office.ledger.get(Emergency, waiting.id).record
    assert (kept.state, kept.acknowledged_by) == ("acknowledged", "u1")


def test_acknowledging_ends_it(office, logged_in):
    use_emergency(office, logged_in["officer"], ["case.export"], REASON)
    acknowledge_emergency(office, logged_in["supervisor"], "e1")
    assert not office.allows(logged_in["officer"], "case.export")


def test_who_used_it_does_not_acknowledge_it(office, logged_in):
    use_emergency(office, logged_in["officer"], ["case.export"], REASON)
    users.change_role(office, logged_in["supervisor"], "u2", "supervisor")
    with pytest.raises(ForbiddenError, match="themselves"):
        acknowledge_emergency(office, logged_in["officer"], "e1")


@pytest.mark.parametrize(
    "actions", [[], ["users.add"], ["case.export", "policy.change"], ["audit.show"], ["nonsense"]]
)
def test_emergency_access_gives_nothing_that_lasts(office, logged_in, actions):
    with pytest.raises(ForbiddenError, match="emergency access does not give"):
        use_emergency(office, logged_in["officer"], actions, REASON)
    with pytest.raises(ForbiddenError, match="needs a reason"):
        use_emergency(office, logged_in["officer"], ["case.export"], "  because  ")
    assert "EMERGENCY ACCESS" not in acts(office)


def test_emergency_access_is_no_way_to_more_rights(office, logged_in):
    officer = logged_in["officer"]
    users.add_user(office, logged_in["supervisor"], "cleared", "C", role="officer", temporary=OTHER)
    users.clear_user(office, logged_in["supervisor"], "u4", cleared=True)
    use_emergency(office, officer, EMERGENCY, REASON)
    for other in ("u1", "u3", "u4"):
        with pytest.raises(ForbiddenError, match="does not reach"):
            users.reset_password(office, officer, other, OTHER)
    users.add_user(office, logged_in["supervisor"], "peer", "P", role="officer", temporary=OTHER)
    users.reset_password(office, officer, "u5", WORDS)
    assert users.log_in(office, "peer", WORDS)


# --- Demonstrations -----------------------------------------------------------


@pytest.fixture
def demonstration(tmp_path, office_clock, quick_passwords):
    with open_office(
        tmp_path / "data", office_clock, demo=True, passwords=quick_passwords
    ) as opened:
        yield opened


def test_a_demonstration_lives_apart_and_says_so_everywhere(office, demonstration, logged_in):
    assert demonstration.demo
    assert not office.demo
    assert demonstration.folder == office.folder / "demo"
    assert demonstration.evidence.folder != office.evidence.folder
    assert demonstration.ledger.key.id != office.ledger.key.id
    assert not users.has_users(demonstration)
    users.set_up_first_supervisor(demonstration, "show", "Show Master", WORDS)
    session = users.log_in(demonstration, "show", WORDS)
    assert users.session_state(demonstration, session).demo
    entries = demonstration.ledger.entries()
    assert len(entries) == 3
    assert all(entry.details["demo"] is True for entry in entries)
    assert not is_demo(office.ledger.entries())
    assert not office.allows(session, "case.open")
    assert not demonstration.allows(logged_in["supervisor"], "case.open")
    assert not verify(demonstration.ledger.folder, demonstration.ledger.key.public).findings


def test_nothing_of_a_demonstration_gets_into_an_office(office, demonstration, logged_in):
    with pytest.raises(DemoError, match="cannot be mixed"):
        office.refuse_mixing(demonstration.ledger.entries())
    with pytest.raises(DemoError, match="cannot be mixed"):
        demonstration.refuse_mixing(office.ledger.entries())
    office.refuse_mixing(office.ledger.entries())
    demonstration.refuse_mixing(demonstration.ledger.entries())
    assert logged_in


def test_a_demonstration_cannot_be_opened_as_evidence(tmp_path, demonstration, office_clock):
    demonstration.ledger.close()
    with pytest.raises(DemoError, match="not evidence"), open_office(demonstration.folder):
        pytest.fail("it was opened")
    other = tmp_path / "other"
    shutil.copytree(demonstration.folder / "station", other / "station")
    with pytest.raises(DemoError, match="not evidence"), open_office(other, office_clock):
        pytest.fail("it was opened")


def test_evidence_cannot_be_opened_as_a_demonstration(tmp_path, office, logged_in, office_clock):
    office.ledger.close()
    shutil.copytree(office.folder, tmp_path / "other" / "demo")
    with (
        pytest.raises(DemoError, match="not a demonstration"),
        open_office(tmp_path / "other", office_clock, demo=True),
    ):
        pytest.fail("it was opened")
    assert logged_in
