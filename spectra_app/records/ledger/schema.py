"""Tables of the ledger, and the numbered steps that lead to them from any earlier version.

``audit`` is the chain. ``revisions`` holds every state that a record ever had, as canonical JSON;
``latest`` marks the one that counts. Both only grow: triggers refuse everything else, but for
taking content out of a revision, which needs an entry that says so. ``keys`` and ``words`` are made
from the latest revisions, for looking up and full-text search (a row of ``words`` has the rowid of
the record's first revision). ``secrets`` holds password hashes and log-in counters, which are no
part of the record.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from spectra_app.errors import LedgerError

APPLICATION_ID = 0x53504354  # "SPCT", in the file's header

_FIRST = """
CREATE TABLE audit (
    number INTEGER PRIMARY KEY CHECK (number > 0),
    line TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    signature TEXT NOT NULL
) STRICT;

CREATE TABLE revisions (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision > 0),
    latest INTEGER NOT NULL CHECK (latest IN (0, 1)),
    salt TEXT,
    body TEXT,
    UNIQUE (kind, id, revision),
    CHECK ((salt IS NULL) = (body IS NULL))
) STRICT;
CREATE UNIQUE INDEX latest ON revisions (kind, id) WHERE latest = 1;

CREATE TABLE keys (
    kind TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (kind, field, value, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX keys_of ON keys (kind, id);

CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = 'unicode61');

CREATE TABLE secrets (
    user TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    wait_until TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit chain only grows'); END;
CREATE TRIGGER audit_keeps BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit chain only grows'); END;
CREATE TRIGGER audit_follows BEFORE INSERT ON audit
    WHEN NEW.number <> (SELECT COALESCE(MAX(number), 0) + 1 FROM audit)
    BEGIN SELECT RAISE(ABORT, 'the audit chain only grows at its end'); END;
CREATE TRIGGER revisions_keep BEFORE DELETE ON revisions
    BEGIN SELECT RAISE(ABORT, 'revisions are never deleted'); END;
CREATE TRIGGER revisions_stay BEFORE UPDATE ON revisions
    WHEN NEW.kind IS NOT OLD.kind OR NEW.id IS NOT OLD.id OR NEW.revision IS NOT OLD.revision
        OR NEW.latest > OLD.latest OR (NEW.body IS NOT NULL AND NEW.body IS NOT OLD.body)
        OR (NEW.salt IS NOT NULL AND NEW.salt IS NOT OLD.salt)
    BEGIN SELECT RAISE(ABORT, 'revisions are never changed'); END;
"""

STEPS: tuple[str, ...] = (_FIRST,)
"""Step n leads from version n to version n + 1; steps are never changed, only added."""


_BEHIND_WORDS = {f"words_{part}" for part in ("data", "idx", "content", "docsize", "config")}


def migrate(connection: sqlite3.Connection, where: str) -> None:
    """Bring a database to the newest version; each step whole or not at all.

    Raises
    ------
    LedgerError
        When it is another program's, of a newer version of this one, or of none.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    version = version_of(connection)
    if application != APPLICATION_ID and (application or version or _tables(connection)):
        raise LedgerError("this is no ledger of this program", where, "choose another folder")
    if application == APPLICATION_ID and version < 1:
        raise LedgerError(
            "the version of the ledger's file was altered",
            where,
            "keep the folder as it is, tell the supervisor, and restore a backup elsewhere",
        )
    if version > len(STEPS):
        raise LedgerError(
            f"the ledger is of version {version}, and this program knows {len(STEPS)}",
            where,
            "use the newer version of the program that wrote it",
        )
    for number in range(version, len(STEPS)):
        script = (
            f"BEGIN IMMEDIATE; {STEPS[number]} "
            f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number + 1}; COMMIT;"
        )
        try:
            connection.executescript(script)
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if version_of(connection) <= number:  # unless another process was faster
                raise


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of a database's schema; 0 for an empty one."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _tables(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
    return int(count)


def schema_is_ours(connection: sqlite3.Connection) -> tuple[bool, bool]:
    """Return whether a database has exactly our schema, and whether at least its two tables are.

    Only what is a table of ours may be read: a view of the same name could say anything, for ever.
    Of what FTS5 keeps behind ``words`` the form is SQLite's own, and not looked at.
    """
    version = version_of(connection)
    if not 0 < version <= len(STEPS):
        return False, False
    with closing(sqlite3.connect(":memory:")) as fresh:
        for step in STEPS[:version]:
            fresh.executescript(step)
        ours = _schema(fresh)
    theirs = _schema(connection)
    tables = {row for row in ours if row[:2] in {("table", "audit"), ("table", "revisions")}}
    named = [row for row in theirs if row[1].lower() in {"audit", "revisions"}]
    return sorted(ours) == sorted(theirs), sorted(tables) == sorted(named)


def _schema(connection: sqlite3.Connection) -> list[tuple[str, str, str, str]]:
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema")
    texts = [(_plain(kind), _plain(name), _plain(of), _plain(sql)) for kind, name, of, sql in rows]
    return [row for row in texts if row[0] != "table" or row[1] not in _BEHIND_WORDS]


def _plain(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
