"""The list of cases with its filter, and one case with all that belongs to it.

The filter asks the index of the ledger (`Record.keys`, `Record.words`), so that a list over
100,000 scans comes at once. Restricted scans neither show nor let their case be found for users
who are not cleared.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Set
from dataclasses import dataclass

import msgspec

from spectra_app.errors import IdentifierError
from spectra_app.records.identification import Alarm
from spectra_app.records.identifiers import normalised
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
from spectra_app.records.kinds.scan import SEPARATOR
from spectra_app.records.ledger.record import R, read_body
from spectra_app.records.standing import Stands
from spectra_app.services.cases.seeing import Sight, sight_of, visible
from spectra_app.services.cases.standing import Findings, amended_in, stands_of_item
from spectra_app.services.cases.word_search import cases_with_words
from spectra_app.services.control import highest
from spectra_app.services.office import Office, Session

LAST = "\U0010ffff"  # after every text with the same beginning

_HAS = "EXISTS (SELECT 1 FROM keys WHERE kind = 'case' AND field = ? AND value = ? AND id = k.id)"
_OF_SCANS = (
    "EXISTS (SELECT 1 FROM keys WHERE kind = 'scan' AND field = ?"
    " AND value = ? || char(31) || k.id{seen})"
)
_NAMED = (
    "k.id IN (SELECT substr(value, instr(value, char(31)) + 1) FROM keys"
    " WHERE kind = 'scan' AND field IN (?, ?) AND value >= ? AND value < ?{seen})"
)
_SEEN = " AND NOT is_hidden(id)"
_NUMBERED = (
    "k.id IN (SELECT c.value FROM keys AS i JOIN keys AS c"
    " ON c.kind = i.kind AND c.id = i.id AND c.field = 'case'"
    " WHERE (i.kind = 'item' AND i.field = 'identifier' AND i.value = ?)"
    " OR (i.kind = 'custody' AND i.field = 'seal' AND i.value = ?))"
)
_WORDED = "k.id IN (SELECT value FROM json_each(?))"
_BODIES = """
SELECT r.id, r.body FROM json_each(?) AS wanted
CROSS JOIN revisions AS r ON r.kind = 'case' AND r.id = wanted.value AND r.latest = 1
WHERE r.body IS NOT NULL ORDER BY wanted.key
"""
_SCANS = """
SELECT r.body FROM json_each(?) AS wanted
CROSS JOIN keys AS k ON k.kind = 'scan' AND k.field = 'case' AND k.value = wanted.value
CROSS JOIN revisions AS r ON r.kind = 'scan' AND r.id = k.id AND r.latest = 1
WHERE r.body IS NOT NULL ORDER BY r.rowid
"""
_ITEMS = """
SELECT wanted.value, COUNT(k.id) FROM json_each(?) AS wanted
LEFT JOIN keys AS k ON k.kind = 'item' AND k.field = 'case' AND k.value = wanted.value
GROUP BY wanted.value
"""


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases are asked for; empty means any.

    Parameters
    ----------
    state : str
        ``open`` or ``closed``.
    officer : str
        User who opened it.
    first, last : str
        Days of opening, ISO 8601, both included.
    outcome, alarm : str
        Of one of its scans.
    name : str
        Beginning of the name of a substance, or family, that one of its scans named.
    identifier : str
        Number of one of its items, or of a seal; written in any way.
    text : str
        Words that stand, or begin a word, in the case or in one record that belongs to it (an
        item, a note, a scan that is not restricted).
    most : int
        Rows at most, the newest.
    """

    state: str = ""
    officer: str = ""
    first: str = ""
    last: str = ""
    outcome: str = ""
    alarm: str = ""
    name: str = ""
    identifier: str = ""
    text: str = ""
    most: int = 100


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One row of the list: a case, and what its scans say, the gravest alarm of them."""

    case: Case
    items: int
    scans: int
    alarm: Alarm
    outcomes: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaseList:
    """What was found.

    Parameters
    ----------
    rows : tuple of CaseRow
        The newest case first.
    more : bool
        Whether there are more than were asked for.
    cut : bool
        Whether the words asked for stand in so many records that only the newest of these
        (`word_search.MOST_HITS`) were looked at.
    """

    rows: tuple[CaseRow, ...]
    more: bool
    cut: bool = False


@dataclass(frozen=True, slots=True)
class ItemFile:
    """An item with all that belongs to it."""

    item: Item
    stands: Stands
    custody: tuple[Custody, ...]
    scans: tuple[Scan, ...]
    techniques: tuple[SecondTechnique, ...]
    confirmations: tuple[Confirmation, ...]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case with all that belongs to it, and which revision it is."""

    case: Case
    revision: int
    items: tuple[ItemFile, ...]
    photos: tuple[Photo, ...]
    notes: tuple[Note, ...]
    amendments: tuple[Amendment, ...]
    reports: tuple[IssuedReport, ...]


