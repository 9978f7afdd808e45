"""WITec projects (.wip) and data (.wid): read by witio in the worker, interpreted here.

A project holds graphs: single spectra, line scans, time series and maps, each with its own axis and
laser line. Every point of a map is a spectrum; points never measured are left out and said.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from library.errors import DamagedFileError, ReaderAnswerError
from library.formats import guarded
from library.formats.checks import check_axis
from library.formats.octets import damaged, refuse_other_columns
from library.formats.records import Mark, Metadata, Parsed, Request, Source, Trace
from library.formats.text import EXPORT_AGAIN, clip
from matching.spectrum import Acquisition, FloatArray, Step

NAME = "WITec project"
MAGIC = (b"WIT_PRCT", b"WIT_DATA", b"WIT_PR06", b"WIT_DA06")
NAME_LENGTH = 4
TAG = struct.Struct("<IQQ")
TREE = 0
MAX_TAGS, MAX_DEPTH = 200_000, 100
SHIFT, WAVELENGTH = "rel. 1/cm", "nm"


@dataclass(frozen=True, eq=False, slots=True)
class Graph:
    """One graph of a project: `curves` has the shape (nx, ny, n)."""

    caption: str
    unit: str
    spectral: bool
    laser_nm: float | None
    intensity_unit: str
    axis: FloatArray
    curves: FloatArray
    metadata: Metadata


def sniff(source: Source) -> bool:
    """Tell whether the first eight bytes are those of a WITec file."""
    return source.data.startswith(MAGIC)


def parse(source: Source, request: Request) -> Parsed:
    """Read every spectrum of every graph, x before y, as they lie in the file."""
    refuse_other_columns(request, NAME)
    marks: frozenset[Mark] = frozenset({"truncated"} if _ends_early(source.data) else ())
    answer = guarded.ask("witec", source.data)
    try:
        graphs = list(_graphs(answer))
        notes = [
            f"The graph {clip(str(name))!r} was left out, because it cannot be read "
            f"({clip(str(why), 100)})."
            for name, why in answer.content["left_out"]  # type: ignore[attr-defined]
        ]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ReaderAnswerError(
            f"the reader's answer is incomplete ({error})", "", guarded.OTHER_EXPORT
        ) from error
    traces: list[Trace] = []
    for graph in graphs:
        check_axis(graph.axis, f"graph {clip(graph.caption)!r}")
        found, missing = _traces(graph, marks)
        traces += found
        if missing:
            notes.append(
                f"{missing} points of the graph {clip(graph.caption)!r} were not measured; they "
                "were left out."
            )
    if not traces:
        reason = f": {notes[0]}" if notes else ""
        raise DamagedFileError(
            f"no spectrum can be read from the project{reason}", "", EXPORT_AGAIN
        )
    return Parsed(tuple(traces), tuple(notes))


def _ends_early(data: bytes) -> bool:
    """Walk the tree of tags and tell whether the outermost one ends beyond the file.

    The library follows the stated places wherever they lead, also back and round in a circle; here
    every tag has to lie behind the one before it and inside the one around it.

    Raises
    ------
    DamagedFileError
        A tag lies where it cannot, or there are more than a project has.
    """
    at, tags = len(MAGIC[0]), 0
    ends: list[int] = []
    short = False
    while at < len(data) and (ends or not tags):
        name_length = int.from_bytes(data[at : at + NAME_LENGTH], "little")
        after = at + NAME_LENGTH + name_length + TAG.size
        if after > len(data):
            break
        kind, start, end = TAG.unpack_from(data, after - TAG.size)
        tags += 1
        if tags == 1:
            short = end > len(data)
        if not after <= start <= end or (ends and end > ends[-1]):
            raise damaged("a part of the project lies outside of the one around it", at)
        if tags > MAX_TAGS or len(ends) > MAX_DEPTH:
            raise damaged("it has more parts, or deeper ones, than a project has", at)
        if kind == TREE:
            ends.append(end)
        at = after if kind == TREE else end
        while ends and at >= ends[-1]:
            ends.pop()
    if not tags:
        raise damaged("the file ends in its header", at)
    return short


def _graphs(answer: guarded.Answer) -> Iterator[Graph]:
    found: list[dict[str, Any]] = list(answer.content["graphs"])  # type: ignore[call-overload]
    if len(answer.arrays) != 2 * len(found):
        raise ValueError("graphs and arrays do not match")
    texts = [(str(name), str(text)) for name, text in answer.content["texts"]]  # type: ignore[attr-defined]
    for at, about in enumerate(found):
        axis, flat = answer.arrays[2 * at], answer.arrays[2 * at + 1]
        nx, ny, n = (int(size) for size in about["shape"])
        caption = str(about["caption"])
        if min(nx, ny, n) < 1 or nx * ny * n != flat.size or n != axis.size:
            raise DamagedFileError(
                f"there are {flat.size:,} intensities for {nx} x {ny} spectra of {axis.size:,} "
                "points",
                f"graph {clip(caption)!r}",
                EXPORT_AGAIN,
            )
        laser = about["laser_nm"]
        yield Graph(
            caption=caption,
            unit=str(about["unit"]),
            spectral=about["spectral"] is True,
            laser_nm=float(laser) if isinstance(laser, int | float) and laser > 0 else None,
            intensity_unit=str(about["intensity_unit"]),
            axis=axis,
            curves=flat.reshape(nx, ny, n),
            metadata=(
                *((str(key), str(value)) for key, value in dict(about["measured"]).items()),
                *_remarks(caption, texts),
            ),
        )


def _remarks(caption: str, texts: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the lines ``key:<TAB>value`` of the text that belongs to a graph, by its name."""
    for name, text in texts:
        owner = name.removesuffix(" Information")
        if owner != name and re.match(re.escape(owner) + r"(?![0-9])", caption):
            for line in text.splitlines():
                key, tab, value = line.partition(":\t")
                if tab and key.strip() and value.strip():
                    yield key.strip(), value.strip()


