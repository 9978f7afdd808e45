"""Structure drawings: every substance has one, and what is drawn is what the tables say."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from itertools import combinations

import pytest

import resources
from library import drawings as module
from library.drawings import DrawnAtom, DrawnBond, drawings, parse_drawing
from library.errors import LibraryDamagedError
from library.substances import substances

MORPHINE = "S0003"


def _row(atoms: str, bonds: str) -> dict[str, str]:
    return {"key": "S0000", "inchikey": "AAA", "atoms": atoms, "bonds": bonds}


def test_every_substance_with_a_structure_is_drawn() -> None:
    table = substances()
    known = [one for one in table if table.more(one.key).smiles]
    assert len(drawings()) == len(known) > 1500
    for substance in known:
        drawing = drawings().get(substance.key)
        assert drawing is not None
        assert drawing.inchikey == substance.inchikey


def test_the_atoms_drawn_are_those_of_the_formula() -> None:
    wrong = []
    for substance in substances():
        drawing = drawings().get(substance.key)
        assert drawing is not None
        counts = Counter(atom.element for atom in drawing.atoms)
        counts["H"] += sum(atom.hydrogens for atom in drawing.atoms)
        said: Counter[str] = Counter()
        for element, number in re.findall(r"([A-Z][a-z]?)(\d*)", substance.formula):
            said[element] += int(number or 1)
        if +counts != +said:
            wrong.append((substance.key, counts, said))
    assert wrong == []


def test_bonds_are_about_as_long_as_a_bond_and_atoms_lie_apart() -> None:
    """A unit of the page is a bond; nothing is drawn on top of something else."""
    long, crowded, total = [], [], 0
    for substance in substances():
        drawing = drawings().get(substance.key)
        assert drawing is not None
        spots = [complex(atom.x, atom.y) for atom in drawing.atoms]
        total += len(drawing.bonds)
        lengths = [abs(spots[bond.begin] - spots[bond.end]) for bond in drawing.bonds]
        long += [substance.name for length in lengths if not 0.4 < length < 2.6]
        if any(abs(a - b) < 0.1 for a, b in combinations(spots, 2)):
            crowded.append(substance.name)
    assert (long, crowded) == ([], [])
    assert total > 28_000


def test_morphine_is_drawn_as_the_tables_have_it() -> None:
    drawing = drawings().get(MORPHINE)
    assert drawing is not None
    labels = sorted(atom.label for atom in drawing.atoms if atom.label)
    assert labels in (["HO", "HO", "N", "O"], ["HO", "N", "O", "OH"], ["N", "O", "OH", "OH"])
    assert sum(bond.aromatic for bond in drawing.bonds) == 6
    assert sum(bond.stereo in {"wedge", "hash"} for bond in drawing.bonds) >= 5
    assert drawings().by_inchikey(drawing.inchikey.lower()) == drawing
    left, bottom, right, top = drawing.box
    assert 3 < right - left < 9
    assert 2 < top - bottom < 9


def test_a_row_becomes_atoms_and_bonds_with_labels_turned_away_from_the_bond() -> None:
    drawing = parse_drawing(_row("0,0,N2 100,0,C 150,87,O- 150,-87,S1", "0-1 1<2 1w3"))
    assert drawing.atoms == (
        DrawnAtom("N", 0.0, 0.0, 0, 2, "H2N", True),
        DrawnAtom("C", 1.0, 0.0, 0, 0, "", False),
        DrawnAtom("O", 1.5, 0.87, -1, 0, "O", False),
        DrawnAtom("S", 1.5, -0.87, 0, 1, "SH", False),
    )
    assert drawing.bonds == (
        DrawnBond(0, 1, 1, False, "", 0),
        DrawnBond(1, 2, 2, False, "", 1),
        DrawnBond(1, 3, 1, False, "wedge", 0),
    )


@pytest.mark.parametrize(
    ("atom", "label", "charge"),
    [("O2", "H2O", 0), ("C4", "CH4", 0), ("Cl1", "HCl", 0), ("N4+", "NH4", 1), ("Ca+2", "Ca", 2)],
)
def test_atoms_that_stand_alone_are_written_out(atom: str, label: str, charge: int) -> None:
    (drawn,) = parse_drawing(_row(f"0,0,{atom}", "")).atoms
    assert (drawn.label, drawn.charge) == (label, charge)


@pytest.mark.parametrize(
    ("atoms", "bonds"),
    [
        ("", ""),
        ("0,0,C 1", ""),
        ("0,0,C 100,0,C", "0-2"),
        ("0,0,C 100,0,C", "1-1"),
        ("0,0,C 100,0,C", "0?1"),
        ("0.5,0,C", ""),
    ],
)
def test_a_damaged_row_is_refused(atoms: str, bonds: str) -> None:
    with pytest.raises(LibraryDamagedError, match="structure drawings"):
        parse_drawing(_row(atoms, bonds))


def test_unknown_keys_have_no_drawing() -> None:
    assert drawings().get("none") is None
    assert drawings().by_inchikey("none") is None


def test_the_table_is_the_one_its_provenance_speaks_of() -> None:
    """Structures that changed since must be drawn again: run the command of the provenance."""
    folder = resources.path(module.FOLDER)
    said = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    data = (folder / module.TABLE).read_bytes()
    table = substances()
    rows = [(one.key, one.inchikey, table.more(one.key).smiles) for one in table]
    text = "".join("\t".join(row) + "\n" for row in rows if row[2])
    assert said["table_sha256"] == hashlib.sha256(data).hexdigest()
    assert said["input_sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert (said["drawings"], said["not_drawn"]) == (len(drawings()), {})
    assert len(data) < 1_000_000


def test_the_builder_draws_the_same_again() -> None:
    pytest.importorskip("rdkit", reason="the extra `calculate` is not installed")
    draw = pytest.importorskip("library.calculated.draw").draw
    table = substances()
    rows = module.drawings()._rows
    for key in (MORPHINE, "S0001", "S0170", "S1278"):
        substance = table.get(key)
        assert substance is not None
        made = draw(key, table.more(key).smiles, substance.inchikey)
        assert made == (rows[key]["atoms"], rows[key]["bonds"])
    with pytest.raises(ValueError, match="not the structure"):
        draw("S0000", "CCO", "AAAAAAAAAAAAAA-UHFFFAOYSA-N")
