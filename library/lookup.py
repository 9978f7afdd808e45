"""Search of the substance table by whatever a person has: name, CAS number, InChIKey, formula.

Names are compared folded (case, punctuation, accents, Greek letters, typographic hyphens). What is
nearly a name is suggested and never taken: one wrong letter is another substance. An ambiguous name
gives everything that goes by it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from library.substances import Found, Substances, fold, substances

Kind = Literal["InChIKey", "CAS number", "formula", "name", "key", "nothing"]

SUGGESTIONS = 5
SHORTEST_PART = 4  # folded letters of a text that may be looked for inside names
LONG_NAME = 7  # folded letters from which on two typing mistakes are looked for

CAS_LIKE = re.compile(r"\d{2,7}-\d{2}-\d")
KEY = re.compile(r"S\d{4,}")
INCHIKEY = re.compile(r"([A-Z]{14})(?:-([A-Z]{10})(?:-([A-Z]))?)?")
TERM = re.compile(r"([A-Z][a-z]?)(\d*)")
PART = re.compile(r"(\d*)((?:[A-Z][a-z]?\d*)+)")
CHARGE = re.compile(r"([+-])(\d?)$")
ELEMENTS = frozenset(
    re.findall(
        "[A-Z][a-z]?",
        "HDTHeLiBeBCNOFNeNaMgAlSiPSClArKCaScTiVCrMnFeCoNiCuZnGaGeAsSeBrKrRbSrYZrNbMoTcRuRhPdAgCdInSn"
        "SbTeIXeCsBaLaCePtAuHgTlPbBiU",
    )
)


@dataclass(frozen=True, slots=True)
class LookUp:
    """What was found for one text.

    Parameters
    ----------
    text : str
        What was asked.
    kind : str
        What it was read as.
    found : tuple of Found
        Every substance that fits, each with how it was recognised; several when it is ambiguous.
    remarks : tuple of str
        What a reader must know: a wrong check digit, an ambiguous name, a skeleton only.
    suggestions, containing : tuple of str
        Names that are nearly the text, and names that hold it; never taken for it.
    """

    text: str
    kind: Kind
    found: tuple[Found, ...]
    remarks: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    containing: tuple[str, ...] = ()

    @property
    def substances(self) -> int:
        """How many different substances were found."""
        return len({hit.substance.key for hit in self.found})


def look_up(text: str, table: Substances | None = None) -> LookUp:
    """Return what a text may mean.

    Parameters
    ----------
    text : str
        Name, synonym, CAS number, InChIKey or its first block, molecular formula, table key.
    table : Substances, optional
        Where to look; by default the shipped table.
    """
    used = table or substances()
    asked = _plain(text)
    for way in (_by_key, _by_inchikey, _by_cas):
        answer = way(asked, used)
        if answer is not None:
            return answer
    return _by_name(asked, used)


def _plain(text: str) -> str:
    """Return a text without odd blanks, hyphens, subscripts and a leading label."""
    text = unicodedata.normalize("NFKC", text).strip()
    text = "".join("-" if unicodedata.category(c) == "Pd" or c in "‐−" else c for c in text)
    return re.sub(r"^(?:CAS(?: ?(?:RN|No\.?|number))?|InChIKey)\s*[:=]?\s+|^InChIKey=", "", text,
                  flags=re.IGNORECASE).strip()  # fmt: skip


def _by_key(asked: str, table: Substances) -> LookUp | None:
    substance = table.get(asked.upper()) if KEY.fullmatch(asked.upper()) else None
    return LookUp(asked, "key", (Found(substance, "key"),)) if substance else None


def _by_inchikey(asked: str, table: Substances) -> LookUp | None:
    match = INCHIKEY.fullmatch(asked.upper())
    if match is None:
        return None
    asked = asked.upper()
    found = table.by_inchikey(asked)
    if not found:
        whole = match[2] is not None
        remark = "no substance of the table has this InChIKey, nor its skeleton (first block)"
        return LookUp(asked, "InChIKey", (), (remark,)) if whole else None
    if found[0].via == "InChIKey":
        keys = {hit.substance.key for hit in found}
        stated = (Found(one, "connectivity") for one in table if asked in one.stereo_alternatives)
        every = (*found, *(hit for hit in stated if hit.substance.key not in keys))
        return LookUp(asked, "InChIKey", every, _several(every))
    remark = (
        "only the skeleton (first block of the InChIKey) fits: stereochemistry, isotopes or charge "
        "may differ"
    )
    return LookUp(asked, "InChIKey", found, (remark,))


def _by_cas(asked: str, table: Substances) -> LookUp | None:
    if not CAS_LIKE.fullmatch(asked):
        return None
    from stdnum import casrn

    named = table.all_by_name(asked)
    if not casrn.is_valid(asked):
        due = casrn.calc_check_digit(asked.replace("-", "")[:-1])
        told = f"{asked} is no CAS number: its check digit is wrong (for these digits it is {due})"
        return LookUp(asked, "CAS number", named, (told,), suggestions=_near_numbers(asked, table))
    found = (*table.by_cas(asked), *named)
    known = {hit.substance.key for hit in found}
    others = (hit for hit in table.by_other_cas(asked) if hit.substance.key not in known)
    every = tuple(dict.fromkeys((*found, *others)))
    told = "its check digit is right, but no substance of the table has this CAS number"
    return LookUp(asked, "CAS number", every, _several(every) if every else (told,))


def _near_numbers(asked: str, table: Substances) -> tuple[str, ...]:
    """Return known CAS numbers that differ in one digit or in two neighbours exchanged."""
    known = {number for salt in table.salts for number in salt.cas}
    known |= {one.cas for one in table if one.cas}
    near = (number for number in known if distance(number, asked, 1) <= 1)
    return tuple(sorted(near))[:SUGGESTIONS]


def _by_name(asked: str, table: Substances) -> LookUp:
    named = table.all_by_name(asked) or table.by_name(asked)
    formula = composition(asked)
    composed = _by_formula(formula, table) if formula else ()
    keys = {hit.substance.key for hit in named}
    found = (*named, *(hit for hit in composed if hit.substance.key not in keys))
    if found:
        kind: Kind = "name" if named else "formula"
        remarks = list(_several(found))
        if any(hit.via == "salt name removed" for hit in found):
            remarks.insert(0, "this salt is not in the table; found by its parent's name")
        return LookUp(asked, kind, found, tuple(remarks))
    kind = "formula" if formula and any(c.isdigit() for c in asked) else "nothing"
    return LookUp(
        asked, kind, (), (), suggestions=near_names(asked, table), containing=parts(asked, table)
    )


def _several(found: Iterable[Found]) -> tuple[str, ...]:
    names = list(dict.fromkeys(hit.substance.name for hit in found))
    if len(names) < 2:
        return ()
    return (f"ambiguous: {len(names)} substances fit, all are given",)


# --- Formulas --------------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def composition(text: str) -> tuple[tuple[str, int], ...]:
    """Return the elements of a molecular formula with their counts; empty when it is none.

    Parts of salts and hydrates may be written with a dot: ``C17H21NO4.HCl``, ``C8H10N4O2·2H2O``. A
    charge at the end (``C13H16NO2-``) counts like an element.
    """
    total: Counter[str] = Counter()
    text = text.replace(" ", "")
    charge = CHARGE.search(text)
    if charge:
        text = text[: charge.start()]
        total[charge[1]] = int(charge[2] or 1)
    for part in re.split(r"[.·*∙•]", text):
        match = PART.fullmatch(part)
        terms = TERM.findall(match[2]) if match else []
        if not terms or any(element not in ELEMENTS for element, _ in terms):
            return ()
        times = int(match[1] or 1) if match else 1
        for element, count in terms:
            total[element] += times * int(count or 1)
    return tuple(sorted(total.items()))


def _by_formula(formula: tuple[tuple[str, int], ...], table: Substances) -> tuple[Found, ...]:
    parents = (Found(one, "formula") for one in table if composition(one.formula) == formula)
    salts = (
        Found(parent, "formula", salt)
        for salt in table.salts
        if composition(salt.formula) == formula and (parent := table.get(salt.parent))
    )
    return (*parents, *salts)


# --- Suggestions -----------------------------------------------------------------------------


@cache
def _every_name(table: Substances) -> tuple[tuple[str, str], ...]:
    """Return (folded, name) of every name, synonym and salt."""

    def written() -> Iterator[str]:
        for one in table:
            yield from (one.name, *one.synonyms)
        for salt in table.salts:
            yield from salt.names

    return tuple((fold(name), name) for name in dict.fromkeys(written()))


def near_names(text: str, table: Substances) -> tuple[str, ...]:
    """Return names that one typing mistake makes the text (two in a long name), nearest first."""
    asked = fold(text)
    most = 2 if len(asked) >= LONG_NAME else 1
    if len(asked) < SHORTEST_PART:
        return ()
    letters = Counter(asked)
    scored = []
    for folded, name in _every_name(table):
        if abs(len(folded) - len(asked)) > most or (Counter(folded) - letters).total() > most:
            continue
        steps = distance(folded, asked, most)
        if steps <= most:
            scored.append((steps, name.casefold(), name))
    best: dict[str, str] = {}
    for _, _, name in sorted(scored):
        best.setdefault(fold(name), name)
    return tuple(best.values())[:SUGGESTIONS]


def parts(text: str, table: Substances) -> tuple[str, ...]:
    """Return preferred names of substances that hold the text in one of their names."""
    asked = fold(text)
    if len(asked) < SHORTEST_PART:
        return ()
    within = (one.name for one in table if any(asked in fold(n) for n in (one.name, *one.synonyms)))
    return tuple(sorted(within, key=lambda name: (len(name), name.casefold())))[:20]


def distance(one: str, other: str, most: int) -> int:
    """Return how many typing mistakes lie between two texts, or `most` + 1 when more.

    Mistakes are a letter missing, added, wrong, or two neighbours exchanged (optimal string
    alignment, a restricted Damerau-Levenshtein distance).
    """
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            cost = min(above[j] + 1, row[-1] + 1, above[j - 1] + (letter != wanted))
            crossed = i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted
            row.append(min(cost, before[j - 2] + 1) if crossed else cost)
        if min(row) > most:
            return most + 1
        before, above = above, row
    return min(above[-1], most + 1)
