"""The whole evaluation: what is asked for, run in one library opening, as one set of figures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from library.formats import Column
from matching.distort import SUITE, Distortion
from spectra_app import __version__
from spectra_app.services.engine import Engine
from spectra_app.services.evaluate.calibration import calibration, detection, held_out
from spectra_app.services.evaluate.figures import summary
from spectra_app.services.evaluate.harmed import distortion_figures, sum_figures
from spectra_app.services.evaluate.judging import EvaluationError, Query, Result
from spectra_app.services.evaluate.queries import (
    Steps,
    data_sha256,
    drained,
    loading,
    substance_names,
)
from spectra_app.services.evaluate.running import (
    Progress,
    Sum,
    distorted_queries,
    evaluated,
    evaluated_sums,
    no_progress,
)
from spectra_app.services.identify import METRIC

Tell = Callable[[float, str], tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure beside the scans as they are.

    Parameters
    ----------
    leave_out : bool
        Identify each scan again with its substance removed from the library.
    distort : bool
        Run the distortion suite.
    seeds : int
        Distorted copies of each scan, for each kind.
    sums : int
        Sums of two scans; 0 for none.
    folds : int
        Folds for thresholds that are set without the scans they are applied to; 0 for none.
    seed : int
        Seed of the sums and of the bootstrap.
    """

    leave_out: bool = False
    distort: bool = False
    seeds: int = 3
    sums: int = 0
    folds: int = 0
    seed: int = 2026


@dataclass(frozen=True, eq=False, slots=True)
class Evaluation:
    """Figures as plain values, and every answer they were counted from."""

    figures: dict[str, Any]
    names: dict[int, str]
    results: list[Result]
    distorted: list[tuple[Distortion, list[Result]]]
    sums: list[Sum]


def evaluation(
    manifest: Path,
    engine: Engine,
    plan: Plan,
    *,
    column: Column | None = None,
    performed_at: str = "",
    progress: Progress = no_progress,
) -> Evaluation:
    """Evaluate the queries of a manifest against the library of an engine.

    Parameters
    ----------
    manifest : Path
        The queries with their truth.
    engine : Engine
        What identifies.
    plan : Plan
        What to measure.
    column : str, optional
        Column taken from vendor files.
    performed_at : str
        ISO 8601 time, kept with the figures.
    progress : callable (share, words)
        Told how far the work is.

    Raises
    ------
    EvaluationError
        When thresholds are asked for without anything left out, or the queries cannot be used.
    """
    steps = evaluation_steps(manifest, engine, plan, column=column, performed_at=performed_at)
    return drained(steps, progress)


def evaluation_steps(
    manifest: Path,
    engine: Engine,
    plan: Plan,
    *,
    column: Column | None = None,
    performed_at: str = "",
) -> Steps[Evaluation]:
    """Evaluate step by step, so that others may work in between; see `evaluation`."""
    if plan.folds and not plan.leave_out:
        raise EvaluationError(
            "thresholds are set by scans whose substance was left out, and none was",
            "--folds",
            "give --leave-out too",
        )
    queries = yield from loading(manifest, engine, column)
    names = substance_names(engine.library)
    shares = _Shares(plan, len(queries))
    results = yield from _evaluated(queries, engine, plan, shares.next("queries"))
    added: list[Sum] = []
    if plan.sums:
        tell = shares.next("sums")
        made = evaluated_sums(queries, engine, plan.sums, seed=plan.seed, leave_out=plan.leave_out)
        for found in made:
            added.append(found)
            yield tell(len(added) / plan.sums, f"{found.one.label} + {found.other.label}")
    harmed = []
    for kind in SUITE if plan.distort else ():
        copies = list(distorted_queries(queries, kind, range(plan.seeds)))
        answers = yield from _evaluated(copies, engine, plan, shares.next(kind.name))
        harmed.append((kind, answers))
    yield 1.0, "done"
    whole = Evaluation({}, names, results, harmed, added)
    figures = {
        **summary(results, names),
        **_derived(whole, engine, plan),
        **provenance(manifest, queries, engine, plan, column),
        "performed_at": performed_at,
    }
    return replace(whole, figures=figures)


def _evaluated(
    queries: Sequence[Query], engine: Engine, plan: Plan, tell: Tell
) -> Steps[list[Result]]:
    results: list[Result] = []
    for result in evaluated(queries, engine, leave_out=plan.leave_out):
        results.append(result)
        yield tell(len(results) / len(queries), result.query.label)
    return results


def _derived(found: Evaluation, engine: Engine, plan: Plan) -> dict[str, Any]:
    """Return what is computed from scores and from harmed scans, where it was asked for."""
    figures: dict[str, Any] = {
        "calibration": calibration(found.results, engine.policy, plan.seed),
        "detection": detection(found.results, engine.policy),
    }
    if plan.folds:
        figures["held_out"] = held_out(found.results, plan.folds)
    if found.distorted:
        rows = [distortion_figures(*pair, found.names) for pair in found.distorted]
        figures["distortions"] = rows
    if found.sums:
        figures["sums"] = sum_figures(found.sums, found.names)
    return figures


def provenance(
    manifest: Path, queries: Sequence[Query], engine: Engine, plan: Plan, column: Column | None
) -> dict[str, Any]:
    """Return what the figures were measured with: library, method, queries and plan."""
    info = engine.library.info
    return {
        "library": {
            "name": info.name,
            "version": info.version,
            "sha256": info.sha256,
            "entries": info.entries,
            "substances": len(set(engine.library.matrix.substance.tolist())),
            "kinds": dict(info.kinds),
        },
        "method": {
            "program": __version__,
            "pipeline": engine.pipeline.hash,
            "policy": engine.policy.hash,
            "policy_version": engine.policy.version,
            "metric": METRIC,
            "limit": engine.policy.thresholds.name,
        },
        "queries": {
            "manifest": manifest.name,
            "manifest_sha256": hashlib.sha256(manifest.read_bytes()).hexdigest(),
            "data_sha256": data_sha256(queries),
            "column": column,
        },
        "plan": asdict(plan),
    }


class _Shares:
    """Shares of the whole work, by the number of identifications that each step takes."""

    def __init__(self, plan: Plan, queries: int) -> None:
        tries = 2 if plan.leave_out else 1
        work = [queries * tries]
        work += [plan.sums * (3 if plan.leave_out else 1)] if plan.sums else []
        work += [queries * plan.seeds * tries] * (len(SUITE) if plan.distort else 0)
        self._work, self._total, self._done = work, max(sum(work), 1), 0

    def next(self, title: str) -> Tell:
        """Return what tells how far the next step is; it never says that all is done."""
        start, span = self._done, self._work.pop(0)
        self._done += span

        def tell(share: float, words: str) -> tuple[float, str]:
            whole = (start + span * share) / self._total
            return min(whole, 0.999), f"{title}: {words}"

        return tell
