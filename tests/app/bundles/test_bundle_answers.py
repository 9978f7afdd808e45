"""A question to a laboratory, and its signed answer: what both hold, and when one counts."""

from __future__ import annotations

import pytest

from library.errors import LibraryError
from spectra_app.errors import CaseError
from spectra_app.records.bundles.content import read_bundle
from spectra_app.records.bundles.errors import (
    AnswerError,
    BundleKnownError,
    UnknownStationError,
)
from spectra_app.records.bundles.kinds import Imported, KnownStation, Question
from spectra_app.records.kinds import Confirmation, Item
from spectra_app.records.ledger.verify import verify
from spectra_app.services import users
from spectra_app.services.bundles import exporting
from spectra_app.services.bundles.answers import Finding, answer_question
from spectra_app.services.bundles.exporting import (
    ask_laboratory,
    export_case,
    list_questions,
    write_question_again,
)
from spectra_app.services.bundles.importing import import_bundle
from spectra_app.services.bundles.opening import (
    list_imports,
    revoke_station,
)
from spectra_app.services.cases import findings, opening
from spectra_app.services.cases.findings import standing_of_item

PASSWORD = "seven green herons wade"  # noqa: S105  of nobody


def test_the_answer_comes_back_and_confirms_its_item(
    office, logged_in, laboratory, answered, filled_case
):
    supervisor = logged_in["supervisor"]
    assert standing_of_item(office, supervisor, filled_case[1]) == "presumptive"
    lab, _ = laboratory
    done = import_bundle(office, supervisor, answered, lab.ledger.key.id)
    confirmation = done.confirmation
    assert standing_of_item(office, supervisor, filled_case[1]) == "confirmed"
    assert (confirmation.item, confirmation.found, confirmation.quantities) == (
        filled_case[1], ("amphetamine",), ("12 %",),
    )  # fmt: skip
    assert (confirmation.method, confirmation.reference) == ("GC-MS; FTIR", "L 77")
    assert confirmation.examined_by == "A. Chemist"
    assert "xamined" not in confirmation.remarks
    assert len(confirmation.scans) == 2
    whole, report = confirmation.evidence
    assert office.evidence.get(whole) == answered.read_bytes()
    assert office.evidence.get(report) == b"%PDF-1.7 the laboratory's report"
    (question,) = list_questions(office, supervisor)
    assert (question.state, question.confirmation) == ("answered", confirmation.id)
    for one in (office, lab):
        assert verify(one.ledger.folder, one.ledger.key.public).findings == ()


def test_an_answer_counts_once_and_where_it_was_asked(two, third, answered):
    elsewhere, boss = third
    with pytest.raises(AnswerError, match="did not ask"):
        import_bundle(elsewhere, boss, answered, two.lab.ledger.key.id)
    assert not elsewhere.ledger.find(Imported)
    assert not elsewhere.ledger.find(KnownStation)
    assert not list(elsewhere.evidence.folder.rglob("*"))
    import_bundle(two.office, two.supervisor, answered, two.lab.ledger.key.id)
    with pytest.raises(BundleKnownError):
        import_bundle(two.office, two.supervisor, answered)
    assert len(two.office.ledger.find(Confirmation)) == 1


def test_nobody_answers_their_own_question(two, technician, answered):
    """From a second station of one's own: somebody else has to agree to its key."""
    key, before = two.lab.ledger.key.id, two.office.ledger.entries()
    with pytest.raises(AnswerError, match="only one who agreed") as refused:
        import_bundle(two.office, technician, answered, key)
    assert f"--trust {key}" in refused.value.remedy
    assert two.office.ledger.entries() == before
    mine = opening.open_new_case(two.lab, two.chemist, "Theirs").id
    export_case(two.lab, two.chemist, mine, two.folder / "lab.bundle")
    import_bundle(two.office, technician, two.folder / "lab.bundle", key)
    for session, agreed in ((technician, ""), (technician, key), (two.supervisor, "")):
        with pytest.raises(AnswerError, match="only one who agreed"):
            import_bundle(two.office, session, answered, agreed)
    assert import_bundle(two.office, two.supervisor, answered, key).confirmation


def test_a_second_answer_to_one_question_is_refused(two, third, asked, answered):
    other, boss = third
    taken = import_bundle(other, boss, asked, two.office.ledger.key.id).imported
    refuted, target = Finding("refuted", ("GC-MS",), "B"), two.folder / "second.bundle"
    answer_question(other, boss, taken.id, refuted, target)
    import_bundle(two.office, two.supervisor, answered, two.lab.ledger.key.id)
    before = two.office.ledger.entries()
    with pytest.raises(AnswerError, match="answered already"):
        import_bundle(two.office, two.supervisor, target, other.ledger.key.id)
    assert two.office.ledger.entries() == before


def test_only_the_laboratory_that_was_asked_answers(two, found_there, tmp_path):
    ask_laboratory(two.office, two.supervisor, two.item, tmp_path / "q", laboratory="L", text="?",
                   key="0" * 64)  # fmt: skip
    taken = import_bundle(two.lab, two.chemist, tmp_path / "q", two.office.ledger.key.id).imported
    answer_question(two.lab, two.chemist, taken.id, found_there, tmp_path / "a")
    with pytest.raises(AnswerError, match="another laboratory"):
        import_bundle(two.office, two.supervisor, tmp_path / "a", two.lab.ledger.key.id)


