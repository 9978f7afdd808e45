"""Thermo OMNIC SPA: a directory of blocks; infrared or Raman, as its axis and ordinate codes say.

Codes as worked out in public readers of the format; the layout agrees with real files.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from library.formats.octets import (
    check_points,
    damaged,
    even_axis,
    fields,
    finite,
    refuse_other_columns,
    values,
    words,
)
from library.formats.records import Mark, Metadata, Parsed, Request, Source, Trace
from library.formats.text import clip
from matching.spectrum import Acquisition, Step

NAME = "Thermo OMNIC SPA"
MAGIC = b"Spectral Data File\r\n"
COUNT_AT, DIRECTORY_AT, ENTRY_BYTES = 294, 304, 16
HEADER_KEY, INTENSITY_KEY, HISTORY_KEY = 2, 3, 27
HEADER_BYTES = 100
WAVENUMBER, RAMAN_SHIFT, NANOMETRE = 1, 32, 3
X_UNITS = {1: "1/cm", 2: "point", 3: "nm", 4: "um", 32: "1/cm"}
RAMAN_INTENSITY = 31
Y_UNITS = {
    11: "% reflectance",
    12: "log(1/R)",
    15: "single beam",
    16: "% transmittance",
    17: "absorbance",
    20: "Kubelka-Munk",
    21: "reflectance",
    22: "detector signal",
    26: "photoacoustic",
    31: "Raman intensity",
}
MAX_HISTORY = 20_000


def sniff(source: Source) -> bool:
    """Tell whether the bytes begin with 'Spectral Data File'."""
    return source.data.startswith(MAGIC)


@dataclass(frozen=True, slots=True)
class _Block:
    at: int
    size: int


@dataclass(frozen=True, slots=True)
class _Header:
    points: int
    x_unit: int
    y_unit: int
    first: float
    last: float
    scans: int
    laser_cm1: float


def parse(source: Source, request: Request) -> Parsed:
    """Read the spectrum of the file; a file of several pairs of blocks gives them all."""
    refuse_other_columns(request, NAME)
    data = source.data
    blocks = _directory(data)
    headers, bodies = blocks.get(HEADER_KEY, []), blocks.get(INTENSITY_KEY, [])
    if not headers or len(headers) != len(bodies):
        raise damaged(
            f"the directory names {len(headers)} headers and {len(bodies)} spectra", DIRECTORY_AT
        )
    ends = any(block.at + block.size > len(data) for group in blocks.values() for block in group)
    notes = ("The file ends early; blocks named in its directory are cut off.",) if ends else ()
    common = _metadata(data, blocks)
    traces = tuple(
        _trace(data, head, body, common, (str(at) if len(bodies) > 1 else None, ends))
        for at, (head, body) in enumerate(zip(headers, bodies, strict=True), 1)
    )
    return Parsed(traces, notes)


def _directory(data: bytes) -> dict[int, list[_Block]]:
    """Return the blocks by key, as far as the directory goes."""
    (count,) = fields(data, "<H", COUNT_AT, "directory")
    if not count:
        raise damaged("the directory is empty", COUNT_AT)
    fields(data, f"{count * ENTRY_BYTES}s", DIRECTORY_AT, "directory")
    blocks: dict[int, list[_Block]] = {}
    for at in range(DIRECTORY_AT, DIRECTORY_AT + count * ENTRY_BYTES, ENTRY_BYTES):
        key, place, size = fields(data, "<HII", at, "directory")
        if key:
            blocks.setdefault(key, []).append(_Block(place, size))
    bodies = sorted((block.at, block.at + block.size) for block in blocks.get(INTENSITY_KEY, ()))
    if any(one[1] > other[0] for one, other in pairwise(bodies)):
        raise damaged("spectra of the directory overlap", DIRECTORY_AT)
    return blocks


def _read_header(data: bytes, block: _Block) -> _Header:
    at = block.at
    fields(data, f"{HEADER_BYTES}s", at, "spectrum header")
    points, x_unit, y_unit, first, last = fields(data, "<IIIff", at + 4, "spectrum header")
    (scans,) = fields(data, "<I", at + 36, "spectrum header")
    (laser,) = fields(data, "<f", at + 96, "spectrum header")
    return _Header(check_points(points, at + 4), x_unit, y_unit, first, last, scans, laser)


def _trace(
    data: bytes, head: _Block, body: _Block, common: Metadata, state: tuple[str | None, bool]
) -> Trace:
    header = _read_header(data, head)
    if body.size != 4 * header.points:
        raise damaged(f"the spectrum has not the {header.points:,} points of its header", body.at)
    there = min(header.points, max(0, len(data) - body.at) // 4)
    if not there:
        raise damaged("the file ends before its spectrum", body.at)
    intensity = finite(values(data, "<f4", there, body.at, "spectrum"), "the spectrum")
    x = even_axis(header.first, header.last, header.points, there)
    marks: frozenset[Mark] = frozenset({"truncated"} if state[1] else ())
    unit = header.x_unit
    return Trace(
        intensity,
        shift_cm1=x if unit == RAMAN_SHIFT else None,
        wavelength_nm=x if unit == NANOMETRE else None,
        other_axis=x if unit not in {RAMAN_SHIFT, NANOMETRE} else None,
        other_unit="" if unit in {RAMAN_SHIFT, NANOMETRE} else X_UNITS.get(unit, ""),
        intensity_unit=Y_UNITS.get(header.y_unit, ""),
        kind=_kind(header),
        name=state[0],
        laser_nm=_laser(header),
        acquisition=Acquisition(averages=header.scans or None),
        history=(Step("intensities read", (("stored as", "floating point"),)),),
        metadata=common,
        marks=marks,
    )


def _kind(header: _Header) -> str:
    """Return what the file says it is where that is no Raman spectrum."""
    if header.x_unit == RAMAN_SHIFT or header.y_unit == RAMAN_INTENSITY:
        return ""
    quantity = Y_UNITS.get(header.y_unit, "")
    if header.x_unit == WAVENUMBER:
        return f"infrared spectrum of {quantity}" if quantity else "infrared spectrum"
    return f"spectrum of {quantity}" if quantity else ""


def _laser(header: _Header) -> float | None:
    """Return the Raman laser line in nm; the file holds its wavenumber, 0 in infrared spectra."""
    if not np.isfinite(header.laser_cm1) or not 4_000.0 <= header.laser_cm1 <= 66_000.0:
        return None
    return 1e7 / header.laser_cm1


def _metadata(data: bytes, blocks: dict[int, list[_Block]]) -> Metadata:
    title = words(data[30:286])
    pairs = [("title", title)] if title else []
    for block in blocks.get(HISTORY_KEY, []):
        raw = data[block.at : block.at + min(block.size, MAX_HISTORY)].split(b"\0", 1)[0]
        text = raw.decode("cp1252", errors="replace")
        for line in text.splitlines():
            key, colon, value = line.partition(":")
            known = colon and "\t" in line[:2] and value.strip()
            pairs.append((clip(key, 80), value.strip()) if known else ("history", line.strip()))
    return tuple(pair for pair in pairs if pair[1])
