"""The B&W Tek spectrometer on a real pseudo-terminal: our driver, and an owner's own program."""

import numpy as np
import pytest

from devices.drivers.bwtek.driver import open_parts
from devices.emulators import bwtek
from devices.errors import DeviceError, NotConnectedError
from devices.timing import REAL_TIME
from devices.transports.serial_port import open_serial

pty_wire = pytest.importorskip("devices.emulators.pty")
pytest.importorskip("termios")


@pytest.fixture
def served(polystyrene_like):
    """An instrument at 9600 baud on a pseudo-terminal, without pacing."""
    emulator = bwtek.emulator(polystyrene_like, 5)
    with pty_wire.PtyWire(emulator, paced=False) as wire:
        yield emulator, wire


def test_it_is_found_at_9600_and_read_at_115200(served) -> None:
    emulator, wire = served
    part, _ = open_parts(open_serial(wire.path, 9600), REAL_TIME)
    try:
        assert emulator.baud == 115_200
        for milliseconds in (50, 120):
            part.set_integration_time(milliseconds)
            part.start()
            exposure = part.fetch(1.0)
            assert ("scan", "binary") in exposure.facts
            assert (exposure.counts == emulator.last_scan).all()
    finally:
        part.close()


def test_pulling_the_cable_in_the_middle_of_a_scan_is_named(served) -> None:
    emulator, wire = served
    emulator.receive(b"K0\n", 0.0)  # as an earlier program left it
    part, _ = open_parts(open_serial(wire.path, 9600), REAL_TIME, scan="ascii")
    part.set_integration_time(5000)
    part.start()
    wire.unplug()
    with pytest.raises(NotConnectedError):
        part.fetch(1.0)
    with pytest.raises(NotConnectedError):
        part.start()
    part.close()


def test_a_speed_that_is_not_searched_for_is_named(served) -> None:
    emulator, wire = served
    emulator.receive(b"K1\n", 0.0)
    emulator.send(0.0)
    port = open_serial(wire.path, 9600)
    with pytest.raises(DeviceError, match="115200"):
        open_parts(port, REAL_TIME)
    port.close()


def test_a_program_of_an_owner_finds_and_reads_it(served) -> None:
    """Search and scans in the order of an owner's own program, by pyserial, to the byte."""
    import serial

    emulator, wire = served
    with serial.Serial(wire.path, 115_200, timeout=0.3) as port:

        def say(words, most):
            port.write(words)
            return port.read(most)

        assert len(say(b"a\n", 8)) < 8
        port.baudrate = 9600
        say(b"a\n", 8)  # ends what the wrong speed left behind
        port.reset_input_buffer()
        port.timeout = 1.0
        assert say(b"K0\n", 9) == b"K0\r\nACK\r"
        port.timeout = 10  # a busy machine; nothing below waits that long for an answer
        port.baudrate = 115_200
        assert say(b"a\n", 8) == b"a\r\nACK\r\n"
        assert say(b"A1\n", 9) == b"A1\r\nACK\r\n"
        assert say(b"I50\n", 10) == b"I50\r\nACK\r\n"
        assert say(b"S\n", 8) == b"S\r\nACK\r\n"
        lines = port.read_until(b"\0", 16_000)
        assert len(lines) == 14_337
        counts = [int(line) for line in lines[:-3].split(b"\r\n")]
        assert counts == emulator.last_scan.tolist()
        assert say(b"b\n", 8) == b"b\r\nACK\r\n"
        assert say(b"S\n", 8) == b"S\r\nACK\r\n"
        values = []
        while len(values) < 2049:
            byte = port.read(1)[0]
            if byte == 0x80:
                high, low = port.read(2)
                values.append(256 * high + low)
            else:
                values.append(values[-1] + (byte - 256 if byte > 127 else byte))
        assert values[1:] == emulator.last_scan.tolist()
        port.timeout = 0.3
        assert port.read(1) == b""
        assert np.ptp(values) > 0
