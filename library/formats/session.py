"""Wasatch ENLIGHTEN session CSV: many spectra side by side over one axis.

Two layouts: the old one (1.6) has one header value per spectrum behind a blank second column,
then a row of names above a row of kinds ('pixel,wavenumber,processed,processed,...'); the other
has one header for the file and a single row 'Pixel,Wavelength,Wavenumber,<names>'.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from library.errors import DamagedFileError
from library.formats.assemble import Facts
from library.formats.enlighten import (
    AXES,
    KINDS,
    acquisition,
    check_declared,
    find_columns,
    kind,
    pick,
    raw_saturated,
    read_metadata,
    technique,
)
from library.formats.records import Metadata, Parsed, Request, Source, Trace
from library.formats.table import Table, read_table
from library.formats.text import EXPORT_AGAIN, clip, number, split_csv
from matching.errors import SpectraError
from matching.spectrum import FloatArray

NAME = "ENLIGHTEN session CSV"
MARKS = ("pixel count,", "integration time,", "measurement id,", "enlighten version,")


@dataclass(frozen=True, slots=True)
class Part:
    """One spectrum of a session: its name, its columns with their kinds, its header."""

    name: str
    columns: tuple[int, ...]
    kinds: tuple[str, ...]
    metadata: Metadata


def sniff(source: Source) -> bool:
    """Tell whether columns are named after samples, or a row of names stands above the kinds."""
    found = find_columns(source)
    if found is None:
        return False
    at, names = found
    rest = set(names) - set(AXES)
    if rest <= set(KINDS):
        return _names_above(source, at, names) is not None or len(set(names)) < len(names)
    head = [line.lower() for line in source.lines[:at]]
    return any(line.startswith(MARKS) for line in head)


def _names_above(source: Source, at: int, names: list[str]) -> list[str] | None:
    above = split_csv(source.lines[at - 1]) if at else []
    return above if len(above) == len(names) and len(above) > 2 else None


def parse(source: Source, request: Request) -> Parsed:
    """Read every spectrum; one that is incomplete condemns the file, with its column named."""
    found = find_columns(source)
    if found is None:
        raise DamagedFileError("the row of column names is missing", "", EXPORT_AGAIN)
    at, names = found
    parts, notes = _parts(source, at, names)
    labels = list(names)
    for part in parts:
        for column, named in zip(part.columns, part.kinds, strict=True):
            labels[column] = f"{part.name} ({named})"
    table = read_table(source, at + 1, labels, ",")
    shared = len(parts) > 1 and bool(notes)
    traces: list[Trace] = []
    for part in parts:
        trace, more = _read_part(table, names, part, request, shared=shared)
        traces.append(trace)
        notes += [note for note in more if note not in notes]
    return Parsed(tuple(traces), tuple(notes))


def _parts(source: Source, at: int, names: list[str]) -> tuple[list[Part], list[str]]:
    rest = [name for name in names if name not in AXES]
    first = len(names) - len(rest)
    if set(names[:first]) != set(names) & set(AXES) or len(set(names[:first])) != first:
        raise DamagedFileError(
            "an axis column is repeated or stands among the spectra", f"line {at + 1}", EXPORT_AGAIN
        )
    if set(rest) <= set(KINDS):
        return _old_layout(source, at, names, first), []
    if set(rest) & set(KINDS):
        raise DamagedFileError(
            "the column names mix samples and kinds of data", f"line {at + 1}", EXPORT_AGAIN
        )
    titles = split_csv(source.lines[at])
    if not all(titles) or any(number(title) is not None for title in titles):
        raise DamagedFileError(
            "a spectrum has no name, or a number for a name", f"line {at + 1}", EXPORT_AGAIN
        )
    metadata = read_metadata(source.lines[:at])
    notes = ["The columns carry names but no kind of data; they were taken as processed."]
    return [
        Part(title, (column,), ("processed",), metadata)
        for column, title in enumerate(titles)
        if column >= first
    ], notes


def _old_layout(source: Source, at: int, names: list[str], first: int) -> list[Part]:
    titles = _names_above(source, at, names)
    if titles is None or not titles[first] or any(titles[1:first]):
        raise DamagedFileError(
            "the row of spectrum names above the columns is missing or incomplete",
            f"line {at}",
            EXPORT_AGAIN,
        )
    starts = [column for column in range(first, len(names)) if titles[column]]
    ends = [*starts[1:], len(names)]
    header = [split_csv(line) for line in source.lines[: at - 1] if line.strip()]
    parts = []
    for start, end in zip(starts, ends, strict=True):
        kinds = tuple(names[start:end])
        if len(set(kinds)) < len(kinds):
            raise DamagedFileError(
                f"the spectrum {clip(titles[start])!r} holds a kind of data twice, or a name is "
                "missing",
                f"line {at}, column {start + 1}",
                EXPORT_AGAIN,
            )
        metadata = tuple((row[0], _header_value(row, start, len(names), at)) for row in header)
        parts.append(Part(titles[start], tuple(range(start, end)), kinds, metadata))
    return parts


def _header_value(row: list[str], column: int, width: int, at: int) -> str:
    """One value per column, or one for the whole file ('Enlighten Version,1.6.7')."""
    if len(row) == width:
        return row[column]
    if len(row) == 2:
        return row[1]
    raise DamagedFileError(
        f"the header line {clip(row[0])!r} has {len(row)} values for {width} columns",
        f"above line {at}",
        EXPORT_AGAIN,
    )


def _read_part(
    table: Table, names: list[str], part: Part, request: Request, *, shared: bool
) -> tuple[Trace, list[str]]:
    kinds = ["" if name not in AXES else name for name in names]
    for column, named in zip(part.columns, part.kinds, strict=True):
        kinds[column] = named
    place = f"spectrum {clip(part.name)!r}"
    facts = Facts(part.metadata)
    try:
        intensity, rows, steps, notes = pick(table, kinds, request.column)
        notes += check_declared(table, kinds, facts, rows)
        facts_used = replace(acquisition(facts), saturated=raw_saturated(table, kinds))
        _refuse_axis(intensity)
        if shared:
            facts_used = replace(facts_used, integration_time_ms=None, measured_at=None)
            notes.append(
                "The header describes one of the spectra; its integration time and time of "
                "measurement were not taken for the others."
            )
        trace = Trace(
            intensity=intensity,
            shift_cm1=_axis(table, names, "wavenumber", rows),
            wavelength_nm=_axis(table, names, "wavelength", rows),
            first_line=table.first_line + rows.start,
            laser_nm=facts.positive("Laser Wavelength"),
            kind=kind(facts),
            technique=technique(facts),
            acquisition=facts_used,
            history=steps,
            metadata=part.metadata,
            name=part.name,
        )
    except SpectraError as error:
        raise error.at(place) from error
    return trace, [*notes, *facts.notes]


def _refuse_axis(intensity: FloatArray) -> None:
    """Raise DamagedFileError for a column that rises throughout: an axis with a damaged name."""
    if intensity.size > 1 and (np.diff(intensity) > 0).all():
        raise DamagedFileError(
            "the column rises from the first row to the last, as an axis does",
            "",
            "correct the name of the column if it is the axis",
        )


def _axis(table: Table, names: list[str], name: str, rows: slice) -> FloatArray | None:
    return table.values(names.index(name), rows) if name in names else None
