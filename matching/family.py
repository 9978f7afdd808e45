"""Families: what a scan of a substance that the library lacks may still say.

Members of a family (fentanyls, nitazenes, ...) may share bands that nothing else has. A scan that
no reference explains and that carries this pattern can be said to be of the family: never a name.

The pattern is found in coarse spectra by ridge regression of membership (+1, -1), both classes
with the same weight, which is regularised linear discriminant analysis (Hastie, Tibshirani and
Friedman, The Elements of Statistical Learning, 2nd ed., 4.2 and 4.3). Beside a high score a scan
must have most of the bands that the members share. Nothing is chosen by looking at the answers, so
leaving every substance out in turn, members and all others, shows honestly what the family's
answer is worth; it is switched on only when that meets the limits in the policy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from matching.coarse import BROADENED_CM1, CELL, CELLS, SMOOTH_CM1, cell_centres_cm1, coarse_root
from matching.rates import exact_bounds
from matching.spectrum import FloatArray

VERSION = 1  # of the method below, part of the rule's hash
TAIL = 0.05  # left out on one side: one-sided 95 % bounds
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FamilySettings:
    """When a family may answer, and what a scan must show.

    Parameters
    ----------
    least_members : float
        Measured substances of the family that the library must hold.
    most_false : float
        Largest rate of other substances taken for the family: its exact upper 95 % bound
        (one-sided), n counting substances.
    least_found : float
        Smallest rate of members recognised when left out: its exact lower 95 % bound (one-sided).
    least_score : float
        Discriminant from which a scan is taken for the family; 0 lies half-way between the
        classes, 1 is where members are.
    least_shared : float
        Share of the family's shared bands that a scan must have.
    common_to : float
        Share of the members that have a shared band.
    band_height : float
        Height of a band in a coarse spectrum, in units of its root mean square.
    ridge : float
        Penalty of the discriminant.
    least_snr : float
        Signal-to-noise ratio of the strongest band below which no family is told.
    from_cm1, to_cm1 : float
        The range that is looked at; a scan or reference that does not cover it is not used.
    """

    least_members: float
    most_false: float
    least_found: float
    least_score: float
    least_shared: float
    common_to: float
    band_height: float
    ridge: float
    least_snr: float
    from_cm1: float
    to_cm1: float

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of all that decides which families answer, and how."""
        values = [(item.name, getattr(self, item.name)) for item in fields(self)]
        rule = (VERSION, BROADENED_CM1, SMOOTH_CM1, CELL, values)
        return hashlib.sha256(repr(rule).encode()).hexdigest()

    @property
    def cells(self) -> tuple[int, int]:
        """First and one past the last cell that lies in the range."""
        centres = cell_centres_cm1()
        inside = np.flatnonzero((centres >= self.from_cm1) & (centres <= self.to_cm1))
        return int(inside[0]), int(inside[-1]) + 1


@dataclass(frozen=True, slots=True)
class FamilyModel:
    """How a family is recognised.

    Parameters
    ----------
    weights : tuple of float
        Of the discriminant, one for each cell of the range.
    offset : float
        Added to the weighted sum.
    bands : tuple of int
        Cells of the shared bands, counted from the first of the range.
    """

    weights: tuple[float, ...]
    offset: float
    bands: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FamilyCheck:
    """What leaving out showed, and whether the family may answer.

    Parameters
    ----------
    family : str
        Its name.
    members, others : int
        Measured substances of the family, and other measured substances.
    found, false : int
        Members recognised when left out, and other substances taken for the family when left out.
    found_low95, false_high95 : float or None
        Exact one-sided 95 % bounds of these rates; None when nothing was left out.
    reason : str
        ``holds``, or why the family is off: ``few_members``, ``no_shared_bands``,
        ``members_missed`` or ``others_taken``.
    bands_cm1 : tuple of float
        Raman shifts of the shared bands, to within half a cell.
    model : FamilyModel or None
        How it is recognised; None when it is off.
    """

    family: str
    members: int
    others: int
    found: int
    false: int
    found_low95: float | None
    false_high95: float | None
    reason: str
    bands_cm1: tuple[float, ...]
    model: FamilyModel | None

    @property
    def on(self) -> bool:
        """Whether the family may answer."""
        return self.model is not None


@dataclass(frozen=True, eq=False, slots=True)
class Exemplars:
    """Measured references as families see them.

    Parameters
    ----------
    light : float64 array, shape (n, c)
        Coarse spectra over the range, each of unit norm.
    substance : int array, shape (n,)
        Number of the substance of each.
    """

    light: FloatArray
    substance: IntArray


