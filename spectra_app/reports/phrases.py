"""The standing sentences of a report: marks, notes and limits."""

from __future__ import annotations

from spectra_app.records.identification import Comparison, Identification

KINDS: dict[str, str] = {
    "measured": "measured",
    "reconstructed": "reconstructed",
    "calculated": "calculated",
    "emulated": "EMULATED",
}

SWGDRUG = (
    "Raman is one technique of SWGDRUG category A: an identification needs at least one other "
    "technique (A, B or C), on a separate sampling where possible. "
    "Second technique: none recorded."
)
CONFIRM_CONTROL = (
    "The laboratory must confirm every control status against the current official list."
)


def marks(record: Identification, comparison: Comparison | None) -> tuple[str, ...]:
    """Return the warnings that stand above the verdict: what is not real says so first."""
    out = []
    if record.emulated:
        out.append("EMULATED SCAN: no real item was measured. For demonstration, never evidence.")
    kinds = {component.kind for component in record.components}
    kinds |= {candidate.kind for candidate in record.candidates}
    if comparison is not None:
        kinds.add(comparison.reference_kind)
    if "emulated" in kinds:
        out.append("EMULATED REFERENCES: computed for demonstration, not measured. Never evidence.")
    return tuple(out)


def components_note(record: Identification) -> str:
    """Return what the figures of the component table mean, or why there is no table."""
    if not record.components:
        return "No substance is named, so no control status is stated."
    return (
        "Signal share: share of the Raman signal, not of weight; its interval in brackets. "
        "Validation: how many of n validation substances with such a score were right, and the "
        "exact lower 95 % bound."
    )


def control_note(record: Identification, lists: str) -> str:
    """Return which lists were looked up and that the laboratory has to confirm."""
    if not record.components:
        return CONFIRM_CONTROL
    shipped = lists or "edition not set"
    return f"Lists shipped: {shipped}. {CONFIRM_CONTROL}"


def candidates_note(metric: str) -> str:
    """Return what the columns of the candidate table mean, the score with its scale."""
    return (
        f"Score: {metric or 'metric not recorded'}; 0 to 1, 1 is best, not a probability; clean-up "
        "and thresholds: pipeline and policy below. Explains: share of the scan's band area that "
        "the entry accounts for. Missing: share of the entry's band area that the scan lacks. "
        "Shift: added to the scan's axis."
    )


def hidden_note(record: Identification) -> str:
    """Return how to read the list of hazards this scan could not have seen."""
    if not record.cannot_exclude:
        return (
            "Not known: no measured hazard entry (fentanyls, nitazenes) could be tested against "
            "this scan. A hazardous component may be present unseen."
        )
    if all(hazard.smallest_share is None for hazard in record.cannot_exclude):
        return "No limit can be stated. A hazardous component may be present unseen."
    return (
        "Below this share of the Raman signal (not of the weight) it may be present unseen; at it, "
        "every in-silico spike of its reference into this scan was named. Substances not listed: "
        "not known."
    )


def limits(record: Identification) -> tuple[str, ...]:
    """Return the limits that hold for this report, each one sentence or two."""
    out = [
        "The results relate only to the item tested.",
        SWGDRUG,
        "Negative results do not establish identity.",
        "Decision rule: the policy named above by its hash; its rates of false acceptance and "
        "false rejection at this station are not recorded.",
    ]
    if "reconstructed" in record.library.kinds or record.outcome == "lead":
        out.append(
            "The library holds reconstructed references, made from published band positions and "
            "not measured: resemblance to one is a lead, never evidence, and many drugs are not "
            "in it."
        )
    return tuple(out)
