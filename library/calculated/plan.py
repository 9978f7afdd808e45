"""Which structures are calculated, and in which order: what matters most first."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from library.substances import Substance, read_table, substances

# Within each of these the smallest molecules come first: an interrupted run is then worth most.
FAMILIES = (
    "nitazene (2-benzylbenzimidazole opioid)",
    "cathinone",
    "fentanyl analogue",
    "U-opioid / other synthetic opioid",
    "imidazole carboxylate (etomidate type)",
    "benzodiazepine / thienodiazepine",
    "synthetic cannabinoid",
)
PRECURSOR_LIST = "UN 1988"


@dataclass(frozen=True, slots=True)
class Job:
    """One structure: its place in the queue, what it is called, and the structure itself."""

    rank: int
    size: int
    inchikey: str
    name: str
    smiles: str


def jobs(first: Path | None = None) -> list[Job]:
    """Return every structure once, in the order of the queue.

    Parameters
    ----------
    first : Path, optional
        A CSV with the columns name, smiles and inchikey, whose structures come before all others.
    """
    found: dict[str, Job] = {}
    for job in [*_given(first), *_table()]:
        known = found.get(job.inchikey)
        if known is None or job.rank < known.rank:
            found[job.inchikey] = job
    return sorted(found.values(), key=lambda job: (job.rank, job.size, job.inchikey))


def _given(path: Path | None) -> Iterable[Job]:
    if path is None:
        return
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            smiles = row["smiles"]
            yield Job(0, len(smiles), row["inchikey"], row["name"], smiles)


def _table() -> Iterable[Job]:
    table = substances()
    listed = {
        row["key"] for row in read_table("control.csv") if row["instrument"] == PRECURSOR_LIST
    }
    for substance in table:
        smiles = table.more(substance.key).smiles
        rank = _rank(substance, listed)
        yield Job(rank, len(smiles), substance.inchikey, substance.name, smiles)


def _rank(substance: Substance, listed: set[str]) -> int:
    if substance.key in listed:
        return 1
    if substance.family in FAMILIES:
        return 2 + FAMILIES.index(substance.family)
    return 20 if substance.class_.startswith("NPS") else 30
