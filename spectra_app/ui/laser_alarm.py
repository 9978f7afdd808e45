"""The alarm that blocks everything: the laser may be on."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QCloseEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from spectra_app.services.instrument_state import InstrumentState
from spectra_app.ui.fitted import WrappedLabel
from spectra_app.ui.laser_sign import LaserShape
from spectra_app.ui.look import Look
from spectra_app.ui.phrases import alarm_analyser, alarm_note, alarm_reason
from spectra_app.ui.theme import sized
from spectra_app.ui.troubles import begun

GROUND, TEXT = "#8C001A", "#FFFFFF"  # the same in both themes; 9.6:1
BUTTON = (
    f"QPushButton {{ background: {TEXT}; color: #14181D; border: 3px solid {TEXT};"
    " border-radius: 8px; padding: 16px 24px; font-size: 16pt; font-weight: 700; }"
    "QPushButton:focus { border: 5px solid #FFD54F; padding: 14px 22px; }"
)


class LaserAlarm(QDialog):
    """Full screen, over every window of the program; only its two buttons do anything."""

    off_wanted = Signal()
    looked = Signal()

    def __init__(self, parent: QWidget, look: Look) -> None:
        super().__init__(parent, Qt.WindowType.FramelessWindowHint)
        self._look, self._state = look, InstrumentState()
        self.setWindowFlag(Qt.WindowType.WindowStaysOnTopHint)
        self.setWindowModality(Qt.WindowModality.ApplicationModal)
        self.setStyleSheet(f"QDialog {{ background: {GROUND}; }} QLabel {{ color: {TEXT}; }}")
        self.setStyleSheet(self.styleSheet() + BUTTON)
        self.shape, self.title = LaserShape(110), _line(40, bold=True)
        self.do, self.why = _line(20, bold=True), _line(14)
        self.note, self.then = _line(15, bold=True), _line(13)
        self.off, self.seen = QPushButton(), QPushButton()
        self.shape.show_state("unknown", TEXT, GROUND)
        self._build()
        look.tell(self.retell)

    def _build(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.shape)
        top.addSpacing(24)
        top.addWidget(self.title, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(24)
        for button in (self.off, self.seen):
            button.setMinimumHeight(84)
            button.setAutoDefault(False)
            buttons.addWidget(button, 1)
        self.off.setDefault(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(48, 40, 48, 40)
        column.setSpacing(20)
        column.addLayout(top)
        for label in (self.do, self.why):
            column.addWidget(label)
        column.addStretch(1)
        for label in (self.note, self.then):
            column.addWidget(label)
        column.addLayout(buttons)
        self.off.clicked.connect(self.off_wanted)
        self.seen.clicked.connect(self.looked)

    def retell(self) -> None:
        """Say all texts; what is not known of why and of what came of it stays in English."""
        say, texts, state = self._look.say, self._look.texts, self._state
        title, do, why = say("alert.title"), say("alert.do"), alarm_reason(state, texts)
        note = begun(alarm_note(state.alarm_note, texts))
        self.setWindowTitle(title)
        for label, words in (
            (self.title, title), (self.do, do), (self.note, note), (self.then, say("alert.then")),
        ):  # fmt: skip
            label.setText(self._sided(escape(words)))
        self.off.setText(say("alert.off"))
        self.seen.setText(say("alert.looked"))
        about = escape(alarm_analyser(state, texts))
        self.why.setText(self._sided(f"{about}<br>{escape(why)}"))
        spoken = f"{title}. {do} {why} {note}"
        self.setAccessibleName(spoken)
        self.off.setAccessibleDescription(spoken)

    def _sided(self, words: str) -> str:
        """Return words that are read from the side of the language, whatever they begin with."""
        return f"<div dir='{self._look.texts.direction}'>{words}</div>"

    def show_alarm(self, state: InstrumentState) -> None:
        """Show the alarm of `state`, or go away when there is none any more."""
        self._state = state
        if not state.alarm:
            self.hide()
            return
        self.retell()
        self.note.setVisible(bool(state.alarm_note))
        self.setEnabled(True)  # also while the window that waits to close is not
        if not self.isVisible():
            self.showFullScreen()
            self.raise_()
            self.activateWindow()
            self.off.setFocus()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def reject(self) -> None:
        """Stay: neither Esc nor anything else ends an alarm."""

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stay, as for `reject`."""
        event.ignore()


def _line(points: float, *, bold: bool = False) -> QLabel:
    label = WrappedLabel()
    label.setFont(sized(label.font(), points, bold=bold))
    weight = 700 if bold else 400
    label.setStyleSheet(f"font-size: {points}pt; font-weight: {weight};")
    return label
