"""Entries of pure substances that two others of the library explain, but not one alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from library.quality import Finding, named
from library.quality_context import Collection
from library.store import Library
from matching.blends import Blend, blends
from matching.coarse import coarse
from matching.errors import QueryError
from matching.mixture import accepted, explain, nameable
from matching.pipeline import DEFAULT_PIPELINE, prepare
from matching.policy import Policy
from matching.setfit import SetFit


def mixture_findings(
    library: Library,
    held: Collection,
    policy: Policy,
    progress: Callable[[float], None],
) -> Iterator[Finding]:
    """Yield entries whose spectrum is the sum of two or three others, each of which is needed.

    The rule is that of verdicts: what a scan of the entry would be told to be, were its own
    substance not in the library.
    """
    matrix = held.refs.matrix
    usable = held.refs.comparable & ~held.refs.sers
    light = coarse(replace(matrix, rows=np.square(matrix.rows), index=None, windows={})).plain
    for blend in blends(light, matrix.substance, usable, progress):
        fit = _fitted(library, held, blend, policy)
        if fit is not None:
            yield _finding(held, blend, fit, policy)


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
