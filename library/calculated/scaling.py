"""Lines of a finished molecule with its force constants corrected by factors of classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from library.calculated.internal import CLASSES, corrections
from library.calculated.modes import Lines, Modes, raman_lines, vibrations
from library.calculated.structure import molecule_of
from library.calculated.work import Raw

Array = NDArray[np.float64]

Factors = tuple[float, ...]  # one for each class of `internal.CLASSES`, a share
NO_FACTORS: Factors = (0.0,) * len(CLASSES)


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """A conformer in its vibrations' space: what is needed to correct it again and again.

    Parameters
    ----------
    inner : float array, shape (3n, m)
        Movements of the atoms that are vibrations, over the square root of the weight.
    stiff : float array, shape (m, m)
        The Hessian there.
    classes : tuple of int
        Classes of internal coordinates that the molecule has.
    added : float array, shape (len(classes), m, m)
        What a factor of 1 adds.
    tensors : float array, shape (3n, 6)
    """

    inner: Array
    stiff: Array
    classes: tuple[int, ...]
    added: Array
    tensors: Array


def reduced(raw: Raw, conformer: int = 0) -> Reduced:
    """Return a finished molecule's conformer, ready to be corrected."""
    geometry, hessian = raw.geometries[conformer], raw.hessians[conformer]
    inner = vibrations(raw.numbers, geometry)
    whole = corrections(molecule_of(str(raw.record["smiles"])), geometry, hessian)
    classes = tuple(number for number in range(len(CLASSES)) if whole[number].any())
    added = np.array([inner.T @ whole[number] @ inner for number in classes])
    return Reduced(inner, inner.T @ hessian @ inner, classes, added, raw.tensors[conformer])


def corrected(molecule: Reduced, factors: Sequence[float]) -> Lines:
    """Return the Raman lines with every class's force constants changed by its factor."""
    shares = np.array([factors[number] for number in molecule.classes])
    stiff = molecule.stiff + np.tensordot(shares, molecule.added, axes=1)
    return raman_lines(Modes.of(molecule.inner, stiff), molecule.tensors)
