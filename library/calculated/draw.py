"""Place atoms and bonds of every structure of the substance table on a page, once, by RDKit.

RDKit's own coordinates with its ring templates, turned upright, Kekulé form,
wedges from the stereo centres that the structure states. No centre is drawn that it leaves open.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rdkit
from rdkit import Chem
from rdkit.Chem import rdCoordGen, rdDepictor
from rdkit.Chem.inchi import MolToInchiKey

from library.drawings import FOLDER, TABLE, Drawing, parse_drawing
from library.substances import substances

Ring = tuple[frozenset[int], float, float]  # its atoms, and where its middle is

COLUMNS = ("key", "inchikey", "atoms", "bonds")
BOND_LENGTH = 1.5  # of RDKit's coordinates
# Bond lengths between two atoms, and of a bond; less is crowded. Bridged opioids need 0.2.
CLOSEST, SHORTEST = 0.12, 0.45
STEREO = {
    Chem.BondDir.BEGINWEDGE: "w",
    Chem.BondDir.BEGINDASH: "h",
    Chem.BondDir.UNKNOWN: "u",
}


def structures_digest(rows: Iterable[Sequence[str]]) -> str:
    """Return the SHA-256 of keys, InChIKeys and SMILES: what the drawings were made from."""
    text = "".join(f"{key}\t{inchikey}\t{smiles}\n" for key, inchikey, smiles in rows)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def structures() -> list[tuple[str, str, str]]:
    """Return key, InChIKey and SMILES of every substance with a structure, in table order."""
    table = substances()
    return [
        (substance.key, substance.inchikey, smiles)
        for substance in table
        if (smiles := table.more(substance.key).smiles)
    ]


def draw_all(folder: Path) -> dict[str, Any]:
    """Write the table of drawings and its provenance into `folder`; return the provenance."""
    rows = structures()
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    refused = {}
    for key, inchikey, smiles in rows:
        try:
            writer.writerow((key, inchikey, *draw(key, smiles, inchikey)))
        except ValueError as error:
            refused[key] = str(error)
    data = text.getvalue().encode("utf-8")
    provenance = {
        "made_by": f"python -m library.calculated draw --out resources/{FOLDER}",
        "rdkit": rdkit.__version__,
        "input": "resources/control_lists: key, inchikey (identities.csv), smiles (names.csv)",
        "input_sha256": structures_digest(rows),
        "drawings": len(rows) - len(refused),
        "table_sha256": hashlib.sha256(data).hexdigest(),
        "not_drawn": refused,
    }
    (folder / TABLE).write_bytes(data)
    said = json.dumps(provenance, indent=2) + "\n"
    (folder / "provenance.json").write_text(said, encoding="utf-8")
    return provenance


def draw(key: str, smiles: str, inchikey: str) -> tuple[str, str]:
    """Return atoms and bonds of a structure as words of the table (see `library.drawings`).

    Raises
    ------
    ValueError
        When the SMILES cannot be read or is another structure than the InChIKey says, or when the
        drawing, read back, is another one.
    """
    molecule = Chem.MolFromSmiles(smiles)
    if molecule is None:
        raise ValueError("the SMILES cannot be read")
    if MolToInchiKey(molecule) != inchikey:
        raise ValueError("the SMILES is not the structure of the InChIKey")
    open_bonds = _open_double_bonds(molecule)
    Chem.Kekulize(molecule)
    places = _places(molecule)
    Chem.WedgeMolBonds(molecule, molecule.GetConformer())
    scale = 100 / BOND_LENGTH
    atoms = [
        f"{round(x * scale)},{round(y * scale)},{_element(atom)}"
        for atom, (x, y, _) in zip(molecule.GetAtoms(), places, strict=True)
    ]
    rings = [_middle(places, ring) for ring in _rings(molecule)]
    bonds = [
        f"{bond.GetBeginAtomIdx()}{_sign(bond, places, rings, open_bonds)}{bond.GetEndAtomIdx()}"
        for bond in molecule.GetBonds()
    ]
    words = {"key": key, "inchikey": inchikey, "atoms": " ".join(atoms), "bonds": " ".join(bonds)}
    if _read_back(parse_drawing(words)) != inchikey:
        raise ValueError("the drawing, read back, is not the structure of the InChIKey")
    return words["atoms"], words["bonds"]


def _places(molecule: Any) -> Any:
    """Lay the structure out by RDKit's ring templates; else in the way that crowds it least."""
    for layout in (_by_templates, _freely, _by_coordgen):
        layout(molecule)
        rdDepictor.StraightenDepiction(molecule)
        places = molecule.GetConformer().GetPositions()
        if _is_clear(molecule, places):
            break
    return places


