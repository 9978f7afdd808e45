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
from spectra_app.ui.look import Look
from spectra_app.ui.phrases import percent, progress_words, step_words
from spectra_app.ui.theme import BASE_POINTS, banner_style, sized
from spectra_app.ui.troubles import begun, told
from spectra_app.ui.verdict_card import WIDE_CARD, WIDE_POINTS, text_label


class Page(QFrame):
    """A panel with a large title and a column of things under it."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._look = look
        self.title = FittedLabel(22, 15, 3)
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

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.steps, self.hint = text_label(), text_label("hint")
        self.open, self.scan = QPushButton(), QPushButton()
        self.note_title, self.note = QLabel(), text_label()
        self._build()
        look.tell(self.retell)

    def _build(self) -> None:
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
        area.setWidget(self.note)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.viewport().setAutoFillBackground(False)
        self.note.setAutoFillBackground(False)
        self.column.addWidget(area, 1)

    def retell(self) -> None:
        """Say all texts; what the library says of itself is in English."""
        say = self._look.say
        self.title.set_text(say("start.title"))
        self.steps.setText(say("start.steps"))
        self.open.setText(say("start.open"))
        self.scan.setText(say("start.scan"))
        self.hint.setText(say("start.hint"))
        self.note_title.setText(say("start.note"))
        self.note.setAccessibleName(say("start.note_name"))

    def show_note(self, title: str, note: str) -> None:
        """Show what the reader must know about the library `title`."""
        paragraphs = "".join(f"<p>{escape(part)}</p>" for part in note.split("\n") if part.strip())
        self.note.setText(f"<p><b>{escape(title)}</b></p>{paragraphs}")


class WorkPage(Page):
    """What is being done, how far it is, how long it takes, and how to stop it."""

    stop_wanted = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._shown, self._emulated, self._stopping = "", False, False
        self._key = "work.title"
        self._progress: tuple[float, str, int | None] | None = None
        self.banner, self.words, self.left = QLabel(), text_label(), text_label("hint")
        self.bar, self.stop = QProgressBar(), QPushButton()
        self.stop.setObjectName("primary")
        self.stop.setMinimumHeight(64)
        self.stop.clicked.connect(self.stop_wanted)
        self.bar.setTextVisible(False)
        self.banner.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.banner.setWordWrap(True)
        for widget in (self.banner, self.bar, self.words, self.left, self.stop):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        look.tell(self.retell)
        look.paint(self._paint_parts)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.title.set_text(say(self._key, title=self._shown))
        self.banner.setText(say("card.emulated"))
        self.bar.setAccessibleName(say("work.progress"))
        self.stop.setText(say("work.stopping" if self._stopping else "work.stop"))
        if self._progress is not None:
            self._tell_progress(*self._progress)

    def show_work(self, key: str, title: str, *, emulated: bool) -> None:
        """Show the beginning of some work of unknown length; `key` says what is done to `title`."""
        self._key, self._shown, self._progress, self._stopping = key, title, None, False
        self.banner.setVisible(emulated)
        self.bar.setRange(0, 0)
        for label in (self.words, self.left):
            label.clear()
        self.stop.setEnabled(True)
        self.retell()

    def show_progress(self, fraction: float, words: str, left_s: int | None) -> None:
        """Show `fraction` (0-1) of the work done, and the seconds left where they are known."""
        self._progress = fraction, words, left_s
        self.bar.setRange(0, 100)
        self.bar.setValue(round(100 * fraction))
        self._tell_progress(fraction, words, left_s)

    def _tell_progress(self, fraction: float, words: str, left_s: int | None) -> None:
        texts = self._look.texts
        self.words.setText(escape(begun(step_words(words, texts))))
        self.left.setText(progress_words(percent(fraction), left_s, texts))

    def show_stopping(self) -> None:
        """Say that the wish to stop was heard."""
        self._stopping = True
        self.stop.setEnabled(False)
        self.retell()

    def _paint_parts(self) -> None:
        self.banner.setStyleSheet(banner_style(self._look.theme))


class ProblemPage(Page):
    """An error for a person: what is wrong, where, what to do, and the details to copy."""

    open_wanted = Signal()

    def __init__(self, look: Look, open_key: str = "problem.open") -> None:
        super().__init__(look)
        self._open_key, self._copied, self._was_copied = open_key, "", False
        self._problem: tuple[str, SpectraError] | None = None
        self.what, self.where, self.remedy = text_label(), text_label("muted"), text_label()
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.toggle, self.copy, self.open = QPushButton(), QPushButton(), QPushButton()
        self.toggle.setCheckable(True)
        self.open.setObjectName("primary")
        self._build()
        look.tell(self.retell)

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

    def retell(self) -> None:
        """Say all texts."""
        say, put = self._look.say, self._look.texts.put
        self.open.setText(say(self._open_key))
        self.toggle.setText(say("problem.details"))
        self.copy.setText(say("problem.copied" if self._was_copied else "problem.copy"))
        self.details.setAccessibleName(say("problem.details_name"))
        if self._problem is None:
            return
        key, error = self._problem
        title, trouble = say(key), told(error, self._look.texts)
        self.title.set_text(title)
        exact = f"<br>{escape(trouble.exact)}" if trouble.exact else ""
        self.what.setText(f"<span style='font-size:13pt'>{escape(trouble.what)}</span>{exact}")
        self.where.setText(f"<b>{escape(say('problem.where'))}</b> {escape(put(error.where))}")
        self.where.setVisible(bool(error.where))
        do = trouble.do or f"{say('problem.try')}."
        self.remedy.setText(f"<b>{escape(say('problem.do'))}</b> {escape(do)}")
        self.setAccessibleName(f"{title}: {trouble}")

    def show_problem(self, key: str, error: SpectraError, details: str) -> None:
        """Show `error`; the text `key` says in a word or two what could not be done."""
        self._problem, self._was_copied = (key, error), False
        self._copied = f"{self._look.say(key)}\n{error}\n\n{details}".rstrip() + "\n"
        self.details.setPlainText(self._copied)
        self.retell()

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._copied)
        self._was_copied = True
        self.copy.setText(self._look.say("problem.copied"))


class ProblemDialog(QDialog):
    """A problem that has no place of its own in the window."""

    def __init__(
        self,
        parent: QWidget,
        look: Look,
        key: str,
        error: SpectraError,
        details: str,
        *,
        close_key: str = "problem.close",
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._look, self._key = look, key
        self.setMinimumWidth(520)
        self.page = ProblemPage(look, close_key)
        self.page.show_problem(key, error, details)
        self.page.open_wanted.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.addWidget(self.page)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say the title."""
        self.setWindowTitle(self._look.say(self._key))


class TextDialog(QDialog):
    """A longer text, to read and to copy; it stays in the language in which it was asked for."""

    def __init__(self, parent: QWidget, look: Look, key: str, lines: list[str]) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = look.say(key)
        self.setWindowTitle(title)
        self.resize(560, 420)
        self.text = QPlainTextEdit("\n".join(lines))
        self.text.setReadOnly(True)
        self.text.setAccessibleName(title)
        close = QPushButton(look.say("text.close"))
        close.clicked.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(close)
