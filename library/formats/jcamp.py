"""JCAMP-DX 4.24 and 5.01: every block with a table of one ordinate over one abscissa.

Read: ``(X++(Y..Y))`` in all its forms and ``(XY..XY)``, under the labels XYDATA, XYPOINTS and PEAK
TABLE. Refused by name: NTUPLES (real and imaginary parts, series, maps), peak widths and
assignments, structures, interferograms. A curve whose DATA TYPE is not Raman keeps that as its
kind. Sources: McDonald and Wilks, Appl. Spectrosc. 42 (1988) 151; Lampen et al., Pure Appl. Chem.
71 (1999) 1549.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np

from library.errors import (
    AmbiguousAxisError,
    ColumnMissingError,
    DamagedFileError,
    UnsupportedFormError,
)
from library.formats.exported import with_record
from library.formats.jcamp_asdf import Ordinates, decode_ordinates, decode_pairs
from library.formats.jcamp_axis import Axis, Header, even_axis
from library.formats.jcamp_blocks import (
    Block,
    Record,
    begins_with_title,
    jcamp_lines,
    read_blocks,
)
from library.formats.jcamp_facts import (
    EXPORT_RECORD,
    acquisition_of,
    decimal_comma,
    header_of,
    laser_of,
    metadata_of,
    nature_of,
)
from library.formats.records import Mark, Parsed, Request, Source, Trace
from library.formats.text import EXPORT_AGAIN, clip
from matching.errors import SpectraError
from matching.spectrum import FloatArray, Step

NAME = "JCAMP-DX"
CURVES = frozenset({"XYDATA", "XYPOINTS", "PEAKTABLE"})
PAGES = "NTUPLES (several variables or pages, such as real and imaginary parts)"
OTHER_CONTENT = {
    "NTUPLES": PAGES,
    "DATATABLE": PAGES,
    "RADATA": "an interferogram",
    "PEAKASSIGNMENTS": "peak assignments",
    "ATOMLIST": "a chemical structure",
}
_FORMS = {
    "even": re.compile(r"\s*\(\s*X\s*\+\+\s*\(\s*Y\s*\.\.\s*Y\s*\)?\s*\)?", re.IGNORECASE),
    "pairs": re.compile(r"\s*\(\s*XY\s*\.\.\s*XY\s*\)?", re.IGNORECASE),
}
_GLUED = re.compile(r"[0-9],[0-9]")
_APART = re.compile(r"[0-9],\s+[+-]?[0-9]")
_DECIMAL = re.compile(r"(?<=[0-9]),(?=[0-9])")


def sniff(source: Source) -> bool:
    """Tell whether the first record is ``##TITLE=``."""
    return begins_with_title(source.data)


def parse(source: Source, request: Request) -> Parsed:
    """Read the curves of all blocks.

    Raises
    ------
    DamagedFileError
        No data, or data that contradict themselves.
    UnsupportedFormError
        Data of another form than a curve.
    FileTooLargeError, AmbiguousAxisError, ColumnMissingError
        As their names say.
    """
    if request.column in {"raw", "raw-dark"}:
        raise ColumnMissingError(
            f"the column {request.column!r} is not in the file; JCAMP-DX holds one ordinate",
            "",
            "leave the column out, or export from the instrument with it",
        )
    lines, notes = jcamp_lines(source)
    blocks, more = read_blocks(lines)
    notes += more
    tables = [(block, record) for block in blocks for record in block.records]
    several = sum(1 for _, record in tables if record.label in CURVES and record.value) > 1
    traces: list[Trace] = []
    said: list[tuple[str, str]] = []
    refused: dict[str, None] = {}
    for block, record in tables:
        other = _other_content(block, record)
        if other:
            refused[other] = None
        elif record.label in CURVES and record.value:
            trace, more = _read(block, record, named=several, cut=bool(lines[-1].strip()))
            traces.append(trace)
            said += [(_title(block), note) for note in more]
    if not traces:
        raise _nothing(list(refused))
    return Parsed(tuple(traces), (*notes, *_named(said, len(traces)), *refused))


def _named(said: list[tuple[str, str]], curves: int) -> list[str]:
    """Return notes with the block they are about; what is said of all curves, once and without."""
    times = Counter(note for _, note in said)
    named = (note if times[note] == curves else f"Block {title!r}: {note}" for title, note in said)
    return list(dict.fromkeys(named))


def _other_content(block: Block, record: Record) -> str:
    """Return a sentence when the record holds something that is no curve, otherwise nothing."""
    what = OTHER_CONTENT.get(record.label, "")
    if record.label in CURVES and record.value and not _form(record)[0]:
        what = f"a table of the form {clip(_form(record)[2])!r}"
    if not what:
        return ""
    kind = block.text("DATATYPE").partition("\n")[0]
    said = f" ({clip(kind)})" if kind else ""
    return f"The block {_title(block)!r}{said} holds {what}, which is not read."


def _nothing(refused: list[str]) -> SpectraError:
    if refused:
        what = refused[0][0].lower() + refused[0][1:].removesuffix(".")
        return UnsupportedFormError(what, "", "export the spectrum as XYDATA or XYPOINTS")
    return DamagedFileError("the file holds no data table", "", EXPORT_AGAIN)


def _title(block: Block) -> str:
    return clip(block.text("TITLE").replace("\n", " ")) or f"of line {block.line}"


def _form(record: Record) -> tuple[str, int, str]:
    """Return the form of a table (``even``, ``pairs`` or nothing), its line, and what follows it.

    Where the form is neither, what follows is the form as written.
    """
    at = next(at for at, line in enumerate(record.lines) if line.strip())
    line = record.lines[at]
    for name, pattern in _FORMS.items():
        found = pattern.match(line)
        if found:
            return name, at, line[found.end() :]
    return "", at, line[:200]


