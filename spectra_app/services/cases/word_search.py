"""Cases by words that stand in them, or in what belongs to them, and that a user may see.

The index of words knows no clearance. Where nothing is hidden it is believed; elsewhere texts are
looked through for what may not be spoken of, and a record is read where it may be about it.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from spectra_app.records.bundles.kinds import texts_of
from spectra_app.records.kinds import (
    KINDS,
    Amendment,
    Case,
    Confirmation,
    Custody,
    Item,
    Note,
    Photo,
    Scan,
    SecondTechnique,
)
from spectra_app.records.ledger.record import Record, read_body, text_of
from spectra_app.services.cases.closed_lists import Spoken
from spectra_app.services.cases.seeing import Sight

T = TypeVar("T")
MOST_HITS = 4_000  # records with the words asked for that are looked at
MOST_LOOKED_THROUGH = 1_000  # the same where something is hidden: each is looked through

# What is joined with CROSS is looked up in the order written: SQLite, which keeps no statistics of
# these tables, would walk through all scans instead.
_HITS = """
SELECT substr(words.text, 1, instr(words.text || char(10), char(10)) - 1) FROM words
JOIN revisions AS f ON f.rowid = words.rowid
WHERE words MATCH ? AND f.kind IN (SELECT value FROM json_each(?))
ORDER BY words.rowid DESC LIMIT ?
"""
_HITS_AND_TEXTS = """
SELECT words.rowid, f.kind, f.id,
    substr(words.text, 1, instr(words.text || char(10), char(10)) - 1), words.text FROM words
