"""Users: the first supervisor, log-in, and what supervisors do about others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from spectra_app.errors import AlteredError, ForbiddenError, PasswordError, RecordError
from spectra_app.records.access import ACTIVE, LOCKED, AccessSettings, Role, User
from spectra_app.records.emergency import OPEN, Emergency
from spectra_app.records.kinds.removal import BEGUN, Removal
from spectra_app.records.ledger.chain import CUT
from spectra_app.records.ledger.record import Stored
from spectra_app.records.ledger.writing import Secret
from spectra_app.records.passwords import check_password, folded_login, normal
from spectra_app.records.sessions import Session
from spectra_app.services.logging_in import check_typed, keep_password, log_in
from spectra_app.services.office import ASK, Office

__all__ = [
    "add_user",
    "change_password",
    "change_role",
    "check_never_begun",
    "clear_user",
    "has_users",
    "list_users",
    "lock_session",
    "lock_user",
    "log_in",
    "log_out",
    "rename_user",
    "reset_password",
    "session_state",
    "set_idle_limit",
    "set_up_first_supervisor",
    "set_up_second_supervisor",
    "unlock_session",
    "unlock_user",
    "user_named",
]

FIRST = "u1"
UNLOCKED = "user unlocked"
MOST_IDLE_MINUTES = 30
LONGEST_NAME = 200
UNPRINTED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control signs, and those that turn the direction of writing: names stand on reports."""


@dataclass(frozen=True, slots=True)
class SessionState:
    """What a window or prompt shows about a session.

    Parameters
    ----------
    user : User
        Whose it is.
    demo : bool
        Whether this is a demonstration.
    emergency_until : str
        Until when emergency access runs; empty when none does. Shown as a banner.
    emergencies : int
        Uses of emergency access that wait for a supervisor; 0 for others.
    removals : int
        Removals of evidence that were interrupted and wait for a supervisor; 0 for others.
    """

    user: User
    demo: bool
    emergency_until: str
    emergencies: int
    removals: int


def has_users(office: Office) -> bool:
    """Return whether the station was set up: whether there ever was a user."""
    return _count(office) > 0


def check_never_begun(office: Office) -> None:
    """Check that a station without users is a new one, not one whose records are gone.

    Raises
    ------
    AlteredError
        When the chain tells of users that are not there, or was found cut: who takes the database
        away would otherwise be the next first supervisor.
    """
    office.ledger.find(User)
    if any(entry.act == CUT for entry in office.ledger.entries()):
        raise AlteredError(
            "this station had records, and they are gone: its database is not the one that was "
            "written last",
            str(office.ledger.folder),
            "put the database back, or restore a backup elsewhere; to begin anew, move the whole "
            "data folder away and keep it",
        )


def set_up_first_supervisor(office: Office, login: str, name: str, password: str) -> User:
    """Make the first user; possible only while there has never been one.

    Raises
    ------
    ForbiddenError
        When there is a user already.
    PasswordError
        When the password may not be used.
    AlteredError
        When the station is not a new one; see `check_never_begun`.
    """
    if has_users(office):
        raise _set_up_already()
    check_never_begun(office)
    user = _new(FIRST, login, name, Role.SUPERVISOR)
    check_password(password, user.login, name)
    keep = keep_password(office, None, user, password)
    try:
        with office.ledger.writing(FIRST) as writing:
            return keep(writing, "first supervisor set up")
    except RecordError as error:  # another process was faster
        raise _set_up_already() from error


def set_up_second_supervisor(
    office: Office, session: Session, login: str, name: str, password: str
) -> User:
    """Make a second supervisor, who chooses the password: nobody gave it, and nobody else knows it.

    Possible only while the first supervisor is alone: from then on passwords are given, and who
    gave them is followed (`Office.check_apart`).

    Raises
    ------
    ForbiddenError
        When there are other users already.
    PasswordError, RecordError
        When the password may not be used, or the log-in name is taken.
    """
    me = office.require(session, "users.add")
    if _count(office) > 1:
        raise _set_up_already()
    user = _new("u2", login, name, Role.SUPERVISOR)
    if user.login == me.login:
        raise RecordError("this log-in name is taken", user.login, "choose another one")
    check_password(password, user.login, name)
    keep = keep_password(office, None, user, password)
    try:
        with office.ledger.writing(me.id) as writing:
            return keep(writing, "second supervisor set up")
    except RecordError as error:  # somebody was added meanwhile
        raise _set_up_already() from error


