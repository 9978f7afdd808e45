"""Horiba LabSpec text: '#key=<tab>value' lines, then two columns, or a series or map in rows.

The axis of a single spectrum runs either way. In a series the first row of numbers, behind one
blank cell for each coordinate, is the axis, and every further row is one spectrum behind its
coordinates (time, position). '#AxisUnit[1]=' states the unit of the axis; older programs only
have it in the name of the range or of the spectrometer's position ('#Spectro (cm-1)=').
"""

from __future__ import annotations

import re
from dataclasses import replace

from library.errors import DamagedFileError, FileTooLargeError
from library.formats.assemble import Facts
from library.formats.axis import unit_of, with_axis, with_unstated_axis
from library.formats.records import Metadata, Parsed, Request, Source, Trace
from library.formats.table import MAX_CELLS, only_processed, read_table, with_decimal
from library.formats.text import EXPORT_AGAIN, clip, number, numbers
from matching.spectrum import Acquisition, FloatArray, Step

NAME = "LabSpec text"
HEADER_LINES = 500
KEYS = ("#Acq. time", "#Accumulations=", "#AxisUnit[", "#AxisType[", "#Acquired=", "#Spectro (")
_LINE_IN_NM = re.compile(r"([0-9]{3,4}(?:[.,][0-9]+)?)[ _]?nm(?![A-Za-z])")
_NAMED_UNIT = re.compile(r"(?:Range|Spectro) \((.{2,6})\)")


def sniff(source: Source) -> bool:
    """Tell whether the file begins with '#' lines and one of them is LabSpec's own."""
    head = _head(source)
    return any(line.startswith(KEYS) and "=" in line for line in source.lines[:head])


def _head(source: Source) -> int:
    """Return the number of lines before the first that is neither blank nor begins with '#'."""
    for at, line in enumerate(source.lines[:HEADER_LINES]):
        if line.strip() and not line.startswith("#"):
            return at
    return min(len(source.lines), HEADER_LINES)


def parse(source: Source, request: Request) -> Parsed:
    """Read the one spectrum, or every spectrum of a series or map."""
    only_processed(request)
    head = _head(source)
    if head == len(source.lines):
        raise DamagedFileError("no numbers follow the header", f"line {head}", EXPORT_AGAIN)
    metadata = _metadata(source.lines[:head])
    facts = Facts(metadata)
    laser, notes = _laser(facts)
    base = Trace(
        intensity=_NONE,
        intensity_unit=facts.text("AxisUnit[0]") or "",
        laser_nm=laser,
        acquisition=_acquisition(facts),
        history=(Step("column read", (("column", "intensity"),)), *_vendor_steps(facts)),
        metadata=metadata,
    )
    unit, more = _unit(facts)
    notes += more
    if source.lines[head].startswith("\t"):
        traces, more = _series(source, head, base, unit, facts)
    else:
        traces, more = _single(source, head, base, unit)
    return Parsed(traces, (*notes, *more, *facts.notes))


_NONE: FloatArray = numbers((), column="", first_line=0)


def _metadata(lines: tuple[str, ...]) -> Metadata:
    pairs = (line.removeprefix("#").partition("=") for line in lines if line.strip())
    return tuple((key.strip(), value.strip()) for key, _, value in pairs)


def _unit(facts: Facts) -> tuple[str, list[str]]:
    """Return the unit of the spectral axis, empty where nothing states it, and what is assumed."""
    stated = facts.text("AxisUnit[1]")
    if stated:
        return unit_of(stated), []
    for key, _ in facts.metadata:
        named = _NAMED_UNIT.fullmatch(key)
        unit = unit_of(named[1]) if named else ""
        if unit in {"cm-1", "nm"}:
            return unit, [f"The axis was taken to be in the unit of the header's {key!r}."]
    return "", []


def _laser(facts: Facts) -> tuple[float | None, list[str]]:
    stated = facts.positive("Laser (nm)")
    if stated is not None:
        return stated, []
    named = facts.text("Laser") or ""
    found = _LINE_IN_NM.search(named)
    value = number(found[1]) if found else None
    if value is None:
        return None, []
    return value, [f"The laser line {value:g} nm was taken from the laser's name, {clip(named)!r}."]


def _acquisition(facts: Facts) -> Acquisition:
    seconds = facts.positive("Acq. time (s)")
    power = facts.text("Laser power", "ND Filter")
    return Acquisition(
        integration_time_ms=None if seconds is None else seconds * 1000.0,
        averages=facts.count("Accumulations"),
        laser_power=power,
        detector_temperature_c=facts.number("Detector temperature (°C)"),
        instrument=facts.text("Instrument"),
        detector=facts.text("Detector"),
        measured_at=facts.text("Acquired", "Date"),
    )


