"""The book of the lasers of a station that was set up: every use is entered, whoever made it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from library.store import Library
from spectra_app.records.calibration import CalibrationRecord
from spectra_app.records.kinds import Exposure, Scan
from spectra_app.services.cases.exposures import Fired, record_exposure, unattended_exposure
from spectra_app.services.cases.scans import (
    Purpose,
    Taken,
    add_scan,
    exposures_in,
    frames_in,
    unattended_scan,
)
from spectra_app.services.frames import StoppedError, kept_by
from spectra_app.services.office import Office, Session, is_begun, open_office
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

    def scanned(
        self, scanned: Scanned, library: Library | None = None, exposures: int | None = None
    ) -> Scan:
        """Enter a scan, with its exposures, as one that nobody has filed yet.

        `exposures` are counted from its frames when None; 0 where they were entered before.

        When the session has ended meanwhile it is entered all the same, as nobody's.
        """
        taken = Taken("device", scanned.evidence, exposures=exposures)
        if self.session is None or not self.office.allows(self.session, "scan.add"):
            return unattended_scan(self.office, scanned.found, taken, library=library)
        return add_scan(self.office, self.session, scanned.found, taken, library=library)

    def used(self, fired: Fired) -> Exposure:
        """Enter a use that became no scan."""
        if self.session is None or not self.office.allows(self.session, "exposure.add"):
            return unattended_exposure(self.office, fired)
        return record_exposure(self.office, self.session, fired)

    def checked(self, record: CalibrationRecord) -> Exposure:
        """Enter a check that was measured here, and by its hash what came of it."""
        kept = tuple(one.sha256 for one in record.measured)
        return self.used(
            Fired(record.serial, "check", kept, emulated=record.emulated, record=record.sha256)
        )

    def calibrated(self, record: CalibrationRecord, scans: Sequence[tuple[str, bytes]]) -> Exposure:
        """Enter a calibration, by its hash, with its scans (name, bytes), which are kept.

        Counted are the exposures of frames that are not in this book yet: those of a scan or a
        check at this station are.
        """
        put, ledger = self.office.evidence.put, self.office.ledger
        kept = dict.fromkeys(
            put(data, kind="scan of a standard", name=name, clock=self.office.clock).sha256
            for name, data in scans
        )
        new = [
            frame
            for sha256 in kept
            for frame in frames_in(self.office.evidence, (sha256,))
            if not any(
                ledger.find(Scan, original=known) or ledger.find(Exposure, evidence=known)
                for known in {sha256, frame.sha256}
            )
        ]
        fired = Fired(record.serial, "calibration", tuple(kept), exposures_in(new))
        return self.used(replace(fired, emulated=record.emulated, record=record.sha256))

    def failed(self, error: BaseException, *, emulated: bool) -> None:
        """Enter what the laser did for what ended with an error, as far as it was kept."""
        kept, aborted = kept_by(error), isinstance(error, KeyboardInterrupt | StoppedError)
        if kept or isinstance(error, KeyboardInterrupt):
            ended: Purpose = "aborted" if aborted else "failed"
            self.used(Fired("", ended, kept, emulated=emulated))


class Measurer:
    """Who measures in a window: whoever is logged in there, and otherwise nobody.

    Told by the window when somebody logs in or out; asked by the lanes that measure.
    """

    def __init__(self) -> None:
        self._here: LaserBook | None = None

    def is_at(self, office: Office, session: Session) -> None:
        """Enter what is measured from now on in this office, as this session's."""
        self._here = LaserBook(office, session)

    def is_away(self) -> None:
        """Enter what is measured from now on as nobody's."""
        self._here = None

    @contextmanager
    def book(self) -> Iterator[LaserBook | None]:
        """Lend the book of whoever measures now; see `station_book`."""
        here = self._here
        if here is None:
            with station_book() as book:
                yield book
        else:
            yield here


@contextmanager
def station_book() -> Iterator[LaserBook | None]:
    """Lend the book to who measures while nobody is logged in; None where no station was set up.

    Raises
    ------
    LedgerError
        When it cannot be opened: then no laser is used.
    """
    if not is_begun():
        yield None
        return
    with open_office() as office:
        yield LaserBook(office)
