"""Which structures are calculated, and in which order: what matters most first.

Common molecules whose spectra are at hand; what has published bands, by which the lines are judged;
precursors of the 1988 Tables; the families below, other new substances, and the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from library.substances import Substance, read_table, substances
from resources import path

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


def jobs() -> list[Job]:
    """Return every structure once, in the order of the queue."""
    found: dict[str, Job] = {}
    for job in [*_table(), *_common()]:
        known = found.get(job.inchikey)
        if known is None or job.rank < known.rank:
            found[job.inchikey] = job
    return sorted(found.values(), key=lambda job: (job.rank, job.size, job.inchikey))


def _common() -> Iterable[Job]:
    """Yield structures that are in no table of substances, and whose spectra are at hand."""
    for row in read_table("common.csv", path("calculated")):
        yield Job(0, len(row["smiles"]), row["inchikey"], row["name"], row["smiles"])


def _table() -> Iterable[Job]:
    table = substances()
    listed = {
        row["key"] for row in read_table("control.csv") if row["instrument"] == PRECURSOR_LIST
    }
    materials = read_table("materials.csv", path("starter_library"))
    published = {row["inchikey"] for row in materials}
    for substance in table:
        smiles = table.more(substance.key).smiles
        rank = 1 if substance.inchikey in published else _rank(substance, listed)
        yield Job(rank, len(smiles), substance.inchikey, substance.name, smiles)


def _rank(substance: Substance, listed: set[str]) -> int:
    if substance.key in listed:
        return 2
    if substance.family in FAMILIES:
        return 3 + FAMILIES.index(substance.family)
    return 20 if substance.class_.startswith("NPS") else 30
