"""Measure what identification is worth on scans whose substance is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from library.entry import identity_keys
from library.formats import Column, read_file, select
from library.manifest import ManifestRow, read_manifest
from library.store import Library
from matching.errors import QueryError, SpectraError
from matching.evidence import hit_quality
from matching.spectrum import Spectrum
from spectra_app.errors import AppError
from spectra_app.services.engine import Engine, Examined, axis_in_doubt, examine
from spectra_app.services.statistics import macro, rate

NAMING = frozenset({"match", "mixture", "lead", "container_only"})
LARGEST_SET = 3
SCORE = "hit quality 0-1 (1 best) of the best candidate: logistic evidence of the shipped policy"
FALSE_SHARE = 0.05


@dataclass(frozen=True, eq=False, slots=True)
class Query:
    """A scan with its truth.

    Parameters
    ----------
    label : str
        File and spectrum, for listings.
    spectrum : Spectrum or None
        None when the file was refused.
    truth : frozenset of int
        Numbers of the true substances in the library; empty when it holds none of them.
    complete : bool
        Every true substance is in the library.
    components : int
        Number of true components; 0 when the truth is not stated.
    substance, instrument : str
        What the macro averages go by.
    axis_doubtful : bool
        The axis of the scan's session is in doubt.
    error : str
        Why the file was refused.
    """

    label: str
    spectrum: Spectrum | None
    truth: frozenset[int]
    complete: bool
    components: int
    substance: str
    instrument: str
    axis_doubtful: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one query was given: outcome, named substances, ranked substances, best score."""

    outcome: str
    named: tuple[int, ...]
    sets: tuple[frozenset[int], ...]
    ranked: tuple[int, ...]
    score: float


@dataclass(frozen=True, eq=False, slots=True)
class Result:
    """A query, its answer, and its answer with the true substances removed (or None)."""

    query: Query
    answer: Answer
    left_out: Answer | None


class EvaluationError(AppError):
    """The queries cannot be evaluated."""

    code = "evaluation"


def load_queries(manifest: Path, engine: Engine, column: Column | None) -> list[Query]:
    """Read the queries of a manifest and find their substances in the library."""
    numbers = _substances_by_key(engine.library)
    doubtful: dict[Path, bool] = {}
    queries = []
    for row in read_manifest(manifest):
        label = f"{row.get('file')} {row.get('spectrum')}".strip()
        spectrum, error = None, ""
        try:
            _, result = read_file(row.path, column=column, laser_nm=row.laser_nm)
            (item,) = select(result, row.get("spectrum") or None, where=str(row.path))
            spectrum = item.spectrum
            if row.get("technique") == "SERS":
                spectrum = replace(spectrum, technique="SERS")
            if row.path not in doubtful:
                session = tuple(other.spectrum for other in result.spectra)
                doubtful[row.path] = axis_in_doubt(session, engine)
        except SpectraError as refused:
            error = str(refused)
        except ValueError:
            error = f"{label}: several spectra; name one in the column 'spectrum'"
        query = _query(row, label, numbers)
        doubt = doubtful.get(row.path, False)
        queries.append(replace(query, spectrum=spectrum, error=error, axis_doubtful=doubt))
    if queries and all(query.spectrum is None for query in queries):
        raise EvaluationError(
            f"none of the {len(queries)} queries could be read; the first: {queries[0].error}",
            str(manifest),
            "check the paths in the column 'file' and the option --column",
        )
    if not queries:
        raise EvaluationError("the manifest has no row", str(manifest), "add queries")
    return queries


def _substances_by_key(library: Library) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for row, record in enumerate(library.records()):
        if not library.comparable[row]:
            continue  # a mixture or calculated entry can never be the answer
        for key in identity_keys(record.name, record.group, record.inchikey):
            numbers[key] = int(library.matrix.substance[row])
    return numbers


