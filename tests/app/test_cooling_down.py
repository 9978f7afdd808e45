"""An analyser that was just switched on: it is waited for, so that its dark fits."""

import dataclasses

import pytest

from devices.acquisition.course import Kept
from devices.acquisition.runner import run
from devices.composed import ComposedAnalyser
from devices.emulators.bench import Bench
from devices.emulators.direct import bench_parts
from devices.registry import family
from devices.timing import SteppedTime
from spectra_app.services.emulated_samples import emulated_sample
from spectra_app.services.measuring import Wanted, plan_of


@pytest.fixture
def switched_on():
    """Return an analyser whose detector starts at a temperature, and its bench."""

    def make(start_c):
        clock = SteppedTime()
        row = family("emulated-785").bench
        model = dataclasses.replace(row, start_c=start_c, cooling_time_s=8.0)
        bench = Bench(model, emulated_sample("caffeine"), 3)
        parts = bench_parts(bench, clock.timing(), 3)
        made = ComposedAnalyser(*parts, family="x", emulated=True, timing=clock.timing())
        return made, bench, clock.timing()

    return make


def test_a_detector_that_cools_down_is_waited_for_and_its_dark_fits(switched_on):
    analyser, bench, timing = switched_on(25.0)
    plan, kept = plan_of(Wanted(budget_s=4.0), analyser), Kept()
    waited = run(analyser, plan, timing, kept)
    assert waited.frame.dark is not None
    assert kept.remarks == []
    assert bench.time_s > 20.0
    analyser, bench, timing = switched_on(25.0)
    hasty = run(analyser, dataclasses.replace(plan, thermal=None), timing, Kept())
    assert hasty.frame.dark is None


def test_a_steady_one_costs_about_a_second(switched_on):
    times = []
    for thermal in (True, False):
        analyser, bench, timing = switched_on(-10.0)
        plan = plan_of(Wanted(budget_s=4.0), analyser)
        run(analyser, plan if thermal else dataclasses.replace(plan, thermal=None), timing, Kept())
        times.append(bench.time_s)
    assert 0.9 < times[0] - times[1] < 1.6


def test_fixed_settings_begin_at_once(switched_on):
    analyser, _bench, _timing = switched_on(25.0)
    assert plan_of(Wanted(integration_time_ms=100.0), analyser).thermal is None
    assert plan_of(Wanted(gentle=True), analyser).thermal is not None
