"""The two dialogs of a review: the second person's password, and why a report is sent back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL


class Asking(QDialog):
    """Words, fields, and two buttons: leave, and do it."""

    wanted = Signal()

    def __init__(self, parent: QWidget, look: Look, key: str, values: dict[str, str]) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.look, self._key, self._values = look, key, values
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.go, self.leave = QPushButton(), QPushButton()
        self.go.setObjectName("primary")
        self.go.setDefault(True)
        self.body = QVBoxLayout()
        row = QHBoxLayout()
        for button in (self.leave, self.go):
            button.setMinimumHeight(TALL)
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.addWidget(self.words)
        column.addLayout(self.body)
        column.addLayout(row)
        self.resize(520, 300)
        self.leave.clicked.connect(self.reject)
        self.go.clicked.connect(self.wanted)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look.say
        self.setWindowTitle(say(f"{self._key}_title"))
        self.words.setText(say(f"{self._key}_words", **self._values))
        self.go.setText(say(f"{self._key}_go"))
        self.leave.setText(say("officer.cancel"))


class SecondPerson(Asking):
    """Name and password of who signs second; the password is kept nowhere."""

    signed = Signal(str, str)

    def __init__(self, parent: QWidget, look: Look, report: str) -> None:
        super().__init__(parent, look, "review.sign", {"report": report})
        self.labels = QLabel(), QLabel()
        self.name, self.password = QLineEdit(), QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.wanted.connect(self._on_go)
        for label, edit in zip(self.labels, (self.name, self.password), strict=True):
            label.setBuddy(edit)
            edit.setMinimumHeight(TALL)
            self.body.addWidget(label)
            self.body.addWidget(edit)
        look.tell(self.retell)
        self.name.setFocus()

    def retell(self) -> None:
        """Say all texts."""
        super().retell()
        keys = ("entrance.name", "entrance.password")
        fields = zip(self.labels, (self.name, self.password), keys, strict=True)
        for label, edit, key in fields:
            label.setText(self.look.say(key))
            edit.setAccessibleName(self.look.say(key))

    @Slot()
    def _on_go(self) -> None:
        if not self.name.text().strip() or not self.password.text():
            (self.password if self.name.text().strip() else self.name).setFocus()
            return
        self.signed.emit(self.name.text().strip(), self.password.text())
        self.password.clear()
        self.accept()


class SendBack(Asking):
    """Why a report is not signed."""

    sent = Signal(str)

    def __init__(self, parent: QWidget, look: Look, report: str) -> None:
        super().__init__(parent, look, "review.back", {"report": report})
        self.reason = QPlainTextEdit()
        self.reason.setTabChangesFocus(True)
        self.wanted.connect(self._on_go)
        self.body.addWidget(self.reason)
        look.tell(self.retell)
        self.reason.setFocus()

    def retell(self) -> None:
        """Say all texts."""
        super().retell()
        self.reason.setAccessibleName(self.look.say("review.back_title"))

    @Slot()
    def _on_go(self) -> None:
        reason = self.reason.toPlainText().strip()
        if not reason:
            self.reason.setFocus()
            return
        self.sent.emit(reason)
        self.accept()
