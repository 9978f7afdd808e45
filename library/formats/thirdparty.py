"""The third-party readers, as the worker runs them: bytes in, names and numbers out.

Nothing here decides anything about a spectrum; `opus` and `witec` check and interpret the answers
in the program's own process. Only the worker imports this module.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

# Imported before the clock starts, and for the limit on memory to know what they take.
import witio
from brukeropus.file import file as opus_file

from library.formats.nexus_arrays import nexus
from library.formats.wire import MAX_VALUES
from library.formats.worker import Operation, RefusedError, Result
from matching.spectrum import FloatArray

NOT_SPECTRA = ("ig", "ph", "gcig")  # interferograms and phases are no spectra
GRAPH_FAULTS = (ValueError, KeyError, TypeError, IndexError, AttributeError, NotImplementedError)


def opus(data: bytes) -> Result:
    """Read a Bruker OPUS file with brukeropus: every data block but interferograms and phases."""
    opus_file.read_opus_file_bytes = lambda _: data  # it would have them from a path
    found = opus_file.OPUSFile("")
    blocks: list[dict[str, object]] = []
    arrays: list[FloatArray] = []
    for key in found.all_data_keys:
        if key.startswith(NOT_SPECTRA):
            continue
        block = getattr(found, key)
        curves = np.atleast_2d(np.asarray(block.y, dtype=np.float64))
        blocks.append(
            {
                "key": key,
                "label": str(block.label),
                "unit": str(getattr(block.params, "dxu", "")),
                "date": str(getattr(block.params, "dat", "")),
                "time": str(getattr(block.params, "tim", "")),
                "curves": len(curves),
            }
        )
        arrays += [np.asarray(block.x, dtype=np.float64), curves]
    return {"blocks": blocks, "parameters": _parameters(found.params)}, arrays


def _parameters(params: Any) -> dict[str, str | float]:
    values = {key: getattr(params, key) for key in params.keys()}  # noqa: SIM118  no mapping
    return {str(key): _plain(value) for key, value in values.items()}


def _plain(value: object) -> str | float:
    """Return what JSON can hold: a finite number, or text."""
    if isinstance(value, int | float) and math.isfinite(value):
        return value
    return str(value)


def witec(data: bytes) -> Result:
    """Read a WITec project or data file with witio: every graph, and the texts beside them."""
    project = witio.read_bytes(data)
    graphs: list[dict[str, object]] = []
    arrays: list[FloatArray] = []
    left_out: list[list[str]] = []
    values = 0
    for entry in project.find(class_name="TDGraph"):
        caption = _caption(entry)
        try:
            about, axis, curves = _graph(entry)
        except GRAPH_FAULTS as error:
            left_out.append([caption, f"{type(error).__name__}: {error}"[:200]])
            continue
        values += axis.size + curves.size
        if values > MAX_VALUES:
            raise RefusedError(f"it holds more than {MAX_VALUES:,} numbers", "too_large")
        graphs.append({**about, "caption": caption})
        arrays += [axis, curves]
    texts = [[_caption(entry), text] for entry, text in _texts(project)]
    return {"graphs": graphs, "left_out": left_out, "texts": texts}, arrays


def _caption(entry: Any) -> str:
    return str(_tried(lambda: entry.caption, ""))


def _graph(entry: Any) -> tuple[dict[str, object], FloatArray, FloatArray]:
    laser, spectral = _interpretation(entry)
    raw = entry.array()  # before the axis, which believes the stated number of points
    if raw.size > MAX_VALUES:
        raise RefusedError(f"it holds more than {MAX_VALUES:,} numbers", "too_large")
    axis, unit = entry.x_axis()
    curves = np.ascontiguousarray(raw, dtype=np.float64)
    about: dict[str, object] = {
        "unit": str(unit),
        "spectral": spectral,
        "laser_nm": laser,
        "shape": [int(n) for n in curves.shape],
        "intensity_unit": _intensity_unit(entry),
        "measured": {
            str(key): _plain(value)
            for key, value in _tried(lambda: entry.measurement_metadata, {}).items()
            if value is not None
        },
    }
    if spectral and unit not in {"nm", "rel. 1/cm"}:  # shown as energy, say, but defined in nm
        axis, about["unit"] = entry.x_axis("nm")
    return about, np.asarray(axis, dtype=np.float64), curves


def _interpretation(entry: Any) -> tuple[float | None, bool]:
    """Return the laser line in nm, where stated, and whether the axis is a spectral one."""
    payload = entry.payload
    found = {
        name: entry.project.find_by_id(tag.scalar())
        for name in ("XInterpretationID", "XTransformationID")
        if (tag := payload.find(name)) is not None
    }
    how, axis = found.get("XInterpretationID"), found.get("XTransformationID")
    if how is not None and how.class_name == "TDSpectralInterpretation":
        laser = float(how.payload["ExcitationWaveLength"].scalar())
        return (laser if math.isfinite(laser) else None), True
    return None, axis is not None and axis.class_name == "TDSpectralTransformation"


def _intensity_unit(entry: Any) -> str:
    tag = entry.payload.find("ZInterpretationID")
    found = entry.project.find_by_id(tag.scalar()) if tag is not None else None
    unit = found.tag.find("TDZInterpretation") if found is not None else None
    return str(_tried(unit["UnitName"].scalar, "")) if unit is not None else ""


def _texts(project: Any) -> list[tuple[Any, str]]:
    entries = project.find(class_name="TDText")
    return [(entry, text) for entry in entries if (text := _tried(entry.text, ""))]


def _tried(get: Callable[[], Any], otherwise: Any) -> Any:
    """Return what `get` gives; remarks about a spectrum are not worth losing it over."""
    try:
        found = get()
    except GRAPH_FAULTS:
        return otherwise
    return otherwise if found is None else found


OPERATIONS: dict[str, Operation] = {"opus": opus, "witec": witec, "nexus": nexus}
