"""Which thresholds a station has put in force, and by whom."""

from __future__ import annotations

from typing import ClassVar

from spectra_app.records.ledger.record import Record

IN_FORCE = "in force"
SHIPPED = "shipped"


class PolicyChange(Record, frozen=True, kw_only=True):
    """The policy in force; one record, ``in force``, with a revision for each change.

    Parameters
    ----------
    document : str
        SHA-256 of the policy file, which is evidence; empty for the one that came with the program.
    version : str
        As the file says.
    reason : str
        Why it was changed.
    changed_by, agreed_by : str
        The two persons.
    """

    KIND: ClassVar[str] = "thresholds"

    document: str
    version: str
    reason: str
    changed_by: str
    agreed_by: str
