"""From compared references to a verdict: a pure function of figures and policy."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Literal

from matching.compare import Comparison
from matching.gates import all_passed, reference_gates, set_gates
from matching.policy import Policy, Thresholds
from matching.quality import ScanQuality
from matching.setfit import Part, SetFit

Outcome = Literal[
    "match", "mixture", "lead", "class_only", "container_only", "inconclusive", "not_in_library"
]
SENDABLE = ("confirm_second_technique", "send_to_laboratory")
LARGEST_SET = 3  # a named set of substances has at most so many members


@dataclass(frozen=True, eq=False, slots=True)
class Scored:
    """A reference compared in detail.

    Parameters
    ----------
    row : int
        Row of the library.
    substance : int
        Number of the substance; entries of one substance share it.
    kind, role : str
        Of the entry.
    evidence : float
        Logit of the evidence, see `matching.evidence`.
    comparison : Comparison
        The detailed comparison.
    """

    row: int
    substance: int
    kind: str
    role: str
    evidence: float
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be said of a scan.

    Parameters
    ----------
    outcome : str
        One of the outcomes of the design, except ``refused``.
    reasons, advice : tuple of str
        Codes; see `spectra_app.wording`.
    named : tuple of int
        Rows of the library that are named: the best first, or components by falling share.
    parts : tuple of Part
        Shares of a mixture's components, in the order of `named`; empty otherwise.
    sets : tuple of tuple of int
        Rows that Raman does not tell apart, each set with the named row first.
    families : tuple of str
        Families whose pattern the scan carries; only with ``class_only``.
    """

    outcome: Outcome
    reasons: tuple[str, ...]
    advice: tuple[str, ...]
    named: tuple[int, ...] = ()
    parts: tuple[Part, ...] = ()
    sets: tuple[tuple[int, ...], ...] = ()
    families: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Mixture:
    """The set of components that explains a scan, with kind and role of each part's entry.

    `support` is the evidence (logit) of each part against what the others leave of the scan;
    `alike` holds for each part the rows of other substances that Raman does not tell from it.
    """

    fit: SetFit
    kinds: tuple[str, ...]
    roles: tuple[str, ...]
    support: tuple[float, ...]
    alike: tuple[tuple[int, ...], ...]


def decide(
    scored: Sequence[Scored],
    quality: ScanQuality,
    policy: Policy,
    alike: Callable[[int, int], bool],
    mixture: Mixture | None = None,
    *,
    axis_doubtful: bool = False,
    families: Callable[[], tuple[str, ...]] = tuple,
) -> Verdict:
    """Decide what may be said.

    Parameters
    ----------
    scored : sequence of Scored
        References by falling evidence; calculated ones must not be among them.
    quality : ScanQuality
        Figures of the scan.
    policy : Policy
        Thresholds.
    alike : callable (int, int) -> bool
        Whether Raman does not tell the references at two positions of `scored` apart, see
        `matching.confusion`.
    mixture : Mixture, optional
        The largest set of components of which each was needed; ignored when it is only one.
    axis_doubtful : bool
        The axis of the instrument or session is in doubt for reasons outside this scan.
    families : callable () -> tuple of str
        Families whose pattern the scan carries; asked only when nothing in the library explains a
        good scan.

    Returns
    -------
    Verdict
        Never names when the scan is saturated, too weak, or on a doubtful axis.
    """
    limits = policy.thresholds
    barred = quality_bar(quality, limits, axis_doubtful=axis_doubtful)
    if barred is not None:
        return barred
    if not scored:
        return Verdict("inconclusive", ("nothing_comparable",), ("send_to_laboratory",))
    if mixture is not None and len(mixture.fit.parts) > 1:
        return _mixed(mixture, policy)
    if not _nameable(scored[0], limits):
        return _classed(_unnamed(scored[0], quality, limits), quality, policy, families)
    return _named(scored, limits, alike)


def survives(verdict: Verdict, other: Verdict, substance: Callable[[int], int]) -> bool:
    """Tell whether a verdict stands when the background is removed in another way.

    It does when the other clean-up names the same substances, none more and none less; where
    either names a set that Raman does not tell apart, one common member is enough. Families must
    be the same.

    Parameters
    ----------
    verdict, other : Verdict
        With the usual baseline and with the second one.
    substance : callable (int) -> int
        Number of the substance of a row.
    """
    mine, others = _groups(verdict, substance), _groups(other, substance)
    return verdict.families == other.families and one_to_one(mine, others)


