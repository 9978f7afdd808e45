"""Renishaw WiRE WDF: a chain of blocks, one axis, many spectra (Raman shift or, unit 3, nm).

Meaning of the blocks and codes as worked out in public readers of the format. Traps: a block size
of 0 or more than the file, fewer spectra than planned (interrupted maps), files without a laser
line, origin blocks that are missing or disagree with the header.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from library.errors import UnsupportedFormError
from library.formats.octets import (
    check_curves,
    check_points,
    damaged,
    fields,
    finite,
    refuse_other_columns,
    values,
    words,
)
from library.formats.records import Mark, Metadata, Parsed, Request, Source, Trace
from matching.spectrum import Acquisition, FloatArray, Step

NAME = "Renishaw WDF"
MAGIC = b"WDF1"
HEAD_BYTES, FILE_HEAD_BYTES = 16, 512
MAX_BLOCKS = 10_000
SATURATED, FAULTY = 1, 2  # bits of a spectrum's flags
FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
RAMAN_SHIFT, NANOMETRE = 1, 3
UNITS = {
    0: "",
    1: "1/cm",
    2: "1/cm",
    3: "nm",
    4: "eV",
    5: "um",
    6: "counts",
    7: "electrons",
    8: "mm",
    9: "m",
    10: "K",
    11: "Pa",
    12: "s",
    13: "ms",
    14: "h",
    15: "d",
    16: "pixel",
    17: "",
    18: "",
    19: "degrees",
    20: "rad",
    21: "degC",
    22: "degF",
    23: "K/min",
    24: "",
    25: "us",
}
TIME, CHECKSUM, FLAGS = 11, 16, 17  # kinds of origin lists


def sniff(source: Source) -> bool:
    """Tell whether the bytes begin with 'WDF1'."""
    return source.data.startswith(MAGIC)


@dataclass(frozen=True, slots=True)
class _Block:
    at: int
    size: int


@dataclass(frozen=True, slots=True)
class _Header:
    points: int
    capacity: int
    count: int
    accumulations: int
    rows: int
    software: str
    started: str
    unit: int
    laser_cm1: float
    user: str
    title: str


@dataclass(frozen=True, eq=False, slots=True)
class _Origin:
    """One fact about each spectrum: where, when, or its flags."""

    kind: int
    unit: str
    label: str
    raw: np.ndarray

    def text(self, at: int) -> str:
        if self.kind == TIME:
            return _moment(int(self.raw.view("<u8")[at]))
        return f"{float(self.raw.view('<f8')[at]):.10g} {self.unit}".strip()


@dataclass(frozen=True, eq=False, slots=True)
class _Common:
    """What all spectra of the file share, and the lists with a value for each."""

    header: _Header
    unit: int
    axis: FloatArray
    origins: list[_Origin]
    marks: frozenset[Mark]


@dataclass(slots=True)
class _Found:
    notes: list[str] = field(default_factory=list)
    marks: set[Mark] = field(default_factory=set)


def parse(source: Source, request: Request) -> Parsed:
    """Read all spectra of the file."""
    refuse_other_columns(request, NAME)
    data, found = source.data, _Found()
    header = _read_header(data)
    blocks = _walk(data, found)
    kind, unit, axis = _axis(data, blocks, header)
    intensity = _intensities(data, blocks, header, found)
    origins = _origins(data, blocks, header, found)
    if header.count < header.capacity:
        found.notes.append(
            f"The measurement was ended early: {header.count:,} of {header.capacity:,} planned "
            "spectra are in the file."
        )
    if kind not in {0, RAMAN_SHIFT} or unit not in UNITS:
        found.notes.append(f"The axis is of kind {kind}, unit {unit}, which is not a known one.")
    common = _Common(header, unit, axis, origins, frozenset(found.marks))
    traces = tuple(_trace(common, at, row) for at, row in enumerate(intensity))
    return Parsed(traces, tuple(found.notes))


def _read_header(data: bytes) -> _Header:
    fields(data, f"{FILE_HEAD_BYTES}s", 0, "header")
    points, capacity, count, accumulations, rows = fields(data, "<IQQII", 60, "header")
    started, _, unit, laser = fields(data, "<QQIf", 136, "header")
    check_points(points, 60)
    if rows > 1:
        raise UnsupportedFormError(
            f"the file holds images of the detector ({rows} rows), not spectra",
            "",
            "export the spectra from WiRE",
        )
    if count > capacity or not count:
        raise damaged(f"{count:,} of {capacity:,} planned spectra are said to be measured", 64)
    version = ".".join(str(part) for part in fields(data, "<4H", 120, "header"))
    return _Header(
        points=points,
        capacity=capacity,
        count=count,
        accumulations=accumulations,
        rows=rows,
        software=f"{words(data[96:120])} {version}",
        started=_moment(started),
        unit=unit,
        laser_cm1=laser,
        user=words(data[208:240]),
        title=words(data[240:400]),
    )


def _moment(filetime: int) -> str:
    """Return a Windows file time (0.1 us since 1601) in ISO form, empty when it is none."""
    if not 0 < filetime < 10**18:  # the year 4769
        return ""
    moment = FILETIME_EPOCH + timedelta(microseconds=filetime // 10)
    return moment.isoformat(timespec="milliseconds") if moment.year > 1980 else ""


def _walk(data: bytes, found: _Found) -> dict[bytes, _Block]:
    """Return the first block of each name; the last may reach beyond the end of the file.

    Raises
    ------
    DamagedFileError
        A block size is smaller than its own head, or the blocks are too many.
    """
    blocks: dict[bytes, _Block] = {}
    at = seen = 0
    while at + HEAD_BYTES <= len(data):
        name, _, size = fields(data, "<4sIQ", at, "block")
        if size < HEAD_BYTES or seen > MAX_BLOCKS:
            raise damaged(f"the block {words(name)!r} is said to have {size} bytes", at)
        if name in blocks and name in {b"WDF1", b"DATA", b"XLST"}:
            raise damaged(f"there is a second block {words(name)!r}", at)
        blocks.setdefault(name, _Block(at, size))
        at, seen = at + size, seen + 1
    missing = at - len(data)
    # WiRE itself has been seen to state two bytes too many for a last block that is only a list of
    # settings: less than a block's head cannot hide a block that was cut off.
    if missing > 0 and missing < HEAD_BYTES and b"XLST" in blocks and b"DATA" in blocks:
        found.notes.append(f"The last block lacks {missing} bytes; the spectra are whole.")
        if _reaches_beyond(data, blocks[b"DATA"]) or _reaches_beyond(data, blocks[b"XLST"]):
            found.notes[-1] = "The file ends early."
            found.marks.add("truncated")
    elif missing != 0:
        found.notes.append("The file ends early; settings or spectra at its end are missing.")
        found.marks.add("truncated")
    return blocks


def _reaches_beyond(data: bytes, block: _Block) -> bool:
    return block.at + block.size > len(data)


def _axis(data: bytes, blocks: dict[bytes, _Block], header: _Header) -> tuple[int, int, FloatArray]:
    """Return kind, unit and values of the axis all spectra share."""
    block = blocks.get(b"XLST")
    if block is None:
        raise damaged("the file ends before its axis, or holds none")
    if block.size != HEAD_BYTES + 8 + 4 * header.points:
        raise damaged(f"the axis is not that of {header.points:,} points", block.at)
    kind, unit = fields(data, "<II", block.at + HEAD_BYTES, "axis")
    stored = values(data, "<f4", header.points, block.at + HEAD_BYTES + 8, "axis")
    return kind, unit, finite(stored, "the axis")


def _intensities(
    data: bytes, blocks: dict[bytes, _Block], header: _Header, found: _Found
) -> list[FloatArray]:
    """Return the spectra that are there, in the order of the file."""
    block = blocks.get(b"DATA")
    if block is None:
        raise damaged("the file holds no spectra")
    body = block.size - HEAD_BYTES
    if body != 4 * header.points * header.capacity:
        raise damaged(
            f"the spectra are not {header.capacity:,} of {header.points:,} points each", block.at
        )
    start = block.at + HEAD_BYTES
    whole = min(header.count, (len(data) - start) // (4 * header.points))
    check_curves(max(whole, 1))
    if not whole:
        there = max(0, len(data) - start) // 4
        if not there:
            raise damaged("the file ends before its first spectrum", start)
        stored = values(data, "<f4", there, start, "spectra")
        return [finite(stored, "spectrum 1")]
    if whole < header.count:
        found.notes.append(f"{whole:,} of {header.count:,} spectra are whole; the rest is cut off.")
    stored = values(data, "<f4", whole * header.points, start, "spectra")
    table = stored.reshape(whole, header.points)
    return [finite(row, f"spectrum {at}") for at, row in enumerate(table, 1)]


def _origins(
    data: bytes, blocks: dict[bytes, _Block], header: _Header, found: _Found
) -> list[_Origin]:
    """Return what is known of each spectrum; a list that does not fit is left out and said."""
    block = blocks.get(b"ORGN")
    if block is None or _reaches_beyond(data, block):
        return []
    (count,) = fields(data, "<I", block.at + HEAD_BYTES, "origins")
    each = 24 + 8 * header.capacity
    if block.size != HEAD_BYTES + 4 + count * each:
        found.notes.append("The list of places and times does not fit the spectra: not taken.")
        return []
    origins = []
    for place in range(block.at + HEAD_BYTES + 4, block.at + block.size, each):
        kind, unit, label = fields(data, "<II16s", place, "origins")
        raw = values(data, "<u8", header.capacity, place + 24, "origins")
        origins.append(_Origin(kind & 0x7FFFFFFF, UNITS.get(unit, ""), words(label), raw))
    return origins


def _trace(common: _Common, at: int, intensity: FloatArray) -> Trace:
    header, unit, x = common.header, common.unit, common.axis[: intensity.size]
    origins = common.origins
    flags = next((int(origin.raw[at]) for origin in origins if origin.kind == FLAGS), 0)
    facts = tuple(
        (origin.label, text)
        for origin in origins
        if origin.kind not in {FLAGS, CHECKSUM} and (text := origin.text(at))
    )
    times = (value for key, value in facts if key == "Time")
    return Trace(
        intensity,
        shift_cm1=x if unit == RAMAN_SHIFT else None,
        wavelength_nm=x if unit == NANOMETRE else None,
        other_axis=x if unit not in {RAMAN_SHIFT, NANOMETRE} else None,
        other_unit="" if unit in {RAMAN_SHIFT, NANOMETRE} else UNITS.get(unit, ""),
        intensity_unit=UNITS.get(header.unit, ""),
        name=str(at + 1) if header.count > 1 else None,
        laser_nm=_laser(header.laser_cm1),
        acquisition=Acquisition(
            averages=header.accumulations or None,
            instrument="Renishaw",
            measured_at=next(times, header.started) or None,
            saturated=bool(flags & SATURATED),
        ),
        history=(Step("intensities read", (("stored as", "floating point"),)),),
        metadata=(*facts, *_metadata(header, flags)),
        marks=common.marks,
    )


def _laser(wavenumber: float) -> float | None:
    """Return the laser line in nm from its wavenumber in cm-1; 0 is how WiRE says 'not known'."""
    if not 4_000.0 <= wavenumber <= 66_000.0:
        return None
    return 1e7 / wavenumber


def _metadata(header: _Header, flags: int) -> Metadata:
    pairs = (
        ("title", header.title),
        ("user", header.user),
        ("software", header.software.strip()),
        ("started", header.started),
        ("laser wavenumber (1/cm)", f"{header.laser_cm1:.10g}" if header.laser_cm1 else ""),
        ("flags", "error during the measurement" if flags & FAULTY else ""),
    )
    return tuple(pair for pair in pairs if pair[1])
