"""What a library file must hold: datasets, shapes, types, and one hash over everything."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from library.errors import LibraryDamagedError
from matching.axis import COMMON_GRID
from matching.index import EDGES, level_sizes
from matching.search import BLOCK

Array = NDArray[Any]

WHOLE = "whole_sha256"  # the attribute that holds `whole_hash`

# Name -> (shape, type). n: entries, b: bytes of records, p: points of all spectra together.
DATASETS: dict[str, tuple[tuple[str, ...], str]] = {
    "entries/records": (("b",), "uint8"),
    "entries/record_offsets": (("n + 1",), "int64"),
    "entries/substance": (("n",), "int64"),
    "entries/sers": (("n",), "uint8"),
    "entries/comparable": (("n",), "uint8"),
    "entries/emulated": (("n",), "uint8"),
    "spectra/raman_shift_cm1": (("p",), "float64"),
    "spectra/intensity": (("p",), "float64"),
    "spectra/offsets": (("n + 1",), "int64"),
    "search/rows": (("n", "grid"), "float32"),
    "search/first": (("n",), "int64"),
    "search/end": (("n",), "int64"),
    "search/sums": (("edges", "n"), "float64"),
    "search/squares": (("edges", "n"), "float64"),
    "search/noise": (("n",), "float64"),
}
# In libraries large enough that an index saves time: all of them or none.
INDEX_DATASETS: dict[str, tuple[tuple[str, ...], str]] = {
    "search/index_basis": (("r", "grid"), "float64"),
    "search/index_first": (("first", "n"), "float32"),
    "search/index_second": (("n", "second"), "float32"),
}


def whole_hash(attributes: Mapping[str, Any], arrays: Mapping[str, Array]) -> str:
    """Return the SHA-256 (hex) over every attribute but `WHOLE` and every dataset.

    The library's own ``sha256`` says which references it holds; this one shows damage anywhere,
    also in what the search works on.
    """
    digest = hashlib.sha256()
    for key in sorted(set(attributes) - {WHOLE}):
        digest.update(f"{key}={attributes[key]}\n".encode())
    for name in sorted(DATASETS):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()


def check_layout(path: Path, entries: int, arrays: Mapping[str, Array]) -> None:
    """Check shapes, types, offsets and covered ranges of a library with so many `entries`.

    Raises
    ------
    LibraryDamagedError
        When anything that is indexed later does not fit.
    """
    if entries < 1:
        raise _unsound(path, "it says that it has no entry")
    sizes = {"n": entries, "n + 1": entries + 1, "grid": COMMON_GRID.size}
    sizes["edges"] = -(-COMMON_GRID.size // BLOCK) + 1
    sizes["b"] = arrays["entries/records"].size
    sizes["p"] = arrays["spectra/intensity"].size
    expected = dict(DATASETS)
    if not INDEX_DATASETS.keys().isdisjoint(arrays):
        if not INDEX_DATASETS.keys() <= arrays.keys():
            raise _unsound(path, "a part of its search index is missing")
        expected |= INDEX_DATASETS
        sizes["r"] = min(arrays["search/index_basis"].shape[0], EDGES[-1], entries)
        sizes["first"], sizes["second"] = level_sizes(sizes["r"])
    for name, (symbols, kind) in expected.items():
        array, shape = arrays[name], tuple(sizes[symbol] for symbol in symbols)
        if array.shape != shape or array.dtype != kind:
            raise _unsound(path, f"{name} is {array.dtype} {array.shape}, expected {kind} {shape}")
    for name, size in (("entries/record_offsets", "b"), ("spectra/offsets", "p")):
        offsets = arrays[name]
        if offsets[0] != 0 or offsets[-1] != sizes[size] or (np.diff(offsets) <= 0).any():
            raise _unsound(path, f"{name} does not divide its data")
    first, end, substance = (
        arrays[name] for name in ("search/first", "search/end", "entries/substance")
    )
    if (first < 0).any() or (end > COMMON_GRID.size).any() or (first >= end).any():
        raise _unsound(path, "the covered ranges of the search matrix are not sound")
    if (substance < 0).any() or (substance >= entries).any():
        raise _unsound(path, "the substance numbers are not sound")


def _unsound(path: Path, what: str) -> LibraryDamagedError:
    return LibraryDamagedError(
        f"the library is damaged: {what}",
        str(path),
        "restore it from its release or a backup, or build it again",
    )
