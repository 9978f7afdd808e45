"""The shipped table of calculated Raman lines: a short list to test first, never evidence.

Nothing here was measured. The lines were calculated from the structure alone (``resources/
calculated``); on molecules that were measured, the right one stands among the first ten often and
first only sometimes, and no value tells which. An entry has no spectrum, cannot be put into a
library, and every record says that it is calculated.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from library.drawings import Drawing, drawings, parse_drawing
from library.errors import LibraryDamagedError
from library.substances import parse_table, read_table, substances
from matching.pipeline import Prepared
from matching.suggest import Profiles, calculated_profiles, query_profile, similarities
from resources import path

FloatArray = NDArray[np.float64]

FOLDER = "calculated"
BLOCKS = "lines-*.csv"
STRUCTURES = "structures.csv"
"""Formulas and drawings of structures that the tables of substances lack."""
EVALUATION = "evaluation.json"
"""What ``spectra evaluate --calculated --json`` printed for the table."""
FIRST = (10, 50)
COLUMNS = (
    "inchikey", "key", "name", "smiles", "atoms", "method", "seed", "force_field", "conformers",
    "open_centres", "gradient", "imaginary", "pushes", "factors", "shifts", "activities",
    "depolarisations",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class CalculatedEntry:
    """The calculated lines of one structure, with how they came about.

    Parameters
    ----------
    inchikey, key, name, family, class_ : str
        What it is; `key` in the tables of substances, blank for a structure that is not in them.
    formula, smiles : str, str
        The structure that was calculated; its formula blank where nobody stated it.
    method, seed, force_field, factors : str
        Programs and versions; seed of the conformers; force field of the start; which set of
        factors of force constants (one that was fitted without a spectrum of this molecule).
    conformers, open_centres, pushes : int
        Conformers counted; stereo centres that the structure leaves open; how often the search for
        a minimum was begun again.
    gradient : float
        Largest component left at the minimum, Hartree/bohr.
    imaginary : tuple of float
        Imaginary modes that are left, cm-1, negative.
    shifts, activities, depolarisations : float arrays, shape (m,)
        Raman shifts in cm-1, rising; activities in A4/u; depolarisation ratios.
    kind : str
        Always ``"calculated"``.
    """

    inchikey: str
    key: str
    name: str
    family: str
    class_: str
    smiles: str
    method: str
    seed: str
    force_field: str
    factors: str
    conformers: int
    open_centres: int
    pushes: int
    gradient: float
    imaginary: tuple[float, ...]
    shifts: FloatArray
    activities: FloatArray
    depolarisations: FloatArray
    formula: str = ""
    drawn: Drawing | None = None
    kind: Literal["calculated"] = "calculated"

    @property
    def drawing(self) -> Drawing | None:
        """The drawing of the structure, where there is one."""
        return self.drawn or drawings().get(self.key)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A candidate in the order of resemblance; `similarity` is for the order and never shown."""

    rank: int
    entry: CalculatedEntry
    similarity: float


class CalculatedTable:
    """All calculated entries, and their order for a measured spectrum.

    Parameters
    ----------
    entries : sequence of CalculatedEntry
    sha256 : str
        Of the files they were read from.
    """

    def __init__(self, entries: Sequence[CalculatedEntry], sha256: str) -> None:
        self.entries = tuple(entries)
        self.sha256 = sha256

    def __len__(self) -> int:
        return len(self.entries)

    @cached_property
    def profiles(self) -> Profiles:
        """Broadened spectra of all entries, made once."""
        owners = np.repeat(np.arange(len(self)), [entry.shifts.size for entry in self.entries])
        shifts = np.concatenate([entry.shifts for entry in self.entries] or [np.empty(0)])
        heights = np.concatenate([entry.activities for entry in self.entries] or [np.empty(0)])
        return calculated_profiles(owners, shifts, heights, len(self))

    def ranked(self, prepared: Prepared) -> tuple[Suggestion, ...]:
        """Return every entry in the order of resemblance to a measured spectrum.

        Raises
        ------
        QueryError
            When the spectrum covers too little of the range that is compared.
        """
        found = similarities(query_profile(prepared), self.profiles)
        order = np.argsort(-found, kind="stable")
        return tuple(
            Suggestion(rank, self.entries[at], float(found[at]))
            for rank, at in enumerate(order, start=1)
        )


@cache
def calculated_table() -> CalculatedTable:
    """Return the shipped table, read once per run; raises as `read_calculated`."""
    return read_calculated(path(FOLDER))


