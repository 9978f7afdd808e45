"""Wasatch ENLIGHTEN CSV with one spectrum: 'key,value' lines, then named columns.

The columns may be any subset of Pixel, Wavelength, Wavenumber, Processed, Raw, Dark, Reference;
'Wavenumber' is the Raman shift in cm-1. Rows outside the region of interest hold NA.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from library.errors import ColumnMissingError, DamagedFileError
from library.formats.assemble import Facts, counts_saturated
from library.formats.records import Column, Metadata, Parsed, Request, Source, Trace
from library.formats.table import Table, check_pixels, declared_points, read_table, valid_rows
from library.formats.text import EXPORT_AGAIN, clip, split_csv
from matching.spectrum import Acquisition, FloatArray, Step, Technique

NAME = "ENLIGHTEN CSV"
AXES = ("pixel", "wavelength", "wavenumber")
KINDS = ("processed", "raw", "dark", "reference")
HEADER_LINES = 500
RAMAN_TECHNIQUES = {"", "raman", "scope", "sers", "none"}
GRID_CM1 = 0.011  # two decimals in the file


def find_columns(source: Source) -> tuple[int, list[str]] | None:
    """Return index and lower-case names of the column row of any ENLIGHTEN file, or None."""
    for at, line in enumerate(source.lines[:HEADER_LINES]):
        names = [cell.lower() for cell in split_csv(line)] if "wave" in line.lower() else []
        leading = names[: next((i for i, n in enumerate(names) if n not in AXES), len(names))]
        if len(names) > len(leading) and {"wavenumber", "wavelength"} & set(leading):
            return at, names
    return None


def read_metadata(lines: tuple[str, ...]) -> Metadata:
    """Return the 'key,value' lines; a value may itself hold commas."""
    pairs = (line.partition(",") for line in lines if line.strip())
    return tuple((key.strip(), value.strip()) for key, _, value in pairs)


def sniff(source: Source) -> bool:
    """Tell whether a row names an axis and only kinds of intensity, each once."""
    found = find_columns(source)
    if found is None:
        return False
    rest = [name for name in found[1] if name not in AXES]
    return set(rest) <= set(KINDS) and len(set(found[1])) == len(found[1])


def parse(source: Source, request: Request) -> Parsed:
    """Read the one spectrum of the file."""
    found = find_columns(source)
    if found is None:
        raise DamagedFileError("the row of column names is missing", "", EXPORT_AGAIN)
    at, names = found
    metadata = read_metadata(source.lines[:at])
    table = read_table(source, at + 1, [cell.strip() for cell in source.lines[at].split(",")], ",")
    trace, notes = measurement(table, names, Facts(metadata), request)
    if "ENLIGHTEN Version" not in dict(metadata):
        notes.append("No ENLIGHTEN version line; the format was recognised by its column names.")
    return Parsed((trace,), tuple(notes))


def measurement(
    table: Table, names: list[str], facts: Facts, request: Request
) -> tuple[Trace, list[str]]:
    """Return one measurement, whose columns' kinds are `names`, and what was assumed."""
    intensity, rows, steps, notes = pick(table, names, request.column)
    notes += check_declared(table, names, facts, rows)
    trace = Trace(
        intensity=intensity,
        shift_cm1=_axis(table, names, "wavenumber", rows),
        wavelength_nm=_axis(table, names, "wavelength", rows),
        first_line=None if table.across else table.first_line + rows.start,
        laser_nm=facts.positive("Laser Wavelength"),
        kind=kind(facts),
        technique=technique(facts),
        acquisition=replace(acquisition(facts), saturated=raw_saturated(table, names)),
        history=(*vendor_steps(facts, steps), *steps),
        metadata=facts.metadata,
    )
    return trace, [*notes, *facts.notes]


def _axis(table: Table, names: list[str], name: str, rows: slice) -> FloatArray | None:
    return table.values(names.index(name), rows) if name in names else None


def pick(
    table: Table, names: list[str], column: Column | None, *, where: str = ""
) -> tuple[FloatArray, slice, tuple[Step, ...], list[str]]:
    """Return intensity, its rows, what was done, and what was assumed, for the column asked.

    `names` are the kinds of the table's columns in lower case. Nothing asked means the processed
    column, or what else there is, said so. A column asked for is never replaced.

    Raises
    ------
    ColumnMissingError
        Naming the columns that are there.
    """
    present = [name for name in names if name in KINDS]
    wanted, notes = column or _default(present), []
    needed = {"processed": ["processed"], "raw": ["raw"], "raw-dark": ["raw", "dark"]}.get(wanted)
    if needed is None or not set(needed) <= set(present):
        raise ColumnMissingError(
            f"the column {wanted!r} is not in the file; it holds {', '.join(present)}",
            where,
            "choose one of the columns present, or export the spectrum with that column",
        )
    if column is None and wanted != "processed":
        notes.append(f"The file has no processed column; {wanted.replace('-', ' minus ')} is used.")
    at = [names.index(name) for name in needed]
    rows = _common_rows(table, at)
    dropped = table.rows - (rows.stop - rows.start)
    if dropped:
        notes.append(
            f"{dropped} rows outside the region of interest (NA in the column taken) were left out."
        )
    if wanted != "processed" and "processed" in names:
        left_out = table.columns[names.index("processed")].count("NA")
        if left_out:
            notes.append(
                f"{left_out} rows outside the region of interest, which the processed column "
                "leaves out, are kept."
            )
    intensity = table.values(at[0], rows)
    if len(at) == 1:
        return intensity, rows, (Step("column read", (("column", wanted),)),), notes
    step = Step("dark subtracted", (("column", "raw"), ("dark", "dark")))
    return intensity - table.values(at[1], rows), rows, (step,), notes


