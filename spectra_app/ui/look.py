"""How the window speaks and looks: language and theme, chosen by the user, told to every part.

Every part that shows text is given the one `Look` of the window, says its texts in one method of
its own, and has that method called now and whenever the language changes (`Look.tell`); likewise
what it paints by hand, for the theme (`Look.paint`). Language and theme change while a scan runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from types import MethodType
from typing import cast
from weakref import WeakMethod

from PySide6.QtCore import QChildEvent, QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QTabBar, QWidget
from shiboken6 import isValid

from spectra_app.reports.texts import LANGUAGES, Said, Texts, load_set, load_texts
from spectra_app.ui.theme import Theme, ThemeChoice, load_theme, palette, resolve, style_sheet
from spectra_app.wording import HIDDEN, HIDDEN_OTHERS, HIDDEN_UNKNOWN

FOLDER = "i18n/window"
PARTS = (
    "examine",
    "compare",
    "library",
    "calibration",
    "supervising",
    "help",
    "calculated",
    "troubles",
)
"""Folders below `FOLDER`, one for each large part of the window; its own texts stand in none."""
SLICE_S = 0.015
_Weak = Callable[[], Callable[[], None] | None]
NAMES = {"en": "English", "fr": "Français", "es": "Español", "ar": "العربية"}

__all__ = ["LANGUAGES", "NAMES", "Look", "behind", "window_texts"]


class Look(QObject):
    """Language and theme of the window.

    Parameters
    ----------
    language : str
        One of `LANGUAGES`.
    choice : {"system", "light", "dark", "contrast"}
        Theme.
    """

    retold = Signal()
    restyled = Signal()
    sounded = Signal()

    def __init__(self, language: str = "en", choice: ThemeChoice = "system") -> None:
        super().__init__()
        self.texts = window_texts(language)
        self.choice: ThemeChoice = choice
        self.sounding = False
        self.theme: Theme = load_theme(resolve(choice))
        self._direct()
        self._worn_by: list[QWidget] = []
        self._pages: list[QWidget] = []
        self._undressed: list[QWidget] = []
        self._held: list[QWidget] = []
        self._dressing = QTimer(self)
        self._dressing.setSingleShot(True)
        self._dressing.timeout.connect(self._dress_on)
        self._windows: list[QWidget] = []
        self._telling: list[_Weak] = []
        self._painting: list[_Weak] = []
        self._later: dict[Callable[[], None], QWidget] = {}
        self._moment = QTimer(self)
        self._moment.setSingleShot(True)
        self._moment.timeout.connect(self._go_on)
        self._dress()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_theme)

    # --- language -------------------------------------------------------------------------------

    def say(self, key: str, **values: object) -> Said:
        """Return a text of the window with its values filled in."""
        return self.texts.say(key, **values)

    def word(self, family: str, code: str) -> Said:
        """Return the word for a code of a record; one that is not known as it stands."""
        return self.texts.word(family, code)

    def tell(self, part: Callable[[], None]) -> None:
        """Call `part`, a method of a widget that says all its texts: now and at every change.

        On pages that are hidden then it is called a moment later, or when they are shown.
        """
        part()
        self._telling.append(_weak(part))

    def speak(self, language: str) -> None:
        """Speak another language from now on; right to left where that is how it is read."""
        if language == self.texts.language:
            return
        self.texts = window_texts(language)
        self._direct()
        self._telling = self._call(self._telling)
        self.retold.emit()

    def sound(self, on: bool) -> None:
        """Let verdicts be heard from now on, or not."""
        self.sounding = on
        self.sounded.emit()

    # --- theme ----------------------------------------------------------------------------------

    def paint(self, part: Callable[[], None]) -> None:
        """Call `part`, a method of a widget that paints by hand: as `tell` does."""
        part()
        self._painting.append(_weak(part))

    def dress(self, choice: ThemeChoice) -> None:
        """Use another theme from now on."""
        self.choice = choice
        self.theme = load_theme(resolve(choice))
        self._dress()
        self._painting = self._call(self._painting)
        self.restyled.emit()

    # --- what is hidden -------------------------------------------------------------------------

    def _call(self, parts: list[_Weak]) -> list[_Weak]:
        """Call what is seen now, what is not in a moment; return those that are still there."""
        there: list[_Weak] = []
        for kept in parts:
            part = kept()
            if part is None or not _alive(part):
                continue
            there.append(kept)
            page = self._page_of(part)
            if page is None or not behind(page):
                part()
            else:
                self._later[part] = page
        if self._later:
            self._moment.start()
        return there

    def _page_of(self, part: Callable[[], None]) -> QWidget | None:
        """Return the page or styled part of the window that a method's object belongs to."""
        one = getattr(part, "__self__", None)
        while isinstance(one, QObject):
            if one in self._worn_by or one in self._pages:
                return one
            one = one.parent()
        return None

    @Slot()
    def _go_on(self) -> None:
        """Call a little of what is left."""
        ends = time.monotonic() + SLICE_S
        while self._later and time.monotonic() < ends:
            self._call_left(next(iter(self._later)))
        if self._later:
            self._moment.start()

    def _call_left(self, part: Callable[[], None]) -> None:
        del self._later[part]
        if _alive(part):
            part()

    def _direct(self) -> None:
        right = self.texts.direction == "rtl"
        QGuiApplication.setLayoutDirection(
            Qt.LayoutDirection.RightToLeft if right else Qt.LayoutDirection.LeftToRight
        )

    def wear(self, part: QWidget) -> None:
        """Style a part of the window, and all within it, now and at every change.

        Parts rather than the window: one that is hidden when the theme changes is styled when it
        is next shown, so that nobody waits for pages that nobody sees. Not the application: Qt
        then takes five times as long to style the same widgets.
        """
        self._worn_by = [one for one in self._worn_by if isValid(one)]
        self._worn_by.append(part)
        part.setStyleSheet(self._sheet)
        part.installEventFilter(self)

    def _wear_once(self, part: QWidget) -> None:
        if not part.styleSheet():
            self.wear(part)

    def turn_to(self, page: QWidget) -> None:
        """Tell a page within a styled part what changed when it is next shown, not while hidden."""
        self._pages = [one for one in self._pages if isValid(one)]
        self._pages.append(page)
        page.installEventFilter(self)

    def wear_beside(self, window: QWidget) -> None:
        """Style what comes to a window by itself when it is first shown: dialogs, menus, tabs."""
        self._windows.append(window)
        window.installEventFilter(self)

    def eventFilter(self, part: QObject, event: QEvent) -> bool:
        """Style what is shown now and was hidden when the theme changed."""
        kind = event.type()
        if kind == QEvent.Type.Show and (part in self._worn_by or part in self._pages):
            if part in self._worn_by:
                self._put_on(part)
            for left in [one for one, page in self._later.items() if page is part]:
                self._call_left(left)
        elif kind == QEvent.Type.ChildPolished and part in self._windows:
            child = cast("QChildEvent", event).child()
            if isinstance(child, QTabBar):  # Qt's own: it comes and goes, so nothing holds it
                child.setStyleSheet(self._sheet)
            elif isinstance(child, QWidget) and child.isWindow():
                self._wear_once(child)
        return False

    def _put_on(self, part: QWidget) -> None:
        if part.styleSheet() != self._sheet:
            part.setStyleSheet(self._sheet)

    def _dress(self) -> None:
        app = QApplication.instance()
        for window in filter(isValid, self._windows):
            # Qt takes a window for styled when what stands in it is, and leaves its palette alone.
            window.setAttribute(Qt.WidgetAttribute.WA_StyleSheet, bool(window.styleSheet()))
        if isinstance(app, QApplication):
            app.setPalette(palette(self.theme))
        self._sheet = style_sheet(self.theme)
        for window in filter(isValid, self._windows):
            own = Qt.FindChildOption.FindDirectChildrenOnly
            for tabs in window.findChildren(QTabBar, options=own):
                tabs.setStyleSheet(self._sheet)
        self._undressed = [one for one in self._worn_by if isValid(one) and one.isVisible()]
        if self._undressed:
            self._hold()
            self._dressing.start()

    def _hold(self) -> None:
        """Paint nothing until all that is seen wears the theme: half of it would flash."""
        self._let_go()
        self._held = list({one.window(): None for one in self._undressed})
        for window in self._held:
            window.setUpdatesEnabled(False)

    def _let_go(self) -> None:
        for window in self._held:
            if isValid(window):
                window.setUpdatesEnabled(True)
        self._held = []

    @Slot()
    def _dress_on(self) -> None:
        """Style a little of what is seen; a large part takes a turn of its own."""
        ends = time.monotonic() + SLICE_S
        try:
            while self._undressed and time.monotonic() < ends:
                part = self._undressed.pop()
                if isValid(part):
                    self._put_on(part)
        finally:
            if self._undressed:
                self._dressing.start()
            else:
                self._let_go()

    def _on_system_theme(self) -> None:
        if self.choice == "system":
            self.dress("system")


