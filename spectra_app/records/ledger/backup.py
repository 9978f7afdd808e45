"""A copy of a station's ledger and evidence on another disk, made while the station goes on.

In the target lie ``station`` (database, head, public key), ``evidence``, and ``backup.json``, which
is written last: without it a backup is not finished. Making it again into the same target adds what
is new; whenever that is cut off, what lies there is a whole backup of before, or of now. Evidence
is there before the records that name it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spectra_app.errors import EvidenceError, LedgerError
from spectra_app.records.durable import (
    make_folders,
    private_file,
    replace_whole,
    sync_folder,
    write_once,
)
from spectra_app.records.evidence import RECEIVED, EvidenceStore
from spectra_app.records.ledger.chain import read_entry
from spectra_app.records.ledger.head import Head, key_public_pem, read_public, write_head
from spectra_app.records.ledger.named_evidence import check_evidence, named_evidence
from spectra_app.records.ledger.store import DATABASE, HEAD, Ledger
from spectra_app.records.ledger.verify import Finding, Verified, verify
from spectra_app.records.ledger.writing import end_of, ledger_error

PURPOSE = "spectra backup"
MANIFEST, STATION, EVIDENCE = "backup.json", "station", "evidence"
PUBLIC, SECRET = Path("keys") / "station.pub", Path("keys") / "station.key"
_HASH = re.compile(r"[0-9a-f]{64}\Z")
_OTHER = "choose an empty folder, or the one of this station's last backup"

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds.

    Parameters
    ----------
    folder : Path
        Where it lies.
    head : Head
        Up to where it reaches.
    made_at : str
        ISO 8601 in UTC.
    evidence, copied : int
        Pieces of evidence in it, and how many of them were copied this time.
    findings : tuple of Finding
        What is wrong with it: of the station itself, or of evidence that could not be copied.
    """

    folder: Path
    head: Head
    made_at: str
    evidence: int
    copied: int
    findings: tuple[Finding, ...]


def back_up(
    ledger: Ledger,
    evidence: EvidenceStore,
    target: Path,
    *,
    with_key: bool = False,
    progress: Progress = lambda _share, _text: None,
) -> Backup:
    """Copy a ledger and its evidence to `target`, and verify the copy.

    Parameters
    ----------
    ledger : Ledger
        Open, and free to be written to in the meantime.
    evidence : EvidenceStore
        Where its evidence is.
    target : Path
        Empty, or the last backup of the same station.
    with_key : bool
        Whether to copy the private key, too: such a backup must be kept like the station itself.
    progress : callable
        Told the share that is done; what it raises ends the backup, to be gone on with later.

    Raises
    ------
    LedgerError, EvidenceError
        When it cannot be written, or `target` holds something else.
    """
    try:
        place = _prepared(ledger, target)
        seen = ledger.head()
        _snapshot(ledger.folder / DATABASE, place / (DATABASE + ".part"))
        lines = _whole_lines(evidence.folder / RECEIVED)
        store = EvidenceStore(target / EVIDENCE)
        copied, damaged = _copy_evidence(evidence, store, progress)
        if lines:
            make_folders(store.folder)
            replace_whole(store.folder / RECEIVED, lines)
        head = _publish(ledger, place, seen)
        if with_key:
            write_once(place / SECRET, (ledger.folder / SECRET).read_bytes(), 0o400)
        made_at = ledger.clock()
        result, named = _look(place, store, ledger.key.public)
        findings = (*result.findings, *named, *damaged)
        count = sum(1 for _ in stored(store))
        manifest = {"purpose": PURPOSE, "made_at": made_at, "head": str(head), "evidence": count}
        replace_whole(target / MANIFEST, json.dumps(manifest, sort_keys=True).encode() + b"\n")
        sync_folder(target)
    except (OSError, sqlite3.Error) as error:
        raise ledger_error(error, str(target)) from error
    progress(1.0, "verified")
    return Backup(target, head, made_at, count, copied, findings)


def look_at(source: Path) -> tuple[Verified, dict[str, Any], tuple[Finding, ...]]:
    """Return what a finished backup holds: verification, manifest, and what is wrong with it.

    Raises
    ------
    LedgerError
        When it is no backup, or one that was not finished.
    """
    try:
        manifest = json.loads((source / MANIFEST).read_bytes())
        if manifest["purpose"] != PURPOSE:
            raise ValueError("another purpose")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LedgerError(
            "this is no backup, or one that was not finished", str(source), "make it again"
        ) from error
    place = source / STATION
    result, named = _look(place, EvidenceStore(source / EVIDENCE), read_public(place / PUBLIC))
    return result, manifest, (*result.findings, *named)


