"""A dialog that asks why: nothing is done without a reason."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from spectra_app.ui.look import Look
from spectra_app.ui.supervisor.signing import Asking


class Reason(Asking):
    """Why something is done; the texts are `<key>_title`, `<key>_words` and `<key>_go`."""

    given = Signal(str)

    def __init__(self, parent: QWidget, look: Look, key: str, values: dict[str, str]) -> None:
        super().__init__(parent, look, key, values)
        self.reason = QPlainTextEdit()
        self.reason.setTabChangesFocus(True)
        self.wanted.connect(self._on_go)
        self.body.addWidget(self.reason)
        look.tell(self.retell)
        self.reason.setFocus()

    def retell(self) -> None:
        """Say all texts."""
        super().retell()
        self.reason.setAccessibleName(self.windowTitle())

    @Slot()
    def _on_go(self) -> None:
        reason = self.reason.toPlainText().strip()
        if not reason:
            self.reason.setFocus()
            return
        self.given.emit(reason)
        self.accept()
