"""Whether two references are one substance, at any small shift, in either direction of the axis.

Many pairs are sifted at once by coarse correlation (matrix products); what is left is compared in
detail the way a verdict compares (`matching.compare`), from the shift that correlates best.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from matching.axis import COMMON_GRID
from matching.compare import LEAST_WINDOW_CM1, Bands, Comparison, compare_many
from matching.decision import explains
from matching.evidence import evidence
from matching.policy import Policy
from matching.preprocess.scale import gaussian_broadened
from matching.search import ReferenceMatrix
from matching.sieve import directions, reaching, shadow
from matching.spectrum import FloatArray

Float32Array = NDArray[np.float32]
BLOCK = 256  # rows multiplied with all others at a time
REACH_CM1 = 12.0  # shifts tried to both sides, in steps of the grid
SMOOTH_CM1 = 100.0  # what is broader than this is taken off before correlating


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a scan and a reference compare.

    Parameters
    ----------
    evidence : float
        Logit of the evidence that they are one substance, see `matching.evidence`.
    correlation : float
        Correlation of the soft roots after alignment.
    shift_cm1 : float
        What was added to the scan's axis.
    stands : bool
        Whether a verdict on the scan would have to reckon with the reference, see
        `matching.decision.explains`: one common band, or a short common range, is not enough.
    """

    evidence: float
    correlation: float
    shift_cm1: float
    stands: bool


UNLIKE = Likeness(-np.inf, 0.0, 0.0, stands=False)


def mirrored(bands: Bands) -> Bands:
    """Return bands whose intensities run against the axis."""
    return replace(bands, values=np.ascontiguousarray(bands.values[::-1]))


def mirrored_matrix(matrix: ReferenceMatrix) -> ReferenceMatrix:
    """Return references whose intensities run against the axis, each within its own range.

    Only rows and ranges are meant to be used; sums and index are left as they were.
    """
    rows = np.zeros_like(matrix.rows)
    spans = np.stack((matrix.first, matrix.end), axis=1)
    for first, end in np.unique(spans, axis=0).tolist():
        same = np.flatnonzero((spans == (first, end)).all(axis=1))
        rows[same, first:end] = matrix.rows[same, first:end][:, ::-1]
    return replace(matrix, rows=rows, index=None, windows={})


def likeness(
    scan: Bands,
    references: Sequence[Bands],
    policy: Policy,
    shifts_cm1: Sequence[float] | None = None,
) -> list[Likeness]:
    """Compare one scan with references in detail, from a shift given or the best one.

    Parameters
    ----------
    scan : Bands
        One spectrum.
    references : sequence of Bands, length n
        The others.
    policy : Policy
        The policy in force.
    shifts_cm1 : sequence of float, length n, optional
        Where each comparison begins; where the two correlate best when left out.

    Returns
    -------
    list of Likeness
        `UNLIKE` where too little is covered by both.
    """
    if shifts_cm1 is None:
        shifts_cm1 = [best_shift_cm1(scan, other) for other in references]
    reach = max(policy.compare.reach_cm1, REACH_CM1)
    found = compare_many(scan, references, shifts_cm1, replace(policy.compare, reach_cm1=reach))
    return [UNLIKE if way is None else _likeness(way, policy) for way in found]


def _likeness(way: Comparison, policy: Policy) -> Likeness:
    logit, limits = evidence(way, policy.model), policy.thresholds
    stands = explains(way, logit, limits, limits.name - limits.rival)
    return Likeness(logit, way.root_correlation, way.shift_cm1, stands)


def best_shift_cm1(scan: Bands, reference: Bands) -> float:
    """Return the shift to be added to the scan's axis that correlates best, in cm-1.

    Roots less what is broad, over the common range less the largest shift at both ends.
    """
    reach = round(REACH_CM1 / COMMON_GRID.step_cm1)
    start, stop = max(scan.first, reference.first), min(scan.end, reference.end)
    if (stop - start - 2 * reach) * COMMON_GRID.step_cm1 < LEAST_WINDOW_CM1:
        return 0.0
    fixed = _sharp_root(scan)[start + reach - scan.first : stop - reach - scan.first]
    moved = _sharp_root(reference)[start - reference.first : stop - reference.first]
    views = np.lib.stride_tricks.sliding_window_view(moved, fixed.size)
    power = np.sqrt(np.einsum("sm,sm->s", views, views))
    score = (views @ fixed) / np.where(power > 0, power, np.inf)
    return float((int(np.argmax(score)) - reach) * COMMON_GRID.step_cm1)


def _sharp_root(bands: Bands) -> FloatArray:
    root = np.sqrt(np.clip(bands.values, 0.0, None))
    broad = gaussian_broadened(root[None, :], SMOOTH_CM1 / COMMON_GRID.step_cm1)[0]
    return np.asarray(root - broad)


def similar(
    one: Float32Array,
    other: Float32Array,
    least: float,
    progress: Callable[[float], None] = lambda _share: None,
    *,
    later: bool = False,
) -> Iterator[tuple[int, int]]:
    """Yield the pairs of rows of two sets, (n, m) and (k, m), with at least this cosine.

    With `later` only those whose second row has the higher number.
    """
    left, right = unit_rows(one), unit_rows(other)
    along = directions(right)
    shades, count = shadow(right, along), left.shape[0]
    for start in range(0, count, BLOCK):
        part = left[start : start + BLOCK]
        limits = np.full(part.shape[0], least, dtype=np.float32)
        first = min(start, right.shape[0]) if later else 0
        places, partners = reaching(shadow(part, along), shades, limits, first)
        rows, columns = np.unique(places), np.unique(partners)
        whole = part[rows] @ right[columns].T
        cosine = whole[np.searchsorted(rows, places), np.searchsorted(columns, partners)]
        kept = (cosine >= least) & ((places + start < partners) | (not later))
        yield from zip((places[kept] + start).tolist(), partners[kept].tolist(), strict=True)
        progress(min(start + BLOCK, count) / count)


def unit_rows(rows: Float32Array) -> Float32Array:
    """Return rows of unit norm, shape (n, m); rows without light stay zero."""
    norms = np.sqrt(np.einsum("nm,nm->n", rows, rows))
    return np.asarray(rows / np.where(norms > 0, norms, 1.0)[:, None], dtype=np.float32)
