"""Princeton Instruments SPE: WinSpec 2.x (calibration in the header) and 3 (calibration in XML).

Rows of an image are given as curves of their own. The format has no signature at its start, so the
constants at bytes 2996 and 4098 and the type code are asked together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

import numpy as np

from library.errors import UnsupportedFormError
from library.formats.assemble import counts_saturated
from library.formats.octets import (
    check_curves,
    check_points,
    damaged,
    fields,
    finite,
    refuse_other_columns,
    words,
)
from library.formats.records import Mark, Metadata, Parsed, Request, Source, Trace
from library.formats.text import clip, number
from library.formats.xml_tree import below, local, parse_xml
from matching.spectrum import MAX_POINTS, Acquisition, FloatArray, Step

NAME = "Princeton SPE"
DATA_AT = 4100
WINVIEW_ID, LAST_VALUE = 0x01234567, 0x5555
XML_VERSION = 3.0
TYPES = {0: "<f4", 1: "<i4", 2: "<i2", 3: "<u2", 5: "<f8", 6: "u1", 8: "<u4"}
PIXEL_FORMATS = {
    "MonochromeUnsigned16": "<u2",
    "MonochromeUnsigned32": "<u4",
    "MonochromeFloating32": "<f4",
    "MonochromeFloating64": "<f8",
}
NANOMETRE = 4  # unit of a WinSpec calibration
MAX_ORDER = 5


def sniff(source: Source) -> bool:
    """Tell whether the header's constants and codes are those of an SPE file."""
    data = source.data
    if source.lines or len(data) < DATA_AT:
        return False
    (kind,) = fields(data, "<h", 108, "header")
    (mark,) = fields(data, "<I", 2996, "header")
    (last,) = fields(data, "<H", 4098, "header")
    (version,) = fields(data, "<f", 1992, "header")
    return kind in TYPES and (mark == WINVIEW_ID or last == LAST_VALUE) and 0 <= version < 10


