"""Entries of the audit chain for those who look at it: found, shown, given away signed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from library.signing import canonical
from spectra_app.records.access import User
from spectra_app.records.ledger.chain import Entry, read_entry
from spectra_app.records.ledger.index import kinds_of_records
from spectra_app.records.ledger.verify import Progress, unwatched

if TYPE_CHECKING:
    from spectra_app.services.office import Office, Session

EXPORTED = "entries of the chain exported"
_ASKED = """ FROM audit WHERE number >= :first AND (:last = 0 OR number <= :last)
    AND (:user = '' OR line ->> 'user' = :user)
    AND (:act = '' OR instr(line ->> 'act', :act) > 0)
    AND (:since = '' OR line ->> 'time' >= :since)
    AND (:until = '' OR substr(line ->> 'time', 1, length(:until)) <= :until)
    AND (:kind = '' OR line ->> 'kind' = :kind)
    AND (:id = '' OR line ->> 'id' = :id)
    AND (:about = '' OR line ->> 'id' = :about
        OR substr(line ->> 'id', 1, length(:about) + 1) = :about || '-')
"""
_OLDEST_FIRST = " ORDER BY number LIMIT :most"
_NEWEST_FIRST = " ORDER BY number DESC LIMIT :most"
_FIELDS = ("number", "line", "sha256", "signature")
_SIGNED = f"SELECT {', '.join(_FIELDS)}"
STRIDE = 20_000
"""Entries looked through in one go: so often progress is told."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries to show; what is empty leaves nothing out.

    Parameters
    ----------
    user : str
        Identifier or log-in name.
    act : str
        Part of what was done.
    since, until : str
        From and to, ISO 8601 in UTC or the beginning of that: ``2026-11`` is the whole month.
    kind, id : str
        The record.
    about : str
        A case or an item, with what is numbered below it: its items and reports.
    first, last : int
        Number of the first and the last entry to look at (0: up to the end).
    most : int
        How many at most (-1: all).
    """

    user: str = ""
    act: str = ""
    since: str = ""
    until: str = ""
    kind: str = ""
    id: str = ""
    about: str = ""
    first: int = 1
    last: int = 0
    most: int = -1


@dataclass(frozen=True, slots=True)
class Piece:
    """Entries, the newest first.

    Parameters
    ----------
    entries : tuple of Entry
        Those that fit.
    reached : int
        Number of the oldest entry that was looked at; 1 when there are no more.
    end : int
        Number of the last entry of the chain.
    """

    entries: tuple[Entry, ...]
    reached: int
    end: int


def show(office: Office, session: Session, asked: Asked) -> tuple[Entry, ...]:
    """Return entries of the chain, oldest first.

    Raises
    ------
    ForbiddenError
        When this user may not.
    LedgerError
        When an entry cannot be read.
    """
    office.require(session, "audit.show")
    return _found(office, asked, _OLDEST_FIRST)


def show_newest(
    office: Office, session: Session, asked: Asked, progress: Progress = unwatched
) -> Piece:
    """Return entries of the chain, newest first, from `asked.last` (or the end) backwards.

    Parameters
    ----------
    progress : callable (share, words)
        Told how far the chain was looked through; what it raises ends that.

    Raises
    ------
    ForbiddenError
        When this user may not.
    LedgerError
        When an entry cannot be read.
    """
    office.require(session, "audit.show")
    end = office.ledger.head().number
    top = begin = min(asked.last or end, end)
    kept: list[Entry] = []
    while top >= asked.first and len(kept) != asked.most:
        first = max(asked.first, top - STRIDE + 1)
        left = asked.most - len(kept) if asked.most >= 0 else -1
        found = _found(office, replace(asked, first=first, last=top, most=left), _NEWEST_FIRST)
        kept += found
        if len(found) == left:
            return Piece(tuple(kept), found[-1].number, end)
        top = first - 1
        progress((begin - top) / max(1, begin), f"entry {first}")
    return Piece(tuple(kept), max(asked.first, top + 1), end)


def _found(office: Office, asked: Asked, order: str) -> tuple[Entry, ...]:
    values = _values(office, asked)
    with office.ledger.reading() as connection:
        rows = connection.execute("SELECT line" + _ASKED + order, values).fetchall()
    return tuple(read_entry(line.encode()) for (line,) in rows)


def _values(office: Office, asked: Asked) -> dict[str, object]:
    known = {one.record.login: one.record.id for one in office.ledger.find(User)}
    return {**asdict(asked), "user": known.get(asked.user, asked.user)}


def export_entries(
    office: Office, session: Session, asked: Asked, progress: Progress = unwatched
) -> bytes:
    """Return entries as lines of JSON, each with its signature; that it was done is entered.

    The first line names the station's key and head. With the public key of the station anybody can
    check each line; that none is left out between them, only the whole chain shows.

    Parameters
    ----------
    progress : callable (share, words)
        Told how far the chain was looked through; what it raises ends that.

    Raises
    ------
    ForbiddenError
        When this user may not.
    """
    me = office.require(session, "audit.show")
    head = office.ledger.head()
    last, values = asked.last or head.number, _values(office, asked)
    lines = [canonical({"purpose": EXPORTED, "head": head.to_json(), "asked": asdict(asked)})]
    for first in range(asked.first, last + 1, STRIDE):
        progress(first / last, f"entry {first}")
        window = {**values, "first": first, "last": min(last, first + STRIDE - 1)}
        with office.ledger.reading() as connection:
            rows = connection.execute(_SIGNED + _ASKED + _OLDEST_FIRST, window).fetchall()
        lines += [canonical(dict(zip(_FIELDS, row, strict=True))) for row in rows]
    content = b"".join(line + b"\n" for line in lines)
    with office.ledger.writing(me.id) as writing:
        sha256 = hashlib.sha256(content).hexdigest()
        writing.note(EXPORTED, {"entries": len(lines) - 1, "sha256": sha256})
    return content


def kinds_named() -> tuple[str, ...]:
    """Return the kinds of record that entries can be about."""
    return tuple(sorted(kinds_of_records()))


def entry_json(entry: Entry) -> dict[str, object]:
    """Return an entry as data, as it was signed."""
    content: dict[str, object] = json.loads(entry.line())
    return content
