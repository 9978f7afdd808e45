"""What is removed after its time: content of records, and evidence; the chain and its acts stay.

Entries of the chain hold no personal data, so that nothing of a person is left when the content of
the records is gone, and the photos, files and reports that only these records named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from spectra_app.records.bundles.kinds import Question
from spectra_app.records.kinds import (
    Amendment,
    Case,
    Confirmation,
    Custody,
    IssuedReport,
    Item,
    Note,
    Photo,
    Scan,
    SecondTechnique,
)
from spectra_app.records.ledger.named_evidence import named_evidence
from spectra_app.records.ledger.record import Record
from spectra_app.records.ledger.store import Ledger
from spectra_app.services.cases.policy import RETENTION, periods
from spectra_app.services.office import Office, Session

OF_A_CASE: tuple[type[Record], ...] = (
    Item, Scan, Custody, Photo, Note, SecondTechnique, Confirmation, Amendment, IssuedReport,
    Question,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expired:
    """A case or scan whose time has passed: by which class, since when, with how many records."""

    code: str
    kind: str
    id: str
    since: str
    records: int


def list_expired(office: Office, session: Session) -> list[Expired]:
    """Return what the station's periods of retention say has to be removed now."""
    office.require(session, "retention.show")
    return list(_expired(office.ledger, office.clock()))


def apply_retention(office: Office, session: Session, second: Session) -> list[Expired]:
    """Remove the content of all records whose time has passed: an act of two persons.

    Nothing of an open case is removed, however old, nor evidence that any record left names.
    Nothing of what was removed is left in the ledger's files when this returns.

    Raises
    ------
    ForbiddenError
        When the second person may not, or has not just logged in.
    """
    me = office.require(session, "retention.apply")
    other = office.require_second(session, second, "retention.apply")
    policy = periods(office.ledger, RETENTION)
    before = _named(office.ledger)
    with office.ledger.writing(me.id) as writing:
        expired = list(_expired(office.ledger, writing.time))
        for one in expired:
            for kind, id_ in _records_of(office.ledger, one):
                writing.remove_content(kind, id_, f"retention: {one.code}")
        writing.note(
            "retention applied",
            {
                "second": other.id,
                "policy": policy.sha256,
                "records": sum(one.records for one in expired),
            },
        )
    for sha256 in sorted(before - _named(office.ledger)):
        office.evidence.remove(sha256, why="retention", clock=office.clock)
    office.ledger.tidy()
    return expired


def _named(ledger: Ledger) -> set[str]:
    """Return the evidence that records name."""
    with ledger.reading() as connection:
        return set(named_evidence(connection))


def _expired(ledger: Ledger, now: str) -> Iterator[Expired]:
    policy = periods(ledger, RETENTION)
    for stored in ledger.find(Case, state="closed"):
        case = stored.record
        code = "exercise" if case.emulated else "closed_case"
        if _past(case.closed_at, policy.figure(code), now):
            yield _counted(ledger, Expired(code, Case.KIND, case.id, case.closed_at, 0))
    for found in ledger.find(Scan, state="discarded"):
        scan = found.record
        if _past(scan.filed_at, policy.figure("discarded_scan"), now):
            yield Expired("discarded_scan", Scan.KIND, scan.id, scan.filed_at, 1)


def _counted(ledger: Ledger, one: Expired) -> Expired:
    count = sum(1 for _ in _records_of(ledger, one))
    return Expired(one.code, one.kind, one.id, one.since, count)


def _records_of(ledger: Ledger, one: Expired) -> Iterator[tuple[str, str]]:
    if one.kind == Case.KIND:
        for kind in OF_A_CASE:
            for stored in ledger.find(kind, case=one.id):
                yield kind.KIND, stored.record.id
    yield one.kind, one.id


def _past(since: str, days: int | None, now: str) -> bool:
    if days is None or not since:
        return False
    return datetime.fromisoformat(since) + timedelta(days=days) < datetime.fromisoformat(now)
