"""Mixtures: which references, added up, explain a scan, and how many of them are needed.

Scan and references are compared after a linear high-pass, which a smooth background does not
survive, with weights that hold noise and model error: the same substance on two instruments
differs by a share of the local band height, so strong bands may not drown weak ones. A further
component is taken only when it explains a good part of what the others leave (`gain`); among
measured pure scans that part stays small, whatever the instrument.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from matching.axis import COMMON_GRID
from matching.pipeline import Prepared
from matching.pool import Target, best_of_each, pool_scores
from matching.preprocess.scale import gaussian_broadened
from matching.search import ReferenceMatrix
from matching.spectrum import FloatArray
from matching.weights import ErrorSettings, error_weights, highpass

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MixtureSettings:
    """How mixtures are searched and when a further component counts.

    Parameters
    ----------
    reach_cm1 : float
        Largest shift of a reference, in cm-1, in steps of the grid.
    branches, partners : float
        First components followed, and second components kept for each.
    pool : float
        References examined exactly when the library is larger.
    refined : float
        Sets whose shifts are refined.
    least_gain : float
        Share of what the others leave that a component must explain to count.
    least_steady_gain : float
        The same when any 100 cm-1 of the scan are left out, for the component to be named.
    most_misfit : float
        Largest mean weighted square left over for the set to be named.
    least_share : float
        Smallest share of the Raman signal of a component.
    most_components : float
        Largest number of components.
    share_error : float
        Standard deviation of the logit of a share between instruments, added to the jackknife's.
    errors : ErrorSettings
        Noise and model error.
    """

    reach_cm1: float
    branches: float
    partners: float
    pool: float
    refined: float
    least_gain: float
    least_steady_gain: float
    most_misfit: float
    least_share: float
    most_components: float
    share_error: float
    errors: ErrorSettings


@dataclass(frozen=True, slots=True)
class Part:
    """One component of a set.

    Parameters
    ----------
    row : int
        Row of the library.
    amount : float
        Factor of the reference (its row has unit norm as a square root).
    shift_cm1 : float
        Shift of the reference on the scan's axis.
    share : float
        Share of the Raman signal, by band area over the compared range.
    interval : tuple of float
        95 % interval of the share: what leaving out 100 cm-1 of the scan at a time changes
        (jackknife), and what instruments differ by.
    """

    row: int
    amount: float
    shift_cm1: float
    share: float
    interval: tuple[float, float]


@dataclass(frozen=True, eq=False, slots=True)
class SetFit:
    """A set of components and how well it explains the scan.

    Parameters
    ----------
    parts : tuple of Part
        By falling share.
    misfit : float
        Mean weighted square of what is left; about 1 or less when model and noise explain it.
    gain : float
        Share of what the next smaller set leaves that this set explains; 0 for one component.
    steady_gain : float
        The smallest gain when any 100 cm-1 of the scan are left out: a component that rests on a
        single band has little of it.
    left : array, shape (m,)
        Weighted squares left over, point by point.
    """

    parts: tuple[Part, ...]
    misfit: float
    gain: float
    steady_gain: float
    left: FloatArray


@dataclass(frozen=True, slots=True)
class Hints:
    """What the search for single references found.

    Parameters
    ----------
    width_cm1 : float
        Extra width given to references (positive) or the scan (negative) to match resolutions.
    rows : tuple of int
        Best references, best first; what each of them leaves is searched for further components.
    """

    width_cm1: float = 0.0
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class _Problem:
    """Scan and pool over one window: `rows` has shape (shifts, pool, m)."""

    query: FloatArray
    weight: FloatArray
    rows: FloatArray
    area: FloatArray
    number: IntArray
    substance: IntArray
    start: int
    stop: int
    shifts: IntArray


def accepted(sets: Sequence[SetFit], settings: MixtureSettings) -> SetFit | None:
    """Return the largest set whose every growth was needed; None without any set."""
    best: SetFit | None = None
    for grown in sets:
        if best is not None and grown.gain < settings.least_gain:
            break
        best = grown
    return best


def nameable(fit: SetFit, settings: MixtureSettings) -> bool:
    """Tell whether the components of a set of two or more may be named."""
    return (
        len(fit.parts) > 1
        and fit.misfit <= settings.most_misfit
        and fit.steady_gain >= settings.least_steady_gain
    )


def explain(
    query: Prepared,
    matrix: ReferenceMatrix,
    settings: MixtureSettings,
    *,
    allowed: BoolArray,
    hints: Hints | None = None,
) -> list[SetFit]:
    """Return the best set of one, two, ... components, as far as each is needed.

    Parameters
    ----------
    query : Prepared
        The cleaned scan.
    matrix : ReferenceMatrix
        The library; a set holds a substance at most once.
    settings : MixtureSettings
        See there.
    allowed : bool array, shape (n,)
        Rows that may be components.
    hints : Hints, optional
        What the search found: width and best rows.

    Returns
    -------
    list of SetFit
        First the best single reference, then sets of growing size; the last one is the largest
        tried, whether or not its gain is enough. Empty when no reference is usable.
    """
    rows = np.flatnonzero(allowed)
    problem = _problem(query, matrix, settings, rows, hints or Hints())
    if problem is None:
        return []
    sets = [_best_single(problem, settings)]
    beam: list[tuple[tuple[int, int], ...]] = list(_singles(problem, settings))
    while len(sets) < int(settings.most_components):
        beam = list(_grown(problem, beam, settings))
        fits = [_refined(problem, members, settings) for members in beam[: int(settings.refined)]]
        good = [fit for fit in fits if fit is not None]
        if not good:
            break
        best = min(good, key=lambda fit: fit.misfit)
        gain = 1.0 - best.misfit / max(sets[-1].misfit, 1e-300)
        steady = steady_gain(sets[-1].left, best.left)
        sets.append(replace(best, gain=gain, steady_gain=steady))
        if gain < settings.least_gain:
            break
    return sets


def steady_gain(smaller: FloatArray, larger: FloatArray) -> float:
    """Return the smallest gain over all ways of leaving out 100 cm-1, from weighted squares left.

    `smaller` and `larger` have shape (m,): what the smaller and the larger set leave.
    """
    size = round(100.0 / COMMON_GRID.step_cm1)
    edges = np.arange(0, smaller.size, size)
    before = smaller.sum() - np.add.reduceat(smaller, edges)
    after = larger.sum() - np.add.reduceat(larger, edges)
    return float(np.min(1.0 - after / np.maximum(before, 1e-300)))


def _problem(
    query: Prepared,
    matrix: ReferenceMatrix,
    settings: MixtureSettings,
    rows: IntArray,
    hints: Hints,
) -> _Problem | None:
    step = COMMON_GRID.step_cm1
    reach = round(settings.reach_cm1 / step)
    if not rows.size:
        return None
    start = max(query.first, int(matrix.first[rows].min())) + reach
    stop = min(query.end, int(matrix.end[rows].max())) - reach
    if (stop - start) * step < 300.0:
        return None
    bands = gaussian_broadened(query.bands, max(-hints.width_cm1, 0.0) / step)
    scan = highpass(bands, settings.errors.highpass_cm1)[start - query.first : stop - query.first]
    weight = error_weights(scan, query.noise, settings.errors)
    if rows.size > settings.pool:
        scores = pool_scores(
            Target(scan, weight, start, settings.reach_cm1, settings.errors.highpass_cm1),
            matrix.rows,
            hints.rows,
        )
        rows = best_of_each(scores, rows, int(settings.pool))
    light = np.asarray(matrix.rows[rows], dtype=np.float64) ** 2
    light = gaussian_broadened(light, max(hints.width_cm1, 0.0) / step)
    sharp = highpass(light, settings.errors.highpass_cm1)
    shifts = np.arange(-reach, reach + 1)
    moved = np.stack([sharp[:, start - k : stop - k] for k in shifts])
    return _Problem(
        query=scan,
        weight=weight,
        rows=moved,
        area=light[:, start:stop].sum(axis=1),
        number=rows.astype(np.int64),
        substance=matrix.substance[rows],
        start=start,
        stop=stop,
        shifts=shifts,
    )


def _projections(problem: _Problem) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weighted rows, their norms and their products with the scan, for every shift and row."""
    weighted = problem.rows * problem.weight
    norms = np.einsum("knm,knm->kn", weighted, problem.rows)
    return weighted, np.maximum(norms, 1e-300), weighted @ problem.query


