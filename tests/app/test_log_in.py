"""Log-in: the first supervisor, wrong passwords, waits, locks, and what the chain says of them."""

from __future__ import annotations

import hashlib
import sqlite3
import sys
import threading
from contextlib import closing
from typing import ClassVar

import pytest

from spectra_app.errors import ForbiddenError, LedgerError, LogInError, PasswordError
from spectra_app.records.access import User
from spectra_app.records.ledger.store import DATABASE
from spectra_app.records.ledger.verify import verify
from spectra_app.records.ledger.writing import Secret
from spectra_app.records.passwords import Cost, Passwords
from spectra_app.records.sessions import Session
from spectra_app.services import users
from spectra_app.services.audit import verify_folder
from spectra_app.services.logging_in import MOST_FAILURES, wait_s
from spectra_app.services.office import open_office

WORDS = "seven green herons wade"
OTHER = "nine slow otters yawning"


def acts(office):
    return [entry.act for entry in office.ledger.entries()]


def fail(office, login, times=1):
    for _ in range(times):
        with pytest.raises(LogInError):
            users.log_in(office, login, "wrong words that are long")


def test_nobody_is_there_at_first_and_nobody_can_log_in(office):
    assert not users.has_users(office)
    assert office.ledger.entries() == []
    for login, password in (("admin", "admin"), ("", ""), ("supervisor", "supervisor")):
        with pytest.raises(LogInError, match="wrong"):
            users.log_in(office, login, password)


def test_the_first_supervisor_is_set_up_once(office):
    user = users.set_up_first_supervisor(office, " Sup ", "Sue  Per", WORDS)
    assert (user.id, user.login, user.name, user.role) == ("u1", "sup", "Sue Per", "supervisor")
    assert acts(office) == ["first supervisor set up"]
    with pytest.raises(ForbiddenError, match="set up already"):
        users.set_up_first_supervisor(office, "mallory", "Mallory", OTHER)
    with office.ledger.writing("u1") as writing:
        writing.remove_content("user", "u1", "retention over")
    with pytest.raises(ForbiddenError, match="set up already"):
        users.set_up_first_supervisor(office, "mallory", "Mallory", OTHER)


def test_the_first_supervisor_needs_a_password_too(office):
    with pytest.raises(PasswordError):
        users.set_up_first_supervisor(office, "sup", "Sue Per", "sup")
    with pytest.raises(LedgerError, match="log-in name"):
        users.set_up_first_supervisor(office, " ", "Sue Per", WORDS)
    assert not users.has_users(office)


def test_the_ledger_holds_no_password_and_entries_no_names(office, logged_in):
    fail(office, "officer")
    fail(office, WORDS)
    lines = "".join(entry.line().decode() for entry in office.ledger.entries())
    for private in ("Sue", "officer", "The", "herons", "argon"):
        assert private not in lines.replace("log-in", "")
    bodies = [stored.record for stored in office.ledger.find(User)]
    assert "argon" not in str(bodies)
    assert not verify(office.ledger.folder, office.ledger.key.public).findings
    assert b"herons" not in (office.ledger.folder / DATABASE).read_bytes()
    assert logged_in["officer"].user == "u2"


def test_a_log_in_does_not_mind_case_and_width(office, logged_in):
    session = users.log_in(office, "  Ｏfficer ", WORDS)
    assert office.require(session, "case.open").id == "u2"
    assert session.id != logged_in["officer"].id
    assert session.id not in repr(session)


def test_every_log_in_is_entered(office, logged_in):
    before = len(acts(office))
    fail(office, "officer")
    fail(office, "nobody")
    users.log_out(office, logged_in["officer"])
    entries = office.ledger.entries(before + 1)
    assert [(entry.act, entry.user, dict(entry.details)) for entry in entries] == [
        ("log-in failed", "program", {"user": "u2", "failures": 1}),
        ("log-in failed", "program", {"user": "", "failures": 1}),
        ("logged out", "u2", {}),
    ]
    with pytest.raises(ForbiddenError, match="nobody is logged in"):
        office.require(logged_in["officer"], "case.open")


@pytest.mark.parametrize("login", ["officer", "nobody"])
def test_waits_grow_and_a_name_that_nobody_has_waits_as_long(
    office, logged_in, office_clock, login
):
    fail(office, login, 3)
    with pytest.raises(LogInError, match="too early to try again; wait 2 seconds"):
        users.log_in(office, login, WORDS)
    office_clock.skip(1)
    with pytest.raises(LogInError, match=r"wait 1 second$"):
        users.log_in(office, login, WORDS)
    office_clock.skip(1)
    fail(office, login)
    office_clock.skip(2)
    with pytest.raises(LogInError, match="too early to try again; wait 2 seconds"):
        users.log_in(office, login, WORDS)
    assert acts(office).count("log-in refused, too early") == 3
    assert logged_in


