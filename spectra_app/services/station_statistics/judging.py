"""Was a scan right? What it named against what the laboratory found, name by name.

Names are compared by the substance that the program's table knows them as, so that a salt or a
synonym is the same substance; a name that the table lacks is compared folded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from library.control import control_lists
from library.substances import SALT_WORDS, fold, substances
from matching.errors import SpectraError
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.kinds import Scan
from spectra_app.services.station_statistics.collecting import ItemFacts

MOST_IN_A_SET = 3  # a set of more names says too little to count as right (DESIGN, evaluation)
NAMING = ("match", "mixture", "lead")


@dataclass(frozen=True, slots=True)
class Named:
    """One component that a scan named, with the names that Raman does not tell from it."""

    name: str
    names: frozenset[str]
    judged: bool

    def is_one_of(self, found: frozenset[str]) -> bool:
        """Return whether the set holds something that was found, and is small enough to count."""
        keys: frozenset[str] = frozenset().union(*(keys_of(name) for name in self.names))
        return len(self.names) <= MOST_IN_A_SET and bool(keys & found)


@lru_cache(maxsize=4096)
def keys_of(name: str) -> frozenset[str]:
    """Return which substances a name may mean: keys of the table, else the folded name.

    A salt of what only the control lists know is that substance, too.
    """
    found = {hit.substance.key for hit in substances().by_name(name)}
    return frozenset(found) or frozenset({f"name:{fold(control_lists().parent_of(name) or name)}"})


@lru_cache(maxsize=4096)
def title_of(name: str) -> str:
    """Return the name by which a substance is listed: that of its parent, if it means just one."""
    for asked in (name, SALT_WORDS.sub("", name.strip())):
        found = {hit.substance.name for hit in substances().by_name(asked)}
        if len(found) == 1:
            return found.pop()
    return name.strip()


def keys_of_all(names: Iterable[str]) -> frozenset[str]:
    """Return which substances several names may mean."""
    return frozenset().union(*(keys_of(name) for name in names))


def named_in(scan: Scan, evidence: EvidenceStore) -> tuple[Named, ...]:
    """Return what a scan named, packaging left out.

    A cutting agent is not judged when the laboratory does not mention it: laboratories seldom list
    them.

    Raises
    ------
    EvidenceError
        When its result is missing or damaged.
    ValueError, KeyError, TypeError
        When it is no result.
    """
    content = json.loads(evidence.get(scan.result))
    alike = [frozenset(str(name) for name in names) for names in content["indistinguishable"]]
    made = []
    for part in content["components"]:
        name, role = str(part["name"]), str(part["role"])
        if role != "container":
            names = frozenset({name}).union(*(one for one in alike if name in one))
            made.append(Named(name, names, not is_cutting_agent(name, role)))
    return tuple(made)


def names_of(scan: Scan, evidence: EvidenceStore) -> tuple[tuple[str, ...], bool]:
    """Return the names that a scan gave, packaging left out, and whether its result can be read.

    Where it cannot, what the record says that it named is used: nothing named is lost.
    """
    try:
        return tuple(one.name for one in named_in(scan, evidence)), True
    except (SpectraError, ValueError, KeyError, TypeError):
        return scan.names, False


def is_cutting_agent(name: str, role: str = "") -> bool:
    """Return whether a name is that of a cutting agent, by its role or the substance table."""
    classes = {hit.substance.class_ for hit in substances().by_name(name)}
    return role == "cutting agent" or (
        bool(classes) and all(one.startswith("cutting agent") for one in classes)
    )


@dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """An item against the laboratory.

    Parameters
    ----------
    facts : ItemFacts
        The item.
    found : frozenset of str
        Keys of what the laboratory found.
    stated : bool
        Whether the laboratory said what it found; of one that only refutes, no more is known than
        that nothing named is there.
    named : tuple of (str, tuple of Named)
        What was named under each outcome.
    unreadable : int
        Results that could not be read.
    """

    facts: ItemFacts
    found: frozenset[str]
    stated: bool
    named: tuple[tuple[str, tuple[Named, ...]], ...]
    unreadable: int

    def all_named(self, outcome: str = "") -> tuple[Named, ...]:
        """Return what its scans named, or those of one outcome."""
        return tuple(one for said, many in self.named if outcome in {"", said} for one in many)

    def wrong(self, outcome: str = "") -> tuple[Named, ...]:
        """Return what was named and is not there."""
        return tuple(
            one for one in self.all_named(outcome) if one.judged and not one.is_one_of(self.found)
        )

    def right(self, outcome: str = "") -> tuple[Named, ...]:
        """Return what was named and is there."""
        return tuple(one for one in self.all_named(outcome) if one.is_one_of(self.found))


def judged(facts: ItemFacts, evidence: EvidenceStore) -> Judged:
    """Return an item that the laboratory answered, ready to be counted."""
    named: list[tuple[str, tuple[Named, ...]]] = []
    unreadable = 0
    for scan in facts.scans:
        try:
            named.append((scan.outcome, named_in(scan, evidence)))
        except (SpectraError, ValueError, KeyError, TypeError):
            unreadable += 1
    return Judged(facts, keys_of_all(facts.found), bool(facts.found), tuple(named), unreadable)
