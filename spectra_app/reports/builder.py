"""Build the report of one identification: what is said, in which words, in which order."""

from __future__ import annotations

from datetime import datetime

from spectra_app.errors import AppError
from spectra_app.records.identification import Comparison, Identification
from spectra_app.reports import findings, papers
from spectra_app.reports.checker import missing_facts
from spectra_app.reports.document import Missing, PlotWords, Report, Section
from spectra_app.reports.facts import ReportFacts
from spectra_app.reports.parts import Plot
from spectra_app.reports.phrases import moment
from spectra_app.reports.texts import Texts, load_texts

LONGEST_ID = 60
PRESUMPTIVE_LINES = {
    "presumptive": "presumptive",
    "technique": "presumptive.technique",
    "laboratory": "presumptive.laboratory",
}


def build_report(
    record: Identification,
    comparison: Comparison | None,
    facts: ReportFacts,
    language: str = "en",
) -> Report:
    """Return the report of `record` as data.

    Parameters
    ----------
    record : Identification
        The verdict to report.
    comparison : Comparison or None
        Scan against the reference to draw; None when there is none.
    facts : ReportFacts
        Who, when, where, which item, and what else is recorded about it.
    language : str
        Of the report, apart from that of the screen; see `spectra_app.reports.texts`.

    Raises
    ------
    AppError
        The report id is empty or too long, the time of issue is not an ISO 8601 time, or there is
        no such language.
    """
    _check(facts)
    texts = load_texts(language)
    missing = missing_facts(facts, record)
    return Report(
        title=texts.say("title"),
        presumptive=texts.say(PRESUMPTIVE_LINES[facts.standing]),
        marks=_marks(record, comparison, facts, texts, missing),
        identity=(
            texts.say("report", id=facts.report_id),
            texts.say("issued_at", time=moment(facts.issued_at)),
        ),
        verdict=findings.verdict(record, texts),
        reasons_title=texts.say("heading.because"),
        reasons=findings.reasons(record, texts),
        advice_title=texts.say("heading.advice"),
        advice=findings.advice(record, texts),
        sections=_sections(record, comparison, facts, texts, missing),
        signature=_signature(facts, texts),
        end=texts.say("end", id=facts.report_id),
        plot=plot_words(record, comparison, texts),
        missing=missing,
        comparison=comparison,
        record=record,
        facts=facts,
        texts=texts,
    )


def _check(facts: ReportFacts) -> None:
    if not facts.report_id.strip():
        raise AppError("the report has no identifier", "report", "give the report an identifier")
    if len(facts.report_id) > LONGEST_ID:
        raise AppError(
            f"the report's identifier has {len(facts.report_id)} characters",
            "report",
            f"give it at most {LONGEST_ID}",
        )
    try:
        datetime.fromisoformat(facts.issued_at)
    except ValueError as error:
        raise AppError(
            f"the time of issue {facts.issued_at!r} is not an ISO 8601 time",
            "report",
            "give it as 2026-11-21T14:05:00+00:00",
        ) from error


def _sections(
    record: Identification,
    comparison: Comparison | None,
    facts: ReportFacts,
    texts: Texts,
    missing: tuple[Missing, ...],
) -> tuple[Section, ...]:
    """Return what follows the verdict; an empty section is left out, numbers follow the order."""
    made = {
        "item": papers.item(record, facts, texts),
        "result": findings.components(record, texts),
        "scans": findings.other_scans(facts, texts),
        "candidates": findings.candidates(record, texts),
        "plot": (Plot(_plot_note(record, comparison, texts)),),
        "hidden": findings.hidden(record, texts),
        "quality": findings.quality(record, texts),
        "method": papers.method(record, facts, texts),
        "decision": papers.decision(record, facts, texts),
        "other": papers.others(facts, texts),
        "evaluation": papers.evaluation(facts, texts),
        "limits": papers.limits(record, facts, texts),
        "changes": papers.changes(facts, texts),
        "trace": papers.trace(record, facts, texts),
        "authority": papers.authority(facts, texts),
        "missing": papers.not_recorded(missing, texts),
    }
    date = findings.control_date(record, facts, texts)
    headings = {code: texts.say(f"heading.{code}", date=date) for code in made}
    return tuple(Section(code, headings[code], parts) for code, parts in made.items() if parts)


def _marks(
    record: Identification,
    comparison: Comparison | None,
    facts: ReportFacts,
    texts: Texts,
    missing: tuple[Missing, ...],
) -> tuple[str, ...]:
    """Return the warnings that stand above the verdict: what is not real says so first."""
    kinds = {part.kind for part in record.components} | {one.kind for one in record.candidates}
    if comparison is not None:
        kinds.add(comparison.reference_kind)
    graver = findings.graver_scan(record, facts)
    asked = {
        "emulated_scan": record.emulated,
        "emulated_reference": "emulated" in kinds,
        "demo": facts.demo,
        "contradicted": facts.contradicted,
        "graver_scan": bool(graver),
        "besides": bool(facts.besides),
        "restricted": facts.restricted,
        "amended": bool(facts.amends),
        "incomplete": bool(missing),
        "unreviewed": texts.review.state == "unreviewed",
    }
    values = {"id": facts.amends, "reason": facts.amends_reason, "version": texts.version,
              "alarm": texts.word("alarm", graver), "names": texts.many(facts.besides)}  # fmt: skip
    return tuple(texts.say(f"mark.{code}", **values) for code, shown in asked.items() if shown)


def _signature(facts: ReportFacts, texts: Texts) -> str:
    if facts.certificate is None:
        return texts.say("unsigned")
    return texts.say("signed", subject=facts.certificate.subject)


def _plot_note(record: Identification, comparison: Comparison | None, texts: Texts) -> str:
    if comparison is not None:
        return texts.say("plot.note")
    return texts.say("plot.refused" if record.outcome == "refused" else "plot.nothing")


def plot_words(
    record: Identification, comparison: Comparison | None, texts: Texts
) -> PlotWords | None:
    """Return what is written into the plot; None when there is nothing to draw."""
    if comparison is None:
        return None
    kind = texts.word("kind", comparison.reference_kind)
    return PlotWords(
        scan=texts.say("plot.scan_emulated" if record.emulated else "plot.scan"),
        reference=texts.say("plot.reference", name=comparison.reference_name, kind=kind),
        residual=texts.say("plot.residual"),
        axis=texts.say("plot.axis"),
        matched=texts.say("plot.matched", count=len(comparison.matched_peaks_cm1)),
        missing=texts.say("plot.missing", count=len(comparison.missing_peaks_cm1)),
        unexplained=texts.say("plot.unexplained", count=len(comparison.unexplained_peaks_cm1)),
    )
