"""Andor SIF (Solis): lines of text with binary parts between them, then float32 numbers.

The header changed with every version, so it is not followed line by line: the three names of the
axes, each behind its length, with the line of the layout after them, are looked for, and the
calibration is what stands before them. Rows of an image and frames of a series are curves of their
own. Everything is bounded by the file's length, and the first signal only is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from library.errors import FileTooLargeError
from library.formats.checks import check_axis
from library.formats.octets import (
    check_curves,
    check_points,
    damaged,
    finite,
    refuse_other_columns,
    words,
)
from library.formats.records import Parsed, Request, Source, Trace
from library.formats.text import clip
from library.formats.wire import MAX_VALUES
from matching.spectrum import Acquisition, FloatArray, Step

NAME = "Andor SIF"
MAGIC = b"Andor Technology Multi-Channel File"
HEADER_BYTES = 200_000
CALIBRATION_LINES = 16  # before the names of the axes
WAVELENGTH, PIXEL = "wavelength", "pixel number"

_N = rb"-?[0-9]{1,9}"
# ...10\nWavelength6\nCounts12\nPixel number65541 1 1024 1024 1 100 1 102400 1024\n
_NAMES = re.compile(
    rb"\n([0-9]{1,2})\n([ -~]{1,40}?)([0-9]{1,2})\n([ -~]{1,40}?)([0-9]{1,2})\n([ -~]{1,40}?)"
    rb"(6[0-9]{4}(?: " + _N + rb"){8}) ?\n"
)
_PART = re.compile(rb"6[0-9]{4}((?: " + _N + rb"){7}) ?\n")
_TIME = re.compile(rb" {0,30}[0-9]{1,18}\n")
_NUMBER = rb"[-+]?[0-9]{1,20}(?:\.[0-9]{0,30})?(?:[eE][-+]?[0-9]{1,3})?"
_COEFFICIENTS = re.compile(rb" ?" + _NUMBER + rb"(?: " + _NUMBER + rb"){3} ?")


@dataclass(frozen=True, slots=True)
class _Layout:
    """What one frame is made of: rows and their lengths, and where the numbers begin."""

    axis_name: str
    intensity_name: str
    frames: int
    rows: tuple[int, ...]
    start: int


def sniff(source: Source) -> bool:
    """Tell whether the file begins with Andor's line."""
    return source.data.startswith(MAGIC)


