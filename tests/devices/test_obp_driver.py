"""Ocean Binary Protocol driver against its emulator, on USB and on RS-232."""

import dataclasses
import json
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from devices.drivers.ocean_obp.configuration import SPEEDS, ObpConfiguration
from devices.drivers.ocean_obp.driver import open_parts
from devices.drivers.ocean_obp.link import ObpLink
from devices.drivers.ocean_obp.messages import Code, pack
from devices.drivers.ocean_obp.models import MODELS, model_row
from devices.drivers.ocean_obp.protocol import Flag, Message, decode, encode
from devices.emulators.bench import NO_FAULTS
from devices.emulators.ocean_obp import BENCHES, emulator
from devices.emulators.stream import EmulatedStream
from devices.errors import (
    AbortedError,
    BadAnswerError,
    DeviceError,
    LaserError,
    RefusedError,
    SettingsError,
    StaleDataError,
    TransportTimeoutError,
    WrongDeviceError,
)
from devices.interface import LaserState
from devices.parts import AxisSource
from devices.timing import SteppedTime
from devices.transports.usb import open_usb

usb_backend = pytest.importorskip("devices.emulators.usb_backend")
EVERY = [(key, wire) for key in MODELS for wire in ("usb", "serial")]


@dataclasses.dataclass
class Rig:
    clock: SteppedTime
    model: object
    port: object

    def open(self, key, **options):
        return open_parts(self.port, self.clock.timing(), model=key, **options)


@pytest.fixture
def rig(polystyrene_like):
    """An emulated instrument on a wire in this process, time standing still."""

    def make(key="qepro", wire="usb", *, paced=False, baud=9600, **options):
        clock = SteppedTime()
        model = emulator(polystyrene_like, 3, model=key, wire=wire, **options)
        if wire == "serial":
            port = EmulatedStream(model, clock.timing(), paced=paced, baud=baud)
        else:
            backend = usb_backend.EmulatedUsbBackend([model], clock.timing())
            ids = model.identity.vendor_id, model.identity.product_id
            port = open_usb(*ids, backend=backend, timing=clock.timing())
        return Rig(clock, model, port)

    return make


def exposed(rig, detector, milliseconds=200.0):
    detector.set_integration_time(milliseconds)
    detector.start()
    rig.clock.step(milliseconds / 1000.0)
    return detector.fetch(5.0)


@pytest.mark.parametrize(("key", "wire"), EVERY)
def test_every_model_measures_on_both_wires(rig, key, wire):
    made = rig(key, wire)
    detector, laser = made.open(key)
    row = model_row(key)
    made.model.bench.laser(on=True)
    made.clock.step(1.0)
    exposure = exposed(made, detector)
    assert exposure.counts.shape == (row.pixels,) == (detector.facts.pixels,)
    assert exposure.counts[slice(*row.active)].max() > exposure.counts.min() + 400
    assert detector.facts.serial.startswith("EMULATED-")
    assert detector.facts.firmware == "1.23"
    assert detector.temperature_c() == pytest.approx(made.model.bench.temperature)
    assert (laser is not None) == (key == "ventana-785")
    detector.close()
    detector.close()
    assert not made.model.instrument.unknown


def test_the_right_line_at_the_right_pixel_and_the_origin_is_worth_1_84_nm(rig):
    """The strongest band must lie where the stated axis says, with the data sheet's origin."""
    places = []
    for origin in (None, 0):
        made = rig()
        detector, _ = made.open("qepro", configuration=ObpConfiguration(pixel_origin=origin))
        made.model.bench.laser(on=True)
        made.clock.step(1.0)
        counts = exposed(made, detector, 2000.0).counts
        axis = detector.facts.axis
        assert axis.source is AxisSource.INSTRUMENT
        at = int(np.argmax(counts)) - axis.pixel_origin
        places.append(np.polynomial.polynomial.polyval(at, axis.coefficients_nm))
    true_nm = 1e7 / (1e7 / 785.0 - 1001.0)
    assert places[0] == pytest.approx(true_nm, abs=0.2)
    assert places[1] - places[0] == pytest.approx(1.84, abs=0.02)


