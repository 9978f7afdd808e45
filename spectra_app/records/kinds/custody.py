"""The chain of custody: who handed what to whom."""

from __future__ import annotations

from collections.abc import Iterable

from spectra_app.records.ledger.record import Record


class Custody(Record, frozen=True, kw_only=True):
    """One handing over of one item.

    Parameters
    ----------
    case, item : str
        What was handed over.
    number : int
        Which handing over of the item, from 1; the first is its receipt.
    giver, receiver : str
        Users by id; persons and places outside by name, behind ``"outside:"``.
    handed_at : str
        ISO 8601 in UTC.
    purpose, place : str
        Why and where.
    seal_before, seal_after : str
        Numbers of the seals; empty without one.
    seal_intact : bool
        Whether the seal was whole when it was handed over.
    recorded_by : str
        User who entered it.
    """

    KIND = "custody"

    case: str
    item: str
    number: int
    giver: str
    receiver: str
    handed_at: str
    purpose: str = ""
    place: str = ""
    seal_before: str = ""
    seal_after: str = ""
    seal_intact: bool = True
    recorded_by: str = ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """Look up by case, item, the two persons and seals."""
        for field in ("case", "item", "giver", "receiver"):
            yield field, getattr(self, field)
        for seal in {self.seal_before, self.seal_after} - {""}:
            yield "seal", seal

    def words(self) -> Iterable[str]:
        """Search the two persons, seals and purpose; the case comes first, for its list."""
        seals = (self.seal_before, self.seal_after)
        return (self.case, self.giver, self.receiver, *seals, self.purpose, self.place)
