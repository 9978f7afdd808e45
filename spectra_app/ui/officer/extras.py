"""What an officer adds to a parcel before filing it: photos, a note, and why the verdict is so."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from spectra_app.services.identify import Identified
from spectra_app.ui.candidates import CandidatePanel
from spectra_app.ui.look import Look
from spectra_app.ui.phrases import quality_line
from spectra_app.ui.plot import SpectrumPlot

TALL = 57  # pixels: 15 mm at 96 dpi
PICTURES = "(*.jpg *.jpeg *.png *.tif *.tiff *.bmp *.webp *.heic *.heif)"


def ask_photos(parent: QWidget, look: Look) -> tuple[Path, ...]:
    """Ask which pictures belong to the parcel."""
    title, kinds = look.say("officer.photo_title"), look.say("officer.pictures")
    names, _ = QFileDialog.getOpenFileNames(parent, title, "", f"{kinds} {PICTURES}")
    return tuple(Path(name) for name in names)


class NoteDialog(QDialog):
    """A note to the parcel, kept when it is filed."""

    noted = Signal(str)

    def __init__(self, parent: QWidget, look: Look, text: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._look = look
        self.words, self.text = QLabel(), QPlainTextEdit(text)
        self.words.setWordWrap(True)
        self.text.setTabChangesFocus(True)
        self.keep, self.leave = QPushButton(), QPushButton()
        self.keep.setObjectName("primary")
        row = QHBoxLayout()
        for button in (self.leave, self.keep):
            button.setMinimumHeight(TALL)
            row.addWidget(button)
        column = QVBoxLayout(self)
        for widget in (self.words, self.text):
            column.addWidget(widget)
        column.addLayout(row)
        self.resize(560, 380)
        self.keep.clicked.connect(self._on_keep)
        self.leave.clicked.connect(self.reject)
        look.tell(self.retell)
        self.text.setFocus()

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.setWindowTitle(say("officer.note_title"))
        self.words.setText(say("officer.note_words"))
        self.text.setAccessibleName(say("officer.note_title"))
        self.keep.setText(say("officer.note_keep"))
        self.leave.setText(say("officer.cancel"))

    @Slot()
    def _on_keep(self) -> None:
        self.noted.emit(self.text.toPlainText().strip())
        self.accept()


class WhyDialog(QDialog):
    """The comparison that a technician sees, to look at only."""

    def __init__(self, parent: QWidget, look: Look, found: Identified) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._look, self._found = look, found
        self.plot, self.candidates = SpectrumPlot(look), CandidatePanel(look)
        self.close_button = QPushButton()
        self.close_button.setMinimumHeight(TALL)
        self.close_button.clicked.connect(self.accept)
        halves = QSplitter(Qt.Orientation.Vertical)
        halves.addWidget(self.plot)
        halves.addWidget(self.candidates)
        halves.setSizes([440, 220])
        column = QVBoxLayout(self)
        column.addWidget(halves, 1)
        column.addWidget(self.close_button)
        self.resize(900, 700)
        record = found.record
        self.candidates.show_candidates(record.candidates, record.method.metric)
        self.candidates.chosen.connect(self._draw)
        self._draw(0)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        self.setWindowTitle(self._look.say("officer.why_title"))
        self.close_button.setText(self._look.say("officer.close"))

    @Slot(int)
    def _draw(self, row: int) -> None:
        drawn, record = self._found.comparisons, self._found.record
        comparison = drawn[row] if row < len(drawn) else None
        self.plot.show_spectrum(
            self._found.query, comparison, partial(quality_line, record), emulated=record.emulated
        )
