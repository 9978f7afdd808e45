"""What an import asks besides its table, and what became of it."""

from __future__ import annotations

from html import escape
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from spectra_app.services.import_session import ABOUT, Imported
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL

NEW_DRAFT = "draft.h5"


class TargetForm(QWidget):
    """Which library the spectra are for, and what is said of all of them."""

    changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.hint, self.target = QLabel(), QLineEdit()
        self.old, self.new = QPushButton(), QPushButton()
        self.target_label = QLabel()
        self.fields = {name: QLineEdit() for name in ABOUT}
        self.labels = {name: QLabel() for name in ABOUT}
        self.hint.setObjectName("hint")
        self.hint.setWordWrap(True)
        self._lay_out()
        self.old.clicked.connect(self._ask_old)
        self.new.clicked.connect(self._ask_new)
        for edit in (self.target, *self.fields.values()):
            edit.editingFinished.connect(self.changed)
        look.tell(self.retell)

    def _lay_out(self) -> None:
        self.target_label.setBuddy(self.target)
        row = QHBoxLayout()
        for widget in (self.target, self.old, self.new):
            widget.setMinimumHeight(TALL)
            row.addWidget(widget)
        grid = QGridLayout()
        for place, (name, edit) in enumerate(self.fields.items()):
            self.labels[name].setBuddy(edit)
            edit.setMinimumHeight(TALL)
            grid.addWidget(self.labels[name], 2 * (place // 2), place % 2)
            grid.addWidget(edit, 2 * (place // 2) + 1, place % 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.target_label)
        column.addLayout(row)
        column.addWidget(self.hint)
        column.addSpacing(12)
        column.addLayout(grid)
        column.addStretch(1)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.target_label.setText(say("library.import_target"))
        self.old.setText(say("library.import_old"))
        self.new.setText(say("library.import_new"))
        self.hint.setText(say("library.import_target_hint"))
        for name, label in self.labels.items():
            label.setText(say(f"library.field_{name}"))

    def put(self, target: str, about: dict[str, str]) -> None:
        """Show what was decided."""
        self.target.setText(target)
        for name, edit in self.fields.items():
            edit.setText(about.get(name, ""))

    def about(self) -> tuple[tuple[str, str], ...]:
        """Return what is said of all spectra."""
        told = {name: edit.text().strip() for name, edit in self.fields.items()}
        return tuple((name, text) for name, text in told.items() if text)

    @Slot()
    def _ask_old(self) -> None:
        say = self._look.say
        path, _kind = QFileDialog.getOpenFileName(
            self, say("library.import_target"), "", say("library.file_kind")
        )
        self._taken(path)

    @Slot()
    def _ask_new(self) -> None:
        say = self._look.say
        path, _kind = QFileDialog.getSaveFileName(
            self, say("library.import_target"), NEW_DRAFT, say("library.file_kind")
        )
        self._taken(path)

    def _taken(self, path: str) -> None:
        if path:
            self.target.setText(path if Path(path).suffix else f"{path}.h5")
            self.changed.emit()


class DonePanel(QFrame):
    """What is about to enter; afterwards what did, and what was refused and why."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.words, self.add, self.show_it = QTextBrowser(), QPushButton(), QPushButton()
        self._counts: tuple[int, int, str] = (0, 0, "")
        self.done: Imported | None = None
        self.words.setFrameShape(QFrame.Shape.NoFrame)
        self.add.setObjectName("primary")
        row = QHBoxLayout()
        for button in (self.add, self.show_it):
            button.setMinimumHeight(TALL)
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.words, 1)
        look.tell(self.retell)

    def show_plan(self, enter: int, left: int, target: str) -> None:
        """Say how many spectra are to enter and how many are not."""
        self._counts, self.done = (enter, left, target), None
        self.retell()

    def show_done(self, done: Imported) -> None:
        """Say what became of the import."""
        self.done = done
        self.retell()

    def retell(self) -> None:
        """Say all texts."""
        say, done = self._look.say, self.done
        self.add.setText(say("library.import_add"))
        self.add.setVisible(done is None)
        self.show_it.setText(say("library.import_show"))
        self.show_it.setVisible(done is not None)
        enter, left, target = self._counts
        file = Path(target).name
        if done is None:
            text = say("library.import_plan", enter=enter, left=left, file=file)
            self.words.setHtml(f"<p>{escape(text)}</p>")
        else:
            self.words.setHtml(self._result(done))
        self.words.setAccessibleName(self.words.toPlainText())

    def _result(self, done: Imported) -> str:
        say, put = self._look.say, self._look.texts.put
        report = done.report
        total, file = f"{report.info.entries:,}", done.library.name
        parts = [f"<p><b>{escape(say('library.import_added', count=report.taken))}</b></p>"]
        parts.append(f"<p>{escape(say('library.import_now', total=total, file=file))}</p>")
        lists = (
            ("library.import_refused", [f"{name}: {why}" for name, why in done.refused]),
            ("library.import_left_out", report.left_out),
            ("library.import_unknown", report.unrecognised),
            ("library.import_assumed", report.assumptions),
        )
        for key, lines in lists:
            if lines:
                items = "".join(f"<li>{escape(put(line))}</li>" for line in lines)
                parts.append(f"<p><b>{escape(say(key))}</b></p><ul>{items}</ul>")
        return "".join(parts)
