"""An independent driver (pyseabreeze) reads the emulated spectrometers rightly."""

import numpy as np
import pytest

from devices.drivers.ocean_ooi.driver import open_parts
from devices.drivers.ocean_ooi.models import VENDOR_ID
from devices.emulators.ocean_ooi import emulator
from devices.emulators.usb_backend import EmulatedUsbBackend
from devices.sample import Sample
from devices.timing import SteppedTime
from devices.transports.usb import open_usb

pytestmark = pytest.mark.oracle

LIT = Sample(bands=np.array([[1001.0, 100.0, 8.0]]), fluorescence=0.0)
THEIR_NAMES = {
    "USB2000+": "USB2000PLUS",
    "Flame-S": "FLAMES",
    "USB4000": "USB4000",
    "Maya2000Pro": "MAYA2000PRO",
    "HR2000+": "HR2000PLUS",
    "HR4000": "HR4000",
    "QE65000": "QE65000",
    "NIRQuest512": "NIRQUEST512",
    "Jaz": "JAZ",
    "USB2000": "USB2000",
}


@pytest.fixture
def judged(request, monkeypatch):
    """Return an emulated spectrometer, the other driver's view of it, and all counts it gave."""
    api_module = pytest.importorskip("seabreeze.pyseabreeze.api")
    transport = pytest.importorskip("seabreeze.pyseabreeze.transport")
    time = SteppedTime()
    model = emulator(LIT, 3, model=request.param)
    backend = EmulatedUsbBackend([model], time.timing())
    # It would look for instruments in the network too: USB is enough here.
    monkeypatch.setattr(api_module.IPv4Transport, "list_devices", lambda **_options: [])
    monkeypatch.setitem(transport._pyusb_backend_instances, "emulated", backend)
    given, deliver = [], model._deliver
    monkeypatch.setattr(model, "_deliver", lambda counts: (given.append(counts), deliver(counts)))
    api = api_module.SeaBreezeAPI(initialize=False, pyusb_backend="emulated")
    (device,) = api.list_devices()
    device.open()
    yield model, device, given, time
    device.close()
    api.shutdown()


@pytest.mark.parametrize("judged", THEIR_NAMES, indirect=True)
def test_it_reads_what_the_emulator_gave(judged):
    model, device, given, time = judged
    names = {row: their for row, their in THEIR_NAMES.items() if row != "Flame-S"}
    if model.version < 0x3000:
        assert device.model == names[model.row.name]
    else:
        assert device.model == "FLAMES"
    assert device.serial_number == "EMULATED-00001"
    model.bench.laser(True)
    time.step(1.0)
    theirs = device.f.spectrometer
    theirs.set_integration_time_micros(500_000)
    for _ in range(2):
        theirs.get_intensities()
    counts = theirs.get_intensities()
    scale = theirs._normalization_value
    assert counts == pytest.approx(given[-1] * scale, rel=1e-12)
    nm = theirs.get_wavelengths()
    assert nm == pytest.approx(model.bench.model.true_nm, abs=1e-6)
    first, end = model.row.active_pixels
    top = first + int(np.argmax(counts[first:end]))
    assert 1e7 / 785.0 - 1e7 / nm[top] == pytest.approx(1001.0, abs=5.0)
    assert not model.unknown


@pytest.mark.parametrize("judged", ["USB2000+"], indirect=True)
def test_it_reads_memory_and_registers(judged):
    model, device, _given, _time = judged
    for slot in range(17):
        text = device.f.eeprom.eeprom_read_slot(slot)
        assert text.encode() == model.slots[slot].partition(b"\x00")[0]
    assert device.f.nonlinearity_coefficients.get_nonlinearity_coefficients() == [1.0] + [0.0] * 7
    device.f.continuous_strobe.set_enable(True)
    assert model.lamp == 1
    device.f.continuous_strobe.set_period_micros(1000)
    assert model.registers == {0x08: 48, 0x0C: 999}
    assert not model.unknown


@pytest.mark.parametrize("judged", ["NIRQuest512"], indirect=True)
def test_it_steers_the_cooler(judged):
    model, device, _given, time = judged
    cooler = device.f.thermo_electric
    cooler.enable_tec(True)
    cooler.set_temperature_setpoint_degrees_celsius(-15.0)
    time.step(600.0)
    assert cooler.read_temperature_degrees_celsius() == pytest.approx(-15.0, abs=0.3)
    assert not model.unknown


@pytest.mark.parametrize("judged", ["USB2000+"], indirect=True)
def test_it_takes_a_stale_spectrum_where_ours_does_not(judged):
    """Known trouble of the other driver (its issues 38, 177, 298), named and not repeated."""
    model, device, given, time = judged
    theirs = device.f.spectrometer
    theirs.set_integration_time_micros(1_000_000)
    for _ in range(2):
        theirs.get_intensities()
    model.bench.laser(True)
    time.step(1.0)
    theirs.get_intensities()
    time.step(0.5)
    model.bench.advance_to(time.now_s)
    model.bench.laser(False)
    dark = theirs.get_intensities()
    assert dark.max() > 5_000  # light from before the laser was switched off
    device.close()
    backend = EmulatedUsbBackend([model], time.timing())
    port = open_usb(VENDOR_ID, 0x101E, backend=backend, timing=time.timing())
    ours, _ = open_parts(port, time.timing())
    ours.set_integration_time(1000.0)
    for on in (True, False):
        time.step(0.5)
        model.bench.advance_to(time.now_s)
        model.bench.laser(on)
        ours.start()
        time.step(1.0)
        exposure = ours.fetch(1.0)
    ours.close()
    assert (exposure.counts == given[-1]).all()
    assert np.percentile(exposure.counts, 99) < 2_200
