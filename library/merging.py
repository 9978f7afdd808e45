"""Merging several laboratories' libraries: conflicts are found and named, never resolved here.

A conflict is something about which two libraries do not say the same. Each has a key that follows
from its content, so that a decision written down once is found again in the next merge.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from library.entry import EntryRecord, substance_numbers
from library.errors import MergeConflictError, MergeDecisionError
from library.names import folded

SAME_ID = "same entry id, different records"
VERSIONS = "same entry, different new versions"
IDENTITY = "same name, different identity"
SPECTRA = "same substance, different spectra"
NAMES = "same spectrum, different names"
KINDS = (SAME_ID, VERSIONS, IDENTITY, SPECTRA, NAMES)
BOTH = "both"


@dataclass(frozen=True, slots=True)
class Held:
    """An entry of one of the libraries to be merged.

    Parameters
    ----------
    library : int
        Which library, from 1 in the order given.
    row : int
        Row in it.
    record : EntryRecord
        The entry's record.
    """

    library: int
    row: int
    record: EntryRecord


@dataclass(frozen=True, slots=True)
class Conflict:
    """Entries of two or more libraries that do not go together without a decision.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    subject : str
        Substance, name or identifier in question.
    entries : tuple of Held
        What each library holds.
    differs : tuple of str
        What is different, for people.
    """

    kind: str
    subject: str
    entries: tuple[Held, ...]
    differs: tuple[str, ...]

    @property
    def key(self) -> str:
        """Name of the conflict: the first 16 hex digits of a hash over kind and records."""
        digest = hashlib.sha256(self.kind.encode())
        for line in sorted(held.record.to_bytes() for held in self.entries):
            digest.update(line)
        return digest.hexdigest()[:16]

    @property
    def choices(self) -> tuple[str, ...]:
        """What may be decided: the number of the library that is right, or both.

        Both cannot be kept under one identifier, nor as what follows on one entry, nor under one
        name that means two substances: a library takes entries of one name for one substance.
        """
        numbers = tuple(str(n) for n in sorted({held.library for held in self.entries}))
        return numbers if self.kind in {SAME_ID, VERSIONS, IDENTITY} else (*numbers, BOTH)

    def to_json(self) -> dict[str, Any]:
        """Return the conflict as the report holds it."""
        return {
            "key": self.key,
            "kind": self.kind,
            "subject": self.subject,
            "differs": list(self.differs),
            "choices": list(self.choices),
            "entries": [
                {"library": held.library, "entry": held.record.entry, "name": held.record.name}
                for held in self.entries
            ],
        }


def conflicts(libraries: Sequence[Sequence[EntryRecord]]) -> tuple[Conflict, ...]:
    """Find all conflicts among libraries, each given as the records of its entries.

    Entries of one library are never in conflict with each other here: that is for
    ``spectra library check``.
    """
    held = [
        Held(number, row, record)
        for number, records in enumerate(libraries, start=1)
        for row, record in enumerate(records)
    ]
    found = [*_same_id(held), *_versions(held), *_identity(held), *_spectra(held), *_names(held)]
    return tuple(sorted(found, key=lambda one: (KINDS.index(one.kind), one.subject, one.key)))


def _groups(held: Sequence[Held], keys: Sequence[Any]) -> Iterator[tuple[Any, list[Held]]]:
    """Yield what several libraries have in common by some key; empty keys are no key."""
    groups: dict[Any, list[Held]] = {}
    for one, key in zip(held, keys, strict=True):
        if key not in {"", None}:
            groups.setdefault(key, []).append(one)
    for key, group in groups.items():
        if len({one.library for one in group}) > 1:
            yield key, group


def _same_id(held: Sequence[Held]) -> Iterator[Conflict]:
    for entry, group in _groups(held, [one.record.entry for one in held]):
        if len({one.record.to_bytes() for one in group}) > 1:
            yield Conflict(SAME_ID, str(entry), tuple(group), _fields_differing(group))


def _versions(held: Sequence[Held]) -> Iterator[Conflict]:
    """Find entries that two libraries edited apart: all that follows on them is in question."""
    after: dict[tuple[int, str], list[Held]] = {}
    for one in held:
        after.setdefault((one.library, one.record.replaces), []).append(one)
    standing = [one for one in held if one.record.status != "withdrawn"]
    for _, group in _groups(standing, [one.record.replaces for one in standing]):
        if len({one.record.entry for one in group}) > 1:
            line = list(group)
            for one in line:  # grows while it is read
                line += (h for h in after.get((one.library, one.record.entry), ()) if h not in line)
            yield Conflict(VERSIONS, group[0].record.name, tuple(line), _fields_differing(group))


def _fields_differing(group: Sequence[Held]) -> tuple[str, ...]:
    rows = [asdict(one.record) for one in group]
    return tuple(
        f"{name}: " + " / ".join(dict.fromkeys(str(row[name]) for row in rows))
        for name in rows[0]
        if any(row[name] != rows[0][name] for row in rows)
    )


def _identity(held: Sequence[Held]) -> Iterator[Conflict]:
    for _, group in _groups(held, [folded(one.record.name) for one in held]):
        differs = []
        for name in ("inchikey", "cas", "formula"):
            stated = {str(getattr(one.record, name)).upper(): one for one in group}
            stated.pop("", None)
            if len(stated) > 1 and len({one.library for one in group}) > 1:
                differs.append(f"{name}: " + " / ".join(sorted(stated)))
        if differs:
            yield Conflict(IDENTITY, group[0].record.name, tuple(group), tuple(differs))


def _spectra(held: Sequence[Held]) -> Iterator[Conflict]:
    """Find substances of which two libraries hold spectra that are not the same ones."""
    numbers = substance_numbers([one.record for one in held])
    keys = [
        (number, one.record.technique, one.record.kind)
        for number, one in zip(numbers, held, strict=True)
    ]
    for _, group in _groups(held, keys):
        by_library: dict[int, set[str]] = {}
        for one in group:
            by_library.setdefault(one.library, set()).add(one.record.content_sha256)
        if any(a != b for a, b in combinations(by_library.values(), 2)):
            lasers = sorted({f"{one.record.laser_nm or 'unknown'} nm" for one in group})
            differs = (f"{len(set().union(*by_library.values()))} spectra", ", ".join(lasers))
            yield Conflict(SPECTRA, group[0].record.name, tuple(group), differs)


def _names(held: Sequence[Held]) -> Iterator[Conflict]:
    numbers = substance_numbers([one.record for one in held])
    number_of = {(one.library, one.row): n for one, n in zip(held, numbers, strict=True)}
    for _, group in _groups(held, [one.record.content_sha256 for one in held]):
        if len({number_of[one.library, one.row] for one in group}) > 1:
            names = tuple(dict.fromkeys(one.record.name for one in group))
            yield Conflict(NAMES, names[0], tuple(group), (" / ".join(names),))


def decided(
    found: Sequence[Conflict], decisions: Mapping[str, Any], where: str = ""
) -> dict[str, str]:
    """Return the choice for each conflict; one without a decision stops the merge.

    Parameters
    ----------
    found : sequence of Conflict
        All conflicts.
    decisions : mapping
        Conflict key -> choice, and kind -> choice for all of that kind without one of their own.
    where : str
        The decisions file, for messages.

    Raises
    ------
    MergeConflictError
        When a conflict has no decision.
    MergeDecisionError
        When a decision is about nothing, or is not one of the choices.
    """
    known = {one.key for one in found} | set(KINDS)
    strangers = sorted(str(key) for key in decisions if key not in known)
    if strangers:
        raise MergeDecisionError(
            f"the decision {strangers[0][:60]!r} is about no conflict of this merge",
            where,
            "take it out; the report names every conflict",
        )
    made: dict[str, str] = {}
    open_ones = []
    for one in found:
        choice = str(decisions.get(one.key, decisions.get(one.kind, "")))
        if not choice:
            open_ones.append(one)
        elif choice not in one.choices:
            raise MergeDecisionError(
                f"{choice[:40]!r} cannot be decided for {one.key} ({one.kind}, {one.subject})",
                where,
                f"choose one of {', '.join(one.choices)}",
            )
        else:
            made[one.key] = choice
    if open_ones:
        first = open_ones[0]
        raise MergeConflictError(
            f"{len(open_ones)} of {len(found)} conflicts are not decided, the first: {first.kind}, "
            f"{first.subject}",
            where,
            "decide each in a file and give it with --decisions; nothing was written",
        )
    return made


def kept(
    libraries: Sequence[Sequence[EntryRecord]],
    found: Sequence[Conflict],
    choices: Mapping[str, str],
) -> list[Held]:
    """Return what goes into the merged library, in order; what all hold alike goes in once."""
    out: set[tuple[int, int]] = set()
    for one in found:
        choice = choices[one.key]
        if choice != BOTH:
            out |= {(h.library, h.row) for h in one.entries if str(h.library) != choice}
    taken: dict[str, Held] = {}
    for number, records in enumerate(libraries, start=1):
        for row, record in enumerate(records):
            if (number, row) not in out:
                taken.setdefault(record.entry, Held(number, row, record))
    return list(taken.values())
