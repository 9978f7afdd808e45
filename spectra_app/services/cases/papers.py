"""Photos, notes and amendments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spectra_app.errors import CaseError
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.kinds import KINDS, Amendment, Note, Photo, Scan
from spectra_app.records.ledger.chain import Detail
from spectra_app.records.ledger.writing import Writing
from spectra_app.services.cases.keeping import moment, place, short_id, sound, stated
from spectra_app.services.cases.opening import CHANGED
from spectra_app.services.cases.seeing import sight_of, visible
from spectra_app.services.office import Office, Session

LARGEST_PHOTO = 50_000_000  # bytes
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*", b"BM")
_OF_ITEM = (
    "description", "condition", "identifiers", "received_at", "received_from", "packages",
    "sampled", "sampling", "weight", "weight_unit", "weight_how", "form", "concealment",
)  # fmt: skip
_OF_TECHNIQUE = (
    "technique", "category", "sampling", "agreement", "found", "scan", "instrument", "remarks",
    "done_at",
)  # fmt: skip
_OF_CONFIRMATION = (
    "state", "laboratory", "reference", "found", "quantities", "method", "examined_by", "remarks",
    "sent_at", "answered_at",
)  # fmt: skip
_OF_CUSTODY = (
    "giver", "receiver", "handed_at", "purpose", "place", "seal_before", "seal_after",
    "seal_intact",
)  # fmt: skip
TYPED: dict[str, tuple[str, ...]] = {
    "case": (*CHANGED, "closing"),
    "item": _OF_ITEM,
    "scan": ("item", "reason"),
    "custody": _OF_CUSTODY,
    "note": ("text",),
    "photo": ("caption", "taken_at"),
    "second_technique": _OF_TECHNIQUE,
    "confirmation": _OF_CONFIRMATION,
}
"""What persons typed, by kind of record: the rest was computed, and nobody corrects that."""


def add_photo(
    office: Office,
    session: Session,
    data: bytes,
    name: str,
    *,
    case: str = "",
    item: str = "",
    caption: str = "",
    taken_at: str = "",
) -> Photo:
    """Add a photo to a case or item; the file is kept as evidence, byte for byte.

    Raises
    ------
    CaseError
        When it is no picture (JPEG, PNG, TIFF, BMP, WebP, HEIF), is too large, or the case is
        closed.
    """
    me = office.require(session, "photo.add")
    check_picture(data, name)
    place(office.ledger, case, item)
    kept = keep_picture(office.evidence, office.clock, data, name)
    with office.ledger.writing(me.id) as writing:
        about = place(office.ledger, case, item)
        return put_photo(writing, office, kept, about, caption=caption, taken_at=taken_at)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is kept as evidence, by its SHA-256, and what its file was called."""

    sha256: str
    name: str


def keep_picture(
    evidence: EvidenceStore, clock: Callable[[], str], data: bytes, name: str
) -> Picture:
    """Keep a picture as evidence, byte for byte; keeping it again changes nothing.

    Raises
    ------
    CaseError
        When it is no picture, or too large.
    EvidenceError
        When it cannot be kept.
    """
    check_picture(data, name)
    # The list of receipts is never shortened: the name, which may be a person's, is not for it.
    kept = evidence.put(data, kind="photo", name="photo", clock=clock)
    return Picture(kept.sha256, name)


def put_photo(
    writing: Writing,
    office: Office,
    kept: Picture,
    about: tuple[str, str],
    *,
    caption: str = "",
    taken_at: str = "",
) -> Photo:
    """Add a photo to a case and item within a transaction of who adds it; see `add_photo`."""
    now = office.clock()
    photo = Photo(
        id=short_id("P", now, writing.user, kept.sha256, *about),
        case=about[0],
        item=about[1],
        evidence=kept.sha256,
        name=kept.name,
        caption=caption.strip(),
        taken_at=moment("when it was taken", taken_at, now) if taken_at.strip() else "",
        added_at=now,
        added_by=writing.user,
    )
    writing.put(sound(photo), "photo added")
    return photo


def check_picture(data: bytes, name: str) -> None:
    """Refuse what is no picture.

    Raises
    ------
    CaseError
        When it is no picture (JPEG, PNG, TIFF, BMP, WebP, HEIF), or too large.
    """
    boxed = data[4:8] == b"ftyp" or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
    if not (data.startswith(_BEGINNINGS) or boxed):
        raise CaseError("this file is no picture", name[:80], "choose a JPEG or PNG file")
    if len(data) > LARGEST_PHOTO:
        raise CaseError("the picture is too large", name[:80], "take it with fewer pixels")