def test_active_and_covered_pixels_are_said(rig):
    made = rig()
    detector, _ = made.open("qepro")
    assert detector.facts.active_pixels == (10, 1034)
    assert detector.facts.saturation_counts == 200_000
    facts = dict(detector.facts.facts)
    assert facts["covered pixels"] == "4-9, 1034-1039"
    assert facts["checksums"] == "MD5"
    assert facts["non-linearity coefficients"].startswith("0.90")
    assert "data sheet" in facts["wavelength origin"]


def test_a_full_detector_stops_at_200_000_counts_and_is_no_error(rig):
    made = rig()
    detector, _ = made.open("qepro")
    made.model.bench.faults = replace(NO_FAULTS, saturated=True)
    assert exposed(made, detector).counts.max() == 200_000


def test_the_recipe_is_abort_clear_acquire_get(rig):
    made = rig()
    detector, _ = made.open("qepro")
    seen = made.model.instrument.seen
    seen.clear()
    exposed(made, detector)
    recipe = (
        Code.ABORT,
        Code.CLEAR_BUFFER,
        Code.GET_BUFFERED_COUNT,
        Code.ACQUIRE,
        Code.GET_BUFFERED_SPECTRUM,
    )
    assert [code for code in seen if code in recipe] == list(recipe)


def test_what_was_taken_before_a_change_is_never_handed_out(rig):
    """Without the recipe the buffer gives a spectrum of the old time; with it, never."""
    made = rig()
    link = ObpLink(made.port, model_row("qepro"), made.clock.timing())
    link.set(Code.SET_INTEGRATION_TIME, 50_000)
    link.get(Code.GET_BUFFERED_SPECTRUM)
    made.clock.step(1.0)
    link.set(Code.SET_INTEGRATION_TIME, 400_000)
    stale = link.get(Code.GET_BUFFERED_SPECTRUM)[0]
    assert int.from_bytes(stale[12:16], "little") == 50_000
    detector, _ = made.open("qepro")
    told = dict(exposed(made, detector, 400.0).facts)
    assert told["integration time us"] == "400000"


@pytest.mark.parametrize("key", ["qepro", "sts"])
def test_a_stale_and_a_flat_frame_are_refused(rig, key):
    made = rig(key)
    detector, _ = made.open(key)
    exposed(made, detector)
    made.model.bench.faults = replace(NO_FAULTS, stale_frame=True)
    with pytest.raises(StaleDataError):
        exposed(made, detector)
    made.model.bench.faults = replace(NO_FAULTS, flat_frame=True)
    with pytest.raises(BadAnswerError, match="flat"):
        exposed(made, detector)
    made.model.bench.faults = NO_FAULTS
    exposed(made, detector)


def test_an_exposure_that_hangs_ends_with_a_named_error_and_the_next_one_works(rig):
    made = rig()
    detector, _ = made.open("qepro")
    made.model.bench.faults = replace(NO_FAULTS, hangs_at_s=0.0)
    with pytest.raises(TransportTimeoutError, match="buffered spectrum"):
        exposed(made, detector)
    made.model.bench.faults = NO_FAULTS
    assert exposed(made, detector).counts.size == 1044


def test_a_refused_setting_is_an_error_with_the_protocols_own_name(rig):
    made = rig()
    link = ObpLink(made.port, model_row("qepro"), made.clock.timing())
    with pytest.raises(RefusedError, match="payload data invalid"):
        link.set(Code.SET_INTEGRATION_TIME, 1)
    with pytest.raises(RefusedError, match="unknown message type"):
        link.get(Code.GET_LIGHT_ENABLED, 0, 0)
    with pytest.raises(RefusedError, match="no such information"):
        link.get(Code.GET_WAVELENGTH, 9)
    detector, _ = made.open("qepro")
    for time_ms in (7.9, 2e6, float("nan")):
        with pytest.raises(SettingsError):
            detector.set_integration_time(time_ms)


