"""Substances: who is meant by an InChIKey, a CAS number or a name.

Facts and their sources are in ``resources/control_lists``. A look-up returns every substance that
fits equally well, best kind of evidence first: names are shared between substances more often than
one thinks, and an InChIKey without its stereo part fits all stereoisomers.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import resources
from library.errors import LibraryDamagedError

FOLDER = "control_lists"
SHORTEST_SYSTEMATIC = 8  # folded letters; shorter texts are no systematic names

Via = Literal[
    "InChIKey",
    "connectivity",
    "CAS",
    "CAS, one source",
    "CAS, other",
    "name",
    "synonym",
    "systematic name",
    "salt name removed",
    "formula",
    "key",
]

GREEK = {
    "α": "alpha", "β": "beta", "ß": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon",
    "ζ": "zeta", "η": "eta", "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "π": "pi",
    "σ": "sigma", "τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
# No word that is more often an ester (acetate, benzoate): an ester is another substance.
SALT_WORDS = re.compile(
    r"[ -]+(?:mono|di|hemi)?(?:hydrochloride|hcl|hydrobromide|hbr|hydroiodide|sul(?:ph|f)ate"
    r"|phosphate|nitrate|(?:bi)?tartrate|citrate|maleate|fumarate|oxalate|succinate|mesylate|besylate"
    r"|tosylate|sodium|potassium|(?:free ?)?base|(?:mono|di|tri)?hydrate|anhydrous)\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Substance:
    """One parent compound.

    Parameters
    ----------
    key : str
        Key in the tables.
    name, synonym_text : str
        Preferred name; other names separated by ``"; "``.
    inchikey, cas, formula, class_, subclass, family : str
        Identity, and what kind of substance it is; `cas` may rest on one source (`cas_agreed`).
    grade : str
        A (two or more sources agree on the structure), B (one source), C (from a systematic name),
        D (inferred).
    conflict : str
        Another structure that a source gives under this name; blank when none does.
    stereo_alternatives : tuple of str
        InChIKeys of the same skeleton that sources use for this substance.
    """

    key: str
    name: str
    synonym_text: str
    inchikey: str
    cas: str
    cas_agreed: bool
    formula: str
    class_: str
    subclass: str
    family: str
    grade: str
    conflict: str
    stereo_alternatives: tuple[str, ...]

    @property
    def synonyms(self) -> tuple[str, ...]:
        """Other names."""
        return tuple(name for name in self.synonym_text.split("; ") if name)


@dataclass(frozen=True, slots=True)
class MoreNames:
    """Further identifiers of a substance, read only when the common ones lead nowhere.

    Parameters
    ----------
    key : str
        Key of the substance.
    systematic, smiles : str
        Systematic name and structure as the sources give them.
    cas_other : tuple of str
        CAS numbers that single sources give beside `Substance.cas`.
    """

    key: str
    systematic: str
    smiles: str
    cas_other: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Salt:
    """A salt or hydrate of a parent; `stereo_certain` is False when only the skeleton fits."""

    parent: str
    kind: str
    ratio: str
    names: tuple[str, ...]
    cas: tuple[str, ...]
    inchikey: str
    formula: str
    stereo_certain: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A substance, what it was recognised by, and the salt when a salt was asked for."""

    substance: Substance
    via: Via
    salt: Salt | None = None


def fold(name: str) -> str:
    """Return a name without case, punctuation and spelling variants, for comparing names.

    Greek letters are spelled out, accents and typographic hyphens left out; British ``sulph``
    becomes ``sulf``, ``HCl`` hydrochloride.
    """
    text = unicodedata.normalize("NFKC", name)
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.lower())
        text = "".join(GREEK.get(c, c) for c in text if not unicodedata.combining(c))
    text = "".join(filter(str.isalnum, text.casefold())).replace("sulph", "sulf")
    return text.removesuffix("hcl") + "hydrochloride" if text.endswith("hcl") else text


@dataclass(frozen=True, slots=True)
class _Index:
    """Where each identifier leads; salts stand beside their parents."""

    inchikey: dict[str, list[Found]] = field(default_factory=dict)
    connectivity: dict[str, list[Found]] = field(default_factory=dict)
    cas: dict[str, list[Found]] = field(default_factory=dict)
    cas_other: dict[str, list[Found]] = field(default_factory=dict)
    name: dict[str, list[Found]] = field(default_factory=dict)
    systematic: dict[str, list[Found]] = field(default_factory=dict)


