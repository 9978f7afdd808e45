"""Fit factors to what was measured, and judge the ranks that follow on other molecules."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from library.calculated.fitting import DEAL, FOLDS, Measured, cross_fit, profiles_of
from library.calculated.internal import CLASSES
from library.calculated.measured import Known, measured, published
from library.calculated.plan import Job
from library.calculated.scaling import NO_FACTORS, Reduced, reduced
from library.calculated.table import FactorSets, write_factors
from library.calculated.work import read, record_of
from matching.ranks import rank_figures
from matching.suggest import POWER, SIGMA, Profiles, similarities

Say = Callable[[str], None]


def finished(work: Path, queue: Sequence[Job]) -> dict[str, Reduced]:
    """Return the molecules of the queue that are done, by InChIKey, ready to be corrected."""
    done = {}
    for job in queue:
        record = record_of(work, job.inchikey)
        if record is not None and "failed" not in record:
            done[job.inchikey] = reduced(read(work, job.inchikey))
    return done


def known_spectra(manifest: Path, done: dict[str, Reduced]) -> list[Known]:
    """Return the measured spectra of finished molecules, and the published ones of others."""
    found = [one for one in measured(manifest) if one.inchikey in done]
    have = {one.inchikey for one in found}
    return found + [one for one in published() if one.inchikey in done and one.inchikey not in have]


def fit_sets(work: Path, queue: Sequence[Job], manifest: Path, out: Path, say: Say) -> FactorSets:
    """Fit all sets of factors, write them to `out`, and return them."""
    done = finished(work, queue)
    known = known_spectra(manifest, done)
    names = sorted({one.inchikey for one in known})
    place = {name: number for number, name in enumerate(names)}
    spectra = [Measured(place[one.inchikey], one.profile) for one in known]
    every, folds = cross_fit([done[name] for name in names], spectra, say)
    sets = {"all": tuple(round(value, 4) for value in every)}
    members: dict[str, str] = {}
    for number, (left_out, factors) in enumerate(folds, start=1):
        sets[f"fold {number}"] = tuple(round(value, 4) for value in factors)
        members.update({names[molecule]: f"fold {number}" for molecule in sorted(left_out)})
    found = FactorSets(sets, dict(sorted(members.items())))
    write_factors(out, found, _said(known, manifest))
    return found


def _said(known: Sequence[Known], manifest: Path) -> dict[str, Any]:
    counts = {source: sum(one.source == source for one in known) for source in _SOURCES}
    return {
        "made_by": "python -m library.calculated fit --measured MANIFEST --out factors.json",
        "meaning": "share added to the force constants of a class; 'folds' names, for a molecule "
        "whose spectrum took part, the set that was fitted without it and that its lines use",
        "classes": list(CLASSES),
        "spectra": counts,
        "measured_manifest_sha256": hashlib.sha256(manifest.read_bytes()).hexdigest(),
        "deal": {"folds": FOLDS, "seed": DEAL},
        "compared": {"sigma_cm1": SIGMA, "power": POWER},
    }


_SOURCES = ("measured", "published bands")


def judge(work: Path, queue: Sequence[Job], manifest: Path, factors: FactorSets) -> dict[str, Any]:
    """Return the ranks of known molecules among all finished ones, each by factors of others."""
    done = finished(work, queue)
    names = list(done)
    known = known_spectra(manifest, done)
    plain = FactorSets({"all": NO_FACTORS}, {})
    figures: dict[str, Any] = {}
    for title, sets in (("uncorrected", plain), ("corrected", factors)):
        found = _similarities(known, done, names, sets)
        for source in _SOURCES:
            rows = [row for row, one in enumerate(known) if one.source == source]
            own = [names.index(known[row].inchikey) for row in rows]
            made = rank_figures(found[rows], own)
            figures[f"{title}, {source}"] = None if made is None else asdict(made)
    return figures


def _similarities(
    known: Sequence[Known], done: dict[str, Reduced], names: list[str], sets: FactorSets
) -> NDArray[np.float64]:
    """Return similarities (spectra, molecules) in the set fitted without the spectrum's own."""
    ready: dict[str, Profiles] = {}
    rows = []
    for one in known:
        name, values = sets.of(one.inchikey)
        if name not in ready:
            ready[name] = profiles_of([done[key] for key in names], values)
        rows.append(similarities(one.profile, ready[name]))
    return np.array(rows)
