"""A writer that says what was acknowledged, and what must hold of a folder after a crash.

Loaded by the tests and run by them as a program: ``crashing.py kill|log|full ...``.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import shutil
import signal
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from matching.errors import SpectraError
from spectra_app.errors import RecordError
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.kinds import Scan
from spectra_app.records.ledger.head import station_key
from spectra_app.records.ledger.store import DATABASE, Ledger
from spectra_app.records.ledger.verify import verify
from spectra_app.records.ledger.writing import REDACTED

SECTOR = 512
Told = dict[str, int]  # scan -> revision that was acknowledged; -1 when its content was removed


def clock() -> str:
    return "2026-11-22T10:00:00.000Z"


def opened(base: Path) -> tuple[Ledger, EvidenceStore]:
    place = base / "station"
    return Ledger(place, station_key(place / "keys"), clock), EvidenceStore(base / "evidence")


def acts(ledger: Ledger, evidence: EvidenceStore, dice: random.Random, mark: str):
    """Do act after act; yield what each has acknowledged: scan and revision."""
    done: list[str] = []
    for number in itertools.count():
        id_ = f"{mark}-{number}"
        size = dice.choice((100, 3000, 20_000))
        kept = evidence.put(dice.randbytes(size), kind="raw frame", name=id_, clock=clock).sha256
        scan = Scan(id=id_, original=kept, evidence=(kept,), name="powder " * dice.randrange(40))
        with ledger.writing("u1") as writing:
            writing.put(scan, "scan added")
            writing.note("laser used", {"exposures": 3})
        yield {id_: 1}
        done.append(id_)
        if number % 3 == 1:
            with ledger.writing("u1") as writing:
                for one in done[-2:]:
                    stored = Scan(id=one, original=kept, state="filed", case="c1")
                    writing.put(stored, "scan filed", after=1)
            yield dict.fromkeys(done[-2:], 2)
            done.clear()
        if number % 5 == 4:
            with ledger.writing("u2") as writing:
                writing.remove_content("scan", f"{mark}-{number - 3}", "retention over")
            yield {f"{mark}-{number - 3}": -1}
            ledger.tidy()


def examine(base: Path, told: Told) -> list[str]:
    """Return what is wrong in a folder after a crash; it can be written to again afterwards."""
    place, wrong = base / "station", []
    fresh = not (place / DATABASE).exists() or not (place / DATABASE).stat().st_size
    key = station_key(place / "keys")
    if fresh and told:
        return ["the database is gone"]
    if told:
        wrong += [f"before: {one}" for one in verify(place, key.public).findings]
    with Ledger(place, key, clock) as ledger:
        evidence = EvidenceStore(base / "evidence")
        entries = ledger.entries()
        removed = {entry.id for entry in entries if entry.act == REDACTED}
        for id_, revision in told.items():
            try:
                found = ledger.get(Scan, id_)
            except RecordError as error:
                if id_ not in removed:  # which need not have been acknowledged
                    wrong.append(f"{id_}, revision {revision}: {error}")
                continue
            if found.revision < revision or revision == -1:
                wrong.append(f"{id_} is of revision {found.revision}, not {revision}")
        scans = ledger.find(Scan)
        wrong += [f"{one.record.id} has lost its evidence" for one in scans
                  if not evidence.path_of(one.record.original).exists()]  # fmt: skip
        whole = {entry.id: 0 for entry in entries if entry.act == "scan added"}
        noted = sum(entry.act == "laser used" for entry in entries)
        if noted != len(whole):
            wrong.append(f"half an act: {len(whole)} scans and {noted} notes")
        for scan in scans[-1:]:
            evidence.get(scan.record.original)
        with ledger.writing("u1") as writing:
            writing.note("opened again")
        head = ledger.head().number
    after = verify(place, key.public)
    if after.end != head:
        wrong.append(f"the head says {head}, the chain ends at {after.end}")
    return wrong + [f"after: {one}" for one in after.findings]


# --- kill -9 --------------------------------------------------------------------------------------


def kill(base: Path, points: int, seed: int) -> list[str]:
    """Kill a forked writer at random moments, again and again; return what was wrong."""
    dice, wrong, told = random.Random(seed), [], {}
    for point in range(points):
        folder = base / f"s{point // 12}"
        if point % 12 == 0:
            told = {}
            shutil.rmtree(base / f"s{point // 12 - 1}", ignore_errors=True)
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            with contextlib.suppress(BaseException):
                for one in acts(*opened(folder), random.Random(point), f"p{point}"):
                    os.write(writing, json.dumps(one).encode() + b"\n")
            os._exit(1)
        os.close(writing)
        with os.fdopen(reading, "rb") as lines:
            heard = [lines.readline() for _ in range(dice.randrange(6))]
            time.sleep(dice.random() * 0.008)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            heard += [line for line in lines if line.endswith(b"\n")]
        for line in heard:
            told |= json.loads(line)
        wrong += [f"point {point}: {one}" for one in examine(folder, told)]
    return wrong


# --- Power cut: what is on the disk when only what was synced is sure to be there -----------------


def log(base: Path, path: Path, count: int, seed: int) -> None:
    """Write, with `disk_log.c` loaded; what is acknowledged goes into the same log."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND)
    ledger, evidence = opened(base)
    with ledger:
        for one in itertools.islice(acts(ledger, evidence, random.Random(seed), "p"), count):
            text = json.dumps(one).encode()
            os.write(handle, struct.pack("<cbqqII", b"A", 0, 0, 0, len(text), 0) + text)


