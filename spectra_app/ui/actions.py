"""The tool bar: every action with icon, word and key."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QComboBox, QLabel, QToolBar, QToolButton

from spectra_app.ui.theme import Theme, icon

NARROW_BAR = 1240  # pixels


class ActionBar(QToolBar):
    """The actions of the workbench, and the choice of the emulated sample."""

    def __init__(self, samples: tuple[str, ...], theme: Theme) -> None:
        super().__init__("Actions")
        self.setMovable(False)
        self.setFloatable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(22, 22))
        self.open = self._action("Open scan…", "Open scans from files", "Ctrl+O")
        self.analyser = self._action("Analyser…", "Connect an analyser and measure with it", "F6")
        self.scan = self._action("Scan (emulated)", "Scan with the emulated analyser", "F5")
        self.stop = self._action("Stop", "Stop the work under way", "Esc")
        self.report = self._action("Save report (PDF)…", "Save the report of this scan", "Ctrl+P")
        self.library = self._action("Open library…", "Use another reference library", "Ctrl+L")
        self.sample = QComboBox()
        self._lay_out(samples)
        self.set_theme(theme)
        self.show_busy(False)

    def _action(self, text: str, hint: str, key: str) -> QAction:
        action = QAction(text, self)
        action.setShortcut(QKeySequence(key))
        action.setIconText(f" {text}")  # Qt would drop the dots that announce a question
        action.setToolTip(f"{hint} ({key})")
        return action

    def _lay_out(self, samples: tuple[str, ...]) -> None:
        self.addAction(self.open)
        self.addAction(self.report)
        self.addAction(self.library)
        self.addAction(self.analyser)
        self.addSeparator()
        label = QLabel("Emulated sample:")
        label.setContentsMargins(8, 0, 2, 0)
        self.sample.addItems(list(samples))
        self.sample.setAccessibleName("Sample for the emulated analyser")
        self.sample.setToolTip("The made-up sample that the emulated analyser measures")
        self.sample.setFixedSize(230, 36)
        label.setBuddy(self.sample)
        self._sample_label = self.addWidget(label)
        self.addWidget(self.sample)
        self.addAction(self.scan)
        self.addAction(self.stop)
        for action in (self.scan, self.stop):
            cast("QToolButton", self.widgetForAction(action)).setMinimumWidth(160)

    def set_theme(self, theme: Theme) -> None:
        """Repaint the icons in the colours of `theme`."""
        self.open.setIcon(icon("open", theme))
        self.scan.setIcon(icon("scan", theme))
        self.stop.setIcon(icon("stop", theme))
        self.analyser.setIcon(icon("analyser", theme))
        self.report.setIcon(icon("report", theme))
        self.library.setIcon(icon("library", theme))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep every action in sight in a narrow window."""
        narrow = event.size().width() < NARROW_BAR
        self._sample_label.setVisible(not narrow)
        self.sample.setFixedWidth(110 if narrow else 230)
        super().resizeEvent(event)

    def show_busy(self, busy: bool) -> None:
        """Put Stop in the place of Scan while work is under way."""
        self.stop.setVisible(busy)
        self.scan.setVisible(not busy)
        self.scan.setEnabled(not busy and self.sample.count() > 0)
