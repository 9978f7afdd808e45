"""Ledgers for the tests: a filled one, copies of it, and what both verifiers say of a copy."""

from __future__ import annotations

import importlib.util
import shutil
import sqlite3
from collections import namedtuple
from contextlib import closing

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import resources
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.kinds import Scan
from spectra_app.records.ledger.head import station_key
from spectra_app.records.ledger.record import Record
from spectra_app.records.ledger.store import DATABASE, HEAD, Ledger
from spectra_app.records.ledger.verify import verify

Station = namedtuple("Station", "folder public printed evidence older")
SCRIPT = resources.path("verifier/verify_ledger.py")


class Thing(Record, frozen=True, kw_only=True):
    KIND = "thing"

    name: str

    def words(self):
        return (self.id, self.name)


@pytest.fixture(scope="session")
def script():
    """The file of the expert's verifier."""
    return SCRIPT


@pytest.fixture(scope="session")
def expert():
    """The one-file verifier."""
    spec = importlib.util.spec_from_file_location("verify_ledger", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def station(tmp_path_factory):
    """A closed ledger: 14 entries, a record with three revisions, one whose content was removed."""
    base = tmp_path_factory.mktemp("station")
    key, times = station_key(base / "station" / "keys"), iter(range(10**6))
    evidence = EvidenceStore(base / "evidence")

    def clock():
        return f"2026-11-22T10:00:00.{next(times):06d}Z"

    with Ledger(base / "station", key, clock) as ledger:
        with ledger.writing("u1") as writing:
            for number in range(5):
                writing.put(Thing(id=f"t{number}", name=f"powder {number}"), "thing made")
        older = (ledger.folder / HEAD).read_bytes()
        for revision in (1, 2):
            with ledger.writing("u2") as writing:
                writing.put(Thing(id="t1", name=f"tablet {revision}"), "renamed", after=revision)
        kept = evidence.put(b"counts", kind="raw frame", name="scan.csv", clock=clock)
        with ledger.writing("u2") as writing:
            scan = Scan(id="s1", original=kept.sha256, evidence=(kept.sha256,))
            writing.put(scan, "scan added")
            writing.note("logged in", {"place": "bench é"})
        with ledger.writing("u1") as writing:
            writing.remove_content("thing", "t2", "retention over")
            writing.put(Thing(id="t2", name="again"), "thing made anew", after=1)
            writing.put(Thing(id="t2", name="and again"), "renamed", after=2)
        with ledger.writing("u3") as writing:
            writing.note("logged in")
            writing.note("logged out")
        head = ledger.head()
    return Station(ledger.folder, key.public, (head.number, head.sha256), evidence.folder, older)


class Copy:
    """A copy of the ledger that may be altered below the program."""

    def __init__(self, folder):
        self.folder, self.database, self.head = folder, folder / DATABASE, folder / HEAD

    def change(self, *statements):
        """Change the database, its triggers out of the way in the meantime."""
        triggers = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        with closing(sqlite3.connect(self.database)) as connection, connection:
            there = connection.execute(triggers).fetchall()
            for name, _ in there:
                connection.execute(f"DROP TRIGGER {name}")
            for statement, *values in statements:
                assert connection.execute(statement, values).rowcount != 0
            for _, sql in there:
                connection.execute(sql)

    def run(self, *statements):
        """Run statements with everything in place."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    def value(self, query, *values):
        """Return the one value that a query gives."""
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query, values).fetchone()[0]

    def rows(self):
        """Return the record: all rows of the two tables; None when they cannot be read."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.text_factory = bytes
            try:
                entries = connection.execute("SELECT * FROM audit NOT INDEXED ORDER BY number")
                records = connection.execute("SELECT * FROM revisions NOT INDEXED ORDER BY rowid")
                return entries.fetchall(), records.fetchall()
            except sqlite3.Error:
                return None


@pytest.fixture
def copied(station, tmp_path):
    """Return what makes a fresh copy of the ledger, in the same place each time."""

    def copy():
        folder = tmp_path / "copy"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(station.folder, folder)
        return Copy(folder)

    return copy


@pytest.fixture
def told(station, expert):
    """Return what both verifiers found, which must be the same: codes and places."""
    key = Ed25519PublicKey.from_public_bytes(station.public)

    def both(copy, printed=()):
        ours = verify(copy.folder, station.public, printed)
        _, theirs = expert.check(copy.folder, key, printed)
        own = [(one.code, one.where) for one in ours.findings]
        assert own == [(code, place) for code, place, _ in theirs]
        return own

    return both
