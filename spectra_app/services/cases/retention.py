"""What is removed after its time: content of records, and evidence; the chain and its acts stay.

Entries of the chain hold no personal data, so that nothing of a person is left when the content of
the records is gone, and the photos, files and reports that only these records named. Which evidence
these named is written down in the same act (`Removal`): when the program ends before the files are
gone, the ledger still knows, and `finish_retention` goes on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from spectra_app.records.bundles.kinds import GivenAnswer, Imported, ImportedRecord, Question
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
from spectra_app.records.kinds.removal import BEGUN, DONE, Removal
from spectra_app.records.ledger.named_evidence import hashes_in, named_evidence
from spectra_app.records.ledger.record import Record, body_of
from spectra_app.records.ledger.store import Ledger
from spectra_app.services.cases.keeping import short_id
from spectra_app.services.cases.policy import RETENTION, periods
from spectra_app.services.office import Office, Session

OF_A_CASE: tuple[type[Record], ...] = (
    Item, Scan, Custody, Photo, Note, SecondTechnique, Confirmation, Amendment, IssuedReport,
    Question,
)  # fmt: skip

MOST_HASHES = 5_000  # named by one record
SETTLED_H = 24
"""What came in again within these hours is not removed: its record may be about to be written."""


@dataclass(frozen=True, slots=True)
class Expired:
    """A case, scan or bundle whose time has passed: which class, since when, how many records."""

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
    Nothing of what was removed is left in the ledger's files when this returns. What an earlier one
    had to leave, because it was interrupted, is finished, too.

    Raises
    ------
    ForbiddenError
        When the second person may not, or has not just logged in.
    """
    me = office.require(session, "retention.apply")
    other = office.require_second(session, second, "retention.apply")
    policy = periods(office.ledger, RETENTION)
    with office.ledger.writing(me.id) as writing:
        expired = list(_expired(office.ledger, writing.time))
        named: set[str] = set()
        for one in expired:
            for kind, id_ in _records_of(office.ledger, one):
                named |= _named_by(office.ledger, kind, id_)
                writing.remove_content(kind.KIND, id_, f"retention: {one.code}")
        begun = Removal(id="", at=writing.time, by=me.id, second=other.id)
        for part in _removals(begun, sorted(named)):
            writing.put(part, "removal begun", details={"evidence": len(part.hashes)})
        writing.note(
            "retention applied",
            {
                "second": other.id,
                "policy": policy.sha256,
                "records": sum(one.records for one in expired),
            },
        )
    _finish(office, me.id)
    return expired


def finish_retention(office: Office, session: Session) -> list[Removal]:
    """Finish what was interrupted: two persons have decided it before; return what is still open.

    Open stays what came in again within the last day, because a record may be about to name it.
    """
    me = office.require(session, "retention.finish")
    _finish(office, me.id)
    return unfinished_removals(office.ledger)


def unfinished_removals(ledger: Ledger) -> list[Removal]:
    """Return the removals that were begun and not finished, oldest first."""
    return [one.record for one in ledger.find(Removal, state=BEGUN)]


def _finish(office: Office, user: str) -> None:
    settled = datetime.fromisoformat(office.clock()) - timedelta(hours=SETTLED_H)
    for stored in office.ledger.find(Removal, state=BEGUN):
        left = office.evidence.remove_unnamed(
            stored.record.hashes,
            _named(office.ledger),
            settled=settled,
            why="retention",
            clock=office.clock,
        )
        office.ledger.tidy()
        if not left:
            with office.ledger.writing(user) as writing:
                now = office.ledger.get(Removal, stored.record.id)
                if now.record.state == BEGUN:  # or somebody else has finished it meanwhile
                    done = replace(now.record, state=DONE)
                    writing.put(done, "removal finished", after=now.revision)


def _removals(begun: Removal, hashes: list[str]) -> Iterator[Removal]:
    """Yield the records of what has to go; one at least, because the ledger's files need it."""
    for number, first in enumerate(range(0, max(1, len(hashes)), MOST_HASHES)):
        id_ = short_id("R", begun.at, begun.by, str(number))
        yield replace(begun, id=id_, hashes=tuple(hashes[first : first + MOST_HASHES]))


def _named(ledger: Ledger) -> set[str]:
    """Return the evidence that records name."""
    with ledger.reading() as connection:
        return set(named_evidence(connection))


def _named_by(ledger: Ledger, kind: type[Record], id_: str) -> set[str]:
    """Return the evidence that a record names in any of its revisions."""
    held = (one.record for one in ledger.history(kind, id_) if one is not None)
    return {sha256 for one in held for sha256 in hashes_in(json.loads(body_of(one)))}


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
            yield _counted(ledger, Expired("discarded_scan", Scan.KIND, scan.id, scan.filed_at, 0))
    for found in ledger.find(Scan, state="unfiled"):
        scan = found.record
        if _past(scan.scanned_at, policy.figure("unfiled_scan"), now):
            yield _counted(ledger, Expired("unfiled_scan", Scan.KIND, scan.id, scan.scanned_at, 0))
    for taken in ledger.find(Imported):
        bundle = taken.record
        code = "exercise" if bundle.emulated else "imported_bundle"
        if _past(bundle.imported_at, policy.figure(code), now):
            since = bundle.imported_at
            yield _counted(ledger, Expired(code, Imported.KIND, bundle.id, since, 0))


def _counted(ledger: Ledger, one: Expired) -> Expired:
    count = sum(1 for _ in _records_of(ledger, one))
    return Expired(one.code, one.kind, one.id, one.since, count)


def _records_of(ledger: Ledger, one: Expired) -> Iterator[tuple[type[Record], str]]:
    """Yield kind and id of what goes with a case, scan or bundle, and itself at last."""
    if one.kind == Case.KIND:
        for kind in OF_A_CASE:
            yield from _ids(kind, (found.record for found in ledger.find(kind, case=one.id)))
        yield Case, one.id
    elif one.kind == Imported.KIND:
        held = ledger.find(ImportedRecord, bundle=one.id)
        yield from _ids(ImportedRecord, (found.record for found in held))
        given = (found.record for found in ledger.find(GivenAnswer))
        yield from _ids(GivenAnswer, (answer for answer in given if answer.id == one.id))
        yield Imported, one.id
    else:
        amended = (found.record for found in ledger.find(Amendment))
        yield from _ids(Amendment, (found for found in amended if found.of_id == one.id))
        yield Scan, one.id


def _ids(kind: type[Record], records: Iterable[Record]) -> Iterator[tuple[type[Record], str]]:
    return ((kind, record.id) for record in records)


def _past(since: str, days: int | None, now: str) -> bool:
    if days is None or not since:
        return False
    return datetime.fromisoformat(since) + timedelta(days=days) < datetime.fromisoformat(now)
