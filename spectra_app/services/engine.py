"""The engine: a library, a policy and a clean-up, applied to one spectrum. No files here."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from library.findings import Families, confused_in, references
from library.store import Library
from matching.compare import Bands, compare, compare_many
from matching.confusion import LookAlikes
from matching.decision import Mixture, Scored, Verdict, baseline_sensitive, decide, survives
from matching.errors import QueryError
from matching.evidence import evidence
from matching.family import families_of
from matching.mixture import Hints, accepted, explain, levelled, peeled
from matching.pipeline import DEFAULT_PIPELINE, PipelineSettings, Prepared, prepare
from matching.policy import Policy, for_second_baseline
from matching.quality import ScanQuality, scan_quality
from matching.search import search
from matching.setfit import SetFit
from matching.spectrum import Spectrum

HINTS = 5  # best references whose remainders are searched for further components


@dataclass(frozen=True, eq=False, slots=True)
class Engine:
    """What identifies: the library opened, the policy, and the clean-up.

    Parameters
    ----------
    library : Library
        The library, open.
    policy : Policy
        Settings and thresholds.
    pipeline : PipelineSettings
        The clean-up of scans and references.
    sound : set of int
        Entries found to be what they say since the library was opened (`library_is_sound`).
    """

    library: Library
    policy: Policy
    pipeline: PipelineSettings = DEFAULT_PIPELINE
    sound: set[int] = field(default_factory=set, repr=False)
    look_alikes: LookAlikes = field(init=False, repr=False)
    families: Families = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Take the confusion sets stored with the library when they are by this policy's rule."""
        known = confused_in(self.library, self.policy)
        look_alikes = LookAlikes(references(self.library), self.policy, known)
        object.__setattr__(self, "look_alikes", look_alikes)
        object.__setattr__(self, "families", Families(self.library, self.policy))


@dataclass(frozen=True, eq=False, slots=True)
class Examined:
    """A scan compared with a library.

    Parameters
    ----------
    prepared : Prepared
        The cleaned scan.
    quality : ScanQuality
        Its figures.
    scored : tuple of Scored
        References compared in detail, by falling evidence; ties in library order.
    verdict : Verdict
        What may be said.
    timing_ms : dict
        Time of clean-up, search with detailed comparison, mixtures and decision, and where
        something was to be said, of the same with the second baseline (its mixtures apart), in
        milliseconds.
    unmixed : Unmixed or None
        How sets of references were fitted; None when none could be.
    """

    prepared: Prepared
    quality: ScanQuality
    scored: tuple[Scored, ...]
    verdict: Verdict
    timing_ms: dict[str, float]
    unmixed: Unmixed | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Unmixed:
    """How sets of references were fitted to a scan.

    Parameters
    ----------
    level : Prepared
        The scan as an instrument with the best reference's sensitivity would have seen it.
    hints : Hints
        What the search for single references found.
    fit : SetFit or None
        The largest set whose every growth was needed.
    mixture : Mixture or None
        The same as it is decided on, when it has two components or more.
    """

    level: Prepared
    hints: Hints
    fit: SetFit | None
    mixture: Mixture | None


def reference_bands(library: Library, row: int) -> Bands:
    """Return a reference's band intensities (relative) from the search matrix, float64."""
    return references(library).bands(row)


def examine(
    spectrum: Spectrum,
    engine: Engine,
    *,
    without: NDArray[np.bool_] | None = None,
    axis_doubtful: bool = False,
) -> Examined:
    """Clean a scan, search the library, compare in detail and decide.

    Parameters
    ----------
    spectrum : Spectrum
        The scan, dark already subtracted.
    engine : Engine
        Library, policy and clean-up.
    without : array of bool, shape (entries,), optional
        Entries to be treated as if they were not in the library.
    axis_doubtful : bool
        The axis is in doubt for reasons outside this scan.

    Raises
    ------
    QueryError
        When the scan cannot be compared at all.
    LibraryChangedError
        When somebody wrote over the library's file: no verdict comes from a mixture of contents.
    """
    engine.library.check_unchanged()
    begun = time.perf_counter()
    prepared = prepare(spectrum, engine.pipeline)
    quality = scan_quality(prepared)
    timing = {"preprocess": (time.perf_counter() - begun) * 1e3}
    allowed = may_be_found(spectrum, engine.library, without)
    task = _Task(spectrum, engine, engine.policy, without, allowed, quality, axis_doubtful)
    judged = _judged(task, prepared, timing)
    verdict = judged.verdict
    if verdict.named or verdict.families:
        verdict = _checked(task, verdict, timing)
    for row in verdict.named:
        library_is_sound(engine, row)
    engine.library.check_unchanged()
    return Examined(prepared, quality, judged.scored, verdict, timing, judged.unmixed)


