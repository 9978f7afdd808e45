"""What is at hand on every page: finding an action, the help at the right place, About."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication

from spectra_app.ui.once import Once
from spectra_app.ui.paged import PagedArea
from spectra_app.ui.sound import can_play

if TYPE_CHECKING:
    from spectra_app.services.about import About
    from spectra_app.services.api import UseCases
    from spectra_app.ui.about import AboutDialog
    from spectra_app.ui.finder import Choice
    from spectra_app.ui.help_window import HelpWindow
    from spectra_app.ui.shell import Shell

KEYS = {"find": ("Ctrl+K", "Ctrl+Shift+P"), "help": ("F1",), "sound": (), "about": ()}


class Everywhere(QObject):
    """Actions of the menu; what they open is imported when it is first asked for.

    Parameters
    ----------
    window : Shell
        The window.
    use_cases : Once of UseCases
        What is asked for About.
    """

    def __init__(self, window: Shell, use_cases: Once[UseCases]) -> None:
        super().__init__(window)
        self._window, self._use_cases = window, use_cases
        self._help: HelpWindow | None = None
        self.actions = {name: QAction(self) for name in KEYS}
        for name, keys in KEYS.items():
            action = self.actions[name]
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)
            window.addAction(action)
            window.head.menu.addAction(action)
        self.actions["find"].triggered.connect(self.find)
        self.actions["help"].triggered.connect(self.help)
        self.actions["about"].triggered.connect(self.about)
        sound = self.actions["sound"]
        sound.setCheckable(True)
        sound.setEnabled(can_play())
        sound.toggled.connect(window.look.sound)
        window.look.sounded.connect(lambda: sound.setChecked(window.look.sounding))
        window.look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        for name, action in self.actions.items():
            action.setText(self._window.look.say(f"menu.{name}"))
        if not self.actions["sound"].isEnabled():
            self.actions["sound"].setText(self._window.look.say("menu.sound_none"))

    # --- finding --------------------------------------------------------------------------------

    @Slot()
    def find(self) -> None:
        """Ask for words, and do what is chosen."""
        from spectra_app.ui.finder import Finder

        Finder(self._window, self._window.look, self.choices()).open()

    def choices(self) -> list[Choice]:
        """Return everything that who is here may do now, as it is called on the screen."""
        from spectra_app.ui.finder import each_once, of_menu, of_page

        window, head = self._window, self._window.head
        page = window.pages.currentWidget()
        found = self._of_areas()
        if page is not None and page.isEnabled():
            found += of_page(page)
        return each_once([*found, *of_page(head), *of_menu(head.menu)])

    def _of_areas(self) -> list[Choice]:
        """Return the pages of every area that is open to who is here."""
        from spectra_app.ui.finder import Choice, plain

        window, say = self._window, self._window.look.say
        found = []
        for area in window.open_areas():
            if window.parts.has(area) and isinstance(window.parts.area(area), PagedArea):
                tabs = window.parts.area(area).tabs  # type: ignore[attr-defined]
                found += [
                    Choice(
                        plain(tab.text()), say(f"area.{area}"), "",
                        lambda area=area, name=name: self.go(area, name),  # type: ignore[misc]
                    )
                    for name, tab in tabs.items()
                    if len(tabs) > 1 and window.records.standing.user is not None
                ]  # fmt: skip
        return found

    def go(self, area: str, page: str) -> None:
        """Show a page of an area, once that can be made."""

        def prepared() -> None:
            shown = self._window.parts.area(area)
            if isinstance(shown, PagedArea) and self._window.pages.currentWidget() is shown:
                shown.show_page(page)

        self._window.show_area(area)
        self._window.parts.prepare(area, prepared)

    # --- help -----------------------------------------------------------------------------------

    @Slot()
    def help(self) -> None:
        """Show the help at what the window shows now."""
        from spectra_app.ui.help_window import HelpWindow, topic_for

        topic = topic_for(self.place())
        if self._help is None:
            self._help = HelpWindow(self._window, self._window.look)
        self._help.open_at(topic)

    @property
    def help_window(self) -> HelpWindow | None:
        """Return the help, when it was opened."""
        return self._help

    def place(self) -> str:
        """Return where in the window the keyboard is, as the help calls it."""
        window, active = self._window, QApplication.activeWindow()
        if window.parts.has("analyser") and active is window.analyser.panel:
            return "analyser"
        page = window.pages.currentWidget()
        for area in ("officer", "workbench", "board"):
            if window.parts.has(area) and page is window.parts.area(area):
                inner = page.current if isinstance(page, PagedArea) else self._of_officer()
                return f"{area}.{inner}"
        return "entrance"

    def _of_officer(self) -> str:
        screen = self._window.officer
        return "verdict" if screen.pages.currentWidget() is screen.card else ""

    # --- about ----------------------------------------------------------------------------------

    @Slot()
    def about(self) -> AboutDialog:
        """Show what this program is."""
        from spectra_app.ui.about import AboutDialog

        dialog = AboutDialog(self._window, self._window.look, self._gather, self._window.lane)
        dialog.show()
        return dialog

    def _gather(self) -> About | None:
        asked = self._use_cases().about
        return asked() if asked is not None else None