def _traces(graph: Graph, marks: frozenset[Mark]) -> tuple[list[Trace], int]:
    """Return the spectra of `graph`, and how many points of it were never measured."""
    nx, ny, _ = graph.curves.shape
    facts = _acquisition(graph.metadata)
    traces, missing = [], 0
    for x in range(nx):
        for y in range(ny):
            intensity = graph.curves[x, y]
            known = np.isfinite(intensity)
            if not known.any():
                missing += 1
                continue
            if not known.all():
                raise DamagedFileError(
                    "intensities are no numbers",
                    f"graph {clip(graph.caption)!r}, point {x}, {y}",
                    EXPORT_AGAIN,
                )
            place = (("point", f"x {x}, y {y}"),) if nx * ny > 1 else ()
            traces.append(
                Trace(
                    intensity=intensity,
                    **_axis(graph),
                    intensity_unit=graph.intensity_unit,
                    kind="" if graph.spectral else f"a curve over {graph.unit or 'no unit'}",
                    name=graph.caption or None,
                    laser_nm=graph.laser_nm,
                    acquisition=facts,
                    metadata=(*place, *graph.metadata),
                    history=(Step("intensities read", (("graph", graph.caption),)),),
                    marks=marks,
                )
            )
    return traces, missing


def _axis(graph: Graph) -> dict[str, Any]:
    if graph.spectral and graph.unit == SHIFT:
        return {"shift_cm1": graph.axis}
    if graph.spectral and graph.unit == WAVELENGTH:
        return {"wavelength_nm": graph.axis}
    return {"other_axis": graph.axis, "other_unit": graph.unit}


def _acquisition(metadata: Metadata) -> Acquisition:
    known = dict(metadata)
    seconds = _number(known, "integration_time_s", "Integration Time [s]")
    averages = _number(known, "accumulations", "Number Of Accumulations")
    power = _number(known, "laser_power_mw")
    when = " ".join(known[key] for key in ("Date", "Time") if key in known)
    return Acquisition(
        integration_time_ms=seconds * 1000 if seconds is not None and seconds > 0 else None,
        averages=int(averages) if averages is not None and averages >= 1 else None,
        laser_power=f"{power:g} mW" if power is not None and power > 0 else None,
        detector_temperature_c=_number(known, "camera_sensor_temperature_c", "Temperature [°C]"),
        instrument=known.get("spectrograph_name") or None,
        serial=known.get("spectrograph_serial_number") or None,
        detector=known.get("camera_name") or None,
        measured_at=known.get("trace_creation_time_utc") or when or None,
    )


def _number(known: dict[str, str], *keys: str) -> float | None:
    for key in keys:
        if re.fullmatch(r" *[-+]?[0-9]{1,9}(?:\.[0-9]+)? *", known.get(key, "")):
            return float(known[key])
    return None
