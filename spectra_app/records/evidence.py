"""Evidence: raw frames and imported files, kept by SHA-256 before anything interprets them.

A folder store. Bytes live once under ``ab/cd/<sha256>``, read-only; every receipt adds one line to
``received.jsonl``. What `EvidenceStore.put` has returned is on the disk: the object is written to
a temporary file beside its place, flushed to the disk and then linked to its name, so a name never
holds half an object; the line follows the object, and is flushed too.

Many processes may use one folder at once. Objects need no lock, because a name can only ever get
the same bytes; the lines are written under a lock that ends with the process that holds it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from spectra_app.errors import EvidenceError
from spectra_app.records.durable import (
    append_line,
    locked,
    make_folders,
    named_errors,
    sync_folder,
    try_to_write,
    write_once,
)

Clock = Callable[[], str]

RECEIVED = "received.jsonl"
REMOVED = "removed.jsonl"
LOCK = "received.lock"
ROOM_BYTES = 4 << 20  # more than a measurement leaves: 20 frames of 2,000 pixels are 2 MB
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_DAMAGED = "keep the file as it is, tell the supervisor, and restore it from a backup"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One line of `received.jsonl`: what came in, under which name, and when.

    Parameters
    ----------
    sha256 : str
        Hash of the bytes, hex.
    kind : str
        What it is, for example ``"raw frame"`` or ``"imported file"``.
    name : str
        Original name.
    size : int
        Bytes.
    received_at : str
        ISO 8601 in UTC, from the clock that was handed in.
    """

    sha256: str
    kind: str
    name: str
    size: int
    received_at: str


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """What was kept, and where; `first` is False when the same bytes were there before."""

    sha256: str
    size: int
    path: Path
    kind: str
    name: str
    received_at: str
    first: bool


@dataclass(frozen=True, slots=True)
class ReceivedLog:
    """The receipts in order, and the numbers (from 1) of lines that are none.

    Parameters
    ----------
    receipts : tuple of Receipt
        What came in, oldest first.
    torn_lines : tuple of int
        Lines that were cut off while being written (power cut): never acknowledged by `put`.
    unreadable_lines : tuple of int
        Other lines that cannot be read: somebody or something changed them.
    """

    receipts: tuple[Receipt, ...]
    torn_lines: tuple[int, ...]
    unreadable_lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StoreCheck:
    """Result of `EvidenceStore.verify`.

    Parameters
    ----------
    objects : int
        Objects that are what their name says.
    damaged : tuple of str
        Hashes of objects whose bytes changed, or that cannot be read.
    missing : tuple of str
        Hashes that were received and are not there, and were not removed.
    unlisted : tuple of str
        Sound objects without a receipt: the program ended between the two.
    torn_lines, unreadable_lines : tuple of int
        Lines of ``received.jsonl`` that are no receipts, see `ReceivedLog`.
    unfinished : tuple of str
        Temporary files of writers that did not finish, or are writing now; never evidence.
    strangers : tuple of str
        Files that do not belong into the store.
    """

    objects: int
    damaged: tuple[str, ...]
    missing: tuple[str, ...]
    unlisted: tuple[str, ...]
    torn_lines: tuple[int, ...]
    unreadable_lines: tuple[int, ...]
    unfinished: tuple[str, ...]
    strangers: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """Whether everything received is there and unchanged; torn lines were never received."""
        return not (self.damaged or self.missing or self.unreadable_lines)


