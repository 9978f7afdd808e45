"""What stands in the place of a verdict before there is one: start, work under way, a problem."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from matching.errors import SpectraError
from spectra_app.ui.fitted import FittedLabel
from spectra_app.ui.phrases import percent
from spectra_app.ui.theme import BASE_POINTS, Theme, banner_style, sized
from spectra_app.ui.verdict_card import WIDE_CARD, WIDE_POINTS, text_label


class Page(QFrame):
    """A panel with a large title and a column of things under it."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.title = FittedLabel(22, 15, 3)
        self.title.set_text(title)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(24, 20, 24, 20)
        self.column.setSpacing(14)
        self.column.addWidget(self.title)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use larger text where there is room for it."""
        super().resizeEvent(event)
        points = WIDE_POINTS if self.width() >= WIDE_CARD else BASE_POINTS
        for label in self.findChildren(QLabel):
            label.setFont(sized(label.font(), points, bold=label.font().bold()))


class StartPage(Page):
    """What to do first, and what the library can and cannot answer."""

    open_wanted = Signal()
    scan_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__("Open a scan to begin")
        self.steps = text_label()
        self.steps.setText(
            "<p>Choose a file that your Raman analyser exported, or drag it onto this window. "
            "Nothing leaves this computer.</p>"
        )
        self.open, self.scan = QPushButton("Open scan…"), QPushButton("Scan emulated sample")
        self.hint = text_label("hint")
        self.hint.setText(
            "No file at hand? The emulated analyser shows the whole way with a made-up sample."
        )
        self.note_title, self.note = QLabel("The library in use"), text_label()
        self._build(theme)

    def _build(self, theme: Theme) -> None:
        self.open.setObjectName("primary")
        self.note_title.setObjectName("panelTitle")
        self.open.clicked.connect(self.open_wanted)
        self.scan.clicked.connect(self.scan_wanted)
        for widget in (self.steps, self.open, self.hint, self.scan):
            self.column.addWidget(widget)
        self.column.addSpacing(8)
        self.column.addWidget(self.note_title)
        area = QScrollArea()
        self.note.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.note.setContentsMargins(0, 0, 8, 0)
        self.note.setAccessibleName("What the library can and cannot answer")
        area.setWidget(self.note)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.viewport().setAutoFillBackground(False)
        self.note.setAutoFillBackground(False)
        self.column.addWidget(area, 1)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Nothing here is painted by hand; the style sheet does it."""
        del theme

    def show_note(self, title: str, note: str) -> None:
        """Show what the reader must know about the library `title`."""
        paragraphs = "".join(f"<p>{escape(part)}</p>" for part in note.split("\n") if part.strip())
        self.note.setText(f"<p><b>{escape(title)}</b></p>{paragraphs}")


class WorkPage(Page):
    """What is being done, how far it is, how long it takes, and how to stop it."""

    stop_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("Working…")
        self.banner, self.words, self.left = QLabel(), text_label(), text_label("hint")
        self.bar = QProgressBar()
        self.stop = QPushButton("Stop")
        self.stop.setObjectName("primary")
        self.stop.setMinimumHeight(64)
        self.stop.clicked.connect(self.stop_wanted)
        self.bar.setAccessibleName("Progress")
        self.bar.setTextVisible(False)
        self.banner.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for widget in (self.banner, self.bar, self.words, self.left, self.stop):
            self.column.addWidget(widget)
        self.column.addStretch(1)

    def show_work(self, title: str, banner: str, theme: Theme) -> None:
        """Show the beginning of some work of unknown length."""
        self.title.set_text(title)
        self.banner.setText(banner)
        self.banner.setVisible(bool(banner))
        self.banner.setStyleSheet(banner_style(theme))
        self.bar.setRange(0, 0)
        self.words.setText("")
        self.left.setText("")
        self.stop.setEnabled(True)
        self.stop.setText("Stop")

    def show_progress(self, fraction: float, words: str, left: str) -> None:
        """Show `fraction` (0-1) of the work done."""
        self.bar.setRange(0, 100)
        self.bar.setValue(round(100 * fraction))
        self.words.setText(escape(words[:1].upper() + words[1:]))
        done = percent(fraction)
        self.left.setText(f"{done} done, {left}" if left else f"{done} done")

    def show_stopping(self) -> None:
        """Say that the wish to stop was heard."""
        self.stop.setEnabled(False)
        self.stop.setText("Stopping…")


class ProblemPage(Page):
    """An error for a person: what is wrong, where, what to do, and the details to copy."""

    open_wanted = Signal()

    def __init__(self, open_text: str = "Open another scan…") -> None:
        super().__init__("")
        self._copied = ""
        self.what, self.where, self.remedy = text_label(), text_label("muted"), text_label()
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setAccessibleName("Details of the problem")
        self.toggle, self.copy = QPushButton("Show details"), QPushButton("Copy details")
        self.toggle.setCheckable(True)
        self.open = QPushButton(open_text)
        self.open.setObjectName("primary")
        self._build()

    def _build(self) -> None:
        for widget in (self.what, self.where, self.remedy, self.open):
            self.column.addWidget(widget)
        details = QHBoxLayout()
        details.addWidget(self.copy)
        details.addWidget(self.toggle)
        self.column.addLayout(details)
        self.column.addWidget(self.details, 1)
        self.column.addStretch(1)
        self.details.setMinimumHeight(140)
        self.details.hide()
        self.open.clicked.connect(self.open_wanted)
        self.copy.clicked.connect(self._copy)
        self.toggle.toggled.connect(self.details.setVisible)

    def show_problem(self, title: str, error: SpectraError, details: str) -> None:
        """Show `error`; `title` says in a word or two what could not be done."""
        sentence = error.what[:1].upper() + error.what[1:]
        self.title.set_text(title)
        self.where.setText(f"<b>Where:</b> {escape(error.where)}")
        self.where.setVisible(bool(error.where))
        remedy = error.remedy or "Try again, or open something else"
        self.what.setText(f"<span style='font-size:13pt'>{escape(sentence)}.</span>")
        self.remedy.setText(f"<b>What to do:</b> {escape(remedy[:1].upper() + remedy[1:])}.")
        self._copied = f"{title}\n{error}\n\n{details}".rstrip() + "\n"
        self.details.setPlainText(self._copied)
        self.copy.setText("Copy details")
        self.setAccessibleName(f"{title}: {error}")

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._copied)
        self.copy.setText("Copied")


class ProblemDialog(QDialog):
    """A problem that has no place of its own in the window."""

    def __init__(self, parent: QWidget, title: str, error: SpectraError, details: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(520)
        self.page = ProblemPage("Close")
        self.page.show_problem(title, error, details)
        self.page.open_wanted.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.addWidget(self.page)


class TextDialog(QDialog):
    """A longer text, to read and to copy."""

    def __init__(self, parent: QWidget, title: str, lines: list[str]) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.resize(560, 420)
        self.text = QPlainTextEdit("\n".join(lines))
        self.text.setReadOnly(True)
        self.text.setAccessibleName(title)
        close = QPushButton("Close")
        close.clicked.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(close)