def baseline_sensitive(verdict: Verdict) -> Verdict:
    """Return what is said instead of a verdict that another baseline does not confirm.

    What was to be handled as hazardous still is: doubt about a family is no reason for less care.
    """
    hazardous = ("handle_as_hazardous",) if "handle_as_hazardous" in verdict.advice else ()
    advice = (*hazardous, "scan_other_spot", "scan_longer", *SENDABLE)
    return Verdict("inconclusive", ("baseline_sensitive",), advice)


def without_calibration(verdict: Verdict, reason: str) -> Verdict:
    """Return what is said when nobody knows whether the axis of the analyser is right.

    Nothing is named, and nothing is called unknown: a moved band makes strangers of friends. What
    was wrong with the scan itself is still told.

    Parameters
    ----------
    verdict : Verdict
        What would be said on an axis that holds.
    reason : str
        Code of the reason: ``calibration_missing``, ``calibration_failed`` or
        ``calibration_expired``.
    """
    if verdict.outcome == "inconclusive":
        advice = tuple(dict.fromkeys(("calibrate", *verdict.advice)))
        return Verdict("inconclusive", (reason, *verdict.reasons), advice)
    hazardous = ("handle_as_hazardous",) if "handle_as_hazardous" in verdict.advice else ()
    return Verdict("inconclusive", (reason,), ("calibrate", *hazardous, "send_to_laboratory"))


def one_to_one(groups: Collection[frozenset[int]], others: Collection[frozenset[int]]) -> bool:
    """Tell whether each group has a member in common with another one of `others`, none left over.

    Overlapping sets of look-alikes must not answer twice: {A, B} and {C} are not {A} and {B}.
    Meant for the few components of a verdict: every order is tried.
    """
    return len(groups) == len(others) and any(
        all(group & found for group, found in zip(groups, order, strict=True))
        for order in permutations(others)
    )


def _groups(verdict: Verdict, substance: Callable[[int], int]) -> set[frozenset[int]]:
    """Return what is named: for each component its substance or the set it belongs to."""
    sets = [frozenset(substance(row) for row in rows) for rows in verdict.sets]
    named = [substance(row) for row in verdict.named]
    return {next((group for group in sets if n in group), frozenset({n})) for n in named}


def quality_bar(quality: ScanQuality, limits: Thresholds, *, axis_doubtful: bool) -> Verdict | None:
    """Return the verdict on a scan that names nothing whatever the library holds; else None."""
    if quality.saturated:
        return Verdict("inconclusive", ("saturated",), ("scan_shorter",))
    if axis_doubtful or quality.silent_share > limits.most_silent_share:
        return Verdict("inconclusive", ("axis_doubtful",), ("calibrate", "check_input"))
    if quality.snr < limits.least_snr:
        if quality.fluorescence_ratio > limits.most_fluorescence:
            return Verdict("inconclusive", ("fluorescent",), ("use_other_laser", "scan_other_spot"))
        return Verdict("inconclusive", ("weak_signal",), ("scan_longer", "scan_other_spot"))
    return None


def _nameable(candidate: Scored, limits: Thresholds, least: float | None = None) -> bool:
    """Tell whether a reference may be named, or be a rival with evidence from `least` on."""
    enough = limits.name if least is None else least
    return candidate.kind != "calculated" and explains(
        candidate.comparison, candidate.evidence, limits, enough
    )


def explains(comparison: Comparison, evidence: float, limits: Thresholds, least: float) -> bool:
    """Tell whether a comparison meets every limit of a name, its evidence at least `least`.

    Parameters
    ----------
    comparison : Comparison
        Scan against reference.
    evidence, least : float
        Evidence (logit), and the least of it that is enough.
    limits : Thresholds
        The other limits.
    """
    return all_passed(reference_gates(comparison, evidence, limits, least))


def _named(
    scored: Sequence[Scored], limits: Thresholds, alike: Callable[[int, int], bool]
) -> Verdict:
    """Name the best reference, a set Raman cannot tell apart, or nothing when rivals differ."""
    best = scored[0]
    named, members = [_representative(scored, 0, limits)], {best.substance}
    for position, other in enumerate(scored[1:], start=1):
        if other.substance in members or other.kind == "calculated":
            continue
        twin = alike(0, position)  # whatever this scan says: Raman does not tell the two apart
        if not twin and not _nameable(other, limits, best.evidence - limits.rival):
            continue
        if not twin or len(members) == LARGEST_SET:
            return Verdict("inconclusive", ("candidates_close",), ("scan_longer", *SENDABLE))
        named.append(_representative(scored, position, limits))
        members.add(other.substance)
    reasons: tuple[str, ...] = ("explains_spectrum",)
    if len(members) > 1:
        reasons = (*reasons, "indistinguishable")
    chosen = [scored[position] for position in named]
    if any(item.kind == "emulated" for item in chosen):
        reasons = (*reasons, "reference_emulated")
    outcome: Outcome = "match"
    advice: tuple[str, ...] = SENDABLE
    if any(item.kind == "reconstructed" for item in chosen):
        outcome, reasons = "lead", (*reasons, "reference_reconstructed")
        advice = (*SENDABLE, "measure_reference")
    elif all(item.role == "container" for item in chosen):
        outcome, advice = "container_only", ("scan_other_spot", "scan_longer")
    rows = tuple(scored[position].row for position in named)
    sets = (rows,) if len(members) > 1 else ()
    return Verdict(outcome, reasons, advice, rows, sets=sets)


