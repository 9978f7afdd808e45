"""Emulated USB as pyusb sees it, and our port over it: every error by its own name."""

import errno
import threading

import pytest
import usb.backend.libusb0
import usb.backend.libusb1
import usb.core
import usb.util

from devices import errors
from devices.emulators.faults import USB_KINDS, FaultKind, WireFault
from devices.emulators.usb_backend import EmulatedUsbBackend
from devices.timing import REAL_TIME
from devices.transports.usb import find_usb, open_usb


@pytest.fixture
def backend(usb_model, wire_time):
    return EmulatedUsbBackend([usb_model], wire_time.timing())


@pytest.fixture
def port(backend, wire_time):
    opened = open_usb(0x24AA, 0x1000, backend=backend, timing=wire_time.timing())
    yield opened
    opened.close()


@pytest.fixture
def device(backend):
    found = usb.core.find(idVendor=0x24AA, backend=backend)
    found.set_configuration()
    yield found
    usb.util.dispose_resources(found)


# As pyusb sees it.


def test_pyusb_reads_descriptors_and_strings(device):
    assert (device.manufacturer, device.product, device.serial_number) == (
        "Maker", "Analyser", "EMULATED-1",
    )  # fmt: skip
    (configuration,) = device.configurations()
    (interface,) = configuration.interfaces()
    assert [end.bEndpointAddress for end in interface.endpoints()] == [0x01, 0x82, 0x86]
    assert all(usb.util.endpoint_type(end.bmAttributes) == 2 for end in interface.endpoints())
    assert "0x24aa" in str(device)
    assert device.parent is None
    assert not device.is_kernel_driver_active(0)


@pytest.mark.parametrize(
    "ask",
    [
        lambda backend, dev: backend.get_configuration_descriptor(dev, 1),
        lambda backend, dev: backend.get_interface_descriptor(dev, 1, 0, 0),
        lambda backend, dev: backend.get_interface_descriptor(dev, 0, 1, 0),
        lambda backend, dev: backend.get_endpoint_descriptor(dev, 3, 0, 0, 0),
    ],
)
def test_past_the_end_is_an_index_error(backend, ask):
    with pytest.raises(IndexError):
        ask(backend, backend.enumerate_devices()[0])


def test_standard_requests_are_answered_as_a_device_does(device):
    described = device.ctrl_transfer(0x80, 6, 0x0100, 0, 64).tobytes()
    assert (len(described), described[8:12].hex()) == (18, "aa240010")
    whole = device.ctrl_transfer(0x80, 6, 0x0200, 0, 512).tobytes()
    assert len(whole) == int.from_bytes(whole[2:4], "little") == 9 + 9 + 3 * 7
    assert device.ctrl_transfer(0x80, 8, 0, 0, 1).tobytes() == b"\x01"
    assert device.ctrl_transfer(0x80, 0, 0, 0, 2).tobytes() == b"\x00\x00"
    assert usb.util.get_string(device, 3) == "EMULATED-1"
    for unknown in ((0x80, 6, 0x0309), (0x80, 6, 0x0600), (0x80, 0x55, 0), (0xA0, 1, 0)):
        with pytest.raises(usb.core.USBError) as told:
            device.ctrl_transfer(*unknown, 0, 8)
        assert (told.value.errno, told.value.backend_error_code) == (errno.EPIPE, -9)


def test_pyusb_transfers(device, usb_model):
    assert device.ctrl_transfer(0xC0, 0xC0, 2, 3, 64).tobytes() == b"\xc0\x02\x03"
    assert device.write(0x01, b"abcdef") == 6
    assert device.read(0x82, 4).tobytes() == b"abcd"
    assert device.read(0x82, 64).tobytes() == b"ef"
    assert usb_model.taken[-1] == ("bulk", 1, b"abcdef")
    with pytest.raises(ValueError, match="endpoint"):
        device.read(0x83, 4)


