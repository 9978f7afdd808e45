"""Frames of the Ocean Binary Protocol: bytes to messages and back, and nothing else.

Source: QE Pro data sheet 891-00000-000-05-201604, pages 22-26. A frame is a header of 44 bytes, a
payload, 16 bytes of checksum and a footer; everything is little-endian. The decoder takes any
pieces of a stream, finds the next frame after garbage, and never gives out a damaged frame.
"""

from __future__ import annotations

import hashlib
import struct
from collections import deque
from dataclasses import dataclass
from enum import IntFlag

from devices.errors import BadAnswerError, RefusedError

START = b"\xc1\xc0"
FOOTER = b"\xc5\xc4\xc3\xc2"
VERSION = 0x1100
HEADER = struct.Struct("<2sHHHII6sBB16sI")
TRAILER_BYTES = 20
SMALLEST_FRAME = HEADER.size + TRAILER_BYTES
MOST_IMMEDIATE = 16
MOST_PAYLOAD = 65_536
LAST_DAMAGES = 16
CHECKSUM_NONE, CHECKSUM_MD5 = 0, 1

ERRORS = {
    0: "no error",
    1: "invalid or unsupported protocol",
    2: "unknown message type",
    3: "bad checksum",
    4: "message too large",
    5: "payload length does not match the message type",
    6: "payload data invalid",
    7: "device not ready for this message type",
    8: "unknown checksum type",
    9: "device reset unexpectedly",
    10: "too many buses",
    11: "out of memory",
    12: "no such information",
    13: "internal device error",
    14: "did not end properly",
    15: "scan interrupted",
    100: "could not decrypt",
    101: "firmware layout invalid",
    102: "data packet of wrong size",
    103: "hardware revision not compatible with the firmware",
    104: "flash map not compatible with the firmware",
    255: "deferred",
}
UNKNOWN_MESSAGE, NOT_READY, NO_SUCH_INFORMATION, SCAN_INTERRUPTED, DEFERRED = 2, 7, 12, 15, 255


class ObpRefusedError(RefusedError):
    """The instrument said no.

    Parameters
    ----------
    what, where, remedy : str
        As for every error of devices.
    number : int
        The protocol's error number.
    """

    def __init__(self, what: str, where: str = "", remedy: str = "", *, number: int) -> None:
        super().__init__(what, where, remedy)
        self.number = number


class Flag(IntFlag):
    """Bits of the header's flags."""

    NONE = 0
    RESPONSE = 0x01
    ACK = 0x02
    ACK_REQUESTED = 0x04
    NACK = 0x08
    EXCEPTION = 0x10
    PROTOCOL_DEPRECATED = 0x20
    MESSAGE_DEPRECATED = 0x40


_FAILED = Flag.NACK | Flag.EXCEPTION


