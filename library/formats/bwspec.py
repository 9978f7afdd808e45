"""B&W Tek BWSpec / BWRam text: 'key;value' lines, a row of names, one row per pixel ending in ';'.

Pixels outside the calibrated range have a blank Raman shift. Programs on PCs with a decimal comma
write '784,82', and their .csv export writes the comma for both purposes. The .txtr variant begins
'File Format;TXTR'; 'File Version=BWSpec...' is a response curve and refused.
"""

from __future__ import annotations

import re
from dataclasses import replace

from library.errors import (
    ColumnMissingError,
    DamagedFileError,
    NotRamanError,
    UnknownFormatError,
)
from library.formats.assemble import Facts, counts_saturated
from library.formats.records import Column, Metadata, Parsed, Request, Source, Trace
from library.formats.table import (
    Table,
    check_pixels,
    declared_points,
    read_table,
    valid_rows,
    with_decimal,
)
from library.formats.text import EXPORT_AGAIN, clip
from matching.spectrum import Acquisition, FloatArray, Step

NAME = "BWSpec text"
HEADER_LINES = 500
PROCESSED, RAW, DARK = "Dark Subtracted #1", "Raw data #1", "Dark"
COLUMNS: dict[Column, tuple[str, ...]] = {
    "processed": (PROCESSED,),
    "raw": (RAW,),
    "raw-dark": (RAW, DARK),
}


FIRST_LINE = re.compile(r"File (?:Version([;,=])BW(?:Spec|Ram)|Format([;,])TXTR)")


def sniff(source: Source) -> bool:
    """Tell whether the first line is 'File Version;BWSpec...', '...BWRam...' or of a variant."""
    return bool(source.lines) and FIRST_LINE.match(source.lines[0]) is not None


def parse(source: Source, request: Request) -> Parsed:
    """Read the one measurement of the file."""
    separator = _separator(source.lines[0])
    notes: list[str] = []
    at = _names_row(source, separator)
    if separator == ",":
        source = _recombined(source, at)
        notes.append("The file uses the comma for decimals and columns; the pairs were rejoined.")
    metadata = _metadata(source.lines[:at])
    table = _table(source, at)
    names = list(table.names)
    if "Raw data #2" in names or "Dark Subtracted #2" in names:
        raise UnknownFormatError(
            "the file holds several measurements side by side",
            f"line {at + 1}",
            "export one measurement to a file",
        )
    facts = Facts(metadata)
    _check_pixels(table, facts)
    rows = _calibrated_rows(table, names)
    intensity, step, more = _pick(table, names, request.column, rows)
    notes += more
    dropped = table.rows - (rows.stop - rows.start)
    if dropped:
        notes.append(f"{dropped} pixels outside the calibrated range (blank axis) were left out.")
    trace = Trace(
        intensity=intensity,
        shift_cm1=table.values(names.index("Raman Shift"), rows)
        if "Raman Shift" in names
        else None,
        wavelength_nm=table.values(names.index("Wavelength"), rows)
        if "Wavelength" in names
        else None,
        first_line=table.first_line + rows.start,
        laser_nm=facts.positive("laser_wavelength"),
        acquisition=replace(_acquisition(facts), saturated=_saturated(table, names, rows)),
        history=(step,),
        metadata=metadata,
    )
    return Parsed((trace,), (*notes, *facts.notes))


def _separator(first_line: str) -> str:
    """Return the separator after 'File Version'; refuse the response curve, which has '='."""
    first = FIRST_LINE.match(first_line)
    separator = (first[1] or first[2]) if first else ";"
    if separator == "=":
        raise NotRamanError(
            "this is a BWSpec file of the instrument's response (intensity ratios), no spectrum",
            "line 1",
            "give the measurement it belongs to",
        )
    return separator


def _names_row(source: Source, separator: str) -> int:
    """Return the index of the row of column names; raise DamagedFileError without one."""
    for at, line in enumerate(source.lines[:HEADER_LINES]):
        if line.startswith(f"Pixel{separator}"):
            return at
    raise DamagedFileError("the row of column names is missing", "", EXPORT_AGAIN)


def _metadata(lines: tuple[str, ...]) -> Metadata:
    pairs = (line.partition(";") for line in lines if line.strip())
    return tuple((key.strip(), value.strip()) for key, _, value in pairs)


