"""From bytes to lines, and from cells to numbers: strict, because a wrong read convicts."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Sequence

import numpy as np

from library.errors import DamagedFileError, FileTooLargeError, UnknownFormatError
from library.formats.records import Source
from matching.errors import SpectraError
from matching.spectrum import MAX_POINTS, FloatArray

MAX_TEXT_BYTES = 32_000_000  # a million rows of two columns; wide characters take four times that
MAX_LINES = MAX_POINTS + 1_000

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_NOT_NUMERIC = re.compile(r"[^0-9eE+\-. \n]")
_NUMBER = re.compile(r"[ ]*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ ]*")
_PADDING = re.compile(r"\x00+(?=[\r\n]|\Z)")
MOST_PADDING = 1_000  # NULs; the pattern above goes over a run once for each of them
MOSTLY_ASCII = 0.7  # of the bytes of a text whose other letters no encoding known here explains
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_HIGH = bytes(range(0x80, 0x100))

EXPORT_AGAIN = "export or copy the file again from the instrument's software"

EXPORT_AS = (
    "export it as JCAMP-DX, SPC, the instrument's own text export, or two columns with a named "
    "unit; see 'spectra formats list'"
)


def read_source(data: bytes) -> Source:
    """Decode `data` where it is text; otherwise the reason is kept for when nobody reads it."""
    if len(data) > MAX_TEXT_BYTES:
        return Source(data, (), refusal=_too_large(f"{len(data):,} bytes of text"))
    text, assumptions = _decode(data)
    if text is not None and 0 < text.count("\x00") <= MOST_PADDING:
        text = _PADDING.sub("", text)
        assumptions += ("Empty characters (NUL) at the ends of lines were left out.",)
    if text is None or _CONTROL.search(text):
        return Source(
            data,
            (),
            refusal=UnknownFormatError(
                "the content is binary and no reader recognises it",
                "first bytes " + data[:8].hex(" "),
                EXPORT_AS,
            ),
        )
    text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    count = text.count("\n")
    if count > MAX_LINES:
        return Source(data, (), refusal=_too_large(f"{count:,} lines"))
    return Source(data, tuple(text.split("\n")), text.endswith("\n"), assumptions=assumptions)


def is_blank(data: bytes) -> bool:
    """Tell whether `data` holds nothing but a byte order mark, blanks and line ends."""
    bom = next((mark for mark, _ in _BOMS if data.startswith(mark)), b"")
    return not data.removeprefix(bom).strip(b"\x1a \t\r\n")


def _too_large(size: str) -> SpectraError:
    return FileTooLargeError(
        f"{size} are more than one spectrum or session can have",
        "",
        "check that the file is a spectrum and not a map or a log",
    )


def _decode(data: bytes) -> tuple[str | None, tuple[str, ...]]:
    """Text (None when it is none) and what was assumed. A final Ctrl-Z of DOS is no content."""
    body = data.removesuffix(b"\x1a")
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            try:
                return body.decode(encoding), ()
            except UnicodeDecodeError:
                return None, ()
    try:
        return body.decode("utf-8"), ()
    except UnicodeDecodeError:
        pass
    try:
        return body.decode("cp1252"), (
            "The file is not UTF-8: its text was read as Windows-1252 (Western European).",
        )
    except UnicodeDecodeError:
        pass
    if len(body.translate(None, _HIGH)) < MOSTLY_ASCII * len(body):
        return None, ()
    return body.decode("latin-1"), (
        "The file's encoding cannot be told: letters other than A to Z in its header may be wrong; "
        "its numbers are not affected.",
    )


def split_csv(line: str) -> list[str]:
    """Split a comma-separated line into stripped cells, minding quoted ones."""
    if '"' not in line:
        return [cell.strip() for cell in line.split(",")]
    try:
        return [cell.strip() for cell in next(csv.reader([line], strict=True), [])]
    except csv.Error:
        return [cell.strip() for cell in line.split(",")]


def number(cell: str) -> float | None:
    """Return the number in `cell` (decimal point, or one comma), or None; infinity is none."""
    plain = cell.strip()
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    if not _NUMBER.fullmatch(plain):
        return None
    value = float(plain)
    return value if np.isfinite(value) else None


def numbers(
    cells: Sequence[str], *, column: str, first_line: int, decimal: str = ".", across: bool = False
) -> FloatArray:
    """Return all `cells` of one column as finite float64, shape (n,).

    `across`: they stand in one line, which `column` names; `first_line` is not looked at.

    Words that Python would take for numbers ("nan", "inf", "1_000") are refused, and so is a mark
    other than `decimal`.

    Raises
    ------
    DamagedFileError
        Naming line, column and content of the first cell that is not a number.
    """
    if not cells:
        return np.empty(0)
    block = "\n".join(cells)
    if decimal == ",":
        block = block.replace(".", "?").replace(",", ".")
    values: FloatArray | None = None
    if not _NOT_NUMERIC.search(block):
        try:
            values = np.array(list(map(float, block.split("\n"))), dtype=np.float64)
        except ValueError:
            values = None
    if values is None or values.size != len(cells) or not np.isfinite(values).all():
        raise _first_bad(cells, column, first_line, decimal, across)
    return values


def _first_bad(
    cells: Sequence[str], column: str, first_line: int, decimal: str, across: bool
) -> SpectraError:
    for offset, cell in enumerate(cells):
        plain = cell.replace(".", "?").replace(",", ".") if decimal == "," else cell
        if not _NUMBER.fullmatch(plain) or not np.isfinite(float(plain)):
            place = (
                f"{column}, value {offset + 1}"
                if across
                else f"line {first_line + offset}, {column}"
            )
            return DamagedFileError(f"{clip(cell)!r} is not a number", place, EXPORT_AGAIN)
    return DamagedFileError("the column is not numeric", column, EXPORT_AGAIN)


def clip(text: str, length: int = 40) -> str:
    """Return `text` short enough for a message."""
    plain = text.strip()
    return plain if len(plain) <= length else plain[: length - 1] + "…"


def decimals(cell: str) -> int:
    """Return how many digits follow the decimal mark of a plain number, 0 when there is none."""
    _, mark, tail = cell.strip().replace(",", ".").rpartition(".")
    return len(tail) if mark and tail.isdigit() else 0
