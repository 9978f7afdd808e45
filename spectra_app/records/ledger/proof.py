"""What the chain says of every record: read once, then only what was entered since.

So that no record is believed that was changed, put there, hidden or put back behind the program's
back: every content that `Ledger` reads is compared with its digest in the chain. The chain itself
is believed from its end, which the station signed, backwards by the hashes; what nothing vouches
for says nothing. That costs some microseconds for each entry; so what a long chain says is kept,
signed, for the next run of the program (`kept_proof`), which reads the entries before it again
only when something goes out (`Proof.check_whole`).
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import ChainMap, Counter
from collections.abc import Callable, Mapping, MutableMapping
from copy import copy
from sys import maxsize

import msgspec

from spectra_app.errors import AlteredError
from spectra_app.records.ledger.chain import FIRST, content_digest
from spectra_app.records.ledger.writing import REDACTED

_LINES = """
SELECT number, CAST(line AS BLOB) FROM audit WHERE number > ? AND number <= ? ORDER BY number
"""
_BYTES = 32  # of a digest
_AT_ONCE = 10_000  # entries that are held before they are vouched for
_SIGNED = "SELECT line, signature FROM audit WHERE number = ?"
RESTORE = "run 'spectra audit verify', tell the supervisor, and restore the last backup that holds"

Row = tuple[str, int, str | None, str | None]
"""Id, revision, salt and body, as they lie there."""


class _Line(msgspec.Struct, frozen=True, gc=False):
    """What is looked at of an entry."""

    previous: str
    act: str
    kind: str
    id: str
    revision: int
    after: str


_decode = msgspec.json.Decoder(_Line).decode


class Proof:
    """What the chain says, as far as it was read.

    Parameters
    ----------
    signed : callable (line, signature) -> bool
        Tells whether the station signed a line.
    """

    def __init__(self, signed: Callable[[bytes, str], bool]) -> None:
        self._signed = signed
        self.number = 0
        self.sha256 = FIRST
        self.broken = 0
        """The first entry that nothing vouches for, or that is missing; 0 for none."""
        self._kept = 0  # the last entry that an earlier run has read, not this one
        self.digests: dict[str, MutableMapping[str, bytes]] = {}
        """By kind and id: the digests of all revisions, one after the other."""
        self._live: Counter[str] = Counter()

    def take_kept(
        self, number: int, sha256: str, digests: Mapping[str, MutableMapping[str, bytes]]
    ) -> None:
        """Begin with what an earlier run has read, up to an entry that is in the chain."""
        self.number, self.sha256, self._kept = number, sha256, number
        self.digests = dict(digests)
        self._live.update({kind: sum(map(bool, many.values())) for kind, many in digests.items()})

    def above(self) -> Proof:
        """Return one that goes on by itself from here: for what may yet be rolled back."""
        other = copy(self)
        other.digests = {kind: ChainMap({}, many) for kind, many in self.digests.items()}
        other._live = self._live.copy()  # noqa: SLF001
        return other

    def read_on(
        self, connection: sqlite3.Connection, until: int = maxsize, *, ours: bool = False
    ) -> None:
        """Read what was entered since; `ours` is what this very transaction has entered.

        Parameters
        ----------
        until : int
            The last entry to read.
        """
        run: list[_Line] = []  # they follow each other, up to the last one that was read
        for number, raw in connection.execute(_LINES, (self.number, until)):
            line = _read(raw)
            if line is None or number != self.number + 1 or line.previous != self.sha256:
                self._take(run, connection, ours=ours)
                self._break_at(self.number + 1)
                run = []
            self.number, self.sha256 = number, hashlib.sha256(raw).hexdigest()
            if line is not None:
                run.append(line)
            if len(run) % _AT_ONCE == 0 and run and self._is_signed(number, connection):
                self._take(run, connection, ours=ours)
                run = []
        self._take(run, connection, ours=ours)

    def check(self, kind: str, row: Row, *, latest: bool = True) -> None:
        """Compare content with the chain.

        Raises
        ------
        AlteredError
            When it is not what the chain says of it.
        """
        id_, revision, salt, body = row
        said = self._said(kind, id_)
        count = len(said) // _BYTES
        there = count == revision if latest else 0 < revision <= count
        if body is None or salt is None:
            if said:
                raise _altered(kind, id_, "its content is gone, and no entry says that")
            return
        if not there or _digest(salt, body) != said[_BYTES * (revision - 1) : _BYTES * revision]:
            raise _altered(kind, id_, f"revision {revision} is not what the audit chain says of it")

    def check_missing(self, kind: str, id_: str) -> None:
        """Check that a record that is not there was never there."""
        if self._said(kind, id_):
            raise _altered(kind, id_, "it is gone, and no entry says that")

    def check_count(self, kind: str, count: int) -> None:
        """Check that so many records of a kind are there."""
        if self._live[kind] != count:
            raise AlteredError(
                f"the audit chain tells of {self._live[kind]} records of kind {kind!r}, and "
                f"{count} are there",
                kind,
                RESTORE,
            )

    def check_whole(self, connection: sqlite3.Connection) -> None:
        """Check that every entry is vouched for: an altered one may have told of any record.

        What an earlier run has read is read again, once.

        Raises
        ------
        AlteredError
            Which says the first that is not.
        """
        if self._kept:
            again = Proof(self._signed)
            again.read_on(connection, self._kept)
            if again.number != self._kept:
                again._break_at(again.number + 1)
            self._kept = 0
            if again.broken:
                self._break_at(again.broken)
        if self.broken:
            raise AlteredError(
                f"the audit chain is altered at entry {self.broken}", "audit chain", RESTORE
            )

    def _take(self, run: list[_Line], connection: sqlite3.Connection, *, ours: bool) -> None:
        """Take in entries that hang together, up to the last one that the station signed."""
        last = self.number
        while run and not ours and not self._is_signed(last, connection):
            run.pop()
            self._break_at(last)
            last -= 1
        for line in run:
            if line.kind:
                self._enter(line)

    def _is_signed(self, number: int, connection: sqlite3.Connection) -> bool:
        ((line, signature),) = connection.execute(_SIGNED, (number,))
        return self._signed(str(line).encode(), str(signature))

    def _break_at(self, number: int) -> None:
        self.broken = min(self.broken or number, number)

    def _enter(self, line: _Line) -> None:
        many = self.digests.get(line.kind)
        if many is None:
            many = self.digests[line.kind] = {}
        told = many.get(line.id, b"")
        if line.revision:
            # An entry is missing, or content was removed before: no content has those digests.
            now = told.ljust(_BYTES * (line.revision - 1), b"\0") + bytes.fromhex(line.after)
        elif line.act == REDACTED:
            now = b""
        else:
            return
        many[line.id] = now
        if not told or not now:
            self._live[line.kind] += bool(now) - bool(told)

    def _said(self, kind: str, id_: str) -> bytes:
        many = self.digests.get(kind)
        return b"" if many is None else many.get(id_, b"")


def _read(raw: bytes) -> _Line | None:
    try:
        return _decode(raw)
    except msgspec.DecodeError:
        return None


def _digest(salt: str, body: str) -> bytes:
    try:
        return bytes.fromhex(content_digest(bytes.fromhex(salt), body.encode()))
    except (ValueError, TypeError, AttributeError):
        return b"?"


def _altered(kind: str, id_: str, what: str) -> AlteredError:
    return AlteredError(f"{what}: it was changed by another way", f"{kind} {id_}", RESTORE)
