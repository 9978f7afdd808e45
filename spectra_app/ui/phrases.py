"""Sentences of the window made from a record or a state, in its language; no widget here."""

from __future__ import annotations

import re

from spectra_app.records.identification import Identification
from spectra_app.reports.findings import verdict
from spectra_app.reports.phrases import EMULATED
from spectra_app.reports.texts import Said, Texts
from spectra_app.services.instrument_state import InstrumentState

JOINT = "\u00a0\u00a0·\u00a0 "  # a line may break after the dot, not before it
BY_THE_ANALYSER = "emulated analyser: "  # how progress of an emulated analyser begins
LONG_S = 120  # from here on time left is told in minutes
_LEFT = re.compile(r"(.*), about (\d+) s left")
_STEPS = (
    ("step.exposure", re.compile(r"exposure (?P<number>\d+) of (?P<total>\d+)")),
    ("step.dark", re.compile(r"dark, exposure (?P<number>\d+) of (?P<total>\d+)")),
    ("step.countdown", re.compile(r"laser off, it fires in (?P<seconds>\d+) s")),
    ("step.cooling", re.compile(r"waiting for the detector \((?P<celsius>\S+) C\)")),
    ("step.warning", re.compile("laser warning, then light")),
    ("step.warming", re.compile("laser warming up")),
    ("step.identifying", re.compile("identifying")),
    ("step.done", re.compile("done")),
)
_REASONS = (
    ("laser_reason.off_now", re.compile(r"(?P<words>.*); it reads off now")),
    (
        "laser_reason.was_on",
        re.compile(r"it was (?P<state>\S+) although it had been switched off"),
    ),
    ("laser_reason.stays_on", re.compile("it does not switch off")),
    ("laser_reason.silent_laser", re.compile(r"the laser does not answer \((?P<words>.*)\)")),
    ("laser_reason.silent", re.compile("the analyser does not answer any more")),
    ("laser_reason.found_on", re.compile("it was found on although nothing was being measured")),
    (
        "laser_reason.program",
        re.compile(r"the program failed while it gave an order \((?P<words>.*)\)"),
    ),
)
_NOTES = (
    ("laser_note.silent", re.compile("laser off was sent; the analyser does not answer")),
    ("laser_note.off_sent", re.compile("laser off was sent again; whether it obeyed .*")),
    ("laser_note.still_on", re.compile("laser off was sent; the analyser still says .*")),
    (
        "laser_note.not_kept",
        re.compile(r"the alarm could not be kept as evidence: (?P<words>.*)"),
    ),
)


def percent(share: float) -> str:
    """Return a share (0-1) in per cent."""
    return f"{100 * share:.0f} %"


def quality_line(record: Identification, texts: Texts) -> str:
    """Return what the scan is worth, each figure with its name and unit."""
    quality = record.quality
    if quality is None:
        return ""
    low, high = quality.range_cm1
    parts = [
        texts.say("worth.snr", value=f"{quality.snr:.0f}"),
        texts.say("worth.background", value=f"{quality.fluorescence_ratio:.1f}"),
        texts.say("worth.range", value=f"{low:.0f}–{high:.0f} cm⁻¹"),
    ]
    if quality.saturated:
        parts.insert(0, texts.say("worth.saturated"))
    return JOINT.join(parts)


def item_title(record: Identification) -> str:
    """Return what a scan is called in the list: file name, and spectrum when there are several."""
    name = record.file.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{name}: {record.spectrum}" if record.spectrum else name


def title_words(title: str, texts: Texts) -> Said:
    """Return what a scan is called, in words where it has no name but what was emulated."""
    if title.startswith(EMULATED):
        return texts.say("scans.emulated_of", name=title.removeprefix(EMULATED))
    return texts.put(title)


def item_summary(record: Identification, texts: Texts) -> str:
    """Return the second line of a scan in the list."""
    text: str = verdict(record, texts).headline
    if record.outcome == "lead":
        text = texts.say("scans.lead", said=texts.put(text))
    elif record.outcome == "refused" and record.error:
        text = texts.say("scans.refused_why", words=record.error)
    return texts.say("scans.emulated", said=texts.put(text)) if record.emulated else text


def seconds_left(elapsed_s: float, fraction: float) -> int | None:
    """Return the time left at the pace so far in seconds; None while too little is known."""
    if fraction < 0.05 or fraction >= 1.0:
        return None
    return max(1, round(elapsed_s * (1.0 - fraction) / fraction))


