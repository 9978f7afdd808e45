"""What a release asks: what it says about itself, who signs it, and where it goes."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from spectra_app.services.releasing import DAYS
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL

MOST_DAYS = 3650


class AboutForm(QWidget):
    """Version, name, notes, and for how long it may be installed."""

    changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.version, self.name, self.notes = QLineEdit(), QLineEdit(), QLineEdit()
        self.days = QSpinBox()
        self.days.setRange(1, MOST_DAYS)
        self.days.setValue(DAYS)
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.hint.setObjectName("hint")
        self.fields: dict[str, QWidget] = {
            "version": self.version, "name": self.name, "notes": self.notes, "days": self.days,
        }  # fmt: skip
        self.labels = {name: QLabel() for name in self.fields}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.hint)
        for name, widget in self.fields.items():
            widget.setMinimumHeight(TALL)
            self.labels[name].setBuddy(widget)
            column.addWidget(self.labels[name])
            column.addWidget(widget)
        column.addStretch(1)
        for edit in (self.version, self.name, self.notes):
            edit.editingFinished.connect(self.changed)
        self.days.valueChanged.connect(self.changed)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        self.hint.setText(self._look.say("library.release_about_hint"))
        for name, label in self.labels.items():
            label.setText(self._look.say(f"library.release_{name}"))

    def put(self, told: Mapping[str, str]) -> None:
        """Show what was said before."""
        self.version.setText(told.get("version", ""))
        self.name.setText(told.get("name", ""))
        self.notes.setText(told.get("notes", ""))
        self.days.setValue(int(told.get("days", DAYS)))

    def told(self) -> dict[str, str]:
        """Return what is said."""
        texts = (self.version, self.name, self.notes)
        names = ("version", "name", "notes")
        found = {name: edit.text().strip() for name, edit in zip(names, texts, strict=True)}
        return {**found, "days": str(self.days.value())}


class SignForm(QWidget):
    """The keys with their passphrases, and the second person; no word of them is kept."""

    changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        names = ("key", "words", "key2", "words2", "second", "password")
        self.edits = {name: QLineEdit() for name in names}
        self.labels = {name: QLabel() for name in names}
        self.choose = {name: QPushButton() for name in ("key", "key2")}
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.hint.setObjectName("hint")
        for name in ("words", "words2", "password"):
            self.edits[name].setEchoMode(QLineEdit.EchoMode.Password)
        grid = QGridLayout()
        for place, name in enumerate(names):
            edit, row = self.edits[name], QHBoxLayout()
            edit.setMinimumHeight(TALL)
            self.labels[name].setBuddy(edit)
            row.addWidget(edit)
            if name in self.choose:
                row.addWidget(self.choose[name])
            grid.addWidget(self.labels[name], 2 * (place // 2), place % 2)
            grid.addLayout(row, 2 * (place // 2) + 1, place % 2)
            edit.textChanged.connect(self.changed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.hint)
        column.addLayout(grid)
        column.addStretch(1)
        self.choose["key"].clicked.connect(lambda: self._ask("key"))
        self.choose["key2"].clicked.connect(lambda: self._ask("key2"))
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.hint.setText(say("library.sign_hint"))
        for name, label in self.labels.items():
            label.setText(say(f"library.sign_{name}"))
        for button in self.choose.values():
            button.setText(say("library.import_old"))

    def text(self, name: str) -> str:
        """Return what stands in a field; passphrases as they were typed."""
        found = self.edits[name].text()
        return found if name in {"words", "words2", "password"} else found.strip()

    def forget(self) -> None:
        """Forget every passphrase and password."""
        for name in ("words", "words2", "password"):
            self.edits[name].clear()

    @property
    def complete(self) -> bool:
        """Whether one key and the second person are there."""
        return all(self.text(name) for name in ("key", "words", "second", "password"))

    @Slot()
    def _ask(self, name: str) -> None:
        say = self._look.say
        path, _kind = QFileDialog.getOpenFileName(
            self, say(f"library.sign_{name}"), "", say("library.key_files")
        )
        if path:
            self.edits[name].setText(path)
