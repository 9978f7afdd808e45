"""Scans: taken in with their evidence, filed under an item, or discarded; never deleted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from devices.errors import FrameError
from devices.frame import DARK, PARTIAL, RawFrame
from library.store import Library
from library.watchlist import match_keys
from spectra_app.errors import CaseError
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.identification import Identification
from spectra_app.records.kinds import Case, Exposure, IssuedReport, Scan
from spectra_app.records.ledger.store import Ledger
from spectra_app.records.ledger.writing import Writing
from spectra_app.services.cases.closed_lists import closed_lists, keys_of_name
from spectra_app.services.cases.keeping import open_item, short_id, sound, stated
from spectra_app.services.cases.seeing import sight_of, visible
from spectra_app.services.circumstances import Keeper
from spectra_app.services.identify import Choice, Identified, Identifier, identify_file
from spectra_app.services.office import Office, Session

RESULT = "identification"
NOBODY = "program"  # who acts when nobody is logged in
Purpose = Literal["scan", "aborted", "failed", "check", "calibration", "live"]


@dataclass(frozen=True, slots=True)
class Taken:
    """How a scan came here, besides what its identification says.

    Parameters
    ----------
    source : {"file", "device"}
        Read from a file or measured here.
    evidence : tuple of str
        SHA-256 of all that was kept of it; the original alone by default.
    choice : Choice
        What was asked for, when it was a file.
    exposures : int or None
        How many times the laser was used; counted from the frames kept when None.
    counter : int
        The analyser's own counter afterwards; -1 where it has none.
    """

    source: Literal["device", "file"] = "file"
    evidence: tuple[str, ...] = ()
    choice: Choice | None = None
    exposures: int | None = None
    counter: int = -1


def result_bytes(record: Identification) -> bytes:
    """Return an identification as the bytes that are kept of it: JSON in one form, no timing.

    Keys sorted, no blanks, UTF-8; figures rounded as `Identification.to_json` does.
    """
    content = record.to_json()
    del content["timing_ms"]
    return json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    ).encode("ascii")


def add_scan(
    office: Office,
    session: Session,
    found: Identified,
    taken: Taken | None = None,
    *,
    library: Library | None = None,
) -> Scan:
    """Take in a scan that was identified: its result becomes evidence, its record is unfiled.

    Its exposures are recorded with it. `library` is asked for identifiers of what was named.

    Raises
    ------
    CaseError
        When its data are not in the evidence store.
    """
    me = office.require(session, "scan.add")
    return _take_in(office, me.id, found, taken or Taken(), library)


def unattended_scan(
    office: Office, found: Identified, taken: Taken, *, library: Library | None = None
) -> Scan:
    """Take in a scan that an analyser made while nobody was logged in; see `add_scan`.

    No laser is used at a station without its record: the supervisor sees that nobody was logged in.
    """
    return _take_in(office, NOBODY, found, taken, library)


def _take_in(
    office: Office, user: str, found: Identified, taken: Taken, library: Library | None
) -> Scan:
    record = found.record
    kept = tuple(dict.fromkeys((*taken.evidence, record.sha256)))
    for sha256 in kept:
        if not sha256 or not office.evidence.path_of(sha256).exists():
            raise CaseError(
                "the data of this scan are not in the evidence store",
                record.file,
                "scan it, or read its file, again",
            )
    data = result_bytes(record)
    result = office.evidence.put(
        data, kind=RESULT, name=f"{record.sha256}.json", clock=office.clock
    )
    now = office.clock()
    exposures, device = taken.exposures, taken.source == "device"
    if exposures is None:
        kept_frames = frames_in(office.evidence, taken.evidence if device else ())
        exposures = exposures_in(kept_frames)
    scan = _scan(found, taken, kept=kept, result=result.sha256, now=now, user=user)
    names, meant = names_of(record, library)
    scan = msgspec.structs.replace(
        scan,
        meant=meant,
        made_with=_made_with(office.evidence, office.clock, found),
        exposures=exposures,
        restricted=closed_lists(office.folder).name(names, meant),
    )
    with office.ledger.writing(user) as writing:
        writing.put(sound(scan), "scan added", details={"source": scan.source})
        if device:
            fired = Exposure(
                id=f"X{scan.id[1:]}",
                analyser=scan.analyser,
                scan=scan.id,
                count=exposures,
                counter=taken.counter,
                emulated=scan.emulated,
                at=now,
                by=user,
            )
            writing.put(sound(fired), "laser used", details={"exposures": exposures})
    return scan


def _made_with(
    evidence: EvidenceStore, clock: Callable[[], str], found: Identified
) -> tuple[str, ...]:
    made = found.made_with
    return () if made is None else Keeper(evidence, clock).keep(found.record, made)


def _scan(
    found: Identified, taken: Taken, *, kept: tuple[str, ...], result: str, now: str, user: str
) -> Scan:
    record, choice = found.record, taken.choice or Choice()
    serial = found.query.acquisition.serial if found.query else None
    return Scan(
        id=short_id("S", now, user, record.sha256, record.spectrum or "", result),
        source=taken.source,
        name=record.file,
        evidence=kept,
        original=record.sha256,
        spectrum=record.spectrum or "",
        column=record.asked.column or "",
        laser_nm="" if choice.laser_nm is None else repr(choice.laser_nm),
        technique=str(choice.technique or ""),
        top=record.asked.top,
        result=result,
        outcome=record.outcome,
        alarm=record.alarm,
        names=_names(record),
        families=_families(record),
        library_sha256=record.library.sha256,
        policy_sha256=record.method.policy,
        pipeline_sha256=record.method.pipeline,
        control_sha256=record.control_lists.sha256,
        program_version=record.method.version,
        analyser=serial or "",
        scanned_at=now,
        scanned_by=user,
        emulated=record.emulated,
    )


def _names(record: Identification) -> tuple[str, ...]:
    """Return what was named, packaging left out where something else was seen.

    What a laboratory finds is compared with these, and it does not look for the bag.
    """
    contents = tuple(part.name for part in record.components if part.role != "container")
    return contents or tuple(part.name for part in record.components)


def scan_file(
    office: Office,
    session: Session,
    path: Path,
    identifier: Identifier,
    choice: Choice | None = None,
) -> tuple[tuple[Scan, Identified], ...]:
    """Identify the spectra of a file and take each in as an unfiled scan.

    A file that could not even be read gives none.

    Raises
    ------
    EvidenceError
        When it cannot be kept.
    """
    office.require(session, "scan.add")
    taken = Taken(choice=choice)
    return tuple(
        (add_scan(office, session, one, taken, library=identifier.engine.library), one)
        for one in identify_file(path, identifier, choice)
        if one.record.sha256
    )


def file_scan(office: Office, session: Session, scan: str, item: str, reason: str = "") -> Scan:
    """File a scan under an item; one that is filed already moves, with a reason.

    What a report was issued for stays where the report says that it is.

    Raises
    ------
    CaseError
        When it was discarded, the case is closed, one of both is emulated and the other not, or a
        report was issued for it.
    """
    me = office.require(session, "scan.file")
    with office.ledger.writing(me.id) as writing:
        return put_filed(writing, office, scan, item, reason)


def put_filed(writing: Writing, office: Office, scan: str, item: str, reason: str = "") -> Scan:
    """File a scan within a transaction of who files it; see `file_scan`."""
    me = office.user(writing.user)
    stored = visible(office, me, Scan, scan)
    target = open_item(office.ledger, item).record
    before = stored.record
    if before.state == "discarded":
        raise CaseError("this scan was discarded", scan, "scan it again")
    if before.state == "filed" and before.item == item:
        raise CaseError("this scan is filed there already", scan, "nothing has to be done")
    if before.state == "filed" and not reason.strip():
        raise CaseError(
            "this scan is filed elsewhere", scan, f"it is under {before.item}: give the reason"
        )
    if before.state == "filed":
        open_item(office.ledger, before.item)  # nothing is taken out of a closed case
        _check_unreported(office.ledger, scan)
    _check_kind(before, office.ledger.get(Case, target.case).record)
    filed = msgspec.structs.replace(
        before,
        case=target.case,
        item=item,
        state="filed",
        filed_at=office.clock(),
        filed_by=me.id,
        reason=reason.strip(),
    )
    act = "scan filed" if before.state == "unfiled" else "scan moved"
    writing.put(sound(filed), act, after=stored.revision, details={"item": item})
    return filed


def check_place(office: Office, session: Session, item: str) -> None:
    """Refuse, before anything is identified, an item under which no file could be filed.

    Raises
    ------
    CaseError
        When its case is closed or an exercise.
    RecordError
        When there is no such item.
    """
    office.require(session, "scan.file")
    target = open_item(office.ledger, item).record
    if office.ledger.get(Case, target.case).record.emulated and not office.demo:
        raise CaseError("this case is an exercise", item, "file it under a case of its own kind")


def discard_scan(office: Office, session: Session, scan: str, reason: str) -> Scan:
    """Say that an unfiled scan belongs to nothing; it stays, and the supervisor sees it.

    Raises
    ------
    CaseError
        When it is filed or discarded, or the reason is missing.
    """
    me = office.require(session, "scan.discard")
    with office.ledger.writing(me.id) as writing:
        stored = visible(office, me, Scan, scan)
        if stored.record.state != "unfiled":
            raise CaseError(
                f"this scan is {stored.record.state}", scan, "only an unfiled scan is discarded"
            )
        discarded = msgspec.structs.replace(
            stored.record,
            state="discarded",
            filed_at=office.clock(),
            filed_by=me.id,
            reason=stated("the reason", reason),
        )
        writing.put(sound(discarded), "scan discarded", after=stored.revision)
    return discarded


def get_scan(office: Office, session: Session, scan: str) -> Scan:
    """Return a scan.

    Raises
    ------
    RecordError
        When there is none that this user may see.
    """
    me = office.require(session, "scan.show")
    return visible(office, me, Scan, scan).record


def scan_result(office: Office, session: Session, scan: str) -> bytes:
    """Return the identification of a scan as JSON bytes, checked against their hash.

    Raises
    ------
    RecordError, EvidenceError
        When there is no such scan that this user may see, or its result is damaged.
    """
    me = office.require(session, "scan.show")
    return office.evidence.get(visible(office, me, Scan, scan).record.result)


def list_scans(
    office: Office,
    session: Session,
    *,
    state: str = "",
    case: str = "",
    item: str = "",
    user: str = "",
    day: str = "",
) -> list[Scan]:
    """Return the scans that fit, oldest first, without those that this user may not see."""
    me = office.require(session, "scan.list")
    asked = {"state": state, "case": case, "item": item, "user": user, "day": day}
    wanted = {field: value for field, value in asked.items() if value}
    # The first key is looked up, the others are checked for each hit: the rarest first.
    order = ("item", "case", "day", "user", "state")
    found = office.ledger.find(Scan, **{name: wanted[name] for name in order if name in wanted})
    return list(sight_of(office, me).seen(one.record for one in found))


def frames_in(store: EvidenceStore, evidence: Iterable[str]) -> tuple[RawFrame, ...]:
    """Return the frames among what was kept as evidence; the rest is logs and wires.

    Raises
    ------
    EvidenceError
        When something is missing or damaged.
    """
    frames = []
    for sha256 in evidence:
        with suppress(FrameError):
            frames.append(RawFrame.from_bytes(store.get(sha256)))
    return tuple(frames)


def exposures_in(frames: Iterable[RawFrame]) -> int:
    """Return how many exposures with the laser on are in frames, at least.

    An exposure that was begun and broken off counts as one; a frame that is kept again with its
    dark counts once.
    """
    lit = {
        (frame.clock, frame.counts.tobytes()): frame.averages + (PARTIAL in frame.flags)
        for frame in frames
        if DARK not in frame.flags
    }
    return sum(lit.values())


def names_of(
    record: Identification, library: Library | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a record names, and the keys of what else that may mean.

    A list of candidates, or of what could not be excluded, names nothing in this sense.
    """
    named = (*(part.name for part in record.components), *_families(record))
    alike = {name for names in record.indistinguishable for name in names} - set(named)
    meant = frozenset().union(*(keys_of_name(name) for name in alike))
    if library is not None:
        entries = {part.entry for part in record.components}
        entries |= {one.entry for one in record.candidates if one.name in alike}
        for entry in library.records_of(sorted(entries)):
            meant |= match_keys(entry.name, entry.inchikey, entry.cas)
    known = frozenset().union(*(keys_of_name(name) for name in named))
    return named, tuple(sorted(meant - known))


def _families(record: Identification) -> tuple[str, ...]:
    return (record.family,) if record.family else ()


def _check_unreported(ledger: Ledger, scan: str) -> None:
    issued = [one.record.id for one in ledger.find(IssuedReport, scan=scan)]
    if issued:
        raise CaseError(
            f"report {issued[-1]} was issued for this scan, and says where it is filed",
            scan,
            "say with an amendment of the scan's item where it belongs, and scan the other again",
        )


def _check_kind(scan: Scan, case: Case) -> None:
    if scan.emulated != case.emulated:
        what = "an emulated scan is no evidence" if scan.emulated else "this case is an exercise"
        kind = "opened with --exercise" if scan.emulated else "that is no exercise"
        raise CaseError(what, scan.id, f"file it under a case {kind}")
