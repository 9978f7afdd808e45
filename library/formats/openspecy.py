"""Open Specy: JSON with 'wavenumber' and 'spectra', or CSV with the axis as the first row.

Its CSV in columns ('wavenumber,intensity') is read as two columns. What kind of spectrum it is
stands in the JSON only.
"""

from __future__ import annotations

from dataclasses import replace

from library.errors import DamagedFileError
from library.formats.axis import with_unstated_axis
from library.formats.json_text import cells, head, part, read_object
from library.formats.records import Metadata, Parsed, Request, Source, Trace
from library.formats.table import only_processed
from library.formats.text import EXPORT_AGAIN, clip, number, numbers, split_csv
from matching.spectrum import MIN_POINTS, FloatArray, Step

NAME = "Open Specy"
MOST_ROWS = 500
LONGEST_HEAD = 400
UNIT_NOTE = "Open Specy does not state the unit of its axis: it was taken as Raman shift in cm-1."


def sniff(source: Source) -> bool:
    """Tell whether it is Open Specy's JSON, or a few rows of many numbers each."""
    text = head(source)
    if text:
        return '"wavenumber"' in text[:LONGEST_HEAD] and not text.startswith('{"metadata"')
    rows = _rows(source)
    return 2 <= len(rows) <= MOST_ROWS and all(_begins_with_numbers(row) for row in rows)


def _begins_with_numbers(row: str) -> bool:
    cells = row[:LONGEST_HEAD].split(",")[:MIN_POINTS]
    return len(cells) == MIN_POINTS and None not in map(number, cells)


def _rows(source: Source) -> list[str]:
    return [line for line in source.lines[: MOST_ROWS + 2] if line.strip()]


def parse(source: Source, request: Request) -> Parsed:
    """Read every spectrum of the file."""
    only_processed(request)
    return _object(source) if head(source) else _table(source)


def _table(source: Source) -> Parsed:
    """Read rows: the axis and names of facts, then intensities and facts of each spectrum."""
    rows = [(at, split_csv(line)) for at, line in enumerate(source.lines, 1) if line.strip()]
    first, names = rows[0]
    points = next((k for k, cell in enumerate(names) if number(cell) is None), len(names))
    axis = _row(names[:points], first)
    traces: list[Trace] = []
    notes: list[str] = []
    for at, row in rows[1:]:
        if len(row) != len(names):
            raise DamagedFileError(
                f"the line has {len(row)} columns where {len(names)} are expected",
                f"line {at}",
                EXPORT_AGAIN,
            )
        facts = tuple(zip(names[points:], row[points:], strict=True))
        curve = {f"row {at}": _row(row[:points], at)}
        found = _traces(axis, curve, _kind(facts), facts)
        traces += [
            replace(trace, name=f"row {at}" if len(rows) > 2 else None) for trace in found.traces
        ]
        notes += [note for note in found.notes if note not in notes]
    return Parsed(tuple(traces), tuple(notes))


def _row(row: list[str], at: int) -> FloatArray:
    return numbers(row, column=f"line {at}", first_line=at, across=True)


def _kind(facts: Metadata) -> str:
    """Return the kind of spectrum stated, where it is not Raman."""
    stated = dict(facts).get("spectrum_type", "")
    return stated if stated and "raman" not in stated.lower() else ""


def _object(source: Source) -> Parsed:
    found = read_object(source)
    axis = _values(found.get("wavenumber"), "wavenumber")
    spectra = found.get("spectra")
    several = spectra if isinstance(spectra, dict) else {"intensity": spectra}
    curves = {str(name): _values(value, str(name)) for name, value in several.items()}
    metadata: Metadata = tuple(
        (key, _word(value)) for key, value in part(found, "metadata").items()
    )
    return _traces(axis, curves, _kind(metadata), metadata)


def _values(value: object, name: str) -> FloatArray:
    return numbers(cells(value, name), column=f"list {clip(name)!r}", first_line=1, across=True)


def _word(value: object) -> str:
    """Return a fact, which Open Specy writes as a list of one."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return str(value)[:1000] if isinstance(value, str | int | float) else ""


def _traces(
    axis: FloatArray, curves: dict[str, FloatArray], kind: str, metadata: Metadata
) -> Parsed:
    traces, notes = [], list[str]()
    for name, intensity in curves.items():
        if intensity.size != axis.size:
            raise DamagedFileError(
                f"{clip(name)!r} has {intensity.size} values, the axis {axis.size}",
                "",
                EXPORT_AGAIN,
            )
        trace = Trace(
            intensity=intensity,
            kind=kind,
            name=name if len(curves) > 1 else None,
            history=(Step("column read", (("column", clip(name)),)),),
            metadata=metadata,
        )
        if kind:
            traces.append(replace(trace, other_axis=axis, other_unit="1/cm"))
            continue
        trace, more = with_unstated_axis(trace, axis, UNIT_NOTE)
        traces.append(trace)
        notes += [note for note in more if note not in notes]
    if not traces:
        raise DamagedFileError("the file holds no spectrum", "", EXPORT_AGAIN)
    return Parsed(tuple(traces), tuple(notes))