def _query(row: ManifestRow, label: str, numbers: dict[str, int]) -> Query:
    parts = [identity_keys(name, "", "") for name, _ in row.composition]
    if not parts and (own := identity_keys(row.get("name"), row.get("group"), row.get("inchikey"))):
        parts = [own]
    found = [frozenset(numbers[key] for key in keys if key in numbers) for keys in parts]
    composition = " + ".join(name for name, _ in row.composition)
    return Query(
        label=label,
        spectrum=None,
        truth=frozenset().union(*found),
        complete=bool(parts) and all(found),
        components=len(parts),
        substance=row.get("group") or row.get("name") or composition or row.get("truth") or label,
        instrument=row.get("serial") or row.get("instrument") or str(Path(row.get("file")).parent),
    )


def evaluate(
    queries: Sequence[Query],
    engine: Engine,
    *,
    leave_out: bool,
    progress: Callable[[float, str], None] = lambda _share, _words: None,
) -> list[Result]:
    """Identify every query, and again without its substances when `leave_out` is set."""
    results = []
    for number, query in enumerate(queries):
        progress(number / len(queries), query.label)
        answer = _answer(query, engine, None)
        left_out = None
        if leave_out:
            without = np.isin(engine.library.matrix.substance, list(query.truth))
            left_out = _answer(query, engine, without) if query.truth else answer
        results.append(Result(query, answer, left_out))
    progress(1.0, "done")
    return results


def _answer(query: Query, engine: Engine, without: NDArray[np.bool_] | None) -> Answer:
    refused = Answer("refused", (), sets=(), ranked=(), score=0.0)
    if query.spectrum is None:
        return refused
    try:
        found = examine(query.spectrum, engine, without=without, axis_doubtful=query.axis_doubtful)
    except QueryError:
        return refused
    return _answer_of(found, engine.library)


def _answer_of(found: Examined, library: Library) -> Answer:
    ranked = tuple(dict.fromkeys(item.substance for item in found.scored))
    rows = found.verdict.named
    contents = tuple(row for row in rows if library.record(row).role != "container")
    return Answer(
        outcome=found.verdict.outcome,
        named=tuple(int(library.matrix.substance[row]) for row in contents or rows),
        sets=tuple(
            frozenset(int(library.matrix.substance[row]) for row in rows)
            for rows in found.verdict.sets
        ),
        ranked=ranked,
        score=hit_quality(found.scored[0].evidence) if found.scored else 0.0,
    )


def named_right(query: Query, answer: Answer) -> bool:
    """Tell whether the names given are right.

    One substance: the named set holds it and has at most three members. A mixture: each of its
    components is named, alone or in such a set, and nothing else.
    """
    if answer.outcome not in NAMING or not query.truth:
        return False
    groups = _named_sets(answer)
    if any(len(group) > LARGEST_SET for group in groups):
        return False
    if query.components > 1:
        return (
            query.complete
            and len(groups) == len(query.truth)
            and all(any(true in group for group in groups) for true in query.truth)
        )
    return len(groups) == 1 and bool(groups[0] & query.truth)


def _named_sets(answer: Answer) -> list[frozenset[int]]:
    """Return what was named: one set for every component, of one substance or of look-alikes."""
    groups: list[frozenset[int]] = []
    for number in answer.named:
        if not any(number in group for group in groups):
            alike = next((group for group in answer.sets if number in group), frozenset({number}))
            groups.append(alike)
    return groups


def in_library(query: Query) -> bool:
    """Tell whether the library holds what the scan shows (every component of a mixture)."""
    return query.complete


def summary(results: Sequence[Result]) -> dict[str, Any]:
    """Return the figures of an evaluation as plain values, see the command-line contract."""
    known = [r for r in results if in_library(r.query)]
    pure = [r for r in known if r.query.components == 1]
    named = [r for r in results if r.answer.outcome in NAMING]
    wrong = [r for r in named if not named_right(r.query, r.answer)]
    figures: dict[str, Any] = {
        "n": len(results),
        "in_library": len(known),
        "out_of_library": len(results) - len(known),
        "score": SCORE,
        "top1": rate(sum(_ranked_within(r, 1) for r in pure), len(pure)).to_json(),
        "top3": rate(sum(_ranked_within(r, 3) for r in pure), len(pure)).to_json(),
        "named_right": rate(
            sum(named_right(r.query, r.answer) for r in known), len(known)
        ).to_json(),
        "named_wrong": rate(len(wrong), len(results)).to_json(),
    }
    for outcome in ("inconclusive", "not_in_library", "container_only", "refused"):
        count = sum(r.answer.outcome == outcome for r in results)
        figures[outcome] = rate(count, len(results)).to_json()
    figures["macro"] = {
        "substance": _macro(results, lambda r: r.query.substance),
        "instrument": _macro(results, lambda r: r.query.instrument),
    }
    figures["instruments"] = _by_instrument(results)
    if any(r.left_out is not None for r in results):
        figures |= _open_set(results, pure)
    figures["wrong"] = [_listing(r) for r in wrong]
    return figures


