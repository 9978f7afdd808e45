"""Hours of scans with random faults of instrument and cable: nothing lost, memory flat.

About an emulated hour with each here, 24 in the long form (`make fuzz`).
"""

import contextlib
import dataclasses
import gc
import os
import random
import tracemalloc

import pytest

from devices.acquisition.course import Kept
from devices.acquisition.plan import auto_plan, fixed_plan
from devices.acquisition.runner import run
from devices.composed import ComposedAnalyser
from devices.emulators.bench import NO_FAULTS, Bench, Faults
from devices.emulators.direct import bench_parts
from devices.emulators.faults import FaultKind, WireFault
from devices.errors import AbortedError, BadAnswerError, DeviceError, LaserError
from devices.exposures import checked_exposure
from devices.interface import LaserState, Settings
from devices.registry import emulated_wires, open_wires
from devices.sample import Sample
from devices.timing import SteppedTime, Timing

HOUR_S = 3600.0
LONG_H = 24.0 if int(os.environ.get("SPECTRA_FUZZ") or 0) >= 10_000 else 0.0
PAUSE_S = 60.0
MOST_GROWTH_BYTES = 300_000
SAMPLE = Sample(bands=[[1001.0, 100.0, 8.0]], strength=0.3, fluorescence=0.1)
KINDS = (
    FaultKind.SLOW,
    FaultKind.TRUNCATED,
    FaultKind.TIMEOUT,
    FaultKind.STALL,
    FaultKind.UNPLUG,
    FaultKind.REPEATED,
)


class Counting:
    """A detector part that counts the exposures that came whole."""

    def __init__(self, part):
        self._part, self.whole = part, 0

    def __getattr__(self, name):
        return getattr(self._part, name)

    def fetch(self, timeout_s):
        exposure = self._part.fetch(timeout_s)
        with contextlib.suppress(BadAnswerError):
            checked_exposure(exposure, self._part.facts, "")
            self.whole += 1
        return exposure


class Station:
    """An instrument that is used, goes wrong, is pulled and plugged in again."""

    def __init__(self, wired, seed, model):
        self.time, self.dice, self.wires = SteppedTime(), random.Random(seed), None
        self.press_at, self.analyser = None, None
        self.timing = Timing(lambda: self.time.now_s, self.sleep, self.time.utc)
        if wired:
            self.wires = emulated_wires(wired, sample=SAMPLE, seed=seed, timing=self.timing)
        self.bench = self.wires.bench if wired else Bench(model, SAMPLE, seed)
        self.wired, self.outcomes = wired, {}

    def sleep(self, seconds):
        self.time.step(seconds)
        if self.press_at is not None and self.time.now_s >= self.press_at:
            self.press_at = None
            with contextlib.suppress(LaserError):
                self.analyser.abort()

    def open(self):
        """Plug it in, all being well, and open it."""
        self.bench.advance_to(self.time.now_s)
        self.bench.faults = NO_FAULTS
        if self.wires is None:
            parts = bench_parts(self.bench, self.timing, 1)
            made = ComposedAnalyser(
                *parts, family="emulated-785", emulated=True, timing=self.timing
            )
            made.laser_off()  # as every driver does when it opens
        else:
            self.wires.usb.replug()
            self.wires.usb.faults.arm()
            made = open_wires(self.wired, self.wires, timing=self.timing)
        made._detector = Counting(made._detector)
        self.analyser = made

    def spoil(self):
        """Let something go wrong soon, or nothing."""
        at = self.time.now_s + self.dice.uniform(0.0, 6.0)
        self.bench.faults = self.dice.choice(
            [
                NO_FAULTS,
                NO_FAULTS,
                Faults(unplugged_at_s=at),
                Faults(interlock_open_at_s=at, interlock_closed_at_s=at + 3.0),
                Faults(laser_stuck_on=True),
                Faults(laser_never_fires=True),
                Faults(laser_drops_out_at_s=at),
                Faults(hot_at_s=at),
                Faults(hangs_at_s=at),
                Faults(flat_frame=True),
                Faults(saturated=True),
            ]
        )
        self.press_at = at if self.dice.random() < 0.15 else None
        if self.wires is not None and self.dice.random() < 0.5:
            kind = self.dice.choice(KINDS)
            self.wires.usb.faults.arm(WireFault(kind, at=self.dice.randrange(120), seconds=0.3))

    def scan(self):
        """Measure once; every whole exposure has to be in a frame afterwards."""
        kept, before = Kept(), self.analyser._detector.whole
        plan = fixed_plan(Settings(300.0, self.dice.randint(1, 6)))
        if self.dice.random() < 0.5:
            plan = auto_plan(self.analyser.capabilities, budget_s=6.0, wanted_snr=None)
        outcome = "whole"
        try:
            run(self.analyser, plan, self.timing, kept)
        except DeviceError as error:
            outcome = type(error).__name__
        self.press_at = None
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        whole = self.analyser._detector.whole - before
        assert sum(frame.averages for frame in kept.frames) == whole, outcome
        return outcome

    def check_and_repair(self, outcome):
        """Hold the laser against what is known of it; after an error pull the plug and go on."""
        if outcome in {"whole", "AbortedError"}:
            assert self.analyser.alarm is None
            assert self.bench.laser_state() is LaserState.OFF
        elif self.bench.laser_enabled:
            assert self.analyser.alarm, outcome
        with contextlib.suppress(DeviceError):
            self.analyser.close()
        self.time.step(PAUSE_S)
        self.open()
        assert self.analyser.laser_state is LaserState.OFF
        self.analyser.configure(Settings(100.0, 1))
        assert self.analyser.acquire().averages == 1


def soaked(station, hours):
    """Scan for that many emulated hours; return what the memory grew by after the first third."""
    station.open()
    try:
        while station.time.now_s < hours * HOUR_S:
            station.spoil()
            station.check_and_repair(station.scan())
            if not tracemalloc.is_tracing() and station.time.now_s > hours * HOUR_S / 3.0:
                gc.collect()
                tracemalloc.start()  # not before: it makes everything slow
        gc.collect()
        assert tracemalloc.is_tracing()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def _soak(wired, hours, model, say):
    station = Station(wired, 2026, model)
    grown = soaked(station, hours)
    say(f"{wired or 'direct parts'}: {hours:g} h, {station.outcomes}, grown by {grown} bytes")
    assert grown < MOST_GROWTH_BYTES
    assert station.outcomes["whole"] > 0
    assert len(station.outcomes) > 4


@pytest.fixture
def model(quiet_model):
    return dataclasses.replace(quiet_model, laser_delay_s=0.5)


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("wired", "hours"), [("", 1.0), ("wasatch-785", 0.75)])
def test_hours_of_faults_lose_nothing(wired, hours, model, threads_left, record_property):
    _soak(wired, LONG_H or hours, model, lambda words: record_property("soak", words))
    assert threads_left() == []


def test_a_stop_in_a_soak_is_an_abort_or_a_partial_frame(model):
    station = Station("", 7, model)
    station.open()
    station.press_at = 1.0
    with pytest.raises(AbortedError):
        run(station.analyser, fixed_plan(Settings(2000.0, 3)), station.timing, Kept())
