"""What an identification found, in the words of a report: verdict, components, scan, hazards."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from spectra_app.records.identification import (
    ALARM_ORDER,
    Candidate,
    Component,
    ControlStatus,
    HiddenHazard,
    Identification,
)
from spectra_app.reports.document import Part, Verdict
from spectra_app.reports.facts import OtherScan, ReportFacts
from spectra_app.reports.figures import figure, percent
from spectra_app.reports.parts import Column, Fact, Facts, Table, Words
from spectra_app.reports.phrases import hazard as hazard_name
from spectra_app.reports.phrases import moment, scope
from spectra_app.reports.texts import Said, Texts
from spectra_app.wording import ALARMS, INTERNATIONAL, share_up

MOST_CANDIDATES = 12
NOT_KNOWN = "not known"  # as `figures` says it
GRAVE = frozenset({"controlled", "precursor", "hazard"})
EARLIEST_CLOCK = "2000"  # before that year there were no analysers whose files are read here
_IN_FORCE = re.compile(r"in force (\d{4}(?:-\d{2}-\d{2})?)")
_YEAR_FIRST = re.compile(r"\d{4}(?!\d)")


def known(text: str, texts: Texts) -> Said:
    """Return a figure, or the language's own words for one that is not known."""
    return texts.say("not_known") if text == NOT_KNOWN else texts.put(text)


# --- Verdict ------------------------------------------------------------------------------------


def verdict(record: Identification, texts: Texts) -> Verdict:
    """Return the answer: alarm level, large line, outcome."""
    style = ALARMS[record.alarm]
    word = texts.word("alarm", record.alarm)
    if record.alarm == "unknown" and record.outcome in {"match", "mixture", "lead"}:
        word = texts.say("alarm.status_unknown")
    if record.alarm == "benign":
        word = texts.say("alarm.with_lists", word=word, lists=_no_listing(record, texts))
    if record.outcome == "lead":
        word = texts.say("alarm.lead", word=word)
    if record.emulated:
        word = texts.say("alarm.emulated", word=word)
    return Verdict(
        alarm=record.alarm,
        shape=style.shape,
        colour=style.light,
        word=word,
        headline=_headline(record, texts),
        outcome=_outcome(record, texts),
        lead=record.outcome == "lead",
    )


def _outcome(record: Identification, texts: Texts) -> Said:
    if record.outcome == "match" and any(c.kind == "emulated" for c in record.components):
        return texts.say("outcome.match_emulated")
    return texts.word("outcome", record.outcome)


def _headline(record: Identification, texts: Texts) -> Said:
    names = named(record, texts)
    if record.outcome == "lead" and names:
        return texts.say("headline.lead", names=names)
    if record.outcome in {"match", "mixture", "container_only"} and names:
        return names
    if record.outcome == "class_only" and record.family:
        return texts.say("headline.family", family=record.family)
    return _outcome(record, texts)


def named(record: Identification, texts: Texts) -> Said:
    """Return the names: contents before packaging, what Raman cannot tell apart with "or"."""
    sets = {names[0]: names for names in record.indistinguishable}
    shown = Said("")
    covered: set[str] = set()
    for component in sorted(record.components, key=lambda c: c.role == "container"):
        if component.name in covered:
            continue
        names = sets.get(component.name, (component.name,))
        covered.update(names)
        either = texts.put(names[0])
        for name in names[1:]:
            either = texts.say("names.or", first=either, second=name)
        shown = texts.say("names.with", first=shown, second=either) if shown else either
    return shown


def reasons(record: Identification, texts: Texts) -> tuple[str, ...]:
    """Return what the verdict rests on; a refused input says first what was wrong."""
    told = record.outcome == "refused" and bool(record.error)
    codes = [code for code in record.reasons if not told or f"reason.{code}" in texts.texts]
    out = [texts.say("reason.error", words=record.error)] if record.error else []
    out += [texts.word("reason", code) for code in codes]
    out += [
        texts.say("reason.not_apart", names=texts.many(names)) for names in record.indistinguishable
    ]
    return tuple(out) or (texts.say("reason.none"),)


