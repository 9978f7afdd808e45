"""The office: a station's ledger and evidence, and who is logged in. Every act goes through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from spectra_app.errors import ForbiddenError, RecordError
from spectra_app.records.access import ACTIVE, CLEARED, FIRST_OF_ALL, Role, User, roles_of
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.ledger.head import station_key
from spectra_app.records.ledger.store import Ledger
from spectra_app.records.passwords import Passwords
from spectra_app.records.sessions import Session, Sessions
from spectra_app.settings import data_folder, made

STATION, KEYS, EVIDENCE = "station", "keys", "evidence"
ASK = "ask the supervisor"

__all__ = ["Office", "Session", "open_office", "utc_now"]


def utc_now() -> str:
    """Return the time of the computer's clock, ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, eq=False, slots=True)
class Office:
    """What every service about cases, users and reports is given first.

    Parameters
    ----------
    ledger : Ledger
        Records and audit chain.
    evidence : EvidenceStore
        Frames, files, photos, results, reports: by SHA-256.
    clock : callable
        Returns the time, ISO 8601 in UTC.
    sessions : Sessions
        Who is logged in here.
    folder : Path
        The data folder; the ledger's own folder is ``station`` in it.
    passwords : Passwords
        How passwords are hashed.
    """

    ledger: Ledger
    evidence: EvidenceStore
    clock: Callable[[], str]
    sessions: Sessions
    folder: Path
    passwords: Passwords = field(default_factory=Passwords)

    def require(self, session: Session, action: str) -> User:
        """Return who acts, if that person may do this now. Every service asks this first.

        Raises
        ------
        ForbiddenError
            When nobody is logged in, the session is locked or over, the user is locked, or the
            table does not allow it.
        """
        user = self.user(self.sessions.check(session))
        if user.state != ACTIVE:
            self.sessions.close_all_of(user.id)
            raise ForbiddenError("this user is locked", "", ASK)
        if user.must_change and action not in FIRST_OF_ALL:
            raise ForbiddenError("the password is a temporary one", "", "change it first")
        if Role(user.role) not in roles_of(action):
            raise ForbiddenError(f"a user of role {user.role} may not do that", action, ASK)
        if action in CLEARED and not user.cleared:
            raise ForbiddenError("this user is not cleared for restricted lists", action, ASK)
        return user

    def allows(self, session: Session, action: str) -> bool:
        """Return whether `require` would let this pass: for what a window offers."""
        try:
            self.require(session, action)
        except ForbiddenError:
            return False
        return True

    def user(self, id_: str) -> User:
        """Return a user as the ledger has it now.

        Raises
        ------
        ForbiddenError
            When there is none.
        """
        try:
            return self.ledger.get(User, id_).record
        except RecordError as error:
            raise ForbiddenError("there is no such user", "", ASK) from error


@contextmanager
def open_office(
    folder: Path | None = None,
    clock: Callable[[], str] = utc_now,
    *,
    passwords: Passwords | None = None,
) -> Iterator[Office]:
    """Open the office in a data folder, by default the program's own; made when missing.

    Raises
    ------
    LedgerError
        When the ledger cannot be opened.
    """
    base = folder or data_folder()
    place = made(base / STATION)
    with Ledger(place, station_key(place / KEYS), clock) as ledger:
        evidence = EvidenceStore(made(base / EVIDENCE))
        yield Office(ledger, evidence, clock, Sessions(clock), base, passwords or Passwords())
