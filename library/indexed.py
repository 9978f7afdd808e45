"""The search index of a large library, kept with it; only its hash is covered by the whole hash.

So a program that does not know of it opens and verifies the library as before, and searches it by
reading every row: the answer is the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from library.layout import INDEX_DATASETS, Array, Parts
from matching.index import EDGES, Index, build_index, levels_of_rows, rest_share

INDEX_HASH = "index_sha256"  # attribute
INDEX_ROWS = "index_rows"  # attribute: so many entries, the first ones, gave the directions
WORN = 1.2  # times the share of the rows that no direction holds, from which on they are made anew
LITTLE = 0.01  # share of the rows that does no harm


def index_datasets(rows: Array) -> dict[str, Array]:
    """Build the index of a search matrix, float32 (n, grid), as datasets of the file."""
    index = build_index(rows, EDGES[-1])
    parts = (index.basis.astype(np.float64), index.first, index.second)
    return dict(zip(INDEX_DATASETS, parts, strict=True))


def grown_index(old: Mapping[str, Array], made_from: int, rows: Array) -> dict[str, Parts] | None:
    """Return the index of a library with further rows (m, grid) projected on its directions.

    The index stays exact; only how many rows a search must read depends on the directions. None
    when they leave out clearly more than of the `made_from` rows that gave them.

    Parameters
    ----------
    old : mapping of str to array
        Datasets of the library, with an index.
    made_from : int
        Number of rows that its directions were made from.
    rows : float32 array, shape (m, grid)
        The further rows.
    """
    basis, first, second = (old[name] for name in INDEX_DATASETS)
    more = levels_of_rows(rows, np.asarray(basis)) if rows.shape[0] else (first[:, :0], second[:0])
    levels = np.concatenate((first, more[0]), axis=1)
    if rest_share(levels) > WORN * rest_share(first[:, :made_from]) + LITTLE:
        return None
    parts = ((np.asarray(basis),), (levels,), (second, more[1]) if rows.shape[0] else (second,))
    return dict(zip(INDEX_DATASETS, parts, strict=True))


def index_of(arrays: Mapping[str, Array]) -> Index | None:
    """Return the index stored in a library, None when it has none; only its basis is read."""
    if not has_index(arrays):
        return None
    basis, first, second = (arrays[name] for name in INDEX_DATASETS)
    return Index(np.asarray(basis, dtype=np.float32), first, second)


def has_index(arrays: Mapping[str, Array | Parts]) -> bool:
    """Tell whether any part of an index is there (`check_layout` asks for all parts then)."""
    return not INDEX_DATASETS.keys().isdisjoint(arrays)
