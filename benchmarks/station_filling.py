"""A made-up station with many scans, written fast: what `Writing.put` would write, in bulk.

The chain, the records and the index are whole: `spectra audit verify` holds. Every scan has the
three entries that one from an analyser has: taken in, laser used, filed.
"""

from __future__ import annotations

import random
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import msgspec

from spectra_app.records.kinds import Case, Exposure, Item, Note, Scan
from spectra_app.records.ledger.chain import PURPOSE
from spectra_app.records.ledger.head import StationKey
from spectra_app.records.ledger.record import Record, text_of
from spectra_app.records.ledger.store import DATABASE, connect
from spectra_app.records.ledger.writing import end_of
from spectra_app.records.passwords import Passwords
from spectra_app.services import users
from spectra_app.services.office import open_office, utc_now

SEED = 20261122
SCANS_OF_A_CASE = 5
SUPERVISOR, WORDS = "sue", "seven green herons wade"
NAMES = (*(f"Substance {number}" for number in range(75)), "Cocaine", "Caffeine", "Heroin")
WEIGHTS = (*(1,) * 75, 40, 40, 20)
_BATCH = 20_000

Step = tuple[Record, int, str]
"""A record, which revision of it this is, and what was done."""
_Row = tuple[object, ...]
_Row = tuple[object, ...]


class TimedPasswords(Passwords):
    """Passwords that say how long Argon2 took."""

    took_s = 0.0

    def fits(self, stored: str, password: str) -> bool:
        """Compare, and add the time to `took_s`."""
        begun = time.perf_counter()
        try:
            return super().fits(stored, password)
        finally:
            self.took_s += time.perf_counter() - begun


def fill(base: Path, cases: int, *, marked: float = 0.01) -> None:
    """Make a station with a supervisor, and fill it; `marked` is the share of restricted scans."""
    with open_office(base) as office:
        users.set_up_first_supervisor(office, SUPERVISOR, "Sue", WORDS)
        chance = random.Random(SEED)
        steps = (
            step for number in range(cases) for step in steps_of(number, cases, chance, marked)
        )
        with closing(connect(office.ledger.folder / DATABASE)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA cache_size = -400000")
            connection.execute("BEGIN IMMEDIATE")
            write(connection, office.ledger.key, steps)
            connection.execute("COMMIT")
        office.ledger.head()


def write(connection: sqlite3.Connection, key: StationKey, steps: Iterable[Step]) -> None:
    """Write steps at the end of a chain."""
    number, previous = end_of(connection)
    (row,) = connection.execute("SELECT COALESCE(MAX(rowid), 0) FROM revisions").fetchone()
    digests: dict[tuple[str, str], str] = {}
    latest: dict[tuple[str, str], tuple[Record, int]] = {}  # with the row of its first revision
    now, entries, revisions = utc_now(), [], []
    for record, revision, act in steps:
        number, row = number + 1, row + 1
        name = (record.KIND, record.id)
        salt, body = secrets.token_bytes(16), msgspec.json.encode(record, order="sorted")
        before, after = digests.get(name, ""), sha256(salt + body).hexdigest()
        line = msgspec.json.encode(
            {
                "act": act, "after": after, "before": before, "details": {}, "id": record.id,
                "kind": record.KIND, "number": number, "previous": previous, "purpose": PURPOSE,
                "revision": revision, "time": now, "user": "u1",
            }
        )  # fmt: skip
        previous, digests[name] = sha256(line).hexdigest(), after
        entries.append((number, line.decode(), previous, key.sign(line)))
        revisions.append((row, *name, revision, salt.hex(), body.decode()))
        latest[name] = (record, latest[name][1] if revision > 1 else row)
        if len(entries) >= _BATCH:
            _insert(connection, entries, revisions)
            entries, revisions = [], []
    _insert(connection, entries, revisions)
    _index(connection, latest)


def _insert(
    connection: sqlite3.Connection,
    entries: list[tuple[object, ...]],
    rows: list[tuple[object, ...]],
) -> None:
    connection.executemany("INSERT INTO audit VALUES (?, ?, ?, ?)", entries)
    for row in rows:
        if row[3] != 1:
            connection.execute(
                "UPDATE revisions SET latest = 0 WHERE kind = ? AND id = ? AND latest = 1", row[1:3]
            )
        connection.execute(
            "INSERT INTO revisions (rowid, kind, id, revision, latest, salt, body)"
            " VALUES (?, ?, ?, ?, 1, ?, ?)",
            row,
        )


def _index(
    connection: sqlite3.Connection, latest: dict[tuple[str, str], tuple[Record, int]]
) -> None:
    keys = sorted(
        {
            (kind, field, value, id_)
            for (kind, id_), (record, _row) in latest.items()
            for field, value in record.keys()  # noqa: SIM118  no dictionary
        }
    )
    connection.executemany("INSERT INTO keys VALUES (?, ?, ?, ?)", keys)
    words = ((row, text_of(record)) for record, row in latest.values())
    connection.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", words)


def steps_of(number: int, cases: int, chance: random.Random, marked: float) -> Iterator[Step]:
    """Yield a made-up case with an item, five scans from an analyser, and now and then a note."""
    day = f"2026-{1 + number * 12 // cases:02d}-{1 + number % 28:02d}"
    case = f"C-{day.replace('-', '')}-{number:05d}"
    state = "open" if number > 0.9 * cases else "closed"
    about = {"officer": f"u{number % 30}", "opened_at": f"{day}T10:00:00Z"}
    person = (f"Person {number}",)
    yield Case(id=case, title=f"Parcel {number}", state=state, persons=person, **about), 1, "opened"
    seal = (f"seal:{number:08d}",)
    item = Item(id=f"{case}-01", case=case, description="white powder in a bag", identifiers=seal)
    yield item, 1, "item added"
    if number % 10 == 0:
        text = f"courier waited; bag number {number} was wet"
        yield Note(id=f"N-{number}", case=case, item=item.id, text=text), 1, "note added"
    for place in range(SCANS_OF_A_CASE):
        scan = scan_of(chance, f"S-{number}-{place}", day, marked)
        yield scan, 1, "scan added"
        fired = Exposure(id=f"X-{number}-{place}", analyser="WP-00001", scan=scan.id, count=3)
        yield fired, 1, "laser used"
        filed = {"filed_at": f"{day}T11:05:00Z", "filed_by": scan.scanned_by, "state": "filed"}
        changed = msgspec.structs.replace(scan, case=case, item=item.id, **filed)
        yield changed, 2, "scan filed"


def scan_of(chance: random.Random, id_: str, day: str, marked: float) -> Scan:
    """Return a scan as one from an analyser is."""
    hashes = [sha256(chance.randbytes(8)).hexdigest() for _ in range(7)]
    return Scan(
        id=id_, source="device", name="scan", evidence=tuple(hashes[:2]), original=hashes[0],
        column="processed", result=hashes[2],
        outcome=chance.choice(("match", "mixture", "lead", "inconclusive")),
        alarm=chance.choice(("controlled", "benign", "unknown")),
        names=tuple(chance.choices(NAMES, WEIGHTS)), library_sha256=hashes[3],
        policy_sha256=hashes[4], pipeline_sha256=hashes[5], control_sha256=hashes[6],
        program_version="0.1.0", analyser="WP-00001", scanned_at=f"{day}T11:00:00Z",
        scanned_by=f"u{chance.randrange(30)}", exposures=3, restricted=chance.random() < marked,
    )  # fmt: skip
