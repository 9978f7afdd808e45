"""Due times, the supervisor's list, retention, and that acts name nobody."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pytest

import resources
from matching.policy import PolicyError
from spectra_app.errors import CaseError, ForbiddenError, RecordError
from spectra_app.records.kinds import Case, Note, Photo, Scan
from spectra_app.records.ledger.verify import verify
from spectra_app.services import users
from spectra_app.services.cases import findings, items, opening, papers, policy, scans
from spectra_app.services.cases.due import list_overdue
from spectra_app.services.cases.exposures import Fired, record_exposure, unattended_exposure
from spectra_app.services.cases.findings import LaboratoryAnswer, Technique
from spectra_app.services.cases.items import Description, Handing
from spectra_app.services.cases.opening import About
from spectra_app.services.cases.oversight import oversee
from spectra_app.services.cases.retention import apply_retention, list_expired
from spectra_app.services.cases.scans import Taken
from spectra_app.services.emergency import use_emergency

PASSWORD = "seven green herons wade"  # noqa: S105  of nobody
HOUR, DAY = 3600, 86400


@pytest.fixture
def skip(office, logged_in, office_clock):
    """Return a function that lets time pass; everybody has logged in again then."""

    def skipped(seconds_):
        office_clock.skip(seconds_)
        for role in logged_in:
            logged_in[role] = users.log_in(office, role, PASSWORD)
        return logged_in

    return skipped


def late(office, session):
    return [(one.rule, one.id, one.hours_late) for one in list_overdue(office, session)]


def test_what_is_late_is_listed_until_it_is_done(office, logged_in, item, take, skip):
    officer = logged_in["officer"]
    left, filed = take(officer).id, take(officer).id
    scans.file_scan(office, officer, filed, item)
    assert late(office, officer) == []
    officer = skip(26 * HOUR)["officer"]
    assert late(office, officer) == [("filing", left, 2)]
    scans.discard_scan(office, officer, left, "empty window")
    officer = skip(7 * DAY)["officer"]
    assert late(office, officer) == [("sending", item, 26)]
    sent = findings.send_to_laboratory(office, officer, item, "State laboratory")
    assert late(office, officer) == []
    sessions = skip(61 * DAY)
    assert late(office, sessions["officer"]) == [("answer", item, 24)]
    answer = LaboratoryAnswer("confirmed", ("Amphetamine",))
    findings.record_answer(office, sessions["technician"], sent.id, answer)
    assert late(office, sessions["officer"]) == []
    sessions = skip(300 * DAY)
    assert [row[:2] for row in late(office, sessions["officer"])] == [("closing", item[:-3])]
    opening.close_case(office, sessions["officer"], item[:-3], "done")
    assert late(office, sessions["officer"]) == []


def test_a_case_that_was_registered_late_says_so_while_it_is_open(office, logged_in, case):
    officer = logged_in["officer"]
    event = About(event_at="2026-11-21T08:00:00Z")  # 26 hours before
    slow = opening.open_new_case(office, officer, "Late", event).id
    (one,) = list_overdue(office, officer)
    assert (one.rule, one.id, one.hours_late, one.done) == ("registration", slow, 2, True)
    assert case != slow


def test_due_times_are_set_by_two_persons(office, logged_in, take, skip):
    shipped = resources.path("policies/due_times.json").read_text()
    content = json.loads(shipped)
    content["rules"] = [rule | {"hours": 2} for rule in content["rules"]][1:2]
    strict = json.dumps(content)
    take(logged_in["officer"])
    boss = skip(3 * HOUR)["supervisor"]
    assert late(office, boss) == []
    with pytest.raises(ForbiddenError, match="the first one"):
        policy.change_periods(office, boss, boss, "due_times", strict, reason="faster")
    second = logged_in["technician"]
    policy.change_periods(office, boss, second, "due_times", strict, reason="faster")
    assert [row[0] for row in late(office, boss)] == ["filing"]
    assert policy.show_periods(office, boss, "due_times").rules.keys() == {"filing"}
    assert office.ledger.entries()[-1].details["second"] == "u3"


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"version": "1", "rules": [{}]}', '{"version": "1", "rules": 7}',
        '{"version": "1", "rules": [{"code": "x", "words": "", "hours": 1, "source": ""}]}',
        '{"version": "1", "rules": [{"code": "filing", "words": "", "hours": -1, "source": ""}]}',
        '{"version": "1", "rules": [{"code": "filing", "words": "", "hours": true, "source": ""}]}',
        '{"version": "1", "rules": [{"code": "filing", "words": 1, "hours": 1, "source": ""}]}',
    ],
)  # fmt: skip
def test_a_policy_that_makes_no_sense_is_refused(text):
    with pytest.raises(PolicyError):
        policy.parse_periods("due_times", text)


def test_the_policies_that_are_shipped_can_be_used(office):
    for name, (_, _, codes) in policy.HOURS.items():
        assert set(policy.periods(office.ledger, name).rules) == set(codes)
    with pytest.raises(PolicyError, match="there is no policy"):
        policy.parse_periods("../keys", "{}")


def test_the_supervisor_sees_what_something_is_open_about(office, logged_in, item, take, samples):
    officer, boss = logged_in["officer"], logged_in["supervisor"]
    assert oversee(office, boss).open == 0
    unfiled, bad = take(officer).id, take(officer).id
    scans.discard_scan(office, officer, bad, "no")
    twice = [take(officer, name).id for name in ("match", "mixture", "match")]
    for scan in twice[:1]:
        scans.file_scan(office, officer, scan, item)
    assert oversee(office, boss).repeated == ()
    for scan in twice[1:]:
        scans.file_scan(office, officer, scan, item)
    record_exposure(office, officer, Fired("E1", "aborted", count=2))
    record_exposure(office, officer, Fired("E1", "check", count=2))
    lone = unattended_exposure(office, Fired("E1", "failed", count=1))
    found = samples.match()
    sha256 = office.evidence.put(b"f", kind="f", name="f", clock=office.clock).sha256
    found = replace(found, record=replace(found.record, sha256=sha256))
    alone = scans.unattended_scan(office, found, Taken("device", exposures=3)).id
    use_emergency(office, officer, ["case.reopen"], "the supervisor is away")
    seen = oversee(office, boss)
    assert [one.id for one in seen.unfiled] == [unfiled, alone]
    assert [one.id for one in seen.discarded] == [bad]
    assert [one.id for one in seen.unattended] == [alone]
    assert [(one.item, one.scans) for one in seen.repeated] == [(item, tuple(twice))]
    assert [one.purpose for one in seen.without_scan] == ["aborted", "failed"]
    assert (lone.by, [one.user for one in seen.emergencies]) == ("program", ["u2"])
    assert [one.id for one in oversee(office, boss, "2027-01-01").unfiled] == [unfiled, alone]
    assert oversee(office, boss, "2027-01-01").without_scan == ()


@pytest.fixture
def full_case(office, logged_in, take, case, item):
    """A case in which every free text names PERSON; return its id."""
    officer, technician = logged_in["officer"], logged_in["technician"]
    who = "Wilhelmina Personname"
    names = ("title", "circumstances", "reference", "origin")
    about = {"persons": (who,), **dict.fromkeys(names, who)}
    opening.change_case(office, officer, case, about)
    names = ("description", "condition", "concealment", "sampling")
    items.change_item(office, officer, item, dict.fromkeys(names, who))
    scan = scans.file_scan(office, officer, take(officer).id, item, who).id
    scans.discard_scan(office, officer, take(officer).id, who)
    papers.add_note(office, officer, who, scan=scan)
    papers.add_photo(office, officer, b"\xff\xd8\xff", f"{who}.jpg", item=item, caption=who)
    papers.amend(office, officer, "item", item, who, field="condition", reason=who)
    technique = Technique("FTIR", "A", "same", "disagrees", (who,), scan, who, who)
    findings.record_second_technique(office, technician, item, technique)
    sent = findings.send_to_laboratory(office, officer, item, who)
    answer = LaboratoryAnswer("refuted", (who,), reference=who, method=who, remarks=who)
    findings.record_answer(office, technician, sent.id, answer)
    items.hand_over(office, officer, item, Handing("officer", purpose=who, place=who))
    opening.close_case(office, officer, case, who)
    return case


def test_acts_name_nobody(worded, office, full_case):
    lines = [str(entry.details) + entry.act + entry.id for entry in office.ledger.entries()]
    assert [line for line in lines if "personname" in line.casefold()] == []
    assert len(lines) > 20
    assert worded(office.ledger, Case, "Wilhelmina") == [full_case]


def test_what_has_expired_is_removed_by_two_persons_and_nothing_else(
    office, logged_in, full_case, take, skip
):
    kept = opening.open_new_case(office, logged_in["officer"], "Open for ever").id
    thing = items.add_item(office, logged_in["officer"], kept, Description("powder")).id
    scan = scans.file_scan(office, logged_in["officer"], take(logged_in["officer"]).id, thing).id
    shared, (photo,) = office.ledger.get(Scan, scan).record, office.ledger.find(Photo)
    with office.ledger.writing("u1") as writing:  # it names a file of the other case
        theirs = office.ledger.find(Scan, case=full_case)[0].record.original
        also = msgspec.structs.replace(shared, evidence=(*shared.evidence, theirs))
        writing.put(also, "test", after=2)
    boss = skip(3000 * DAY)["supervisor"]
    assert [one.code for one in list_expired(office, boss)] == ["discarded_scan"]
    boss = skip(651 * DAY)["supervisor"]
    assert {one.code for one in list_expired(office, boss)} == {"closed_case", "discarded_scan"}
    with pytest.raises(ForbiddenError):
        apply_retention(office, boss, boss)
    with pytest.raises(ForbiddenError):
        list_expired(office, logged_in["officer"])
    removed = apply_retention(office, boss, logged_in["technician"])
    assert {one.id for one in removed if one.kind == "case"} == {full_case}
    assert list_expired(office, boss) == []
    with pytest.raises(RecordError, match="content was removed"):
        office.ledger.get(Case, full_case)
    assert office.ledger.find(Note) == []
    assert [one.record.id for one in office.ledger.find(Scan)] == [scan]
    assert office.ledger.get(Case, kept).record.state == "open"
    check = office.evidence.verify()
    assert check.intact
    assert photo.record.evidence in office.evidence.removed()
    assert not office.evidence.path_of(photo.record.evidence).exists()
    assert all(office.evidence.path_of(one).exists() for one in also.evidence)
    held = b"".join(path.read_bytes() for path in office.ledger.folder.glob("station.db*"))
    assert b"Personname" not in held
    assert verify(office.ledger.folder, office.ledger.key.public).findings == ()


def test_a_case_with_a_gap_in_its_custody_hands_nothing_over(office, logged_in, item):
    officer = logged_in["officer"]
    items.hand_over(office, officer, item, Handing("technician"))
    with office.ledger.writing("u1") as writing:
        writing.remove_content("custody", f"{item}-H001", "test")
    with pytest.raises(CaseError, match="has a gap"):
        items.hand_over(office, logged_in["technician"], item, Handing("officer"))
