"""Why a candidate was named or not, in sentences: every gate with its figure and its limit."""

from __future__ import annotations

from collections.abc import Sequence

from matching.gates import Gate
from spectra_app.records.identification import Identification
from spectra_app.reports.texts import Texts
from spectra_app.services.comparing import CandidateFacts, FittedSet, Study
from spectra_app.ui.phrases import percent
from spectra_app.ui.verdict_words import listing_line, why_lines

SHARES = {"silent_share", "unexplained", "uncovered", "steady_gain"}


def gate_line(gate: Gate, texts: Texts) -> str:
    """Return one gate: what is asked, whether it is met, the figure and the limit."""
    if gate.code == "saturated":
        return texts.say("gate.saturated_met" if gate.passed else "gate.saturated_failed")
    value, limit = (_figure(gate.code, number) for number in (gate.value, gate.limit))
    bound = texts.say("gate.at_least" if gate.at_least else "gate.at_most", limit=limit)
    met = texts.say("gate.met" if gate.passed else "gate.failed")
    name = texts.say(f"gate.{gate.code}")
    return texts.say("gate.line", met=met, name=name, value=value, bound=bound)


def _figure(code: str, value: float) -> str:
    if code in SHARES:
        return percent(value)
    if code == "overlap_cm1":
        return f"{value:.0f} cm⁻¹"
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"


def gate_lines(gates: Sequence[Gate], texts: Texts) -> list[str]:
    """Return gates as lines, those that failed first."""
    return [gate_line(gate, texts) for gate in sorted(gates, key=lambda gate: gate.passed)]


def candidate_lines(study: Study, place: int, texts: Texts) -> list[tuple[str, list[str]]]:
    """Return headings with lines: what decided, and what one candidate had to meet.

    Parameters
    ----------
    study : Study
        The result.
    place : int
        Place of the candidate, from 0.
    texts : Texts
        Language.
    """
    record, facts = study.found.record, study.candidates[place]
    name = record.candidates[place].name
    head = texts.say("why.named" if facts.named else "why.not_named", name=name)
    sections: list[tuple[str, list[str]]] = [(head, _short(study, facts, record, texts))]
    sections.append((texts.say("why.gates"), gate_lines(facts.gates, texts)))
    failed = [gate for gate in study.scan_gates if not gate.passed]
    if failed:
        sections.insert(1, (texts.say("why.scan_gates"), gate_lines(failed, texts)))
    sections.append((texts.say("why.verdict"), why_lines(record, texts)))
    listed: list[str] = [listing_line(one, texts) for one in facts.control]
    sections.append((texts.say("why.control"), listed or [texts.say("compare.no_listing")]))
    return sections


def _short(study: Study, facts: CandidateFacts, record: Identification, texts: Texts) -> list[str]:
    """Return in one sentence what kept a candidate from being named, or made it named."""
    fitted = study.fitted
    together = fitted is not None and len(fitted.parts) > 1
    if facts.named:
        return [texts.say("why.in_set" if together else "why.alone")]
    if any(not gate.passed for gate in study.scan_gates):
        return [texts.say("why.scan")]
    failed = sum(not gate.passed for gate in facts.gates)
    if failed:
        return [texts.say("why.failed", count=failed, total=len(facts.gates))]
    if together:
        return [texts.say("why.set_better")]
    key = "why.other_better" if record.components else "why.doubt"
    return [texts.say(key)]


def set_lines(shown: FittedSet, own: float | None, texts: Texts) -> list[str]:
    """Return what a fitted set is worth: what it leaves, beside `own` of the program's set."""
    lines: list[str] = [
        texts.say("set.misfit", value=f"{shown.misfit:.2f}")
        if own is None
        else texts.say("set.misfit_own", value=f"{shown.misfit:.2f}", own=f"{own:.2f}")
    ]
    low, high = shown.raman_shift_cm1[[0, -1]]
    lines.append(texts.say("set.range", range=f"{low:.0f}–{high:.0f} cm⁻¹"))
    lines += [texts.say("set.nothing", name=name) for name in shown.nothing]
    return [*lines, *gate_lines(shown.gates, texts)]
