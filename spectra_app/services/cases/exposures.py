"""What the lasers did: every exposure is recorded, and compared with the analyser's own counter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spectra_app.records.kinds import Exposure
from spectra_app.records.ledger.chain import Detail
from spectra_app.services.cases.keeping import short_id, sound
from spectra_app.services.cases.scans import NOBODY, Purpose, exposures_in, frames_in
from spectra_app.services.cases.seeing import sight_of
from spectra_app.services.office import Office, Session


@dataclass(frozen=True, slots=True)
class Gap:
    """Exposures that an analyser counted itself and nobody recorded, or the other way round.

    Parameters
    ----------
    analyser : str
        Serial number.
    after, before : str
        Ids of the records between which it lies.
    counted, recorded : int
        By the analyser itself, and here.
    """

    analyser: str
    after: str
    before: str
    counted: int
    recorded: int


@dataclass(frozen=True, slots=True)
class Fired:
    """A use of a laser that became no scan.

    Parameters
    ----------
    analyser : str
        Serial number; empty when it was not known yet.
    purpose : str
        What it was for, or how it ended; see `spectra_app.records.kinds.Exposure`.
    evidence : tuple of str
        What was kept of it.
    count : int or None
        Exposures; counted from the frames in `evidence` when None.
    counter : int
        The analyser's own counter afterwards; -1 where it has none.
    emulated : bool
        Whether no real laser was used.
    record : str
        SHA-256 of the calibration record that came of it: the chain holds it.
    """

    analyser: str
    purpose: Purpose
    evidence: tuple[str, ...] = ()
    count: int | None = None
    counter: int = -1
    emulated: bool = False
    record: str = ""


def record_exposure(office: Office, session: Session, fired: Fired) -> Exposure:
    """Record that a laser was used for what became no scan."""
    me = office.require(session, "exposure.add")
    return _record(office, me.id, fired)


def unattended_exposure(office: Office, fired: Fired) -> Exposure:
    """Record a use of a laser while nobody was logged in; see `record_exposure`."""
    return _record(office, NOBODY, fired)


def _record(office: Office, user: str, fired: Fired) -> Exposure:
    now = office.clock()
    frames = frames_in(office.evidence, fired.evidence)
    count = exposures_in(frames) if fired.count is None else fired.count
    record = Exposure(
        id=short_id("X", now, user, fired.analyser, *fired.evidence, str(fired.counter)),
        analyser=fired.analyser or next((one.serial for one in frames if one.serial), ""),
        purpose=fired.purpose,
        count=count,
        counter=fired.counter,
        evidence=fired.evidence,
        emulated=fired.emulated or any(one.emulated for one in frames),
        at=now,
        by=user,
    )
    with office.ledger.writing(user) as writing:
        details: dict[str, Detail] = {"exposures": count, "purpose": fired.purpose}
        details |= {"record": fired.record} if fired.record else {}
        writing.put(sound(record), "laser used without a scan", details=details)
    return record


def list_exposures(office: Office, session: Session, analyser: str = "") -> list[Exposure]:
    """Return what the lasers did, of one analyser or all, oldest first."""
    me = office.require(session, "exposure.list")
    asked = {"analyser": analyser} if analyser else {}
    found = (one.record for one in office.ledger.find(Exposure, **asked))
    return list(sight_of(office, me).seen(found))


def gaps_in(exposures: Iterable[Exposure]) -> tuple[Gap, ...]:
    """Return where an analyser's own counter and the records differ; oldest first.

    Only between two records with a counter can anything be said; those without one in between
    count towards the later one.
    """
    gaps: list[Gap] = []
    last: dict[str, Exposure] = {}
    since: dict[str, int] = {}
    for one in exposures:
        since[one.analyser] = since.get(one.analyser, 0) + one.count
        if one.counter < 0:
            continue
        before = last.get(one.analyser)
        if before is not None:
            counted, recorded = one.counter - before.counter, since[one.analyser]
            if counted != recorded:
                gaps.append(Gap(one.analyser, before.id, one.id, counted, recorded))
        last[one.analyser], since[one.analyser] = one, 0
    return tuple(gaps)
