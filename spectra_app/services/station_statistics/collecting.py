"""The records that figures are made of: each item with its case, scans and answers.

Figures never hold what the person who asked may not see: an item that touches a restricted list is
left out for users who are not cleared, and nothing tells whether there was one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from itertools import combinations
from typing import Literal, TypeVar

import msgspec

from spectra_app.records.kinds import (
    Amendment,
    Case,
    Confirmation,
    Item,
    Scan,
    SecondTechnique,
)
from spectra_app.records.ledger.record import R
from spectra_app.records.ledger.store import Ledger
from spectra_app.services.cases.seeing import Sight
from spectra_app.services.station_statistics.naming import keys_of_all

T = TypeVar("T")
State = Literal["not sent", "sent", "neither", "confirmed", "refuted", "contradictory", "amended"]


def local_day(time: str, zone: tzinfo | None = None) -> str:
    """Return the day on which a time falls (ISO 8601); empty when there is none.

    Records hold UTC; officers and yearbooks count by the day on the wall, so that what came in on
    the first of January counts in the new year. `zone` is the computer's own by default. A day
    without an hour stays what it is.
    """
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return ""
    if moment.tzinfo is None:
        return time[:10]
    return moment.astimezone(zone).date().isoformat()


def zone_words(year: int, zone: tzinfo | None = None) -> str:
    """Return how far local time is from UTC in winter and in summer of a year."""
    days = (datetime(year, 1, 1, tzinfo=zone), datetime(year, 7, 1, tzinfo=zone))
    said = (f"{one.astimezone(zone):%z}" for one in days)
    return " and ".join(dict.fromkeys(f"UTC{text[:3]}:{text[3:5]}" for text in said))


@dataclass(frozen=True, slots=True)
class Period:
    """Days, both included, ISO 8601; empty for no limit. Days are local, see `local_day`."""

    first: str = ""
    last: str = ""
    zone: tzinfo | None = None

    def holds(self, time: str) -> bool:
        """Return whether a time (ISO 8601 in UTC) falls into it; an empty time into none."""
        day = local_day(time, self.zone)
        return bool(day) and self.first <= day and (not self.last or day <= self.last)

    def __str__(self) -> str:
        return f"{self.first or 'the beginning'} to {self.last or 'today'}"


@dataclass(frozen=True, eq=False, slots=True)
class ItemFacts:
    """An item with what belongs to it; scans are filed ones, oldest first.

    `amended` tells of its scans and answers, `restated` of the records of the item and its case.
    """

    item: Item
    case: Case
    scans: tuple[Scan, ...]
    techniques: tuple[SecondTechnique, ...]
    answers: tuple[Confirmation, ...]
    amended: bool
    restated: bool
    amendments: tuple[Amendment, ...] = ()

    @property
    def own(self) -> bool:
        """Whether the case is this station's own."""
        return not self.case.station

    @property
    def state(self) -> State:
        """Where it stands with the laboratory; what contradicts itself counts for nothing."""
        given = [one for one in self.answers if one.state in {"confirmed", "refuted"}]
        if not given:
            told = {one.state for one in self.answers}
            return "sent" if "sent" in told else "neither" if told else "not sent"
        if len({one.state for one in given}) > 1 or _nothing_in_common(given):
            return "contradictory"
        if self.amended:
            return "amended"
        return "confirmed" if given[0].state == "confirmed" else "refuted"

    @property
    def blind(self) -> tuple[Scan, ...]:
        """Scans from before the laboratory had answered: later ones test nothing any more."""
        answered = [one.answered_at for one in self.answers if one.answered_at]
        return tuple(one for one in self.scans if not answered or one.scanned_at < min(answered))

    @property
    def found(self) -> tuple[str, ...]:
        """What the laboratory found, as it wrote it."""
        return tuple(dict.fromkeys(name for one in self.answers for name in one.found))

    @property
    def named(self) -> tuple[str, ...]:
        """What its scans named."""
        return tuple(dict.fromkeys(name for one in self.scans for name in one.names))


