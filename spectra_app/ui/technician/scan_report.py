"""The report of a scan of the workbench: where it is saved is asked, and it is written."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QStatusBar, QWidget

from spectra_app.reports.texts import without_isolates
from spectra_app.services.api import UseCases
from spectra_app.services.identify import Identified
from spectra_app.ui.lane import Job, Lane
from spectra_app.ui.look import Look
from spectra_app.ui.scans import ScanEntry

SAVED_MS = 15_000


class ScanReport(QWidget):
    """Writes reports on the lane and tells of it in the line below; `failed` gives the job.

    Parameters
    ----------
    line : QStatusBar
        Where it is told; the owner.
    use_cases : UseCases
        What writes it.
    lane : Lane
        Of library and analyser.
    look : Look
        Language.
    """

    failed = Signal(object)

    def __init__(self, line: QStatusBar, use_cases: UseCases, lane: Lane, look: Look) -> None:
        super().__init__(line)
        self.hide()
        self._line, self._use_cases, self._lane, self._look = line, use_cases, lane, look

    def ask(self, entry: ScanEntry | None) -> None:
        """Ask where to save the report of a scan, and write it."""
        if entry is None or entry.identified is None:
            return
        say, scan = self._look.say, Path(entry.title.replace(":", " -")).stem
        proposal = without_isolates(say("bench.report_name", scan=scan))
        name, _ = QFileDialog.getSaveFileName(
            self.window(), say("bench.save_report"), proposal, "PDF (*.pdf)"
        )
        if name:
            self._write(entry.identified, Path(name))

    def _write(self, identified: Identified, path: Path) -> None:
        target = path if path.suffix.lower() == ".pdf" else path.with_name(f"{path.name}.pdf")
        write = self._use_cases.write_report

        def task(_tell: object, _stop: object) -> Path:
            write(identified, target)
            return target

        self._line.showMessage(self._look.say("bench.writing", name=target.name))
        self._lane.submit(Job(f"Writing {target.name}", task, self._on_written))

    def _on_written(self, job: Job) -> None:
        self._line.clearMessage()
        if job.error is not None:
            self.failed.emit(job)
        elif not job.stopped:
            words = self._look.say("bench.report_saved", path=str(job.result))
            self._line.showMessage(words, SAVED_MS)
