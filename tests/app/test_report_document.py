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
    ControlStatus,
    HiddenHazard,
    Identification,
    LibraryReference,
    MatchRate,
    Method,
    Quality,
)
from spectra_app.reports.builder import build_report
from spectra_app.reports.document import ReportContext
from spectra_app.reports.figures import clean, percent
from spectra_app.wording import NO_LISTING


@pytest.fixture
def context() -> ReportContext:
    return ReportContext("SP-7", "2026-11-21T14:05:00+00:00", "0.1.0", "ab" * 32)


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
    return json.dumps(report.to_json(), ensure_ascii=False)


def test_a_listing_is_shown_with_list_schedule_edition_and_grade(record, context) -> None:
    (line,) = build_report(record, None, context).components
    assert line.control == ("UN 1971 Convention, Schedule II (list as of 2026-10, source grade B)",)


def test_no_listing_is_never_said_to_be_not_controlled(record, context) -> None:
    bare = replace(record.components[0], control=())
    report = build_report(replace(record, components=(bare,), alarm="benign"), None, context)
    assert report.components[0].control == (NO_LISTING,)
    assert report.verdict.word == "NO LISTING FOUND (edition of the lists not set)"
    shown = texts(report).lower()
    assert not [word for word in ("not controlled", "uncontrolled", "safe") if word in shown]


def test_shares_are_of_the_signal_and_the_interval_is_rounded_outwards(record, context) -> None:
    report = build_report(record, None, context)
    assert report.components[0].share == "81 % (72 % to 90 %)"
    assert "share of the Raman signal, not of weight" in report.components_note


def test_a_rate_is_told_as_a_count_with_its_lower_bound_rounded_down(record, context) -> None:
    assert (
        build_report(record, None, context).components[0].rate == "57 of 59 right (at least 91 %)"
    )
    unknown = replace(record.components[0], match_rate=None, signal_share=None)
    line = build_report(replace(record, components=(unknown,)), None, context).components[0]
    assert (line.rate, line.share) == ("not validated", "not known")


def test_what_the_scan_could_not_see_begins_with_what_nobody_knows(record, context) -> None:
    hidden = build_report(record, None, context).hidden
    assert [(fact.label, fact.text) for fact in hidden] == [
        ("not known", "Carfentanil"),
        ("below 13 %", "Fentanyl hydrochloride"),
        ("below 7 %", "Isotonitazene"),
    ]


def test_without_a_measured_hazard_the_answer_is_not_known(record, context) -> None:
    report = build_report(replace(record, cannot_exclude=()), None, context)
    assert report.hidden == ()
    assert report.hidden_note.startswith("Not known")


def test_a_score_is_printed_with_metric_scale_and_direction(record, context) -> None:
    report = build_report(record, None, context)
    assert report.candidates[0].score == "0.981"
    assert report.candidates[0].shift == "-1.2"
    assert "second derivative; 0 to 1, 1 is best, not a probability" in report.candidates_note


def test_the_standing_lines_are_there(record, context) -> None:
    report = build_report(record, None, context)
    limits = " ".join(report.limits)
    assert report.presumptive == PRESUMPTIVE
    assert "relate only to the item tested" in limits
    assert "SWGDRUG category A" in limits
    assert "Second technique: none recorded" in limits
    assert "Negative results do not establish identity" in limits
    assert report.signature.startswith("UNSIGNED")
    assert (report.page_id, report.end) == ("Report SP-7 page 1 of 1", "End of report")


def test_a_reconstructed_library_says_so(record, context) -> None:
    starter = replace(record.library, kinds=("reconstructed",))
    assert "not measured" in " ".join(
        build_report(replace(record, library=starter), None, context).limits
    )
    assert "reconstructed" not in " ".join(build_report(record, None, context).limits)


def test_emulated_data_is_marked_wherever_it_shows(record, context) -> None:
    part = replace(record.components[0], kind="emulated")
    row = replace(record.candidates[0], kind="emulated")
    report = build_report(
        replace(record, emulated=True, components=(part,), candidates=(row,)), None, context
    )
    assert [mark.split(":")[0] for mark in report.marks] == ["EMULATED SCAN", "EMULATED REFERENCES"]
    assert report.verdict.word == "EMULATED · CONTROLLED SUBSTANCE"
    assert report.scan_label == "Scan (EMULATED)"
    assert (report.components[0].kind, report.candidates[0].kind) == ("EMULATED", "EMULATED")


def test_a_real_scan_carries_no_such_mark(record, context) -> None:
    report = build_report(record, None, context)
    assert report.marks == ()
    assert "EMULATED" not in texts(report)


def test_what_was_not_told_is_not_set_or_not_recorded(record, context) -> None:
    item = {fact.label: fact.text for fact in build_report(record, None, context).item}
    assert (item["Laboratory"], item["Operator"], item["Item"]) == ("not set",) * 3
    assert item["Not recorded"].startswith("place, customer, received, scanned")


def test_the_date_of_a_control_status_is_that_of_the_scan_when_known(record, context) -> None:
    known = replace(context, measured_at="2026-11-20T08:00:00+00:00")
    assert "2026-11-20 (date of scan)" in build_report(record, None, known).components_title
    assert "2026-11-21 (date of issue" in build_report(record, None, context).components_title


def test_file_and_evidence_hash_are_shown_apart_when_they_differ(record, context) -> None:
    same = [fact.label for fact in build_report(record, None, context).method]
    other = build_report(record, None, replace(context, evidence_sha256="cd" * 32)).method
    assert "File and evidence SHA-256" in same
    assert {"File SHA-256": "ab" * 32, "Evidence SHA-256": "cd" * 32}.items() <= {
        fact.label: fact.text for fact in other
    }.items()


def test_a_refusal_says_what_was_wrong_first(record, context) -> None:
    refused = replace(
        record, outcome="refused", alarm="unknown", components=(), error="x.spc: cut short"
    )
    assert build_report(refused, None, context).reasons[0] == "x.spc: cut short"


def test_the_bytes_depend_on_the_record_and_not_on_how_long_it_took(record, context) -> None:
    first = build_report(record, None, context).to_bytes()
    slower = build_report(replace(record, timing_ms={"total": 99.0}), None, context).to_bytes()
    assert first == slower
    assert json.loads(first)["record"]["components"][0]["signal_share"] == 0.811
    assert first != build_report(replace(record, file="other.csv"), None, context).to_bytes()


@pytest.mark.parametrize(
    "wrong", [{"report_id": " "}, {"report_id": "x" * 41}, {"issued_at": "yesterday"}]
)
def test_a_report_without_identity_or_time_is_refused(record, context, wrong) -> None:
    with pytest.raises(AppError) as caught:
        build_report(record, None, replace(context, **wrong))
    assert caught.value.remedy


def test_a_file_name_cannot_turn_the_reading_direction(record, context) -> None:
    report = build_report(replace(record, file="enif\u202egpj.csv\n"), None, context)
    item = {fact.label: fact.text for fact in report.item}
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
