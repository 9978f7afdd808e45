"""pyserial against an emulated instrument on a pseudo-terminal: real ports, real errors."""

import contextlib
import errno
import os
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pytest
import serial

from devices import errors
from devices.emulators.faults import FaultKind, WireFault
from devices.emulators.pty import PtyWire
from devices.timing import REAL_TIME
from devices.transports.base import read_exactly, read_until
from devices.transports.serial_port import open_serial


@pytest.fixture
def wire(serial_model, tmp_path):
    with PtyWire(serial_model, paced=False, link=tmp_path / "analyser") as served:
        yield served


@pytest.fixture
def opened():
    ports = []

    def make(*given, **named):
        ports.append(open_serial(*given, **named))
        return ports[-1]

    yield make
    for port in ports:
        port.close()


@pytest.fixture
def port(wire, opened):
    return opened(wire.path, 9600)


def test_an_exchange(port, wire):
    assert (port.name, port.baud) == (wire.path, 9600)
    port.write(b"hello\r")
    assert read_until(port, b"\r", 5.0, REAL_TIME) == b"HELLO\r"
    assert port.read(10, 0.0) == b""
    assert port.read(10, 0.02) == b""


def test_bytes_pass_as_they_are(port, serial_model):
    everything = bytes(range(256)) * 4
    port.write(everything)
    port.write(b"\r")
    read_exactly(port, 200, 5.0, REAL_TIME)
    deadline = time.monotonic() + 5.0
    while len(serial_model.heard) < 1025 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert serial_model.heard == everything + b"\r"


def test_discarding_returns_what_was_thrown_away(port):
    port.write(b"one\rtwo\r")
    assert port.read(1, 5.0) == b"O"
    rest = bytearray()
    while len(rest) < 7:
        rest += port.discard()
    assert rest == b"NE\rTWO\r"


def test_pacing_is_that_of_the_speed(serial_model, opened):
    with PtyWire(serial_model) as wire:
        port = opened(wire.path, 9600)
        began = time.monotonic()
        port.write(b"x" * 29 + b"\r")
        assert len(read_exactly(port, 30, 5.0, REAL_TIME)) == 30
        assert time.monotonic() - began > 55 * 10 / 9600


def test_the_wrong_speed_is_garbage_until_it_is_right(port, serial_model):
    port.set_baud(115_200)
    port.write(b"hello\r")
    assert b"HELLO" not in port.read(64, 0.1)
    assert len(serial_model.heard) == 6
    assert b"hello" not in serial_model.heard
    port.set_baud(9600)
    assert port.baud == 9600
    port.write(b"\r")
    port.read(64, 0.1)
    port.discard()
    port.write(b"right\r")
    assert read_until(port, b"\r", 5.0, REAL_TIME).endswith(b"RIGHT\r")


def test_a_speed_that_no_port_knows(port, wire, opened):
    with pytest.raises(errors.SettingsError):
        port.set_baud(-5)
    with pytest.raises(errors.SettingsError):
        opened(wire.path, -5)


def test_a_second_program_is_told_that_the_port_is_busy(port, wire, opened):
    with pytest.raises(errors.PortBusyError, match="another program"):
        opened(wire.path, 9600)
    port.write(b"still\r")
    assert read_until(port, b"\r", 5.0, REAL_TIME) == b"STILL\r"


def test_a_missing_port(opened, tmp_path):
    with pytest.raises(errors.PortMissingError):
        opened(str(tmp_path / "ttyNONE"), 9600)


