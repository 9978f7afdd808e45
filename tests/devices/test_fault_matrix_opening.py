"""The fault matrix of opening: permissions, ports, strangers on a port, senseless memories."""

import dataclasses
import math
from types import SimpleNamespace

import pytest
import usb.backend.libusb0
import usb.backend.libusb1

from devices.emulators import cobolt, ocean_obp, ocean_ooi, wasatch
from devices.emulators.faults import FaultKind, WireFault
from devices.emulators.usb_backend import EmulatedUsbBackend
from devices.errors import (
    BadAnswerError,
    FrameError,
    MemoryContentError,
    NoBackendError,
    PermissionDeniedError,
    PortBusyError,
    PortMissingError,
    TransportTimeoutError,
    WrongDeviceError,
)
from devices.families import FAMILIES, LaserKind, Wire, family
from devices.interface import LaserState, Settings
from devices.parts import AxisSource
from devices.registry import Connection, EmulatedWires, open_connected

SETTINGS = Settings(integration_time_ms=60.0, averages=2)
ROWS = [
    (row.name, serial)
    for row in FAMILIES
    if row.wire is not Wire.NONE
    for serial in ((False, True) if row.wire is Wire.EITHER else (False,))
]
USB = [row.name for row in FAMILIES if row.wire in {Wire.USB, Wire.EITHER}]
SERIAL = [row.name for row in FAMILIES if row.wire in {Wire.SERIAL, Wire.EITHER}]
PAIRED = [(name, serial) for name, serial in ROWS if family(name).laser is LaserKind.PAIRED]
STRANGER = (WrongDeviceError, BadAnswerError, TransportTimeoutError)
LONGEST_S = 60.0  # emulated, until a port is given up


def _measures(bed):
    """Open it as it is now and measure."""
    bed.plug()
    with bed.open() as analyser:
        analyser.configure(SETTINGS)
        bed.measure(analyser.dark)
        bed.measure(analyser.acquire)
    assert bed.bench.laser_state() is LaserState.OFF


@pytest.mark.parametrize("name", USB)
@pytest.mark.parametrize(
    ("why", "error"), [("denied", PermissionDeniedError), ("busy", PortBusyError)]
)
def test_usb_that_may_not_be_opened(rig, name, why, error):
    bed = rig(name)
    bed.wires.usb.refuse(why)
    with pytest.raises(error) as caught:
        bed.open()
    assert caught.value.remedy
    bed.wires.usb.refuse("")
    _measures(bed)


@pytest.mark.parametrize("name", USB)
def test_usb_that_is_not_plugged_in(rig, name):
    bed = rig(name)
    bed.wires.usb.unplug()
    with pytest.raises(PortMissingError):
        bed.open()
    _measures(bed)


@pytest.mark.parametrize("name", USB)
def test_another_instrument_on_usb(rig, name):
    other = "wasatch-785" if name.startswith("ocean") else "ocean-qepro"
    with pytest.raises(PortMissingError):
        open_connected(name, Connection(usb_backend=rig(other).wires.usb))


@pytest.mark.parametrize("name", USB)
def test_no_usb_library(monkeypatch, name):
    monkeypatch.setattr(usb.backend.libusb1, "get_backend", lambda: None)
    monkeypatch.setattr(usb.backend.libusb0, "get_backend", lambda: None)
    with pytest.raises(NoBackendError) as caught:
        open_connected(name, Connection())
    assert "libusb" in str(caught.value)


@pytest.mark.parametrize("name", SERIAL)
def test_a_serial_port_that_does_not_exist(name):
    with pytest.raises(PortMissingError):
        open_connected(name, Connection(port="/dev/no-such-port"))


@pytest.mark.parametrize("name", [name for name in USB if (name, False) in PAIRED])
def test_the_spectrometer_is_let_go_when_the_port_of_its_laser_does_not_exist(rig, name):
    bed = rig(name)
    with pytest.raises(PortMissingError):
        open_connected(
            name,
            Connection(usb_backend=bed.wires.usb, laser_port="/dev/no-such-port"),
            timing=bed.timing,
        )
    bed.bench.laser(on=False)
    _measures(bed)


@pytest.mark.parametrize("name", [name for name in SERIAL if (name, False) in PAIRED])
def test_two_ports_that_are_mixed_up(rig, name):
    bed = rig(name, serial=True)
    bed.wires.streams.reverse()
    with pytest.raises(STRANGER):
        bed.open()
    assert bed.time.now_s < LONGEST_S
    _measures(bed)


@pytest.mark.parametrize(("name", "serial"), PAIRED)
def test_a_laser_at_another_speed(rig, name, serial):
    bed = rig(name, serial=serial)
    bed.wires.streams[-1] = _Deaf(bed.wires.streams[-1])
    with pytest.raises(STRANGER):
        bed.open()
    _measures(bed)


class _Deaf:
    """A stream whose speed cannot be set: the instrument hears garbage, and so does the host."""

    def __init__(self, stream):
        self._stream = stream

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def set_baud(self, _baud):
        self._stream.set_baud(57_600)


