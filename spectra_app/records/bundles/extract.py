"""The audit extract: the entries of some records, where they stand in the chain, and a signed head.

It holds, of the records of a bundle, every revision with its salt, every entry of the chain that
made one, and the hash of **every** entry from the first of them to the last, with a head signed for
that last one. It proves that the station wrote and signed each of these entries, that each stands
where it says with that entry before it, that the records are what was entered, and that no earlier
revision is left out. It does not prove what the entries between say: of those it holds the hashes
only, so one that tells of a **later** revision would not be missed. For that the station states,
over its signature, how many revisions and entries each record had (`extent.json`): an extract with
the last ones taken out does not fit that. The extract binds the station to the entries between: a
chain with one of them rewritten up to the head does not fit it any more.
"""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from library.signing import Signature, canonical, genuine, key_id, parse_canonical
from matching.errors import SpectraError
from spectra_app.errors import LedgerError
from spectra_app.records.bundles.archive import FROM_MAKER
from spectra_app.records.bundles.errors import BundleChainError
from spectra_app.records.ledger.chain import FIRST, Entry, content_digest, digest, read_entry
from spectra_app.records.ledger.head import Head, StationKey
from spectra_app.records.ledger.writing import REDACTED

RECORDS, ENTRIES = "data/records.jsonl", "data/audit/entries.jsonl"
LINKS, HEAD = "data/audit/links.txt", "data/audit/head.json"
EXTENT = "data/audit/extent.json"
EXTENT_PURPOSE = "spectra-audit-extent"
_ROWS = """
SELECT r.kind, r.id, r.revision, r.salt, r.body FROM json_each(?) AS wanted
JOIN revisions AS r ON r.kind = wanted.value ->> 0 AND r.id = wanted.value ->> 1
ORDER BY r.kind, r.id, r.revision
"""
_ENTRIES = """
SELECT number, line, signature FROM audit WHERE (line ->> 'kind', line ->> 'id') IN
    (SELECT value ->> 0, value ->> 1 FROM json_each(?)) ORDER BY number
"""
_LINKS = "SELECT number, sha256 FROM audit WHERE number BETWEEN ? AND ? ORDER BY number"
_LINK = re.compile(r"(0|[1-9][0-9]{0,17}) ([0-9a-f]{64})\n")


@dataclass(frozen=True, slots=True)
class Row:
    """One revision of a record, as the ledger holds it; no salt and body where it was removed."""

    kind: str
    id: str
    revision: int
    salt: str | None
    body: str | None


@dataclass(frozen=True, slots=True)
class Extract:
    """Records and what the chain says about them.

    Parameters
    ----------
    rows : tuple of Row
        By kind, id and revision.
    entries : tuple of Entry
        Those of the records, in the order of the chain.
    head : Head
        Signed for the last of them.
    """

    rows: tuple[Row, ...]
    entries: tuple[Entry, ...]
    head: Head


def extract_files(
    connection: sqlite3.Connection, records: Iterable[tuple[str, str]], key: StationKey
) -> dict[str, bytes]:
    """Return the files of the extract of some records, by kind and id.

    Raises
    ------
    LedgerError
        When no entry tells of any of them.
    """
    wanted = json.dumps(sorted(records))
    rows = connection.execute(_ROWS, (wanted,)).fetchall()
    entries = connection.execute(_ENTRIES, (wanted,)).fetchall()
    if not entries:
        raise LedgerError("the chain tells of none of these records", "", "verify the ledger")
    last = read_entry(entries[-1][1].encode("ascii"))
    links = connection.execute(_LINKS, (entries[0][0] - 1, last.number)).fetchall()
    head = key.head(last.number, links[-1][1], last.time)
    fields = ("kind", "id", "revision", "salt", "body")
    told = [dict(zip(("number", "line", "signature"), one, strict=True)) for one in entries]
    return {
        RECORDS: _lines(dict(zip(fields, row, strict=True)) for row in rows),
        ENTRIES: _lines(told),
        LINKS: "".join(f"{number} {sha256}\n" for number, sha256 in links).encode(),
        HEAD: canonical(head.to_json()),
        EXTENT: _stated(extent_of([read_entry(one[1].encode("ascii")) for one in entries]), key),
    }


