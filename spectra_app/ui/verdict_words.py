"""What a verdict says, in the language of the window; no widget here.

The words of codes (outcomes, alarm levels, reasons, advice, listings) are those of reports, so that
screen and paper never say two things.
"""

from __future__ import annotations

from spectra_app.records.identification import Component, ControlStatus, Identification, MatchRate
from spectra_app.reports.phrases import hazard
from spectra_app.reports.texts import Said, Texts
from spectra_app.wording import hidden_shares, share_down, share_up


def found_lines(record: Identification, texts: Texts) -> list[str]:
    """Return the components, what their shares mean, and the listings found for each."""
    lines = [component_line(component, texts) for component in record.components]
    if any(component.signal_share is not None for component in record.components):
        lines.append(texts.say("card.shares"))
    for component in record.components:
        if component.role == "container" and not component.control:
            continue
        said = [listing_line(one, texts) for one in component.control]
        for text in said or [no_listing_line(record, texts)]:
            several = len(record.components) > 1
            of = texts.say("control.of", name=component.name, status=text)
            lines.append(of if several else text)
    return [_begun(line) for line in lines]


def listings_line(record: Identification, texts: Texts) -> str:
    """Return under which listings the named stand, in a few words: the first of each component."""
    first = (part.control[0] for part in record.components if part.control)
    told = dict.fromkeys(f"{one.instrument}, {one.schedule}" for one in first)
    return texts.many(told)


def component_line(component: Component, texts: Texts) -> Said:
    """Return name, share of the signal with its interval, kind, and rate where known."""
    text = texts.say("card.named", name=component.name, kind=texts.word("kind", component.kind))
    if component.signal_share is not None:
        share = f"{100 * component.signal_share:.0f} %"
        text = texts.say("card.share", named=text, share=share)
        if component.signal_share_interval is not None:
            low, high = component.signal_share_interval
            text = texts.say("card.between", shared=text, low=share_down(low), high=share_up(high))
    if component.match_rate is not None:
        text = texts.say("card.and", first=text, second=rate_line(component.match_rate, texts))
    return text


def rate_line(rate: MatchRate, texts: Texts) -> Said:
    """Return how often such a score was right: counts, as 579 of 580 is not 100 %."""
    return texts.say(
        "card.rate", right=round(rate.rate * rate.n), n=rate.n, low=share_down(rate.low95)
    )


def listing_line(status: ControlStatus, texts: Texts) -> Said:
    """Return one listing: instrument, schedule, date and grade of the list."""
    return texts.say(
        "control.listing",
        instrument=status.instrument,
        schedule=status.schedule,
        as_of=status.as_of,
        grade=status.grade,
    )


def no_listing_line(record: Identification, texts: Texts) -> Said:
    """Return what to say of a component without a listing; never more than was looked up."""
    asked = record.control_lists
    if record.alarm == "unknown":
        return texts.say("control.unknown")
    if not asked.lists_to:
        return texts.say("control.none_undated")
    lists = texts.many(asked.jurisdictions or ("UN", "EU"))
    found = texts.say("control.none", lists=lists, to=asked.lists_to)
    if set(asked.jurisdictions) - {"UN", "EU"}:
        return found
    return texts.many((found, texts.say("control.no_national")))


def why_lines(record: Identification, texts: Texts) -> list[str]:
    """Return what the verdict rests on, and what stands against library and reading."""
    told = record.outcome == "refused" and bool(record.error)
    lines: list[str] = [texts.put(_begun(record.error))] if record.error else []
    lines += [texts.say("card.against_library", text=text) for text in record.library.notes]
    lines += [
        texts.word("reason", code)
        for code in record.reasons
        if not told or f"reason.{code}" in texts.texts
    ]
    return [*lines, *(texts.say("card.assumed", text=text) for text in record.assumptions)]


def next_lines(record: Identification, texts: Texts) -> list[str]:
    """Return what to do next."""
    return [texts.word("advice", code) for code in record.advice]


def hidden_lines(record: Identification, texts: Texts) -> list[str]:
    """Return what this scan could not have seen, as sentences: stated limits first."""
    shares, reasons = hidden_shares(record)
    lines: list[str] = []
    if shares:
        below = (
            texts.say("card.hidden_below", name=hazard(name, texts), share=share_up(share))
            for name, share in shares
        )
        lines.append(texts.say("card.hidden_shares", list=texts.many(below)))
    for reason, names in reasons.items():
        if names:
            why = texts.say(f"card.hidden_{reason}")
            listed = texts.many(hazard(name, texts) for name in names)
            lines.append(texts.say("card.hidden_names", why=why, names=listed))
    if not lines:
        return [texts.say("card.hidden_unknown")]
    return [*lines, texts.say("card.hidden_others")]


def spoken(record: Identification, word: str, headline: str, texts: Texts) -> str:
    """Return the verdict as a screen reader should say it."""
    said = texts.say("card.spoken", word=word, headline=headline)
    return texts.say("card.spoken_emulated", said=said) if record.emulated else said


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]
