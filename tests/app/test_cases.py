"""Cases, items, scans and custody: what may be done, what is refused, and what stays."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from spectra_app.errors import CaseError, ForbiddenError, IdentifierError, RecordError
from spectra_app.records.bundles.kinds import ImportedRecord
from spectra_app.records.kinds import Case, Exposure, Item, Scan
from spectra_app.services import users
from spectra_app.services.cases import findings, items, opening, papers, scans
from spectra_app.services.cases.exposures import Fired, gaps_in, list_exposures, record_exposure
from spectra_app.services.cases.findings import LaboratoryAnswer, Technique, standing_of_item
from spectra_app.services.cases.items import Description, Handing
from spectra_app.services.cases.listing import CaseFilter, list_cases, show_case
from spectra_app.services.cases.opening import About
from spectra_app.services.cases.scans import Taken


def acts(office, kind):
    return [entry.act for entry in office.ledger.entries() if entry.kind == kind]


def test_a_case_number_is_the_stations_code_the_day_and_the_number_of_the_day(office, logged_in):
    numbers = [opening.open_new_case(office, logged_in["officer"], "one").id for _ in range(2)]
    opening.set_station(office, logged_in["supervisor"], "Mail centre", code="mc1")
    numbers.append(opening.open_new_case(office, logged_in["officer"], "two").id)
    assert numbers == ["C-20261122-0001", "C-20261122-0002", "MC1-20261122-0001"]
    assert opening.station_of(office.ledger).record.name == "Mail centre"


def test_what_is_stated_of_a_case_is_checked_and_kept(office, officer, case):
    said = {"persons": (" A. Sender ", ""), "event_at": "2026-11-22T09+01"}
    changed = opening.change_case(office, officer, case, said)
    assert (changed.persons, changed.event_at) == (("A. Sender",), "2026-11-22T08:00:00Z")
    assert (changed.title, changed.id) == ("Parcel", case)
    for about, says in [
        (About(mode="rocket"), "cannot be 'rocket'"),
        (About(event_at="yesterday"), "cannot be read as a time"),
        (About(event_at="2026-11-22T09:00"), "without a time zone"),
        (About(event_at="2027-01-01T00:00Z"), "in the future"),
        (About(circumstances="\x00"), "cannot be printed"),
        (About(circumstances="\ud800"), "cannot be kept"),
    ]:
        with pytest.raises(CaseError, match=says):
            opening.open_new_case(office, officer, "x", about)
    with pytest.raises(CaseError, match="title of the case is missing"):
        opening.open_new_case(office, officer, " ")
    assert len(office.ledger.find(Case)) == 1


def test_a_closed_case_takes_nothing_until_it_is_opened_again(office, logged_in, case, item, take):
    officer, supervisor = logged_in["officer"], logged_in["supervisor"]
    scan = take(officer).id
    opening.close_case(office, officer, case, "handed to the police")
    for refused in (
        lambda: items.add_item(office, officer, case, Description("more")),
        lambda: scans.file_scan(office, officer, scan, item),
        lambda: papers.add_note(office, officer, "late", case=case),
        lambda: opening.close_case(office, officer, case, "again"),
        lambda: items.hand_over(office, officer, item, Handing("technician")),
    ):
        with pytest.raises(CaseError, match="closed"):
            refused()
    with pytest.raises(ForbiddenError):
        opening.reopen_case(office, officer, case, "more came")
    opening.reopen_case(office, supervisor, case, "more came")
    assert scans.file_scan(office, officer, scan, item).case == case
    assert acts(office, "case") == ["case opened", "case closed", "case opened again"]


def test_an_item_keeps_what_was_stated_and_refuses_what_cannot_be(office, officer, case):
    made = items.add_item(
        office, officer, case,
        Description(
            "tablets", identifiers=("awb:02012345675", "csqu 305438 3"), packages=100, sampled=20,
            weight="12.50", weight_unit="g", weight_how="net, balance 3",
        ),
    )  # fmt: skip
    assert made.id == f"{case}-01"
    assert made.identifiers == ("awb:02012345675", "container:CSQU3054383")
    assert (made.sampled, made.packages, made.weight) == (20, 100, "12.50")
    for about, says in [
        (Description("x", packages=5, sampled=6), "6 of 5 packages"),
        (Description("x", weight="heavy", weight_unit="g"), "no number"),
        (Description("x", weight="1"), "no unit"),
        (Description("x", identifiers=("02012345675",)), "say which: awb:02012345675, seal:"),
        (Description(""), "description of the item is missing"),
    ]:
        with pytest.raises(CaseError, match=says):
            items.add_item(office, officer, case, about)
    with pytest.raises(IdentifierError, match="check digit"):
        items.add_item(office, officer, case, Description("x", identifiers=("RA473124828FI",)))
    assert len(office.ledger.find(Item)) == 1


def test_the_chain_of_custody_cannot_be_broken(office, logged_in, item):
    officer, technician = logged_in["officer"], logged_in["technician"]
    first = items.hand_over(office, officer, item, Handing("technician", seal_after="S101"))
    assert (first.giver, first.receiver, first.number) == ("u2", "u3", 2)
    assert (first.seal_before, first.seal_after) == ("S100", "S101")
    for session, handing, says in [
        (officer, Handing("supervisor", giver="officer"), "not with the one .* with u3"),
        (technician, Handing("technician"), "the same"),
        (technician, Handing("nobody-here"), "no user has this name"),
        (technician, Handing("officer", handed_at="2026-11-22T09:00Z"), "before it was received"),
        (technician, Handing("officer", seal_before="S999"), r"last closed with \(S101\)"),
        (officer, Handing("supervisor"), "only who gives or receives"),
    ]:
        with pytest.raises(CaseError, match=says):
            items.hand_over(office, session, item, handing)
    items.hand_over(
        office, technician, item, Handing("outside:Courier", seal_before="S999", seal_intact=False)
    )
    back = items.hand_over(office, officer, item, Handing("officer"))
    chain = [one.record for one in items.chain_of(office.ledger, item)]
    assert [one.receiver for one in chain] == ["u2", "u3", "outside:Courier", "u2"]
    assert all(a.receiver == b.giver for a, b in pairwise(chain))
    assert back.seal_before == "S999"


def test_a_scan_is_taken_in_with_its_result_as_evidence(office, officer, take):
    scan = take(officer, "mixture")
    kept = json.loads(office.evidence.get(scan.result))
    assert kept["outcome"] == scan.outcome == "mixture"
    assert "timing_ms" not in kept
    assert [part["name"] for part in kept["components"]] == list(scan.names)
    assert (scan.state, scan.scanned_by, scan.exposures) == ("unfiled", "u2", 0)
    assert scans.scan_result(office, officer, scan.id) == office.evidence.get(scan.result)
    assert office.ledger.find(Exposure) == []


def test_a_scan_without_its_data_is_not_taken_in(office, officer, samples):
    found = samples.match()
    for sha256 in ("", "0" * 64):
        gone = replace(found, record=replace(found.record, sha256=sha256))
        with pytest.raises(CaseError, match="not in the evidence store"):
            scans.add_scan(office, officer, gone)
    assert office.ledger.find(Scan) == []


def test_scans_are_filed_moved_and_discarded_and_never_gone(office, officer, case, item, take):
    other = items.add_item(office, officer, case, Description("grey powder")).id
    scan, bad = take(officer).id, take(officer).id
    assert [one.id for one in scans.list_scans(office, officer, state="unfiled")] == [scan, bad]
    scans.file_scan(office, officer, scan, item)
    with pytest.raises(CaseError, match="give the reason"):
        scans.file_scan(office, officer, scan, other)
    with pytest.raises(CaseError, match="filed there already"):
        scans.file_scan(office, officer, scan, item)
    assert scans.file_scan(office, officer, scan, other, "wrong bag").item == other
    with pytest.raises(CaseError, match="only an unfiled scan"):
        scans.discard_scan(office, officer, scan, "no")
    with pytest.raises(CaseError, match="reason is missing"):
        scans.discard_scan(office, officer, bad, " ")
    scans.discard_scan(office, officer, bad, "the window was closed")
    with pytest.raises(CaseError, match="was discarded"):
        scans.file_scan(office, officer, bad, item)
    assert [one.id for one in scans.list_scans(office, officer, state="discarded")] == [bad]
    assert [one.id for one in scans.list_scans(office, officer, item=other, day="2026-11-22")] == [
        scan
    ]
    assert acts(office, "scan") == [
        "scan added", "scan added", "scan filed", "scan moved", "scan discarded",
    ]  # fmt: skip


def test_emulated_scans_and_evidence_never_share_a_case(office, officer, item, take):
    exercise = opening.open_new_case(office, officer, "Exercise", About(emulated=True)).id
    practice = items.add_item(office, officer, exercise, Description("sample")).id
    real, emulated = take(officer).id, take(officer, emulated=True).id
    with pytest.raises(CaseError, match="no evidence"):
        scans.file_scan(office, officer, emulated, item)
    with pytest.raises(CaseError, match="exercise"):
        scans.file_scan(office, officer, real, practice)
    assert scans.file_scan(office, officer, emulated, practice).case == exercise


def test_every_exposure_is_recorded_with_its_scan_or_without_one(office, logged_in, samples):
    officer = logged_in["officer"]
    found = samples.match()
    sha256 = office.evidence.put(b"frame", kind="f", name="f", clock=office.clock).sha256
    found = replace(found, record=replace(found.record, sha256=sha256))
    how = Taken(source="device", exposures=4, counter=104)
    scan = scans.add_scan(office, officer, found, how)
    record_exposure(office, officer, Fired(scan.analyser, "aborted", count=2))
    record_exposure(office, officer, Fired(scan.analyser, "failed", count=1, counter=109))
    with pytest.raises(ForbiddenError):
        list_exposures(office, officer)
    fired = list_exposures(office, logged_in["supervisor"], scan.analyser)
    assert [(one.scan, one.purpose, one.count) for one in fired] == [
        (scan.id, "scan", 4), ("", "aborted", 2), ("", "failed", 1),
    ]  # fmt: skip
    (gap,) = gaps_in(fired)  # 104 to 109: the analyser fired five times, three are recorded
    assert (gap.counted, gap.recorded) == (5, 3)
    numbers = [e.number for e in office.ledger.entries() if e.id in {scan.id, fired[0].id}]
    assert numbers[1] == numbers[0] + 1


def test_an_item_is_presumptive_until_something_else_is_recorded(office, logged_in, item, take):
    officer, technician = logged_in["officer"], logged_in["technician"]
    scan = scans.file_scan(office, officer, take(officer).id, item).id
    about = Technique("FTIR", "A", "separate", "agrees", ("Amphetamine",), scan)
    assert standing_of_item(office, officer, item) == "presumptive"
    with pytest.raises(ForbiddenError):
        findings.record_second_technique(office, officer, item, about)
    with pytest.raises(CaseError, match="same sampling"):
        findings.record_second_technique(office, technician, item, replace(about, sampling="same"))
    with pytest.raises(CaseError, match="cannot be kept"):
        findings.record_second_technique(office, technician, item, replace(about, category="D"))
    findings.record_second_technique(office, technician, item, about)
    assert standing_of_item(office, officer, item) == "second technique"
    findings.record_second_technique(
        office, technician, item, Technique("colour test", "C", "separate", "disagrees")
    )
    assert standing_of_item(office, officer, item) == "contradicted"


def test_the_laboratory_answers_once(office, logged_in, case, item, take):
    officer, technician = logged_in["officer"], logged_in["technician"]
    scan = scans.file_scan(office, officer, take(officer).id, item).id
    sent = findings.send_to_laboratory(office, officer, item, "State laboratory")
    assert sent.scans == (scan,)
    assert items.chain_of(office.ledger, item)[-1].record.receiver == "outside:State laboratory"
    assert standing_of_item(office, officer, item) == "sent"
    with pytest.raises(CaseError, match="at the laboratory"):
        findings.send_to_laboratory(office, officer, item, "Another")
    with pytest.raises(CaseError, match="still at the laboratory"):
        opening.close_case(office, officer, case, "done")
    for answer, says in [
        (LaboratoryAnswer("confirmed"), "what was confirmed is missing"),
        (LaboratoryAnswer("maybe"), "confirms or refutes"),
        (LaboratoryAnswer("confirmed", ("A", "B"), ("1 g",)), "has its quantity"),
    ]:
        with pytest.raises(CaseError, match=says):
            findings.record_answer(office, technician, sent.id, answer)
    done = findings.record_answer(
        office, technician, sent.id, LaboratoryAnswer("refuted", ("Caffeine",), reference="L-77")
    )
    assert (done.state, done.found, done.reference) == ("refuted", ("Caffeine",), "L-77")
    assert standing_of_item(office, officer, item) == "refuted"
    with pytest.raises(CaseError, match="answer already"):
        findings.record_answer(office, technician, sent.id, LaboratoryAnswer("confirmed", ("A",)))


def test_an_amendment_leaves_the_original(office, officer, case, item):
    before = office.ledger.get(Item, item)
    made = papers.amend(
        office, officer, "item", item, "beige powder", field="description", reason="wrong colour"
    )
    assert (made.original, made.amended, made.of_revision) == ("white powder", "beige powder", 1)
    assert office.ledger.get(Item, item) == before
    assert show_case(office, officer, case).amendments == (made,)
    for kind, field, says in [("user", "", "not amended"), ("item", "colour", "no 'colour'")]:
        with pytest.raises(CaseError, match=says):
            papers.amend(office, officer, kind, item, "x", field=field, reason="y")


def test_photos_are_evidence_and_notes_stay(office, officer, case, item):
    photo = papers.add_photo(
        office, officer, b"\xff\xd8\xff\xe0photo", "a.jpg", item=item, caption="bag"
    )
    assert office.evidence.get(photo.evidence) == b"\xff\xd8\xff\xe0photo"
    with pytest.raises(CaseError, match="no picture"):
        papers.add_photo(office, officer, b"MZ\x90", "a.exe", case=case)
    with pytest.raises(CaseError, match="another case"):
        papers.add_note(office, officer, "seen", case="C-1", item=item)
    with pytest.raises(CaseError, match="case is missing"):
        papers.add_note(office, officer, "seen")
    note = papers.add_note(office, officer, "smells of vinegar", item=item)
    shown = show_case(office, officer, case)
    assert (shown.photos, shown.notes) == ((photo,), (note,))
    assert shown.items[0].stands == "presumptive"


def test_the_list_of_cases_is_filtered_by_what_lists_are_filtered_by(
    office, logged_in, case, item, take
):
    officer = logged_in["officer"]
    empty = opening.open_new_case(office, logged_in["technician"], "Traveller Brown").id
    scans.file_scan(office, officer, take(officer, "mixture").id, item)
    papers.add_note(office, officer, "smells of vinegar", item=item)

    def found(**wanted):
        return [row.case.id for row in list_cases(office, officer, CaseFilter(**wanted)).rows]

    assert found() == [empty, case]
    mixed = office.ledger.find(Scan)[0].record
    (row,) = list_cases(office, officer, CaseFilter(outcome="mixture")).rows
    assert (row.case.id, row.items, row.scans, row.names) == (case, 1, 1, mixed.names)
    assert row.alarm == mixed.alarm
    assert found(alarm=mixed.alarm) == found(name=mixed.names[0][:5].upper()) == [case]
    assert found(identifier="ra 473 124 829 fi") == found(identifier="s100") == [case]
    assert found(text="vinegar") == found(text="white pow") == found(text=mixed.names[1]) == [case]
    assert found(officer="u3") == found(text="brown") == [empty]
    assert found(state="closed") == found(outcome="match") == found(last="2026-11-21") == []
    assert found(first="2026-11-22", last="2026-11-22", state="open") == [empty, case]
    assert found(text='" OR NEAR(') == found(identifier="#") == []
    short = list_cases(office, officer, CaseFilter(most=1))
    assert (len(short.rows), short.more) == (1, True)


def test_packaging_is_named_only_where_nothing_else_was_seen(officer, take, samples):
    bag = samples.part("Polyethylene", role="container")
    contents = samples.mixture().record.components
    assert take(officer, "mixture", components=(bag, *contents)).names == (
        contents[0].name, contents[1].name,
    )  # fmt: skip
    assert take(officer, "container").names == ("Polyethylene",)


@pytest.fixture
def closed_list(office, samples):
    """A restricted list that names what the sample ``match`` is; return the name."""
    name = samples.match().record.components[0].name
    (office.folder / "restricted-lists").mkdir()
    (office.folder / "restricted-lists" / "closed.csv").write_text(
        f"name,reason,who,alarm,from\n{name},closed list,laboratory,hazard,2026-01-01\n"
    )
    return name


def test_a_restricted_scan_is_hidden_from_who_is_not_cleared(
    office, logged_in, item, take, closed_list
):
    officer, technician = logged_in["officer"], logged_in["technician"]
    users.clear_user(office, logged_in["supervisor"], "u3", cleared=True)
    scan = take(officer, control_on="2026-11-22")
    assert scan.restricted
    with pytest.raises(RecordError, match="there is no such record"):
        scans.file_scan(office, officer, scan.id, item)
    scans.file_scan(office, technician, scan.id, item)
    papers.add_note(office, technician, "on the closed list", scan=scan.id)
    about = Technique("FTIR", "A", "separate", "agrees", (closed_list,), scan.id)
    findings.record_second_technique(office, technician, item, about)
    sent = findings.send_to_laboratory(office, officer, item, "State laboratory")
    answer = LaboratoryAnswer("confirmed", (closed_list,))
    findings.record_answer(office, technician, sent.id, answer)

    def seen_by(session):
        shown = show_case(office, session, scans_case)
        return (
            len(shown.items[0].scans), len(shown.notes),
            len(shown.items[0].techniques), len(shown.items[0].confirmations),
            len(scans.list_scans(office, session)),
            [row.names for row in list_cases(office, session).rows],
            len(list_cases(office, session, CaseFilter(name=closed_list)).rows),
            len(list_cases(office, session, CaseFilter(outcome="match")).rows),
            len(list_cases(office, session, CaseFilter(text=closed_list)).rows),
        )  # fmt: skip

    scans_case = item.rpartition("-")[0]
    assert seen_by(technician) == (1, 1, 1, 1, 1, [(closed_list,)], 1, 1, 0)
    assert seen_by(officer) == (0, 0, 0, 0, 0, [()], 0, 0, 0)
    assert seen_by(logged_in["supervisor"]) == (0, 0, 0, 0, 0, [()], 0, 0, 0)
    for refused in (
        lambda: scans.get_scan(office, officer, scan.id),
        lambda: scans.scan_result(office, officer, scan.id),
        lambda: papers.amend(office, officer, "scan", scan.id, "x", reason="y"),
    ):
        with pytest.raises(RecordError, match="there is no such record"):
            refused()


def test_a_list_that_cannot_be_read_hides_rather_than_shows(office, officer, take, closed_list):
    assert not take(officer, "benign").restricted
    (office.folder / "restricted-lists" / "closed.csv").write_text("nonsense")
    assert closed_list not in take(officer, "benign").names
    assert [one.record.restricted for one in office.ledger.find(Scan)] == [False, True]


def test_a_case_is_not_found_by_what_a_bundle_says_of_one_with_the_same_number(
    office, officer, case
):
    body = f'{{"case":"{case}","text":"smells of vinegar"}}'
    held = ImportedRecord(
        id="I1/note/N1", bundle="I1", station="k", of_kind="note", of_id="N1", of_revision=1,
        body=body,
    )  # fmt: skip
    with office.ledger.writing("u2") as writing:
        writing.put(held, "test")
    assert next(iter(held.words())) == case
    assert list_cases(office, officer, CaseFilter(text="vinegar")).rows == ()
    papers.add_note(office, officer, "smells of vinegar", case=case)
    (row,) = list_cases(office, officer, CaseFilter(text="vinegar")).rows
    assert row.case.id == case
