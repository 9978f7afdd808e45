"""Renishaw WiRE text: '#Wave<tab><tab>#Intensity', or a map stacked below '#X #Y #Wave #Intensity'.

Older versions write the same columns without names; two of them are then like anybody's and are
left to `columns`, three or four are recognised by their stacks: the coordinates stay, the axis
runs through again and again. Neither unit nor laser line is in the file.
"""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np

from library.errors import DamagedFileError, UnknownFormatError
from library.formats.axis import with_unstated_axis
from library.formats.records import Parsed, Request, Source, Trace
from library.formats.table import Table, only_processed, read_table, with_decimal
from library.formats.text import EXPORT_AGAIN
from matching.spectrum import FloatArray, Step

NAME = "WiRE text"
_NUMBER = r"[+-]?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?"
_STACKED = re.compile(rf"{_NUMBER}(?:\t{_NUMBER}){{2,3}}")
LONGEST_ROW = 200
UNIT_NOTE = "WiRE's text does not state the unit of its axis: it was taken as Raman shift in cm-1."


def sniff(source: Source) -> bool:
    """Tell whether the names are WiRE's, or three or four columns are stacked without names."""
    start = _start(source)
    return start is not None and (_names(source.lines[start]) is not None or _stacks(source, start))


def _start(source: Source) -> int | None:
    return next((at for at, line in enumerate(source.lines[:20]) if line.strip()), None)


def _names(line: str) -> list[str] | None:
    """Return the names of the columns, without '#'; None when the line is no row of them."""
    if len(line) > LONGEST_ROW or not line.startswith("#"):
        return None
    names = line.split()
    known = all(name.startswith("#") for name in names)
    return [n[1:] for n in names] if known and names[-2:] == ["#Wave", "#Intensity"] else None


def _stacks(source: Source, start: int) -> bool:
    """Tell whether two rows of three or four numbers share the first ones and step in the axis."""
    lines = [line.strip() for line in source.lines[start : start + 2]]
    if len(lines) < 2 or any(len(line) > LONGEST_ROW for line in lines):
        return False
    if not all(_STACKED.fullmatch(line) for line in lines):
        return False
    first, second = (line.split("\t") for line in lines)
    return len(first) == len(second) and first[:-2] == second[:-2] and first[-2] != second[-2]


def parse(source: Source, request: Request) -> Parsed:
    """Read the one spectrum, or each spectrum of the stack."""
    only_processed(request)
    start = _start(source) or 0
    names = _names(source.lines[start])
    if names is None:
        count = source.lines[start].strip().count("\t") + 1
        names = [f"coordinate {k}" for k in range(1, count - 1)] + ["Wave", "Intensity"]
    else:
        start += 1
    table = with_decimal(read_table(source, start, names, "\t"))
    axis, intensity = table.values(len(names) - 2), table.values(len(names) - 1)
    blocks = _blocks(table, axis)
    if len(blocks) == 1 and names[0].startswith("coordinate"):
        raise UnknownFormatError(
            f"{len(names)} columns without names",
            f"line {start + 1}",
            "export two columns, Raman shift and intensity",
        )
    traces, notes = [], []
    for rows in blocks:
        where = tuple(
            (name, table.columns[k][rows.start].strip()) for k, name in enumerate(names[:-2])
        )
        trace = Trace(
            intensity=intensity[rows],
            name=", ".join(f"{name} {value}" for name, value in where) or None,
            first_line=table.first_line + rows.start,
            history=(Step("column read", (("column", "Intensity"),)),),
            metadata=where,
        )
        trace, more = with_unstated_axis(trace, axis[rows], UNIT_NOTE)
        notes += [note for note in more if note not in notes]
        traces.append(trace)
    return Parsed(tuple(traces), tuple(notes))


def _blocks(table: Table, axis: FloatArray) -> list[slice]:
    """Return the rows of each spectrum: where a coordinate changes or the axis starts again.

    Raises
    ------
    DamagedFileError
        The spectra of a stack do not have one axis.
    """
    steps = np.diff(axis)
    new = np.zeros(axis.size, dtype=bool)
    new[:1] = True
    if len(table.names) > 2:
        new[1:] |= np.sign(steps) == -np.sign(steps[:1].sum() or 1.0)
    for column in range(len(table.names) - 2):
        new[1:] |= np.diff(table.values(column)) != 0
    starts = [*np.flatnonzero(new).tolist(), axis.size]
    blocks = [slice(a, b) for a, b in pairwise(starts)]
    first = axis[blocks[0]]
    for block in blocks[1:]:
        if not np.array_equal(axis[block], first):
            raise DamagedFileError(
                "the spectra of the map do not have one axis: rows are missing or mixed up",
                f"from line {table.first_line + block.start}",
                EXPORT_AGAIN,
            )
    return blocks