@dataclass(frozen=True, slots=True)
class _Region:
    """A rectangle of each frame: `offset` bytes into the frame, `width` points, `height` rows."""

    offset: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the numbers are: `frames` of `stride` bytes each, from byte 4100 on."""

    kind: str
    frames: int
    stride: int
    regions: tuple[_Region, ...]


@dataclass(frozen=True, eq=False, slots=True)
class _Calibration:
    """The axis the file states; `wavelength_nm` or `other` with its unit, or neither."""

    wavelength_nm: FloatArray | None = None
    other: FloatArray | None = None
    unit: str = ""
    laser_nm: float | None = None
    note: str = ""


def parse(source: Source, request: Request) -> Parsed:
    """Read all rows of all frames of the file."""
    refuse_other_columns(request, NAME)
    data = source.data
    (version,) = fields(data, "<f", 1992, "header")
    if version >= XML_VERSION:
        root = _footer(data)
        layout, calibration = _xml_layout(data, root), _xml_calibration(root)
        acquisition, metadata = _xml_facts(root)
    else:
        layout, calibration = _header_layout(data), _header_calibration(data)
        acquisition, metadata = _header_facts(data)
    rows, truncated = _rows(data, layout)
    calibration, notes = _fitted(calibration, layout)
    if truncated:
        notes.append(f"The file ends early; {len(rows):,} curves are wholly or partly there.")
    marks: frozenset[Mark] = frozenset({"truncated"} if truncated else ())
    traces = tuple(
        Trace(
            row,
            wavelength_nm=_head(calibration.wavelength_nm, row.size),
            other_axis=_head(calibration.other, row.size),
            other_unit=calibration.unit,
            intensity_unit="counts",
            name=str(at) if len(rows) > 1 else None,
            laser_nm=calibration.laser_nm,
            acquisition=replace(acquisition, saturated=_saturated(layout, row)),
            history=(Step("intensities read", (("stored as", layout.kind.strip("<")),)),),
            metadata=metadata,
            marks=marks,
        )
        for at, row in enumerate(rows, 1)
    )
    return Parsed(traces, tuple(notes))


def _saturated(layout: _Layout, row: FloatArray) -> bool:
    """Tell whether the detector was at its limit; only 16-bit numbers are its own counts."""
    return layout.kind == "<u2" and counts_saturated(row)


def _head(axis: FloatArray | None, points: int) -> FloatArray | None:
    return None if axis is None else axis[:points]


# --- Where the numbers are ----------------------------------------------------------------------


def _header_layout(data: bytes) -> _Layout:
    (width,) = fields(data, "<H", 42, "header")
    (height,) = fields(data, "<H", 656, "header")
    (frames,) = fields(data, "<i", 1446, "header")
    (code,) = fields(data, "<h", 108, "header")
    check_points(width, 42)
    if height < 1 or frames < 1:
        raise damaged(f"the header states {frames:,} frames of {height:,} rows", 656)
    kind = TYPES[code]
    stride = width * height * np.dtype(kind).itemsize
    return _Layout(kind, frames, stride, (_Region(0, width, height),))


def _footer(data: bytes) -> Element:
    (at,) = fields(data, "<Q", 678, "header")
    if not DATA_AT <= at < len(data):
        raise damaged(f"the XML footer is said to begin at byte {at:,}", 678)
    return parse_xml(data[at:], "XML footer")


def _whole(element: Element, name: str) -> int:
    text = element.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise damaged(f"the XML footer's {name!r} is {clip(text)!r}, no count")
    return int(text)


def _xml_layout(data: bytes, root: Element) -> _Layout:
    blocks = below(root, "DataBlock")
    frame = next((block for block in blocks if block.get("type") == "Frame"), None)
    if frame is None:
        raise damaged("the XML footer describes no frame")
    kind = PIXEL_FORMATS.get(frame.get("pixelFormat", ""))
    if kind is None:
        raise UnsupportedFormError(
            f"the pixel format {clip(frame.get('pixelFormat', ''))!r} is not known",
            "XML footer",
            "export the spectrum as text from the instrument's software",
        )
    frames, stride = _whole(frame, "count"), _whole(frame, "stride")
    (stated,) = fields(data, "<i", 1446, "header")
    (footer,) = fields(data, "<Q", 678, "header")
    if stated != frames:
        raise damaged(f"the header states {stated:,} frames, the footer {frames:,}", 1446)
    if DATA_AT + frames * stride > footer:
        raise damaged(f"{frames:,} frames of {stride:,} bytes reach into the footer", DATA_AT)
    regions, offset = [], 0
    for block in frame:
        if local(block) != "DataBlock" or block.get("type") != "Region":
            continue
        width, height = _whole(block, "width"), _whole(block, "height")
        check_points(width)
        if width * height * np.dtype(kind).itemsize > _whole(block, "size"):
            raise damaged(f"a region of {width} x {height} does not fit its size")
        regions.append(_Region(offset, width, height))
        offset += _whole(block, "stride") * _whole(block, "count")
    if not regions or not frames or offset > stride:
        raise damaged("the XML footer's regions do not fit its frames")
    return _Layout(kind, frames, stride, tuple(regions))


def _rows(data: bytes, layout: _Layout) -> tuple[list[FloatArray], bool]:
    """Return every row that is there, frame by frame, and whether the file ends before the last."""
    width = np.dtype(layout.kind).itemsize
    whole = max(0, len(data) - DATA_AT) // layout.stride if layout.stride else 0
    per_frame = sum(region.height for region in layout.regions)
    check_curves(min(layout.frames, whole + 1) * per_frame)
    rows: list[FloatArray] = []
    for frame in range(min(layout.frames, whole + 1)):
        for region in layout.regions:
            start = DATA_AT + frame * layout.stride + region.offset
            for row in range(region.height):
                at = start + row * region.width * width
                there = min(region.width, max(0, len(data) - at) // width)
                if there:
                    numbers = np.frombuffer(data, layout.kind, there, at)
                    rows.append(finite(numbers, f"curve {len(rows) + 1}"))
    if not rows:
        raise damaged("the file ends before its first curve", DATA_AT)
    return rows, len(data) < DATA_AT + layout.frames * layout.stride


# --- The axis -----------------------------------------------------------------------------------


def _header_calibration(data: bytes) -> _Calibration:
    """Return the axis of a WinSpec header: a polynomial of the pixel, counted from 1."""
    valid, _, unit, order, _ = fields(data, "<5B", 3098, "calibration")
    coefficients = fields(data, "<6d", 3263, "calibration")
    (laser,) = fields(data, "<d", 3311, "calibration")
    first, _, group = fields(data, "<3H", 1512, "region")
    (width,) = fields(data, "<H", 42, "header")
    label = words(data[3018:3058])
    if not valid or order > MAX_ORDER or not np.isfinite(coefficients).all():
        return _Calibration(note="The file holds no valid calibration of its axis.")
    if first > 1 or group > 1:
        return _Calibration(
            note="The spectrum is of a part of the detector, for which the calibration in the "
            "file is not known to hold: not used."
        )
    pixel = np.arange(1, width + 1, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # absurd coefficients: not finite below
        axis = np.polynomial.polynomial.polyval(pixel, coefficients[: order + 1])
    stated = _stated_laser(laser)
    if not np.isfinite(axis).all():
        return _Calibration(note="The calibration in the file gives no numbers: not used.")
    if unit == NANOMETRE:
        return _Calibration(wavelength_nm=axis, laser_nm=stated)
    return _Calibration(other=axis, unit=label, laser_nm=stated)


def _stated_laser(value: float) -> float | None:
    """Return the laser line in nm; the field is met as nm and as cm-1, which do not overlap."""
    if 150.0 <= value <= 2_500.0:
        return value
    return 1e7 / value if 4_000.0 <= value <= 66_000.0 else None


def _xml_calibration(root: Element) -> _Calibration:
    mappings = below(root, "WavelengthMapping")
    frame = next((b for b in below(root, "DataBlock") if b.get("type") == "Frame"), None)
    used = (frame.get("calibrations", "") if frame is not None else "").split(",")
    mapping = next((m for m in mappings if m.get("id") in used), None)
    if mapping is None:
        return _Calibration(note="The file holds no calibration of its axis.")
    laser = _stated_laser(number(mapping.get("laserLine", "")) or 0.0)
    for child in mapping:
        text = child.text or ""
        if local(child) == "Wavelength":
            return _Calibration(wavelength_nm=_listed(text.split(",")), laser_nm=laser)
        if local(child) == "WavelengthError":  # pairs 'value,error' between blanks
            return _Calibration(
                wavelength_nm=_listed([pair.partition(",")[0] for pair in text.split()]),
                laser_nm=laser,
            )
    return _Calibration(laser_nm=laser, note="The file holds no wavelengths.")


def _listed(cells: list[str]) -> FloatArray:
    if len(cells) > MAX_POINTS:
        raise damaged(f"the XML footer lists {len(cells):,} wavelengths")
    found = [number(cell) for cell in cells]
    if None in found:
        raise damaged(f"{clip(cells[found.index(None)])!r} is listed as a wavelength")
    return np.array(found, dtype=np.float64)


def _fitted(calibration: _Calibration, layout: _Layout) -> tuple[_Calibration, list[str]]:
    """Return the calibration where it has a value for each point, otherwise the pixels."""
    width = max(region.width for region in layout.regions)
    same = all(region.width == width for region in layout.regions)
    axis = calibration.other if calibration.wavelength_nm is None else calibration.wavelength_nm
    if axis is not None and axis.size == width and same:
        return calibration, []
    note = calibration.note or (
        f"The calibration has {0 if axis is None else axis.size:,} values for {width:,} points: "
        "not used."
    )
    pixels = np.arange(1, width + 1, dtype=np.float64)
    bare = replace(calibration, wavelength_nm=None, other=pixels, unit="pixel")
    return bare, [note + " The axis counts the pixels."]


# --- How it was measured ------------------------------------------------------------------------


def _header_facts(data: bytes) -> tuple[Acquisition, Metadata]:
    (seconds,) = fields(data, "<f", 10, "header")
    date, time = words(data[20:30]), words(data[172:179])
    clock = f" {time[:2]}:{time[2:4]}:{time[4:6]}" if len(time) == 6 and time.isdigit() else ""
    comments = (words(data[at : at + 80]) for at in range(200, 600, 80))
    acquisition = Acquisition(
        integration_time_ms=seconds * 1000.0 if 0 < seconds < 1e6 else None,
        measured_at=f"{date}{clock}" or None,
    )
    return acquisition, tuple(("comment", text) for text in comments if text)


def _xml_facts(root: Element) -> tuple[Acquisition, Metadata]:
    exposure = next((number(e.text or "") for e in below(root, "ExposureTime")), None)
    camera = next(iter(below(root, "Camera")), None)
    created = next((e.get("created", "") for e in below(root, "Origin")), "")
    acquisition = Acquisition(
        integration_time_ms=exposure if exposure and exposure > 0 else None,
        instrument=camera.get("model") if camera is not None else None,
        serial=camera.get("serialNumber") if camera is not None else None,
        measured_at=created or None,
    )
    return acquisition, (("created", created),) if created else ()
