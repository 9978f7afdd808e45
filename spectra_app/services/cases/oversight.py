"""What a supervisor has to look at: scans and lasers that something is open about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from spectra_app.records.emergency import OPEN, Emergency
from spectra_app.records.kinds import Exposure, Scan
from spectra_app.records.kinds.removal import Removal
from spectra_app.records.kinds.scan import SEPARATOR
from spectra_app.services.cases.exposures import Gap, gaps_in
from spectra_app.services.cases.retention import unfinished_removals
from spectra_app.services.cases.scans import NOBODY
from spectra_app.services.cases.seeing import Sight, sight_of
from spectra_app.services.office import Office, Session

_VERDICTS = """
SELECT DISTINCT value FROM keys
WHERE kind = 'scan' AND field IN ('shown_verdict', 'hidden_verdict')
"""


@dataclass(frozen=True, slots=True)
class Repeated:
    """An item whose scans said different things, and what."""

    item: str
    verdicts: tuple[str, ...]
    scans: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Oversight:
    """The supervisor's list.

    Parameters
    ----------
    unfiled, discarded : tuple of Scan
        Scans that belong to no item (yet), oldest first.
    unattended : tuple of Scan
        Scans that were made while nobody was logged in.
    repeated : tuple of Repeated
        Items that were scanned again with another verdict.
    without_scan : tuple of Exposure
        Uses of a laser that became no scan; checks and calibrations only when nobody was logged in.
    gaps : tuple of Gap or None
        Where an analyser's own counter says something else; None when none has a counter.
    emergencies : tuple of Emergency
        Uses of emergency access that nobody has acknowledged.
    removals : tuple of Removal
        Removals of evidence that were interrupted: what has to go is still there.
    """

    unfiled: tuple[Scan, ...]
    discarded: tuple[Scan, ...]
    unattended: tuple[Scan, ...]
    repeated: tuple[Repeated, ...]
    without_scan: tuple[Exposure, ...]
    gaps: tuple[Gap, ...] | None
    emergencies: tuple[Emergency, ...]
    removals: tuple[Removal, ...]

    @property
    def open(self) -> int:
        """Return how many things are on it."""
        return sum(len(getattr(self, name) or ()) for name in self.__dataclass_fields__)


def oversee(office: Office, session: Session, since: str = "") -> Oversight:
    """Return the supervisor's list, of a day and later; without one, of all time.

    Unfiled scans and emergencies are there however old; restricted scans only for who is cleared.
    """
    me = office.require(session, "oversight.list")
    sight = sight_of(office, me)

    def scans(**asked: str) -> tuple[Scan, ...]:
        return sight.seen(one.record for one in office.ledger.find(Scan, **asked))

    fired = [one.record for one in office.ledger.find(Exposure)]
    return Oversight(
        scans(state="unfiled"),
        tuple(one for one in scans(state="discarded") if one.scanned_at >= since),
        tuple(one for one in scans(user=NOBODY) if one.scanned_at >= since),
        tuple(_repeated(office, sight, since)),
        sight.seen(one for one in fired if _to_be_seen(one) and one.at >= since),
        gaps_in(fired) if any(one.counter >= 0 for one in fired) else None,
        tuple(one.record for one in office.ledger.find(Emergency, state=OPEN)),
        tuple(unfinished_removals(office.ledger)),
    )


def _to_be_seen(fired: Exposure) -> bool:
    """Return whether a use of a laser is no scan, and no check by somebody who was logged in."""
    expected = fired.purpose in {"check", "calibration"} and fired.by != NOBODY
    return not fired.scan and not expected


def _repeated(office: Office, sight: Sight, since: str) -> Iterable[Repeated]:
    with office.ledger.reading() as connection:
        values = [row[0] for row in connection.execute(_VERDICTS)]
    said = Counter(value.partition(SEPARATOR)[0] for value in values)
    for item in (item for item, verdicts in said.items() if verdicts > 1):
        found = sight.seen(one.record for one in office.ledger.find(Scan, item=item))
        verdicts = sorted({_verdict(one) for one in found})
        if len(verdicts) > 1 and max(one.scanned_at for one in found) >= since:
            yield Repeated(item, tuple(verdicts), tuple(one.id for one in found))


def _verdict(scan: Scan) -> str:
    return ", ".join((scan.outcome, *sorted(scan.names)))
