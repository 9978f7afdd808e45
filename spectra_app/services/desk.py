"""The use cases of one window: they share the library in use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from library.errors import LibraryError
from spectra_app.errors import AppError, InstalledError
from spectra_app.records.evidence import EvidenceStore
from spectra_app.services import comparing
from spectra_app.services.api import AnalyserUse, Progress, ShouldStop, StudyUse, UseCases
from spectra_app.services.calibrations import Calibrations, Standing
from spectra_app.services.cases.exposures import Fired
from spectra_app.services.cases.laser_book import LaserBook, Measurer
from spectra_app.services.connected import check_connected, scan_connected, told_of
from spectra_app.services.devices import open_with_bench, plugged_in
from spectra_app.services.emulated_samples import emulated_samples
from spectra_app.services.identify import Identified, Identifier, identify_file
from spectra_app.services.instrument import Book, Instrument, OpenIt
from spectra_app.services.instrument_choice import Choices, choices_of
from spectra_app.services.instrument_state import CheckResult, MeasuredStandard, ScanWish
from spectra_app.services.libraries import library_note, library_title
from spectra_app.services.library_use import LibraryUse
from spectra_app.services.limits import unasked, with_limits
from spectra_app.services.many import many_use
from spectra_app.services.reporting import AnyRenderer, Renderer, write_report
from spectra_app.services.scanning import (
    Measured,
    Scanned,
    UnidentifiedError,
    identify_measured,
    scan_emulated,
)
from spectra_app.services.session import utc_now
from spectra_app.services.standard_scans import measure_standard
from spectra_app.settings import data_folder, made

if TYPE_CHECKING:
    from library.info import LibraryInfo
    from matching.policy import Policy
    from spectra_app.services.about import About


class Desk:
    """The library in use, opened when first needed; used from one worker thread."""

    def __init__(self, library: Path | None, render: Renderer) -> None:
        self.measurer = Measurer()
        self.in_use = self.for_parcels = LibraryUse(library)
        self._render = render
        self._unidentified: tuple[Measured, LibraryUse] | None = None

    @property
    def identifier(self) -> Identifier:
        """Engine, evidence store and clock, on the library in use; see `LibraryUse.identifier`."""
        return self.in_use.identifier

    def identify(self, path: Path) -> tuple[Identified, ...]:
        """Identify every spectrum of a file."""
        return identify_file(path, self.identifier)

    def scan(self, sample: str, progress: Progress, should_stop: ShouldStop) -> Identified:
        """Scan a named sample with the emulated analyser."""
        asked = self.identifier
        scanned = self.entered(
            lambda: scan_emulated(sample, asked, progress=progress, should_stop=should_stop),
            self.in_use,
            emulated=True,
        )
        return scanned.found

    def entered(
        self, measure: Callable[[], Scanned], use: LibraryUse, *, emulated: bool
    ) -> Scanned:
        """Scan, and enter it in the book of the station's lasers, opened before one fires."""
        with self.measurer.book() as book, failing(book, emulated=emulated):
            try:
                scanned = measure()
            except UnidentifiedError as error:
                use.let_go()
                scanned = self._identified(error.measured, use)
            return _entered(scanned, use, book)

    def _identified(self, measured: Measured, use: LibraryUse) -> Scanned:
        """Identify what is kept with the library as it is now; what cannot be is remembered."""
        self._unidentified = measured, use
        try:
            scanned = identify_measured(measured, use.identifier)
        except (LibraryError, InstalledError) as error:
            raise UnidentifiedError(error, measured) from error
        except UnidentifiedError:
            use.let_go()
            raise
        self._unidentified = None
        return scanned

    def identify_kept(self) -> Scanned:
        """Identify the scan that was kept when its library was gone, and enter it in the book.

        Its exposures stand there already.

        Raises
        ------
        UnidentifiedError
            When the library is still not there.
        AppError
            When no scan waits for it.
        """
        if self._unidentified is None:
            raise AppError("no scan waits to be identified", "", "scan again")
        measured, use = self._unidentified
        with self.measurer.book() as book:
            return _entered(self._identified(measured, use), use, book, exposures=0)

    def report(self, found: Identified, path: Path) -> None:
        """Write the PDF report of a result."""
        if unasked(found, self.identifier):
            found = with_limits(found, self.identifier)
        write_report(found, path, self.identifier.clock(), self._render)

    def limits(self, found: Identified, progress: Progress, should_stop: ShouldStop) -> Identified:
        """Work out what a scan could not have seen; what is not done when stopped stays open."""
        return with_limits(found, self.identifier, progress=progress, should_stop=should_stop)

    def title(self) -> str:
        """Name the library in use."""
        return library_title(self.identifier.engine.library.info)

    def note(self) -> str:
        """Say what must be known about the library in use."""
        return library_note(self.identifier.engine.library.info)

    def about(self) -> About:
        """Gather versions, hashes and licences of what runs here."""
        from spectra_app.services.about import about

        def asked() -> tuple[LibraryInfo, Path, Policy]:
            engine = self.identifier.engine
            return engine.library.info, engine.library.path, engine.policy

        return about(asked)

    def open(self, path: Path) -> str:
        """Use another library; the present one stays in use when that fails."""
        fresh = LibraryUse(path)
        fresh.identifier  # noqa: B018 - opened before the present one is let go of
        self.in_use.let_go()
        if path == self.for_parcels.path:
            self.for_parcels.let_go()
            self.for_parcels = fresh
        self.in_use = fresh
        return self.title()

    def go_back(self) -> str:
        """Use the library the program began with again; returns its title."""
        if self.in_use is not self.for_parcels:
            self.in_use.let_go()
            self.in_use = self.for_parcels
        return self.title()

    @property
    def path(self) -> Path | None:
        """The library in use; None for the installed one."""
        return self.in_use.path


