"""The window's door to the station's records: one lane of its own, and who is logged in.

The ledger is opened on this lane when it is first needed, and everything about users and cases is
asked there, so that neither a slow disk nor a long search ever holds up the window or the laser.
Services are imported there as well: the window shows before they are.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from matching.errors import SpectraError
from spectra_app.errors import ForbiddenError
from spectra_app.ui.lane import Job, Lane, Report

if TYPE_CHECKING:
    from spectra_app.records.access import User
    from spectra_app.records.kinds import Station
    from spectra_app.services.api import UseCases
    from spectra_app.services.office import Office, Session
    from spectra_app.ui.once import Once

OpenOffice = Callable[[], AbstractContextManager["Office"]]
Act = Callable[["Office", "Session"], Any]
LongAct = Callable[["Office", "Session", Report, Callable[[], bool]], Any]
"""Is told besides how to tell its progress, and asks whether it was stopped."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand at the records: who is logged in, at which station.

    Parameters
    ----------
    opened : bool
        Whether the records were opened; without, nothing else is known.
    begun : bool
        Whether the station has users; without, the first supervisor is set up first.
    station : Station or None
        What is known of it.
    user : User or None
        Who is logged in.
    locked : bool
        Whether that person has to type the password again.
    """

    opened: bool = False
    begun: bool = False
    station: Station | None = None
    user: User | None = None
    locked: bool = False
    demo: bool = False


@dataclass(eq=False, slots=True)
class _Opened:
    stack: ExitStack = field(default_factory=ExitStack)
    office: Office | None = None
    session: Session | None = None


class RecordsDesk(QObject):
    """Opens the office, logs in and out, and runs acts on it; answers come back as jobs.

    Parameters
    ----------
    open_office : callable
        Returns the context of an office.
    parent : QObject
        Owner.
    use_cases : Once of UseCases
        Whoever measures with these is told who is logged in.
    """

    changed = Signal()
    refused = Signal(object)

    def __init__(self, open_office: OpenOffice, parent: QObject, use_cases: Once[UseCases]) -> None:
        super().__init__(parent)
        self.lane, self.beside = Lane(self), Lane(self)
        self._open, self._use_cases = open_office, use_cases
        self._opened = _Opened()
        self.standing = Standing()

    # --- who is here ----------------------------------------------------------------------------

    def look(self, then: Callable[[Job], None]) -> None:
        """Open the office and say how it stands."""

        def act(office: Office) -> Standing:
            try:
                return _standing(office, None)
            except SpectraError:  # opened anew the next time: it may have been put right
                self._opened.stack.close()
                self._opened = _Opened()
                raise

        self._run("Opening the records", act, then)

    def log_in(self, login: str, password: str, then: Callable[[Job], None]) -> None:
        """Log somebody in."""

        def act(office: Office) -> Standing:
            from spectra_app.services.users import log_in

            self._begin(office, log_in(office, login, password))
            return _standing(office, self._opened.session)

        self._run("Logging in", act, then)

    def log_out(self, then: Callable[[Job], None]) -> None:
        """Log out whoever is logged in."""

        def act(office: Office) -> Standing:
            from spectra_app.services.users import log_out

            session = self._opened.session
            self._end()
            if session is not None:
                log_out(office, session)
            return _standing(office, None)

        self._run("Logging out", act, then)

    def lock(self, then: Callable[[Job], None]) -> None:
        """Lock the session until its owner's password is typed."""

        def act(office: Office, session: Session) -> None:
            from spectra_app.services.users import lock_session

            lock_session(office, session)

        self._with_session("Locking", act, then)

    def unlock(self, password: str, then: Callable[[Job], None]) -> None:
        """Go on with the session."""

        def act(office: Office, session: Session) -> None:
            from spectra_app.services.users import unlock_session

            unlock_session(office, session, password)

        self._with_session("Unlocking", act, then)

    def change_password(self, old: str, new: str, then: Callable[[Job], None]) -> None:
        """Take a password of one's own."""

        def act(office: Office, session: Session) -> None:
            from spectra_app.services.users import change_password

            change_password(office, session, old, new)

        self._with_session("Changing the password", act, then)

    def attend(self, *, present: bool) -> None:
        """See whether the session has locked itself or is over; a `present` person is an act."""
        session = self._opened.session
        if session is None or self.standing.locked:
            return

        def act(office: Office) -> Standing:
            if present and not office.sessions.is_locked(session):
                office.sessions.check(session)
            return _standing(office, session)

        def ended(job: Job) -> None:
            if session is self._opened.session:
                self._take(job)

        self.lane.submit(Job("Looking who is here", lambda _t, _s: act(self._office()), ended))

    # --- acts -----------------------------------------------------------------------------------

    def ask(self, title: str, act: Act, then: Callable[[Job], None]) -> Job:
        """Run an act of whoever is logged in; `then` gets the job, its result the act's."""
        return self._run(title, lambda office: act(office, self._session()), then)

    def work(
        self, title: str, act: LongAct, then: Callable[[Job], None], *, beside: bool = False
    ) -> Job:
        """Run an act that takes long: its progress is told by the lane, and it can be stopped.

        What takes minutes runs `beside` the others, on a lane of its own.
        """

        def task(tell: Report, stop: Callable[[], bool]) -> Any:
            return act(self._office(), self._session(), tell, stop)

        job = Job(title, task, then)
        (self.beside if beside else self.lane).submit(job)
        return job

    def begin_station(
        self, station: Station, login: str, name: str, password: str, then: Callable[[Job], None]
    ) -> Job:
        """Set a new station up: its first supervisor, who is logged in then, and its name."""

        def act(office: Office) -> Standing:
            from spectra_app.services.cases.opening import set_station
            from spectra_app.services.users import log_in, set_up_first_supervisor

            set_up_first_supervisor(office, login, name, password)
            session = log_in(office, login, password)
            self._begin(office, session)
            if station.name.strip():  # it may be named later
                address, code = station.address, station.code
                set_station(office, session, station.name, address=address, code=code)
            return _standing(office, session)

        return self._run("Setting the station up", act, then)

    def close(self, wait_ms: int) -> bool:
        """Log out, close the ledger and end the lane; False while work has not given up."""
        self.lane.stop_all()
        self.beside.stop_all()
        self._end()
        if self.lane.idle and self.beside.idle and self._opened.office is not None:
            self._opened.stack.close()
            self._opened = _Opened()
        ended = self.beside.close(wait_ms)
        return self.lane.close(wait_ms) and ended

    # --- inside ---------------------------------------------------------------------------------

    def _begin(self, office: Office, session: Session) -> None:
        self._opened.session = session
        measurer = self._use_cases().measurer
        if measurer is not None:
            measurer.is_at(office, session)

    def _end(self) -> None:
        self._opened.session = None
        made = self._use_cases.made
        if made is not None and made.measurer is not None:
            made.measurer.is_away()

    def _session(self) -> Session:
        session = self._opened.session
        if session is None:
            raise ForbiddenError("nobody is logged in", "", "log in")
        return session

    def _office(self) -> Office:
        if self._opened.office is None:
            self._opened.office = self._opened.stack.enter_context(self._open())
        return self._opened.office

    def _with_session(
        self, title: str, act: Callable[[Office, Session], object], then: Callable[[Job], None]
    ) -> None:
        def run(office: Office) -> Standing:
            session = self._session()
            act(office, session)
            return _standing(office, session)

        self._run(title, run, then)

    def _run(self, title: str, act: Callable[[Office], Any], then: Callable[[Job], None]) -> Job:
        def task(_tell: object, _stop: object) -> Any:
            return act(self._office())

        def ended(job: Job) -> None:
            if isinstance(job.result, Standing):
                self.standing = job.result
                self.changed.emit()
            if isinstance(job.error, ForbiddenError):
                self._look_again(job.error)
            then(job)

        job = Job(title, task, ended)
        self.lane.submit(job)
        return job

    def _look_again(self, error: SpectraError) -> None:
        """See whether the session was locked or ended meanwhile, and tell."""
        session = self._opened.session

        def act(office: Office) -> Standing:
            return _standing(office, session)

        def task(_tell: object, _stop: object) -> Any:
            return act(self._office())

        def ended(job: Job) -> None:
            self._take(job)
            self.refused.emit(error)

        self.lane.submit(Job("Looking who is logged in", task, ended))

    def _take(self, job: Job) -> None:
        """Take how things stand now from a job, and tell when that is another way than before."""
        if isinstance(job.result, Standing) and job.result != self.standing:
            self.standing = job.result
            if job.result.user is None:
                self._end()
            self.changed.emit()


def _standing(office: Office, session: Session | None) -> Standing:
    """Return how things stand; an ended session is nobody's."""
    from spectra_app.services.cases.station_known import station_of
    from spectra_app.services.users import check_never_begun, has_users

    station = station_of(office.ledger)
    user, locked = None, False
    if session is not None:
        try:
            user = office.user(office.sessions.owner(session))
            locked = office.sessions.is_locked(session)
        except ForbiddenError:
            user = None
    begun = has_users(office)
    if not begun:
        check_never_begun(office)
    return Standing(True, begun, station.record if station else None, user, locked, office.demo)
