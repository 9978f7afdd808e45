"""What a station has set for itself instead of what came with the program."""

from __future__ import annotations

from spectra_app.records.ledger.record import Record


class StationPolicy(Record, frozen=True, kw_only=True):
    """A policy by its name (``due_times``, ``retention``), changed by two persons.

    Parameters
    ----------
    content : str
        The whole policy as JSON.
    reason : str
        Why it was changed.
    second : str
        User who agreed.
    """

    KIND = "policy"

    content: str
    reason: str
    second: str
