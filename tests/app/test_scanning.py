"""Scans by plan: evidence before words, early stops that change no name, nothing lost in errors."""

from __future__ import annotations

import dataclasses
import json
import os
import threading

import pytest

from devices.acquisition.plan import auto_plan, fixed_plan
from devices.composed import ComposedAnalyser
from devices.emulators.bench import NO_FAULTS, Bench, Faults
from devices.emulators.direct import bench_parts
from devices.frame import RawFrame
from devices.interface import LaserState, Settings
from devices.registry import family
from devices.sample import Sample
from devices.timing import SteppedTime
from matching.policy import PolicyError
from spectra_app.services import early_stop
from spectra_app.services.early_stop import AtOnce, EarlyStopPolicy, load_early_stop
from spectra_app.services.emulated_samples import EMPTY_VIAL, emulated_sample, emulated_samples
from spectra_app.services.frames import AnalyserError
from spectra_app.services.scanning import HowToScan, scan
from spectra_app.services.session import open_identifier

FIRST = Settings(integration_time_ms=100.0, averages=12)
SEEDS = 100 if int(os.environ.get("SPECTRA_FUZZ") or 0) >= 10_000 else 8


@pytest.fixture(scope="module")
def identifier(tmp_path_factory):
    opened = open_identifier(None, evidence=tmp_path_factory.mktemp("evidence"))
    return dataclasses.replace(opened, hazards=(), calibrations=None)


@pytest.fixture
def on_bench():
    """An emulated analyser with its bench in reach, over the direct parts."""

    def make(sample, *, seed=3, faults=NO_FAULTS):
        time = SteppedTime()
        model = dataclasses.replace(family("emulated-785").bench, start_c=-10.0)
        bench = Bench(model, sample, seed, faults)
        parts = bench_parts(bench, time.timing(), seed)
        analyser = ComposedAnalyser(
            *parts, family="emulated-785", emulated=True, timing=time.timing()
        )
        return analyser, bench, time.timing()

    return make


def how(timing, *, early=True, **others):
    policy = load_early_stop() if early else None
    return HowToScan(timing=timing, early=policy, looks=AtOnce, **others)


def kinds(identifier, hashes):
    wanted = set(hashes)
    return [r.kind for r in identifier.evidence.received().receipts if r.sha256 in wanted]


def names(scanned):
    return {component.name for component in scanned.found.record.components}


def test_everything_is_evidence_before_it_is_read(on_bench, identifier):
    analyser, _bench, timing = on_bench(emulated_sample("caffeine"))
    seen = []

    def progress(_share, words):
        if words == "identifying":
            seen.extend(r.kind for r in identifier.evidence.received().receipts)

    got = scan(
        analyser,
        identifier,
        auto_plan(analyser.capabilities, budget_s=20.0),
        label="caffeine",
        progress=progress,
        how=how(timing, wires=lambda: b"what passed over the wires"),
    )
    assert {"trial frame", "raw frame", "dark frame", "acquisition log", "wire record"} <= set(seen)
    assert got.found.record.sha256 == got.frame.sha256
    assert identifier.evidence.get(got.frame.sha256) == got.frame.to_bytes()
    logs = [
        json.loads(data)
        for data in map(identifier.evidence.get, got.evidence)
        if b"spectra.acquisition-log" in data
    ]
    assert any(line["what"].startswith("trial") for line in logs[0]["lines"])


def test_a_pulled_cable_leaves_its_exposures_in_the_evidence(on_bench, identifier):
    sample = emulated_sample("caffeine")
    analyser, _bench, timing = on_bench(sample, faults=Faults(unplugged_at_s=3.25))
    plan = fixed_plan(Settings(500.0, 20))
    with pytest.raises(AnalyserError, match="laser for on") as caught:
        scan(analyser, identifier, plan, label="pulled", how=how(timing, early=False))
    kept = [identifier.evidence.get(sha256) for sha256 in caught.value.kept]
    frames = [RawFrame.from_bytes(data) for data in kept if b"raw-frame" in data]
    assert [frame.averages for frame in frames] == [5]
    assert kinds(identifier, caught.value.kept)[-1] == "acquisition log"


def test_evidence_that_cannot_be_kept_does_not_hide_the_laser(on_bench, identifier, tmp_path):
    class Full:
        def prove_room(self, *_args):
            """Filled up only afterwards."""

        def put(self, *_args, **_more):
            from spectra_app.errors import EvidenceError

            raise EvidenceError("the disk is full", str(tmp_path), "make room")

    analyser, bench, timing = on_bench(emulated_sample("caffeine"), faults=Faults())
    bench.faults = Faults(laser_stuck_on=True)
    without = dataclasses.replace(identifier, evidence=Full())
    with pytest.raises(AnalyserError, match="MAY BE ON") as caught:
        scan(analyser, without, fixed_plan(FIRST), label="x", how=how(timing, early=False))
    assert "could not be kept" in caught.value.remedy


