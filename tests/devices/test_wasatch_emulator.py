"""The emulated Wasatch unit by direct calls: every request of the table, as the board answers."""

import dataclasses

import numpy as np
import pytest

from devices.emulators.wasatch import MODELS, emulator
from devices.emulators.wire import UsbStallError

BUFFER = bytes(8)
SILICON, ARM = "wasatch-785", "wasatch-785-xs"
BOTH = pytest.mark.parametrize("name", [SILICON, ARM])
# (request, wValue, bytes of the answer); section 1.2 of the protocol notes.
SHORT = [
    (0xC0, 0, 4), (0xB4, 0, 7), (0xBF, 0, 3), (0xC5, 0, 2), (0xC4, 0, 2), (0x9F, 0, 2),
    (0x9E, 0, 2), (0xDA, 0, 1), (0xD9, 0, 2), (0xD7, 0, 2), (0xEE, 0, 1), (0xD5, 0, 2),
    (0xE2, 0, 1), (0xE3, 0, 1), (0xCB, 0, 5), (0xDC, 0, 5), (0xCA, 0, 5), (0xEF, 0, 1),
    (0xFF, 0x0D, 1), (0xFF, 0x01, 64), (0xFF, 0x03, 2), (0xFF, 0x04, 3), (0xFF, 0x2A, 1),
    (0xD4, 0, 1),
]  # fmt: skip
ARM_ONLY = [
    (0x8B, 0, 1), (0x85, 0, 1), (0xE8, 0, 2), (0x83, 0, 1), (0xFF, 0x13, 3), (0xFF, 0x17, 2),
    (0xFF, 0x19, 2),
]  # fmt: skip


@pytest.fixture
def unit(polystyrene_like):
    def make(name=SILICON, **bench):
        row = MODELS[name]
        still = {"cosmic_rays_per_s": 0.0, **bench}
        row = dataclasses.replace(row, bench=dataclasses.replace(row.bench, **still))
        return emulator(polystyrene_like, 5, model=row)

    return make


def _out(made, request, value=0, index=0, *, data=BUFFER, at_s=0.0):
    made.control_out(request, value, index, data, at_s)


def _in(made, request, value=0, index=0, at_s=0.0):
    return made.control_in(request, value, index, 64, at_s)


@BOTH
def test_answers_are_as_short_as_the_boards(unit, name):
    made = unit(name)
    for request, value, size in SHORT:
        assert len(_in(made, request, value)) == size, hex(request)
    for request, value, size in ARM_ONLY:
        if name == ARM:
            assert len(_in(made, request, value)) == size
        else:
            with pytest.raises(UsbStallError):
                _in(made, request, value)
    assert len(made.control_in(0xC0, 0, 0, 2, 0.0)) == 2


@BOTH
@pytest.mark.parametrize(
    ("sets", "gets", "value", "answer"),
    [
        (0xB7, 0xC5, 0x01E6, "e601"),
        (0xB6, 0xC4, 0xFFFE, "feff"),
        (0x9D, 0x9F, 0x0200, "0002"),
        (0x9C, 0x9E, 5, "0500"),
        (0xD6, 0xDA, 1, "01"),
        (0xD8, 0xD9, 0x0A3F, "3f0a"),
        (0xED, 0xEE, 1, "01"),
        (0xBD, 0xE3, 1, "01"),
        (0xBE, 0xE2, 1, "01"),
    ],
)
def test_what_is_set_is_got(unit, name, sets, gets, value, answer):  # noqa: PLR0917
    made = unit(name)
    _out(made, sets, value)
    assert _in(made, gets).hex() == answer


def test_what_is_set_is_got_on_arm(unit):
    made = unit(ARM)
    _out(made, 0xFF, 0x18, 300)
    assert _in(made, 0xFF, 0x17).hex() == "012c"  # high byte first
    _out(made, 0xFF, 0x20, 300)
    assert _in(made, 0xFF, 0x19).hex() == "012c"
    _out(made, 0x8A, 5)
    assert _in(made, 0x8B) == b"\x05"
    _out(made, 0x84, 2)
    assert _in(made, 0x85) == b"\x02"
    _out(made, 0xE7, 0x0320)
    assert _in(made, 0xE8).hex() == "2003"
    _out(made, 0x82, 200)
    assert _in(made, 0x83) == bytes([200])
    for line in (0x21, 0x23, 0x25, 0x15):
        _out(made, 0xFF, line, 63)
    assert made.unknown == {}
    for request in (0xD2,):
        with pytest.raises(UsbStallError):
            _out(made, request)


