"""Verify the ledger of a Spectra station: for an expert who wants to read what is run.

    python verify_ledger.py FOLDER [--key station.pub] [--head NUMBER:SHA256] [--evidence FOLDER]

FOLDER holds station.db and head.json. Nothing in it is changed: the files are copied first. Needs
Python 3.11 and the package `cryptography`. What is checked is described in docs/ledger.md; no code
of the program is used. Without --key the folder's own key is taken: that shows that the folder
agrees with itself, not whose it is (see OWN_KEY).
Exit code 0: everything holds; 4: something does not; 2: not checked.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

Finding = tuple[str, str, str]  # code, place, what is wrong
Genuine = Callable[[bytes, object], bool]

DATABASE, HEAD = "station.db", "head.json"
APPLICATION = 0x53504354
ZEROS = "0" * 64
# SHA-256 of the schema of each version: everything, and the two tables that are read.
SCHEMAS = {
    1: (
        "fff212aa3d45e8b3ce950be3d2042fd662af11f47e9d6521bda3f973be75a9f1",
        "171fd3550c015278ca0016f41a002edbc0cecf6b5c62791ffa5a00e888f2f3bc",
    )
}
OWN_KEY = """
The key was taken from the folder itself. Whoever has the folder could have written another chain
with another key, and it would hold just so. Compare the station key above with the one on printed
reports, or with what the station wrote down when it was set up, or give a copy of the key that was
kept elsewhere: --key station.pub. Compare printed heads: --head NUMBER:SHA256."""
BEHIND_SEARCH = {f"words_{part}" for part in ("data", "idx", "content", "docsize", "config")}
TEXTS = {"purpose", "time", "user", "act", "kind", "id", "before", "after", "previous"}
NUMBERS = {"number", "revision"}
NAMING_EVIDENCE = ("evidence", "original", "result", "made_with", "document", "files")


def sha256(data: bytes) -> str:
    """Return the SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def canonical(value: object) -> bytes:
    """Return canonical JSON."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def places(first: int, last: int) -> str:
    """Return the place of the entries from `first` to `last`."""
    return f"entry {first}" if last <= first else f"entry {first} to {last}"


def shown(text: str) -> str:
    """Return a text with nothing in it that a screen would obey or not show."""
    return text.encode("unicode_escape").decode("ascii")


def genuine_by(key: Ed25519PublicKey) -> Genuine:
    """Return the question whether that key signed something."""

    def genuine(data: bytes, signature: object) -> bool:
        try:
            plain = base64.b64decode(signature, validate=True)  # type: ignore[arg-type]
            key.verify(plain, data)
        except (InvalidSignature, ValueError, TypeError):
            return False
        return base64.b64encode(plain) == signature

    return genuine


# --- The file ------------------------------------------------------------------------------------


def opened(folder: Path, copies: Path) -> sqlite3.Connection:
    """Copy the database and open the copy; no query of it runs for ever."""
    files = [folder / name for name in (DATABASE, DATABASE + "-wal") if (folder / name).is_file()]
    before = [(path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    for path in files:
        shutil.copyfile(path, copies / path.name)
    if before != [(path.stat().st_size, path.stat().st_mtime_ns) for path in files]:
        raise SystemExit("a program writes to this ledger: end it, or verify a copy of the folder")
    size = sum(size for size, _ in before)
    connection = sqlite3.connect(f"{(copies / DATABASE).absolute().as_uri()}?mode=ro", uri=True)
    connection.text_factory = bytes
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 2**26)
    looks = iter(range(max(500, size // 25_000)))  # one every 100,000 steps of SQLite's machine
    connection.set_progress_handler(lambda: next(looks, None) is None, 100_000)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def check_file(database: sqlite3.Connection) -> Iterator[Finding]:
    """Check that this is a ledger, that it is sound, and that its tables are tables."""
    if database.execute("PRAGMA application_id").fetchone() != (APPLICATION,):
        yield "file_damaged", DATABASE, "the file does not say that it is a ledger"
    (version,) = database.execute("PRAGMA user_version").fetchone()
    rows = [
        [part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part) for part in row]
        for row in database.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema")
    ]
    rows = sorted(row for row in rows if row[0] != "table" or row[1] not in BEHIND_SEARCH)
    two = [row for row in rows if row[1].lower() in {"audit", "revisions"}]
    whole, tables = SCHEMAS.get(version, ("", ""))
    if sha256(canonical(rows)) != whole:
        yield "schema_altered", DATABASE, "tables or triggers are not those of a ledger"
    else:
        for (said,) in database.execute("PRAGMA integrity_check(10)"):
            if said != b"ok":
                yield "file_damaged", DATABASE, said.decode("utf-8", "replace")
    if sha256(canonical(two)) != tables:
        raise sqlite3.DatabaseError("its tables are not those of a ledger")


# --- The chain -----------------------------------------------------------------------------------


def read_line(line: bytes) -> dict[str, Any] | None:
    """Return what an entry says; None when it is not one."""
    try:
        said = json.loads(line)
        fields_right = (
            said.keys() == TEXTS | NUMBERS | {"details"}
            and all(type(said[name]) is str for name in TEXTS)
            and all(type(said[name]) is int for name in NUMBERS)
            and type(said["details"]) is dict
            and all(type(one) in {str, int, bool, type(None)} for one in said["details"].values())
        )
        json.dumps(said, ensure_ascii=False).encode("utf-8")  # no half surrogate pairs
        right = fields_right and canonical(said) == line and said["purpose"] == "spectra-audit"
    except (ValueError, AttributeError, RecursionError):
        return None
    return said if right else None


class Chain:
    """What was learnt from the entries."""

    def __init__(self, genuine: Genuine) -> None:
        self.genuine, self.readable = genuine, True
        self.end, self.hash, self.entries, self.rows = 0, ZEROS, 0, 0
        self.hashes = {0: ZEROS}
        self.digests: dict[tuple[str, str, int], str] = {}  # of the revisions that must be there
        self.newest: dict[tuple[str, str], tuple[int, str]] = {}
        self.removed: dict[tuple[str, str], int] = {}  # the newest revision without content
        self.named: dict[str, str] = {}  # evidence, and the record that names it
        self.calibrations: dict[str, tuple[str, int, str]] = {}  # id: file, line, hash of the line

    def check_entry(
        self, number: int, line: bytes, hash_in_row: bytes, signature: bytes
    ) -> Iterator[Finding]:
        """Check one row of `audit`."""
        line = line if isinstance(line, bytes) else b""
        if number != self.end + 1:
            yield "entry_missing", places(self.end + 1, number - 1), "the numbers have a gap"
        before, self.end, self.hash = self.hash, number, sha256(line)
        self.entries += 1
        self.hashes[number] = self.hash
        here, said = places(number, number), read_line(line)
        if said is None:
            yield "entry_altered", here, "it cannot be read"
            return
        if hash_in_row != self.hash.encode():
            yield "entry_altered", here, "it has another hash than it had"
        elif not self.genuine(line, signature):
            yield "not_signed", here, "the station did not sign it"
        elif said["number"] != number:
            yield "entry_moved", here, f"it was written as entry {said['number']}"
        elif said["previous"] != before:
            yield "entry_altered", here, "it does not follow the entry before it"
        if said["act"] == "chain found cut or without its head":
            yield "chain_cut", here, "the program found the chain cut there"
        yield from self.note_revision(said, here)

    def note_revision(self, said: dict[str, Any], here: str) -> Iterator[Finding]:
        """Note which revision an entry made, and check that it follows the one before."""
        record, revision = (said["kind"], said["id"]), said["revision"]
        last, digest = self.newest.get(record, (0, ""))
        if revision == 0:
            if said["act"] == "content removed":
                self.removed[record] = last
            return
        if last and self.removed.get(record) == last:
            digest = ""
        if revision != last + 1:
            place = f"{record[0]} {record[1]}, revision {last + 1}"
            yield "record_missing", place, f"{here} made a later one"
        elif said["before"] != digest:
            yield "entry_altered", here, "it was not made from the record before it"
        self.newest[record] = (revision, said["after"])
        self.digests[*record, revision] = said["after"]

    def check_row(self, row: tuple[Any, ...]) -> Iterator[Finding]:
        """Check one row of `revisions`."""
        self.rows += 1
        kind, id_, revision, latest, salt, body = row
        kind, id_, number = (
            part.decode("utf-8", "replace") if isinstance(part, bytes) else part
            for part in (kind, id_, revision)
        )
        place = f"{kind} {id_}, revision {number}"
        digest = self.digests.pop((kind, id_, revision), None)
        if digest is None:
            yield "record_unknown", place, "no entry says who made it"
            return
        removed = revision <= self.removed.get((kind, id_), 0)
        if body is None and not removed:
            yield "record_missing", place, "its content is gone, and no entry says why"
        elif body is not None and removed:
            yield "record_altered", place, "its content was removed, and is there"
        elif body is not None and not self.is_content(salt, body, digest, place):
            yield "record_altered", place, "it is not what was written"
        elif body is not None and kind == "calibration":
            said = json.loads(body)
            self.calibrations[id_] = said["file"], said["line"], said["sha256"]
        if latest != int(self.newest[kind, id_][0] == revision):
            yield "record_altered", place, "it is wrongly marked as the latest, or not"

    def is_content(self, salt: object, body: object, digest: str, place: str) -> bool:
        """Return whether salt and body have that digest; note the evidence that they name."""
        if not isinstance(salt, bytes) or not isinstance(body, bytes):
            return False
        if not re.fullmatch(rb"([0-9a-f]{2})*", salt):
            return False
        if sha256(bytes.fromhex(salt.decode("ascii")) + body) != digest:
            return False
        for hash_ in evidence_in(json.loads(body)):
            self.named.setdefault(hash_, place)
        return True


def evidence_in(content: dict[str, Any]) -> Iterator[str]:
    """Find the hashes of evidence that a record names."""
    for name in NAMING_EVIDENCE:
        texts = content.get(name, [])
        for text in [texts] if isinstance(texts, str) else texts:
            if found := re.fullmatch(r"(?:\w+:)?([0-9a-f]{64})", text):
                yield found[1]


def check_database(folder: Path, chain: Chain) -> Iterator[Finding]:
    """Check the database: file, entries, records."""
    with tempfile.TemporaryDirectory() as copies:
        try:
            database = opened(folder, Path(copies))
            try:
                yield from check_file(database)
                for row in database.execute(
                    "SELECT number, line, sha256, signature FROM audit NOT INDEXED ORDER BY number"
                ):
                    yield from chain.check_entry(*row)
                for row in database.execute(
                    "SELECT kind, id, revision, latest, salt, body FROM revisions NOT INDEXED"
                ):
                    yield from chain.check_row(row)
            finally:
                database.close()
        except (sqlite3.Error, UnicodeDecodeError, MemoryError) as error:
            chain.readable = False
            text = f"it cannot be read after entry {chain.end} ({error})"
            yield "file_damaged", DATABASE, text
            return
    for kind, id_, revision in chain.digests:
        text = "it was written and is not there"
        yield "record_missing", f"{kind} {id_}, revision {revision}", text


# --- Head and evidence ---------------------------------------------------------------------------


def read_head(folder: Path) -> dict[str, Any] | None:
    """Return the head as it lies there; None when there is none.

    Raises
    ------
    ValueError
        When it is not in its form.
    """
    path = folder / HEAD
    if not path.exists():
        return None
    if not path.is_file() or path.stat().st_size > 4096:
        raise ValueError("not a head")
    data = path.read_bytes()
    head = json.loads(data)
    if not isinstance(head, dict) or head.keys() != {
        "key",
        "number",
        "sha256",
        "signature",
        "time",
    }:
        raise ValueError("not a head")
    if any(type(head[name]) is not (int if name == "number" else str) for name in head):
        raise ValueError("not a head")
    if json.dumps(head, sort_keys=True).encode() + b"\n" != data:
        raise ValueError("not in the form of a head")
    json.dumps(head, ensure_ascii=False).encode("utf-8")  # no half surrogate pairs
    return head


def check_heads(
    folder: Path, chain: Chain, key: str, printed: Iterable[tuple[int, str]]
) -> Iterator[Finding]:
    """Check the head of the folder and the printed ones."""
    heads = [(number, hash_, "the printed head") for number, hash_ in printed]
    try:
        head = read_head(folder)
        if head is None and chain.end:
            yield "head_missing", HEAD, "nothing says how far the chain reached"
        if head is not None:
            heads.append((head["number"], head["sha256"], "the head"))
            signature = head.pop("signature").encode()
            payload = canonical({**head, "purpose": "spectra-audit-head"})
            if head["key"] != key or not chain.genuine(payload, signature):
                yield "head_false", HEAD, "the station did not sign it"
    except (ValueError, RecursionError) as error:
        yield "head_false", HEAD, f"it cannot be read ({error})"
    for number, hash_, what in heads:
        if number > chain.end:
            text = f"{what} names an entry that is not there any more"
            yield "chain_cut", places(chain.end + 1, number), text
        elif chain.hashes.get(number) != hash_:
            yield "chain_cut", places(number, number), f"{what} names another entry there"


def check_evidence(folder: Path, named: dict[str, str]) -> Iterator[Finding]:
    """Check the evidence that records name."""
    for hash_, record in named.items():
        path = folder / hash_[:2] / hash_[2:4] / hash_
        if not path.is_file():
            yield "evidence_missing", hash_, f"{record} names it"
            continue
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != hash_:
                yield "evidence_altered", hash_, f"{record} names it"


def check_calibrations(folder: Path, chain: Chain) -> Iterator[Finding]:
    """Check that each calibration lies in its file as it was when it was entered."""
    for file, line, hash_ in chain.calibrations.values():
        path = folder / Path(file).name
        lines = path.read_bytes().split(b"\n") if path.is_file() else []
        if hash_ not in map(sha256, lines):
            place = f"calibration {file}, line {line}"
            yield "calibration_missing", place, "it was written and is not there as it was"


# --- Everything ----------------------------------------------------------------------------------


def check(
    folder: Path,
    key: Ed25519PublicKey,
    printed: Iterable[tuple[int, str]] = (),
    evidence: Path | None = None,
    calibrations: Path | None = None,
) -> tuple[Chain, list[Finding]]:
    """Check everything; return what was learnt, and what is wrong in the order of its finding."""
    chain = Chain(genuine_by(key))
    found: dict[tuple[str, str], str] = {}

    def take(findings: Iterable[Finding]) -> None:
        for code, place, text in findings:
            found.setdefault((code, place), text)

    take(check_database(folder, chain))
    if chain.readable:
        take(check_heads(folder, chain, sha256(key.public_bytes_raw()), printed))
        if evidence is not None:
            take(check_evidence(evidence, chain.named))
        if calibrations is not None:
            take(check_calibrations(calibrations, chain))
    return chain, [(code, place, text) for (code, place), text in found.items()]


def arguments(given: list[str] | None) -> argparse.Namespace:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="the station's folder, with station.db")
    parser.add_argument("--key", type=Path, help="default: FOLDER/keys/station.pub")
    parser.add_argument("--head", action="append", default=[], metavar="NUMBER:SHA256",
                        help="from a printed report; may be given more than once")  # fmt: skip
    parser.add_argument("--evidence", type=Path, help="check the evidence in this folder, too")
    parser.add_argument("--calibrations", type=Path, help="check the calibration files in it")
    options = parser.parse_args(given)
    options.own_key = options.key is None
    options.key = options.key or options.folder / "keys" / "station.pub"
    try:
        if not (options.folder / DATABASE).is_file():
            parser.error(f"there is no {DATABASE} in {options.folder}")
        options.key = load_pem_public_key(options.key.read_bytes())
        if not isinstance(options.key, Ed25519PublicKey):
            parser.error("the key is not an Ed25519 key")
        if not all(re.fullmatch(r"[0-9]{1,18}:[0-9a-f]{64}", head) for head in options.head):
            parser.error("a head is a number, a colon and 64 hexadecimal digits")
    except (OSError, ValueError) as error:
        parser.error(f"the key cannot be read: {error}")
    return options


def main(given: list[str] | None = None) -> int:
    """Check what the arguments name and print what was found."""
    options = arguments(given)
    printed = [(int(head.split(":")[0]), head.split(":")[1]) for head in options.head]
    chain, findings = check(
        options.folder, options.key, printed, options.evidence, options.calibrations
    )
    evidence = f"{len(chain.named)} pieces" if options.evidence else "not checked"
    lines = [
        f"folder          {options.folder}",
        f"station key     {sha256(options.key.public_bytes_raw())}"
        + (", the folder's own" if options.own_key else ", the one that was given"),
        f"entries         {chain.entries}, the last is {chain.end}:{chain.hash}",
        f"records         {chain.rows} revisions",
        f"printed heads   {len(printed)}",
        f"evidence        {evidence}",
        "",
    ]
    lines += [f"BROKEN  {place}: {text} ({code})" for code, place, text in findings]
    if findings:
        lines.append(f"The ledger does not hold: {len(findings)} places, the first is named first.")
    else:
        lines.append("The ledger holds: nothing was changed, removed, added or moved.")
    lines += OWN_KEY.splitlines() if options.own_key else []
    sys.stdout.write("".join(shown(line) + "\n" for line in lines))
    return 4 if findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
