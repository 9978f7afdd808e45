"""Log-ins: counted before the password is looked at, slowed down, and entered in the chain.

A name that nobody has is treated as one that somebody has: it takes as long, it is slowed down, and
it gets the same answer. What was typed as a name is kept nowhere, because people type passwords
there: counters of unknown names are kept under a hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from spectra_app.errors import ForbiddenError, LogInError, SwappedError
from spectra_app.records.access import ACTIVE, User
from spectra_app.records.ledger.record import Stored
from spectra_app.records.ledger.store import PROGRAM
from spectra_app.records.ledger.writing import Secret, Writing
from spectra_app.records.passwords import folded_login, secret_digest
from spectra_app.records.sessions import BACKWARDS_S, Session, later, seconds
from spectra_app.services.office import ASK, Office

FREE = 2
"""Failures without a wait: people mistype."""
LONGEST_WAIT_S = 15 * 60
MOST_FAILURES = 100
"""NIST SP 800-63B-3, 5.2.2: no more failures in a row than 100; then a supervisor must help."""
FORGET_S = 24 * 3600
"""How long a name that nobody has is remembered after its wait."""
UNKNOWN = "?"
WRONG = "name or password is wrong"


def log_in(office: Office, login: str, password: str) -> Session:
    """Log somebody in.

    Raises
    ------
    LogInError
        When name or password is wrong, or it is too early to try again.
    ForbiddenError
        When they are right and the user is locked.
    SwappedError
        When the password's hash is not the one that was recorded.
    """
    found = office.ledger.find(User, login=folded_login(login))
    stored = found[0] if found else None
    return office.sessions.open(check_typed(office, stored, login, password, "logged in").id)


def check_typed(
    office: Office, stored: Stored[User] | None, login: str, password: str, act: str
) -> User:
    """Check a password that was typed, and enter what came of it; see `log_in`."""
    name = stored.record.id if stored else _hidden(login)
    secret = _count(office, name, stored)
    if stored is None:
        office.passwords.fits(office.passwords.of_nobody, password)
        raise _failed(office, "", secret)
    user = stored.record
    if secret_digest(secret.hash) != user.secret_sha256:
        _note(office, "password hash is not the one recorded", user.id)
        raise SwappedError(
            "the password's hash is not the one that was recorded: it was changed by another way",
            f"user {user.id}",
            "tell the supervisor, who resets the password; run 'spectra audit verify'",
        )
    if not office.passwords.fits(secret.hash, password):
        raise _failed(office, user.id, secret)
    if user.state != ACTIVE:
        _note(office, "log-in of a locked user refused", user.id)
        raise ForbiddenError("this user is locked", "", ASK)
    anew = office.passwords.is_outdated(secret.hash)
    keep = keep_password(office, stored, user, password) if anew else None
    with office.ledger.writing(user.id) as writing:
        if keep is not None:
            user = keep(writing, "password hashed anew")
        else:
            writing.set_secret(user.id, Secret(secret.hash))
        writing.note(act)
    return user


def keep_password(
    office: Office, stored: Stored[User] | None, user: User, password: str
) -> Callable[[Writing, str], User]:
    """Hash a password; return what keeps it, with the user's record that names the hash.

    Hashing takes long and nobody else can write meanwhile, so it is done before writing.
    """
    hashed = office.passwords.hash(password)
    changed = msgspec.structs.replace(user, secret_sha256=secret_digest(hashed))

    def keep(writing: Writing, act: str) -> User:
        writing.put(changed, act, after=stored.revision if stored else 0)
        writing.set_secret(user.id, Secret(hashed))
        return changed

    return keep


def wait_s(failures: int) -> int:
    """Return the seconds to wait after so many failures in a row."""
    if failures <= FREE:
        return 0
    return int(min(2 ** min(failures - FREE, 30), LONGEST_WAIT_S))


def _count(office: Office, name: str, stored: Stored[User] | None) -> Secret:
    """Count an attempt as failed before it is looked at: many at once gain nothing."""
    with office.ledger.writing(PROGRAM) as writing:
        now = writing.time
        secret = writing.secret(name) or Secret()
        left = _left_s(secret, now)
        locked = secret.failures >= MOST_FAILURES
        if left > 0 or locked:
            writing.note("log-in refused, too early", {"user": stored.record.id if stored else ""})
        else:
            failures = secret.failures + 1
            wait = later(now, wait_s(failures)) if wait_s(failures) else ""
            secret = Secret(secret.hash, failures, wait or now)
            writing.set_secret(name, secret)
            writing.forget_secrets(UNKNOWN + "%", later(now, -FORGET_S))
    if locked:
        raise LogInError("there were too many failures with this name", "", ASK)
    if left > 0:
        raise LogInError("too early to try again", "", f"wait {_in_words(left)}")
    return secret


def _left_s(secret: Secret, now: str) -> int:
    if not secret.wait_until:
        return 0
    left = seconds(now, secret.wait_until)
    # More than was ever asked for: the clock has been set back since. Nobody waits a year for it.
    if left > wait_s(secret.failures) + BACKWARDS_S:
        return 0
    return max(0, -int(-left // 1))


def _failed(office: Office, user: str, secret: Secret) -> LogInError:
    _note(office, "log-in failed", user, secret.failures)
    wait = wait_s(secret.failures)
    return LogInError(WRONG, "", f"try again in {_in_words(wait)}" if wait else "try again")


def _in_words(time_s: int) -> str:
    return f"{time_s} second{'' if time_s == 1 else 's'}"


def _note(office: Office, act: str, user: str, failures: int = 0) -> None:
    with office.ledger.writing(PROGRAM) as writing:
        writing.note(act, {"user": user, "failures": failures})


def _hidden(login: str) -> str:
    return UNKNOWN + hashlib.sha256(folded_login(login).encode()).hexdigest()
