"""The emulated Ocean Binary Protocol instrument by direct calls: every message, every refusal."""

import pytest

from devices.drivers.ocean_obp.messages import LAYOUTS, Code, pack, unpack
from devices.drivers.ocean_obp.models import MODELS, model_row
from devices.drivers.ocean_obp.protocol import Decoder, Flag, Message, encode
from devices.drivers.ocean_obp.spectrum import unpack_spectrum
from devices.emulators.ocean_obp import BENCHES, MEMORIES, emulator
from devices.emulators.wire import UsbStallError
from devices.errors import SettingsError

SPECTRA = {Code.GET_BUFFERED_SPECTRUM, Code.GET_CORRECTED_SPECTRUM_NOW, Code.GET_RAW_SPECTRUM_NOW}
ABSENT = {Code.GET_IRRADIANCE, Code.GET_IRRADIANCE_AREA}


class Host:
    """Asks a serial emulator by direct calls."""

    def __init__(self, model):
        self.model, self.at_s, self.number = model, 0.0, 0

    def say(self, code, *values, flags=Flag.NONE, wait_s=0.0, payload=None, checksum=False):
        """Send one message and return the answers that come within `wait_s`."""
        self.number += 1
        body = pack(LAYOUTS[code].takes, *values) if payload is None else payload
        message = Message(code, body, flags, regarding=self.number, checksum=checksum)
        self.model.receive(encode(message), self.at_s)
        self.at_s += wait_s
        return Decoder().feed(self.model.send(self.at_s))

    def get(self, code, *values, wait_s=0.0):
        (answer,) = self.say(code, *values, wait_s=wait_s)
        assert answer.regarding == self.number
        assert answer.kind == code
        return answer

    def value(self, code, *values):
        return unpack(LAYOUTS[code].answer, self.get(code, *values).payload)[0]

    def set(self, code, *values):
        (answer,) = self.say(code, *values, flags=Flag.ACK_REQUESTED)
        return answer.error


@pytest.fixture
def host(polystyrene_like):
    def make(key="qepro", **options):
        return Host(emulator(polystyrene_like, 3, model=key, wire="serial", **options))

    return make


@pytest.mark.parametrize("key", MODELS)
def test_every_question_is_answered_in_its_layout(host, key):
    asked = host(key)
    row = model_row(key)
    for code, layout in LAYOUTS.items():
        if layout.answer is None or code in SPECTRA:
            continue
        answer = asked.get(code, *[0] * len(layout.takes))
        lacks = (code >= 0x810000 and row.laser_nm is None) or (
            0x420000 <= code < 0x430000 and not row.cooled
        )
        if lacks or code in ABSENT:
            assert answer.flags is Flag.NACK
            assert answer.error == (2 if lacks else 12)
        else:
            assert answer.flags is Flag.RESPONSE
            unpack(layout.answer, answer.payload)


@pytest.mark.parametrize("key", MODELS)
def test_every_command_is_acknowledged_when_asked_and_silent_when_not(host, key):
    asked = host(key)
    row = model_row(key)
    good = {
        Code.SET_ALIAS: (b"EMULATED 2",),
        Code.SET_USER_STRING: (0, b"text"),
        Code.SET_BAUD: (9_600,),
        Code.SET_INTEGRATION_TIME: (50_000,),
        Code.SET_BUFFER_SIZE: (4,),
        Code.SET_LIGHT_ENABLED: (0, 0, 0),
        Code.SET_LIGHT_INTENSITY: (0, 0, 0.5),
    }
    for code, layout in LAYOUTS.items():
        if layout.answer is not None or code in (Code.RESET, Code.RESET_TO_DEFAULTS):
            continue
        values = good.get(code, (0,) * len(layout.takes))
        assert asked.say(code, *values) == []
        (answer,) = asked.say(code, *values, flags=Flag.ACK_REQUESTED)
        lacks = (code >= 0x810000 and row.laser_nm is None) or (
            0x420000 <= code < 0x430000 and not row.cooled
        )
        if code is Code.REPROGRAM or lacks:
            assert answer.flags is Flag.NACK
            assert answer.error == 2
        else:
            assert answer.flags is Flag.ACK
            assert answer.error == 0