def log_out(office: Office, session: Session) -> None:
    """End a session, locked or not."""
    user = office.sessions.owner(session)
    office.sessions.close(session)
    with office.ledger.writing(user) as writing:
        writing.note("logged out")


def lock_session(office: Office, session: Session) -> None:
    """Lock a session until its user types the password again."""
    user = office.sessions.owner(session)
    office.sessions.lock(session)
    with office.ledger.writing(user) as writing:
        writing.note("session locked")


def unlock_session(office: Office, session: Session, password: str) -> None:
    """Go on with a locked session.

    Raises
    ------
    LogInError, ForbiddenError
        As `log_in`.
    """
    stored = _stored(office, office.sessions.owner(session))
    check_typed(office, stored, stored.record.login, password, "session unlocked")
    office.sessions.unlock(session)


def change_password(office: Office, session: Session, old: str, new: str) -> None:
    """Change one's own password; every other session of this user ends.

    Raises
    ------
    LogInError
        When the old one is wrong.
    PasswordError
        When the new one may not be used.
    """
    me = office.require(session, "password.change")
    check_password(new, me.login, me.name)
    if normal(new) == normal(old):
        raise PasswordError("this is the old password", "", "take another one")
    check_typed(office, _stored(office, me.id), me.login, old, "password typed again")
    stored = _stored(office, me.id)
    changed = msgspec.structs.replace(stored.record, must_change=False)
    keep = keep_password(office, stored, changed, new)
    with office.ledger.writing(me.id) as writing:
        keep(writing, "password changed")
    office.sessions.close_others(session)


def session_state(office: Office, session: Session) -> SessionState:
    """Return what a window or prompt shows about a session."""
    me = office.require(session, "session.show")
    now = office.clock()
    uses = [stored.record for stored in office.ledger.find(Emergency, state=OPEN)]
    mine = [use.until for use in uses if use.user == me.id and use.runs(now)]
    supervisor = me.role == Role.SUPERVISOR
    removals = len(office.ledger.find(Removal, state=BEGUN)) if supervisor else 0
    waiting = len(uses) if supervisor else 0
    return SessionState(me, office.demo, max(mine, default=""), waiting, removals)


def set_idle_limit(office: Office, session: Session, minutes: int) -> None:
    """Set after how many minutes without an act sessions lock themselves.

    Raises
    ------
    RecordError
        When that is not 1 to 30 (NIST SP 800-63B-3, 4.2.3).
    """
    me = office.require(session, "session.configure")
    if not 1 <= minutes <= MOST_IDLE_MINUTES:
        raise RecordError(
            f"sessions lock after 1 to {MOST_IDLE_MINUTES} minutes", str(minutes), "choose another"
        )
    found = office.ledger.find(AccessSettings)
    settings = AccessSettings(id="station", idle_minutes=minutes)
    with office.ledger.writing(me.id) as writing:
        writing.put(
            settings,
            "session limit set",
            after=found[0].revision if found else 0,
            details={"idle_minutes": minutes},
        )


def list_users(office: Office, session: Session) -> list[User]:
    """Return all users."""
    office.require(session, "users.show")
    return [stored.record for stored in office.ledger.find(User)]


def user_named(office: Office, session: Session, login: str) -> User:
    """Return the user with a log-in name.

    Raises
    ------
    RecordError
        When there is none.
    """
    office.require(session, "users.show")
    found = office.ledger.find(User, login=folded_login(login))
    if not found:
        raise RecordError("there is no such user", login, "look it up: 'spectra users list'")
    return found[0].record


def add_user(
    office: Office, session: Session, login: str, name: str, *, role: Role, temporary: str
) -> User:
    """Add a user, whose first act will be to change the temporary password.

    Raises
    ------
    RecordError
        When the log-in name is taken.
    PasswordError
        When the password may not be used.
    """
    me = office.require(session, "users.add")
    user = _given(office, me, _new(f"u{_count(office) + 1}", login, name, role))
    if office.ledger.find(User, login=user.login):
        raise RecordError("this log-in name is taken", user.login, "choose another one")
    check_password(temporary, user.login, name)
    keep = keep_password(office, None, user, temporary)
    with office.ledger.writing(me.id) as writing:
        return keep(writing, "user added")


