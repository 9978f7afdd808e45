"""Files that somebody asks the window for: a table as CSV, a figure; whole or not at all."""

from __future__ import annotations

import csv
import errno
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from library.cells import cell
from spectra_app.errors import AppError
from spectra_app.records.durable import USUAL, replace_whole
from spectra_app.reports.texts import without_isolates

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def table_bytes(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a table as CSV, UTF-8 with its mark so that spreadsheets read the letters right.

    No cell is a formula to a spreadsheet (`library.cells`); figures stay as they are.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([guarded(text) for text in header])
    writer.writerows([guarded(text) for text in row] for row in rows)
    return out.getvalue().encode("utf-8-sig", "backslashreplace")


def tabbed(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as text to paste: cells divided by tabs, no cell a formula or on two lines."""
    return "\n".join("\t".join(" ".join(guarded(text).split()) for text in row) for row in rows)


def guarded(text: str) -> str:
    """Return a cell that no spreadsheet runs; a figure as it stands, with its sign."""
    plain = without_isolates(text)
    return plain if _is_figure(plain) else cell(plain)


def _is_figure(text: str) -> bool:
    try:
        float(text.replace("\u2212", "-"))
    except ValueError:
        return False
    return True


def write_file(path: Path, data: bytes) -> Path:
    """Write a file whole or not at all; a file of that name is replaced.

    Raises
    ------
    AppError
        When `path` is a folder or a device, the disk is full or the folder may not be written;
        what was there before stays.
    """
    if path.exists() and not path.is_file():
        raise AppError(
            "this is a folder or a device, not a file", str(path), "give the name of a file"
        )
    try:
        replace_whole(path, data, USUAL)
    except OSError as error:
        full = error.errno in _FULL
        raise AppError(
            "the disk is full: nothing was written"
            if full
            else f"the file could not be written ({error.strerror or error})",
            str(path),
            "make room on the disk or choose another one, and save again"
            if full
            else "choose a folder that exists and that you may write to",
        ) from error
    return path