def _table(source: Source, at: int) -> Table:
    """Cut the rows; exactly one decimal mark may occur in them."""
    names = [name.strip() for name in source.lines[at].split(";")]
    known = [name for name in names if name]
    if len(set(known)) < len(known):
        raise DamagedFileError("a column name is repeated", f"line {at + 1}", EXPORT_AGAIN)
    return with_decimal(read_table(source, at + 1, names, ";"))


def _check_pixels(table: Table, facts: Facts) -> None:
    pixels = check_pixels(table, table.names.index("Pixel"))
    declared = declared_points(facts.metadata, "pixel_num")
    if declared is not None and declared != pixels.size:
        raise DamagedFileError(
            f"the header declares {declared} pixels, the file holds {pixels.size}",
            f"line {table.first_line + table.rows - 1}",
            EXPORT_AGAIN,
        )


def _calibrated_rows(table: Table, names: list[str]) -> slice:
    axis = next((name for name in ("Raman Shift", "Wavelength") if name in names), None)
    if axis is None:
        return slice(0, table.rows)
    return valid_rows(
        table.columns[names.index(axis)],
        "",
        column=f"column {axis!r}",
        first_line=table.first_line,
    )


def _pick(
    table: Table, names: list[str], column: Column | None, rows: slice
) -> tuple[FloatArray, Step, list[str]]:
    notes: list[str] = []
    wanted: Column = column or "processed"
    if column is None and PROCESSED not in names and RAW in names:
        wanted = "raw-dark" if DARK in names else "raw"
        notes.append(f"The file has no dark-subtracted column; {wanted} is used.")
    needed = COLUMNS[wanted]
    if not set(needed) <= set(names):
        present = ", ".join(name for name in (PROCESSED, RAW, DARK) if name in names)
        raise ColumnMissingError(
            f"the column {wanted!r} ({' and '.join(needed)}) is not in the file; it holds "
            f"{present or 'no intensity column'}",
            "",
            "choose one of the columns present, or export the spectrum with that column",
        )
    intensity = table.values(names.index(needed[0]), rows)
    if len(needed) == 1:
        return intensity, Step("column read", (("column", needed[0]),)), notes
    step = Step("dark subtracted", (("column", RAW), ("dark", DARK)))
    return intensity - table.values(names.index(DARK), rows), step, notes


def _saturated(table: Table, names: list[str], rows: slice) -> bool:
    """Tell whether the raw counts in the calibrated range show saturation."""
    return RAW in names and counts_saturated(table.values(names.index(RAW), rows))


def _acquisition(facts: Facts) -> Acquisition:
    power = facts.text("laser_powerlevel")
    return Acquisition(
        integration_time_ms=facts.positive("intigration times(ms)"),
        averages=facts.count("average number"),
        laser_power=f"level {power}" if power else None,
        instrument=facts.text("model", "title"),
        measured_at=facts.text("Date"),
    )


def _recombined(source: Source, at: int) -> Source:
    """Return the comma-for-everything export with ';' between columns.

    After the whole-numbered pixel every value is 'digits,digits' or blank, so the pairs are
    certain; any row that does not come out with the right number of columns is refused.
    """
    head = tuple(line.replace(",", ";", 1) for line in source.lines[:at])
    names = source.lines[at].replace(",", ";")
    width = names.count(";") + 1
    body = []
    for number, line in enumerate(source.lines[at + 1 :], at + 2):
        body.append(_rejoin(line, width, number) if line.strip() else line)
    return replace(source, lines=(*head, names, *body))


def _rejoin(line: str, width: int, number: int) -> str:
    parts = line.split(",")
    cells, at = [parts[0]], 1
    while at < len(parts):
        if not parts[at].strip():
            cells.append(parts[at])
            at += 1
            continue
        fraction = parts[at + 1] if at + 1 < len(parts) else ""
        if not (fraction.isdigit() and parts[at].strip().lstrip("-").isdigit()):
            break
        cells.append(f"{parts[at]},{fraction}")
        at += 2
    if len(cells) != width or at < len(parts):
        raise DamagedFileError(
            f"decimal and separating commas cannot be told apart in {clip(line)!r}",
            f"line {number}",
            "export with semicolons or tabs between the columns",
        )
    return ";".join(cells)
