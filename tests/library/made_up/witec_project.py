"""WITec projects, written from the layout of the format: tags with absolute places, in a tree."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

NAME = "WITec project"
Tag = tuple[str, int, object]
SHIFT, NANOMETRE, ENERGY = 3, 0, 4
CODES = {"<f4": 9, "<u2": 6, "<i4": 2, "<f8": 10}


def integer(name: str, *values: int) -> Tag:
    """Return a tag of 32-bit integers."""
    return name, 5, struct.pack(f"<{len(values)}i", *values)


def real(name: str, *values: float) -> Tag:
    """Return a tag of float64 numbers."""
    return name, 2, struct.pack(f"<{len(values)}d", *values)


def text(name: str, value: str) -> Tag:
    """Return a tag of one string."""
    raw = value.encode("cp1252")
    return name, 9, struct.pack("<I", len(raw)) + raw


def tree(name: str, *children: Tag) -> Tag:
    """Return a tag that holds others."""
    return name, 0, children


def write(tag: Tag, at: int) -> bytes:
    """Return `tag` as it lies at byte `at` of the file."""
    name, code, content = tag
    raw = name.encode("cp1252")
    start = at + 4 + len(raw) + 20
    if code == 0:
        body = b""
        for child in content:
            body += write(child, start + len(body))
    else:
        body = content
    head = struct.pack("<I", len(raw)) + raw + struct.pack("<IQQ", code, start, start + len(body))
    return head + body


def entry(number: int, sort: str, identity: int, caption: str, *payload: Tag) -> list[Tag]:
    """Return the two tags of one piece of data."""
    return [
        text(f"DataClassName {number}", sort),
        tree(f"Data {number}", tree("TData", integer("ID", identity), text("Caption", caption)),
             *payload),
    ]  # fmt: skip


def graph(
    curves: np.ndarray,
    caption: str = "Scan 1",
    *,
    dtype: str = "<f4",
    valid: Sequence[bool] | None = None,
    axis_id: int = 2,
    unit_id: int = 1,
) -> tuple[str, str, list[Tag]]:
    """Return a graph of `curves`, shape (nx, ny, n), which lie with the last axis fastest."""
    nx, ny, n = curves.shape
    raw = np.ascontiguousarray(curves, dtype).tobytes()
    parts = [
        integer("SizeX", nx),
        integer("SizeY", ny),
        integer("SizeGraph", n),
        integer("XTransformationID", axis_id),
        integer("XInterpretationID", unit_id),
        integer("ZInterpretationID", 3),
        tree("GraphData", integer("DataType", CODES[dtype]), ("Data", 7, raw)),
        ("LineValid", 8, bytes(valid if valid is not None else [True] * ny)),
    ]
    return "TDGraph", caption, [tree("TDGraph", *parts)]


def project(
    *graphs: tuple[str, str, list[Tag]],
    laser: float = 785.0,
    unit: int = SHIFT,
    polynomial: Sequence[float] = (795.0, 0.9, -1e-4),
    remark: str = "",
    magic: bytes = b"WIT_PRCT",
) -> bytes:
    """Return a project of `graphs` over one axis: nm as a polynomial of the pixel."""
    interpretation = entry(0, "TDSpectralInterpretation", 1, "unit",
        tree("TDInterpretation", integer("UnitIndex", unit)),
        tree("TDSpectralInterpretation", real("ExcitationWaveLength", laser)))  # fmt: skip
    axis = entry(1, "TDSpectralTransformation", 2, "axis",
        tree("TDTransformation", text("StandardUnit", "nm")),
        tree("TDSpectralTransformation", integer("SpectralTransformationType", 0),
             real("Polynom", *polynomial)))  # fmt: skip
    counts = entry(2, "TDZInterpretation", 3, "counts",
        tree("TDZInterpretation", text("UnitName", "CCD cts")))  # fmt: skip
    seconds = entry(3, "TDLinearTransformation", 4, "time",
        tree("TDTransformation", text("StandardUnit", "s")),
        tree("TDLinearTransformation", real("ModelOrigin_D", 0), real("WorldOrigin_D", 0),
             real("Scale_D", 0.5)))  # fmt: skip
    tags = [*interpretation, *axis, *counts, *seconds]
    for at, (sort, caption, payload) in enumerate(graphs):
        tags += entry(4 + at, sort, 10 + at, caption, *payload)
    if remark:
        rtf = ("{\\rtf1 " + remark.replace("\n", "\\par ").replace("\t", "\\tab ") + "}").encode()
        stream = tree("TDStream", ("StreamData", 7, rtf))
        tags += entry(4 + len(graphs), "TDText", 99, "Scan Information", stream)
    count = integer("NumberOfData", len(tags) // 2)
    root = tree("WITec Project", integer("Version", 5), tree("Data", *tags, count))
    return magic + write(root, 8)


def curves(nx: int = 1, ny: int = 1, n: int = 128) -> np.ndarray:
    """Return whole counts, shape (nx, ny, n), each spectrum another."""
    pixel = np.arange(n)
    band = np.round(800 * np.exp(-(((pixel - n / 3) / 4.0) ** 2)))
    return 100.0 + band + 10.0 * np.arange(nx)[:, None, None] + np.arange(ny)[None, :, None]


def shift(n: int = 128, laser: float = 785.0) -> np.ndarray:
    """Return the axis of `project` in cm-1, from its polynomial."""
    pixel = np.arange(n)
    return 1e7 / laser - 1e7 / (795.0 + 0.9 * pixel - 1e-4 * pixel**2)


def samples() -> list[bytes]:
    """Return sound Raman projects."""
    return [
        project(graph(curves())),
        project(graph(curves(3, 2), dtype="<u2"), unit=NANOMETRE, magic=b"WIT_PR06"),
    ]