def advice(record: Identification, texts: Texts) -> tuple[str, ...]:
    """Return what to do next."""
    out = tuple(texts.word("advice", code) for code in record.advice)
    return out or (texts.say("advice.none"),)


# --- Components and their control status --------------------------------------------------------


def control_date(record: Identification, facts: ReportFacts, texts: Texts) -> Said:
    """Return the date for which the control status is stated, and which day that is."""
    if record.control_also:
        return texts.say("control.on_both", date=record.control_on, today=record.control_also)
    if record.control_on:
        scanned = facts.measured_at.startswith(record.control_on)
        key = "control.on_scan" if scanned else "control.on_examination"
        return texts.say(key, date=record.control_on)
    if facts.measured_at:
        return texts.say("control.on_scan", date=facts.measured_at[:10])
    return texts.say("control.on_issue", date=facts.issued_at[:10])


def components(record: Identification, texts: Texts) -> tuple[Part, ...]:
    """Return the components with shares, rates and every listing that was found."""
    notes = _control_notes(record, texts)
    if not record.components:
        said = [texts.say("result.none"), *notes]
        if record.outcome == "class_only" and record.family:
            said.insert(0, texts.say("family.sentence", family=record.family))
        return (Words(tuple(said)),)
    columns = tuple(
        Column(texts.say(f"column.{code}"), width)
        for code, width in (
            ("name", 60.0),
            ("role", 24.0),
            ("reference", 26.0),
            ("share", 34.0),
            ("rate", 34.0),
        )
    )
    rows = tuple(_component(component, texts) for component in record.components)
    label = texts.say("control.label")
    status = tuple(
        Fact(label, said) for part in record.components for said in _statuses(part, record, texts)
    )
    return (Table(columns, rows, texts.say("share.note")), Facts(status), Words(tuple(notes)))


def _component(component: Component, texts: Texts) -> tuple[str, ...]:
    share = known(percent(component.signal_share), texts)
    if component.signal_share_interval is not None and component.signal_share is not None:
        low, high = component.signal_share_interval
        share = texts.say(
            "share.interval", share=share, low=percent(low, "down"), high=percent(high, "up")
        )
    rate = component.match_rate
    validated = texts.say("share.not_validated")
    if rate is not None:
        right, least = round(rate.rate * rate.n), percent(rate.low95, "down")
        validated = texts.say("share.validated", right=right, n=rate.n, low=least)
    role, kind = texts.word("role", component.role), texts.word("kind", component.kind)
    return (texts.put(component.name), role, kind, share, validated)


def _statuses(component: Component, record: Identification, texts: Texts) -> Iterator[Said]:
    """Return the status of a component; for both days when the lists were asked for two."""
    now = _status(component.control, record, texts)
    if not record.control_also:
        yield texts.say("control.of", name=component.name, status=now)
        return
    days = ((record.control_on, now),
            (record.control_also, _status(component.control_also, record, texts)))  # fmt: skip
    for date, status in days:
        yield texts.say("control.of_day", name=component.name, date=date, status=status)


def _status(control: tuple[ControlStatus, ...], record: Identification, texts: Texts) -> Said:
    if control:
        return texts.many(_listing(status, texts) for status in control)
    if record.alarm == "unknown":
        return texts.say("control.unknown")
    return _no_listing(record, texts)


def _listing(status: ControlStatus, texts: Texts) -> Said:
    said = [
        texts.say(
            "control.listing",
            instrument=status.instrument,
            schedule=status.schedule,
            as_of=status.as_of,
            grade=status.grade,
        )
    ]
    if status.since:
        day = in_force_since(status.since)
        said.append(texts.say("control.since" if day else "control.since_said",
                              since=day or status.since))  # fmt: skip
    more = {
        "read_to": status.read_to,
        "scope": scope(status.scope, texts),
        "conflict": status.conflict,
    }
    said += [texts.say(f"control.{name}", **{name: text}) for name, text in more.items() if text]
    return Said(", ".join(said)) if texts.direction == "ltr" else Said("، ".join(said))


