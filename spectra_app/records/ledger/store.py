"""The ledger: records with all their revisions, written together with the acts that made them.

Every change is one transaction: the new revisions, the entries of the chain that say who made them
and why, and the index. When `Ledger.writing` has ended without an error, all of it is on the disk
and the head says so; otherwise nothing of it is there.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from spectra_app.errors import AlteredError, LedgerError, RecordError
from spectra_app.records.durable import make_folders, private_file, sync_folder
from spectra_app.records.ledger.chain import CUT, FIRST, Entry, read_entry
from spectra_app.records.ledger.head import Head, StationKey, read_head, write_head
from spectra_app.records.ledger.kept_proof import KEPT, keep, take
from spectra_app.records.ledger.proof import Proof
from spectra_app.records.ledger.record import R, Stored, read_body
from spectra_app.records.ledger.schema import migrate
from spectra_app.records.ledger.writing import Writing, end_of, is_broken, ledger_error

DATABASE = "station.db"
HEAD = "head.json"
PROGRAM = "program"
BUSY_S = 30.0  # how long a writer waits for another process
KEEP_AFTER = 10_000
"""Entries that are read anew at most in the next run of the program (see `kept_proof`)."""

_ALL = """
SELECT id, revision, salt, body FROM revisions
WHERE kind = :kind AND latest = 1 AND body IS NOT NULL ORDER BY rowid
"""
_WITH_KEYS = """
SELECT id, revision, salt, body FROM revisions AS r
WHERE kind = :kind AND latest = 1 AND body IS NOT NULL
    AND id IN (SELECT id FROM keys WHERE kind = :kind AND field = :field AND value = :value)
    AND NOT EXISTS (
        SELECT 1 FROM json_each(:others) AS other WHERE NOT EXISTS (
            SELECT 1 FROM keys WHERE kind = :kind AND id = r.id
                AND field = other.value ->> 0 AND value = other.value ->> 1))
