"""Andor Solis ASCII: the axis and one column for each track or scan, facts after the numbers.

Rows end in the separator. A kinetic series writes its frames below one another. The facts at the
end ('Exposure Time (secs):...') may be missing. Nothing states the unit of the axis.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np

from library.errors import DamagedFileError
from library.formats.assemble import Facts
from library.formats.axis import with_axis, with_unstated_axis
from library.formats.records import Metadata, Parsed, Request, Source, Trace
from library.formats.table import Table, only_processed, read_table
from library.formats.text import EXPORT_AGAIN
from matching.spectrum import Acquisition, FloatArray, Step

NAME = "Andor Solis ASCII"
MOST_FACTS = 200  # lines after the numbers
LONGEST_FACT = 200
_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_SEVERAL = re.compile(rf"{_NUMBER}(?:,{_NUMBER}){{2,}},")
_KEYS = ("Date and Time:", "Software Version:", "Exposure Time (secs):", "Acquisition Mode:")
_REMARKS = ("Problem with timings",)
UNIT_NOTE = "Andor's text does not state the unit of its axis: it was taken as Raman shift in cm-1."


def sniff(source: Source) -> bool:
    """Tell whether numbers come first and Andor's facts last, or rows end in their separator."""
    lines = source.lines
    if not lines or lines[0][:1] not in set("+-0123456789"):
        return False
    if any(line.startswith((*_KEYS, *_REMARKS)) for line in lines[-MOST_FACTS:]):
        return True
    rows = [line[:4000] for line in lines[:2]]
    return len(rows) == 2 and all(_SEVERAL.fullmatch(row) for row in rows)


def parse(source: Source, request: Request) -> Parsed:
    """Read every track of every frame."""
    only_processed(request)
    stop = _end(source)
    metadata = _metadata(source.lines[stop:])
    facts = Facts(metadata)
    table = _table(source, stop)
    axis = table.values(0)
    image = (facts.text("Readout Mode") or "").lower() == "image"
    blocks = _frames(axis, table)
    traces, notes = [], list[str]()
    base = Trace(
        intensity=axis,
        kind="image" if image else "",
        intensity_unit=facts.text("Data Type") or "",
        acquisition=_acquisition(facts),
        history=(Step("column read", (("column", "counts"),)),),
        metadata=metadata,
    )
    for frame, rows in enumerate(blocks, 1):
        placed, more = _with_axis(base, axis[rows], image=image)
        notes += [note for note in more if note not in notes]
        traces += [
            _track(placed, table, column, rows, frame if len(blocks) > 1 else None)
            for column in range(1, len(table.names))
        ]
    return Parsed(tuple(traces), (*notes, *facts.notes))


def _end(source: Source) -> int:
    """Return the index of the line after the numbers: a blank one, or the end of the file."""
    return next((at for at, line in enumerate(source.lines) if not line.strip()), len(source.lines))


def _metadata(lines: tuple[str, ...]) -> Metadata:
    facts = []
    for line in [line for line in lines if line.strip()][:MOST_FACTS]:
        key, found, value = line[:LONGEST_FACT].partition(":")
        facts.append((key.strip(), value.strip()) if found else ("remark", line[:LONGEST_FACT]))
    return tuple(facts)


def _table(source: Source, stop: int) -> Table:
    first = source.lines[0]
    separator = "\t" if "\t" in first else ","
    width = first.count(separator) + 1
    names = ["axis", *(f"track {k}" for k in range(1, width))]
    closing = first.endswith(separator)
    if closing:
        names[-1] = ""  # what stands behind the closing separator
    table = read_table(source, 0, names, separator, stop=stop)
    if not closing:
        return table
    if any(cell.strip() for cell in table.columns[-1]):
        raise DamagedFileError("a row has one value too many", "", EXPORT_AGAIN)
    return Table(table.names[:-1], table.columns[:-1], table.first_line)


def _frames(axis: FloatArray, table: Table) -> list[slice]:
    """Return the rows of each frame: a new one begins where the axis starts again.

    Raises
    ------
    DamagedFileError
        The frames do not have one axis.
    """
    again = np.flatnonzero(axis[1:] == axis[0]) + 1
    starts = [0, *again.tolist(), axis.size]
    frames = [slice(a, b) for a, b in pairwise(starts)]
    for rows in frames:
        if not np.array_equal(axis[rows], axis[frames[0]]):
            raise DamagedFileError(
                "the frames do not have one axis: rows are missing or mixed up",
                f"from line {table.first_line + rows.start}",
                EXPORT_AGAIN,
            )
    return frames


def _with_axis(base: Trace, axis: FloatArray, *, image: bool) -> tuple[Trace, list[str]]:
    return (
        (with_axis(base, axis, "pixel"), [])
        if image
        else (with_unstated_axis(base, axis, UNIT_NOTE))
    )


def _track(base: Trace, table: Table, column: int, rows: slice, frame: int | None) -> Trace:
    name = table.names[column] if len(table.names) > 2 else None
    if frame is not None:
        name = f"frame {frame}" if name is None else f"frame {frame}, {name}"
    return replace(
        base,
        intensity=table.values(column, rows),
        name=name,
        first_line=table.first_line + rows.start,
    )


def _acquisition(facts: Facts) -> Acquisition:
    seconds = facts.positive("Exposure Time (secs)")
    return Acquisition(
        integration_time_ms=None if seconds is None else seconds * 1000.0,
        averages=facts.count("Number of Accumulations"),
        detector_temperature_c=facts.number("Temperature (C)"),
        detector=facts.text("Model"),
        serial=facts.text("Serial Number"),
        measured_at=facts.text("Date and Time"),
    )
