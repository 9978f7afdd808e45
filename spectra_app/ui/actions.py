"""The tool bar: every action with icon, word and key."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QComboBox, QLabel, QToolBar, QToolButton

from spectra_app.ui.look import Look
from spectra_app.ui.theme import icon

NARROW_BAR = 1240  # pixels
SCAN_WIDTH = 160
KEYS = {
    "open": "Ctrl+O", "report": "Ctrl+P", "library": "Ctrl+L", "analyser": "F6", "scan": "F5",
    "stop": "Esc",
}  # fmt: skip


class ActionBar(QToolBar):
    """The actions of the workbench, and the choice of the emulated sample."""

    def __init__(self, samples: tuple[str, ...], look: Look) -> None:
        super().__init__()
        self._look = look
        self.setObjectName("actions")
        self.setMovable(False)
        self.setFloatable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(22, 22))
        self._actions = {name: QAction(self) for name in KEYS}
        for name, key in KEYS.items():
            self._actions[name].setShortcut(QKeySequence(key))
        self.open, self.report = self._actions["open"], self._actions["report"]
        self.library, self.analyser = self._actions["library"], self._actions["analyser"]
        self.scan, self.stop = self._actions["scan"], self._actions["stop"]
        self.sample, self._label = QComboBox(), QLabel()
        self._lay_out(samples)
        look.tell(self.retell)
        look.paint(self.repaint_icons)
        self.show_busy(False)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.setWindowTitle(say("bar.actions"))
        for name, action in self._actions.items():
            text = say(f"bar.{name}")
            action.setText(text)
            action.setIconText(f" {text}")  # Qt would drop the dots that announce a question
            hint = say(f"bar.{name}_hint")
            action.setToolTip(say("bar.hint", hint=hint, press=KEYS[name]))
        self._label.setText(say("bar.sample"))
        self.sample.setAccessibleName(say("bar.sample_name"))
        self.sample.setToolTip(say("bar.sample_hint"))

    def _lay_out(self, samples: tuple[str, ...]) -> None:
        for action in (self.open, self.report, self.library, self.analyser):
            self.addAction(action)
        self.addSeparator()
        self._label.setContentsMargins(8, 0, 2, 0)
        self.sample.addItems(list(samples))
        self.sample.setFixedSize(230, 36)
        self._label.setBuddy(self.sample)
        self._sample_label = self.addWidget(self._label)
        self.addWidget(self.sample)
        self.addAction(self.scan)
        self.addAction(self.stop)

    def repaint_icons(self) -> None:
        """Paint the icons in the colours of the theme."""
        for name, action in self._actions.items():
            action.setIcon(icon(name, self._look.theme))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep every action in sight in a narrow window."""
        narrow = event.size().width() < NARROW_BAR
        self._sample_label.setVisible(not narrow)
        self.sample.setFixedWidth(110 if narrow else 230)
        for action in (self.scan, self.stop):
            button = cast("QToolButton", self.widgetForAction(action))
            button.setMinimumWidth(0 if narrow else SCAN_WIDTH)
        super().resizeEvent(event)

    def show_busy(self, busy: bool) -> None:
        """Put Stop in the place of Scan while work is under way."""
        self.stop.setVisible(busy)
        self.scan.setVisible(not busy)
        self.scan.setEnabled(not busy and self.sample.count() > 0)
