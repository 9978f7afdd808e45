"""Ocean Optics text: SpectraSuite, OOIBase32, OceanView and Jaz, in whatever language.

'key: value' lines, '>>>>>Begin ... Spectral Data<<<<<', rows, mostly an end mark. The words between
the arrows are translated in localised versions, so only the arrows are looked at. Jaz names its
columns W D R S P (wavelength, dark, reference, sample, processed). Numbers may have a decimal comma
or an engineering exponent ('18.995E0'). The axis is in nm unless 'XAxis mode' says otherwise.
"""

from __future__ import annotations

import re
from dataclasses import replace

from library.errors import ColumnMissingError
from library.formats.assemble import Facts, counts_saturated
from library.formats.axis import SPECTROMETER_NM, unit_of, with_axis
from library.formats.records import Column, Metadata, Parsed, Request, Source, Trace
from library.formats.table import Table, declared_points, only_processed, read_table, with_decimal
from library.formats.text import clip, number
from matching.spectrum import Acquisition, FloatArray, Step

NAME = "Ocean Optics text"
HEADER_LINES = 200
LONGEST_MARK = 200
_MARK = re.compile(r">>>>>.*<<<<<.*")
_KIND = re.compile(r"irradiance|transmi(?:ssion|ttance)|absorbance|reflect(?:ion|ance)", re.I)
_UNITS_MS = {"usec": 1e-3, "msec": 1.0, "sec": 1e3}
JAZ: dict[Column, tuple[str, ...]] = {"processed": ("P",), "raw": ("S",), "raw-dark": ("S", "D")}
COUNTS = ("Number of Pixels in Processed Spectrum", "Number of Pixels in Spectrum")


def sniff(source: Source) -> bool:
    """Tell whether a line of arrows follows lines of 'key: value'."""
    begin = _mark(source, 0, HEADER_LINES)
    return begin is not None and any(": " in line for line in source.lines[:begin])


def _mark(source: Source, start: int, stop: int | None = None) -> int | None:
    """Return the index of the next line of arrows, or None."""
    for at, line in enumerate(source.lines[start:stop], start):
        if line.startswith(">>>>>") and len(line) < LONGEST_MARK and _MARK.fullmatch(line):
            return at
    return None


def parse(source: Source, request: Request) -> Parsed:
    """Read the one spectrum between the first two marks."""
    begin = _mark(source, 0, HEADER_LINES) or 0
    end = _mark(source, begin + 1)
    metadata = _metadata(source.lines[:begin])
    facts = Facts(metadata)
    table = _table(source, begin + 1, end)
    intensity, step, saturated = _pick(table, request)
    trace = Trace(
        intensity=intensity,
        kind=_kind(source.lines[0]),
        laser_nm=facts.positive("Excitation Wavelength (nm)"),
        first_line=table.first_line,
        acquisition=replace(_acquisition(facts), saturated=saturated),
        history=(step, *_vendor_steps(facts)),
        metadata=metadata,
    )
    trace, notes = _with_axis(trace, table.values(0), facts)
    trace, more = _complete(trace, table, facts, closed=end is not None)
    return Parsed((trace,), (*notes, *more, *facts.notes))


def _metadata(lines: tuple[str, ...]) -> Metadata:
    pairs = (line.partition(":") for line in lines if ":" in line)
    return tuple((key.strip(), value.strip()) for key, _, value in pairs)


def _table(source: Source, start: int, end: int | None) -> Table:
    """Cut the rows below the begin mark, and below Jaz's row of letters."""
    names = ["wavelength", "intensity"]
    first = source.lines[start].strip() if start < len(source.lines) else ""
    if first.startswith("W\t"):
        names = first.split("\t")
        start += 1
    row = source.lines[start] if start < len(source.lines) else ""
    return with_decimal(read_table(source, start, names, "\t" if "\t" in row else " ", stop=end))


