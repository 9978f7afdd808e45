"""Can I sign this: the report as it prints, replay, the audit extract, countersign or send back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidget, QPushButton, QVBoxLayout, QWidget

from spectra_app.errors import ForbiddenError
from spectra_app.records.access import User
from spectra_app.records.kinds import IssuedReport
from spectra_app.records.ledger.chain import Entry
from spectra_app.services.audit_entries import Asked, show
from spectra_app.services.case_reports import countersign_report
from spectra_app.services.cases.board import Card
from spectra_app.services.cases.listing import show_case
from spectra_app.services.cases.papers import add_note
from spectra_app.services.office import Office, Session
from spectra_app.services.report_again import ShownAgain, report_again, report_to_come
from spectra_app.services.users import list_users, log_in, log_out
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL, Page
from spectra_app.ui.records_desk import RecordsDesk
from spectra_app.ui.supervisor.replay_box import ReplayBox
from spectra_app.ui.supervisor.sheets import PICTURE, Sheets
from spectra_app.ui.supervisor.signing import SecondPerson, SendBack

BESIDE = 400  # pixels


@dataclass(frozen=True, eq=False, slots=True)
class Reviewed:
    """What a review shows: the report, its pages as pictures, who is who, what was entered."""

    shown: ShownAgain
    pages: tuple[tuple[Any, str], ...]
    people: dict[str, User]
    entries: tuple[Entry, ...]


class ReviewPage(Page):
    """One report, or what could be reported, beside what is needed to decide."""

    left = Signal()

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__(look, records)
        self.card: Card | None = None
        self.found: Reviewed | None = None
        self._said = ""
        self.larger, self.smaller, self.back = QPushButton("+"), QPushButton("−"), QPushButton()
        for button in (self.smaller, self.larger, self.back):
            button.setMinimumHeight(TALL)
            self.top.addWidget(button)
        self.sheets, self.replay = Sheets(look), ReplayBox(look, records)
        self.state, self.chain, self.entries = QLabel(), QLabel(), QListWidget()
        self.state.setWordWrap(True)
        self.chain.setObjectName("section")
        self.entries.setWordWrap(True)
        self.sign, self.send = QPushButton(), QPushButton()
        self.sign.setObjectName("primary")
        self._lay_out()
        self.larger.clicked.connect(lambda: self.sheets.resize_by(1))
        self.smaller.clicked.connect(lambda: self.sheets.resize_by(-1))
        self.back.clicked.connect(self.left)
        self.sign.clicked.connect(self._on_sign)
        self.send.clicked.connect(self._on_send)
        look.tell(self.retell)

    def _lay_out(self) -> None:
        beside = QWidget()
        beside.setFixedWidth(BESIDE)
        column = QVBoxLayout(beside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.state)
        column.addWidget(self.replay)
        column.addWidget(self.chain)
        column.addWidget(self.entries, 1)
        row = QHBoxLayout()
        for button in (self.send, self.sign):
            button.setMinimumHeight(57)
            row.addWidget(button, 1)
        column.addLayout(row)
        both = QHBoxLayout()
        both.addWidget(self.sheets, 1)
        both.addWidget(beside)
        self.column.addLayout(both, 1)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look_of.say
        self.back.setText(say("review.leave"))
        for button, key in ((self.larger, "larger"), (self.smaller, "smaller")):
            button.setAccessibleName(say(f"review.{key}"))
            button.setToolTip(say(f"review.{key}"))
        self.sign.setText(say("review.sign_go"))
        self.send.setText(say("review.back_go"))
        self.chain.setText(say("review.chain"))
        self.sheets.setAccessibleName(say("review.sheets"))
        self.entries.setAccessibleName(say("review.chain"))
        self.title.setText(self.look_of.texts.put(self._report()))
        if self.found is not None:
            self._show_state(self.found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go back to the board with Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def show_card(self, card: Card) -> None:
        """Show what a card is about."""
        self.card, self.found = card, None
        for button in (self.sign, self.send):
            button.setEnabled(False)
        self.sheets.show_pages(())
        self.entries.clear()
        self.state.clear()
        self.replay.show_scans(())
        self.retell()
        self.refresh()

    def refresh(self) -> None:
        """Look the report up again."""
        if self.card is not None:
            act = partial(_review, card=self.card, language=self.look_of.texts.language)
            self.ask("Opening a report", act, self._show)

    def _show(self, found: Reviewed) -> None:
        if self.card is None:
            return
        self.found = found
        self.sheets.show_pages(found.pages)
        self.replay.show_scans(found.shown.scans)
        record = found.shown.issued
        self.sign.setEnabled(record is not None and record.state == "issued")
        self.send.setEnabled(bool(found.shown.scans))
        self.title.setText(self.look_of.texts.put(self._report()))
        self._show_state(found)
        self.sheets.setFocus()

    def _show_state(self, found: Reviewed) -> None:
        """Say how the report stands, and what of the chain is about it, the newest first."""
        say, put, record = self.look_of.say, self.look_of.texts.put, found.shown.issued
        lines = [] if record is None else self._signed(found, record)
        if record is None:
            lines.append(say("review.no_report" if found.shown.scans else "review.nothing_filed"))
        if found.shown.not_drawn:
            lines.append(say("review.not_drawn"))
        self.state.setText("\n".join(lines))
        self.entries.clear()
        for entry in reversed(found.entries):
            who = found.people[entry.user].name if entry.user in found.people else entry.user
            time = entry.time[:16].replace("T", " ")
            said = (str(entry.number), time, who, f"{entry.act} {entry.id}".strip())
            self.entries.addItem("  ".join(put(part) for part in said))

    def _signed(self, found: Reviewed, record: IssuedReport) -> list[str]:
        say = self.look_of.say
        lines: list[str] = []
        for key, user, time in (
            ("issued", record.issued_by, record.issued_at),
            ("countersigned", record.countersigned_by, record.countersigned_at),
        ):
            if time:
                name = found.people[user].name if user in found.people else user
                lines.append(say(f"review.{key}", name=name, time=time[:16].replace("T", " ")))
        if not record.countersigned_at:
            lines.append(say("review.waits"))
        return lines

    # --- deciding -------------------------------------------------------------------------------

    @Slot()
    def _on_sign(self) -> None:
        dialog = SecondPerson(self, self.look_of, self._report())
        dialog.signed.connect(self._sign)
        dialog.open()

    @Slot()
    def _on_send(self) -> None:
        dialog = SendBack(self, self.look_of, self._report())
        dialog.sent.connect(self._send)
        dialog.open()

    def _report(self) -> str:
        card, found = self.card, self.found
        if found is not None and found.shown.issued is not None:
            return found.shown.issued.id
        return "" if card is None else card.report or card.item or card.case

    @Slot(str, str)
    def _sign(self, login: str, password: str) -> None:
        act = partial(_countersign, report=self._report(), login=login, password=password)
        self.ask("Countersigning", act, partial(self._decided, "review.done_signed"))

    @Slot(str)
    def _send(self, reason: str) -> None:
        if self.found is not None and self.found.shown.scans:
            act = partial(
                _send_back, report=self._report(), scan=self.found.shown.scans[0], reason=reason
            )
            self.ask("Sending back", act, partial(self._decided, "review.done_back"))

    def _decided(self, key: str, _result: object) -> None:
        if self.card is None:
            return
        act = partial(_review, card=self.card, language=self.look_of.texts.language)

        def then(found: Reviewed) -> None:
            self._show(found)
            self.say_line(self.look_of.say(key))

        self.ask("Opening a report", act, then)


def _review(office: Office, session: Session, *, card: Card, language: str) -> Reviewed:
    from spectra_app.reports.render_qt import pictures_of

    report = card.report or _newest_report(office, session, card)
    if report:
        shown = report_again(office, session, report)
    else:
        shown = report_to_come(office, session, card.item or card.case, language)
    pages = pictures_of(shown.report, PICTURE) if shown.report is not None else ()
    about = dict.fromkeys((card.case, card.item, report, *shown.scans))
    found = {
        entry.number: entry
        for id_ in about
        if id_
        for entry in show(office, session, Asked(id=id_))
    }
    people = {user.id: user for user in list_users(office, session)}
    return Reviewed(shown, pages, people, tuple(found[number] for number in sorted(found)))


def _newest_report(office: Office, session: Session, card: Card) -> str:
    """Return the report to show where a card names none: of its item, or of its case."""
    reports = show_case(office, session, card.case).reports
    mine = [one for one in reports if card.item in {"", one.item}]
    return max(mine, key=lambda one: one.issued_at).id if mine else ""


def _countersign(
    office: Office, session: Session, *, report: str, login: str, password: str
) -> IssuedReport:
    second = log_in(office, login, password)
    try:
        return countersign_report(office, session, second, report)
    finally:
        with suppress(ForbiddenError):  # it has ended by itself
            log_out(office, second)


def _send_back(office: Office, session: Session, *, report: str, scan: str, reason: str) -> object:
    """Enter why it is not signed, as a note to the scan; see docs/reports.md."""
    return add_note(office, session, f"{report} sent back: {reason}", scan=scan)
