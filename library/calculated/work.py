"""The folder of raw results: for each molecule its arrays and the record of how they came about.

Nothing in it is needed by the program; the shipped tables are made from it. A molecule is finished
when its record is there, so that a run may be stopped at any time and goes on where it was.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from library.calculated.errors import CalculationError

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """What is kept of a finished molecule.

    Parameters
    ----------
    record : dict
        As `molecule.calculate` wrote it; ``failed`` holds the reason when there is no result.
    numbers : int array, shape (n,)
    geometries : float array, shape (c, n, 3)
        Bohr.
    hessians : float array, shape (c, 3n, 3n)
        Hartree/bohr2; kept with 24 bits, upper triangle.
    tensors : float array, shape (c, 3n, 6)
        Bohr2; kept with 24 bits.
    """

    record: dict[str, Any]
    numbers: NDArray[np.int64]
    geometries: Array
    hessians: Array
    tensors: Array


def default_folder() -> Path:
    """Return the user's cache folder for raw results."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(cache) if cache else Path.home() / ".cache") / "spectra" / "calculated"


def record_path(folder: Path, inchikey: str) -> Path:
    """Return where the record of a molecule is or will be."""
    return folder / f"{inchikey}.json"


def keep(folder: Path, raw: Raw) -> None:
    """Write a result: first the arrays, then the record that says they are complete."""
    folder.mkdir(parents=True, exist_ok=True)
    upper = np.triu_indices(raw.hessians.shape[1])
    arrays = folder / f"{raw.record['inchikey']}.npz"
    partial = arrays.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez(
            file,
            numbers=raw.numbers.astype(np.int16),
            geometries=raw.geometries,
            hessians=raw.hessians[:, *upper].astype(np.float32),
            tensors=raw.tensors.astype(np.float32),
        )
    partial.replace(arrays)
    keep_record(folder, raw.record)


def keep_record(folder: Path, record: dict[str, Any]) -> None:
    """Write a record alone: of a failure."""
    folder.mkdir(parents=True, exist_ok=True)
    path = record_path(folder, record["inchikey"])
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def record_of(folder: Path, inchikey: str) -> dict[str, Any] | None:
    """Return the record of a molecule that was tried, or None."""
    path = record_path(folder, inchikey)
    if not path.is_file():
        return None
    record = json.loads(path.read_text(encoding="utf-8"))
    return dict(record)


def read(folder: Path, inchikey: str) -> Raw:
    """Return the result of a molecule.

    Raises
    ------
    CalculationError
        When there is none.
    """
    record = record_of(folder, inchikey)
    if record is None or "failed" in record:
        raise CalculationError(f"{inchikey} has no result")
    with np.load(folder / f"{inchikey}.npz", allow_pickle=False) as held:
        packed = held["hessians"].astype(np.float64)
        size = 3 * len(held["numbers"])
        hessians = np.zeros((len(packed), size, size))
        hessians[:, *np.triu_indices(size)] = packed
        lower = np.tril_indices(size, -1)
        hessians[:, *lower] = hessians.transpose(0, 2, 1)[:, *lower]
        return Raw(
            record,
            held["numbers"].astype(np.int64),
            held["geometries"],
            hessians,
            held["tensors"].astype(np.float64),
        )
