"""Verify a ledger: every entry, every revision, and the head; whatever is wrong is located.

The program's own verifier. A second one that shares no code with it is in
`resources/verifier/verify_ledger.py`, for people who want to read what they run; what both go by is
in ``docs/ledger.md``. The file may have been made to do harm: nothing in it is trusted to be a
table, a text or in order before that was looked at, and no query runs for ever.
"""

from __future__ import annotations

import base64
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from library.signing import key_id
from spectra_app.errors import LedgerError
from spectra_app.records.ledger.chain import CUT, FIRST, Entry, content_digest, digest, read_entry
from spectra_app.records.ledger.head import Head, read_head
from spectra_app.records.ledger.schema import APPLICATION_ID, schema_is_ours
from spectra_app.records.ledger.store import DATABASE, HEAD
from spectra_app.records.ledger.writing import REDACTED
from spectra_app.records.sessions import BACKWARDS_S, seconds

Genuine = Callable[[bytes, bytes], bool]
Progress = Callable[[float, str], None]
# What SQLite says of a schema that cannot be read may quote it, in bytes that are no text.
UNREADABLE = (sqlite3.Error, UnicodeDecodeError, MemoryError)
_TOLD_EVERY = 1000  # entries
_MOST = 1000  # findings kept; the first is what counts
_LONGEST_VALUE = 64 * 2**20  # bytes of one value; records and entries are far below
_STEPS = 100_000  # of SQLite's machine between two looks at how many there were
# A sound file needs fewer steps a byte; one whose pages name each other in a ring never ends.
_STEPS_A_BYTE, _STEPS_AT_LEAST = 4, 50_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Parameters
    ----------
    code : str
        ``file_damaged``, ``schema_altered``, ``entry_altered``, ``entry_missing``,
        ``entry_moved``, ``not_signed``, ``record_altered``, ``record_missing``,
        ``record_unknown``, ``head_missing``, ``head_false`` or ``chain_cut``.
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
        What is wrong, at most 1,000; nothing when the ledger holds.
    clock_back : tuple of int
        Entries before which the clock was set back, by more than a minute: nothing is wrong with
        the chain, and their times cannot be relied on.
    """

    entries: int
    records: int
    head: Head | None
    end: int
    findings: tuple[Finding, ...]
    clock_back: tuple[int, ...] = ()


def unwatched(_share: float, _words: str) -> None:
    """Ignore progress."""


def verify(
    folder: Path,
    public: bytes,
    printed: Iterable[tuple[int, str]] = (),
    progress: Progress = unwatched,
) -> Verified:
    """Verify the ledger in `folder` with the station's public key; nothing is changed.

    Parameters
    ----------
    folder : Path
        The station's folder.
    public : bytes
        The 32 bytes of the key.
    printed : iterable of (int, str)
        Heads from printed reports: number and SHA-256.
    progress : callable (share, words)
        Told how far the work is; what it raises ends the verification.

    Raises
    ------
    LedgerError
        When there is no ledger.
    """
    path = folder / DATABASE
    if not path.is_file():
        raise LedgerError("there is no ledger", str(path), "name the station's folder")
    signed, findings = _genuine(public), _Findings()
    head, unreadable = None, ""
    try:
        head = read_head(folder / HEAD)
    except LedgerError as error:
        unreadable = error.what
    asked = [(number, sha256, "the printed head") for number, sha256 in printed]
    if head is not None:
        asked.append((head.number, head.sha256, "the head"))
    walk = _Walk(signed, {number for number, _, _ in asked})
    try:
        with closing(_opened(path)) as connection:
            _check_database(connection, walk, findings, progress)
    except UNREADABLE as error:
        last = f"it cannot be read after entry {walk.number} ({error})"
        findings.add(Finding("file_damaged", DATABASE, last))
    else:
        if unreadable:
            findings.add(Finding("head_false", HEAD, unreadable))
        elif head is None and walk.number:
            findings.add(Finding("head_missing", HEAD, "nothing says how far the chain reached"))
        elif head is not None and not _made(head, public, signed):
            findings.add(Finding("head_false", HEAD, "the station did not sign it"))
        findings.add_all(_check_reach(asked, walk))
    return Verified(walk.count, walk.records, head, walk.number, tuple(findings.kept),
                    tuple(walk.clock_back))  # fmt: skip


def _is_back(before: str, now: str) -> bool:
    with suppress(ValueError, TypeError, OverflowError):  # whatever stands there as a time
        return seconds(now, before) > BACKWARDS_S
    return False


class _Findings:
    """Collects what is wrong: each place once for each reason, and not without end."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self._seen: set[tuple[str, str]] = set()

    def add(self, finding: Finding) -> None:
        key = (finding.code, finding.where)
        if len(self.kept) < _MOST and key not in self._seen:
            self._seen.add(key)
            self.kept.append(finding)

    def add_all(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.add(finding)


def _opened(path: Path) -> sqlite3.Connection:
    """Open a database that may be hostile, for reading; TEXT comes as bytes."""
    log = path.with_name(path.name + "-wal")
    still = not os.access(path.parent, os.W_OK) and not log.exists()  # a disc, for example
    mode = "immutable=1" if still else "mode=ro"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)
    connection.text_factory = bytes
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    most = max(_STEPS_AT_LEAST, path.stat().st_size * _STEPS_A_BYTE) // _STEPS
    looks = iter(range(most))
    connection.set_progress_handler(lambda: next(looks, None) is None, _STEPS)
    for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _check_database(
    connection: sqlite3.Connection, walk: _Walk, findings: _Findings, progress: Progress
) -> None:
    connection.execute("BEGIN")
    progress(0.0, "looking at the file")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        findings.add(Finding("file_damaged", DATABASE, "it does not say that it is a ledger"))
    whole, tables = schema_is_ours(connection)
    if not whole:
        findings.add(Finding("schema_altered", DATABASE, "tables or triggers were changed"))
    else:
        for (said,) in connection.execute("PRAGMA integrity_check(10)"):
            if said != b"ok":
                findings.add(Finding("file_damaged", DATABASE, said.decode("utf-8", "replace")))
    if not tables:
        raise sqlite3.DatabaseError("its tables are not those of a ledger")
    # Not by an index: what an index says may differ from what the table holds.
    (last,) = connection.execute("SELECT max(number) FROM audit").fetchone()
    entries = "SELECT number, line, sha256, signature FROM audit NOT INDEXED ORDER BY number"
    for row in connection.execute(entries):
        findings.add_all(walk.take(*row))
        if walk.count % _TOLD_EVERY == 0 and isinstance(last, int):
            progress(min(1.0, walk.count / last), f"entry {walk.count} of {last}")
    progress(1.0, "records")
    records = "SELECT kind, id, revision, latest, salt, body FROM revisions NOT INDEXED"
    for row in connection.execute(records):
        findings.add_all(walk.take_record(row))
    findings.add_all(
        Finding("record_missing", _name(*key), "it was written and is not there")
        for key in walk.due
    )


