"""Normal modes and Raman lines from a Hessian and Raman tensors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from library.formula import ATOMIC_WEIGHTS

Array = NDArray[np.float64]

NUMBERS = {
    "H": 1, "B": 5, "C": 6, "N": 7, "O": 8, "F": 9, "Si": 14, "P": 15, "S": 16, "Cl": 17, "Se": 34,
    "Br": 35, "I": 53,
}  # fmt: skip
WEIGHTS = {NUMBERS[symbol]: weight for symbol, weight in ATOMIC_WEIGHTS.items()}  # by number
ELECTRON = 1822.888486209  # electron masses in a dalton; CODATA 2018
WAVENUMBER = 219474.6313632  # cm-1 in a Hartree
BOHR = 0.529177210903  # Angstrom


@dataclass(frozen=True, slots=True, eq=False)
class Modes:
    """Vibrations of a molecule.

    Parameters
    ----------
    wavenumbers : float array, shape (m,)
        Harmonic wavenumbers in cm-1, rising; negative for imaginary ones.
    vectors : float array, shape (3n, m)
        Displacements of the atoms, each of mass-weighted length 1 (atomic units, daltons).
    """

    wavenumbers: Array
    vectors: Array

    @staticmethod
    def of(inner: Array, stiff: Array) -> Modes:
        """Return the modes of a Hessian (m, m) given in the basis `vibrations`, (3n, m)."""
        values, vectors = np.linalg.eigh(stiff)
        wavenumbers = np.sign(values) * np.sqrt(np.abs(values) / ELECTRON) * WAVENUMBER
        return Modes(wavenumbers, inner @ vectors)


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Raman lines: shift in cm-1, activity in A4/u, depolarisation ratio of plane-polarised light.

    Each a float array of shape (m,), shifts rising.
    """

    shifts: Array
    activities: Array
    depolarisations: Array


def vibrations(numbers: NDArray[np.int64], geometry: Array) -> Array:
    """Return a basis of the movements of the atoms that are vibrations.

    Shape (3n, 3n - 6), or (3n, 3n - 5) for a linear molecule: what is left when the molecule's
    motions as a whole are taken out. Columns are orthonormal when mass-weighted.

    Parameters
    ----------
    numbers : int array, shape (n,)
        Atomic numbers.
    geometry : float array, shape (n, 3)
        In bohr.
    """
    weights = np.array([WEIGHTS[int(number)] for number in numbers])
    centred = geometry - np.average(geometry, axis=0, weights=weights)
    ways = [np.tile(axis, (len(weights), 1)) for axis in np.eye(3)]
    ways += [np.cross(axis, centred) for axis in np.eye(3)]
    whole = np.array([(way * np.sqrt(weights)[:, None]).ravel() for way in ways]).T
    left, sizes, _ = np.linalg.svd(whole)
    inner = left[:, int(np.sum(sizes > 1e-4 * sizes[0])) :]
    return np.asarray(inner / np.sqrt(np.repeat(weights, 3))[:, None])


def normal_modes(numbers: NDArray[np.int64], geometry: Array, hessian: Array) -> Modes:
    """Return the vibrations of a molecule.

    Parameters
    ----------
    numbers, geometry
        See `vibrations`.
    hessian : float array, shape (3n, 3n)
        In Hartree/bohr2.

    References
    ----------
    E. B. Wilson, J. C. Decius, P. C. Cross, Molecular Vibrations (1955), chapter 2.
    """
    inner = vibrations(numbers, geometry)
    return Modes.of(inner, inner.T @ hessian @ inner)


def raman_lines(modes: Modes, tensors: Array) -> Lines:
    """Return the lines of the real modes.

    Parameters
    ----------
    modes : Modes
        m vibrations of n atoms.
    tensors : float array, shape (3n, 6)
        Changes of the polarisability in bohr2: xx, yy, zz, xy, xz, yz.

    References
    ----------
    D. A. Long, The Raman Effect (2002), section 5.6: activity 45 a'2 + 7 g'2, depolarisation ratio
    3 g'2 / (45 a'2 + 4 g'2).
    """
    real = modes.wavenumbers > 0
    xx, yy, zz, xy, xz, yz = (tensors.T @ modes.vectors[:, real]) * BOHR**2
    mean = (xx + yy + zz) / 3
    spread = ((xx - yy) ** 2 + (yy - zz) ** 2 + (zz - xx) ** 2) / 2 + 3 * (xy**2 + xz**2 + yz**2)
    activity = 45 * mean**2 + 7 * spread
    ratio = 3 * spread / np.maximum(45 * mean**2 + 4 * spread, 1e-30)
    return Lines(modes.wavenumbers[real], activity, ratio)
