"""Ocean Binary Protocol emulators judged by other people's drivers; skipped without them."""

import json
import subprocess
import sys

import numpy as np
import pytest

from devices.drivers.ocean_obp.driver import open_parts
from devices.drivers.ocean_obp.models import MODELS, VENDOR_ID
from devices.emulators.ocean_obp import emulator
from devices.timing import SteppedTime
from devices.transports.usb import open_usb

pytestmark = pytest.mark.oracle

NAMES = {"qepro": "QEPRO", "sts": "STS", "spark": "SPARK", "ventana-785": "VENTANA", "hdx": "HDX"}
BAND_NM = 1e7 / (1e7 / 785.0 - 1001.0)
LIMIT_S = 60.0

# The vendor's library never lets other threads run and never gives up waiting, so the emulator and
# the library have a process each, and both have a time limit.
SERVED = """
import numpy as np
from devices.emulators.ocean_obp import emulator
from devices.emulators.pty import serve
from devices.sample import Sample
bands = np.array([[620.0, 40.0, 8.0], [1001.0, 100.0, 6.0], [1602.0, 35.0, 9.0]])
model = emulator(Sample(bands=bands, fluorescence=0.0), 3, model={key!r}, wire="serial")
model.bench.laser(on=True)
serve(model, lambda path: print(path, flush=True), paced=False)
"""
ASKED = """
import json, sys
from seabreeze.cseabreeze import SeaBreezeAPI
api = SeaBreezeAPI()
api.add_rs232_device_location(sys.argv[1].encode(), sys.argv[2].encode(), 9600)
device = api.list_devices()[0]
device.open()
spectrometer = device.f.spectrometer
waves = spectrometer.get_wavelengths()
spectrometer.set_integration_time_micros(300_000)
spectra = [list(spectrometer.get_intensities()) for _ in range(4)]
tec = device.f.thermo_electric
if tec:
    tec.set_temperature_setpoint_degrees_celsius(-15.0)
told = {
    "model": device.model, "serial": device.serial_number, "waves": list(waves),
    "counts": spectra[-1], "ceiling": spectrometer.get_maximum_intensity(),
    "tec": tec.read_temperature_degrees_celsius() if tec else None,
    "nonlinearity": device.f.nonlinearity_coefficients.get_nonlinearity_coefficients(),
}
print(json.dumps(told))
"""


def test_pyseabreeze_reads_every_model_over_usb(polystyrene_like, monkeypatch):
    """It lists, identifies and reads them, and our own driver agrees with it on the axis."""
    pyseabreeze = pytest.importorskip("seabreeze.pyseabreeze")
    backends = pytest.importorskip("devices.emulators.usb_backend")
    from seabreeze.pyseabreeze import transport

    clock = SteppedTime()
    models = {key: emulator(polystyrene_like, 3, model=key) for key in MODELS}
    backend = backends.EmulatedUsbBackend(list(models.values()), clock.timing())
    monkeypatch.setitem(transport._pyusb_backend_instances, "emulated", backend)
    # It looks for instruments on the network as well, which no test may do.
    monkeypatch.setattr(transport.IPv4Transport, "list_devices", lambda **_options: [])
    api = pyseabreeze.SeaBreezeAPI(pyusb_backend="emulated")
    devices = {device.model: device for device in api.list_devices()}
    assert set(devices) == set(NAMES.values())
    for key, name in NAMES.items():
        _judge(devices[name], models[key], key)
        assert not models[key].instrument.unknown
    for key, row in MODELS.items():
        port = open_usb(VENDOR_ID, row.product_id, backend=backend, timing=clock.timing())
        ours, _ = open_parts(port, clock.timing(), model=key)
        values = tuple(np.float64(models[key].instrument.memory.wavelength))
        assert ours.facts.axis.coefficients_nm == pytest.approx(values, rel=1e-6)
        ours.close()


def _judge(device, model, key):
    device.open()
    row = MODELS[key]
    assert device.serial_number == model.instrument.memory.serial.decode()
    spectrometer = device.f.spectrometer
    spectrometer.set_trigger_mode(0)
    spectrometer.set_integration_time_micros(300_000)
    model.bench.laser(on=True)
    waves = spectrometer.get_wavelengths()
    counts = [spectrometer.get_intensities() for _ in range(5)][-1]
    assert counts.shape == waves.shape == (row.pixels,)
    # It evaluates the polynomial over all pixels of a QE Pro; the data sheet over the active ones.
    shift = 1.90 if key == "qepro" else 0.0
    assert waves[int(np.argmax(counts))] == pytest.approx(BAND_NM + shift, abs=0.4)
    device.close()


@pytest.mark.parametrize(("key", "name"), [("qepro", "QE-PRO"), ("sts", "STS")])
def test_the_vendors_library_reads_it_over_a_serial_line(key, name, checkout):
    pytest.importorskip("seabreeze.cseabreeze")
    pytest.importorskip("devices.emulators.pty")
    served = subprocess.Popen(
        [sys.executable, "-c", SERVED.format(key=key)],
        cwd=checkout,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        path = served.stdout.readline().strip()
        asked = subprocess.run(
            [sys.executable, "-c", ASKED, name, path],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    finally:
        served.terminate()
        served.communicate(timeout=10.0)
    assert asked.returncode == 0, asked.stderr
    told = json.loads(asked.stdout.splitlines()[-1])
    row = MODELS[key]
    assert told["model"] == name
    assert told["serial"].startswith("EMULATED-")
    assert told["ceiling"] == row.saturation
    assert len(told["counts"]) == len(told["waves"]) == row.pixels
    shift = 1.90 if key == "qepro" else 0.0
    at = int(np.argmax(told["counts"]))
    assert told["waves"][at] == pytest.approx(BAND_NM + shift, abs=0.4)
    assert told["nonlinearity"][0] == pytest.approx(0.905)
    assert (told["tec"] is None) == (not row.cooled)