class EvidenceStore:
    """A folder that keeps bytes by their SHA-256, once and unchanged.

    Parameters
    ----------
    folder : Path
        The folder; it is made by the first `put`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def path_of(self, sha256: str) -> Path:
        """Return where the object of that hash is or would be.

        Raises
        ------
        EvidenceError
            When `sha256` is not 64 hexadecimal digits in lower case.
        """
        if not _SHA256.match(sha256):
            raise EvidenceError(
                f"{sha256[:80]!r} is not a SHA-256", str(self.folder), "give 64 hexadecimal digits"
            )
        return self.folder / sha256[:2] / sha256[2:4] / sha256

    def put(self, data: bytes, *, kind: str, name: str, clock: Clock) -> EvidenceItem:
        """Keep `data` and add a receipt; when this returns, both are on the disk.

        The same bytes again are not written again, but get a receipt of their own.

        Parameters
        ----------
        data : bytes
            What came in, unchanged.
        kind, name : str
            What it is and what it was called.
        clock : callable
            Returns the time as ISO 8601 text in UTC.

        Raises
        ------
        EvidenceError
            When the disk is full, the folder cannot be written, the object that is already there
            is damaged, or `kind`, `name` and time do not make a receipt.
        """
        digest = hashlib.sha256(data).hexdigest()
        receipt = Receipt(digest, kind, name, len(data), clock())
        _check_receipt(receipt)
        path = self.path_of(digest)
        with named_errors(path, "it was not taken in"):
            first = not os.path.lexists(path)
            if first:
                make_folders(path.parent)
                first = write_once(path, data)
            if not first:
                self.get(digest)
            # Also what another process has made just now must be there after a power cut.
            for folder in (path.parent, path.parent.parent, self.folder):
                sync_folder(folder)
        with (
            named_errors(self.folder / RECEIVED, "it was not taken in"),
            locked(self.folder / LOCK),
        ):
            append_line(self.folder / RECEIVED, _line(receipt))
            if not os.path.lexists(path):  # retention has taken it away just now
                write_once(path, data)
                sync_folder(path.parent)
        return EvidenceItem(digest, len(data), path, kind, name, receipt.received_at, first)

    def prove_room(self, size: int = ROOM_BYTES) -> None:
        """Write `size` bytes to the disk and take them away again: so much can be kept.

        Asked before what cannot be taken back, such as light on a sample. The bytes are random,
        because some file systems keep equal ones for nothing.

        Raises
        ------
        EvidenceError
            When that is not possible, with the remedy.
        """
        with named_errors(self.folder, "nothing was measured"):
            make_folders(self.folder)
            with locked(self.folder / LOCK):
                try_to_write(self.folder, os.urandom(size))

    def get(self, sha256: str) -> bytes:
        """Return the bytes of that hash, checked.

        Raises
        ------
        EvidenceError
            When they are not there, cannot be read, or are not what their hash says.
        """
        path = self.path_of(sha256)
        with named_errors(path, "it was not read"):
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                raise EvidenceError(
                    "there is no evidence of this hash", str(path), "check the hash or the folder"
                ) from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise EvidenceError("the evidence is damaged: its hash differs", str(path), _DAMAGED)
        return data

    def remove(self, sha256: str, *, why: str, clock: Clock) -> bool:
        """Take an object out for good, because its time has passed; say whether it was there.

        A line in `removed.jsonl` says so first: what is missing without one was lost. The receipt
        stays.

        Raises
        ------
        EvidenceError
            When the folder cannot be written.
        """
        path = self.path_of(sha256)
        if not path.exists():
            return False
        with named_errors(path, "it was not removed"), locked(self.folder / LOCK):
            self._take_out(path, why, clock)
        return True

    def _take_out(self, path: Path, why: str, clock: Clock) -> None:
        said = {"sha256": path.name, "removed_at": clock(), "why": why}
        append_line(self.folder / REMOVED, json.dumps(said, sort_keys=True).encode("ascii") + b"\n")
        path.chmod(0o600)  # some systems remove no file that cannot be written
        path.unlink()
        sync_folder(path.parent)

    def remove_unnamed(
        self,
        hashes: Iterable[str],
        named: Container[str],
        *,
        settled: datetime,
        why: str,
        clock: Clock,
    ) -> tuple[str, ...]:
        """Take out what nobody names; return what has to wait, because it came in just now.

        Nothing can come in meanwhile: `put` waits, and then puts back what it had found there. What
        was named since `named` was asked has come in since, so it waits.

        Parameters
        ----------
        hashes : iterable of str
            What to take out.
        named : container of str
            The hashes that must stay.
        settled : datetime
            What came in (again) after that may be about to be named.
        why, clock : str, callable
            As `remove`.

        Raises
        ------
        EvidenceError
            When the folder cannot be read or written.
        """
        if not self.folder.is_dir():
            return ()
        waiting: list[str] = []
        with named_errors(self.folder, "not all was removed"), locked(self.folder / LOCK):
            last = {one.sha256: one.received_at for one in self.received().receipts}
            for sha256 in hashes:
                path = self.path_of(sha256)
                if sha256 in named or not path.exists():
                    continue
                if sha256 in last and datetime.fromisoformat(last[sha256]) > settled:
                    waiting.append(sha256)
                else:
                    self._take_out(path, why, clock)
        return tuple(waiting)

    def removed(self) -> frozenset[str]:
        """Return the hashes that were taken out.

        Raises
        ------
        EvidenceError
            When the list cannot be read.
        """
        with named_errors(self.folder / REMOVED, "it was not read"):
            try:
                lines = (self.folder / REMOVED).read_bytes().splitlines()
            except FileNotFoundError:
                return frozenset()
        found = (re.search(rb'"sha256": "([0-9a-f]{64})"', line) for line in lines)
        return frozenset(match[1].decode() for match in found if match)

    def received(self) -> ReceivedLog:
        """Return every receipt; a line that cannot be read is numbered, never dropped in silence.

        Raises
        ------
        EvidenceError
            When the file cannot be read.
        """
        path = self.folder / RECEIVED
        with named_errors(path, "it was not read"):
            try:
                *lines, rest = path.read_bytes().split(b"\n")
            except FileNotFoundError:
                return ReceivedLog((), (), ())
        receipts: list[Receipt] = []
        torn: list[int] = []
        unreadable: list[int] = []
        for number, line in enumerate(lines, start=1):
            receipt = _parse_receipt(line)
            if receipt is not None:
                receipts.append(receipt)
            elif line.startswith(b"{") and not line.endswith(b"}"):
                torn.append(number)
            else:
                unreadable.append(number)
        if rest:  # a last line without its end was never acknowledged, even if it can be read
            torn.append(len(lines) + 1)
        return ReceivedLog(tuple(receipts), tuple(torn), tuple(unreadable))

    def verify(self) -> StoreCheck:
        """Read everything again and compare it with its name and its receipts.

        Raises
        ------
        EvidenceError
            When the folder itself or the list of receipts cannot be read.
        """
        # The receipts first: what is put while this runs is then at worst reported as unlisted.
        log = self.received()
        sound: set[str] = set()
        damaged: set[str] = set()
        unfinished: list[str] = []
        strangers: list[str] = []
        for path in self._files():
            name = path.relative_to(self.folder).as_posix()
            if path.name.startswith(".") and path.name.endswith(".tmp"):
                unfinished.append(name)
            elif not _SHA256.match(path.name) or self.path_of(path.name) != path:
                strangers.append(name)
            else:
                (sound if self._is_sound(path.name) else damaged).add(path.name)
        listed = {receipt.sha256 for receipt in log.receipts}
        return StoreCheck(
            objects=len(sound),
            damaged=tuple(sorted(damaged)),
            missing=tuple(sorted(listed - sound - damaged - self.removed())),
            unlisted=tuple(sorted(sound - listed)),
            torn_lines=log.torn_lines,
            unreadable_lines=log.unreadable_lines,
            unfinished=tuple(sorted(unfinished)),
            strangers=tuple(sorted(strangers)),
        )

    def _is_sound(self, sha256: str) -> bool:
        try:
            self.get(sha256)
        except EvidenceError:
            return False
        return True

    def _files(self) -> Iterator[Path]:
        def refuse(error: OSError) -> None:
            raise error

        with named_errors(self.folder, "it was not checked"):
            if not self.folder.exists():
                return
            for place, _folders, names in os.walk(self.folder, onerror=refuse):
                for name in names:
                    path = Path(place, name)
                    if path.parent != self.folder or name not in {RECEIVED, REMOVED, LOCK}:
                        yield path


def _line(receipt: Receipt) -> bytes:
    return json.dumps(asdict(receipt), sort_keys=True).encode("ascii") + b"\n"


def _parse_receipt(line: bytes) -> Receipt | None:
    try:
        content: Any = json.loads(line)
        receipt = Receipt(**content)
    except (ValueError, TypeError, RecursionError):
        return None
    words = [getattr(receipt, item.name) for item in fields(Receipt) if item.name != "size"]
    if not all(isinstance(word, str) for word in words) or type(receipt.size) is not int:
        return None
    return receipt if _SHA256.match(receipt.sha256) else None


def _check_receipt(receipt: Receipt) -> None:
    """Raise EvidenceError before anything is written, unless the receipt can be read back."""
    try:
        moment = datetime.fromisoformat(receipt.received_at)
        sound = moment.utcoffset() == timedelta(0) and _parse_receipt(_line(receipt)) == receipt
    except (TypeError, ValueError):
        sound = False
    if not sound:
        raise EvidenceError(
            f"kind {receipt.kind!r}, name {receipt.name!r} and time {receipt.received_at!r} do not "
            "make a receipt",
            "",
            "give two texts and a time in UTC (2026-11-21T07:52:00Z)",
        )