@pytest.mark.parametrize(("name", "serial"), ROWS)
@pytest.mark.parametrize("kind", [FaultKind.SILENT, FaultKind.GARBLE, FaultKind.TRUNCATED])
def test_a_cable_that_is_broken_for_good(rig, name, serial, kind):
    for line in range(2 if family(name).laser is LaserKind.PAIRED else 1):
        bed = rig(name, serial=serial)
        bed.lines[line].arm(WireFault(kind, lasting=True))
        with pytest.raises((*STRANGER, MemoryContentError)):
            bed.open()
        assert bed.time.now_s < LONGEST_S
        _measures(bed)


# --- Memories ----------------------------------------------------------------------------------


def _wires(model, timing, *, paired):
    wires = EmulatedWires(model.bench, [model], EmulatedUsbBackend([model], timing))
    if paired:
        wires.models.append(cobolt.emulator(bench=model.bench))
    return wires


def _of_wasatch(name, **memory):
    row = wasatch.MODELS[name]
    if memory:
        return dataclasses.replace(row, memory=dataclasses.replace(row.memory, **memory))
    return dataclasses.replace(row, memory=None)


def _wasatch_cases():
    nan = math.nan
    for name in ("wasatch-785", "wasatch-785-xs", "wasatch-1064"):
        pixels = wasatch.MODELS[name].bench.pixels
        for what, memory in (
            ("blank", {}),
            ("not a number", {"wavelength_nm": (nan,) * 4, "excitation_nm": nan}),
            ("excitation 0", {"excitation_nm": 0.0}),
            ("reversed", {"wavelength_nm": (945.0, -0.141, 0.0, 0.0)}),
            ("bad pixels", {"bad_pixel_places": (3, 60, 1500, 40_00) + (-1,) * 11}),
            (
                "too few pixels",
                {"active_pixels": pixels // 2, "roi_horizontal": (0, pixels // 2 - 1)},
            ),
            ("too many pixels", {"active_pixels": 2 * pixels}),
            ("no pixels", {"active_pixels": 0}),
        ):
            yield SimpleNamespace(
                name=name,
                what=what,
                model=lambda sample, name=name, memory=memory: wasatch.emulator(
                    sample, 3, model=_of_wasatch(name, **memory)
                ),
            )


def _obp_cases():
    for name, key in (
        ("ocean-ventana-785", "ventana-785"),
        ("ocean-qepro", "qepro"),
        ("ocean-sts", "sts"),
        ("ocean-hdx", "hdx"),
    ):
        for what in ("blank", "insane"):
            yield SimpleNamespace(
                name=name,
                what=what,
                model=lambda sample, key=key, what=what: ocean_obp.emulator(
                    sample, 3, model=key, memory=what
                ),
            )


def _ooi_cases():
    blank = dict.fromkeys(range(18), b"\xff" * 15)
    for name, key in (
        ("ocean-usb2000plus", "USB2000+"),
        ("ocean-usb4000", "USB4000"),
        ("ocean-maya2000pro", "Maya2000Pro"),
    ):
        for what, memory in (
            ("blank", blank),
            ("not a number", {1: b"nan", 2: b"inf"}),
            ("reversed", {1: b"948", 2: b"-0.08", 3: b"0"}),
            ("insane", {2: b"1e30"}),
        ):
            yield SimpleNamespace(
                name=name,
                what=what,
                model=lambda sample, key=key, memory=memory: ocean_ooi.emulator(
                    sample, 3, model=key, memory=memory
                ),
            )


MEMORIES = [*_wasatch_cases(), *_obp_cases(), *_ooi_cases()]
STATES_AN_AXIS = {"bad pixels", "excitation 0"}
NO_WHOLE_FRAME = {"too few pixels", "too many pixels"}


@pytest.mark.parametrize("case", MEMORIES, ids=lambda case: f"{case.name}-{case.what}")
def test_a_memory_without_sense(rig, polystyrene_like, case):
    paired = family(case.name).laser is LaserKind.PAIRED
    bed = rig(
        case.name,
        make_wires=lambda timing: _wires(case.model(polystyrene_like), timing, paired=paired),
    )
    analyser = bed.open()
    analyser.configure(SETTINGS)
    if case.what in NO_WHOLE_FRAME:
        with pytest.raises(BadAnswerError, match=r"of \d+ bytes came"):
            bed.measure(analyser.acquire)
    else:
        frame = bed.measure(analyser.acquire)
        if case.what not in STATES_AN_AXIS:
            assert frame.axis_source == AxisSource.NONE.value
        if case.what == "bad pixels":
            assert frame.bad_pixels == tuple(p for p in (3, 60, 1500) if p < frame.pixels)
        else:
            with pytest.raises(FrameError):
                frame.raman_shift_cm1()
    assert bed.bench.laser_state() is LaserState.OFF
    analyser.close()