def _ranked_within(result: Result, places: int) -> bool:
    return bool(set(result.answer.ranked[:places]) & result.query.truth)


def _macro(results: Sequence[Result], key: Callable[[Result], str]) -> dict[str, Any]:
    top1: dict[str, list[bool]] = {}
    right: dict[str, list[bool]] = {}
    wrong: dict[str, list[bool]] = {}
    for result in results:
        named = result.answer.outcome in NAMING
        correct = named_right(result.query, result.answer)
        wrong.setdefault(key(result), []).append(named and not correct)
        if not in_library(result.query):
            continue
        right.setdefault(key(result), []).append(correct)
        if result.query.components == 1:
            top1.setdefault(key(result), []).append(_ranked_within(result, 1))
    return {
        "groups": len(wrong),
        "top1": macro(top1),
        "named_right": macro(right),
        "named_wrong": macro(wrong),
    }


def _by_instrument(results: Sequence[Result]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in dict.fromkeys(r.query.instrument for r in results):
        mine = [r for r in results if r.query.instrument == name]
        known = [r for r in mine if in_library(r.query)]
        pure = [r for r in known if r.query.components == 1]
        right = sum(named_right(r.query, r.answer) for r in known)
        wrong = sum(r.answer.outcome in NAMING and not named_right(r.query, r.answer) for r in mine)
        found[name] = {
            "n": len(mine),
            "top1": rate(sum(_ranked_within(r, 1) for r in pure), len(pure)).to_json(),
            "named_right": rate(right, len(known)).to_json(),
            "named_wrong": rate(wrong, len(mine)).to_json(),
        }
    return found


def _open_set(results: Sequence[Result], pure: Sequence[Result]) -> dict[str, Any]:
    """Figures with every true substance removed: false names, and recall at a given share."""
    answers = [r.left_out for r in results if r.left_out is not None]
    falsely = [r for r in results if r.left_out is not None and r.left_out.outcome in NAMING]
    scores = sorted((answer.score for answer in answers), reverse=True)
    figures: dict[str, Any] = {
        "false_naming": rate(len(falsely), len(answers)).to_json(),
        "false_names": [_listing(r, left_out=True) for r in falsely],
    }
    for key, share in (("recall_at_5pct_false_naming", FALSE_SHARE), ("recall_at_0", 0.0)):
        above = int(share * len(scores))
        threshold = scores[above] if above < len(scores) else 0.0
        count = sum(_ranked_within(r, 1) and r.answer.score > threshold for r in pure)
        figures[key] = (count / len(pure)) if pure else None
        figures[f"{key}_detail"] = {"score": threshold, **rate(count, len(pure)).to_json()}
    return figures


def _listing(result: Result, *, left_out: bool = False) -> dict[str, Any]:
    answer = result.left_out if left_out and result.left_out else result.answer
    return {
        "query": result.query.label,
        "truth": result.query.substance,
        "outcome": answer.outcome,
        "named_substances": list(answer.named),
        "score": round(answer.score, 4),
    }


def with_names(figures: dict[str, Any], library: Library) -> dict[str, Any]:
    """Replace substance numbers in the listings of `summary` by names."""
    first: dict[int, str] = {}
    for row, record in enumerate(library.records()):
        first.setdefault(int(library.matrix.substance[row]), record.name)
    for key in ("wrong", "false_names"):
        for item in figures.get(key, []):
            numbers = item.pop("named_substances")
            item["named"] = [first[number] for number in numbers]
    return figures
