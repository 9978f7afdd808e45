"""Abort at any moment: the laser-off command goes out before anything else is read."""

import dataclasses
import random
import threading

import pytest

from devices.acquisition.course import Kept
from devices.acquisition.plan import Thermal, auto_plan, delayed
from devices.acquisition.runner import run
from devices.composed import ComposedAnalyser
from devices.emulators.bench import Bench
from devices.emulators.direct import bench_parts
from devices.errors import AbortedError, LaserError
from devices.interface import LaserState
from devices.sample import Sample
from devices.timing import SteppedTime, Timing

REQUESTS = 200


class Noted:
    """A part that writes down what it is asked, in order."""

    def __init__(self, part, story, names):
        self._part, self._story, self._names = part, story, names

    def __getattr__(self, name):
        value = getattr(self._part, name)
        if name not in self._names:
            return value

        def asked(*given):
            self._story.append(name)
            return value(*given)

        return asked


def story_of(model, number, press):
    """Run a plan with an abort pressed in another thread at the sleep `number`; return all."""
    time, story, sleeps = SteppedTime(), [], []

    def sleep(seconds):
        sleeps.append(None)
        if len(sleeps) == number:
            story.append("pressed")
            button = threading.Thread(target=lambda: press(analyser))
            button.start()
            button.join(30)
        time.step(seconds)

    timing = Timing(lambda: time.now_s, sleep, time.utc)
    sample = Sample(bands=[[1001.0, 100.0, 8.0]], strength=0.1, fluorescence=0.0)
    bench = Bench(model, sample, number)
    detector, laser = bench_parts(bench, timing, number)
    analyser = ComposedAnalyser(
        Noted(detector, story, {"start", "fetch"}),
        Noted(laser, story, {"switch_on", "switch_off"}),
        family="emulated-785",
        emulated=True,
        timing=timing,
    )
    plan = dataclasses.replace(
        auto_plan(analyser.capabilities, budget_s=6.0, wanted_snr=None),
        thermal=Thermal(steady_s=1.0),
    )
    outcome = None
    try:
        run(analyser, delayed(plan, 3.0), timing, Kept())
    except (AbortedError, LaserError) as error:
        outcome = error
    return story, outcome, analyser, bench, len(sleeps)


@pytest.fixture
def model(quiet_model):
    return dataclasses.replace(quiet_model, laser_delay_s=0.5)


def test_a_run_that_nobody_stops_is_long_enough_to_be_stopped_anywhere(model):
    story, outcome, _analyser, _bench, sleeps = story_of(model, 0, lambda _analyser: None)
    assert outcome is None
    assert story.count("switch_on") == 1
    assert story.index("switch_on") < story.index("fetch")
    assert sleeps > 100


@pytest.mark.parametrize("how", ["abort", "laser_off"])
def test_the_laser_goes_off_before_the_next_read_of_data(model, threads_left, how):
    whole = story_of(model, 0, lambda _analyser: None)[-1]
    dice = random.Random(f"2026 {how}")
    lit = 0
    for _ in range(REQUESTS):
        number = dice.randint(1, whole - 1)
        story, outcome, analyser, bench, _sleeps = story_of(
            model, number, lambda analyser: getattr(analyser, how)()
        )
        pressed = story.index("pressed")
        after = story[pressed + 1 :]
        assert after[0] == "switch_off", (number, story)
        assert "switch_on" not in after, (number, story)
        lit += "switch_on" in story[:pressed] and "switch_off" not in story[:pressed]
        assert bench.laser_state() is LaserState.OFF
        assert analyser.laser_state is LaserState.OFF
        assert analyser.alarm is None
        if "switch_on" not in story:
            assert isinstance(outcome, AbortedError)
            assert bench.light_dose_s == 0.0
    assert lit > REQUESTS / 4
    assert threads_left() == []


def test_it_measures_again_after_any_abort(model):
    for number in (3, 30, 60, 100):
        *_, analyser, bench, _sleeps = story_of(model, number, lambda analyser: analyser.abort())
        assert analyser.acquire().averages >= 1
        assert bench.laser_state() is LaserState.OFF