@dataclass(frozen=True, eq=False, slots=True)
class Chosen:
    """Pictures as they were read, each with its file's name, and the first that was refused."""

    pictures: tuple[tuple[bytes, str], ...]
    refused: CaseError | None = None


def read_pictures(paths: Sequence[Path]) -> Chosen:
    """Read pictures as soon as they are chosen: the card they lie on may be pulled out later."""
    read: list[tuple[bytes, str]] = []
    refused: CaseError | None = None
    for path in paths:
        try:
            read.append(read_picture(path))
        except CaseError as error:
            refused = refused or error
    return Chosen(tuple(read), refused)


def read_picture(path: Path) -> tuple[bytes, str]:
    """Return a picture from a file, and the file's name.

    Raises
    ------
    CaseError
        When it cannot be read, or is no picture.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_PHOTO + 1)
    except OSError as error:
        raise CaseError(
            f"the picture cannot be read ({error.strerror})", path.name, "choose it again"
        ) from error
    check_picture(data, path.name)
    return data, path.name


def add_note(
    office: Office, session: Session, text: str, *, case: str = "", item: str = "", scan: str = ""
) -> Note:
    """Add a note to a case, an item, or a filed scan.

    Raises
    ------
    CaseError
        When it is empty or the case is closed.
    """
    me = office.require(session, "note.add")
    with office.ledger.writing(me.id) as writing:
        if scan:
            filed = visible(office, me, Scan, scan).record
            case, item = case or filed.case, item or filed.item
        return put_note(writing, office, text, place(office.ledger, case, item), scan)


def put_note(
    writing: Writing, office: Office, text: str, about: tuple[str, str], scan: str = ""
) -> Note:
    """Add a note to a case and item within a transaction of who writes it; see `add_note`."""
    now = office.clock()
    note = Note(
        id=short_id("N", now, writing.user, text, *about),
        case=about[0],
        item=about[1],
        scan=scan,
        text=stated("the text of the note", text),
        written_at=now,
        written_by=writing.user,
    )
    writing.put(sound(note), "note added")
    return note


def amend(
    office: Office,
    session: Session,
    kind: str,
    id_: str,
    amended: str,
    *,
    reason: str,
    field: str = "",
) -> Amendment:
    """Correct what a record says; the record itself stays as it is.

    `field` names what of it, and only what a person typed (`TYPED`): a verdict, a hash or a serial
    number is as the program wrote it. Without it the amendment is about the whole, which a scan's
    cannot be. A closed case can be amended too.

    Raises
    ------
    CaseError
        When records of that kind are not amended, or the field is none that a person typed.
    RecordError
        When there is no such record that this user may see.
    """
    me = office.require(session, "amendment.add")
    if kind not in TYPED:
        raise CaseError(
            f"a record of kind {kind[:40]!r} is not amended", id_, f"use {', '.join(TYPED)}"
        )
    now = office.clock()
    with office.ledger.writing(me.id) as writing:
        stored = visible(office, me, KINDS[kind], id_)
        _check_typed(kind, id_, field)
        case = id_ if kind == "case" else str(getattr(stored.record, "case", ""))
        record = Amendment(
            id=short_id("A", now, me.id, kind, id_, field, amended),
            case=case,
            of_kind=kind,
            of_id=id_,
            of_revision=stored.revision,
            field=field,
            original=_said(getattr(stored.record, field)) if field else "",
            amended=stated("what it should say", amended),
            reason=stated("the reason", reason),
            made_at=now,
            made_by=me.id,
        )
        details: dict[str, Detail] = {"of": kind, "record": id_, "revision": stored.revision}
        writing.put(sound(record), "amended", details=details)
    return sight_of(office, me).shown(record)


def _check_typed(kind: str, id_: str, field: str) -> None:
    """Refuse to correct what no person typed."""
    if field in TYPED[kind] or (not field and kind != Scan.KIND):
        return
    if not field:
        what = "a scan as a whole is not amended: its result was computed"
    elif field in KINDS[kind].__struct_fields__:
        what = f"{field!r} was not typed by a person, and cannot be amended"
    else:
        what = f"it has no {field[:40]!r}"
    again = "; scan again, or add a note" if kind == Scan.KIND else ""
    raise CaseError(what, f"{kind} {id_}", f"name one of {', '.join(TYPED[kind])}{again}")


def _said(value: object) -> str:
    return "; ".join(str(part) for part in value) if isinstance(value, tuple) else str(value)
