"""Library entries: what is known about a reference, and which entries are one substance."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal, get_args

from library.names import folded
from matching.spectrum import FloatArray, Spectrum

Kind = Literal["measured", "reconstructed", "calculated", "emulated"]
KINDS: tuple[str, ...] = get_args(Kind)
ROLES = ("substance", "container", "cutting agent", "standard", "mixture")
Status = Literal["draft", "reviewed", "released", "withdrawn"]
STATUSES: tuple[str, ...] = get_args(Status)  # in this order; withdrawn is the end
LISTS = ("assumptions", "synonyms", "marks")  # fields that hold several texts
NUMBERS = frozenset({"laser_nm", "resolution_cm1"})  # fields that are numbers or not known
COUNTS = frozenset({"version", "replicates"})


# Fields that came with schema 2: written when they differ from their default.
LATER = frozenset(
    {"synonyms", "smiles", "form", "lot", "certificate", "purity", "supplier", "resolution_cm1"}
    | {"calibration", "operator", "measured_at", "status", "status_reason", "status_by"}
    | {"status_at", "version", "replaces", "replicates", "recipe", "marks"}
)


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
    synonyms : tuple of str
        Other names of the substance.
    inchikey, cas, formula, smiles : str
        Identifiers.
    form : str
        Salt, hydrate or polymorph, as written.
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
    resolution_cm1 : float or None
        Spectral resolution, full width at half maximum; None when the source does not say.
    serial, instrument, calibration, operator, measured_at : str
        What measured it, its calibration state, who and when.
    lot, certificate, purity, supplier : str
        The reference material.
    source, licence, reliability : str
        Where the spectrum comes from and under which terms.
    file, file_sha256, spectrum, column : str
        The imported file, its hash, and what was taken from it.
    content_sha256 : str
        Hash of the spectrum itself (axis, intensity, laser line, technique).
    status : str
        ``draft``, ``reviewed``, ``released`` or ``withdrawn``.
    status_reason, status_by, status_at : str
        Why (always for a withdrawal), by whom and when it got this status.
    version : int
        1, or one more than that of the entry it `replaces` (its identifier, empty for none).
    replicates : int
        Number of measured spectra behind it.
    recipe : str
        How the consensus of several replicates was made; empty for one spectrum.
    marks : tuple of str
        What the reader marked: ``truncated``, ``resampled``, ``missing values``.
    assumptions : tuple of str
        What the reader assumed.
    metadata : dict
        Further columns of the manifest, kept as they are.
    """

    entry: str
    name: str
    group: str = ""
    synonyms: tuple[str, ...] = ()
    inchikey: str = ""
    cas: str = ""
    formula: str = ""
    smiles: str = ""
    form: str = ""
    category: str = ""
    family: str = ""
    role: str = "substance"
    kind: str = "measured"
    technique: str = "Raman"
    laser_nm: float | None = None
    resolution_cm1: float | None = None
    serial: str = ""
    instrument: str = ""
    calibration: str = ""
    operator: str = ""
    measured_at: str = ""
    lot: str = ""
    certificate: str = ""
    purity: str = ""
    supplier: str = ""
    source: str = ""
    licence: str = ""
    reliability: str = ""
    file: str = ""
    file_sha256: str = ""
    spectrum: str = ""
    column: str = ""
    content_sha256: str = ""
    status: str = "draft"
    status_reason: str = ""
    status_by: str = ""
    status_at: str = ""
    version: int = 1
    replaces: str = ""
    replicates: int = 1
    recipe: str = ""
    marks: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return the record as one line of JSON, the same bytes for the same content.

        Fields that came after schema 1 are written when they say something: a record of then has
        the same bytes today.
        """
        fields = self.__dataclass_fields__
        content = {
            name: value
            for name, value in asdict(self).items()
            if name not in LATER or value != fields[name].default
        }
        return json.dumps(content, ensure_ascii=False, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_bytes(cls, line: bytes) -> EntryRecord:
        """Read a record written by `to_bytes`; fields of later versions are left out.

        Raises
        ------
        ValueError, TypeError, AttributeError
            When it is none, or a field is of another type than it must be.
        """
        try:
            fields = json.loads(line)
        except RecursionError as error:
            raise ValueError("it is nested without end") from error
        known = {key: value for key, value in fields.items() if key in cls.__dataclass_fields__}
        known |= {name: tuple(known.get(name, ())) for name in LISTS}
        record = cls(**known)
        for name, value in known.items():
            _check_type(name, value)
        return record


def _check_type(name: str, value: object) -> None:
    """Raise TypeError for the value of a field that is not of its type."""
    if name in NUMBERS:
        right = value is None or (type(value) in {int, float} and math.isfinite(value))  # type: ignore[arg-type]
    elif name in LISTS:
        right = isinstance(value, tuple) and all(isinstance(one, str) for one in value)
    elif name == "metadata":
        right = isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    else:
        right = type(value) is (int if name in COUNTS else str)
    if not right:
        raise TypeError(f"{name} is of another type")


@dataclass(frozen=True, eq=False, slots=True)
class Entry:
    """A reference: its record and its spectrum on its own axis.

    Parameters
    ----------
    record : EntryRecord
        What is known about it.
    spectrum : Spectrum
        The spectrum, or the consensus of the replicates.
    replicates : tuple of Entry
        The spectra as they were measured, each with its own record; none for a single one.
    spread : ndarray, shape (n,), optional
        Standard deviation of the replicates at every point of the consensus.
    """

    record: EntryRecord
    spectrum: Spectrum
    replicates: tuple[Entry, ...] = ()
    spread: FloatArray | None = None


def entry_id(identity: str, spectrum: Spectrum) -> str:
    """Return the identifier of an entry from its identity text and its spectrum's content."""
    return hashlib.sha256(f"{identity}\n{spectrum.content_hash}".encode()).hexdigest()[:16]


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