class _Said(msgspec.Struct, frozen=True):
    """What the list needs of a scan."""

    id: str
    case: str
    outcome: str
    alarm: Alarm
    names: tuple[str, ...]
    families: tuple[str, ...]
    restricted: bool


def list_cases(office: Office, session: Session, wanted: CaseFilter | None = None) -> CaseList:
    """Return the cases that fit, the newest first."""
    me = office.require(session, "case.list")
    asked = wanted or CaseFilter()
    sight = sight_of(office, me)
    with office.ledger.reading() as connection:
        worded, cut = cases_with_words(connection, asked.text, sight)
        hidden = sight.hidden_scans(connection)
        connection.create_function("is_hidden", 1, hidden.__contains__, deterministic=True)
        query, values = _query(asked, worded, hidden, cleared=me.cleared)
        found = [row[0] for row in connection.execute(query, values)]
        ids = json.dumps(found[: asked.most])
        return CaseList(_rows(connection, ids, hidden, sight), len(found) > asked.most, cut)


def show_case(office: Office, session: Session, case: str) -> CaseFile:
    """Return a case with all that belongs to it and that this user may see.

    Raises
    ------
    RecordError
        When there is none.
    """
    me = office.require(session, "case.show")
    stored = office.ledger.get(Case, case)
    sight = sight_of(office, me)
    return CaseFile(
        sight.shown(stored.record),
        stored.revision,
        _items(office, case, sight),
        sight.seen(_all(office, Photo, case)),
        sight.seen(_all(office, Note, case)),
        sight.seen(_all(office, Amendment, case)),
        sight.seen(_all(office, IssuedReport, case)),
    )


def what_is(office: Office, session: Session, id_: str) -> str:
    """Return whether an id is a ``case``'s, an ``item``'s or a ``scan``'s.

    Raises
    ------
    RecordError
        When it is none that this user may see.
    """
    me = office.require(session, "case.show")
    for kind in (Case, Item):
        if office.ledger.history(kind, id_):
            return kind.KIND
    visible(office, me, Scan, id_)
    return Scan.KIND


def _items(office: Office, case: str, sight: Sight) -> tuple[ItemFile, ...]:
    scans = sight.seen(_all(office, Scan, case))
    custody = sorted(_all(office, Custody, case), key=lambda one: (one.item, one.number))
    techniques = sight.seen(_all(office, SecondTechnique, case))
    answers = sight.seen(_all(office, Confirmation, case))
    amended = amended_in(_all(office, Amendment, case))
    made = []
    for item in sorted(_all(office, Item, case), key=lambda one: one.id):
        of_item = tuple(one for one in techniques if one.item == item.id)
        answered = tuple(one for one in answers if one.item == item.id)
        mine = tuple(scan for scan in scans if scan.item == item.id)
        made.append(
            ItemFile(
                sight.shown(item),
                stands_of_item(mine, Findings(of_item, answered, amended)),
                sight.seen(one for one in custody if one.item == item.id),
                mine,
                of_item,
                answered,
            )
        )
    return tuple(made)


