"""Ocean Binary Protocol frames: golden vectors both ways, damage, garbage, hypothesis."""

import dataclasses
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.ocean_obp.messages import LAYOUTS, Code, pack, unpack
from devices.drivers.ocean_obp.models import MODELS, model_row
from devices.drivers.ocean_obp.protocol import (
    Decoder,
    Flag,
    Message,
    bcd_text,
    decode,
    encode,
)
from devices.drivers.ocean_obp.spectrum import Metadata, check_fresh, pack_spectrum, unpack_spectrum
from devices.errors import BadAnswerError, SettingsError, StaleDataError

Z16 = "00" * 16
SERIAL_ASKED = f"c1c000110000000000010000000000000000000000000000{Z16}14000000{Z16}c5c4c3c2"
SERIAL_SAID = (
    f"c1c00011010000000001000000000000000000000000 00 08 5145503030313233{'00' * 8}14000000"
    f"{Z16}c5c4c3c2"
)
TIME_SET = (
    f"c1c000110400000010001100000000000000000000000004204e0000{'00' * 12}14000000{Z16}c5c4c3c2"
)
TIME_SET_OK = f"c1c000110200000010001100000000000000000000000000{Z16}14000000{Z16}c5c4c3c2"
VECTORS = [
    (SERIAL_ASKED, Message(Code.GET_SERIAL_NUMBER)),
    (SERIAL_SAID, Message(Code.GET_SERIAL_NUMBER, b"QEP00123", Flag.RESPONSE)),
    (TIME_SET, Message(Code.SET_INTEGRATION_TIME, pack("I", 20_000), Flag.ACK_REQUESTED)),
    (TIME_SET_OK, Message(Code.SET_INTEGRATION_TIME, b"", Flag.ACK)),
]

messages = st.builds(
    Message,
    kind=st.sampled_from(list(Code)).map(int),
    payload=st.binary(max_size=80),
    flags=st.sampled_from([Flag.NONE, Flag.RESPONSE, Flag.ACK, Flag.ACK_REQUESTED]),
    regarding=st.integers(0, 2**32 - 1),
    checksum=st.booleans(),
)


@pytest.mark.parametrize(("frame", "message"), VECTORS)
def test_golden_vectors_of_the_document_both_ways(frame, message):
    wire = bytes.fromhex(frame.replace(" ", ""))
    assert encode(message) == wire
    assert decode(wire) == message


def test_golden_trace_of_the_reference_driver_both_ways(shared_data):
    trace = json.loads((shared_data / "golden" / "ocean_usb_pyseabreeze.json").read_text())
    whole = [bytes.fromhex(step[-1]) for step in trace["QEPRO"]][:-2]
    assert len(whole) == 19
    for wire in whole:
        assert encode(decode(wire)) == wire
    lay = LAYOUTS[Code.GET_WAVELENGTH]
    told = [decode(wire) for wire in whole if decode(wire).kind == Code.GET_WAVELENGTH]
    answers = [m.payload for m in told if m.flags is Flag.RESPONSE]
    values = [unpack(lay.answer, payload)[0] for payload in answers]
    assert values == pytest.approx([785.0, 0.19, -8e-6, 1e-9], rel=1e-6)


def test_golden_spectrum_starts_as_the_reference_driver_saw_it(shared_data):
    trace = json.loads((shared_data / "golden" / "ocean_usb_pyseabreeze.json").read_text())
    head = bytes.fromhex(trace["QEPRO"][-2][-1])
    rest = bytes.fromhex(trace["QEPRO"][-1][-1])
    model = model_row("qepro")
    counts = np.full(model.pixels, 900.0)
    told = Metadata(1, struct.unpack("<Q", head[48:56])[0], 20_000, 0)
    kind = Code.GET_BUFFERED_SPECTRUM
    frame = encode(Message(kind, pack_spectrum(model, counts, told), Flag.RESPONSE))
    assert len(frame) == 64 + 4208
    assert frame[:64] == head
    assert frame[64 : 64 + 12] == rest[:12]
    assert unpack_spectrum(model, decode(frame).payload)[1] == told


@given(messages, st.booleans())
def test_every_message_comes_back_as_it_was(message, in_header):
    chosen = None if len(message.payload) > 16 else in_header
    assert decode(encode(message, in_header=chosen)) == message


