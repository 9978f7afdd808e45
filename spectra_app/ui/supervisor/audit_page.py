"""The audit chain: who did what and when, verified as a whole, and given away with signatures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTableView,
)

from spectra_app.records.ledger.chain import Entry
from spectra_app.reports.saving import write_whole
from spectra_app.services.audit import VERIFIED
from spectra_app.services.audit_entries import (
    Asked,
    Piece,
    export_entries,
    kinds_named,
    show_newest,
)
from spectra_app.services.office import Office, Session
from spectra_app.services.users import list_users
from spectra_app.ui.flat_model import dress_table
from spectra_app.ui.lane import Job
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL, Page
from spectra_app.ui.records_desk import RecordsDesk
from spectra_app.ui.saving import ask_path
from spectra_app.ui.supervisor.audit_check import VERIFIER, CheckBox
from spectra_app.ui.supervisor.audit_entry import EntryPanel
from spectra_app.ui.supervisor.audit_model import AuditModel
from spectra_app.ui.supervisor.working import Progress, Working
from spectra_app.ui.tables import copyable

TYPED = ("about", "since", "until")
WIDTHS = (76, 136, 120, 200)  # pixels
ROW = 32
CHOSEN = ("who", "kind", "act")
ACTS = "act."
"""How the keys of the words for acts begin."""
AROUND = 20
"""Entries shown after the one that a finding is about."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What the page begins with: who is who, kinds of records, the last verification."""

    people: dict[str, str]
    kinds: tuple[str, ...]
    last: tuple[Entry, ...]


