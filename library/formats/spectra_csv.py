"""The CSV files that this program exports, read back: the same values, and all that was known."""

from __future__ import annotations

import numpy as np

from library.errors import ColumnMissingError, DamagedFileError
from library.formats.exported import SIGN, with_record
from library.formats.records import Mark, Parsed, Request, Source, Trace
from library.formats.table import Table, read_table
from library.formats.text import EXPORT_AGAIN, numbers
from matching.spectrum import Step

NAME = "Spectra CSV"
RECORD = "# record: "
AXES = ("Raman shift (", "Wavelength (", "Axis (")


def sniff(source: Source) -> bool:
    """Tell whether the first line is the sign of an export."""
    return bool(source.lines) and source.lines[0].startswith(f"# {SIGN} ")


def parse(source: Source, request: Request) -> Parsed:
    """Read the one curve of the file.

    Raises
    ------
    DamagedFileError
        The header or the table is not what is written.
    """
    if request.column in {"raw", "raw-dark"}:
        raise ColumnMissingError(
            f"the column {request.column!r} is not in the file; it holds one column of intensities",
            "",
            "leave the column out, or convert the original file with it",
        )
    at = next((i for i, line in enumerate(source.lines) if not line.startswith("#")), 0)
    record = next((line for line in source.lines[:at] if line.startswith(RECORD)), "")
    axis, _, unit = source.lines[at].partition(",")[0].partition(" (")
    if not source.lines[at].startswith(AXES):
        raise DamagedFileError("the row of column names is missing", f"line {at + 1}", EXPORT_AGAIN)
    table = read_table(source, at + 1, ("axis", "intensity"), ",")
    x, y = table.values(0), _ordinates(table)
    marks: frozenset[Mark] = frozenset({"missing values"} if np.isnan(y).any() else ())
    trace = Trace(
        intensity=y,
        shift_cm1=x if axis == "Raman shift" else None,
        wavelength_nm=x if axis == "Wavelength" else None,
        other_axis=x if axis == "Axis" else None,
        other_unit=unit.removesuffix(")").replace("unit not stated", "") if axis == "Axis" else "",
        history=(Step("column read", (("column", source.lines[at].partition(",")[2].strip()),)),),
        marks=marks,
        first_line=table.first_line,
    )
    found, notes = with_record(trace, record.removeprefix(RECORD))
    return Parsed((found,), notes)


def _ordinates(table: Table) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the second column, NaN where it says so."""
    cells = table.columns[1]
    plain = ["0" if cell == "nan" else cell for cell in cells]
    values = numbers(plain, column="column 'intensity'", first_line=table.first_line)
    return np.where([cell == "nan" for cell in cells], np.nan, values)
