"""Identify scans: keep the bytes as evidence, read them, compare with a library, decide."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from library.formats import Column, NamedSpectrum, load, read_bytes, select
from library.formats.profile import Profile
from library.store import Library
from matching.axis import COMMON_GRID
from matching.decision import Scored, without_calibration
from matching.errors import QueryError, SpectraError
from matching.evidence import hit_quality
from matching.policy import Policy
from matching.rates import rate_of
from matching.spectrum import Spectrum, Technique
from spectra_app import __version__
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.identification import (
    Alarm,
    Asked,
    Candidate,
    Comparison,
    Component,
    Identification,
    LibraryReference,
    MatchRate,
    Method,
    Quality,
)
from spectra_app.services.calibrations import AxisKeeper, Standing
from spectra_app.services.circumstances import Circumstances, circumstances
from spectra_app.services.control import ControlSetup, control_setup, control_status, highest
from spectra_app.services.engine import Engine, Examined, axis_in_doubt, examine
from spectra_app.services.guided import station_profiles
from spectra_app.services.hazards import Hazard, hidden_hazards

METRIC = "hit quality 0-1 (1 best): logistic evidence"
MATCHED_WITHIN = 1.5  # band tolerances within which two band positions are drawn as one


def utc_now() -> str:
    """Return the time of the computer's clock, ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def nothing_against(_library_sha256: str) -> tuple[str, ...]:
    """Return nothing: for libraries that are not the installed one."""
    return ()


@dataclass(frozen=True, eq=False, slots=True)
class Identified:
    """A record with what is needed to draw it.

    Parameters
    ----------
    record : Identification
        The verdict and everything that led to it.
    query : Spectrum or None
        The scan as read; None when it was refused.
    comparisons : tuple of Comparison
        Scan against each candidate, in the order of ``record.candidates``.
    made_with : Circumstances or None
        What it came from, so that it can be computed again.
    """

    record: Identification
    query: Spectrum | None
    comparisons: tuple[Comparison, ...]
    made_with: Circumstances | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What to take from a file and how much to show: the options of ``spectra identify``."""

    column: Column | None = None
    spectrum: str | None = None
    laser_nm: float | None = None
    top: int = 10
    technique: Technique | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Identifier:
    """What identification needs: engine, evidence store, clock, hazards, and control lists.

    `standing` says what speaks against the library (by its hash), asked with every scan;
    `calibrations` are the station's own, asked for every scan of an analyser; None asks nothing.
    """

    engine: Engine
    evidence: EvidenceStore
    clock: Callable[[], str] = utc_now
    hazards: tuple[Hazard, ...] = ()
    control: ControlSetup = field(default_factory=control_setup)
    standing: Callable[[str], tuple[str, ...]] = nothing_against
    calibrations: AxisKeeper | None = None

    def keep(self, data: bytes, *, kind: str, name: str) -> str:
        """Keep bytes as evidence and return their SHA-256; nothing reads them before that."""
        return self.evidence.put(data, kind=kind, name=name, clock=self.clock).sha256


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a scan came from, for its record.

    `calibration` is how the analyser that measured it stands; None for imported files, whose
    analyser is not this station's to check.
    """

    file: str
    sha256: str
    assumptions: tuple[str, ...] = ()
    emulated: bool = False
    asked: Asked = field(default_factory=Asked)
    calibration: Standing | None = None


def shown_path(path: Path) -> str:
    """Return a path as text that can be written anywhere; bytes that are no UTF-8 spelled out."""
    return os.fsencode(path).decode("utf-8", errors="backslashreplace")


def identify_file(
    path: Path, identifier: Identifier, choice: Choice | None = None
) -> tuple[Identified, ...]:
    """Identify every chosen spectrum of a file.

    A file that cannot be read gives one record with outcome ``refused``, its bytes kept.

    Parameters
    ----------
    path : Path
        The file as the user named it.
    identifier : Identifier
        Engine, evidence store, clock.
    choice : Choice, optional
        Column, spectrum, laser line, number of candidates.

    Raises
    ------
    EvidenceError
        When the file's bytes cannot be kept: nothing is interpreted then.
    """
    wanted = choice or Choice()
    begun = time.perf_counter()
    asked = Asked(wanted.column, wanted.top)
    try:
        data = load(path)
    except SpectraError as error:
        return (refused(Origin(shown_path(path), "", asked=asked), None, identifier, error),)
    sha256 = identifier.keep(data, kind="imported file", name=shown_path(Path(path.name)))
    origin = Origin(shown_path(path), sha256, asked=asked)
    return identify_bytes(data, origin, identifier, wanted, begun)