def exemplars(
    cells: FloatArray, covered: BoolArray, substance: IntArray, settings: FamilySettings
) -> Exemplars:
    """Take the coarse spectra that cover the range.

    Parameters
    ----------
    cells : array, shape (n, CELLS)
        Coarse spectra of measured references, see `matching.coarse`.
    covered : bool array, shape (n,)
        Those whose data cover the range.
    substance : int array, shape (n,)
        Number of the substance of each.
    settings : FamilySettings
        The range.
    """
    first, end = settings.cells
    light = np.asarray(cells[:, first:end], dtype=np.float64)
    norm = np.linalg.norm(light, axis=1)
    usable = covered & (norm > 0)
    return Exemplars(light[usable] / norm[usable, None], substance[usable])


def check_family(
    family: str, members: IntArray, known: Exemplars, settings: FamilySettings
) -> FamilyCheck:
    """Leave every substance out in turn and decide whether a family may answer.

    A member counts as recognised only when each of its references is; another substance counts as
    taken for the family when any of its references is.

    Parameters
    ----------
    family : str
        Its name.
    members : int array, shape (m,)
        Numbers of the substances that belong to it.
    known : Exemplars
        All measured references, members and others.
    settings : FamilySettings
        Limits and settings.

    Returns
    -------
    FamilyCheck
    """
    inside = np.isin(known.substance, members)
    count = np.unique(known.substance[inside]).size
    others = np.unique(known.substance[~inside]).size
    if count < settings.least_members or not others:
        return FamilyCheck(family, count, others, 0, 0, None, None, "few_members", (), None)
    taken = dict(_left_out(known, inside, settings))
    belongs = set(np.unique(known.substance[inside]).tolist())
    found = sum(all(hits) for number, hits in taken.items() if number in belongs)
    false = sum(any(hits) for number, hits in taken.items() if number not in belongs)
    low, high = exact_bounds(found, count, TAIL)[0], exact_bounds(false, others, TAIL)[1]
    model = _model(_Moments.of(known, inside), _shared(known, inside, settings), settings)
    bands = _bands_cm1(model.bands, settings)
    reason = "holds"
    if not model.bands:
        reason = "no_shared_bands"
    elif high > settings.most_false:
        reason = "others_taken"
    elif low < settings.least_found:
        reason = "members_missed"
    kept = model if reason == "holds" else None
    return FamilyCheck(family, count, others, found, false, low, high, reason, bands, kept)


def carries(light: FloatArray, model: FamilyModel, settings: FamilySettings) -> BoolArray:
    """Tell which unit-norm coarse spectra, shape (k, c), carry a family's pattern, shape (k,)."""
    score = light @ np.array(model.weights) + model.offset
    if not model.bands:
        return np.zeros(light.shape[0], dtype=bool)
    present = _present(light, settings.band_height)[:, list(model.bands)].mean(axis=1)
    return np.asarray((score >= settings.least_score) & (present >= settings.least_shared))


def families_of(
    root: FloatArray,
    first: int,
    checks: Sequence[FamilyCheck],
    settings: FamilySettings,
) -> tuple[str, ...]:
    """Return the families whose pattern a scan carries.

    Parameters
    ----------
    root : array, shape (m,)
        Square root of the cleaned scan on the common grid.
    first : int
        Grid index of ``root[0]``.
    checks : sequence of FamilyCheck
        The library's families; those that are off are passed over.
    settings : FamilySettings
        As the checks were made with.

    Returns
    -------
    tuple of str
        Names of families in the order of `checks`; empty when the scan does not cover the range.
    """
    low, high = settings.cells
    if first > low * CELL or first + root.size < high * CELL:
        return ()
    light = coarse_root(root, first)[low:high]
    norm = float(np.linalg.norm(light))
    if norm == 0.0:
        return ()
    scan = (light / norm)[None, :]
    return tuple(
        item.family
        for item in checks
        if item.model is not None and bool(carries(scan, item.model, settings)[0])
    )


def covers(first: IntArray, end: IntArray, settings: FamilySettings) -> BoolArray:
    """Tell which references with data on grid points ``first <= i < end`` cover the range."""
    low, high = settings.cells
    return np.asarray((first <= low * CELL) & (end >= min(high, CELLS) * CELL))


