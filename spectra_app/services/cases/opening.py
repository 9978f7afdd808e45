"""The station, and the life of a case: opened, changed, closed, opened again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import msgspec

from spectra_app.errors import CaseError
from spectra_app.records.access import User
from spectra_app.records.kinds import Case, Confirmation, Station
from spectra_app.records.ledger.chain import Detail
from spectra_app.records.ledger.writing import Writing
from spectra_app.services.cases.keeping import (
    AMEND,
    changed_fields,
    changed_only,
    chosen,
    moment,
    open_case,
    sound,
    stated,
)
from spectra_app.services.cases.seeing import sight_of
from spectra_app.services.cases.station_known import STATION, station_of
from spectra_app.services.office import Office, Session

MODES = ("", "mail", "express", "air passenger", "air cargo", "sea", "road", "rail", "other")
CHANGED = (
    "title", "reference", "event_at", "mode", "origin", "destination", "persons", "circumstances",
)  # fmt: skip
_CODE = re.compile(r"[A-Z0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a case; see `spectra_app.records.kinds.Case`.

    `emulated` says that it is an exercise; that is never changed afterwards.
    """

    reference: str = ""
    event_at: str = ""
    mode: str = ""
    origin: str = ""
    destination: str = ""
    persons: tuple[str, ...] = ()
    circumstances: str = ""
    emulated: bool = False


def set_station(
    office: Office,
    session: Session,
    name: str,
    *,
    organisation: str | None = None,
    address: str | None = None,
    contact: str | None = None,
    code: str | None = None,
) -> Station:
    """Say who the station is, for reports and case numbers; None leaves what was said before.

    Raises
    ------
    CaseError
        When the name is missing or the code is not up to 8 letters and digits.
    """
    me = office.require(session, "station.change")
    short = None if code is None else code.strip().upper()
    if short is not None and not _CODE.fullmatch(short):
        raise CaseError("the code of the station", short, "use up to 8 letters and digits")
    named = stated("the name of the station", name)
    said = {"organisation": organisation, "address": address, "contact": contact, "code": short}
    known = {field: text.strip() for field, text in said.items() if text is not None}
    with office.ledger.writing(me.id) as writing:
        before = station_of(office.ledger)
        old = before.record if before else Station(id=STATION, name=named)
        record = msgspec.structs.replace(old, name=named, **known)
        after = before.revision if before else 0
        writing.put(sound(record), "station described", after=after)
    return record


def open_new_case(office: Office, session: Session, title: str, about: About | None = None) -> Case:
    """Open a case; its number is the station's code, the day, and the number of the day.

    Raises
    ------
    CaseError
        When something that was stated cannot be kept.
    """
    me = office.require(session, "case.open")
    with office.ledger.writing(me.id) as writing:
        return put_case(writing, office, me, title, about or About())


def put_case(writing: Writing, office: Office, me: User, title: str, about: About) -> Case:
    """Open a case within a transaction; see `open_new_case`."""
    now = office.clock()
    known = _checked(about, now)
    record = Case(
        id=_next_number(office, now),
        title=stated("the title of the case", title),
        officer=me.id,
        opened_at=now,
        emulated=about.emulated or office.demo,
        **known,
    )
    writing.put(sound(record), "case opened")
    return record


def change_case(office: Office, session: Session, case: str, changes: Mapping[str, Any]) -> Case:
    """Change what is said of a case; what it said before stays in its history.

    Parameters
    ----------
    changes : mapping
        By field (`title`, or one of `About` but ``emulated``), what it says from now on.

    Raises
    ------
    CaseError
        When the case is closed, nothing would be another, or something cannot be kept.
    """
    me = office.require(session, "case.change")
    with office.ledger.writing(me.id) as writing:
        stored = open_case(office.ledger, case)
        said = {name: getattr(stored.record, name) for name in CHANGED}
        unknown = set(changes) - set(said)
        if unknown:
            raise CaseError(f"{min(unknown)!r} of a case is not changed", case, AMEND)
        new = {**said, **changes}
        title = stated("the title of the case", new.pop("title"))
        known = {**_checked(About(**new), writing.time), "title": title}
        changed = changed_only(stored.record, {name: known[name] for name in changes})
        names = ", ".join(changed_fields(stored.record, changed))
        details: dict[str, Detail] = {"fields": names}
        writing.put(sound(changed), "case changed", after=stored.revision, details=details)
    return sight_of(office, me).shown(changed)


def close_case(office: Office, session: Session, case: str, closing: str) -> Case:
    """Close a case.

    Raises
    ------
    CaseError
        When it is closed, or an item is still at the laboratory.
    """
    me = office.require(session, "case.close")
    with office.ledger.writing(me.id) as writing:
        stored = open_case(office.ledger, case)
        waiting = office.ledger.find(Confirmation, case=case, state="sent")
        if waiting:
            raise CaseError(
                "an item is still at the laboratory",
                ", ".join(one.record.item for one in waiting),
                "record the laboratory's answer first",
            )
        closed = msgspec.structs.replace(
            stored.record,
            state="closed",
            closed_at=office.clock(),
            closing=stated("why, or as what, the case is closed", closing),
        )
        writing.put(sound(closed), "case closed", after=stored.revision)
    return sight_of(office, me).shown(closed)


def reopen_case(office: Office, session: Session, case: str, why: str) -> Case:
    """Open a closed case again.

    Raises
    ------
    CaseError
        When it is open.
    """
    me = office.require(session, "case.reopen")
    with office.ledger.writing(me.id) as writing:
        stored = office.ledger.get(Case, case)
        if stored.record.state == "open":
            raise CaseError("the case is open", case, "nothing has to be done")
        opened = msgspec.structs.replace(
            stored.record, state="open", closed_at="", closing=stated("the reason", why)
        )
        writing.put(sound(opened), "case opened again", after=stored.revision)
    return sight_of(office, me).shown(opened)


def _checked(about: About, now: str) -> dict[str, Any]:
    known = {field.name: getattr(about, field.name) for field in fields(About)}
    texts = {name: value.strip() for name, value in known.items() if isinstance(value, str)}
    chosen("the way it travelled", texts["mode"], MODES)
    persons = tuple(person.strip() for person in about.persons if person.strip())
    happened = texts["event_at"]
    event = moment("when it happened", happened, now) if happened else ""
    return {**texts, "persons": persons, "event_at": event}


def _next_number(office: Office, now: str) -> str:
    """Return the next case number of the day; asked within the transaction that uses it."""
    station = station_of(office.ledger)
    code = station.record.code if station else ""
    begin = f"{code or 'C'}-{now[:10].replace('-', '')}-"
    numbers = [
        int(number)
        for one in office.ledger.find(Case, day=now[:10])
        if one.record.id.startswith(begin) and (number := one.record.id[len(begin) :]).isdigit()
    ]
    return f"{begin}{max(numbers, default=0) + 1:04d}"
