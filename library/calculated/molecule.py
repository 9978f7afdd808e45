"""One molecule from its SMILES to Hessian and Raman tensors, with a record of how it came about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import rdkit
import tblite
from numpy.typing import NDArray

from library.calculated.derivatives import hessian, raman_tensors
from library.calculated.modes import normal_modes
from library.calculated.optimise import Minimum, minimise
from library.calculated.quantum import METHOD, TIGHT, Surface
from library.calculated.structure import Start, molecule_of, start

Array = NDArray[np.float64]

TRIED = 8  # conformers whose GFN2 energy is asked for
IMAGINARY = -10.0  # cm-1; below this a minimum is looked for again
AGAIN = 2
PUSH = 0.3  # bohr, largest movement along an imaginary mode


@dataclass(frozen=True, slots=True, eq=False)
class Conformer:
    """One minimum with its derivatives, atomic units.

    Parameters
    ----------
    geometry : float array, shape (n, 3)
    energy, gradient : float
        Hartree; largest component left, Hartree/bohr.
    hessian : float array, shape (3n, 3n)
    tensors : float array, shape (3n, 6)
        See `derivatives.raman_tensors`.
    imaginary : tuple of float
        Wavenumbers of imaginary modes that are left, negative, cm-1.
    pushes : int
        How often the walk was begun again from along an imaginary mode.
    """

    geometry: Array
    energy: float
    gradient: float
    hessian: Array
    tensors: Array
    imaginary: tuple[float, ...]
    pushes: int


@dataclass(frozen=True, slots=True, eq=False)
class Calculated:
    """A molecule's conformers, lowest GFN2 energy first, and what is to be said about them."""

    numbers: NDArray[np.int64]
    conformers: tuple[Conformer, ...]
    record: dict[str, Any]


def versions() -> dict[str, str]:
    """Return the versions of everything that decides a result."""
    library = tblite.library.get_version() if hasattr(tblite, "library") else ()
    return {
        "method": METHOD,
        "tblite": ".".join(map(str, library)) or "unknown",
        "rdkit": rdkit.__version__,
        "numpy": np.__version__,
    }


def calculate(smiles: str, inchikey: str, seed: int, conformers: int = 1) -> Calculated:
    """Calculate a molecule.

    Parameters
    ----------
    smiles, inchikey : str
        The structure; an empty InChIKey is not compared.
    seed : int
        Of the conformers.
    conformers : int
        How many of the lowest are carried through.

    Raises
    ------
    CalculationError
        With the reason why not.
    """
    begun = start(molecule_of(smiles, inchikey), seed, TRIED)
    surface = Surface(begun.numbers, begun.geometries[0])
    energies = [surface(geometry)[0] for geometry in begun.geometries]
    order = sorted(range(len(energies)), key=energies.__getitem__)[:conformers]
    found = [_conformer(surface, begun, number) for number in order]
    found.sort(key=lambda one: one.energy)
    record = {
        "smiles": smiles,
        "inchikey": inchikey,
        **versions(),
        "seed": seed,
        "atoms": len(begun.numbers),
        "force_field": begun.field,
        "open_centres": begun.open_centres,
        "conformers": [
            {
                "energy": one.energy,
                "gradient": one.gradient,
                "imaginary": one.imaginary,
                "pushes": one.pushes,
            }
            for one in found
        ],
    }
    return Calculated(begun.numbers, tuple(found), record)


def _conformer(surface: Surface, begun: Start, number: int) -> Conformer:
    """Walk to the minimum; where a mode is imaginary, push the molecule along it and walk again."""
    minimum = minimise(surface, begun.geometries[number], begun.stiffness[number])
    for pushes in range(AGAIN + 1):
        second = hessian(lambda place: surface(place)[1], minimum.geometry)
        modes = normal_modes(begun.numbers, minimum.geometry, second)
        if modes.wavenumbers[0] > IMAGINARY or pushes == AGAIN:
            break
        minimum = _pushed(surface, minimum, modes.vectors[:, 0], second)
    return Conformer(
        minimum.geometry,
        minimum.energy,
        minimum.gradient,
        second,
        tensors_at(begun.numbers, minimum.geometry),
        tuple(round(float(w), 1) for w in modes.wavenumbers[modes.wavenumbers < 0]),
        pushes,
    )


def _pushed(surface: Surface, minimum: Minimum, mode: Array, second: Array) -> Minimum:
    """Return the lower of the minima on both sides along a mode."""
    push = mode * (PUSH / np.abs(mode).max())
    sides = [minimum.geometry + sign * push.reshape(-1, 3) for sign in (1, -1)]
    return min((minimise(surface, side, second) for side in sides), key=lambda one: one.energy)


def tensors_at(numbers: NDArray[np.int64], geometry: Array) -> Array:
    """Return the Raman tensors of a molecule at a geometry in bohr."""

    def gradient(field: Array) -> Array:
        return Surface(numbers, geometry, list(field), TIGHT)(geometry)[1]

    return raman_tensors(gradient, geometry.size)
