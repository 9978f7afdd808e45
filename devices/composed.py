"""The analyser made of a detector and a laser: the one place where measuring is decided.

Waiting for an exposure happens here, in short slices, with nothing pending on the wire, so that
stopping and switching the laser off never wait for one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from devices.described import capabilities_of, info_of
from devices.errors import (
    AbortedError,
    BusyError,
    DeviceError,
    LaserAlarmError,
    NotConnectedError,
    SettingsError,
)
from devices.exposures import (
    Exposures,
    KeptDark,
    Measured,
    checked_exposure,
    frame_of,
    kept_dark,
)
from devices.frame import RawFrame
from devices.interface import (
    Analyser,
    AnalyserInfo,
    Capabilities,
    Course,
    LaserState,
    Progress,
    Settings,
    ShouldStop,
    WholeExposure,
    check_settings,
    never_stop,
    no_progress,
)
from devices.laser import LaserGuard
from devices.parts import DetectorPart, LaserPart
from devices.timing import Timing

SLICE_S = 0.05
LEAST_S = 0.001  # a shorter sleep might not move a clock at all
LOOK_S = 0.1  # how often the laser is asked while exposing
FETCH_PATIENCE_S = 5.0  # beyond the exposure itself; slow serial lines add their own


@dataclass(frozen=True, slots=True)
class _Run:
    """One measurement: what it tells and asks, and the permit of its laser (None: none is lit)."""

    progress: Progress
    should_stop: ShouldStop
    started: str
    permit: int | None = None
    dark: bool = False
    course: Course | None = None


class ComposedAnalyser(Analyser):
    """An analyser made of parts.

    Parameters
    ----------
    detector : DetectorPart
        The detector.
    laser : LaserPart or None
        The laser; None when the program neither switches nor reads one: lamps and darks can be
        measured, and samples under a laser that a person switches.
    family : str
        Name of its row in the registry.
    emulated : bool
        True when there is no real instrument behind the parts.
    timing : Timing
        Time.
    release : callable
        Called last when closing, to let the wires go.
    """

    def __init__(
        self,
        detector: DetectorPart,
        laser: LaserPart | None,
        *,
        family: str,
        emulated: bool,
        timing: Timing,
        release: Callable[[], None] = lambda: None,
    ) -> None:
        self._detector, self._laser, self._timing = detector, laser, timing
        self._release = release
        self._info = info_of(detector, laser, family, emulated)
        self._capabilities = capabilities_of(detector.facts, laser)
        self._guard = None if laser is None else LaserGuard(laser, timing, self._where)
        limits = self._capabilities.integration_time_ms
        self._settings = Settings(
            integration_time_ms=min(max(1000.0, limits.lowest), limits.highest),
        )
        self._dark: KeptDark | None = None
        self._measuring = threading.Lock()
        self._abort = threading.Event()
        self._stops = 0
        self._closed = False
        self._last_state = LaserState.NOT_CONTROLLED

    @property
    def info(self) -> AnalyserInfo:
        """See `Analyser.info`."""
        return self._info

    @property
    def capabilities(self) -> Capabilities:
        """See `Analyser.capabilities`."""
        return self._capabilities

    @property
    def settings(self) -> Settings:
        """See `Analyser.settings`."""
        return self._settings

    @property
    def laser_state(self) -> LaserState:
        """See `Analyser.laser_state`."""
        if self._guard is None or self._closed:
            return self._last_state
        return self._guard.state()

    @property
    def alarm(self) -> str | None:
        """See `Analyser.alarm`."""
        alarm = self._guard.alarm if self._guard else None
        return alarm.reason if alarm else None

    def when_alarmed(self, tell: Callable[[str], None]) -> None:
        """See `Analyser.when_alarmed`."""
        if self._guard is not None:
            self._guard.tell = lambda alarm: tell(alarm.reason)

    def found_on(self, why: str) -> None:
        """See `Analyser.found_on`."""
        self._stops += 1
        if self._guard is not None and not self._closed:
            self._guard.found_on(why)

    def acknowledge_alarm(self) -> None:
        """See `Analyser.acknowledge_alarm`."""
        self._check_open()
        if self._guard is not None:
            self._guard.acknowledge()

    @property
    def temperature_c(self) -> float | None:
        """See `Analyser.temperature_c`."""
        self._check_open()
        return self._detector.temperature_c()

    def configure(self, settings: Settings) -> None:
        """See `Analyser.configure`."""
        with self._alone():
            check_settings(settings, self._capabilities)
            self._settings = settings

    def dark(
        self, progress: Progress = no_progress, should_stop: ShouldStop = never_stop
    ) -> RawFrame:
        """See `Analyser.dark`."""
        with self._alone():
            run = _Run(progress, should_stop, self._timing.utc(), dark=True)
            if self._guard is not None:
                self._guard.off()
            taken = self._expose(run)
            frame = self._frame(taken, run)
            if not taken.partial:
                self._dark = kept_dark(frame)
            return frame

    def acquire(
        self,
        progress: Progress = no_progress,
        should_stop: ShouldStop = never_stop,
        course: Course | None = None,
    ) -> RawFrame:
        """See `Analyser.acquire`."""
        with self._alone():
            run = _Run(progress, should_stop, self._timing.utc(), course=course)
            if self._guard is None:
                return self._frame(self._expose(run), run)
            taken: Exposures | None = None
            try:
                with self._laser_off_afterwards(self._guard):
                    run = replace(run, permit=self._guard.permit())
                    # Some detectors throw an exposure away for it: not under the laser.
                    self._detector.set_integration_time(self._settings.integration_time_ms)
                    self._fire(self._guard, run)
                    taken = self._expose(run)
            except DeviceError as error:  # lost or alarmed only after all was measured
                if taken is not None:
                    error.measured = self._frame(taken, run, asking=False)
                raise
            return self._frame(taken, run)

    def abort(self) -> None:
        """See `Analyser.abort`."""
        self._abort.set()
        self.laser_off()

    @property
    def stops(self) -> int:
        """See `Analyser.stops`."""
        return self._stops

    def laser_off(self) -> None:
        """See `Analyser.laser_off`."""
        self._stops += 1
        if self._guard is not None and not self._closed:
            self._guard.off()

    def close(self) -> None:
        """See `Analyser.close`."""
        if self._closed:
            return
        try:
            if self._guard is not None:
                self._guard.leave()  # what begins now in another thread lights nothing any more
                self._last_state = LaserState.OFF
        except LaserAlarmError:
            self._last_state = LaserState.UNKNOWN
            if self._guard is None or not self._guard.gone:  # what lost it has said so already
                raise
        finally:
            self._closed = True
            self._let_go()

    @property
    def _where(self) -> str:
        return f"{self._info.model} {self._info.serial}".strip()

    def _let_go(self) -> None:
        with ExitStack() as stack:  # all of them, also when letting one go fails
            stack.callback(self._release)
            if self._laser is not None:
                stack.callback(self._laser.close)
            stack.callback(self._detector.close)

    def _check_open(self) -> None:
        if self._closed:
            raise NotConnectedError("the analyser is closed", self._where, "open it again")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._measuring.acquire(blocking=False):
            raise BusyError("a measurement is running", self._where, "wait for it or stop it")
        try:
            self._check_open()
            self._abort.clear()
            yield
        finally:
            self._measuring.release()

    @contextmanager
    def _laser_off_afterwards(self, guard: LaserGuard) -> Iterator[None]:
        """Switch off whatever happens; a device that is gone keeps its own error."""
        try:
            yield
        except NotConnectedError as error:
            if not self._closed:
                self._off_when_gone(guard, error)
            raise
        except BaseException as error:
            if not self._closed:
                self._off_for(guard, error)
                self._recover(error)
            raise
        else:
            guard.off()

    def _off_for(self, guard: LaserGuard, error: BaseException) -> None:
        """Switch off because of `error`; an alarm that takes its place carries what it carried."""
        try:
            guard.off()
        except LaserAlarmError as alarm:
            if isinstance(error, DeviceError):
                alarm.measured = error.measured
            raise

    def _off_when_gone(self, guard: LaserGuard, error: BaseException) -> None:
        """Switch off a laser that may have a cable of its own; one that is gone too is an alarm."""
        try:
            guard.off()
        except LaserAlarmError as alarm:  # latched; the first error is the one to tell
            error.add_note(str(alarm))

    def _recover(self, error: BaseException) -> None:
        """End what the detector still does, so that the next measurement starts afresh."""
        try:
            self._detector.cancel()
        except DeviceError as other:  # the first error is the one to tell
            error.add_note(f"and ending the exposure failed: {other}")

    def _fire(self, guard: LaserGuard, run: _Run) -> None:
        def waiting() -> None:
            run.progress(0.0, self._words("laser warning, then light"))
            self._check_stop(run)

        waiting()
        if run.permit is not None:
            guard.on(run.permit, self._settings.laser_power_percent, waiting)
        warm_up = self._laser.facts.warm_up_s if self._laser else 0.0
        until = self._timing.now() + warm_up
        while self._timing.now() < until:
            run.progress(0.0, self._words("laser warming up"))
            self._check_stop(run)
            self._look(run)
            self._timing.sleep(max(LEAST_S, min(SLICE_S, until - self._timing.now())))

    def _expose(self, run: _Run) -> Exposures:
        """Return the whole exposures until all averages are done or the user stopped.

        An error carries what was whole before it as its `measured`.
        """
        settings = self._settings
        milliseconds = self._detector.set_integration_time(settings.integration_time_ms)
        taken: list[Measured] = []
        try:
            while len(taken) < settings.averages:
                if not self._expose_once(run, milliseconds, len(taken), settings.averages):
                    break
                taken.append(self._fetch(milliseconds))
                order = self._order(run, taken, milliseconds)
                if order is None:
                    continue
                if order.integration_time_ms != settings.integration_time_ms:
                    self._set_aside(run, taken, milliseconds)
                    milliseconds = self._detector.set_integration_time(order.integration_time_ms)
                settings = order
        except DeviceError as error:
            if taken:
                done = Exposures(tuple(taken), milliseconds, run.dark, partial=True)
                error.measured = self._frame(done, run, asking=False)
            raise
        if not taken:
            raise self._aborted()
        partial = len(taken) < settings.averages
        if not partial:
            run.progress(1.0, self._words("done"))
        return Exposures(tuple(taken), milliseconds, run.dark, partial)

    def _order(self, run: _Run, taken: list[Measured], milliseconds: float) -> Settings | None:
        """Ask the course how to go on."""
        if run.course is None:
            return None
        last = taken[-1]
        until_now = Exposures(tuple(taken), milliseconds, run.dark, partial=True)
        order = run.course.after(
            WholeExposure(
                last.counts,
                self._detector.facts.active_pixels,
                last.full,
                milliseconds,
                len(taken),
                lambda: self._frame(until_now, run, asking=False),
            )
        )
        if order is None:
            return None
        check_settings(order, self._capabilities)
        if order.laser_power_percent != self._settings.laser_power_percent:
            raise SettingsError(
                "the laser power cannot be changed while it fires",
                "laser_power_percent",
                "measure again with the other power",
            )
        return order

    def _set_aside(self, run: _Run, taken: list[Measured], milliseconds: float) -> None:
        """Hand a finished trial to the course; `taken` is empty afterwards."""
        trial = Exposures(tuple(taken), milliseconds, run.dark, partial=False, trial=True)
        if run.course is not None:
            run.course.set_aside(self._frame(trial, run, asking=False))
        taken.clear()

    def _expose_once(self, run: _Run, milliseconds: float, number: int, total: int) -> bool:
        """Start one exposure and wait for it; return False when it was stopped."""
        light = "dark, " if run.dark else ""
        words = self._words(f"{light}exposure {number + 1} of {total}")
        if self._stopped(run):
            return False
        self._detector.start()
        seconds = milliseconds / 1000.0
        begun = looked = self._timing.now()
        every = LOOK_S
        while (passed := self._timing.now() - begun) < seconds:
            run.progress((number + passed / seconds) / total, words)
            if self._stopped(run):
                return self._break_off(run)
            if self._timing.now() - looked >= every or self._disturbed(run):
                asked = self._timing.now()
                self._look(run)
                looked = self._timing.now()
                every = max(LOOK_S, looked - asked)  # a slow line is not kept busy by looking
            self._timing.sleep(max(LEAST_S, min(SLICE_S, seconds - passed)))
        if self._abort.is_set():  # the laser may have gone off within the last slice
            return self._break_off(run)
        self._look(run)
        return True

    def _break_off(self, run: _Run) -> bool:
        """End the exposure, the laser first."""
        if self._guard is not None and run.permit is not None:
            self._guard.off()
        self._detector.cancel()
        return False

    def _fetch(self, milliseconds: float) -> Measured:
        exposure = self._detector.fetch(FETCH_PATIENCE_S + milliseconds / 1000.0)
        return checked_exposure(exposure, self._detector.facts, self._where)

    def _look(self, run: _Run) -> None:
        """Ask the laser whether it does what this measurement needs."""
        self._check_open()
        if self._guard is None:
            return
        if run.permit is None:
            self._guard.check_off()
        elif not self._abort.is_set():  # aborted: it is off on purpose, the wait sees to the rest
            self._guard.check_firing(run.permit)

    def _disturbed(self, run: _Run) -> bool:
        """Return whether another thread has closed or switched off what this run needs."""
        if self._guard is None or run.permit is None:
            return self._closed
        return self._closed or not self._guard.valid(run.permit)

    def _stopped(self, run: _Run) -> bool:
        return self._abort.is_set() or run.should_stop()

    def _check_stop(self, run: _Run) -> None:
        self._check_open()
        if self._stopped(run):
            raise self._aborted()

    def _aborted(self) -> AbortedError:
        return AbortedError("stopped before anything was measured", self._where, "measure again")

    def _words(self, words: str) -> str:
        return f"emulated analyser: {words}" if self._info.emulated else words

    def _frame(self, taken: Exposures, run: _Run, *, asking: bool = True) -> RawFrame:
        """Return the frame; `asking` the detector for its temperature, unless it may be gone."""
        power = f"{self._settings.laser_power_percent:g} %"
        if self._guard is None:
            power = "not controlled"
        return frame_of(
            taken,
            self._info,
            self._detector.facts,
            started=run.started,
            laser_power="off" if run.dark else power,
            temperature_c=self._end_temperature() if asking else None,
            dark=None if run.dark or taken.trial else self._dark,
        )

    def _end_temperature(self) -> float | None:
        """Return the temperature; None rather than losing counts when it is gone by now."""
        try:
            return self._detector.temperature_c()
        except DeviceError:
            return None
