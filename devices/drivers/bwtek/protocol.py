"""Bytes of the B&W Tek BTC100-S and BTC110-S on RS-232, and back: pure, without a port.

Follows `DEVICE-PROTOCOLS.md` section 4.1. There is no checksum on this line: lengths, echoes,
digits and the range of the values are all that can be checked, and all of them are.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.errors import BadAnswerError, RefusedError, TransportTimeoutError
from devices.interface import Limits

IntArray = NDArray[np.int64]

PIXELS: Final = 2048
BINARY_VALUES: Final = 2049
HIGHEST_COUNT: Final = 65_535
INTEGRATION_MS: Final = Limits(50.0, 65_000.0, "ms")
ACK: Final = b"ACK\r\n"
BAUD_CODES: Final = {
    115_200: 0,
    38_400: 1,
    19_200: 2,
    9_600: 3,
    4_800: 4,
    2_400: 5,
    1_200: 6,
    600: 7,
}
ESCAPE: Final = b"\x80"
LINE_BYTES: Final = 7  # five digits, CR, LF
ASCII_BYTES: Final = PIXELS * LINE_BYTES + 1  # and one NUL
BINARY_BYTES_MOST: Final = 3 * BINARY_VALUES
CERTAIN_SIGMAS: Final = 8.0

WIRE_REMEDY: Final = "check cable and connector, then measure again"


def command(letter: str, number: int | None = None) -> bytes:
    """Return the bytes of a command: one letter, a decimal number for some, line feed."""
    return f"{letter}{'' if number is None else number}\n".encode("ascii")


def answer_to(sent: bytes) -> bytes:
    """Return the answer to the command `sent`: its echo, CR LF, ``ACK``, CR LF."""
    return echo_of(sent) + ACK


def echo_of(sent: bytes) -> bytes:
    """Return the echo of the command `sent`, CR LF included."""
    return sent[:-1] + b"\r\n"


def check_answer(sent: bytes, came: bytes, where: str) -> None:
    """Raise unless `came` is the answer to `sent`, to the byte.

    Raises
    ------
    TransportTimeoutError
        When nothing came.
    RefusedError
        When the command was echoed but not acknowledged.
    BadAnswerError
        When the answer is short or another one.
    """
    wanted = answer_to(sent)
    if came == wanted:
        return
    name = sent[:-1].decode("ascii")
    if not came:
        raise TransportTimeoutError(
            f"no answer to the command {name}", where, "check power, cable and speed of the line"
        )
    if came == echo_of(sent):
        raise RefusedError(
            f"the command {name} was echoed but not acknowledged", where, "check the setting"
        )
    if wanted.startswith(came):
        raise BadAnswerError(
            f"{len(came)} of {len(wanted)} bytes of the answer to {name} came", where, WIRE_REMEDY
        )
    raise BadAnswerError(
        f"the command {name} was answered {came[:24]!r} in place of {wanted!r}", where, WIRE_REMEDY
    )


def check_baud_answer(sent: bytes, came: bytes, where: str) -> None:
    """Raise unless `came` answers a change of speed: 9 bytes unchanged, 8 when it changes.

    The last byte falls into the change: it is lost, or comes as anything.

    Raises
    ------
    TransportTimeoutError, RefusedError, BadAnswerError
        As `check_answer`.
    """
    wanted = answer_to(sent)
    if came[: len(wanted) - 1] == wanted[:-1] and len(came) <= len(wanted):
        return
    check_answer(sent, came, where)


def counts_from_ascii(data: bytes, where: str) -> IntArray:
    """Return the counts of an ASCII scan, shape (2048,), from its 14,336 bytes and the NUL.

    Raises
    ------
    BadAnswerError
        When it is not exactly 2048 lines of five digits, CR and LF, followed by NUL, or when a
        value is above 65535.
    """
    if len(data) != ASCII_BYTES:
        raise BadAnswerError(
            f"{len(data)} of {ASCII_BYTES} bytes of an ASCII scan came", where, WIRE_REMEDY
        )
    if data[-1] != 0:
        raise BadAnswerError(
            f"an ASCII scan ends with {data[-1:]!r} in place of NUL", where, WIRE_REMEDY
        )
    table = np.frombuffer(data, dtype=np.uint8, count=ASCII_BYTES - 1).reshape(PIXELS, LINE_BYTES)
    digits = table[:, :5].astype(np.int64) - ord("0")
    wrong = ((digits < 0) | (digits > 9)).any(axis=1)
    wrong |= (table[:, 5] != ord("\r")) | (table[:, 6] != ord("\n"))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise BadAnswerError(
            f"line {at + 1} of an ASCII scan is {table[at].tobytes()!r}, no five digits",
            where,
            WIRE_REMEDY,
        )
    counts = digits @ np.array([10_000, 1_000, 100, 10, 1])
    _check_range(counts, where)
    return np.asarray(counts, dtype=np.int64)


def binary_length(data: bytes, values: int = BINARY_VALUES) -> int | None:
    """Return how many bytes of `data` hold the first `values` values; None when fewer are whole."""
    escapes, end = _escapes(data)
    if end - 2 * len(escapes) < values:
        return None
    # Escape k is value escapes[k] - 2k: every escape before it takes two bytes more than a value.
    inside = sum(offset - 2 * k < values for k, offset in enumerate(escapes))
    return values + 2 * inside


def values_from_binary(data: bytes, where: str, values: int = BINARY_VALUES) -> IntArray:
    """Return the values of a delta-coded scan, shape (values,).

    A value is a difference to the one before (int8, -127 to 127) or 0x80 and the value itself,
    high byte first. All 2049 are returned; which 2048 of them are the pixels `align` decides.

    Raises
    ------
    BadAnswerError
        When fewer or more values came, the first one is a difference, or one is outside 0 to
        65535.
    """
    escapes, end = _escapes(data)
    came = end - 2 * len(escapes)
    if came != values or end != len(data):
        surplus = f" and {len(data) - end} more bytes" if end != len(data) else ""
        raise BadAnswerError(
            f"{came} of {values} values of a binary scan came{surplus}", where, WIRE_REMEDY
        )
    if values and (not escapes or escapes[0] != 0):
        raise BadAnswerError(
            "a binary scan begins with a difference to nothing", where, WIRE_REMEDY
        )
    offsets = np.array(escapes, dtype=np.int64)
    raw = np.frombuffer(data, dtype=np.uint8)
    own = np.ones(raw.size, dtype=bool)
    own[offsets + 1] = own[offsets + 2] = False
    steps = raw[own].view(np.int8).astype(np.int64)
    absolute = np.zeros(values, dtype=np.int64)
    first = np.zeros(values, dtype=np.int64)  # index of the escape that a value builds on
    at = offsets - 2 * np.arange(offsets.size)
    steps[at] = 0
    absolute[at] = 256 * raw[offsets + 1].astype(np.int64) + raw[offsets + 2]
    first[at] = at
    first = np.maximum.accumulate(first)
    run = np.cumsum(steps)
    counts = absolute[first] + run - run[first]
    _check_range(counts, where)
    return np.asarray(counts, dtype=np.int64)


def align(values: IntArray, reference: IntArray) -> int | None:
    """Return how many values of a binary scan stand before pixel 0: 0 or 1; None when unclear.

    A binary scan has one value more than there are pixels, and the papers do not say at which
    end. The structure that an ASCII scan of the same scene shows decides.

    Parameters
    ----------
    values : ndarray, shape (2049,)
        A binary scan.
    reference : ndarray, shape (2048,)
        An ASCII scan taken beside it.

    Notes
    -----
    With d0 and d1 the deviations of the two candidates from the reference (mean removed), the
    mean of d0^2 - d1^2 is zero when the scene has no structure that one pixel could shift. It
    decides when it is CERTAIN_SIGMAS of its own standard error away from zero.
    """
    inner = reference[1:-1]  # the surplus value itself, whatever it is, takes no part
    first, second = values[1:-2] - inner, values[2:-1] - inner
    gain = (first - first.mean()) ** 2 - (second - second.mean()) ** 2
    error = float(gain.std()) / math.sqrt(gain.size)
    mean = float(gain.mean())
    if not abs(mean) > CERTAIN_SIGMAS * error:
        return None
    return 1 if mean > 0 else 0


def _escapes(data: bytes) -> tuple[list[int], int]:
    """Return the offsets of the whole escapes, and where the last whole value ends."""
    offsets = []
    at = data.find(ESCAPE)
    while at >= 0 and at + 3 <= len(data):
        offsets.append(at)
        at = data.find(ESCAPE, at + 3)
    return offsets, len(data) if at < 0 else at


def _check_range(counts: IntArray, where: str) -> None:
    wrong = (counts < 0) | (counts > HIGHEST_COUNT)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise BadAnswerError(
            f"value {at} of a scan is {int(counts[at])}, outside 0 to {HIGHEST_COUNT}",
            where,
            WIRE_REMEDY,
        )
