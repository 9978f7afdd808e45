"""The book of the lasers of a station that was set up: every use is entered, whoever made it."""

from __future__ import annotations

from dataclasses import dataclass

from library.store import Library
from spectra_app.records.kinds import Exposure, Scan
from spectra_app.services.cases.exposures import Fired, record_exposure, unattended_exposure
from spectra_app.services.cases.scans import Purpose, Taken, add_scan, unattended_scan
from spectra_app.services.office import Office, Session
from spectra_app.services.scanning import Scanned


@dataclass(frozen=True, eq=False, slots=True)
class LaserBook:
    """Where scans and other uses of a laser are entered.

    Parameters
    ----------
    office : Office
        The station's.
    session : Session or None
        Of who measures; None when nobody is logged in, which the supervisor sees.
    """

    office: Office
    session: Session | None = None

    def scanned(self, scanned: Scanned, library: Library | None = None) -> Scan:
        """Enter a scan, with its exposures, as one that nobody has filed yet.

        When the session has ended meanwhile it is entered all the same, as nobody's.
        """
        taken = Taken("device", scanned.evidence)
        if self.session is None or not self.office.allows(self.session, "scan.add"):
            return unattended_scan(self.office, scanned.found, taken, library=library)
        return add_scan(self.office, self.session, scanned.found, taken, library=library)

    def used(
        self, purpose: Purpose, *, evidence: tuple[str, ...] = (), emulated: bool = False
    ) -> Exposure:
        """Enter a use that became no scan."""
        fired = Fired("", purpose, evidence, emulated=emulated)
        if self.session is None or not self.office.allows(self.session, "exposure.add"):
            return unattended_exposure(self.office, fired)
        return record_exposure(self.office, self.session, fired)
