"""The search index of a large library, kept with it; only its hash is covered by the whole hash.

So a program that does not know of it opens and verifies the library as before, and searches it by
reading every row: the answer is the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from library.layout import INDEX_DATASETS, Array
from matching.index import EDGES, Index, build_index

INDEX_HASH = "index_sha256"  # attribute


def index_datasets(rows: Array) -> dict[str, Array]:
    """Build the index of a search matrix, float32 (n, grid), as datasets of the file."""
    index = build_index(rows, EDGES[-1])
    parts = (index.basis.astype(np.float64), index.first, index.second)
    return dict(zip(INDEX_DATASETS, parts, strict=True))


def index_of(arrays: Mapping[str, Array]) -> Index | None:
    """Return the index stored in a library, None when it has none; only its basis is read."""
    if not has_index(arrays):
        return None
    basis, first, second = (arrays[name] for name in INDEX_DATASETS)
    return Index(np.asarray(basis, dtype=np.float32), first, second)


def has_index(arrays: Mapping[str, Array]) -> bool:
    """Tell whether any part of an index is there (`check_layout` asks for all parts then)."""
    return not INDEX_DATASETS.keys().isdisjoint(arrays)


def index_hash(arrays: Mapping[str, Array]) -> str | None:
    """Return the SHA-256 (hex) over the parts of the index; None when there is none."""
    if not has_index(arrays):
        return None
    digest = hashlib.sha256()
    for name in INDEX_DATASETS:
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()


def index_as_stated(attributes: Mapping[str, Any], arrays: Mapping[str, Array]) -> bool:
    """Tell whether a library has an index exactly when it says so; nothing large is read."""
    return (INDEX_HASH in attributes) == has_index(arrays)
