"""Spectra of one instrument on one axis: whether one of them lies otherwise than all others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from library.entry import EntryRecord
from library.quality import Finding, named
from library.quality_context import Limits
from library.quality_spectra import SAME_AXIS_CM1, SpectrumFacts
from library.store import Library
from matching.common_pattern import LEAST_SPECTRA, uprightness
from matching.spectrum import FloatArray

SILENT = 0.03  # share of light in the silent region; only nitriles and reversed spectra have more
LONE = 2  # at most so many spectra share an axis that is not their session's


Axes = dict[bytes, list[int]]  # rows by the hash of their axis


def session_findings(
    library: Library,
    records: Sequence[EntryRecord],
    facts: Sequence[SpectrumFacts | None],
    rule: Limits,
    progress: Callable[[float], None],
) -> Iterator[Finding]:
    """Yield measured entries whose axis is moved or reversed against the others of a session."""
    sessions = _sessions(records, facts)
    _adopt(library, sessions)
    for number, axes in enumerate(sessions.values()):
        usual = _usual(axes)
        if len(usual) >= LEAST_SPECTRA:
            yield from _moved(library, records, axes, usual, rule)
            yield from _reversed(library, records, facts, usual)
        progress((number + 1) / len(sessions))


def _sessions(
    records: Sequence[EntryRecord], facts: Sequence[SpectrumFacts | None]
) -> dict[str, Axes]:
    """Return the rows of measured entries by instrument (blank when not stated) and axis."""
    found: dict[str, Axes] = {}
    for row, (record, fact) in enumerate(zip(records, facts, strict=True)):
        if record.kind == "measured" and fact is not None:
            instrument = record.serial or record.instrument
            found.setdefault(instrument, {}).setdefault(fact.axis, []).append(row)
    return found


def _usual(axes: Axes) -> list[int]:
    """Return the rows of the axis that most spectra of a session have."""
    return max(axes.values(), key=len)


def _adopt(library: Library, sessions: dict[str, Axes]) -> None:
    """Count entries that state no instrument to the one whose axis they have, moved or not."""
    unstated = sessions.pop("", {})
    large = sorted(sessions.values(), key=lambda axes: -len(_usual(axes)))
    left: Axes = {}
    for axis, rows in unstated.items():
        home = next((axes for axes in large if _may_be(library, rows[0], axis, axes)), left)
        home.setdefault(axis, []).extend(rows)
    if left:
        sessions[""] = left


def _may_be(library: Library, row: int, axis: bytes, axes: Axes) -> bool:
    usual = library.spectrum(_usual(axes)[0]).raman_shift_cm1
    return axis in axes or _offset(library, row, usual) != 0.0


def _moved(
    library: Library,
    records: Sequence[EntryRecord],
    axes: Axes,
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
