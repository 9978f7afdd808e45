"""The window of the program: who is here, which analyser, and the pages of each kind of work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QCursor, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
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

from spectra_app.services.instrument_state import InstrumentState
from spectra_app.ui.entrance import Entrance
from spectra_app.ui.everywhere import Everywhere
from spectra_app.ui.fitted import ElidedLabel
from spectra_app.ui.lane import Job, Lane
from spectra_app.ui.laser_sign import LaserSign
from spectra_app.ui.look import LANGUAGES, NAMES, Look
from spectra_app.ui.once import Once
from spectra_app.ui.parts import Parts
from spectra_app.ui.phrases import analyser_line, analyser_short, analyser_shortest
from spectra_app.ui.records_desk import OpenOffice, RecordsDesk
from spectra_app.ui.theme import ThemeChoice, sized

if TYPE_CHECKING:
    from spectra_app.records.kinds import Station
    from spectra_app.services.api import UseCases
    from spectra_app.ui.analyser_desk import AnalyserDesk
    from spectra_app.ui.officer.flow import OfficerFlow
    from spectra_app.ui.officer.screen import OfficerScreen
    from spectra_app.ui.supervisor.area import SupervisorArea
    from spectra_app.ui.technician.area import TechnicianArea
    from spectra_app.ui.workbench import Workbench

THEMES: tuple[ThemeChoice, ...] = ("system", "light", "dark", "contrast")
AREAS = ("board", "officer", "workbench")
AREAS_OF = {
    "officer": ("officer",),
    "technician": ("officer", "workbench"),
    "supervisor": ("board", "officer", "workbench"),
}
CLOSE_WAIT_MS = 1500
ATTEND_MS = 20_000
"""How often the window looks whether a session has locked itself: the screen is hidden then."""
OF_NOBODY = ("workbench",)
"""What is open to who only looks around: nothing that touches records."""


AFTER_FIRST = {"package": ("board", "lists"), "own": ("workbench", "import")}
"""Area and page that a choice of the first run leads to."""


def shut_others(window: QWidget) -> None:
    """Close the other windows of `window`, dialogs without an answer: nobody is here to see them.

    An alarm of the laser stays; it lets nobody close it.
    """
    for other in QApplication.topLevelWidgets():
        owner = other.parentWidget()
        while owner is not None and owner is not window:
            owner = owner.parentWidget()
        if owner is window and other.isVisible():
            other.close()


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
        self._said = "", ""
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
        self._fit()

    def show_analyser(self, words: str, fewer: str) -> None:
        """Say how the analyser stands; in fewer words where there is no room for all."""
        self._said = words, fewer
        self._fit()

    def event(self, event: QEvent) -> bool:
        """Say as much as there is room for, also when something beside it needs more."""
        done = super().event(event)
        if event.type() in {QEvent.Type.Resize, QEvent.Type.LayoutRequest}:
            self._fit()
        return done

    def _fit(self) -> None:
        (words, fewer), row = self._said, self.layout()
        if row is None:
            return
        now, wide = self.analyser.text(), self.analyser.fontMetrics().horizontalAdvance
        needed = row.sizeHint().width() + wide(words) - wide(now)
        shown = fewer if fewer and needed > self.width() else words
        if shown != now:
            self.analyser.setText(shown)


class Shell(QMainWindow):
    """The one window of the program.

    Parameters
    ----------
    make_use_cases : callable () -> UseCases
        Makes what can be asked of library and analyser; called once, on the lane.
    open_office : callable
        Returns the context of the station's records.
    look : Look
        Language and theme.
    """

    area_shown = Signal(str)

    def __init__(
        self, make_use_cases: Callable[[], UseCases], open_office: OpenOffice, look: Look
    ) -> None:
        super().__init__()
        self.look = look
        look.wear_beside(self)
        self.lane = Lane(self)
        self._use_cases = Once(make_use_cases)
        self.records = RecordsDesk(open_office, self, self._use_cases)
        self.head, self.pages = Head(look), QStackedWidget()
        self.entrance = Entrance(look)
        self.parts = Parts(self, self._use_cases, self.lane, self.records, look)
        self._closing = self._around = self._somebody = self._touched = self._renewing = False
        self._attend, self._pointer, self._wanted = QTimer(self), QCursor.pos(), ""
        self._build()
        self._connect()
        self._begin_attending()
        look.tell(self.retell)
        look.paint(self._paint_parts)
        self._show_here()
        self.records.look(self._on_looked)

    # --- the parts, made when they are asked for ------------------------------------------------

    @property
    def analyser(self) -> AnalyserDesk:
        """Panel, alarm and instrument."""
        return self.parts.analyser

    @property
    def officer(self) -> OfficerScreen:
        """The officer's screen."""
        return self.parts.officer

    @property
    def flow(self) -> OfficerFlow:
        """What the officer's screen does."""
        return self.parts.flow

    @property
    def technician(self) -> TechnicianArea:
        """The technician's pages."""
        return self.parts.technician

    @property
    def workbench(self) -> Workbench:
        """The first of the technician's pages."""
        return self.parts.technician.workbench

    @property
    def supervisor(self) -> SupervisorArea:
        """The supervisor's pages."""
        return self.parts.supervisor

    @Slot(str)
    def _on_made(self, part: str) -> None:
        """Connect a part that was made just now."""
        if part == "analyser":
            self.analyser.shown.connect(self._show_analyser)
            self._show_analyser(self.analyser.state)
            return
        if part == "officer":
            self.flow.panel_wanted.connect(self.analyser.open_panel)
        area = self.parts.area(part)
        self.pages.addWidget(area)
        if part == "officer":  # the other areas style each page by itself
            self.look.wear(area)

    def _build(self) -> None:
        self.setMinimumSize(1024, 700)
        self.pages.addWidget(self.entrance)
        for part in (self.head, self.entrance):
            self.look.wear(part)
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
        self.log_out, self.lock, self.enter = QAction(self), QAction(self), QAction(self)
        self.renew = QAction(self)
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
        self.everywhere = Everywhere(self, self._use_cases)
        menu.addSeparator()
        menu.addAction(self.lock)
        for action in (self.renew, self.log_out, self.enter):
            menu.addAction(action)

    def _connect(self) -> None:
        self.head.area_wanted.connect(self.show_area)
        self.head.analyser_wanted.connect(self._open_panel)
        self.parts.made.connect(self._on_made)
        self.parts.failed.connect(self._on_failed)
        self.records.changed.connect(self._show_here)
        self.entrance.log_in.logged_in.connect(
            lambda name, words: self.records.log_in(name, words, self._on_entered)
        )
        self.entrance.log_in.unlocked.connect(
            lambda words: self.records.unlock(words, self._on_entered)
        )
        self.entrance.log_in.changed_person.connect(self._log_out)
        self.entrance.renew.told.connect(
            lambda old, new: self.records.change_password(old, new, self._on_renewed)
        )
        self.entrance.renew.changed_person.connect(self._log_out)
        self.entrance.renew.left.connect(lambda: self._renew(wanted=False))
        self.renew.triggered.connect(lambda: self._renew(wanted=True))
        self.entrance.first.begun.connect(self._on_begun)
        self.entrance.around.clicked.connect(self._look_around)
        self.entrance.shut.wanted.connect(self._look_again)
        self.log_out.triggered.connect(self._log_out)
        self.enter.triggered.connect(self._go_to_entrance)
        self.lock.triggered.connect(lambda: self.records.lock(lambda _job: None))
        self.lane.when_thread_ends(self._on_thread_end)
        for lane in (self.records.lane, self.records.beside):
            lane.when_thread_ends(self._on_thread_end)

    def _begin_attending(self) -> None:
        QApplication.instance().focusChanged.connect(self._on_focus)  # type: ignore[union-attr]
        self._attend.timeout.connect(self.attend)
        self._attend.start(ATTEND_MS)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look.say
        self.setWindowTitle(say("app.title"))
        for area, button in self.head.areas.items():
            button.setText(say(f"area.{area}"))
        self.languages.setTitle(say("menu.language"))
        self.themes.setTitle(say("menu.theme"))
        self.log_out.setText(say("menu.log_out"))
        self.enter.setText(say("entrance.log_in"))
        self.lock.setText(say("menu.lock"))
        self.renew.setText(say("menu.renew"))
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
            self._renewing = False
        if standing.user is None or standing.locked or self._has_to_renew():
            if self._somebody:
                shut_others(self)
            self.entrance.show_standing(standing)
            if not self._around or standing.user is not None:
                self.pages.setCurrentWidget(self.entrance)
                self.head.show_areas((), "")
        else:
            self._around = False
            if self.pages.currentWidget() is self.entrance:
                self.show_area(AREAS_OF[standing.user.role][0])
        self._somebody = standing.user is not None and not standing.locked
        if not self._has_to_renew():
            self.entrance.renew.begin(given=True)  # what was typed there is forgotten
        self._show_head()

    def _has_to_renew(self) -> bool:
        """Tell whether who is here is asked for a password of their own before anything else."""
        user = self.records.standing.user
        return self._renewing or (user is not None and user.must_change)

    def _renew(self, *, wanted: bool) -> None:
        """Ask for another password, or leave that."""
        self._renewing = wanted
        self._show_here()

    def _on_renewed(self, job: Job) -> None:
        self._on_entered(job)
        if job.error is None:
            self._renew(wanted=False)

    def _show_head(self) -> None:
        standing, say = self.records.standing, self.look.say
        self.head.place.set_text(standing.station.name if standing.station else "")
        user = standing.user
        self.head.person.setText(user.name if user else say("menu.menu"))
        self.log_out.setVisible(user is not None)
        self.enter.setVisible(user is None and self._around)
        self.renew.setVisible(bool(self.open_areas()) and user is not None)
        self.head.analyser.setEnabled(not standing.locked and not self._has_to_renew())
        self.lock.setVisible(user is not None and not standing.locked)
        self._show_analyser(self._state())

    @Slot(str)
    def show_area(self, area: str) -> None:
        """Show an area of work."""
        self._wanted = area
        if area in self.open_areas():
            self.parts.prepare(area, lambda: self._show_prepared(area))

    def open_areas(self) -> tuple[str, ...]:
        """Return the areas that are open to who is here now; none at the entrance."""
        standing = self.records.standing
        user = None if standing.locked else standing.user
        if self._has_to_renew():
            return ()
        if user is None:
            return OF_NOBODY if self._around else ()
        return AREAS_OF[user.role]

    def _show_prepared(self, area: str) -> None:
        """Show an area that can be made now, unless another one was asked for, or by another."""
        areas = self.open_areas()
        if area not in areas or area != self._wanted:
            return
        self.pages.setCurrentWidget(self.parts.area(area))
        self.head.show_areas(areas, area)
        if area == "officer":
            self.officer.item.number.setFocus()
        self.area_shown.emit(area)

    @Slot()
    def attend(self) -> None:
        """Hide the screen of a session that locked itself; who moves the pointer is here."""
        pointer = QCursor.pos()
        present = self._touched or pointer != self._pointer
        self._touched, self._pointer = False, pointer
        self.records.attend(present=present)

    @Slot("QWidget*", "QWidget*")
    def _on_focus(self, _before: object, _now: object) -> None:
        self._touched = True

    @Slot()
    def _look_around(self) -> None:
        self._around = True
        self.show_area("workbench")
        self._show_head()

    @Slot()
    def _go_to_entrance(self) -> None:
        """Let who only looked around log in."""
        self._around = False
        self._show_here()

    @Slot()
    def _log_out(self) -> None:
        self._around = False
        if self.parts.has("analyser"):
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
        self.parts.warm_up()

    @Slot(object)
    def _on_failed(self, job: Job) -> None:
        """Say why a part of the window cannot be made."""
        from spectra_app.ui.pages import ProblemDialog

        if job.error is not None:
            ProblemDialog(self, self.look, "problem.fault", job.error, job.details).open()

    @Slot(object, str, str, str)
    def _on_begun(self, station: Station, login: str, name: str, words: str) -> None:
        self.records.begin_station(station, login, name, words, self._on_set_up)

    def _on_set_up(self, job: Job) -> None:
        """Open what was chosen for the first day."""
        self._on_entered(job)
        wanted = self.entrance.first.wanted
        if job.error is not None:
            return
        if wanted.library != "starter":
            self.everywhere.go(*AFTER_FIRST[wanted.library])
        if wanted.analyser != "later":
            self._open_panel()

    # --- analyser -------------------------------------------------------------------------------

    def _state(self) -> InstrumentState:
        return self.analyser.state if self.parts.has("analyser") else InstrumentState()

    @Slot()
    def _open_panel(self) -> None:
        if self.records.standing.locked:
            return
        self.parts.prepare("analyser", self._open_prepared_panel)

    def _open_prepared_panel(self) -> None:
        self.analyser.open_panel()

    @Slot(object)
    def _show_analyser(self, state: InstrumentState) -> None:
        texts = self.look.texts
        self.head.sign.show_state(state.laser)
        self.head.sign.setVisible(state.connected)
        self.head.analyser.setToolTip(analyser_line(state, texts))
        self.head.show_analyser(analyser_short(state, texts), analyser_shortest(state, texts))

    def _paint_parts(self) -> None:
        self._theme_of[self.look.choice].setChecked(True)
        self._show_analyser(self._state())

    # --- Qt's own events ------------------------------------------------------------------------

    def open_files(self, paths: Sequence[Path]) -> None:
        """Identify files in the workbench."""
        if paths:
            self._look_around()
            self.parts.prepare("workbench", lambda: self.workbench.open_files(paths))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close when laser and work have ended; until then say so and wait, without freezing."""
        self.parts.end()
        self._attend.stop()
        if not self._let_go():
            self._wait_to_close("close.laser")
            event.ignore()
            return
        self._closing = True
        if self.parts.has("workbench"):
            self.workbench.end()
        ended = self.lane.close(CLOSE_WAIT_MS) and self.records.close(CLOSE_WAIT_MS)
        if ended and self._let_go():
            event.accept()
            return
        self._wait_to_close("close.work" if not ended else "close.laser")
        event.ignore()

    def _let_go(self) -> bool:
        """Let the analyser go; tell whether it is gone already."""
        return self._use_cases.made is None or self.analyser.close(self.close)

    def _wait_to_close(self, key: str) -> None:
        self.setWindowTitle(self.look.say(key))
        for part in (self.head, self.pages):  # not the window: an alarm stays usable
            part.setEnabled(False)

    @Slot()
    def _on_thread_end(self) -> None:
        if self._closing and self.isVisible():
            self.close()
