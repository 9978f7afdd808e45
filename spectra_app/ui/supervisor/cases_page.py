"""The list of cases: filter, search, and opening one."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
)

from spectra_app.services.cases.board import Card
from spectra_app.services.cases.listing import CaseFilter, CaseList, CaseRow, list_cases
from spectra_app.services.office import Office, Session
from spectra_app.ui.flat_model import dress_table
from spectra_app.ui.lane import Job
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL, Page
from spectra_app.ui.records_desk import RecordsDesk
from spectra_app.ui.supervisor.cases_model import CaseModel
from spectra_app.wording import ALARMS

FIELDS = ("text", "name", "identifier")
STATES = ("", "open", "closed")
WIDTHS = (296, 178, 100, 80, 200, 130)  # pixels
ROW = 34


class CasesPage(Page):
    """All cases that fit a filter, the newest first."""

    opened = Signal(object)

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__(look, records)
        self.fields = {name: QLineEdit() for name in FIELDS}
        self.state, self.alarm = QComboBox(), QComboBox()
        self.search, self.none = QPushButton(), QLabel()
        self.labels = {name: QLabel() for name in (*FIELDS, "state", "alarm")}
        self.model, self.table = CaseModel(look, self), QTableView()
        self.none.setObjectName("hint")
        self._lay_out()
        for edit in self.fields.values():
            edit.returnPressed.connect(self.begin)
        for box in (self.state, self.alarm):
            box.activated.connect(self.begin)
        self.search.clicked.connect(self.begin)
        self.model.wanted.connect(self._on_wanted)
        self.table.activated.connect(self._on_opened)
        look.tell(self.retell)

    def _lay_out(self) -> None:
        for code in STATES:
            self.state.addItem("", code)
        for code in ("", *ALARMS):
            self.alarm.addItem("", code)
        grid = QGridLayout()
        widgets = {**self.fields, "state": self.state, "alarm": self.alarm}
        for place, (name, widget) in enumerate(widgets.items()):
            widget.setMinimumHeight(TALL)
            self.labels[name].setBuddy(widget)
            grid.addWidget(self.labels[name], 0, place)
            grid.addWidget(widget, 1, place)
        self.search.setMinimumHeight(TALL)
        grid.addWidget(self.search, 1, len(widgets))
        self.column.addLayout(grid)
        self.column.addWidget(self.none)
        self.column.addWidget(self.table, 1)
        self.none.hide()
        table = self.table
        table.setModel(self.model)
        dress_table(table, ROW, WIDTHS, icon_px=22)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look_of.say
        self.title.setText(say("super.cases"))
        self.search.setText(say("cases.search"))
        self.none.setText(say("cases.none"))
        self.table.setAccessibleName(say("super.cases"))
        for name, label in self.labels.items():
            label.setText(say(f"cases.by_{name}"))
        for box, words in (
            (self.state, [say(f"cases.{code or 'any'}") for code in STATES]),
            (self.alarm, [say("cases.any"), *(self.look_of.word("alarm", one) for one in ALARMS)]),
        ):
            for place, word in enumerate(words):
                box.setItemText(place, word)
        self.table.viewport().update()

    def refresh(self) -> None:
        """Begin with the newest cases, the first time; later what was found stays."""
        if not self.model.rows:
            self.begin()

    @Slot()
    def begin(self) -> None:
        """Look for the cases that fit what is typed and chosen."""
        text, name, number = (self.fields[one].text().strip() for one in FIELDS)
        state, alarm = self.state.currentData(), self.alarm.currentData()
        self.none.hide()
        self.model.begin(
            CaseFilter(state=state, alarm=alarm, name=name, identifier=number, text=text)
        )

    @Slot(object)
    def _on_wanted(self, asked: CaseFilter) -> None:
        def act(office: Office, session: Session) -> CaseList:
            return list_cases(office, session, asked)

        self.ask("Looking for cases", act, partial(self._take, asked)).also(self._on_ended)

    def _on_ended(self, job: Job) -> None:
        if job.error is not None:
            self.model.give_up()

    def _take(self, asked: CaseFilter, found: CaseList) -> None:
        self.model.take(asked, found)
        self.none.setVisible(not self.model.rows)
        if found.cut:
            self.say_line(self.look_of.say("cases.cut"))

    @Slot(QModelIndex)
    def _on_opened(self, index: QModelIndex) -> None:
        self.opened.emit(self._card(self.model.rows[index.row()]))

    def following(self, card: Card) -> Card | None:
        """Return the case below one in the list, as far as it is loaded; None after the last."""
        rows = self.model.rows
        place = next((row for row, one in enumerate(rows) if one.case.id == card.case), -1)
        return self._card(rows[place + 1]) if 0 <= place < len(rows) - 1 else None

    def _card(self, row: CaseRow) -> Card:
        case = row.case
        return Card(
            "review", case.id, case.title, row.alarm, case.opened_at, emulated=case.emulated
        )
