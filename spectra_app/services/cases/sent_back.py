"""A report that is not signed goes back with a reason: kept as a note to its scan."""

from __future__ import annotations

from collections.abc import Iterable

from spectra_app.records.kinds import Note
from spectra_app.services.cases.papers import add_note
from spectra_app.services.office import Office, Session

MARK = "sent back:"


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
