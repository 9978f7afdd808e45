"""What the records know of the station itself."""

from __future__ import annotations

from spectra_app.errors import RecordError
from spectra_app.records.kinds.case import Station
from spectra_app.records.ledger.record import Stored
from spectra_app.records.ledger.store import Ledger

STATION = "station"


def station_of(ledger: Ledger) -> Stored[Station] | None:
    """Return what is known of the station; None before anything was said."""
    try:
        return ledger.get(Station, STATION)
    except RecordError:
        return None
