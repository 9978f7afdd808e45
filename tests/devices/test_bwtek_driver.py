"""The B&W Tek driver against the emulated instrument: speeds, scans, alignment, and what breaks."""

import contextlib
import dataclasses
import os
import threading

import numpy as np
import pytest

from devices.drivers.bwtek.driver import open_parts
from devices.emulators import bwtek
from devices.emulators.bench import Bench
from devices.emulators.bench_model import NO_FLAWS
from devices.emulators.faults import SERIAL_KINDS, FaultKind, WireFault
from devices.emulators.stream import EmulatedStream
from devices.errors import (
    AbortedError,
    BadAnswerError,
    DeviceError,
    NotConnectedError,
    SettingsError,
    StaleDataError,
    TransportTimeoutError,
    WrongDeviceError,
)
from devices.parts import AxisSource
from devices.timing import SteppedTime


class Bench110:
    """An instrument, its cable and a time that stands still."""

    def __init__(self, emulator, paced=False, **stream):
        self.time = SteppedTime()
        self.timing = self.time.timing()
        self.emulator = emulator
        self.stream = EmulatedStream(emulator, self.timing, paced=paced, **stream)

    def open(self, model="BTC110-S", **options):
        self.part, laser = open_parts(
            self.stream, self.timing, configuration=bwtek.configuration(model), **options
        )
        assert laser is None
        return self.part

    def measure(self, milliseconds=100):
        self.part.set_integration_time(milliseconds)
        self.part.start()
        self.time.step(milliseconds / 1000.0)
        return self.part.fetch(1.0)

    def measure_after(self, kind):
        """Measure when the fault is over; garbage left in the instrument costs one command."""
        if kind is FaultKind.EXTRA:
            with contextlib.suppress(BadAnswerError):
                return self.measure()
        return self.measure()

    def right(self, exposure):
        return (exposure.counts == self.emulator.last_scan).all()


@pytest.fixture
def instrument(polystyrene_like):
    def make(model="BTC110-S", paced=False, **options):
        made = bwtek.emulator(polystyrene_like, 5, model=model)
        made.power_up()  # its greeting has to be swallowed
        for name, value in options.items():
            setattr(made, name, value)
        return Bench110(made, paced=paced, baud=9600)

    return make


@pytest.fixture
def featureless(polystyrene_like):
    """An instrument in the dark whose detector has no pattern: nothing to align by."""

    def make():
        row = bwtek.MODELS["BTC110-S"]
        model = dataclasses.replace(row.bench, flaws=NO_FLAWS, dark_pattern=0.0)
        return Bench110(bwtek.BwtekEmulator(Bench(model, polystyrene_like, 5), row), baud=9600)

    return make


@pytest.mark.parametrize("paced", [False, True])
@pytest.mark.parametrize("model", list(bwtek.MODELS))
def test_it_is_found_at_9600_set_to_115200_and_read_to_the_pixel(instrument, model, paced) -> None:
    setup = instrument(model, paced)
    part = setup.open(model)
    assert setup.stream.baud == setup.emulator.baud == 115_200
    left_out = {"BTC110-S": "first", "BTC100-S": "last"}[model]
    assert ("kind of scan", f"binary, without the {left_out} of 2049 values") in part.facts.facts
    for milliseconds in (50, 100, 1999.6):
        exposure = setup.measure(milliseconds)
        assert setup.right(exposure)
        assert ("scan", "binary") in exposure.facts
    part.close()
    part.close()
    with pytest.raises(NotConnectedError):
        part.start()


def test_it_is_found_where_an_earlier_program_left_it(instrument) -> None:
    setup = instrument()
    setup.open().close()
    began = setup.time.now_s
    again = Bench110(setup.emulator, baud=9600)
    again.time.step(began)
    again.open(scan="ascii")
    assert again.right(again.measure())
    assert again.time.now_s - began < 1.0


@pytest.mark.parametrize("scan", ["ascii", "binary", "auto"])
def test_all_kinds_of_scans_give_the_counts(instrument, scan) -> None:
    setup = instrument(paced=True)
    setup.open(scan=scan)
    exposure = setup.measure(300)
    assert setup.right(exposure)
    assert ("scan", "ascii" if scan == "ascii" else "binary") in exposure.facts
    assert exposure.counts.shape == (2048,)


