"""A record of what passed over a wire: every byte with its time and direction, kept with a case.

The bytes form is JSON lines, canonical (sorted keys, no spaces, times to the microsecond, bytes in
hexadecimal), so the same session has the same hash. The first line is the head; then one line
per transfer, in the order in which they ended. When the bound was reached, one line in the middle
says how much is missing: the beginning and the end are kept.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any

from devices.errors import ReplayError

VERSION = 1
KINDS = ("serial", "usb")
OPERATIONS = {
    "write": 0,
    "read": 1,
    "discard": 0,
    "set_baud": 1,
    "control_out": 3,
    "control_in": 4,
    "bulk_out": 1,
    "bulk_in": 2,
    "close": 0,
}
"""Operations of a wire, and how many numbers each one is given."""


@dataclass(frozen=True, slots=True)
class WireEntry:
    """One transfer.

    Parameters
    ----------
    at_s : float
        When it began, in seconds since the recording began.
    took_s : float
        How long it took.
    operation : str
        One of `OPERATIONS`.
    numbers : tuple of int
        What it was given: (most), (baud), (request, value, index[, length]), (endpoint[, length]).
    sent, got : bytes
        Bytes to the instrument and from it.
    error : tuple of str
        Code, what, where and remedy of the error it ended with; empty when it went well.
    """

    at_s: float
    took_s: float
    operation: str
    numbers: tuple[int, ...] = ()
    sent: bytes = b""
    got: bytes = b""
    error: tuple[str, ...] = ()

    def to_line(self) -> bytes:
        """Return it as a line of the bytes form."""
        return _line(
            {
                "at_s": round(self.at_s, 6),
                "took_s": round(self.took_s, 6),
                "op": self.operation,
                "given": list(self.numbers),
                "sent": self.sent.hex(),
                "got": self.got.hex(),
                "error": list(self.error),
            }
        )


@dataclass(frozen=True, slots=True)
class WireGap:
    """What is missing because the bound was reached.

    Parameters
    ----------
    transfers, data_bytes : int
        How many transfers, and how many bytes they carried.
    """

    transfers: int
    data_bytes: int

    def to_line(self) -> bytes:
        """Return it as a line of the bytes form."""
        return _line({"missing_transfers": self.transfers, "missing_bytes": self.data_bytes})


@dataclass(frozen=True, slots=True)
class WireHead:
    """What was recorded.

    Parameters
    ----------
    kind : str
        ``"serial"`` or ``"usb"``.
    name : str
        The port.
    numbers : tuple of int
        Serial: (baud). USB: (vendor id, product id).
    started_utc : str
        When the recording began, ISO 8601.
    """

    kind: str
    name: str
    numbers: tuple[int, ...]
    started_utc: str

    def to_line(self) -> bytes:
        """Return it as the first line of the bytes form."""
        return _line(
            {
                "spectra_wire_record": VERSION,
                "kind": self.kind,
                "name": self.name,
                "numbers": list(self.numbers),
                "started_utc": self.started_utc,
            }
        )


@dataclass(frozen=True, slots=True)
class WireRecord:
    """A whole record.

    Parameters
    ----------
    head : WireHead
        What was recorded.
    entries : tuple of WireEntry or WireGap
        The transfers; at most one gap.
    """

    head: WireHead
    entries: tuple[WireEntry | WireGap, ...]

    @property
    def missing(self) -> WireGap | None:
        """What is missing because the bound was reached, or None."""
        return next((entry for entry in self.entries if isinstance(entry, WireGap)), None)

    @property
    def sha256(self) -> str:
        """Hash of the bytes form."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def to_bytes(self) -> bytes:
        """Return the bytes form."""
        return self.head.to_line() + b"".join(entry.to_line() for entry in self.entries)


def record_from_bytes(data: bytes) -> WireRecord:
    """Return the record of a bytes form.

    Raises
    ------
    ReplayError
        When it is no such record, of another version, damaged, or not in canonical form.
    """
    lines = data.splitlines(keepends=True)
    if not lines:
        raise _no_record(1, "it is empty")
    head = _head(_fields(lines[0], 1))
    entries = tuple(
        _entry(_fields(line, number), number) for number, line in enumerate(lines[1:], start=2)
    )
    record = WireRecord(head, entries)
    if sum(isinstance(entry, WireGap) for entry in entries) > 1:
        raise _no_record(1, "it has more than one gap")
    if record.to_bytes() != data:
        raise _no_record(1, "it is not as this program writes it")
    return record


def _line(fields: dict[str, Any]) -> bytes:
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("ascii") + b"\n"


def _no_record(line: int, why: str) -> ReplayError:
    return ReplayError(
        f"this is no record of a wire: {why}", f"line {line}", "choose the file that was recorded"
    )


def _fields(line: bytes, number: int) -> dict[str, Any]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _no_record(number, "a line is not JSON") from error
    if not isinstance(fields, dict):
        raise _no_record(number, "a line is no object")
    return fields


def _head(fields: dict[str, Any]) -> WireHead:
    version = fields.get("spectra_wire_record")
    if version != VERSION or isinstance(version, bool):
        raise _no_record(1, f"its version is {version!r}, this program reads version {VERSION}")
    kind, name, started = (fields.get(key) for key in ("kind", "name", "started_utc"))
    if kind not in KINDS or not isinstance(name, str) or not isinstance(started, str):
        raise _no_record(1, "the head is incomplete")
    return WireHead(kind, name, _numbers(fields.get("numbers"), 1), started)


def _entry(fields: dict[str, Any], line: int) -> WireEntry | WireGap:
    if "missing_transfers" in fields:
        counts = _numbers([fields["missing_transfers"], fields.get("missing_bytes")], line)
        return WireGap(*counts)
    operation = fields.get("op")
    numbers = _numbers(fields.get("given"), line)
    if not isinstance(operation, str) or OPERATIONS.get(operation) != len(numbers):
        raise _no_record(line, "an unknown operation")
    return WireEntry(
        _seconds(fields.get("at_s"), line),
        _seconds(fields.get("took_s"), line),
        operation,
        numbers,
        _bytes(fields.get("sent"), line),
        _bytes(fields.get("got"), line),
        _words(fields.get("error"), line),
    )


def _numbers(value: object, line: int) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(item) is int for item in value):
        raise _no_record(line, "numbers are missing")
    return tuple(value)


def _seconds(value: object, line: int) -> float:
    if type(value) not in (int, float) or not isinstance(value, int | float):
        raise _no_record(line, "a time is missing")
    try:
        seconds = float(value)
    except OverflowError as error:
        raise _no_record(line, "a time is no time") from error
    if not math.isfinite(seconds):
        raise _no_record(line, "a time is no time")
    return seconds


def _bytes(value: object, line: int) -> bytes:
    try:
        return bytes.fromhex(value) if isinstance(value, str) else _raise(line)
    except ValueError as error:
        raise _no_record(line, "bytes are not in hexadecimal") from error


def _raise(line: int) -> bytes:
    raise _no_record(line, "bytes are missing")


def _words(value: object, line: int) -> tuple[str, ...]:
    words = value if isinstance(value, list) else [None]
    if len(words) not in (0, 4) or not all(isinstance(word, str) for word in words):
        raise _no_record(line, "an error is not as it is written")
    return tuple(words)
