"""Emergency access: an hour of named rights while the supervisor is away, and loud."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from spectra_app.errors import ForbiddenError, RecordError
from spectra_app.records.access import EMERGENCY
from spectra_app.records.emergency import ACKNOWLEDGED, LASTS_S, OPEN, Emergency
from spectra_app.records.sessions import Session, later
from spectra_app.services.office import Office

SHORTEST_REASON = 10


def use_emergency(
    office: Office, session: Session, actions: Collection[str], reason: str
) -> Emergency:
    """Take named rights of an absent supervisor for an hour.

    Parameters
    ----------
    actions : collection of str
        Out of `spectra_app.records.access.EMERGENCY`.
    reason : str
        Why, in a sentence: the supervisor reads it.

    Raises
    ------
    ForbiddenError
        When one of them cannot be taken that way, or no reason is given.
    """
    me = office.require(session, "emergency.use")
    beyond = sorted(set(actions) - EMERGENCY)
    if beyond or not actions:
        named = ", ".join(beyond) or "nothing was named"
        raise ForbiddenError(
            f"emergency access does not give that: {named}", "", f"name of: {_named()}"
        )
    if len(reason.strip()) < SHORTEST_REASON:
        raise ForbiddenError("emergency access needs a reason", "", "say why in a sentence")
    taken = tuple(sorted(set(actions)))
    with office.ledger.writing(me.id) as writing:
        use = Emergency(
            id=f"e{len(office.ledger.find(Emergency)) + 1}",
            user=me.id,
            actions=taken,
            reason=reason.strip(),
            since=writing.time,
            until=later(writing.time, LASTS_S),
        )
        writing.put(use, "EMERGENCY ACCESS", details={"actions": ", ".join(taken)})
    return use


def open_emergencies(office: Office, session: Session) -> list[Emergency]:
    """Return the uses that no supervisor has acknowledged yet."""
    office.require(session, "emergency.show")
    return [stored.record for stored in office.ledger.find(Emergency, state=OPEN)]


def acknowledge_emergency(office: Office, session: Session, emergency: str) -> Emergency:
    """Take note of a use: it ends, and leaves the list.

    Raises
    ------
    RecordError
        When there is none like that, or it was acknowledged already.
    ForbiddenError
        When it was this person's own.
    """
    me = office.require(session, "emergency.acknowledge")
    stored = office.ledger.get(Emergency, emergency)
    if stored.record.user == me.id:
        raise ForbiddenError("nobody may do that to themselves", "", "ask another supervisor")
    if stored.record.state != OPEN:
        raise RecordError("it was acknowledged already", f"emergency {emergency}", "")
    done = msgspec.structs.replace(stored.record, state=ACKNOWLEDGED, acknowledged_by=me.id)
    with office.ledger.writing(me.id) as writing:
        writing.put(done, "emergency access acknowledged", after=stored.revision)
    return done


def _named() -> str:
    return ", ".join(sorted(EMERGENCY))
