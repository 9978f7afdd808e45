"""Library entries: what is known about a reference, and which entries are one substance."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal, get_args

from matching.spectrum import Spectrum

Kind = Literal["measured", "reconstructed", "calculated", "emulated"]
KINDS: tuple[str, ...] = get_args(Kind)
ROLES = ("substance", "container", "cutting agent", "standard", "mixture")


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """Identity and provenance of one reference spectrum; empty text where it is not known.

    Parameters
    ----------
    entry : str
        Identifier: the first 16 hex digits of the SHA-256 of identity and spectrum.
    name : str
        Name of the substance as the source gives it.
    group : str
        Entries with one group count as one substance (hydrates, synonyms, mixtures of nature).
    inchikey, cas, formula : str
        Identifiers.
    category, family : str
        Class (``class`` in a manifest) and structural family.
    role : str
        ``substance``, ``container``, ``cutting agent``, ``standard`` or ``mixture`` (never named).
    kind : str
        ``measured``, ``reconstructed``, ``calculated`` or ``emulated``.
    technique : str
        ``Raman`` or ``SERS``; the two are never compared.
    laser_nm : float or None
        Excitation wavelength; None when the source does not say.
    serial, instrument, source, licence, reliability : str
        Where the spectrum comes from and under which terms.
    file, file_sha256, spectrum, column : str
        The imported file, its hash, and what was taken from it.
    content_sha256 : str
        Hash of the spectrum itself (axis, intensity, laser line, technique).
    assumptions : tuple of str
        What the reader assumed.
    metadata : dict
        Further columns of the manifest, kept as they are.
    """

    entry: str
    name: str
    group: str = ""
    inchikey: str = ""
    cas: str = ""
    formula: str = ""
    category: str = ""
    family: str = ""
    role: str = "substance"
    kind: str = "measured"
    technique: str = "Raman"
    laser_nm: float | None = None
    serial: str = ""
    instrument: str = ""
    source: str = ""
    licence: str = ""
    reliability: str = ""
    file: str = ""
    file_sha256: str = ""
    spectrum: str = ""
    column: str = ""
    content_sha256: str = ""
    assumptions: tuple[str, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return the record as one line of JSON, the same bytes for the same content."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_bytes(cls, line: bytes) -> EntryRecord:
        """Read a record written by `to_bytes`; fields of later versions are left out."""
        fields = json.loads(line)
        known = {key: value for key, value in fields.items() if key in cls.__dataclass_fields__}
        known["assumptions"] = tuple(known.get("assumptions", ()))
        return cls(**known)


@dataclass(frozen=True, eq=False, slots=True)
class Entry:
    """A reference: its record and its spectrum on its own axis."""

    record: EntryRecord
    spectrum: Spectrum


def entry_id(identity: str, spectrum: Spectrum) -> str:
    """Return the identifier of an entry from its identity text and its spectrum's content."""
    return hashlib.sha256(f"{identity}\n{spectrum.content_hash}".encode()).hexdigest()[:16]


def folded(name: str) -> str:
    """Return a name without case, blanks and punctuation; two names equal so are the same."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def identity_keys(name: str, group: str, inchikey: str) -> frozenset[str]:
    """Return the keys by which two things are the same substance: any one in common is enough."""
    keys = {f"name:{folded(name)}", f"name:{folded(group)}", f"inchikey:{inchikey.upper()}"}
    return frozenset(key for key in keys if not key.endswith(":"))


def substance_numbers(records: Sequence[EntryRecord]) -> list[int]:
    """Give one number to all entries that share a name, a group or an InChIKey.

    Chains count: if A shares its group with B and B its InChIKey with C, all three are one.
    """
    leader = list(range(len(records)))

    def root(item: int) -> int:
        while leader[item] != item:
            leader[item] = leader[leader[item]]
            item = leader[item]
        return item

    seen: dict[str, int] = {}
    for number, record in enumerate(records):
        for key in identity_keys(record.name, record.group, record.inchikey):
            other = root(seen.setdefault(key, number))
            mine = root(number)
            leader[max(other, mine)] = min(other, mine)
    roots = [root(number) for number in range(len(records))]
    order = {value: index for index, value in enumerate(dict.fromkeys(roots))}
    return [order[value] for value in roots]