@given(st.lists(messages, max_size=4), st.binary(max_size=50), st.data())
def test_the_decoder_finds_every_frame_in_any_pieces_after_any_garbage(sent, garbage, data):
    """Garbage that does not itself begin a frame never costs a frame after it."""
    stream = garbage.replace(b"\xc1", b"\xc2") + b"".join(map(encode, sent))
    decoder, got = Decoder(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        got += decoder.feed(stream[:size])
        stream = stream[size:]
    assert got == sent


@given(messages, st.data())
def test_a_bit_flipped_under_a_checksum_is_never_accepted(message, data):
    frame = bytearray(encode(dataclasses.replace(message, checksum=True)))
    bit = data.draw(st.integers(0, len(frame) * 8 - 1))
    frame[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadAnswerError):
        decode(bytes(frame))


@given(messages, st.integers(1, 63))
def test_a_frame_cut_short_gives_nothing_and_the_next_one_is_found(message, kept):
    """After `reset`, as the link does when time is over, nothing of the old frame is left."""
    decoder = Decoder()
    assert decoder.feed(encode(message)[:kept]) == []
    decoder.reset()
    assert decoder.feed(encode(message)) == [message]


def test_a_start_inside_damage_is_found():
    """A frame whose announced length swallowed the next one gives the next one back."""
    longer = bytearray(encode(Message(Code.GET_IDLE, bytes(20), Flag.RESPONSE)))
    longer[40] += 30  # announces 30 bytes more than come
    good = Message(Code.GET_IDLE, b"\x01", Flag.RESPONSE, regarding=7)
    decoder = Decoder()
    assert decoder.feed(bytes(longer) + encode(good)) == [good]
    assert [damage.error for damage in decoder.damage] == [14]


@given(st.binary(max_size=300))
def test_random_bytes_never_break_the_decoder(data):
    decoder = Decoder()
    decoder.feed(data)
    assert 0 < decoder.wanted <= 44 + 20 + 65_536


@pytest.mark.parametrize(
    ("at", "value", "error"),
    [(2, 0x01, 1), (4, 0x80, 1), (6, 0x01, 6), (22, 0x02, 8), (23, 17, 5), (40, 19, 5), (43, 1, 4)],
)
def test_every_field_of_the_header_is_checked(at, value, error):
    frame = bytearray(encode(Message(Code.GET_IDLE)))
    frame[at] = value
    decoder = Decoder()
    assert decoder.feed(bytes(frame)) == []
    assert decoder.damage[0].error == error


def test_layouts_cover_every_code_and_check_lengths():
    assert set(LAYOUTS) == set(Code)
    assert unpack("Bs", b"\x02text") == (2, b"text")
    for layout, payload in (("I", b"123"), ("B", b"12"), ("", b"1"), ("Bs", b"")):
        with pytest.raises(BadAnswerError):
            unpack(layout, payload)


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda row: row.key)
def test_a_spectrum_comes_back_with_all_its_counts(model):
    counts = np.arange(model.pixels, dtype=float) * 7
    told = Metadata(5, 123_456_789_012, 100_000, 0) if model.buffered else None
    payload = pack_spectrum(model, counts, told)
    assert len(payload) == model.spectrum_bytes
    back, metadata = unpack_spectrum(model, payload)
    assert np.array_equal(back, counts)
    assert metadata == told


def test_a_short_spectrum_and_an_impossible_count_are_refused():
    model = model_row("qepro")
    payload = pack_spectrum(model, np.full(1044, 5.0), Metadata(1, 1, 8000, 0))
    with pytest.raises(BadAnswerError, match="4207 of 4208 bytes"):
        unpack_spectrum(model, payload[:-1])
    with pytest.raises(BadAnswerError, match="more than the converter"):
        unpack_spectrum(model, payload[:-1] + b"\x01")


def test_an_old_spectrum_is_refused():
    last = Metadata(4, 1_000_000, 20_000, 0)
    check_fresh(Metadata(5, 1_020_001, 20_000, 0), 20_000, last)
    check_fresh(last, 20_000, None)
    for stale in (last, Metadata(5, 1_000_000, 20_000, 0), Metadata(5, 2_000_000, 10_000, 0)):
        with pytest.raises(StaleDataError):
            check_fresh(stale, 20_000, last)
    with pytest.raises(StaleDataError, match="trigger mode 3"):
        check_fresh(Metadata(5, 2_000_000, 20_000, 3), 20_000, last)


def test_rows_and_small_things():
    assert bcd_text(0x0123) == "1.23"
    assert Message(0, error=99, flags=Flag.NACK).error_name == "error number 99"
    with pytest.raises(SettingsError, match="choose one of qepro"):
        model_row("usb650")
