"""Can I sign this: the report as it prints, replay, the audit extract, countersign or send back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from spectra_app.records.kinds import IssuedReport
from spectra_app.services.cases.board import Card
from spectra_app.services.cases.sent_back import send_back
from spectra_app.services.office import Office, Session
from spectra_app.ui.look import LANGUAGES, NAMES, Look
from spectra_app.ui.page import TALL, Page
from spectra_app.ui.records_desk import Act, RecordsDesk
from spectra_app.ui.saving import ask_path
from spectra_app.ui.supervisor.replay_box import ReplayBox
from spectra_app.ui.supervisor.review_acts import Reviewed, countersign, may_sign, review, save
from spectra_app.ui.supervisor.sheets import Sheets
from spectra_app.ui.supervisor.signing import SecondPerson, SendBack
from spectra_app.ui.theme import sized

BESIDE = 400  # pixels


class ReviewPage(Page):
    """One report, or what could be reported, beside what is needed to decide."""

    left = Signal()
    next_wanted = Signal(object)

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__(look, records)
        self.title.setFont(sized(self.title.font(), 14, bold=True))  # a number is never cut
        self.card: Card | None = None
        self.found: Reviewed | None = None
        self._said = ""
        self.larger, self.smaller, self.back = QPushButton("+"), QPushButton("−"), QPushButton()
        self.language, self.keep, self.next = QComboBox(), QPushButton(), QPushButton()
        self.language.addItem("", "")
        for code in LANGUAGES:
            self.language.addItem(NAMES[code], code)
        for part in (self.language, self.keep, self.smaller, self.larger, self.next, self.back):
            part.setMinimumHeight(TALL)
            self.top.addWidget(part)
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
        self.keep.clicked.connect(self._on_keep)
        self.next.clicked.connect(self._on_next)
        self.language.activated.connect(self.refresh)
        for keys, button in (
            ("Ctrl+Return", self.sign), ("Ctrl+Enter", self.sign), ("Ctrl+B", self.send),
            ("Ctrl+R", self.replay.go), ("Ctrl+S", self.keep), ("N", self.next),
        ):  # fmt: skip
            short = QShortcut(QKeySequence(keys), self)
            short.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            short.activated.connect(button.click)
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
        self.sign.setToolTip(say("review.sign_hint"))
        self.send.setText(say("review.back_go"))
        self.send.setToolTip(say("review.back_hint"))
        self.replay.go.setToolTip(say("review.replay_hint"))
        self.keep.setText(say("review.keep"))
        self.keep.setToolTip(say("review.keep_hint"))
        self.next.setText(say("review.next"))
        self.language.setAccessibleName(say("review.language"))
        self.language.setToolTip(say("review.language_hint"))
        self._name_first()
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
        self.language.setCurrentIndex(0)
        for button in (self.sign, self.send, self.keep):
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
            card = self.card
            self.ask("Opening a report", self._act(card), lambda found: self._show_of(card, found))

    def _act(self, card: Card) -> Act:
        language, preview = self.look_of.texts.language, self.language.currentData() or ""
        return partial(review, card=card, language=language, preview=preview)

    def _name_first(self) -> None:
        """Say in which language the report is when none is chosen."""
        issued = self.found.shown.issued if self.found is not None else None
        key = "review.as_issued" if issued is not None else "review.as_to_come"
        code = issued.language if issued is not None else self.look_of.texts.language
        self.language.setItemText(0, self.look_of.say(key, language=NAMES.get(code, code)))

    def _show_of(self, card: Card, found: Reviewed) -> None:
        """Show what was found, unless another card was opened meanwhile."""
        if card is self.card:
            self._show(found)

    def _show(self, found: Reviewed) -> None:
        self.found = found
        self.sheets.show_pages(found.pages)
        self.replay.show_scans(found.shown.scans)
        record = found.shown.issued
        waits = record is not None and record.state == "issued"
        self.sign.setEnabled(waits and self._may_sign(found))
        self.send.setEnabled(waits and bool(found.shown.scans))
        self.keep.setEnabled(found.drawn is not None)
        self._name_first()
        self.title.setText(self.look_of.texts.put(self._report()))
        self._show_state(found)
        self.sheets.setFocus()

    def _show_state(self, found: Reviewed) -> None:
        """Say how the report stands, and what of the chain is about it, the newest first."""
        say, put, record = self.look_of.say, self.look_of.texts.put, found.shown.issued
        lines = [] if record is None else self._signed(found, record)
        if record is None:
            lines.append(say("review.no_report" if found.shown.scans else "review.nothing_filed"))
        if found.drawn is not found.shown.report:
            lines.append(say("review.preview"))
        if record is not None and record.state == "issued" and not self._may_sign(found):
            lines.append(say("review.lone"))
        if self.card is not None and self.card.sent_back:
            lines.append(say("board.sent_back", why=self.card.sent_back))
        if found.shown.not_drawn:
            lines.append(say("review.not_drawn"))
        self.state.setText("\n".join(lines))
        self.entries.clear()
        for entry in reversed(found.entries):
            who = found.people[entry.user].name if entry.user in found.people else entry.user
            time = entry.time[:16].replace("T", " ")
            said = (put(str(entry.number)), put(time), put(who),
                    self.look_of.word("act", entry.act), put(entry.id))  # fmt: skip
            self.entries.addItem("  ".join(part for part in said if part))

    def _may_sign(self, found: Reviewed) -> bool:
        user = self.records.standing.user
        return may_sign(found, user.id if user is not None else "")

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
        report = self._report()
        dialog = SecondPerson(self, self.look_of, report)
        dialog.signed.connect(partial(self._sign, report))
        dialog.open()

    @Slot()
    def _on_send(self) -> None:
        dialog = SendBack(self, self.look_of, self._report())
        dialog.sent.connect(self._send)
        dialog.open()

    @Slot()
    def _on_keep(self) -> None:
        kinds = {".pdf": self.look_of.say("figures.kind_pdf")}
        path = ask_path(self, self.look_of.say("review.keep"), self._report(), kinds)
        if path is not None:
            self.save_to(path)

    def save_to(self, path: Path) -> None:
        """Save what is shown as PDF."""
        if self.found is not None:
            act = partial(save, found=self.found, path=path)
            self.ask("Saving a report", act, self._kept)

    def _kept(self, path: Path) -> None:
        self.say_line(self.look_of.say("figures.saved", path=str(path)))

    @Slot()
    def _on_next(self) -> None:
        if self.card is not None:
            self.next_wanted.emit(self.card)

    def _report(self) -> str:
        card, found = self.card, self.found
        if found is not None and found.shown.issued is not None:
            return found.shown.issued.id
        return "" if card is None else card.report or card.item or card.case

    def _sign(self, report: str, login: str, password: str) -> None:
        """Have the report signed that the dialog named, whatever is shown by now."""
        if self.card is not None:
            act = partial(countersign, report=report, login=login, password=password)
            decided = partial(self._decided, "review.done_signed", self.card)
            self.ask("Countersigning", act, decided)

    @Slot(str)
    def _send(self, reason: str) -> None:
        card = self.card
        if card is not None and self.found is not None and self.found.shown.scans:
            told = {"report": self._report(), "scan": self.found.shown.scans[0]}

            def act(office: Office, session: Session) -> object:
                return send_back(office, session, reason=reason, **told)

            def sent(result: object) -> None:
                if card is self.card:
                    self.card = replace(card, sent_back=" ".join(reason.split()))
                    self._decided("review.done_back", self.card, result)

            self.ask("Sending back", act, sent)

    def _decided(self, key: str, card: Card, _result: object) -> None:
        """Show how the report stands now, unless another one was opened meanwhile."""
        if card is not self.card:
            return

        def then(found: Reviewed) -> None:
            self._show_of(card, found)
            self.say_line(self.look_of.say(key))

        self.ask("Opening a report", self._act(card), then)
