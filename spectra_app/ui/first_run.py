"""The first run: language and storage, station, first supervisor, analyser and library.

Every step but the supervisor's can be left as it is. What was typed is told, so that it can be
remembered when the program is closed in between; passwords never are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QRegularExpression, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import (
    QButtonGroup,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from matching.errors import SpectraError
from spectra_app.settings import data_folder
from spectra_app.ui.fitted import WrappedLabel
from spectra_app.ui.look import LANGUAGES, NAMES, Look
from spectra_app.ui.technician.wizard import StepFrame
from spectra_app.ui.theme import sized
from spectra_app.ui.troubles import told

STEPS = ("language", "station", "person", "tools")
FIELDS = {
    "station": ("station", "place", "code"),
    "person": ("person", "name", "password", "again"),
}
SECRET = ("password", "again")
CHOICES = {"analyser": ("later", "emulated", "real"), "library": ("starter", "package", "own")}
PERSON = STEPS.index("person")
LEAST = 12  # characters of a password; the records ask for them as well
WIDE = 880  # pixels
TALL = 57  # pixels: 15 mm at 96 dpi


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be opened when the station is set up: one of `CHOICES` each."""

    analyser: str = "later"
    library: str = "starter"


class FirstRun(QFrame):
    """Four steps, which stand at the side; the last one sets the station up.

    `begun` is emitted with station, log-in name, name and password; `typed` with what may be
    remembered.
    """

    begun = Signal(object, str, str, str)
    typed = Signal(dict)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setObjectName("panel")
        self.title, self.message = QLabel(), WrappedLabel()
        self.frame = StepFrame(look, [f"first.step_{name}" for name in STEPS])
        self.go = QPushButton()
        self.rows: dict[str, tuple[QLabel, QLineEdit]] = {}
        self.notes = {name: WrappedLabel() for name in (*STEPS, "storage")}
        self.languages = {code: QPushButton(NAMES[code]) for code in LANGUAGES}
        self.storage_title, self.storage = QLabel(), WrappedLabel()
        self.choices = {
            name: {code: QRadioButton() for code in codes} for name, codes in CHOICES.items()
        }
        self.choice_titles = {name: QLabel() for name in CHOICES}
        self._build()
        self._connect()
        look.tell(self.retell)
        self.frame.show_step(0, 0)

    # --- the steps ------------------------------------------------------------------------------

    def _build(self) -> None:
        self.title.setFont(sized(self.title.font(), 20, bold=True))
        self.message.setObjectName("problem")
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.hide()
        self.go.setObjectName("primary")
        self.go.setMinimumHeight(TALL)
        for page in (
            self._language_page(), self._fields_page("station"), self._fields_page("person"),
            self._tools_page(),
        ):  # fmt: skip
            self.frame.stack.addWidget(page)
        for button in (self.frame.back, self.frame.next):
            button.setMinimumHeight(TALL)
            button.setMinimumWidth(140)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(self.title)
        column.addWidget(self.frame, 1)
        column.addWidget(self.message)
        column.addWidget(self.go)

    def _page(self, note: str) -> tuple[QWidget, QVBoxLayout]:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.notes[note])
        return page, column

    def _language_page(self) -> QWidget:
        page, column = self._page("language")
        group, row = QButtonGroup(self), QHBoxLayout()
        for code, button in self.languages.items():
            button.setCheckable(True)
            button.setMinimumHeight(TALL)
            button.setObjectName("segment")
            button.clicked.connect(lambda _c=False, code=code: self._look.speak(code))
            group.addButton(button)
            row.addWidget(button)
        column.addLayout(row)
        column.addSpacing(12)
        self.storage_title.setFont(sized(self.storage_title.font(), 11, bold=True))
        self.storage.setTextFormat(Qt.TextFormat.PlainText)
        self.storage.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for widget in (self.storage_title, self.storage, self.notes["storage"]):
            column.addWidget(widget)
        self.notes["storage"].setObjectName("hint")
        column.addStretch(1)
        return page

    def _fields_page(self, name: str) -> QWidget:
        page, column = self._page(name)
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        form.setVerticalSpacing(4)
        for key in FIELDS[name]:
            label, edit = QLabel(), QLineEdit()
            label.setBuddy(edit)
            edit.setMinimumHeight(40)
            if key in SECRET:
                edit.setEchoMode(QLineEdit.EchoMode.Password)
            edit.returnPressed.connect(self._on_enter)
            form.addRow(label, edit)
            self.rows[key] = label, edit
        if "code" in FIELDS[name]:
            letters = QRegularExpression("[A-Za-z0-9]{0,8}")
            self.rows["code"][1].setValidator(QRegularExpressionValidator(letters, self))
        column.addLayout(form)
        column.addStretch(1)
        return page

    def _tools_page(self) -> QWidget:
        page, column = self._page("tools")
        for name, buttons in self.choices.items():
            title, group = self.choice_titles[name], QButtonGroup(self)
            title.setFont(sized(title.font(), 11, bold=True))
            column.addWidget(title)
            for button in buttons.values():
                button.setMinimumHeight(34)
                group.addButton(button)
                column.addWidget(button)
            next(iter(buttons.values())).setChecked(True)
        column.addStretch(1)
        return page

    def _connect(self) -> None:
        self.frame.wanted.connect(self.go_to)
        self.go.clicked.connect(self._on_go)
        for key, (_label, edit) in self.rows.items():
            if key not in SECRET:
                edit.editingFinished.connect(self._tell_typed)
        for buttons in self.choices.values():
            for button in buttons.values():
                button.toggled.connect(self._tell_typed)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.title.setText(say("first.title"))
        self.go.setText(say("first.begin" if self.go.isEnabled() else "first.working"))
        for name, note in self.notes.items():
            note.setText(say("first.intro" if name == "person" else f"first.note_{name}"))
        for key, (label, edit) in self.rows.items():
            label.setText(say(f"first.{key}"))
            edit.setAccessibleName(say(f"first.{key}"))
        self.languages[self._look.texts.language].setChecked(True)
        self.storage_title.setText(say("first.storage"))
        self.storage.setText(self._look.texts.put(str(data_folder())))
        for name, buttons in self.choices.items():
            self.choice_titles[name].setText(say(f"first.{name}"))
            for code, button in buttons.items():
                button.setText(say(f"first.{name}_{code}"))
        self._mark()

    # --- going from step to step ----------------------------------------------------------------

    @property
    def step(self) -> int:
        """Return which step is shown."""
        return self.frame.now

    @Slot(int)
    def go_to(self, step: int) -> None:
        """Show a step; the supervisor's is left forward only when it is complete."""
        if step > PERSON and (trouble := self._trouble()) is not None:
            self._show(PERSON)
            self.show_trouble(trouble)
            return
        self.show_trouble(None)
        self._show(step)
        self._tell_typed()

    def _show(self, step: int) -> None:
        self.frame.stack.setCurrentIndex(step)
        self.frame.show_step(step, max(step, self.frame.reached))
        self._mark()
        QTimer.singleShot(0, self, self.set_focus)

    def _mark(self) -> None:
        last = self.frame.now == len(STEPS) - 1
        self.go.setVisible(last)
        self.go.setDefault(last)

    def set_focus(self) -> None:
        """Put the keyboard where this step begins."""
        name = STEPS[self.frame.now]
        if name == "language":
            self.languages[self._look.texts.language].setFocus()
        elif name in FIELDS:
            fields = [self.rows[key][1] for key in FIELDS[name]]
            next((one for one in fields if not one.text()), fields[0]).setFocus()
        else:
            self.go.setFocus()

    @Slot()
    def _on_enter(self) -> None:
        """Go on to the next field of this step, then to the next step."""
        keys = FIELDS[STEPS[self.frame.now]]
        fields = [self.rows[key][1] for key in keys]
        place = next((n for n, one in enumerate(fields) if one is self.sender()), len(fields) - 1)
        if place + 1 < len(fields):
            fields[place + 1].setFocus()
        else:
            self.go_to(self.frame.now + 1)

    def text(self, key: str) -> str:
        """Return what was typed into a field."""
        return self.rows[key][1].text()

    @property
    def wanted(self) -> Wanted:
        """Return what is to be opened afterwards."""
        chosen = {
            name: next(code for code, button in buttons.items() if button.isChecked())
            for name, buttons in self.choices.items()
        }
        return Wanted(**chosen)

    # --- remembering ----------------------------------------------------------------------------

    @Slot()
    def _tell_typed(self) -> None:
        kept = {key: self.text(key) for key in self.rows if key not in SECRET and self.text(key)}
        wanted = self.wanted
        chosen = {"analyser": wanted.analyser, "library": wanted.library}
        self.typed.emit({**kept, **chosen, "step": str(self.frame.now)})

    def resume(self, kept: Mapping[str, str]) -> None:
        """Go on where somebody left; passwords are typed again."""
        for key, (_label, edit) in self.rows.items():
            if key not in SECRET:
                edit.setText(kept.get(key, ""))
        for name, buttons in self.choices.items():
            if kept.get(name) in buttons:
                buttons[kept[name]].setChecked(True)
        number = kept.get("step", "0")
        self._show(min(int(number), PERSON) if number.isdecimal() else 0)

    # --- the end --------------------------------------------------------------------------------

    def show_trouble(self, error: SpectraError | None) -> None:
        """Say what was wrong and what to do; None says nothing."""
        words = "" if error is None else str(told(error, self._look.texts))
        self.message.setText(words)
        self.message.setVisible(bool(words))
        self.message.setAccessibleName(words)
        self.go.setEnabled(True)
        self.go.setText(self._look.say("first.begin"))

    def _trouble(self) -> SpectraError | None:
        """Return what the supervisor's step lacks."""
        say = self._look.say
        if not all(self.text(key).strip() for key in FIELDS["person"]):
            return SpectraError(say("first.lacking"), "", say("first.fill_in"))
        if self.text("password") != self.text("again"):
            return SpectraError(say("first.not_the_same"), "", say("first.type_again"))
        if len(self.text("password")) < LEAST:
            return SpectraError(say("first.too_short"), "", say("first.use_a_sentence"))
        return None

    @Slot()
    def _on_go(self) -> None:
        trouble = self._trouble()
        if trouble is not None:
            self._show(PERSON)
            self.show_trouble(trouble)
            return
        from spectra_app.records.kinds.case import Station  # not before the window shows

        self.show_trouble(None)
        self.go.setEnabled(False)
        self.go.setText(self._look.say("first.working"))  # it takes longer than half a second
        station = Station(
            id="station",
            name=self.text("station"),
            address=self.text("place"),
            code=self.text("code"),
        )
        self.begun.emit(station, self.text("name"), self.text("person"), self.text("password"))
        for key in SECRET:
            self.rows[key][1].clear()
