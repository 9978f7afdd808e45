"""The OOI driver over the emulated USB backend: fresh counts only, and named errors."""

import contextlib
import dataclasses
import json
import os

import numpy as np
import pytest

from devices.drivers.ocean_ooi.driver import open_parts
from devices.drivers.ocean_ooi.models import MODELS, VENDOR_ID
from devices.emulators.bench import Faults
from devices.emulators.faults import FaultKind, WireFault
from devices.emulators.ocean_ooi import BLANK_MEMORY, Firmware, emulator
from devices.emulators.usb_backend import EmulatedUsbBackend
from devices.errors import (
    AnswerError,
    BadAnswerError,
    BusyError,
    NotConnectedError,
    RefusedError,
    SettingsError,
    StaleDataError,
    TransportTimeoutError,
    WrongDeviceError,
)
from devices.parts import AxisSource
from devices.sample import Sample
from devices.timing import SteppedTime
from devices.transports.usb import open_usb

NAMES = [row.name for row in MODELS]
LIT = Sample(bands=np.array([[1001.0, 100.0, 8.0]]), fluorescence=0.0)


class Rig:
    """An emulated spectrometer on the emulated USB, and its driver."""

    def __init__(self, model="USB2000+", faults=(), **options):
        self.time = SteppedTime()
        self.timing = self.time.timing()
        self.model = emulator(LIT, 3, model=model, **options)
        self.backend = EmulatedUsbBackend([self.model], self.timing, faults=faults)
        self.sent = []
        deliver = self.model.bulk_out

        def logged(endpoint, data, at_s):
            self.sent.append(bytes(data).hex())
            deliver(endpoint, data, at_s)

        self.model.bulk_out = logged
        self.detector = None

    def open(self, **options):
        row = self.model.row
        port = open_usb(VENDOR_ID, row.product_id, backend=self.backend, timing=self.timing)
        self.detector, laser = open_parts(port, self.timing, **options)
        assert laser is None
        return self.detector

    def expose(self, milliseconds):
        real = self.detector.set_integration_time(milliseconds)
        self.detector.start()
        self.time.step(real / 1000.0)
        return self.detector.fetch(1.0)

    def laser(self, on):
        self.model.bench.laser(on)
        self.time.step(1.0)
        self.model.bench.advance_to(self.time.now_s)


@pytest.fixture
def rig():
    made = []

    def make(model="USB2000+", **options):
        made.append(Rig(model, **options))
        return made[-1]

    yield make
    for one in made:
        if one.detector is not None:
            one.detector.close()


@pytest.mark.parametrize("row", MODELS, ids=NAMES)
@pytest.mark.parametrize("firmware", Firmware, ids=lambda kind: kind.name)
def test_each_exposure_is_fresh_whatever_the_firmware_does(rig, row, firmware):
    one = rig(row.name, firmware=firmware)
    facts = one.open().facts
    first, end = facts.active_pixels
    scale = 65_536 / (row.full_count + 1) if row.full_count < 16_384 else 1.0
    for milliseconds in (1000.0, 150.0, 400.0, 20.0, 2000.0):
        one.laser(True)
        light = one.expose(milliseconds).counts
        one.model.bench.laser(False)
        dark = one.expose(milliseconds).counts
        assert light.shape == dark.shape == (row.pixels,)
        seconds = milliseconds / 1000.0
        signal = (light - dark)[first:end].max() * scale
        assert signal == pytest.approx(15_000 * seconds, rel=0.25)
        # No light of the exposure before in the dark: dark current of 25 C and no more.
        assert np.percentile(dark[first:end], 99) * scale < 1600 + 520 * seconds
        covered = [dark[a:b] for a, b in facts.facts and row.dark_pixels]
        assert all(part.size for part in covered)
    assert not one.model.unknown


def test_it_says_what_it_is(rig):
    facts = rig("USB2000+").open().facts
    assert (facts.model, facts.serial, facts.firmware) == (
        "USB2000+",
        "EMULATED-00001",
        "FPGA 1.07.5",
    )
    assert facts.saturation_counts == 60_948
    assert facts.axis.source is AxisSource.INSTRUMENT
    assert facts.reads_temperature
    assert dict(facts.facts)["USB"] == "480 Mbit/s"
    assert rig("Flame-S").open(model="Flame-S").facts.model == "Flame-S"


def test_exchange_against_the_recorded_one_of_another_driver(rig, shared_data):
    """Ours sends what the reference driver sends, and these things more, each for a reason."""
    trace = json.loads((shared_data / "golden" / "ocean_usb_pyseabreeze.json").read_text())
    theirs = [line[2] for line in trace["USB2000PLUS"] if line[0] == ">"]
    one = rig("USB2000+")
    one.open()
    one.laser(True)
    one.expose(20.0)
    one.detector.close()
    more = {
        "fe": "status read back: at the start, and after each new integration time",
        "030000": "lamp line low when opened and closed: a laser may hang on it",
        "6c": "temperature before an exposure",
        "02e8030000": "parked on 1 ms between measurements, so that little can be stale",
        "09": "stale spectra thrown away",
        **{f"05{slot:02x}": "all slots are read" for slot in range(5, 17)},
    }
    assert sorted(set(one.sent) - set(theirs)) == sorted(set(more) - set(theirs))
    assert set(theirs) <= set(one.sent)
    assert one.sent[:2] == ["fe", "01"]
    assert one.sent.index("02204e0000") < one.sent.index("09")
    assert one.sent[-1] == "030000"