class Substances:
    """The table of known substances, with look-ups."""

    def __init__(
        self,
        substances: Iterable[Substance],
        salts: Iterable[Salt],
        more: Callable[[], Iterable[MoreNames]] = tuple,
    ) -> None:
        self._read_more = more
        self._more: dict[str, MoreNames] | None = None
        self._by_key = {substance.key: substance for substance in substances}
        self._salts = tuple(salt for salt in salts if salt.parent in self._by_key)
        self._index = _Index()
        for substance in self._by_key.values():
            self._add_identifiers(substance)
        for salt in self._salts:
            self._add_salt(salt)

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[Substance]:
        return iter(self._by_key.values())

    def get(self, key: str) -> Substance | None:
        """Return the substance with a table key, or None."""
        return self._by_key.get(key)

    @property
    def salts(self) -> tuple[Salt, ...]:
        """Every salt and hydrate of the table."""
        return self._salts

    def more(self, key: str) -> MoreNames:
        """Return the further identifiers of a substance; blank where there are none."""
        return self._further().get(key, MoreNames(key, "", "", ()))

    def _further(self) -> dict[str, MoreNames]:
        if self._more is None:
            self._more = {one.key: one for one in self._read_more() if one.key in self._by_key}
            for one in self._more.values():
                parent = self._by_key[one.key]
                for number in one.cas_other:
                    found = Found(parent, "CAS, other")
                    self._index.cas_other.setdefault(number, []).append(found)
                if one.systematic:
                    found = Found(parent, "systematic name")
                    self._index.systematic.setdefault(fold(one.systematic), []).append(found)
        return self._more

    def _add_identifiers(self, substance: Substance) -> None:
        exact = Found(substance, "InChIKey")
        near = Found(substance, "connectivity")
        self._index.inchikey.setdefault(substance.inchikey, []).append(exact)
        self._index.connectivity.setdefault(substance.inchikey[:14], []).append(near)
        if substance.cas:
            via: Via = "CAS" if substance.cas_agreed else "CAS, one source"
            self._index.cas.setdefault(substance.cas, []).append(Found(substance, via))

    def _add_salt(self, salt: Salt) -> None:
        parent = self._by_key[salt.parent]
        self._index.inchikey.setdefault(salt.inchikey, []).append(Found(parent, "InChIKey", salt))
        near = Found(parent, "connectivity", salt)
        self._index.connectivity.setdefault(salt.inchikey[:14], []).append(near)
        for number in salt.cas:
            self._index.cas.setdefault(number, []).append(Found(parent, "CAS", salt))

    def _names(self) -> dict[str, list[Found]]:
        """Return the index of names, built when the first name is looked up: it is the slow one."""
        index = self._index.name
        if not index:
            for substance in self._by_key.values():
                index.setdefault(fold(substance.name), []).append(Found(substance, "name"))
            for substance in self._by_key.values():
                other = Found(substance, "synonym")
                for folded in {fold(name) for name in substance.synonyms}:
                    index.setdefault(folded, []).append(other)
            for salt in self._salts:
                found = Found(self._by_key[salt.parent], "name", salt)
                for folded in {fold(name) for name in salt.names}:
                    index.setdefault(folded, []).append(found)
        return index

    def by_inchikey(self, inchikey: str) -> tuple[Found, ...]:
        """Return what has this InChIKey; failing that, what has its first 14 characters."""
        wanted = inchikey.strip().upper()
        exact = self._index.inchikey.get(wanted)
        if exact:
            return tuple(exact)
        return tuple(self._index.connectivity.get(wanted[:14], ())) if len(wanted) >= 14 else ()

    def by_cas(self, cas: str) -> tuple[Found, ...]:
        """Return what has this CAS number, agreed numbers first; else what a source gives it to."""
        found = self._index.cas.get(cas.strip(), ())
        return tuple(sorted(found, key=lambda hit: hit.via != "CAS")) or self.by_other_cas(cas)

    def by_other_cas(self, cas: str) -> tuple[Found, ...]:
        """Return what single sources give this CAS number to, beside its usual one."""
        self._further()
        return tuple(self._index.cas_other.get(cas.strip(), ()))

    def all_by_name(self, name: str) -> tuple[Found, ...]:
        """Return everything that goes by this name, preferred names first; see `by_name`."""
        folded = fold(name)
        hits = self._names().get(folded, []) if folded else []
        order: tuple[Via, ...] = ("name", "synonym")
        known = tuple(dict.fromkeys(sorted(hits, key=lambda hit: order.index(hit.via))))
        return known + tuple(hit for hit in self._by_systematic(folded) if _new(hit, known))

    def _by_systematic(self, folded: str) -> tuple[Found, ...]:
        self._further()
        return tuple(self._index.systematic.get(folded, ()))

    def by_name(self, name: str) -> tuple[Found, ...]:
        """Return what has this preferred name; else this synonym; else this systematic name.

        Failing those, the name without the word of a salt.

        A shared synonym returns every substance that uses it. A salt that is not in the table is
        recognised by its parent's name only when that name is not shared and the parent is an
        organic base (``sodium phosphate`` does not mean sodium).
        """
        folded = fold(name)
        hits = self._names().get(folded, []) if folded else []
        best = [hit for hit in hits if hit.via == "name"] or hits
        if best:
            return tuple(dict.fromkeys(best))
        systematic = self._by_systematic(folded) if len(folded) > SHORTEST_SYSTEMATIC else ()
        bare = SALT_WORDS.sub("", name.strip())
        if systematic or bare == name.strip():
            return systematic
        parents = {hit.substance for hit in self.by_name(bare) if _is_base(hit.substance)}
        return (Found(parents.pop(), "salt name removed"),) if len(parents) == 1 else ()

    def find(self, *, inchikey: str = "", cas: str = "", name: str = "") -> tuple[Found, ...]:
        """Return the best look-up that finds anything, in the order InChIKey, name, CAS number.

        An InChIKey that fits by connectivity only is used after an exact name: most CAS numbers of
        new substances rest on one source, and stereoisomers share their connectivity.
        """
        structural = self.by_inchikey(inchikey) if inchikey else ()
        if structural and structural[0].via == "InChIKey":
            return structural
        named = self.by_name(name) if name else ()
        if structural and named:
            same = tuple(hit for hit in named if hit.substance in {f.substance for f in structural})
            return same or structural
        return structural or named or (self.by_cas(cas) if cas else ())

    def relatives(self, substance: Substance) -> tuple[Substance, ...]:
        """Return the other substances of the same connectivity: Raman may not tell them apart."""
        near = self._index.connectivity.get(substance.inchikey[:14], ())
        found = (hit.substance for hit in near if hit.salt is None)
        return tuple(other for other in found if other.key != substance.key)


