"""What an evaluation counts, on hand-made answers: substances, confusion, calibration, sums."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from matching.spectrum import Spectrum
from spectra_app.services.evaluate import Answer, EvaluationError, Query, Result, summary
from spectra_app.services.evaluate.calibration import calibration, detection, held_out
from spectra_app.services.evaluate.harmed import distortion_figures, sum_figures
from spectra_app.services.evaluate.judging import named_true_but_not_all
from spectra_app.services.evaluate.running import Sum, scan_seed, sums
from spectra_app.services.policies import load_policy

NAMES = {1: "one", 2: "two", 3: "three", 4: "four"}


def query(truth, components=1, *, substance="", instrument="unit A", complete=True):
    substance = substance or "+".join(NAMES[number] for number in sorted(truth)) or "lacking"
    return Query("scan", None, frozenset(truth), complete, components, substance, instrument)


def answer(outcome, named=(), ranked=None, evidence=3.0, **more):
    quality = 1 / (1 + math.exp(-evidence))
    return Answer(
        outcome,
        tuple(named),
        more.pop("sets", ()),
        tuple(named if ranked is None else ranked),
        quality,
        evidence=evidence,
        **more,
    )


def right(number, evidence=5.0, **more):
    return Result(query({number}, **more), answer("match", [number], evidence=evidence), None)


NOTHING = answer("not_in_library", [], [4], evidence=-4.0, reasons=("no_similar_reference",))


def test_a_substance_is_right_only_in_every_scan_and_wrong_in_any():
    wrong = Result(query({1}), answer("match", [2]), NOTHING)
    results = [right(1), right(1), wrong, right(2), right(2), right(3)]
    found = summary(results, NAMES)
    assert found["named_right"]["count"] == 5
    per_substance = found["by_substance"]
    assert per_substance["n"] == 3
    assert (per_substance["named_right"]["count"], per_substance["named_right"]["n"]) == (2, 3)
    assert (per_substance["named_wrong"]["count"], per_substance["named_wrong"]["n"]) == (1, 3)
    assert found["substances"][0]["substance"] == "one"  # trouble first
    assert {row["n"] for row in found["substances"]} == {1, 2, 3}


def test_two_names_of_one_library_substance_are_one_case():
    results = [right(1, substance="sugar"), right(1, substance="sucrose")]
    assert summary(results, NAMES)["by_substance"]["n"] == 1
    lacking = [
        Result(query(set(), complete=False, substance=name), NOTHING, NOTHING)
        for name in ("Un known", "unknown", "other")
    ]
    assert summary(lacking, NAMES)["by_substance"]["n"] == 2


def test_every_instrument_has_its_own_figures():
    results = [
        right(1),
        right(2, instrument="unit B"),
        Result(query({1}, instrument="unit B"), answer("match", [3]), answer("match", [3])),
    ]
    found = summary(results, NAMES)["instruments"]
    assert set(found) == {"unit A", "unit B"}
    assert found["unit B"]["named_right"]["count"] == 1
    assert found["unit B"]["named_wrong"]["count"] == 1
    assert found["unit B"]["false_naming"]["n"] == 1
    assert found["unit B"]["by_substance"]["n"] == 2
    assert "false_naming" not in found["unit A"]


def test_failures_are_listed_with_what_a_reader_needs():
    missed = answer("inconclusive", [], [1, 2], reasons=("weak_signal",))
    refused = Answer("refused", (), (), (), 0.0)
    results = [
        right(1),
        Result(query({1}), missed, None),
        Result(replace(query({2}), error="the file is empty"), refused, None),
        Result(query({2}), answer("match", [3], [3, 2]), None),
    ]
    found = summary(results, NAMES)
    (item,) = found["missed"]
    assert (item["outcome"], item["reasons"]) == ("inconclusive", ["weak_signal"])
    assert (item["best_candidate"], item["best_is_right"]) == ("one", True)
    (item,) = found["refused_queries"]
    assert item["error"] == "the file is empty"
    (item,) = found["wrong"]
    assert (item["truth"], item["named"], item["best_is_right"]) == ("two", ["three"], False)
    assert json.loads(json.dumps(found)) == found  # plain values only


def test_confusion_counts_answers_and_the_nearest_wrong_substance():
    out = answer("not_in_library", [], [2, 3], evidence=0.0)
    results = [
        Result(query({1}), answer("match", [1], [1, 2]), out),
        Result(query({1}), answer("match", [1], [1, 3]), None),
        Result(query({1}), answer("match", [2], [2, 1]), None),
    ]
    found = summary(results, NAMES)["confusion"]
    assert {(row["truth"], row["named"]): row["count"] for row in found["named"]} == {
        ("one", "one"): 2,
        ("one", "two"): 1,
    }
    wrong = {row["candidate"]: row for row in found["best_wrong"]}
    assert wrong["two"]["count"] == 2
    assert wrong["two"]["highest_score"] == pytest.approx(1 / (1 + math.exp(-3.0)))
    assert wrong["three"]["highest_score"] is None  # it never came first
    assert found["best_wrong"][0]["candidate"] == "two"


def test_leads_are_counted_apart_and_look_alikes_are_no_mixture():
    alike = answer("lead", [1, 2], sets=(frozenset({1, 2}),))
    both = answer("mixture", [1, 2])
    results = [Result(query({3}), given, None) for given in (alike, both)]
    found = summary([*results, right(3)], NAMES)
    assert (found["lead"]["count"], found["lead"]["n"]) == (1, 3)
    said = [row["named"] for row in found["confusion"]["named"]]
    assert said == ["one + two", "one or two", "three"]
    assert [item["named"] for item in found["wrong"]] == [["one or two"], ["one", "two"]]


def test_true_but_not_all_is_told_apart_from_false():
    both = query({1, 2}, 2)
    assert named_true_but_not_all(both, answer("match", [1]))
    assert not named_true_but_not_all(both, answer("mixture", [1, 3]))
    assert not named_true_but_not_all(both, answer("mixture", [1, 2]))
    assert not named_true_but_not_all(both, answer("inconclusive", [], [1]))
    assert not named_true_but_not_all(query({1}), answer("match", [2]))
    half = query({1}, 2, complete=False, substance="one with something")
    assert summary([Result(half, answer("match", [1]), None)])["wrong"][0]["true_but_not_all"]


# --- Calibration --------------------------------------------------------------------------------


def answered(n=30):
    """Thirty substances named right with large evidence, each also left out with little."""
    return [
        Result(
            query({number}, substance=f"s{number}", instrument=f"unit {number % 3}"),
            answer("match", [number], evidence=8.0 + number / n),
            answer("not_in_library", [], [999], evidence=-7.0 - number / n),
        )
        for number in range(n)
    ]


def test_calibration_is_over_left_in_and_left_out_answers():
    policy = load_policy()
    found = calibration(answered(), policy)
    assert (found["left_in"], found["left_out"]) == (30, 30)
    quality = found["hit_quality"]
    assert (quality["n"], quality["groups"], len(quality["bins"])) == (60, 30, 10)
    assert sum(b["n"] for b in quality["bins"]) == 60
    assert sum(b["right"] for b in quality["bins"]) == 30
    assert quality["ece"] < 0.01
    assert quality["brier"] < 0.001
    assert quality["ece_interval95"][0] <= quality["ece_interval95"][1]
    # the rate stated for such evidence is that of the policy's bins, nothing else
    assert found["match_rate"]["bins"][-1]["stated"] == pytest.approx(policy.rates[-1].rate)
    for b in quality["bins"]:
        assert b["low95"] <= b["observed"] <= b["high95"]
    assert calibration(answered(), policy) == found


def test_rates_that_boast_are_found_out():
    boasting = [replace(r, answer=replace(r.answer, ranked=(998,))) for r in answered()]
    assert calibration(boasting, load_policy())["match_rate"]["ece"] > 0.4


def test_mixtures_are_neither_right_nor_wrong_pairs():
    mixed = Result(query({1, 2}, 2), answer("mixture", [1, 2]), NOTHING)
    found = calibration([mixed], load_policy())
    assert found["match_rate"] == {
        "n": 0, "groups": 0, "ece": None, "ece_interval95": None, "brier": None, "bins": [],
    }  # fmt: skip
    assert detection([mixed], load_policy())["histogram"] is None


def test_without_leaving_out_the_answers_say_so():
    results = [replace(r, left_out=None) for r in answered()]
    found = calibration(results, load_policy())
    assert found["answers"] == "substance left in only"
    assert detection(results, load_policy())["tradeoff"] == []


def test_histogram_and_trade_off_hold_every_answer():
    found = detection(answered(), load_policy())
    histogram = found["histogram"]
    assert sum(histogram["right"]) == sum(histogram["left_out"]) == 30
    assert sum(histogram["wrong"]) == 0
    assert len(histogram["edges"]) == len(histogram["right"]) + 1
    first, last = found["tradeoff"][0], found["tradeoff"][-1]
    assert (first["score"], first["missed"], first["false_naming"]) == (None, 0.0, 1.0)
    assert (last["missed"], last["false_naming"]) == (1.0, 0.0)
    json.dumps(found, allow_nan=False)


def test_instruments_are_held_out_from_three_on():
    found = held_out(answered(), 5)
    assert {row["share"] for row in found["by_substance"]} == {0.0, 0.01, 0.05}
    for row in (*found["by_substance"], *found["by_instrument"]):
        assert row["named_right"]["count"] == 30
        assert row["false_naming"]["n"] == 30
    two = [r for r in answered() if r.query.instrument != "unit 2"]
    assert "by_instrument" not in held_out(two, 5)


# --- Distortions and sums -----------------------------------------------------------------------


def test_a_harm_that_must_be_reported_is_counted():
    from matching.distort import SUITE

    kind = next(kind for kind in SUITE if kind.flag == "saturated")
    seen = Result(query({1}), answer("inconclusive", [], [1], flags=("saturated",)), NOTHING)
    unseen = Result(query({1}), answer("match", [2]), answer("match", [2]))
    found = distortion_figures(kind, [seen, unseen], NAMES)
    assert (found["flagged"]["count"], found["flagged"]["n"]) == (1, 2)
    assert found["named_wrong"]["count"] == len(found["wrong"]) == 1
    assert found["false_naming"]["count"] == len(found["false_names"]) == 1
    assert found["by_substance"]["named_wrong"]["count"] == 1


def a_sum(given, without=(), share=0.7):
    return Sum(query({1}), query({2}), share, given, tuple(without))


def test_sums_are_judged_by_sets_thirds_and_shares():
    parts = ((1, 0.66, 0.6, 0.75), (2, 0.34, 0.25, 0.4))
    good = answer("mixture", [1, 2], parts=parts)
    in_set = answer("mixture", [3, 2], sets=(frozenset({1, 3}),), parts=((3, 0.5, 0.4, 0.6),))
    third = answer("mixture", [1, 2, 4])
    twice = answer("mixture", [1, 4], sets=(frozenset({1, 2}),))  # one set is not both
    row = sum_figures(
        [
            a_sum(good, [answer("match", [2]), answer("match", [1])]),
            a_sum(in_set, [answer("match", [2]), answer("match", [4])]),
            a_sum(third, [answer("mixture", [2, 3]), NOTHING]),
            a_sum(answer("inconclusive", [], [1]), [NOTHING, NOTHING]),
            a_sum(twice, [NOTHING, NOTHING]),
        ],
        NAMES,
    )[0]
    assert row["n"] == 5
    assert row["both_found"]["count"] == 2
    assert row["third_component"]["count"] == 1
    assert row["false_name"]["count"] == 2
    assert (row["false_name_left_out"]["count"], row["false_name_left_out"]["n"]) == (2, 10)
    assert row["share_error_median"] == pytest.approx((0.04 + 0.2) / 2)
    assert (row["share_interval_holds"]["count"], row["share_interval_holds"]["n"]) == (1, 2)


def scan_of(number, instrument="unit A", **more):
    axis = np.arange(200.0, 2000.0, 2.0)
    place = 400.0 + 150.0 * number
    y = 100.0 + 900.0 * np.exp(-(((axis - place) / 9.0) ** 2))
    y = y + np.random.default_rng(number).normal(0.0, 1.0, axis.size)
    return replace(query({number}, instrument=instrument, **more), spectrum=Spectrum(axis, y))


def test_sums_are_of_two_substances_on_one_instrument_and_repeat():
    queries = [scan_of(1), scan_of(1), scan_of(2), scan_of(3, "unit B"), scan_of(4, "unit B")]
    queries.append(replace(scan_of(2), axis_doubtful=True, substance="doubtful"))
    made = list(sums(queries, 12, seed=7))
    assert len(made) == 12
    assert [share for _, _, share, _ in made[:4]] == [0.7, 0.9, 0.7, 0.9]
    for one, other, _, total in made:
        assert one.instrument == other.instrument == total.instrument
        assert not one.truth & other.truth
        assert total.truth == one.truth | other.truth
        assert "doubtful" not in (one.substance, other.substance)
    again = [total.spectrum.content_hash for *_, total in sums(queries, 12, seed=7)]
    assert again == [total.spectrum.content_hash for *_, total in made]
    other_seed = [total.spectrum.content_hash for *_, total in sums(queries, 12, seed=8)]
    assert other_seed != again


@pytest.mark.parametrize("queries", [[], [scan_of(1)], [scan_of(1), scan_of(2, "unit B")]])
def test_sums_that_cannot_be_made_are_refused(queries):
    with pytest.raises(EvaluationError, match="only 0 of 5 sums"):
        list(sums(queries, 5, seed=1))


def test_the_seed_of_a_distortion_follows_the_scan_and_not_its_place():
    one, other = scan_of(1), scan_of(2)
    assert scan_seed(one, 0) == scan_seed(replace(one, label="elsewhere"), 0)
    assert len({scan_seed(q, seed) for q in (one, other) for seed in range(3)}) == 6
