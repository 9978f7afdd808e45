"""Sentences of the window made from a record; no widget here."""

from __future__ import annotations

from matching.errors import SpectraError
from spectra_app.records.identification import Component, Identification
from spectra_app.services.instrument_state import InstrumentState
from spectra_app.wording import (
    CALIBRATION_SHORT,
    control_days,
    headline,
    no_listing_text,
    right_of,
    share_down,
    share_up,
)

KINDS = {
    "measured": "measured",
    "reconstructed": "reconstructed, not measured",
    "calculated": "calculated, not measured",
    "emulated": "EMULATED",
}

EMULATED = "EMULATED: no real sample was measured"

SCORE_HELP = (
    "Combined hit quality on a scale of 0 to 1, 1 is best. It ranks the references; "
    "it is not the probability that the name is right."
)
COLUMN_HELP = (
    "Rank: 1 is the reference most like the scan.",
    "Name of the library entry.",
    "How the reference came about. Only a measured one can give a match; "
    "a reconstructed one gives a lead at most.",
    SCORE_HELP,
    "Share of the scan's band area that this reference accounts for, 0 to 100 %. High is good.",
    "Share of this reference's band area that the scan lacks, 0 to 100 %. Low is good.",
    "What had to be added to the scan's Raman shift axis to fit, in cm⁻¹. Near 0 is good.",
)


def component_line(component: Component) -> str:
    """Return name, share of the signal with its interval, kind, and rate where known."""
    text = f"{component.name} ({KINDS[component.kind]})"
    if component.signal_share is not None:
        text += f": about {percent(component.signal_share)} of the Raman signal"
        if component.signal_share_interval is not None:
            low, high = component.signal_share_interval
            text += f" (between {share_down(low)} and {share_up(high)})"
    rate = component.match_rate
    if rate is not None:
        text += (
            f". {right_of(rate)} validation substances with such a score were right "
            f"(at least {share_down(rate.low95)}, exact 95 % bound)"
        )
    return text


def found_lines(record: Identification) -> list[str]:
    """Return the components, what their shares mean, and the listings found for each."""
    lines = [component_line(component) for component in record.components]
    if any(component.signal_share is not None for component in record.components):
        lines.append("Shares are of the Raman signal, never of the weight.")
    several = len(record.components) > 1
    for component in record.components:
        prefix = f"{component.name}: " if several else ""
        for day, listings in control_days(record, component):
            on = f" on {day}" if record.control_also else ""
            lines += [
                f"{prefix}{listing.instrument}, {listing.schedule} "
                f"(list of {listing.as_of}, grade {listing.grade}){on}"
                for listing in listings
            ]
            if not listings and component.role != "container":
                lines.append(f"{prefix}{no_listing_text(record)}{on}")
    return [line[:1].upper() + line[1:] for line in lines]


def percent(share: float) -> str:
    """Return a share (0-1) in per cent."""
    return f"{100 * share:.0f} %"


def quality_line(record: Identification) -> str:
    """Return what the scan is worth, each figure with its name and unit."""
    quality = record.quality
    if quality is None:
        return ""
    low, high = quality.range_cm1
    parts = [
        f"Signal-to-noise {quality.snr:.0f}",
        f"background {quality.fluorescence_ratio:.1f} × strongest band",
        f"range {low:.0f}–{high:.0f} cm⁻¹",
    ]
    if quality.saturated:
        parts.insert(0, "DETECTOR SATURATED")
    return "  ·  ".join(parts)


def item_title(record: Identification) -> str:
    """Return what a scan is called in the list: file name, and spectrum when there are several."""
    name = record.file.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{name}: {record.spectrum}" if record.spectrum else name


def item_summary(record: Identification) -> str:
    """Return the second line of a scan in the list."""
    text = headline(record)
    if record.outcome == "lead":
        text = f"Lead: r{text[1:]}" if text.startswith("Resembles ") else f"Lead: {text}"
    elif record.outcome == "refused" and record.error:
        text = f"Refused: {record.error}"
    return f"EMULATED. {text}" if record.emulated else text


def spoken_verdict(record: Identification, word: str) -> str:
    """Return the verdict as a screen reader should say it."""
    return f"Presumptive. {word}. {item_summary(record)}"


def seconds_left(elapsed_s: float, fraction: float) -> str:
    """Return the time left at the pace so far, in words; empty while too little is known."""
    if fraction < 0.05 or fraction >= 1.0:
        return ""
    left = elapsed_s * (1.0 - fraction) / fraction
    return f"about {max(1, round(left))} s left"


def alarm_analyser(state: InstrumentState) -> str:
    """Return which analyser an alarm is about, and since when."""
    name = f"{state.model or state.title} {state.serial}".strip() or "The analyser"
    since = state.alarm_since[:19].replace("T", " ")
    mark = " (EMULATED: there is no real laser)" if state.emulated else ""
    return f"{name}{mark}. Alarm since {since} UTC."


def alarm_reason(state: InstrumentState) -> str:
    """Return why the laser must be taken for on, as a sentence."""
    return f"Why: {state.alarm}." if state.alarm else ""


def analyser_line(state: InstrumentState) -> str:
    """Return the connected analyser on one line: model, serial number, temperature, calibration."""
    if state.phase in {"none", "closed"}:
        return "No analyser connected"
    if state.phase == "connecting":
        return f"Connecting {state.title}…"
    if state.phase == "closing":
        return "Letting the analyser go, laser off…"
    mark = "EMULATED: " if state.emulated and "emulated" not in state.model.lower() else ""
    parts = [f"{mark}{state.model}, serial number {state.serial or 'not stated'}"]
    if state.temperature_c is not None:
        parts.append(f"detector {state.temperature_c:.1f} °C")
    if state.calibration:
        parts.append(CALIBRATION_SHORT[state.calibration])
    return "  ·  ".join(parts)


def analyser_short(state: InstrumentState) -> str:
    """Return the connected analyser in a few words, for the foot of the window."""
    if not state.connected:
        return analyser_line(state)
    name = state.serial or state.model
    mark = "EMULATED: " if state.emulated and "emulated" not in name.lower() else ""
    return f"{mark}{name}  ·  {CALIBRATION_SHORT.get(state.calibration, '')}"


def sentence(error: SpectraError) -> str:
    """Return what is wrong and what to do, in two sentences."""
    what = f"{error.what[:1].upper()}{error.what[1:]}."
    return f"{what} What to do: {error.remedy}." if error.remedy else what
