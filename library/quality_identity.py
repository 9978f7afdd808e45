"""Whether name, InChIKey, CAS number and formula agree with each other and with the tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

from library.entry import EntryRecord
from library.quality import Finding, named
from library.substances import Found, fold, substances

INCHIKEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]\Z")
SKELETON = 14  # characters of an InChIKey that stand for the connectivity
ABBREVIATION = 5  # letters up to which a name may be an abbreviation
SPELLING = 0.8  # likeness from which two names are spellings of one
ELEMENT = re.compile(r"([A-Z][a-z]?)([0-9]*)")


def identity(record: EntryRecord) -> frozenset[str]:
    """Return the keys of a substance: two records with one key in common mean one substance.

    Beside name, group and InChIKey (without stereo part) these are all substances of the tables
    that the record may mean, so that known synonyms have a key in common.
    """
    keys = {f"name {fold(text)}" for text in (record.name, record.group, *record.synonyms) if text}
    if record.inchikey:
        keys.add(f"skeleton {record.inchikey[:SKELETON].upper()}")
    if record.cas:
        keys.add(f"cas {record.cas}")
    tables = substances()
    hits = tables.find(inchikey=record.inchikey, cas=record.cas, name=record.name)
    for found in hits:
        keys.add(f"table {found.substance.key}")
        keys.add(f"skeleton {found.substance.inchikey[:SKELETON]}")
    return frozenset(keys)


def known(record: EntryRecord) -> bool:
    """Tell whether structure or tables say which substance is meant, not only a name."""
    return bool(record.inchikey) or any(key.startswith("table ") for key in identity(record))


def spelled_alike(one: str, other: str) -> bool:
    """Tell whether two names may be spellings of one: one lies in the other, or nearly so."""
    short, long = sorted((fold(one), fold(other)), key=len)
    return bool(short) and (short in long or SequenceMatcher(None, short, long).ratio() >= SPELLING)


def abbreviates(one: str, other: str) -> bool:
    """Tell whether the shorter name may stand for the longer one.

    It has at most five letters, which come in the longer one in this order, beginning with its
    first. Many names do that by chance.
    """
    short, long = sorted((fold(one), fold(other)), key=len)
    letters = iter(long)
    if not 0 < len(short) <= ABBREVIATION or short[0] != long[0]:
        return False
    return all(letter in letters for letter in short)


def identity_findings(
    records: Sequence[EntryRecord], force: Sequence[bool] | None = None
) -> Iterator[Finding]:
    """Yield what is wrong with identifiers, entry by entry and between entries.

    `force` says which records are in force (see `library.versions`): all when left out.
    """
    rows = [row for row in range(len(records)) if force is None or force[row]]
    for row in rows:
        yield from _own(records, row, records[row])
    yield from _two_structures(records, rows)
    yield from _crossed(records, rows)
    yield from _missing(records, rows)


def _own(records: Sequence[EntryRecord], row: int, record: EntryRecord) -> Iterator[Finding]:
    name = named(records, row)
    if record.cas and not valid_cas(record.cas):
        what = f"{name}: the CAS number {record.cas} has a wrong check digit or form"
        yield Finding("cas_check_digit", (row,), what)
    if record.inchikey and not INCHIKEY.match(record.inchikey.upper()):
        what = f"{name}: {record.inchikey} is no InChIKey"
        yield Finding("inchikey_form", (row,), what)
    yield from _against_tables(name, row, record)


def valid_cas(number: str) -> bool:
    """Tell whether a CAS number has the right form and check digit."""
    from stdnum import casrn

    return bool(casrn.is_valid(number))


def _against_tables(name: str, row: int, record: EntryRecord) -> Iterator[Finding]:
    """Yield where the tables know two identifiers of a record as different substances."""
    tables = substances()
    said: dict[str, tuple[Found, ...]] = {
        "the InChIKey": tables.by_inchikey(record.inchikey) if record.inchikey else (),
        "the name": tables.by_name(record.name),
        "the CAS number": tables.by_cas(record.cas) if record.cas else (),
    }
    known_by = [(what, found) for what, found in said.items() if found]
    for place, (one, left) in enumerate(known_by):
        for other, right in known_by[place + 1 :]:
            if _skeletons(left).isdisjoint(_skeletons(right)):
                means = f"{left[0].substance.name}, {other} {right[0].substance.name}"
                what = f"{name}: {one} means {means}"
                yield Finding("identifiers_disagree", (row,), what)
                return
    yield from _structure(name, row, record, said["the name"])
    yield from _formula(name, row, record, [hit for _, found in known_by for hit in found])


def _structure(
    name: str, row: int, record: EntryRecord, hits: Sequence[Found]
) -> Iterator[Finding]:
    """Yield when a name means a substance of another structure than the InChIKey stated."""
    exact = [hit for hit in hits if hit.via == "name" and not hit.substance.conflict]
    if not record.inchikey or not exact or substances().by_inchikey(record.inchikey):
        return
    if record.inchikey[:SKELETON].upper() not in _skeletons(hits):
        stated = f"{exact[0].substance.name} has the InChIKey {exact[0].substance.inchikey}"
        what = f"{name}: the InChIKey stated is {record.inchikey}, but {stated}"
        yield Finding("identifiers_disagree", (row,), what)


def _skeletons(hits: Sequence[Found]) -> set[str]:
    """Return the connectivities that hits stand for: parents, their salts and alternatives."""
    found = set()
    for hit in hits:
        found |= {hit.substance.inchikey[:SKELETON], f"table {hit.substance.key}"}
        found |= {other[:SKELETON] for other in hit.substance.stereo_alternatives}
        found |= {part.split(" ")[0][:SKELETON] for part in hit.substance.conflict.split("; ")}
        if hit.salt is not None:
            found.add(hit.salt.inchikey[:SKELETON])
    return found - {""}


def _formula(name: str, row: int, record: EntryRecord, hits: Sequence[Found]) -> Iterator[Finding]:
    stated = composition(record.formula)
    allowed = [hit.salt.formula if hit.salt else hit.substance.formula for hit in hits]
    allowed += [hit.substance.formula for hit in hits]
    wanted = [composition(formula) for formula in allowed if composition(formula)]
    if stated and wanted and all(_carbons(stated) != _carbons(other) for other in wanted):
        what = f"{name}: the formula {record.formula} is not that of the substance ({allowed[0]})"
        yield Finding("identifiers_disagree", (row,), what)


def composition(formula: str) -> dict[str, int]:
    """Return how many atoms of each element a plain formula holds; empty when it is not plain."""
    parts = ELEMENT.findall(formula)
    if "".join(element + count for element, count in parts) != formula:
        return {}
    found: dict[str, int] = {}
    for element, count in parts:
        found[element] = found.get(element, 0) + int(count or 1)
    return found


def _carbons(atoms: dict[str, int]) -> tuple[int, int]:
    """Return what salts and hydrates of a parent do not change: carbon and nitrogen."""
    return atoms.get("C", 0), atoms.get("N", 0)


def _two_structures(records: Sequence[EntryRecord], rows: Sequence[int]) -> Iterator[Finding]:
    """Yield names with several structures, and structures with several names."""
    by_name: dict[str, dict[str, int]] = {}
    by_key: dict[str, dict[str, int]] = {}
    for row in rows:
        record = records[row]
        if record.inchikey:
            folded = fold(record.name)
            by_name.setdefault(folded, {}).setdefault(record.inchikey[:SKELETON].upper(), row)
            by_key.setdefault(record.inchikey.upper(), {}).setdefault(folded, row)
    for skeletons in by_name.values():
        if len(skeletons) > 1:
            found = tuple(skeletons.values())
            keys = ", ".join(records[row].inchikey for row in found)
            what = f"{named(records, found[0])} stands with different structures: {keys}"
            yield Finding("one_name_two_structures", found, what)
    for key, names in by_key.items():
        if len(names) > 1:
            found = tuple(names.values())
            said = " and ".join(named(records, row) for row in found)
            what = f"{said} are one substance by their InChIKey ({key})"
            yield Finding("one_substance_two_names", found, what)


def _crossed(records: Sequence[EntryRecord], rows: Sequence[int]) -> Iterator[Finding]:
    """Yield pairs of entries each of which bears the name of the other's group."""
    by_both: dict[tuple[str, str], int] = {}
    for row in rows:
        name, group = fold(records[row].name), fold(records[row].group)
        other = by_both.get((group, name))
        if group and name != group and other is not None:
            what = (
                f"{named(records, row)} stands in the group '{records[row].group}' and "
                f"{named(records, other)} in '{records[other].group}': the names are exchanged"
            )
            yield Finding("names_swapped", (other, row), what)
        by_both.setdefault((name, group), row)


