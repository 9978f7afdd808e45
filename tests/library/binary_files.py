"""Builders of small binary files of vendors, one fixture for each format."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest

LASER_NM = 785.0


def shift(rows: int) -> np.ndarray:
    """Native, uneven axis in cm-1, two decimals, as a grating gives it."""
    pixel = np.arange(rows)
    return np.round(200.0 + 9.3 * pixel - 0.02 * pixel**2, 2)


def bands(rows: int) -> np.ndarray:
    x = shift(rows)
    return 100.0 + 900.0 * np.exp(-(((x - 500.0) / 40.0) ** 2))


def _spc_header(order: str, flags: int, points: int, curves: int, **codes: object) -> bytearray:
    given = {"exponent": -128, "x": 13, "y": 4, "first": 200.0, "last": 790.0, "log": 0, **codes}
    head = bytearray(512)
    struct.pack_into(
        order + "BBBbIddIBBB",
        head,
        0,
        *(flags, 0x4C if order == ">" else 0x4B, 0, given["exponent"], points),
        *(given["first"], given["last"], curves, given["x"], given["y"], 0),
    )
    struct.pack_into(order + "I", head, 248, given["log"])
    return head


@pytest.fixture(scope="session")
def spc_file() -> Callable[..., bytes]:
    """Return a builder of SPC files: `layout` is even, shared, own (with directory) or old."""

    def build(
        layout: str = "even",
        *,
        order: str = "<",
        curves: int = 1,
        rows: int = 60,
        short: bool = False,
        exponent: int = -128,
        log: str = "",
        **codes: object,
    ) -> bytes:
        x, y = shift(rows), bands(rows)
        multi = 4 if curves > 1 or layout == "own" else 0
        flags = multi | int(short) | {"shared": 0x80, "own": 0xC0}.get(layout, 0)
        kind = "f4" if exponent == -128 else "i2" if short else "i4"
        scale = 1.0 if exponent == -128 else 2.0 ** (exponent - (16 if short else 32))
        stored = np.round(y / scale) if exponent != -128 else y
        ordinates = stored.astype(order + kind).tobytes()
        axis = x.astype(order + "f4").tobytes()
        if layout == "old":
            halves = np.frombuffer(ordinates, "<u2").reshape(-1, 2)[:, ::-1]
            swapped = halves.tobytes() if kind == "i4" else ordinates
            head = bytearray(224)
            struct.pack_into("<BBhfff", head, 0, flags, 0x4D, exponent, rows, 200.0, 790.0)
            head[16:18] = bytes((13, 4))
            sub = struct.pack("<BbHfffIIf4x", 0, exponent, 0, 0, 0, 0, 0, 0, 0)
            return bytes(head) + (sub + swapped) * curves
        body = axis if layout == "shared" else b""
        places = []
        for curve in range(curves):
            places.append(512 + len(body))
            points = rows if layout == "own" else 0
            body += struct.pack(
                order + "BbHfffIIf4x", 0, exponent, curve, float(curve), 0, 0, points, 0, 0
            )
            body += (axis if layout == "own" else b"") + ordinates
        points = rows
        if layout == "own":
            points = 512 + len(body)
            size = 32 + len(axis) + len(ordinates)
            body += b"".join(struct.pack(order + "IIf", at, size, 0.0) for at in places)
        if log:
            codes["log"] = 512 + len(body)
            text = log.encode("cp1252")
            body += struct.pack(order + "5I44x", 64 + len(text), 4096, 64, 0, 0) + text
        head = _spc_header(order, flags, points, curves, exponent=exponent, **codes)
        return bytes(head) + body

    return build


@pytest.fixture(scope="session")
def wdf_file() -> Callable[..., bytes]:
    """Return a builder of WDF files of `count` measured of `capacity` planned spectra."""

    def build(
        *,
        rows: int = 60,
        count: int = 2,
        capacity: int = 0,
        unit: int = 1,
        laser_nm: float = LASER_NM,
        axis: np.ndarray | None = None,
    ) -> bytes:
        capacity = capacity or count
        x = (shift(rows) if axis is None else axis)[::-1].astype("<f4")
        y = np.tile(bands(rows)[::-1], capacity).astype("<f4")

        def block(name: bytes, body: bytes) -> bytes:
            return struct.pack("<4sIQ", name, 0, 16 + len(body)) + body

        head = bytearray(496)
        struct.pack_into("<IQQIII", head, 44, rows, capacity, count, 3, 1, rows)
        head[80:84] = b"WiRE"
        struct.pack_into("<If", head, 136, 6, 1e7 / laser_nm if laser_nm else 0.0)
        places = (
            struct.pack("<II16s", 0x80000003, 5, b"X") + np.arange(capacity, dtype="<f8").tobytes()
        )
        return b"".join(
            (
                block(b"WDF1", bytes(head)),
                block(b"DATA", y.tobytes()),
                block(b"XLST", struct.pack("<II", 1, unit) + x.tobytes()),
                block(b"ORGN", struct.pack("<I", 1) + places),
                block(b"WXDA", bytes(60)),
            )
        )

    return build


@pytest.fixture(scope="session")
def spe_file() -> Callable[..., bytes]:
    """Return a builder of SPE files, WinSpec 2 (`version` below 3) or 3 with its XML footer."""

    def build(
        *,
        version: float = 3.0,
        rows: int = 60,
        height: int = 1,
        frames: int = 1,
        laser: float = LASER_NM,
        xml: str | None = None,
        code: int = 0,
    ) -> bytes:
        wavelength = 800.0 + 0.7 * np.arange(rows)
        kind = {0: "<f4", 1: "<i4", 2: "<i2", 3: "<u2", 5: "<f8", 6: "u1", 8: "<u4"}[code]
        body = np.tile(bands(rows), height * frames).astype(kind).tobytes()
        head = bytearray(4100)
        for place, layout, value in (
            *((10, "<f", 5.0), (42, "<H", rows), (108, "<h", code), (656, "<H", height)),
            *((1446, "<i", frames), (1992, "<f", version), (2996, "<I", 0x01234567)),
            *((4098, "<H", 0x5555), (678, "<Q", 4100 + len(body) if version >= 3 else 0)),
            *((3098, "<5B", (1, 4, 4, 1, 2)), (3263, "<6d", (799.3, 0.7, 0, 0, 0, 0))),
            *((3311, "<d", laser), (1512, "<3H", (1, rows, 1))),
        ):
            numbers = value if isinstance(value, tuple) else (value,)
            struct.pack_into(layout, head, place, *numbers)
        if version < 3:
            return bytes(head) + body
        size = len(body) // frames
        listed = ",".join(f"{v:.12g}" for v in wavelength)
        footer = xml or (
            '<SpeFormat version="3.0" xmlns="urn:spe"><DataFormat>'
            f'<DataBlock type="Frame" count="{frames}" pixelFormat="MonochromeFloating32" '
            f'size="{size}" stride="{size}" calibrations="1">'
            f'<DataBlock type="Region" count="1" width="{rows}" height="{height}" size="{size}" '
            f'stride="{size}" /></DataBlock></DataFormat><Calibrations>'
            f'<WavelengthMapping id="1" laserLine="{laser:g}"><Wavelength>{listed}</Wavelength>'
            "</WavelengthMapping></Calibrations></SpeFormat>"
        )
        return bytes(head) + body + footer.encode()

    return build


@pytest.fixture(scope="session")
def spa_file() -> Callable[..., bytes]:
    """Return a builder of OMNIC files; `x_unit` 32 is Raman shift, 1 wavenumber."""

    def build(
        *, rows: int = 60, x_unit: int = 32, y_unit: int = 31, laser_nm: float = LASER_NM
    ) -> bytes:
        y = bands(rows)[::-1].astype("<f4").tobytes()
        history = b"Collect Sample\r\n\t Camera temperature: -49 C\r\n\0"
        entries, at = [], 560
        header = bytearray(140)
        struct.pack_into("<IIIIff", header, 0, 3, rows, x_unit, y_unit, 790.0, 200.0)
        struct.pack_into("<I", header, 36, 16)
        struct.pack_into("<f", header, 96, 1e7 / laser_nm if laser_nm else 0.0)
        blocks = ((2, bytes(header)), (27, history), (3, y))
        for key, body in blocks:
            entries.append(struct.pack("<HII6x", key, at, len(body)))
            at += len(body)
        head = bytearray(560)
        head[:20], head[30:36] = b"Spectral Data File\r\n", b"sample"
        struct.pack_into("<H", head, 294, len(entries))
        head[304 : 304 + 16 * len(entries)] = b"".join(entries)
        return bytes(head) + b"".join(body for _, body in blocks)

    return build