def test_what_the_line_does_not_say_comes_from_the_papers_and_is_marked(instrument) -> None:
    facts = instrument().open().facts
    assert facts.axis.source is AxisSource.CONFIGURATION
    assert facts.serial.startswith("EMULATED")
    assert ("laser wavelength in the papers", "785 nm") in facts.facts
    assert facts.pixels == 2048
    assert not facts.reads_temperature
    setup = instrument()
    part, _ = open_parts(setup.stream, setup.timing)
    assert part.facts.axis.source is AxisSource.NONE
    assert part.facts.serial == ""
    assert part.temperature_c() is None


def test_an_unclear_alignment_is_asked_twice_then_ascii_is_used(featureless) -> None:
    setup = featureless()
    part = setup.open()
    assert ("kind of scan", "ascii") in part.facts.facts
    exposure = setup.measure()
    assert setup.right(exposure)
    assert ("scan", "ascii") in exposure.facts


def test_an_unclear_alignment_is_never_guessed(featureless) -> None:
    with pytest.raises(BadAnswerError, match="cannot be told"):
        featureless().open(scan="binary")


@pytest.mark.parametrize("milliseconds", [49, 65_001, 0, -1, float("nan"), float("inf")])
def test_times_outside_the_limits_are_refused_before_they_are_sent(
    instrument, milliseconds
) -> None:
    setup = instrument()
    part = setup.open()
    setup.stream.faults.arm()
    with pytest.raises(SettingsError):
        part.set_integration_time(milliseconds)
    assert setup.stream.faults.steps == ()


def test_the_longest_exposure_is_waited_for(instrument) -> None:
    setup = instrument()
    setup.open()
    setup.part.set_integration_time(65_000)
    setup.part.start()
    assert setup.right(setup.part.fetch(1.0))  # asked at once: the deadline follows the exposure


def test_a_slow_line_gets_the_time_that_its_bytes_need(instrument, monkeypatch) -> None:
    monkeypatch.setattr("devices.drivers.bwtek.line.Line._hurry", lambda _line: None)
    setup = instrument(paced=True)
    setup.open(scan="ascii")
    assert setup.stream.baud == 9600
    began = setup.time.now_s
    assert setup.right(setup.measure(50))
    assert setup.time.now_s - began > 14.0  # 14,345 bytes at 9600 baud


@pytest.mark.parametrize("reset_interrupts", [True, False])
@pytest.mark.parametrize("after_s", [0.0, 0.3, 1.0])
def test_a_cancelled_exposure_is_not_taken_for_the_next_one(
    instrument, reset_interrupts, after_s
) -> None:
    setup = instrument(paced=True, reset_interrupts=reset_interrupts)
    part = setup.open()
    part.set_integration_time(800)
    part.start()
    setup.time.step(after_s)
    part.cancel()
    part.start()
    setup.time.step(0.8)
    assert setup.right(part.fetch(1.0))
    assert part.facts.integration_time_ms.hold(800)


def test_cancel_from_another_thread_ends_a_waiting_fetch(instrument) -> None:
    setup = instrument()
    part = setup.open()
    part.set_integration_time(60_000)
    part.start()
    slow = threading.Event()
    sleep = setup.timing.sleep

    def step(seconds):
        slow.set()
        sleep(seconds)

    object.__setattr__(setup.stream, "_timing", dataclasses.replace(setup.timing, sleep=step))
    helper = threading.Thread(target=lambda: (slow.wait(5.0), part.cancel()))
    helper.start()
    with pytest.raises((AbortedError, BadAnswerError)):
        part.fetch(1.0)
    helper.join()
    assert setup.right(setup.measure(50))


def test_a_running_exposure_is_stopped_on_closing(instrument) -> None:
    setup = instrument()
    part = setup.open()
    part.set_integration_time(60_000)
    part.start()
    part.close()
    again = Bench110(setup.emulator, baud=115_200)
    again.time.step(setup.time.now_s + 0.01)
    again.open(scan="ascii")
    assert again.right(again.measure())


