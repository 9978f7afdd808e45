"""Who is logged in here, and until when. Kept in memory only: it ends with the program."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from spectra_app.errors import ForbiddenError

IDLE_S = 15 * 60
"""NIST SP 800-63B-3, 4.2.3 and 4.3.3, asks for 30 minutes at most, 15 at the highest level."""
WHOLE_S = 12 * 3600
"""NIST SP 800-63B-3, 4.2.3: log in again after 12 hours, whatever was done."""
FRESH_S = 5 * 60
"""How long after the password was typed somebody counts as standing here: for second persons."""
BACKWARDS_S = 60
"""A clock that was set back by more ends sessions: it would prolong them."""
LOG_IN = "log in"


@dataclass(frozen=True, eq=False, slots=True)
class Session:
    """Proof that somebody logged in; only the very object that `Sessions` gave out counts.

    Parameters
    ----------
    id : str
        Random.
    user : str
        Id of the user.
    since : str
        When the password was typed, ISO 8601 in UTC.
    """

    id: str = field(repr=False)
    user: str
    since: str


@dataclass(slots=True)
class _Open:
    session: Session
    last: str
    typed: str
    locked: bool = False
    used: bool = False


class Sessions:
    """The sessions of this process.

    Parameters
    ----------
    clock : callable
        Returns the time, ISO 8601 in UTC.
    idle_s : callable
        Returns after how many seconds without an act a session locks itself.
    """

    def __init__(
        self, clock: Callable[[], str], idle_s: Callable[[], int] = lambda: IDLE_S
    ) -> None:
        self._clock = clock
        self._idle_s = idle_s
        self._open: dict[str, _Open] = {}
        self._lock = threading.Lock()

    def open(self, user: str) -> Session:
        """Begin a session; the caller has checked the password."""
        now = self._clock()
        session = Session(secrets.token_hex(32), user, now)
        with self._lock:
            self._open[session.id] = _Open(session, now, now)
        return session

    def check(self, session: object) -> str:
        """Return whose session this is, and count this as an act.

        Raises
        ------
        ForbiddenError
            When it is none, has ended, or is locked.
        """
        with self._lock:
            open_ = self._find(session)
            self._lock_idle(open_)
            if open_.locked:
                raise ForbiddenError("the session is locked", "", "type your password again")
            open_.last = self._clock()
            return open_.session.user

    def owner(self, session: object) -> str:
        """Return whose session this is, locked or not.

        Raises
        ------
        ForbiddenError
            When it is none or has ended.
        """
        with self._lock:
            return self._find(session).session.user

    def is_locked(self, session: object) -> bool:
        """Return whether the password must be typed again; looking is no act."""
        with self._lock:
            open_ = self._find(session)
            self._lock_idle(open_)
            return open_.locked

    def lock(self, session: object) -> None:
        """Lock a session until the password is typed again."""
        with self._lock:
            self._find(session).locked = True

    def unlock(self, session: object) -> None:
        """Go on with a session; the caller has checked the password."""
        with self._lock:
            open_ = self._find(session)
            open_.locked, open_.used = False, False
            open_.last = open_.typed = self._clock()

    def close(self, session: object) -> None:
        """End a session."""
        with self._lock:
            del self._open[self._find(session).session.id]

    def close_all_of(self, user: str) -> None:
        """End every session of a user."""
        with self._lock:
            for key in [key for key, one in self._open.items() if one.session.user == user]:
                del self._open[key]

    def close_others(self, session: object) -> None:
        """End every other session of the same user."""
        with self._lock:
            mine = self._find(session).session
            for key in [key for key, one in self._open.items() if one.session.user == mine.user]:
                if key != mine.id:
                    del self._open[key]

    def use_once(self, session: object) -> None:
        """Take the fact that a password was typed just now; it counts for one act.

        Raises
        ------
        ForbiddenError
            When that was too long ago, or was used already.
        """
        with self._lock:
            open_ = self._find(session)
            if open_.used or not 0 <= seconds(open_.typed, self._clock()) <= FRESH_S:
                raise ForbiddenError(
                    "the second person's password was not typed for this act",
                    "",
                    "let the second person log in now",
                )
            open_.used = True

    def _find(self, session: object) -> _Open:
        open_ = self._open.get(session.id) if isinstance(session, Session) else None
        if open_ is None or open_.session is not session:
            raise ForbiddenError("nobody is logged in", "", LOG_IN)
        age = seconds(open_.session.since, self._clock())
        if not -BACKWARDS_S <= age <= WHOLE_S:
            del self._open[open_.session.id]
            raise ForbiddenError("the session is over", "", LOG_IN)
        return open_

    def _lock_idle(self, open_: _Open) -> None:
        idle = seconds(open_.last, self._clock())
        if not -BACKWARDS_S <= idle <= self._idle_s():
            open_.locked = True


def seconds(start: str, end: str) -> float:
    """Return the seconds between two times, ISO 8601."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def later(now: str, by_s: int) -> str:
    """Return the time so many seconds later, ISO 8601 in UTC, to the millisecond."""
    moment = datetime.fromisoformat(now) + timedelta(seconds=by_s)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
