"""Write the shipped table of lines from the folder of raw results, in blocks of 100 structures.

A block holds a fixed stretch of the queue, so that finished molecules only add rows to it. The same
raw results, factors and tables of substances give the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from library.calculated.internal import CLASSES
from library.calculated.modes import Lines
from library.calculated.plan import Job
from library.calculated.scaling import Factors, corrected, reduced
from library.calculated.work import Raw, read, record_of
from library.calculated_lines import BLOCKS, COLUMNS
from library.substances import parse_table, substances

Array = NDArray[np.float64]

BLOCK = 100
THERMAL = 298.15 * 3.166811563e-6  # Hartree; CODATA 2018
RANGE = (50.0, 4000.0)  # cm-1; softer modes are the lattice's in a solid


@dataclass(frozen=True, slots=True)
class FactorSets:
    """Factors fitted on all measured molecules, and those fitted without a fold of them.

    Parameters
    ----------
    sets : dict of str to tuple of float
        ``all``, and one for each fold.
    folds : dict of str to str
        InChIKey of a molecule that was measured: the set that no spectrum of it went into.
    """

    sets: dict[str, Factors]
    folds: dict[str, str]

    def of(self, inchikey: str) -> tuple[str, Factors]:
        """Return name and values of the set for a molecule."""
        name = self.folds.get(inchikey, "all")
        return name, self.sets[name]


def write_factors(file: Path, factors: FactorSets, said: dict[str, Any]) -> None:
    """Write the sets of factors and what is to be said about them."""
    sets = {
        name: {class_: round(value, 4) for class_, value in zip(CLASSES, values, strict=True)}
        for name, values in factors.sets.items()
    }
    text = json.dumps({**said, "sets": sets, "folds": factors.folds}, indent=1)
    file.write_text(text + "\n", encoding="utf-8")


def read_factors(file: Path) -> FactorSets:
    """Read the sets of factors."""
    said = json.loads(file.read_text(encoding="utf-8"))
    sets = {
        name: tuple(float(values[class_]) for class_ in CLASSES)
        for name, values in said["sets"].items()
    }
    return FactorSets(sets, dict(said["folds"]))


def write_table(
    folder: Path, work: Path, queue: Sequence[Job], factors: FactorSets
) -> tuple[int, int]:
    """Write all blocks and the list of failures; return how many lines and failures there are."""
    for old in folder.glob(BLOCKS):
        old.unlink()
    failed, done = [], 0
    keys = {substance.inchikey: substance.key for substance in substances()}
    for start in range(0, len(queue), BLOCK):
        rows = []
        for job in queue[start : start + BLOCK]:
            record = record_of(work, job.inchikey)
            if record is not None and "failed" in record:
                failed.append(
                    (job.inchikey, keys.get(job.inchikey, ""), job.name, record["failed"])
                )
            elif record is not None:
                raw = read(work, job.inchikey)
                rows.append(_row(job, keys.get(job.inchikey, ""), raw, factors))
        if rows:
            done += len(rows)
            _write(folder / f"lines-{start // BLOCK:02d}.csv", COLUMNS, rows)
    _write(folder / "failures.csv", ("inchikey", "key", "name", "reason"), failed)
    return done, len(failed)


def add_row(file: Path, work: Path, job: Job, factors: FactorSets) -> None:
    """Add a finished structure to a block of a station's own, in place of an earlier row of it."""
    keys = {substance.inchikey: substance.key for substance in substances()}
    rows: list[Sequence[object]] = []
    if file.is_file():
        held = parse_table(file.read_bytes(), file.name)
        rows = [list(row.values()) for row in held if row["inchikey"] != job.inchikey]
    rows.append(_row(job, keys.get(job.inchikey, ""), read(work, job.inchikey), factors))
    _write(file, COLUMNS, rows)


def _write(file: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    file.write_bytes(text.getvalue().encode("utf-8"))


def _row(job: Job, key: str, raw: Raw, factors: FactorSets) -> tuple[object, ...]:
    record = raw.record
    name, values = factors.of(job.inchikey)
    lines = all_conformers(raw, values)
    lowest = record["conformers"][0]
    method = "; ".join(
        (
            str(record["method"]),
            *(f"{what} {record[what]}" for what in ("tblite", "rdkit", "numpy")),
        )
    )
    return (
        job.inchikey,
        key,
        job.name,
        record["smiles"],
        record["atoms"],
        method,
        record["seed"],
        record["force_field"],
        len(record["conformers"]),
        record["open_centres"],
        f"{lowest['gradient']:.1e}",
        " ".join(f"{value:.1f}" for value in lowest["imaginary"]),
        lowest["pushes"],
        name,
        " ".join(f"{value:.1f}" for value in lines.shifts),
        " ".join(f"{value:.3g}" for value in lines.activities),
        " ".join(f"{value:.2f}" for value in lines.depolarisations),
    )


def all_conformers(raw: Raw, factors: Factors) -> Lines:
    """Return the lines of all conformers, weighted by their populations at 298 K."""
    energies = np.array([one["energy"] for one in raw.record["conformers"]])
    weights = np.exp(-(energies - energies.min()) / THERMAL)
    weights /= weights.sum()
    each = [corrected(reduced(raw, number), factors) for number in range(len(weights))]
    shifts = np.concatenate([one.shifts for one in each])
    heights = [one.activities * weight for one, weight in zip(each, weights, strict=True)]
    activities = np.concatenate(heights)
    ratios = np.concatenate([one.depolarisations for one in each])
    order = np.argsort(shifts, kind="stable")
    order = order[(shifts[order] >= RANGE[0]) & (shifts[order] <= RANGE[1])]
    return Lines(shifts[order], activities[order], ratios[order])
