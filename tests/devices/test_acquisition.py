"""Acquisition by plan: time, averages, waiting, dark, early end; the laser off when it must be."""

import dataclasses
import threading

import numpy as np
import pytest

from devices.acquisition.course import Kept
from devices.acquisition.plan import (
    GENTLE_WARNING,
    AutoExposure,
    Plan,
    Thermal,
    auto_plan,
    delayed,
    fixed_plan,
    gentle_plan,
    steadied,
)
from devices.acquisition.runner import run
from devices.acquisition.waiting import wait_for_temperature
from devices.emulators.bench import Faults
from devices.errors import (
    AbortedError,
    LaserAlarmError,
    NotConnectedError,
    SettingsError,
)
from devices.frame import DARK_STALE
from devices.interface import LaserState, Settings
from devices.sample import Sample

BAND = [[1001.0, 100.0, 8.0]]
STRENGTHS = [10.0**power for power in range(-4, 3)]
DEEP = dataclasses.replace(AutoExposure(), longest_ms=10_000.0)


def sample(strength, **others):
    return Sample(bands=BAND, strength=strength, fluorescence=0.0, **others)


def level_of(frame):
    return np.median(np.lib.stride_tricks.sliding_window_view(frame.counts, 3), axis=1).max() / (
        frame.saturation_counts
    )


def light_s(frames):
    return sum(
        frame.integration_time_ms * frame.averages / 1000.0
        for frame in frames
        if "dark" not in frame.flags
    )


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("fluorescence", [0.0, 0.5])
def test_the_time_is_found_over_six_orders_of_magnitude(on_bench, strength, fluorescence):
    analyser, bench, timing = on_bench(
        sample=Sample(bands=BAND, strength=strength, fluorescence=fluorescence)
    )
    kept = Kept()
    plan = dataclasses.replace(
        auto_plan(analyser.capabilities, budget_s=60.0, wanted_snr=1.0), auto=DEEP
    )
    got = run(analyser, plan, timing, kept)
    inside = DEEP.lowest * 0.97 <= level_of(got.frame) <= DEEP.highest * 1.03
    assert inside or got.frame.integration_time_ms == DEEP.longest_ms
    assert "saturated" not in got.frame.flags
    trials = [frame for frame in kept.frames if "trial" in frame.flags]
    listed = [line for line in kept.log if line.what.startswith("trial")]
    assert [line.integration_time_ms for line in listed] == [
        frame.integration_time_ms for frame in trials
    ]
    assert len(trials) <= 8
    assert light_s(kept.frames) <= plan.most_light_s
    assert bench.light_dose_s <= plan.most_light_s + 0.1 * (1 + len(trials) + got.frame.averages)


def test_what_saturates_at_the_shortest_time_is_flagged_and_said(on_bench):
    analyser, _bench, timing = on_bench(sample=sample(900.0))
    kept = Kept()
    got = run(analyser, auto_plan(analyser.capabilities, budget_s=5.0), timing, kept)
    assert got.frame.integration_time_ms == 10.0
    assert "saturated" in got.frame.flags
    assert any("shortest time" in remark for remark in kept.remarks)


def test_saturation_is_measured_again_once_with_less(on_bench):
    analyser, _bench, timing = on_bench(sample=sample(6.0))
    kept = Kept()
    got = run(analyser, fixed_plan(Settings(1000.0, 3)), timing, kept)
    assert (got.frame.integration_time_ms, got.frame.averages) == (500.0, 3)
    assert kept.frames[0].flags == ("saturated", "trial")
    assert "measured again with 500 ms" in kept.remarks[0]
    assert got.frame.dark is not None
    analyser, _bench, timing = on_bench(sample=sample(100.0))
    got = run(analyser, fixed_plan(Settings(1000.0, 2)), timing, Kept())
    assert got.frame.integration_time_ms == 500.0  # once, and then it is told
    assert "saturated" in got.frame.flags


@pytest.mark.parametrize("power", [1.0, 40.0, 100.0])
def test_the_laser_is_switched_on_once_and_never_raised(on_bench, power):
    analyser, _bench, timing = on_bench(sample=sample(0.01))
    asked, switch_on = [], analyser._laser.switch_on
    analyser._laser.switch_on = lambda percent: (asked.append(percent), switch_on(percent))
    got = run(analyser, auto_plan(analyser.capabilities, laser_power_percent=power), timing, Kept())
    assert asked == [power]
    assert got.frame.laser_power == f"{power:g} %"


