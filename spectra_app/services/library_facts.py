"""What the program found out about a library: look-alikes, and which families may answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from library.entry import STATUSES
from library.findings import Families, confusion_of, references
from library.store import Library
from matching.confusion import LookAlikes, confusion_sets
from matching.decision import LARGEST_SET
from matching.family import FamilyCheck
from matching.policy import Policy

WHY_OFF = {
    "few_members": "too few measured members",
    "no_shared_bands": "its members share no band",
    "others_taken": "other substances may be taken for it too often",
    "members_missed": "too many of its members are not recognised when left out",
}


def confusion_names(library: Library, policy: Policy) -> tuple[tuple[str, ...], ...]:
    """Return the sets of names that Raman does not tell apart under a policy.

    A set is what a verdict on one of its members would name; one of more than three members is
    never named.
    """
    substance = library.matrix.substance
    sets = confusion_sets(confusion_of(library, policy), substance)
    wanted = {number for members in sets for number in members}
    names: dict[int, str] = {}
    for row, number in enumerate(substance.tolist()):
        if number in wanted:
            names.setdefault(number, library.record(row).name)
    return tuple(tuple(names[number] for number in members) for members in sets)


def look_alike_names(library: Library, policy: Policy) -> dict[int, tuple[str, ...]]:
    """Return for each row that has any the names of what Raman does not tell from it."""
    look_alikes = LookAlikes(references(library), policy, confusion_of(library, policy))
    everything = np.ones(len(library), dtype=bool)
    found = ((row, look_alikes.of(row, everything)) for row in range(len(library)))
    return {row: tuple(library.record(o).name for o in others) for row, others in found if others}


def entry_rows(library: Library, policy: Policy) -> Iterator[dict[str, Any]]:
    """Yield the record of each entry with the names that Raman does not tell from it."""
    alike = look_alike_names(library, policy)
    force = {row for row, _ in library.records_in_force()}
    for row, record in enumerate(library.records()):
        yield {
            **asdict(record),
            "in_force": row in force,
            "indistinguishable": alike.get(row, ()),
        }


def described(library: Library, policy: Policy) -> dict[str, Any]:
    """Return what is known of a library under a policy beside its own `LibraryInfo`."""
    checks = Families(library, policy).checks()
    return {
        "statuses": statuses(library),
        "indistinguishable": confusion_names(library, policy),
        "families": [family_row(check) for check in checks],
    }


def statuses(library: Library) -> dict[str, int]:
    """Return how many entries have each status; replaced ones are counted by themselves."""
    force = {row for row, _ in library.records_in_force()}
    found = Counter(
        one.status if row in force or one.status == "withdrawn" else "replaced"
        for row, one in enumerate(library.records())
    )
    return {name: found[name] for name in (*STATUSES, "replaced")}


def family_row(check: FamilyCheck) -> dict[str, Any]:
    """Return a family's check as plain values, without the numbers of its pattern."""
    row = {key: value for key, value in asdict(check).items() if key != "model"}
    return {**row, "on": check.on}


def description_text(described: Mapping[str, Any], policy: Policy) -> str:
    """Return what `described` gives as text: confusion sets, then families, one to a line."""
    counts = ", ".join(f"{count:,} {name}" for name, count in described["statuses"].items())
    lines = [f"entries: {counts}", *_set_lines(described["indistinguishable"])]
    lines += [family_line(row, policy) for row in described["families"]]
    return "\n".join(lines)


def _set_lines(sets: Sequence[Sequence[str]]) -> Iterator[str]:
    if not sets:
        yield "sets that Raman does not tell apart: none found"
        return
    yield (
        f"sets that Raman does not tell apart ({len(sets)}; "
        "members that fit a scan alike are named together):"
    )
    for names in sets:
        large = "" if len(names) <= LARGEST_SET else "  [too many to be named]"
        yield f"  {' / '.join(names)}{large}"


def family_line(row: Mapping[str, Any], policy: Policy) -> str:
    """Return one line on a family: whether it may answer, why, and what it is recognised by."""
    start = f"family {row['family']}: {'on' if row['on'] else 'off'}, "
    if row["reason"] == "few_members":
        need = f"{policy.family.least_members:.0f}"
        return f"{start}measured members: {row['members']}, needed: {need}"
    bands = ", ".join(f"{place:.0f}" for place in row["bands_cm1"])
    figures = (
        f"{row['found']} of {row['members']} members recognised when left out (at least "
        f"{row['found_low95']:.0%}), {row['false']} of {row['others']} others taken for it "
        f"(at most {row['false_high95']:.1%})"
    )
    shared = f"; shared bands {bands} cm-1" if bands else ""
    why = "" if row["on"] else f"{WHY_OFF[row['reason']]}: "
    return f"{start}{why}{figures}{shared}"
