"""Synthetic vendor files: small, built here, one builder for each text family."""

from __future__ import annotations

import importlib.util
import os
import signal
import struct
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
import pytest

from library.formats import READERS
from library.formats.exported import Origin
from library.formats.records import Source, Trace
from library.formats.writing import WRITERS
from matching.spectrum import Step

LASER_NM = 785.0


def _shift(rows: int) -> np.ndarray:
    """Native, uneven axis in cm-1, two decimals, as a grating gives it."""
    pixel = np.arange(rows)
    return np.round(200.0 + 9.3 * pixel - 0.02 * pixel**2, 2)


def _bands(rows: int) -> np.ndarray:
    x = _shift(rows)
    return 100.0 + 900.0 * np.exp(-(((x - 500.0) / 40.0) ** 2))


@pytest.fixture(scope="session")
def enlighten_text() -> Callable[..., str]:
    """Return a builder of ENLIGHTEN single-spectrum files."""

    def build(
        columns: Sequence[str] = ("Pixel", "Wavelength", "Wavenumber", "Processed", "Raw", "Dark"),
        rows: int = 60,
        na: int = 3,
        header: dict[str, str] | None = None,
    ) -> str:
        meta = {
            "ENLIGHTEN Version": "4.1.22",
            "Serial Number": "WP-00000",
            "Model": "WP-785",
            "Detector": "S16011",
            "Scan Averaging": "2",
            "Technique": "Raman",
            "Integration Time": "752",
            "Timestamp": "2025-02-20 19:55:05",
            "Temperature": "0",
            "Laser Wavelength": str(LASER_NM),
            "Laser Power %": "100",
            "Pixel Count": str(rows),
            **(header or {}),
        }
        x, y = _shift(rows), _bands(rows)
        cells = {
            "Pixel": [str(i) for i in range(rows)],
            "Wavelength": [f"{1e7 / (1e7 / LASER_NM - v):.2f}" for v in x],
            "Wavenumber": [f"{v:.2f}" for v in x],
            "Processed": ["NA" if i < na else f"{v:.2f}" for i, v in enumerate(y)],
            "Raw": [f"{v + 1000:.2f}" for v in y],
            "Dark": [f"{990 + i % 7:.2f}" for i in range(rows)],
        }
        lines = [f"{key},{value}" for key, value in meta.items()]
        lines += ["", ",".join(columns)]
        lines += [",".join(cells[name][i] for name in columns) for i in range(rows)]
        return "\n".join(lines) + "\n"

    return build


@pytest.fixture(scope="session")
def old_session_text() -> Callable[..., str]:
    """Return a builder of ENLIGHTEN 1.6 sessions: blank second column, repeated names."""

    def build(names: Sequence[str] = ("Sugar", "Urea", "Sugar"), rows: int = 40) -> str:
        x, y = _shift(rows), _bands(rows)
        count = len(names)
        lines = [
            "Enlighten Version,1.6.7",
            ",".join(["Serial Number", "", *["WP-00000"] * count]),
            ",".join(["Integration Time", "", *[str(100 * (k + 1)) for k in range(count)]]),
            ",".join(["Laser Wavelength", "", *["785.0"] * count]),
            ",".join(["Pixel Count", "", *[str(rows)] * count]),
            "",
            ",".join(["WP-00000", "", *names]),
            ",".join(["pixel", "wavenumber", *["processed"] * count]),
        ]
        for i in range(rows):
            values = [f"{y[i] * (k + 1):.2f}" for k in range(count)]
            lines.append(",".join([str(i), f"{x[i]:.2f}", *values]))
        return "\r\n".join(lines) + "\r\n"

    return build


@pytest.fixture(scope="session")
def named_session_text() -> Callable[..., str]:
    """Return a builder of ENLIGHTEN sessions with 'Pixel,Wavelength,Wavenumber,<names>'."""

    def build(names: Sequence[str] = ("12:00 Benzene", "12:05 #7 blend"), rows: int = 40) -> str:
        x, y = _shift(rows), _bands(rows)
        lines = [
            "Integration Time,200",
            "Timestamp,2019-03-04 19_36_49",
            "Laser Wavelength,785.0",
            f"Pixel Count,{rows}",
            "",
            ",".join(["Pixel", "Wavelength", "Wavenumber", *names]),
        ]
        for i in range(rows):
            wavelength = 1e7 / (1e7 / LASER_NM - x[i])
            values = [f"{y[i] * (k + 1):.2f}" for k in range(len(names))]
            lines.append(",".join([str(i), f"{wavelength:.2f}", f"{x[i]:.2f}", *values]))
        return "\n".join(lines) + "\n"

    return build