def identify_bytes(
    data: bytes,
    origin: Origin,
    identifier: Identifier,
    choice: Choice,
    begun: float,
    *,
    profiles: Callable[[], Sequence[Profile]] = station_profiles,
) -> tuple[Identified, ...]:
    """Identify the spectra in a file's bytes, already kept as evidence."""
    known: list[Profile] = []

    def remembered() -> Sequence[Profile]:
        known[:] = profiles()
        return known

    found = _identified(data, origin, identifier, choice, begun=begun, profiles=remembered)
    made = circumstances(identifier, origin, choice, profiles=tuple(known))
    against = (_standing(one, identifier) for one in found)
    return tuple(
        replace(_marked(one, standing), made_with=replace(made, place=place, standing=standing))
        for place, (one, standing) in enumerate(zip(found, against, strict=True))
    )


def _identified(
    data: bytes,
    origin: Origin,
    identifier: Identifier,
    choice: Choice,
    *,
    begun: float,
    profiles: Callable[[], Sequence[Profile]],
) -> tuple[Identified, ...]:
    try:
        result = read_bytes(
            data,
            where=origin.file,
            column=choice.column,
            laser_nm=choice.laser_nm,
            profiles=profiles,
        )
        chosen = select(result, choice.spectrum, where=origin.file)
    except SpectraError as error:
        return (refused(origin, choice.spectrum, identifier, error),)
    full = replace(origin, assumptions=(*origin.assumptions, *result.assumptions))
    doubtful = axis_in_doubt(tuple(item.spectrum for item in result.spectra), identifier.engine)
    read_ms = (time.perf_counter() - begun) * 1e3
    several = len(result.spectra) > 1
    return tuple(
        identify_spectrum(
            replace(item.spectrum, technique=choice.technique or item.spectrum.technique),
            full,
            identifier,
            choice.top,
            name=_spectrum_name(item, several=several, among=result.spectra),
            axis_doubtful=doubtful,
            read_ms=read_ms,
        )
        for item in chosen
    )


def _standing(found: Identified, identifier: Identifier) -> Standing | None:
    """Return how the analyser of an imported scan stands here, where that speaks against it.

    Only analysers that this station has calibration records of are spoken of; of others nothing
    is known.
    """
    serial = found.query.acquisition.serial if found.query else None
    kept = identifier.calibrations
    if not serial or kept is None or found.record.outcome == "refused":
        return None
    standing = kept.standing(serial, identifier.clock())
    return None if standing.reason is None or standing.state == "missing" else standing


def _marked(found: Identified, standing: Standing | None) -> Identified:
    """Return the result of an imported file, marked when its analyser does not stand here.

    The verdict stays: how the analyser stood when it measured is not known.
    """
    if standing is None or standing.reason is None:
        return found
    reasons = (*found.record.reasons, standing.reason)
    assumptions = (*found.record.assumptions, f"{standing.words}.")
    return replace(found, record=replace(found.record, reasons=reasons, assumptions=assumptions))


def _spectrum_name(
    item: NamedSpectrum, *, several: bool, among: tuple[NamedSpectrum, ...]
) -> str | None:
    if item.name is None or not several:
        return item.name
    repeated = sum(other.name == item.name for other in among) > 1
    return f"{item.name}#{item.index}" if repeated else item.name


