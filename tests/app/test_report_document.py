"""The report as data: every sentence a reader relies on, before anything is drawn."""

from __future__ import annotations

import json
import math
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra_app.errors import AppError
from spectra_app.records.identification import (
    PRESUMPTIVE,
    Candidate,
    Component,
    ControlAsked,
    ControlStatus,
    HiddenHazard,
    Identification,
    LibraryReference,
    MatchRate,
    Method,
    Quality,
)
from spectra_app.reports.builder import build_report
from spectra_app.reports.facts import (
    Change,
    ErrorRate,
    Evaluation,
    ExternalResult,
    OtherTechnique,
    ReportFacts,
)
from spectra_app.reports.figures import clean, percent
from spectra_app.reports.parts import Code, Facts, Plot, Table, Words


@pytest.fixture
def context() -> ReportFacts:
    return ReportFacts("SP-7", "2026-11-21T14:05:00+00:00", "0.1.0", evidence=("ab" * 32,))


@pytest.fixture
def record() -> Identification:
    listing = ControlStatus("UN 1971 Convention", "Schedule II", "2026-10", "B")
    return Identification(
        file="parcel.csv",
        spectrum=None,
        outcome="match",
        reasons=("explains_spectrum",),
        advice=("confirm_second_technique",),
        components=(
            Component(
                "Amphetamine sulfate",
                "amphetamine-sulfate",
                0.811,
                (0.724, 0.896),
                MatchRate(57 / 59, 0.9139, 59),
                "measured",
                "substance",
                (listing,),
            ),
        ),
        indistinguishable=(),
        candidates=(Candidate(1, "Amphetamine sulfate", "a", 0.98123, 0.97, 0.021, -1.24),),
        family=None,
        alarm="controlled",
        quality=Quality(123.4, False, 0.41, (302.0, 1998.0)),
        cannot_exclude=(
            HiddenHazard("i", "Isotonitazene", 0.07),
            HiddenHazard("c", "Carfentanil", None),
            HiddenHazard("f", "Fentanyl hydrochloride", 0.1201),
        ),
        method=Method("11" * 32, "22" * 32, "second derivative", "0.1.0"),
        library=LibraryReference("Bench", "1.0", "33" * 32, 79, ("measured",)),
        timing_ms={"total": 12.0},
        sha256="ab" * 32,
    )


def texts(report) -> str:
    return json.dumps(report.to_json()["document"], ensure_ascii=False)


def section(report, code):
    (found,) = (one for one in report.sections if one.code == code)
    return found


def rows(report, code):
    return [
        row for part in section(report, code).parts if isinstance(part, Table) for row in part.rows
    ]


def facts(report, code) -> list[tuple[str, str]]:
    return [
        (fact.label, fact.text)
        for part in section(report, code).parts
        if isinstance(part, Facts)
        for fact in part.facts
    ]


def sentences(report, code) -> str:
    parts = section(report, code).parts
    notes = [part.note for part in parts if isinstance(part, Table | Plot | Code)]
    said = [text for part in parts if isinstance(part, Words) for text in part.texts]
    return " ".join([*notes, *said])


def test_a_listing_is_shown_with_list_schedule_edition_and_grade(record, context) -> None:
    ((_, status),) = facts(build_report(record, None, context), "result")
    assert status == (
        "Amphetamine sulfate: UN 1971 Convention, Schedule II (list as of 2026-10, source grade B)"
    )


def test_no_listing_is_never_said_to_be_not_controlled(record, context) -> None:
    bare = replace(record.components[0], control=())
    report = build_report(replace(record, components=(bare,), alarm="benign"), None, context)
    assert facts(report, "result")[0][1].endswith("no listing found in the lists shipped")
    assert report.verdict.word == "NO LISTING FOUND (no listing found in the lists shipped)"
    assert "does not mean that a substance is not controlled" in sentences(report, "result")
    shown = texts(report).lower()
    assert not [word for word in ("uncontrolled", "safe", "is clear") if word in shown]


def test_what_was_asked_of_the_lists_is_told_with_its_date(record, context) -> None:
    asked = ControlAsked(("UN", "EU"), "2026-10-01", ("EU Regulation",), "cd" * 32)
    bare = replace(record.components[0], control=())
    other = replace(record, components=(bare,), alarm="benign", control_lists=asked)
    report = build_report(other, None, context)
    assert "no listing found in the lists asked (UN, EU) read to 2026-10-01" in texts(report)
    assert "national lists not asked" in texts(report)
    assert "Past their age limit: EU Regulation." in sentences(report, "result")
    assert "cd" * 32 in sentences(report, "result")


def test_shares_are_of_the_signal_and_the_interval_is_rounded_outwards(record, context) -> None:
    report = build_report(record, None, context)
    assert rows(report, "result")[0][3] == "81 % (72 % to 90 %)"
    assert "share of the Raman signal, not of weight" in sentences(report, "result")


