"""The vendor's own driver (Wasatch.PY) on our emulated units.

It is the judge of the emulator: it was written by the maker, for the real instruments. Run with an
environment that has it: ``python -m pytest -m oracle tests/devices/test_wasatch_oracle.py``.
The units' time is stepped, by what the driver waits for them: a run gives the same counts on any
machine, however busy it is.
"""

import dataclasses
import logging
import time
import warnings

import numpy as np
import pytest

from devices.drivers.wasatch.driver import open_parts
from devices.emulators.usb_backend import EmulatedUsbBackend
from devices.emulators.wasatch import MODELS, emulator
from devices.interface import LaserState
from devices.transports.usb import open_usb

pytestmark = pytest.mark.oracle

SOUND = ["wasatch-785", "wasatch-785-xs", "wasatch-785-2048", "wasatch-1064"]
BOTH = pytest.mark.parametrize("name", SOUND[:2])
FULL_AXIS = 3.0  # cm-1
EXPOSURE_MS = 2000  # the band of the InGaAs unit is 60 times its noise; of 150 ms only 5 times


@pytest.fixture
def vendor(monkeypatch, polystyrene_like, wire_time):
    """Connect the vendor's driver to an emulated unit that warns of its laser for no time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("wasatch", reason="Wasatch.PY is not installed (extra 'oracle')")
        import usb.backend.libusb0
        import usb.backend.libusb1
        import usb.core
        from wasatch.DeviceID import DeviceID
        from wasatch.WasatchDevice import WasatchDevice
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logging.getLogger("wasatch").setLevel(logging.CRITICAL + 1)
    connected = []

    def make(name):
        row = MODELS[name]
        calm = dataclasses.replace(row.bench, cosmic_rays_per_s=0.0, laser_delay_s=0.0)
        unit = emulator(polystyrene_like, 3, model=dataclasses.replace(row, bench=calm))
        backend = EmulatedUsbBackend([unit], wire_time.timing())
        for module in (usb.backend.libusb0, usb.backend.libusb1):
            monkeypatch.setattr(module, "get_backend", lambda *_a, **_k: backend)
        device = WasatchDevice(DeviceID(device=usb.core.find(idVendor=0x24AA, backend=backend)))
        assert device.connect().data
        connected.append(device)
        return device, unit, backend

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield make
        for device in connected:
            device.disconnect()


def _spectrum(device):
    reading = device.acquire_data().data
    return np.array(reading.spectrum), reading


@pytest.mark.parametrize("name", [*SOUND, "wasatch-785-bad-pixels", "wasatch-785-inverted"])
def test_it_reads_our_memory_to_our_values(vendor, name):
    device, unit, _ = vendor(name)
    theirs, ours = device.settings.eeprom, unit.model.memory
    assert theirs.model == ours.model
    assert theirs.serial_number == ours.serial
    assert theirs.format == ours.format
    assert theirs.wavelength_coeffs == pytest.approx(ours.stated_axis_nm, rel=1e-6)
    assert theirs.excitation_nm_float == pytest.approx(ours.excitation_nm)
    assert theirs.active_pixels_horizontal == ours.active_pixels
    assert theirs.adc_to_degC_coeffs == pytest.approx(ours.adc_to_celsius)
    assert theirs.degC_to_dac_coeffs == pytest.approx(ours.celsius_to_dac)
    assert theirs.laser_power_coeffs == pytest.approx(ours.laser_power)
    assert theirs.max_integration_time_ms == ours.highest_integration_ms
    assert theirs.detector_gain == pytest.approx(ours.gain)
    assert theirs.has_battery == bool(ours.has_battery)
    assert theirs.bad_pixels == sorted({place for place in ours.bad_pixel_places if place >= 0})
    assert device.settings.microcontroller_firmware_version == ".".join(
        str(part) for part in unit.model.firmware
    )
    assert device.settings.fpga_firmware_version == unit.model.fpga
    assert unit.unknown == {}


@pytest.mark.parametrize("name", [*SOUND, "wasatch-785-inverted"])
def test_it_measures_dark_and_raman_where_the_band_is(vendor, name):
    device, unit, _ = vendor(name)
    device.hardware.set_integration_time_ms(EXPOSURE_MS)
    dark, reading = _spectrum(device)
    assert dark.size == unit.model.bench.pixels
    assert reading.laser_is_firing is False
    device.hardware.set_laser_power_perc(50)
    device.hardware.set_laser_enable(True)
    light, reading = _spectrum(device)
    assert (reading.laser_can_fire, reading.laser_is_firing) == (True, True)
    pixel = int(np.argmax(light - dark))
    assert device.settings.wavenumbers[pixel] == pytest.approx(1001.0, abs=FULL_AXIS)
    assert unit._power() == pytest.approx(0.5)
    assert unit.unknown == {}


def test_temperatures_and_battery(vendor):
    device, unit, _ = vendor("wasatch-785")
    _, reading = _spectrum(device)
    assert reading.detector_temperature_degC == pytest.approx(unit.bench.temperature_c(), abs=0.1)
    device, unit, _ = vendor("wasatch-785-xs")
    _, reading = _spectrum(device)
    assert reading.laser_temperature_degC == pytest.approx(25.0, abs=0.1)
    assert reading.battery_percentage == pytest.approx(80.0)


def test_its_other_questions_are_answered(vendor):
    device, unit, _ = vendor("wasatch-785-xs")
    hardware = device.hardware
    hardware.set_laser_warning_delay_sec(2)
    assert hardware.get_laser_warning_delay_sec().data == 2
    hardware.set_laser_watchdog_sec(300)
    assert hardware.get_laser_watchdog_sec().data == 300
    hardware.set_raman_delay_ms(700)
    assert hardware.get_raman_delay_ms().data == 700
    hardware.set_mod_period_us(1000)
    assert hardware.get_mod_period_us().data == 1000
    hardware.set_laser_power_attenuator(33)
    assert hardware.get_laser_power_attenuator().data == 33
    assert hardware.get_integration_time_ms().data > 0
    assert hardware.get_detector_gain().data == pytest.approx(1.8984375)
    assert hardware.get_sensor_line_length() is not None
    assert hardware.get_ambient_temperature_degC_arm() is not None
    assert unit.unknown == {}


@BOTH
def test_it_leaves_the_laser_on_and_ours_switches_it_off(vendor, wire_time, name):
    """A known fault of the vendor's driver, which the emulator shows."""
    device, unit, backend = vendor(name)
    device.hardware.set_laser_enable(True)
    device.disconnect()
    assert unit.laser_firing
    timing = wire_time.timing()
    port = open_usb(0x24AA, unit.model.product_id, backend=backend, timing=timing)
    detector, laser = open_parts(port, timing)
    assert laser.read().state is LaserState.OFF
    assert not unit.laser_firing
    laser.close()
    detector.close()


@BOTH
def test_it_reports_a_stuck_laser_as_switched_off(vendor, name):
    device, unit, _ = vendor(name)
    device.hardware.set_laser_enable(True)
    unit.bench.faults = dataclasses.replace(unit.bench.faults, laser_stuck_on=True)
    time.sleep(0.02)
    assert device.hardware.set_laser_enable(False).data is True
    assert unit.laser_firing


@BOTH
def test_enabled_is_not_firing_with_an_open_interlock(vendor, name):
    device, unit, _ = vendor(name)
    unit.bench.faults = dataclasses.replace(unit.bench.faults, interlock_open_at_s=0.0)
    device.hardware.set_laser_enable(True)
    _, reading = _spectrum(device)
    assert reading.laser_enabled is True
    assert (reading.laser_can_fire, reading.laser_is_firing) == (False, False)


@BOTH
def test_unplugged(vendor, name):
    device, _, backend = vendor(name)
    _spectrum(device)
    backend.unplug()
    answer = device.acquire_data()
    assert not answer.data
    assert device.hardware.shutdown_requested
