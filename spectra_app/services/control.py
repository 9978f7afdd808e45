"""What the control lists say about the named substances, and the alarm level that follows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from library.control import assess, lists_to
from library.entry import EntryRecord
from spectra_app.records.identification import Alarm, ControlStatus

ORDER: tuple[Alarm, ...] = (
    "controlled",
    "precursor",
    "hazard",
    "unknown",
    "container",
    "benign",
)


JURISDICTION = "EU"  # asks the international lists and the EU's; national lists when a station says


def control_status(record: EntryRecord, on: date) -> tuple[tuple[ControlStatus, ...], Alarm]:
    """Return the listings of a substance in force on a date, and its alarm level."""
    assessment = assess(
        on, name=record.name, inchikey=record.inchikey, cas=record.cas, jurisdiction=JURISDICTION
    )
    listings = tuple(
        ControlStatus(item.instrument, item.schedule, item.as_of or item.edition, item.grade)
        for item in assessment.listings
        if item.counts
    )
    return listings, assessment.alarm


def highest(levels: Iterable[Alarm]) -> Alarm:
    """Return the most serious of several alarm levels; ``unknown`` when there is none."""
    return min(levels, key=ORDER.index, default="unknown")


def lists_read_to() -> str:
    """Return the date to which the shipped control lists were read, ISO 8601."""
    return lists_to(JURISDICTION).isoformat()
