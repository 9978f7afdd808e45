"""Two columns of numbers with no header, or with one row of names, maybe below comments.

The separator (tab, semicolon, comma, blanks) and the decimal mark are concluded from all lines, and
only where one reading is possible; otherwise the file is refused. The axis unit is
- what the row of names says: Raman shift in cm-1, wavelength in nm, pixels;
- without a unit: Raman shift in cm-1, said as an assumption, unless the range is one that a
  wavelength axis in nm has too (see `axis.WAVELENGTH_LIKE`): then nothing is assumed, because
  taking the one for the other gives a spectrum of nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from library.errors import AmbiguousAxisError, UnknownFormatError
from library.formats.axis import (
    LARGEST_ASSUMED_CM1,
    counts_pixels,
    with_axis,
    with_unstated_axis,
)
from library.formats.records import Parsed, Request, Source, Trace
from library.formats.table import Table, only_processed, read_table
from library.formats.text import clip
from matching.spectrum import FloatArray, Step

NAME = "two columns of numbers"
_CELL = r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?"
_VALUE = rf"(?:{_CELL}|[+-]?(?i:nan|inf|infinity|na|n/a)|)"
_DATA = re.compile(rf"{_CELL}[ ]*[\t;, ][ \t]*{_VALUE}[0-9.,;\t ]*")
LONGEST_ROW = 200  # characters; also what keeps the patterns above from going over and over a line
_SHIFT = re.compile(r"raman[ _]?shift|wave[ _]?numbers?|cm-1|1/cm|cm\^-1|cm[⁻-]¹")
_NANOMETRES = re.compile(r"\bnm\b|nano-?met|wave[ _]?length")
_PIXEL = re.compile(r"pixel|\bpx\b|\bindex\b")
_OTHER_UNIT = re.compile(r"\bev\b|\bthz\b|\bum\b|[µμ]m|\bmicro")
_INTENSITY = re.compile(r"intens|count|\bcnt\b|signal|\ba\.?u\.?\b|^y$|processed|raman")
_NOT_RAMAN = re.compile(r"absorb|transm|reflect|irradian|emissiv|infra-?red|\bft-?ir\b")
_SAID = re.compile(r"\b(?:absorbance|transmittance|reflectance|irradiance|infra-?red|ft-?ir)\b")
_COMMENT = re.compile(r"[ ]*+(?:[#%!]++|//)++")  # going back would keep every sign in memory
_MISSING = {"nan", "na", "n/a"}
MOST_COMMENTS = 200
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


@dataclass(frozen=True, slots=True)
class _Found:
    """Index of the first data line, the row of names (empty: none) and the comments above."""

    start: int
    names: str
    comments: tuple[str, ...]


def _first_lines(source: Source) -> _Found | None:
    """Return where the numbers begin and what stands above them; None: not this format."""
    comments: list[str] = []
    names, names_at = "", None
    for at, line in enumerate(source.lines[:MOST_COMMENTS]):
        if not line.strip():
            continue
        if _is_data(line):
            if names_at is None and comments and _is_names(comments[-1]):
                names = comments.pop()
            return _Found(at, names, tuple(comments)) if names_at in {None, at - 1} else None
        if names_at is not None:
            return None
        mark = _COMMENT.match(line)
        if mark:
            comments.append(line[mark.end() :].strip())
        elif _is_names(line):
            names, names_at = line, at
        else:
            return None
    return None


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
    only_processed(request)
    table = _table(source, found.start)
    rows, notes = _known_rows(table)
    axis = table.values(0, rows)
    trace = Trace(
        intensity=table.values(1, rows),
        kind=_kind(found),
        first_line=table.first_line + rows.start,
        history=(Step("column read", (("column", clip(found.names) or "second"),)),),
        metadata=(
            *((("column names", found.names.strip()),) if found.names else ()),
            *(("comment", text) for text in found.comments if text),
        ),
    )
    trace, more = _with_axis(trace, axis, found)
    notes += [*more, "The file does not say what was done to its intensities; taken as processed."]
    return Parsed((trace,), tuple(notes))


def _known_rows(table: Table) -> tuple[slice, list[str]]:
    """Return the rows between the first and the last intensity that is not given as missing."""
    cells = table.columns[1]
    start, stop = 0, len(cells)
    while start < stop and cells[start].strip().lower() in _MISSING:
        start += 1
    while stop > start and cells[stop - 1].strip().lower() in _MISSING:
        stop -= 1
    if start == stop or stop - start == len(cells):
        return slice(0, len(cells)), []
    left_out = len(cells) - (stop - start)
    return slice(start, stop), [
        f"{left_out} rows at the ends of the axis whose intensity the file does not know were "
        "left out."
    ]


def _named(found: _Found) -> tuple[str, str]:
    """Return what the two columns are called, in lower case."""
    axis, _, value = re.sub(r"[,;\t]", "\t", found.names.lower().strip()).partition("\t")
    return axis, value.strip()


def _kind(found: _Found) -> str:
    """Return what the file says it is, where that is no Raman spectrum."""
    said = next((text for text in found.comments if _SAID.search(text.lower())), "")
    said = found.names if _NOT_RAMAN.search(found.names.lower()) else said
    value = _named(found)[1]
    if not said and value and not _INTENSITY.search(value):
        raise UnknownFormatError(
            f"the second column is named {clip(value)!r}, not an intensity",
            f"line {found.start}",
            "give a Raman spectrum with an intensity column",
        )
    return clip(said, 80)


def _with_axis(trace: Trace, axis: FloatArray, found: _Found) -> tuple[Trace, list[str]]:
    """Return `trace` with its axis where the row of names puts it, and what was assumed."""
    if not found.names:
        note = "The file has no header: its first column was taken as Raman shift in cm-1."
        return with_unstated_axis(trace, axis, note)
    name = _named(found)[0]
    shift, nanometres = _SHIFT.search(name), _NANOMETRES.search(name)
    if _PIXEL.search(name) and counts_pixels(axis):
        return with_axis(trace, axis, "pixel"), []
    if _PIXEL.search(name) or _OTHER_UNIT.search(name) or bool(shift) == bool(nanometres):
        unit = "" if _PIXEL.search(name) else name
        doubt = (
            f"the first column is named {clip(name)!r} and runs from {axis[0]:g} to {axis[-1]:g}, "
            "which is neither a Raman shift nor a wavelength axis"
        )
        return replace(with_axis(trace, axis, ""), other_unit=clip(unit), doubt=doubt), []
    return with_axis(trace, axis, "cm-1" if shift else "nm"), _header_notes(name, bool(shift))


def _header_notes(axis: str, shift: bool) -> list[str]:
    if shift and "shift" not in axis:
        return [f"The first column, {clip(axis)!r}, was taken as Raman shift in cm-1."]
    if not shift and "nm" not in axis:
        return [f"The first column, {clip(axis)!r}, was taken as wavelength in nm."]
    return []


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
