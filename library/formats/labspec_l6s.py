"""Horiba LabSpec 6 .l6s: the program's own tree in binary records. Experimental.

The layout is worked out from examples, with LabSpec's XML export for the meaning of the codes, so a
note asks to compare a spectrum with LabSpec's own text export once. A record is 24 bytes: format,
serial number, code, 0, pointer, size. The format's low byte is the type; with the bit 0x1000 the
content stands apart, behind the records of its siblings and in their order; without it the last
eight bytes are the content. Strings with one pointer share one content.
"""

from __future__ import annotations

import struct

import numpy as np

from library.errors import UnsupportedFormError
from library.formats.labspec_tree import NUMBERS, Node, Value, axes, parsed
from library.formats.octets import damaged, fields, finite, refuse_other_columns, values
from library.formats.records import Parsed, Request, Source

NAME = "LabSpec 6 file"
MAGIC = b"LabSpec6"
ROOT_AT = 0x4C
RECORD = struct.Struct("<6I")
APART = 0x1000
EMPTY, INTEGER, REAL, ARRAY, TEXT, WIDE_TEXT, NODE = 0, 4, 5, 6, 7, 8, 9
ELSEWHERE = 0x786D6574  # 'temx': a node without content in its place
MAX_DEPTH = 50
COMPARE = (
    "LabSpec 6 files are read by a layout worked out from examples: compare this spectrum with "
    "LabSpec's own text export once."
)


def sniff(source: Source) -> bool:
    """Tell whether the first eight bytes are LabSpec's."""
    return source.data.startswith(MAGIC)


def parse(source: Source, request: Request) -> Parsed:
    """Read the one spectrum of the file.

    Raises
    ------
    UnsupportedFormError
        It is a map or series, whose layout is not known.
    """
    refuse_other_columns(request, NAME)
    root = _Walk(source.data).root()
    intensity, spectral, others = axes(root)
    y, x = intensity.numbers(NUMBERS), spectral.numbers(NUMBERS)
    if others or (x is not None and y is not None and 1 < x.size < y.size and not y.size % x.size):
        raise UnsupportedFormError(
            "the file holds a series or a map, and only single spectra are read from .l6s",
            "",
            "save it as text or XML from LabSpec",
        )
    return parsed(root, [] if y is None else [y], [COMPARE])


class _Walk:
    """Read records one after the other; the place only ever moves on."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = ROOT_AT
        self._texts: dict[int, str] = {}

    def root(self) -> Node:
        """Return the whole tree; raise DamagedFileError where it is none."""
        record = self._record()
        if record[0] != NODE | APART:
            raise damaged("the file does not begin with a tree", ROOT_AT)
        return self._content(record, 0)

    def _record(self) -> tuple[int, int, int, int, bytes]:
        """Return format, code, pointer, size and the eight bytes that may be the content."""
        form, _, code, _, pointer, size = fields(self._data, RECORD.format, self._at, "record")
        self._at += RECORD.size
        return form, code, pointer, size, self._data[self._at - 8 : self._at]

    def _content(self, record: tuple[int, int, int, int, bytes], depth: int) -> Node:
        form, code, pointer, size, inline = record
        kind = form & 0xFF
        if not form & APART:
            return Node(code, _inline(kind, inline, self._at))
        if kind == NODE:
            return Node(code, children=self._children(code, size, depth))
        if kind == ARRAY:
            numbers = values(self._data, "<f4", size, self._at, "array")
            self._at += 4 * size
            return Node(code, finite(numbers, "an array"))
        if kind in {TEXT, WIDE_TEXT}:
            return Node(code, self._text(pointer, size, wide=kind == WIDE_TEXT))
        raise damaged(f"a record has the unknown format {form:#x}", self._at)

    def _children(self, code: int, size: int, depth: int) -> tuple[Node, ...]:
        if code == ELSEWHERE:
            return ()
        if depth >= MAX_DEPTH or self._at + size * RECORD.size > len(self._data):
            raise damaged(f"a node states {size:,} children, or is too deep", self._at)
        records = [self._record() for _ in range(size)]
        return tuple(self._content(record, depth + 1) for record in records)

    def _text(self, pointer: int, size: int, *, wide: bool) -> str:
        if pointer in self._texts:
            return self._texts[pointer]
        raw = values(self._data, "u1", size * (2 if wide else 1), self._at, "text").tobytes()
        self._at += len(raw)
        self._texts[pointer] = text = _decoded(raw, wide=wide)
        return text


def _inline(kind: int, raw: bytes, at: int) -> Value:
    if kind == INTEGER:
        return int(struct.unpack("<i4x", raw)[0])
    if kind == REAL:
        value = float(struct.unpack("<d", raw)[0])
        return value if np.isfinite(value) else None
    if kind in {TEXT, WIDE_TEXT}:
        return _decoded(raw, wide=kind == WIDE_TEXT)
    if kind in {EMPTY, NODE, ARRAY}:
        return None
    raise damaged(f"a record has the unknown format {kind:#x}", at)


def _decoded(raw: bytes, *, wide: bool) -> str:
    if wide:
        return raw.decode("utf-16-le", errors="replace").split("\0", 1)[0]
    return raw.split(b"\0", 1)[0].decode("latin-1")
