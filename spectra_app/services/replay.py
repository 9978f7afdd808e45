"""Compute past results again from the raw evidence, with what they were made with then."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from devices.errors import FrameError
from devices.frame import RawFrame
from library.errors import LibraryChangedError, LibraryDamagedError
from matching.errors import SpectraError
from spectra_app.errors import EvidenceError, RecordError, ReplayError
from spectra_app.records.access import User
from spectra_app.records.kinds import Case, Scan
from spectra_app.services.agreement import Difference, State, agreement
from spectra_app.services.cases.seeing import sight_of, visible
from spectra_app.services.environment import environment
from spectra_app.services.identify import Identified, Identifier, identify_bytes
from spectra_app.services.limits import with_limits
from spectra_app.services.office import Office, Session
from spectra_app.services.scanning import identify_frame
from spectra_app.services.workshop import MadeWith, Workshop

DAMAGE = (EvidenceError, LibraryDamagedError, LibraryChangedError)
AGREES = frozenset({State.SAME_BYTES, State.SAME_FIGURES})


@dataclass(frozen=True, slots=True)
class Replayed:
    """What computing one result again gave.

    Parameters
    ----------
    scan, name : str
        The scan, and its file or label.
    outcome : str
        As it was recorded.
    state : State
        How it ended.
    compared : str
        Which comparison was made; empty when none could be.
    environment : tuple of str
        What it was computed with then and now, where that differs.
    difference : Difference or None
        Where the results differ first.
    why : str
        Why it could not be computed again.
    """

    scan: str
    name: str
    outcome: str
    state: State
    compared: str = ""
    environment: tuple[str, ...] = ()
    difference: Difference | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Replay:
    """What computing results again gave, one for each scan.

    `all_seen` is False when there may be scans that this user may not see, which are left out.
    """

    results: tuple[Replayed, ...]
    all_seen: bool

    @property
    def counts(self) -> Mapping[State, int]:
        """How often each state came."""
        return Counter(one.state for one in self.results)


def replay(
    office: Office,
    session: Session,
    what: str = "",
    *,
    libraries: Sequence[Path] = (),
    progress: Callable[[float, str], None] = lambda _share, _words: None,
) -> Replay:
    """Compute results again from their evidence and say of each whether it is the same.

    Parameters
    ----------
    what : str
        Number of a scan or of a case; empty for all scans.
    libraries : sequence of Path
        Files of libraries that this station has not installed.
    progress : callable (share, words)
        Told how far the work is.

    Raises
    ------
    RecordError
        When there is no such scan or case that this user may see.
    """
    me = office.require(session, "case.replay")
    scans = chosen_scans(office, me, what)
    results = []
    with Workshop(office.evidence, libraries, office.folder) as workshop:
        for number, scan in enumerate(scans):
            progress(number / len(scans), "computing results again")
            results.append(replay_scan(scan, workshop))
    progress(1.0, "done")
    done = Replay(tuple(results), all_seen=me.cleared)
    with office.ledger.writing(me.id) as writing:
        said = {state.name.lower(): done.counts[state] for state in State}
        writing.note("results replayed", {"of": what or "all", "scans": len(scans), **said})
        for one in results:
            if one.state not in AGREES:
                writing.note("replay does not agree", {"scan": one.scan, "state": one.state.value})
    return done


def chosen_scans(office: Office, me: User, what: str = "") -> list[Scan]:
    """Return the scan of that number, those of the case, or all; without what `me` may not see.

    Raises
    ------
    RecordError
        When there is no such scan or case.
    """
    ledger = office.ledger
    ledger.check_whole()
    if not what:
        found = ledger.find(Scan)
    else:
        try:
            return [visible(office, me, Scan, what).record]
        except RecordError:
            ledger.get(Case, what)
        found = ledger.find(Scan, case=what)
    sight = sight_of(office, me)
    seen = (one.record for one in found if sight.sees(one.record))
    return sorted(seen, key=lambda scan: (scan.scanned_at, scan.id))


def replay_scan(scan: Scan, workshop: Workshop) -> Replayed:
    """Compute the result of one scan again and compare it with the one kept."""
    try:
        kept = workshop.evidence.get(scan.result)
        made = workshop.made_with(scan)
        found = computed_again(scan, made, workshop)
    except SpectraError as error:
        state = State.DAMAGED if isinstance(error, DAMAGE) else State.IMPOSSIBLE
        return Replayed(scan.id, scan.name, scan.outcome, state, why=str(error))
    changes = changed(made.set_up.environment)
    agrees = agreement(kept, made.figures, found.record, changes)
    return Replayed(
        scan.id,
        scan.name,
        scan.outcome,
        agrees.state,
        agrees.compared,
        tuple(f"{name}: {words}" for name, words in changes.items()),
        agrees.difference,
    )


def computed_again(scan: Scan, made: MadeWith, workshop: Workshop) -> Identified:
    """Return the result of a scan, computed from its evidence with what it was made with.

    Raises
    ------
    EvidenceError
        When the scan, its policy or what else was kept is missing or damaged.
    ReplayError
        When something else that it came from is not there any more.
    """
    data = workshop.evidence.get(scan.original)
    before = json.loads(workshop.evidence.get(scan.result))
    identifier = workshop.identifier(made, scan.scanned_at)
    found = identified_again(data, made, identifier, refused=scan.outcome == "refused")
    return _with_same_limits(found, before, identifier)


def identified_again(
    data: bytes, made: MadeWith, identifier: Identifier, *, refused: bool = False
) -> Identified:
    """Identify a scan's bytes as they were asked for then, with any identifier.

    `refused` says that they were refused then, so that no single spectrum is picked out by the name
    that was found.

    Raises
    ------
    ReplayError
        When a frame cannot be read, or the spectrum of a file is not found again.
    """
    if made.source == "device":
        try:
            frame = RawFrame.from_bytes(data)
        except FrameError as error:
            raise ReplayError(f"the frame cannot be read ({error})", made.origin.file) from error
        return identify_frame(frame, made.origin, identifier, made.choice.top)
    single = made.spectrum is not None and not refused
    choice = replace(made.choice, spectrum=made.spectrum) if single else made.choice
    found = identify_bytes(
        data,
        made.origin,
        identifier,
        choice,
        time.perf_counter(),
        profiles=lambda: made.set_up.profiles,
    )
    place = 0 if single or len(found) == 1 else made.place
    if place >= len(found):
        raise ReplayError(
            f"its file gives {len(found)} results now, and this was number {place + 1}",
            made.origin.file,
            "use the version of the program that wrote it",
        )
    return found[place]


def _with_same_limits(
    found: Identified, before: Mapping[str, Any], identifier: Identifier
) -> Identified:
    """Work out the limits of those hazards for which they had been worked out."""
    done = {one["entry"] for one in before["cannot_exclude"] if one["reason"] != "not_computed"}
    hidden = found.record.cannot_exclude
    todo = tuple(one for one in hidden if one.reason == "not_computed" and one.entry in done)
    if not todo:
        return found
    asked = replace(found, record=replace(found.record, cannot_exclude=todo))
    worked = with_limits(asked, identifier).record.cannot_exclude
    known = {one.entry: one for one in worked}
    merged = tuple(known.get(one.entry, one) if one in todo else one for one in hidden)
    return replace(found, record=replace(found.record, cannot_exclude=merged))


def changed(then: Mapping[str, str]) -> dict[str, str]:
    """Return what is different now in what results are computed with: then -> now, by name."""
    now = environment()
    names = dict.fromkeys((*now, *then))
    pairs = {name: (then.get(name, "unknown"), now.get(name, "unknown")) for name in names}
    return {name: f"{old} -> {new}" for name, (old, new) in pairs.items() if old != new}


def worst_first(results: Iterable[Replayed]) -> list[Replayed]:
    """Return what does not agree first, then the rest, each in the order it came."""
    return sorted(results, key=lambda one: one.state in AGREES)
