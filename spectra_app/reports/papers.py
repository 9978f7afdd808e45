"""What a report says beside the findings: item, method, decision rule, limits, traceability."""

from __future__ import annotations

import math

from spectra_app.records.identification import Component, Identification
from spectra_app.reports.document import Missing, Part, record_sha256
from spectra_app.reports.facts import (
    NO_DEVIATIONS,
    ErrorRate,
    ExternalResult,
    OtherTechnique,
    ReportFacts,
    Standing,
)
from spectra_app.reports.figures import percent
from spectra_app.reports.findings import metric_name
from spectra_app.reports.parts import Code, Column, Fact, Facts, Table, Words
from spectra_app.reports.phrases import corrected, identifier, moment, source
from spectra_app.reports.texts import Said, Texts

ALWAYS = (
    "laboratory",
    "address",
    "place",
    "customer",
    "customer_contact",
    "case",
    "item",
    "description",
    "condition",
    "received_at",
    "sampled_at",
    "performed_at",
    "issued_at",
    "operator",
)
ORDER = (
    "laboratory", "address", "place", "customer", "customer_contact", "case", "case_reference",
    "item", "scan", "identifiers", "description", "condition", "weight", "received_at", "sampling",
    "sampled_at", "measured_at", "performed_at", "operator", "file", "spectrum", "column",
    "issued_at",
)  # fmt: skip
WHEN_KNOWN = ("case_reference", "scan", "weight", "measured_at")
LEAST_SHOWN = 1e-9
LIMITS = ("item", "sample", "negative", "share", "raman", "isomers", "copy")


def or_not(text: str, texts: Texts) -> Said:
    """Return a fact, or that it is not recorded."""
    return texts.put(text) if text else texts.say("not_recorded")


def item(record: Identification, facts: ReportFacts, texts: Texts) -> tuple[Part, ...]:
    """Return who asked, where, which item, when and how it was sampled."""
    shown = {code: or_not(_readable(facts, code), texts) for code in ALWAYS}
    shown |= {
        code: texts.put(_readable(facts, code)) for code in WHEN_KNOWN if getattr(facts, code)
    }
    if facts.identifiers:
        shown["identifiers"] = texts.many(identifier(one, texts) for one in facts.identifiers)
    shown["sampling"] = _sampling(facts, texts)
    shown["file"] = source(record, texts)
    if record.spectrum:
        shown["spectrum"] = texts.put(record.spectrum)
    if record.asked.column:
        shown["column"] = texts.word("column_of", record.asked.column)
    lines = (Fact(texts.say(f"item.{code}"), shown[code]) for code in ORDER if code in shown)
    return (Facts(tuple(lines), paired=True),)


def _readable(facts: ReportFacts, code: str) -> str:
    """Return a fact as it is printed: times for reading."""
    text = str(getattr(facts, code))
    return moment(text) if code.endswith("_at") else text


def _sampling(facts: ReportFacts, texts: Texts) -> Said:
    if not facts.packages:
        return or_not(facts.sampling, texts)
    return texts.say(
        "item.sampling_counted",
        sampled=facts.sampled,
        packages=facts.packages,
        plan=texts.put(facts.sampling),
    )


def method(record: Identification, facts: ReportFacts, texts: Texts) -> tuple[Part, ...]:
    """Return principle, program, library, analyser, calibration and deviations."""
    made, program = record.method.version, facts.program_version
    key = "method.program_other" if made and made != program else "method.program_text"
    none = facts.deviations == NO_DEVIATIONS
    lines = {
        "principle": texts.say("method.principle_text"),
        "program": texts.say(key, version=program, made=made),
        "metric": metric_name(record, texts),
        "library": _library(record, texts),
        "analyser": or_not(facts.analyser, texts),
        "calibration": _calibration(facts, texts),
        "deviations": (
            texts.say("method.deviations_none") if none else or_not(facts.deviations, texts)
        ),
    }
    return (Facts(tuple(Fact(texts.say(f"method.{c}"), text) for c, text in lines.items())),)


