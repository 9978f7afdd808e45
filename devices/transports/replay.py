"""Strict replay: a driver is given what an instrument answered, as long as it asks the same.

The first thing that a driver does otherwise raises `ReplayError` with its place in the record, and
so does `finish` when not all of the record was used. Only waiting may differ: where the record
shows a read that brought nothing, any number of such reads is as good. Time passes as recorded.
"""

from __future__ import annotations

import threading

from devices import errors
from devices.errors import DeviceError, ReplayError
from devices.timing import Timing
from devices.transports.record import WireEntry, WireGap, WireRecord


def _families(kind: type[DeviceError]) -> dict[str, type[DeviceError]]:
    found = {kind.code: kind}
    for child in kind.__subclasses__():
        found.update(_families(child))
    return found


def _shown(operation: str, numbers: tuple[int, ...], sent: bytes) -> str:
    given = f" {' '.join(f'{number:#x}' for number in numbers)}" if numbers else ""
    head = sent[:24].hex(" ") + (f" ... ({len(sent)} bytes)" if len(sent) > 24 else "")
    return f"{operation}{given}{f' [{head}]' if sent else ''}"


class Replay:
    """Compares what a driver does with a record, and answers from it.

    Parameters
    ----------
    record : WireRecord
        The session.
    kind : str
        ``"serial"`` or ``"usb"``; ReplayError when the record is of the other kind.
    timing : Timing
        Lets pass the time that each transfer took.
    """

    def __init__(self, record: WireRecord, kind: str, timing: Timing) -> None:
        if record.head.kind != kind:
            raise ReplayError(
                f"the record is of a {record.head.kind} wire, not of a {kind} one",
                record.head.name,
                "choose the record of this instrument",
            )
        self._record = record
        self._timing = timing
        self._lock = threading.Lock()
        self._next = 0

    @property
    def used(self) -> int:
        """Number of the record's entries that were used."""
        return self._next

    def answer(self, operation: str, numbers: tuple[int, ...], sent: bytes = b"") -> bytes:
        """Return what the record says this transfer brought, or raise what it ended with."""
        with self._lock:
            entry = self._matching(operation, numbers, sent)
        self._timing.sleep(entry.took_s)
        if entry.error:
            code, what, where, remedy = entry.error
            kind = _families(errors.DeviceError).get(code, errors.DeviceError)
            raise kind(what, where, remedy)
        return entry.got

    def finish(self) -> None:
        """Raise ReplayError unless all of the record was used; trailing silence may be left."""
        with self._lock:
            self._skip_silence()
            if self._next < len(self._record.entries):
                left = len(self._record.entries) - self._next
                raise self._differs(f"the driver stopped with {left} transfers left")

    def _matching(self, operation: str, numbers: tuple[int, ...], sent: bytes) -> WireEntry:
        done = (operation, numbers, sent)
        if self._is(done):
            return self._taken()
        if operation == "read" and (before := self._silence_before(done)) is not None:
            return before
        self._skip_silence()
        if self._is(done):
            return self._taken()
        raise self._differs(f"the driver did: {_shown(*done)}")

    def _is(self, done: tuple[str, tuple[int, ...], bytes]) -> bool:
        entry = self._entry(self._next)
        return entry is not None and (entry.operation, entry.numbers, entry.sent) == done

    def _silence_before(self, done: tuple[str, tuple[int, ...], bytes]) -> WireEntry | None:
        """Return the silent read just used, when the driver waits once more than was recorded."""
        entry = self._entry(self._next - 1)
        if entry is None or not _silent(entry):
            return None
        return entry if (entry.operation, entry.numbers, entry.sent) == done else None

    def _skip_silence(self) -> None:
        while (entry := self._entry(self._next)) is not None and _silent(entry):
            self._next += 1

    def _taken(self) -> WireEntry:
        entry = self._entry(self._next)
        if entry is None:
            raise self._differs("nothing is left")
        self._next += 1
        return entry

    def _entry(self, place: int) -> WireEntry | None:
        entries = self._record.entries
        if not 0 <= place < len(entries):
            return None
        entry = entries[place]
        return None if isinstance(entry, WireGap) else entry

    def _differs(self, done: str) -> ReplayError:
        entries = self._record.entries
        if self._next >= len(entries):
            recorded = "the record ends here"
        else:
            entry = entries[self._next]
            recorded = (
                f"{entry.transfers} transfers are missing here, the record's bound was reached"
                if isinstance(entry, WireGap)
                else f"recorded was: {_shown(entry.operation, entry.numbers, entry.sent)}"
            )
        return ReplayError(
            f"{done}; {recorded}",
            f"{self._record.head.name}, entry {self._next + 1} of {len(entries)}",
            "the driver or its settings are others than when this was recorded",
        )


