"""NeXus files as the worker reads them with h5py: plain arrays and texts, nothing interpreted.

HDF5 is C code, so a file of unknown origin is opened in the worker only. Only what lies in the
file itself is taken: no links to other files, nothing spread over several, no more values than a
spectrum has, however large an array calls itself.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from library.formats.worker import RefusedError, Result
from matching.spectrum import MAX_POINTS, FloatArray

RECORD = "spectra_export/record"
BEAM = "instrument/beam_incident"
DEVICE = "instrument/device_information"
TEXTS = {
    "definition": "definition",
    "title": "title",
    "sers": "raman_experiment_type",
    "model": f"{DEVICE}/model",
    "serial": f"{DEVICE}/serial_number",
    "start_time": "start_time",
    "record": RECORD,
}
MAX_ENTRIES = 1_000
MAX_TEXTS = 200
MAX_TEXT = 5_000_000
FAULTS = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, OverflowError)


class _NotReadError(Exception):
    """An entry is no curve in the file itself; the sentence says why."""


def nexus(data: bytes) -> Result:
    """Read every entry that is NXraman or carries the record of our export."""
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            return _all(file)
    except FAULTS as error:
        reason = str(error).partition("\n")[0][:120]
        raise RefusedError(f"the HDF5 file cannot be read ({reason})") from error


def _all(file: h5py.File) -> Result:
    entries: list[dict[str, object]] = []
    arrays: list[FloatArray] = []
    left: list[list[str]] = []
    for name, entry in _entries(file):
        try:
            about, found = _entry(entry)
        except _NotReadError as error:
            left.append([name[:200], str(error)])
            continue
        entries.append({"name": name[:200], **about})
        arrays += found
    return {"entries": entries, "left": left}, arrays


def _entries(file: h5py.File) -> Iterator[tuple[str, h5py.Group]]:
    """Yield the entries that are meant, in the order in which they were numbered."""
    names = sorted(file, key=lambda name: (len(name), name))
    if len(names) > MAX_ENTRIES:
        raise RefusedError(f"the file holds {len(names):,} entries", "too_large")
    for name in names:
        entry = _member(file, name)
        if entry is None or _attribute(entry, "NX_class") != "NXentry":
            continue
        if _text(entry, "definition") == "NXraman" or _member(entry, RECORD) is not None:
            yield name, entry


def _entry(entry: h5py.Group) -> tuple[dict[str, object], list[FloatArray]]:
    """Return what an entry says, and its ordinates followed by one array for each axis."""
    data = _plotted(entry)
    signal = _attribute(data, "signal") or "data"
    intensity = _array(data, signal)
    axes, arrays = [], [intensity]
    for name in _axis_names(data):
        values = _array(data, name)
        if values.size != intensity.size:
            raise _NotReadError(
                f"{name[:40]!r} has {values.size} values, the spectrum {intensity.size}"
            )
        axes.append([name[:200], _attribute(_member(data, name), "units")])
        arrays.append(values)
    about: dict[str, object] = {
        "signal": signal[:200],
        "unit": _attribute(_member(data, signal), "units"),
        "axes": axes,
        "laser_nm": _laser(entry),
        "texts": {key: _text(entry, path) for key, path in TEXTS.items()},
        "metadata": _metadata(entry),
    }
    return about, arrays


def _axis_names(data: h5py.Group) -> list[str]:
    """Return the names of the axes along the spectrum, the main one first."""
    named = np.ravel(data.attrs.get("axes", ""))
    names = [text.decode() if isinstance(text, bytes) else str(text) for text in named]
    names = [name for name in names if name not in {"", "."}]
    indexed = sorted(k.removesuffix("_indices") for k in data.attrs if k.endswith("_indices"))
    return list(dict.fromkeys([*names[-1:], *indexed]))[:4]


def _plotted(entry: h5py.Group) -> h5py.Group:
    """Return the NXdata group that is plotted: the default one, or the only one."""
    default = _attribute(entry, "default")
    names = [default] if default else [name for name in entry if _is_data(entry, name)]
    if len(names) != 1 or not _is_data(entry, names[0]):
        raise _NotReadError("it does not say which data are its spectrum")
    return _member(entry, names[0])


def _is_data(entry: h5py.Group, name: str) -> bool:
    found = _member(entry, name)
    return found is not None and _attribute(found, "NX_class") == "NXdata"


def _member(group: h5py.Group, path: str) -> Any:
    """Return what lies under `path` in the file itself; a link out of it counts as nothing."""
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


def _is_inside(field: Any) -> bool:
    return isinstance(field, h5py.Dataset) and not field.is_virtual and field.external is None


def _text(group: h5py.Group, path: str) -> str:
    """Return a text field, or nothing."""
    field = _member(group, path)
    if not _is_inside(field) or field.size != 1 or field.dtype.kind not in "OS":
        return ""
    if field.dtype.itemsize > MAX_TEXT:
        return ""
    value = np.ravel(field[()])[0]
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return text[:MAX_TEXT] if isinstance(text, str) else ""


def _array(group: h5py.Group, name: str) -> FloatArray:
    """Return the numbers of a field, shape (n,)."""
    field = _member(group, name)
    if not _is_inside(field):
        raise _NotReadError(f"{name[:40]!r} is no array in the file itself")
    if field.dtype.kind not in "iuf" or field.dtype.itemsize > 8:
        raise _NotReadError(f"{name[:40]!r} holds no plain numbers")
    if field.size > MAX_POINTS:
        raise RefusedError(f"{name[:40]!r} holds {field.size:,} values", "too_large")
    if max(field.shape, default=1) != field.size:
        raise _NotReadError(f"{name[:40]!r} holds several spectra")
    return np.asarray(field[()], dtype=np.float64).ravel()


def _laser(entry: h5py.Group) -> list[object] | None:
    """Return the wavelength of the incident beam and its unit."""
    for name in ("wavelength", "incident_wavelength"):
        field = _member(entry, f"{BEAM}/{name}")
        if _is_inside(field) and field.size == 1 and field.dtype.kind in "iuf":
            value = float(np.ravel(field[()])[0])
            return [value, _attribute(field, "units")] if np.isfinite(value) else None
    return None


def _metadata(entry: h5py.Group) -> list[list[str]]:
    """Return the texts of the entry and of its sample, by their paths."""
    found = []
    for group, prefix in ((entry, ""), (_member(entry, "sample"), "sample/")):
        if isinstance(group, h5py.Group):
            names = sorted(group)[:MAX_TEXTS]
            found += [[f"{prefix}{name}"[:200], _text(group, name)] for name in names]
    return [pair for pair in found if pair[1]]
