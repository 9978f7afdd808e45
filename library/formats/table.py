"""Rows of cells with their line numbers, and the checks every table gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from library.errors import ColumnMissingError, DamagedFileError, FileTooLargeError
from library.formats.records import Metadata, Request, Source
from library.formats.text import EXPORT_AGAIN, clip, decimals, number, numbers
from matching.spectrum import MAX_POINTS, FloatArray

MAX_CELLS = 1_200_000  # some 500 spectra of 2048 points; read in two seconds


@dataclass(frozen=True, slots=True)
class Table:
    """Cells of a block of lines.

    Parameters
    ----------
    names : tuple of str
        Column names, as the file writes them.
    columns : tuple of sequence of str
        The cells, column by column, all of one length.
    first_line : int
        1-based line number of the first row in the file.
    decimal : str
        Decimal mark, ``"."`` or ``","``.
    across : bool
        Whether a column of the table is one line of the file; `names` then say which.
    """

    names: tuple[str, ...]
    columns: tuple[Sequence[str], ...]
    first_line: int
    decimal: str = "."
    across: bool = False
    _known: dict[tuple[int, int, int | None], FloatArray] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.columns[0]) if self.columns else 0

    def values(self, column: int, rows: slice = slice(None)) -> FloatArray:
        """Return the numbers of one column, or of some of its rows, shape (n,)."""
        start = rows.start or 0
        key = (column, start, rows.stop)
        if key not in self._known:  # a session asks for its axis once for each spectrum
            values = numbers(
                self.columns[column][rows],
                column=f"column {clip(self.names[column])!r}",
                first_line=self.first_line + (0 if self.across else start),
                decimal=self.decimal,
                across=self.across,
            )
            values.flags.writeable = False
            self._known[key] = values
        return self._known[key]


def read_table(
    source: Source,
    start: int,
    names: Sequence[str],
    separator: str,
    decimal: str = ".",
    *,
    stop: int | None = None,
) -> Table:
    """Cut the lines from index `start` to `stop` (or the end) into as many cells as `names`.

    Raises
    ------
    DamagedFileError
        A line with too few or too many cells, a blank line between rows, no rows, or a last line
        that was cut off.
    FileTooLargeError
        More cells than a session can have.
    """
    last = stop is None
    stop = len(source.lines) if stop is None else stop
    while stop > start and not source.lines[stop - 1].strip():
        stop -= 1
    if stop == start:
        raise DamagedFileError("no row follows the column names", f"line {start}", EXPORT_AGAIN)
    width = len(names)
    if (stop - start) * width > MAX_CELLS:
        raise FileTooLargeError(
            f"{stop - start:,} rows of {width:,} columns are more than a spectrum or session has",
            "",
            "split it into smaller files",
        )
    lines = source.lines[start:stop]
    for offset, line in enumerate(lines):
        if line.count(separator) != width - 1:
            raise _ragged(source, start + offset, stop, width, separator)
    cells = separator.join(lines).split(separator)  # one flat list: a list per row costs seconds
    columns = tuple(cells[column::width] for column in range(width))
    table = Table(tuple(names), columns, start + 1, decimal)
    if last:
        check_last_line(source, table, stop)
    return table


def with_decimal(table: Table) -> Table:
    """Return `table` with the decimal mark its cells have, where the comma is no separator.

    Raises
    ------
    DamagedFileError
        Its cells have both marks.
    """
    body = "".join("".join(column) for column in table.columns)
    if "," not in body:
        return table
    if "." in body:
        raise DamagedFileError(
            "the numbers have decimal points and decimal commas",
            f"from line {table.first_line}",
            EXPORT_AGAIN,
        )
    return replace(table, decimal=",")


def _ragged(source: Source, at: int, stop: int, width: int, separator: str) -> DamagedFileError:
    line = source.lines[at]
    if not line.strip():
        return DamagedFileError(
            "a blank line stands between the rows", f"line {at + 1}", EXPORT_AGAIN
        )
    found = line.count(separator) + 1
    if at == stop - 1 and found < width:
        what = f"the file was cut off: the last line has {found} of {width} columns"
    else:
        what = f"the line has {found} columns where {width} are expected"
    return DamagedFileError(what, f"line {at + 1}", EXPORT_AGAIN)


def check_last_line(source: Source, table: Table, stop: int) -> None:
    """Raise DamagedFileError when an unclosed last number lacks the digits all others have.

    Only writers with a fixed number of decimals can be checked so; elsewhere nothing is concluded.
    """
    if source.ends_with_newline or table.rows < 3:
        return
    last = table.columns[-1]
    usual = {decimals(cell) for cell in last[-50:-1]}
    if (
        len(usual) == 1
        and last[-1].strip().lower() not in {"na", "nan"}
        and decimals(last[-1]) < min(usual)
    ):
        raise DamagedFileError(
            f"the file was cut off: the last number, {clip(last[-1])!r}, lacks digits",
            f"line {stop}",
            EXPORT_AGAIN,
        )


def valid_rows(
    cells: Sequence[str], missing: str, *, column: str, first_line: int, across: bool = False
) -> slice:
    """Return the rows between the first and last cell that is not `missing`.

    Instruments mark what lies outside the calibrated range at both ends; a hole between is damage.

    Raises
    ------
    DamagedFileError
        Nothing but missing cells, or a missing cell in the middle.
    """
    present = np.array([cell.strip() != missing for cell in cells], dtype=bool)
    if not present.any():
        raise DamagedFileError("the column holds no value", column, EXPORT_AGAIN)
    first = int(np.argmax(present))
    last = present.size - int(np.argmax(present[::-1]))
    inside = present[first:last]
    if not inside.all():
        at = first + int(np.argmin(inside))
        raise DamagedFileError(
            "a value is missing in the middle of the spectrum",
            f"{column}, value {at + 1}" if across else f"line {first_line + at}, {column}",
            EXPORT_AGAIN,
        )
    return slice(first, last)


def check_pixels(table: Table, column: int) -> FloatArray:
    """Return the pixel numbers, shape (rows,); raise DamagedFileError unless they count by one."""
    pixels = table.values(column)
    steps = np.diff(pixels)
    if (steps != 1).any():
        at = int(np.argmax(steps != 1))
        raise DamagedFileError(
            f"pixel {pixels[at + 1]:g} follows pixel {pixels[at]:g}: rows are missing or mixed up",
            f"line {table.first_line + at + 1}",
            EXPORT_AGAIN,
        )
    return pixels


def declared_points(metadata: Metadata, key: str) -> int | None:
    """Return the number of points a header declares; it is compared, never used to allocate.

    Raises
    ------
    DamagedFileError
        When it is not a number of points any spectrum has.
    """
    text = dict(metadata).get(key, "")
    if not text:
        return None
    value = number(text)
    if value is None or value != int(value) or not 1 <= value <= MAX_POINTS:
        raise DamagedFileError(
            f"the header declares {clip(text)!r} points, which no spectrum has",
            f"{key!r} in the header",
            EXPORT_AGAIN,
        )
    return int(value)


def only_processed(request: Request) -> None:
    """Raise ColumnMissingError when a raw column is asked of a format that has none."""
    if request.column in {"raw", "raw-dark"}:
        raise ColumnMissingError(
            f"the column {request.column!r} is not in the file; it holds one intensity column "
            "of unknown kind",
            "",
            "leave the column out, or export from the instrument with it",
        )