@pytest.mark.parametrize("same", [True, False])
def test_an_answer_is_that_of_the_laboratory_that_gave_it(two, technician, logged_in, same):
    """The item itself may lie at another laboratory: its answer is still to come."""
    office, lab, chemist, tmp_path = two.office, two.lab, two.chemist, two.folder
    supervisor, item = logged_in["supervisor"], office.ledger.find(Item)[0].record.id
    ask_laboratory(office, technician, item, tmp_path / "q", laboratory="L", text="?")
    taken = import_bundle(lab, chemist, tmp_path / "q", office.ledger.key.id).imported
    unclear = Finding("other", ("GC-MS",), "B", remarks="too little")
    answer_question(lab, chemist, taken.id, unclear, tmp_path / "a")
    known = opening.station_of(lab.ledger)
    there = known.record.name if known else "L"
    name = there if same else "Laboratory A, Bern"
    sent = findings.send_to_laboratory(office, logged_in["officer"], item, name)
    done = import_bundle(office, supervisor, tmp_path / "a", lab.ledger.key.id)
    assert (done.confirmation.id == sent.id) is same
    assert done.confirmation.laboratory == there
    assert done.confirmation.state == "other"
    assert standing_of_item(office, supervisor, item) == ("presumptive" if same else "sent")
    if not same:
        later = findings.LaboratoryAnswer("confirmed", found=("caffeine",), method="GC-MS")
        assert findings.record_answer(office, supervisor, sent.id, later).laboratory == name


def test_nobody_answers_under_the_name_of_another(two, third, asked, found_there):
    """A station that is known here calls itself like the laboratory that was asked."""
    other, boss = third
    opening.set_station(two.lab, users.log_in(two.lab, "head", PASSWORD), "State laboratory")
    mine = opening.open_new_case(two.lab, two.chemist, "Theirs").id
    export_case(two.lab, two.chemist, mine, two.folder / "lab.bundle")
    import_bundle(two.office, two.supervisor, two.folder / "lab.bundle", two.lab.ledger.key.id)
    opening.set_station(other, boss, "state  LABORATORY")
    taken = import_bundle(other, boss, asked, two.office.ledger.key.id).imported
    answer_question(other, boss, taken.id, found_there, two.folder / "a.bundle")
    before = two.office.ledger.entries()
    with pytest.raises(UnknownStationError, match="calls itself 'state  LABORATORY'"):
        import_bundle(two.office, two.supervisor, two.folder / "a.bundle", other.ledger.key.id)
    assert two.office.ledger.entries() == before
    revoke_station(two.office, two.supervisor, two.lab.ledger.key.id, "they have a new key")
    import_bundle(two.office, two.supervisor, two.folder / "a.bundle", other.ledger.key.id)


def test_a_laboratory_answers_once_and_may_write_the_file_again(
    found_there, laboratory, answered, tmp_path
):
    lab, chemist = laboratory
    (taken,) = list_imports(lab, chemist, "question")
    again = tmp_path / "again.bundle"
    answer_question(lab, chemist, taken.id, found_there, again, attached=[tmp_path / "report.pdf"])
    assert again.read_bytes() == answered.read_bytes()
    with pytest.raises(AnswerError, match="was answered on"):
        answer_question(lab, chemist, taken.id, found_there, tmp_path / "other.bundle")


def test_a_question_whose_file_fails_says_which_it_is(two, monkeypatch):
    def full(*_):
        raise LibraryError("the file could not be written (No space left)", "q", "free some space")

    with monkeypatch.context() as patched:
        patched.setattr(exporting, "write_bundle", full)
        with pytest.raises(LibraryError, match="was entered") as refused:
            ask_laboratory(two.office, two.supervisor, two.item, two.folder / "q",
                           laboratory="L", text="?")  # fmt: skip
    (question,) = list_questions(two.office, two.supervisor)
    assert refused.value.remedy.endswith(f"'spectra case ask {question.id}'")
    write_question_again(two.office, two.supervisor, question.id, two.folder / "q")
    assert read_bundle((two.folder / "q").read_bytes()).content.question.id == question.id


def test_a_question_that_was_lost_is_written_again(office, logged_in, asked, tmp_path):
    (question,) = office.ledger.find(Question)
    write_question_again(office, logged_in["supervisor"], question.record.id, tmp_path / "q2")
    assert (tmp_path / "q2").read_bytes() == asked.read_bytes()


@pytest.mark.parametrize(
    ("finding", "says"),
    [
        (Finding("maybe", ("GC",), "A"), "confirms, refutes"),
        (Finding("confirmed", ("GC",), "A"), "what was confirmed"),
        (Finding("refuted", (" ",), "A"), "techniques"),
        (Finding("refuted", ("GC",), " "), "who examined"),
        (Finding("confirmed", ("GC",), "A", ("x",), ("1", "2")), "quantity"),
    ],
    ids=["state", "found", "techniques", "who", "quantities"],
)
def test_an_answer_says_what_it_must(two, asked, finding, says):
    taken = import_bundle(two.lab, two.chemist, asked, two.office.ledger.key.id).imported
    with pytest.raises(CaseError, match=says):
        answer_question(two.lab, two.chemist, taken.id, finding, two.folder / "a")
    assert not (two.folder / "a").exists()


def test_a_closed_case_takes_no_answer(office, logged_in, laboratory, answered, filled_case):
    opening.close_case(office, logged_in["officer"], filled_case[0], "done")
    before = len(office.ledger.entries())
    with pytest.raises(CaseError, match="closed"):
        import_bundle(office, logged_in["supervisor"], answered, laboratory[0].ledger.key.id)
    assert len(office.ledger.entries()) == before