def in_force_since(text: str) -> str:
    """Return from when a listing is in force, as its source writes it; empty for other words.

    Sources write ``2018-04-04``, ``2024 (Reg. 2024/1331)``, ``2024 (in force 2024-12-03)``, and
    ``64th ed.``.
    """
    day = _IN_FORCE.search(text)
    if day:
        return day[1]
    return text if _YEAR_FIRST.match(text) else ""


def _lists(record: Identification) -> str:
    return ", ".join(record.control_lists.jurisdictions or ("UN", "EU"))


def _no_listing(record: Identification, texts: Texts) -> Said:
    """Return that no listing was found, and never more than was looked up."""
    asked = record.control_lists
    if not asked.lists_to:
        return texts.say("control.none_undated")
    found = texts.say("control.none", lists=_lists(record), to=asked.lists_to)
    if set(asked.jurisdictions) - INTERNATIONAL:
        return found
    return texts.many((found, texts.say("control.no_national")))


def _control_notes(record: Identification, texts: Texts) -> list[str]:
    asked = record.control_lists
    notes = []
    if asked.lists_to:
        sha256 = asked.sha256 or texts.say("not_recorded")
        notes.append(
            texts.say("control.lists", lists=_lists(record), to=asked.lists_to, sha256=sha256)
        )
    if record.control_also and record.components:
        days = {"date": record.control_on, "today": record.control_also}
        notes.append(texts.say("control.two_days", **days))
        if record.control_on < EARLIEST_CLOCK:
            notes.append(texts.say("control.clock_wrong"))
    if asked.past_age:
        notes.append(texts.say("control.past_age", lists=texts.many(asked.past_age)))
    return [*notes, texts.say("control.not_uncontrolled"), texts.say("control.confirm")]


# --- Other scans of the item ----------------------------------------------------------------------


def other_scans(facts: ReportFacts, texts: Texts) -> tuple[Part, ...]:
    """Return the other scans of the item with what they found; nothing when there are none."""
    if not facts.other_scans:
        return ()
    widths = {"scan": 38.0, "when": 34.0, "outcome": 40.0, "found": 40.0, "alarm": 26.0}
    columns = tuple(Column(texts.say(f"column.{code}"), width) for code, width in widths.items())
    rows = tuple(_other_scan(one, texts) for one in facts.other_scans)
    return (Table(columns, rows, texts.say("scans.note")),)


def _other_scan(one: OtherScan, texts: Texts) -> tuple[str, ...]:
    alarm = texts.word("alarm", one.alarm)
    return (
        texts.put(one.scan),
        texts.put(moment(one.scanned_at)),
        texts.word("outcome", one.outcome),
        texts.many(name for name in (*one.names, one.family) if name) or texts.say("scans.unnamed"),
        texts.say("alarm.emulated", word=alarm) if one.emulated else alarm,
    )


def graver_scan(record: Identification, facts: ReportFacts) -> str:
    """Return the alarm level of another scan of the item that is graver than this one's."""
    gravest = min((one.alarm for one in facts.other_scans), key=ALARM_ORDER.index, default="")
    graver = gravest and ALARM_ORDER.index(gravest) < ALARM_ORDER.index(record.alarm)
    return gravest if graver and gravest in GRAVE else ""


# --- Candidates, quality, hazards ---------------------------------------------------------------


def candidates(record: Identification, texts: Texts) -> tuple[Part, ...]:
    """Return the candidate table with the scale of its score."""
    if not record.candidates:
        return (Words((texts.say("candidates.none"),)),)
    columns = (
        Column(texts.say("column.rank"), 8.0),
        Column(texts.say("column.name"), 68.0),
        Column(texts.say("column.reference"), 28.0),
        *(
            Column(texts.say(f"column.{code}"), width, "right")
            for code, width in (("score", 20.0), ("explains", 17.0), ("missing", 17.0))
        ),
        Column(texts.say("column.shift"), 20.0, "right"),
    )
    shown = record.candidates[:MOST_CANDIDATES]
    rows = tuple(_candidate(candidate, texts) for candidate in shown)
    note = texts.say("candidates.note", metric=metric_name(record, texts))
    left = len(record.candidates) - len(shown)
    more = (Words((texts.say("candidates.more", count=left),)),) if left else ()
    return (Table(columns, rows, note), *more)