JOIN revisions AS f ON f.rowid = words.rowid
WHERE words MATCH ? AND f.kind IN (SELECT value FROM json_each(?))
ORDER BY words.rowid DESC LIMIT ?
"""
_RECORDS = """
SELECT f.rowid, r.kind, r.body FROM json_each(?) AS wanted
CROSS JOIN revisions AS f ON f.rowid = wanted.value
CROSS JOIN revisions AS r ON r.kind = f.kind AND r.id = f.id AND r.latest = 1
WHERE r.body IS NOT NULL
"""
_SCANS_NAMED = """
SELECT r.body FROM json_each(?) AS wanted
CROSS JOIN revisions AS r ON r.kind = 'scan' AND r.id = wanted.value AND r.latest = 1
WHERE r.body IS NOT NULL
"""
# Those whose words begin with the case: a number in a bundle is one of another station.
_WORDED_KINDS = json.dumps(
    [
        kind.KIND
        for kind in (
            Case, Item, Scan, Custody, Photo, Note, SecondTechnique, Confirmation, Amendment,
        )
    ]
)  # fmt: skip
_JUDGED_BY_TEXT = frozenset({Case.KIND, Item.KIND, Custody.KIND, Scan.KIND})


class _Named(msgspec.Struct, frozen=True):
    """What a scan names."""

    id: str
    case: str
    names: tuple[str, ...]
    families: tuple[str, ...]


class _Hit(NamedTuple):
    """A record with the words asked for: its row in the index, its case, what stands there."""

    row: int
    kind: str
    id: str
    case: str
    text: str

    @property
    def texts(self) -> Sequence[str]:
        """The text, and where a name may end with HCl, which means another word, its lines too."""
        if "hcl" in self.text.casefold():
            return (self.text, *self.text.split("\n"))
        return (self.text,)


def cases_with_words(
    connection: sqlite3.Connection, text: str, sight: Sight
) -> tuple[str | None, bool]:
    """Return the cases with words, as a JSON list; None when none were asked for; and if cut.

    Words that stand only in what may not be seen are not found, so that nothing tells of them.
    """
    if not text.strip():
        return None, False
    open_ = sight.hides_nothing(connection)
    most = MOST_HITS if open_ else MOST_LOOKED_THROUGH
    asked = (_words(text), _WORDED_KINDS, most + 1)
    if open_:
        hits = connection.execute(_HITS, asked).fetchall()
        cases = dict.fromkeys(case for (case,) in hits[:most])
    else:
        hits = connection.execute(_HITS_AND_TEXTS, asked).fetchall()
        found = [_Hit(*hit) for hit in hits[:most]]
        cases = dict.fromkeys(_seen_hits(connection, found, text, sight))
    return json.dumps(list(cases)), len(hits) > most


def _seen_hits(
    connection: sqlite3.Connection, hits: list[_Hit], text: str, sight: Sight
) -> Iterator[str]:
    """Yield the cases of the hits that may be found; the record itself is read only in doubt.

    In doubt is what speaks of something that is hidden, and where something is hidden whatever else
    than cases, items and scans may be about it.
    """
    hidden = sight.hidden_with_cases(connection)
    doubtful = hits
    if hidden is not None:
        hits = [hit for hit in hits if hit.kind != Scan.KIND or hit.id not in hidden]
        touched = _know_of(connection, hits, hidden, sight)
        doubtful, about = [], []
        for hit, speaks in _speaking([(hit, hit.case, hit.texts) for hit in hits], sight):
            if speaks:
                doubtful.append(hit)
            elif hit.case in touched and hit.kind not in _JUDGED_BY_TEXT:
                about.append(hit)
            else:
                yield hit.case
        for hit, record, speaks in _with_records(connection, about, sight):
            if not speaks and sight.sees_quiet(record):
                yield hit.case  # all of it may be read
            elif speaks:
                doubtful.append(hit)
    for hit, record, _ in _with_records(connection, doubtful, sight):
        if _may_be_found(hit.text, record, text, sight):
            yield hit.case


def _with_records(
    connection: sqlite3.Connection, hits: list[_Hit], sight: Sight
) -> Iterator[tuple[_Hit, Record, bool]]:
    """Yield hits with their records, and whether any text of these speaks of what is hidden."""
    of_row, read = {hit.row: hit for hit in hits}, []
    for row, kind, body in connection.execute(_RECORDS, (json.dumps(list(of_row)),)):
        if kind in KINDS:
            one = (of_row[row], read_body(body, KINDS[kind]))
            read.append((one, of_row[row].case, list(texts_of(json.loads(body)))))
    for (hit, record), speaks in _speaking(read, sight):
        yield hit, record, speaks


def _know_of(
    connection: sqlite3.Connection, hits: list[_Hit], hidden: Mapping[str, str], sight: Sight
) -> frozenset[str]:
    """Tell a sight what is hidden in the cases of hits; return those in which something is."""
    unseen: dict[str, tuple[Scan, ...]] = {hit.case: () for hit in hits}
    scans = [scan for scan, case in hidden.items() if case in unseen]
    for (body,) in connection.execute(_SCANS_NAMED, (json.dumps(scans),)):
        said = msgspec.json.decode(body, type=_Named)
        scan = Scan(id=said.id, names=said.names, families=said.families)
        unseen[said.case] = (*unseen[said.case], scan)
    sight.knows_of_cases(unseen)
    return frozenset(case for case, there in unseen.items() if there)


def _speaking(
    told: Iterable[tuple[T, str, Sequence[str]]], sight: Sight
) -> Iterator[tuple[T, bool]]:
    """Yield what has texts of a case, and whether one speaks of what may not be spoken of there."""
    groups: dict[Spoken, tuple[list[T], list[int], list[str]]] = {}
    for what, case, texts in told:
        whats, owners, every = groups.setdefault(sight.secret_of(case), ([], [], []))
        owners += [len(whats)] * len(texts)
        whats.append(what)
        every += texts
    for secret, (whats, owners, every) in groups.items():
        speaking = {owners[place] for place in secret.those_in(every)}
        yield from ((what, at in speaking) for at, what in enumerate(whats))


def _may_be_found(said: str, record: Record, text: str, sight: Sight) -> bool:
    if not sight.sees(record):
        return False
    left = text_of(sight.shown(record))
    there = re.findall(r"\w+", left.casefold())
    wanted = re.findall(r"\w+", text.casefold())
    return left == said or all(any(word.startswith(one) for word in there) for one in wanted)


def _words(text: str) -> str:
    """Return what the index of words is asked: all of them, beginnings too, but of one letter."""
    quoted = (('"' + word.replace('"', '""') + '"', word) for word in text.split())
    return " ".join(word + "*" * (len(bare) > 1) for word, bare in quoted)