def test_fetching_what_was_not_started_is_refused(instrument) -> None:
    setup = instrument()
    part = setup.open()
    with pytest.raises(StaleDataError, match="no exposure was started"):
        part.fetch(1.0)


def test_the_scan_that_was_taken_for_its_alignment_is_no_first_exposure(instrument):
    made = instrument()
    made.open()
    bench = made.emulator.bench
    bench.faults = dataclasses.replace(bench.faults, stale_frame=True)
    with pytest.raises(StaleDataError):
        made.measure()
    assert made.right(made.measure())


def test_flat_stale_and_hanging_detectors_are_named(instrument) -> None:
    setup = instrument()
    part = setup.open()
    bench = setup.emulator.bench
    setup.measure()
    bench.faults = dataclasses.replace(bench.faults, stale_frame=True)
    with pytest.raises(StaleDataError, match="exposure before"):
        setup.measure()
    bench.faults = dataclasses.replace(bench.faults, stale_frame=False, flat_frame=True)
    with pytest.raises(BadAnswerError, match="flat"):
        setup.measure()
    bench.faults = dataclasses.replace(bench.faults, flat_frame=False, hangs_at_s=0.0)
    with pytest.raises(TransportTimeoutError):
        setup.measure()
    bench.faults = dataclasses.replace(bench.faults, hangs_at_s=None)
    assert setup.right(setup.measure())
    assert part.facts.pixels == 2048


class Mute:
    """Something on the port that is another thing, or nothing."""

    def __init__(self, baud, answer):
        self.baud, self.answer, self.out = baud, answer, b""

    def receive(self, _data, _at_s):
        self.out += self.answer

    def send(self, _at_s):
        said, self.out = self.out, b""
        return said

    def next_s(self):
        return None


@pytest.mark.parametrize("baud", [9600, 115_200])
def test_silence_and_strangers_are_told_apart(baud) -> None:
    with pytest.raises(TransportTimeoutError, match="nothing answers"):
        Bench110(Mute(baud, b"")).open()
    for answer in (b"Syntax error\r\n", b"\x06", b"a\r\n", b"a\r\nACK\r\na\r\nACK\r\n"):
        with pytest.raises(WrongDeviceError, match="something answers"):
            Bench110(Mute(baud, answer)).open()


def outcome(act):
    try:
        return act(), None
    except DeviceError as error:
        return None, error


def fault_steps(setup):
    setup.stream.faults.arm()
    setup.measure()
    return setup.stream.faults.total


@pytest.mark.parametrize("scan", ["ascii", "binary"])
@pytest.mark.parametrize("kind", SERIAL_KINDS, ids=lambda kind: kind.name)
def test_every_fault_of_the_cable_at_every_step_is_an_error_or_the_right_counts(
    instrument, kind, scan
) -> None:
    setup = instrument()
    setup.open(scan=scan)
    steps = fault_steps(setup)
    assert steps > 4
    for at in range(steps):
        if kind is FaultKind.UNPLUG:
            setup = instrument()
            setup.open(scan=scan)
        setup.stream.faults.arm(WireFault(kind, at, seed=at, count=3))
        began = setup.time.now_s
        exposure, error = outcome(setup.measure)
        if error is not None:
            assert error.what
            assert error.code == "not_connected" or kind is not FaultKind.UNPLUG
        else:
            # A flipped bit in a difference or a digit can be a right byte: nothing on this line
            # can tell. Everything else that is handed out is what the instrument measured.
            assert kind is FaultKind.BIT_FLIP or setup.right(exposure)
        assert setup.time.now_s - began < 30.0
        setup.stream.faults.arm()
        if kind is not FaultKind.UNPLUG:
            assert setup.right(setup.measure_after(kind))