def _singles(problem: _Problem, settings: MixtureSettings) -> Iterator[tuple[tuple[int, int], ...]]:
    _, norms, products = _projections(problem)
    gain = np.where(products > 0, products**2 / norms, 0.0)
    shift = gain.argmax(axis=0)
    seen: set[int] = set()
    for row in np.argsort(-gain.max(axis=0), kind="stable").tolist():
        if int(problem.substance[row]) in seen:
            continue
        seen.add(int(problem.substance[row]))
        yield ((int(shift[row]), row),)
        if len(seen) >= int(settings.branches):
            return


def _grown(
    problem: _Problem,
    beam: Sequence[tuple[tuple[int, int], ...]],
    settings: MixtureSettings,
) -> Iterator[tuple[tuple[int, int], ...]]:
    """Add to every set the references that explain most of what it leaves, best sets first."""
    weighted, norms, products = _projections(problem)
    found: dict[frozenset[int], tuple[float, tuple[tuple[int, int], ...]]] = {}
    root = np.sqrt(problem.weight)
    for members in beam[: int(settings.branches)]:
        held = np.array([problem.rows[k, row] for k, row in members])
        basis, _ = np.linalg.qr((held * root).T)
        scan = root * problem.query
        explained = float(np.sum((basis.T @ scan) ** 2))
        across = np.einsum("knm,mc->knc", weighted, basis / root[:, None])
        left = norms - np.sum(across**2, axis=2)
        toward = products - across @ (basis.T @ scan)
        fresh = (left > 0.05 * norms) & (toward > 0)
        gain = np.where(fresh, toward**2 / np.where(fresh, left, 1.0), 0.0)
        taken = {int(problem.substance[row]) for _, row in members}
        for row in _best_partners(gain.max(axis=0), problem.substance, taken, settings):
            candidate = (*members, (int(gain[:, row].argmax()), row))
            key = frozenset(number for _, number in candidate)
            total = explained + float(gain[:, row].max())
            if key not in found or found[key][0] < total:
                found[key] = (total, candidate)
    ranked = sorted(found.values(), key=lambda item: -item[0])
    return iter([members for _, members in ranked])


