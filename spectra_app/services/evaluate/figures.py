"""Count right, wrong and missing names: per scan, per independent substance, per instrument.

A rate comes with its exact bounds (Clopper-Pearson). They hold for independent cases; repeated
scans of one substance are not, so every count is given over substances too, where a substance is
right when every scan of it was, and wrong when any was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matching.validation import threshold
from spectra_app.services.evaluate.judging import (
    Answer,
    Result,
    in_library,
    named,
    named_right,
    named_sets,
    named_true_but_not_all,
    named_wrong,
    pure,
    ranked_within,
)
from spectra_app.services.result_rows import OR, PLUS
from spectra_app.services.statistics import macro, rate

SCORE = "hit quality 0-1 (1 best) of the best candidate: logistic evidence of the shipped policy"
FALSE_SHARE = 0.05
MOST_PLACES = 10
COUNTED = ("lead", "inconclusive", "not_in_library", "class_only", "container_only", "refused")

Names = Mapping[int, str]


def summary(results: Sequence[Result], names: Names | None = None) -> dict[str, Any]:
    """Return the figures of an evaluation as plain values, see the command-line contract.

    Parameters
    ----------
    results : sequence of Result
        Queries with their answers.
    names : mapping from int to str, optional
        Name of every substance of the library; its number is shown where there is none.
    """
    known = [r for r in results if in_library(r.query)]
    shown = names or {}
    wrong = [r for r in results if named_wrong(r)]
    figures: dict[str, Any] = {
        "n": len(results),
        "in_library": len(known),
        "out_of_library": len(results) - len(known),
        "score": SCORE,
        **per_scan(results),
    }
    for outcome in COUNTED:
        count = sum(r.answer.outcome == outcome for r in results)
        figures[outcome] = rate(count, len(results)).to_json()
    figures["top_k"] = _top_k(results)
    figures["macro"] = {
        "substance": _macro(results, lambda r: r.query.substance),
        "instrument": _macro(results, lambda r: r.query.instrument),
    }
    figures["by_substance"] = by_substance(results)
    figures["instruments"] = _instruments(results)
    figures["substances"] = _substances(results)
    if any(r.left_out is not None for r in results):
        figures |= _open_set(results, shown)
    figures["confusion"] = _confusion(results, shown)
    figures["wrong"] = [listing(r, shown) for r in wrong]
    missed = [r for r in known if not named(r.answer) and r.answer.outcome != "refused"]
    figures["missed"] = [listing(r, shown) for r in missed]
    refused = [r for r in results if r.answer.outcome == "refused"]
    figures["refused_queries"] = [
        {**listing(r, shown), "error": r.query.error or "it could not be cleaned up"}
        for r in refused
    ]
    return figures


def per_scan(results: Sequence[Result]) -> dict[str, Any]:
    """Return the shares of scans ranked first or among three, named right, and named wrong."""
    known = [r for r in results if in_library(r.query)]
    single = [r for r in known if pure(r.query)]
    right = sum(named_right(r.query, r.answer) for r in known)
    return {
        "top1": rate(sum(ranked_within(r, 1) for r in single), len(single)).to_json(),
        "top3": rate(sum(ranked_within(r, 3) for r in single), len(single)).to_json(),
        "named_right": rate(right, len(known)).to_json(),
        "named_wrong": rate(sum(map(named_wrong, results)), len(results)).to_json(),
    }


def _top_k(results: Sequence[Result]) -> list[dict[str, Any]]:
    single = [r for r in results if pure(r.query)]
    return [
        {"k": k, **rate(sum(ranked_within(r, k) for r in single), len(single)).to_json()}
        for k in range(1, MOST_PLACES + 1)
    ]


def by_case(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Return the results of every independent substance, by its key."""
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result.query.case, []).append(result)
    return found


def by_substance(results: Sequence[Result]) -> dict[str, Any]:
    """Return counts of independent substances: right in every scan, wrong in any."""
    cases = list(by_case(results).values())
    known = [case for case in cases if all(in_library(r.query) for r in case)]
    single = [case for case in known if all(pure(r.query) for r in case)]

    def every(test: Callable[[Result], bool], among: list[list[Result]]) -> dict[str, Any]:
        return rate(sum(all(map(test, case)) for case in among), len(among)).to_json()

    def anyone(test: Callable[[Result], bool], among: list[list[Result]]) -> dict[str, Any]:
        return rate(sum(any(map(test, case)) for case in among), len(among)).to_json()

    figures: dict[str, Any] = {
        "n": len(cases),
        "top1": every(lambda r: ranked_within(r, 1), single),
        "named_right": every(lambda r: named_right(r.query, r.answer), known),
        "named_wrong": anyone(named_wrong, cases),
    }
    if any(r.left_out is not None for r in results):
        figures["false_naming"] = anyone(falsely_named, cases)
    return figures


def falsely_named(result: Result) -> bool:
    """Tell whether a name was given although the substance had been removed."""
    return result.left_out is not None and named(result.left_out)


def _macro(results: Sequence[Result], key: Callable[[Result], str]) -> dict[str, Any]:
    top1: dict[str, list[bool]] = {}
    right: dict[str, list[bool]] = {}
    wrong: dict[str, list[bool]] = {}
    for result in results:
        wrong.setdefault(key(result), []).append(named_wrong(result))
        if not in_library(result.query):
            continue
        right.setdefault(key(result), []).append(named_right(result.query, result.answer))
        if pure(result.query):
            top1.setdefault(key(result), []).append(ranked_within(result, 1))
    return {
        "groups": len(wrong),
        "top1": macro(top1),
        "named_right": macro(right),
        "named_wrong": macro(wrong),
    }