def parse(source: Source, request: Request) -> Parsed:
    """Read every row of every frame; a file that ends early gives what is there, marked so."""
    refuse_other_columns(request, NAME)
    data = source.data
    names = _names(data)
    layout = _layout(data, names)
    total = layout.frames * sum(layout.rows)
    there = min(total, (len(data) - layout.start) // 4)
    if there < 1:
        raise damaged("the file ends before its numbers", len(data))
    if there > MAX_VALUES:
        raise FileTooLargeError(
            f"the file holds {there:,} numbers; at most {MAX_VALUES:,} are read",
            "",
            "export the frames that are wanted",
        )
    check_curves(min(there, layout.frames * len(layout.rows)))
    numbers = finite(np.frombuffer(data, "<f4", there, layout.start), "the intensities")
    base = _base(data, names.start(), layout)
    calibration = _calibration(data[: names.start()])
    traces = _curves(numbers, layout, base, calibration)
    notes = [] if there == total else [f"The file ends after {there:,} of {total:,} numbers."]
    if _ends_early(data[layout.start + 4 * total :]):
        traces = [replace(trace, marks=frozenset({"truncated"})) for trace in traces]
    return Parsed(tuple(traces), tuple(notes))


def _ends_early(rest: bytes) -> bool:
    """Tell whether what follows the numbers is cut: four further signals, each 0 or there.

    Newer files then hold a description in XML, which ends in ``SIFX``.
    """
    absent = re.match(rb"(?:0\n){0,4}", rest)
    after = rest[absent.end() if absent else 0 :]
    if len(rest) - len(after) == 8:
        return after.startswith(b"<") and not after.endswith(b"SIFX")
    return not after.startswith(b"1\n")


def _names(data: bytes) -> re.Match[bytes]:
    for found in _NAMES.finditer(data, 0, min(len(data), HEADER_BYTES)):
        lengths, texts = (1, 3, 5), (2, 4, 6)
        if all(int(found[n]) == len(found[t]) for n, t in zip(lengths, texts, strict=True)):
            return found
    raise damaged("the names of its axes are missing")


def _layout(data: bytes, names: re.Match[bytes]) -> _Layout:
    """Follow the lines after the names: layout, one line for each part, one for each frame."""
    *_, frames, parts, total, length = (int(text) for text in names[7].split())
    if not (1 <= parts <= 10_000 and frames >= 1 and total == frames * length):
        raise damaged(f"its layout is impossible: {words(names[7])}", names.start(7))
    at, rows = names.end(), list[int]()
    for _ in range(parts):
        part = _PART.match(data, at)
        if part is None:
            raise damaged("the place of a part of the detector is missing", at)
        at = part.end()
        left, top, right, bottom, vertical, horizontal, _ = map(int, part[1].split())
        if vertical < 1 or horizontal < 1:
            raise damaged("the binning of the detector is impossible", part.start())
        height = (abs(top - bottom) + 1) // vertical
        width = check_points((abs(right - left) + 1) // horizontal, part.start())
        if not 1 <= height <= length:
            raise damaged(f"a part of the detector has {height:,} rows", part.start())
        rows += [width] * height
    if sum(rows) != length:
        raise damaged(f"the frame is said to have {length:,} points and to have {sum(rows):,}", at)
    at = _after_times(data, at, frames)
    return _Layout(words(names[2]), words(names[4]), frames, tuple(rows), at)


def _after_times(data: bytes, at: int, frames: int) -> int:
    """Return where the numbers begin: behind a time for each frame, and a flag in newer files.

    A flag of 1 announces a second time for each frame. Intensities cannot be mistaken for a flag:
    counts below 65,536 as float32 begin with a byte 0.
    """
    if frames * 2 > len(data) - at:
        raise damaged(f"it states {frames:,} frames, and is too short for them", at)
    at = _lines_of_times(data, at, frames)
    if data.startswith(b"0\n", at):
        return at + 2
    if data.startswith(b"1\n", at) and _TIME.match(data, at + 2):
        return _lines_of_times(data, at + 2, frames)
    return at


def _lines_of_times(data: bytes, at: int, frames: int) -> int:
    for _ in range(frames):
        line = _TIME.match(data, at)
        if line is None:
            raise damaged("the time of a frame is missing", at)
        at = line.end()
    return at


def _calibration(head: bytes) -> tuple[float, ...]:
    """Return the four coefficients of the axis over the pixel, counted from 1.

    They stand in the first of three lines of four numbers, before a line of one.
    """
    lines = head.split(b"\n")[-CALIBRATION_LINES:]
    for at in range(len(lines) - 4, -1, -1):
        if all(_COEFFICIENTS.fullmatch(line) for line in lines[at : at + 3]):
            return tuple(float(number) for number in lines[at].split())
    raise damaged("the calibration of its axis is missing")


def _axis(layout: _Layout, points: int, calibration: tuple[float, ...]) -> dict[str, Any]:
    pixel = np.arange(1.0, points + 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        axis: FloatArray = np.polynomial.polynomial.polyval(pixel, np.array(calibration))
    check_axis(axis, "the calibration")
    name = layout.axis_name.lower()
    if name == WAVELENGTH:
        return {"wavelength_nm": axis}
    if name == PIXEL:
        return {"other_axis": axis, "other_unit": "pixel"}
    return {"other_axis": axis, "other_unit": clip(layout.axis_name)}


def _curves(
    numbers: FloatArray, layout: _Layout, base: Trace, calibration: tuple[float, ...]
) -> list[Trace]:
    """Cut `numbers`, shape (n,), into rows; the last of a file that ends early is what is there."""
    axes: dict[int, dict[str, Any]] = {}
    several = layout.frames * len(layout.rows) > 1
    traces: list[Trace] = []
    at = 0
    for frame in range(layout.frames):
        for row, width in enumerate(layout.rows):
            intensity = numbers[at : at + width]
            at += width
            if not intensity.size:
                return traces
            if intensity.size not in axes:
                axes[intensity.size] = _axis(layout, intensity.size, calibration)
            place = (("frame", str(frame + 1)), ("row", str(row + 1))) if several else ()
            traces.append(
                replace(
                    base,
                    intensity=intensity,
                    name="signal" if several else None,
                    metadata=(*place, *base.metadata),
                    **axes[intensity.size],
                )
            )
    return traces


def _base(data: bytes, end: int, layout: _Layout) -> Trace:
    """Return what all curves share: how the file says they were measured."""
    lines = data[:end].split(b"\n", 6)
    known = [words(part) for part in lines[2].split(b" ")] if len(lines) > 2 else []
    detector = words(lines[3]) if len(lines) > 3 else ""
    seconds, scans = _known(known, 12), _known(known, 15)
    stamp = _known(known, 4)
    return Trace(
        intensity=np.empty(0),
        intensity_unit=layout.intensity_name,
        acquisition=Acquisition(
            integration_time_ms=seconds * 1000 if seconds and seconds > 0 else None,
            averages=int(scans) if scans and 1 <= scans <= 1e9 and scans == int(scans) else None,
            detector_temperature_c=_known(known, 5),
            detector=detector or None,
            measured_at=_when(stamp),
        ),
        history=(Step("intensities read", (("quantity", layout.intensity_name),)),),
        metadata=(("Detector", detector), ("Original file", words(lines[5]))) if len(lines) > 5
        else (),
    )  # fmt: skip


def _known(parts: list[str], at: int) -> float | None:
    text = parts[at] if at < len(parts) else ""
    known = re.fullmatch(r"[-+]?[0-9]{1,12}(?:\.[0-9]+)?(?:e[-+]?[0-9]{1,2})?", text)
    return float(text) if known else None


def _when(stamp: float | None) -> str | None:
    """Return the time in seconds since 1970 as a date; the computer's time zone is not in it."""
    if stamp is None or not 0 < stamp < 4e9:
        return None
    return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
