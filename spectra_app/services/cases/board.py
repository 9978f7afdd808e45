"""The supervisor's board: which cases wait for what, as cards in four columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, cast

from spectra_app.records.identification import Alarm
from spectra_app.records.kinds import Case, Confirmation, IssuedReport, Note, Scan
from spectra_app.services.cases.due import Overdue, list_overdue
from spectra_app.services.cases.seeing import Sight, sight_of
from spectra_app.services.cases.sent_back import why_sent_back
from spectra_app.services.control import highest
from spectra_app.services.office import Office, Session

Column = Literal["review", "waiting", "overdue", "signed"]
COLUMNS: tuple[Column, ...] = ("review", "waiting", "overdue", "signed")
MOST = 50


@dataclass(frozen=True, slots=True)
class Card:
    """One card of the board.

    Parameters
    ----------
    column : str
        One of `COLUMNS`.
    case, item : str
        What it is about.
    report : str
        The report to countersign, or that was; empty where there is none.
    title : str
        Title of the case.
    alarm : str
        The gravest level of the scans of the report, the item or the case (of the least that the
        card is about) that this person may see.
    names : tuple of str
        What these named.
    lead : bool
        Whether that level rests on leads alone.
    since : str
        Since when it is there, ISO 8601 in UTC.
    hours_late : int
        Whole hours past its time; 0 where nothing is late.
    words : str
        Which due time was missed.
    emulated : bool
        Whether it is an exercise.
    sent_back : str
        Why the report was sent back last; empty when it was not.
    """

    column: Column
    case: str
    title: str
    alarm: Alarm
    since: str
    item: str = ""
    report: str = ""
    names: tuple[str, ...] = ()
    lead: bool = False
    hours_late: int = 0
    words: str = ""
    emulated: bool = False
    sent_back: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """All cards, and the columns that hold more than `MOST`."""

    cards: tuple[Card, ...]
    more: frozenset[Column] = frozenset()

    def column(self, name: Column) -> tuple[Card, ...]:
        """Return the cards of a column, what waits longest first."""
        return tuple(card for card in self.cards if card.column == name)


def show_board(office: Office, session: Session) -> Board:
    """Return what waits for whom: reports to countersign, answers, what is late, what is signed."""
    me = office.require(session, "case.list")
    sight = sight_of(office, me)
    ledger = office.ledger
    maker = _Maker(office, sight)
    reports = sight.seen(one.record for one in ledger.find(IssuedReport))
    replaced = {one.amends for one in reports}
    sent = sight.seen(one.record for one in ledger.find(Confirmation, state="sent"))
    late = (one for one in list_overdue(office, session) if one.case and not one.done)
    rows: dict[Column, list[Callable[[], Card]]] = {
        "review": [
            partial(maker.of_report, "review", report)
            for report in sorted(reports, key=lambda one: one.issued_at)
            if report.state == "issued" and report.id not in replaced
        ],
        "waiting": [
            partial(maker.card, "waiting", one.case, one.sent_at, item=one.item)
            for one in sorted(sent, key=lambda one: one.sent_at)
        ],
        "overdue": [partial(maker.of_overdue, one) for one in _first_of_each(late)],
        "signed": [
            partial(maker.of_report, "signed", report)
            for report in sorted(reports, key=lambda one: one.countersigned_at, reverse=True)
            if report.state == "countersigned"
        ],
    }
    cards = tuple(make() for name in COLUMNS for make in rows[name][:MOST])
    return Board(cards, frozenset(name for name in COLUMNS if len(rows[name]) > MOST))


@dataclass(frozen=True, eq=False, slots=True)
class _Maker:
    """Makes cards; what it looks up is what `sight` lets this person see."""

    office: Office
    sight: Sight

    def card(self, column: Column, case: str, since: str, **more: Any) -> Card:
        """Return the card of a case, or of an item of it, by all its scans."""
        about = {"item": more["item"]} if more.get("item") else {"case": case}
        scans = self.sight.seen(one.record for one in self.office.ledger.find(Scan, **about))
        return self._by(scans, column, case, since, **more)

    def _by(
        self, scans: Iterable[Scan], column: Column, case: str, since: str, **more: Any
    ) -> Card:
        """Return a card that says what `scans` found."""
        record = self.sight.shown(self.office.ledger.get(Case, case).record)
        kept = tuple(one for one in scans if one.state != "discarded")
        gravest = highest(cast("Alarm", one.alarm) for one in kept)
        names = dict.fromkeys(name for one in kept for name in (*one.names, *one.families))
        return Card(
            column=column,
            case=case,
            title=record.title,
            alarm=gravest,
            since=since,
            names=tuple(names),
            lead={one.outcome for one in kept if one.alarm == gravest} == {"lead"},
            emulated=record.emulated or any(one.emulated for one in kept),
            **more,
        )

    def of_report(self, column: Column, report: IssuedReport) -> Card:
        """Return the card of a report."""
        since = report.countersigned_at if column == "signed" else report.issued_at
        ledger = self.office.ledger
        scans = self.sight.seen(ledger.get(Scan, one).record for one in report.scans)
        back = ""
        if column == "review":
            found = (one.record for scan in report.scans for one in ledger.find(Note, scan=scan))
            back = why_sent_back(self.sight.seen(found), report.id)
        return self._by(
            scans, column, report.case, since, item=report.item, report=report.id, sent_back=back
        )

    def of_overdue(self, late: Overdue) -> Card:
        """Return the card of something that is late."""
        item = late.id if late.kind == "item" else ""
        return self.card(
            "overdue", late.case, late.since, item=item, hours_late=late.hours_late,
            words=late.words,
        )  # fmt: skip


def _first_of_each(late: Iterable[Overdue]) -> list[Overdue]:
    """Return one line of each case and rule, the longest overdue."""
    kept: dict[tuple[str, str], Overdue] = {}
    for one in late:
        kept.setdefault((one.case, one.rule), one)
    return sorted(kept.values(), key=lambda one: -one.hours_late)