def identify_spectrum(
    spectrum: Spectrum,
    origin: Origin,
    identifier: Identifier,
    top: int,
    *,
    name: str | None = None,
    axis_doubtful: bool = False,
    read_ms: float = 0.0,
) -> Identified:
    """Identify one spectrum; see `identify_file`."""
    begun = time.perf_counter()
    try:
        examined = examine(spectrum, identifier.engine, axis_doubtful=axis_doubtful)
    except QueryError as error:
        return refused(origin, name, identifier, error.at(origin.file))
    against = origin.calibration.reason if origin.calibration else None
    if against is not None:
        barred = without_calibration(examined.verdict, against)
        examined, axis_doubtful = replace(examined, verdict=barred), True
    shown = _shown(examined, top)
    days = control_days(spectrum.acquisition.measured_at, identifier.clock())
    engine = identifier.engine
    hidden = hidden_hazards(
        identifier.hazards, spectrum, examined, engine, axis_doubtful=axis_doubtful
    )
    engine.library.check_unchanged()
    record = _record(examined, shown, origin, identifier, days)
    record = replace(record, spectrum=name, cannot_exclude=hidden)
    total = read_ms + (time.perf_counter() - begun) * 1e3
    record.timing_ms.update(read=read_ms, **examined.timing_ms, total=total)
    drawn = tuple(drawing(item, spectrum, identifier.engine) for item in shown)
    return Identified(record, spectrum, drawn)


def control_days(measured_at: str | None, now: str) -> tuple[date, ...]:
    """Return the days whose control status counts: that of the scan, and today if that is another.

    The clock of an analyser or a file may be wrong, and one that says 1970 finds no listing at all.
    `now` is ISO 8601; a date of measurement that cannot be read or lies in the future is not used.
    """
    today = date.fromisoformat(now[:10])
    try:
        measured = date.fromisoformat((measured_at or "")[:10])
    except ValueError:
        return (today,)
    return (measured, today) if measured < today else (today,)


def _shown(examined: Examined, top: int) -> tuple[Scored, ...]:
    """Candidates to show: the best `top`, and whatever is named."""
    named = set(examined.verdict.named)
    places = [place for place, item in enumerate(examined.scored) if item.row in named]
    last = max((*places, min(top, len(examined.scored)) - 1), default=-1)
    return examined.scored[: last + 1]


def _record(
    examined: Examined,
    shown: tuple[Scored, ...],
    origin: Origin,
    identifier: Identifier,
    days: tuple[date, ...],
) -> Identification:
    verdict, engine = examined.verdict, identifier.engine
    components, levels = _components(examined, identifier, days)
    alarm: Alarm = highest(levels)
    if verdict.outcome == "container_only":
        alarm = "container"
    elif verdict.outcome == "class_only":  # no name, so no listing: treated as the worst it may be
        alarm = "hazard"
    return Identification(
        file=origin.file,
        spectrum=None,
        outcome=verdict.outcome,
        reasons=verdict.reasons,
        advice=verdict.advice,
        components=components,
        indistinguishable=tuple(
            tuple(engine.library.record(row).name for row in rows) for rows in verdict.sets
        ),
        candidates=_candidates(shown, engine.library),
        family=" or ".join(verdict.families) or None,
        alarm=alarm,
        quality=_quality(examined),
        cannot_exclude=(),
        method=_method(engine.policy, engine),
        library=_library_reference(identifier),
        sha256=origin.sha256,
        emulated=origin.emulated,
        assumptions=origin.assumptions,
        asked=origin.asked,
        control_on=days[0].isoformat(),
        control_also=days[1].isoformat() if len(days) > 1 else "",
        control_lists=identifier.control.asked(days[-1]),
    )


def _components(
    examined: Examined, identifier: Identifier, days: tuple[date, ...]
) -> tuple[tuple[Component, ...], list[Alarm]]:
    components, levels = [], []
    engine = identifier.engine
    verdict, library = examined.verdict, engine.library
    shares = {part.row: (part.share, part.interval) for part in verdict.parts}
    for row in verdict.named:
        record = library.record(row)
        answers = [control_status(record, on, identifier.control) for on in days]
        if record.role != "container":
            levels += [level for _, level in answers]
        share, interval = shares.get(row, (None, None))
        components.append(
            Component(
                name=record.name,
                entry=record.entry,
                signal_share=share,
                signal_share_interval=interval,
                match_rate=_match_rate(examined, row, engine.policy),
                kind=record.kind,  # type: ignore[arg-type]  # checked when the library was built
                role=record.role,
                control=answers[0][0],
                control_also=answers[1][0] if len(answers) > 1 else (),
            )
        )
    return tuple(components), levels


