"""Structure drawings of the known substances: where atoms and bonds go on the page.

The coordinates were made by RDKit when the table was built (`library.calculated.draw`) and are
stored in ``resources/drawings``; nothing here computes chemistry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from library.errors import LibraryDamagedError
from library.substances import read_table
from resources import path

FOLDER = "drawings"
TABLE = "drawings.csv"
# Elements that are written after their hydrogen when they stand alone (H2O, HCl).
HYDROGEN_FIRST = frozenset({"O", "S", "Se", "F", "Cl", "Br", "I"})
ATOM = re.compile(r"(-?\d+),(-?\d+),([A-Z][a-z]?)(\d*)([+-]\d*)?")
BOND = re.compile(r"(\d+)([-=#~.whux<>LR])(\d+)")

Stereo = Literal["", "wedge", "hash", "wavy", "crossed"]
# What the sign of a bond says: order, aromatic, stereo, side of the second line.
SIGNS: dict[str, tuple[int, bool, Stereo, int]] = {
    "-": (1, False, "", 0),
    "=": (2, False, "", 0),
    "<": (2, False, "", 1),
    ">": (2, False, "", -1),
    "#": (3, False, "", 0),
    "~": (1, True, "", 0),
    "L": (2, True, "", 1),
    "R": (2, True, "", -1),
    "w": (1, False, "wedge", 0),
    "h": (1, False, "hash", 0),
    "u": (1, False, "wavy", 0),
    "x": (2, False, "crossed", 0),
    ".": (0, False, "", 0),
}


@dataclass(frozen=True, slots=True)
class DrawnAtom:
    """An atom on the page.

    Parameters
    ----------
    element : str
        Chemical symbol.
    x, y : float
        Place in lengths of a usual bond; y points up.
    charge, hydrogens : int
        Formal charge; hydrogen atoms that are not drawn as atoms of their own.
    label : str
        What is written there, such as ``"NH2"`` or ``"H2N"``; empty for a carbon at which lines
        only meet. Digits are subscripts; the charge is not part of it.
    hydrogens_left : bool
        Whether the label begins with the hydrogens, so that its **last** letters stand at the atom.
    """

    element: str
    x: float
    y: float
    charge: int
    hydrogens: int
    label: str
    hydrogens_left: bool


@dataclass(frozen=True, slots=True)
class DrawnBond:
    """A bond on the page.

    Parameters
    ----------
    begin, end : int
        Atoms, counted from 0. A wedge or hash has its narrow end at `begin`.
    order : int
        1, 2 or 3 (rings in Kekulé form); 0 for a bond without electrons of its own.
    aromatic : bool
        Whether it belongs to an aromatic ring.
    stereo : str
        ``"wedge"``, ``"hash"``, ``"wavy"`` or empty; ``"crossed"`` is a double bond of which the
        structure leaves open which side its ends are on.
    side : int
        Where the second line of a double bond goes, seen from `begin` to `end`: 1 left, -1 right,
        0 both lines beside the middle.
    """

    begin: int
    end: int
    order: int
    aromatic: bool
    stereo: Stereo
    side: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """The drawing of one substance of the table.

    Parameters
    ----------
    key, inchikey : str
        The substance in the tables of identities.
    atoms, bonds : tuple
        What to draw. Parts that are not bonded (salts) are drawn side by side.
    """

    key: str
    inchikey: str
    atoms: tuple[DrawnAtom, ...]
    bonds: tuple[DrawnBond, ...]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top of the atoms' places, in bond lengths."""
        across, up = [atom.x for atom in self.atoms], [atom.y for atom in self.atoms]
        return min(across), min(up), max(across), max(up)


class Drawings:
    """The table of drawings; a drawing is taken apart when it is asked for."""

    def __init__(self, rows: list[dict[str, str]]) -> None:
        self._rows = {row["key"]: row for row in rows}
        self._keys: dict[str, str] = {}
        for row in rows:
            self._keys.setdefault(row["inchikey"], row["key"])

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, key: str) -> Drawing | None:
        """Return the drawing of the substance with a table key, or None.

        Raises
        ------
        LibraryDamagedError
            When its row is not what the builder writes.
        """
        row = self._rows.get(key)
        return None if row is None else parse_drawing(row)

    def by_inchikey(self, inchikey: str) -> Drawing | None:
        """Return the drawing of exactly this structure, or None; raises as `get`."""
        return self.get(self._keys.get(inchikey.strip().upper(), ""))


@cache
def drawings() -> Drawings:
    """Return the shipped drawings, read once per run.

    Raises
    ------
    LibraryDamagedError
        When the table is missing, unreadable or lacks a column.
    """
    try:
        return Drawings(read_table(TABLE, path(FOLDER)))
    except KeyError as error:
        raise _damaged(f"it lacks the column {error}") from error


def parse_drawing(row: dict[str, str]) -> Drawing:
    """Return the drawing of one row of the table; raises as `Drawings.get`."""
    try:
        places = [_matched(ATOM, word) for word in row["atoms"].split()]
        bonds = tuple(_bond(_matched(BOND, word), len(places)) for word in row["bonds"].split())
    except (KeyError, ValueError) as error:
        raise _damaged(f"row {row['key']}: {error}") from error
    if not places:
        raise _damaged(f"row {row['key']}: no atoms")
    return Drawing(row["key"], row["inchikey"], _atoms(places, bonds), bonds)


def _matched(shape: re.Pattern[str], word: str) -> tuple[str, ...]:
    match = shape.fullmatch(word)
    if match is None:
        raise ValueError(f"{word!r} is not an atom or bond")
    return tuple(group or "" for group in match.groups())


def _bond(parts: tuple[str, ...], atoms: int) -> DrawnBond:
    begin, sign, end = int(parts[0]), parts[1], int(parts[2])
    if begin == end or max(begin, end) >= atoms:
        raise ValueError(f"a bond from atom {begin} to atom {end} of {atoms}")
    order, aromatic, stereo, side = SIGNS[sign]
    return DrawnBond(begin, end, order, aromatic, stereo, side)


def _atoms(places: list[tuple[str, ...]], bonds: tuple[DrawnBond, ...]) -> tuple[DrawnAtom, ...]:
    """Give every atom its label, with the hydrogens on the side where no bond goes."""
    lean = [0.0] * len(places)
    bonded = [False] * len(places)
    for bond in bonds:
        run = float(places[bond.end][0]) - float(places[bond.begin][0])
        lean[bond.begin] += run
        lean[bond.end] -= run
        bonded[bond.begin] = bonded[bond.end] = True
    return tuple(map(_atom, places, lean, bonded))


def _atom(parts: tuple[str, ...], lean: float, bonded: bool) -> DrawnAtom:
    across, up, element, count, sign = parts
    hydrogens = int(count or 0)
    charge = int(f"{sign[0]}{sign[1:] or 1}") if sign else 0
    left = lean > 0 if bonded else element in HYDROGEN_FIRST
    label = ""
    if element != "C" or charge or not bonded:
        tail = f"H{hydrogens if hydrogens > 1 else ''}" if hydrogens else ""
        label = tail + element if left else element + tail
    place = int(across) / 100, int(up) / 100
    return DrawnAtom(element, *place, charge, hydrogens, label, left and bool(hydrogens and label))


def _damaged(what: str) -> LibraryDamagedError:
    return LibraryDamagedError(
        f"the table of structure drawings cannot be read ({what})",
        f"{FOLDER}/{TABLE}",
        "install the program again",
    )
