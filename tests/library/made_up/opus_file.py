"""Bruker OPUS files, written from the layout of the format: header, list of blocks, blocks."""

from __future__ import annotations

import struct

import numpy as np

NAME = "Bruker OPUS"
RAMAN, ABSORBANCE, CHANNEL, INTERFEROGRAM = 10, 4, 1, 2


def kind(*parts: int) -> int:
    """Return the 32-bit type of a block from its six parts."""
    return sum(part << shift for part, shift in zip(parts, (0, 2, 4, 10, 17, 19), strict=True))


def parameters(values: dict[str, int | float | str]) -> bytes:
    """Return a block of parameters: key, type, length in 16-bit words, value."""
    out = b""
    for key, value in values.items():
        if isinstance(value, int):
            code, body = 0, struct.pack("<i", value)
        elif isinstance(value, float):
            code, body = 1, struct.pack("<d", value)
        else:
            body = value.encode("latin-1") + b"\0"
            code, body = 2, body + b"\0" * (len(body) % 2)
        out += key.encode().ljust(4, b"\0") + struct.pack("<2h", code, len(body) // 2) + body
    out += b"END\0" + bytes(4)
    return out + bytes(-len(out) % 4)


def status(axis: np.ndarray, y: np.ndarray, **changed: int | float | str) -> bytes:
    """Return the parameters that describe a block of data."""
    return parameters(
        {
            "DPF": 1,
            "NPT": len(y),
            "FXV": float(axis[0]),
            "LXV": float(axis[-1]),
            "CSF": 1.0,
            "MXY": float(np.float32(y).max()),
            "MNY": float(np.float32(y).min()),
            "DAT": "04/07/2023",
            "TIM": "16:59:10",
            "DXU": "WN",
            **changed,
        }
    )


def file(blocks: list[tuple[int, bytes]]) -> bytes:
    """Return a file of `blocks` (type, content); the list of blocks is the first of them."""
    start = 24 + 40 * 12
    entries, body = [(kind(0, 0, 0, 13, 0, 0), 120, 24)], b""
    for code, content in blocks:
        entries.append((code, len(content) // 4, start + len(body)))
        body += content
    listed = b"".join(struct.pack("<3i", *entry) for entry in entries)
    head = b"\x0a\x0a\xfe\xfe" + struct.pack("<d3i", 920622.0, 24, 40, len(entries))
    return head + listed.ljust(40 * 12, b"\0") + body


def data(sort: int, axis: np.ndarray, y: np.ndarray, **changed: int | float | str):
    """Return the two blocks of one spectrum: numbers and what describes them."""
    of = 1 if sort in {CHANNEL, INTERFEROGRAM} else 3
    return [
        (kind(3, of, 0, sort, 0, 0), np.asarray(y, "<f4").tobytes()),
        (kind(3, of, 1, sort, 0, 0), status(axis, y, **changed)),
    ]


def curve(points: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Return a descending axis in cm-1 and intensities that float32 holds exactly."""
    axis = np.linspace(3500.0, 100.0, points)
    return axis, np.round(1000 * np.exp(-(((axis - 1001.0) / 60.0) ** 2))) + 5.0


def instrument(**changed: int | float | str) -> list[tuple[int, bytes]]:
    """Return the blocks of parameters of the instrument and the optics."""
    values = {"INS": "VERTEX 70", "SRN": "0776", "RLW": 9394.9, "RLP": 500.0, "LWN": 15798.0}
    return [
        (kind(0, 0, 2, 0, 0, 0), parameters({**values, **changed})),
        (kind(0, 0, 3, 0, 0, 0), parameters({"NSS": 50, "RES": 2.0, "DTC": "LN-Ge Diode"})),
    ]


def raman(points: int = 200) -> bytes:
    """Return an FT-Raman file as they are: Raman, single channel and interferogram."""
    axis, y = curve(points)
    wave = np.arange(2.0 * points)
    return file(
        [
            *data(INTERFEROGRAM, wave, np.cos(wave), DXU="PNT"),
            *data(CHANNEL, axis, y / 4),
            *data(RAMAN, axis, y),
            *instrument(),
        ]
    )


def samples() -> list[bytes]:
    """Return sound Raman files."""
    axis, y = curve(64)
    return [raman(), file([*data(RAMAN, axis, y), *instrument()])]
