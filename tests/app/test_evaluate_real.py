"""The bars of the issue, on real scans of two instruments; and what an evaluation counts."""

from __future__ import annotations

import csv
import json

import pytest

from spectra_app.services.evaluate import (
    Answer,
    EvaluationError,
    Query,
    Result,
    load_queries,
    named_right,
    summary,
)
from spectra_app.services.libraries import build_library
from spectra_app.services.session import open_identifier

RATES = ("top1", "top3", "named_right", "named_wrong", "inconclusive", "not_in_library")


@pytest.fixture(scope="module")
def reference(shared_data, tmp_path_factory):
    """Return a library of the real reference set."""
    path = tmp_path_factory.mktemp("reference") / "785xs.h5"
    report = build_library(shared_data / "spectra" / "reference-785xs", path)
    assert report.info.entries == 79
    return path


def check_keys(figures):
    """The contract's keys, each rate inside its exact bounds."""
    assert {"n", "out_of_library", *RATES, "false_naming", "macro", "score"} <= set(figures)
    assert {"recall_at_5pct_false_naming", "recall_at_0"} <= set(figures)
    for key in (*RATES, "false_naming"):
        item = figures[key]
        assert item["rate"] == pytest.approx(item["count"] / item["n"])
        assert 0.0 <= item["low95"] <= item["rate"] <= item["high95"] <= 1.0
    for average in ("substance", "instrument"):
        assert {"groups", "top1", "named_right", "named_wrong"} <= set(figures["macro"][average])


# One test, not six: the figures take half a minute, and workers do not share fixtures.
def test_the_bars_of_the_issue_hold_on_real_scans(spectra, reference, shared_data):
    queries = shared_data / "spectra" / "queries-785x" / "manifest.csv"
    arguments = ("--library", reference, "--queries", queries, "--column", "raw-dark")
    code, out, err = spectra("evaluate", *arguments, "--leave-out", "--json")
    assert (code, err) == (0, "")
    assert out.count("\n") == 1
    figures = json.loads(out)
    check_keys(figures)

    assert (figures["n"], figures["out_of_library"]) == (59, 0)
    assert figures["top1"]["n"] == 59
    assert figures["top1"]["count"] >= 58
    assert figures["top3"]["count"] >= figures["top1"]["count"]
    assert figures["recall_at_5pct_false_naming"] >= 0.85
    assert figures["recall_at_0"] <= figures["recall_at_5pct_false_naming"]

    assert figures["false_naming"]["n"] == 59
    assert figures["false_naming"]["count"] <= 2, figures["false_names"]  # 5 % of 59
    assert len(figures["false_names"]) == figures["false_naming"]["count"]
    assert figures["named_wrong"]["count"] == len(figures["wrong"]) <= 1, figures["wrong"]
    assert figures["named_right"]["rate"] >= 0.85


@pytest.fixture(scope="module")
def identifier(reference, tmp_path_factory):
    return open_identifier(reference, evidence=tmp_path_factory.mktemp("evidence"))


@pytest.fixture(scope="module")
def wrong_axis_rows(shared_data):
    path = shared_data / "spectra" / "fleet-2019" / "manifest.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return [row["spectrum"] for row in csv.DictReader(file) if "axis-wrong" in row["file"]]


def test_a_session_on_a_wrong_axis_is_never_named(identifier, shared_data, wrong_axis_rows):
    from spectra_app.services.identify import Choice, identify_file

    path = shared_data / "spectra" / "fleet-2019" / "wp-00368-532nm-axis-wrong.csv"
    whole = [found.record for found in identify_file(path, identifier)]
    assert len(whole) >= len(wrong_axis_rows) > 10
    one_by_one = [
        found.record
        for name in wrong_axis_rows[::5]
        for found in identify_file(path, identifier, Choice(spectrum=name))
    ]
    for record in (*whole, *one_by_one):
        assert record.outcome in {"refused", "inconclusive"}, record.spectrum
        assert record.components == ()


def test_nothing_is_named_wrongly_on_the_other_sessions(identifier, shared_data, tmp_path):
    source = shared_data / "spectra" / "fleet-2019"
    with (source / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if "axis-wrong" not in row["file"]]
    for row in rows:
        row["file"] = str(source / row["file"])
    manifest = tmp_path / "queries.csv"
    with manifest.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    from spectra_app.services.evaluate import evaluate

    queries = load_queries(manifest, identifier.engine, None)
    figures = summary(evaluate(queries, identifier.engine, leave_out=False))
    assert figures["n"] == len(rows)
    assert figures["refused"]["count"] == 0
    assert figures["named_wrong"]["rate"] <= 0.05, figures["wrong"]


