"""Take in a bundle of another station: checked whole first, marked with where it comes from."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from library.errors import NoTrustedKeysError, TrustError
from library.signing import shown
from library.trust_store import load_trust
from spectra_app.errors import RecordError
from spectra_app.records.access import User
from spectra_app.records.bundles.archive import read_whole
from spectra_app.records.bundles.content import Bundle, read_bundle
from spectra_app.records.bundles.errors import (
    AnswerError,
    BundleKnownError,
    UnknownStationError,
)
from spectra_app.records.bundles.kinds import Imported, ImportedRecord, KnownStation, Question
from spectra_app.records.kinds import Confirmation
from spectra_app.records.ledger.store import Ledger
from spectra_app.services.bundles.answers import confirm, keep_attached, question_of
from spectra_app.services.bundles.exporting import BUNDLE
from spectra_app.services.bundles.making import station_facts
from spectra_app.services.cases.keeping import open_item, sound
from spectra_app.services.cases.seeing import sight_of, uncleared_sight
from spectra_app.services.office import Office, Session
from spectra_app.services.station import Station

Known = Literal["trusted", "unknown", "revoked", "own"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A bundle that holds together, before it is taken in.

    Parameters
    ----------
    bundle : Bundle
        What was read.
    data : bytes
        The file.
    known : {"trusted", "unknown", "revoked", "own"}
        How its station's key stands here.
    persons : tuple of (str, bool)
        Who signed besides, and whether this station trusts that key.
    earlier : tuple of str
        Ids of bundles taken in before about the same case of the same station.
    """

    bundle: Bundle
    data: bytes
    known: Known
    persons: tuple[tuple[str, bool], ...]
    earlier: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What was taken in; an answer also became a confirmation."""

    imported: Imported
    confirmation: Confirmation | None = None


def look_at_bundle(office: Office, session: Session, path: Path) -> Seen:
    """Read and check a bundle and say who made it; nothing is written.

    Raises
    ------
    BundleError
        A class of its own for each reason.
    DemoError
        When it is of a demonstration and this is not, or the other way round.
    """
    office.require(session, "case.import")
    return _seen(office.ledger, office, path)


def import_bundle(office: Office, session: Session, path: Path, agreed: str = "") -> TakenIn:
    """Take in a bundle: the file becomes evidence, its records are kept apart and marked.

    Parameters
    ----------
    office, session : Office, Session
        Who takes it in, and where.
    path : Path
        The file.
    agreed : str
        Id of the station key that somebody compared and agreed to, where it is not known yet.

    Raises
    ------
    UnknownStationError
        When nobody has agreed to the key of its station, it was revoked, or is this station's.
    BundleKnownError
        When it was taken in before.
    AnswerError
        When it is an answer to no question of this station, to one that was answered, or by a key
        that nobody but who asked has agreed to.
    BundleError, DemoError
        As `look_at_bundle`.
    """
    me = office.require(session, "case.import")
    seen = _seen(office.ledger, office, path)
    bundle, where = seen.bundle, str(path)
    _check_known(seen, agreed, where)
    _check_name(office.ledger, bundle, where)
    record = _imported(office, me, seen)
    _check_new(office.ledger, record, where)
    attached: tuple[str, ...] = ()
    is_answer = bundle.content.kind == "answer"
    if is_answer:
        office.require(session, "confirmation.record")
        question = question_of(office.ledger, bundle, where).record
        open_item(office.ledger, question.item)
        agreed_by = _agreed_by(office.ledger, me, seen, agreed)
        _check_apart(question, agreed_by, record.station, where)
        attached = keep_attached(bundle, office)
    kept = office.evidence.put(seen.data, kind=BUNDLE, name=path.name, clock=office.clock)
    confirmation = None
    with office.ledger.writing(me.id) as writing:
        _check_new(office.ledger, record, where)
        if seen.known == "unknown":
            writing.put(sound(_station(office, me, bundle)), "station's key agreed to")
        details = {"station": record.station, "manifest": record.manifest, "file": kept.sha256}
        writing.put(sound(record), f"{record.content} taken in", details=details)
        for one in _records(record, bundle):
            writing.put(one, "record taken in", details={"station": record.station})
        if is_answer:
            confirmation = confirm(writing, office, me, bundle, (kept.sha256, *attached))
    sight = sight_of(office, me)
    return TakenIn(sight.shown(record), confirmation and sight.shown(confirmation))


def _seen(ledger: Ledger, office: Office, path: Path) -> Seen:
    data = read_whole(path)
    bundle = read_bundle(data, str(path))
    office.refuse_mixing(bundle.extract.entries)
    station, case = bundle.content.station.key, bundle.content.case
    earlier = ledger.find(Imported, foreign_case=case, station=station)
    persons = tuple(
        (f"{one.person} (key {shown(one.id)})", one.id in _trusted(office.folder))
        for one in bundle.persons
    )
    return Seen(
        bundle, data, _how_known(ledger, station), persons, tuple(e.record.id for e in earlier)
    )


def _how_known(ledger: Ledger, key: str) -> Known:
    if key == ledger.key.id:
        return "own"
    try:
        return ledger.get(KnownStation, key).record.state
    except RecordError:
        return "unknown"


def _trusted(folder: Path) -> frozenset[str]:
    """Return the ids of keys of persons that this station trusts; see 'library keys'."""
    try:
        trust = load_trust(Station(folder).trust_path)
    except (NoTrustedKeysError, TrustError):
        return frozenset()
    revoked = {one.key for one in (*trust.revoked_here, *trust.root.revoked)}
    return frozenset(key.id for key in trust.root.keys if key.id not in revoked)


def _check_known(seen: Seen, agreed: str, where: str) -> None:
    station = seen.bundle.content.station
    name = f"{station.name or 'a station without a name'} (key {station.key})"
    if seen.known == "own":
        raise UnknownStationError(
            "this station made this bundle itself", where, "its own records stay as they are"
        )
    if seen.known == "revoked":
        raise UnknownStationError(
            f"the key of {name} was revoked here", where, "ask the supervisor"
        )
    if seen.known == "unknown" and agreed != station.key:
        raise UnknownStationError(
            f"nobody here has agreed to the key of {name}",
            where,
            "compare its id with the one that the station tells you, then agree with --trust KEY",
        )


def _agreed_by(ledger: Ledger, me: User, seen: Seen, agreed: str) -> frozenset[str]:
    """Return who agreed to the key of a bundle, now or before."""
    key = seen.bundle.content.station.key
    now = {me.id} if agreed == key else set()
    before = {ledger.get(KnownStation, key).record.agreed_by} if seen.known == "trusted" else set()
    return frozenset(now | before)


def _check_apart(question: Question, agreed_by: frozenset[str], key: str, where: str) -> None:
    """Refuse an answer by a key that only who asked has agreed to: it could be that one's own."""
    if not agreed_by - {question.asked_by}:
        raise AnswerError(
            f"who asked question {question.id} is the only one who agreed to the key that answers",
            where,
            "let somebody else compare the key with the laboratory, and take the answer in with "
            f"--trust {key}",
        )


