"""Entries of pure substances that two others of the library explain, but not one alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from library.quality import Finding, named
from library.quality_context import Collection
from library.quality_witness import own_rows
from library.store import Library
from matching.blends import Blend, blends, companions, joined
from matching.coarse import coarse
from matching.errors import QueryError
from matching.likeness import unit_rows
from matching.mixture import accepted, explain, nameable
from matching.pipeline import DEFAULT_PIPELINE, prepare
from matching.policy import Policy
from matching.search import ReferenceMatrix
from matching.setfit import SetFit

Float32Array = NDArray[np.float32]
# A drawn reference leaves more than a measured one: of 60 pure entries it left at most what another
# explained 33 % of, and 21 % without any 100 cm-1.
OWN_GAIN = 0.40
OWN_STEADY = 0.25


def mixture_findings(
    library: Library,
    held: Collection,
    light: Float32Array,
    policy: Policy,
    progress: Callable[[float], None],
) -> Iterator[Finding]:
    """Yield entries whose spectrum is the sum of two or three others, each of which is needed.

    The rule is that of verdicts: what a scan of the entry would be told to be, were its own
    substance not in the library. `light` is that of the library, see `light_of`.
    """
    for blend in blends(light, held.refs.matrix.substance, _usable(held), progress):
        fit = _fitted(library, held, blend, policy)
        if fit is not None:
            yield _finding(held, blend, fit, policy)


def light_of(matrix: ReferenceMatrix) -> Float32Array:
    """Return coarse intensities of references, where mixing is linear, float32 (n, cells)."""
    return coarse(replace(matrix, rows=np.square(matrix.rows), index=None, windows={})).plain


def _usable(held: Collection) -> NDArray[np.bool_]:
    return held.refs.comparable & ~held.refs.sers


def impure_findings(
    library: Library, held: Collection, light: Float32Array, second: Collection, policy: Policy
) -> Iterator[Finding]:
    """Yield entries that hold another substance of the library beside their own.

    What their own substance looks like is known from a second source only: the library holds
    nothing else of it.
    """
    unit, known = unit_rows(light), unit_rows(light_of(second.refs.matrix))
    cosine = np.asarray(known @ unit.T, dtype=np.float32)
    substance, usable = held.refs.matrix.substance, _usable(held)
    for row, owns in enumerate(own_rows(held, second)):
        if not owns or not usable[row]:
            continue
        others = usable & (substance != substance[row])
        near = np.asarray(unit @ unit[row], dtype=np.float32)
        pool = companions(near, cosine[owns, row], cosine[owns], others)
        fit = _beside_own(library, (held, second), row, (pool, owns), policy) if pool else None
        if fit is not None:
            yield fit


def _beside_own(
    library: Library,
    both: tuple[Collection, Collection],
    row: int,
    rows: tuple[Sequence[int], Sequence[int]],
    policy: Policy,
) -> Finding | None:
    held, second = both
    pool, owns = rows
    try:
        scan = prepare(library.spectrum(row), DEFAULT_PIPELINE)
    except QueryError:
        return None
    matrix = joined(held.refs.only(*pool).matrix, second.refs.only(*owns).matrix)
    everything = np.ones(matrix.size, dtype=bool)
    sets = explain(scan, matrix, policy.mixture, allowed=everything)
    for fit in sets[1:]:
        beside = [part for part in fit.parts if part.row < len(pool)]
        needed = fit.gain >= OWN_GAIN and fit.steady_gain >= OWN_STEADY
        if needed and len(fit.parts) == 2 and len(beside) == 1:
            other, share = pool[beside[0].row], beside[0].share
            own = second.records[owns[0]].name
            what = (
                f"{named(held.records, row)} holds {share:.0%} {named(held.records, other)} beside "
                f"'{own}' of {second.title} (it explains {fit.gain:.0%} of what that leaves)"
            )
            return Finding("mixture_as_substance", (row, other), what, fit.gain, OWN_GAIN)
    return None


def _fitted(library: Library, held: Collection, blend: Blend, policy: Policy) -> SetFit | None:
    try:
        scan = prepare(library.spectrum(blend.row), DEFAULT_PIPELINE)
    except QueryError:
        return None
    pool = held.refs.only(*blend.pool)
    everything = np.ones(len(blend.pool), dtype=bool)
    sets = explain(scan, pool.matrix, policy.mixture, allowed=everything)
    fit = accepted(sets, policy.mixture)
    return fit if fit is not None and nameable(fit, policy.mixture) else None


def _finding(held: Collection, blend: Blend, fit: SetFit, policy: Policy) -> Finding:
    rows = [blend.pool[part.row] for part in fit.parts]
    parts = " and ".join(
        f"{part.share:.0%} {named(held.records, row)}"
        for part, row in zip(fit.parts, rows, strict=True)
    )
    what = (
        f"{named(held.records, blend.row)} is explained by {parts} together (misfit "
        f"{fit.misfit:.2f}), by none of them alone"
    )
    limit = policy.mixture.most_misfit
    return Finding("mixture_as_substance", (blend.row, *rows), what, fit.misfit, limit)
