"""Build the report of one identification: what is said, in which words, in which order."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime

from spectra_app.errors import AppError
from spectra_app.records.identification import (
    PRESUMPTIVE,
    Candidate,
    Comparison,
    Component,
    HiddenHazard,
    Identification,
    Quality,
)
from spectra_app.reports import phrases
from spectra_app.reports.document import (
    CandidateLine,
    ComponentLine,
    Fact,
    Report,
    ReportContext,
    Verdict,
)
from spectra_app.reports.figures import clean, figure, percent
from spectra_app.wording import (
    ALARMS,
    HIDDEN_SHORT,
    advice_texts,
    alarm_word,
    headline,
    no_listing_text,
    outcome_text,
    reason_texts,
    right_of,
    share_up,
)

LONGEST_ID, LONGEST_METRIC = 40, 90
NOT_SET = "not set"
NOT_RECORDED = "not recorded"


def build_report(
    record: Identification, comparison: Comparison | None, context: ReportContext
) -> Report:
    """Return the report of `record` as data.

    Parameters
    ----------
    record : Identification
        The verdict to report.
    comparison : Comparison or None
        Scan against the reference to draw; None when there is none.
    context : ReportContext
        Who, when, where and which item.

    Raises
    ------
    AppError
        The report id is empty or too long, or the time of issue is not an ISO 8601 time.
    """
    _check(context)
    report_id = clean(context.report_id)
    emulated = record.emulated
    return Report(
        report_id=report_id,
        title="Report of a Raman examination",
        presumptive=PRESUMPTIVE,
        marks=phrases.marks(record, comparison),
        issued_at=clean(context.issued_at),
        signature="UNSIGNED: no person has reviewed or authorised this report",
        page_id=f"Report {report_id} page 1 of 1",
        end="End of report",
        verdict=_verdict(record, context),
        reasons=_reasons(record),
        advice=tuple(clean(text) for text in advice_texts(record)),
        item=_item(record, context),
        components=tuple(
            _component(component, no_listing_text(record)) for component in record.components
        ),
        components_title=f"Components, and control status on {_control_date(record, context)}",
        components_note=phrases.components_note(record),
        control_note=phrases.control_note(record, clean(context.control_lists or "")),
        candidates=tuple(_candidate(candidate) for candidate in record.candidates),
        candidates_note=phrases.candidates_note(_metric(record)),
        quality=_quality(record),
        hidden=_hidden_facts(record),
        hidden_note=phrases.hidden_note(record),
        method=_method(record, context),
        limits=phrases.limits(record),
        scan_label="Scan (EMULATED)" if emulated else "Scan",
        reference_label=_reference_label(comparison),
        comparison=comparison,
        record=record,
    )


def _check(context: ReportContext) -> None:
    if not context.report_id.strip():
        raise AppError("the report has no identifier", "report", "give the report an identifier")
    if len(context.report_id) > LONGEST_ID:
        raise AppError(
            f"the report's identifier has {len(context.report_id)} characters",
            "report",
            f"give it at most {LONGEST_ID}",
        )
    try:
        datetime.fromisoformat(context.issued_at)
    except ValueError as error:
        raise AppError(
            f"the time of issue {context.issued_at!r} is not an ISO 8601 time",
            "report",
            "give it as 2026-11-21T14:05:00+00:00",
        ) from error


def _verdict(record: Identification, context: ReportContext) -> Verdict:
    style = ALARMS[record.alarm]
    word = alarm_word(record)
    if record.alarm == "benign":
        word += f" ({clean(context.control_lists or 'edition of the lists not set')})"
    if record.outcome == "lead":
        word = f"LEAD · {word}"
    if record.emulated:
        word = f"EMULATED · {word}"
    return Verdict(
        alarm=record.alarm,
        shape=style.shape,
        colour=style.light,
        word=word,
        headline=clean(headline(record)),
        outcome=outcome_text(record),
        lead=record.outcome == "lead",
    )


def _reasons(record: Identification) -> tuple[str, ...]:
    texts = [clean(text) for text in reason_texts(record)]
    if record.error:
        texts.insert(0, clean(record.error))
    texts.extend(
        "Not told apart by Raman: " + clean(", ".join(names)) + "."
        for names in record.indistinguishable
    )
    return tuple(texts) or ("No reason was recorded.",)


def _item(record: Identification, context: ReportContext) -> tuple[Fact, ...]:
    facts = [
        Fact("Laboratory", clean(context.station or NOT_SET)),
        Fact("Item", clean(context.item_id or NOT_SET)),
        Fact("Operator", clean(context.operator or NOT_SET)),
        Fact("Description", clean(context.item_description or NOT_SET)),
        Fact("File", clean(record.file or NOT_SET)),
    ]
    if record.spectrum:
        facts.append(Fact("Spectrum in file", clean(record.spectrum)))
    asked = {
        "Place": context.place,
        "Customer": context.customer,
        "Received": context.received_at,
        "Scanned": context.measured_at,
        "Sampling": context.sampling,
        "Audit chain": context.audit_head,
    }
    facts.extend(Fact(label, clean(text)) for label, text in asked.items() if text)
    absent = [label.lower() for label, text in asked.items() if not text]
    if absent:
        facts.append(Fact("Not recorded", ", ".join(absent)))
    return tuple(facts)


def _component(component: Component, unlisted: str) -> ComponentLine:
    listings = tuple(
        clean(
            f"{status.instrument}, {status.schedule} "
            f"(list as of {status.as_of}, source grade {status.grade})"
        )
        for status in component.control
    )
    return ComponentLine(
        name=clean(component.name),
        role=clean(component.role),
        kind=phrases.KINDS[component.kind],
        share=_share(component),
        rate=_rate(component),
        control=listings or (unlisted,),
    )


def _share(component: Component) -> str:
    share = percent(component.signal_share)
    if component.signal_share_interval is None or component.signal_share is None:
        return share
    low, high = component.signal_share_interval
    return f"{share} ({percent(low, 'down')} to {percent(high, 'up')})"


def _rate(component: Component) -> str:
    rate = component.match_rate
    if rate is None:
        return "not validated"
    return f"{right_of(rate)} right (at least {percent(rate.low95, 'down')})"


def _candidate(candidate: Candidate) -> CandidateLine:
    return CandidateLine(
        rank=str(candidate.rank),
        name=clean(candidate.name),
        kind=phrases.KINDS[candidate.kind],
        score=figure(candidate.score, ".3f"),
        explains=percent(candidate.explains),
        missing=percent(candidate.missing),
        shift=figure(candidate.shift_cm1, "+.1f"),
    )


def _quality(record: Identification) -> tuple[Fact, ...]:
    quality: Quality | None = record.quality
    facts = []
    if quality is None:
        facts.append(Fact("Not known", "the scan could not be used"))
    else:
        low, high = quality.range_cm1
        facts += [
            Fact("Signal to noise", figure(quality.snr, ".0f")),
            Fact("Detector saturated", "yes" if quality.saturated else "no"),
            Fact(
                "Background over strongest band",
                figure(quality.fluorescence_ratio, ".2f"),
            ),
            Fact("Raman shift range", f"{figure(low, '.0f')} to {figure(high, '.0f')} cm⁻¹"),
            Fact("Remarks", clean(", ".join(quality.flags).replace("_", " ")) or "none"),
        ]
    if record.library.notes:
        facts.append(Fact("Library", clean("; ".join(record.library.notes))))
    if record.assumptions:
        facts.append(Fact("Assumed", clean("; ".join(record.assumptions))))
    return tuple(facts)


def _least_visible_first(record: Identification) -> list[HiddenHazard]:
    """Order hazards so that a shortened list keeps those this scan was least able to see."""

    def blindness(hazard: HiddenHazard) -> float:
        share = hazard.smallest_share
        return math.inf if share is None or not math.isfinite(share) else share

    unseen = [hazard for hazard in record.cannot_exclude if hazard.reason != "named"]
    return sorted(unseen, key=blindness, reverse=True)


def _hidden_facts(record: Identification) -> tuple[Fact, ...]:
    """Return one line for each hazard, and one for all of which the library has no entry."""
    hazards = _least_visible_first(record)
    lacking = [hazard for hazard in hazards if not hazard.entry]
    listed = tuple(_hidden(hazard) for hazard in hazards if hazard.entry)
    if not lacking:
        return listed
    names = ", ".join(dict.fromkeys(hazard.name for hazard in lacking))
    return (_hidden(replace(lacking[0], name=names)), *listed)


def _hidden(hazard: HiddenHazard) -> Fact:
    share = hazard.smallest_share
    stated = "not known"
    if share is not None and math.isfinite(share):
        stated = f"below {share_up(share)}"
    why = HIDDEN_SHORT.get(hazard.reason)
    name = clean(hazard.name) + (f" ({why})" if why else "")
    return Fact(stated, name)


def _method(record: Identification, context: ReportContext) -> tuple[Fact, ...]:
    method, library = record.method, record.library
    kinds = " and ".join(phrases.KINDS.get(kind, clean(kind)) for kind in library.kinds)
    about = f"{library.name or NOT_RECORDED}, version {library.version or NOT_RECORDED}"
    about += f", {library.entries} entries" if library.entries else ""
    program = context.program_version
    if method.version and method.version != program:
        program += f" (verdict by {method.version})"
    facts = [
        Fact("Program and metric", clean(f"Spectra {program}; {method.metric or NOT_RECORDED}")),
        Fact("Library", clean(about) + (f" ({kinds})" if kinds else "")),
        Fact("Library SHA-256", clean(library.sha256 or NOT_RECORDED)),
        Fact("Pipeline hash", clean(method.pipeline or NOT_RECORDED)),
        Fact("Policy hash", clean(method.policy or NOT_RECORDED)),
    ]
    file_hash, evidence = record.sha256, context.evidence_sha256
    if file_hash and file_hash == evidence:
        return (*facts, Fact("File and evidence SHA-256", clean(file_hash)))
    return (
        *facts,
        Fact("File SHA-256", clean(file_hash or NOT_RECORDED)),
        Fact("Evidence SHA-256", clean(evidence or NOT_RECORDED)),
    )


def _metric(record: Identification) -> str:
    metric = clean(record.method.metric)
    return metric if len(metric) <= LONGEST_METRIC else metric[:LONGEST_METRIC] + " … (shortened)"


def _control_date(record: Identification, context: ReportContext) -> str:
    if record.control_on:
        scanned = (context.measured_at or "").startswith(record.control_on)
        return record.control_on + (" (date of scan)" if scanned else " (date of examination)")
    if context.measured_at:
        return clean(context.measured_at[:10]) + " (date of scan)"
    return clean(context.issued_at[:10]) + " (date of issue; date of scan not recorded)"


def _reference_label(comparison: Comparison | None) -> str:
    if comparison is None:
        return ""
    kind = phrases.KINDS[comparison.reference_kind]
    return f"Reference: {clean(comparison.reference_name)} ({kind})"