def _check_name(ledger: Ledger, bundle: Bundle, where: str) -> None:
    """Refuse a station that calls itself what another one is called here.

    People read names: an answer of one laboratory must not appear as that of another.
    """
    station = bundle.content.station
    others = {one.record.id: one.record.name for one in ledger.find(KnownStation, state="trusted")}
    others[ledger.key.id] = station_facts(ledger).name
    claimed = _folded(station.name)
    for key, name in others.items():
        if key != station.key and claimed and _folded(name) == claimed:
            raise UnknownStationError(
                f"key {station.key} calls itself {station.name!r}, as the station of key {key} "
                "is called here",
                where,
                "ask both in another way; if that station has a new key, revoke the old one first: "
                "'spectra case stations --revoke'",
            )


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _check_new(ledger: Ledger, record: Imported, where: str) -> None:
    there = ledger.find(Imported, manifest=record.manifest)
    if there:
        old = there[0].record
        raise BundleKnownError(
            f"this bundle was taken in before, on {old.imported_at} by {old.imported_by}",
            where,
            f"it is {old.id}: 'spectra case imports {old.id}'",
        )


def _imported(office: Office, me: User, seen: Seen) -> Imported:
    bundle = seen.bundle
    content, question, answer = bundle.content, bundle.content.question, bundle.content.answer
    station, by = content.station, content.exported_by
    return Imported(
        id=f"B-{bundle.statement.manifest[:16]}",
        manifest=bundle.statement.manifest,
        evidence=(hashlib.sha256(seen.data).hexdigest(),),
        content=content.kind,
        station=station.key,
        station_name=station.name,
        exported_by=f"{by.name} ({by.role}, {by.id})",
        persons=tuple(name for name, _ in seen.persons),
        case=content.case,
        item=question.item if question else "",
        title=content.title,
        asked=question.text if question else "",
        asked_id=question.id if question else (answer.asked if answer else ""),
        records=len(bundle.records),
        left_out=content.left_out,
        restricted=not all(uncleared_sight(office).sees_there(one) for _, one in bundle.records),
        emulated=content.emulated or content.demo,
        imported_at=office.clock(),
        imported_by=me.id,
    )


def _station(office: Office, me: User, bundle: Bundle) -> KnownStation:
    station = bundle.content.station
    return KnownStation(
        id=station.key,
        public=station.public,
        name=station.name,
        agreed_at=office.clock(),
        agreed_by=me.id,
    )


def _records(imported: Imported, bundle: Bundle) -> Iterator[ImportedRecord]:
    """Yield the records of a bundle as this station keeps them.

    One restricted scan makes all records of its bundle restricted: any of them may speak of it.
    """
    for row, _record in bundle.records:
        yield ImportedRecord(
            id=f"{imported.id}/{row.kind}/{row.id}",
            bundle=imported.id,
            station=imported.station,
            of_kind=row.kind,
            of_id=row.id,
            of_revision=row.revision,
            body=row.body or "",
            restricted=imported.restricted,
        )
