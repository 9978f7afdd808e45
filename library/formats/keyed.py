"""Exports of smaller makers: 'key<separator>value' lines, a row of names or none, then the rows.

What a maker writes is a `Layout`, a row of data; the reading is the same for all of them. None of
them states the unit of its axis, and all of them mean Raman shift in cm-1, which is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from library.errors import ColumnMissingError, DamagedFileError
from library.formats.assemble import Facts, counts_saturated
from library.formats.axis import even_whole_steps, with_unstated_axis
from library.formats.records import Column, Parsed, Request, Source, Trace
from library.formats.table import Table, check_pixels, read_table, with_decimal
from library.formats.text import EXPORT_AGAIN, clip, number
from matching.spectrum import Acquisition, FloatArray, Step

HEADER_LINES = 100
_LINE_IN_NM = re.compile(r"([0-9]{3,4}(?:[.,][0-9]+)?) ?(?:nm)?")
UNIT_NOTE = "The column {!r} was taken as Raman shift in cm-1."


@dataclass(frozen=True, slots=True)
class Layout:
    """What one maker writes.

    Parameters
    ----------
    name : str
        Of the format.
    mark : str
        How the file begins.
    separator : str
        Between keys and values, and between columns.
    names : tuple of str
        How the row of names begins; empty where the numbers follow the keys at once.
    columns : mapping
        For each column that can be asked for its name in the file, or two to subtract.
    shift, wavelength, pixel : str
        Names of the axes, empty where there is none.
    keys : mapping of str to str
        Where the facts of the acquisition stand.
    """

    name: str
    mark: str
    separator: str
    names: tuple[str, ...]
    columns: Mapping[Column, tuple[str, ...]]
    shift: str
    wavelength: str = ""
    pixel: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)


LAYOUTS = (
    Layout(
        name="Neegala text",
        mark="id,",
        separator=",",
        names=("Pixels", "Wavelength", "Wavenumbers", "Raman_Shift"),
        columns={
            "processed": ("Processed_Data",),
            "raw": ("Raw_Data",),
            "raw-dark": ("Raw_Data", "Background_Data"),
        },
        shift="Raman_Shift",
        wavelength="Wavelength",
        pixel="Pixels",
        keys={"laser": "wl", "time": "integ_time", "unit": "integ_unit", "averages": "averages",
              "power": "laserPower", "instrument": "device", "serial": "spectrometer",
              "measured_at": "time_stamp"},
    ),
    Layout(
        name="LightNovo text",
        mark="DeviceSN\t",
        separator="\t",
        names=(),
        columns={"processed": ("intensity",)},
        shift="axis",
        keys={"laser": "LaserWavelength_nm", "time": "Exposure_ms", "serial": "DeviceSN",
              "averages": "RepetitionCount", "power": "LaserPower_mW"},
    ),
    Layout(
        name="B&W Tek handheld text",
        mark="wave number\tdark data\tRaw data",
        separator="\t",
        names=("wave number", "dark data", "Raw data"),
        columns={
            "processed": ("Dark Subtracted",),
            "raw": ("Raw data",),
            "raw-dark": ("Raw data", "dark data"),
        },
        shift="wave number",
    ),
)  # fmt: skip


def sniff(layout: Layout, source: Source) -> bool:
    """Tell whether the first line has the layout's mark and its rows follow."""
    return bool(
        source.lines
        and source.lines[0].startswith(layout.mark)
        and _start(layout, source) is not None
    )


def _start(layout: Layout, source: Source) -> int | None:
    """Return the index of the row of names, or of the first row of numbers where there is none."""
    for at, line in enumerate(source.lines[:HEADER_LINES]):
        cells = [cell.strip() for cell in line.split(layout.separator, 8)]
        if layout.names and tuple(cells[: len(layout.names)]) == layout.names:
            return at
        if not layout.names and len(cells) == 2 and None not in map(number, cells):
            return at
    return None