def test_waits_are_bounded():
    assert [wait_s(n) for n in range(9)] == [0, 0, 0, 2, 4, 8, 16, 32, 64]
    assert wait_s(50) == wait_s(10**6) == 900


def test_a_right_password_ends_the_wait_for_good(office, logged_in, office_clock):
    fail(office, "officer", 3)
    office_clock.skip(3)
    users.log_in(office, "officer", WORDS)
    fail(office, "officer", 2)
    users.log_in(office, "officer", WORDS)
    assert logged_in


def test_a_wait_survives_the_end_of_the_program(office, logged_in, office_clock, quick_passwords):
    fail(office, "officer", 4)
    fail(office, "nobody", 4)
    folder = office.folder
    with open_office(folder, office_clock, passwords=quick_passwords) as again:
        for login in ("officer", "nobody"):
            with pytest.raises(LogInError, match="too early"):
                users.log_in(again, login, WORDS)
        with pytest.raises(ForbiddenError, match="nobody is logged in"):
            again.require(logged_in["officer"], "case.open")


def test_a_clock_that_is_set_back_makes_nobody_wait_for_a_year(office, logged_in, office_clock):
    office_clock.skip(365 * 86400)
    fail(office, "officer", 4)
    office_clock.skip(-365 * 86400)
    assert users.log_in(office, "officer", WORDS)
    assert logged_in


def test_after_a_hundred_failures_a_supervisor_must_help(office, logged_in, office_clock):
    with office.ledger.writing("program") as writing:
        secret = writing.secret("u2")
        writing.set_secret("u2", Secret(secret.hash, MOST_FAILURES - 1))
    fail(office, "officer")
    office_clock.skip(86400 / 4)
    with pytest.raises(LogInError, match="too many failures"):
        users.log_in(office, "officer", WORDS)
    session = users.log_in(office, "supervisor", WORDS)
    users.unlock_user(office, session, "u2")
    assert users.log_in(office, "officer", WORDS)
    assert logged_in


def test_many_guesses_at_once_gain_nothing(office, logged_in):
    ended = []

    def guess(number):
        try:
            users.log_in(office, "officer", f"guess number {number}")
        except LogInError as error:
            ended.append("early" if "early" in str(error) else "wrong")

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (ended.count("wrong"), ended.count("early")) == (3, 9)
    assert logged_in


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such modes there")
def test_others_on_this_computer_cannot_look_into_the_station(office):
    assert office.ledger.folder.stat().st_mode & 0o777 == 0o700


def test_an_unknown_name_costs_as_much_as_a_known_one(office_clock, tmp_path):
    class Counting(Passwords):
        """Notes what is computed, and at which cost."""

        done: ClassVar[list[str]] = []

        def hash(self, password):
            self.done.append("hash")
            return super().hash(password)

        def fits(self, stored, password):
            self.done.append(stored.rpartition("$")[0].rpartition("$")[0])
            return super().fits(stored, password)

    with open_office(tmp_path, office_clock, passwords=Counting(Cost(2, 16, 2))) as office:
        users.set_up_first_supervisor(office, "sup", "Sue", WORDS)
        Counting.done.clear()
        fail(office, "sup")
        fail(office, "nobody")
    assert Counting.done == ["$argon2id$v=19$m=16,t=2,p=2"] * 2


def test_counters_of_unknown_names_do_not_pile_up(office, office_clock):
    fail(office, "nobody")
    office_clock.skip(2 * 86400)
    fail(office, "somebody")
    with office.ledger.reading() as connection:
        kept = [row[0] for row in connection.execute("SELECT user FROM secrets")]
    assert kept == ["?" + hashlib.sha256(b"somebody").hexdigest()]