def test_a_file_is_no_port(opened, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(errors.OpenError, match="no serial port that works"):
        opened(str(tmp_path / "file"), 9600)


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.EACCES, errors.PermissionDeniedError, "dialout"),
        (errno.EPERM, errors.PermissionDeniedError, "dialout"),
        (errno.EBUSY, errors.PortBusyError, "ModemManager"),
        (errno.ENXIO, errors.PortMissingError, "plug the instrument in"),
        (errno.EIO, errors.PortMissingError, "plug the instrument in"),
    ],
)
def test_what_the_system_says_when_opening(monkeypatch, opened, number, kind, words):
    def refuse(*_given, **_named):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(serial.serialposix.os, "open", refuse)
    with pytest.raises(kind, match=words):
        opened("/dev/ttyUSB0", 9600)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("could not open port 'COM7': FileNotFoundError(2, ...)", errors.PortMissingError),
        ("could not open port 'COM7': PermissionError(13, ...)", errors.PortBusyError),
    ],
)
def test_what_windows_says_only_in_words(monkeypatch, opened, words, kind):
    def refuse(*_given, **_named):
        raise serial.SerialException(words)

    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises(kind):
        opened("COM7", 9600)


def test_hanging_up_is_one_error_whatever_is_tried(port, wire):
    wire.unplug()
    assert not Path(wire.path).exists()
    uses = (
        lambda: port.read(8, 0.5),
        lambda: port.write(b"x"),
        port.discard,
        lambda: port.set_baud(115_200),
    )
    for use in uses:
        with pytest.raises(errors.NotConnectedError, match="went away"):
            use()
    port.close()
    with pytest.raises(errors.NotConnectedError, match="closed"):
        port.read(8, 0.1)


def test_pyserial_s_three_kinds_of_hanging_up_are_what_is_caught(wire, serial_model):
    """The facts behind the mapping: should pyserial change, this says so."""
    raw = serial.Serial(wire.path, serial_model.baud, timeout=0.2, exclusive=True)
    wire.unplug()
    with pytest.raises(serial.SerialException):
        raw.read(1)
    with pytest.raises(serial.SerialException):
        raw.write(b"x")
    with pytest.raises(OSError, match="Input/output"):
        _ = raw.in_waiting
    with pytest.raises(termios.error):
        raw.reset_input_buffer()
    raw.close()


@pytest.mark.parametrize(
    "trouble", [serial.SerialException("gone"), OSError(5, "EIO"), termios.error(5, "EIO")]
)
@pytest.mark.parametrize(
    ("what", "use"),
    [
        ("read", lambda port: port.read(8, 0.1)),
        ("write", lambda port: port.write(b"x")),
        ("in_waiting", lambda port: port.discard()),
        ("baudrate", lambda port: port.set_baud(115_200)),
    ],
)
def test_each_exception_in_each_place(port, monkeypatch, trouble, what, use):
    def fail(*_given):
        raise trouble

    broken = property(fail, fail) if what in ("in_waiting", "baudrate") else fail
    monkeypatch.setattr(serial.Serial, what, broken)
    with pytest.raises(errors.NotConnectedError):
        use(port)


def test_a_write_that_does_not_pass_has_a_deadline(serial_model, opened):
    silent = PtyWire(serial_model)  # nobody serves it: the buffer fills
    port = opened(silent.path, 9600, write_timeout_s=0.1)
    with pytest.raises(errors.TransportTimeoutError, match="writing"):
        port.write(b"x" * 1_000_000)
    silent.stop()


def test_reading_and_writing_in_two_threads(port):
    said = []
    reader = threading.Thread(target=lambda: said.append(read_until(port, b"\r", 5.0, REAL_TIME)))
    reader.start()
    port.write(b"both\r")
    reader.join(5.0)
    assert said == [b"BOTH\r"]


def test_closing_ends_a_read_of_another_thread(port):
    ended = []

    def wait():
        try:
            port.read(8, 30.0)
        except errors.NotConnectedError as error:
            ended.append(str(error))

    reader = threading.Thread(target=wait)
    reader.start()
    time.sleep(0.05)
    port.close()
    reader.join(5.0)
    assert not reader.is_alive()
    assert "closed" in ended[0]


# The pseudo-terminal itself.


def test_an_answer_without_being_asked(port, serial_model):
    serial_model.pause_s = 0.2
    port.write(b"wait\r")
    assert read_until(port, b"\r", 10.0, REAL_TIME) == b"READY\r"


