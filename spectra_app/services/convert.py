"""Convert a file's own curves to an open format: same values, same order, everything known kept."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from library.errors import ExportError, PartialFileError
from library.formats import Column, Trace, load, read_traces, select_traces
from library.formats.exported import Origin, axis_of, axis_title
from library.formats.writing import Target, write_export
from matching.errors import SpectrumError
from spectra_app import __version__
from spectra_app.services.guided import station_profiles

LASERS_AGREE_NM = 0.5
MARKED = {
    "truncated": "The file ends early: what is written is not the whole spectrum.",
    "resampled": "The program that made the file interpolated the spectrum: not the detector's "
    "own points.",
    "missing values": "Some intensities are not known; they are written as missing.",
}


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was written.

    Parameters
    ----------
    target : Path
        The file.
    format : str
        Name of the format that was read.
    curves : tuple of str
        For each curve one line: name, what it is, points, axis with its unit.
    notes : tuple of str
        What was assumed and how the curves are marked, one sentence each.
    """

    target: Path
    format: str
    curves: tuple[str, ...]
    notes: tuple[str, ...]


def convert_file(
    source: Path,
    target: Path,
    to: Target,
    *,
    spectrum: str | None = None,
    column: Column | None = None,
    laser_nm: float | None = None,
    partial: bool = False,
) -> Conversion:
    """Write the curves of one file to another, as they are.

    Parameters
    ----------
    source, target : Path
        The file to read and the file to make.
    to : {"jdx", "csv", "nxs"}
        The format to write.
    spectrum : str or None
        Which curve, ``NAME`` or ``NAME#k``; None all.
    column : {"processed", "raw", "raw-dark"} or None
        Which intensities of a vendor file.
    laser_nm : float or None
        Laser line in nm; wins over the file's, and is kept beside the curve: no axis is converted.
    partial : bool
        Whether to take what is left of a truncated file.

    Raises
    ------
    SpectraError
        The file cannot be read, ends early (`PartialFileError`), holds no such spectrum, or the
        target may not or cannot be written (`ExportError`).
    """
    data = load(source)
    found = read_traces(data, where=str(source), column=column, profiles=station_profiles)
    traces = select_traces(found, spectrum, where=str(source))
    if any("truncated" in trace.marks for trace in traces) and not partial:
        raise PartialFileError(
            "the file ends early", str(source), "copy it again, or take what is left with --partial"
        )
    traces, stated = _with_laser(traces, laser_nm)
    notes = (*found.assumptions, *stated, *_left_out(traces, to), *_marks(traces))
    _check_not_itself(source, target)
    origin = Origin(
        file=_name(source),
        sha256=hashlib.sha256(data).hexdigest(),
        format=found.format,
        program=f"Spectra {__version__}",
        notes=notes,
    )
    write_export(target, to, traces, origin)
    return Conversion(target, found.format, tuple(map(_described, traces)), notes)


def _name(path: Path) -> str:
    """Return a file name as text; bytes that are no UTF-8 are spelled out."""
    return os.fsencode(path.name).decode("utf-8", errors="backslashreplace")


def _with_laser(
    traces: Sequence[Trace], laser_nm: float | None
) -> tuple[tuple[Trace, ...], list[str]]:
    if laser_nm is None:
        unknown = any(not t.kind and t.laser_nm is None for t in traces)
        return tuple(traces), ["The laser line is not known."] if unknown else []
    if not 150.0 <= laser_nm <= 2500.0:
        raise SpectrumError(
            f"the laser line {laser_nm:g} nm is outside 150-2500 nm",
            "",
            "state the laser line in nanometres",
        )
    notes = [f"The laser line {laser_nm:g} nm was given."]
    others = {t.laser_nm for t in traces if t.laser_nm is not None}
    notes += [
        f"The file states the laser line {other:g} nm; the one given was written."
        for other in sorted(others)
        if abs(other - laser_nm) > LASERS_AGREE_NM
    ]
    return tuple(replace(trace, laser_nm=laser_nm) for trace in traces), notes


def _left_out(traces: Sequence[Trace], to: Target) -> list[str]:
    """Say which axis is not written where a file holds two and the format takes one."""
    both = any(t.shift_cm1 is not None and t.wavelength_nm is not None for t in traces)
    if to == "nxs" or not both:
        return []
    return ["The file's wavelength axis was left out; NeXus (--to nxs) keeps both axes."]


def _marks(traces: Sequence[Trace]) -> list[str]:
    marks = {mark for trace in traces for mark in trace.marks}
    return [text for mark, text in MARKED.items() if mark in marks]


def _check_not_itself(source: Path, target: Path) -> None:
    if target.exists() and target.samefile(source):
        raise ExportError(
            "this is the file that is read", str(target), "give another name with --out"
        )


def _described(trace: Trace) -> str:
    _, x, _ = axis_of(trace)
    name = f"{trace.name}: " if trace.name else ""
    kind = trace.kind or (
        f"{trace.technique} spectrum" if trace.shift_cm1 is not None else "kind not stated"
    )
    ends = f" from {x[0]:g} to {x[-1]:g}" if x.size else ""
    return f"{name}{kind}, {x.size:,} points, {axis_title(trace)}{ends}"
