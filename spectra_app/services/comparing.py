"""Look at a result more closely: each candidate's gates and listings, two candidates, the mixture.

Nothing here is computed a second way. The scan is examined again by the same engine; where that
does not give the candidates and shares of the record to the last digit, nothing is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from matching.axis import COMMON_GRID
from matching.decision import Scored
from matching.evidence import hit_quality
from matching.gates import Gate, quality_gates, reference_gates, set_gates
from matching.mixture import added_up, as_fitted, refit
from matching.setfit import SetFit
from matching.spectrum import Spectrum
from spectra_app.errors import AppError
from spectra_app.records.identification import (
    Alarm,
    Comparison,
    ControlStatus,
    Identification,
    Kind,
    MatchRate,
)
from spectra_app.services.control import control_status, highest
from spectra_app.services.engine import Engine, Examined, Unmixed, examine, supports
from spectra_app.services.identify import MATCHED_WITHIN, Identified, Identifier, peak_places

MOST_TRIED = 6  # components of a trial: every selection of them may have to be fitted
SAME = 1e-9  # how far a score or a share computed again may be from the record


class StudyError(AppError):
    """A result cannot be looked at more closely."""

    code = "study"


@dataclass(frozen=True, slots=True)
class CandidateFacts:
    """What the record of a candidate does not hold, or holds elsewhere.

    Parameters
    ----------
    entry : str
        Of the library.
    role : str
        Of the entry.
    named : bool
        Whether the verdict names it.
    rate : MatchRate or None
        How often such evidence was right; only where the verdict states it.
    control : tuple of ControlStatus
        Its listings on the days of the record.
    level : str
        Alarm level that they make.
    gates : tuple of Gate
        What it had to meet to be named alone.
    """

    entry: str
    role: str
    named: bool
    rate: MatchRate | None
    control: tuple[ControlStatus, ...]
    level: Alarm
    gates: tuple[Gate, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Contribution:
    """One component of a fitted set and what it adds to the scan.

    `share` is of the Raman signal, never of the weight, with its 95 % interval; `support` the
    evidence (logit) of the component against what the others leave; `values`, shape (m,), are
    scaled as the scan is drawn.
    """

    entry: str
    name: str
    kind: Kind
    role: str
    share: float
    interval: tuple[float, float]
    support: float
    values: NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class FittedSet:
    """A set of components fitted to a scan, as it is drawn.

    Parameters
    ----------
    raman_shift_cm1, scan, total : arrays, shape (m,)
        Where scan and all components were measured, in cm-1, the cleaned scan with maximum 1,
        and what the components add up to; the residual is `scan` less `total`.
    parts : tuple of Contribution
        By falling share.
    misfit : float
        Mean weighted square of what is left; about 1 or less when model and noise explain it.
    gates : tuple of Gate
        What a set of two or more has to meet to be named; empty for one component.
    nothing : tuple of str
        Names that were asked for and to which the scan gives no share.
    trial : bool
        Whether somebody chose these components; else the program did.
    """

    raman_shift_cm1: NDArray[np.float64]
    scan: NDArray[np.float64]
    total: NDArray[np.float64]
    parts: tuple[Contribution, ...]
    misfit: float
    gates: tuple[Gate, ...]
    nothing: tuple[str, ...] = ()
    trial: bool = False

    @property
    def residual(self) -> NDArray[np.float64]:
        """What is left of the scan."""
        return np.asarray(self.scan - self.total)


@dataclass(frozen=True, eq=False, slots=True)
class Study:
    """A result looked at more closely.

    `scan_gates` are those that the scan itself has to meet; `fitted` is the set that the program
    fitted, None when nothing could be.
    """

    found: Identified
    examined: Examined
    candidates: tuple[CandidateFacts, ...]
    scan_gates: tuple[Gate, ...]
    fitted: FittedSet | None

    def row_of(self, entry: str, engine: Engine) -> int:
        """Return the row of an entry among those that were compared or fitted.

        Raises
        ------
        StudyError
            When it is not among them.
        """
        unmixed = self.examined.unmixed
        parts = unmixed.fit.parts if unmixed and unmixed.fit else ()
        rows = [*(item.row for item in self.examined.scored), *(part.row for part in parts)]
        for row in rows:
            if engine.library.record(row).entry == entry:
                return row
        raise StudyError("the entry was not compared with this scan", entry, "choose another one")


@dataclass(frozen=True, eq=False, slots=True)
class Pair:
    """Two candidates against each other, in the resolution in which they were fitted to the scan.

    In `drawn` the first one stands in the place of the scan. `alike` says that Raman does not tell
    them apart, `same` that they are entries of one substance.
    """

    name: str
    kind: Kind
    drawn: Comparison
    alike: bool
    same: bool


def study(found: Identified, identifier: Identifier) -> Study:
    """Examine a result again and return what the record does not hold.

    Raises
    ------
    StudyError
        When it was refused, or made with another library or policy than those in use.
    """
    engine, record = identifier.engine, found.record
    spectrum = _spectrum_of(found)
    check_in_use(record, engine)
    examined = examine(spectrum, engine)
    shown = examined.scored[: len(record.candidates)]
    _check_same(
        record, [(engine.library.record(i.row).entry, hit_quality(i.evidence)) for i in shown]
    )
    limits = engine.policy.thresholds
    facts = tuple(_facts(item, record, identifier) for item in shown)
    fitted = None
    unmixed = examined.unmixed
    if unmixed is not None and unmixed.fit is not None and unmixed.fit.parts:
        fitted = _fitted(unmixed, unmixed.fit, engine)
        shares = [(part.entry, part.signal_share) for part in record.components]
        if shares and all(share is not None for _, share in shares):
            _check_same(record, [(part.entry, part.share) for part in fitted.parts], shares)
    return Study(found, examined, facts, quality_gates(examined.quality, limits), fitted)


def check_in_use(record: Identification, engine: Engine) -> None:
    """Refuse a result of another library, policy or clean-up than those in use.

    Raises
    ------
    StudyError
        When it is one.
    """
    made = (record.library.sha256, record.method.policy, record.method.pipeline)
    if made != (engine.library.info.sha256, engine.policy.hash, engine.pipeline.hash):
        raise StudyError(
            "this result was made with another library or policy than the one in use",
            record.file,
            "open the scan again, or the library it was compared with",
        )


def pair(studied: Study, one: int, other: int, engine: Engine) -> Pair:
    """Return two candidates, by their places from 0, against each other.

    Raises
    ------
    StudyError
        When they have too little of the axis in common.
    """
    check_in_use(studied.found.record, engine)
    first, second = (studied.examined.scored[place] for place in (one, other))
    records = [engine.library.record(item.row) for item in (first, second)]
    start = max(item.comparison.first for item in (first, second))
    end = min(i.comparison.first + i.comparison.reference.size for i in (first, second))
    if end - start < 2:
        raise StudyError(
            "the two references have no range in common", records[1].name, "choose another one"
        )
    axis = COMMON_GRID.values[start:end]
    drawn = [_scaled(item, start, end) for item in (first, second)]
    peaks = [
        _within(item.comparison.reference_peaks.raman_shift_cm1, axis) for item in (first, second)
    ]
    near = MATCHED_WITHIN * engine.policy.compare.band_tolerance_cm1
    comparison = Comparison(
        raman_shift_cm1=axis,
        query=drawn[0],
        query_raw=drawn[0],
        reference=drawn[1],
        reference_name=records[1].name,
        reference_kind=records[1].kind,  # type: ignore[arg-type]  # checked when it was built
        matched_peaks_cm1=peak_places(peaks[0], peaks[1], near, together=True),
        missing_peaks_cm1=peak_places(peaks[1], peaks[0], near, together=False),
        unexplained_peaks_cm1=peak_places(peaks[0], peaks[1], near, together=False),
    )
    same = first.substance == second.substance
    alike = not same and engine.look_alikes.alike(first.row, second.row)
    kind: Kind = records[0].kind  # type: ignore[assignment]  # checked when it was built
    return Pair(records[0].name, kind, comparison, alike, same)


def trial(studied: Study, entries: Sequence[str], engine: Engine) -> FittedSet:
    """Fit a set of components that somebody chose.

    The set of the verdict gives its own fit again. Where the scan gives one of those chosen no
    share, the best set without it is fitted and its name told.

    Raises
    ------
    StudyError
        When nothing was chosen, too much was, or nothing chosen fits.
    """
    check_in_use(studied.found.record, engine)
    unmixed, own = studied.examined.unmixed, studied.fitted
    if unmixed is None or not entries:
        raise StudyError("no component is chosen", studied.found.record.file, "choose at least one")
    if own is not None and {part.entry for part in own.parts} == set(entries):
        return own
    rows = [studied.row_of(entry, engine) for entry in dict.fromkeys(entries)]
    if len(rows) > MOST_TRIED:
        raise StudyError(
            f"{len(rows)} components are too many to try",
            studied.found.record.file,
            f"choose at most {MOST_TRIED}",
        )
    fit, left_out = _best_of(rows, unmixed, engine)
    if fit is None:
        asked = ", ".join(engine.library.record(row).name for row in rows)
        raise StudyError("the scan gives none of these a share", asked, "choose other components")
    names = tuple(engine.library.record(row).name for row in left_out)
    return _fitted(unmixed, fit, engine, nothing=names, trial=True)


# --- Inside ---------------------------------------------------------------------------------------


def _spectrum_of(found: Identified) -> Spectrum:
    if found.query is None:
        raise StudyError("there is no spectrum to look at", found.record.file, "open another scan")
    return found.query


def _check_same(
    record: Identification,
    again: Sequence[tuple[str, float]],
    said: Sequence[tuple[str, float | None]] | None = None,
) -> None:
    """Refuse to show figures that are not those of the record."""
    told = said if said is not None else [(c.entry, c.score) for c in record.candidates]
    same = len(told) == len(again) and all(
        one == other and abs((figure or 0.0) - value) <= SAME
        for (one, figure), (other, value) in zip(told, again, strict=True)
    )
    if not same:
        raise StudyError(
            "the scan examined again gives other figures than its record",
            record.file,
            "open the scan again; if it stays so, tell whoever maintains the program",
        )


def _facts(item: Scored, record: Identification, identifier: Identifier) -> CandidateFacts:
    engine = identifier.engine
    entry = engine.library.record(item.row)
    named = next((part for part in record.components if part.entry == entry.entry), None)
    days = [date.fromisoformat(day) for day in (record.control_on, record.control_also) if day]
    answers = [control_status(entry, day, identifier.control) for day in days]
    listings = tuple(dict.fromkeys(one for found, _ in answers for one in found))
    levels = [level for _, level in answers]
    limits = engine.policy.thresholds
    return CandidateFacts(
        entry=entry.entry,
        role=entry.role,
        named=named is not None,
        rate=named.match_rate if named else None,
        control=(*named.control, *named.control_also) if named else listings,
        level=highest(levels),
        gates=reference_gates(item.comparison, item.evidence, limits, limits.name),
    )


def _scaled(item: Scored, start: int, end: int) -> NDArray[np.float64]:
    found = item.comparison
    values = found.reference[start - found.first : end - found.first]
    return np.asarray(values / max(float(values.max()), 1e-300))


def _within(places: NDArray[np.float64], axis: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(places[(places >= axis[0]) & (places <= axis[-1])])


def _best_of(
    rows: Sequence[int], unmixed: Unmixed, engine: Engine
) -> tuple[SetFit | None, tuple[int, ...]]:
    """Return the fit of all rows, or of those that leave least where others get no share."""
    whole = _refit(rows, unmixed, engine)
    if whole is not None:
        return whole, ()
    fewer = (few for size in range(1, len(rows)) for few in combinations(rows, size))
    fits = [(fit, few) for few in fewer if (fit := _refit(few, unmixed, engine)) is not None]
    if not fits:
        return None, tuple(rows)
    best, kept = min(fits, key=lambda found: found[0].misfit)
    return best, tuple(row for row in rows if row not in kept)


def _refit(rows: Sequence[int], unmixed: Unmixed, engine: Engine) -> SetFit | None:
    settings = engine.policy.mixture
    return refit(unmixed.level, engine.library.matrix, settings, rows, unmixed.hints)


def _fitted(
    unmixed: Unmixed,
    fit: SetFit,
    engine: Engine,
    *,
    nothing: tuple[str, ...] = (),
    trial: bool = False,
) -> FittedSet:
    level, width = unmixed.level, unmixed.hints.width_cm1
    policy, matrix = engine.policy, engine.library.matrix
    rows = [part.row for part in fit.parts]
    first = max(level.first, int(matrix.first[rows].max()))
    end = min(level.end, int(matrix.end[rows].min()))
    drawn = slice(first - level.first, end - level.first)
    scan = as_fitted(level, width)[drawn]
    top = max(float(scan.max()), 1e-300)
    support = supports(level, fit, engine, unmixed.hints)
    parts = []
    for part, evidence in zip(fit.parts, support, strict=True):
        entry = engine.library.record(part.row)
        parts.append(
            Contribution(
                entry=entry.entry,
                name=entry.name,
                kind=entry.kind,  # type: ignore[arg-type]  # checked when it was built
                role=entry.role,
                share=part.share,
                interval=part.interval,
                support=evidence,
                values=added_up(level, [part], matrix, width)[drawn] / top,
            )
        )
    several = len(fit.parts) > 1
    gates = set_gates(fit, support, policy.mixture, policy.thresholds) if several else ()
    if trial:  # whether each is needed is not asked of what somebody chose
        gates = tuple(gate for gate in gates if gate.code != "steady_gain")
    total = added_up(level, fit.parts, matrix, width)[drawn] / top
    axis = COMMON_GRID.values[first:end]
    return FittedSet(axis, scan / top, total, tuple(parts), fit.misfit, gates, nothing, trial)
