"""What was amended of that which stands on an incident sheet.

The fields of a sheet say what was recorded first. A correction stands beside them, so that no
authority is told a figure that the station itself knows to be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable

from spectra_app.records.kinds import Amendment
from spectra_app.services.station_statistics.collecting import ItemFacts
from spectra_app.services.station_statistics.tables import joined

# What of each kind a sheet shows. Free text that may name persons is told apart, as on the sheet.
_SHOWN = {
    "case": {"reference", "event_at", "mode", "origin", "destination"},
    "item": {
        "description", "identifiers", "form", "concealment", "packages", "sampled", "weight",
        "weight_unit", "weight_how",
    },
    "scan": {"item"},
    "second_technique": {"technique", "category", "agreement"},
    "confirmation": {"state", "laboratory", "found", "quantities"},
}  # fmt: skip
_PERSONAL = {"case": {"title", "circumstances", "persons"}}


def case_amended(amendments: Iterable[Amendment], case: str, *, persons: bool) -> str:
    """Return the corrections of what the sheet says of a case; empty for none."""
    return joined(_said(one, persons=persons) for one in amendments if one.of_id == case)


def item_amended(amendments: Iterable[Amendment], facts: ItemFacts, *, persons: bool) -> str:
    """Return the corrections of what the sheet says of an item, its scans and findings."""
    of_item = (facts.item, *facts.scans, *facts.techniques, *facts.answers)
    ids = {one.id for one in of_item}
    return joined(_said(one, persons=persons) for one in amendments if one.of_id in ids)


def _said(one: Amendment, *, persons: bool) -> str:
    """Return a correction in words; that there is one is said even where its text is left out."""
    shown = _SHOWN.get(one.of_kind, set())
    if persons:
        shown = shown | _PERSONAL.get(one.of_kind, set())
    what = f"{one.of_kind} {one.of_id} {one.field or 'as a whole'}".replace("_", " ")
    if one.field in shown or persons:
        return f"{what}: {one.original!r} should say {one.amended!r}"
    return f"{what}: amended"