def test_a_rate_is_told_as_a_count_with_its_lower_bound_rounded_down(record, context) -> None:
    report = build_report(record, None, context)
    assert rows(report, "result")[0][4] == "57 of 59 right (at least 91 %)"
    assert "The share of wrong names at such a score is at most 8.7 %" in sentences(
        report, "decision"
    )
    unknown = replace(record.components[0], match_rate=None, signal_share=None)
    line = rows(build_report(replace(record, components=(unknown,)), None, context), "result")[0]
    assert (line[4], line[3]) == ("not validated", "not known")


def test_measured_rates_are_told_with_exact_bounds_rounded_outwards(record, context) -> None:
    rates = (
        ErrorRate("right", 58, 58, 0.93842, 1.0, "policy version 8", 0.96741),
        ErrorRate("named_wrong", 0, 59, 0.0, 0.06062, "validation of 2026-11-20"),
    )
    report = build_report(record, None, replace(context, rates=rates))
    by_score, overall = rows(report, "decision")
    assert by_score == ("from 0.967", "58 / 58", "93 % – 100 %", "6.2 %")
    assert overall == ("Named, but wrong (false acceptance)", "0 / 59", "0 %", "0 % – 6.1 %")
    assert "policy version 8" in sentences(report, "decision")


def test_without_measured_rates_none_is_invented(record, context) -> None:
    said = sentences(build_report(record, None, context), "decision")
    assert "no error rate is stated" in said


def test_what_the_scan_could_not_see_begins_with_what_nobody_knows(record, context) -> None:
    assert facts(build_report(record, None, context), "hidden") == [
        ("not known", "Carfentanil"),
        ("below 13 %", "Fentanyl hydrochloride"),
        ("below 7 %", "Isotonitazene"),
    ]


def test_without_a_measured_hazard_the_answer_is_not_known(record, context) -> None:
    report = build_report(replace(record, cannot_exclude=()), None, context)
    assert facts(report, "hidden") == []
    assert sentences(report, "hidden").startswith("Not known")


def test_a_score_is_printed_with_metric_scale_and_direction(record, context) -> None:
    report = build_report(record, None, context)
    assert rows(report, "candidates")[0][3] == "0.981"
    assert rows(report, "candidates")[0][6] == "-1.2"
    assert "second derivative; from 0 to 1, 1 is best, not a probability" in sentences(
        report, "candidates"
    )


def test_the_standing_lines_are_there(record, context) -> None:
    report = build_report(record, None, context)
    limits = sentences(report, "limits")
    assert report.presumptive == PRESUMPTIVE
    assert "relate only to the item tested" in limits
    assert "Negative results do not establish identity" in limits
    assert "SWGDRUG category A" in sentences(report, "other")
    assert "Second technique: none recorded" in sentences(report, "other")
    assert "No likelihood ratio is stated" in sentences(report, "evaluation")
    assert report.signature.startswith("UNSIGNED")
    assert report.page_line(2, 3) == "Report SP-7 · page 2 of 3"
    assert report.end == "End of report SP-7"


def test_a_second_technique_that_agrees_lifts_the_presumption(record, context) -> None:
    other = OtherTechnique("GC-MS", "A", ("amphetamine",), "agrees", separate_sampling=True)
    confirmed = build_report(record, None, replace(context, techniques=(other,)))
    assert not confirmed.presumptive.startswith("PRESUMPTIVE")
    against = replace(other, agreement="disagrees")
    doubted = build_report(record, None, replace(context, techniques=(other, against)))
    assert doubted.presumptive == PRESUMPTIVE
    assert any(mark.startswith("CONTRADICTED") for mark in doubted.marks)


def test_the_last_answer_of_a_laboratory_counts_before_everything_else(record, context) -> None:
    yes, no = (ExternalResult("Institute", state) for state in ("confirmed", "refuted"))
    agrees = OtherTechnique("FTIR", "A", (), "agrees", separate_sampling=True)
    for answers, begins in (
        ((no, yes), "PRESUMPTIVE"),  # they contradict each other
        ((replace(no, silent="amended"), yes), "Another laboratory has confirmed"),
        ((yes, no), "PRESUMPTIVE"),
        ((ExternalResult("Institute", "sent"),), "Raman and a second technique agree"),
    ):
        facts_ = replace(context, external=answers, techniques=(agrees,))
        assert build_report(record, None, facts_).presumptive.startswith(begins)


def test_results_of_others_are_marked_as_theirs(record, context) -> None:
    found = ExternalResult("Cantonal institute", "refuted", "L-9", "GC-MS", ("caffeine",))
    report = build_report(record, None, replace(context, external=(found,)))
    ((label, text),) = facts(report, "other")
    assert label == "EXTERNAL RESULT, not of this laboratory"
    assert text.startswith("REFUTED by Cantonal institute (their reference: L-9)")
    assert any(mark.startswith("CONTRADICTED") for mark in report.marks)


