"""Which verdicts of a station's scans would be others now: with another library, policy, program.

Every scan is identified again from its evidence as `spectra_app.services.recheck` does it with
results in files. Its record stays as it is. The work is noted in a file of its own while it goes
on, so that it is continued where it was stopped.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from library.cells import cell
from library.control import ControlLists
from library.files import write_whole
from library.store import Library
from matching.errors import SpectraError
from matching.policy import Policy
from spectra_app import __version__
from spectra_app.errors import ReplayError
from spectra_app.records.durable import locked
from spectra_app.records.identification import ALARM_ORDER, Identification
from spectra_app.records.kinds import Scan
from spectra_app.records.ledger.chain import Detail
from spectra_app.services.cases.scans import names_of
from spectra_app.services.cases.seeing import Sight, sight_of
from spectra_app.services.control import ControlSetup, control_setup
from spectra_app.services.engine import Engine
from spectra_app.services.identify import Choice, Identifier
from spectra_app.services.libraries import open_library
from spectra_app.services.office import Office, Session
from spectra_app.services.policies import load_policy, policy_in_force
from spectra_app.services.recheck import LIBRARY, PastResult, change, verdict_of
from spectra_app.services.replay import chosen_scans, identified_again
from spectra_app.services.workshop import MadeWith, Workshop
from spectra_app.settings import made

FOLDER = "rechecks"
POLICY, PROGRAM = "policy", "program, control lists, or library and policy together"
UNTOLD = "not known"
UP, DOWN, NAMES, OUTCOME = "alarm up", "alarm down", "other names", "other outcome"
KINDS = (UP, DOWN, NAMES, OUTCOME)  # in the order they are listed
NOT_DONE = "not identified again"
COLUMNS = (
    "change", "scan", "case", "item", "file", "spectrum", "scanned_at",
    "before_outcome", "before_alarm", "before_names",
    "after_outcome", "after_alarm", "after_names", "because", "why",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What identifying a station's scans again gave.

    Parameters
    ----------
    scans, earlier : int
        Scans looked at, and how many of these an interrupted run had done already.
    changed : tuple of dict
        Those whose verdict would be another one: alarms that go up first, then those that go down.
    not_done : tuple of dict
        Those that could not be identified again, each with the reason.
    library, policy : str
        Hashes of what they were identified with.
    all_seen : bool
        False when there may be scans, or names, that this user may not see: they are left out.
    """

    scans: int
    earlier: int
    changed: tuple[dict[str, Any], ...]
    not_done: tuple[dict[str, Any], ...]
    library: str
    policy: str
    all_seen: bool


@dataclass(frozen=True, eq=False, slots=True)
class _Means:
    """What scans are identified with now, and what they were made with."""

    library: Library
    policy: Policy
    control: ControlSetup
    workshop: Workshop
    folder: Path

    def key(self) -> str:
        """Return what an interrupted run must have in common to be continued."""
        control = (self.control.sha256, self.control.jurisdictions, self.control.watched)
        return hashlib.sha256(
            repr((self.library.info.sha256, self.policy.hash, __version__, control)).encode()
        ).hexdigest()

    def identifier(self, of: MadeWith, scan: Scan, engine: Engine) -> Identifier:
        """Return an identifier for a scan: its day counts, and how its analyser stood then."""
        return Identifier(
            engine,
            self.workshop.evidence,
            clock=lambda: of.date or scan.scanned_at,
            control=self.control,
            calibrations=of.calibrations,
        )


