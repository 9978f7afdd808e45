"""What is plugged in: listed without opening a port, troubles as notes, and the udev rules."""

import re
from types import SimpleNamespace

import pytest
import usb.backend.libusb0
import usb.backend.libusb1

from devices.discovery import KnownIds, discover
from devices.emulators.pty import PtyWire
from devices.emulators.usb_backend import EmulatedUsbBackend
from devices.transports.troubles import RULES_FILE

TABLE = (
    KnownIds(0x24AA, 0x1000, "wasatch"),
    KnownIds(0x2457, 0x4004, "ocean-obp"),
    KnownIds(0x25DC, 0x0006, "cobolt"),
)


def port(device, vid=None, pid=None, description="n/a", serial_number=None):
    return SimpleNamespace(
        device=device, vid=vid, pid=pid, description=description, serial_number=serial_number
    )


PORTS = (
    port("/dev/ttyUSB0", 0x0403, 0x6001, "USB Serial", "A1"),
    port("/dev/ttyACM0", 0x25DC, 0x0006, "Laser"),
    port("/dev/ttyS0"),
)


@pytest.fixture
def backend(make_usb_model, wire_time):
    models = [make_usb_model(), make_usb_model("OTHER", 0x7777)]
    return EmulatedUsbBackend(models, wire_time.timing())


def found(backend, **options):
    options = {"ports": lambda: PORTS, "may_open": lambda _path: True, **options}
    return discover(TABLE, usb_backend=backend, **options)


def test_ports_and_known_usb_devices(backend):
    listed = found(backend)
    assert [(one.transport, one.address, one.families) for one in listed.found] == [
        ("usb", "USB 24aa:1000 (bus 1 address 1)", ("wasatch",)),
        ("serial", "/dev/ttyACM0", ("cobolt",)),
        ("serial", "/dev/ttyS0", ()),
        ("serial", "/dev/ttyUSB0", ()),
    ]
    instrument, laser, plain, adapter = listed.found
    assert (instrument.description, instrument.serial) == ("Maker Analyser", "EMULATED-1")
    assert (instrument.bus, instrument.bus_address) == (1, 1)
    assert (laser.vendor_id, laser.description) == (0x25DC, "Laser")
    assert (plain.vendor_id, plain.description, plain.serial) == (None, "", "")
    assert adapter.serial == "A1"
    assert [note.code for note in listed.notes] == ["type_a_path"]


def test_nothing_is_written_and_no_other_device_is_opened(backend):
    opened = []
    plain = backend.open_device
    backend.open_device = lambda device: opened.append(device.slot) or plain(device)
    found(backend)
    assert set(opened) == {0}
    assert all(model.taken == [] for model in backend._models)


def test_no_permission_is_a_row_with_its_remedy(backend):
    backend.refuse("denied")
    listed = found(backend, may_open=lambda path: path != "/dev/ttyUSB0")
    troubles = {one.address: one.trouble.code for one in listed.found if one.trouble}
    assert troubles == {
        "USB 24aa:1000 (bus 1 address 1)": "permission_denied",
        "/dev/ttyUSB0": "permission_denied",
    }
    assert all("remedy" and one.trouble.remedy for one in listed.found if one.trouble)


def test_without_libusb_the_ports_are_listed_all_the_same(monkeypatch):
    monkeypatch.setattr(usb.backend.libusb1, "get_backend", lambda: None)
    monkeypatch.setattr(usb.backend.libusb0, "get_backend", lambda: None)
    listed = found(None)
    assert {one.transport for one in listed.found} == {"serial"}
    (note, _) = listed.notes
    assert note.code == "no_usb_backend"
    assert "install" in note.text


def test_ports_that_cannot_be_listed_are_a_note(backend):
    def fail():
        raise OSError(5, "Input/output error")

    listed = found(backend, ports=fail)
    assert [one.transport for one in listed.found] == ["usb"]
    assert [note.code for note in listed.notes] == ["no_serial_list", "type_a_path"]


def test_the_system_s_own_list_has_no_pseudo_terminal_and_says_that_a_path_can_be_typed(
    backend, serial_model
):
    with PtyWire(serial_model) as wire:
        listed = discover(TABLE, usb_backend=backend)
        assert wire.path not in {one.address for one in listed.found}
    assert "type the path" in listed.notes[-1].text


# The rules for udev.


@pytest.fixture
def rules(checkout):
    return (checkout / "resources" / "udev" / RULES_FILE).read_text(encoding="utf-8")


def test_the_rules_name_every_vendor_and_open_nothing_to_the_world(rules):
    lines = [line for line in rules.splitlines() if "idVendor" in line]
    vendors = [re.search(r'ATTR\{idVendor\}=="([0-9a-f]{4})"', line).group(1) for line in lines]
    assert vendors == ["24aa", "2457", "0999"]
    for line in lines:
        assert 'TAG+="uaccess"' in line
        assert 'MODE="0660"' in line
        assert 'GROUP="plugdev"' in line
    assert int(RULES_FILE[:2]) < 73  # where uaccess is put into effect
    for word in ("udevadm control --reload", "udevadm trigger", "dialout"):
        assert word in rules


def test_every_emulated_usb_instrument_s_vendor_is_in_the_rules(rules, checkout):
    """Families bring their ids in their emulators' identities; the rules must keep up."""
    files = sorted((checkout / "devices").rglob("*.py"))
    sources = "".join(path.read_text(encoding="utf-8") for path in files)
    pattern = r"(?i)\b(?:vendor(?:_id)?|vid)\b\s*(?::[^=\n]*)?=\s*0x([0-9a-f]{4})"
    used = {int(digits, 16) for digits in re.findall(pattern, sources)}
    named = {int(digits, 16) for digits in re.findall(r'idVendor\}=="([0-9a-f]{4})"', rules)}
    assert {0x24AA, 0x2457} <= used <= named
