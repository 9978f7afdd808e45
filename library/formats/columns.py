"""Two columns of numbers with no header, or with one row of names.

The separator (tab, semicolon, comma, blanks) and the decimal mark are concluded from all lines, and
only where one reading is possible; otherwise the file is refused. The axis unit is
- what the row of names says: Raman shift in cm-1, or wavelength in nm;
- without a unit: Raman shift in cm-1, said as an assumption, unless the range is one that a
  wavelength axis in nm has too (see `WAVELENGTH_LIKE`): then the file is refused, because taking
  the one for the other gives a spectrum of nothing.
"""

from __future__ import annotations

import re

import numpy as np

from library.errors import AmbiguousAxisError, ColumnMissingError, UnknownFormatError
from library.formats.records import Parsed, Request, Source, Trace
from library.formats.table import Table, read_table
from library.formats.text import clip
from matching.spectrum import MIN_POINTS, FloatArray, Step

NAME = "two columns of numbers"
LARGEST_ASSUMED_CM1 = 5000.0
# (lowest, highest, largest mean step): visible and near-infrared spectrometers in nm; a Raman
# spectrum starts lower, ends higher or has wider steps.
WAVELENGTH_LIKE = ((180.0, 1200.0, 0.3), (400.0, 1200.0, 1.0), (1000.0, 1800.0, 1.5))

_CELL = r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?"
_VALUE = rf"(?:{_CELL}|[+-]?(?i:nan|inf|infinity|na|n/a)|)"
_DATA = re.compile(rf"{_CELL}[ ]*[\t;, ][ \t]*{_VALUE}[0-9.,;\t ]*")
LONGEST_ROW = 200  # characters; also what keeps the patterns above from going over and over a line
_SHIFT = re.compile(r"raman[ _]?shift|wave[ _]?numbers?|cm-1|1/cm|cm\^-1|cm[⁻-]¹")
_NANOMETRES = re.compile(r"\bnm\b|nano-?met|wave[ _]?length")
_PIXEL = re.compile(r"pixel|\bpx\b|\bindex\b")
_OTHER_UNIT = re.compile(r"\bev\b|\bthz\b|\bum\b|[µμ]m|\bmicro")
_INTENSITY = re.compile(r"intens|count|\bcnt\b|signal|\ba\.?u\.?\b|^y$|processed|raman")
_NOT_RAMAN = re.compile(r"absorb|transm|reflect|irradian|emissiv")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_BLANKS = re.compile(r"[ \t]+")

REMEDY_COLUMNS = "export with tabs or semicolons between the columns and a decimal point"
REMEDY_UNIT = (
    "add a first row such as 'Raman shift (cm-1);Intensity' or 'Wavelength (nm);Intensity'"
)


def sniff(source: Source) -> bool:
    """Tell whether the first line, or the second under a row of names, is a pair of numbers."""
    found = _first_lines(source)
    return found is not None


def _first_lines(source: Source) -> tuple[int, int | None] | None:
    """Return the index of the first data line and of the row of names; None: not this format."""
    filled = (at for at, line in enumerate(source.lines) if line.strip())
    first = next(filled, None)
    if first is None:
        return None
    if _is_data(source.lines[first]):
        return first, None
    second = next(filled, None)
    if second is None or second != first + 1 or not _is_names(source.lines[first]):
        return None
    return (second, first) if _is_data(source.lines[second]) else None


def _is_data(line: str) -> bool:
    return len(line) <= LONGEST_ROW and _DATA.fullmatch(line.strip()) is not None


def _is_names(line: str) -> bool:
    plain = line.lower()
    return bool(
        len(line) <= LONGEST_ROW
        and (_SHIFT.search(plain) or _NANOMETRES.search(plain) or _PIXEL.search(plain))
        and len(re.split(r"[,;\t]", plain.strip())) <= 2
    )


