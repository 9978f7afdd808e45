"""One transaction of the ledger: revisions, the entries that say who made them, and the index."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace

from spectra_app.errors import LedgerError, RecordError
from spectra_app.records.ledger.chain import (
    FIRST,
    SALT_BYTES,
    Detail,
    Entry,
    content_digest,
    digest,
)
from spectra_app.records.ledger.head import Head, StationKey
from spectra_app.records.ledger.record import Record, body_of, read_body, text_of

REDACTED = "content removed"
LEAST_ROOM = 1 << 16  # bytes: SQLite asks for 32 KiB to open a database
_NOW = "SELECT revision, salt, body FROM revisions WHERE kind = ? AND id = ? AND latest = 1"
_OUTDATE = "UPDATE revisions SET latest = 0 WHERE kind = ? AND id = ? AND latest = 1"
_INSERT = """
INSERT INTO revisions (kind, id, revision, latest, salt, body) VALUES (?, ?, ?, 1, ?, ?)
"""
_LOG_INS = "SELECT hash, failures, wait_until FROM secrets WHERE user = ?"
_FIRST = "SELECT rowid FROM revisions WHERE kind = ? AND id = ? AND revision = 1"


@dataclass(frozen=True, slots=True)
class Secret:
    """What is kept about log-ins under a name.

    Parameters
    ----------
    hash : str
        Of the password (PHC string); empty for a name that nobody has.
    failures : int
        Log-ins that failed since the last one that did not.
    wait_until : str
        No log-in before this time; ISO 8601 in UTC, or empty.
    """

    hash: str = ""
    failures: int = 0
    wait_until: str = ""


class Writing:
    """One transaction: what is put here is kept when it ends."""

    def __init__(
        self, connection: sqlite3.Connection, key: StationKey, user: str, time: str
    ) -> None:
        self._connection = connection
        self._key = key
        self.user = user
        self.time = time
        self._last: tuple[int, str] | None = None
        self.marks: Mapping[str, Detail] = {}
        """What every entry says in addition: that it is a demonstration."""

    @property
    def last(self) -> Head | None:
        """The head after what was put until now; None when nothing was."""
        return None if self._last is None else self._key.head(*self._last, self.time)

    def put(
        self,
        record: Record,
        act: str,
        *,
        after: int = 0,
        details: Mapping[str, Detail] | None = None,
    ) -> int:
        """Put a new record, or the next revision of one; return its revision.

        Parameters
        ----------
        record : Record
            Its whole new content.
        act : str
            What was done.
        after : int
            Revision that the change was made from; 0 for a new record.
        details : mapping, optional
            Reason and circumstances, without personal data.

        Raises
        ------
        RecordError
            When somebody else has changed it since, or the record is there already.
        """
        kind = type(record).KIND
        row = self._execute(_NOW, (kind, record.id)).fetchone()
        there = 0 if row is None else int(row[0])
        if there != after:
            raise RecordError(
                "somebody else has changed it since, or it is there already",
                f"{kind} {record.id}",
                "look at it again and repeat the change",
            )
        revision, salt, body = there + 1, secrets.token_bytes(SALT_BYTES), body_of(record)
        if there:
            self._execute(_OUTDATE, (kind, record.id))
        text = body.decode("ascii")
        self._execute(_INSERT, (kind, record.id, revision, salt.hex(), text))
        self._index(kind, record)
        before, now = _digest_of(row), content_digest(salt, body)
        entry = Entry(0, self.time, self.user, act, kind, record.id, revision, before, now)
        self._enter(replace(entry, details=details or {}))
        return revision

    def note(self, act: str, details: Mapping[str, Detail] | None = None) -> None:
        """Enter an act that changes no record."""
        self._enter(Entry(0, self.time, self.user, act, details=details or {}))

    def remove_content(self, kind: str, id_: str, why: str) -> None:
        """Take the content out of every revision of a record; the chain stays as it is.

        Nothing of it is left in the file once `Ledger.tidy` was called.

        Raises
        ------
        RecordError
            When there is no such record.
        """
        changed = self._execute(
            "UPDATE revisions SET body = NULL, salt = NULL WHERE kind = ? AND id = ?"
            " AND body IS NOT NULL",
            (kind, id_),
        ).rowcount
        if not changed:
            raise RecordError("there is no content to remove", f"{kind} {id_}", "check the name")
        self._forget(kind, id_)
        self._enter(Entry(0, self.time, self.user, REDACTED, kind, id_, details={"why": why}))

    def secret(self, user: str) -> Secret | None:
        """Return the password hash and counters of a user; None when there are none."""
        row = self._execute(_LOG_INS, (user,)).fetchone()
        return None if row is None else Secret(*row)

    def set_secret(self, user: str, secret: Secret) -> None:
        """Keep the password hash and counters of a user: no part of the record."""
        self._execute(
            "INSERT OR REPLACE INTO secrets (user, hash, failures, wait_until) VALUES (?, ?, ?, ?)",
            (user, secret.hash, secret.failures, secret.wait_until),
        )

    def forget_secrets(self, pattern: str, before: str) -> None:
        """Forget the counters of names like `pattern` (SQL) whose wait was over `before`."""
        self._execute("DELETE FROM secrets WHERE user LIKE ? AND wait_until < ?", (pattern, before))

    def reindex(self, kind: str, id_: str, form: type[Record] | None) -> None:
        """Make the index of a record anew; what is not there, or of no known form, has none."""
        row = self._execute(_NOW, (kind, id_)).fetchone()
        if row is None or row[2] is None or form is None:
            self._forget(kind, id_)
        else:
            self._index(kind, read_body(row[2], form))

    def _enter(self, entry: Entry) -> None:
        number, previous = end_of(self._connection)
        details = {**entry.details, **self.marks}
        whole = replace(entry, number=number + 1, previous=previous, details=details)
        line = whole.line()
        sha256 = digest(line)
        self._execute(
            "INSERT INTO audit (number, line, sha256, signature) VALUES (?, ?, ?, ?)",
            (whole.number, line.decode("ascii"), sha256, self._key.sign(line)),
        )
        self._last = (whole.number, sha256)

    def _index(self, kind: str, record: Record) -> None:
        self._forget(kind, record.id)
        for field, value in set(record.keys()):
            self._execute("INSERT INTO keys VALUES (?, ?, ?, ?)", (kind, field, value, record.id))
        first = self._execute(_FIRST, (kind, record.id)).fetchone()
        self._execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (*first, text_of(record)))

    def _forget(self, kind: str, id_: str) -> None:
        self._execute("DELETE FROM keys WHERE kind = ? AND id = ?", (kind, id_))
        self._execute(f"DELETE FROM words WHERE rowid = ({_FIRST})", (kind, id_))  # noqa: S608

    def _execute(self, sql: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, values)
        except sqlite3.Error as error:
            raise ledger_error(error, "") from error


def end_of(connection: sqlite3.Connection) -> tuple[int, str]:
    """Return number and hash of the last entry of a chain."""
    row = connection.execute(
        "SELECT number, sha256 FROM audit ORDER BY number DESC LIMIT 1"
    ).fetchone()
    return (0, FIRST) if row is None else (int(row[0]), str(row[1]))


def _digest_of(row: tuple[int, str | None, str | None] | None) -> str:
    if row is None or row[1] is None or row[2] is None:
        return ""
    return content_digest(bytes.fromhex(row[1]), row[2].encode("ascii"))


def _is_full(where: str) -> bool:
    """Tell whether a disk has no room: SQLite calls that a fault of the disk when it opens."""
    try:
        return shutil.disk_usage(where).free < LEAST_ROOM
    except OSError:
        return False


def is_broken(error: Exception, where: str) -> bool:
    """Tell whether the disk failed, so that only opening the file anew can help."""
    return "disk I/O" in str(error) and isinstance(error, sqlite3.Error) and not _is_full(where)


def ledger_error(error: Exception, where: str) -> LedgerError:
    """Put what the database or the system refused into words."""
    said = str(error)
    if "full" in said or "No space" in said or ("disk I/O" in said and _is_full(where)):
        what, remedy = "the disk is full", "free some space and try again"
    elif "locked" in said:
        what, remedy = "another program holds the ledger", "wait for it, or end it"
    elif isinstance(error, FileNotFoundError):
        what, remedy = "the ledger's folder is not there", "put the disk back, then try again"
    elif "disk I/O" in said or "Input/output" in said:
        what = "the disk did not read or write what it was asked to"
        remedy = "see whether it is full or was taken out, and try again; keep the folder as it is"
    elif "malformed" in said or "not a database" in said:
        what = "the ledger's file is damaged"
        remedy = "keep the folder as it is, tell the supervisor, and restore a backup elsewhere"
    elif "only grow" in said or "never" in said:
        what, remedy = "the ledger does not allow that", "tell the maker of the program"
    else:
        what, remedy = "the ledger cannot be used", "check the folder and its permissions"
    return LedgerError(f"{what} ({said}); nothing of this was kept", where, remedy)