def parse(layout: Layout, source: Source, request: Request) -> Parsed:
    """Read the one spectrum of the file."""
    at = _start(layout, source)
    if at is None:
        raise DamagedFileError("the rows of numbers are missing", "", EXPORT_AGAIN)
    pairs = (line.partition(layout.separator) for line in source.lines[:at] if line.strip())
    metadata = tuple((key.strip(), value.strip()) for key, _, value in pairs)
    table = _table(layout, source, at)
    facts = Facts(metadata)
    intensity, step, notes = _pick(layout, table, request.column)
    trace = Trace(
        intensity=intensity,
        wavelength_nm=_column(table, layout.wavelength),
        first_line=table.first_line,
        laser_nm=_laser(facts, layout),
        acquisition=replace(_acquisition(facts, layout), saturated=_saturated(layout, table)),
        history=(step,),
        metadata=metadata,
    )
    axis = table.values(table.names.index(layout.shift))
    trace, more = with_unstated_axis(trace, axis, UNIT_NOTE.format(layout.shift))
    if even_whole_steps(axis):
        trace = replace(trace, marks=trace.marks | {"resampled"})
        more.append("The axis has even steps of whole numbers: the exporting program resampled it.")
    return Parsed((trace,), (*notes, *more, *facts.notes))


def _table(layout: Layout, source: Source, at: int) -> Table:
    if not layout.names:
        return with_decimal(read_table(source, at, ("axis", "intensity"), layout.separator))
    names = [cell.strip() for cell in source.lines[at].split(layout.separator)]
    if len(set(names)) < len(names):
        raise DamagedFileError("a column name is repeated", f"line {at + 1}", EXPORT_AGAIN)
    table = read_table(source, at + 1, names, layout.separator)
    if layout.pixel:
        check_pixels(table, names.index(layout.pixel))
    return table if layout.separator == "," else with_decimal(table)


def _pick(layout: Layout, table: Table, asked: Column | None) -> tuple[FloatArray, Step, list[str]]:
    wanted: Column = asked or "processed"
    needed = layout.columns.get(wanted, ())
    if not needed or not set(needed) <= set(table.names):
        raise ColumnMissingError(
            f"the column {wanted!r} is not in the file; it holds "
            f"{clip(', '.join(name for name in table.names if name != layout.shift), 80)}",
            "",
            "choose one of the columns present, or export the spectrum with that column",
        )
    first = table.values(table.names.index(needed[0]))
    known = {layout.shift, layout.wavelength, layout.pixel, "Wavenumbers"}
    known |= {name for names in layout.columns.values() for name in names}
    others = [name for name in table.names if name and name not in known]
    notes = [f"The column {clip(name)!r} was not taken." for name in others]
    if len(needed) == 1:
        return first, Step("column read", (("column", needed[0]),)), notes
    step = Step("dark subtracted", (("column", needed[0]), ("dark", needed[1])))
    return first - table.values(table.names.index(needed[1])), step, notes


def _column(table: Table, name: str) -> FloatArray | None:
    return table.values(table.names.index(name)) if name in table.names else None


def _saturated(layout: Layout, table: Table) -> bool:
    raw = _column(table, layout.columns.get("raw", ("",))[0])
    return raw is not None and counts_saturated(raw)


def _laser(facts: Facts, layout: Layout) -> float | None:
    found = _LINE_IN_NM.fullmatch(facts.text(layout.keys.get("laser", "")) or "")
    return number(found[1]) if found else None


def _acquisition(facts: Facts, layout: Layout) -> Acquisition:
    keys = layout.keys
    unit = facts.text(keys.get("unit", "")) or "ms"
    factor = {"ms": 1.0, "s": 1000.0}.get(unit)
    time = facts.positive(keys.get("time", ""))
    return Acquisition(
        integration_time_ms=time * factor if time is not None and factor else None,
        averages=facts.count(keys.get("averages", "")),
        laser_power=facts.text(keys.get("power", "")),
        instrument=facts.text(keys.get("instrument", "")),
        serial=facts.text(keys.get("serial", "")),
        measured_at=facts.text(keys.get("measured_at", "")),
    )
