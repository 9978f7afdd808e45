"""The one analyser of a window: connected, measured with, stopped and closed off its thread.

Everything that may wait runs in the session's thread, or in a lane for orders that must never
queue behind a measurement: stop, laser off, close. The window calls methods that return at once,
and is called back (from any thread) when `Instrument.state` has changed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from devices.errors import DeviceError, LaserAlarmError
from devices.interface import Analyser, AnalyserInfo, LaserState, Progress, no_progress
from devices.session import DeviceSession, Status
from devices.timing import REAL_TIME, Timing
from matching.errors import SpectraError
from spectra_app.errors import AppError
from spectra_app.services.calibrations import Standing
from spectra_app.services.devices import Chosen, open_with_bench
from spectra_app.services.frames import AnalyserError, as_app_error
from spectra_app.services.instrument_choice import Wish, chosen_by
from spectra_app.services.instrument_state import InstrumentState, Phase
from spectra_app.services.live import LiveControls, LiveFrame, Newest, run_live

LOOK_EVERY_S = 0.3
FOUND_ON = "it was found on although nothing was being measured"
NO_ANSWER = "the analyser does not answer any more"
SILENT = "laser off was sent; the analyser does not answer"
OFF_SENT = "laser off was sent again; whether it obeyed is for you to see: look before you confirm"
STILL_ON = "laser off was sent; the analyser still says that its laser is on"
ON = frozenset({LaserState.FIRING, LaserState.REQUESTED})

OpenIt = Callable[..., tuple[Analyser, Any]]
Keep = Callable[[bytes, str, str], object]
"""Keeps bytes of a kind under a name as evidence."""
Book = Callable[[], AbstractContextManager[Callable[[int, str, bool], object]]]
"""Opens the book of the lasers, and gives what enters exposures: how many, serial, emulated."""


@dataclass(frozen=True, eq=False, slots=True)
class _Open:
    """An open analyser with its session, and the bench of an emulated one."""

    analyser: Analyser
    bench: Any


@contextmanager
def no_book() -> Iterator[Callable[[int, str, bool], object]]:
    """Enter nothing: there is no station."""
    yield lambda _count, _serial, _emulated: None


class Instrument:
    """See the module.

    Parameters
    ----------
    keep : callable
        Keeps the record of an alarm as evidence.
    standing : callable
        Says how the calibration of a serial number stands.
    open_it : callable
        Opens what was chosen; returns the analyser, and the bench of an emulated one.
    timing : Timing
        Time, the analyser's too.
    book : callable
        Opens the book in which exposures of the live view are entered, before the laser fires.
    """

    def __init__(
        self,
        keep: Keep,
        standing: Callable[[str], Standing | None],
        *,
        open_it: OpenIt = open_with_bench,
        timing: Timing = REAL_TIME,
        book: Book = no_book,
    ) -> None:
        self._keep, self._standing, self._open_it = keep, standing, open_it
        self.timing, self._book = timing, book
        self._lock = threading.RLock()
        self._state = InstrumentState()
        self._listener: Callable[[], None] = lambda: None
        self._session: DeviceSession | None = None
        self._open: _Open | None = None
        self._orders = ThreadPoolExecutor(1, "analyser orders")
        self._papers = ThreadPoolExecutor(1, "analyser papers")
        self._shut = False
        self.newest: Newest[LiveFrame] = Newest(lambda: None)

    # --- for the window: returns at once --------------------------------------------------------

    @property
    def state(self) -> InstrumentState:
        """What was last seen."""
        return self._state

    def listen(self, changed: Callable[[], None], framed: Callable[[], None]) -> None:
        """Call `changed` when the state is another one, `framed` when a live frame waits."""
        self._listener = changed
        self.newest = Newest(framed)

    def connect(self, wish: Wish) -> None:
        """Connect; the analyser in use is closed first, its laser verified off."""
        if self._state.alarm or self._state.phase in {"closing", "closed"}:
            return
        self._tell(phase="connecting", title=wish.choice.title, trouble=None, gone=False)
        self._order(self._connect, wish)

    def disconnect(self) -> None:
        """Stop, switch the laser off, and let the analyser go."""
        self._tell(phase="closing")
        self._order(self._let_go)

    def stop(self) -> None:
        """Switch the laser off now, and stop what is being measured."""
        self._tell(stopping=self._state.busy)
        self._order(self._abort)

    def unattended(self) -> None:
        """Nobody looks at the panel any more: laser off, unless a delayed scan is armed."""
        if not self._state.armed and self._state.connected:
            self.stop()

    def start_live(self, controls: LiveControls | None = None) -> None:
        """Show exposures until stopped; `controls` may be changed meanwhile."""
        session, opened = self._session, self._open
        if session is None or opened is None or self._state.phase != "ready":
            return
        before = opened.analyser.stops
        self._tell(phase="live", trouble=None, stopping=False)
        job = session.submit(lambda analyser: self._live(analyser, before, controls), key="live")
        job.add_done_callback(self._live_ended)

    def laser_off_again(self) -> None:
        """Send laser off once more while the alarm is on."""
        self._order(self._off_again)

    def acknowledge(self) -> None:
        """Take it that a person has looked: the laser is off."""
        self._order(self._acknowledge)

    def close(self) -> None:
        """Let the analyser go for good; the phase is ``closed`` when that is done."""
        if self._shut:
            return
        self._shut = True
        if self._session is None and self._state.phase == "none" and not self._state.alarm:
            self._papers.shutdown(wait=True)
            self._tell(phase="closed")
            return
        self._tell(phase="closing")
        self._orders.submit(self._obeyed, self._end)

    def join(self) -> None:
        """Wait for the ends of the threads; call it when the phase is ``closed``."""
        self._orders.shutdown(wait=True)

    # --- for services: waits --------------------------------------------------------------------

    def measure(self, call: Callable[[Analyser, Any, int], Any], *, armed: bool = False) -> Any:
        """Run `call` (analyser, bench, stops before) in the session's thread, and wait for it.

        Raises
        ------
        SpectraError
            As `call` does; when no analyser is connected, or it was stopped before it began.
        """
        session, opened = self._session, self._open
        if session is None or opened is None or self._state.phase != "ready":
            raise AppError("no analyser is ready", "", "connect one, then scan")
        before = opened.analyser.stops
        self._tell(phase="scanning", armed=armed, trouble=None, stopping=False)
        try:
            job = session.submit(lambda analyser: call(analyser, opened.bench, before))
            return job.result()
        except CancelledError as error:
            raise AppError("it was stopped before it began", "", "start it again") from error
        except DeviceError as error:
            raise as_app_error(error) from error
        finally:
            self._settle()

    def looking(self, analyser: Analyser, progress: Progress = no_progress) -> Progress:
        """Return `progress` that also reads the laser back now and then, for the state."""
        looked = self.timing.now() - LOOK_EVERY_S

        def told(share: float, words: str) -> None:
            nonlocal looked
            if self.timing.now() - looked >= LOOK_EVERY_S:
                looked = self.timing.now()
                self._tell(laser=analyser.laser_state.value)
            progress(share, words)

        return told

    def restand(self) -> None:
        """Ask anew how the calibration of the analyser in use stands."""
        self._tell(**self._stands(self._state.serial))

    # --- in other threads -----------------------------------------------------------------------

    def _order(self, order: Callable[..., None], *given: object) -> None:
        if not self._shut:
            self._orders.submit(self._obeyed, order, *given)

    def _obeyed(self, order: Callable[..., None], *given: object) -> None:
        """Do it; a fault of the program while a laser may be on is an alarm, never silence."""
        try:
            order(*given)
        except Exception as error:  # noqa: BLE001 - told to a person, as the alarm
            self._alarm(f"the program failed while it gave an order ({error!r})")

    def _connect(self, wish: Wish) -> None:
        self._let_go()
        if self._state.alarm:
            return
        self._tell(phase="connecting", title=wish.choice.title)
        try:
            chosen = chosen_by(wish)
        except SpectraError as error:
            self._tell(phase="none", trouble=error)
            return
        session = DeviceSession(partial(self._opened, chosen), "analyser", self._on_status)
        self._session = session
        session.start().add_done_callback(self._on_open)

    def _opened(self, chosen: Chosen) -> Analyser:
        analyser, bench = self._open_it(chosen, timing=self.timing)
        self._open = _Open(analyser, bench)
        return analyser

    def _on_open(self, future: Future[AnalyserInfo]) -> None:
        error = future.exception()
        if error is not None:
            self._session = self._open = None
            self._tell(phase="none", gone=True, trouble=_words_of(error))
            if isinstance(error.__cause__, LaserAlarmError):
                self._alarm(error.__cause__.what)
            return
        info = future.result()
        self._tell(
            phase="ready",
            model=info.model,
            serial=info.serial,
            emulated=info.emulated,
            laser="",
            temperature_c=None,
            gone=False,
            **self._stands(info.serial),
        )

    def _stands(self, serial: str) -> dict[str, str]:
        try:
            standing = self._standing(serial)
        except SpectraError as error:
            standing = Standing("failed", str(error))
        if standing is None:
            return {"calibration": "", "calibration_words": ""}
        return {"calibration": standing.state, "calibration_words": standing.words}

    def _on_status(self, status: Status) -> None:
        """See what the session saw; called in its thread."""
        opened = self._open
        if opened is None:
            return
        if not status.busy and status.laser is not LaserState.NOT_CONTROLLED:
            self._tell(laser=status.laser.value, temperature_c=status.temperature_c)
        lost = bool(status.ended) and status.ended != "closed"
        if lost and not self._state.gone:
            trouble = AnalyserError(status.ended, "", "connect the analyser again")
            self._tell(phase=self._unless_closing("none"), gone=True, trouble=trouble)
        if not opened.analyser.capabilities.switches_laser:
            return
        if status.alarm is not None:
            self._alarm(status.alarm)
        elif status.laser in ON:
            self._alarm(FOUND_ON)
        elif status.laser is LaserState.UNKNOWN:
            self._alarm(NO_ANSWER)

    def _unless_closing(self, phase: Phase) -> Phase:
        return self._state.phase if self._state.phase in {"closing", "connecting"} else phase

    def _settle(self) -> None:
        """After a measurement, however it ended."""
        if self._state.phase in {"scanning", "live"}:
            self._tell(phase="none" if self._state.gone else "ready")
        self._tell(armed=False, stopping=False)

    def _live(self, analyser: Analyser, before: int, controls: LiveControls | None) -> None:
        """Show exposures, and enter how many there were, with the one that was broken off."""
        count, info = 0, analyser.info

        def show(frame: LiveFrame) -> None:
            nonlocal count
            count = frame.number
            self.newest.put(frame)

        with self._book() as enter:
            try:
                looking = self.looking(analyser)
                run_live(analyser, self.timing, show, before, looking, controls=controls)
            except DeviceError as error:
                count += error.code == "aborted"
                raise
            finally:
                enter(count, info.serial, info.emulated)

    def _live_ended(self, job: Future[None]) -> None:
        error = None if job.cancelled() else job.exception()
        self._settle()
        if error is not None and not (isinstance(error, DeviceError) and error.code == "aborted"):
            self._tell(trouble=_words_of(error))

    def _abort(self) -> None:
        session = self._session
        if session is None:
            return
        try:
            session.abort()
        except LaserAlarmError as error:
            self._alarm(error.what)
        except DeviceError as error:
            self._tell(trouble=as_app_error(error))

    def _let_go(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            except LaserAlarmError as error:
                if not self._state.gone:
                    self._alarm(error.what)
            except DeviceError as error:
                self._tell(trouble=as_app_error(error))
            if session.status.alarm and not self._state.gone:
                self._alarm(session.status.alarm)
        self._open = None
        if self._state.phase != "closed":
            gone = self._state.gone or bool(self._state.alarm)
            self._tell(phase="none", gone=gone, laser="", serial="", model="", emulated=False)

    def _end(self) -> None:
        self._let_go()
        if self._state.alarm:  # a person has to see to the laser first
            self._shut = False
            return
        self._papers.shutdown(wait=True)
        self._tell(phase="closed")

    # --- the alarm ------------------------------------------------------------------------------

    def _alarm(self, reason: str) -> None:
        with self._lock:
            if self._state.alarm or (self._shut and self._state.phase == "closed"):
                return
            self._tell(alarm=reason, alarm_since=self.timing.utc(), alarm_note="")
        self._record("raised", reason)

    def _off_again(self) -> None:
        opened = self._open
        if opened is None or self._state.gone:
            self._tell(alarm_note=SILENT)
            return
        try:
            opened.analyser.laser_off()
        except DeviceError:
            state = opened.analyser.laser_state
            self._tell(laser=state.value, alarm_note=STILL_ON if state in ON else OFF_SENT)
        else:
            self._tell(laser="off", alarm_note=OFF_SENT)
        self._record("laser off sent again", self._state.alarm_note)

    def _acknowledge(self) -> None:
        """Lift the alarm when the laser reads off, or when the analyser is not there to say so."""
        opened = self._open
        if not self._state.alarm:
            return
        if opened is not None and not self._state.gone:
            try:
                opened.analyser.acknowledge_alarm()
                opened.analyser.laser_off()
                said = "its laser reads off"
            except DeviceError:
                if opened.analyser.laser_state in ON:
                    self._tell(alarm_note=STILL_ON)
                    self._record("acknowledgement refused", STILL_ON)
                    return
                said = "it does not answer and was disconnected"
                self._tell(gone=True)
        else:
            said = "it is gone"
        self._record("acknowledged by a person who looked", said)
        self._tell(alarm="", alarm_since="", alarm_note="")
        if self._state.gone:
            self._let_go()

    def _record(self, what: str, why: str) -> None:
        """Keep what happened to the laser as evidence; trouble with that is shown."""
        state = self._state
        record = {
            "format": "spectra.laser-alarm",
            "version": 1,
            "time": self.timing.utc(),
            "what": what,
            "why": why,
            "analyser": {"model": state.model, "serial": state.serial, "emulated": state.emulated},
            "during": state.phase,
        }
        data = (json.dumps(record, sort_keys=True, ensure_ascii=False, indent=1) + "\n").encode()
        self._papers.submit(self._kept, data, f"laser alarm {state.serial}.json")

    def _kept(self, data: bytes, name: str) -> None:
        try:
            self._keep(data, "laser alarm", name)
        except SpectraError as error:
            self._tell(alarm_note=f"the alarm could not be kept as evidence: {error}")

    def _tell(self, **changes: Any) -> None:
        with self._lock:
            old = self._state
            self._state = replace(old, **changes)
            same = self._state == old
        if not same:
            self._listener()


def _words_of(error: BaseException) -> SpectraError:
    if isinstance(error, SpectraError):
        return error
    if isinstance(error, DeviceError):
        return as_app_error(error)
    return AppError(f"the program met something it does not know: {error!r}", "", "connect again")