@pytest.fixture(scope="session")
def bwspec_text() -> Callable[..., str]:
    """Return a builder of BWSpec files, with decimal point or comma."""

    def build(decimal: str = ",", rows: int = 60, blank: int = 4) -> str:
        x, y = _shift(rows), _bands(rows)
        lines = [
            "File Version;BWSpec4.11_1",
            "Date;2021-10-27 15:50:22",
            "model;BTC162E",
            "intigration times(ms);1300",
            "average number;2",
            f"pixel_num;{rows}",
            f"laser_wavelength;785{decimal}00",
            "laser_powerlevel;90",
            "Pixel;Wavelength;Wavenumber;Raman Shift;Dark;Reference;Raw data #1;"
            "Dark Subtracted #1;%TR #1;",
        ]
        for i in range(rows):
            lam = 1e7 / (1e7 / LASER_NM - x[i])
            axis = [f"{lam:.2f}", f"{1e7 / lam:.2f}", f"{x[i]:.2f}"]
            if i < blank or i >= rows - blank:
                axis = ["   "] * 3
            dark = 1000.0 + i % 5
            data = [f"{v:.4f}" for v in (dark, 65535.0, dark + y[i], y[i], 0.0)]
            cells = [cell.replace(".", decimal) for cell in (*axis, *data)]
            lines.append(";".join([str(i), *cells, ""]))
        return "\r\n".join(lines) + "\r\n"

    return build


@pytest.fixture(scope="session")
def pair_text() -> Callable[..., str]:
    """Return a builder of two-column files without a header."""

    def build(separator: str = ",", decimal: str = ".", rows: int = 60) -> str:
        x, y = _shift(rows), _bands(rows)
        lines = [
            f"{a:.2f}{separator}{b:.3f}".replace(".", decimal) for a, b in zip(x, y, strict=True)
        ]
        return "\n".join(lines) + "\n"

    return build


def export_samples(to: Literal["csv", "nxs"]) -> list[bytes]:
    """Return small files that the program exported itself."""
    origin = Origin("scan.txt", "0" * 64, "two columns of numbers", "Spectra", ("Assumed.",))
    trace = Trace(
        _bands(30),
        shift_cm1=_shift(30),
        laser_nm=LASER_NM,
        history=(Step("column read"),),
        metadata=(("key", "value"),),
    )
    return [WRITERS[to]([trace], origin)]


def jcamp_samples() -> list[bytes]:
    """Return small JCAMP-DX files: written out, squeezed with differences, and as pairs."""
    head = (
        "##TITLE= sample\n##JCAMP-DX= 4.24\n##DATA TYPE= RAMAN SPECTRUM\n##XUNITS= 1/CM\n"
        "##YUNITS= ARBITRARY UNITS\n##XFACTOR= 1\n##YFACTOR= 0.5\n##NPOINTS= 20\n"
        "##FIRSTX= 100\n##LASTX= 119\n"
    )
    even = "\n".join(f"{100 + i} {' '.join(str(i + k) for k in range(4))}" for i in range(0, 20, 4))
    tables = (
        f"##XYDATA= (X++(Y..Y))\n{even}\n",
        "##XYDATA= (X++(Y..Y))\n100A0J5KJj%T\n106B7KMmjT%j9r\n114aJJJJ\n118CK\n119E\n",
        "##XYPOINTS= (XY..XY)\n" + "".join(f"{100 + i}, {i}.5\n" for i in range(20)),
    )
    return [f"{head}{table}##END=\n".encode() for table in tables]


# --- Binary files --------------------------------------------------------------------------------


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
        x, y = _shift(rows), _bands(rows)
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
        x = (_shift(rows) if axis is None else axis)[::-1].astype("<f4")
        y = np.tile(_bands(rows)[::-1], capacity).astype("<f4")

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
        body = np.tile(_bands(rows), height * frames).astype(kind).tobytes()
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
        y = _bands(rows)[::-1].astype("<f4").tobytes()
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


