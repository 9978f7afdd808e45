"""NeXus files with spectra: our own exports, and others by the application definition NXraman.

The worker takes arrays and texts out of the file (`nexus_arrays`); here they become curves. Read is
the plottable data of every NXentry that is NXraman or carries our record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from library.errors import (
    ColumnMissingError,
    DamagedFileError,
    ReaderAnswerError,
    UnsupportedFormError,
)
from library.formats import guarded
from library.formats.exported import with_record
from library.formats.records import Mark, Metadata, Parsed, Request, Source, Trace
from library.formats.text import EXPORT_AGAIN, clip
from matching.spectrum import Acquisition, FloatArray, Step

NAME = "NeXus NXraman"
HDF5 = b"\x89HDF\r\n\x1a\n"
WAVENUMBER = frozenset({"1/cm", "cm-1", "cm^-1", "cm^{-1}", "1/centimeter", "1 / centimeter"})
NANOMETRES = frozenset({"nm", "nanometer", "nanometers", "nanometre"})


def sniff(source: Source) -> bool:
    """Tell whether this is HDF5 with an NXentry and the name NXraman or our record."""
    data = source.data
    named = b"NXraman" in data or b"spectra_export" in data
    return data.startswith(HDF5) and named and b"NXentry" in data


def parse(source: Source, request: Request) -> Parsed:
    """Read the spectra of all entries.

    Raises
    ------
    DamagedFileError
        HDF5 cannot read it, or the arrays do not belong together.
    UnsupportedFormError
        No entry holds one curve.
    FileTooLargeError, ColumnMissingError, ReaderError
        As their names say.
    """
    if request.column in {"raw", "raw-dark"}:
        raise ColumnMissingError(
            f"the column {request.column!r} is not asked of NeXus files; their plotted data are",
            "",
            "leave the column out",
        )
    answer = guarded.ask("nexus", source.data)
    try:
        entries = list(_entries(answer))
        left = [f"The entry {clip(name)!r} was not read: {why}." for name, why in _left(answer)]
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        raise ReaderAnswerError(
            f"the reader's answer is incomplete ({error})", "", guarded.OTHER_EXPORT
        ) from error
    if not entries:
        what = left[0].removesuffix(".") if left else "no entry of the file is NXraman"
        raise UnsupportedFormError(what, "", "export one spectrum to an entry, as NXraman")
    traces: list[Trace] = []
    notes: dict[str, None] = {}
    for about, arrays in entries:
        trace, more = _trace(about, arrays, named=len(entries) + len(left) > 1)
        traces.append(trace)
        notes |= dict.fromkeys(more)
    return Parsed(tuple(traces), (*notes, *left))


def _left(answer: guarded.Answer) -> list[tuple[str, str]]:
    rows: Any = answer.content["left"]
    return [(str(name), str(why)) for name, why in rows]


def _entries(answer: guarded.Answer) -> Iterator[tuple[dict[str, Any], list[FloatArray]]]:
    arrays = iter(answer.arrays)
    rows: Any = answer.content["entries"]
    for about in rows:
        yield about, [next(arrays) for _ in range(1 + len(about["axes"]))]


def _trace(
    about: dict[str, Any], arrays: Sequence[FloatArray], *, named: bool
) -> tuple[Trace, tuple[str, ...]]:
    intensity, *axes = arrays
    texts = {key: str(value) for key, value in about["texts"].items()}
    raman = texts["definition"] == "NXraman"
    shift, wavelength, other, unit, notes = _axes(about["axes"], axes, raman=raman)
    if np.isinf(intensity).any() or not all(np.isfinite(axis).all() for axis in axes):
        raise DamagedFileError("a value is infinite", f"entry {about['name']!r}", EXPORT_AGAIN)
    marks: frozenset[Mark] = frozenset({"missing values"} if np.isnan(intensity).any() else ())
    metadata: Metadata = tuple((str(key), str(value)) for key, value in about["metadata"])
    trace = Trace(
        intensity=intensity,
        shift_cm1=shift,
        wavelength_nm=wavelength,
        other_axis=other,
        other_unit=unit,
        intensity_unit=str(about["unit"]),
        name=(texts["title"] or str(about["name"])) if named else None,
        laser_nm=_laser(about["laser_nm"]),
        technique="SERS" if "SERS" in texts["sers"] else "Raman",
        acquisition=Acquisition(
            instrument=texts["model"] or None,
            serial=texts["serial"] or None,
            measured_at=texts["start_time"] or None,
        ),
        history=(Step("column read", (("column", str(about["signal"])),)),),
        metadata=metadata,
        marks=marks,
    )
    return with_record(trace, texts["record"]) if texts["record"] else (trace, tuple(notes))


Axes = tuple[FloatArray | None, FloatArray | None, FloatArray | None, str, list[str]]


def _axes(names: Sequence[Sequence[str]], axes: Sequence[FloatArray], *, raman: bool) -> Axes:
    """Return Raman shift, wavelength, other axis with its unit, and what was concluded.

    Wavenumbers are a Raman shift only in a Raman entry: an infrared axis looks the same.
    """
    shift = wavelength = other = None
    unit, notes = "", []
    for (name, stated), values in zip(names, axes, strict=True):
        if raman and stated.lower() in WAVENUMBER and shift is None:
            shift = values
            if "shift" not in name.lower():
                notes.append(f"The axis {clip(name)!r} in {stated} was taken as Raman shift.")
        elif stated.lower() in NANOMETRES and wavelength is None:
            wavelength = values
        elif other is None:
            other, unit = values, stated
    if shift is None and wavelength is None and other is None:
        raise UnsupportedFormError(
            "the spectrum has no axis", "", "export it with its Raman shift in 1/cm"
        )
    if shift is not None or wavelength is not None:
        other, unit = None, ""
    return shift, wavelength, other, unit, notes


def _laser(stated: Sequence[Any] | None) -> float | None:
    if stated is None or str(stated[1]).lower() not in NANOMETRES:
        return None
    value = float(stated[0])
    return value if 150.0 <= value <= 2500.0 else None
