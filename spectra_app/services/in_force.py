"""What a station goes by now, each with its edition and until when: library, lists, keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

from library.trusted_keys import NEVER
from matching.errors import SpectraError
from spectra_app.services import lists, notices
from spectra_app.services.control import watch_list
from spectra_app.services.keys import key_rows, known_trust
from spectra_app.services.office import Office, Session
from spectra_app.services.policies import policy_in_force
from spectra_app.services.station import Station
from spectra_app.services.thresholds import show_policy

State = Literal["good", "soon", "bad", "open"]
SIGNED = "signed"
"""Stands for the two persons who signed a library."""
SOON = timedelta(days=30)
"""What ends within that time is told as ending soon."""


@dataclass(frozen=True, slots=True)
class InForce:
    """One thing that the station goes by.

    Parameters
    ----------
    kind : str
        ``library``, ``thresholds``, ``list``, ``watched``, ``alerts``, ``advice`` or ``key``.
    name, edition : str
        What it is, and which one.
    state : str
        ``good``; ``soon`` when it ends within a month; ``bad`` when it has ended, was revoked or
        cannot be read; ``open`` when it never ends, or nobody answers for it.
    until : str
        Last day, ISO 8601; empty when there is none.
    source : str
        Who answers for it, or `SIGNED`; empty for what came with the program.
    trouble : str
        Why it cannot be used.
    """

    kind: str
    name: str
    edition: str = ""
    state: State = "good"
    until: str = ""
    source: str = ""
    trouble: str = ""


def in_force(office: Office, session: Session) -> tuple[InForce, ...]:
    """Return what the station goes by; what cannot be read is told as that."""
    office.require(session, "policy.show")
    home, today = office.folder, date.fromisoformat(office.clock()[:10])
    parts: tuple[tuple[str, Callable[[], Iterator[InForce]]], ...] = (
        ("library", partial(_library, home, today)),
        ("thresholds", partial(_thresholds, office, session)),
        ("list", partial(_lists, home, today)),
        ("watched", partial(_watched, home, today)),
        ("alerts", partial(_notices, "alerts", home)),
        ("advice", partial(_notices, "advice", home)),
        ("key", partial(_keys, home, today)),
    )
    found: list[InForce] = []
    for kind, part in parts:
        try:
            found += part()
        except SpectraError as error:
            found.append(InForce(kind, "", state="bad", trouble=error.what))
    return tuple(found)


def state_on(today: date, until: date | None) -> State:
    """Return how something stands that ends on a day."""
    if until is None:
        return "open"
    if until < today:
        return "bad"
    return "soon" if until - today <= SOON else "good"


def _library(home: Path, today: date) -> Iterator[InForce]:
    active = Station(home).active()
    if active is None:
        yield InForce("library", "", state="open")
        return
    until = datetime.fromisoformat(active.expires).date()
    edition = f"{active.version} ({active.sequence})"
    state = state_on(today, until)
    yield InForce("library", active.name, edition, state, until.isoformat(), SIGNED)


def _thresholds(office: Office, session: Session) -> Iterator[InForce]:
    change, policy = show_policy(office, session), policy_in_force(office.folder)
    by = ""
    if change is not None:
        by = f"{office.user(change.changed_by).name}, {office.user(change.agreed_by).name}"
    yield InForce("thresholds", policy.hash[:12], policy.version, "good", "", by)


def _lists(home: Path, today: date) -> Iterator[InForce]:
    used = lists.in_use(home)
    source = used.title if used.path else ""
    for one in used.lists.lists.values():
        until = one.read_to + timedelta(days=one.age_limit_days)
        yield InForce(
            "list", one.instrument, one.read_to.isoformat(), state_on(today, until),
            until.isoformat(), source,
        )  # fmt: skip


def _watched(home: Path, today: date) -> Iterator[InForce]:
    for one in watch_list(home):
        state = state_on(today, one.until)
        until = one.until.isoformat() if one.until else ""
        yield InForce("watched", one.name, one.since.isoformat(), state, until, one.who)


def _notices(kind: Literal["alerts", "advice"], home: Path) -> Iterator[InForce]:
    used = notices.in_use(kind, home)
    state: State = "good" if used.signers else "open"
    edition = used.notices.edition.isoformat()
    yield InForce(kind, used.notices.title, edition, state, "", ", ".join(used.signers))


def _keys(home: Path, today: date) -> Iterator[InForce]:
    station = Station(home)
    if known_trust(station) is None:
        yield InForce("key", "", state="open")
        return
    for row in key_rows(station):
        name = str(row["person"] or "")
        if gone := row["revoked"]:
            since = str(gone["since"])[:10]
            yield InForce("key", name, row["key"][:16], "bad", since, trouble=str(gone["reason"]))
            continue
        ends = str(row["valid_until"])
        until = None if ends == NEVER else datetime.fromisoformat(ends).date()
        state = "good" if until is None else state_on(today, until)
        yield InForce("key", name, row["key"][:16], state, until.isoformat() if until else "")