# --- What counts as right ----------------------------------------------------------------------


def query(truth, components=1, *, complete=True, label="q"):
    return Query(label, None, frozenset(truth), complete, components, "s", "i")


def answer(outcome, named=(), score=0.5, ranked=None):
    sets = (frozenset(named),) if outcome == "match" and len(named) > 1 else ()
    return Answer(outcome, tuple(named), sets, tuple(ranked or named), score)


@pytest.mark.parametrize(
    ("truth", "given", "right"),
    [
        (query({1}), answer("match", [1]), True),
        (query({1}), answer("lead", [1]), True),
        (query({1}), answer("match", [2]), False),
        (query({1}), answer("match", [2, 1, 3]), True),
        (query({1}), answer("match", [2, 1, 3, 4]), False),
        (query({1}), answer("mixture", [1, 2]), False),
        (query({1}), Answer("lead", (1, 2), (), (1,), 0.9), False),
        (query({1}), answer("inconclusive", []), False),
        (query(set(), complete=False), answer("match", [1]), False),
        (query({1, 2}, 2), answer("mixture", [2, 1]), True),
        (query({1, 2}, 2), answer("mixture", [1]), False),
        (query({1, 2}, 2), answer("match", [1]), False),
        (query({1, 2}, 2), answer("mixture", [1, 2, 3]), False),
        (query({1}, 2, complete=False), answer("match", [1]), False),
        (query({1, 2}, 2), Answer("mixture", (1, 4), (frozenset({1, 2}),), (1,), 0.9), False),
        (query({1, 2}, 2), Answer("mixture", (1, 4), (frozenset({2, 4}),), (1,), 0.9), True),
    ],
)
def test_what_is_a_right_name(truth, given, right):
    assert named_right(truth, given) is right


def test_counts_of_a_small_evaluation():
    results = [
        Result(query({1}), answer("match", [1], 0.9), answer("not_in_library", [], 0.1, [4])),
        Result(query({2}), answer("match", [3], 0.8, [3, 2]), answer("match", [3], 0.8)),
        Result(query({3}), answer("inconclusive", [], 0.4, [3]), answer("inconclusive", [], 0.2)),
        Result(query(set(), complete=False), answer("lead", [1], 0.7), answer("lead", [1], 0.7)),
    ]
    figures = summary(results)
    assert figures["n"] == 4
    assert figures["out_of_library"] == 1
    assert (figures["top1"]["count"], figures["top1"]["n"]) == (2, 3)
    assert figures["top3"]["count"] == 3
    assert (figures["named_right"]["count"], figures["named_right"]["n"]) == (1, 3)
    assert (figures["named_wrong"]["count"], figures["named_wrong"]["n"]) == (2, 4)
    assert (figures["false_naming"]["count"], figures["false_naming"]["n"]) == (2, 4)
    assert figures["recall_at_0"] == pytest.approx(1 / 3)  # only 0.9 lies above 0.8


def test_a_refused_query_counts_and_is_not_lost(spectra, small_library, tmp_path, scan_text):
    (tmp_path / "good.csv").write_text(scan_text("urea"), encoding="utf-8")
    manifest = tmp_path / "queries.csv"
    rows = "file,name\ngood.csv,urea\nabsent.csv,urea\ngood.csv,cocaine\n"
    manifest.write_text(rows, encoding="utf-8")
    code, out, err = spectra(
        "evaluate", "--library", small_library, "--queries", manifest, "--json"
    )
    assert (code, err) == (0, "")
    figures = json.loads(out)
    assert figures["n"] == 3
    assert figures["refused"]["count"] == 1
    assert figures["out_of_library"] == 1
    assert figures["named_wrong"]["count"] == 1  # urea scanned, said to be cocaine
    assert "false_naming" not in figures


def test_queries_that_are_none_are_refused(small_library, tmp_path):
    manifest = tmp_path / "queries.csv"
    manifest.write_text("file,name\n", encoding="utf-8")
    engine = open_identifier(small_library, evidence=tmp_path / "evidence").engine
    with pytest.raises(EvaluationError, match="no row"):
        load_queries(manifest, engine, None)


def test_the_text_form_tells_the_same_counts(spectra, small_library, tmp_path, scan_text):
    (tmp_path / "good.csv").write_text(scan_text("urea"), encoding="utf-8")
    manifest = tmp_path / "queries.csv"
    manifest.write_text("file,name\ngood.csv,urea\n", encoding="utf-8")
    arguments = ("--library", small_library, "--queries", manifest, "--leave-out")
    code, out, err = spectra("evaluate", *arguments)
    assert (code, err) == (0, "")
    assert "1 of 1 = 100.0%" in out
    assert "with the substance left out" in out
