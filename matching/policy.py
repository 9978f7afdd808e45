"""The policy: every threshold of a verdict, as versioned data with a hash."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from matching.compare import CompareSettings
from matching.errors import SpectraError
from matching.evidence import FEATURES, EvidenceModel
from matching.family import FamilySettings
from matching.limits import LimitSettings
from matching.mixture import MixtureSettings
from matching.rates import RateBin
from matching.response import ResponseSettings
from matching.search import SearchSettings
from matching.weights import ErrorSettings

T = TypeVar("T")
NOT_NEGATIVE = (SearchSettings, ErrorSettings, ResponseSettings, CompareSettings, MixtureSettings)


class PolicyError(SpectraError):
    """The policy file cannot be used."""

    code = "bad_policy"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a verdict changes.

    Parameters
    ----------
    name : float
        Evidence (logit) from which a substance may be named.
    least_bands : float
        Effective number of matched bands below which nothing is named: one strong band that two
        substances share is not enough.
    resemblance : float
        Evidence from which a scan is said to resemble a reference it does not match.
    support : float
        Evidence that a component must have against what the other components leave of the scan:
        a stand-in for a substance that the library lacks has less.
    second_slack : float
        How much less evidence suffices when a verdict is checked with the second baseline: the
        check asks whether the answer changes, not whether it passes the same limits twice.
    rival : float
        A different substance with evidence within this distance of the best is a rival.
    same_spectrum : float
        Correlation of two references from which Raman does not tell them apart.
    most_unexplained : float
        Largest share of the scan's band area a named reference may leave unexplained.
    least_root_correlation : float
        Smallest correlation of soft roots for a name. All other figures are free of smooth
        backgrounds; this one is not, so that a broad signal as large as the bands (an amorphous
        second substance, strong glass) bars a name.
    most_uncovered : float
        Largest share of the scan's band area that may lie where a named reference was not measured.
    least_snr : float
        Signal-to-noise ratio of the strongest band below which nothing is named.
    most_fluorescence : float
        Background over strongest band above which a weak scan counts as fluorescent.
    most_silent_share : float
        Share of band heights in the silent region above which the axis is doubted.
    least_overlap_cm1 : float
        Common range with a named reference, in cm-1.
    """

    name: float
    least_bands: float
    resemblance: float
    support: float
    second_slack: float
    rival: float
    same_spectrum: float
    most_unexplained: float
    least_root_correlation: float
    most_uncovered: float
    least_snr: float
    most_fluorescence: float
    most_silent_share: float
    least_overlap_cm1: float


@dataclass(frozen=True, slots=True)
class Policy:
    """Settings of search, comparison, evidence, verdict and limits, with the version they go by.

    `candidates` is how many references are compared in detail; `hash` the SHA-256 of the file
    the policy was read from, kept with every result, and `raw` the bytes of that file.
    """

    version: str
    candidates: int
    search: SearchSettings
    compare: CompareSettings
    mixture: MixtureSettings
    model: EvidenceModel
    thresholds: Thresholds
    limits: LimitSettings
    family: FamilySettings
    rates: tuple[RateBin, ...]
    hash: str
    raw: bytes = field(default=b"", repr=False, compare=False)


def for_second_baseline(policy: Policy) -> Policy:
    """Return the policy with the limits of evidence that hold for the second baseline."""
    limits = policy.thresholds
    slack = limits.second_slack
    eased = replace(limits, name=limits.name - slack, support=limits.support - slack)
    return replace(policy, thresholds=eased)