def _checked(task: _Task, verdict: Verdict, timing: dict[str, float]) -> Verdict:
    """Return the verdict when it stands with the second baseline, else what is left of it."""
    engine, second = task.engine, dict[str, float]()
    begun = time.perf_counter()
    other = _judged(
        replace(task, policy=for_second_baseline(engine.policy)),
        prepare(task.spectrum, _second_baseline(engine.pipeline)),
        second,
    ).verdict
    if not survives(verdict, other, lambda row: int(engine.library.matrix.substance[row])):
        verdict = baseline_sensitive(verdict)
    took = (time.perf_counter() - begun) * 1e3
    timing["second_mixture"] = second["mixture"]
    timing["second_baseline"] = took - second["mixture"]
    return verdict


def _second_baseline(pipeline: PipelineSettings) -> PipelineSettings:
    """Return the same clean-up with a baseline that rests on another principle."""
    return replace(pipeline, baseline="snip" if pipeline.baseline == "arpls" else "arpls")


@dataclass(frozen=True, eq=False, slots=True)
class _Task:
    """What is asked: a scan, an engine, entries left out; the scan's quality, the axis in doubt.

    `policy` decides; it is the engine's, or the same eased for the second baseline. `allowed`
    are the entries that may be found (`may_be_found`).
    """

    spectrum: Spectrum
    engine: Engine
    policy: Policy
    without: NDArray[np.bool_] | None
    allowed: NDArray[np.bool_]
    quality: ScanQuality
    axis_doubtful: bool


@dataclass(frozen=True, eq=False, slots=True)
class _Judged:
    scored: tuple[Scored, ...]
    verdict: Verdict
    unmixed: Unmixed | None


def _judged(task: _Task, prepared: Prepared, timing: dict[str, float]) -> _Judged:
    """Search, compare, unmix and decide on one clean-up of a scan; times go into `timing`."""
    engine = task.engine
    begun = time.perf_counter()
    scored = _scored(prepared, engine, task.allowed)
    searched = time.perf_counter()
    found = unmixed(prepared, engine, task.allowed, scored)
    ended = time.perf_counter()
    verdict = decide(
        scored,
        task.quality,
        task.policy,
        lambda a, b: engine.look_alikes.alike(scored[a].row, scored[b].row),
        found.mixture if found else None,
        axis_doubtful=task.axis_doubtful,
        families=lambda: _families(task, prepared),
    )
    timing |= {
        "search": (searched - begun) * 1e3,
        "mixture": (ended - searched) * 1e3,
        "decision": (time.perf_counter() - ended) * 1e3,
    }
    return _Judged(tuple(scored), verdict, found)


def library_is_sound(engine: Engine, row: int) -> None:
    """Check that a named entry is what it says: record, spectrum and search row belong together.

    An entry is checked the first time it is named by an engine.

    Raises
    ------
    LibraryDamagedError
        When they do not: a damaged or altered library names nothing.
    """
    if row in engine.sound:
        return
    prepared = prepare(engine.library.checked_spectrum(row), engine.pipeline)
    root = prepared.root / max(float(np.linalg.norm(prepared.root)), 1e-300)
    first, end = int(engine.library.matrix.first[row]), int(engine.library.matrix.end[row])
    stored = engine.library.matrix.rows[row, first:end]
    same = (prepared.first, prepared.end) == (first, end)
    if not same or not np.allclose(root, stored, rtol=0, atol=1e-5):
        raise engine.library.damaged(f"the search row of entry {row + 1} is not its spectrum")
    engine.sound.add(row)