def parse(source: Source, request: Request) -> Parsed:
    """Read the two columns."""
    found = _first_lines(source)
    if found is None:
        raise UnknownFormatError("no two columns of numbers", "line 1", REMEDY_COLUMNS)
    start, names_at = found
    names = source.lines[names_at] if names_at is not None else ""
    unit, notes = _unit(names, names_at)
    if request.column in {"raw", "raw-dark"}:
        raise ColumnMissingError(
            f"the column {request.column!r} is not in the file; it holds one intensity column "
            "of unknown kind",
            "",
            "leave the column out, or export from the instrument with it",
        )
    table = _table(source, start)
    axis, intensity = table.values(0), table.values(1)
    if names_at is None:
        _check_assumed(axis)
    notes.append("The file does not say what was done to its intensities; taken as processed.")
    trace = Trace(
        intensity=intensity,
        shift_cm1=axis if unit == "cm-1" else None,
        wavelength_nm=axis if unit == "nm" else None,
        first_line=table.first_line,
        history=(Step("column read", (("column", clip(names) or "second"),)),),
        metadata=(("column names", names.strip()),) if names else (),
    )
    return Parsed((trace,), tuple(notes))


def _unit(names: str, at: int | None) -> tuple[str, list[str]]:
    """Return the axis unit the row of names states, ``cm-1`` or ``nm``, and what is assumed."""
    if at is None:
        return "cm-1", [
            "The file has no header: its first column was taken as Raman shift in cm-1."
        ]
    place = f"line {at + 1}"
    plain = names.lower()
    axis, _, value = re.sub(r"[,;\t]", "\t", plain.strip()).partition("\t")
    if _NOT_RAMAN.search(value) or not (value.strip() == "" or _INTENSITY.search(value)):
        raise UnknownFormatError(
            f"the second column is named {clip(value)!r}, not an intensity",
            place,
            "give a Raman spectrum with an intensity column",
        )
    shift, nanometres = _SHIFT.search(axis), _NANOMETRES.search(axis)
    if _PIXEL.search(axis) or _OTHER_UNIT.search(axis) or bool(shift) == bool(nanometres):
        raise AmbiguousAxisError(
            f"the first column is named {clip(axis)!r}, which is neither a Raman shift nor a "
            "wavelength axis",
            place,
            REMEDY_UNIT,
        )
    return ("cm-1" if shift else "nm"), _header_notes(axis, bool(shift))


def _header_notes(axis: str, shift: bool) -> list[str]:
    if shift and "shift" not in axis:
        return [f"The first column, {clip(axis)!r}, was taken as Raman shift in cm-1."]
    if not shift and "nm" not in axis:
        return [f"The first column, {clip(axis)!r}, was taken as wavelength in nm."]
    return []


def _check_assumed(axis: FloatArray) -> None:
    """Raise AmbiguousAxisError where an axis without a unit may be anything but a Raman shift."""
    if axis.size < MIN_POINTS:
        return
    low, high = float(axis.min()), float(axis.max())
    step = (high - low) / (axis.size - 1)
    if max(-low, high) > LARGEST_ASSUMED_CM1:
        what = f"the axis runs from {low:g} to {high:g}, which is no Raman shift in cm-1"
        raise AmbiguousAxisError(what, "", REMEDY_UNIT)
    if np.array_equal(axis, np.arange(axis.size)) or np.array_equal(
        axis, np.arange(1, axis.size + 1)
    ):
        raise AmbiguousAxisError(
            f"the axis counts {low:g} to {high:g} by one: pixel numbers, it seems", "", REMEDY_UNIT
        )
    for lowest, highest, widest in WAVELENGTH_LIKE:
        if low >= lowest and high <= highest and step <= widest:
            raise AmbiguousAxisError(
                f"the axis runs from {low:g} to {high:g} without a unit: it may be cm-1 or nm",
                "",
                REMEDY_UNIT,
            )