def _library(record: Identification, texts: Texts) -> Said:
    library = record.library
    if not library.name:
        return texts.say("not_recorded")
    return texts.say(
        "method.library_text",
        name=library.name,
        version=library.version or texts.say("not_recorded"),
        entries=library.entries,
        kinds=texts.many(texts.word("kind", kind) for kind in library.kinds)
        or texts.say("not_recorded"),
    )


def _calibration(facts: ReportFacts, texts: Texts) -> Said:
    found = facts.calibration
    values = {
        "standard": or_not(found.standard, texts),
        "checked_at": or_not(moment(found.checked_at), texts),
        "expires": or_not(moment(found.expires), texts),
    }
    return texts.say(f"calibration.{found.state}", **values)


# --- Decision rule ------------------------------------------------------------------------------


def decision(record: Identification, facts: ReportFacts, texts: Texts) -> tuple[Part, ...]:
    """Return the rule, its risk for what is named, and the measured rates with their bounds."""
    said = [texts.say("decision.rule"), *(_risk(part, texts) for part in record.components)]
    by_score = tuple(rate for rate in facts.rates if rate.least_score is not None)
    overall = tuple(rate for rate in facts.rates if rate.least_score is None)
    parts: list[Part] = [Words(tuple(said))]
    if by_score:
        parts.append(_score_table(by_score, texts))
    if overall:
        parts.append(_rate_table(overall, texts))
    if not facts.rates:
        parts.append(Words((texts.say("decision.no_rates"),), strong=True))
    elif not overall:
        parts.append(Words((texts.say("decision.no_validation"),)))
    return tuple(parts)


def _risk(component: Component, texts: Texts) -> Said:
    rate = component.match_rate
    if rate is None:
        return texts.say("decision.component_unknown", name=component.name)
    return texts.say(
        "decision.component",
        name=component.name,
        right=round(rate.rate * rate.n),
        n=rate.n,
        most=percent(1.0 - rate.low95, "up"),
    )


def _score_table(rates: tuple[ErrorRate, ...], texts: Texts) -> Table:
    columns = (
        Column(texts.say("column.range"), 58.0),
        *(
            Column(texts.say(f"column.{code}"), 40.0, "right")
            for code in ("right", "bounds", "wrong")
        ),
    )
    rows = tuple(
        (
            _from(rate.least_score or 0.0, texts),
            texts.put(f"{rate.count} / {rate.n}"),
            texts.put(bounds(rate)),
            texts.put(percent(1.0 - rate.low95, "up")),
        )
        for rate in rates
    )
    return Table(columns, rows, texts.say("decision.rates_note", source=_source(rates[0], texts)))


def _from(score: float, texts: Texts) -> Said:
    """Return from which score on, rounded down, so that a range never seems narrower than it was.

    The smallest ones keep a figure that tells them from nothing.
    """
    if score < LEAST_SHOWN:
        return texts.say("rate.from_zero")
    places = max(3, 1 - math.floor(math.log10(score)))
    rounded = math.floor(score * 10.0**places) / 10.0**places
    return texts.say("rate.from", score=f"{rounded:.{places}f}")


def _rate_table(rates: tuple[ErrorRate, ...], texts: Texts) -> Table:
    columns = (
        Column(texts.say("column.what"), 88.0),
        Column(texts.say("column.count"), 26.0, "right"),
        Column(texts.say("column.share_of"), 24.0, "right"),
        Column(texts.say("column.bounds"), 40.0, "right"),
    )
    rows = tuple(
        (
            texts.say(f"rate.{rate.what}"),
            texts.put(f"{rate.count} / {rate.n}"),
            texts.put(percent(rate.count / rate.n)),
            texts.put(bounds(rate)),
        )
        for rate in rates
    )
    return Table(columns, rows, texts.say("decision.rates_note", source=_source(rates[0], texts)))


def _source(rate: ErrorRate, texts: Texts) -> Said:
    """Return what a rate was measured with."""
    if not rate.basis:
        return texts.put(rate.source)
    return texts.say(f"rate.source_{rate.basis}", detail=rate.source)


