"""What else is known of a substance, by which a list of candidates is narrowed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from library.formula import ATOMIC_WEIGHTS, elements_of, mass_of
from spectra_app.errors import CaseError

MASS_WITHIN = 0.7  # u; a nominal mass is enough
_SYMBOL = re.compile(r"[A-Z][a-z]?")


@dataclass(frozen=True, slots=True)
class KnownBesides:
    """What else is known of the substance; what is left blank narrows nothing.

    Parameters
    ----------
    mass : float or None
        Molecular mass of the free base or acid, in u.
    formula, family : str
        Its formula; its structural family as the tables name it.
    with_elements, without_elements : tuple of str
        Chemical symbols that it holds, and that it does not.
    """

    mass: float | None = None
    formula: str = ""
    family: str = ""
    with_elements: tuple[str, ...] = ()
    without_elements: tuple[str, ...] = ()


def known_besides(
    *, mass: str = "", formula: str = "", family: str = "", having: str = "", lacking: str = ""
) -> KnownBesides:
    """Return what else is known from what a person typed.

    Parameters
    ----------
    mass : str
        In u, with a point or a comma.
    having, lacking : str
        Chemical symbols, divided by blanks or commas.

    Raises
    ------
    CaseError
        When something of it cannot be read.
    """
    formula, mass = "".join(formula.split()), mass.strip().replace(",", ".")
    if formula and not elements_of(formula):
        raise CaseError("this is no molecular formula", formula, "write it as C17H21NO4")
    if mass and not re.fullmatch(r"\d{1,4}(\.\d{1,4})?", mass):
        raise CaseError("this is no molecular mass", mass, "write it in u, as 303.4")
    symbols = []
    for typed in (having, lacking):
        words = [word for word in re.split(r"[\s,;]+", typed) if word]
        for word in words:
            if not _SYMBOL.fullmatch(word) or word not in ATOMIC_WEIGHTS:
                raise CaseError(
                    "this is no element of the candidates", word, "write symbols, as N Cl"
                )
        symbols.append(tuple(dict.fromkeys(words)))
    return KnownBesides(float(mass) if mass else None, formula, family, *symbols)


def fits(formula: str, family: str, besides: KnownBesides) -> bool:
    """Tell whether a candidate agrees with what else is known; without its formula it does not."""
    counts, wanted = elements_of(formula), elements_of(besides.formula)
    if besides.family and besides.family != family:
        return False
    if besides.formula and counts != wanted:
        return False
    if set(besides.with_elements) - counts.keys():
        return False
    if besides.without_elements and (not counts or set(besides.without_elements) & counts.keys()):
        return False
    mass = mass_of(formula)
    return besides.mass is None or (mass is not None and abs(mass - besides.mass) <= MASS_WITHIN)