def test_a_fault_that_pulls_the_cable_hangs_up(wire, port):
    wire.faults.arm(WireFault(FaultKind.UNPLUG, 1))
    port.write(b"hello\r")
    with pytest.raises(errors.NotConnectedError):
        read_until(port, b"\r", 5.0, REAL_TIME)
    assert not Path(wire.path).is_symlink()


def test_silence_and_garbage_over_a_real_port(wire, port):
    wire.faults.arm(WireFault(FaultKind.SILENT, 1), WireFault(FaultKind.GARBLE, 3))
    port.write(b"one\r")
    assert port.read(8, 0.1) == b""
    port.write(b"two\r")
    got = read_exactly(port, 4, 5.0, REAL_TIME)
    assert len(got) == 4
    assert got != b"TWO\r"


def test_what_a_serial_host_is_not_told_does_not_end_the_serving(wire, port):
    """A real port takes bytes that never arrive: only a whole USB transfer is known to fail."""
    wire.faults.arm(WireFault(FaultKind.TIMEOUT, 0))
    port.write(b"lost\r")
    assert port.read(8, 0.1) == b""
    wire.faults.arm()
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline and not port.read(8, 0.2):
        port.write(b"heard\r")
    assert time.monotonic() < deadline


def test_the_link_is_made_replaced_and_removed(serial_model, tmp_path):
    link = tmp_path / "analyser"
    link.symlink_to("/dev/pts/nothing")
    with PtyWire(serial_model, link=link) as wire:
        assert wire.path == str(link)
        assert link.readlink().exists()
    assert not link.is_symlink()


def test_the_link_never_replaces_a_file_and_leaves_a_stranger_s_alone(serial_model, tmp_path):
    taken = tmp_path / "notes"
    taken.write_text("precious")
    with pytest.raises(errors.OpenError, match="link"):
        PtyWire(serial_model, link=taken)
    assert taken.read_text() == "precious"
    link = tmp_path / "analyser"
    with PtyWire(serial_model, link=link):
        link.unlink()
        link.symlink_to(taken)
    assert link.readlink() == taken


def open_ends():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_stopping_leaves_no_thread_and_no_open_end(serial_model):
    before, ends = threading.active_count(), open_ends()
    for _ in range(5):
        wire = PtyWire(serial_model).start()
        wire.stop()
        wire.stop()
    assert (threading.active_count(), open_ends()) == (before, ends)


def test_a_system_without_pseudo_terminals_says_so(serial_model, monkeypatch):
    monkeypatch.setitem(sys.modules, "pty", None)
    with pytest.raises(errors.OpenError, match="no pseudo-terminals"):
        PtyWire(serial_model)


SERVING = """
import sys
from pathlib import Path
from devices.emulators.pty import serve

class Shouting:
    baud = 115200
    said = b""
    def receive(self, data, at_s):
        self.said += data.upper()
    def send(self, at_s):
        said, self.said = self.said, b""
        return said
    def next_s(self):
        return None

serve(Shouting(), lambda path: print(path, flush=True), link=Path(sys.argv[1]))
print("tidy", flush=True)
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=lambda end: end.name)
def test_served_by_a_process_of_its_own_until_it_is_ended(tmp_path, opened, end):
    link = tmp_path / "analyser"
    with subprocess.Popen(
        [sys.executable, "-c", SERVING, str(link)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline().strip() == str(link)
            port = opened(str(link), 115_200)
            port.write(b"hello\r")
            assert read_until(port, b"\r", 10.0, REAL_TIME) == b"HELLO\r"
            process.send_signal(end)
            assert process.stdout.readline().strip() == "tidy"
            assert process.wait(10.0) == 0
            assert not link.is_symlink()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()


def test_a_plain_program_without_pyserial_can_use_it(wire):
    """As a vendor's C library does: open, tcsetattr, write, select, read."""
    end = os.open(wire.path, os.O_RDWR | os.O_NOCTTY)
    try:
        os.write(end, b"plain\r")
        got = b""
        while len(got) < 6 and select.select([end], [], [], 5.0)[0]:
            got += os.read(end, 64)
        assert got == b"PLAIN\r"
    finally:
        os.close(end)