def test_the_wrong_model_is_refused_on_usb(rig):
    with pytest.raises(WrongDeviceError, match="2457:4004"):
        rig("qepro").open("sts")


def test_the_wrong_model_on_a_serial_line_gives_no_spectrum(rig):
    made = rig("sts", "serial")
    detector, _ = made.open("hdx")
    with pytest.raises(DeviceError):
        exposed(made, detector)


@pytest.mark.parametrize("memory", ["blank", "insane"])
def test_a_memory_without_sense_states_no_axis(rig, memory):
    detector, _ = rig(memory=memory).open("qepro")
    assert detector.facts.axis.source is AxisSource.NONE
    assert detector.facts.axis.coefficients_nm == ()
    assert "wavelength warning" in dict(detector.facts.facts)
    assert (detector.facts.serial == "") == (memory == "blank")


def test_the_cooler_is_set_and_says_when_it_is_stable(rig):
    made = rig()
    detector, _ = made.open("qepro", configuration=ObpConfiguration(detector_c=-15.0))
    assert not detector.tec().stable
    made.clock.step(600.0)
    reading = detector.tec()
    assert reading.enabled
    assert reading.stable
    assert reading.setpoint_c == -15.0
    assert detector.temperature_c() == pytest.approx(-15.0, abs=0.2)
    assert rig("sts").open("sts")[0].tec() is None


@pytest.mark.parametrize("baud", [9_600, 38_400, 115_200])
def test_the_speed_is_found_raised_for_the_session_and_put_back(rig, baud):
    made = rig("qepro", "serial", paced=True, baud=baud)
    detector, _ = made.open("qepro", configuration=ObpConfiguration(session_baud=115_200))
    assert made.port.baud == made.model.baud == 115_200
    assert dict(detector.facts.facts)["baud"] == "115200"
    before = made.clock.now_s
    exposed(made, detector)
    assert made.clock.now_s - before < 1.0
    detector.close()
    assert made.model.baud == 9_600
    assert made.model.instrument.saves == 0
    assert Code.SAVE_SERIAL_SETTINGS not in made.model.instrument.seen


def test_at_9600_baud_a_spectrum_takes_its_time(rig):
    made = rig("qepro", "serial", paced=True)
    detector, _ = made.open("qepro")
    before = made.clock.now_s
    exposed(made, detector)
    assert 4.4 < made.clock.now_s - before < 6.5


def test_a_silent_line_is_told_from_garbage_and_keeps_its_speed(rig):
    made = rig("qepro", "serial", baud=4_800)
    made.model.bench.faults = replace(NO_FAULTS, unplugged_at_s=0.0)
    with pytest.raises(TransportTimeoutError, match=r"4800, 9600, 115200, .* baud"):
        made.open("qepro")


@pytest.mark.parametrize("baud", SPEEDS)
def test_one_left_firing_at_the_speed_of_a_killed_session_is_found_and_switched_off(rig, baud):
    made = rig("ventana-785", "serial", paced=True)
    made.model.instrument.baud = baud
    made.model.bench.laser(on=True)
    made.open("ventana-785")
    assert made.port.baud == baud
    assert not made.model.bench.laser_enabled


def test_a_speed_that_the_instrument_refuses_stays(rig, monkeypatch):
    monkeypatch.setattr("devices.emulators.ocean_obp_core.BAUDS", (9_600,))
    made = rig("qepro", "serial")
    detector, _ = made.open("qepro", configuration=ObpConfiguration(session_baud=115_200))
    assert made.port.baud == 9_600
    assert exposed(made, detector).counts.size == 1044