def test_wrong_values_and_lengths_are_refused_by_name(host):
    asked = host("ventana-785")
    for code, values, error in (
        (Code.SET_INTEGRATION_TIME, (21_999,), 6),
        (Code.SET_TRIGGER_MODE, (4,), 6),
        (Code.SET_LAMP, (2,), 6),
        (Code.SET_BAUD, (12_345,), 6),
        (Code.SET_BUFFER_SIZE, (0,), 6),
        (Code.SET_TEC_SETPOINT, (-99.0,), 6),
        (Code.SET_TEC_SETPOINT, (float("nan"),), 6),
        (Code.SET_LIGHT_ENABLED, (0, 1, 1), 6),
        (Code.SET_LIGHT_INTENSITY, (0, 0, 1.5), 6),
        (Code.SET_USER_STRING, (9, b"x"), 12),
    ):
        assert asked.set(code, *values) == error
        assert asked.say(code, *values) == []
    assert asked.get(Code.GET_WAVELENGTH, 200).error == 12
    (answer,) = asked.say(Code.GET_IDLE, payload=b"toolong")
    assert answer.error == 5


def test_unknown_messages_are_refused_and_counted(host):
    asked = host()
    unknown = encode(Message(0x600000, regarding=3))
    asked.model.receive(unknown, 0.0)
    (answer,) = Decoder().feed(asked.model.send(0.0))
    assert (answer.flags, answer.error, answer.regarding) == (Flag.NACK, 2, 3)
    assert asked.set(Code.REPROGRAM) == 2
    assert dict(asked.model.instrument.unknown) == {0x600000: 1, Code.REPROGRAM: 1}


def test_checksums_are_answered_in_kind_and_bad_ones_refused(host):
    asked = host()
    (answer,) = asked.say(Code.GET_SERIAL_NUMBER, checksum=True)
    assert answer.checksum
    frame = bytearray(encode(Message(Code.GET_IDLE, regarding=9, checksum=True)))
    frame[50] ^= 1
    asked.model.receive(bytes(frame), 0.0)
    (answer,) = Decoder().feed(asked.model.send(0.0))
    assert (answer.flags, answer.error, answer.regarding) == (Flag.NACK, 3, 9)
    frame[22] = 7
    asked.model.receive(bytes(frame), 0.0)
    assert Decoder().feed(asked.model.send(0.0))[0].error == 8


def test_texts_alias_and_coefficients_are_kept(host):
    asked = host()
    asked.set(Code.SET_ALIAS, b"my own name which is too long")
    assert asked.value(Code.GET_ALIAS) == b"my own name whic"
    asked.set(Code.SET_USER_STRING, 1, b"note")
    assert asked.value(Code.GET_USER_STRING, 1) == b"note"
    asked.set(Code.SET_WAVELENGTH, 0, 700.0)
    assert asked.value(Code.GET_WAVELENGTH, 0) == 700.0
    assert MEMORIES["qepro"].wavelength[0] == 785.0


def test_it_runs_freely_until_aborted_and_the_buffer_is_first_in_first_out(host):
    asked = host()
    first = asked.get(Code.GET_BUFFERED_SPECTRUM, wait_s=0.2)
    counts, metadata = unpack_spectrum(asked.model.instrument.model, first.payload)
    assert (counts.size, metadata.count, metadata.integration_us) == (1044, 1, 100_000)
    assert asked.set(Code.ABORT) == 0
    asked.at_s += 1.0
    assert asked.value(Code.GET_BUFFERED_COUNT) == 1
    assert asked.value(Code.GET_IDLE) == 1
    asked.set(Code.CLEAR_BUFFER)
    assert asked.get(Code.GET_BUFFERED_SPECTRUM).error == 7
    for number in (1, 2, 3):
        asked.set(Code.ACQUIRE)
        assert asked.value(Code.GET_IDLE) == 0
        asked.at_s += 0.2
        assert asked.value(Code.GET_BUFFERED_COUNT) == number
    asked.set(Code.DROP_OLDEST, 1)
    payload = asked.get(Code.GET_BUFFERED_SPECTRUM).payload
    assert unpack_spectrum(asked.model.instrument.model, payload)[1].count == 4


