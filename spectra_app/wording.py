"""Words for codes: outcomes, alarm levels, reasons and advice, in English.

Codes are what records keep; the words may be improved or translated without touching a record.
Shapes and colours are the same in window and report, so that a level is never told by colour
alone.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Literal

import resources
from spectra_app.records.identification import (
    Component,
    ControlStatus,
    HiddenHazard,
    Identification,
    MatchRate,
)

Shape = Literal["octagon", "triangle", "barred_triangle", "diamond", "rounded_square", "circle"]


@dataclass(frozen=True, slots=True)
class Style:
    """How something looks: shape, and one colour for each theme."""

    shape: Shape
    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class AlarmStyle(Style):
    """How an alarm level looks and what it is called."""

    word: str


ALARMS: dict[str, AlarmStyle] = {
    "controlled": AlarmStyle("octagon", "#B00020", "#FF6B6B", "CONTROLLED SUBSTANCE"),
    "precursor": AlarmStyle("triangle", "#B45F06", "#FFB454", "PRECURSOR"),
    "hazard": AlarmStyle("barred_triangle", "#6A1B9A", "#CE93D8", "HAZARD"),
    "unknown": AlarmStyle("diamond", "#1F5FA8", "#8AB4F8", "NO CLEAR RESULT"),
    "container": AlarmStyle("rounded_square", "#5F6368", "#BDC1C6", "ONLY PACKAGING SEEN"),
    "benign": AlarmStyle("circle", "#00796B", "#80CBC4", "NO LISTING FOUND"),
}

# State of a laser, by read-back; the empty one is before the first look. Words: `laser.<state>`.
LASERS: dict[str, Style] = {
    "": Style("rounded_square", "#5F6368", "#BDC1C6"),
    "off": Style("circle", "#00796B", "#80CBC4"),
    "requested": Style("triangle", "#B45F06", "#FFB454"),
    "firing": Style("barred_triangle", "#B00020", "#FF6B6B"),
    "unknown": Style("octagon", "#B00020", "#FF6B6B"),
    "not controlled": Style("diamond", "#1F5FA8", "#8AB4F8"),
}

# For records that do not say which lists were asked (see `no_listing_text`).
NO_LISTING = "no listing found in the UN and EU lists shipped (national lists not asked)"
INTERNATIONAL = frozenset({"UN", "EU"})
STATUS_UNKNOWN = "not known whether controlled: name not recognised, or its listing was not read"

OUTCOMES: dict[str, str] = {
    "match": "Match with a measured reference",
    "mixture": "Mixture",
    "lead": "Lead: resembles a reconstructed reference, never evidence",
    "class_only": "Substance family only, no name",
    "container_only": "Only packaging or background seen",
    "inconclusive": "Inconclusive",
    "not_in_library": "Not in this library",
    "refused": "Refused: the input cannot be used",
}

REASONS: dict[str, str] = {
    "explains_spectrum": "The reference explains the bands of the scan.",
    "indistinguishable": "Raman does not tell these substances apart.",
    "components_needed": "Each component is needed to explain the scan.",
    "container_seen": "Part of the signal is packaging.",
    "several_components": "No single reference explains the scan, and no set of references does.",
    "reference_reconstructed": "The reference was reconstructed from published band positions, "
    "not measured.",
    "reference_emulated": "The reference was emulated for demonstration, not measured.",
    "weak_signal": "The signal is too weak to compare.",
    "saturated": "The detector was saturated.",
    "fluorescent": "Fluorescence covers the bands.",
    "short_range": "Too little of the spectrum overlaps with the references.",
    "calibration_missing": "The analyser was never checked with a standard: its axis may be wrong.",
    "calibration_failed": "The analyser failed its last check: its axis may be wrong.",
    "calibration_expired": "The last check or calibration of the analyser is too old.",
    "axis_doubtful": "The Raman shift axis cannot be trusted.",
    "candidates_close": "Several different references fit almost equally well.",
    "baseline_sensitive": "The result changes with the way the background is removed.",
    "family_pattern": "The scan carries the bands that measured members of this family share; the "
    "substance itself is not in the library.",
    "resemblance_only": "The nearest reference resembles the scan but does not explain it.",
    "few_bands": "Only one band rises above the noise; one band is not enough to name a substance.",
    "bands_uncovered": "The scan has bands where the nearest reference was not measured.",
    "background_unexplained": "The scan has a broad signal that the nearest reference lacks.",
    "bands_unexplained": "The scan has bands that the nearest reference lacks.",
    "bands_missing": "The nearest reference has bands that the scan lacks.",
    "no_similar_reference": "No reference resembles the scan.",
    "nothing_comparable": "The library has nothing of this technique and range to compare with.",
}

ADVICE: dict[str, str] = {
    row["code"]: row["text"]
    for row in json.loads(resources.path("advice/advice.json").read_bytes())["rows"]
    if row["language"] == "en" and ":" not in row["code"]
}
"""As shipped, in English; sources and reviews stand in the file, see `library.notices`."""


# Why no share can be stated for a hazard; "named" ones were seen and are not spoken of.
HIDDEN: dict[str, str] = {
    "scan_unusable": "Any amount, as the scan excludes nothing (too poor, or its axis in doubt)",
    "not_revealed": "May be hidden even as half of the Raman signal",
    "not_comparable": "Not known, because scan and reference have too little in common",
    "not_computed": "Not worked out for this scan",
    "no_measured_reference": "Not known, because the library has no measured reference",
}
HIDDEN_SHORT: dict[str, str] = {
    "scan_unusable": "the scan excludes nothing",
    "not_revealed": "may be hidden even as half of the signal",
    "not_comparable": "too little in common with the scan",
    "not_computed": "not worked out for this scan",
    "no_measured_reference": "no measured reference",
}
HIDDEN_UNKNOWN = "Not known: small amounts of any other substance, a fentanyl or a nitazene too."
HIDDEN_OTHERS = "Any other substance: not known."


def alarm_word(record: Identification) -> str:
    """Return the word of the alarm level; a named substance of unknown status says so."""
    if record.alarm == "unknown" and record.outcome in {"match", "mixture", "lead"}:
        return "CONTROL STATUS NOT KNOWN"
    return ALARMS[record.alarm].word


def no_listing_text(record: Identification) -> str:
    """Return what to say of a component without a listing; never more than was looked up.

    The level of a single component is that of the record. Of several, the record tells only the
    most serious, so where that is unknown, it is said of each.
    """
    asked = record.control_lists
    if record.alarm == "unknown":
        return STATUS_UNKNOWN
    if not asked.lists_to:
        return NO_LISTING
    return f"no listing found in the {lists_text(record)} to {asked.lists_to}{_not_asked(record)}"


def control_days(
    record: Identification, component: Component
) -> tuple[tuple[str, tuple[ControlStatus, ...]], ...]:
    """Return the day, or both days, for which the lists were asked, with what is listed then."""
    first = (record.control_on, component.control)
    return (
        (first, (record.control_also, component.control_also)) if record.control_also else (first,)
    )


def lists_text(record: Identification) -> str:
    """Return which lists were asked: "UN and EU lists"."""
    *others, last = record.control_lists.jurisdictions or ("UN", "EU")
    return f"{', '.join(others)} and {last} lists" if others else f"{last} lists"


def _not_asked(record: Identification) -> str:
    national = set(record.control_lists.jurisdictions) - INTERNATIONAL
    return "" if national else " (national lists not asked)"


def past_age_text(record: Identification) -> str:
    """Return which of the lists asked are past their age limit; empty when none is."""
    old = record.control_lists.past_age
    return f"past their age limit: {', '.join(old)}" if old else ""


def outcome_text(record: Identification) -> str:
    """Return the outcome in words; a match with an emulated reference says so."""
    if record.outcome == "match" and any(c.kind == "emulated" for c in record.components):
        return "Match with an emulated reference (demonstration only)"
    return OUTCOMES[record.outcome]


def named_text(record: Identification) -> str:
    """Return the names: contents before packaging, what Raman cannot tell apart with "or"."""
    sets = {names[0]: names for names in record.indistinguishable}
    shown: list[str] = []
    covered: set[str] = set()
    for component in sorted(record.components, key=lambda c: c.role == "container"):
        if component.name in covered:
            continue
        names = sets.get(component.name, (component.name,))
        covered.update(names)
        shown.append(" or ".join(names))
    return " with ".join(shown)


def headline(record: Identification) -> str:
    """Return the one line in large type: the name or names, or what the outcome means."""
    names = named_text(record)
    if record.outcome == "lead" and names:
        return "Resembles " + names
    if record.outcome in {"match", "mixture", "container_only"} and names:
        return names
    if record.outcome == "class_only" and record.family:
        return f"Carries the pattern of: {record.family} (no name)"
    return OUTCOMES[record.outcome]


def reason_texts(record: Identification) -> list[str]:
    """Return the reasons of a record as sentences; an unknown code is shown as it stands.

    A refused input says why in `error`, so the code of that error is not repeated.
    """
    told = record.outcome == "refused" and bool(record.error)
    return [REASONS.get(code, code) for code in record.reasons if not told or code in REASONS]


def advice_texts(record: Identification) -> list[str]:
    """Return the advice of a record as sentences; an unknown code is shown as it stands."""
    return [ADVICE.get(code, code) for code in record.advice]


def share_up(share: float) -> str:
    """Return a share (0-1) in whole per cent, rounded up: a limit is never stated too low."""
    return f"{math.ceil(100.0 * share - 1e-6)} %"


def share_down(share: float) -> str:
    """Return a share (0-1) in whole per cent, rounded down: a bound is never stated too high."""
    return f"{math.floor(100.0 * share + 1e-6)} %"


def right_of(rate: MatchRate) -> str:
    """Return how many validation substances were right: counts, as 579 of 580 is not 100 %."""
    return f"{round(rate.rate * rate.n)} of {rate.n}"


def _goodness(hazard: HiddenHazard) -> tuple[int, float]:
    """Return where a hazard stands among entries of its name: the worst news first."""
    if hazard.smallest_share is not None:
        return 1, -hazard.smallest_share
    return (0 if hazard.reason in {"not_revealed", "not_computed"} else 2), 0.0


def hidden_shares(
    record: Identification,
) -> tuple[list[tuple[str, float]], dict[str, list[str]]]:
    """Return what this scan could not have seen: least shares revealed, and names by reason.

    Entries with one name are one hazard to an officer, and the worst of them counts: one that is
    never revealed or not worked out, then the largest share, then any other reason.
    """
    shares: dict[str, float] = {}
    reasons: dict[str, list[str]] = {reason: [] for reason in HIDDEN}
    for hazard in sorted(record.cannot_exclude, key=_goodness):
        told = {*shares, *(name for names in reasons.values() for name in names)}
        if hazard.name in told or hazard.reason == "named":
            continue
        if hazard.smallest_share is not None:
            shares[hazard.name] = hazard.smallest_share
        else:
            reasons.get(hazard.reason, reasons["no_measured_reference"]).append(hazard.name)
    return sorted(shares.items(), key=lambda item: (-item[1], item[0])), reasons


def hidden_texts(record: Identification) -> list[str]:
    """Return what this scan could not have seen, as sentences: stated limits first."""
    shares, reasons = hidden_shares(record)
    lines = []
    if shares:
        parts = [f"{name} below {share_up(share)}" for name, share in shares]
        lines.append(f"{', '.join(parts)} of the Raman signal (not of the weight).")
    lines += [f"{words}: {', '.join(reasons[r])}." for r, words in HIDDEN.items() if reasons[r]]
    return [*lines, HIDDEN_OTHERS] if lines else [HIDDEN_UNKNOWN]