def metric_name(record: Identification, texts: Texts) -> Said:
    """Return which score was used, in the report's own language where it has words for it."""
    name = record.method.metric
    return texts.word("metric", name) if name else texts.say("not_recorded")


def _candidate(candidate: Candidate, texts: Texts) -> tuple[str, ...]:
    figures = (
        figure(candidate.score, ".3f"),
        percent(candidate.explains),
        percent(candidate.missing),
        figure(candidate.shift_cm1, "+.1f"),
    )
    return (
        texts.put(str(candidate.rank)),
        texts.put(candidate.name),
        texts.word("kind", candidate.kind),
        *(known(text, texts) for text in figures),
    )


def quality(record: Identification, texts: Texts) -> tuple[Part, ...]:
    """Return what the scan is worth, and what was assumed on reading it."""
    scan = record.quality
    facts = []
    if scan is not None:
        low, high = (figure(value, ".0f") for value in scan.range_cm1)
        flags = [texts.word("flag", flag) for flag in scan.flags]
        facts = [
            ("snr", known(figure(scan.snr, ".0f"), texts)),
            ("saturated", texts.say("yes" if scan.saturated else "no")),
            ("background", known(figure(scan.fluorescence_ratio, ".2f"), texts)),
            ("range", texts.say("quality.range_value", low=low, high=high)),
            ("remarks", texts.many(flags) or texts.say("none")),
        ]
    if record.library.notes:
        facts.append(("library", texts.many(record.library.notes)))
    if record.assumptions:
        facts.append(("assumed", texts.many(record.assumptions)))
    parts: list[Part] = [] if scan else [Words((texts.say("quality.unusable"),))]
    if facts:
        lines = (Fact(texts.say(f"quality.{code}"), text) for code, text in facts)
        parts.append(Facts(tuple(lines)))
    return tuple(parts)


def least_visible_first(record: Identification) -> list[HiddenHazard]:
    """Order hazards so that those this scan was least able to see come first."""

    def blindness(hazard: HiddenHazard) -> float:
        share = hazard.smallest_share
        return math.inf if share is None or not math.isfinite(share) else share

    unseen = [hazard for hazard in record.cannot_exclude if hazard.reason != "named"]
    return sorted(unseen, key=blindness, reverse=True)


def hidden(record: Identification, texts: Texts) -> tuple[Part, ...]:
    """Return each hazard with the share below which it goes unseen, or why none is stated."""
    hazards = least_visible_first(record)
    lacking = [hazard for hazard in hazards if not hazard.entry]
    lines = [_hidden(one, texts.put(one.name), texts) for one in hazards if one.entry]
    if lacking:
        every = dict.fromkeys(one.name for one in lacking)
        names = texts.many(hazard_name(name, texts) for name in every)
        lines.insert(0, _hidden(replace(lacking[0], smallest_share=None), names, texts))
    note = "hidden.note"
    if not record.cannot_exclude:
        note = "hidden.note_unknown"
    elif all(hazard.smallest_share is None for hazard in record.cannot_exclude):
        note = "hidden.note_none"
    listed = (Facts(tuple(lines)),) if lines else ()
    return (*listed, Words((texts.say(note),)))


def _hidden(hazard: HiddenHazard, name: Said, texts: Texts) -> Fact:
    share = hazard.smallest_share
    stated = texts.say("not_known")
    if share is not None and math.isfinite(share):
        stated = texts.say("hidden.below", share=share_up(share))
    if f"hidden.{hazard.reason}" in texts.texts and hazard.reason:
        name = texts.say("hidden.why", name=name, why=texts.word("hidden", hazard.reason))
    return Fact(stated, name)