def test_a_question_for_a_spectrum_blocks_until_its_end_or_an_abort(host):
    asked = host()
    asked.set(Code.ABORT)
    asked.set(Code.ACQUIRE)
    assert asked.say(Code.GET_BUFFERED_SPECTRUM, wait_s=0.09) == []
    assert asked.model.next_s() == pytest.approx(0.1)
    assert len(asked.model.send(0.1)) == 64 + 4208
    asked.set(Code.ACQUIRE)
    assert asked.say(Code.GET_BUFFERED_SPECTRUM) == []
    both = asked.say(Code.ABORT, flags=Flag.ACK_REQUESTED)
    assert [(m.kind, m.error) for m in both] == [(Code.GET_BUFFERED_SPECTRUM, 15), (Code.ABORT, 0)]


@pytest.mark.parametrize("key", MODELS)
def test_spectra_now_raw_and_corrected(host, key):
    asked = host(key)
    row = model_row(key)
    raw = asked.get(Code.GET_RAW_SPECTRUM_NOW, wait_s=0.3).payload
    corrected = asked.get(Code.GET_CORRECTED_SPECTRUM_NOW, wait_s=0.3).payload
    assert len(raw) == row.pixels * row.bytes_per_pixel
    assert len(corrected) == (row.active[1] - row.active[0]) * row.bytes_per_pixel


def test_a_trigger_mode_waits_for_its_pulse(host):
    asked = host()
    asked.set(Code.SET_TRIGGER_MODE, 3)
    assert asked.say(Code.GET_BUFFERED_SPECTRUM, wait_s=9.0) == []
    asked.model.instrument.trigger(asked.at_s)
    (answer,) = Decoder().feed(asked.model.send(asked.at_s + 0.2))
    assert unpack_spectrum(asked.model.instrument.model, answer.payload)[1].trigger == 3


def test_a_reset_is_silent_for_seven_seconds_and_forgets_settings(host):
    asked = host("ventana-785")
    asked.set(Code.SET_INTEGRATION_TIME, 33_000)
    asked.set(Code.SET_LIGHT_ENABLED, 0, 0, 1)
    asked.set(Code.RESET)
    assert not asked.model.bench.laser_enabled
    assert asked.say(Code.GET_IDLE, wait_s=6.9) == []
    asked.at_s += 0.2
    assert asked.value(Code.GET_INTEGRATION_TIME) == 100_000


def test_a_new_speed_counts_after_the_acknowledgement(host):
    asked = host()
    message = Message(Code.SET_BAUD, pack("I", 115_200), Flag.ACK_REQUESTED)
    asked.model.receive(encode(message), 0.0)
    assert asked.model.baud == 9_600
    assert Decoder().feed(asked.model.send(0.0))[0].flags is Flag.ACK
    assert asked.model.baud == 115_200
    assert asked.value(Code.GET_BAUD) == 115_200


def test_without_power_it_is_silent(host):
    asked = host()
    bench = asked.model.bench
    bench.faults = type(bench.faults)(unplugged_at_s=1.0)
    asked.at_s = 2.0
    assert asked.say(Code.GET_IDLE) == []


def test_usb_has_a_pair_of_end_points_for_each_lane_and_no_vendor_requests(polystyrene_like):
    model = emulator(polystyrene_like, 3)
    model.bulk_out(0x02, encode(Message(Code.GET_IDLE)), 0.0)
    assert model.bulk_in(0x81, 64, 0.0) is None
    assert len(model.bulk_in(0x82, 20, 0.0)) == 20
    assert len(model.bulk_in(0x82, 4096, 0.0)) == 44
    assert model.identity.serial.startswith("EMULATED")
    for call in (
        lambda: model.control_in(1, 0, 0, 8, 0.0),
        lambda: model.control_out(1, 0, 0, b"", 0.0),
    ):
        with pytest.raises(UsbStallError):
            call()


def test_the_bench_may_be_shared_and_wrong_options_are_refused(polystyrene_like):
    first = emulator(polystyrene_like, 3)
    second = emulator(polystyrene_like, 3, bench=first.bench)
    assert second.bench is first.bench
    assert all("mulated" in bench.model for bench in BENCHES.values())
    for options in ({"model": "x"}, {"wire": "x"}, {"memory": "x"}):
        with pytest.raises(SettingsError):
            emulator(polystyrene_like, 3, **options)
