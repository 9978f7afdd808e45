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
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from matching.axis import COMMON_GRID
from matching.compare import LEAST_WINDOW_CM1
from matching.pipeline import Prepared
from matching.pool import Target, best_of_each, pool_scores
from matching.preprocess.scale import gaussian_broadened, gaussian_reach
from matching.response import Response
from matching.search import ReferenceMatrix
from matching.setfit import (
    IntArray,
    Members,
    Part,
    Problem,
    SetFit,
    completed,
    refined,
    steady_gain,
)
from matching.spectrum import FloatArray
from matching.weights import ErrorSettings, error_weights, highpass

BoolArray = NDArray[np.bool_]
KEPT_BITS = 36  # of a gain when references are ordered by it: the rest is rounding
ROUNDING = 2.0**-KEPT_BITS
FRESH = 0.05  # share of its power that a reference must have beyond what a set already holds
UNCOVERED = 0.12  # share of the window that a component's reference may lack at either end


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


def levelled(query: Prepared, response: Response | None) -> Prepared:
    """Return a scan as an instrument with the reference's sensitivity would have seen it.

    The response found with the best reference holds for every component of a mixture.
    """
    if response is None:
        return query
    factor = response.factor(COMMON_GRID.values[query.first : query.end])
    noise = query.noise * float(np.sqrt(np.mean(factor**-2.0)))
    return replace(query, bands=query.bands / factor, noise=noise)


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


def peeled(
    query: Prepared,
    parts: Sequence[Part],
    matrix: ReferenceMatrix,
    model_error: float,
    width_cm1: float = 0.0,
) -> tuple[FloatArray, float]:
    """Return what a scan shows when other components are taken away, and its noise.

    Where the model error of the components taken away exceeds what is left, nothing can be said,
    and nothing is left; their mean model error adds to the noise. The first has the shape of
    ``query.bands``.

    Parameters
    ----------
    query : Prepared
        The cleaned scan.
    parts : sequence of Part
        The components to take away.
    matrix : ReferenceMatrix
        The library.
    model_error : float
        Share of the band height by which instruments differ.
    width_cm1 : float
        Extra width given to the references (positive) or the scan (negative), as in the fit.
    """
    taken = added_up(query, parts, matrix, width_cm1)
    left = np.clip(as_fitted(query, width_cm1) - taken, 0.0, None)
    noise = math.hypot(query.noise, model_error * float(taken.mean()))
    return np.where(model_error * taken > left, 0.0, left), noise


def as_fitted(query: Prepared, width_cm1: float) -> FloatArray:
    """Return the scan in the resolution in which sets are fitted to it, shape of its bands."""
    return gaussian_broadened(query.bands, max(-width_cm1, 0.0) / COMMON_GRID.step_cm1)


def added_up(
    query: Prepared, parts: Sequence[Part], matrix: ReferenceMatrix, width_cm1: float
) -> FloatArray:
    """Return what components add to a scan, on its stretch of the grid; see `peeled`."""
    step = COMMON_GRID.step_cm1
    index = np.arange(COMMON_GRID.size, dtype=np.float64)
    taken = np.zeros(COMMON_GRID.size)
    for part in parts:
        light = np.asarray(matrix.rows[part.row], dtype=np.float64) ** 2
        taken += part.amount * np.interp(index - part.shift_cm1 / step, index, light)
    return gaussian_broadened(taken, max(width_cm1, 0.0) / step)[query.first : query.end]


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
    alone = _projected(problem)
    beam: list[Members] = list(_singles(problem, alone, settings))
    sets = [_best_single(problem, beam, settings)]
    while len(sets) < int(settings.most_components):
        beam = list(_grown(problem, alone, beam, settings))
        best = _best_fit(problem, beam[: int(settings.refined)], settings)
        if best is None:
            break
        gain = 1.0 - best.misfit / max(sets[-1].misfit, 1e-300)
        steady = steady_gain(sets[-1].left, best.left)
        sets.append(replace(best, gain=gain, steady_gain=steady))
        if gain < settings.least_gain:
            break
    return sets


def refit(
    query: Prepared,
    matrix: ReferenceMatrix,
    settings: MixtureSettings,
    rows: Sequence[int],
    hints: Hints,
) -> SetFit | None:
    """Fit a set of references that somebody chose, all of them, to a scan.

    The fit is that of `explain`, over the same stretch of the scan and with the same weights, but
    whether each component is needed is not asked.

    Parameters
    ----------
    query, matrix, settings, hints
        As in `explain`.
    rows : sequence of int
        Rows of the library, of one substance each.

    Returns
    -------
    SetFit or None
        None when the scan gives one of them no positive amount or less than the least share, or
        when one was not measured where the others were.
    """
    problem = _problem(query, matrix, settings, np.array(sorted(rows), dtype=np.int64), hints)
    if problem is None or problem.number.size < len(rows):
        return None
    alone = _projected(problem)
    beam: list[Members] = list(_singles(problem, alone, settings))
    for _ in rows[1:]:
        beam = list(_grown(problem, alone, beam, settings))
    return _best_fit(problem, beam[: int(settings.refined)], settings)


