"""Reports of filed scans: complete or refused, kept, amended, countersigned, seen by whom."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pypdfium2
import pytest

from spectra_app.errors import (
    AppError,
    CaseError,
    ForbiddenError,
    IncompleteReportError,
    RecordError,
)
from spectra_app.records.identification import Identification
from spectra_app.records.identified import read_identification
from spectra_app.records.kinds import IssuedReport, Scan
from spectra_app.reports.checker import REQUIRED, missing_items
from spectra_app.services import case_reports, users
from spectra_app.services.case_reports import issue_report, preview_report
from spectra_app.services.cases import findings, items, opening, papers, scans
from spectra_app.services.cases.findings import LaboratoryAnswer, Technique
from spectra_app.services.cases.items import Description
from spectra_app.services.cases.scans import result_bytes
from spectra_app.services.policies import load_policy
from spectra_app.services.report_facts import Wanted
from spectra_app.services.reporting import Validation

TOLD = Wanted(
    place="Mobile unit 3",
    customer="Airport customs",
    customer_contact="Gate B, telephone 4471",
    sampled_at="2026-11-22T08:40:00Z",
    deviations="none",
)


@pytest.fixture
def render(qapp):
    assert qapp is not None
    from spectra_app.reports.render_qt import render_pdf

    return render_pdf


@pytest.fixture
def filed(office, logged_in, case, take, samples) -> Scan:
    """Return a scan under an item of which everything is recorded."""
    officer = logged_in["officer"]
    opening.set_station(
        office, logged_in["supervisor"], "Customs laboratory", address="Airport Road 12", code="cl"
    )
    about = Description(
        "white powder",
        condition="sealed, undamaged",
        identifiers=("awb:02012345675",),
        packages=12,
        sampled=4,
        sampling="chosen at random",
        weight="412.3",
        weight_unit="g",
        weight_how="gross",
    )
    item = items.add_item(office, officer, case, about).id
    method = replace(samples.match().record.method, policy=load_policy().hash)
    scan = take(officer, method=method)
    return scans.file_scan(office, officer, scan.id, item)


def test_a_complete_report_is_issued_kept_and_entered(office, officer, filed, render) -> None:
    before = office.ledger.head()
    issued = issue_report(office, officer, filed.id, TOLD, render)
    assert missing_items(issued.report) == ()
    record = office.ledger.get(IssuedReport, issued.record.id).record
    assert record.id == f"{filed.item}-R1"
    assert record.head == f"{before.number}:{before.sha256}"
    assert (record.signed, record.state, record.scans) == ("", "issued", (filed.id,))
    document = json.loads(office.evidence.get(record.document))
    assert document["facts"]["result_sha256"] == filed.result
    assert document["facts"]["authorised_by"] == "The officer"
    assert document["facts"]["audit_head"] == record.head
    (file,) = record.files
    assert office.evidence.get(file.removeprefix("pdf:")) == issued.pdf
    assert case_reports.report_file(office, officer, record.id) == issued.pdf
    shown, content = case_reports.show_report(office, officer, record.id)
    assert (shown, json.loads(content)) == (record, document)
    assert office.ledger.entries()[-1].act == "report issued"


CHECKLIST = {  # ISO/IEC 17025:2017: what the printed pages have to say, item by item
    "7.8.2.1 a title": "Report of a Raman examination",
    "7.8.2.1 b laboratory": "Customs laboratory",
    "7.8.2.1 b address": "Airport Road 12",
    "7.8.2.1 c place": "Place of the examination Mobile unit 3",
    "7.8.2.1 d identification": "Report {id} · page 1 of",
    "7.8.2.1 d clear end": "End of report {id}",
    "7.8.2.1 e customer": "Customer Airport customs",
    "7.8.2.1 e contact": "Contact of the customer Gate B, telephone 4471",
    "7.8.2.1 f method": "Raman spectroscopy; the cleaned-up scan is compared",
    "7.8.2.1 g item": "Item {item}",
    "7.8.2.1 g description": "Description white powder",
    "7.8.2.1 g condition": "sealed, undamaged",
    "7.8.2.1 h received": "Received 2026-11-22",
    "7.8.2.1 h sampled": "Sampled 2026-11-22 08:40:00 UTC",
    "7.8.2.1 i performed": "Examined 2026-11-22",
    "7.8.2.1 j issued": "Report issued 2026-11-22",
    "7.8.2.1 k sampling": "4 of 12 packages examined. chosen at random",
    "7.8.2.1 l only the items": "The results relate only to the item tested.",
    "7.8.2.1 m results": "57 of 59 right (at least 91 %)",
    "7.8.2.1 m unit": "share of the Raman signal, not of weight",
    "7.8.2.1 n deviations": "Deviations from the method none",
    "7.8.2.1 o authorising": "Authorised by The officer",
    "7.8.2.1 p external": "EXTERNAL RESULT, not of this laboratory CONFIRMED by Cantonal institute",
    "7.8.6 rule": "A name is stated only when the policy named below allows it",
    "7.8.6 rates": "58 / 58 93 % – 100 %",
    "7.8.8 amended": "AMENDED REPORT: takes the place of report {item}-R1",
    "7.5.1 examiner": "Examined by The officer",
    "7.8.8.1 reason": "Reason: second technique recorded",
    "7.8.8.1 change": "item {item}; condition on receipt sealed, undamaged sealed, one corner torn",
    "7.8.8.3 original": "takes the place of report {item}-R1, which stays in the record",
    "7.8.3.1 a conditions": "Raman shift range ",
    "7.8.3.1 a calibration": "Calibration not known: the scan came in as a file",
    "7.8.3.1 b conformity": "Control status Amphetamine sulfate: ",
    "7.8.3.1 c uncertainty": "its interval in brackets",
    "7.8.3.1 d opinions": "No likelihood ratio is stated",
    "how it stands": "Another laboratory found all that this report names.",
    "scan": "Scan {scan}",
    "SWGDRUG category": "Raman is one technique of SWGDRUG category A",
    "SWGDRUG negative": "Negative results do not establish identity",
    "second technique": "FTIR",
    "control status": "1971 Convention, Schedule II",
    "list edition": "source grade B",
    "audit head": "Head of the audit chain when issued",
    "evidence": "{evidence}",
    "result": "{result}",
    "unsigned": "UNSIGNED: this file carries no digital signature",
}


def test_every_item_of_17025_is_in_the_text_of_the_pdf(office, logged_in, filed, render) -> None:
    officer, technician = logged_in["officer"], logged_in["technician"]
    first = issue_report(office, officer, filed.id, TOLD, render).record
    technique = Technique("FTIR", "A", "separate", "agrees", ("amphetamine",), scan=filed.id)
    findings.record_second_technique(office, technician, filed.item, technique)
    sent = findings.send_to_laboratory(office, officer, filed.item, "Cantonal institute")
    findings.record_answer(
        office, technician, sent.id, LaboratoryAnswer("confirmed", ("amphetamine",))
    )
    papers.amend(
        office, officer, "item", filed.item, "sealed, one corner torn", field="condition",
        reason="seen later",
    )  # fmt: skip
    wanted = replace(TOLD, amends=first.id, reason="second technique recorded")
    issued = issue_report(office, officer, filed.id, wanted, render)
    document = pypdfium2.PdfDocument(issued.pdf)
    pages = [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]
    document.close()
    known = {
        "id": issued.record.id,
        "item": filed.item,
        "scan": filed.id,
        "evidence": filed.original,
        "result": filed.result,
    }
    text = " ".join(pages)
    wrong = [name for name, words in CHECKLIST.items() if words.format(**known) not in text]
    assert wrong == []
    for number, page in enumerate(pages, start=1):
        assert f"Report {issued.record.id} · page {number} of {len(pages)}" in page
    assert not text.startswith("PRESUMPTIVE")


@pytest.mark.parametrize(
    ("lacking", "says"),
    [
        (
            {"customer_contact": ""},
            "contact information of the customer (ISO/IEC 17025, 7.8.2.1 e)",
        ),
        ({"place": ""}, "place of the examination (ISO/IEC 17025, 7.8.2.1 c)"),
        ({"sampled_at": ""}, "date of sampling (ISO/IEC 17025, 7.8.2.1 h)"),
        ({"deviations": ""}, "deviations from the method (ISO/IEC 17025, 7.8.2.1 n)"),
    ],
)
def test_a_report_that_lacks_something_is_refused_and_says_what(  # noqa: PLR0917  fixtures
    office, officer, filed, render, lacking, says
) -> None:
    before = office.ledger.head()
    with pytest.raises(IncompleteReportError) as caught:
        issue_report(office, officer, filed.id, replace(TOLD, **lacking), render)
    assert says in str(caught.value)
    assert "give" in caught.value.remedy
    assert office.ledger.find(IssuedReport) == []
    assert office.ledger.head() == before


def test_each_required_item_is_missed_when_it_is_taken_away(samples, full_facts) -> None:
    from spectra_app.reports.builder import build_report

    record = samples.match().record
    assert missing_items(build_report(record, None, full_facts)) == ()
    for item in REQUIRED:
        if not hasattr(full_facts, item.code) or item.code == "issued_at":
            continue
        empty = type(getattr(full_facts, item.code))()
        report = build_report(record, None, replace(full_facts, **{item.code: empty}))
        assert [one.code for one in missing_items(report)] == [item.code]
        assert item.what
        assert item.remedy
    bare = replace(record, method=replace(record.method, policy=""))
    assert [one.code for one in missing_items(build_report(bare, None, full_facts))] == ["method"]


def test_a_preview_is_marked_and_enters_nothing(office, officer, filed) -> None:
    before = office.ledger.head()
    report = preview_report(office, officer, filed.id, TOLD)
    assert any(mark.startswith("NOT A TEST REPORT") for mark in report.marks)
    assert [one.code for one in report.missing] == ["authorised_by"]
    assert office.ledger.head() == before


def test_only_a_filed_scan_is_reported(office, officer, take, render) -> None:
    with pytest.raises(CaseError, match="not filed"):
        issue_report(office, officer, take(officer).id, TOLD, render)


def test_an_amended_report_is_another_one_of_the_same_item(office, officer, filed, render) -> None:
    first = issue_report(office, officer, filed.id, TOLD, render).record
    papers.amend(
        office, officer, "item", filed.item, "grey powder", field="description", reason="typing"
    )
    wanted = replace(TOLD, amends=first.id)
    with pytest.raises(IncompleteReportError, match=r"7\.8\.8\.1"):
        issue_report(office, officer, filed.id, wanted, render)
    second = issue_report(
        office, officer, filed.id, replace(wanted, reason="description corrected"), render
    )
    (change,) = second.report.facts.changes
    assert (change.original, change.amended, change.made_by) == (
        "white powder",
        "grey powder",
        "The officer",
    )
    assert second.record.id.endswith("-R2")
    assert second.record.amends == first.id
    assert office.ledger.get(IssuedReport, first.id).record == first  # the original stays
    with pytest.raises(CaseError, match="no report of the item"):
        issue_report(
            office, officer, filed.id, replace(wanted, amends="X-R1", reason="why"), render
        )


def test_a_restricted_scan_is_reported_to_nobody_who_is_not_cleared(
    office, logged_in, filed, render
) -> None:
    import msgspec

    with office.ledger.writing("u1") as writing:
        stored = office.ledger.get(Scan, filed.id)
        hidden = msgspec.structs.replace(stored.record, restricted=True)
        writing.put(hidden, "scan marked", after=stored.revision)
    officer, supervisor = logged_in["officer"], logged_in["supervisor"]
    with pytest.raises(RecordError, match="no such record"):
        issue_report(office, officer, filed.id, TOLD, render)
    users.clear_user(office, supervisor, "u2", True)
    issued = issue_report(office, officer, filed.id, TOLD, render)
    assert any(mark.startswith("RESTRICTED") for mark in issued.report.marks)
    users.clear_user(office, supervisor, "u2", False)
    for read in (case_reports.show_report, case_reports.report_file):
        with pytest.raises(RecordError, match="no such record"):
            read(office, officer, issued.record.id)


def test_a_second_person_countersigns_once(office, logged_in, filed, render) -> None:
    officer = logged_in["officer"]
    issued = issue_report(office, officer, filed.id, TOLD, render).record
    with pytest.raises(ForbiddenError):
        case_reports.countersign_report(office, officer, logged_in["technician"], issued.id)
    second = logged_in["supervisor"]
    signed = case_reports.countersign_report(office, officer, second, issued.id)
    assert (signed.state, signed.countersigned_by) == ("countersigned", "u1")


@pytest.mark.parametrize("sample", ["match", "mixture", "refused_record", "long_name", "benign"])
def test_an_identification_is_read_back_as_it_was_kept(samples, sample) -> None:
    record: Identification = samples.ALL[sample]().record
    data = result_bytes(record)
    assert result_bytes(read_identification(data)) == data


def test_figures_that_were_not_known_stay_unknown(samples) -> None:
    record = samples.match().record
    blind = replace(record, quality=replace(record.quality, snr=float("nan")))
    again = read_identification(result_bytes(blind))
    assert again.quality.snr != again.quality.snr
    with pytest.raises(RecordError, match="cannot be read"):
        read_identification(b'{"file": 7}')


def test_the_same_report_gives_the_same_bytes(office, officer, filed) -> None:
    one, two = (preview_report(office, officer, filed.id, TOLD) for _ in range(2))
    same = replace(two.facts, issued_at=one.facts.issued_at)
    assert replace(two, facts=same).to_json()["facts"] == one.to_json()["facts"]
    assert one.to_bytes() == one.to_bytes()


@pytest.fixture
def figures(filed, office):
    """Return the figures of an evaluation with the scan's own library and policy."""
    record = read_identification(office.evidence.get(filed.result))
    counts = {"named_right": 40, "named_wrong": 1, "not_named": 19, "false_naming": 0}
    return {
        "library": {"sha256": record.library.sha256},
        "method": {"policy": record.method.policy},
        "performed_at": "2026-11-20T10:00:00Z",
        "by_substance": {
            code: {"count": count, "n": 60, "low95": 0.999, "high95": 1.0}
            for code, count in counts.items()
        },
    }


