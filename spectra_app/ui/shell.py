"""The window of the program: who is here, which analyser, and the pages of each kind of work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from spectra_app.records.access import Role
from spectra_app.records.kinds import Station
from spectra_app.services.api import UseCases
from spectra_app.services.instrument_state import InstrumentState
from spectra_app.ui.analyser_desk import AnalyserDesk
from spectra_app.ui.entrance import Entrance
from spectra_app.ui.fitted import ElidedLabel
from spectra_app.ui.lane import Job, Lane
from spectra_app.ui.laser_sign import LaserSign
from spectra_app.ui.look import LANGUAGES, NAMES, Look
from spectra_app.ui.officer.flow import OfficerFlow
from spectra_app.ui.officer.screen import OfficerScreen
from spectra_app.ui.phrases import analyser_line, analyser_short
from spectra_app.ui.records_desk import OpenOffice, RecordsDesk
from spectra_app.ui.supervisor.area import SupervisorArea
from spectra_app.ui.technician.area import Bench, TechnicianArea
from spectra_app.ui.theme import ThemeChoice, sized

THEMES: tuple[ThemeChoice, ...] = ("system", "light", "dark", "contrast")
AREAS = ("board", "officer", "workbench")
AREAS_OF = {
    Role.OFFICER: ("officer",),
    Role.TECHNICIAN: ("officer", "workbench"),
    Role.SUPERVISOR: ("board", "officer", "workbench"),
}
CLOSE_WAIT_MS = 1500
OF_NOBODY = ("workbench",)
"""What is open to who only looks around: nothing that touches records."""


class Head(QFrame):
    """The strip at the top: program and place, areas, analyser, laser, person."""

    area_wanted = Signal(str)
    analyser_wanted = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("head")
        self._look = look
        self.name, self.place = QLabel("Spectra"), ElidedLabel()
        self.name.setFont(sized(self.name.font(), 15, bold=True))
        self.areas = {area: QPushButton() for area in AREAS}
        self.analyser, self.sign = QPushButton(), LaserSign(look, 20, 11.0)
        self.person, self.menu = QPushButton(), QMenu(self)
        self.person.setMenu(self.menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 14, 6)
        row.setSpacing(8)
        row.addWidget(self.name)
        row.addWidget(self.place, 1)
        group = QButtonGroup(self)
        for area, button in self.areas.items():
            button.setObjectName("segment")
            button.setCheckable(True)
            group.addButton(button)
            button.clicked.connect(lambda _c=False, area=area: self.area_wanted.emit(area))
            row.addWidget(button)
        self.place.setObjectName("muted")
        for widget in (self.sign, self.analyser, self.person):
            row.addWidget(widget)
        for button in (self.analyser, self.person):
            button.setObjectName("segment")
        self.analyser.clicked.connect(self.analyser_wanted)

    def show_areas(self, areas: Sequence[str], current: str) -> None:
        """Offer the areas that are open to who is here."""
        for name, button in self.areas.items():
            button.setVisible(name in areas and len(areas) > 1)
            button.setChecked(name == current)


class Shell(QMainWindow):
    """The one window of the program.

    Parameters
    ----------
    use_cases : UseCases
        What can be asked of library and analyser.
    open_office : callable
        Returns the context of the station's records.
    look : Look
        Language and theme.
    """

    def __init__(self, use_cases: UseCases, open_office: OpenOffice, look: Look) -> None:
        super().__init__()
        self.look = look
        self.lane = Lane(self)
        self.records = RecordsDesk(open_office, self, use_cases.measurer)
        self.head, self.pages = Head(look), QStackedWidget()
        self.entrance = Entrance(look)
        if use_cases.analyser is None:
            raise ValueError("the window needs the use of an analyser")
        self.analyser = AnalyserDesk(
            use_cases.analyser, self.lane, self, use_cases.emulated_samples, look
        )
        self.officer = OfficerScreen(look)
        self.flow = OfficerFlow(self.officer, self.analyser, self.records, look)
        self.technician = TechnicianArea(
            look, Bench(use_cases, self.lane, self.analyser, self.records)
        )
        self.workbench = self.technician.workbench
        self.supervisor = SupervisorArea(look, self.records)
        self._areas: dict[str, QWidget] = {
            "board": self.supervisor, "officer": self.officer, "workbench": self.technician,
        }  # fmt: skip
        self._closing = self._around = False
        self._build()
        self._connect()
        look.tell(self.retell)
        look.paint(self._paint_parts)
        self._show_here()
        self.records.look(self._on_looked)

    def _build(self) -> None:
        self.setMinimumSize(1024, 700)
        for page in (self.entrance, *self._areas.values()):
            self.pages.addWidget(page)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.pages, 1)
        self.setCentralWidget(body)
        self._build_menu()

    def _build_menu(self) -> None:
        menu = self.head.menu
        self.log_out, self.lock = QAction(self), QAction(self)
        self.lock.setShortcut(QKeySequence("Ctrl+Shift+L"))
        self.addAction(self.lock)
        self.languages, self.themes = QMenu(menu), QMenu(menu)
        self._language_of: dict[str, QAction] = {}
        group = QActionGroup(self)
        for code in LANGUAGES:
            action = QAction(NAMES[code], self)
            action.setCheckable(True)
            action.setData(code)
            group.addAction(action)
            self.languages.addAction(action)
            self._language_of[code] = action
        group.triggered.connect(lambda action: self.look.speak(action.data()))
        self._theme_of: dict[str, QAction] = {}
        themes = QActionGroup(self)
        for choice in THEMES:
            action = QAction(self)
            action.setCheckable(True)
            action.setData(choice)
            themes.addAction(action)
            self.themes.addAction(action)
            self._theme_of[choice] = action
        themes.triggered.connect(lambda action: self.look.dress(action.data()))
        menu.addMenu(self.languages)
        menu.addMenu(self.themes)
        menu.addSeparator()
        menu.addAction(self.lock)
        menu.addAction(self.log_out)

    def _connect(self) -> None:
        self.head.area_wanted.connect(self.show_area)
        self.head.analyser_wanted.connect(self.analyser.open_panel)
        self.flow.panel_wanted.connect(self.analyser.open_panel)
        self.analyser.shown.connect(self._show_analyser)
        self.records.changed.connect(self._show_here)
        self.entrance.log_in.logged_in.connect(
            lambda name, words: self.records.log_in(name, words, self._on_entered)
        )
        self.entrance.log_in.unlocked.connect(
            lambda words: self.records.unlock(words, self._on_entered)
        )
        self.entrance.log_in.changed_person.connect(self._log_out)
        self.entrance.first.begun.connect(self._on_begun)
        self.entrance.around.clicked.connect(self._look_around)
        self.entrance.shut.wanted.connect(self._look_again)
        self.log_out.triggered.connect(self._log_out)
        self.lock.triggered.connect(lambda: self.records.lock(lambda _job: None))
        self.lane.when_thread_ends(self._on_thread_end)
        self.records.lane.when_thread_ends(self._on_thread_end)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look.say
        self.setWindowTitle(say("app.title"))
        for area, button in self.head.areas.items():
            button.setText(say(f"area.{area}"))
        self.languages.setTitle(say("menu.language"))
        self.themes.setTitle(say("menu.theme"))
        self.log_out.setText(say("menu.log_out"))
        self.lock.setText(say("menu.lock"))
        self._language_of[self.look.texts.language].setChecked(True)
        for choice, action in self._theme_of.items():
            action.setText(say(f"theme.{choice}"))
        self._show_head()

    # --- who is here ----------------------------------------------------------------------------

    @Slot()
    def _show_here(self) -> None:
        """Show the page for who is here; a locked session hides everything but the laser."""
        standing = self.records.standing
        if standing.user is None or standing.locked:
            self.entrance.show_standing(standing)
            if not self._around:
                self.pages.setCurrentWidget(self.entrance)
                self.head.show_areas((), "")
        else:
            self._around = False
            if self.pages.currentWidget() is self.entrance:
                self.show_area(AREAS_OF[Role(standing.user.role)][0])
        self._show_head()

    def _show_head(self) -> None:
        standing, say = self.records.standing, self.look.say
        self.head.place.set_text(standing.station.name if standing.station else "")
        user = standing.user
        self.head.person.setText(user.name if user else say("menu.menu"))
        self.log_out.setVisible(user is not None)
        self.lock.setVisible(user is not None and not standing.locked)
        self._show_analyser(self.analyser.state)

    @Slot(str)
    def show_area(self, area: str) -> None:
        """Show an area of work."""
        user = self.records.standing.user
        areas = AREAS_OF[Role(user.role)] if user else OF_NOBODY
        if area not in areas:
            return
        self.pages.setCurrentWidget(self._areas[area])
        self.head.show_areas(areas, area)
        if area == "officer":
            self.officer.item.number.setFocus()

    @Slot()
    def _look_around(self) -> None:
        self._around = True
        self.show_area("workbench")

    @Slot()
    def _log_out(self) -> None:
        self._around = False
        self.analyser.stop()
        self.records.log_out(lambda _job: None)

    def _on_entered(self, job: Job) -> None:
        if job.error is not None:
            self.entrance.show_trouble(job.error)

    @Slot()
    def _look_again(self) -> None:
        self.entrance.shut.show_trouble(None)
        self.records.look(self._on_looked)

    def _on_looked(self, job: Job) -> None:
        if job.error is not None:
            self.entrance.show_trouble(job.error)

    @Slot(object, str, str, str)
    def _on_begun(self, station: Station, login: str, name: str, words: str) -> None:
        self.records.begin_station(station, login, name, words, self._on_entered)

    # --- analyser -------------------------------------------------------------------------------

    @Slot(object)
    def _show_analyser(self, state: InstrumentState) -> None:
        self.head.analyser.setText(analyser_short(state, self.look.texts))
        self.head.analyser.setToolTip(analyser_line(state, self.look.texts))
        self.head.sign.show_state(state.laser)
        self.head.sign.setVisible(state.connected)

    def _paint_parts(self) -> None:
        self._theme_of[self.look.choice].setChecked(True)
        self._show_analyser(self.analyser.state)

    # --- Qt's own events ------------------------------------------------------------------------

    def open_files(self, paths: Sequence[Path]) -> None:
        """Identify files in the workbench."""
        if paths:
            self._look_around()
            self.workbench.open_files(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close when laser and work have ended; until then say so and wait, without freezing."""
        if not self.analyser.close(self.close):
            self._wait_to_close("close.laser")
            event.ignore()
            return
        self._closing = True
        self.workbench.end()
        if self.lane.close(CLOSE_WAIT_MS) and self.records.close(CLOSE_WAIT_MS):
            event.accept()
            return
        self._wait_to_close("close.work")
        event.ignore()

    def _wait_to_close(self, key: str) -> None:
        self.setWindowTitle(self.look.say(key))
        for part in (self.head, self.pages):  # not the window: an alarm stays usable
            part.setEnabled(False)

    @Slot()
    def _on_thread_end(self) -> None:
        if self._closing and self.isVisible():
            self.close()
