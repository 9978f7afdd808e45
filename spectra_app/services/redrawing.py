"""The spectra of a past result, drawn again from its evidence for a report."""

from __future__ import annotations

from matching.errors import SpectraError
from spectra_app.records.identification import Comparison
from spectra_app.records.kinds import Scan
from spectra_app.services.replay import identified_again
from spectra_app.services.reporting import best_comparison
from spectra_app.services.workshop import Workshop


def redraw(scan: Scan, workshop: Workshop) -> Comparison | None:
    """Return scan and best reference of a result, by what it was made with then.

    None when that library is not at hand, what it came from was not kept, nothing was compared, or
    the scan gives another answer now: then nothing is drawn, and the report says so.
    """
    try:
        made = workshop.made_with(scan)
        identifier = workshop.identifier(made, scan.scanned_at)
        data = workshop.evidence.get(scan.original)
        found = identified_again(data, made, identifier, refused=scan.outcome == "refused")
    except SpectraError:
        return None
    names = tuple(part.name for part in found.record.components)
    same = (found.record.outcome, names) == (scan.outcome, scan.names)
    return best_comparison(found) if same else None