def with_own(table: CalculatedTable, folder: Path) -> CalculatedTable:
    """Return a table with the structures that a station added to `folder`; raises as above.

    A structure that the table has already is taken from the table.
    """
    own = read_calculated(folder)
    known = {entry.inchikey for entry in table.entries}
    added = [entry for entry in own.entries if entry.inchikey not in known]
    digest = hashlib.sha256(f"{table.sha256}{own.sha256}".encode()).hexdigest()
    return CalculatedTable((*table.entries, *added), digest) if added else table


def read_calculated(folder: Path) -> CalculatedTable:
    """Read the blocks of a folder.

    Raises
    ------
    LibraryDamagedError
        When a block is not what the builder writes.
    """
    digest = hashlib.sha256()
    entries: list[CalculatedEntry] = []
    stated = _structures(folder)
    for block in sorted(folder.glob(BLOCKS)):
        try:
            data = block.read_bytes()
            entries += (_entry(row, stated) for row in parse_table(data, block.name))
        except (OSError, KeyError, ValueError) as error:
            raise LibraryDamagedError(
                f"the table of calculated lines cannot be read ({error})",
                f"{FOLDER}/{block.name}",
                "install the program again",
            ) from error
        digest.update(data)
    return CalculatedTable(entries, digest.hexdigest())


def failures(folder: Path | None = None) -> dict[str, str]:
    """Return the InChIKeys of structures that could not be calculated, with the reason."""
    rows = read_table("failures.csv", folder or path(FOLDER))
    return {row["inchikey"]: row["reason"] for row in rows}


@dataclass(frozen=True, slots=True)
class HowOften:
    """How often the right substance stood far up, on measured scans of known substances.

    Parameters
    ----------
    scans, candidates : int
        How many were ranked, among how many candidates.
    first : mapping of int to int
        Of how many the right candidate was among the first 10 and 50.
    by_chance : mapping of int to int
        The same with the labels permuted, rounded.
    """

    scans: int
    candidates: int
    first: dict[int, int]
    by_chance: dict[int, int]


@cache
def how_often() -> HowOften:
    """Return the figures of the evaluation that was made with the table.

    Raises
    ------
    LibraryDamagedError
        When they cannot be read.
    """
    try:
        said = json.loads((path(FOLDER) / EVALUATION).read_text(encoding="utf-8"))
        scans = int(said["n"])
        return HowOften(
            scans,
            int(said["candidates"]),
            {first: int(said["top"][str(first)]["count"]) for first in FIRST},
            {first: round(scans * said["chance_top"][str(first)]) for first in FIRST},
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise LibraryDamagedError(
            f"the evaluation of the calculated lines cannot be read ({error})",
            f"{FOLDER}/{EVALUATION}",
            "install the program again",
        ) from error


def _structures(folder: Path) -> dict[str, dict[str, str]]:
    """Return the rows of the table of structures by InChIKey; none where there is no table."""
    if not (folder / STRUCTURES).is_file():
        return {}
    return {row.get("inchikey", ""): row for row in read_table(STRUCTURES, folder)}


def _entry(row: dict[str, str], structures: dict[str, dict[str, str]]) -> CalculatedEntry:
    substance = substances().get(row["key"])
    stated = structures.get(row["inchikey"])
    shifts, activities, ratios = (
        np.array(row[column].split(), dtype=np.float64)
        for column in ("shifts", "activities", "depolarisations")
    )
    if not shifts.size == activities.size == ratios.size > 0 or np.any(np.diff(shifts) < 0):
        raise ValueError(f"the lines of {row['inchikey']} do not belong together")
    return CalculatedEntry(
        inchikey=row["inchikey"],
        key=row["key"],
        name=row["name"],
        family=substance.family if substance else "",
        class_=substance.class_ if substance else "",
        smiles=row["smiles"],
        method=row["method"],
        seed=row["seed"],
        force_field=row["force_field"],
        factors=row["factors"],
        conformers=int(row["conformers"]),
        open_centres=int(row["open_centres"]),
        pushes=int(row["pushes"]),
        gradient=float(row["gradient"]),
        imaginary=tuple(float(word) for word in row["imaginary"].split()),
        shifts=_read_only(shifts),
        activities=_read_only(activities),
        depolarisations=_read_only(ratios),
        formula=substance.formula if substance else (stated or {}).get("formula", ""),
        drawn=parse_drawing({"key": "", **stated}) if stated and stated["atoms"] else None,
    )


def _read_only(values: FloatArray) -> FloatArray:
    values.flags.writeable = False
    return values
