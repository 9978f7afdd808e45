"""One parcel, filed in one act: its case and item are found or opened, and all it has goes there.

For the officer at a conveyor: what the parcel carries is its number, and everything else follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from spectra_app.records.access import User
from spectra_app.records.identifiers import Identifier
from spectra_app.records.kinds import Case, Item, Scan
from spectra_app.records.ledger.store import Ledger
from spectra_app.services.cases.items import Description, put_item
from spectra_app.services.cases.opening import About, put_case
from spectra_app.services.cases.papers import keep_picture, put_note, put_photo
from spectra_app.services.cases.scans import put_filed
from spectra_app.services.cases.seeing import sight_of
from spectra_app.services.office import Office, Session

WHAT = "parcel"


@dataclass(frozen=True, slots=True)
class ParcelNumber:
    """A parcel as an officer has it before him.

    Parameters
    ----------
    number : Identifier
        What is printed on it.
    mode : str
        How it travelled, one of `spectra_app.services.cases.opening.MODES`.
    declared : str
        What its papers say is in it.
    condition : str
        How it was received.
    """

    number: Identifier
    mode: str = ""
    declared: str = ""
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """What an officer adds to a parcel.

    Parameters
    ----------
    pictures : tuple of (bytes, str)
        Each with the name of its file.
    note : str
        Empty for none.
    """

    pictures: tuple[tuple[bytes, str], ...] = ()
    note: str = ""


NOTHING = Added()


@dataclass(frozen=True, slots=True)
class Filed:
    """Where the scans of a parcel were filed."""

    case: Case
    item: Item
    scans: tuple[Scan, ...]


def file_parcel(
    office: Office,
    session: Session,
    parcel: ParcelNumber,
    scans: Sequence[Scan],
    added: Added = NOTHING,
) -> Filed:
    """File the scans of a parcel; its case and item are opened when no open case has its number.

    All of it, photos and note as well, is one transaction: two desks that file one parcel at once
    file it under one item, and after whatever goes wrong the whole act can be repeated.

    Raises
    ------
    CaseError
        When one cannot be filed there, or a picture is none; nothing is filed then.
    EvidenceError, LedgerError
        When there is no room for it, or the disk is gone; nothing is filed then.
    """
    me = _allowed(office, session, added)
    keep = partial(keep_picture, office.evidence, office.clock)
    kept = (keep(data, name) for data, name in added.pictures)
    pictures = {one.sha256: one for one in kept}  # one that was chosen twice is added once
    emulated = bool(scans) and scans[0].emulated
    with office.ledger.writing(me.id) as writing:
        item = item_of(office.ledger, parcel.number, emulated=emulated)
        if item is None:
            title = f"{WHAT} {parcel.number.shown}"
            known_of_case = About(mode=parcel.mode, emulated=emulated)
            case = put_case(writing, office, me, title, known_of_case)
            said = f'{WHAT}, declared as "{parcel.declared}"' if parcel.declared else WHAT
            numbers = (parcel.number.text,)
            known = Description(said, condition=parcel.condition, identifiers=numbers)
            item = put_item(writing, office, me, case.id, known)
        filed = tuple(put_filed(writing, office, scan.id, item.id) for scan in scans)
        about = (item.case, item.id)
        for picture in pictures.values():
            put_photo(writing, office, picture, about)
        if added.note:
            put_note(writing, office, added.note, about)
        # Within it, too: when all of it is kept, nothing may fail any more.
        sight = sight_of(office, me)
        case_now = sight.shown(office.ledger.get(Case, item.case).record)
        return Filed(case_now, sight.shown(item), filed)


def _allowed(office: Office, session: Session, added: Added) -> User:
    """Return who files, having asked for everything that is done."""
    me = office.require(session, "scan.file")
    asked = ["case.open", "item.add"]
    asked += ["photo.add"] if added.pictures else []
    asked += ["note.add"] if added.note else []
    for action in asked:
        office.require(session, action)
    return me


def item_of(ledger: Ledger, number: Identifier, *, emulated: bool) -> Item | None:
    """Return the newest item of an open case that carries a number; exercises apart."""
    for stored in reversed(ledger.find(Item, identifier=number.text)):
        case = ledger.get(Case, stored.record.case).record
        if case.state == "open" and case.emulated == emulated and not case.station:
            return stored.record
    return None
