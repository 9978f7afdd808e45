"""Entries of a library against a second source: published bands, or another library.

A second source says what a substance looks like independently of the entry that bears its name.
So it shows which of two names is wrong, what the library alone cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from library.quality import Finding, named
from library.quality_context import Collection, Limits, session
from library.quality_identity import abbreviates, known, spelled_alike
from matching.coarse import Coarse, coarse_correlation
from matching.compare import Bands
from matching.likeness import Likeness, likeness, mirrored
from matching.spectrum import FloatArray

SIEVE = 0.7  # coarse correlation from which another substance is compared in detail
CLOSEST = 3  # others compared in detail for each entry, at most
BLOCK = 512
FEW = 5  # entries of a session from which it has a shift of its own


@dataclass(frozen=True, slots=True)
class Fit:
    """How an entry compares with one reference (`witness`) of a second source."""

    witness: int
    like: Likeness


@dataclass(frozen=True, slots=True)
class Testimony:
    """What a second source says about one entry.

    Parameters
    ----------
    row : int
        The entry.
    owns, others, turned : tuple of Fit
        With its own substance, with the closest others, and with any when the axis is reversed;
        the best first.
    """

    row: int
    owns: tuple[Fit, ...]
    others: tuple[Fit, ...]
    turned: tuple[Fit, ...]

    @property
    def own(self) -> float | None:
        """Evidence for its own substance; None when the second source does not hold it."""
        return self.owns[0].like.evidence if self.owns else None

    @property
    def best(self) -> float:
        """Evidence for whatever fits best as it is."""
        return max((fit.like.evidence for fit in (*self.owns, *self.others)), default=-np.inf)


def testimonies(
    held: Collection,
    turned: Coarse,
    second: Collection,
    rule: Limits,
    progress: Callable[[float], None],
) -> list[Testimony]:
    """Compare every entry with its own substance and the closest others of a second source.

    `turned` are the coarse spectra of the entries reversed.
    """
    own = own_rows(held, second)
    has_own = np.array([bool(rows) for rows in own])
    found = []
    for start in range(0, held.size, BLOCK):
        rows = np.arange(start, min(start + BLOCK, held.size))
        near = coarse_correlation(held.coarse, rows, second.coarse)
        far = coarse_correlation(turned, rows, second.coarse)
        busy = (np.maximum(near.max(axis=1), far.max(axis=1)) >= SIEVE) | has_own[rows]
        for row in rows[held.refs.comparable[rows] & busy].tolist():
            usable = second.refs.comparable & (second.refs.sers == held.refs.sers[row])
            mine = [other for other in own[row] if usable[other]]
            others = _closest(near[row - start], usable, mine)
            back = dict.fromkeys((*mine, *_closest(far[row - start], usable, mine)))
            scan = held.refs.bands(row)
            owns, closest, backward = (
                _fits(second, bands, numbers, rule)
                for bands, numbers in ((scan, mine), (scan, others), (mirrored(scan), [*back]))
            )
            found.append(Testimony(row, owns, closest, backward))
        progress((start + rows.size) / held.size)
    return found


def own_rows(held: Collection, second: Collection) -> list[list[int]]:
    """Return for every entry the rows of a second source that are its substance."""
    by_key: dict[str, list[int]] = {}
    for row, keys in enumerate(second.identities):
        for key in keys:
            by_key.setdefault(key, []).append(row)
    return [
        sorted({row for key in keys for row in by_key.get(key, ())}) for keys in held.identities
    ]


def _closest(score: FloatArray, usable: NDArray[np.bool_], but: Sequence[int]) -> list[int]:
    values = np.where(usable & (score >= SIEVE), score, -1.0)
    values[list(but)] = -1.0
    order: list[int] = np.argsort(-values, kind="stable")[:CLOSEST].tolist()
    return [row for row in order if values[row] > 0]


def _fits(second: Collection, scan: Bands, rows: Sequence[int], rule: Limits) -> tuple[Fit, ...]:
    if not rows:
        return ()
    ways = likeness(scan, [second.refs.bands(row) for row in rows], rule.policy)
    fits = [Fit(row, way) for row, way in zip(rows, ways, strict=True)]
    return tuple(
        sorted(fits, key=lambda fit: (not fit.like.stands, -fit.like.evidence, fit.witness))
    )


def witness_findings(
    held: Collection, second: Collection, said: Sequence[Testimony], rule: Limits
) -> Iterator[Finding]:
    """Yield what contradicts a second source: names, mirrored and shifted axes."""
    turned = {one.row for one in said if _is_turned(one, rule)}
    for one in said:
        if one.row in turned:
            yield _turned(held, second, one, rule)
    upright = [one for one in said if one.row not in turned]
    yield from _names(held, second, upright, rule)
    yield from _shifts(held, second, upright, rule)


def _is_turned(one: Testimony, rule: Limits) -> bool:
    if not one.turned:
        return False
    like = one.turned[0].like
    return like.stands and like.evidence >= max(rule.fits, one.best + rule.lead)


def _turned(held: Collection, second: Collection, one: Testimony, rule: Limits) -> Finding:
    fit = one.turned[0]
    name = second.records[fit.witness].name
    what = (
        f"{named(held.records, one.row)} fits '{name}' of {second.title} only with its axis "
        f"reversed (evidence {fit.like.evidence:.1f}, as it is {one.best:.1f})"
    )
    return Finding("axis_mirrored", (one.row,), what, fit.like.evidence, rule.fits, "", (name,))


def _names(
    held: Collection, second: Collection, said: Iterable[Testimony], rule: Limits
) -> Iterator[Finding]:
    """Yield entries that look like another substance than their own, exchanged ones together."""
    by_row = {one.row: one for one in said}
    bearers = _bearers(held, second)
    mistaken = {row: one for row, one in by_row.items() if _is_other(one, rule)}
    meant = {row: bearers.get(one.others[0].witness, []) for row, one in mistaken.items()}
    for row, one in mistaken.items():
        back = [other for other in meant[row] if row in meant.get(other, ())]
        if back:
            if row < back[0]:
                yield _swapped(held, (row, back[0]), one, rule)
        else:
            worse = [
                bearer
                for bearer in meant[row]
                if bearer in by_row and _fits_worse(by_row[bearer], one, rule)
            ]
            yield _other(held, second, one, worse, rule)
    for row, one in by_row.items():
        own = one.own
        if row not in mistaken and own is not None and own < rule.unlike:
            yield _absent(held, second, one, rule)


def _absent(held: Collection, second: Collection, one: Testimony, rule: Limits) -> Finding:
    """Say that an entry lacks its published bands, and which entry has them if one does."""
    own, witness = one.owns[0].like.evidence, one.owns[0].witness
    what = (
        f"{named(held.records, one.row)} does not look like '{_own_name(second, one)}' of "
        f"{second.title} (evidence {own:.1f})"
    )
    near = coarse_correlation(second.coarse, np.array([witness]), held.coarse)[0]
    usable = held.refs.comparable & (held.refs.sers == held.refs.sers[one.row])
    rows = [row for row in _closest(near, usable, [one.row]) if not held.same(row, one.row)]
    ways = [likeness(held.refs.bands(r), [second.refs.bands(witness)], rule.policy) for r in rows]
    best = max(((way[0].evidence, -row) for row, way in zip(rows, ways, strict=True)), default=None)
    if best is None or best[0] < max(rule.fits, own + 2.0 * rule.lead):
        return Finding("published_bands_missing", (one.row,), what, own, rule.unlike)
    row = -best[1]
    what += f", but {named(held.records, row)} does ({best[0]:.1f})"
    return Finding("names_swapped", (one.row, row), what, best[0], rule.fits)


def _bearers(held: Collection, second: Collection) -> dict[int, list[int]]:
    """Return the entries that bear the name of each reference of a second source."""
    found: dict[int, list[int]] = {}
    for row, rows in enumerate(own_rows(held, second)):
        for other in rows:
            found.setdefault(other, []).append(row)
    return found


def _is_other(one: Testimony, rule: Limits) -> bool:
    if not one.others or not one.others[0].like.stands:
        return False
    evidence = one.others[0].like.evidence
    if one.own is None:
        return evidence >= rule.same
    return evidence >= max(rule.fits, one.own + rule.lead)


def _own_name(second: Collection, one: Testimony) -> str:
    return second.records[one.owns[0].witness].name


def _swapped(held: Collection, rows: tuple[int, int], one: Testimony, rule: Limits) -> Finding:
    first, second = (named(held.records, row) for row in rows)
    evidence = one.others[0].like.evidence
    what = f"{first} looks like {second} and the other way round (evidence {evidence:.1f})"
    return Finding("names_swapped", rows, what, evidence, rule.fits)


def _fits_worse(bearer: Testimony, one: Testimony, rule: Limits) -> bool:
    """Tell whether the bearer of a name fits it clearly worse than another entry does."""
    return (bearer.own or 0.0) < one.others[0].like.evidence - rule.lead


def _other(
    held: Collection, second: Collection, one: Testimony, worse: Sequence[int], rule: Limits
) -> Finding:
    """Say that an entry looks like another substance, as surely as names and entries allow.

    Without published bands of its own, a name that nobody knows may be a synonym; it is not one
    when the entry that bears the other name fits worse.
    """
    record, fit = held.records[one.row], one.others[0]
    name = second.records[fit.witness].name
    against = "" if one.own is None else f", '{_own_name(second, one)}' {one.own:.1f}"
    what = (
        f"'{record.name}' looks like '{name}' of {second.title} "
        f"(evidence {fit.like.evidence:.1f}{against})"
    )
    code = "looks_like_another"
    if one.own is None and not worse:
        if spelled_alike(record.name, name):
            code = "another_spelling"
        elif not known(record):
            code = "resembles_another"
    rows = (one.row, *worse)
    return Finding(code, rows, what, fit.like.evidence, rule.same, "", (name,))


@dataclass(frozen=True, slots=True)
class _Shift:
    """Where an entry lies against one source of its own substance, and against which row."""

    row: int
    fit: Fit


def _shifts(
    held: Collection, second: Collection, said: Iterable[Testimony], rule: Limits
) -> Iterator[Finding]:
    """Yield entries, and whole sessions, whose bands lie beside those of their own substance."""
    sessions: dict[str, dict[str, dict[int, _Shift]]] = {}
    for one in said:
        for fit in _of_its_substance(held, second, one):
            if fit.like.evidence >= rule.fits:
                sources = sessions.setdefault(session(held.records[one.row]), {})
                rows = sources.setdefault(session(second.records[fit.witness]), {})
                rows.setdefault(one.row, _Shift(one.row, fit))
    for sources in sessions.values():
        usual = {name: _usual(rows.values()) for name, rows in sources.items()}
        off: dict[int, list[float]] = {}
        for source, rows in sources.items():
            for row, shift in rows.items():
                off.setdefault(row, []).append(
                    _deviation((held, second), shift, usual[source], rule)
                )
        for row, found in off.items():
            least = min(found, key=abs)
            if least:
                what = (
                    f"{named(held.records, row)}: its bands lie {-least:+.1f} cm-1 off "
                    f"{second.title}, allowing for what its session lies off"
                )
                yield Finding("axis_shifted", (row,), what, abs(least), rule.shift_cm1, "cm-1")
        yield from _session(second, sources, usual, rule)


def _of_its_substance(held: Collection, second: Collection, one: Testimony) -> tuple[Fit, ...]:
    """Return the fits of its own substance; of one that is spelled alike when there are none."""
    name = held.records[one.row].name
    if one.owns or not one.others or not one.others[0].like.stands:
        return one.owns
    other = second.records[one.others[0].witness].name
    meant = spelled_alike(name, other) or abbreviates(name, other)
    return one.others[:1] if meant else ()


def _deviation(
    both: tuple[Collection, Collection], shift: _Shift, usual: float, rule: Limits
) -> float:
    """Return by how much an entry lies off its session; 0 unless it fits there clearly better."""
    off = shift.fit.like.shift_cm1 - usual
    if abs(off) < rule.shift_cm1:
        return 0.0
    held, second = both
    reference = second.refs.bands(shift.fit.witness)
    (there,) = likeness(held.refs.bands(shift.row), [reference], rule.policy, [usual])
    return off if shift.fit.like.evidence >= there.evidence + rule.lead else 0.0


def _usual(shifts: Iterable[_Shift]) -> float:
    """Return the shift of a session; too few entries say nothing about it."""
    values = [shift.fit.like.shift_cm1 for shift in shifts]
    return median(values) if len(values) >= FEW else 0.0


def _session(
    second: Collection,
    sources: dict[str, dict[int, _Shift]],
    usual: dict[str, float],
    rule: Limits,
) -> Iterator[Finding]:
    source = max(sources, key=lambda name: len(sources[name]))
    if abs(usual[source]) >= rule.shift_cm1:
        rows = tuple(sorted(sources[source]))
        what = (
            f"all {len(rows)} entries of one session that {second.title} hold lie "
            f"{-usual[source]:+.1f} cm-1 off"
        )
        yield Finding("session_shifted", rows, what, abs(usual[source]), rule.shift_cm1, "cm-1")
