"""The yearly report of seizures: made, looked at as it prints, saved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from spectra_app.services.office import Office, Session
from spectra_app.services.station_statistics.seizures import yearly_seizures
from spectra_app.services.station_statistics.writing import report_of_year, write_seizures
from spectra_app.ui.lane import Job
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL
from spectra_app.ui.records_desk import RecordsDesk
from spectra_app.ui.saving import ask_path
from spectra_app.ui.supervisor.sheets import PICTURE, Sheets
from spectra_app.ui.supervisor.working import Progress, Working
from spectra_app.ui.troubles import told

FIRST_YEAR = 1900


@dataclass(frozen=True, eq=False, slots=True)
class Year:
    """The figures of a year, and its report as pictures."""

    figures: dict[str, Any]
    pages: tuple[tuple[Any, str], ...]


class YearlyBox(QWidget):
    """A year, its report, and saving it."""

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__()
        self._look = look
        self.found: Year | None = None
        self._said = ""
        self.label, self.year, self.make, self.save = (
            QLabel(), QSpinBox(), QPushButton(), QPushButton()
        )  # fmt: skip
        self.larger, self.smaller = QPushButton("+"), QPushButton("−")
        self.words, self.working, self.sheets = QLabel(), Working(look, records), Sheets(look)
        this_year = date.today().year
        self.year.setRange(FIRST_YEAR, this_year)
        self.year.setValue(this_year)
        self.label.setBuddy(self.year)
        self.words.setWordWrap(True)
        self.words.setObjectName("hint")
        row = QHBoxLayout()
        row.addWidget(self.label)
        for part in (self.year, self.make, self.save):
            part.setMinimumHeight(TALL)
            row.addWidget(part)
        row.addStretch(1)
        for button in (self.smaller, self.larger):
            button.setMinimumHeight(TALL)
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        for line in (self.words, self.working):
            column.addWidget(line)
        column.addWidget(self.sheets, 1)
        self.save.setEnabled(False)
        self.make.clicked.connect(self._on_make)
        self.save.clicked.connect(self._on_save)
        self.larger.clicked.connect(lambda: self.sheets.resize_by(1))
        self.smaller.clicked.connect(lambda: self.sheets.resize_by(-1))
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.label.setText(say("figures.year"))
        self.make.setText(say("figures.make"))
        self.save.setText(say("figures.save_year"))
        self.words.setText(self._said or say("figures.year_words"))
        self.sheets.setAccessibleName(say("figures.yearly"))
        self.sheets.say_nothing(say("figures.year_empty", make=say("figures.make")))
        for button, key in ((self.larger, "larger"), (self.smaller, "smaller")):
            button.setAccessibleName(say(f"review.{key}"))
            button.setToolTip(say(f"review.{key}"))

    @Slot()
    def _on_make(self) -> None:
        self.save.setEnabled(False)
        self.sheets.show_pages(())
        act = partial(_make, year=self.year.value())
        self.working.begin("figures.year_work", act, self._made)

    def _made(self, job: Job) -> None:
        self._said = ""
        if job.error is not None:
            self._said = str(told(job.error, self._look.texts))
        else:
            self.found = job.result
            self.sheets.show_pages(job.result.pages)
            self.save.setEnabled(True)
        self.retell()

    @Slot()
    def _on_save(self) -> None:
        if self.found is None:
            return
        say = self._look.say
        kinds = {".pdf": say("figures.kind_pdf"), ".csv": say("figures.kind_csv"),
                 ".json": say("figures.kind_json")}  # fmt: skip
        name = f"seizures-{self.found.figures['year']}"
        path = ask_path(self, say("figures.save_year"), name, kinds)
        if path is not None:
            self.save_to(path)

    def save_to(self, path: Path) -> None:
        """Save the report that is shown, in the form that the ending of the name says."""
        if self.found is not None:
            act = partial(_save, figures=self.found.figures, path=path)
            self.working.begin("figures.saving", act, self._saved)

    def _saved(self, job: Job) -> None:
        if job.error is not None:
            self._said = str(told(job.error, self._look.texts))
        else:
            self._said = self._look.say("figures.saved", path=str(job.result))
        self.retell()


def _make(office: Office, session: Session, progress: Progress, *, year: int) -> Year:
    from spectra_app.reports.render_qt import pictures_of

    progress(0.0, "")
    figures = yearly_seizures(office, session, year)
    progress(0.8, "")
    return Year(figures, pictures_of(report_of_year(figures), PICTURE))


def _save(
    _office: Office,
    _session: Session,
    _progress: Progress,
    *,
    figures: dict[str, Any],
    path: Path,
) -> Path:
    from spectra_app.reports.render_qt import render_pdf

    write_seizures(figures, path, render_pdf)
    return path