def operations(data: bytes):
    """Return what a log holds: letter, flag, two numbers, two byte strings."""
    place = 0
    while place < len(data):
        letter, flag, first, second, one, two = struct.unpack_from("<cbqqII", data, place)
        place += 26
        yield (
            letter.decode(),
            flag,
            first,
            second,
            data[place : place + one],
            data[place + one : place + one + two],
        )
        place += one + two


@dataclass(eq=False)
class Inode:
    """A file: what is sure to be on the disk, and what was done since."""

    synced: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def content(self, keep: Callable[[], bool], torn: Callable[[], bool]) -> bytes:
        data = bytearray(self.synced)
        for place, written in self.pending:
            if not keep():
                continue
            if written is None:
                data[place:] = bytes(max(0, place - len(data)))
                continue
            step = place
            while step < place + len(written):  # by the sectors of the disk
                end = min(place + len(written), (step // SECTOR + 1) * SECTOR)
                if not torn():
                    data.extend(bytes(max(0, step - len(data))))
                    data[step:end] = written[step - place : end - place]
                step = end
        return bytes(data)


class Disk:
    """A folder on a disk that forgets, after each operation of a log."""

    def __init__(self, base: Path, deaf: str = "none") -> None:
        self.base, self.deaf = str(base), deaf  # part of the names of files that it never syncs
        self.names: dict[str, Inode | None] = {}  # None: a folder
        self.durable: dict[str, Inode | None] = {}
        self.changes: list[tuple[str, str, Inode | None]] = []  # not synced: +/-, name, what
        self.handles: dict[int, str | Inode] = {}
        self.told: Told = {}

    def take(self, step) -> None:
        """Take one operation."""
        letter, flag, first, second, one, two = step
        path, other = (text.decode(errors="replace").rstrip("/") for text in (one, two))
        if letter == "A":
            self.told |= json.loads(one)
        elif letter == "O":
            self._open(first, path, cut=bool(flag))
        elif letter in "WTS":
            self._file(letter, first, second, one)
        elif letter == "M":
            self._name("+", path, None)
        elif letter == "U":
            self._name("-", path, self.names.get(path))
        elif letter == "L":
            self._name("+", other, self.names[path])
        elif letter == "R":
            self._name("+", other, self.names[path])
            self._name("-", path, self.names[path])

    def _open(self, handle, path, *, cut) -> None:
        if path == self.base or (path in self.names and self.names[path] is None):
            self.handles[handle] = path
            return
        if path not in self.names:
            self._name("+", path, Inode())
        self.handles[handle] = self.names[path]
        if cut:
            self.names[path].pending.append((0, None))

    def _file(self, letter, handle, number, data) -> None:
        what = self.handles[handle]
        if letter == "W":
            what.pending.append((number, data))
        elif letter == "T":
            what.pending.append((number, None))
        elif isinstance(what, Inode):
            if any(one is what and self.deaf in name for name, one in self.names.items()):
                return
            what.synced, what.pending = what.content(lambda: True, lambda: False), []
        else:
            kept = []
            for change in self.changes:
                if change[1].rpartition("/")[0] == what:
                    self._apply(self.durable, change)
                else:
                    kept.append(change)
            self.changes = kept

    def _name(self, sign, path, what) -> None:
        self._apply(self.names, (sign, path, what))
        self.changes.append((sign, path, what))

    @staticmethod
    def _apply(names, change) -> None:
        sign, path, what = change
        if sign == "+":
            names[path] = what
        elif names.get(path) is what:
            names.pop(path, None)

    def write(self, target: Path, dice: random.Random | None) -> None:
        """Write what is on the disk after a power cut: only what was synced, or with `dice`
        what the disk happened to get to besides."""
        names = dict(self.durable)
        share = dice.choice((0.1, 0.5, 0.9)) if dice else 0.0
        if dice:
            for change in self.changes[: dice.randrange(len(self.changes) + 1)]:
                self._apply(names, change)
        keep = (lambda: dice.random() < share) if dice else lambda: False
        torn = (lambda: dice.random() < 0.2) if dice else lambda: False
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for path in sorted(names):
            inside = target / os.path.relpath(path, self.base)
            if names[path] is None:
                inside.mkdir(exist_ok=True)
            elif inside.parent.is_dir():  # a name in a folder that is not there is nowhere
                inside.write_bytes(names[path].content(keep, torn))
        shared = target / "station" / (DATABASE + "-shm")
        if dice and shared.exists():  # never synced: anything may be in it
            shared.write_bytes(dice.randbytes(32768))


def power_cuts(base, logged, target, points, *, seed, deaf="none") -> list[str]:
    """Cut the power at points of a log, and look at what is left; return what was wrong."""
    steps, dice, wrong = list(operations(logged.read_bytes())), random.Random(seed), []
    chosen = sorted(dice.choices(range(1, len(steps) + 1), k=points))
    disk, done = Disk(base, deaf), 0
    for point, at in enumerate(chosen):
        for step in steps[done:at]:
            disk.take(step)
        done = at
        disk.write(target, dice if point % 3 else None)
        try:
            found = examine(target, disk.told)
        except SpectraError as error:
            found = [f"{type(error).__name__}: {error}"]
        wrong += [f"after operation {at} of {len(steps)}, {point}: {one}" for one in found]
    return wrong


# --- Full disk ------------------------------------------------------------------------------------


def full(base: Path, points: int, seed: int) -> list[str]:
    """Fill a small disk while writing, again and again; return what was wrong."""
    dice, wrong, told = random.Random(seed), [], {}
    ballast, refused = base / "ballast", 0
    for point in range(points):
        folder = base / f"s{point // 10}"
        if point % 10 == 0:
            told = {}
            shutil.rmtree(base / f"s{point // 10 - 1}", ignore_errors=True)
        free = os.statvfs(base).f_bavail * os.statvfs(base).f_frsize
        left = dice.choice((0, 4096, 20_000, 60_000, 200_000, 600_000))
        ballast.write_bytes(bytes(max(0, free - left)))
        try:
            ledger, evidence = opened(folder)
            with ledger:
                refused += _fill(ledger, evidence, random.Random(point), f"p{point}", told)
                wrong += [f"point {point}, full: {one}" for one in _claims(ledger, told)]
        except (SpectraError, OSError):
            refused += 1
        ballast.unlink()
        wrong += [f"point {point}: {one}" for one in examine(folder, told)]
    return wrong + ([] if refused else ["the disk was never full"])


def _fill(ledger, evidence, dice, mark, told) -> bool:
    """Write until that is refused."""
    try:
        for one in acts(ledger, evidence, dice, mark):
            told |= one
    except SpectraError:
        return True
    return False


def _claims(ledger: Ledger, told: Told) -> list[str]:
    """Compare what was said to be kept with what is: on a full disk, both must be the same."""
    place = ledger.folder
    wrong = [str(one) for one in verify(place, ledger.key.public).findings]
    kept = {scan.record.id: scan.revision for scan in ledger.find(Scan)}
    said = {id_: revision for id_, revision in told.items() if revision != -1}
    return wrong + ([] if kept == said else [f"kept {kept}, and said {said}"])


def main(arguments: list[str]) -> None:
    what, base, rest = arguments[0], Path(arguments[1]), arguments[2:]
    if what == "log":
        log(base, Path(rest[0]), int(rest[1]), int(rest[2]))
    else:
        run = {"kill": kill, "full": full}[what]
        json.dump(run(base, int(rest[0]), int(rest[1])), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
