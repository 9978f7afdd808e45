"""The use cases of one window: they share the library in use."""

from __future__ import annotations

from pathlib import Path

from spectra_app.services.api import Progress, ShouldStop, UseCases
from spectra_app.services.identify import Identified, Identifier, identify_file
from spectra_app.services.libraries import library_note, library_title
from spectra_app.services.limits import unasked, with_limits
from spectra_app.services.reporting import Renderer, write_report
from spectra_app.services.scanning import emulated_samples, scan_emulated
from spectra_app.services.session import open_identifier


class Desk:
    """The library in use, opened when first needed; used from one worker thread."""

    def __init__(self, library: Path | None, render: Renderer) -> None:
        self._path = library
        self._render = render
        self._identifier: Identifier | None = None

    @property
    def identifier(self) -> Identifier:
        """Engine, evidence store and clock; opened when first asked for."""
        if self._identifier is None:
            self._identifier = open_identifier(self._path)
        return self._identifier

    def identify(self, path: Path) -> tuple[Identified, ...]:
        """Identify every spectrum of a file."""
        return identify_file(path, self.identifier)

    def scan(self, sample: str, progress: Progress, should_stop: ShouldStop) -> Identified:
        """Scan a named sample with the emulated analyser."""
        return scan_emulated(sample, self.identifier, progress=progress, should_stop=should_stop)

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

    def open(self, path: Path) -> str:
        """Use another library; the present one stays in use when that fails."""
        fresh = open_identifier(path)
        if self._identifier is not None:
            self._identifier.engine.library.close()
        self._identifier = fresh
        return self.title()


def desk_use_cases(library: Path | None, render: Renderer) -> UseCases:
    """Return the window's use cases on a fresh desk."""
    desk = Desk(library, render)
    return UseCases(
        identify_file=desk.identify,
        scan_emulated=desk.scan,
        emulated_samples=emulated_samples(),
        write_report=desk.report,
        library_title=desk.title,
        library_note=desk.note,
        open_library=desk.open,
        work_out_limits=desk.limits,
    )
