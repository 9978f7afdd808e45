"""One thread per connected analyser; stopping and switching the laser off never queue behind it.

Every call that may wait for the instrument runs in the session's thread, in order. `abort`,
`laser_off` and `close` act from the caller's thread at once, whatever that thread does.
"""

from __future__ import annotations

import atexit
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from devices.errors import DeviceError, LaserAlarmError, LaserError, NotConnectedError
from devices.interface import Analyser, AnalyserInfo, LaserState

Result = TypeVar("Result")

LOOK_EVERY_S = 0.5  # state of an idle analyser; the instruments ask for at most 10 looks a second
CLOSE_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Status:
    """What the session last saw; nothing here is asked from the instrument when it is read.

    Parameters
    ----------
    laser : LaserState
        State of the laser at the last look.
    temperature_c : float or None
        Detector temperature in degrees Celsius at the last look.
    alarm : str or None
        Why the laser must be taken for on.
    busy : bool
        Whether a job is running.
    ended : str
        Why the session is over; empty while it runs.
    """

    laser: LaserState
    temperature_c: float | None
    alarm: str | None
    busy: bool
    ended: str


@dataclass(frozen=True, slots=True)
class _Job:
    key: str
    call: Callable[[Analyser], Any]
    future: Future[Any]


class DeviceSession:
    """The connection to one analyser, from `start` until `close` or until the analyser is gone.

    Parameters
    ----------
    open_it : callable
        Opens the analyser; called in the session's thread.
    name : str
        Name of the thread.
    when_changed : callable
        Told every new status, in the session's thread, and an alarm in whatever thread finds it;
        must return at once.
    """

    def __init__(
        self,
        open_it: Callable[[], Analyser],
        name: str = "analyser",
        when_changed: Callable[[Status], None] = lambda _status: None,
    ) -> None:
        self._open_it = open_it
        self._when_changed = when_changed
        self._jobs: queue.Queue[_Job | None] = queue.Queue()
        self._waiting: dict[str, Future[Any]] = {}
        self._lock = threading.Lock()
        self._noting = threading.Lock()
        self._analyser: Analyser | None = None
        self._status = Status(LaserState.NOT_CONTROLLED, None, None, busy=False, ended="")
        self._over = threading.Event()
        self._closing = False
        self._opened: Future[AnalyserInfo] = Future()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> Future[AnalyserInfo]:
        """Open the analyser; the future gives what it is, or the error."""
        self._thread.start()
        return self._opened

    @property
    def status(self) -> Status:
        """What was last seen."""
        return self._status

    def submit(self, call: Callable[[Analyser], Result], *, key: str = "") -> Future[Result]:
        """Run `call` with the analyser in the session's thread, after what was asked before.

        Parameters
        ----------
        call : callable
            Gets the analyser.
        key : str
            While a job of this key waits, asking again gives the same future: a button pressed
            three times is one measurement. Empty for no such thing.
        """
        with self._lock:
            if self._closing or self._over.is_set():
                failed: Future[Result] = Future()
                failed.set_exception(self._gone())
                return failed
            if key and key in self._waiting:
                return self._waiting[key]
            future: Future[Result] = Future()
            if key:
                self._waiting[key] = future
            self._jobs.put(_Job(key, call, future))
            return future

    def abort(self) -> None:
        """Switch the laser off now, stop what runs, and forget what waits."""
        analyser = self._analyser
        try:
            if analyser is not None:
                analyser.abort()
        finally:
            self._forget_waiting()

    def laser_off(self) -> None:
        """Switch the laser off now; a running measurement fails. See `Analyser.laser_off`."""
        analyser = self._analyser
        if analyser is not None:
            analyser.laser_off()

    def close(self) -> None:
        """Stop, switch the laser off, let the analyser go and end the thread.

        Raises
        ------
        LaserAlarmError
            When the laser cannot be confirmed to be off.
        """
        with self._lock:
            self._closing = True
        alarm: LaserError | None = None
        try:
            self.abort()
        except LaserError as error:
            alarm = error
        self._jobs.put(None)
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(CLOSE_PATIENCE_S)
        if alarm is not None:
            raise alarm

    def _run(self) -> None:
        try:
            self._analyser = self._open_it()
        except BaseException as error:  # noqa: BLE001 - the future carries it
            self._end(str(error))
            self._opened.set_exception(error)
            return
        # At once: the job that hangs on a silent laser may not end for long.
        self._analyser.when_alarmed(lambda reason: self._note(alarm=reason))
        off = self._analyser.laser_off
        atexit.register(off)  # this thread dies with the program, however that ends
        try:
            self._opened.set_result(self._analyser.info)
            self._serve(self._analyser)
        finally:
            self._let_go(self._analyser)
            atexit.unregister(off)

    def _serve(self, analyser: Analyser) -> None:
        while not self._over.is_set():
            try:
                job = self._jobs.get(timeout=LOOK_EVERY_S)
            except queue.Empty:
                self._look(analyser)
                continue
            if job is None:
                return
            self._do(job, analyser)

    def _do(self, job: _Job, analyser: Analyser) -> None:
        with self._lock:
            self._waiting.pop(job.key, None)
        if not job.future.set_running_or_notify_cancel():
            return
        self._note(busy=True)
        try:
            result = job.call(analyser)
        except BaseException as error:  # noqa: BLE001 - the future carries it
            self._note(busy=False, alarm=analyser.alarm)
            if isinstance(error, NotConnectedError):
                self._end(str(error))
            job.future.set_exception(error)
        else:
            self._note(busy=False, alarm=analyser.alarm)
            job.future.set_result(result)

    def _look(self, analyser: Analyser) -> None:
        """See how an idle analyser is; a laser that fires by itself is switched off."""
        try:
            laser = analyser.laser_state
            if laser in {LaserState.FIRING, LaserState.REQUESTED}:
                analyser.laser_off()
            celsius = _temperature(analyser)
            self._note(laser=laser, temperature_c=celsius, alarm=analyser.alarm, busy=False)
        except LaserAlarmError as error:
            self._note(laser=LaserState.UNKNOWN, alarm=error.what)
        except NotConnectedError as error:
            self._note(laser=LaserState.UNKNOWN, alarm=analyser.alarm)
            self._end(str(error))
        except DeviceError:  # one bad answer is not the end; the next look tells
            self._note(laser=LaserState.UNKNOWN, alarm=analyser.alarm)

    def _note(self, **changes: Any) -> None:
        with self._noting:
            old, new = self._status, replace(self._status, **changes)
            self._status = new
        if new != old:
            self._when_changed(new)

    def _end(self, why: str) -> None:
        with self._lock:
            self._over.set()
        self._note(ended=why, busy=False)
        self._forget_waiting()

    def _forget_waiting(self) -> None:
        with self._lock:
            self._waiting.clear()
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            if job is not None and not job.future.cancel():
                continue
            if job is None:  # the order to end is kept
                self._jobs.put(None)
                return

    def _let_go(self, analyser: Analyser) -> None:
        if not self._over.is_set():
            self._end("closed")
        try:
            analyser.close()
        except LaserError as error:
            self._note(laser=LaserState.UNKNOWN, alarm=error.what)
        else:
            self._note(laser=analyser.laser_state)

    def _gone(self) -> NotConnectedError:
        return NotConnectedError(
            self._status.ended or "the session is closed", "", "connect the analyser again"
        )


def _temperature(analyser: Analyser) -> float | None:
    """Return the temperature; None for one bad answer, which says nothing about the laser."""
    try:
        return analyser.temperature_c
    except NotConnectedError:
        raise
    except DeviceError:
        return None
