"""How an item stands is said alike everywhere: by names and amendments, and warnings stay."""

from __future__ import annotations

import pytest

from spectra_app.errors import CaseError
from spectra_app.records.kinds import Amendment, Scan, SecondTechnique
from spectra_app.records.standing import stands, weight
from spectra_app.reports.builder import build_report
from spectra_app.reports.parts import Facts, Table, Words
from spectra_app.services.bundles.pages import _stands as of_bundle
from spectra_app.services.case_alerts import case_guidance
from spectra_app.services.cases import findings, items, scans
from spectra_app.services.cases.findings import LaboratoryAnswer, Technique, standing_of_item
from spectra_app.services.cases.listing import show_case
from spectra_app.services.incident import incident_sheet
from spectra_app.services.report_facts import Wanted, facts_of_scan

NITAZENES = "family:nitazene (2-benzylbenzimidazole opioid)"


@pytest.mark.parametrize(
    ("techniques", "answers", "said"),
    [
        ((), (), "presumptive"),
        (("for",), (), "second technique"),
        (("for", "against"), (), "contradicted"),
        (("for", "doubt"), (), "presumptive"),  # a disagreement is not amended away
        (("for",), ("open",), "second technique"),
        ((), ("open",), "sent"),
        (("for",), ("silent",), "presumptive"),
        (("against",), ("for",), "confirmed"),
        ((), ("against", "silent"), "refuted"),
        ((), ("against", "for"), "contradicted"),
        ((), ("doubt", "for"), "confirmed"),
        ((), ("for", "silent"), "presumptive"),
    ],
)
def test_the_rule(techniques, answers, said):
    assert stands(techniques, answers) == said


def test_what_was_amended_weighs_nothing_for_and_stays_a_doubt_against():
    assert weight("confirmed", "amended") == "silent"
    assert weight("refuted", "amended") == "doubt"
    assert weight("refuted", "other names") == "against"
    assert (weight("sent", ""), weight("other", "")) == ("open", "silent")


@pytest.fixture
def filed(office, officer, item, take):
    """Return a scan that names amphetamine sulfate, filed under the item."""
    return scans.file_scan(office, officer, take(officer).id, item)


@pytest.fixture
def answer(office, logged_in, filed):
    def answered(state, *found):
        sent = findings.send_to_laboratory(office, logged_in["officer"], filed.item, "Institute")
        said = LaboratoryAnswer(state, found)
        return findings.record_answer(office, logged_in["technician"], sent.id, said)

    return answered


@pytest.fixture
def everywhere(office, logged_in, filed):
    """Return what each place says of the item: list, command, incident sheet, bundle, report."""

    def said():
        supervisor = logged_in["supervisor"]
        (shown,) = show_case(office, supervisor, filed.case).items
        sheet = incident_sheet(office, supervisor, filed.case).content["items"][0]
        record, facts = facts_of_scan(office, None, filed, Wanted())
        amendments = [one.record for one in office.ledger.find(Amendment, case=filed.case)]
        records = [shown.item, *shown.scans, *shown.techniques, *shown.confirmations, *amendments]
        ((_, in_bundle),) = of_bundle(records)
        words = {
            shown.stands,
            standing_of_item(office, supervisor, filed.item),
            sheet["item.stands"],
            in_bundle,
            facts.stands,
        }
        return words, build_report(record, None, facts)

    return said


def sentences(report, code):
    (section,) = (one for one in report.sections if one.code == code)
    out = []
    for part in section.parts:
        if isinstance(part, Words):
            out += part.texts
        elif isinstance(part, Facts):
            out += [f"{one.label} {one.text}" for one in part.facts]
        elif isinstance(part, Table):
            out += [" | ".join(row) for row in part.rows]
    return "\n".join(out)


def test_another_substance_confirmed_settles_nothing_anywhere(answer, everywhere):
    answer("confirmed", "lactose")
    words, report = everywhere()
    assert words == {"presumptive"}
    section = sentences(report, "other")
    assert "The result of this report is presumptive." in section
    assert "CONFIRMED" not in section
    assert "ANSWERED by Institute" in section
    assert "it is nothing of what this report names" in section
    assert any(mark.startswith("CONTRADICTED") for mark in report.marks)
    assert report.presumptive.startswith("PRESUMPTIVE")


def test_above_a_confirmation_nothing_is_called_presumptive(answer, everywhere):
    answer("confirmed", "amphetamine")
    words, report = everywhere()
    assert words == {"confirmed"}
    section = sentences(report, "other")
    assert "CONFIRMED by Institute" in section
    assert "presumptive" not in section.lower()
    assert "Second technique: none recorded." in section


