"""The record that goes with every curve this program writes, in whatever format.

It holds what the format itself has no place for, or would hold only roughly: kind and unit of the
axis, marks, history, metadata, laser line, and which file with which SHA-256 the curve came from.
Values are never taken from it, only what is said about them; a digest tells whether the values
beside it are still those that were written.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, get_args

from library.errors import AmbiguousAxisError
from library.formats.records import Mark, Metadata, Trace
from matching.spectrum import Acquisition, FloatArray, Step, Technique

VERSION = 1
SIGN = "Spectra export"
AXES = ("shift", "wavelength", "other")
SOURCE_KEYS = ("source file", "source SHA-256", "source format")
CHANGED = "The values are not those that were exported: somebody changed them since."
NOT_TAKEN = "The file's record of its export cannot be read and was not taken."


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a curve comes from.

    Parameters
    ----------
    file : str
        Name of the file it was read from, without folders.
    sha256 : str
        Digest of that file's bytes.
    format : str
        Name of the format recognised.
    program : str
        Name and version of this program.
    notes : tuple of str
        What reading assumed.
    """

    file: str
    sha256: str
    format: str
    program: str
    notes: tuple[str, ...] = ()


def axis_of(trace: Trace) -> tuple[str, FloatArray, str]:
    """Return what the main axis is (``shift``, ``wavelength``, ``other``), its values and unit.

    A Raman shift comes first where a file holds several.

    Raises
    ------
    AmbiguousAxisError
        The curve has no axis at all.
    """
    if trace.shift_cm1 is not None:
        return "shift", trace.shift_cm1, "cm-1"
    if trace.wavelength_nm is not None:
        return "wavelength", trace.wavelength_nm, "nm"
    if trace.other_axis is not None:
        return "other", trace.other_axis, trace.other_unit
    raise AmbiguousAxisError("the curve has no axis", "", "export it with its axis")


def axis_title(trace: Trace) -> str:
    """Return name and unit of the main axis for a person: ``Raman shift (cm-1)``."""
    what, _, unit = axis_of(trace)
    title = {"shift": "Raman shift", "wavelength": "Wavelength"}.get(what, "Axis")
    return f"{title} ({unit or 'unit not stated'})"


def digest_of(x: FloatArray, y: FloatArray) -> str:
    """Return the SHA-256 of abscissae and ordinates, both of shape (n,)."""
    return hashlib.sha256(x.astype("<f8").tobytes() + y.astype("<f8").tobytes()).hexdigest()


def record_of(trace: Trace, origin: Origin) -> str:
    """Return the record of a curve as one line of ASCII."""
    what, x, unit = axis_of(trace)
    stated = {name: value for name, value in asdict(trace.acquisition).items() if value is not None}
    record = {
        "version": VERSION,
        "program": origin.program,
        "source": {"file": origin.file, "sha256": origin.sha256, "format": origin.format},
        "notes": list(origin.notes),
        "points": int(trace.intensity.size),
        "sha256": digest_of(x, trace.intensity),
        "name": trace.name,
        "axis": [what, unit],
        "intensity_unit": trace.intensity_unit,
        "kind": trace.kind,
        "technique": trace.technique,
        "laser_nm": trace.laser_nm,
        "marks": sorted(trace.marks),
        "acquisition": stated,
        "history": [[step.name, [list(pair) for pair in step.settings]] for step in trace.history],
        "metadata": [list(pair) for pair in trace.metadata],
    }
    return json.dumps(record, ensure_ascii=True, separators=(",", ":"))


def with_record(trace: Trace, text: str) -> tuple[Trace, tuple[str, ...]]:
    """Return `trace`, as its format holds it, with what the record `text` says about it.

    Marks of both count. A record that is not one, or that belongs to another axis, changes nothing
    and is named in the notes.
    """
    try:
        return _taken(trace, json.loads(text))
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return trace, (NOT_TAKEN,)


def _taken(trace: Trace, record: dict[str, Any]) -> tuple[Trace, tuple[str, ...]]:
    held, x, _ = axis_of(trace)
    what = _text(record["axis"][0])
    if record["version"] != VERSION or what not in AXES or held not in {what, "other"}:
        raise ValueError("another record")
    notes = list(_texts(record["notes"]))
    short = record["points"] > x.size
    if short:
        notes.append(f"{record['points']} points were exported; {x.size} are left.")
    elif record["sha256"] != digest_of(x, trace.intensity):
        notes.append(CHANGED)
    marks = trace.marks | _marks(record["marks"]) | _marks(["truncated"] if short else [])
    source = record["source"]
    pairs = _pairs(record["metadata"])
    known = dict(pairs)
    come = zip(SOURCE_KEYS, (source["file"], source["sha256"], source["format"]), strict=True)
    laser = record["laser_nm"]
    found = replace(
        trace,
        name=trace.name if record["name"] is None else _text(record["name"]),
        kind=_text(record["kind"]),
        shift_cm1=x if what == "shift" else trace.shift_cm1,
        wavelength_nm=x if what == "wavelength" else trace.wavelength_nm,
        other_axis=x if what == "other" else None,
        other_unit=_text(record["axis"][1]) if what == "other" else "",
        intensity_unit=_text(record["intensity_unit"]),
        technique=_technique(record["technique"]),
        laser_nm=None if laser is None else float(laser),
        marks=marks,
        acquisition=_acquisition(record["acquisition"]),
        history=tuple(Step(_text(name), _pairs(settings)) for name, settings in record["history"]),
        metadata=(*pairs, *((key, _text(text)) for key, text in come if key not in known)),
    )
    return found, tuple(notes)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is expected")
    return value


def _texts(values: list[object]) -> tuple[str, ...]:
    return tuple(_text(value) for value in values)


def _pairs(values: list[list[object]]) -> Metadata:
    return tuple((_text(key), _text(value)) for key, value in values)


def _technique(value: object) -> Technique:
    if value not in get_args(Technique):
        raise ValueError("an unknown technique")
    return "SERS" if value == "SERS" else "Raman"


def _marks(values: list[object]) -> frozenset[Mark]:
    if not set(values) <= set(get_args(Mark)):
        raise ValueError("an unknown mark")
    return frozenset(mark for mark in get_args(Mark) if mark in values)


def _acquisition(values: dict[str, object]) -> Acquisition:
    """Return the facts; a value of another type than its field is refused."""
    allowed = {field.name: str(field.type) for field in fields(Acquisition)}
    for name, value in values.items():
        kind = allowed[name].partition(" ")[0]
        fits = {
            "float": isinstance(value, int | float) and not isinstance(value, bool),
            "int": isinstance(value, int) and not isinstance(value, bool),
            "str": isinstance(value, str),
            "bool": isinstance(value, bool),
        }
        if not fits[kind]:
            raise TypeError(f"{name} is no {kind}")
    return Acquisition(**values)  # type: ignore[arg-type]