def _scored(prepared: Prepared, engine: Engine, allowed: NDArray[np.bool_]) -> list[Scored]:
    library, policy = engine.library, engine.policy
    hits = search(prepared, library.matrix, policy.search, policy.candidates, allowed)
    query = Bands(np.clip(prepared.bands, 0.0, None), prepared.first, prepared.noise)
    rows = hits.row.tolist()
    references = [reference_bands(library, row) for row in rows]
    compared = compare_many(query, references, hits.shift_cm1.tolist(), policy.compare)
    scored = []
    for row, found in zip(rows, compared, strict=True):
        if found is None:
            continue
        record = library.record(row)
        scored.append(
            Scored(
                row=row,
                substance=int(library.matrix.substance[row]),
                kind=record.kind,
                role=record.role,
                evidence=evidence(found, policy.model),
                comparison=found,
            )
        )
    return sorted(scored, key=lambda item: (-item.evidence, item.row))


def may_be_found(
    spectrum: Spectrum, library: Library, without: NDArray[np.bool_] | None
) -> NDArray[np.bool_]:
    """Entries that may be found: same technique, nameable kind and role, not left out.

    Emulated references are compared with emulated scans only.
    """
    allowed: NDArray[np.bool_] = library.comparable & (
        library.sers == (spectrum.technique == "SERS")
    )
    if not spectrum.acquisition.emulated:
        allowed &= ~library.emulated
    return allowed if without is None else allowed & ~without


def _families(task: _Task, prepared: Prepared) -> tuple[str, ...]:
    """Return the families whose pattern the scan carries, among those that may answer."""
    engine = task.engine
    if task.spectrum.technique == "SERS":
        return ()
    checks = engine.families.checks(task.without)
    return families_of(prepared.root, prepared.first, checks, engine.policy.family)


def unmixed(
    prepared: Prepared,
    engine: Engine,
    allowed: NDArray[np.bool_],
    scored: Sequence[Scored],
) -> Unmixed | None:
    """Fit sets of references to a scan; None when there is nothing to fit with."""
    library, settings = engine.library, engine.policy.mixture
    if not scored:
        return None
    best = scored[0].comparison
    level = levelled(prepared, best.response)
    hints = Hints(best.width_cm1, tuple(item.row for item in scored[:HINTS]))
    sets = explain(level, library.matrix, settings, allowed=allowed, hints=hints)
    fit = accepted(sets, settings)
    if fit is None or len(fit.parts) < 2:  # one component is judged as a single reference
        return Unmixed(level, hints, fit, None)
    records = [library.record(part.row) for part in fit.parts]
    mixture = Mixture(
        fit,
        tuple(r.kind for r in records),
        tuple(r.role for r in records),
        supports(level, fit, engine, hints),
        tuple(engine.look_alikes.of(part.row, allowed) for part in fit.parts),
    )
    return Unmixed(level, hints, fit, mixture)


def supports(level: Prepared, fit: SetFit, engine: Engine, hints: Hints) -> tuple[float, ...]:
    """Return the evidence (logit) of each component against what the others leave of the scan."""
    library, policy = engine.library, engine.policy
    found = []
    for place, part in enumerate(fit.parts):
        others = (*fit.parts[:place], *fit.parts[place + 1 :])
        model_error = policy.mixture.errors.model_error
        left, noise = peeled(level, others, library.matrix, model_error, hints.width_cm1)
        compared = compare(
            Bands(left, level.first, noise),
            reference_bands(library, part.row),
            -part.shift_cm1,
            policy.compare,
        )
        found.append(evidence(compared, policy.model) if compared else -math.inf)
    return tuple(found)


def axis_in_doubt(spectra: tuple[Spectrum, ...], engine: Engine) -> bool:
    """Tell whether the common axis of a session's spectra is wrong.

    One spectrum with bands where molecules have none is barred by its own quality; when that
    holds for at least a third of a session (two or more spectra on one axis), the axis itself is
    wrong and none of the session may be named.
    """
    if len(spectra) < 2:
        return False
    doubtful = 0
    for spectrum in spectra:
        try:
            quality = scan_quality(prepare(spectrum, engine.pipeline))
        except QueryError:
            continue
        doubtful += quality.silent_share > engine.policy.thresholds.most_silent_share
    return doubtful >= 2 and 3 * doubtful >= len(spectra)
