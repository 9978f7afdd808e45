"""Items of a case, and their chain of custody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from spectra_app.errors import CaseError
from spectra_app.records.access import User
from spectra_app.records.identifiers import parse
from spectra_app.records.kinds import Custody, Item
from spectra_app.records.ledger.chain import Detail
from spectra_app.records.ledger.record import Stored
from spectra_app.records.ledger.store import Ledger
from spectra_app.records.ledger.writing import Writing
from spectra_app.services.cases.keeping import (
    AMEND,
    changed_fields,
    changed_only,
    chosen,
    moment,
    open_case,
    open_item,
    sound,
    stated,
)
from spectra_app.services.cases.seeing import sight_of
from spectra_app.services.office import Office, Session

OUTSIDE = "outside:"
UNITS = ("", "mg", "g", "kg", "ml", "l", "pieces")
_NUMBER = re.compile(r"[0-9]{1,12}([.,][0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of an item; see `spectra_app.records.kinds.Item`."""

    description: str
    condition: str = ""
    identifiers: tuple[str, ...] = ()
    received_at: str = ""
    received_from: str = ""
    packages: int = 0
    sampled: int = 0
    sampling: str = ""
    weight: str = ""
    weight_unit: str = ""
    weight_how: str = ""
    form: str = ""
    concealment: str = ""
    seal: str = ""


_OF_RECEIPT = {"received_at", "received_from", "seal"}
CHANGED = tuple(one.name for one in fields(Description) if one.name not in _OF_RECEIPT)


@dataclass(frozen=True, slots=True)
class Handing:
    """How an item is handed over; see `spectra_app.records.kinds.Custody`.

    `giver` and `receiver` are users by id, or persons outside behind ``"outside:"``.
    """

    receiver: str
    giver: str = ""
    handed_at: str = ""
    purpose: str = ""
    place: str = ""
    seal_before: str = ""
    seal_after: str = ""
    seal_intact: bool = True


def add_item(office: Office, session: Session, case: str, about: Description) -> Item:
    """Add an item to an open case; its receipt begins the chain of custody.

    Raises
    ------
    CaseError
        When the case is closed, or something that was stated cannot be kept.
    IdentifierError
        When a number is none, or may be several things.
    """
    me = office.require(session, "item.add")
    with office.ledger.writing(me.id) as writing:
        return put_item(writing, office, me, case, about)


def put_item(writing: Writing, office: Office, me: User, case: str, about: Description) -> Item:
    """Add an item within a transaction; see `add_item`."""
    known = _checked(about, office.clock())
    open_case(office.ledger, case)
    number = len(office.ledger.find(Item, case=case)) + 1
    item = Item(id=f"{case}-{number:02d}", case=case, received_by=me.id, **known)
    writing.put(sound(item), "item added")
    receipt = Custody(
        id=f"{item.id}-H001",
        case=case,
        item=item.id,
        number=1,
        giver=OUTSIDE + (item.received_from or "not stated"),
        receiver=me.id,
        handed_at=item.received_at,
        purpose="received",
        seal_before=_seal(about.seal),
        seal_after=_seal(about.seal),
        recorded_by=me.id,
    )
    writing.put(sound(receipt), "item received")
    return item


def change_item(office: Office, session: Session, item: str, changes: Mapping[str, Any]) -> Item:
    """Change what is said of an item; what it said before stays in its history.

    How it was received, and its seals, belong to the chain of custody: they are amended.

    Parameters
    ----------
    changes : mapping
        By field of `Description`, what it says from now on.

    Raises
    ------
    CaseError, IdentifierError
        As `add_item`; when nothing would be another.
    """
    me = office.require(session, "item.change")
    with office.ledger.writing(me.id) as writing:
        stored = open_item(office.ledger, item)
        said = {name: getattr(stored.record, name) for name in CHANGED}
        unknown = set(changes) - set(said)
        if unknown:
            raise CaseError(f"{min(unknown)!r} of an item is not changed", item, AMEND)
        known = _checked(Description(**{**said, **changes}), writing.time)
        changed = changed_only(stored.record, {name: known[name] for name in changes})
        names = ", ".join(changed_fields(stored.record, changed))
        details: dict[str, Detail] = {"fields": names}
        writing.put(sound(changed), "item changed", after=stored.revision, details=details)
    return sight_of(office, me).shown(changed)


def hand_over(office: Office, session: Session, item: str, handing: Handing) -> Custody:
    """Record that an item went from who has it to somebody else.

    Raises
    ------
    CaseError
        When the giver is not who has it, the times run backwards, the seal is another than the
        one it was last closed with, or the item's case is closed.
    """
    me = office.require(session, "custody.hand_over")
    with office.ledger.writing(me.id) as writing:
        handed = record_handing(office.ledger, writing, me, item, handing)
    return sight_of(office, me).shown(handed)


