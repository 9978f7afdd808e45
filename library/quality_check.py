"""The whole check of a library: every kind of finding, in one pass with progress."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from library.findings import confused_in
from library.quality import Finding, ordered
from library.quality_context import Collection, collection, limits
from library.quality_identity import identity_findings
from library.quality_mixtures import impure_findings, light_of, mixture_findings
from library.quality_pairs import mirrored_findings, pair_findings, substance_findings
from library.quality_sessions import session_findings
from library.quality_spectra import spectra_facts, spectra_findings
from library.quality_witness import testimonies, witness_findings
from library.store import Library
from library.versions import in_force
from matching.coarse import coarse
from matching.confusion import confused_pairs
from matching.likeness import mirrored_matrix
from matching.policy import Policy

Progress = Callable[[float, str], None]


def check(
    library: Library,
    policy: Policy,
    second: Sequence[Collection] = (),
    progress: Progress = lambda _share, _words: None,
) -> tuple[Finding, ...]:
    """Return everything found in a library, the worst first.

    Parameters
    ----------
    library : Library
        The library.
    policy : Policy
        The policy in force; all limits follow from it.
    second : sequence of Collection
        Second sources: published bands, other libraries.
    progress : callable (share, words)
        Told how far the work is, 0 to 1.
    """
    found: list[Finding] = []
    held, rule = collection(library, "the library"), limits(policy)
    progress(0.05, "identifiers")
    force = in_force(held.records)
    found += identity_findings(held.records, force)
    facts = list(spectra_facts(library, held.records, _part(progress, 0.1, 0.33, "spectra")))
    for row, fact in enumerate(facts):
        if force[row]:
            found += spectra_findings(fact, row, held.records[row], policy)
    doubt = [0.0 if fact is None else fact.silent_share for fact in facts]
    facts = [fact if stands else None for fact, stands in zip(facts, force, strict=True)]
    told = _part(progress, 0.33, 0.35, "sessions")
    found += session_findings(library, held.records, facts, rule, told)
    pairs = confused_in(library, policy)
    if pairs is None:
        told = _part(progress, 0.35, 0.6, "look-alikes")
        pairs = confused_pairs(held.refs, policy, progress=told, spectra=held.coarse)
    found += pair_findings(held, pairs, rule)
    found += substance_findings(held, rule)
    turned = coarse(mirrored_matrix(held.refs.matrix))
    told = _part(progress, 0.6, 0.75, "reversed axes")
    found += mirrored_findings(held, turned, rule, doubt, told)
    light = light_of(held.refs.matrix)
    told = _part(progress, 0.75, 0.9, "mixtures")
    found += mixture_findings(library, held, light, policy, told)
    for other in second:
        told = _part(progress, 0.9, 1.0, other.title)
        said = testimonies(held, turned, other, rule, told)
        found += witness_findings(held, other, said, rule)
        found += impure_findings(library, held, light, other, policy)
    progress(1.0, "done")
    return ordered(found)


def _part(progress: Progress, start: float, end: float, words: str) -> Callable[[float], None]:
    return lambda share: progress(start + share * (end - start), words)