def _is_clear(molecule: Any, places: Any) -> bool:
    """Tell whether no two atoms lie on each other and no bond is too short to be seen."""
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) / BOND_LENGTH
    apart[np.diag_indices(len(places))] = 1.0
    bonds = [apart[bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()] for bond in molecule.GetBonds()]
    return bool(apart.min() > CLOSEST and min(bonds, default=1.0) > SHORTEST)


def _by_templates(molecule: Any) -> None:
    rdDepictor.Compute2DCoords(molecule, canonOrient=True, useRingTemplates=True)


def _freely(molecule: Any) -> None:
    rdDepictor.Compute2DCoords(molecule, canonOrient=True)


def _by_coordgen(molecule: Any) -> None:
    rdCoordGen.AddCoords(molecule)
    rdDepictor.NormalizeDepiction(molecule)


def _read_back(drawing: Drawing) -> str:
    """Return the InChIKey of what is drawn, stereo from the places, wedges and hashes only."""
    valence = [atom.hydrogens for atom in drawing.atoms]
    for bond in drawing.bonds:
        valence[bond.begin] += bond.order
        valence[bond.end] += bond.order
    count = f"{len(drawing.atoms):3d}{len(drawing.bonds):3d}"
    lines = ["", "", "", f"{count}  0  0  1  0            999 V2000"]
    for atom, sum_of_orders in zip(drawing.atoms, valence, strict=True):
        place = f"{atom.x:10.4f}{atom.y:10.4f}{0:10.4f} {atom.element:<3} 0  0  0  0  0"
        lines.append(f"{place}{sum_of_orders or 15:3d}  0  0  0  0  0  0")
    flags = {"": 0, "wedge": 1, "crossed": 3, "wavy": 4, "hash": 6}
    for bond in drawing.bonds:
        ends = f"{bond.begin + 1:3d}{bond.end + 1:3d}"
        lines.append(f"{ends}{bond.order:3d}{flags[bond.stereo]:3d}")
    charges = [(i + 1, a.charge) for i, a in enumerate(drawing.atoms) if a.charge]
    lines += [f"M  CHG  1 {place:3d} {charge:3d}" for place, charge in charges]
    molecule = Chem.MolFromMolBlock("\n".join([*lines, "M  END"]), removeHs=False)
    return "" if molecule is None else str(MolToInchiKey(molecule))


def _element(atom: Any) -> str:
    charge = atom.GetFormalCharge()
    signed = f"{charge:+d}".removesuffix("1") if abs(charge) == 1 else f"{charge:+d}"
    return f"{atom.GetSymbol()}{atom.GetTotalNumHs() or ''}{signed if charge else ''}"


def _rings(molecule: Any) -> list[tuple[int, ...]]:
    """Return the rings, aromatic and small ones first: there the second line belongs."""

    def rank(ring: tuple[int, ...]) -> tuple[bool, int]:
        return not all(molecule.GetAtomWithIdx(i).GetIsAromatic() for i in ring), len(ring)

    return sorted(molecule.GetRingInfo().AtomRings(), key=rank)


def _middle(places: Any, ring: tuple[int, ...]) -> Ring:
    middle = places[list(ring)].mean(axis=0)
    return frozenset(ring), float(middle[0]), float(middle[1])


def _open_double_bonds(molecule: Any) -> frozenset[int]:
    """Return the double bonds of which the structure leaves open whether they are E or Z."""
    return frozenset(
        found.centeredOn
        for found in Chem.FindPotentialStereo(molecule)
        if found.type == Chem.StereoType.Bond_Double
        and found.specified != Chem.StereoSpecified.Specified
    )


def _sign(bond: Any, places: Any, rings: list[Ring], open_bonds: frozenset[int]) -> str:
    """Return the sign of a bond: see `library.drawings.SIGNS`."""
    kind, aromatic = bond.GetBondType(), bond.GetIsAromatic()
    if bond.GetIdx() in open_bonds:
        return "x"
    if kind == Chem.BondType.DOUBLE:
        left = _left_of(bond, places, rings)
        if left is None:
            return "="
        return ("R", "L")[left] if aromatic else (">", "<")[left]
    if kind == Chem.BondType.SINGLE:
        return STEREO.get(bond.GetBondDir(), "~" if aromatic else "-")
    return "#" if kind == Chem.BondType.TRIPLE else "."


def _left_of(bond: Any, places: Any, rings: list[Ring]) -> bool | None:
    """Tell whether the ring of a double bond lies left of it; None when it is in no ring."""
    begin, end = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
    for members, x, y in rings:
        if {begin, end} <= members:
            (ax, ay, _), (bx, by, _) = places[begin], places[end]
            return bool((bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0)
    return None
