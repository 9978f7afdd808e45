"""Scans of a bundle in formats that every program reads: JCAMP-DX and NXraman."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PureWindowsPath
from typing import cast

import numpy as np

from devices.errors import FrameError
from devices.frame import RawFrame
from library.errors import ExportError
from library.formats import Column, Trace, read_traces, select_traces
from library.formats.exported import Origin, axis_of
from library.formats.writing.export import WRITERS
from matching.errors import SpectraError
from spectra_app import __version__
from spectra_app.records.bundles.archive import OTHERS
from spectra_app.records.bundles.content import Unwritten
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.kinds import Scan
from spectra_app.services.frames import spectrum_of_frame
from spectra_app.services.guided import station_profiles

PROGRAM = f"Spectra {__version__}"


def spectra_files(
    store: EvidenceStore, scans: Iterable[Scan]
) -> tuple[dict[str, bytes], tuple[Unwritten, ...]]:
    """Return each scan in both formats, by name, and the scans that have no such form.

    Raises
    ------
    EvidenceError
        When the original of a scan is not there, or damaged.
    """
    files: dict[str, bytes] = {}
    unwritten = []
    for scan in scans:
        data = store.get(scan.original)
        try:
            files |= _written(scan, data)
        except (SpectraError, FrameError) as error:
            why = str(getattr(error, "what", error))
            unwritten.append(Unwritten(scan=scan.id, why=why[:300]))
    return files, tuple(unwritten)


def _written(scan: Scan, data: bytes) -> dict[str, bytes]:
    name = f"data/spectra/{scan.id}"
    if not OTHERS.fullmatch(f"{name}.jdx"):
        raise ExportError("its number makes no name of a file", scan.id, "open its original")
    traces, kind, notes = _frame(data) if scan.source == "device" else _file(scan, data)
    for trace in traces:
        if not np.isfinite(axis_of(trace)[1]).all() or np.isinf(trace.intensity).any():
            raise ExportError("the curve holds an infinite value", scan.id, "open its original")
    file = PureWindowsPath(scan.name).name or scan.id
    origin = Origin(file=file, sha256=scan.original, format=kind, program=PROGRAM, notes=notes)
    return {f"{name}.jdx": WRITERS["jdx"](traces, origin),
            f"{name}.nxs": WRITERS["nxs"](traces, origin)}  # fmt: skip


def _frame(data: bytes) -> tuple[tuple[Trace, ...], str, tuple[str, ...]]:
    """Return what an analyser measured: dark subtracted, on its own axis, nothing else done."""
    spectrum = spectrum_of_frame(RawFrame.from_bytes(data))
    trace = Trace(
        intensity=spectrum.intensity,
        shift_cm1=spectrum.raman_shift_cm1,
        laser_nm=spectrum.laser_nm,
        technique=spectrum.technique,
        acquisition=spectrum.acquisition,
        history=spectrum.history,
        intensity_unit="counts",
    )
    return (trace,), "raw frame of an analyser", ("The axis is the analyser's own.",)


def _file(scan: Scan, data: bytes) -> tuple[tuple[Trace, ...], str, tuple[str, ...]]:
    column = cast("Column | None", scan.column or None)
    found = read_traces(data, where=scan.name, column=column, profiles=station_profiles)
    traces = select_traces(found, scan.spectrum or None, where=scan.name)
    notes = found.assumptions
    if scan.laser_nm:
        laser = float(scan.laser_nm)
        traces = tuple(replace(trace, laser_nm=laser) for trace in traces)
        notes = (*notes, f"The laser line {laser:g} nm was given.")
    return traces, found.format, notes