def _nothing_in_common(answers: Sequence[Confirmation]) -> bool:
    """Tell whether two answers that say what was found share no substance."""
    found = [keys_of_all(one.found) for one in answers if one.found]
    return any(not one & other for one, other in combinations(found, 2))


@dataclass(frozen=True, eq=False, slots=True)
class Collected:
    """All items that may be counted, and every scan that may be seen."""

    items: tuple[ItemFacts, ...]
    scans: tuple[Scan, ...]


def collect(ledger: Ledger, sight: Sight) -> Collected:
    """Return what figures are made of, without what this sight hides."""
    ledger.check_whole()
    every = [one.record for one in ledger.find(Scan)]
    sight.knows(every)
    facts = _facts(ledger, every)
    hidden = {one.item.id for one in facts if not _may_see(one, sight)}
    items = tuple(_shown(one, sight) for one in facts if one.item.id not in hidden)
    seen = tuple(one for one in every if one.item not in hidden and sight.sees(one))
    return Collected(items, seen)


def collect_case(ledger: Ledger, sight: Sight, case: str) -> tuple[ItemFacts, ...]:
    """Return the items of one case, each without the scans and findings that this sight hides."""
    facts = _facts(ledger, [one.record for one in ledger.find(Scan, case=case)], case)
    return tuple(_seen_of(_shown(one, sight), sight) for one in facts)


def _shown(facts: ItemFacts, sight: Sight) -> ItemFacts:
    return replace(facts, item=sight.shown(facts.item), case=sight.shown(facts.case))


def _seen_of(facts: ItemFacts, sight: Sight) -> ItemFacts:
    """Return an item without what others found that may not be seen; that it was done is seen."""
    scans = tuple(one for one in facts.scans if sight.sees(one))
    kept = {one.id for one in (*scans, *facts.techniques, *facts.answers)}
    return replace(
        facts,
        scans=scans,
        amendments=tuple(one for one in facts.amendments if one.of_id in kept and sight.sees(one)),
        techniques=tuple(
            one if sight.sees(one) else msgspec.structs.replace(one, found=(), remarks="")
            for one in facts.techniques
        ),
        answers=tuple(
            one
            if sight.sees(one)
            else msgspec.structs.replace(one, found=(), quantities=(), remarks="", method="")
            for one in facts.answers
        ),
    )


def _facts(ledger: Ledger, every: Sequence[Scan], case: str = "") -> list[ItemFacts]:
    """Return every item of the station, or of one case, with all that belongs to it."""

    def of(kind: type[R]) -> list[R]:
        asked = {"case": case} if case else {}
        return [one.record for one in ledger.find(kind, **asked)]

    kept = [ledger.get(Case, case).record] if case else of(Case)
    cases = {one.id: one for one in kept}
    scans = _by(every, lambda one: one.item)
    techniques = _by(of(SecondTechnique), lambda one: one.item)
    answers = _by(of(Confirmation), lambda one: one.item)
    amendments = of(Amendment)
    amended = {(one.of_kind, one.of_id) for one in amendments}
    items = []
    for item in of(Item):
        if item.case not in cases:  # its content was removed
            continue
        case_of = cases[item.case]
        filed = tuple(
            one
            for one in sorted(scans.get(item.id, ()), key=lambda one: (one.scanned_at, one.id))
            if one.state == "filed"
        )
        answered = tuple(answers.get(item.id, ()))
        changed = any((one.KIND, one.id) in amended for one in (*filed, *answered))
        restated = any((one.KIND, one.id) in amended for one in (item, case_of))
        done = tuple(techniques.get(item.id, ()))
        ids = {one.id for one in (*filed, *answered, *done)}
        about = tuple(one for one in amendments if one.of_id in ids)
        items.append(ItemFacts(item, case_of, filed, done, answered, changed, restated, about))
    return items


def _may_see(facts: ItemFacts, sight: Sight) -> bool:
    return all(map(sight.sees, (*facts.scans, *facts.techniques, *facts.answers)))


def _by(records: Iterable[T], key: Callable[[T], str]) -> dict[str, list[T]]:
    sorted_out: dict[str, list[T]] = defaultdict(list)
    for record in records:
        sorted_out[key(record)].append(record)
    return sorted_out
