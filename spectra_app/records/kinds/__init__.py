"""What a station keeps records of: cases, items, scans, and what was done with them."""

from __future__ import annotations

from spectra_app.records.kinds.case import Case, Item, Station
from spectra_app.records.kinds.custody import Custody
from spectra_app.records.kinds.findings import Confirmation, SecondTechnique
from spectra_app.records.kinds.papers import Amendment, IssuedReport, Note, Photo
from spectra_app.records.kinds.policy import StationPolicy
from spectra_app.records.kinds.scan import Exposure, Scan
from spectra_app.records.ledger.record import Record

__all__ = [
    "KINDS",
    "Amendment",
    "Case",
    "Confirmation",
    "Custody",
    "Exposure",
    "IssuedReport",
    "Item",
    "Note",
    "Photo",
    "Scan",
    "SecondTechnique",
    "Station",
    "StationPolicy",
]

KINDS: dict[str, type[Record]] = {
    kind.KIND: kind
    for kind in (
        Station,
        Case,
        Item,
        Scan,
        Custody,
        Photo,
        Note,
        SecondTechnique,
        Confirmation,
        Amendment,
        IssuedReport,
        Exposure,
        StationPolicy,
    )
}
"""Every kind by its name."""
