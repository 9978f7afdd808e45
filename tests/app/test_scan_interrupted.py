"""A scan that nobody waits for, or that could not be kept: nothing lost, nothing lit."""

import contextlib
import dataclasses
import json
import os
import signal
import threading
import time

import numpy as np
import pytest

from devices.acquisition.plan import auto_plan, delayed, fixed_plan
from devices.composed import ComposedAnalyser
from devices.emulators import ocean_obp
from devices.emulators.bench import Bench
from devices.emulators.direct import bench_parts
from devices.emulators.pty import PtyWire
from devices.errors import NotConnectedError
from devices.frame import PARTIAL, TRIAL, RawFrame
from devices.interface import LaserState, Settings
from devices.registry import family
from devices.sample import Sample
from devices.timing import SteppedTime
from devices.transports.recorder import MOST_BYTES
from spectra_app.errors import EvidenceError
from spectra_app.records.evidence import ROOM_BYTES, EvidenceStore
from spectra_app.services.calibrations import Calibrations
from spectra_app.services.checking import measure_check
from spectra_app.services.devices import Chosen
from spectra_app.services.emulated_samples import emulated_sample
from spectra_app.services.frames import AnalyserError
from spectra_app.services.measured import HurriedError
from spectra_app.services.measuring import check_chosen
from spectra_app.services.scanning import HowToScan, scan
from spectra_app.services.session import open_identifier

resource = pytest.importorskip("resource")
PATIENCE_S = 60.0


@pytest.fixture
def identifier(tmp_path):
    opened = open_identifier(None, evidence=tmp_path / "evidence")
    return dataclasses.replace(opened, hazards=(), calibrations=None)


@pytest.fixture
def bed():
    """An emulated analyser with its bench in reach."""
    clock = SteppedTime()
    model = dataclasses.replace(family("emulated-785").bench, start_c=-10.0)
    bench = Bench(model, emulated_sample("caffeine"), 3)
    parts = bench_parts(bench, clock.timing(), 3)
    analyser = ComposedAnalyser(*parts, family="x", emulated=True, timing=clock.timing())
    return analyser, bench, HowToScan(timing=clock.timing())


