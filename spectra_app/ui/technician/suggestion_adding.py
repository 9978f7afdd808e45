"""Adding a structure of the news to the station's own candidates, where that can be calculated."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from spectra_app.services.office import Office, Session
from spectra_app.services.own_structures import add_structure
from spectra_app.ui.fitted import WrappedLabel
from spectra_app.ui.lane import Job
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL
from spectra_app.ui.records_desk import RecordsDesk
from spectra_app.ui.supervisor.working import Progress, Working
from spectra_app.ui.troubles import told

LOOK_MS = 1000


class AddingPanel(QWidget):
    """A SMILES or a name, a button, how long it has taken, and a way to stop it."""

    left = Signal()

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__()
        self._look = look
        self._can, self._began, self._said = False, 0.0, ""
        self.title, self.what, self.missing = QLabel(), WrappedLabel(), WrappedLabel()
        self.structure, self.name = QLineEdit(), QLineEdit()
        self.labels = (QLabel(), QLabel())
        self.go, self.back = QPushButton(), QPushButton()
        self.working, self.line = Working(look, records), WrappedLabel()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._say_waited)
        self._lay_out()
        self.go.clicked.connect(self._on_go)
        self.back.clicked.connect(self.left)
        self.structure.returnPressed.connect(self._on_go)
        self.structure.textChanged.connect(self._show_state)
        look.tell(self.retell)

    def _lay_out(self) -> None:
        self.title.setObjectName("section")
        self.missing.setObjectName("problem")
        self.go.setObjectName("primary")
        self.working.bar.setRange(0, 0)  # how far it is cannot be told
        form = QFormLayout()
        for label, edit in zip(self.labels, (self.structure, self.name), strict=True):
            label.setBuddy(edit)
            edit.setMinimumHeight(TALL)
            form.addRow(label, edit)
        row = QHBoxLayout()
        for button in (self.go, self.back):
            button.setMinimumHeight(TALL)
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        for widget in (self.title, self.what, self.missing):
            column.addWidget(widget)
        column.addLayout(form)
        column.addLayout(row)
        column.addWidget(self.working)
        column.addWidget(self.line)
        column.addStretch(1)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.title.setText(say("calculated.add_title"))
        self.what.setText(say("calculated.add_what"))
        self.missing.setText(say("calculated.add_missing"))
        for label, edit, key in zip(
            self.labels, (self.structure, self.name), ("add_structure", "add_name"), strict=True
        ):
            label.setText(say(f"calculated.{key}"))
            edit.setAccessibleName(say(f"calculated.{key}"))
        self.go.setText(say("calculated.add_go"))
        self.back.setText(say("calculated.add_back"))
        self._show_state()

    def begin(self, *, can: bool) -> None:
        """Be ready for another structure; `can` says whether it can be calculated here."""
        self._can = can
        if self.working.job is None:
            self.line.setText("")
        self._show_state()
        (self.structure if can else self.back).setFocus()

    @Slot()
    def _show_state(self) -> None:
        busy = self.working.job is not None
        self.missing.setVisible(not self._can)
        for widget in (self.structure, self.name):
            widget.setEnabled(self._can and not busy)
        self.go.setEnabled(self._can and not busy and bool(self.structure.text().strip()))

    @Slot()
    def _on_go(self) -> None:
        if not self.go.isEnabled():
            return
        structure, name = self.structure.text(), self.name.text()

        def act(office: Office, session: Session, progress: Progress) -> str:
            return add_structure(office, session, structure, name=name, progress=progress)

        self._began = time.monotonic()
        self.working.begin("calculated.adding", act, self._ended)
        self._timer.start()
        self._say_waited()
        self._show_state()

    @Slot()
    def _say_waited(self) -> None:
        seconds = round(time.monotonic() - self._began)
        self._say(str(self._look.say("calculated.add_waited", seconds=seconds)))

    def _say(self, words: str, *, problem: bool = False) -> None:
        self.line.setObjectName("problem" if problem else "hint")
        self.line.style().unpolish(self.line)
        self.line.style().polish(self.line)
        self.line.setText(words)

    def _ended(self, job: Job) -> None:
        self._timer.stop()
        if job.stopped:
            self._say(str(self._look.say("calculated.stopped")))
        elif job.error is not None:
            self._say(str(told(job.error, self._look.texts)), problem=True)
        else:
            self._say(str(self._look.say("calculated.added", inchikey=job.result)))
            self.structure.clear()
            self.name.clear()
        self._show_state()
