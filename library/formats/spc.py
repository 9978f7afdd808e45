"""Galactic (GRAMS) SPC: even, shared and own axes, one or many curves, old and new headers.

Block-scaled integers are ``y = i * 2**(exponent - bits)``; the exponent is the main header's when
the multi-file flag is clear and the subheader's when it is set (what other readers get wrong).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from library.formats.octets import (
    check_curves,
    check_points,
    damaged,
    even_axis,
    fields,
    finite,
    refuse_other_columns,
    values,
)
from library.formats.records import Mark, Metadata, Parsed, Request, Source, Trace
from library.formats.spc_header import (
    FLOATING,
    NANOMETRE,
    NEW_BYTES,
    OLD_BYTES,
    RAMAN_EXPERIMENT,
    RAMAN_SHIFT,
    SHORT,
    SUB_BYTES,
    X_UNITS,
    Header,
    plausible,
    read_header,
    stated_kind,
)
from library.formats.spc_log import read_log, stated_acquisition, stated_laser, written_by_wire
from library.formats.text import clip
from matching.spectrum import FloatArray, Step

NAME = "Galactic SPC"
DIRECTORY_ENTRY = 12
SQUEEZED = 2.0**27  # floats read as integers, when they differ by less than a factor of 65,536
WHOLE_STEP_TOLERANCE = 1e-6


def sniff(source: Source) -> bool:
    """Tell whether the bytes begin as an SPC header does: the signature alone is one letter."""
    return not source.lines and plausible(source.data)


@dataclass(frozen=True, eq=False, slots=True)
class _Curve:
    """One subfile: its axis where it has its own, its ordinates, and its place along z."""

    intensity: FloatArray
    x: FloatArray | None
    z: float
    exponent: int


@dataclass(slots=True)
class _Walk:
    """How reading the subfiles ended."""

    end: int
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class _Facts:
    """What holds for all curves of the file."""

    header: Header
    log: Metadata
    marks: set[Mark] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def parse(source: Source, request: Request) -> Parsed:
    """Read all curves of the file."""
    refuse_other_columns(request, NAME)
    data = source.data
    header = read_header(data)
    facts = _Facts(header, read_log(data, header))
    walk = _Walk(OLD_BYTES if header.old else NEW_BYTES)
    axis = None
    if header.even:
        axis = even_axis(header.first, header.last, header.points)
        _note_resampling(facts)
    elif not header.own_x:
        stored = values(data, header.order + "f4", header.points, walk.end, "axis")
        axis = finite(stored, "the axis")
        walk.end += stored.nbytes
    curves = tuple(_curves(data, header, walk))
    if not curves:
        raise damaged("the file ends before its first curve", walk.end)
    walk.truncated |= header.log_at > len(data)
    _note_closing(data, facts, walk, len(curves))
    traces = _traces(facts, curves, axis)
    return Parsed(traces, tuple(facts.notes))


# --- Where the curves are -----------------------------------------------------------------------


def _curves(data: bytes, header: Header, walk: _Walk) -> Iterator[_Curve]:
    if header.own_x and header.multi and 0 < header.points <= len(data):
        yield from _directory(data, header, walk)
        return
    if header.own_x and header.multi and header.points:
        walk.truncated = True  # the directory lies behind the end of the file
    # A log inside the file ends the curves: what would reach into it is no truncation.
    limit = header.log_at if 0 < header.log_at <= len(data) else len(data)
    done = 0
    while header.curves is None or done < header.curves:
        if walk.end + SUB_BYTES > limit:
            if header.curves is not None or limit - walk.end > 0:
                _cut(header, limit, data, walk)
            return
        check_curves(done)
        curve = _curve(data, header, walk, limit)
        if curve is not None:
            yield curve
        if walk.truncated and walk.end >= limit:
            return
        done += 1


def _cut(header: Header, limit: int, data: bytes, walk: _Walk) -> None:
    """Note that the file ends early; raise DamagedFileError when it does not, yet has no room."""
    if limit < len(data):
        raise damaged(
            f"the {header.curves or 1:,} curves the header states reach into the log",
            walk.end,
        )
    walk.truncated, walk.end = True, limit


def _curve(data: bytes, header: Header, walk: _Walk, limit: int) -> _Curve | None:
    """Read the curve at `walk.end`, as far as it is there; None when nothing of it is."""
    exponent, z, stated = _subheader(data, header, walk.end)
    points = check_points(stated or header.points, walk.end) if header.own_x else header.points
    width = 2 if header.flags & SHORT and exponent != FLOATING else 4
    start = walk.end + SUB_BYTES
    y_start = start + (4 * points if header.own_x else 0)
    walk.end = y_start + width * points
    there = points
    if walk.end > limit:
        _cut(header, limit, data, walk)
        there = max(0, limit - y_start) // width
        if not there:
            return None
    x = None
    if header.own_x:
        x = finite(values(data, header.order + "f4", there, start, "axis"), "the axis")
    return _Curve(_ordinates(data, header, exponent, there, y_start), x, z, exponent)


def _subheader(data: bytes, header: Header, at: int) -> tuple[int, float, int]:
    """Return the exponent that holds for this curve, its z value and its stated points."""
    _, exponent, _, z, _, _, points = fields(data, header.order + "BbHfffI", at, "subheader")
    return (exponent if header.multi else header.exponent), z, points


def _directory(data: bytes, header: Header, walk: _Walk) -> Iterator[_Curve]:
    """Read the curves a directory names; they may not overlap, so they cannot multiply."""
    count = check_curves(header.curves or 1)
    if header.points + DIRECTORY_ENTRY * count > len(data):
        raise damaged("the directory of the curves reaches beyond the end", header.points)
    # The directory may have moved the first curve; what is left in its place is checked still.
    _, _, stale = _subheader(data, header, NEW_BYTES)
    if stale * 4 > len(data):
        raise damaged(f"the first subheader states {stale:,} points", NEW_BYTES)
    table = values(data, header.order + "u4", 3 * count, header.points, "directory")
    places = [int(place) for place in table[::3]]
    spans: list[tuple[int, int]] = []
    taken = 0
    for place in places:
        if not NEW_BYTES <= place <= len(data) - SUB_BYTES:
            raise damaged(f"the directory names a curve at byte {place:,}", header.points)
        spot = _Walk(place)
        curve = _curve(data, header, spot, len(data))
        if spot.truncated or curve is None:
            raise damaged("a curve of the directory reaches beyond the end", place)
        spans.append((place, spot.end))
        taken += spot.end - place
        if taken > len(data):
            break
        yield curve
    spans.sort()
    if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
        raise damaged("curves of the directory overlap", header.points)
    walk.end = max(header.points + DIRECTORY_ENTRY * count, spans[-1][1])


def _ordinates(data: bytes, header: Header, exponent: int, count: int, at: int) -> FloatArray:
    if exponent == FLOATING:
        floats = values(data, header.order + "f4", count, at, "intensities")
        return finite(floats, "the intensity")
    if header.flags & SHORT:
        short = values(data, header.order + "i2", count, at, "intensities")
        return np.asarray(short * 2.0 ** (exponent - 16), dtype=np.float64)
    if header.old:  # the two halves of each 32-bit number are swapped
        halves = values(data, "<u2", 2 * count, at, "intensities").astype(np.uint32)
        long = (halves[::2] << 16 | halves[1::2]).view(np.int32)
    else:
        long = values(data, header.order + "i4", count, at, "intensities")
        _check_integers(long, header, exponent, at)
    return np.asarray(long * 2.0 ** (exponent - 32), dtype=np.float64)


def _check_integers(long: np.ndarray, header: Header, exponent: int, at: int) -> None:
    """Raise DamagedFileError where an unfilled exponent hides floating point numbers.

    Some programs write floats and leave all exponents 0. Read as integers, floats of one sign and
    size are squeezed into a narrow band far from zero, which a curve scaled to its block is not.
    """
    if exponent or header.exponent or long.size < 16:
        return
    floats = np.abs(long.view(long.dtype.str.replace("i", "f")))
    with np.errstate(invalid="ignore", over="ignore"):
        sensible = np.isfinite(floats) & (floats > 1e-6) & (floats < 1e9)
    spread = float(np.ptp(long.astype(np.float64)))
    if sensible.mean() > 0.99 and spread < SQUEEZED:
        raise damaged("the exponent is 0 but the intensities look like floating point", at)


def _note_closing(data: bytes, facts: _Facts, walk: _Walk, curves: int) -> None:
    """Say, and mark, how the file ends."""
    header = facts.header
    if walk.truncated:
        facts.marks.add("truncated")
        of = f" of {header.curves:,}" if header.curves else ""
        facts.notes.append(
            f"The file ends early; {curves:,}{of} curves are wholly or partly there."
        )
    stop = header.log_at if 0 < header.log_at <= len(data) else len(data)
    left = stop - walk.end
    if left > 0 and data[walk.end : stop].strip(b"\0"):
        facts.notes.append(
            f"{left:,} bytes after the curves are explained by nothing in the header."
        )


# --- What they are ------------------------------------------------------------------------------


def _traces(
    facts: _Facts, curves: tuple[_Curve, ...], axis: FloatArray | None
) -> tuple[Trace, ...]:
    header = facts.header
    laser = stated_laser(facts.log, facts.notes)
    acquisition = stated_acquisition(header, facts.log)
    axis_name, unit = _axis_meaning(header, axis, facts.notes)
    metadata = (*_header_metadata(header), *facts.log)
    traces = []
    for place, curve in enumerate(curves, 1):
        x = curve.x if curve.x is not None else axis
        x = None if x is None else x[: curve.intensity.size]
        traces.append(
            Trace(
                curve.intensity,
                shift_cm1=x if axis_name == "shift" else None,
                wavelength_nm=x if axis_name == "wavelength" else None,
                other_axis=x if axis_name == "other" else None,
                other_unit=unit,
                intensity_unit=header.y_unit,
                kind=stated_kind(header),
                name=str(place) if len(curves) > 1 else None,
                laser_nm=laser,
                acquisition=acquisition,
                history=(_read_step(header, curve),),
                metadata=(*_z_metadata(header, curve, len(curves)), *metadata),
                marks=frozenset(facts.marks),
            )
        )
    return tuple(traces)


def _read_step(header: Header, curve: _Curve) -> Step:
    if curve.exponent == FLOATING:
        return Step("intensities read", (("stored as", "floating point"),))
    bits = 16 if header.flags & SHORT else 32
    return Step("intensities read", (("stored as", f"integers times 2^{curve.exponent - bits}"),))


def _axis_meaning(header: Header, axis: FloatArray | None, notes: list[str]) -> tuple[str, str]:
    """Return which axis of a Trace it is, and the unit where that is the third one."""
    label = header.x_label.lower() if header.x_type == 0 else ""
    if header.x_type == RAMAN_SHIFT or "raman shift" in label:
        return "shift", ""
    if header.x_type == NANOMETRE or "nanomet" in label or "(nm)" in label:
        return "wavelength", ""
    if header.x_type == 0 and not label and axis is not None and _counts_pixels(axis):
        notes.append("The axis counts the pixels; the file holds no calibrated axis.")
        return "other", "pixel"
    return "other", clip(header.x_label) if label else X_UNITS.get(header.x_type, "")


def _counts_pixels(axis: FloatArray) -> bool:
    """Tell whether an axis is 0, 1, 2... or 1, 2, 3..."""
    first = float(axis[0])
    return first in {0.0, 1.0} and np.allclose(
        axis, first + np.arange(axis.size), rtol=0, atol=1e-6
    )


def _note_resampling(facts: _Facts) -> None:
    """Mark curves that were put on an even Raman-shift grid when they were exported."""
    header = facts.header
    if header.x_type != RAMAN_SHIFT or header.points < 2:
        return
    step = (header.last - header.first) / (header.points - 1)
    whole = all(abs(v - round(v)) < WHOLE_STEP_TOLERANCE for v in (step, header.first))
    if written_by_wire(header, facts.log):
        facts.marks.add("resampled")
        facts.notes.append("WiRE interpolated the spectrum onto an even axis when it exported it.")
    elif whole:
        facts.marks.add("resampled")
        facts.notes.append(
            f"The axis has whole wavenumbers {abs(step):g} cm-1 apart: "
            "the spectrum was interpolated when it was exported."
        )
    elif header.experiment == RAMAN_EXPERIMENT:
        facts.notes.append(
            "The axis is even, as no grating gives it: unless the instrument is an FT "
            "spectrometer, the spectrum was interpolated when it was exported."
        )


def _header_metadata(header: Header) -> Metadata:
    pairs = (
        ("comment", header.comment),
        ("source", header.source),
        ("date", header.measured_at or ""),
        ("x label", header.x_label),
        ("y label", header.y_label),
    )
    return tuple(pair for pair in pairs if pair[1])


def _z_metadata(header: Header, curve: _Curve, curves: int) -> Metadata:
    if curves == 1 or not np.isfinite(curve.z):
        return ()
    unit = header.z_label or X_UNITS.get(header.z_type, "")
    return (("z", f"{curve.z:g} {unit}".strip()),)