@dataclass(frozen=True, eq=False, slots=True)
class _Moments:
    """Sums over substances of products and of spectra, for members and for all others."""

    products: tuple[FloatArray, FloatArray]
    sums: tuple[FloatArray, FloatArray]
    counts: tuple[int, int]

    @classmethod
    def of(cls, known: Exemplars, inside: BoolArray) -> _Moments:
        parts = [_summed(known, side) for side in (inside, ~inside)]
        return cls(
            (parts[0][0], parts[1][0]), (parts[0][1], parts[1][1]), (parts[0][2], parts[1][2])
        )

    def without(self, light: FloatArray, *, member: bool) -> _Moments:
        """Return the sums without one substance, whose references are the rows of `light`."""
        wide = _widened(light)
        product, total = wide.T @ wide / len(wide), wide.mean(axis=0)
        (p, q), (s, t), (m, n) = self.products, self.sums, self.counts
        if member:
            return _Moments((p - product, q), (s - total, t), (m - 1, n))
        return _Moments((p, q - product), (s, t - total), (m, n - 1))


def _widened(light: FloatArray) -> FloatArray:
    return np.concatenate((light, np.ones((light.shape[0], 1))), axis=1)


def _summed(known: Exemplars, side: BoolArray) -> tuple[FloatArray, FloatArray, int]:
    """Sum over the substances of one side; references of one substance share a weight of one."""
    wide = _widened(known.light[side])
    _, place, size = np.unique(known.substance[side], return_inverse=True, return_counts=True)
    weighted = wide / size[place][:, None]
    return weighted.T @ wide, weighted.sum(axis=0), int(size.size)


def _model(moments: _Moments, bands: tuple[int, ...], settings: FamilySettings) -> FamilyModel:
    """Solve the ridge regression with both classes of the same weight."""
    (p, q), (s, t), (m, n) = moments.products, moments.sums, moments.counts
    matrix = 0.5 * p / m + 0.5 * q / n
    size = matrix.shape[0] - 1
    matrix[np.arange(size), np.arange(size)] += settings.ridge
    solved = np.linalg.solve(matrix, 0.5 * s / m - 0.5 * t / n)
    return FamilyModel(tuple(solved[:-1].tolist()), float(solved[-1]), bands)


def _left_out(
    known: Exemplars, inside: BoolArray, settings: FamilySettings
) -> Iterator[tuple[int, list[bool]]]:
    """Yield for every substance whether its references are recognised by the rest."""
    moments = _Moments.of(known, inside)
    shared = _shared(known, inside, settings)
    order = np.argsort(known.substance, kind="stable")
    numbers, starts = np.unique(known.substance[order], return_index=True)
    for number, rows in zip(numbers.tolist(), np.split(order, starts[1:]), strict=True):
        member = bool(inside[rows[0]])
        bands = _shared(known, inside & (known.substance != number), settings) if member else shared
        light = known.light[rows]
        model = _model(moments.without(light, member=member), bands, settings)
        yield number, carries(light, model, settings).tolist()


def _present(light: FloatArray, height: float) -> BoolArray:
    """Tell where coarse spectra, shape (k, c), have a band, or have one in the next cell."""
    strong = light * np.sqrt(light.shape[1]) >= height
    near: BoolArray = strong.copy()
    near[:, 1:] |= strong[:, :-1]
    near[:, :-1] |= strong[:, 1:]
    return near


def _shared(known: Exemplars, inside: BoolArray, settings: FamilySettings) -> tuple[int, ...]:
    """Return the cells where most members have a band: maxima of their mean spectrum."""
    _, place = np.unique(known.substance[inside], return_inverse=True)
    count = int(place.max()) + 1
    light = known.light[inside]
    size = np.bincount(place, minlength=count).astype(np.float64)[:, None]
    mean, common = np.zeros((count, light.shape[1])), np.zeros((count, light.shape[1]))
    np.add.at(mean, place, light)
    np.add.at(common, place, _present(light, settings.band_height).astype(np.float64))
    level, share = (mean / size).mean(axis=0), (common / size).mean(axis=0)
    peak = (level > 0) & (share >= settings.common_to)
    peak[1:] &= level[1:] >= level[:-1]
    peak[:-1] &= level[:-1] > level[1:]
    return tuple(np.flatnonzero(peak).tolist())


def _bands_cm1(bands: Sequence[int], settings: FamilySettings) -> tuple[float, ...]:
    centres = cell_centres_cm1()[settings.cells[0] :]
    return tuple(float(centres[band]) for band in bands)
