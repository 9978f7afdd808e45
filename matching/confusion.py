"""Confusion sets: pairs of references of a library that Raman does not tell apart.

Each reference is taken as a scan and compared with the other the way a verdict compares: aligned,
brought to one resolution, weighed by the policy's evidence. Two different substances are not told
apart when one of their references, as a scan, would leave the other standing in the verdict as a
rival, or when their shapes correlate as those of one substance do. Everything that decides is in
the policy (`rule_hash`).

Comparing every pair in detail would take hours for a large library, so pairs are first sifted by
a coarse correlation that neither a small shift nor a different resolution lowers much.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from matching.coarse import BROADENED_CM1, CELL, SMOOTH_CM1, Coarse, coarse, coarse_correlation
from matching.compare import Bands, compare_many
from matching.decision import explains
from matching.evidence import evidence
from matching.policy import Policy
from matching.search import ReferenceMatrix, prefix_sums
from matching.sieve import Shadows, shadows
from matching.spectrum import FloatArray

VERSION = 1  # of the rule below, part of its hash
SIEVE = 0.75  # coarse correlation from which a pair is compared in detail
BLOCK = 256  # rows sifted at a time
DIGITS = 9  # of correlation and evidence
TOGETHER = 32  # references compared with one at a time

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
_Way = tuple[float, float, bool]  # correlation, evidence, and whether it stands in a verdict


@dataclass(frozen=True, eq=False, slots=True)
class References:
    """The references of a library as they are compared with each other.

    Parameters
    ----------
    matrix : ReferenceMatrix
        Square roots on the common grid, n rows.
    noise : array, shape (n,)
        Standard deviation of the noise where the rows squared are the intensity.
    comparable, sers : bool arrays, shape (n,)
        Entries that scans are compared with, and surface-enhanced ones: those two techniques are
        never compared with each other.
    """

    matrix: ReferenceMatrix
    noise: FloatArray
    comparable: BoolArray
    sers: BoolArray

    def bands(self, row: int) -> Bands:
        """Return a reference's band intensities (relative), float64."""
        first, end = int(self.matrix.first[row]), int(self.matrix.end[row])
        root = np.asarray(self.matrix.rows[row, first:end], dtype=np.float64)
        return Bands(root * root, first, float(self.noise[row]))

    def only(self, *rows: int) -> References:
        """Return some rows as references of their own, in the order given."""
        part, matrix = list(rows), self.matrix
        chosen = np.asarray(matrix.rows[part])
        sums, squares = prefix_sums(chosen)
        return References(
            replace(
                matrix,
                rows=chosen,
                first=matrix.first[part],
                end=matrix.end[part],
                sums=sums,
                squares=squares,
                substance=matrix.substance[part],
                index=None,
                windows={},
            ),
            self.noise[part],
            self.comparable[part],
            self.sers[part],
        )


@dataclass(frozen=True, slots=True)
class ConfusedPair:
    """Two references of different substances that Raman does not tell apart.

    Parameters
    ----------
    row, other : int
        Rows of the library, the lower first.
    correlation : float
        Correlation of the square roots after alignment, the better of the two directions.
    evidence : float
        Evidence (logit) that they are one substance, the better of the two directions.
    """

    row: int
    other: int
    correlation: float
    evidence: float


def rule_hash(policy: Policy) -> str:
    """Return the SHA-256 (hex) of all that decides which pairs are told apart."""
    limits = policy.thresholds
    rule = (
        (VERSION, BROADENED_CM1, SMOOTH_CM1, CELL, SIEVE),
        policy.compare,
        policy.model,
        (limits.same_spectrum, limits.name, limits.rival, limits.least_bands),
        (
            limits.most_unexplained,
            limits.least_root_correlation,
            limits.most_uncovered,
            limits.least_overlap_cm1,
        ),
    )
    return hashlib.sha256(repr(rule).encode()).hexdigest()


def confused_pairs(
    references: References,
    policy: Policy,
    rows: Sequence[int] | None = None,
    progress: Callable[[float], None] = lambda _share: None,
    spectra: Coarse | None = None,
) -> tuple[ConfusedPair, ...]:
    """Return the pairs of references of different substances that Raman does not tell apart.

    Parameters
    ----------
    references : References
        The library's references.
    policy : Policy
        Settings of the comparison and thresholds of the verdict.
    rows : sequence of int, optional
        Only pairs with one of these rows; all pairs when left out.
    progress : callable (share)
        Told how much of the rows is done, 0 to 1.
    spectra : Coarse, optional
        The coarse spectra of the references, when they are at hand.

    Returns
    -------
    tuple of ConfusedPair
        By rows; each pair once.
    """
    spectra = spectra or coarse(references.matrix)
    found: dict[tuple[int, int], list[_Way]] = {}
    wanted = np.arange(references.matrix.size) if rows is None else np.asarray(rows)
    faint = shadows(spectra) if rows is None else None
    for start in range(0, wanted.size, BLOCK):
        block = wanted[start : start + BLOCK]
        sifted = set(_sifted(spectra, references, block, faint))
        both = sorted({*sifted, *((other, one) for one, other in sifted)})
        for one, group in groupby(both, key=lambda pair: pair[0]):
            _compare_with(references, one, [pair[1] for pair in group], policy, found)
        progress(min(start + BLOCK, wanted.size) / wanted.size)
    judged = (_judged(key, found[key], policy) for key in sorted(found))
    return tuple(pair for pair in judged if pair is not None)