def lock_user(office: Office, session: Session, user: str, why: str) -> None:
    """Lock a user: every session ends, no log-in is possible."""
    me = office.require(session, "users.lock")
    _change(office, me, user, "user locked", state=LOCKED, reason=why)
    office.sessions.close_all_of(user)


def unlock_user(office: Office, session: Session, user: str) -> None:
    """Unlock a user; log-ins that failed are forgotten."""
    me = office.require(session, "users.unlock")
    _change(office, me, user, UNLOCKED, state=ACTIVE, reason="")


def change_role(office: Office, session: Session, user: str, role: Role) -> None:
    """Give a user another role."""
    me = office.require(session, "users.change_role")
    _change(office, me, user, "role changed", role=Role(role).value)


def rename_user(office: Office, session: Session, user: str, name: str) -> None:
    """Change the name that stands on reports; those issued keep the old one.

    Raises
    ------
    RecordError
        When there is none.
    """
    me = office.require(session, "users.rename")
    stored = _other(office, me, user).record
    shown = _new(stored.id, stored.login, name, Role(stored.role)).name
    _change(office, me, user, "user renamed", name=shown)


def clear_user(office: Office, session: Session, user: str, cleared: bool) -> None:
    """Say whether a user may see findings of restricted lists."""
    me = office.require(session, "users.clear")
    _change(office, me, user, "clearance changed", cleared=cleared)


def reset_password(office: Office, session: Session, user: str, temporary: str) -> None:
    """Give a user a temporary password, which has to be changed first; every session ends.

    Raises
    ------
    PasswordError
        When the password may not be used.
    """
    me = office.require(session, "users.reset_password")
    stored = _other(office, me, user)
    _check_no_more_than(me, stored.record)
    check_password(temporary, stored.record.login, stored.record.name)
    keep = keep_password(office, stored, _given(office, me, stored.record), temporary)
    with office.ledger.writing(me.id) as writing:
        keep(writing, "password reset")
    office.sessions.close_all_of(user)


def _given(office: Office, me: User, user: User) -> User:
    return msgspec.structs.replace(user, must_change=True, given_by=me.id, given_at=office.clock())


def _change(office: Office, me: User, user: str, act: str, **fields: Any) -> None:
    stored = _other(office, me, user)
    changed = msgspec.structs.replace(stored.record, **fields)
    with office.ledger.writing(me.id) as writing:
        _check_still(office, me)
        writing.put(changed, act, after=stored.revision)
        secret = writing.secret(user)
        if act == UNLOCKED and secret is not None:
            writing.set_secret(user, Secret(secret.hash))


def _check_still(office: Office, me: User) -> None:
    """Check within the transaction: two supervisors who lock each other leave one."""
    if office.user(me.id) != me:
        raise ForbiddenError("this user was changed meanwhile", "", "log in again")


def _check_no_more_than(me: User, other: User) -> None:
    """In an emergency nobody gets the password of somebody who may do more."""
    if me.role != Role.SUPERVISOR and (other.role != me.role or other.cleared > me.cleared):
        raise ForbiddenError("emergency access does not reach this user", "", ASK)


def _other(office: Office, me: User, user: str) -> Stored[User]:
    """Return somebody else: what concerns oneself is done by another supervisor."""
    if user == me.id:
        raise ForbiddenError("nobody may do that to themselves", "", "ask another supervisor")
    return _stored(office, user)


def _stored(office: Office, user: str) -> Stored[User]:
    return office.ledger.get(User, user)


def _new(id_: str, login: str, name: str, role: Role) -> User:
    folded, shown = folded_login(login), " ".join(name.split())
    if not folded or not shown:
        raise RecordError("a user needs a log-in name and a name", "", "give both")
    if max(len(folded), len(shown)) > LONGEST_NAME or UNPRINTED.search(folded + shown):
        raise RecordError(
            "a name is too long, or holds characters that cannot be printed", id_, "correct it"
        )
    return User(id=id_, login=folded, name=shown, role=Role(role).value)


def _count(office: Office) -> int:
    query = "SELECT COUNT(*) FROM revisions WHERE kind = 'user' AND revision = 1"
    with office.ledger.reading() as connection:
        (count,) = connection.execute(query).fetchone()
    return int(count)


def _set_up_already() -> ForbiddenError:
    return ForbiddenError("this station was set up already", "", ASK)