def _pick(table: Table, request: Request) -> tuple[FloatArray, Step, bool]:
    """Return the intensities asked for, what they are, and whether raw counts are saturated."""
    names = list(table.names)
    if names[0] != "W":
        only_processed(request)
        return table.values(1), Step("column read", (("column", "intensity"),)), False
    wanted: Column = request.column or ("processed" if "P" in names else "raw")
    needed = JAZ[wanted]
    if not set(needed) <= set(names):
        raise ColumnMissingError(
            f"the column {wanted!r} ({' and '.join(needed)}) is not in the file; it holds "
            f"{clip(', '.join(names[1:]))}",
            "",
            "choose one of the columns present, or export the spectrum with that column",
        )
    saturated = "S" in names and counts_saturated(table.values(names.index("S")))
    first = table.values(names.index(needed[0]))
    if len(needed) == 1:
        return first, Step("column read", (("column", needed[0]),)), saturated
    step = Step("dark subtracted", (("column", "S"), ("dark", "D")))
    return first - table.values(names.index("D")), step, saturated


def _kind(first_line: str) -> str:
    found = _KIND.search(first_line)
    return found[0].lower() if found else ""


def _with_axis(trace: Trace, axis: FloatArray, facts: Facts) -> tuple[Trace, list[str]]:
    stated = facts.text("XAxis mode")
    if stated is not None:
        return with_axis(trace, axis, unit_of(stated.removesuffix("s"))), []
    low, high = float(axis.min()), float(axis.max())
    if SPECTROMETER_NM[0] <= low and high <= SPECTROMETER_NM[1]:
        note = "The file does not state the unit of its axis: it was taken as nm."
        return with_axis(trace, axis, "nm"), [note]
    doubt = f"the axis runs from {low:g} to {high:g} without a unit, which is no spectrometer's nm"
    return with_axis(trace, axis, "", doubt), []


def _complete(trace: Trace, table: Table, facts: Facts, *, closed: bool) -> tuple[Trace, list[str]]:
    """Compare the rows with the header's count; a file that ends early is marked."""
    declared = next(
        (n for key in COUNTS if (n := declared_points(facts.metadata, key)) is not None), None
    )
    if declared is not None and table.rows < declared:
        return replace(trace, marks=frozenset({"truncated"})), []
    if declared is not None and table.rows > declared:
        note = f"The header declares {declared} pixels; the file holds {table.rows} rows."
        return trace, [note]
    if declared is None and not closed:
        return trace, ["The file has neither a count of its rows nor an end mark to compare with."]
    return trace, []


def _acquisition(facts: Facts) -> Acquisition:
    return Acquisition(
        integration_time_ms=_integration_ms(facts),
        averages=_whole(facts.text("Spectra Averaged", "Scans to average")),
        instrument=facts.text("Spectrometer Type"),
        serial=facts.text("Spectrometers", "Spectrometer", "Spectrometer Serial Number"),
        measured_at=facts.text("Date"),
    )


def _integration_ms(facts: Facts) -> float | None:
    for unit, factor in _UNITS_MS.items():
        text = (facts.text(f"Integration Time ({unit})") or "").partition("(")[0]
        value = number(text)
        if value is not None and value > 0:
            return value * factor
    return None


def _whole(text: str | None) -> int | None:
    value = number((text or "").partition("(")[0])
    return int(value) if value is not None and value == int(value) and 1 <= value < 1e9 else None


def _vendor_steps(facts: Facts) -> tuple[Step, ...]:
    keys = ("Boxcar Smoothing", "Boxcar width", "Correct for Electrical Dark",
            "Electric dark correction enabled", "Correct for Detector Non-linearity",
            "Nonlinearity correction enabled", "Correct for Stray Light")  # fmt: skip
    done = tuple((key, (facts.text(key) or "").partition("(")[0].strip()) for key in keys)
    done = tuple(pair for pair in done if pair[1].lower() not in {"", "0", "no", "false"})
    return (Step("processed by the vendor's program", done),) if done else ()
