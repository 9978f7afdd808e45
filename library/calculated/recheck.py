"""Calculate a seeded sample again and compare it with what was kept."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from library.calculated.plan import Job
from library.calculated.run import Setting, run
from library.calculated.scaling import NO_FACTORS
from library.calculated.table import all_conformers
from library.calculated.work import read, record_of


@dataclass(frozen=True, slots=True)
class Repeated:
    """One molecule calculated twice: whether the bytes are the same, and how far lines moved."""

    inchikey: str
    same_bytes: bool
    largest_cm1: float


def recheck(
    queue: Sequence[Job], setting: Setting, sample: int, draw: int, say: Callable[[str], None]
) -> list[Repeated]:
    """Calculate `sample` finished molecules again, chosen by the seed `draw`, and compare.

    The same machine and versions give the same bytes; elsewhere lines above 50 cm-1 lie within
    0.5 cm-1.
    """
    done = []
    for job in queue:
        record = record_of(setting.folder, job.inchikey)
        if record is not None and "failed" not in record and record["seed"] == setting.seed:
            done.append(Job(job.rank, job.size, job.inchikey, job.name, record["smiles"]))
    done.sort(key=lambda job: job.inchikey)
    chosen = Random(draw).sample(done, min(sample, len(done)))
    with tempfile.TemporaryDirectory() as folder:
        again = Setting(Path(folder), setting.seed, setting.conformers, setting.processes)
        run(chosen, again, say)
        return [_compared(setting.folder, again.folder, job.inchikey) for job in chosen]


def _compared(first: Path, second: Path, inchikey: str) -> Repeated:
    if "failed" in (record_of(second, inchikey) or {"failed": "not there"}):
        return Repeated(inchikey, False, float("inf"))
    names = (f"{inchikey}.npz", f"{inchikey}.json")
    same = all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
    one, other = (all_conformers(read(folder, inchikey), NO_FACTORS) for folder in (first, second))
    if one.shifts.size != other.shifts.size:
        return Repeated(inchikey, same, float("inf"))
    return Repeated(inchikey, same, float(np.max(np.abs(one.shifts - other.shifts), initial=0.0)))