@dataclass(eq=False)
class _Walk:
    """Takes the entries one after the other, then the records that they tell of."""

    signed: Genuine
    asked: set[int]
    number: int = 0
    sha256: str = FIRST
    count: int = 0
    records: int = 0
    time: str = ""
    clock_back: list[int] = field(default_factory=list)
    hashes: dict[int, str] = field(default_factory=dict)  # of the numbers that were asked for
    due: dict[tuple[str, str, int], str] = field(default_factory=dict)  # revision -> its digest
    newest: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    removed: dict[tuple[str, str], int] = field(default_factory=dict)  # newest without content

    def take(self, number: int, line: Any, sha256: Any, signature: Any) -> Iterator[Finding]:
        self.count += 1
        if number != self.number + 1:
            missing = span(self.number + 1, number - 1)
            yield Finding("entry_missing", missing, "the numbers have a gap")
        data = line if isinstance(line, bytes) else b""
        previous, self.number, self.sha256 = self.sha256, number, digest(data)
        if number in self.asked:
            self.hashes[number] = self.sha256
        where = span(number, number)
        try:
            entry = read_entry(data)
        except LedgerError as error:
            yield Finding("entry_altered", where, error.what)
            return
        if self.sha256.encode() != sha256:
            yield Finding("entry_altered", where, "it is not what the station wrote")
        elif not self.signed(data, signature):
            yield Finding("not_signed", where, "the station did not sign it")
        elif entry.number != number:
            yield Finding("entry_moved", where, f"it was written as entry {entry.number}")
        elif entry.previous != previous:
            yield Finding("entry_altered", where, "it does not follow the entry before it")
        if entry.act == CUT:
            yield Finding("chain_cut", where, "the program found the chain cut there")
        if entry.time < self.time and _is_back(self.time, entry.time):
            self.clock_back.append(number)
        self.time = entry.time
        yield from self._note(entry, where)

    def _note(self, entry: Entry, where: str) -> Iterator[Finding]:
        record = (entry.kind, entry.id)
        newest, after = self.newest.get(record, (0, ""))
        removed = self.removed.get(record, 0)
        if not entry.revision:
            if entry.act == REDACTED:
                self.removed[record] = newest
            return
        if entry.revision != newest + 1:
            yield Finding("record_missing", _name(*record, newest + 1), f"{where} has a later one")
        elif entry.before != ("" if newest and removed == newest else after):
            yield Finding("entry_altered", where, "it was not made from the record before it")
        self.newest[record] = (entry.revision, entry.after)
        self.due[(*record, entry.revision)] = entry.after

    def take_record(self, row: Sequence[Any]) -> Iterator[Finding]:
        kind, id_, revision, latest, salt, body = row
        self.records += 1
        record = _text(kind), _text(id_)
        name = _name(*record, revision)
        due = self.due.pop((*record, revision), None)
        if due is None:
            yield Finding("record_unknown", name, "no entry says who made it")
            return
        gone = self.removed.get(record, 0) >= revision
        if body is None:
            if not gone:
                yield Finding("record_missing", name, "its content is gone, and no entry says why")
        elif gone:
            yield Finding("record_altered", name, "an entry says that its content was removed")
        elif _digest(salt, body) != due:
            yield Finding("record_altered", name, "it is not what was written")
        if latest != (1 if self.newest[record][0] == revision else 0):
            yield Finding("record_altered", name, "it is marked as the latest wrongly")


