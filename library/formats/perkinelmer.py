"""PerkinElmer ASCII ('PE FL ... SPECTRUM ASCII'): sections '#HDR', '#GR', '#DATA'.

Fluorescence, infrared and ultraviolet spectra come so; none of them is a Raman spectrum. The second
word says which, the first line of '#GR' is the unit of the axis.
"""

from __future__ import annotations

import re
from dataclasses import replace

from library.errors import DamagedFileError
from library.formats.axis import unit_of
from library.formats.records import Parsed, Request, Source, Trace
from library.formats.table import only_processed, read_table
from library.formats.text import EXPORT_AGAIN, clip
from matching.spectrum import Step

NAME = "PerkinElmer ASCII"
HEADER_LINES = 300
_FIRST = re.compile(r"PE (\w{2}) +(?:SPECTRUM|SUBTECH) +ASCII\b.*")
KINDS = {"FL": "fluorescence", "IR": "infrared", "UV": "ultraviolet"}


def sniff(source: Source) -> bool:
    """Tell whether the first line is 'PE xx  SPECTRUM  ASCII'."""
    return bool(source.lines) and _FIRST.fullmatch(source.lines[0][:200]) is not None


def parse(source: Source, request: Request) -> Parsed:
    """Read the one spectrum of the file."""
    only_processed(request)
    first = _FIRST.fullmatch(source.lines[0][:200])
    code = first[1].upper() if first else ""
    lines = [line.strip() for line in source.lines[:HEADER_LINES]]
    if "#DATA" not in lines or "#GR" not in lines:
        raise DamagedFileError("the section '#GR' or '#DATA' is missing", "", EXPORT_AGAIN)
    start, units = lines.index("#DATA") + 1, lines[lines.index("#GR") + 1 :][:2]
    table = read_table(source, start, ("axis", "ordinate"), "\t")
    trace = Trace(
        intensity=table.values(1),
        intensity_unit=units[1] if len(units) == 2 else "",
        kind=f"{KINDS.get(code, code)} spectrum",
        first_line=table.first_line,
        history=(Step("column read", (("column", "ordinate"),)),),
        metadata=tuple((f"line {k}", line) for k, line in enumerate(lines[:start], 1) if line),
    )
    if unit_of(units[0]) == "nm":
        return Parsed((replace(trace, wavelength_nm=table.values(0)),))
    return Parsed((replace(trace, other_axis=table.values(0), other_unit=clip(units[0])),))