def _all(office: Office, kind: type[R], case: str) -> tuple[R, ...]:
    return tuple(one.record for one in office.ledger.find(kind, case=case))


def _query(
    asked: CaseFilter, worded: str | None, hidden: Set[str], *, cleared: bool
) -> tuple[str, list[object]]:
    """Return the query for the ids; what is put into it are pieces of this module only."""
    seen = _SEEN if hidden else ""
    first, last = asked.first or "", (asked.last or LAST)
    where = ["k.kind = 'case'", "k.field = 'day'", "k.value BETWEEN ? AND ?"]
    values: list[object] = [first, last]
    for field in ("state", "officer"):
        if getattr(asked, field):
            where.append(_HAS)
            values += [field, getattr(asked, field)]
    for field in ("outcome", "alarm"):
        said = getattr(asked, field)
        if said and cleared:
            where.append(f"({_OF_SCANS} OR {_OF_SCANS})".format(seen=seen))
            values += [f"shown_{field}", said, f"hidden_{field}", said]
        elif said:
            where.append(_OF_SCANS.format(seen=seen))
            values += [f"shown_{field}", said]
    if asked.name.strip():
        name = asked.name.strip().casefold()
        where.append(_NAMED.format(seen=seen))
        also = "hidden_name" if cleared else "shown_name"
        whole = name if len(name) > 1 else name + SEPARATOR  # a letter begins too many names
        values += ["shown_name", also, whole, whole + LAST]
    if asked.identifier.strip():
        number = _number(asked.identifier)
        where.append(_NUMBERED)
        values += [number, number]
    if worded is not None:
        where.append(_WORDED)
        values.append(worded)
    values.append(asked.most + 1)
    query = f"SELECT k.id FROM keys AS k WHERE {' AND '.join(where)}"  # noqa: S608
    return f"{query} ORDER BY k.value DESC, k.id DESC LIMIT ?", values


def _number(text: str) -> str:
    scheme, colon, rest = text.partition(":")
    try:
        return normalised(rest if colon and scheme.isalnum() else text)
    except IdentifierError:
        return text  # finds nothing


def _rows(
    connection: sqlite3.Connection, ids: str, hidden: Set[str], sight: Sight
) -> tuple[CaseRow, ...]:
    items = dict(connection.execute(_ITEMS, (ids,)).fetchall())
    scans: dict[str, list[_Said]] = {}
    unseen: dict[str, tuple[Scan, ...]] = {}
    for (body,) in connection.execute(_SCANS, (ids,)):
        said = msgspec.json.decode(body, type=_Said)
        if sight.cleared or not (said.restricted or said.id in hidden):
            scans.setdefault(said.case, []).append(said)
        else:
            there = Scan(id=said.id, names=said.names, families=said.families)
            unseen[said.case] = (*unseen.get(said.case, ()), there)
    found = [(id_, read_body(body, Case)) for id_, body in connection.execute(_BODIES, (ids,))]
    sight.knows_of_cases({id_: unseen.get(id_, ()) for id_, _case in found})
    return tuple(
        _row(sight.shown(case), items.get(id_, 0), scans.get(id_, [])) for id_, case in found
    )


def _row(case: Case, items: int, scans: list[_Said]) -> CaseRow:
    names = dict.fromkeys(name for one in scans for name in (*one.names, *one.families))
    outcomes = dict.fromkeys(one.outcome for one in scans)
    alarm = highest(one.alarm for one in scans)
    return CaseRow(case, items, len(scans), alarm, tuple(outcomes), tuple(names))


__all__ = [
    "CaseFile",
    "CaseFilter",
    "CaseList",
    "CaseRow",
    "ItemFile",
    "list_cases",
    "show_case",
]