ORDER BY rowid
"""
_LATEST = """
SELECT id, revision, salt, body FROM revisions WHERE kind = ? AND id = ? AND latest = 1
"""
_REVISIONS = """
SELECT id, revision, salt, body FROM revisions WHERE kind = ? AND id = ? ORDER BY revision
"""


class Ledger:
    """The database of a station.

    One connection, shared by the threads of this process under a lock; other processes may use the
    same folder at the same time.

    Parameters
    ----------
    folder : Path
        Where it lies; made when missing.
    key : StationKey
        Signs every entry and the head.
    clock : callable
        Returns the time, ISO 8601 in UTC.

    Raises
    ------
    LedgerError
        When it cannot be opened, or is not a ledger of this program.
    AlteredError
        When it is empty, and its head names an entry.
    """

    def __init__(self, folder: Path, key: StationKey, clock: Callable[[], str]) -> None:
        self.folder = folder
        self.key = key
        self.clock = clock
        self._lock = threading.RLock()
        self._proof = self._nothing_read()
        self._kept = 0  # the last entry that is in the file of what the chain says
        self._unsure: tuple[int, Proof | None] | None = None  # of a transaction: where it began
        self._knew: Head | None = None  # the last head that was told: what is put back must hold it
        self._broken = self._was_away = False
        make_folders(folder)
        with self._told():
            self._connection = connect(folder / DATABASE)
            migrate(self._connection, str(folder / DATABASE))
            sync_folder(folder)
            self._file = (folder / DATABASE).stat()
        try:
            self._check_head()
            with self._told():
                self._knew = self._end()
        except LedgerError:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def writing(self, user: str) -> Iterator[Writing]:
        """Write as `user`: all that is put within is kept together, or none of it.

        Raises
        ------
        LedgerError
            When it cannot be kept: nothing of it is there then.
        """
        with self._lock:
            with self._transaction(user) as writing:
                yield writing
            head = writing.last
            if head is not None:
                self._knew = head
                self._advance(head)

    @contextmanager
    def _transaction(self, user: str) -> Iterator[Writing]:
        with self._told():
            self._check_there(probe=True)
            self._connection.execute("BEGIN IMMEDIATE")
        writing = Writing(self._connection, self.key, user, self.clock())
        try:
            self._unsure = (end_of(self._connection)[0], None)
            yield writing
            self._check_there()
            with self._told():
                self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        finally:
            self._unsure = None

    def _check_there(self, *, probe: bool = False) -> None:
        """Refuse to write into a file that was deleted or exchanged: it goes when it is closed.

        A disk that was pulled out and put back looks exchanged, too; a `probe` tells the two apart.
        """
        path, there = self.folder / DATABASE, self._is_there()
        if probe and path.exists() and (self._was_away or not there):
            there = self._failed_and_is_back()
        self._was_away = not path.exists()
        if not there:
            raise LedgerError(
                "the ledger's file was taken away or exchanged while it was in use; nothing of "
                "this was kept",
                str(path),
                "put the disk or the file back and try again, or start the program again",
            )

    def _is_there(self) -> bool:
        try:
            return os.path.samestat((self.folder / DATABASE).stat(), self._file)
        except OSError:
            return False

    def _failed_and_is_back(self) -> bool:
        """Write nothing new into the file that is open: when its disk is gone, open it anew."""
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        try:
            self._connection.execute(f"PRAGMA user_version = {int(version)}")
        except sqlite3.Error as error:
            if not is_broken(error, str(self.folder)):
                raise
            self._broken = True
            self._connect_again()
        return self._is_there()

    @contextmanager
    def _snapshot(self) -> Iterator[Proof]:
        """Read one state of the database, together with what the chain says of it."""
        with self._lock, self._told():
            alone = not self._connection.in_transaction
            if alone:
                self._connection.execute("BEGIN")
            try:
                yield self._proven()
            finally:
                if alone:
                    self._connection.execute("ROLLBACK")

    def _nothing_read(self) -> Proof:
        return Proof(lambda line, signature: self.key.sign(line) == signature)

    def _proven(self) -> Proof:
        if not self._proof.number:
            take(self._proof, self.folder / KEPT, self.key.sign, self._connection)
            self._kept = self._proof.number
        if self._unsure is None:
            self._proof.read_on(self._connection)
            if self._proof.number - self._kept >= KEEP_AFTER and not self._proof.broken:
                self._kept = self._proof.number
                keep(self._proof, self.folder / KEPT, self.key.sign)
            return self._proof
        began, proof = self._unsure
        if proof is None:
            self._proof.read_on(self._connection, began)
            proof = self._proof.above()
            self._unsure = (began, proof)
        proof.read_on(self._connection, ours=True)
        return proof

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for queries that see one state of the database."""
        with self._lock, self._told():
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.execute("ROLLBACK")

    def get(self, kind: type[R], id_: str) -> Stored[R]:
        """Return a record as it is now.

        Raises
        ------
        RecordError
            When there is none, or its content was removed.
        AlteredError
            When it is not what the chain says of it; so with everything that is read here.
        """
        with self._snapshot() as proof:
            row = self._connection.execute(_LATEST, (kind.KIND, id_)).fetchone()
            if row is None:
                proof.check_missing(kind.KIND, id_)
            else:
                proof.check(kind.KIND, row)
        if row is None or row[3] is None:
            why = "there is no such record" if row is None else "its content was removed"
            raise RecordError(why, f"{kind.KIND} {id_}", "look it up in the list")
        return Stored(read_body(row[3], kind), row[1])

    def find(self, kind: type[R], **equal: str) -> list[Stored[R]]:
        """Return all records of a kind with those keys (`Record.keys`), oldest first."""
        (field, value), *others = equal.items() or [("", "")]
        asked = {"kind": kind.KIND, "field": field, "value": value, "others": json.dumps(others)}
        query = _WITH_KEYS if equal else _ALL
        with self._lock, self._told():
            if not self._proof.number and not self._connection.execute(query, asked).fetchone():
                return []  # asked before anybody logs in, so that opening does not read the chain
        with self._snapshot() as proof:
            rows = self._connection.execute(query, asked).fetchall()
            if not equal:
                proof.check_count(kind.KIND, len(rows))
            for row in rows:
                proof.check(kind.KIND, row)
        return [Stored(read_body(body, kind), revision) for _id, revision, _salt, body in rows]

    def history(self, kind: type[R], id_: str) -> list[Stored[R] | None]:
        """Return every revision of a record, oldest first; None where content was removed."""
        with self._snapshot() as proof:
            rows = self._connection.execute(_REVISIONS, (kind.KIND, id_)).fetchall()
            for row in rows:
                if row[3] is not None:
                    proof.check(kind.KIND, row, latest=row is rows[-1])
        return [Stored(read_body(row[3], kind), row[1]) if row[3] else None for row in rows]

    def check_whole(self) -> None:
        """Check that the chain is whole, before something goes out that rests on it.

        Raises
        ------
        AlteredError
            When an entry is missing, or is not what the station wrote.
        """
        with self._snapshot() as proof:
            proof.check_whole(self._connection)

    def entries(self, first: int = 1, count: int = -1) -> list[Entry]:
        """Return entries of the chain from number `first` on; all of them by default."""
        query = "SELECT line FROM audit WHERE number >= ? ORDER BY number LIMIT ?"
        with self._lock, self._told():
            rows = self._connection.execute(query, (first, count)).fetchall()
        return [read_entry(line.encode("ascii")) for (line,) in rows]

    def head(self) -> Head:
        """Return the head: number 0 for an empty chain.

        A head that could not be written when its entries were (full disk) is written now.

        Raises
        ------
        LedgerError
            When its file is damaged or cannot be written.
        """
        with self._lock, self._told():
            there, end = read_head(self.folder / HEAD), self._end()
            if there is not None and there.number >= end.number:
                return there
            write_head(self.folder / HEAD, end)
            return end

    def tidy(self) -> None:
        """Overwrite what removed content has left in the files (index and write-ahead log)."""
        with self._lock, self._told():
            self._connection.execute("INSERT INTO words (words) VALUES ('optimize')")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _advance(self, head: Head) -> None:
        """Write the head of what was committed: from here on nothing may say that it was not."""
        try:
            write_head(self.folder / HEAD, head)
        except OSError:
            return  # it stays behind, which every verifier allows, until `head` or the next act
        except LedgerError:
            with suppress(LedgerError):  # the next act and the next opening find it damaged, too
                self._tell_cut(0, head.number)

    def _end(self) -> Head:
        """Return the head of the chain as it is."""
        number, sha256 = end_of(self._connection)
        if not number:
            return self.key.head(0, FIRST, "")
        ((line,),) = self._connection.execute("SELECT line FROM audit WHERE number = ?", (number,))
        return self.key.head(number, sha256, read_entry(line.encode()).time)

    def _check_head(self) -> None:
        """Bring the head up to the chain, or write into the chain that it was cut: for all to see.

        There is a head from before the first entry on, so that none can be missing. A chain that is
        gone as a whole is refused, with nothing changed: nobody could log in, and the head is what
        the chain that is put back will be told by.

        Raises
        ------
        AlteredError
            When there is no entry at all, and the head names one.
        """
        with self._told():
            head, end = self._head_before_end()
            if head is None and end.number:  # or another process has begun it just now
                head, end = self._head_before_end()
            if head is None and not end.number:
                write_head(self.folder / HEAD, end, lower=True)
                return
            if head is not None and head.number and not end.number:
                raise _gone(head.number, self.folder)
            if self._reaches(head):
                if head is not None and head.number < end.number:
                    self._advance(end)
                return
        self._tell_cut(head.number if head else 0, end.number)

    def _head_before_end(self) -> tuple[Head | None, Head]:
        """Read the head first: the chain may grow at any time."""
        try:
            head = read_head(self.folder / HEAD)
        except LedgerError:
            head = None
        return head, self._end()

    def _reaches(self, head: Head | None) -> bool:
        """Return whether the chain holds the entry that a head of this station names."""
        if head is None or not self.key.made(head):
            return False
        query = "SELECT sha256 FROM audit WHERE number = ?"
        row = self._connection.execute(query, (head.number,)).fetchone()
        return head.sha256 == (row[0] if row else FIRST) and (row is not None or not head.number)

    def _tell_cut(self, head: int, end: int) -> None:
        with self._transaction(PROGRAM) as writing:
            writing.note(CUT, {"head": head, "end": end})
        with self._told():
            write_head(self.folder / HEAD, self._end(), lower=True)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            if self._broken and self._unsure is None:
                self._connect_again()
            yield
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            self._broken |= is_broken(error, str(self.folder))
            raise ledger_error(error, str(self.folder)) from error

    def _connect_again(self) -> None:
        """Open the file anew when its disk failed: it may have been put back.

        The old connection is closed first: with its disk gone it can remove nothing; with the disk
        there after all, it leaves everything in the file.
        """
        path = self.folder / DATABASE
        if not (path.is_file() and (self.folder / HEAD).is_file()):  # nothing is made in its place
            raise LedgerError(
                "the disk with the ledger is not there; nothing of this was kept",
                str(path),
                "put it back, then try again",
            )
        with suppress(sqlite3.Error):
            self._connection.close()
        self._connection = connect(path)
        if self._knew is not None and not self._reaches(self._knew):
            self._connection.close()
            raise LedgerError(
                f"what was put back does not hold entry {self._knew.number}, which was there; "
                "nothing of this was kept",
                str(path),
                "put back the disk that was here, and tell the supervisor",
            )
        self._file = path.stat()
        self._proof, self._kept = self._nothing_read(), 0
        self._broken = False


def _gone(number: int, folder: Path) -> AlteredError:
    return AlteredError(
        f"this station had {number} entries, and they are gone: its database is empty",
        str(folder / DATABASE),
        "put the database back, or restore a backup elsewhere; to begin anew, move the whole data "
        "folder away and keep it",
    )


def connect(path: Path) -> sqlite3.Connection:
    """Open a database the way the ledger needs it: nothing acknowledged is lost in a power cut."""
    private_file(path)
    connection = sqlite3.connect(
        path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
    )
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON",
                   "secure_delete = ON", "trusted_schema = OFF"):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}")
    return connection
