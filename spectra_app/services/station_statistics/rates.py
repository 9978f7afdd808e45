"""The station's own true and false positive rates, from what laboratories answered.

Counted are items, never scans: repeated scans of one item are not independent. Items of one case
are often of one batch, so the same is counted by cases, too: a case is right when every item of it
was, and wrong when any was. Items without an answer are counted and shown, and nothing is assumed
of them. Bounds are exact (Clopper-Pearson, two-sided 95 %).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from library.control import assess
from library.substances import fold
from spectra_app.records.evidence import EvidenceStore
from spectra_app.services.cases.seeing import sight_of
from spectra_app.services.control import ControlSetup, control_setup
from spectra_app.services.libraries import no_progress
from spectra_app.services.office import Office, Session
from spectra_app.services.station_statistics.collecting import (
    Collected,
    ItemFacts,
    Period,
    collect,
)
from spectra_app.services.station_statistics.judging import NAMING, Judged, judged
from spectra_app.services.station_statistics.naming import is_cutting_agent, keys_of, title_of
from spectra_app.services.statistics import Rate, rate

T = TypeVar("T")
Progress = Callable[[float, str], None]
AT_ONCE = 100  # items judged between two looks at whether to go on: each reads its results
JUDGED, BY_OUTCOME = 0.4, 0.6  # shares of the work after which these are done
COMPARING = "comparing with the laboratory"
ALARMS = ("controlled", "precursor", "hazard")
OUTCOMES = (*NAMING, "class_only", "container_only", "inconclusive", "not_in_library", "refused")
ANSWERED = ("confirmed", "refuted")

RULES = (
    "Counted are items, not scans. An item counts as named when any of its filed scans named the "
    "substance, so an item that was scanned more often had more chances. By cases: right when "
    "every item of the case was right, wrong when any was wrong.",
    "An item is judged by what a laboratory found. Items without an answer, with one that neither "
    "confirms nor refutes, with answers that contradict each other or have nothing in common, or "
    "with an amended scan or answer are counted and not judged; nor are scans from after the "
    "answer, and items that have no others.",
    "A name is right when it, or a set of at most three that Raman does not tell apart and that "
    "holds it, is the substance found; salts and synonyms are one substance. A larger set that "
    "holds it is neither right nor wrong. Packaging is not judged, nor a cutting agent that the "
    "laboratory does not mention.",
    "Where a laboratory found several substances, naming one of them is right. Whether all of them "
    "that raise the alarm were named is a rate of its own, as is each substance.",
    "What a laboratory that confirms wrote, and no table knows, may be what was named: names of "
    "such an item are not judged, nor are those of one with a result that cannot be read.",
    "A laboratory that refutes without saying what it found shows no more than that nothing named "
    "is there: such an item counts as a false positive of what was named and of the alarm that was "
    "raised, and for nothing else. So these rates are rather too high than too low.",
    "Items are sent to a laboratory for a reason, so those sent are no random choice: the rates "
    "hold for items such as those sent.",
    "Scans that were discarded, or never filed, belong to no item and are only counted.",
    "Not counted: cases of other stations, and emulated ones. Days are local.",
)


@dataclass(frozen=True, slots=True)
class TwoRates:
    """A rate by items, and by cases."""

    items: Rate
    cases: Rate

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {"items": self.items.to_json(), "cases": self.cases.to_json()}


def station_rates(office: Office, session: Session, period: Period | None = None) -> dict[str, Any]:
    """Return the station's own rates for items first scanned within a period, as plain values.

    ``counted`` says what went in and what did not and why; ``alarm`` the rates of the alarm level,
    ``naming`` of names altogether, ``outcomes`` and ``substances`` one row each.
    """
    me = office.require(session, "statistics.show")
    found = collect(office.ledger, sight_of(office, me))
    wanted = period or Period()
    figures = rates_of(
        found, office.evidence, control_setup(office.folder), wanted, emulated=office.demo
    )
    return {
        "made_at": office.clock(),
        "period": {"from": wanted.first, "to": wanted.last},
        "demonstration": office.demo,
        "cleared": me.cleared,
        "rules": list(RULES),
        **figures,
    }


def rates_of(
    found: Collected,
    evidence: EvidenceStore,
    setup: ControlSetup,
    period: Period,
    *,
    emulated: bool = False,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Return the rates of records; see `station_rates`.

    `progress` (share, words) is told how far it is; what it raises ends it.
    """
    inside = [one for one in found.items if one.scans and period.holds(one.scans[0].scanned_at)]
    own = [one for one in inside if one.own and one.case.emulated == emulated]
    settled = [one for one in own if one.state in ANSWERED]
    blind = [one for one in settled if one.blind]
    answers = [judged(one, evidence) for one in _told(progress, blind, 0.0, JUDGED, AT_ONCE)]
    unknown = sorted({name for one in answers for name in one.unknown})
    counted = {
        "items": len(own),
        "cases": len({one.case.id for one in own}),
        "scanned_after_answer": len(settled) - len(answers),
        "of_other_stations": sum(not one.own for one in inside),
        "emulated_or_real": sum(one.own and one.case.emulated != emulated for one in inside),
        **_of_states(own),
        **_of_answers(answers),
        **_of_scans(found, period),
    }
    open_items = [one for one in own if one.state not in ANSWERED or not one.blind]
    readable = [one for one in answers if one.names_known]
    alarm = _alarm(answers, setup)
    progress((JUDGED + BY_OUTCOME) / 2, COMPARING)
    return {
        "counted": counted,
        "not_known": unknown,
        "alarm": alarm,
        "naming": _naming(readable, "") | {"all_named": _all_named(readable, setup)},
        "outcomes": [
            _outcome(name, answers, open_items, setup)
            for name in _told(progress, OUTCOMES, (JUDGED + BY_OUTCOME) / 2, BY_OUTCOME, 1)
        ],
        "substances": _substances(readable, open_items, progress),
    }


