"""Bonds, angles and rings of a molecule in classes, and how each stiffens the Hessian.

GFN2-xTB is wrong in the same way wherever the same kind of bond stands. A class of internal
coordinates has one factor k; the corrected Hessian is

    H + sum over classes k_c sum over members f_i b_i b_i^T

with b_i the derivative of the coordinate by the atoms' places (Wilson's B) and f_i its own force
constant for stretches, or one usual constant for bends, so that a factor is a share.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

Array = NDArray[np.float64]

BEND = 0.10  # Hartree/rad2, usual force constant of a bend of heavy atoms
HYDROGEN_BEND = 0.05
WAG = 0.05

CLASSES = (
    "C-C sp3-sp3", "C-C sp3-sp2", "C-C aromatic", "C-C between unsaturated", "C=C", "C=O",
    "C-O", "C-O conjugated", "C-N", "C-N conjugated", "N in aromatic ring", "C#N C#C C=N",
    "C-halogen", "S P N-O and others", "aromatic six-ring breathing", "C-H", "O-H N-H",
    "bend of heavy atoms", "bend H-X-H", "bend H-C-X", "bend H-O-X H-N-X", "bend at aromatic H",
    "out of plane, aromatic", "out of plane, other",
)  # fmt: skip
NUMBER = {name: number for number, name in enumerate(CLASSES)}
UNSATURATED = {Chem.HybridizationType.SP2, Chem.HybridizationType.SP}


@dataclass(frozen=True, slots=True, eq=False)
class Coordinate:
    """One internal coordinate: its class, its derivative by all places (3n,), its constant."""

    class_: int
    wilson: Array
    constant: float


def corrections(molecule: Any, geometry: Array, hessian: Array) -> Array:
    """Return what a factor of 1 in each class adds to the Hessian, shape (classes, 3n, 3n).

    Parameters
    ----------
    molecule : RDKit molecule with hydrogens
    geometry : float array, shape (n, 3)
        Bohr, atoms as in `molecule`.
    hessian : float array, shape (3n, 3n)
        Hartree/bohr2.
    """
    size = geometry.size
    added = np.zeros((len(CLASSES), size, size))
    for one in coordinates(molecule, geometry, hessian):
        places = np.flatnonzero(one.wilson)
        share = one.constant * np.outer(one.wilson[places], one.wilson[places])
        added[one.class_][np.ix_(places, places)] += share
    return added


def coordinates(molecule: Any, geometry: Array, hessian: Array) -> Iterable[Coordinate]:
    """Yield the internal coordinates that have a class."""
    stretches = {}
    for bond in molecule.GetBonds():
        a, b = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        one = _stretch(geometry, hessian, a, b, NUMBER[_bond_class(bond)])
        stretches[frozenset((a, b))] = one
        yield one
    yield from _breathing(molecule, stretches)
    for atom in molecule.GetAtoms():
        near = sorted(atom.GetNeighbors(), key=lambda other: int(other.GetIdx()))
        for i, first in enumerate(near):
            for second in near[i + 1 :]:
                yield from _bend(geometry, first, atom, second)
        if len(near) == 3 and atom.GetHybridization() == Chem.HybridizationType.SP2:
            name = "aromatic" if atom.GetIsAromatic() else "other"
            wilson = _wag(geometry, atom.GetIdx(), [other.GetIdx() for other in near])
            yield Coordinate(NUMBER[f"out of plane, {name}"], wilson, WAG)


def _bond_class(bond: Any) -> str:
    ends = [bond.GetBeginAtom(), bond.GetEndAtom()]
    symbols = {atom.GetSymbol() for atom in ends}
    if "H" in symbols:
        return "C-H" if "C" in symbols else "O-H N-H"
    if symbols == {"C"}:
        return _carbon_class(bond, ends)
    if "C" in symbols and symbols & {"F", "Cl", "Br", "I"}:
        return "C-halogen"
    loose = any(_conjugated(atom) for atom in ends)
    if symbols == {"C", "O"}:
        if bond.GetBondType() == Chem.BondType.DOUBLE:
            return "C=O"
        return "C-O conjugated" if loose else "C-O"
    return _nitrogen_class(bond, loose) if symbols == {"C", "N"} else "S P N-O and others"


def _nitrogen_class(bond: Any, loose: bool) -> str:
    if bond.GetIsAromatic():
        return "N in aromatic ring"
    if bond.GetBondType() != Chem.BondType.SINGLE:
        return "C#N C#C C=N"
    return "C-N conjugated" if loose else "C-N"


def _conjugated(atom: Any) -> bool:
    return atom.GetSymbol() == "C" and atom.GetHybridization() in UNSATURATED


def _carbon_class(bond: Any, ends: list[Any]) -> str:
    loose = sum(_conjugated(atom) for atom in ends)
    if bond.GetIsAromatic():
        return "C-C aromatic"
    if bond.GetBondType() == Chem.BondType.DOUBLE:
        return "C=C"
    if bond.GetBondType() == Chem.BondType.TRIPLE:
        return "C#N C#C C=N"
    return ("C-C sp3-sp3", "C-C sp3-sp2", "C-C between unsaturated")[loose]


def _stretch(geometry: Array, hessian: Array, a: int, b: int, class_: int) -> Coordinate:
    along = geometry[b] - geometry[a]
    along = along / np.linalg.norm(along)
    wilson = np.zeros((len(geometry), 3))
    wilson[a], wilson[b] = -along, along
    block = hessian[3 * a : 3 * a + 3, 3 * b : 3 * b + 3]
    return Coordinate(class_, wilson.ravel(), max(float(-along @ block @ along), 0.05))


def _breathing(molecule: Any, stretches: dict[frozenset[int], Coordinate]) -> Iterable[Coordinate]:
    """Yield, for each aromatic ring of six, all its bonds growing together."""
    for ring in molecule.GetRingInfo().AtomRings():
        if len(ring) == 6 and all(molecule.GetAtomWithIdx(i).GetIsAromatic() for i in ring):
            pairs = [frozenset((ring[i - 1], ring[i])) for i in range(6)]
            sides = [stretches[pair] for pair in pairs]
            wilson = np.sum([side.wilson for side in sides], axis=0) / np.sqrt(6)
            constant = float(np.mean([side.constant for side in sides]))
            yield Coordinate(NUMBER["aromatic six-ring breathing"], wilson, constant)


def _bend(geometry: Array, first: Any, middle: Any, second: Any) -> Iterable[Coordinate]:
    a, m, b = first.GetIdx(), middle.GetIdx(), second.GetIdx()
    one, two = geometry[a] - geometry[m], geometry[b] - geometry[m]
    near, far = np.linalg.norm(one), np.linalg.norm(two)
    one, two = one / near, two / far
    cosine = float(one @ two)
    sine = np.sqrt(max(1 - cosine**2, 0.0))
    if sine < 0.2:  # nearly straight: the angle has no direction
        return
    wilson = np.zeros((len(geometry), 3))
    wilson[a] = (cosine * one - two) / (near * sine)
    wilson[b] = (cosine * two - one) / (far * sine)
    wilson[m] = -wilson[a] - wilson[b]
    hydrogens = [atom.GetSymbol() == "H" for atom in (first, second)]
    class_ = NUMBER[_bend_class(hydrogens, middle)]
    yield Coordinate(class_, wilson.ravel(), HYDROGEN_BEND if any(hydrogens) else BEND)


def _bend_class(hydrogens: list[bool], middle: Any) -> str:
    if all(hydrogens):
        return "bend H-X-H"
    if not any(hydrogens):
        return "bend of heavy atoms"
    if middle.GetSymbol() != "C":
        return "bend H-O-X H-N-X"
    return "bend at aromatic H" if middle.GetIsAromatic() else "bend H-C-X"


def _wag(geometry: Array, middle: int, near: list[int]) -> Array:
    """Return the movement of an atom out of the plane of its three neighbours, in rad."""
    corners = geometry[near]
    normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
    normal = normal / np.linalg.norm(normal)
    weights = np.linalg.lstsq(
        np.vstack([corners.T, np.ones(3)]), np.append(geometry[middle], 1.0), rcond=None
    )[0]
    reach = np.mean(np.linalg.norm(corners - geometry[middle], axis=1))
    wilson = np.zeros((len(geometry), 3))
    wilson[middle] = normal * 3 / reach
    for place, weight in zip(near, weights, strict=True):
        wilson[place] = -weight * normal * 3 / reach
    return wilson.ravel()
