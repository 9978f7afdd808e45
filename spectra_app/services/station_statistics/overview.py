"""What a station has found in a period, for its own people to look at: counts, shares, rates.

It is counted as the yearly report counts (`seizures`), by instrument, person and outcome besides; a
share always stands with its counts and exact bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spectra_app.errors import AppError, ForbiddenError
from spectra_app.services.cases.seeing import sight_of
from spectra_app.services.control import control_setup
from spectra_app.services.libraries import no_progress
from spectra_app.services.office import Office, Session
from spectra_app.services.station_statistics.collecting import Collected, Period, collect, local_day
from spectra_app.services.station_statistics.rates import rates_of
from spectra_app.services.station_statistics.seizures import (
    DIMENSIONS,
    NOT_RECORDED,
    Seizure,
    Values,
    seizures_of,
    tables_of,
)
from spectra_app.services.statistics import rate

AT_ONCE = 500  # items counted between two looks at whether to go on
Progress = Callable[[float, str], None]


def _of_scans(name: str) -> Callable[[Seizure], Values]:
    """Return a dimension of what the scans of an item have in a field; an item may count twice."""

    def values(one: Seizure) -> Values:
        found = dict.fromkeys(str(getattr(scan, name)) or NOT_RECORDED for scan in one.facts.scans)
        return tuple((value, one.said.basis) for value in found)

    return values


OWN = {
    "instrument": _of_scans("analyser"),
    "person": _of_scans("scanned_by"),
    "outcome": _of_scans("outcome"),
}
"""Dimensions that no report to others has."""


def station_overview(
    office: Office,
    session: Session,
    period: Period | None = None,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Return the figures of a period as plain values; nothing is entered, for nothing leaves.

    ``tables`` holds rows by dimension, each with its share confirmed by a laboratory; ``rates`` is
    what `rates.rates_of` gives.

    Parameters
    ----------
    period : Period, optional
        Days on which cases happened; by default all.
    progress : callable (share, words)
        Told how far the work is; what it raises ends it.

    Raises
    ------
    ForbiddenError
        When this user may not.
    """
    me = office.require(session, "statistics.show")
    wanted = period or Period()
    _check(wanted)
    progress(0.0, "reading the records")
    found = collect(office.ledger, sight_of(office, me))
    setup, today = control_setup(office.folder), local_day(office.clock(), wanted.zone)
    seized: list[Seizure] = []
    for first in range(0, len(found.items), AT_ONCE):
        progress(0.2 + 0.3 * first / len(found.items), "counting")
        some = Collected(found.items[first : first + AT_ONCE], ())
        seized += seizures_of(some, office.evidence, wanted, emulated=office.demo)
    last = min(today, wanted.last or today)
    tables = tables_of(seized, setup, last, {**DIMENSIONS, **OWN})
    progress(0.5, "comparing with the laboratory")
    rates = rates_of(
        found,
        office.evidence,
        setup,
        wanted,
        emulated=office.demo,
        progress=lambda share, words: progress(0.5 + 0.45 * share, words),
    )
    for rows in tables["tables"].values():
        for row in rows:
            row["share"] = rate(row["confirmed"], row["items"]).to_json()
    for row in tables["tables"]["person"]:
        row["value"] = _name(office, session, row["value"])
    progress(1.0, "done")
    return {
        "made_at": office.clock(),
        "period": {"from": wanted.first, "to": wanted.last},
        "demonstration": office.demo,
        "cleared": me.cleared,
        "share": rate(tables["total"]["confirmed"], tables["total"]["items"]).to_json(),
        **tables,
        "rates": rates,
    }


def _check(period: Period) -> None:
    """Refuse what is no period of days."""
    for day in (period.first, period.last):
        if day and (len(day) != len("2026-11-22") or not local_day(day)):
            raise AppError("this is no day", day, "give it as 2026-11-22")
    if period.first and period.last and period.first > period.last:
        raise AppError("the period ends before it begins", str(period), "turn the days round")


def _name(office: Office, session: Session, user: str) -> str:
    """Return who that is, for those who may know it; otherwise the id."""
    if not office.allows(session, "users.show"):
        return user
    try:
        return office.user(user).name
    except ForbiddenError:  # taken in from elsewhere
        return user
