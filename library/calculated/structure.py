"""From a SMILES to starting geometries: conformers by RDKit, ordered by the MMFF94 force field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import AllChem
from rdkit.Chem.inchi import MolToInchiKey

from library.calculated.errors import CalculationError

Array = NDArray[np.float64]

BOHR = 0.529177210903  # Angstrom; CODATA 2018
KCAL = 1 / 627.5094740631  # Hartree per kcal/mol
DRAWS = 20
DRAWING_SECONDS = 60
ATOM_LIMIT = 120
# Heavier elements and metals are outside of what the shipped table is for.
ELEMENTS = frozenset(["H", "B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Se", "Br", "I"])


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Where the calculation of a molecule starts.

    Parameters
    ----------
    numbers : int array, shape (n,)
        Atomic numbers, hydrogens included.
    geometries : list of float arrays, shape (n, 3)
        Conformers in bohr, lowest force-field energy first.
    stiffness : list of float arrays, shape (3n, 3n)
        Force-field Hessians there, Hartree/bohr2: first guesses for the optimisation.
    field : str
        The force field: ``MMFF94`` or, where it lacks parameters, ``UFF``.
    open_centres : int
        Stereo centres and double bonds that the SMILES leaves open; one form of them is taken.
    """

    numbers: NDArray[np.int64]
    geometries: list[Array]
    stiffness: list[Array]
    field: str
    open_centres: int


def molecule_of(smiles: str, inchikey: str = "") -> Any:
    """Return the RDKit molecule with hydrogens.

    Raises
    ------
    CalculationError
        When the SMILES cannot be read, is not the structure of the InChIKey, is no single neutral
        organic molecule, or is too large.
    """
    bare = Chem.MolFromSmiles(smiles)
    if bare is None:
        raise CalculationError("the SMILES cannot be read")
    molecule = Chem.AddHs(bare)
    symbols = {atom.GetSymbol() for atom in molecule.GetAtoms()}
    if "." in smiles:
        raise CalculationError("more than one part (salt, hydrate or mixture)")
    if Chem.GetFormalCharge(molecule) != 0:
        raise CalculationError("not neutral")
    if "C" not in symbols:
        raise CalculationError("not organic: no carbon")
    if not symbols <= ELEMENTS:
        raise CalculationError(f"elements left out: {', '.join(sorted(symbols - ELEMENTS))}")
    if any(atom.GetNumRadicalElectrons() for atom in molecule.GetAtoms()):
        raise CalculationError("a radical")
    if molecule.GetNumAtoms() > ATOM_LIMIT:
        raise CalculationError(f"{molecule.GetNumAtoms()} atoms, more than {ATOM_LIMIT}")
    if inchikey and MolToInchiKey(bare) != inchikey:
        raise CalculationError("the SMILES is not the structure of the InChIKey")
    return molecule


def start(molecule: Any, seed: int, most: int) -> Start:
    """Draw conformers and return the `most` lowest different ones.

    Raises
    ------
    CalculationError
        When no geometry is found (an impossible stereochemistry).

    References
    ----------
    S. Wang et al., J. Chem. Inf. Model. 60 (2020) 2044 (ETKDGv3); T. A. Halgren, J. Comput. Chem.
    17 (1996) 490 (MMFF94).
    """
    settings = AllChem.ETKDGv3()
    settings.randomSeed = seed
    settings.numThreads = 1
    settings.timeout = DRAWING_SECONDS
    drawn = list(AllChem.EmbedMultipleConfs(molecule, DRAWS, settings))
    if not drawn:
        settings.useRandomCoords = True
        drawn = list(AllChem.EmbedMultipleConfs(molecule, DRAWS, settings))
    if not drawn:
        raise CalculationError("no conformer found: the stereochemistry may be impossible")
    known = bool(AllChem.MMFFHasAllMoleculeParams(molecule))
    ranked = []
    for number in drawn:
        field = _field(molecule, number, known)
        field.Minimize(maxIts=5000)
        ranked.append((field.CalcEnergy(), number))
    chosen = _different(sorted(ranked), most)
    places = [molecule.GetConformer(number).GetPositions() for number in chosen]
    open_centres = sum(
        found.specified != Chem.StereoSpecified.Specified
        for found in Chem.FindPotentialStereo(molecule)
    )
    return Start(
        np.array([atom.GetAtomicNum() for atom in molecule.GetAtoms()]),
        [place / BOHR for place in places],
        [_stiffness(_field(molecule, number, known), molecule) for number in chosen],
        "MMFF94" if known else "UFF",
        open_centres,
    )


def _field(molecule: Any, number: int, known: bool) -> Any:
    if known:
        properties = AllChem.MMFFGetMoleculeProperties(molecule)
        return AllChem.MMFFGetMoleculeForceField(molecule, properties, confId=number)
    return AllChem.UFFGetMoleculeForceField(molecule, confId=number)


def _different(ranked: list[tuple[float, int]], most: int) -> list[int]:
    """Return the lowest conformers whose energies differ by more than 0.02 kcal/mol."""
    chosen: list[int] = []
    last = -np.inf
    for energy, number in ranked:
        if energy - last > 0.02 and len(chosen) < most:
            chosen.append(number)
            last = energy
    return chosen


def _stiffness(field: Any, molecule: Any) -> Array:
    """Return the force field's Hessian by differences of its gradients, Hartree/bohr2."""
    places = np.array(field.Positions()).ravel()
    step = 0.005
    rows = []
    for i in range(3 * molecule.GetNumAtoms()):
        moved = [places.copy(), places.copy()]
        moved[0][i] += step
        moved[1][i] -= step
        up, down = (np.array(field.CalcGrad(list(where))) for where in moved)
        rows.append((up - down) / (2 * step))
    hessian = np.array(rows) * KCAL * BOHR**2
    return (hessian + hessian.T) / 2
