"""Before anything else: who is there. Logging in and unlocking; a new station is set up first."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from matching.errors import SpectraError
from spectra_app.services.remembered import Remembered
from spectra_app.ui.first_run import WIDE, FirstRun
from spectra_app.ui.fitted import WrappedLabel
from spectra_app.ui.look import Look
from spectra_app.ui.records_desk import Standing
from spectra_app.ui.theme import sized
from spectra_app.ui.troubles import told

NARROW = 520  # pixels: wide enough for the longest label beside its field
TALL = 57  # pixels: 15 mm at 96 dpi
RENEWED = ("renew.old", "first.password", "first.again")


class Form(QFrame):
    """A panel with a title, fields under each other, a message, and one large button."""

    wanted = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setObjectName("panel")
        self.title, self.intro, self.message = WrappedLabel(), WrappedLabel(), WrappedLabel()
        self.go = QPushButton()
        self.go.setObjectName("primary")
        self.go.setMinimumHeight(TALL)
        self.go.setDefault(True)
        self.fields = QFormLayout()
        self.fields.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self.fields.setVerticalSpacing(6)
        self.title.setFont(sized(self.title.font(), 20, bold=True))
        self.message.setObjectName("problem")
        for label in (self.title, self.intro, self.message):
            label.setTextFormat(Qt.TextFormat.PlainText)  # names of stations and people are in it
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(28, 24, 28, 24)
        self.column.setSpacing(12)
        self.column.addWidget(self.title)
        self.column.addWidget(self.intro)
        self.column.addLayout(self.fields)
        self.column.addWidget(self.message)
        self.column.addWidget(self.go)
        self.message.hide()
        self.go.clicked.connect(self.wanted)

    def field(self, *, secret: bool = False) -> tuple[QLabel, QLineEdit]:
        """Add a field; Enter in it does what the button does."""
        label, edit = QLabel(), QLineEdit()
        label.setBuddy(edit)
        edit.setMinimumHeight(44)
        if secret:
            edit.setEchoMode(QLineEdit.EchoMode.Password)
        edit.returnPressed.connect(self.go.click)
        self.fields.addRow(label, edit)
        return label, edit

    def show_trouble(self, error: SpectraError | None) -> None:
        """Say what was wrong and what to do; None says nothing."""
        words = "" if error is None else str(told(error, self._look.texts))
        self.message.setText(words)
        self.message.setVisible(bool(words))
        self.message.setAccessibleName(words)
        self.go.setEnabled(True)


class ShutForm(Form):
    """While the records are opened, and when they cannot be: why, and a button to try again."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._error: SpectraError | None = None
        self.where = QLabel()
        self.where.setTextFormat(Qt.TextFormat.PlainText)
        self.where.setWordWrap(True)
        self.where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.column.insertWidget(self.column.indexOf(self.go), self.where)
        look.tell(self.retell)

    def show_trouble(self, error: SpectraError | None) -> None:
        """Say why the records cannot be opened; None while they are being opened."""
        self._error = error
        super().show_trouble(error)
        self.where.setText(error.where if error else "")
        self.where.setVisible(bool(self.where.text()))
        self.go.setVisible(error is not None)
        self.retell()

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        shut = self._error is not None
        self.title.setText(say("entrance.shut" if shut else "entrance.opening"))
        self.intro.setText(say("entrance.shut_note"))
        self.intro.setVisible(shut)
        self.go.setText(say("entrance.again"))


class LogInForm(Form):
    """Name and password; the password alone when the session is only locked."""

    logged_in = Signal(str, str)
    unlocked = Signal(str)
    changed_person = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._standing = Standing()
        self.name_label, self.name = self.field()
        self.password_label, self.password = self.field(secret=True)
        self.other = QPushButton()
        self.other.setMinimumHeight(TALL)
        self.column.addWidget(self.other)
        self.wanted.connect(self._on_go)
        self.other.clicked.connect(self.changed_person)
        look.tell(self.retell)

    def show_standing(self, standing: Standing) -> None:
        """Ask for what is needed now."""
        self._standing = standing
        self.password.clear()
        for widget in (self.name_label, self.name):
            widget.setVisible(not standing.locked)
        self.other.setVisible(standing.locked)
        self.retell()

    def retell(self) -> None:
        """Say all texts."""
        say, user = self._look.say, self._standing.user
        if self._standing.locked and user is not None:
            self.title.setText(say("entrance.locked"))
            self.intro.setText(say("entrance.locked_by", name=user.name))
            key = "entrance.unlock"
        else:
            self.title.setText(say("entrance.log_in"))
            self.intro.setText(_where(self._look, self._standing))
            key = "entrance.log_in"
        self.go.setText(say(key if self.go.isEnabled() else "entrance.working"))
        self.other.setText(say("entrance.other_person"))
        for label, edit, key in (
            (self.name_label, self.name, "entrance.name"),
            (self.password_label, self.password, "entrance.password"),
        ):
            label.setText(say(key))
            edit.setAccessibleName(say(key))

    def show_trouble(self, error: SpectraError | None) -> None:
        """Say what was wrong and what to do; the button can be pressed again."""
        super().show_trouble(error)
        self.retell()

    @Slot()
    def _on_go(self) -> None:
        self.go.setEnabled(False)
        self.retell()
        if self._standing.locked:
            self.unlocked.emit(self.password.text())
        else:
            self.logged_in.emit(self.name.text(), self.password.text())
        self.password.clear()


