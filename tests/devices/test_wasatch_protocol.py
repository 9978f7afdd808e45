"""Wasatch FID requests and answers against the published encodings."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.wasatch import opcodes, protocol
from devices.drivers.wasatch.opcodes import Op
from devices.errors import BadAnswerError, MemoryContentError, SettingsError

WP_00887_POWER = (13.92139, 0.1549226, 0.0003538217, -5.855046e-07)


def test_published_examples():
    assert protocol.to_funky_float(1.9) == 0x01E6
    assert protocol.firmware_text(bytes([0, 0, 0, 0x0A])) == "10.0.0.0"
    assert protocol.fpga_text(b"026-007") == "026-007"
    assert protocol.set_integration(0x123456) == opcodes.Command(0xB2, 0x3456, 0x12)
    assert protocol.set_offset(-1).value == 0xFFFF
    assert protocol.signed(b"\xff\xff") == -1
    assert protocol.set_watchdog(10) == opcodes.Command(0xFF, 0x18, 10)
    assert protocol.big(b"\x00\x0a") == protocol.little(b"\x0a\x00") == 10


def test_half_power_is_a_period_of_1000_and_a_width_of_500_us():
    period, width, on = protocol.laser_power(50.0)
    assert (period.request, period.value, period.index, period.data) == (0xC7, 1000, 0, bytes(8))
    assert (width.request, width.value, width.data) == (0xDB, 500, bytes(8))
    assert on == opcodes.MODULATION_ON
    assert protocol.laser_power(100.0) == (opcodes.MODULATION_OFF,)


@pytest.mark.parametrize("percent", [0.0, -1.0, 100.1, math.nan, math.inf])
def test_impossible_power_is_refused(percent):
    with pytest.raises(SettingsError):
        protocol.laser_power(percent)


@given(st.integers(0, (1 << 40) - 1))
def test_forty_bit_times_travel_in_three_places(microseconds):
    command = protocol.set_time_us(Op.SET_WIDTH, microseconds)
    assert len(command.data) == 8
    assert command.value | command.index << 16 | command.data[0] << 32 == microseconds


@given(st.integers(1, opcodes.LONGEST_INTEGRATION_MS))
def test_integration_time_comes_back(milliseconds):
    command = protocol.set_integration(milliseconds)
    raw = (command.value | command.index << 16).to_bytes(3, "little")
    assert protocol.little(raw) == milliseconds


@given(st.integers(0, 0xFFFF))
def test_every_gain_comes_back(raw):
    assert protocol.to_funky_float(protocol.from_funky_float(raw)) == raw


@pytest.mark.parametrize("value", [-0.1, 256.0, math.nan, math.inf])
def test_impossible_gain_is_refused(value):
    with pytest.raises(SettingsError):
        protocol.set_gain(value)


def test_what_does_not_fit_is_refused():
    for call in (
        lambda: protocol.set_integration(0),
        lambda: protocol.set_integration(1 << 24),
        lambda: protocol.set_offset(40_000),
        lambda: protocol.set_watchdog(0),
        lambda: protocol.set_watchdog(70_000),
        lambda: protocol.set_time_us(Op.SET_PERIOD, 1 << 40),
    ):
        with pytest.raises(SettingsError):
            call()


def test_cooler_and_thermometer_of_a_real_unit():
    """WP-00913: the golden trace sends 0x0A3F for 10 degrees."""
    to_dac = (4102.951171875, -143.09309387207, -0.487925797700882)
    assert protocol.tec_setpoint(10.0, to_dac, 10.0, 20.0) == 0x0A3F
    with pytest.raises(SettingsError):
        protocol.tec_setpoint(9.0, to_dac, 10.0, 20.0)
    with pytest.raises(MemoryContentError):
        protocol.tec_setpoint(10.0, (math.nan, 0.0, 0.0), 10.0, 20.0)
    adc = (61.4234504699707, -0.0112123396247625, -8.00000009348878e-07)
    # 3000 = 0x0BB8, high byte first
    celsius = protocol.detector_celsius(b"\x0b\xb8", adc)
    assert celsius == pytest.approx(61.42345 - 33.63702 - 7.2, abs=1e-3)


def test_laser_thermistor_is_low_byte_first():
    # 10 kOhm at 25 degrees: 2.5 V * 10000 / 31450 = 0.7949 V = 1302 of 4096
    raw = round(4096 * 10_000 / 31_450).to_bytes(2, "little")
    assert protocol.laser_celsius(raw, arm=False) == pytest.approx(25.0, abs=0.1)
    assert protocol.laser_celsius(b"\x00\xf0", arm=False) is None
    assert protocol.laser_celsius(b"\xff\x0f", arm=True) is None
    sum_of_cubic = 1.5712971947853123 + 14.453391889061071 - 1.8534086153440592 + 0.42553356470494
    arm = protocol.laser_celsius((1000).to_bytes(2, "little"), arm=True)
    assert arm == pytest.approx(sum_of_cubic)


def test_compile_options_bits():
    options = protocol.compile_options(bytes([0b1101_0010, 0b0111_0011, 0]))
    assert dataclasses.astuple(options) == (2, 2, True, 3, 1, True, True, True)


def test_battery():
    battery = protocol.battery(bytes([0x80, 42, 1]))
    assert (battery.percent, battery.charging) == (42.5, True)
    assert protocol.battery(bytes([0, 4, 0, 0, 0])).percent == 4.0
    with pytest.raises(BadAnswerError):
        protocol.battery(bytes([0, 255, 0]))


def test_milliwatts_and_per_cent_of_a_real_unit():
    percent = protocol.percent_of_power(200.0, WP_00887_POWER)
    assert percent == pytest.approx(13.92139 + 30.98452 + 14.152868 - 4.6840368)
    milliwatts = protocol.power_at_percent(percent, WP_00887_POWER, 0.0, 450.0)
    assert milliwatts == pytest.approx(200.0, abs=1e-6)
    assert protocol.power_at_percent(5.0, WP_00887_POWER, 0.0, 450.0) is None
    assert protocol.power_at_percent(50.0, (0.0, -1.0, 0.0, 0.0), 0.0, 450.0) is None
    with pytest.raises(MemoryContentError):
        protocol.percent_of_power(100.0, (0.0, 0.0, 0.0, 0.0))


@given(st.binary(max_size=80))
def test_an_answer_of_another_length_says_how_much_came(answer):
    question = opcodes.INTEGRATION
    if len(answer) == 3:
        assert protocol.checked(answer, question, "x") == answer
    else:
        with pytest.raises(BadAnswerError, match=f"^x: {len(answer)} of 3 bytes came"):
            protocol.checked(answer, question, "x")


def test_timeouts_are_the_vendors():
    assert protocol.first_spectrum_timeout_s(100.0, arm=False, first=True) == pytest.approx(1.2)
    assert protocol.first_spectrum_timeout_s(100.0, arm=True, first=False) == pytest.approx(1.32)
    assert protocol.first_spectrum_timeout_s(100.0, arm=True, first=True) == pytest.approx(11.32)
