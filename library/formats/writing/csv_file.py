"""CSV: what is known as lines that begin with ``#``, one row of names, two columns of numbers.

Decimal points, a comma between the columns, one row for each point in the order of the file,
nothing rounded; an ordinate that is not known is ``nan``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from library.cells import in_a_comment
from library.errors import ExportError
from library.formats.exported import SIGN, Origin, axis_of, axis_title, record_of
from library.formats.records import Trace
from library.formats.spectra_csv import RECORD

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')  # of JSON
_BEGINS = re.compile(r'^("\s*)([+-])')  # such a text, behind blanks too
_SPELLED = {ord(sign): f"\\u{ord(sign):04x}" for sign in ",;=@"}  # JSON reads the same text


def written(traces: Sequence[Trace], origin: Origin) -> bytes:
    """Return the file.

    Raises
    ------
    ExportError
        There are several curves: two columns hold one.
    """
    if len(traces) != 1:
        raise ExportError(
            f"a CSV file holds one curve, {len(traces)} are to be written",
            origin.file,
            "choose one with --spectrum NAME, or write JCAMP-DX or NeXus",
        )
    trace = traces[0]
    _, x, _ = axis_of(trace)
    lines = [f"# {SIGN} 1: CSV, UTF-8, decimal points", *_about(trace, origin)]
    lines.append(f"{RECORD}{_whole_cell(record_of(trace, origin))}")
    unit = trace.intensity_unit or "arbitrary units"
    lines.append(f"{_cell(axis_title(trace))},{_cell(f'Intensity ({unit})')}")
    rows = (f"{float(a)!r},{float(b)!r}" for a, b in zip(x, trace.intensity, strict=True))
    return ("\n".join([*lines, *rows]) + "\n").encode("utf-8", "backslashreplace")


def _about(trace: Trace, origin: Origin) -> Iterator[str]:
    laser = "not stated" if trace.laser_nm is None else f"{trace.laser_nm!r} nm"
    said = {
        "name": trace.name or "",
        "kind": trace.kind or f"{trace.technique} spectrum",
        "axis": axis_title(trace),
        "laser line": laser,
        "marks": ", ".join(sorted(trace.marks)),
        "source file": origin.file,
        "source SHA-256": origin.sha256,
        "written by": origin.program,
    }
    if not trace.kind and trace.shift_cm1 is None:
        said["kind"] = "not stated"
    for key, value in (*said.items(), *(("note", note) for note in origin.notes)):
        if value:
            yield f"# {key}: {in_a_comment(' '.join(value.split()))}"


def _whole_cell(record: str) -> str:
    """Return JSON in which no part between commas, semicolons or quotes begins a formula."""

    def spelled(found: re.Match[str]) -> str:
        text = found[0].translate(_SPELLED)
        return _BEGINS.sub(lambda sign: f"{sign[1]}\\u{ord(sign[2]):04x}", text)

    return _STRING.sub(spelled, record)


def _cell(text: str) -> str:
    """Return a name for a column without what would end its cell."""
    return " ".join(text.replace(",", " ").replace('"', " ").split())