def test_an_amended_answer_settles_nothing_anywhere(office, logged_in, answer, everywhere):
    from spectra_app.services.cases import papers

    made = answer("confirmed", "amphetamine")
    assert everywhere()[0] == {"confirmed"}
    supervisor = logged_in["supervisor"]
    papers.amend(
        office, supervisor, "confirmation", made.id, "L-9", field="reference", reason="typing"
    )
    assert everywhere()[0] == {"confirmed"}  # their number decides nothing
    papers.amend(
        office, supervisor, "confirmation", made.id, "lactose", field="found", reason="mixed up"
    )
    words, report = everywhere()
    assert words == {"presumptive"}
    assert "CONFIRMED" not in sentences(report, "other")


def test_a_second_raman_scan_is_no_second_technique(office, logged_in, filed, everywhere):
    about = Technique("Raman 1064 nm", "A", "separate", "agrees", ("amphetamine",))
    findings.record_second_technique(office, logged_in["technician"], filed.item, about)
    words, report = everywhere()
    assert words == {"presumptive"}
    assert "agrees, but does not count: Raman again" in sentences(report, "other")


@pytest.mark.parametrize("scan", [True, False])
def test_a_technique_agrees_only_with_what_a_scan_named(office, logged_in, filed, scan):
    technician = logged_in["technician"]
    compared = filed.id if scan else ""
    for found in (("cocaine",), ("amphetamine", "fentanyl")):
        about = Technique("FTIR", "A", "separate", "agrees", found, compared)
        with pytest.raises(CaseError, match=r"named (cocaine|fentanyl)"):
            findings.record_second_technique(office, technician, filed.item, about)
    assert office.ledger.find(SecondTechnique) == []
    about = Technique("FTIR", "A", "separate", "agrees", ("Amphetamine",), compared)
    findings.record_second_technique(office, technician, filed.item, about)
    assert standing_of_item(office, technician, filed.item) == "second technique"


def test_a_technique_cannot_agree_where_nothing_was_named(office, logged_in, item):
    about = Technique("FTIR", "A", "separate", "agrees", ())
    with pytest.raises(CaseError, match="no scan of this item named anything"):
        findings.record_second_technique(office, logged_in["technician"], item, about)


def test_a_report_lists_the_other_scans_that_its_reader_may_see(office, logged_in, case, take):
    officer = logged_in["officer"]
    item = items.add_item(office, officer, case, items.Description("powder")).id
    harmless = scans.file_scan(office, officer, take(officer, "benign").id, item)
    grave = scans.file_scan(office, officer, take(officer, "match").id, item)
    record, facts = facts_of_scan(office, None, harmless, Wanted())
    report = build_report(record, None, facts)
    listed = sentences(report, "scans")
    assert grave.id in listed
    assert "Amphetamine sulfate" in listed
    assert "CONTROLLED" in listed
    assert any(mark.startswith("ANOTHER SCAN OF THIS ITEM") for mark in report.marks)
    record, facts = facts_of_scan(office, None, grave, Wanted())
    other = build_report(record, None, facts)
    assert harmless.id in sentences(other, "scans")
    assert not any(mark.startswith("ANOTHER SCAN") for mark in other.marks)
    _hide(office, grave)
    record, facts = facts_of_scan(office, None, harmless, Wanted())
    assert facts.other_scans == ()
    assert not [one for one in build_report(record, None, facts).sections if one.code == "scans"]


def _hide(office, scan):
    import msgspec

    with office.ledger.writing("u1") as writing:
        stored = office.ledger.get(Scan, scan.id)
        hidden = msgspec.structs.replace(stored.record, restricted=True)
        writing.put(hidden, "scan marked", after=stored.revision)


@pytest.mark.parametrize("answered", [(), ("Caffeine",)])
def test_handling_advice_stays_after_the_laboratory_has_answered(
    records, office, logged_in, answered
):
    case = records.case()
    item = records.item(case)
    scan = records.scan(item, ["Metonitazene"])
    advice = lambda: [  # noqa: E731
        one.code for one in case_guidance(office, logged_in["officer"], case.id).advice
    ]
    assert advice() == [NITAZENES]
    records.answer(item, answered)  # refuted, or something else confirmed
    assert advice() == [NITAZENES]
    records.put(
        Amendment(
            id="A1", case=case.id, of_kind="scan", of_id=scan.id, of_revision=1, field="names",
            original="Metonitazene", amended="Caffeine", reason="another item's scan",
        )
    )  # fmt: skip
    assert advice() == []


def test_advice_for_what_only_a_pattern_or_a_technique_tells(records, office, logged_in):
    case = records.case()
    records.scan(records.item(case), outcome="class_only", families=("nitazenes",))
    guidance = case_guidance(office, logged_in["officer"], case.id)
    assert [one.code for one in guidance.advice] == [NITAZENES]
    other = records.case()
    item = records.item(other)
    records.scan(item, ["Caffeine"])
    records.put(
        SecondTechnique(
            id="T1", case=other.id, item=item.id, technique="GC-MS", category="A",
            sampling="separate", agreement="disagrees", found=("fentanyl",),
        )
    )  # fmt: skip
    guidance = case_guidance(office, logged_in["officer"], other.id)
    assert [one.code for one in guidance.advice] == ["family:fentanyl analogue"]
