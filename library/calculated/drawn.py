"""Formula and drawing of calculated structures that the tables of substances lack."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import CalcMolFormula

from library.calculated.draw import draw
from library.calculated.plan import Job
from library.calculated_lines import STRUCTURES
from library.substances import read_table, substances

COLUMNS = ("inchikey", "formula", "atoms", "bonds")


def write_structures(folder: Path, queue: Iterable[Job]) -> int:
    """Write the table anew, of those of `queue` that no table of substances has; count them."""
    known = {substance.inchikey for substance in substances()}
    rows = {job.inchikey: _row(job) for job in queue if job.inchikey not in known}
    _write(folder / STRUCTURES, rows)
    return len(rows)


def add_structure_row(folder: Path, job: Job) -> None:
    """Add a structure to a station's own table, in place of an earlier row of it."""
    file = folder / STRUCTURES
    rows: dict[str, tuple[str, ...]] = {}
    if file.is_file():
        for held in read_table(STRUCTURES, folder):
            rows[held["inchikey"]] = tuple(held[name] for name in COLUMNS)
    _write(file, {**rows, job.inchikey: _row(job)})


def _row(job: Job) -> tuple[str, ...]:
    try:
        drawn = draw("", job.smiles, job.inchikey)
    except ValueError:
        drawn = ("", "")
    return (job.inchikey, str(CalcMolFormula(Chem.MolFromSmiles(job.smiles))), *drawn)


def _write(file: Path, rows: dict[str, tuple[str, ...]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows[inchikey] for inchikey in sorted(rows))
    file.write_bytes(text.getvalue().encode("utf-8"))