def test_trigger_source_is_for_fx2(unit):
    made = unit(SILICON)
    _out(made, 0xD2, 1)
    assert _in(made, 0xD3) == b"\x01"


@BOTH
def test_24_and_40_bit_times(unit, name):
    made = unit(name)
    _out(made, 0xB2, 0x3456, 0x12)
    assert _in(made, 0xBF).hex() == "563412"
    for sets, gets in ((0xC7, 0xCB), (0xDB, 0xDC), (0xC6, 0xCA)):
        _out(made, sets, 0x2211, 0x4433, data=b"\x55" + bytes(7))
        assert _in(made, gets).hex() == "1122334455"


def test_a_request_without_its_buffer_is_refused(unit):
    with pytest.raises(UsbStallError):
        _out(unit(ARM), 0xAD, data=b"")
    with pytest.raises(UsbStallError):
        _out(unit(SILICON), 0xC7, 1000, data=b"")
    _out(unit(SILICON), 0xAD, data=b"")


@BOTH
def test_unknown_requests_are_refused_and_counted(unit, name):
    made = unit(name)
    for _ in range(2):
        with pytest.raises(UsbStallError):
            _in(made, 0x47)
    with pytest.raises(UsbStallError):
        _out(made, 0xFF, 0x99)
    with pytest.raises(UsbStallError):
        made.bulk_out(0x02, b"x", 0.0)
    assert made.unknown == {("in", 0x47, 0): 2, ("out", 0xFF, 0x99): 1, ("bulk", 0x02, 0): 1}


@BOTH
def test_a_spectrum_comes_when_its_time_is_over(unit, name):
    made = unit(name)
    _out(made, 0xB2, 100)
    for start in (0.0, 1.0):  # the first one of an XS unit still has the old time
        _out(made, 0xAD, at_s=start)
    assert made.next_s(0x82) == pytest.approx(1.1)
    made.bulk_in(0x82, 99_999, 0.5)
    assert _in(made, 0xD4, at_s=1.05) == b"\x00"
    assert made.bulk_in(0x82, 4096, 1.05) is None
    assert _in(made, 0xD4, at_s=1.1) == b"\x01"
    pixels = made.model.bench.pixels
    raw = made.bulk_in(0x82, 2 * pixels, 1.1)
    assert len(raw) == 2 * pixels
    counts = np.frombuffer(raw, "<u2")
    assert counts.mean() == pytest.approx(made.model.bench.offset_counts, abs=30)
    assert made.bulk_in(0x82, 4096, 9.0) is None


def test_two_requests_give_two_spectra(unit):
    made = unit(SILICON)
    _out(made, 0xB2, 100)
    _out(made, 0xAD)
    _out(made, 0xAD, at_s=0.01)
    assert len(made.bulk_in(0x82, 2048, 0.15)) == 2048
    assert made.bulk_in(0x82, 2048, 0.15) is None
    assert len(made.bulk_in(0x82, 2048, 0.2)) == 2048


def test_first_spectrum_of_an_xs_unit_has_the_old_time(unit):
    made = unit(ARM)
    _out(made, 0xB2, 1000)
    _out(made, 0xAD)
    assert made.next_s(0x82) < 0.1
    made.bulk_in(0x82, 3904, 0.5)
    _out(made, 0xAD, at_s=1.0)
    assert made.next_s(0x82) == pytest.approx(2.0)


def test_spectrum_of_2048_pixels_is_split(unit):
    made = unit("wasatch-785-2048")
    _out(made, 0xB2, 10)
    _out(made, 0xAD)
    assert len(made.bulk_in(0x82, 9999, 1.0)) == 2048
    assert len(made.bulk_in(0x86, 9999, 1.0)) == 2048


def test_temperatures_come_in_their_own_byte_orders(unit):
    made = unit(SILICON)
    memory = made.model.memory
    raw = int.from_bytes(_in(made, 0xD7), "big")
    a, b, c = memory.adc_to_celsius
    assert a + b * raw + c * raw * raw == pytest.approx(11.0, abs=0.1)
    thermistor = int.from_bytes(_in(made, 0xD5), "little")
    assert 1250 < thermistor < 1350  # 25 degrees


def test_the_first_reading_of_a_converter_is_of_the_other(unit):
    made = unit(ARM)
    laser = _in(made, 0xD5)
    _out(made, 0xED, 1)
    assert _in(made, 0xD5) == laser
    assert _in(made, 0xD5) != laser


