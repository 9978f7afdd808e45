"""What a person sees when the program itself has a fault: go on, copy the details, or restart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QPushButton, QWidget

from matching.errors import SpectraError
from spectra_app.ui.fitted import WrappedLabel
from spectra_app.ui.look import Look
from spectra_app.ui.pages import ProblemDialog


class CrashDialog(ProblemDialog):
    """A fault of the program, with the way out; `key` says in a word or two what it was."""

    restart_wanted = Signal()

    def __init__(
        self,
        parent: QWidget,
        look: Look,
        key: str,
        error: SpectraError,
        details: str,
        *,
        kept: Sequence[Path],
    ) -> None:
        self.restart, self.kept, self._paths = QPushButton(), WrappedLabel(), kept
        super().__init__(parent, look, key, error, details, close_key="crash.go_on")
        self.kept.setTextFormat(Qt.TextFormat.PlainText)
        self.kept.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.kept.setObjectName("hint")
        column = self.page.column
        column.insertWidget(column.indexOf(self.page.open) + 1, self.restart)
        column.insertWidget(column.indexOf(self.page.open), self.kept)
        self.restart.clicked.connect(self._on_restart)
        self.page.open.setDefault(True)

    def retell(self) -> None:
        """Say all texts."""
        super().retell()
        say = self._look.say
        self.restart.setText(say("crash.restart"))
        self.restart.setToolTip(say("crash.restart_hint"))
        paths = "\n".join(str(path) for path in self._paths)
        words = say("crash.kept", path=paths) if paths else say("crash.not_kept")
        self.kept.setText(words)

    @Slot()
    def _on_restart(self) -> None:
        self.accept()
        self.restart_wanted.emit()