class AuditPage(Page):
    """The entries of the chain that fit a filter, the newest first."""

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__(look, records)
        self.verify, self.save, self.again = QPushButton(), QPushButton(), QPushButton()
        for button in (self.verify, self.save, self.again):
            button.setMinimumHeight(TALL)
            self.top.addWidget(button)
        self.check, self.searching = CheckBox(look, records), Working(look, records)
        self.boxes = {name: QComboBox() for name in CHOSEN}
        self.search = QPushButton()
        self.fields = {name: QLineEdit() for name in TYPED}
        self.labels = {name: QLabel() for name in (*CHOSEN, *TYPED)}
        self.model, self.table = AuditModel(look, self), QTableView()
        self.entry, self.none, self.outside = EntryPanel(look), QLabel(), QLabel()
        self.begun = False
        self._lay_out()
        self._connect()
        look.tell(self.retell)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        widgets = {**self.boxes, **self.fields}
        for place, (name, widget) in enumerate(widgets.items()):
            widget.setMinimumHeight(TALL)
            self.labels[name].setBuddy(widget)
            grid.addWidget(self.labels[name], 0, place)
            grid.addWidget(widget, 1, place)
        for box in self.boxes.values():
            box.addItem("", "")
            box.setMinimumContentsLength(10)
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
        self.search.setMinimumHeight(TALL)
        grid.addWidget(self.search, 1, len(widgets))
        for label in (self.none, self.outside):
            label.setObjectName("hint")
            label.setWordWrap(True)
        both = QSplitter(Qt.Orientation.Horizontal)
        both.setChildrenCollapsible(False)
        both.addWidget(self.table)
        both.addWidget(self.entry)
        both.setStretchFactor(0, 1)
        both.setSizes([650, 330])
        self.column.addWidget(self.check)
        self.column.addLayout(grid)
        self.column.addWidget(self.searching)
        self.column.addWidget(self.none)
        self.column.addWidget(both, 1)
        self.column.addWidget(self.outside)
        self.none.hide()
        table = self.table
        table.setModel(self.model)
        dress_table(table, ROW, WIDTHS)

    def _connect(self) -> None:
        for edit in self.fields.values():
            edit.returnPressed.connect(self.begin)
        for box in self.boxes.values():
            box.activated.connect(self.begin)
        self.search.clicked.connect(self.begin)
        self.again.clicked.connect(self.begin)
        self.verify.clicked.connect(self._on_verify)
        self.save.clicked.connect(self._on_save)
        self.model.wanted.connect(self._on_wanted)
        self.table.selectionModel().currentRowChanged.connect(self._on_chosen)
        self.check.place.connect(self.show_place)
        self.check.ended.connect(self._on_checked)
        copyable(self.table, self.look_of, self.records.lane, lambda: "audit")
        for key, slot in ((Qt.Key.Key_F5, self.begin), (Qt.Key.Key_F9, self._on_verify)):
            short = QShortcut(QKeySequence(key), self)
            short.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            short.activated.connect(slot)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look_of.say
        self.title.setText(say("super.audit"))
        self.verify.setText(say("audit.verify"))
        self.verify.setToolTip(say("audit.verify_hint"))
        self.save.setText(say("audit.save"))
        self.save.setToolTip(say("audit.save_hint"))
        self.again.setText(say("super.refresh"))
        self.search.setText(say("cases.search"))
        self.none.setText(say("audit.none"))
        self.outside.setText(say("audit.outside", verifier=VERIFIER))
        self.table.setAccessibleName(say("super.audit"))
        for name, label in self.labels.items():
            label.setText(say(f"audit.by_{name}"))
        for name in ("since", "until"):
            self.fields[name].setToolTip(say("audit.time_hint"))
            self.fields[name].setPlaceholderText(say("audit.time_form"))
        for box in self.boxes.values():
            box.setItemText(0, say("cases.any"))
        self._name_codes()
        self.table.viewport().update()

    def refresh(self) -> None:
        """Begin with the newest entries, the first time; later what was found stays."""
        if not self.begun:
            self.ask("Opening the audit chain", _begun, self._show_begun)

    def _show_begun(self, found: Begun) -> None:
        self.begun = True
        self.model.people = found.people
        for id_, name in found.people.items():
            self.boxes["who"].addItem(self.look_of.texts.put(name), id_)
        for kind in found.kinds:
            self.boxes["kind"].addItem("", kind)
        for key in self.look_of.texts.texts:
            if key.startswith(ACTS):
                self.boxes["act"].addItem("", key.removeprefix(ACTS))
        self._name_codes()
        last = found.last[0] if found.last else None
        self.check.show_last(None if last is None else (last, self.model.name_of(last.user)))
        self.begin()

    def _name_codes(self) -> None:
        """Say the words of kinds and acts, in the order of the language."""
        for name, family in (("kind", "record"), ("act", "act")):
            box = self.boxes[name]
            for place in range(1, box.count()):
                box.setItemText(place, self.look_of.word(family, box.itemData(place)))
            chosen = box.currentData()
            box.model().sort(0)
            box.removeItem(box.findData(""))
            box.insertItem(0, self.look_of.say("cases.any"), "")
            box.setCurrentIndex(max(0, box.findData(chosen)))

    @Slot()
    def begin(self) -> None:
        """Look for the entries that fit what is typed and chosen."""
        self._begin(0)

    @Slot(int)
    def show_place(self, number: int) -> None:
        """Show the entries around one, without a filter."""
        for edit in self.fields.values():
            edit.clear()
        for box in self.boxes.values():
            box.setCurrentIndex(0)
        self._begin(number + AROUND)

    def _begin(self, last: int) -> None:
        self.searching.ask_to_stop()
        about, since, until = (self.fields[name].text().strip() for name in TYPED)
        who, kind, act = (self.boxes[name].currentData() or "" for name in CHOSEN)
        self.none.hide()
        self.entry.show_entry(None, "")
        self.model.begin(
            Asked(user=who, kind=kind, act=act, about=about, since=since, until=until, last=last)
        )

    # --- entries --------------------------------------------------------------------------------

    @Slot(object)
    def _on_wanted(self, asked: Asked) -> None:
        def act(office: Office, session: Session) -> Piece:
            return show_newest(office, session, asked)

        self.ask("Looking for entries", act, partial(self._take, asked)).also(self._on_ended)

    def _on_ended(self, job: Job) -> None:
        if job.error is not None:
            self.model.give_up()

    def _take(self, asked: Asked, found: Piece) -> None:
        self.model.take(asked, found)
        self.none.setVisible(not self.model.rows)
        if self.model.rows and not self.table.currentIndex().isValid():
            self.table.setCurrentIndex(self.model.index(0, 0))

    @Slot(QModelIndex, QModelIndex)
    def _on_chosen(self, index: QModelIndex, _before: QModelIndex) -> None:
        if index.isValid():
            entry = self.model.rows[index.row()]
            self.entry.show_entry(entry, self.model.name_of(entry.user))

    # --- the whole chain ------------------------------------------------------------------------

    @Slot()
    def _on_verify(self) -> None:
        self.verify.setEnabled(False)
        self.check.begin()

    @Slot()
    def _on_checked(self) -> None:
        self.verify.setEnabled(True)
        self.begin()  # that it was done is an entry

    @Slot()
    def _on_save(self) -> None:
        """Ask where to, and save what fits the filter."""
        say = self.look_of.say
        kinds = {".jsonl": say("audit.file_kind")}
        path = ask_path(self, say("audit.save"), "audit", kinds)
        if path is not None:
            self.save_to(path)

    def save_to(self, path: Path) -> None:
        """Save the entries that fit the filter, each with its signature."""
        asked = replace(self.model.asked, last=0)

        def act(office: Office, session: Session, progress: Progress) -> Path:
            write_whole(export_entries(office, session, asked, progress), path)
            return path

        self.searching.begin("audit.saving", act, self._saved)

    def _saved(self, job: Job) -> None:
        if job.error is not None:
            self.say_trouble(job.error)
        else:
            self.say_line(self.look_of.say("audit.saved", path=str(job.result)))


def _begun(office: Office, session: Session) -> Begun:
    people = {user.id: user.name for user in list_users(office, session)}
    last = show_newest(office, session, Asked(act=VERIFIED, most=1))
    return Begun(people, kinds_named(), last.entries)