def bounds(rate: ErrorRate) -> str:
    """Return the exact bounds of a rate, rounded outwards."""
    return f"{percent(rate.low95, 'down')} – {percent(rate.high95, 'up')}"


# --- Others, weight, limits ---------------------------------------------------------------------

_STANDS: dict[Standing, str] = {
    "presumptive": "presumptive",
    "technique": "technique_agrees",
    "laboratory": "laboratory",
}


def others(facts: ReportFacts, texts: Texts) -> tuple[Part, ...]:
    """Return second techniques, and what other laboratories found, marked as not ours."""
    stands = texts.say(f"other.{_STANDS[facts.standing]}")
    parts: list[Part] = [Words((texts.say("other.swgdrug"), stands))]
    if facts.techniques:
        parts.append(_techniques(facts, texts))
    else:
        parts.append(Words((texts.say("other.none"),)))
    if facts.external:
        label = texts.say("external.label")
        parts.append(Facts(tuple(Fact(label, _external(one, texts)) for one in facts.external)))
    else:
        parts.append(Words((texts.say("other.external_none"),)))
    return tuple(parts)


def _techniques(facts: ReportFacts, texts: Texts) -> Table:
    widths = {
        "technique": 30.0,
        "category": 18.0,
        "found": 42.0,
        "agreement": 26.0,
        "sampling": 24.0,
        "done": 38.0,
    }
    columns = tuple(Column(texts.say(f"other.{code}"), width) for code, width in widths.items())
    rows = tuple(
        (
            texts.many(word for word in (one.technique, one.instrument) if word),
            texts.put(one.category),
            texts.many(word for word in (*one.found, one.remarks) if word)
            or texts.say("not_recorded"),
            _agreement(one, texts),
            texts.say("sampling.separate" if one.separate_sampling else "sampling.same"),
            texts.many(word for word in (moment(one.performed_at), one.performed_by) if word)
            or texts.say("not_recorded"),
        )
        for one in facts.techniques
    )
    return Table(columns, rows)


def _agreement(one: OtherTechnique, texts: Texts) -> Said:
    """Return whether a technique agrees; and why that does not count, when it does not."""
    said = texts.word("agreement", one.agreement)
    counts = one.weight == "against" or not one.silent
    if counts or (one.agreement == "inconclusive" and one.weight != "doubt"):
        return said
    return texts.say("agreement.silent", agreement=said, why=texts.word("silent", one.silent))


def _external(result: ExternalResult, texts: Texts) -> Said:
    """Return what a laboratory was asked or said; it confirms only what this report names."""
    answered = result.state in {"confirmed", "refuted"} and result.weight in {
        "silent",
        "doubt",
        "apart",
    }
    pairs = list(result.found)
    for place, quantity in enumerate(result.quantities[: len(pairs)]):
        pairs[place] = f"{pairs[place]} {quantity}".strip()
    name = result.examined_by
    examiner = texts.say("external.examiner", name=name) if name else ""
    return texts.say(
        "external.silent" if answered else f"external.{result.state}",
        why=texts.word("silent", result.silent) if answered else "",
        laboratory=or_not(result.laboratory, texts),
        reference=or_not(result.reference, texts),
        sent_at=or_not(moment(result.sent_at), texts),
        answered_at=or_not(moment(result.answered_at), texts),
        found=texts.many(word for word in (*pairs, examiner, result.remarks) if word)
        or texts.say("not_recorded"),
        method=or_not(result.method, texts),
    )


def evaluation(facts: ReportFacts, texts: Texts) -> tuple[Part, ...]:
    """Return the likelihood ratio on the station's own scale; off until it has validated one."""
    weight = facts.evaluation
    if weight is None:
        return (Words((texts.say("evaluation.off"),)),)
    scale = texts.many(f"{span}: {words}" for span, words in weight.scale)
    sentence = texts.say(
        "evaluation.sentence",
        ratio=weight.ratio,
        proposition=weight.proposition,
        alternative=weight.alternative,
        words=weight.words,
    )
    validation = texts.say("evaluation.validation", validation=weight.validation)
    return (Words((sentence, texts.say("evaluation.scale", scale=scale), validation)),)