def recheck_scans(
    office: Office,
    session: Session,
    *,
    library: Path | None = None,
    policy: Path | None = None,
    lists: tuple[ControlLists, str] | None = None,
    progress: Callable[[float, str], None] = lambda _share, _words: None,
) -> Rechecked:
    """Identify all scans again and say which verdicts would be others; nothing is overwritten.

    Parameters
    ----------
    library, policy : Path or None
        What to identify with; by default the library installed and the policy in force.
    lists : (ControlLists, str) or None
        Control lists to ask, and the hash that names them; by default those in use.
    progress : callable (share, words)
        Told how far the work is.

    Raises
    ------
    LibraryError, PolicyError
        When library or policy cannot be used.
    ReplayError
        When the same is being done already.
    """
    me = office.require(session, "case.recheck")
    scans = chosen_scans(office, me)
    rules = load_policy(policy) if policy else policy_in_force(office.folder)
    home = office.folder
    with open_library(library, home) as opened, Workshop(office.evidence, folder=home) as workshop:
        control = control_setup(home)
        if lists is not None:
            control = replace(control, lists=lists[0], sha256=lists[1])
        means = _Means(opened, rules, control, workshop, home)
        with _notes(made(office.ledger.folder / FOLDER) / f"{means.key()[:32]}.jsonl") as notes:
            earlier = sum(notes.has(scan) for scan in scans)
            _look_at_all(scans, means, notes, progress)
            found = [notes.of(scan) for scan in scans]
            done = _summed_up(found, means, earlier, sight_of(office, me))
            said: dict[str, Detail] = {"library": done.library, "policy": done.policy}
            said |= {"scans": done.scans, "changed": len(done.changed)}
            with office.ledger.writing(me.id) as writing:
                writing.note("past scans identified again", said | {"not_done": len(done.not_done)})
            notes.remove()
    return done


def _look_at_all(
    scans: Sequence[Scan], means: _Means, notes: _Notes, progress: Callable[[float, str], None]
) -> None:
    engine = Engine(means.library, means.policy)
    for number, scan in enumerate(scans):
        progress(number / len(scans), "identifying past scans again")
        if not notes.has(scan):
            notes.add(scan, _looked_at(scan, means, engine))
    progress(1.0, "done")


def _summed_up(
    found: Sequence[Mapping[str, Any]], means: _Means, earlier: int, sight: Sight
) -> Rechecked:
    """Sort what was found; names of restricted lists are for those who may see them."""
    changed = [
        one["change"]
        for one in found
        if one["change"] and not sight.hides_names(one["named"], one["meant"])
    ]
    changed.sort(key=_gravity)
    return Rechecked(
        scans=len(found),
        earlier=earlier,
        changed=tuple(changed),
        not_done=tuple(one["not_done"] for one in found if one["not_done"]),
        library=means.library.info.sha256,
        policy=means.policy.hash,
        all_seen=sight.cleared,
    )


def _looked_at(scan: Scan, means: _Means, engine: Engine) -> dict[str, Any]:
    """Return what identifying a scan again changes, or why that could not be done."""
    try:
        of = means.workshop.made_with(scan)
        data = means.workshop.evidence.get(scan.original)
        now = _record(scan, of, data, means.identifier(of, scan, engine))
        past, found = _past(scan, of), None
        if verdict_of(now) != past.verdict:
            because = _because(scan, of, data, means, past)
            differs = change(past, verdict_of(now), because)
            del differs["where"]  # the scan's number says it
            found = {"change": kind_of(differs), **_about(scan), **differs}
    except SpectraError as error:
        return {"change": None, "named": (), "meant": (), "not_done": _about(scan, str(error))}
    named, meant = names_of(now, means.library)
    return {"change": found, "named": named, "meant": meant, "not_done": None}


def _record(scan: Scan, of: MadeWith, data: bytes, identifier: Identifier) -> Identification:
    return identified_again(data, of, identifier, refused=scan.outcome == "refused").record


