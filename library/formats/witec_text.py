"""WITec text: the ASCII export with its header, the bare table with names and units, TrueMatch.

An export split over three files ('..._Header', '..._X-Axis', '..._Y-Axis') is refused by name: one
file of it is no spectrum. The axis may be in nm without a laser line, which is then to be stated.
"""

from __future__ import annotations

from dataclasses import replace

from library.errors import DamagedFileError, SplitFileError
from library.formats.assemble import Facts
from library.formats.axis import unit_of, with_axis, with_unstated_axis
from library.formats.records import Metadata, Parsed, Request, Source, Trace
from library.formats.table import Table, only_processed, read_table, with_decimal
from library.formats.text import EXPORT_AGAIN, number
from matching.spectrum import Step

NAME = "WITec text"
FIRST_LINE = "//Exported ASCII-File"
TRUEMATCH = "[WITEC_TRUEMATCH_ASCII_HEADER]"
HEADER_LINES = 200


def sniff(source: Source) -> bool:
    """Tell whether the first line is WITec's mark, or names and units stand above a table."""
    lines = source.lines[:2]
    if lines and lines[0].strip() in {FIRST_LINE, TRUEMATCH}:
        return True
    if len(lines) < 2 or not lines[0].startswith(("X-Axis\t", "X-Axis,")):
        return False
    return unit_of(lines[1].replace(",", "\t").split("\t")[0]) in {"cm-1", "nm"}


def parse(source: Source, request: Request) -> Parsed:
    """Read every spectrum of the file."""
    only_processed(request)
    first = source.lines[0].strip()
    if first == TRUEMATCH:
        return _truematch(source)
    if first != FIRST_LINE:
        return _table(source, 0, ())
    at = next((i for i, line in enumerate(source.lines) if line.strip() == "[Data]"), None)
    if at is None:
        raise SplitFileError(
            "this is only the header of a WITec export; its axis and its intensities are in two "
            "other files",
            "",
            "export the spectrum as one file (a table, or ASCII with header and data together)",
        )
    return _table(source, at + 1, _metadata(source.lines[:at]))


def _metadata(lines: tuple[str, ...]) -> Metadata:
    pairs = (line.partition("=") for line in lines if "=" in line)
    return tuple((key.strip(), value.strip()) for key, _, value in pairs)


def _table(source: Source, start: int, metadata: Metadata) -> Parsed:
    """Read the rows from index `start`, below names and units where these are written."""
    while start < len(source.lines) and not source.lines[start].strip():
        start += 1
    head = source.lines[start : start + 2]
    if not head:
        raise DamagedFileError("no numbers follow the header", f"line {start}", EXPORT_AGAIN)
    names, units = list[str](), list[str]()
    separator = "\t" if "\t" in head[0] else ","
    if number(head[0].split(separator)[0]) is None:
        names = [cell.strip() for cell in head[0].split(separator)]
        start += 1
        if len(head) == 2 and number(head[1].split(separator)[0]) is None:
            units = [cell.strip() for cell in head[1].split(separator)]
            start += 1
    first = source.lines[start] if start < len(source.lines) else ""
    table = read_table(source, start, names or _columns(first, separator), separator)
    if separator == "\t":
        table = with_decimal(table)
    facts = Facts(metadata)
    unit = units[0] if units else facts.text("XAxisUnit") or ""
    traces, notes = [], list[str]()
    for column in range(1, len(table.names)):
        trace = Trace(
            intensity=table.values(column),
            intensity_unit=units[column] if column < len(units) else facts.text("DataUnit") or "",
            name=table.names[column] if len(table.names) > 2 else None,
            first_line=table.first_line,
            history=(Step("column read", (("column", table.names[column]),)),),
            metadata=metadata,
        )
        trace, more = _with_unit(trace, table, unit)
        traces.append(trace)
        notes += [note for note in more if note not in notes]
    return Parsed(tuple(traces), tuple(notes))


def _columns(row: str, separator: str) -> list[str]:
    count = row.count(separator)
    return ["X-Axis", *(f"spectrum {k}" for k in range(1, count + 1))]


def _with_unit(trace: Trace, table: Table, unit: str) -> tuple[Trace, list[str]]:
    if unit:
        return with_axis(trace, table.values(0), unit_of(unit)), []
    note = "The file does not state the unit of its axis: it was taken as Raman shift in cm-1."
    return with_unstated_axis(trace, table.values(0), note)


def _truematch(source: Source) -> Parsed:
    """Read each [SpectrumHeader] with the [SpectrumData] that follows it."""
    marks = [at for at, line in enumerate(source.lines) if line.startswith("[")]
    ends = dict(zip(marks, [*marks[1:], len(source.lines)], strict=True))
    traces: list[Trace] = []
    notes: list[str] = []
    metadata: Metadata = ()
    for at in marks:
        section = source.lines[at].strip()
        if section == "[SpectrumHeader]":
            metadata = _metadata(source.lines[at : ends[at]])
        elif section == "[SpectrumData]":
            trace, more = _match(source, at + 1, ends[at], metadata)
            traces.append(trace)
            notes += [note for note in more if note not in notes]
        else:
            metadata += _metadata(source.lines[at : ends[at]])
    if not traces:
        raise DamagedFileError("no [SpectrumData] follows the header", "", EXPORT_AGAIN)
    return Parsed(tuple(traces), tuple(notes))


def _match(source: Source, start: int, stop: int, metadata: Metadata) -> tuple[Trace, list[str]]:
    last = stop == len(source.lines)
    table = read_table(source, start, ("X", "Y"), "\t", stop=None if last else stop)
    table = with_decimal(table)
    facts = Facts(metadata)
    declared = facts.count("SpectrumSize")
    trace = Trace(
        intensity=table.values(1),
        name=facts.text("Title"),
        laser_nm=facts.positive("ExcitationWavelength"),
        first_line=table.first_line,
        history=(Step("column read", (("column", "SpectrumData"),)),),
        metadata=metadata,
    )
    if declared is not None and declared > table.rows:
        trace = replace(trace, marks=frozenset({"truncated"}))
    elif declared is not None and declared != table.rows:
        raise DamagedFileError(
            f"the header declares {declared} points, the file holds {table.rows}",
            f"line {start}",
            EXPORT_AGAIN,
        )
    trace, notes = _with_unit(trace, table, facts.text("XDataKind") or "")
    return trace, [*notes, *facts.notes]