def limits(record: Identification, facts: ReportFacts, texts: Texts) -> tuple[Part, ...]:
    """Return the limits that hold for this report, each a sentence or two."""
    out = [texts.say(f"limit.{code}") for code in LIMITS if code != "sample" or facts.packages > 1]
    if "reconstructed" in record.library.kinds or record.outcome == "lead":
        out.append(texts.say("limit.reconstructed"))
    return (Words(tuple(out)),)


# --- Amendments, traceability, authority --------------------------------------------------------


def changes(facts: ReportFacts, texts: Texts) -> tuple[Part, ...]:
    """Return what was corrected, each with the original; nothing when nothing was."""
    parts: list[Part] = []
    if facts.amends:
        reason = or_not(facts.amends_reason, texts)
        parts.append(Words((texts.say("change.replaces", id=facts.amends, reason=reason),)))
    if facts.changes:
        widths = {"of": 36.0, "original": 36.0, "amended": 38.0, "reason": 30.0, "made": 38.0}
        columns = tuple(Column(texts.say(f"change.{c}"), width) for c, width in widths.items())
        rows = tuple(
            (
                corrected(change.of, change.field, texts),
                or_not(change.original, texts),
                or_not(change.amended, texts),
                or_not(change.reason, texts),
                texts.many((moment(change.made_at), change.made_by)),
            )
            for change in facts.changes
        )
        parts.append(Table(columns, rows, texts.say("change.note")))
    return tuple(parts)


def trace(record: Identification, facts: ReportFacts, texts: Texts) -> tuple[Part, ...]:
    """Return every hash that makes the result reproducible, and the code of its record."""
    result = facts.result_sha256 or record_sha256(record)
    hashes = {
        "record": result,
        "evidence": "; ".join(facts.evidence),
        "library": record.library.sha256,
        "pipeline": record.method.pipeline,
        "policy": record.method.policy,
        "lists": record.control_lists.sha256,
        "calibration": facts.calibration.record_sha256,
        "audit": facts.audit_head,
        "key": facts.station_key,
    }
    lines = [Fact(texts.say(f"trace.{c}"), or_not(text, texts)) for c, text in hashes.items()]
    about = texts.say("trace.language_text", name=texts.name, version=texts.version)
    review = texts.review
    state = texts.say(f"review.{review.state}", by=review.by, on=review.on)
    lines.append(Fact(texts.say("trace.language"), texts.many((about, state))))
    return (Facts(tuple(lines)), Code(result, texts.say("trace.code")))


def authority(facts: ReportFacts, texts: Texts) -> tuple[Part, ...]:
    """Return who authorises the report, and with whose certificate the file is signed."""
    lines = [("authorised", or_not(facts.authorised_by, texts))]
    if facts.countersigned_by:
        lines.append(("countersigned", texts.put(facts.countersigned_by)))
    one = facts.certificate
    if one is None:
        lines.append(("signature", texts.say("unsigned")))
    else:
        names = ("subject", "issuer", "serial", "sha256")
        values = {name: getattr(one, name) for name in names}
        values["not_after"] = moment(one.not_after)
        lines.append(("signature", texts.say("signed", subject=one.subject)))
        lines.append(("certificate", texts.say("authority.certificate_text", **values)))
    return (Facts(tuple(Fact(texts.say(f"authority.{c}"), text) for c, text in lines)),)


def not_recorded(missing: tuple[Missing, ...], texts: Texts) -> tuple[Part, ...]:
    """Return what the standard asks for and nobody recorded; nothing when all is there."""
    if not missing:
        return ()
    lines = texts.many(
        texts.say("missing.item", label=texts.say(item.label), clause=item.clause)
        for item in missing
    )
    return (Words((texts.say("missing.intro", items=lines),)),)
