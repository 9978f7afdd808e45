"""Recorder and strict replay: nothing lost, nothing invented, the first difference is an error."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import errors
from devices.emulators.faults import FaultKind, WireFault
from devices.emulators.stream import EmulatedStream
from devices.emulators.usb_backend import EmulatedUsbBackend
from devices.timing import SteppedTime
from devices.transports.base import read_until
from devices.transports.record import (
    OPERATIONS,
    WireEntry,
    WireGap,
    WireHead,
    WireRecord,
    record_from_bytes,
)
from devices.transports.recorder import RecordedStream, RecordedUsb
from devices.transports.replay import ReplayedStream, ReplayedUsb
from devices.transports.usb import open_usb


def talk(stream, timing):
    """A small driver: two questions, a silence, and something thrown away."""
    stream.write(b"one\r")
    said = [read_until(stream, b"\r", 1.0, timing)]
    said.append(stream.read(8, 0.5))
    stream.write(b"two\r")
    said.append(stream.discard())
    stream.close()
    return said


@pytest.fixture
def recorded(serial_model, wire_time):
    timing = wire_time.timing()
    stream = RecordedStream(EmulatedStream(serial_model, timing, name="port"), timing)
    said = talk(stream, timing)
    return said, stream.record()


def test_a_recorded_wire_is_the_wire(recorded):
    said, record = recorded
    assert said == [b"ONE\r", b"", b"TWO\r"]
    assert record.head == WireHead("serial", "port", (9600,), "2026-11-21T12:00:00.000Z")
    assert record.missing is None
    assert [entry.operation for entry in record.entries] == [
        "write", *["read"] * 5, "write", "discard", "close",
    ]  # fmt: skip
    assert b"".join(entry.got for entry in record.entries) == b"ONE\rTWO\r"
    silence = record.entries[5]
    assert (silence.at_s, silence.took_s) == (0.0, pytest.approx(0.5, abs=0.002))


def test_the_bytes_form_is_canonical_and_has_a_hash(recorded):
    _, record = recorded
    data = record.to_bytes()
    assert record_from_bytes(data) == record
    assert record_from_bytes(data).sha256 == record.sha256
    assert len(data.splitlines()) == 10
    assert json.loads(data.splitlines()[0])["spectra_wire_record"] == 1


def test_the_same_driver_is_replayed_in_the_same_time(recorded):
    said, record = recorded
    later = SteppedTime()
    replayed = ReplayedStream(record, later.timing())
    assert (replayed.name, replayed.baud) == ("port", 9600)
    assert talk(replayed, later.timing()) == said
    replayed.finish()
    assert later.now_s == pytest.approx(0.5, abs=0.002)


def test_another_command_is_an_error_with_its_place(recorded, wire_time):
    _, record = recorded
    replayed = ReplayedStream(record, wire_time.timing())
    with pytest.raises(errors.ReplayError, match="entry 1 of 9") as told:
        replayed.write(b"other\r")
    assert "recorded was: write [6f 6e 65 0d]" in told.value.what
    replayed.write(b"one\r")
    with pytest.raises(errors.ReplayError, match="entry 2 of 9"):
        replayed.set_baud(115_200)
    with pytest.raises(errors.ReplayError, match="entry 2 of 9"):
        replayed.read(2, 1.0)


def test_stopping_early_and_going_on_too_long_are_errors(recorded, wire_time):
    _, record = recorded
    replayed = ReplayedStream(record, wire_time.timing())
    replayed.write(b"one\r")
    with pytest.raises(errors.ReplayError, match="stopped with 8 transfers left"):
        replayed.finish()
    replayed = ReplayedStream(record, wire_time.timing())
    talk(replayed, wire_time.timing())
    with pytest.raises(errors.ReplayError, match="the record ends here"):
        replayed.write(b"more")


def test_only_the_length_of_a_silence_may_differ(recorded, wire_time):
    _, record = recorded
    for reads in (0, 1, 3):
        replayed = ReplayedStream(record, wire_time.timing())
        replayed.write(b"one\r")
        assert read_until(replayed, b"\r", 1.0, wire_time.timing()) == b"ONE\r"
        assert [replayed.read(8, 0.5) for _ in range(reads)] == [b""] * reads
        replayed.write(b"two\r")
    replayed = ReplayedStream(record, wire_time.timing())
    replayed.write(b"one\r")
    read_until(replayed, b"\r", 1.0, wire_time.timing())
    replayed.read(8, 0.5)
    with pytest.raises(errors.ReplayError):
        replayed.read(9, 0.5)  # silence, but not the one that was recorded


def test_a_wire_of_the_other_kind_is_refused(recorded, wire_time):
    with pytest.raises(errors.ReplayError, match="serial wire, not of a usb"):
        ReplayedUsb(recorded[1], wire_time.timing())


def drive(port):
    """A small USB driver."""
    got = [port.control_in(0xC0, 0, 0, 64)]
    port.control_out(0xAD, 0, 0, bytes(8))
    got.append(port.bulk_in(0x82, 64, 5.0))
    port.bulk_out(0x01, b"abc")
    got.append(port.bulk_in(0x82, 64, 5.0))
    try:
        port.control_in(0x99, 0, 0, 8)
    except errors.DeviceError as error:
        got.append((type(error), str(error)))
    port.close()
    return got


def test_usb_with_its_errors(usb_model, wire_time):
    timing = wire_time.timing()
    backend = EmulatedUsbBackend([usb_model], timing)
    port = RecordedUsb(open_usb(0x24AA, 0x1000, backend=backend, timing=timing), timing)
    got = drive(port)
    record = record_from_bytes(port.record().to_bytes())
    assert got[-1][0] is errors.StalledError
    replayed = ReplayedUsb(record, SteppedTime().timing())
    assert (replayed.name, replayed.vendor_id, replayed.product_id) == (
        port.name, 0x24AA, 0x1000,
    )  # fmt: skip
    assert drive(replayed) == got
    replayed.finish()


def test_faults_are_recorded_as_they_were_felt(serial_model, wire_time):
    timing = wire_time.timing()
    stream = EmulatedStream(serial_model, timing, faults=[WireFault(FaultKind.UNPLUG, 1)])
    recording = RecordedStream(stream, timing)
    recording.write(b"one\r")
    with pytest.raises(errors.NotConnectedError) as felt:
        recording.read(8, 1.0)
    replayed = ReplayedStream(recording.record(), timing)
    replayed.write(b"one\r")
    with pytest.raises(errors.NotConnectedError) as again:
        replayed.read(8, 1.0)
    assert str(again.value) == str(felt.value)


def test_an_exception_of_another_kind_is_no_silence(wire_time):
    class Broken:
        name, baud = "port", 9600

        def read(self, _most, _timeout_s):
            raise KeyboardInterrupt

    recording = RecordedStream(Broken(), wire_time.timing())
    with pytest.raises(KeyboardInterrupt):
        recording.read(8, 1.0)
    assert recording.record().entries[0].error == ("device", "ended by KeyboardInterrupt", "", "")


def test_a_full_record_keeps_beginning_and_end_and_says_what_is_missing(serial_model, wire_time):
    timing = wire_time.timing()
    recording = RecordedStream(EmulatedStream(serial_model, timing), timing, most_bytes=8000)
    recording.write(b"first\r")
    for number in range(500):
        recording.write(f"{number}\r".encode())
        recording.discard()
    recording.write(b"last\r")
    record = recording.record()
    data = record.to_bytes()
    assert 6000 < len(data) <= 8000
    assert record_from_bytes(data) == record
    assert record.entries[0].sent == b"first\r"
    assert record.entries[-1].sent == b"last\r"
    kept = [entry for entry in record.entries if isinstance(entry, WireEntry)]
    assert record.missing.transfers + len(kept) == 1002
    carried = sum(len(entry.sent) + len(entry.got) for entry in kept)
    everything = (
        len(b"first\rlast\r")
        + len(b"FIRST\r")
        + sum(2 * len(f"{number}\r") for number in range(500))
    )
    assert record.missing.data_bytes + carried == everything


def test_replay_stops_at_the_gap(wire_time):
    head = WireHead("serial", "port", (9600,), "")
    entries = (WireEntry(0.0, 0.0, "write", (), b"a"), WireGap(7, 70))
    replayed = ReplayedStream(WireRecord(head, entries), wire_time.timing())
    replayed.write(b"a")
    with pytest.raises(errors.ReplayError, match="7 transfers are missing here"):
        replayed.write(b"b")


NAMES = st.text(max_size=12)
SECONDS = st.integers(0, 10**12).map(lambda microseconds: microseconds / 1e6)
ENTRIES = st.sampled_from(sorted(OPERATIONS)).flatmap(
    lambda operation: st.builds(
        WireEntry,
        at_s=SECONDS.map(lambda seconds: round(seconds, 6)),
        took_s=SECONDS.map(lambda seconds: round(seconds, 6)),
        operation=st.just(operation),
        numbers=st.tuples(*[st.integers(0, 1 << 32)] * OPERATIONS[operation]),
        sent=st.binary(max_size=40),
        got=st.binary(max_size=40),
        error=st.one_of(st.just(()), st.tuples(NAMES, NAMES, NAMES, NAMES)),
    )
)
HEADS = st.builds(
    WireHead,
    kind=st.sampled_from(["serial", "usb"]),
    name=NAMES,
    numbers=st.lists(st.integers(0, 1 << 32), max_size=3).map(tuple),
    started_utc=NAMES,
)
RECORDS = st.builds(WireRecord, HEADS, st.lists(ENTRIES, max_size=8).map(tuple))


@settings(max_examples=30, deadline=None)
@given(RECORDS)
def test_every_record_survives_its_bytes_form(record):
    assert record_from_bytes(record.to_bytes()) == record


@settings(max_examples=50, deadline=None)
@given(RECORDS.map(WireRecord.to_bytes), st.data())
def test_a_damaged_record_is_refused_or_still_sound(data, draw):
    place = draw.draw(st.integers(0, len(data) - 1))
    damaged = data[:place] + bytes([draw.draw(st.integers(0, 255))]) + data[place + 1 :]
    try:
        record = record_from_bytes(damaged)
    except errors.ReplayError:
        return
    assert record.to_bytes() == damaged


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_by_name(data):
    with pytest.raises(errors.ReplayError, match="no record of a wire"):
        record_from_bytes(data)


@pytest.mark.parametrize(
    "change",
    [
        {"at_s": "soon"}, {"at_s": True}, {"at_s": 10**400}, {"took_s": None}, {"op": "eval"},
        {"op": ["read"]}, {"given": [1, 2]}, {"given": ["8"]}, {"given": None}, {"sent": "0g"},
        {"got": 5}, {"error": ["one"]}, {"error": [1, 2, 3, 4]}, {"missing_transfers": 1},
    ],
    ids=str,
)  # fmt: skip
def test_each_field_is_looked_at(change):
    head = WireHead("serial", "port", (9600,), "").to_line()
    fields = json.loads(WireEntry(0.0, 0.0, "read", (8,)).to_line()) | change
    line = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    with pytest.raises(errors.ReplayError):
        record_from_bytes(head + line)


@pytest.mark.parametrize(
    "head",
    [{"kind": "tcp"}, {"spectra_wire_record": 2}, {"spectra_wire_record": True}, {"name": 1}],
)
def test_the_head_is_looked_at(head):
    fields = json.loads(WireHead("serial", "port", (9600,), "").to_line()) | head
    with pytest.raises(errors.ReplayError):
        record_from_bytes(json.dumps(fields).encode() + b"\n")


def test_two_gaps_are_no_record():
    head = WireHead("serial", "port", (9600,), "")
    with pytest.raises(errors.ReplayError, match="more than one gap"):
        record_from_bytes(WireRecord(head, (WireGap(1, 1), WireGap(2, 2))).to_bytes())


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.binary(min_size=1, max_size=12)),
        st.tuples(st.just("read"), st.integers(1, 20)),
        st.tuples(st.just("discard"), st.none()),
    ),
    max_size=20,
)


def follow(stream, steps):
    got = []
    for operation, argument in steps:
        if operation == "write":
            stream.write(argument)
        elif operation == "read":
            got.append(stream.read(argument, 0.1))
        else:
            got.append(stream.discard())
    return got


class Echo:
    baud = 9600

    def __init__(self):
        self.said = b""

    def receive(self, data, _at_s):
        self.said += data

    def send(self, _at_s):
        said, self.said = self.said, b""
        return said

    def next_s(self):
        return None


@settings(deadline=None)
@given(
    STEPS, st.sampled_from([k for k in FaultKind if k is not FaultKind.UNPLUG]), st.integers(0, 9)
)
def test_whatever_a_driver_does_is_replayed(steps, kind, at):
    timing = SteppedTime().timing()
    recording = RecordedStream(EmulatedStream(Echo(), timing), timing)
    got = follow(recording, steps)
    record = record_from_bytes(recording.record().to_bytes())
    replayed = ReplayedStream(record, SteppedTime().timing())
    assert follow(replayed, steps) == got
    replayed.finish()
    assert record == recording.record()
    # The same over a cable with a fault, as long as the host is not told of it.
    faulty = EmulatedStream(Echo(), timing, faults=[WireFault(kind, at)])
    recording = RecordedStream(faulty, timing)
    try:
        got = follow(recording, steps)
    except errors.TransportTimeoutError:
        return
    replayed = ReplayedStream(recording.record(), SteppedTime().timing())
    assert follow(replayed, steps) == got
