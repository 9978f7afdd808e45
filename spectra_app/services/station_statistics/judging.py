"""Was a scan right? What it named against what the laboratory found, name by name."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from matching.errors import SpectraError
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.kinds import Scan
from spectra_app.services.station_statistics.collecting import ItemFacts
from spectra_app.services.station_statistics.naming import (
    is_cutting_agent,
    is_known,
    keys_of_all,
)

MOST_IN_A_SET = 3  # a set of more names says too little to count as right (DESIGN, evaluation)
NAMING = ("match", "mixture", "lead")


@dataclass(frozen=True, slots=True)
class Named:
    """One component that a scan named, with the names that Raman does not tell from it."""

    name: str
    names: frozenset[str]
    judged: bool

    def holds(self, found: frozenset[str]) -> bool:
        """Return whether the set holds something that was found, however large it is."""
        return bool(keys_of_all(self.names) & found)

    def is_one_of(self, found: frozenset[str]) -> bool:
        """Return whether the set holds something that was found, and is small enough to count."""
        return len(self.names) <= MOST_IN_A_SET and self.holds(found)


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


@dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """An item against the laboratory, by its scans from before the answer.

    Parameters
    ----------
    facts : ItemFacts
        The item with those scans.
    found : frozenset of str
        Keys of what the laboratory found.
    stated : bool
        Whether the laboratory said what it found; of one that only refutes, no more is known than
        that nothing named is there.
    unknown : tuple of str
        What a laboratory that confirmed wrote and neither the table of substances nor a control
        list knows: it may mean what was named.
    named : tuple of (str, tuple of Named)
        What was named under each outcome.
    unreadable : int
        Results that could not be read.
    """

    facts: ItemFacts
    found: frozenset[str]
    stated: bool
    unknown: tuple[str, ...]
    named: tuple[tuple[str, tuple[Named, ...]], ...]
    unreadable: int

    @property
    def names_known(self) -> bool:
        """Whether names can be judged at all: every result and every word was read."""
        return not self.unreadable and not self.unknown

    def all_named(self, outcome: str = "") -> tuple[Named, ...]:
        """Return what its scans named, or those of one outcome."""
        return tuple(one for said, many in self.named if outcome in {"", said} for one in many)

    def wrong(self, outcome: str = "") -> tuple[Named, ...]:
        """Return what was named and is not there."""
        return tuple(
            one for one in self.all_named(outcome) if one.judged and not one.holds(self.found)
        )

    def too_wide(self, outcome: str = "") -> tuple[Named, ...]:
        """Return what was named as one of more names than say anything: neither right nor wrong."""
        return tuple(
            one
            for one in self.all_named(outcome)
            if one.judged and one.holds(self.found) and not one.is_one_of(self.found)
        )

    def right(self, outcome: str = "") -> tuple[Named, ...]:
        """Return what was named and is there."""
        return tuple(one for one in self.all_named(outcome) if one.is_one_of(self.found))


def judged(facts: ItemFacts, evidence: EvidenceStore) -> Judged:
    """Return an item that the laboratory answered, ready to be counted."""
    tested = replace(facts, scans=facts.blind)
    named: list[tuple[str, tuple[Named, ...]]] = []
    unreadable = 0
    for scan in tested.scans:
        try:
            named.append((scan.outcome, named_in(scan, evidence)))
        except (SpectraError, ValueError, KeyError, TypeError):
            unreadable += 1
    confirmed = facts.state == "confirmed"
    unknown = tuple(name for name in facts.found if confirmed and not is_known(name))
    found = keys_of_all(facts.found)
    return Judged(tested, found, bool(facts.found), unknown, tuple(named), unreadable)
