"""Remembers for each person and this computer: language, colours, places, files opened last.

It only listens to the window and tells it, when somebody comes, what that person left. It is
written on the lane of the records, a moment after something changed, and once more at the end.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QByteArray, QObject, QTimer, Slot
from PySide6.QtWidgets import QMainWindow, QMenu, QSplitter, QToolButton, QWidget

from spectra_app.errors import SettingsError
from spectra_app.services.remembered import OfPerson, Remembered, remember
from spectra_app.ui.lane import Job
from spectra_app.ui.look import LANGUAGES
from spectra_app.ui.paged import PagedArea
from spectra_app.ui.theme import theme_of

if TYPE_CHECKING:
    from spectra_app.ui.shell import Shell

WINDOW = "window"
KEPT = "keep."
"""Splitters and windows with docks whose object names begin so are put back as they were left."""
SOON_MS = 1500


class Memory(QObject):
    """Listens to a window and keeps what it is to be found in next time.

    Parameters
    ----------
    window : Shell
        The window.
    now : Remembered
        What was remembered when it was made.
    write : callable (Remembered) -> None
        Writes it; called on the lane of the records.
    """

    def __init__(
        self, window: Shell, now: Remembered, write: Callable[[Remembered], None] = remember
    ) -> None:
        super().__init__(window)
        self.now, self._window, self._write = now, window, write
        self._person, self._telling = "", False
        self._wanted: OfPerson | None = None
        self._put_back: set[str] = set()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._save_beside)
        window.look.retold.connect(self._on_look)
        window.look.restyled.connect(self._on_look)
        window.look.sound(now.sound)
        window.look.sounded.connect(self._on_sound)
        window.records.changed.connect(self._on_changed)
        window.entrance.first.typed.connect(self._on_first_run)
        window.area_shown.connect(self._on_area)
        window.parts.made.connect(self._on_made)
        self.recent: RecentFiles | None = None
        self._restore(WINDOW, window.restoreGeometry)

    @Slot(str)
    def _on_made(self, part: str) -> None:
        """Listen to a part that was made just now."""
        if part == "analyser":
            return
        area = self._window.parts.area(part)
        if isinstance(area, PagedArea):
            area.page_shown.connect(self._on_page)
        if part == "workbench":
            self.recent = RecentFiles(self._window, self)

    # --- what is to be remembered ---------------------------------------------------------------

    @property
    def person(self) -> str:
        """Return the identifier of whom things are remembered for; empty for nobody."""
        return self._person

    def change(self, what: Remembered) -> None:
        """Remember something else from now on."""
        if what != self.now:
            self.now = what
            self._soon.start()

    def for_person(self, **values: object) -> None:
        """Remember something for who is here; nothing for who only looks around."""
        if self._person and not self._telling:
            self.change(self.now.with_person(self._person, **values))

    @Slot()
    def _on_look(self) -> None:
        look = self._window.look
        language, theme = look.texts.language, look.choice
        self.change(replace(self.now, language=language, theme=theme))
        self.for_person(language=language, theme=theme)

    @Slot()
    def _on_sound(self) -> None:
        self.change(replace(self.now, sound=self._window.look.sounding))

    @Slot(dict)
    def _on_first_run(self, typed: dict[str, str]) -> None:
        self.change(replace(self.now, first_run=typed))

    @Slot(str)
    def _on_area(self, name: str) -> None:
        area = self._window.parts.area(name)
        if self._wanted is not None:
            if name != self._wanted.area:
                return  # on the way to what was left
            wanted, self._wanted = self._wanted, None
            if isinstance(area, PagedArea) and wanted.page in area.tabs:
                area.show_page(wanted.page)
        page = area.current if isinstance(area, PagedArea) else ""
        self.for_person(area=name, page=page)
        QTimer.singleShot(0, self, self._put_back_parts)

    @Slot(str)
    def _on_page(self, page: str) -> None:
        if self._wanted is None:
            self.for_person(page=page)
        QTimer.singleShot(0, self, self._put_back_parts)

    # --- what is told ---------------------------------------------------------------------------

    @Slot()
    def _on_changed(self) -> None:
        """Show somebody who comes what that person left."""
        user = self._window.records.standing.user
        person = user.id if user is not None else ""
        if person == self._person:
            return
        self._person, self._wanted = person, None
        if person:
            self._telling = True
            try:
                self._tell(person)
            finally:
                self._telling = False
            if self.now.first_run:
                self.change(replace(self.now, first_run={}))
        if self.recent is not None:
            self.recent.refresh()

    def _tell(self, person: str) -> None:
        left, window = self.now.of(person), self._window
        if left.language in LANGUAGES:
            window.look.speak(left.language)
        if left.theme and left.theme != window.look.choice:
            window.look.dress(theme_of(left.theme))
        if left.area in window.open_areas():
            self._wanted = left
            window.show_area(left.area)

    # --- windows and their parts ----------------------------------------------------------------

    @Slot()
    def _put_back_parts(self) -> None:
        for name, part in self._parts().items():
            if name not in self._put_back and part.isVisible():
                self._put_back.add(name)
                self._restore(name, part.restoreState)

    def _parts(self) -> Mapping[str, QSplitter | QMainWindow]:
        found: list[QSplitter | QMainWindow] = []
        found += self._window.findChildren(QSplitter)
        found += self._window.findChildren(QMainWindow)
        return {part.objectName(): part for part in found if part.objectName().startswith(KEPT)}

    def _restore(self, name: str, put_back: Callable[[QByteArray], object]) -> None:
        text = self.now.layout.get(name, "")
        try:
            state = base64.b64decode(text, validate=True)
        except ValueError:
            return
        if state:
            put_back(QByteArray(state))

    def _with_layout(self) -> Remembered:
        states = {WINDOW: self._window.saveGeometry()}
        parts = self._parts().items()
        states |= {name: part.saveState() for name, part in parts if name in self._put_back}
        coded = {name: state.toBase64().toStdString() for name, state in states.items()}
        return replace(self.now, layout={**self.now.layout, **coded})

    # --- writing --------------------------------------------------------------------------------

    @Slot()
    def _save_beside(self) -> None:
        self.now = self._with_layout()
        what, write = self.now, self._write
        self._window.records.lane.submit(
            Job("Remembering", lambda _tell, _stop: write(what), _ignored, background=True)
        )

    def save_last(self) -> None:
        """Write it when the window has closed; nobody waits for the painting any more."""
        self._soon.stop()
        self.now = self._with_layout()
        try:
            self._write(self.now)
        except (OSError, SettingsError) as error:
            sys.stderr.write(f"what the window remembers could not be written: {error}\n")


def _ignored(_job: Job) -> None:
    """Do nothing: it is tried again after the next change."""


class RecentFiles(QMenu):
    """The files that who is here opened last, at the button that opens scans.

    Nobody sees what somebody else opened: the list of each person is shown to that person alone.
    """

    def __init__(self, window: Shell, memory: Memory) -> None:
        super().__init__(window)
        self._window, self._memory = window, memory
        bar = window.workbench.bar
        self.button = cast("QToolButton", bar.widgetForAction(bar.open))
        window.workbench.opened.connect(self._on_opened)
        window.look.tell(self.refresh)

    def refresh(self) -> None:
        """List the files of who is here; without any, the button has no menu."""
        self.clear()
        say, put = self._window.look.say, self._window.look.texts.put
        self.setTitle(say("recent.title"))
        names = self._memory.now.of(self._memory.person).recent if self._memory.person else ()
        for name in names:
            action = self.addAction(put(Path(name).name.replace("&", "&&")))
            action.setToolTip(put(name))
            action.triggered.connect(lambda _c=False, name=name: self._open(name))
        self.setToolTipsVisible(True)
        if names:
            self.addSeparator()
            self.addAction(say("recent.clear")).triggered.connect(self._forget)
        self.button.setMenu(self if names else cast("QMenu", None))
        mode = QToolButton.ToolButtonPopupMode
        self.button.setPopupMode(mode.MenuButtonPopup if names else mode.DelayedPopup)

    def _open(self, name: str) -> None:
        self._window.workbench.open_files([Path(name)])

    @Slot(list)
    def _on_opened(self, names: list[str]) -> None:
        if self._memory.person:
            self._memory.change(self._memory.now.with_recent(self._memory.person, names))
            QTimer.singleShot(0, self, self.refresh)

    @Slot()
    def _forget(self) -> None:
        self._memory.for_person(recent=())
        QTimer.singleShot(0, self, self.refresh)


def part_named(part: QWidget, name: str) -> None:
    """Have a splitter, or a window with docks, put back next time as it was left."""
    part.setObjectName(f"{KEPT}{name}")
