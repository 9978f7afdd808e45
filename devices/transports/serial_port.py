"""A serial port of the system by pyserial, as a `ByteStream`.

pyserial reports a port that went away in three ways (`SerialException`, `OSError`, on POSIX
`termios.error`); here they all become one of `devices.errors`, with the remedy in words.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import threading
from typing import Any

from devices.errors import DeviceError, OpenError, SettingsError
from devices.transports.troubles import (
    closed,
    gone,
    no_answer,
    serial_port_busy,
    serial_port_denied,
    serial_port_missing,
)

SLICE_S = 0.02  # a read looks that often whether the port was closed meanwhile
WRITE_TIMEOUT_S = 1.0
POWER_UP_BAUD = 9600

BUSY = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EBUSY)
MISSING = (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO)
DENIED = (errno.EACCES, errno.EPERM)


def serial_troubles() -> tuple[type[Exception], ...]:
    """Return every exception by which a serial port says that something is wrong with it."""
    import serial

    try:
        import termios
    except ImportError:  # Windows
        return (serial.SerialException, OSError)
    return (serial.SerialException, OSError, termios.error)


def open_serial(
    port: str, baud: int = POWER_UP_BAUD, *, write_timeout_s: float = WRITE_TIMEOUT_S
) -> SerialPort:
    """Open a serial port for this program alone: 8 data bits, no parity, 1 stop bit.

    Parameters
    ----------
    port : str
        Name or path; pseudo-terminals too.
    baud : int
        Speed in bits per second; most instruments listen at 9600 after they were switched on, and
        a driver that knows another speed sets it.
    write_timeout_s : float
        After this many seconds a write that does not pass is given up.

    Raises
    ------
    PortMissingError, PermissionDeniedError, PortBusyError, OpenError
        When it cannot be opened.
    SettingsError
        When the port does not know this speed.
    """
    import serial

    try:
        opened = serial.Serial(
            port, baud, timeout=SLICE_S, write_timeout=write_timeout_s, exclusive=True
        )
    except ValueError as error:
        raise _bad_speed(port, baud) from error
    except serial_troubles() as error:
        raise _not_opened(error, port) from error
    return SerialPort(opened, port, write_timeout_s)


def _bad_speed(port: str, baud: int) -> SettingsError:
    return SettingsError(
        f"the port does not know the speed {baud}", port, "choose the instrument's own speed"
    )


def _not_opened(error: Exception, port: str) -> DeviceError:
    """Return the error of ours for a port that did not open."""
    number = getattr(error, "errno", None)
    if number is None and isinstance(error.__context__, OSError):
        number = error.__context__.errno
    if number in BUSY or (os.name == "nt" and number in DENIED):
        return serial_port_busy(port)  # Windows says "denied" when somebody else has it
    if number in DENIED:
        return serial_port_denied(port)
    if number in MISSING or "FileNotFoundError" in str(error):
        return serial_port_missing(port)
    if "PermissionError" in str(error):  # Windows: only in the words
        return serial_port_busy(port)
    return OpenError(f"this is no serial port that works ({error})", port, "choose another port")


class SerialPort:
    """An open serial port; made by `open_serial`.

    One thread may read while another writes. Writes of several threads do not mix. Closing waits
    for a running read's slice (20 ms) and for a running write's deadline at most.
    """

    def __init__(self, opened: Any, name: str, write_timeout_s: float) -> None:
        self._port = opened
        self._name = name
        self._write_timeout_s = write_timeout_s
        self._baud = int(opened.baudrate)
        self._troubles = serial_troubles()
        self._read_lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._closed = False
        self._gone = False

    @property
    def name(self) -> str:
        """The port, as a person knows it."""
        return self._name

    @property
    def baud(self) -> int:
        """Speed in bits per second."""
        return self._baud

    def write(self, data: bytes) -> None:
        """Send all of `data`, or raise TransportTimeoutError after the write deadline."""
        import serial

        with self._write_lock:
            self._look_alive()
            try:
                sent = self._port.write(data)
            except serial.SerialTimeoutException as error:
                raise no_answer(
                    self._name, f"writing {len(data)} bytes", self._write_timeout_s
                ) from error
            except self._troubles as error:
                raise self._lost() from error
        if sent != len(data):
            raise no_answer(
                self._name, f"only {sent} of {len(data)} bytes were sent", self._write_timeout_s
            )

    def read(self, most: int, timeout_s: float) -> bytes:
        """Return 1 to `most` bytes as soon as there are any, or ``b""`` after `timeout_s`."""
        taken = self._slice(most, wait=False)
        for _ in range(math.ceil(timeout_s / SLICE_S)):
            if taken:
                break
            taken = self._slice(most, wait=True)
        return taken

    def discard(self) -> bytes:
        """Take what has arrived and was not read, and return it."""
        taken = bytearray()
        while piece := self._slice(65_536, wait=False):
            taken += piece
            if len(taken) > 1 << 24:  # a port that never stops: not worth waiting for its end
                break
        return bytes(taken)

    def set_baud(self, baud: int) -> None:
        """Change the speed of this side."""
        with self._read_lock, self._write_lock:
            self._look_alive()
            try:
                self._port.baudrate = baud
            except ValueError as error:
                raise _bad_speed(self._name, baud) from error
            except self._troubles as error:
                raise self._lost() from error
            self._baud = baud

    def close(self) -> None:
        """Let the port go; closing again does nothing."""
        self._closed = True  # before the locks: a reader that goes round and round lets go
        gone_already = contextlib.suppress(*self._troubles)
        with self._read_lock, self._write_lock, gone_already:
            self._port.close()

    def _slice(self, most: int, *, wait: bool) -> bytes:
        """Return what is there, waiting a slice of time for the first byte if asked to."""
        with self._read_lock:
            self._look_alive()
            try:
                first: bytes = self._port.read(1) if wait else b""
                there = min(int(self._port.in_waiting), most - len(first))
                rest: bytes = self._port.read(there) if there > 0 else b""
            except self._troubles as error:
                raise self._lost() from error
        return first + rest

    def _look_alive(self) -> None:
        if self._closed:
            raise closed(self._name)
        if self._gone:
            raise gone(self._name)

    def _lost(self) -> DeviceError:
        """Remember that the port went away, and return the error that says so."""
        self._gone = True
        return gone(self._name)
