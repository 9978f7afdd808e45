"""A question, its answer and a case go between two stations; what must hold after a crash.

Loaded by the tests and run by them as a program: ``bundle_story.py kill|log|full ...``. The story
goes on from wherever it was ended, so the same function tells it and retries it.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import struct
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from matching.errors import SpectraError
from spectra_app.records.bundles.content import read_bundle
from spectra_app.records.bundles.errors import BundleKnownError
from spectra_app.records.bundles.kinds import GivenAnswer, Imported, ImportedRecord, Question
from spectra_app.records.kinds import Case, Confirmation, Item
from spectra_app.records.ledger.verify import verify
from spectra_app.records.passwords import Cost, Passwords
from spectra_app.services import users
from spectra_app.services.bundles.answers import Finding, answer_question
from spectra_app.services.bundles.exporting import (
    ask_laboratory,
    export_case,
    write_question_again,
)
from spectra_app.services.bundles.importing import import_bundle
from spectra_app.services.office import Office, Session, open_office

PASSWORD = "seven green herons wade"  # noqa: S105  of nobody
QUICK = Passwords(Cost(passes=1, memory_kib=8, lanes=1))
FOUND = Finding("confirmed", ("GC-MS",), "A. Chemist", ("amphetamine",), reference="L 77")
STEPS = ("asked", "question in", "answered", "answer in", "exported", "case in")
CENTRE, LABORATORY, STICK = "data", "laboratory", "stick"


class Later:
    """A clock that begins at an hour of the day of the tests."""

    def __init__(self, hour: int) -> None:
        self.now = datetime(2026, 11, 22, hour, tzinfo=UTC)

    def __call__(self) -> str:
        self.now += timedelta(milliseconds=1)
        return self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tell(base: Path, hour: int, told: Callable[[str], object]) -> None:
    """Do what of the story is not done yet; say each step that was acknowledged."""
    clock = Later(hour)
    (base / STICK).mkdir(exist_ok=True)
    with (
        open_office(base / CENTRE, clock, passwords=QUICK) as centre,
        open_office(base / LABORATORY, clock, passwords=QUICK) as lab,
    ):
        boss, chemist = (users.log_in(one, name, PASSWORD)
                         for one, name in ((centre, "supervisor"), (lab, "chemist")))  # fmt: skip
        asking = users.log_in(centre, "technician", PASSWORD)
        _ask(centre, asking, base / STICK / "q.bundle")
        told("asked")
        question = _take_in(lab, chemist, base / STICK / "q.bundle", centre)
        told("question in")
        if not (base / STICK / "a.bundle").exists():
            answer_question(lab, chemist, question, FOUND, base / STICK / "a.bundle")
        told("answered")
        _take_in(centre, boss, base / STICK / "a.bundle", lab)
        told("answer in")
        if not (base / STICK / "c.bundle").exists():
            (case,) = centre.ledger.find(Case)
            export_case(centre, boss, case.record.id, base / STICK / "c.bundle")
        told("exported")
        _take_in(lab, chemist, base / STICK / "c.bundle", centre)
        told("case in")


def _ask(centre: Office, boss: Session, target: Path) -> None:
    asked = centre.ledger.find(Question)
    if not asked:
        (item,) = centre.ledger.find(Item)
        ask_laboratory(centre, boss, item.record.id, target, laboratory="L", text="?")
    elif not target.exists():
        write_question_again(centre, boss, asked[0].record.id, target)


def _take_in(office: Office, session: Session, path: Path, from_: Office) -> str:
    with contextlib.suppress(BundleKnownError):
        import_bundle(office, session, path, from_.ledger.key.id)
    manifest = read_bundle(path.read_bytes()).statement.manifest
    (there,) = office.ledger.find(Imported, manifest=manifest)
    return there.record.id


def examine(base: Path, told: set[str]) -> list[str]:
    """Return what is wrong after a crash; the story is told to its end afterwards."""
    wrong = [f"before: {one}" for one in _broken(base)]
    wrong += [f"{step} was acknowledged, and is not there" for step in told - _done(base)]
    files = {path.name: path.read_bytes() for path in (base / STICK).glob("*.bundle")}
    try:
        tell(base, 11, lambda _step: None)
    except SpectraError as error:
        return [*wrong, f"it does not go on: {error}"]
    wrong += [f"after: {one}" for one in _broken(base)]
    wrong += [f"after: {step} is missing" for step in set(STEPS) - _done(base)]
    wrong += [f"{name} is another one now" for name, data in files.items()
              if (base / STICK / name).read_bytes() != data]  # fmt: skip
    wrong += [f"{path.name} is left" for path in (base / STICK).iterdir()
              if path.suffix != ".bundle"]  # fmt: skip
    with open_office(base / CENTRE, Later(12), passwords=QUICK) as office:
        counts = [len(office.ledger.find(kind)) for kind in (Question, Confirmation, Imported)]
    return wrong + ([] if counts == [1, 1, 1] else [f"{counts} questions, answers, imports"])


def _done(base: Path) -> set[str]:
    """Return the steps of which everything is there, in the ledgers and on the stick."""
    on_stick = {path.stem for path in (base / STICK).glob("*.bundle")}
    done = {step for step, name in (("exported", "c"),) if name in on_stick}
    with open_office(base / CENTRE, Later(12), passwords=QUICK) as office:
        asked = office.ledger.find(Question)
        done |= {"asked"} if asked and "q" in on_stick else set()
        done |= {"answer in"} if asked and asked[0].record.state == "answered" else set()
    with open_office(base / LABORATORY, Later(12), passwords=QUICK) as office:
        held = {one.record.content for one in office.ledger.find(Imported)}
        done |= {f"{content} in" for content in held}
        done |= {"answered"} if office.ledger.find(GivenAnswer) and "a" in on_stick else set()
    return done


def _broken(base: Path) -> list[str]:
    """Return what is half: a file, an import, an answer, a chain."""
    wrong = []
    for path in (base / STICK).glob("*.bundle"):
        try:
            read_bundle(path.read_bytes())
        except SpectraError as error:
            wrong.append(f"{path.name}: {error}")
    for place in (CENTRE, LABORATORY):
        with open_office(base / place, Later(12), passwords=QUICK) as office:
            wrong += [f"{place}: {error}" for error in _half(office)]
            folder, public = office.ledger.folder, office.ledger.key.public
        wrong += [f"{place}: {one}" for one in verify(folder, public).findings]
    return wrong


def _half(office: Office) -> list[str]:
    wrong = []
    for one in (stored.record for stored in office.ledger.find(Imported)):
        held = len(office.ledger.find(ImportedRecord, bundle=one.id))
        if held != one.records:
            wrong.append(f"{one.id} has {held} of {one.records} records")
        if read_bundle(office.evidence.get(one.evidence[0])).statement.manifest != one.manifest:
            wrong.append(f"{one.id} has lost its bundle")
    answered = len(office.ledger.find(Question, state="answered"))
    confirmed = len(office.ledger.find(Confirmation))
    taken = len(office.ledger.find(Imported, content="answer"))
    return wrong + ([] if answered == confirmed == taken else ["half an answer was taken in"])


# --- kill -9, a log of what the disk is told, full disk -------------------------------------------


def kill(prepared: Path, base: Path, points: int, seed: int) -> list[str]:
    """Kill a forked teller after a step or in it, again and again; return what was wrong."""
    dice, wrong = random.Random(seed), []
    for point in range(points):
        folder = base / f"s{point}"
        shutil.copytree(prepared, folder)
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            with contextlib.suppress(BaseException):
                tell(folder, 9, partial(_say, writing))
            os._exit(1)
        os.close(writing)
        with os.fdopen(reading, "rb") as lines:
            heard = [lines.readline() for _ in range(dice.randrange(len(STEPS)))]
            time.sleep(dice.random() * 0.1)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            heard += lines
        told = {line.decode().strip() for line in heard}
        wrong += [f"point {point}: {one}" for one in examine(folder, told)]
        shutil.rmtree(folder)
    return wrong


def _say(pipe: int, step: str) -> None:
    os.write(pipe, step.encode() + b"\n")


def log(base: Path, path: Path) -> None:
    """Tell the story with `disk_log.c` loaded; what is acknowledged goes into the same log."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND)

    def told(step: str) -> None:
        text = json.dumps({step: 1}).encode()
        os.write(handle, struct.pack("<cbqqII", b"A", 0, 0, 0, len(text), 0) + text)

    tell(base, 9, told)


def full(prepared: Path, base: Path, points: int, seed: int) -> list[str]:
    """Tell the story on a disk that is nearly full; what is refused is refused in words."""
    dice, wrong, refused = random.Random(seed), [], 0
    ballast = base / "ballast"
    for point in range(points):
        folder, told = base / f"s{point}", set[str]()
        shutil.copytree(prepared, folder)
        free = os.statvfs(base).f_bavail * os.statvfs(base).f_frsize
        ballast.write_bytes(bytes(max(0, free - dice.randrange(600_000))))
        try:
            tell(folder, 9, told.add)
        except SpectraError:
            refused += 1
        except Exception as error:  # noqa: BLE001  anything else is the fault looked for
            wrong.append(f"point {point}: refused as {type(error).__name__}: {error}")
        ballast.unlink()
        wrong += [f"point {point}: {one}" for one in examine(folder, told)]
        shutil.rmtree(folder)
    return wrong + ([] if refused else ["the disk was never full"])


def main(arguments: list[str]) -> None:
    what, first, second, *rest = arguments
    if what == "log":
        log(Path(first), Path(second))
    else:
        run = {"kill": kill, "full": full}[what]
        json.dump(run(Path(first), Path(second), int(rest[0]), int(rest[1])), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
