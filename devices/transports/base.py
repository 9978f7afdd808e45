"""What a driver asks of a cable. Drivers know these two shapes and nothing below them.

A transport raises only from `devices.errors`: `TransportTimeoutError` (nothing came in time, the
device may still be there), `NotConnectedError` (gone: unplugged, hung up, closed), `StalledError`
(USB: the device refused the request), and when opening `PermissionDeniedError`, `PortBusyError`,
`NoBackendError`, `PortMissingError`. Bytes that came before an error are never lost in silence: a
read that times out half-way returns what came.
"""

from __future__ import annotations

from typing import Protocol

from devices.errors import NotConnectedError, TransportTimeoutError
from devices.timing import Timing


class ByteStream(Protocol):
    """A serial line. Writing and reading may happen in two threads at once, one of each."""

    @property
    def name(self) -> str:
        """The port, as a person knows it."""

    @property
    def baud(self) -> int:
        """Speed in bits per second that is set now."""

    def write(self, data: bytes) -> None:
        """Send all of `data`; may be called while another thread reads."""

    def read(self, most: int, timeout_s: float) -> bytes:
        """Return 1 to `most` bytes as soon as there are any, or ``b""`` after `timeout_s`."""

    def discard(self) -> bytes:
        """Take what has arrived and was not read, and return it."""

    def set_baud(self, baud: int) -> None:
        """Change the speed of this side."""

    def close(self) -> None:
        """Let the port go; closing again does nothing."""


class UsbPort(Protocol):
    """A claimed USB interface. Control transfers may run while another thread reads in bulk."""

    @property
    def name(self) -> str:
        """Bus and address, as a person can find it."""

    @property
    def vendor_id(self) -> int:
        """USB vendor id."""

    @property
    def product_id(self) -> int:
        """USB product id."""

    def control_out(
        self, request: int, value: int, index: int, data: bytes = b"", timeout_s: float = 1.0
    ) -> None:
        """Send a vendor request to the device (bmRequestType 0x40)."""

    def control_in(
        self, request: int, value: int, index: int, length: int, timeout_s: float = 1.0
    ) -> bytes:
        """Ask by a vendor request (bmRequestType 0xC0); the answer may be shorter than `length`."""

    def bulk_out(self, endpoint: int, data: bytes, timeout_s: float = 1.0) -> None:
        """Send `data` to `endpoint`."""

    def bulk_in(self, endpoint: int, length: int, timeout_s: float) -> bytes:
        """Return up to `length` bytes of one transfer from `endpoint`.

        Raises TransportTimeoutError when nothing came within `timeout_s`.
        """

    def close(self) -> None:
        """Let the interface go; closing again does nothing."""


def read_exactly(stream: ByteStream, count: int, timeout_s: float, timing: Timing) -> bytes:
    """Return `count` bytes, or what came when `timeout_s` was over: the caller looks at the length.

    Raises
    ------
    NotConnectedError
        When the device went away.
    """
    taken = bytearray()
    until = timing.now() + timeout_s
    while len(taken) < count:
        left = until - timing.now()
        piece = stream.read(count - len(taken), max(0.0, left))
        taken += piece
        if not piece and timing.now() >= until:
            break
    return bytes(taken)


def read_until(
    stream: ByteStream, end: bytes, timeout_s: float, timing: Timing, *, most: int = 65_536
) -> bytes:
    """Return bytes up to and with `end`, or what came when `timeout_s` or `most` was reached."""
    taken = bytearray()
    until = timing.now() + timeout_s
    while len(taken) < most and not taken.endswith(end):
        left = until - timing.now()
        piece = stream.read(1, max(0.0, left))
        taken += piece
        if not piece and timing.now() >= until:
            break
    return bytes(taken)


__all__ = [
    "ByteStream",
    "NotConnectedError",
    "TransportTimeoutError",
    "UsbPort",
    "read_exactly",
    "read_until",
]
