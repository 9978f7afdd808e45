"""Synthetic vendor files: small, built here, one builder for each text family."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
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


def _loaded(path: Path) -> ModuleType:
    """Return a module of helpers: `tests` itself is never imported."""
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    if spec is None or spec.loader is None:
        pytest.fail(f"{path} is not a module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look for their names
    spec.loader.exec_module(module)
    return module


_BINARY = _loaded(Path(__file__).parent / "binary_files.py")
_shift, _bands = _BINARY.shift, _BINARY.bands
spc_file = _BINARY.spc_file
wdf_file = _BINARY.wdf_file
spe_file = _BINARY.spe_file
spa_file = _BINARY.spa_file


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
        found[path.stem] = _loaded(path)
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


Work = Callable[[Callable[[str], None]], object]


@pytest.fixture
def power_cuts(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Return a function that does some work in a folder and returns what power cuts would leave.

    ``power_cuts(folder, work, ways)``: `work` is called with a function to acknowledge with; before
    and after every sync, rename and removal the power is cut in so many `ways`.
    """

    made = _loaded(Path(__file__).parent / "power_cut.py")

    def run(folder: Path, work: Work, ways: int = 3) -> list[Any]:
        disk, told, cuts = made.Disk(folder), [], []
        random = np.random.default_rng(20261122)

        def cut(what: str) -> None:
            states = [disk.state(None if way == 0 else random) for way in range(ways)]
            cuts.extend(made.Cut(what, tuple(told), state) for state in states)

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
