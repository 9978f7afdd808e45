"""RRUFF mineral library: '##NAMES=', '##RRUFFID=' ... lines, 'x, y' rows, '##END='.

It begins with '##' and is not JCAMP-DX. Copies from web pages may have text before it. The laser
line is in the name of the older files only; the unit is in none.
"""

from __future__ import annotations

from dataclasses import replace

from library.errors import DamagedFileError
from library.formats.assemble import Facts
from library.formats.axis import with_unstated_axis
from library.formats.records import Parsed, Request, Source, Trace
from library.formats.table import only_processed, read_table
from library.formats.text import EXPORT_AGAIN
from matching.spectrum import Step

NAME = "RRUFF text"
HEADER_LINES = 200
_DIFFRACTION = ("X-RAY WAVELENGTH", "CELL PARAMETERS", "SPACE GROUP")
UNIT_NOTE = "RRUFF files do not state the unit of their axis: it was taken as Raman shift in cm-1."


def sniff(source: Source) -> bool:
    """Tell whether an early line is '##RRUFFID=' and none before it makes the file JCAMP-DX."""
    labels = [line.upper() for line in source.lines[:HEADER_LINES] if line.startswith("##")]
    jcamp = any(label.startswith(("##TITLE", "##JCAMP")) for label in labels)
    return not jcamp and any(label.startswith("##RRUFFID=") for label in labels)


def parse(source: Source, request: Request) -> Parsed:
    """Read the one spectrum of the file."""
    only_processed(request)
    first = next(at for at, line in enumerate(source.lines) if line.startswith("##"))
    start, metadata = first, []
    while start < len(source.lines) and source.lines[start].startswith("##"):
        key, _, value = source.lines[start].removeprefix("##").partition("=")
        if key.strip().upper() == "END":
            break
        metadata.append((key.strip(), value.strip()))
        start += 1
    end = next(
        (at for at in range(start, len(source.lines)) if source.lines[at].startswith("##")), None
    )
    closed = end is not None and source.lines[end].upper().startswith("##END")
    if end is not None and not closed:
        raise DamagedFileError(
            "a header line stands among the numbers", f"line {end + 1}", EXPORT_AGAIN
        )
    table = read_table(source, start, ("shift", "intensity"), ",", stop=end)
    facts = Facts(tuple(metadata))
    notes = [f"{first} lines before the header were left out."] if first else []
    trace = Trace(
        intensity=table.values(1),
        kind="powder diffraction" if facts.text(*_DIFFRACTION) else "",
        first_line=table.first_line,
        laser_nm=facts.positive("RAMAN WAVELENGTH"),
        history=(Step("column read", (("column", "intensity"),)),),
        metadata=tuple(metadata),
    )
    trace, more = with_unstated_axis(trace, table.values(0), UNIT_NOTE)
    if not closed:
        trace = replace(trace, marks=frozenset({"truncated"}))
    return Parsed((trace,), (*notes, *more, *facts.notes))
