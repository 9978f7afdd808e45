"""What a report says of confirmation: only what was found of the very thing that it names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spectra_app.reports import papers as report_papers
from spectra_app.reports.facts import ExternalResult, OtherTechnique, ReportFacts
from spectra_app.reports.parts import Facts
from spectra_app.reports.texts import load_texts, without_isolates
from spectra_app.services.cases import findings, items, papers, scans
from spectra_app.services.report_facts import Wanted, facts_of_scan

CONFIRMED = ExternalResult("L", "confirmed", found=("caffeine",))
AGREES = OtherTechnique("FTIR", "A", ("caffeine",), "agrees", separate_sampling=True)


@pytest.mark.parametrize(
    ("external", "techniques", "standing"),
    [
        ((), (), "presumptive"),
        ((CONFIRMED,), (), "laboratory"),
        ((ExternalResult("L", "confirmed", silent="other names"),), (AGREES,), "presumptive"),
        ((ExternalResult("L", "other"),), (AGREES,), "presumptive"),
        ((), (AGREES,), "technique"),
        ((), (OtherTechnique("FTIR", "A", (), "agrees", True, silent="amended"),), "presumptive"),
        ((), (AGREES, OtherTechnique("GC", "B", (), "disagrees", True, silent="other names")),
         "presumptive"),
    ],
)  # fmt: skip
def test_standing_counts_only_what_speaks_of_the_result(external, techniques, standing):
    facts = ReportFacts("R", "2026-11-22T10:00:00Z", "0", external=external, techniques=techniques)
    assert facts.standing == standing


@pytest.fixture
def filed_scan(office, logged_in, case, take):
    officer = logged_in["officer"]
    item = items.add_item(office, officer, case, items.Description("white powder")).id
    return scans.file_scan(office, officer, take(officer).id, item)


@pytest.fixture
def of_the_scan(office, filed_scan):
    """Return the facts of the filed scan as they are when asked for."""
    return lambda: next(
        one
        for one in facts_of_scan(office, None, filed_scan, Wanted())
        if isinstance(one, ReportFacts)
    )


def answered(office, session, item, *found, state="confirmed"):
    sent = findings.send_to_laboratory(office, session, item, "State laboratory")
    return findings.record_answer(
        office, session, sent.id, findings.LaboratoryAnswer(state, found=found, method="GC-MS")
    )


def test_another_substance_confirmed_confirms_nothing(office, logged_in, filed_scan, of_the_scan):
    assert filed_scan.names
    answered(office, logged_in["supervisor"], filed_scan.item, "lactose")
    assert of_the_scan().standing == "presumptive"
    assert of_the_scan().external[-1].found == ("lactose",)


def test_the_same_substance_confirmed_counts_until_it_is_amended(
    office, logged_in, filed_scan, of_the_scan
):
    supervisor = logged_in["supervisor"]
    answer = answered(office, supervisor, filed_scan.item, *filed_scan.names, "lactose")
    assert of_the_scan().standing == "laboratory"
    papers.amend(
        office, supervisor, "confirmation", answer.id, "refuted", field="state", reason="mistyped"
    )
    assert of_the_scan().standing == "presumptive"
    assert "mistyped" in [change.reason for change in of_the_scan().changes]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "examined by A. Chemist"),
        ("fr", "examiné par A. Chemist"),
        ("es", "examinado por A. Chemist"),
        ("ar", "أجرى الفحص A. Chemist"),
    ],
)
def test_who_examined_it_elsewhere_is_told_in_the_language_of_the_report(language, said) -> None:
    external = (replace(CONFIRMED, examined_by="A. Chemist"),)
    facts = ReportFacts("R-1", "2026-11-22T10:00:00Z", "0.1.0", external=external)
    parts = report_papers.others(facts, load_texts(language))
    (text,) = (one.text for part in parts if isinstance(part, Facts) for one in part.facts)
    assert said in without_isolates(text)
    assert "caffeine" in text