def progress_words(done: str, left_s: int | None, texts: Texts) -> Said:
    """Return how much is done and how long it still takes: in minutes where it is long."""
    if left_s is None:
        return texts.say("work.done", done=done)
    if left_s < LONG_S:
        return texts.say("work.done_left", done=done, seconds=left_s)
    return texts.say("work.done_minutes", done=done, minutes=round(left_s / 60))


def step_words(words: str, texts: Texts) -> str:
    """Return what a measurement says of its progress; what is not known as it was said."""
    plain = words.removeprefix(BY_THE_ANALYSER)
    left = _LEFT.fullmatch(plain)
    if left is not None:
        return texts.say("step.left", words=step_words(left[1], texts), seconds=left[2])
    for key, form in _STEPS:
        found = form.fullmatch(plain)
        if found is not None:
            values = found.groupdict()
            if "celsius" in values:
                values["celsius"] += " °C"
            return texts.say(key, **values)
    return texts.put(plain)


def alarm_words(words: str, texts: Texts) -> str:
    """Return why the laser is taken for on; what is not known as the program said it."""
    for key, form in _REASONS:
        found = form.fullmatch(words)
        if found is not None:
            values = found.groupdict()
            if key == "laser_reason.off_now":
                values["words"] = alarm_words(values["words"], texts)
            elif "state" in values:
                values["state"] = texts.word("laser_was", values["state"])
            return texts.say(key, **values)
    return texts.put(words)


def alarm_note(words: str, texts: Texts) -> str:
    """Return what came of switching the laser off; what is not known as the program said it."""
    for key, form in _NOTES:
        found = form.fullmatch(words)
        if found is not None:
            return texts.say(key, **found.groupdict())
    return texts.put(words)


def alarm_analyser(state: InstrumentState, texts: Texts) -> str:
    """Return which analyser an alarm is about, and since when."""
    model = texts.word("analyser_model", state.model or state.title)
    name = Said(f"{model} {texts.put(state.serial)}".strip())
    since = state.alarm_since[:19].replace("T", " ")
    key = "alert.about_emulated" if state.emulated else "alert.about"
    return texts.say(key, name=name or texts.say("alert.the_analyser"), since=since)


def alarm_reason(state: InstrumentState, texts: Texts) -> str:
    """Return why the laser must be taken for on, as a sentence."""
    words = alarm_words(state.alarm, texts)
    return texts.say("alert.why", words=words) if state.alarm else ""


def analyser_line(state: InstrumentState, texts: Texts) -> str:
    """Return the connected analyser on one line: model, serial number, temperature, calibration."""
    if state.phase in {"none", "closed"}:
        return texts.say("analyser.none")
    if state.phase == "connecting":
        return texts.say("analyser.connecting", title=state.title)
    if state.phase == "closing":
        return texts.say("analyser.closing")
    serial = state.serial or texts.say("analyser.no_serial")
    model = texts.word("analyser_model", state.model)
    line = texts.say("analyser.line", model=model, serial=serial)
    parts = [_marked(state, state.model, line, texts)]
    if state.temperature_c is not None:
        celsius = f"{state.temperature_c:.1f} °C"
        parts.append(texts.say("analyser.detector", celsius=celsius))
    if state.calibration:
        parts.append(texts.word("stands", state.calibration))
    return JOINT.join(parts)


def analyser_short(state: InstrumentState, texts: Texts) -> str:
    """Return the connected analyser in a few words, for the head of the window."""
    if not state.connected:
        return analyser_line(state, texts)
    name = state.serial or state.model
    shown = _marked(state, name, texts.put(name), texts)
    return JOINT.join(
        [shown, texts.word("stands", state.calibration)] if state.calibration else [shown]
    )


def analyser_shortest(state: InstrumentState, texts: Texts) -> str:
    """Return how the analyser stands alone, for a head without room; empty where that is all."""
    known = state.connected and state.calibration
    return texts.word("stands", state.calibration) if known else ""


def calibration_line(state: InstrumentState, texts: Texts) -> str:
    """Return how the calibration stands, and what to do where it does not hold."""
    if not state.calibration:
        return ""
    words = texts.say(f"stands.{state.calibration}_words")
    return words if state.calibration == "ok" else f"{words} {texts.say('stands.do')}"


def _marked(state: InstrumentState, name: str, shown: str, texts: Texts) -> str:
    """Return `shown` with the mark of an emulated analyser, where its name does not say so."""
    plain = state.emulated and "emulated" not in name.lower()
    return texts.say("title.emulated", name=shown) if plain else shown
