"""Calculated suggestions for the laboratory: opened on the record, marked wherever seen."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import PureWindowsPath

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLabel, QPushButton, QStackedWidget

from spectra_app.services.identify import Identified
from spectra_app.services.known_besides import known_besides
from spectra_app.services.office import Office, Session
from spectra_app.services.suggestions import (
    Openable,
    SuggestionDesk,
    SuggestionList,
    open_suggestions,
    scan_again,
    suggestion_desk,
)
from spectra_app.ui.lane import Job
from spectra_app.ui.look import Look
from spectra_app.ui.page import Page
from spectra_app.ui.supervisor.working import Progress, Working
from spectra_app.ui.technician.area import Bench
from spectra_app.ui.technician.suggestion_adding import AddingPanel
from spectra_app.ui.technician.suggestion_list import CandidateList
from spectra_app.ui.technician.suggestion_narrowing import Typed
from spectra_app.ui.technician.suggestion_scans import ScanChoice
from spectra_app.ui.theme import banner_style

Opened = tuple[Identified, SuggestionList]


class SuggestionsPage(Page):
    """Choose a filed scan, open its list on the record, narrow it; add a structure.

    Parameters
    ----------
    look : Look
        Language and theme.
    bench : Bench
        What the technician's pages work with.
    """

    def __init__(self, look: Look, bench: Bench) -> None:
        super().__init__(look, bench.records)
        lane = bench.records.lane
        self.scan: Openable | None = None
        self._found: Identified | None = None
        self.mark, self.working = QLabel(), Working(look, bench.records)
        self.choice, self.candidates = ScanChoice(look, lane), CandidateList(look, lane)
        self.adding, self.stack = AddingPanel(look, bench.records), QStackedWidget()
        self.add, self.other = QPushButton(), QPushButton()
        self._lay_out()
        self.add.clicked.connect(self.begin_adding)
        self.other.clicked.connect(self.begin)
        self.adding.left.connect(self._on_left)
        self.choice.wanted.connect(self.open_list)
        self.candidates.narrowed.connect(self._on_narrowed)
        self.candidates.said.connect(self.say_line)
        look.tell(self.retell)
        look.paint(self._paint_mark)

    def _lay_out(self) -> None:
        self.mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.mark.setWordWrap(True)
        self.working.bar.setRange(0, 0)  # how far it is cannot be told
        for button in (self.candidates.csv, self.other, self.add):
            self.top.addWidget(button)
        self.column.addWidget(self.mark)
        self.column.addWidget(self.working)
        for part in (self.choice, self.candidates, self.adding):
            self.stack.addWidget(part)
        self.column.addWidget(self.stack, 1)
        self._show(self.choice)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look_of.say
        self.title.setText(say("calculated.title"))
        self.mark.setText(say("calculated.banner"))
        self.add.setText(say("calculated.add"))
        self.other.setText(say("calculated.other"))

    def _paint_mark(self) -> None:
        self.mark.setStyleSheet(banner_style(self.look_of.theme))

    def _show(self, part: ScanChoice | CandidateList | AddingPanel) -> None:
        self.stack.setCurrentWidget(part)
        listed = part is self.candidates
        self.candidates.csv.setVisible(listed)
        self.other.setVisible(listed)
        self.add.setVisible(part is not self.adding)

    def refresh(self) -> None:
        """Look which scans there are; a list that is open stays."""
        if self.stack.currentWidget() is not self.candidates:
            self.ask("Looking for scans that nothing explains", suggestion_desk, self._take)

    def _take(self, desk: SuggestionDesk) -> None:
        self.choice.show_desk(desk)

    @Slot()
    def begin(self) -> None:
        """Leave the list for another scan."""
        self.scan = self._found = self.candidates.made = None
        self._show(self.choice)
        self.refresh()

    @Slot(object)
    def open_list(self, scan: Openable) -> None:
        """Open the list for a scan: computed again from its evidence, and entered in the record."""
        if self.working.job is not None:
            return

        def act(office: Office, session: Session, progress: Progress) -> Opened:
            found = scan_again(office, session, scan.scan, progress)
            return found, open_suggestions(office, session, scan.scan, found)

        self.say_line("")
        self.scan = scan
        self.choice.setEnabled(False)
        self.working.begin("calculated.opening", act, self._on_opened)

    def _on_opened(self, job: Job) -> None:
        self.choice.setEnabled(True)
        if job.stopped:
            self.say_line(self.look_of.say("calculated.stopped"))
        elif job.error is not None:
            self.say_trouble(job.error)
        else:
            self._found, made = job.result
            self._show(self.candidates)
            self._show_list(made)

    def _show_list(self, made: SuggestionList) -> None:
        if self.scan is not None:
            self.candidates.show_list(made, PureWindowsPath(self.scan.name).name)

    @Slot(object)
    def _on_narrowed(self, typed: Typed) -> None:
        """Open the list anew: whatever is shown is in the record."""
        scan, found = self.scan, self._found
        if scan is None or found is None or self.waiting:
            return

        def act(office: Office, session: Session) -> SuggestionList:
            return open_suggestions(
                office, session, scan.scan, found, known_besides(**asdict(typed))
            )

        self.ask("Narrowing a calculated list", act, self._show_list)

    @Slot()
    def begin_adding(self) -> None:
        """Show where a structure is added."""
        desk = self.choice.desk
        self._show(self.adding)
        self.adding.begin(can=desk is not None and desk.can_add)

    @Slot()
    def _on_left(self) -> None:
        self._show(self.candidates if self.candidates.made is not None else self.choice)
        self.refresh()