def record_handing(
    ledger: Ledger, writing: Writing, me: User, item: str, handing: Handing
) -> Custody:
    """Put a handing over into a transaction; see `hand_over`."""
    stored = open_item(ledger, item)
    last = chain_of(ledger, item)[-1].record
    now = writing.time
    receiver = person(ledger, handing.receiver)
    giver = person(ledger, handing.giver) if handing.giver else last.receiver
    at = moment("when it was handed over", handing.handed_at, now)
    record = Custody(
        id=f"{item}-H{last.number + 1:03d}",
        case=stored.record.case,
        item=item,
        number=last.number + 1,
        giver=giver,
        receiver=receiver,
        handed_at=at,
        purpose=handing.purpose.strip(),
        place=handing.place.strip(),
        seal_before=_seal(handing.seal_before) or last.seal_after,
        seal_after=_seal(handing.seal_after) or _seal(handing.seal_before) or last.seal_after,
        seal_intact=handing.seal_intact,
        recorded_by=me.id,
    )
    _check_unbroken(last, record, me)
    writing.put(sound(record), "item handed over", details={"number": record.number})
    return record


def chain_of(ledger: Ledger, item: str) -> list[Stored[Custody]]:
    """Return the handings over of an item in order, its receipt first: for the services only.

    Raises
    ------
    CaseError
        When one of them is missing.
    """
    chain = sorted(ledger.find(Custody, item=item), key=lambda one: one.record.number)
    numbers = [one.record.number for one in chain]
    if not chain or numbers != list(range(1, len(chain) + 1)):
        raise CaseError(
            "the chain of custody has a gap", item, "tell the supervisor: 'spectra audit verify'"
        )
    return chain


def person(ledger: Ledger, text: str) -> str:
    """Return a user by id or log-in name, or somebody outside as ``outside:NAME``.

    Raises
    ------
    CaseError
        When no user is called that.
    """
    named = stated("to whom, or by whom", text)
    if named.startswith(OUTSIDE):
        return OUTSIDE + stated("the name", named.removeprefix(OUTSIDE))
    users = [one.record for one in ledger.find(User)]
    found = [user.id for user in users if named in {user.id, user.login}]
    if not found:
        raise CaseError(
            "no user has this name", named[:60], f"for a person outside write {OUTSIDE}NAME"
        )
    return found[0]


def _check_unbroken(last: Custody, record: Custody, me: User) -> None:
    if record.giver != last.receiver:
        raise CaseError(
            "the item is not with the one who would hand it over",
            record.item,
            f"it is with {last.receiver} since {last.handed_at}: record first how it came on",
        )
    if record.receiver == record.giver:
        raise CaseError("giver and receiver are the same", record.item, "name somebody else")
    if me.id not in {record.giver, record.receiver} and me.role != "supervisor":
        raise CaseError(
            "only who gives or receives an item, or a supervisor, records it",
            record.item,
            "let one of the two record it",
        )
    if record.handed_at[:19] < last.handed_at[:19]:
        raise CaseError(
            "it would have been handed over before it was received", record.item, "check the time"
        )
    if record.seal_before != last.seal_after and record.seal_intact:
        closed = f"the one it was last closed with ({last.seal_after})"
        raise CaseError(
            f"the seal is another than {closed}"
            if last.seal_after
            else f"it was under no seal so far, and not under {record.seal_before}",
            record.item,
            "compare the numbers; if the seal was broken or changed, say so (not intact)",
        )


def _seal(text: str) -> str:
    return parse(text, "seal")[0].value if text.strip() else ""


def _checked(about: Description, now: str) -> dict[str, Any]:
    if about.packages < 0 or not 0 <= about.sampled <= about.packages:
        raise CaseError(
            f"{about.sampled} of {about.packages} packages cannot have been examined",
            "",
            "state n and N of the sampling plan: n is at most N",
        )
    weight = about.weight.strip()
    if weight and not _NUMBER.fullmatch(weight):
        raise CaseError("the weight is no number", weight[:40], "write it like 12.50")
    if weight and not about.weight_unit:
        raise CaseError("the weight has no unit", weight, f"use one of {', '.join(UNITS[1:])}")
    return {
        "description": stated("the description of the item", about.description),
        "condition": about.condition.strip(),
        "identifiers": tuple(_sure(text) for text in about.identifiers),
        "received_at": moment("when it was received", about.received_at, now),
        "received_from": about.received_from.strip(),
        "packages": about.packages,
        "sampled": about.sampled,
        "sampling": about.sampling.strip(),
        "weight": weight,
        "weight_unit": chosen("the unit", about.weight_unit, UNITS),
        "weight_how": about.weight_how.strip(),
        "form": about.form.strip(),
        "concealment": about.concealment.strip(),
    }


def _sure(text: str) -> str:
    """Return the one thing that a number is.

    Raises
    ------
    CaseError
        When it may be several things.
    """
    found = parse(text)
    if len(found) > 1:
        may = ", ".join(one.text for one in found)
        raise CaseError("the number may be several things", text[:60], f"say which: {may}")
    return found[0].text