def _vendor_steps(facts: Facts) -> tuple[Step, ...]:
    keys = ("DeNoise", "ICS correction", "Dark correction", "Inst. Process", "Base:Fit Sub")
    done = tuple((key, facts.text(key) or "") for key in keys)
    done = tuple(pair for pair in done if pair[1].lower() not in {"", "off", "no"})
    return (Step("processed by the vendor's program", done),) if done else ()


def _with_unit(trace: Trace, axis: FloatArray, unit: str) -> tuple[Trace, list[str]]:
    if unit:
        return with_axis(trace, axis, unit), []
    note = "The file does not state the unit of its axis: it was taken as Raman shift in cm-1."
    return with_unstated_axis(trace, axis, note)


def _single(
    source: Source, head: int, base: Trace, unit: str
) -> tuple[tuple[Trace, ...], list[str]]:
    first = source.lines[head]
    separator = next((mark for mark in "\t;" if mark in first), ",")
    table = read_table(source, head, ("axis", "intensity"), separator)
    if separator != ",":
        table = with_decimal(table)
    trace = replace(base, intensity=table.values(1), first_line=table.first_line)
    trace, notes = _with_unit(trace, table.values(0), unit)
    return (trace,), notes


def _series(
    source: Source, head: int, base: Trace, unit: str, facts: Facts
) -> tuple[tuple[Trace, ...], list[str]]:
    """Read rows of intensities below the row that holds the axis."""
    lines = list(source.lines[head:])
    while lines and not lines[-1].strip():
        lines.pop()
    width = lines[0].count("\t") + 1
    lead = width - len(lines[0].lstrip("\t").split("\t"))
    if len(lines) * width > MAX_CELLS:
        raise FileTooLargeError(
            f"{len(lines):,} rows of {width:,} columns are more than a spectrum or session has",
            "",
            "split it into smaller files",
        )
    decimal = _decimal(lines, head)
    axis = _row(lines[0], lead, head + 1, decimal)
    axis.flags.writeable = False
    placed, notes = _with_unit(base, axis, unit)
    labels = _coordinates(facts, lead)
    traces = []
    for at, line in enumerate(lines[1:], head + 2):
        if line.count("\t") != width - 1:
            raise _ragged(line, width, at, last=at == head + len(lines))
        where = tuple(zip(labels, line.split("\t", lead)[:lead], strict=True))
        traces.append(
            replace(
                placed,
                intensity=_row(line, lead, at, decimal),
                name=", ".join(f"{label} {value.strip()}" for label, value in where),
                metadata=(*base.metadata, *where),
            )
        )
    if not traces:
        raise DamagedFileError("no spectrum follows the axis", f"line {head + 1}", EXPORT_AGAIN)
    return tuple(traces), notes


def _decimal(lines: list[str], head: int) -> str:
    """Return the decimal mark of the rows; raise DamagedFileError when they have both."""
    comma = any("," in line for line in lines)
    if comma and any("." in line for line in lines):
        raise DamagedFileError(
            "the numbers have decimal points and decimal commas",
            f"from line {head + 1}",
            EXPORT_AGAIN,
        )
    return "," if comma else "."


def _row(line: str, lead: int, at: int, decimal: str) -> FloatArray:
    cells = line.split("\t")[lead:]
    return numbers(cells, column=f"line {at}", first_line=at, decimal=decimal, across=True)


def _ragged(line: str, width: int, at: int, *, last: bool) -> DamagedFileError:
    found = line.count("\t") + 1
    what = f"the line has {found} columns where {width} are expected"
    if last and found < width:
        what = f"the file was cut off: the last line has {found} of {width} columns"
    return DamagedFileError(what, f"line {at}", EXPORT_AGAIN)


def _coordinates(facts: Facts, count: int) -> list[str]:
    """Return what the leading columns are, from '#AxisType[2]=' and '#AxisUnit[2]=' on."""
    labels = []
    for index in range(2, count + 2):
        kind = facts.text(f"AxisType[{index}]") or "position"
        unit = facts.text(f"AxisUnit[{index}]")
        labels.append(f"{kind} ({unit})" if unit else kind)
    return [
        label if labels.count(label) == 1 else f"{label} {k}" for k, label in enumerate(labels, 1)
    ]