def swap(office, sql):
    with closing(sqlite3.connect(office.ledger.folder / DATABASE)) as connection, connection:
        assert connection.execute(sql).rowcount == 1


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE secrets SET hash = (SELECT hash FROM secrets WHERE user = 'u2') WHERE user = 'u1'",
        "UPDATE secrets SET hash = '' WHERE user = 'u1'",
        "DELETE FROM secrets WHERE user = 'u1'",
    ],
)
def test_a_password_hash_that_was_swapped_lets_nobody_in(office, logged_in, sql):
    swap(office, sql)
    with pytest.raises(LedgerError, match="not the one that was recorded"):
        users.log_in(office, "supervisor", WORDS)
    assert acts(office)[-1] == "password hash is not the one recorded"
    found = verify_folder(office.ledger.folder).result.findings
    assert [(one.code, one.where) for one in found] == [("password_swapped", "user u1")]
    assert logged_in


def test_passwords_that_nobody_touched_are_found_as_recorded(office, logged_in):
    assert verify_folder(office.ledger.folder).holds
    users.reset_password(office, logged_in["supervisor"], "u2", OTHER)
    assert verify_folder(office.ledger.folder).holds


def test_a_hash_of_an_older_cost_is_made_anew(office, logged_in, office_clock):
    dearer = Passwords(Cost(passes=2, memory_kib=16, lanes=1))
    with open_office(office.folder, office_clock, passwords=dearer) as again:
        users.log_in(again, "officer", WORDS)
        assert acts(again)[-2:] == ["password hashed anew", "logged in"]
        users.log_in(again, "officer", WORDS)
        assert acts(again)[-2:] == ["logged in", "logged in"]
        stored = again.ledger.get(User, "u2").record
    with office.ledger.writing("program") as writing:
        secret = writing.secret("u2")
    assert secret.hash.startswith("$argon2id$v=19$m=16,t=2,p=1$")
    assert stored.secret_sha256 == hashlib.sha256(secret.hash.encode()).hexdigest()
    assert logged_in


def test_a_session_locks_itself(office, logged_in, office_clock):
    officer = logged_in["officer"]
    office_clock.skip(14 * 60)
    assert office.require(officer, "case.open")
    office_clock.skip(14 * 60)
    assert office.require(officer, "case.open")
    office_clock.skip(16 * 60)
    assert not office.allows(officer, "case.open")
    with pytest.raises(ForbiddenError, match="session is locked"):
        office.require(officer, "case.open")
    with pytest.raises(LogInError):
        users.unlock_session(office, officer, "wrong words that are long")
    users.unlock_session(office, officer, WORDS)
    assert office.require(officer, "case.open").id == "u2"
    assert acts(office)[-2:] == ["log-in failed", "session unlocked"]


def test_a_session_is_locked_by_hand(office, logged_in):
    users.lock_session(office, logged_in["officer"])
    assert office.sessions.is_locked(logged_in["officer"])
    assert not office.allows(logged_in["officer"], "case.open")
    users.unlock_session(office, logged_in["officer"], WORDS)
    assert office.allows(logged_in["officer"], "case.open")


def test_a_session_is_over_after_a_day_of_work(office, logged_in, office_clock):
    for _ in range(12 * 5):
        office_clock.skip(11 * 60)
        assert office.allows(logged_in["officer"], "case.open")
    office_clock.skip(3600)
    with pytest.raises(ForbiddenError, match="session is over"):
        users.unlock_session(office, logged_in["officer"], WORDS)


def test_a_clock_that_is_set_back_prolongs_no_session(office, logged_in, office_clock):
    office_clock.skip(600)
    assert office.allows(logged_in["officer"], "case.open")
    office_clock.skip(-3600)
    assert not office.allows(logged_in["officer"], "case.open")


def test_a_station_sets_its_own_limit(office, logged_in, office_clock):
    users.set_idle_limit(office, logged_in["supervisor"], 2)
    office_clock.skip(100)
    assert office.allows(logged_in["officer"], "case.open")
    office_clock.skip(130)
    assert not office.allows(logged_in["officer"], "case.open")
    users.unlock_session(office, logged_in["supervisor"], WORDS)
    for minutes in (0, 31):
        with pytest.raises(LedgerError, match="1 to 30"):
            users.set_idle_limit(office, logged_in["supervisor"], minutes)
    users.set_idle_limit(office, logged_in["supervisor"], 30)


@pytest.mark.parametrize("forged", [None, "u1", 1, Session("x", "u1", "2026-11-22T10:00:00Z")])
def test_what_is_no_session_is_nobody(office, logged_in, forged):
    with pytest.raises(ForbiddenError, match="nobody is logged in"):
        office.require(forged, "case.open")
    copied = Session(logged_in["officer"].id, "u1", logged_in["officer"].since)
    with pytest.raises(ForbiddenError, match="nobody is logged in"):
        office.require(copied, "case.open")