def _compare_with(
    references: References,
    row: int,
    others: Sequence[int],
    policy: Policy,
    found: dict[tuple[int, int], list[_Way]],
) -> None:
    """Take one reference as a scan, compare it with others, and add to what was `found`."""
    scan, limits = references.bands(row), policy.thresholds
    for start in range(0, len(others), TOGETHER):
        part = others[start : start + TOGETHER]
        bands = [references.bands(other) for other in part]
        ways = compare_many(scan, bands, [0.0] * len(part), policy.compare)
        for other, way in zip(part, ways, strict=True):
            if way is not None:
                key = (min(row, other), max(row, other))
                logit = evidence(way, policy.model)
                # the least evidence that a rival has in any verdict
                stands = explains(way, logit, limits, limits.name - limits.rival)
                found.setdefault(key, []).append((way.root_correlation, logit, stands))


def _judged(key: tuple[int, int], ways: Sequence[_Way], policy: Policy) -> ConfusedPair | None:
    """Return a pair from its comparisons both ways; None when it is told apart."""
    correlation = max(way[0] for way in ways)
    if correlation < policy.thresholds.same_spectrum and not any(way[2] for way in ways):
        return None
    logit = max(way[1] for way in ways)
    # last bits depend on what else was compared in one go; a library that grew says the same
    return ConfusedPair(*key, round(correlation, DIGITS), round(logit, DIGITS))


def _sifted(
    spectra: Coarse, references: References, rows: IntArray, faint: Shadows | None
) -> Iterator[tuple[int, int]]:
    """Yield pairs of one of `rows` with any other row whose coarse correlation is high enough.

    With `faint`, the shadows of the spectra, only later rows are partners: each pair once.
    """
    if faint is None:
        places, partners = np.nonzero(coarse_correlation(spectra, rows, spectra) >= SIEVE)
    else:
        places, partners = faint.reaching(rows, int(rows[0]), SIEVE)
    one, sers, usable = rows[places], references.sers, references.comparable
    substance = references.matrix.substance
    kept = (substance[one] != substance[partners]) & (sers[one] == sers[partners])
    kept &= usable[one] & usable[partners]
    if faint is not None:
        kept &= partners > one
    one, partners = one[kept], partners[kept]
    if faint is not None and one.size:
        some, others = np.unique(one), np.unique(partners)
        whole = coarse_correlation(spectra, some, spectra.at(others))
        close = whole[np.searchsorted(some, one), np.searchsorted(others, partners)] >= SIEVE
        one, partners = one[close], partners[close]
    yield from zip(one.tolist(), partners.tolist(), strict=True)


class LookAlikes:
    """Which references Raman does not tell from a given one.

    Parameters
    ----------
    references : References
        The library's references.
    policy : Policy
        The policy in force.
    known : iterable of ConfusedPair, optional
        All pairs of the library under this very policy (`rule_hash`); without them each row is
        compared with the library when it is first asked for, and remembered.
    """

    def __init__(
        self,
        references: References,
        policy: Policy,
        known: Iterable[ConfusedPair] | None = None,
    ) -> None:
        self._references, self._policy = references, policy
        self._complete = known is not None
        self._coarse: Coarse | None = None
        self._pairs: dict[int, tuple[ConfusedPair, ...]] = {}
        for pair in known or ():
            for row in (pair.row, pair.other):
                self._pairs[row] = (*self._pairs.get(row, ()), pair)

    def pairs(self, row: int) -> tuple[ConfusedPair, ...]:
        """Return the pairs that a row is part of."""
        if not self._complete and row not in self._pairs:
            self._coarse = self._coarse or coarse(self._references.matrix)
            self._pairs[row] = confused_pairs(
                self._references, self._policy, [row], spectra=self._coarse
            )
        return self._pairs.get(row, ())

    def alike(self, one: int, other: int) -> bool:
        """Tell whether two rows are a pair that Raman does not tell apart."""
        for row, partner in ((one, other), (other, one)):
            if self._complete or row in self._pairs:
                return any(partner in (p.row, p.other) for p in self.pairs(row) if one != other)
        return one != other and bool(
            confused_pairs(self._references.only(one, other), self._policy)
        )

    def of(self, row: int, allowed: BoolArray) -> tuple[int, ...]:
        """Return one row of every other substance not told from `row`, the most alike first.

        `allowed`, shape (n,), says which rows may be returned.
        """
        substance = self._references.matrix.substance
        ranked = sorted(self.pairs(row), key=lambda pair: (-pair.evidence, pair.row, pair.other))
        found: dict[int, int] = {}
        for pair in ranked:
            other = pair.other if pair.row == row else pair.row
            if allowed[other]:
                found.setdefault(int(substance[other]), other)
        return tuple(found.values())


def confusion_sets(
    pairs: Sequence[ConfusedPair], substance: IntArray
) -> tuple[tuple[int, ...], ...]:
    """Return the sets of substances that Raman does not tell apart, by substance numbers.

    A set is what a verdict on one of its members would have to name: the member and all that is
    not told from it. Sets that lie in others are left out. "Not told apart" does not carry over:
    A may look like B and B like C, while A and C differ; then the set is that of B.

    Parameters
    ----------
    pairs : sequence of ConfusedPair
        All pairs of the library.
    substance : int array, shape (n,)
        Number of the substance of each row.

    Returns
    -------
    tuple of tuple of int
        Substance numbers, rising; the sets in order.
    """
    near: dict[int, set[int]] = {}
    for pair in pairs:
        one, other = int(substance[pair.row]), int(substance[pair.other])
        near.setdefault(one, {one}).add(other)
        near.setdefault(other, {other}).add(one)
    sets = {frozenset(members) for members in near.values()}
    whole = [members for members in sets if not any(members < other for other in sets)]
    return tuple(sorted(tuple(sorted(members)) for members in whole))