def behind(part: QWidget) -> bool:
    """Tell whether a part is hidden in a window that is seen: nobody waits for what it shows."""
    return not part.isVisible() and part.window().isVisible()


def _weak(part: Callable[[], None]) -> _Weak:
    """Return what gives a method while its object is there, and a function always."""
    return WeakMethod(part) if isinstance(part, MethodType) else lambda: part


def _alive(part: Callable[[], None]) -> bool:
    owner = getattr(part, "__self__", None)
    return not isinstance(owner, QObject) or isValid(owner)


@lru_cache(maxsize=len(LANGUAGES))
def window_texts(language: str) -> Texts:
    """Return all texts of the window in a language: its own, and those of reports for verdicts.

    Raises
    ------
    AppError
        When there is no such language, or its file is damaged or incomplete.
    """
    own = _own(FOLDER, language, _shared_with_the_command_line())
    texts = {**load_texts(language).texts, **own.texts}
    for part in PARTS:
        texts |= _own(f"{FOLDER}/{part}", language, {}).texts
    return replace(own, texts=texts)


def _own(folder: str, language: str, shared: Mapping[str, str]) -> Texts:
    english = load_set(folder, "en", shared=shared)
    return english if language == "en" else load_set(folder, language, like=english.texts)


def _shared_with_the_command_line() -> dict[str, str]:
    """Return the English texts that the command line says as well, which are kept there."""
    hidden = {**HIDDEN, "unknown": HIDDEN_UNKNOWN, "others": HIDDEN_OTHERS}
    return {f"card.hidden_{code}": text for code, text in hidden.items()}