@pytest.fixture(scope="session")
def text_samples(
    enlighten_text: Callable[..., str],
    old_session_text: Callable[..., str],
    named_session_text: Callable[..., str],
    bwspec_text: Callable[..., str],
    pair_text: Callable[..., str],
) -> dict[str, list[bytes]]:
    """Return sound small text files by reader name."""
    texts = {
        "ENLIGHTEN CSV": [
            enlighten_text(),
            enlighten_text(("Wavelength", "Processed"), na=0),
            enlighten_text(("Pixel", "Wavenumber", "Raw", "Dark")),
        ],
        "ENLIGHTEN session CSV": [old_session_text(), named_session_text()],
        "BWSpec text": [
            bwspec_text(),
            bwspec_text("."),
            bwspec_text().replace(";", ","),
        ],
        "two columns of numbers": [
            pair_text(),
            pair_text("\t", ","),
            pair_text(" "),
            pair_text(";", ","),
            "Raman shift (cm-1);Intensity\n" + pair_text(";"),
        ],
    }
    made = {name: [text.encode() for text in group] for name, group in texts.items()}
    return made | {"JCAMP-DX": jcamp_samples(), "Spectra CSV": export_samples("csv")}


@pytest.fixture(scope="session")
def binary_samples(
    spc_file: Callable[..., bytes],
    wdf_file: Callable[..., bytes],
    spe_file: Callable[..., bytes],
    spa_file: Callable[..., bytes],
) -> dict[str, list[bytes]]:
    """Return sound small binary files by reader name."""
    return {
        "Galactic SPC": [
            spc_file(log="Laser=Laser: 785 nm edge\r\n"),
            spc_file("shared", curves=3, short=True, exponent=12),
            spc_file("own", order=">", curves=2),
            spc_file("old", exponent=12, curves=2),
        ],
        "Renishaw WDF": [
            wdf_file(),
            wdf_file(count=1, capacity=3),
            wdf_file(unit=3, axis=800 + 0.7 * np.arange(60)),
        ],
        "Princeton SPE": [spe_file(), spe_file(version=2.5, height=2, code=3), spe_file(frames=3)],
        "Thermo OMNIC SPA": [spa_file(), spa_file(laser_nm=0.0)],
        "NeXus NXraman": export_samples("nxs"),
    }


@pytest.fixture(scope="session")
def made_up() -> dict[str, ModuleType]:
    """Return the writers of made-up files in `made_up`, by file name.

    Each has ``NAME``, the reader's name, and ``samples()``, sound Raman files for it; or, for
    several readers, ``by_reader()``.
    """
    found = {}
    for path in sorted((Path(__file__).parent / "made_up").glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"made_up_{path.stem}", path)
        if spec is None or spec.loader is None:
            pytest.fail(f"{path} is not a module")
        found[path.stem] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return found


@pytest.fixture(scope="session")
def samples(
    text_samples: dict[str, list[bytes]],
    binary_samples: dict[str, list[bytes]],
    made_up: dict[str, ModuleType],
) -> dict[str, list[bytes]]:
    """Return sound small files by reader name; every reader of the registry has some."""
    found = {**text_samples, **binary_samples}
    for module in made_up.values():
        several = hasattr(module, "by_reader")
        found |= module.by_reader() if several else {module.NAME: module.samples()}
    return found


@pytest.fixture(scope="session")
def vendor_texts(made_up: dict[str, ModuleType]) -> dict[str, list[str]]:
    """Return the made-up text exports by reader name."""
    texts: dict[str, list[str]] = made_up["vendor_texts"].texts()
    return texts


@pytest.fixture(scope="session")
def recognise() -> Callable[[bytes], list[str]]:
    """Return a function that names every reader whose sniff accepts the bytes."""
    from library.formats.text import read_source

    def names(data: bytes) -> list[str]:
        source: Source = read_source(data)
        return [reader.name for reader in READERS if reader.sniff(source)]

    return names


# --- Killed, and without power: what `work` is told to have kept must be there afterwards --------


