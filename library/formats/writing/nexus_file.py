"""NeXus (HDF5): one NXentry for each curve, by the application definition NXraman where it is one.

Names follow NXraman and NXoptical_spectroscopy as contributed to the NeXus definitions in 2024.
What the source does not state is left out, not made up, also where the definition wants it: kind of
detector channel, wavelength of an unknown laser. A curve that is no Raman spectrum gets the same
groups without the name of the definition.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from library.formats.exported import SIGN, Origin, axis_of, axis_title, record_of
from library.formats.records import Trace

if TYPE_CHECKING:
    import h5py

DEFINITION = "NXraman"
DEFINITION_URL = "https://github.com/nexusformat/definitions"
DEFINITION_VERSION = "as contributed in 2024"
NOT_STATED = "not stated"
SERS = "surface-enhanced Raman spectroscopy (SERS)"
FIELDS = {"shift": "raman_shift", "wavelength": "wavelength", "other": "axis"}
UNITS = {"shift": "1/cm", "wavelength": "nm"}
RECORD = "spectra_export"
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?")


def written(traces: Sequence[Trace], origin: Origin) -> bytes:
    """Return the file; the same curves give the same bytes."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver=("earliest", "v110")) as file:
        file.attrs["NX_class"] = "NXroot"
        file.attrs["default"] = "entry"
        file.attrs["creator"] = origin.program
        file.attrs["note"] = f"{SIGN} 1"
        for number, trace in enumerate(traces, 1):
            _entry(file, "entry" if number == 1 else f"entry_{number}", trace, origin)
    return buffer.getvalue()


def _entry(file: h5py.File, name: str, trace: Trace, origin: Origin) -> None:
    entry = _group(file, name, "NXentry", default="data")
    raman = not trace.kind and trace.shift_cm1 is not None
    if raman:
        _text(entry, "definition", DEFINITION, version=DEFINITION_VERSION, URL=DEFINITION_URL)
        sers = trace.technique == "SERS"
        _text(entry, "experiment_type", "Raman spectroscopy")
        _text(entry, "raman_experiment_type", SERS if sers else "other")
        if not sers:
            _text(entry, "raman_experiment_type_other", NOT_STATED)
    else:
        _text(entry, "experiment_description", trace.kind or NOT_STATED)
    _text(entry, "title", trace.name or origin.file)
    if _ISO.fullmatch(trace.acquisition.measured_at or ""):
        _text(entry, "start_time", trace.acquisition.measured_at or "")
    _instrument(entry, trace, raman=raman)
    _text(_group(entry, "sample", "NXsample"), "name", trace.name or NOT_STATED)
    _data(entry, trace)
    _provenance(entry, trace, origin)


def _instrument(entry: h5py.Group, trace: Trace, *, raman: bool) -> None:
    instrument = _group(entry, "instrument", "NXinstrument")
    if raman:
        _text(instrument, "scattering_configuration", NOT_STATED)
    beam = _group(instrument, "beam_incident", "NXbeam")
    _text(beam, "parameter_reliability", "nominal")
    if trace.laser_nm is not None:
        _number(beam, "wavelength", trace.laser_nm, units="nm")
    facts = trace.acquisition
    device = _group(instrument, "device_information", "NXfabrication")
    for name, value in (("model", facts.instrument), ("serial_number", facts.serial)):
        if value:
            _text(device, name, value)
    detector = _group(instrument, "detector_raman", "NXdetector")
    if facts.detector:
        _text(detector, "description", facts.detector)
    if facts.integration_time_ms is not None:
        _number(detector, "count_time", facts.integration_time_ms / 1000.0, units="s")


def _data(entry: h5py.Group, trace: Trace) -> None:
    what, x, unit = axis_of(trace)
    main = FIELDS[what]
    group = _group(entry, "data", "NXdata", signal="intensity", axes=main)
    group.attrs[f"{main}_indices"] = 0
    _array(group, main, x, units=UNITS.get(what, unit), long_name=axis_title(trace))
    if what == "shift" and trace.wavelength_nm is not None:
        group.attrs["wavelength_indices"] = 0
        _array(group, "wavelength", trace.wavelength_nm, units="nm", long_name="Wavelength (nm)")
    unit = trace.intensity_unit
    _array(group, "intensity", trace.intensity, units=unit, long_name=f"Intensity ({unit})")


def _provenance(entry: h5py.Group, trace: Trace, origin: Origin) -> None:
    process = _group(entry, "process", "NXprocess")
    _text(process, "program", origin.program)
    _text(process, "marks", ", ".join(sorted(trace.marks)))
    for number, step in enumerate(trace.history, 1):
        note = _group(process, f"step_{number}", "NXnote")
        settings = "; ".join(f"{key}: {value}" for key, value in step.settings)
        _text(note, "description", f"{step.name} ({settings})" if settings else step.name)
    source = _group(entry, "source_file", "NXnote")
    _text(source, "file_name", origin.file)
    _text(source, "sha256", origin.sha256)
    _text(source, "description", origin.format)
    for number, note in enumerate(origin.notes, 1):
        _text(source, f"note_{number}", note)
    record = _group(entry, RECORD, "NXcollection")
    _text(record, "record", record_of(trace, origin))


def _group(parent: h5py.Group, name: str, kind: str, **attributes: str) -> h5py.Group:
    group = parent.create_group(name, track_order=False)
    group.attrs["NX_class"] = kind
    for key, value in attributes.items():
        group.attrs[key] = _storable(value)
    return group


def _storable(text: str) -> str:
    """Return a text as HDF5 can hold it: NUL and halves of a character are spelled out."""
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")


def _text(group: h5py.Group, name: str, value: str, **attributes: str) -> None:
    field = group.create_dataset(name, data=_storable(value), track_times=False)
    for key, text in attributes.items():
        field.attrs[key] = _storable(text)


def _number(group: h5py.Group, name: str, value: float, units: str) -> None:
    field = group.create_dataset(name, data=float(value), dtype="<f8", track_times=False)
    field.attrs["units"] = units


def _array(group: h5py.Group, name: str, values: Any, units: str, long_name: str) -> None:
    field = group.create_dataset(name, data=values, dtype="<f8", track_times=False)
    field.attrs["units"] = _storable(units)
    field.attrs["long_name"] = _storable(long_name)