@pytest.mark.parametrize(
    ("kind", "told_as"),
    [
        (FaultKind.TIMEOUT, (usb.core.USBTimeoutError, errno.ETIMEDOUT, -7)),
        (FaultKind.SILENT, (usb.core.USBTimeoutError, errno.ETIMEDOUT, -7)),
        (FaultKind.STALL, (usb.core.USBError, errno.EPIPE, -9)),
        (FaultKind.UNPLUG, (usb.core.USBError, errno.ENODEV, -4)),
    ],
)
def test_faults_are_pyusb_s_own_exceptions(device, backend, kind, told_as):
    backend.faults.arm(WireFault(kind))
    with pytest.raises(usb.core.USBError) as told:
        device.ctrl_transfer(0xC0, 0xC0, 0, 0, 64)
    error = told.value
    assert (type(error), error.errno, error.backend_error_code) == told_as


@pytest.mark.parametrize(
    ("why", "number", "code"), [("denied", errno.EACCES, -3), ("busy", errno.EBUSY, -6)]
)
def test_opening_is_refused_as_the_system_does(backend, why, number, code):
    backend.refuse(why)
    found = usb.core.find(idVendor=0x24AA, backend=backend)
    with pytest.raises(usb.core.USBError) as told:
        found.set_configuration()
    assert (told.value.errno, told.value.backend_error_code) == (number, code)
    usb.util.dispose_resources(found)


# Our port.


def test_finding_reads_names_and_claims_nothing(backend, usb_model):
    (found,) = find_usb(backend)
    assert (found.manufacturer, found.product, found.serial) == ("Maker", "Analyser", "EMULATED-1")
    assert found.name == "USB 24aa:1000 (bus 1 address 1)"
    assert usb_model.taken == []
    assert backend.enumerate_devices()[0].claimed == {}
    assert find_usb(backend, only=[(1, 2)]) == ()
    assert find_usb(backend, strings=False)[0].serial == ""


def test_one_of_two_alike_is_chosen_by_its_serial_number(make_usb_model, wire_time):
    models = [make_usb_model("EMULATED-1"), make_usb_model("EMULATED-2")]
    backend = EmulatedUsbBackend(models, wire_time.timing())
    port = open_usb(0x24AA, 0x1000, serial="EMULATED-2", backend=backend, timing=wire_time.timing())
    port.control_in(0xC0, 0, 0, 8)
    assert (len(models[0].taken), len(models[1].taken)) == (0, 1)
    port.close()
    with pytest.raises(errors.PortMissingError, match="EMULATED-3"):
        open_usb(0x24AA, 0x1000, serial="EMULATED-3", backend=backend, timing=wire_time.timing())


def test_control_and_bulk(port, usb_model, wire_time):
    assert (port.vendor_id, port.product_id) == (0x24AA, 0x1000)
    assert port.control_in(0xC0, 2, 3, 64) == b"\xc0\x02\x03"
    assert port.control_in(0xC0, 2, 3, 2) == b"\xc0\x02"
    port.control_out(0xAD, 0, 0, bytes(8))
    assert usb_model.taken[-1] == ("out", 0xAD, 0, 0, bytes(8))
    assert port.bulk_in(0x82, 64, 5.0) == b"SPECTRUM"
    assert wire_time.now_s == pytest.approx(3.0, abs=0.002)
    with pytest.raises(errors.TransportTimeoutError, match=r"within 0\.5 s \(bulk in 82\)"):
        port.bulk_in(0x82, 64, 0.5)
    with pytest.raises(errors.AnswerError, match="no such endpoint"):
        port.bulk_in(0x84, 64, 0.5)


def test_a_refused_request_is_a_stall_and_the_next_one_works(port):
    with pytest.raises(errors.StalledError):
        port.control_in(0x99, 0, 0, 8)
    with pytest.raises(errors.StalledError):
        port.control_out(0x99, 0, 0)
    assert port.control_in(0x01, 0, 0, 8) == b"\x01\x00\x00"


