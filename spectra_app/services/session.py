"""Open what identification needs: library, policy, evidence store."""

from __future__ import annotations

from pathlib import Path

from library.quality_spectra import require_self_search
from spectra_app.records.evidence import EvidenceStore
from spectra_app.services.calibrations import Calibrations
from spectra_app.services.engine import Engine
from spectra_app.services.hazards import find_hazards
from spectra_app.services.identify import Identifier, utc_now
from spectra_app.services.libraries import open_library
from spectra_app.services.policies import policy_in_force
from spectra_app.services.standing import standing_of
from spectra_app.settings import data_folder, made, station_hazards

__all__ = ["open_identifier", "utc_now"]


def open_identifier(
    library: Path | None, *, evidence: Path | None = None, calibrations: Path | None = None
) -> Identifier:
    """Open a library (default: the starter library), evidence store and calibrations here."""
    policy, station = policy_in_force(), station_hazards()
    engine = Engine(open_library(library), policy)
    require_self_search(engine.library)
    store = EvidenceStore(made(evidence or data_folder() / "evidence"))
    hazards = find_hazards(engine.library, policy.limits.families, station)
    return Identifier(
        engine,
        store,
        hazards=hazards,
        standing=standing_of,
        calibrations=Calibrations(calibrations),
    )