@pytest.mark.parametrize("deaf", [False, True])
def test_a_line_that_cannot_do_the_speed_is_called_back(rig, deaf):
    """At the high speed the host reads garbage, and once is not even heard: 9600 it is then."""
    made = rig("qepro", "serial")
    read, write, lost = made.port.read, made.port.write, []

    def garbled(most, timeout_s):
        taken = read(most, timeout_s)
        return bytes(byte ^ 0x55 for byte in taken) if made.port.baud > 9_600 else taken

    def once_unheard(data):
        if deaf and made.port.baud > 9_600 and len(lost) < 2:
            lost.append(data)
        else:
            write(data)

    made.port.read, made.port.write = garbled, once_unheard
    detector, _ = made.open("qepro", configuration=ObpConfiguration(session_baud=115_200))
    assert made.port.baud == made.model.baud == 9_600
    assert len(lost) == 2 * deaf
    assert exposed(made, detector).counts.size == 1044


def test_the_laser_is_read_back_and_off_on_opening_and_closing(rig):
    made = rig("ventana-785")
    made.model.bench.laser(on=True)
    detector, laser = made.open("ventana-785")
    assert not made.model.bench.laser_enabled
    assert laser.facts.wavelength_nm == 785.0
    laser.switch_on(40.0)
    assert made.model.bench.laser_enabled
    reading = laser.read()
    assert (reading.enabled, reading.can_fire, reading.firing) == (True, None, None)
    assert reading.state is LaserState.FIRING
    assert dict(reading.facts)["laser intensity"] == "0.4"
    laser.switch_off()
    assert laser.read().state is LaserState.OFF
    for percent in (0.0, 101.0, float("nan")):
        with pytest.raises(SettingsError):
            laser.switch_on(percent)
    laser.switch_on(40.0)
    detector.close()
    assert not made.model.bench.laser_enabled
    laser.close()


def test_a_laser_stuck_on_is_read_as_firing(rig):
    made = rig("ventana-785")
    _, laser = made.open("ventana-785", configuration=ObpConfiguration(laser_nm=785.3))
    assert laser.facts.wavelength_nm == 785.3
    laser.switch_on(100.0)
    made.model.bench.faults = replace(NO_FAULTS, laser_stuck_on=True)
    laser.switch_off()
    assert laser.read().state is LaserState.FIRING


def test_laser_off_and_abort_are_on_the_wire_while_a_spectrum_is_awaited(rig):
    """Another thread waits for counts; off, its reading and abort pass at once all the same."""
    made = rig("ventana-785")
    detector, laser = made.open("ventana-785")
    made.model.bench.faults = replace(NO_FAULTS, hangs_at_s=0.0)
    laser.switch_on(100.0)
    detector.set_integration_time(1000.0)
    detector.start()
    outcome = []

    def fetch():
        try:
            outcome.append(detector.fetch(1e6))
        except DeviceError as error:
            outcome.append(error)

    thread = threading.Thread(target=fetch)
    thread.start()
    time.sleep(0.02)
    laser.switch_off()
    assert not made.model.bench.laser_enabled
    assert laser.read().state is LaserState.OFF
    assert not outcome
    detector.cancel()
    thread.join(5.0)
    assert not thread.is_alive()
    assert isinstance(outcome[0], AbortedError)
    made.model.bench.faults = NO_FAULTS
    assert exposed(made, detector).counts.size == 1024


def test_the_lamp_line_is_off_after_opening(rig):
    made = rig("sts")
    made.model.instrument._registers[Code.GET_LAMP] = 1
    made.open("sts")
    assert made.model.instrument._registers[Code.GET_LAMP] == 0


def test_nonsense_of_the_laser_is_no_reading_and_a_power_not_kept_is_not_fired(rig):
    made = rig("ventana-785")
    _, laser = made.open("ventana-785")
    gets, sets = made.model.instrument._gets, made.model.instrument._sets
    sets[Code.SET_LIGHT_INTENSITY] = lambda *_values: None
    with pytest.raises(LaserError, match="keeps an intensity of 1 after"):
        laser.switch_on(40.0)
    assert not made.model.bench.laser_enabled
    gets[Code.GET_LIGHT_INTENSITY] = lambda *_values: float("nan")
    with pytest.raises(LaserError):
        laser.switch_on(40.0)
    gets[Code.GET_LIGHT_ENABLED] = lambda *_values: 3
    with pytest.raises(BadAnswerError, match="says 3 for on or off"):
        laser.read()