def _match_rate(examined: Examined, row: int, policy: Policy) -> MatchRate | None:
    """Return the validated rate of a single name; components of a mixture are not validated."""
    if examined.verdict.parts:
        return None
    item = next((s for s in examined.scored if s.row == row and s.kind == "measured"), None)
    found = rate_of(item.evidence, policy.rates) if item else None
    return MatchRate(found.rate, found.low95, found.n) if found else None


def _candidates(shown: tuple[Scored, ...], library: Library) -> tuple[Candidate, ...]:
    candidates = []
    for rank, item in enumerate(shown, start=1):
        record = library.record(item.row)
        candidates.append(
            Candidate(
                rank=rank,
                name=record.name,
                entry=record.entry,
                score=hit_quality(item.evidence),
                explains=(1.0 - item.comparison.unexplained) * (1.0 - item.comparison.uncovered),
                missing=item.comparison.missing,
                shift_cm1=item.comparison.shift_cm1,
                kind=record.kind,  # type: ignore[arg-type]  # checked when the library was built
            )
        )
    return tuple(candidates)


def _quality(examined: Examined) -> Quality:
    quality = examined.quality
    flags = []
    if quality.spikes:
        flags.append("cosmic_rays_removed")
    if quality.silent_share > 0:
        flags.append("bands_in_silent_region")
    return Quality(
        snr=quality.snr,
        saturated=quality.saturated,
        fluorescence_ratio=quality.fluorescence_ratio,
        range_cm1=quality.range_cm1,
        flags=tuple(flags),
    )


def _method(policy: Policy, engine: Engine) -> Method:
    return Method(engine.pipeline.hash, policy.hash, METRIC, __version__)


def _library_reference(identifier: Identifier) -> LibraryReference:
    info = identifier.engine.library.info
    kinds = tuple(kind for kind, _ in info.kinds)
    notes = identifier.standing(info.sha256)
    return LibraryReference(info.name, info.version, info.sha256, info.entries, kinds, notes)


def refused(
    origin: Origin, name: str | None, identifier: Identifier, error: SpectraError
) -> Identified:
    """Return the result of a file, or a spectrum in it, that is not identified, with why."""
    engine = identifier.engine
    record = Identification(
        file=origin.file,
        spectrum=name,
        outcome="refused",
        reasons=(error.code,),
        advice=("check_input",),
        components=(),
        indistinguishable=(),
        candidates=(),
        family=None,
        alarm="unknown",
        quality=None,
        cannot_exclude=(),
        method=_method(engine.policy, engine),
        library=_library_reference(identifier),
        sha256=origin.sha256,
        emulated=origin.emulated,
        assumptions=origin.assumptions,
        asked=origin.asked,
        error=str(error),
    )
    return Identified(record, None, ())


def drawing(item: Scored, spectrum: Spectrum, engine: Engine) -> Comparison:
    """Return scan and reference as they are drawn: one axis, scan scaled to maximum 1."""
    found = item.comparison
    end = found.first + found.query.size
    axis = COMMON_GRID.values[found.first : end]
    raw = np.interp(axis - found.shift_cm1, spectrum.raman_shift_cm1, spectrum.intensity)
    top = max(float(found.query.max()), 1e-300)
    scan = found.query_peaks.raman_shift_cm1
    reference = found.reference_peaks.raman_shift_cm1
    near = MATCHED_WITHIN * engine.policy.compare.band_tolerance_cm1
    return Comparison(
        raman_shift_cm1=axis,
        query=found.query / top,
        query_raw=raw,
        reference=found.reference / top,
        reference_name=engine.library.record(item.row).name,
        reference_kind=item.kind,  # type: ignore[arg-type]  # checked when the library was built
        matched_peaks_cm1=peak_places(scan, reference, near, together=True),
        missing_peaks_cm1=peak_places(reference, scan, near, together=False),
        unexplained_peaks_cm1=peak_places(scan, reference, near, together=False),
    )


def peak_places(
    peaks: NDArray[np.float64], others: NDArray[np.float64], within: float, *, together: bool
) -> tuple[float, ...]:
    """Return the positions `peaks` that have (or have not) one of `others` within `within` cm-1."""
    if not others.size:
        return () if together else tuple(sorted(peaks.tolist()))
    distance = np.abs(peaks[:, None] - others[None, :])
    close = distance.min(axis=1) <= within if peaks.size else np.zeros(0, dtype=bool)
    return tuple(sorted(peaks[close == together].tolist()))
