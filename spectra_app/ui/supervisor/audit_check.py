"""Verification of the audit chain: whether it was done, doing it, and where what is wrong."""

from __future__ import annotations

import re

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QLabel, QListWidget, QListWidgetItem, QVBoxLayout

from spectra_app.records.ledger.chain import Entry
from spectra_app.records.ledger.verify import Finding
from spectra_app.services.audit import Checked, verify_here
from spectra_app.services.office import Office, Session
from spectra_app.ui.lane import Job
from spectra_app.ui.look import Look
from spectra_app.ui.records_desk import RecordsDesk
from spectra_app.ui.supervisor.marks import StateLine
from spectra_app.ui.supervisor.working import Progress, Working
from spectra_app.ui.troubles import told

_PLACE = re.compile(r"entry (\d+)(?: to (\d+))?")
TALLEST = 150  # pixels
MOST = 200
VERIFIER = "verify_ledger.py"
"""The second verifier, which shares no code with the program; it lies in resources/verifier."""


def entry_of(finding: Finding) -> int:
    """Return the first entry that a finding is about; 0 when it is about a record or a file."""
    found = _PLACE.fullmatch(finding.where)
    return int(found[1]) if found else 0


class CheckBox(QFrame):
    """How the chain stood when it was last verified, and verifying it now."""

    place = Signal(int)
    ended = Signal()

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__()
        self._look = look
        self._last: tuple[Entry, str] | None = None
        self._asked = False
        self.found: Checked | None = None
        self._trouble = ""
        self.state, self.working = StateLine(look), Working(look, records)
        self.findings, self.remedy = QListWidget(), QLabel()
        self.findings.setWordWrap(True)
        self.findings.setMaximumHeight(TALLEST)
        self.remedy.setWordWrap(True)
        self.remedy.setObjectName("problem")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for part in (self.state, self.working, self.findings, self.remedy):
            column.addWidget(part)
        self.findings.activated.connect(self._on_chosen)
        self.findings.clicked.connect(self._on_chosen)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        say, found = self._look.say, self.found
        self.findings.setAccessibleName(say("audit.findings"))
        self.remedy.setText(say("audit.remedy", verifier=VERIFIER))
        wrong = found is not None and not found.holds
        self.findings.setVisible(wrong)
        self.remedy.setVisible(wrong)
        self.findings.clear()
        if self._trouble:
            self.state.show_state("open", self._trouble)
        elif found is not None:
            self._show_found(found)
        else:
            self._show_last()

    def show_last(self, last: tuple[Entry, str] | None) -> None:
        """Say when the chain was verified last, by whom, and how that ended."""
        self._last, self._asked = last, True
        self.retell()

    def begin(self) -> None:
        """Verify the whole chain."""
        self._trouble, self.found = "", None
        self.state.show_state("open", self._look.say("audit.checking"))
        self.working.begin("audit.check_work", _verify, self._on_ended)

    def _on_ended(self, job: Job) -> None:
        if job.stopped:
            self._trouble = self._look.say("audit.stopped")
        elif job.error is not None:
            self._trouble = str(told(job.error, self._look.texts))
        else:
            self.found = job.result
        self.retell()
        self.ended.emit()

    def _show_found(self, found: Checked) -> None:
        say, result = self._look.say, found.result
        if found.holds:
            parts = [
                say("audit.holds", entries=f"{result.entries:,}", records=f"{result.records:,}",
                    evidence=f"{found.evidence or 0:,}")
            ]  # fmt: skip
            if result.clock_back:
                parts.append(say("audit.clock_back", entry=result.clock_back[0]))
            if found.unfinished:
                parts.append(say("audit.unfinished"))
            self.state.show_state("soon" if parts[1:] else "good", " ".join(parts))
            return
        first = self._place_words(result.findings[0])
        count = len(result.findings)
        self.state.show_state("bad", say("audit.broken", count=f"{count:,}", first=first))
        for one in result.findings[:MOST]:
            code = self._look.word("finding", one.code)
            said = say("audit.finding", place=self._place_words(one), what=code)
            item = QListWidgetItem(said)
            item.setToolTip(self._look.texts.put(one.text))
            item.setData(Qt.ItemDataRole.UserRole, entry_of(one))
            self.findings.addItem(item)

    def _place_words(self, finding: Finding) -> str:
        found = _PLACE.fullmatch(finding.where)
        if found is None:
            return self._look.texts.put(finding.where)
        key = "audit.entries_from_to" if found[2] else "audit.entry_number"
        return self._look.say(key, first=found[1], last=found[2] or "")

    def _show_last(self) -> None:
        say = self._look.say
        if self._last is None:
            self.state.show_state("open", say("audit.never") if self._asked else "")
            return
        entry, who = self._last
        told = {"time": entry.time[:16].replace("T", " "), "who": who}
        told["entries"] = f"{entry.details.get('end', 0):,}"
        if entry.details.get("findings"):
            words = say("audit.last_broken", count=entry.details["findings"], **told)
            self.state.show_state("bad", words)
        else:
            self.state.show_state("good", say("audit.last_held", **told))

    @Slot(QModelIndex)
    def _on_chosen(self, index: QModelIndex) -> None:
        number = index.data(Qt.ItemDataRole.UserRole)
        if number:
            self.place.emit(number)


def _verify(office: Office, session: Session, progress: Progress) -> Checked:
    return verify_here(office, session, progress=progress)
