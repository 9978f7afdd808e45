"""Fit the factors of force constants to measured spectra, and judge them on other molecules.

A fit maximises how clearly each measured spectrum prefers its own molecule among those of the fit.
Molecules are dealt into folds: the lines of a molecule that was measured always come from factors
that were fitted without any spectrum of it, in the judgement as well as in the shipped table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from library.calculated.internal import CLASSES
from library.calculated.scaling import NO_FACTORS, Factors, Reduced, corrected
from matching.suggest import Profiles, QueryProfile, calculated_profiles, similarities

Array = NDArray[np.float64]

FOLDS = 5
DEAL = 20261122  # seed of the folds
SHARPNESS = 0.05  # difference of similarity that counts as clear
OWN = 0.15  # weight of the similarity itself beside the preference
RIDGE = 0.3
FIRST_STEP, LARGEST, SWEEPS = 0.08, 0.5, 8


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A measured spectrum of a calculated molecule; `molecule` counts from 0."""

    molecule: int
    profile: QueryProfile


def profiles_of(molecules: Sequence[Reduced], factors: Factors) -> Profiles:
    """Return the broadened spectra of molecules, one row each."""
    lines = [corrected(molecule, factors) for molecule in molecules]
    owners = np.repeat(np.arange(len(lines)), [len(one.shifts) for one in lines])
    shifts = np.concatenate([one.shifts for one in lines])
    activities = np.concatenate([one.activities for one in lines])
    return calculated_profiles(owners, shifts, activities, len(lines))


def deal(count: int, folds: int = FOLDS) -> list[frozenset[int]]:
    """Return the numbers below `count` dealt into folds, the same at every call."""
    shuffled = np.random.default_rng(DEAL).permutation(count)
    return [frozenset(shuffled[start::folds].tolist()) for start in range(folds)]


def fit(molecules: Sequence[Reduced], spectra: Sequence[Measured]) -> Factors:
    """Return the factors under which measured spectra best find their molecules.

    Each class in turn is moved up or down by a step that is halved when neither helps.
    """
    fitted = _Fit(molecules, spectra)
    steps = np.full(len(CLASSES), FIRST_STEP)
    for _ in range(SWEEPS):
        for class_ in range(len(CLASSES)):
            if not any(fitted.moved(class_, way * steps[class_]) for way in (1, -1)):
                steps[class_] /= 2
    return fitted.factors


class _Fit:
    """Where a fit stands: factors, similarities (spectra by molecules), and their worth."""

    def __init__(self, molecules: Sequence[Reduced], spectra: Sequence[Measured]) -> None:
        self._molecules = molecules
        self._spectra = spectra
        self._own = np.array([one.molecule for one in spectra])
        self.factors = NO_FACTORS
        self._found = self._similar(range(len(molecules)), NO_FACTORS)
        self._worth = self._worth_of(self._found, NO_FACTORS)

    def moved(self, class_: int, step: float) -> bool:
        """Change one factor if that is worth something; tell whether it was."""
        having = [i for i, one in enumerate(self._molecules) if class_ in one.classes]
        new = self.factors[class_] + step
        if not having or abs(new) > LARGEST:
            return False
        factors = (*self.factors[:class_], new, *self.factors[class_ + 1 :])
        found = self._found.copy()
        found[:, having] = self._similar(having, factors)
        worth = self._worth_of(found, factors)
        if worth <= self._worth:
            return False
        self.factors, self._found, self._worth = factors, found, worth
        return True

    def _similar(self, which: Sequence[int], factors: Factors) -> Array:
        rows = profiles_of([self._molecules[i] for i in which], factors)
        return np.array([similarities(one.profile, rows) for one in self._spectra])

    def _worth_of(self, found: Array, factors: Factors) -> float:
        clear = found / SHARPNESS
        own = clear[np.arange(len(clear)), self._own]
        top = clear.max(axis=1)
        among = top + np.log(np.exp(clear - top[:, None]).sum(axis=1))
        ridge = RIDGE * float(np.sum(np.square(factors)))
        return float(np.mean(own - among) + OWN * np.mean(own)) - ridge


def without(
    molecules: Sequence[Reduced], spectra: Sequence[Measured], left_out: frozenset[int]
) -> Factors:
    """Return the factors fitted on all molecules but those of `left_out`."""
    kept = [i for i in range(len(molecules)) if i not in left_out]
    place = {molecule: number for number, molecule in enumerate(kept)}
    return fit(
        [molecules[i] for i in kept],
        [Measured(place[one.molecule], one.profile) for one in spectra if one.molecule in place],
    )


def cross_fit(
    molecules: Sequence[Reduced],
    spectra: Sequence[Measured],
    say: Callable[[str], None],
) -> tuple[Factors, list[tuple[frozenset[int], Factors]]]:
    """Return the factors of all molecules, and for each fold those fitted without it."""
    folds = []
    for left_out in deal(len(molecules)):
        folds.append((left_out, without(molecules, spectra, left_out)))
        say(f"fold {len(folds)} of {FOLDS} fitted")
    return fit(molecules, spectra), folds