def _of_states(own: Sequence[ItemFacts]) -> dict[str, int]:
    """Return how many items have no answer, or one that cannot be counted."""
    states = Counter(one.state for one in own)
    return {
        "sent_no_answer": states["sent"],
        "neither": states["neither"],
        "not_sent": states["not sent"],
        "contradictory": states["contradictory"],
        "amended": states["amended"],
    }


def _of_answers(answers: Sequence[Judged]) -> dict[str, int]:
    return {
        "judged": len(answers),
        "refuted_not_stated": sum(not one.stated for one in answers),
        "found_not_known": sum(bool(one.unknown) for one in answers),
        "scanned_more_than_once": sum(len(one.facts.scans) > 1 for one in answers),
        "results_unreadable": sum(one.unreadable for one in answers),
    }


def _of_scans(found: Collected, period: Period) -> dict[str, int]:
    scans = Counter(one.state for one in found.scans if period.holds(one.scanned_at))
    return {"scans_discarded": scans["discarded"], "scans_unfiled": scans["unfiled"]}


def _told(
    progress: Progress, many: Sequence[T], first: float, last: float, at_once: int
) -> Iterator[T]:
    """Yield each of `many`, telling the share, from `first` to `last`, before some of them."""
    for place, one in enumerate(many):
        if place % at_once == 0:
            progress(first + (last - first) * place / len(many), COMPARING)
        yield one


# --- The alarm ----------------------------------------------------------------------------------


def _alarm(answers: Sequence[Judged], setup: ControlSetup) -> dict[str, Any]:
    """Return how often the alarm was right: it is raised for controlled, precursor and hazard."""
    there = {one.facts.item.id: _holds_alarm(one, setup) for one in answers}
    positive = [one for one in answers if there[one.facts.item.id] is True]
    negative = [one for one in answers if there[one.facts.item.id] is False]
    return {
        "true_positive": _rate(positive, _raised, worst=all).to_json(),
        "false_positive": _rate(negative, _raised, worst=any).to_json(),
        "not_judged": len(answers) - len(positive) - len(negative),
    }


def _raised(one: Judged) -> bool:
    return any(scan.alarm in ALARMS for scan in one.facts.scans)


def _holds_alarm(one: Judged, setup: ControlSetup) -> bool | None:
    """Return whether the laboratory found what must raise the alarm; None when that is not known.

    By the lists that the station asks, on the day of the first scan.
    """
    if _alarming(one, setup):
        return True
    on = one.facts.scans[0].scanned_at[:10]
    levels = {_level(name, on, setup) for name in one.facts.found}
    if not one.stated:
        return False if _raised(one) else None
    return None if "unknown" in levels else False


@lru_cache(maxsize=4096)
def _level(name: str, on: str, setup: ControlSetup) -> str:
    return assess(
        date.fromisoformat(on), name=name, jurisdiction=setup.jurisdictions, lists=setup.lists
    ).alarm


# --- Names --------------------------------------------------------------------------------------


