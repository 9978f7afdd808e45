"""Second techniques, and the laboratory's answer: until then everything is presumptive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import msgspec

from spectra_app.errors import CaseError
from spectra_app.records.access import User
from spectra_app.records.kinds import Confirmation, Scan, SecondTechnique
from spectra_app.records.ledger.chain import Detail
from spectra_app.records.ledger.writing import Writing
from spectra_app.records.standing import Stands
from spectra_app.services.cases.items import OUTSIDE, Handing, record_handing
from spectra_app.services.cases.keeping import moment, open_item, short_id, sound, stated
from spectra_app.services.cases.seeing import sight_of, uncleared_sight, visible
from spectra_app.services.cases.standing import findings_of, stands_of_item
from spectra_app.services.office import Office, Session
from spectra_app.services.station_statistics.naming import keys_of, keys_of_all

F = TypeVar("F", SecondTechnique, Confirmation)
Category = Literal["A", "B", "C"]
Sampling = Literal["separate", "same"]
Agreement = Literal["agrees", "disagrees", "inconclusive"]
Answer = Literal["confirmed", "refuted", "other"]
TYPED_ANSWERS = ("confirmed", "refuted")
"""What is typed from a laboratory's paper; what came as a bundle may be neither."""


@dataclass(frozen=True, slots=True)
class Technique:
    """What a second technique was and found; see `spectra_app.records.kinds.SecondTechnique`."""

    technique: str
    category: Category
    sampling: Sampling
    agreement: Agreement
    found: tuple[str, ...] = ()
    scan: str = ""
    instrument: str = ""
    remarks: str = ""
    evidence: tuple[str, ...] = ()
    done_at: str = ""


@dataclass(frozen=True, slots=True)
class LaboratoryAnswer:
    """What the laboratory says; see `spectra_app.records.kinds.Confirmation`."""

    state: Answer
    found: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()
    reference: str = ""
    method: str = ""
    examined_by: str = ""
    remarks: str = ""
    answered_at: str = ""
    evidence: tuple[str, ...] = ()


def record_second_technique(
    office: Office, session: Session, item: str, about: Technique
) -> SecondTechnique:
    """Record another technique that was applied to an item.

    Where it was not done on a sampling of its own, the remarks must say why that was not possible
    (SWGDRUG, Part IIIB, 3.1.3). It agrees only with what a scan named.

    Raises
    ------
    CaseError
        When that is missing, the case is closed, the scan is another item's, or it would agree with
        a name that no scan gave.
    """
    me = office.require(session, "second_technique.record")
    now = office.clock()
    if about.sampling == "same" and not about.remarks.strip():
        raise CaseError(
            "it was done on the same sampling",
            item,
            "say in the remarks why a sampling of its own was not possible",
        )
    _check_kept(office, about.evidence)
    with office.ledger.writing(me.id) as writing:
        case = open_item(office.ledger, item).record.case
        if about.scan:
            _check_scans(office, me, item, (about.scan,))
        if about.agreement == "agrees":
            _check_named(office, me, item, about)
        record = SecondTechnique(
            id=short_id("T", now, me.id, item, about.technique),
            case=case,
            item=item,
            technique=stated("the technique", about.technique),
            category=about.category,
            sampling=about.sampling,
            agreement=about.agreement,
            found=about.found,
            scan=about.scan,
            instrument=about.instrument.strip(),
            remarks=about.remarks.strip(),
            evidence=about.evidence,
            done_at=moment("when it was done", about.done_at, now),
            done_by=me.id,
        )
        record = marked(office, record)
        writing.put(sound(record), "second technique recorded", details={"item": item})
    return record


def send_to_laboratory(
    office: Office, session: Session, item: str, laboratory: str, handing: Handing | None = None
) -> Confirmation:
    """Send an item to the laboratory: what was presumptive is sent, and the item handed over.

    Raises
    ------
    CaseError
        When it was sent already, or the chain of custody does not allow it.
    """
    me = office.require(session, "confirmation.send")
    named = stated("the laboratory", laboratory)
    how = handing or Handing(receiver=OUTSIDE + named, purpose="confirmation")
    with office.ledger.writing(me.id) as writing:
        case = open_item(office.ledger, item).record.case
        if office.ledger.find(Confirmation, item=item, state="sent"):
            raise CaseError("this item is at the laboratory", item, "record its answer first")
        handed = record_handing(office.ledger, writing, me, item, how)
        scans = office.ledger.find(Scan, item=item)
        record = Confirmation(
            id=short_id("L", office.clock(), me.id, item),
            case=case,
            item=item,
            scans=tuple(one.record.id for one in scans),
            laboratory=named,
            sent_at=handed.handed_at,
            sent_by=me.id,
        )
        record = marked(office, record)
        writing.put(sound(record), "sent to the laboratory", details={"item": item})
    return sight_of(office, me).shown(record)


