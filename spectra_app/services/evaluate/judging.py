"""A scan with its truth, the answer it was given, and whether that answer is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from library.names import folded
from matching.decision import LARGEST_SET, one_to_one
from matching.spectrum import Spectrum
from matching.validation import Judged
from spectra_app.errors import AppError

NAMING = frozenset({"match", "mixture", "lead", "container_only"})


@dataclass(frozen=True, eq=False, slots=True)
class Query:
    """A scan with its truth.

    Parameters
    ----------
    label : str
        File and spectrum, for listings.
    spectrum : Spectrum or None
        None when the file was refused.
    truth : frozenset of int
        Numbers of the true substances in the library; empty when it holds none of them.
    complete : bool
        Every true substance is in the library.
    components : int
        Number of true components; 0 when the truth is not stated.
    substance, instrument : str
        What the macro averages go by.
    axis_doubtful : bool
        The axis of the scan's session is in doubt.
    error : str
        Why the file was refused.
    """

    label: str
    spectrum: Spectrum | None
    truth: frozenset[int]
    complete: bool
    components: int
    substance: str
    instrument: str
    axis_doubtful: bool = False
    error: str = ""

    @property
    def case(self) -> str:
        """What counts as one independent substance: two names of one library entry are one."""
        if self.complete and self.truth:
            return "library " + " ".join(str(number) for number in sorted(self.truth))
        return folded(self.substance)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one query was given.

    Parameters
    ----------
    outcome : str
        See the design, section 4.
    named : tuple of int
        Named substances; what only packs the others is left out.
    sets : tuple of frozenset of int
        Substances that Raman does not tell apart.
    ranked : tuple of int
        Substances by falling evidence.
    score : float
        Hit quality of the best candidate, 0 to 1.
    reasons, flags : tuple of str
        Reason codes of the verdict; what was seen of the scan (``saturated``, ``spikes``).
    evidence : float or None
        Evidence (logit) of the best candidate; None when nothing was compared.
    stated : float or None
        Validated rate that the policy states for such evidence; None when it states none.
    parts : tuple of (substance, share, low, high)
        Shares of a mixture's components.
    """

    outcome: str
    named: tuple[int, ...]
    sets: tuple[frozenset[int], ...]
    ranked: tuple[int, ...]
    score: float
    reasons: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    evidence: float | None = None
    stated: float | None = None
    parts: tuple[tuple[int, float, float, float], ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Result:
    """A query, its answer, and its answer with the true substances removed (or None)."""

    query: Query
    answer: Answer
    left_out: Answer | None


class EvaluationError(AppError):
    """The queries cannot be evaluated."""

    code = "evaluation"


def named(answer: Answer) -> bool:
    """Tell whether an answer gives a name."""
    return answer.outcome in NAMING


def named_right(query: Query, answer: Answer) -> bool:
    """Tell whether the names given are right.

    One substance: the named set holds it and has at most three members. A mixture: each of its
    components is named, alone or in such a set, and nothing else.
    """
    if not named(answer) or not query.truth:
        return False
    groups = named_sets(answer)
    if any(len(group) > LARGEST_SET for group in groups):
        return False
    if query.components > 1:
        return query.complete and one_to_one(groups, [frozenset({n}) for n in query.truth])
    return len(groups) == 1 and bool(groups[0] & query.truth)


def named_wrong(result: Result) -> bool:
    """Tell whether the answer gives a name and that is not right."""
    return named(result.answer) and not named_right(result.query, result.answer)


def named_true_but_not_all(query: Query, answer: Answer) -> bool:
    """Tell whether every name given is a true component of a mixture, but some are lacking."""
    groups = named_sets(answer) if named(answer) else []
    true = bool(groups) and all(group & query.truth for group in groups)
    return true and query.components > 1 and not named_right(query, answer)


def named_sets(answer: Answer) -> list[frozenset[int]]:
    """Return what was named: one set for every component, of one substance or of look-alikes."""
    groups: list[frozenset[int]] = []
    for number in answer.named:
        if not any(number in group for group in groups):
            alike = next((group for group in answer.sets if number in group), frozenset({number}))
            groups.append(alike)
    return groups


def in_library(query: Query) -> bool:
    """Tell whether the library holds what the scan shows (every component of a mixture)."""
    return query.complete


def pure(query: Query) -> bool:
    """Tell whether the scan shows one substance and the library holds it."""
    return query.complete and query.components == 1


def ranked_within(result: Result, places: int) -> bool:
    """Tell whether a true substance is among the first `places` candidates."""
    return bool(set(result.answer.ranked[:places]) & result.query.truth)


def judged_known(results: Sequence[Result]) -> list[tuple[Result, Judged]]:
    """Return the best candidates of scans of one substance that the library holds."""
    return [
        (result, Judged(result.answer.evidence, ranked_within(result, 1), result.query.case))
        for result in results
        if pure(result.query) and result.answer.evidence is not None
    ]


def judged_left_out(results: Sequence[Result]) -> list[tuple[Result, Judged]]:
    """Return the best candidates of the scans whose substance was left out, all of them wrong.

    A scan of something the library never held counts as left out. Mixtures do not: a component
    that stays is neither right nor wrong.
    """
    return [
        (result, Judged(result.left_out.evidence, False, result.query.case))
        for result in results
        if result.query.components <= 1
        and result.left_out is not None
        and result.left_out.evidence is not None
    ]
