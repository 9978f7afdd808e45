"""All pairs of a library in closed form: what two references together leave of a spectrum.

With the Gram matrix of the references and their products with a spectrum known, the best
non-negative fit by any two of them needs no solver: either both amounts of the two by two normal
equations are positive, or one reference alone is best (Lawson and Hanson, Solving Least Squares
Problems, 1974, chapter 23, for two columns). So every pair of a library is tried in one pass.

Rows must be on a scale where mixing is linear: intensities, not their square roots. References
are taken as they lie: nothing is shifted or broadened here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.spectrum import FloatArray

IntArray = NDArray[np.int64]
BLOCK = 8  # rows of the pair matrix at a time: its pieces stay in the processor's cache
COLLINEAR = 1e-10  # below this 1 - r^2 two references are one


@dataclass(frozen=True, slots=True)
class PairFit:
    """The best non-negative fit of a spectrum by two references.

    Parameters
    ----------
    first, second : int
        Rows of the references; `first` has the larger amount times norm.
    amounts : tuple of float
        Factors of the two rows, not negative; the second is 0 where one reference is best alone.
    left : float
        Share of the spectrum's sum of squares that is left, 0 to 1.
    """

    first: int
    second: int
    amounts: tuple[float, float]
    left: float


@dataclass(frozen=True, slots=True)
class EntryMixture:
    """A library entry that two others explain: perhaps a mixture filed under one name.

    Parameters
    ----------
    row : int
        The entry.
    fit : PairFit
        The two that explain it.
    shares : tuple of float
        Shares of the two in the sum of the fitted values.
    left_single : float
        Share of the entry's sum of squares that the better of the two alone leaves.
    """

    row: int
    fit: PairFit
    shares: tuple[float, float]
    left_single: float


def explained_by_pairs(cosine: FloatArray, one: FloatArray, other: FloatArray) -> FloatArray:
    """Return what pairs of unit-norm references explain of a spectrum, shape (a, b).

    Parameters
    ----------
    cosine : array, shape (a, b)
        Products of the unit-norm references of one side with those of the other.
    one, other : arrays, shape (a,) and (b,)
        Products of the spectrum with the references of both sides.

    Returns
    -------
    array, shape (a, b)
        Sum of squares explained by the best non-negative fit with both, in the unit of the
        products squared.
    """
    near = one[:, None] - cosine * other
    far = other - cosine * one[:, None]
    rest = 1.0 - cosine * cosine
    both = (near > 0.0) & (far > 0.0) & (rest > COLLINEAR)
    np.multiply(far, far, out=far)
    np.divide(far, rest, out=far, where=both)
    far += (one * one)[:, None]
    single = np.maximum(np.maximum(one[:, None], other), 0.0)
    np.multiply(single, single, out=single)
    return np.asarray(np.where(both, far, single))


def pair_residuals(gram: FloatArray, products: FloatArray, power: float) -> FloatArray:
    """Return what every pair of references leaves of a spectrum, shape (n, n).

    Parameters
    ----------
    gram : array, shape (n, n)
        Products of the references with each other; rows without any light (0 on the diagonal)
        explain nothing.
    products : array, shape (n,)
        Products of the references with the spectrum.
    power : float
        Sum of squares of the spectrum.

    Returns
    -------
    array, shape (n, n)
        Share of `power` left, 0 to 1; on the diagonal what one reference alone leaves. Symmetric to
        rounding.

    Raises
    ------
    ValueError
        When the shapes do not fit or `power` is not positive.
    """
    scale, unit = _unit(gram, products, power)
    left = np.empty((unit.size, unit.size))
    for start in range(0, unit.size, BLOCK):
        part = slice(start, start + BLOCK)
        cosine = gram[part] * scale * scale[part, None]
        left[part] = 1.0 - explained_by_pairs(cosine, unit[part], unit) / power
    return np.clip(left, 0.0, 1.0, out=left)


def best_pairs(
    gram: FloatArray,
    products: FloatArray,
    power: float,
    top: int,
    substance: IntArray | None = None,
) -> tuple[PairFit, ...]:
    """Return the `top` pairs of different references that leave least of a spectrum.

    Each pair is looked at once, in blocks, and no n by n array is made.

    Parameters
    ----------
    gram, products, power
        As for `pair_residuals`.
    top : int
        Number of pairs wanted.
    substance : int array, shape (n,), optional
        Number of the substance of each reference; two of one substance are no pair.

    Returns
    -------
    tuple of PairFit
        By rising residual, ties by row; fewer when there are fewer pairs.

    Raises
    ------
    ValueError
        As for `pair_residuals`.
    """
    scale, unit = _unit(gram, products, power)
    number = np.arange(unit.size) if substance is None else substance
    kept: list[tuple[float, int, int]] = []
    least = -math.inf
    for start in range(0, unit.size, BLOCK):
        stop = min(start + BLOCK, unit.size)
        cosine = gram[start:stop, start:] * scale[start:] * scale[start:stop, None]
        found = explained_by_pairs(cosine, unit[start:stop], unit[start:])
        rows, columns = np.nonzero(found >= least)
        one, other = rows + start, columns + start
        keep = (other > one) & (number[one] != number[other])
        values = found[rows[keep], columns[keep]].tolist()
        places = zip(one[keep].tolist(), other[keep].tolist(), strict=True)
        kept += [(-value, i, j) for value, (i, j) in zip(values, places, strict=True)]
        if len(kept) >= top:
            kept = sorted(kept)[:top]
            least = -kept[-1][0] if kept else math.inf
    return tuple(
        _fit(float(gram[i, j] * scale[i] * scale[j]), (unit, scale), power, (i, j))
        for _, i, j in sorted(kept)[:top]
    )


def entry_mixtures(
    light: FloatArray,
    substance: IntArray,
    *,
    most_left: float,
    least_gain: float,
    least_share: float,
) -> Iterator[EntryMixture]:
    """Yield the entries that two entries of other substances explain together, not one alone.

    Of two references that explain a share e of an entry, one has a cosine of at least
    ``sqrt(e / 2)`` with it, because non-negative rows have no negative products. Only these are
    combined with every other entry; nothing that meets `most_left` is missed.

    Parameters
    ----------
    light : array, shape (n, m)
        Band intensities of the entries, not negative, zero where nothing was measured.
    substance : int array, shape (n,)
        Number of the substance of each entry; an entry's own substance is not a component, and
        the two components are different substances.
    most_left : float
        Largest share of the entry's sum of squares that the two may leave.
    least_gain : float
        Smallest share of what the better one alone leaves that the second must explain.
    least_share : float
        Smallest share of the fitted light of each component.

    Raises
    ------
    ValueError
        When an intensity is negative or the shapes do not fit.
    """
    if light.ndim != 2 or substance.shape != light.shape[:1] or (light < 0).any():
        raise ValueError("intensities must be non-negative rows with one substance number each")
    norms = np.sqrt(np.einsum("nm,nm->n", light, light))
    unit = light / np.where(norms > 0, norms, 1.0)[:, None]
    cosine, area = unit @ unit.T, unit.sum(axis=1)
    for row in np.flatnonzero(norms > 0).tolist():
        fit = _best_of_others(cosine, substance, row, most_left)
        if fit is None or fit.amounts[1] <= 0.0:
            continue
        weight = np.array(fit.amounts) * area[[fit.first, fit.second]]
        shares = weight / float(weight.sum())
        single = 1.0 - float(max(cosine[row, fit.first], cosine[row, fit.second])) ** 2
        if 1.0 - fit.left / max(single, 1e-300) >= least_gain and shares.min() >= least_share:
            yield EntryMixture(row, fit, (float(shares[0]), float(shares[1])), single)


def _best_of_others(
    cosine: FloatArray, substance: IntArray, row: int, most_left: float
) -> PairFit | None:
    """Return the pair of other substances that leaves least of a unit-norm entry."""
    near = cosine[row]
    others = substance != substance[row]
    strong = np.flatnonzero(others & (near >= math.sqrt(max(1.0 - most_left, 0.0) / 2.0) - 1e-9))
    best, place = 1.0 - most_left - 1e-12, (-1, -1)
    for start in range(0, strong.size, BLOCK):
        part = strong[start : start + BLOCK]
        found = explained_by_pairs(cosine[part], near[part], near)
        found[:, ~others] = -1.0
        found[substance[part][:, None] == substance] = -1.0
        top = int(found.argmax())
        if float(found.flat[top]) > best:
            best = float(found.flat[top])
            place = (int(part[top // near.size]), top % near.size)
    if place[0] < 0:
        return None
    return _fit(float(cosine[place]), (near, np.ones(near.size)), 1.0, place)


def _unit(gram: FloatArray, products: FloatArray, power: float) -> tuple[FloatArray, FloatArray]:
    """Return what makes each reference unit-norm (0 for one without light), and the products so."""
    if gram.ndim != 2 or gram.shape != (products.size, products.size):
        raise ValueError(f"a Gram matrix {gram.shape} does not fit {products.size} products")
    if not power > 0.0:
        raise ValueError("the spectrum has no light: its sum of squares must be positive")
    norms = np.sqrt(np.clip(np.diagonal(gram), 0.0, None))
    scale = np.where(norms > 0, 1.0 / np.where(norms > 0, norms, 1.0), 0.0)
    return scale, np.asarray(products * scale, dtype=np.float64)


def _fit(
    cosine: float, unit: tuple[FloatArray, FloatArray], power: float, pair: tuple[int, int]
) -> PairFit:
    """Solve one pair: amounts by the normal equations, or the better reference alone."""
    products, scale = unit
    u, v = (float(products[row]) for row in pair)
    rest = 1.0 - cosine * cosine
    if u > cosine * v and v > cosine * u and rest > COLLINEAR:
        first, second = (u - cosine * v) / rest, (v - cosine * u) / rest
        explained = u * u + (v - cosine * u) ** 2 / rest
    else:
        first, second = (max(u, 0.0), 0.0) if u >= v else (0.0, max(v, 0.0))
        explained = first * first + second * second
    (a, i), (b, j) = sorted(zip((first, second), pair, strict=True), key=lambda x: (-x[0], x[1]))
    left = float(min(max(1.0 - explained / power, 0.0), 1.0))
    return PairFit(i, j, (a * float(scale[i]), b * float(scale[j])), left)