def test_an_amended_report_names_the_original_and_what_changed(record, context) -> None:
    change = Change("item 1", "description", "white", "grey", "typing error", "2026-11-22", "u2")
    facts_ = replace(context, amends="SP-6", amends_reason="wrong colour", changes=(change,))
    report = build_report(record, None, facts_)
    assert any("takes the place of report SP-6. Reason: wrong colour" in m for m in report.marks)
    assert rows(report, "changes")[0][:4] == (
        "item 1; description",
        "white",
        "grey",
        "typing error",
    )
    assert not [s for s in build_report(record, None, context).sections if s.code == "changes"]


def test_a_likelihood_ratio_is_stated_on_the_whole_scale_only_once_validated(
    record, context
) -> None:
    scale = ((">1e6", "extremely strong"), ("2-10", "weak"))
    weight = Evaluation("it is A", "it is another", "200", "moderately strong", scale, "59 of ours")
    said = sentences(build_report(record, None, replace(context, evaluation=weight)), "evaluation")
    assert "200 times more probable if it is A than if it is another" in said
    assert "extremely strong; 2-10: weak" in said
    assert "59 of ours" in said


def test_a_reconstructed_library_says_so(record, context) -> None:
    starter = replace(record.library, kinds=("reconstructed",))
    made = build_report(replace(record, library=starter), None, context)
    assert "not measured" in sentences(made, "limits")
    assert "reconstructed" not in sentences(build_report(record, None, context), "limits")


def test_emulated_data_is_marked_wherever_it_shows(record, context) -> None:
    part = replace(record.components[0], kind="emulated")
    row = replace(record.candidates[0], kind="emulated")
    report = build_report(
        replace(record, emulated=True, components=(part,), candidates=(row,)), None, context
    )
    assert [mark.split(":")[0] for mark in report.marks[:2]] == [
        "EMULATED SCAN",
        "EMULATED REFERENCES",
    ]
    assert report.verdict.word == "EMULATED · CONTROLLED SUBSTANCE"
    assert (rows(report, "result")[0][2], rows(report, "candidates")[0][2]) == ("EMULATED",) * 2


def test_a_real_scan_carries_no_such_mark(record, context) -> None:
    report = build_report(record, None, context)
    assert "EMULATED" not in texts(report)
    assert not any("DEMONSTRATION" in mark for mark in report.marks)


def test_what_was_not_told_is_not_recorded_and_listed(record, context) -> None:
    report = build_report(record, None, context)
    item = dict(facts(report, "item"))
    assert (item["Laboratory"], item["Examined by"], item["Item"]) == ("not recorded",) * 3
    assert any(mark.startswith("NOT A TEST REPORT") for mark in report.marks)
    assert "Laboratory (clause 7.8.2.1 b)" in sentences(report, "missing")


def test_the_date_of_a_control_status_is_that_of_the_scan_when_known(record, context) -> None:
    known = replace(context, measured_at="2026-11-20T08:00:00+00:00")
    heading = section(build_report(record, None, known), "result").heading
    assert "2026-11-20 (day of the scan)" in heading
    heading = section(build_report(record, None, context), "result").heading
    assert "2026-11-21 (day of issue" in heading


def test_a_refusal_says_what_was_wrong_first(record, context) -> None:
    refused = replace(
        record, outcome="refused", alarm="unknown", components=(), error="x.spc: cut short"
    )
    first = build_report(refused, None, context).reasons[0]
    assert first == "In the words of the program: x.spc: cut short"


def test_the_bytes_depend_on_the_record_and_not_on_how_long_it_took(record, context) -> None:
    first = build_report(record, None, context).to_bytes()
    slower = build_report(replace(record, timing_ms={"total": 99.0}), None, context).to_bytes()
    assert first == slower
    assert json.loads(first)["record"]["components"][0]["signal_share"] == 0.811
    assert first != build_report(replace(record, file="other.csv"), None, context).to_bytes()


@pytest.mark.parametrize(
    "wrong", [{"report_id": " "}, {"report_id": "x" * 61}, {"issued_at": "yesterday"}]
)
def test_a_report_without_identity_or_time_is_refused(record, context, wrong) -> None:
    with pytest.raises(AppError) as caught:
        build_report(record, None, replace(context, **wrong))
    assert caught.value.remedy


def test_a_file_name_cannot_turn_the_reading_direction(record, context) -> None:
    report = build_report(replace(record, file="enif\u202egpj.csv\n"), None, context)
    item = dict(facts(report, "item"))
    assert item["File"] == "enif<U+202E>gpj.csv<U+000A>"


@given(st.text())
def test_cleaned_text_always_prints(text: str) -> None:
    bad = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
    assert not {unicodedata.category(char) for char in clean(text)} & bad


@given(st.floats(min_value=0.0, max_value=1.0))
def test_bounds_are_never_rounded_to_the_flattering_side(share: float) -> None:
    up, down = (float(percent(share, way).removesuffix(" %")) / 100 for way in ("up", "down"))
    assert down - 1e-9 <= share <= up + 1e-9


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_figure_nobody_knows_is_not_a_number(value) -> None:
    assert percent(value) == "not known"