def _because(scan: Scan, of: MadeWith, data: bytes, means: _Means, past: PastResult) -> str:
    """Return what alone makes the verdict another: with the former one it is as recorded."""
    pipeline = of.set_up.pipeline
    gone = []
    for name, library, policy in (
        (LIBRARY, of.library, means.policy),
        (POLICY, means.library, of.policy),
    ):
        try:
            engine = means.workshop.engine(library, policy, pipeline)
            record = _record(scan, of, data, means.identifier(of, scan, engine))
        except SpectraError:
            gone.append(name)
            continue
        if verdict_of(record) == past.verdict:
            return name
    # What could not be tried may be the cause: nothing else is blamed for it.
    return f"{UNTOLD}: the former {' and '.join(gone)} is not here any more" if gone else PROGRAM


def _past(scan: Scan, of: MadeWith) -> PastResult:
    names = tuple(sorted(scan.names))
    choice = Choice(of.choice.column, of.spectrum, None, of.choice.top)
    return PastResult(
        scan.name, of.spectrum, scan.original, scan.outcome, scan.alarm, names, choice, scan.id
    )


def _about(scan: Scan, why: str = "") -> dict[str, Any]:
    told = {
        "scan": scan.id,
        "case": scan.case,
        "item": scan.item,
        "file": scan.name,
        "spectrum": scan.spectrum,
        "scanned_at": scan.scanned_at,
    }
    return {**told, "why": why} if why else told


def kind_of(found: Mapping[str, Any]) -> str:
    """Return what changes, by what matters most: the alarm, the names, the outcome."""
    before, after = found["before"], found["after"]
    was, now = ALARM_ORDER.index(before["alarm"]), ALARM_ORDER.index(after["alarm"])
    if was != now:
        return UP if now < was else DOWN
    return NAMES if before["names"] != after["names"] else OUTCOME


def _gravity(found: Mapping[str, Any]) -> tuple[int, int]:
    """Return what changes are sorted by: their kind, then the worst alarm of before and now."""
    alarms = (found["before"]["alarm"], found["after"]["alarm"])
    return KINDS.index(found["change"]), min(map(ALARM_ORDER.index, alarms))


def write_table(done: Rechecked, target: Path) -> None:
    """Write what changes, and what could not be looked at, as a table; all of it or nothing."""

    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for row in (*done.changed, *done.not_done):
                flat = _flat(row)
                writer.writerow([cell(flat.get(name, "")) for name in COLUMNS])

    write_whole(target, write)


def _flat(row: Mapping[str, Any]) -> dict[str, str]:
    flat = {"change": NOT_DONE}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{name}_{key}": _words(part) for key, part in value.items()}
        else:
            flat[name] = _words(value)
    return flat


def _words(value: object) -> str:
    return " + ".join(value) if isinstance(value, list) else str(value or "")


class _Notes:
    """What a run has found until now, one line for each scan."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[tuple[str, str], dict[str, Any]] = {}
        data = path.read_bytes() if path.exists() else b""
        for line in data.split(b"\n"):
            try:
                one = json.loads(line)
                self._found[one["scan"], one["result"]] = one["found"]
            except (ValueError, KeyError, TypeError):
                continue  # torn when the run was stopped: looked at again
        self._file = path.open("ab")
        if data and not data.endswith(b"\n"):
            self._file.write(b"\n")

    def has(self, scan: Scan) -> bool:
        return (scan.id, scan.result) in self._found

    def of(self, scan: Scan) -> dict[str, Any]:
        return self._found[scan.id, scan.result]

    def add(self, scan: Scan, found: dict[str, Any]) -> None:
        self._found[scan.id, scan.result] = found
        line = {"scan": scan.id, "result": scan.result, "found": found}
        self._file.write(json.dumps(line).encode("ascii") + b"\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def remove(self) -> None:
        self.close()
        self._path.unlink()


@contextmanager
def _notes(path: Path) -> Iterator[_Notes]:
    """Open the notes of a run; two at once would do everything twice."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(path.with_suffix(".lock"), wait=False))
        except OSError as error:
            raise ReplayError(
                "the same is being done already", str(path.parent), "wait until it is done"
            ) from error
        notes = _Notes(path)
        stack.callback(notes.close)
        yield notes