def _silent(entry: WireEntry) -> bool:
    return entry.operation == "read" and not entry.got and not entry.error


class ReplayedStream:
    """A `ByteStream` that answers from a record."""

    def __init__(self, record: WireRecord, timing: Timing) -> None:
        self._replay = Replay(record, "serial", timing)
        self._name = record.head.name
        self._baud = record.head.numbers[0] if record.head.numbers else 0

    @property
    def name(self) -> str:
        """The port that was recorded."""
        return self._name

    @property
    def baud(self) -> int:
        """Speed in bits per second."""
        return self._baud

    def write(self, data: bytes) -> None:
        """Compare with what was sent."""
        self._replay.answer("write", (), data)

    def read(self, most: int, timeout_s: float) -> bytes:  # noqa: ARG002 (time passes as recorded)
        """Return what was read."""
        return self._replay.answer("read", (most,))

    def discard(self) -> bytes:
        """Return what was thrown away."""
        return self._replay.answer("discard", ())

    def set_baud(self, baud: int) -> None:
        """Compare with the speed that was set."""
        self._replay.answer("set_baud", (baud,))
        self._baud = baud

    def close(self) -> None:
        """Compare with the record."""
        self._replay.answer("close", ())

    def finish(self) -> None:
        """Raise ReplayError unless all of the record was used."""
        self._replay.finish()


class ReplayedUsb:
    """A `UsbPort` that answers from a record."""

    def __init__(self, record: WireRecord, timing: Timing) -> None:
        self._replay = Replay(record, "usb", timing)
        self._head = record.head
        self._ids = (*record.head.numbers, 0, 0)[:2]

    @property
    def name(self) -> str:
        """The device that was recorded."""
        return self._head.name

    @property
    def vendor_id(self) -> int:
        """USB vendor id."""
        return self._ids[0]

    @property
    def product_id(self) -> int:
        """USB product id."""
        return self._ids[1]

    def control_out(
        self,
        request: int,
        value: int,
        index: int,
        data: bytes = b"",
        timeout_s: float = 1.0,  # noqa: ARG002 (time passes as recorded)
    ) -> None:
        """Compare with what was sent."""
        self._replay.answer("control_out", (request, value, index), data)

    def control_in(
        self,
        request: int,
        value: int,
        index: int,
        length: int,
        timeout_s: float = 1.0,  # noqa: ARG002 (time passes as recorded)
    ) -> bytes:
        """Return what was answered."""
        return self._replay.answer("control_in", (request, value, index, length))

    def bulk_out(self, endpoint: int, data: bytes, timeout_s: float = 1.0) -> None:  # noqa: ARG002
        """Compare with what was sent."""
        self._replay.answer("bulk_out", (endpoint,), data)

    def bulk_in(self, endpoint: int, length: int, timeout_s: float) -> bytes:  # noqa: ARG002
        """Return what was read."""
        return self._replay.answer("bulk_in", (endpoint, length))

    def close(self) -> None:
        """Compare with the record."""
        self._replay.answer("close", ())

    def finish(self) -> None:
        """Raise ReplayError unless all of the record was used."""
        self._replay.finish()