def _made(head: Head, public: bytes, signed: Genuine) -> bool:
    return head.key == key_id(public) and signed(head.payload(), head.signature.encode())


def _check_reach(asked: Iterable[tuple[int, str, str]], walk: _Walk) -> Iterator[Finding]:
    for number, sha256, what in asked:
        if number > walk.number:
            missing = span(walk.number + 1, number)
            yield Finding("chain_cut", missing, f"{what} names an entry that is not there any more")
        elif walk.hashes.get(number, FIRST if number == 0 else "") != sha256:
            yield Finding("chain_cut", span(number, number), f"{what} names another entry there")


def _genuine(public: bytes) -> Genuine:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = Ed25519PublicKey.from_public_bytes(public)

    def genuine(data: bytes, signature: bytes) -> bool:
        try:
            plain = base64.b64decode(signature, validate=True)
            key.verify(plain, data)
        except (InvalidSignature, ValueError, TypeError):
            return False
        return base64.b64encode(plain) == signature  # base64 can write the same in several ways

    return genuine


def _digest(salt: Any, body: Any) -> str:
    try:
        plain = bytes.fromhex(salt.decode("ascii"))
        same = plain.hex().encode() == salt  # not in capitals, no blanks
        return content_digest(plain, body) if same else ""
    except (ValueError, TypeError, AttributeError):
        return ""


def span(first: int, last: int) -> str:
    """Return the place of one entry or several, in words."""
    return f"entry {first}" if last <= first else f"entry {first} to {last}"


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else f"<{value}>"


def _name(kind: str, id_: str, revision: Any) -> str:
    number = _text(revision) if isinstance(revision, bytes) else revision
    return f"{kind} {id_}, revision {number}"