def _best_partners(
    gain: FloatArray, substance: IntArray, taken: set[int], settings: MixtureSettings
) -> Iterator[int]:
    seen = set(taken)
    for row in np.argsort(-gain, kind="stable").tolist():
        if gain[row] <= 0 or len(seen) - len(taken) >= int(settings.partners):
            return
        if int(substance[row]) not in seen:
            seen.add(int(substance[row]))
            yield row


def _best_single(problem: _Problem, settings: MixtureSettings) -> SetFit:
    fits = [_refined(problem, members, settings) for members in _singles(problem, settings)]
    good = [fit for fit in fits if fit is not None]
    if not good:
        left = problem.weight * problem.query**2
        return SetFit((), float(left.mean()), 0.0, 0.0, left)
    return min(good, key=lambda fit: fit.misfit)


def _refined(
    problem: _Problem, members: tuple[tuple[int, int], ...], settings: MixtureSettings
) -> SetFit | None:
    """Refine the shifts of a set by half grid steps, one component after the other."""
    shifts = [float(problem.shifts[k]) for k, _ in members]
    best = _solve(problem, members, shifts)
    for _ in range(2):
        for place in range(len(members)):
            for change in (-0.5, 0.5, -1.0, 1.0):
                tried = [*shifts]
                tried[place] = float(np.clip(tried[place] + change, *_reach(problem)))
                fit = _solve(problem, members, tried)
                if fit is not None and (best is None or fit[0] < best[0]):
                    best, shifts = fit, tried
    if best is None:
        return None
    misfit, amounts = best
    area = problem.area[[row for _, row in members]]
    shares = amounts * area / float(amounts @ area)
    if len(members) > 1 and float(shares.min()) < settings.least_share:
        return None
    rows = np.array([_moved(problem, row, s) for (_, row), s in zip(members, shifts, strict=True)])
    spread = _share_spread(problem, rows, area)
    parts = [
        Part(
            int(problem.number[row]),
            float(amounts[i]),
            shifts[i] * COMMON_GRID.step_cm1,
            float(shares[i]),
            _interval(float(shares[i]), float(spread[i]), settings.share_error),
        )
        for i, (_, row) in enumerate(members)
    ]
    left = problem.weight * (problem.query - amounts @ rows) ** 2
    return SetFit(tuple(sorted(parts, key=lambda p: (-p.share, p.row))), misfit, 0.0, 0.0, left)