def raw_saturated(table: Table, names: list[str]) -> bool:
    """Tell whether the raw counts of the file show saturation, whatever column is taken.

    A file without usable raw counts shows nothing.
    """
    if "raw" not in names:
        return False
    at = names.index("raw")
    try:
        raw = table.values(at, _common_rows(table, [at]))
    except DamagedFileError:
        return False
    return counts_saturated(raw)


def _default(present: list[str]) -> Column:
    if "processed" in present or "raw" not in present:
        return "processed"
    return "raw-dark" if "dark" in present else "raw"


def _common_rows(table: Table, columns: list[int]) -> slice:
    found = [
        valid_rows(
            table.columns[at],
            "NA",
            column=f"column {clip(table.names[at])!r}",
            first_line=table.first_line,
            across=table.across,
        )
        for at in columns
    ]
    start, stop = max(rows.start for rows in found), min(rows.stop for rows in found)
    if start >= stop:
        raise DamagedFileError("raw and dark have no row in common", "", EXPORT_AGAIN)
    return slice(start, stop)


def check_declared(table: Table, names: list[str], facts: Facts, rows: slice) -> list[str]:
    """Compare the rows with the pixels the header declares; return what must be said.

    An axis with even steps was interpolated, whatever the header says, and has as many rows as it
    likes. On the detector's own axis only a file marked as cropped may hold fewer.

    Raises
    ------
    DamagedFileError
        Rows are missing.
    """
    declared = declared_points(facts.metadata, "Pixel Count")
    pixels = check_pixels(table, names.index("pixel")) if "pixel" in names else None
    if declared is None or declared == table.rows:
        return []
    said = [f"The header declares {declared} pixels; the file holds {table.rows} rows."]
    if table.rows > declared or _is_grid(table, names, rows):
        return said
    cropped = "true" in {(facts.text(key) or "").lower() for key in ("Cropped", "Vignetted")}
    if cropped and (pixels is None or _ends_with_region(pixels, facts)):
        return said
    raise DamagedFileError(
        f"the file was cut off: it holds {table.rows} of the {declared} pixels declared",
        f"line {table.first_line + table.rows - 1}",
        EXPORT_AGAIN,
    )


def _ends_with_region(pixels: FloatArray, facts: Facts) -> bool:
    """Tell whether the rows are the region of interest, or reach its last pixel."""
    start, end = facts.number("ROI Pixel Start") or 0, facts.number("ROI Pixel End")
    if end is None or end < 1:
        return True
    return bool(pixels.size == end - start + 1 or pixels[-1] >= end)


def _is_grid(table: Table, names: list[str], rows: slice) -> bool:
    axis = next(name for name in ("wavenumber", "wavelength") if name in names)
    steps = np.diff(table.values(names.index(axis), rows))
    return steps.size > 0 and float(np.ptp(steps)) <= 2 * GRID_CM1 and abs(steps[0]) > 0.25


def technique(facts: Facts) -> Technique:
    """Return SERS where the file says so, otherwise Raman (see `kind` for what is neither)."""
    return "SERS" if (facts.text("Technique") or "").lower() == "sers" else "Raman"


def kind(facts: Facts) -> str:
    """Return the technique the file states when it is not Raman, otherwise nothing."""
    stated = facts.text("Technique") or ""
    return "" if stated.lower() in RAMAN_TECHNIQUES else stated


def acquisition(facts: Facts) -> Acquisition:
    """Return how the spectrum was measured, as far as the header says."""
    unit = next((u for u in ("mW", "%") if facts.text(f"Laser Power {u}")), "")
    power = facts.text(f"Laser Power {unit}".strip())
    return Acquisition(
        integration_time_ms=facts.positive("Integration Time"),
        averages=facts.count("Scan Averaging"),
        laser_power=f"{power} {unit}".strip() if power else None,
        detector_temperature_c=facts.number("Temperature"),
        instrument=facts.text("Model"),
        serial=facts.text("Serial Number"),
        detector=facts.text("Detector"),
        measured_at=facts.text("Timestamp"),
    )


def vendor_steps(facts: Facts, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return what the vendor's program says it did, when its processed column was taken."""
    if not any(("column", "processed") in step.settings for step in steps):
        return ()
    keys = ("Baseline Correction Algo", "Boxcar", "Raman Intensity Corrected", "Deconvolved")
    done = tuple((key, facts.text(key) or "") for key in keys)
    done = tuple(pair for pair in done if pair[1].lower() not in {"", "0", "false", "none"})
    return (Step("processed by the vendor's program", done),) if done else ()
