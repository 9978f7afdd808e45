"""A report that is not signed goes back with a reason: kept as a note to its scan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spectra_app.records.kinds import IssuedReport, Note
from spectra_app.services.cases.papers import add_note
from spectra_app.services.cases.seeing import sight_of
from spectra_app.services.office import Office, Session

MARK = "sent back:"
MOST = 50
"""Newest reports of a person that are looked through."""


@dataclass(frozen=True, slots=True)
class SentBack:
    """A report that waits for its second signature and was sent back, and why."""

    report: str
    why: str


def send_back(office: Office, session: Session, report: str, scan: str, reason: str) -> Note:
    """Enter why a report is not signed; an issued report is never taken back, see docs/reports.md.

    Raises
    ------
    CaseError
        When the case is closed.
    RecordError
        When there is no such scan that this user may see.
    """
    return add_note(office, session, f"{report} {MARK} {reason}", scan=scan)


def why_sent_back(notes: Iterable[Note], report: str) -> str:
    """Return why a report was sent back last, as one line; empty when it was not."""
    begins = f"{report} {MARK}"
    mine = [one for one in notes if one.text.startswith(begins)]
    newest = max(mine, key=lambda one: one.written_at, default=None)
    return "" if newest is None else " ".join(newest.text.removeprefix(begins).split())


def sent_back_to_me(office: Office, session: Session) -> tuple[SentBack, ...]:
    """Return which of one's own newest reports were sent back, the newest first.

    One that another took the place of, or that was signed after all, is not among them.
    """
    me = office.require(session, "case.list")
    sight, ledger = sight_of(office, me), office.ledger
    waiting = (one.record for one in ledger.find(IssuedReport, state="issued"))
    mine = [one for one in waiting if one.issued_by == me.id]
    found = []
    for report in sight.seen(sorted(mine, key=lambda one: one.issued_at, reverse=True)[:MOST]):
        notes = (one.record for scan in report.scans for one in ledger.find(Note, scan=scan))
        why = why_sent_back(sight.seen(notes), report.id)
        if why and not ledger.find(IssuedReport, amends=report.id):
            found.append(SentBack(report.id, why))
    return tuple(found)