@contextlib.contextmanager
def files_at_most(size):
    """Let no file become larger, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def frames_in(store):
    kept = [store.get(receipt.sha256) for receipt in store.received().receipts]
    return [RawFrame.from_bytes(data) for data in kept if b"raw-frame" in data]


@pytest.mark.parametrize("fault", [KeyboardInterrupt, MemoryError])
def test_what_was_whole_before_an_interruption_is_kept_and_the_laser_is_off(bed, identifier, fault):
    analyser, bench, how = bed
    lit = []

    def progress(_share, words):
        if "exposure 4" in words:
            lit.append(bench.laser_state())
            raise fault

    with pytest.raises(fault) as caught:
        scan(analyser, identifier, fixed_plan(Settings(300.0, 9)), label="x", progress=progress,
             how=how)  # fmt: skip
    assert lit == [LaserState.FIRING]
    assert bench.laser_state() is LaserState.OFF
    (frame,) = frames_in(identifier.evidence)
    assert (frame.averages, PARTIAL in frame.flags) == (3, True)
    assert caught.value.__notes__ == [
        f"what was measured is kept: 2 files in {identifier.evidence.folder}"
    ]


def test_an_interruption_while_the_time_is_sought_keeps_each_trial_once(bed, identifier):
    analyser, _bench, how = bed
    seen = []

    def progress(_share, words):
        if "exposure 1" in words and words not in seen:
            seen.append(words)
        if "exposure 3" in words:
            raise KeyboardInterrupt

    plan = auto_plan(analyser.capabilities, budget_s=120.0, wanted_snr=None)
    with pytest.raises(KeyboardInterrupt):
        scan(analyser, identifier, plan, label="x", progress=progress, how=how)
    frames = frames_in(identifier.evidence)
    assert [TRIAL in frame.flags for frame in frames] == [True] * (len(frames) - 1) + [False]
    assert frames[-1].averages == 2
    assert len({frame.integration_time_ms for frame in frames}) == len(frames)


def test_an_interruption_while_it_identifies_says_where_the_scan_is(bed, identifier):
    analyser, _bench, how = bed

    class Interrupted:
        def __getattr__(self, name):
            raise KeyboardInterrupt

    asked = dataclasses.replace(identifier, engine=Interrupted())
    with pytest.raises(KeyboardInterrupt) as caught:
        scan(analyser, asked, fixed_plan(Settings(100.0, 1)), label="x", how=how)
    assert str(identifier.evidence.folder) in caught.value.__notes__[0]
    assert len(frames_in(identifier.evidence)) == 3  # as it came, dark, with its dark


class Impatient(EvidenceStore):
    """One whose user presses Ctrl-C while the first object is written."""

    pressed = False

    def put(self, data, **how):
        if not self.pressed:
            self.pressed = True
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)
        return super().put(data, **how)


def test_an_interruption_while_it_is_being_kept_loses_nothing(bed, identifier):
    analyser, _bench, how = bed
    asked = dataclasses.replace(identifier, evidence=Impatient(identifier.evidence.folder))
    with pytest.raises(HurriedError) as caught:
        scan(analyser, asked, fixed_plan(Settings(100.0, 1)), label="x", how=how)
    assert len(frames_in(identifier.evidence)) == 3  # as it came, dark, with its dark
    assert set(caught.value.kept) == {one.sha256 for one in identifier.evidence.received().receipts}
    assert str(identifier.evidence.folder) in caught.value.__notes__[0]


@pytest.mark.parametrize("fault", [KeyboardInterrupt, NotConnectedError("gone", "", "")])
def test_a_check_that_breaks_off_keeps_what_was_whole_too(bed, identifier, fault):
    analyser, bench, how = bed

    def progress(_share, words):
        if "dark" in words:
            raise fault

    with pytest.raises((HurriedError, AnalyserError)) as caught:
        measure_check(analyser, identifier, how.timing, progress, lambda: False)
    assert bench.laser_state() is LaserState.OFF
    assert frames_in(identifier.evidence)
    assert set(caught.value.kept) == {one.sha256 for one in identifier.evidence.received().receipts}


def test_only_what_began_to_fire_is_said_to_have_fired(bed, identifier):
    """The laser book enters by it: a figure that is not possible lit nothing."""
    analyser, bench, how = bed
    plan = fixed_plan(Settings(100.0, 1, 101.0))
    with pytest.raises(AnalyserError, match="outside") as refused:
        scan(analyser, identifier, plan, label="x", how=how)
    plan = delayed(fixed_plan(Settings(100.0, 1)), 20.0)
    with pytest.raises(AnalyserError, match="stopped before") as stopped:
        scan(analyser, identifier, plan, label="x", should_stop=lambda: True, how=how)
    assert not refused.value.lit
    assert not stopped.value.lit
    assert bench.light_dose_s == 0.0

    def progress(_share, words):
        if "exposure 1" in words:
            raise NotConnectedError("gone", "", "")

    plan = fixed_plan(Settings(100.0, 1))
    with pytest.raises(AnalyserError, match="gone") as lost:
        scan(analyser, identifier, plan, label="x", progress=progress, how=how)
    assert lost.value.lit


def test_a_frame_gets_one_receipt(bed, identifier):
    analyser, _bench, how = bed
    plan = dataclasses.replace(fixed_plan(Settings(100.0, 1)), dark=False)
    scan(analyser, identifier, plan, label="x", how=how)
    kinds = [one.kind for one in identifier.evidence.received().receipts]
    assert kinds == ["raw frame", "acquisition log"]


def test_room_is_proved_for_the_wires_of_both_instruments(bed, identifier):
    analyser, bench, how = bed
    how = dataclasses.replace(how, wires=lambda: b"")
    with files_at_most(ROOM_BYTES + 2 * MOST_BYTES - 1), pytest.raises(EvidenceError):
        scan(analyser, identifier, fixed_plan(Settings(100.0, 1)), label="x", how=how)
    assert bench.light_dose_s == 0.0


def test_on_a_full_disk_the_laser_is_not_switched_on(bed, identifier):
    analyser, bench, how = bed
    with files_at_most(ROOM_BYTES - 1), pytest.raises(EvidenceError) as caught:
        scan(analyser, identifier, fixed_plan(Settings(100.0, 1)), label="x", how=how)
    assert "the disk is full" in caught.value.what
    assert "nothing was measured" in caught.value.what
    assert caught.value.remedy == "free some space and try again"
    assert bench.light_dose_s == 0.0
    assert not list(identifier.evidence.folder.glob(".room*"))


def test_a_check_is_not_measured_on_a_full_disk_either(identifier, tmp_path):
    asked = dataclasses.replace(identifier, calibrations=Calibrations(tmp_path / "records"))
    with files_at_most(ROOM_BYTES - 1), pytest.raises(EvidenceError, match="nothing was measured"):
        check_chosen(
            Chosen("wasatch-785", "polystyrene"),
            asked,
            progress=lambda _share, words: pytest.fail(words),
            should_stop=lambda: False,
            timing=SteppedTime().timing(),
        )


def test_room_that_is_there_leaves_nothing_behind(tmp_path):
    store = EvidenceStore(tmp_path / "new" / "evidence")
    store.prove_room()
    assert store.verify().intact
    assert store.verify().unfinished == store.verify().strangers == ()


@pytest.fixture
def ventana():
    """Serve an emulated analyser; two requests to end come in the third exposure."""
    sample = Sample(bands=np.array([[1001.0, 100.0, 6.0]]), fluorescence=0.0)
    model = ocean_obp.emulator(sample, 1, model="ventana-785", wire="serial")
    over, begun, begin = threading.Event(), [], model.bench.begin

    def counted(integration_s):
        begun.append(integration_s)
        begin(integration_s)

    model.bench.begin = counted

    def end():
        until = time.monotonic() + PATIENCE_S
        while len(begun) < 3:
            if over.wait(0.01) or time.monotonic() > until:
                return
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)

    watching = threading.Thread(target=end)
    with PtyWire(model, paced=False) as wire:
        watching.start()
        yield model.bench, wire.path
        over.set()
        watching.join(PATIENCE_S)


def test_two_requests_to_end_lose_no_exposure_and_say_where_they_are(
    spectra, small_library, ventana, spectra_home
):
    bench, port = ventana
    code, out, err = spectra(
        *("devices", "scan", "ocean-ventana-785", "--port", port, "--library", small_library),
        *("--integration-ms", "300", "--averages", "50", "--whole", "--json"),
    )
    assert (code, out) == (2, "")
    assert bench.laser_state() is LaserState.OFF
    store = EvidenceStore(spectra_home / "evidence")
    assert [frame.averages for frame in frames_in(store)] == [2]
    last = err.splitlines()[-1]
    assert last.startswith("spectra: stopped; what was measured is kept: 2 files in ")
    assert str(store.folder) in last
    log = [json.loads(store.get(one.sha256)) for one in store.received().receipts[-1:]]
    assert log[0]["lines"][-1]["what"] == "ended: KeyboardInterrupt"


@pytest.mark.parametrize("what", ["scan", "check"])
def test_what_is_stopped_before_it_gave_anything_ends_with_2(spectra, small_library, what):
    model = ocean_obp.emulator(Sample(), 1, model="ventana-785", wire="serial")
    begin = model.bench.begin

    def pressed(integration_s):
        os.kill(os.getpid(), signal.SIGINT)
        begin(integration_s)

    model.bench.begin = pressed
    more = ("--library", small_library, "--integration-ms", "2000") if what == "scan" else ()
    with PtyWire(model, paced=False) as wire:
        code, out, err = spectra("devices", what, "ocean-ventana-785", "--port", wire.path, *more)
    assert (code, out) == (2, "")
    assert "stopped" in err.splitlines()[-1]
    assert model.bench.laser_state() is LaserState.OFF