@dataclass(frozen=True, eq=False, slots=True)
class _Table:
    """A table decoded: axis and ordinates, both scaled, and the place of an altered ordinate."""

    axis: Axis
    y: FloatArray
    notes: tuple[str, ...] = ()
    altered: str = ""


def _read(block: Block, record: Record, *, named: bool, cut: bool) -> tuple[Trace, list[str]]:
    """Return the curve of a table and what must be said; `cut`: the file's last line is open."""
    header, notes = header_of(block)
    nature = nature_of(block, peaks=record.label == "PEAKTABLE")
    open_end = not block.ended and record is block.records[-1]
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused below
        table = _table(block, record, header, cut=cut and open_end)
    if table.altered and not nature.kind:
        raise DamagedFileError("the check of the ordinates fails", table.altered, EXPORT_AGAIN)
    x, y = table.axis.x, table.y
    if not np.isfinite(x).all() or np.isinf(y).any():
        raise DamagedFileError("a number is too large", f"line {record.line}", EXPORT_AGAIN)
    short = table.axis.incomplete or (open_end and header.points != y.size)
    notes += [*nature.notes, *table.axis.notes, *table.notes, *_end_notes(y, header, open_end)]
    marks: set[Mark] = {"truncated"} if short else set()
    marks |= {"missing values"} if np.isnan(y).any() else set()
    trace = Trace(
        intensity=y,
        shift_cm1=x if nature.axis == "shift" else None,
        wavelength_nm=x if nature.axis == "wavelength" else None,
        other_axis=x if nature.axis == "other" else None,
        other_unit=nature.unit if nature.axis == "other" else "",
        intensity_unit=block.text("YUNITS").partition("\n")[0].strip(),
        kind=nature.kind,
        name=block.text("TITLE").replace("\n", " ") or None if named else None,
        laser_nm=laser_of(block),
        technique=nature.technique,
        acquisition=acquisition_of(block),
        history=(Step("column read", (("column", record.written),)),),
        metadata=metadata_of(block),
        marks=frozenset(marks),
    )
    exported = block.text(EXPORT_RECORD)
    if not exported:
        return trace, notes
    trace, more = with_record(trace, exported.replace("\n", ""))
    return trace, [*more, *table.axis.notes, *table.notes]


def _table(block: Block, record: Record, header: Header, *, cut: bool) -> _Table:
    form, at, rest = _form(record)
    comma = decimal_comma(block)
    numbered = [(record.line + at, rest), *list(enumerate(record.lines, record.line))[at + 1 :]]
    if cut and numbered:
        numbered.pop()  # half a number is a wrong number
    rows = [(line, _pointed(text, line, comma=comma)) for line, text in numbered if text.strip()]
    if not rows:
        raise DamagedFileError("the data table is empty", f"line {record.line}", EXPORT_AGAIN)
    if form == "pairs":
        pairs = decode_pairs(rows)
        return _Table(_stated_axis(pairs[:, 0], header), pairs[:, 1] * header.factor_y)
    found = decode_ordinates(rows)
    axis = even_axis(found.starts, len(found.values), header)
    notes, altered = _checks(found, rows[-1][0])
    y = np.array(found.values, dtype=np.float64) * header.factor_y
    return _Table(axis, y, tuple(notes), altered)


def _pointed(text: str, line: int, *, comma: bool) -> str:
    """Return a line with decimal points; refuse one whose commas may be either."""
    if comma:
        if "." in text:
            raise DamagedFileError(
                "the numbers have decimal points and decimal commas", f"line {line}", EXPORT_AGAIN
            )
        return _DECIMAL.sub(".", text)
    if "," in text and "." not in text and _GLUED.search(text) and _APART.search(text):
        raise AmbiguousAxisError(
            f"decimal and separating commas cannot be told apart in {clip(text)!r}",
            f"line {line}",
            "export with decimal points",
        )
    return text


def _stated_axis(stated: FloatArray, header: Header) -> Axis:
    """Return the axis of a table of pairs, and whether its end is missing."""
    x = stated * header.factor_x
    if header.points is None or header.points == x.size:
        return Axis(x)
    note = f"The header declares {header.points} points; the file holds {x.size}."
    usual = float(np.median(np.abs(np.diff(x)))) if x.size > 1 else 0.0
    reached = header.last_x is not None and abs(x[-1] - header.last_x) <= 1.5 * usual
    return Axis(x, x.size < header.points and not reached, (note,))


def _checks(found: Ordinates, last_line: int) -> tuple[list[str], str]:
    """Return what to say of checks that fail, and the place of one that has data behind it."""
    if not found.failed:
        return [], ""
    line, apart = found.failed[0]
    note = (
        f"{len(found.failed)} of the checks that repeat an ordinate do not agree with it, first in "
        f"line {line} by {apart:g}; the ordinates were kept as they follow from each other."
    )
    return [note], f"line {line}" if line < last_line else ""


def _end_notes(y: FloatArray, header: Header, open_end: bool) -> list[str]:
    notes = []
    if header.first_y is not None and np.isfinite(y[0]):
        allowed = max(1e-3 * abs(header.first_y), 1.01 * abs(header.factor_y))
        if abs(y[0] - header.first_y) > allowed:
            notes.append(
                f"The header says the first ordinate is {header.first_y:g}; it is {y[0]:g}."
            )
    if open_end:
        notes.append("The file ends without ##END=.")
    return notes
