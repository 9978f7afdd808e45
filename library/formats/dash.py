"""Wasatch ENLIGHTEN and Dash CSV in row order: one line for each curve, facts before its pixels.

The first line is 'Dash Output v2.1,...', the second names the facts. Lines whose note is 'pixels',
'wavelengths' or 'wavenumbers' hold axes; lines of one number hold one measurement: processed, raw,
dark, reference. Where a file has no axis its polynomial ('CCD C0' to 'C3') gives the wavelengths.
The layout is that of the program's published source; no real file was at hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from library.errors import DamagedFileError, FileTooLargeError
from library.formats import enlighten
from library.formats.assemble import Facts
from library.formats.records import Metadata, Parsed, Request, Source, Trace
from library.formats.table import MAX_CELLS, Table
from library.formats.text import EXPORT_AGAIN, clip, split_csv
from matching.errors import SpectraError

NAME = "ENLIGHTEN rows (Dash) CSV"
MARK = ("Dash Output", '"Dash Output')
AXES = {"pixels": "pixel", "wavelengths": "wavelength", "wavenumbers": "wavenumber"}
POLYNOMIAL = ("CCD C0", "CCD C1", "CCD C2", "CCD C3")
POLYNOMIAL_NOTE = (
    "The file has no axis: its wavelengths were computed from the coefficients it states."
)


@dataclass(slots=True)
class _Measurement:
    """Lines of one number: their cells by kind, the facts before them, and the first line."""

    line: int
    metadata: Metadata
    columns: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def sniff(source: Source) -> bool:
    """Tell whether the first line is Dash's and the second names the facts."""
    lines = source.lines[:2]
    return len(lines) == 2 and lines[0].startswith(MARK) and "Pixel Count" in lines[1][:5_000]


def parse(source: Source, request: Request) -> Parsed:
    """Read every measurement; an incomplete line condemns the file, with its number."""
    fields = [cell for cell in split_csv(source.lines[1]) if cell]
    measurements, axes = _lines(source, fields)
    if not measurements:
        raise DamagedFileError("the file holds no measurement", "", EXPORT_AGAIN)
    traces: list[Trace] = []
    notes: list[str] = []
    for found in measurements:
        facts = Facts(found.metadata)
        columns = dict(axes.get(facts.text("Blank") or "", axes.get("", {})))
        if not {"wavelength", "wavenumber"} & set(columns):
            columns["wavelength"] = _computed(facts, len(next(iter(found.columns.values()))))
            notes.append(POLYNOMIAL_NOTE)
        columns |= found.columns
        names = tuple(
            f"{kind}, line {found.lines[kind]}" if kind in found.lines else kind for kind in columns
        )
        table = Table(names, tuple(columns.values()), found.line, across=True)
        try:
            trace, more = enlighten.measurement(table, list(columns), facts, request)
        except SpectraError as error:
            raise error.at(f"measurement from line {found.line}") from error
        serial = facts.text("Blank")
        acquired = trace.acquisition if not serial else replace(trace.acquisition, serial=serial)
        name = facts.text("Note") or None
        traces.append(replace(trace, acquisition=acquired, name=name))
        notes += more
    return Parsed(tuple(traces), tuple(dict.fromkeys(notes)))


def _lines(
    source: Source, fields: list[str]
) -> tuple[list[_Measurement], dict[str, dict[str, list[str]]]]:
    """Cut the lines into measurements and, by serial number, axes."""
    axes: dict[str, dict[str, list[str]]] = {}
    found: list[_Measurement] = []
    number, total = "", 0
    for at, line in enumerate(source.lines[2:], 3):
        if not line.strip():
            continue
        cells = split_csv(line)
        total += len(cells)
        if total > MAX_CELLS:
            raise FileTooLargeError(
                "the file holds more measurements than a session has", "", "split it"
            )
        facts = dict(zip(fields, cells, strict=False))
        pixels, note = cells[len(fields) :], facts.get("Note", "").lower()
        if not pixels:
            raise DamagedFileError("the line holds no pixels", f"line {at}", EXPORT_AGAIN)
        if note in AXES:
            axes.setdefault(facts.get("Blank", ""), {})[AXES[note]] = pixels
            axes.setdefault("", {})[AXES[note]] = pixels
            continue
        first = facts.get("Line Number", "") != number or not found
        if first:
            number = facts.get("Line Number", "")
            found.append(_Measurement(at, tuple(facts.items())))
        _add(found[-1], note, pixels, at, first=first)
    return found, axes


def _add(measurement: _Measurement, note: str, pixels: list[str], at: int, *, first: bool) -> None:
    kind = note if note in enlighten.KINDS[1:] else "processed"
    if not first and (kind == "processed" or kind in measurement.columns):
        raise DamagedFileError(
            f"the line's note {clip(note)!r} is no raw, dark or reference, and its number is that "
            "of the line before",
            f"line {at}",
            EXPORT_AGAIN,
        )
    known = measurement.columns
    if known and len(pixels) != len(next(iter(known.values()))):
        raise DamagedFileError(
            f"the line has {len(pixels)} pixels, the one before it "
            f"{len(next(iter(known.values())))}",
            f"line {at}",
            EXPORT_AGAIN,
        )
    known[kind] = pixels
    measurement.lines[kind] = at


def _computed(facts: Facts, count: int) -> list[str]:
    """Return wavelengths in nm at `count` pixels, from the coefficients the file states."""
    coefficients = [facts.number(key) for key in POLYNOMIAL]
    known = [value for value in coefficients if value is not None]
    if len(known) < len(POLYNOMIAL) or not coefficients[1]:
        raise DamagedFileError(
            "the file has neither an axis nor the coefficients of one", "", EXPORT_AGAIN
        )
    with np.errstate(over="ignore", invalid="ignore"):
        wavelengths = np.polynomial.polynomial.polyval(np.arange(count), known)
    return [repr(float(value)) for value in wavelengths]
