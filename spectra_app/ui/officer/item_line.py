"""The first line of the officer's screen: which parcel lies here, and what its papers say."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from spectra_app.errors import IdentifierError
from spectra_app.records.identifiers import Identifier, parse
from spectra_app.records.kinds import Scan
from spectra_app.services.cases.opening import MODES
from spectra_app.ui.look import Look
from spectra_app.ui.troubles import told

TALL = 57  # pixels: 15 mm at 96 dpi, for gloves
SHOWN_MODES = MODES[1:]


@dataclass(frozen=True, slots=True)
class Parcel:
    """What lies here: its number, how it travelled, and what its papers say is in it."""

    number: Identifier
    mode: str = ""
    declared: str = ""


class ItemLine(QFrame):
    """A field that a barcode scanner types into, and what was made of it.

    A scanner ends with Enter, and so may a person; the number is checked as soon as it does.
    """

    entered = Signal()
    photo_wanted = Signal()
    note_wanted = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._look = look
        self._found: tuple[Identifier, ...] = ()
        self._error: IdentifierError | None = None
        self._added = (0, False)
        self._scanned: tuple[Identifier, int] | None = None
        self._graver: Scan | None = None
        self.number_label, self.number = QLabel(), QLineEdit()
        self.sign, self.seal, self.found = QLabel(), QPushButton(), QLabel()
        self.graver = QLabel()
        self.mode_label, self.mode = QLabel(), QComboBox()
        self.declared_label, self.declared = QLabel(), QLineEdit()
        self.photo, self.note = QPushButton(), QPushButton()
        self._build()
        look.tell(self.retell)

    def _build(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(14, 8, 14, 8)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        tops = (self.number_label, self.mode_label, self.declared_label)
        fields: tuple[QWidget, ...] = (self.number, self.mode, self.declared)
        for column, (label, field) in enumerate(zip(tops, fields, strict=True)):
            label.setBuddy(field)
            label.setObjectName("muted")
            grid.addWidget(label, 0, column)
            grid.addWidget(field, 1, column)
            field.setMinimumHeight(TALL)
        for column, button in ((3, self.photo), (4, self.note)):
            button.setMinimumHeight(TALL)
            grid.addWidget(button, 1, column)
        grid.addWidget(self.sign, 2, 0, 1, 3)
        grid.addWidget(self.seal, 2, 3, 1, 2)
        grid.addWidget(self.found, 3, 0, 1, 5)
        grid.addWidget(self.graver, 4, 0, 1, 5)
        self.graver.setWordWrap(True)
        self.graver.setObjectName("problem")
        self.graver.setTextFormat(Qt.TextFormat.PlainText)
        self.graver.hide()
        self.found.setWordWrap(True)
        self.found.setObjectName("panelTitle")
        self.found.hide()
        for column, stretch in ((0, 5), (1, 2), (2, 4)):
            grid.setColumnStretch(column, stretch)
        self.number.setStyleSheet("font-size: 16pt; font-weight: 700;")
        self.number.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # numbers are Latin
        self.sign.setWordWrap(True)
        self.sign.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.mode.addItems(["" for _mode in SHOWN_MODES])
        self.seal.hide()
        self.number.returnPressed.connect(self._on_enter)
        self.number.textEdited.connect(self._on_edit)
        self.seal.clicked.connect(self._on_seal)
        self.photo.clicked.connect(self.photo_wanted)
        self.note.clicked.connect(self.note_wanted)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        for label, field, key in (
            (self.number_label, self.number, "officer.item"),
            (self.mode_label, self.mode, "officer.mode"),
            (self.declared_label, self.declared, "officer.declared"),
        ):
            label.setText(say(key))
            field.setAccessibleName(say(key))
        self.number.setPlaceholderText(say("officer.item_hint"))
        self.declared.setPlaceholderText(say("officer.declared_hint"))
        photos, noted = self._added
        self.photo.setText(say("officer.photos", count=photos) if photos else say("officer.photo"))
        self.note.setText(say("officer.noted" if noted else "officer.note"))
        for index, mode in enumerate(SHOWN_MODES):
            self.mode.setItemText(index, self._look.word("mode", mode))
        self._show_sign()
        self.show_graver(self._graver)

    @property
    def parcel(self) -> Parcel | None:
        """What lies here; None while the number is missing or wrong."""
        if not self._found:
            return None
        mode = SHOWN_MODES[max(0, self.mode.currentIndex())]
        return Parcel(self._found[0], mode, self.declared.text().strip())

    def begin(self) -> None:
        """Make ready for the next parcel; how it travelled stays, for a queue is of one kind."""
        self.number.clear()
        self.declared.clear()
        self._found, self._error, self._scanned = (), None, None
        self.setEnabled(True)
        self._show_sign()
        self.show_graver(None)
        self.number.setFocus()

    def begin_typing(self, event: QKeyEvent) -> None:
        """Let a key that nothing else took begin another number."""
        if self.number.isEnabled():
            self.number.setFocus()
            self.number.selectAll()
            QCoreApplication.sendEvent(self.number, event)

    def show_added(self, photos: int, *, noted: bool) -> None:
        """Show on the buttons what was added."""
        self._added = (photos, noted)
        self.retell()

    def show_scanned(self, count: int) -> None:
        """Keep under which number the scans so far were made; another one is pointed out."""
        if self._scanned is None and self._found:
            self._scanned = (self._found[0], count)
        elif self._scanned is not None:
            self._scanned = (self._scanned[0], count)
        self._show_sign()

    def show_graver(self, scan: Scan | None) -> None:
        """Show that an earlier scan of this parcel was graver than the one on the screen."""
        self._graver = scan
        words = ""
        if scan is not None:
            named = self._look.texts.many((*scan.names, *scan.families))
            level = self._look.word("alarm", scan.alarm)
            key = "officer.graver_named" if named else "officer.graver"
            words = self._look.say(key, level=level, named=named)
        self.graver.setText(words)
        self.graver.setVisible(bool(words))

    def show_declared(self, words: str) -> None:
        """Show what the scan says of the declared goods; empty for nothing."""
        self.found.setText(words)
        self.found.setVisible(bool(words))

    def read(self) -> bool:
        """Check what stands in the field; return whether it is a number."""
        try:
            self._found, self._error = parse(self.number.text()), None
        except IdentifierError as error:
            self._found, self._error = (), error
        self._show_sign()
        return bool(self._found)

    @Slot()
    def _on_enter(self) -> None:
        if self.read():
            self.entered.emit()

    @Slot()
    def _on_edit(self) -> None:
        self._found, self._error = (), None
        self._show_sign()

    @Slot()
    def _on_seal(self) -> None:
        self._found = self._found[1:]
        self._show_sign()
        self.entered.emit()

    def _show_sign(self) -> None:
        say, other = self._look.say, False
        self.seal.setVisible(len(self._found) > 1)
        self.seal.setText(say("officer.is_seal"))
        text: str = say("officer.number_none")
        if self._error is not None:
            text = say("officer.number_wrong", words=str(told(self._error, self._look.texts)))
        elif self._found:
            first = self._found[0]
            scheme = self._look.word("scheme", first.scheme)
            text = say("officer.number_ok", scheme=scheme, number=first.shown)
            if self._scanned is not None and self._scanned[0] != first:
                other, (before, count) = True, self._scanned
                text += " " + say("officer.number_other", count=count, before=before.shown)
        self.sign.setText(text)
        self.sign.setObjectName("problem" if self._error or other else "hint")
        self.sign.style().polish(self.sign)
        self.sign.setAccessibleName(text)