@pytest.mark.parametrize("name", ["USB4000", "HR4000"])
@pytest.mark.parametrize("high_speed", [True, False])
def test_the_speed_of_the_bus_decides_where_a_spectrum_comes_from(rig, name, high_speed):
    one = rig(name, high_speed=high_speed)
    detector = one.open()
    assert dict(detector.facts.facts)["USB"] == ("480 Mbit/s" if high_speed else "12 Mbit/s")
    one.laser(True)
    assert one.expose(100.0).counts.size == 3840


def test_integration_times_outside_the_limits_are_refused(rig):
    detector = rig("USB2000+").open()
    for wrong in (0.999, 655_350.1, float("nan"), -1.0, 0.0):
        with pytest.raises(SettingsError):
            detector.set_integration_time(wrong)
    assert rig("QE65000").open().set_integration_time(8.4) == 8.0


def test_an_integration_time_that_is_not_taken_is_refused(rig):
    one = rig()
    one.open()
    one.model._expose_for = lambda _microseconds: True
    one.detector.set_integration_time(500.0)
    with pytest.raises(RefusedError, match="1000 us, 500000 us was set"):
        one.detector.start()


@pytest.mark.parametrize("milliseconds", [60.0, 500.0])
def test_a_time_that_arrived_as_another_one_is_taken_back(rig, milliseconds):
    """It exposes with that one until another is sent: it is waited out, not taken for ours."""
    one = rig()
    one.open()
    one.detector.set_integration_time(milliseconds)
    one.detector.start()
    one.time.step(milliseconds / 1000.0)
    heard = one.model._expose_for
    one.model._expose_for = lambda _microseconds: heard(5_000_000)  # it is parked on that
    with pytest.raises(RefusedError, match="5000000 us"):
        one.detector.fetch(1.0)
    one.model._expose_for = heard
    one.expose(milliseconds)
    start_s, end_s = one.model.bench.taken_window_s
    assert end_s - start_s == pytest.approx(milliseconds / 1000.0)


@pytest.mark.parametrize("trigger", [4, 0x4000])
@pytest.mark.parametrize("milliseconds", [60.0, 500.0])
def test_one_that_waits_for_a_trigger_is_set_free(rig, trigger, milliseconds):
    """A trigger mode that its status does not show is found by what does not come."""
    one = rig()
    one.open()
    one.model.trigger = trigger
    with pytest.raises((RefusedError, TransportTimeoutError)):
        one.expose(milliseconds)
    assert one.expose(milliseconds).counts.size == 2048


def test_another_integration_time_after_the_exposure_is_stale(rig):
    one = rig()
    one.open()
    one.detector.set_integration_time(500.0)
    one.detector.start()
    one.time.step(0.5)
    one.model.integration_us = 77_000
    with pytest.raises(StaleDataError, match="77000 us"):
        one.detector.fetch(1.0)
    assert one.expose(500.0).counts.size == 2048


def test_the_same_spectrum_again_is_stale(rig):
    one = rig()
    one.open()
    one.expose(500.0)
    one.model.bench.faults = Faults(stale_frame=True)
    with pytest.raises(StaleDataError, match="bit for bit"):
        one.expose(500.0)
    assert one.expose(500.0).counts.size == 2048


def test_a_flat_detector_is_refused(rig):
    one = rig()
    one.open()
    one.model.bench.faults = Faults(flat_frame=True)
    with pytest.raises(BadAnswerError, match="flat"):
        one.expose(500.0)


def test_a_full_detector_is_whole_and_full(rig):
    one = rig()
    facts = one.open().facts
    one.model.bench.faults = Faults(saturated=True)
    counts = one.expose(500.0).counts
    first, end = facts.active_pixels
    assert (counts[first:end] == facts.saturation_counts).all()


def test_a_detector_that_hangs_times_out_and_works_again(rig):
    one = rig()
    one.open()
    one.detector.set_integration_time(1000.0)
    one.detector.start()
    one.model.bench.faults = Faults(hangs_at_s=0.0)
    one.time.step(1.0)
    with pytest.raises(TransportTimeoutError):
        one.detector.fetch(1.0)
    one.model.bench.faults = Faults()
    assert one.expose(1000.0).counts.size == 2048


@pytest.mark.parametrize("firmware", Firmware, ids=lambda kind: kind.name)
def test_after_cancel_the_next_exposure_is_fresh(rig, firmware):
    one = rig(firmware=firmware)
    one.open()
    one.laser(True)
    one.expose(1000.0)
    one.detector.set_integration_time(5000.0)
    one.detector.start()
    one.time.step(0.5)
    one.detector.cancel()
    with pytest.raises(StaleDataError):
        one.detector.fetch(1.0)
    one.model.bench.laser(False)
    dark = one.expose(500.0).counts
    assert np.percentile(dark, 99) < 1900