def parse_policy(content: Mapping[str, Any], raw: bytes) -> Policy:
    """Build a policy from its JSON content.

    Parameters
    ----------
    content : mapping
        Parsed JSON with the keys version, candidates, search, errors, response, compare, mixture,
        evidence, thresholds, limits, family and rates.
    raw : bytes
        The bytes of the file, for the hash.

    Raises
    ------
    PolicyError
        When a key is missing, unknown or not a number: a policy is never guessed.
    """
    try:
        evidence = content["evidence"]
        if tuple(evidence["weights"]) != FEATURES:
            raise PolicyError(
                f"the evidence weights name {', '.join(evidence['weights'])}",
                "policy",
                f"give weights for {', '.join(FEATURES)} in this order",
            )
        errors = _numbers(ErrorSettings, content["errors"])
        return Policy(
            version=str(content["version"]),
            candidates=_candidates(content["candidates"]),
            search=_numbers(SearchSettings, content["search"]),
            compare=_compare(content, errors),
            mixture=_numbers(MixtureSettings, {**content["mixture"], "errors": errors}),
            model=EvidenceModel(
                tuple(_finite(w) for w in evidence["weights"].values()),
                _finite(evidence["intercept"]),
            ),
            thresholds=_numbers(Thresholds, content["thresholds"]),
            limits=_limits(content["limits"]),
            family=_numbers(FamilySettings, content["family"]),
            rates=_rates(content["rates"]),
            hash=hashlib.sha256(raw).hexdigest(),
            raw=raw,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PolicyError(
            f"the policy is incomplete or wrong ({error})",
            "policy",
            "restore the policy file that came with the program",
        ) from error


def _compare(content: Mapping[str, Any], errors: ErrorSettings) -> CompareSettings:
    response = _numbers(ResponseSettings, content["response"])
    return _numbers(CompareSettings, {**content["compare"], "errors": errors, "response": response})


def _finite(value: Any) -> float:
    """Return a number; NaN would switch a threshold off, because no comparison with it holds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def _numbers(kind: type[T], values: Mapping[str, Any]) -> T:
    names = {item.name for item in fields(kind)}  # type: ignore[arg-type]
    if set(values) != names:
        odd = ", ".join(sorted(set(values) ^ names))
        raise PolicyError(f"{kind.__name__} differs in {odd}", "policy", "name every setting once")
    if kind in NOT_NEGATIVE and any(isinstance(v, int | float) and v < 0 for v in values.values()):
        raise ValueError(f"a setting of {kind.__name__} is negative")
    types = {item.name: str(item.type) for item in fields(kind)}  # type: ignore[arg-type]
    return kind(**{key: _setting(key, value, types[key]) for key, value in values.items()})


def _limits(values: Mapping[str, Any]) -> LimitSettings:
    families = values["families"]
    if not isinstance(families, list) or not all(isinstance(f, str) and f for f in families):
        raise ValueError("the hazard families must be a list of words")
    numbers = {key: value for key, value in values.items() if key != "families"}
    counts = {key: _count(numbers[key]) for key in ("automatic", "spikes")}
    settings = _numbers(LimitSettings, {**numbers, "families": []})
    return replace(settings, families=tuple(families), **counts)


def _count(value: Any) -> int:
    if _finite(value) != int(value):
        raise ValueError(f"{value!r} is not a whole number")
    return int(value)


def _candidates(value: Any) -> int:
    """Return how many references are compared in detail; none would make every scan "unknown"."""
    if _count(value) < 1:
        raise ValueError("no reference would be compared")
    return int(value)


def _rates(values: Any) -> tuple[RateBin, ...]:
    bins = tuple(_rate(item) for item in values) if isinstance(values, list) else ()
    starts = [item.least for item in bins]
    if not bins or starts != sorted(set(starts)):
        raise ValueError("the validation rates must be a list by rising evidence")
    return bins


def _rate(values: Mapping[str, Any]) -> RateBin:
    item = _numbers(RateBin, values)
    if not 0 <= item.right <= item.n or item.n < 1 or not 0.0 <= item.low95 <= 1.0:
        raise ValueError(f"the validation counts {dict(values)} make no sense")
    return RateBin(item.least, int(item.right), int(item.n), item.low95)


def _setting(name: str, value: Any, declared: str) -> Any:
    """Return one setting: a number where one is declared, a list of them where several are."""
    if isinstance(value, ErrorSettings | ResponseSettings):
        return value
    if not declared.startswith("tuple"):
        return _finite(value)
    if not isinstance(value, list) or (not value and name != "families"):
        raise ValueError(f"{name} must be a list of numbers")
    return tuple(_finite(x) for x in value)
