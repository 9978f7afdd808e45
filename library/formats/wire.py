"""Messages between the program and the worker that runs third-party readers.

A message is a head of 20 bytes (``SPR1``, then the lengths of the two parts, unsigned 64-bit little
endian), an object in JSON, and bytes: a file on the way there, float64 numbers on the way back.
Nothing in it is code, and every length is checked before anything is allocated.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import IO

import numpy as np

from matching.spectrum import FloatArray

MAGIC = b"SPR1"
HEAD = struct.Struct("<4sQQ")
MAX_JSON_BYTES = 16_000_000
MAX_BODY_BYTES = 400_000_000
MAX_VALUES = 20_000_000  # numbers in one answer: a map of 10,000 spectra of 1,600 points


class WireError(Exception):
    """What came is not a message, or the other side has gone (``ended``)."""

    def __init__(self, what: str, *, ended: bool = False) -> None:
        super().__init__(what)
        self.ended = ended


def send(stream: IO[bytes], content: Mapping[str, object], body: Sequence[bytes] = ()) -> None:
    """Write one message; the parts of `body` go out one after the other, without a copy."""
    text = json.dumps(content, allow_nan=False).encode()
    _write(stream, HEAD.pack(MAGIC, len(text), sum(len(part) for part in body)) + text)
    for part in body:
        _write(stream, part)


def _write(stream: IO[bytes], data: bytes) -> None:
    rest = memoryview(data)
    while rest:  # a pipe takes what it has room for
        rest = rest[stream.write(rest) or 0 :]


def receive(
    stream: IO[bytes], prepare: Callable[[int], None] | None = None
) -> tuple[dict[str, object], bytes]:
    """Read one message; `prepare` is told the length of its bytes before they are read.

    Raises
    ------
    WireError
        The stream ended, or holds something else.
    """
    magic, text_length, body_length = HEAD.unpack(_read(stream, HEAD.size))
    if magic != MAGIC or text_length > MAX_JSON_BYTES or body_length > MAX_BODY_BYTES:
        raise WireError("the head is not that of a message")
    if prepare is not None:
        prepare(body_length)
    text = _read(stream, text_length)
    body = _read(stream, body_length)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WireError("the content is not JSON") from error
    if not isinstance(content, dict):
        raise WireError("the content is not an object")
    return content, body


def _read(stream: IO[bytes], length: int) -> bytes:
    parts, missing = [], length
    while missing:
        part = stream.read(min(missing, 1 << 20))
        if not part:
            raise WireError("the stream ended", ended=True)
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def pack(arrays: Sequence[FloatArray]) -> tuple[list[int], list[bytes]]:
    """Return the lengths of `arrays` and their numbers as bytes."""
    flat = [np.ascontiguousarray(array, dtype="<f8").ravel() for array in arrays]
    return [array.size for array in flat], [array.tobytes() for array in flat]


def unpack(sizes: object, body: bytes) -> tuple[FloatArray, ...]:
    """Return the arrays whose lengths are `sizes` from `body`.

    Raises
    ------
    WireError
        The lengths are not lengths, or do not add up to the bytes.
    """
    if not isinstance(sizes, list) or not all(type(n) is int and n >= 0 for n in sizes):
        raise WireError("the lengths of the arrays are not numbers")
    if sum(sizes) > MAX_VALUES or sum(sizes) * 8 != len(body):
        raise WireError("the lengths of the arrays do not add up")
    values = np.frombuffer(body, dtype="<f8").astype(np.float64, copy=False)
    return tuple(np.split(values, np.cumsum(sizes)[:-1])) if sizes else ()
