"""The door to all writers: which there are, and how their bytes come onto the disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from library.errors import ExportError
from library.files import write_whole
from library.formats.exported import SIGN, Origin, axis_of
from library.formats.records import Trace
from library.formats.writing import csv_file, jcamp_file, nexus_file

Target = Literal["jdx", "csv", "nxs"]
WRITERS: dict[Target, Callable[[Sequence[Trace], Origin], bytes]] = {
    "jdx": jcamp_file.written,
    "csv": csv_file.written,
    "nxs": nexus_file.written,
}
HEAD_BYTES = 4096


def write_export(target: Path, to: Target, traces: Sequence[Trace], origin: Origin) -> None:
    """Write curves to a file of the format `to`.

    Parameters
    ----------
    target : Path
        The file to make; an earlier export of this program is replaced.
    to : {"jdx", "csv", "nxs"}
        JCAMP-DX 5.01, CSV with a commented header, or NeXus (NXraman where it is Raman).
    traces : sequence of Trace
        At least one; CSV takes one.
    origin : Origin
        The file they were read from.

    Raises
    ------
    ExportError
        The target is there and no export of this program, or the format cannot hold the curves.
    LibraryError
        The disk refuses.
    """
    check_target(target)
    for trace in traces:
        if not np.isfinite(axis_of(trace)[1]).all() or np.isinf(trace.intensity).any():
            raise ExportError(
                "the curve holds an infinite value", origin.file, "export it again at its source"
            )
    content = WRITERS[to](traces, origin)
    write_whole(target, lambda path: _put(path, content))


def _put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def check_target(target: Path) -> None:
    """Raise ExportError when `target` is there and is no export of this program."""
    if not target.is_file() or not target.stat().st_size:
        return
    if not is_export(target):
        raise ExportError(
            "this file is there already and is no export of this program",
            str(target),
            "choose another name; nothing was changed",
        )


def is_export(path: Path) -> bool:
    """Tell whether a file carries the sign of an export; all formats have it near their start."""
    with path.open("rb") as file:
        return SIGN.encode() in file.read(HEAD_BYTES)
