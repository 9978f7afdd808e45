"""Run a plan on an analyser: wait, count down, measure, laser off, dark.

The order is: detector ready, countdown (laser off), laser on and warm, integration time, averages,
laser OFF and read back, dark at the same integration time. Nothing that was measured is lost: every
frame goes into `Kept`, also when an error ends the run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from devices.acquisition.cosmic import cosmic_hits
from devices.acquisition.course import (
    Enough,
    Kept,
    Line,
    PlannedCourse,
    Seen,
    never_enough,
    unseen,
)
from devices.acquisition.plan import Plan
from devices.acquisition.waiting import count_down, wait_for_temperature
from devices.errors import AbortedError, DeviceError, LaserAlarmError
from devices.exposures import with_dark
from devices.frame import COSMIC_RAYS, DARK_STALE, PARTIAL, RawFrame
from devices.interface import (
    Analyser,
    Progress,
    Settings,
    ShouldStop,
    check_settings,
    never_stop,
    no_progress,
)
from devices.laser import MAY_BE_ON
from devices.timing import Timing

SAMPLE_SHARE = 0.6  # of the progress shown; the rest is the dark


@dataclass(frozen=True, eq=False, slots=True)
class Acquired:
    """A whole run.

    Parameters
    ----------
    frame : RawFrame
        The sample, with the dark when one fits.
    dark : RawFrame or None
        The dark that was measured after it.
    settings : Settings
        What was used in the end.
    planned : int
        Averages that were planned when it ended or was ended; never fewer than in the frame.
    cosmic_hits : int
        Spikes found in single exposures.
    """

    frame: RawFrame
    dark: RawFrame | None
    settings: Settings
    planned: int
    cosmic_hits: int


@dataclass(frozen=True, eq=False, slots=True)
class _Task:
    analyser: Analyser
    plan: Plan
    timing: Timing
    kept: Kept
    progress: Progress
    should_stop: ShouldStop
    enough: Enough
    seen: Seen

    def note(self, what: str) -> None:
        self.kept.log.append(Line(self.timing.utc(), what))


def run(
    analyser: Analyser,
    plan: Plan,
    timing: Timing,
    kept: Kept,
    *,
    progress: Progress = no_progress,
    should_stop: ShouldStop = never_stop,
    enough: Enough = never_enough,
    seen: Seen = unseen,
    stops_before: int | None = None,
) -> Acquired:
    """Measure a sample by a plan.

    Parameters
    ----------
    analyser : Analyser
        What to measure with.
    plan : Plan
        How.
    timing : Timing
        Time; the analyser's own.
    kept : Kept
        Takes every frame, the log and remarks, whatever happens.
    progress, should_stop : callable
        See `devices.interface`. An `Analyser.abort` or `laser_off` from any thread ends the run
        in every phase as well.
    enough : callable
        Asked after every whole exposure that counts; True ends the measurement early.
    seen : callable
        Shown every exposure of the sample as it comes; it must return at once.
    stops_before : int or None
        `Analyser.stops` when the user asked for the measurement, if that was earlier than now.

    Raises
    ------
    DeviceError
        As the analyser does; `kept` holds what was measured until then.
    """
    before = analyser.stops if stops_before is None else stops_before

    def stop() -> bool:
        return should_stop() or analyser.stops != before

    task = _Task(analyser, plan, timing, kept, progress, stop, enough, seen)
    try:
        return _measured(task)
    except DeviceError as error:
        kept.broken_off(error.measured)
        task.note(f"ended: {error.what}")
        raise
    except BaseException as error:  # a person who does not wait; a fault of the program
        kept.broken_off()
        task.note(f"ended: {type(error).__name__}")
        raise


def _measured(task: _Task) -> Acquired:
    analyser, plan, kept = task.analyser, task.plan, task.kept
    check_settings(plan.settings, analyser.capabilities)
    if plan.thermal is not None:
        unsteady = wait_for_temperature(
            analyser, plan.thermal, task.timing, task.progress, task.should_stop
        )
        if unsteady:
            kept.remarks.append(unsteady)
            task.note(unsteady)
    if plan.countdown_s > 0.0:
        task.note(f"countdown of {plan.countdown_s:g} s")
        count_down(analyser, plan.countdown_s, task.timing, task.progress, task.should_stop)
    frame, course = _sample(task)
    hits = cosmic_hits(course.exposures)
    if hits:
        frame = replace(frame, flags=(*frame.flags, COSMIC_RAYS))
        task.note(f"cosmic rays: {hits} in {frame.averages} exposures")
    kept.finished(frame)
    dark = None
    if plan.dark and frame.dark is None and not task.should_stop():
        frame, dark = _dark(task, frame, course.settings)
    alarm = analyser.alarm
    if alarm is not None:  # raised in the thread that stopped the dark; this one tells it too
        raise LaserAlarmError(f"the laser MAY BE ON: {alarm}", analyser.info.model, MAY_BE_ON)
    task.progress(1.0, "done")
    return Acquired(frame, dark, course.settings, course.planned, hits)


def _sample(task: _Task) -> tuple[RawFrame, PlannedCourse]:
    analyser = task.analyser
    can = analyser.capabilities
    course = PlannedCourse(
        task.plan, can, task.timing, task.kept, enough=task.enough, seen=task.seen
    )
    shown = 0.0

    def told(share: float, words: str) -> None:
        nonlocal shown
        shown = max(shown, 0.0 if course.seeking else SAMPLE_SHARE * share)
        task.progress(shown, words + _left(course.seconds_left(share)))

    analyser.configure(task.plan.settings)
    task.note(f"laser power {task.plan.settings.laser_power_percent:g} %")
    task.kept.lit = True
    frame = analyser.acquire(told, task.should_stop, course)
    if PARTIAL in frame.flags:
        task.note(f"stopped after {frame.averages} exposures")
    return frame, course


def _dark(task: _Task, frame: RawFrame, settings: Settings) -> tuple[RawFrame, RawFrame | None]:
    """Measure the dark of `frame`; once more when the detector has moved meanwhile."""
    analyser = task.analyser
    analyser.configure(replace(settings, averages=frame.averages))
    seconds = frame.averages * frame.integration_time_ms / 1000.0

    def told(share: float, words: str) -> None:
        left = _left((1.0 - share) * seconds)
        task.progress(SAMPLE_SHARE + (1.0 - SAMPLE_SHARE) * share, words + left)

    dark: RawFrame | None = None
    for _attempt in range(2):
        try:
            dark = analyser.dark(told, task.should_stop)
        except AbortedError:  # the sample is whole: it counts, without a dark
            task.note("the dark was stopped")
            return frame, None
        task.kept.frames.append(dark)
        matched = with_dark(frame, dark)
        if DARK_STALE not in matched.flags:
            return matched, dark
        task.note("the detector moved by more than 1 degree since the sample")
    return matched, dark


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f", about {seconds:.0f} s left"