def record_answer(
    office: Office, session: Session, confirmation: str, answer: LaboratoryAnswer
) -> Confirmation:
    """Record what the laboratory found; `confirmation` is its id, or that of the item sent.

    Raises
    ------
    CaseError
        When there is an answer already (amend that one), it confirms nothing by name, or it was
        given before the item was sent.
    """
    me = office.require(session, "confirmation.record")
    if answer.state not in TYPED_ANSWERS:
        raise CaseError("an answer confirms or refutes", answer.state[:40], "state which")
    _check_kept(office, answer.evidence)
    with office.ledger.writing(me.id) as writing:
        waiting = office.ledger.find(Confirmation, item=confirmation, state="sent")
        stored = waiting[0] if waiting else office.ledger.get(Confirmation, confirmation)
        said = msgspec.structs.replace(stored.record, answered_by=me.id)
        at = moment("when it was answered", answer.answered_at, office.clock())
        record = enter_answer(writing, office, said, replace(answer, answered_at=at),
                              after=stored.revision)  # fmt: skip
    return sight_of(office, me).shown(record)


def enter_answer(
    writing: Writing,
    office: Office,
    before: Confirmation,
    answer: LaboratoryAnswer,
    *,
    after: int = 0,
    details: Mapping[str, Detail] | None = None,
) -> Confirmation:
    """Put what a laboratory found into a transaction, whether it was typed or came as a bundle.

    Parameters
    ----------
    before : Confirmation
        What was sent, by whom the answer is entered, and where it came from.
    after : int
        Revision of what was sent; 0 where an answer came for what was not.

    Raises
    ------
    CaseError
        As `record_answer`.
    """
    open_item(office.ledger, before.item)
    if before.state != "sent":
        raise CaseError("there is an answer already", before.id, "amend that one")
    if answer.answered_at[:19] < before.sent_at[:19]:
        raise CaseError(
            "it would have been answered before the item was sent",
            f"{answer.answered_at}, sent {before.sent_at}",
            "check the date of the answer",
        )
    record = msgspec.structs.replace(
        before,
        state=answer.state,
        found=checked_found(answer.state, answer.found, answer.quantities, before.item),
        quantities=answer.quantities,
        reference=answer.reference.strip() or before.reference,
        method=answer.method.strip(),
        examined_by=answer.examined_by.strip(),
        remarks=answer.remarks.strip(),
        answered_at=answer.answered_at,
        evidence=answer.evidence,
        restricted=False,
    )
    record = marked(office, record)
    said = {"item": record.item, "state": record.state, **(details or {})}
    writing.put(sound(record), "laboratory answered", after=after, details=said)
    return record


def checked_found(
    state: Answer, found: tuple[str, ...], quantities: tuple[str, ...], where: str
) -> tuple[str, ...]:
    """Return what a laboratory found, as it is kept.

    Raises
    ------
    CaseError
        When nothing is named that is confirmed, or not every substance has its quantity.
    """
    names = tuple(name.strip() for name in found if name.strip())
    if state == "confirmed" and not names:
        raise CaseError("what was confirmed is missing", where, "name what was found")
    if quantities and len(quantities) != len(names):
        raise CaseError("not every substance has its quantity", where, "give one for each, or none")
    return names


def marked(office: Office, record: F) -> F:
    """Return a finding with the mark of what is not for everybody, by the lists of today."""
    hidden = not uncleared_sight(office).sees(record)
    return msgspec.structs.replace(record, restricted=True) if hidden else record


def standing_of_item(office: Office, session: Session, item: str) -> Stands:
    """Return how an item stands, by what this user may see: presumptive, sent, confirmed..."""
    me = office.require(session, "case.show")
    sight = sight_of(office, me)
    scans = sight.seen(one.record for one in office.ledger.find(Scan, item=item))
    return stands_of_item(scans, findings_of(office.ledger, item, sight))


def _check_scans(office: Office, me: User, item: str, scans: tuple[str, ...]) -> None:
    for scan in scans:
        if visible(office, me, Scan, scan).record.item != item:
            raise CaseError("this scan is not one of the item", scan, f"file it under {item}")


def _check_named(office: Office, me: User, item: str, about: Technique) -> None:
    """Refuse that a technique agrees with what no scan of the item, or not that one, named."""
    filed = (one.record for one in office.ledger.find(Scan, item=item, state="filed"))
    scans = sight_of(office, me).seen(filed)
    compared = [one for one in scans if about.scan in {"", one.id}]
    if not any((*one.names, *one.families) for one in compared):
        raise CaseError(
            "no scan of this item named anything that a technique could agree with",
            about.scan or item,
            "file the scan first, or record it as inconclusive, with what it found",
        )
    named = keys_of_all(name for one in compared for name in (*one.names, *one.families))
    strange = [name for name in about.found if not keys_of(name) & named]
    if strange:
        raise CaseError(
            f"no scan that it was compared with named {', '.join(strange)[:120]}",
            about.scan or item,
            "name under what agrees only what a scan named; record what was found besides as "
            "another technique that disagrees, or is inconclusive",
        )


def _check_kept(office: Office, evidence: tuple[str, ...]) -> None:
    for sha256 in evidence:
        office.evidence.get(sha256)