def _new(hit: Found, known: Iterable[Found]) -> bool:
    """Tell whether none of `known` is the substance of `hit`."""
    return all(hit.substance != other.substance for other in known)


def _is_base(substance: Substance) -> bool:
    """Tell whether the formula holds carbon and nitrogen, as the parents of drug salts do."""
    elements = set(re.findall(r"[A-Z][a-z]?", substance.formula))
    return {"C", "H", "N"} <= elements


def read_table(name: str, folder: Path | None = None) -> list[dict[str, str]]:
    """Return the rows of a table of ``resources/control_lists``.

    Raises
    ------
    LibraryDamagedError
        When the table is missing or unreadable.
    """
    path = (folder or resources.path(FOLDER)) / name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(name, error) from error
    return parse_table(data, name)


def parse_table(data: bytes, name: str) -> list[dict[str, str]]:
    """Return the rows of a table from its bytes: UTF-8 CSV with a header.

    Raises
    ------
    LibraryDamagedError
        When it is not that.
    """
    try:
        rows = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
        header = next(rows)
        return [dict(zip(header, row, strict=True)) for row in rows]
    except (ValueError, csv.Error, StopIteration) as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: Exception) -> LibraryDamagedError:
    return LibraryDamagedError(
        f"the table cannot be read ({error})", name, "install the program again"
    )


def _substance(row: dict[str, str]) -> Substance:
    alternatives = row["stereo_alternatives"]
    return Substance(
        row["key"],
        row["name"],
        row["synonyms"],
        row["inchikey"],
        row["cas"],
        row["cas_agreed"] == "yes",
        row["formula"],
        row["class"],
        row["subclass"],
        row["family"],
        row["grade"],
        row["conflict"],
        tuple(alternatives.split("; ")) if alternatives else (),
    )


def _more(row: dict[str, str]) -> MoreNames:
    numbers = tuple(number for number in row["cas_other"].split("; ") if number)
    return MoreNames(row["key"], row["systematic_name"], row["smiles"], numbers)


def _read_more() -> Iterator[MoreNames]:
    return map(_more, read_table("names.csv"))


def _salt(row: dict[str, str]) -> Salt:
    return Salt(
        row["parent"],
        row["salt"],
        row["ratio"],
        tuple(name for name in row["names"].split("; ") if name),
        tuple(number for number in row["cas"].split("; ") if number),
        row["inchikey"],
        row["formula"],
        row["stereo"] == "yes",
    )


@cache
def substances() -> Substances:
    """Return the shipped table, read once per run.

    Raises
    ------
    LibraryDamagedError
        When a table is missing, unreadable or lacks a column.
    """
    try:
        return Substances(
            map(_substance, read_table("identities.csv")),
            map(_salt, read_table("salts.csv")),
            _read_more,
        )
    except KeyError as error:
        raise LibraryDamagedError(
            f"a table of substances lacks the column {error}", FOLDER, "install the program again"
        ) from error
