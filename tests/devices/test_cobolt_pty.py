"""The Cobolt laser on a real pseudo-terminal: our driver, and the order of the vendor's program."""

import pytest

from devices.drivers.cobolt.driver import open_laser
from devices.emulators import cobolt
from devices.errors import NotConnectedError, PortMissingError
from devices.interface import LaserState
from devices.registry import Connection, open_connected
from devices.timing import REAL_TIME
from devices.transports.serial_port import open_serial

pty_wire = pytest.importorskip("devices.emulators.pty")
pytest.importorskip("termios")


@pytest.fixture
def served():
    emulator = cobolt.emulator()
    with pty_wire.PtyWire(emulator, paced=False) as wire:
        yield emulator, wire


def test_it_is_switched_on_and_off_and_read_back(served) -> None:
    _, wire = served
    laser = open_laser(
        open_serial(wire.path, 9600), REAL_TIME, configuration=cobolt.configuration()
    )
    laser.switch_on(50.0)
    assert laser.read().state in (LaserState.REQUESTED, LaserState.FIRING)
    laser.switch_off()
    assert laser.read().state is LaserState.OFF
    laser.close()


def test_pulling_the_cable_of_a_firing_laser_is_named(served) -> None:
    _, wire = served
    laser = open_laser(
        open_serial(wire.path, 115_200), REAL_TIME, configuration=cobolt.configuration()
    )
    laser.switch_on(50.0)
    wire.unplug()
    for act in (laser.read, laser.switch_off):
        with pytest.raises(NotConnectedError):
            act()
    laser.close()


def test_a_laser_found_on_is_switched_off_also_when_its_spectrometer_is_missing(served) -> None:
    _, wire = served
    before = open_laser(
        open_serial(wire.path, 115_200), REAL_TIME, configuration=cobolt.configuration()
    )
    before.switch_on(50.0)  # by a program that crashed
    before.close()
    connection = Connection(port="/dev/no-such-port", laser_port=wire.path)
    with pytest.raises(PortMissingError):
        open_connected("bwtek-btc110", connection)
    import serial

    with serial.Serial(wire.path, 115_200, timeout=1.0) as port:
        port.write(b"l?\r")
        assert port.readline().strip() == b"0"


def test_the_order_of_the_vendors_program_is_understood(served) -> None:
    """Commands end with CR and answers are read to LF, as the vendor's own program does."""
    import serial

    emulator, wire = served
    with serial.Serial(wire.path, 115_200, timeout=1.0) as port:

        def ask(words):
            port.write(words.encode() + b"\r")
            return port.readline().decode().rstrip("\r\n")

        assert "." in ask("gfv?")
        assert ask("sn?").startswith("EMULATED")
        assert float(ask("glm?")[:4]) == 785.0
        assert ask("?") == "OK"
        assert ask("p 0.08") == "OK"
        assert float(ask("p?")) * 1000.0 == pytest.approx(80.0)
        assert ask("@cob1") == "OK"
        assert ask("l?") == "1"
        assert ask("gom?") == "2"
        assert ask("l0") == "OK"
        assert ask("l?") == "0"
    assert not emulator.bench.laser_enabled