def _naming(answers: Sequence[Judged], outcome: str) -> dict[str, Any]:
    """Return how often names were right or wrong, of the items with a name that can be judged."""

    def wrong(one: Judged) -> bool:
        return bool(one.wrong(outcome))

    def right(one: Judged) -> bool:
        return not wrong(one) and not one.too_wide(outcome)

    can_be = [one for one in answers if one.right(outcome) or not right(one)]
    return {
        "right": _rate(can_be, right, worst=all).to_json(),
        "wrong": _rate(can_be, wrong, worst=any).to_json(),
    }


def _all_named(answers: Sequence[Judged], setup: ControlSetup) -> dict[str, Any]:
    """Return how often every substance that raises the alarm was named, where one was found."""
    there = {one.facts.item.id: _alarming(one, setup) for one in answers}

    def all_of(one: Judged) -> bool:
        return all(_rightly(one, keys_of(name)) for name in there[one.facts.item.id])

    holding = [one for one in answers if there[one.facts.item.id]]
    return _rate(holding, all_of, worst=all).to_json()


def _alarming(one: Judged, setup: ControlSetup) -> tuple[str, ...]:
    on = one.facts.scans[0].scanned_at[:10]
    return tuple(name for name in one.facts.found if _level(name, on, setup) in ALARMS)


def _outcome(
    name: str, answers: Sequence[Judged], open_items: Sequence[ItemFacts], setup: ControlSetup
) -> dict[str, Any]:
    """Return one row: an item counts once under each outcome that a scan of it had."""
    mine = [one for one in answers if any(scan.outcome == name for scan in one.facts.scans)]
    known = [one for one in mine if _holds_alarm(one, setup) is not None]
    waiting = sum(any(scan.outcome == name for scan in one.scans) for one in open_items)
    row: dict[str, Any] = {
        "outcome": name,
        "items": len(mine) + waiting,
        "judged": len(mine),
        "not_confirmed": waiting,
        "alarm_substance_found": _rate(
            known, lambda one: bool(_holds_alarm(one, setup)), worst=any
        ).to_json(),
    }
    readable = [one for one in mine if one.names_known]
    return row | (_naming(readable, name) if name in NAMING else {"right": None, "wrong": None})


def _substances(
    answers: Sequence[Judged], open_items: Sequence[ItemFacts], progress: Progress
) -> list[dict[str, Any]]:
    """Return one row for every substance that was found, or named and can be judged."""
    names = [name for one in answers for name in one.facts.found]
    names += [part.name for one in answers for part in (*one.right(), *one.wrong())]
    names += [name for one in open_items for name in one.named]
    titles = {fold(title_of(name)): title_of(name) for name in names}
    rows = [
        _substance(title, keys_of(title), answers, open_items)
        for title in _told(progress, tuple(titles.values()), BY_OUTCOME, 1.0, 1)
    ]
    return sorted(rows, key=lambda row: str(row["substance"]).casefold())


def _substance(
    title: str, keys: frozenset[str], answers: Sequence[Judged], open_items: Sequence[ItemFacts]
) -> dict[str, Any]:
    there = [one for one in answers if one.found & keys]
    absent = [
        one
        for one in answers
        if not one.found & keys
        and (one.stated or _falsely(one, keys))
        # that a laboratory does not mention a cutting agent says nothing
        and (not is_cutting_agent(title) or _falsely(one, keys))
    ]
    waiting = sum(any(keys_of(name) & keys for name in one.named) for one in open_items)
    return {
        "substance": title,
        "true_positive": _rate(there, lambda one: _rightly(one, keys), worst=all).to_json(),
        "false_positive": _rate(absent, lambda one: _falsely(one, keys), worst=any).to_json(),
        "named_not_confirmed": waiting,
    }


def _rightly(one: Judged, keys: frozenset[str]) -> bool:
    return any(part.is_one_of(keys) for part in one.all_named())


def _falsely(one: Judged, keys: frozenset[str]) -> bool:
    return any(keys_of(part.name) & keys for part in one.wrong())


# --- Counting -----------------------------------------------------------------------------------


def _rate(
    items: Sequence[Judged],
    counts: Callable[[Judged], bool],
    *,
    worst: Callable[[Iterable[bool]], bool],
) -> TwoRates:
    """Return a rate by items, and by cases: `worst` says which of all or any makes a case count."""
    said: dict[str, list[bool]] = {}
    for one in items:
        said.setdefault(one.facts.case.id, []).append(counts(one))
    return TwoRates(
        rate(sum(value for many in said.values() for value in many), len(items)),
        rate(sum(worst(many) for many in said.values()), len(said)),
    )