def _instruments(results: Sequence[Result]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in dict.fromkeys(r.query.instrument for r in results):
        mine = [r for r in results if r.query.instrument == name]
        outcomes = Counter(r.answer.outcome for r in mine)
        found[name] = {
            "n": len(mine),
            **per_scan(mine),
            **_false_naming(mine),
            "outcomes": dict(sorted(outcomes.items())),
            "by_substance": by_substance(mine),
            "macro_substance": _macro(mine, lambda r: r.query.substance),
        }
    return found


def _substances(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return one row for every independent substance, those with trouble first."""
    rows = [
        {
            "substance": case[0].query.substance,
            "instruments": sorted({r.query.instrument for r in case}),
            "in_library": in_library(case[0].query),
            "n": len(case),
            **per_scan(case),
            **_false_naming(case),
            "outcomes": dict(sorted(Counter(r.answer.outcome for r in case).items())),
        }
        for case in by_case(results).values()
    ]
    return sorted(rows, key=_trouble, reverse=True)


def _trouble(row: dict[str, Any]) -> tuple[float, float, float]:
    false = row.get("false_naming", {"count": 0})
    right = row["named_right"]
    return row["named_wrong"]["count"], false["count"], right["n"] - right["count"]


def _false_naming(results: Sequence[Result]) -> dict[str, Any]:
    out = [r for r in results if r.left_out is not None]
    return {"false_naming": rate(sum(map(falsely_named, out)), len(out)).to_json()} if out else {}


def _open_set(results: Sequence[Result], names: Names) -> dict[str, Any]:
    """Figures with every true substance removed: false names, and recall at a given share."""
    single = [r for r in results if pure(r.query)]
    scores = [r.left_out.score for r in results if r.left_out is not None]
    figures: dict[str, Any] = {
        **_false_naming(results),
        "false_names": [listing(r, names, left_out=True) for r in results if falsely_named(r)],
    }
    for key, share in (("recall_at_5pct_false_naming", FALSE_SHARE), ("recall_at_0", 0.0)):
        limit = max(threshold(scores, share), 0.0)
        count = sum(ranked_within(r, 1) and r.answer.score > limit for r in single)
        figures[key] = (count / len(single)) if single else None
        figures[f"{key}_detail"] = {"score": limit, **rate(count, len(single)).to_json()}
    return figures


# --- What was taken for what ---------------------------------------------------------------------


def name_of(number: int, names: Names) -> str:
    """Return the name of a substance, its number where the library names none."""
    return names.get(number, f"substance {number}")


def _confusion(results: Sequence[Result], names: Names) -> dict[str, Any]:
    """Return truth against what was named, and truth against its best wrong candidate."""
    pairs = Counter((r.query.substance, _said(r.answer, names)) for r in results)
    return {
        "named": [
            {"truth": truth, "named": said, "count": count}
            for (truth, said), count in sorted(pairs.items(), key=lambda item: item[0])
        ],
        "best_wrong": _best_wrong(results, names),
    }


def _said(answer: Answer, names: Names) -> str:
    if not named(answer):
        return f"({answer.outcome})"
    return PLUS.join(sorted(names_said(answer, names)))


def names_said(answer: Answer, names: Names) -> list[str]:
    """Return what was named, one text for every component: look-alikes are joined with "or"."""
    groups = named_sets(answer)
    return [OR.join(sorted(name_of(number, names) for number in group)) for group in groups]


def _best_wrong(results: Sequence[Result], names: Names) -> list[dict[str, Any]]:
    """Return for each truth the wrong substances that came first, the most alike first.

    With the substance left out that is its best candidate; otherwise the best that is not true.
    """
    found: dict[tuple[str, str], list[float | None]] = {}
    for result in results:
        answer = result.left_out or result.answer
        wrong = [number for number in answer.ranked if number not in result.query.truth]
        if wrong:
            score = answer.score if wrong[0] == answer.ranked[0] else None
            key = (result.query.substance, name_of(wrong[0], names))
            found.setdefault(key, []).append(score)
    rows = [
        {
            "truth": truth,
            "candidate": candidate,
            "count": len(scores),
            "highest_score": max((s for s in scores if s is not None), default=None),
        }
        for (truth, candidate), scores in found.items()
    ]
    return sorted(rows, key=lambda row: (-(row["highest_score"] or 0.0), row["truth"]))


def listing(result: Result, names: Names, *, left_out: bool = False) -> dict[str, Any]:
    """Return one query with its answer, for the lists of wrong, missed and refused ones."""
    answer = result.left_out if left_out and result.left_out else result.answer
    return {
        "query": result.query.label,
        "truth": result.query.substance,
        "instrument": result.query.instrument,
        "outcome": answer.outcome,
        "reasons": list(answer.reasons),
        "named": names_said(answer, names),
        "best_candidate": name_of(answer.ranked[0], names) if answer.ranked else None,
        "best_is_right": bool(set(answer.ranked[:1]) & result.query.truth),
        "true_but_not_all": named_true_but_not_all(result.query, answer),
        "score": round(answer.score, 4),
    }
