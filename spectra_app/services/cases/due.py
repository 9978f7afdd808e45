"""What is overdue: scans nobody filed, items not sent, answers not received, cases not closed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from spectra_app.records.kinds import Case, Confirmation, Item, Scan
from spectra_app.records.ledger.store import Ledger
from spectra_app.records.sessions import seconds
from spectra_app.services.cases.policy import DUE_TIMES, Periods, periods
from spectra_app.services.cases.seeing import Sight, sight_of
from spectra_app.services.office import Office, Session

GRAVE = frozenset({"controlled", "precursor", "hazard"})


@dataclass(frozen=True, slots=True)
class Overdue:
    """One thing that is late.

    Parameters
    ----------
    rule, words : str
        Which rule of the policy, and what it asks.
    kind, id, case : str
        What is late, and in which case.
    user : str
        Whose it is.
    since, due : str
        From when the time ran and when it ended, ISO 8601 in UTC.
    hours_late : int
        Whole hours since then, or until it was done.
    done : bool
        Whether it was done, late.
    """

    rule: str
    words: str
    kind: str
    id: str
    case: str
    user: str
    since: str
    due: str
    hours_late: int
    done: bool = False


@dataclass(frozen=True, slots=True)
class _Running:
    """Something with a time: since when it runs, and until when (now, or when it was done)."""

    rule: str
    kind: str
    id: str
    case: str
    user: str
    since: str
    until: str
    done: bool = False


def list_overdue(office: Office, session: Session) -> list[Overdue]:
    """Return what is overdue by the station's due times, the longest first."""
    me = office.require(session, "case.list")
    now = office.clock()
    policy = periods(office.ledger, DUE_TIMES)
    running = _running(office.ledger, sight_of(office, me), now)
    return sorted(overdue_among(running, policy), key=lambda one: (one.due, one.id))


def overdue_among(running: Iterable[_Running], policy: Periods) -> Iterator[Overdue]:
    """Yield what has run longer than its rule allows; a rule that is not there allows all."""
    for one in running:
        rule = policy.rules.get(one.rule)
        if rule is None or not one.since:
            continue
        late = seconds(one.since, one.until) - rule.figure * 3600
        if late > 0:
            yield Overdue(
                rule.code,
                rule.words,
                one.kind,
                one.id,
                one.case,
                one.user,
                one.since,
                _later(one.since, rule.figure),
                int(late // 3600),
                one.done,
            )


def _running(ledger: Ledger, sight: Sight, now: str) -> Iterator[_Running]:
    for scan in sight.seen(one.record for one in ledger.find(Scan, state="unfiled")):
        yield _Running("filing", "scan", scan.id, "", scan.scanned_by, scan.scanned_at, now)
    for answer in ledger.find(Confirmation, state="sent"):
        sent = answer.record
        yield _Running("answer", "item", sent.item, sent.case, sent.sent_by, sent.sent_at, now)
    for found in ledger.find(Case, state="open"):
        case = found.record
        who = (case.id, case.id, case.officer)
        yield _Running("closing", "case", *who, case.opened_at, now)
        yield _Running("registration", "case", *who, case.event_at, case.opened_at, done=True)
        yield from _unsent(ledger, sight, case, now)


def _unsent(ledger: Ledger, sight: Sight, case: Case, now: str) -> Iterator[_Running]:
    """Yield the items of a case with a grave alarm that never went to the laboratory."""
    first: dict[str, str] = {}
    for scan in sight.seen(one.record for one in ledger.find(Scan, case=case.id)):
        if scan.alarm in GRAVE and scan.state == "filed":
            first.setdefault(scan.item, scan.scanned_at)
    for item, since in first.items():
        if not ledger.find(Confirmation, item=item):
            user = ledger.get(Item, item).record.received_by
            yield _Running("sending", "item", item, case.id, user, since, now)


def _later(time: str, hours: int) -> str:
    moment = datetime.fromisoformat(time) + timedelta(hours=hours)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
