"""Emergency access, as it is kept: who took which rights of an absent supervisor, why, how long."""

from __future__ import annotations

from typing import ClassVar

from spectra_app.records.ledger.record import Record
from spectra_app.records.sessions import seconds

OPEN, ACKNOWLEDGED = "open", "acknowledged"
LASTS_S = 3600


class Emergency(Record, frozen=True, kw_only=True):
    """One use of emergency access.

    Parameters
    ----------
    user : str
        Who took the rights.
    actions : tuple of str
        Which ones (`spectra_app.records.access.EMERGENCY`).
    reason : str
        In the user's words.
    since, until : str
        ISO 8601 in UTC.
    state : str
        ``open`` until a supervisor has acknowledged it, which ends it.
    acknowledged_by : str
        That supervisor.
    """

    KIND: ClassVar[str] = "emergency"

    user: str
    actions: tuple[str, ...]
    reason: str
    since: str
    until: str
    state: str = OPEN
    acknowledged_by: str = ""

    def keys(self) -> tuple[tuple[str, str], ...]:
        """Return who used it, and whether it was acknowledged."""
        return (("user", self.user), ("state", self.state))

    def gives(self, action: str, now: str) -> bool:
        """Return whether it allows an action at a time."""
        return self.runs(now) and action in self.actions

    def runs(self, now: str) -> bool:
        """Return whether it lasts at a time, and nobody has ended it."""
        return self.state == OPEN and seconds(self.since, now) >= 0 > seconds(self.until, now)
