"""Add one structure, pasted as a SMILES or known by name, to a station's own calculated lines."""

from __future__ import annotations

from pathlib import Path

from rdkit import Chem
from rdkit.Chem.inchi import MolToInchiKey

from library.calculated.drawn import add_structure_row
from library.calculated.errors import CalculationError
from library.calculated.plan import Job
from library.calculated.run import Setting, run
from library.calculated.table import FactorSets, add_row
from library.calculated.work import record_of
from library.substances import substances

OWN = "lines-own.csv"
SECONDS = 900.0


def structure_of(text: str, name: str = "") -> Job:
    """Return what is to be calculated for a SMILES, or for a name in the tables of substances.

    Raises
    ------
    CalculationError
        When it is neither, or the name has several structures.
    """
    found = substances().by_name(text)
    smiles = sorted({substances().more(hit.substance.key).smiles for hit in found} - {""})
    if len(smiles) > 1:
        raise CalculationError(f"{text} has {len(smiles)} structures: give the SMILES")
    molecule = Chem.MolFromSmiles(smiles[0] if smiles else text)
    if molecule is None:
        raise CalculationError(f"{text} is neither a SMILES nor a name in the tables")
    written = Chem.MolToSmiles(molecule)
    return Job(0, len(written), MolToInchiKey(molecule), name or text, written)


def add(text: str, name: str, folder: Path, work: Path, factors: FactorSets) -> Job:
    """Calculate a structure and add its lines to `folder`; return what it was.

    Raises
    ------
    CalculationError
        With the reason why not.
    """
    job = structure_of(text, name)
    run([job], Setting(work, seconds=SECONDS, again=True), lambda _said: None)
    record = record_of(work, job.inchikey)
    if record is None or "failed" in record:
        raise CalculationError(str((record or {}).get("failed", "it was stopped")))
    folder.mkdir(parents=True, exist_ok=True)
    add_row(folder / OWN, work, job, factors)
    add_structure_row(folder, job)
    return job
