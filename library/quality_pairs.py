"""Entries of a library against each other: copies, look-alikes, mirrored axes, disagreements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from statistics import median

import numpy as np

from library.quality import Finding, named
from library.quality_context import Collection, Limits, session
from matching.coarse import Coarse
from matching.confusion import ConfusedPair
from matching.likeness import Likeness, likeness, mirrored, similar

MIRRORED_SIEVE = 0.85  # coarse correlation from which a mirrored pair is compared in detail
MOST_TOGETHER = 12  # entries of one substance compared each with each; of more, each with these
FEW = 5  # comparisons from which a session has a shift of its own


def pair_findings(
    held: Collection, pairs: Sequence[ConfusedPair], rule: Limits
) -> Iterator[Finding]:
    """Yield what pairs that Raman does not tell apart mean, by their evidence and names."""
    for pair in pairs:
        rows = (pair.row, pair.other)
        both = " and ".join(named(held.records, row) for row in rows)
        figure = f"evidence {pair.evidence:.1f}, correlation {pair.correlation:.3f}"
        if held.same(*rows):
            what = f"{both} are two names of one substance with the same spectrum ({figure})"
            yield Finding("one_substance_two_names", rows, what, pair.evidence, rule.same)
        elif pair.evidence >= rule.same:
            what = f"{both} have the same spectrum ({figure})"
            yield Finding("same_spectrum_two_names", rows, what, pair.evidence, rule.same)
        else:
            what = f"{both} are not told apart ({figure})"
            yield Finding("not_told_apart", rows, what, pair.evidence, rule.same)


def mirrored_findings(
    held: Collection,
    turned: Coarse,
    rule: Limits,
    doubt: Sequence[float],
    progress: Callable[[float], None],
) -> Iterator[Finding]:
    """Yield pairs of entries of which one is the other with its axis reversed.

    `turned` are the library's coarse spectra reversed; `doubt` says of each row how much of its
    light lies where molecules have none: of the two, the one with more is named first.
    """
    usable, sers = held.refs.comparable, held.refs.sers
    plain = held.coarse.plain
    for pair in similar(turned.plain, plain, MIRRORED_SIEVE, progress, later=True):
        row, other = pair
        if usable[row] and usable[other] and sers[row] == sers[other]:
            yield from _mirrored_pair(held, pair, rule, doubt)


def _mirrored_pair(
    held: Collection, pair: tuple[int, int], rule: Limits, doubt: Sequence[float]
) -> Iterator[Finding]:
    one, other = (held.refs.bands(row) for row in pair)
    (as_it_is,) = likeness(one, [other], rule.policy)
    (turned,) = likeness(mirrored(one), [other], rule.policy)
    least = max(rule.same, as_it_is.evidence + rule.lead)
    if not turned.stands or turned.evidence < least:
        return
    wrong, right = sorted(pair, key=lambda row: (-doubt[row], -row))
    what = (
        f"{named(held.records, wrong)} is {named(held.records, right)} with its axis reversed "
        f"(evidence {turned.evidence:.1f})"
    )
    yield Finding("axis_mirrored", (wrong, right), what, turned.evidence, rule.same)


def substance_findings(held: Collection, rule: Limits) -> Iterator[Finding]:
    """Yield entries of one substance whose spectra differ or lie at other Raman shifts."""
    groups: dict[int, list[int]] = {}
    for row, number in enumerate(held.refs.matrix.substance.tolist()):
        if held.refs.comparable[row]:
            groups.setdefault(int(number), []).append(row)
    found: dict[tuple[int, int], Likeness] = {}
    for rows in groups.values():
        if len(rows) > 1:
            ways = _compared(held, rows, rule)
            found |= ways
            yield from _disagreeing(held, rows, ways, rule)
    yield from _shifted(held, found, rule)
    yield from _twice(held, found, rule)


def _twice(
    held: Collection, found: dict[tuple[int, int], Likeness], rule: Limits
) -> Iterator[Finding]:
    """Yield pairs of entries of one substance with the same spectrum."""
    for rows, way in found.items():
        records = [held.records[row] for row in rows]
        if way.evidence >= rule.same and not any(record.replaces for record in records):
            files = " and ".join(record.file or record.entry for record in records)
            both = " and ".join(named(held.records, row) for row in rows)
            what = f"{both} are one substance with the same spectrum ({files})"
            yield Finding("held_twice", rows, what, way.evidence, rule.same)


def _compared(
    held: Collection, rows: Sequence[int], rule: Limits
) -> dict[tuple[int, int], Likeness]:
    """Compare entries of one substance, the better of both directions for each pair."""
    found: dict[tuple[int, int], Likeness] = {}
    sers = held.refs.sers
    centre = rows[:MOST_TOGETHER]
    for row in rows:
        others = [o for o in centre if o != row and sers[o] == sers[row]]
        ways = likeness(held.refs.bands(row), [held.refs.bands(o) for o in others], rule.policy)
        for other, way in zip(others, ways, strict=True):
            key, turn = ((row, other), 1.0) if row < other else ((other, row), -1.0)
            if key not in found or way.evidence > found[key].evidence:
                found[key] = replace(way, shift_cm1=turn * way.shift_cm1)
    return found


def _disagreeing(
    held: Collection,
    rows: Sequence[int],
    ways: dict[tuple[int, int], Likeness],
    rule: Limits,
) -> Iterator[Finding]:
    agree = {row: {row} for row in rows}
    for (one, other), way in ways.items():
        if way.evidence >= rule.fits:
            agree[one].add(other)
            agree[other].add(one)
    best = {
        row: max((way.evidence for pair, way in ways.items() if row in pair), default=np.inf)
        for row in rows
    }
    alone = [row for row in rows if best[row] < rule.unlike and np.isfinite(best[row])]
    together = max(agree.values(), key=len)
    for row in alone:
        name = named(held.records, row)
        if len(together) > 1 and len(together) > len(rows) / 2 and _one_form(held, row, together):
            what = f"{name} does not look like the {len(together)} others of its substance"
            others = (row, *sorted(together))
            code = "disagrees_with_its_substance"
        else:
            others = (row, *(other for other in rows if other != row))
            what = f"{name} and {named(held.records, others[1])} are one substance but differ"
            code = "same_substance_differs"
        said = f"{what} (evidence {best[row]:.1f} at best)"
        yield Finding(code, others, said, float(best[row]), rule.unlike)


def _one_form(held: Collection, row: int, others: set[int]) -> bool:
    """Tell whether an entry is stated to be the same substance in the same form as others."""
    record = held.records[row]
    return all(
        held.records[other].form == record.form
        and not held.identities[other].isdisjoint(held.identities[row])
        for other in others
    )


def _shifted(
    held: Collection, found: dict[tuple[int, int], Likeness], rule: Limits
) -> Iterator[Finding]:
    """Yield pairs of one substance whose shift is not that of their two sessions."""
    usual: dict[tuple[str, str], list[float]] = {}
    fits = {pair: way for pair, way in found.items() if way.evidence >= rule.fits}
    for (one, other), way in fits.items():
        first, second = session(held.records[one]), session(held.records[other])
        usual.setdefault((first, second), []).append(way.shift_cm1)
    for pair, way in fits.items():
        first, second = (session(held.records[row]) for row in pair)
        shifts = usual[first, second]
        between = median(shifts) if first != second and len(shifts) >= FEW else 0.0
        off = way.shift_cm1 - between
        if abs(off) >= rule.shift_cm1 and (first == second or len(shifts) >= FEW):
            names = " and ".join(named(held.records, row) for row in pair)
            what = f"{names} are one substance, but their axes differ by {abs(off):.1f} cm-1"
            yield Finding("axis_shifted", pair, what, abs(off), rule.shift_cm1, "cm-1")
