"""What a library file must hold: datasets, shapes, types, and one hash over everything."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from library.errors import LibraryDamagedError
from library.held import pieces_of
from matching.axis import COMMON_GRID
from matching.index import EDGES, level_sizes
from matching.search import BLOCK

Array = NDArray[Any]
Parts = tuple[Array, ...]  # of a dataset, one after the other along its first axis

WHOLE = "whole_sha256"  # the attribute that holds `whole_hash`

# Used piece by piece; in a large library that is open they stay in the file.
LONG = frozenset(
    {
        "spectra/raman_shift_cm1",
        "spectra/intensity",
        "search/rows",
        "search/sums",
        "search/squares",
        "replicates/raman_shift_cm1",
        "replicates/intensity",
        "replicates/spread",
    }
)
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
# In libraries that hold replicates: all of them or none. m: replicates, q: their points together,
# e: entries with replicates, s: points of these entries' spectra together.
REPLICATE_DATASETS: dict[str, tuple[tuple[str, ...], str]] = {
    "replicates/records": (("rb",), "uint8"),
    "replicates/record_offsets": (("m + 1",), "int64"),
    "replicates/entry": (("m",), "int64"),
    "replicates/raman_shift_cm1": (("q",), "float64"),
    "replicates/intensity": (("q",), "float64"),
    "replicates/offsets": (("m + 1",), "int64"),
    "replicates/spread": (("s",), "float64"),
}
# Datasets of offsets -> what they divide.
DIVIDING = {
    "entries/record_offsets": "b",
    "spectra/offsets": "p",
    "replicates/record_offsets": "rb",
    "replicates/offsets": "q",
}
JOURNAL = "history/journal"  # acts on the status of entries, lines of JSON; only when there are any

ALL = (*DATASETS, *REPLICATE_DATASETS, JOURNAL, *INDEX_DATASETS)  # in the order of the file

# Attribute -> the datasets whose hash it holds: there together or not at all. `whole_hash` covers
# the attribute, so that a program that does not know a group opens and verifies the rest.
GROUP_NAMES = {
    "index_sha256": "search index",
    "journal_sha256": "journal",
    "replicates_sha256": "group of replicates",
}
GROUPS: dict[str, tuple[str, ...]] = {
    "index_sha256": tuple(INDEX_DATASETS),
    "journal_sha256": (JOURNAL,),
    "replicates_sha256": tuple(REPLICATE_DATASETS),
}


def group_hashes(datasets: Mapping[str, Array | Parts]) -> dict[str, str]:
    """Return the hash of each of `GROUPS` that is there, by its attribute."""
    there = {key: names for key, names in GROUPS.items() if not datasets.keys().isdisjoint(names)}
    return {key: _hash_of(names, datasets, hashlib.sha256()) for key, names in there.items()}


def _hash_of(
    names: Sequence[str], datasets: Mapping[str, Array | Parts], digest: hashlib._Hash
) -> str:
    """Add name, type, shape and bytes of datasets to a hash and return it (hex)."""
    for name in names:
        parts = parts_of(datasets[name])
        digest.update(f"{name} {parts[0].dtype.str} {shape_of(parts)}\n".encode())
        for piece in (piece for part in parts for piece in pieces_of(part)):
            digest.update(np.ascontiguousarray(piece).data)
    return digest.hexdigest()


def parts_of(value: Array | Parts) -> Parts:
    """Return a dataset as its parts."""
    return value if isinstance(value, tuple) else (value,)


def shape_of(parts: Parts) -> tuple[int, ...]:
    """Return the shape of a dataset given in parts."""
    return (sum(part.shape[0] for part in parts), *parts[0].shape[1:])


def whole_hash(attributes: Mapping[str, Any], arrays: Mapping[str, Array | Parts]) -> str:
    """Return the SHA-256 (hex) over every attribute but `WHOLE` and every one of `DATASETS`.

    The library's own ``sha256`` says which references it holds; this one shows damage anywhere,
    also in what the search works on.
    """
    digest = hashlib.sha256()
    for key in sorted(set(attributes) - {WHOLE}):
        digest.update(f"{key}={attributes[key]}\n".encode())
    return _hash_of(sorted(DATASETS), arrays, digest)


def check_layout(path: Path, entries: int, arrays: Mapping[str, Array]) -> None:
    """Check shapes, types, offsets and covered ranges of a library with so many `entries`.

    Raises
    ------
    LibraryDamagedError
        When anything that is indexed later does not fit.
    """
    if entries < 1:
        raise _unsound(path, "it says that it has no entry")
    expected, sizes = _expected(path, entries, arrays)
    for name, (symbols, kind) in expected.items():
        array, shape = arrays[name], tuple(sizes[symbol] for symbol in symbols)
        if array.shape != shape or array.dtype != kind:
            raise _unsound(path, f"{name} is {array.dtype} {array.shape}, expected {kind} {shape}")
    for name, size in DIVIDING.items():
        offsets = arrays[name] if name in expected else np.array([0, sizes[size]])
        if offsets[0] != 0 or offsets[-1] != sizes[size] or (np.diff(offsets) <= 0).any():
            raise _unsound(path, f"{name} does not divide its data")
    first, end, substance = (
        arrays[name] for name in ("search/first", "search/end", "entries/substance")
    )
    if (first < 0).any() or (end > COMMON_GRID.size).any() or (first >= end).any():
        raise _unsound(path, "the covered ranges of the search matrix are not sound")
    if (substance < 0).any() or (substance >= entries).any():
        raise _unsound(path, "the substance numbers are not sound")
    if "replicates/entry" in expected:
        _check_replicates(path, entries, arrays)


def _expected(
    path: Path, entries: int, arrays: Mapping[str, Array]
) -> tuple[dict[str, tuple[tuple[str, ...], str]], dict[str, int]]:
    """Return what a library must hold given what is in it, and the size of each symbol."""
    sizes = {"n": entries, "n + 1": entries + 1, "grid": COMMON_GRID.size, "rb": 1, "q": 1}
    sizes["edges"] = -(-COMMON_GRID.size // BLOCK) + 1
    sizes["b"] = arrays["entries/records"].size
    sizes["p"] = arrays["spectra/intensity"].size
    expected = dict(DATASETS)
    if _whole(path, INDEX_DATASETS, arrays, "search index"):
        expected |= INDEX_DATASETS
        sizes["r"] = min(arrays["search/index_basis"].shape[0], EDGES[-1], entries)
        sizes["first"], sizes["second"] = level_sizes(sizes["r"])
    if _whole(path, REPLICATE_DATASETS, arrays, "replicates"):
        expected |= REPLICATE_DATASETS
        sizes["m"] = arrays["replicates/entry"].size
        sizes["m + 1"] = sizes["m"] + 1
        sizes["q"] = arrays["replicates/intensity"].size
        sizes["rb"] = arrays["replicates/records"].size
        sizes["s"] = arrays["replicates/spread"].size
    if JOURNAL in arrays:
        expected[JOURNAL] = (("j",), "uint8")
        sizes["j"] = arrays[JOURNAL].size
    return expected, sizes


def _whole(path: Path, names: Mapping[str, object], arrays: Mapping[str, Array], what: str) -> bool:
    """Tell whether datasets that belong together are there."""
    missing = names.keys() - arrays.keys()
    if missing and len(missing) < len(names):
        raise _unsound(path, f"a part of its {what} is missing")
    return not missing


def _check_replicates(path: Path, entries: int, arrays: Mapping[str, Array]) -> None:
    """Check that replicates belong to entries, in order, and that each such entry has a spread."""
    rows = arrays["replicates/entry"]
    if (rows < 0).any() or (rows >= entries).any() or (np.diff(rows) < 0).any():
        raise _unsound(path, "its replicates do not belong to entries in order")
    points = np.diff(arrays["spectra/offsets"])[np.unique(rows)].sum()
    if arrays["replicates/spread"].size != points:
        raise _unsound(path, "the spread of its replicates is not as long as their entries")


def _unsound(path: Path, what: str) -> LibraryDamagedError:
    return LibraryDamagedError(
        f"the library is damaged: {what}",
        str(path),
        "restore it from its release or a backup, or build it again",
    )
