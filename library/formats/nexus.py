"""NeXus files with spectra: our own exports, and others by the application definition NXraman.

Read: the plottable data of every NXentry that is NXraman or carries our record. Only plain arrays
inside the file are taken: no links to other files, nothing spread over several, no more values
than a spectrum has, and never more than a small multiple of the file's own size.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from library.errors import (
    ColumnMissingError,
    DamagedFileError,
    FileTooLargeError,
    UnsupportedFormError,
)
from library.formats.exported import with_record
from library.formats.records import Mark, Parsed, Request, Source, Trace
from library.formats.text import EXPORT_AGAIN, clip
from matching.errors import SpectraError
from matching.spectrum import MAX_POINTS, Acquisition, FloatArray, Step

if TYPE_CHECKING:
    import h5py

NAME = "NeXus NXraman"
HDF5 = b"\x89HDF\r\n\x1a\n"
RECORD = "spectra_export/record"
WAVENUMBER = frozenset({"1/cm", "cm-1", "cm^-1", "cm^{-1}", "1/centimeter", "1 / centimeter"})
NANOMETRES = frozenset({"nm", "nanometer", "nanometers", "nanometre"})
MAX_ENTRIES = 1_000
MAX_TEXT = 5_000_000


def sniff(source: Source) -> bool:
    """Tell whether this is HDF5 with an NXentry and the name NXraman or our record."""
    data = source.data
    return (
        data.startswith(HDF5)
        and b"NXentry" in data
        and (b"NXraman" in data or b"spectra_export" in data)
    )


def parse(source: Source, request: Request) -> Parsed:
    """Read the spectra of all entries.

    Raises
    ------
    DamagedFileError
        HDF5 cannot read it, or the arrays do not belong together.
    UnsupportedFormError
        No entry holds one curve.
    FileTooLargeError, ColumnMissingError
        As their names say.
    """
    import h5py

    if request.column in {"raw", "raw-dark"}:
        raise ColumnMissingError(
            f"the column {request.column!r} is not asked of NeXus files; their plotted data are",
            "",
            "leave the column out",
        )
    try:
        with h5py.File(io.BytesIO(source.data), "r") as file:
            return _parsed(file)
    except SpectraError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        reason = str(error).partition("\n")[0]
        raise DamagedFileError(
            f"the HDF5 file cannot be read ({clip(reason, 120)})", "", EXPORT_AGAIN
        ) from error


def _parsed(file: h5py.File) -> Parsed:
    traces: list[Trace] = []
    notes: list[str] = []
    left: list[str] = []
    entries = list(_entries(file))
    for name, entry in entries:
        try:
            trace, more = _trace(entry, name if len(entries) > 1 else None)
        except UnsupportedFormError as error:
            left.append(f"The entry {clip(name)!r} was not read: {error.what}.")
            continue
        traces.append(trace)
        notes += [note for note in more if note not in notes]
    if not traces:
        what = left[0].removesuffix(".") if left else "no entry of the file is NXraman"
        raise UnsupportedFormError(what, "", "export one spectrum to an entry, as NXraman")
    return Parsed(tuple(traces), (*notes, *left))


def _entries(file: h5py.File) -> Iterator[tuple[str, h5py.Group]]:
    """Yield the entries that are meant, in the order in which they were numbered."""
    names = sorted(file, key=lambda name: (len(name), name))
    if len(names) > MAX_ENTRIES:
        raise FileTooLargeError(f"the file holds {len(names):,} entries", "", "split the file")
    for name in names:
        entry = _member(file, name)
        if entry is None or _attribute(entry, "NX_class") != "NXentry":
            continue
        if _text(entry, "definition") == "NXraman" or _member(entry, RECORD) is not None:
            yield name, entry


def _member(group: h5py.Group, path: str) -> Any:
    """Return what lies under `path` in the file itself; a link out of it counts as nothing."""
    import h5py

    found: Any = group
    for name in path.split("/"):
        if not isinstance(found, h5py.Group) or name not in found:
            return None
        if not isinstance(found.get(name, getlink=True), h5py.HardLink):
            return None
        found = found[name]
    return found


def _attribute(holder: Any, name: str) -> str:
    value = holder.attrs.get(name, "")
    value = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return value if isinstance(value, str) else ""


def _text(group: h5py.Group, path: str) -> str:
    """Return a text field, or nothing."""
    import h5py

    field = _member(group, path)
    if not isinstance(field, h5py.Dataset) or field.size != 1 or not _is_plain(field):
        return ""
    if field.dtype.kind not in "OS" or field.dtype.itemsize > MAX_TEXT:
        return ""
    value = np.ravel(field[()])[0]
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return text if isinstance(text, str) else ""


def _is_plain(field: h5py.Dataset) -> bool:
    return not field.is_virtual and field.external is None


def _array(group: h5py.Group, name: str) -> FloatArray:
    """Return the numbers of a field, shape (n,)."""
    import h5py

    field = _member(group, name)
    if not isinstance(field, h5py.Dataset) or not _is_plain(field):
        raise UnsupportedFormError(f"{clip(name)!r} is no array in the file itself", "", "")
    if field.dtype.kind not in "iuf" or field.dtype.itemsize > 8:
        raise UnsupportedFormError(f"{clip(name)!r} holds no plain numbers", "", "")
    if field.size > MAX_POINTS:
        raise FileTooLargeError(
            f"{clip(name)!r} holds {field.size:,} values", "", "give one spectrum to an entry"
        )
    if field.ndim != 1 and max(field.shape, default=0) != field.size:
        raise UnsupportedFormError(
            f"{clip(name)!r} holds several spectra (a map or series)", "", ""
        )
    return np.asarray(field[()], dtype=np.float64).ravel()


def _trace(entry: h5py.Group, name: str | None) -> tuple[Trace, tuple[str, ...]]:
    data = _plotted(entry)
    signal = _attribute(data, "signal") or "data"
    intensity = _array(data, signal)
    shift, wavelength, other, unit, notes = _axes(
        data, intensity.size, raman=_text(entry, "definition") == "NXraman"
    )
    if np.isinf(intensity).any():
        raise DamagedFileError("an intensity is infinite", f"{data.name}/{signal}", EXPORT_AGAIN)
    marks: frozenset[Mark] = frozenset({"missing values"} if np.isnan(intensity).any() else ())
    sers = "SERS" in _text(entry, "raman_experiment_type")
    trace = Trace(
        intensity=intensity,
        shift_cm1=shift,
        wavelength_nm=wavelength,
        other_axis=other,
        other_unit=unit,
        intensity_unit=_attribute(_member(data, signal), "units"),
        name=None if name is None else _text(entry, "title") or name,
        laser_nm=_laser(entry),
        technique="SERS" if sers else "Raman",
        acquisition=_acquisition(entry),
        history=(Step("column read", (("column", signal),)),),
        metadata=_metadata(entry),
        marks=marks,
    )
    record = _text(entry, RECORD)
    if not record:
        return trace, tuple(notes)
    return with_record(trace, record)


def _plotted(entry: h5py.Group) -> h5py.Group:
    """Return the NXdata group that is plotted: the default one, or the only one."""
    default = _attribute(entry, "default")
    names = [default] if default else [name for name in entry if _is_data(entry, name)]
    if len(names) != 1 or not _is_data(entry, names[0]):
        raise UnsupportedFormError("it does not say which data are its spectrum", "", "")
    return _member(entry, names[0])


def _is_data(entry: h5py.Group, name: str) -> bool:
    found = _member(entry, name)
    return found is not None and _attribute(found, "NX_class") == "NXdata"


Axes = tuple[FloatArray | None, FloatArray | None, FloatArray | None, str, list[str]]


def _axes(data: h5py.Group, count: int, *, raman: bool) -> Axes:
    """Return Raman shift, wavelength, other axis with its unit, and what was concluded.

    Wavenumbers are a Raman shift only in a Raman entry: an infrared axis looks the same.
    """
    named = np.ravel(data.attrs.get("axes", ""))
    names = [text.decode() if isinstance(text, bytes) else str(text) for text in named]
    names = [name for name in names if name not in {"", "."}]
    indices = [key.removesuffix("_indices") for key in data.attrs if key.endswith("_indices")]
    shift = wavelength = other = None
    unit, notes = "", []
    for name in dict.fromkeys([*names[-1:], *sorted(indices)]):
        values = _array(data, name)
        if values.size != count:
            raise DamagedFileError(
                f"{clip(name)!r} has {values.size} values, the spectrum {count}",
                str(data.name),
                EXPORT_AGAIN,
            )
        stated = _attribute(_member(data, name), "units")
        if raman and stated.lower() in WAVENUMBER and shift is None:
            shift = values
            if "shift" not in name.lower():
                notes.append(f"The axis {clip(name)!r} in {stated} was taken as Raman shift.")
        elif stated.lower() in NANOMETRES and wavelength is None:
            wavelength = values
        elif other is None:
            other, unit = values, stated
    if shift is None and wavelength is None and other is None:
        raise UnsupportedFormError("its spectrum has no axis", "", "")
    if shift is not None or wavelength is not None:
        other, unit = None, ""
    return shift, wavelength, other, unit, notes


def _laser(entry: h5py.Group) -> float | None:
    import h5py

    for path in (
        "instrument/beam_incident/wavelength",
        "instrument/beam_incident/incident_wavelength",
    ):
        field = _member(entry, path)
        if not isinstance(field, h5py.Dataset) or field.size != 1 or field.dtype.kind not in "iuf":
            continue
        value = float(np.ravel(field[()])[0])
        if _attribute(field, "units").lower() in NANOMETRES and 150.0 <= value <= 2500.0:
            return value
    return None


def _acquisition(entry: h5py.Group) -> Acquisition:
    device = "instrument/device_information"
    return Acquisition(
        instrument=_text(entry, f"{device}/model") or None,
        serial=_text(entry, f"{device}/serial_number") or None,
        measured_at=_text(entry, "start_time") or None,
    )


def _metadata(entry: h5py.Group) -> tuple[tuple[str, str], ...]:
    """Return the texts of the entry, its sample and its source, by their paths."""
    found = []
    for group, prefix in ((entry, ""), (_member(entry, "sample"), "sample/")):
        if group is None or not hasattr(group, "keys"):
            continue
        found += [(f"{prefix}{name}", _text(group, name)) for name in sorted(group)[:200]]
    return tuple((key, value) for key, value in found if value)
