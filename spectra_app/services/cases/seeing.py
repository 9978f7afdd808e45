"""May this user see this record? One question, asked wherever a record or part of one goes out.

By the restricted lists of today, whatever they held when a scan was taken; that they held it then
(the mark ``restricted``) is one more reason. What is about something that a user may not see, or
names it in its texts, may not be seen either. A case, an item and its chain of custody are always
there, because people work on them: `Sight.shown` takes out of their texts what may not be read.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from spectra_app.errors import RecordError
from spectra_app.records.access import User
from spectra_app.records.bundles.content import read_bundle
from spectra_app.records.bundles.kinds import (
    GivenAnswer,
    Imported,
    ImportedRecord,
    Question,
    texts_of,
)
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.kinds import (
    KINDS,
    Amendment,
    Case,
    Confirmation,
    Custody,
    Exposure,
    IssuedReport,
    Item,
    Note,
    Photo,
    Scan,
    SecondTechnique,
)
from spectra_app.records.kinds.scan import SEPARATOR
from spectra_app.records.ledger.record import R, Record, Stored, body_of
from spectra_app.records.ledger.store import Ledger
from spectra_app.records.ledger.writing import end_of
from spectra_app.services.cases.closed_lists import ClosedLists, Spoken, closed_lists, spoken
from spectra_app.services.office import Office

WITHHELD = "[withheld]"
ALWAYS = (Case, Item, Custody, Exposure)
"""What is always there; `Sight.shown` takes out of it what may not be read."""
JUDGED = (
    Scan, Note, Photo, SecondTechnique, Confirmation, Amendment, IssuedReport, Question, Imported,
    ImportedRecord, GivenAnswer,
)  # fmt: skip
QUOTING = frozenset({"item", "result", "other", "evaluation", "changes", "authority"})
"""Sections of a report that quote records; see `spectra_app.reports.builder`."""
_NAMES = ("names", "families", "found")
_NAMED_BY = ("shown_name", "means")
_NEXT = """
SELECT MIN(value) FROM keys WHERE kind = 'scan' AND field = ? AND value > ?
"""
_MARKED_SCANS = """
SELECT id, substr(value, instr(value, char(31)) + 1) FROM keys
WHERE kind = 'scan' AND field = 'hidden_outcome'
"""
_ANY_MARKED = (
    "SELECT 1 FROM keys WHERE kind IN ('scan', 'second_technique', 'confirmation')"
    " AND field = 'restricted' AND value = 'yes' LIMIT 1"
)
_WITH = """
SELECT id, substr(value, instr(value, char(31)) + 1) FROM keys
WHERE kind = 'scan' AND field = ? AND value >= ? AND value < ?
"""

_LookedUp = tuple[tuple[tuple[int, str], ClosedLists], Mapping[str, str]]
_LOOKED_UP: WeakKeyDictionary[Ledger, _LookedUp] = WeakKeyDictionary()
"""Scans that names hide, with their cases: of the chain's end and the lists of the last look."""