def _table(source: Source, start: int) -> Table:
    """Cut the lines in two and settle the decimal mark.

    Raises
    ------
    UnknownFormatError
        More than two columns, or only one.
    AmbiguousAxisError
        The comma may be the decimal mark or the separator.
    DamagedFileError
        A line that does not fit the others.
    """
    body = [line.strip(" ") for line in source.lines[start:]]
    separator = _separator(body[0], start)
    if separator == " ":
        body = [_BLANKS.sub(" ", line) for line in body]
    if separator != " " and body[0].endswith(separator) and body[0].count(separator) == 2:
        body = [line.removesuffix(separator) for line in body]
    trimmed = Source(source.data, (*source.lines[:start], *body), source.ends_with_newline)
    if trimmed.lines[start].count(separator) > 1:
        raise _several(trimmed.lines[start], separator, start)
    table = read_table(trimmed, start, ("first", "second"), separator)
    if separator == ",":
        _check_comma_separates(source, table, start)
        return table
    if any("," in cell for column in table.columns for cell in column):
        _check_comma_is_decimal(table)
        return Table(table.names, table.columns, table.first_line, ",")
    return table


def _separator(line: str, start: int) -> str:
    for separator in ("\t", ";"):
        if separator in line:
            return separator
    if "," not in line:
        return " "
    if re.fullmatch(rf"{_CELL}[ ]+{_VALUE}", line):
        return " "
    if line.count(",") > 2 or (line.count(",") == 2 and not line.endswith(",")):
        raise _several(line, ",", start)
    return ","


def _several(line: str, separator: str, start: int) -> AmbiguousAxisError | UnknownFormatError:
    place = f"line {start + 1}"
    if separator == ",":
        return AmbiguousAxisError(
            f"{clip(line)!r}: decimal and separating commas cannot be told apart, or there are "
            "more than two columns",
            place,
            REMEDY_COLUMNS,
        )
    return UnknownFormatError(
        f"{line.count(separator) + 1} columns without names",
        place,
        "export two columns, Raman shift and intensity",
    )


def _check_comma_separates(source: Source, table: Table, start: int) -> None:
    """Raise AmbiguousAxisError where '100,5' may be one number with a decimal comma.

    A decimal point anywhere, a sign or a blank after the comma settles it. Whole numbers in both
    columns are accepted when no second number starts with a zero (fractions do) and they vary.
    """
    lines = source.lines[start : start + table.rows]
    if any("." in line or ", " in line or ",-" in line or ",+" in line for line in lines):
        return
    second = [cell.strip() for cell in table.columns[1]]
    fraction_like = any(len(cell) > 1 and cell.startswith("0") for cell in second)
    if fraction_like or len(set(second)) < 3:
        raise AmbiguousAxisError(
            f"{clip(lines[0])!r} may be two whole numbers or one number with a decimal comma",
            f"line {start + 1}",
            REMEDY_COLUMNS,
        )


def _check_comma_is_decimal(table: Table) -> None:
    """Raise unless the comma is surely a decimal mark and not one between thousands."""
    for index, column in enumerate(table.columns):
        for row, cell in enumerate(column):
            if "." in cell and "," in cell:
                raise AmbiguousAxisError(
                    f"{clip(cell)!r} has a point and a comma",
                    f"line {table.first_line + row}",
                    "export without marks between thousands",
                )
            if "," in cell and _is_decimal_comma(cell.strip(), is_axis=index == 0):
                return
    raise AmbiguousAxisError(
        "the comma may be a decimal mark or stand between thousands",
        f"line {table.first_line}",
        "export with a decimal point and without marks between thousands",
    )


def _is_decimal_comma(cell: str, *, is_axis: bool) -> bool:
    """Tell whether `cell` cannot be a whole number with marks between thousands."""
    if not _THOUSANDS.fullmatch(cell):
        return True
    return is_axis and abs(float(cell.replace(",", ""))) > LARGEST_ASSUMED_CM1
