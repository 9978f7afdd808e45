"""What one scan could not have seen: the smallest share of each hazard that it would have revealed.

For every measured hazard entry, spikes of it are put into this very scan in the computer
(`matching.spiking`) and the whole identification, with the same library, clean-up and policy, says
whether the hazard's name would have been shown. Spikes are seeded by the scan's hash and the
entry's identifier, so the same scan gives the same limits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from matching.errors import QueryError
from matching.limits import smallest_share
from matching.spectrum import Spectrum
from matching.spiking import Alignment, Spiker, Variation, spiker
from spectra_app.records.identification import HiddenHazard
from spectra_app.services.engine import (
    Engine,
    Examined,
    examine,
    library_is_sound,
    reference_bands,
)
from spectra_app.services.hazards import named_substances
from spectra_app.services.identify import Identified, Identifier

Progress = Callable[[float, str], None]
ShouldStop = Callable[[], bool]
USUAL_TRIES = 40  # spikes examined for one hazard, for the progress only


class _Stopped(Exception):  # noqa: N818  not an error: the caller asked for it
    """The work was asked to give up."""


def pending(found: Identified, identifier: Identifier) -> tuple[HiddenHazard, ...]:
    """Return the hazards of a result whose limits can be computed and were not yet.

    None when the result comes from another library, policy or clean-up than the identifier's.
    """
    method, engine = found.record.method, identifier.engine
    made_with = (found.record.library.sha256, method.policy, method.pipeline)
    in_use = (engine.library.info.sha256, engine.policy.hash, engine.pipeline.hash)
    if made_with != in_use or found.query is None:
        return ()
    return tuple(h for h in found.record.cannot_exclude if h.reason == "not_computed")


def unasked(found: Identified, identifier: Identifier) -> bool:
    """Tell whether limits are to be computed without being asked for: there are some, but few."""
    return 0 < len(pending(found, identifier)) <= identifier.engine.policy.limits.automatic


def with_limits(
    found: Identified,
    identifier: Identifier,
    *,
    progress: Progress = lambda _share, _words: None,
    should_stop: ShouldStop = lambda: False,
) -> Identified:
    """Return a result with the limits of its hazards computed.

    When the work is asked to stop, the hazards not yet done keep the reason ``not_computed``;
    called again with what was returned, it goes on from there.

    Parameters
    ----------
    found : Identified
        A result of the identifier's library and policy.
    identifier : Identifier
        What identified it.
    progress : callable (share, words)
        Told how far the work is.
    should_stop : callable () -> bool
        Asked before every spike.
    """
    todo = pending(found, identifier)
    if found.query is None or not todo:
        return found
    begun = time.perf_counter()
    rows = {hazard.entry: hazard.row for hazard in identifier.hazards}
    case = Case(found.query, examine(found.query, identifier.engine), identifier.engine)
    hidden: list[HiddenHazard] = []
    done = 0
    for hazard in found.record.cannot_exclude:
        row = rows.get(hazard.entry)
        if hazard in todo and row is not None and not should_stop():
            tell = _part(progress, done / len(todo), 1.0 / len(todo), hazard.name)
            hidden.append(_computed(hazard, row, case, _Watch(tell, should_stop)))
            done += 1
        else:
            hidden.append(hazard)
    progress(1.0, "done")
    took = (time.perf_counter() - begun) * 1e3
    timing = {**found.record.timing_ms}
    timing["limits"] = timing.get("limits", 0.0) + took
    record = replace(found.record, cannot_exclude=tuple(hidden), timing_ms=timing)
    return replace(found, record=record)


def _part(progress: Progress, start: float, width: float, name: str) -> Callable[[int], None]:
    """Return a callable that tells the progress of one hazard from the number of spikes tried."""
    return lambda tries: progress(start + width * min(tries / USUAL_TRIES, 1.0), name)


class _Watch:
    """Counts the spikes of one hazard, tells how far the work is and asks whether to give up."""

    def __init__(self, tell: Callable[[int], None], should_stop: ShouldStop) -> None:
        self._tell, self._should_stop, self._tries = tell, should_stop, 0

    def step(self) -> None:
        if self._should_stop():
            raise _Stopped
        self._tell(self._tries)
        self._tries += 1


def _computed(hazard: HiddenHazard, row: int, case: Case, watch: _Watch) -> HiddenHazard:
    """Return a hazard with its limit, or with the reason why there is none.

    Raises
    ------
    LibraryDamagedError
        When the entry is not what it says: a limit stated for it would be one of something else.
    """
    library_is_sound(case.engine, row)
    made = case.spiker(row)
    if made is None:
        return replace(hazard, reason="not_comparable")

    def found(share: float, spike: int) -> bool:
        watch.step()
        return case.seen(made.spiked(share, case.seed(hazard.entry, spike)), row)

    try:
        share = smallest_share(found, case.engine.policy.limits)
    except _Stopped:
        return hazard
    return replace(hazard, smallest_share=share, reason="not_revealed" if share is None else "")


@dataclass(frozen=True, eq=False, slots=True)
class Case:
    """One scan, what was found in it, and what examines it again with a spike inside."""

    spectrum: Spectrum
    examined: Examined
    engine: Engine

    def seed(self, entry: str, spike: int) -> tuple[int, int, int]:
        """Return the seed of a spike of an entry (its hexadecimal identifier) into this scan."""
        return int(self.spectrum.content_hash[:16], 16), int(entry, 16), spike

    def spiker(self, row: int) -> Spiker | None:
        """Return what mixes a library entry into the scan; None when no share can be stated.

        The entry is brought to the scan as the comparison brought the nearest reference to it;
        from one spike to the next it varies as the policy says that instruments do.
        """
        policy, scored = self.engine.policy, self.examined.scored
        nearest = scored[0].comparison if scored else None
        alignment = Alignment(nearest.shift_cm1, nearest.width_cm1) if nearest else Alignment()
        errors = policy.compare.errors
        variation = Variation(
            intensity=errors.model_error,
            distance_cm1=2.0 * errors.neighbourhood_cm1,
            response=policy.limits.response_error,
            axis_cm1=policy.limits.axis_error_cm1,
        )
        light = reference_bands(self.engine.library, row)
        return spiker(self.spectrum, self.examined.prepared, light, alignment, variation)

    def seen(self, spectrum: Spectrum, row: int) -> bool:
        """Tell whether the verdict on a scan would name the substance of an entry."""
        try:
            examined = examine(spectrum, self.engine)
        except QueryError:
            return False
        library = self.engine.library
        return int(library.matrix.substance[row]) in named_substances(examined, library)
