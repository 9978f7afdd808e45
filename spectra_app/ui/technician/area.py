"""The technician's area: the workbench, and the pages for libraries and calibration."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from matching.spectrum import Spectrum
from spectra_app.records.identification import Kind
from spectra_app.services.api import UseCases
from spectra_app.ui.analyser_desk import AnalyserDesk
from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look
from spectra_app.ui.page import Page
from spectra_app.ui.paged import PagedArea, Place
from spectra_app.ui.records_desk import RecordsDesk
from spectra_app.ui.technician.shelf import Shelf
from spectra_app.ui.workbench import Workbench

HERE = "spectra_app.ui.technician"
PAGES: dict[str, Place] = {
    "examine": ("spectra_app.ui.workbench", "Workbench"),
    "library": (f"{HERE}.library_page", "LibraryPage"),
    "import": (f"{HERE}.import_page", "ImportPage"),
    "quality": (f"{HERE}.quality_page", "QualityPage"),
    "release": (f"{HERE}.release_page", "ReleasePage"),
    "calibration": (f"{HERE}.calibration_page", "CalibrationPage"),
    "live": (f"{HERE}.live_page", "LivePage"),
    "charts": (f"{HERE}.charts_page", "ChartsPage"),
    "batch": (f"{HERE}.batch_page", "BatchPage"),
    "evaluate": (f"{HERE}.evaluate_page", "EvaluatePage"),
    "suggestions": (f"{HERE}.suggestions_page", "SuggestionsPage"),
}
FIRST = "examine"
"""The workbench is there from the start, for who only looks around too; it holds no records."""


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """What the technician's pages work with.

    Parameters
    ----------
    use_cases : UseCases
        What can be asked of library and analyser; called on the lane only.
    lane : Lane
        Of library and analyser, shared with the rest of the window.
    analyser : AnalyserDesk
        The analyser in use, shared too.
    records : RecordsDesk
        Runs acts of services on the records.
    shelf : Shelf
        The library that the pages look at.
    """

    use_cases: UseCases
    lane: Lane
    analyser: AnalyserDesk
    records: RecordsDesk
    shelf: Shelf = field(default_factory=Shelf)


class TechnicianArea(PagedArea):
    """The pages of a technician; only the workbench when nobody is logged in.

    Parameters
    ----------
    look : Look
        Language and theme.
    bench : Bench
        What the pages work with.
    """

    def __init__(self, look: Look, bench: Bench) -> None:
        super().__init__(look, bench.records, PAGES, lambda kind: kind(look, bench), "tech")
        self.workbench = Workbench(bench.use_cases, bench.lane, bench.analyser, look)
        self.stack.addWidget(self.workbench)
        self._shelf = bench.shelf
        bench.shelf.shown.connect(lambda: self.show_page("library"))
        bench.shelf.more_wanted.connect(self._import_more)

    def connect_page(self, page: Page) -> None:
        """Open in the workbench what a page asks for."""
        wanted = getattr(page, "open_wanted", None)
        if wanted is not None:
            wanted.connect(self.open_scan)
        examined = getattr(page, "examine_wanted", None)
        if examined is not None:
            examined.connect(self.lay_over)

    @Slot(object)
    def open_scan(self, path: Path) -> None:
        """Open a file in the workbench."""
        self.show_page(FIRST)
        self.workbench.open_files([path])

    @Slot(object, str, str)
    def lay_over(self, spectrum: Spectrum, name: str, kind: Kind) -> None:
        """Draw a reference of a library beside the scans of the workbench."""
        self.show_page(FIRST)
        self.workbench.show_reference(name, spectrum, kind)

    @Slot(object)
    def _import_more(self, record: object) -> None:
        """Import other spectra of the substance of an entry."""
        page = self.show_page("import")
        page.begin_for(record, self._shelf.path)  # type: ignore[attr-defined]

    def forget(self) -> None:
        """Forget the spectra and the library of whoever has gone."""
        self._shelf.forget()
        self.workbench.forget()

    def begin(self) -> None:
        """Show the page that was shown last; the workbench to who only looks around."""
        self.show_page(self.current)

    def show_page(self, name: str) -> QWidget:
        """Show a page; the workbench is never made anew."""
        somebody = self.open_to_somebody()
        self.row.setVisible(somebody and len(self.tabs) > 1)
        if name == FIRST or not somebody:
            self.current = FIRST
            self.tabs[FIRST].setChecked(True)
            self.stack.setCurrentWidget(self.workbench)
            self.page_shown.emit(FIRST)
            return self.workbench
        return super().show_page(name)
