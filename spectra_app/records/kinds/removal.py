"""Evidence that retention takes away: noted before it is done, so that it can be finished later."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from spectra_app.records.ledger.record import Record

BEGUN, DONE = "begun", "done"


class Removal(Record, frozen=True, kw_only=True):
    """What has to go since the content of records was removed; written with that in one act.

    Parameters
    ----------
    hashes : tuple of str
        Evidence that those records named: what no other record names then is removed.
    state : {"begun", "done"}
        ``begun`` from the act on until everything is gone from the disk: what was interrupted is
        told, and finished.
    at, by, second : str
        When it was begun (ISO 8601 in UTC), and by which two users.
    """

    KIND = "removal"

    hashes: tuple[str, ...] = ()
    state: Literal["begun", "done"] = "begun"
    at: str = ""
    by: str = ""
    second: str = ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """Look up by state."""
        return (("state", self.state),)
