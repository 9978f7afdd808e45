"""A signed file before it is installed: who signed it, what changes, which results would change."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from spectra_app.services.office import Office, Session
from spectra_app.services.recheck_cases import Rechecked
from spectra_app.services.station_install import (
    Offer,
    install_here,
    propose,
    refuse_here,
    weigh,
)
from spectra_app.ui.lane import Job
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL
from spectra_app.ui.records_desk import RecordsDesk
from spectra_app.ui.supervisor.marks import StateLine
from spectra_app.ui.supervisor.reason import Reason
from spectra_app.ui.supervisor.rows_model import Row, RowsModel, plain_table
from spectra_app.ui.supervisor.working import Progress, Working
from spectra_app.ui.tables import copyable
from spectra_app.ui.troubles import told

IMPACT = ("lists.change", "lists.scan", "lists.before", "lists.after", "lists.because")
WIDTHS = (140, 150, 170, 170)  # pixels
BUTTONS = ("weigh", "install", "refuse", "leave")
SHOWN = 300
COUNTED = ("added", "withdrawn", "missing", "changed")


class InstallBox(QFrame):
    """One file, from its signatures to being installed or refused; not seen while there is none."""

    ended = Signal(str)

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._look, self._records = look, records
        self.offer: Offer | None = None
        self.impact: Rechecked | None = None
        self._trouble, self._stopped = "", False
        self.state, self.words, self.result = StateLine(look), QLabel(), StateLine(look)
        self.working = Working(look, records)
        self.changes, self.model = QListWidget(), RowsModel(look, IMPACT, self)
        self.table = plain_table(self.model, WIDTHS)
        self.titles, self.both = (QLabel(), QLabel()), QSplitter()
        self.buttons = {name: QPushButton() for name in BUTTONS}
        self._lay_out()
        copyable(self.table, look, records.lane, lambda: "impact")
        for name, slot in (("weigh", self._on_weigh), ("install", self._on_install),
                           ("refuse", self._on_refuse), ("leave", self._on_leave)):  # fmt: skip
            self.buttons[name].clicked.connect(slot)
        self.hide()
        look.tell(self.retell)

    def _lay_out(self) -> None:
        self.words.setWordWrap(True)
        self.changes.setWordWrap(True)
        both = self.both
        both.setChildrenCollapsible(False)
        for title, part in zip(self.titles, (self.changes, self.table), strict=True):
            title.setObjectName("section")
            title.setWordWrap(True)
            side = QWidget()
            column = QVBoxLayout(side)
            column.setContentsMargins(0, 0, 0, 0)
            column.addWidget(title)
            column.addWidget(part, 1)
            both.addWidget(side)
        both.setSizes([260, 710])
        row = QHBoxLayout()
        for button in self.buttons.values():
            button.setMinimumHeight(TALL)
            row.addWidget(button, 1)
        self.buttons["install"].setObjectName("primary")
        column = QVBoxLayout(self)
        for line in (self.state, self.words, self.working, self.result):
            column.addWidget(line)
        column.addWidget(both, 1)
        column.addStretch(0)  # what is said stays at the top where there is nothing else
        column.addLayout(row)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        for name, button in self.buttons.items():
            button.setText(say(f"lists.{name}"))
        self.titles[0].setText(say("lists.changes"))
        self.titles[1].setText(say("lists.impact"))
        self.changes.setAccessibleName(say("lists.changes"))
        self.table.setAccessibleName(say("lists.impact"))
        self._say()

    def look_at(self, path: Path) -> None:
        """Check a file, and say what it would change."""
        self.working.ask_to_stop()
        self.offer, self.impact, self._trouble, self._stopped = None, None, "", False
        self.state.show_state("open", self._look.say("lists.checking", file=path.name))
        self._say()
        self.show()

        def act(office: Office, session: Session, progress: Progress) -> Offer:
            return propose(office, session, path, progress)

        self.working.begin("lists.check_work", act, self._proposed)

    def _proposed(self, job: Job) -> None:
        if job.error is not None:
            self._trouble = str(told(job.error, self._look.texts))
        else:
            self.offer = job.result
        self._say()

    # --- what is said ---------------------------------------------------------------------------

    def _say(self) -> None:
        """Say what is known of the file, and offer what can be done with it."""
        say, put, one = self._look.say, self._look.texts.put, self.offer
        self.changes.clear()
        self.model.show_rows(())
        free = self.working.job is None
        for name in ("weigh", "install", "refuse"):
            self.buttons[name].setVisible(one is not None)
            self.buttons[name].setEnabled(free)
        self.words.setVisible(one is not None)
        self.result.setVisible(one is not None)
        self.both.setVisible(one is not None)  # two empty tables would say nothing of what is wrong
        if self._trouble:
            self.state.show_state("bad", self._trouble)
        if one is None:
            return
        if not self._trouble:
            self.state.show_state("good", say("lists.signed", signers=", ".join(one.signers)))
        name = put(f"{one.title}, {one.edition}")
        lines = [
            say("lists.proposed", kind=say(f"lists.kind_{one.kind}"), name=name, until=one.until),
            say("lists.now", name=one.in_use),
        ]
        if one.notes:
            lines.append(say("lists.notes", notes=one.notes))
        lines += [say("lists.goes_back", what=what) for what in one.goes_back]
        self.words.setText("\n".join(lines))
        self.changes.addItems(self._changes(one))
        self._say_impact()

    def _changes(self, one: Offer) -> list[str]:
        """Return what changes, counted first."""
        if one.report is not None:
            counts = {key: f"{one.report[key]:,}" for key in COUNTED}
            lines = [self._look.say("lists.counts", **counts), *self._substances(one.report)]
        else:
            put = self._look.texts.put
            lines = [put(change.words) for change in one.listed]
        return lines or [self._look.say("lists.no_changes")]

    def _substances(self, report: dict[str, Any]) -> Iterator[str]:
        say = self._look.say
        for substance in report["substances"][:SHOWN]:
            for key in ("added", "withdrawn", "missing"):
                for item in substance[key]:
                    words = say(f"lists.{key}", name=item["name"], entry=item["entry"])
                    why = item.get("reason")
                    yield say("lists.why", words=words, why=why) if why else words
            for item in substance["changed"]:
                what = ", ".join(item["what"])
                name = substance["substance"]
                yield say("lists.changed", name=name, entry=item["entry"], what=what)
        if len(report["substances"]) > SHOWN:
            yield say("lists.more", count=len(report["substances"]) - SHOWN)

    def _say_impact(self) -> None:
        say, found, offer = self._look.say, self.impact, self.offer
        if found is None:
            key = "lists.stopped" if self._stopped else "lists.not_weighed"
            if offer is not None and offer.kind == "notices":
                key = "lists.no_results"
            self.result.show_state("open", say(key))
            return
        counts = {"changed": f"{len(found.changed):,}", "scans": f"{found.scans:,}"}
        words = [say("lists.weighed", **counts)]
        if found.not_done:
            words.append(say("lists.not_done", count=f"{len(found.not_done):,}"))
        if not found.all_seen:
            words.append(say("lists.not_all"))
        self.result.show_state("soon" if found.changed or found.not_done else "good",
                               " ".join(words))  # fmt: skip
        self.model.show_rows(
            [*map(self._changed_row, found.changed), *map(self._left_row, found.not_done)]
        )

    def _changed_row(self, one: dict[str, Any]) -> Row:
        look = self._look
        before, after = (self._verdict(one[key]) for key in ("before", "after"))
        cells = (look.word("change", one["change"]), look.texts.put(one["scan"]), before, after,
                 look.word("because", one["because"].partition(":")[0]))  # fmt: skip
        return Row(cells, one["after"]["alarm"])

    def _left_row(self, one: dict[str, Any]) -> Row:
        put = self._look.texts.put
        why = put(str(one["why"]))
        return Row((self._look.say("lists.left"), put(one["scan"]), "", "", why), "unknown", why)

    def _verdict(self, one: dict[str, Any]) -> str:
        """Return a verdict in words: its level, and what is named or else its outcome."""
        level = self._look.word("alarm", one["alarm"])
        names = self._look.texts.many(one["names"]) or self._look.word("outcome", one["outcome"])
        return self._look.say("lists.verdict", level=level, names=names)

    # --- what is done ---------------------------------------------------------------------------

    @Slot()
    def _on_weigh(self) -> None:
        if self.offer is None:
            return
        act = partial(_weigh, offer=self.offer)
        self._stopped = False
        self.working.begin("lists.weigh_work", act, self._weighed)
        self._say()

    def _weighed(self, job: Job) -> None:
        self._stopped, self.impact = job.stopped, job.result
        self._trouble = ""
        if job.error is not None and not job.stopped:
            self._trouble = str(told(job.error, self._look.texts))
        self._say()

    @Slot()
    def _on_install(self) -> None:
        one = self.offer
        if one is None:
            return
        if one.goes_back or (self.impact is None and one.kind != "notices"):
            key = "lists.back" if one.goes_back else "lists.blind"
            self._ask_why(key, self._install)
        else:
            self._install("")

    def _install(self, reason: str) -> None:
        if self.offer is None:
            return
        changed = -1 if self.impact is None else len(self.impact.changed)
        act = partial(_install, offer=self.offer, reason=reason, changed=changed)
        self.working.begin("lists.install_work", act, partial(self._done, "lists.installed"))
        self._say()

    @Slot()
    def _on_refuse(self) -> None:
        self._ask_why("lists.refusing", self._refuse)

    def _refuse(self, reason: str) -> None:
        if self.offer is None:
            return
        act = partial(_refuse, offer=self.offer, reason=reason)
        self.working.begin("lists.refuse_work", act, partial(self._done, "lists.refused"))

    def _ask_why(self, key: str, then: Any) -> None:
        title = self.offer.title if self.offer is not None else ""
        dialog = Reason(self, self._look, key, {"name": title})
        dialog.given.connect(then)
        dialog.open()

    def _done(self, key: str, job: Job) -> None:
        if job.error is not None:
            self._trouble = str(told(job.error, self._look.texts))
            self._say()
            return
        title = self.offer.title if self.offer is not None else ""
        self._on_leave()
        self.ended.emit(self._look.say(key, name=title))

    @Slot()
    def _on_leave(self) -> None:
        """Forget the file; nothing was changed by looking at it."""
        self.working.ask_to_stop()
        self.offer, self.impact = None, None
        self.hide()


def _weigh(office: Office, session: Session, progress: Progress, *, offer: Offer) -> Rechecked:
    return weigh(office, session, offer, progress)


def _install(
    office: Office,
    session: Session,
    _progress: Progress,
    *,
    offer: Offer,
    reason: str,
    changed: int,
) -> None:
    install_here(office, session, offer, reason=reason, changed=changed)


def _refuse(
    office: Office, session: Session, _progress: Progress, *, offer: Offer, reason: str
) -> None:
    refuse_here(office, session, offer, reason)
