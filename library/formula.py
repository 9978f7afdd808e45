"""Molecular formulas: which elements they hold, and the mass of a molecule."""

from __future__ import annotations

import re
from collections import Counter

# Conventional standard atomic weights, CIAAW 2021, abridged; elements of organic molecules.
ATOMIC_WEIGHTS = {
    "H": 1.008, "B": 10.81, "C": 12.011, "N": 14.007, "O": 15.999, "F": 18.998, "Si": 28.085,
    "P": 30.974, "S": 32.06, "Cl": 35.45, "Se": 78.971, "Br": 79.904, "I": 126.904,
}  # fmt: skip
_PART = re.compile(r"([A-Z][a-z]?)(\d*)")


def elements_of(formula: str) -> dict[str, int]:
    """Return how many atoms of each element a formula such as ``C17H21NO4`` holds.

    Empty when it is no such formula.
    """
    if not re.fullmatch(r"(?:[A-Z][a-z]?\d*)+", formula):
        return {}
    counts: Counter[str] = Counter()
    for element, number in _PART.findall(formula):
        counts[element] += int(number or 1)
    return dict(counts)


def mass_of(formula: str) -> float | None:
    """Return the average mass in u; None when an element is not in `ATOMIC_WEIGHTS`."""
    counts = elements_of(formula)
    if not counts or not counts.keys() <= ATOMIC_WEIGHTS.keys():
        return None
    return sum(ATOMIC_WEIGHTS[element] * number for element, number in counts.items())
