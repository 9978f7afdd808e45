"""Verify a ledger: every entry, every revision, and the head; whatever is wrong is located.

The program's own verifier. A second one that shares no code with it is in
`resources/verifier/verify_ledger.py`, for people who want to read what they run.
"""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from library.signing import key_id
from spectra_app.errors import LedgerError
from spectra_app.records.ledger.chain import FIRST, Entry, content_digest, digest, read_entry
from spectra_app.records.ledger.head import Head, read_head
from spectra_app.records.ledger.schema import APPLICATION_ID
from spectra_app.records.ledger.store import DATABASE, HEAD
from spectra_app.records.ledger.writing import REDACTED

Genuine = Callable[[bytes, str], bool]
_MOST = 100  # findings told; the first is what counts


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Parameters
    ----------
    code : str
        ``file_damaged``, ``entry_altered``, ``entry_missing``, ``entry_moved``, ``not_signed``,
        ``record_altered``, ``record_missing``, ``record_unknown``, ``head_missing``, ``head_false``
        or ``chain_cut``.
    where : str
        Number of the entry, or kind, id and revision of the record.
    text : str
        What was expected, in one sentence.
    """

    code: str
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Verified:
    """Result of a verification.

    Parameters
    ----------
    entries, records : int
        How many entries and revisions were looked at.
    head : Head or None
        The head that was found.
    end : int
        Number of the last entry.
    findings : tuple of Finding
        What is wrong; nothing when the ledger holds.
    """

    entries: int
    records: int
    head: Head | None
    end: int
    findings: tuple[Finding, ...]


def verify(folder: Path, public: bytes) -> Verified:
    """Verify the ledger in `folder` with the station's public key; nothing is changed.

    Raises
    ------
    LedgerError
        When there is no ledger.
    """
    path = folder / DATABASE
    if not path.exists():
        raise LedgerError("there is no ledger", str(path), "name the station's folder")
    signed = _genuine(public)
    findings: list[Finding] = []
    head = _head(folder, findings)
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        try:
            connection.execute("BEGIN")
            _check_file(connection, findings)
            walk = _Walk(signed)
            for row in connection.execute("SELECT number, line, sha256, signature FROM audit"
                                          " ORDER BY number"):  # fmt: skip
                findings.extend(walk.take(*row))
            findings.extend(_records(connection, walk))
        except sqlite3.DatabaseError as error:
            findings.append(Finding("file_damaged", DATABASE, f"it cannot be read ({error})"))
            return Verified(0, 0, head, 0, tuple(findings[:_MOST]))
    findings.extend(_check_head(head, walk, key_id(public), signed))
    return Verified(walk.count, walk.records, head, walk.number, tuple(findings[:_MOST]))


class _Walk:
    """Takes the entries one after the other."""

    def __init__(self, signed: Genuine) -> None:
        self._signed = signed
        self.number, self.sha256, self.count, self.records = 0, FIRST, 0, 0
        self.hashes: list[str] = [FIRST]  # by number
        self.due: dict[tuple[str, str, int], str] = {}  # revision -> digest that it must have
        self.newest: dict[tuple[str, str], tuple[int, str]] = {}
        self.removed: dict[tuple[str, str], int] = {}  # record -> newest revision without content

    def take(self, number: int, line: str, sha256: str, signature: str) -> Iterator[Finding]:
        where = f"entry {number}"
        self.count += 1
        if number != self.number + 1:
            missing = (
                f"{self.number + 1}"
                if number == self.number + 2
                else f"{self.number + 1} to {number - 1}"
            )
            yield Finding("entry_missing", f"entry {missing}", "the numbers have a gap")
            self.hashes.extend("" for _ in range(self.number + 1, number))
        data = line.encode("utf-8", "surrogatepass")
        previous, self.number, self.sha256 = self.sha256, number, digest(data)
        self.hashes.append(self.sha256)
        try:
            entry = read_entry(data)
        except LedgerError as error:
            yield Finding("entry_altered", where, str(error))
            return
        if self.sha256 != sha256 or not self._signed(data, signature):
            code = "entry_altered" if self.sha256 != sha256 else "not_signed"
            yield Finding(code, where, "it is not what the station wrote and signed")
        if entry.number != number:
            yield Finding("entry_moved", where, f"it was written as entry {entry.number}")
        elif entry.previous != previous:
            yield Finding("entry_altered", where, "it does not follow the entry before it")
        yield from self._note(entry, where)

    def _note(self, entry: Entry, where: str) -> Iterator[Finding]:
        record = (entry.kind, entry.id)
        newest, after = self.newest.get(record, (0, ""))
        if entry.act == REDACTED:
            self.removed[record] = newest
        if not entry.revision:
            return
        if entry.revision != newest + 1:
            yield Finding("record_missing", _name(*record, newest + 1), f"{where} has a later one")
        elif entry.before != after and self.removed.get(record, 0) < newest:
            yield Finding("entry_altered", where, "it was not made from the record before it")
        self.newest[record] = (entry.revision, entry.after)
        self.due[(*record, entry.revision)] = entry.after


def _records(connection: sqlite3.Connection, walk: _Walk) -> Iterator[Finding]:
    rows = connection.execute("SELECT kind, id, revision, latest, salt, body FROM revisions")
    for kind, id_, revision, latest, salt, body in rows:
        walk.records += 1
        name = _name(kind, id_, revision)
        due = walk.due.pop((kind, id_, revision), None)
        if due is None:
            yield Finding("record_unknown", name, "no entry says who made it")
            continue
        if body is None:
            if walk.removed.get((kind, id_), 0) < revision:
                yield Finding("record_missing", name, "its content is gone, and no entry says why")
        elif _digest(salt, body) != due:
            yield Finding("record_altered", name, "it is not what was written")
        if (walk.newest[kind, id_][0] == revision) != bool(latest):
            yield Finding("record_altered", name, "it is marked as the latest wrongly")
    for key in walk.due:
        yield Finding("record_missing", _name(*key), "it was written and is not there")


def _check_file(connection: sqlite3.Connection, findings: list[Finding]) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        findings.append(Finding("file_damaged", DATABASE, "it does not say that it is a ledger"))
    for (said,) in connection.execute("PRAGMA integrity_check(10)"):
        if said != "ok":
            findings.append(Finding("file_damaged", DATABASE, str(said)))


def _head(folder: Path, findings: list[Finding]) -> Head | None:
    try:
        head = read_head(folder / HEAD)
    except LedgerError as error:
        findings.append(Finding("head_false", HEAD, str(error)))
        return None
    return head


def _check_head(head: Head | None, walk: _Walk, key: str, signed: Genuine) -> Iterator[Finding]:
    if head is None:
        if walk.number > 1:
            yield Finding("head_missing", HEAD, "nothing says how far the chain reached")
        return
    if head.key != key or not signed(head.payload(), head.signature):
        yield Finding("head_false", HEAD, "the station did not sign it")
    elif head.number > walk.number:
        yield Finding(
            "chain_cut",
            f"entry {walk.number + 1} to {head.number}",
            "the head names an entry that is not there any more",
        )
    elif walk.hashes[head.number] != head.sha256:
        yield Finding("chain_cut", f"entry {head.number}", "the head names another entry there")


def _genuine(public: bytes) -> Genuine:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = Ed25519PublicKey.from_public_bytes(public)

    def genuine(data: bytes, signature: str) -> bool:
        try:
            key.verify(base64.b64decode(signature, validate=True), data)
        except (InvalidSignature, ValueError):
            return False
        return True

    return genuine


def _digest(salt: str, body: str) -> str:
    try:
        return content_digest(bytes.fromhex(salt), body.encode("utf-8", "surrogatepass"))
    except (ValueError, TypeError, AttributeError):
        return ""


def _name(kind: str, id_: str, revision: int) -> str:
    return f"{kind} {id_}, revision {revision}"