def copy_back(source: Path, folder: Path, key: Path) -> None:
    """Copy a backup into the folder of a station-to-be; every piece of evidence is checked.

    Raises
    ------
    EvidenceError
        When evidence is damaged.
    OSError
        When the system refuses.
    """
    place = folder / STATION
    make_folders(folder)
    place.mkdir(mode=0o700)
    (place / "keys").mkdir(mode=0o700)
    store = EvidenceStore(folder / EVIDENCE)
    for sha256 in stored(EvidenceStore(source / EVIDENCE)):
        _copy_piece(EvidenceStore(source / EVIDENCE), store, sha256)
    received = source / EVIDENCE / RECEIVED
    if received.exists():
        replace_whole(store.folder / RECEIVED, received.read_bytes())
    private_file(place / DATABASE)
    shutil.copyfile(source / STATION / DATABASE, place / DATABASE)
    with (place / DATABASE).open("r+b") as file:
        os.fsync(file.fileno())
    for name in (Path(HEAD), PUBLIC):
        replace_whole(place / name, (source / STATION / name).read_bytes())
    write_once(place / SECRET, key.read_bytes(), 0o400)
    sync_folder(place / "keys")
    sync_folder(place)


def stored(store: EvidenceStore) -> Iterator[str]:
    """Yield the hash of each object of a store."""
    for path in store.folder.glob("??/??/*"):
        if _HASH.match(path.name) and store.path_of(path.name) == path:
            yield path.name


def _prepared(ledger: Ledger, target: Path) -> Path:
    """Return the place of the database, with the station's public key beside it."""
    place = target / STATION
    inside = target.resolve()
    if inside == ledger.folder.resolve() or ledger.folder.resolve() in inside.parents:
        raise LedgerError("a backup cannot lie in the station itself", str(target), _OTHER)
    if (place / PUBLIC).exists():
        if read_public(place / PUBLIC) != ledger.key.public:
            raise LedgerError("this is the backup of another station", str(target), _OTHER)
    elif target.exists() and any(target.iterdir()):
        raise LedgerError("there is something else in this folder", str(target), _OTHER)
    make_folders(place / "keys")
    write_once(place / PUBLIC, key_public_pem(ledger.key.public))
    sync_folder(place / "keys")
    return place


def _snapshot(source: Path, part: Path) -> None:
    """Copy a database as it is at one moment; nobody has to wait meanwhile."""
    for name in (part, *(part.with_name(part.name + end) for end in ("-wal", "-shm", "-journal"))):
        name.unlink(missing_ok=True)
    uri = f"{source.absolute().as_uri()}?mode=ro"
    private_file(part)
    with closing(sqlite3.connect(uri, uri=True)) as own, closing(sqlite3.connect(part)) as copy:
        own.backup(copy)


def _copy_evidence(
    source: EvidenceStore, target: EvidenceStore, progress: Progress
) -> tuple[int, list[Finding]]:
    """Copy what is not there yet; return how many pieces, and which could not be read."""
    wanted, copied, damaged = sorted(stored(source)), 0, []
    for number, sha256 in enumerate(wanted):
        progress(0.9 * number / len(wanted), sha256[:16])
        path = target.path_of(sha256)
        if path.exists() and path.stat().st_size == source.path_of(sha256).stat().st_size:
            continue
        path.unlink(missing_ok=True)
        try:
            _copy_piece(source, target, sha256)
            copied += 1
        except EvidenceError as error:
            damaged.append(Finding("evidence_altered", sha256, error.what))
    return copied, damaged


def _copy_piece(source: EvidenceStore, target: EvidenceStore, sha256: str) -> None:
    path = target.path_of(sha256)
    data = source.get(sha256)
    make_folders(path.parent)
    write_once(path, data)
    sync_folder(path.parent)


def _publish(ledger: Ledger, place: Path, seen: Head) -> Head:
    """Give database and head their names; a head is never signed over a chain that was cut."""
    part = place / (DATABASE + ".part")
    with closing(sqlite3.connect(part)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        number, sha256 = end_of(connection)
        rows = connection.execute(
            "SELECT sha256, line FROM audit WHERE number IN (?, ?) ORDER BY number",
            (seen.number, number),
        ).fetchall()
    reached = seen.number == 0 or (bool(rows) and rows[0][0] == seen.sha256)
    head = seen
    if reached and number > seen.number:
        head = ledger.key.head(number, sha256, read_entry(rows[-1][1].encode()).time)
    with part.open("r+b") as file:
        os.fsync(file.fileno())
    for end in ("-wal", "-shm", "-journal"):  # of the backup before: they would not fit
        for name in (DATABASE + end, part.name + end):
            (place / name).unlink(missing_ok=True)
    part.replace(place / DATABASE)
    sync_folder(place)
    write_head(place / HEAD, head, lower=True)
    return head


def _whole_lines(path: Path) -> bytes:
    with suppress(FileNotFoundError):
        data = path.read_bytes()
        return data[: data.rfind(b"\n") + 1]
    return b""


def _look(place: Path, store: EvidenceStore, public: bytes) -> tuple[Verified, tuple[Finding, ...]]:
    result = verify(place, public)
    if any(one.code in {"file_damaged", "schema_altered"} for one in result.findings):
        return result, ()
    uri = f"{(place / DATABASE).absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            return result, tuple(check_evidence(store, named_evidence(connection).items()))
    except (ValueError, TypeError, AttributeError):  # altered bodies, which are told already
        return result, ()
