"""Every fault of a cable at every transfer of opening and measuring, on both wires.

Whatever happens, an exposure is either whole and the newest one of the instrument, or a named
error; the laser is read back as it is; and when the cable is well again, so is the instrument.
"""

import contextlib
import os

import numpy as np
import pytest

from devices.drivers.ocean_obp.configuration import ObpConfiguration
from devices.drivers.ocean_obp.driver import open_parts
from devices.emulators.faults import SERIAL_KINDS, USB_KINDS, FaultKind, WireFault
from devices.emulators.ocean_obp import emulator
from devices.emulators.stream import EmulatedStream
from devices.errors import AnswerError, BadAnswerError, DeviceError, NotConnectedError
from devices.timing import SteppedTime
from devices.transports.usb import open_usb

usb_backend = pytest.importorskip("devices.emulators.usb_backend")
KINDS = [("usb", kind) for kind in USB_KINDS] + [("serial", kind) for kind in SERIAL_KINDS]


# A late answer, a short read and bytes too many change nothing for a decoder that finds its frames.
HARMLESS = {FaultKind.SLOW, FaultKind.SHORT, FaultKind.EXTRA}


class Cable:
    """An instrument and its cable; `plug` gives a port to it."""

    def __init__(self, sample, key, wire):
        self.clock, self.key, self.wire = SteppedTime(), key, wire
        self.model = emulator(sample, 3, model=key, wire=wire)
        self.faults, self._backend = None, None
        if wire == "usb":
            self._backend = usb_backend.EmulatedUsbBackend([self.model], self.clock.timing())
            self.faults = self._backend.faults

    def plug(self, *faults):
        if self.wire == "serial":
            port = EmulatedStream(self.model, self.clock.timing(), baud=9_600)
            self.faults = port.faults
        else:
            self._backend.replug()
            ids = self.model.identity.vendor_id, self.model.identity.product_id
            self.faults.arm()
            port = open_usb(*ids, backend=self._backend, timing=self.clock.timing())
        self.faults.arm(*faults)
        return port

    def open(self, port):
        baud = 115_200 if self.wire == "serial" else None
        wanted = ObpConfiguration(session_baud=baud)
        return open_parts(port, self.clock.timing(), model=self.key, configuration=wanted)

    def measure(self, detector, laser):
        detector.set_integration_time(30.0)
        if laser is not None:
            laser.switch_on(100.0)
        detector.start()
        self.clock.step(0.03)
        exposure = detector.fetch(2.0)
        if laser is not None:
            laser.switch_off()
            assert laser.read().enabled is self.model.bench.laser_enabled
        return exposure

    def newest(self, exposure):
        return np.array_equal(exposure.counts, self.model.instrument.camera._last.counts)


def _some(total, kind, stride):
    """Return some of the transfers, others for each kind of fault; all in the long form."""
    stride = 1 if int(os.environ.get("SPECTRA_FUZZ") or 0) >= 10_000 else stride
    return range(list(FaultKind).index(kind) % stride, total, stride)


def _healthy(cable):
    """Open it afresh and measure: an instrument that was left in any state must do that."""
    detector, laser = cable.open(cable.plug())
    exposure = cable.measure(detector, laser)
    assert cable.newest(exposure)
    detector.close()
    assert not cable.model.bench.laser_enabled


def _transfers(cable, *, opening):
    if not opening:
        detector, laser = cable.open(cable.plug())
        cable.faults.arm()
        cable.measure(detector, laser)
    else:
        cable.open(cable.plug())
    return cable.faults.total


@pytest.mark.fuzz
@pytest.mark.parametrize(("wire", "kind"), KINDS, ids=lambda value: getattr(value, "name", value))
@pytest.mark.parametrize("key", ["qepro", "ventana-785"])
def test_a_fault_at_every_transfer_of_a_measurement(polystyrene_like, key, wire, kind):
    total = _transfers(Cable(polystyrene_like, key, wire), opening=False)
    assert total > 10
    for at in _some(total, kind, 13):
        cable = Cable(polystyrene_like, key, wire)
        detector, laser = cable.open(cable.plug())
        cable.faults.arm(WireFault(kind, at, count=7, seed=at))
        with contextlib.suppress(AnswerError, NotConnectedError):
            assert cable.newest(cable.measure(detector, laser))
        cable.faults.arm()
        if kind is not FaultKind.UNPLUG:
            assert cable.newest(cable.measure(detector, laser))
        detector.close()
        _healthy(cable)


@pytest.mark.fuzz
@pytest.mark.parametrize(("wire", "kind"), KINDS, ids=lambda value: getattr(value, "name", value))
def test_a_fault_at_every_transfer_of_opening(polystyrene_like, wire, kind):
    total = _transfers(Cable(polystyrene_like, "ventana-785", wire), opening=True)
    refused = 0
    for at in _some(total, kind, 23):
        cable = Cable(polystyrene_like, "ventana-785", wire)
        cable.model.bench.laser(on=True)
        try:
            detector, laser = cable.open(cable.plug(WireFault(kind, at, count=7, seed=at)))
        except DeviceError:
            refused += 1
        else:
            assert not laser.read().enabled
            assert detector.facts.serial in ("", "EMULATED-VEN01")
            assert detector.facts.axis.coefficients_nm[:1] in ((), (799.0,))
            detector.close()
        _healthy(cable)
    assert refused or kind in HARMLESS


def test_a_spectrum_that_was_spoilt_while_another_answer_was_read_is_said_to_be(polystyrene_like):
    cable = Cable(polystyrene_like, "ventana-785", "usb")
    detector, laser = cable.open(cable.plug())
    detector.set_integration_time(30.0)
    detector.start()
    cable.clock.step(0.03)
    cable.faults.arm(WireFault(FaultKind.EXTRA, 0, on=("bulk_in",)))
    assert not laser.read().enabled
    with pytest.raises(BadAnswerError, match="damaged"):
        detector.fetch(2.0)
    detector.close()
    _healthy(cable)


@pytest.mark.parametrize("wire", ["usb", "serial"])
@pytest.mark.parametrize("kind", [FaultKind.SILENT, FaultKind.GARBLE, FaultKind.TRUNCATED])
def test_a_cable_that_stays_broken_ends_in_bounded_time(polystyrene_like, wire, kind):
    cable = Cable(polystyrene_like, "ventana-785", wire)
    with pytest.raises(AnswerError):
        cable.open(cable.plug(WireFault(kind, 0, lasting=True)))
    assert cable.clock.now_s < 60.0
    _healthy(cable)
