"""The OOI protocol as bytes: recorded vectors, refusals, memory that makes no sense."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.ocean_ooi import protocol
from devices.drivers.ocean_ooi.memory import read_memory
from devices.drivers.ocean_ooi.models import MODELS, model_named, model_of_product
from devices.emulators.ocean_ooi import (
    BLANK_MEMORY,
    INSANE_MEMORY,
    REVERSED_MEMORY,
    emulator,
    sound_memory,
)
from devices.errors import BadAnswerError
from devices.parts import AxisSource
from devices.sample import Sample

USB2000 = model_named("usb2000+")
NAMES = [row.name for row in MODELS]


def spectrum_of(row, words):
    model = emulator(Sample(), 1, model=row.name)
    return model._encoded(np.asarray(words, dtype=np.float64))


def test_recorded_exchange_of_another_driver_is_understood(shared_data):
    trace = json.loads((shared_data / "golden" / "ocean_usb_pyseabreeze.json").read_text())
    answers = [line[3] for line in trace["USB2000PLUS"] if line[0] == "<"]
    register, status, saturation, serial, *wavelength = [bytes.fromhex(a) for a in answers[:-1]]
    assert protocol.firmware_text(protocol.parse_register(register, 4)) == "1.07.5"
    said = protocol.parse_status(status)
    assert (said.pixels, said.integration_us, said.high_speed) == (2048, 100_000, True)
    assert protocol.saturation_of(protocol.parse_slot(saturation, 17), USB2000) == 61_000
    assert protocol.slot_text(protocol.parse_slot(serial, 0)) == "USB2+H01234"
    contents = tuple(protocol.parse_slot(a, i + 1) for i, a in enumerate(wavelength))
    assert protocol.stated_axis(contents, 2048, 0) == (339.2, 0.38, -1.5e-5, -2.1e-9)
    sent = [line[2] for line in trace["USB2000PLUS"] if line[0] == ">"]
    ours = [
        protocol.INITIALISE,
        protocol.ask_register(4),
        protocol.ASK_STATUS,
        protocol.ask_slot(17),
        protocol.ask_slot(0),
        protocol.set_integration_time(20_000),
        *(protocol.ask_slot(number) for number in (1, 2, 3, 4)),
        protocol.FREE_RUNNING,
        protocol.REQUEST_SPECTRUM,
    ]
    assert [command.hex() for command in ours] == sent


@pytest.mark.parametrize("row", MODELS, ids=NAMES)
def test_counts_pass_whole_through_the_wire_format(row):
    words = np.random.default_rng(1).integers(0, row.full_count + 1, row.pixels)
    data = spectrum_of(row, words)
    assert len(data) == row.spectrum_bytes
    assert (protocol.parse_spectrum(data, row) == words).all()


@pytest.mark.parametrize("row", MODELS, ids=NAMES)
def test_rows_make_sense(row):
    first, end = row.active_pixels
    assert 0 <= first < end <= row.pixels
    for start, stop in row.dark_pixels:
        assert 0 <= start < stop <= row.pixels
        assert stop <= first or start >= end
    assert row.shortest_us % row.step_us == 0
    assert model_of_product(row.product_id) is row


def test_a_spectrum_of_wrong_length_or_ending_is_refused():
    good = spectrum_of(USB2000, np.arange(2048))
    for wrong, words in (
        (good[:-1], "4096 bytes came, 4097 expected"),
        (good + b"\x00", "4098 bytes"),
        (b"", "0 bytes"),
        (good[1:] + b"\x00", "ends with 0x00"),
        (good[:-1] + b"\x96", "ends with 0x96"),
    ):
        with pytest.raises(BadAnswerError, match=words):
            protocol.parse_spectrum(wrong, USB2000)


def test_a_flat_spectrum_is_refused():
    for level in (0, 1500, 65_535):
        with pytest.raises(BadAnswerError, match=f"flat: all pixels are {level}"):
            protocol.parse_spectrum(spectrum_of(USB2000, np.full(2048, level)), USB2000)


def test_a_count_that_the_converter_cannot_give_is_refused():
    row = model_named("HR2000+")
    words = np.arange(2048)
    words[700] = 0x4000
    with pytest.raises(BadAnswerError, match="16384 from a converter of 14 bits"):
        protocol.parse_spectrum(spectrum_of(row, words), row)


@given(data=st.binary(max_size=40))
def test_short_answers_are_parsed_or_refused(data):
    for parse in (
        protocol.parse_status,
        lambda given: protocol.parse_slot(given, 3),
        lambda given: protocol.parse_register(given, 4),
        protocol.board_temperature,
        protocol.cooler_temperature,
    ):
        with contextlib.suppress(BadAnswerError):
            parse(data)


def test_slots_are_checked():
    assert protocol.parse_slot(b"\x05\x01" + b"339.2" + bytes(10), 1) == b"339.2" + bytes(10)
    for wrong in (b"\x05\x02" + bytes(15), b"\x06\x01" + bytes(15), b"\x05\x01" + bytes(14)):
        with pytest.raises(BadAnswerError):
            protocol.parse_slot(wrong, 1)


@pytest.mark.parametrize(
    ("content", "text", "number"),
    [
        (b"0.38\x00\x00", "0.38", 0.38),
        (b"-2.1e-9\x00\xff\xff", "-2.1e-9", -2.1e-9),
        (b" 7 \x00", "7", 7.0),
        (b"123456789012345", "123456789012345", 123456789012345.0),
        (b"\xff" * 15, None, None),
        (bytes(15), None, None),
        (b"   \x00", None, None),
        (b"nan\x00", "nan", None),
        (b"inf\x00", "inf", None),
        (b"1e999\x00", "1e999", None),
        (b"1_000\x00", "1_000", None),
        (b"0,38\x00", "0,38", None),
        (b"0x10\x00", "0x10", None),
        (b"\x80abc\x00", None, None),
        (b"ab\ncd\x00", None, None),
    ],
)
def test_text_and_numbers_of_slots(content, text, number):
    assert protocol.slot_text(content) == text
    assert protocol.slot_number(content) == number


@given(content=st.binary(min_size=15, max_size=15))
def test_any_slot_is_survived(content):
    number = protocol.slot_number(content)
    assert number is None or np.isfinite(number)
    for row in MODELS:
        saturation = protocol.saturation_of(content, row)
        assert saturation is None or row.full_count / 2 < saturation <= row.full_count
    protocol.stated_axis((content,) * 4, 64, 0)


def contents(changes, row=USB2000):
    memory = {**sound_memory(row), **changes}
    return lambda slot: memory[slot][:15].ljust(15, b"\x00")


@pytest.mark.parametrize("row", MODELS, ids=NAMES)
def test_a_sound_memory_states_its_axis(row):
    memory = read_memory(row, contents({}, row))
    assert memory.serial == "EMULATED-00001"
    assert memory.axis.source is AxisSource.INSTRUMENT
    assert memory.axis.pixel_origin == row.pixel_origin
    first, end = row.active_pixels
    pixels = np.array([first, end - 1]) - row.pixel_origin
    at_ends = np.polynomial.polynomial.polyval(pixels, memory.axis.coefficients_nm)
    assert at_ends == pytest.approx([792.0, 948.0], abs=0.5)


@pytest.mark.parametrize(
    "changes",
    [BLANK_MEMORY, INSANE_MEMORY, REVERSED_MEMORY, {1: b"-5"}, {2: b"0"}, {4: b"1e-3"}, {3: b""}],
    ids=["blank", "insane", "reversed", "negative", "no slope", "bent", "missing"],
)
def test_a_memory_without_sense_states_no_axis_and_says_so(changes):
    memory = read_memory(USB2000, contents(changes))
    assert memory.axis.source is AxisSource.NONE
    assert memory.axis.coefficients_nm == ()
    assert "makes no sense" in dict(memory.facts)["wavelength calibration"]


def test_a_blank_memory_gives_the_row_s_saturation_and_no_serial_number():
    memory = read_memory(USB2000, contents(BLANK_MEMORY))
    assert memory.serial == ""
    assert memory.saturation_counts == 65_535
    said = dict(memory.facts)
    assert said["serial number"] == "blank or unreadable"
    assert said["saturation by its memory"].startswith("makes no sense")
    assert said["non-linearity"] == "blank or unreadable"


def test_gain_scaling_is_a_fact_and_not_applied():
    memory = read_memory(USB2000, contents({17: b"\x00\x00\x00\x00\x48\xee"}))
    assert memory.saturation_counts == 61_000
    assert dict(memory.facts)["gain scaling, not applied"] == f"{65535 / 61000:.6f}"