@pytest.mark.parametrize("budget_s", [1.0, 4.0, 20.0, 60.0])
@pytest.mark.parametrize("strength", [0.01, 1.0])
def test_the_budget_of_time_is_kept(on_bench, budget_s, strength):
    analyser, _bench, timing = on_bench(sample=sample(strength))
    plan = auto_plan(analyser.capabilities, budget_s=budget_s, wanted_snr=None)
    got = run(analyser, plan, timing, Kept())
    assert timing.now() <= budget_s + 0.1
    assert got.frame.dark is not None
    most = analyser.capabilities.averages.highest
    each_s = 2.0 * got.frame.integration_time_ms / 1000.0
    assert got.frame.averages == most or timing.now() > budget_s - 1.5 * each_s - 0.5


def test_every_analyser_measures_by_the_automatic_plan(make_analyser, stepped_time):
    analyser = make_analyser(sample=sample(0.3), timing=stepped_time.timing())
    begun = stepped_time.now_s
    plan = auto_plan(analyser.capabilities, budget_s=40.0, wanted_snr=None)
    kept = Kept()
    got = run(analyser, plan, stepped_time.timing(), kept)
    each_s = got.frame.integration_time_ms / 1000.0
    assert stepped_time.now_s - begun <= 40.0 + each_s + 1.0
    assert "saturated" not in got.frame.flags
    assert [("dark" in frame.flags) for frame in kept.frames[-2:]] == [False, True]
    assert got.frame.dark is not None
    assert kept.frames[-1].averages == got.frame.averages


def test_averages_follow_the_wanted_signal_to_noise(on_bench):
    def averages(wanted, strength):
        analyser, _bench, timing = on_bench(sample=sample(strength))
        plan = auto_plan(analyser.capabilities, budget_s=1000.0, wanted_snr=wanted)
        return run(analyser, plan, timing, Kept()).frame.averages

    assert averages(10.0, 1.0) == 1
    few, many = averages(100.0, 0.02), averages(200.0, 0.02)
    assert 1 < few < many
    assert many == pytest.approx(4 * few, rel=0.3)


