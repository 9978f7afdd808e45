"""The long run: one child process for each molecule, with a time limit, resumed where it was."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from library.calculated.errors import CalculationError
from library.calculated.molecule import calculate, versions
from library.calculated.plan import Job
from library.calculated.work import Raw, keep, keep_record, record_of

SEED = 20261122
# One thread each: sums then come out in the same order, and two processes use two cores.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Setting:
    """How a run goes.

    Parameters
    ----------
    folder : Path
        Where raw results are kept.
    seed, conformers : int
        See `molecule.calculate`.
    processes : int
        How many molecules at a time.
    seconds : float
        Limit for one molecule.
    again : bool
        Whether molecules that failed earlier are tried again.
    """

    folder: Path
    seed: int = SEED
    conformers: int = 1
    processes: int = 1
    seconds: float = 1800.0
    again: bool = False


def one(folder: Path, smiles: str, inchikey: str, seed: int, conformers: int) -> str:
    """Calculate a molecule here and keep it; return the reason of a failure, or nothing."""
    try:
        made = calculate(smiles, inchikey, seed, conformers)
    except CalculationError as error:
        keep_record(folder, failure(smiles, inchikey, seed, str(error)))
        return str(error)
    each = made.conformers
    raw = Raw(
        made.record,
        made.numbers,
        np.array([conformer.geometry for conformer in each]),
        np.array([conformer.hessian for conformer in each]),
        np.array([conformer.tensors for conformer in each]),
    )
    keep(folder, raw)
    return ""


def failure(smiles: str, inchikey: str, seed: int, reason: str) -> dict[str, object]:
    """Return the record of a molecule without a result."""
    said = {"smiles": smiles, "inchikey": inchikey, **versions(), "seed": seed}
    return {**said, "failed": reason}


def run(queue: Sequence[Job], setting: Setting, say: Callable[[str], None]) -> dict[str, int]:
    """Calculate what is not yet there, in order; return how many came out in which way."""
    counts = {"done before": 0, "done": 0, "failed": 0}
    waiting = []
    for job in queue:
        record = record_of(setting.folder, job.inchikey)
        if record is None or ("failed" in record and setting.again):
            waiting.append(job)
        else:
            counts["done before"] += 1
    say(f"{counts['done before']} done before, {len(waiting)} to do")
    with ThreadPoolExecutor(setting.processes) as pool:
        for number, (job, reason) in enumerate(
            pool.map(lambda job: (job, _child(job, setting)), waiting), start=1
        ):
            counts["failed" if reason else "done"] += 1
            say(f"{number}/{len(waiting)} {job.inchikey} {job.name}: {reason or 'done'}")
    return counts


def _child(job: Job, setting: Setting) -> str:
    """Calculate one molecule in a process of its own; return the reason of a failure."""
    command = [sys.executable, "-m", "library.calculated", "one", "--smiles", job.smiles]
    command += ["--inchikey", job.inchikey, "--work", str(setting.folder)]
    command += ["--seed", str(setting.seed), "--conformers", str(setting.conformers)]
    try:
        ended = subprocess.run(
            command,
            env={**os.environ, **ONE_THREAD},
            capture_output=True,
            timeout=setting.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        reason = f"not finished within {setting.seconds:.0f} s"
        keep_record(setting.folder, failure(job.smiles, job.inchikey, setting.seed, reason))
        return reason
    record = record_of(setting.folder, job.inchikey)
    if ended.returncode not in {0, 3} or record is None:
        last = ended.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        reason = f"ended with code {ended.returncode} {' '.join(last)}".strip()
        if ended.returncode > 0:  # stopped from outside: no verdict about the molecule
            keep_record(setting.folder, failure(job.smiles, job.inchikey, setting.seed, reason))
        return reason
    return str(record.get("failed", ""))
