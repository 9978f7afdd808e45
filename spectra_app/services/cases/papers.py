"""Photos, notes and amendments."""

from __future__ import annotations

from spectra_app.errors import CaseError
from spectra_app.records.kinds import KINDS, Amendment, Note, Photo, Scan
from spectra_app.records.ledger.chain import Detail
from spectra_app.services.cases.keeping import place, short_id, sound, stated
from spectra_app.services.cases.scans import visible_scan
from spectra_app.services.office import Office, Session

LARGEST_PHOTO = 50_000_000  # bytes
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*", b"BM")
AMENDED = ("case", "item", "scan", "custody", "note", "photo", "second_technique", "confirmation")


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
    boxed = data[4:8] == b"ftyp" or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
    if not (data.startswith(_BEGINNINGS) or boxed):
        raise CaseError("this file is no picture", name[:80], "choose a JPEG or PNG file")
    if len(data) > LARGEST_PHOTO:
        raise CaseError("the picture is too large", name[:80], "take it with fewer pixels")
    about = place(office.ledger, case, item)
    # The list of receipts is never shortened: the name, which may be a person's, is not for it.
    sha256 = office.evidence.put(data, kind="photo", name="photo", clock=office.clock).sha256
    now = office.clock()
    with office.ledger.writing(me.id) as writing:
        about = place(office.ledger, case, item)
        photo = Photo(
            id=short_id("P", now, me.id, sha256, *about),
            case=about[0],
            item=about[1],
            evidence=sha256,
            name=name,
            caption=caption.strip(),
            taken_at=taken_at.strip(),
            added_at=now,
            added_by=me.id,
        )
        writing.put(sound(photo), "photo added")
    return photo


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
    now = office.clock()
    with office.ledger.writing(me.id) as writing:
        if scan:
            filed = visible_scan(office.ledger, me, scan).record
            case, item = case or filed.case, item or filed.item
        about = place(office.ledger, case, item)
        note = Note(
            id=short_id("N", now, me.id, text, *about),
            case=about[0],
            item=about[1],
            scan=scan,
            text=stated("the text of the note", text),
            written_at=now,
            written_by=me.id,
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

    `field` names what of it; without it the amendment is about the whole. A closed case can be
    amended too.

    Raises
    ------
    CaseError
        When records of that kind are not amended, or have no such field.
    RecordError
        When there is no such record that this user may see.
    """
    me = office.require(session, "amendment.add")
    if kind not in AMENDED:
        raise CaseError(
            f"a record of kind {kind[:40]!r} is not amended", id_, f"use {', '.join(AMENDED)}"
        )
    if kind == Scan.KIND:
        visible_scan(office.ledger, me, id_)
    now = office.clock()
    with office.ledger.writing(me.id) as writing:
        stored = office.ledger.get(KINDS[kind], id_)
        if field and field not in KINDS[kind].__struct_fields__:
            raise CaseError(f"it has no {field[:40]!r}", f"{kind} {id_}", "name one that it has")
        case = id_ if kind == "case" else str(getattr(stored.record, "case", ""))
        record = Amendment(
            id=short_id("A", now, me.id, kind, id_, field, amended),
            case=case,
            of_kind=kind,
            of_id=id_,
            of_revision=stored.revision,
            field=field,
            original=_shown(getattr(stored.record, field)) if field else "",
            amended=stated("what it should say", amended),
            reason=stated("the reason", reason),
            made_at=now,
            made_by=me.id,
        )
        details: dict[str, Detail] = {"of": kind, "record": id_, "revision": stored.revision}
        writing.put(sound(record), "amended", details=details)
    return record


def _shown(value: object) -> str:
    return "; ".join(str(part) for part in value) if isinstance(value, tuple) else str(value)