def test_a_buffer_that_is_not_empty_after_clearing_is_stale(rig):
    made = rig()
    detector, _ = made.open("qepro")
    made.model.instrument._gets[Code.GET_BUFFERED_COUNT] = lambda: 2
    with pytest.raises(StaleDataError, match="2 spectra are in the buffer"):
        detector.start()


def test_a_temperature_that_is_none_is_refused(rig):
    made = rig()
    detector, _ = made.open("qepro")
    for nonsense in (float("nan"), -300.0, 1e9):
        made.model.instrument._gets[Code.GET_TEC_TEMPERATURE] = lambda value=nonsense: value
        with pytest.raises(BadAnswerError, match="no temperature"):
            detector.temperature_c()


def test_an_instrument_without_checksums_is_used_and_that_is_said(rig):
    made = rig("sts", "serial")
    inner = made.port.write

    def write(data):
        """Answer a checksum as an instrument does that knows none."""
        if data[22]:
            kind, regarding = (int.from_bytes(data[at : at + 4], "little") for at in (8, 12))
            refused = encode(Message(kind, b"", Flag.NACK, regarding=regarding, error=8))
            made.model.instrument.frames(0, made.clock.now_s).append(refused)
        else:
            inner(data)

    made.port.write = write
    detector, _ = made.open("sts")
    assert "unseen" in dict(detector.facts.facts)["checksums"]


def test_our_frames_are_those_of_the_reference_driver_but_for_named_differences(rig, shared_data):
    """Ours number their questions and carry a checksum; nothing else differs in what both send."""
    trace = json.loads((shared_data / "golden" / "ocean_usb_pyseabreeze.json").read_text())
    theirs = [decode(bytes.fromhex(step[-1])) for step in trace["QEPRO"] if step[0] == ">"]
    made, sent = rig(), []
    bulk_out = made.port.bulk_out

    def recorded(endpoint, data, timeout_s=1.0):
        sent.append((endpoint, decode(data)))
        bulk_out(endpoint, data, timeout_s)

    made.port.bulk_out = recorded
    detector, _ = made.open("qepro")
    exposed(made, detector, 20.0)
    detector.close()
    assert {endpoint for endpoint, _ in sent} == {0x01}
    assert all(message.checksum for _, message in sent[1:])
    assert [message.regarding for _, message in sent] == list(range(1, len(sent) + 1))
    ours = [replace(message, regarding=0, checksum=False) for _, message in sent]
    unshared = {message.kind for message in theirs if message not in ours}
    assert unshared == {Code.GET_SERIAL_NUMBER_LENGTH}
    assert Code.ABORT in {message.kind for message in ours}


def test_integration_times_are_read_back(rig):
    made = rig()
    detector, _ = made.open("qepro")
    made.model.instrument._sets[Code.SET_INTEGRATION_TIME] = lambda _value: None
    with pytest.raises(BadAnswerError, match="keeps 100000 us after 50000"):
        detector.set_integration_time(50.0)


def test_metadata_of_another_time_is_stale(rig):
    made = rig()
    detector, _ = made.open("qepro")
    detector.set_integration_time(50.0)
    made.model.instrument.camera.integration_us = 60_000
    detector.start()
    with pytest.raises(StaleDataError, match="60000 us"):
        detector.fetch(1.0)


def test_rows_of_the_driver_and_the_benches_agree():
    assert set(BENCHES) == set(MODELS)
    for key, row in MODELS.items():
        assert BENCHES[key].pixels == row.pixels
        assert BENCHES[key].geometry.active == row.active
        assert BENCHES[key].geometry.dark == row.electric_dark
        assert BENCHES[key].saturation_counts == row.saturation
        assert pack("I", row.integration_us[1])
