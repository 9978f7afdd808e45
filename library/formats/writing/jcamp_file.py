"""JCAMP-DX 5.01: one block for each curve, numbers written out, nothing rounded.

An axis that FIRSTX, LASTX and NPOINTS give back to the last bit is written as
``(X++(Y..Y))``, any other as pairs ``(XY..XY)``. Python's shortest notation of a number reads back
as the same float64.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from library.formats.exported import SIGN, Origin, axis_of, record_of
from library.formats.jcamp_facts import PEAKS
from library.formats.records import Trace
from matching.spectrum import FloatArray

WIDTH = 78  # characters; the protocol allows 80
RECORD = "$SPECTRA EXPORT"
UNITS = {"shift": "1/CM", "wavelength": "NANOMETERS"}


def written(traces: Sequence[Trace], origin: Origin) -> bytes:
    """Return the file: one block, or a LINK block with one inside for each curve."""
    if len(traces) == 1:
        lines = list(_block(traces[0], origin))
    else:
        head = {
            "TITLE": origin.file,
            "JCAMP-DX": f"5.01 $$ {SIGN} 1",
            "DATA TYPE": "LINK",
            "BLOCKS": str(len(traces) + 1),
            "ORIGIN": "not stated",
            "OWNER": "not stated",
        }
        lines = [_labelled(label, value) for label, value in head.items()]
        for trace in traces:
            lines += _block(trace, origin)
        lines.append("##END=")
    return ("\n".join(lines) + "\n").encode("ascii")


def _block(trace: Trace, origin: Origin) -> Iterator[str]:
    what, x, unit = axis_of(trace)
    y, known = trace.intensity, trace.intensity[~np.isnan(trace.intensity)]
    even = is_even(x)
    peaks = trace.kind.endswith(PEAKS)
    label = "PEAK TABLE" if peaks else "XYDATA" if even else "XYPOINTS"
    yield from (_labelled(name, value) for name, value in _head(trace, origin, label))
    wrapped = _guarded(record_of(trace, origin))
    yield f"##{RECORD}="
    yield from (wrapped[at : at + WIDTH] for at in range(0, len(wrapped), WIDTH))
    numbers = {
        "XFACTOR": "1",
        "YFACTOR": "1",
        "FIRSTX": _number(x[0]),
        "LASTX": _number(x[-1]),
        "MINX": _number(x.min()),
        "MAXX": _number(x.max()),
        "FIRSTY": _number(y[0]) if y[0] == y[0] else "",
        "MINY": _number(known.min()) if known.size else "",
        "MAXY": _number(known.max()) if known.size else "",
        "NPOINTS": str(x.size),
    }
    yield _labelled("XUNITS", UNITS.get(what, unit))
    yield _labelled("YUNITS", trace.intensity_unit or "ARBITRARY UNITS")
    yield from (f"##{name}= {value}" for name, value in numbers.items() if value)
    form = "(X++(Y..Y))" if even and not peaks else "(XY..XY)"
    yield f"##{label}= {form}"
    yield from _even_rows(x, y) if form == "(X++(Y..Y))" else _pair_rows(x, y)
    yield "##END="


def _head(trace: Trace, origin: Origin, label: str) -> Iterator[tuple[str, str]]:
    said = {key.upper().strip(): value for key, value in trace.metadata}
    kind = trace.kind.removesuffix(PEAKS)
    if not kind:
        sers = "SURFACE ENHANCED RAMAN SPECTRUM"
        raman = sers if trace.technique == "SERS" else "RAMAN SPECTRUM"
        kind = raman if trace.shift_cm1 is not None else "UNKNOWN"
    yield "TITLE", trace.name or said.get("TITLE") or origin.file
    yield "JCAMP-DX", f"5.01 $$ {SIGN} 1"
    yield "DATA TYPE", kind
    yield "DATA CLASS", label
    yield "ORIGIN", said.get("ORIGIN") or "not stated"
    yield "OWNER", said.get("OWNER") or "not stated"
    instrument = trace.acquisition.instrument or "", trace.acquisition.serial or ""
    if any(instrument):
        yield "SPECTROMETER/DATA SYSTEM", " ".join(filter(None, instrument))
    if trace.laser_nm is not None:
        yield "$LASER WAVELENGTH", f"{_number(trace.laser_nm)} nm"
    for mark in sorted(trace.marks):
        yield "$MARK", mark
    yield "$SOURCE FILE", origin.file
    yield "$SOURCE SHA-256", origin.sha256


def _labelled(label: str, value: str) -> str:
    """Return one record on one line, in ASCII, without what begins a comment."""
    plain = " ".join(value.split()).encode("ascii", "backslashreplace").decode()
    if label != "JCAMP-DX":
        plain = plain.replace("$$", "$ $")
    return f"##{label}= {plain}"


def _guarded(record: str) -> str:
    """Spell out the characters that mean something in JCAMP-DX, and blanks, which may be lost."""
    for character in "#$ ":
        record = record.replace(character, f"\\u{ord(character):04x}")
    return record


def is_even(x: FloatArray) -> bool:
    """Tell whether first, last and number of points give the axis, shape (n,), exactly."""
    return bool(
        x.size > 1 and x[0] != x[-1] and np.array_equal(np.linspace(x[0], x[-1], x.size), x)
    )


def _number(value: float) -> str:
    return "?" if np.isnan(value) else repr(float(value))


def _pair_rows(x: FloatArray, y: FloatArray) -> Iterator[str]:
    return (f"{_number(a)}, {_number(b)}" for a, b in zip(x, y, strict=True))


def _even_rows(x: FloatArray, y: FloatArray) -> Iterator[str]:
    row = ""
    for a, b in zip(x, y, strict=True):
        text = _number(b)
        if row and len(row) + 1 + len(text) <= WIDTH:
            row += f" {text}"
            continue
        if row:
            yield row
        row = f"{_number(a)} {text}"
    yield row