class NewPasswordForm(Form):
    """A password of one's own, in the place of one that somebody else gave."""

    told = Signal(str, str)
    left = Signal()
    changed_person = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._given = True
        self._differ = False
        self.labels, self.edits = zip(*(self.field(secret=True) for _ in RENEWED), strict=True)
        self.other = QPushButton()
        self.other.setMinimumHeight(TALL)
        self.column.addWidget(self.other)
        self.wanted.connect(self._on_go)
        self.other.clicked.connect(self._on_other)
        look.tell(self.retell)

    def begin(self, *, given: bool) -> None:
        """Ask; `given` says that somebody else gave the password of now, which has to go."""
        self._given, self._differ = given, False
        for edit in self.edits:
            edit.clear()
        self.retell()

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.title.setText(say("renew.title"))
        self.intro.setText(say("renew.given" if self._given else "renew.own"))
        self.go.setText(say("renew.go"))
        self.other.setText(say("entrance.other_person" if self._given else "officer.cancel"))
        for label, edit, key in zip(self.labels, self.edits, RENEWED, strict=True):
            label.setText(say(key))
            edit.setAccessibleName(say(key))
        if self._differ:
            self.message.setText(say("people.not_same"))
            self.message.setAccessibleName(say("people.not_same"))

    @Slot()
    def _on_go(self) -> None:
        old, new, again = (edit.text() for edit in self.edits)
        empty = next((edit for edit in self.edits if not edit.text()), None)
        self._differ = empty is None and new != again
        if empty is not None:
            empty.setFocus()
        elif self._differ:
            self.retell()
            self.message.show()
        else:
            self.show_trouble(None)
            self.go.setEnabled(False)
            self.told.emit(old, new)

    @Slot()
    def _on_other(self) -> None:
        (self.changed_person if self._given else self.left).emit()


class Entrance(QWidget):
    """The page that is shown while nobody is logged in."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.log_in, self.first, self.shut = LogInForm(look), FirstRun(look), ShutForm(look)
        self.renew = NewPasswordForm(look)
        self._standing = Standing()
        self.around = QPushButton()
        self.around.setMinimumHeight(TALL)
        self.around_note = WrappedLabel()
        self.around_note.setObjectName("hint")
        self.forgotten = WrappedLabel()
        self.forgotten.setObjectName("hint")
        self.forgotten.hide()
        inner = QWidget()
        inner.setObjectName("scrolled")
        column = QVBoxLayout(inner)
        column.addStretch(1)
        for form in (self.shut, self.log_in, self.first, self.renew):
            form.setFixedWidth(WIDE if form is self.first else NARROW)
            column.addWidget(form, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(12)
        self.around.setFixedWidth(NARROW)
        self.around_note.setFixedWidth(NARROW)
        column.addWidget(self.around, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.around_note, 0, Qt.AlignmentFlag.AlignHCenter)
        self.forgotten.setFixedWidth(NARROW)
        column.addWidget(self.forgotten, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        look.tell(self.retell)
        self.show_standing(Standing())

    def retell(self) -> None:
        """Say all texts."""
        self.around.setText(self._look.say("entrance.look_around"))
        self.around_note.setText(self._look.say("entrance.look_around_note"))
        self.forgotten.setText(self._look.say("entrance.forgotten"))

    def show_standing(self, standing: Standing) -> None:
        """Ask for what is needed now: the first supervisor, a log-in, or only the password.

        Who is logged in and comes here is asked for another password. Nobody is asked for anything
        before the records were opened: a station whose records cannot be read must not look like a
        new one.
        """
        self._standing = standing
        inside = standing.user is not None and not standing.locked
        self.shut.setVisible(not standing.opened)
        self.log_in.setVisible(standing.opened and standing.begun and not inside)
        self.renew.setVisible(inside)
        self.first.setVisible(standing.opened and not standing.begun)
        self.around.setVisible(standing.user is None)
        self.around_note.setVisible(standing.user is None)
        self.log_in.show_standing(standing)
        for form in (self.shut, self.log_in, self.first, self.renew):
            form.show_trouble(None)
        self.renew.begin(given=standing.user is None or standing.user.must_change)
        if inside:
            self.renew.edits[0].setFocus()
        elif standing.begun:
            (self.log_in.password if standing.locked else self.log_in.name).setFocus()
        else:
            self.first.set_focus()

    def show_remembered(self, known: Remembered) -> None:
        """Go on with a first run that was left; say so when nothing could be remembered."""
        self.forgotten.setVisible(known.damaged)
        if known.first_run:
            self.first.resume(known.first_run)

    def show_trouble(self, error: SpectraError) -> None:
        """Say why it did not work, in the form that is shown."""
        asked: Form | FirstRun = self.log_in if self._standing.begun else self.first
        if self._standing.user is not None and not self._standing.locked:
            asked = self.renew
        (asked if self._standing.opened else self.shut).show_trouble(error)


def _where(look: Look, standing: Standing) -> str:
    if standing.station is None:
        return look.say("entrance.at_unnamed")
    return look.say("entrance.at", station=standing.station.name)
