"""A report's first page is not silent on what others found and this scan did not name."""

from __future__ import annotations

import msgspec
import pytest

from spectra_app.errors import ForbiddenError
from spectra_app.reports.builder import build_report
from spectra_app.services import users
from spectra_app.services.case_reports import issue_report, preview_report
from spectra_app.services.cases import findings, items, papers, scans
from spectra_app.services.cases.findings import LaboratoryAnswer, Technique
from spectra_app.services.report_facts import Wanted, facts_of_scan


@pytest.fixture
def report_of(office, logged_in, case, take):
    """Return what files a made-up scan, and what gives its report as it is when asked for."""

    def of(sample="match", **changes):
        officer = logged_in["officer"]
        item = items.add_item(office, officer, case, items.Description("white powder")).id
        scan = scans.file_scan(office, officer, take(officer, sample, **changes).id, item)

        def now():
            record, facts = facts_of_scan(office, None, scan, Wanted())
            return build_report(record, None, facts)

        return scan, now

    return of


@pytest.fixture
def answer(office, logged_in):
    def answered(scan, state, *found):
        sent = findings.send_to_laboratory(office, logged_in["officer"], scan.item, "Institute")
        said = LaboratoryAnswer(state, found)
        made = findings.record_answer(office, logged_in["technician"], sent.id, said)
        items.hand_over(
            office,
            logged_in["supervisor"],
            scan.item,
            items.Handing("officer", "outside:Institute"),
        )
        return made

    return answered


@pytest.fixture
def technique(office, logged_in):
    def done(scan, agreement, *found):
        about = Technique("FTIR", "A", "separate", agreement, found)
        return findings.record_second_technique(office, logged_in["technician"], scan.item, about)

    return done


def marked(report, beginning):
    return [one for one in report.marks if one.startswith(beginning)]


def test_what_a_laboratory_found_besides_stands_on_the_first_page(report_of, answer):
    scan, now = report_of()
    answer(scan, "confirmed", "amphetamine", "fentanyl")
    report = now()
    assert report.facts.standing == "laboratory"
    (mark,) = marked(report, "FOUND BESIDES")
    assert "fentanyl" in mark
    assert "amphetamine" not in mark


@pytest.mark.parametrize("sample", ["benign", "container", "not_in_library", "inconclusive"])
def test_a_harmless_or_nameless_scan_tells_what_others_found(report_of, technique, sample):
    scan, now = report_of(sample)
    assert not marked(now(), "FOUND BESIDES")
    technique(scan, "inconclusive", "fentanyl")
    (mark,) = marked(now(), "FOUND BESIDES")
    assert "fentanyl" in mark


def test_what_is_named_by_another_name_is_nothing_besides(report_of, answer):
    scan, now = report_of()
    answer(scan, "confirmed", "amphetamine hemisulfate", "Amphetamine")
    assert not marked(now(), "FOUND BESIDES")


@pytest.mark.parametrize("found", [("lactose", "amphetamine"), ("amphetamine", "lactose")])
def test_laboratories_that_share_nothing_confirm_nothing(report_of, answer, found):
    scan, now = report_of()
    for name in found:
        answer(scan, "confirmed", name)
    assert now().facts.stands == "contradicted"
    assert marked(now(), "CONTRADICTED")


def test_an_answer_amended_to_its_opposite_is_a_contradiction(office, logged_in, report_of, answer):
    scan, now = report_of()
    made = answer(scan, "confirmed", "amphetamine")
    papers.amend(
        office, logged_in["supervisor"], "confirmation", made.id, "refuted", field="state",
        reason="mistyped",
    )  # fmt: skip
    assert now().facts.standing == "presumptive"
    assert marked(now(), "CONTRADICTED")


@pytest.mark.parametrize("first", ["agrees", "inconclusive"])
def test_a_technique_amended_to_disagree_is_a_contradiction(
    office, logged_in, report_of, technique, first
):
    scan, now = report_of()
    made = technique(scan, first, "amphetamine")
    papers.amend(
        office, logged_in["supervisor"], "second_technique", made.id, "Disagrees",
        field="agreement", reason="mistyped",
    )  # fmt: skip
    technique(scan, "agrees", "amphetamine")
    assert now().facts.standing == "presumptive"
    assert marked(now(), "CONTRADICTED")


def test_what_was_corrected_to_be_found_stands_on_the_first_page(
    office, logged_in, report_of, answer
):
    scan, now = report_of()
    made = answer(scan, "confirmed", "amphetamine")
    papers.amend(
        office, logged_in["supervisor"], "confirmation", made.id,
        "amphetamine; 3,4-methylenedioxymethamphetamine", field="found", reason="left out",
    )  # fmt: skip
    (mark,) = marked(now(), "FOUND BESIDES")
    assert ": 3,4-methylenedioxymethamphetamine." in mark


def test_nothing_is_settled_by_hiding_what_is_against_it(office, logged_in, report_of, technique):
    """A technique agrees; another one, that only who is cleared may see, does not."""
    scan, now = report_of()
    technique(scan, "agrees", "amphetamine")
    assert now().facts.standing == "technique"
    made = technique(scan, "disagrees", "zorbamine")
    with office.ledger.writing("u1") as writing:
        writing.put(msgspec.structs.replace(made, restricted=True), "marked", after=1)
    report = now()
    assert (report.facts.standing, report.facts.restricted) == ("presumptive", True)
    assert marked(report, "CONTRADICTED")
    officer = logged_in["officer"]
    with pytest.raises(ForbiddenError, match="not all that this report"):
        preview_report(office, officer, scan.id, Wanted())
    with pytest.raises(ForbiddenError, match="not all that this report"):
        issue_report(office, officer, scan.id, Wanted(), lambda *_: None)
    users.clear_user(office, logged_in["supervisor"], "u2", True)
    assert preview_report(office, officer, scan.id, Wanted()).facts.restricted