def test_a_validation_gives_its_counts_and_is_kept(office, officer, filed, render, figures) -> None:
    data = json.dumps(figures).encode()
    given = Validation("figures.json", data)
    issued = issue_report(office, officer, filed.id, replace(TOLD, validation=given), render)
    rates = {one.what: one for one in issued.report.facts.rates if one.basis == "validation"}
    assert list(rates) == ["named_right", "named_wrong", "not_named", "false_naming"]
    assert (rates["named_right"].low95, rates["named_right"].high95) == pytest.approx(
        (0.5332, 0.7831),
        abs=1e-4,  # Clopper-Pearson of 40 of 60, not what the file says
    )
    kept = dict(name.split(":") for name in issued.record.files)
    assert kept["validation"] == given.sha256
    assert office.evidence.get(given.sha256) == data
    document = pypdfium2.PdfDocument(issued.pdf)
    text = " ".join(" ".join(p.get_textpage().get_text_bounded() for p in document).split())
    document.close()
    assert "In the library, but not named (false rejection) 19 / 60 32 %" in text
    assert "figures.json, 2026-11-20, SHA-256" in text


@pytest.mark.parametrize("wrong", [{"count": 61}, {"count": -1}, {"n": "60"}, {"count": True}])
def test_figures_that_nobody_can_have_counted_are_refused(
    office, officer, filed, figures, wrong
) -> None:
    figures["by_substance"]["named_right"].update(wrong)
    given = Validation("figures.json", json.dumps(figures).encode())
    with pytest.raises(AppError, match="no figures of an evaluation"):
        preview_report(office, officer, filed.id, replace(TOLD, validation=given))


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("yesterday", "cannot be read as a time"),
        ("2026-11-22T08:40:00", "without a time zone"),
        ("2027-11-22T08:40:00Z", "in the future"),
        ("2026-11-22T10:00:30Z", "sampled after it was scanned"),
    ],
)
def test_the_date_of_sampling_is_one(office, officer, filed, when, says) -> None:
    office.clock.skip(60)
    with pytest.raises(CaseError, match=says):
        preview_report(office, officer, filed.id, replace(TOLD, sampled_at=when))


def test_the_date_of_sampling_is_printed_in_utc(office, officer, filed) -> None:
    wanted = replace(TOLD, sampled_at="2026-11-22T09:40+01:00")
    assert preview_report(office, officer, filed.id, wanted).facts.sampled_at == (
        "2026-11-22T08:40:00Z"
    )


def test_nobody_countersigns_what_they_may_not_see(office, logged_in, filed, render) -> None:
    users.clear_user(office, logged_in["supervisor"], "u3", cleared=True)
    with office.ledger.writing("u2") as writing:
        writing.put(msgspec.structs.replace(filed, restricted=True), "test", after=2)
    head = office.ledger.head()
    second, first = logged_in["supervisor"], logged_in["technician"]
    with pytest.raises(ForbiddenError, match="second person may not see"):
        issue_report(office, first, filed.id, TOLD, render, second=second)
    assert office.ledger.find(IssuedReport) == []
    assert office.ledger.head().number == head.number + 1  # that the second person agreed
