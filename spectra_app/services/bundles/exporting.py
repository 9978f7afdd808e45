"""Export a whole case as a sealed bundle, or a question about one item to a laboratory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from library.errors import LibraryError
from spectra_app.records.access import User
from spectra_app.records.bundles.content import Asked, Unwritten
from spectra_app.records.bundles.errors import BundleSizeError
from spectra_app.records.bundles.kinds import Question
from spectra_app.records.kinds import Case
from spectra_app.records.ledger.chain import Detail
from spectra_app.services.bundles.collecting import collected
from spectra_app.services.bundles.libraries import libraries_of
from spectra_app.services.bundles.making import (
    Made,
    Order,
    Signer,
    check_target,
    make,
    write_bundle,
)
from spectra_app.services.cases.keeping import open_item, short_id, sound, stated
from spectra_app.services.cases.seeing import sight_of, uncleared_sight, visible
from spectra_app.services.office import Office, Session

BUNDLE = "case bundle"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Parameters
    ----------
    path : Path
        The file.
    manifest : str
        SHA-256 of the bundle's manifest: its name.
    records, left_out : int
        How many records it holds, and how many this person may not see.
    unwritten : tuple of Unwritten
        Scans that are there as their original only, and why.
    question : str
        Id of the question, when it is one.
    """

    path: Path
    manifest: str
    records: int
    left_out: int
    unwritten: tuple[Unwritten, ...] = ()
    question: str = ""


def export_case(
    office: Office,
    session: Session,
    case: str,
    target: Path,
    signers: Sequence[Signer] = (),
    *,
    libraries: bool = True,
) -> Exported:
    """Export a case with all that belongs to it; the same case gives the same bytes.

    It is entered in the audit chain before the file is there. The libraries of its results go
    along where they fit, so that these can be computed again; without `libraries` they are named.

    Raises
    ------
    RecordError
        When there is no such case.
    WithheldError
        When the case cannot be exported without what this user may not see.
    EvidenceError
        When evidence is not there, or damaged.
    BundleError, LibraryError
        When the file cannot be made.
    """
    me = office.require(session, "case.export")
    check_target(target)
    try:
        made, data, records = _made(office, me, case, signers, whole=libraries)
    except BundleSizeError:
        if not libraries:
            raise
        made, data, records = _made(office, me, case, signers, whole=False)
    with office.ledger.writing(me.id) as writing:
        writing.note("case exported", _details(made, {"case": case}))
    write_bundle(target, data)
    return _exported(target, made, records)


def _made(
    office: Office, me: User, case: str, signers: Sequence[Signer], *, whole: bool
) -> tuple[Made, bytes, int]:
    """Return the bundle of a case, its bytes, and how many records it holds."""
    with office.ledger.reading() as connection:
        about = office.ledger.get(Case, case).record
        held = collected(office, sight_of(office, me), case)
        order = Order(
            "case", case, about.title, me, held, signers, office.demo, about.emulated,
            libraries=libraries_of(office.folder, held.scans(), whole=whole),
        )  # fmt: skip
        made = make(connection, office.ledger, office.evidence, order)
    return made, made.to_bytes(), len(held.records)


def ask_laboratory(
    office: Office,
    session: Session,
    item: str,
    target: Path,
    *,
    laboratory: str,
    text: str,
    key: str = "",
    signers: Sequence[Signer] = (),
) -> Exported:
    """Export an item with its scans as a question to a laboratory.

    The case itself, and with it the persons it names, stays here; only what belongs to the item
    goes out.

    Parameters
    ----------
    office, session : Office, Session
        Who asks, and where.
    item : str
        The item.
    target : Path
        The file to make.
    laboratory, text : str
        Who is asked, and what.
    key : str
        Id of the station key that must answer; without it any known one may.
    signers : sequence of Signer
        Persons who sign besides the station.

    Raises
    ------
    CaseError
        When the case is closed, or laboratory or question are missing.
    BundleError, EvidenceError, LibraryError
        As `export_case`.
    """
    me = office.require(session, "case.export")
    check_target(target)
    asked = Asked(
        id=short_id("Q", office.clock(), me.id, item, text),
        item=item,
        laboratory=stated("the laboratory", laboratory),
        station=key,
        text=stated("the question", text),
    )
    with office.ledger.reading() as connection:
        order = _question(office, me, asked, signers)
        made = make(connection, office.ledger, office.evidence, order)
    data = made.to_bytes()
    kept = office.evidence.put(data, kind=BUNDLE, name=f"{asked.id}.bundle", clock=office.clock)
    record = _record(asked, made, kept.sha256, me)
    blind = uncleared_sight(office)
    record = replace(record, restricted=not all(map(blind.sees, order.held.records)))
    with office.ledger.writing(me.id) as writing:
        open_item(office.ledger, item)
        record = replace(record, asked_at=writing.time)
        writing.put(sound(record), "laboratory asked", details=_details(made, {"item": item}))
    try:
        write_bundle(target, data)
    except LibraryError as error:
        raise LibraryError(
            f"{error.what}; but question {asked.id} was entered",
            error.where,
            f"{error.remedy.partition(';')[0]}, then write its file: 'spectra case ask {asked.id}'",
        ) from error
    return _exported(target, made, len(order.held.records), asked.id)


def _question(office: Office, me: User, asked: Asked, signers: Sequence[Signer]) -> Order:
    about = open_item(office.ledger, asked.item).record
    case = office.ledger.get(Case, about.case).record
    held = collected(office, sight_of(office, me), about.case, item=asked.item)
    return Order(
        "question", about.case, about.description, me, held, signers, office.demo, case.emulated,
        question=asked, libraries=libraries_of(office.folder, held.scans(), whole=False),
    )  # fmt: skip


def _record(asked: Asked, made: Made, kept: str, me: User) -> Question:
    return Question(
        id=asked.id,
        case=made.content.case,
        item=asked.item,
        text=asked.text,
        laboratory=asked.laboratory,
        station=asked.station,
        manifest=made.manifest,
        evidence=(kept,),
        asked_by=me.id,
    )


def write_question_again(office: Office, session: Session, question: str, target: Path) -> Exported:
    """Write the file of a question once more, the same bytes: when the first was lost.

    Raises
    ------
    RecordError
        When there is no such question that this user may see.
    BundleError, EvidenceError, LibraryError
        As `export_case`.
    """
    me = office.require(session, "case.export")
    check_target(target)
    record = visible(office, me, Question, question).record
    data = office.evidence.get(record.evidence[0])
    with office.ledger.writing(me.id) as writing:
        writing.note("question exported again", {"question": question})
    write_bundle(target, data)
    return Exported(target, record.manifest, 0, 0, question=question)


def list_questions(office: Office, session: Session, state: str = "") -> list[Question]:
    """Return the questions of this station, oldest first, as far as this user may see them."""
    me = office.require(session, "case.list")
    asked = {"state": state} if state else {}
    found = [one.record for one in office.ledger.find(Question, **asked)]
    return list(sight_of(office, me).seen(found))


def _details(made: Made, more: dict[str, Detail]) -> dict[str, Detail]:
    return {**more, "manifest": made.manifest, "left_out": made.content.left_out}


def _exported(target: Path, made: Made, records: int, question: str = "") -> Exported:
    content = made.content
    return Exported(target, made.manifest, records, content.left_out, content.unwritten, question)


__all__ = [
    "Exported",
    "ask_laboratory",
    "export_case",
    "list_questions",
    "write_question_again",
]
