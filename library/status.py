"""The answer to "is it controlled, there, on that date?", list by list and in words.

Every list asked gives an answer of its own: what it says, its edition, how far it was read, and
whether it is past its age limit on the date asked. A list that says nothing is quoted as "no
listing found in lists to ...", never as "not controlled".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from library.control import (
    AlarmLevel,
    Asked,
    ControlList,
    ControlLists,
    Listing,
    alarm_level,
    assess,
    control_lists,
)
from library.substances import Found

CONFIRM = "The laboratory must confirm every control status against the current official list."


@dataclass(frozen=True, slots=True)
class ListAnswer:
    """What one list says on a date.

    Parameters
    ----------
    origin : ControlList
        The list: edition, date to which it was read, what it lacks.
    listings : tuple of Listing
        Everything it says of what was asked; only those that count are listings in force.
    age_days : int
        Days between `read_to` and the date asked; 0 when the list was read beyond that date.
    past_age : bool
        The list is past its age limit on the date asked.
    """

    origin: ControlList
    listings: tuple[Listing, ...]
    age_days: int
    past_age: bool

    @property
    def listed(self) -> bool:
        """True when a listing is, or must be taken to be, in force on the date asked."""
        return any(one.counts for one in self.listings)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The answer in words: listings, other statements, what was not read, age."""
        said = [_sentence(one) for one in self.listings]
        if not self.listed:
            said.insert(0, f"no listing found in lists to {self.origin.read_to}")
        if self.origin.complete != "yes":
            said.append(f"incomplete: {self.origin.remarks}")
        if self.past_age:
            said.append(
                f"past its age limit: read to {self.origin.read_to}, {self.age_days} days before "
                f"the date asked (limit {self.origin.age_limit_days})"
            )
        return tuple(said)


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """What all lists asked say of one subject on a date, and the alarm level that follows."""

    on: date
    found: tuple[Found, ...]
    answers: tuple[ListAnswer, ...]
    alarm: AlarmLevel
    lists_to: date

    @property
    def listings(self) -> tuple[Listing, ...]:
        """Every listing in force on the date."""
        return tuple(one for answer in self.answers for one in answer.listings if one.counts)

    @property
    def summary(self) -> str:
        """One line: where it is listed, or that no listing was found, and to which date."""
        names = dict.fromkeys(f"{one.instrument} {_schedule(one)}" for one in self.listings)
        if names:
            return f"listed on {self.on}: {'; '.join(names)}"
        told = f"no listing found in lists to {self.lists_to}; that does not mean uncontrolled"
        return "; ".join((told, *self._otherwise()))

    def _otherwise(self) -> list[str]:
        """Return what the lists say of other dates: "no listing" alone would hide it."""
        told: dict[str, dict[str, None]] = {}
        for one in (one for each in self.answers for one in each.listings):
            day = one.until if one.state == "ended" else one.since
            when = f" ({day})" if day else ""
            told.setdefault(one.state, {})[f"{one.instrument} {_schedule(one)}{when}"] = None
        words = {
            "not yet in force": f"listed only after {self.on}",
            "ended": f"listed until before {self.on}",
        }
        return [
            f"{said}: {'; '.join(told[state])}" for state, said in words.items() if state in told
        ]


def _sentence(one: Listing) -> str:
    """Return one statement of a list with its date, grade, source and conflict."""
    parts = [f"{_schedule(one)}: {_state(one)}", f"named as {one.name!r}"]
    parts += [text for text in (one.scope, _contradicted(one)) if text]
    told = f"grade {one.grade}, source {one.sources or 'none read'}"
    parts.append(f"{told}, {one.locator}" if one.locator else told)
    return "; ".join(parts)


def brief(one: Listing) -> str:
    """Return one statement of a list in short: list, schedule, how it stands, what is doubtful."""
    parts = [f"{one.instrument} {_schedule(one)}: {_state(one)}", one.scope, _contradicted(one)]
    return "; ".join(part for part in parts if part)


def _schedule(one: Listing) -> str:
    """Return the schedule; where its number is not known, "listed" is said by the state."""
    return one.schedule.removeprefix("listed ")


def _state(one: Listing) -> str:
    since = f" ({one.since})" if one.since else ""
    words = {
        "in force": f"listed{since}",
        "only the year is known": f"listed{since}; only the year of the change is known",
        "start not read": "listed in the text read; when it began was not read",
        "not yet in force": f"NOT yet in force on this date{since}",
        "ended": f"no longer listed on this date (ended {one.until})",
        "preparation": "lists preparations, not the substance itself",
        "class definition": f"class-wide rule{since}",
        "recommended": "recommended only, no adoption read: not a listing",
        "excluded": "named only to be left out: not a listing",
        "stated not listed": "stated by a source not to be listed",
        "not read": "not read in any text",
    }
    return words[one.state]


def _contradicted(one: Listing) -> str:
    return f"sources contradict each other ({one.conflict})" if one.conflict else ""


def answer(
    on: date,
    *,
    name: str = "",
    inchikey: str = "",
    cas: str = "",
    jurisdiction: Asked = None,
    lists: ControlLists | None = None,
) -> StatusAnswer:
    """Return what every list asked says of a name or identifier on a date.

    Parameters
    ----------
    on : datetime.date
        The date asked about.
    name, inchikey, cas : str
        What is known of the subject; see `library.substances.Substances.find`.
    jurisdiction : str, sequence of str, or None
        See `library.control.ControlLists.asked`.
    lists : ControlLists, optional
        The lists in use; by default those shipped.

    Raises
    ------
    LibraryError
        When no list of the jurisdiction is stored.
    """
    used = lists or control_lists()
    found = assess(on, name=name, inchikey=inchikey, cas=cas, jurisdiction=jurisdiction, lists=used)
    answers = _by_list(found.listings, used, on, jurisdiction)
    return StatusAnswer(on, found.found, answers, found.alarm, found.lists_to)


def answer_for(
    who: Found, on: date, jurisdiction: Asked = None, lists: ControlLists | None = None
) -> StatusAnswer:
    """Return what every list asked says of one substance, or a salt of it, on a date."""
    used = lists or control_lists()
    listings = used.status((who, who.substance.name), on, jurisdiction)
    answers = _by_list(listings, used, on, jurisdiction)
    level = alarm_level(listings, who.substance)
    return StatusAnswer(on, (who,), answers, level, used.lists_to(jurisdiction))


def _by_list(
    listings: Iterable[Listing], lists: ControlLists, on: date, jurisdiction: Asked
) -> tuple[ListAnswer, ...]:
    told: dict[str, list[Listing]] = {}
    for one in listings:
        told.setdefault(one.instrument, []).append(one)
    return tuple(
        ListAnswer(item, tuple(told.get(item.instrument, ())), item.age_on(on), item.past_age(on))
        for item in lists.asked(jurisdiction)
    )


def past_age(
    on: date, jurisdiction: Asked = None, lists: ControlLists | None = None
) -> tuple[ControlList, ...]:
    """Return the lists asked that are past their age limit on a date."""
    return tuple(one for one in (lists or control_lists()).asked(jurisdiction) if one.past_age(on))
