"""A verdict as text for a terminal."""

from __future__ import annotations

from spectra_app.records.identification import PRESUMPTIVE, Identification
from spectra_app.reports.figures import clean
from spectra_app.wording import (
    advice_texts,
    alarm_word,
    control_days,
    headline,
    hidden_texts,
    no_listing_text,
    outcome_text,
    past_age_text,
    reason_texts,
    right_of,
    share_down,
    share_up,
)


def verdict_text(record: Identification, candidates: int = 5) -> str:
    """Return one verdict as a block of text for a person."""
    where = record.file + (f" [{record.spectrum}]" if record.spectrum else "")
    lines = [clean(where)]
    if record.emulated:
        lines.append("  EMULATED: no real instrument produced these data")
    lines += [f"  LIBRARY: {clean(text)}" for text in record.library.notes]
    if record.outcome == "refused":
        return "\n".join([*lines, f"  REFUSED  {record.error}"])
    lines += [
        f"  {PRESUMPTIVE}",
        f"  {alarm_word(record)}: {headline(record)}",
        f"  Outcome: {outcome_text(record)}",
        f"  Why: {' '.join(reason_texts(record))}",
        f"  Next: {' '.join(advice_texts(record))}",
    ]
    lines += _components(record)
    if record.quality:
        quality = record.quality
        low, high = quality.range_cm1
        lines.append(
            f"  Scan: signal to noise {quality.snr:.0f}, range {low:.0f}-{high:.0f} cm-1, "
            f"background {quality.fluorescence_ratio:.1f} x strongest band"
        )
    lines += _candidates(record, candidates)
    first, *others = hidden_texts(record)
    lines.append(f"  This scan could not have seen: {first}")
    lines += [f"    {sentence}" for sentence in others]
    lines += [f"  Assumed: {text}" for text in record.assumptions]
    return "\n".join(lines)


def _components(record: Identification) -> list[str]:
    lines = []
    for component in record.components:
        mark = "" if component.kind == "measured" else f" ({component.kind} reference)"
        if component.signal_share is not None and component.signal_share_interval is not None:
            low, high = component.signal_share_interval
            lines.append(
                f"  {component.name}{mark}: about {100.0 * component.signal_share:.0f} % of the "
                f"Raman signal ({share_down(low)} to {share_up(high)}), not of the weight"
            )
        if component.match_rate is not None:
            rate = component.match_rate
            lines.append(
                f"  Validation: {right_of(rate)} substances with such a score were right "
                f"(at least {share_down(rate.low95)}, exact 95 % bound)"
            )
        for day, listings in control_days(record, component):
            listed = "; ".join(
                f"{c.instrument} {c.schedule} (text of {c.as_of}, grade {c.grade})"
                for c in listings
            )
            status = listed or f"{no_listing_text(record)}; that does not mean uncontrolled"
            on = f" on {day}" if day else ""
            lines.append(f"  Control status of {component.name}{mark}{on}: {status}")
    if record.components and record.control_also:
        lines.append(
            f"  The source says it was measured on {record.control_on}, it was examined on "
            f"{record.control_also}: the alarm level is that of the graver answer"
        )
    if record.components and past_age_text(record):
        lines.append(f"  Control lists {past_age_text(record)}; confirm with the current ones")
    return lines


def _candidates(record: Identification, most: int) -> list[str]:
    if not record.candidates:
        return []
    shown = [
        (f"{c.rank:2}. {c.name}" + ("" if c.kind == "measured" else f" ({c.kind})"), c)
        for c in record.candidates[:most]
    ]
    width = min(max(len(label) for label, _ in shown), 52)
    lines = [f"  {'Candidates':{width}}  hit quality  explains  missing  shift/cm-1"]
    for label, candidate in shown:
        lines.append(
            f"  {label[:width]:{width}}  {candidate.score:11.3f}  {candidate.explains:8.0%}"
            f"  {candidate.missing:7.0%}  {candidate.shift_cm1:10.1f}"
        )
    return lines
