"""One entry of the audit chain: in words, and as the bytes that were signed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout

from spectra_app.records.ledger.chain import Entry
from spectra_app.ui.fitted import WrappedLabel
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL


class EntryPanel(QFrame):
    """What an entry says; nothing while none is chosen."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._look = look
        self._entry: Entry | None = None
        self._who = ""
        self.words, self.as_signed = WrappedLabel(), QLabel()
        self.content, self.copy = QPlainTextEdit(), QPushButton()
        self.words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.as_signed.setObjectName("section")
        self.as_signed.setWordWrap(True)
        self.content.setReadOnly(True)
        self.content.setTabChangesFocus(True)
        self.content.setMinimumHeight(44)  # scrolls; what is said above it does not
        self.content.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.copy.setMinimumHeight(TALL)
        column = QVBoxLayout(self)
        column.addWidget(self.words)
        column.addWidget(self.as_signed)
        column.addWidget(self.content, 1)
        column.addWidget(self.copy)
        self.copy.clicked.connect(self._on_copy)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.as_signed.setText(say("audit.as_signed"))
        self.content.setAccessibleName(say("audit.as_signed"))
        self.copy.setText(say("audit.copy"))
        self.words.setText(
            say("audit.choose") if self._entry is None else "\n".join(self._lines(self._entry))
        )
        column = self.layout()
        if column is not None:
            column.activate()  # at once: longer words lie over what is below them until then

    def show_entry(self, entry: Entry | None, who: str) -> None:
        """Show another entry, or none."""
        self._entry, self._who = entry, who
        self.content.setPlainText("" if entry is None else entry.line().decode())
        self.copy.setEnabled(entry is not None)
        self.as_signed.setVisible(entry is not None)
        self.content.setVisible(entry is not None)
        self.copy.setVisible(entry is not None)
        self.retell()

    def _lines(self, entry: Entry) -> list[str]:
        look = self._look
        say, put = look.say, look.texts.put
        time = entry.time[:19].replace("T", " ")
        lines: list[str] = [
            say("audit.entry", number=entry.number, time=time),
            say("audit.did", who=self._who, act=look.word("act", entry.act)),
        ]
        if entry.id:
            kind = look.word("record", entry.kind)
            key = "audit.about_revision" if entry.revision else "audit.about"
            lines.append(say(key, kind=kind, id=entry.id, revision=entry.revision))
        lines += [
            say("audit.detail", name=look.word("detail", name), value=put(str(value)))
            for name, value in sorted(entry.details.items())
        ]
        if entry.before:
            lines.append(say("audit.changed"))
        return lines

    @Slot()
    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.content.toPlainText())
