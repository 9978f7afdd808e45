"""A course steers a running measurement: other times, other numbers, an end; nothing gets lost."""

from dataclasses import replace

import numpy as np
import pytest

from devices.errors import AbortedError, LaserAlarmError, SettingsError
from devices.interface import LaserState, Settings

START = Settings(integration_time_ms=100.0, averages=1)


class Told:
    """Answers one order after the other, and remembers what it saw."""

    def __init__(self, *orders, then=None):
        self.orders, self.then = list(orders), then
        self.seen, self.aside = [], []

    def after(self, exposure):
        self.seen.append(exposure)
        if self.then is not None:
            self.then(exposure)
        return self.orders.pop(0) if self.orders else None

    def set_aside(self, frame):
        self.aside.append(frame)


def test_without_orders_nothing_changes(make_analyser):
    def session(course):
        with make_analyser() as analyser:
            analyser.configure(Settings(200.0, 3))
            return analyser.acquire(course=course).sha256

    assert session(Told()) == session(None)


def test_every_exposure_is_shown_and_their_mean_is_the_frame(analyser):
    course = Told()
    analyser.configure(Settings(200.0, 3))
    frame = analyser.acquire(course=course)
    assert [seen.number for seen in course.seen] == [1, 2, 3]
    assert {seen.integration_time_ms for seen in course.seen} == {200.0}
    np.testing.assert_allclose(np.mean([seen.counts for seen in course.seen], axis=0), frame.counts)


def test_another_time_makes_what_was_before_a_trial(analyser):
    course = Told(Settings(50.0, 1), Settings(50.0, 4))
    analyser.configure(START)
    frame = analyser.acquire(course=course)
    assert (frame.integration_time_ms, frame.averages, frame.flags) == (50.0, 4, ())
    (trial,) = course.aside
    assert (trial.integration_time_ms, trial.averages, trial.flags) == (100.0, 1, ("trial",))
    np.testing.assert_array_equal(trial.counts, course.seen[0].counts)


def test_as_many_as_there_are_ends_it_and_is_not_partial(analyser):
    ten = Settings(100.0, 10)
    analyser.configure(ten)
    course = Told(None, None, replace(ten, averages=3))
    frame = analyser.acquire(course=course)
    assert (frame.averages, frame.flags) == (3, ())
    assert analyser.laser_state is LaserState.OFF


def test_the_laser_stays_on_from_one_time_to_the_next(make_analyser):
    analyser = make_analyser()
    states = []
    course = Told(
        Settings(50.0, 1),
        Settings(80.0, 2),
        then=lambda _exposure: states.append(analyser.laser_state),
    )
    analyser.configure(START)
    analyser.acquire(course=course)
    assert set(states) == {LaserState.FIRING}
    assert analyser.laser_state is LaserState.OFF


@pytest.mark.parametrize("power", [50.0, 100.5, 10.0])
def test_no_other_laser_power_while_it_fires(analyser, power):
    analyser.configure(START)
    with pytest.raises(SettingsError) as caught:
        analyser.acquire(course=Told(Settings(100.0, 2, power)))
    assert caught.value.measured.averages == 1
    assert analyser.laser_state is LaserState.OFF


@pytest.mark.parametrize("order", [Settings(1e9, 2), Settings(100.0, 0), Settings(100.0, 2.5)])
def test_orders_outside_the_limits_are_refused_and_nothing_is_lost(analyser, order):
    analyser.configure(START)
    with pytest.raises(SettingsError) as caught:
        analyser.acquire(course=Told(order))
    assert caught.value.measured.averages == 1
    assert analyser.laser_state is LaserState.OFF


def test_stopped_after_a_trial_leaves_the_trial(analyser):
    course = Told(Settings(5000.0, 1))
    analyser.configure(START)
    with pytest.raises(AbortedError):
        analyser.acquire(should_stop=lambda: bool(course.aside), course=course)
    assert len(course.aside) == 1
    assert analyser.laser_state is LaserState.OFF


def test_a_trial_never_carries_a_dark(analyser):
    analyser.configure(START)
    analyser.dark()
    course = Told(Settings(50.0, 1))
    analyser.acquire(course=course)
    assert course.aside[0].dark is None


def test_stops_are_counted(analyser):
    before = analyser.stops
    analyser.acquire()
    assert analyser.stops == before
    analyser.abort()
    assert analyser.stops > before
    aborted = analyser.stops
    analyser.laser_off()
    assert analyser.stops > aborted


def test_an_alarm_after_an_error_keeps_what_was_whole(on_bench):
    """The light drops out, then the laser does not go off: the alarm carries the exposures."""
    analyser, bench, _timing = on_bench()
    analyser.configure(Settings(100.0, 20))

    def stick(share, _words):
        if share > 0.2 and not bench.faults.laser_stuck_on:
            bench.faults = replace(
                bench.faults, laser_stuck_on=True, laser_drops_out_at_s=bench.time_s
            )

    with pytest.raises(LaserAlarmError) as caught:
        analyser.acquire(stick)
    assert caught.value.measured.averages == 4