def _entered(
    scanned: Scanned, use: LibraryUse, book: LaserBook | None, exposures: int | None = None
) -> Scanned:
    if book is None:
        return scanned
    scan = book.scanned(scanned, use.identifier.engine.library, exposures)
    return replace(scanned, entered=scan)


def keep_evidence(data: bytes, kind: str, name: str) -> None:
    """Keep bytes as evidence without a library being open."""
    store = EvidenceStore(made(data_folder() / "evidence"))
    store.put(data, kind=kind, name=name, clock=utc_now)


def standing_now(serial: str) -> Standing:
    """Say how the calibration of an analyser stands now."""
    return Calibrations(None).standing(serial, utc_now())


@contextmanager
def failing(book: LaserBook | None, *, emulated: bool) -> Iterator[None]:
    """Enter what a laser did for what fails within, where there is a book."""
    try:
        yield
    except BaseException as error:
        if book is not None:
            book.failed(error, emulated=emulated)
        raise


def live_book(measurer: Measurer) -> Book:
    """Return what lends the book to a live view: how many exposures, serial number, emulated."""

    @contextmanager
    def lend() -> Iterator[Callable[[int, str, bool], object]]:
        with measurer.book() as book:

            def enter(count: int, serial: str, emulated: bool) -> None:
                if book is not None and count:
                    book.used(Fired(serial, "live", count=count, emulated=emulated))

            yield enter

    return lend


def analyser_use(desk: Desk, instrument: Instrument) -> AnalyserUse:
    """Return what a window can do with an analyser, on the library of `desk`."""

    def look() -> Choices:
        return choices_of(plugged_in())

    def scan(wish: ScanWish, progress: Progress, should_stop: ShouldStop) -> Scanned:
        use = desk.for_parcels if wish.for_parcel else desk.in_use
        asked = use.identifier
        return desk.entered(
            lambda: scan_connected(instrument, wish, asked, progress, should_stop),
            use,
            emulated=instrument.state.emulated,
        )

    def check(progress: Progress, should_stop: ShouldStop) -> CheckResult:
        asked, emulated = desk.identifier, instrument.state.emulated
        with desk.measurer.book() as book, failing(book, emulated=emulated):
            record = check_connected(instrument, asked, progress, should_stop)
            if book is not None:
                book.checked(record)
        return told_of(record)

    def measure(name: str, progress: Progress, should_stop: ShouldStop) -> MeasuredStandard:
        asked, emulated = desk.identifier, instrument.state.emulated
        with desk.measurer.book() as book, failing(book, emulated=emulated):
            frame = measure_standard(instrument, name, asked, progress, should_stop)
            if book is not None:
                book.used(
                    Fired(frame.serial, "calibration", (frame.sha256,), emulated=frame.emulated)
                )
        return MeasuredStandard(name, frame.sha256, frame.serial, frame.model, frame.laser_nm)

    return AnalyserUse(instrument, look, scan, check, measure, desk.identify_kept)


def study_use(desk: Desk) -> StudyUse:
    """Return what a window can ask about results of the library of `desk`."""
    return StudyUse(
        study=lambda found: comparing.study(found, desk.identifier),
        pair=lambda studied, one, other: comparing.pair(
            studied, one, other, desk.identifier.engine
        ),
        trial=lambda studied, entries: comparing.trial(studied, entries, desk.identifier.engine),
    )


def desk_use_cases(
    library: Path | None, render: AnyRenderer, *, open_it: OpenIt = open_with_bench
) -> UseCases:
    """Return the window's use cases on a fresh desk; `open_it` opens the analyser chosen."""
    desk = Desk(library, render)
    book = live_book(desk.measurer)
    instrument = Instrument(keep_evidence, standing_now, open_it=open_it, book=book)
    return UseCases(
        identify_file=desk.identify,
        scan_emulated=desk.scan,
        emulated_samples=emulated_samples(),
        write_report=desk.report,
        library_title=desk.title,
        library_note=desk.note,
        open_library=desk.open,
        leave_library=desk.go_back,
        work_out_limits=desk.limits,
        analyser=analyser_use(desk, instrument),
        study=study_use(desk),
        many=many_use(lambda: desk.path, render),
        about=desk.about,
        measurer=desk.measurer,
    )