EXPECTED = {
    FaultKind.SILENT: errors.TransportTimeoutError,
    FaultKind.TIMEOUT: errors.TransportTimeoutError,
    FaultKind.STALL: errors.StalledError,
    FaultKind.UNPLUG: errors.NotConnectedError,
}


@pytest.mark.parametrize("kind", USB_KINDS, ids=lambda kind: kind.value)
@pytest.mark.parametrize("step", ["control_in", "bulk_in"])
def test_every_fault_of_a_read(port, backend, kind, step):
    port.bulk_out(0x01, b"earlier")
    port.bulk_in(0x82, 64, 1.0)
    port.bulk_out(0x01, b"abcdefgh")
    backend.faults.arm(WireFault(kind, on=(step,), count=2, seconds=0.25))

    def read():
        if step == "bulk_in":
            return port.bulk_in(0x82, 64, 1.0)
        return port.control_in(0xC0, 0x41, 0x42, 64)

    good = b"abcdefgh" if step == "bulk_in" else b"\xc0\x41\x42"
    if kind in EXPECTED:
        with pytest.raises(EXPECTED[kind]):
            read()
        return
    got = read()
    assert (got == good) == (kind is FaultKind.SLOW)
    if kind is FaultKind.SHORT and step == "bulk_in":
        assert got + read() == good


@pytest.mark.parametrize("kind", [FaultKind.SHORT, FaultKind.SILENT, FaultKind.STALL])
def test_faults_of_a_write(port, backend, usb_model, kind):
    backend.faults.arm(WireFault(kind))
    if kind is FaultKind.SILENT:
        port.bulk_out(0x01, b"lost")
        assert usb_model.taken == []
    else:
        kinds = {FaultKind.SHORT: errors.BadAnswerError, FaultKind.STALL: errors.StalledError}
        with pytest.raises(kinds[kind]):
            port.bulk_out(0x01, b"lost")
    port.bulk_out(0x01, b"next")


def test_too_slow_is_a_timeout_and_the_data_come_with_the_next_read(port, backend):
    port.bulk_out(0x01, b"data")
    backend.faults.arm(WireFault(FaultKind.SLOW, seconds=9.0))
    with pytest.raises(errors.TransportTimeoutError):
        port.bulk_in(0x82, 64, 1.0)
    assert port.bulk_in(0x82, 64, 1.0) == b"data"


def test_unplugged_and_plugged_in_again(port, backend, wire_time):
    backend.unplug()
    for use in (lambda: port.control_in(0xC0, 0, 0, 8), lambda: port.bulk_in(0x82, 8, 1.0)):
        with pytest.raises(errors.NotConnectedError, match="pull its power"):
            use()
    with pytest.raises(errors.PortMissingError):
        open_usb(0x24AA, 0x1000, backend=backend, timing=wire_time.timing())
    backend.replug()
    with pytest.raises(errors.NotConnectedError):
        port.control_in(0xC0, 0, 0, 8)
    port.close()
    again = open_usb(0x24AA, 0x1000, backend=backend, timing=wire_time.timing())
    assert again.name == "USB 24aa:1000 (bus 1 address 2)"
    assert again.control_in(0xC0, 0, 0, 8) == b"\xc0\x00\x00"
    again.close()


def test_unplugged_while_a_read_waits(usb_model):
    backend = EmulatedUsbBackend([usb_model], REAL_TIME)
    port = open_usb(0x24AA, 0x1000, backend=backend)
    threading.Timer(0.05, backend.unplug).start()
    with pytest.raises(errors.NotConnectedError):
        port.bulk_in(0x82, 64, 5.0)
    port.close()


def test_a_control_request_passes_while_a_bulk_read_waits(usb_model):
    backend = EmulatedUsbBackend([usb_model], REAL_TIME)
    port = open_usb(0x24AA, 0x1000, backend=backend)
    got = []
    reader = threading.Thread(target=lambda: got.append(port.bulk_in(0x82, 64, 10.0)))
    reader.start()
    assert port.control_in(0xE2, 0, 0, 8) == b"\xe2\x00\x00"
    assert got == []
    port.bulk_out(0x01, b"now")
    reader.join(5.0)
    assert got == [b"now"]
    port.close()


