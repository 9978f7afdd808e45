"""Who may log in here: added, locked, given another role, and the second supervisor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from spectra_app.records.access import ACTIVE, Role, User
from spectra_app.services import users
from spectra_app.services.office import Office, Session
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL, Page
from spectra_app.ui.records_desk import Act, RecordsDesk
from spectra_app.ui.supervisor.signing import Asking

COLUMNS = ("login", "name", "role", "state", "cleared", "password")
WIDTHS = (150, 220, 150, 130, 110, 200)  # pixels
ASKED: dict[str, tuple[str, ...]] = {
    "add": ("login", "name", "role", "temporary"),
    "second": ("login", "name", "password", "again"),
    "lock": ("reason",),
    "unlock": (),
    "reset": ("temporary",),
    "role": ("role",),
    "clear": (),
}
"""What each act asks for."""
OF_NOBODY = ("add", "second")
"""What is not done to somebody who is chosen."""
SECRET = ("password", "again")


def act_of(what: str, user: User | None, told: dict[str, str]) -> Act:
    """Return the act of a button, with what was typed."""
    id_ = user.id if user is not None else ""
    acts: dict[str, Callable[[Office, Session], Any]] = {
        "add": lambda o, s: users.add_user(
            o, s, told["login"], told["name"], role=Role(told["role"]), temporary=told["temporary"]
        ),
        "second": lambda o, s: users.set_up_second_supervisor(
            o, s, told["login"], told["name"], told["password"]
        ),
        "lock": lambda o, s: users.lock_user(o, s, id_, told["reason"]),
        "unlock": lambda o, s: users.unlock_user(o, s, id_),
        "reset": lambda o, s: users.reset_password(o, s, id_, told["temporary"]),
        "role": lambda o, s: users.change_role(o, s, id_, Role(told["role"])),
        "clear": lambda o, s: users.clear_user(o, s, id_, not (user is not None and user.cleared)),
    }
    return acts[what]


class PersonDialog(Asking):
    """The fields that an act asks for."""

    told = Signal(dict)

    def __init__(self, parent: QWidget, look: Look, what: str, user: User | None) -> None:
        super().__init__(parent, look, f"people.{what}", {"name": user.name if user else ""})
        self.labels = {name: QLabel() for name in ASKED[what]}
        self.fields: dict[str, QLineEdit | QComboBox] = {}
        for name, label in self.labels.items():
            field = QComboBox() if name == "role" else QLineEdit()
            if isinstance(field, QComboBox):
                for role in Role:
                    field.addItem("", role.value)
                if user is not None:  # Enter alone changes nothing
                    field.setCurrentIndex(field.findData(user.role))
            elif name in SECRET:
                field.setEchoMode(QLineEdit.EchoMode.Password)
            field.setMinimumHeight(TALL)
            label.setBuddy(field)
            self.body.addWidget(label)
            self.body.addWidget(field)
            self.fields[name] = field
        self.wrong = QLabel()
        self.wrong.setObjectName("problem")
        self.wrong.setWordWrap(True)
        self.body.addWidget(self.wrong)
        self.wrong.hide()
        self.wanted.connect(self._on_go)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        super().retell()
        for name, field in self.fields.items():
            self.labels[name].setText(self.look.say(f"people.{name}_field"))
            field.setAccessibleName(self.labels[name].text())
            if isinstance(field, QComboBox):
                for place, role in enumerate(Role):
                    field.setItemText(place, self.look.say(f"people.is_{role.value}"))

    @Slot()
    def _on_go(self) -> None:
        told = {
            name: field.currentData() if isinstance(field, QComboBox) else field.text()
            for name, field in self.fields.items()
        }
        if not all(words.strip() for words in told.values()):
            self._refuse("people.empty")
        elif told.get("password", "") != told.get("again", ""):
            self._refuse("people.not_same")
        else:
            self.told.emit(told)
            self.accept()

    def _refuse(self, key: str) -> None:
        self.wrong.setText(self.look.say(key))
        self.wrong.show()


class PeoplePage(Page):
    """The table of users, and what can be done to the one that is chosen."""

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__(look, records)
        self.people: list[User] = []
        self.buttons = {what: QPushButton() for what in ASKED}
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setStretchLastSection(True)
        for place, width in enumerate(WIDTHS):
            self.table.setColumnWidth(place, width)
        row = QHBoxLayout()
        for what, button in self.buttons.items():
            button.setMinimumHeight(TALL)
            button.clicked.connect(lambda _c=False, what=what: self._on_act(what))
            (self.top if what in OF_NOBODY else row).addWidget(button)
        self.column.addWidget(self.table, 1)
        self.column.addLayout(row)
        self.table.itemSelectionChanged.connect(self._show_possible)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look_of.say
        self.title.setText(say("super.people"))
        self.table.setAccessibleName(say("super.people"))
        self.table.setHorizontalHeaderLabels([say(f"people.{name}_field") for name in COLUMNS])
        for what, button in self.buttons.items():
            button.setText(say(f"people.{what}"))
        self._fill()

    @Slot()
    def refresh(self) -> None:
        """Look again who may log in."""
        self.ask("Looking up the users", users.list_users, self._show)

    @property
    def chosen(self) -> User | None:
        """Who is chosen in the table."""
        row = self.table.currentRow()
        return self.people[row] if 0 <= row < len(self.people) else None

    def _show(self, people: list[User]) -> None:
        """Show who there is, always in the same order; who was chosen stays chosen.

        The records give who was changed last at the end: the row alone would then be of somebody
        else, and the next act would be done to them.
        """
        before = self.chosen
        self.people = sorted(people, key=lambda one: (len(one.id), one.id))
        self._fill()
        places = [one.id for one in self.people]
        if before is not None and before.id in places:
            self.table.setCurrentCell(places.index(before.id), 0)

    def _fill(self) -> None:
        say, put, row = self.look_of.say, self.look_of.texts.put, self.table.currentRow()
        self.table.setRowCount(len(self.people))
        for place, user in enumerate(self.people):
            cells = (
                put(user.login),
                put(user.name),
                say(f"people.is_{user.role}"),
                say("people.active" if user.state == ACTIVE else "people.locked"),
                say("people.yes" if user.cleared else "people.no"),
                say("people.temporary" if user.must_change else "people.own"),
            )
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(put(user.reason) if column == 3 and user.reason else text)
                self.table.setItem(place, column, item)
        if self.people:
            self.table.setCurrentCell(max(0, min(row, len(self.people) - 1)), 0)
        self._show_possible()

    @Slot()
    def _show_possible(self) -> None:
        """Offer what can be done to who is chosen; nobody does any of it to themselves."""
        user, me = self.chosen, self.records.standing.user
        other = user is not None and me is not None and user.id != me.id
        active = user is not None and user.state == ACTIVE
        for what, button in self.buttons.items():
            button.setEnabled(what in OF_NOBODY or other)
        self.buttons["lock"].setEnabled(other and active)
        self.buttons["unlock"].setEnabled(other)
        self.buttons["second"].setVisible(len(self.people) == 1)

    def _on_act(self, what: str) -> None:
        user = None if what in OF_NOBODY else self.chosen
        dialog = PersonDialog(self, self.look_of, what, user)
        dialog.told.connect(lambda told: self._do(what, user, told))
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        dialog.open()

    def _do(self, what: str, user: User | None, told: dict[str, str]) -> None:
        self.ask("Changing a user", act_of(what, user, told), lambda _done: self.refresh())