class Sight:
    """What one person may see, for one act.

    Parameters
    ----------
    ledger : Ledger
        Where records are that others are about.
    evidence : EvidenceStore
        Where bundles are.
    lists : ClosedLists
        What the restricted lists hold today.
    cleared : bool
        Whether this person may see it.
    """

    def __init__(
        self, ledger: Ledger, evidence: EvidenceStore, lists: ClosedLists, *, cleared: bool
    ) -> None:
        self._ledger = ledger
        self._evidence = evidence
        self._lists = lists
        self.cleared = cleared
        self._hidden_of: dict[tuple[str, str], tuple[Scan, ...]] = {}
        self._bundles: dict[str, bool] = {}
        self._secrets: dict[tuple[tuple[tuple[str, ...], tuple[str, ...]], ...], Spoken] = {}

    def sees(self, record: Record) -> bool:
        """Tell whether this person may see a record."""
        if self.cleared or isinstance(record, ALWAYS) or not isinstance(record, JUDGED):
            return True
        if getattr(record, "restricted", False):
            return False
        if isinstance(record, Scan):
            return not self.hides_names((*record.names, *record.families), record.meant)
        return not self._speaks(record) and self._sees_what_it_is_about(record)

    def sees_quiet(self, record: Record) -> bool:
        """Tell what `sees` tells, of a record whose texts speak of nothing that is hidden there."""
        if getattr(record, "restricted", False) or not self._lists.readable:
            return self.sees(record)
        return not self._lists.name(_named(record)) and self._sees_what_it_is_about(record)

    def hides_names(self, names: Iterable[str], meant: Iterable[str] = ()) -> bool:
        """Tell whether one of several names is not for this person."""
        return not self.cleared and self._lists.name(names, meant)

    def seen(self, records: Iterable[R]) -> tuple[R, ...]:
        """Return those records that this person may see, each as it may be shown."""
        return tuple(self.shown(one) for one in records if self.sees(one))

    def shown(self, record: R) -> R:
        """Return a record without what this person may not read of it."""
        if self.cleared:
            return record
        secret = self._secret_in(record)
        if secret == Spoken() and not isinstance(record, Exposure | Confirmation):
            return record
        said = {name: getattr(record, name) for name in type(record).__struct_fields__}
        masked = {name: self._masked(value, secret) for name, value in said.items()}
        changed = {name: value for name, value in masked.items() if value != said[name]}
        if isinstance(record, Exposure) and record.scan and not self._sees_scan(record.scan):
            changed["scan"] = WITHHELD
        if isinstance(record, Confirmation) and record.scans:
            changed["scans"] = tuple(one for one in record.scans if self._sees_scan(one))
        return msgspec.structs.replace(record, **changed) if changed else record

    def hidden_scans(self, connection: sqlite3.Connection) -> Set[str]:
        """Return the filed scans that bear no mark and are hidden all the same, by the index."""
        return self._hidden_by_name(connection).keys()

    def _hidden_by_name(self, connection: sqlite3.Connection) -> Mapping[str, str]:
        """Return those scans with their cases; looked up again when the chain has grown."""
        if self.cleared or (self._lists.readable and not self._lists.keys):
            return {}
        now = (end_of(connection), self._lists)
        before = _LOOKED_UP.get(self._ledger)
        if before is None or before[0] != now:
            before = (now, dict(self._look_up(connection)))
            _LOOKED_UP[self._ledger] = before
        return before[1]

    def _look_up(self, connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
        for field in _NAMED_BY:
            for name in _values(connection, field):
                names, meant = ((name,), ()) if field == "shown_name" else ((), (name,))
                if self._lists.name(names, meant):
                    span = (field, name + SEPARATOR, name + chr(ord(SEPARATOR) + 1))
                    yield from connection.execute(_WITH, span)

    def hidden_with_cases(self, connection: sqlite3.Connection) -> Mapping[str, str] | None:
        """Return all filed scans that this person may not see, with the case of each.

        None when that is not known, because a list cannot be read.
        """
        if not self._lists.readable:
            return None
        marked = connection.execute(_MARKED_SCANS).fetchall()
        return {**self._hidden_by_name(connection), **dict(marked)}

    def hidden_in(self, field: str, value: str) -> tuple[Scan, ...]:
        """Return the scans of an ``item`` or a ``case`` that this person may not see."""
        key = (field, value)
        if key not in self._hidden_of and not isinstance(self._hidden_of, defaultdict):
            found = () if self.cleared or not value else self._ledger.find(Scan, **{field: value})
            self._hidden_of[key] = tuple(one.record for one in found if not self.sees(one.record))
        return self._hidden_of.get(key, ())

    def knows(self, scans: Iterable[Scan]) -> None:
        """Take all scans there are, so that none has to be looked up for each item and case."""
        hidden: dict[tuple[str, str], list[Scan]] = {}
        for scan in scans:
            if not self.sees(scan):
                for key in (("item", scan.item), ("case", scan.case)):
                    hidden.setdefault(key, []).append(scan)
        self._hidden_of = defaultdict(tuple, {key: tuple(many) for key, many in hidden.items()})

    def knows_of_cases(self, hidden: Mapping[str, tuple[Scan, ...]]) -> None:
        """Take what is hidden in some cases, with its names, so that it is not looked up again."""
        self._hidden_of.update((("case", case), scans) for case, scans in hidden.items())

    def hides_nothing(self, connection: sqlite3.Connection) -> bool:
        """Tell whether there is nothing at all that this person may not see."""
        if self.cleared:
            return True
        if self._lists != ClosedLists():
            return False
        return connection.execute(_ANY_MARKED).fetchone() is None

    def secret_of(self, case: str) -> Spoken:
        """Return what may not be spoken of in a case."""
        return Spoken() if self.cleared else self._secret_of_case(case)

    def _speaks(self, record: Record) -> bool:
        if self._lists.name(_named(record)):
            return True
        if not self._lists.readable:
            return True  # whatever it says may be on the list
        secret = self._secret_in(record)
        return secret != Spoken() and any(map(secret.in_text, _texts(record)))

    def _secret_in(self, record: Record) -> Spoken:
        """Return what may not be spoken of there: what is listed, and what is hidden in its case.

        A scan that bears the mark and names nothing that is listed now is hidden with all names.
        """
        if isinstance(record, Imported):
            return self._lists.said
        of_case = isinstance(record, Case)
        return self._secret_of_case(record.id if of_case else str(getattr(record, "case", "")))

    def _secret_of_case(self, case: str) -> Spoken:
        hidden = self.hidden_in("case", case)
        if not hidden:
            return self._lists.said
        there = tuple((scan.names, scan.families) for scan in hidden)
        if there not in self._secrets:
            secret = self._lists.said
            for names, families in there:
                listed = [name for name in names if self._lists.name((name,))]
                secret |= spoken(listed or (*names, *families))
            self._secrets[there] = secret
        return self._secrets[there]

    def _sees_what_it_is_about(self, record: Record) -> bool:
        asked: dict[type[Record], Callable[[Any], bool]] = {
            Note: lambda one: self._sees_scan(one.scan),
            SecondTechnique: lambda one: not self.hidden_in("item", one.item),
            Confirmation: lambda one: not self.hidden_in("item", one.item),
            Amendment: lambda one: self._sees_of(KINDS.get(one.of_kind), one.of_id),
            IssuedReport: self._sees_report,
            Question: lambda one: self._sees_bundle(one.evidence[0]),
            Imported: self._sees_import,
            ImportedRecord: lambda one: self._sees_of(Imported, one.bundle),
            GivenAnswer: lambda one: self._sees_of(Imported, one.id),
        }
        about = asked.get(type(record))
        return about is None or about(record)

    def _sees_scan(self, scan: str) -> bool:
        return not scan or self._sees_of(Scan, scan)

    def _sees_of(self, kind: type[Record] | None, id_: str) -> bool:
        if kind is None:
            return True
        with suppress(RecordError):  # removed after its time
            return self.sees(self._ledger.get(kind, id_).record)
        return True

    def _sees_report(self, report: IssuedReport) -> bool:
        """Tell whether scans and findings that a report quotes may be seen.

        Candidates, and what could not be excluded, are findings of nothing.
        """
        if not all(self._sees_scan(scan) for scan in report.scans):
            return False
        secret = self._secret_in(report)
        if secret == Spoken() or not report.document:
            return True
        content = json.loads(self._evidence.get(report.document))
        quoted = [one for one in content.get("sections", ()) if one.get("code") in QUOTING]
        return not any(map(secret.in_text, texts_of([content.get("verdict", ""), *quoted])))

    def _sees_import(self, imported: Imported) -> bool:
        return all(self._sees_bundle(sha256) for sha256 in imported.evidence)

    def _sees_bundle(self, sha256: str) -> bool:
        """Tell whether a person may see all that a bundle holds, whichever station's it is."""
        if sha256 not in self._bundles:
            self._bundles[sha256] = all(self.sees_there(one) for one in self._held(sha256))
        return self._bundles[sha256]

    def _held(self, sha256: str) -> Iterator[Record]:
        bundle = read_bundle(self._evidence.get(sha256), sha256)
        yield from (record for _row, record in bundle.records)

    def sees_there(self, record: Record) -> bool:
        """Tell whether a record of a bundle may be seen: by itself, its station is another one."""
        if getattr(record, "restricted", False):
            return False
        if self._lists.name(_named(record), getattr(record, "meant", ())):
            return False
        return not any(self._lists.said.in_text(text) for text in _texts(record))

    def _masked(self, value: Any, secret: Spoken) -> Any:
        if isinstance(value, str) and secret.in_text(value):
            return WITHHELD
        if isinstance(value, tuple):
            return tuple(self._masked(one, secret) for one in value)
        return value


def sight_of(office: Office, user: User) -> Sight:
    """Return what a user may see now."""
    lists = ClosedLists() if user.cleared else closed_lists(office.folder)
    return Sight(office.ledger, office.evidence, lists, cleared=user.cleared)


def everything(office: Office) -> Sight:
    """Return the sight of somebody who is cleared."""
    return Sight(office.ledger, office.evidence, ClosedLists(), cleared=True)


def uncleared_sight(office: Office) -> Sight:
    """Return what somebody who is not cleared may see: for what others read later."""
    return Sight(office.ledger, office.evidence, closed_lists(office.folder), cleared=False)


def visible(office: Office, user: User, kind: type[R], id_: str) -> Stored[R]:
    """Return a record that a user may see; for the others there is none.

    Raises
    ------
    RecordError
        When there is none, in the same words.
    """
    stored = office.ledger.get(kind, id_)
    if not sight_of(office, user).sees(stored.record):
        raise RecordError("there is no such record", f"{kind.KIND} {id_}", "look it up in the list")
    return stored


def _named(record: Record) -> list[str]:
    return [name for field in _NAMES for name in getattr(record, field, ())]


def _texts(record: Record) -> Iterator[str]:
    yield from texts_of(json.loads(body_of(record)))


def _values(connection: sqlite3.Connection, field: str) -> Iterator[str]:
    """Yield what stands before the case in the values of a key, each once, by steps."""
    last = ""
    while True:
        ((value,),) = connection.execute(_NEXT, (field, last))
        if value is None:
            return
        name = str(value).partition(SEPARATOR)[0]
        yield name
        last = name + chr(ord(SEPARATOR) + 1)
