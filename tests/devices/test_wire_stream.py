"""The emulated serial line: time, speeds, and every fault of a cable at its place."""

import threading

import pytest

from devices.emulators.faults import SERIAL_KINDS, FaultKind, FaultLine, WireFault, damaged
from devices.emulators.stream import EmulatedStream
from devices.errors import NotConnectedError, TransportTimeoutError
from devices.timing import REAL_TIME
from devices.transports.base import read_exactly, read_until


@pytest.fixture
def line(serial_model, wire_time):
    return EmulatedStream(serial_model, wire_time.timing())


def test_an_answer_is_there_at_once(line, wire_time):
    line.write(b"hello\r")
    assert read_until(line, b"\r", 1.0, wire_time.timing()) == b"HELLO\r"
    assert wire_time.now_s == 0.0


def test_reading_waits_no_longer_than_the_instrument_needs(line, wire_time):
    line.write(b"wait\r")
    assert line.read(64, 10.0) == b"READY\r"
    assert wire_time.now_s == pytest.approx(2.0, abs=0.002)


def test_silence_ends_with_the_timeout(line, wire_time):
    assert line.read(64, 1.5) == b""
    assert wire_time.now_s == pytest.approx(1.5, abs=0.002)


def test_no_more_is_returned_than_asked_for_and_nothing_is_lost(line, wire_time):
    line.write(b"hello\r")
    assert line.read(2, 1.0) == b"HE"
    assert line.discard() == b"LLO\r"
    assert read_exactly(line, 4, 0.5, wire_time.timing()) == b""


def test_pacing_takes_ten_bits_for_a_byte_in_both_directions(serial_model, wire_time):
    line = EmulatedStream(serial_model, wire_time.timing(), paced=True)
    line.write(b"x" * 95 + b"\r")
    assert len(read_exactly(line, 96, 5.0, wire_time.timing())) == 96
    assert wire_time.now_s == pytest.approx(2 * 96 * 10 / 9600, abs=0.003)


def test_another_speed_is_garbage_both_ways_and_always_the_same(serial_model, wire_time):
    line = EmulatedStream(serial_model, wire_time.timing(), baud=115_200)
    line.write(b"hello\r")
    assert len(serial_model.heard) == 6
    assert all(a != b for a, b in zip(serial_model.heard, b"hello\r", strict=True))
    first = serial_model.heard
    again = type(serial_model)()
    EmulatedStream(again, wire_time.timing(), baud=115_200).write(b"hello\r")
    assert again.heard == first
    line.set_baud(9600)
    line.write(b"\r")
    line.discard()
    line.write(b"ok\r")
    assert line.discard() == b"OK\r"


def test_a_closed_line_says_so(line):
    line.close()
    line.close()
    for use in (lambda: line.read(1, 0.1), lambda: line.write(b"x"), line.discard):
        with pytest.raises(NotConnectedError, match="the port is closed"):
            use()


def test_a_reader_is_woken_by_what_another_thread_sends(serial_model):
    line = EmulatedStream(serial_model, REAL_TIME)
    threading.Timer(0.05, line.write, [b"late\r"]).start()
    assert line.read(64, 5.0) == b"LATE\r"


def exchange(line, timing):
    """Two questions and their answers; the raw bytes of both, or the error."""
    said = []
    for question in (b"one\r", b"two\r"):
        line.write(question)
        said.append(read_until(line, b"\r", 1.0, timing))
    return [*said, line.discard()]


@pytest.mark.parametrize("kind", SERIAL_KINDS, ids=lambda kind: kind.value)
@pytest.mark.parametrize("at", range(4))
def test_every_fault_at_every_step(kind, at, serial_model, wire_time):
    timing = wire_time.timing()
    line = EmulatedStream(serial_model, timing, faults=[WireFault(kind, at, seconds=0.25)])
    try:
        said = exchange(line, timing)
    except NotConnectedError:
        assert kind is FaultKind.UNPLUG
        return
    except TransportTimeoutError:
        assert (kind, at % 2) == (FaultKind.TIMEOUT, 0)
        return
    assert kind is not FaultKind.UNPLUG
    good = [b"ONE\r", b"TWO\r", b""]
    # Late and in two pieces is still right; a command cannot be repeated or shortened in passing.
    harmless = {FaultKind.SLOW, FaultKind.SHORT}
    if at % 2 == 0:
        harmless |= {FaultKind.REPEATED}
    unharmed = said == good and serial_model.heard == b"one\rtwo\r"
    assert unharmed == (kind in harmless)
    assert wire_time.now_s < 3.0


def test_steps_are_counted_so_that_faults_can_walk_through_them(line, wire_time):
    exchange(line, wire_time.timing())
    assert line.faults.steps == ("write", "read", "write", "read")
    line.faults.arm()
    assert (line.faults.steps, line.faults.total) == ((), 0)


def test_a_lasting_fault_and_one_of_a_kind_of_step(line, wire_time):
    line.faults.arm(WireFault(FaultKind.SILENT, 1, lasting=True, on=("read",)))
    assert exchange(line, wire_time.timing()) == [b"ONE\r", b"", b""]
    assert exchange(line, wire_time.timing()) == [b"", b"", b""]
    line.faults.arm()
    assert exchange(line, wire_time.timing()) == [b"ONE\r", b"TWO\r", b""]


def test_unplugged_is_dead_for_good_but_the_instrument_is_not(serial_model, line, wire_time):
    line.unplug()
    with pytest.raises(NotConnectedError, match="pull its power"):
        line.read(1, 1.0)
    again = EmulatedStream(serial_model, wire_time.timing())
    again.write(b"back\r")
    assert again.discard() == b"BACK\r"


def test_damage_is_the_same_for_the_same_seed():
    data = bytes(range(64))
    for kind in (FaultKind.GARBLE, FaultKind.BIT_FLIP, FaultKind.EXTRA):
        fault = WireFault(kind, seed=7, count=3)
        assert damaged(fault, data, 4) == damaged(fault, data, 4) != data
        assert damaged(fault, data, 5) != damaged(fault, data, 4)
    flipped = damaged(WireFault(FaultKind.BIT_FLIP), data, 0)
    assert sum((a ^ b).bit_count() for a, b in zip(data, flipped, strict=True)) == 1


def test_the_steps_kept_are_bounded():
    faults = FaultLine()
    for _ in range(20_000):
        faults.step("read")
    assert (len(faults.steps), faults.total) == (10_000, 20_000)