def test_closing_waits_for_nothing_and_frees_the_device_after_the_last_transfer(usb_model):
    backend = EmulatedUsbBackend([usb_model], REAL_TIME)
    port = open_usb(0x24AA, 0x1000, backend=backend)
    reader = threading.Thread(target=lambda: port.bulk_in(0x82, 64, 10.0))
    reader.start()
    while "bulk_in" not in backend.faults.steps:
        REAL_TIME.sleep(0.001)
    port.close()
    with pytest.raises(errors.NotConnectedError, match="closed"):
        port.control_in(0xC0, 0, 0, 8)
    assert backend.enumerate_devices()[0].claimed
    usb_model.bulk_out(0x01, b"end", 0.0)
    reader.join(5.0)
    assert not backend.enumerate_devices()[0].claimed


def test_no_permission_names_the_rules_file(backend, wire_time):
    backend.refuse("denied")
    for serial in (None, "EMULATED-1"):
        with pytest.raises(errors.PermissionDeniedError, match="60-spectra-analysers"):
            open_usb(0x24AA, 0x1000, serial=serial, backend=backend, timing=wire_time.timing())
    (found,) = find_usb(backend)
    assert isinstance(found.trouble, errors.PermissionDeniedError)
    backend.refuse("")
    open_usb(0x24AA, 0x1000, backend=backend, timing=wire_time.timing()).close()


def test_busy_is_tried_three_times_and_then_said(port, backend, wire_time):
    before_s = wire_time.now_s
    with pytest.raises(errors.PortBusyError, match="another program"):
        open_usb(0x24AA, 0x1000, backend=backend, timing=wire_time.timing())
    assert wire_time.now_s - before_s == pytest.approx(0.6)
    assert port.control_in(0xC0, 0, 0, 8) == b"\xc0\x00\x00"


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        ((-1, errno.EIO), errors.NotConnectedError),
        ((-4, None), errors.NotConnectedError),
        ((-7, 10060), errors.TransportTimeoutError),
        ((-8, errno.EOVERFLOW), errors.BadAnswerError),
        ((-99, None), errors.AnswerError),
        ((None, None), errors.AnswerError),
    ],
)
def test_every_other_error_of_libusb_has_a_name(port, backend, monkeypatch, raised, kind):
    def fail(*_given):
        raise usb.core.USBError("words of libusb", *raised)

    monkeypatch.setattr(backend, "ctrl_transfer", fail)
    with pytest.raises(kind) as told:
        port.control_in(0xC0, 0, 0, 8)
    assert type(told.value) is kind


def test_without_libusb_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(usb.backend.libusb1, "get_backend", lambda: None)
    monkeypatch.setattr(usb.backend.libusb0, "get_backend", lambda: None)
    for use in (find_usb, lambda: open_usb(0x24AA, 0x1000)):
        with pytest.raises(errors.NoBackendError, match="package libusb") as told:
            use()
        assert "Homebrew" in told.value.remedy


def test_a_libusb_that_does_not_load_or_work_is_the_same_error(monkeypatch):
    def broken():
        raise OSError("wrong ELF class")

    monkeypatch.setattr(usb.backend.libusb1, "get_backend", broken)
    with pytest.raises(errors.NoBackendError, match="wrong ELF class"):
        find_usb()
    monkeypatch.setitem(__import__("sys").modules, "usb.core", None)
    with pytest.raises(errors.NoBackendError):
        find_usb()


def test_a_fault_on_bulk_leaves_the_control_lane_alone(port, backend):
    backend.faults.arm(WireFault(FaultKind.SILENT, lasting=True, on=("bulk_in",)))
    port.bulk_out(0x01, b"data")
    with pytest.raises(errors.TransportTimeoutError):
        port.bulk_in(0x82, 64, 1.0)
    assert port.control_in(0xE2, 0, 0, 8) == b"\xe2\x00\x00"
