"""Numbers and texts out of binary files: every place is checked against the file before it is read.

Nothing here allocates more than a few times what the file really holds, whatever its counts say.
"""

from __future__ import annotations

import re
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from library.errors import ColumnMissingError, DamagedFileError, FileTooLargeError
from library.formats.records import Request
from library.formats.text import EXPORT_AGAIN
from matching.spectrum import MAX_POINTS, FloatArray

MAX_CURVES = 100_000  # a map of 316 x 316; each costs a record, however few points it has

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


def damaged(what: str, at: int | None = None) -> DamagedFileError:
    """Return the error for `what`, found at byte `at`."""
    return DamagedFileError(what, "" if at is None else f"byte {at}", EXPORT_AGAIN)


def fields(data: bytes, layout: str, at: int, what: str) -> tuple[Any, ...]:
    """Return the numbers of the struct `layout` at byte `at`.

    Raises
    ------
    DamagedFileError
        The file ends before or in `what`.
    """
    if at < 0 or at + struct.calcsize(layout) > len(data):
        raise damaged(f"the file ends before its {what}", at)
    return struct.unpack_from(layout, data, at)


def values(data: bytes, kind: str, count: int, at: int, what: str) -> NDArray[Any]:
    """Return `count` numbers of the NumPy type `kind` at byte `at`, as a view of the file.

    Raises
    ------
    DamagedFileError
        The file does not hold so many.
    """
    if count < 0 or at < 0 or at + count * np.dtype(kind).itemsize > len(data):
        raise damaged(f"the file does not hold the {count:,} numbers of its {what}", at)
    return np.frombuffer(data, dtype=kind, count=count, offset=at)


def finite(numbers: NDArray[Any], what: str) -> FloatArray:
    """Return `numbers` as float64; raise DamagedFileError where one is no finite number."""
    with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN
        plain = numbers.astype(np.float64)
    known = np.isfinite(plain)
    if not known.all():
        point = np.unravel_index(int(np.argmin(known)), plain.shape)[-1] + 1
        raise DamagedFileError(f"{what} holds a value that is no number", f"point {point}", "")
    return plain


def words(raw: bytes) -> str:
    """Return the text of a fixed field up to its NUL, as Windows-1252, in one line."""
    text = raw.split(b"\0", 1)[0].decode("cp1252", errors="replace")
    return _UNPRINTABLE.sub(" ", text).strip()


def refuse_other_columns(request: Request, format_name: str) -> None:
    """Raise ColumnMissingError for raw columns: binary files hold one ordinate of unknown kind."""
    if request.column in {"raw", "raw-dark"}:
        raise ColumnMissingError(
            f"the column {request.column!r} is not in the file; {format_name} holds one ordinate",
            "",
            "leave the column out, or export from the instrument with it",
        )


def check_points(points: int, at: int | None = None) -> int:
    """Return a stated number of points; raise DamagedFileError when no curve has so many."""
    if not 1 <= points <= MAX_POINTS:
        raise damaged(f"the header states {points:,} points, which no spectrum has", at)
    return points


def check_curves(curves: int) -> int:
    """Return a number of curves really there; raise FileTooLargeError beyond what is read."""
    if curves > MAX_CURVES:
        raise FileTooLargeError(
            f"the file holds {curves:,} spectra; at most {MAX_CURVES:,} are read",
            "",
            "export a part of the map, or its mean spectrum",
        )
    return curves


def even_axis(first: float, last: float, points: int, there: int | None = None) -> FloatArray:
    """Return the first `there` values of an even axis of `points` from `first` to `last`.

    Raises
    ------
    DamagedFileError
        The ends are no numbers, or the same.
    """
    if not (np.isfinite(first) and np.isfinite(last)):
        raise damaged("the ends of the axis in the header are no numbers")
    if points > 1 and first == last:
        raise damaged(f"the axis begins and ends at {first:g}")
    kept = points if there is None else there
    if kept == points:
        return np.linspace(first, last, points, dtype=np.float64)
    step = (last - first) / (points - 1)
    return np.asarray(first + step * np.arange(kept), dtype=np.float64)