def test_cooling_follows_the_set_point(unit):
    made = unit(SILICON)
    assert made.bench.temperature == pytest.approx(11.0, abs=0.1)
    assert _in(made, 0xDA) == b"\x01"
    _out(made, 0xD6, 0)
    _in(made, 0xC0, at_s=600.0)
    assert made.bench.temperature == pytest.approx(25.0, abs=0.1)
    _out(made, 0xD8, 0x0A3F, at_s=600.0)
    _out(made, 0xD6, 1, at_s=600.0)
    _in(made, 0xC0, at_s=1200.0)
    assert made.bench.temperature == pytest.approx(10.0, abs=0.1)


@BOTH
def test_enabled_is_not_firing_during_the_warning(unit, name):
    made = unit(name)
    delay = made.model.bench.laser_delay_s
    _out(made, 0xBE, 1)
    assert _in(made, 0xE2) == b"\x01"
    assert _in(made, 0xFF, 0x0D, at_s=delay / 2) == bytes([int(delay == 0.0)])
    assert _in(made, 0xFF, 0x0D, at_s=delay) == b"\x01"


def test_the_warning_can_be_set(unit):
    made = unit(ARM)
    _out(made, 0x8A, 1)
    _out(made, 0xBE, 1)
    assert _in(made, 0xFF, 0x0D, at_s=0.9) == b"\x00"
    assert _in(made, 0xFF, 0x0D, at_s=1.1) == b"\x01"


def test_the_watchdog_switches_off_by_itself_and_a_stuck_laser_stays(unit):
    made = unit(ARM)
    _out(made, 0xFF, 0x18, 10)
    _out(made, 0xBE, 1)
    assert _in(made, 0xFF, 0x0D, at_s=9.9) == b"\x01"
    assert _in(made, 0xFF, 0x0D, at_s=10.1) == b"\x00"
    assert _in(made, 0xE2, at_s=10.1) == b"\x00"
    _out(made, 0xBE, 1, at_s=20.0)
    made.bench.faults = dataclasses.replace(made.bench.faults, laser_stuck_on=True)
    _out(made, 0xBE, 0, at_s=24.0)
    assert _in(made, 0xFF, 0x0D, at_s=60.0) == b"\x01"


@BOTH
def test_interlock(unit, name):
    made = unit(name)
    closed = b"\x08" if name == ARM else b"\x01"
    assert _in(made, 0xEF) == closed
    made.bench.faults = dataclasses.replace(made.bench.faults, interlock_open_at_s=0.0)
    _out(made, 0xBE, 1)
    assert (_in(made, 0xEF), _in(made, 0xE2)) == (b"\x00", b"\x01")
    assert _in(made, 0xFF, 0x0D, at_s=30.0) == b"\x00"


def test_memory_pages_by_their_number_and_written_where_the_board_writes(unit):
    fx2 = unit(SILICON)
    assert _in(fx2, 0xFF, 0x01, 2)[:6] == b"S16011"
    assert _in(fx2, 0xFF, 0x01, 8) == b"\xff" * 64
    with pytest.raises(UsbStallError):
        _in(fx2, 0xFF, 0x01, 900)
    _out(fx2, 0xA2, 0x3C00 + 64 * 4, data=b"x" * 64)
    assert _in(fx2, 0xFF, 0x01, 4) == b"x" * 64
    arm = unit(ARM)
    _out(arm, 0xFF, 0x02, 4, data=b"y" * 64)
    assert _in(arm, 0xFF, 0x01, 4) == b"y" * 64
    assert (fx2.memory_writes, arm.memory_writes) == (1, 1)


def test_firmware_update_leaves_nothing_behind(unit):
    made = unit(SILICON)
    _out(made, 0xFE)
    with pytest.raises(UsbStallError):
        _in(made, 0xC0)


def test_reset_throws_the_exposure_away(unit):
    made = unit(SILICON)
    _out(made, 0xB2, 100)
    _out(made, 0xAD)
    _out(made, 0xB5, at_s=0.05)
    assert made.bulk_in(0x82, 2048, 5.0) is None


def test_emulated_units_say_so():
    for name, row in MODELS.items():
        assert "emulated" in row.bench.model.lower(), name
        if row.memory is not None:
            assert row.memory.model.startswith("EMULATED")
            assert row.memory.serial.startswith("EMULATED")
            assert "emulated" in row.memory.detector
