"""What a result was computed with, besides the program's own data: versions, CPU, BLAS kernel.

The same inputs give the same bytes where all of this is the same. Elsewhere sums may be taken in
another order, so that the last digits of figures differ.
"""

from __future__ import annotations

import ctypes
import platform
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from spectra_app import __version__

PACKAGES = ("numpy", "scipy", "h5py", "pybaselines")
WINDOW_PACKAGES = ("PySide6_Essentials", "pyqtgraph")
_SUFFIXES = ("64_", "")  # of the names of OpenBLAS with long and with short integers


@cache
def environment() -> MappingProxyType[str, str]:
    """Return what this process computes with, by name, as text; the same during the whole run.

    Returns
    -------
    mapping of str to str
        Program and Python version, system, CPU features that NumPy found, versions of the packages,
        and for each OpenBLAS in use its kernel and number of threads.
    """
    found = _of_the_computer() | {"cpu": _cpu_features()}
    found |= {name: _version(name) for name in PACKAGES}
    found |= {f"blas of {name}": _kernels(name) for name in ("numpy", "scipy")}
    return MappingProxyType(found)


def versions() -> dict[str, str]:
    """Return what this program and its parts call themselves; nothing is loaded for it."""
    return _of_the_computer() | {name: _version(name) for name in (*PACKAGES, *WINDOW_PACKAGES)}


def _of_the_computer() -> dict[str, str]:
    return {
        "program": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not there"


def _cpu_features() -> str:
    """Return what NumPy chooses its loops by; empty when it does not tell."""
    try:
        features = import_module("numpy._core._multiarray_umath").__cpu_features__
    except (ImportError, AttributeError):
        return ""
    return " ".join(sorted(name for name, there in features.items() if there))


def _kernels(package: str) -> str:
    """Return kernel and threads of the OpenBLAS that a package brings along; empty without one.

    The library is loaded already: this only asks it.
    """
    place = find_spec(package)
    if place is None or place.origin is None:
        return ""
    folder = Path(place.origin).parents[1] / f"{package}.libs"
    found = []
    for path in sorted(folder.glob("*openblas*")):
        try:
            library = ctypes.CDLL(str(path))
        except OSError:
            continue
        name = _asked(library, "openblas_get_corename", ctypes.c_char_p)
        threads = _asked(library, "openblas_get_num_threads", ctypes.c_int)
        if isinstance(name, bytes):
            found.append(f"OpenBLAS {name.decode(errors='replace')}, {threads} threads")
    return "; ".join(found)


def _asked(library: ctypes.CDLL, name: str, kind: type[object]) -> object:
    for suffix in _SUFFIXES:
        function = getattr(library, f"scipy_{name}{suffix}", None)
        if function is not None:
            function.restype = kind
            return function()
    return None
