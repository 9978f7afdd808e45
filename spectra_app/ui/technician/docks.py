"""Panels of the workbench that can be moved, hidden and brought back; filled when first shown."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QByteArray, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QToolButton, QWidget

from spectra_app.ui.look import Look

Make = Callable[[], QWidget]
VERSIONS = {"ltr": 1, "rtl": 2}
"""Of the arrangement, by the direction of reading it was made for; another one is not taken."""


class Dock(QDockWidget):
    """A panel with a name, a key, and a widget that is made when the panel is first seen.

    Parameters
    ----------
    name : str
        Its text is ``examine.dock_<name>``; also what its place is remembered by.
    look : Look
        Language.
    key : str
        Brings it to the front and to the keyboard.
    make : callable () -> QWidget
        Makes what is in it.
    """

    made = Signal(object)

    def __init__(self, name: str, look: Look, key: str, make: Make) -> None:
        super().__init__()
        self.setObjectName(name)
        self._look, self._make, self.key = look, make, key
        self.inside: QWidget | None = None
        self.bring = QAction(self)
        self.bring.setShortcut(QKeySequence(key))
        self.bring.triggered.connect(self.come)
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        self.visibilityChanged.connect(self._on_seen)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        title = self._look.say(f"examine.dock_{self.objectName()}")
        self.setWindowTitle(title)
        self.bring.setText(title)
        self.toggleViewAction().setText(title)
        self.setToolTip(self._look.say("examine.dock_key", press=self.key))

    @Slot(bool)
    def _on_seen(self, seen: bool) -> None:
        """Fill it soon when it is seen: a panel behind another one is told that it is, for once."""
        if seen and self.inside is None:
            QTimer.singleShot(0, self._fill_seen)

    @Slot()
    def _fill_seen(self) -> None:
        if self.isVisible() and not self.visibleRegion().isEmpty():
            self.fill()

    def fill(self) -> QWidget:
        """Return what is in it, made now when it was not before."""
        if self.inside is None:
            self.inside = self._make()
            self.setWidget(self.inside)
            self.made.emit(self.inside)
        return self.inside

    @Slot()
    def come(self) -> None:
        """Show the panel in front of those it shares its place with, ready for the keyboard."""
        self.show()
        self.raise_()
        self.fill().setFocus(Qt.FocusReason.ShortcutFocusReason)


class Arrangement(QObject):
    """Where the panels of a window are: kept as text, brought back, and put as they were made.

    Parameters
    ----------
    window : QMainWindow
        The window of the panels.
    look : Look
        Language.
    """

    changed = Signal()

    def __init__(self, window: QMainWindow, look: Look) -> None:
        super().__init__(window)
        self._window, self._look, self._usual = window, look, QByteArray()
        self.direction = "ltr"
        self.docks: dict[str, Dock] = {}
        self.reset = QAction(self)
        self.reset.triggered.connect(self._on_reset)
        self.button = QToolButton()
        self.button.setObjectName("quiet")
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.button)
        self.button.setMenu(self.menu)

    def add(self, dock: Dock, area: Qt.DockWidgetArea) -> None:
        """Take a panel in."""
        self.docks[dock.objectName()] = dock
        self._window.addDockWidget(area, dock)
        self._window.addAction(dock.bring)
        self.menu.addAction(dock.bring)
        dock.dockLocationChanged.connect(self.changed)
        dock.visibilityChanged.connect(self.changed)

    def finish(self) -> None:
        """Take all panels as they are now for the usual arrangement, and say all texts."""
        self._usual = self.state()
        self.menu.addSeparator()
        self.menu.addAction(self.reset)
        self._look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.button.setText(say("examine.panels"))
        self.button.setToolTip(say("examine.panels_hint"))
        self.reset.setText(say("examine.panels_usual"))

    def state(self) -> QByteArray:
        """Return the arrangement."""
        return QMainWindow.saveState(self._window, VERSIONS[self.direction])

    def take(self, state: QByteArray) -> bool:
        """Bring an arrangement back; False, and nothing changed, when it is of another kind."""
        wanted = self.direction
        for direction, version in VERSIONS.items():
            if QMainWindow.restoreState(self._window, state, version):
                self.direction = direction
                self.face(wanted)
                return True
        return False

    def face(self, direction: str) -> bool:
        """Lay the panels out for a direction of reading; tell whether they had to be exchanged."""
        changed = direction != self.direction
        if changed:
            self.direction = direction
            self.mirror()
        return changed

    def alone(self, name: str) -> QByteArray:
        """Hide all panels but one; return the arrangement before, to be taken back."""
        before = self.state()
        for one, dock in self.docks.items():
            if one != name:
                dock.hide()
        return before

    def mirror(self) -> None:
        """Exchange left and right: where people read from right to left, lists are at the right."""
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        window, docks = self._window, list(self.docks.values())
        areas = {dock: window.dockWidgetArea(dock) for dock in docks if not dock.isFloating()}
        moving = [dock for dock, area in areas.items() if area in {left, right}]
        over = {dock: window.tabifiedDockWidgets(dock) for dock in moving}
        hidden = [dock for dock in docks if dock.isHidden()]
        front = [dock for dock in docks if not dock.visibleRegion().isEmpty()]
        for dock in moving:
            window.removeDockWidget(dock)
        layout = window.layout()
        if layout is not None:
            layout.activate()  # without, Qt leaves rows of tabs behind that belong to none
        for dock in moving:
            window.addDockWidget(right if areas[dock] == left else left, dock)
            dock.setVisible(dock not in hidden)
        for place, dock in enumerate(moving):
            for other in moving[place + 1 :]:
                if other in over[dock]:
                    window.tabifyDockWidget(dock, other)
        for dock in front:
            dock.raise_()

    @Slot()
    def _on_reset(self) -> None:
        self.take(self._usual)
        self.changed.emit()
