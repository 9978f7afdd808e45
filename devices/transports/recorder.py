"""Keeps every byte of a wire, with time and direction, in a record of bounded size."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from devices.errors import DeviceError
from devices.timing import Timing
from devices.transports.base import ByteStream, UsbPort
from devices.transports.record import (
    WireEntry,
    WireGap,
    WireHead,
    WireRecord,
    record_from_bytes,
)

MOST_BYTES = 8 << 20
"""Default bound of a record's bytes form."""


class Recorder:
    """Collects transfers; the first half of the bound keeps the beginning, the rest the end.

    Parameters
    ----------
    head : WireHead
        What is recorded.
    timing : Timing
        Where times come from.
    most_bytes : int
        Bound of the bytes form, head and gap line included; at least 1,024.
    """

    def __init__(self, head: WireHead, timing: Timing, most_bytes: int = MOST_BYTES) -> None:
        self._head = head
        self._timing = timing
        self._began_s = timing.now()
        spare = len(head.to_line()) + len(WireGap(1 << 62, 1 << 62).to_line())
        self._half = max(0, max(most_bytes, 1024) - spare) // 2
        self._lock = threading.Lock()
        self._first: list[bytes] = []
        self._last: deque[tuple[bytes, int]] = deque()
        self._first_size = 0
        self._last_size = 0
        self._missing = WireGap(0, 0)

    def record(self) -> WireRecord:
        """Return what was recorded so far."""
        with self._lock:
            lines = [self._head.to_line(), *self._first]
            if self._missing.transfers:
                lines.append(self._missing.to_line())
            lines += [line for line, _ in self._last]
        return record_from_bytes(b"".join(lines))

    def kept(
        self,
        operation: str,
        numbers: tuple[int, ...],
        sent: bytes,
        work: Callable[[], bytes | None],
    ) -> bytes:
        """Do a transfer and keep it, however it ends; return the bytes it got."""
        began_s = self._timing.now()
        got = b""
        error: tuple[str, ...] = ()
        try:
            got = work() or b""
        except DeviceError as trouble:
            error = (trouble.code, trouble.what, trouble.where, trouble.remedy)
            raise
        except BaseException as trouble:
            error = (DeviceError.code, f"ended by {type(trouble).__name__}", "", "")
            raise
        finally:
            took_s = self._timing.now() - began_s
            at_s = began_s - self._began_s
            self._keep(WireEntry(at_s, took_s, operation, numbers, sent, got, error))
        return got

    def _keep(self, entry: WireEntry) -> None:
        line, carried = entry.to_line(), len(entry.sent) + len(entry.got)
        with self._lock:
            if not self._last and self._first_size + len(line) <= self._half:
                self._first.append(line)
                self._first_size += len(line)
                return
            self._last.append((line, carried))
            self._last_size += len(line)
            while self._last_size > self._half and self._last:
                old, lost = self._last.popleft()
                self._last_size -= len(old)
                self._missing = WireGap(
                    self._missing.transfers + 1, self._missing.data_bytes + lost
                )


class RecordedStream:
    """A `ByteStream` that keeps what passes over another one."""

    def __init__(self, stream: ByteStream, timing: Timing, *, most_bytes: int = MOST_BYTES) -> None:
        self._stream = stream
        head = WireHead("serial", stream.name, (stream.baud,), timing.utc())
        self._recorder = Recorder(head, timing, most_bytes)

    @property
    def name(self) -> str:
        """The port, as a person knows it."""
        return self._stream.name

    @property
    def baud(self) -> int:
        """Speed in bits per second."""
        return self._stream.baud

    def record(self) -> WireRecord:
        """Return what was recorded so far."""
        return self._recorder.record()

    def write(self, data: bytes) -> None:
        """Send all of `data`."""
        self._recorder.kept("write", (), data, lambda: self._stream.write(data))

    def read(self, most: int, timeout_s: float) -> bytes:
        """Return 1 to `most` bytes as soon as there are any, or ``b""`` after `timeout_s`."""
        return self._recorder.kept("read", (most,), b"", lambda: self._stream.read(most, timeout_s))

    def discard(self) -> bytes:
        """Take what has arrived and was not read, and return it."""
        return self._recorder.kept("discard", (), b"", self._stream.discard)

    def set_baud(self, baud: int) -> None:
        """Change the speed of this side."""
        self._recorder.kept("set_baud", (baud,), b"", lambda: self._stream.set_baud(baud))

    def close(self) -> None:
        """Let the port go."""
        self._recorder.kept("close", (), b"", self._stream.close)


class RecordedUsb:
    """A `UsbPort` that keeps what passes over another one."""

    def __init__(self, port: UsbPort, timing: Timing, *, most_bytes: int = MOST_BYTES) -> None:
        self._port = port
        head = WireHead("usb", port.name, (port.vendor_id, port.product_id), timing.utc())
        self._recorder = Recorder(head, timing, most_bytes)

    @property
    def name(self) -> str:
        """Bus and address."""
        return self._port.name

    @property
    def vendor_id(self) -> int:
        """USB vendor id."""
        return self._port.vendor_id

    @property
    def product_id(self) -> int:
        """USB product id."""
        return self._port.product_id

    def record(self) -> WireRecord:
        """Return what was recorded so far."""
        return self._recorder.record()

    def control_out(
        self, request: int, value: int, index: int, data: bytes = b"", timeout_s: float = 1.0
    ) -> None:
        """Send a vendor request to the device."""
        self._recorder.kept(
            "control_out",
            (request, value, index),
            data,
            lambda: self._port.control_out(request, value, index, data, timeout_s),
        )

    def control_in(
        self, request: int, value: int, index: int, length: int, timeout_s: float = 1.0
    ) -> bytes:
        """Ask by a vendor request."""
        return self._recorder.kept(
            "control_in",
            (request, value, index, length),
            b"",
            lambda: self._port.control_in(request, value, index, length, timeout_s),
        )

    def bulk_out(self, endpoint: int, data: bytes, timeout_s: float = 1.0) -> None:
        """Send `data` to `endpoint`."""
        self._recorder.kept(
            "bulk_out",
            (endpoint,),
            data,
            lambda: self._port.bulk_out(endpoint, data, timeout_s),
        )

    def bulk_in(self, endpoint: int, length: int, timeout_s: float) -> bytes:
        """Return up to `length` bytes of one transfer from `endpoint`."""
        return self._recorder.kept(
            "bulk_in",
            (endpoint, length),
            b"",
            lambda: self._port.bulk_in(endpoint, length, timeout_s),
        )

    def close(self) -> None:
        """Let the interface go."""
        self._recorder.kept("close", (), b"", self._port.close)