def test_what_was_assumed_is_said(on_bench, identifier):
    analyser, bench, timing = on_bench(emulated_sample("caffeine"))

    def hot_while_dark(_share, words):
        if "dark" in words and bench.faults.hot_at_s is None:
            bench.faults = Faults(hot_at_s=bench.time_s)

    got = scan(
        analyser,
        identifier,
        fixed_plan(Settings(1000.0, 5)),
        label="hot",
        progress=hot_while_dark,
        how=how(timing, early=False),
    )
    assert any("detector moved by more than 1 degree" in a for a in got.found.record.assumptions)
    shares = []
    stopped = scan(
        on_bench(emulated_sample("caffeine"))[0],
        identifier,
        fixed_plan(Settings(1000.0, 5)),
        label="stopped",
        progress=lambda share, _words: shares.append(share),
        should_stop=lambda: bool(shares) and shares[-1] > 0.3,
        how=how(timing, early=False),
    )
    assert {"no dark was subtracted", "partial: the scan was stopped early"} <= set(
        stopped.found.record.assumptions
    )


def test_a_safe_verdict_ends_the_scan_and_the_record_says_so(on_bench, identifier):
    analyser, _bench, timing = on_bench(emulated_sample("caffeine"))
    got = scan(analyser, identifier, fixed_plan(FIRST), label="early", how=how(timing))
    assert got.frame.averages == 5  # looks at 3, 4 and 5
    assert "partial" not in got.frame.flags
    assert got.frame.dark is not None
    (said,) = [a for a in got.found.record.assumptions if a.startswith("ended after")]
    assert said.startswith("ended after 5 of 12 exposures because the verdict was safe")
    assert load_early_stop().hash[:12] in said
    assert analyser.laser_state is LaserState.OFF


def weakened(name, seed):
    """A sample of any strength from strong to hopeless, by its seed."""
    sample = emulated_sample(name)
    return dataclasses.replace(sample, strength=10.0 ** (-(seed % 10) / 3.0))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_an_early_stop_never_changes_the_name(on_bench, identifier, seed):
    name = emulated_samples()[(7 * seed) % len(emulated_samples())]
    scanned = []
    for early in (False, True):
        analyser, _bench, timing = on_bench(weakened(name, seed), seed=seed)
        scanned.append(
            scan(analyser, identifier, fixed_plan(FIRST), label=name, how=how(timing, early=early))
        )
    whole, ended = scanned
    if ended.frame.averages < whole.frame.averages:
        assert names(ended) == names(whole)
        assert ended.found.record.alarm == whole.found.record.alarm
    else:
        assert ended.found.record.outcome == whole.found.record.outcome


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "sample",
    [
        emulated_sample(EMPTY_VIAL),
        Sample(strength=0.0, fluorescence=0.0),
        Sample(strength=0.0, fluorescence=1.5),
        Sample(bands=[[700.0, 50.0, 8.0], [1111.0, 80.0, 8.0], [1490.0, 100.0, 8.0]]),
    ],
    ids=["vial", "nothing", "fluorescence", "not in the library"],
)
def test_nothing_found_never_ends_a_scan(on_bench, identifier, sample, seed):
    analyser, _bench, timing = on_bench(sample, seed=seed)
    got = scan(analyser, identifier, fixed_plan(FIRST), label="none", how=how(timing))
    assert got.frame.averages == 12


def test_looks_are_taken_in_a_thread_that_is_gone_afterwards(on_bench, identifier):
    analyser, _bench, timing = on_bench(emulated_sample("caffeine"))
    threads = set()
    real = early_stop.examine

    def noted(*args, **more):
        threads.add(threading.current_thread().name)
        return real(*args, **more)

    early_stop.examine = noted
    try:
        got = scan(
            analyser,
            identifier,
            fixed_plan(FIRST),
            label="threads",
            how=HowToScan(timing=timing, early=load_early_stop()),
        )
    finally:
        early_stop.examine = real
    assert names(got) == {"caffeine"}
    assert all(name.startswith("verdict look") for name in threads)
    assert not [t for t in threading.enumerate() if t.name.startswith("verdict look")]


def test_a_look_that_fails_ends_nothing(on_bench, identifier, monkeypatch):
    def broken(*_args, **_more):
        raise RuntimeError("a bug")

    monkeypatch.setattr(early_stop, "examine", broken)
    analyser, _bench, timing = on_bench(emulated_sample("caffeine"))
    got = scan(analyser, identifier, fixed_plan(FIRST), label="bug", how=how(timing))
    assert got.frame.averages == 12
    assert names(got) == {"caffeine"}


@pytest.mark.parametrize(
    "change",
    [
        {"outcomes": ["not_in_library"]},
        {"outcomes": []},
        {"looks": 0},
        {"looks": 2.5},
        {"margin": float("nan")},
        {"least_snr": -1.0},
        {"another": 1},
    ],
)
def test_a_policy_of_early_stops_that_makes_no_sense_is_refused(tmp_path, change):
    policy = dataclasses.asdict(load_early_stop())
    del policy["hash"]
    path = tmp_path / "early_stop.json"
    path.write_text(json.dumps(policy), "utf-8")
    assert isinstance(load_early_stop(path), EarlyStopPolicy)
    path.write_text(json.dumps({**policy, **change}), "utf-8")
    with pytest.raises(PolicyError):
        load_early_stop(path)


def test_a_cable_pulled_under_a_firing_laser_says_that_it_may_be_on(on_bench, identifier):
    sample = emulated_sample("caffeine")
    analyser, _bench, timing = on_bench(sample, faults=Faults(unplugged_at_s=1.25))
    with pytest.raises(AnalyserError, match="the laser MAY BE ON"):
        scan(
            analyser,
            identifier,
            fixed_plan(FIRST),
            label="a scan",
            how=HowToScan(timing=timing),
        )
