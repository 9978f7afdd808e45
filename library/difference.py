"""What differs between two libraries, by substance: added, withdrawn, changed and what changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from library.entry import EntryRecord, substance_numbers
from library.versions import in_force

# Told by the other fields, or different in every version.
_NOT_SHOWN = frozenset({"entry", "replaces", "content_sha256"})
SPECTRUM = "spectrum itself"


@dataclass(frozen=True, slots=True)
class Change:
    """An entry in another version, or another record under the same identifier.

    Parameters
    ----------
    entry, was : str
        Identifiers of the new and the old one.
    what : dict
        Field -> old and new value; `SPECTRUM` -> hashes when the spectrum is another one.
    """

    entry: str
    was: str
    what: dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs for one substance.

    Parameters
    ----------
    substance : str
        Name, of the newest record that has one.
    added : tuple of EntryRecord
        Entries of the second library that are new.
    withdrawn : tuple of EntryRecord
        Entries of the first library that the second does not hold any more, or holds as withdrawn.
    changed : tuple of Change
        Entries in both, in another form.
    """

    substance: str
    added: tuple[EntryRecord, ...]
    withdrawn: tuple[EntryRecord, ...]
    changed: tuple[Change, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the difference as the command line prints it."""
        return {
            "substance": self.substance,
            "added": [_named(one) for one in self.added],
            "withdrawn": [_named(one) for one in self.withdrawn],
            "changed": [asdict(one) for one in self.changed],
        }


def _named(record: EntryRecord) -> dict[str, Any]:
    shown = {"entry": record.entry, "name": record.name, "version": record.version}
    withdrawn = record.status == "withdrawn"  # otherwise the reason is one for another status
    return shown | ({"reason": record.status_reason} if withdrawn else {})


def current(records: Sequence[EntryRecord]) -> list[EntryRecord]:
    """Return the entries in force: of each the newest version that is not withdrawn."""
    force = in_force(records)
    return [record for record, standing in zip(records, force, strict=True) if standing]


def difference(old: Sequence[EntryRecord], new: Sequence[EntryRecord]) -> tuple[Difference, ...]:
    """Compare two libraries, each as the records of all its entries.

    Returns
    -------
    tuple of Difference
        One for each substance with a difference, by name.
    """
    before, after = current(old), current(new)
    known = {record.entry: record for record in before}
    earlier = earlier_versions(new)
    pairs: dict[str, EntryRecord] = {}
    added: list[EntryRecord] = []
    for record in after:
        was = next((one for one in (record.entry, *earlier(record)) if one in known), None)
        if was is None or was in pairs:
            added.append(record)
        else:
            pairs[was] = record
    last = {one: record for record in new for one in (*earlier(record), record.entry)}
    gone = [last.get(r.entry, r) for r in before if r.entry not in pairs]
    changes = {
        was: change for was, record in pairs.items() if (change := _change(known[was], record)).what
    }
    return _by_substance([*before, *after], added, gone, changes, pairs)


def earlier_versions(records: Sequence[EntryRecord]) -> Callable[[EntryRecord], list[str]]:
    """Return a function from a record to the identifiers of its earlier versions, latest first."""
    replaces = {record.entry: record.replaces for record in records}

    def chain(record: EntryRecord) -> list[str]:
        found: list[str] = []
        entry = record.replaces
        while entry and entry not in found:
            found.append(entry)
            entry = replaces.get(entry, "")
        return found

    return chain


def _change(old: EntryRecord, new: EntryRecord) -> Change:
    what = {
        one.name: (getattr(old, one.name), getattr(new, one.name))
        for one in fields(EntryRecord)
        if one.name not in _NOT_SHOWN and getattr(old, one.name) != getattr(new, one.name)
    }
    if old.content_sha256 != new.content_sha256:
        what[SPECTRUM] = (old.content_sha256, new.content_sha256)
    return Change(new.entry, old.entry, what)


def _by_substance(
    records: Sequence[EntryRecord],
    added: Sequence[EntryRecord],
    gone: Sequence[EntryRecord],
    changes: dict[str, Change],
    pairs: dict[str, EntryRecord],
) -> tuple[Difference, ...]:
    everyone = [*records, *gone]
    numbers = substance_numbers(everyone)
    of = {(r.entry, r.name): number for r, number in zip(everyone, numbers, strict=True)}
    names = {number: r.name for r, number in zip(everyone, numbers, strict=True)}
    groups: dict[int, tuple[list[EntryRecord], list[EntryRecord], list[Change]]] = {}
    for place, several in ((0, added), (1, gone)):
        for record in several:
            groups.setdefault(of[record.entry, record.name], ([], [], []))[place].append(record)  # type: ignore[arg-type]
    for was, change in changes.items():
        record = pairs[was]
        groups.setdefault(of[record.entry, record.name], ([], [], []))[2].append(change)
    found = [
        Difference(names[number], tuple(a), tuple(w), tuple(c))
        for number, (a, w, c) in groups.items()
    ]
    return tuple(sorted(found, key=lambda one: one.substance.casefold()))