def test_what_another_program_left_running_is_not_taken(rig):
    one = rig()
    for command in (b"\x02\x80\x84\x1e\x00", b"\x09"):  # 2 s, asked for, never read
        one.model.bulk_out(0x01, command, one.time.now_s)
    one.time.step(0.15)
    one.model.bulk_out(0x01, b"\x09", one.time.now_s)
    one.laser(True)
    one.open()
    one.model.bench.laser(False)
    assert np.percentile(one.expose(500.0).counts, 99) < 1900


@pytest.mark.parametrize("seconds", [1, 600])
def test_a_minute_long_exposure_of_another_program_is_waited_for_or_named(rig, seconds):
    one = rig()
    one.model.bulk_out(0x01, b"\x02" + (seconds * 1_000_000).to_bytes(4, "little"), 0.0)
    one.time.step(0.2)
    one.model.bulk_out(0x01, b"\x09", one.time.now_s)
    one.open()
    if seconds > 60:
        with pytest.raises(BusyError, match="not asked for"):
            one.expose(100.0)
        one.time.step(700.0)
    assert one.expose(100.0).counts.size == 2048


def test_after_cancel_the_wait_is_before_the_laser_is_lit(rig):
    one = rig()
    one.open()
    one.detector.set_integration_time(5000.0)
    one.detector.start()
    one.detector.cancel()
    one.detector.set_integration_time(1000.0)
    before_s = one.time.now_s
    assert before_s > 4.5
    one.detector.start()
    assert one.time.now_s - before_s < 0.5


def test_a_blank_memory_is_said_and_measured_with(rig):
    one = rig(memory=BLANK_MEMORY)
    facts = one.open().facts
    assert facts.serial == ""
    assert facts.axis.source is AxisSource.NONE
    assert one.expose(100.0).counts.size == 2048


def test_only_the_instrument_that_was_asked_for_is_opened(rig):
    for model in ("USB4000", "Maya2000Pro", "no such"):
        with pytest.raises(WrongDeviceError, match=f"not a {model}"):
            rig("USB2000+").open(model=model)
    one = rig("USB2000+")
    one.model.row = dataclasses.replace(one.model.row, pixels=2047)
    with pytest.raises(WrongDeviceError, match="2047 pixels"):
        one.open()


def test_temperature_is_read_and_left_alone_while_exposing(rig):
    one = rig("QE65000")
    one.open()
    assert one.detector.temperature_c() == pytest.approx(-9.6, abs=0.2)
    one.detector.set_integration_time(1000.0)
    one.detector.start()
    before = len(one.sent)
    assert one.detector.temperature_c() == pytest.approx(-9.6, abs=0.2)
    assert len(one.sent) == before
    assert rig("Maya2000Pro").open().temperature_c() is None


def test_closed_is_closed(rig):
    one = rig()
    one.open()
    one.detector.close()
    one.detector.close()
    assert one.model.lamp == 0
    for act in (one.detector.start, lambda: one.detector.fetch(1.0), one.detector.temperature_c):
        with pytest.raises(NotConnectedError):
            act()
    assert one.detector.facts.serial == "EMULATED-00001"


def test_unplugged_and_plugged_in_again(rig):
    one = rig()
    one.open()
    one.expose(200.0)
    one.backend.unplug()
    for act in (lambda: one.expose(200.0), one.detector.temperature_c):
        with pytest.raises(NotConnectedError):
            act()
    one.detector.close()
    one.backend.replug()
    one.open()
    assert one.expose(200.0).counts.size == 2048


def measured(one):
    one.open()
    one.laser(True)
    return [one.expose(300.0).counts for _ in range(2)]


@pytest.mark.fuzz
@pytest.mark.parametrize("kind", FaultKind, ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", ["USB2000+", "USB4000"])
def test_a_fault_at_any_transfer_gives_a_named_error_or_sound_counts(rig, name, kind):
    """No partial or shifted spectrum, nothing invented, and it works again afterwards."""
    plain = rig(name)
    good = measured(plain)
    total = plain.backend.faults.total
    shown = 1 if int(os.environ.get("SPECTRA_FUZZ") or 0) >= 10_000 else 48
    first = list(FaultKind).index(kind) * shown // len(FaultKind)  # others for each kind
    for at in range(first, total, shown):
        one = rig(name, faults=[WireFault(kind, at=at, seed=at)])
        with contextlib.suppress(AnswerError, BusyError, NotConnectedError, WrongDeviceError):
            for seen, expected in zip(measured(one), good, strict=True):
                assert seen.shape == expected.shape
                if kind not in (FaultKind.BIT_FLIP, FaultKind.GARBLE):  # no checksum to tell by
                    assert abs(np.median(seen) - np.median(expected)) < 60
        one.backend.faults.arm()
        one.backend.replug()
        one.model.bulk_out(0x01, b"\x01", one.time.now_s)
        one.time.step(700.0)  # a flipped bit may have made an exposure of minutes
        if one.detector is not None:
            one.detector.close()
        again = measured(one)
        assert abs(np.median(again[1]) - np.median(good[1])) < 60
