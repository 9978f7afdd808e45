"""What was said of a case or an item before: every state of it, who changed it, and when."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from spectra_app.records.access import User
from spectra_app.records.kinds import Case, Item
from spectra_app.records.ledger.chain import Entry, read_entry
from spectra_app.records.ledger.store import Ledger
from spectra_app.services.cases.keeping import changed_fields
from spectra_app.services.cases.seeing import sight_of, visible
from spectra_app.services.office import Office, Session

_ENTRIES = "SELECT line FROM audit WHERE line ->> 'kind' = ? AND line ->> 'id' = ? ORDER BY number"


@dataclass(frozen=True, slots=True)
class Changed:
    """One field that says something else.

    Parameters
    ----------
    revision : int
        Since which state of the record.
    at, by : str
        When (ISO 8601 in UTC) and by which user.
    field, before, after : str
        What of it, what it said, and what it says from then on.
    """

    revision: int
    at: str
    by: str
    field: str
    before: str
    after: str


def history_of(office: Office, session: Session, kind: str, id_: str) -> tuple[Changed, ...]:
    """Return what was changed of a case or an item, the oldest first.

    What this user may not read of it is withheld, then as now.

    Raises
    ------
    RecordError
        When there is none that this user may see.
    """
    me = office.require(session, "case.show")
    of: type[Case | Item] = Case if kind == Case.KIND else Item
    visible(office, me, of, id_)
    sight, entries = sight_of(office, me), _entries(office.ledger, of.KIND, id_)
    found = []
    states = office.ledger.history(of, id_)
    for number, (old, new) in enumerate(pairwise(states), start=2):
        if old is None or new is None:
            continue  # its time has passed
        entry, shown = entries[number], (sight.shown(old.record), sight.shown(new.record))
        for field in changed_fields(old.record, new.record):
            before, after = (_text(getattr(one, field)) for one in shown)
            found.append(Changed(number, entry.time, entry.user, field, before, after))
    return tuple(found)


def logins(office: Office, session: Session) -> dict[str, str]:
    """Return the log-in name of each user by id: who has an item, who opened a case."""
    office.require(session, "case.show")
    return {one.record.id: one.record.login for one in office.ledger.find(User)}


def _entries(ledger: Ledger, kind: str, id_: str) -> dict[int, Entry]:
    with ledger.reading() as connection:
        rows = connection.execute(_ENTRIES, (kind, id_)).fetchall()
    entries = (read_entry(line.encode()) for (line,) in rows)
    return {entry.revision: entry for entry in entries if entry.revision}


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