def extent_of(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return how far an extract reaches: of each record its last revision and how many entries.

    `last` is the number of the last entry: up to there the station states that it had no others.
    """
    records: dict[tuple[str, str], tuple[int, int]] = {}
    for entry in entries:
        revision, count = records.get((entry.kind, entry.id), (0, 0))
        records[entry.kind, entry.id] = (max(revision, entry.revision), count + 1)
    told = [
        {"kind": kind, "id": id_, "revision": revision, "entries": count}
        for (kind, id_), (revision, count) in sorted(records.items())
    ]
    last = entries[-1].number
    return {"purpose": EXTENT_PURPOSE, "last": last, "entries": len(entries), "records": told}


def _stated(extent: Mapping[str, Any], key: StationKey) -> bytes:
    return canonical({**extent, "key": key.id, "signature": key.sign(canonical(extent))})


def _lines(values: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(canonical(value) + b"\n" for value in values)


def check_extract(files: Mapping[str, bytes], public: bytes, where: str) -> Extract:
    """Check the extract of a bundle with the key of its station.

    Raises
    ------
    BundleChainError
        When an entry is not the station's, does not stand where it says, or a record is not the
        one that the entries tell of; the first place is named.
    """
    try:
        rows = tuple(_row(value) for value in _read_lines(files[RECORDS]))
        told = [_told(value) for value in _read_lines(files[ENTRIES])]
        links = _read_links(files[LINKS])
        head = Head(**parse_canonical(files[HEAD]))
        made = head.payload()
    except (SpectraError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise _broken(f"the extract cannot be read ({str(error)[:120]})", where) from error
    entries = tuple(_check_entry(one, links, public, where) for one in told)
    numbers = [one.number for one in entries]
    if not entries or numbers != sorted(set(numbers)):
        raise _broken("the entries are not in the order of the chain", where)
    _check_reach(links, entries, where)
    last = (entries[-1].number, links[entries[-1].number], entries[-1].time)
    if (head.number, head.sha256, head.time, head.key) != (*last, key_id(public)) or not _signed(
        made, head.signature, public
    ):
        raise _broken("the head is not that of the extract, or not signed by the station", where)
    _check_rows(rows, entries, where)
    _check_extent(files[EXTENT], entries, public, where)
    return Extract(rows, entries, head)


def _broken(what: str, where: str) -> BundleChainError:
    return BundleChainError(what, where, "do not believe it; " + FROM_MAKER)


def _read_lines(data: bytes) -> list[dict[str, Any]]:
    if data and not data.endswith(b"\n"):
        raise ValueError("the last line has no end")
    values = [parse_canonical(line) for line in data.split(b"\n")[:-1]]
    if not all(isinstance(value, dict) for value in values):
        raise ValueError("a line is no object")
    return values


def _row(value: dict[str, Any]) -> Row:
    row = Row(**value)
    texts = (row.kind, row.id, *(() if row.body is None else (row.body, row.salt)))
    removed = row.body is None and row.salt is None
    if not all(type(text) is str for text in texts) or (row.body is None) != removed:
        raise ValueError("a record has another form")
    if type(row.revision) is not int:
        raise ValueError("the number of a revision is none")
    return row


def _told(value: dict[str, Any]) -> tuple[Entry, bytes, str]:
    if value.keys() != {"number", "line", "signature"}:
        raise ValueError("an entry has another form")
    line = value["line"].encode("ascii")
    entry = read_entry(line)
    if type(value["signature"]) is not str or value["number"] != entry.number:
        raise ValueError("an entry stands under another number")
    return entry, line, value["signature"]


def _read_links(data: bytes) -> dict[int, str]:
    text = data.decode("ascii")
    found = [(int(number), sha256) for number, sha256 in _LINK.findall(text)]
    if "".join(f"{number} {sha256}\n" for number, sha256 in found) != text:
        raise ValueError("the links have another form")
    if [number for number, _ in found] != list(range(found[0][0], found[-1][0] + 1)):
        raise ValueError("the links have a gap")
    return dict(found)


def _check_entry(
    told: tuple[Entry, bytes, str], links: Mapping[int, str], public: bytes, where: str
) -> Entry:
    entry, line, signature = told
    place = f"{where}: entry {entry.number}"
    if links.get(entry.number) != digest(line):
        raise _broken("an entry is not the one that the links name", place)
    before = FIRST if entry.number == 1 else links.get(entry.number - 1)
    if entry.previous != before:
        raise _broken("an entry does not follow the one before it", place)
    if not _signed(line, signature, public):
        raise _broken("the station did not sign an entry", place)
    return entry


def _signed(data: bytes, signature: str, public: bytes) -> bool:
    try:
        plain = base64.b64decode(signature, validate=True)
    except (ValueError, TypeError):
        return False
    again = base64.b64encode(plain).decode("ascii") == signature
    return again and genuine(data, Signature("", plain), public)


def _check_reach(links: Mapping[int, str], entries: Sequence[Entry], where: str) -> None:
    first, last = min(links), max(links)
    if first != max(entries[0].number - 1, 1) or last != entries[-1].number:
        raise _broken("the links reach further than the entries, or less far", where)


def _check_extent(data: bytes, entries: Sequence[Entry], public: bytes, where: str) -> None:
    """Check that the extract reaches as far as the station states that it did."""
    try:
        stated = parse_canonical(data)
        key, signature = stated.pop("key"), stated.pop("signature")
        signed = type(signature) is str and _signed(canonical(stated), signature, public)
    except (SpectraError, TypeError, KeyError, AttributeError) as error:
        raise _broken("what the extract says of its extent cannot be read", where) from error
    if key != key_id(public) or not signed:
        raise _broken("the station did not sign how far the extract reaches", where)
    if stated != extent_of(entries):
        raise _broken(
            "the extract does not reach as far as the station states: entries or last revisions "
            "are missing, or were added",
            where,
        )


def _check_rows(rows: Sequence[Row], entries: Sequence[Entry], where: str) -> None:
    """Check that the records are those of the entries, all of them, in all their revisions."""
    there = {(row.kind, row.id, row.revision): row for row in rows}
    if [*there] != sorted(there) or len(there) != len(rows):
        raise _broken("the records are out of order, or twice", where)
    removed = {(one.kind, one.id): one.number for one in entries if one.act == REDACTED}
    newest: dict[tuple[str, str], tuple[int, str]] = {}
    for entry in entries:
        record = (entry.kind, entry.id)
        place = f"{where}: {entry.kind} {entry.id}, revision {entry.revision}"
        if not entry.revision:
            continue
        revision, after = newest.get(record, (0, ""))
        gone = removed.get(record, 0)
        if entry.revision != revision + 1 or (entry.before != after and not gone):
            raise _broken("a revision is missing before this one", place)
        newest[record] = (entry.revision, entry.after)
        row = there.pop((*record, entry.revision), None)
        if row is None:
            raise _broken("a record is missing", place)
        if row.body is None or row.salt is None:
            if gone < entry.number:
                raise _broken("the content is gone, and no entry says why", place)
        elif _digest(row.salt, row.body) != entry.after:
            raise _broken("a record is not what was entered", place)
    if there:
        kind, id_, number = next(iter(there))
        raise _broken("no entry tells of a record", f"{where}: {kind} {id_}, revision {number}")


def _digest(salt: str, body: str) -> str:
    try:
        plain = bytes.fromhex(salt)
        return content_digest(plain, body.encode("ascii")) if plain.hex() == salt else ""
    except ValueError:
        return ""
