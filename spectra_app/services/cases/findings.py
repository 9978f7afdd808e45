"""Second techniques, and the laboratory's answer: until then everything is presumptive."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import msgspec

from spectra_app.errors import CaseError
from spectra_app.records.access import User
from spectra_app.records.kinds import Confirmation, Scan, SecondTechnique
from spectra_app.records.ledger.store import Ledger
from spectra_app.records.standing import Stands
from spectra_app.services.cases.items import OUTSIDE, Handing, record_handing
from spectra_app.services.cases.keeping import may_see, moment, open_item, short_id, sound, stated
from spectra_app.services.cases.scans import names_restricted, visible_scan
from spectra_app.services.cases.standing import findings_of, stands_of_item
from spectra_app.services.office import Office, Session
from spectra_app.services.station_statistics.naming import keys_of, keys_of_all

Category = Literal["A", "B", "C"]
Sampling = Literal["separate", "same"]
Agreement = Literal["agrees", "disagrees", "inconclusive"]
Answer = Literal["confirmed", "refuted"]


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
            restricted=finding_restricted(office.ledger, office.folder, item, about.found),
        )
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
            restricted=finding_restricted(office.ledger, office.folder, item, ()),
        )
        writing.put(sound(record), "sent to the laboratory", details={"item": item})
    seen = tuple(one.record.id for one in scans if may_see(one.record, cleared=me.cleared))
    return msgspec.structs.replace(record, scans=seen)


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
    if answer.state not in get_args(Answer):
        raise CaseError("an answer confirms or refutes", answer.state[:40], "state which")
    found = tuple(name.strip() for name in answer.found if name.strip())
    if answer.state == "confirmed" and not found:
        raise CaseError("what was confirmed is missing", confirmation, "name what they found")
    if answer.quantities and len(answer.quantities) != len(found):
        raise CaseError(
            "not every substance has its quantity", confirmation, "give one for each, or none"
        )
    _check_kept(office, answer.evidence)
    with office.ledger.writing(me.id) as writing:
        waiting = office.ledger.find(Confirmation, item=confirmation, state="sent")
        stored = waiting[0] if waiting else office.ledger.get(Confirmation, confirmation)
        open_item(office.ledger, stored.record.item)
        if stored.record.state != "sent":
            raise CaseError("there is an answer already", confirmation, "amend that one")
        answered_at = moment("when it was answered", answer.answered_at, office.clock())
        if answered_at[:19] < stored.record.sent_at[:19]:
            raise CaseError(
                "it would have been answered before the item was sent",
                f"{answered_at}, sent {stored.record.sent_at}",
                "check the date of the answer",
            )
        record = msgspec.structs.replace(
            stored.record,
            state=answer.state,
            found=found,
            quantities=answer.quantities,
            reference=answer.reference.strip() or stored.record.reference,
            method=answer.method.strip(),
            remarks=answer.remarks.strip(),
            answered_at=answered_at,
            answered_by=me.id,
            evidence=answer.evidence,
            restricted=finding_restricted(office.ledger, office.folder, stored.record.item, found),
        )
        details = {"item": record.item, "state": record.state}
        writing.put(sound(record), "laboratory answered", after=stored.revision, details=details)
    return record


def standing_of_item(office: Office, session: Session, item: str) -> Stands:
    """Return how an item stands, by what this user may see: presumptive, sent, confirmed..."""
    me = office.require(session, "case.show")
    seen = (one.record for one in office.ledger.find(Scan, item=item))
    scans = [one for one in seen if may_see(one, cleared=me.cleared)]
    return stands_of_item(scans, findings_of(office.ledger, item, cleared=me.cleared))


def finding_restricted(ledger: Ledger, folder: Path, item: str, found: tuple[str, ...]) -> bool:
    """Return whether what is said of an item may speak of a restricted list."""
    scans = ledger.find(Scan, item=item, restricted="yes")
    return bool(scans) or names_restricted(folder, found)


def _check_scans(office: Office, me: User, item: str, scans: tuple[str, ...]) -> None:
    for scan in scans:
        if visible_scan(office.ledger, me, scan).record.item != item:
            raise CaseError("this scan is not one of the item", scan, f"file it under {item}")


def _check_named(office: Office, me: User, item: str, about: Technique) -> None:
    """Refuse that a technique agrees with what no scan of the item, or not that one, named."""
    filed = (one.record for one in office.ledger.find(Scan, item=item, state="filed"))
    scans = [one for one in filed if may_see(one, cleared=me.cleared)]
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