def _mixed(mixture: Mixture, policy: Policy) -> Verdict:
    """Name the components, or say that one reference is not enough and the set cannot be named."""
    fit = mixture.fit
    gates = set_gates(fit, mixture.support, policy.mixture, policy.thresholds)
    if not all_passed(gates) or "calculated" in mixture.kinds:
        reasons: tuple[str, ...] = ("several_components", "bands_unexplained")
        return Verdict("inconclusive", reasons, ("scan_other_spot", "scan_longer", *SENDABLE))
    if any(1 + len(rows) > LARGEST_SET for rows in mixture.alike):
        return Verdict("inconclusive", ("candidates_close",), ("scan_longer", *SENDABLE))
    rows = tuple(part.row for part in fit.parts)
    sets = tuple((row, *others) for row, others in zip(rows, mixture.alike, strict=True) if others)
    outcome: Outcome = "mixture"
    reasons = ("components_needed",)
    advice: tuple[str, ...] = SENDABLE
    contents = [role for role in mixture.roles if role != "container"]
    if len(contents) == 1:
        outcome, reasons = "match", ("explains_spectrum", "container_seen")
    elif not contents:
        return Verdict(
            "container_only",
            ("explains_spectrum",),
            ("scan_other_spot", "scan_longer"),
            rows,
            fit.parts,
            sets,
        )
    if sets:
        reasons = (*reasons, "indistinguishable")
    if "emulated" in mixture.kinds:
        reasons = (*reasons, "reference_emulated")
    if "reconstructed" in mixture.kinds:
        outcome, reasons = "lead", (*reasons, "reference_reconstructed")
        advice = (*SENDABLE, "measure_reference")
    return Verdict(outcome, reasons, advice, rows, fit.parts, sets)


def _representative(scored: Sequence[Scored], position: int, limits: Thresholds) -> int:
    """Return the entry that stands for a substance: a measured one when it may be named too."""
    substance = scored[position].substance
    for kind in ("measured", "emulated"):
        for other, item in enumerate(scored):
            if item.substance == substance and item.kind == kind and _nameable(item, limits):
                return other
    return position


def _unnamed(best: Scored, quality: ScanQuality, limits: Thresholds) -> Verdict:
    comparison = best.comparison
    if best.evidence < limits.resemblance:
        reason = "no_similar_reference"
        if quality.fluorescence_ratio > limits.most_fluorescence:
            return Verdict("inconclusive", ("fluorescent",), ("use_other_laser", "scan_other_spot"))
        return Verdict("not_in_library", (reason,), ("send_to_laboratory", "handle_as_hazardous"))
    reasons = ["resemblance_only"]
    if comparison.independent_bands < limits.least_bands:
        reasons.append("few_bands")
    elif (
        comparison.root_correlation < limits.least_root_correlation and best.evidence >= limits.name
    ):
        reasons.append("background_unexplained")
    elif comparison.uncovered > limits.most_uncovered:
        reasons.append("bands_uncovered")
    elif comparison.unexplained >= comparison.missing:
        reasons.append("bands_unexplained")
    else:
        reasons.append("bands_missing")
    return Verdict("inconclusive", tuple(reasons), ("scan_other_spot", "scan_longer", *SENDABLE))


def _classed(
    verdict: Verdict,
    quality: ScanQuality,
    policy: Policy,
    families: Callable[[], tuple[str, ...]],
) -> Verdict:
    """Tell the family of a good scan that nothing explains, if it carries the pattern of one."""
    good = (
        quality.snr >= policy.family.least_snr
        and quality.fluorescence_ratio <= policy.thresholds.most_fluorescence
    )
    unknown = verdict.outcome == "not_in_library" or "resemblance_only" in verdict.reasons
    found = families() if good and unknown else ()
    if not found:
        return verdict
    advice = ("handle_as_hazardous", "send_to_laboratory", "confirm_second_technique")
    return Verdict("class_only", ("family_pattern", *verdict.reasons), advice, families=found)
