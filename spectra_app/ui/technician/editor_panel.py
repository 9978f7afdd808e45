"""Names, identifiers and provenance of an entry of a draft library: edited, undone, redone, saved.

What is typed is kept here until it is saved; saving makes a new version of each entry that was
changed, and what was saved can be undone, too: that makes another version.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QUndoCommand, QUndoStack
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from spectra_app.services.library_catalogue import EntryRecord
from spectra_app.ui.fitted import FittedLabel
from spectra_app.ui.look import Look

FIELDS = (
    "name", "synonyms", "cas", "inchikey", "formula", "smiles", "form", "family", "category",
    "source", "licence", "reliability", "supplier", "lot", "purity", "certificate",
)  # fmt: skip

KEYS = QKeySequence.StandardKey
Texts = dict[str, str]


def texts_of(record: EntryRecord) -> Texts:
    """Return what can be edited of a record, as it is typed."""
    found = {name: str(getattr(record, name)) for name in FIELDS if name != "synonyms"}
    return {**found, "synonyms": "; ".join(record.synonyms)}


class _Edit(QUndoCommand):
    """One field of one entry got another text."""

    def __init__(self, panel: EditorPanel, entry: str, change: tuple[str, str, str]) -> None:
        super().__init__()
        self._panel, self._entry = panel, entry
        self._name, self._old, self._new = change

    def redo(self) -> None:
        """Put the new text there."""
        self._panel.put(self._entry, self._name, self._new)

    def undo(self) -> None:
        """Put the old text back."""
        self._panel.put(self._entry, self._name, self._old)


class EditorPanel(QFrame):
    """The fields of an entry, with undo, redo, and what is to be saved.

    `save_wanted` gives the changes by entry and the reason; `withdraw_wanted` and `add_wanted` ask
    for the spectrum of the entry to be withdrawn, or another one to be added.
    """

    save_wanted = Signal(object, str)
    withdraw_wanted = Signal(str, str)
    add_wanted = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._look = look
        self.stack = QUndoStack(self)
        self.record: EntryRecord | None = None
        self.saved: dict[str, Texts] = {}  # by the first identifier that was seen of an entry
        self.texts: dict[str, Texts] = {}
        self._root: dict[str, str] = {}  # of every later version
        self._file: Path | None = None
        self._left: dict[Path, tuple[dict[str, Texts], dict[str, Texts], dict[str, str]]] = {}
        self.title = FittedLabel(14, 11, 2)
        self.edits = {name: QLineEdit() for name in FIELDS}
        self.labels = {name: QLabel() for name in FIELDS}
        self.undo, self.redo, self.save = QPushButton(), QPushButton(), QPushButton()
        self.add, self.withdraw = QPushButton(), QPushButton()
        self.reason, self.state = QLineEdit(), QLabel()
        self._lay_out()
        self._connect()
        look.tell(self.retell)
        self.show_entry(None)

    def _lay_out(self) -> None:
        form_widget = QWidget()
        form_widget.setObjectName("scrolled")
        form = QFormLayout(form_widget)
        for name, edit in self.edits.items():
            self.labels[name].setBuddy(edit)
            form.addRow(self.labels[name], edit)
        area = QScrollArea()
        area.setWidget(form_widget)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        self.state.setObjectName("hint")
        self.state.setWordWrap(True)
        self.save.setObjectName("primary")
        column = QVBoxLayout(self)
        column.addWidget(self.title)
        for row in ((self.undo, self.redo), (self.add, self.withdraw)):
            line = QHBoxLayout()
            for button in row:
                button.setObjectName("segment")
                line.addWidget(button)
            line.addStretch(1)
            column.addLayout(line)
        column.addWidget(area, 1)
        column.addWidget(self.state)
        line = QHBoxLayout()
        line.addWidget(self.reason, 1)
        line.addWidget(self.save)
        column.addLayout(line)

    def _connect(self) -> None:
        for name, edit in self.edits.items():
            edit.editingFinished.connect(lambda name=name: self._typed(name))
            edit.installEventFilter(self)
        self.undo.clicked.connect(self.stack.undo)
        self.redo.clicked.connect(self.stack.redo)
        self.stack.canUndoChanged.connect(self.undo.setEnabled)
        self.stack.canRedoChanged.connect(self.redo.setEnabled)
        self.reason.textChanged.connect(self._show_state)
        self.save.clicked.connect(self._save)
        self.withdraw.clicked.connect(self._withdraw)
        self.add.clicked.connect(self._add)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        for name, label in self.labels.items():
            label.setText(say(f"library.field_{name}"))
        self.undo.setText(say("library.undo"))
        self.redo.setText(say("library.redo"))
        for button, key in (
            (self.undo, KEYS.Undo), (self.redo, KEYS.Redo),
        ):  # fmt: skip
            button.setShortcut(QKeySequence(key))  # a new text takes it away
        self.add.setText(say("library.add_spectrum"))
        self.withdraw.setText(say("library.withdraw_spectrum"))
        self.withdraw.setToolTip(say("library.withdraw_spectrum_hint"))
        self.reason.setPlaceholderText(say("library.reason"))
        self.reason.setAccessibleName(say("library.reason"))
        self.save.setText(say("library.save_edits"))
        self._show_state()

    # --- what is shown ----------------------------------------------------------------------------

    def show_entry(self, record: EntryRecord | None) -> None:
        """Show an entry with what was typed about it so far."""
        self.record = record
        if record is not None:
            root = self._root.setdefault(record.entry, record.entry)
            self.saved.setdefault(root, texts_of(record))
            self.texts.setdefault(root, dict(self.saved[root]))
            self.title.set_text(self._look.texts.put(record.name))
            for name, edit in self.edits.items():
                edit.setText(self.texts[root][name])
        self._show_state()

    def turn_to(self, file: Path) -> int:
        """Edit another library, and return how many changes of the one before are not saved.

        They are kept, without what could be undone, until that library is looked at again.
        """
        unsaved = sum(len(texts) for texts in self.changes.values())
        if self._file is not None and unsaved:
            self._left[self._file] = self.saved, self.texts, self._root
        self.stack.clear()
        self._file = file
        self.saved, self.texts, self._root = self._left.pop(file, ({}, {}, {}))
        self.show_entry(None)
        return unsaved

    @property
    def changes(self) -> dict[str, Texts]:
        """What is to be saved: the texts that differ, by the newest version of each entry."""
        newest = {root: entry for entry, root in self._root.items()}  # later ones came later
        found = {}
        for root, texts in self.texts.items():
            old = self.saved[root]
            differs = {name: text for name, text in texts.items() if text != old[name]}
            if differs:
                found[newest[root]] = differs
        return found

    def put(self, root: str, name: str, text: str) -> None:
        """Put a text into a field of an entry."""
        self.texts[root][name] = text
        if self.record is not None and self._root.get(self.record.entry) == root:
            self.edits[name].setText(text)
        self._show_state()

    def was_saved(self, versions: dict[str, str]) -> None:
        """Take over that entries have new versions now; the old texts can still be undone to."""
        for old, new in versions.items():
            root = self._root[old]
            self._root[new] = root
            self.saved[root] = dict(self.texts[root])
        self.reason.clear()
        self._show_state()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Undo and redo from a field in which nothing is being typed: it would keep the keys."""
        typing = isinstance(watched, QLineEdit) and self._being_typed(watched)
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and not typing:
            for known, act in ((KEYS.Undo, self.stack.undo), (KEYS.Redo, self.stack.redo)):
                if event.matches(known):
                    act()
                    return True
        return super().eventFilter(watched, event)

    def _being_typed(self, edit: QLineEdit) -> bool:
        if self.record is None:
            return True
        texts = self.texts[self._root[self.record.entry]]
        return any(one is edit and one.text() != texts[name] for name, one in self.edits.items())

    # --- what is done -----------------------------------------------------------------------------

    def _typed(self, name: str) -> None:
        if self.record is None:
            return
        root = self._root[self.record.entry]
        old, new = self.texts[root][name], self.edits[name].text().strip()
        if new != old:
            self.stack.push(_Edit(self, root, (name, old, new)))

    @Slot()
    def _show_state(self) -> None:
        changes, say = self.changes, self._look.say
        count = sum(len(texts) for texts in changes.values())
        key = "library.edits_none" if not count else "library.edits"
        self.state.setText(say(key, count=count, entries=len(changes)))
        said = bool(self.reason.text().strip())
        self.save.setEnabled(bool(count) and said)
        self.withdraw.setEnabled(self.record is not None and said)
        self.add.setEnabled(self.record is not None)
        self.undo.setEnabled(self.stack.canUndo())
        self.redo.setEnabled(self.stack.canRedo())

    @Slot()
    def _save(self) -> None:
        self.save_wanted.emit(self.changes, self.reason.text())

    @Slot()
    def _withdraw(self) -> None:
        if self.record is not None:
            self.withdraw_wanted.emit(self.record.entry, self.reason.text())

    @Slot()
    def _add(self) -> None:
        self.add_wanted.emit(self.record)
