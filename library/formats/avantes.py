"""Avantes text: AvaSoft's .ttt/.trt and its later text and CSV exports, axis in nm.

'Wave   ;Dark     ;Sample...' above '[nm]   ;[counts]...'; or 'Filename-->,' lines above
'Wavelength[nm],<title>'. A file with a computed column (transmittance, absorbance...) is no Raman
spectrum: its first column of numbers is given, and the others when asked for.
"""

from __future__ import annotations

import re
from dataclasses import replace

from library.errors import ColumnMissingError, DamagedFileError
from library.formats.assemble import Facts, counts_saturated
from library.formats.records import Column, Metadata, Parsed, Request, Source, Trace
from library.formats.table import Table, read_table, with_decimal
from library.formats.text import EXPORT_AGAIN, clip, number
from matching.spectrum import Acquisition, FloatArray, Step

NAME = "Avantes text"
HEADER_LINES = 30
LONGEST_LINE = 500
COMPUTED = ("transm", "reflect", "absorb", "irradi", "relative")
_NAMES = re.compile(r"\s*Wave(?:length)?\s*;")
_CSV_NAMES = re.compile(r"Wavelength ?\[nm\],")
_TIME = re.compile(r"Integration time(?: \[ms\])?:\s*([0-9.,]+)")
_SCANS = re.compile(r"(?:Average|Averaging Nr\. \[scans\]):\s*([0-9]+)")
_SERIAL = re.compile(r"Data measured with spectrometer .*: (\S+)")


def sniff(source: Source) -> bool:
    """Tell whether AvaSoft's row of names stands above its row of units, or its CSV header."""
    return _names_row(source) is not None


def _names_row(source: Source) -> int | None:
    head = [line[:LONGEST_LINE] for line in source.lines[:HEADER_LINES]]
    for at, line in enumerate(head[:-1]):
        if _NAMES.match(line) and head[at + 1].lstrip().startswith("[nm]"):
            return at
        if _CSV_NAMES.match(line) and any("-->," in earlier for earlier in head[:at]):
            return at
    return None


def parse(source: Source, request: Request) -> Parsed:
    """Read the column asked for."""
    at = _names_row(source)
    if at is None:
        raise DamagedFileError("the row of column names is missing", "", EXPORT_AGAIN)
    metadata = _metadata(source.lines[:at])
    csv = ";" not in source.lines[at]
    separator = "," if csv else ";"
    names = [cell.strip() for cell in source.lines[at].split(separator)]
    units = [] if csv else [cell.strip() for cell in source.lines[at + 1].split(separator)]
    start = at + (1 if csv else 2)
    while start < len(source.lines) and not source.lines[start].strip():
        start += 1
    table = read_table(source, start, names, separator)
    if not csv:
        table = with_decimal(table)
    facts = Facts(metadata)
    kind = _kind(names, facts)
    intensity, step, notes = _pick(table, request.column, kind)
    column = dict(step.settings)["column"]
    trace = Trace(
        intensity=intensity,
        wavelength_nm=table.values(0),
        intensity_unit=dict(zip(names, units, strict=False)).get(column, "").strip("[]"),
        kind=kind if kind in ("", column) else f"a measurement of {kind}",
        first_line=table.first_line,
        acquisition=replace(_acquisition(source.lines[:at], facts), saturated=_saturated(table)),
        history=(step,),
        metadata=metadata,
    )
    return Parsed((trace,), tuple(notes))


def _metadata(lines: tuple[str, ...]) -> Metadata:
    pairs = []
    for line in lines:
        mark = "-->," if "-->," in line else ":"
        key, found, value = line.partition(mark)
        if line.strip():
            pairs.append((key.strip(), value.strip()) if found else ("comment", line.strip()))
    return tuple(pairs)


def _kind(names: list[str], facts: Facts) -> str:
    """Return what was computed, where that is not a count of photons."""
    stated = [facts.text("Mode/Unit") or "", *names[1:]]
    return next((text for text in stated if text.lower().startswith(COMPUTED)), "")


def _pick(table: Table, asked: Column | None, kind: str) -> tuple[FloatArray, Step, list[str]]:
    names = list(table.names)
    computed = [name for name in names[1:] if name.lower().startswith(COMPUTED)]
    default = names[1] if kind or "Sample" not in names else "Sample"
    needed = {
        None: [default],
        "processed": computed[-1:] if "Sample" in names or computed else [names[1]],
        "raw": ["Sample"],
        "raw-dark": ["Sample", "Dark"],
    }[asked]
    if not needed or not set(needed) <= set(names):
        raise ColumnMissingError(
            f"the column {asked!r} is not in the file; it holds {clip(', '.join(names[1:]), 80)}",
            "",
            "choose one of the columns present, or export the spectrum with that column",
        )
    first = table.values(names.index(needed[0]))
    others = [name for name in names[1:] if name not in needed]
    notes = []
    if asked is None and others:
        notes = [f"Of the file's columns {needed[0]!r} was taken, not {clip(', '.join(others))}."]
    if len(needed) == 1:
        return first, Step("column read", (("column", needed[0]),)), notes
    step = Step("dark subtracted", (("column", "Sample"), ("dark", "Dark")))
    return first - table.values(names.index("Dark")), step, notes


def _saturated(table: Table) -> bool:
    names = list(table.names)
    return "Sample" in names and counts_saturated(table.values(names.index("Sample")))


def _acquisition(lines: tuple[str, ...], facts: Facts) -> Acquisition:
    text = "\n".join(line[:LONGEST_LINE] for line in lines)
    found = {key: pattern.search(text) for key, pattern in
             {"time": _TIME, "scans": _SCANS, "serial": _SERIAL}.items()}  # fmt: skip
    time, scans, serial = found["time"], found["scans"], found["serial"]
    return Acquisition(
        integration_time_ms=_positive(time[1] if time else facts.text("Int.time[ms]")),
        averages=int(scans[1][:9]) or None if scans else None,
        serial=serial[1] if serial else None,
    )


def _positive(text: str | None) -> float | None:
    value = number(text or "")
    return value if value is not None and value > 0 else None