@pytest.mark.fuzz
@pytest.mark.parametrize("kind", SERIAL_KINDS, ids=lambda kind: kind.name)
def test_a_fault_while_connecting_ends_in_a_name_or_a_sound_instrument(instrument, kind) -> None:
    whole = instrument()
    whole.open()
    stride = 1 if int(os.environ.get("SPECTRA_FUZZ") or 0) >= 10_000 else 3
    for at in range(SERIAL_KINDS.index(kind) % stride, whole.stream.faults.total, stride):
        setup = instrument()
        setup.stream.faults.arm(WireFault(kind, at, seed=at, count=3))
        _part, error = outcome(setup.open)
        if error is not None:
            assert error.what
        elif kind is not FaultKind.UNPLUG:
            setup.stream.faults.arm()
            assert setup.right(setup.measure_after(kind))


def test_the_emulator_answers_every_command_of_its_papers(polystyrene_like) -> None:
    emulator = bwtek.emulator(polystyrene_like, 1)
    assert emulator.send(0.0) == b""
    emulator.power_up()
    greeting = emulator.send(0.0)
    assert b"B&W TEK" in greeting
    assert greeting[0] == 0

    def ask(command, at_s=0.0):
        emulator.receive(command, at_s)
        return emulator.send(at_s)

    assert ask(b"a\n") == bytes.fromhex("610d0a41434b0d0a")
    assert ask(b"K3\n") == b"K3\r\nACK\r\n"
    assert emulator.baud == 9600
    assert ask(b"K2\n") == b"K2\r\nACK\r"
    assert emulator.baud == 19_200
    assert ask(b"K0\n") == b"K0\r\nACK\r"
    assert emulator.baud == 115_200
    assert ask(b"A2\n") == b"A2\r\nACK\r\n"
    assert ask(b"I") + ask(b"50\n") == b"I50\r\nACK\r\n"
    assert ask(b"?A\n") == b"?A\r\nACK\r\n2\r\n"
    assert ask(b"?I\n") == b"?I\r\nACK\r\n50\r\n"
    assert ask(b"?K\n") == b"?K\r\nACK\r\n0\r\n"
    assert ask(b"S\n") == b"S\r\nACK\r\n"
    assert emulator.next_s() == pytest.approx(0.05)
    assert ask(b"", 0.09) == b""
    assert len(ask(b"", 0.11)) == 14_337
    assert emulator.next_s() is None
    assert ask(b"b\nS\n", 1.0) == b"b\r\nACK\r\nS\r\nACK\r\n"
    scan = ask(b"", 1.2)
    assert 2_049 <= len(scan) < 4_000
    assert scan[0] == 0x80
    for wrong in (b"K9\n", b"I49\n", b"A0\n", b"x\n", b"S1\n", b"\n", b"?Z\n"):
        assert ask(wrong, 2.0) == wrong[:-1] + b"\r\n"
    assert ask(b"\xe7\x01a\n", 2.0) == b"a\r\n"  # three bytes, as owners saw after a wrong speed
    assert ask(b"Q\n", 2.0) == b"Q\r\nACK\r\n"
    assert emulator.baud == 115_200
    assert ask(b"?A\n", 2.0) == b"?A\r\nACK\r\n1\r\n"
    emulator.power_up()
    assert emulator.baud == 9600
    assert b"B&W TEK" in emulator.send(3.0)


def test_averages_are_the_mean_of_as_many_exposures(polystyrene_like) -> None:
    noise = []
    for averages in (1, 16):
        emulator = bwtek.emulator(polystyrene_like, 1)
        emulator.receive(b"A%d\nI50\nS\n" % averages, 0.0)
        emulator.send(0.0)
        at_s, scans = 0.0, []
        for _ in range(2):
            emulator.send(at_s := at_s + 0.05 * averages + 0.01)
            scans.append(emulator.last_scan)
            emulator.receive(b"S\n", at_s)
        noise.append(float(np.std(scans[1] - scans[0])))
    assert 3.0 < noise[0] / noise[1] < 5.5


def test_a_garbled_flood_does_not_grow_the_emulator(polystyrene_like) -> None:
    emulator = bwtek.emulator(polystyrene_like, 1)
    for _ in range(100):
        emulator.receive(b"\xff" * 1000, 0.0)
    assert len(emulator._in) <= 64
