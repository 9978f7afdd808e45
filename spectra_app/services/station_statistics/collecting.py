"""The records that figures are made of: each item with its case, scans and answers.

Figures never hold what the person who asked may not see: an item that touches a restricted list is
left out for users who are not cleared, and nothing tells whether there was one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from library.watchlist import match_keys
from matching.errors import SpectraError
from spectra_app.records.access import User
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
from spectra_app.services.control import restricted_lists
from spectra_app.services.station_statistics.naming import keys_of_all

T = TypeVar("T")
State = Literal["not sent", "sent", "neither", "confirmed", "refuted", "contradictory", "amended"]


@dataclass(frozen=True, slots=True)
class Sight:
    """What a person may see.

    Parameters
    ----------
    cleared : bool
        Whether restricted lists hide nothing from this person.
    restricted : frozenset of str or None
        Keys of what they hold (`library.watchlist.match_keys`); None when a list cannot be read:
        then every name is hidden, so that nothing is shown by mistake.
    """

    cleared: bool = True
    restricted: frozenset[str] | None = frozenset()

    def may(self, names: Iterable[str], *, restricted: bool = False) -> bool:
        """Return whether this person may see something with these names."""
        if self.cleared:
            return True
        if restricted or self.restricted is None:
            return not restricted and not any(names)
        return not self.restricted or not any(_keys(name) & self.restricted for name in names)


def sight_of(user: User, folder: Path) -> Sight:
    """Return what a user may see, by the restricted lists in a data folder."""
    if user.cleared:
        return Sight()
    try:
        lists = restricted_lists(lambda _name: True, folder)
    except (SpectraError, OSError):
        return Sight(cleared=False, restricted=None)
    keys = (one.keys() for _, watched in lists for one in watched)
    return Sight(cleared=False, restricted=frozenset().union(*keys))


_LISTED = re.compile(r"[;,\n]")


@lru_cache(maxsize=4096)
def _keys(name: str) -> frozenset[str]:
    return match_keys(name, "", "")


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
    every = [one.record for one in ledger.find(Scan)]
    facts = _facts(ledger, every)
    hidden = {one.item.id for one in facts if not _may_see(one, sight)}
    items = tuple(one for one in facts if one.item.id not in hidden)
    seen = (
        one
        for one in every
        if one.item not in hidden and sight.may(one.names, restricted=one.restricted)
    )
    return Collected(items, tuple(seen))


def collect_case(ledger: Ledger, sight: Sight, case: str) -> tuple[ItemFacts, ...]:
    """Return the items of one case, each without the scans and findings that this sight hides."""
    facts = _facts(ledger, [one.record for one in ledger.find(Scan, case=case)], case)
    return tuple(_seen_of(one, sight) for one in facts)


def _seen_of(facts: ItemFacts, sight: Sight) -> ItemFacts:
    def shown(found: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in found if sight.may((name,)))

    scans = tuple(one for one in facts.scans if sight.may(one.names, restricted=one.restricted))
    kept = {one.id for one in (*scans, *facts.techniques, *facts.answers)}
    return replace(
        facts,
        scans=scans,
        amendments=tuple(
            one
            for one in facts.amendments
            if one.of_id in kept and sight.may((*_LISTED.split(one.amended), one.original))
        ),
        techniques=tuple(
            msgspec.structs.replace(one, found=shown(one.found)) for one in facts.techniques
        ),
        # a quantity says nothing without its substance
        answers=tuple(
            msgspec.structs.replace(one, found=shown(one.found), quantities=())
            if shown(one.found) != one.found
            else one
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
    said = (name for one in facts.techniques for name in one.found)
    restricted = any(one.restricted for one in facts.scans)
    return sight.may((*facts.named, *facts.found, *said), restricted=restricted)


def _by(records: Iterable[T], key: Callable[[T], str]) -> dict[str, list[T]]:
    sorted_out: dict[str, list[T]] = defaultdict(list)
    for record in records:
        sorted_out[key(record)].append(record)
    return sorted_out
