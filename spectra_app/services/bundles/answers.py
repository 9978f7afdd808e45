"""The laboratory's answer to a question: made there, and taken in by the station that asked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import msgspec

from spectra_app.errors import CaseError, RecordError
from spectra_app.records.access import User
from spectra_app.records.bundles.content import FILES, Answered, Bundle, plain_bytes
from spectra_app.records.bundles.errors import AnswerError
from spectra_app.records.bundles.kinds import GivenAnswer, Imported, Question
from spectra_app.records.kinds import Confirmation, Scan
from spectra_app.records.ledger.record import Stored
from spectra_app.records.ledger.store import Ledger
from spectra_app.records.ledger.writing import Writing
from spectra_app.services.bundles.collecting import Collected, attachment
from spectra_app.services.bundles.exporting import BUNDLE, Exported
from spectra_app.services.bundles.making import (
    Made,
    Order,
    Signer,
    check_target,
    make,
    write_bundle,
)
from spectra_app.services.cases.findings import (
    Answer,
    LaboratoryAnswer,
    checked_found,
    enter_answer,
)
from spectra_app.services.cases.keeping import short_id, sound, stated
from spectra_app.services.cases.seeing import visible
from spectra_app.services.office import Office, Session

LARGEST = 50_000_000  # bytes of one attached file


@dataclass(frozen=True, slots=True)
class Finding:
    """What the laboratory found.

    Parameters
    ----------
    state : {"confirmed", "refuted", "other"}
        Whether what the station's scans named was found: yes, no, or neither can be said so.
    techniques : tuple of str
        By what.
    examined_by : str
        Who examined it.
    found, quantities : tuple of str
        What was found, and how much of each, as the laboratory states it.
    reference, remarks : str
        The laboratory's own number, and what else it says.
    """

    state: Answer
    techniques: tuple[str, ...]
    examined_by: str
    found: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()
    reference: str = ""
    remarks: str = ""


def answer_question(
    office: Office,
    session: Session,
    imported: str,
    finding: Finding,
    target: Path,
    *,
    attached: Sequence[Path] = (),
    signers: Sequence[Signer] = (),
) -> Exported:
    """Answer a question that was taken in, once; the same answer again is written again.

    The answer names the manifest of the question, and holds this laboratory's own entry of having
    taken the question in.

    Raises
    ------
    CaseError
        When something that an answer must say is missing, or a file cannot be attached.
    AnswerError
        When that is no question, or another answer was given.
    BundleError, LibraryError
        When the file cannot be made.
    """
    me = office.require(session, "case.answer")
    check_target(target)
    files = [_read(path) for path in attached]
    question = visible(office, me, Imported, imported).record
    if question.content != "question":
        raise AnswerError("this is no question", imported, "name one that was taken in")
    said = _checked(finding, question, tuple(hashlib.sha256(data).hexdigest() for _, data in files))
    before = _given(office.ledger, imported)
    if before is not None:
        data = _same_again(office, before, said)
    else:
        said = msgspec.structs.replace(said, answered_at=office.clock())
        made = _made(office, me, question, said, (files, signers))
        data = made.to_bytes()
        kept = [office.evidence.put(one, kind="attachment", name=name, clock=office.clock).sha256
                for name, one in files]  # fmt: skip
        whole = office.evidence.put(data, kind=BUNDLE, name=f"{imported}.bundle",
                                    clock=office.clock)  # fmt: skip
        before = GivenAnswer(
            id=imported,
            manifest=made.manifest,
            content=_comparable(said),
            evidence=(whole.sha256, *dict.fromkeys(kept)),
            answered_at=said.answered_at,
            answered_by=me.id,
        )
    with office.ledger.writing(me.id) as writing:
        details = {"question": question.manifest, "manifest": before.manifest}
        if _given(office.ledger, imported) is None:
            writing.put(sound(before), "question answered", details=details)
        else:
            writing.note("answer exported again", details)
    write_bundle(target, data)
    return Exported(target, before.manifest, 1, 0, question=question.asked_id)


def _read(path: Path) -> tuple[str, bytes]:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise CaseError(
            f"the file cannot be attached ({error.strerror})", str(path), "check the path"
        ) from error
    if len(data) > LARGEST:
        raise CaseError("the file is too large to attach", str(path), "attach a smaller one")
    return path.name, data


def _checked(finding: Finding, question: Imported, attached: tuple[str, ...]) -> Answered:
    if finding.state not in get_args(Answer):
        raise CaseError("an answer confirms, refutes, or says something else", finding.state[:40],
                        f"state one of {', '.join(get_args(Answer))}")  # fmt: skip
    found = checked_found(finding.state, finding.found, finding.quantities, question.id)
    techniques = tuple(name.strip() for name in finding.techniques if name.strip())
    if not techniques:
        raise CaseError("the techniques are missing", question.id, "name them")
    return Answered(
        question=question.manifest,
        asked=question.asked_id,
        state=finding.state,
        found=found,
        quantities=finding.quantities,
        techniques=techniques,
        examined_by=stated("who examined it", finding.examined_by),
        reference=finding.reference.strip(),
        remarks=finding.remarks.strip(),
        answered_at="",
        attached=tuple(sorted(set(attached))),
    )


def _given(ledger: Ledger, imported: str) -> GivenAnswer | None:
    try:
        return ledger.get(GivenAnswer, imported).record
    except RecordError:
        return None


def _comparable(said: Answered) -> str:
    """Return an answer without its time."""
    return plain_bytes(msgspec.structs.replace(said, answered_at="")).decode()


def _same_again(office: Office, before: GivenAnswer, said: Answered) -> bytes:
    if before.content != _comparable(said):
        raise AnswerError(
            f"this question was answered {_day(before.answered_at)}, and not so",
            before.id,
            "tell the station that asked; it amends its record",
        )
    return office.evidence.get(before.evidence[0])


def _day(time: str) -> str:
    return f"on {time[:10]}" if time else "before"


def _made(
    office: Office,
    me: User,
    question: Imported,
    said: Answered,
    added: tuple[Sequence[tuple[str, bytes]], Sequence[Signer]],
) -> Made:
    files, signers = added
    by_hash = {hashlib.sha256(data).hexdigest(): (name, data) for name, data in files}
    order = Order(
        "answer",
        question.case,
        question.title,
        me,
        Collected((question,)),
        signers,
        office.demo,
        question.emulated,
        answer=said,
        attached=[attachment(sha256, *file) for sha256, file in sorted(by_hash.items())],
    )
    with office.ledger.reading() as connection:
        return make(connection, office.ledger, office.evidence, order)


# --- The station that asked ----------------------------------------------------------------------


def question_of(ledger: Ledger, bundle: Bundle, where: str) -> Stored[Question]:
    """Return the question of this station that a bundle answers.

    Raises
    ------
    AnswerError
        When there is none, it was answered, or somebody else was asked.
    """
    answer = bundle.content.answer
    if answer is None:
        raise AnswerError("this is no answer", where, "give a file made by 'spectra case answer'")
    found = ledger.find(Question, manifest=answer.question)
    received = [one for _, one in bundle.records if isinstance(one, Imported)]
    if not found or any(one.station != ledger.key.id for one in received):
        raise AnswerError(
            "it answers a question that this station did not ask", where,
            "give it to the station that asked",
        )  # fmt: skip
    question = found[0].record
    if (answer.asked, bundle.content.case) != (question.id, question.case):
        raise AnswerError("it mixes two questions", where, "ask the laboratory for another one")
    if question.state != "asked":
        raise AnswerError(
            f"question {question.id} was answered already", where,
            f"see confirmation {question.confirmation}; amend that one",
        )  # fmt: skip
    if question.station not in {"", bundle.content.station.key}:
        raise AnswerError(
            f"question {question.id} was put to another laboratory", where,
            f"the key that must answer is {question.station}",
        )  # fmt: skip
    return found[0]


def keep_attached(bundle: Bundle, office: Office) -> tuple[str, ...]:
    """Keep what the laboratory attached as evidence; return the hashes."""
    answer = bundle.content.answer
    names = {one.path: one.name for one in bundle.content.files}
    for path, name in names.items():
        office.evidence.put(
            bundle.files[path], kind="laboratory's report", name=name, clock=office.clock
        )
    prefix = len(FILES)
    kept = {path[prefix:].partition(".")[0] for path in names}
    return tuple(sorted(kept & set(answer.attached if answer else ())))


def confirm(
    writing: Writing, office: Office, me: User, bundle: Bundle, evidence: tuple[str, ...]
) -> Confirmation:
    """Make an answer the confirmation of its item, and its question an answered one.

    Where the item itself is at that very laboratory, the answer is that confirmation's; otherwise
    it is one of its own: nobody's answer is put under the name of another.

    Raises
    ------
    AnswerError, CaseError
        When the question was answered meanwhile, or its case is closed.
    """
    ledger = office.ledger
    stored = question_of(ledger, bundle, bundle.statement.manifest)
    question, answer = stored.record, bundle.content.answer
    if answer is None:
        raise AnswerError("this is no answer", question.id, "give an answer")
    laboratory = bundle.content.station.name or question.laboratory
    waiting = _waiting(ledger, question.item, laboratory, answer.answered_at)
    record = waiting.record if waiting else _unsent(ledger, question, laboratory, writing, me)
    said = LaboratoryAnswer(
        answer.state,
        answer.found,
        answer.quantities,
        answer.reference,
        method="; ".join(answer.techniques),
        examined_by=answer.examined_by,
        remarks=answer.remarks,
        answered_at=answer.answered_at,
        evidence=evidence,
    )
    record = enter_answer(
        writing,
        office,
        msgspec.structs.replace(record, answered_by=me.id),
        said,
        after=waiting.revision if waiting else 0,
        details={"question": question.id},
    )
    done = msgspec.structs.replace(question, state="answered", confirmation=record.id)
    writing.put(sound(done), "question answered", after=stored.revision)
    return record


def _waiting(
    ledger: Ledger, item: str, laboratory: str, answered_at: str
) -> Stored[Confirmation] | None:
    """Return what was sent of an item to that very laboratory before it answered."""
    sent = ledger.find(Confirmation, item=item, state="sent")
    mine = (one for one in sent if one.record.laboratory == laboratory)
    return next((one for one in mine if one.record.sent_at[:19] <= answered_at[:19]), None)


def _unsent(
    ledger: Ledger, question: Question, laboratory: str, writing: Writing, me: User
) -> Confirmation:
    """Return what an answer becomes when the item itself never went there."""
    return Confirmation(
        id=short_id("L", writing.time, me.id, question.id),
        case=question.case,
        item=question.item,
        scans=tuple(one.record.id for one in ledger.find(Scan, item=question.item)),
        laboratory=laboratory,
    )