def _missing(records: Sequence[EntryRecord], rows: Sequence[int]) -> Iterator[Finding]:
    """Yield one finding for each thing that entries lack, with all rows that lack it."""
    lacking: dict[str, Callable[[EntryRecord], bool]] = {
        "laser_unknown": lambda r: r.laser_nm is None and r.kind == "measured",
        "name_unknown": lambda r: not _in_tables(r),
        "no_identifier": lambda r: not (r.inchikey or r.cas),
        "no_licence": lambda r: not r.licence,
        "no_provenance": lambda r: (
            r.kind == "measured" and not (r.lot or r.supplier or r.certificate or r.source)
        ),
        "resampled": lambda r: "resampled" in r.marks,
    }
    words = {
        "laser_unknown": "the laser line is not known",
        "name_unknown": "the substance tables do not know the name",
        "no_identifier": "there is neither InChIKey nor CAS number",
        "no_licence": "no licence is stated",
        "no_provenance": "the source of the sample is not stated",
        "resampled": "the spectrum was resampled before it was imported",
    }
    for code, lacks in lacking.items():
        found = tuple(row for row in rows if lacks(records[row]))
        if found:
            what = f"{words[code]}: {len(found):,} of {len(rows):,} entries"
            yield Finding(code, found, what, float(len(found)), 0.0, "entries")


def _in_tables(record: EntryRecord) -> bool:
    hits = substances().find(inchikey=record.inchikey, cas=record.cas, name=record.name)
    return bool(hits)
