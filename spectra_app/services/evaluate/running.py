"""Identify scans of known substance: as they are, distorted, and summed in pairs."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from library.store import Library
from matching.distort import Distortion, band_width_cm1, distorted, summed
from matching.errors import QueryError, SpectrumError
from matching.evidence import hit_quality
from matching.pipeline import is_saturated, prepare
from matching.policy import Policy
from matching.quality import ScanQuality
from matching.rates import rate_of
from spectra_app.services.engine import Engine, Examined, examine
from spectra_app.services.evaluate.judging import Answer, EvaluationError, Query, Result, pure

SHARES = (0.7, 0.9)
MOST_TRIES = 50  # draws of a pair for every sum asked for, before there are too few that fit

Progress = Callable[[float, str], None]


def no_progress(share: float, words: str) -> None:
    """Ignore progress."""


def evaluate(
    queries: Sequence[Query],
    engine: Engine,
    *,
    leave_out: bool,
    progress: Progress = no_progress,
) -> list[Result]:
    """Identify every query, and again without its substances when `leave_out` is set."""
    results = []
    for result in evaluated(queries, engine, leave_out=leave_out):
        results.append(result)
        progress(len(results) / len(queries), result.query.label)
    progress(1.0, "done")
    return results


def evaluated(queries: Sequence[Query], engine: Engine, *, leave_out: bool) -> Iterator[Result]:
    """Yield the results of `evaluate` one by one, so that others may work in between."""
    for query in queries:
        answer = answer_of(query, engine)
        left_out = None
        if leave_out:
            left_out = answer_of(query, engine, query.truth) if query.truth else answer
        yield Result(query, answer, left_out)


def answer_of(query: Query, engine: Engine, without: frozenset[int] = frozenset()) -> Answer:
    """Identify one scan, with the substances `without` treated as if they were not there."""
    refused = Answer("refused", (), sets=(), ranked=(), score=0.0)
    if query.spectrum is None:
        return refused
    gone = np.isin(engine.library.matrix.substance, list(without)) if without else None
    try:
        found = examine(query.spectrum, engine, without=gone, axis_doubtful=query.axis_doubtful)
    except QueryError as error:
        return replace(refused, reasons=(error.code,))
    return _answer(found, engine.library, engine.policy)


def _answer(found: Examined, library: Library, policy: Policy) -> Answer:
    def substance(row: int) -> int:
        return int(library.matrix.substance[row])

    best = found.scored[0] if found.scored else None
    rows = found.verdict.named
    contents = tuple(row for row in rows if library.record(row).role != "container")
    bin_of = rate_of(best.evidence, policy.rates) if best and best.kind == "measured" else None
    return Answer(
        outcome=found.verdict.outcome,
        named=tuple(substance(row) for row in contents or rows),
        sets=tuple(frozenset(substance(row) for row in rows) for rows in found.verdict.sets),
        ranked=tuple(dict.fromkeys(item.substance for item in found.scored)),
        score=hit_quality(best.evidence) if best else 0.0,
        reasons=found.verdict.reasons,
        flags=_flags(found.quality),
        evidence=best.evidence if best else None,
        stated=bin_of.rate if bin_of else None,
        parts=tuple((substance(p.row), p.share, *p.interval) for p in found.verdict.parts),
    )


def _flags(quality: ScanQuality) -> tuple[str, ...]:
    seen = {"saturated": quality.saturated, "spikes": quality.spikes > 0}
    return tuple(name for name, holds in seen.items() if holds)


# --- Distorted ----------------------------------------------------------------------------------


def scan_seed(query: Query, seed: int) -> int:
    """Return the seed of one distortion of one scan: from its content, not from its place."""
    content = query.spectrum.content_hash if query.spectrum else query.label
    return int.from_bytes(hashlib.sha256(f"{seed} {content}".encode()).digest()[:6])


def instrument_widths(queries: Sequence[Query]) -> dict[str, float]:
    """Return for each instrument the width (FWHM, cm-1) of its sharp bands.

    The lower quartile over its scans: a wide band of a liquid says nothing about the instrument.
    """
    found: dict[str, list[float]] = {}
    for query in queries:
        if query.spectrum is None:
            continue
        with contextlib.suppress(QueryError):
            width = band_width_cm1(prepare(query.spectrum))
            found.setdefault(query.instrument, []).append(width)
    return {name: float(np.percentile(widths, 25)) for name, widths in found.items()}


def distorted_queries(
    queries: Sequence[Query], kind: Distortion, seeds: Sequence[int]
) -> Iterator[Query]:
    """Yield every readable query once for each seed, distorted; one that cannot be is refused."""
    widths = instrument_widths(queries) if kind.width > 1.0 else {}
    for query in queries:
        if query.spectrum is None:
            continue
        for number in seeds:
            label = f"{query.label} [{kind.name}, seed {number}]"
            try:
                seed = scan_seed(query, number)
                harmed = distorted(query.spectrum, kind, seed, widths.get(query.instrument))
            except QueryError as error:
                yield replace(query, label=label, spectrum=None, error=str(error))
                continue
            yield replace(query, label=label, spectrum=harmed)


# --- Sums ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class Sum:
    """A sum of two scans, what it was said to be, and what without each of its substances.

    `share` is the first one's share of the Raman signal; `without` holds the answers with the
    first and with the second substance removed, and is empty when that was not asked.
    """

    one: Query
    other: Query
    share: float
    answer: Answer
    without: tuple[Answer, ...]


def evaluate_sums(
    queries: Sequence[Query],
    engine: Engine,
    count: int,
    *,
    seed: int,
    leave_out: bool,
    progress: Progress = no_progress,
) -> list[Sum]:
    """Identify `count` seeded sums of two scans, the number of components not told.

    Raises
    ------
    EvaluationError
        When no two scans of one instrument show different substances of the library.
    """
    results = []
    for found in evaluated_sums(queries, engine, count, seed=seed, leave_out=leave_out):
        results.append(found)
        progress(len(results) / count, f"{found.one.label} + {found.other.label}")
    progress(1.0, "done")
    return results


def evaluated_sums(
    queries: Sequence[Query], engine: Engine, count: int, *, seed: int, leave_out: bool
) -> Iterator[Sum]:
    """Yield the sums of `evaluate_sums` one by one, so that others may work in between."""
    for one, other, share, query in sums(queries, count, seed):
        without = (
            (answer_of(query, engine, one.truth), answer_of(query, engine, other.truth))
            if leave_out
            else ()
        )
        yield Sum(one, other, share, answer_of(query, engine), without)


def sums(
    queries: Sequence[Query], count: int, seed: int
) -> Iterator[tuple[Query, Query, float, Query]]:
    """Yield the two queries, the share of the first, and their sum as a query.

    Drawn are scans of one known substance each, not saturated, on an axis that is not in doubt,
    from one instrument, of two different substances; the shares 70 % and 90 % take turns.
    """
    usable = [
        query
        for query in queries
        if pure(query)
        and query.spectrum is not None
        and not query.axis_doubtful
        and not is_saturated(query.spectrum)
    ]
    rng = np.random.default_rng(seed)
    made = 0
    for _ in range(MOST_TRIES * count):
        if made == count or len(usable) < 2:
            break
        one, other = (usable[i] for i in rng.integers(0, len(usable), 2))
        share = SHARES[made % len(SHARES)]
        total = _sum_of(one, other, share)
        if total is not None:
            made += 1
            yield one, other, share, total
    if made < count:
        raise EvaluationError(
            f"only {made} of {count} sums could be made",
            "the queries",
            "give scans of several substances that the library holds, from one instrument",
        )


def _sum_of(one: Query, other: Query, share: float) -> Query | None:
    """Return the sum as a query, or None when these two are not summed."""
    first, second = one.spectrum, other.spectrum
    if first is None or second is None or one.truth & other.truth:
        return None
    if one.instrument != other.instrument or first.technique != second.technique:
        return None
    try:
        total = summed(first, second, share)
    except (QueryError, SpectrumError):
        return None  # hardly any range in common: another pair is drawn
    return Query(
        label=f"{share:.0%} {one.label} + {1 - share:.0%} {other.label}",
        spectrum=total,
        truth=one.truth | other.truth,
        complete=True,
        components=2,
        substance=f"{one.substance} + {other.substance}",
        instrument=one.instrument,
    )