def _problem(
    query: Prepared,
    matrix: ReferenceMatrix,
    settings: MixtureSettings,
    rows: IntArray,
    hints: Hints,
) -> Problem | None:
    step = COMMON_GRID.step_cm1
    reach = round(settings.reach_cm1 / step)
    if not rows.size:
        return None
    base = list(hints.rows[:1]) or rows
    start = max(query.first, int(matrix.first[base].min())) + reach
    stop = min(query.end, int(matrix.end[base].max())) - reach
    if (stop - start) * step < LEAST_WINDOW_CM1:
        return None
    slack = round(UNCOVERED * (stop - start))  # what a reference did not measure is no absence
    rows = rows[(matrix.first[rows] <= start + slack) & (matrix.end[rows] >= stop - slack)]
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
    sharp, area = _sharpened(matrix, rows, (start - reach, stop + reach), settings, hints)
    return Problem(
        query=scan,
        weight=weight,
        sharp=sharp,
        rows=sliding_window_view(sharp, scan.size, axis=1)[:, ::-1],
        area=area[:, reach : reach + stop - start].sum(axis=1),
        number=rows.astype(np.int64),
        substance=matrix.substance[rows],
        reach=reach,
    )


def _sharpened(
    matrix: ReferenceMatrix,
    rows: IntArray,
    window: tuple[int, int],
    settings: MixtureSettings,
    hints: Hints,
) -> tuple[FloatArray, FloatArray]:
    """Return references over a window, high-passed and as they are, each shape (n, window).

    They are broadened and high-passed with as much on either side as the kernels reach.
    """
    width = max(hints.width_cm1, 0.0) / COMMON_GRID.step_cm1
    beyond = gaussian_reach(width) + gaussian_reach(
        settings.errors.highpass_cm1 / COMMON_GRID.step_cm1
    )
    first, end = max(window[0] - beyond, 0), min(window[1] + beyond, COMMON_GRID.size)
    light = matrix.picked(rows, first, end).astype(np.float64) ** 2
    light = gaussian_broadened(light, width)
    sharp = highpass(light, settings.errors.highpass_cm1)
    inside = slice(window[0] - first, window[1] - first)
    return np.ascontiguousarray(sharp[:, inside]), light[:, inside]


@dataclass(frozen=True, eq=False, slots=True)
class _Projections:
    """Weighted norms of references and their products with the scan, each (shifts, n)."""

    norms: FloatArray
    products: FloatArray


def _projected(problem: Problem) -> _Projections:
    norms = problem.products(problem.weight[None, :], squared=True)[0]
    products = problem.products((problem.weight * problem.query)[None, :])[0]
    return _Projections(np.maximum(norms, 1e-300), products)


def _falling(values: FloatArray) -> list[int]:
    """Return the order by falling value; what differs only by rounding stays in library order.

    References that are copies of each other must not change places with the processor.
    """
    fraction, exponent = np.frexp(values)
    order: list[int] = np.argsort(
        -np.ldexp(np.round(np.ldexp(fraction, KEPT_BITS)), exponent), kind="stable"
    ).tolist()
    return order


def _singles(problem: Problem, alone: _Projections, settings: MixtureSettings) -> Iterator[Members]:
    gain = np.where(alone.products > 0, alone.products**2 / alone.norms, 0.0)
    shift = gain.argmax(axis=0)
    seen: set[int] = set()
    for row in _falling(gain.max(axis=0)):
        if int(problem.substance[row]) in seen:
            continue
        seen.add(int(problem.substance[row]))
        yield ((int(shift[row]), row),)
        if len(seen) >= int(settings.branches):
            return


def _grown(
    problem: Problem, alone: _Projections, beam: Sequence[Members], settings: MixtureSettings
) -> Iterator[Members]:
    """Add to every set the references that explain most of what it leaves, best sets first."""
    found: dict[frozenset[int], tuple[float, Members]] = {}
    root = np.sqrt(problem.weight)
    scan = root * problem.query
    for members in beam[: int(settings.branches)]:
        held = np.array([problem.rows[row, shift] for shift, row in members])
        basis = np.linalg.qr((held * root).T)[0].T
        explained = float(np.sum((basis @ scan) ** 2))
        across = problem.products(basis * root)
        left = alone.norms - np.sum(across**2, axis=0)
        toward = alone.products - np.tensordot(basis @ scan, across, axes=1)
        fresh = (left > FRESH * alone.norms) & (toward > 0)
        gain = np.where(fresh, toward**2 / np.where(fresh, left, 1.0), 0.0)
        taken = {int(problem.substance[row]) for _, row in members}
        for row in _best_partners(gain.max(axis=0), problem.substance, taken, settings):
            candidate = (*members, (int(gain[:, row].argmax()), row))
            key = frozenset(number for _, number in candidate)
            total = explained + float(gain[:, row].max())
            if key not in found or total > found[key][0] * (1.0 + ROUNDING):
                found[key] = (total, candidate)
    sets = list(found.values())
    return (sets[number][1] for number in _falling(np.array([total for total, _ in sets])))


def _best_partners(
    gain: FloatArray, substance: IntArray, taken: set[int], settings: MixtureSettings
) -> Iterator[int]:
    seen = set(taken)
    for row in _falling(gain):
        if gain[row] <= 0 or len(seen) - len(taken) >= int(settings.partners):
            return
        if int(substance[row]) not in seen:
            seen.add(int(substance[row]))
            yield row


def _best_fit(
    problem: Problem, sets: Sequence[Members], settings: MixtureSettings
) -> SetFit | None:
    """Fit sets with their shifts refined and return the best; None when no set holds.

    A set with a negative or tiny component falls out.
    """
    tried = (refined(problem, members, settings.least_share) for members in sets)
    fits = [fit for fit in tried if fit is not None]
    if not fits:
        return None
    best = min(fits, key=lambda fit: fit.misfit)
    return completed(problem, best, settings.share_error)


def _best_single(problem: Problem, singles: Sequence[Members], settings: MixtureSettings) -> SetFit:
    best = _best_fit(problem, singles, settings)
    if best is not None:
        return best
    left = problem.weight * problem.query**2
    return SetFit((), float(left.mean()), 0.0, 0.0, left)