@dataclass(frozen=True, slots=True)
class Message:
    """One frame's content.

    Parameters
    ----------
    kind : int
        Message type.
    payload : bytes
        Arguments, answer, or counts; up to 16 bytes travel in the header.
    flags : Flag
        What it is.
    error : int
        Error number of a NACK or exception.
    regarding : int
        The host's number of the question, echoed.
    checksum : bool
        Whether it carries an MD5 checksum.
    """

    kind: int
    payload: bytes = b""
    flags: Flag = Flag.NONE
    error: int = 0
    regarding: int = 0
    checksum: bool = False

    @property
    def refused(self) -> bool:
        """Whether it says no."""
        return bool(self.flags & _FAILED)

    @property
    def error_name(self) -> str:
        """The protocol's own name of the error."""
        return ERRORS.get(self.error, f"error number {self.error}")


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of the stream that looked like a frame and was none.

    Parameters
    ----------
    what : str
        What is wrong.
    error : int
        The protocol's error number for it.
    kind, regarding : int
        Message type and number as the header has them; they may be damaged too.
    flags : int
        Flags, likewise.
    """

    what: str
    error: int
    kind: int
    regarding: int
    flags: int


def encode(message: Message, *, in_header: bool | None = None) -> bytes:
    """Return the frame of `message`.

    Parameters
    ----------
    message : Message
        What to send.
    in_header : bool or None
        Whether the payload travels as immediate data; None: when it is short enough.
    """
    short = len(message.payload) <= MOST_IMMEDIATE if in_header is None else in_header
    immediate = message.payload if short else b""
    payload = b"" if short else message.payload
    head = HEADER.pack(
        START,
        VERSION,
        message.flags,
        message.error,
        message.kind,
        message.regarding,
        bytes(6),
        CHECKSUM_MD5 if message.checksum else CHECKSUM_NONE,
        len(immediate),
        immediate,
        len(payload) + TRAILER_BYTES,
    )
    return head + payload + _digest(head + payload, with_md5=message.checksum) + FOOTER


def _digest(covered: bytes, *, with_md5: bool) -> bytes:
    return hashlib.md5(covered, usedforsecurity=False).digest() if with_md5 else bytes(16)


def decode(frame: bytes) -> Message:
    """Return the message of exactly one whole frame.

    Raises
    ------
    BadAnswerError
        When anything about it is wrong.
    """
    decoder = Decoder()
    messages = decoder.feed(frame)
    if len(messages) == 1 and decoder.skipped == 0 and decoder.wanted == SMALLEST_FRAME:
        return messages[0]
    what = decoder.damage[0].what if decoder.damage else f"{len(frame)} bytes are not one frame"
    raise BadAnswerError(what)


class Decoder:
    """Cuts a stream into frames, whatever its pieces.

    Parameters
    ----------
    most_payload : int
        A frame that announces more is taken for damaged, so that nothing waits for it.

    Attributes
    ----------
    damage : deque of Damage
        The last stretches that looked like a frame and were none.
    damaged, skipped : int
        How many of those there were, and how many bytes were thrown away.
    """

    def __init__(self, most_payload: int = MOST_PAYLOAD) -> None:
        self._most = most_payload
        self._buffer = bytearray()
        self.damage: deque[Damage] = deque(maxlen=LAST_DAMAGES)
        self.damaged = 0
        self.skipped = 0

    @property
    def wanted(self) -> int:
        """How many bytes are missing to the end of the frame that has begun, or of a shortest."""
        if len(self._buffer) < HEADER.size:
            return SMALLEST_FRAME - len(self._buffer)
        return HEADER.size + self._remaining() - len(self._buffer)

    def reset(self) -> None:
        """Forget what has come so far; the counters of damage go on."""
        self._buffer.clear()

    def feed(self, data: bytes) -> list[Message]:
        """Take `data` and return the whole, sound frames that it completes."""
        self._buffer += data
        messages = []
        while self._find_start():
            if len(self._buffer) < HEADER.size:
                break
            fault = self._header_fault()
            size = HEADER.size + self._remaining()
            if fault is None and len(self._buffer) < size:
                break
            fault = fault or self._body_fault(size)
            if fault is None:
                messages.append(self._message(size))
                self._skip(size, lost=False)
            else:
                self.damage.append(fault)
                self.damaged += 1
                self._skip(1, lost=True)
        return messages

    def _find_start(self) -> bool:
        at = self._buffer.find(START)
        if at < 0:
            # The first half of a start may have come.
            at = len(self._buffer) - self._buffer.endswith(START[:1])
        if at:
            self._skip(at, lost=True)
        return len(self._buffer) >= len(START)

    def _skip(self, count: int, *, lost: bool) -> None:
        del self._buffer[:count]
        self.skipped += count if lost else 0

    def _remaining(self) -> int:
        return int.from_bytes(self._buffer[40:44], "little")

    def _header_fault(self) -> Damage | None:
        fields = HEADER.unpack_from(self._buffer)
        _, version, flags, error, kind, regarding, _, sums, immediate, _, remaining = fields
        checks = (
            (version != VERSION, 1, f"protocol version {version:#06x} instead of {VERSION:#06x}"),
            (flags & ~0x7F, 1, f"unknown flags {flags:#06x}"),
            (error and not flags & _FAILED, 6, f"error number {error} in an answer that says yes"),
            (sums not in (CHECKSUM_NONE, CHECKSUM_MD5), 8, f"unknown checksum type {sums}"),
            (immediate > MOST_IMMEDIATE, 5, f"{immediate} bytes of immediate data"),
            (remaining < TRAILER_BYTES, 5, f"only {remaining} bytes are to follow the header"),
            (remaining > self._most + TRAILER_BYTES, 4, f"{remaining} bytes are to follow"),
            (immediate and remaining != TRAILER_BYTES, 5, "both immediate data and a payload"),
        )
        for wrong, number, what in checks:
            if wrong:
                return Damage(what, number, kind, regarding, flags)
        return None

    def _body_fault(self, size: int) -> Damage | None:
        fields = HEADER.unpack_from(self._buffer)
        flags, kind, regarding, sums = fields[2], fields[4], fields[5], fields[7]
        covered = bytes(self._buffer[: size - TRAILER_BYTES])
        digest = bytes(self._buffer[size - TRAILER_BYTES : size - len(FOOTER)])
        if bytes(self._buffer[size - len(FOOTER) : size]) != FOOTER:
            return Damage("the footer is not that of a frame", 14, kind, regarding, flags)
        if digest != _digest(covered, with_md5=sums == CHECKSUM_MD5):
            return Damage("the checksum does not fit", 3, kind, regarding, flags)
        return None

    def _message(self, size: int) -> Message:
        fields = HEADER.unpack_from(self._buffer)
        _, _, flags, error, kind, regarding, _, sums, length, immediate, _ = fields
        payload = bytes(self._buffer[HEADER.size : size - TRAILER_BYTES])
        return Message(
            kind,
            immediate[:length] if length else payload,
            Flag(flags),
            error,
            regarding,
            checksum=sums == CHECKSUM_MD5,
        )


def bcd_text(number: int) -> str:
    """Return a revision number in binary-coded decimals as text; 0x0123 is ``"1.23"``."""
    return f"{number >> 8:x}.{number & 0xFF:02x}"
