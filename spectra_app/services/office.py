"""The office: a station's ledger and evidence, and who is logged in. Every act goes through it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from spectra_app.errors import DemoError, ForbiddenError, RecordError
from spectra_app.records.access import (
    ACTIVE,
    CLEARED,
    EMERGENCY,
    FIRST_OF_ALL,
    GIVEN_S,
    SECOND,
    AccessSettings,
    Role,
    User,
    roles_of,
)
from spectra_app.records.demo import APART, DEMO, DemoLedger, check_mark, is_demo
from spectra_app.records.emergency import OPEN, Emergency
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.hands import hands_of
from spectra_app.records.ledger.chain import Entry
from spectra_app.records.ledger.head import station_key
from spectra_app.records.ledger.store import Ledger
from spectra_app.records.passwords import Passwords
from spectra_app.records.sessions import IDLE_S, Session, Sessions, seconds
from spectra_app.settings import data_folder, made, station_database

KEYS, EVIDENCE = "keys", "evidence"
ASK = "ask the supervisor"
CHANGE_FIRST = "change it first: 'spectra users password'"

__all__ = ["Office", "Session", "is_begun", "open_office", "utc_now"]


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

    @property
    def demo(self) -> bool:
        """Whether this is a demonstration: all that leaves it must say so."""
        return isinstance(self.ledger, DemoLedger)

    def require(self, session: Session, action: str) -> User:
        """Return who acts, if that person may do this now. Every service asks this first.

        Raises
        ------
        ForbiddenError
            When nobody is logged in, the session is locked or over, the user is locked, or the
            table does not allow it.
        """
        user, emergency = self._ask(session, action)
        if emergency:
            with self.ledger.writing(user.id) as writing:
                writing.note("emergency right used", {"action": action, "emergency": emergency})
        return user

    def allows(self, session: Session, action: str) -> bool:
        """Return whether `require` would let this pass: for what a window offers."""
        try:
            self._ask(session, action)
        except ForbiddenError:
            return False
        return True

    def require_second(self, session: Session, second: Session, action: str) -> User:
        """Return the second person of an act of two; that person's password was typed just now.

        Raises
        ------
        ForbiddenError
            When the act needs no second person, that person is the first one, may not stand
            second, may be the first one by another account (see `check_apart`), or was not asked
            for the password within the last minutes, for this act.
        """
        me = self.require(session, action)
        other = self._person(second)
        if Role(other.role) not in SECOND.get(action, frozenset()):
            raise ForbiddenError(
                f"a user of role {other.role} cannot be the second person", action, ASK
            )
        if other.id == me.id:
            raise ForbiddenError("the second person is the first one", action, "ask somebody else")
        if other.must_change:
            raise ForbiddenError("the password is a temporary one", action, CHANGE_FIRST)
        self.check_apart(me, other, action)
        self.sessions.use_once(second)
        with self.ledger.writing(other.id) as writing:
            writing.note("agreed as second person", {"action": action, "first": me.id})
        return other

    def check_apart(self, first: User, second: User, action: str) -> None:
        """Check that two accounts are two persons, as far as can be told from their passwords.

        Raises
        ------
        ForbiddenError
            When the second one was given a password within the last day, or one hand - one of the
            two, or who gave both their passwords, by however many accounts in between - may know
            both passwords.
        """
        now = self.clock()
        if second.given_at and seconds(second.given_at, now) < GIVEN_S:
            raise ForbiddenError(
                "the second person was given a password less than a day ago",
                action,
                "ask somebody else, or wait",
            )
        if hands_of(self.ledger, first, now) & hands_of(self.ledger, second, now):
            raise ForbiddenError(
                "one of the two gave the other a password, or both got theirs from one hand",
                action,
                "ask somebody whose password was given by another supervisor",
            )

    def refuse_mixing(self, entries: Iterable[Entry]) -> None:
        """Refuse what comes from a demonstration in a real office, and the other way round.

        Parameters
        ----------
        entries : iterable of Entry
            Those of the chain that came with what is to be taken in.

        Raises
        ------
        DemoError
            When they are of the other kind.
        """
        if is_demo(entries) != self.demo:
            raise DemoError("demonstration and evidence cannot be mixed", "", APART)

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

    def emergency_of(self, user: str, action: str) -> Emergency | None:
        """Return the emergency access by which a user may do something now."""
        if action not in EMERGENCY:
            return None
        now = self.clock()
        kept = self.ledger.find(Emergency, user=user, state=OPEN)
        return next((one.record for one in kept if one.record.gives(action, now)), None)

    def _person(self, session: Session) -> User:
        user = self.user(self.sessions.check(session))
        if user.state != ACTIVE:
            self.sessions.close_all_of(user.id)
            raise ForbiddenError("this user is locked", "", ASK)
        return user

    def _ask(self, session: Session, action: str) -> tuple[User, str]:
        """Return who may do this, and the id of the emergency access that allows it."""
        user, emergency = self._person(session), ""
        if user.must_change and action not in FIRST_OF_ALL:
            raise ForbiddenError("the password is a temporary one", "", CHANGE_FIRST)
        if Role(user.role) not in roles_of(action):
            granted = self.emergency_of(user.id, action)
            if granted is None:
                who = " or ".join(sorted(roles_of(action)))
                what = f"a user of role {user.role} may not do that"
                raise ForbiddenError(what, action, f"ask somebody who may: {who}" if who else ASK)
            emergency = granted.id
        if action in CLEARED and not user.cleared:
            raise ForbiddenError("this user is not cleared for restricted lists", action, ASK)
        return user, emergency


@contextmanager
def open_office(
    folder: Path | None = None,
    clock: Callable[[], str] = utc_now,
    *,
    demo: bool = False,
    passwords: Passwords | None = None,
) -> Iterator[Office]:
    """Open the office in a data folder, by default the program's own; made when missing.

    A demonstration has a folder of its own below it, with a ledger, key and evidence of its own.

    Raises
    ------
    LedgerError
        When the ledger cannot be opened.
    DemoError
        When the ledger there is of the other kind.
    """
    base = folder or data_folder()
    base = base / DEMO if demo else base
    made(base)
    place = station_database(base).parent
    with suppress(FileExistsError):
        place.mkdir(mode=0o700)  # it holds the station's key and password hashes
    kind = DemoLedger if demo else Ledger
    with kind(place, station_key(place / KEYS), clock) as ledger:
        check_mark(ledger)
        sessions = Sessions(clock, lambda: _idle_s(ledger))
        evidence = EvidenceStore(made(base / EVIDENCE))
        yield Office(ledger, evidence, clock, sessions, base, passwords or Passwords())


def is_begun(folder: Path | None = None, *, demo: bool = False) -> bool:
    """Return whether there is an office in a data folder; nothing is made."""
    base = folder or data_folder()
    return station_database(base / DEMO if demo else base).exists()


def _idle_s(ledger: Ledger) -> int:
    """Return after how long a session locks itself, as the station has set it."""
    found = ledger.find(AccessSettings)
    return found[0].record.idle_minutes * 60 if found else IDLE_S
