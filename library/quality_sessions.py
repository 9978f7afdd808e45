"""Spectra of one instrument on one axis: whether one of them lies otherwise than all others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from library.entry import EntryRecord
from library.quality import Finding, named
from library.quality_context import Limits, session
from library.quality_spectra import SAME_AXIS_CM1, SpectrumFacts
from library.store import Library
from matching.common_pattern import LEAST_SPECTRA, uprightness
from matching.spectrum import FloatArray

SILENT = 0.03  # share of light in the silent region; only nitriles and reversed spectra have more
LONE = 2  # at most so many spectra share an axis that is not their session's


def session_findings(
    library: Library,
    records: Sequence[EntryRecord],
    facts: Sequence[SpectrumFacts | None],
    rule: Limits,
    progress: Callable[[float], None],
) -> Iterator[Finding]:
    """Yield measured entries whose axis is moved or reversed against the others of a session."""
    axes = _axes(records, facts)
    for number, found in enumerate(axes.values()):
        usual = max(found.values(), key=len)
        if len(usual) >= LEAST_SPECTRA:
            yield from _moved(library, records, found, usual, rule)
            yield from _reversed(library, records, facts, usual)
        progress((number + 1) / len(axes))


def _axes(
    records: Sequence[EntryRecord], facts: Sequence[SpectrumFacts | None]
) -> dict[str, dict[bytes, list[int]]]:
    """Return the rows of measured entries by session and axis."""
    found: dict[str, dict[bytes, list[int]]] = {}
    for row, (record, fact) in enumerate(zip(records, facts, strict=True)):
        if record.kind == "measured" and fact is not None:
            found.setdefault(session(record), {}).setdefault(fact.axis, []).append(row)
    return found


def _moved(
    library: Library,
    records: Sequence[EntryRecord],
    axes: dict[bytes, list[int]],
    usual: Sequence[int],
    rule: Limits,
) -> Iterator[Finding]:
    wanted = library.spectrum(usual[0]).raman_shift_cm1
    for rows in axes.values():
        off = _offset(library, rows[0], wanted) if len(rows) <= LONE else 0.0
        if abs(off) >= rule.shift_cm1:
            for row in rows:
                what = (
                    f"{named(records, row)}: its axis is that of the {len(usual)} others of its "
                    f"instrument moved by {off:+.1f} cm-1"
                )
                yield Finding("axis_shifted", (row,), what, abs(off), rule.shift_cm1, "cm-1")


def _offset(library: Library, row: int, wanted: FloatArray) -> float:
    """Return by how much an entry's axis is another one moved; 0 when it is anything else."""
    axis = library.spectrum(row).raman_shift_cm1
    if axis.size != wanted.size:
        return 0.0
    off = axis - wanted
    return float(off.mean()) if float(np.ptp(off)) < 10.0 * SAME_AXIS_CM1 else 0.0


def _reversed(
    library: Library,
    records: Sequence[EntryRecord],
    facts: Sequence[SpectrumFacts | None],
    rows: Sequence[int],
) -> Iterator[Finding]:
    """Yield entries with bands where none should be that carry the session's pattern reversed."""
    doubtful = [row for row in rows if _silent(facts[row]) > SILENT]
    if not doubtful:
        return
    lead = uprightness(library.spectrum(row).intensity for row in rows)
    if lead is None:
        return
    for row in doubtful:
        score = float(lead[rows.index(row)])
        if score < 0.0:
            what = (
                f"{named(records, row)} has {_silent(facts[row]):.0%} of its light where none "
                f"should be, and the faint pattern of its instrument runs backwards ({score:.2f})"
            )
            yield Finding("axis_mirrored", (row,), what, score, 0.0)


def _silent(fact: SpectrumFacts | None) -> float:
    return 0.0 if fact is None else fact.silent_light