class Disk:
    """What of a folder has reached the disk, learnt from the calls that sync and rename.

    Only bytes of a file that were there when it was synced survive a power cut for certain, and
    only names that were there when their folder was synced. Everything else may survive or not.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.held: list[int] = []  # open files, so that no file number is given away again
        self.seen: set[int] = set()
        self.kept: dict[int, bytes] = {}  # file number -> bytes synced
        self.names: dict[Path, dict[str, int]] = {}  # folder -> names synced
        for path in (folder, *sorted(folder.rglob("*"))):
            self.synced(path)

    def tree(self, folder: Path) -> dict[str, int]:
        found = {}
        for path in sorted(folder.iterdir()):
            status = path.lstat()
            found[path.name] = status.st_ino
            if status.st_ino not in self.seen and path.is_file():
                self.seen.add(status.st_ino)
                self.held.append(os.open(path, os.O_RDONLY))
        return found

    def synced(self, path: Path) -> None:
        if path.is_dir():
            self.names[path] = self.tree(path)
        else:
            self.kept[path.stat().st_ino] = path.read_bytes()

    def state(self, random: np.random.Generator | None) -> dict[Path, bytes | None]:
        """Return one state after a cut now: path -> bytes, None for a folder.

        Without `random` only what is certain; with it, of everything else a random part.
        """
        found: dict[Path, bytes | None] = {}

        def walk(folder: Path) -> None:
            names, now = dict(self.names.get(folder, {})), self.tree(folder)
            for name in sorted(names.keys() | now.keys()):
                if random is not None and random.random() < 0.5:
                    names.pop(name, None)
                    names |= {name: now[name]} if name in now else {}
            for name, number in names.items():
                path = folder / name
                if path.is_dir():
                    found[path.relative_to(self.folder)] = None
                    walk(path)
                else:
                    found[path.relative_to(self.folder)] = self.content(path, number, random)

        walk(self.folder)
        return found

    def content(self, path: Path, number: int, random: np.random.Generator | None) -> bytes:
        kept = self.kept.get(number, b"")
        same = path.is_file() and path.stat().st_ino == number
        if random is None or not same or random.random() < 0.4:
            return kept
        data = bytearray(path.read_bytes())  # what was not synced: cut anywhere, holes of zeros
        if data != kept:
            safe = (
                len(kept) if data.startswith(kept) else 0
            )  # adding to a file harms nothing synced
            del data[int(random.integers(safe, len(data) + 1)) :]
            start = int(random.integers(safe, len(data) + 1))
            data[start : start + 4096] = bytes(len(data[start : start + 4096]))
        return bytes(data)

    def close(self) -> None:
        for handle in self.held:
            os.close(handle)


@dataclass(frozen=True)
class Cut:
    """One state of a disk after a power cut, and what had been acknowledged before it."""

    before: str  # the call that was about to return when the power went
    acknowledged: tuple[str, ...]
    files: Mapping[Path, bytes | None]

    def restore(self, folder: Path) -> Path:
        folder.mkdir()
        for path, data in self.files.items():
            if data is None:
                (folder / path).mkdir()
            else:
                (folder / path).write_bytes(data)
        return folder


Work = Callable[[Callable[[str], None]], object]


@pytest.fixture
def power_cuts(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Cut]]:
    """Return a function that does some work in a folder and returns what power cuts would leave.

    ``power_cuts(folder, work, ways)``: `work` is called with a function to acknowledge with; before
    and after every sync, rename and removal the power is cut in so many `ways`.
    """

    def run(folder: Path, work: Work, ways: int = 3) -> list[Cut]:
        disk, told, cuts = Disk(folder), [], []
        random = np.random.default_rng(20261122)

        def cut(what: str) -> None:
            states = [disk.state(None if way == 0 else random) for way in range(ways)]
            cuts.extend(Cut(what, tuple(told), state) for state in states)

        def watched(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **named: Any) -> Any:
                cut(f"before {name}")
                result = real(*arguments, **named)
                if name in {"fsync", "fdatasync"}:
                    number = os.fstat(arguments[0]).st_ino
                    paths = (folder, *folder.rglob("*"))
                    for path in [p for p in paths if p.lstat().st_ino == number]:
                        disk.synced(path)
                cut(f"after {name}")
                return result

            return call

        with monkeypatch.context() as patch:
            for name in ("fsync", "fdatasync", "replace", "rename", "unlink", "remove", "mkdir"):
                if hasattr(os, name):
                    patch.setattr(os, name, watched(name, getattr(os, name)))
            work(told.append)
        cut("the end")
        disk.close()
        return cuts

    return run


@pytest.fixture(scope="session")
def killed() -> Callable[..., tuple[str, ...]]:
    """Return a function that kills some work with -9 and returns what it had acknowledged.

    ``killed(work, after_s)``: `work` runs in a forked child, nothing is imported again; it is
    called with a function to acknowledge with. It fails when the child ends with an error.
    """

    def run(work: Work, after_s: float) -> tuple[str, ...]:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            try:
                work(lambda text: os.write(write, text.encode() + b"\n"))
                os._exit(0)
            except BaseException:  # noqa: BLE001  a child must never return into pytest
                os.write(2, traceback.format_exc().encode())
                os._exit(99)
        os.close(write)
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        with os.fdopen(read, "rb") as pipe:
            told = pipe.read().decode()
        code = os.waitstatus_to_exitcode(status)
        assert code in {0, -signal.SIGKILL}, f"the child failed with {code}"
        return tuple(told.split("\n")[:-1])

    return run