def _interval(share: float, spread: float, between: float) -> tuple[float, float]:
    """Return a 95 % interval on the logit scale, which cannot leave 0 to 1."""
    if share >= 1.0:
        return (1.0, 1.0)
    logit = math.log(share / (1.0 - share))
    reach = 1.96 * math.hypot(spread / (share * (1.0 - share)), between)
    low, high = (1.0 / (1.0 + math.exp(-(logit + sign * reach))) for sign in (-1.0, 1.0))
    return low, high


def _share_spread(problem: _Problem, rows: FloatArray, area: FloatArray) -> FloatArray:
    """Return the jackknife standard error of each share, leaving out 100 cm-1 at a time."""
    size = round(100.0 / COMMON_GRID.step_cm1)
    edges = np.arange(0, rows.shape[1], size)
    weighted = rows * problem.weight
    grams = np.add.reduceat(weighted[:, None, :] * rows[None, :, :], edges, axis=2)
    products = np.add.reduceat(weighted * problem.query, edges, axis=1)
    gram, product = grams.sum(axis=2), products.sum(axis=1)
    shares = []
    for block in range(edges.size):
        part, _, _, _ = np.linalg.lstsq(
            gram - grams[:, :, block], product - products[:, block], rcond=None
        )
        amounts = np.clip(part, 0.0, None) * area
        shares.append(amounts / max(float(amounts.sum()), 1e-300))
    spread = np.array(shares)
    return np.asarray(np.sqrt((edges.size - 1) * spread.var(axis=0)))


def _reach(problem: _Problem) -> tuple[float, float]:
    return float(problem.shifts[0]), float(problem.shifts[-1])


def _solve(
    problem: _Problem, members: tuple[tuple[int, int], ...], shifts: Sequence[float]
) -> tuple[float, FloatArray] | None:
    """Weighted least squares for the amounts; None unless all are positive."""
    rows = np.array([_moved(problem, row, s) for (_, row), s in zip(members, shifts, strict=True)])
    weighted = rows * problem.weight
    gram = weighted @ rows.T
    try:
        amounts = np.linalg.solve(gram, weighted @ problem.query)
    except np.linalg.LinAlgError:
        return None
    if not (amounts > 0).all():
        return None
    rest = problem.query - amounts @ rows
    return float(rest @ (problem.weight * rest)) / rest.size, amounts


def _moved(problem: _Problem, row: int, shift: float) -> FloatArray:
    """Return a pool row at a shift given in grid steps, between two stored shifts if need be."""
    place = shift - float(problem.shifts[0])
    low = int(np.floor(place))
    part = place - low
    if part == 0.0:
        return np.asarray(problem.rows[low, row])
    return np.asarray((1 - part) * problem.rows[low, row] + part * problem.rows[low + 1, row])
