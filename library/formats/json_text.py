"""JSON from instruments' programs: read with limits, every number checked."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from library.errors import DamagedFileError, FileTooLargeError
from library.formats.records import Source
from library.formats.text import EXPORT_AGAIN, clip

MAX_JSON_BYTES = 8_000_000  # empty lists, the worst, take twenty times that
HEAD_LINES, HEAD_LENGTH = 60, 20_000


def head(source: Source) -> str:
    """Return the beginning of the text of an object, empty when the file is none."""
    text = "\n".join(source.lines[:HEAD_LINES])[:HEAD_LENGTH].lstrip()
    return text if text.startswith("{") else ""


def read_object(source: Source) -> dict[str, object]:
    """Return the object the file holds.

    Raises
    ------
    FileTooLargeError
        More text than a measurement has.
    DamagedFileError
        It is not JSON, not an object, nested too deep, or holds NaN or infinity.
    """
    if len(source.data) > MAX_JSON_BYTES:
        raise FileTooLargeError(
            f"{len(source.data):,} bytes of JSON are more than one measurement has",
            "",
            "split it into smaller files",
        )
    try:
        found = json.loads("\n".join(source.lines), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        at = getattr(error, "lineno", None)
        raise DamagedFileError(
            f"the file is not sound JSON ({clip(str(error), 80)})",
            f"line {at}" if at else "",
            EXPORT_AGAIN,
        ) from error
    if not isinstance(found, dict):
        raise DamagedFileError("the file holds no JSON object", "", EXPORT_AGAIN)
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def part(found: dict[str, object], key: str) -> dict[str, object]:
    """Return the object under `key`, empty when there is none."""
    value = found.get(key)
    return value if isinstance(value, dict) else {}


def cells(value: object, name: str) -> Sequence[str]:
    """Return a list of numbers and nulls as cells, null as ``NA``.

    Raises
    ------
    DamagedFileError
        It is no list, or something in it is no finite number.
    """
    if not isinstance(value, list):
        raise DamagedFileError(f"{name!r} is no list of numbers", "", EXPORT_AGAIN)
    found = []
    for at, number in enumerate(value, 1):
        if number is None:
            found.append("NA")
            continue
        plain = isinstance(number, int | float) and not isinstance(number, bool)
        if not plain or not _finite(number):
            raise DamagedFileError(
                f"{clip(str(number))!r} is not a number",
                f"{clip(name)!r}, value {at}",
                EXPORT_AGAIN,
            )
        found.append(repr(float(number)))
    return tuple(found)


def _finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:
        return False