def test_time_left_is_told_and_the_share_rises(on_bench):
    analyser, _bench, timing = on_bench()
    told = []
    run(
        analyser,
        auto_plan(analyser.capabilities, budget_s=10.0, wanted_snr=None),
        timing,
        Kept(),
        progress=lambda share, words: told.append((share, words)),
    )
    shares = [share for share, _words in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert sum("s left" in words for _share, words in told) > len(told) / 2


# --- Waiting -------------------------------------------------------------------------------------


def test_it_waits_until_the_detector_is_steady(on_bench, quiet_model):
    model = dataclasses.replace(quiet_model, start_c=20.0, cooling_time_s=10.0)
    analyser, bench, timing = on_bench(model=model)
    kept = Kept()
    run(analyser, Plan(Settings(100.0, 1), thermal=Thermal(setpoint_c=-10.0)), timing, kept)
    assert kept.remarks == []
    assert bench.time_s > 40.0
    assert kept.frames[0].temperature_c == pytest.approx(-10.0, abs=0.3)


@pytest.mark.parametrize("cooling_time_s", [10.0, 30.0])
@pytest.mark.parametrize("budget_s", [20.0, 30.0, 60.0])
def test_the_dark_of_an_instrument_just_switched_on_fits(
    on_bench, quiet_model, cooling_time_s, budget_s
):
    """From 25 to -10 degrees, which takes minutes; a second without a change proves nothing."""
    model = dataclasses.replace(
        quiet_model, start_c=25.0, setpoint_c=-10.0, cooling_time_s=cooling_time_s
    )
    analyser, _bench, timing = on_bench(model=model)
    kept = Kept()
    plan = steadied(auto_plan(analyser.capabilities, budget_s=budget_s, wanted_snr=None))
    got = run(analyser, plan, timing, kept)
    assert got.frame.dark is not None
    assert DARK_STALE not in got.frame.flags
    assert kept.remarks == []


def test_a_steady_detector_costs_a_second_and_a_noisy_one_a_few(on_bench, quiet_model):
    for noise, most_s in ((0.0, 1.1), (0.05, 5.0)):
        model = dataclasses.replace(quiet_model, start_c=-10.0, setpoint_c=-10.0)
        analyser, bench, timing = on_bench(model=model)
        plan = steadied(auto_plan(analyser.capabilities)).thermal
        chance = np.random.default_rng(3)
        noisy = Noisy(analyser, lambda chance=chance, noise=noise: noise * chance.uniform(-1, 1))
        assert not wait_for_temperature(noisy, plan, timing, lambda *_: None, lambda: False)
        assert bench.time_s <= most_s


class Noisy:
    """An analyser with a poor thermometer."""

    def __init__(self, real, noise):
        self._real, self._noise = real, noise

    def __getattr__(self, name):
        return getattr(self._real, name)

    @property
    def temperature_c(self):
        return self._real.temperature_c + self._noise()


@pytest.mark.parametrize("thermal", [Thermal(), Thermal(setpoint_c=-40.0)])
def test_it_gives_up_waiting_and_says_so(on_bench, quiet_model, thermal):
    model = quiet_model
    if thermal.setpoint_c is None:
        model = dataclasses.replace(quiet_model, start_c=60.0, cooling_time_s=200.0)
    analyser, _bench, timing = on_bench(model=model)
    kept = Kept()
    run(analyser, Plan(Settings(100.0, 1), thermal=thermal), timing, kept)
    assert "not steady after 120 s" in kept.remarks[0]


def test_a_countdown_keeps_the_laser_off_until_its_end(on_bench):
    states = []
    holder = {}

    def on_sleep(_seconds):
        bench = holder.get("bench")
        if bench is not None:
            states.append((bench.time_s, bench.laser_state()))

    analyser, bench, timing = on_bench(on_sleep=on_sleep)
    holder["bench"] = bench
    run(analyser, delayed(fixed_plan(Settings(200.0, 2)), 20.0), timing, Kept())
    assert {state for moment, state in states if moment < 20.0} == {LaserState.OFF}
    assert LaserState.FIRING in {state for moment, state in states if moment < 20.5}
    assert bench.laser_state() is LaserState.OFF


@pytest.mark.parametrize("how", ["abort", "laser_off", "close", "should_stop"])
def test_a_countdown_can_be_cancelled_at_any_time(on_bench, how):
    stop = []

    def on_sleep(_seconds):
        if timing_of and timing_of[0].now() > 7.0 and not stop:
            stop.append(None)
            if how != "should_stop":
                button = threading.Thread(target=getattr(analyser, how))
                button.start()
                button.join(30)

    timing_of = []
    analyser, bench, timing = on_bench(on_sleep=on_sleep)
    timing_of.append(timing)
    wanted = NotConnectedError if how == "close" else AbortedError
    with pytest.raises(wanted):
        run(
            analyser,
            delayed(fixed_plan(Settings(200.0, 2)), 20.0),
            timing,
            Kept(),
            should_stop=lambda: how == "should_stop" and bool(stop),
        )
    assert stop
    assert bench.light_dose_s == 0.0
    assert bench.laser_state() is LaserState.OFF


def test_a_stop_between_asking_and_beginning_is_not_forgotten(on_bench):
    analyser, bench, timing = on_bench()
    asked = analyser.stops
    analyser.abort()
    with pytest.raises(AbortedError):
        run(analyser, fixed_plan(Settings(200.0, 1)), timing, Kept(), stops_before=asked)
    assert bench.light_dose_s == 0.0


def test_a_laser_that_fires_during_the_countdown_is_switched_off(on_bench):
    def on_sleep(_seconds):
        if timing_of and 5.0 < timing_of[0].now() < 5.2:
            bench.laser(on=True)

    timing_of = []
    analyser, bench, timing = on_bench(on_sleep=on_sleep)
    timing_of.append(timing)
    told = []
    analyser.when_alarmed(told.append)
    with pytest.raises(LaserAlarmError, match="firing during the countdown"):
        run(analyser, delayed(fixed_plan(Settings(200.0, 1)), 20.0), timing, Kept())
    assert bench.laser_state() is LaserState.OFF
    assert told == [analyser.alarm] == ["it was firing during the countdown; it reads off now"]


def test_a_laser_that_fires_while_the_detector_is_waited_for_is_an_alarm(on_bench, quiet_model):
    def on_sleep(_seconds):
        if timing_of and 5.0 < timing_of[0].now() < 5.2:
            bench.laser(on=True)

    timing_of = []
    model = dataclasses.replace(quiet_model, start_c=20.0, cooling_time_s=30.0)
    analyser, bench, timing = on_bench(model=model, on_sleep=on_sleep)
    timing_of.append(timing)
    with pytest.raises(LaserAlarmError, match="while the detector was waited for"):
        run(analyser, Plan(Settings(100.0, 1), thermal=Thermal()), timing, Kept())
    assert bench.laser_state() is LaserState.OFF
    assert analyser.alarm


@pytest.mark.parametrize("seconds", [-1.0, 1e9, float("nan")])
def test_impossible_countdowns_are_refused(seconds):
    with pytest.raises(SettingsError, match="countdown"):
        delayed(fixed_plan(Settings()), seconds)


def test_gentle_uses_the_least_power_after_a_countdown_and_claims_nothing(on_bench):
    analyser, bench, timing = on_bench(sample=sample(1.0, absorbs=True))
    plan = gentle_plan(analyser.capabilities)
    assert plan.settings.laser_power_percent == analyser.capabilities.laser_power_percent.lowest
    assert plan.countdown_s >= 20.0
    kept = Kept()
    run(analyser, plan, timing, kept)
    assert not bench.sample_heated
    assert light_s(kept.frames) <= plan.most_light_s
    words = GENTLE_WARNING.lower()
    assert "does not protect" in words
    assert not any(claim in words for claim in (" safe", "without risk", "no risk", "prevent"))


def test_gentle_is_refused_where_the_power_cannot_be_set(on_bench):
    analyser, _bench, _timing = on_bench()
    without = dataclasses.replace(analyser.capabilities, switches_laser=False)
    with pytest.raises(SettingsError, match="cannot set the laser power"):
        gentle_plan(without)


# --- Dark and early end --------------------------------------------------------------------------


def test_the_dark_comes_after_the_sample_at_the_same_settings(on_bench):
    analyser, _bench, timing = on_bench()
    kept = Kept()
    got = run(analyser, auto_plan(analyser.capabilities, budget_s=20.0), timing, kept)
    assert [("dark" in frame.flags) for frame in kept.frames[-2:]] == [False, True]
    dark = kept.frames[-1]
    assert dark.integration_time_ms == got.frame.integration_time_ms
    assert dark.averages == got.frame.averages
    np.testing.assert_array_equal(got.frame.dark, dark.counts)
    assert kept.frames[-2].dark is None


def test_a_dark_that_fits_still_is_used_again(on_bench):
    analyser, _bench, timing = on_bench()
    plan = fixed_plan(Settings(200.0, 2))
    assert run(analyser, plan, timing, Kept()).dark is not None
    again = run(analyser, plan, timing, Kept())
    assert again.dark is None
    assert again.frame.dark is not None


def test_the_dark_is_taken_again_when_the_detector_moved(on_bench):
    analyser, bench, timing = on_bench()
    plan = fixed_plan(Settings(1000.0, 5))
    kept = Kept()

    def progress(_share, words):
        if "dark" in words and bench.faults.hot_at_s is None:
            bench.faults = dataclasses.replace(bench.faults, hot_at_s=bench.time_s)

    got = run(analyser, plan, timing, kept, progress=progress)
    assert sum("dark" in frame.flags for frame in kept.frames) == 2
    assert got.frame.dark is None
    assert "dark_stale" in got.frame.flags


@pytest.mark.parametrize("number", [1, 2, 5])
def test_enough_ends_it_early_and_it_is_no_partial_frame(on_bench, number):
    analyser, _bench, timing = on_bench()
    seen = []

    def enough(frame):
        seen.append(frame)
        return frame.averages == number

    kept = Kept()
    got = run(analyser, fixed_plan(Settings(200.0, 10)), timing, kept, enough=enough)
    assert (got.frame.averages, got.planned) == (number, 10)
    assert "partial" not in got.frame.flags
    assert kept.frames[-1].averages == number  # the dark
    assert got.frame.dark is not None
    np.testing.assert_array_equal(seen[-1].counts, got.frame.counts)
    assert any("enough" in line.what for line in kept.log)


def test_stopped_by_the_user_is_partial_and_has_no_dark(on_bench):
    analyser, _bench, timing = on_bench()
    shares = []
    kept = Kept()
    got = run(
        analyser,
        fixed_plan(Settings(1000.0, 5)),
        timing,
        kept,
        progress=lambda share, _words: shares.append(share),
        should_stop=lambda: bool(shares) and shares[-1] > 0.3,
    )
    assert "partial" in got.frame.flags
    assert got.frame.averages == 2
    assert (got.dark, got.frame.dark) == (None, None)


@pytest.mark.parametrize("moment", [0.3, 0.8, 1.7, 2.6, 4.0, 5.2, 6.6, 7.4])
def test_whatever_was_whole_before_the_cable_was_pulled_is_kept(on_bench, moment):
    analyser, _bench, timing = on_bench(faults=Faults(unplugged_at_s=moment), sample=sample(0.2))
    fetched, fetch = [], analyser._detector.fetch
    analyser._detector.fetch = lambda timeout_s: (fetched.append(fetch(timeout_s)), fetched[-1])[1]
    kept = Kept()
    plan = auto_plan(analyser.capabilities, budget_s=12.0, wanted_snr=None)
    with pytest.raises(NotConnectedError):
        run(analyser, plan, timing, kept)
    assert sum(frame.averages for frame in kept.frames) == len(fetched)
    assert kept.log[-1].what.startswith("ended")


def test_a_run_does_not_end_well_while_there_is_an_alarm(on_bench):
    """The cable is pulled in the dark, and the button that is pressed then finds no laser."""
    analyser, bench, timing = on_bench()
    pressed = []

    def progress(_share, words):
        if "dark" in words and not pressed:
            pressed.append(None)
            bench.faults = Faults(unplugged_at_s=bench.time_s)
            with pytest.raises(LaserAlarmError):
                analyser.abort()

    kept = Kept()
    with pytest.raises(LaserAlarmError, match="MAY BE ON"):
        run(analyser, fixed_plan(Settings(200.0, 3)), timing, kept, progress=progress)
    assert [frame.averages for frame in kept.frames] == [3]
